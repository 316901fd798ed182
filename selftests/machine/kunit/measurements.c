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
	measurements_put(b->measurements, SOURCE_IIO, what, value);
}

static bool is_fresh(const struct measurements *m, enum measurement what)
{
	int value;

	return measurements_get_fresh(m, what, &value);
}

static void ages(struct kunit *test)
{
	struct board *b = fake_board(test);
	const struct measurements *m = b->measurements;
	int value = 7;

	KUNIT_EXPECT_FALSE(test, measurements_get(m, MEASUREMENT_VOLTAGE, &value));
	KUNIT_EXPECT_EQ(test, value, 7);
	KUNIT_EXPECT_EQ(test, measurements_age_s(m, MEASUREMENT_VOLTAGE), -1);
	KUNIT_EXPECT_FALSE(test, is_fresh(m, MEASUREMENT_VOLTAGE));

	put(b, MEASUREMENT_VOLTAGE, 13200000);
	KUNIT_EXPECT_TRUE(test, measurements_get(m, MEASUREMENT_VOLTAGE, &value));
	KUNIT_EXPECT_EQ(test, value, 13200000);
	KUNIT_EXPECT_TRUE(test, is_fresh(m, MEASUREMENT_VOLTAGE));
	KUNIT_EXPECT_FALSE(test, is_fresh(m, MEASUREMENT_CURRENT));

	inject.advanced_s = 34;
	KUNIT_EXPECT_TRUE(test, is_fresh(m, MEASUREMENT_VOLTAGE));
	inject.advanced_s = 36;
	KUNIT_EXPECT_FALSE(test, is_fresh(m, MEASUREMENT_VOLTAGE));
	KUNIT_EXPECT_TRUE(test, measurements_get(m, MEASUREMENT_VOLTAGE, &value));
	inject.advanced_s = 1000;
	KUNIT_EXPECT_GE(test, measurements_age_s(m, MEASUREMENT_VOLTAGE), 1000);
	KUNIT_EXPECT_LT(test, measurements_age_s(m, MEASUREMENT_VOLTAGE), 1010);
	inject.advanced_s = 0x80000001U;
	KUNIT_EXPECT_EQ(test, measurements_age_s(m, MEASUREMENT_VOLTAGE), INT_MAX);
	KUNIT_EXPECT_FALSE(test, is_fresh(m, MEASUREMENT_VOLTAGE));
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
	/* and what is small then has no direction */
	put(b, MEASUREMENT_CURRENT, 50000);
	KUNIT_EXPECT_EQ(test, measurements_direction(m), 0);
}

static void put_gauge(struct board *b, enum measurement what, int value)
{
	measurements_put(b->measurements, SOURCE_GAUGE, what, value);
}

/* What counts, and whether it is fresh */
static void expect(struct kunit *test, struct board *b, enum measurement what,
		   int value, bool fresh)
{
	int found = INT_MIN;

	KUNIT_EXPECT_TRUE(test, measurements_get(b->measurements, what, &found));
	KUNIT_EXPECT_EQ(test, found, value);
	KUNIT_EXPECT_EQ(test, is_fresh(b->measurements, what), fresh);
}

static void sources(struct kunit *test)
{
	struct board *b = fake_board(test);
	const struct measurements *m = b->measurements;
	const enum measurement what = MEASUREMENT_VOLTAGE;
	u32 number;

	put_gauge(b, what, 1);
	expect(test, b, what, 1, true);
	number = measurements_number(m, what);
	inject.advanced_s = 10;
	put(b, what, 2);
	expect(test, b, what, 2, true);
	KUNIT_EXPECT_NE(test, measurements_number(m, what), number);
	number = measurements_number(m, what);

	/* IIO counts while it is fresh, whatever the gauge reports meanwhile */
	inject.advanced_s = 44;
	put_gauge(b, what, 3);
	expect(test, b, what, 2, true);
	KUNIT_EXPECT_EQ(test, measurements_number(m, what), number);
	KUNIT_EXPECT_GE(test, measurements_age_s(m, what), 34);
	KUNIT_EXPECT_LT(test, measurements_age_from_s(m, SOURCE_GAUGE, what), 10);
	inject.advanced_s = 46;
	expect(test, b, what, 3, true);
	KUNIT_EXPECT_NE(test, measurements_number(m, what), number);
	KUNIT_EXPECT_LT(test, measurements_age_s(m, what), 10);

	/* both are stale: the newer one */
	inject.advanced_s = 60;
	put(b, what, 4);
	inject.advanced_s = 200;
	expect(test, b, what, 4, false);
	KUNIT_EXPECT_EQ(test, measurements_age_s(m, MEASUREMENT_SOC), -1);
}

static void forgotten(struct kunit *test)
{
	struct board *b = fake_board(test);
	struct measurements *m = b->measurements;
	int value = 7;

	measurements_forget(m, SOURCE_GAUGE, MEASUREMENT_CURRENT);
	KUNIT_EXPECT_FALSE(test, measurements_get(m, MEASUREMENT_CURRENT, &value));
	put_gauge(b, MEASUREMENT_CURRENT, -5000000);
	KUNIT_EXPECT_EQ(test, measurements_direction(m), -1);
	measurements_forget(m, SOURCE_GAUGE, MEASUREMENT_CURRENT);
	KUNIT_EXPECT_EQ(test, measurements_direction(m), 0);
	KUNIT_EXPECT_FALSE(test, measurements_get_from(m, SOURCE_GAUGE,
						       MEASUREMENT_CURRENT,
						       &value));
	KUNIT_EXPECT_EQ(test, value, 7);
	expect(test, b, MEASUREMENT_CURRENT, -5000000, false);
	put_gauge(b, MEASUREMENT_CURRENT, -4000000);
	expect(test, b, MEASUREMENT_CURRENT, -4000000, true);
}

static void directions(struct kunit *test)
{
	struct board *b = fake_board(test);
	const struct measurements *m = b->measurements;

	put(b, MEASUREMENT_CURRENT, 5000000);
	put_gauge(b, MEASUREMENT_CURRENT, -5000000);
	put_gauge(b, MEASUREMENT_CURRENT, -5000000);
	KUNIT_EXPECT_EQ(test, measurements_direction(m), 1);
	/* nor do two readings of different sources turn it */
	put(b, MEASUREMENT_CURRENT, -5000000);
	put_gauge(b, MEASUREMENT_CURRENT, -5000000);
	KUNIT_EXPECT_EQ(test, measurements_direction(m), 1);
	inject.advanced_s = 36;
	put_gauge(b, MEASUREMENT_CURRENT, -5000000);
	KUNIT_EXPECT_EQ(test, measurements_direction(m), -1);
}

static void soc_max_age(struct kunit *test)
{
	struct board *b = fake_board(test);

	put_gauge(b, MEASUREMENT_SOC, 500);
	put_gauge(b, MEASUREMENT_TIME_TO_EMPTY, 3600);
	put_gauge(b, MEASUREMENT_VOLTAGE, 13200000);
	inject.advanced_s = 29;
	expect(test, b, MEASUREMENT_SOC, 500, true);
	expect(test, b, MEASUREMENT_TIME_TO_EMPTY, 3600, true);
	inject.advanced_s = 31;
	expect(test, b, MEASUREMENT_SOC, 500, false);
	expect(test, b, MEASUREMENT_TIME_TO_EMPTY, 3600, false);
	expect(test, b, MEASUREMENT_VOLTAGE, 13200000, true);
}

static struct kunit_case cases[] = {
	CASE(ages,
	     "A value is fresh for 35 s, and stays with its age; one that was never measured is -1 s old"),
	CASE(out_of_range,
	     "A voltage below 8 V or above 70 V is reported, to the microvolt, and only while it is fresh (B3)"),
	CASE(direction,
	     "The direction is the current's, of more than 50 mA and twice in a row if it changes, and unknown after 35 s"),
	CASE(sources,
	     "Of two sources IIO counts while it is fresh, else the one that measured last, each with its own age"),
	CASE(forgotten,
	     "A value that was forgotten is stale at once, and stands as the last good one"),
	CASE(directions,
	     "Each source has a direction of its own"),
	CASE(soc_max_age,
	     "State of charge and time to empty are fresh for soc-max-age-ms (S3)"),
	{ }
};

static struct kunit_suite suite = {
	.name = "smallbms-measurements",
	.test_cases = cases,
};

kunit_test_suite(suite);
