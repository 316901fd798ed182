// SPDX-License-Identifier: GPL-2.0
/*
 * Trips by the thousand, timed: a pin of the wires goes up, an output of the
 * chip has to go down; both moments are taken under the lock of the pins. Then
 * the pin goes down again, and the output has to come back.
 */
#include <linux/completion.h>
#include <linux/delay.h>
#include <linux/sched.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>
#include <linux/timekeeping.h>
#include <linux/vmalloc.h>

#include "pins.h"

/* Whoever takes longer has missed it */
#define TRIP_TIMEOUT_MS		3000
#define RETURN_TIMEOUT_MS	10000

/**
 * trips_change() - a pin changed; called under the lock of the pins
 * @t: the trips
 * @n: which
 * @level: to what
 * @now: when, ns
 */
void trips_change(struct trips *t, unsigned int n, bool level, u64 now)
{
	if (!t->waiting || n != t->output || level != t->awaited)
		return;
	t->waiting = false;
	t->changed_ns = now;
	complete(&t->done);
}

/* Brings the input to a level; how long the output took to follow, or 0 */
static u64 trips_move(struct pins *p, bool level, unsigned int timeout_ms)
{
	struct trips *t = &p->trips;
	unsigned long flags;
	u64 begun, took = 0;

	reinit_completion(&t->done);
	raw_spin_lock_irqsave(&p->lock, flags);
	t->awaited = !level;
	t->waiting = true;
	begun = ktime_get_boottime_ns();
	raw_spin_unlock_irqrestore(&p->lock, flags);
	pins_bring(p, BIT(t->input), level ? BIT(t->input) : 0, false);

	wait_for_completion_timeout(&t->done, msecs_to_jiffies(timeout_ms));
	raw_spin_lock_irqsave(&p->lock, flags);
	if (!t->waiting)
		took = t->changed_ns - begun;
	t->waiting = false;
	raw_spin_unlock_irqrestore(&p->lock, flags);
	return took;
}

/* Given a range, the kernel would wake it with somebody else's timer */
static void trips_rest(struct trips *t, u32 gap_us)
{
	u32 us = gap_us + prandom_u32_state(&t->random) % (gap_us + 1);

	usleep_range(us, us + 1);
}

/**
 * trips_run() - time trips; sleeps until they are done
 * @p: the pins
 * @input: the pin that goes up
 * @output: the pin that has to go down
 * @count: how many trips
 * @gap_us: rest between two movements, at least; as much again at random, so
 *	that nobody keeps step with it
 *
 * What was timed before is forgotten. The samples are in order; a trip that
 * was missed has 0.
 *
 * Return: 0, or a negative errno.
 */
int trips_run(struct pins *p, unsigned int input, unsigned int output,
	      u32 count, u32 gap_us)
{
	struct trips *t = &p->trips;
	u64 *samples;
	int ret = 0;

	if (!count || count > TRIPS_MAX)
		return -EINVAL;
	samples = vcalloc(count, sizeof(*samples));
	if (!samples)
		return -ENOMEM;
	vfree(t->samples);
	t->samples = samples;
	t->count = 0;
	t->input = input;
	t->output = output;
	/* Whoever times must not wait for its turn */
	sched_set_fifo(current);
	while (t->count < count && !ret) {
		trips_rest(t, gap_us);
		samples[t->count++] = trips_move(p, true, TRIP_TIMEOUT_MS);
		trips_rest(t, gap_us);
		trips_move(p, false, RETURN_TIMEOUT_MS);
		if (signal_pending(current))
			ret = -EINTR;
	}
	sched_set_normal(current, 0);
	return ret;
}

void trips_init(struct trips *t)
{
	init_completion(&t->done);
	prandom_seed_state(&t->random, 1);
}

void trips_free(struct trips *t)
{
	vfree(t->samples);
}
