/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A line that toggles only while scan cycles really run, and achieve something:
 * a retriggerable monostable on the HAT floats the outputs when it stops (F5).
 */
#ifndef _SMALLBMS_HEARTBEAT_H
#define _SMALLBMS_HEARTBEAT_H

#include <linux/types.h>

struct device;
struct gpio_desc;

/**
 * struct heartbeat - the heartbeat of one board; the caller serialises all calls
 * @desc: its GPIO, NULL where it is not fitted
 * @sleeps: driving it may sleep
 * @pending: it could not be driven yet, as its bus is dead (F0)
 * @level: its level
 * @due_at: time of the next edge, CLOCK_BOOTTIME in ns
 */
struct heartbeat {
	struct gpio_desc *desc;
	bool sleeps;
	bool pending;
	bool level;
	u64 due_at;
};

int heartbeat_get(struct device *dev, struct heartbeat *h);
void heartbeat_tick(struct heartbeat *h, u32 interval_ms, bool healthy, u64 now);
u64 heartbeat_next(const struct heartbeat *h, u64 now);

#endif /* _SMALLBMS_HEARTBEAT_H */
