/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _SMALLBMS_INPUTS_H
#define _SMALLBMS_INPUTS_H

#include <linux/interrupt.h>

#include "outputs.h"
#include "protection.h"

struct device;
struct gpio_desc;

/*
 * Beside the lines of &enum protection_line a reading takes in, for each
 * output, its own pin and its terminal (F3): one bus transfer for all.
 */
#define INPUTS_BACK	PROTECTION_LINES
#define INPUTS_SENSE	(INPUTS_BACK + OUTPUTS)
#define INPUTS		(INPUTS_SENSE + OUTPUTS)

/* The lines of &enum protection_line, as bits */
#define INPUTS_LINES	(PROTECTION_BIT(PROTECTION_LINES) - 1)

/**
 * struct inputs - the lines that the board reads
 * @count: how many there are
 * @line: which they are: &enum protection_line, %INPUTS_BACK or %INPUTS_SENSE
 *	plus an output
 * @desc: their GPIOs, in the same order
 * @irq: their interrupts, or 0
 * @fitted: the same lines as bits
 * @interrupts: lines that have an interrupt, as bits
 * @sleeps: reading them may sleep
 * @waking: those whose interrupt wakes the system right now, by their place in
 *	@irq
 * @chip_irq: interrupts of the chips behind the lines
 * @chips: how many there are
 * @edges: lines that an interrupt told of since the last sample; the lock of
 *	the board guards it, and what follows
 * @again: those of them that it told of more than once
 * @edge_at: when it did for the first time, CLOCK_BOOTTIME in ns
 */
struct inputs {
	unsigned int count;
	unsigned int line[INPUTS];
	struct gpio_desc *desc[INPUTS];
	int irq[INPUTS];
	u32 fitted;
	u32 interrupts;
	bool sleeps;
	u32 waking;
	int chip_irq[INPUTS];
	unsigned int chips;
	u32 edges;
	u32 again;
	u64 edge_at[PROTECTION_LINES];
};

/* Name of a line: its property without "-gpios", and its condition's name. */
const char *inputs_name(unsigned int line);

/**
 * struct inputs_reading - all that one reading tells
 * @lines: for the protection
 * @back: outputs whose pins read high, as bits
 * @back_known: outputs whose pins could be read
 * @sense: outputs whose terminals read high
 * @sense_known: outputs whose terminals could be read
 */
struct inputs_reading {
	struct protection_sample lines;
	u32 back;
	u32 back_known;
	u32 sense;
	u32 sense_known;
};

int inputs_get(struct device *dev, struct inputs *in);
void inputs_read_back(struct inputs *in, const struct outputs *out);
int inputs_read(struct inputs *in, struct inputs_reading *r);
int inputs_request_interrupts(struct device *dev, struct inputs *in,
			      irq_handler_t handler, irq_handler_t chip_handler,
			      void *context, unsigned long flags);
void inputs_synchronize(struct inputs *in);
u32 inputs_stirred(struct inputs *in, int irq, u64 now);
u64 inputs_edge_at(const struct inputs *in);
void inputs_take_edges(struct inputs *in, struct protection_sample *s,
		       u64 after);
void inputs_mute(struct inputs *in, bool mute);
void inputs_wake(struct inputs *in, bool enable);

#endif /* _SMALLBMS_INPUTS_H */
