// SPDX-License-Identifier: GPL-2.0
/*
 * A chip whose lines never sleep: registers in memory behind a raw lock, and
 * edges that interrupt in hard context, as those of a SoC do.
 */
#include <linux/gpio/driver.h>
#include <linux/irq_work.h>
#include <linux/mod_devicetable.h>
#include <linux/module.h>
#include <linux/pm.h>
#include <linux/prandom.h>
#include <linux/seq_file.h>

#include "bench.h"
#include "compat.h"
#include "pins.h"

#define LINES	16

/**
 * struct direct - the chip; guarded by the lock of its pins
 * @chip: for gpiolib
 * @pins: its pins
 * @work: brings interrupts into hard context
 * @unmasked: interrupts that may come
 * @rising: lines that interrupt when they rise
 * @falling: and when they fall
 * @pending: edges that have not been told yet
 * @lose_percent: edges that go unheard
 * @random: which do
 * @fired: interrupts so far
 */
struct direct {
	struct gpio_chip chip;
	struct pins pins;
	struct irq_work work;
	u32 unmasked;
	u32 rising;
	u32 falling;
	u32 pending;
	u32 lose_percent;
	struct rnd_state random;
	atomic_t fired;
};

static void direct_fire(struct irq_work *work)
{
	struct direct *d = container_of(work, struct direct, work);
	unsigned long pending, flags;
	unsigned int n;

	raw_spin_lock_irqsave(&d->pins.lock, flags);
	pending = d->pending & d->unmasked;
	d->pending &= ~pending;
	raw_spin_unlock_irqrestore(&d->pins.lock, flags);
	for_each_set_bit(n, &pending, LINES) {
		atomic_inc(&d->fired);
		generic_handle_domain_irq(d->chip.irq.domain, n);
	}
}

static void direct_pins_changed(struct pins *pins, u32 levels, u32 changed)
{
	struct direct *d = container_of(pins, struct direct, pins);
	u32 edges = (changed & levels & d->rising) |
		    (changed & ~levels & d->falling);

	if (!edges || (d->lose_percent && prandom_u32_state(&d->random) % 100 <
		       d->lose_percent))
		return;
	d->pending |= edges;
	if (d->pending & d->unmasked)
		irq_work_queue(&d->work);
}

static void direct_irq_update(struct irq_data *data, bool unmasked)
{
	struct direct *d = gpiochip_get_data(irq_data_get_irq_chip_data(data));
	u32 bit = BIT(irqd_to_hwirq(data));
	unsigned long flags;

	raw_spin_lock_irqsave(&d->pins.lock, flags);
	if (unmasked)
		d->unmasked |= bit;
	else
		d->unmasked &= ~bit;
	if (d->pending & d->unmasked)
		irq_work_queue(&d->work);
	raw_spin_unlock_irqrestore(&d->pins.lock, flags);
}

static void direct_irq_mask(struct irq_data *data)
{
	direct_irq_update(data, false);
	gpiochip_disable_irq(irq_data_get_irq_chip_data(data),
			     irqd_to_hwirq(data));
}

static void direct_irq_unmask(struct irq_data *data)
{
	gpiochip_enable_irq(irq_data_get_irq_chip_data(data),
			    irqd_to_hwirq(data));
	direct_irq_update(data, true);
}

static void direct_irq_ack(struct irq_data *data)
{
}

static int direct_irq_set_type(struct irq_data *data, unsigned int type)
{
	struct direct *d = gpiochip_get_data(irq_data_get_irq_chip_data(data));
	u32 bit = BIT(irqd_to_hwirq(data));
	unsigned long flags;

	if (type & ~IRQ_TYPE_EDGE_BOTH)
		return -EINVAL;
	raw_spin_lock_irqsave(&d->pins.lock, flags);
	d->rising &= ~bit;
	d->falling &= ~bit;
	d->pending &= ~bit;
	if (type & IRQ_TYPE_EDGE_RISING)
		d->rising |= bit;
	if (type & IRQ_TYPE_EDGE_FALLING)
		d->falling |= bit;
	raw_spin_unlock_irqrestore(&d->pins.lock, flags);
	irq_set_handler_locked(data, handle_edge_irq);
	return 0;
}

/* Which chip's it is, as the kernel's drivers of expanders print it */
static void direct_irq_print(struct irq_data *data, struct seq_file *file)
{
	struct direct *d = gpiochip_get_data(irq_data_get_irq_chip_data(data));

	seq_puts(file, dev_name(d->chip.parent));
}

static const struct irq_chip direct_irq_chip = {
	.name = "bench-direct",
	.irq_print_chip = direct_irq_print,
	.irq_mask = direct_irq_mask,
	.irq_unmask = direct_irq_unmask,
	.irq_ack = direct_irq_ack,
	.irq_set_type = direct_irq_set_type,
	.flags = IRQCHIP_IMMUTABLE | IRQCHIP_SKIP_SET_WAKE,
	GPIOCHIP_IRQ_RESOURCE_HELPERS,
};

static int direct_get_multiple(struct gpio_chip *chip, unsigned long *mask,
			       unsigned long *bits)
{
	struct direct *d = gpiochip_get_data(chip);
	unsigned long flags;

	raw_spin_lock_irqsave(&d->pins.lock, flags);
	*bits = (*bits & ~*mask) | (pins_levels(&d->pins) & *mask);
	raw_spin_unlock_irqrestore(&d->pins.lock, flags);
	return 0;
}

static int direct_get(struct gpio_chip *chip, unsigned int n)
{
	unsigned long mask = BIT(n), bits = 0;

	direct_get_multiple(chip, &mask, &bits);
	return !!bits;
}

static int direct_set_multiple(struct gpio_chip *chip, unsigned long *mask,
			       unsigned long *bits)
{
	struct direct *d = gpiochip_get_data(chip);
	unsigned long flags;

	raw_spin_lock_irqsave(&d->pins.lock, flags);
	pins_drive(&d->pins, d->pins.driven,
		   (d->pins.drives & ~*mask) | (*bits & *mask), RECORD_SET);
	raw_spin_unlock_irqrestore(&d->pins.lock, flags);
	return 0;
}

static int direct_set(struct gpio_chip *chip, unsigned int n, int value)
{
	unsigned long mask = BIT(n), bits = value ? mask : 0;

	return direct_set_multiple(chip, &mask, &bits);
}

static int direct_direct(struct gpio_chip *chip, unsigned int n, bool out,
			 int value)
{
	struct direct *d = gpiochip_get_data(chip);
	u32 driven, drives;
	unsigned long flags;

	raw_spin_lock_irqsave(&d->pins.lock, flags);
	driven = d->pins.driven & ~BIT(n);
	drives = d->pins.drives & ~BIT(n);
	if (out)
		driven |= BIT(n);
	if (value)
		drives |= BIT(n);
	pins_drive(&d->pins, driven, drives, RECORD_SET);
	raw_spin_unlock_irqrestore(&d->pins.lock, flags);
	return 0;
}

static int direct_direction_input(struct gpio_chip *chip, unsigned int n)
{
	return direct_direct(chip, n, false, 0);
}

static int direct_direction_output(struct gpio_chip *chip, unsigned int n,
				   int value)
{
	return direct_direct(chip, n, true, value);
}

static int direct_get_direction(struct gpio_chip *chip, unsigned int n)
{
	struct direct *d = gpiochip_get_data(chip);

	return READ_ONCE(d->pins.driven) & BIT(n) ? GPIO_LINE_DIRECTION_OUT :
						    GPIO_LINE_DIRECTION_IN;
}

static void direct_uncontrol(void *data)
{
	struct direct *d = data;

	pins_uncontrol(&d->pins);
	irq_work_sync(&d->work);
}

static int direct_probe(struct platform_device *pdev)
{
	struct device *dev = &pdev->dev;
	struct direct *d;
	int ret;

	d = devm_kzalloc(dev, sizeof(*d), GFP_KERNEL);
	if (!d)
		return -ENOMEM;
	platform_set_drvdata(pdev, d);
	d->work = IRQ_WORK_INIT_HARD(direct_fire);
	prandom_seed_state(&d->random, 1);
	d->pins.changed = direct_pins_changed;
	ret = pins_init(&d->pins, dev, LINES);
	if (ret)
		return ret;

	d->chip.label = dev_name(dev);
	d->chip.parent = dev;
	d->chip.owner = THIS_MODULE;
	d->chip.base = -1;
	d->chip.ngpio = LINES;
	d->chip.get = direct_get;
	d->chip.get_multiple = direct_get_multiple;
	d->chip.bench_set = direct_set;
	d->chip.bench_set_multiple = direct_set_multiple;
	d->chip.direction_input = direct_direction_input;
	d->chip.direction_output = direct_direction_output;
	d->chip.get_direction = direct_get_direction;
	gpio_irq_chip_set_chip(&d->chip.irq, &direct_irq_chip);
	d->chip.irq.handler = handle_bad_irq;
	d->chip.irq.default_type = IRQ_TYPE_NONE;
	ret = devm_gpiochip_add_data(dev, &d->chip, d);
	if (ret)
		return ret;

	pins_control(&d->pins);
	debugfs_create_u32("lose_percent", 0600, d->pins.folder,
			   &d->lose_percent);
	debugfs_create_atomic_t("interrupts", 0600, d->pins.folder, &d->fired);
	return devm_add_action_or_reset(dev, direct_uncontrol, d);
}

static void direct_shutdown(struct platform_device *pdev)
{
	struct direct *d = platform_get_drvdata(pdev);

	pins_left(&d->pins, "a shutdown");
}

static int direct_suspend(struct device *dev)
{
	struct direct *d = dev_get_drvdata(dev);

	pins_dozing(&d->pins);
	return 0;
}

static int direct_suspend_noirq(struct device *dev)
{
	struct direct *d = dev_get_drvdata(dev);

	pins_asleep(&d->pins);
	return 0;
}

static const struct dev_pm_ops direct_pm_ops = {
	SYSTEM_SLEEP_PM_OPS(direct_suspend, NULL)
	NOIRQ_SYSTEM_SLEEP_PM_OPS(direct_suspend_noirq, NULL)
};

static const struct of_device_id direct_of_match[] = {
	{ .compatible = "smallbms,bench-gpio" },
	{ }
};
MODULE_DEVICE_TABLE(of, direct_of_match);

struct platform_driver direct_driver = {
	.probe = direct_probe,
	.shutdown = direct_shutdown,
	.driver = {
		.name = "bench-gpio",
		.of_match_table = direct_of_match,
		.pm = pm_sleep_ptr(&direct_pm_ops),
	},
};
