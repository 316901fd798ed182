/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The referee: sees every level on every pin of a board, and says whether the
 * board may do what it does.
 *
 * It knows the rules from the requirements, and nothing of the driver; even its
 * numbers are its own. What it cannot see on the pins the test reports to it:
 * that the software remote is off, that the driver is about to go, that reads
 * fail.
 *
 * A board has one monitor, also if its lines are on several chips: these have the
 * same string "board" in the device tree.
 */
#ifndef _BENCH_MONITOR_H
#define _BENCH_MONITOR_H

#include <linux/list.h>
#include <linux/spinlock.h>
#include <linux/types.h>

struct device;

enum role {
	ROLE_NONE,
	ROLE_CELL_LOW,
	ROLE_UNDERVOLTAGE,
	ROLE_OVERVOLTAGE,
	ROLE_OVER_TEMPERATURE,
	ROLE_UNDER_TEMPERATURE,
	ROLE_CHARGE_INHIBIT,
	ROLE_REMOTE_L,
	ROLE_REMOTE_H,
	ROLE_REMOTE_LOOP,
	ROLE_LOAD,
	ROLE_CHARGE,
	ROLE_PRE_ALARM,
	ROLE_LOAD_SENSE,
	ROLE_CHARGE_SENSE,
	ROLE_PRE_ALARM_SENSE,
	ROLE_HEARTBEAT,
	ROLE_TERMINALS,	/* not a pin: some remote line is high (M1) */
	ROLE_FAULT,	/* not a pin: some charge fault is active (C1) */
	ROLES
};

/* What the test tells, as bits */
enum {
	TOLD_REMOTE_OFF		= 1 << 0, /* M2 */
	TOLD_INHIBIT		= 1 << 1, /* C4 */
	TOLD_LEAVING		= 1 << 2, /* F1: unbind, unload, shutdown */
	TOLD_UNREADABLE		= 1 << 3, /* F2 */
	TOLD_SHORT		= 1 << 4, /* F3 */
	TOLD_STIRRED		= 1 << 5, /* somebody plays with M2 and C4 */
	TOLD_LOAD_OFF		= 1 << 6, /* S1: requested to be off */
	TOLD_SHED		= 1 << 7, /* S1, S2: requested to be shed, or by a floor */
};

/**
 * struct monitor - the referee's notes
 * @list: all monitors
 * @board: the board that it watches
 * @users: chips of that board
 * @lock: guards what follows; taken inside the lock of a chip's pins
 * @grace_ms: how long the board may take to notice an input: debounce, and
 *	what the bus or a lost interrupt costs
 * @load_reconnect_ms: L4, as the board is set to
 * @charge_reconnect_ms: C2, as the board is set to
 * @told: TOLD_*
 * @told_ns: when the test told something last
 * @untold: what it took back then
 * @fitted: roles that exist
 * @high: roles that are high
 * @since_ns: when each role changed last
 * @noticed_ns: when each role was last high after the board must have noticed
 * @raises: times that the pre-alarm has risen in the present episode
 * @warned_since_ns: when it rose first, or again after its first loss (L2)
 * @shorted: outputs, as roles, whose terminal is short-circuited
 * @shorted_since_ns: since when they have been so
 * @load_by_undervoltage: undervoltage took the load
 * @charge_by_fault: a charge fault took the charge
 * @upset_ns: when an output last changed without the board: the chip was reset,
 *	or got a wrong byte. What is off for a moment then is no disconnect
 * @reset_ns: when the chip last lost its registers, or got a wrong byte
 * @reset_before_ns: and when it did before that
 * @pardoned: outputs, as roles, that are high by the second of two resets
 * @pardoned_ns: since when
 * @checks: changes of load and charge that were judged
 * @objections: how many of them were against the rules
 */
struct monitor {
	struct list_head list;
	const char *board;
	unsigned int users;
	raw_spinlock_t lock;
	u32 grace_ms;
	u32 load_reconnect_ms;
	u32 charge_reconnect_ms;
	u32 told;
	u64 told_ns;
	u32 untold;
	u32 fitted;
	u32 high;
	u64 since_ns[ROLES];
	u64 noticed_ns[ROLES];
	unsigned int raises;
	u64 warned_since_ns;
	u32 shorted;
	u64 shorted_since_ns;
	bool load_by_undervoltage;
	bool charge_by_fault;
	u64 upset_ns;
	u64 reset_ns;
	u64 reset_before_ns;
	u32 pardoned;
	u64 pardoned_ns;
	u32 checks;
	u32 objections;
};

enum role role_of(const char *name);
const char *role_name(enum role role);
enum role role_sensed(enum role role);

struct monitor *devm_monitor_get(struct device *dev);
void monitor_fit(struct monitor *m, enum role role);
void monitor_tell(struct monitor *m, u32 told);
void monitor_reset(struct monitor *m, u64 now);
void monitor_short(struct monitor *m, u32 shorted, u64 now);
void monitor_change(struct monitor *m, struct device *dev, enum role role,
		    bool level, u64 now, bool judged);

#endif /* _BENCH_MONITOR_H */
