// SPDX-License-Identifier: GPL-2.0
/* The board's own attributes, one value a file; most wake who poll()s them. */
#include <linux/device.h>
#include <linux/kstrtox.h>
#include <linux/math64.h>
#include <linux/string_helpers.h>
#include <linux/sysfs.h>
#include <linux/timekeeping.h>

#include "board.h"

/**
 * reason_name() - a reason as scripts know it
 * @reason: &enum protection_reason
 */
const char *reason_name(u32 reason)
{
	switch (reason) {
	case PROTECTION_NO_REASON:
		return "none";
	case PROTECTION_BY_TERMINALS:
		return "terminals";
	case PROTECTION_BY_REMOTE:
		return "remote";
	case PROTECTION_BY_USER:
		return "user";
	case PROTECTION_BY_IO_ERROR:
		return "io-error";
	case PROTECTION_BY_SENSE_MISMATCH:
		return "sense-mismatch";
	default:
		return inputs_name(reason - PROTECTION_BY_LINE);
	}
}

/**
 * conditions_print() - conditions as scripts know them
 * @conditions: as in &struct board_view
 * @buf: filled in
 * @size: of @buf
 *
 * Return: the length of what was printed.
 */
int conditions_print(u32 conditions, char *buf, size_t size)
{
	static const char * const others[] = {
		"io-error", "sense-mismatch", "implausible",
		"voltage-out-of-range",
	};
	unsigned int n;
	int len = 0;

	if (!conditions)
		return scnprintf(buf, size, "none");
	for (n = 0; n < PROTECTION_LINES + ARRAY_SIZE(others); n++)
		if (conditions & PROTECTION_BIT(n))
			len += scnprintf(buf + len, size - len, "%s%s",
					 len ? " " : "",
					 n < PROTECTION_LINES ? inputs_name(n) :
					 others[n - PROTECTION_LINES]);
	return len;
}

static struct board_view attrs_view(struct device *dev)
{
	struct board_view view;

	board_view(dev_get_drvdata(dev), &view, NULL);
	return view;
}

static ssize_t remote_show(struct device *dev, struct device_attribute *attr,
			   char *buf)
{
	return sysfs_emit(buf, "%s\n", str_on_off(attrs_view(dev).remote));
}

static ssize_t remote_store(struct device *dev, struct device_attribute *attr,
			    const char *buf, size_t count)
{
	bool on;

	if (kstrtobool(buf, &on))
		return -EINVAL;
	board_set_remote(dev_get_drvdata(dev), on);
	return count;
}
static DEVICE_ATTR_RW(remote);

static ssize_t terminals_show(struct device *dev,
			      struct device_attribute *attr, char *buf)
{
	return sysfs_emit(buf, "%s\n", str_on_off(attrs_view(dev).terminals));
}
static DEVICE_ATTR_RO(terminals);

static ssize_t load_show(struct device *dev, struct device_attribute *attr,
			 char *buf)
{
	return sysfs_emit(buf, "%s\n",
			  str_on_off(attrs_view(dev).outputs & PROTECTION_LOAD));
}
static DEVICE_ATTR_RO(load);

static ssize_t charge_show(struct device *dev, struct device_attribute *attr,
			   char *buf)
{
	return sysfs_emit(buf, "%s\n",
			  str_on_off(attrs_view(dev).outputs & PROTECTION_CHARGE));
}
static DEVICE_ATTR_RO(charge);

static ssize_t pre_alarm_show(struct device *dev,
			      struct device_attribute *attr, char *buf)
{
	return sysfs_emit(buf, "%s\n",
			  str_on_off(attrs_view(dev).outputs & PROTECTION_PRE_ALARM));
}
static DEVICE_ATTR_RO(pre_alarm);

static ssize_t alarm_show(struct device *dev, struct device_attribute *attr,
			  char *buf)
{
	return sysfs_emit(buf, "%u\n", attrs_view(dev).alarm);
}
static DEVICE_ATTR_RO(alarm);

static ssize_t conditions_show(struct device *dev,
			       struct device_attribute *attr, char *buf)
{
	u32 conditions = attrs_view(dev).conditions |
			 measure_conditions(dev_get_drvdata(dev));
	int len = conditions_print(conditions, buf, PAGE_SIZE);

	return len + sysfs_emit_at(buf, len, "\n");
}
static DEVICE_ATTR_RO(conditions);

static ssize_t load_off_reason_show(struct device *dev,
				    struct device_attribute *attr, char *buf)
{
	return sysfs_emit(buf, "%s\n", reason_name(attrs_view(dev).load_reason));
}
static DEVICE_ATTR_RO(load_off_reason);

static ssize_t charge_off_reason_show(struct device *dev,
				      struct device_attribute *attr, char *buf)
{
	return sysfs_emit(buf, "%s\n",
			  reason_name(attrs_view(dev).charge_reason));
}
static DEVICE_ATTR_RO(charge_off_reason);

static ssize_t disconnect_in_ms_show(struct device *dev,
				     struct device_attribute *attr, char *buf)
{
	u64 at, now;

	board_view(dev_get_drvdata(dev), NULL, &at);
	now = ktime_get_boottime_ns();
	if (at == PROTECTION_NEVER)
		return sysfs_emit(buf, "-1\n");
	return sysfs_emit(buf, "%llu\n",
			  at > now ? div_u64(at - now, NSEC_PER_MSEC) : 0);
}
static DEVICE_ATTR_RO(disconnect_in_ms);

static ssize_t pre_alarm_delay_ms_show(struct device *dev,
				       struct device_attribute *attr, char *buf)
{
	struct board *b = dev_get_drvdata(dev);

	return sysfs_emit(buf, "%u\n",
			  READ_ONCE(b->protection.cfg.pre_alarm_delay_ms));
}

static ssize_t pre_alarm_delay_ms_store(struct device *dev,
					struct device_attribute *attr,
					const char *buf, size_t count)
{
	struct board *b = dev_get_drvdata(dev);
	u32 value;

	if (kstrtou32(buf, 0, &value) ||
	    value < PROTECTION_PRE_ALARM_DELAY_MIN_MS)
		return -EINVAL;
	board_set_delay(b, &b->protection.cfg.pre_alarm_delay_ms, value);
	return count;
}
static DEVICE_ATTR_RW(pre_alarm_delay_ms);

static ssize_t load_reconnect_delay_ms_show(struct device *dev,
					    struct device_attribute *attr,
					    char *buf)
{
	struct board *b = dev_get_drvdata(dev);

	return sysfs_emit(buf, "%u\n",
			  READ_ONCE(b->protection.cfg.load_reconnect_delay_ms));
}

static ssize_t load_reconnect_delay_ms_store(struct device *dev,
					     struct device_attribute *attr,
					     const char *buf, size_t count)
{
	struct board *b = dev_get_drvdata(dev);
	u32 value;

	if (kstrtou32(buf, 0, &value))
		return -EINVAL;
	board_set_delay(b, &b->protection.cfg.load_reconnect_delay_ms, value);
	return count;
}
static DEVICE_ATTR_RW(load_reconnect_delay_ms);

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
	&dev_attr_disconnect_in_ms.attr,
	&dev_attr_pre_alarm_delay_ms.attr,
	&dev_attr_load_reconnect_delay_ms.attr,
	NULL
};

static const struct attribute_group board_group = {
	.attrs = board_attrs,
};

/* A counter in struct board_stats, as stats/<name> */
#define STAT(_name, _read)						\
static ssize_t _name##_show(struct device *dev,				\
			    struct device_attribute *attr, char *buf)	\
{									\
	struct board *b = dev_get_drvdata(dev);				\
									\
	return sysfs_emit(buf, "%u\n", (u32)_read(b->stats._name));	\
}									\
static DEVICE_ATTR_RO(_name)

#define STAT_ATOMIC(stat)	atomic_read(&(stat))

STAT(pre_alarms, READ_ONCE);
STAT(load_disconnects, READ_ONCE);
STAT(charge_disconnects, READ_ONCE);
STAT(interrupts, STAT_ATOMIC);
STAT(rescans, STAT_ATOMIC);
STAT(missed_edges, READ_ONCE);
STAT(read_errors, READ_ONCE);
STAT(write_errors, READ_ONCE);

static struct attribute *stats_attrs[] = {
	&dev_attr_pre_alarms.attr,
	&dev_attr_load_disconnects.attr,
	&dev_attr_charge_disconnects.attr,
	&dev_attr_interrupts.attr,
	&dev_attr_rescans.attr,
	&dev_attr_missed_edges.attr,
	&dev_attr_read_errors.attr,
	&dev_attr_write_errors.attr,
	NULL
};

static const struct attribute_group stats_group = {
	.name = "stats",
	.attrs = stats_attrs,
};

/**
 * attrs_report() - wake who polls an attribute that has changed
 * @b: the board
 * @old: what was told last
 * @new: what is told now
 */
void attrs_report(struct board *b, const struct board_view *old,
		  const struct board_view *new)
{
	const struct {
		const char *name;
		bool changed;
	} attrs[] = {
		{ "remote", old->remote != new->remote },
		{ "terminals", old->terminals != new->terminals },
		{ "load", (old->outputs ^ new->outputs) & PROTECTION_LOAD },
		{ "charge", (old->outputs ^ new->outputs) & PROTECTION_CHARGE },
		{ "pre_alarm",
		  (old->outputs ^ new->outputs) & PROTECTION_PRE_ALARM },
		{ "alarm", old->alarm != new->alarm },
		{ "conditions", old->conditions != new->conditions },
		{ "load_off_reason", old->load_reason != new->load_reason },
		{ "charge_off_reason",
		  old->charge_reason != new->charge_reason },
	};
	unsigned int n;

	for (n = 0; n < ARRAY_SIZE(attrs); n++)
		if (attrs[n].changed)
			sysfs_notify(&b->dev->kobj, NULL, attrs[n].name);
}

/**
 * attrs_register() - add the attributes
 * @b: the board, initialised; it is the driver data of its device
 *
 * They come before the power supply, so that whoever is told of that finds
 * them.
 *
 * Return: 0, or a negative errno after a message.
 */
int attrs_register(struct board *b)
{
	int ret;

	ret = devm_device_add_group(b->dev, &board_group);
	if (!ret)
		ret = devm_device_add_group(b->dev, &stats_group);
	if (ret)
		return dev_err_probe(b->dev, ret, "no attributes\n");
	return 0;
}
