// SPDX-License-Identifier: GPL-2.0
/*
 * The same core and the same oracle as in ../proof with the real delays, extreme
 * ones, any clock, nine lines and any nanosecond: where explore.c has a grid,
 * this has none.
 *
 * The input is a header of eight bytes, the board, and eight bytes a turn.
 */
#include <stdio.h>
#include <stdlib.h>
#include "adapter.h"
#include "fuzz.h"

#define MS		1000000ULL
#define HEADER		8
#define TURN		8

/* What a turn does besides reading. */
enum {
	FLIP_REMOTE = 0x01,
	FLIP_USER = 0x02,
	NEW_DELAYS = 0x04,
	LOST = 0x08,		/* outputs that are found low */
	SHORTED = 0x10,
	SLOW = 0x20,		/* the write takes time */
	LATE = 0x40,		/* the turn comes later than it is due */
};

static void must(const struct rule *rule, const char *how)
{
	if (!rule)
		return;
	fprintf(stderr, "refuted: %s: %s%s\n", rule->number, rule->sentence,
		how);
	abort();
}

static void must_be_told(const char *sentence)
{
	if (!sentence)
		return;
	fprintf(stderr, "refuted: told: %s\n", sentence);
	abort();
}

static void must_end(bool ends)
{
	if (ends)
		return;
	fprintf(stderr, "refuted: Zeno: turns without end at one moment\n");
	abort();
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

/* How long until the next turn; never longer than @next, unless it is late. */
static u64 wait(u8 how, u64 next)
{
	u64 most = next == PROTECTION_NEVER ? 3600 * 1000 * MS : next;
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

/*
 * Edges that are read only now: of wires that were quiet, within the time since
 * the last reading, and not longer ago than a debounce.
 */
static void add_earlier(struct reading *r, const struct protection *p,
			u32 wires, u8 how, u64 room, u64 now)
{
	u64 most = p->cfg.debounce_delay_ms * MS;
	unsigned int wire;

	if (most > room)
		most = room;
	r->earlier = wires & ~p->bursting;
	for (wire = 0; wire < WIRES; wire++)
		r->earlier_at[wire] = now - most / 8 * (how >> wire % 4 & 7) -
				      (how & 8 && most ? 1 : 0);
	/* a board that can wait has a debounce */
	if (!most)
		r->earlier = 0;
}

int LLVMFuzzerTestOneInput(const u8 *data, size_t size)
{
	struct protection_config cfg;
	struct protection_sample sample;
	struct protection p;
	struct oracle o;
	struct report told;
	struct reading r = {};
	struct board board;
	unsigned int turns = 0;
	u64 now, sensed, next = 0;
	bool punctual = false;
	u32 found;

	if (size < HEADER)
		return 0;
	board = (struct board){
		.wired = (data[0] & 0x3f) | (data[1] & 7) << 6 |
			 1 << CELL_UNDERVOLTAGE,
		.debounce_ms = short_delay(data[2]),
		.clear_ms = short_delay(data[2] >> 4),
		.pre_alarm_ms = delay(data[3]),
		.load_reconnect_ms = delay(data[3] >> 4),
		.charge_reconnect_ms = delay(data[4]),
		.release_pre_alarm = data[4] & 0x80,
		.software_on = true,
	};
	/* Without a debounce no time can be told from any other. */
	if (!board.debounce_ms)
		board.debounce_ms = 1;
	found = data[5] & 7;
	r.unreadable = data[5] >> 3 & 1 ? board.wired : 0;
	r.active = data[6] | (data[5] & 0x80) << 1;
	now = clock_of(data[7]);

	cfg = adapt_config(&board);
	sample = adapt_sample(&r);
	protection_init(&p, &cfg, &sample, found, now);
	oracle_start(&o, &board, &r, found, now);
	sensed = now;

	for (data += HEADER, size -= HEADER; size >= TURN;
	     data += TURN, size -= TURN) {
		u8 also = data[5];
		u64 dt = wait(data[0], next);
		u32 fail = data[1] & 7;
		unsigned int round;
		u32 wanted, outputs;

		if (also & LATE) {
			dt += (data[1] >> 3) * 7 * MS;
			punctual = false;
		}
		now += dt;
		if (dt)
			turns = 0;
		r.active = data[2] | (data[1] & 0x80) << 1;
		r.edges = also & 0x80 ? data[3] : 0;
		r.unreadable = (data[4] & 0xc0) == 0xc0 ? data[4] << 3 & 0x1ff :
							  0;
		add_earlier(&r, &p, data[6], data[7], now - sensed, now);
		r.took = data[7] & 0x80 ? (now - sensed) / 4 : 0;
		if (dt && punctual) {
			struct oracle until = o;

			must(oracle_until(&until, &r, now), ", but too late");
		}
		if (also & FLIP_REMOTE)
			p.software_remote = !p.software_remote;
		if (also & FLIP_USER)
			p.inhibit_charge = !p.inhibit_charge;
		if (also & NEW_DELAYS) {
			o.board.pre_alarm_ms = delay(data[3]);
			o.board.load_reconnect_ms = delay(data[3] >> 4);
			p.cfg = adapt_config(&o.board);
		}
		if (also & LOST) {
			outputs = p.outputs & data[4];
			protection_found(&p, outputs);
			oracle_finds(&o, outputs, now);
		}
		p.shorted = also & SHORTED ? data[4] >> 3 & 7 : 0;
		o.board.shorted = p.shorted;
		o.board.software_on = p.software_remote;
		o.board.user_inhibits = p.inhibit_charge;

		sample = adapt_sample(&r);
		sensed = now;
		oracle_reads(&o, &r, now);
		protection_sense(&p, &sample, now);
		for (round = 0; ; round++) {
			wanted = protection_decide(&p, now);
			must(oracle_asks(&o, wanted, now), "");
			if (also & SLOW && data[1]) {
				now += data[1] * MS;
				turns = 0;
			}
			outputs = wanted ^ (fail & (wanted ^ p.outputs));
			outputs &= ~p.shorted;
			if (outputs == p.outputs)
				break;
			protection_applied(&p, wanted, outputs, now);
			oracle_carries(&o, wanted, outputs, now);
			must_end(round < 8);
		}
		protection_applied(&p, wanted, outputs, now);
		oracle_carries(&o, wanted, outputs, now);

		next = protection_next(&p, now);
		told = adapt_report(&p, now);
		if (next)
			must_be_told(oracle_told(&o, &told, now));
		punctual = next;
		if (!next) {
			turns++;
			must_end(turns < 4 || wanted != outputs);
			/* The caller does not insist. */
			if (wanted != outputs)
				now += 10 * MS;
		}
	}
	return 0;
}
