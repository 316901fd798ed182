// SPDX-License-Identifier: GPL-2.0
/*
 * Interrupts bring the next turn forward, and never decide (T1). A line that
 * flickers, or an expander whose interrupt is stuck, must not keep the processor
 * from the other lines: above a rate, interrupts are turned off and the lines
 * are polled, for a time that grows while it goes on.
 */
#include <linux/device.h>
#include <linux/interrupt.h>
#include <linux/minmax.h>
#include <linux/timekeeping.h>

#include "board.h"

/* About 1000 a second; a bouncing contact makes some tens, once. */
#define STORM_WINDOW_NS		(64 * (u64)NSEC_PER_MSEC)
#define STORM_LIMIT		64

/* Within this time a chip's own driver has told of the lines. */
#define CHIP_PATIENCE_NS	(5 * (u64)NSEC_PER_MSEC)

#define STORM_PAUSE_MIN_MS	1000U
#define STORM_PAUSE_MAX_MS	64000U

/*
 * Counts an interrupt, with the lock held. Returns true if they are too many;
 * the caller then mutes them, without the lock: a bus may have to be asked.
 */
static bool storm_count(struct board *b, u64 now)
{
	struct board_storm *s = &b->storm;

	if (now - s->since > STORM_WINDOW_NS) {
		s->since = now;
		s->count = 0;
	}
	if (++s->count <= STORM_LIMIT || s->muted || s->ignored)
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

/* A line changed. */
static irqreturn_t interrupt_line(int irq, void *context)
{
	struct board *b = context;
	struct inputs *in = &b->inputs;
	unsigned long flags;
	u32 lines;
	bool mute;
	u64 now;

	raw_spin_lock_irqsave(&b->lock, flags);
	if (!b->sleeps)
		glance_locked(b, irq);
	atomic_inc(&b->stats.interrupts);
	now = ktime_get_boottime_ns();
	lines = inputs_stirred(in, irq, now);
	mute = storm_count(b, now);
	/*
	 * A reading over a bus costs much, and one right after the first edge
	 * of a line tells little: the level counts when it was held for a
	 * debounce, so it is read then. What goes on moving is looked at each
	 * time.
	 */
	if (b->sleeps && b->protection.cfg.debounce_delay_ms &&
	    !(lines & (in->again | b->protection.bursting)))
		board_expect(b, now);
	else
		board_turn_locked(b);
	raw_spin_unlock_irqrestore(&b->lock, flags);

	if (mute)
		inputs_mute(in, true);
	return IRQ_HANDLED;
}

/*
 * The chip of some lines has something to tell. What it is its own driver finds
 * out, and tells of the lines; unless its reading fails, or the interrupt is
 * stuck. In that case somebody has to answer for it, or the kernel turns it off
 * for good.
 */
static irqreturn_t interrupt_chip(int irq, void *context)
{
	struct board *b = context;
	u64 now = ktime_get_boottime_ns();
	bool mute = false;

	raw_spin_lock_irq(&b->lock);
	/* a line that it told of has been counted */
	if (!b->inputs.edges)
		mute = storm_count(b, now);
	board_expect(b, now + CHIP_PATIENCE_NS);
	raw_spin_unlock_irq(&b->lock);

	if (mute)
		inputs_mute(&b->inputs, true);
	return IRQ_HANDLED;
}

/* The chips' interrupts are not ours alone: they must not stay muted. */
static void interrupts_settle(void *data)
{
	struct board *b = data;
	bool muted;

	raw_spin_lock_irq(&b->lock);
	b->storm.ignored = true;
	raw_spin_unlock_irq(&b->lock);
	inputs_synchronize(&b->inputs);

	raw_spin_lock_irq(&b->lock);
	muted = b->storm.muted;
	b->storm.muted = false;
	raw_spin_unlock_irq(&b->lock);
	if (muted)
		inputs_mute(&b->inputs, false);
}

/**
 * interrupts_request() - be told of edges from now on
 * @b: the board
 *
 * Return: 0, or a negative errno after a message.
 */
int interrupts_request(struct board *b)
{
	int ret;

	ret = inputs_request_interrupts(b->dev, &b->inputs, interrupt_line,
					interrupt_chip, b,
					b->sleeps ? 0 : IRQF_NO_THREAD);
	if (ret)
		return ret;
	return devm_add_action_or_reset(b->dev, interrupts_settle, b);
}
