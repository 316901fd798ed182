// SPDX-License-Identifier: GPL-2.0
/*
 * See measure.h.
 *
 * Readers get what was read last, and never touch a bus. A reading that fails
 * leaves the last good one in place, whose age is told; for a while it also
 * counts for the state of charge, and then no more. A channel that cannot be had
 * when the board starts does not hold it up: it is asked for again each time, and
 * what it measures is shown from its first reading on.
 */
#include <linux/delay.h>
#include <linux/device.h>
#include <linux/err.h>
#include <linux/iio/consumer.h>
#include <linux/iio/types.h>
#include <linux/jiffies.h>
#include <linux/math.h>
#include <linux/math64.h>
#include <linux/power_supply.h>
#include <linux/property.h>
#include <linux/sysfs.h>
#include <linux/timekeeping.h>

#include "board.h"
#include "capacity.h"

/* A bank changes slowly, and each round wakes the machine. */
#define MEASURE_INTERVAL_MS	10000

/* What chips need; a board does not wait longer for them when it starts. */
#define MEASURE_FIRST_MS	100
#define MEASURE_SECOND_MS	1000

/*
 * A chip may hang the bus that the lines are on as well. A turn that meets one
 * transfer of a round must not meet the next.
 */
#define MEASURE_PAUSE_MS	200

/* Three rounds in a row have failed: what was read last counts no more. */
#define MEASURE_STALE_S		35

/* B3 */
#define VOLTAGE_MIN_UV		8000000
#define VOLTAGE_MAX_UV		70000000

/* A current below is taken for noise where its sign matters. */
#define MEASURE_NOISE_UA	20000

/* What OCV tables are made for, degrees Celsius, where nothing else is known */
#define USUAL_TEMPERATURE	25

/* Millis of IIO to the power supply's units: times @scale, by @divisor */
static const struct {
	const char *name;
	enum iio_chan_type type;
	unsigned int scale;
	int divisor;
} channels[MEASURE_CHANNELS] = {
	[MEASURE_VOLTAGE] = { "voltage", IIO_VOLTAGE, 1000, 1 },
	[MEASURE_CURRENT] = { "current", IIO_CURRENT, 1000, 1 },
	[MEASURE_TEMPERATURE] = { "temperature", IIO_TEMP, 1, 100 },
};

static u32 now_s(void)
{
	return ktime_get_boottime_seconds();
}

static u32 channel_age_s(const struct measure_channel *c)
{
	return now_s() - READ_ONCE(c->at_s);
}

/* It counts for what is concluded from it. */
static bool is_fresh(const struct board *b, enum measure_what what)
{
	const struct measure_channel *c = &b->measure.channels[what];

	return measure_known(b, what) && channel_age_s(c) <= MEASURE_STALE_S;
}

/* Get hold of a channel, or find out that there is none to be had, ever. */
static int channel_get(struct board *b, enum measure_what what)
{
	struct measure_channel *c = &b->measure.channels[what];
	struct iio_channel *iio;
	enum iio_chan_type type;
	int ret;

	iio = iio_channel_get(b->dev, channels[what].name);
	ret = PTR_ERR_OR_ZERO(iio);
	if (ret == -EPROBE_DEFER || ret == -ENOMEM)
		return ret;
	if (!ret) {
		ret = iio_get_channel_type(iio, &type);
		if (!ret && type != channels[what].type)
			ret = -EINVAL;
		if (!ret) {
			c->iio = iio;
			return 0;
		}
		iio_channel_release(iio);
	}
	dev_err(b->dev, "io-channels: '%s' is none that can be used: %pe\n",
		channels[what].name, ERR_PTR(ret));
	c->described = false;
	return ret;
}

static void channel_put(struct measure_channel *c)
{
	if (c->iio)
		iio_channel_release(c->iio);
	c->iio = NULL;
}

static int channel_read(struct board *b, enum measure_what what)
{
	struct measure_channel *c = &b->measure.channels[what];
	int ret, value;

	if (!c->iio) {
		ret = channel_get(b, what);
		if (ret)
			return ret;
	}
	ret = iio_read_channel_processed_scale(c->iio, &value,
					       channels[what].scale);
	if (ret < 0) {
		/* its chip's driver has left, and comes back as another */
		if (ret == -ENODEV)
			channel_put(c);
		return ret;
	}
	WRITE_ONCE(c->value, DIV_ROUND_CLOSEST(value, channels[what].divisor));
	WRITE_ONCE(c->at_s, now_s());
	/* pairs with measure_known(): the value comes first */
	smp_store_release(&c->known, true);
	return 0;
}

/* Tell in the log that a channel has failed, or is well again. */
static void channel_judge(struct board *b, enum measure_what what, int error)
{
	struct measure_channel *c = &b->measure.channels[what];
	bool failing = error && !is_fresh(b, what);

	if (error)
		WRITE_ONCE(b->measure.errors, b->measure.errors + 1);
	if (failing == c->failing || !c->described)
		return;
	c->failing = failing;
	if (!failing)
		dev_info(b->dev, "%s is measured again\n", channels[what].name);
	else if (c->known)
		dev_warn(b->dev, "%s cannot be read: %pe; the last one is %u s old\n",
			 channels[what].name, ERR_PTR(error), channel_age_s(c));
	else
		dev_warn(b->dev, "%s cannot be read yet: %pe\n",
			 channels[what].name, ERR_PTR(error));
}

/* Where the sign is in doubt it stays. */
static void measure_current(struct board *b)
{
	int current_ua = measure_value(b, MEASURE_CURRENT);

	if (abs(current_ua) >= MEASURE_NOISE_UA || !b->measure.direction)
		WRITE_ONCE(b->measure.direction,
			   (current_ua > 0) - (current_ua < 0));
}

/* B3; what is not known is not reported. */
static void measure_voltage(struct board *b)
{
	int voltage_uv = measure_value(b, MEASURE_VOLTAGE);
	bool odd = is_fresh(b, MEASURE_VOLTAGE) &&
		   (voltage_uv < VOLTAGE_MIN_UV || voltage_uv > VOLTAGE_MAX_UV);

	if (odd == b->measure.out_of_range)
		return;
	WRITE_ONCE(b->measure.out_of_range, odd);
	if (odd)
		dev_warn(b->dev, "%d mV: not within the board's 8 to 70 V\n",
			 voltage_uv / 1000);
	sysfs_notify(&b->dev->kobj, NULL, "conditions");
}

/* In how long the next round is due; not while the system, and buses, sleep. */
static void measure_next(struct measure *m, unsigned long delay)
{
	mod_delayed_work(system_freezable_power_efficient_wq, &m->work, delay);
}

/* A round reads all channels one after another. */
static void measure_work(struct work_struct *work)
{
	struct measure *m = container_of(to_delayed_work(work), struct measure,
					 work);
	struct board *b = container_of(m, struct board, measure);
	u32 odd = measure_conditions(b);
	unsigned int what;
	int error;

	for (what = 0; what < MEASURE_CHANNELS; what++) {
		if (!m->channels[what].described)
			continue;
		error = channel_read(b, what);
		channel_judge(b, what, error);
		if (error)
			msleep(MEASURE_PAUSE_MS);
	}
	if (is_fresh(b, MEASURE_CURRENT))
		measure_current(b);
	measure_voltage(b);

	complete_all(&m->first);
	/* pairs with measure_start(): the supply is there, and stays */
	if (!smp_load_acquire(&m->started))
		return;
	supply_measured(b, odd != measure_conditions(b));
	measure_next(m, round_jiffies_relative(msecs_to_jiffies(MEASURE_INTERVAL_MS)));
}

/**
 * measure_known() - whether something was ever measured
 * @b: the board
 * @what: which
 */
bool measure_known(const struct board *b, enum measure_what what)
{
	/* pairs with channel_read() */
	return smp_load_acquire(&b->measure.channels[what].known);
}

/**
 * measure_value() - what was measured last
 * @b: the board
 * @what: which; it is known
 *
 * Return: as in &enum measure_what.
 */
int measure_value(const struct board *b, enum measure_what what)
{
	return READ_ONCE(b->measure.channels[what].value);
}

/**
 * measure_direction() - where the current flows
 * @b: the board
 *
 * Return: 1 into the bank, -1 out of it, 0 neither or not known.
 */
int measure_direction(const struct board *b)
{
	return is_fresh(b, MEASURE_CURRENT) ?
	       READ_ONCE(b->measure.direction) : 0;
}

/**
 * measure_conditions() - what the measurements give to report
 * @b: the board
 *
 * Return: a bit as in &struct board_view, or 0.
 */
u32 measure_conditions(const struct board *b)
{
	return READ_ONCE(b->measure.out_of_range) ? CONDITION_VOLTAGE : 0;
}

static int percent_at(struct power_supply_battery_info *battery, s64 voltage_uv,
		      int temperature)
{
	int percent = power_supply_batinfo_ocv2cap(battery, voltage_uv,
						   temperature);

	return clamp(percent, 0, 100);
}

/**
 * measure_estimate() - the state of charge by the voltage
 * @b: the board
 * @estimate: filled in
 *
 * A current through a bank whose resistance is known shifts the voltage by as
 * much as can be told.
 *
 * Return: false if there is no voltage, or no table.
 */
bool measure_estimate(const struct board *b, struct capacity_estimate *estimate)
{
	struct power_supply_battery_info *battery = READ_ONCE(b->measure.battery);
	int temperature = USUAL_TEMPERATURE;
	bool at_rest = false;
	s64 ocv_uv;
	u32 unsure;

	if (!battery || !is_fresh(b, MEASURE_VOLTAGE))
		return false;
	if (is_fresh(b, MEASURE_TEMPERATURE))
		temperature = measure_value(b, MEASURE_TEMPERATURE) / 10;

	ocv_uv = measure_value(b, MEASURE_VOLTAGE);
	if (battery->factory_internal_resistance_uohm > 0 &&
	    is_fresh(b, MEASURE_CURRENT)) {
		ocv_uv -= div_s64((s64)measure_value(b, MEASURE_CURRENT) *
				  battery->factory_internal_resistance_uohm,
				  1000000);
		at_rest = true;
	}
	ocv_uv = clamp_t(s64, ocv_uv, 0, VOLTAGE_MAX_UV);
	unsure = capacity_unsure_uv(ocv_uv, at_rest);

	estimate->likely = percent_at(battery, ocv_uv, temperature);
	estimate->least = percent_at(battery, ocv_uv - unsure, temperature);
	estimate->most = percent_at(battery, ocv_uv + unsure, temperature);
	return true;
}

/* How old what is shown is, in s; -1 while nothing was ever read */
static ssize_t age_show(struct device *dev, enum measure_what what, char *buf)
{
	const struct board *b = dev_get_drvdata(dev);

	if (!measure_known(b, what))
		return sysfs_emit(buf, "-1\n");
	return sysfs_emit(buf, "%u\n",
			  channel_age_s(&b->measure.channels[what]));
}

#define AGE(_name, _what)						\
static ssize_t _name##_show(struct device *dev,				\
			    struct device_attribute *attr, char *buf)	\
{									\
	return age_show(dev, _what, buf);				\
}									\
static DEVICE_ATTR_RO(_name)

AGE(voltage_age_s, MEASURE_VOLTAGE);
AGE(current_age_s, MEASURE_CURRENT);
AGE(temperature_age_s, MEASURE_TEMPERATURE);

static ssize_t errors_show(struct device *dev, struct device_attribute *attr,
			   char *buf)
{
	const struct board *b = dev_get_drvdata(dev);

	return sysfs_emit(buf, "%u\n", READ_ONCE(b->measure.errors));
}
static DEVICE_ATTR_RO(errors);

static struct attribute *measure_attrs[] = {
	[MEASURE_VOLTAGE] = &dev_attr_voltage_age_s.attr,
	[MEASURE_CURRENT] = &dev_attr_current_age_s.attr,
	[MEASURE_TEMPERATURE] = &dev_attr_temperature_age_s.attr,
	[MEASURE_CHANNELS] = &dev_attr_errors.attr,
	NULL
};

static umode_t measure_is_visible(struct kobject *kobj, struct attribute *attr,
				  int n)
{
	const struct board *b = dev_get_drvdata(kobj_to_dev(kobj));

	if (n < MEASURE_CHANNELS && !b->measure.channels[n].described)
		return 0;
	return attr->mode;
}

static const struct attribute_group measure_group = {
	.name = "measurements",
	.attrs = measure_attrs,
	.is_visible = measure_is_visible,
};

static void measure_stop(void *data)
{
	struct measure *m = data;

	cancel_delayed_work_sync(&m->work);
}

static void measure_release(void *data)
{
	struct measure *m = data;
	unsigned int what;

	measure_stop(m);
	for (what = 0; what < MEASURE_CHANNELS; what++)
		channel_put(&m->channels[what]);
}

/**
 * measure_init() - find out what is measured, and begin
 * @b: the board
 *
 * Waits a little for the first round, so that the power supply can list what
 * there is; whatever comes later is added then.
 *
 * Return: 0, or a negative errno after a message.
 */
int measure_init(struct board *b)
{
	struct measure *m = &b->measure;
	unsigned int what;
	int ret;

	if (!device_property_present(b->dev, "io-channels"))
		return 0;
	if (!IS_REACHABLE(CONFIG_IIO)) {
		dev_warn(b->dev, "io-channels: this kernel has no IIO\n");
		return 0;
	}
	for (what = 0; what < MEASURE_CHANNELS; what++) {
		m->channels[what].described =
			device_property_match_string(b->dev, "io-channel-names",
						     channels[what].name) >= 0;
		m->present |= m->channels[what].described;
	}
	if (!m->present)
		return 0;

	ret = devm_device_add_group(b->dev, &measure_group);
	if (ret)
		return dev_err_probe(b->dev, ret, "no attributes\n");
	INIT_DELAYED_WORK(&m->work, measure_work);
	init_completion(&m->first);
	ret = devm_add_action_or_reset(b->dev, measure_release, m);
	if (ret)
		return ret;
	measure_next(m, 0);
	wait_for_completion_timeout(&m->first, msecs_to_jiffies(MEASURE_FIRST_MS));
	return 0;
}

/**
 * measure_start() - go on measuring
 * @b: the board, a power supply by now
 *
 * Return: 0, or a negative errno.
 */
int measure_start(struct board *b)
{
	struct measure *m = &b->measure;
	struct power_supply_battery_info *battery;
	int ret;

	if (!m->present)
		return 0;
	ret = power_supply_get_battery_info(b->supply, &battery);
	if (!ret && battery->ocv_table[0])
		WRITE_ONCE(m->battery, battery);

	/* before the supply goes, and @battery with it */
	ret = devm_add_action_or_reset(b->dev, measure_stop, m);
	if (ret)
		return ret;
	/* pairs with measure_work() */
	smp_store_release(&m->started, true);
	measure_next(m, msecs_to_jiffies(MEASURE_SECOND_MS));
	return 0;
}
