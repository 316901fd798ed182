// SPDX-License-Identifier: GPL-2.0
/* The log: messages as administrators and the tool know them. */
#include "inject.h"
#include "kunit.h"

#define ALARMS			20	/* more than a rate limit lets pass */

/* The messages since last time */
static void expect_logged(struct kunit *test, const char *text)
{
	KUNIT_EXPECT_STREQ(test, inject.log, text);
	inject.log[0] = '\0';
}

static struct board *attached(struct kunit *test, const struct snapshot *s)
{
	struct board *b = fake_board(test);

	publish_board(b, s);
	KUNIT_ASSERT_EQ(test, log_attach(b), 0);
	return b;
}

static void changes(struct kunit *test)
{
	struct snapshot s = { .outputs = OUTPUT_LOAD | OUTPUT_CHARGE };
	struct board *b = attached(test, &s);

	expect_logged(test, "load connected\ncharge connected\n");
	s.unreadable = 0;
	s.alarm = 1;
	publish_board(b, &s);
	expect_logged(test, "");

	s.conditions = BIT(INPUT_CELL_LOW) | BIT(INPUT_CELL_UNDERVOLTAGE);
	s.outputs |= OUTPUT_PRE_ALARM;
	publish_board(b, &s);
	expect_logged(test,
		      "conditions: cell-low cell-undervoltage\npre-alarm on\n");

	s.outputs &= ~OUTPUT_LOAD;
	s.load_reason = REASON_INPUT + INPUT_CELL_UNDERVOLTAGE;
	publish_board(b, &s);
	expect_logged(test, "load disconnected: cell-undervoltage\n");

	s.conditions = CONDITION_IO_ERROR;
	s.outputs = OUTPUT_LOAD;
	s.load_reason = REASON_NONE;
	s.charge_reason = REASON_IO_ERROR;
	publish_board(b, &s);
	expect_logged(test,
		      "conditions: io-error\npre-alarm off\nload connected\ncharge disconnected: io-error\n");
}

static void burst(struct kunit *test)
{
	const struct snapshot states[] = {
		{ .conditions = BIT(INPUT_CELL_LOW), .outputs = OUTPUT_LOAD },
		{ .outputs = OUTPUT_LOAD | OUTPUT_PRE_ALARM },
		{ .conditions = BIT(INPUT_CELL_OVERVOLTAGE) },
		{ .outputs = OUTPUT_LOAD },
	};
	struct board *b = attached(test, &(struct snapshot) { });

	fake_core_publish(b->core, states, ARRAY_SIZE(states));
	expect_logged(test, "load connected\n");
}

static unsigned int lines_logged(void)
{
	unsigned int n = 0;
	const char *c;

	for (c = inject.log; *c; c++)
		n += *c == '\n';
	return n;
}

/* What a person does with an output must not hide what the rules do. */
static void limits(struct kunit *test)
{
	struct snapshot s = { .outputs = OUTPUT_LOAD | OUTPUT_CHARGE };
	const struct snapshot on = s;
	const struct snapshot off = {
		.load_reason = REASON_REMOTE, .charge_reason = REASON_REMOTE,
	};
	struct board *b = attached(test, &s);
	unsigned int n;

	inject.log[0] = '\0';
	for (n = 0; n < ALARMS; n++) {
		publish_board(b, &off);
		publish_board(b, &on);
	}
	KUNIT_EXPECT_GE(test, lines_logged(), 2);
	KUNIT_EXPECT_LT(test, lines_logged(), 2 * ALARMS);
	inject.log[0] = '\0';

	s.outputs = OUTPUT_CHARGE;
	s.load_reason = REASON_INPUT + INPUT_CELL_UNDERVOLTAGE;
	publish_board(b, &s);
	expect_logged(test, "load disconnected: cell-undervoltage\n");

	/* a load that flaps must not hide the charger */
	for (n = 0; n < ALARMS; n++) {
		publish_board(b, &on);
		publish_board(b, &s);
	}
	KUNIT_EXPECT_LT(test, lines_logged(), 2 * ALARMS);
	inject.log[0] = '\0';
	s.outputs = 0;
	s.charge_reason = REASON_INPUT + INPUT_CELL_OVERVOLTAGE;
	publish_board(b, &s);
	expect_logged(test, "charge disconnected: cell-overvoltage\n");
}

static void out_of_range(struct kunit *test)
{
	struct board *b = attached(test, &(struct snapshot) { });

	measurements_put(b->measurements, SOURCE_IIO, MEASUREMENT_VOLTAGE, 7998000);
	measurements_notify(b->measurements);
	expect_logged(test, "voltage is 7998 mV, outside 8 to 70 V\n");
	measurements_notify(b->measurements);
	measurements_put(b->measurements, SOURCE_IIO, MEASUREMENT_VOLTAGE, 8000000);
	measurements_notify(b->measurements);
	expect_logged(test, "");
}

static void expect_nothing(struct kunit *test, struct board *b)
{
	KUNIT_EXPECT_STREQ(test, inject.log, "");
}

static void atomic(struct kunit *test)
{
	struct board *b = fake_board(test);
	const struct snapshot s = { .outputs = OUTPUT_LOAD };

	expect_atomic(test, b, log_attach, expect_nothing);
	publish_board(b, &s);
	expect_logged(test, "load connected\n");
}

static struct kunit_case cases[] = {
	CASE(changes,
	     "Changes of conditions and outputs are logged with the reason, and nothing else"),
	CASE(burst,
	     "A burst of transitions is logged once, by its last state"),
	CASE(limits,
	     "A remote that is toggled, or a load that flaps, hides no other disconnect"),
	CASE(out_of_range,
	     "A voltage out of range is logged once (B3)"),
	CASE(atomic,
	     "A log that fails to attach leaves nothing behind, and is attached later (F0)"),
	{ }
};

static struct kunit_suite suite = {
	.name = "smallbms-log",
	.test_cases = cases,
};

kunit_test_suite(suite);
