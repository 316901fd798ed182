/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What is explored: boards, their states, and the steps between these.
 *
 * A state is what the driver and the oracle remember between two cycles, each time
 * replaced by its age in ticks. README.rst explains why that is enough.
 */
#ifndef _PROOF_WORLD_H
#define _PROOF_WORLD_H

#include "adapter.h"
#include "oracle_terminals.h"
#include "signals.h"
#include "terminal.h"

#define MS		1000000ULL
#define NOT_DUE		0xffffU	/* no cycle falls due by itself */
#define NO_NODE		(~0U)
#define MAX_FITTED	WIRES
#define MAX_LOOKS	96
#define MAX_EVENTS	64
#define MAX_KEY		128

enum mode {
	BOARD,	/* readings, debounce, rules: end to end */
	LINES,	/* readings and debounce alone */
	RULES,	/* the rules over lines that do what they like */
};

/* What can be read of a wire: kinds of looks, as bits. */
#define LEVELS	1	/* a level */
#define EDGES	2	/* that has just been left and taken up again */
#define FAULTY	4	/* or that cannot be read */
#define LATE	8	/* the reading comes later than the edge */
#define TWICE	16	/* and after one more */
#define BLINDLY	32	/* or a reading that fails for as long as it is retried */

/* What a line is to the rules (mode RULES), in the letters of line_kinds[]. */
#define QUIET	0x001	/* inactive and at rest */
#define FRESH	0x002	/* inactive, not yet for a debounce */
#define RISING	0x004	/* reads active, not yet for a debounce */
#define FAILING	0x008	/* inactive; its reading fails, not yet for long */
#define LOST	0x010	/* was rising when its reading began to fail */
#define ACTIVE	0x020	/* counts, and reads active */
#define WEAK	0x040	/* the same; its reading fails, not yet for long */
#define FADING	0x080	/* counts, and reads inactive */
#define FAINT	0x100	/* the same; its reading fails, not yet for long */
#define BLIND	0x200	/* counts because it cannot be read */
#define KINDS	10

/* What happens of S. There is a floor at the start. */
#define REQUESTS	1	/* the load request changes */
#define REPORTS		2	/* reports, one or two in a row, of every kind */
#define FLOORS		4	/* the floor is taken away or set, the age is changed */

struct delays {
	unsigned int debounce, clear, pre_alarm, load_reconnect,
		     charge_reconnect;
};

/**
 * struct part - a board that is explored to the end
 * @name: what it covers
 * @mode: see &enum mode
 * @fitted: number of lines
 * @wires: the lines
 * @looks: what can be read of each of @wires: %LEVELS, ...; in mode %RULES what
 *	each can be: %QUIET, ...
 * @away: mode %RULES: so many lines differ from QUIET, or from how they began
 * @at_once: mode %RULES: so many lines change in one step
 * @tick_ms: the grid of time; delays below are in ticks of it
 * @delays: delays
 * @others: delays that are set while the board runs, if any is not 0
 * @load_max: L7, in ticks; 0 if the delay of the load never doubles
 * @steady: L7, C5: the 10 min, in ticks; 0 if nothing doubles
 * @hold: O3, in ticks
 * @release: O3
 * @remote: the software remote may be switched in any cycle
 * @user: the user's inhibition may be switched in any cycle
 * @slow: a write may take a tick
 * @fail: outputs that may refuse to be written
 * @lose: outputs that may be found low, as after the reset of a chip
 * @raise: outputs that may be found high
 * @shorts: outputs that may be shorted for a while, at any time (F3)
 * @sense: outputs with a sense line, and driver/terminal.c
 * @sheds: what of S happens, at any time: %REQUESTS, %REPORTS, ...
 * @max_age: S3, in ticks
 * @twin: beside the board runs another one, for which nothing of S happens (S4)
 */
struct part {
	const char *name;
	enum mode mode;
	unsigned int fitted;
	unsigned int wires[MAX_FITTED];
	unsigned int looks[MAX_FITTED];
	unsigned int away, at_once;
	unsigned int tick_ms;
	struct delays delays, others;
	unsigned int load_max, steady, hold;
	bool release, remote, user, slow;
	u32 fail, lose, raise, shorts, sense;
	unsigned int sheds, max_age;
	bool twin;
};

/**
 * struct world - a state, with times instead of ages
 * @p: the driver's rules and lines
 * @t: the driver's terminals
 * @o: the oracle's view of the same
 * @s: the oracle's view of the terminals
 * @next: ticks until the next cycle is due, or %NOT_DUE
 * @failed: the last write did
 * @slow: and it ended a tick after the reading
 * @others: the other delays are set
 * @twin: the board without S (&struct part)
 */
struct world {
	struct protection p;
	struct protection twin;
	struct terminal t;
	struct oracle o;
	struct terminals s;
	unsigned int next;
	bool failed, slow, others;
};

/* A state of charge, as it is reported: by where it is */
enum soc {
	SOC_NONE,	/* no report */
	SOC_UNKNOWN,
	SOC_LOW,	/* at the floor */
	SOC_ABOVE,	/* just above it */
	SOC_BELOW,	/* just below the recovery */
	SOC_HIGH,	/* at the recovery */
};

/* What happens in a cycle besides readings; @remote, @user: 2 to leave it. */
struct event {
	u8 remote, user;
	u8 lose, raise;
	u8 shorted;		/* 8: as before */
	bool swap;		/* the other delays */
	u8 sense, known;	/* of the terminals */
	u8 request;		/* S1; 3 to leave it */
	u8 soc, soc_again;	/* reports, enum soc: none, one or two */
	bool other_floor;	/* there is one, or there is none */
	bool other_age;		/* one tick, or as before */
};

/* One cycle, as the environment chooses it. */
struct action {
	unsigned int ticks;
	unsigned int input;
	unsigned int event;
	u32 fail;
	bool slow;
};

struct node {
	u32 parent;
	u32 healthy;	/* the next state if all stays well */
	u32 low;	/* the next state if undervoltage stays */
	u64 action;
};

/* What all parts, each a process, add to. */
struct totals {
	u64 states, transitions;
	u64 uses[64];
	u64 failed, lost, raised, shorted, swapped, slow;
	u64 requested, reported, twins;
	u32 pairs[WIRES];	/* lines that are away from rest together */
	u32 unreadable;		/* most lines that are so at once */
};

extern const struct part parts[];
extern const unsigned int part_count;

/* explore.c */
extern bool first_only;
extern u64 seed_of_run;

/* search.c */
extern struct node *nodes;
extern u32 node_count;
extern u64 transitions;
extern struct totals covered;
extern const char *complaint;
void search_begin(void);
u32 reach(const u8 *key, u32 parent, u64 action, bool *is_new);
void reach_end(const u8 *key, u32 parent, u64 action);
const u8 *key_of(u32 node);
u64 random_next(void);
void complain(const char *number, const char *sentence);
void complain_rule(const struct rule *rule, const char *how);

/* state.c */
extern const struct part *part;
extern struct board board, other_board;
extern unsigned int horizon;
extern unsigned int key_size;
extern u64 tick;
void prepare(const struct part *next);
void set_delays(struct world *w);
void pack(struct world *w, u64 now, u8 *key);
void unpack(struct world *w, u64 now, const u8 *key, bool wild);
void cover(const struct world *w);

/* inputs.c */
extern struct event events[MAX_EVENTS];
extern unsigned int event_count;
void inputs_prepare(void);
unsigned int input_count(void);
struct reading read_input(unsigned int input, u64 now, bool wild);
bool is_read_late(unsigned int input, const struct world *w);
bool may_be_read(unsigned int input, const struct world *w, unsigned int ticks);
unsigned int good_input(bool low);
void print_input(unsigned int input);

/* free.c */
void free_prepare(void);
unsigned int free_count(void);
void free_look(const struct world *w, u64 now);
bool free_may(unsigned int input);
void free_apply(struct world *w, unsigned int input, u64 now);
void free_refresh(struct world *w, u64 now);
u32 free_first_active(void);
void free_print(unsigned int input);
const char *free_knows(const struct world *w, u64 now);

/* cycle.c */
void first_states(void);
void expand(u32 from);
bool next_of_a_still_run(const struct world *w, const struct action *a);
u64 encode(const struct action *a);
struct action decode(u64 code);

/* sheds.c */
void shed_start(struct world *w);
void shed_events(struct world *w, const struct event *e, u64 now);
void twin_finds(struct world *w, const struct event *e, u64 now);
void twin_decides(struct world *w, u64 now);
void twin_carries(struct world *w, u32 fail, u64 now);

/* live.c */
void live(bool low, unsigned int bound, const char *sentence);

/* story.c */
void print_story(u32 node);

#endif /* _PROOF_WORLD_H */
