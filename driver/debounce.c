// SPDX-License-Identifier: GPL-2.0
/* From samples of levels to qualified conditions; see debounce.h. */
#include <linux/bitops.h>
#include <linux/minmax.h>

#include "debounce.h"

static bool over(u64 since, u64 span, u64 now)
{
	return !time_left(since, span, now);
}

static u64 debounce_ns(const struct debounce *d)
{
	return ms_to_ns(d->cfg.debounce_delay_ms);
}

/* T3. A gap that is shorter than the debounce (T2) clears nothing either. */
static u64 clear_ns(const struct debounce *d)
{
	return max(ms_to_ns(d->cfg.clear_delay_ms), debounce_ns(d));
}

static void write_bit(u32 *bits, u32 bit, bool value)
{
	*bits = value ? *bits | bit : *bits & ~bit;
}

static void set_active(struct debounce *d, unsigned int line, bool active,
		       u64 now)
{
	write_bit(&d->active, BIT(line), active);
	d->active_since[line] = now;
	d->chattering &= ~BIT(line);
}

/*
 * A line is not known to be stable while it cannot be read. A condition whose
 * level is active keeps its start: it may well have lasted.
 */
static void restart_stable(struct debounce *d, unsigned int line, u64 now)
{
	if (!(d->level & INPUTS_CONDITIONS & BIT(line)))
		d->stable_since[line] = now;
}

/*
 * F2: a line keeps its level while its read is retried. When the retries are
 * over, a condition counts as active, and a remote terminal keeps its last known
 * state.
 */
static void update_unreadable(struct debounce *d, unsigned int line,
			      u64 read_time_ns, u64 now)
{
	u32 bit = BIT(line);

	if (!(d->read_failing & bit))
		d->failing_since[line] = now - read_time_ns;
	d->read_failing |= bit;
	restart_stable(d, line, now);

	if (!over(d->failing_since[line], ms_to_ns(READ_RETRY_MS), now))
		return;
	d->unreadable |= bit;
	if (bit & INPUTS_CONDITIONS && !(d->active & bit))
		set_active(d, line, true, now);
}

static void update_level(struct debounce *d, unsigned int line, bool level,
			 bool edge, u64 now)
{
	u32 bit = BIT(line);

	if (d->read_failing & bit)
		restart_stable(d, line, now);
	d->read_failing &= ~bit;
	d->unreadable &= ~bit;

	if (edge || level != !!(d->level & bit))
		d->stable_since[line] = now;
	write_bit(&d->level, bit, level);
}

/* M1: a terminal follows its line when that has settled. */
static void qualify_terminal(struct debounce *d, unsigned int line, u64 now)
{
	u32 bit = BIT(line);

	if ((d->level ^ d->active) & bit &&
	    over(d->stable_since[line], debounce_ns(d), now))
		set_active(d, line, d->level & bit, now);
}

/* T2, T3: a condition is active when held, or when its line goes on chattering. */
static void qualify_condition(struct debounce *d, unsigned int line, bool edge,
			      u64 now)
{
	u32 bit = BIT(line);

	if (d->active & bit) {
		if (!((d->level | d->read_failing) & bit) &&
		    over(d->stable_since[line], clear_ns(d), now))
			set_active(d, line, false, now);
		return;
	}

	if (!(d->level & bit) && !edge)
		return;

	if (!(d->chattering & bit)) {
		d->chattering |= bit;
		d->chattering_since[line] = now;
	}
	if ((d->level & bit &&
	     over(d->stable_since[line], debounce_ns(d), now)) ||
	    over(d->chattering_since[line], 2 * debounce_ns(d), now))
		set_active(d, line, true, now);
}

/* Chatter ends when the line has been inactive for a debounce, sampled or not. */
static void expire_chatter(struct debounce *d, unsigned int line, u64 now)
{
	if (!((d->level | d->read_failing) & BIT(line)) &&
	    over(d->stable_since[line], debounce_ns(d), now))
		d->chattering &= ~BIT(line);
}

static void qualify(struct debounce *d, unsigned int line, bool edge, u64 now)
{
	if (BIT(line) & INPUTS_REMOTE)
		qualify_terminal(d, line, now);
	else
		qualify_condition(d, line, edge, now);
}

/*
 * An edge is taken as a sample at its own time, of the level that is read now.
 * If the line has moved again since, that level says nothing about the time
 * between, so chatter must not expire in it.
 */
static void update_edge(struct debounce *d, unsigned int line, bool level,
			bool more, u64 edge_at, u64 now)
{
	bool quiet;

	expire_chatter(d, line, edge_at);
	quiet = !(d->chattering & BIT(line));
	update_level(d, line, level, true, edge_at);
	qualify(d, line, true, edge_at);
	if (more && !quiet)
		d->stable_since[line] = now;
}

static void update_line(struct debounce *d, unsigned int line,
			const struct debounce_sample *s, u64 now)
{
	u32 bit = BIT(line);
	bool level = s->levels & bit;
	bool readable = !(s->unreadable & bit);
	bool edge = s->more_edges & bit;

	/* The level after an edge is unknown while the line cannot be read. */
	if (s->edges & bit) {
		if (readable)
			update_edge(d, line, level, edge, s->first_edge[line],
				    now);
		else
			edge = true;
	}

	expire_chatter(d, line, now);
	if (readable)
		update_level(d, line, level, edge, now);
	else
		update_unreadable(d, line, s->read_time_ns, now);
	qualify(d, line, edge, now);
}

static bool both(u32 lines, u32 pair)
{
	return (lines & pair) == pair;
}

/* F4: reported, while each line still acts. */
static void check_plausible(struct debounce *d, u64 now)
{
	u32 known = d->active & ~d->unreadable;
	bool was = d->contradicting;

	d->contradicting = both(known, BIT(INPUT_CELL_OVERVOLTAGE) |
				       BIT(INPUT_CELL_UNDERVOLTAGE)) ||
			   both(known, BIT(INPUT_OVER_TEMPERATURE) |
				       BIT(INPUT_UNDER_TEMPERATURE));
	if (d->contradicting && !was)
		d->contradicting_since = now;
	d->implausible = d->contradicting &&
			 over(d->contradicting_since, ms_to_ns(IMPLAUSIBLE_MS),
			      now);
}

/**
 * debounce_update() - take one sample of the lines into account
 * @d: the lines
 * @s: the sample
 * @now: time of the sample, ns
 *
 * T1: only levels count; an edge merely tells that a level was left, and when it
 * began.
 */
void debounce_update(struct debounce *d, const struct debounce_sample *s,
		     u64 now)
{
	/* a line that is in none of these would stay as it is */
	u32 busy = (s->levels ^ d->level) | (d->level ^ d->active) |
		   s->edges | s->more_edges | s->unreadable |
		   d->read_failing | d->chattering;

	busy &= d->cfg.fitted;
	while (busy) {
		update_line(d, __ffs(busy), s, now);
		busy &= busy - 1;
	}
	check_plausible(d, now);
}

/**
 * debounce_init() - begin
 * @d: the lines
 * @cfg: copied
 * @first: the first sample; each line counts as it reads, an unreadable condition
 *	as active
 * @was_on: the board was found ON, which is the last known state of remote
 *	terminals that cannot be read (F2)
 * @now: time of the first sample, ns
 */
void debounce_init(struct debounce *d, const struct debounce_config *cfg,
		   const struct debounce_sample *first, bool was_on, u64 now)
{
	u32 unreadable = first->unreadable & cfg->fitted;
	u32 assumed = INPUTS_CONDITIONS | (was_on ? INPUTS_REMOTE : 0);
	unsigned int line;

	*d = (struct debounce) {
		.cfg = *cfg,
		.read_failing = unreadable,
		.unreadable = unreadable,
	};
	d->level = (first->levels & cfg->fitted & ~unreadable) |
		   (unreadable & assumed);
	d->active = d->level;

	for (line = 0; line < INPUT_COUNT; line++) {
		d->stable_since[line] = now;
		d->active_since[line] = now;
		d->failing_since[line] = now;
	}
	check_plausible(d, now);
}

/* When the line's level, if it stays, changes what is active; or a retry. */
static u64 line_next(const struct debounce *d, unsigned int line, u64 now)
{
	u32 bit = BIT(line);
	u64 since = d->stable_since[line];
	u64 settled = time_left(since, debounce_ns(d), now);

	if (d->read_failing & bit)
		return min(ms_to_ns(READ_RETRY_INTERVAL_MS),
			   time_left(d->failing_since[line],
				     ms_to_ns(READ_RETRY_MS), now));
	if (bit & INPUTS_REMOTE)
		return settled;
	if (d->active & bit)
		return time_left(since, clear_ns(d), now);
	return min(settled, time_left(d->chattering_since[line],
				      2 * debounce_ns(d), now));
}

/**
 * debounce_next() - when the lines need a sample
 * @d: the lines
 * @now: ns, not before the last debounce_update()
 *
 * Return: ns from @now, or %NEVER when nothing changes before a line does.
 */
u64 debounce_next(const struct debounce *d, u64 now)
{
	u32 busy = ((d->level ^ d->active) | d->read_failing) & ~d->unreadable;
	unsigned int line;
	u64 next = NEVER;

	for (line = 0; line < INPUT_COUNT; line++)
		if (busy & BIT(line))
			next = min(next, line_next(d, line, now));
	if (d->contradicting && !d->implausible)
		next = min(next, time_left(d->contradicting_since,
					   ms_to_ns(IMPLAUSIBLE_MS), now));
	return next;
}

/**
 * debounce_unqualified() - check for changes that are still being debounced (T2)
 * @d: the lines
 *
 * A condition that is not clear yet (T3) is none of them: it is active.
 */
bool debounce_unqualified(const struct debounce *d)
{
	return d->chattering || (d->level ^ d->active) & INPUTS_REMOTE;
}

/**
 * debounce_terminals() - the state of the remote terminals
 * @d: the lines
 *
 * Return: true for ON: any of the comparators, or the factory's wire loop where
 * none is fitted (M1).
 */
bool debounce_terminals(const struct debounce *d)
{
	return !(d->cfg.fitted & INPUTS_REMOTE) || d->active & INPUTS_REMOTE;
}

/* What is left of @span for the last of @lines, each counted from @since. */
static u64 longest_left(const struct debounce *d, u32 lines, const u64 *since,
			u64 span, u64 now)
{
	unsigned int line;
	u64 longest = 0;

	lines &= d->cfg.fitted;
	for (line = 0; line < INPUT_COUNT; line++)
		if (lines & BIT(line))
			longest = max(longest,
				      time_left(since[line], span, now));
	return longest;
}

/**
 * debounce_settled_in() - when lines are settled on the inactive level
 * @d: the lines
 * @lines: conditions, as bits
 * @now: ns
 *
 * Return: ns from @now, 0 if all of them are settled, or %NEVER while one reads
 * active or its read fails.
 */
u64 debounce_settled_in(const struct debounce *d, u32 lines, u64 now)
{
	if (lines & (d->level | d->read_failing))
		return NEVER;
	return longest_left(d, lines, d->stable_since, debounce_ns(d), now);
}

/* Of two times the later one, also when the clock has wrapped */
static bool later(u64 a, u64 b)
{
	return (s64)(a - b) > 0;
}

/**
 * debounce_unsettled() - the line that the others had to wait for
 * @d: the lines
 * @lines: conditions, as bits, that had not all settled on the inactive level at the
 *	last sample, and none of which reads active
 *
 * Return: of the lines that were readable and had not settled the one that settles
 * last, as a bit; 0 if there was none.
 */
u32 debounce_unsettled(const struct debounce *d, u32 lines)
{
	u32 failing = lines & d->read_failing;
	unsigned int line;
	u64 since = 0;
	u32 last = 0;

	lines &= d->cfg.fitted & ~failing;
	for (line = 0; line < INPUT_COUNT; line++) {
		if (!(lines & BIT(line)))
			continue;
		if (!last || later(d->stable_since[line], since)) {
			since = d->stable_since[line];
			last = BIT(line);
		}
	}
	/* a failed read restarts its line: that was the time of the sample */
	if (failing && over(since, debounce_ns(d), d->stable_since[__ffs(failing)]))
		return 0;
	return last;
}

/**
 * debounce_clear_for_in() - when conditions have been clear for a time
 * @d: the lines
 * @lines: conditions, as bits
 * @span: ns, counted from when the condition became clear (T3)
 * @now: ns
 *
 * Return: ns from @now, 0 if all of them have been clear for @span, or %NEVER
 * while one is active.
 */
u64 debounce_clear_for_in(const struct debounce *d, u32 lines, u64 span, u64 now)
{
	if (lines & d->active)
		return NEVER;
	return longest_left(d, lines, d->active_since, span, now);
}
