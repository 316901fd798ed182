// SPDX-License-Identifier: GPL-2.0
/* The attributes of a board, and what a value of each kind looks like. */
#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "smallbms.h"

/* Of the board, and of its power supply */
#define BOARD(_id, _name, _kind, ...) \
	[ATTR_##_id] = { .name = _name, .folder = "device/", \
			 .kind = KIND_##_kind, __VA_ARGS__ }
#define SUPPLY(_id, _name, _kind, ...) \
	[ATTR_##_id] = { .name = _name, .folder = "", \
			 .kind = KIND_##_kind, __VA_ARGS__ }
#define ALWAYS	.always = true
#define NEWS	.announced = true
#define TOLD	.told = true

const struct attribute attributes[ATTR_COUNT] = {
	BOARD(REMOTE, "remote", SWITCH, ALWAYS, NEWS, TOLD),
	BOARD(TERMINALS, "terminals", SWITCH, ALWAYS, NEWS, TOLD),
	BOARD(LOAD, "load", SWITCH, ALWAYS, NEWS, TOLD),
	BOARD(CHARGE, "charge", SWITCH, ALWAYS, NEWS, TOLD),
	BOARD(PRE_ALARM, "pre_alarm", SWITCH, ALWAYS, NEWS, TOLD),
	BOARD(ALARM, "alarm", NUMBER, ALWAYS, NEWS, TOLD),
	BOARD(CONDITIONS, "conditions", LIST, ALWAYS, NEWS, TOLD),
	BOARD(LOAD_OFF_REASON, "load_off_reason", TEXT, ALWAYS, NEWS, TOLD),
	BOARD(CHARGE_OFF_REASON, "charge_off_reason", TEXT, ALWAYS, NEWS, TOLD),
	BOARD(LOAD_REQUEST, "load_request", TEXT, NEWS, TOLD),
	BOARD(DISCONNECT_IN_MS, "disconnect_in_ms", NUMBER, ALWAYS, TOLD),
	BOARD(SHED_IN_MS, "shed_in_ms", NUMBER, TOLD),
	BOARD(RECONNECT_IN_MS, "reconnect_in_ms", NUMBER, TOLD),
	BOARD(PRE_ALARM_DELAY_MS, "pre_alarm_delay_ms", NUMBER),
	BOARD(LOAD_RECONNECT_DELAY_MS, "load_reconnect_delay_ms", NUMBER, TOLD),
	BOARD(SOC_FLOOR_PERCENT, "soc_floor_percent", NUMBER, TOLD),
	BOARD(SOC_FLOOR_RECOVER_PERCENT, "soc_floor_recover_percent", NUMBER,
	      TOLD),
	BOARD(PRE_ALARMS, "stats/pre_alarms", NUMBER, TOLD),
	BOARD(LOAD_DISCONNECTS, "stats/load_disconnects", NUMBER, TOLD),
	BOARD(CHARGE_DISCONNECTS, "stats/charge_disconnects", NUMBER, TOLD),
	BOARD(INTERRUPTS, "stats/interrupts", NUMBER),
	BOARD(RESCANS, "stats/rescans", NUMBER),
	BOARD(MISSED_EDGES, "stats/missed_edges", NUMBER),
	BOARD(READ_ERRORS, "stats/read_errors", NUMBER),
	BOARD(WRITE_ERRORS, "stats/write_errors", NUMBER),
	BOARD(VOLTAGE_AGE_S, "measurements/voltage_age_s", NUMBER, TOLD),
	BOARD(CURRENT_AGE_S, "measurements/current_age_s", NUMBER, TOLD),
	BOARD(TEMPERATURE_AGE_S, "measurements/temperature_age_s", NUMBER,
	      TOLD),
	BOARD(SOC_AGE_S, "measurements/soc_age_s", NUMBER, TOLD),
	BOARD(TIME_TO_EMPTY_AGE_S, "measurements/time_to_empty_age_s", NUMBER,
	      TOLD),
	BOARD(MEASUREMENT_ERRORS, "measurements/errors", NUMBER),
	BOARD(GAUGE_SOC_PERMILLE, "gauge/soc_permille", NUMBER, TOLD),
	BOARD(GAUGE_VOLTAGE_UV, "gauge/voltage_uv", NUMBER),
	BOARD(GAUGE_CURRENT_UA, "gauge/current_ua", NUMBER),
	BOARD(GAUGE_TEMP_DC, "gauge/temp_dc", NUMBER),
	BOARD(GAUGE_TIME_TO_EMPTY_S, "gauge/time_to_empty_s", NUMBER),
	SUPPLY(TYPE, "type", TEXT),
	SUPPLY(SCOPE, "scope", TEXT),
	SUPPLY(TECHNOLOGY, "technology", TEXT),
	SUPPLY(PRESENT, "present", NUMBER),
	SUPPLY(MANUFACTURER, "manufacturer", TEXT),
	SUPPLY(MODEL_NAME, "model_name", TEXT),
	SUPPLY(STATUS, "status", TEXT, NEWS),
	SUPPLY(HEALTH, "health", TEXT, NEWS),
	SUPPLY(CAPACITY_LEVEL, "capacity_level", TEXT, NEWS),
	SUPPLY(CAPACITY, "capacity", NUMBER, NEWS, TOLD),
	SUPPLY(CAPACITY_ERROR_MARGIN, "capacity_error_margin", NUMBER,
	       NEWS, TOLD),
	SUPPLY(TIME_TO_EMPTY_AVG, "time_to_empty_avg", NUMBER, TOLD),
	SUPPLY(CHARGE_BEHAVIOUR, "charge_behaviour", CHOICE, NEWS, TOLD),
	SUPPLY(VOLTAGE_NOW, "voltage_now", NUMBER, TOLD),
	SUPPLY(CURRENT_NOW, "current_now", NUMBER, TOLD),
	SUPPLY(TEMP, "temp", NUMBER, TOLD),
	SUPPLY(VOLTAGE_MIN_DESIGN, "voltage_min_design", NUMBER),
	SUPPLY(VOLTAGE_MAX_DESIGN, "voltage_max_design", NUMBER),
	SUPPLY(CHARGE_FULL_DESIGN, "charge_full_design", NUMBER, TOLD),
};

/** attribute_find - Return: the attribute of that name, or -1 */
int attribute_find(const char *name)
{
	for (int id = 0; id < ATTR_COUNT; id++)
		if (!strcmp(name, attributes[id].name))
			return id;
	return -1;
}

static bool parse_number(struct value *value)
{
	char *end;

	if (!isdigit((unsigned char)value->text[0]) && value->text[0] != '-')
		return false;
	errno = 0;
	value->number = strtoll(value->text, &end, 10);
	return !errno && end != value->text && !*end;
}

static bool parse_switch(struct value *value)
{
	value->number = !strcmp(value->text, "on");
	return value->number || !strcmp(value->text, "off");
}

/* "[auto] inhibit-charge" becomes "auto". */
static bool parse_choice(struct value *value)
{
	char *start = strchr(value->text, '[');
	char *end;

	if (!start)
		return !strchr(value->text, ' ');
	end = strchr(++start, ']');
	if (!end || end == start)
		return false;
	*end = '\0';
	memmove(value->text, start, strlen(start) + 1);
	return true;
}

/** value_parse - Return: whether the text is of that kind; makes a number of it */
bool value_parse(enum kind kind, struct value *value)
{
	value->number = 0;
	for (const char *c = value->text; *c; c++)
		if (*c < ' ' || *c > '~')
			return false;
	switch (kind) {
	case KIND_NUMBER:
		return parse_number(value);
	case KIND_SWITCH:
		return parse_switch(value);
	case KIND_CHOICE:
		return *value->text && parse_choice(value);
	case KIND_TEXT:
	case KIND_LIST:
		break;
	}
	return *value->text;
}

/** attribute_parse - check the text that was read, and make a number of it */
void attribute_parse(enum attribute_id id, struct value *value)
{
	if (!*value->text && attribute_is_reported(id)) {
		value->number = 0;
		value->error = ENODATA;
		return;
	}
	if (!value_parse(attributes[id].kind, value))
		value->error = EBADMSG;
}

/** attribute_why - Return: why an attribute has no value, for a person */
const char *attribute_why(int error)
{
	switch (error) {
	case ENOENT:
		return "this board does not have it";
	case ENODATA:
		return "nothing was reported";
	case EBADMSG:
		return "what it holds makes no sense";
	case EOVERFLOW:
		return "it holds far more than a value";
	default:
		return strerror(error);
	}
}
