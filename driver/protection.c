// SPDX-License-Identifier: GPL-2.0
/* The rules of the board; the contract is in protection.h. */
#include <linux/minmax.h>

#include "protection.h"

static u64 ms(u32 n)
{
	return (u64)n * 1000000;
}

/* What is left at @now of @span that began at @since; 0 once it is over. */
static u64 left(u64 since, u64 span, u64 now)
{
	u64 elapsed = now - since;

	return elapsed < span ? span - elapsed : 0;
}

static bool over(u64 since, u64 span, u64 now)
{
	return !left(since, span, now);
}

static u64 debounce(const struct protection *p)
{
	return ms(p->cfg.debounce_delay_ms);
}

/* T3. A gap that is too short to be believed (T2) clears nothing either. */
static u64 clear_delay(const struct protection *p)
{
	return max(ms(p->cfg.clear_delay_ms), debounce(p));
}

static void set_active(struct protection *p, unsigned int line, bool active,
		       u64 now)
{
	u32 bit = PROTECTION_BIT(line);

	p->active = active ? p->active | bit : p->active & ~bit;
	p->active_since[line] = now;
	p->bursting &= ~bit;
}

/* What is not known is no rest; but an active line may well still be so. */
static void break_rest(struct protection *p, unsigned int line, u64 now)
{
	if (!(p->raw & PROTECTION_CONDITIONS & PROTECTION_BIT(line)))
		p->run_since[line] = now;
}

/*
 * F2: the line keeps its level while the reading is tried again, and is never
 * taken for quiet meanwhile; then a condition counts as active. The remote
 * terminals keep their last known state.
 */
static void sense_unreadable(struct protection *p, unsigned int line, u64 now)
{
	u32 bit = PROTECTION_BIT(line);

	p->unread |= bit;
	break_rest(p, line, now);

	if (over(p->unread_since[line], ms(PROTECTION_READ_RETRY_MS), now)) {
		p->failed |= bit;
		if (bit & PROTECTION_CONDITIONS) {
			p->raw |= bit;
			if (!(p->active & bit))
				set_active(p, line, true, now);
		}
	}
}

/* M1: a terminal follows its line once that has settled on a level. */
static void sense_remote(struct protection *p, unsigned int line, u64 now)
{
	u32 bit = PROTECTION_BIT(line);

	if ((p->raw ^ p->active) & bit &&
	    over(p->run_since[line], debounce(p), now))
		set_active(p, line, p->raw & bit, now);
}

/* T2, T3: a condition is believed when held, or when its line never rests. */
static void sense_condition(struct protection *p, unsigned int line,
			    bool stirred, u64 now)
{
	u32 bit = PROTECTION_BIT(line);

	if (p->active & bit) {
		if (!(p->raw & bit) &&
		    over(p->run_since[line], clear_delay(p), now))
			set_active(p, line, false, now);
		return;
	}

	if (!(p->raw & bit) && !stirred)
		return;

	if (!(p->bursting & bit)) {
		p->bursting |= bit;
		p->burst_since[line] = now;
	}
	if ((p->raw & bit && over(p->run_since[line], debounce(p), now)) ||
	    over(p->burst_since[line], 2 * debounce(p), now))
		set_active(p, line, true, now);
}

static bool both(u32 lines, unsigned int a, unsigned int b)
{
	return lines & PROTECTION_BIT(a) && lines & PROTECTION_BIT(b);
}

/* F4: reported as such, while each line still acts. */
static void sense_contradiction(struct protection *p, u64 now)
{
	u32 sure = p->active & ~p->failed;
	bool was = p->contradicting;

	p->contradicting = both(sure, PROTECTION_CELL_OVERVOLTAGE,
				PROTECTION_CELL_UNDERVOLTAGE) ||
			   both(sure, PROTECTION_OVER_TEMPERATURE,
				PROTECTION_UNDER_TEMPERATURE);
	if (p->contradicting && !was)
		p->contradicting_since = now;
	p->implausible = p->contradicting &&
			 over(p->contradicting_since,
			      ms(PROTECTION_IMPLAUSIBLE_MS), now);
}

/* The level of one line at @now, and whether it changed just then. */
static void sense_line(struct protection *p, unsigned int line, bool level,
		       bool readable, bool stirred, u64 now)
{
	u32 bit = PROTECTION_BIT(line);

	/* A burst ends with a debounce of rest, seen or not. */
	if (!((p->raw | p->unread) & bit) &&
	    over(p->run_since[line], debounce(p), now))
		p->bursting &= ~bit;

	if (!readable) {
		sense_unreadable(p, line, now);
	} else {
		if (p->unread & bit)
			break_rest(p, line, now);
		p->unread &= ~bit;
		p->failed &= ~bit;

		if (level != !!(p->raw & bit) || stirred)
			p->run_since[line] = now;
		p->raw = level ? p->raw | bit : p->raw & ~bit;
	}

	if (bit & PROTECTION_REMOTES)
		sense_remote(p, line, now);
	else
		sense_condition(p, line, stirred, now);
}

/**
 * protection_sense() - take one reading of the lines
 * @p: the board
 * @s: the reading
 * @now: time of the reading, ns
 *
 * T1: only levels count; edges merely break the run of a level that was left
 * and taken up again between two readings, and tell when a level began.
 */
void protection_sense(struct protection *p,
		      const struct protection_sample *s, u64 now)
{
	unsigned int line;

	for (line = 0; line < PROTECTION_LINES; line++) {
		u32 bit = PROTECTION_BIT(line);
		bool level = s->levels & bit;
		bool readable = !(s->unreadable & bit);
		bool stirred = (s->edges | (s->earlier & s->unreadable)) & bit;

		if (!(p->cfg.fitted & ~s->skipped & bit))
			continue;
		if (!(p->unread & bit))
			p->unread_since[line] = now - s->took;
		if (s->earlier & bit && readable) {
			u64 then = s->earlier_at[line];
			bool rested = over(p->run_since[line], debounce(p), then);

			rested |= !(p->bursting & bit);
			sense_line(p, line, level, true, true, then);
			/* T2: of a burst that goes on no rest is known since */
			if (s->edges & bit && !rested)
				p->run_since[line] = now;
		}
		sense_line(p, line, level, readable, stirred, now);
	}
	sense_contradiction(p, now);
}

/**
 * protection_terminals() - what the remote terminals say
 * @p: the board
 *
 * Return: true for ON: any of the comparators, or the factory's wire loop
 * where none is fitted (M1).
 */
bool protection_terminals(const struct protection *p)
{
	return !(p->cfg.fitted & PROTECTION_REMOTES) ||
	       p->active & PROTECTION_REMOTES;
}

static bool enabled(const struct protection *p)
{
	return protection_terminals(p) && p->software_remote;
}

/* What is left of @span for the last of @lines, each counted from @since. */
static u64 longest_left(const struct protection *p, u32 lines,
			const u64 *since, u64 span, u64 now)
{
	u64 wait = 0;
	unsigned int line;

	for (line = 0; line < PROTECTION_LINES; line++) {
		u64 rest = left(since[line], span, now);

		if (lines & p->cfg.fitted & PROTECTION_BIT(line) && rest > wait)
			wait = rest;
	}
	return wait;
}

/* Time until all of @lines have been at rest for a debounce; 0 if they have. */
static u64 restless_for(const struct protection *p, u32 lines, u64 now)
{
	if (lines & (p->raw | p->unread))
		return PROTECTION_NEVER;
	return longest_left(p, lines, p->run_since, debounce(p), now);
}

/* Time until all charge faults have been clear for C2's delay. */
static u64 charge_blocked_for(const struct protection *p, u64 now)
{
	return longest_left(p, PROTECTION_CHARGE_FAULTS, p->active_since,
			    ms(p->cfg.charge_reconnect_delay_ms), now);
}

static bool undervoltage(const struct protection *p)
{
	return p->active & PROTECTION_BIT(PROTECTION_CELL_UNDERVOLTAGE);
}

static u64 tripped_for(const struct protection *p, u64 now)
{
	return left(p->active_since[PROTECTION_CELL_UNDERVOLTAGE],
		    ms(p->cfg.load_reconnect_delay_ms), now);
}

/* Which of the active @lines to blame; if none reads so, @before while it may. */
static u32 cause(const struct protection *p, u32 lines, u32 before)
{
	u32 blame = lines & p->active & p->raw;
	unsigned int line;

	if (lines & p->active & p->failed)
		return PROTECTION_BY_IO_ERROR;
	if (!blame && before != PROTECTION_BY_IO_ERROR &&
	    !(before >= PROTECTION_BY_LINE &&
	      p->active & PROTECTION_BIT(before - PROTECTION_BY_LINE)))
		blame = lines & p->active;
	for (line = 0; line < PROTECTION_LINES; line++)
		if (blame & PROTECTION_BIT(line))
			return PROTECTION_BY_LINE + line;
	return before;
}

static bool load_wanted(struct protection *p, u64 now)
{
	u32 uv = PROTECTION_BIT(PROTECTION_CELL_UNDERVOLTAGE);
	bool on = p->outputs & PROTECTION_LOAD;

	/* L4, also while the remote is off */
	if (!undervoltage(p) && p->load_tripped && !tripped_for(p, now))
		p->load_tripped = false;

	if (!enabled(p))
		return false;				/* M3 */

	/* L5: never into an empty bank. L2: never without the warning. */
	if (undervoltage(p) &&
	    (!on || (p->warning &&
		     over(p->warning_since, ms(p->cfg.pre_alarm_delay_ms), now)))) {
		p->load_cause = cause(p, uv, p->load_tripped ? p->load_cause :
					     PROTECTION_NO_REASON);
		p->load_tripped = true;
	}

	if (p->load_tripped)
		return false;

	return on || !restless_for(p, uv, now);
}

static bool charge_wanted(struct protection *p, u64 now)
{
	if (p->active & PROTECTION_CHARGE_FAULTS) {
		p->charge_cause = cause(p, PROTECTION_CHARGE_FAULTS,
					p->charge_blocked ? p->charge_cause :
					PROTECTION_NO_REASON);
		p->charge_blocked = true;		/* C1 */
	} else if (p->charge_blocked && !charge_blocked_for(p, now)) {
		p->charge_blocked = false;		/* C2 */
	}

	if (!enabled(p) || p->charge_blocked || p->inhibit_charge)
		return false;				/* M3, C1, C4 */

	return p->outputs & PROTECTION_CHARGE ||
	       !restless_for(p, PROTECTION_CHARGE_FAULTS, now);
}

static bool pre_alarm_wanted(const struct protection *p)
{
	if (!enabled(p))
		return false;				/* M3 */

	/* O3: spare the last reserve, once the load is really off */
	if (p->cfg.release_pre_alarm_on_disconnect && p->load_tripped &&
	    !(p->outputs & PROTECTION_LOAD))
		return false;

	return p->active & (PROTECTION_BIT(PROTECTION_CELL_LOW) |
			    PROTECTION_BIT(PROTECTION_CELL_UNDERVOLTAGE)); /* L1 */
}

/**
 * protection_decide() - apply the rules
 * @p: the board
 * @now: time, ns, not before the last protection_sense()
 *
 * What is decided may depend on what the terminals carry, so after a change
 * of the outputs it is to be called again, until it asks for what is there.
 *
 * A shorted output (@p->shorted) is asked for all the same: it is the caller
 * that keeps it low.
 *
 * Return: the outputs that shall be high.
 */
u32 protection_decide(struct protection *p, u64 now)
{
	u32 wanted = 0;

	if (load_wanted(p, now))
		wanted |= PROTECTION_LOAD;
	if (charge_wanted(p, now))
		wanted |= PROTECTION_CHARGE;
	if (pre_alarm_wanted(p))
		wanted |= PROTECTION_PRE_ALARM;
	else
		p->warning = false;	/* L2: a break; the next one starts anew */
	p->wanted = wanted;
	return wanted;
}

/**
 * protection_found() - tell that outputs are not as they were left
 * @p: the board
 * @outputs: what the terminals carry
 *
 * A reset of the chip floats its outputs. A pre-alarm that was lost so has been
 * broken (L2); a load that was lost comes back as the rules say.
 */
void protection_found(struct protection *p, u32 outputs)
{
	if (p->outputs & ~outputs & PROTECTION_PRE_ALARM)
		p->warning = false;
	p->outputs = outputs;
}

/**
 * protection_applied() - tell what became of a decision
 * @p: the board
 * @wanted: what protection_decide() returned
 * @outputs: what the terminals carry now; differs from @wanted where a write
 *	failed (F3)
 * @now: time after the last write, ns
 *
 * To be called in every turn, also when nothing had to be written. L2: the 30 s
 * run from here, so that no latency of a write shortens them. A pre-alarm that
 * cannot be raised counts from the first attempt: a broken warning must not let
 * the bank die. If it rises after all, they begin then.
 */
void protection_applied(struct protection *p, u32 wanted, u32 outputs,
			u64 now)
{
	u32 raised = outputs & ~p->outputs & PROTECTION_PRE_ALARM;

	if (raised || (wanted & PROTECTION_PRE_ALARM && !p->warning)) {
		p->warning = true;
		p->warning_since = now;
	}
	p->outputs = outputs;
}

/**
 * protection_init() - begin
 * @p: the board
 * @cfg: copied
 * @first: the first reading; each line counts as it reads, an unreadable
 *	condition as active
 * @found: outputs that were found high; they are taken over as they are (L5)
 * @now: time of the first reading, ns
 */
void protection_init(struct protection *p, const struct protection_config *cfg,
		     const struct protection_sample *first, u32 found, u64 now)
{
	unsigned int line;

	*p = (struct protection) {
		.cfg = *cfg,
		.software_remote = true,
		.unread = first->unreadable & cfg->fitted,
		.failed = first->unreadable & cfg->fitted,
		.outputs = found,
		.warning_since = now,
		.warning = found & PROTECTION_PRE_ALARM,
	};

	p->raw = (first->levels & ~p->unread) |
		 (p->unread & PROTECTION_CONDITIONS);
	/* The terminals' last known state: something on says that they were. */
	if (found)
		p->raw |= p->unread & PROTECTION_REMOTES;
	p->raw &= cfg->fitted;
	p->active = p->raw;

	for (line = 0; line < PROTECTION_LINES; line++) {
		p->run_since[line] = now;
		p->active_since[line] = now;
		p->unread_since[line] = now;
	}
}

/* When @line's level, if it stays, changes what counts as active; or a retry. */
static u64 line_due(const struct protection *p, unsigned int line, u64 now)
{
	u32 bit = PROTECTION_BIT(line);
	u64 since = p->run_since[line];

	if (p->failed & bit)
		return PROTECTION_NEVER;
	if (p->unread & bit)
		return min(ms(PROTECTION_READ_RETRY_INTERVAL_MS),
			   left(p->unread_since[line],
				ms(PROTECTION_READ_RETRY_MS), now));

	if (bit & PROTECTION_REMOTES)
		return (p->raw ^ p->active) & bit ?
		       left(since, debounce(p), now) : PROTECTION_NEVER;

	if (p->active & bit)
		return p->raw & bit ? PROTECTION_NEVER :
		       left(since, clear_delay(p), now);

	if (p->raw & bit)
		return min(left(since, debounce(p), now),
			   left(p->burst_since[line], 2 * debounce(p), now));

	return PROTECTION_NEVER;
}

/**
 * protection_disconnect_in() - the countdown
 * @p: the board
 * @now: time, ns
 *
 * Return: ns until undervoltage cuts the load (L2), or %PROTECTION_NEVER when
 * no disconnect is pending.
 */
u64 protection_disconnect_in(const struct protection *p, u64 now)
{
	if (!undervoltage(p) || !p->warning || p->load_tripped || !enabled(p) ||
	    !(p->outputs & PROTECTION_LOAD))
		return PROTECTION_NEVER;

	return left(p->warning_since, ms(p->cfg.pre_alarm_delay_ms), now);
}

/**
 * protection_next() - when something falls due by itself
 * @p: the board
 * @now: time, ns, not before the last protection_decide()
 *
 * The caller comes back after that time at the latest, and earlier for every
 * change of a line.
 *
 * Return: ns from @now, or %PROTECTION_NEVER.
 */
u64 protection_next(const struct protection *p, u64 now)
{
	const u32 uv = PROTECTION_BIT(PROTECTION_CELL_UNDERVOLTAGE);
	u64 next = protection_disconnect_in(p, now);
	unsigned int line;
	u32 waiting;

	for (line = 0; line < PROTECTION_LINES; line++)
		if (p->cfg.fitted & PROTECTION_BIT(line))
			next = min(next, line_due(p, line, now));

	if (p->contradicting && !p->implausible)
		next = min(next, left(p->contradicting_since,
				      ms(PROTECTION_IMPLAUSIBLE_MS), now));
	if (p->load_tripped && !undervoltage(p))
		next = min(next, tripped_for(p, now));
	if (p->charge_blocked && !(p->active & PROTECTION_CHARGE_FAULTS))
		next = min(next, charge_blocked_for(p, now));

	if (!enabled(p))
		return next;

	/* outputs that wait for their lines to rest */
	waiting = ~(p->outputs | p->wanted);
	if (waiting & PROTECTION_LOAD && !p->load_tripped)
		next = min(next, restless_for(p, uv, now));
	if (waiting & PROTECTION_CHARGE && !p->charge_blocked &&
	    !p->inhibit_charge)
		next = min(next, restless_for(p, PROTECTION_CHARGE_FAULTS, now));

	return next;
}

/* The switches come first: no cure of the bank helps while they are off. */
static u32 remote_reason(const struct protection *p)
{
	if (!protection_terminals(p))
		return PROTECTION_BY_TERMINALS;
	if (!p->software_remote)
		return PROTECTION_BY_REMOTE;
	return PROTECTION_NO_REASON;
}

/**
 * protection_load_reason() - why the load output floats
 * @p: the board
 * @now: time, ns
 *
 * Return: an &enum protection_reason, %PROTECTION_NO_REASON while it is high.
 */
u32 protection_load_reason(const struct protection *p, u64 now)
{
	u32 uv = PROTECTION_BIT(PROTECTION_CELL_UNDERVOLTAGE);
	u32 reason;

	if (p->outputs & PROTECTION_LOAD)
		return PROTECTION_NO_REASON;
	reason = remote_reason(p);
	if (reason)
		return reason;
	if (p->load_tripped)
		return p->load_cause;
	if (p->shorted & PROTECTION_LOAD)
		return PROTECTION_BY_SENSE_MISMATCH;
	if (restless_for(p, uv, now))
		return PROTECTION_BY_LINE + PROTECTION_CELL_UNDERVOLTAGE;
	return PROTECTION_BY_IO_ERROR;
}

/**
 * protection_charge_reason() - why the charge output floats
 * @p: the board
 * @now: time, ns
 *
 * A fault is named before the user's wish: that cannot override it (C4).
 *
 * Return: an &enum protection_reason, %PROTECTION_NO_REASON while it is high.
 */
u32 protection_charge_reason(const struct protection *p, u64 now)
{
	u32 reason;
	unsigned int line;

	if (p->outputs & PROTECTION_CHARGE)
		return PROTECTION_NO_REASON;
	reason = remote_reason(p);
	if (reason)
		return reason;
	if (p->charge_blocked)
		return p->charge_cause;
	if (p->shorted & PROTECTION_CHARGE)
		return PROTECTION_BY_SENSE_MISMATCH;
	if (p->inhibit_charge)
		return PROTECTION_BY_USER;
	for (line = 0; line < PROTECTION_LINES; line++)
		if (restless_for(p, PROTECTION_CHARGE_FAULTS &
				    PROTECTION_BIT(line), now))
			return PROTECTION_BY_LINE + line;
	return PROTECTION_BY_IO_ERROR;
}
