// SPDX-License-Identifier: GPL-2.0
/*
 * IIO channels, over a real IIO device whose readings are the test's: how they are
 * scaled and rounded, and what becomes of errors.
 */
#include <kunit/device.h>
#include <linux/iio/iio.h>
#include <linux/property.h>

#include "inject.h"
#include "kunit.h"

/* Channels of the chip, in an order of its own */
enum { TEMPERATURE, VOLTAGE, CURRENT, CHANNELS };

/**
 * struct rig - a board that measures, and the chip that it measures with
 * @b: the board
 * @chip: the chip's device
 * @iio: its IIO device, NULL while its driver is not there
 * @raw: what it reads
 * @error: why it cannot be read, or 0
 * @mv: of one bit of the voltage, as a fraction
 */
struct rig {
	struct board *b;
	struct device *chip;
	struct iio_dev *iio;
	int raw[CHANNELS];
	int error[CHANNELS];
	int mv[2];
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

static int chip_read(struct iio_dev *iio, const struct iio_chan_spec *channel,
		     int *value, int *divisor, long what)
{
	const struct rig *rig = *(struct rig **)iio_priv(iio);

	if (what == IIO_CHAN_INFO_SCALE) {
		*value = rig->mv[0];
		*divisor = rig->mv[1];
		return IIO_VAL_FRACTIONAL;
	}
	if (rig->error[channel->scan_index])
		return rig->error[channel->scan_index];
	*value = rig->raw[channel->scan_index];
	return IIO_VAL_INT;
}

static const struct iio_info chip_info = { .read_raw = chip_read };

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
	iio->info = &chip_info;
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

static void remove_node(void *chip)
{
	device_remove_software_node(chip);
}

/* A board with the first @described of the channels, to which nothing is attached */
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
	rig->raw[VOLTAGE] = 13200;
	rig->mv[0] = 1;
	rig->mv[1] = 1;
	rig->chip = kunit_device_register(test, "smallbms-kunit-meter");
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, rig->chip);
	KUNIT_ASSERT_EQ(test, device_add_software_node(rig->chip, &chip_node),
			0);
	KUNIT_ASSERT_EQ(test, kunit_add_action_or_reset(test, remove_node,
							rig->chip), 0);
	KUNIT_ASSERT_EQ(test, kunit_add_action_or_reset(test, unplug, rig), 0);
	rig->b = fake_board(test);
	KUNIT_ASSERT_EQ(test,
			device_create_managed_software_node(rig->b->dev,
							    properties, NULL),
			0);
	return rig;
}

/* One that measures all three, after its first round */
static struct rig *measuring(struct kunit *test)
{
	struct rig *rig = wired(test, ARRAY_SIZE(names), refs);

	plug(test, rig);
	KUNIT_ASSERT_EQ(test, iio_attach(rig->b), 0);
	inject_run_work();
	return rig;
}

static void expect_value(struct kunit *test, struct rig *rig,
			 enum measurement what, int expected)
{
	int value = INT_MIN;

	KUNIT_EXPECT_TRUE(test, measurements_get(rig->b->measurements, what,
						 &value));
	KUNIT_EXPECT_EQ(test, value, expected);
}

static bool is_measured(const struct rig *rig, enum measurement what)
{
	int value;

	return measurements_get(rig->b->measurements, what, &value);
}

static int shown(struct kunit *test, struct rig *rig, const char *name)
{
	struct device_attribute *attr;
	char *page = kunit_kzalloc(test, PAGE_SIZE, GFP_KERNEL);
	int value = 0;

	KUNIT_ASSERT_NOT_NULL(test, page);
	if (!find_attribute(rig->b, "measurements", name))
		KUNIT_ASSERT_EQ(test, attrs_attach(rig->b), 0);
	attr = find_attribute(rig->b, "measurements", name);
	KUNIT_ASSERT_NOT_NULL_MSG(test, attr, "none is called %s", name);
	KUNIT_EXPECT_GT(test, attr->show(rig->b->dev, attr, page), 1);
	KUNIT_EXPECT_EQ_MSG(test, kstrtoint(page, 10, &value), 0, "%s", page);
	kunit_kfree(test, page);
	return value;
}

/* Nothing was logged since last time, or a line that begins so */
__printf(2, 3)
static void expect_logged(struct kunit *test, const char *format, ...)
{
	char text[160];
	va_list args;

	va_start(args, format);
	vscnprintf(text, sizeof(text), format, args);
	va_end(args);
	KUNIT_EXPECT_TRUE_MSG(test, *text ? strstarts(inject.log, text) :
					    !*inject.log,
			      "logged: %s", inject.log);
	inject.log[0] = '\0';
}

static void units(struct kunit *test)
{
	struct rig *rig = measuring(test);

	expect_value(test, rig, MEASUREMENT_VOLTAGE, 13200000);
	rig->mv[0] = 75;
	rig->mv[1] = 16;		/* 4.6875 mV */
	rig->raw[VOLTAGE] = 2818;
	rig->raw[CURRENT] = -1501;
	inject_run_work();
	expect_value(test, rig, MEASUREMENT_VOLTAGE, 13209375);
	expect_value(test, rig, MEASUREMENT_CURRENT, -1501000);
	rig->raw[CURRENT] = 100000;
	inject_run_work();
	expect_value(test, rig, MEASUREMENT_CURRENT, 100000000);
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
		rig->raw[TEMPERATURE] = tries[n].milli;
		inject_run_work();
		expect_value(test, rig, MEASUREMENT_TEMPERATURE,
			     tries[n].tenths);
	}
}

static void rounds(struct kunit *test)
{
	struct rig *rig = wired(test, ARRAY_SIZE(names), refs);

	plug(test, rig);
	KUNIT_ASSERT_EQ(test, iio_attach(rig->b), 0);
	KUNIT_EXPECT_EQ(test, inject.delay, 0);
	KUNIT_EXPECT_FALSE(test, is_measured(rig, MEASUREMENT_VOLTAGE));
	inject_run_work();
	KUNIT_EXPECT_EQ(test, inject.delay, msecs_to_jiffies(1000));
	inject_run_work();
	KUNIT_EXPECT_GE(test, inject.delay, msecs_to_jiffies(9000));
	KUNIT_EXPECT_LE(test, inject.delay, msecs_to_jiffies(11000));
}

static void errors(struct kunit *test)
{
	struct rig *rig = measuring(test);

	KUNIT_EXPECT_EQ(test, shown(test, rig, "errors"), 0);
	inject.advanced_s = 10;
	rig->error[VOLTAGE] = -EIO;
	rig->raw[VOLTAGE] = 1;
	rig->raw[CURRENT] = 7;
	inject_run_work();
	expect_value(test, rig, MEASUREMENT_VOLTAGE, 13200000);
	expect_value(test, rig, MEASUREMENT_CURRENT, 7000);
	KUNIT_EXPECT_EQ(test, shown(test, rig, "errors"), 1);
	KUNIT_EXPECT_GE(test, shown(test, rig, "voltage_age_s"), 10);
	KUNIT_EXPECT_LT(test, shown(test, rig, "current_age_s"), 10);
	/* the lines get the bus before the next channel */
	KUNIT_EXPECT_EQ(test, inject.slept_ms, 200);
	/* logged only when it is stale */
	expect_logged(test, "%s", "");
	inject.advanced_s = 36;
	inject_run_work();
	expect_logged(test,
		      "cannot read IIO channel 'voltage': %pe; last value is 3",
		      ERR_PTR(-EIO));
	KUNIT_EXPECT_EQ(test, shown(test, rig, "errors"), 2);
	inject_run_work();
	expect_logged(test, "%s", "");

	rig->error[VOLTAGE] = 0;
	rig->raw[VOLTAGE] = 12800;
	inject_run_work();
	expect_logged(test, "IIO channel 'voltage' works again\n");
	expect_value(test, rig, MEASUREMENT_VOLTAGE, 12800000);
	KUNIT_EXPECT_LT(test, shown(test, rig, "voltage_age_s"), 10);
	KUNIT_EXPECT_EQ(test, shown(test, rig, "errors"), 3);
}

static void ages(struct kunit *test)
{
	struct rig *rig = wired(test, 2, refs);

	plug(test, rig);
	rig->error[VOLTAGE] = -ETIMEDOUT;
	KUNIT_ASSERT_EQ(test, iio_attach(rig->b), 0);
	KUNIT_EXPECT_EQ(test, shown(test, rig, "current_age_s"), -1);
	inject_run_work();
	expect_logged(test, "cannot read IIO channel 'voltage' yet: %pe\n",
		      ERR_PTR(-ETIMEDOUT));
	KUNIT_EXPECT_FALSE(test, is_measured(rig, MEASUREMENT_VOLTAGE));
	KUNIT_EXPECT_EQ(test, shown(test, rig, "voltage_age_s"), -1);
	KUNIT_EXPECT_TRUE(test, is_measured(rig, MEASUREMENT_CURRENT));
	inject.advanced_s = 1000;
	KUNIT_EXPECT_GE(test, shown(test, rig, "current_age_s"), 1000);
	KUNIT_EXPECT_LT(test, shown(test, rig, "current_age_s"), 1010);
	KUNIT_EXPECT_EQ(test, shown(test, rig, "temperature_age_s"), -1);
}

static void comes_later(struct kunit *test)
{
	struct rig *rig = wired(test, ARRAY_SIZE(names), refs);

	KUNIT_ASSERT_EQ(test, iio_attach(rig->b), 0);
	inject_run_work();
	KUNIT_EXPECT_FALSE(test, is_measured(rig, MEASUREMENT_VOLTAGE));
	KUNIT_EXPECT_EQ(test, shown(test, rig, "errors"), 3);
	plug(test, rig);
	inject_run_work();
	expect_value(test, rig, MEASUREMENT_VOLTAGE, 13200000);

	/* its driver leaves, and comes back */
	unplug(rig);
	inject_run_work();
	expect_value(test, rig, MEASUREMENT_VOLTAGE, 13200000);
	KUNIT_EXPECT_EQ(test, shown(test, rig, "errors"), 6);
	rig->raw[VOLTAGE] = 13000;
	plug(test, rig);
	inject_run_work();
	expect_value(test, rig, MEASUREMENT_VOLTAGE, 13000000);
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

	plug(test, rig);
	KUNIT_ASSERT_EQ(test, iio_attach(rig->b), 0);
	inject_run_work();
	expect_logged(test, "cannot use IIO channel 'voltage': %pe\n",
		      ERR_PTR(-EINVAL));
	inject_run_work();
	expect_logged(test, "%s", "");
	KUNIT_EXPECT_FALSE(test, is_measured(rig, MEASUREMENT_VOLTAGE));
	KUNIT_EXPECT_TRUE(test, is_measured(rig, MEASUREMENT_CURRENT));
	/* and not tried again */
	KUNIT_EXPECT_EQ(test, shown(test, rig, "errors"), 1);
}

static void none(struct kunit *test)
{
	struct board *b = fake_board(test);

	KUNIT_EXPECT_EQ(test, iio_attach(b), 0);
	KUNIT_EXPECT_NULL(test, inject.work);
}

static void expect_nothing(struct kunit *test, struct board *b)
{
	KUNIT_EXPECT_NULL(test, inject.work);
}

static void atomic(struct kunit *test)
{
	struct rig *rig = wired(test, ARRAY_SIZE(names), refs);

	plug(test, rig);
	expect_atomic(test, rig->b, iio_attach, expect_nothing);
	inject_run_work();
	expect_value(test, rig, MEASUREMENT_VOLTAGE, 13200000);
	KUNIT_EXPECT_EQ(test, shown(test, rig, "errors"), 0);
}

static struct kunit_case cases[] = {
	CASE(units,
	     "A voltage is stored in uV, with the fraction of a millivolt that its chip has, a current in uA with its sign"),
	CASE(rounding,
	     "A temperature is rounded to the nearest tenth of a degree, below zero, too"),
	CASE(rounds,
	     "No round delays the start; the second comes after 1 s, the others every 10 s (F0)"),
	CASE(errors,
	     "A reading that fails is counted and leaves the last good one, which is logged to be stale after 35 s"),
	CASE(ages,
	     "What was never read, or is not wired, is -1 s old"),
	CASE(comes_later,
	     "A chip whose driver comes later, or leaves and comes back, is measured from then on"),
	CASE(wrong_type,
	     "A channel of another kind is given up, and the others are measured"),
	CASE(none,
	     "A board without channels measures nothing"),
	CASE(atomic,
	     "Channels that fail to attach leave nothing behind, and are attached later (F0)"),
	{ }
};

static struct kunit_suite suite = {
	.name = "smallbms-iio",
	.test_cases = cases,
};

kunit_test_suite(suite);
