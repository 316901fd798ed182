// SPDX-License-Identifier: GPL-2.0
/* Words of the scenarios, and values in the notation of their files. */
#include <stddef.h>
#include <stdio.h>

#include "scenario.h"
#include "tests.h"

const struct word line_words[] = {
	{ "low", INPUT_CELL_LOW },
	{ "undervoltage", INPUT_CELL_UNDERVOLTAGE },
	{ "overvoltage", INPUT_CELL_OVERVOLTAGE },
	{ "over-temperature", INPUT_OVER_TEMPERATURE },
	{ "under-temperature", INPUT_UNDER_TEMPERATURE },
	{ "charge-inhibit", INPUT_CHARGE_INHIBIT },
	{ "remote-l", INPUT_REMOTE_L },
	{ "remote-h", INPUT_REMOTE_H },
	{ "remote-loop", INPUT_REMOTE_LOOP },
	{ }
};

const struct word output_words[] = {
	{ "load", 0 }, { "charge", 1 }, { "pre-alarm", 2 }, { }
};

/* Those of lines come by the name of the line. */
const struct word reason_words[] = {
	{ "none", REASON_NONE },
	{ "terminals", REASON_TERMINALS },
	{ "remote", REASON_REMOTE },
	{ "user", REASON_USER },
	{ "io-error", REASON_IO_ERROR },
	{ "sense-mismatch", REASON_SENSE_MISMATCH },
	{ }
};

/* As in stats/ of the driver; the values are places in struct scan_stats. */
const struct word counter_words[] = {
	{ "pre_alarms", offsetof(struct scan_stats, pre_alarms) },
	{ "load_disconnects", offsetof(struct scan_stats, load_disconnects) },
	{ "charge_disconnects", offsetof(struct scan_stats, charge_disconnects) },
	{ "read_errors", offsetof(struct scan_stats, read_errors) },
	{ "write_errors", offsetof(struct scan_stats, write_errors) },
	{ }
};

const struct word yes_no[] = { { "no", 0 }, { "yes", 1 }, { } };
const struct word on_off[] = { { "off", 0 }, { "on", 1 }, { } };

const char * const signal_names[SIGNALS] = {
	[LOAD] = "load",
	[LOAD_REASON] = "the reason of the load",
	[CHARGE] = "charge",
	[CHARGE_REASON] = "the reason of charge",
	[PRE_ALARM] = "pre-alarm",
	[ALARM] = "alarm",
	[COUNTDOWN] = "countdown",
};

/* Printing, in one of a few buffers */

static char *buffer(size_t *size)
{
	static char buffers[8][200];
	static unsigned int next;

	*size = sizeof(buffers[0]);
	return buffers[next++ % ARRAY_SIZE(buffers)];
}

const char *time_print(u64 time)
{
	unsigned int digits = 9;
	u64 rest = time % SEC;
	size_t size;
	char *text = buffer(&size);
	int n;

	if (time == NEVER)
		return "never";
	n = snprintf(text, size, "%llu", time / SEC);
	while (digits && !(rest % 10)) {
		rest /= 10;
		digits--;
	}
	snprintf(text + n, size - n, rest ? ".%0*llus" : "s", digits, rest);
	return text;
}

static const char *word_print(const struct word *words, u32 value)
{
	for (; words->name; words++)
		if (words->value == value)
			return words->name;
	return "nonsense";
}

static const char *bits_print(const struct word *words, u32 bits)
{
	size_t size;
	char *text = buffer(&size);
	int n = 0;

	for (; words->name; words++)
		if (bits & BIT(words->value))
			n += snprintf(text + n, size - n, "%s%s", n ? "," : "",
				      words->name);
	return bits ? text : "none";
}

const char *signal_print(enum signal signal, u64 value)
{
	size_t size;
	char *text = buffer(&size);

	switch (signal) {
	case LOAD_REASON:
	case CHARGE_REASON:
		return value < REASON_INPUT ? word_print(reason_words, value) :
			word_print(line_words, value - REASON_INPUT);
	case ALARM:
		snprintf(text, size, "%llu", value);
		return text;
	case COUNTDOWN:
		return value == NEVER ? "none" : time_print(value);
	default:
		return word_print(on_off, value);
	}
}

const char *answer_print(enum action question, u64 value)
{
	size_t size;
	char *text = buffer(&size);

	switch (question) {
	case ASK_NEXT:
	case ASK_DISCONNECT_IN:
		return time_print(value);
	case ASK_MISMATCH:
		return bits_print(output_words, value);
	case ASK_CHATTERING:
	case ASK_MISSED:
		return bits_print(line_words, value);
	case ASK_TERMINALS:
		return word_print(on_off, value);
	case ASK_STATS:
		snprintf(text, size, "%llu", value);
		return text;
	default:
		return word_print(yes_no, value);
	}
}
