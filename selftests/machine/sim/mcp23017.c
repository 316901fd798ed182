// SPDX-License-Identifier: GPL-2.0
/*
 * MCP23017, 16 lines, with its registers in pairs (IOCON.BANK = 0, which cannot be
 * changed here), and two INT, of ports A and B.
 */
#include <linux/bits.h>

#include "expander.h"
#include "pins.h"

enum {
	IODIR, IPOL, GPINTEN, DEFVAL, INTCON, IOCON, GPPU, INTF, INTCAP, GPIO, OLAT,
	KINDS
};

#define IOCON_MIRROR	BIT(6)
#define IOCON_SEQOP	BIT(5)
#define IOCON_INTPOL	BIT(1)
#define IOCON_BITS	0x7e

#define PORT(shift)	(0xffU << (shift))

static unsigned int kind(const struct expander *e)
{
	return e->command / 2;
}

/* Of the port that the register belongs to */
static unsigned int port_shift(const struct expander *e)
{
	return 8 * (e->command % 2);
}

static void mcp23017_power_on(struct expander *e)
{
	e->config = ~0U;
	e->polarity = 0;
	e->enabled = 0;
	e->compare = 0;
	e->control = 0;
	e->setup = 0;
	e->pull_up = 0;
	e->flags = 0;
	e->captured = 0;
	e->output = 0;
	e->command = 0;
}

static u32 *mcp23017_register(struct expander *e)
{
	switch (kind(e)) {
	case IODIR:
		return &e->config;
	case IPOL:
		return &e->polarity;
	case GPINTEN:
		return &e->enabled;
	case DEFVAL:
		return &e->compare;
	case INTCON:
		return &e->control;
	case GPPU:
		return &e->pull_up;
	case INTF:
		return &e->flags;
	case INTCAP:
		return &e->captured;
	default:
		return &e->output;
	}
}

static void mcp23017_write(struct expander *e, u8 value)
{
	u32 started;

	switch (kind(e)) {
	case IOCON:	/* one register with two addresses */
		e->setup = value & IOCON_BITS;
		break;
	case INTF:
	case INTCAP:
		break;
	case GPINTEN:	/* changes count from now on */
		started = (u32)value << port_shift(e) & ~e->enabled;
		e->seen ^= (e->seen ^ pins_levels(e->pins)) & started;
		fallthrough;
	default:	/* a write to GPIO writes OLAT */
		expander_put(mcp23017_register(e), port_shift(e), value);
		break;
	}
}

/* A read of GPIO or INTCAP ends the interrupt of its port. */
static void acknowledge(struct expander *e, u32 levels)
{
	unsigned int at = port_shift(e);

	e->flags &= ~PORT(at);
	expander_put(&e->seen, at, levels >> at);
}

static u8 mcp23017_read(struct expander *e, u32 levels)
{
	unsigned int at = port_shift(e);
	u8 value;

	switch (kind(e)) {
	case IOCON:
		return e->setup;
	case INTCAP:
		value = e->captured >> at;
		acknowledge(e, levels);
		return value;
	case GPIO:
		acknowledge(e, levels);
		return (levels ^ e->polarity) >> at;
	default:
		return *mcp23017_register(e) >> at;
	}
}

static void mcp23017_advance(struct expander *e)
{
	if (e->setup & IOCON_SEQOP)
		e->command ^= 1;
	else
		e->command = (e->command + 1) % (2 * KINDS);
}

/*
 * What differs from DEFVAL, or has changed since its port was read, interrupts. The
 * first that does so is kept with the levels of its port, until that is read.
 */
static bool mcp23017_interrupt(struct expander *e, u32 levels)
{
	u32 differ = levels ^ ((e->compare & e->control) | (e->seen & ~e->control));
	u32 heard = GENMASK(15, 0);
	unsigned int at;

	differ &= e->enabled & e->config;
	for (at = 0; at < 16; at += 8) {
		if (e->flags & PORT(at) || !(differ & PORT(at)))
			continue;
		e->flags |= differ & PORT(at);
		expander_put(&e->captured, at, (levels ^ e->polarity) >> at);
	}
	if (e->one_int && !(e->setup & IOCON_MIRROR))
		heard = PORT(0);
	return !(e->flags & heard) == !!(e->setup & IOCON_INTPOL);
}

const struct expander_model mcp23017_model = {
	.power_on = mcp23017_power_on,
	.write = mcp23017_write,
	.read = mcp23017_read,
	.advance = mcp23017_advance,
	.interrupt = mcp23017_interrupt,
};
