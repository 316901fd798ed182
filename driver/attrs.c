// SPDX-License-Identifier: GPL-2.0
/* The board's own attributes, one value a file; poll() wakes on most of them. */
#include <linux/device.h>
#include <linux/kstrtox.h>
#include <linux/ktime.h>
#include <linux/math64.h>
#include <linux/mutex.h>
#include <linux/string_helpers.h>
#include <linux/sysfs.h>

#include "core.h"
#include "measurements.h"
#include "observers.h"
#include "shed.h"

/**
 * struct attrs - notifies those who poll() the attributes of one board
 * @board: the board
 * @snapshots: called with transitions
 * @measurements: called with measurements
 * @lock: guards @notified
 * @notified: the snapshot, with the measurements' conditions, that was notified last
 */
struct attrs {
	struct board *board;
	struct notifier_block snapshots;
	struct notifier_block measurements;
	struct mutex lock;	/* guards @notified */
	struct snapshot notified;
};

static struct core *attrs_core(struct device *dev)
{
	const struct board *b = dev_get_drvdata(dev);

	return b->core;
}

/* The newest snapshot, with the measurements' conditions */
static struct snapshot attrs_snapshot(struct device *dev)
{
	const struct board *b = dev_get_drvdata(dev);
	struct snapshot s;

	core_snapshot(b->core, &s);
	s.conditions |= measurements_conditions(b->measurements);
	return s;
}

static ssize_t remote_show(struct device *dev, struct device_attribute *attr,
			   char *buf)
{
	return sysfs_emit(buf, "%s\n", str_on_off(attrs_snapshot(dev).remote));
}

static ssize_t remote_store(struct device *dev, struct device_attribute *attr,
			    const char *buf, size_t count)
{
	bool on;
	int ret;

	if (kstrtobool(buf, &on))
		return -EINVAL;
	ret = core_request(attrs_core(dev), CORE_REMOTE, on);
	return ret ?: count;
}
static DEVICE_ATTR_RW(remote);

static ssize_t terminals_show(struct device *dev,
			      struct device_attribute *attr, char *buf)
{
	return sysfs_emit(buf, "%s\n",
			  str_on_off(attrs_snapshot(dev).terminals));
}
static DEVICE_ATTR_RO(terminals);

/* An output, as the attribute <name> */
#define OUTPUT(_name, _output)						\
static ssize_t _name##_show(struct device *dev,				\
			    struct device_attribute *attr, char *buf)	\
{									\
	u32 outputs = attrs_snapshot(dev).outputs;			\
									\
	return sysfs_emit(buf, "%s\n", str_on_off(outputs & (_output)));\
}									\
static DEVICE_ATTR_RO(_name)

OUTPUT(load, OUTPUT_LOAD);
OUTPUT(charge, OUTPUT_CHARGE);
OUTPUT(pre_alarm, OUTPUT_PRE_ALARM);

static ssize_t alarm_show(struct device *dev, struct device_attribute *attr,
			  char *buf)
{
	return sysfs_emit(buf, "%u\n", attrs_snapshot(dev).alarm);
}
static DEVICE_ATTR_RO(alarm);

static ssize_t conditions_show(struct device *dev,
			       struct device_attribute *attr, char *buf)
{
	int len = conditions_print(attrs_snapshot(dev).conditions, buf,
				   PAGE_SIZE);

	return len + sysfs_emit_at(buf, len, "\n");
}
static DEVICE_ATTR_RO(conditions);

static ssize_t load_off_reason_show(struct device *dev,
				    struct device_attribute *attr, char *buf)
{
	return sysfs_emit(buf, "%s\n",
			  reason_name(attrs_snapshot(dev).load_reason));
}
static DEVICE_ATTR_RO(load_off_reason);

static ssize_t charge_off_reason_show(struct device *dev,
				      struct device_attribute *attr, char *buf)
{
	return sysfs_emit(buf, "%s\n",
			  reason_name(attrs_snapshot(dev).charge_reason));
}
static DEVICE_ATTR_RO(charge_off_reason);

/* What is left until @at, in ms; -1 if that is never */
static ssize_t emit_left(char *buf, u64 at)
{
	u64 now = ktime_get_boottime_ns();

	if (at == NEVER)
		return sysfs_emit(buf, "-1\n");
	return sysfs_emit(buf, "%llu\n",
			  at > now ? div_u64(at - now, NSEC_PER_MSEC) : 0);
}

/* A time of struct snapshot_times, as the attribute <name> */
#define LEFT(_name, _at)						\
static ssize_t _name##_show(struct device *dev,				\
			    struct device_attribute *attr, char *buf)	\
{									\
	struct snapshot_times times;					\
									\
	core_times(attrs_core(dev), &times);				\
	return emit_left(buf, times._at);				\
}									\
static DEVICE_ATTR_RO(_name)

LEFT(disconnect_in_ms, disconnect_at);
LEFT(shed_in_ms, shed_at);
LEFT(reconnect_in_ms, reconnect_at);

static ssize_t attrs_store(struct device *dev, enum core_setting setting,
			   const char *buf, size_t count)
{
	u32 value;
	int ret;

	if (kstrtou32(buf, 0, &value))
		return -EINVAL;
	ret = core_request(attrs_core(dev), setting, value);
	return ret ?: count;
}

/* A number that can be set, as the attribute <name>; the core checks its limits */
#define SETTING(_name, _setting)					\
static ssize_t _name##_show(struct device *dev,				\
			    struct device_attribute *attr, char *buf)	\
{									\
	return sysfs_emit(buf, "%u\n",					\
			  core_setting(attrs_core(dev), _setting));	\
}									\
									\
static ssize_t _name##_store(struct device *dev,			\
			     struct device_attribute *attr,		\
			     const char *buf, size_t count)		\
{									\
	return attrs_store(dev, _setting, buf, count);			\
}									\
static DEVICE_ATTR_RW(_name)

SETTING(pre_alarm_delay_ms, CORE_PRE_ALARM_DELAY);
SETTING(load_reconnect_delay_ms, CORE_LOAD_RECONNECT_DELAY);
SETTING(soc_floor_percent, CORE_SOC_FLOOR);

static ssize_t soc_floor_recover_percent_show(struct device *dev,
					      struct device_attribute *attr,
					      char *buf)
{
	const struct core *c = attrs_core(dev);
	const struct shed_config cfg = {
		.floor_percent = core_setting(c, CORE_SOC_FLOOR),
		.recover_percent = core_setting(c, CORE_SOC_FLOOR_RECOVER),
	};

	return sysfs_emit(buf, "%u\n", shed_recover_percent(&cfg));
}

static ssize_t soc_floor_recover_percent_store(struct device *dev,
					       struct device_attribute *attr,
					       const char *buf, size_t count)
{
	return attrs_store(dev, CORE_SOC_FLOOR_RECOVER, buf, count);
}
static DEVICE_ATTR_RW(soc_floor_recover_percent);

static const char * const load_requests[LOAD_REQUESTS] = {
	[LOAD_REQUEST_AUTO] = "auto",
	[LOAD_REQUEST_SHED] = "shed",
	[LOAD_REQUEST_OFF] = "off",
};

static ssize_t load_request_show(struct device *dev,
				 struct device_attribute *attr, char *buf)
{
	return sysfs_emit(buf, "%s\n",
			  load_requests[attrs_snapshot(dev).load_request]);
}

static ssize_t load_request_store(struct device *dev,
				  struct device_attribute *attr,
				  const char *buf, size_t count)
{
	int ret = sysfs_match_string(load_requests, buf);

	if (ret < 0)
		return ret;
	ret = core_request(attrs_core(dev), CORE_LOAD_REQUEST, ret);
	return ret ?: count;
}
static DEVICE_ATTR_RW(load_request);

static struct attribute *board_attrs[] = {
	&dev_attr_remote.attr,
	&dev_attr_terminals.attr,
	&dev_attr_load.attr,
	&dev_attr_charge.attr,
	&dev_attr_pre_alarm.attr,
	&dev_attr_alarm.attr,
	&dev_attr_conditions.attr,
	&dev_attr_load_off_reason.attr,
	&dev_attr_charge_off_reason.attr,
	&dev_attr_load_request.attr,
	&dev_attr_disconnect_in_ms.attr,
	&dev_attr_shed_in_ms.attr,
	&dev_attr_reconnect_in_ms.attr,
	&dev_attr_pre_alarm_delay_ms.attr,
	&dev_attr_load_reconnect_delay_ms.attr,
	&dev_attr_soc_floor_percent.attr,
	&dev_attr_soc_floor_recover_percent.attr,
	NULL
};

static const struct attribute_group board_group = {
	.attrs = board_attrs,
};

static ssize_t stat_show(struct device *dev, struct device_attribute *attr,
			 char *buf)
{
	const struct dev_ext_attribute *ext =
		container_of(attr, struct dev_ext_attribute, attr);
	struct core_stats stats;

	core_stats(attrs_core(dev), &stats);
	return sysfs_emit(buf, "%u\n",
			  *(u32 *)((void *)&stats + (unsigned long)ext->var));
}

/* A counter in struct core_stats, as stats/<name> */
#define STAT(_name)							\
static struct dev_ext_attribute stat_##_name = {			\
	.attr = __ATTR(_name, 0444, stat_show, NULL),			\
	.var = (void *)offsetof(struct core_stats, _name),		\
}

STAT(pre_alarms);
STAT(load_disconnects);
STAT(charge_disconnects);
STAT(interrupts);
STAT(rescans);
STAT(missed_edges);
STAT(read_errors);
STAT(write_errors);

static struct attribute *stats_attrs[] = {
	&stat_pre_alarms.attr.attr,
	&stat_load_disconnects.attr.attr,
	&stat_charge_disconnects.attr.attr,
	&stat_interrupts.attr.attr,
	&stat_rescans.attr.attr,
	&stat_missed_edges.attr.attr,
	&stat_read_errors.attr.attr,
	&stat_write_errors.attr.attr,
	NULL
};

static const struct attribute_group stats_group = {
	.name = "stats",
	.attrs = stats_attrs,
};

/* The age of a measurement, as measurements/<name> */
#define AGE(_name, _what)						\
static ssize_t _name##_show(struct device *dev,				\
			    struct device_attribute *attr, char *buf)	\
{									\
	const struct board *b = dev_get_drvdata(dev);			\
									\
	return sysfs_emit(buf, "%d\n",					\
			  measurements_age_s(b->measurements, _what));	\
}									\
static DEVICE_ATTR_RO(_name)

AGE(voltage_age_s, MEASUREMENT_VOLTAGE);
AGE(current_age_s, MEASUREMENT_CURRENT);
AGE(temperature_age_s, MEASUREMENT_TEMPERATURE);
AGE(time_to_empty_age_s, MEASUREMENT_TIME_TO_EMPTY);
AGE(soc_age_s, MEASUREMENT_SOC);

static ssize_t errors_show(struct device *dev, struct device_attribute *attr,
			   char *buf)
{
	const struct board *b = dev_get_drvdata(dev);

	return sysfs_emit(buf, "%u\n", measurements_errors(b->measurements));
}
static DEVICE_ATTR_RO(errors);

static struct attribute *measurements_attrs[] = {
	&dev_attr_voltage_age_s.attr,
	&dev_attr_current_age_s.attr,
	&dev_attr_temperature_age_s.attr,
	&dev_attr_time_to_empty_age_s.attr,
	&dev_attr_soc_age_s.attr,
	&dev_attr_errors.attr,
	NULL
};

static const struct attribute_group measurements_group = {
	.name = "measurements",
	.attrs = measurements_attrs,
};

/* Wake those who poll() an attribute that differs. */
static void attrs_notify(struct device *dev, const struct snapshot *old,
			 const struct snapshot *new)
{
	u32 outputs = old->outputs ^ new->outputs;
	const struct {
		const char *name;
		bool changed;
	} attrs[] = {
		{ "remote", old->remote != new->remote },
		{ "terminals", old->terminals != new->terminals },
		{ "load", outputs & OUTPUT_LOAD },
		{ "charge", outputs & OUTPUT_CHARGE },
		{ "pre_alarm", outputs & OUTPUT_PRE_ALARM },
		{ "alarm", old->alarm != new->alarm },
		{ "conditions", old->conditions != new->conditions },
		{ "load_request", old->load_request != new->load_request },
		{ "load_off_reason", old->load_reason != new->load_reason },
		{ "charge_off_reason",
		  old->charge_reason != new->charge_reason },
	};
	unsigned int n;

	for (n = 0; n < ARRAY_SIZE(attrs); n++)
		if (attrs[n].changed)
			sysfs_notify(&dev->kobj, NULL, attrs[n].name);
}

static void attrs_update(struct attrs *a)
{
	struct device *dev = a->board->dev;
	struct snapshot new;

	mutex_lock(&a->lock);
	new = attrs_snapshot(dev);
	attrs_notify(dev, &a->notified, &new);
	a->notified = new;
	mutex_unlock(&a->lock);
}

static int attrs_on_snapshot(struct notifier_block *nb, unsigned long event,
			     void *data)
{
	attrs_update(container_of(nb, struct attrs, snapshots));
	return NOTIFY_DONE;
}

static int attrs_on_measurements(struct notifier_block *nb,
				 unsigned long event, void *data)
{
	attrs_update(container_of(nb, struct attrs, measurements));
	return NOTIFY_DONE;
}

/**
 * attrs_attach() - add the attributes
 * @b: the board
 *
 * Attach them before the power supply, so that its uevent announces them, too.
 *
 * Return: 0, or a negative errno.
 */
int attrs_attach(struct board *b)
{
	struct attrs *a = devm_kzalloc(b->dev, sizeof(*a), GFP_KERNEL);
	int ret;

	if (!a)
		return -ENOMEM;
	a->board = b;
	mutex_init(&a->lock);
	a->notified = attrs_snapshot(b->dev);
	ret = devm_device_add_group(b->dev, &board_group);
	if (ret)
		return ret;
	ret = devm_device_add_group(b->dev, &stats_group);
	if (ret)
		return ret;
	ret = devm_device_add_group(b->dev, &measurements_group);
	if (ret)
		return ret;

	a->snapshots.notifier_call = attrs_on_snapshot;
	a->snapshots.priority = OBSERVER_ATTRS;
	ret = devm_core_subscribe(b->dev, b->core, &a->snapshots);
	if (ret)
		return ret;
	a->measurements.notifier_call = attrs_on_measurements;
	a->measurements.priority = OBSERVER_ATTRS;
	ret = devm_measurements_subscribe(b->dev, b->measurements,
					  &a->measurements);
	if (ret)
		return ret;
	attrs_update(a);	/* what has changed meanwhile */
	return 0;
}
