// SPDX-License-Identifier: GPL-2.0
/* See expander.h. */
#include <linux/bits.h>
#include <linux/timekeeping.h>

#include "expander.h"
#include "int_line.h"
#include "pins.h"

enum { INPUT, OUTPUT, POLARITY, CONFIG };

/* TCA6424: set in the command, the register advances with every byte */
#define AUTO_INCREMENT	BIT(7)

/* How many address bits tell the bank */
static unsigned int shift(const struct expander *e)
{
	return e->banks > 2 ? 2 : 1;
}

/*
 * INT is low while an input differs from what was read of its port last. It
 * goes back when the input does, or the port is read.
 */
void expander_changed(struct expander *e, u32 levels)
{
	int_line_set(e->line, (levels ^ e->seen) & e->config);
}

/* Called with the lock of the pins held, after a write. */
static void expander_drive(struct expander *e, enum record_kind kind)
{
	pins_drive(e->pins, ~e->config & GENMASK(e->banks * 8 - 1, 0),
		   e->output, kind);
}

static void expander_power_on(struct expander *e)
{
	e->output = ~0U;
	e->polarity = 0;
	e->config = ~0U;
	e->command = 0;
}

/**
 * expander_reset() - the chip's supply breaks down for a moment
 * @e: the chip
 *
 * Every output is an input again, and floats.
 */
void expander_reset(struct expander *e)
{
	unsigned long flags;

	raw_spin_lock_irqsave(&e->pins->lock, flags);
	monitor_reset(e->pins->monitor, ktime_get_boottime_ns());
	expander_power_on(e);
	e->seen = pins_levels(e->pins);
	expander_drive(e, RECORD_RESET);
	expander_changed(e, pins_levels(e->pins));
	raw_spin_unlock_irqrestore(&e->pins->lock, flags);
}

static void expander_advance(struct expander *e)
{
	unsigned int bank = e->command & (BIT(shift(e)) - 1);

	if (e->banks > 2 && !(e->command & AUTO_INCREMENT))
		return;
	e->command = (e->command & ~(BIT(shift(e)) - 1)) |
		     ((bank + 1) % e->banks);
}

static unsigned int expander_kind(const struct expander *e)
{
	return (e->command & ~AUTO_INCREMENT) >> shift(e);
}

static unsigned int expander_bank_shift(const struct expander *e)
{
	return 8 * ((e->command & (BIT(shift(e)) - 1)) % e->banks);
}

static void put(u32 *reg, unsigned int at, u8 value)
{
	*reg = (*reg & ~(0xffU << at)) | (u32)value << at;
}

/**
 * expander_write() - the master writes
 * @e: the chip
 * @data: the command, and data
 * @len: bytes of both
 * @kind: who is to blame for what comes of it
 */
void expander_write(struct expander *e, const u8 *data, unsigned int len,
		    enum record_kind kind)
{
	unsigned long flags;
	unsigned int n;

	if (!len)
		return;
	raw_spin_lock_irqsave(&e->pins->lock, flags);
	e->command = data[0];
	for (n = 1; n < len; n++) {
		unsigned int at = expander_bank_shift(e);

		switch (expander_kind(e)) {
		case OUTPUT:
			put(&e->output, at, data[n]);
			break;
		case POLARITY:
			put(&e->polarity, at, data[n]);
			break;
		case CONFIG:
			put(&e->config, at, data[n]);
			break;
		}
		expander_advance(e);
	}
	if (len > 1)
		expander_drive(e, kind);
	raw_spin_unlock_irqrestore(&e->pins->lock, flags);
}

/**
 * expander_read() - the master reads
 * @e: the chip
 * @data: filled in
 * @len: how many bytes
 */
void expander_read(struct expander *e, u8 *data, unsigned int len)
{
	unsigned long flags;
	unsigned int n;
	u32 levels;

	raw_spin_lock_irqsave(&e->pins->lock, flags);
	levels = pins_levels(e->pins);
	for (n = 0; n < len; n++) {
		unsigned int at = expander_bank_shift(e);

		switch (expander_kind(e)) {
		case INPUT:
			data[n] = (levels ^ e->polarity) >> at;
			put(&e->seen, at, levels >> at);
			break;
		case OUTPUT:
			data[n] = e->output >> at;
			break;
		case POLARITY:
			data[n] = e->polarity >> at;
			break;
		case CONFIG:
			data[n] = e->config >> at;
			break;
		default:
			data[n] = 0xff;
			break;
		}
		expander_advance(e);
	}
	expander_changed(e, levels);
	raw_spin_unlock_irqrestore(&e->pins->lock, flags);
}

/**
 * expander_init() - the chip's supply comes up
 * @e: zeroed
 * @pins: its pins
 * @line: its INT
 */
void expander_init(struct expander *e, struct pins *pins,
		   struct int_line *line)
{
	e->pins = pins;
	e->line = line;
	e->banks = pins->count / 8;
	expander_power_on(e);
}
