/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Functions of the kernel that observers call, under control of a test: any call
 * may fail, clocks can be advanced, and what is logged or notified can be looked
 * at. The observers are compiled with this file included first, see Kbuild; it
 * includes the declarations of all that it replaces.
 */
#ifndef _SMALLBMS_INJECT_H
#define _SMALLBMS_INJECT_H

#include <linux/delay.h>
#include <linux/device.h>
#include <linux/gpio/driver.h>
#include <linux/hwmon.h>
#include <linux/ktime.h>
#include <linux/leds.h>
#include <linux/power_supply.h>
#include <linux/sysfs.h>
#include <linux/workqueue.h>

/**
 * struct inject - what a test controls, and what it can look at
 * @advanced_s: the clocks are advanced by so much
 * @battery: what power supplies find of their battery, or NULL
 * @work: work item that was scheduled last; it is run by inject_run_work() only
 * @delay: of it, jiffies
 * @slept_ms: sum of the times that were slept
 * @chip: GPIO chip that was registered last
 * @psy: power supply that was registered last
 * @events: calls of power_supply_changed()
 * @hwmon: hwmon device that was registered last
 * @notified: names of attributes that were notified, each with a blank; those of
 *	hwmon by type and number
 * @log: messages, a line each
 */
struct inject {
	u32 advanced_s;
	struct power_supply_battery_info *battery;
	struct delayed_work *work;
	unsigned long delay;
	unsigned int slept_ms;
	struct gpio_chip *chip;
	struct power_supply *psy;
	unsigned int events;
	struct device *hwmon;
	char notified[256];
	char log[4096];
};

extern struct inject inject;

void inject_reset(void);
void inject_fail_at(unsigned int n);
bool inject_has_failed(void);
bool inject_fault(void);
void inject_run_work(void);

void *inject_kmalloc(struct device *dev, size_t size, gfp_t gfp);
int inject_add_action(struct device *dev, void (*action)(void *), void *data);
int inject_add_group(struct device *dev, const struct attribute_group *group);
int inject_led_trigger(struct device *dev, struct led_trigger *trigger);
int inject_gpiochip(struct device *dev, struct gpio_chip *chip, void *data);
struct power_supply *
inject_power_supply(struct device *dev, const struct power_supply_desc *desc,
		    const struct power_supply_config *config);
int inject_battery_info(struct power_supply *psy,
			struct power_supply_battery_info **info);
struct device *
inject_hwmon(struct device *dev, const char *name, void *data,
	     const struct hwmon_chip_info *chip,
	     const struct attribute_group **groups);
int inject_alarm(struct device *dev, enum hwmon_sensor_types type, u32 attr,
		 int channel);
void inject_changed(struct power_supply *psy);
void inject_notify(struct kobject *kobj, const char *dir, const char *attr);
bool inject_schedule(struct workqueue_struct *wq, struct delayed_work *work,
		     unsigned long delay);
void inject_sleep(unsigned int ms);
__printf(2, 3)
void inject_log(const struct device *dev, const char *format, ...);

#ifdef INJECT

#undef devm_kmalloc
#define devm_kmalloc		inject_kmalloc
#undef devm_kzalloc
#define devm_kzalloc(dev, size, gfp)					\
	inject_kmalloc(dev, size, (gfp) | __GFP_ZERO)
#undef devm_kcalloc
#define devm_kcalloc(dev, n, size, gfp)					\
	inject_kmalloc(dev, array_size(n, size), (gfp) | __GFP_ZERO)
#define devm_kasprintf(dev, ...)					\
	(inject_fault() ? NULL : devm_kasprintf(dev, __VA_ARGS__))
#undef devm_add_action_or_reset
#define devm_add_action_or_reset	inject_add_action
#define devm_device_add_group		inject_add_group
#define devm_led_trigger_register	inject_led_trigger
#undef devm_gpiochip_add_data
#define devm_gpiochip_add_data		inject_gpiochip
#define devm_power_supply_register	inject_power_supply
#define power_supply_get_battery_info	inject_battery_info
#define devm_hwmon_device_register_with_info	inject_hwmon
#define hwmon_notify_event		inject_alarm
#define power_supply_changed		inject_changed
#define sysfs_notify			inject_notify
#define sysfs_update_groups(...)					\
	(inject_fault() ? -ENOMEM : sysfs_update_groups(__VA_ARGS__))
#define power_supply_reg_notifier(nb)					\
	(inject_fault() ? -EEXIST : power_supply_reg_notifier(nb))
#define mod_delayed_work		inject_schedule
#define queue_delayed_work		inject_schedule
#define msleep				inject_sleep
#define ktime_get_boottime_seconds()					\
	(ktime_get_boottime_seconds() + inject.advanced_s)
#define _dev_err			inject_log
#define _dev_warn			inject_log
#define _dev_info			inject_log

#endif /* INJECT */

#endif /* _SMALLBMS_INJECT_H */
