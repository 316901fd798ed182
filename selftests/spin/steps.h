/* SPDX-License-Identifier: GPL-2.0 */
/* A turn of the board in model.pml, and what must be true after it. */
#ifndef _SPIN_STEPS_H
#define _SPIN_STEPS_H

#define TICK	10000000000ULL
#define NOW	(0 - 15000000000ULL)	/* 15 s before the wrap */
#define UV	(1U << 1)
#define OV	(1U << 2)

/* All that is remembered; spin keeps it with each state. */
static struct {
	struct protection p;
	unsigned char next;	/* ticks until the next turn; 255: none is due */
	/* ticks, as far as they matter, seen from outside */
	unsigned char warned, low_for, fault_for;
	unsigned char well, both, low, load_off;
	unsigned char early, fault_charged, on_while_off, overdue, off_grid;
} board;

static u64 capped(u64 *time, u64 now)
{
	u64 age = now - *time;

	return NOW - (age > 4 * TICK ? 4 * TICK : age);
}

/* The core only looks at differences: move all times, and cut long ages. */
static void move_clock(u64 now)
{
	struct protection *p = &board.p;
	unsigned int i;

	for (i = 0; i < PROTECTION_LINES; i++) {
		p->run_since[i] = capped(&p->run_since[i], now);
		p->burst_since[i] = p->bursting >> i & 1 ?
				    capped(&p->burst_since[i], now) : NOW;
		p->active_since[i] = capped(&p->active_since[i], now);
		p->unread_since[i] = NOW;
	}
	p->contradicting_since = p->contradicting ?
				 capped(&p->contradicting_since, now) : NOW;
	p->warning_since = p->warning ? capped(&p->warning_since, now) : NOW;
}

static void plan(u64 now)
{
	u64 next = protection_next(&board.p, now);

	board.next = next == PROTECTION_NEVER ? 255 : (next + TICK - 1) / TICK;
	/* 29.999 s would be between two ticks; only the second of F4 may be. */
	board.off_grid = next != PROTECTION_NEVER && next % TICK &&
			 !(board.p.contradicting && !board.p.implausible);
}

static void begin(void)
{
	static const struct protection_config cfg = {
		.fitted = UV | OV,
		.pre_alarm_delay_ms = 30000,
		.load_reconnect_delay_ms = 30000,
		.charge_reconnect_delay_ms = 20000,
		.clear_delay_ms = 20000,
		.debounce_delay_ms = 10000,
	};
	static const struct protection_sample first;

	memset(&board, 0, sizeof(board));
	protection_init(&board.p, &cfg, &first, 0, NOW);
	plan(NOW);
}

/* A board that is told to come back does so; time goes on otherwise. */
static unsigned char ticks_of(unsigned char wait)
{
	if (!board.next)
		return 0;
	return 1 + wait % (board.next < 4 ? board.next : 4);
}

static unsigned char longer(unsigned char before, unsigned char ticks, int holds)
{
	unsigned int sum = before + ticks;

	return !holds ? 0 : sum > 8 ? 8 : sum;
}

/* Would the load be cut a nanosecond before @now, with 30 s not yet over? */
static int cuts_early(unsigned char ticks, u64 now)
{
	struct protection p = board.p;
	struct protection_sample s = { .levels = p.raw };

	if (!ticks || board.warned + ticks > 3 ||
	    !(p.outputs & PROTECTION_LOAD) || !p.software_remote)
		return 0;
	protection_sense(&p, &s, now - 1);
	return !(protection_decide(&p, now - 1) & PROTECTION_LOAD);
}

static void step(unsigned char levels, unsigned char remote, unsigned char wait)
{
	unsigned char ticks = ticks_of(wait);
	struct protection *p = &board.p;
	u64 now = NOW + ticks * TICK;
	u32 before = p->outputs;
	struct protection_sample s = { .levels = levels << 1 };
	int was_low = p->raw & UV, was_fault = p->raw & OV;
	int was_on = p->software_remote;
	int early = cuts_early(ticks, now);
	u32 wanted;

	/* What held since the last turn has done so for longer now. */
	board.warned = longer(board.warned, ticks, before & PROTECTION_PRE_ALARM);
	board.low_for = longer(board.low_for, ticks,
			       was_low && was_on && s.levels & UV && remote);
	board.fault_for = longer(board.fault_for, ticks,
				 was_fault && s.levels & OV);

	p->software_remote = remote;
	protection_sense(p, &s, now);
	wanted = protection_decide(p, now);
	protection_applied(p, wanted, wanted, now);
	plan(now);

	/* L2: never cut by undervoltage before 30 s of unbroken pre-alarm */
	board.early = early || (before & ~wanted & PROTECTION_LOAD && remote &&
				board.warned < 3);
	/* C1: at once, which is when it was held for the debounce */
	board.fault_charged = board.fault_for >= 1 &&
			      wanted & PROTECTION_CHARGE;
	/* M3 */
	board.on_while_off = !remote && wanted;
	/* L2: nothing postpones what is due, a debounce and 30 s after it came */
	board.overdue = board.low_for >= 1 + 3 && wanted & PROTECTION_LOAD;

	if (!(wanted & PROTECTION_PRE_ALARM))
		board.warned = 0;
	board.well = !s.levels && remote;
	board.both = wanted == (PROTECTION_LOAD | PROTECTION_CHARGE);
	board.low = s.levels & UV && remote;
	board.load_off = !(wanted & PROTECTION_LOAD);
	move_clock(now);
}

#endif /* _SPIN_STEPS_H */
