/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Interrupts of the board's lines: time stamps, a storm guard for each line, and
 * fast poll while interrupts are masked or unreliable (T1, F9).
 */
#ifndef _SMALLBMS_EDGES_H
#define _SMALLBMS_EDGES_H

#include <linux/atomic.h>
#include <linux/spinlock.h>

#include "inputs.h"

struct edges;

/**
 * typedef edge_handler - called after each edge
 * @context: as given to edges_start()
 * @line: the line, one bit: &enum input, or %INPUTS_SENSE plus an output
 * @at: time of the edge, CLOCK_BOOTTIME in ns
 * @more: scan at once: another edge of this line was pending already; always for
 *	a sense line, which is not debounced (F3)
 *
 * Context: hard interrupt, or the interrupt thread of the line's chip; no lock
 * is held.
 */
typedef void (*edge_handler)(void *context, u32 line, u64 at, bool more);

/**
 * struct edge_line - the interrupt of one line
 * @edges: its owner
 * @line: number of the line, as in &struct inputs
 * @irq: its number; 0 if the line has none, or it could not be requested
 * @window_since: begin of the window in which interrupts are counted, ns; with
 *	what follows up to @holdoff_ms under the lock of @edges
 * @window_count: interrupts in it
 * @masked_at: the interrupt was disabled then, because there were too many, ns
 * @holdoff_ms: for how long; grows with each storm that follows soon
 * @wakes: enabled to wake the system
 */
struct edge_line {
	struct edges *edges;
	unsigned int line;
	int irq;
	u64 window_since;
	u32 window_count;
	u64 masked_at;
	u32 holdoff_ms;
	bool wakes;
};

/**
 * struct edges - the interrupts of one board
 * @line: by the number of the line
 * @handler: called after each edge
 * @context: for @handler
 * @count: interrupts, ever
 * @refused: the interrupt of a line could not be requested
 * @unmasking: edges_unmask() is enabling interrupts
 * @lock: guards all that follows, and the storm guard in @line
 * @listening: lines whose interrupt is enabled
 * @masked: lines whose interrupt is disabled, because there were too many
 * @sampled: those that were listened to when the last sample began
 * @announced: lines of &enum input whose next change an interrupt announces:
 *	those that have been listened to since before the last sample
 * @draining: interrupts are about to be freed; none is masked any more
 * @pending: lines with an edge since the last edges_take()
 * @more: those of them with more than one
 * @first: time of the first, CLOCK_BOOTTIME in ns
 * @silent: lines that changed in the last poll without an edge; an interrupt
 *	that is merely late has come by the next sample
 * @missed: changes that no interrupt announced, ever
 * @fast_until: interrupts have missed edges; fast poll until then, ns
 * @fast_ms: duration of that fast poll
 */
struct edges {
	struct edge_line line[INPUTS_MAX];
	edge_handler handler;
	void *context;
	atomic_t count;
	bool refused;
	bool unmasking;
	raw_spinlock_t lock;
	u32 listening;
	u32 masked;
	u32 sampled;
	u32 announced;
	bool draining;
	u32 pending;
	u32 more;
	u64 first[INPUTS_MAX];
	u32 silent;
	u32 missed;
	u64 fast_until;
	u32 fast_ms;
};

int edges_get(struct device *dev, struct edges *e, const struct inputs *in);
u32 edges_fitted(const struct edges *e);
int edges_start(struct device *dev, struct edges *e, const struct inputs *in,
		edge_handler handler, void *context);
u32 edges_take(struct edges *e, struct debounce_sample *s, u64 after);
void edges_verify(struct edges *e, u32 changed, u32 edges, bool polled, u64 now);
void edges_unmask(struct edges *e, u64 now);
u64 edges_first(struct edges *e);
u32 edges_poll_ms(struct edges *e, bool chattering, u64 now);
void edges_set_wake(struct edges *e, bool enable);
u32 edges_waking(struct edges *e, u64 now);

#endif /* _SMALLBMS_EDGES_H */
