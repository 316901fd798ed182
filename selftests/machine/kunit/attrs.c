// SPDX-License-Identifier: GPL-2.0
/*
 * Attributes: what is written is taken as the interface says, or EINVAL and nothing
 * has changed; what is shown is what the core has published.
 */
#include <linux/device.h>

#include "inject.h"
#include "kunit.h"

static ssize_t store(struct kunit *test, struct board *b, const char *name,
		     const char *text)
{
	return store_in(test, b, NULL, name, text);
}

static void expect_shown(struct kunit *test, struct board *b, const char *name,
			 const char *text)
{
	expect_shown_in(test, b, NULL, name, text);
}

static struct board *attached(struct kunit *test)
{
	struct board *b = fake_board(test);

	KUNIT_ASSERT_EQ(test, attrs_attach(b), 0);
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
	struct board *b = attached(test);
	u32 was = 1;
	unsigned int n;

	for (n = 0; n < ARRAY_SIZE(tries); n++) {
		const char *text = tries[n].text;
		ssize_t ret = store(test, b, "remote", text);

		if (tries[n].on >= 0)
			was = tries[n].on;
		KUNIT_EXPECT_EQ_MSG(test, ret, tries[n].on >= 0 ?
				    (ssize_t)strlen(text) : -EINVAL,
				    "'%s'", text);
		KUNIT_EXPECT_EQ_MSG(test, core_setting(b->core, CORE_REMOTE),
				    was, "'%s'", text);
	}
}

static const char * const no_numbers[] = {
	"", "\n", " ", "x", "3e4", "30000x", "30000 1", "-1", "-30000",
	"4294967296", "99999999999999999999", "0x", "30000.5", "on", "\xff",
};

/* Each of the texts is refused, and the value is what it was. */
static void expect_refused(struct kunit *test, struct board *b, const char *name,
			   const char * const *texts, unsigned int count,
			   enum core_setting setting, u32 was)
{
	unsigned int n;

	for (n = 0; n < count; n++) {
		KUNIT_EXPECT_EQ_MSG(test, store(test, b, name, texts[n]), -EINVAL,
				    "'%s'", texts[n]);
		KUNIT_EXPECT_EQ(test, core_setting(b->core, setting), was);
	}
}

static void pre_alarm_delay(struct kunit *test)
{
	static const char * const beyond[] = {
		"0", "29999", "1", "0x752f", "600001", "4294967295",
	};
	const enum core_setting delay = CORE_PRE_ALARM_DELAY;
	struct board *b = attached(test);

	KUNIT_EXPECT_EQ(test, store(test, b, "pre_alarm_delay_ms", "45000\n"), 6);
	KUNIT_EXPECT_EQ(test, core_setting(b->core, delay), 45000);
	expect_refused(test, b, "pre_alarm_delay_ms", no_numbers,
		       ARRAY_SIZE(no_numbers), delay, 45000);
	expect_refused(test, b, "pre_alarm_delay_ms", beyond,
		       ARRAY_SIZE(beyond), delay, 45000);
	KUNIT_EXPECT_EQ(test, store(test, b, "pre_alarm_delay_ms", "30000"), 5);
	KUNIT_EXPECT_EQ(test, core_setting(b->core, delay), 30000);
	expect_shown(test, b, "pre_alarm_delay_ms", "30000\n");
	KUNIT_EXPECT_EQ(test, store(test, b, "pre_alarm_delay_ms", "600000"), 6);
	KUNIT_EXPECT_EQ(test, core_setting(b->core, delay), 600000);
	expect_shown(test, b, "pre_alarm_delay_ms", "600000\n");
}

static void load_reconnect_delay(struct kunit *test)
{
	static const char * const beyond[] = { "3600001", "4294967295" };
	const enum core_setting delay = CORE_LOAD_RECONNECT_DELAY;
	struct board *b = attached(test);

	KUNIT_EXPECT_EQ(test, store(test, b, "load_reconnect_delay_ms", "7"), 1);
	expect_refused(test, b, "load_reconnect_delay_ms", no_numbers,
		       ARRAY_SIZE(no_numbers), delay, 7);
	expect_refused(test, b, "load_reconnect_delay_ms", beyond,
		       ARRAY_SIZE(beyond), delay, 7);
	KUNIT_EXPECT_EQ(test, store(test, b, "load_reconnect_delay_ms", "0"), 1);
	KUNIT_EXPECT_EQ(test, core_setting(b->core, delay), 0);
	expect_shown(test, b, "load_reconnect_delay_ms", "0\n");
	KUNIT_EXPECT_EQ(test, store(test, b, "load_reconnect_delay_ms",
				    "3600000"), 7);
	expect_shown(test, b, "load_reconnect_delay_ms", "3600000\n");
}

static void conditions(struct kunit *test)
{
	struct board *b = attached(test);
	struct snapshot s = { };

	expect_shown(test, b, "conditions", "none\n");
	s.conditions = 0x12;
	publish_board(b, &s);
	expect_shown(test, b, "conditions",
		     "cell-undervoltage under-temperature\n");
	s.conditions = 0xe3f;
	publish_board(b, &s);
	expect_shown(test, b, "conditions",
		     "cell-low cell-undervoltage cell-overvoltage over-temperature under-temperature charge-inhibit io-error sense-mismatch implausible\n");
	s.conditions = 0;
	publish_board(b, &s);
	measurements_put(b->measurements, SOURCE_IIO, MEASUREMENT_VOLTAGE, 7999999);
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

static void published(struct kunit *test)
{
	struct snapshot s = {
		.outputs = 0x5,
		.alarm = 2,
		.remote = true,
		.load_reason = REASON_INPUT + 1,
		.charge_reason = REASON_USER,
	};
	struct board *b = attached(test);

	publish_board(b, &s);
	expect_shown(test, b, "load", "on\n");
	expect_shown(test, b, "charge", "off\n");
	expect_shown(test, b, "pre_alarm", "on\n");
	expect_shown(test, b, "terminals", "off\n");
	expect_shown(test, b, "remote", "on\n");
	expect_shown(test, b, "alarm", "2\n");
	expect_shown(test, b, "load_off_reason", "cell-undervoltage\n");
	expect_shown(test, b, "charge_off_reason", "user\n");
	s.terminals = true;
	s.remote = false;
	publish_board(b, &s);
	expect_shown(test, b, "terminals", "on\n");
	expect_shown(test, b, "remote", "off\n");
	expect_shown(test, b, "disconnect_in_ms", "-1\n");
	expect_shown(test, b, "reconnect_in_ms", "-1\n");
	/* over already */
	fake_core_times(b->core, (struct snapshot_times){ 0, NEVER, NEVER });
	expect_shown(test, b, "disconnect_in_ms", "0\n");
	expect_shown(test, b, "shed_in_ms", "-1\n");
	expect_shown(test, b, "reconnect_in_ms", "-1\n");
	fake_core_times(b->core, (struct snapshot_times){ NEVER, 0, NEVER });
	expect_shown(test, b, "disconnect_in_ms", "-1\n");
	expect_shown(test, b, "shed_in_ms", "0\n");
	expect_shown(test, b, "reconnect_in_ms", "-1\n");
	fake_core_times(b->core, (struct snapshot_times){ NEVER, NEVER, 0 });
	expect_shown(test, b, "disconnect_in_ms", "-1\n");
	expect_shown(test, b, "shed_in_ms", "-1\n");
	expect_shown(test, b, "reconnect_in_ms", "0\n");
}

static void counters(struct kunit *test)
{
	static const struct {
		const char *name;
		const char *value;
	} stats[] = {
		{ "pre_alarms", "11\n" }, { "load_disconnects", "12\n" },
		{ "charge_disconnects", "13\n" }, { "interrupts", "14\n" },
		{ "rescans", "15\n" }, { "missed_edges", "16\n" },
		{ "read_errors", "17\n" }, { "write_errors", "4294967295\n" },
	};
	struct board *b = attached(test);
	unsigned int n;

	for (n = 0; n < ARRAY_SIZE(stats); n++)
		expect_shown_in(test, b, "stats", stats[n].name, stats[n].value);
}

static void ages(struct kunit *test)
{
	static const char * const names[MEASUREMENT_COUNT] = {
		[MEASUREMENT_VOLTAGE] = "voltage_age_s",
		[MEASUREMENT_CURRENT] = "current_age_s",
		[MEASUREMENT_TEMPERATURE] = "temperature_age_s",
		[MEASUREMENT_TIME_TO_EMPTY] = "time_to_empty_age_s",
		[MEASUREMENT_SOC] = "soc_age_s",
	};
	struct board *b = attached(test);
	unsigned int n, k;

	for (n = 0; n < ARRAY_SIZE(names); n++) {
		for (k = n; k < ARRAY_SIZE(names); k++)
			expect_shown_in(test, b, "measurements", names[k], "-1\n");
		inject.advanced_s = 0;
		measurements_put(b->measurements, SOURCE_GAUGE, n, 1);
		inject.advanced_s = 0x80000001U;	/* more than can be shown */
		expect_shown_in(test, b, "measurements", names[n], "2147483647\n");
	}
	expect_shown_in(test, b, "measurements", "errors", "0\n");
	measurements_put_error(b->measurements);
	expect_shown_in(test, b, "measurements", "errors", "1\n");
}

/* The attributes on which poll() has woken since last time */
static void expect_notified(struct kunit *test, const char *names)
{
	KUNIT_EXPECT_STREQ(test, inject.notified, names);
	inject.notified[0] = '\0';
}

static void wakes(struct kunit *test)
{
	struct board *b = attached(test);
	struct snapshot s = { };

	expect_notified(test, "");
	s.outputs = OUTPUT_LOAD;
	publish_board(b, &s);
	expect_notified(test, "load ");
	s.outputs = OUTPUT_CHARGE | OUTPUT_PRE_ALARM;
	s.alarm = 2;
	s.load_reason = REASON_INPUT + INPUT_CELL_UNDERVOLTAGE;
	publish_board(b, &s);
	expect_notified(test, "load charge pre_alarm alarm load_off_reason ");
	s.remote = 1;
	s.terminals = 1;
	s.charge_reason = REASON_USER;
	s.conditions = CONDITION_IO_ERROR;
	publish_board(b, &s);
	expect_notified(test,
			"remote terminals conditions charge_off_reason ");
	s.inhibit_charge = 1;		/* the power supply's */
	publish_board(b, &s);
	expect_notified(test, "");
}

static void wakes_by_measurements(struct kunit *test)
{
	struct board *b = attached(test);

	measurements_put(b->measurements, SOURCE_IIO, MEASUREMENT_VOLTAGE, 7999999);
	measurements_notify(b->measurements);
	expect_notified(test, "conditions ");
	measurements_notify(b->measurements);
	expect_notified(test, "");
	inject.advanced_s = 36;
	measurements_notify(b->measurements);
	expect_notified(test, "conditions ");
}

static void burst(struct kunit *test)
{
	const struct snapshot states[] = {
		{ .outputs = OUTPUT_LOAD, .remote = 1, .alarm = 1 },
		{ .remote = 1 }, { .alarm = 1 },
		{ .outputs = OUTPUT_LOAD, .alarm = 1 },
	};
	struct board *b = attached(test);

	fake_core_publish(b->core, states, ARRAY_SIZE(states));
	expect_notified(test, "load alarm ");
}

static void expect_nothing(struct kunit *test, struct board *b)
{
	KUNIT_EXPECT_NULL(test, find_attribute(b, NULL, "remote"));
	KUNIT_EXPECT_NULL(test, find_attribute(b, NULL, "conditions"));
	KUNIT_EXPECT_NULL(test, find_attribute(b, "stats", "interrupts"));
	KUNIT_EXPECT_NULL(test, find_attribute(b, "measurements", "errors"));
	expect_notified(test, "");
}

static void atomic(struct kunit *test)
{
	struct board *b = fake_board(test);
	const struct snapshot s = { .outputs = OUTPUT_LOAD };

	expect_atomic(test, b, attrs_attach, expect_nothing);
	publish_board(b, &s);
	expect_shown(test, b, "load", "on\n");
	expect_notified(test, "load ");
}

static struct kunit_case cases[] = {
	CASE(remote,
	     "The remote takes any of the kernel's booleans, and changes for nothing else (M2)"),
	CASE(pre_alarm_delay,
	     "The pre-alarm delay takes 30000 to 600000 ms, and changes for nothing else (L2, V1)"),
	CASE(load_reconnect_delay,
	     "The load's reconnect delay takes up to 3600000 ms, and changes for nothing else (L4, V1)"),
	CASE(conditions,
	     "Conditions are named in their order, or there are none"),
	CASE(cut_short,
	     "Conditions that do not fit are cut short, and end"),
	CASE(published,
	     "Attributes show what the board has published"),
	CASE(counters,
	     "Each counter is shown under its name"),
	CASE(ages,
	     "Each measurement has an age, -1 before the first, whatever the source"),
	CASE(wakes,
	     "poll() wakes on each attribute that changes, and on no other"),
	CASE(wakes_by_measurements,
	     "poll() wakes on the conditions when a voltage is out of range, and when it is stale (B3)"),
	CASE(burst,
	     "A burst of transitions wakes once, by its last state"),
	CASE(atomic,
	     "Attributes that fail to attach leave nothing behind, and are attached later (F0)"),
	{ }
};

static struct kunit_suite suite = {
	.name = "smallbms-attrs",
	.test_cases = cases,
};

kunit_test_suite(suite);
