/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A PCA9535 (16 lines), or a TCA6424 (24), as its data sheet has it: registers
 * of eight lines, four kinds of them, and INT.
 */
#ifndef _BENCH_EXPANDER_H
#define _BENCH_EXPANDER_H

#include <linux/types.h>

#include "record.h"

struct int_line;
struct pins;

/**
 * struct expander - the chip; its registers are guarded by the lock of the pins
 * @pins: its pins
 * @line: its INT
 * @banks: registers of each kind, of eight lines each
 * @output: output port
 * @polarity: polarity inversion
 * @config: configuration, 1 is an input
 * @seen: levels at the last read of each port
 * @command: register that the next byte belongs to
 */
struct expander {
	struct pins *pins;
	struct int_line *line;
	unsigned int banks;
	u32 output;
	u32 polarity;
	u32 config;
	u32 seen;
	u8 command;
};

void expander_init(struct expander *e, struct pins *pins,
		   struct int_line *line);
void expander_reset(struct expander *e);
void expander_changed(struct expander *e, u32 levels);
void expander_write(struct expander *e, const u8 *data, unsigned int len,
		    enum record_kind kind);
void expander_read(struct expander *e, u8 *data, unsigned int len);

#endif /* _BENCH_EXPANDER_H */
