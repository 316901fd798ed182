/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The chargers of a bank: power supplies of other drivers, which may come late, go and
 * come back. Nothing waits for them (F0).
 */
#ifndef _SMALLBMS_CHARGER_H
#define _SMALLBMS_CHARGER_H

#include <linux/notifier.h>
#include <linux/workqueue.h>

struct device;
struct power_supply;

/**
 * enum charger_state - what the chargers of a bank report
 * @CHARGER_UNKNOWN: none is online, and at least one does not exist or report
 * @CHARGER_OFFLINE: none is online
 * @CHARGER_ONLINE: at least one is online
 */
enum charger_state {
	CHARGER_UNKNOWN,
	CHARGER_OFFLINE,
	CHARGER_ONLINE,
};

/**
 * struct charger - watches the chargers of a board; zeroed: they are unknown
 * @dev: the board's device
 * @psy: the board's own power supply
 * @changed: called after a change of @state
 * @state: what they report
 * @work: looks at them
 * @events: schedules @work when any power supply comes or changes
 */
struct charger {
	struct device *dev;
	struct power_supply *psy;
	void (*changed)(struct charger *c);
	enum charger_state state;
	struct delayed_work work;
	struct notifier_block events;
};

int devm_charger_watch(struct charger *c, struct device *dev,
		       struct power_supply *psy,
		       void (*changed)(struct charger *c));
enum charger_state charger_state(const struct charger *c);

#endif /* _SMALLBMS_CHARGER_H */
