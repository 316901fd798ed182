/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Bus watchdog: a transfer may block for a long time. A scan cycle that takes
 * longer than 100 ms is reported while it is still blocked (F2, F3).
 */
#ifndef _SMALLBMS_WATCHDOG_H
#define _SMALLBMS_WATCHDOG_H

#include <linux/hrtimer.h>

/**
 * struct watchdog - watches the scan cycles of one board
 * @timer: expires when a cycle takes too long
 * @handler: called then, in hard interrupt context; it calls watchdog_expired()
 * @context: for @handler
 * @busy: a cycle is under way; with what follows under the caller's lock
 * @since: when it began, CLOCK_MONOTONIC in ns
 * @stalled: it, or one before it, took too long, and no cycle has been well since
 */
struct watchdog {
	struct hrtimer timer;
	void (*handler)(void *context);
	void *context;
	bool busy;
	u64 since;
	bool stalled;
};

void watchdog_init(struct watchdog *w, void (*handler)(void *context),
		   void *context);
void watchdog_begin(struct watchdog *w);
void watchdog_end(struct watchdog *w, bool healthy);
bool watchdog_expired(struct watchdog *w);
void watchdog_stop(struct watchdog *w);

#endif /* _SMALLBMS_WATCHDOG_H */
