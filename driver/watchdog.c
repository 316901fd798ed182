// SPDX-License-Identifier: GPL-2.0
/* See watchdog.h. */
#include <linux/ktime.h>
#include <linux/time64.h>

#include "compat.h"
#include "watchdog.h"

/*
 * F2: a line that cannot be read counts as active within 100 ms. A scan cycle
 * takes about 1 ms, or 3 ms on a bus of 100 kHz.
 */
#define STALLED_NS		(100 * (u64)NSEC_PER_MSEC)

static bool too_long(const struct watchdog *w)
{
	return ktime_get_ns() - w->since >= STALLED_NS;
}

static enum hrtimer_restart watchdog_timer(struct hrtimer *timer)
{
	struct watchdog *w = container_of(timer, struct watchdog, timer);

	w->handler(w->context);
	return HRTIMER_NORESTART;
}

/**
 * watchdog_init() - prepare a watchdog
 * @w: zeroed
 * @handler: called in hard interrupt context when a cycle takes too long; takes
 *	the caller's lock and calls watchdog_expired()
 * @context: for @handler
 */
void watchdog_init(struct watchdog *w, void (*handler)(void *context),
		   void *context)
{
	w->handler = handler;
	w->context = context;
	smallbms_hrtimer_setup(&w->timer, watchdog_timer, CLOCK_MONOTONIC,
			       HRTIMER_MODE_REL_HARD);
}

/**
 * watchdog_begin() - a scan cycle begins
 * @w: the watchdog
 *
 * Context: the caller's lock is held.
 */
void watchdog_begin(struct watchdog *w)
{
	w->busy = true;
	w->since = ktime_get_ns();
	hrtimer_start(&w->timer, ns_to_ktime(STALLED_NS), HRTIMER_MODE_REL_HARD);
}

/**
 * watchdog_end() - the scan cycle has ended
 * @w: the watchdog
 * @healthy: no read and no write failed in it
 *
 * A stalled bus has recovered when a cycle is in time and healthy.
 *
 * Context: the caller's lock is held.
 */
void watchdog_end(struct watchdog *w, bool healthy)
{
	w->busy = false;
	/* a handler that waits for the lock right now finds no cycle under way */
	hrtimer_try_to_cancel(&w->timer);
	if (healthy && !too_long(w))
		w->stalled = false;
}

/**
 * watchdog_expired() - note that the scan cycle takes too long
 * @w: the watchdog
 *
 * The cycle may have ended just now, and even another one begun.
 *
 * Context: the caller's lock is held.
 * Return: whether it does; then @stalled is set.
 */
bool watchdog_expired(struct watchdog *w)
{
	if (!w->busy || !too_long(w))
		return false;
	w->stalled = true;
	return true;
}

/**
 * watchdog_stop() - wait until the handler has run, if it is about to
 * @w: the watchdog; no cycle is under way, and none begins meanwhile
 *
 * Context: any but @w's handler; the caller's lock is not held.
 */
void watchdog_stop(struct watchdog *w)
{
	hrtimer_cancel(&w->timer);
}
