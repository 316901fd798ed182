// SPDX-License-Identifier: GPL-2.0
/*
 * See charger.h.
 *
 * The class could do this, but it registers no power supply before all its chargers
 * exist, and keeps pointing at the name of a charger whose driver is gone.
 */
#include <linux/device.h>
#include <linux/jiffies.h>
#include <linux/minmax.h>
#include <linux/power_supply.h>
#include <linux/property.h>

#include "charger.h"

/* That the driver of a charger goes is no event. */
#define LOOK_INTERVAL_MS	10000

/**
 * struct look - one charger that is looked for
 * @fwnode: its node
 * @online: what it reports, or a negative errno
 */
struct look {
	const struct fwnode_handle *fwnode;
	int online;
};

static int look_at(struct device *dev, void *data)
{
	struct power_supply *psy = dev_get_drvdata(dev);
	union power_supply_propval val = { };
	struct look *look = data;

	if (!dev->parent || look->fwnode != (dev_fwnode(dev) ?:
					     dev_fwnode(dev->parent)))
		return 0;
	/* Its driver stays as long as this is held. */
	device_lock(dev->parent);
	if (!power_supply_get_property(psy, POWER_SUPPLY_PROP_ONLINE, &val))
		look->online = max(look->online, val.intval);
	device_unlock(dev->parent);
	return 0;
}

static enum charger_state look_at_all(const struct charger *c)
{
	enum charger_state state = CHARGER_OFFLINE;
	unsigned int n;

	for (n = 0; state != CHARGER_ONLINE; n++) {
		struct fwnode_handle *fwnode;
		struct look look;

		fwnode = fwnode_find_reference(dev_fwnode(c->dev),
					       "power-supplies", n);
		if (IS_ERR(fwnode))
			break;
		look.fwnode = fwnode;
		look.online = -ENODEV;
		class_for_each_device(c->psy->dev.class, NULL, &look, look_at);
		fwnode_handle_put(fwnode);
		if (look.online > 0)
			state = CHARGER_ONLINE;
		else if (look.online < 0)
			state = CHARGER_UNKNOWN;
	}
	return n ? state : CHARGER_UNKNOWN;
}

/* Not while the system, and with it the buses, sleep */
#define charger_wq	system_freezable_power_efficient_wq

static void charger_work(struct work_struct *work)
{
	struct charger *c = container_of(to_delayed_work(work), struct charger,
					 work);
	enum charger_state state = look_at_all(c);

	if (state != c->state) {
		WRITE_ONCE(c->state, state);
		c->changed(c);
	}
	/* One that comes is an event. An event meanwhile is not put off. */
	if (state != CHARGER_UNKNOWN)
		queue_delayed_work(charger_wq, &c->work,
				   round_jiffies_relative(msecs_to_jiffies(LOOK_INTERVAL_MS)));
}

static int charger_on_event(struct notifier_block *nb, unsigned long event,
			    void *data)
{
	struct charger *c = container_of(nb, struct charger, events);

	if (data != c->psy)
		mod_delayed_work(charger_wq, &c->work, 0);
	return NOTIFY_DONE;
}

static void charger_stop(void *data)
{
	struct charger *c = data;

	power_supply_unreg_notifier(&c->events);
	cancel_delayed_work_sync(&c->work);
}

/**
 * devm_charger_watch() - watch the chargers that firmware describes, if there are any
 * @c: zeroed
 * @dev: the board's device
 * @psy: the power supply of the board, registered before as a resource of @dev
 * @changed: called after a change of charger_state(), in process context
 *
 * Return: 0, or a negative errno.
 */
int devm_charger_watch(struct charger *c, struct device *dev,
		       struct power_supply *psy,
		       void (*changed)(struct charger *c))
{
	int ret;

	if (!device_property_present(dev, "power-supplies"))
		return 0;
	c->dev = dev;
	c->psy = psy;
	c->changed = changed;
	INIT_DELAYED_WORK(&c->work, charger_work);
	c->events.notifier_call = charger_on_event;
	ret = power_supply_reg_notifier(&c->events);
	if (ret)
		return ret;
	ret = devm_add_action_or_reset(dev, charger_stop, c);
	if (ret)
		return ret;
	mod_delayed_work(charger_wq, &c->work, 0);
	if (!device_property_present(dev, "post-init-providers"))
		dev_warn(dev, "power-supplies without post-init-providers: the board may come late, and go with the charger\n");
	return 0;
}

/**
 * charger_state() - what the chargers reported last
 * @c: the chargers
 *
 * Context: any.
 */
enum charger_state charger_state(const struct charger *c)
{
	return READ_ONCE(c->state);
}
