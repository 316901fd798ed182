/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The scan cycle: read all inputs, run the protection rules, write the outputs.
 *
 * There is one copy of it. Where no line sleeps it runs under the lock as a whole,
 * also in hard interrupt context. Where one does, a thread runs it, and the lock is
 * dropped during each transfer; nobody else runs cycles then, so inputs and outputs
 * are the thread's own.
 */
#ifndef _SMALLBMS_SCAN_H
#define _SMALLBMS_SCAN_H

#include <linux/spinlock.h>

#include "edges.h"
#include "inputs.h"
#include "outputs.h"
#include "protection.h"
#include "settings.h"
#include "snapshot.h"
#include "terminal.h"

/**
 * struct scan_stats - counters since probe; they wrap as u32 do
 * @pre_alarms: times that the pre-alarm was raised
 * @load_disconnects: times that undervoltage disconnected the load
 * @charge_disconnects: times that a charge fault disconnected charge
 * @read_errors: scans in which a read failed
 * @write_errors: scans in which a write failed, or was not confirmed
 */
struct scan_stats {
	u32 pre_alarms;
	u32 load_disconnects;
	u32 charge_disconnects;
	u32 read_errors;
	u32 write_errors;
};

/**
 * struct scan - all that the scan cycle works on
 * @name: of the board, for the trace
 * @sleeps: a line may sleep, so the cycle drops @lock during transfers
 * @inputs: the lines that are read
 * @edges: their interrupts
 * @outputs: the lines that are driven
 * @lock: guards what follows
 * @setting: by &enum core_setting, as requested last
 * @protection: the rules
 * @terminal: terminal feedback
 * @stats: counters
 * @reading: of the cycle that is under way; not on its stack, which kernels may clear
 * @sampled_at: time of the last sample, CLOCK_BOOTTIME in ns
 * @polled: the next cycle runs because the poll interval is over
 * @peeked: the last cycle read a single line; the next one is due soon
 */
struct scan {
	const char *name;
	bool sleeps;
	struct inputs inputs;
	struct edges edges;
	struct outputs outputs;

	raw_spinlock_t lock;
	u32 setting[CORE_SETTINGS];
	struct protection protection;
	struct terminal terminal;
	struct scan_stats stats;
	struct inputs_scan reading;
	u64 sampled_at;
	bool polled;
	bool peeked;
};

/**
 * scan_io_begin() - transfers follow
 * @s: the board, its lock held
 *
 * They may sleep where a line does, and whoever takes the lock must not wait for them.
 */
static inline void scan_io_begin(struct scan *s)
	__releases(&s->lock)
{
	if (s->sleeps)
		raw_spin_unlock_irq(&s->lock);
	else
		__release(&s->lock);
}

/**
 * scan_io_end() - transfers are over
 * @s: the board; its lock is held again
 */
static inline void scan_io_end(struct scan *s)
	__acquires(&s->lock)
{
	if (s->sleeps)
		raw_spin_lock_irq(&s->lock);
	else
		__acquire(&s->lock);
}

void scan_init(struct scan *s, const struct protection_config *cfg, u32 found);
void scan_apply(struct scan *s, enum core_setting setting, u32 value);
u64 scan_report_soc(struct scan *s, int permille, u64 now);
void scan_cycle(struct scan *s);
u64 scan_edge_due(const struct scan *s, u32 line, u64 at, bool more);
u64 scan_next(struct scan *s, u64 now);
void scan_feedback(struct scan *s, u32 actual, u64 now);
const char *scan_busy(struct scan *s, u64 now);
void scan_describe(const struct scan *s, struct snapshot *snapshot,
		   struct snapshot_times *times, u64 now);

#endif /* _SMALLBMS_SCAN_H */
