// SPDX-License-Identifier: GPL-2.0
/* Loads that are shed on purpose; see shed.h. */
#include "debounce.h"
#include "shed.h"

/* S2: the recovery is so far above the floor where it is not set. */
#define RECOVER_ABOVE_PERCENT		5
#define PERMILLE_PER_PERCENT		10

/**
 * shed_recover_percent() - state of charge at which the load returns (S2)
 * @cfg: settings, within their limits
 *
 * Return: percent, up to 100.
 */
u32 shed_recover_percent(const struct shed_config *cfg)
{
	return cfg->recover_percent ?: cfg->floor_percent + RECOVER_ABOVE_PERCENT;
}

/* S3: a state of charge is fresh while it is no older than the limit. */
static u64 fresh_for(const struct shed *s, u64 now)
{
	return time_left(s->reported_at, ms_to_ns(s->cfg.max_age_ms) + 1, now);
}

/* Take settings and time into account. */
static void refresh(struct shed *s, u64 now)
{
	if (!fresh_for(s, now))
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
 * that the floor has taken stays off.
 */
void shed_forget(struct shed *s)
{
	s->pending = false;
	if (!s->by_floor)
		s->below = false;
}

/* Does a report ask for another @below? */
static bool asks_for_change(const struct shed *s, u32 permille)
{
	const struct shed_config *cfg = &s->cfg;

	if (!s->enabled || !cfg->floor_percent)
		return false;
	if (s->below)
		return permille >= shed_recover_percent(cfg) * PERMILLE_PER_PERCENT;
	return permille <= cfg->floor_percent * PERMILLE_PER_PERCENT;
}

/**
 * shed_report() - a state of charge is reported (S2)
 * @s: the load
 * @permille: the state of charge, up to %SOC_PERMILLE_MAX
 * @now: ns
 */
void shed_report(struct shed *s, u32 permille, u64 now)
{
	bool change;

	refresh(s, now);
	s->reported_at = now;

	change = asks_for_change(s, permille);
	if (change && s->pending)
		s->below = !s->below;
	s->pending = change && !s->pending;
}

/**
 * shed_changed() - whether reports since the last decision make a difference
 * @s: the load
 */
bool shed_changed(const struct shed *s)
{
	return s->below != s->applied;
}

/**
 * shed_update() - begin a decision: take settings, remote and time into account
 * @s: the load
 * @enabled: the remote is on; off, it forgets the floor until that is reached again,
 *	so that a person can have the load back (S3)
 * @now: ns
 */
void shed_update(struct shed *s, bool enabled, u64 now)
{
	refresh(s, now);
	s->enabled = enabled;
	if (!enabled) {
		s->pending = false;
		s->below = false;
	}
	if (s->cfg.request != LOAD_REQUEST_SHED || !enabled)
		s->by_request = false;
	if (!s->below)
		s->by_floor = false;
	s->applied = s->below;
}

/**
 * shed_allows() - whether the load may be connected, as far as sheds go (S1-S3)
 * @s: the load, after shed_update()
 * @due: no other rule disconnects the load, and it is off anyway, or has had its
 *	pre-alarm: what wants to shed takes it now
 */
bool shed_allows(struct shed *s, bool due)
{
	if (s->cfg.request == LOAD_REQUEST_OFF)
		return false;
	if (due && !shed_taken(s)) {
		s->by_request = s->cfg.request == LOAD_REQUEST_SHED;
		s->by_floor = s->below;
	}
	return !shed_taken(s);
}

/**
 * shed_wanted() - whether the load is to be off after a pre-alarm (S1, S2)
 * @s: the load
 */
bool shed_wanted(const struct shed *s)
{
	return s->cfg.request == LOAD_REQUEST_SHED ||
	       (s->below && s->cfg.request == LOAD_REQUEST_AUTO);
}

/**
 * shed_taken() - whether a shed keeps the load off
 * @s: the load
 */
bool shed_taken(const struct shed *s)
{
	return s->by_request || s->by_floor;
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
	if (!s->below || s->by_floor)
		return NEVER;
	return fresh_for(s, now);
}
