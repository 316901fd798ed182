// SPDX-License-Identifier: GPL-2.0
/*
 * The store of measurements. Numbers are those of the interface and of B3, not the
 * driver's names.
 */
#include "inject.h"
#include "kunit.h"

#define VOLTAGE_BIT	0x1000U		/* of conditions, as a literal */

static void put(struct board *b, enum measurement what, int value)
{
	measurements_put(b->measurements, what, value);
}

static void ages(struct kunit *test)
{
	struct board *b = fake_board(test);
	const struct measurements *m = b->measurements;
	int value = 7;

	KUNIT_EXPECT_FALSE(test, measurements_get(m, MEASUREMENT_VOLTAGE, &value));
	KUNIT_EXPECT_EQ(test, value, 7);
	KUNIT_EXPECT_EQ(test, measurements_age_s(m, MEASUREMENT_VOLTAGE), -1);
	KUNIT_EXPECT_FALSE(test, measurements_fresh(m, MEASUREMENT_VOLTAGE));

	put(b, MEASUREMENT_VOLTAGE, 13200000);
	KUNIT_EXPECT_TRUE(test, measurements_get(m, MEASUREMENT_VOLTAGE, &value));
	KUNIT_EXPECT_EQ(test, value, 13200000);
	KUNIT_EXPECT_TRUE(test, measurements_fresh(m, MEASUREMENT_VOLTAGE));
	KUNIT_EXPECT_FALSE(test, measurements_fresh(m, MEASUREMENT_CURRENT));

	inject.advanced_s = 34;
	KUNIT_EXPECT_TRUE(test, measurements_fresh(m, MEASUREMENT_VOLTAGE));
	inject.advanced_s = 36;
	KUNIT_EXPECT_FALSE(test, measurements_fresh(m, MEASUREMENT_VOLTAGE));
	KUNIT_EXPECT_TRUE(test, measurements_get(m, MEASUREMENT_VOLTAGE, &value));
	inject.advanced_s = 1000;
	KUNIT_EXPECT_GE(test, measurements_age_s(m, MEASUREMENT_VOLTAGE), 1000);
	KUNIT_EXPECT_LT(test, measurements_age_s(m, MEASUREMENT_VOLTAGE), 1010);
	inject.advanced_s = 0x80000001U;
	KUNIT_EXPECT_EQ(test, measurements_age_s(m, MEASUREMENT_VOLTAGE), INT_MAX);
	KUNIT_EXPECT_FALSE(test, measurements_fresh(m, MEASUREMENT_VOLTAGE));
}

static void out_of_range(struct kunit *test)
{
	static const struct {
		int uv;
		bool out;
	} tries[] = {
		{ 8000000, false }, { 7999999, true }, { 8000000, false },
		{ 70000000, false }, { 70000001, true }, { 0, true },
		{ 70000000, false }, { -1, true },
	};
	struct board *b = fake_board(test);
	unsigned int n;

	KUNIT_EXPECT_EQ(test, measurements_conditions(b->measurements), 0);
	for (n = 0; n < ARRAY_SIZE(tries); n++) {
		put(b, MEASUREMENT_VOLTAGE, tries[n].uv);
		KUNIT_EXPECT_EQ_MSG(test,
				    measurements_conditions(b->measurements),
				    tries[n].out ? VOLTAGE_BIT : 0,
				    "%d uV", tries[n].uv);
	}
	inject.advanced_s = 34;
	KUNIT_EXPECT_EQ(test, measurements_conditions(b->measurements),
			VOLTAGE_BIT);
	inject.advanced_s = 36;
	KUNIT_EXPECT_EQ(test, measurements_conditions(b->measurements), 0);
}

static void direction(struct kunit *test)
{
	static const struct {
		int ua;
		int sign;
	} tries[] = {
		{ 0, 0 }, { -1, 0 }, { 50000, 0 }, { -50000, 0 },
		{ -50001, -1 },
		/* the other one, twice in a row */
		{ 50001, -1 }, { 50000, -1 }, { 50001, -1 }, { 50001, 1 },
		{ -50001, 1 }, { 50001, 1 }, { -5000000, 1 }, { -50000, 1 },
		{ -5000000, 1 }, { -5000000, -1 }, { 5000000, -1 },
		{ 0, -1 }, { 5000000, -1 }, { 50001, 1 },
	};
	struct board *b = fake_board(test);
	const struct measurements *m = b->measurements;
	unsigned int n;

	KUNIT_EXPECT_EQ(test, measurements_direction(m), 0);
	for (n = 0; n < ARRAY_SIZE(tries); n++) {
		put(b, MEASUREMENT_CURRENT, tries[n].ua);
		KUNIT_EXPECT_EQ_MSG(test, measurements_direction(m),
				    tries[n].sign, "%d uA, try %u",
				    tries[n].ua, n);
	}
	inject.advanced_s = 34;
	KUNIT_EXPECT_EQ(test, measurements_direction(m), 1);
	inject.advanced_s = 36;
	KUNIT_EXPECT_EQ(test, measurements_direction(m), 0);
}

static struct kunit_case cases[] = {
	CASE(ages,
	     "A value is fresh for 35 s, and stays with its age; one that was never measured is -1 s old"),
	CASE(out_of_range,
	     "A voltage below 8 V or above 70 V is reported, to the microvolt, and only while it is fresh (B3)"),
	CASE(direction,
	     "The direction is the current's, of more than 50 mA and twice in a row if it changes, and unknown after 35 s"),
	{ }
};

static struct kunit_suite suite = {
	.name = "smallbms-measurements",
	.test_cases = cases,
};

kunit_test_suite(suite);
