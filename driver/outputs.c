// SPDX-License-Identifier: GPL-2.0
/*
 * The lines that the board drives. Active lets the HAT's high-side switch pull
 * the terminal to the battery's plus; inactive floats it, which disconnects
 * loads and chargers: the safe direction (F1).
 */
#include <linux/bitmap.h>
#include <linux/device.h>
#include <linux/gpio/consumer.h>

#include "outputs.h"

static const char * const names[OUTPUTS] = { "load", "charge", "pre-alarm" };

/**
 * outputs_get() - get the lines, and leave them as they are
 * @dev: the board
 * @out: zeroed; holds what could be had, also after an error
 *
 * Return: 0, or a negative errno after a message that names the property.
 */
int outputs_get(struct device *dev, struct outputs *out)
{
	unsigned int n;
	int ret = 0;

	for (n = 0; n < OUTPUTS; n++) {
		struct gpio_desc *desc;

		desc = devm_gpiod_get_optional(dev, names[n], GPIOD_ASIS);
		if (IS_ERR(desc)) {
			ret = dev_err_probe(dev, PTR_ERR(desc),
					    "%s-gpios: cannot be had\n",
					    names[n]);
			continue;
		}
		if (!desc) {
			if (PROTECTION_BIT(n) != PROTECTION_PRE_ALARM)
				ret = dev_err_probe(dev, -EINVAL,
						    "%s-gpios: required, but missing\n",
						    names[n]);
			continue;
		}
		out->desc[n] = desc;
		out->sleeps |= gpiod_cansleep(desc);
	}
	return ret;
}

/**
 * outputs_found() - which outputs are driven high already
 * @out: the lines
 *
 * An output whose state cannot be told is taken for floating, as it is after
 * a reset.
 */
u32 outputs_found(const struct outputs *out)
{
	u32 found = 0;
	unsigned int n;

	for (n = 0; n < OUTPUTS; n++)
		if (out->desc[n] && !gpiod_get_direction(out->desc[n]) &&
		    gpiod_get_value_cansleep(out->desc[n]) > 0)
			found |= PROTECTION_BIT(n);
	return found;
}

/**
 * outputs_take_over() - drive the lines, each at the level that it has
 * @dev: the board
 * @out: the lines
 * @found: from outputs_found()
 *
 * Return: 0, or a negative errno after a message that names the property.
 */
int outputs_take_over(struct device *dev, const struct outputs *out, u32 found)
{
	unsigned int n;
	int ret;

	for (n = 0; n < OUTPUTS; n++) {
		if (!out->desc[n])
			continue;
		ret = gpiod_direction_output(out->desc[n],
					     !!(found & PROTECTION_BIT(n)));
		if (ret)
			return dev_err_probe(dev, ret,
					     "%s-gpios: cannot be driven\n",
					     names[n]);
	}
	return 0;
}

/**
 * outputs_write() - drive some of the lines
 * @out: the lines
 * @changed: which
 * @wanted: their new levels
 *
 * Lines of one chip cost one bus transfer.
 *
 * Context: any, where the lines do not sleep.
 * Return: 0 or a negative errno, after which the levels are not known.
 */
int outputs_write(const struct outputs *out, u32 changed, u32 wanted)
{
	DECLARE_BITMAP(values, OUTPUTS) = { 0 };
	struct gpio_desc *desc[OUTPUTS];
	unsigned int n, count = 0;

	for (n = 0; n < OUTPUTS; n++) {
		if (!out->desc[n] || !(changed & PROTECTION_BIT(n)))
			continue;
		__assign_bit(count, values, wanted & PROTECTION_BIT(n));
		desc[count++] = out->desc[n];
	}
	if (!count)
		return 0;
	if (out->sleeps)
		return gpiod_set_array_value_cansleep(count, desc, NULL, values);
	return gpiod_set_array_value(count, desc, NULL, values);
}

/**
 * outputs_release() - float every output (F1)
 * @out: the lines
 *
 * Works before outputs_take_over() too. Tries all, whatever fails.
 *
 * Context: may sleep.
 * Return: 0, or the last error.
 */
int outputs_release(const struct outputs *out)
{
	unsigned int n;
	int ret = 0;

	for (n = 0; n < OUTPUTS; n++) {
		int err;

		if (!out->desc[n])
			continue;
		err = gpiod_direction_output(out->desc[n], 0);
		if (err)
			ret = err;
	}
	return ret;
}
