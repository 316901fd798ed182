// SPDX-License-Identifier: GPL-2.0
/* Publishing; see publisher.h. */
#include <linux/string.h>

#include "lines.h"
#include "publisher.h"

/*
 * Jiffies after which all others are called, unless many transitions wait. Until then
 * user space, which the prompt ones have notified, has the processor: a log on a serial
 * console takes it for milliseconds.
 */
#define OTHERS_DELAY	2

/* Take the oldest transition out of the queue. Returns false if there is none. */
static bool publisher_take(struct publisher *p, struct snapshot_change *change)
{
	bool found;

	raw_spin_lock_irq(p->lock);
	found = p->tail != p->head;
	if (found) {
		change->new = p->queue[p->tail++ % SNAPSHOT_QUEUE];
		change->more = p->tail != p->head;
	}
	raw_spin_unlock_irq(p->lock);
	return found;
}

/* A processor's work items run in their order, so that a uevent goes out right after. */
static void publisher_prompt_work(struct work_struct *work)
{
	struct publisher *p = container_of(work, struct publisher, prompt_work);

	blocking_notifier_call_chain(&p->prompt, 0, NULL);
}

static void publisher_work(struct work_struct *work)
{
	struct publisher *p = container_of(to_delayed_work(work),
					   struct publisher, work);
	struct snapshot_change change;

	while (publisher_take(p, &change)) {
		change.old = p->notified;
		p->notified = change.new;
		blocking_notifier_call_chain(&p->observers, 0, &change);
	}
}

/**
 * publisher_init() - prepare
 * @p: zeroed
 * @lock: held by each caller of publish()
 */
void publisher_init(struct publisher *p, raw_spinlock_t *lock)
{
	p->lock = lock;
	seqcount_raw_spinlock_init(&p->seq, lock);
	p->times = (struct snapshot_times){ NEVER, NEVER, NEVER };
	BLOCKING_INIT_NOTIFIER_HEAD(&p->prompt);
	BLOCKING_INIT_NOTIFIER_HEAD(&p->observers);
	INIT_WORK(&p->prompt_work, publisher_prompt_work);
	INIT_DELAYED_WORK(&p->work, publisher_work);
}

/**
 * publisher_chain() - where an observer is called
 * @p: the publisher
 * @nb: the observer
 */
struct blocking_notifier_head *publisher_chain(struct publisher *p,
					       const struct notifier_block *nb)
{
	return nb->priority >= OBSERVER_PROMPT ? &p->prompt : &p->observers;
}

/**
 * publisher_enable() - call observers for each transition from now on
 * @p: the publisher; its lock is held
 */
void publisher_enable(struct publisher *p)
{
	p->notified = p->newest;
	p->tail = p->head;
	p->enabled = true;
}

/**
 * publisher_disable() - call no observer any more, and wait for one that is called
 * @p: the publisher
 *
 * Context: may sleep.
 */
void publisher_disable(struct publisher *p)
{
	raw_spin_lock_irq(p->lock);
	p->enabled = false;
	raw_spin_unlock_irq(p->lock);
	cancel_work_sync(&p->prompt_work);
	cancel_delayed_work_sync(&p->work);
}

/**
 * publisher_flush() - wait until all observers know of all transitions so far
 * @p: the publisher
 *
 * Context: may sleep.
 */
void publisher_flush(struct publisher *p)
{
	flush_work(&p->prompt_work);
	flush_delayed_work(&p->work);
}

/* Observers that fall behind by a whole queue get the sum of the rest. */
static void publisher_queue(struct publisher *p, const struct snapshot *s)
{
	unsigned long delay = OTHERS_DELAY;

	if (p->head - p->tail == SNAPSHOT_QUEUE)
		p->head--;
	p->queue[p->head++ % SNAPSHOT_QUEUE] = *s;
	schedule_work(&p->prompt_work);
	if (p->head - p->tail == SNAPSHOT_QUEUE / 2) {
		cancel_delayed_work(&p->work);
		delay = 0;
	}
	schedule_delayed_work(&p->work, delay);
}

/**
 * publish() - publish a snapshot
 * @p: the publisher; its lock is held
 * @s: the snapshot; observers are called if it differs from the last one
 * @times: what goes with it; a difference calls nobody
 *
 * Context: any.
 */
void publish(struct publisher *p, const struct snapshot *s,
	     const struct snapshot_times *times)
{
	bool changed = memcmp(s, &p->newest, sizeof(*s));

	write_seqcount_begin(&p->seq);
	p->newest = *s;
	p->times = *times;
	write_seqcount_end(&p->seq);

	if (changed && p->enabled)
		publisher_queue(p, s);
}

/**
 * snapshot_read() - get the newest snapshot
 * @p: the publisher
 * @s: filled in, may be NULL
 * @times: filled in, may be NULL
 *
 * Context: any; waits for neither a bus nor the lock.
 */
void snapshot_read(const struct publisher *p, struct snapshot *s,
		   struct snapshot_times *times)
{
	unsigned int seq;

	do {
		seq = read_seqcount_begin(&p->seq);
		if (s)
			*s = p->newest;
		if (times)
			*times = p->times;
	} while (read_seqcount_retry(&p->seq, seq));
}
