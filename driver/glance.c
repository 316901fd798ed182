// SPDX-License-Identifier: GPL-2.0
/*
 * The short way from an edge to an output, where no line sleeps: a condition that
 * has come takes load or charge with it, whatever the other lines say. A turn
 * looks at everything, and so takes longer; it follows, and makes sure.
 */
#include <linux/gpio/consumer.h>
#include <linux/ktime.h>

#include "board.h"

/**
 * glance_locked() - let go, before all else, what a line that stirred asks for
 * @b: the board; its lock is held, its lines do not sleep, and a turn follows
 * @irq: the interrupt that told
 *
 * Nothing is ever raised here. What fails is written by the turn, which writes
 * all that was let go once more.
 */
void glance_locked(struct board *b, int irq)
{
	const struct inputs *in = &b->inputs;
	unsigned int n = 0;
	u32 drop;

	while (n < in->count && in->irq[n] != irq)
		n++;
	if (!b->running || n == in->count ||
	    !(protection_stake(in->line[n]) & b->protection.outputs) ||
	    gpiod_get_value(in->desc[n]) <= 0)
		return;

	drop = protection_glance(&b->protection, in->line[n],
				 ktime_get_boottime_ns());
	outputs_let_go(&b->outputs, drop);
	b->let_go = drop;
}
