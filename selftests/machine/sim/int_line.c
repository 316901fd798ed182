// SPDX-License-Identifier: GPL-2.0
/* See int_line.h. Stock kernels have no simulated interrupts of their own. */
#include <linux/device.h>
#include <linux/irq.h>
#include <linux/irqdomain.h>

#include "int_line.h"

static bool int_line_low(const struct int_line *l)
{
	return l->asserted || l->stuck;
}

static void int_line_fire(struct irq_work *work)
{
	struct int_line *l = container_of(work, struct int_line, work);
	unsigned long flags;
	bool due;

	raw_spin_lock_irqsave(&l->lock, flags);
	due = !l->masked && (l->edge ? l->latched : int_line_low(l));
	l->latched = false;
	raw_spin_unlock_irqrestore(&l->lock, flags);
	if (!due)
		return;
	atomic_inc(&l->fired);
	generic_handle_domain_irq(l->domain, 0);
}

/* Tell of the line's state, if it must be told. Called with the lock held. */
static void int_line_tell(struct int_line *l)
{
	if (int_line_low(l) && !l->lost && !l->masked)
		irq_work_queue(&l->work);
}

/* Called with the lock held. */
static void int_line_change(struct int_line *l, bool was_low)
{
	if (was_low == int_line_low(l))
		return;
	if (was_low) {
		l->lost = false;
		return;
	}
	l->low++;
	l->lost = prandom_u32_state(&l->random) % 100 < l->lose_percent;
	l->latched = !l->lost;
	int_line_tell(l);
}

/**
 * int_line_set() - the chip pulls the line low, or lets it go
 * @l: the line
 * @asserted: whether it pulls
 */
void int_line_set(struct int_line *l, bool asserted)
{
	unsigned long flags;
	bool was_low;

	raw_spin_lock_irqsave(&l->lock, flags);
	was_low = int_line_low(l);
	l->asserted = asserted;
	int_line_change(l, was_low);
	raw_spin_unlock_irqrestore(&l->lock, flags);
}

/**
 * int_line_stick() - something else keeps the line low
 * @l: the line
 * @stuck: whether it does
 */
void int_line_stick(struct int_line *l, bool stuck)
{
	unsigned long flags;
	bool was_low;

	raw_spin_lock_irqsave(&l->lock, flags);
	was_low = int_line_low(l);
	l->stuck = stuck;
	int_line_change(l, was_low);
	raw_spin_unlock_irqrestore(&l->lock, flags);
}

static void int_line_mask(struct irq_data *d)
{
	struct int_line *l = irq_data_get_irq_chip_data(d);
	unsigned long flags;

	raw_spin_lock_irqsave(&l->lock, flags);
	l->masked = true;
	raw_spin_unlock_irqrestore(&l->lock, flags);
}

static void int_line_unmask(struct irq_data *d)
{
	struct int_line *l = irq_data_get_irq_chip_data(d);
	unsigned long flags;

	raw_spin_lock_irqsave(&l->lock, flags);
	l->masked = false;
	if (!l->edge || l->latched)
		int_line_tell(l);
	raw_spin_unlock_irqrestore(&l->lock, flags);
}

static void int_line_ack(struct irq_data *d)
{
}

static int int_line_set_type(struct irq_data *d, unsigned int type)
{
	struct int_line *l = irq_data_get_irq_chip_data(d);

	switch (type) {
	case IRQ_TYPE_LEVEL_LOW:
		l->edge = false;
		irq_set_handler_locked(d, handle_level_irq);
		return 0;
	case IRQ_TYPE_EDGE_FALLING:
		l->edge = true;
		irq_set_handler_locked(d, handle_edge_irq);
		return 0;
	default:
		return -EINVAL;
	}
}

static struct irq_chip int_line_chip = {
	.name = "bench-int",
	.irq_mask = int_line_mask,
	.irq_unmask = int_line_unmask,
	.irq_ack = int_line_ack,
	.irq_set_type = int_line_set_type,
	.flags = IRQCHIP_SKIP_SET_WAKE,
};

static int int_line_map(struct irq_domain *domain, unsigned int irq,
			irq_hw_number_t hwirq)
{
	irq_set_chip_data(irq, domain->host_data);
	irq_set_chip_and_handler(irq, &int_line_chip, handle_level_irq);
	irq_set_noprobe(irq);
	return 0;
}

static const struct irq_domain_ops int_line_ops = {
	.map = int_line_map,
	.xlate = irq_domain_xlate_twocell,
};

static void int_line_exit(void *data)
{
	struct int_line *l = data;

	irq_work_sync(&l->work);
	irq_dispose_mapping(irq_find_mapping(l->domain, 0));
	irq_domain_remove(l->domain);
}

/**
 * int_line_init() - make the interrupt controller
 * @l: zeroed
 * @dev: whose node in the device tree it is
 *
 * Return: 0, or a negative errno.
 */
int int_line_init(struct int_line *l, struct device *dev)
{
	raw_spin_lock_init(&l->lock);
	prandom_seed_state(&l->random, 1);
	l->work = IRQ_WORK_INIT_HARD(int_line_fire);
	l->masked = true;
	l->domain = irq_domain_create_linear(dev_fwnode(dev), 1, &int_line_ops,
					     l);
	if (!l->domain)
		return -ENOMEM;
	return devm_add_action_or_reset(dev, int_line_exit, l);
}
