// SPDX-License-Identifier: GPL-2.0
/* LED triggers, with real LEDs of the LED class on them. */
#include <linux/device.h>
#include <linux/leds.h>

#include "inject.h"
#include "kunit.h"

struct lamp {
	struct led_classdev led;
	enum led_brightness shown;
	unsigned int changes;
};

static void lamp_set(struct led_classdev *led, enum led_brightness brightness)
{
	struct lamp *l = container_of(led, struct lamp, led);

	l->changes += brightness != l->shown;
	l->shown = brightness;
}

static struct lamp *lamp(struct kunit *test, struct board *b,
			 const char *trigger)
{
	struct lamp *l = devm_kzalloc(b->dev, sizeof(*l), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, l);
	l->led.name = trigger;
	l->led.brightness_set = lamp_set;
	l->led.max_brightness = 255;
	l->led.default_trigger = trigger;
	KUNIT_ASSERT_EQ(test, devm_led_classdev_register(b->dev, &l->led), 0);
	return l;
}

static void follow(struct kunit *test)
{
	struct board *b = fake_board(test);
	struct snapshot s = { };
	struct lamp *load, *fault, *pre_alarm;

	KUNIT_ASSERT_EQ(test, leds_attach(b), 0);
	load = lamp(test, b, "kunit-load-on");
	fault = lamp(test, b, "kunit-temp-or-ovp");
	pre_alarm = lamp(test, b, "kunit-pre-alarm");
	KUNIT_EXPECT_EQ(test, load->shown, 0);
	KUNIT_EXPECT_EQ(test, fault->shown, 0);
	KUNIT_EXPECT_EQ(test, pre_alarm->shown, 0);

	s.outputs = OUTPUT_LOAD | OUTPUT_CHARGE;
	publish_board(b, &s);
	KUNIT_EXPECT_GT(test, load->shown, 0);
	KUNIT_EXPECT_EQ(test, fault->shown, 0);
	KUNIT_EXPECT_EQ(test, pre_alarm->shown, 0);

	/* charge floats, but not because of temperature or overvoltage */
	s.outputs = OUTPUT_LOAD | OUTPUT_PRE_ALARM;
	publish_board(b, &s);
	KUNIT_EXPECT_GT(test, load->shown, 0);
	KUNIT_EXPECT_EQ(test, fault->shown, 0);
	KUNIT_EXPECT_GT(test, pre_alarm->shown, 0);

	s.outputs = 0;
	s.charge_tripped = true;
	publish_board(b, &s);
	KUNIT_EXPECT_EQ(test, load->shown, 0);
	KUNIT_EXPECT_GT(test, fault->shown, 0);
	KUNIT_EXPECT_EQ(test, pre_alarm->shown, 0);
}

static void late(struct kunit *test)
{
	struct board *b = fake_board(test);
	const struct snapshot s = { .outputs = OUTPUT_LOAD };

	publish_board(b, &s);		/* nobody has the trigger yet */
	KUNIT_ASSERT_EQ(test, leds_attach(b), 0);
	KUNIT_EXPECT_GT(test, lamp(test, b, "kunit-load-on")->shown, 0);
	KUNIT_EXPECT_EQ(test, lamp(test, b, "kunit-pre-alarm")->shown, 0);
}

static void burst(struct kunit *test)
{
	const struct snapshot states[] = {
		{ .outputs = OUTPUT_LOAD }, { }, { .outputs = OUTPUT_LOAD },
		{ }, { .outputs = OUTPUT_LOAD | OUTPUT_PRE_ALARM },
	};
	struct board *b = fake_board(test);
	struct lamp *load, *pre_alarm;

	KUNIT_ASSERT_EQ(test, leds_attach(b), 0);
	load = lamp(test, b, "kunit-load-on");
	pre_alarm = lamp(test, b, "kunit-pre-alarm");
	fake_core_publish(b->core, states, ARRAY_SIZE(states));
	KUNIT_EXPECT_GT(test, load->shown, 0);
	KUNIT_EXPECT_GT(test, pre_alarm->shown, 0);
	KUNIT_EXPECT_EQ(test, load->changes, 1);
	KUNIT_EXPECT_EQ(test, pre_alarm->changes, 1);
}

/* Names of all triggers can be had. */
static void expect_nothing(struct kunit *test, struct board *b)
{
	static const char * const names[] = {
		"kunit-load-on", "kunit-temp-or-ovp", "kunit-pre-alarm",
	};
	unsigned int n;

	for (n = 0; n < ARRAY_SIZE(names); n++) {
		struct led_trigger trigger = { .name = names[n] };
		int ret = led_trigger_register(&trigger);

		KUNIT_EXPECT_EQ_MSG(test, ret, 0, "%s", names[n]);
		if (!ret)
			led_trigger_unregister(&trigger);
	}
}

static void atomic(struct kunit *test)
{
	struct board *b = fake_board(test);
	const struct snapshot s = { .outputs = OUTPUT_LOAD };
	struct lamp *load;

	expect_atomic(test, b, leds_attach, expect_nothing);
	load = lamp(test, b, "kunit-load-on");
	publish_board(b, &s);
	KUNIT_EXPECT_GT(test, load->shown, 0);
}

static struct kunit_case cases[] = {
	CASE(follow,
	     "The LEDs show the load, a charge fault, and the pre-alarm, each alone (O4, O5)"),
	CASE(late,
	     "A LED that takes a trigger up late shows the present state at once (O4)"),
	CASE(burst,
	     "A burst of transitions is shown once, by its last state"),
	CASE(atomic,
	     "Triggers that fail to attach leave nothing behind, and are attached later (F0)"),
	{ }
};

static struct kunit_suite suite = {
	.name = "smallbms-leds",
	.test_cases = cases,
};

kunit_test_suite(suite);
