/* SPDX-License-Identifier: GPL-2.0 */
/*
 * All differences between kernels, 6.1 and newer, in one place. The helpers
 * carry our own names: distributions backport the kernel's.
 */
#ifndef _SMALLBMS_COMPAT_H
#define _SMALLBMS_COMPAT_H

#include <linux/device.h>
#include <linux/gpio/consumer.h>
#include <linux/hrtimer.h>
#include <linux/kthread.h>
#include <linux/power_supply.h>
#include <linux/sched.h>
#include <linux/version.h>

/* hrtimer_setup() came with 6.13; 6.15 took hrtimer_init() away. */
static inline void
smallbms_hrtimer_setup(struct hrtimer *timer,
		       enum hrtimer_restart (*function)(struct hrtimer *),
		       clockid_t clock, enum hrtimer_mode mode)
{
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 13, 0)
	hrtimer_setup(timer, function, clock, mode);
#else
	hrtimer_init(timer, clock, mode);
	timer->function = function;
#endif
}

/* By 6.14 a new worker has to be woken; before, one more wake-up is harmless. */
static inline struct kthread_worker *smallbms_run_worker(const char *name)
{
	struct kthread_worker *worker = kthread_create_worker(0, "%s", name);

	if (!IS_ERR(worker))
		wake_up_process(worker->task);
	return worker;
}

/* From 6.17 on gpio_chip's set returns an error. */
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 17, 0)
#define SMALLBMS_GPIO_SET(name, set_line)				\
static int name(struct gpio_chip *gc, unsigned int line, int value)	\
{									\
	return set_line(gc, line, value);				\
}
#else
#define SMALLBMS_GPIO_SET(name, set_line)				\
static void name(struct gpio_chip *gc, unsigned int line, int value)	\
{									\
	set_line(gc, line, value);					\
}
#endif

/* From 6.11 on a platform driver's remove returns nothing. */
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 11, 0)
#define SMALLBMS_REMOVE(name, remove_device)				\
static void name(struct platform_device *pdev)				\
{									\
	remove_device(pdev);						\
}
#else
#define SMALLBMS_REMOVE(name, remove_device)				\
static int name(struct platform_device *pdev)				\
{									\
	remove_device(pdev);						\
	return 0;							\
}
#endif

/* From 6.15 on these return an error. */
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 15, 0)
#define smallbms_gpiod_set_value		gpiod_set_value
#define smallbms_gpiod_set_value_cansleep	gpiod_set_value_cansleep
#else
static inline int smallbms_gpiod_set_value(struct gpio_desc *desc, int value)
{
	gpiod_set_value(desc, value);
	return 0;
}

static inline int smallbms_gpiod_set_value_cansleep(struct gpio_desc *desc,
						    int value)
{
	gpiod_set_value_cansleep(desc, value);
	return 0;
}
#endif

/*
 * From 6.19 on a line that two nodes name is given to both, and their levels are put to
 * a vote; before, the second does not get it.
 */
static inline bool smallbms_gpiod_is_shared(const struct gpio_desc *desc)
{
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 19, 0)
	return gpiod_is_shared(desc);
#else
	return false;
#endif
}

/* From 6.10 on __assign_str() takes its source from __string(). */
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 10, 0)
#define smallbms_assign_str(dst, src)	__assign_str(dst)
#else
#define smallbms_assign_str(dst, src)	__assign_str(dst, src)
#endif

/* 6.11 lists the behaviours that a supply knows; 6.1 prints the current one. */
static inline void smallbms_set_behaviours(struct power_supply_desc *desc)
{
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 11, 0)
	desc->charge_behaviours = BIT(POWER_SUPPLY_CHARGE_BEHAVIOUR_AUTO) |
				  BIT(POWER_SUPPLY_CHARGE_BEHAVIOUR_INHIBIT_CHARGE);
#endif
}

/* Before 6.16 a battery's tables are found by the supply's own node alone. */
static inline int
smallbms_battery_info(struct power_supply *psy,
		      struct power_supply_battery_info **info)
{
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 16, 0)
	psy->of_node = psy->dev.parent->of_node;
#endif
	return power_supply_get_battery_info(psy, info);
}

/* "Under voltage" is a health since 7.x only; "Dead" is the nearest before. */
#if LINUX_VERSION_CODE >= KERNEL_VERSION(7, 3, 0)
#define SMALLBMS_HEALTH_UNDERVOLTAGE	POWER_SUPPLY_HEALTH_UNDERVOLTAGE
#else
#define SMALLBMS_HEALTH_UNDERVOLTAGE	POWER_SUPPLY_HEALTH_DEAD
#endif

#endif /* _SMALLBMS_COMPAT_H */
