/* SPDX-License-Identifier: GPL-2.0 */
/* The state of the board, as it is published. Pure. */
#ifndef _SMALLBMS_SNAPSHOT_H
#define _SMALLBMS_SNAPSHOT_H

#include <linux/types.h>

/**
 * struct snapshot - the published state of the board
 * @outputs: outputs that are high
 * @conditions: active lines as bits, and CONDITION_*
 * @unreadable: lines that count as active because they cannot be read
 * @terminals: M1
 * @remote: M2
 * @inhibit_charge: C4
 * @load_request: &enum load_request (S1)
 * @charge_tripped: O5
 * @load_reason: &enum reason
 * @charge_reason: &enum reason
 * @alarm: 0, 1, 2
 *
 * Any difference is a transition. Only u32, so that two compare as memory.
 */
struct snapshot {
	u32 outputs;
	u32 conditions;
	u32 unreadable;
	u32 terminals;
	u32 remote;
	u32 inhibit_charge;
	u32 load_request;
	u32 charge_tripped;
	u32 load_reason;
	u32 charge_reason;
	u32 alarm;
};

/**
 * struct snapshot_times - when outputs change next; these are no transitions
 * @disconnect_at: end of the countdown (L2), CLOCK_BOOTTIME in ns, or %NEVER
 * @shed_at: end of the countdown of a shed (S1, S2), likewise
 * @reconnect_at: the load may come back then (L4, L7), likewise
 */
struct snapshot_times {
	u64 disconnect_at;
	u64 shed_at;
	u64 reconnect_at;
};

#endif /* _SMALLBMS_SNAPSHOT_H */
