// SPDX-License-Identifier: GPL-2.0
/*
 * PCA9535 (16 lines), or TCA6424 (24): registers of eight lines, four kinds of them,
 * and INT.
 */
#include <linux/bits.h>

#include "expander.h"

enum { INPUT, OUTPUT, POLARITY, CONFIG };

/* TCA6424: set in the command, the register advances with every byte */
#define AUTO_INCREMENT	BIT(7)

/* How many address bits tell the bank */
static unsigned int shift(const struct expander *e)
{
	return e->banks > 2 ? 2 : 1;
}

static unsigned int kind(const struct expander *e)
{
	return (e->command & ~AUTO_INCREMENT) >> shift(e);
}

static unsigned int bank_shift(const struct expander *e)
{
	return 8 * ((e->command & (BIT(shift(e)) - 1)) % e->banks);
}

static void pca9535_power_on(struct expander *e)
{
	e->output = ~0U;
	e->polarity = 0;
	e->config = ~0U;
	e->command = 0;
}

static void pca9535_write(struct expander *e, u8 value)
{
	switch (kind(e)) {
	case OUTPUT:
		expander_put(&e->output, bank_shift(e), value);
		break;
	case POLARITY:
		expander_put(&e->polarity, bank_shift(e), value);
		break;
	case CONFIG:
		expander_put(&e->config, bank_shift(e), value);
		break;
	}
}

static u8 pca9535_read(struct expander *e, u32 levels)
{
	unsigned int at = bank_shift(e);

	switch (kind(e)) {
	case INPUT:
		expander_put(&e->seen, at, levels >> at);
		return (levels ^ e->polarity) >> at;
	case OUTPUT:
		return e->output >> at;
	case POLARITY:
		return e->polarity >> at;
	case CONFIG:
		return e->config >> at;
	default:
		return 0xff;
	}
}

static void pca9535_advance(struct expander *e)
{
	unsigned int bank = e->command & (BIT(shift(e)) - 1);

	if (e->banks > 2 && !(e->command & AUTO_INCREMENT))
		return;
	e->command = (e->command & ~(BIT(shift(e)) - 1)) |
		     ((bank + 1) % e->banks);
}

/*
 * INT is low while an input differs from what was read of its port last. It
 * goes back when the input does, or the port is read.
 */
static bool pca9535_interrupt(struct expander *e, u32 levels)
{
	return (levels ^ e->seen) & e->config;
}

const struct expander_model pca9535_model = {
	.power_on = pca9535_power_on,
	.write = pca9535_write,
	.read = pca9535_read,
	.advance = pca9535_advance,
	.interrupt = pca9535_interrupt,
};
