// SPDX-License-Identifier: GPL-2.0
/*
 * What is written into attributes: taken as the interface says, or EINVAL and
 * nothing has changed.
 */
#include <linux/device.h>
#include <linux/hrtimer.h>
#include <linux/kernfs.h>

#include "kunit.h"

/* The store or show function of an attribute that was really registered */
static struct device_attribute *attribute(struct kunit *test, struct board *b,
					  const char *name)
{
	struct kernfs_node *node = kernfs_find_and_get(b->dev->kobj.sd, name);
	struct attribute *attr;

	KUNIT_ASSERT_NOT_NULL_MSG(test, node, "none is called %s", name);
	attr = node->priv;
	kernfs_put(node);
	return container_of(attr, struct device_attribute, attr);
}

static ssize_t store(struct kunit *test, struct board *b, const char *name,
		     const char *text)
{
	struct device_attribute *attr = attribute(test, b, name);

	return attr->store(b->dev, attr, text, strlen(text));
}

static void expect_shown(struct kunit *test, struct board *b, const char *name,
			 const char *text)
{
	struct device_attribute *attr = attribute(test, b, name);
	char *page = kunit_kzalloc(test, PAGE_SIZE, GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, page);
	KUNIT_EXPECT_EQ(test, attr->show(b->dev, attr, page), strlen(text));
	KUNIT_EXPECT_STREQ_MSG(test, page, text, "%s", name);
	kunit_kfree(test, page);
}

static struct board *registered(struct kunit *test)
{
	struct board *b = kunit_board(test);

	KUNIT_ASSERT_EQ(test, attrs_register(b), 0);
	return b;
}

static void remote(struct kunit *test)
{
	static const struct {
		const char *text;
		int on;			/* -1: refused */
	} tries[] = {
		{ "off", 0 }, { "on\n", 1 }, { "0\n", 0 }, { "1", 1 },
		{ "no", 0 }, { "Y", 1 }, { "", -1 }, { "\n", -1 },
		{ " on", -1 }, { "maybe", -1 }, { "2", -1 }, { "-1", -1 },
		{ "o", -1 }, { "false", 0 }, { "\xff\xfe", -1 }, { "true", 1 },
		{ "auto", -1 },
	};
	struct board *b = registered(test);
	bool was = true;
	unsigned int n;

	for (n = 0; n < ARRAY_SIZE(tries); n++) {
		const char *text = tries[n].text;
		ssize_t ret = store(test, b, "remote", text);

		if (tries[n].on >= 0)
			was = tries[n].on;
		KUNIT_EXPECT_EQ_MSG(test, ret, tries[n].on >= 0 ?
				    (ssize_t)strlen(text) : -EINVAL,
				    "'%s'", text);
		KUNIT_EXPECT_EQ_MSG(test, b->protection.software_remote, was,
				    "'%s'", text);
	}
}

static const char * const no_numbers[] = {
	"", "\n", " ", "x", "3e4", "30000x", "30000 1", "-1", "-30000",
	"4294967296", "99999999999999999999", "0x", "30000.5", "on", "\xff",
};

/* Each of the texts is refused, and the value is what it was. */
static void expect_refused(struct kunit *test, struct board *b, const char *name,
			   const char * const *texts, unsigned int count,
			   const u32 *value, u32 was)
{
	unsigned int n;

	for (n = 0; n < count; n++) {
		KUNIT_EXPECT_EQ_MSG(test, store(test, b, name, texts[n]), -EINVAL,
				    "'%s'", texts[n]);
		KUNIT_EXPECT_EQ(test, *value, was);
	}
}

static void pre_alarm_delay(struct kunit *test)
{
	static const char * const too_short[] = { "0", "29999", "1", "0x752f" };
	struct board *b = registered(test);
	const u32 *ms = &b->protection.cfg.pre_alarm_delay_ms;

	KUNIT_EXPECT_EQ(test, store(test, b, "pre_alarm_delay_ms", "45000\n"), 6);
	KUNIT_EXPECT_EQ(test, *ms, 45000);
	expect_refused(test, b, "pre_alarm_delay_ms", no_numbers,
		       ARRAY_SIZE(no_numbers), ms, 45000);
	expect_refused(test, b, "pre_alarm_delay_ms", too_short,
		       ARRAY_SIZE(too_short), ms, 45000);
	KUNIT_EXPECT_EQ(test, store(test, b, "pre_alarm_delay_ms", "30000"), 5);
	KUNIT_EXPECT_EQ(test, *ms, 30000);
	expect_shown(test, b, "pre_alarm_delay_ms", "30000\n");
	KUNIT_EXPECT_EQ(test, store(test, b, "pre_alarm_delay_ms",
				    "4294967295"), 10);
	KUNIT_EXPECT_EQ(test, *ms, U32_MAX);
	expect_shown(test, b, "pre_alarm_delay_ms", "4294967295\n");
}

static void load_reconnect_delay(struct kunit *test)
{
	struct board *b = registered(test);
	const u32 *ms = &b->protection.cfg.load_reconnect_delay_ms;

	KUNIT_EXPECT_EQ(test, store(test, b, "load_reconnect_delay_ms", "7"), 1);
	expect_refused(test, b, "load_reconnect_delay_ms", no_numbers,
		       ARRAY_SIZE(no_numbers), ms, 7);
	KUNIT_EXPECT_EQ(test, store(test, b, "load_reconnect_delay_ms", "0"), 1);
	KUNIT_EXPECT_EQ(test, *ms, 0);
	expect_shown(test, b, "load_reconnect_delay_ms", "0\n");
}

static void conditions(struct kunit *test)
{
	struct board *b = registered(test);

	expect_shown(test, b, "conditions", "none\n");
	b->view.conditions = 0x12;
	expect_shown(test, b, "conditions",
		     "cell-undervoltage under-temperature\n");
	b->view.conditions = 0xe3f;
	expect_shown(test, b, "conditions",
		     "cell-low cell-undervoltage cell-overvoltage over-temperature under-temperature charge-inhibit io-error sense-mismatch implausible\n");
	b->measure.out_of_range = true;
	b->view.conditions = 0;
	expect_shown(test, b, "conditions", "voltage-out-of-range\n");
}

static void cut_short(struct kunit *test)
{
	char buf[24];
	unsigned int size;

	for (size = 1; size < sizeof(buf); size++) {
		int len;

		memset(buf, 'x', sizeof(buf));
		len = conditions_print(0xe3f, buf, size);
		KUNIT_EXPECT_LT(test, len, (int)size);
		KUNIT_EXPECT_EQ(test, strnlen(buf, size), len);
		KUNIT_EXPECT_EQ(test, buf[size], 'x');
	}
}

static void told(struct kunit *test)
{
	struct board *b = registered(test);

	b->view.outputs = 0x5;
	b->view.alarm = 2;
	b->view.remote = true;
	b->view.load_reason = PROTECTION_BY_LINE + 1;
	b->view.charge_reason = PROTECTION_BY_USER;
	expect_shown(test, b, "load", "on\n");
	expect_shown(test, b, "charge", "off\n");
	expect_shown(test, b, "pre_alarm", "on\n");
	b->view.terminals = false;
	expect_shown(test, b, "terminals", "off\n");
	b->view.terminals = true;
	expect_shown(test, b, "terminals", "on\n");
	expect_shown(test, b, "remote", "on\n");
	expect_shown(test, b, "alarm", "2\n");
	expect_shown(test, b, "load_off_reason", "cell-undervoltage\n");
	expect_shown(test, b, "charge_off_reason", "user\n");
	b->disconnect_at = PROTECTION_NEVER;
	expect_shown(test, b, "disconnect_in_ms", "-1\n");
	b->disconnect_at = 0;		/* over already */
	expect_shown(test, b, "disconnect_in_ms", "0\n");
}

/* Attributes are there before the board has started, and while it rests. */
static void at_rest(struct kunit *test)
{
	struct board *boards[] = {
		kunit_board(test), kunit_sleeping_board(test),
	};
	unsigned int n;

	for (n = 0; n < ARRAY_SIZE(boards); n++) {
		struct board *b = boards[n];
		u64 sensed_at = b->sensed_at;

		KUNIT_ASSERT_EQ(test, attrs_register(b), 0);
		KUNIT_EXPECT_EQ(test, store(test, b, "remote", "off"), 3);
		KUNIT_EXPECT_FALSE(test, b->protection.software_remote);
		KUNIT_EXPECT_EQ(test, b->sensed_at, sensed_at);
		KUNIT_EXPECT_FALSE(test, hrtimer_active(&b->timer));
		KUNIT_EXPECT_FALSE(test, hrtimer_active(&b->watch.timer));
	}
}

static struct kunit_case cases[] = {
	CASE(remote,
	     "The remote takes any of the kernel's booleans, and changes for nothing else (M2)"),
	CASE(pre_alarm_delay,
	     "The pre-alarm delay takes 30000 ms and more, and changes for nothing else (L2)"),
	CASE(load_reconnect_delay,
	     "The load's reconnect delay takes a number of ms, and changes for nothing else (L4)"),
	CASE(conditions,
	     "Conditions are named in their order, or there are none"),
	CASE(cut_short,
	     "Conditions that do not fit are cut short, and end"),
	CASE(told,
	     "Attributes tell what the board has published"),
	CASE(at_rest,
	     "A board at rest takes what is written, and no turn"),
	{ }
};

static struct kunit_suite suite = {
	.name = "smallbms-attrs",
	.test_cases = cases,
};

kunit_test_suite(suite);
