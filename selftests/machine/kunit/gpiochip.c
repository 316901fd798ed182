// SPDX-License-Identifier: GPL-2.0
/* The lines that the board offers, and the order of their edges. */
#include <linux/device.h>
#include <linux/gpio/consumer.h>
#include <linux/gpio/driver.h>
#include <linux/gpio/machine.h>
#include <linux/interrupt.h>
#include <linux/irq.h>

#include "inject.h"
#include "kunit.h"

#define LOAD_LINE	0
#define REMOTE_LINE	3
#define UV_LINE		5

#define ROOM		64

/* The consumer of a line, and what it reads at each edge */
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

static void free_desc(void *desc)
{
	gpiochip_free_own_desc(desc);
}

static struct gpio_desc *line(struct kunit *test, struct board *b,
			      unsigned int n)
{
	struct gpio_desc *desc;

	desc = gpiochip_request_own_desc(inject.chip, n, "kunit",
					 GPIO_ACTIVE_HIGH, GPIOD_IN);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, desc);
	KUNIT_ASSERT_EQ(test, devm_add_action_or_reset(b->dev, free_desc, desc),
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

static struct board *attached(struct kunit *test)
{
	struct board *b = fake_board(test);

	KUNIT_ASSERT_EQ(test, gpiochip_attach(b), 0);
	return b;
}

static void each_edge(struct kunit *test)
{
	struct snapshot states[18] = { };
	struct board *b = attached(test);
	struct listener *both = listener(test, b, LOAD_LINE, IRQF_TRIGGER_RISING |
					 IRQF_TRIGGER_FALLING);
	unsigned int n;

	/* each state twice */
	for (n = 0; n < ARRAY_SIZE(states); n++)
		states[n].outputs = n / 2 % 2 ? 0 : OUTPUT_LOAD;
	fake_core_publish(b->core, states, ARRAY_SIZE(states));
	KUNIT_EXPECT_EQ(test, both->edges, 9);
	for (n = 0; n < 9; n++)
		KUNIT_EXPECT_EQ_MSG(test, both->level[n], !(n % 2), "edge %u", n);
	KUNIT_EXPECT_EQ(test, gpiod_get_value(both->desc), 1);
	publish_board(b, &states[ARRAY_SIZE(states) - 1]);
	KUNIT_EXPECT_EQ(test, both->edges, 9);
}

static void one_way(struct kunit *test)
{
	struct board *b = attached(test);
	struct listener *rises = listener(test, b, UV_LINE, IRQF_TRIGGER_RISING);
	struct listener *falls = listener(test, b, LOAD_LINE,
					  IRQF_TRIGGER_FALLING);
	struct snapshot s = { };
	unsigned int n;

	for (n = 0; n < 6; n++) {
		s.outputs ^= OUTPUT_LOAD;
		s.conditions ^= BIT(INPUT_CELL_UNDERVOLTAGE);
		publish_board(b, &s);
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
	struct board *b = attached(test);
	struct listener *load = listener(test, b, LOAD_LINE, IRQF_TRIGGER_RISING |
					 IRQF_TRIGGER_FALLING);
	struct listener *uv = listener(test, b, UV_LINE, IRQF_TRIGGER_RISING |
				       IRQF_TRIGGER_FALLING);
	struct snapshot *states;
	unsigned int n;

	/* an odd number, and far more than there is room for */
	states = kunit_kcalloc(test, 102, sizeof(*states), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, states);
	for (n = 0; n < 101; n++)
		states[n].outputs = n % 2 ? 0 : OUTPUT_LOAD;
	states[101] = states[100];
	states[101].conditions = BIT(INPUT_CELL_UNDERVOLTAGE);
	fake_core_publish(b->core, states, 102);
	KUNIT_EXPECT_GE(test, load->edges, 1);
	KUNIT_EXPECT_LE(test, load->edges, SNAPSHOT_QUEUE);
	KUNIT_ASSERT_LE(test, load->edges, ROOM);
	KUNIT_EXPECT_EQ(test, load->level[load->edges - 1], 1);
	for (n = 1; n < load->edges; n++)
		KUNIT_EXPECT_NE(test, load->level[n], load->level[n - 1]);
	KUNIT_EXPECT_EQ(test, uv->edges, 1);
	KUNIT_EXPECT_EQ(test, uv->level[0], 1);
	KUNIT_EXPECT_EQ(test, gpiod_get_value(load->desc), 1);
}

static void levels(struct kunit *test)
{
	static const struct {
		struct snapshot s;
		u32 levels;
	} tries[] = {
		{ { .outputs = OUTPUT_LOAD }, 0x001 },
		{ { .outputs = OUTPUT_CHARGE }, 0x002 },
		{ { .outputs = OUTPUT_PRE_ALARM }, 0x004 },
		{ { .conditions = BIT(INPUT_CELL_LOW) }, 0x010 },
		{ { .conditions = BIT(INPUT_CELL_UNDERVOLTAGE) }, 0x020 },
		{ { .conditions = BIT(INPUT_CELL_OVERVOLTAGE) }, 0x040 },
		{ { .conditions = BIT(INPUT_OVER_TEMPERATURE) }, 0x080 },
		{ { .conditions = BIT(INPUT_UNDER_TEMPERATURE) }, 0x100 },
		{ { .conditions = BIT(INPUT_CHARGE_INHIBIT) }, 0x200 },
		{ { .terminals = 1 }, 0x400 },
		{ { .conditions = CONDITION_IO_ERROR }, 0x800 },
		{ { .conditions = CONDITION_SENSE_MISMATCH }, 0x800 },
		{ { .conditions = CONDITION_IMPLAUSIBLE }, 0x800 },
	};
	struct board *b = attached(test);
	struct gpio_desc *desc[12];
	unsigned int n, i;

	for (n = 0; n < ARRAY_SIZE(desc); n++)
		desc[n] = line(test, b, n);
	for (i = 0; i < ARRAY_SIZE(tries); i++) {
		u32 seen = 0;

		publish_board(b, &tries[i].s);
		for (n = 0; n < ARRAY_SIZE(desc); n++)
			if (n != REMOTE_LINE && gpiod_get_value(desc[n]) > 0)
				seen |= BIT(n);
		KUNIT_EXPECT_EQ_MSG(test, seen, tries[i].levels, "try %u", i);
	}
}

static void remote(struct kunit *test)
{
	struct board *b = attached(test);
	struct gpio_desc *desc = line(test, b, REMOTE_LINE);

	KUNIT_EXPECT_EQ(test, gpiod_get_value(desc), 1);
	KUNIT_EXPECT_EQ(test, gpiod_get_direction(desc), 1);
	KUNIT_EXPECT_EQ(test, gpiod_direction_output(desc, 0), 0);
	KUNIT_EXPECT_EQ(test, core_setting(b->core, CORE_REMOTE), 0);
	KUNIT_EXPECT_EQ(test, gpiod_get_value(desc), 0);
	KUNIT_EXPECT_EQ(test, gpiod_get_direction(desc), 0);
	gpiod_set_value(desc, 1);
	KUNIT_EXPECT_EQ(test, core_setting(b->core, CORE_REMOTE), 1);
	KUNIT_EXPECT_EQ(test, gpiod_get_value(desc), 1);
}

static void remote_stays(struct kunit *test)
{
	struct board *b = attached(test);
	struct gpio_desc *desc;

	desc = gpiochip_request_own_desc(inject.chip, REMOTE_LINE, "kunit",
					 GPIO_ACTIVE_HIGH, GPIOD_OUT_LOW);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, desc);
	KUNIT_EXPECT_EQ(test, core_setting(b->core, CORE_REMOTE), 0);
	gpiochip_free_own_desc(desc);
	KUNIT_EXPECT_EQ(test, core_setting(b->core, CORE_REMOTE), 0);
	KUNIT_EXPECT_EQ(test, gpiod_get_direction(line(test, b, REMOTE_LINE)), 1);
}

static void no_others(struct kunit *test)
{
	static const u32 none[CORE_SETTINGS];
	struct board *b = attached(test);
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
	for (n = 0; n < CORE_SETTINGS; n++)
		KUNIT_EXPECT_EQ(test, core_setting(b->core, n),
				core_limits(none, n).fallback);
}

static void no_levels(struct kunit *test)
{
	struct board *b = attached(test);
	int irq = gpiod_to_irq(line(test, b, LOAD_LINE));

	KUNIT_ASSERT_GT(test, irq, 0);
	KUNIT_EXPECT_EQ(test, irq_set_irq_type(irq, IRQ_TYPE_LEVEL_HIGH), -EINVAL);
	KUNIT_EXPECT_EQ(test, irq_set_irq_type(irq, IRQ_TYPE_LEVEL_LOW), -EINVAL);
	KUNIT_EXPECT_EQ(test, irq_set_irq_type(irq, IRQ_TYPE_EDGE_BOTH), 0);
}

static void expect_nothing(struct kunit *test, struct board *b)
{
	struct gpio_device *gdev = gpio_device_find_by_label("kunit");

	KUNIT_EXPECT_NULL(test, gdev);
	if (gdev)
		gpio_device_put(gdev);
}

static void atomic(struct kunit *test)
{
	struct board *b = fake_board(test);
	const struct snapshot s = { .outputs = OUTPUT_LOAD };
	struct listener *l;

	expect_atomic(test, b, gpiochip_attach, expect_nothing);
	l = listener(test, b, LOAD_LINE, IRQF_TRIGGER_RISING);
	publish_board(b, &s);
	KUNIT_EXPECT_EQ(test, l->edges, 1);
}

static struct kunit_case cases[] = {
	CASE(each_edge,
	     "Each edge is raised once, in order, with its level, even if they come faster than they are handled"),
	CASE(one_way,
	     "A consumer that requests one kind of edge gets that alone"),
	CASE(full,
	     "Of more edges than there is room for, the last level is raised"),
	CASE(levels,
	     "Each line shows what its name says, and the fault line all faults"),
	CASE(remote,
	     "The remote's line is the software remote (M2)"),
	CASE(remote_stays,
	     "The remote stays as it is when its line is freed (M2)"),
	CASE(no_others,
	     "No other line can be driven"),
	CASE(no_levels,
	     "A line interrupts by edges alone"),
	CASE(atomic,
	     "A chip that fails to attach leaves nothing behind, and is attached later (F0)"),
	{ }
};

static struct kunit_suite suite = {
	.name = "smallbms-gpiochip",
	.test_cases = cases,
};

kunit_test_suite(suite);
