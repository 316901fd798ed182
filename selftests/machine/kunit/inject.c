// SPDX-License-Identifier: GPL-2.0
/* See inject.h. */
#include <linux/string.h>

#include "inject.h"

struct inject inject;

/* Number of the call that fails, 0 for none, and of calls since it was set */
static unsigned int fail_at, calls;

/**
 * inject_reset() - begin a test: nothing fails, nothing was logged
 */
void inject_reset(void)
{
	memset(&inject, 0, sizeof(inject));
	inject_fail_at(0);
}

/**
 * inject_fail_at() - have a call fail
 * @n: number of the call from now on, beginning with 1, or 0 for none
 */
void inject_fail_at(unsigned int n)
{
	fail_at = n;
	calls = 0;
}

/**
 * inject_has_failed() - check that the call that has to fail was made
 */
bool inject_has_failed(void)
{
	return fail_at && calls >= fail_at;
}

/**
 * inject_fault() - count a call
 *
 * Return: true if it has to fail.
 */
bool inject_fault(void)
{
	return ++calls == fail_at;
}

/**
 * inject_run_work() - run the work item that was scheduled last
 */
void inject_run_work(void)
{
	inject.work->work.func(&inject.work->work);
}

void *inject_kmalloc(struct device *dev, size_t size, gfp_t gfp)
{
	return inject_fault() ? NULL : devm_kmalloc(dev, size, gfp);
}

int inject_add_action(struct device *dev, void (*action)(void *), void *data)
{
	if (!inject_fault())
		return devm_add_action_or_reset(dev, action, data);
	action(data);
	return -ENOMEM;
}

int inject_add_group(struct device *dev, const struct attribute_group *group)
{
	return inject_fault() ? -ENOMEM : devm_device_add_group(dev, group);
}

int inject_led_trigger(struct device *dev, struct led_trigger *trigger)
{
	return inject_fault() ? -EEXIST : devm_led_trigger_register(dev, trigger);
}

int inject_gpiochip(struct device *dev, struct gpio_chip *chip, void *data)
{
	if (inject_fault())
		return -EBUSY;
	inject.chip = chip;
	return devm_gpiochip_add_data(dev, chip, data);
}

struct power_supply *
inject_power_supply(struct device *dev, const struct power_supply_desc *desc,
		    const struct power_supply_config *config)
{
	if (inject_fault())
		return ERR_PTR(-EPROBE_DEFER);
	inject.psy = devm_power_supply_register(dev, desc, config);
	return inject.psy;
}

int inject_battery_info(struct power_supply *psy,
			struct power_supply_battery_info **info)
{
	*info = inject.battery;
	return *info ? 0 : -ENODEV;
}

struct device *
inject_hwmon(struct device *dev, const char *name, void *data,
	     const struct hwmon_chip_info *chip,
	     const struct attribute_group **groups)
{
	if (inject_fault())
		return ERR_PTR(-ENOMEM);
	inject.hwmon = devm_hwmon_device_register_with_info(dev, name, data,
							    chip, groups);
	return inject.hwmon;
}

int inject_alarm(struct device *dev, enum hwmon_sensor_types type, u32 attr,
		 int channel)
{
	size_t len = strlen(inject.notified);

	scnprintf(inject.notified + len, sizeof(inject.notified) - len,
		  "%u:%u ", type, attr);
	return hwmon_notify_event(dev, type, attr, channel);
}

void inject_changed(struct power_supply *psy)
{
	inject.events++;
	power_supply_changed(psy);
}

void inject_notify(struct kobject *kobj, const char *dir, const char *attr)
{
	size_t len = strlen(inject.notified);

	scnprintf(inject.notified + len, sizeof(inject.notified) - len, "%s ",
		  attr);
	sysfs_notify(kobj, dir, attr);
}

bool inject_schedule(struct workqueue_struct *wq, struct delayed_work *work,
		     unsigned long delay)
{
	inject.work = work;
	inject.delay = delay;
	return true;
}

void inject_sleep(unsigned int ms)
{
	inject.slept_ms += ms;
}

void inject_log(const struct device *dev, const char *format, ...)
{
	size_t len = strlen(inject.log);
	va_list args;

	va_start(args, format);
	vscnprintf(inject.log + len, sizeof(inject.log) - len, format, args);
	va_end(args);
}
