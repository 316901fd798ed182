// SPDX-License-Identifier: GPL-2.0
/*
 * Plays timelines, and prints the record of each. ../scenarios/rigs/host.py makes them
 * of scenarios, and compares.
 *
 * A timeline, in lines:
 *
 *	scenario		begins it
 *	with SETTING		of the whole
 *	before STIMULUS		how things are when it begins
 *	NS STIMULUS		at this time, in order
 *	NS is WHAT		a question, answered after all else at that time
 *	NS end			the last moment that counts; ends it
 *
 * Its record:
 *
 *	scenario
 *	variant N		in which it was made; a variant whose record is that of
 *				the one before prints none
 *	initial SIGNAL VALUE
 *	NS SIGNAL VALUE		a change
 *	answer VALUE		of the questions, one after the other
 *	violation TEXT
 *
 * Each is played several times: around different times of the clock, with and without
 * a poll, with lines that sleep and that do not. None of that may change it.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "player.h"
#include "tests.h"

#define STEPS_MAX	16384
#define VARIANTS	14

/* What no signal ever is */
#define UNKNOWN		(NEVER - 1)

enum signal {
	LOAD,
	LOAD_REASON,
	CHARGE,
	CHARGE_REASON,
	PRE_ALARM,
	ALARM,
	COUNTDOWN,
	SIGNALS
};

static struct step steps[STEPS_MAX];
static unsigned int count;

/* What is playing */
struct rig rig;
struct protection_config config;
u32 sense_lines;
bool started;
static u64 state[SIGNALS], disconnect_at;
static const struct step *next_step, *moment, *end;
static FILE *record;
static bool recording;

static void __attribute__((noreturn)) die(const char *what, const char *text)
{
	fprintf(stderr, "%s: %s\n", what, text);
	exit(2);
}

/* The record */

void print_time(u64 value)
{
	if (value == NEVER)
		fputs("never\n", record);
	else
		fprintf(record, "%llu\n", value);
}

void print_on_off(u64 value)
{
	fputs(value ? "on\n" : "off\n", record);
}

void print_number(u64 value)
{
	fprintf(record, "%llu\n", value);
}

void print_yes_no(u64 value)
{
	fputs(value ? "yes\n" : "no\n", record);
}

static void print_reason(u64 value)
{
	fprintf(record, "%s\n", reason_name(value));
}

static void print_names(u64 bits, unsigned int names,
			const char *(*name)(unsigned int number))
{
	unsigned int n, printed = 0;

	for (n = 0; n < names; n++)
		if (bits & BIT(n))
			fprintf(record, "%s%s", printed++ ? "," : "", name(n));
	fputs(printed ? "\n" : "none\n", record);
}

void print_lines(u64 bits)
{
	print_names(bits, INPUT_COUNT, input_name);
}

void print_outputs(u64 bits)
{
	print_names(bits, OUTPUT_COUNT, output_name);
}

static const struct {
	const char *name;
	void (*print)(u64 value);
} signals[SIGNALS] = {
	[LOAD] = { "load", print_on_off },
	[LOAD_REASON] = { "load-reason", print_reason },
	[CHARGE] = { "charge", print_on_off },
	[CHARGE_REASON] = { "charge-reason", print_reason },
	[PRE_ALARM] = { "pre-alarm", print_on_off },
	[ALARM] = { "alarm", print_number },
	[COUNTDOWN] = { "countdown", print_time },
};

static void observe(enum signal signal, u64 value)
{
	if (state[signal] == value)
		return;
	state[signal] = value;
	if (!recording)
		return;
	fprintf(record, "%llu %s ", rig.now - EPOCH, signals[signal].name);
	signals[signal].print(value);
}

static void pins_changed(struct rig *r, u32 before)
{
	observe(LOAD, !!(r->outputs & OUTPUT_LOAD));
	observe(CHARGE, !!(r->outputs & OUTPUT_CHARGE));
	observe(PRE_ALARM, !!(r->outputs & OUTPUT_PRE_ALARM));
}

static void cycle_over(struct rig *r)
{
	const struct snapshot *p = &r->published;
	u64 at = r->times.disconnect_at;

	observe(LOAD_REASON, p->load_reason);
	observe(CHARGE_REASON, p->charge_reason);
	observe(ALARM, p->alarm);
	/* a countdown goes on as long as its end does not change */
	if (at != disconnect_at) {
		state[COUNTDOWN] = UNKNOWN;
		observe(COUNTDOWN, at == NEVER ? NEVER : at - rig_clock(r));
	}
	disconnect_at = at;
}

void record_from_now(void)
{
	enum signal signal;

	pins_changed(&rig, 0);
	for (signal = 0; signal < SIGNALS; signal++) {
		fprintf(record, "initial %s ", signals[signal].name);
		signals[signal].print(state[signal]);
	}
	recording = true;
}

/* Playing */

static void moment_over(struct rig *r)
{
	const struct step *s;

	for (s = moment; s && s < next_step; s++) {
		if (!s->action->answer)
			continue;
		fputs("answer ", record);
		s->action->print(s->action->answer());
	}
	moment = NULL;
}

static void apply(const struct step *s)
{
	if (s->action->apply)
		s->action->apply(s);
}

static void set_next_event(void)
{
	rig.next_event = next_step < end ? next_step->when : FOREVER;
}

/* All steps of this moment */
static void event(struct rig *r)
{
	const struct step *s;

	moment = next_step;
	while (next_step < end && next_step->when == r->now)
		next_step++;
	set_next_event();
	for (s = moment; s < next_step; s++)
		apply(s);
}

static bool has_start(void)
{
	const struct step *s;

	for (s = steps; s < end; s++)
		if (!strncmp(s->action->words, "start", 5))
			return true;
	return false;
}

static void prepare(unsigned int variant)
{
	static const u64 clocks[] = {
		/* 0 is just after boot; the middle; the clock wraps at 25 s */
		9 * SEC, 1ULL << 63, 0 - 25 * SEC,
	};
	static const u64 polls[] = { FOREVER, SEC };
	u64 clock = clocks[variant % 3], poll_ns = polls[variant / 3 % 2];
	bool sleeps = variant / 6 % 2;
	const struct step *s;

	/* often, at odd times; that takes long, so with one clock only */
	if (variant >= 12) {
		clock = clocks[2];
		poll_ns = 77 * MS;
		sleeps = variant % 2;
	}
	recording = false;
	started = false;
	sense_lines = 0;
	moment = NULL;
	disconnect_at = NEVER;
	memset(state, 0, sizeof(state));
	state[COUNTDOWN] = NEVER;
	config = (struct protection_config) {
		.debounce.fitted = INPUTS_ALL,
		.debounce.debounce_delay_ms = 20,
		.debounce.clear_delay_ms = 1000,
		.pre_alarm_delay_ms = 30000,
		.load_reconnect_delay_ms = 30000,
		.load_reconnect_max_ms = 1920000,
		.steady_ms = 600000,
		.charge_reconnect_delay_ms = 1000,
	};
	rig = (struct rig) {
		.scan.sleeps = sleeps,
		.clock = clock - EPOCH,
		.levels = BIT(INPUT_REMOTE_LOOP),
		.poll_ns = poll_ns,
		.shed.max_age_ms = 30000,
		.wake = FOREVER,
		.next_event = FOREVER,
		.event = event,
		.moment_over = moment_over,
		.pins_changed = pins_changed,
		.cycle_over = cycle_over,
	};
	for (s = steps; s < end && !s->when; s++)
		apply(s);
	next_step = s;
}

static void play(unsigned int variant)
{
	u64 last = end[-1].when;

	prepare(variant);
	if (!has_start()) {
		started = true;
		rig.now = EPOCH - 9 * SEC;
		rig_start(&rig, &config, sense_lines, 0);
		rig_run(&rig, EPOCH - 1);
		record_from_now();
	}
	set_next_event();
	rig_run(&rig, last);
	moment_over(&rig);
	if (rig.violation)
		fprintf(record, "violation %s at %llu\n", rig.violation,
			rig.now - EPOCH);
}

static void play_all_ways(void)
{
	char *before = NULL;
	unsigned int i;

	end = steps + count;
	puts("scenario");
	for (i = 0; i < VARIANTS; i++) {
		char *text = NULL;
		size_t size;

		record = open_memstream(&text, &size);
		if (!record)
			die("memory", "not enough");
		play(i);
		if (fclose(record))
			die("memory", "not enough");
		if (!before || strcmp(before, text))
			printf("variant %u\n%s", i, text);
		free(before);
		before = text;
	}
	free(before);
	count = 0;
}

/* Reading */

static u32 names(char *text, unsigned int count,
		 const char *(*name)(unsigned int number))
{
	u32 bits = 0;
	char *word;

	while ((word = strsep(&text, ","))) {
		unsigned int n = 0;

		while (n < count && strcmp(word, name(n)))
			n++;
		if (n == count)
			die("no such name", word);
		bits |= BIT(n);
	}
	return bits;
}

/* "WORDS", or "WORDS: ARGUMENT" */
static void take_step(u64 when, char *text)
{
	struct step *s = &steps[count++];
	char *words = strsep(&text, ":");
	const struct action *a = actions;

	if (count > STEPS_MAX)
		die("too many steps", words);
	while (a->words && strcmp(words, a->words))
		a++;
	if (!a->words)
		die("no such step", words);
	*s = (struct step){ .when = when, .action = a };
	if (!a->argument != !text)
		die("an argument too many, or too few", words);
	if (a->argument == LINES)
		s->bits = names(text + 1, INPUT_COUNT, input_name);
	else if (a->argument == ONE_OUTPUT)
		s->bits = names(text + 1, OUTPUT_COUNT, output_name);
	else if (a->argument == NUMBER)
		s->value = strtoull(text, NULL, 10);
}

void timelines_play(void)
{
	char *line = NULL, *rest;
	size_t size = 0;
	u64 when;

	while (getline(&line, &size, stdin) > 0) {
		line[strcspn(line, "\n")] = '\0';
		if (!strcmp(line, "scenario"))
			continue;
		rest = strchr(line, ' ');
		if (!rest)
			die("no step", line);
		when = strtoull(line, NULL, 10);
		if (line[0] >= '0' && line[0] <= '9')
			when += EPOCH;
		take_step(when, rest + 1);
		if (!strcmp(rest + 1, "end"))
			play_all_ways();
	}
	free(line);
	if (count)
		die("a timeline without an end", "");
}
