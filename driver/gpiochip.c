// SPDX-License-Identifier: GPL-2.0
/*
 * The board as a GPIO chip, for libgpiod and for other drivers.
 *
 * Values are taken from the published snapshot, so get() never sleeps. Each
 * transition raises its edges once and in order, even if transitions come faster
 * than they are handled. The interrupts are nested ones, whose handlers run in the
 * context of the notifier.
 */
#include <linux/bitops.h>
#include <linux/device.h>
#include <linux/gpio/driver.h>
#include <linux/interrupt.h>
#include <linux/irq.h>
#include <linux/irqdomain.h>
#include <linux/module.h>
#include <linux/property.h>
#include <linux/sched.h>

#include "compat.h"
#include "core.h"
#include "observers.h"

enum gpiochip_line {
	LINE_LOAD,
	LINE_CHARGE,
	LINE_PRE_ALARM,
	LINE_REMOTE,
	LINE_CONDITIONS,	/* six, in the order of &enum input */
	LINE_TERMINALS = LINE_CONDITIONS + 6,
	LINE_FAULT,
	LINES
};

static const char * const line_names[LINES] = {
	"load", "charge", "pre-alarm", "remote", "cell-low",
	"cell-undervoltage", "cell-overvoltage", "over-temperature",
	"under-temperature", "charge-inhibit", "terminals", "fault",
};

/**
 * struct gpiochip - the GPIO chip of one board
 * @board: the board
 * @chip: the chip
 * @snapshots: called with transitions
 * @levels: levels after the transition whose edges are raised
 * @notifying: the task that raises them right now
 * @enabled: lines whose interrupt is enabled
 * @rising: lines whose rising edge is requested
 * @falling: lines whose falling edge is requested
 * @drives_remote: the line of the remote is an output
 */
struct gpiochip {
	struct board *board;
	struct gpio_chip chip;
	struct notifier_block snapshots;
	u32 levels;
	struct task_struct *notifying;
	unsigned long enabled;
	unsigned long rising;
	unsigned long falling;
	bool drives_remote;
};

static u32 gpiochip_levels(const struct snapshot *s)
{
	u32 levels = s->outputs << LINE_LOAD;

	levels |= (s->conditions & INPUTS_CONDITIONS) << LINE_CONDITIONS;
	if (s->remote)
		levels |= BIT(LINE_REMOTE);
	if (s->terminals)
		levels |= BIT(LINE_TERMINALS);
	if (s->conditions & ~INPUTS_CONDITIONS)
		levels |= BIT(LINE_FAULT);
	return levels;
}

static int gpiochip_get(struct gpio_chip *gc, unsigned int line)
{
	struct gpiochip *g = gpiochip_get_data(gc);
	struct snapshot s;

	/* The handler of an edge reads the level that the edge led to. */
	if (READ_ONCE(g->notifying) == current)
		return !!(g->levels & BIT(line));
	/* A value that was written reads back at once. */
	if (line == LINE_REMOTE)
		return core_setting(g->board->core, CORE_REMOTE);
	core_snapshot(g->board->core, &s);
	return !!(gpiochip_levels(&s) & BIT(line));
}

static int gpiochip_set_line(struct gpio_chip *gc, unsigned int line, int value)
{
	struct gpiochip *g = gpiochip_get_data(gc);

	if (line != LINE_REMOTE)
		return -EPERM;
	return core_request_nowait(g->board->core, CORE_REMOTE, !!value);
}

SMALLBMS_GPIO_SET(gpiochip_set, gpiochip_set_line)

static int gpiochip_get_direction(struct gpio_chip *gc, unsigned int line)
{
	struct gpiochip *g = gpiochip_get_data(gc);

	return line == LINE_REMOTE && READ_ONCE(g->drives_remote) ?
	       GPIO_LINE_DIRECTION_OUT : GPIO_LINE_DIRECTION_IN;
}

static int gpiochip_direction_input(struct gpio_chip *gc, unsigned int line)
{
	struct gpiochip *g = gpiochip_get_data(gc);

	if (line == LINE_REMOTE)
		WRITE_ONCE(g->drives_remote, false);
	return 0;
}

static int gpiochip_direction_output(struct gpio_chip *gc, unsigned int line,
				     int value)
{
	struct gpiochip *g = gpiochip_get_data(gc);
	int ret = gpiochip_set_line(gc, line, value);

	if (!ret)
		WRITE_ONCE(g->drives_remote, true);
	return ret;
}

/* The remote stays as it is: a program that ends must not switch the loads. */
static void gpiochip_free(struct gpio_chip *gc, unsigned int line)
{
	gpiochip_direction_input(gc, line);
}

static void gpiochip_irq_mask(struct irq_data *d)
{
	struct gpio_chip *gc = irq_data_get_irq_chip_data(d);
	struct gpiochip *g = gpiochip_get_data(gc);

	clear_bit(irqd_to_hwirq(d), &g->enabled);
	gpiochip_disable_irq(gc, irqd_to_hwirq(d));
}

static void gpiochip_irq_unmask(struct irq_data *d)
{
	struct gpio_chip *gc = irq_data_get_irq_chip_data(d);
	struct gpiochip *g = gpiochip_get_data(gc);

	gpiochip_enable_irq(gc, irqd_to_hwirq(d));
	set_bit(irqd_to_hwirq(d), &g->enabled);
}

static int gpiochip_irq_set_type(struct irq_data *d, unsigned int type)
{
	struct gpiochip *g =
		gpiochip_get_data(irq_data_get_irq_chip_data(d));

	/* Edges only: no handler could make a level go away. */
	if (!type || type & ~IRQ_TYPE_EDGE_BOTH)
		return -EINVAL;
	assign_bit(irqd_to_hwirq(d), &g->rising, type & IRQ_TYPE_EDGE_RISING);
	assign_bit(irqd_to_hwirq(d), &g->falling, type & IRQ_TYPE_EDGE_FALLING);
	return 0;
}

static const struct irq_chip gpiochip_irq = {
	.name = "smallbms",
	.irq_mask = gpiochip_irq_mask,
	.irq_unmask = gpiochip_irq_unmask,
	.irq_set_type = gpiochip_irq_set_type,
	.flags = IRQCHIP_IMMUTABLE | IRQCHIP_SKIP_SET_WAKE,
	GPIOCHIP_IRQ_RESOURCE_HELPERS,
};

static int gpiochip_snapshot(struct notifier_block *nb, unsigned long event,
			     void *data)
{
	struct gpiochip *g = container_of(nb, struct gpiochip, snapshots);
	const struct snapshot_change *change = data;
	u32 levels = gpiochip_levels(&change->new);
	unsigned long edges = gpiochip_levels(&change->old) ^ levels;
	unsigned int line;

	edges &= (READ_ONCE(g->rising) & levels) |
		 (READ_ONCE(g->falling) & ~levels);
	edges &= READ_ONCE(g->enabled);

	g->levels = levels;
	WRITE_ONCE(g->notifying, current);
	for_each_set_bit(line, &edges, LINES)
		handle_nested_irq(irq_find_mapping(g->chip.irq.domain, line));
	WRITE_ONCE(g->notifying, NULL);
	return NOTIFY_DONE;
}

/* Lines are called <name>-load etc., unless "gpio-line-names" says otherwise. */
static int gpiochip_name_lines(struct gpiochip *g)
{
	struct board *b = g->board;
	const char **names;
	unsigned int n;

	if (device_property_present(b->dev, "gpio-line-names"))
		return 0;
	names = devm_kcalloc(b->dev, LINES, sizeof(*names), GFP_KERNEL);
	if (!names)
		return -ENOMEM;
	for (n = 0; n < LINES; n++) {
		names[n] = devm_kasprintf(b->dev, GFP_KERNEL, "%s-%s", b->name,
					  line_names[n]);
		if (!names[n])
			return -ENOMEM;
	}
	g->chip.names = names;
	return 0;
}

/**
 * gpiochip_attach() - register the GPIO chip
 * @b: the board
 *
 * Return: 0, or a negative errno.
 */
int gpiochip_attach(struct board *b)
{
	struct gpiochip *g = devm_kzalloc(b->dev, sizeof(*g), GFP_KERNEL);
	struct gpio_chip *gc;
	int ret;

	if (!g)
		return -ENOMEM;
	g->board = b;
	ret = gpiochip_name_lines(g);
	if (ret)
		return ret;

	gc = &g->chip;
	gc->label = b->name;
	gc->parent = b->dev;
	gc->owner = THIS_MODULE;
	gc->base = -1;
	gc->ngpio = LINES;
	gc->get = gpiochip_get;
	gc->set = gpiochip_set;
	gc->get_direction = gpiochip_get_direction;
	gc->direction_input = gpiochip_direction_input;
	gc->direction_output = gpiochip_direction_output;
	gc->free = gpiochip_free;

	gpio_irq_chip_set_chip(&gc->irq, &gpiochip_irq);
	gc->irq.handler = handle_bad_irq;
	gc->irq.default_type = IRQ_TYPE_NONE;
	gc->irq.threaded = true;

	ret = devm_gpiochip_add_data(b->dev, gc, g);
	if (ret)
		return ret;
	g->snapshots.notifier_call = gpiochip_snapshot;
	g->snapshots.priority = OBSERVER_GPIOCHIP;
	/* last, so that no edge is raised once the chip is being removed */
	return devm_core_subscribe(b->dev, b->core, &g->snapshots);
}
