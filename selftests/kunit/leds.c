// SPDX-License-Identifier: GPL-2.0
/* LED triggers, with real LEDs of the LED class on them. */
#include <linux/device.h>
#include <linux/leds.h>

#include "kunit.h"

struct lamp {
	struct led_classdev led;
	enum led_brightness shown;
};

static void lamp_set(struct led_classdev *led, enum led_brightness brightness)
{
	container_of(led, struct lamp, led)->shown = brightness;
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
	struct board *b = kunit_board(test);
	struct board_view view = { };
	struct lamp *load, *fault, *warning;

	KUNIT_ASSERT_EQ(test, leds_register(b), 0);
	load = lamp(test, b, "kunit-load-on");
	fault = lamp(test, b, "kunit-temp-or-ovp");
	warning = lamp(test, b, "kunit-pre-alarm");
	KUNIT_EXPECT_EQ(test, load->shown, 0);
	KUNIT_EXPECT_EQ(test, fault->shown, 0);
	KUNIT_EXPECT_EQ(test, warning->shown, 0);

	view.outputs = PROTECTION_LOAD | PROTECTION_CHARGE;
	leds_report(b, &view);
	KUNIT_EXPECT_GT(test, load->shown, 0);
	KUNIT_EXPECT_EQ(test, fault->shown, 0);
	KUNIT_EXPECT_EQ(test, warning->shown, 0);

	/* charge floats, but not because of temperature or overvoltage */
	view.outputs = PROTECTION_LOAD | PROTECTION_PRE_ALARM;
	leds_report(b, &view);
	KUNIT_EXPECT_GT(test, load->shown, 0);
	KUNIT_EXPECT_EQ(test, fault->shown, 0);
	KUNIT_EXPECT_GT(test, warning->shown, 0);

	view.outputs = 0;
	view.charge_blocked = true;
	leds_report(b, &view);
	KUNIT_EXPECT_EQ(test, load->shown, 0);
	KUNIT_EXPECT_GT(test, fault->shown, 0);
	KUNIT_EXPECT_EQ(test, warning->shown, 0);
}

static void late(struct kunit *test)
{
	struct board *b = kunit_board(test);
	struct board_view view = { .outputs = PROTECTION_LOAD };

	leds_report(b, &view);		/* nobody has the trigger yet */
	KUNIT_ASSERT_EQ(test, leds_register(b), 0);
	KUNIT_EXPECT_GT(test, lamp(test, b, "kunit-load-on")->shown, 0);
	KUNIT_EXPECT_EQ(test, lamp(test, b, "kunit-pre-alarm")->shown, 0);
}

static struct kunit_case cases[] = {
	CASE(follow,
	     "The LEDs show the load, a charge fault, and the pre-alarm, each alone (O4, O5)"),
	CASE(late,
	     "A LED that takes a trigger up late shows at once what is (O4)"),
	{ }
};

static struct kunit_suite suite = {
	.name = "smallbms-leds",
	.test_cases = cases,
};

kunit_test_suite(suite);
