// SPDX-License-Identifier: GPL-2.0
/*
 * Alarms for sensors(1) and whatever else reads hwmon. The lines have thresholds in
 * the batteries and no values, so there is no _input: what is measured of the bank is
 * that of the power supply, which has a hwmon device of its own.
 */
#include <linux/device.h>
#include <linux/err.h>
#include <linux/gpio/consumer.h>
#include <linux/hwmon.h>
#include <linux/mutex.h>

#include "core.h"
#include "observers.h"

static const struct {
	enum hwmon_sensor_types type;
	u32 attr;
	u32 conditions;
} kinds[] = {
	{ hwmon_in, hwmon_in_min_alarm, INPUTS_PRE_ALARM },
	{ hwmon_in, hwmon_in_lcrit_alarm, BIT(INPUT_CELL_UNDERVOLTAGE) },
	{ hwmon_in, hwmon_in_crit_alarm, BIT(INPUT_CELL_OVERVOLTAGE) },
	{ hwmon_temp, hwmon_temp_crit_alarm, BIT(INPUT_OVER_TEMPERATURE) },
	{ hwmon_temp, hwmon_temp_lcrit_alarm, BIT(INPUT_UNDER_TEMPERATURE) },
};

/**
 * struct alarms - the hwmon device of one board
 * @board: the board
 * @device: the device
 * @cells: label of the cells' alarms
 * @batteries: label of the alarms of the temperature
 * @fitted: conditions that have a line
 * @snapshots: called with transitions
 * @lock: guards @notified
 * @notified: conditions at the last notification
 */
struct alarms {
	struct board *board;
	struct device *device;
	const char *cells;
	const char *batteries;
	u32 fitted;
	struct notifier_block snapshots;
	struct mutex lock;	/* guards @notified */
	u32 notified;
};

static u32 alarms_conditions(const struct alarms *a)
{
	struct snapshot s;

	core_snapshot(a->board->core, &s);
	return s.conditions;
}

/* The conditions of an alarm, or those of all alarms that a label is for */
static u32 conditions_of(enum hwmon_sensor_types type, u32 attr)
{
	bool label = attr == (type == hwmon_in ? hwmon_in_label :
						 hwmon_temp_label);
	u32 conditions = 0;
	unsigned int n;

	for (n = 0; n < ARRAY_SIZE(kinds); n++)
		if (kinds[n].type == type && (label || kinds[n].attr == attr))
			conditions |= kinds[n].conditions;
	return conditions;
}

/* An alarm without a line would say that all is well. */
static umode_t alarms_is_visible(const void *data, enum hwmon_sensor_types type,
				 u32 attr, int channel)
{
	const struct alarms *a = data;

	return a->fitted & conditions_of(type, attr) ? 0444 : 0;
}

static int alarms_read(struct device *dev, enum hwmon_sensor_types type, u32 attr,
		       int channel, long *value)
{
	const struct alarms *a = dev_get_drvdata(dev);

	*value = !!(alarms_conditions(a) & conditions_of(type, attr));
	return 0;
}

static int alarms_read_string(struct device *dev, enum hwmon_sensor_types type,
			      u32 attr, int channel, const char **text)
{
	const struct alarms *a = dev_get_drvdata(dev);

	*text = type == hwmon_in ? a->cells : a->batteries;
	return 0;
}

static const struct hwmon_ops alarms_ops = {
	.is_visible = alarms_is_visible,
	.read = alarms_read,
	.read_string = alarms_read_string,
};

static const struct hwmon_channel_info *alarms_channels[] = {
	HWMON_CHANNEL_INFO(in, HWMON_I_MIN_ALARM | HWMON_I_LCRIT_ALARM |
			       HWMON_I_CRIT_ALARM | HWMON_I_LABEL),
	HWMON_CHANNEL_INFO(temp, HWMON_T_CRIT_ALARM | HWMON_T_LCRIT_ALARM |
				 HWMON_T_LABEL),
	NULL
};

static const struct hwmon_chip_info alarms_chip = {
	.ops = &alarms_ops,
	.info = alarms_channels,
};

/* Wake those who poll() an alarm that differs. */
static void alarms_update(struct alarms *a)
{
	u32 conditions;
	unsigned int n;

	mutex_lock(&a->lock);
	conditions = alarms_conditions(a);
	for (n = 0; n < ARRAY_SIZE(kinds); n++) {
		u32 these = kinds[n].conditions;

		if (a->fitted & these &&
		    !(conditions & these) != !(a->notified & these))
			hwmon_notify_event(a->device, kinds[n].type,
					   kinds[n].attr, 0);
	}
	a->notified = conditions;
	mutex_unlock(&a->lock);
}

static int alarms_on_snapshot(struct notifier_block *nb, unsigned long event,
			      void *data)
{
	const struct snapshot_change *change = data;

	if (!change->more)
		alarms_update(container_of(nb, struct alarms, snapshots));
	return NOTIFY_DONE;
}

static u32 find_fitted(struct device *dev)
{
	u32 fitted = 0;
	unsigned int n;

	for (n = 0; n < INPUT_COUNT; n++)
		if (gpiod_count(dev, input_name(n)) > 0)
			fitted |= BIT(n);
	return fitted;
}

/**
 * hwmon_attach() - register the hwmon device
 * @b: the board
 *
 * Return: 0, or a negative errno.
 */
int hwmon_attach(struct board *b)
{
	struct alarms *a;
	int ret;

	if (!IS_REACHABLE(CONFIG_HWMON))
		return 0;
	a = devm_kzalloc(b->dev, sizeof(*a), GFP_KERNEL);
	if (!a)
		return -ENOMEM;
	a->board = b;
	mutex_init(&a->lock);
	a->fitted = find_fitted(b->dev);
	/* Devices of two boards differ by nothing else that sensors(1) shows. */
	a->cells = devm_kasprintf(b->dev, GFP_KERNEL, "%s cells", b->name);
	a->batteries = devm_kasprintf(b->dev, GFP_KERNEL, "%s batteries", b->name);
	if (!a->cells || !a->batteries)
		return -ENOMEM;
	a->notified = alarms_conditions(a);
	a->device = devm_hwmon_device_register_with_info(b->dev, "smallbms", a,
							 &alarms_chip, NULL);
	if (IS_ERR(a->device))
		return PTR_ERR(a->device);

	a->snapshots.notifier_call = alarms_on_snapshot;
	a->snapshots.priority = OBSERVER_HWMON;
	ret = devm_core_subscribe(b->dev, b->core, &a->snapshots);
	if (ret)
		return ret;
	alarms_update(a);	/* what has changed meanwhile */
	return 0;
}
