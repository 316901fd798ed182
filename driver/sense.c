// SPDX-License-Identifier: GPL-2.0
/*
 * Terminals against outputs (F3). Driven high and sensed low is a short: the
 * output, which is not protected against it, is released at once and tried
 * again after a pause that grows. Driven low and sensed high is reported.
 *
 * Pure, like protection.c: no lock, no clock.
 */
#include <linux/time64.h>

#include "sense.h"

/* The HAT's switch and what hangs on it settle in this time. */
#define SETTLE_NS		(5 * (u64)NSEC_PER_MSEC)

/* 1, 2, 4, ... 64 s */
#define SHORT_PAUSE_NS		((u64)NSEC_PER_SEC)
#define SHORT_DOUBLINGS_MAX	6

static u64 short_pause(const struct sense *s, unsigned int n)
{
	unsigned int doublings = s->shorts[n] - 1;

	if (doublings > SHORT_DOUBLINGS_MAX)
		doublings = SHORT_DOUBLINGS_MAX;
	return SHORT_PAUSE_NS << doublings;
}

static void sense_look_at(struct sense *s, unsigned int n, bool driven,
			  bool high, bool known, u64 now)
{
	u32 bit = PROTECTION_BIT(n);

	if (s->shorted & bit) {
		if (now - s->shorted_since[n] >= short_pause(s, n))
			s->shorted &= ~bit;	/* one more try */
		return;
	}

	if (driven != !!(s->driven & bit)) {
		s->driven ^= bit;
		s->driven_since[n] = now;
	}
	if (!known || now - s->driven_since[n] < SETTLE_NS)
		return;

	if (driven == high) {
		s->mismatch &= ~bit;
		if (driven)
			s->shorts[n] = 0;
		return;
	}

	s->mismatch |= bit;
	if (driven) {
		s->shorted |= bit;
		s->shorted_since[n] = now;
		s->shorts[n]++;
	}
}

/**
 * sense_look() - hold the terminals against the outputs
 * @s: zeroed at first
 * @driven: outputs that are high
 * @sense: terminals that are
 * @known: terminals that could be read
 * @now: ns
 */
void sense_look(struct sense *s, u32 driven, u32 sense, u32 known, u64 now)
{
	unsigned int n;

	for (n = 0; n < OUTPUTS; n++)
		sense_look_at(s, n, driven & PROTECTION_BIT(n),
			      sense & PROTECTION_BIT(n),
			      known & PROTECTION_BIT(n), now);
}

/**
 * sense_next() - when to look again at the latest
 * @s: the terminals
 * @fitted: outputs that have a sense line
 * @now: ns
 *
 * Return: ns from @now, or %PROTECTION_NEVER.
 */
u64 sense_next(const struct sense *s, u32 fitted, u64 now)
{
	u64 next = PROTECTION_NEVER;
	unsigned int n;

	for (n = 0; n < OUTPUTS; n++) {
		u32 bit = PROTECTION_BIT(n);
		u64 since = s->driven_since[n], span = SETTLE_NS, age;

		if (!(fitted & bit))
			continue;
		if (s->shorted & bit) {
			since = s->shorted_since[n];
			span = short_pause(s, n);
		}
		age = now - since;
		if (age < span && span - age < next)
			next = span - age;
	}
	return next;
}
