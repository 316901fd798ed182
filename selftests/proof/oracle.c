// SPDX-License-Identifier: GPL-2.0
/* The rules of the board as temporal properties, see oracle.h. */
#include <stddef.h>
#include "oracle.h"

#define BIT_OF(wire)	(1U << (wire))
#define FAULT_WIRES	(BIT_OF(CELL_OVERVOLTAGE) | BIT_OF(OVER_TEMPERATURE) | \
			 BIT_OF(UNDER_TEMPERATURE) | BIT_OF(CHARGE_INHIBIT))
#define REMOTE_WIRES	(BIT_OF(REMOTE_L) | BIT_OF(REMOTE_H) | \
			 BIT_OF(REMOTE_LOOP))

/* The same, as those of their signals that count. */
#define COUNTING(wire)	(1ULL << SIGNAL(wire, COUNTS))
#define ANY_FAULT	(COUNTING(CELL_OVERVOLTAGE) | \
			 COUNTING(OVER_TEMPERATURE) | \
			 COUNTING(UNDER_TEMPERATURE) | COUNTING(CHARGE_INHIBIT))
#define ANY_REMOTE	(COUNTING(REMOTE_L) | COUNTING(REMOTE_H) | \
			 COUNTING(REMOTE_LOOP))

/*
 * F2: a reading that fails is tried again for so long, and a line that cannot
 * be read counts as active after so long at the latest.
 */
#define RETRY_MS	80
#define GIVE_UP_MS	100

/* ---- the logic */

static unsigned long long ms(unsigned long long n)
{
	return n * 1000000;
}

static unsigned long long age(const struct oracle *o, unsigned int signal, unsigned long long now)
{
	return now - o->since[signal];
}

static bool held(const struct oracle *o, unsigned int signal, unsigned long long span,
		 unsigned long long now)
{
	return oracle_true(o, signal) && age(o, signal, now) >= span;
}

static void lasts(struct oracle *o, unsigned int signal, bool value,
		  unsigned long long since)
{
	if (value && !oracle_true(o, signal))
		o->since[signal] = since;
	o->truth &= ~(1ULL << signal);
	o->truth |= (unsigned long long)value << signal;
}

static void begins(struct oracle *o, unsigned int signal, unsigned long long now)
{
	o->truth |= 1ULL << signal;
	o->since[signal] = now;
}

/* ---- the signals that are derived from what is read */

static unsigned long long debounce(const struct oracle *o)
{
	return ms(o->board.debounce_ms);
}

/* T3: never less than one debounce. */
static unsigned long long clearance(const struct oracle *o)
{
	return o->board.clear_ms > o->board.debounce_ms ?
	       ms(o->board.clear_ms) : debounce(o);
}

/*
 * T2: the wire stirs two debounces after it first did, and had no debounce of
 * quiet between. That is sooner than the three that are allowed.
 */
static bool chatters(const struct oracle *o, unsigned int wire, bool edge,
		     unsigned long long now)
{
	return held(o, SIGNAL(wire, RESTLESS), 2 * debounce(o), now) &&
	       (edge || oracle_true(o, SIGNAL(wire, READS_ACTIVE)));
}

static void condition(struct oracle *o, unsigned int wire, bool edge,
		      bool asleep, unsigned long long now)
{
	unsigned int idle = SIGNAL(wire, READS_INACTIVE);
	unsigned int counts = SIGNAL(wire, COUNTS);
	bool blind = oracle_true(o, SIGNAL(wire, UNREADABLE));
	bool believed = false;

	/* F2: a wire that was active when the readings began to fail is so still. */
	if (!blind || !asleep)
		believed = held(o, SIGNAL(wire, READS_ACTIVE), debounce(o), now) ||
			   chatters(o, wire, edge, now);
	if (blind)
		believed |= held(o, SIGNAL(wire, UNREADABLE),
				 ms(asleep ? GIVE_UP_MS : RETRY_MS), now);
	if (believed) {
		lasts(o, counts, true, now);
		lasts(o, SIGNAL(wire, CLEAR), false, now);
	}
	if (oracle_true(o, counts) && held(o, idle, clearance(o), now) &&
	    !blind) {
		lasts(o, counts, false, now);
		/* A board that was busy writing is excused, one that slept not. */
		lasts(o, SIGNAL(wire, CLEAR), true, asleep ?
		      o->since[idle] + clearance(o) : now);
	}
	if (oracle_true(o, counts) ||
	    (held(o, idle, debounce(o), now) && !blind))
		lasts(o, SIGNAL(wire, RESTLESS), false, now);
}

static void remote(struct oracle *o, unsigned int wire, unsigned long long now)
{
	if (oracle_true(o, SIGNAL(wire, UNREADABLE)))
		return;
	if (held(o, SIGNAL(wire, READS_ACTIVE), debounce(o), now))
		lasts(o, SIGNAL(wire, COUNTS), true, now);
	if (held(o, SIGNAL(wire, READS_INACTIVE), debounce(o), now))
		lasts(o, SIGNAL(wire, COUNTS), false, now);
}

static bool counts(const struct oracle *o, unsigned int wire)
{
	return oracle_true(o, SIGNAL(wire, COUNTS));
}

/* Of which wires a sign holds. */
static uint32_t wires_with(const struct oracle *o, enum sign sign)
{
	uint32_t wires = 0;
	unsigned int wire;

	for (wire = 0; wire < WIRES; wire++)
		if (oracle_true(o, SIGNAL(wire, sign)))
			wires |= BIT_OF(wire);
	return wires;
}

static uint32_t counting(const struct oracle *o, uint32_t wires)
{
	return wires & wires_with(o, COUNTS);
}

static bool any(const struct oracle *o, unsigned long long signals)
{
	return o->truth & signals;
}

static uint32_t unreadable(const struct oracle *o)
{
	return wires_with(o, UNREADABLE);
}

/* L4: what took the load is over, whether or not it may come back now. */
static void recover(struct oracle *o, unsigned long long now)
{
	if (held(o, SIGNAL(CELL_UNDERVOLTAGE, CLEAR),
		 ms(o->board.load_reconnect_ms), now))
		o->tripped = false;
}

/* What failing readings took is their doing until it may be back. */
static void doubt(struct oracle *o, unsigned long long now)
{
	if (!o->tripped && !counts(o, CELL_UNDERVOLTAGE))
		o->doubted &= ~LOAD;
	if (held(o, CALM, ms(o->board.charge_reconnect_ms), now))
		o->doubted &= ~CHARGE;
	if (counting(o, BIT_OF(CELL_UNDERVOLTAGE)) & unreadable(o))
		o->doubted |= LOAD;
	if (counting(o, FAULT_WIRES) & unreadable(o))
		o->doubted |= CHARGE;
}

/* What follows at @now from what was read so far, and from edges just now. */
static void follow(struct oracle *o, uint32_t edges, bool asleep,
		   unsigned long long now)
{
	unsigned long long cleared = now;
	unsigned long long newest = ~0ULL;
	unsigned int wire;

	for (wire = 0; wire < WIRES; wire++) {
		if (!(o->board.wired & BIT_OF(wire)))
			continue;
		if (REMOTE_WIRES & BIT_OF(wire))
			remote(o, wire, now);
		else
			condition(o, wire, edges & BIT_OF(wire), asleep, now);
		if (FAULT_WIRES & BIT_OF(wire) &&
		    oracle_true(o, SIGNAL(wire, CLEAR)) &&
		    age(o, SIGNAL(wire, CLEAR), now) < newest) {
			newest = age(o, SIGNAL(wire, CLEAR), now);
			cleared = o->since[SIGNAL(wire, CLEAR)];
		}
	}
	lasts(o, CALM, !any(o, ANY_FAULT), cleared);
	recover(o, now);
	doubt(o, now);
}

/* ---- words of the rules */

static bool terminals_on(const struct oracle *o)
{
	return !(o->board.wired & REMOTE_WIRES) ||
	       any(o, ANY_REMOTE);
}

static bool enabled(const struct oracle *o)
{
	return terminals_on(o) && o->board.software_on;
}

static bool undervoltage(const struct oracle *o)
{
	return counts(o, CELL_UNDERVOLTAGE);
}

static bool low_cell(const struct oracle *o)
{
	return counts(o, CELL_LOW) || undervoltage(o);
}

static bool warned_long(const struct oracle *o, unsigned long long now)
{
	return held(o, WARNED, ms(o->board.pre_alarm_ms), now);
}

static bool sounded_long(const struct oracle *o, unsigned long long now)
{
	return held(o, SOUNDING, ms(o->board.pre_alarm_ms), now);
}

static bool charge_recovered(const struct oracle *o, unsigned long long now)
{
	return held(o, CALM, ms(o->board.charge_reconnect_ms), now);
}

static bool at_rest(const struct oracle *o, uint32_t wires, unsigned long long now)
{
	unsigned int wire;

	for (wire = 0; wire < WIRES; wire++)
		if (o->board.wired & wires & BIT_OF(wire) &&
		    (oracle_true(o, SIGNAL(wire, UNREADABLE)) ||
		     !held(o, SIGNAL(wire, READS_INACTIVE), debounce(o), now)))
			return false;
	return true;
}

/*
 * While a write fails, a terminal carries what nobody asked for. It is neither
 * on nor off then, and the rules for a change leave both open.
 */
static bool was_on(const struct oracle *o, uint32_t terminal)
{
	return o->asked & o->carried & terminal;
}

static bool was_off(const struct oracle *o, uint32_t terminal)
{
	return !((o->asked | o->carried) & terminal);
}

/* ---- the rules: when a terminal must float */

static bool off_by_hand(const struct oracle *o, unsigned long long now)
{
	return !terminals_on(o);
}

static bool off_by_software(const struct oracle *o, unsigned long long now)
{
	return !o->board.software_on;
}

static bool warning_is_over(const struct oracle *o, unsigned long long now)
{
	return undervoltage(o) && warned_long(o, now) &&
	       (sounded_long(o, now) || o->tried_in_vain);
}

static bool empty_and_off(const struct oracle *o, unsigned long long now)
{
	return was_off(o, LOAD) && undervoltage(o);
}

static bool rebounding(const struct oracle *o, unsigned long long now)
{
	return was_off(o, LOAD) && o->tripped;
}

static bool load_unsettled(const struct oracle *o, unsigned long long now)
{
	return was_off(o, LOAD) &&
	       !at_rest(o, BIT_OF(CELL_UNDERVOLTAGE), now);
}

static bool nothing_low(const struct oracle *o, unsigned long long now)
{
	return !low_cell(o);
}

static bool spared(const struct oracle *o, unsigned long long now)
{
	return o->board.release_pre_alarm && o->tripped && was_off(o, LOAD);
}

static bool charge_fault(const struct oracle *o, unsigned long long now)
{
	return any(o, ANY_FAULT);
}

static bool charge_fault_lately(const struct oracle *o, unsigned long long now)
{
	return !charge_recovered(o, now);
}

static bool charge_unsettled(const struct oracle *o, unsigned long long now)
{
	return was_off(o, CHARGE) && !at_rest(o, FAULT_WIRES, now);
}

static bool user_inhibits(const struct oracle *o, unsigned long long now)
{
	return o->board.user_inhibits;
}

/* ---- the rules: when a terminal must be high */

static bool no_cause_to_cut(const struct oracle *o, unsigned long long now)
{
	return was_on(o, LOAD) && enabled(o) &&
	       !(undervoltage(o) &&
		 (warned_long(o, now) || sounded_long(o, now)));
}

static bool load_healthy(const struct oracle *o, unsigned long long now)
{
	return enabled(o) && !undervoltage(o) && !o->tripped &&
	       at_rest(o, BIT_OF(CELL_UNDERVOLTAGE), now);
}

static bool warning_due(const struct oracle *o, unsigned long long now)
{
	return enabled(o) && low_cell(o) &&
	       !(o->board.release_pre_alarm &&
		 (o->tripped || (undervoltage(o) && !was_on(o, LOAD)) ||
		  warning_is_over(o, now)));
}

static bool charge_good(const struct oracle *o, unsigned long long now)
{
	return enabled(o) && !o->board.user_inhibits &&
	       charge_recovered(o, now);
}

static bool no_cause_to_stop(const struct oracle *o, unsigned long long now)
{
	return was_on(o, CHARGE) && charge_good(o, now);
}

static bool charge_healthy(const struct oracle *o, unsigned long long now)
{
	return charge_good(o, now) && at_rest(o, FAULT_WIRES, now);
}

#define ALL	(LOAD | CHARGE | PRE_ALARM)

const struct rule rules[] = {
	{ "M1 M3", "switched off at the terminals, every output floats",
	  ALL, false, off_by_hand },
	{ "M2 M3", "switched off by software, every output floats",
	  ALL, false, off_by_software },
	{ "L2", "undervoltage after 30 s of unbroken pre-alarm cuts the load",
	  LOAD, false, warning_is_over },
	{ "L5", "the load is never switched into an empty bank",
	  LOAD, false, empty_and_off },
	{ "L4", "a load cut by undervoltage waits for an unbroken recovery",
	  LOAD, false, rebounding },
	{ "L4 T2", "the load is switched on only when undervoltage is at rest",
	  LOAD, false, load_unsettled },
	{ "L3 O3", "no pre-alarm without a low cell",
	  PRE_ALARM, false, nothing_low },
	{ "O3", "the pre-alarm is released after the disconnect, if so set",
	  PRE_ALARM, false, spared },
	{ "C1", "a charge fault stops charging at once",
	  CHARGE, false, charge_fault },
	{ "C2", "charging waits until all faults have been clear unbroken",
	  CHARGE, false, charge_fault_lately },
	{ "C2 T2", "charging starts only when all charge faults are at rest",
	  CHARGE, false, charge_unsettled },
	{ "C4", "the user's inhibition stops charging",
	  CHARGE, false, user_inhibits },
	{ "L2 L3 C3", "the load is cut only after 30 s of unbroken pre-alarm",
	  LOAD, true, no_cause_to_cut },
	{ "M4 L4", "a load that is healthy and enabled is on",
	  LOAD, true, load_healthy },
	{ "L1 O3", "a low cell raises the pre-alarm at once",
	  PRE_ALARM, true, warning_due },
	{ "C3 L6 T2", "charging stops only for a charge fault",
	  CHARGE, true, no_cause_to_stop },
	{ "M4 C2 L6", "a bank that may be charged is charged",
	  CHARGE, true, charge_healthy },
};

const unsigned int rule_count = sizeof(rules) / sizeof(*rules);
unsigned long long rule_uses[sizeof(rules) / sizeof(*rules)];

static const struct rule *broken_rule(const struct oracle *o, uint32_t asked,
				      unsigned long long now)
{
	unsigned int i;

	for (i = 0; i < rule_count; i++) {
		if (!rules[i].when(o, now))
			continue;
		rule_uses[i]++;
		if ((rules[i].high ? ~asked : asked) & rules[i].terminals)
			return &rules[i];
	}
	return NULL;
}

/* ---- watching */

/* One wire is seen at @now; at an @edge it has just changed, or did twice. */
static void sees(struct oracle *o, unsigned int wire, bool active, bool blind,
		 bool edge, unsigned long long took, unsigned long long now)
{
	bool was_blind = oracle_true(o, SIGNAL(wire, UNREADABLE));
	unsigned int mine = SIGNAL(wire, active ? READS_ACTIVE : READS_INACTIVE);
	unsigned int other = SIGNAL(wire, active ? READS_INACTIVE : READS_ACTIVE);

	/* A debounce of rest that ends just now was one. */
	if (held(o, SIGNAL(wire, READS_INACTIVE), debounce(o), now) && !was_blind)
		lasts(o, SIGNAL(wire, RESTLESS), false, now);
	lasts(o, SIGNAL(wire, UNREADABLE), blind, now - took);
	if (edge || (active && !blind))
		lasts(o, SIGNAL(wire, RESTLESS), true, now);
	if (blind)
		return;
	/*
	 * What it did while it could not be read is not known. That never counts
	 * as safe, nor as a remote that was switched.
	 */
	if (edge || (was_blind && (!active || BIT_OF(wire) & REMOTE_WIRES)))
		begins(o, mine, now);
	lasts(o, mine, true, now);
	lasts(o, other, false, now);
}

/* T2: a change counts from when it was, however late the wire was read. */
static void saw_change(struct oracle *o, unsigned int wire, bool active,
		       unsigned long long then)
{
	sees(o, wire, active, false, true, 0, then);
	if (REMOTE_WIRES & BIT_OF(wire))
		remote(o, wire, then);
	else
		condition(o, wire, true, false, then);
}

static uint32_t changed_before(const struct reading *r)
{
	return r->earlier & ~r->unreadable;
}

void oracle_reads(struct oracle *o, const struct reading *r, unsigned long long now)
{
	/* A change of what cannot be read may have been at any time until now. */
	uint32_t edges = r->edges | (r->earlier & r->unreadable);
	unsigned int wire;

	for (wire = 0; wire < WIRES; wire++) {
		uint32_t bit = BIT_OF(wire);
		bool active = r->active & bit;

		if (!(o->board.wired & bit))
			continue;
		if (changed_before(r) & bit)
			saw_change(o, wire, active, r->earlier_at[wire]);
		sees(o, wire, active, r->unreadable & bit, edges & bit, r->took,
		     now);
	}
	follow(o, edges, false, now);
}

/*
 * Nothing was read since the last turn, and @now comes the next one, which reads
 * @r: were the rules kept until just before it, also in the light of changes
 * that came earlier? Otherwise the board has slept too long. @o is used up.
 */
const struct rule *oracle_until(struct oracle *o, const struct reading *r,
				unsigned long long now)
{
	unsigned int wire;

	for (wire = 0; wire < WIRES; wire++)
		if (o->board.wired & changed_before(r) & ~r->edges & BIT_OF(wire) &&
		    now - r->earlier_at[wire])
			saw_change(o, wire, r->active & BIT_OF(wire),
				   r->earlier_at[wire]);
	follow(o, 0, true, now - 1);
	return broken_rule(o, o->asked, now - 1);
}

const struct rule *oracle_asks(struct oracle *o, uint32_t asked, unsigned long long now)
{
	const struct rule *broken;

	recover(o, now);
	broken = broken_rule(o, asked, now);
	o->asked = asked;
	if (asked & LOAD)
		o->tripped = false;
	else if (enabled(o) && undervoltage(o))
		o->tripped = true;
	return broken;
}

void oracle_carries(struct oracle *o, uint32_t asked, uint32_t carried,
		    unsigned long long now)
{
	/* L2: raised after all, so the 30 s begin then. */
	if (asked & carried & ~o->carried & PRE_ALARM)
		begins(o, WARNED, now);
	o->carried = carried;
	lasts(o, WARNED, asked & PRE_ALARM, now);
	lasts(o, SOUNDING, carried & PRE_ALARM, now);
	o->tried_in_vain = asked & ~carried & PRE_ALARM;
}

/* Between two turns the terminals turned out to carry something else. */
void oracle_finds(struct oracle *o, uint32_t carried, unsigned long long now)
{
	/* L2: a break; but what could not be raised is not broken by staying so. */
	if (o->carried & ~carried & PRE_ALARM)
		lasts(o, WARNED, false, now);
	o->carried = carried;
	lasts(o, SOUNDING, carried & PRE_ALARM, now);
}

void oracle_start(struct oracle *o, const struct board *board,
		  const struct reading *first, uint32_t found, unsigned long long now)
{
	unsigned int wire;

	*o = (struct oracle){
		.board = *board,
		.asked = found,
		.carried = found,
	};
	/* Nothing is known of a fault before the start (C2). */
	begins(o, CALM, now - (1ULL << 62));
	/* A pre-alarm that is found is taken over, as if it had been asked for. */
	lasts(o, WARNED, found & PRE_ALARM, now);
	lasts(o, SOUNDING, found & PRE_ALARM, now);
	for (wire = 0; wire < WIRES; wire++) {
		uint32_t there = first->active;

		/*
		 * F2: unknown never counts as safe. The last known state of a
		 * remote is what the outputs that were found tell of it.
		 */
		if (first->unreadable & BIT_OF(wire))
			there = found ? ~0U : ~REMOTE_WIRES;
		lasts(o, SIGNAL(wire, COUNTS),
		      there & board->wired & BIT_OF(wire), now);
	}
	oracle_reads(o, first, now);
}

/* ---- what the board tells */

static bool true_reason(const struct oracle *o, unsigned int reason,
			uint32_t terminal, uint32_t wires, unsigned long long now)
{
	uint32_t wire = reason - A_WIRE;
	bool on = o->carried & terminal;

	switch (reason) {
	case NOTHING:
		return on;
	case THE_TERMINALS:
		return !on && !terminals_on(o);
	case THE_SOFTWARE:
		return !on && !o->board.software_on;
	case THE_USER:
		return !on && terminal == CHARGE && o->board.user_inhibits;
	case AN_ERROR:
		return !on && (o->asked | o->doubted) & terminal;
	case A_SHORT:
		return !on && o->board.shorted & terminal;
	}
	return !on && wire < WIRES && wires & BIT_OF(wire) &&
	       !(o->asked & terminal);
}

static unsigned long long time_left(const struct oracle *o, unsigned int signal,
				    unsigned long long now)
{
	unsigned long long delay = ms(o->board.pre_alarm_ms);

	if (!oracle_true(o, signal))
		return delay;
	return age(o, signal, now) < delay ? delay - age(o, signal, now) : 0;
}

/* As far as is known: a wire that cannot be read may be what it was. */
static uint32_t reading_active(const struct oracle *o)
{
	return wires_with(o, READS_ACTIVE);
}

const char *oracle_told(const struct oracle *o, const struct report *r,
			unsigned long long now)
{
	bool cut = o->tripped && !(o->carried & LOAD);
	uint32_t told = r->charge_reason - A_WIRE;
	uint32_t named = told < WIRES ? BIT_OF(told) : 0;
	uint32_t faults = counting(o, FAULT_WIRES);

	if (r->terminals_on != terminals_on(o))
		return "M1: the terminals are ON as their wires tell";

	if (enabled(o) && undervoltage(o) && was_on(o, LOAD) &&
	    r->disconnect_in != time_left(o, WARNED, now) &&
	    r->disconnect_in != time_left(o, SOUNDING, now))
		return "L2: the announced time is that of the disconnect";
	if ((!enabled(o) || !undervoltage(o) || was_off(o, LOAD)) &&
	    r->disconnect_in != ~0ULL)
		return "L2: no disconnect is announced that is not pending";

	if (!true_reason(o, r->load_reason, LOAD, BIT_OF(CELL_UNDERVOLTAGE),
			 now))
		return "O1: the reason why the load floats is true";
	if (!true_reason(o, r->charge_reason, CHARGE, FAULT_WIRES, now))
		return "O2: the reason why charge floats is true";
	/* O5: of several the one that reads active now, and none that is over. */
	if (enabled(o) && was_off(o, CHARGE) && faults &&
	    !(o->doubted & CHARGE) && !(named & faults))
		return "O5: the fault that is told is one that counts";
	if (named & ~reading_active(o) && faults & reading_active(o))
		return "O5: what reads active is told before what did";
	if (r->red != (faults || !charge_recovered(o, now)))
		return "O5: the red light tells of a charge fault, and of no other cause";

	if (cut) {
		if (r->alarm != 2 && (enabled(o) || r->alarm))
			return "O3: a disconnect by undervoltage is told";
	} else if (r->alarm > 1) {
		return "O3: no disconnect is told that did not happen";
	} else if (!r->alarm == (enabled(o) && low_cell(o)) &&
		   !r->alarm == !!(o->carried & PRE_ALARM)) {
		return "O3: the alarm is told as the pre-alarm is given";
	}
	return NULL;
}
