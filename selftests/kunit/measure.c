// SPDX-License-Identifier: GPL-2.0
/*
 * What is measured, over a real IIO device whose readings are the test's: how it
 * is scaled and rounded, how old it may be, and what becomes of errors. Numbers
 * are those of the interface and of B3, not the driver's names.
 */
#include <kunit/device.h>
#include <linux/iio/iio.h>
#include <linux/kernfs.h>
#include <linux/power_supply.h>
#include <linux/property.h>

#include "capacity.h"
#include "kunit.h"

#define VOLTAGE_BIT	0x1000U		/* of conditions, as a literal */

/* Channels of the chip, in an order of its own */
enum { TEMPERATURE, VOLTAGE, CURRENT, CHANNELS };

/**
 * struct meter - a chip that measures
 * @raw: what it reads
 * @error: why it cannot be read, or 0
 * @mv: of one bit of the voltage, as a fraction
 */
struct meter {
	int raw[CHANNELS];
	int error[CHANNELS];
	int mv[2];
};

/**
 * struct rig - a board that measures
 * @b: the board
 * @chip: the device that its meter belongs to
 * @iio: the meter, NULL while its driver is not there
 * @meter: what that reads
 */
struct rig {
	struct board *b;
	struct device *chip;
	struct iio_dev *iio;
	struct meter meter;
};

static const struct property_entry chip_properties[] = {
	PROPERTY_ENTRY_U32("#io-channel-cells", 1),
	{ }
};

static const struct software_node chip_node = {
	.name = "smallbms-kunit-meter",
	.properties = chip_properties,
};

static const char * const names[] = { "voltage", "current", "temperature" };

static const struct software_node_ref_args refs[] = {
	SOFTWARE_NODE_REFERENCE(&chip_node, VOLTAGE),
	SOFTWARE_NODE_REFERENCE(&chip_node, CURRENT),
	SOFTWARE_NODE_REFERENCE(&chip_node, TEMPERATURE),
};

static int meter_read(struct iio_dev *iio, const struct iio_chan_spec *channel,
		      int *value, int *divisor, long what)
{
	const struct rig *rig = *(struct rig **)iio_priv(iio);
	const struct meter *m = &rig->meter;

	if (what == IIO_CHAN_INFO_SCALE) {
		*value = m->mv[0];
		*divisor = m->mv[1];
		return IIO_VAL_FRACTIONAL;
	}
	if (m->error[channel->scan_index])
		return m->error[channel->scan_index];
	*value = m->raw[channel->scan_index];
	return IIO_VAL_INT;
}

static const struct iio_info meter_info = { .read_raw = meter_read };

static const struct iio_chan_spec channels[] = {
	[TEMPERATURE] = {
		.type = IIO_TEMP,
		.scan_index = TEMPERATURE,
		.info_mask_separate = BIT(IIO_CHAN_INFO_PROCESSED),
	},
	[VOLTAGE] = {
		.type = IIO_VOLTAGE,
		.scan_index = VOLTAGE,
		.info_mask_separate = BIT(IIO_CHAN_INFO_RAW) |
				      BIT(IIO_CHAN_INFO_SCALE),
	},
	[CURRENT] = {
		.type = IIO_CURRENT,
		.scan_index = CURRENT,
		.info_mask_separate = BIT(IIO_CHAN_INFO_PROCESSED),
	},
};

static void plug(struct kunit *test, struct rig *rig)
{
	struct iio_dev *iio = iio_device_alloc(rig->chip, sizeof(rig));

	KUNIT_ASSERT_NOT_NULL(test, iio);
	*(struct rig **)iio_priv(iio) = rig;
	iio->name = "smallbms-kunit";
	iio->info = &meter_info;
	iio->channels = channels;
	iio->num_channels = ARRAY_SIZE(channels);
	iio->modes = INDIO_DIRECT_MODE;
	if (iio_device_register(iio)) {
		iio_device_free(iio);
		KUNIT_FAIL_AND_ABORT(test, "no IIO device");
	}
	rig->iio = iio;
}

static void unplug(void *data)
{
	struct rig *rig = data;

	if (!rig->iio)
		return;
	iio_device_unregister(rig->iio);
	iio_device_free(rig->iio);
	rig->iio = NULL;
}

static void forget_chip(void *chip)
{
	device_remove_software_node(chip);
}

/* A board with the first @described of the channels, which has not begun */
static struct rig *wired(struct kunit *test, unsigned int described,
			 const struct software_node_ref_args *to)
{
	const struct property_entry properties[] = {
		PROPERTY_ENTRY_STRING_ARRAY_LEN("io-channel-names", names,
						described),
		PROPERTY_ENTRY_REF_ARRAY_LEN("io-channels", to, described),
		{ }
	};
	struct rig *rig = kunit_kzalloc(test, sizeof(*rig), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, rig);
	rig->meter = (struct meter) {
		.raw = { [VOLTAGE] = 13200 }, .mv = { 1, 1 },
	};
	rig->chip = kunit_device_register(test, "smallbms-kunit-meter");
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, rig->chip);
	KUNIT_ASSERT_EQ(test, device_add_software_node(rig->chip, &chip_node),
			0);
	KUNIT_ASSERT_EQ(test, kunit_add_action_or_reset(test, forget_chip,
							rig->chip), 0);
	KUNIT_ASSERT_EQ(test, kunit_add_action_or_reset(test, unplug, rig), 0);
	rig->b = kunit_board(test);
	KUNIT_ASSERT_EQ(test,
			device_create_managed_software_node(rig->b->dev,
							    properties, NULL),
			0);
	return rig;
}

static void begin(struct kunit *test, struct rig *rig)
{
	KUNIT_ASSERT_EQ(test, measure_init(rig->b), 0);
	flush_delayed_work(&rig->b->measure.work);
}

/* One that measures all three */
static struct rig *measuring(struct kunit *test)
{
	struct rig *rig = wired(test, ARRAY_SIZE(names), refs);

	plug(test, rig);
	begin(test, rig);
	return rig;
}

static void next_round(struct rig *rig)
{
	struct delayed_work *work = &rig->b->measure.work;

	mod_delayed_work(system_freezable_power_efficient_wq, work, 0);
	flush_delayed_work(work);
}

/* As if what was read last had been read so much earlier */
static void grow_old(struct rig *rig, enum measure_what what, u32 seconds)
{
	rig->b->measure.channels[what].at_s -= seconds;
}

/* An attribute of measurements/, or NULL */
static struct device_attribute *attribute(struct kunit *test, struct rig *rig,
					  const char *name)
{
	struct kernfs_node *folder, *node;
	struct attribute *attr;

	folder = kernfs_find_and_get(rig->b->dev->kobj.sd, "measurements");
	KUNIT_ASSERT_NOT_NULL(test, folder);
	node = kernfs_find_and_get(folder, name);
	kernfs_put(folder);
	if (!node)
		return NULL;
	attr = node->priv;
	kernfs_put(node);
	return container_of(attr, struct device_attribute, attr);
}

static int shown(struct kunit *test, struct rig *rig, const char *name)
{
	struct device_attribute *attr = attribute(test, rig, name);
	char *page = kunit_kzalloc(test, PAGE_SIZE, GFP_KERNEL);
	int value = 0;

	KUNIT_ASSERT_NOT_NULL(test, page);
	KUNIT_ASSERT_NOT_NULL_MSG(test, attr, "none is called %s", name);
	KUNIT_EXPECT_GT(test, attr->show(rig->b->dev, attr, page), 1);
	KUNIT_EXPECT_EQ_MSG(test, kstrtoint(page, 10, &value), 0, "%s", page);
	kunit_kfree(test, page);
	return value;
}

static void units(struct kunit *test)
{
	struct rig *rig = measuring(test);
	struct board *b = rig->b;

	KUNIT_EXPECT_EQ(test, measure_value(b, MEASURE_VOLTAGE), 13200000);
	rig->meter.mv[0] = 75;
	rig->meter.mv[1] = 16;		/* 4.6875 mV */
	rig->meter.raw[VOLTAGE] = 2818;
	rig->meter.raw[CURRENT] = -1501;
	next_round(rig);
	KUNIT_EXPECT_EQ(test, measure_value(b, MEASURE_VOLTAGE), 13209375);
	KUNIT_EXPECT_EQ(test, measure_value(b, MEASURE_CURRENT), -1501000);
	rig->meter.raw[CURRENT] = 100000;
	next_round(rig);
	KUNIT_EXPECT_EQ(test, measure_value(b, MEASURE_CURRENT), 100000000);
}

static void rounding(struct kunit *test)
{
	static const struct {
		int milli;
		int tenths;
	} tries[] = {
		{ 0, 0 }, { 49, 0 }, { 50, 1 }, { 99, 1 }, { 25049, 250 },
		{ 25050, 251 }, { 85000, 850 }, { -49, 0 }, { -50, -1 },
		{ -10049, -100 }, { -10050, -101 }, { -40000, -400 },
	};
	struct rig *rig = measuring(test);
	unsigned int n;

	for (n = 0; n < ARRAY_SIZE(tries); n++) {
		rig->meter.raw[TEMPERATURE] = tries[n].milli;
		next_round(rig);
		KUNIT_EXPECT_EQ_MSG(test,
				    measure_value(rig->b, MEASURE_TEMPERATURE),
				    tries[n].tenths, "%d", tries[n].milli);
	}
}

static void errors(struct kunit *test)
{
	struct rig *rig = measuring(test);
	const struct measure *m = &rig->b->measure;

	KUNIT_EXPECT_EQ(test, shown(test, rig, "errors"), 0);
	grow_old(rig, MEASURE_VOLTAGE, 10);
	rig->meter.error[VOLTAGE] = -EIO;
	rig->meter.raw[VOLTAGE] = 1;
	rig->meter.raw[CURRENT] = 7;
	next_round(rig);
	KUNIT_EXPECT_EQ(test, measure_value(rig->b, MEASURE_VOLTAGE), 13200000);
	KUNIT_EXPECT_EQ(test, measure_value(rig->b, MEASURE_CURRENT), 7000);
	KUNIT_EXPECT_EQ(test, shown(test, rig, "errors"), 1);
	KUNIT_EXPECT_GE(test, shown(test, rig, "voltage_age_s"), 10);
	KUNIT_EXPECT_LT(test, shown(test, rig, "current_age_s"), 10);
	/* told only when it counts no more */
	KUNIT_EXPECT_FALSE(test, m->channels[MEASURE_VOLTAGE].failing);
	grow_old(rig, MEASURE_VOLTAGE, 26);
	next_round(rig);
	KUNIT_EXPECT_TRUE(test, m->channels[MEASURE_VOLTAGE].failing);
	KUNIT_EXPECT_EQ(test, shown(test, rig, "errors"), 2);

	rig->meter.error[VOLTAGE] = 0;
	rig->meter.raw[VOLTAGE] = 12800;
	next_round(rig);
	KUNIT_EXPECT_FALSE(test, m->channels[MEASURE_VOLTAGE].failing);
	KUNIT_EXPECT_EQ(test, measure_value(rig->b, MEASURE_VOLTAGE), 12800000);
	KUNIT_EXPECT_LT(test, shown(test, rig, "voltage_age_s"), 10);
	KUNIT_EXPECT_EQ(test, shown(test, rig, "errors"), 2);
}

static void ages(struct kunit *test)
{
	struct rig *rig = wired(test, 2, refs);

	plug(test, rig);
	rig->meter.error[VOLTAGE] = -ETIMEDOUT;
	begin(test, rig);
	KUNIT_EXPECT_FALSE(test, measure_known(rig->b, MEASURE_VOLTAGE));
	KUNIT_EXPECT_EQ(test, shown(test, rig, "voltage_age_s"), -1);
	KUNIT_EXPECT_TRUE(test, measure_known(rig->b, MEASURE_CURRENT));
	grow_old(rig, MEASURE_CURRENT, 1000);
	KUNIT_EXPECT_GE(test, shown(test, rig, "current_age_s"), 1000);
	KUNIT_EXPECT_LT(test, shown(test, rig, "current_age_s"), 1010);
	/* what firmware does not tell of has no age */
	KUNIT_EXPECT_NULL(test, attribute(test, rig, "temperature_age_s"));
}

static void out_of_range(struct kunit *test)
{
	static const struct {
		int uv;
		bool odd;
	} tries[] = {
		{ 8000000, false }, { 7999999, true }, { 8000000, false },
		{ 70000000, false }, { 70000001, true }, { 0, true },
		{ 70000000, false },
	};
	struct rig *rig = measuring(test);
	unsigned int n;

	rig->meter.mv[1] = 1000;
	for (n = 0; n < ARRAY_SIZE(tries); n++) {
		rig->meter.raw[VOLTAGE] = tries[n].uv;
		next_round(rig);
		KUNIT_EXPECT_EQ_MSG(test, measure_conditions(rig->b),
				    tries[n].odd ? VOLTAGE_BIT : 0,
				    "%d uV", tries[n].uv);
	}

	/* what is not known any more is not reported */
	rig->meter.raw[VOLTAGE] = 0;
	next_round(rig);
	rig->meter.error[VOLTAGE] = -EIO;
	next_round(rig);
	KUNIT_EXPECT_EQ(test, measure_conditions(rig->b), VOLTAGE_BIT);
	grow_old(rig, MEASURE_VOLTAGE, 36);
	next_round(rig);
	KUNIT_EXPECT_EQ(test, measure_conditions(rig->b), 0);
}

static void direction(struct kunit *test)
{
	static const struct {
		int ma;
		int sign;
	} tries[] = {
		{ 0, 0 }, { -1, -1 }, { 19, -1 }, { 20, 1 }, { -19, 1 },
		{ 0, 1 }, { -20, -1 }, { 19, -1 }, { 5000, 1 },
	};
	struct rig *rig = measuring(test);
	unsigned int n;

	for (n = 0; n < ARRAY_SIZE(tries); n++) {
		rig->meter.raw[CURRENT] = tries[n].ma;
		next_round(rig);
		KUNIT_EXPECT_EQ_MSG(test, measure_direction(rig->b),
				    tries[n].sign, "%d mA, try %u",
				    tries[n].ma, n);
	}
	grow_old(rig, MEASURE_CURRENT, 34);
	KUNIT_EXPECT_EQ(test, measure_direction(rig->b), 1);
	grow_old(rig, MEASURE_CURRENT, 2);
	KUNIT_EXPECT_EQ(test, measure_direction(rig->b), 0);
}

static void expect_estimate(struct kunit *test, struct rig *rig, int least,
			    int likely, int most)
{
	struct capacity_estimate e = { };

	KUNIT_EXPECT_TRUE(test, measure_estimate(rig->b, &e));
	KUNIT_EXPECT_EQ(test, e.least, least);
	KUNIT_EXPECT_EQ(test, e.likely, likely);
	KUNIT_EXPECT_EQ(test, e.most, most);
}

static void estimate(struct kunit *test)
{
	static struct power_supply_battery_ocv_table warm[] = {
		{ 14000000, 100 }, { 12000000, 0 },
	};
	static struct power_supply_battery_ocv_table cold[] = {
		{ 13000000, 100 }, { 11000000, 0 },
	};
	struct power_supply_battery_info info = {
		.factory_internal_resistance_uohm = -EINVAL,
		.ocv_table = { warm, cold },
		.ocv_table_size = { ARRAY_SIZE(warm), ARRAY_SIZE(cold) },
		.ocv_temp = { 25, -10 },
	};
	struct rig *rig = measuring(test);
	struct capacity_estimate none;

	rig->meter.raw[TEMPERATURE] = 25000;
	rig->meter.raw[CURRENT] = 20000;
	next_round(rig);
	KUNIT_EXPECT_FALSE(test, measure_estimate(rig->b, &none));
	rig->b->measure.battery = &info;
	/* 24 in 1000 of 13.2 V, a current is not accounted for */
	expect_estimate(test, rig, 44, 60, 75);

	/* 20 A through 10 mOhm are 0.2 V; then 8 in 1000 */
	info.factory_internal_resistance_uohm = 10000;
	expect_estimate(test, rig, 44, 50, 55);
	rig->meter.raw[CURRENT] = -20000;
	next_round(rig);
	expect_estimate(test, rig, 64, 70, 75);
	grow_old(rig, MEASURE_CURRENT, 36);
	expect_estimate(test, rig, 44, 60, 75);

	rig->meter.raw[CURRENT] = 0;
	rig->meter.raw[TEMPERATURE] = -10000;
	rig->meter.raw[VOLTAGE] = 12000;
	next_round(rig);
	expect_estimate(test, rig, 45, 50, 54);
	/* without a temperature that counts, at 25 degrees */
	grow_old(rig, MEASURE_TEMPERATURE, 36);
	expect_estimate(test, rig, 0, 0, 4);

	grow_old(rig, MEASURE_VOLTAGE, 36);
	KUNIT_EXPECT_FALSE(test, measure_estimate(rig->b, &none));
	rig->b->measure.battery = NULL;
}

static void comes_later(struct kunit *test)
{
	struct rig *rig = wired(test, ARRAY_SIZE(names), refs);

	begin(test, rig);
	KUNIT_EXPECT_FALSE(test, measure_known(rig->b, MEASURE_VOLTAGE));
	KUNIT_EXPECT_EQ(test, shown(test, rig, "errors"), 3);
	plug(test, rig);
	next_round(rig);
	KUNIT_EXPECT_TRUE(test, measure_known(rig->b, MEASURE_VOLTAGE));
	KUNIT_EXPECT_EQ(test, measure_value(rig->b, MEASURE_VOLTAGE), 13200000);

	/* its driver leaves, and comes back */
	unplug(rig);
	next_round(rig);
	KUNIT_EXPECT_EQ(test, measure_value(rig->b, MEASURE_VOLTAGE), 13200000);
	KUNIT_EXPECT_EQ(test, shown(test, rig, "errors"), 6);
	rig->meter.raw[VOLTAGE] = 13000;
	plug(test, rig);
	next_round(rig);
	KUNIT_EXPECT_EQ(test, measure_value(rig->b, MEASURE_VOLTAGE), 13000000);
	KUNIT_EXPECT_EQ(test, shown(test, rig, "errors"), 6);
}

/* The channel called "voltage" is one of the temperature. */
static void wrong_type(struct kunit *test)
{
	static const struct software_node_ref_args wrong[] = {
		SOFTWARE_NODE_REFERENCE(&chip_node, TEMPERATURE),
		SOFTWARE_NODE_REFERENCE(&chip_node, CURRENT),
	};
	struct rig *rig = wired(test, 2, wrong);
	const struct measure *m = &rig->b->measure;

	plug(test, rig);
	begin(test, rig);
	next_round(rig);
	KUNIT_EXPECT_FALSE(test, measure_known(rig->b, MEASURE_VOLTAGE));
	KUNIT_EXPECT_FALSE(test, m->channels[MEASURE_VOLTAGE].described);
	KUNIT_EXPECT_TRUE(test, measure_known(rig->b, MEASURE_CURRENT));
	/* and not tried again */
	KUNIT_EXPECT_EQ(test, shown(test, rig, "errors"), 1);
}

static bool lists(const struct board *b, enum power_supply_property which)
{
	unsigned int n;

	for (n = 0; n < b->supply_desc.num_properties; n++)
		if (b->supply_desc.properties[n] == which)
			return true;
	return false;
}

static void listed(struct kunit *test)
{
	struct rig *rig = wired(test, ARRAY_SIZE(names), refs);
	struct board *b = rig->b;
	union power_supply_propval val;

	plug(test, rig);
	rig->meter.error[TEMPERATURE] = -EIO;
	begin(test, rig);
	KUNIT_ASSERT_EQ(test, supply_register(b), 0);
	KUNIT_ASSERT_EQ(test, measure_start(b), 0);
	KUNIT_EXPECT_TRUE(test, lists(b, POWER_SUPPLY_PROP_VOLTAGE_NOW));
	KUNIT_EXPECT_TRUE(test, lists(b, POWER_SUPPLY_PROP_CURRENT_NOW));
	KUNIT_EXPECT_FALSE(test, lists(b, POWER_SUPPLY_PROP_TEMP));

	rig->meter.error[TEMPERATURE] = 0;
	rig->meter.raw[TEMPERATURE] = 21000;
	next_round(rig);
	KUNIT_EXPECT_TRUE(test, lists(b, POWER_SUPPLY_PROP_TEMP));
	rig->meter.error[TEMPERATURE] = -EIO;
	next_round(rig);
	KUNIT_EXPECT_EQ(test, power_supply_get_property(b->supply,
							POWER_SUPPLY_PROP_TEMP,
							&val), 0);
	KUNIT_EXPECT_EQ(test, val.intval, 210);
}

static struct kunit_case cases[] = {
	CASE(units,
	     "A voltage is told in uV, with the fraction of a millivolt that its chip has, a current in uA with its sign"),
	CASE(rounding,
	     "A temperature is rounded to the nearest tenth of a degree, below zero, too"),
	CASE(errors,
	     "A reading that fails is counted and leaves the last good one, which is told to be of no use after 35 s"),
	CASE(ages,
	     "What was never read is -1 s old, and what is not wired has no age"),
	CASE(out_of_range,
	     "A voltage below 8 V or above 70 V is reported, to the microvolt, and only while it is known (B3)"),
	CASE(direction,
	     "The current's sign is what it was while it is below 20 mA, and unknown after 35 s"),
	CASE(estimate,
	     "The state of charge by the voltage takes current and temperature into account while these are known"),
	CASE(comes_later,
	     "A chip whose driver comes later, or leaves and comes back, is measured from then on"),
	CASE(wrong_type,
	     "A channel of another kind is given up, and the others are measured"),
	CASE(listed,
	     "What was measured once is a property of the power supply, and stays one"),
	{ }
};

static struct kunit_suite suite = {
	.name = "smallbms-measure",
	.test_cases = cases,
};

kunit_test_suite(suite);
