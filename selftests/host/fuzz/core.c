// SPDX-License-Identifier: GPL-2.0
/*
 * The driver's rules beside the oracle of ../proof, with the real delays and extreme
 * ones, any clock, all nine lines and any nanosecond: where explore.c has a grid,
 * this has none.
 *
 * The input is a header of HEADER bytes, the board, and CYCLE bytes a cycle.
 */
#include <stdio.h>
#include <stdlib.h>

#include "../proof/adapter.h"
#include "../proof/oracle_terminals.h"
#include "fuzz.h"
#include "terminal.h"

#define MS		1000000ULL
#define HEADER		10
#define CYCLE		14

/* What happens in a cycle besides a reading */
enum {
	FLIP_REMOTE = 0x01,
	FLIP_USER = 0x02,
	NEW_DELAYS = 0x04,
	LOSE = 0x08,		/* outputs that are found low */
	RAISE = 0x10,		/* outputs that are found high */
	SLOW = 0x20,		/* the write takes time */
	LATE = 0x40,		/* the cycle comes later than it is due */
	SHORTED = 0x80,		/* without sense lines: outputs kept low */
};

/* What happens of S in a cycle; the next byte says which, or how much */
enum {
	NOTHING_OF_S,
	REPORT,			/* so many 4 permille, */
	REPORT_TWICE,
	REPORT_NOTHING,		/* or that it is unknown */
	REQUEST,
	SET_FLOOR,
	SET_RECOVERY,
	SET_AGE,
	KINDS_OF_S
};

/* A board, the oracle that watches it, and the time */
struct run {
	struct protection p;
	struct terminal t;
	struct oracle o;
	struct terminals s;
	struct board board;
	u32 sensed;		/* outputs that have a sense line */
	u64 now;
	u64 sampled_at;
	u64 next;
	bool punctual;
	unsigned int cycles;	/* at this moment */
};

static void refute(const char *what, const char *sentence, const char *how)
{
	fprintf(stderr, "refuted: %s: %s%s\n", what, sentence, how);
	abort();
}

static void must(const struct rule *rule, const char *how)
{
	if (rule)
		refute(rule->number, rule->sentence, how);
}

static void must_report(const char *sentence)
{
	if (sentence)
		refute("reported", sentence, "");
}

static void must_end(bool ends)
{
	if (!ends)
		refute("Zeno", "cycles without end at one moment", "");
}

static u32 delay(u8 choice)
{
	static const u32 delays[] = {
		20, 1000, 30000, 0, 1, 19, 21, 60, 40, 80, 100, 3000,
		29999, 30001, 3600000, 0xffffffff,
	};

	return delays[choice % 16];
}

/* Of the delays that are over in the time that a run can last. */
static u32 short_delay(u8 choice)
{
	return delay(choice % 15);
}

static u64 clock_of(u8 choice)
{
	switch (choice % 4) {
	case 0:
		return 0;
	case 1:
		return 0 - 1000 * MS * (choice / 4);
	case 2:
		return (1ULL << 63) - 1000 * MS * (choice / 4);
	}
	return 0x9e3779b97f4a7c15ULL * choice;
}

/* How long until the next cycle; never longer than @next, unless it is late. */
static u64 wait(u8 how, u64 next)
{
	u64 most = next == NEVER ? 3600 * 1000 * MS : next;
	u64 step;

	switch (how % 8) {
	case 0:
	case 1:
	case 2:
		return most;
	case 3:
		return most ? most - 1 : 0;
	case 4:
		step = 1;
		break;
	case 5:
		step = (how / 8 + 1) * MS;
		break;
	case 6:
		step = 19999999 + how / 8;
		break;
	default:
		step = most / 32 * (how / 8 + 1);
	}
	return step < most ? step : most;
}

/* Nine lines: the last one of four masks is in a byte of its own. */
static u32 lines(const u8 *data, unsigned int mask)
{
	return data[2 + mask] | (u32)(data[6] >> mask & 1) << 8;
}

/*
 * First edges since the last sample. The driver reads a line that is chattering at
 * each edge, and any other when its debounce is over.
 */
static void add_edges(struct reading *r, struct run *run, const u8 *data)
{
	const struct debounce *d = &run->p.debounce;
	u64 most = d->cfg.debounce_delay_ms * MS;
	unsigned int wire;

	if (most > run->now - run->sampled_at)
		most = run->now - run->sampled_at;
	r->edges = data[6] & 0x20 ? lines(data, 2) : 0;
	r->again = r->edges & (data[6] & 0x40 ? lines(data, 3) : 0);
	for (wire = 0; wire < WIRES; wire++) {
		u64 age = most / 8 * (data[7] >> wire % 4 & 7) +
			  (data[7] & 8 && most);

		if (d->chattering & BIT(wire))
			age = 0;
		r->first_edge[wire] = run->now - age;
	}
}

static struct reading read_lines(struct run *run, const u8 *data)
{
	struct reading r = {
		.active = lines(data, 0),
		/* seldom, or never would anything be known */
		.unreadable = data[6] & 0x10 ? lines(data, 1) : 0,
		.took = data[6] & 0x80 ? (run->now - run->sampled_at) / 4 : 0,
	};

	add_edges(&r, run, data);
	return r;
}

static void change_settings(struct run *run, const u8 *data)
{
	u8 also = data[8];

	if (also & FLIP_REMOTE)
		run->p.software_remote = !run->p.software_remote;
	if (also & FLIP_USER)
		run->p.inhibit_charge = !run->p.inhibit_charge;
	if (also & NEW_DELAYS) {
		run->board.pre_alarm_ms = delay(data[9]);
		run->board.load_reconnect_ms = delay(data[9] >> 4);
		adapt_delays(&run->p, &run->board);
		run->o.board.pre_alarm_ms = run->board.pre_alarm_ms;
		run->o.board.load_reconnect_ms = run->board.load_reconnect_ms;
	}
	run->o.board.software_on = run->p.software_remote;
	run->o.board.user_inhibits = run->p.inhibit_charge;
}

static void report_soc(struct run *run, int permille)
{
	if (permille < 0)
		shed_forget(&run->p.shed);
	else
		shed_report(&run->p.shed, permille, run->now);
	oracle_hears(&run->o, permille, run->now);
	if (shed_changed(&run->p.shed) != oracle_has_news(&run->o))
		refute("S5", "a report has a cycle run when it makes a difference", "");
}

/* S, with settings within their limits, of which some limit each other */
static void change_shed(struct run *run, u8 what, u8 value)
{
	static const u32 ages[] = { 30000, 2000, 600000, 2001 };
	struct shed_config *cfg = &run->p.shed.cfg;
	int permille = value * 4 > 1000 ? 1000 : value * 4;

	switch (what % KINDS_OF_S) {
	case REPORT_TWICE:
		report_soc(run, permille);
		report_soc(run, permille);
		break;
	case REPORT:
		report_soc(run, permille);
		break;
	case REPORT_NOTHING:
		report_soc(run, -1);
		break;
	case REQUEST:
		cfg->request = value % LOAD_REQUESTS;
		break;
	case SET_FLOOR:
		cfg->floor_percent = value % 91;
		if (cfg->floor_percent >= cfg->recover_percent)
			cfg->recover_percent = 0;
		break;
	case SET_RECOVERY:
		cfg->recover_percent = value % 101;
		if (cfg->floor_percent >= cfg->recover_percent)
			cfg->recover_percent = 0;
		break;
	case SET_AGE:
		cfg->max_age_ms = ages[value % 4];
		break;
	}
	adapt_shed(&run->o.board, cfg);
}

static void carry(struct run *run, u32 actual)
{
	protection_feedback(&run->p, actual, run->now);
	terminal_driven(&run->t, actual & run->sensed, run->now);
	terminals_carry(&run->s, actual & run->sensed, run->now);
}

/* What the reading finds out about the outputs and their terminals. */
static void find_outputs(struct run *run, const u8 *data)
{
	u32 actual = run->p.actual;
	u32 sense = data[10] & 7, known = data[10] >> 3 & 7;

	if (data[8] & LOSE)
		actual &= data[9];
	if (data[8] & RAISE)
		actual |= data[9] >> 3 & 7;
	if (actual != run->p.actual) {
		carry(run, actual);
		oracle_finds(&run->o, actual, run->now);
	}

	/* mostly a terminal follows its output */
	if (data[10] & 0x40)
		sense = actual;
	known &= run->sensed;
	terminal_check(&run->t, sense, known, run->now);
	terminals_see(&run->s, sense, known, run->now);
	if (run->sensed)
		run->p.shorted = run->t.shorted;
	else
		run->p.shorted = data[8] & SHORTED ? data[10] & 7 : 0;
	run->o.board.shorted = run->p.shorted;
}

static u32 decide(struct run *run, const struct reading *r, const u8 *data)
{
	struct debounce_sample sample = adapt_sample(r);
	u32 requested;

	if (run->punctual) {
		struct oracle until = run->o;

		/* what is reported already is not late */
		until.implausible |= run->p.debounce.implausible;
		must(oracle_until(&until, r, run->now), ", but too late");
	}
	change_settings(run, data);
	change_shed(run, data[12], data[13]);
	find_outputs(run, data);
	debounce_update(&run->p.debounce, &sample, run->now);
	oracle_reads(&run->o, r, run->now);
	run->sampled_at = run->now;

	requested = protection_decide(&run->p, run->now);
	must(oracle_asks(&run->o, requested, run->now), "");
	return requested;
}

static void report(struct run *run)
{
	struct report r = adapt_report(&run->p, run->now);
	u64 terminal = terminal_next(&run->t, run->sensed, run->now);

	must_report(oracle_reports(&run->o, &r, run->now));
	must_report(terminals_say(&run->s, run->sensed, run->t.shorted,
				  run->t.mismatch, terminal, run->now));
	run->next = protection_next(&run->p, run->now);
	if (terminal < run->next)
		run->next = terminal;
}

/*
 * The next cycle may be due now; that must come to an end. An output that could not
 * be raised may have to stay low by an edge that is not read yet: a retry reads it.
 */
static void repeat(struct run *run, bool failed)
{
	run->punctual = run->next && run->p.actual == run->p.requested;
	if (run->next)
		return;
	must_end(++run->cycles < 5 || failed);
	/* a write that failed is not tried again at once */
	if (failed)
		run->now += 10 * MS;
}

static void cycle(struct run *run, const u8 *data)
{
	u64 since = run->now;
	struct reading r;
	u32 requested, driven;

	run->now += wait(data[0], run->next);
	if (data[8] & LATE) {
		run->now += (data[1] >> 3) * 7 * MS;
		run->punctual = false;
	}
	if (run->now == since)
		run->punctual = false;
	/* cycles that are due at once have to end when nothing else happens */
	if (run->now != since || data[8] || data[12])
		run->cycles = 0;

	r = read_lines(run, data);
	requested = decide(run, &r, data);
	driven = requested & ~run->p.shorted;
	if (data[8] & SLOW && driven != run->p.actual)
		run->now += data[11] * MS;
	/* outputs whose write fails stay as they are */
	driven ^= data[1] & 7 & (driven ^ run->p.actual);
	carry(run, driven);
	oracle_carries(&run->o, requested, driven, run->now);
	report(run);
	repeat(run, driven != (requested & ~run->p.shorted));
}

static void begin(struct run *run, const u8 *data)
{
	struct protection_config cfg;
	struct debounce_sample sample;
	struct reading first = {
		.active = data[6] | (data[5] & 0x80) << 1,
		.unreadable = data[5] & 8 ? 0x1ff : 0,
	};
	u32 found = data[5] & 7;

	*run = (struct run){
		.board = {
			.wired = (data[0] & 0x3f) | (data[1] & 7) << 6 |
				 1 << CELL_UNDERVOLTAGE,
			.debounce_ms = short_delay(data[2]),
			.clear_ms = short_delay(data[2] >> 4),
			.pre_alarm_ms = delay(data[3]),
			.load_reconnect_ms = delay(data[3] >> 4),
			.load_reconnect_max_ms = delay(data[4] >> 3),
			.charge_reconnect_ms = delay(data[4]),
			.hold_ms = delay(data[2] >> 1),
			.steady_ms = short_delay(data[3] >> 2),
			.release_pre_alarm = data[4] & 0x80,
			.software_on = true,
		},
		.sensed = data[1] >> 3 & 7,
		.now = clock_of(data[7]),
	};
	/* Without a debounce no time can be told from any other. */
	if (!run->board.debounce_ms)
		run->board.debounce_ms = 1;

	cfg = adapt_config(&run->board);
	sample = adapt_sample(&first);
	protection_init(&run->p, &cfg, &sample, found, run->now);
	terminal_driven(&run->t, found & run->sensed, run->now);
	terminals_carry(&run->s, found & run->sensed, run->now);
	oracle_start(&run->o, &run->board, &first, found, run->now);
	run->p.shed.cfg.max_age_ms = 30000;
	run->p.shed.cfg.floor_percent = data[8] % 91;
	adapt_shed(&run->o.board, &run->p.shed.cfg);
	run->sampled_at = run->now;
}

int LLVMFuzzerTestOneInput(const u8 *data, size_t size)
{
	struct run run;

	if (size < HEADER)
		return 0;
	begin(&run, data);
	for (data += HEADER, size -= HEADER; size >= CYCLE;
	     data += CYCLE, size -= CYCLE)
		cycle(&run, data);
	return 0;
}
