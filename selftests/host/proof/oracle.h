/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The requirements a second time, as properties of what can be observed.
 *
 * The oracle watches a board from outside: what is read, what is requested, what
 * the terminals carry, what is reported, and when. It shares no type and no
 * constant with the driver; its numbers are those of
 * Documentation/requirements.rst. Each rule is a formula of past-time metric
 * temporal logic over signals: a signal is true since some time, and
 * held(signal, d) means that it has been true at every moment of the last d.
 *
 * Times are nanoseconds of a clock that may start anywhere and may wrap.
 *
 * One cycle of the board is reported to the oracle as
 *
 *	oracle_hears()		whenever a state of charge is reported
 *	oracle_until()		optional, on a copy: was the board late?
 *	oracle_finds()		if the outputs turned out to be otherwise
 *	oracle_reads()
 *	oracle_asks()		what the board requests
 *	oracle_carries()	what the outputs are after the write
 *	oracle_reports()	what the board reports
 */
#ifndef _PROOF_ORACLE_H
#define _PROOF_ORACLE_H

#include <stdbool.h>
#include <stdint.h>

/* The lines that the board reads. */
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

#define BIT_OF(wire)	(1U << (wire))
#define FAULT_WIRES	(BIT_OF(CELL_OVERVOLTAGE) | BIT_OF(OVER_TEMPERATURE) | \
			 BIT_OF(UNDER_TEMPERATURE) | BIT_OF(CHARGE_INHIBIT))
#define REMOTE_WIRES	(BIT_OF(REMOTE_L) | BIT_OF(REMOTE_H) | \
			 BIT_OF(REMOTE_LOOP))

/* The outputs of the board. */
enum output {
	LOAD = 1,
	CHARGE = 2,
	PRE_ALARM = 4,
};

/* What is known of one wire. */
enum sign {
	READS_ACTIVE,	/* and did so at every reading, with no edge between */
	READS_INACTIVE,	/* likewise */
	UNREADABLE,	/* every reading has failed */
	RESTLESS,	/* moves, and was not quiet for a debounce since (T2) */
	COUNTS,		/* as active; for a remote wire, as ON */
	CLEAR,		/* counts as clear (T3) */
	SIGNS
};

/* What is known of the board. */
enum whole {
	CALM = WIRES * SIGNS,	/* no charge fault counts as active (C2) */
	ATTEMPTED,		/* the pre-alarm was requested, and written (L2) */
	COUNTING,		/* the 30 s (L2) */
	SOUNDING,		/* the pre-alarm output is high (L2, O3) */
	RUNNING,		/* the load is on, and no undervoltage counts (L7) */
	CHARGING,		/* charge is on (C5) */
	FULL_AND_EMPTY,		/* over- with undervoltage (F4) */
	HOT_AND_COLD,		/* over- with under-temperature (F4) */
	CONTRADICTING,		/* either of both (F4) */
	SIGNALS
};

/* What a person asks of the load (S1). */
enum request {
	ASK_AUTO,
	ASK_SHED,
	ASK_OFF,
};

/* All wires of one sign are neighbours. */
#define SIGNAL(wire, sign)	((sign) * WIRES + (wire))

struct board {
	uint32_t wired;
	uint32_t pre_alarm_ms;
	uint32_t load_reconnect_ms;
	uint32_t load_reconnect_max_ms;
	uint32_t charge_reconnect_ms;
	uint32_t clear_ms;
	uint32_t debounce_ms;
	uint32_t hold_ms;
	uint32_t steady_ms;	/* 10 min */
	bool release_pre_alarm;
	bool software_on;	/* M2 */
	bool user_inhibits;	/* C4 */
	uint32_t shorted;	/* F3: outputs that are released for now */
	uint32_t request;	/* S1, enum request */
	uint32_t floor_percent;	/* S2; 0: none */
	uint32_t recover_percent;
	uint32_t max_age_ms;	/* S3 */
};

/* One look at the wires. */
struct reading {
	uint32_t active;
	uint32_t unreadable;
	uint32_t edges;		/* had an edge since the last, first at @first_edge */
	uint32_t again;		/* and moved again after that, perhaps just now */
	unsigned long long first_edge[WIRES];
	unsigned long long took;	/* for so long the reading tried in vain */
};

struct oracle {
	struct board board;
	unsigned long long truth;		/* a bit for each signal */
	unsigned long long since[SIGNALS];	/* valid while the signal is true */
	unsigned long long read_at;	/* time of the last reading */
	uint32_t asked;		/* outputs requested last */
	uint32_t carried;	/* outputs that are high, as reported */
	bool tripped;		/* undervoltage took the load (L4, L5) */
	bool stopped;		/* a charge fault stopped charging (C1, C2) */
	bool renewed;		/* the 30 s have begun anew in this episode (L2) */
	bool load_returns;	/* its last trip is not forgotten (L7) */
	bool charge_returns;	/* the same (C5) */
	unsigned long long load_times;	/* the delay is taken so often (L7) */
	uint32_t charge_times;
	bool implausible;	/* is reported (F4) */
	bool listens;		/* switched on at the last decision (S3) */
	bool heard;		/* a state of charge is known */
	unsigned long long heard_at;	/* time of the last report */
	uint32_t lows, highs;	/* such reports in a row; more than two are two (S2) */
	bool demands;		/* by these reports the load is to be off */
	bool floored;		/* as of the last decision */
	bool by_hand, by_floor;	/* a shed has taken the load (S1, S2) */
	uint32_t load_blame;	/* reasons that may be reported, as bits */
	uint32_t charge_blame;
};

/* Has something been heard that makes a difference, with no decision since? */
static inline bool oracle_has_news(const struct oracle *o)
{
	return o->demands != o->floored;
}

struct rule {
	const char *number;
	const char *sentence;
	uint32_t outputs;
	bool high;
	bool (*when)(const struct oracle *o, unsigned long long now);
};

extern const struct rule rules[];
extern const unsigned int rule_count;
/* How often each rule applied: one that never did proves nothing. */
extern unsigned long long rule_uses[];

/* Why an output floats. */
enum why {
	WHY_NOT,	/* it does not */
	WHY_TERMINALS,
	WHY_SOFTWARE,
	WHY_USER,
	WHY_ERROR,
	WHY_SHORT,
	WHY_REFUSED,	/* S1: off */
	WHY_SHED,	/* S1: shed */
	WHY_FLOOR,	/* S2 */
	WHY_WIRE,	/* plus its number */
};

/* What the board reports. */
struct report {
	uint32_t active;	/* wires that count as active, or ON */
	uint32_t unreadable;	/* wires that count as unreadable (F2) */
	bool implausible;	/* F4 */
	bool terminals_on;
	unsigned long long disconnect_in;	/* all ones: none is pending */
	unsigned long long reconnect_in;	/* likewise */
	unsigned long long shed_in;		/* likewise */
	unsigned int load_reason;		/* enum why */
	unsigned int charge_reason;
	unsigned int alarm;
	bool red;		/* the light of O5 */
};

/* Everything that is wrong is returned as the sentence that it breaks, or NULL. */
void oracle_start(struct oracle *o, const struct board *board,
		  const struct reading *first, uint32_t found,
		  unsigned long long now);
void oracle_hears(struct oracle *o, int permille, unsigned long long now);
const struct rule *oracle_until(struct oracle *o, const struct reading *r,
				unsigned long long now);
void oracle_finds(struct oracle *o, uint32_t carried, unsigned long long now);
void oracle_reads(struct oracle *o, const struct reading *r,
		  unsigned long long now);
const struct rule *oracle_asks(struct oracle *o, uint32_t asked,
			       unsigned long long now);
void oracle_carries(struct oracle *o, uint32_t asked, uint32_t carried,
		    unsigned long long now);
const char *oracle_reports(struct oracle *o, const struct report *r,
			   unsigned long long now);

#endif /* _PROOF_ORACLE_H */
