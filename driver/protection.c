// SPDX-License-Identifier: GPL-2.0
/* The rules of the board; see protection.h. */
#include <linux/bitops.h>
#include <linux/minmax.h>

#include "protection.h"

#define UNDERVOLTAGE	BIT(INPUT_CELL_UNDERVOLTAGE)

/* C5: 1 s is doubled up to 256 s, but nothing beyond what can be set (V1). */
#define CHARGE_DOUBLINGS		8
#define CHARGE_RECONNECT_MAX_MS		3600000

static bool enabled(const struct protection *p)
{
	return debounce_terminals(&p->debounce) && p->software_remote;	/* M2 */
}

static bool undervoltage(const struct protection *p)
{
	return p->debounce.active & UNDERVOLTAGE;
}

/* L2: what is left of the warning at @now. */
static u64 pre_alarm_left(const struct protection *p, u64 now)
{
	return time_left(p->pre_alarm_since, ms_to_ns(p->cfg.pre_alarm_delay_ms),
			 now);
}

/* O3: what is left of the time for which a raised pre-alarm stays high. */
static u64 pre_alarm_hold_left(const struct protection *p, u64 now)
{
	if (!(p->actual & OUTPUT_PRE_ALARM))
		return 0;
	return time_left(p->pre_alarm_raised, ms_to_ns(p->cfg.pre_alarm_hold_ms),
			 now);
}

/* A reconnect delay after so many trips; @max_ms never shortens it. */
static u32 doubled_ms(const struct trips *t, u32 delay_ms, u32 max_ms)
{
	u64 ms = (u64)delay_ms << (t->count ? t->count - 1 : 0);

	return max_t(u64, delay_ms, min_t(u64, ms, max_ms));
}

/* L4, L7 */
static u32 load_reconnect_ms(const struct protection *p)
{
	return doubled_ms(&p->load_trips, p->cfg.load_reconnect_delay_ms,
			  p->cfg.load_reconnect_max_ms);
}

static u64 load_reconnect_in(const struct protection *p, u64 now)
{
	return debounce_clear_for_in(&p->debounce, UNDERVOLTAGE,
				     ms_to_ns(load_reconnect_ms(p)), now);
}

/* C5 */
static u32 charge_reconnect_max_ms(const struct protection *p)
{
	u64 ms = (u64)p->cfg.charge_reconnect_delay_ms << CHARGE_DOUBLINGS;

	return min_t(u64, ms, CHARGE_RECONNECT_MAX_MS);
}

/* C2, C5 */
static u32 charge_reconnect_ms(const struct protection *p)
{
	return doubled_ms(&p->charge_trips, p->cfg.charge_reconnect_delay_ms,
			  charge_reconnect_max_ms(p));
}

static u64 charge_reconnect_in(const struct protection *p, u64 now)
{
	return debounce_clear_for_in(&p->debounce, INPUTS_CHARGE_FAULTS,
				     ms_to_ns(charge_reconnect_ms(p)), now);
}

/*
 * A trip, new if it disconnects what was connected. Else nothing doubles, nor does
 * what has reached its limit, or is 0: so the count stays below 34, and can be
 * shifted by.
 */
static void count_trip(struct trips *t, bool connected, u32 delay_ms, u32 max_ms)
{
	if (!t->count)
		t->count = 1;
	else if (connected && delay_ms && delay_ms < max_ms)
		t->count++;
}

/* Has the output recovered from its trips, just before @now? */
static void forget_trips(struct trips *t, u32 steady_ms, u64 now)
{
	if (t->steady && !time_left(t->steady_since, ms_to_ns(steady_ms), now))
		t->count = 0;
}

static void update_steady(struct trips *t, bool steady, u64 now)
{
	if (steady && !t->steady)
		t->steady_since = now;
	t->steady = steady;
}

/*
 * The reason of a trip by some of @lines; at least one of them is active. One
 * that reads active comes first (O5), then an unreadable one (F2). While all of
 * them are merely not clear yet (T3), the reason so far holds.
 */
static u32 trip_reason(const struct debounce *d, u32 lines, u32 so_far)
{
	u32 active = lines & d->active;
	u32 blamed = active & d->level & ~d->unreadable;

	if (blamed)
		return REASON_INPUT + __ffs(blamed);
	if (active & d->unreadable || so_far == REASON_IO_ERROR)
		return REASON_IO_ERROR;
	if (so_far >= REASON_INPUT && active & BIT(so_far - REASON_INPUT))
		return so_far;
	return REASON_INPUT + __ffs(active);
}

/* L2, S1: has the pre-alarm lasted? */
static bool pre_alarm_over(const struct protection *p, u64 now)
{
	return p->pre_alarm && !pre_alarm_left(p, now);
}

/* @was_on: the load is connected, and was requested */
static bool request_load(struct protection *p, bool was_on, u64 now)
{
	bool on = p->actual & OUTPUT_LOAD, healthy;

	shed_update(&p->shed, enabled(p), now);
	/* L7: a person knows more than the board; but the last trip counts */
	if (!enabled(p))
		p->load_trips.count = p->load_tripped;
	forget_trips(&p->load_trips, p->cfg.steady_ms, now);

	/* L4, also while the remote is off */
	if (p->load_tripped && !load_reconnect_in(p, now))
		p->load_tripped = false;

	if (!enabled(p))
		return false;				/* M3 */

	/* L5: never into an empty bank. L2: never without the pre-alarm. */
	if (undervoltage(p) &&
	    (!on || p->load_tripped || pre_alarm_over(p, now))) {
		p->load_trip_reason =
			trip_reason(&p->debounce, UNDERVOLTAGE,
				    p->load_tripped ? p->load_trip_reason :
						      REASON_NONE);
		count_trip(&p->load_trips, was_on, load_reconnect_ms(p),
			   p->cfg.load_reconnect_max_ms);
		p->load_tripped = true;
	}

	healthy = !p->load_tripped &&
		  (on || !debounce_settled_in(&p->debounce, UNDERVOLTAGE, now));
	return shed_allows(&p->shed, healthy && (!on || pre_alarm_over(p, now))) &&
	       healthy;					/* S4 */
}

/* @was_on: charge is connected, and was requested */
static bool request_charge(struct protection *p, bool was_on, u64 now)
{
	forget_trips(&p->charge_trips, p->cfg.steady_ms, now);

	if (p->debounce.active & INPUTS_CHARGE_FAULTS) {
		p->charge_trip_reason =
			trip_reason(&p->debounce, INPUTS_CHARGE_FAULTS,
				    p->charge_tripped ? p->charge_trip_reason :
							REASON_NONE);
		count_trip(&p->charge_trips, was_on, charge_reconnect_ms(p),
			   charge_reconnect_max_ms(p));
		p->charge_tripped = true;		/* C1 */
	} else if (p->charge_tripped && !charge_reconnect_in(p, now)) {
		p->charge_tripped = false;		/* C2 */
	}

	if (!enabled(p) || p->charge_tripped || p->inhibit_charge)
		return false;				/* M3, C1, C4 */

	return p->actual & OUTPUT_CHARGE ||
	       !debounce_settled_in(&p->debounce, INPUTS_CHARGE_FAULTS, now);
}

/* O3: spare the last reserve, once the load is really off. */
static bool pre_alarm_spared(const struct protection *p)
{
	return p->cfg.release_pre_alarm_on_disconnect && p->load_tripped &&
	       !(p->actual & OUTPUT_LOAD);
}

/*
 * S1: before a shed, and until the load floats; but not anew for a load that was
 * taken already, and turns out to be on.
 */
static bool shed_pre_alarm(const struct protection *p)
{
	return shed_wanted(&p->shed) && p->actual & OUTPUT_LOAD &&
	       !p->load_tripped && (p->pre_alarm || !shed_taken(&p->shed));
}

static bool pre_alarm_due(const struct protection *p)
{
	return (p->debounce.active & INPUTS_PRE_ALARM &&	/* L1 */
		!pre_alarm_spared(p)) || shed_pre_alarm(p);
}

static bool request_pre_alarm(const struct protection *p, u64 now)
{
	return enabled(p) &&					/* M3 */
	       (pre_alarm_due(p) || pre_alarm_hold_left(p, now));
}

/**
 * protection_decide() - apply the rules
 * @p: the board
 * @now: time of the reading that the decision is based on, ns
 *
 * A shorted output (@p->shorted) is requested all the same: the caller keeps it
 * low.
 *
 * Return: the outputs that have to be high.
 */
u32 protection_decide(struct protection *p, u64 now)
{
	u32 was_on = p->requested & p->actual;

	p->requested = 0;
	if (request_load(p, was_on & OUTPUT_LOAD, now))
		p->requested |= OUTPUT_LOAD;
	if (request_charge(p, was_on & OUTPUT_CHARGE, now))
		p->requested |= OUTPUT_CHARGE;
	if (request_pre_alarm(p, now))
		p->requested |= OUTPUT_PRE_ALARM;
	else
		p->pre_alarm = false;		/* L2: the episode is over */
	return p->requested;
}

/*
 * L2: the 30 s count from the first attempt of an episode, so that a pre-alarm
 * which cannot be raised does not postpone the cut. They begin anew, once, when it
 * rises later than that, or is lost and rises again. A raise that ends in a short
 * was none: then they count from the first attempt again.
 */
static void count_pre_alarm(struct protection *p, u32 raised, u32 lost, u64 now)
{
	if (!p->pre_alarm) {
		p->pre_alarm = true;
		p->pre_alarm_renewed = false;
		p->pre_alarm_first = now;
		p->pre_alarm_since = now;
	} else if (lost & p->shorted) {
		p->pre_alarm_since = p->pre_alarm_first;
	} else if ((raised || lost) && !p->pre_alarm_renewed) {
		p->pre_alarm_renewed = raised;
		p->pre_alarm_since = now;
	}
}

/**
 * protection_feedback() - take the outputs as they are now into account
 * @p: the board
 * @actual: outputs that are high; differ from what was requested where a write
 *	failed, or a chip was reset (F3)
 * @now: time after the write, or of the reading that found them, ns
 *
 * Called in every cycle, also when nothing had to be written, and before
 * protection_decide() when a reading finds the outputs otherwise. L2: the
 * pre-alarm counts from here, so that no latency of a write shortens it. A load
 * that was lost comes back as the rules request.
 */
void protection_feedback(struct protection *p, u32 actual, u64 now)
{
	u32 raised = actual & ~p->actual & OUTPUT_PRE_ALARM;
	u32 lost = p->actual & ~actual & OUTPUT_PRE_ALARM;

	if (p->requested & OUTPUT_PRE_ALARM)
		count_pre_alarm(p, raised, lost, now);
	if (raised)
		p->pre_alarm_raised = now;
	p->actual = actual;

	actual &= p->requested;
	update_steady(&p->load_trips, actual & OUTPUT_LOAD && !undervoltage(p),
		      now);
	update_steady(&p->charge_trips, actual & OUTPUT_CHARGE, now);
}

/**
 * protection_init() - begin
 * @p: the board
 * @cfg: copied
 * @first: the first sample, see debounce_init()
 * @found: outputs that were found high; they are claimed as they are (L5)
 * @now: time of the first sample, ns
 */
void protection_init(struct protection *p, const struct protection_config *cfg,
		     const struct debounce_sample *first, u32 found, u64 now)
{
	*p = (struct protection) {
		.cfg = *cfg,
		.software_remote = true,
		.actual = found,
		.requested = found,
		.pre_alarm = found & OUTPUT_PRE_ALARM,
		.pre_alarm_first = now,
		.pre_alarm_since = now,
		.pre_alarm_raised = now,
	};
	/* any output that is high shows that the board was on */
	debounce_init(&p->debounce, &cfg->debounce, first, found, now);
}

/**
 * protection_disconnect_in() - the countdown
 * @p: the board
 * @now: ns
 *
 * Return: ns until undervoltage disconnects the load (L2), or %NEVER when no
 * disconnect is pending.
 */
u64 protection_disconnect_in(const struct protection *p, u64 now)
{
	if (!undervoltage(p) || !p->pre_alarm || p->load_tripped ||
	    !enabled(p) || !(p->actual & OUTPUT_LOAD))
		return NEVER;

	return pre_alarm_left(p, now);
}

/**
 * protection_shed_in() - the countdown of a shed
 * @p: the board
 * @now: ns
 *
 * Return: ns until a shed disconnects the load (S1, S2), or %NEVER when none is
 * pending.
 */
u64 protection_shed_in(const struct protection *p, u64 now)
{
	if (!shed_pre_alarm(p) || !p->pre_alarm || shed_taken(&p->shed))
		return NEVER;

	return pre_alarm_left(p, now);
}

/**
 * protection_reconnect_in() - the wait for the load
 * @p: the board
 * @now: ns
 *
 * Return: ns until a load that undervoltage disconnected may be connected again
 * (L4, L7), or %NEVER: it was not, the remote is off, or undervoltage is active, so
 * that the delay has not begun.
 */
u64 protection_reconnect_in(const struct protection *p, u64 now)
{
	if (!p->load_tripped || !enabled(p) || p->actual & OUTPUT_LOAD)
		return NEVER;

	return load_reconnect_in(p, now);
}

/* Outputs that are connected as soon as their lines have settled. */
static u64 connect_in(const struct protection *p, u64 now)
{
	u32 waiting = ~(p->actual | p->requested);
	u64 next = NEVER;

	if (!enabled(p))
		return NEVER;
	if (waiting & OUTPUT_LOAD && !p->load_tripped && !shed_taken(&p->shed) &&
	    p->shed.cfg.request != LOAD_REQUEST_OFF)
		next = min(next, debounce_settled_in(&p->debounce, UNDERVOLTAGE,
						     now));
	if (waiting & OUTPUT_CHARGE && !p->charge_tripped && !p->inhibit_charge)
		next = min(next, debounce_settled_in(&p->debounce,
						     INPUTS_CHARGE_FAULTS, now));
	return next;
}

/**
 * protection_next() - when the next cycle is due
 * @p: the board
 * @now: ns, not before the last protection_feedback()
 *
 * The caller runs a cycle after that time at the latest, and earlier for every
 * change of a line.
 *
 * Return: ns from @now; 0 when the outputs as they are now make the next decision
 * differ, which has to be based on a new reading; or %NEVER.
 */
u64 protection_next(const struct protection *p, u64 now)
{
	u64 next = min(debounce_next(&p->debounce, now),
		       protection_disconnect_in(p, now));

	next = min(next, protection_shed_in(p, now));
	next = min(next, shed_next(&p->shed, now));
	/* S1: it went off with this cycle, on request; the next finds it empty (L5) */
	if (undervoltage(p) && !p->load_tripped && enabled(p) &&
	    !((p->actual | p->requested) & OUTPUT_LOAD))
		next = 0;
	/* O3: it is held; or the load went off with this cycle, the next releases */
	if (p->requested & OUTPUT_PRE_ALARM && !pre_alarm_due(p))
		next = min(next, pre_alarm_hold_left(p, now));
	if (p->load_tripped)
		next = min(next, load_reconnect_in(p, now));
	if (p->charge_tripped)
		next = min(next, charge_reconnect_in(p, now));
	return min(next, connect_in(p, now));
}

/* The switches come first: no cure of the bank helps while they are off. */
static u32 remote_reason(const struct protection *p)
{
	if (!debounce_terminals(&p->debounce))
		return REASON_TERMINALS;
	return p->software_remote ? REASON_NONE : REASON_REMOTE;
}

/*
 * The reason of an output that is held off by nothing but @lines which had not
 * settled when the last decision was made: one that reads active comes first. Else
 * a line cannot be read, or the output not be written.
 */
static u32 waiting_reason(const struct protection *p, u32 output, u32 lines)
{
	const struct debounce *d = &p->debounce;
	u32 blamed = lines & d->level;

	if (!blamed && !(p->requested & output))
		blamed = debounce_unsettled(d, lines);
	return blamed ? REASON_INPUT + __ffs(blamed) : REASON_IO_ERROR;
}

/**
 * protection_load_reason() - why the load output floats
 * @p: the board
 * @now: ns
 *
 * Return: an &enum reason, %REASON_NONE while it is high.
 */
u32 protection_load_reason(const struct protection *p, u64 now)
{
	u32 reason = remote_reason(p);

	if (p->actual & OUTPUT_LOAD)
		return REASON_NONE;
	if (reason)
		return reason;
	if (p->load_tripped)
		return p->load_trip_reason;
	if (p->shed.cfg.request == LOAD_REQUEST_OFF)
		return REASON_REQUEST_OFF;
	if (shed_taken(&p->shed))
		return p->shed.cfg.request == LOAD_REQUEST_SHED ?
		       REASON_REQUEST_SHED : REASON_SOC_FLOOR;
	if (p->shorted & OUTPUT_LOAD)
		return REASON_SENSE_MISMATCH;
	return waiting_reason(p, OUTPUT_LOAD, UNDERVOLTAGE);
}

/**
 * protection_charge_reason() - why the charge output floats
 * @p: the board
 * @now: ns
 *
 * A fault comes before the user's wish, which cannot override it (C4).
 *
 * Return: an &enum reason, %REASON_NONE while it is high.
 */
u32 protection_charge_reason(const struct protection *p, u64 now)
{
	u32 reason = remote_reason(p);

	if (p->actual & OUTPUT_CHARGE)
		return REASON_NONE;
	if (reason)
		return reason;
	if (p->charge_tripped)
		return p->charge_trip_reason;
	if (p->shorted & OUTPUT_CHARGE)
		return REASON_SENSE_MISMATCH;
	if (p->inhibit_charge)
		return REASON_USER;
	return waiting_reason(p, OUTPUT_CHARGE, INPUTS_CHARGE_FAULTS);
}

/**
 * protection_alarm() - alarm level of the bank
 * @p: the board
 *
 * Return: 0 none, 1 pre-alarm, 2 the load is disconnected by undervoltage.
 */
unsigned int protection_alarm(const struct protection *p)
{
	if (p->load_tripped && !(p->actual & OUTPUT_LOAD))
		return 2;
	return p->actual & OUTPUT_PRE_ALARM ? 1 : 0;
}
