// SPDX-License-Identifier: GPL-2.0
/* Loads that are shed on purpose; see shed.h. */
#include <linux/minmax.h>

#include "debounce.h"
#include "shed.h"

/* S2: the recovery is so far above the floor where it is not set. */
#define RECOVER_ABOVE_PERCENT		5
#define PERMILLE_PER_PERCENT		10

/**
 * shed_recover_percent() - state of charge at which the load returns (S2)
 * @cfg: settings
 *
 * Return: percent, up to 100.
 */
u32 shed_recover_percent(const struct shed_config *cfg)
{
	if (cfg->recover_percent)
		return cfg->recover_percent;
	return min(cfg->floor_percent + RECOVER_ABOVE_PERCENT, 100U);
}

/* S3: what is no older than that is fresh. */
static u64 fresh_for(const struct shed *s, u64 now)
{
	return time_left(s->reported_at, ms_to_ns(s->cfg.max_age_ms) + 1, now);
}

/**
 * shed_update() - take settings and time into account
 * @s: the load
 * @now: ns
 */
void shed_update(struct shed *s, u64 now)
{
	if (s->fresh && !fresh_for(s, now))
		shed_forget(s);
	if (!s->cfg.floor_percent) {
		s->below = false;
		s->pending = false;
	}
}

/**
 * shed_forget() - the state of charge is unknown from now on (S3)
 * @s: the load
 *
 * What is unknown never sheds: a countdown because of it is called off. But a load
 * that is off stays off.
 */
void shed_forget(struct shed *s)
{
	s->fresh = false;
	s->pending = false;
	if (!s->taken)
		s->below = false;
}

/**
 * shed_reset() - the remote is off: forget the floor until it is reached again (S3)
 * @s: the load
 */
void shed_reset(struct shed *s)
{
	s->taken = false;
	s->pending = false;
	s->below = false;
}

/**
 * shed_report() - a state of charge is reported (S2)
 * @s: the load
 * @permille: the state of charge, up to %SOC_PERMILLE_MAX
 * @now: ns
 */
void shed_report(struct shed *s, u32 permille, u64 now)
{
	const struct shed_config *cfg = &s->cfg;
	bool change;

	shed_update(s, now);
	s->fresh = true;
	s->reported_at = now;

	if (s->below)
		change = permille >= shed_recover_percent(cfg) * PERMILLE_PER_PERCENT;
	else
		change = cfg->floor_percent &&
			 permille <= cfg->floor_percent * PERMILLE_PER_PERCENT;
	if (change && s->pending)
		s->below = !s->below;
	s->pending = change && !s->pending;
}

/**
 * shed_wanted() - whether the load is to be off after a pre-alarm (S1, S2)
 * @s: the load
 */
bool shed_wanted(const struct shed *s)
{
	return s->cfg.request == LOAD_REQUEST_SHED || s->below;
}

/**
 * shed_next() - when the state of charge becomes too old to shed (S3)
 * @s: the load
 * @now: ns
 *
 * Return: ns from @now, or %NEVER where that changes nothing.
 */
u64 shed_next(const struct shed *s, u64 now)
{
	if (!s->fresh || !s->below || s->taken)
		return NEVER;
	return fresh_for(s, now);
}
