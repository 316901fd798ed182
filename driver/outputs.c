// SPDX-License-Identifier: GPL-2.0
/*
 * The lines that the board drives. High lets the HAT's high-side switch pull the
 * terminal to battery plus; low floats it, which disconnects loads and chargers:
 * the safe direction (F1).
 *
 * Outputs of one chip cost one transfer. Each chip is written and read back by
 * itself, so that a dead chip does not keep the outputs of another from being
 * disconnected (F8). Pins are read back by array reads only; see inputs.c.
 *
 * Drivers of some chips send only what differs from their cache, which a failed write
 * has changed already: the same write never reaches the chip again, and returns 0.
 * Nor does it after the chip has lost its registers. So an output that stays high is
 * made an input, which is another register, and one that stays low is written the
 * other way first.
 */
#include <linux/bitmap.h>
#include <linux/delay.h>
#include <linux/device.h>
#include <linux/gpio/consumer.h>
#include <linux/gpio/driver.h>
#include <linux/ktime.h>
#include <linux/log2.h>
#include <linux/minmax.h>
#include <linux/time64.h>

#include "compat.h"
#include "outputs.h"

/* F3: 5, 10, 20, 40 ms: five writes within 100 ms; then up to 640 ms */
#define RETRY_FIRST_NS		(5 * NSEC_PER_MSEC)
#define RETRY_DOUBLINGS_MAX	7U

/* F1: for how long a release is tried again */
#define RELEASE_NS		(100 * NSEC_PER_MSEC)
#define RELEASE_PAUSE_MS	5

/**
 * outputs_get() - get the lines, and leave them as they are
 * @dev: the board
 * @out: zeroed; after an error it holds the lines that were got, for
 *	outputs_release()
 *
 * Context: may sleep.
 * Return: 0, or the first error after a message that names the property.
 */
int outputs_get(struct device *dev, struct outputs *out)
{
	unsigned int n;
	int ret = 0;

	for (n = 0; n < OUTPUT_COUNT; n++) {
		struct gpio_desc *desc;
		int error = 0;

		desc = devm_gpiod_get_optional(dev, output_name(n), GPIOD_ASIS);
		if (IS_ERR(desc)) {
			error = dev_err_probe(dev, PTR_ERR(desc),
					      "failed to get %s-gpios\n",
					      output_name(n));
		} else if (desc && smallbms_gpiod_is_shared(desc)) {
			/* Who else may hold it on? It is not ours to release. */
			error = dev_err_probe(dev, -EBUSY,
					      "%s-gpios names a line of another device\n",
					      output_name(n));
		} else if (desc) {
			out->desc[n] = desc;
			out->fitted |= BIT(n);
			if (gpiod_cansleep(desc))
				out->sleeping |= BIT(n);
		} else if (BIT(n) != OUTPUT_PRE_ALARM) {
			error = dev_err_probe(dev, -EINVAL,
					      "%s-gpios is missing\n",
					      output_name(n));
		}
		if (!ret)
			ret = error;
	}
	out->sleeps = out->sleeping;
	return ret;
}

/*
 * Of @mask, the outputs on the chip of the first. Before 6.9 gpiolib follows the
 * pointer to a chip that is gone, which *chip == NULL is.
 */
static u32 outputs_of_one_chip(const struct outputs *out, u32 mask,
			       struct gpio_chip **chip)
{
	u32 same = 0;
	unsigned int n;

	*chip = gpiod_to_chip(out->desc[__ffs(mask)]);
	for (n = 0; n < OUTPUT_COUNT; n++)
		if (mask & BIT(n) && gpiod_to_chip(out->desc[n]) == *chip)
			same |= BIT(n);
	return same;
}

/* Collect the GPIOs of @mask, and their levels. Returns their number. */
static unsigned int outputs_collect(const struct outputs *out, u32 mask,
				    u32 levels, struct gpio_desc **desc,
				    unsigned long *values)
{
	unsigned int n, count = 0;

	for (n = 0; n < OUTPUT_COUNT; n++) {
		if (!(mask & BIT(n)))
			continue;
		__assign_bit(count, values, levels & BIT(n));
		desc[count++] = out->desc[n];
	}
	return count;
}

/* Set several outputs of one chip in one transfer. */
static int outputs_set_array(const struct outputs *out, u32 mask, u32 levels)
{
	DECLARE_BITMAP(values, OUTPUT_COUNT) = { };
	struct gpio_desc *desc[OUTPUT_COUNT];
	unsigned int count;

	count = outputs_collect(out, mask, levels, desc, values);
	if (mask & out->sleeping)
		return gpiod_set_array_value_cansleep(count, desc, NULL, values);
	return gpiod_set_array_value(count, desc, NULL, values);
}

/* An array of one costs more, also on the bus. */
static int outputs_set_single(const struct outputs *out, u32 output, u32 levels)
{
	struct gpio_desc *desc = out->desc[__ffs(output)];
	int value = !!(levels & output);

	if (output & out->sleeping)
		return smallbms_gpiod_set_value_cansleep(desc, value);
	return smallbms_gpiod_set_value(desc, value);
}

/*
 * Make each of @mask an output, with its level. Returns those that did; *@error is
 * set if another failed.
 */
static u32 outputs_direct(struct outputs *out, u32 mask, u32 levels, int *error)
{
	u32 done = 0;
	unsigned int n;

	for (n = 0; n < OUTPUT_COUNT; n++) {
		int ret = -ENODEV;

		if (!(mask & BIT(n)))
			continue;
		if (gpiod_to_chip(out->desc[n]))
			ret = gpiod_direction_output(out->desc[n],
						     !!(levels & BIT(n)));
		if (ret)
			*error = ret;
		else
			done |= BIT(n);
	}
	out->floated &= ~done;
	return done;
}

/* Set the levels of @mask, chip by chip. Returns as outputs_direct() does. */
static u32 outputs_set(struct outputs *out, u32 mask, u32 levels, int *error)
{
	u32 done = 0;

	while (mask) {
		struct gpio_chip *chip;
		u32 part = outputs_of_one_chip(out, mask, &chip);
		int ret;

		mask &= ~part;
		if (!chip)
			ret = -ENODEV;
		else if (is_power_of_2(part))
			ret = outputs_set_single(out, part, levels);
		else
			ret = outputs_set_array(out, part, levels);

		/*
		 * Since 6.15 gpiolib sets none of the lines while it takes one of
		 * them for an input: a released GPIO_OPEN_SOURCE line, after
		 * gpiod_get_direction().
		 */
		if (ret == -EPERM)
			done |= outputs_direct(out, part, levels, error);
		else if (ret)
			*error = ret;
		else
			done |= part;
	}
	return done;
}

/*
 * Make each of @mask an input, whatever a cache holds (F8). All levels come first, as
 * one direction that is written may bring back those of all lines; a chip that was
 * reset would drive them by its latches, which may be high. Their directions are
 * written the other way with them, by a function that does not make a released
 * GPIO_OPEN_SOURCE line an input at once. What came of it the pin tells.
 */
static void outputs_float(struct outputs *out, u32 mask)
{
	unsigned int n;
	u32 low = 0;

	out->floated |= mask;
	for (n = 0; n < OUTPUT_COUNT; n++) {
		struct gpio_desc *desc = out->desc[n];

		if (mask & BIT(n) &&
		    !gpiod_direction_output_raw(desc, gpiod_is_active_low(desc)))
			low |= BIT(n);
	}
	for (n = 0; n < OUTPUT_COUNT; n++)
		if (low & BIT(n))
			gpiod_direction_input(out->desc[n]);
}

/*
 * Drive lines whose chip may have lost its registers. First all levels, as one
 * direction that is written may bring back those of all lines; then, for each line,
 * its level once more before its direction, which gpiod_direction_output() takes
 * care of. Returns as outputs_direct() does.
 */
static u32 outputs_rewrite(struct outputs *out, u32 mask, u32 levels, int *error)
{
	int ignored;	/* what fails here fails again below */

	/*
	 * Twice it was of no use. The lines are low, so they may as well be floated; but
	 * not at once, as a read-back may be wrong (L2).
	 */
	if (out->attempts > 1)
		outputs_float(out, mask & levels & out->out_of_sync);
	outputs_set(out, mask, levels, &ignored);
	return outputs_direct(out, mask, levels, error);
}

/* Read the pins of @part, which are on one chip. Fills in those that are high. */
static int outputs_read_chip(const struct outputs *out, u32 part, u32 *high)
{
	DECLARE_BITMAP(values, OUTPUT_COUNT) = { };
	struct gpio_desc *desc[OUTPUT_COUNT];
	unsigned int n, count, next = 0;
	int ret;

	count = outputs_collect(out, part, 0, desc, values);
	if (part & out->sleeping)
		ret = gpiod_get_array_value_cansleep(count, desc, NULL, values);
	else
		ret = gpiod_get_array_value(count, desc, NULL, values);
	if (ret)
		return ret;
	for (n = 0; n < OUTPUT_COUNT; n++)
		if (part & BIT(n) && test_bit(next++, values))
			*high |= BIT(n);
	return 0;
}

/* Read back the pins of @mask. Returns the levels of those in *@known. */
static u32 outputs_read(const struct outputs *out, u32 mask, u32 *known)
{
	u32 levels = 0;

	*known = 0;
	while (mask) {
		struct gpio_chip *chip;
		u32 part = outputs_of_one_chip(out, mask, &chip);

		mask &= ~part;
		if (chip && !outputs_read_chip(out, part, &levels))
			*known |= part;
	}
	return levels;
}

/*
 * Of @mask, the outputs that are not driven at all. A GPIO_OPEN_SOURCE line is
 * released so, and reads what others put on it. But that is what the chip's driver
 * believes, which is no good of a line whose write failed, or that was found high
 * before it was floated.
 */
static u32 outputs_floating(const struct outputs *out, u32 mask)
{
	u32 floating = 0;
	unsigned int n;

	mask &= ~out->floated;
	for (n = 0; n < OUTPUT_COUNT; n++)
		if (mask & BIT(n) && gpiod_get_direction(out->desc[n]) == 1)
			floating |= BIT(n);
	return floating;
}

/*
 * Read back those of @mask, which are to be as in @levels; @written of them were
 * written without an error. Returns those that are driven high, of those in *@known.
 */
static u32 outputs_read_back(const struct outputs *out, u32 mask, u32 levels,
			     u32 written, u32 *known)
{
	u32 back = outputs_read(out, mask & out->readable, known);

	return back & ~outputs_floating(out, back & ~levels & written);
}

/* The same. What is high and should not be is floated, and read again (F8). */
static u32 outputs_confirm(struct outputs *out, u32 mask, u32 levels, u32 written,
			   u32 *known)
{
	u32 back = outputs_read_back(out, mask, levels, written, known);

	/* a change of direction may sleep, even where a change of level does not */
	if (!out->sleeps || !(back & ~levels))
		return back;
	outputs_float(out, back & ~levels);
	return outputs_read_back(out, mask, levels, written, known);
}

/**
 * outputs_read_initial() - find outputs that are driven high already (L5)
 * @out: the lines; @out->readable is filled in
 *
 * An output that cannot be read counts as low, as it is after a reset.
 *
 * Context: may sleep.
 * Return: the outputs that are driven and read high.
 */
u32 outputs_read_initial(struct outputs *out)
{
	u32 found = 0;
	unsigned int n;

	out->readable = 0;
	for (n = 0; n < OUTPUT_COUNT; n++) {
		u32 level = 0;
		int ret;

		if (!(out->fitted & BIT(n)) || !gpiod_to_chip(out->desc[n]))
			continue;
		/* one by one: a chip may be able to read some of its pins only */
		ret = outputs_read_chip(out, BIT(n), &level);
		if (!ret || is_bus_error(ret))
			out->readable |= BIT(n);
		if (level && !gpiod_get_direction(out->desc[n]))
			found |= BIT(n);
	}
	return found;
}

/**
 * outputs_claim() - drive the lines, each at the level that it has (L5)
 * @dev: the board
 * @out: the lines
 * @found: from outputs_read_initial()
 *
 * An output on a bus that fails is left to outputs_write(), which tries again: such a
 * bus is no reason to do without protection (F0).
 *
 * Context: may sleep.
 * Return: 0, or the negative errno of a line that does not sleep, after a message that
 * names the property.
 */
int outputs_claim(struct device *dev, struct outputs *out, u32 found)
{
	unsigned int n;

	for (n = 0; n < OUTPUT_COUNT; n++) {
		int ret = 0;

		outputs_direct(out, out->fitted & BIT(n), found, &ret);
		if (!ret)
			continue;
		if (!(out->sleeping & BIT(n)))
			return dev_err_probe(dev, ret, "failed to drive %s-gpios\n",
					     output_name(n));
		dev_err(dev, "failed to drive %s-gpios: error %d; trying again\n",
			output_name(n), ret);
		out->out_of_sync |= BIT(n);
		out->unconfirmed |= BIT(n);
	}
	return 0;
}

/**
 * outputs_check_readback() - compare pins with what was written last (F3)
 * @out: the lines
 * @actual: outputs that were left high
 * @back: outputs whose pin reads high
 * @known: outputs whose pin was readable
 *
 * The next outputs_write() writes those that differ.
 *
 * Context: any where the lines do not sleep; else may sleep.
 * Return: the outputs that are high by that.
 */
u32 outputs_check_readback(struct outputs *out, u32 actual, u32 back, u32 known)
{
	u32 differ = (actual ^ back) & known;

	differ &= ~outputs_floating(out, differ & back & ~out->unconfirmed);
	out->out_of_sync |= differ & ~out->unconfirmed;
	out->unconfirmed |= differ;
	return actual ^ differ;
}

/**
 * outputs_write() - write the outputs that change or are unconfirmed, and read
 *	them back (F3)
 * @out: the lines
 * @actual: outputs that are high
 * @requested: outputs to be made high; the others are released
 * @error: 0, or the last error; -EIO when a pin does not follow
 *
 * An output is confirmed when its pin reads as requested, whatever the write
 * returned; one that cannot be read back, when its write returned no error.
 *
 * Context: any where the lines do not sleep; else may sleep.
 * Return: the outputs that are high. Nothing counts as done that may not be: an
 * unconfirmed load or charge output that cannot be read counts as high, an
 * unconfirmed pre-alarm as low.
 */
u32 outputs_write(struct outputs *out, u32 actual, u32 requested, int *error)
{
	u32 changed = (actual ^ requested) | out->unconfirmed;
	u32 driven = changed & out->fitted;
	/* one that was floated has to be low: its latch may be high */
	u32 resting = driven & out->floated & ~requested;
	u32 floated = out->floated;
	u32 rewritten = 0, written, back, known, good, bad;

	if (out->sleeps)	/* as in outputs_confirm() */
		rewritten = driven & ~resting & (out->out_of_sync | out->floated);
	*error = 0;
	written = outputs_set(out, driven & ~resting & ~rewritten, requested, error);
	written |= outputs_rewrite(out, rewritten, requested, error);

	back = outputs_confirm(out, driven, requested, written, &known);
	good = known & ~(back ^ requested);
	good |= written & ~out->readable;
	good |= ~out->fitted;
	bad = changed & ~good;

	if ((bad || out->floated & ~floated) && !*error)
		*error = -EIO;
	out->out_of_sync = bad & known;
	out->unconfirmed = bad;
	out->attempts = bad ? out->attempts + 1 : 0;

	actual &= ~changed;
	actual |= requested & changed & good;
	actual |= back & bad;
	actual |= bad & ~known & ~OUTPUT_PRE_ALARM;
	return actual;
}

/**
 * outputs_retry_in_ns() - when unconfirmed outputs are to be written again
 * @out: the lines
 *
 * Return: ns from the last outputs_write(), or %NEVER.
 */
u64 outputs_retry_in_ns(const struct outputs *out)
{
	if (!out->attempts)
		return NEVER;
	return (u64)RETRY_FIRST_NS << min(out->attempts - 1, RETRY_DOUBLINGS_MAX);
}

/**
 * outputs_failing() - whether unconfirmed outputs are to be reported (F3)
 * @out: the lines
 *
 * Return: false for a single retry, which is over in 5 ms, and not worth an alarm.
 */
bool outputs_failing(const struct outputs *out)
{
	return out->attempts > 1;
}

/* Try once to release those of @mask. Returns those that may still be high. */
static u32 outputs_release_once(struct outputs *out, u32 mask)
{
	int ignored;	/* what counts is the pin, where it can be read */
	u32 done, back, known;

	/* those that were floated stay so: the latch may be high */
	done = outputs_direct(out, mask & ~out->floated, 0, &ignored);
	back = outputs_confirm(out, mask, 0, done, &known);
	return (mask & ~known & ~(done & ~out->readable)) | back;
}

/**
 * outputs_release() - float every output (F1)
 * @dev: the board
 * @out: the lines; outputs_claim() need not have been called
 *
 * Pins are read back, and what is still high is tried again for up to 100 ms. A
 * message names each output that could not be released.
 *
 * Context: may sleep.
 * Return: the outputs that may still be high.
 */
u32 outputs_release(struct device *dev, struct outputs *out)
{
	u64 begun = ktime_get_boottime_ns();
	u32 left = out->fitted;
	unsigned int n;

	for (;;) {
		left = outputs_release_once(out, left);
		if (!left || ktime_get_boottime_ns() - begun >= RELEASE_NS)
			break;
		msleep(RELEASE_PAUSE_MS);
	}
	for (n = 0; n < OUTPUT_COUNT; n++)
		if (left & BIT(n))
			dev_err(dev, "failed to release %s-gpios\n",
				output_name(n));
	return left;
}

/**
 * outputs_release_atomic() - float the outputs of a kernel that panics (F5)
 * @out: the lines; those that sleep are left as they are
 *
 * Context: any.
 */
void outputs_release_atomic(struct outputs *out)
{
	int ignored;	/* nobody is left to act on it */

	outputs_set(out, out->fitted & ~out->sleeping, 0, &ignored);
}
