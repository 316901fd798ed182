/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The requirements a second time, as properties of what can be seen.
 *
 * The oracle watches a board from outside: what is read, what is asked for,
 * what the terminals carry, and when. It shares no type and no constant with
 * the driver; its numbers are those of Documentation/requirements.rst. Each
 * rule is a formula of past-time metric temporal logic over signals: a signal
 * is true since some time, and held(signal, d) means that it has been true at
 * every moment of the last d.
 *
 * Times are nanoseconds of a clock that may start anywhere and may wrap.
 */
#ifndef _PROOF_ORACLE_H
#define _PROOF_ORACLE_H

#include <stdbool.h>
#include <stdint.h>

/* The wires of the board, in the order in which samples carry them. */
enum wire {
	CELL_LOW,
	CELL_UNDERVOLTAGE,
	CELL_OVERVOLTAGE,
	OVER_TEMPERATURE,
	UNDER_TEMPERATURE,
	CHARGE_INHIBIT,
	REMOTE_L,
	REMOTE_H,
	REMOTE_LOOP,
	WIRES
};

/* The terminals of the board, in the order in which they are written. */
enum terminal {
	LOAD = 1,
	CHARGE = 2,
	PRE_ALARM = 4,
};

/* What is known of one wire. */
enum sign {
	READS_ACTIVE,	/* and did so at every reading, with no edge between */
	READS_INACTIVE,	/* likewise */
	UNREADABLE,	/* every reading has failed */
	RESTLESS,	/* stirs, and was not quiet for a debounce since (T2) */
	COUNTS,		/* as active; for a remote wire, as ON */
	CLEAR,		/* counts as clear (T3) */
	SIGNS
};

/* What is known of the board. */
enum whole {
	CALM = WIRES * SIGNS,	/* no charge fault counts as active (C2) */
	WARNED,			/* the pre-alarm has been asked for (L2) */
	SOUNDING,		/* the pre-alarm terminal is high (L2) */
	SIGNALS
};

#define SIGNAL(wire, sign)	((wire) * SIGNS + (sign))

struct board {
	uint32_t wired;
	uint32_t pre_alarm_ms;
	uint32_t load_reconnect_ms;
	uint32_t charge_reconnect_ms;
	uint32_t clear_ms;
	uint32_t debounce_ms;
	bool release_pre_alarm;
	bool software_on;	/* M2 */
	bool user_inhibits;	/* C4 */
	uint32_t shorted;	/* F3: terminals that are released for now */
};

/* One look at the wires. */
struct reading {
	uint32_t active;
	uint32_t edges;		/* changed, perhaps just now */
	uint32_t unreadable;
	uint32_t earlier;	/* changed at @earlier_at, then only if in @edges */
	unsigned long long earlier_at[WIRES];
	unsigned long long took;	/* for so long the reading tried in vain */
};

struct oracle {
	struct board board;
	unsigned long long truth;			/* a bit for each signal */
	unsigned long long since[SIGNALS];	/* valid while the signal is true */
	uint32_t asked;			/* terminals asked for last */
	uint32_t carried;		/* terminals as they were reported */
	bool tripped;			/* L4, L5 */
	bool tried_in_vain;		/* a pre-alarm that could not be raised */
	uint32_t doubted;		/* terminals that failing readings took */
};

struct rule {
	const char *number;
	const char *sentence;
	uint32_t terminals;
	bool high;
	bool (*when)(const struct oracle *o, unsigned long long now);
};

extern const struct rule rules[];
extern const unsigned int rule_count;
/* How often each rule had something to say: a rule never used proves nothing. */
extern unsigned long long rule_uses[];

void oracle_start(struct oracle *o, const struct board *board,
		  const struct reading *first, uint32_t found, unsigned long long now);
const struct rule *oracle_until(struct oracle *o, const struct reading *r,
				unsigned long long now);
void oracle_reads(struct oracle *o, const struct reading *r, unsigned long long now);
const struct rule *oracle_asks(struct oracle *o, uint32_t asked, unsigned long long now);
void oracle_carries(struct oracle *o, uint32_t asked, uint32_t carried,
		    unsigned long long now);
void oracle_finds(struct oracle *o, uint32_t carried, unsigned long long now);

/* Why a terminal floats. */
enum told {
	NOTHING,	/* it does not */
	THE_TERMINALS,
	THE_SOFTWARE,
	THE_USER,
	AN_ERROR,
	A_SHORT,
	A_WIRE,		/* plus its number */
};

/* What the board tells about itself. */
struct report {
	bool terminals_on;
	unsigned long long disconnect_in;		/* all ones: none is pending */
	unsigned int load_reason;
	unsigned int charge_reason;
	unsigned int alarm;
	bool red;			/* the light of O5 */
};

const char *oracle_told(const struct oracle *o, const struct report *r,
			unsigned long long now);

static inline bool oracle_true(const struct oracle *o, unsigned int signal)
{
	return o->truth >> signal & 1;
}

#endif /* _PROOF_ORACLE_H */
