/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A board on a bench: lines, outputs, a clock that jumps from event to event,
 * and a caller that does the turn that driver/protection.h describes.
 *
 * Times are nanoseconds since the scenario began; the rules see them shifted
 * by @clock, so that the same story can be told around a wrap of the clock.
 */
#ifndef _HOST_CALLER_H
#define _HOST_CALLER_H

#include "protection.h"

#define MS		1000000ULL
#define SEC		1000000000ULL
#define FOREVER		(~0ULL >> 2)

/* A failed write is tried again after this time, by the caller's own choice. */
#define WRITE_RETRY	(10 * MS)

/**
 * struct bench - the board, its surroundings, and the caller
 * @p: the rules
 * @clock: what their clock shows at time 0
 * @levels: lines that are active now
 * @unreadable: lines that cannot be read now
 * @took: how long a reading of them took before it failed
 * @mute: lines that change without an interrupt
 * @report_all_edges: every edge is reported, not only those that cannot be seen
 * @patient: after the first edge of a line the reading waits for the end of the
 *	debounce, as the driver does where a reading costs much
 * @earlier: lines whose first edge since the last reading was at @earlier_at
 * @earlier_at: time as the rules see it
 * @edges: edges that will be reported with the next reading
 * @changed: lines that have changed since the last reading
 * @urgent: lines that changed at @urgent_at, and are looked at first
 * @urgent_at: time
 * @outputs: what the terminals carry
 * @broken: outputs that cannot be written
 * @write_ns: how long a write takes, from @write_min_ns up
 * @write_min_ns: see @write_ns
 * @seed: of the random latency
 * @poll_ns: the re-scan; %FOREVER for none
 * @now: time
 * @wake: when the caller will do its next turn
 * @stalled_until: the caller cannot run before (suspend, a hung bus)
 * @busy: a write is under way and ends at @wake
 * @writing: the outputs that are written then
 * @asked: what the rules ask for
 * @wanted: what is being written: that, but for what is shorted
 * @turns: turns at the very time @last_turn
 * @last_turn: see @turns
 * @turns_in_all: since bench_start()
 * @complaint: what the caller found wrong with the rules, or NULL
 * @changed_to: called after every change of the terminals
 * @settled: called when a turn is complete and the caller goes to sleep
 */
struct bench {
	struct protection p;
	u64 clock;
	u32 levels;
	u32 unreadable;
	u64 took;
	u32 mute;
	bool report_all_edges;
	bool patient;
	u32 earlier;
	u64 earlier_at[PROTECTION_LINES];
	u32 edges;
	u32 changed;
	u32 urgent;
	u64 urgent_at;
	u32 outputs;
	u32 broken;
	u64 write_ns;
	u64 write_min_ns;
	u64 seed;
	u64 poll_ns;
	u64 now;
	u64 wake;
	u64 stalled_until;
	bool busy;
	u32 writing;
	u32 asked;
	u32 wanted;
	unsigned int turns;
	u64 last_turn;
	unsigned int turns_in_all;
	const char *complaint;
	void (*changed_to)(struct bench *b, u32 before);
	void (*settled)(struct bench *b, u64 next);
};

void bench_start(struct bench *b, const struct protection_config *cfg,
		 u32 found);
void bench_run_before(struct bench *b, u64 time);
void bench_run_at(struct bench *b, u64 time);
void bench_set(struct bench *b, u32 lines, bool active);
void bench_edge(struct bench *b, u32 lines);
void bench_lose(struct bench *b, u32 outputs);
void bench_kick(struct bench *b);
u64 bench_random(u64 *seed);

/* Time as the rules see it. */
static inline u64 bench_clock(const struct bench *b)
{
	return b->clock + b->now;
}

#endif /* _HOST_CALLER_H */
