/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _SMALLBMS_INPUTS_H
#define _SMALLBMS_INPUTS_H

#include <linux/atomic.h>
#include <linux/interrupt.h>

#include "protection.h"

struct device;
struct gpio_desc;

/**
 * struct inputs - the lines that the board reads
 * @count: how many are fitted
 * @line: which they are, &enum protection_line
 * @desc: their GPIOs, in the same order
 * @irq: their interrupts, or 0
 * @fitted: the same lines as bits
 * @interrupts: lines that have an interrupt, as bits
 * @sleeps: reading them may sleep
 * @edges: lines that an interrupt told of since the last sample
 */
struct inputs {
	unsigned int count;
	unsigned int line[PROTECTION_LINES];
	struct gpio_desc *desc[PROTECTION_LINES];
	int irq[PROTECTION_LINES];
	u32 fitted;
	u32 interrupts;
	bool sleeps;
	atomic_t edges;
};

/* Name of a line: its property without "-gpios", and its condition's name. */
const char *inputs_name(unsigned int line);

int inputs_get(struct device *dev, struct inputs *in);
int inputs_sample(struct inputs *in, struct protection_sample *s);
int inputs_request_interrupts(struct device *dev, struct inputs *in,
			      irq_handler_t handler, void *context,
			      unsigned long flags);
void inputs_stirred(struct inputs *in, int irq);
void inputs_wake(struct inputs *in, bool enable);

#endif /* _SMALLBMS_INPUTS_H */
