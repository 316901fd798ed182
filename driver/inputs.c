// SPDX-License-Identifier: GPL-2.0
/* The lines that the board reads: levels, and interrupts that announce them. */
#include <linux/bitmap.h>
#include <linux/device.h>
#include <linux/gpio/consumer.h>
#include <linux/gpio/driver.h>
#include <linux/interrupt.h>
#include <linux/minmax.h>
#include <linux/property.h>
#include <linux/timekeeping.h>

#include "inputs.h"

/* F2: for so long after a failure lines are read alone. */
#define ALONE_NS	(20 * (u64)NSEC_PER_MSEC)

static const char * const names[INPUTS] = {
	[PROTECTION_CELL_LOW] = "cell-low",
	[PROTECTION_CELL_UNDERVOLTAGE] = "cell-undervoltage",
	[PROTECTION_CELL_OVERVOLTAGE] = "cell-overvoltage",
	[PROTECTION_OVER_TEMPERATURE] = "over-temperature",
	[PROTECTION_UNDER_TEMPERATURE] = "under-temperature",
	[PROTECTION_CHARGE_INHIBIT] = "charge-inhibit",
	[PROTECTION_REMOTE_L] = "remote-l",
	[PROTECTION_REMOTE_H] = "remote-h",
	[PROTECTION_REMOTE_LOOP] = "remote-loop",
	[INPUTS_SENSE + 0] = "load-sense",
	[INPUTS_SENSE + 1] = "charge-sense",
	[INPUTS_SENSE + 2] = "pre-alarm-sense",
};

const char *inputs_name(unsigned int line)
{
	return names[line];
}

static void inputs_add(struct inputs *in, unsigned int line,
		       struct gpio_desc *desc, int irq)
{
	in->desc[in->count] = desc;
	in->line[in->count] = line;
	in->irq[in->count] = irq;
	in->count++;

	in->fitted |= PROTECTION_BIT(line);
	if (irq)
		in->interrupts |= PROTECTION_BIT(line);
	in->sleeps |= gpiod_cansleep(desc);
}

static int inputs_get_line(struct device *dev, struct inputs *in,
			   unsigned int line)
{
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
	inputs_add(in, line, desc, max(irq, 0));
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

	for (line = 0; line < INPUTS; line++) {
		if (!names[line])
			continue;
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

/**
 * inputs_read_back() - have the outputs' pins read as well (F3)
 * @in: the lines
 * @out: the outputs
 *
 * Comes after outputs_found(), which tells those that cannot be.
 */
void inputs_read_back(struct inputs *in, const struct outputs *out)
{
	unsigned int n;

	for (n = 0; n < OUTPUTS; n++)
		if (out->readable & PROTECTION_BIT(n))
			inputs_add(in, INPUTS_BACK + n, out->desc[n], 0);
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
 * inputs_read() - read all lines
 * @in: the lines
 * @r: filled in, but for the edges
 *
 * All lines of one chip cost one bus transfer. Only if that fails is each
 * read alone, so that a dead chip does not hide the lines of another; but not
 * on a bus that takes its time to fail.
 *
 * Context: any, where the lines do not sleep.
 * Return: 0, or the first error.
 */
int inputs_read(struct inputs *in, struct inputs_reading *r)
{
	const u32 outputs = PROTECTION_BIT(OUTPUTS) - 1;
	DECLARE_BITMAP(values, INPUTS) = { };
	u32 levels = 0, known = 0;
	unsigned int n;
	u64 begin = ktime_get_ns();
	int ret;

	ret = inputs_read_all(in, values);
	for (n = 0; n < in->count; n++) {
		u32 bit = PROTECTION_BIT(in->line[n]);
		int value = test_bit(n, values);

		if (ret)
			value = ktime_get_ns() - begin < ALONE_NS ?
				inputs_read_one(in, n) : ret;
		if (value >= 0)
			known |= bit;
		if (value > 0)
			levels |= bit;
	}

	r->lines.took = ktime_get_ns() - begin;
	r->lines.skipped = 0;
	r->lines.levels = levels & INPUTS_LINES;
	r->lines.unreadable = in->fitted & ~known & INPUTS_LINES;
	r->back = levels >> INPUTS_BACK & outputs;
	r->back_known = known >> INPUTS_BACK & outputs;
	r->sense = levels >> INPUTS_SENSE & outputs;
	r->sense_known = known >> INPUTS_SENSE & outputs;
	return ret;
}

/*
 * The interrupt of an expander is shared with the expander's own driver. Where
 * that does not share it, it is left alone.
 */
static void inputs_request_chip(struct device *dev, struct inputs *in,
				const struct gpio_desc *desc,
				irq_handler_t handler, void *context)
{
	struct gpio_chip *chip = gpiod_to_chip(desc);
	unsigned int n;
	int irq;

	if (!chip || !chip->can_sleep || !chip->parent)
		return;
	irq = fwnode_irq_get(dev_fwnode(chip->parent), 0);
	if (irq <= 0)
		return;
	for (n = 0; n < in->chips; n++)
		if (in->chip_irq[n] == irq)
			return;
	if (devm_request_threaded_irq(dev, irq, NULL, handler,
				      IRQF_SHARED | IRQF_ONESHOT,
				      dev_name(dev), context))
		dev_dbg(dev, "interrupt %d is not shared\n", irq);
	else
		in->chip_irq[in->chips++] = irq;
}

/**
 * inputs_request_interrupts() - be told of edges from now on
 * @dev: the board
 * @in: the lines
 * @handler: called for every edge; it calls inputs_stirred()
 * @chip_handler: called, in a thread, when the chip of some lines interrupts
 * @context: for both
 * @flags: IRQF_* beside the trigger
 *
 * Comes last in a probe: the handlers may run at once, and until devm has
 * freed the interrupts, before anything else is torn down.
 */
int inputs_request_interrupts(struct device *dev, struct inputs *in,
			      irq_handler_t handler, irq_handler_t chip_handler,
			      void *context, unsigned long flags)
{
	unsigned int n;
	int ret;

	for (n = 0; n < in->count; n++) {
		if (!in->irq[n])
			continue;
		ret = devm_request_any_context_irq(dev, in->irq[n], handler,
						   flags | IRQF_NO_AUTOEN |
						   IRQF_TRIGGER_RISING |
						   IRQF_TRIGGER_FALLING,
						   names[in->line[n]], context);
		if (ret < 0)
			return dev_err_probe(dev, ret,
					     "%s-gpios: interrupt %d cannot be had\n",
					     names[in->line[n]], in->irq[n]);
	}
	/* only now, as a handler may mute them all at once */
	inputs_mute(in, false);
	for (n = 0; n < in->count; n++)
		if (in->irq[n])
			inputs_request_chip(dev, in, in->desc[n], chip_handler,
					    context);
	return 0;
}

/**
 * inputs_synchronize() - wait for handlers that are running
 * @in: the lines
 */
void inputs_synchronize(struct inputs *in)
{
	unsigned int n;

	for (n = 0; n < in->count; n++)
		if (in->irq[n])
			synchronize_irq(in->irq[n]);
	for (n = 0; n < in->chips; n++)
		synchronize_irq(in->chip_irq[n]);
}

/**
 * inputs_stirred() - note that a line has changed (T2)
 * @in: the lines
 * @irq: the interrupt that told
 * @now: when, ns
 *
 * Context: the lock of the board is held.
 * Return: the lines that it told of, as bits.
 */
u32 inputs_stirred(struct inputs *in, int irq, u64 now)
{
	u32 lines = 0;
	unsigned int n;

	for (n = 0; n < in->count; n++) {
		if (in->irq[n] != irq || in->line[n] >= PROTECTION_LINES)
			continue;
		lines |= PROTECTION_BIT(in->line[n]);
		if (!(in->edges & PROTECTION_BIT(in->line[n])))
			in->edge_at[in->line[n]] = now;
	}
	in->again |= in->edges & lines;
	in->edges |= lines;
	return lines;
}

/**
 * inputs_edge_at() - when the first of the edges came that wait to be taken
 * @in: the lines
 *
 * Context: the lock of the board is held.
 * Return: CLOCK_BOOTTIME in ns, or %PROTECTION_NEVER.
 */
u64 inputs_edge_at(const struct inputs *in)
{
	unsigned long edges = in->edges;
	u64 first = PROTECTION_NEVER;
	unsigned int line;

	for_each_set_bit(line, &edges, PROTECTION_LINES)
		first = min(first, in->edge_at[line]);
	return first;
}

/**
 * inputs_take_edges() - the edges that belong to the reading which now follows
 * @in: the lines
 * @s: its edges are filled in
 * @after: time of the last reading, ns; an edge that came while that was under
 *	way counts from then
 *
 * Context: the lock of the board is held.
 */
void inputs_take_edges(struct inputs *in, struct protection_sample *s,
		       u64 after)
{
	unsigned long edges = in->edges;
	unsigned int line;

	for_each_set_bit(line, &edges, PROTECTION_LINES)
		s->earlier_at[line] = max(in->edge_at[line], after);
	s->earlier = in->edges;
	s->edges = in->again;
	in->edges = 0;
	in->again = 0;
}

/**
 * inputs_mute() - do without interrupts for a while, or with them again
 * @in: the lines
 * @mute: whether
 *
 * Context: muting, any; unmuting may sleep where the lines do.
 */
void inputs_mute(struct inputs *in, bool mute)
{
	unsigned int n;

	for (n = 0; n < in->count; n++) {
		if (!in->irq[n])
			continue;
		if (mute)
			disable_irq_nosync(in->irq[n]);
		else
			enable_irq(in->irq[n]);
	}
	for (n = 0; n < in->chips; n++) {
		if (mute)
			disable_irq_nosync(in->chip_irq[n]);
		else
			enable_irq(in->chip_irq[n]);
	}
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
		/* not every chip can, and then there is nothing to undo */
		if (enable && !enable_irq_wake(in->irq[n]))
			in->waking |= PROTECTION_BIT(n);
		else if (!enable && in->waking & PROTECTION_BIT(n))
			disable_irq_wake(in->irq[n]);
	}
	if (!enable)
		in->waking = 0;
}
