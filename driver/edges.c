// SPDX-License-Identifier: GPL-2.0
/*
 * Interrupts of the board's lines. An interrupt only brings the next scan forward;
 * decisions use levels (T1).
 *
 * A line that interrupts too often is masked, alone, and polled, with exponential
 * holdoff, so that it cannot starve the others. A poll that finds a change which no
 * interrupt announced begins a fast poll of all lines, whose duration grows as
 * well. Interrupts of other drivers, such as that of an expander, are not touched
 * (F9).
 */
#include <linux/bitops.h>
#include <linux/delay.h>
#include <linux/device.h>
#include <linux/gpio/consumer.h>
#include <linux/interrupt.h>
#include <linux/ktime.h>
#include <linux/minmax.h>
#include <linux/time64.h>

#include "edges.h"

/* About 1000 a second; a bouncing contact makes some tens, once. */
#define STORM_WINDOW_NS		(64 * (u64)NSEC_PER_MSEC)
#define STORM_LIMIT		64

/* How long a line is masked, and how long a fast poll lasts */
#define HOLDOFF_MIN_MS		1000U
#define HOLDOFF_MAX_MS		64000U

/* Fast poll; faster while a line may be chattering (T2) */
#define FAST_POLL_MS		20U
#define CHATTER_POLL_MS		2U

/*
 * The next duration: twice the last one, if it follows within twice that: then the
 * cause is the same.
 */
static u32 next_holdoff_ms(u32 last_ms, u64 since_ns)
{
	if (since_ns >= 2 * (u64)last_ms * NSEC_PER_MSEC)
		return HOLDOFF_MIN_MS;
	return min(2 * last_ms, HOLDOFF_MAX_MS);
}

/* Count an interrupt of a line. Returns whether they are too many. */
static bool edge_line_flooding(struct edge_line *l, u64 now)
{
	if (now - l->window_since > STORM_WINDOW_NS) {
		l->window_since = now;
		l->window_count = 0;
	}
	return ++l->window_count > STORM_LIMIT && !l->edges->draining;
}

/*
 * Mask a line, from its own handler. It is noted afterwards, so that whoever finds
 * it masked may enable the interrupt; and without the lock, as the bus lock of the
 * line's chip may sleep.
 */
static void edge_line_mask(struct edge_line *l, u64 now)
{
	struct edges *e = l->edges;
	unsigned long flags;

	disable_irq_nosync(l->irq);

	raw_spin_lock_irqsave(&e->lock, flags);
	l->holdoff_ms = next_holdoff_ms(l->holdoff_ms, now - l->masked_at);
	l->masked_at = now;
	e->masked |= BIT(l->line);
	e->listening &= ~BIT(l->line);
	e->announced &= ~BIT(l->line);
	raw_spin_unlock_irqrestore(&e->lock, flags);
}

static irqreturn_t edge_line_interrupt(int irq, void *cookie)
{
	struct edge_line *l = cookie;
	struct edges *e = l->edges;
	u32 bit = BIT(l->line);
	unsigned long flags;
	bool more, flooding;
	u64 now;

	atomic_inc(&e->count);
	raw_spin_lock_irqsave(&e->lock, flags);
	now = ktime_get_boottime_ns();
	more = e->pending & bit;
	if (more)
		e->more |= bit;
	else
		e->first[l->line] = now;
	e->pending |= bit;
	flooding = edge_line_flooding(l, now);
	raw_spin_unlock_irqrestore(&e->lock, flags);

	if (flooding)
		edge_line_mask(l, now);
	e->handler(e->context, bit, now, more || !(bit & INPUTS_ALL));
	return IRQ_HANDLED;
}

static void edges_enable(const struct edges *e, u32 lines)
{
	unsigned int n;

	for (n = 0; n < INPUTS_MAX; n++)
		if (lines & BIT(n))
			enable_irq(e->line[n].irq);
}

/*
 * No interrupt may be freed while it is masked, or while edges_unmask(), which may
 * run in a thread of the caller, is about to enable it.
 */
static void edges_drain(void *data)
{
	struct edges *e = data;
	unsigned int n;
	u32 masked;

	raw_spin_lock_irq(&e->lock);
	e->draining = true;
	raw_spin_unlock_irq(&e->lock);

	/* pairs with the release in edges_unmask(): it has enabled all by then */
	while (smp_load_acquire(&e->unmasking))
		msleep(20);
	for (n = 0; n < INPUTS_MAX; n++)
		if (e->line[n].irq)
			synchronize_irq(e->line[n].irq);

	raw_spin_lock_irq(&e->lock);
	masked = e->masked;
	e->masked = 0;
	raw_spin_unlock_irq(&e->lock);
	edges_enable(e, masked);
}

/**
 * edges_get() - find the interrupts of the lines
 * @dev: the board
 * @e: zeroed; filled in
 * @in: the lines, without the outputs' pins
 *
 * Context: may sleep.
 * Return: 0, or -EPROBE_DEFER after a message that names the line.
 */
int edges_get(struct device *dev, struct edges *e, const struct inputs *in)
{
	unsigned int n;

	raw_spin_lock_init(&e->lock);
	for (n = 0; n < in->count; n++) {
		unsigned int line = in->line[n];
		int irq = gpiod_to_irq(in->desc[n]);

		if (irq == -EPROBE_DEFER)
			return dev_err_probe(dev, irq,
					     "failed to get the interrupt of %s-gpios\n",
					     inputs_line_name(line));
		e->line[line] = (struct edge_line){
			.edges = e, .line = line, .irq = max(irq, 0),
		};
	}
	return 0;
}

/**
 * edges_fitted() - lines that have an interrupt
 * @e: the interrupts
 *
 * After edges_start(), without those whose interrupt was refused.
 *
 * Return: bits of &enum input, and of the sense lines from %INPUTS_SENSE on.
 */
u32 edges_fitted(const struct edges *e)
{
	u32 fitted = 0;
	unsigned int n;

	for (n = 0; n < INPUTS_MAX; n++)
		if (e->line[n].irq)
			fitted |= BIT(n);
	return fitted;
}

static void edge_line_request(struct device *dev, struct edge_line *l,
			      const struct gpio_desc *desc)
{
	unsigned long flags = IRQF_NO_AUTOEN | IRQF_TRIGGER_RISING |
			      IRQF_TRIGGER_FALLING;
	const char *name = inputs_line_name(l->line);
	int ret;

	/* a thread would be late, and the scan may run in hard context */
	if (!gpiod_cansleep(desc))
		flags |= IRQF_NO_THREAD;
	ret = devm_request_any_context_irq(dev, l->irq, edge_line_interrupt,
					   flags, name, l);
	if (ret >= 0)
		return;
	dev_warn(dev, "cannot use the interrupt of %s-gpios (%d), polling the line every %u ms\n",
		 name, ret, FAST_POLL_MS);
	l->edges->refused = true;
	l->irq = 0;
}

/**
 * edges_start() - listen to the interrupts of the lines (T1)
 * @dev: the board; the interrupts are freed with its resources
 * @e: the interrupts
 * @in: the lines
 * @handler: called after each edge, from now until the interrupts are freed
 * @context: for @handler
 *
 * Lines whose interrupt is refused are polled instead.
 *
 * Context: may sleep.
 * Return: 0, or a negative errno.
 */
int edges_start(struct device *dev, struct edges *e, const struct inputs *in,
		edge_handler handler, void *context)
{
	u32 requested = 0;
	unsigned int n;
	int ret;

	e->handler = handler;
	e->context = context;
	for (n = 0; n < in->count; n++) {
		struct edge_line *l = &e->line[in->line[n]];

		if (!l->irq)
			continue;
		edge_line_request(dev, l, in->desc[n]);
		if (l->irq)
			requested |= BIT(l->line);
	}
	ret = devm_add_action_or_reset(dev, edges_drain, e);
	if (ret)
		return ret;

	raw_spin_lock_irq(&e->lock);
	e->listening = requested;
	raw_spin_unlock_irq(&e->lock);
	edges_enable(e, requested);
	return 0;
}

/**
 * edges_take() - take the edges that belong to the sample which now follows
 * @e: the interrupts
 * @s: its edges are filled in
 * @after: time of the last sample, CLOCK_BOOTTIME in ns; an edge that came while
 *	that was read counts from then
 *
 * Context: any.
 * Return: all lines that had an edge, those of the terminals as well.
 */
u32 edges_take(struct edges *e, struct debounce_sample *s, u64 after)
{
	unsigned long flags, edges;
	unsigned int n;
	u32 all;

	raw_spin_lock_irqsave(&e->lock, flags);
	all = e->pending;
	edges = all & INPUTS_ALL;
	s->edges = edges;
	s->more_edges = e->more & INPUTS_ALL;
	for_each_set_bit(n, &edges, INPUT_COUNT)
		s->first_edge[n] = max(e->first[n], after);
	e->pending = 0;
	e->more = 0;
	e->sampled = e->listening & INPUTS_ALL;
	raw_spin_unlock_irqrestore(&e->lock, flags);
	return all;
}

/**
 * edges_verify() - check that interrupts announce changes (T1, F9)
 * @e: the interrupts
 * @changed: lines whose level differs from the last sample
 * @edges: lines whose change an interrupt announced, from edges_take()
 * @polled: the sample was taken because a poll interval was over
 * @now: time of the sample, CLOCK_BOOTTIME in ns
 *
 * Called after each sample. Interrupts that miss changes begin a fast poll, which
 * grows while they go on with that.
 *
 * Context: any.
 */
void edges_verify(struct edges *e, u32 changed, u32 edges, bool polled, u64 now)
{
	unsigned long flags;
	u32 missed;

	raw_spin_lock_irqsave(&e->lock, flags);
	missed = e->silent & e->announced & ~edges;
	if (missed) {
		u64 since = max(now, e->fast_until) - e->fast_until;

		e->missed += hweight32(missed);
		e->fast_ms = next_holdoff_ms(e->fast_ms, since);
		e->fast_until = now + (u64)e->fast_ms * NSEC_PER_MSEC;
	}
	e->silent = polled ? changed & ~edges & e->announced : 0;
	e->announced = e->sampled & e->listening;
	raw_spin_unlock_irqrestore(&e->lock, flags);
}

/**
 * edges_unmask() - listen again to masked lines whose holdoff is over
 * @e: the interrupts
 * @now: CLOCK_BOOTTIME in ns
 *
 * Context: any where no line sleeps; else may sleep. The caller serialises calls.
 */
void edges_unmask(struct edges *e, u64 now)
{
	unsigned long flags;
	unsigned int n;
	u32 over = 0;

	raw_spin_lock_irqsave(&e->lock, flags);
	for (n = 0; n < INPUTS_MAX && !e->draining; n++) {
		const struct edge_line *l = &e->line[n];

		if (e->masked & BIT(n) &&
		    now - l->masked_at >= (u64)l->holdoff_ms * NSEC_PER_MSEC)
			over |= BIT(n);
	}
	e->masked &= ~over;
	e->listening |= over;
	e->unmasking = over;
	raw_spin_unlock_irqrestore(&e->lock, flags);

	edges_enable(e, over);
	/* pairs with the acquire in edges_drain() */
	smp_store_release(&e->unmasking, false);
}

/**
 * edges_first() - time of the first edge that edges_take() will take
 * @e: the interrupts
 *
 * Context: any.
 * Return: CLOCK_BOOTTIME in ns, or %NEVER.
 */
u64 edges_first(struct edges *e)
{
	unsigned long flags;
	u64 first = NEVER;
	unsigned int n;

	raw_spin_lock_irqsave(&e->lock, flags);
	for (n = 0; n < INPUTS_MAX; n++)
		if (e->pending & BIT(n))
			first = min(first, e->first[n]);
	raw_spin_unlock_irqrestore(&e->lock, flags);
	return first;
}

/**
 * edges_poll_ms() - interval of the fast poll (F9)
 * @e: the interrupts
 * @chattering: a line may be chattering, which 20 ms are too long for (T2)
 * @now: CLOCK_BOOTTIME in ns
 *
 * Context: any.
 * Return: ms, or 0 while the board's poll interval is enough.
 */
u32 edges_poll_ms(struct edges *e, bool chattering, u64 now)
{
	unsigned long flags;
	bool fast;

	raw_spin_lock_irqsave(&e->lock, flags);
	fast = now < e->fast_until || e->masked || e->refused;
	raw_spin_unlock_irqrestore(&e->lock, flags);

	if (!fast)
		return 0;
	return chattering ? CHATTER_POLL_MS : FAST_POLL_MS;
}

/**
 * edges_set_wake() - let the lines wake the system, or no more (T4)
 * @e: the interrupts
 * @enable: whether they may
 *
 * Context: may sleep.
 */
void edges_set_wake(struct edges *e, bool enable)
{
	unsigned int n;

	for (n = 0; n < INPUTS_MAX; n++) {
		struct edge_line *l = &e->line[n];

		if (!l->irq || l->wakes == enable)
			continue;
		/* not every chip can, and then there is nothing to undo */
		if (enable) {
			l->wakes = !enable_irq_wake(l->irq);
		} else {
			disable_irq_wake(l->irq);
			l->wakes = false;
		}
	}
}

/**
 * edges_waking() - lines that wake the system when they change (T4)
 * @e: the interrupts
 * @now: CLOCK_BOOTTIME in ns
 *
 * Context: any.
 * Return: those that edges_set_wake() enabled, without those that are masked; none
 * while interrupts are unreliable.
 */
u32 edges_waking(struct edges *e, u64 now)
{
	unsigned long flags;
	u32 waking = 0;
	unsigned int n;

	for (n = 0; n < INPUTS_MAX; n++)
		if (e->line[n].wakes)
			waking |= BIT(n);

	raw_spin_lock_irqsave(&e->lock, flags);
	waking = now < e->fast_until ? 0 : waking & ~e->masked;
	raw_spin_unlock_irqrestore(&e->lock, flags);
	return waking;
}
