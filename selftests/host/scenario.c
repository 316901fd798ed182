// SPDX-License-Identifier: GPL-2.0
/*
 * Runs scenarios, and compares what is observed with what is expected.
 *
 * Each is run several times: around different times of the clock, with and without
 * a poll, with lines that sleep and that do not. None of that may change it.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <linux/minmax.h>

#include "scenario.h"
#include "tests.h"

#define CHANGES_MAX	1024		/* in a scenario */
#define VARIANTS	14

/* What no signal ever is */
#define UNKNOWN		(NEVER - 1)

/* A change of a signal: of an observed one @from is @to, and @value @most */
struct change {
	u64 from;
	u64 to;
	enum signal signal;
	u64 value;
	u64 most;
	unsigned int line;
};

struct changes {
	struct change change[CHANGES_MAX];
	unsigned int count;
};

struct variant {
	u64 clock;
	u64 poll_ns;
	bool sleeps;
};

static struct scenario *scenarios, **last = &scenarios;

/* What is running */
static const struct scenario *scenario;
static const struct variant *variant;
static struct rig rig;
static struct protection_config config;
static u32 sense_lines;
static struct changes expected, observed;
static u64 state[SIGNALS], initial[SIGNALS];
static u64 disconnect_at;
static const struct step *next_step, *moment, *end;
static u64 horizon;
static bool failed;

static void __printf(2, 3)
complain(unsigned int line, const char *format, ...)
{
	va_list args;

	if (!failed)
		printf("# clock %llu, poll %s, %s:\n", variant->clock,
		       rig.poll_ns == FOREVER ? "never" : time_print(rig.poll_ns),
		       rig.scan.sleeps ? "sleeping" : "not sleeping");
	failed = true;
	printf("# %s:%u: ", scenario->path, line);
	va_start(args, format);
	vprintf(format, args);
	va_end(args);
	putchar('\n');
}

/* What is observed */

static void append(struct changes *changes, struct change change)
{
	if (changes->count < CHANGES_MAX)
		changes->change[changes->count++] = change;
	else
		rig.violation = "too many changes";
}

static void observe(enum signal signal, u64 value)
{
	if (state[signal] == value)
		return;
	state[signal] = value;
	append(&observed, (struct change) {
		rig.now, rig.now, signal, value, value, 0,
	});
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

/* From here on changes have to be listed. */
static void observe_from_now(void)
{
	pins_changed(&rig, 0);
	memcpy(initial, state, sizeof(initial));
	observed.count = 0;
}

/* What is expected */

/*
 * A change to the value that the signal has anyway is none; but a countdown may
 * begin anew with the same time.
 */
static bool expect_change(u64 *now, const struct step *s,
			  enum signal signal, u64 value, u64 most)
{
	if (now[signal] == value && (signal != COUNTDOWN || value == NEVER))
		return false;
	now[signal] = value;
	append(&expected, (struct change) {
		s->from, s->to, signal, value, most, s->line,
	});
	return true;
}

static void expect(u64 *now, const struct step *s)
{
	enum signal reason = s->signal == LOAD ? LOAD_REASON : CHARGE_REASON;
	bool news = expect_change(now, s, s->signal, s->value, s->most);

	if (s->reason)
		news |= expect_change(now, s, reason, s->reason_value,
				      s->reason_value);
	if (!news)
		complain(s->line, "nothing changes by this: %s", s->text);
}

static void expect_all(void)
{
	u64 now[SIGNALS];
	unsigned int i;

	memcpy(now, initial, sizeof(now));
	for (i = 0; i < scenario->count; i++)
		if (scenario->steps[i].action == EXPECT)
			expect(now, &scenario->steps[i]);
}

static const struct change *nth(const struct changes *changes,
				enum signal signal, unsigned int n)
{
	unsigned int i;

	for (i = 0; i < changes->count; i++)
		if (changes->change[i].signal == signal && !n--)
			return &changes->change[i];
	return NULL;
}

static bool matches(const struct change *e, const struct change *o)
{
	return o->from >= e->from && o->from <= e->to &&
	       o->value >= e->value && o->value <= e->most;
}

static void compare_signal(enum signal signal)
{
	const char *name = signal_names[signal];
	unsigned int n;

	for (n = 0; ; n++) {
		const struct change *e = nth(&expected, signal, n);
		const struct change *o = nth(&observed, signal, n);
		const char *value;

		if (!e && !o)
			return;
		if (e && o && matches(e, o))
			continue;
		value = signal_print(signal, (o ? o : e)->value);
		if (!o)
			complain(e->line, "%s never became %s", name, value);
		else
			complain(e ? e->line : scenario->line,
				 "%s became %s at %s%s", name, value,
				 time_print(o->from - EPOCH),
				 e ? "" : ", which is not listed");
		return;
	}
}

/* Stimuli */

static bool apply_delay(const struct step *s, struct protection_config *cfg,
			struct debounce_config *lines)
{
	u32 ms = s->time / MS;

	switch (s->action) {
	case SET_PRE_ALARM_DELAY:
		cfg->pre_alarm_delay_ms = ms;
		return true;
	case SET_LOAD_RECONNECT_DELAY:
		cfg->load_reconnect_delay_ms = ms;
		return true;
	case SET_CHARGE_RECONNECT_DELAY:
		cfg->charge_reconnect_delay_ms = ms;
		return true;
	case SET_CLEAR_DELAY:
		lines->clear_delay_ms = ms;
		return true;
	case SET_DEBOUNCE_DELAY:
		lines->debounce_delay_ms = ms;
		return true;
	default:
		return false;
	}
}

static void apply_setting(const struct step *s)
{
	switch (s->action) {
	case SET_FITTED:
		config.debounce.fitted = s->bits;
		break;
	case SET_RELEASE_PRE_ALARM:
		config.release_pre_alarm_on_disconnect = true;
		break;
	case SET_SENSE_LINES:
		sense_lines = OUTPUTS_ALL;
		break;
	case SET_WRITE_LATENCY:
		rig.write_min_ns = s->time;
		rig.scan.sleeps = true;
		break;
	case SET_READ_LATENCY:
		rig.read_ns = s->time;
		rig.scan.sleeps = true;
		break;
	case SET_CLOCK:
		rig.clock = s->value - EPOCH;
		break;
	case SET_POLL_INTERVAL:
		rig.poll_ns = s->time;
		break;
	case SET_NO_POLL:
		rig.poll_ns = FOREVER;
		break;
	case SET_NO_INTERRUPTS:
		rig.mute = INPUTS_ALL;
		break;
	case SET_NO_READ_BACK:
		rig.no_read_back = true;
		break;
	default:
		break;
	}
}

static void apply_lines(const struct step *s)
{
	switch (s->action) {
	case LINES_ON:
	case LINES_OFF:
		rig_set_lines(&rig, s->bits, s->action == LINES_ON);
		break;
	case LINES_EDGE:
		rig_edge(&rig, s->bits);
		break;
	case LINES_UNREADABLE:
		rig.unreadable |= s->bits;
		rig_scan(&rig);
		break;
	case LINES_READABLE:
		rig.unreadable &= ~s->bits;
		rig_scan(&rig);
		break;
	case INTERRUPTS_LOST:
		rig.mute = INPUTS_ALL;
		break;
	case INTERRUPTS_BACK:
		rig.mute = 0;
		break;
	default:
		break;
	}
}

static void apply_outputs(const struct step *s)
{
	switch (s->action) {
	case WRITES_FAIL:
		rig.broken |= s->bits;
		break;
	case WRITES_WORK:
		rig.broken &= ~s->bits;
		break;
	case PIN_DROPS:
		rig.dropped |= s->bits;
		break;
	case PIN_RESET:
		rig_set_pins(&rig, s->bits, false);
		break;
	case PIN_LATE_WRITE:
		rig_set_pins(&rig, s->bits, true);
		break;
	case PIN_MISREAD:
		rig.corrupt = s->bits;
		rig_scan(&rig);
		break;
	case SHORT_BEGINS:
	case SHORT_ENDS:
		rig_set_terminals(&rig, &rig.short_circuit, s->bits,
				  s->action == SHORT_BEGINS);
		break;
	case BACKFEED_BEGINS:
	case BACKFEED_ENDS:
		rig_set_terminals(&rig, &rig.backfeed, s->bits,
				  s->action == BACKFEED_BEGINS);
		break;
	default:
		break;
	}
}

static void apply_requests(const struct step *s)
{
	struct protection *p = &rig.scan.protection;

	switch (s->action) {
	case SOFTWARE_REMOTE_ON:
	case SOFTWARE_REMOTE_OFF:
		p->software_remote = s->action == SOFTWARE_REMOTE_ON;
		rig_scan(&rig);
		break;
	case USER_INHIBITS:
	case USER_ALLOWS:
		p->inhibit_charge = s->action == USER_INHIBITS;
		rig_scan(&rig);
		break;
	case START:
		rig.outputs = s->bits;
		observe_from_now();
		rig_start(&rig, &config, sense_lines, s->bits);
		break;
	case STALLED:
		rig_stall(&rig, s->time + EPOCH);
		break;
	case END:
		horizon = s->from;
		break;
	default:
		break;
	}
}

static void apply(const struct step *s)
{
	struct protection *p = &rig.scan.protection;

	if (s->from && apply_delay(s, &p->cfg, &p->debounce.cfg)) {
		rig_scan(&rig);
		return;
	}
	apply_lines(s);
	apply_outputs(s);
	apply_requests(s);
}

/* Questions */

static u64 answer(const struct step *question)
{
	const struct protection *p = &rig.scan.protection;
	u64 now = rig_clock(&rig);

	switch (question->action) {
	case ASK_IDLE:
		return scan_next(&rig.scan, now) >= FOREVER;
	case ASK_NEXT:
		return protection_next(p, now);
	case ASK_DISCONNECT_IN:
		return protection_disconnect_in(p, now);
	case ASK_CHARGE_TRIPPED:
		return p->charge_tripped;
	case ASK_IMPLAUSIBLE:
		return p->debounce.implausible;
	case ASK_MISMATCH:
		return rig.scan.terminal.mismatch;
	case ASK_CHATTERING:
		return p->debounce.chattering;
	case ASK_TERMINALS:
		return debounce_terminals(&p->debounce);
	case ASK_STATS:
		return *(u32 *)((char *)&rig.scan.stats + question->bits);
	default:
		return rig.missed;
	}
}

static void moment_over(struct rig *r)
{
	const struct step *s;

	for (s = moment; s && s < next_step; s++) {
		u64 value;

		if (s->action < ASK_IDLE)
			continue;
		value = answer(s);
		if (value != s->value)
			complain(s->line, "%s: it is %s", s->text,
				 answer_print(s->action, value));
	}
	moment = NULL;
}

/* Running */

static void set_next_event(void)
{
	rig.next_event = next_step < end ? next_step->from : FOREVER;
}

/* All steps of this moment */
static void event(struct rig *r)
{
	const struct step *s;

	moment = next_step;
	while (next_step < end && next_step->from == r->now)
		next_step++;
	set_next_event();
	for (s = moment; s < next_step; s++)
		apply(s);
}

static bool has_start(void)
{
	const struct step *s;

	for (s = scenario->steps; s < end; s++)
		if (s->action == START)
			return true;
	return false;
}

static void prepare(void)
{
	const struct step *s;

	failed = false;
	horizon = 0;
	sense_lines = 0;
	expected.count = 0;
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
		.scan.sleeps = variant->sleeps,
		.clock = variant->clock - EPOCH,
		.levels = BIT(INPUT_REMOTE_LOOP),
		.poll_ns = variant->poll_ns,
		.wake = FOREVER,
		.next_event = FOREVER,
		.event = event,
		.moment_over = moment_over,
		.pins_changed = pins_changed,
		.cycle_over = cycle_over,
	};
	for (s = scenario->steps; s < end && !s->from; s++) {
		if (!apply_delay(s, &config, &config.debounce))
			apply_setting(s);
		apply(s);
	}
	next_step = s;
}

static void run(const struct scenario *which, const struct variant *how)
{
	enum signal signal;

	scenario = which;
	variant = how;
	end = which->steps + which->count;
	prepare();

	if (!has_start()) {
		rig.now = EPOCH - 9 * SEC;
		rig_start(&rig, &config, sense_lines, 0);
		rig_run(&rig, EPOCH - 1);
		observe_from_now();
	}
	set_next_event();
	rig_run(&rig, end > which->steps ? max(end[-1].from, EPOCH) : EPOCH);
	rig_run(&rig, horizon ? horizon : rig.now + 100 * SEC);
	moment_over(&rig);

	if (rig.violation)
		complain(which->line, "%s at %s", rig.violation,
			 time_print(rig.now - EPOCH));
	expect_all();
	for (signal = 0; signal < SIGNALS; signal++)
		compare_signal(signal);
}

/* One scenario in one of VARIANTS ways; whether it failed. */
static bool run_variant(const struct scenario *which, unsigned int i)
{
	static const u64 clocks[] = {
		/* 0s is just after boot; the middle; the clock wraps at 25 s */
		9 * SEC, 1ULL << 63, 0 - 25 * SEC,
	};
	static const u64 polls[] = { FOREVER, SEC };
	struct variant how = { clocks[i % 3], polls[i / 3 % 2], i / 6 % 2 };

	/* often, at odd times; that takes long, so with one clock only */
	if (i >= 12)
		how = (struct variant){ clocks[2], 77 * MS, i % 2 };

	run(which, &how);
	return failed;
}

unsigned int scenarios_read(const char *path)
{
	return scenario_parse(path, &last);
}

/*
 * When the first failure is the end, all scenarios are first run in two ways of
 * different kinds, and only a failure is reported: most mistakes are found so, and
 * soon.
 */
static void run_quickly(void)
{
	const struct scenario *s;

	for (s = scenarios; s; s = s->next)
		if (run_variant(s, 0) || run_variant(s, 10))
			report(false, s->title);
}

void scenarios_run(bool quick)
{
	const struct scenario *s;
	unsigned int i;

	if (quick)
		run_quickly();
	for (s = scenarios; s; s = s->next) {
		for (i = 0; i < VARIANTS; i++)
			if (run_variant(s, i))
				break;
		report(i == VARIANTS, s->title);
	}
}

/* Print what is observed, as expectations; for who writes a scenario. */
void scenarios_print(void)
{
	const struct scenario *s;
	unsigned int i, n;

	for (s = scenarios; s; s = s->next) {
		for (i = 0; i < VARIANTS; i++) {
			run_variant(s, i);
			printf("%s:%u variant %u\n", s->path, s->line, i);
			for (n = 0; n < observed.count; n++) {
				const struct change *o = &observed.change[n];

				printf("%llu %u %s\n", o->from - EPOCH, o->signal,
				       signal_print(o->signal, o->value));
			}
		}
	}
}
