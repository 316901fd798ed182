// SPDX-License-Identifier: GPL-2.0
/* What can be read, and what can happen besides, in a cycle. */
#include <stdio.h>
#include <stdlib.h>

#include "world.h"

/**
 * struct look - one reading of one wire
 * @active: its level
 * @blind: it cannot be read
 * @edge: it had an edge since the last reading
 * @again: and moved again since
 * @earlier: ticks from the edge to the reading
 * @took: ticks that a reading tried before it failed
 */
struct look {
	bool active, blind, edge, again;
	u8 earlier, took;
};

/* F2: so long a reading is retried. */
#define RETRY_TICKS	((80 + part->tick_ms - 1) / part->tick_ms)

struct event events[MAX_EVENTS];
unsigned int event_count;

static struct look looks[MAX_FITTED][MAX_LOOKS];
static unsigned int look_count[MAX_FITTED];

/* ---- looks */

static void add_look(unsigned int wire, struct look look)
{
	if (look_count[wire] == MAX_LOOKS)
		abort();
	looks[wire][look_count[wire]++] = look;
}

static void add_levels(unsigned int wire, struct look look)
{
	look.active = false;
	add_look(wire, look);
	look.active = true;
	add_look(wire, look);
}

static void add_blind(unsigned int wire, unsigned int kinds)
{
	struct look look = { .blind = true };
	int edge;

	for (edge = 0; edge <= !!(kinds & EDGES); edge++) {
		look.edge = edge;
		look.took = 0;
		add_look(wire, look);
		if (!(kinds & LATE))
			continue;
		look.took = 1;
		add_look(wire, look);
		look.took = RETRY_TICKS;
		add_look(wire, look);
	}
}

/* An edge of a wire that was quiet may be read as late as a debounce after it. */
static void list_looks(unsigned int wire, unsigned int kinds)
{
	unsigned int latest = kinds & LATE ? part->delays.debounce : 0;
	struct look look = {};

	look_count[wire] = 0;
	add_levels(wire, look);		/* good_input() expects them first */
	look.edge = true;
	for (; look.earlier <= latest; look.earlier++) {
		look.again = false;
		if (look.earlier || kinds & EDGES)
			add_levels(wire, look);
		look.again = true;
		if ((look.earlier && kinds & EDGES) || kinds & TWICE)
			add_levels(wire, look);
	}
	if (kinds & FAULTY)
		add_blind(wire, kinds);
	if (kinds & BLINDLY)
		add_look(wire, (struct look){
			.blind = true, .took = RETRY_TICKS,
		});
}

unsigned int input_count(void)
{
	unsigned int count = 1;
	unsigned int i;

	if (part->mode == RULES)
		return free_count();
	for (i = 0; i < part->fitted; i++)
		count *= look_count[i];
	return count;
}

static const struct look *look_at(unsigned int *input, unsigned int i)
{
	const struct look *look = &looks[i][*input % look_count[i]];

	*input /= look_count[i];
	return look;
}

/* @wild: what must be ignored is not zero. */
struct reading read_input(unsigned int input, u64 now, bool wild)
{
	struct reading r = {};
	unsigned int i;

	if (part->mode == RULES)
		return r;
	for (i = 0; i < part->fitted; i++) {
		const struct look *look = look_at(&input, i);
		unsigned int wire = part->wires[i];
		u32 bit = BIT(wire);

		r.active |= look->active ? bit : 0;
		r.unreadable |= look->blind ? bit : 0;
		r.edges |= look->edge ? bit : 0;
		r.again |= look->again ? bit : 0;
		r.first_edge[wire] = now - look->earlier * tick;
		if (wild && !look->edge)
			r.first_edge[wire] = random_next();
		if (r.took < look->took * tick)
			r.took = look->took * tick;
	}
	if (wild) {
		if (!r.unreadable)
			r.took = random_next();
		r.active |= r.unreadable & random_next();
		r.active |= ~board.wired & random_next();
		r.unreadable |= ~board.wired & random_next();
		r.edges |= ~board.wired & random_next();
		r.again |= ~board.wired & random_next();
	}
	return r;
}

/* A wire that chatters is read at once, if nothing delays that. */
bool is_read_late(unsigned int input, const struct world *w)
{
	unsigned int i;

	for (i = 0; part->mode != RULES && i < part->fitted; i++)
		if (look_at(&input, i)->earlier &&
		    w->p.debounce.chattering & BIT(part->wires[i]))
			return true;
	return false;
}

/* Is it one that the board may get, @ticks after its last cycle? */
bool may_be_read(unsigned int input, const struct world *w, unsigned int ticks)
{
	unsigned int rest = input;
	unsigned int i;

	if (part->mode == RULES)
		return free_may(input);
	for (i = 0; i < part->fitted; i++) {
		const struct look *look = look_at(&rest, i);

		if (look->earlier > ticks + w->slow || look->took > ticks)
			return false;
		/* A debounce after its first edge it is read. */
		if (look->earlier * part->tick_ms > w->o.board.debounce_ms)
			return false;
	}
	return part->mode == LINES || !is_read_late(input, w);
}

/* All fine, but for undervoltage if @low. */
unsigned int good_input(bool low)
{
	unsigned int input = 0;
	unsigned int i = part->fitted;

	if (part->mode == RULES)
		return 0;
	while (i--) {
		bool active = BIT(part->wires[i]) & REMOTE_WIRES ||
			      (low && part->wires[i] == CELL_UNDERVOLTAGE);

		input = input * look_count[i] + active;
	}
	return input;
}

void print_input(unsigned int input)
{
	static const char * const names[] = {
		"cell-low", "undervoltage", "overvoltage", "over-temperature",
		"under-temperature", "charge-inhibit", "remote-l", "remote-h",
		"remote-loop",
	};
	unsigned int i;

	if (part->mode == RULES) {
		free_print(input);
		return;
	}
	for (i = 0; i < part->fitted; i++) {
		const struct look *look = look_at(&input, i);

		printf(" %s %s", names[part->wires[i]],
		       look->blind ? "unreadable" : look->active ? "1" : "0");
		if (look->edge)
			printf(" with an edge %u ms ago",
			       look->earlier * part->tick_ms);
		if (look->again)
			printf(" and another");
		if (look->took)
			printf(" for %u ms", look->took * part->tick_ms);
		printf(",");
	}
}

/* ---- events */

static const struct event nothing = {
	.remote = 2, .user = 2, .shorted = 8, .request = 3,
};

static void add_event(struct event event)
{
	unsigned int n, combinations = 1;
	u32 bit;

	/* Each terminal may be high, low, or not be readable. */
	for (bit = 1; bit <= part->sense; bit <<= 1)
		if (part->sense & bit)
			combinations *= 3;
	for (n = 0; n < combinations; n++) {
		unsigned int rest = n;

		event.sense = 0;
		event.known = 0;
		for (bit = 1; bit <= part->sense; bit <<= 1) {
			if (!(part->sense & bit))
				continue;
			event.known |= rest % 3 ? bit : 0;
			event.sense |= rest % 3 == 1 ? bit : 0;
			rest /= 3;
		}
		if (event_count == MAX_EVENTS)
			abort();
		events[event_count++] = event;
	}
}

/* The first is the one in which nothing happens, or all is switched on. */
static void add_switches(void)
{
	struct event event = nothing;

	if (part->mode == RULES) {
		add_event(nothing);
		for (event.remote = 0; part->remote && event.remote < 2;
		     event.remote++)
			add_event(event);
		event = nothing;
		for (event.user = 0; part->user && event.user < 2; event.user++)
			add_event(event);
		return;
	}
	for (event.user = 0; event.user <= part->user; event.user++) {
		event.remote = 1;
		/* with them all that could shed the load is gone */
		if (part->sheds && !event.user) {
			event.request = LOAD_REQUEST_AUTO;
			event.soc = SOC_HIGH;
			event.soc_again = SOC_HIGH;
			add_event(event);
			event = nothing;
			event.remote = 1;
			event.user = 0;
		}
		add_event(event);
		event.remote = 0;
		if (part->remote)
			add_event(event);
	}
}

/* S1, S2: one report, or two with no cycle between */
static void add_sheds(void)
{
	struct event event = nothing;

	for (event.request = 0; part->sheds & REQUESTS && event.request < 3;
	     event.request++)
		add_event(event);
	event = nothing;
	for (event.soc = SOC_UNKNOWN; part->sheds & REPORTS && event.soc <= SOC_HIGH;
	     event.soc++) {
		event.soc_again = SOC_NONE;
		add_event(event);
		event.soc_again = event.soc;
		if (event.soc == SOC_LOW || event.soc == SOC_HIGH)
			add_event(event);
	}
	event = nothing;
	event.other_floor = true;
	if (part->sheds & FLOORS)
		add_event(event);
	event = nothing;
	event.other_age = true;
	if (part->sheds & FLOORS)
		add_event(event);
}

void inputs_prepare(void)
{
	struct event event;
	unsigned int i;

	if (part->mode != RULES)
		for (i = 0; i < part->fitted; i++)
			list_looks(i, part->looks[i]);
	event_count = 0;
	add_switches();
	for (i = 0; i < 8; i++) {
		event = nothing;
		event.lose = i;
		if (i && !(i & ~part->lose))
			add_event(event);
		event = nothing;
		event.raise = i;
		if (i && !(i & ~part->raise))
			add_event(event);
		event = nothing;
		event.shorted = i;
		if (part->shorts && !(i & ~part->shorts))
			add_event(event);
	}
	event = nothing;
	event.swap = true;
	if (part->others.pre_alarm)
		add_event(event);
	add_sheds();
}
