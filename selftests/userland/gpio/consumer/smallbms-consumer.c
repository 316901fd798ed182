// SPDX-License-Identifier: GPL-2.0
/* A device that is fed by a regulator, and says what it is told of it. */
#include <linux/mod_devicetable.h>
#include <linux/module.h>
#include <linux/platform_device.h>
#include <linux/regulator/consumer.h>

struct consumer {
	struct device *dev;
	struct notifier_block block;
};

static int consumer_notified(struct notifier_block *block, unsigned long event,
			     void *data)
{
	struct consumer *c = container_of(block, struct consumer, block);

	if (event & REGULATOR_EVENT_UNDER_VOLTAGE)
		dev_info(c->dev, "told of undervoltage\n");
	return NOTIFY_OK;
}

static int consumer_probe(struct platform_device *pdev)
{
	struct device *dev = &pdev->dev;
	struct regulator *supply;
	struct consumer *c;

	c = devm_kzalloc(dev, sizeof(*c), GFP_KERNEL);
	if (!c)
		return -ENOMEM;
	c->dev = dev;
	c->block.notifier_call = consumer_notified;
	supply = devm_regulator_get(dev, "vin");
	if (IS_ERR(supply))
		return dev_err_probe(dev, PTR_ERR(supply), "failed to get vin\n");
	return devm_regulator_register_notifier(supply, &c->block);
}

static const struct of_device_id consumer_match[] = {
	{ .compatible = "smallbms,test-consumer" },
	{ }
};
MODULE_DEVICE_TABLE(of, consumer_match);

static struct platform_driver consumer_driver = {
	.probe = consumer_probe,
	.driver = {
		.name = "smallbms-consumer",
		.of_match_table = consumer_match,
	},
};
module_platform_driver(consumer_driver);

MODULE_DESCRIPTION("Test consumer of a regulator");
MODULE_LICENSE("GPL");
