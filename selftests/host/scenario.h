/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Scenarios, as they are read from scenarios/. One is a title, which begins with the
 * numbers of the requirements that it shows, and indented lines:
 *
 *	with SETTING		of the whole scenario
 *	before STIMULUS		how things are when the scenario begins
 *	TIME STIMULUS		something happens; settings that are delays, too
 *	TIME start		the board is probed, with both outputs low
 *	TIME start found OUTPUTS	the same, with these outputs high
 *	TIME => CHANGES		what changes at this very nanosecond
 *	FROM..TO => CHANGES	what changes somewhere in between
 *	TIME is WHAT VALUE	a value after all else that happens at that time
 *	TIME end		the last moment that counts; without it, 100 s after
 *				the last line
 *
 * CHANGES are separated by commas:
 *
 *	load on
 *	load off REASON		also when only the reason changes; without REASON
 *				it does not change
 *	charge ...		likewise
 *	pre-alarm on|off
 *	alarm 0|1|2
 *	countdown TIME		of the disconnect, from then on; or FROM..TO
 *	countdown none
 *
 * Every change of these must be listed, and none but those that are listed may
 * happen, from 0s on. A scenario without "start" begins with a board that has been
 * running for a while: all lines fitted and quiet, the remote on, load and charge
 * on. parser.c has the list of settings, stimuli and values.
 *
 * Numbers in scenarios come from the requirements, never from the driver.
 */
#ifndef _HOST_SCENARIO_H
#define _HOST_SCENARIO_H

#include "caller.h"

/* Time 0s of a scenario, on the rig */
#define EPOCH		(10 * SEC)

enum action {
	/* expectation, and what ends a scenario */
	EXPECT,
	END,
	START,

	/* settings */
	SET_PRE_ALARM_DELAY,
	SET_LOAD_RECONNECT_DELAY,
	SET_CHARGE_RECONNECT_DELAY,
	SET_CLEAR_DELAY,
	SET_DEBOUNCE_DELAY,
	SET_FITTED,
	SET_RELEASE_PRE_ALARM,
	SET_SENSE_LINES,
	SET_WRITE_LATENCY,
	SET_READ_LATENCY,
	SET_CLOCK,
	SET_POLL_INTERVAL,
	SET_NO_POLL,
	SET_NO_INTERRUPTS,
	SET_NO_READ_BACK,

	/* stimuli */
	LINES_ON,
	LINES_OFF,
	LINES_EDGE,
	LINES_UNREADABLE,
	LINES_READABLE,
	LINES_PULSE,
	SOFTWARE_REMOTE_ON,
	SOFTWARE_REMOTE_OFF,
	USER_INHIBITS,
	USER_ALLOWS,
	WRITES_FAIL,
	WRITES_WORK,
	PIN_DROPS,
	PIN_RESET,
	PIN_LATE_WRITE,
	PIN_MISREAD,
	SHORT_BEGINS,
	SHORT_ENDS,
	BACKFEED_BEGINS,
	BACKFEED_ENDS,
	INTERRUPTS_LOST,
	INTERRUPTS_BACK,
	STALLED,

	/* questions */
	ASK_IDLE,
	ASK_NEXT,
	ASK_DISCONNECT_IN,
	ASK_CHARGE_TRIPPED,
	ASK_IMPLAUSIBLE,
	ASK_MISMATCH,
	ASK_CHATTERING,
	ASK_TERMINALS,
	ASK_MISSED,
	ASK_STATS,
};

/* What changes, and has to be listed */
enum signal {
	LOAD,
	LOAD_REASON,
	CHARGE,
	CHARGE_REASON,
	PRE_ALARM,
	ALARM,
	COUNTDOWN,
	SIGNALS
};

/**
 * struct step - a line of a scenario
 * @action: what happens
 * @from: time on the rig
 * @to: the latest time of an expectation
 * @order: of the steps in the file
 * @line: number of the line
 * @text: the line, for messages
 * @bits: lines or outputs; of ASK_STATS, the counter
 * @time: an argument, ns
 * @signal: what is expected to change
 * @reason: a reason is expected with it
 * @value: its new value, or the least one; of a question, the answer
 * @most: greatest one
 * @reason_value: &enum reason
 */
struct step {
	enum action action;
	u64 from;
	u64 to;
	unsigned int order;
	unsigned int line;
	const char *text;
	u32 bits;
	u64 time;
	enum signal signal;
	bool reason;
	u64 value;
	u64 most;
	u32 reason_value;
};

/**
 * struct scenario - one scenario
 * @path: of its file
 * @line: of its title
 * @title: begins with the numbers of rules
 * @steps: in the order of time; those that are true before come first, at 0
 * @count: number of steps
 * @next: in the order of reading
 */
struct scenario {
	const char *path;
	unsigned int line;
	const char *title;
	struct step *steps;
	unsigned int count;
	struct scenario *next;
};

/* parser.c; it ends the program at what it does not understand. */
unsigned int scenario_parse(const char *path, struct scenario ***last);

/* words.c */
struct word {
	const char *name;
	u32 value;
};

extern const struct word line_words[], output_words[], reason_words[];
extern const struct word counter_words[], yes_no[], on_off[];
extern const char * const signal_names[SIGNALS];

const char *signal_print(enum signal signal, u64 value);
const char *time_print(u64 time);
const char *answer_print(enum action question, u64 value);

#endif /* _HOST_SCENARIO_H */
