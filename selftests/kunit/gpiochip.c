// SPDX-License-Identifier: GPL-2.0
/* The lines that the board offers, and the queue of their edges. */
#include <linux/device.h>
#include <linux/gpio/consumer.h>
#include <linux/gpio/driver.h>
#include <linux/gpio/machine.h>
#include <linux/interrupt.h>
#include <linux/irq.h>

#include "kunit.h"

#define LOAD_LINE	0
#define REMOTE_LINE	3
#define UV_LINE		5

#define ROOM		64

/* Who listens to a line, and what it reads at each edge */
struct listener {
	struct gpio_desc *desc;
	unsigned int edges;
	int level[ROOM];
};

static irqreturn_t listen(int irq, void *data)
{
	struct listener *l = data;

	if (l->edges < ROOM)
		l->level[l->edges] = gpiod_get_value(l->desc);
	l->edges++;
	return IRQ_HANDLED;
}

static void give_back(void *desc)
{
	gpiochip_free_own_desc(desc);
}

static struct gpio_desc *line(struct kunit *test, struct board *b,
			      unsigned int n)
{
	struct gpio_desc *desc;

	desc = gpiochip_request_own_desc(&b->gpio.chip, n, "kunit",
					 GPIO_ACTIVE_HIGH, GPIOD_IN);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, desc);
	KUNIT_ASSERT_EQ(test, devm_add_action_or_reset(b->dev, give_back, desc),
			0);
	return desc;
}

static struct listener *listener(struct kunit *test, struct board *b,
				 unsigned int n, unsigned long edges)
{
	struct listener *l = devm_kzalloc(b->dev, sizeof(*l), GFP_KERNEL);
	int irq;

	KUNIT_ASSERT_NOT_NULL(test, l);
	l->desc = line(test, b, n);
	irq = gpiod_to_irq(l->desc);
	KUNIT_ASSERT_GT(test, irq, 0);
	KUNIT_ASSERT_EQ(test, devm_request_threaded_irq(b->dev, irq, NULL, listen,
							edges | IRQF_ONESHOT,
							"kunit", l), 0);
	return l;
}

static struct board *registered(struct kunit *test)
{
	struct board *b = kunit_board(test);

	KUNIT_ASSERT_EQ(test, gpiochip_register(b), 0);
	return b;
}

static bool publish(struct board *b, const struct board_view *view)
{
	bool changed;

	raw_spin_lock_irq(&b->lock);
	changed = gpiochip_publish(b, view);
	b->view = *view;
	raw_spin_unlock_irq(&b->lock);
	return changed;
}

static void each_edge(struct kunit *test)
{
	struct board *b = registered(test);
	struct listener *both = listener(test, b, LOAD_LINE, IRQF_TRIGGER_RISING |
					 IRQF_TRIGGER_FALLING);
	struct board_view view = b->view;
	unsigned int n;

	/* faster than anybody is told */
	for (n = 0; n < 9; n++) {
		view.outputs ^= PROTECTION_LOAD;
		KUNIT_EXPECT_TRUE(test, publish(b, &view));
		KUNIT_EXPECT_FALSE(test, publish(b, &view));
	}
	KUNIT_EXPECT_EQ(test, both->edges, 0);
	gpiochip_report(b);
	KUNIT_EXPECT_EQ(test, both->edges, 9);
	for (n = 0; n < 9; n++)
		KUNIT_EXPECT_EQ_MSG(test, both->level[n], !(n % 2), "edge %u", n);
	gpiochip_report(b);
	KUNIT_EXPECT_EQ(test, both->edges, 9);
}

static void one_way(struct kunit *test)
{
	struct board *b = registered(test);
	struct listener *rises = listener(test, b, UV_LINE, IRQF_TRIGGER_RISING);
	struct listener *falls = listener(test, b, LOAD_LINE,
					  IRQF_TRIGGER_FALLING);
	struct board_view view = b->view;
	unsigned int n;

	for (n = 0; n < 6; n++) {
		view.outputs ^= PROTECTION_LOAD;
		view.conditions ^= PROTECTION_BIT(PROTECTION_CELL_UNDERVOLTAGE);
		publish(b, &view);
		gpiochip_report(b);
	}
	KUNIT_EXPECT_EQ(test, rises->edges, 3);
	KUNIT_EXPECT_EQ(test, falls->edges, 3);
	for (n = 0; n < 3; n++) {
		KUNIT_EXPECT_EQ(test, rises->level[n], 1);
		KUNIT_EXPECT_EQ(test, falls->level[n], 0);
	}
}

static void full(struct kunit *test)
{
	struct board *b = registered(test);
	struct listener *load = listener(test, b, LOAD_LINE, IRQF_TRIGGER_RISING |
					 IRQF_TRIGGER_FALLING);
	struct listener *uv = listener(test, b, UV_LINE, IRQF_TRIGGER_RISING |
				       IRQF_TRIGGER_FALLING);
	struct board_view view = b->view;
	unsigned int n;

	/* an odd number, and far more than there is room for */
	for (n = 0; n < 101; n++) {
		view.outputs ^= PROTECTION_LOAD;
		publish(b, &view);
	}
	view.conditions |= PROTECTION_BIT(PROTECTION_CELL_UNDERVOLTAGE);
	publish(b, &view);
	gpiochip_report(b);
	KUNIT_EXPECT_GE(test, load->edges, 1);
	KUNIT_EXPECT_LE(test, load->edges, BOARD_GPIO_QUEUE);
	KUNIT_ASSERT_LE(test, load->edges, ROOM);
	KUNIT_EXPECT_EQ(test, load->level[load->edges - 1], 1);
	for (n = 1; n < load->edges; n++)
		KUNIT_EXPECT_NE(test, load->level[n], load->level[n - 1]);
	KUNIT_EXPECT_EQ(test, uv->edges, 1);
	KUNIT_EXPECT_EQ(test, uv->level[0], 1);
	KUNIT_EXPECT_EQ(test, gpiod_get_value(load->desc), 1);
}

static void remote(struct kunit *test)
{
	struct board *b = registered(test);
	struct gpio_desc *desc = line(test, b, REMOTE_LINE);

	KUNIT_EXPECT_EQ(test, gpiod_get_value(desc), 1);
	KUNIT_EXPECT_EQ(test, gpiod_get_direction(desc), 1);
	KUNIT_EXPECT_EQ(test, gpiod_direction_output(desc, 0), 0);
	KUNIT_EXPECT_FALSE(test, b->protection.software_remote);
	KUNIT_EXPECT_EQ(test, gpiod_get_value(desc), 0);
	KUNIT_EXPECT_EQ(test, gpiod_get_direction(desc), 0);
	gpiod_set_value(desc, 1);
	KUNIT_EXPECT_TRUE(test, b->protection.software_remote);
}

static void no_others(struct kunit *test)
{
	struct board *b = registered(test);
	unsigned int n;

	for (n = 0; n < 12; n++) {
		struct gpio_desc *desc;

		if (n == REMOTE_LINE)
			continue;
		desc = line(test, b, n);
		KUNIT_EXPECT_EQ_MSG(test, gpiod_direction_output(desc, 1), -EPERM,
				    "line %u", n);
		KUNIT_EXPECT_EQ_MSG(test, gpiod_get_direction(desc), 1,
				    "line %u", n);
	}
	KUNIT_EXPECT_EQ(test, b->protection.outputs, 0);
	KUNIT_EXPECT_TRUE(test, b->protection.software_remote);
}

static void no_levels(struct kunit *test)
{
	struct board *b = registered(test);
	int irq = gpiod_to_irq(line(test, b, LOAD_LINE));

	KUNIT_ASSERT_GT(test, irq, 0);
	KUNIT_EXPECT_EQ(test, irq_set_irq_type(irq, IRQ_TYPE_LEVEL_HIGH), -EINVAL);
	KUNIT_EXPECT_EQ(test, irq_set_irq_type(irq, IRQ_TYPE_LEVEL_LOW), -EINVAL);
	KUNIT_EXPECT_EQ(test, irq_set_irq_type(irq, IRQ_TYPE_EDGE_BOTH), 0);
}

static struct kunit_case cases[] = {
	CASE(each_edge,
	     "Each edge is told once, in order, with its level, even if they come faster than anybody is told"),
	CASE(one_way,
	     "Who asks for one kind of edge is told of that alone"),
	CASE(full,
	     "Of more edges than there is room for, the last level is told"),
	CASE(remote,
	     "The remote's line is the software remote (M2)"),
	CASE(no_others,
	     "No other line can be driven"),
	CASE(no_levels,
	     "A line interrupts by edges alone"),
	{ }
};

static struct kunit_suite suite = {
	.name = "smallbms-gpiochip",
	.test_cases = cases,
};

kunit_test_suite(suite);
