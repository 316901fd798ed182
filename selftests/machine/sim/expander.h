/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A chip of lines on the bus, as its data sheet has it. What all have in common is in
 * expander.c; pca9535.c and mcp23017.c have the registers of theirs.
 */
#ifndef _BENCH_EXPANDER_H
#define _BENCH_EXPANDER_H

#include <linux/types.h>

#include "record.h"

struct expander;
struct int_line;
struct pins;

/**
 * struct expander_model - a kind of chip; all is called with the lock of the pins held
 * @power_on: put all registers to what they are at power-on
 * @write: a byte is written into the register that is selected
 * @read: a byte is read from it while the pins are at @levels
 * @advance: select the next register
 * @interrupt: whether the chip pulls INT, while its pins are at @levels
 */
struct expander_model {
	void (*power_on)(struct expander *e);
	void (*write)(struct expander *e, u8 value);
	u8 (*read)(struct expander *e, u32 levels);
	void (*advance)(struct expander *e);
	bool (*interrupt)(struct expander *e, u32 levels);
};

extern const struct expander_model pca9535_model, mcp23017_model;

/**
 * struct expander - the chip; its registers are guarded by the lock of the pins
 * @model: what it is
 * @pins: its pins
 * @line: its INT
 * @one_int: of two INT the first alone is wired
 * @banks: registers of each kind, of eight lines each
 * @command: register that the next byte belongs to
 * @output: level of each output
 * @polarity: inputs that are inverted
 * @config: direction, 1 is an input
 * @seen: levels at the last read of each port
 * @enabled: MCP23017: GPINTEN
 * @compare: MCP23017: DEFVAL
 * @control: MCP23017: INTCON
 * @pull_up: MCP23017: GPPU
 * @flags: MCP23017: INTF
 * @captured: MCP23017: INTCAP
 * @setup: MCP23017: IOCON
 */
struct expander {
	const struct expander_model *model;
	struct pins *pins;
	struct int_line *line;
	bool one_int;
	unsigned int banks;
	u8 command;
	u32 output;
	u32 polarity;
	u32 config;
	u32 seen;
	u32 enabled;
	u32 compare;
	u32 control;
	u32 pull_up;
	u32 flags;
	u32 captured;
	u8 setup;
};

/* Put a byte into a register that has one for each bank. */
static inline void expander_put(u32 *reg, unsigned int at, u8 value)
{
	*reg = (*reg & ~(0xffU << at)) | (u32)value << at;
}

void expander_init(struct expander *e, const struct expander_model *model,
		   struct pins *pins, struct int_line *line);
void expander_reset(struct expander *e);
void expander_changed(struct expander *e, u32 levels);
void expander_write(struct expander *e, const u8 *data, unsigned int len,
		    enum record_kind kind);
void expander_read(struct expander *e, u8 *data, unsigned int len);

#endif /* _BENCH_EXPANDER_H */
