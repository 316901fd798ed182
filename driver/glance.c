// SPDX-License-Identifier: GPL-2.0
/*
 * The short way from an edge to an output, where no line sleeps: a condition that
 * has come takes load or charge with it, whatever the other lines say. A turn
 * looks at everything, and so takes longer; it follows, and looks at what became
 * of this as well.
 */
#include <linux/gpio/consumer.h>
#include <linux/timekeeping.h>

#include "board.h"
#include "compat.h"

/*
 * Read the line that told, and no other. Returns whether it is a condition that
 * has come: that asks for something to be let go whatever the other lines say.
 * The remote terminals are not like that (M1).
 */
static bool glance_read(const struct inputs *in, int irq,
			struct protection_sample *s)
{
	unsigned int n = 0;
	u32 bit;

	while (n < in->count && in->irq[n] != irq)
		n++;
	if (n == in->count)
		return false;
	bit = PROTECTION_BIT(in->line[n]);
	if (!(bit & PROTECTION_CONDITIONS) ||
	    gpiod_get_value(in->desc[n]) <= 0)
		return false;

	s->levels = bit;
	s->edges = bit;
	s->unreadable = 0;
	s->earlier = 0;
	s->took = 0;
	s->skipped = ~bit;
	return true;
}

/* Returns those that took it; the others are written by the turn. */
static u32 glance_let_go(struct outputs *out, u32 mask)
{
	unsigned int n;

	for (n = 0; n < OUTPUTS; n++)
		if (mask & PROTECTION_BIT(n) &&
		    smallbms_set_line(out->desc[n], false, 0))
			mask &= ~PROTECTION_BIT(n);
	return mask;
}

/**
 * glance_locked() - let go, before all else, what a line that stirred asks for
 * @b: the board; its lock is held, and its lines do not sleep
 * @irq: the interrupt that told
 *
 * Nothing is ever raised here. The rules are those of protection.c.
 */
void glance_locked(struct board *b, int irq)
{
	struct protection *p = &b->protection;
	struct protection_sample s;
	u32 wanted, drop;

	if (!b->running || !glance_read(&b->inputs, irq, &s))
		return;
	b->sensed_at = ktime_get_boottime_ns();
	protection_sense(p, &s, b->sensed_at);
	wanted = protection_decide(p, b->sensed_at);
	drop = p->outputs & ~wanted & (PROTECTION_LOAD | PROTECTION_CHARGE);
	drop = glance_let_go(&b->outputs, drop);
	if (drop)
		board_applied_locked(b, wanted & p->outputs,
				     p->outputs & ~drop, 0, b->sensed_at);
}
