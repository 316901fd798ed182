// SPDX-License-Identifier: GPL-2.0
/*
 * Terminal feedback: sense lines against outputs (F3). Driven high and sensed low
 * is a short: the output, which is not protected against it, is released at once,
 * and tried again after a pause that grows. Driven low and sensed high is
 * reported.
 */
#include <linux/minmax.h>
#include <linux/time64.h>

#include "debounce.h"
#include "terminal.h"

/* The HAT's switch and what hangs on it settle in this time. */
#define SETTLE_NS		(5 * (u64)NSEC_PER_MSEC)

/* 1, 2, 4, ... 64 s */
#define SHORT_PAUSE_NS		((u64)NSEC_PER_SEC)
#define SHORT_DOUBLINGS_MAX	6U

static u64 settled_in(const struct terminal *t, unsigned int n, u64 now)
{
	return time_left(t->driven_since[n], SETTLE_NS, now);
}

static u64 retry_in(const struct terminal *t, unsigned int n, u64 now)
{
	u64 pause = SHORT_PAUSE_NS << min(t->shorts[n] - 1, SHORT_DOUBLINGS_MAX);

	return time_left(t->shorted_since[n], pause, now);
}

/**
 * terminal_driven() - note the outputs as they are now
 * @t: the terminals
 * @driven: outputs that are high
 * @now: time after the write, or of the reading that found them, ns
 *
 * A terminal has time to settle from here.
 */
void terminal_driven(struct terminal *t, u32 driven, u64 now)
{
	u32 changed = t->driven ^ driven;
	unsigned int n;

	for (n = 0; n < OUTPUT_COUNT; n++)
		if (changed & BIT(n))
			t->driven_since[n] = now;
	t->driven = driven;
	t->settling |= changed;
}

static void compare(struct terminal *t, unsigned int n, bool high, u64 now)
{
	bool driven = t->driven & BIT(n);

	if (driven == high) {
		t->mismatch &= ~BIT(n);
		if (driven)
			t->shorts[n] = 0;
		return;
	}

	t->mismatch |= BIT(n);
	if (driven) {
		t->shorted |= BIT(n);
		t->shorted_since[n] = now;
		t->shorts[n]++;
	}
}

/**
 * terminal_check() - compare the terminals with the outputs
 * @t: the terminals
 * @sense: terminals that are high
 * @known: terminals that could be read
 * @now: time of the reading, ns
 */
void terminal_check(struct terminal *t, u32 sense, u32 known, u64 now)
{
	unsigned int n;

	for (n = 0; n < OUTPUT_COUNT; n++) {
		if (t->shorted & BIT(n)) {
			if (!retry_in(t, n, now))
				t->shorted &= ~BIT(n);
			continue;
		}
		if (t->settling & BIT(n) && settled_in(t, n, now))
			continue;
		t->settling &= ~BIT(n);
		if (known & BIT(n))
			compare(t, n, sense & BIT(n), now);
	}
}

/**
 * terminal_next() - when the terminals need a reading
 * @t: the terminals
 * @fitted: outputs that have a sense line
 * @now: ns
 *
 * Return: ns from @now, or %NEVER.
 */
u64 terminal_next(const struct terminal *t, u32 fitted, u64 now)
{
	u64 next = NEVER;
	unsigned int n;

	for (n = 0; n < OUTPUT_COUNT; n++) {
		if (!(fitted & BIT(n)))
			continue;
		if (t->shorted & BIT(n))
			next = min(next, retry_in(t, n, now));
		else if (t->settling & BIT(n))
			next = min(next, settled_in(t, n, now));
	}
	return next;
}
