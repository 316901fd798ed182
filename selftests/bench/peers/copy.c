// SPDX-License-Identifier: GPL-2.0
/*
 * The limit: a module that does nothing but copy one input to one output,
 * inverted, in its handler. It protects nothing: no debounce, no delay, no
 * re-scan, no retry.
 */
#include <linux/gpio/consumer.h>
#include <linux/interrupt.h>
#include <linux/mod_devicetable.h>
#include <linux/module.h>
#include <linux/platform_device.h>

struct copy {
	struct gpio_desc *in;
	struct gpio_desc *out;
};

static irqreturn_t copy_irq(int irq, void *data)
{
	struct copy *c = data;

	gpiod_set_value(c->out, !gpiod_get_value(c->in));
	return IRQ_HANDLED;
}

static irqreturn_t copy_irq_cansleep(int irq, void *data)
{
	struct copy *c = data;

	gpiod_set_value_cansleep(c->out, !gpiod_get_value_cansleep(c->in));
	return IRQ_HANDLED;
}

static int copy_probe(struct platform_device *pdev)
{
	struct device *dev = &pdev->dev;
	bool sleeps;
	struct copy *c;
	int irq;

	c = devm_kzalloc(dev, sizeof(*c), GFP_KERNEL);
	if (!c)
		return -ENOMEM;
	c->in = devm_gpiod_get(dev, "in", GPIOD_IN);
	if (IS_ERR(c->in))
		return dev_err_probe(dev, PTR_ERR(c->in), "in-gpios\n");
	c->out = devm_gpiod_get(dev, "out", GPIOD_OUT_HIGH);
	if (IS_ERR(c->out))
		return dev_err_probe(dev, PTR_ERR(c->out), "out-gpios\n");
	irq = gpiod_to_irq(c->in);
	if (irq < 0)
		return irq;
	sleeps = gpiod_cansleep(c->in) || gpiod_cansleep(c->out);
	return devm_request_threaded_irq(dev, irq, sleeps ? NULL : copy_irq,
					 sleeps ? copy_irq_cansleep : NULL,
					 IRQF_TRIGGER_RISING |
					 IRQF_TRIGGER_FALLING | IRQF_ONESHOT,
					 dev_name(dev), c);
}

static const struct of_device_id copy_of_match[] = {
	{ .compatible = "smallbms,bench-copy" },
	{ }
};
MODULE_DEVICE_TABLE(of, copy_of_match);

static struct platform_driver copy_driver = {
	.probe = copy_probe,
	.driver = {
		.name = "bench-copy",
		.of_match_table = copy_of_match,
	},
};
module_platform_driver(copy_driver);

MODULE_DESCRIPTION("Copies an input to an output, for comparison");
MODULE_LICENSE("GPL");
