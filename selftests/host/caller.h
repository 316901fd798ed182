/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A rig: the driver's scan cycle (driver/scan.c and the rules) between fake inputs,
 * edges and outputs, with a virtual clock that jumps from event to event.
 *
 * The rig does what driver/core.c does: it keeps a timer, runs a cycle when that
 * expires or an edge asks for it, and publishes the result. A transfer may take
 * time, during which events go on.
 *
 * Times are nanoseconds since the begin; the driver sees them shifted by @clock, so
 * that the same scenario can be run around a wrap of the clock.
 */
#ifndef _HOST_CALLER_H
#define _HOST_CALLER_H

#include "scan.h"

#define MS		1000000ULL
#define SEC		1000000000ULL
#define FOREVER		(~0ULL >> 2)

/* An unconfirmed write is tried again after this time. */
#define WRITE_RETRY	(10 * MS)

/**
 * struct rig - a board and its surroundings
 * @scan: the driver's
 * @clock: time of the driver's clock at time 0
 * @levels: lines that are active
 * @unreadable: lines that cannot be read
 * @read_ns: duration of a read that fails
 * @read_at: time at which the last reading ended, on the driver's clock
 * @mute: lines that change without an interrupt
 * @outputs: pins that are high
 * @broken: outputs that cannot be written
 * @dropped: outputs that go low in the next write
 * @no_read_back: no pin of an output can be read
 * @corrupt: pins that the next read gets wrong, once
 * @short_circuit: terminals that are low whatever is driven
 * @backfeed: terminals that are high whatever is driven
 * @write_ns: longest duration of a write
 * @write_min_ns: shortest; between them it is random
 * @seed: of the random latency
 * @poll_ns: the poll interval; %FOREVER for none
 * @now: time
 * @wake: time at which the timer expires
 * @stalled_until: no cycle runs before (suspend, a hung bus)
 * @started: rig_start() has been called
 * @busy: a cycle is under way
 * @again: another one has been asked for meanwhile
 * @pending: lines with an edge since the last cycle took them
 * @pending_sense: the same of the terminals' sense lines
 * @more: those with more than one
 * @first_edge: time of the first, on the driver's clock
 * @missed: lines whose change was found by a poll, and not announced by an edge
 * @last_cycle: time of the last cycle
 * @cycles_at_once: cycles at @last_cycle
 * @cycles: since rig_start()
 * @violation: the caller's contract was broken, or NULL
 * @shed: settings of sheds at the start
 * @published: what the driver has published last
 * @times: what goes with it, on the driver's clock
 * @next_event: time of the next event outside; %FOREVER for none
 * @event: called then; it sets @next_event again
 * @moment_over: called before @now moves on
 * @pins_changed: called after every change of @outputs
 * @cycle_over: called after each cycle, with @published and @times filled in
 */
struct rig {
	struct scan scan;
	u64 clock;
	u32 levels;
	u32 unreadable;
	u64 read_ns;
	u64 read_at;
	u32 mute;
	u32 outputs;
	u32 broken;
	u32 dropped;
	bool no_read_back;
	u32 corrupt;
	u32 short_circuit;
	u32 backfeed;
	u64 write_ns;
	u64 write_min_ns;
	u64 seed;
	u64 poll_ns;
	u64 now;
	u64 wake;
	u64 stalled_until;
	bool started;
	bool busy;
	bool again;
	u32 pending;
	u32 pending_sense;
	u32 more;
	u64 first_edge[INPUT_COUNT];
	u32 missed;
	u64 last_cycle;
	unsigned int cycles_at_once;
	unsigned int cycles;
	const char *violation;
	struct shed_config shed;
	struct snapshot published;
	struct snapshot_times times;
	u64 next_event;
	void (*event)(struct rig *rig);
	void (*moment_over)(struct rig *rig);
	void (*pins_changed)(struct rig *rig, u32 before);
	void (*cycle_over)(struct rig *rig);
};

void rig_start(struct rig *rig, const struct protection_config *cfg, u32 sense,
	       u32 found);
void rig_run(struct rig *rig, u64 until);
void rig_scan(struct rig *rig);
void rig_stall(struct rig *rig, u64 until);
void rig_set_lines(struct rig *rig, u32 lines, bool active);
void rig_edge(struct rig *rig, u32 lines);
void rig_report_soc(struct rig *rig, int permille);
void rig_set_pins(struct rig *rig, u32 pins, bool high);
void rig_set_terminals(struct rig *rig, u32 *terminals, u32 mask, bool value);
u64 rig_random(u64 *seed);

/* judge.c */
const char *judge_violation(void);

/* Time of the driver's clock */
static inline u64 rig_clock(const struct rig *rig)
{
	return rig->clock + rig->now;
}

#endif /* _HOST_CALLER_H */
