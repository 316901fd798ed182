// SPDX-License-Identifier: GPL-2.0
/*
 * A bus may take its time to fail, or never come back, and the thread that waits
 * for it cannot tell anybody. So each of its turns is watched: what goes on for
 * too long is reported while it lasts (F2, F3).
 */
#include <linux/ktime.h>
#include <linux/timekeeping.h>

#include "board.h"
#include "compat.h"

/*
 * F2 has 100 ms until a line that cannot be read counts as active. A turn takes
 * about 1 ms, or 3 on a bus of 100 kHz.
 */
#define WATCH_NS	(100 * (u64)NSEC_PER_MSEC)

static bool watch_late(const struct board_watch *w, u64 now)
{
	return now - w->since >= WATCH_NS;
}

static enum hrtimer_restart watch_timer(struct hrtimer *timer)
{
	struct board *b = container_of(timer, struct board, watch.timer);
	struct board_watch *w = &b->watch;
	unsigned long flags;

	raw_spin_lock_irqsave(&b->lock, flags);
	/* that turn may have ended just now, and even another begun */
	if (w->turning && watch_late(w, ktime_get_ns())) {
		w->late = true;
		board_publish_locked(b, ktime_get_boottime_ns());
	}
	raw_spin_unlock_irqrestore(&b->lock, flags);
	return HRTIMER_NORESTART;
}

/**
 * watch_init() - before the first turn
 * @b: the board
 */
void watch_init(struct board *b)
{
	smallbms_hrtimer_setup(&b->watch.timer, watch_timer, CLOCK_MONOTONIC,
			       HRTIMER_MODE_REL_HARD);
}

/**
 * watch_begin() - a turn of the thread begins
 * @b: the board; its lock is held
 */
void watch_begin(struct board *b)
{
	b->watch.turning = true;
	b->watch.since = ktime_get_ns();
	hrtimer_start(&b->watch.timer, ns_to_ktime(WATCH_NS),
		      HRTIMER_MODE_REL_HARD);
}

/**
 * watch_end() - it has ended
 * @b: the board; its lock is held
 *
 * A bus that was late is well again when a turn is in time and without a fault.
 */
void watch_end(struct board *b)
{
	struct board_watch *w = &b->watch;

	w->turning = false;
	hrtimer_try_to_cancel(&w->timer);
	if (w->late && !b->protection.unread && !b->outputs.attempts &&
	    !watch_late(w, ktime_get_ns()))
		w->late = false;
}
