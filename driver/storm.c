// SPDX-License-Identifier: GPL-2.0
/*
 * A line that flickers, or an expander whose interrupt is stuck, must not keep
 * the processor from the other lines: above a rate, interrupts are turned off
 * and the lines are polled, for a time that grows while it goes on (T1).
 */
#include "board.h"

/* About 1000 a second; a bouncing contact makes some tens, once. */
#define STORM_WINDOW_NS		(64 * (u64)NSEC_PER_MSEC)
#define STORM_LIMIT		64

#define STORM_PAUSE_MIN_MS	1000U
#define STORM_PAUSE_MAX_MS	64000U

/**
 * storm_count() - count an interrupt
 * @b: the board; its lock is held
 * @now: ns
 *
 * Return: true if they are too many; the caller then mutes the lines, without
 * the lock, as the chip may have to be told over a bus.
 */
bool storm_count(struct board *b, u64 now)
{
	struct board_storm *s = &b->storm;

	if (now - s->since > STORM_WINDOW_NS) {
		s->since = now;
		s->count = 0;
	}
	if (++s->count <= STORM_LIMIT || s->muted)
		return false;

	/* the next storm soon after the last one is the same one */
	if (s->pause_ms &&
	    now - s->muted_at < 2 * (u64)s->pause_ms * NSEC_PER_MSEC)
		s->pause_ms = min(2 * s->pause_ms, STORM_PAUSE_MAX_MS);
	else
		s->pause_ms = STORM_PAUSE_MIN_MS;
	s->muted = true;
	s->muted_at = now;
	return true;
}

/**
 * storm_is_over() - whether to listen to interrupts again
 * @b: the board; its lock is held
 * @now: ns
 *
 * Return: true once after each pause; the caller then unmutes the lines.
 */
bool storm_is_over(struct board *b, u64 now)
{
	struct board_storm *s = &b->storm;

	if (!s->muted ||
	    now - s->muted_at < (u64)s->pause_ms * NSEC_PER_MSEC)
		return false;
	s->muted = false;
	s->since = now;
	s->count = 0;
	return true;
}
