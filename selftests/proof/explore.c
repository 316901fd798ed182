// SPDX-License-Identifier: GPL-2.0
/*
 * Every state that driver/protection.c can reach, and every step from it.
 *
 * A state is what the core and the oracle remember between two turns, with
 * each time replaced by its age in ticks. Ages stop to grow where nothing
 * compares them any more, and times that a flag says are unused are dropped.
 * That this loses nothing is not assumed but checked: each step is done twice,
 * once with the ages as they are kept, once with unused times at random, ages
 * that had stopped far older, and a clock that wraps; both must do the same.
 *
 * README.rst tells why the parts, the delays and the ticks are enough.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include "adapter.h"

#define MS		1000000ULL
#define KEY		56
#define NEVER		255	/* in a key: no turn falls due by itself */
#define NONE		(~0U)
#define MAX_FITTED	3

/* What can be read of a wire: kinds of looks, as bits. */
#define LEVELS	1	/* a level */
#define EDGES	2	/* that has just been left and taken up again */
#define FAULTY	4	/* or that cannot be read */
#define LATE	8	/* the reading comes later than an edge */

/**
 * struct look - one reading of one wire
 * @active: its level
 * @edge: it has just changed, or did twice
 * @blind: it cannot be read
 * @earlier: ticks ago it changed; 0 if it did not
 * @took: ticks that a reading tried before it failed
 */
struct look {
	bool active, edge, blind;
	u8 earlier, took;
};

#define MAX_LOOKS	64

/**
 * struct part - a board that is explored to the end
 * @name: what it covers
 * @wires: the fitted lines
 * @looks: what can be read of each of @wires: %LEVELS, ...
 * @tick_ms: the grid of time; delays below are in ticks of it
 * @remote: the software remote may be switched at any turn
 * @user: the user's inhibition may be switched at any turn
 * @fail: outputs that may refuse to be written
 * @slow: a write may take a tick
 * @glance: a line may be looked at, and outputs let go, before all others
 */
struct part {
	const char *name;
	unsigned int fitted;
	unsigned int wires[MAX_FITTED];
	unsigned int looks[MAX_FITTED];
	unsigned int tick_ms;
	unsigned int debounce, clear, pre_alarm, load_reconnect,
		     charge_reconnect;
	bool release, remote, user, slow, glance;
	u32 fail;
};

struct node {
	u8 key[KEY];
	u32 parent;
	u32 action;
	u32 healthy;	/* the next state if all stays well */
	u32 low;	/* the next state if undervoltage stays */
};

/* One turn, as the environment chooses it. */
struct action {
	unsigned int ticks;
	unsigned int input;
	bool remote, user, slow;
	u32 fail;
	unsigned int glance;	/* 1 + the fitted line that is looked at first */
};

static const struct part *part;
static struct board board;
static unsigned int horizon;	/* the oldest age that matters, in ticks */
static unsigned int retry, give_up;	/* 80 and 100 ms, rounded up */
static unsigned int contradiction;	/* 1000 ms in ticks */
static u64 tick;
static bool late;	/* some readings come later than their edges */

static struct look looks[MAX_FITTED][MAX_LOOKS];
static unsigned int look_count[MAX_FITTED];

static struct node *nodes;
static u32 node_count, node_room;
static u32 *table;
static u32 table_mask;
static u64 transitions;
static unsigned int most_turns_at_once;
static u64 seed;

/* Stop at the first output that breaks a rule; what is told may be wrong. */
static bool first_only;
static const char *complaint;
static char complaint_text[200];

static u64 chance(void)
{
	seed ^= seed >> 12;
	seed ^= seed << 25;
	seed ^= seed >> 27;
	return seed * 0x2545f4914f6cdd1dULL;
}

static unsigned int most(unsigned int a, unsigned int b)
{
	return a > b ? a : b;
}

static void complain(const char *number, const char *sentence)
{
	if (complaint)
		return;
	snprintf(complaint_text, sizeof(complaint_text), "%s: %s", number,
		 sentence);
	complaint = complaint_text;
}

static void complain_rule(const struct rule *rule, const char *how)
{
	if (rule && !complaint) {
		snprintf(complaint_text, sizeof(complaint_text), "%s: %s%s",
			 rule->number, rule->sentence, how);
		complaint = complaint_text;
	}
}

/* ---- a state, and its key */

struct pair {
	struct protection p;
	struct oracle o;
	u8 next;	/* ticks until the next turn is due */
	bool failed;	/* the last write did */
	bool slow;	/* and it took a tick after the reading */
};

/* A time in a state: where, whether it is used, when it stops to matter. */
struct moment {
	u64 *time;
	bool used;
	u8 cap;
};

static unsigned int moments(struct pair *s, struct moment *m)
{
	struct protection *p = &s->p;
	struct oracle *o = &s->o;
	unsigned int clear = most(part->clear, part->debounce);
	struct moment *first = m;
	unsigned int i;

#define MOMENT(t, u, c) (*m++ = (struct moment){ .time = (t), .used = (u), \
						 .cap = (c) })
	for (i = 0; i < part->fitted; i++) {
		unsigned int wire = part->wires[i];
		u32 bit = PROTECTION_BIT(wire);
		bool condition = bit & PROTECTION_CONDITIONS;
		unsigned int rest = condition ? clear : part->debounce;
		bool uv = wire == CELL_UNDERVOLTAGE;
		unsigned int since = uv ? part->load_reconnect :
					  part->charge_reconnect;

		MOMENT(&p->run_since[wire], true, rest);
		MOMENT(&p->unread_since[wire], p->unread & bit, retry);
		MOMENT(&o->since[SIGNAL(wire, READS_ACTIVE)],
		       oracle_true(o, SIGNAL(wire, READS_ACTIVE)),
		       part->debounce);
		MOMENT(&o->since[SIGNAL(wire, READS_INACTIVE)],
		       oracle_true(o, SIGNAL(wire, READS_INACTIVE)), rest);
		MOMENT(&o->since[SIGNAL(wire, UNREADABLE)],
		       oracle_true(o, SIGNAL(wire, UNREADABLE)), give_up);
		if (!condition)
			continue;
		MOMENT(&p->burst_since[wire], p->bursting & bit,
		       3 * part->debounce + 1);
		MOMENT(&o->since[SIGNAL(wire, RESTLESS)],
		       oracle_true(o, SIGNAL(wire, RESTLESS)),
		       3 * part->debounce + 1);
		if (wire == CELL_LOW)
			continue;
		MOMENT(&p->active_since[wire], !(p->active & bit), since);
		if (uv)
			MOMENT(&o->since[SIGNAL(wire, CLEAR)],
			       oracle_true(o, SIGNAL(wire, CLEAR)), since);
	}
	MOMENT(&p->contradicting_since, p->contradicting, contradiction);
	MOMENT(&p->warning_since, p->warning, part->pre_alarm);
	MOMENT(&o->since[WARNED], oracle_true(o, WARNED), part->pre_alarm);
	MOMENT(&o->since[SOUNDING], oracle_true(o, SOUNDING), part->pre_alarm);
	MOMENT(&o->since[CALM], oracle_true(o, CALM), part->charge_reconnect);
#undef MOMENT
	return m - first;
}

#define MAX_MOMENTS	(MAX_FITTED * 9 + 5)

static bool bit_of(u32 word, unsigned int wire)
{
	return word >> wire & 1;
}

static void pack(struct pair *s, u64 now, u8 *key)
{
	struct moment m[MAX_MOMENTS];
	unsigned int count = moments(s, m);
	const struct protection *p = &s->p;
	const struct oracle *o = &s->o;
	unsigned int at = 0;
	unsigned int i;

	memset(key, 0, KEY);
	for (i = 0; i < part->fitted; i++) {
		unsigned int wire = part->wires[i];

		key[at++] = bit_of(p->raw, wire) | bit_of(p->active, wire) << 1 |
			    bit_of(p->bursting, wire) << 2 |
			    bit_of(p->unread, wire) << 3 |
			    bit_of(p->failed, wire) << 4;
		key[at++] = o->truth >> SIGNAL(wire, 0) & ((1 << SIGNS) - 1);
	}
	key[at++] = p->shorted | p->implausible << 3 | p->contradicting << 4;
	key[at++] = p->outputs | p->warning << 3 | p->load_tripped << 4 |
		    p->charge_blocked << 5 | p->software_remote << 6 |
		    p->inhibit_charge << 7;
	key[at++] = p->charge_blocked ? p->charge_cause : 0;
	key[at++] = p->load_tripped ? p->load_cause : 0;
	key[at++] = p->wanted;
	key[at++] = (o->truth >> CALM & 7) | o->doubted << 3;
	key[at++] = o->asked | o->carried << 3 | o->tripped << 6 |
		    o->tried_in_vain << 7;
	key[at++] = s->next;
	key[at++] = s->failed | s->slow << 1;
	if (at != 2 * part->fitted + 9)
		abort();
	for (i = 0; i < count; i++, at++) {
		u64 age;

		if (at >= KEY)
			abort();
		if (!m[i].used)
			continue;
		age = now - *m[i].time;
		if (age / tick >= m[i].cap) {
			key[at] = m[i].cap;
			continue;
		}
		if (age % tick)
			complain("grid", "a time is between two ticks");
		key[at] = age / tick;
	}
}

/*
 * Each field of the core's state by its place, so that none can come to it and
 * be forgotten here: the compiler is told to refuse that. Times follow later.
 */
static void unpack_core(struct protection *p, const u8 *lines, const u8 *rest)
{
	u32 word[5] = {};
	unsigned int i, n;

	for (i = 0; i < part->fitted; i++)
		for (n = 0; n < 5; n++)
			word[n] |= (u32)(lines[2 * i] >> n & 1) <<
				   part->wires[i];
	*p = (struct protection){
		adapt_config(&board),
		rest[1] >> 6 & 1,	/* software_remote */
		rest[1] >> 7,		/* inhibit_charge */
		word[0],		/* raw */
		word[1],		/* active */
		word[2],		/* bursting */
		word[3],		/* unread */
		word[4],		/* failed */
		{ 0 }, { 0 }, { 0 }, { 0 },	/* *_since: moments() */
		rest[1] & 7,		/* outputs */
		rest[4],		/* wanted */
		rest[0] & 7,		/* shorted */
		rest[0] >> 3 & 1,	/* implausible */
		rest[0] >> 4 & 1,	/* contradicting */
		0, 0,			/* *_since: moments() */
		rest[1] >> 3 & 1,	/* warning */
		rest[1] >> 4 & 1,	/* load_tripped */
		rest[1] >> 5 & 1,	/* charge_blocked */
		rest[3],		/* load_cause */
		rest[2],		/* charge_cause */
	};
}

static void unpack_oracle(struct oracle *o, const u8 *lines, const u8 *rest)
{
	unsigned int i;

	*o = (struct oracle){
		board,
		(u64)(rest[5] & 7) << CALM,	/* truth */
		{ 0 },				/* since: moments() */
		rest[6] & 7,			/* asked */
		rest[6] >> 3 & 7,		/* carried */
		rest[6] >> 6 & 1,		/* tripped */
		rest[6] >> 7,			/* tried_in_vain */
		rest[5] >> 3,			/* doubted */
	};
	o->board.software_on = rest[1] >> 6 & 1;
	o->board.user_inhibits = rest[1] >> 7;
	o->board.shorted = rest[0] & 7;
	for (i = 0; i < part->fitted; i++)
		o->truth |= (u64)lines[2 * i + 1] << SIGNAL(part->wires[i], 0);
}

static void any_time(u64 *times, unsigned int count)
{
	while (count--)
		*times++ = chance();
}

/* @wild: unused times at random, ages that had stopped at their cap older. */
static void unpack(struct pair *s, u64 now, const u8 *key, bool wild)
{
	struct moment m[MAX_MOMENTS];
	const u8 *rest = key + 2 * part->fitted;
	struct protection *p = &s->p;
	unsigned int count, i;

	unpack_core(p, key, rest);
	unpack_oracle(&s->o, key, rest);
	s->next = rest[7];
	s->failed = rest[8] & 1;
	s->slow = rest[8] >> 1;
	if (wild) {
		any_time(p->run_since, WIRES);
		any_time(p->burst_since, WIRES);
		any_time(p->active_since, WIRES);
		any_time(p->unread_since, WIRES);
		any_time(&p->contradicting_since, 1);
		any_time(&p->warning_since, 1);
		any_time((u64 *)s->o.since, SIGNALS);
	}
	count = moments(s, m);
	for (i = 0; i < count; i++) {
		u64 age = rest[9 + i] * tick;

		if (!m[i].used)
			continue;
		if (wild && rest[9 + i] == m[i].cap)
			age += (chance() % 4 ? chance() % 4 * tick :
				chance() >> 2);
		*m[i].time = now - age;
	}
}

static u64 hash(const u8 *key)
{
	u64 h = 0x9e3779b97f4a7c15ULL;
	unsigned int i;

	for (i = 0; i + 8 <= KEY; i += 8) {
		u64 word;

		memcpy(&word, key + i, 8);
		h = (h ^ word) * 0xff51afd7ed558ccdULL;
		h ^= h >> 32;
	}
	for (; i < KEY; i++)
		h = (h ^ key[i]) * 0x100000001b3ULL;
	return h ^ h >> 29;
}

static void grow_table(void)
{
	u32 i;

	table_mask = table_mask * 2 + 1;
	free(table);
	table = malloc((table_mask + 1ULL) * sizeof(*table));
	if (!table)
		abort();
	memset(table, 0xff, (table_mask + 1ULL) * sizeof(*table));
	for (i = 0; i < node_count; i++) {
		u32 slot = hash(nodes[i].key) & table_mask;

		while (table[slot] != NONE)
			slot = (slot + 1) & table_mask;
		table[slot] = i;
	}
}

static u32 reach(const u8 *key, u32 parent, u32 action)
{
	u32 slot = hash(key) & table_mask;

	while (table[slot] != NONE) {
		if (!memcmp(nodes[table[slot]].key, key, KEY))
			return table[slot];
		slot = (slot + 1) & table_mask;
	}
	if (node_count == node_room) {
		node_room = node_room ? node_room * 2 : 1 << 16;
		nodes = realloc(nodes, (size_t)node_room * sizeof(*nodes));
		if (!nodes)
			abort();
	}
	table[slot] = node_count;
	memcpy(nodes[node_count].key, key, KEY);
	nodes[node_count].parent = parent;
	nodes[node_count].action = action;
	nodes[node_count].healthy = NONE;
	nodes[node_count].low = NONE;
	node_count++;
	if (node_count > table_mask / 2)
		grow_table();
	return node_count - 1;
}

/* ---- inputs */

static void add_look(unsigned int wire, const struct look *look)
{
	if (look_count[wire] == MAX_LOOKS)
		abort();
	looks[wire][look_count[wire]++] = *look;
}

/* An edge of a wire that was quiet may be read as late as a debounce after it. */
static void list_looks(unsigned int wire, unsigned int kinds)
{
	unsigned int latest = kinds & LATE ? part->debounce : 0;
	struct look look = {};
	unsigned int level, edge;

	look_count[wire] = 0;
	for (; look.earlier <= latest; look.earlier++) {
		for (edge = 0; edge <= !!(kinds & EDGES); edge++) {
			look.edge = edge;
			look.blind = false;
			for (level = 0; level < 2; level++) {
				look.active = level;
				add_look(wire, &look);
			}
			if (!(kinds & FAULTY))
				continue;
			look.active = false;
			look.blind = true;
			add_look(wire, &look);
			if (!(kinds & LATE))
				continue;
			look.took = 1;
			add_look(wire, &look);
			look.took = retry;
			add_look(wire, &look);
			look.took = 0;
		}
	}
}

static unsigned int inputs(void)
{
	unsigned int count = 1;
	unsigned int i;

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
static struct reading read_input(unsigned int input, u64 now, bool wild)
{
	struct reading r = {};
	unsigned int i;

	for (i = 0; i < part->fitted; i++) {
		const struct look *look = look_at(&input, i);
		u32 bit = 1U << part->wires[i];

		r.active |= look->active ? bit : 0;
		r.edges |= look->edge ? bit : 0;
		r.unreadable |= look->blind ? bit : 0;
		r.earlier |= look->earlier ? bit : 0;
		r.earlier_at[part->wires[i]] = now - look->earlier * tick;
		if (wild && !look->earlier)
			r.earlier_at[part->wires[i]] = chance();
		if (r.took < look->took * tick)
			r.took = look->took * tick;
	}
	if (wild) {
		if (!r.unreadable)
			r.took = chance();
		r.active |= r.unreadable & chance();
		r.active |= ~board.wired & chance();
		r.edges |= ~board.wired & chance();
		r.unreadable |= ~board.wired & chance();
		r.earlier |= ~board.wired & chance();
	}
	return r;
}

/* Is it one that the caller may pass on, @ticks after the last turn? */
static bool may_be_read(unsigned int input, const struct pair *s,
			unsigned int ticks)
{
	unsigned int i;

	for (i = 0; i < part->fitted; i++) {
		const struct look *look = look_at(&input, i);

		if (look->earlier > ticks + s->slow || look->took > ticks)
			return false;
		/* A wire that stirs is read at once. */
		if (look->earlier && s->p.bursting & 1U << part->wires[i])
			return false;
	}
	return true;
}

/* All fine, but for undervoltage if @low. */
static unsigned int good_input(bool low)
{
	unsigned int input = 0;
	unsigned int i = part->fitted;

	while (i--) {
		u32 bit = 1U << part->wires[i];
		bool active = bit & PROTECTION_REMOTES ||
			      (low && part->wires[i] == CELL_UNDERVOLTAGE);

		/* list_looks() begins with the bare levels */
		input = input * look_count[i] + active;
	}
	return input;
}

/* ---- turns */

static struct action decode(u32 code)
{
	return (struct action){
		.ticks = code & 0xff,
		.input = code >> 8 & 0xffff,
		.remote = code >> 24 & 1,
		.user = code >> 25 & 1,
		.slow = code >> 26 & 1,
		.fail = code >> 27 & 7,
		.glance = code >> 30,
	};
}

static u32 encode(const struct action *a)
{
	return a->ticks | a->input << 8 | (u32)a->remote << 24 |
	       (u32)a->user << 25 | (u32)a->slow << 26 | a->fail << 27 |
	       a->glance << 30;
}

/* Has the line told of a condition that is there? */
static bool may_be_glanced_at(const struct reading *r, unsigned int wire)
{
	return protection_stake(wire) &&
	       r->edges & r->active & ~r->unreadable & 1U << wire;
}

static u32 sense_and_decide(struct pair *s, const struct action *a,
			    const struct reading *r, u64 now, bool punctual)
{
	struct protection_sample sample = adapt_sample(r);
	u32 let_go = 0;
	u32 wanted;

	if (punctual) {
		struct oracle until = s->o;

		complain_rule(oracle_until(&until, r, now), ", but too late");
	}
	s->p.software_remote = a->remote;
	s->p.inhibit_charge = a->user;
	s->o.board.software_on = a->remote;
	s->o.board.user_inhibits = a->user;
	oracle_reads(&s->o, r, now);
	/* The oracle sees one turn, which must not want back what was let go. */
	if (a->glance)
		let_go = protection_glance(&s->p, part->wires[a->glance - 1],
					   now);
	protection_sense(&s->p, &sample, now);
	wanted = protection_decide(&s->p, now);
	complain_rule(oracle_asks(&s->o, wanted, now), "");
	if (let_go & wanted)
		complain("glance", "an output was let go that the turn wants");
	return wanted;
}

static void carry_out(struct pair *s, u32 wanted, u32 outputs, u64 now)
{
	bool changed = outputs != s->p.outputs;
	struct report report;
	const char *lie;
	u64 next;

	protection_applied(&s->p, wanted, outputs, now);
	oracle_carries(&s->o, wanted, outputs, now);
	next = protection_next(&s->p, now);
	s->failed = wanted != outputs;
	if (next != PROTECTION_NEVER && next % tick)
		complain("grid", "a turn falls due between two ticks");
	s->next = next / tick > horizon ? NEVER : next / tick;
	if (next != PROTECTION_NEVER && s->next == NEVER)
		complain("T1", "a turn is due later than any delay");
	/*
	 * protection_decide() is to be called again after a change. Only the
	 * release of the pre-alarm needs it, so all other parts do without.
	 */
	if (part->release && changed)
		s->next = 0;
	report = adapt_report(&s->p, now);
	lie = oracle_told(&s->o, &report, now);
	/* What is due at once is about to change; it is not published. */
	if (lie && s->next && !first_only)
		complain("told", lie);
}

/* Obedience to protection_next() must let time pass. */
static void turn_again(struct pair s, struct action a, u64 now)
{
	struct reading r = read_input(a.input, now, false);
	unsigned int turns;

	r.edges = 0;
	r.earlier = 0;
	a.glance = 0;
	for (turns = 2; !s.next; turns++) {
		u32 wanted = sense_and_decide(&s, &a, &r, now, false);

		if (turns > 5) {
			complain("Zeno", "turns without end at one moment");
			return;
		}
		s.slow = false;
		carry_out(&s, wanted, wanted, now);
		if (turns > most_turns_at_once)
			most_turns_at_once = turns;
	}
}

static const u64 base[2] = { 1ULL << 40, 5 * MS };

static void first_states(void)
{
	unsigned int input;
	u32 found;

	for (input = 0; input < inputs(); input++) {
		struct reading r[2] = {
			read_input(input, base[0], false),
			read_input(input, base[1], true),
		};

		if (r[0].edges || r[0].earlier)
			continue;
		for (found = 0; found < 8; found++) {
			u8 key[2][KEY];
			int wild;

			for (wild = 0; wild < 2; wild++) {
				struct protection_config cfg =
					adapt_config(&board);
				struct protection_sample sample;
				struct pair s;

				r[wild].edges = 0;
				r[wild].earlier = 0;
				sample = adapt_sample(&r[wild]);
				memset(&s, wild ? 0xff : 0, sizeof(s));
				protection_init(&s.p, &cfg, &sample, found,
						base[wild]);
				board.software_on = true;
				board.user_inhibits = false;
				oracle_start(&s.o, &board, &r[wild], found,
					     base[wild]);
				s.next = 0;
				s.failed = false;
				s.slow = false;
				pack(&s, base[wild], key[wild]);
			}
			if (memcmp(key[0], key[1], KEY))
				complain("start", "init leaves rests");
			reach(key[0], NONE, found << 8 | input);
		}
	}
}

static void compare(const u8 *tame, const u8 *wild)
{
	unsigned int i;

	if (!memcmp(tame, wild, KEY))
		return;
	for (i = 0; i < KEY; i++)
		if (tame[i] != wild[i])
			printf("# byte %u of the state: %u or %u\n", i,
			       tame[i], wild[i]);
	complain("ages", "the abstraction of time loses something");
}

/* The end of a turn: writes that work or do not, at once or slowly. */
static void outcomes(u32 from, const struct pair *decided, struct action a,
		     const u32 *wanted, const u64 *now, bool still)
{
	u32 changed = wanted[0] ^ decided[0].p.outputs;
	int slow;
	u32 fail;

	for (slow = 0; slow <= (part->slow && changed); slow++) {
		for (fail = 0; fail < 8; fail++) {
			u8 key[2][KEY];
			int wild;
			u32 to;

			if (fail & ~(changed & part->fail))
				continue;
			a.slow = slow;
			a.fail = fail;
			for (wild = 0; wild < 2; wild++) {
				struct pair s = decided[wild];
				u64 then = now[wild] + slow * tick;

				s.slow = slow && late;
				carry_out(&s, wanted[0], wanted[0] ^ fail,
					  then);
				pack(&s, then, key[wild]);
				if (!wild && !s.next && !fail)
					turn_again(s, a, then);
			}
			transitions++;
			compare(key[0], key[1]);
			to = reach(key[0], from, encode(&a));
			if (complaint) {
				/* Make the offending step the last one. */
				nodes[to].parent = from;
				nodes[to].action = encode(&a);
				node_count = to + 1;
				return;
			}
			if (slow || fail || !a.remote || a.user || a.glance)
				continue;
			if (a.input == good_input(false) && still)
				nodes[from].healthy = to;
			if (a.input == good_input(true) && still)
				nodes[from].low = to;
		}
	}
}

/*
 * Does a run whose inputs stay as in @a make its next turn after @a->ticks? At
 * an interrupt if something changes first, else when the core wants.
 */
static bool next_of_a_still_run(const struct pair *s, const struct action *a)
{
	struct reading r = read_input(a->input, 0, false);
	bool same = r.active == (s->p.raw & board.wired) && !s->p.unread &&
		    a->remote == s->p.software_remote &&
		    a->user == s->p.inhibit_charge;

	if (!s->next)
		return a->ticks == s->failed;
	if (same && !s->failed)
		return a->ticks == s->next;
	return a->ticks == 1;
}

/* One turn of both runs, the tame and the wild one, and all that may come of it. */
static void turn(u32 from, const struct pair *before, struct action a)
{
	struct pair s[2] = { before[0], before[1] };
	bool still = next_of_a_still_run(&before[0], &a);
	bool punctual = a.ticks && before[0].next;
	u32 wanted[2];
	u64 now[2];
	int wild;

	for (wild = 0; wild < 2; wild++) {
		struct reading r;

		now[wild] = base[wild] + a.ticks * tick;
		r = read_input(a.input, now[wild], wild);
		if (a.glance && !may_be_glanced_at(&r, part->wires[a.glance - 1]))
			return;
		wanted[wild] = sense_and_decide(&s[wild], &a, &r, now[wild],
						punctual);
	}
	if (wanted[0] != wanted[1])
		complain("ages", "the abstraction of time loses something");
	outcomes(from, s, a, wanted, now, still);
}

static void expand(u32 from)
{
	struct pair s[2];
	struct action a = {};
	unsigned int last;
	int wild;

	for (wild = 0; wild < 2; wild++)
		unpack(&s[wild], base[wild], nodes[from].key, wild);
	/* After a failed write the caller waits before it insists. */
	if (!s[0].next)
		a.ticks = s[0].failed;
	else
		a.ticks = 1;
	last = !s[0].next ? s[0].failed :
	       s[0].next == NEVER ? horizon + 1 : s[0].next;

	for (; a.ticks <= last; a.ticks++) {
		int choice;

		for (choice = 0; choice < 4; choice++) {
			a.remote = !(choice & 1);
			a.user = choice >> 1;
			if ((!a.remote && !part->remote) ||
			    (a.user && !part->user))
				continue;
			for (a.input = 0; a.input < inputs(); a.input++) {
				if (!may_be_read(a.input, &s[0], a.ticks))
					continue;
				for (a.glance = 0;
				     a.glance <= part->glance * part->fitted &&
				     !complaint; a.glance++)
					turn(from, s, a);
				a.glance = 0;
				if (complaint)
					return;
			}
		}
	}
}

/* ---- liveness: each state has one successor in a run without surprises */

#define ON_THE_WAY	0xfffe
#define UNKNOWN		0xffff

static bool reached_goal(u32 node, bool low)
{
	struct pair s;

	unpack(&s, 0, nodes[node].key, false);
	return low ? !(s.p.outputs & PROTECTION_LOAD) :
		     !(~s.p.outputs & (PROTECTION_LOAD | PROTECTION_CHARGE));
}

static unsigned int ticks_between(u32 from, u32 to, bool low)
{
	struct action a = { .remote = true, .input = good_input(low) };
	struct pair s;

	unpack(&s, 0, nodes[from].key, false);
	for (a.ticks = 0; a.ticks <= horizon; a.ticks++)
		if (next_of_a_still_run(&s, &a))
			return a.ticks;
	return horizon + 1;
}

static unsigned int longest_way(bool low, u32 *worst)
{
	u16 *way = malloc(node_count * sizeof(*way));
	u32 *stack = malloc(node_count * sizeof(*stack));
	unsigned int longest = 0;
	u32 start;

	if (!way || !stack)
		abort();
	memset(way, 0xff, node_count * sizeof(*way));
	for (start = 0; start < node_count; start++) {
		u32 depth = 0;
		u32 node = start;
		unsigned int ticks = 0;

		while (way[node] == UNKNOWN) {
			u32 to = low ? nodes[node].low : nodes[node].healthy;

			if (reached_goal(node, low)) {
				way[node] = 0;
				break;
			}
			if (to == NONE) {
				*worst = node;
				longest = NONE;
				goto out;
			}
			way[node] = ON_THE_WAY;
			stack[depth++] = node;
			node = to;
		}
		if (way[node] == ON_THE_WAY) {
			*worst = node;
			longest = NONE;
			goto out;
		}
		ticks = way[node];
		while (depth--) {
			ticks += ticks_between(stack[depth], node, low);
			node = stack[depth];
			way[node] = ticks;
		}
		if (ticks > longest) {
			longest = ticks;
			*worst = start;
		}
	}
out:
	free(way);
	free(stack);
	return longest;
}

/* ---- telling */

static void print_input(unsigned int input)
{
	static const char * const names[] = {
		"cell-low", "undervoltage", "overvoltage", "over-temperature",
		"under-temperature", "charge-inhibit", "remote-l", "remote-h",
		"remote-loop",
	};
	unsigned int i;

	for (i = 0; i < part->fitted; i++) {
		const struct look *look = look_at(&input, i);

		printf(" %s %s%s", names[part->wires[i]],
		       look->blind ? "unreadable" : look->active ? "1" : "0",
		       look->edge ? " with an edge" : "");
		if (look->earlier)
			printf(" changed %u ms ago",
			       look->earlier * part->tick_ms);
		if (look->took)
			printf(" for %u ms", look->took * part->tick_ms);
		printf(",");
	}
}

static void print_story(u32 node)
{
	u32 path[200];
	unsigned int length = 0;
	unsigned int now = 0;

	for (; node != NONE && length < 200; node = nodes[node].parent)
		path[length++] = node;
	while (length--) {
		struct node *n = &nodes[path[length]];
		struct action a = decode(n->action);
		struct pair s;

		unpack(&s, 0, n->key, false);
		if (n->parent == NONE) {
			printf("#   0 ms: start,");
			print_input(n->action & 0xff);
			printf(" found %u\n", n->action >> 8);
			continue;
		}
		now += a.ticks;
		printf("# %3u ms:", now * part->tick_ms);
		print_input(a.input);
		if (part->remote)
			printf(" software %s,", a.remote ? "on" : "off");
		if (part->user)
			printf(" user %s,", a.user ? "inhibits" : "allows");
		if (a.glance)
			printf(" line %u first,", a.glance);
		now += a.slow;
		printf(" asked %u, carries %u%s, next in %d\n", s.o.asked,
		       s.p.outputs, a.slow ? " a tick later" : "",
		       s.next == NEVER ? -1 : (int)(s.next * part->tick_ms));
	}
	printf("# bits: load 1, charge 2, pre-alarm 4\n");
}

static double seconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec + t.tv_nsec / 1e9;
}

/* What all parts, each a process, add to. */
static struct totals {
	u64 states, transitions;
	u64 uses[64];
} *totals;

static void prepare(const struct part *next)
{
	unsigned int i;

	part = next;
	tick = part->tick_ms * MS;
	board = (struct board){
		.pre_alarm_ms = part->pre_alarm * part->tick_ms,
		.load_reconnect_ms = part->load_reconnect * part->tick_ms,
		.charge_reconnect_ms = part->charge_reconnect * part->tick_ms,
		.clear_ms = part->clear * part->tick_ms,
		.debounce_ms = part->debounce * part->tick_ms,
		.release_pre_alarm = part->release,
	};
	retry = (80 + part->tick_ms - 1) / part->tick_ms;
	give_up = (100 + part->tick_ms - 1) / part->tick_ms;
	late = false;
	for (i = 0; i < part->fitted; i++) {
		board.wired |= 1U << part->wires[i];
		late |= part->looks[i] & LATE;
		list_looks(i, part->looks[i]);
	}
	horizon = most(3 * part->debounce + 1, part->clear);
	horizon = most(horizon, part->pre_alarm);
	horizon = most(horizon, part->load_reconnect);
	horizon = most(horizon, part->charge_reconnect);
	for (i = 0; i < part->fitted; i++)
		if (part->looks[i] & FAULTY)
			horizon = most(horizon, give_up);
	contradiction = 1000 / part->tick_ms;
	node_count = 0;
	transitions = 0;
	complaint = NULL;
	seed = 1;
	table_mask = (1 << 15) - 1;
	grow_table();
}

static void live(bool low, unsigned int bound, const char *sentence)
{
	u32 worst = 0;
	unsigned int ticks = longest_way(low, &worst);

	if (ticks == NONE || ticks > bound) {
		complain(low ? "L2" : "M4 L4 C2", sentence);
		if (ticks == NONE)
			printf("# never, from:\n");
		else
			printf("# %u ticks instead of %u, from:\n", ticks,
			       bound);
		print_story(worst);
		return;
	}
	printf("# %s: after %u of at most %u ticks\n", sentence, ticks, bound);
}

static bool explore(unsigned int number, const struct part *which)
{
	double begun = seconds();
	unsigned int clear;
	bool uv;
	u32 i;

	prepare(which);
	clear = most(part->clear, part->debounce);
	uv = board.wired >> CELL_UNDERVOLTAGE & 1;
	first_states();
	for (i = 0; i < node_count && !complaint; i++) {
		expand(i);
		if (node_count > 40000000)
			complain("size", "too many states");
	}
	if (complaint) {
		print_story(node_count - 1);
	} else {
		/* A tick each for the interrupt and for a write to be redone. */
		live(false, 2 + clear + most(part->load_reconnect,
					     part->charge_reconnect),
		     "all is well, so both outputs return");
		if (uv)
			live(true, 2 + part->debounce + part->pre_alarm,
			     "undervoltage stays, so the load is cut");
	}
	printf("# %u states, %llu transitions, %.1f s, %s\n", node_count,
	       (unsigned long long)transitions, seconds() - begun,
	       complaint ? "stopped" : "none left to visit: complete");
	__atomic_add_fetch(&totals->states, node_count, __ATOMIC_RELAXED);
	__atomic_add_fetch(&totals->transitions, transitions, __ATOMIC_RELAXED);
	for (i = 0; i < rule_count; i++)
		__atomic_add_fetch(&totals->uses[i], rule_uses[i],
				   __ATOMIC_RELAXED);
	if (complaint)
		printf("# refuted: %s\n", complaint);
	printf("%s %u - Every state, %s\n", complaint ? "not ok" : "ok", number,
	       part->name);
	fflush(stdout);
	return !complaint;
}

/* From small to large, so that a refutation comes soon. */
static const struct part parts[] = {
	{
		.name = "late: overvoltage, which cannot always be read then",
		.fitted = 1,
		.wires = { CELL_OVERVOLTAGE },
		.looks = { LEVELS | EDGES | LATE | FAULTY },
		.tick_ms = 10,
		.debounce = 3, .clear = 4, .pre_alarm = 1,
		.load_reconnect = 1, .charge_reconnect = 7,
	},
	{
		.name = "late: undervoltage, which cannot always be read then",
		.fitted = 1,
		.wires = { CELL_UNDERVOLTAGE },
		.looks = { LEVELS | EDGES | LATE | FAULTY },
		.tick_ms = 10,
		.debounce = 2, .clear = 5, .pre_alarm = 11,
		.load_reconnect = 3, .charge_reconnect = 1,
	},
	{
		.name = "both: no debounce, undervoltage and overvoltage flicker",
		.fitted = 2,
		.wires = { CELL_UNDERVOLTAGE, CELL_OVERVOLTAGE },
		.looks = { LEVELS | EDGES, LEVELS | EDGES },
		.tick_ms = 500,
		.debounce = 0, .clear = 2, .pre_alarm = 5,
		.load_reconnect = 3, .charge_reconnect = 2,
		.remote = true, .glance = true,
		.fail = PROTECTION_LOAD | PROTECTION_CHARGE,
	},
	{
		.name = "load: no delay at all but the debounce",
		.fitted = 2,
		.wires = { CELL_UNDERVOLTAGE, CELL_LOW },
		.looks = { LEVELS | EDGES, LEVELS },
		.tick_ms = 1,
		.debounce = 1, .clear = 0, .pre_alarm = 1,
		.load_reconnect = 0, .charge_reconnect = 0,
		.remote = true,
		.fail = PROTECTION_LOAD | PROTECTION_PRE_ALARM,
		.glance = true,
	},
	{
		.name = "both: undervoltage and overvoltage flicker",
		.fitted = 2,
		.wires = { CELL_UNDERVOLTAGE, CELL_OVERVOLTAGE },
		.looks = { LEVELS | EDGES, LEVELS | EDGES },
		.tick_ms = 500,
		.debounce = 1, .clear = 2, .pre_alarm = 5,
		.load_reconnect = 3, .charge_reconnect = 2,
		.remote = true,
		.glance = true,
	},
	{
		.name = "charge: over- and under-temperature flicker",
		.fitted = 2,
		.wires = { OVER_TEMPERATURE, UNDER_TEMPERATURE },
		.looks = { LEVELS | EDGES, LEVELS | EDGES },
		.tick_ms = 500,
		.debounce = 2, .clear = 3, .pre_alarm = 1,
		.load_reconnect = 1, .charge_reconnect = 5,
		.glance = true,
	},
	{
		.name = "charge: overvoltage at every order of its times, sixths of a debounce",
		.fitted = 1,
		.wires = { CELL_OVERVOLTAGE },
		.looks = { LEVELS | EDGES },
		.tick_ms = 1,
		.debounce = 6, .clear = 12, .pre_alarm = 6,
		.load_reconnect = 6, .charge_reconnect = 18,
		.remote = true,
		.glance = true,
	},
	{
		.name = "late: overvoltage is read when its debounce is over; writes are slow",
		.fitted = 1,
		.wires = { CELL_OVERVOLTAGE },
		.looks = { LEVELS | EDGES | LATE },
		.tick_ms = 1,
		.debounce = 4, .clear = 6, .pre_alarm = 1,
		.load_reconnect = 1, .charge_reconnect = 9,
		.remote = true, .slow = true,
		.fail = PROTECTION_CHARGE,
	},
	{
		.name = "both: a broken cord, each line still acts",
		.fitted = 3,
		.wires = { CELL_UNDERVOLTAGE, CELL_OVERVOLTAGE, CHARGE_INHIBIT },
		.looks = { LEVELS, LEVELS, LEVELS },
		.tick_ms = 500,
		.debounce = 1, .clear = 2, .pre_alarm = 4,
		.load_reconnect = 3, .charge_reconnect = 1,
		.fail = PROTECTION_LOAD | PROTECTION_CHARGE,
	},
	{
		.name = "load: undervoltage at every order of its times, sixths of a debounce",
		.fitted = 1,
		.wires = { CELL_UNDERVOLTAGE },
		.looks = { LEVELS | EDGES },
		.tick_ms = 1,
		.debounce = 6, .clear = 12, .pre_alarm = 24,
		.load_reconnect = 18, .charge_reconnect = 6,
		.remote = true,
		.glance = true,
	},
	{
		.name = "late: undervoltage and overvoltage",
		.fitted = 2,
		.wires = { CELL_UNDERVOLTAGE, CELL_OVERVOLTAGE },
		.looks = { LEVELS | EDGES | LATE, LEVELS | EDGES | LATE },
		.tick_ms = 500,
		.debounce = 2, .clear = 3, .pre_alarm = 5,
		.load_reconnect = 4, .charge_reconnect = 2,
	},
	{
		.name = "remote: a terminal that cannot be read, another that flickers",
		.fitted = 2,
		.wires = { REMOTE_H, REMOTE_LOOP },
		.looks = { LEVELS | FAULTY, LEVELS | EDGES },
		.tick_ms = 10,
		.debounce = 2, .clear = 3, .pre_alarm = 4,
		.load_reconnect = 3, .charge_reconnect = 2,
		.remote = true,
		.fail = PROTECTION_LOAD | PROTECTION_CHARGE,
	},
	{
		.name = "charge: overvoltage flickers, cannot be read; writes fail or are slow",
		.fitted = 1,
		.wires = { CELL_OVERVOLTAGE },
		.looks = { LEVELS | EDGES | FAULTY },
		.tick_ms = 10,
		.debounce = 2, .clear = 3, .pre_alarm = 1,
		.load_reconnect = 1, .charge_reconnect = 7,
		.remote = true, .user = true, .slow = true,
		.fail = PROTECTION_CHARGE,
	},
	{
		.name = "remote: undervoltage and a terminal that cannot be read",
		.fitted = 2,
		.wires = { CELL_UNDERVOLTAGE, REMOTE_L },
		.looks = { LEVELS, LEVELS | EDGES | FAULTY },
		.tick_ms = 10,
		.debounce = 2, .clear = 3, .pre_alarm = 7,
		.load_reconnect = 5, .charge_reconnect = 1,
		.remote = true,
	},
	{
		.name = "remote: the three terminals and the software",
		.fitted = 3,
		.wires = { REMOTE_L, REMOTE_H, REMOTE_LOOP },
		.looks = { LEVELS, LEVELS, LEVELS },
		.tick_ms = 1,
		.debounce = 2, .clear = 3, .pre_alarm = 5,
		.load_reconnect = 4, .charge_reconnect = 2,
		.remote = true, .slow = true,
		.fail = PROTECTION_LOAD | PROTECTION_CHARGE,
	},
	{
		.name = "late: a terminal, and undervoltage",
		.fitted = 2,
		.wires = { CELL_UNDERVOLTAGE, REMOTE_L },
		.looks = { LEVELS | LATE, LEVELS | EDGES | LATE | FAULTY },
		.tick_ms = 10,
		.debounce = 2, .clear = 3, .pre_alarm = 5,
		.load_reconnect = 4, .charge_reconnect = 1,
	},
	{
		.name = "load: the longest delay is that of the reconnection; slow writes",
		.fitted = 1,
		.wires = { CELL_UNDERVOLTAGE },
		.looks = { LEVELS | EDGES },
		.tick_ms = 1,
		.debounce = 2, .clear = 5, .pre_alarm = 8,
		.load_reconnect = 13, .charge_reconnect = 3,
		.remote = true, .slow = true,
		.fail = PROTECTION_LOAD | PROTECTION_PRE_ALARM,
	},
	{
		.name = "charge: overvoltage and charge-inhibit that cannot be read; writes fail",
		.fitted = 2,
		.wires = { CELL_OVERVOLTAGE, CHARGE_INHIBIT },
		.looks = { LEVELS, LEVELS | FAULTY },
		.tick_ms = 10,
		.debounce = 2, .clear = 3, .pre_alarm = 1,
		.load_reconnect = 1, .charge_reconnect = 5,
		.user = true,
		.fail = PROTECTION_CHARGE,
	},
	{
		.name = "late: undervoltage is read when its debounce is over; writes are slow",
		.fitted = 1,
		.wires = { CELL_UNDERVOLTAGE },
		.looks = { LEVELS | EDGES | LATE },
		.tick_ms = 1,
		.debounce = 3, .clear = 5, .pre_alarm = 11,
		.load_reconnect = 7, .charge_reconnect = 1,
		.remote = true, .slow = true,
		.fail = PROTECTION_LOAD | PROTECTION_PRE_ALARM,
	},
	{
		.name = "load: undervoltage flickers, the pre-alarm released after the disconnect",
		.fitted = 1,
		.wires = { CELL_UNDERVOLTAGE },
		.looks = { LEVELS | EDGES | FAULTY },
		.tick_ms = 10,
		.debounce = 2, .clear = 5, .pre_alarm = 7,
		.load_reconnect = 9, .charge_reconnect = 1,
		.release = true, .remote = true, .slow = true,
		.fail = PROTECTION_LOAD | PROTECTION_PRE_ALARM,
	},
	{
		.name = "load: undervoltage flickers, cannot be read; writes fail or are slow",
		.fitted = 1,
		.wires = { CELL_UNDERVOLTAGE },
		.looks = { LEVELS | EDGES | FAULTY },
		.tick_ms = 10,
		.debounce = 2, .clear = 3, .pre_alarm = 11,
		.load_reconnect = 5, .charge_reconnect = 1,
		.remote = true, .slow = true,
		.fail = PROTECTION_LOAD | PROTECTION_PRE_ALARM,
	},
	{
		.name = "load: cell-low and undervoltage; writes fail",
		.fitted = 2,
		.wires = { CELL_LOW, CELL_UNDERVOLTAGE },
		.looks = { LEVELS, LEVELS | EDGES },
		.tick_ms = 1,
		.debounce = 2, .clear = 3, .pre_alarm = 6,
		.load_reconnect = 4, .charge_reconnect = 1,
		.remote = true,
		.fail = PROTECTION_LOAD | PROTECTION_PRE_ALARM,
		.glance = true,
	},
	{
		.name = "load: cell-low and undervoltage, the pre-alarm released",
		.fitted = 2,
		.wires = { CELL_LOW, CELL_UNDERVOLTAGE },
		.looks = { LEVELS, LEVELS | EDGES },
		.tick_ms = 1,
		.debounce = 2, .clear = 3, .pre_alarm = 6,
		.load_reconnect = 4, .charge_reconnect = 1,
		.release = true, .remote = true,
		.fail = PROTECTION_LOAD | PROTECTION_PRE_ALARM,
	},
};

#define PARTS	(sizeof(parts) / sizeof(*parts))

/* A part as a process of its own, what it prints in a file. */
static struct job {
	pid_t pid;
	FILE *out;
	bool done;
} jobs[PARTS];

static bool begin(unsigned int i)
{
	jobs[i].out = tmpfile();
	fflush(stdout);
	jobs[i].pid = jobs[i].out ? fork() : -1;
	if (jobs[i].pid < 0) {
		perror("explore");
		return false;
	}
	if (jobs[i].pid)
		return true;
	if (dup2(fileno(jobs[i].out), STDOUT_FILENO) < 0)
		_exit(2);
	_exit(!explore(i + 1, &parts[i]));
}

static void show(const struct job *job)
{
	char text[4096];
	size_t length;

	rewind(job->out);
	while ((length = fread(text, 1, sizeof(text), job->out)))
		fwrite(text, 1, length, stdout);
	fclose(job->out);
	fflush(stdout);
}

/* In their order. */
static void show_all_done(void)
{
	static unsigned int shown;

	for (; shown < PARTS && jobs[shown].done; shown++)
		show(&jobs[shown]);
}

static bool finish(unsigned int i, int status)
{
	jobs[i].pid = 0;
	jobs[i].done = true;
	if (!WIFEXITED(status) || WEXITSTATUS(status) > 1) {
		fprintf(jobs[i].out, "not ok %u - Every state, %s\n# it died\n",
			i + 1, parts[i].name);
		fflush(jobs[i].out);
	}
	return !status;
}

static void stop_all(void)
{
	unsigned int i;

	for (i = 0; i < PARTS; i++)
		if (jobs[i].pid > 0)
			kill(jobs[i].pid, SIGKILL);
}

/* Some at a time. */
static unsigned int run(unsigned int at_once)
{
	unsigned int begun = 0, running = 0, failed = 0;
	unsigned int i;

	for (;;) {
		int status;
		pid_t pid;

		while (running < at_once && begun < PARTS) {
			if (!begin(begun++))
				return failed + 1;
			running++;
		}
		if (!running)
			return failed;
		pid = wait(&status);
		running--;
		for (i = 0; i < PARTS && jobs[i].pid != pid; i++)
			;
		if (i < PARTS && !finish(i, status))
			failed++;
		if (failed && first_only) {
			stop_all();
			show(&jobs[i]);
			return failed;
		}
		if (!first_only)
			show_all_done();
	}
}

/* A rule that never applied would have proved nothing. */
static bool all_used(void)
{
	bool used = true;
	unsigned int i;

	for (i = 0; i < rule_count; i++) {
		printf("# %11llu times: %s: %s\n",
		       (unsigned long long)totals->uses[i], rules[i].number,
		       rules[i].sentence);
		used = used && totals->uses[i];
	}
	return used;
}

/* explore [PART]; with -1, see first_only */
int main(int argc, char **argv)
{
	double begun = seconds();
	unsigned int failed;
	bool used;

	first_only = argc > 1 && !strcmp(argv[1], "-1");
	totals = mmap(NULL, sizeof(*totals), PROT_READ | PROT_WRITE,
		      MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (totals == MAP_FAILED || rule_count > 64)
		return 2;
	if (argc > 1 && !first_only) {
		unsigned int part_number = atoi(argv[1]);

		return part_number < 1 || part_number > PARTS ||
		       !explore(part_number, &parts[part_number - 1]);
	}
	printf("KTAP version 1\n1..%zu\n", PARTS + 1);
	failed = run(2);
	if (failed && first_only)
		return 1;
	used = all_used();
	printf("# in all %llu states, %llu transitions, %.1f s, %s\n",
	       (unsigned long long)totals->states,
	       (unsigned long long)totals->transitions, seconds() - begun,
	       failed ? "not complete" :
			"complete: no limit of time or number was met");
	printf("%s %zu - Every state: each of the %u rules applied in some of them\n",
	       used ? "ok" : "not ok", PARTS + 1, rule_count);
	return failed || !used;
}
