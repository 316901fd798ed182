// SPDX-License-Identifier: GPL-2.0
/* From readings to what counts: T2, T3, F2, F4, M1; see oracle.h. */
#include <stddef.h>

#include "signals.h"

/*
 * F2: a reading that fails is retried for so long, and a line that cannot be read
 * counts as active after so long at the latest.
 */
#define RETRY_MS	80
#define GIVE_UP_MS	100

/* F4: for more than a second */
#define BROKEN_CORD_MS	1000

#define LONG_AGO	(1ULL << 62)

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

static bool wired(const struct oracle *o, unsigned int wire)
{
	return o->board.wired & BIT_OF(wire);
}

/* ---- one wire */

/*
 * T2: the wire moves two debounces after it first did, and had no debounce of
 * quiet between. That is sooner than the three that are allowed.
 */
static bool chatters(const struct oracle *o, unsigned int wire, bool edge,
		     unsigned long long now)
{
	return held(o, SIGNAL(wire, RESTLESS), 2 * debounce(o), now) &&
	       (edge || wire_is(o, wire, READS_ACTIVE));
}

/* @asleep: nothing is read at @now; it is what follows from before. */
static void condition(struct oracle *o, unsigned int wire, bool edge,
		      bool asleep, unsigned long long now)
{
	unsigned int idle = SIGNAL(wire, READS_INACTIVE);
	unsigned int counts = SIGNAL(wire, COUNTS);
	bool blind = wire_is(o, wire, UNREADABLE);
	bool believed = false;

	/* F2: a wire that was active when the readings began to fail still is. */
	if (!blind || !asleep)
		believed = held(o, SIGNAL(wire, READS_ACTIVE), debounce(o), now) ||
			   chatters(o, wire, edge, now);
	if (blind)
		believed |= held(o, SIGNAL(wire, UNREADABLE),
				 ms(asleep ? GIVE_UP_MS : RETRY_MS), now);
	if (!oracle_true(o, counts) && believed) {
		begins(o, counts, now);
		ends(o, SIGNAL(wire, CLEAR));
	} else if (oracle_true(o, counts) && !blind &&
		   held(o, idle, clearance(o), now)) {
		ends(o, counts);
		/* A board that was busy writing is excused, one that slept not. */
		begins(o, SIGNAL(wire, CLEAR), asleep ?
		       o->since[idle] + clearance(o) : now);
	}
	if (oracle_true(o, counts) || (held(o, idle, debounce(o), now) && !blind))
		ends(o, SIGNAL(wire, RESTLESS));
}

static void remote(struct oracle *o, unsigned int wire, unsigned long long now)
{
	if (wire_is(o, wire, UNREADABLE))
		return;
	if (held(o, SIGNAL(wire, READS_ACTIVE), debounce(o), now))
		lasts(o, SIGNAL(wire, COUNTS), true, now);
	if (held(o, SIGNAL(wire, READS_INACTIVE), debounce(o), now))
		ends(o, SIGNAL(wire, COUNTS));
}

static void qualify(struct oracle *o, unsigned int wire, bool edge, bool asleep,
		    unsigned long long now)
{
	if (REMOTE_WIRES & BIT_OF(wire))
		remote(o, wire, now);
	else
		condition(o, wire, edge, asleep, now);
}

/* One wire is seen at @now; at an @edge it has just changed, or did twice. */
static void sees(struct oracle *o, unsigned int wire, bool active, bool blind,
		 bool edge, unsigned long long took, unsigned long long now)
{
	bool was_blind = wire_is(o, wire, UNREADABLE);
	unsigned int mine = SIGNAL(wire, active ? READS_ACTIVE : READS_INACTIVE);
	unsigned int other = SIGNAL(wire, active ? READS_INACTIVE : READS_ACTIVE);

	/* A debounce of rest that ends just now was one. */
	if (held(o, SIGNAL(wire, READS_INACTIVE), debounce(o), now) && !was_blind)
		ends(o, SIGNAL(wire, RESTLESS));
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
	ends(o, other);
}

/*
 * T2: a change counts from when it was, however late the wire was read. If the
 * wire moved again since then, no rest between is known.
 */
static void saw_change(struct oracle *o, unsigned int wire,
		       const struct reading *r, unsigned long long now)
{
	unsigned long long then = r->first_edge[wire];
	bool active = r->active & BIT_OF(wire);
	bool was_quiet = !wire_is(o, wire, RESTLESS) ||
			 held(o, SIGNAL(wire, READS_INACTIVE), debounce(o), then);

	sees(o, wire, active, false, true, 0, then);
	qualify(o, wire, true, false, then);
	if (r->again & BIT_OF(wire) && !was_quiet)
		begins(o, SIGNAL(wire, active ? READS_ACTIVE : READS_INACTIVE),
		       now);
}

static uint32_t changed_before(const struct reading *r)
{
	return r->edges & ~r->unreadable;
}

/* ---- all of them */

/* F2: those that are no longer merely retried. */
uint32_t lines_unreadable(const struct oracle *o)
{
	uint32_t wires = lines_with(o, UNREADABLE);
	unsigned int wire;

	for (wire = 0; wires >> wire; wire++)
		if (!held(o, SIGNAL(wire, UNREADABLE), ms(RETRY_MS), o->read_at))
			wires &= ~BIT_OF(wire);
	return wires;
}

/* As of the last reading: what was not read since may have changed (L5, T2). */
bool lines_at_rest(const struct oracle *o, uint32_t wires)
{
	unsigned int wire;

	wires &= o->board.wired;
	if (wires & (lines_with(o, UNREADABLE) | ~lines_with(o, READS_INACTIVE)))
		return false;
	for (wire = 0; wires >> wire; wire++)
		if (wires & BIT_OF(wire) &&
		    age(o, SIGNAL(wire, READS_INACTIVE), o->read_at) < debounce(o))
			return false;
	return true;
}

/* F4: what cannot be read contradicts nobody. */
static void contradictions(struct oracle *o, unsigned long long now)
{
	uint32_t sure = lines_counting(o) & ~lines_unreadable(o);
	bool voltage = sure & BIT_OF(CELL_OVERVOLTAGE) &&
		       sure & BIT_OF(CELL_UNDERVOLTAGE);
	bool temperature = sure & BIT_OF(OVER_TEMPERATURE) &&
			   sure & BIT_OF(UNDER_TEMPERATURE);

	lasts(o, FULL_AND_EMPTY, voltage, now);
	lasts(o, HOT_AND_COLD, temperature, now);
	lasts(o, CONTRADICTING, voltage || temperature, now);
}

/* Either pair has done so for long enough. */
static bool broken_cord(const struct oracle *o, unsigned long long now)
{
	return held(o, FULL_AND_EMPTY, ms(BROKEN_CORD_MS), now) ||
	       held(o, HOT_AND_COLD, ms(BROKEN_CORD_MS), now);
}

/* What follows from the single wires. */
void lines_conclude(struct oracle *o, unsigned long long now)
{
	unsigned long long cleared = now, newest = ~0ULL;
	unsigned int wire;

	for (wire = 0; wire < WIRES; wire++) {
		if (FAULT_WIRES & BIT_OF(wire) && wire_is(o, wire, CLEAR) &&
		    age(o, SIGNAL(wire, CLEAR), now) < newest) {
			newest = age(o, SIGNAL(wire, CLEAR), now);
			cleared = o->since[SIGNAL(wire, CLEAR)];
		}
	}
	lasts(o, CALM, !(lines_counting(o) & FAULT_WIRES), cleared);
	/* Without delays a fault may come and go in one reading. */
	if (oracle_true(o, CALM) && age(o, CALM, now) > newest)
		begins(o, CALM, cleared);
	contradictions(o, now);
}

void lines_read(struct oracle *o, const struct reading *r,
		unsigned long long now)
{
	unsigned int wire;

	o->read_at = now;
	for (wire = 0; wire < WIRES; wire++) {
		uint32_t bit = BIT_OF(wire);
		/* A change of what cannot be read may have been until now. */
		bool edge = (r->again | (r->edges & r->unreadable)) & bit;

		if (!wired(o, wire))
			continue;
		if (changed_before(r) & bit)
			saw_change(o, wire, r, now);
		sees(o, wire, r->active & bit, r->unreadable & bit, edge,
		     r->took, now);
		qualify(o, wire, edge, false, now);
	}
	lines_conclude(o, now);
}

static const struct rule late = {
	"T2 T3 F2 M1", "what a line means is known in time", 0, false, NULL
};

static const struct rule late_cord = {
	"F4", "a contradiction of over a second is reported", 0, false, NULL
};

/* See oracle_until(); @o is used up. */
const struct rule *lines_until(struct oracle *o, const struct reading *r,
			       unsigned long long now)
{
	uint32_t before = lines_counting(o);
	unsigned int wire;

	for (wire = 0; wire < WIRES; wire++)
		if (wired(o, wire) && now - r->first_edge[wire] &&
		    changed_before(r) & ~r->again & BIT_OF(wire))
			saw_change(o, wire, r, now);
	o->read_at = now - 1;
	for (wire = 0; wire < WIRES; wire++)
		if (wired(o, wire))
			qualify(o, wire, false, true, now - 1);
	if (!o->implausible && broken_cord(o, now - 1))
		return &late_cord;
	if (lines_counting(o) != before)
		return &late;
	lines_conclude(o, now - 1);
	return NULL;
}

/* Without the rules, which begin with what was @found. */
void lines_start(struct oracle *o, const struct board *board,
		 const struct reading *first, uint32_t found,
		 unsigned long long now)
{
	uint32_t unknown = first->unreadable & board->wired;
	uint32_t there = first->active & ~first->unreadable;
	unsigned int wire;

	*o = (struct oracle){ .board = *board };
	/* Nothing is known of a fault before the start (C2). */
	begins(o, CALM, now - LONG_AGO);
	/*
	 * F2: unknown never counts as safe. The last known state of a remote
	 * follows from the outputs that were found.
	 */
	there |= unknown & (found ? ~0U : ~REMOTE_WIRES);
	for (wire = 0; wire < WIRES; wire++) {
		lasts(o, SIGNAL(wire, COUNTS),
		      there & board->wired & BIT_OF(wire), now);
		/* At the start there is no level to keep while it is retried. */
		if (unknown & BIT_OF(wire))
			begins(o, SIGNAL(wire, UNREADABLE), now - LONG_AGO);
	}
	lines_read(o, first, now);
}

/* What the board reports of its lines. */
const char *lines_reported(struct oracle *o, const struct report *r)
{
	uint32_t remotes = lines_counting(o) & REMOTE_WIRES;

	o->implausible = r->implausible;
	if ((r->active ^ lines_counting(o)) & o->board.wired)
		return "T2 T3 F2: a line is reported as it counts";
	if ((r->unreadable ^ lines_unreadable(o)) & o->board.wired)
		return "F2: a line is reported unreadable while it is";
	if (r->terminals_on != (remotes || !(o->board.wired & REMOTE_WIRES)))
		return "M1: the terminals are ON as their lines are";
	if (!r->implausible && broken_cord(o, o->read_at))
		return "F4: a contradiction of over a second is reported";
	if (r->implausible &&
	    !held(o, CONTRADICTING, ms(BROKEN_CORD_MS), o->read_at))
		return "F4: no contradiction is reported that is over or too short";
	return NULL;
}
