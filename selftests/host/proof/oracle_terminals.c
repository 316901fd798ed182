// SPDX-License-Identifier: GPL-2.0
/* F3: shorts are released at once, and tried again; see oracle_terminals.h. */
#include <stddef.h>

#include "oracle_terminals.h"

/* F3: a terminal has so long to follow its output. */
#define FOLLOW_NS	5000000ULL

/* Back-off: 1, 2, 4, ... 64 s */
#define FIRST_NS	SECOND_NS
#define LONGEST_NS	(64 * SECOND_NS)

unsigned long long terminals_back_off(const struct terminals *t, unsigned int n)
{
	unsigned long long span = FIRST_NS;
	unsigned int i;

	for (i = 1; i < t->shorts[n] && span < LONGEST_NS; i++)
		span *= 2;
	return span;
}

void terminals_carry(struct terminals *t, uint32_t carried,
		     unsigned long long now)
{
	unsigned int n;

	for (n = 0; n < TERMINALS; n++)
		if ((t->carried ^ carried) >> n & 1)
			t->changed[n] = now;
	t->waiting |= t->carried ^ carried;
	t->carried = carried;
}

static void see(struct terminals *t, unsigned int n, bool high, bool known,
		unsigned long long now)
{
	uint32_t bit = 1U << n;

	if (t->released & bit) {
		if (now - t->found[n] >= terminals_back_off(t, n))
			t->released &= ~bit;
		return;
	}
	if (t->waiting & bit && now - t->changed[n] < FOLLOW_NS)
		return;
	t->waiting &= ~bit;
	if (!known)
		return;
	t->mismatch &= ~bit;
	if (!(t->carried & bit) == !high) {
		if (high)
			t->shorts[n] = 0;
		return;
	}
	t->mismatch |= bit;
	if (high)
		return;
	t->released |= bit;
	t->found[n] = now;
	t->shorts[n]++;
}

/* A reading at @now: terminals that are @high, of those that are @known. */
void terminals_see(struct terminals *t, uint32_t high, uint32_t known,
		   unsigned long long now)
{
	unsigned int n;

	for (n = 0; n < TERMINALS; n++)
		see(t, n, high >> n & 1, known >> n & 1, now);
}

/*
 * What the board says of the terminals that are @sensed, and when it looks again
 * at the latest: @next, from @now.
 */
const char *terminals_say(const struct terminals *t, uint32_t sensed,
			  uint32_t released, uint32_t mismatch,
			  unsigned long long next, unsigned long long now)
{
	unsigned int n;

	if (t->released & ~released)
		return "F3: a short is released at once";
	if (released & ~t->released)
		return "F3: only a short is released, and tried again in time";
	if (mismatch != t->mismatch)
		return "F3: a terminal that does not follow is reported";
	for (n = 0; n < TERMINALS; n++) {
		unsigned long long since = t->changed[n], span = FOLLOW_NS;

		if (!(sensed >> n & 1))
			continue;
		if (t->released >> n & 1) {
			since = t->found[n];
			span = terminals_back_off(t, n);
		} else if (!(t->waiting >> n & 1)) {
			continue;
		}
		if (now - since + next < next)	/* for ever */
			return "F3: a terminal is looked at in time";
		if (now - since < span && now - since + next > span)
			return "F3: a terminal is looked at in time";
		if (now - since >= span && next)
			return "F3: a terminal is looked at in time";
	}
	return NULL;
}
