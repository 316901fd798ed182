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

#include "caller.h"
#include "tests.h"

/* Time 0 of a timeline, on the rig */
#define EPOCH		(10 * SEC)
#define STEPS_MAX	16384
#define VARIANTS	18

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

/**
 * struct step - a line of a timeline
 * @when: time on the rig; 0 is before all
 * @action: what it says
 * @bits: lines or outputs
 * @value: a time in ns, or a number
 */
struct step {
	u64 when;
	const struct action *action;
	u32 bits;
	u64 value;
};

/* What follows the words of an action */
enum argument {
	NOTHING,
	LINES,
	ONE_OUTPUT,		/* and more */
	NUMBER,
};

struct action {
	const char *words;
	enum argument argument;
	void (*apply)(const struct step *s);
	u64 (*answer)(void);
	void (*print)(u64 value);
};

static struct step steps[STEPS_MAX];
static unsigned int count;

/* What is playing */
static struct rig rig;
static struct protection_config config;
static u32 sense_lines;
static u64 state[SIGNALS], disconnect_at;
static const struct step *next_step, *moment, *end;
static FILE *record;
static bool recording, started;

static void __attribute__((noreturn)) die(const char *what, const char *text)
{
	fprintf(stderr, "%s: %s\n", what, text);
	exit(2);
}

/* The record */

static void print_time(u64 value)
{
	if (value == NEVER)
		fputs("never\n", record);
	else
		fprintf(record, "%llu\n", value);
}

static void print_on_off(u64 value)
{
	fputs(value ? "on\n" : "off\n", record);
}

static void print_yes_no(u64 value)
{
	fputs(value ? "yes\n" : "no\n", record);
}

static void print_reason(u64 value)
{
	fprintf(record, "%s\n", reason_name(value));
}

static void print_number(u64 value)
{
	fprintf(record, "%llu\n", value);
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

static void print_lines(u64 bits)
{
	print_names(bits, INPUT_COUNT, input_name);
}

static void print_outputs(u64 bits)
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
	const struct published *p = &r->published;

	observe(LOAD_REASON, p->load_reason);
	observe(CHARGE_REASON, p->charge_reason);
	observe(ALARM, p->alarm);
	/* a countdown goes on as long as its end does not change */
	if (p->disconnect_at != disconnect_at) {
		state[COUNTDOWN] = UNKNOWN;
		observe(COUNTDOWN, p->disconnect_in);
	}
	disconnect_at = p->disconnect_at;
}

static void record_from_now(void)
{
	enum signal signal;

	pins_changed(&rig, 0);
	for (signal = 0; signal < SIGNALS; signal++) {
		fprintf(record, "initial %s ", signals[signal].name);
		signals[signal].print(state[signal]);
	}
	recording = true;
}

/* Settings; those that are delays may come later, too */

#define DELAY(_name, _config, _lines, _field)				\
static void set_##_name(const struct step *s)				\
{									\
	if (started)							\
		(_lines)._field = s->value / MS;			\
	else								\
		(_config)._field = s->value / MS;			\
	rig_scan(&rig);							\
}

#define RULES_DELAY(_name)						\
	DELAY(_name, config, rig.scan.protection.cfg, _name##_delay_ms)
#define LINES_DELAY(_name)						\
	DELAY(_name, config.debounce, rig.scan.protection.debounce.cfg,	\
	      _name##_delay_ms)

RULES_DELAY(pre_alarm)
RULES_DELAY(load_reconnect)
RULES_DELAY(charge_reconnect)
LINES_DELAY(clear)
LINES_DELAY(debounce)

static void set_fitted(const struct step *s)
{
	config.debounce.fitted = s->bits;
}

static void set_release_pre_alarm(const struct step *s)
{
	config.release_pre_alarm_on_disconnect = true;
}

static void set_sense_lines(const struct step *s)
{
	sense_lines = OUTPUTS_ALL;
}

static void set_write_latency(const struct step *s)
{
	rig.write_min_ns = s->value;
	rig.scan.sleeps = true;
}

static void set_read_latency(const struct step *s)
{
	rig.read_ns = s->value;
	rig.scan.sleeps = true;
}

static void set_clock(const struct step *s)
{
	rig.clock = s->value - EPOCH;
}

static void set_poll_interval(const struct step *s)
{
	rig.poll_ns = s->value;
}

static void set_no_poll(const struct step *s)
{
	rig.poll_ns = FOREVER;
}

/* Stimuli */

static void lines_on(const struct step *s)
{
	rig_set_lines(&rig, s->bits, true);
}

static void lines_off(const struct step *s)
{
	rig_set_lines(&rig, s->bits, false);
}

static void lines_edge(const struct step *s)
{
	rig_edge(&rig, s->bits);
}

static void lines_unreadable(const struct step *s)
{
	rig.unreadable |= s->bits;
	rig_scan(&rig);
}

static void lines_readable(const struct step *s)
{
	rig.unreadable &= ~s->bits;
	rig_scan(&rig);
}

static void bus_dead(const struct step *s)
{
	rig.unreadable = INPUTS_ALL;
	rig.broken = OUTPUTS_ALL;
}

static void bus_alive(const struct step *s)
{
	rig.unreadable = 0;
	rig.broken = 0;
}

static void remote_on(const struct step *s)
{
	rig.scan.protection.software_remote = true;
	rig_scan(&rig);
}

static void remote_off(const struct step *s)
{
	rig.scan.protection.software_remote = false;
	rig_scan(&rig);
}

static void inhibit_charge(const struct step *s)
{
	rig.scan.protection.inhibit_charge = true;
	rig_scan(&rig);
}

static void charge_auto(const struct step *s)
{
	rig.scan.protection.inhibit_charge = false;
	rig_scan(&rig);
}

static void writes_fail(const struct step *s)
{
	rig.broken |= s->bits;
}

static void writes_work(const struct step *s)
{
	rig.broken &= ~s->bits;
}

static void pin_drops(const struct step *s)
{
	rig.dropped |= s->bits;
}

static void pin_reset(const struct step *s)
{
	rig_set_pins(&rig, s->bits, false);
}

static void pin_late_write(const struct step *s)
{
	rig_set_pins(&rig, s->bits, true);
}

static void pin_misread(const struct step *s)
{
	rig.corrupt = s->bits;
	rig_scan(&rig);
}

static void short_begins(const struct step *s)
{
	rig_set_terminals(&rig, &rig.short_circuit, s->bits, true);
}

static void short_ends(const struct step *s)
{
	rig_set_terminals(&rig, &rig.short_circuit, s->bits, false);
}

static void backfeed_begins(const struct step *s)
{
	rig_set_terminals(&rig, &rig.backfeed, s->bits, true);
}

static void backfeed_ends(const struct step *s)
{
	rig_set_terminals(&rig, &rig.backfeed, s->bits, false);
}

static void interrupts_lost(const struct step *s)
{
	rig.mute = INPUTS_ALL;
}

static void interrupts_back(const struct step *s)
{
	rig.mute = 0;
}

static void stalled(const struct step *s)
{
	rig_stall(&rig, s->value + EPOCH);
}

static void start(const struct step *s)
{
	rig.outputs = s->bits;
	record_from_now();
	started = true;
	rig_start(&rig, &config, sense_lines, s->bits);
}

/* Questions */

static u64 ask_next(void)
{
	return protection_next(&rig.scan.protection, rig_clock(&rig));
}

static u64 ask_disconnect_in(void)
{
	return protection_disconnect_in(&rig.scan.protection, rig_clock(&rig));
}

static u64 ask_charge_tripped(void)
{
	return rig.scan.protection.charge_tripped;
}

static u64 ask_implausible(void)
{
	return rig.scan.protection.debounce.implausible;
}

static u64 ask_mismatch(void)
{
	return rig.scan.terminal.mismatch;
}

static u64 ask_chattering(void)
{
	return rig.scan.protection.debounce.chattering;
}

static u64 ask_terminals(void)
{
	return debounce_terminals(&rig.scan.protection.debounce);
}

static u64 ask_missed(void)
{
	return rig.missed;
}

/* The phrases of ../scenarios/parser.py */

#define DOES(_words, _argument, _apply)	\
	{ .words = (_words), .argument = (_argument), .apply = (_apply) }
#define QUESTION(_words, _answer, _print)	\
	{ .words = (_words), .answer = (_answer), .print = (_print) }

static const struct action actions[] = {
	DOES("pre-alarm-delay", NUMBER, set_pre_alarm),
	DOES("load-reconnect-delay", NUMBER, set_load_reconnect),
	DOES("charge-reconnect-delay", NUMBER, set_charge_reconnect),
	DOES("clear-delay", NUMBER, set_clear),
	DOES("debounce-delay", NUMBER, set_debounce),
	DOES("fitted", LINES, set_fitted),
	DOES("release-pre-alarm-on-disconnect", NOTHING, set_release_pre_alarm),
	DOES("sense-lines", NOTHING, set_sense_lines),
	DOES("write-latency", NUMBER, set_write_latency),
	DOES("read-latency", NUMBER, set_read_latency),
	DOES("clock", NUMBER, set_clock),
	DOES("poll-interval", NUMBER, set_poll_interval),
	DOES("no-poll", NOTHING, set_no_poll),
	DOES("no-interrupts", NOTHING, interrupts_lost),

	DOES("on", LINES, lines_on),
	DOES("off", LINES, lines_off),
	DOES("edge", LINES, lines_edge),
	DOES("unreadable", LINES, lines_unreadable),
	DOES("readable", LINES, lines_readable),
	DOES("bus dead", NOTHING, bus_dead),
	DOES("bus alive", NOTHING, bus_alive),
	DOES("remote on", NOTHING, remote_on),
	DOES("remote off", NOTHING, remote_off),
	DOES("charge-behaviour inhibit-charge", NOTHING, inhibit_charge),
	DOES("charge-behaviour auto", NOTHING, charge_auto),
	DOES("writes fail", ONE_OUTPUT, writes_fail),
	DOES("writes work", ONE_OUTPUT, writes_work),
	DOES("next write drops", ONE_OUTPUT, pin_drops),
	DOES("reset of", ONE_OUTPUT, pin_reset),
	DOES("late write of", ONE_OUTPUT, pin_late_write),
	DOES("misread of", ONE_OUTPUT, pin_misread),
	DOES("short of", ONE_OUTPUT, short_begins),
	DOES("short of gone", ONE_OUTPUT, short_ends),
	DOES("backfeed of", ONE_OUTPUT, backfeed_begins),
	DOES("backfeed of gone", ONE_OUTPUT, backfeed_ends),
	DOES("interrupts lost", NOTHING, interrupts_lost),
	DOES("interrupts back", NOTHING, interrupts_back),
	DOES("stalled until", NUMBER, stalled),
	DOES("start", NOTHING, start),
	DOES("start found", ONE_OUTPUT, start),
	DOES("end", NOTHING, NULL),

	QUESTION("is next", ask_next, print_time),
	QUESTION("is disconnect-in", ask_disconnect_in, print_time),
	QUESTION("is charge-tripped", ask_charge_tripped, print_yes_no),
	QUESTION("is implausible", ask_implausible, print_yes_no),
	QUESTION("is mismatch", ask_mismatch, print_outputs),
	QUESTION("is chattering", ask_chattering, print_lines),
	QUESTION("is terminals", ask_terminals, print_on_off),
	QUESTION("is missed", ask_missed, print_lines),
};

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
		if (s->action->apply == start)
			return true;
	return false;
}

static void prepare(unsigned int variant)
{
	static const u64 clocks[] = {
		/* 0 is just after boot; the middle; the clock wraps at 25 s */
		9 * SEC, 1ULL << 63, 0 - 25 * SEC,
	};
	static const u64 polls[] = { FOREVER, SEC, 77 * MS };
	const struct step *s;

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
		.charge_reconnect_delay_ms = 1000,
	};
	rig = (struct rig) {
		.scan.sleeps = variant / 9,
		.clock = clocks[variant % 3] - EPOCH,
		.levels = BIT(INPUT_REMOTE_LOOP),
		.poll_ns = polls[variant / 3 % 3],
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
	while (strcmp(words, a->words))
		if (++a == actions + ARRAY_SIZE(actions))
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
