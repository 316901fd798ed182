// SPDX-License-Identifier: GPL-2.0
/*
 * smallBMS I/O board: protects a bank of LiFePO4 smart batteries.
 *
 * The batteries watch their cells and pull signal lines; this driver reads the
 * lines, and disconnects loads and chargers in time. The rules are in
 * Documentation/requirements.rst, and implemented in protection.c.
 *
 * Protect first, tell later (F0): the core runs before anything that reports is
 * attached. An observer that fails is reported once, and tried again.
 *
 * This is no certified safety device and no substitute for a fuse (F7).
 */
#include <linux/device.h>
#include <linux/idr.h>
#include <linux/jiffies.h>
#include <linux/kernel.h>
#include <linux/minmax.h>
#include <linux/mod_devicetable.h>
#include <linux/module.h>
#include <linux/platform_device.h>
#include <linux/pm.h>
#include <linux/pm_wakeup.h>
#include <linux/property.h>
#include <linux/workqueue.h>

#include "compat.h"
#include "core.h"
#include "measurements.h"
#include "observers.h"

/* An observer that fails is tried again after 1, 2, 4, ... 64 s. */
#define RETRY_FIRST_S		1U
#define RETRY_MAX_S		64U

/* In the order in which they are attached: attributes before the uevent. */
static const struct {
	const char *name;
	int (*attach)(struct board *b);
} observers[] = {
	{ "log", log_attach },
	{ "attributes", attrs_attach },
	{ "gauge", gauge_attach },
	{ "measurements", iio_attach },
	{ "power supply", supply_attach },
	{ "GPIO chip", gpiochip_attach },
	{ "LED triggers", leds_attach },
	{ "hwmon", hwmon_attach },
};

/**
 * struct smallbms - a bound device
 * @board: what observers are given; first, as the driver data points to it
 * @attached: observers that are attached, as bits
 * @reported: observers whose failure was reported, as bits
 * @retry: tries the others again
 * @retry_s: pause before the next try
 * @retain_state_shutdown: F1
 * @release_in_suspend: T4
 */
struct smallbms {
	struct board board;
	u32 attached;
	u32 reported;
	struct delayed_work retry;
	unsigned int retry_s;
	bool retain_state_shutdown;
	bool release_in_suspend;
};

static struct smallbms *to_smallbms(struct device *dev)
{
	return container_of(dev_get_drvdata(dev), struct smallbms, board);
}

static int attach(struct smallbms *s, unsigned int n)
{
	struct device *dev = s->board.dev;
	void *group = devres_open_group(dev, NULL, GFP_KERNEL);
	int ret;

	if (!group)
		return -ENOMEM;
	ret = observers[n].attach(&s->board);
	if (ret)
		devres_release_group(dev, group);
	else
		devres_remove_group(dev, group);
	return ret;
}

/* Attach the observers that are missing, and come back for those that fail. */
static void attach_all(struct smallbms *s)
{
	struct device *dev = s->board.dev;
	unsigned int n;

	for (n = 0; n < ARRAY_SIZE(observers); n++) {
		int ret;

		if (s->attached & BIT(n))
			continue;
		ret = attach(s, n);
		if (!ret) {
			s->attached |= BIT(n);
			if (s->reported & BIT(n))
				dev_info(dev, "%s: added\n", observers[n].name);
		} else if (!(s->reported & BIT(n))) {
			s->reported |= BIT(n);
			dev_warn(dev, "%s: failed to add: %pe; trying again\n",
				 observers[n].name, ERR_PTR(ret));
		}
	}
	if (s->attached == BIT(ARRAY_SIZE(observers)) - 1)
		return;
	queue_delayed_work(system_freezable_wq, &s->retry, s->retry_s * HZ);
	s->retry_s = min(2 * s->retry_s, RETRY_MAX_S);
}

static void attach_work(struct work_struct *work)
{
	attach_all(container_of(to_delayed_work(work), struct smallbms, retry));
}

/* Read a setting; the limits are the core's (V1). */
static int read_setting(struct device *dev, u32 *settings, enum core_setting n)
{
	const struct core_limits limits = core_limits(settings, n);
	u32 value;
	int ret;

	settings[n] = limits.fallback;
	if (!limits.property || !device_property_present(dev, limits.property))
		return 0;

	ret = device_property_read_u32(dev, limits.property, &value);
	if (ret)
		return dev_err_probe(dev, ret, "%s: not a number\n",
				     limits.property);
	ret = core_check(settings, n, value);
	if (ret)
		return dev_err_probe(dev, ret, "%s: %u %s, but must be %u to %u\n",
				     limits.property, value, limits.unit,
				     limits.min, limits.max);
	settings[n] = value;
	return 0;
}

static int read_config(struct device *dev, struct core_config *cfg)
{
	enum core_setting n;
	int ret;

	for (n = 0; n < CORE_SETTINGS; n++) {
		ret = read_setting(dev, cfg->setting, n);
		if (ret)
			return ret;
	}
	cfg->release_pre_alarm_on_disconnect =
		device_property_read_bool(dev, "release-pre-alarm-on-disconnect");
	return 0;
}

/* Numbers of boards without a label */
static DEFINE_IDA(numbers);

static void free_number(void *data)
{
	ida_free(&numbers, (unsigned long)data);
}

/* The label, or the first of smallbms0, smallbms1, ... that is free. */
static int make_name(struct device *dev, const char **name)
{
	int n = -1, ret;

	if (device_property_present(dev, "label")) {
		if (device_property_read_string(dev, "label", name) ||
		    !**name || strchr(*name, '/'))
			return dev_err_probe(dev, -EINVAL,
					     "label: not a name for a power supply\n");
		return 0;
	}

	do {
		n = ida_alloc_min(&numbers, n + 1, GFP_KERNEL);
		if (n < 0)
			return n;
		ret = devm_add_action_or_reset(dev, free_number,
					       (void *)(unsigned long)n);
		if (ret)
			return ret;
		*name = devm_kasprintf(dev, GFP_KERNEL, "smallbms%d", n);
		if (!*name)
			return -ENOMEM;
	} while (is_power_supply(*name));
	return 0;
}

static void disable_wakeup(void *dev)
{
	device_init_wakeup(dev, false);
}

static int set_up(struct smallbms *s)
{
	struct board *b = &s->board;
	struct core_config cfg = { };
	int ret;

	ret = make_name(b->dev, &b->name);
	if (ret)
		return ret;
	ret = read_config(b->dev, &cfg);
	if (ret)
		return ret;
	b->measurements = devm_measurements_create(b->dev,
						   cfg.setting[CORE_SOC_MAX_AGE]);
	if (!b->measurements)
		return -ENOMEM;
	s->retain_state_shutdown =
		device_property_read_bool(b->dev, "retain-state-shutdown");
	s->release_in_suspend =
		device_property_read_bool(b->dev, "release-in-suspend");
	device_init_wakeup(b->dev, device_property_read_bool(b->dev,
							     "wakeup-source"));
	ret = devm_add_action_or_reset(b->dev, disable_wakeup, b->dev);
	if (ret)
		return ret;
	return core_start(b->core, b->name, &cfg);
}

static int smallbms_probe(struct platform_device *pdev)
{
	struct device *dev = &pdev->dev;
	struct smallbms *s;
	int ret;

	s = devm_kzalloc(dev, sizeof(*s), GFP_KERNEL);
	if (!s)
		return -ENOMEM;
	s->board.dev = dev;
	s->retry_s = RETRY_FIRST_S;
	INIT_DELAYED_WORK(&s->retry, attach_work);
	dev_set_drvdata(dev, &s->board);

	s->board.core = core_create(dev);
	if (IS_ERR(s->board.core))
		return PTR_ERR(s->board.core);
	ret = set_up(s);
	if (ret) {
		core_abandon(s->board.core, ret);
		return ret;
	}
	attach_all(s);
	return 0;
}

static void stop_retries(struct platform_device *pdev)
{
	/* before the observers go, with all other resources */
	cancel_delayed_work_sync(&to_smallbms(&pdev->dev)->retry);
}

SMALLBMS_REMOVE(smallbms_remove, stop_retries)

static void smallbms_shutdown(struct platform_device *pdev)
{
	struct smallbms *s = to_smallbms(&pdev->dev);

	/*
	 * F1: a gateway that is fed by its own load output stays fed over a restart.
	 * After a power-off or a halt nobody would protect the bank.
	 */
	core_shutdown(s->board.core, s->retain_state_shutdown &&
		      system_state == SYSTEM_RESTART);
}

static int smallbms_suspend(struct device *dev)
{
	struct smallbms *s = to_smallbms(dev);

	return core_suspend(s->board.core,
			    (device_may_wakeup(dev) ? SLEEP_WAKE : 0) |
			    (s->release_in_suspend ? SLEEP_RELEASE : 0));
}

static int smallbms_resume(struct device *dev)
{
	core_resume(to_smallbms(dev)->board.core, false);
	return 0;
}

static int smallbms_freeze(struct device *dev)
{
	return core_suspend(to_smallbms(dev)->board.core, SLEEP_FREEZE);
}

static int smallbms_poweroff(struct device *dev)
{
	core_hibernate(to_smallbms(dev)->board.core);
	return 0;
}

static int smallbms_restore(struct device *dev)
{
	core_resume(to_smallbms(dev)->board.core, true);
	return 0;
}

/* Hibernation begins like a suspend and ends like a power-off (T4). */
static const struct dev_pm_ops smallbms_pm_ops = {
	.suspend = smallbms_suspend,
	.resume = smallbms_resume,
	.freeze = smallbms_freeze,
	.thaw = smallbms_resume,
	.poweroff = smallbms_poweroff,
	.restore = smallbms_restore,
};

static const struct of_device_id smallbms_of_match[] = {
	{ .compatible = "smallbms,io-board" },
	{ }
};
MODULE_DEVICE_TABLE(of, smallbms_of_match);

static struct platform_driver smallbms_driver = {
	.probe = smallbms_probe,
	.remove = smallbms_remove,
	.shutdown = smallbms_shutdown,
	.driver = {
		.name = "smallbms",
		.of_match_table = smallbms_of_match,
		.pm = pm_sleep_ptr(&smallbms_pm_ops),
	},
};
module_platform_driver(smallbms_driver);

MODULE_DESCRIPTION("smallBMS I/O board: protection of a LiFePO4 bank");
MODULE_LICENSE("GPL");
MODULE_VERSION("0.1.0");
