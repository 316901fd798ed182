// SPDX-License-Identifier: GPL-2.0
/* Reads scenarios, see scenario.h. Whatever it does not understand is an error. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "scenario.h"
#include "tests.h"

/* What may follow the words of a phrase */
enum argument {
	NOTHING,
	TIME,		/* like 40.02s, 20ms */
	DELAY,		/* whole ms */
	NUMBER,
	SOME_LINES,
	AN_OUTPUT,
	SOME_OUTPUTS,	/* separated by blanks, or none at all */
	PULSES,		/* ON/OFF until TIME */
	LINES_OR_NONE,
	OUTPUTS_OR_NONE,
	TIME_OR_NEVER,
	YES_NO,
	ON_OFF,
	COUNTER,
};

/* Where a phrase may stand */
#define WITH	1	/* after "with" */
#define BEFORE	2	/* after "before" */
#define AT	4	/* after a time */

/* A phrase: words, an argument, more words, another argument */
static const struct phrase {
	const char *words;
	enum argument first;
	const char *more;
	enum argument second;
	enum action action;
	unsigned int where;
} phrases[] = {
	{ "pre-alarm-delay", DELAY, "", NOTHING,
	  SET_PRE_ALARM_DELAY, WITH | AT },
	{ "load-reconnect-delay", DELAY, "", NOTHING,
	  SET_LOAD_RECONNECT_DELAY, WITH | AT },
	{ "charge-reconnect-delay", DELAY, "", NOTHING,
	  SET_CHARGE_RECONNECT_DELAY, WITH | AT },
	{ "clear-delay", DELAY, "", NOTHING, SET_CLEAR_DELAY, WITH | AT },
	{ "debounce-delay", DELAY, "", NOTHING, SET_DEBOUNCE_DELAY, WITH | AT },
	{ "fitted", SOME_LINES, "", NOTHING, SET_FITTED, WITH },
	{ "release-pre-alarm-on-disconnect", NOTHING, "", NOTHING,
	  SET_RELEASE_PRE_ALARM, WITH },
	/* the terminals of all outputs are sensed */
	{ "sense-lines", NOTHING, "", NOTHING, SET_SENSE_LINES, WITH },
	/* no output's pin can be read */
	{ "no-read-back", NOTHING, "", NOTHING, SET_NO_READ_BACK, WITH },
	/* what a write takes */
	{ "write-latency", TIME, "", NOTHING, SET_WRITE_LATENCY, WITH },
	/* what a read takes until it fails */
	{ "read-latency", TIME, "", NOTHING, SET_READ_LATENCY, WITH },
	/* of the driver, at 0s */
	{ "clock", NUMBER, "", NOTHING, SET_CLOCK, WITH },
	{ "poll-interval", TIME, "", NOTHING, SET_POLL_INTERVAL, WITH },
	{ "no-poll", NOTHING, "", NOTHING, SET_NO_POLL, WITH },
	{ "no-interrupts", NOTHING, "", NOTHING, SET_NO_INTERRUPTS, WITH },

	{ "", SOME_LINES, "on", NOTHING, LINES_ON, BEFORE | AT },
	{ "", SOME_LINES, "off", NOTHING, LINES_OFF, BEFORE | AT },
	/* they move, and are back before they can be read */
	{ "", SOME_LINES, "edge", NOTHING, LINES_EDGE, AT },
	/* a reading just then finds it, and finds that it is over */
	{ "", SOME_LINES, "unreadable", NOTHING, LINES_UNREADABLE, BEFORE | AT },
	{ "", SOME_LINES, "readable", NOTHING, LINES_READABLE, AT },
	/* on for ON, off for OFF, and again */
	{ "", SOME_LINES, "pulse", PULSES, LINES_PULSE, AT },
	{ "software-remote on", NOTHING, "", NOTHING, SOFTWARE_REMOTE_ON, AT },
	{ "software-remote off", NOTHING, "", NOTHING, SOFTWARE_REMOTE_OFF, AT },
	{ "user inhibits", NOTHING, "", NOTHING, USER_INHIBITS, AT },
	{ "user allows", NOTHING, "", NOTHING, USER_ALLOWS, AT },
	{ "writes", AN_OUTPUT, "fail", NOTHING, WRITES_FAIL, BEFORE | AT },
	{ "writes", AN_OUTPUT, "work", NOTHING, WRITES_WORK, AT },
	/* as the read-back of that write shows */
	{ "next write drops", AN_OUTPUT, "", NOTHING, PIN_DROPS, AT },
	/* its pin floats; a reading just then finds it */
	{ "reset of", AN_OUTPUT, "", NOTHING, PIN_RESET, AT },
	/* a write that failed had an effect after all; a reading finds it */
	{ "late write of", AN_OUTPUT, "", NOTHING, PIN_LATE_WRITE, AT },
	/* the next reading of its pin is wrong, once */
	{ "misread of", AN_OUTPUT, "", NOTHING, PIN_MISREAD, AT },
	/* its terminal is low whatever is driven */
	{ "short of", AN_OUTPUT, "", NOTHING, SHORT_BEGINS, BEFORE | AT },
	{ "short of", AN_OUTPUT, "gone", NOTHING, SHORT_ENDS, AT },
	/* its terminal is high whatever is driven */
	{ "backfeed of", AN_OUTPUT, "", NOTHING, BACKFEED_BEGINS, BEFORE | AT },
	{ "backfeed of", AN_OUTPUT, "gone", NOTHING, BACKFEED_ENDS, AT },
	{ "interrupts lost", NOTHING, "", NOTHING, INTERRUPTS_LOST, AT },
	{ "interrupts back", NOTHING, "", NOTHING, INTERRUPTS_BACK, AT },
	{ "stalled until", TIME, "", NOTHING, STALLED, AT },
	{ "start", NOTHING, "", NOTHING, START, AT },
	{ "start found", SOME_OUTPUTS, "", NOTHING, START, AT },
	{ "end", NOTHING, "", NOTHING, END, AT },

	/* no cycle is due by itself, neither for the rules nor for the outputs */
	{ "is idle", YES_NO, "", NOTHING, ASK_IDLE, AT },
	/* when the rules need the next cycle */
	{ "is next", TIME_OR_NEVER, "", NOTHING, ASK_NEXT, AT },
	{ "is disconnect-in", TIME_OR_NEVER, "", NOTHING, ASK_DISCONNECT_IN, AT },
	{ "is charge-tripped", YES_NO, "", NOTHING, ASK_CHARGE_TRIPPED, AT },
	{ "is implausible", YES_NO, "", NOTHING, ASK_IMPLAUSIBLE, AT },
	{ "is mismatch", OUTPUTS_OR_NONE, "", NOTHING, ASK_MISMATCH, AT },
	{ "is chattering", LINES_OR_NONE, "", NOTHING, ASK_CHATTERING, AT },
	{ "is terminals", ON_OFF, "", NOTHING, ASK_TERMINALS, AT },
	/* found by a poll, with no interrupt before */
	{ "is missed", LINES_OR_NONE, "", NOTHING, ASK_MISSED, AT },
	{ "is stats", COUNTER, "", NUMBER, ASK_STATS, AT },
};

/* Where the parser is */
static const char *file_path;
static unsigned int file_line;

static void __attribute__((noreturn)) die(const char *rest)
{
	fprintf(stderr, "%s:%u: not understood: %s\n", file_path, file_line, rest);
	exit(2);
}

static void *allocate(void *old, size_t size)
{
	void *p = realloc(old, size);

	if (!p)
		exit(2);
	return p;
}

static char *copy(const char *text)
{
	return strcpy(allocate(NULL, strlen(text) + 1), text);
}

/*
 * All that follows reads from *@text, and returns whether it has understood. Then
 * *@text is behind that.
 */

static void skip_blanks(const char **text)
{
	*text += strspn(*text, " \t");
}

/* Whole words, separated by single blanks in @words */
static bool take_words(const char **text, const char *words)
{
	size_t n = strlen(words);

	if (strncmp(*text, words, n))
		return false;
	if (n && (*text)[n] && !strchr(" \t,", (*text)[n]))
		return false;
	*text += n;
	skip_blanks(text);
	return true;
}

static bool take_char(const char **text, char c)
{
	if (**text != c)
		return false;
	++*text;
	skip_blanks(text);
	return true;
}

static bool take_word_of(const char **text, const struct word *words, u32 *value)
{
	for (; words->name; words++) {
		if (take_words(text, words->name)) {
			*value = words->value;
			return true;
		}
	}
	return false;
}

/* Exact: what is no whole number of nanoseconds is no time. */
static bool take_time(const char **text, u64 *time)
{
	static const struct {
		const char *unit;
		u64 ns;
	} units[] = {
		{ "ns", 1 }, { "us", 1000 }, { "ms", MS }, { "s", SEC },
	};
	u64 whole, rest = 0, digits = 1;
	unsigned int i;
	char *end;

	if (**text < '0' || **text > '9')
		return false;
	whole = strtoull(*text, &end, 10);
	if (*end == '.' && end[1] != '.') {
		for (end++; *end >= '0' && *end <= '9'; end++) {
			rest = rest * 10 + *end - '0';
			digits *= 10;
		}
	}
	for (i = 0; i < ARRAY_SIZE(units); i++) {
		const char *unit = units[i].unit;

		if (strncmp(end, unit, strlen(unit)))
			continue;
		if (rest * units[i].ns % digits)
			return false;
		end += strlen(unit);
		if (*end && !strchr(" \t,./", *end))
			return false;
		*time = whole * units[i].ns + rest * units[i].ns / digits;
		*text = end;
		skip_blanks(text);
		return true;
	}
	return false;
}

/* TIME, or FROM..TO */
static bool take_range(const char **text, u64 *from, u64 *to)
{
	const char *rest = *text;

	if (!take_time(&rest, from))
		return false;
	*to = *from;
	if (!strncmp(rest, "..", 2)) {
		rest += 2;
		if (!take_time(&rest, to) || *from >= *to)
			return false;
	}
	*text = rest;
	return true;
}

static bool take_bits(const char **text, const struct word *words, bool commas,
		      u32 *bits)
{
	u32 bit;

	*bits = 0;
	do {
		if (!take_word_of(text, words, &bit) || *bits & BIT(bit))
			return false;
		*bits |= BIT(bit);
	} while (commas ? take_char(text, ',') : **text);
	return true;
}

static bool take_reason(const char **text, u32 *reason)
{
	if (take_word_of(text, reason_words, reason))
		return true;
	if (!take_word_of(text, line_words, reason))
		return false;
	*reason += REASON_INPUT;
	return true;
}

/* An argument of a phrase goes into @s. */
static bool take_argument(const char **text, enum argument argument,
			  struct step *s)
{
	const char *begin = *text;
	u32 value = 0;
	char *end;

	switch (argument) {
	case NOTHING:
		return true;
	case TIME:
		return take_time(text, &s->time);
	case DELAY:
		return take_time(text, &s->time) && !(s->time % MS) &&
		       s->time / MS <= 0xffffffff;
	case NUMBER:
		s->value = strtoull(begin, &end, 0);
		*text = end;
		return *begin >= '0' && *begin <= '9';
	case COUNTER:
		return take_word_of(text, counter_words, &s->bits);
	case SOME_LINES:
		return take_bits(text, line_words, true, &s->bits);
	case AN_OUTPUT:
		if (!take_word_of(text, output_words, &value))
			return false;
		s->bits = BIT(value);
		return true;
	case SOME_OUTPUTS:
		return take_bits(text, output_words, false, &s->bits);
	case PULSES:
		return take_time(text, &s->value) && take_char(text, '/') &&
		       take_time(text, &s->most) && take_words(text, "until") &&
		       take_time(text, &s->time);
	case LINES_OR_NONE:
	case OUTPUTS_OR_NONE:
		if (take_words(text, "none"))
			return true;
		if (!take_bits(text, argument == LINES_OR_NONE ?
			       line_words : output_words, true, &value))
			return false;
		break;
	case TIME_OR_NEVER:
		s->value = NEVER;
		return take_words(text, "never") || take_time(text, &s->value);
	case YES_NO:
		if (!take_word_of(text, yes_no, &value))
			return false;
		break;
	case ON_OFF:
		if (!take_word_of(text, on_off, &value))
			return false;
		break;
	}
	s->value = value;
	return true;
}

/* All of @text is one of the phrases. */
static bool parse_phrase(const char *text, unsigned int where, struct step *s)
{
	const struct phrase *p;

	for (p = phrases; p < phrases + ARRAY_SIZE(phrases); p++) {
		const char *rest = text;
		struct step try = *s;

		if (p->where & where && take_words(&rest, p->words) &&
		    take_argument(&rest, p->first, &try) &&
		    take_words(&rest, p->more) &&
		    take_argument(&rest, p->second, &try) && !*rest) {
			try.action = p->action;
			*s = try;
			return true;
		}
	}
	return false;
}

static struct step *add(struct scenario *scenario, const struct step *s)
{
	scenario->steps = allocate(scenario->steps,
				   (scenario->count + 1) * sizeof(*s));
	scenario->steps[scenario->count] = *s;
	scenario->steps[scenario->count].order = scenario->count;
	return &scenario->steps[scenario->count++];
}

/* A line that pulses, as steps of its own */
static void add_pulses(struct scenario *scenario, const struct step *pulse)
{
	struct step s = *pulse;

	if (!pulse->value || !pulse->most)
		die(pulse->text);
	while (s.from < pulse->time + EPOCH) {
		s.action = LINES_ON;
		s.to = s.from;
		add(scenario, &s);
		s.action = LINES_OFF;
		s.from += pulse->value;
		s.to = s.from;
		add(scenario, &s);
		s.from += pulse->most;
	}
}

/* On, or off and perhaps why */
static bool take_output(const char **text, enum signal signal, struct step *s)
{
	u32 on;

	if (!take_word_of(text, on_off, &on))
		return false;
	s->signal = signal;
	s->value = on;
	s->most = on;
	s->reason_value = REASON_NONE;
	s->reason = on || take_reason(text, &s->reason_value);
	return true;
}

static bool take_alarm(const char **text, struct step *s)
{
	if (**text < '0' || **text > '2')
		return false;
	s->signal = ALARM;
	s->value = **text - '0';
	s->most = s->value;
	++*text;
	skip_blanks(text);
	return true;
}

static bool take_countdown(const char **text, struct step *s)
{
	s->signal = COUNTDOWN;
	s->value = NEVER;
	s->most = NEVER;
	return take_words(text, "none") || take_range(text, &s->value, &s->most);
}

/* One of the changes that are expected */
static bool take_change(const char **text, struct step *s)
{
	u32 value;

	if (take_words(text, "load"))
		return take_output(text, LOAD, s);
	if (take_words(text, "charge"))
		return take_output(text, CHARGE, s);
	if (take_words(text, "alarm"))
		return take_alarm(text, s);
	if (take_words(text, "countdown"))
		return take_countdown(text, s);
	if (!take_words(text, "pre-alarm") ||
	    !take_word_of(text, on_off, &value))
		return false;
	s->signal = PRE_ALARM;
	s->value = value;
	s->most = value;
	return true;
}

static void parse_changes(struct scenario *scenario, const struct step *step,
			  const char *text)
{
	do {
		struct step s = *step;
		const char *rest = text;

		s.action = EXPECT;
		if (!take_change(&text, &s))
			die(rest);
		add(scenario, &s);
	} while (take_char(&text, ','));
	if (*text)
		die(text);
}

static void parse_step(struct scenario *scenario, const char *text)
{
	struct step s = { .line = file_line, .text = copy(text) };
	unsigned int where = AT;

	text = s.text;
	if (take_words(&text, "with")) {
		where = WITH;
	} else if (take_words(&text, "before")) {
		where = BEFORE;
	} else {
		if (!take_range(&text, &s.from, &s.to))
			die(text);
		s.from += EPOCH;
		s.to += EPOCH;
		if (take_words(&text, "=>")) {
			parse_changes(scenario, &s, text);
			return;
		}
		if (s.from != s.to)
			die(text);
	}

	if (!parse_phrase(text, where, &s))
		die(text);
	if (s.action == LINES_PULSE)
		add_pulses(scenario, &s);
	else
		add(scenario, &s);
}

static int by_time(const void *va, const void *vb)
{
	const struct step *a = va, *b = vb;

	if (a->from != b->from)
		return a->from < b->from ? -1 : 1;
	return a->order < b->order ? -1 : 1;
}

static void finish(struct scenario *scenario)
{
	qsort(scenario->steps, scenario->count, sizeof(*scenario->steps), by_time);
}

/* Read a file, and append its scenarios to the list that ends at *@last. */
unsigned int scenario_parse(const char *path, struct scenario ***last)
{
	FILE *file = fopen(path, "r");
	struct scenario *scenario = NULL;
	unsigned int count = 0;
	char text[256];

	if (!file) {
		perror(path);
		exit(2);
	}
	file_path = path;
	for (file_line = 1; fgets(text, sizeof(text), file); file_line++) {
		size_t length = strcspn(text, "#\n");

		if (strlen(text) == sizeof(text) - 1)
			die("a line that is too long");
		while (length && strchr(" \t", text[length - 1]))
			length--;
		text[length] = '\0';
		if (!length)
			continue;
		if (strchr(" \t", text[0])) {
			if (!scenario)
				die(text);
			parse_step(scenario, text + strspn(text, " \t"));
			continue;
		}

		if (scenario)
			finish(scenario);
		scenario = allocate(NULL, sizeof(*scenario));
		*scenario = (struct scenario) {
			.path = path, .line = file_line, .title = copy(text),
		};
		**last = scenario;
		*last = &scenario->next;
		count++;
	}
	if (scenario)
		finish(scenario);
	fclose(file);
	return count;
}
