/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the board publishes: the newest snapshot for readers, and each transition
 * once for observers, which are called from a work item in their own time. Prompt
 * observers, which tell user space, are usually called first, without the transition.
 */
#ifndef _SMALLBMS_PUBLISHER_H
#define _SMALLBMS_PUBLISHER_H

#include <linux/notifier.h>
#include <linux/seqlock.h>
#include <linux/spinlock.h>
#include <linux/workqueue.h>

#include "snapshot.h"

/**
 * struct snapshot_change - what an observer is called with
 * @old: state before the transition
 * @new: state after it
 * @more: more transitions are queued: who wants only the newest state may wait
 */
struct snapshot_change {
	struct snapshot old;
	struct snapshot new;
	bool more;
};

/*
 * Order in which observers are called, as priorities of their notifier blocks:
 * what others wait for first, the log last. Those from %OBSERVER_PROMPT on are prompt.
 */
enum observer_priority {
	OBSERVER_LOG,
	OBSERVER_HWMON,
	OBSERVER_GPIOCHIP,
	OBSERVER_LEDS,
	OBSERVER_PROMPT,
	OBSERVER_ATTRS = OBSERVER_PROMPT,
	OBSERVER_SUPPLY,
};

/* Transitions that may wait for their observers */
#define SNAPSHOT_QUEUE		32

/**
 * struct publisher - publishes the snapshots of one board
 * @lock: the publishing side's, guards all but what readers may take by @seq
 * @seq: lets readers take @newest and @times without @lock
 * @newest: the newest snapshot
 * @times: what goes with it
 * @queue: snapshots after each transition that observers do not know yet
 * @head: transitions queued, ever
 * @tail: transitions taken out of the queue, ever
 * @enabled: observers are called
 * @prompt: notifier chain, called at once; there is no data
 * @prompt_work: calls them
 * @observers: notifier chain; the data is a &struct snapshot_change
 * @notified: the last snapshot that observers know; the work item's own
 * @work: calls them
 */
struct publisher {
	raw_spinlock_t *lock;
	seqcount_raw_spinlock_t seq;
	struct snapshot newest;
	struct snapshot_times times;
	struct snapshot queue[SNAPSHOT_QUEUE];
	unsigned int head;
	unsigned int tail;
	bool enabled;
	struct blocking_notifier_head prompt;
	struct work_struct prompt_work;
	struct blocking_notifier_head observers;
	struct snapshot notified;
	struct delayed_work work;
};

void publisher_init(struct publisher *p, raw_spinlock_t *lock);
struct blocking_notifier_head *publisher_chain(struct publisher *p,
					       const struct notifier_block *nb);
void publisher_enable(struct publisher *p);
void publisher_disable(struct publisher *p);
void publisher_flush(struct publisher *p);
void publish(struct publisher *p, const struct snapshot *s,
	     const struct snapshot_times *times);
void snapshot_read(const struct publisher *p, struct snapshot *s,
		   struct snapshot_times *times);

#endif /* _SMALLBMS_PUBLISHER_H */
