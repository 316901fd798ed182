// SPDX-License-Identifier: GPL-2.0
/* A board for tests: a real device, a real store of measurements, a fake core. */
#include <kunit/device.h>
#include <linux/device.h>
#include <linux/kernfs.h>
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
 * find_attribute() - an attribute that was really registered
 * @b: the board
 * @folder: below its device, or NULL
 * @name: of the attribute
 *
 * Return: the attribute, or NULL.
 */
struct device_attribute *find_attribute(const struct board *b, const char *folder,
					const char *name)
{
	struct kernfs_node *parent = b->dev->kobj.sd, *node;
	struct attribute *attr;

	if (folder) {
		parent = kernfs_find_and_get(parent, folder);
		if (!parent)
			return NULL;
	}
	node = kernfs_find_and_get(parent, name);
	if (folder)
		kernfs_put(parent);
	if (!node)
		return NULL;
	attr = node->priv;
	kernfs_put(node);
	return container_of(attr, struct device_attribute, attr);
}

/**
 * store_in() - write an attribute; a test whose board lacks it fails here
 * @test: the test
 * @b: the board
 * @folder: as of find_attribute()
 * @name: likewise
 * @text: what is written
 *
 * Return: what the attribute returned.
 */
ssize_t store_in(struct kunit *test, struct board *b, const char *folder,
		 const char *name, const char *text)
{
	struct device_attribute *attr = find_attribute(b, folder, name);

	KUNIT_ASSERT_NOT_NULL_MSG(test, attr, "none is called %s", name);
	return attr->store(b->dev, attr, text, strlen(text));
}

/**
 * expect_shown_in() - read an attribute, which must be there
 * @test: the test
 * @b: the board
 * @folder: as of find_attribute()
 * @name: likewise
 * @text: what must be read
 */
void expect_shown_in(struct kunit *test, struct board *b, const char *folder,
		     const char *name, const char *text)
{
	struct device_attribute *attr = find_attribute(b, folder, name);
	char *page = kunit_kzalloc(test, PAGE_SIZE, GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL_MSG(test, attr, "none is called %s", name);
	KUNIT_ASSERT_NOT_NULL(test, page);
	KUNIT_EXPECT_EQ(test, attr->show(b->dev, attr, page), strlen(text));
	KUNIT_EXPECT_STREQ_MSG(test, page, text, "%s", name);
	kunit_kfree(test, page);
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
