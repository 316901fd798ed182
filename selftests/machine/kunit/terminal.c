// SPDX-License-Identifier: GPL-2.0
/* F3: terminals against outputs. Times are those of the requirement's text. */
#include "kunit.h"
#include "terminal.h"

#define MS	1000000ULL
#define SEC	1000000000ULL

#define LOAD	0x1U
#define CHARGE	0x2U

/* A cycle, after which the outputs are found at @driven, and then read at @now */
static void look(struct terminal *t, u32 driven, u32 sense, u32 known, u64 now)
{
	terminal_driven(t, driven, now);
	terminal_check(t, sense, known, now);
}

static void follows(struct kunit *test)
{
	struct terminal t = { };

	look(&t, LOAD | CHARGE, LOAD | CHARGE, LOAD | CHARGE, 1 * SEC);
	look(&t, LOAD | CHARGE, LOAD | CHARGE, LOAD | CHARGE, 2 * SEC);
	look(&t, CHARGE, CHARGE, LOAD | CHARGE, 3 * SEC);
	look(&t, CHARGE, CHARGE, LOAD | CHARGE, 4 * SEC);
	KUNIT_EXPECT_EQ(test, t.mismatch, 0);
	KUNIT_EXPECT_EQ(test, t.shorted, 0);
}

static void settles(struct kunit *test)
{
	struct terminal t = { };

	look(&t, LOAD, 0, LOAD, 1 * SEC);
	KUNIT_EXPECT_EQ(test, t.shorted, 0);
	KUNIT_EXPECT_EQ(test, terminal_next(&t, LOAD, 1 * SEC), 5 * MS);
	look(&t, LOAD, 0, LOAD, 1 * SEC + 5 * MS - 1);
	KUNIT_EXPECT_EQ(test, t.shorted, 0);
	KUNIT_EXPECT_EQ(test, t.mismatch, 0);
	KUNIT_EXPECT_EQ(test, terminal_next(&t, LOAD, 1 * SEC + 5 * MS - 1), 1);
	look(&t, LOAD, 0, LOAD, 1 * SEC + 5 * MS);
	KUNIT_EXPECT_EQ(test, t.shorted, LOAD);
	KUNIT_EXPECT_EQ(test, t.mismatch, LOAD);
}

static void backs_off(struct kunit *test)
{
	static const u64 pauses[] = { 1, 2, 4, 8, 16, 32, 64, 64, 64 };
	struct terminal t = { };
	u64 now = 1 * SEC;
	unsigned int n;

	for (n = 0; n < ARRAY_SIZE(pauses); n++) {
		look(&t, LOAD, 0, LOAD, now);
		look(&t, LOAD, 0, LOAD, now + 5 * MS);
		now += 5 * MS;
		KUNIT_EXPECT_EQ_MSG(test, t.shorted, LOAD, "try %u", n);
		KUNIT_EXPECT_EQ(test, terminal_next(&t, LOAD, now),
				pauses[n] * SEC);
		now += pauses[n] * SEC;
		look(&t, 0, 0, LOAD, now - 1);
		KUNIT_EXPECT_EQ_MSG(test, t.shorted, LOAD, "try %u", n);
		look(&t, 0, 0, LOAD, now);
		KUNIT_EXPECT_EQ_MSG(test, t.shorted, 0, "try %u", n);
		/* it is released, and that is seen, before it is tried */
		look(&t, 0, 0, LOAD, now + 1);
		now += SEC;
	}

	/* once the terminal follows, it begins anew */
	look(&t, LOAD, LOAD, LOAD, now);
	look(&t, LOAD, LOAD, LOAD, now + 5 * MS);
	KUNIT_EXPECT_EQ(test, t.mismatch, 0);
	now += SEC;
	look(&t, LOAD, 0, LOAD, now);
	KUNIT_EXPECT_EQ(test, t.shorted, LOAD);
	KUNIT_EXPECT_EQ(test, terminal_next(&t, LOAD, now), 1 * SEC);
}

static void fed_from_outside(struct kunit *test)
{
	struct terminal t = { };

	look(&t, 0, LOAD, LOAD, 1 * SEC);
	look(&t, 0, LOAD, LOAD, 2 * SEC);
	KUNIT_EXPECT_EQ(test, t.mismatch, LOAD);
	KUNIT_EXPECT_EQ(test, t.shorted, 0);
	look(&t, 0, 0, LOAD, 3 * SEC);
	KUNIT_EXPECT_EQ(test, t.mismatch, 0);
}

static void unknown(struct kunit *test)
{
	struct terminal t = { };

	look(&t, LOAD | CHARGE, 0, CHARGE, 1 * SEC);
	look(&t, LOAD | CHARGE, 0, CHARGE, 2 * SEC);
	KUNIT_EXPECT_EQ(test, t.shorted, CHARGE);
	KUNIT_EXPECT_EQ(test, t.mismatch, CHARGE);
	KUNIT_EXPECT_EQ(test, terminal_next(&t, 0, 2 * SEC), NEVER);
}

static struct kunit_case cases[] = {
	CASE(follows,
	     "A terminal that follows its output is no mismatch (F3)"),
	CASE(settles,
	     "A terminal has 5 ms to settle before it is a short (F3)"),
	CASE(backs_off,
	     "A shorted output is tried again after 1, 2, 4 ... 64 s, and after 1 s once it has worked (F3)"),
	CASE(fed_from_outside,
	     "A terminal that is high while its output floats is reported, and is no short (F3)"),
	CASE(unknown,
	     "A terminal that cannot be read says nothing (F3)"),
	{ }
};

static struct kunit_suite suite = {
	.name = "smallbms-terminal",
	.test_cases = cases,
};

kunit_test_suite(suite);
