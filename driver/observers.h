/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Observers report what the board does. They are attached after the core runs;
 * each may fail, be tried again, and go, and none of that touches the core (F0).
 */
#ifndef _SMALLBMS_OBSERVERS_H
#define _SMALLBMS_OBSERVERS_H

#include <linux/power_supply.h>

struct core;
struct device;
struct measurements;

/**
 * struct board - what observers are given; the driver data of @dev
 * @dev: the device
 * @name: label, and name of the power supply
 * @core: runs from before the first observer until after the last
 * @measurements: as long as @core
 */
struct board {
	struct device *dev;
	const char *name;
	struct core *core;
	struct measurements *measurements;
};

/* To register a second power supply of a name dumps the stack, at each attempt. */
static inline bool is_power_supply(const char *name)
{
	struct power_supply *psy = power_supply_get_by_name(name);

	if (psy)
		power_supply_put(psy);
	return psy;
}

/*
 * Each adds one observer, with its own devm resources, in a devres group that the
 * caller releases if it fails. They return 0 or a negative errno, without a
 * message: the caller reports a failure once, and tries again.
 */
int log_attach(struct board *b);
int attrs_attach(struct board *b);
int gauge_attach(struct board *b);
int iio_attach(struct board *b);
int supply_attach(struct board *b);
int gpiochip_attach(struct board *b);
int leds_attach(struct board *b);
int hwmon_attach(struct board *b);

#endif /* _SMALLBMS_OBSERVERS_H */
