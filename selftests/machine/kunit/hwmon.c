// SPDX-License-Identifier: GPL-2.0
/* The hwmon device: which alarms there are, and what they show. */
#include <kunit/device.h>
#include <linux/device.h>
#include <linux/kernfs.h>
#include <linux/property.h>

#include "inject.h"
#include "kunit.h"

static const struct software_node chip_node = {
	.name = "smallbms-kunit-lines",
};

static void remove_chip(void *node)
{
	software_node_unregister(node);
}

/* A board that has the first @count of these lines */
static struct board *wired(struct kunit *test, unsigned int count)
{
	const struct property_entry lines[] = {
		PROPERTY_ENTRY_REF("cell-undervoltage-gpios", &chip_node, 1, 0),
		PROPERTY_ENTRY_REF("charge-inhibit-gpios", &chip_node, 2, 0),
		PROPERTY_ENTRY_REF("cell-overvoltage-gpios", &chip_node, 3, 0),
		PROPERTY_ENTRY_REF("under-temperature-gpios", &chip_node, 4, 0),
		PROPERTY_ENTRY_REF("over-temperature-gpios", &chip_node, 5, 0),
	};
	struct property_entry properties[ARRAY_SIZE(lines) + 1] = { };
	struct board *b = fake_board(test);

	KUNIT_ASSERT_LE(test, count, ARRAY_SIZE(lines));
	memcpy(properties, lines, count * sizeof(*lines));
	KUNIT_ASSERT_EQ(test, software_node_register(&chip_node), 0);
	KUNIT_ASSERT_EQ(test, kunit_add_action_or_reset(test, remove_chip,
							(void *)&chip_node), 0);
	KUNIT_ASSERT_EQ(test, device_create_managed_software_node(b->dev,
								  properties,
								  NULL), 0);
	return b;
}

static struct device_attribute *find(const char *name)
{
	struct kernfs_node *node;
	struct attribute *attr;

	node = kernfs_find_and_get(inject.hwmon->kobj.sd, name);
	if (!node)
		return NULL;
	attr = node->priv;
	kernfs_put(node);
	return container_of(attr, struct device_attribute, attr);
}

static void expect_shown(struct kunit *test, const char *name, const char *text)
{
	struct device_attribute *attr = find(name);
	char *page = kunit_kzalloc(test, PAGE_SIZE, GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, page);
	KUNIT_ASSERT_NOT_NULL_MSG(test, attr, "none is called %s", name);
	KUNIT_EXPECT_EQ(test, attr->show(inject.hwmon, attr, page), strlen(text));
	KUNIT_EXPECT_STREQ_MSG(test, page, text, "%s", name);
	kunit_kfree(test, page);
}

static const char * const alarms[] = {
	"in0_min_alarm", "in0_lcrit_alarm", "in0_crit_alarm", "temp1_crit_alarm",
	"temp1_lcrit_alarm",
};

/* The alarms that are shown to be on, as bits in the order above */
static void expect_alarms(struct kunit *test, u32 on)
{
	unsigned int n;

	for (n = 0; n < ARRAY_SIZE(alarms); n++)
		expect_shown(test, alarms[n], on & BIT(n) ? "1\n" : "0\n");
}

static void shows(struct kunit *test)
{
	/* Conditions as literals */
	static const struct {
		u32 conditions;
		u32 alarms;
	} tries[] = {
		{ 0, 0 }, { 0x01, 0x01 }, { 0x02, 0x03 }, { 0x03, 0x03 },
		{ 0x04, 0x04 }, { 0x08, 0x08 }, { 0x10, 0x10 },
		{ 0x20, 0 }, { 0x3f, 0x1f }, { 0xe00, 0 },
	};
	struct board *b = wired(test, 5);
	struct snapshot s = { };
	unsigned int n;

	KUNIT_ASSERT_EQ(test, hwmon_attach(b), 0);
	expect_shown(test, "name", "smallbms\n");
	expect_shown(test, "in0_label", "kunit cells\n");
	expect_shown(test, "temp1_label", "kunit batteries\n");
	for (n = 0; n < ARRAY_SIZE(tries); n++) {
		s.conditions = tries[n].conditions;
		publish_board(b, &s);
		expect_alarms(test, tries[n].alarms);
	}
	KUNIT_EXPECT_NULL(test, find("in0_input"));
	KUNIT_EXPECT_NULL(test, find("temp1_input"));
}

static void fitted(struct kunit *test)
{
	KUNIT_ASSERT_EQ(test, hwmon_attach(wired(test, 2)), 0);
	KUNIT_EXPECT_NOT_NULL(test, find("in0_min_alarm"));
	KUNIT_EXPECT_NOT_NULL(test, find("in0_lcrit_alarm"));
	KUNIT_EXPECT_NOT_NULL(test, find("in0_label"));
	KUNIT_EXPECT_NULL(test, find("in0_crit_alarm"));
	KUNIT_EXPECT_NULL(test, find("temp1_crit_alarm"));
	KUNIT_EXPECT_NULL(test, find("temp1_lcrit_alarm"));
	KUNIT_EXPECT_NULL(test, find("temp1_label"));
}

static void some_fitted(struct kunit *test)
{
	KUNIT_ASSERT_EQ(test, hwmon_attach(wired(test, 4)), 0);
	KUNIT_EXPECT_NOT_NULL(test, find("in0_crit_alarm"));
	KUNIT_EXPECT_NULL(test, find("temp1_crit_alarm"));
	KUNIT_EXPECT_NOT_NULL(test, find("temp1_lcrit_alarm"));
	KUNIT_EXPECT_NOT_NULL(test, find("temp1_label"));
}

/* The alarms that were notified since last time, as bits */
static void expect_notified(struct kunit *test, u32 which)
{
	static const struct {
		enum hwmon_sensor_types type;
		u32 attr;
	} kinds[] = {
		{ hwmon_in, hwmon_in_min_alarm },
		{ hwmon_in, hwmon_in_lcrit_alarm },
		{ hwmon_in, hwmon_in_crit_alarm },
		{ hwmon_temp, hwmon_temp_crit_alarm },
		{ hwmon_temp, hwmon_temp_lcrit_alarm },
	};
	char expected[sizeof(inject.notified)] = "";
	size_t len = 0;
	unsigned int n;

	for (n = 0; n < ARRAY_SIZE(kinds); n++)
		if (which & BIT(n))
			len += scnprintf(expected + len, sizeof(expected) - len,
					 "%u:%u ", kinds[n].type, kinds[n].attr);
	KUNIT_EXPECT_STREQ(test, inject.notified, expected);
	inject.notified[0] = '\0';
}

static void notifies(struct kunit *test)
{
	const struct snapshot burst[] = {
		{ .conditions = 0x3f }, { }, { .conditions = 0x10 },
	};
	struct board *b = wired(test, 5);
	struct snapshot s = { .conditions = 0x01 };

	publish_board(b, &s);
	KUNIT_ASSERT_EQ(test, hwmon_attach(b), 0);
	expect_notified(test, 0);
	s.conditions = 0x03;
	publish_board(b, &s);
	expect_notified(test, 0x02);	/* a pre-alarm it was before */
	s.conditions = 0x08;
	publish_board(b, &s);
	expect_notified(test, 0x0b);
	s.alarm = 1;
	s.conditions = 0x28;
	publish_board(b, &s);
	expect_notified(test, 0);
	fake_core_publish(b->core, burst, ARRAY_SIZE(burst));
	expect_notified(test, 0x18);
}

static void notifies_fitted(struct kunit *test)
{
	const struct snapshot s = { .conditions = 0x3f };
	struct board *b = wired(test, 2);

	KUNIT_ASSERT_EQ(test, hwmon_attach(b), 0);
	publish_board(b, &s);
	expect_notified(test, 0x03);
}

static void expect_nothing(struct kunit *test, struct board *b)
{
	struct kernfs_node *folder =
		kernfs_find_and_get(b->dev->kobj.sd, "hwmon");

	kernfs_put(folder);
	KUNIT_EXPECT_NULL(test, folder);
	expect_notified(test, 0);
}

static void atomic(struct kunit *test)
{
	const struct snapshot s = { .conditions = 0x04 };
	struct board *b = wired(test, 5);

	expect_atomic(test, b, hwmon_attach, expect_nothing);
	publish_board(b, &s);
	expect_alarms(test, 0x04);
	expect_notified(test, 0x04);
}

static struct kunit_case cases[] = {
	CASE(shows,
	     "Each alarm shows its condition, and the pre-alarm's either of two (L1)"),
	CASE(fitted,
	     "A board with one line for all charge faults has no alarm for each"),
	CASE(some_fitted,
	     "An alarm whose line is not wired is not there"),
	CASE(notifies,
	     "Each alarm that changes is notified once, and no other"),
	CASE(notifies_fitted,
	     "An alarm that is not there is not notified"),
	CASE(atomic,
	     "A hwmon device that fails to attach leaves nothing behind, and is attached later (F0)"),
	{ }
};

static struct kunit_suite suite = {
	.name = "smallbms-hwmon",
	.test_cases = cases,
};

kunit_test_suite(suite);
