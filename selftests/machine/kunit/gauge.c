// SPDX-License-Identifier: GPL-2.0
/* The gauge: what a program writes is taken as the interface says, or EINVAL. */
#include <linux/device.h>

#include "inject.h"
#include "kunit.h"

static const char * const names[] = {
	"soc_permille", "voltage_uv", "current_ua", "temp_dc", "time_to_empty_s",
};

static ssize_t store(struct kunit *test, struct board *b, const char *name,
		     const char *text)
{
	return store_in(test, b, "gauge", name, text);
}

static void expect_taken(struct kunit *test, struct board *b, const char *name,
			 const char *text)
{
	KUNIT_EXPECT_EQ_MSG(test, store(test, b, name, text),
			    (ssize_t)strlen(text), "%s: '%s'", name, text);
}

static void expect_shown(struct kunit *test, struct board *b, const char *name,
			 const char *text)
{
	expect_shown_in(test, b, "gauge", name, text);
}

static struct board *attached(struct kunit *test)
{
	struct board *b = fake_board(test);

	KUNIT_ASSERT_EQ(test, gauge_attach(b), 0);
	return b;
}

static void limits(struct kunit *test)
{
	static const struct {
		const char *name;
		const char *least, *most, *less, *more;
	} tries[] = {
		{ "soc_permille", "0\n", "1000\n", "-1", "1001" },
		{ "voltage_uv", "0\n", "100000000\n", "-1", "100000001" },
		{ "current_ua", "-2000000000\n", "2000000000\n", "-2000000001",
		  "2000000001" },
		{ "temp_dc", "-1000\n", "2000\n", "-1001", "2001" },
		{ "time_to_empty_s", "-1\n", "31536000\n", "-2", "31536001" },
	};
	static const char * const junk[] = {
		" ", "x", "1x", "1 2", "0x10", "1.5", "--1", "on", "\xff", "\n\n",
		"4294967296", "-4294967296", "99999999999999999999",
	};
	struct board *b = attached(test);
	unsigned int n, k;

	for (n = 0; n < ARRAY_SIZE(tries); n++) {
		const char *name = tries[n].name;

		expect_shown(test, b, name, "\n");
		expect_taken(test, b, name, tries[n].least);
		expect_shown(test, b, name, tries[n].least);
		expect_taken(test, b, name, tries[n].most);
		KUNIT_EXPECT_EQ(test, store(test, b, name, tries[n].less), -EINVAL);
		KUNIT_EXPECT_EQ(test, store(test, b, name, tries[n].more), -EINVAL);
		for (k = 0; k < ARRAY_SIZE(junk); k++)
			KUNIT_EXPECT_EQ_MSG(test, store(test, b, name, junk[k]),
					    -EINVAL, "%s: '%s'", name, junk[k]);
		expect_shown(test, b, name, tries[n].most);
	}
	/* decimal, whatever it begins with */
	expect_taken(test, b, "soc_permille", "0125");
	expect_shown(test, b, "soc_permille", "125\n");
}

static void stored(struct kunit *test)
{
	static const struct {
		const char *name;
		enum measurement what;
	} tries[] = {
		{ "soc_permille", MEASUREMENT_SOC },
		{ "voltage_uv", MEASUREMENT_VOLTAGE },
		{ "current_ua", MEASUREMENT_CURRENT },
		{ "temp_dc", MEASUREMENT_TEMPERATURE },
		{ "time_to_empty_s", MEASUREMENT_TIME_TO_EMPTY },
	};
	struct board *b = attached(test);
	unsigned int n, k;

	for (n = 0; n < ARRAY_SIZE(tries); n++) {
		int value = 0;

		for (k = n; k < ARRAY_SIZE(tries); k++)
			KUNIT_EXPECT_EQ(test, measurements_age_s(b->measurements,
								 tries[k].what),
					-1);
		expect_taken(test, b, tries[n].name, "321\n");
		KUNIT_EXPECT_TRUE(test, measurements_get_fresh(b->measurements,
							       tries[n].what,
							       &value));
		KUNIT_EXPECT_EQ(test, value, 321);
	}
}

static void forgets(struct kunit *test)
{
	static const char * const empty[] = { "\n", "" };
	struct board *b = attached(test);
	unsigned int n, k;
	int value;

	for (k = 0; k < ARRAY_SIZE(empty); k++)
		for (n = 0; n < ARRAY_SIZE(names); n++) {
			expect_taken(test, b, names[n], "5\n");
			expect_taken(test, b, names[n], empty[k]);
			expect_shown(test, b, names[n], "\n");
		}
	KUNIT_EXPECT_FALSE(test, measurements_get_fresh(b->measurements,
							MEASUREMENT_VOLTAGE,
							&value));
	expect_taken(test, b, "voltage_uv", "7");
	expect_shown(test, b, "voltage_uv", "7\n");
}

static void reports(struct kunit *test)
{
	struct board *b = attached(test);

	KUNIT_EXPECT_EQ(test, fake_core_soc(b->core), INT_MAX);
	expect_taken(test, b, "voltage_uv", "5");
	expect_taken(test, b, "time_to_empty_s", "\n");
	KUNIT_EXPECT_EQ(test, fake_core_soc(b->core), INT_MAX);
	expect_taken(test, b, "soc_permille", "0\n");
	KUNIT_EXPECT_EQ(test, fake_core_soc(b->core), 0);
	expect_taken(test, b, "soc_permille", "421\n");
	KUNIT_EXPECT_EQ(test, fake_core_soc(b->core), 421);
	KUNIT_EXPECT_EQ(test, store(test, b, "soc_permille", "1001"), -EINVAL);
	KUNIT_EXPECT_EQ(test, fake_core_soc(b->core), 421);
	expect_taken(test, b, "soc_permille", "\n");
	KUNIT_EXPECT_LT(test, fake_core_soc(b->core), 0);
}

static unsigned int notified;

static int on_measurements(struct notifier_block *nb, unsigned long event,
			   void *data)
{
	notified++;
	return NOTIFY_DONE;
}

static void flood(struct kunit *test)
{
	static struct notifier_block nb = { .notifier_call = on_measurements };
	struct board *b = attached(test);
	unsigned int n, round;

	notified = 0;
	KUNIT_ASSERT_EQ(test, devm_measurements_subscribe(b->dev, b->measurements,
							  &nb), 0);
	for (round = 1; round <= 3; round++) {
		expect_taken(test, b, "soc_permille", "5");
		KUNIT_EXPECT_EQ(test, inject.delay, msecs_to_jiffies(1000));
		/* and is not put off */
		inject.delay = 0;
		for (n = 0; n < 1000; n++)
			expect_taken(test, b, "voltage_uv", "6");
		KUNIT_EXPECT_EQ(test, inject.delay, 0);
		KUNIT_EXPECT_EQ(test, notified, round - 1);
		inject_run_work();
		KUNIT_EXPECT_EQ(test, notified, round);
	}
	/* nobody writes any more: until all is stale */
	KUNIT_EXPECT_EQ(test, inject.delay, msecs_to_jiffies(10000));
	inject.advanced_s = 31;
	inject_run_work();
	KUNIT_EXPECT_EQ(test, inject.delay, msecs_to_jiffies(10000));
	KUNIT_EXPECT_EQ(test, notified, 4);
	inject.advanced_s = 36;
	inject.delay = 0;
	inject_run_work();
	KUNIT_EXPECT_EQ(test, notified, 5);
	KUNIT_EXPECT_EQ(test, inject.delay, 0);
}

static void expect_nothing(struct kunit *test, struct board *b)
{
	KUNIT_EXPECT_NULL(test, find_attribute(b, "gauge", "soc_permille"));
	KUNIT_EXPECT_NULL(test, inject.work);
}

static void atomic(struct kunit *test)
{
	struct board *b = fake_board(test);

	expect_atomic(test, b, gauge_attach, expect_nothing);
	expect_taken(test, b, "soc_permille", "734");
	expect_shown(test, b, "soc_permille", "734\n");
}

static struct kunit_case cases[] = {
	CASE(limits,
	     "Each attribute takes its limits and shows what it took last, and nothing else changes it"),
	CASE(stored,
	     "Each attribute is a measurement of its own, and fresh when it is written"),
	CASE(forgets,
	     "An empty write forgets a value, and is no error without one"),
	CASE(reports,
	     "The rules get each state of charge, and hear that it is forgotten (S2, S3)"),
	CASE(flood,
	     "Observers are called once a second however fast one writes, and when all is stale (S5)"),
	CASE(atomic,
	     "A gauge that fails to attach leaves nothing behind, and is attached later (F0)"),
	{ }
};

static struct kunit_suite suite = {
	.name = "smallbms-gauge",
	.test_cases = cases,
};

kunit_test_suite(suite);
