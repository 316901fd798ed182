/* SPDX-License-Identifier: GPL-2.0 */
/*
 * From samples of levels to qualified conditions: debounce (T2), clear delay (T3),
 * unreadable lines (F2), contradictions (F4), the remote terminals (M1).
 *
 * Pure: no device, lock or clock. All times are u64 nanoseconds of one clock that
 * never goes back (the driver passes CLOCK_BOOTTIME, T4); only differences are
 * used, so the clock may wrap. The caller serialises all calls for one object.
 */
#ifndef _SMALLBMS_DEBOUNCE_H
#define _SMALLBMS_DEBOUNCE_H

#include <linux/time64.h>

#include "lines.h"

/*
 * F2: a read that fails is retried for so long before its line counts as
 * active. That leaves 20 ms of the 100 ms for the bus and the decision.
 */
#define READ_RETRY_MS			80
#define READ_RETRY_INTERVAL_MS		10

/* F4: lines that contradict each other for longer are a broken cord. */
#define IMPLAUSIBLE_MS			1000

/**
 * struct debounce_config - wired lines and their delays
 * @fitted: lines that are wired, bits of &enum input
 * @debounce_delay_ms: T2
 * @clear_delay_ms: T3
 */
struct debounce_config {
	u32 fitted;
	u32 debounce_delay_ms;
	u32 clear_delay_ms;
};

/**
 * struct debounce_sample - one reading of the lines, and the edges before it
 * @levels: lines that read active, bits of &enum input
 * @unreadable: lines whose read failed; their level is ignored (F2)
 * @edges: lines that had an edge since the last sample, the first of them at
 *	@first_edge
 * @more_edges: those of them that had more than one
 * @first_edge: ns, neither before the last sample nor after this one
 * @read_time_ns: duration of the read until it failed, which counts (F2)
 *
 * With the time of the first edge one reading at the end of the debounce
 * replaces two: at the edge and at the end.
 */
struct debounce_sample {
	u32 levels;
	u32 unreadable;
	u32 edges;
	u32 more_edges;
	u64 first_edge[INPUT_COUNT];
	u64 read_time_ns;
};

/**
 * struct debounce - the lines of one board
 * @cfg: the delays may be changed between two samples
 * @level: level of each line at the last sample in which it was readable
 * @active: qualified conditions and terminals
 * @chattering: inactive lines that have not been stable for a debounce
 * @read_failing: lines whose last read failed
 * @unreadable: lines whose reads have failed for longer than the retries (F2)
 * @stable_since: @level of the line is unbroken since then
 * @chattering_since: first sign of chatter of the line
 * @active_since: last change of the line's bit in @active
 * @failing_since: first failed read of the line
 * @contradicting: lines contradict each other since @contradicting_since
 * @implausible: they have done so for %IMPLAUSIBLE_MS (F4)
 * @contradicting_since: see @contradicting
 */
struct debounce {
	struct debounce_config cfg;
	u32 level;
	u32 active;
	u32 chattering;
	u32 read_failing;
	u32 unreadable;
	u64 stable_since[INPUT_COUNT];
	u64 chattering_since[INPUT_COUNT];
	u64 active_since[INPUT_COUNT];
	u64 failing_since[INPUT_COUNT];
	bool contradicting;
	bool implausible;
	u64 contradicting_since;
};

static inline u64 ms_to_ns(u32 n)
{
	return (u64)n * NSEC_PER_MSEC;
}

/**
 * time_left() - what is left of a delay
 * @since: its begin, ns
 * @span: its duration, ns
 * @now: ns; before @since nothing of it has elapsed
 *
 * Return: ns, 0 when it is over.
 */
static inline u64 time_left(u64 since, u64 span, u64 now)
{
	u64 elapsed = now - since;

	if ((s64)elapsed < 0)
		return span;
	return elapsed < span ? span - elapsed : 0;
}

void debounce_init(struct debounce *d, const struct debounce_config *cfg,
		   const struct debounce_sample *first, bool was_on, u64 now);
void debounce_update(struct debounce *d, const struct debounce_sample *s,
		     u64 now);
u64 debounce_next(const struct debounce *d, u64 now);
bool debounce_unqualified(const struct debounce *d);
bool debounce_terminals(const struct debounce *d);
u64 debounce_settled_in(const struct debounce *d, u32 lines, u64 now);
u32 debounce_unsettled(const struct debounce *d, u32 lines);
u64 debounce_clear_for_in(const struct debounce *d, u32 lines, u64 span,
			  u64 now);

#endif /* _SMALLBMS_DEBOUNCE_H */
