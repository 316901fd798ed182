// SPDX-License-Identifier: GPL-2.0
/*
 * IIO channels as a source of measurements: voltage, current and temperature of
 * the bank, where they are wired.
 *
 * A work item reads them now and then. A channel that does not exist yet is
 * requested again each time, and measured from then on.
 */
#include <linux/delay.h>
#include <linux/device.h>
#include <linux/err.h>
#include <linux/iio/consumer.h>
#include <linux/iio/types.h>
#include <linux/jiffies.h>
#include <linux/math.h>
#include <linux/property.h>
#include <linux/workqueue.h>

#include "measurements.h"
#include "observers.h"

/* A bank changes slowly, and each round wakes the machine. */
#define ROUND_INTERVAL_MS	10000

/* The second round comes early: some chips have nothing to read at first. */
#define SECOND_ROUND_MS		1000

/*
 * A chip may block the bus that the lines are on as well. After a failed read the
 * lines get this time before the next one.
 */
#define PAUSE_MS		200

/* From IIO's milli-units to those of the store: times @scale, by @divisor */
static const struct {
	const char *name;
	enum iio_chan_type type;
	unsigned int scale;
	int divisor;
} kinds[] = {
	[MEASUREMENT_VOLTAGE] = { "voltage", IIO_VOLTAGE, 1000, 1 },
	[MEASUREMENT_CURRENT] = { "current", IIO_CURRENT, 1000, 1 },
	[MEASUREMENT_TEMPERATURE] = { "temperature", IIO_TEMP, 1, 100 },
};

/**
 * struct channel - an IIO channel
 * @iio: the channel, NULL while it does not exist
 * @usable: it is described, and not known to be of a wrong type
 * @failing: its failure is logged, and its recovery is not
 */
struct channel {
	struct iio_channel *iio;
	bool usable;
	bool failing;
};

/**
 * struct meter - the IIO channels of one board; the work item's own
 * @dev: the board's device
 * @store: where the values go
 * @channels: by &enum measurement
 * @work: the next round
 * @first_done: the first round is over
 */
struct meter {
	struct device *dev;
	struct measurements *store;
	struct channel channels[ARRAY_SIZE(kinds)];
	struct delayed_work work;
	bool first_done;
};

/* Get a channel. One that can never be used is given up. */
static int channel_get(struct meter *m, enum measurement what)
{
	struct channel *c = &m->channels[what];
	struct iio_channel *iio;
	enum iio_chan_type type;
	int ret;

	iio = iio_channel_get(m->dev, kinds[what].name);
	ret = PTR_ERR_OR_ZERO(iio);
	if (ret == -EPROBE_DEFER || ret == -ENOMEM)
		return ret;
	if (!ret) {
		ret = iio_get_channel_type(iio, &type);
		if (!ret && type != kinds[what].type)
			ret = -EINVAL;
		if (!ret) {
			c->iio = iio;
			return 0;
		}
		iio_channel_release(iio);
	}
	dev_err(m->dev, "cannot use IIO channel '%s': %pe\n", kinds[what].name,
		ERR_PTR(ret));
	c->usable = false;
	return ret;
}

static void channel_put(struct channel *c)
{
	if (c->iio)
		iio_channel_release(c->iio);
	c->iio = NULL;
}

static int channel_read(struct meter *m, enum measurement what)
{
	struct channel *c = &m->channels[what];
	int ret, value;

	if (!c->iio) {
		ret = channel_get(m, what);
		if (ret)
			return ret;
	}
	ret = iio_read_channel_processed_scale(c->iio, &value,
					       kinds[what].scale);
	if (ret < 0) {
		/* Its driver is unbound; bound again it has another channel. */
		if (ret == -ENODEV)
			channel_put(c);
		return ret;
	}
	measurements_put(m->store, SOURCE_IIO, what,
			 DIV_ROUND_CLOSEST(value, kinds[what].divisor));
	return 0;
}

/* Log that a channel fails, once its last value is stale, or works again. */
static void channel_log(struct meter *m, enum measurement what, int error)
{
	struct channel *c = &m->channels[what];
	bool failing = error && !measurements_fresh_from(m->store, SOURCE_IIO,
							 what);
	int age_s = measurements_age_from_s(m->store, SOURCE_IIO, what);

	if (failing == c->failing || !c->usable)
		return;
	c->failing = failing;
	if (!failing)
		dev_info(m->dev, "IIO channel '%s' works again\n",
			 kinds[what].name);
	else if (age_s < 0)
		dev_warn(m->dev, "cannot read IIO channel '%s' yet: %pe\n",
			 kinds[what].name, ERR_PTR(error));
	else
		dev_warn(m->dev,
			 "cannot read IIO channel '%s': %pe; last value is %d s old\n",
			 kinds[what].name, ERR_PTR(error), age_s);
}

/* Not while the system, and with it the buses, sleep */
static void meter_schedule(struct meter *m, unsigned long delay)
{
	mod_delayed_work(system_freezable_power_efficient_wq, &m->work, delay);
}

/* A round reads all channels one after another. */
static void meter_work(struct work_struct *work)
{
	struct meter *m = container_of(to_delayed_work(work), struct meter,
				       work);
	unsigned int what;
	int error;

	for (what = 0; what < ARRAY_SIZE(kinds); what++) {
		if (!m->channels[what].usable)
			continue;
		error = channel_read(m, what);
		if (error)
			measurements_put_error(m->store);
		channel_log(m, what, error);
		if (error)
			msleep(PAUSE_MS);
	}
	measurements_notify(m->store);

	if (m->first_done)
		meter_schedule(m, round_jiffies_relative(msecs_to_jiffies(ROUND_INTERVAL_MS)));
	else
		meter_schedule(m, msecs_to_jiffies(SECOND_ROUND_MS));
	m->first_done = true;
}

static bool is_described(struct device *dev, enum measurement what)
{
	return device_property_match_string(dev, "io-channel-names",
					    kinds[what].name) >= 0;
}

static void meter_stop(void *data)
{
	struct meter *m = data;
	unsigned int what;

	cancel_delayed_work_sync(&m->work);
	for (what = 0; what < ARRAY_SIZE(kinds); what++)
		channel_put(&m->channels[what]);
}

/**
 * iio_attach() - begin to read the IIO channels that are described
 * @b: the board
 *
 * Waits for none of them.
 *
 * Return: 0, or a negative errno.
 */
int iio_attach(struct board *b)
{
	bool any = false;
	unsigned int what;
	struct meter *m;
	int ret;

	if (!device_property_present(b->dev, "io-channels"))
		return 0;
	if (!IS_REACHABLE(CONFIG_IIO)) {
		dev_warn(b->dev, "cannot use io-channels: no IIO in this kernel\n");
		return 0;
	}
	m = devm_kzalloc(b->dev, sizeof(*m), GFP_KERNEL);
	if (!m)
		return -ENOMEM;
	m->dev = b->dev;
	m->store = b->measurements;
	for (what = 0; what < ARRAY_SIZE(kinds); what++) {
		m->channels[what].usable = is_described(b->dev, what);
		any |= m->channels[what].usable;
	}
	if (!any)
		return 0;

	INIT_DELAYED_WORK(&m->work, meter_work);
	ret = devm_add_action_or_reset(b->dev, meter_stop, m);
	if (ret)
		return ret;
	meter_schedule(m, 0);
	return 0;
}
