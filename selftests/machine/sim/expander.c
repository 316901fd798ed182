// SPDX-License-Identifier: GPL-2.0
/* See expander.h. */
#include <linux/bits.h>
#include <linux/timekeeping.h>

#include "expander.h"
#include "int_line.h"
#include "pins.h"

/**
 * expander_changed() - levels on the pins have changed
 * @e: the chip
 * @levels: as they are now
 */
void expander_changed(struct expander *e, u32 levels)
{
	int_line_set(e->line, e->model->interrupt(e, levels));
}

/* Called with the lock of the pins held, after a write. */
static void expander_drive(struct expander *e, enum record_kind kind)
{
	pins_drive(e->pins, ~e->config & GENMASK(e->banks * 8 - 1, 0),
		   e->output, kind);
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
	e->model->power_on(e);
	e->seen = pins_levels(e->pins);
	expander_drive(e, RECORD_RESET);
	expander_changed(e, pins_levels(e->pins));
	raw_spin_unlock_irqrestore(&e->pins->lock, flags);
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
		e->model->write(e, data[n]);
		e->model->advance(e);
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
		data[n] = e->model->read(e, levels);
		e->model->advance(e);
	}
	expander_changed(e, levels);
	raw_spin_unlock_irqrestore(&e->pins->lock, flags);
}

/**
 * expander_init() - the chip's supply comes up
 * @e: zeroed
 * @model: what it is
 * @pins: its pins
 * @line: its INT
 */
void expander_init(struct expander *e, const struct expander_model *model,
		   struct pins *pins, struct int_line *line)
{
	e->model = model;
	e->pins = pins;
	e->line = line;
	e->banks = pins->count / 8;
	model->power_on(e);
}
