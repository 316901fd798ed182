// SPDX-License-Identifier: GPL-2.0
/* What a board's values mean, in words for a person. */
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "smallbms.h"

static const struct {
	const char *name;
	const char *words;
	const char *advice;	/* NULL: depends on more; see advice.c */
} conditions[] = {
	{
		"cell-low",
		"a cell is low, below its pre-alarm threshold",
		NULL,
	}, {
		"cell-undervoltage",
		"a cell is empty, below its load-disconnect threshold",
		NULL,
	}, {
		"cell-overvoltage",
		"a cell is too full",
		"Charging comes back by itself when every cell is below its limit. If this happens often, check the charger's voltage and give the batteries time to balance.",
	}, {
		"over-temperature",
		"a battery is too hot to be charged",
		"Let the batteries cool below 50 degrees Celsius; charging then comes back by itself. The load is not affected.",
	}, {
		"under-temperature",
		"a battery is too cold to be charged",
		"Let the batteries warm above 5 degrees Celsius; charging then comes back by itself. The load is not affected.",
	}, {
		"charge-inhibit",
		"a battery asks for charging to stop",
		"A cell is too full, or a battery too hot or too cold; charging comes back by itself when that has passed. The load is not affected.",
	}, {
		"io-error",
		"the lines of the board cannot be read or set",
		"Check the chip that carries the lines: its power, its bus wiring, its address; see also what the kernel says (dmesg). A condition that cannot be read counts as present, so what is said of the batteries may not be so.",
	}, {
		"sense-mismatch",
		"a terminal is not at the level that the board drives",
		"Check the wiring at the load, charge and pre-alarm terminals for a short circuit, and the wires that sense them.",
	}, {
		"implausible",
		"the signal lines contradict each other",
		"Empty and too full at once, or too hot and too cold, means a broken cord: check the M8 cords from battery to battery and to the board, and their plugs. Each line is obeyed until then.",
	}, {
		"voltage-out-of-range",
		"the voltage is not within 8 to 70 V",
		"Check how the voltage is measured, and the bank: the board is made for 8 to 70 V. No output follows from this.",
	},
};

/** words_condition_name - Return: the condition of that number, or NULL */
const char *words_condition_name(size_t index)
{
	return index < ARRAY_SIZE(conditions) ? conditions[index].name : NULL;
}

/** words_condition - Return: a condition in words, NULL for an unknown one */
const char *words_condition(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(conditions); i++)
		if (!strcmp(conditions[i].name, name))
			return conditions[i].words;
	return NULL;
}

/** words_condition_advice - Return: what to do about a condition, or NULL */
const char *words_condition_advice(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(conditions); i++)
		if (!strcmp(conditions[i].name, name))
			return conditions[i].advice;
	return NULL;
}

/** words_seconds - milliseconds as "23 s" or "3 min 20 s", rounded up */
void words_seconds(long long milliseconds, char *text, size_t size)
{
	long long seconds = milliseconds / 1000 + (milliseconds % 1000 > 0);

	if (seconds < 120)
		snprintf(text, size, "%lld s", seconds);
	else
		snprintf(text, size, "%lld min %lld s", seconds / 60,
			 seconds % 60);
}

/** clock_ms - one of the kernel's clocks, in milliseconds */
long long clock_ms(clockid_t clock)
{
	struct timespec now;

	clock_gettime(clock, &now);
	return now.tv_sec * 1000LL + now.tv_nsec / 1000000;
}

/** now_ms - for durations; does not jump when the clock is set */
long long now_ms(void)
{
	return clock_ms(CLOCK_MONOTONIC);
}

/**
 * words_time - this moment
 * @exact: in UTC to the millisecond, for programs; else on the local clock
 */
void words_time(char *text, size_t size, bool exact)
{
	struct timespec now;
	struct tm parts;
	size_t length;

	clock_gettime(CLOCK_REALTIME, &now);
	if (!exact) {
		localtime_r(&now.tv_sec, &parts);
		strftime(text, size, "%Y-%m-%d %H:%M:%S", &parts);
		return;
	}
	gmtime_r(&now.tv_sec, &parts);
	length = strftime(text, size, "%Y-%m-%dT%H:%M:%S", &parts);
	snprintf(text + length, size - length, ".%03ldZ",
		 now.tv_nsec / 1000000);
}

/** words_pre_alarm - what it means that the pre-alarm is on */
const char *words_pre_alarm(const struct board *board)
{
	if (board_shed_in(board) >= 0)
		return "warns before the load is shed";
	if (board_is_off(board, ATTR_LOAD) && !board_is_low(board))
		return "held for its least time";
	return board_is_off(board, ATTR_LOAD) ?
	       "until no cell is low any more" : "warns before the load is cut";
}

/** words_capacity - how full, and how far that may be off; nothing if unknown */
void words_capacity(const struct config *config, const struct board *board,
		    char *text, size_t size)
{
	const struct value *capacity = &board->values[ATTR_CAPACITY];
	const struct value *margin = &board->values[ATTR_CAPACITY_ERROR_MARGIN];

	*text = '\0';
	if (capacity->error)
		return;
	if (margin->error)
		snprintf(text, size, "%lld %%", capacity->number);
	else
		snprintf(text, size, "%lld %% %s %lld%s",
			 capacity->number, config->utf8 ? "\u00b1" : "+/-",
			 margin->number,
			 margin->number >= 100 ?
			 ": unknown, the lines cannot be read" :
			 margin->number >= 50 ?
			 ": known from the signal lines only" : "");
}

/** words_direction - where a current goes; nothing of one that may be noise */
const char *words_direction(long long current_ua)
{
	if (current_ua < -NOISE_UA)
		return " discharging";
	return current_ua > NOISE_UA ? " charging" : "";
}

/**
 * words_measured - what is wired of voltage, current and temperature
 *
 * The board works from 8 to 70 V; outside, the measurement is wrong.
 */
void words_measured(const struct config *config, const struct board *board,
		    char *text, size_t size)
{
	const struct value *voltage = &board->values[ATTR_VOLTAGE_NOW];
	const struct value *current = &board->values[ATTR_CURRENT_NOW];
	const struct value *temperature = &board->values[ATTR_TEMP];
	size_t used = 0;
	char ago[64];

	*text = '\0';
	if (!voltage->error)
		used += snprintf(text, size, "%.2f V%s",
				 voltage->number / 1e6,
				 voltage->number < 8000000 ||
				 voltage->number > 70000000 ?
				 " (not within 8 to 70 V: check its wiring)" :
				 "");
	if (!current->error)
		used += snprintf(text + used, size - used, "%s%.2f A%s",
				 used ? ", " : "",
				 fabs(current->number / 1e6),
				 words_direction(current->number));
	if (!temperature->error)
		used += snprintf(text + used, size - used, "%s%.1f %sC",
				 used ? ", " : "", temperature->number / 10.0,
				 config->utf8 ? "\u00b0" : "");
	words_measured_ago(board, ago, sizeof(ago));
	if (used && *ago)
		snprintf(text + used, size - used, " (%s)", ago);
}

/** words_stats - how often the board has acted; nothing if it does not tell */
void words_stats(const struct board *board, char *text, size_t size)
{
	const struct value *warned = &board->values[ATTR_PRE_ALARMS];
	const struct value *load = &board->values[ATTR_LOAD_DISCONNECTS];
	const struct value *charge = &board->values[ATTR_CHARGE_DISCONNECTS];

	*text = '\0';
	if (!warned->error && !load->error && !charge->error)
		snprintf(text, size,
			 "pre-alarms %lld, load disconnects %lld, charge disconnects %lld",
			 warned->number, load->number, charge->number);
}

/* The condition is over, but its output waits for it to stay so. */
static void words_waiting(const struct board *board,
			  enum attribute_id reason_id, char *text, size_t size)
{
	const struct value *left = &board->values[ATTR_RECONNECT_IN_MS];
	const struct value *delay = &board->values[ATTR_LOAD_RECONNECT_DELAY_MS];
	char seconds[64];

	if (reason_id == ATTR_CHARGE_OFF_REASON) {
		snprintf(text, size, "the cause has passed, charging comes back by itself");
	} else if (!left->error && left->number >= 0) {
		words_seconds(left->number, seconds, sizeof(seconds));
		snprintf(text, size,
			 "waits for the cells to stay recovered, back in %s at the earliest",
			 seconds);
	} else if (delay->error) {
		snprintf(text, size, "waits for the cells to stay recovered");
	} else {
		words_seconds(delay->number, seconds, sizeof(seconds));
		snprintf(text, size, "waits for the cells to stay recovered for %s",
			 seconds);
	}
}

/** words_off_reason - why the load or the charge output is off */
void words_off_reason(const struct board *board, enum attribute_id reason_id,
		      char *text, size_t size)
{
	const struct value *reason = &board->values[reason_id];
	const char *condition;

	if (reason->error) {
		snprintf(text, size, "the reason cannot be read");
		return;
	}
	condition = words_condition(reason->text);
	if (!strcmp(reason->text, "none"))
		snprintf(text, size, "the board gives no reason");
	else if (!strcmp(reason->text, "terminals"))
		snprintf(text, size, "the switch at the terminals is off");
	else if (!strcmp(reason->text, "remote"))
		snprintf(text, size, "the software remote is off");
	else if (!strcmp(reason->text, "user"))
		snprintf(text, size, "inhibited by the user");
	else if (!strcmp(reason->text, "request-off"))
		snprintf(text, size, "by request");
	else if (!strcmp(reason->text, "request-shed"))
		snprintf(text, size, "shed by request");
	else if (!strcmp(reason->text, "soc-floor"))
		words_shed_at_floor(board, text, size);
	else if (condition && board_read_ok(board, ATTR_CONDITIONS) &&
		 !board_has_condition(board, reason->text))
		words_waiting(board, reason_id, text, size);
	else
		snprintf(text, size, "%s",
			 condition ? condition : reason->text);
}

__printf(4, 5)
static enum mood say(enum mood mood, char *text, size_t size,
		     const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(text, size, format, arguments);
	va_end(arguments);
	return mood;
}

static enum mood headline_recovering(const struct board *board, char *text,
				     size_t size)
{
	const struct value *left = &board->values[ATTR_RECONNECT_IN_MS];
	char seconds[64];

	if (left->error || left->number < 0)
		return say(MOOD_ALARM, text, size,
			   "LOAD DISCONNECTED: the cells recover, it waits to reconnect");
	words_seconds(left->number, seconds, sizeof(seconds));
	return say(MOOD_ALARM, text, size,
		   "LOAD DISCONNECTED: the cells recover, back in %s at the earliest",
		   seconds);
}

static enum mood headline_load_off(const struct board *board, char *text,
				   size_t size)
{
	char why[VALUE_MAX];

	words_off_reason(board, ATTR_LOAD_OFF_REASON, why, sizeof(why));
	if (board_is_text(board, ATTR_LOAD_OFF_REASON, "terminals") ||
	    board_is_text(board, ATTR_LOAD_OFF_REASON, "remote") ||
	    board_is_shed(board)) {
		if (board_lives_on_reserve(board) && !board_in_doubt(board))
			return say(MOOD_ALARM, text, size,
				   "OFF, AND THE BANK IS EMPTY: %s", why);
		return say(MOOD_NOTE, text, size, "Off: %s", why);
	}
	if (board_is_text(board, ATTR_LOAD_OFF_REASON, "cell-undervoltage")) {
		if (board_has_condition(board, "io-error"))
			return say(MOOD_ALARM, text, size,
				   "LOAD DISCONNECTED: the lines cannot be read");
		if (board_has_condition(board, "implausible"))
			return say(MOOD_ALARM, text, size,
				   "LOAD DISCONNECTED: the signal lines contradict each other");
		if (board_has_condition(board, "cell-undervoltage"))
			return say(MOOD_ALARM, text, size,
				   "LOAD DISCONNECTED: the bank is empty");
		if (board_read_ok(board, ATTR_CONDITIONS))
			return headline_recovering(board, text, size);
	}
	return say(MOOD_ALARM, text, size, "LOAD DISCONNECTED: %s", why);
}

static enum mood headline_pre_alarm(const struct board *board, char *text,
				    size_t size)
{
	const struct value *left = &board->values[ATTR_DISCONNECT_IN_MS];
	char seconds[64], shed[VALUE_MAX];

	words_shed(board, shed, sizeof(shed));
	if (*shed)
		return say(MOOD_ALARM, text, size,
			   "PRE-ALARM: the load will be %s", shed);
	if (!left->error && left->number >= 0) {
		words_seconds(left->number, seconds, sizeof(seconds));
		return say(MOOD_ALARM, text, size,
			   "PRE-ALARM: the load will be cut in %s", seconds);
	}
	if (board_has_condition(board, "io-error"))
		return say(MOOD_ALARM, text, size,
			   "PRE-ALARM: the lines cannot be read");
	return say(MOOD_ALARM, text, size,
		   "PRE-ALARM: the bank is nearly empty");
}

/**
 * words_headline - the state of the board in one line
 *
 * The worst comes first; "All well" needs everything to have been read.
 */
enum mood words_headline(const struct board *board, char *text, size_t size)
{
	static const char * const faults[] = {
		"io-error", "sense-mismatch", "implausible",
	};
	bool shed = board_is_shed(board) &&
		    (!board_lives_on_reserve(board) || board_in_doubt(board));
	char why[VALUE_MAX];

	if (board_is_off(board, ATTR_LOAD) && !shed)
		return headline_load_off(board, text, size);
	if ((board_is_on(board, ATTR_PRE_ALARM) ||
	     board_is_on(board, ATTR_ALARM)) &&
	    (!shed || board_is_low(board)))
		return headline_pre_alarm(board, text, size);
	for (size_t i = 0; i < ARRAY_SIZE(faults); i++)
		if (board_has_condition(board, faults[i]))
			return say(MOOD_ALARM, text, size, "FAULT: %s",
				   words_condition(faults[i]));
	if (board_is_off(board, ATTR_CHARGE)) {
		words_off_reason(board, ATTR_CHARGE_OFF_REASON, why,
				 sizeof(why));
		if (board_is_text(board, ATTR_CHARGE_OFF_REASON, "user"))
			return say(MOOD_NOTE, text, size,
				   "Charging is off: %s", why);
		return say(MOOD_ALARM, text, size, "CHARGE DISCONNECTED: %s",
			   why);
	}
	if (!board_is_complete(board))
		return say(MOOD_ALARM, text, size,
			   "UNKNOWN: not everything could be read");
	if (shed) {
		words_off_reason(board, ATTR_LOAD_OFF_REASON, why, sizeof(why));
		return say(MOOD_NOTE, text, size, "Load off: %s", why);
	}
	if (!board_is_text(board, ATTR_CONDITIONS, "none"))
		return say(MOOD_NOTE, text, size, "Attention: %s",
			   board->values[ATTR_CONDITIONS].text);
	if (board_floor_waits(board))
		return say(MOOD_NOTE, text, size,
			   "Attention: no fresh state of charge, so the floor of %lld %% has no effect",
			   board->values[ATTR_SOC_FLOOR_PERCENT].number);
	return say(MOOD_WELL, text, size, "All well");
}
