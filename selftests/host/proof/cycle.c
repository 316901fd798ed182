// SPDX-License-Identifier: GPL-2.0
/* From each state every step: a cycle of the driver, and one of the oracle. */
#include <stdio.h>
#include <string.h>

#include "world.h"

/* Two clocks: the second wraps soon. */
static const u64 base[2] = { 1ULL << 40, 5 * MS };

struct action decode(u64 code)
{
	return (struct action){
		.ticks = code & 0xffff,
		.input = code >> 16 & 0xffffff,
		.event = code >> 40 & 0xff,
		.fail = code >> 48 & 7,
		.slow = code >> 51 & 1,
	};
}

u64 encode(const struct action *a)
{
	return a->ticks | (u64)a->input << 16 | (u64)a->event << 40 |
	       (u64)a->fail << 48 | (u64)a->slow << 51;
}

/* ---- one cycle */

static void check_until(const struct world *w, const struct reading *r, u64 now)
{
	struct oracle until = w->o;

	if (part->mode == LINES)
		complain_rule(lines_until(&until, r, now), ", but too late");
	else
		complain_rule(oracle_until(&until, r, now), ", but too late");
}

static void switches(struct world *w, const struct event *e, u64 now)
{
	if (e->remote < 2)
		w->p.software_remote = e->remote;
	if (e->user < 2)
		w->p.inhibit_charge = e->user;
	w->o.board.software_on = w->p.software_remote;
	w->o.board.user_inhibits = w->p.inhibit_charge;
	if (part->sheds)
		shed_events(w, e, now);
	if (e->swap) {
		w->others = !w->others;
		set_delays(w);
	}
}

/* What a reading finds out about the outputs and their terminals. */
static void find_outputs(struct world *w, const struct event *e, u64 now)
{
	u32 found = (w->p.actual & ~e->lose) | e->raise;

	if (part->twin)
		twin_finds(w, e, now);
	if (found != w->p.actual) {
		protection_feedback(&w->p, found, now);
		terminal_driven(&w->t, found & part->sense, now);
		oracle_finds(&w->o, found, now);
		terminals_carry(&w->s, found & part->sense, now);
	}
	if (part->sense) {
		terminal_check(&w->t, e->sense, e->known, now);
		terminals_see(&w->s, e->sense, e->known, now);
		w->p.shorted = w->t.shorted;
	} else if (e->shorted < 8) {
		w->p.shorted = e->shorted;
	}
	w->o.board.shorted = w->p.shorted;
}

static void check_lines(struct world *w, u64 now)
{
	struct report report = adapt_lines(&w->p.debounce);
	const char *broken = lines_reported(&w->o, &report);
	unsigned int i;

	if (broken)
		complain("lines", broken);
	broken = free_knows(w, now);
	if (broken)
		complain("lines", broken);
	for (i = 0; i < part->fitted; i++) {
		unsigned int wire = part->wires[i];
		u64 span = part->delays.charge_reconnect * tick;

		if (wire_is(&w->o, wire, CLEAR) &&
		    debounce_clear_for_in(&w->p.debounce, BIT(wire), span, now) !=
		    (held(&w->o, SIGNAL(wire, CLEAR), span, now) ? 0 :
		     span - age(&w->o, SIGNAL(wire, CLEAR), now)))
			complain("T3", "a line is clear since it became so");
	}
}

/* Read, and decide at the time of the reading. */
static u32 read_and_decide(struct world *w, const struct action *a,
			   const struct reading *r, u64 now, bool punctual)
{
	struct debounce_sample sample = adapt_sample(r);
	const struct event *e = &events[a->event];
	u32 requested;

	if (punctual)
		check_until(w, r, now);
	switches(w, e, now);
	if (part->mode != LINES)
		find_outputs(w, e, now);
	if (part->mode == RULES) {
		free_apply(w, a->input, now);
	} else {
		debounce_update(&w->p.debounce, &sample, now);
		oracle_reads(&w->o, r, now);
	}
	if (part->mode == LINES)
		return 0;
	requested = protection_decide(&w->p, now);
	if (part->twin)
		twin_decides(w, now);
	complain_rule(oracle_asks(&w->o, requested, now), "");
	return requested;
}

static u64 next_in(const struct world *w, u64 now)
{
	u64 next = part->mode == LINES ? debounce_next(&w->p.debounce, now) :
					 protection_next(&w->p, now);
	u64 terminal;

	if (!part->sense)
		return next;
	terminal = terminal_next(&w->t, part->sense, now);
	return terminal < next ? terminal : next;
}

static void check_reports(struct world *w, u64 now)
{
	struct report report = adapt_report(&w->p, now);
	const char *broken;

	/* Nobody looks for contradictions among lines that are free. */
	if (part->mode == RULES)
		report.implausible = w->o.implausible;
	broken = oracle_reports(&w->o, &report, now);
	if (broken)
		complain("reported", broken);
	if (!part->sense)
		return;
	broken = terminals_say(&w->s, part->sense, w->t.shorted, w->t.mismatch,
			       terminal_next(&w->t, part->sense, now), now);
	if (broken)
		complain("terminals", broken);
}

static void carry_out(struct world *w, u32 requested, u32 actual, u64 now)
{
	bool retries = w->p.debounce.read_failing & ~w->p.debounce.unreadable;
	u64 next, ticks;

	w->failed = false;
	if (part->mode == LINES) {
		check_lines(w, now);
	} else {
		protection_feedback(&w->p, actual, now);
		terminal_driven(&w->t, actual & part->sense, now);
		oracle_carries(&w->o, requested, actual, now);
		terminals_carry(&w->s, actual & part->sense, now);
		w->failed = (requested & ~w->p.shorted) != actual;
		if (part->twin)
			twin_carries(w, (requested & ~w->p.shorted) ^ actual, now);
		check_reports(w, now);
	}

	next = next_in(w, now);
	if (retries && next > 20 * MS)
		complain("F2", "a reading that failed is tried again soon");
	ticks = next / tick;
	if (next != NEVER && ticks <= horizon && next != ticks * tick)
		complain("grid", "a cycle falls due between two ticks");
	w->next = ticks > horizon ? NOT_DUE : ticks;
	if (next != NEVER && w->next == NOT_DUE && part->mode != RULES)
		complain("T1", "a cycle is due later than any delay");
}

/* Obedience to what is next must let time pass. */
static void cycle_again(struct world w, struct action a, u64 now)
{
	struct reading r = read_input(a.input, now, false);
	unsigned int cycles;

	r.edges = 0;
	r.again = 0;
	/* What happens once does not go on. */
	if (part->mode == RULES) {
		a.input = 0;
		a.event = 0;
	}
	if (events[a.event].swap || events[a.event].lose || events[a.event].raise ||
	    events[a.event].other_floor || events[a.event].other_age)
		a.event = 0;
	for (cycles = 2; !w.next; cycles++) {
		u32 requested = read_and_decide(&w, &a, &r, now, false);

		if (cycles > 5) {
			complain("Zeno", "cycles without end at one moment");
			return;
		}
		w.slow = false;
		carry_out(&w, requested, requested & ~w.p.shorted, now);
	}
}

/* ---- all that may come of a decision */

static void compare(const u8 *tame, const u8 *wild)
{
	unsigned int i;

	if (!memcmp(tame, wild, key_size) || complaint)
		return;
	for (i = 0; i < key_size; i++)
		if (tame[i] != wild[i])
			printf("# byte %u of the state: %u or %u\n", i,
			       tame[i], wild[i]);
	complain("ages", "the abstraction of time loses something");
}

static void count_step(const struct action *a)
{
	const struct event *e = &events[a->event];

	covered.failed += !!a->fail;
	covered.slow += a->slow;
	covered.lost += !!e->lose;
	covered.raised += !!e->raise;
	covered.shorted += e->shorted < 8 && e->shorted;
	covered.swapped += e->swap;
	covered.requested += e->request < 3;
	covered.reported += e->soc != SOC_NONE;
}

/* The step to one more state. */
static void step(u32 from, const u8 key[2][MAX_KEY], const struct world *w,
		 const struct action *a, bool still)
{
	bool is_new = false;
	u32 to;

	transitions++;
	count_step(a);
	compare(key[0], key[1]);
	if (complaint) {
		reach_end(key[0], from, encode(a));
		return;
	}
	to = reach(key[0], from, encode(a), &is_new);
	if (is_new)
		cover(w);
	if (a->slow || a->fail || a->event || !still)
		return;
	if (a->input == good_input(false))
		nodes[from].healthy = to;
	if (a->input == good_input(true))
		nodes[from].low = to;
}

/* The end of a cycle: writes that work or do not, at once or slowly. */
static void outcomes(u32 from, const struct world *decided, struct action a,
		     const u32 *requested, const u64 *now, bool still)
{
	u32 wanted = requested[0] & ~decided[0].p.shorted;
	u32 changed = part->mode == LINES ? 0 : wanted ^ decided[0].p.actual;
	int slow;

	for (slow = 0; slow <= (part->slow && changed); slow++) {
		for (a.fail = 0; a.fail < 8; a.fail++) {
			u8 key[2][MAX_KEY];
			struct world w[2];
			int wild;

			if (a.fail & ~(changed & part->fail))
				continue;
			a.slow = slow;
			for (wild = 0; wild < 2; wild++) {
				u64 then = now[wild] + slow * tick;

				w[wild] = decided[wild];
				w[wild].slow = slow;
				carry_out(&w[wild], requested[0], wanted ^ a.fail,
					  then);
				pack(&w[wild], then, key[wild]);
				if (!wild && !w[0].next && !a.fail && !complaint)
					cycle_again(w[0], a, then);
			}
			step(from, key, &w[0], &a, still);
			if (complaint)
				return;
		}
	}
}

/*
 * Does a run whose inputs stay as in @a make its next cycle after @a->ticks? At
 * an interrupt if something changes first, else when the driver wants.
 */
bool next_of_a_still_run(const struct world *w, const struct action *a)
{
	struct reading r = read_input(a->input, 0, false);
	const struct debounce *d = &w->p.debounce;
	bool same = r.active == (d->level & board.wired) && !d->read_failing &&
		    w->p.software_remote && !w->p.inhibit_charge &&
		    w->p.shed.cfg.request == LOAD_REQUEST_AUTO && !w->p.shed.below;

	if (!w->next)
		return a->ticks == w->failed;
	if (same && !w->failed)
		return a->ticks == w->next;
	return a->ticks == 1;
}

/* One cycle of both runs, the tame and the wild one, and all that may follow. */
static void cycle(u32 from, const struct world *before, const struct action *a)
{
	struct world w[2] = { before[0], before[1] };
	bool still = next_of_a_still_run(&before[0], a);
	bool punctual = a->ticks && before[0].next &&
			!is_read_late(a->input, &before[0]);
	u32 requested[2];
	u64 now[2];
	int wild;

	for (wild = 0; wild < 2; wild++) {
		struct reading r;

		now[wild] = base[wild] + a->ticks * tick;
		r = read_input(a->input, now[wild], wild);
		requested[wild] = read_and_decide(&w[wild], a, &r, now[wild],
						  punctual);
	}
	if (requested[0] != requested[1] || w[0].p.shorted != w[1].p.shorted)
		complain("ages", "the abstraction of time loses something");
	outcomes(from, w, *a, requested, now, still);
}

void expand(u32 from)
{
	struct world w[2];
	struct action a = {};
	unsigned int last;
	int wild;

	unpack(&w[0], base[0], key_of(from), false);
	/* After a failed write the driver waits before it insists. */
	last = !w[0].next ? w[0].failed :
	       w[0].next == NOT_DUE ? horizon + 1 : w[0].next;

	for (; a.ticks <= last; a.ticks++) {
		for (wild = 0; wild < 2; wild++)
			unpack(&w[wild], base[wild], key_of(from), wild);
		if (part->mode == RULES)
			free_look(&w[0], base[0] + a.ticks * tick);
		for (a.event = 0; a.event < event_count; a.event++) {
			for (a.input = 0; a.input < input_count(); a.input++) {
				/* One thing at a time, where lines are free. */
				if (part->mode == RULES && a.input && a.event &&
				    !part->sense)
					break;
				if (!may_be_read(a.input, &w[0], a.ticks))
					continue;
				cycle(from, w, &a);
				if (complaint)
					return;
			}
		}
	}
}

/* ---- the start */

static void start(struct world *w, struct reading *r, u32 found, u64 now,
		  bool wild)
{
	struct protection_config cfg = adapt_config(&board);
	struct debounce_sample sample = adapt_sample(r);

	memset(w, wild ? 0xff : 0, sizeof(*w));
	protection_init(&w->p, &cfg, &sample, found, now);
	if (part->mode == LINES) {
		w->p.actual = 0;
		lines_start(&w->o, &board, r, found, now);
	} else {
		oracle_start(&w->o, &board, r, found, now);
	}
	shed_start(w);
	memset(&w->t, 0, sizeof(w->t));
	memset(&w->s, 0, sizeof(w->s));
	terminal_driven(&w->t, found & part->sense, now);
	terminals_carry(&w->s, found & part->sense, now);
	w->next = 0;
	w->failed = false;
	w->slow = false;
	w->others = false;
}

void first_states(void)
{
	unsigned int input, found;

	for (input = 0; input < input_count(); input++) {
		struct reading r[2] = {
			read_input(input, base[0], false),
			read_input(input, base[1], true),
		};

		if (r[0].edges & board.wired || r[0].again & board.wired)
			continue;
		if (part->mode == RULES) {
			if (input)
				break;
			r[0].active = free_first_active();
			r[1] = r[0];
		}
		for (found = 0; found < 8; found++) {
			u8 key[2][MAX_KEY];
			bool is_new = false;
			struct world w;
			int wild;

			for (wild = 0; wild < 2; wild++) {
				r[wild].edges = 0;
				r[wild].again = 0;
				start(&w, &r[wild], found, base[wild], wild);
				pack(&w, base[wild], key[wild]);
			}
			if (memcmp(key[0], key[1], key_size))
				complain("start", "init leaves remains");
			reach(key[0], NO_NODE, (u64)found << 32 | input,
			      &is_new);
		}
	}
}
