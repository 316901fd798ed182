// SPDX-License-Identifier: GPL-2.0
/* The emulated caller, see caller.h. */
#include <string.h>

#include "caller.h"

/* More turns than this at one moment are no progress. */
#define TURNS_AT_ONCE	8
/* And more than this in a story are no sleep. */
#define TURNS_IN_ALL	1000000

u64 bench_random(u64 *seed)
{
	/* xorshift64* */
	*seed ^= *seed >> 12;
	*seed ^= *seed << 25;
	*seed ^= *seed >> 27;
	return *seed * 0x2545f4914f6cdd1dULL;
}

static void sleep_until(struct bench *b, u64 time)
{
	b->wake = time > b->stalled_until ? time : b->stalled_until;
}

static void go_to_sleep(struct bench *b)
{
	u64 next = protection_next(&b->p, bench_clock(b));
	u64 failed = b->wanted != b->outputs ? WRITE_RETRY : FOREVER;
	u64 wait = b->poll_ns;

	/* Right after a failed write the caller knows better than to insist. */
	if (failed < wait)
		wait = failed;
	if (next < wait && !(next == 0 && failed != FOREVER))
		wait = next;
	sleep_until(b, wait >= FOREVER ? FOREVER : b->now + wait);
	if (b->settled)
		b->settled(b, next);
}

static void write_done(struct bench *b)
{
	u32 before = b->outputs;

	b->busy = false;
	b->outputs = (b->wanted & b->writing & ~b->broken) |
		     (before & (b->broken | ~b->writing));
	protection_applied(&b->p, b->asked, b->outputs, bench_clock(b));
	if (b->outputs != before && b->changed_to)
		b->changed_to(b, before);
}

/*
 * Where nothing takes time, what a line that has just changed takes with it is
 * let go before anything else is looked at, as the driver does where no line
 * sleeps. The turn that follows must agree, or the terminals would tell.
 */
static void glance(struct bench *b, unsigned int line)
{
	u32 before = b->outputs;

	b->outputs &= ~(protection_glance(&b->p, line, bench_clock(b)) &
			~b->broken);
	if (b->outputs != before && b->changed_to)
		b->changed_to(b, before);
}

static void glances(struct bench *b)
{
	u32 urgent = b->urgent & ~b->unreadable & b->p.cfg.fitted & b->levels;
	unsigned int line;

	b->urgent = 0;
	if (b->write_ns || b->urgent_at != b->now)
		return;
	for (line = 0; line < PROTECTION_LINES; line++)
		if (urgent & PROTECTION_BIT(line))
			glance(b, line);
}

static void turn(struct bench *b)
{
	bool written = false;

	if (b->now != b->last_turn) {
		b->last_turn = b->now;
		b->turns = 0;
	}

	if (b->busy) {
		write_done(b);
		written = true;
	}
	glances(b);

	for (;;) {
		struct protection_sample sample = {
			.levels = b->levels,
			.edges = b->edges,
			.unreadable = b->unreadable,
			.earlier = b->earlier,
			.took = b->took,
		};

		memcpy(sample.earlier_at, b->earlier_at,
		       sizeof(sample.earlier_at));
		if (++b->turns > TURNS_AT_ONCE ||
		    ++b->turns_in_all > TURNS_IN_ALL) {
			b->complaint = "turns without end";
			sleep_until(b, FOREVER);
			return;
		}

		/* An unreadable line must not be looked at, so let it lie. */
		sample.levels ^= b->unreadable & (u32)b->now;
		b->edges = 0;
		b->earlier = 0;
		b->changed = 0;
		protection_sense(&b->p, &sample, bench_clock(b));
		b->asked = protection_decide(&b->p, bench_clock(b));
		b->wanted = b->asked & ~b->p.shorted;

		if (b->wanted == b->outputs) {
			/* what was let go is news to the rules */
			bool changed = b->p.outputs != b->outputs;

			protection_applied(&b->p, b->asked, b->outputs,
					   bench_clock(b));
			if (changed)
				continue;
			break;
		}
		/* All that is left to do cannot be done: try again later. */
		if (written && !((b->wanted ^ b->outputs) & ~b->broken))
			break;
		b->busy = true;
		b->writing = b->wanted ^ b->outputs;
		b->wake = b->now + b->write_min_ns;
		if (b->write_ns > b->write_min_ns)
			b->wake += bench_random(&b->seed) %
				   (b->write_ns - b->write_min_ns);
		if (b->wake > b->now)
			return;
		write_done(b);
		written = true;
	}
	go_to_sleep(b);
}

static void run(struct bench *b, u64 end)
{
	while (b->wake <= end && !b->complaint) {
		b->now = b->wake;
		turn(b);
	}
}

/* Do all turns that come before @time, and advance the clock to it. */
void bench_run_before(struct bench *b, u64 time)
{
	if (time)
		run(b, time - 1);
	b->now = time;
}

/* Do the turns of @time, after what has changed then. */
void bench_run_at(struct bench *b, u64 time)
{
	run(b, time);
	b->now = time;
}

/* An interrupt: a turn is due now, or as soon as the caller can. */
void bench_kick(struct bench *b)
{
	if (!b->busy)
		sleep_until(b, b->now);
}

/* The first edge of a line at rest: the next reading says when it was. */
static void bench_wait(struct bench *b, u32 lines)
{
	u32 again = lines & (b->earlier | b->p.bursting);
	u64 settled = b->now + b->p.cfg.debounce_delay_ms * MS;
	unsigned int line;

	for (line = 0; line < PROTECTION_LINES; line++)
		if (lines & ~b->earlier & PROTECTION_BIT(line))
			b->earlier_at[line] = bench_clock(b);
	b->edges |= lines & b->earlier;
	b->earlier |= lines;
	if (again)
		bench_kick(b);
	else if (!b->busy && settled < b->wake)
		sleep_until(b, settled);
}

void bench_set(struct bench *b, u32 lines, bool active)
{
	u32 flips = (active ? lines & ~b->levels : lines & b->levels);
	u32 seen = flips & ~b->mute;

	b->levels ^= flips;
	if (b->patient) {
		if (seen)
			bench_wait(b, seen);
		return;
	}
	b->edges |= seen & (b->report_all_edges ? ~0U : b->changed);
	b->changed |= seen;
	b->urgent |= seen;
	b->urgent_at = b->now;
	if (seen)
		bench_kick(b);
}

/* A pulse that is too short to be read, but was noticed. */
void bench_edge(struct bench *b, u32 lines)
{
	if (b->patient) {
		bench_wait(b, lines);
		return;
	}
	b->edges |= lines;
	bench_kick(b);
}

void bench_start(struct bench *b, const struct protection_config *cfg,
		 u32 found)
{
	struct protection_sample first = {
		.levels = b->levels,
		.unreadable = b->unreadable,
	};

	b->edges = 0;
	b->earlier = 0;
	b->changed = 0;
	b->urgent = 0;
	b->outputs = found;
	b->last_turn = FOREVER;
	protection_init(&b->p, cfg, &first, found, bench_clock(b));
	b->busy = false;
	b->wake = b->now;
	if (b->p.failed != (b->unreadable & cfg->fitted))
		b->complaint = "what cannot be read is not known at the start";
}

/* A reset of the chip: outputs float, and the caller has found it out. */
void bench_lose(struct bench *b, u32 outputs)
{
	u32 before = b->outputs;

	b->outputs &= ~outputs;
	if (b->outputs != before && b->changed_to)
		b->changed_to(b, before);
	protection_found(&b->p, b->outputs);
	bench_kick(b);
}
