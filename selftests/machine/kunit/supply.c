// SPDX-License-Identifier: GPL-2.0
/* The board's lines as properties of a power supply, by the interface's table. */
#include <kunit/device.h>
#include <linux/device.h>
#include <linux/kernfs.h>
#include <linux/power_supply.h>
#include <linux/property.h>

#include "inject.h"
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

static struct board *attached(struct kunit *test)
{
	struct board *b = fake_board(test);

	KUNIT_ASSERT_EQ(test, supply_attach(b), 0);
	return b;
}

static int property(struct kunit *test, enum power_supply_property which)
{
	union power_supply_propval val = { };
	int ret = power_supply_get_property(inject.psy, which, &val);

	KUNIT_EXPECT_EQ_MSG(test, ret, 0, "asked for %d", which);
	return val.intval;
}

static void publish_conditions(struct board *b, u32 conditions, u32 unreadable)
{
	const struct snapshot s = {
		.conditions = conditions, .unreadable = unreadable,
	};

	publish_board(b, &s);
}

static void put(struct board *b, enum measurement what, int value)
{
	measurements_put(b->measurements, SOURCE_IIO, what, value);
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
	struct board *b = attached(test);
	unsigned int n;

	for (n = 0; n < ARRAY_SIZE(tries); n++) {
		publish_conditions(b, tries[n].conditions, 0);
		KUNIT_EXPECT_EQ_MSG(test,
				    property(test, POWER_SUPPLY_PROP_HEALTH),
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
		/* the last one before stands */
		{ LOW, 0, 5, POWER_SUPPLY_CAPACITY_LEVEL_LOW, 0, 49 },
		{ LOW | UV | OV | IO_ERROR, LOW | UV | OV, 5,
		  POWER_SUPPLY_CAPACITY_LEVEL_UNKNOWN, 100, 100 },
	};
	struct board *b = attached(test);
	unsigned int n;

	for (n = 0; n < ARRAY_SIZE(tries); n++) {
		int margin;

		publish_conditions(b, tries[n].conditions, tries[n].unreadable);
		KUNIT_EXPECT_EQ_MSG(test,
				    property(test, POWER_SUPPLY_PROP_CAPACITY),
				    tries[n].capacity, "conditions %#x",
				    tries[n].conditions);
		KUNIT_EXPECT_EQ(test,
				property(test,
					 POWER_SUPPLY_PROP_CAPACITY_LEVEL),
				tries[n].level);
		margin = property(test, POWER_SUPPLY_PROP_CAPACITY_ERROR_MARGIN);
		KUNIT_EXPECT_GE(test, margin, tries[n].margin_min);
		KUNIT_EXPECT_LE(test, margin, tries[n].margin_max);
	}
}

static void never_zero(struct kunit *test)
{
	struct board *b = attached(test);
	unsigned int bad = 0, tries = 0;
	struct snapshot s = { };
	u32 unreadable, conditions;

	for (unreadable = 0; unreadable < 0x40; unreadable += 0x3f) {
		for (conditions = 0; conditions < 0x1000; conditions++) {
			union power_supply_propval val = { };
			int ret;

			s.conditions = conditions;
			s.unreadable = unreadable;
			fake_core_set(b->core, &s);
			ret = power_supply_get_property(inject.psy,
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
	const struct power_supply_desc *desc;
	struct board *b = fake_board(test);
	unsigned int n;

	for (n = 0; n < MEASUREMENT_COUNT; n++)
		put(b, n, 1);
	KUNIT_ASSERT_EQ(test, supply_attach(b), 0);
	publish_conditions(b, ~0U, ~0U);
	desc = inject.psy->desc;
	KUNIT_EXPECT_EQ(test, desc->num_properties, 11 + 4);
	for (n = 0; n < desc->num_properties; n++)
		property(test, desc->properties[n]);
}

/**
 * struct other - a power supply of another driver
 * @psy: its power supply
 * @desc: its description
 * @online: what it reports
 */
struct other {
	struct power_supply *psy;
	struct power_supply_desc desc;
	int online;
};

static int other_get_property(struct power_supply *psy,
			      enum power_supply_property which,
			      union power_supply_propval *val)
{
	const struct other *o = power_supply_get_drvdata(psy);

	val->intval = o->online;
	return 0;
}

/* remove_other() takes it away, or the end of the test. */
static void add_other(struct kunit *test, struct other *o, struct device *dev,
		      const char *name)
{
	static const enum power_supply_property online[] = {
		POWER_SUPPLY_PROP_ONLINE,
	};
	const struct power_supply_config config = { .drv_data = o };

	o->desc.name = name;
	o->desc.type = POWER_SUPPLY_TYPE_MAINS;
	o->desc.properties = online;
	o->desc.num_properties = ARRAY_SIZE(online);
	o->desc.get_property = other_get_property;
	o->desc.no_thermal = true;
	KUNIT_ASSERT_NOT_NULL(test, devres_open_group(dev, o, GFP_KERNEL));
	o->psy = devm_power_supply_register(dev, &o->desc, &config);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, o->psy);
	devres_close_group(dev, o);
	/* it announces itself once */
	flush_delayed_work(&o->psy->deferred_register_work);
	flush_work(&o->psy->changed_work);
}

static void remove_other(struct other *o)
{
	devres_release_group(o->psy->dev.parent, o);
}

/**
 * struct sun - a charger that a board describes
 * @other: its power supply
 * @dev: its device
 */
struct sun {
	struct other other;
	struct device *dev;
};

static void describe_sun(struct kunit *test, struct board *b, struct sun *s)
{
	const struct property_entry properties[] = {
		PROPERTY_ENTRY_REF("power-supplies",
				   to_software_node(dev_fwnode(s->dev))),
		{ }
	};

	KUNIT_ASSERT_EQ(test,
			device_create_managed_software_node(b->dev, properties,
							    NULL), 0);
}

/* A board whose charger is described; there is no driver of the charger yet. */
static struct board *with_sun(struct kunit *test, struct sun **sun)
{
	struct board *b = fake_board(test);
	struct sun *s = kunit_kzalloc(test, sizeof(*s), GFP_KERNEL);
	struct device *dev;

	KUNIT_ASSERT_NOT_NULL(test, s);
	dev = kunit_device_register(test, "smallbms-kunit-sun");
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, dev);
	KUNIT_ASSERT_EQ(test,
			device_create_managed_software_node(dev, NULL, NULL), 0);
	s->dev = dev;
	describe_sun(test, b, s);
	*sun = s;
	return b;
}

/* The charger's driver is bound. */
static void sun_bind(struct kunit *test, struct sun *s, int online)
{
	s->other.online = online;
	add_other(test, &s->other, s->dev, "kunit-sun");
	inject_run_work();
}

/* It is unbound, which is noticed in the next round. */
static void sun_unbind(struct sun *s)
{
	remove_other(&s->other);
	inject_run_work();
}

static void sun_set(struct sun *s, int online)
{
	s->other.online = online;
	power_supply_changed(s->other.psy);
	flush_work(&s->other.psy->changed_work);
	inject_run_work();
}

static void expect_status(struct kunit *test, int status)
{
	KUNIT_EXPECT_EQ(test, property(test, POWER_SUPPLY_PROP_STATUS), status);
}

static void status(struct kunit *test)
{
	struct snapshot s = { };
	struct board *b;
	struct sun *sun;

	b = with_sun(test, &sun);
	KUNIT_ASSERT_EQ(test, supply_attach(b), 0);
	expect_status(test, POWER_SUPPLY_STATUS_UNKNOWN);
	sun_bind(test, sun, 1);
	expect_status(test, POWER_SUPPLY_STATUS_NOT_CHARGING);
	s.outputs = OUTPUT_CHARGE;
	publish_board(b, &s);
	expect_status(test, POWER_SUPPLY_STATUS_CHARGING);
	sun_set(sun, 0);
	expect_status(test, POWER_SUPPLY_STATUS_DISCHARGING);

	/* what is measured is more than what a charger reports */
	put(b, MEASUREMENT_CURRENT, 5000000);
	expect_status(test, POWER_SUPPLY_STATUS_CHARGING);
	sun_set(sun, 1);
	put(b, MEASUREMENT_CURRENT, -5000000);
	put(b, MEASUREMENT_CURRENT, -5000000);
	expect_status(test, POWER_SUPPLY_STATUS_DISCHARGING);
	inject.advanced_s = 36;
	expect_status(test, POWER_SUPPLY_STATUS_CHARGING);
}

static void charger_goes(struct kunit *test)
{
	const struct snapshot s = { .outputs = OUTPUT_CHARGE };
	struct board *b;
	struct sun *sun;

	b = with_sun(test, &sun);
	KUNIT_ASSERT_EQ(test, supply_attach(b), 0);
	publish_board(b, &s);
	/* where nothing is, an event says that there is something */
	inject.delay = ULONG_MAX;
	inject_run_work();
	KUNIT_EXPECT_EQ(test, inject.delay, ULONG_MAX);
	KUNIT_EXPECT_NOT_NULL(test, strstr(inject.log, "post-init-providers"));
	expect_status(test, POWER_SUPPLY_STATUS_UNKNOWN);

	sun_bind(test, sun, 1);
	expect_status(test, POWER_SUPPLY_STATUS_CHARGING);
	KUNIT_EXPECT_GE(test, inject.delay, 9 * HZ);
	KUNIT_EXPECT_LE(test, inject.delay, 11 * HZ);
	inject.events = 0;
	sun_unbind(sun);
	expect_status(test, POWER_SUPPLY_STATUS_UNKNOWN);
	KUNIT_EXPECT_EQ(test, inject.events, 1);
	sun_bind(test, sun, 0);
	expect_status(test, POWER_SUPPLY_STATUS_DISCHARGING);
	KUNIT_EXPECT_EQ(test, inject.events, 2);
}

static void no_charger(struct kunit *test)
{
	struct snapshot s = { .outputs = OUTPUT_CHARGE };
	struct board *b = attached(test);

	expect_status(test, POWER_SUPPLY_STATUS_UNKNOWN);
	publish_board(b, &s);
	expect_status(test, POWER_SUPPLY_STATUS_UNKNOWN);
}

static int set(enum power_supply_property which, int value)
{
	union power_supply_propval val = { .intval = value };

	return inject.psy->desc->set_property(inject.psy, which, &val);
}

static bool writeable(enum power_supply_property which)
{
	return inject.psy->desc->property_is_writeable(inject.psy, which) > 0;
}

static void behaviour(struct kunit *test)
{
	const struct snapshot inhibited = { .inhibit_charge = 1 };
	struct board *b = attached(test);
	int value;

	KUNIT_EXPECT_EQ(test, set(POWER_SUPPLY_PROP_CHARGE_BEHAVIOUR,
				  POWER_SUPPLY_CHARGE_BEHAVIOUR_INHIBIT_CHARGE),
			0);
	KUNIT_EXPECT_EQ(test, core_setting(b->core, CORE_INHIBIT_CHARGE), 1);
	for (value = -1; value < 10; value++) {
		if (value == POWER_SUPPLY_CHARGE_BEHAVIOUR_AUTO ||
		    value == POWER_SUPPLY_CHARGE_BEHAVIOUR_INHIBIT_CHARGE)
			continue;
		KUNIT_EXPECT_EQ(test, set(POWER_SUPPLY_PROP_CHARGE_BEHAVIOUR,
					  value), -EINVAL);
		KUNIT_EXPECT_EQ(test, core_setting(b->core, CORE_INHIBIT_CHARGE),
				1);
	}
	KUNIT_EXPECT_EQ(test, set(POWER_SUPPLY_PROP_CAPACITY, 0), -EINVAL);
	KUNIT_EXPECT_EQ(test, set(POWER_SUPPLY_PROP_CHARGE_BEHAVIOUR,
				  POWER_SUPPLY_CHARGE_BEHAVIOUR_AUTO), 0);
	KUNIT_EXPECT_EQ(test, core_setting(b->core, CORE_INHIBIT_CHARGE), 0);
	KUNIT_EXPECT_FALSE(test, writeable(POWER_SUPPLY_PROP_CAPACITY));
	KUNIT_EXPECT_TRUE(test, writeable(POWER_SUPPLY_PROP_CHARGE_BEHAVIOUR));

	KUNIT_EXPECT_EQ(test, property(test, POWER_SUPPLY_PROP_CHARGE_BEHAVIOUR),
			POWER_SUPPLY_CHARGE_BEHAVIOUR_AUTO);
	publish_board(b, &inhibited);
	KUNIT_EXPECT_EQ(test, property(test, POWER_SUPPLY_PROP_CHARGE_BEHAVIOUR),
			POWER_SUPPLY_CHARGE_BEHAVIOUR_INHIBIT_CHARGE);
}

static void expect_text(struct kunit *test, enum power_supply_property which,
			const char *text)
{
	union power_supply_propval val = { };

	KUNIT_ASSERT_EQ(test, power_supply_get_property(inject.psy, which, &val),
			0);
	KUNIT_EXPECT_STREQ(test, val.strval, text);
}

static void label(struct kunit *test)
{
	struct board *b = fake_board(test);

	b->name = "house";
	KUNIT_ASSERT_EQ(test, supply_attach(b), 0);
	KUNIT_EXPECT_STREQ(test, inject.psy->desc->name, "house");
	expect_text(test, POWER_SUPPLY_PROP_MODEL_NAME, "house");
	expect_text(test, POWER_SUPPLY_PROP_MANUFACTURER, "smallBMS");
}

static bool lists(enum power_supply_property which)
{
	const struct power_supply_desc *desc = inject.psy->desc;
	unsigned int n;

	for (n = 0; n < desc->num_properties; n++)
		if (desc->properties[n] == which)
			return true;
	return false;
}

static bool has_file(const char *name)
{
	struct kernfs_node *node =
		kernfs_find_and_get(inject.psy->dev.kobj.sd, name);

	kernfs_put(node);
	return node;
}

static void listed(struct kunit *test)
{
	struct board *b = fake_board(test);

	put(b, MEASUREMENT_VOLTAGE, 13200000);
	KUNIT_ASSERT_EQ(test, supply_attach(b), 0);
	KUNIT_EXPECT_TRUE(test, lists(POWER_SUPPLY_PROP_VOLTAGE_NOW));
	KUNIT_EXPECT_TRUE(test, has_file("voltage_now"));
	KUNIT_EXPECT_FALSE(test, lists(POWER_SUPPLY_PROP_CURRENT_NOW));
	KUNIT_EXPECT_FALSE(test, has_file("current_now"));
	KUNIT_EXPECT_FALSE(test, lists(POWER_SUPPLY_PROP_TEMP));
	KUNIT_EXPECT_FALSE(test, has_file("temp"));
	KUNIT_EXPECT_EQ(test, inject.events, 0);

	put(b, MEASUREMENT_TEMPERATURE, 210);
	measurements_notify(b->measurements);
	KUNIT_EXPECT_TRUE(test, lists(POWER_SUPPLY_PROP_TEMP));
	KUNIT_EXPECT_TRUE(test, has_file("temp"));
	KUNIT_EXPECT_TRUE(test, has_file("capacity"));
	KUNIT_EXPECT_FALSE(test, has_file("current_now"));
	KUNIT_EXPECT_EQ(test, property(test, POWER_SUPPLY_PROP_TEMP), 210);
	KUNIT_EXPECT_EQ(test, inject.events, 1);

	inject.advanced_s = 1000;
	measurements_notify(b->measurements);
	KUNIT_EXPECT_EQ(test, property(test, POWER_SUPPLY_PROP_TEMP), 210);
	KUNIT_EXPECT_EQ(test, inject.events, 1);
}

static void listed_later(struct kunit *test)
{
	struct board *b = attached(test);

	put(b, MEASUREMENT_CURRENT, 0);
	inject_fail_at(1);
	measurements_notify(b->measurements);
	KUNIT_EXPECT_TRUE(test, inject_has_failed());
	inject_fail_at(0);
	KUNIT_EXPECT_FALSE(test, has_file("current_now"));
	KUNIT_EXPECT_EQ(test, inject.events, 0);
	measurements_notify(b->measurements);
	KUNIT_EXPECT_TRUE(test, has_file("current_now"));
	KUNIT_EXPECT_EQ(test, inject.events, 1);
}

/* The only events since last time */
static void expect_events(struct kunit *test, unsigned int events)
{
	KUNIT_EXPECT_EQ(test, inject.events, events);
	inject.events = 0;
}

static void events(struct kunit *test)
{
	const struct snapshot states[] = {
		{ .conditions = UV }, { .conditions = LOW }, { .alarm = 1 },
	};
	struct snapshot s = { };
	struct board *b = attached(test);

	expect_events(test, 0);
	s.alarm = 1;
	publish_board(b, &s);
	expect_events(test, 1);
	publish_board(b, &s);
	expect_events(test, 0);
	/* and back to what is known */
	fake_core_publish(b->core, states, ARRAY_SIZE(states));
	expect_events(test, 0);
	s.conditions = LOW;
	publish_board(b, &s);
	expect_events(test, 1);
	fake_core_publish(b->core, states, 2);
	expect_events(test, 1);
}

static struct power_supply_battery_ocv_table warm[] = {
	{ 14000000, 100 }, { 12000000, 0 },
};

static struct power_supply_battery_ocv_table cold[] = {
	{ 13000000, 100 }, { 11000000, 0 },
};

/* What is known of a battery; it outlives the power supply of a board made later */
static struct power_supply_battery_info *battery(struct kunit *test)
{
	struct power_supply_battery_info *info =
		kunit_kzalloc(test, sizeof(*info), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, info);
	info->factory_internal_resistance_uohm = -EINVAL;
	info->ocv_table[0] = warm;
	info->ocv_table_size[0] = ARRAY_SIZE(warm);
	info->ocv_temp[0] = 25;
	info->ocv_table[1] = cold;
	info->ocv_table_size[1] = ARRAY_SIZE(cold);
	info->ocv_temp[1] = -10;
	return info;
}

/* A round that measures the voltage, 10 s after the one before */
static void measure(struct board *b, int uv)
{
	inject.advanced_s += 10;
	put(b, MEASUREMENT_VOLTAGE, uv);
	measurements_notify(b->measurements);
}

static void events_of_measurements(struct kunit *test)
{
	struct power_supply_battery_info *info = battery(test);
	struct board *b = fake_board(test);

	inject.battery = info;
	put(b, MEASUREMENT_VOLTAGE, 13000000);
	put(b, MEASUREMENT_CURRENT, -1000000);
	KUNIT_ASSERT_EQ(test, supply_attach(b), 0);
	inject.events = 0;

	put(b, MEASUREMENT_CURRENT, -2000000);
	measure(b, 13020000);
	expect_events(test, 0);			/* 51 percent */
	measure(b, 13040000);
	expect_events(test, 0);			/* still, by the median */
	measure(b, 13040000);
	expect_events(test, 1);			/* 52 percent */
	measurements_notify(b->measurements);
	expect_events(test, 0);
	put(b, MEASUREMENT_CURRENT, 2000000);
	measurements_notify(b->measurements);
	expect_events(test, 0);
	put(b, MEASUREMENT_CURRENT, 2000000);
	measurements_notify(b->measurements);
	expect_events(test, 1);			/* charging */
	inject.advanced_s += 36;
	measurements_notify(b->measurements);
	expect_events(test, 1);			/* unknown, 50 percent */
	measurements_notify(b->measurements);
	expect_events(test, 0);
	put(b, MEASUREMENT_VOLTAGE, 71000000);
	measurements_notify(b->measurements);
	expect_events(test, 1);			/* B3 */
}

static void events_of_chargers(struct kunit *test)
{
	struct board *b;
	struct sun *sun;

	b = with_sun(test, &sun);
	KUNIT_ASSERT_EQ(test, supply_attach(b), 0);
	sun_bind(test, sun, 0);
	inject.events = 0;
	sun_set(sun, 1);
	expect_events(test, 1);
	sun_set(sun, 1);
	expect_events(test, 0);
	sun_set(sun, 0);
	expect_events(test, 1);
	/* what is measured counts, and does not change */
	put(b, MEASUREMENT_CURRENT, 5000000);
	measurements_notify(b->measurements);
	expect_events(test, 1);
	sun_set(sun, 1);
	expect_events(test, 0);
}

static void expect_estimate(struct kunit *test, int percent, int margin)
{
	KUNIT_EXPECT_EQ(test, property(test, POWER_SUPPLY_PROP_CAPACITY),
			percent);
	KUNIT_EXPECT_EQ(test,
			property(test, POWER_SUPPLY_PROP_CAPACITY_ERROR_MARGIN),
			margin);
}

/* As many as it takes until the voltage counts, whatever it was before */
static void settle(struct board *b, int uv)
{
	measure(b, uv);
	measure(b, uv);
}

static void estimate(struct kunit *test)
{
	struct power_supply_battery_info *info = battery(test);
	struct board *b = fake_board(test);

	inject.battery = info;
	KUNIT_ASSERT_EQ(test, supply_attach(b), 0);
	expect_estimate(test, 50, 50);
	put(b, MEASUREMENT_TEMPERATURE, 250);
	put(b, MEASUREMENT_CURRENT, 20000000);
	settle(b, 13200000);
	/* 24 in 1000 of 13.2 V, a current is not accounted for: 44 to 75 */
	expect_estimate(test, 60, 16);

	/* 20 A through 10 mOhm are 0.2 V; then 8 in 1000: 44 to 55, 64 to 75 */
	info->factory_internal_resistance_uohm = 10000;
	put(b, MEASUREMENT_CURRENT, 20000000);
	settle(b, 13200000);
	expect_estimate(test, 50, 6);
	put(b, MEASUREMENT_TEMPERATURE, 250);
	put(b, MEASUREMENT_CURRENT, -20000000);
	settle(b, 13200000);
	expect_estimate(test, 70, 6);
	inject.advanced_s += 36;
	put(b, MEASUREMENT_TEMPERATURE, 250);
	settle(b, 13200000);
	expect_estimate(test, 60, 16);

	/* 45 to 54 */
	put(b, MEASUREMENT_CURRENT, 0);
	put(b, MEASUREMENT_TEMPERATURE, -100);
	settle(b, 12000000);
	expect_estimate(test, 50, 5);
	/* without a temperature that counts, at 25 degrees: 0 to 4 */
	inject.advanced_s += 36;
	put(b, MEASUREMENT_CURRENT, 0);
	settle(b, 12000000);
	expect_estimate(test, 3, 5);
	put(b, MEASUREMENT_CURRENT, 0);
	settle(b, 13000000);
	expect_estimate(test, 50, 6);

	inject.advanced_s += 36;
	expect_estimate(test, 50, 50);
}

static void expect_capacity(struct kunit *test, int percent)
{
	KUNIT_EXPECT_EQ(test, property(test, POWER_SUPPLY_PROP_CAPACITY),
			percent);
}

static void dips(struct kunit *test)
{
	struct power_supply_battery_info *info = battery(test);
	struct board *b = fake_board(test);

	inject.battery = info;
	info->factory_internal_resistance_uohm = 10000;
	put(b, MEASUREMENT_CURRENT, 0);
	put(b, MEASUREMENT_VOLTAGE, 13400000);
	KUNIT_ASSERT_EQ(test, supply_attach(b), 0);
	expect_capacity(test, 70);
	settle(b, 13400000);
	inject.events = 0;

	measure(b, 12000000);
	expect_capacity(test, 70);
	/* a round in which it cannot be measured is no second reading */
	measurements_notify(b->measurements);
	expect_capacity(test, 70);
	put(b, MEASUREMENT_CURRENT, 0);
	measure(b, 13400000);
	expect_capacity(test, 70);
	measure(b, 14000000);
	expect_capacity(test, 70);
	measure(b, 13400000);
	expect_capacity(test, 70);
	/* 100 A are 1 V */
	put(b, MEASUREMENT_CURRENT, -100000000);
	measure(b, 12400000);
	expect_capacity(test, 70);
	expect_events(test, 1);			/* discharging */
	put(b, MEASUREMENT_CURRENT, 0);
	measure(b, 13400000);
	expect_capacity(test, 70);
	expect_events(test, 0);

	settle(b, 12000000);
	expect_capacity(test, 3);
	expect_events(test, 1);

	/* what was measured long ago is nothing to compare with */
	inject.advanced_s += 36;
	measurements_notify(b->measurements);
	expect_capacity(test, 50);
	measure(b, 13400000);
	expect_capacity(test, 70);
}

static void report(struct board *b, enum measurement what, int value)
{
	measurements_put(b->measurements, SOURCE_GAUGE, what, value);
}

/* As dips(), from a program that reports the voltage each second */
static void dips_of_gauge(struct kunit *test)
{
	struct power_supply_battery_info *info = battery(test);
	struct board *b = fake_board(test);
	unsigned int n;

	inject.battery = info;
	KUNIT_ASSERT_EQ(test, supply_attach(b), 0);
	for (n = 0; n < 60; n++) {
		inject.advanced_s++;
		report(b, MEASUREMENT_VOLTAGE, n >= 25 && n < 34 ? 12000000 : 13400000);
		measurements_notify(b->measurements);
		expect_capacity(test, 70);
	}
	for (n = 0; n < 20; n++) {
		inject.advanced_s++;
		report(b, MEASUREMENT_VOLTAGE, 12000000);
		measurements_notify(b->measurements);
	}
	expect_capacity(test, 3);
}

static void gauge(struct kunit *test)
{
	static const struct {
		int permille;
		u32 conditions;
		u32 unreadable;
		int capacity;
		int margin;
	} tries[] = {
		{ 734, 0, 0, 73, 5 }, { 735, 0, 0, 74, 5 },
		{ 1000, 0, 0, 100, 5 }, { 994, 0, 0, 99, 5 },
		{ 34, 0, 0, 3, 5 }, { 24, 0, 0, 3, 5 }, { 0, 0, 0, 3, 5 },
		{ 0, HOT | INHIBIT, 0, 3, 5 },
		{ 734, LOW, 0, 5, 5 }, { 44, LOW, 0, 4, 5 }, { 0, LOW, 0, 3, 5 },
		{ 1000, UV | LOW, 0, 1, 5 }, { 0, UV, 0, 1, 5 },
		{ 0, OV, 0, 100, 5 }, { 734, OV, 0, 100, 5 },
		/* lines that cannot be read count as active, and say nothing */
		{ 734, LOW | UV | OV | IO_ERROR, LOW | UV | OV, 73, 100 },
		{ 0, LOW | UV | OV | IO_ERROR, LOW | UV | OV, 3, 100 },
	};
	struct power_supply_battery_info *info = battery(test);
	struct board *b = fake_board(test);
	unsigned int n;

	inject.battery = info;
	KUNIT_ASSERT_EQ(test, supply_attach(b), 0);
	settle(b, 13200000);
	expect_estimate(test, 60, 16);
	for (n = 0; n < ARRAY_SIZE(tries); n++) {
		report(b, MEASUREMENT_SOC, tries[n].permille);
		publish_conditions(b, tries[n].conditions, tries[n].unreadable);
		expect_estimate(test, tries[n].capacity, tries[n].margin);
	}

	/* stale: what the voltage says; then what the lines do */
	publish_conditions(b, 0, 0);
	report(b, MEASUREMENT_SOC, 900);
	expect_estimate(test, 90, 5);
	inject.advanced_s += 31;
	expect_estimate(test, 60, 16);
	inject.advanced_s += 5;
	expect_estimate(test, 50, 50);
	report(b, MEASUREMENT_SOC, 900);
	expect_estimate(test, 90, 5);
	measurements_forget(b->measurements, SOURCE_GAUGE, MEASUREMENT_SOC);
	expect_estimate(test, 50, 50);
}

static void gauge_lies(struct kunit *test)
{
	struct board *b = attached(test);
	unsigned int bad = 0, tries = 0;
	int permille;
	u32 lines;

	for (lines = 0; lines < 0x40; lines++) {
		publish_conditions(b, lines, 0);
		for (permille = 0; permille <= 1000; permille++) {
			int percent;

			report(b, MEASUREMENT_SOC, permille);
			percent = property(test, POWER_SUPPLY_PROP_CAPACITY);
			bad += lines & UV ? percent != 1 :
					    percent < 3 || percent > 100;
			tries++;
		}
	}
	KUNIT_EXPECT_EQ(test, bad, 0);
	KUNIT_EXPECT_EQ(test, tries, 0x40 * 1001);
}

static void expect_left(struct kunit *test, int seconds)
{
	KUNIT_EXPECT_EQ(test,
			property(test, POWER_SUPPLY_PROP_TIME_TO_EMPTY_AVG),
			seconds);
}

static void time_to_empty(struct kunit *test)
{
	struct board *b = attached(test);

	KUNIT_EXPECT_FALSE(test, lists(POWER_SUPPLY_PROP_TIME_TO_EMPTY_AVG));
	report(b, MEASUREMENT_TIME_TO_EMPTY, 3600);
	measurements_notify(b->measurements);
	KUNIT_EXPECT_TRUE(test, has_file("time_to_empty_avg"));
	expect_left(test, 3600);
	report(b, MEASUREMENT_TIME_TO_EMPTY, 0);
	expect_left(test, 0);
	/* never, too old, forgotten: a year */
	report(b, MEASUREMENT_TIME_TO_EMPTY, -1);
	expect_left(test, 31536000);
	report(b, MEASUREMENT_TIME_TO_EMPTY, 60);
	inject.advanced_s = 31;
	expect_left(test, 31536000);
	report(b, MEASUREMENT_TIME_TO_EMPTY, 60);
	expect_left(test, 60);
	measurements_forget(b->measurements, SOURCE_GAUGE,
			    MEASUREMENT_TIME_TO_EMPTY);
	expect_left(test, 31536000);
	KUNIT_EXPECT_TRUE(test, lists(POWER_SUPPLY_PROP_TIME_TO_EMPTY_AVG));
}

static void events_of_gauges(struct kunit *test)
{
	struct board *b = attached(test);

	inject.events = 0;
	report(b, MEASUREMENT_SOC, 520);
	measurements_notify(b->measurements);
	expect_events(test, 1);
	report(b, MEASUREMENT_SOC, 529);
	measurements_notify(b->measurements);
	expect_events(test, 0);
	report(b, MEASUREMENT_SOC, 520);
	measurements_notify(b->measurements);
	expect_events(test, 0);
	report(b, MEASUREMENT_SOC, 500);
	measurements_notify(b->measurements);
	expect_events(test, 1);
	report(b, MEASUREMENT_TIME_TO_EMPTY, 60);
	measurements_notify(b->measurements);
	expect_events(test, 1);			/* a property more */
	report(b, MEASUREMENT_TIME_TO_EMPTY, 3600);
	measurements_notify(b->measurements);
	expect_events(test, 0);
	report(b, MEASUREMENT_CURRENT, -5000000);
	measurements_notify(b->measurements);
	expect_events(test, 1);			/* discharging */
	expect_status(test, POWER_SUPPLY_STATUS_DISCHARGING);
	report(b, MEASUREMENT_SOC, 900);
	measurements_notify(b->measurements);
	expect_events(test, 1);
	inject.advanced_s = 31;
	measurements_notify(b->measurements);
	expect_events(test, 1);			/* 50 percent */
	measurements_notify(b->measurements);
	expect_events(test, 0);
}

static void expect_nothing(struct kunit *test, struct board *b)
{
	struct power_supply *psy = power_supply_get_by_name("kunit");

	KUNIT_EXPECT_NULL(test, psy);
	if (psy)
		power_supply_put(psy);
	inject.events = 0;
}

static void atomic(struct kunit *test)
{
	struct snapshot s = { };
	struct board *b;
	struct sun *sun;

	b = with_sun(test, &sun);
	expect_atomic(test, b, supply_attach, expect_nothing);
	inject.events = 0;
	s.conditions = LOW;
	publish_board(b, &s);
	KUNIT_EXPECT_EQ(test, property(test, POWER_SUPPLY_PROP_CAPACITY), 5);
	expect_events(test, 1);
}

static void name_taken(struct kunit *test)
{
	struct board *b = fake_board(test);
	struct other *o = kunit_kzalloc(test, sizeof(*o), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, o);
	add_other(test, o, b->dev, "kunit");
	KUNIT_EXPECT_EQ(test, supply_attach(b), -EEXIST);
	KUNIT_EXPECT_FALSE(test, fake_core_is_observed(b->core));
	remove_other(o);
	KUNIT_EXPECT_EQ(test, supply_attach(b), 0);
}

static struct kunit_case cases[] = {
	CASE(health,
	     "The health is the first in the order of the interface that holds"),
	CASE(capacity,
	     "The capacity by lines alone is 100, 50, 5 or 1 percent, and the last known one while they cannot be read"),
	CASE(never_zero,
	     "No combination of conditions gives a capacity of 0, nor an error"),
	CASE(never_fails,
	     "No property that is listed fails, whatever the conditions"),
	CASE(status,
	     "The status follows the current, else the charger and the charge output"),
	CASE(charger_goes,
	     "The status is unknown while the charger has no driver (F0)"),
	CASE(no_charger,
	     "The status is unknown without a charger"),
	CASE(behaviour,
	     "Charging can be inhibited and allowed, and nothing else can be set (C4)"),
	CASE(label,
	     "The model name is the board's label"),
	CASE(listed,
	     "What was measured once is a property of the power supply, and stays one"),
	CASE(listed_later,
	     "A property whose file cannot be added is added in the next round"),
	CASE(events,
	     "Each real change is one event, and a burst of transitions is one at most"),
	CASE(events_of_measurements,
	     "A measurement is an event if it changes status, conditions, or capacity by 2 percent"),
	CASE(events_of_chargers,
	     "A charger that comes or goes is an event if that changes the status"),
	CASE(estimate,
	     "The state of charge by the voltage takes current and temperature into account while these are known"),
	CASE(dips,
	     "A voltage that dips for one reading changes neither capacity nor makes an event"),
	CASE(dips_of_gauge,
	     "Nor does one that dips for 9 s, where a program reports it each second"),
	CASE(gauge,
	     "The capacity is a gauge's while that is fresh, and the lines clip it; else that of the voltage, or of the lines (S3)"),
	CASE(gauge_lies,
	     "No gauge makes it less than 3, where desktops power off, nor other than 1 with undervoltage"),
	CASE(time_to_empty,
	     "The time to empty is listed once it was reported, and a year while it is never, too old or forgotten"),
	CASE(events_of_gauges,
	     "A gauge that reports is an event if it changes the status, or the capacity by 2 percent"),
	CASE(atomic,
	     "A power supply that fails to attach leaves nothing behind, and is attached later (F0)"),
	CASE(name_taken,
	     "A power supply whose name is taken is attached when the name is free (F0)"),
	{ }
};

static struct kunit_suite suite = {
	.name = "smallbms-supply",
	.test_cases = cases,
};

kunit_test_suite(suite);
