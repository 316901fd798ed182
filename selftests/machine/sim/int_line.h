/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A chip's INT line: open drain, low is active. It is an interrupt controller
 * with one interrupt, which comes in hard context as from real hardware, can
 * get lost, and can be stuck.
 */
#ifndef _BENCH_INT_LINE_H
#define _BENCH_INT_LINE_H

#include <linux/irq_work.h>
#include <linux/prandom.h>
#include <linux/spinlock.h>

struct device;
struct irq_domain;

/**
 * struct int_line - the line
 * @lock: guards all of it
 * @domain: its interrupt
 * @work: brings the interrupt into hard context
 * @asserted: the chip pulls it low
 * @stuck: somebody else does
 * @masked: the interrupt is masked
 * @edge: the interrupt comes at edges only
 * @latched: an edge came while it was masked
 * @lost: this assertion goes unheard
 * @lose_percent: how many do
 * @random: which do
 * @low: assertions so far
 * @fired: interrupts so far
 */
struct int_line {
	raw_spinlock_t lock;
	struct irq_domain *domain;
	struct irq_work work;
	bool asserted;
	bool stuck;
	bool masked;
	bool edge;
	bool latched;
	bool lost;
	u32 lose_percent;
	struct rnd_state random;
	u32 low;
	atomic_t fired;
};

int int_line_init(struct int_line *l, struct device *dev);
void int_line_set(struct int_line *l, bool asserted);
void int_line_stick(struct int_line *l, bool stuck);

#endif /* _BENCH_INT_LINE_H */
