// SPDX-License-Identifier: GPL-2.0
/*
 * A board for tests. Nothing in it is made up but that it has no lines: it has a
 * device, is initialised and registered as by a probe, and is not started.
 */
#include <kunit/device.h>
#include <linux/device.h>
#include <linux/module.h>

#include "kunit.h"

static struct board *make(struct kunit *test, bool sleeps)
{
	const struct protection_config cfg = {
		.fitted = PROTECTION_CONDITIONS,
		.pre_alarm_delay_ms = 30000,
		.load_reconnect_delay_ms = 30000,
		.charge_reconnect_delay_ms = 1000,
		.clear_delay_ms = 1000,
		.debounce_delay_ms = 20,
	};
	static unsigned int made;
	struct board *b = kunit_kzalloc(test, sizeof(*b), GFP_KERNEL);
	char name[32];
	struct device *dev;

	KUNIT_ASSERT_NOT_NULL(test, b);
	/* two in one test have drivers of different names */
	snprintf(name, sizeof(name), "smallbms-kunit%u", made++);
	dev = kunit_device_register(test, name);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, dev);
	b->dev = dev;
	b->name = "kunit";
	b->inputs.sleeps = sleeps;
	dev_set_drvdata(dev, b);
	KUNIT_ASSERT_EQ(test, board_init(b, &cfg, 0), 0);
	return b;
}

/**
 * kunit_board() - a board that is told what to tell
 * @test: what it lives as long as
 *
 * Return: the board; a test that cannot have one fails here.
 */
struct board *kunit_board(struct kunit *test)
{
	return make(test, false);
}

/**
 * kunit_sleeping_board() - the same, whose turns are taken by a thread
 * @test: what it lives as long as
 *
 * Return: the board; a test that cannot have one fails here.
 */
struct board *kunit_sleeping_board(struct kunit *test)
{
	return make(test, true);
}

MODULE_DESCRIPTION("Tests of the smallBMS driver");
MODULE_LICENSE("GPL");
