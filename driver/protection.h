/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The rules of the board: qualified conditions in, requested outputs out.
 *
 * Pure, like debounce.h, whose words on time hold here as well. One scan cycle of
 * the caller is
 *
 *	debounce_update(&p->debounce, ...)	levels as they were just read
 *	protection_decide()			the outputs that the rules request
 *	(write them)
 *	protection_feedback()			the outputs as they are now
 *	protection_next()			when the next cycle is due
 *
 * protection_feedback() is called as well whenever a reading finds outputs at other
 * levels than they were left, before the next decision.
 *
 * Letters with a number (L2, T3) are the rules of
 * Documentation/requirements.rst.
 */
#ifndef _SMALLBMS_PROTECTION_H
#define _SMALLBMS_PROTECTION_H

#include "debounce.h"
#include "shed.h"

/* L7, C5: an output that was connected for so long has recovered from its trips. */
#define STEADY_MS			600000

/**
 * struct protection_config - the board's lines and delays
 * @debounce: T2, T3
 * @pre_alarm_delay_ms: L2
 * @load_reconnect_delay_ms: L4
 * @load_reconnect_max_ms: L7; below @load_reconnect_delay_ms nothing is doubled
 * @charge_reconnect_delay_ms: C2
 * @pre_alarm_hold_ms: O3
 * @steady_ms: %STEADY_MS
 * @release_pre_alarm_on_disconnect: O3
 */
struct protection_config {
	struct debounce_config debounce;
	u32 pre_alarm_delay_ms;
	u32 load_reconnect_delay_ms;
	u32 load_reconnect_max_ms;
	u32 charge_reconnect_delay_ms;
	u32 pre_alarm_hold_ms;
	u32 steady_ms;
	bool release_pre_alarm_on_disconnect;
};

/**
 * struct trips - the trips of an output that follow each other too soon (L7, C5)
 * @count: each but the first doubles the reconnect delay, up to a limit
 * @steady: the output is connected, and no condition speaks against it
 * @steady_since: @steady is unbroken since then, ns
 */
struct trips {
	u32 count;
	bool steady;
	u64 steady_since;
};

/**
 * struct protection - the state of one board's rules
 * @debounce: the lines; @debounce.cfg is used in place of @cfg.debounce
 * @cfg: the delays may be changed between two cycles
 * @software_remote: M2, on after protection_init()
 * @inhibit_charge: C4, off after protection_init()
 * @actual: outputs that are high
 * @requested: outputs that protection_decide() requested last
 * @shorted: outputs that must stay low for now, whatever the rules request (F3)
 * @pre_alarm: an episode of the pre-alarm is under way: it is requested, and has
 *	been raised or attempted
 * @pre_alarm_renewed: the 30 s have begun anew in this episode
 * @pre_alarm_first: time of the episode's first attempt, ns
 * @pre_alarm_since: the 30 s count since then, ns
 * @pre_alarm_raised: the output is high since then, ns (O3)
 * @load_tripped: undervoltage disconnected the load, or keeps it off (L2, L4, L5)
 * @charge_tripped: a charge fault is active, or clear for less than C2's delay
 * @load_trips: L7
 * @charge_trips: C5
 * @load_trip_reason: of the last trip, &enum reason
 * @charge_trip_reason: of the last trip, &enum reason
 * @shed: loads that are shed on purpose (S1-S3)
 */
struct protection {
	struct debounce debounce;
	struct protection_config cfg;
	bool software_remote;
	bool inhibit_charge;
	u32 actual;
	u32 requested;
	u32 shorted;
	bool pre_alarm;
	bool pre_alarm_renewed;
	u64 pre_alarm_first;
	u64 pre_alarm_since;
	u64 pre_alarm_raised;
	bool load_tripped;
	bool charge_tripped;
	struct trips load_trips;
	struct trips charge_trips;
	u32 load_trip_reason;
	u32 charge_trip_reason;
	struct shed shed;
};

void protection_init(struct protection *p, const struct protection_config *cfg,
		     const struct debounce_sample *first, u32 found, u64 now);
u32 protection_decide(struct protection *p, u64 now);
void protection_feedback(struct protection *p, u32 actual, u64 now);
u64 protection_next(const struct protection *p, u64 now);

u64 protection_disconnect_in(const struct protection *p, u64 now);
u64 protection_shed_in(const struct protection *p, u64 now);
u64 protection_reconnect_in(const struct protection *p, u64 now);
u32 protection_load_reason(const struct protection *p, u64 now);
u32 protection_charge_reason(const struct protection *p, u64 now);
unsigned int protection_alarm(const struct protection *p);

/**
 * protection_let_go() - the outputs were released on purpose, as for a sleep
 * @p: the board; protection_feedback() without outputs follows
 *
 * L2: a pre-alarm that is raised afterwards is a new one, and its 30 s count from then.
 */
static inline void protection_let_go(struct protection *p)
{
	p->pre_alarm = false;
}

#endif /* _SMALLBMS_PROTECTION_H */
