// SPDX-License-Identifier: GPL-2.0
/* A board for tests: a real device, a real store of measurements, a fake core. */
#include <kunit/device.h>
#include <linux/device.h>
#include <linux/module.h>

#include "inject.h"
#include "kunit.h"

/**
 * fake_board() - a board called "kunit", to which observers can be attached
 * @test: what it lives as long as
 *
 * Return: the board; a test that cannot have one fails here.
 */
struct board *fake_board(struct kunit *test)
{
	struct board *b = kunit_kzalloc(test, sizeof(*b), GFP_KERNEL);
	struct device *dev;

	KUNIT_ASSERT_NOT_NULL(test, b);
	inject_reset();
	b->core = fake_core(test);
	dev = kunit_device_register(test, "smallbms-kunit");
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, dev);
	b->dev = dev;
	b->name = "kunit";
	b->measurements = devm_measurements_create(dev, 30000);
	KUNIT_ASSERT_NOT_NULL(test, b->measurements);
	dev_set_drvdata(dev, b);
	return b;
}

/**
 * publish_board() - publish one snapshot, and wait until observers were called
 * @b: the board
 * @s: the snapshot
 */
void publish_board(struct board *b, const struct snapshot *s)
{
	fake_core_publish(b->core, s, 1);
}

/* Call everybody who is still subscribed, which must be nobody. */
static void call_observers(struct kunit *test, struct board *b)
{
	struct snapshot s;

	KUNIT_EXPECT_FALSE(test, fake_core_is_observed(b->core));
	core_snapshot(b->core, &s);
	s.alarm++;
	publish_board(b, &s);
	s.alarm--;
	publish_board(b, &s);
	measurements_notify(b->measurements);
}

/**
 * expect_atomic() - attach an observer, after each call in it has failed once
 * @test: the test
 * @b: the board
 * @attach: attaches the observer
 * @expect_nothing: checks that there is nothing of it
 *
 * A failure has to be reported, silent, and to leave nothing behind. On return the
 * observer is attached.
 */
void expect_atomic(struct kunit *test, struct board *b,
		   int (*attach)(struct board *b),
		   void (*expect_nothing)(struct kunit *test, struct board *b))
{
	unsigned int n;

	for (n = 1; n < 100; n++) {
		void *group = devres_open_group(b->dev, NULL, GFP_KERNEL);
		bool failed;
		int ret;

		KUNIT_ASSERT_NOT_NULL(test, group);
		inject_fail_at(n);
		ret = attach(b);
		failed = inject_has_failed();
		inject_fail_at(0);
		if (!failed) {
			KUNIT_EXPECT_EQ(test, ret, 0);
			devres_remove_group(b->dev, group);
			break;
		}
		KUNIT_EXPECT_LT_MSG(test, ret, 0, "call %u fails", n);
		KUNIT_EXPECT_STREQ(test, inject.log, "");
		devres_release_group(b->dev, group);
		call_observers(test, b);
		expect_nothing(test, b);
	}
	KUNIT_EXPECT_GT(test, n, 1);
	KUNIT_EXPECT_LT(test, n, 100);
}

MODULE_DESCRIPTION("Tests of the smallBMS driver");
MODULE_LICENSE("GPL");
