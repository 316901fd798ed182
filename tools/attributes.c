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
#define ANNOUNCED .announced = true
#define SHOWN	.shown = true

const struct attribute attributes[ATTR_COUNT] = {
	BOARD(REMOTE, "remote", SWITCH, ALWAYS, ANNOUNCED, SHOWN),
	BOARD(TERMINALS, "terminals", SWITCH, ALWAYS, ANNOUNCED, SHOWN),
	BOARD(LOAD, "load", SWITCH, ALWAYS, ANNOUNCED, SHOWN),
	BOARD(CHARGE, "charge", SWITCH, ALWAYS, ANNOUNCED, SHOWN),
	BOARD(PRE_ALARM, "pre_alarm", SWITCH, ALWAYS, ANNOUNCED, SHOWN),
	BOARD(ALARM, "alarm", NUMBER, ALWAYS, ANNOUNCED, SHOWN),
	BOARD(CONDITIONS, "conditions", LIST, ALWAYS, ANNOUNCED, SHOWN),
	BOARD(LOAD_OFF_REASON, "load_off_reason", TEXT,
	      ALWAYS, ANNOUNCED, SHOWN),
	BOARD(CHARGE_OFF_REASON, "charge_off_reason", TEXT,
	      ALWAYS, ANNOUNCED, SHOWN),
	BOARD(LOAD_REQUEST, "load_request", TEXT, ANNOUNCED, SHOWN),
	BOARD(DISCONNECT_IN_MS, "disconnect_in_ms", NUMBER, ALWAYS, SHOWN),
	BOARD(SHED_IN_MS, "shed_in_ms", NUMBER, SHOWN),
	BOARD(RECONNECT_IN_MS, "reconnect_in_ms", NUMBER, SHOWN),
	BOARD(PRE_ALARM_DELAY_MS, "pre_alarm_delay_ms", NUMBER),
	BOARD(LOAD_RECONNECT_DELAY_MS, "load_reconnect_delay_ms", NUMBER,
	      SHOWN),
	BOARD(SOC_FLOOR_PERCENT, "soc_floor_percent", NUMBER, SHOWN),
	BOARD(SOC_FLOOR_RECOVER_PERCENT, "soc_floor_recover_percent", NUMBER,
	      SHOWN),
	BOARD(PRE_ALARMS, "stats/pre_alarms", NUMBER, SHOWN),
	BOARD(LOAD_DISCONNECTS, "stats/load_disconnects", NUMBER, SHOWN),
	BOARD(CHARGE_DISCONNECTS, "stats/charge_disconnects", NUMBER, SHOWN),
	BOARD(INTERRUPTS, "stats/interrupts", NUMBER),
	BOARD(RESCANS, "stats/rescans", NUMBER),
	BOARD(MISSED_EDGES, "stats/missed_edges", NUMBER),
	BOARD(READ_ERRORS, "stats/read_errors", NUMBER),
	BOARD(WRITE_ERRORS, "stats/write_errors", NUMBER),
	BOARD(VOLTAGE_AGE_S, "measurements/voltage_age_s", NUMBER, SHOWN),
	BOARD(CURRENT_AGE_S, "measurements/current_age_s", NUMBER, SHOWN),
	BOARD(TEMPERATURE_AGE_S, "measurements/temperature_age_s", NUMBER,
	      SHOWN),
	BOARD(SOC_AGE_S, "measurements/soc_age_s", NUMBER, SHOWN),
	BOARD(TIME_TO_EMPTY_AGE_S, "measurements/time_to_empty_age_s", NUMBER,
	      SHOWN),
	BOARD(MEASUREMENT_ERRORS, "measurements/errors", NUMBER),
	BOARD(GAUGE_SOC_PERMILLE, "gauge/soc_permille", NUMBER, SHOWN),
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
	SUPPLY(STATUS, "status", TEXT, ANNOUNCED),
	SUPPLY(HEALTH, "health", TEXT, ANNOUNCED),
	SUPPLY(CAPACITY_LEVEL, "capacity_level", TEXT, ANNOUNCED),
	SUPPLY(CAPACITY, "capacity", NUMBER, ANNOUNCED, SHOWN),
	SUPPLY(CAPACITY_ERROR_MARGIN, "capacity_error_margin", NUMBER,
	       ANNOUNCED, SHOWN),
	SUPPLY(TIME_TO_EMPTY_AVG, "time_to_empty_avg", NUMBER, SHOWN),
	SUPPLY(CHARGE_BEHAVIOUR, "charge_behaviour", CHOICE, ANNOUNCED, SHOWN),
	SUPPLY(VOLTAGE_NOW, "voltage_now", NUMBER, SHOWN),
	SUPPLY(CURRENT_NOW, "current_now", NUMBER, SHOWN),
	SUPPLY(TEMP, "temp", NUMBER, SHOWN),
	SUPPLY(VOLTAGE_MIN_DESIGN, "voltage_min_design", NUMBER),
	SUPPLY(VOLTAGE_MAX_DESIGN, "voltage_max_design", NUMBER),
	SUPPLY(CHARGE_FULL_DESIGN, "charge_full_design", NUMBER, SHOWN),
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

/** attribute_parse - check the text, if it could be read, and make a number of it */
void attribute_parse(enum attribute_id id, struct value *value)
{
	if (value->error)
		return;
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
