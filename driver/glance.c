// SPDX-License-Identifier: GPL-2.0
/*
 * The short way from an edge to an output, where no line sleeps: a condition that
 * has come takes load or charge with it, whatever the other lines say. A turn
 * looks at everything, and so takes longer; it follows, and makes sure.
 */
#include <linux/gpio/consumer.h>
#include <linux/ktime.h>

#include "board.h"

/*
 * What a line takes with it whatever the other lines say, which are not looked
 * at: one may just be over. The remote terminals are not like that (M1).
 */
static u32 glance_stake(u32 line)
{
	if (line & PROTECTION_CHARGE_FAULTS)
		return PROTECTION_CHARGE;
	if (line & PROTECTION_BIT(PROTECTION_CELL_UNDERVOLTAGE))
		return PROTECTION_LOAD;
	return 0;
}

/* Read the line that told, and no other. Returns what it may take with it. */
static u32 glance_read(const struct inputs *in, int irq,
		       struct protection_sample *s)
{
	unsigned int n = 0;
	u32 bit;

	while (n < in->count && in->irq[n] != irq)
		n++;
	if (n == in->count)
		return 0;
	bit = PROTECTION_BIT(in->line[n]);
	if (!glance_stake(bit) || gpiod_get_value(in->desc[n]) <= 0)
		return 0;

	s->levels = bit;
	s->edges = bit;
	s->unreadable = 0;
	s->earlier = 0;
	s->took = 0;
	s->skipped = ~bit;
	return glance_stake(bit);
}

/* What fails is written by the turn. */
static void glance_let_go(const struct outputs *out, u32 mask)
{
	unsigned int n;

	for (n = 0; n < OUTPUTS; n++)
		if (mask & PROTECTION_BIT(n))
			gpiod_set_value(out->desc[n], 0);
}

/* Of @stake, what the rules let go, asked of a copy. */
static u32 glance_ask(const struct board *b, const struct protection_sample *s,
		      u32 stake)
{
	struct protection p = b->protection;
	u64 now = ktime_get_boottime_ns();

	protection_sense(&p, s, now);
	return stake & p.outputs & ~protection_decide(&p, now);
}

/**
 * glance_locked() - let go, before all else, what a line that stirred asks for
 * @b: the board; its lock is held, its lines do not sleep, and a turn follows
 * @irq: the interrupt that told
 *
 * Nothing is ever raised here. The rules are those of protection.c, but asked of
 * a copy: that turn decides by all lines, and writes what was let go once more.
 */
void glance_locked(struct board *b, int irq)
{
	struct protection_sample s;
	u32 stake;

	if (!b->running)
		return;
	stake = glance_read(&b->inputs, irq, &s);
	if (!(stake & b->protection.outputs))
		return;

	stake = glance_ask(b, &s, stake);
	glance_let_go(&b->outputs, stake);
	b->outputs.unsure |= stake;
	b->let_go = stake;
}
