// SPDX-License-Identifier: GPL-2.0
/* The board's lines as properties of a power supply, by the interface's table. */
#include <linux/power_supply.h>

#include "kunit.h"

/* Bits of conditions, as literals */
#define LOW		0x001U
#define UV		0x002U
#define OV		0x004U
#define HOT		0x008U
#define COLD		0x010U
#define INHIBIT		0x020U
#define IO_ERROR	0x200U
#define MISMATCH	0x400U
#define IMPLAUSIBLE	0x800U

static struct board *registered(struct kunit *test)
{
	struct board *b = kunit_board(test);

	KUNIT_ASSERT_EQ(test, supply_register(b), 0);
	return b;
}

static int property(struct kunit *test, struct board *b,
		    enum power_supply_property which)
{
	union power_supply_propval val = { };
	int ret = power_supply_get_property(b->supply, which, &val);

	KUNIT_EXPECT_EQ_MSG(test, ret, 0, "asked for %d", which);
	return val.intval;
}

static void health(struct kunit *test)
{
	static const struct {
		u32 conditions;
		int health;
	} tries[] = {
		{ 0, POWER_SUPPLY_HEALTH_GOOD },
		{ LOW, POWER_SUPPLY_HEALTH_GOOD },
		{ INHIBIT, POWER_SUPPLY_HEALTH_GOOD },
		{ UV | LOW, POWER_SUPPLY_HEALTH_DEAD },
		{ OV, POWER_SUPPLY_HEALTH_OVERVOLTAGE },
		{ OV | UV, POWER_SUPPLY_HEALTH_OVERVOLTAGE },
		{ COLD | OV | UV, POWER_SUPPLY_HEALTH_COLD },
		{ HOT | COLD | OV | UV, POWER_SUPPLY_HEALTH_OVERHEAT },
		{ IO_ERROR | HOT, POWER_SUPPLY_HEALTH_UNSPEC_FAILURE },
		{ MISMATCH | OV, POWER_SUPPLY_HEALTH_UNSPEC_FAILURE },
		{ IMPLAUSIBLE | OV | UV, POWER_SUPPLY_HEALTH_UNSPEC_FAILURE },
	};
	struct board *b = registered(test);
	unsigned int n;

	for (n = 0; n < ARRAY_SIZE(tries); n++) {
		b->view.conditions = tries[n].conditions;
		KUNIT_EXPECT_EQ_MSG(test,
				    property(test, b, POWER_SUPPLY_PROP_HEALTH),
				    tries[n].health, "conditions %#x",
				    tries[n].conditions);
	}
}

static void capacity(struct kunit *test)
{
	static const struct {
		u32 conditions;
		u32 unreadable;
		int capacity;
		int level;
		int margin_min;
		int margin_max;
	} tries[] = {
		{ 0, 0, 50, POWER_SUPPLY_CAPACITY_LEVEL_NORMAL, 50, 50 },
		{ OV, 0, 100, POWER_SUPPLY_CAPACITY_LEVEL_FULL, 0, 49 },
		{ LOW, 0, 5, POWER_SUPPLY_CAPACITY_LEVEL_LOW, 0, 49 },
		{ LOW | OV, 0, 5, POWER_SUPPLY_CAPACITY_LEVEL_LOW, 0, 49 },
		{ UV, 0, 1, POWER_SUPPLY_CAPACITY_LEVEL_CRITICAL, 0, 49 },
		{ UV | LOW | OV, 0, 1, POWER_SUPPLY_CAPACITY_LEVEL_CRITICAL,
		  0, 49 },
		/* the last that was known stands */
		{ LOW, 0, 5, POWER_SUPPLY_CAPACITY_LEVEL_LOW, 0, 49 },
		{ LOW | UV | OV | IO_ERROR, LOW | UV | OV, 5,
		  POWER_SUPPLY_CAPACITY_LEVEL_UNKNOWN, 100, 100 },
	};
	struct board *b = registered(test);
	unsigned int n;

	for (n = 0; n < ARRAY_SIZE(tries); n++) {
		int margin;

		b->view.conditions = tries[n].conditions;
		b->view.unreadable = tries[n].unreadable;
		KUNIT_EXPECT_EQ_MSG(test,
				    property(test, b, POWER_SUPPLY_PROP_CAPACITY),
				    tries[n].capacity, "conditions %#x",
				    tries[n].conditions);
		KUNIT_EXPECT_EQ(test,
				property(test, b,
					 POWER_SUPPLY_PROP_CAPACITY_LEVEL),
				tries[n].level);
		margin = property(test, b,
				  POWER_SUPPLY_PROP_CAPACITY_ERROR_MARGIN);
		KUNIT_EXPECT_GE(test, margin, tries[n].margin_min);
		KUNIT_EXPECT_LE(test, margin, tries[n].margin_max);
	}
}

static void never_zero(struct kunit *test)
{
	struct board *b = registered(test);
	unsigned int bad = 0, tries = 0;
	u32 unreadable, conditions;

	for (unreadable = 0; unreadable < 0x40; unreadable += 0x3f) {
		for (conditions = 0; conditions < 0x1000; conditions++) {
			union power_supply_propval val = { };
			int ret;

			b->view.conditions = conditions;
			b->view.unreadable = unreadable;
			ret = power_supply_get_property(b->supply,
							POWER_SUPPLY_PROP_CAPACITY,
							&val);
			bad += ret || val.intval < 1 || val.intval > 100;
			tries++;
		}
	}
	KUNIT_EXPECT_EQ(test, bad, 0);
	KUNIT_EXPECT_EQ(test, tries, 2 * 0x1000);
}

static void never_fails(struct kunit *test)
{
	struct board *b = registered(test);
	unsigned int n;

	b->view.conditions = ~0U;
	b->view.unreadable = ~0U;
	KUNIT_EXPECT_GT(test, b->supply_desc.num_properties, 10);
	KUNIT_EXPECT_LE(test, b->supply_desc.num_properties,
			ARRAY_SIZE(b->properties));
	for (n = 0; n < b->supply_desc.num_properties; n++)
		property(test, b, b->supply_desc.properties[n]);
}

static void status(struct kunit *test)
{
	struct board *b = registered(test);

	KUNIT_EXPECT_EQ(test, property(test, b, POWER_SUPPLY_PROP_STATUS),
			POWER_SUPPLY_STATUS_UNKNOWN);
	b->supplied = true;
	KUNIT_EXPECT_EQ(test, property(test, b, POWER_SUPPLY_PROP_STATUS),
			POWER_SUPPLY_STATUS_DISCHARGING);
	b->charger_online = true;
	KUNIT_EXPECT_EQ(test, property(test, b, POWER_SUPPLY_PROP_STATUS),
			POWER_SUPPLY_STATUS_NOT_CHARGING);
	b->view.outputs = PROTECTION_CHARGE;
	KUNIT_EXPECT_EQ(test, property(test, b, POWER_SUPPLY_PROP_STATUS),
			POWER_SUPPLY_STATUS_CHARGING);
}

static int set(struct board *b, enum power_supply_property which, int value)
{
	union power_supply_propval val = { .intval = value };

	return b->supply_desc.set_property(b->supply, which, &val);
}

static bool writeable(struct board *b, enum power_supply_property which)
{
	return b->supply_desc.property_is_writeable(b->supply, which) > 0;
}

static void behaviour(struct kunit *test)
{
	struct board *b = registered(test);
	const bool *inhibit = &b->protection.inhibit_charge;
	int value;

	KUNIT_EXPECT_EQ(test, set(b, POWER_SUPPLY_PROP_CHARGE_BEHAVIOUR,
				  POWER_SUPPLY_CHARGE_BEHAVIOUR_INHIBIT_CHARGE),
			0);
	KUNIT_EXPECT_TRUE(test, *inhibit);
	for (value = -1; value < 10; value++) {
		if (value == POWER_SUPPLY_CHARGE_BEHAVIOUR_AUTO ||
		    value == POWER_SUPPLY_CHARGE_BEHAVIOUR_INHIBIT_CHARGE)
			continue;
		KUNIT_EXPECT_EQ(test, set(b, POWER_SUPPLY_PROP_CHARGE_BEHAVIOUR,
					  value), -EINVAL);
		KUNIT_EXPECT_TRUE(test, *inhibit);
	}
	KUNIT_EXPECT_EQ(test, set(b, POWER_SUPPLY_PROP_CAPACITY, 0), -EINVAL);
	KUNIT_EXPECT_EQ(test, set(b, POWER_SUPPLY_PROP_CHARGE_BEHAVIOUR,
				  POWER_SUPPLY_CHARGE_BEHAVIOUR_AUTO), 0);
	KUNIT_EXPECT_FALSE(test, *inhibit);
	KUNIT_EXPECT_FALSE(test, writeable(b, POWER_SUPPLY_PROP_CAPACITY));
	KUNIT_EXPECT_TRUE(test, writeable(b, POWER_SUPPLY_PROP_CHARGE_BEHAVIOUR));
}

static void names(struct kunit *test)
{
	struct board *first = registered(test);
	struct board *second = registered(test);

	KUNIT_EXPECT_STREQ(test, first->name, "smallbms0");
	KUNIT_EXPECT_STREQ(test, second->name, "smallbms1");
}

static struct kunit_case cases[] = {
	CASE(health,
	     "The health is the first in the order of the interface that holds"),
	CASE(capacity,
	     "The capacity by lines alone is 100, 50, 5 or 1 percent, and the last known one while they cannot be read"),
	CASE(never_zero,
	     "No combination of conditions tells a capacity of 0, nor fails to tell"),
	CASE(never_fails,
	     "No property that is listed fails, whatever the conditions"),
	CASE(status,
	     "The status follows the charger and the charge output, and is unknown without a charger"),
	CASE(behaviour,
	     "Charging can be inhibited and allowed, and nothing else can be set (C4)"),
	CASE(names,
	     "Boards without a label are numbered"),
	{ }
};

static struct kunit_suite suite = {
	.name = "smallbms-supply",
	.test_cases = cases,
};

kunit_test_suite(suite);
