// SPDX-License-Identifier: GPL-2.0
/*
 * The lines that the board drives. Active lets the HAT's high-side switch pull
 * the terminal to the battery's plus; inactive floats it, which disconnects
 * loads and chargers: the safe direction (F1).
 */
#include <linux/bitmap.h>
#include <linux/device.h>
#include <linux/gpio/consumer.h>
#include <linux/log2.h>
#include <linux/minmax.h>
#include <linux/time64.h>

#include "compat.h"
#include "outputs.h"

/* F3: 5, 10, 20, 40 ms: four tries within 100 ms; then up to 640 ms */
#define RETRY_FIRST_NS		(5 * (u64)NSEC_PER_MSEC)
#define RETRY_DOUBLINGS_MAX	7U

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
		int err = 0;

		desc = devm_gpiod_get_optional(dev, names[n], GPIOD_ASIS);
		if (IS_ERR(desc)) {
			err = dev_err_probe(dev, PTR_ERR(desc),
					    "%s-gpios: cannot be had\n",
					    names[n]);
		} else if (desc) {
			out->desc[n] = desc;
			out->fitted |= PROTECTION_BIT(n);
			out->sleeps |= gpiod_cansleep(desc);
		} else if (PROTECTION_BIT(n) != PROTECTION_PRE_ALARM) {
			err = dev_err_probe(dev, -EINVAL,
					    "%s-gpios: required, but missing\n",
					    names[n]);
		}
		if (!ret)
			ret = err;
	}
	return ret;
}

/**
 * outputs_found() - which outputs are driven high already
 * @out: the lines
 *
 * Finds out as well which can be read back. An output whose state cannot be
 * told is taken for floating, as it is after a reset.
 */
u32 outputs_found(struct outputs *out)
{
	u32 found = 0;
	unsigned int n;

	for (n = 0; n < OUTPUTS; n++) {
		int level;

		if (!out->desc[n])
			continue;
		level = gpiod_get_value_cansleep(out->desc[n]);
		if (level >= 0)
			out->readable |= PROTECTION_BIT(n);
		if (level > 0 && !gpiod_get_direction(out->desc[n]))
			found |= PROTECTION_BIT(n);
	}
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

/* Collect the GPIOs of @mask, and how many they are. */
static unsigned int outputs_pick(const struct outputs *out, u32 mask,
				 struct gpio_desc **desc, u32 levels,
				 unsigned long *values)
{
	unsigned int n, count = 0;

	for (n = 0; n < OUTPUTS; n++) {
		if (!(mask & out->fitted & PROTECTION_BIT(n)))
			continue;
		__assign_bit(count, values, levels & PROTECTION_BIT(n));
		desc[count++] = out->desc[n];
	}
	return count;
}

/* Lines of one chip cost one bus transfer. */
static int outputs_set_together(const struct outputs *out, u32 mask, u32 levels)
{
	DECLARE_BITMAP(values, OUTPUTS) = { };
	struct gpio_desc *desc[OUTPUTS];
	unsigned int count = outputs_pick(out, mask, desc, levels, values);

	if (out->sleeps)
		return gpiod_set_array_value_cansleep(count, desc, NULL, values);
	return gpiod_set_array_value(count, desc, NULL, values);
}

/* Costs less than an array of one; on a bus, too. */
static int outputs_set_alone(const struct outputs *out, u32 output, u32 levels)
{
	struct gpio_desc *desc = out->desc[__ffs(output)];
	int value = !!(levels & output);

	if (out->sleeps)
		return smallbms_gpiod_set_value_cansleep(desc, value);
	return smallbms_gpiod_set_value(desc, value);
}

static int outputs_set(const struct outputs *out, u32 mask, u32 levels)
{
	mask &= out->fitted;
	if (!mask)
		return 0;
	if (is_power_of_2(mask))
		return outputs_set_alone(out, mask, levels);
	return outputs_set_together(out, mask, levels);
}

/*
 * Drive lines of which the chip may have forgotten all. gpiod_direction_output()
 * brings the level before the direction; to make them inputs first would let a
 * chip after its reset drive what its latches hold, which is high. As one
 * direction that is written may bring back those of all lines, their levels all
 * come first.
 */
static int outputs_repair(const struct outputs *out, u32 mask, u32 levels)
{
	unsigned int n;
	int ret = 0;

	outputs_set(out, mask, levels);	/* what fails is tried again below */
	for (n = 0; n < OUTPUTS; n++) {
		int err;

		if (!(mask & out->fitted & PROTECTION_BIT(n)))
			continue;
		err = gpiod_direction_output(out->desc[n],
					     !!(levels & PROTECTION_BIT(n)));
		if (err)
			ret = err;
	}
	return ret;
}

static int outputs_write(const struct outputs *out, u32 mask, u32 levels)
{
	int ret = outputs_set(out, mask, levels);

	/*
	 * By 6.15 no value is taken, for any of the lines, while one of them is
	 * not an output in gpiolib's own books; which a line that is not driven
	 * is no longer, once outputs_floating() has asked for its direction.
	 */
	if (ret == -EPERM)
		ret = outputs_repair(out, mask, levels);
	return ret;
}

/* Read pins back that are driven. Returns the levels of those in @known. */
static u32 outputs_read(const struct outputs *out, u32 mask, u32 *known)
{
	DECLARE_BITMAP(values, OUTPUTS) = { };
	struct gpio_desc *desc[OUTPUTS];
	unsigned int n, count, next = 0;
	u32 levels = 0;
	int ret;

	mask &= out->readable;
	*known = 0;
	count = outputs_pick(out, mask, desc, 0, values);
	if (!count)
		return 0;
	if (out->sleeps)
		ret = gpiod_get_array_value_cansleep(count, desc, NULL, values);
	else
		ret = gpiod_get_array_value(count, desc, NULL, values);
	if (ret)
		return 0;

	*known = mask;
	for (n = 0; n < OUTPUTS; n++)
		if (mask & PROTECTION_BIT(n) && test_bit(next++, values))
			levels |= PROTECTION_BIT(n);
	return levels;
}

/*
 * Of @mask, those that are inputs: a line that is driven high or not at all
 * (GPIO_OPEN_SOURCE) is released so, and reads what others put on it.
 */
static u32 outputs_floating(const struct outputs *out, u32 mask)
{
	u32 floating = 0;
	unsigned int n;

	for (n = 0; n < OUTPUTS; n++)
		if (mask & out->fitted & PROTECTION_BIT(n) &&
		    gpiod_get_direction(out->desc[n]) == 1)
			floating |= PROTECTION_BIT(n);
	return floating;
}

/**
 * outputs_compare() - hold a reading against what was written last (F3)
 * @out: the lines
 * @have: outputs that are thought to be high
 * @back: outputs whose pins read high
 * @known: outputs whose pins could be read
 *
 * Context: any, where the lines do not sleep.
 * Return: the outputs that are high. Those that should not be as they are
 * will be written by the next outputs_drive().
 */
u32 outputs_compare(struct outputs *out, u32 have, u32 back, u32 known)
{
	u32 differ = (have ^ back) & known;

	differ &= ~outputs_floating(out, differ & back);
	out->lost |= differ & ~out->unsure;
	out->unsure |= differ;
	return have ^ differ;
}

/**
 * outputs_drive() - bring the outputs to levels, and make sure
 * @out: the lines
 * @have: outputs that are high
 * @wanted: outputs that shall be
 * @error: what went wrong, or 0; -EIO when the pins do not follow
 *
 * Context: any, where the lines do not sleep.
 * Return: the outputs that are high. Of a load or charge output that can
 * neither be written nor read, this says high if it ever may be; of the
 * pre-alarm, low (F3: nothing is reported as done that may not be).
 */
u32 outputs_drive(struct outputs *out, u32 have, u32 wanted, int *error)
{
	u32 changed = (have ^ wanted) | out->unsure;
	u32 lost = out->sleeps ? out->lost & changed : 0;
	u32 known, back, good, doubt;
	int ret;

	*error = 0;
	if (!changed)
		return have;

	*error = outputs_write(out, changed & ~lost, wanted);
	if (lost) {
		ret = outputs_repair(out, lost, wanted);
		if (ret)
			*error = ret;
	}
	back = outputs_read(out, changed, &known);
	back &= ~outputs_floating(out, back & ~wanted);

	good = known & ~(back ^ wanted);
	if (!*error)
		good |= ~out->readable;
	good |= ~out->fitted;
	doubt = changed & ~good;

	if (doubt && !*error)
		*error = -EIO;
	/* a pin that can be read and does not follow has to be repaired */
	out->lost = doubt & known;
	out->unsure = doubt;
	out->attempts = doubt ? out->attempts + 1 : 0;

	have = (have & ~changed) | (wanted & good & changed) | (back & doubt);
	return have | (doubt & ~known & ~PROTECTION_PRE_ALARM);
}

/**
 * outputs_retry_in_ns() - the pause before what is unsure is written again
 * @out: the lines
 *
 * Return: ns, or %PROTECTION_NEVER when nothing is.
 */
u64 outputs_retry_in_ns(const struct outputs *out)
{
	unsigned int doublings;

	if (!out->attempts)
		return PROTECTION_NEVER;
	doublings = min(out->attempts - 1, RETRY_DOUBLINGS_MAX);
	return RETRY_FIRST_NS << doublings;
}

/**
 * outputs_failing() - whether to report it
 * @out: the lines
 *
 * A single retry is not worth an alarm, and passes in 5 ms.
 */
bool outputs_failing(const struct outputs *out)
{
	return out->attempts > 1;
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

/**
 * outputs_let_go() - float outputs ahead of outputs_drive()
 * @out: the lines
 * @mask: which
 *
 * The next outputs_drive() writes them once more, and makes sure.
 *
 * Context: any, where the lines do not sleep.
 */
void outputs_let_go(struct outputs *out, u32 mask)
{
	outputs_set(out, mask, 0);
	out->unsure |= mask;
}

/**
 * outputs_release_atomic() - float the outputs of a kernel that panics (F5)
 * @out: the lines; nothing is done where they sleep
 */
void outputs_release_atomic(const struct outputs *out)
{
	if (!out->sleeps)
		outputs_write(out, out->fitted, 0);
}
