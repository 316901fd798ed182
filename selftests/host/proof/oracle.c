// SPDX-License-Identifier: GPL-2.0
/* The rules of the board as temporal properties, see oracle.h. */
#include <stddef.h>

#include "signals.h"

/* ---- words of the rules */

static bool terminals_on(const struct oracle *o)
{
	return !(o->board.wired & REMOTE_WIRES) ||
	       lines_counting(o) & REMOTE_WIRES;
}

static bool enabled(const struct oracle *o)
{
	return terminals_on(o) && o->board.software_on;
}

static bool undervoltage(const struct oracle *o)
{
	return wire_is(o, CELL_UNDERVOLTAGE, COUNTS);
}

static bool low_cell(const struct oracle *o)
{
	return wire_is(o, CELL_LOW, COUNTS) || undervoltage(o);
}

static bool any_fault(const struct oracle *o)
{
	return lines_counting(o) & FAULT_WIRES;
}

static bool counted_long(const struct oracle *o, unsigned long long now)
{
	return held(o, COUNTING, ms(o->board.pre_alarm_ms), now);
}

static bool sounded_long(const struct oracle *o, unsigned long long now)
{
	return held(o, SOUNDING, ms(o->board.pre_alarm_ms), now);
}

/* S3: the last report, which may have come just after @now, is no older than that. */
static bool fresh(const struct oracle *o, unsigned long long now)
{
	long long age = now - o->heard_at;

	return age <= (long long)ms(o->board.max_age_ms);
}

/* S2, S3: a floor that has not taken the load yet may only do so by what is fresh. */
static bool floor_sheds(const struct oracle *o, unsigned long long now)
{
	return o->floored && (o->by_floor || fresh(o, now));
}

static bool sheds(const struct oracle *o, unsigned long long now)
{
	return o->board.request == ASK_SHED ||
	       (o->board.request == ASK_AUTO && floor_sheds(o, now));
}

static bool taken(const struct oracle *o)
{
	return o->by_hand || o->by_floor;
}

/* What is high by itself, though nobody asks for it, is neither on nor off. */
static bool was_on(const struct oracle *o, uint32_t output)
{
	return o->asked & o->carried & output;
}

static bool was_off(const struct oracle *o, uint32_t output)
{
	return !(o->carried & output);
}

/* ---- the rules: when an output must float */

static bool off_by_hand(const struct oracle *o, unsigned long long now)
{
	return !terminals_on(o);
}

static bool off_by_software(const struct oracle *o, unsigned long long now)
{
	return !o->board.software_on;
}

static bool countdown_is_over(const struct oracle *o, unsigned long long now)
{
	return undervoltage(o) && counted_long(o, now);
}

static bool empty_and_off(const struct oracle *o, unsigned long long now)
{
	return was_off(o, LOAD) && undervoltage(o);
}

static bool refused(const struct oracle *o, unsigned long long now)
{
	return o->board.request == ASK_OFF;
}

static bool shed_is_over(const struct oracle *o, unsigned long long now)
{
	return sheds(o, now) && counted_long(o, now);
}

static bool shed_while_off(const struct oracle *o, unsigned long long now)
{
	return sheds(o, now) && (was_off(o, LOAD) || taken(o));
}

static bool rebounding(const struct oracle *o, unsigned long long now)
{
	return o->tripped;
}

static bool load_unsettled(const struct oracle *o, unsigned long long now)
{
	return was_off(o, LOAD) && !undervoltage(o) && !o->tripped &&
	       !lines_at_rest(o, BIT_OF(CELL_UNDERVOLTAGE));
}

/* O3: it sounds, and does not yet for so long that it may end. */
static bool must_go_on(const struct oracle *o, unsigned long long now)
{
	return enabled(o) && oracle_true(o, SOUNDING) &&
	       !held(o, SOUNDING, ms(o->board.hold_ms), now);
}

/* S1: of a load that is on; one that was taken is not warned of once more. */
static bool shed_warns(const struct oracle *o, unsigned long long now)
{
	return enabled(o) && sheds(o, now) && o->carried & LOAD && !o->tripped &&
	       (!taken(o) || o->asked & PRE_ALARM);
}

static bool nothing_low(const struct oracle *o, unsigned long long now)
{
	return !low_cell(o) && !must_go_on(o, now) && !shed_warns(o, now);
}

static bool spared(const struct oracle *o, unsigned long long now)
{
	return o->board.release_pre_alarm && o->tripped && was_off(o, LOAD) &&
	       !must_go_on(o, now);
}

static bool charge_fault(const struct oracle *o, unsigned long long now)
{
	return any_fault(o);
}

/* None of these two holds while the one before does: each decides alone. */
static bool stopped_lately(const struct oracle *o, unsigned long long now)
{
	return o->stopped && !any_fault(o);
}

static bool charge_unsettled(const struct oracle *o, unsigned long long now)
{
	return was_off(o, CHARGE) && !o->stopped &&
	       !lines_at_rest(o, FAULT_WIRES);
}

static bool user_inhibits(const struct oracle *o, unsigned long long now)
{
	return o->board.user_inhibits;
}

/* ---- the rules: when an output must be high */

static bool no_cause_to_cut(const struct oracle *o, unsigned long long now)
{
	return was_on(o, LOAD) && enabled(o) && !refused(o, now) &&
	       !((undervoltage(o) || sheds(o, now)) &&
		 (counted_long(o, now) || sounded_long(o, now)));
}

static bool load_healthy(const struct oracle *o, unsigned long long now)
{
	return enabled(o) && !undervoltage(o) && !o->tripped &&
	       !refused(o, now) && !sheds(o, now) &&
	       lines_at_rest(o, BIT_OF(CELL_UNDERVOLTAGE));
}

static bool pre_alarm_due(const struct oracle *o, unsigned long long now)
{
	return enabled(o) && low_cell(o) &&
	       !(o->board.release_pre_alarm && was_off(o, LOAD) &&
		 (o->tripped || undervoltage(o)));
}

static bool charge_good(const struct oracle *o)
{
	return enabled(o) && !o->board.user_inhibits && !o->stopped &&
	       !any_fault(o);
}

static bool no_cause_to_stop(const struct oracle *o, unsigned long long now)
{
	return was_on(o, CHARGE) && charge_good(o);
}

static bool charge_healthy(const struct oracle *o, unsigned long long now)
{
	return charge_good(o) && lines_at_rest(o, FAULT_WIRES);
}

#define ALL	(LOAD | CHARGE | PRE_ALARM)

const struct rule rules[] = {
	{ "M1 M3", "switched off at the terminals, every output floats",
	  ALL, false, off_by_hand },
	{ "M2 M3", "switched off by software, every output floats",
	  ALL, false, off_by_software },
	{ "L2", "undervoltage after 30 s of pre-alarm cuts the load",
	  LOAD, false, countdown_is_over },
	{ "L5", "the load is never switched into an empty bank",
	  LOAD, false, empty_and_off },
	{ "L4", "a load cut by undervoltage waits for an unbroken recovery",
	  LOAD, false, rebounding },
	{ "S1", "a load that is requested to be off floats",
	  LOAD, false, refused },
	{ "S1 S2 S4", "a shed after 30 s of pre-alarm takes the load",
	  LOAD, false, shed_is_over },
	{ "S1 S2", "a load that is off stays so while it is to be shed",
	  LOAD, false, shed_while_off },
	{ "L5 T2", "the load is switched on only when undervoltage is at rest",
	  LOAD, false, load_unsettled },
	{ "L3 O3 S1", "no pre-alarm without a low cell, or a load to be shed",
	  PRE_ALARM, false, nothing_low },
	{ "O3", "the pre-alarm is released after the disconnect, if so set",
	  PRE_ALARM, false, spared },
	{ "C1", "a charge fault stops charging at once",
	  CHARGE, false, charge_fault },
	{ "C2", "charging waits until all faults have been clear unbroken",
	  CHARGE, false, stopped_lately },
	{ "C2 T2", "charging starts only when all charge faults are at rest",
	  CHARGE, false, charge_unsettled },
	{ "C4", "the user's inhibition stops charging",
	  CHARGE, false, user_inhibits },
	{ "L2 L3 C3 S4", "the load is cut or shed only after 30 s of pre-alarm",
	  LOAD, true, no_cause_to_cut },
	{ "O3", "a pre-alarm that has been raised stays for as long as is set",
	  PRE_ALARM, true, must_go_on },
	{ "M4 L4 S1 S3", "a load that is healthy, enabled and not to be shed is on",
	  LOAD, true, load_healthy },
	{ "L1 O3", "a low cell raises the pre-alarm at once",
	  PRE_ALARM, true, pre_alarm_due },
	{ "S1 S2", "a shed raises the pre-alarm until the load floats",
	  PRE_ALARM, true, shed_warns },
	{ "C3 L6 T2 S4", "charging stops only for a charge fault",
	  CHARGE, true, no_cause_to_stop },
	{ "M4 C2 L6 S4", "a bank that may be charged is charged",
	  CHARGE, true, charge_healthy },
};

const unsigned int rule_count = sizeof(rules) / sizeof(*rules);
unsigned long long rule_uses[sizeof(rules) / sizeof(*rules)];

/* @driven: outputs that must not be high, where a rule says so. */
static const struct rule *broken_rule(const struct oracle *o, uint32_t asked,
				      uint32_t driven, unsigned long long now)
{
	unsigned int i;

	for (i = 0; i < rule_count; i++) {
		if (!rules[i].when(o, now))
			continue;
		rule_uses[i]++;
		if ((rules[i].high ? ~asked : driven) & rules[i].outputs)
			return &rules[i];
	}
	return NULL;
}

/* ---- what the board remembers of disconnects */

/* L7: the delay and its double, its fourfold, ... up to the greatest that is set. */
static unsigned long long load_wait(const struct oracle *o)
{
	unsigned long long least = o->board.load_reconnect_ms;
	unsigned long long most = o->board.load_reconnect_max_ms;
	unsigned long long wait = least * o->load_times;

	if (wait > most)
		wait = most;
	return ms(wait < least ? least : wait);
}

/* C5: up to 256 times the delay, and an hour (V1). */
static unsigned long long charge_wait(const struct oracle *o)
{
	unsigned long long least = o->board.charge_reconnect_ms;
	unsigned long long most = 256 * least > 3600000 ? 3600000 : 256 * least;
	unsigned long long wait = least * o->charge_times;

	if (wait > most)
		wait = most;
	return ms(wait < least ? least : wait);
}

/*
 * L7, C5: what had come back, and is taken again, has to wait for twice as long;
 * unless it waits for the longest already.
 */
static void wait_longer(struct oracle *o, bool takes_load, bool takes_charge)
{
	if (takes_load && o->load_returns &&
	    load_wait(o) < ms(o->board.load_reconnect_max_ms) && load_wait(o))
		o->load_times *= 2;
	if (takes_charge && o->charge_returns && o->board.charge_reconnect_ms &&
	    charge_wait(o) < ms(3600000) &&
	    charge_wait(o) < ms(256ULL * o->board.charge_reconnect_ms))
		o->charge_times *= 2;
}

/* L7, C5: after 10 min that were good all is as if nothing had been. */
static void forget_trouble(struct oracle *o, unsigned long long now)
{
	/* L7: switched off, as well; but what waits goes on to do so. */
	if (!enabled(o) || held(o, RUNNING, ms(o->board.steady_ms), now)) {
		o->load_times = 1;
		o->load_returns = o->tripped;
	}
	if (held(o, CHARGING, ms(o->board.steady_ms), now)) {
		o->charge_times = 1;
		o->charge_returns = false;
	}
}

/*
 * L4, C2: whether what was taken may come back. What has been clear since the
 * last reading is not known, so time that passed since then does not count.
 */
static void recover(struct oracle *o)
{
	if (held(o, SIGNAL(CELL_UNDERVOLTAGE, CLEAR), load_wait(o), o->read_at))
		o->tripped = false;
	if (any_fault(o))
		o->stopped = true;
	else if (held(o, CALM, charge_wait(o), o->read_at))
		o->stopped = false;
}

/*
 * O5: a wire that reads active comes first; then, what cannot be read, which stays
 * the reason while no wire reads active; then, what is merely not clear yet. When
 * nothing counts any more the reason is the last.
 */
static uint32_t blame(const struct oracle *o, uint32_t wires, uint32_t so_far)
{
	uint32_t counting = lines_counting(o) & wires;
	uint32_t blind = counting & lines_unreadable(o);
	uint32_t reading = counting & ~blind & lines_with(o, READS_ACTIVE);
	uint32_t error = 1U << WHY_ERROR;

	if (reading)
		return reading << WHY_WIRE;
	if (blind || so_far == error)
		return error;
	return counting ? counting << WHY_WIRE | (so_far & error) : so_far;
}

static void blame_all(struct oracle *o)
{
	uint32_t uv = BIT_OF(CELL_UNDERVOLTAGE);

	if (!o->tripped)
		o->load_blame = 0;
	else if (undervoltage(o) && enabled(o))
		o->load_blame = blame(o, uv, o->load_blame);
	/* Switched off it says so, so the reason need not follow. */
	else if (undervoltage(o))
		o->load_blame |= blame(o, uv, o->load_blame);
	o->charge_blame = o->stopped ? blame(o, FAULT_WIRES, o->charge_blame) : 0;
}

/* ---- sheds */

/* Reports in a row end with one that is too old, a floor that is gone, or OFF. */
static void outdate(struct oracle *o, unsigned long long now)
{
	bool deaf = !o->board.floor_percent || !o->listens;

	if (o->heard && !fresh(o, now))
		o->heard = false;
	if (deaf || !o->heard) {
		o->lows = 0;
		o->highs = 0;
	}
	if (deaf || (!o->heard && !o->by_floor))
		o->demands = false;
}

/* S2: @permille, or that it is not known any more, if negative. */
void oracle_hears(struct oracle *o, int permille, unsigned long long now)
{
	bool low, high;

	outdate(o, now);
	if (permille < 0) {
		o->heard = false;
		outdate(o, now);
		return;
	}
	o->heard = true;
	o->heard_at = now;
	if (!o->board.floor_percent || !o->listens)
		return;
	low = permille <= (int)o->board.floor_percent * 10;
	high = permille >= (int)o->board.recover_percent * 10;
	o->lows = low ? o->lows + (o->lows < 2) : 0;
	o->highs = high ? o->highs + (o->highs < 2) : 0;
	if (o->lows == 2)
		o->demands = true;
	if (o->highs == 2)
		o->demands = false;
}

/* What was heard, and what else changed, is taken into account in a decision. */
static void hear(struct oracle *o, unsigned long long now)
{
	o->listens = enabled(o);
	outdate(o, now);
	o->floored = o->demands;
	o->by_floor = o->by_floor && o->floored;
	o->by_hand = o->by_hand && o->listens && o->board.request == ASK_SHED;
}

/*
 * What wants the load to be shed has taken it when nothing else forbids it, and it is
 * off anyway, or its pre-alarm has lasted.
 */
static void take(struct oracle *o, unsigned long long now)
{
	if (!enabled(o) || o->tripped || refused(o, now) || taken(o) ||
	    !sheds(o, now))
		return;
	if (was_off(o, LOAD) ? lines_at_rest(o, BIT_OF(CELL_UNDERVOLTAGE)) :
			       counted_long(o, now)) {
		o->by_hand = o->board.request == ASK_SHED;
		o->by_floor = o->floored;
	}
}

/* ---- watching */

static const struct rule late_end = {
	"L4 C2", "a disconnect is over in time", 0, false, NULL
};

/*
 * Nothing was read since the last cycle, and @now comes the next one, which reads
 * @r: were the rules kept until just before it, also in the light of changes
 * that came earlier? Otherwise the board has slept too long. @o is used up.
 */
const struct rule *oracle_until(struct oracle *o, const struct reading *r,
				unsigned long long now)
{
	const struct rule *broken = lines_until(o, r, now);
	bool tripped = o->tripped, stopped = o->stopped;

	if (broken)
		return broken;
	recover(o);
	/* Switched off or not, alarm and red light end with it (O3, O5). */
	if (o->tripped != tripped || o->stopped != stopped)
		return &late_end;
	/* Nobody drives meanwhile what did not rise when it was requested. */
	return broken_rule(o, o->asked, o->asked & o->carried, now - 1);
}

void oracle_reads(struct oracle *o, const struct reading *r,
		  unsigned long long now)
{
	lines_read(o, r, now);
}

const struct rule *oracle_asks(struct oracle *o, uint32_t asked,
			       unsigned long long now)
{
	bool stopped = o->stopped;
	const struct rule *broken;

	forget_trouble(o, now);
	recover(o);
	hear(o, now);
	if (o->stopped && !stopped) {
		wait_longer(o, false, was_on(o, CHARGE));
		o->charge_returns = true;
	}
	broken = broken_rule(o, asked, asked, now);
	if (asked & LOAD) {
		o->tripped = false;
	} else if (enabled(o) && undervoltage(o) && !o->tripped &&
		   (was_off(o, LOAD) || counted_long(o, now))) {
		wait_longer(o, was_on(o, LOAD), false);
		o->load_returns = true;
		o->tripped = true;
	}
	take(o, now);
	o->asked = asked;
	blame_all(o);
	return broken;
}

/*
 * L2: the 30 s count from the first attempt of an episode, which ends with the
 * request. They begin anew, once, with the first loss and until the pre-alarm rises
 * again, or when it rises later than the attempt; but not if it ends in a short.
 */
static void count(struct oracle *o, uint32_t carried, unsigned long long now)
{
	bool rises = carried & ~o->carried & PRE_ALARM;
	bool falls = o->carried & ~carried & PRE_ALARM;

	if (!(o->asked & PRE_ALARM)) {
		ends(o, ATTEMPTED);
		ends(o, COUNTING);
		o->renewed = false;
	} else if (!oracle_true(o, ATTEMPTED)) {
		begins(o, ATTEMPTED, now);
		begins(o, COUNTING, now);
	} else if (falls && o->board.shorted & PRE_ALARM) {
		begins(o, COUNTING, o->since[ATTEMPTED]);
	} else if ((rises || falls) && !o->renewed) {
		o->renewed = rises;
		begins(o, COUNTING, now);
	}
	lasts(o, SOUNDING, carried & PRE_ALARM, now);
}

/* The outputs after a decision, as they are reported. */
void oracle_carries(struct oracle *o, uint32_t asked, uint32_t carried,
		    unsigned long long now)
{
	o->asked = asked;
	count(o, carried, now);
	o->carried = carried;
	lasts(o, RUNNING, was_on(o, LOAD) && !undervoltage(o), now);
	lasts(o, CHARGING, was_on(o, CHARGE), now);
}

/* Between two cycles the outputs turned out to be otherwise. */
void oracle_finds(struct oracle *o, uint32_t carried, unsigned long long now)
{
	oracle_carries(o, o->asked, carried, now);
}

void oracle_start(struct oracle *o, const struct board *board,
		  const struct reading *first, uint32_t found,
		  unsigned long long now)
{
	lines_start(o, board, first, found, now);
	o->load_times = 1;
	o->charge_times = 1;
	o->asked = found;
	/* A pre-alarm that is found is taken over, as if it had been requested. */
	oracle_carries(o, found, found, now);
}

/* ---- what the board reports */

static uint32_t why_off(const struct oracle *o)
{
	return terminals_on(o) ? 1U << WHY_SOFTWARE : 1U << WHY_TERMINALS;
}

/* Of @wires that are not at rest, those that may be named. */
static uint32_t unsettled(const struct oracle *o, uint32_t wires)
{
	uint32_t reading = wires & lines_with(o, READS_ACTIVE);
	uint32_t restless = 0;
	unsigned int wire;

	wires &= o->board.wired;
	for (wire = 0; wire < WIRES; wire++)
		if (wires & BIT_OF(wire) && !wire_is(o, wire, UNREADABLE) &&
		    !lines_at_rest(o, BIT_OF(wire)))
			restless |= BIT_OF(wire);
	if (reading)
		return reading << WHY_WIRE;
	if (restless)
		return restless << WHY_WIRE;
	return lines_at_rest(o, wires) ? 0 : 1U << WHY_ERROR;
}

/* Nothing forbids @output: its write fails, or its lines are not at rest. */
static uint32_t why_waiting(const struct oracle *o, uint32_t output,
			    uint32_t wires)
{
	uint32_t why = unsettled(o, wires);

	return o->asked & output ? why | 1U << WHY_ERROR : why;
}

/* The reasons that are true, as bits; they are told in this order. */
static uint32_t why_load_floats(const struct oracle *o)
{
	if (o->carried & LOAD)
		return 1U << WHY_NOT;
	if (!enabled(o))
		return why_off(o);
	if (o->tripped)
		return o->load_blame;
	if (o->board.request == ASK_OFF)
		return 1U << WHY_REFUSED;
	if (taken(o))
		return 1U << (o->board.request == ASK_SHED ? WHY_SHED : WHY_FLOOR);
	if (o->board.shorted & LOAD)
		return 1U << WHY_SHORT;
	return why_waiting(o, LOAD, BIT_OF(CELL_UNDERVOLTAGE));
}

static uint32_t why_charge_floats(const struct oracle *o)
{
	if (o->carried & CHARGE)
		return 1U << WHY_NOT;
	if (!enabled(o))
		return why_off(o);
	if (o->stopped)
		return o->charge_blame;
	if (o->board.shorted & CHARGE)
		return 1U << WHY_SHORT;
	if (o->board.user_inhibits)
		return 1U << WHY_USER;
	return why_waiting(o, CHARGE, FAULT_WIRES);
}

/* What is left of the 30 s */
static unsigned long long clock_left(const struct oracle *o,
				     unsigned long long now)
{
	unsigned long long delay = ms(o->board.pre_alarm_ms);

	if (!oracle_true(o, COUNTING))
		return delay;
	return held(o, COUNTING, delay, now) ? 0 :
	       delay - age(o, COUNTING, now);
}

static unsigned long long countdown(const struct oracle *o,
				    unsigned long long now)
{
	if (!enabled(o) || !undervoltage(o) || o->tripped || was_off(o, LOAD))
		return ~0ULL;
	return clock_left(o, now);
}

/* As of the last decision: what was fresh then counts. */
static unsigned long long shed_countdown(const struct oracle *o,
					 unsigned long long now)
{
	bool wanted = o->board.request == ASK_SHED ||
		      (o->board.request == ASK_AUTO && o->floored);

	if (!enabled(o) || !wanted || o->tripped || taken(o) || was_off(o, LOAD))
		return ~0ULL;
	return clock_left(o, now);
}

/* L4, L7: of a load that is off, with nothing that keeps it off but the wait. */
static unsigned long long wait_left(const struct oracle *o,
				    unsigned long long now)
{
	unsigned long long wait = load_wait(o);
	unsigned int clear = SIGNAL(CELL_UNDERVOLTAGE, CLEAR);

	if (!o->tripped || !enabled(o) || !was_off(o, LOAD) || undervoltage(o))
		return ~0ULL;
	return held(o, clear, wait, now) ? 0 : wait - age(o, clear, now);
}

/* Of several reasons that are true the one that is reported is kept. */
static void keep_blame(struct oracle *o, const struct report *r)
{
	if (!enabled(o))
		return;
	if (o->tripped && was_off(o, LOAD))
		o->load_blame = 1U << r->load_reason;
	if (o->stopped && was_off(o, CHARGE))
		o->charge_blame = 1U << r->charge_reason;
}

/* After oracle_carries(); @now is not before. */
const char *oracle_reports(struct oracle *o, const struct report *r,
			   unsigned long long now)
{
	bool cut = o->tripped && was_off(o, LOAD);
	const char *broken = lines_reported(o, r);

	if (broken)
		return broken;
	if (r->disconnect_in != countdown(o, now))
		return "L2: the countdown that is reported is that of the disconnect";
	if (r->shed_in != shed_countdown(o, now))
		return "S1 S2: the countdown that is reported is that of the shed";
	if (r->reconnect_in != wait_left(o, now))
		return "L4 L7: the wait that is reported is that of the load";
	if (!(why_load_floats(o) >> r->load_reason & 1))
		return "O1 O5: the reason why the load floats is true";
	if (!(why_charge_floats(o) >> r->charge_reason & 1))
		return "O2 O5: the reason why charge floats is true";
	keep_blame(o, r);
	if (r->red != o->stopped)
		return "O5: the red light shows a charge fault, and nothing else";

	if (cut) {
		if (r->alarm != 2 && (enabled(o) || r->alarm))
			return "O3: a disconnect by undervoltage is reported";
	} else if (r->alarm > 1) {
		return "O3: no disconnect is reported that did not happen";
	} else if (!r->alarm == (enabled(o) && low_cell(o)) &&
		   !r->alarm == !!(o->carried & PRE_ALARM)) {
		return "O3: the alarm is reported as the pre-alarm is given";
	}
	return NULL;
}
