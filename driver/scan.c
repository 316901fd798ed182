// SPDX-License-Identifier: GPL-2.0
/* The scan cycle; see scan.h. */
#include <linux/bitops.h>
#include <linux/compiler.h>
#include <linux/ktime.h>
#include <linux/log2.h>
#include <linux/minmax.h>
#include <linux/time64.h>

#include "scan.h"

/* S5: however many reports there are, a cycle for them begins so long after the last. */
#define REPORT_GAP_NS			(100 * NSEC_PER_MSEC)

/* A read that failed so late is not followed by another at once (F2). */
#define SLOW_NS				(10 * NSEC_PER_MSEC)

/* After one line was read the others are, so soon: user space is notified meanwhile. */
#define REST_NS				((u64)NSEC_PER_MSEC)

#define CREATE_TRACE_POINTS
#include "trace.h"

/*
 * Whether nothing is under way: load and charge are on, and every line is what it
 * counts as. Then the levels that were read last decide nothing by themselves, however
 * old they are: no line qualifies or clears, nothing is connected or counts down.
 */
static bool at_rest(const struct scan *s)
{
	const struct protection *p = &s->protection;

	return p->actual == (OUTPUT_LOAD | OUTPUT_CHARGE) &&
	       !(p->shorted | s->outputs.unconfirmed |
		 p->debounce.read_failing) &&
	       !debounce_unqualified(&p->debounce);
}

/*
 * T5: a line that announces that it became active is read first, and alone, as it may
 * decide. It makes a sample in which the others are as they were; they are read in
 * the next cycle, soon. Unless the board is at rest, all are read now.
 *
 * @edges: all lines that had an edge
 *
 * Returns false if all lines are to be read now.
 */
static bool scan_peek(struct scan *s, struct inputs_scan *scan, u32 edges,
		      int *error)
	__must_hold(&s->lock)
{
	u32 levels = s->protection.debounce.level;
	int ret;

	s->peeked = false;
	if (!is_power_of_2(edges) || !(edges & INPUTS_CONDITIONS) || !at_rest(s))
		return false;

	scan_io_begin(s);
	ret = inputs_peek(&s->inputs, __ffs(edges), levels, scan);
	scan_io_end(s);
	if (ret < 0 && scan->sample.read_time_ns < SLOW_NS)
		ret = 0;	/* once more, with the others */
	s->peeked = ret;
	*error = min(ret, 0);
	return ret;
}

/*
 * Read all lines; returns the outputs that are high by that. A pin that is out of
 * sync reads so twice; a bit that was corrupted on the bus does not, and must not
 * disconnect the load (L2).
 */
static u32 scan_read(struct scan *s, struct inputs_scan *scan, int *error)
	__must_hold(&s->lock)
{
	u32 actual = s->protection.actual;

	scan_io_begin(s);
	*error = inputs_read(&s->inputs, scan);
	if ((actual ^ scan->back) & scan->back_known)
		*error = inputs_read(&s->inputs, scan);
	actual = outputs_check_readback(&s->outputs, actual, scan->back,
					scan->back_known);
	scan_io_end(s);
	return actual;
}

/**
 * scan_feedback() - take the outputs into account
 * @s: the board, its lock held
 * @actual: those that are high
 * @now: CLOCK_BOOTTIME in ns
 */
void scan_feedback(struct scan *s, u32 actual, u64 now)
{
	protection_feedback(&s->protection, actual, now);
	terminal_driven(&s->terminal, actual, now);
}

/* Take a reading into account. */
static void scan_sample(struct scan *s, const struct inputs_scan *scan,
			u32 actual, int error, u64 now)
{
	struct protection *p = &s->protection;
	const struct debounce_sample *sample = &scan->sample;

	trace_smallbms_inputs(s->name, sample->levels, sample->edges,
			      sample->unreadable);
	if (error) {
		s->stats.read_errors++;
		trace_smallbms_io_error(s->name, false, error);
	}
	if (actual != p->actual) {
		trace_smallbms_outputs(s->name, actual, now, now);
		scan_feedback(s, actual, now);
	}
	if (!s->peeked)
		terminal_check(&s->terminal, scan->sense, scan->sense_known, now);
	p->shorted = s->terminal.shorted;

	debounce_update(&p->debounce, sample, now);
	s->sampled_at = now;
}

/* Write what the rules request, and take the result into account. */
static void scan_write(struct scan *s, u32 requested, u64 decided_at)
	__must_hold(&s->lock)
{
	struct protection *p = &s->protection;
	u32 actual = p->actual, changed;
	int error;
	u64 now;

	requested &= ~p->shorted;
	scan_io_begin(s);
	actual = outputs_write(&s->outputs, actual, requested, &error);
	scan_io_end(s);

	now = ktime_get_boottime_ns();
	if (error) {
		s->stats.write_errors++;
		trace_smallbms_io_error(s->name, true, error);
	}
	changed = p->actual ^ actual;
	if (changed)
		trace_smallbms_outputs(s->name, actual, decided_at, now);

	if (changed & actual & OUTPUT_PRE_ALARM)
		s->stats.pre_alarms++;
	if (changed & ~actual & OUTPUT_LOAD && p->load_tripped)
		s->stats.load_disconnects++;
	if (changed & ~actual & OUTPUT_CHARGE && p->charge_tripped)
		s->stats.charge_disconnects++;

	scan_feedback(s, actual, now);
}

/**
 * scan_cycle() - read the inputs, run the protection rules, write the outputs
 * @s: the board
 *
 * A decision belongs to the reading right before it, of all lines or, where
 * scan_peek() may, of one. What it could not do, and what its result makes due, is for
 * the next cycle (scan_next()).
 *
 * Context: @s->lock is held, and dropped meanwhile where a line sleeps.
 */
void scan_cycle(struct scan *s)
{
	u32 actual = s->protection.actual, requested;
	struct inputs_scan *scan = &s->reading;
	const struct debounce_sample *sample = &scan->sample;
	bool polled = s->polled;	/* an edge meanwhile changes that */
	u32 edges, changed;
	int error;
	u64 now;

	/* before the reading: an edge that comes later belongs to the next */
	edges = edges_take(&s->edges, &scan->sample, s->sampled_at);
	if (!scan_peek(s, scan, edges, &error))
		actual = scan_read(s, scan, &error);
	now = ktime_get_boottime_ns();
	changed = (s->protection.debounce.level ^ sample->levels) &
		  ~sample->unreadable;
	scan_sample(s, scan, actual, error, now);
	requested = protection_decide(&s->protection, now);
	scan_write(s, requested, now);
	edges_verify(&s->edges, changed, sample->edges, polled, now);
}

static u64 debounce_ns(const struct scan *s)
{
	return (u64)s->protection.debounce.cfg.debounce_delay_ms * NSEC_PER_MSEC;
}

/**
 * scan_edge_due() - when to run a cycle because of an edge (T2)
 * @s: the board, its lock held
 * @line: the line, one bit of &enum input
 * @at: time of the edge, CLOCK_BOOTTIME in ns
 * @more: another edge of the line was pending already
 *
 * A reading right after the first edge of a line says little: the level counts
 * once it was held for a debounce, so it is read then. A line that goes on
 * changing is read each time.
 *
 * Return: CLOCK_BOOTTIME in ns.
 */
u64 scan_edge_due(const struct scan *s, u32 line, u64 at, bool more)
{
	if (more || line & s->protection.debounce.chattering)
		return at;
	return at + debounce_ns(s);
}

/* When a cycle is due because of reports of the state of charge */
static u64 report_due(const struct scan *s, u64 now)
{
	if (!shed_changed(&s->protection.shed))
		return NEVER;
	return time_left(s->sampled_at, REPORT_GAP_NS, now);
}

/* When a cycle is due for what the last one left over: a write that failed, other lines */
static u64 rest_due(const struct scan *s)
{
	if (s->outputs.attempts)
		return outputs_retry_in_ns(&s->outputs);
	return s->peeked ? REST_NS : NEVER;
}

/**
 * scan_next() - when the next cycle is due at the latest, but for the poll
 * @s: the board, its lock held
 * @now: CLOCK_BOOTTIME in ns
 *
 * Return: ns from @now, or %NEVER.
 */
u64 scan_next(struct scan *s, u64 now)
{
	u64 next = min(protection_next(&s->protection, now), rest_due(s));
	u64 edge = edges_first(&s->edges);

	next = min(next, terminal_next(&s->terminal,
				       s->inputs.fitted >> INPUTS_SENSE, now));
	next = min(next, report_due(s, now));
	if (edge != NEVER)	/* it came while the last cycle was under way */
		next = min(next, time_left(edge, debounce_ns(s), now));
	return next;
}

/**
 * scan_busy() - why the system has to stay awake (T4)
 * @s: the board, its lock held
 * @now: CLOCK_BOOTTIME in ns
 *
 * The delays before a reconnect are no reason: outputs float meanwhile, and time
 * passes in suspend.
 *
 * Return: what is under way, for the log; or NULL.
 */
const char *scan_busy(struct scan *s, u64 now)
{
	if (s->protection.debounce.read_failing)
		return "a line cannot be read";
	if (s->outputs.unconfirmed)
		return "an output is not confirmed";
	if (s->terminal.settling & (s->inputs.fitted >> INPUTS_SENSE))
		return "a terminal has not settled";
	if (protection_disconnect_in(&s->protection, now) != NEVER ||
	    protection_shed_in(&s->protection, now) != NEVER)
		return "the load is about to be disconnected";
	if (debounce_unqualified(&s->protection.debounce) ||
	    edges_first(&s->edges) != NEVER || s->peeked)
		return "a line has just changed";
	return NULL;
}

/* A time from now, as one that readers can keep */
static u64 at(u64 now, u64 left)
{
	return left == NEVER ? NEVER : now + left;
}

/**
 * scan_describe() - the state as it is now, to be published
 * @s: the board, its lock held
 * @snapshot: filled in
 * @times: filled in
 * @now: CLOCK_BOOTTIME in ns
 */
void scan_describe(const struct scan *s, struct snapshot *snapshot,
		   struct snapshot_times *times, u64 now)
{
	const struct protection *p = &s->protection;
	const struct debounce *d = &p->debounce;

	*times = (struct snapshot_times) {
		.disconnect_at = at(now, protection_disconnect_in(p, now)),
		.shed_at = at(now, protection_shed_in(p, now)),
		.reconnect_at = at(now, protection_reconnect_in(p, now)),
	};
	*snapshot = (struct snapshot) {
		.outputs = p->actual,
		.conditions = d->active & INPUTS_CONDITIONS,
		.unreadable = d->unreadable,
		.terminals = debounce_terminals(d),
		.remote = p->software_remote,
		.inhibit_charge = p->inhibit_charge,
		.load_request = p->shed.cfg.request,
		.charge_tripped = p->charge_tripped,
		.load_reason = protection_load_reason(p, now),
		.charge_reason = protection_charge_reason(p, now),
		.alarm = protection_alarm(p),
	};
	if (d->unreadable || outputs_failing(&s->outputs))
		snapshot->conditions |= CONDITION_IO_ERROR;
	if (s->terminal.mismatch)
		snapshot->conditions |= CONDITION_SENSE_MISMATCH;
	if (d->implausible)
		snapshot->conditions |= CONDITION_IMPLAUSIBLE;
}

/**
 * scan_report_soc() - a program reports the state of charge (S2)
 * @s: the board, its lock held
 * @permille: the state of charge, or a negative number: it is unknown from now on
 * @now: CLOCK_BOOTTIME in ns
 *
 * Return: when a cycle is due because of that: ns from @now, or %NEVER.
 */
u64 scan_report_soc(struct scan *s, int permille, u64 now)
{
	if (permille < 0)
		shed_forget(&s->protection.shed);
	else
		shed_report(&s->protection.shed, permille, now);
	return report_due(s, now);
}

/* Where the rules keep the settings that they use */
static const size_t places[CORE_SETTINGS] = {
	[CORE_LOAD_REQUEST] = offsetof(struct protection, shed.cfg.request),
	[CORE_SOC_FLOOR] = offsetof(struct protection, shed.cfg.floor_percent),
	[CORE_SOC_FLOOR_RECOVER] = offsetof(struct protection, shed.cfg.recover_percent),
	[CORE_SOC_MAX_AGE] = offsetof(struct protection, shed.cfg.max_age_ms),
	[CORE_PRE_ALARM_DELAY] = offsetof(struct protection, cfg.pre_alarm_delay_ms),
	[CORE_LOAD_RECONNECT_DELAY] = offsetof(struct protection, cfg.load_reconnect_delay_ms),
	[CORE_LOAD_RECONNECT_MAX] = offsetof(struct protection, cfg.load_reconnect_max_ms),
	[CORE_PRE_ALARM_HOLD] = offsetof(struct protection, cfg.pre_alarm_hold_ms),
	[CORE_CHARGE_RECONNECT_DELAY] = offsetof(struct protection, cfg.charge_reconnect_delay_ms),
	[CORE_CLEAR_DELAY] = offsetof(struct protection, debounce.cfg.clear_delay_ms),
	[CORE_DEBOUNCE_DELAY] = offsetof(struct protection, debounce.cfg.debounce_delay_ms),
};

/**
 * scan_apply() - pass a setting on to the rules
 * @s: the board, its lock held
 * @setting: which
 * @value: its new value, within its limits
 */
void scan_apply(struct scan *s, enum core_setting setting, u32 value)
{
	struct protection *p = &s->protection;

	WRITE_ONCE(s->setting[setting], value);
	if (setting == CORE_REMOTE)
		p->software_remote = value;
	else if (setting == CORE_INHIBIT_CHARGE)
		p->inhibit_charge = value;
	else if (places[setting])
		*(u32 *)((void *)p + places[setting]) = value;
}

/**
 * scan_init() - take the first reading
 * @s: the board: its lines are had, the rest is zeroed
 * @cfg: lines and delays
 * @found: outputs that were found high; they are taken over as they are (L5)
 *
 * Nothing is written.
 *
 * Context: may sleep; nobody else uses @s yet.
 */
void scan_init(struct scan *s, const struct protection_config *cfg, u32 found)
{
	u64 now;

	if (inputs_read(&s->inputs, &s->reading))
		s->stats.read_errors++;
	now = ktime_get_boottime_ns();
	protection_init(&s->protection, cfg, &s->reading.sample, found, now);
	terminal_driven(&s->terminal, found, now);
	s->sampled_at = now;
}
