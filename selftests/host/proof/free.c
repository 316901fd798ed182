// SPDX-License-Identifier: GPL-2.0
/*
 * Lines that do what they like: mode RULES.
 *
 * To the rules a line is one of few things: that is what debounce.c makes of all
 * its readings. The parts of mode LINES show that it makes nothing else
 * (free_knows()), and that the oracle agrees about each. Here any line may be any
 * of them in any cycle, whatever it was before.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "world.h"

#define LEVEL		0x01
#define COUNTED		0x02
#define CHATTERS	0x04
#define FAILS		0x08
#define UNREAD		0x10

#define SIGN(sign)	(1U << (sign))

/* What a line is: bits of struct debounce, and signs of the oracle. */
static const struct line_kind {
	const char *name;
	u32 bits, signs;
} line_kinds[KINDS] = {
	{ "quiet", 0, SIGN(READS_INACTIVE) },
	{ "fresh", 0, SIGN(READS_INACTIVE) },
	{ "rising", LEVEL | CHATTERS, SIGN(READS_ACTIVE) },
	{ "failing", FAILS, SIGN(READS_INACTIVE) | SIGN(UNREADABLE) },
	{ "lost", LEVEL | CHATTERS | FAILS,
	  SIGN(READS_ACTIVE) | SIGN(UNREADABLE) },
	{ "active", LEVEL | COUNTED, SIGN(READS_ACTIVE) | SIGN(COUNTS) },
	{ "weak", LEVEL | COUNTED | FAILS,
	  SIGN(READS_ACTIVE) | SIGN(COUNTS) | SIGN(UNREADABLE) },
	{ "fading", COUNTED, SIGN(READS_INACTIVE) | SIGN(COUNTS) },
	{ "faint", COUNTED | FAILS,
	  SIGN(READS_INACTIVE) | SIGN(COUNTS) | SIGN(UNREADABLE) },
	{ "blind", COUNTED | FAILS | UNREAD,
	  SIGN(READS_INACTIVE) | SIGN(COUNTS) | SIGN(UNREADABLE) },
};

enum { QUIET_KIND, FRESH_KIND, BLIND_KIND = KINDS - 1 };

/* A remote line is OFF or ON, nothing else. */
static const struct line_kind remote_kinds[2] = {
	{ "off", 0, SIGN(READS_INACTIVE) },
	{ "on", LEVEL | COUNTED, SIGN(READS_ACTIVE) | SIGN(COUNTS) },
};

/* What may change in one step. */
struct change {
	u8 line[2], kind[2];
	u8 lines;
};

static struct change *changes;
static unsigned int change_count;

/* What the lines are when a step is chosen, and how many are away. */
static unsigned int kinds_now[MAX_FITTED];
static unsigned int away_now;

static bool is_remote(unsigned int i)
{
	return BIT(part->wires[i]) & REMOTE_WIRES;
}

/* The first remote line is ON at first, the others are OFF. */
static unsigned int base_kind(unsigned int i)
{
	return is_remote(i) && (!i || !is_remote(i - 1));
}

static u32 bits_of(const struct debounce *d, unsigned int wire)
{
	return (d->level >> wire & 1 ? LEVEL : 0) |
	       (d->active >> wire & 1 ? COUNTED : 0) |
	       (d->chattering >> wire & 1 ? CHATTERS : 0) |
	       (d->read_failing >> wire & 1 ? FAILS : 0) |
	       (d->unreadable >> wire & 1 ? UNREAD : 0);
}

static void write_bit(u32 *word, unsigned int wire, bool value)
{
	*word = (*word & ~BIT(wire)) | (u32)value << wire;
}

static unsigned int kind_of(const struct world *w, unsigned int i, u64 now)
{
	const struct debounce *d = &w->p.debounce;
	unsigned int wire = part->wires[i];
	u32 bits = bits_of(d, wire);
	unsigned int kind;

	if (is_remote(i))
		return !!(bits & COUNTED);
	/* The rules do not care what a line did that reads inactive, */
	if (!(bits & LEVEL))
		bits &= ~CHATTERS;
	/* nor what it read before it became blind. */
	if (bits & UNREAD)
		bits &= ~LEVEL;
	if (!bits)
		return debounce_settled_in(d, BIT(wire), now) ? FRESH_KIND :
								QUIET_KIND;
	for (kind = FRESH_KIND + 1; kind < KINDS; kind++)
		if (line_kinds[kind].bits == bits)
			return kind;
	return KINDS;
}

/* Its times, but for those of a line that rests: they never run out. */
static void refresh(struct world *w, unsigned int wire, unsigned int kind,
		    u64 now)
{
	struct debounce *d = &w->p.debounce;

	if (kind == QUIET_KIND || kind == FRESH_KIND)
		return;
	d->stable_since[wire] = now;
	d->chattering_since[wire] = now;
	d->failing_since[wire] = now;
	w->o.since[SIGNAL(wire, READS_ACTIVE)] = now;
	w->o.since[SIGNAL(wire, READS_INACTIVE)] = now;
	w->o.since[SIGNAL(wire, UNREADABLE)] =
		kind == BLIND_KIND ? now - 100 * MS : now;
}

static void become(struct world *w, unsigned int i, unsigned int kind, u64 now)
{
	const struct line_kind *k = is_remote(i) ? &remote_kinds[kind] :
						   &line_kinds[kind];
	struct debounce *d = &w->p.debounce;
	unsigned int wire = part->wires[i];
	bool counted = wire_is(&w->o, wire, COUNTS);
	bool rested = !is_remote(i) && !kind &&
		      kind_of(w, i, now) == QUIET_KIND;
	unsigned int sign;

	if (!counted != !(k->bits & COUNTED)) {
		d->active_since[wire] = now;
		if (counted)
			begins(&w->o, SIGNAL(wire, CLEAR), now);
		else
			ends(&w->o, SIGNAL(wire, CLEAR));
	}
	write_bit(&d->level, wire, k->bits & LEVEL);
	write_bit(&d->active, wire, k->bits & COUNTED);
	write_bit(&d->chattering, wire, k->bits & CHATTERS);
	write_bit(&d->read_failing, wire, k->bits & FAILS);
	write_bit(&d->unreadable, wire, k->bits & UNREAD);
	for (sign = 0; sign < SIGNS; sign++)
		if (sign != CLEAR)
			lasts(&w->o, SIGNAL(wire, sign), k->signs >> sign & 1,
			      now);
	if (is_remote(i))
		return;
	refresh(w, wire, kind, now);
	if (kind > FRESH_KIND || rested)
		return;
	/* What has just become clear is at rest (T3). */
	if (kind == QUIET_KIND)
		now -= part->delays.debounce * tick;
	d->stable_since[wire] = now;
	begins(&w->o, SIGNAL(wire, READS_INACTIVE), now);
}

/* ---- what may change */

static unsigned int kinds_of(unsigned int i, unsigned int *kinds)
{
	unsigned int count = 0;
	unsigned int kind;

	if (is_remote(i)) {
		kinds[0] = 0;
		kinds[1] = 1;
		return 2;
	}
	for (kind = 0; kind < KINDS; kind++)
		if (part->looks[i] >> kind & 1)
			kinds[count++] = kind;
	return count;
}

static void add_change(const struct change *c)
{
	changes = realloc(changes, (change_count + 1) * sizeof(*changes));
	if (!changes)
		abort();
	changes[change_count++] = *c;
}

void free_prepare(void)
{
	unsigned int first[KINDS], second[KINDS];
	struct change c = {};
	unsigned int i, j, m, n;

	change_count = 0;
	add_change(&c);
	for (i = 0; i < part->fitted; i++) {
		m = kinds_of(i, first);
		while (m--) {
			c = (struct change){ { i }, { first[m] }, 1 };
			add_change(&c);
			for (j = 0; part->at_once > 1 && j < i; j++) {
				n = kinds_of(j, second);
				while (n--) {
					c = (struct change){
						{ i, j }, { first[m], second[n] }, 2,
					};
					add_change(&c);
				}
			}
		}
	}
}

unsigned int free_count(void)
{
	return change_count;
}

/* To be called before free_may(). */
void free_look(const struct world *w, u64 now)
{
	unsigned int i;

	away_now = 0;
	for (i = 0; i < part->fitted; i++) {
		kinds_now[i] = kind_of(w, i, now);
		away_now += kinds_now[i] != base_kind(i);
	}
}

/* Not what stays as it is, nor what takes more lines away than it may. */
bool free_may(unsigned int input)
{
	const struct change *c = &changes[input];
	unsigned int away = away_now;
	unsigned int n;

	for (n = 0; n < c->lines; n++) {
		unsigned int i = c->line[n];

		if (c->kind[n] == kinds_now[i])
			return false;
		if (!is_remote(i) && c->kind[n] == QUIET_KIND &&
		    kinds_now[i] == FRESH_KIND)
			return false;
		away -= kinds_now[i] != base_kind(i);
		away += c->kind[n] != base_kind(i);
	}
	return !c->lines || away <= part->away;
}

/* Times that are not kept in a key. */
void free_refresh(struct world *w, u64 now)
{
	unsigned int i;

	for (i = 0; i < part->fitted; i++)
		if (!is_remote(i))
			refresh(w, part->wires[i], kind_of(w, i, now), now);
}

void free_apply(struct world *w, unsigned int input, u64 now)
{
	const struct change *c = &changes[input];
	unsigned int i;

	free_refresh(w, now);
	for (i = 0; i < c->lines; i++)
		become(w, c->line[i], c->kind[i], now);
	w->o.read_at = now;
	lines_conclude(&w->o, now);
	/* F4 is debounce.c's, which does not run here. */
	ends(&w->o, FULL_AND_EMPTY);
	ends(&w->o, HOT_AND_COLD);
	ends(&w->o, CONTRADICTING);
}

/* Lines that are active at first. */
u32 free_first_active(void)
{
	u32 lines = 0;
	unsigned int i;

	for (i = 0; i < part->fitted; i++)
		if (base_kind(i))
			lines |= BIT(part->wires[i]);
	return lines;
}

void free_print(unsigned int input)
{
	static const char * const names[] = {
		"cell-low", "undervoltage", "overvoltage", "over-temperature",
		"under-temperature", "charge-inhibit", "remote-l", "remote-h",
		"remote-loop",
	};
	const struct change *c = &changes[input];
	unsigned int n;

	for (n = 0; n < c->lines; n++) {
		unsigned int i = c->line[n];

		printf(" %s becomes %s,", names[part->wires[i]], is_remote(i) ?
		       remote_kinds[c->kind[n]].name :
		       line_kinds[c->kind[n]].name);
	}
}

/*
 * Mode LINES: is each condition one of the kinds, to the driver as to the oracle?
 *
 * Return: what is wrong, or NULL.
 */
const char *free_knows(const struct world *w, u64 now)
{
	unsigned int i;

	for (i = 0; i < part->fitted; i++) {
		unsigned int wire = part->wires[i];
		unsigned int kind = kind_of(w, i, now);
		u32 mask = SIGN(COUNTS) | SIGN(READS_ACTIVE) | SIGN(UNREADABLE);
		u32 signs = 0;
		unsigned int sign;

		if (is_remote(i))
			continue;
		if (kind == KINDS)
			return "a line is to the rules what they do not know";
		for (sign = 0; sign < SIGNS; sign++)
			signs |= wire_is(&w->o, wire, sign) ? SIGN(sign) : 0;
		/* What it read before it became blind is nobody's business. */
		if (kind == BLIND_KIND)
			mask &= ~SIGN(READS_ACTIVE);
		if ((signs ^ line_kinds[kind].signs) & mask)
			return "the oracle takes a line for something else";
		if (!wire_is(&w->o, wire, COUNTS) &&
		    lines_at_rest(&w->o, BIT(wire)) == !!kind)
			return "the oracle does not agree that a line is at rest";
	}
	return NULL;
}
