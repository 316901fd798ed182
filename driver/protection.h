/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The rules of the board: levels in, wanted outputs out.
 *
 * Nothing here knows a device, a lock or a clock. All times are u64
 * nanoseconds of one clock that never goes back (the driver passes
 * CLOCK_BOOTTIME, T4); only differences of them are used, so the clock may
 * wrap. The caller serialises all calls for one &struct protection.
 *
 * A turn of the caller is
 *
 *	protection_sense()	the levels as they are now
 *	protection_decide()	the outputs that the rules ask for
 *	(write them)
 *	protection_applied()	what the terminals really carry since then
 *	protection_next()	when to come back at the latest
 *
 * Letters with a number (L2, T3) are the rules of
 * Documentation/requirements.rst.
 */
#ifndef _SMALLBMS_PROTECTION_H
#define _SMALLBMS_PROTECTION_H

#include <linux/types.h>

/* L2: nobody may be promised less warning than this. */
#define PROTECTION_PRE_ALARM_DELAY_MIN_MS	30000

#define PROTECTION_PRE_ALARM_DELAY_MS		30000
#define PROTECTION_LOAD_RECONNECT_DELAY_MS	30000
#define PROTECTION_CHARGE_RECONNECT_DELAY_MS	1000
#define PROTECTION_CLEAR_DELAY_MS		1000
#define PROTECTION_DEBOUNCE_DELAY_MS		20

/*
 * F2: for so long a failing read is tried again before its line counts as
 * active. It leaves 20 ms of the 100 ms for the bus and for the decision.
 */
#define PROTECTION_READ_RETRY_MS		80
#define PROTECTION_READ_RETRY_INTERVAL_MS	10

/* F4: lines that contradict each other for longer are a broken cord. */
#define PROTECTION_IMPLAUSIBLE_MS		1000

/* protection_next(): nothing will fall due by itself. */
#define PROTECTION_NEVER			(~(u64)0)

/**
 * enum protection_line - the lines that the board can read
 * @PROTECTION_CELL_LOW: a cell is below its pre-alarm threshold
 * @PROTECTION_CELL_UNDERVOLTAGE: a cell is below its load disconnect threshold
 * @PROTECTION_CELL_OVERVOLTAGE: a cell is too full
 * @PROTECTION_OVER_TEMPERATURE: a battery is too hot to be charged
 * @PROTECTION_UNDER_TEMPERATURE: a battery is too cold to be charged
 * @PROTECTION_CHARGE_INHIBIT: any of the last three, on one line
 * @PROTECTION_REMOTE_L: terminal L is at battery minus (M1)
 * @PROTECTION_REMOTE_H: terminal H is high (M1)
 * @PROTECTION_REMOTE_LOOP: L and H are joined (M1)
 * @PROTECTION_LINES: how many there are
 */
enum protection_line {
	PROTECTION_CELL_LOW,
	PROTECTION_CELL_UNDERVOLTAGE,
	PROTECTION_CELL_OVERVOLTAGE,
	PROTECTION_OVER_TEMPERATURE,
	PROTECTION_UNDER_TEMPERATURE,
	PROTECTION_CHARGE_INHIBIT,
	PROTECTION_REMOTE_L,
	PROTECTION_REMOTE_H,
	PROTECTION_REMOTE_LOOP,
	PROTECTION_LINES
};

#define PROTECTION_BIT(line)	(1U << (line))

/* C1: the conditions that disconnect charge. */
#define PROTECTION_CHARGE_FAULTS				\
	(PROTECTION_BIT(PROTECTION_CELL_OVERVOLTAGE) |		\
	 PROTECTION_BIT(PROTECTION_OVER_TEMPERATURE) |		\
	 PROTECTION_BIT(PROTECTION_UNDER_TEMPERATURE) |		\
	 PROTECTION_BIT(PROTECTION_CHARGE_INHIBIT))

#define PROTECTION_CONDITIONS					\
	(PROTECTION_BIT(PROTECTION_CELL_LOW) |			\
	 PROTECTION_BIT(PROTECTION_CELL_UNDERVOLTAGE) |		\
	 PROTECTION_CHARGE_FAULTS)

#define PROTECTION_REMOTES					\
	(PROTECTION_BIT(PROTECTION_REMOTE_L) |			\
	 PROTECTION_BIT(PROTECTION_REMOTE_H) |			\
	 PROTECTION_BIT(PROTECTION_REMOTE_LOOP))

/* Outputs, as bits. Set means high; the safe state of every one is 0 (F1). */
#define PROTECTION_LOAD		0x1U	/* O1: 0 disconnects the loads */
#define PROTECTION_CHARGE	0x2U	/* O2: 0 disconnects the chargers */
#define PROTECTION_PRE_ALARM	0x4U	/* O3: 0 is silent */

/**
 * enum protection_reason - why an output floats
 * @PROTECTION_NO_REASON: it is high
 * @PROTECTION_BY_TERMINALS: the remote terminals say OFF (M1)
 * @PROTECTION_BY_REMOTE: the software remote says OFF (M2)
 * @PROTECTION_BY_USER: the user inhibits charging (C4)
 * @PROTECTION_BY_IO_ERROR: an input cannot be read, or the output not written
 * @PROTECTION_BY_SENSE_MISMATCH: the terminal is shorted (F3)
 * @PROTECTION_BY_LINE: plus an &enum protection_line, by that condition
 */
enum protection_reason {
	PROTECTION_NO_REASON,
	PROTECTION_BY_TERMINALS,
	PROTECTION_BY_REMOTE,
	PROTECTION_BY_USER,
	PROTECTION_BY_IO_ERROR,
	PROTECTION_BY_SENSE_MISMATCH,
	PROTECTION_BY_LINE,
};

/**
 * struct protection_config - what the board is, and how long it waits
 * @fitted: lines that are wired, bits of &enum protection_line
 * @pre_alarm_delay_ms: L2, at least %PROTECTION_PRE_ALARM_DELAY_MIN_MS
 * @load_reconnect_delay_ms: L4
 * @charge_reconnect_delay_ms: C2
 * @clear_delay_ms: T3
 * @debounce_delay_ms: T2
 * @release_pre_alarm_on_disconnect: O3
 */
struct protection_config {
	u32 fitted;
	u32 pre_alarm_delay_ms;
	u32 load_reconnect_delay_ms;
	u32 charge_reconnect_delay_ms;
	u32 clear_delay_ms;
	u32 debounce_delay_ms;
	bool release_pre_alarm_on_disconnect;
};

/**
 * struct protection_sample - one reading of all lines
 * @levels: lines that read active, bits of &enum protection_line
 * @edges: lines that are known to have changed since the last sample, even if
 *	they read the same again (T2)
 * @unreadable: lines whose reading failed; their level is ignored (F2)
 * @earlier: lines that are known to have changed at @earlier_at, and, unless
 *	they are in @edges as well, not since then
 * @earlier_at: ns, neither before the last sample nor after this one
 * @took: ns that the reading took until it failed, which count (F2)
 * @skipped: lines that were not read; all is left as it is for them
 *
 * @earlier saves the caller a reading: instead of one at the edge and one when
 * the debounce is over, the latter will do.
 */
struct protection_sample {
	u32 levels;
	u32 edges;
	u32 unreadable;
	u32 earlier;
	u64 earlier_at[PROTECTION_LINES];
	u64 took;
	u32 skipped;
};

/**
 * struct protection - the state of one board
 * @cfg: the delays may be changed between two turns
 * @software_remote: M2, on after protection_init()
 * @inhibit_charge: C4, off after protection_init()
 * @raw: level of each line at the last sample that could be read
 * @active: what the rules go by: debounced (T2), cleared late (T3)
 * @bursting: inactive lines that are not quiet
 * @unread: lines whose last reading failed
 * @failed: lines that count as active because they cannot be read (F2)
 * @run_since: since when @raw of a line is unbroken
 * @burst_since: when a bursting line was first seen to stir
 * @active_since: when the line's bit in @active last changed
 * @unread_since: when the reading of the line began to fail
 * @outputs: what the terminals carry
 * @wanted: what protection_decide() asked for last
 * @shorted: outputs that must stay low for now, whatever the rules say (F3)
 * @implausible: the lines contradict each other (F4)
 * @contradicting: they do so since @contradicting_since, perhaps not for long
 * @contradicting_since: see @contradicting
 * @warning_since: the pre-alarm is given since then, if @warning
 * @warning: the pre-alarm output has been raised, or at least tried to be
 * @load_tripped: undervoltage took the load, or keeps it off (L2, L4, L5)
 * @charge_blocked: a charge fault is active or was until just now (C1, C2)
 * @load_cause: why the load tripped last, an &enum protection_reason
 * @charge_cause: why charge was blocked last, an &enum protection_reason
 */
struct protection {
	struct protection_config cfg;
	bool software_remote;
	bool inhibit_charge;

	u32 raw;
	u32 active;
	u32 bursting;
	u32 unread;
	u32 failed;
	u64 run_since[PROTECTION_LINES];
	u64 burst_since[PROTECTION_LINES];
	u64 active_since[PROTECTION_LINES];
	u64 unread_since[PROTECTION_LINES];

	u32 outputs;
	u32 wanted;
	u32 shorted;
	bool implausible;
	bool contradicting;
	u64 contradicting_since;
	u64 warning_since;
	bool warning;
	bool load_tripped;
	bool charge_blocked;
	u32 load_cause;
	u32 charge_cause;
};

void protection_init(struct protection *p, const struct protection_config *cfg,
		     const struct protection_sample *first, u32 found, u64 now);
void protection_sense(struct protection *p,
		      const struct protection_sample *s, u64 now);
u32 protection_decide(struct protection *p, u64 now);
void protection_applied(struct protection *p, u32 wanted, u32 outputs,
			u64 now);
void protection_found(struct protection *p, u32 outputs);
u64 protection_next(const struct protection *p, u64 now);

bool protection_terminals(const struct protection *p);
u64 protection_disconnect_in(const struct protection *p, u64 now);
u32 protection_load_reason(const struct protection *p, u64 now);
u32 protection_charge_reason(const struct protection *p, u64 now);

/**
 * protection_stake() - what a line takes with it, whatever the others say
 * @line: the line
 *
 * The remote terminals are not like that (M1).
 *
 * Return: an output, or 0.
 */
static inline u32 protection_stake(unsigned int line)
{
	if (PROTECTION_BIT(line) & PROTECTION_CHARGE_FAULTS)
		return PROTECTION_CHARGE;
	return line == PROTECTION_CELL_UNDERVOLTAGE ? PROTECTION_LOAD : 0;
}

/**
 * protection_glance() - what can be let go ahead of a turn
 * @p: the board
 * @line: a line that has changed, and reads active; no other was looked at
 * @now: when, ns
 *
 * Asks a copy, so that the turn which follows decides by all lines. One of the
 * others may just be over: nothing goes but what is at stake by @line itself.
 *
 * Return: outputs that are high and have to float.
 */
static inline u32 protection_glance(const struct protection *p,
				    unsigned int line, u64 now)
{
	struct protection_sample s = {
		.levels = PROTECTION_BIT(line),
		.edges = PROTECTION_BIT(line),
		.skipped = ~PROTECTION_BIT(line),
	};
	struct protection copy = *p;

	protection_sense(&copy, &s, now);
	return protection_stake(line) & copy.outputs &
	       ~protection_decide(&copy, now);
}

/**
 * protection_alarm() - how far the bank is down
 * @p: the board
 *
 * Return: 0 none, 1 pre-alarm, 2 the load is disconnected by undervoltage.
 */
static inline unsigned int protection_alarm(const struct protection *p)
{
	if (p->load_tripped && !(p->outputs & PROTECTION_LOAD))
		return 2;
	return p->outputs & PROTECTION_PRE_ALARM ? 1 : 0;
}

#endif /* _SMALLBMS_PROTECTION_H */
