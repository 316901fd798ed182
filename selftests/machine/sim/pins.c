// SPDX-License-Identifier: GPL-2.0
/* Who brings which level to a pin, and who must be told. */
#include <linux/limits.h>
#include <linux/panic_notifier.h>
#include <linux/property.h>
#include <linux/timekeeping.h>

#include "pins.h"

/*
 * Level of every pin, as a meter would show it. What the wires bring to a pin
 * that the chip drives does not matter, and a pin that nobody drives is pulled
 * low.
 */
u32 pins_levels(const struct pins *p)
{
	u32 levels = (p->outside & ~p->driven) | (p->drives & p->driven);
	unsigned int n;

	for (n = 0; n < p->count; n++) {
		if (p->sensed[n] < 0)
			continue;
		if (levels & ~p->shorted & BIT(p->sensed[n]))
			levels |= BIT(n);
		else
			levels &= ~BIT(n);
	}
	return levels;
}

static void pins_after(struct pins *p, u32 before, enum record_kind kind,
		       bool stamped)
{
	u32 levels = pins_levels(p);
	u32 changed = before ^ levels;
	u64 now = ktime_get_boottime_ns();
	unsigned int n;

	for (n = 0; n < p->count; n++) {
		if (!(changed & BIT(n)))
			continue;
		if (stamped)
			record_add(&p->record, now, kind, n, levels & BIT(n));
		trips_change(&p->trips, n, levels & BIT(n), now);
		monitor_change(p->monitor, p->dev, p->role[n],
			       levels & BIT(n), now, kind == RECORD_SET);
	}
	if (changed || kind != RECORD_STIMULUS)
		p->changed(p, levels, changed);
}

/**
 * pins_drive() - the chip drives its pins otherwise
 * @p: the pins, locked
 * @driven: pins that it drives
 * @drives: their levels
 * @kind: why
 */
void pins_drive(struct pins *p, u32 driven, u32 drives, enum record_kind kind)
{
	u32 before = pins_levels(p);

	p->driven = driven;
	p->drives = drives;
	pins_after(p, before, kind, true);
}

/**
 * pins_bring() - the wires bring other levels
 * @p: the pins
 * @mask: which
 * @levels: their levels
 * @stamped: write it into the record
 */
void pins_bring(struct pins *p, u32 mask, u32 levels, bool stamped)
{
	unsigned long flags;
	u32 before;

	raw_spin_lock_irqsave(&p->lock, flags);
	before = pins_levels(p);
	p->outside = (p->outside & ~mask) | (levels & mask);
	pins_after(p, before, RECORD_STIMULUS, stamped);
	raw_spin_unlock_irqrestore(&p->lock, flags);
}

/**
 * pins_short() - terminals are short-circuited, and sense lines tell
 * @p: the pins
 * @shorted: all outputs that are
 */
void pins_short(struct pins *p, u32 shorted)
{
	unsigned long flags;
	u32 before, roles = 0;
	unsigned int n;

	for (n = 0; n < p->count; n++)
		if (p->sensed[n] >= 0 && shorted & BIT(p->sensed[n]))
			roles |= BIT(p->role[p->sensed[n]]);

	raw_spin_lock_irqsave(&p->lock, flags);
	before = pins_levels(p);
	p->shorted = shorted;
	monitor_short(p->monitor, roles, ktime_get_boottime_ns());
	pins_after(p, before, RECORD_STIMULUS, true);
	raw_spin_unlock_irqrestore(&p->lock, flags);
}

/**
 * pins_dozing() - what happens outside after the board's suspend, while interrupts
 *	are still handled
 * @p: the pins
 */
void pins_dozing(struct pins *p)
{
	pins_bring(p, p->dozing.mask, p->dozing.levels, true);
}

/**
 * pins_asleep() - what happens outside while the system sleeps
 * @p: the pins
 */
void pins_asleep(struct pins *p)
{
	pins_bring(p, p->asleep.mask, p->asleep.levels, true);
}

/**
 * pins_measuring() - what happens outside, once, while a chip that measures has
 *	the bus
 * @p: the pins
 */
void pins_measuring(struct pins *p)
{
	struct pins_later now;

	raw_spin_lock_irq(&p->lock);
	now = p->measuring;
	p->measuring.mask = 0;
	raw_spin_unlock_irq(&p->lock);
	if (now.mask)
		pins_bring(p, now.mask, now.levels, true);
}

/**
 * pins_left() - tell on the console how the outputs were left
 * @p: the pins; without the lock, as nobody else is running any more
 * @what: by what
 */
void pins_left(const struct pins *p, const char *what)
{
	dev_emerg(p->dev, "left by %s with load %u charge %u\n", what,
		  !!(p->monitor->high & BIT(ROLE_LOAD)),
		  !!(p->monitor->high & BIT(ROLE_CHARGE)));
}

/* Last of all */
static int pins_panic(struct notifier_block *block, unsigned long event,
		      void *unused)
{
	pins_left(container_of(block, struct pins, panic), "a panic");
	return NOTIFY_DONE;
}

static void pins_forget_panic(void *data)
{
	struct pins *p = data;

	atomic_notifier_chain_unregister(&panic_notifier_list, &p->panic);
}

/**
 * pins_init() - set up the pins as the device tree has them
 * @p: zeroed
 * @dev: its property line-names tells what hangs on each pin
 * @count: how many there are
 *
 * Return: 0, or a negative errno.
 */
int pins_init(struct pins *p, struct device *dev, unsigned int count)
{
	const char *names[PINS_MAX] = { };
	enum role output;
	int n, m, found;

	p->dev = dev;
	p->count = count;
	p->bounce_tick_us = 100;
	raw_spin_lock_init(&p->lock);
	p->monitor = devm_monitor_get(dev);
	if (!p->monitor)
		return -ENOMEM;
	bouncer_init(p);
	trips_init(&p->trips);

	found = device_property_read_string_array(dev, "line-names", names,
						  count);
	if (found < 0)
		return dev_err_probe(dev, found, "no line-names\n");
	for (n = 0; n < found; n++) {
		p->role[n] = role_of(names[n]);
		monitor_fit(p->monitor, p->role[n]);
	}
	for (n = 0; n < count; n++) {
		p->sensed[n] = -1;
		output = role_sensed(p->role[n]);
		for (m = 0; output && m < count; m++)
			if (p->role[m] == output)
				p->sensed[n] = m;
	}
	p->panic.notifier_call = pins_panic;
	p->panic.priority = INT_MIN;
	atomic_notifier_chain_register(&panic_notifier_list, &p->panic);
	found = devm_add_action_or_reset(dev, pins_forget_panic, p);
	if (found)
		return found;
	return record_init(&p->record, dev);
}
