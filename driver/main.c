// SPDX-License-Identifier: GPL-2.0
/*
 * smallBMS I/O board: protects a bank of LiFePO4 smart batteries.
 *
 * The batteries watch their cells and pull signal lines; this driver reads the
 * lines, and disconnects loads and chargers in time. What follows when is in
 * protection.c; the rules are in Documentation/requirements.rst.
 *
 * This is no certified safety device and no substitute for a fuse (F7).
 */
#include <linux/device.h>
#include <linux/gpio/consumer.h>
#include <linux/mod_devicetable.h>
#include <linux/module.h>
#include <linux/platform_device.h>
#include <linux/pm.h>
#include <linux/pm_wakeup.h>
#include <linux/property.h>

#include "board.h"

/* T1 */
#define POLL_INTERVAL_INTERRUPTS_MS	1000
#define POLL_INTERVAL_MS		20

/* F5 */
#define HEARTBEAT_INTERVAL_MS		500

static int read_ms(struct device *dev, const char *name, u32 min, u32 fallback,
		   u32 *value_ms)
{
	int ret;

	*value_ms = fallback;
	if (!device_property_present(dev, name))
		return 0;

	ret = device_property_read_u32(dev, name, value_ms);
	if (ret)
		return dev_err_probe(dev, ret, "%s: not a number\n", name);
	if (*value_ms < min)
		return dev_err_probe(dev, -EINVAL,
				     "%s: %u ms, but at least %u are required\n",
				     name, *value_ms, min);
	return 0;
}

static int smallbms_read_config(struct board *b, struct protection_config *cfg)
{
	const struct {
		const char *name;
		u32 min;
		u32 fallback;
		u32 *value_ms;
	} delays[] = {
		{ "pre-alarm-delay-ms", PROTECTION_PRE_ALARM_DELAY_MIN_MS,
		  PROTECTION_PRE_ALARM_DELAY_MS, &cfg->pre_alarm_delay_ms },
		{ "load-reconnect-delay-ms", 0,
		  PROTECTION_LOAD_RECONNECT_DELAY_MS,
		  &cfg->load_reconnect_delay_ms },
		{ "charge-reconnect-delay-ms", 0,
		  PROTECTION_CHARGE_RECONNECT_DELAY_MS,
		  &cfg->charge_reconnect_delay_ms },
		{ "clear-delay-ms", 0, PROTECTION_CLEAR_DELAY_MS,
		  &cfg->clear_delay_ms },
		{ "debounce-delay-ms", 0, PROTECTION_DEBOUNCE_DELAY_MS,
		  &cfg->debounce_delay_ms },
		{ "heartbeat-interval-ms", 1, HEARTBEAT_INTERVAL_MS,
		  &b->heartbeat_interval_ms },
		{ "poll-interval", 1,
		  b->inputs.interrupts == b->inputs.fitted ?
		  POLL_INTERVAL_INTERRUPTS_MS : POLL_INTERVAL_MS,
		  &b->poll_interval_ms },
	};
	unsigned int n;
	int ret;

	for (n = 0; n < ARRAY_SIZE(delays); n++) {
		ret = read_ms(b->dev, delays[n].name, delays[n].min,
			      delays[n].fallback, delays[n].value_ms);
		if (ret)
			return ret;
	}

	cfg->fitted = b->inputs.fitted & INPUTS_LINES;
	cfg->release_pre_alarm_on_disconnect =
		device_property_read_bool(b->dev,
					  "release-pre-alarm-on-disconnect");
	b->retain_state_shutdown =
		device_property_read_bool(b->dev, "retain-state-shutdown");
	b->wakeup = device_property_read_bool(b->dev, "wakeup-source");
	return 0;
}

static void smallbms_wake_no_more(void *dev)
{
	device_init_wakeup(dev, false);
}

/* What uses the board comes before what moves it; interrupts are last. */
static int smallbms_set_up(struct board *b)
{
	struct protection_config cfg;
	u32 found;
	int ret;

	ret = inputs_get(b->dev, &b->inputs);
	if (ret)
		return ret;
	ret = smallbms_read_config(b, &cfg);
	if (ret)
		return ret;
	b->heartbeat = devm_gpiod_get_optional(b->dev, "heartbeat",
					       GPIOD_OUT_LOW);
	if (IS_ERR(b->heartbeat))
		return dev_err_probe(b->dev, PTR_ERR(b->heartbeat),
				     "heartbeat-gpios: cannot be had\n");

	found = outputs_found(&b->outputs);
	inputs_read_back(&b->inputs, &b->outputs);
	ret = board_init(b, &cfg, found);
	if (ret)
		return ret;
	ret = attrs_register(b);
	if (ret)
		return ret;
	ret = measure_init(b);
	if (ret)
		return ret;
	ret = supply_register(b);
	if (ret)
		return ret;
	ret = gpiochip_register(b);
	if (ret)
		return ret;
	ret = leds_register(b);
	if (ret)
		return ret;
	ret = measure_start(b);
	if (ret)
		return ret;
	device_init_wakeup(b->dev, b->wakeup);
	ret = devm_add_action_or_reset(b->dev, smallbms_wake_no_more, b->dev);
	if (ret)
		return ret;
	return board_start(b);
}

static int smallbms_probe(struct platform_device *pdev)
{
	struct device *dev = &pdev->dev;
	struct board *b;
	int ret;

	b = devm_kzalloc(dev, sizeof(*b), GFP_KERNEL);
	if (!b)
		return -ENOMEM;
	b->dev = dev;
	dev_set_drvdata(dev, b);

	ret = outputs_get(dev, &b->outputs);
	if (!ret)
		ret = smallbms_set_up(b);
	/*
	 * F1: nobody will watch over what was found on. But a probe that is
	 * merely put off leaves it, so that a reboot does not pulse the load.
	 */
	if (ret && ret != -EPROBE_DEFER && outputs_release(&b->outputs))
		dev_err(dev, "the outputs could not be released\n");
	return ret;
}

static void smallbms_shutdown(struct platform_device *pdev)
{
	struct board *b = platform_get_drvdata(pdev);

	/* F1: a gateway that is fed by its own load output stays fed. */
	if (!b->retain_state_shutdown)
		board_stop(b);
}

/* T4: a countdown must not be slept through. */
static int smallbms_suspend(struct device *dev)
{
	struct board *b = dev_get_drvdata(dev);
	u64 disconnect_at;

	board_rest(b);
	board_view(b, NULL, &disconnect_at);
	if (disconnect_at != PROTECTION_NEVER) {
		board_wake(b);
		return -EBUSY;
	}
	if (device_may_wakeup(dev))
		inputs_wake(&b->inputs, true);
	return 0;
}

static int smallbms_resume(struct device *dev)
{
	struct board *b = dev_get_drvdata(dev);

	if (device_may_wakeup(dev))
		inputs_wake(&b->inputs, false);
	board_wake(b);
	return 0;
}

static DEFINE_SIMPLE_DEV_PM_OPS(smallbms_pm_ops, smallbms_suspend,
				smallbms_resume);

static const struct of_device_id smallbms_of_match[] = {
	{ .compatible = "smallbms,io-board" },
	{ }
};
MODULE_DEVICE_TABLE(of, smallbms_of_match);

static struct platform_driver smallbms_driver = {
	.probe = smallbms_probe,
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
