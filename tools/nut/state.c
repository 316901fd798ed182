// SPDX-License-Identifier: GPL-2.0
/*
 * What a board is to NUT, in the lines of a file for dummy-ups. Each file has the
 * same variables, for dummy-ups keeps those that are missing from the next file; an
 * empty value removes one.
 */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "nut.h"

/* What lasts for less may be a cord that is being unplugged (F4) */
#define SURE_MS 1000
/* A capacity that may be off by that much is no measurement. */
#define KNOWN_MARGIN 50

struct lines {
	char *text;
	size_t size;
	size_t used;
};

/* name: "value", as parseconf reads it */
__printf(3, 4)
static void add(struct lines *lines, const char *name, const char *format, ...)
{
	char value[NUT_VALUE_MAX], quoted[2 * NUT_VALUE_MAX];
	size_t used = 0;
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(value, sizeof(value), format, arguments);
	va_end(arguments);
	plain(value);
	for (const char *c = value; *c; c++) {
		if (*c == '"' || *c == '\\')
			quoted[used++] = '\\';
		quoted[used++] = *c;
	}
	quoted[used] = '\0';
	lines->used += snprintf(lines->text + lines->used,
				lines->size - lines->used, "%s: \"%s\"\n", name,
				quoted);
}

/* Words of the status are not quoted: each is a word of its own. */
static struct lines begin(char *text, size_t size, const char *name,
			  const char *status)
{
	struct lines lines = { text, size, 0 };

	lines.used = snprintf(text, size, "ups.status: %s\n", status);
	add(&lines, "device.type", "ups");
	add(&lines, "ups.mfr", "smallBMS");
	add(&lines, "ups.model", "%s", name);
	add(&lines, "battery.type", "LiFePO4");
	return lines;
}

/**
 * nut_state_lost - nothing is known of a board: no status, and an alarm
 *
 * NUT takes an empty status for a UPS that it cannot talk to.
 */
void nut_state_lost(const char *name, const char *why, char *text, size_t size)
{
	static const char * const unknown[] = {
		"battery.charge", "battery.runtime", "battery.voltage",
		"battery.current", "battery.temperature", "battery.capacity",
		"battery.charger.status",
	};
	struct lines lines = begin(text, size, name, "");

	add(&lines, "ups.alarm", "%s", why);
	for (size_t i = 0; i < ARRAY_SIZE(unknown); i++)
		add(&lines, unknown[i], "%s", "");
}

/* @unit: so many of the attribute's are one of NUT's */
static void add_measured(struct lines *lines, const char *name,
			 const struct board *board, enum attribute_id id,
			 enum attribute_id age_id, double unit, int decimals)
{
	const struct value *value = &board->values[id];

	if (!board_is_measured(board, id, age_id))
		add(lines, name, "%s", "");
	else
		add(lines, name, "%.*f", decimals, value->number / unit);
}

static void add_battery(struct lines *lines, const struct board *board)
{
	const struct value *capacity = &board->values[ATTR_CAPACITY];
	const struct value *margin = &board->values[ATTR_CAPACITY_ERROR_MARGIN];
	const struct value *full = &board->values[ATTR_CHARGE_FULL_DESIGN];
	long long empty_in_s = board_empty_in(board);

	if (capacity->error || margin->error || margin->number >= KNOWN_MARGIN)
		add(lines, "battery.charge", "%s", "");
	else
		add(lines, "battery.charge", "%lld", capacity->number);
	if (empty_in_s < 0)
		add(lines, "battery.runtime", "%s", "");
	else
		add(lines, "battery.runtime", "%lld", empty_in_s);
	add_measured(lines, "battery.voltage", board, ATTR_VOLTAGE_NOW,
		     ATTR_VOLTAGE_AGE_S, 1e6, 2);
	add_measured(lines, "battery.current", board, ATTR_CURRENT_NOW,
		     ATTR_CURRENT_AGE_S, 1e6, 2);
	add_measured(lines, "battery.temperature", board, ATTR_TEMP,
		     ATTR_TEMPERATURE_AGE_S, 10, 1);
	if (full->error)
		add(lines, "battery.capacity", "%s", "");
	else
		add(lines, "battery.capacity", "%g", full->number / 1e6);
	add(lines, "battery.charger.status", "%s",
	    board_is_text(board, ATTR_STATUS, "Charging") ? "charging" :
	    board_is_text(board, ATTR_STATUS, "Discharging") ? "discharging" :
	    board_is_text(board, ATTR_STATUS, "Full") ? "floating" : "");
}

/* Return: whether a cut is near enough to the truth to power a host down for */
static bool counts_down(const struct board *board, bool believed,
			struct nut_countdown *countdown, long long now_ms)
{
	bool counts = believed && board_cut_in(board) >= 0;

	if (counts && !countdown->begun)
		countdown->since_ms = now_ms;
	countdown->begun = counts;
	return counts && now_ms - countdown->since_ms >= SURE_MS;
}

static const char *status_of(const struct board *board, bool counts, bool believed)
{
	const struct value *alarm = &board->values[ATTR_ALARM];

	if (!board_is_on(board, ATTR_LOAD))
		return believed && alarm->number == 2 ? "OFF LB" : "OFF";
	if (counts)
		return "OB LB";
	/* What is in doubt is not well, but nobody powers down because of it (P4). */
	if (!believed || alarm->number || board_is_on(board, ATTR_PRE_ALARM) ||
	    board_cut_in(board) >= 0)
		return "OB";
	return "OL";
}

/**
 * nut_state - the lines of a board
 * @countdown: remembered from call to call; all zero at first
 *
 * Return: in how many milliseconds to ask again at the latest, -1: when it changes
 */
int nut_state(const struct board *board, struct nut_countdown *countdown,
	      long long now_ms, char *text, size_t size)
{
	bool believed = !board_in_doubt(board) &&
			!board_contradicts_itself(board);
	char headline[2 * VALUE_MAX];
	struct lines lines;
	bool counts;

	if (!board_is_complete(board)) {
		*countdown = (struct nut_countdown){ 0 };
		nut_state_lost(board->name, "the board cannot be read", text, size);
		return -1;
	}
	counts = counts_down(board, believed, countdown, now_ms);
	lines = begin(text, size, board->name,
		      status_of(board, counts, believed));
	add(&lines, "ups.alarm", "%s",
	    words_headline(board, headline, sizeof(headline)) == MOOD_ALARM ?
	    headline : "");
	add_battery(&lines, board);
	return countdown->begun && !counts ?
	       SURE_MS - (now_ms - countdown->since_ms) : -1;
}
