// SPDX-License-Identifier: GPL-2.0
/*
 * A pin that bounces, without anybody in user space. The timer cannot tick as
 * fast as a relay's contacts; at every tick it makes up for the changes that
 * were due since the last one, and where the pin is left then is chance: else
 * whoever looks at regular times might see it at rest. Changes that fall
 * together become one interrupt, as in a controller that has one bit for each
 * line.
 */
#include <linux/math64.h>
#include <linux/timekeeping.h>

#include "compat.h"
#include "pins.h"

/* More of them at once would look no different; or one less. */
#define AT_ONCE		3

static ktime_t bouncer_period(const struct pins *p)
{
	return ns_to_ktime((u64)max(p->bounce_tick_us, 1U) * NSEC_PER_USEC);
}

static enum hrtimer_restart bouncer_tick(struct hrtimer *timer)
{
	struct pins *p = container_of(timer, struct pins, bouncer.timer);
	struct bouncer *b = &p->bouncer;
	u32 bit = BIT(b->pin);
	u64 now = ktime_get_boottime_ns();
	u64 due = div64_u64(min(now, b->until_ns) - b->begun_ns,
			    b->half_period_ns);
	u64 fresh = due - b->done;

	if (fresh >= AT_ONCE)
		fresh = AT_ONCE - prandom_u32_state(&b->random) % 2;
	while (fresh--) {
		b->level = !b->level;
		pins_bring(p, bit, b->level ? bit : 0, false);
	}
	b->done = due;
	if (now >= b->until_ns) {
		pins_bring(p, bit, b->resting ? bit : 0, true);
		return HRTIMER_NORESTART;
	}
	hrtimer_forward_now(timer, bouncer_period(p));
	return HRTIMER_RESTART;
}

void bouncer_stop(struct pins *p)
{
	hrtimer_cancel(&p->bouncer.timer);
}

/**
 * bouncer_start() - let a pin bounce; one at a time does
 * @p: the pins
 * @pin: which
 * @hz: how often it goes there and back in a second
 * @ms: for how long
 */
void bouncer_start(struct pins *p, unsigned int pin, u32 hz, u32 ms)
{
	struct bouncer *b = &p->bouncer;
	u64 now;

	bouncer_stop(p);
	if (!hz || !ms)
		return;
	now = ktime_get_boottime_ns();
	b->pin = pin;
	b->resting = p->outside & BIT(pin);
	b->level = b->resting;
	b->half_period_ns = max(NSEC_PER_SEC / 2 / hz, 1L);
	b->begun_ns = now;
	b->until_ns = now + (u64)ms * NSEC_PER_MSEC;
	b->done = 0;
	hrtimer_start(&b->timer, bouncer_period(p), HRTIMER_MODE_REL_HARD);
}

void bouncer_init(struct pins *p)
{
	prandom_seed_state(&p->bouncer.random, 1);
	bench_hrtimer_setup(&p->bouncer.timer, bouncer_tick);
}
