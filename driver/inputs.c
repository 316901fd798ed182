// SPDX-License-Identifier: GPL-2.0
/* The lines that the board reads: levels, and interrupts that announce them. */
#include <linux/bitmap.h>
#include <linux/device.h>
#include <linux/gpio/consumer.h>
#include <linux/interrupt.h>
#include <linux/property.h>

#include "inputs.h"

static const char * const names[PROTECTION_LINES] = {
	[PROTECTION_CELL_LOW] = "cell-low",
	[PROTECTION_CELL_UNDERVOLTAGE] = "cell-undervoltage",
	[PROTECTION_CELL_OVERVOLTAGE] = "cell-overvoltage",
	[PROTECTION_OVER_TEMPERATURE] = "over-temperature",
	[PROTECTION_UNDER_TEMPERATURE] = "under-temperature",
	[PROTECTION_CHARGE_INHIBIT] = "charge-inhibit",
	[PROTECTION_REMOTE_L] = "remote-l",
	[PROTECTION_REMOTE_H] = "remote-h",
	[PROTECTION_REMOTE_LOOP] = "remote-loop",
};

const char *inputs_name(unsigned int line)
{
	return names[line];
}

static int inputs_get_line(struct device *dev, struct inputs *in,
			   unsigned int line)
{
	unsigned int n = in->count;
	struct gpio_desc *desc;
	int irq;

	desc = devm_gpiod_get_optional(dev, names[line], GPIOD_IN);
	if (IS_ERR(desc))
		return dev_err_probe(dev, PTR_ERR(desc),
				     "%s-gpios: cannot be had\n", names[line]);
	if (!desc)
		return 0;

	irq = gpiod_to_irq(desc);
	if (irq == -EPROBE_DEFER)
		return dev_err_probe(dev, irq, "%s-gpios: no interrupt yet\n",
				     names[line]);
	if (irq > 0) {
		in->irq[n] = irq;
		in->interrupts |= PROTECTION_BIT(line);
	}

	in->desc[n] = desc;
	in->line[n] = line;
	in->fitted |= PROTECTION_BIT(line);
	in->sleeps |= gpiod_cansleep(desc);
	in->count++;
	return 0;
}

/**
 * inputs_get() - get all lines that firmware describes
 * @dev: the board
 * @in: zeroed
 *
 * Return: 0, or a negative errno after a message that names the property.
 */
int inputs_get(struct device *dev, struct inputs *in)
{
	unsigned int line;
	int ret;

	for (line = 0; line < PROTECTION_LINES; line++) {
		ret = inputs_get_line(dev, in, line);
		if (ret)
			return ret;
	}

	if (!(in->fitted & PROTECTION_BIT(PROTECTION_CELL_UNDERVOLTAGE)))
		return dev_err_probe(dev, -EINVAL,
				     "cell-undervoltage-gpios: required, but missing\n");
	if (!(in->fitted & (PROTECTION_BIT(PROTECTION_CELL_OVERVOLTAGE) |
			    PROTECTION_BIT(PROTECTION_CHARGE_INHIBIT))))
		return dev_err_probe(dev, -EINVAL,
				     "cell-overvoltage-gpios, charge-inhibit-gpios: one of them is required, but both are missing\n");
	return 0;
}

static int inputs_read_all(struct inputs *in, unsigned long *values)
{
	if (in->sleeps)
		return gpiod_get_array_value_cansleep(in->count, in->desc, NULL,
						      values);
	return gpiod_get_array_value(in->count, in->desc, NULL, values);
}

static int inputs_read_one(struct inputs *in, unsigned int n)
{
	if (in->sleeps)
		return gpiod_get_value_cansleep(in->desc[n]);
	return gpiod_get_value(in->desc[n]);
}

/**
 * inputs_sample() - read all lines
 * @in: the lines
 * @s: filled in
 *
 * All lines of one chip cost one bus transfer. Only if that fails is each
 * read alone, so that a dead chip does not hide the lines of another.
 *
 * Context: any, where the lines do not sleep.
 * Return: 0, or the first error.
 */
int inputs_sample(struct inputs *in, struct protection_sample *s)
{
	DECLARE_BITMAP(values, PROTECTION_LINES) = { 0 };
	unsigned int n;
	int ret;

	*s = (struct protection_sample) {
		/* before the reading: what comes later belongs to the next */
		.edges = atomic_xchg(&in->edges, 0),
	};

	ret = inputs_read_all(in, values);
	for (n = 0; n < in->count; n++) {
		u32 bit = PROTECTION_BIT(in->line[n]);
		int value = ret ? inputs_read_one(in, n) : test_bit(n, values);

		if (value < 0)
			s->unreadable |= bit;
		else if (value)
			s->levels |= bit;
	}
	return ret;
}

/**
 * inputs_request_interrupts() - be told of edges from now on
 * @dev: the board
 * @in: the lines
 * @handler: called for every edge; it calls inputs_stirred()
 * @context: for @handler
 * @flags: IRQF_* beside the trigger
 *
 * Comes last in a probe: the handler may run at once, and until devm has
 * freed the interrupts, before anything else is torn down.
 */
int inputs_request_interrupts(struct device *dev, struct inputs *in,
			      irq_handler_t handler, void *context,
			      unsigned long flags)
{
	unsigned int n;
	int ret;

	for (n = 0; n < in->count; n++) {
		if (!in->irq[n])
			continue;
		ret = devm_request_any_context_irq(dev, in->irq[n], handler,
						   flags | IRQF_TRIGGER_RISING |
						   IRQF_TRIGGER_FALLING,
						   names[in->line[n]], context);
		if (ret < 0)
			return dev_err_probe(dev, ret,
					     "%s-gpios: interrupt %d cannot be had\n",
					     names[in->line[n]], in->irq[n]);
	}
	return 0;
}

/**
 * inputs_stirred() - note that a line has changed (T2)
 * @in: the lines
 * @irq: the interrupt that told
 */
void inputs_stirred(struct inputs *in, int irq)
{
	unsigned int n;

	for (n = 0; n < in->count; n++)
		if (in->irq[n] == irq)
			atomic_or(PROTECTION_BIT(in->line[n]), &in->edges);
}

/**
 * inputs_wake() - let the lines wake the system, or not
 * @in: the lines
 * @enable: whether
 */
void inputs_wake(struct inputs *in, bool enable)
{
	unsigned int n;

	for (n = 0; n < in->count; n++) {
		if (!in->irq[n])
			continue;
		if (enable)
			enable_irq_wake(in->irq[n]);
		else
			disable_irq_wake(in->irq[n]);
	}
}
