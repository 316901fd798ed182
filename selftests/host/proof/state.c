// SPDX-License-Identifier: GPL-2.0
/* A state as a key: flags, and ages in ticks. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "world.h"

#define FLAG_WORDS	6
#define FLAG_BYTES	(FLAG_WORDS * 8)

const struct part *part;
struct board board, other_board;
unsigned int horizon;	/* the oldest age that matters, in ticks */
unsigned int key_size;
u64 tick;

static double ticks_in_ns;	/* 1 / tick */
static unsigned int retry, give_up, contradiction, settle, longest_pause;

static unsigned int most(unsigned int a, unsigned int b)
{
	return a > b ? a : b;
}

static unsigned int ticks_of(unsigned int n_ms)
{
	return (n_ms + part->tick_ms - 1) / part->tick_ms;
}

#define LONGEST(delay)	most(part->delays.delay, part->others.delay)

/* ---- flags */

/* What is inlined below is so for the sake of time: a third of all. */
struct codec {
	u64 word[FLAG_WORDS];
	unsigned int at;
	bool unpacks;
};

/* Appends @value, or returns what was appended instead. */
static __always_inline u64 field(struct codec *c, u64 value, unsigned int width)
{
	unsigned int word, shift;

	if (c->at % 64 + width > 64)
		c->at += 64 - c->at % 64;
	word = c->at / 64;
	shift = c->at % 64;
	c->at += width;
	if (word >= FLAG_WORDS)
		abort();
	if (c->unpacks)
		return c->word[word] >> shift & ((1ULL << width) - 1);
	if (value >> width)
		complain("state", "a flag does not fit into its key");
	c->word[word] |= value << shift;
	return value;
}

#define FIELD(c, at, width)	((at) = field(c, at, width))

static __always_inline void lines_flags(struct codec *c, struct debounce *d)
{
	FIELD(c, d->level, WIRES);
	FIELD(c, d->active, WIRES);
	FIELD(c, d->chattering, WIRES);
	FIELD(c, d->read_failing, WIRES);
	FIELD(c, d->unreadable, WIRES);
	FIELD(c, d->contradicting, 1);
	FIELD(c, d->implausible, 1);
}

static bool load_doubles(void)
{
	return part->steady && part->load_max;
}

static bool charge_doubles(void)
{
	return part->steady;
}

static unsigned int longest_load_wait(void)
{
	return most(LONGEST(load_reconnect), part->load_max);
}

/* C5 */
static unsigned int longest_charge_wait(void)
{
	return LONGEST(charge_reconnect) * (charge_doubles() ? 256 : 1);
}

/* What the rules of the outputs remember, without requests */
static __always_inline void driven_flags(struct codec *c, struct protection *p)
{
	FIELD(c, p->actual, 3);
	FIELD(c, p->requested, 3);
	FIELD(c, p->pre_alarm, 1);
	/* Only what is under way can have been renewed. */
	if (!p->pre_alarm && !c->unpacks)
		p->pre_alarm_renewed = false;
	FIELD(c, p->pre_alarm_renewed, 1);
	FIELD(c, p->load_tripped, 1);
	FIELD(c, p->charge_tripped, 1);
	FIELD(c, p->load_trips.steady, 1);
	FIELD(c, p->charge_trips.steady, 1);
	/* Where nothing doubles, nobody asks how often it did. */
	if (charge_doubles())
		FIELD(c, p->charge_trips.count, 4);
	/* A reason is that of a trip. */
	if (p->load_tripped)
		FIELD(c, p->load_trip_reason, 4);
	else
		field(c, 0, 4);
	if (p->charge_tripped)
		FIELD(c, p->charge_trip_reason, 4);
	else
		field(c, 0, 4);
}

static __always_inline void rules_flags(struct codec *c, struct protection *p)
{
	FIELD(c, p->software_remote, 1);
	FIELD(c, p->inhibit_charge, 1);
	FIELD(c, p->shorted, 3);
	driven_flags(c, p);
	if (load_doubles())
		FIELD(c, p->load_trips.count, 4);
}

/* @applied is @below, and @floored is @demands, after each decision. */
static __always_inline void shed_flags(struct codec *c, struct shed *s, struct oracle *o)
{
	FIELD(c, s->cfg.request, 2);
	FIELD(c, s->cfg.floor_percent, 7);
	FIELD(c, s->cfg.max_age_ms, 16);
	FIELD(c, s->enabled, 1);
	FIELD(c, s->pending, 1);
	FIELD(c, s->below, 1);
	FIELD(c, s->by_request, 1);
	FIELD(c, s->by_floor, 1);
	s->applied = s->below;

	FIELD(c, o->listens, 1);
	FIELD(c, o->heard, 1);
	FIELD(c, o->demands, 1);
	/* Of these only what may change the demand is of interest. */
	if (!c->unpacks && o->demands)
		o->lows = 0;
	else if (!c->unpacks)
		o->highs = 0;
	FIELD(c, o->lows, 2);
	FIELD(c, o->highs, 2);
	FIELD(c, o->by_hand, 1);
	FIELD(c, o->by_floor, 1);
	o->floored = o->demands;
}

static __always_inline void oracle_flags(struct codec *c, struct oracle *o)
{
	FIELD(c, o->truth, SIGNALS);
	FIELD(c, o->asked, 3);
	FIELD(c, o->carried, 3);
	FIELD(c, o->tripped, 1);
	FIELD(c, o->stopped, 1);
	FIELD(c, o->renewed, 1);
	if (load_doubles()) {
		FIELD(c, o->load_returns, 1);
		FIELD(c, o->load_times, 9);
	}
	if (charge_doubles()) {
		FIELD(c, o->charge_returns, 1);
		FIELD(c, o->charge_times, 9);
	}
	FIELD(c, o->implausible, 1);
	FIELD(c, o->load_blame, WHY_WIRE + WIRES);
	FIELD(c, o->charge_blame, WHY_WIRE + WIRES);
}

static __always_inline void terminal_flags(struct codec *c, struct world *w)
{
	unsigned int n;

	FIELD(c, w->t.mismatch, 3);
	FIELD(c, w->t.shorted, 3);
	FIELD(c, w->t.driven, 3);
	FIELD(c, w->t.settling, 3);
	FIELD(c, w->s.mismatch, 3);
	FIELD(c, w->s.released, 3);
	FIELD(c, w->s.carried, 3);
	FIELD(c, w->s.waiting, 3);
	for (n = 0; n < OUTPUT_COUNT; n++) {
		/* After the seventh the pauses are equal. */
		if (!c->unpacks && w->t.shorts[n] > 7)
			w->t.shorts[n] = 7;
		if (!c->unpacks && w->s.shorts[n] > 7)
			w->s.shorts[n] = 7;
		FIELD(c, w->t.shorts[n], 3);
		FIELD(c, w->s.shorts[n], 3);
	}
}

static __always_inline void flags(struct codec *c, struct world *w)
{
	FIELD(c, w->next, 16);
	FIELD(c, w->failed, 1);
	FIELD(c, w->slow, 1);
	FIELD(c, w->others, 1);
	lines_flags(c, &w->p.debounce);
	oracle_flags(c, &w->o);
	if (part->mode != LINES)
		rules_flags(c, &w->p);
	if (part->sense)
		terminal_flags(c, w);
	if (part->sheds)
		shed_flags(c, &w->p.shed, &w->o);
	if (part->twin)
		driven_flags(c, &w->twin);
}

/* ---- times */

/* One time after the other, to or from the rest of a key. */
struct ages {
	u64 now;
	u8 *to;
	const u8 *from;		/* a key is unpacked, else packed */
	bool wild;
};

/* The age of a moment in ticks, its cap at most. */
static __always_inline unsigned int ticks_since(u64 time, unsigned int cap, u64 now)
{
	u64 age = now - time;
	unsigned int ticks;

	if (age >= cap * tick)
		return cap;
	ticks = age * ticks_in_ns + 0.5;
	if (ticks * tick != age)
		complain("grid", "a time is between two ticks");
	return ticks;
}

/*
 * A time in a state: where it is, whether it is used, and the age at which it stops
 * to matter. In a wild run that age is beyond the cap.
 */
static __always_inline void moment(struct ages *a, u64 *time, bool used, unsigned int cap)
{
	unsigned int ticks = 0;
	u64 age;

	if (!a->from) {
		if (used)
			ticks = ticks_since(*time, cap, a->now);
		*a->to++ = ticks;
		if (cap > 0xff)
			*a->to++ = ticks >> 8;
		return;
	}
	ticks = *a->from++;
	if (cap > 0xff)
		ticks |= *a->from++ << 8;
	if (!used)
		return;
	age = ticks * tick;
	if (a->wild && ticks == cap)
		age += random_next() % 4 ? random_next() % 4 * tick :
					   random_next() >> 2;
	*time = a->now - age;
}

static __always_inline void sign_moment(struct ages *a, struct oracle *o,
					unsigned int signal, bool used, unsigned int cap)
{
	moment(a, (u64 *)&o->since[signal], used && oracle_true(o, signal),
	       cap);
}

/* Times of a wire whose readings are explored. */
static __always_inline void reading_moments(struct ages *a, struct world *w,
					    unsigned int wire)
{
	struct debounce *d = &w->p.debounce;
	struct oracle *o = &w->o;
	u32 bit = BIT(wire);
	bool condition = bit & INPUTS_CONDITIONS;
	unsigned int calm = LONGEST(debounce);
	unsigned int rest = condition ? most(LONGEST(clear), calm) : calm;

	moment(a, &d->stable_since[wire],
	       !condition || !(d->active & d->level & bit), rest);
	moment(a, &d->failing_since[wire],
	       d->read_failing & ~d->unreadable & bit, retry);
	sign_moment(a, o, SIGNAL(wire, READS_ACTIVE),
		    !condition || !wire_is(o, wire, COUNTS), calm);
	sign_moment(a, o, SIGNAL(wire, READS_INACTIVE), true, rest);
	sign_moment(a, o, SIGNAL(wire, UNREADABLE), true, give_up);
	if (!condition)
		return;
	moment(a, &d->chattering_since[wire], d->chattering & bit, 2 * calm);
	sign_moment(a, o, SIGNAL(wire, RESTLESS), true, 2 * calm);
}

/* In mode RULES the rest follows from what the line is, see free.c. */
static __always_inline void rest_moments(struct ages *a, struct world *w,
					 unsigned int wire)
{
	struct debounce *d = &w->p.debounce;
	bool rests = BIT(wire) & INPUTS_CONDITIONS &&
		     !((d->active | d->level | d->read_failing) & BIT(wire));

	moment(a, &d->stable_since[wire], rests, LONGEST(debounce));
	sign_moment(a, &w->o, SIGNAL(wire, READS_INACTIVE), rests,
		    LONGEST(debounce));
}

static __always_inline void clear_moments(struct ages *a, struct world *w,
					  unsigned int wire)
{
	struct debounce *d = &w->p.debounce;
	bool uv = wire == CELL_UNDERVOLTAGE && part->mode != LINES;
	unsigned int since = uv ? longest_load_wait() : longest_charge_wait();

	/* The rules ask for the undervoltage and the charge faults alone. */
	if (!(BIT(wire) & INPUTS_CONDITIONS) ||
	    (wire == CELL_LOW && part->mode != LINES))
		return;
	moment(a, &d->active_since[wire], !(d->active & BIT(wire)), since);
	/* Of the charge faults the oracle keeps the last (CALM). */
	if (uv || part->mode == LINES)
		sign_moment(a, &w->o, SIGNAL(wire, CLEAR), true, since);
}

static __always_inline void terminal_moments(struct ages *a, struct world *w)
{
	unsigned int n;

	for (n = 0; n < OUTPUT_COUNT; n++) {
		if (!(part->sense & BIT(n)))
			continue;
		moment(a, &w->t.driven_since[n], w->t.settling & BIT(n), settle);
		moment(a, (u64 *)&w->s.changed[n], w->s.waiting & BIT(n),
		       settle);
		moment(a, &w->t.shorted_since[n], w->t.shorted & BIT(n),
		       longest_pause);
		moment(a, (u64 *)&w->s.found[n], w->s.released & BIT(n),
		       longest_pause);
	}
}

/* See shed_events(). */
static __always_inline void report_moment(struct ages *a, u64 *time, bool used)
{
	u64 on_grid = *time + 1;

	moment(a, &on_grid, used, part->max_age + 1);
	if (a->from)
		*time = on_grid - 1;
}

static __always_inline void shed_moments(struct ages *a, struct world *w)
{
	struct shed *s = &w->p.shed;

	report_moment(a, &s->reported_at,
		      s->pending || (s->below && !s->by_floor));
	report_moment(a, (u64 *)&w->o.heard_at, w->o.heard);
}

static __always_inline void twin_moments(struct ages *a, struct protection *p)
{
	moment(a, &p->pre_alarm_since, p->pre_alarm, LONGEST(pre_alarm));
	if (charge_doubles())
		moment(a, &p->charge_trips.steady_since,
		       p->charge_trips.steady && p->charge_trips.count,
		       part->steady);
}

static __always_inline void all_moments(struct ages *a, struct world *w)
{
	struct protection *p = &w->p;
	struct oracle *o = &w->o;
	bool shorts = (part->shorts | part->sense) & OUTPUT_PRE_ALARM;
	unsigned int i;

	for (i = 0; i < part->fitted; i++) {
		if (part->mode == RULES)
			rest_moments(a, w, part->wires[i]);
		else
			reading_moments(a, w, part->wires[i]);
		clear_moments(a, w, part->wires[i]);
	}
	if (part->mode != RULES) {
		moment(a, &p->debounce.contradicting_since,
		       p->debounce.contradicting, contradiction);
		sign_moment(a, o, FULL_AND_EMPTY, true, contradiction);
		sign_moment(a, o, HOT_AND_COLD, true, contradiction);
		sign_moment(a, o, CONTRADICTING, true, contradiction);
	}
	if (part->mode == LINES)
		return;
	moment(a, &p->pre_alarm_since, p->pre_alarm, LONGEST(pre_alarm));
	/* The first attempt counts again if a short takes the pre-alarm. */
	moment(a, &p->pre_alarm_first, p->pre_alarm && shorts,
	       LONGEST(pre_alarm));
	sign_moment(a, o, ATTEMPTED, shorts, LONGEST(pre_alarm));
	sign_moment(a, o, COUNTING, true, LONGEST(pre_alarm));
	sign_moment(a, o, SOUNDING, true, most(LONGEST(pre_alarm), part->hold));
	sign_moment(a, o, CALM, true, longest_charge_wait());
	if (part->hold)
		moment(a, &p->pre_alarm_raised, p->actual & OUTPUT_PRE_ALARM,
		       part->hold);
	if (load_doubles()) {
		moment(a, &p->load_trips.steady_since,
		       p->load_trips.steady && p->load_trips.count, part->steady);
		sign_moment(a, o, RUNNING, o->load_returns, part->steady);
	}
	if (charge_doubles()) {
		moment(a, &p->charge_trips.steady_since,
		       p->charge_trips.steady && p->charge_trips.count,
		       part->steady);
		sign_moment(a, o, CHARGING, o->charge_returns, part->steady);
	}
	if (part->sense)
		terminal_moments(a, w);
	if (part->sheds)
		shed_moments(a, w);
	if (part->twin)
		twin_moments(a, &w->twin);
}

/*
 * That a line is clear is of interest as long as something waits for that: the load
 * after a disconnect. For the charge faults there is CALM.
 */
static void forget_clear(struct world *w, u64 now)
{
	struct oracle *o = &w->o;
	unsigned int i;

	for (i = 0; i < part->fitted; i++) {
		unsigned int wire = part->wires[i];
		unsigned int clear = SIGNAL(wire, CLEAR);

		if (part->mode == LINES) {
			if (held(o, clear, longest_charge_wait() * tick, now))
				ends(o, clear);
		} else if (wire != CELL_UNDERVOLTAGE || !o->tripped) {
			ends(o, clear);
		}
	}
}

/* ---- both */

void pack(struct world *w, u64 now, u8 *key)
{
	struct ages a = { .now = now, .to = key + FLAG_BYTES };
	struct codec c = {};
	unsigned int size;

	forget_clear(w, now);
	flags(&c, w);
	memcpy(key, c.word, FLAG_BYTES);
	all_moments(&a, w);
	while ((a.to - key) % 8)
		*a.to++ = 0;
	size = a.to - key;
	if (!key_size)
		key_size = size;
	if (size != key_size || size > MAX_KEY)
		abort();
}

void set_delays(struct world *w)
{
	const struct board *b = w->others ? &other_board : &board;

	w->o.board.pre_alarm_ms = b->pre_alarm_ms;
	w->o.board.load_reconnect_ms = b->load_reconnect_ms;
	w->o.board.charge_reconnect_ms = b->charge_reconnect_ms;
	w->o.board.clear_ms = b->clear_ms;
	w->o.board.debounce_ms = b->debounce_ms;
	adapt_delays(&w->p, b);
}

static void any_time(u64 *times, unsigned int count)
{
	while (count--)
		*times++ = random_next();
}

/* What nobody may look at. */
static void unpack_wild(struct world *w)
{
	struct protection *p = &w->p;

	any_time(p->debounce.stable_since, WIRES);
	any_time(p->debounce.chattering_since, WIRES);
	any_time(p->debounce.active_since, WIRES);
	any_time(p->debounce.failing_since, WIRES);
	any_time(&p->debounce.contradicting_since, 1);
	any_time(&p->pre_alarm_first, 1);
	any_time(&p->pre_alarm_since, 1);
	any_time(&p->pre_alarm_raised, 1);
	any_time(&p->load_trips.steady_since, 1);
	any_time(&p->charge_trips.steady_since, 1);
	any_time(&p->shed.reported_at, 1);
	any_time(&w->twin.pre_alarm_first, 1);
	any_time(&w->twin.pre_alarm_since, 1);
	any_time(&w->twin.pre_alarm_raised, 1);
	any_time(&w->twin.load_trips.steady_since, 1);
	any_time(&w->twin.charge_trips.steady_since, 1);
	if (!load_doubles())
		p->load_trips.count = random_next() & 1;
	if (!charge_doubles())
		p->charge_trips.count = random_next() & 1;
	any_time(w->t.driven_since, OUTPUT_COUNT);
	any_time(w->t.shorted_since, OUTPUT_COUNT);
	any_time((u64 *)w->o.since, SIGNALS);
	any_time((u64 *)&w->o.heard_at, 1);
	if (!p->load_tripped)
		p->load_trip_reason = random_next() % (REASON_INPUT + WIRES);
	if (!p->charge_tripped)
		p->charge_trip_reason = random_next() % (REASON_INPUT + WIRES);
	if (!p->pre_alarm)
		p->pre_alarm_renewed = random_next() & 1;
}

/*
 * Each field of the driver's state by its place, so that none can be added and be
 * forgotten here: the compiler is told to refuse that.
 */
static void unpack_nothing(struct world *w)
{
	w->p = (struct protection){
		{
			{ 0, 0, 0 },		/* cfg */
			0, 0, 0, 0, 0,		/* level ... unreadable */
			{ 0 }, { 0 }, { 0 }, { 0 },	/* *_since */
			false, false, 0,	/* contradicting ... */
		},
		{ { 0, 0, 0 }, 0, 0, 0, 0, 0, 0, false },	/* cfg */
		false, false,		/* software_remote, inhibit_charge */
		0, 0, 0,		/* actual, requested, shorted */
		false, false, 0, 0, 0,	/* pre_alarm ... */
		false, false,		/* load_tripped, charge_tripped */
		{ 0, false, 0 }, { 0, false, 0 },	/* *_trips */
		0, 0,			/* *_trip_reason */
		{ { 0, 0, 0, 0 }, false, 0, false, false, false, false, false },
	};
	w->twin = w->p;
	w->t = (struct terminal){
		0, 0, 0, 0, { 0 }, { 0 }, { 0 },
	};
	w->o = (struct oracle){
		board, 0, { 0 }, 0, 0, 0, false, false, false,
		false, false, 1, 1, false,
		false, false, 0, 0, 0, false, false, false, false,	/* S */
		0, 0,
	};
	w->s = (struct terminals){
		0, 0, 0, 0, { 0 }, { 0 }, { 0 },
	};
}

/* @wild: unused times at random, ages that had stopped at their cap older. */
void unpack(struct world *w, u64 now, const u8 *key, bool wild)
{
	struct ages a = { .now = now, .from = key + FLAG_BYTES, .wild = wild };
	struct codec c = { .unpacks = true };

	unpack_nothing(w);
	memcpy(c.word, key, FLAG_BYTES);
	flags(&c, w);
	set_delays(w);
	w->o.board.software_on = w->p.software_remote;
	w->o.board.user_inhibits = w->p.inhibit_charge;
	w->o.board.shorted = w->p.shorted;
	adapt_shed(&w->o.board, &w->p.shed.cfg);
	w->o.read_at = now;
	if (wild)
		unpack_wild(w);
	all_moments(&a, w);
	if (part->mode == RULES)
		free_refresh(w, now);
	/* its lines are the same, and are no part of the key */
	w->twin.debounce = w->p.debounce;
}

/* ---- what is covered */

void cover(const struct world *w)
{
	u32 counts = lines_counting(&w->o);
	u32 away = ((counts ^ INPUTS_REMOTE) | lines_with(&w->o, UNREADABLE)) &
		   board.wired;
	u32 blind = w->p.debounce.unreadable;
	unsigned int count = 0;
	unsigned int i;

	for (i = 0; i < WIRES; i++) {
		if (away & BIT(i))
			covered.pairs[i] |= away;
		count += blind >> i & 1;
	}
	if (count > covered.unreadable)
		covered.unreadable = count;
}

/* ---- the board */

static struct board board_of(const struct delays *d)
{
	return (struct board){
		.pre_alarm_ms = d->pre_alarm * part->tick_ms,
		.load_reconnect_ms = d->load_reconnect * part->tick_ms,
		.load_reconnect_max_ms = part->load_max * part->tick_ms,
		.hold_ms = part->hold * part->tick_ms,
		.steady_ms = part->steady * part->tick_ms,
		.charge_reconnect_ms = d->charge_reconnect * part->tick_ms,
		.clear_ms = d->clear * part->tick_ms,
		.debounce_ms = d->debounce * part->tick_ms,
		.release_pre_alarm = part->release,
		.software_on = true,
	};
}

static bool both_wired(unsigned int a, unsigned int b)
{
	return (board.wired >> a & 1) && (board.wired >> b & 1);
}

void prepare(const struct part *next)
{
	struct world w = {};
	u8 key[MAX_KEY];
	unsigned int i;

	part = next;
	tick = part->tick_ms * MS;
	ticks_in_ns = 1.0 / tick;
	board = board_of(&part->delays);
	other_board = board_of(&part->others);
	for (i = 0; i < part->fitted; i++)
		board.wired |= BIT(part->wires[i]);
	/* of the twin's state that is not kept */
	if (part->twin && (part->hold || part->load_max || part->shorts || part->sense))
		abort();
	other_board.wired = board.wired;
	retry = ticks_of(80);
	give_up = ticks_of(100);
	contradiction = ticks_of(1000);
	settle = (5 * MS + tick - 1) / tick;
	longest_pause = 64 * SECOND_NS / tick;

	horizon = most(2 * LONGEST(debounce), LONGEST(pre_alarm));
	horizon = most(horizon, longest_load_wait());
	horizon = most(horizon, longest_charge_wait());
	horizon = most(horizon, most(part->steady, part->hold));
	horizon = most(horizon, part->max_age);
	/* In mode RULES no line becomes clear by itself. */
	if (part->mode != RULES)
		horizon = most(horizon, LONGEST(clear));
	if (part->sense)
		horizon = most(horizon, longest_pause);
	if (part->mode != RULES &&
	    (both_wired(CELL_UNDERVOLTAGE, CELL_OVERVOLTAGE) ||
	     both_wired(OVER_TEMPERATURE, UNDER_TEMPERATURE))) {
		horizon = most(horizon, contradiction);
		if (1000 % part->tick_ms)
			abort();	/* F4's second is on the grid */
	}
	if (horizon > 60000)
		abort();		/* ages have 16 bits */
	search_begin();
	if (part->mode == RULES)
		free_prepare();
	inputs_prepare();
	key_size = 0;
	pack(&w, 0, key);
}
