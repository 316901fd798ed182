// SPDX-License-Identifier: GPL-2.0
/*
 * The board as a GPIO chip, for libgpiod and for other drivers.
 *
 * Levels come from what the board has published, so asking never sleeps. Every
 * change is queued where it is published, and told from the board's report: one
 * event for each, in their order, even if they come faster than anybody
 * listens. Interrupts are nested ones, whose handlers run right there.
 */
#include <linux/bitops.h>
#include <linux/device.h>
#include <linux/gpio/driver.h>
#include <linux/interrupt.h>
#include <linux/irq.h>
#include <linux/irqdomain.h>
#include <linux/property.h>
#include <linux/sched.h>

#include "board.h"
#include "compat.h"

enum gpiochip_line {
	LINE_LOAD,
	LINE_CHARGE,
	LINE_PRE_ALARM,
	LINE_REMOTE,
	LINE_CONDITIONS,	/* six, in the order of &enum protection_line */
	LINE_TERMINALS = LINE_CONDITIONS + 6,
	LINE_FAULT,
	LINES
};

static const char * const line_names[LINES] = {
	"load", "charge", "pre-alarm", "remote", "cell-low",
	"cell-undervoltage", "cell-overvoltage", "over-temperature",
	"under-temperature", "charge-inhibit", "terminals", "fault",
};

static u32 gpiochip_levels(const struct board_view *view)
{
	u32 levels = view->outputs << LINE_LOAD;

	levels |= (view->conditions & PROTECTION_CONDITIONS) << LINE_CONDITIONS;
	if (view->remote)
		levels |= BIT(LINE_REMOTE);
	if (view->terminals)
		levels |= BIT(LINE_TERMINALS);
	if (view->conditions & ~PROTECTION_CONDITIONS)
		levels |= BIT(LINE_FAULT);
	return levels;
}

static struct board *to_board(struct gpio_chip *gc)
{
	return gpiochip_get_data(gc);
}

static int gpiochip_get(struct gpio_chip *gc, unsigned int line)
{
	struct board *b = to_board(gc);
	struct board_gpio *g = &b->gpio;
	struct board_view view;

	/* Who is told of an edge reads the level that it led to. */
	if (READ_ONCE(g->teller) == current)
		return !!(g->told & BIT(line));
	/* What was written reads back at once. */
	if (line == LINE_REMOTE)
		return READ_ONCE(b->protection.software_remote);
	board_view(b, &view, NULL);
	return !!(gpiochip_levels(&view) & BIT(line));
}

static int gpiochip_switch(struct gpio_chip *gc, unsigned int line, int value)
{
	if (line != LINE_REMOTE)
		return -EPERM;
	board_switch_remote(to_board(gc), value);
	return 0;
}

SMALLBMS_GPIO_SET(gpiochip_set, gpiochip_switch)

static int gpiochip_get_direction(struct gpio_chip *gc, unsigned int line)
{
	return line == LINE_REMOTE && READ_ONCE(to_board(gc)->gpio.drives_remote) ?
	       GPIO_LINE_DIRECTION_OUT : GPIO_LINE_DIRECTION_IN;
}

static int gpiochip_direction_input(struct gpio_chip *gc, unsigned int line)
{
	if (line == LINE_REMOTE)
		WRITE_ONCE(to_board(gc)->gpio.drives_remote, false);
	return 0;
}

static int gpiochip_direction_output(struct gpio_chip *gc, unsigned int line,
				     int value)
{
	int ret = gpiochip_switch(gc, line, value);

	if (!ret)
		WRITE_ONCE(to_board(gc)->gpio.drives_remote, true);
	return ret;
}

/* The remote stays as it is: the end of a program must not switch the loads. */
static void gpiochip_free(struct gpio_chip *gc, unsigned int line)
{
	gpiochip_direction_input(gc, line);
}

static void gpiochip_irq_mask(struct irq_data *d)
{
	struct gpio_chip *gc = irq_data_get_irq_chip_data(d);

	clear_bit(irqd_to_hwirq(d), &to_board(gc)->gpio.enabled);
	gpiochip_disable_irq(gc, irqd_to_hwirq(d));
}

static void gpiochip_irq_unmask(struct irq_data *d)
{
	struct gpio_chip *gc = irq_data_get_irq_chip_data(d);

	gpiochip_enable_irq(gc, irqd_to_hwirq(d));
	set_bit(irqd_to_hwirq(d), &to_board(gc)->gpio.enabled);
}

static int gpiochip_irq_set_type(struct irq_data *d, unsigned int type)
{
	struct board_gpio *g =
		&to_board(irq_data_get_irq_chip_data(d))->gpio;

	/* Nobody could make a level go away: edges alone */
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

/**
 * gpiochip_publish() - queue what has changed
 * @b: the board, its lock held
 * @view: what it tells now
 *
 * Return: true if there is anything to tell.
 */
bool gpiochip_publish(struct board *b, const struct board_view *view)
{
	struct board_gpio *g = &b->gpio;
	u32 levels = gpiochip_levels(view);

	if (levels == g->newest)
		return false;
	g->newest = levels;
	/* If nobody listens for so long, they get the sum of what they missed. */
	if (g->head - g->tail == ARRAY_SIZE(g->queue))
		g->head--;
	g->queue[g->head++ % ARRAY_SIZE(g->queue)] = levels;
	return true;
}

static bool gpiochip_next(struct board *b, u32 *levels)
{
	struct board_gpio *g = &b->gpio;
	bool found;

	raw_spin_lock_irq(&b->lock);
	found = g->tail != g->head;
	if (found)
		*levels = g->queue[g->tail++ % ARRAY_SIZE(g->queue)];
	raw_spin_unlock_irq(&b->lock);
	return found;
}

/**
 * gpiochip_report() - tell of the edges
 * @b: the board
 *
 * Context: the board's report alone.
 */
void gpiochip_report(struct board *b)
{
	struct board_gpio *g = &b->gpio;
	unsigned long changed, listening;
	unsigned int line;
	u32 levels;

	while (gpiochip_next(b, &levels)) {
		changed = g->told ^ levels;
		g->told = levels;
		listening = READ_ONCE(g->enabled) &
			    ((READ_ONCE(g->rising) & levels) |
			     (READ_ONCE(g->falling) & ~levels));
		changed &= listening;
		WRITE_ONCE(g->teller, current);
		for_each_set_bit(line, &changed, LINES)
			handle_nested_irq(irq_find_mapping(g->chip.irq.domain,
							   line));
		WRITE_ONCE(g->teller, NULL);
	}
}

/* "gpio-line-names" names them otherwise */
static int gpiochip_name(struct board *b)
{
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
	b->gpio.chip.names = names;
	return 0;
}

/**
 * gpiochip_register() - offer the lines
 * @b: the board, its name given; nothing is reported yet
 *
 * Return: 0, or a negative errno after a message.
 */
int gpiochip_register(struct board *b)
{
	struct board_gpio *g = &b->gpio;
	struct gpio_chip *gc = &g->chip;
	int ret;

	/* Nobody listens yet to what was queued. */
	g->told = g->newest;
	g->tail = g->head;

	ret = gpiochip_name(b);
	if (ret)
		return ret;
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

	ret = devm_gpiochip_add_data(b->dev, gc, b);
	if (ret)
		return dev_err_probe(b->dev, ret, "no GPIO chip '%s'\n",
				     b->name);
	return 0;
}
