// SPDX-License-Identifier: GPL-2.0
/*
 * The lines that the board reads, one array read for each chip (F8).
 *
 * Drivers of some chips return 0 for a single read that failed, so that an active
 * line looks clear. Their array reads return the error. So what is not active is known
 * by array reads only, and a chip whose read failed is unreadable as a whole. Chips are
 * read one after the other: a dead chip does not hide the lines of another.
 */
#include <linux/bitmap.h>
#include <linux/device.h>
#include <linux/gpio/consumer.h>
#include <linux/gpio/driver.h>
#include <linux/ktime.h>

#include "inputs.h"

static const char * const sense_names[OUTPUT_COUNT] = {
	"load-sense", "charge-sense", "pre-alarm-sense",
};

/**
 * inputs_line_name() - name of a line
 * @line: &enum input, or %INPUTS_SENSE plus the number of an output
 *
 * Return: its property without "-gpios".
 */
const char *inputs_line_name(unsigned int line)
{
	return line < INPUT_COUNT ? input_name(line) :
				    sense_names[line - INPUTS_SENSE];
}

/*
 * Number of the chip that a line belongs to, in->chips for one that is new. Lines
 * of an unknown chip may be on several, so each is read by itself.
 */
static unsigned int inputs_find_chip(const struct inputs *in,
				     const struct gpio_desc *desc)
{
	const struct gpio_chip *chip = gpiod_to_chip(desc);
	unsigned int n;

	for (n = 0; chip && n < in->chips; n++)
		if (gpiod_to_chip(in->desc[in->chip[n].first]) == chip)
			return n;
	return in->chips;
}

/* Insert a line behind those of its chip. */
static void inputs_add(struct inputs *in, unsigned int line,
		       struct gpio_desc *desc)
{
	unsigned int chip = inputs_find_chip(in, desc);
	unsigned int place, n;

	if (chip == in->chips) {
		in->chip[chip].first = in->count;
		in->chips++;
	}
	place = in->chip[chip].first + in->chip[chip].count;
	for (n = in->count; n > place; n--) {
		in->line[n] = in->line[n - 1];
		in->desc[n] = in->desc[n - 1];
	}
	in->line[place] = line;
	in->desc[place] = desc;
	in->count++;
	in->chip[chip].count++;
	for (n = chip + 1; n < in->chips; n++)
		in->chip[n].first++;

	in->fitted |= BIT(line);
	if (!gpiod_is_active_low(desc))
		in->active_high |= BIT(line);
	in->sleeps |= gpiod_cansleep(desc);
}

static int inputs_get_line(struct device *dev, struct inputs *in,
			   unsigned int line)
{
	const char *name = inputs_line_name(line);
	struct gpio_desc *desc = devm_gpiod_get_optional(dev, name, GPIOD_ASIS);

	if (IS_ERR(desc))
		return dev_err_probe(dev, PTR_ERR(desc),
				     "failed to get %s-gpios\n", name);
	if (desc)
		inputs_add(in, line, desc);
	return 0;
}

/*
 * Make those lines of a chip inputs that are not yet. After an error the others are left
 * as well: each may take as long to fail.
 */
static int inputs_direct_chip(struct inputs *in, unsigned int chip)
{
	unsigned int n = in->chip[chip].first;
	unsigned int end = n + in->chip[chip].count;

	if (!in->pending)	/* as in each cycle but the first */
		return 0;
	for (; n < end; n++) {
		u32 bit = BIT(in->line[n]);
		int ret;

		if (!(in->pending & bit))
			continue;
		ret = gpiod_direction_input(in->desc[n]);
		if (ret)
			return ret;
		in->pending &= ~bit;
	}
	return 0;
}

/* Make all lines inputs; those on a bus that is dead later, by inputs_read() (F0). */
static int inputs_direct(struct device *dev, struct inputs *in)
{
	unsigned int chip;

	in->pending = in->fitted;
	for (chip = 0; chip < in->chips; chip++) {
		unsigned int first = in->chip[chip].first;
		const char *name = inputs_line_name(in->line[first]);
		int ret;

		if (!gpiod_to_chip(in->desc[first]))	/* gone: unreadable */
			continue;
		ret = inputs_direct_chip(in, chip);
		if (!ret)
			continue;
		if (!gpiod_cansleep(in->desc[first]) || !is_bus_error(ret))
			return dev_err_probe(dev, ret,
					     "failed to make the lines on the chip of %s-gpios inputs\n",
					     name);
		dev_err(dev, "failed to make the lines on the chip of %s-gpios inputs: error %d; trying again\n",
			name, ret);
	}
	return 0;
}

/**
 * inputs_get() - get all lines that firmware describes
 * @dev: the board
 * @in: zeroed; filled in
 *
 * Context: may sleep.
 * Return: 0, or a negative errno after a message that names the property.
 */
int inputs_get(struct device *dev, struct inputs *in)
{
	unsigned int line;
	int ret;

	for (line = 0; line < INPUTS_MAX; line++) {
		if (line >= INPUTS_BACK && line < INPUTS_SENSE)
			continue;
		ret = inputs_get_line(dev, in, line);
		if (ret)
			return ret;
	}

	if (!(in->fitted & BIT(INPUT_CELL_UNDERVOLTAGE)))
		return dev_err_probe(dev, -EINVAL,
				     "cell-undervoltage-gpios is missing\n");
	if (!(in->fitted & (BIT(INPUT_CELL_OVERVOLTAGE) |
			    BIT(INPUT_CHARGE_INHIBIT))))
		return dev_err_probe(dev, -EINVAL,
				     "cell-overvoltage-gpios and charge-inhibit-gpios are missing, one is required\n");
	return inputs_direct(dev, in);
}

/**
 * inputs_add_back() - read the pins of outputs along with the lines (F3)
 * @in: the lines
 * @outputs: GPIOs of the outputs, by the number of their bit
 * @readable: outputs whose pin can be read
 */
void inputs_add_back(struct inputs *in, struct gpio_desc * const *outputs,
		     u32 readable)
{
	unsigned int n;

	for (n = 0; n < OUTPUT_COUNT; n++)
		if (readable & BIT(n))
			inputs_add(in, INPUTS_BACK + n, outputs[n]);
}

/*
 * Read one chip, and add its lines to @levels and @known. Before 6.9 gpiolib
 * follows the pointer to a chip that is gone.
 */
static int inputs_read_chip(struct inputs *in, unsigned int chip, u32 *levels,
			    u32 *known)
{
	unsigned int first = in->chip[chip].first;
	unsigned int count = in->chip[chip].count;
	struct gpio_desc **desc = &in->desc[first];
	DECLARE_BITMAP(values, INPUTS_MAX) = { };
	unsigned int n;
	int ret;

	if (!gpiod_to_chip(desc[0]))
		return -ENODEV;
	ret = inputs_direct_chip(in, chip);
	if (ret)
		return ret;
	if (in->sleeps)
		ret = gpiod_get_array_value_cansleep(count, desc, NULL, values);
	else
		ret = gpiod_get_array_value(count, desc, NULL, values);
	if (ret)
		return ret;

	for (n = 0; n < count; n++) {
		u32 bit = BIT(in->line[first + n]);

		*known |= bit;
		if (test_bit(n, values))
			*levels |= bit;
	}
	return 0;
}

/* A register is read at once; a bus may take its time, which counts (F2). */
static u64 inputs_clock(const struct inputs *in)
{
	return in->sleeps ? ktime_get_ns() : 0;
}

/**
 * inputs_read() - read all lines (F0, F2, F8)
 * @in: the lines
 * @scan: filled in, but for the edges
 *
 * Costs one array read for each chip, once its lines are inputs.
 *
 * Context: any where no line sleeps; else may sleep.
 * Return: 0, or the first error; the other chips are read nevertheless.
 */
int inputs_read(struct inputs *in, struct inputs_scan *scan)
{
	u64 begin = inputs_clock(in);
	u32 levels = 0, known = 0;
	unsigned int chip;
	int ret = 0;

	for (chip = 0; chip < in->chips; chip++) {
		int error = inputs_read_chip(in, chip, &levels, &known);

		if (!ret)
			ret = error;
	}

	scan->sample.read_time_ns = inputs_clock(in) - begin;
	scan->sample.levels = levels & INPUTS_ALL;
	scan->sample.unreadable = in->fitted & ~known & INPUTS_ALL;
	scan->back = levels >> INPUTS_BACK & OUTPUTS_ALL;
	scan->back_known = known >> INPUTS_BACK & OUTPUTS_ALL;
	scan->sense = levels >> INPUTS_SENSE & OUTPUTS_ALL;
	scan->sense_known = known >> INPUTS_SENSE & OUTPUTS_ALL;
	return ret;
}

/* Lines of &enum input on the chip of the line at this place */
static u32 inputs_beside(const struct inputs *in, unsigned int place)
{
	unsigned int chip = 0, n;
	u32 lines = 0;

	while (place >= in->chip[chip].first + in->chip[chip].count)
		chip++;
	for (n = 0; n < in->chip[chip].count; n++)
		lines |= BIT(in->line[in->chip[chip].first + n]);
	return lines & INPUTS_ALL;
}

static int inputs_read_single(const struct inputs *in, unsigned int place)
{
	const struct gpio_desc *desc = in->desc[place];

	if (in->pending || !(in->active_high & BIT(in->line[place])) ||
	    !gpiod_to_chip(desc))
		return 0;
	if (in->sleeps)
		return gpiod_get_raw_value_cansleep(desc);
	return gpiod_get_raw_value(desc);
}

/**
 * inputs_peek() - read one line before all the others (T5)
 * @in: the lines
 * @line: number of one of them
 * @levels: lines that read active last
 * @scan: filled in, but for the edges, unless 0 is returned: with the line active, or
 *	with those of its chip unreadable; and no pin of an output, and no terminal, known
 *
 * Costs one register, where those of the whole chip may cost several transfers. A
 * driver that returns 0 for an error says low, so that only high is believed (F8).
 *
 * Context: as that of inputs_read().
 * Return: 1 if the line is active; 0 if nothing is known; or a negative errno.
 */
int inputs_peek(const struct inputs *in, unsigned int line, u32 levels,
		struct inputs_scan *scan)
{
	u64 begin = inputs_clock(in);
	unsigned int place = 0;
	int ret;

	while (in->line[place] != line)
		place++;
	ret = inputs_read_single(in, place);
	if (!ret)
		return 0;

	scan->sample.read_time_ns = inputs_clock(in) - begin;
	scan->sample.levels = levels;
	scan->sample.unreadable = 0;
	if (ret > 0)
		scan->sample.levels |= BIT(line);
	else
		scan->sample.unreadable = inputs_beside(in, place);
	scan->back_known = 0;
	scan->sense_known = 0;
	return ret;
}
