// SPDX-License-Identifier: GPL-2.0
/*
 * The oracle (proof/oracle.h) as a judge of the driver's scan cycle.
 *
 * The driver's calls of its pure files are redirected to here (ld --wrap), and each
 * is held against the oracle, whatever the test that runs the cycle.
 */
#include <stdio.h>
#include <string.h>

#include "caller.h"
#include "judge.h"
#include "oracle_terminals.h"
#include "signals.h"
#include "tests.h"

/* The board that is watched: the one that began last. Copies of it are not. */
static struct {
	struct protection *p;
	struct terminal *t;
	struct oracle o;
	struct terminals s;
	u64 began, ended;	/* the board, and its last cycle */
	u64 next;		/* when that wanted the next one, from then */
	bool read, decided;	/* in this cycle */
	bool found;		/* it began with outputs that were otherwise */
	bool software_on, user_inhibits;	/* at the last decision, */
	struct shed_config shed;		/* as these */
} watched;

static unsigned long long cycles, in_time;

/* The first rule that the board broke, or empty */
static char violation[120];

static void wrong(const char *number, const char *sentence, u64 now)
{
	const struct protection *p = watched.p;
	const struct debounce *d = &p->debounce;

	if (*violation)
		return;
	printf("# after %llu ns of a board, in cycle %llu: %s: %s\n",
	       now - watched.began, cycles, number, sentence);
	printf("# read %llu ns before: levels %#x, active %#x, failing %#x, unreadable %#x\n",
	       now - watched.o.read_at, d->level, d->active, d->read_failing,
	       d->unreadable);
	printf("# requested %u, actual %u, shorted %u, reasons %u %u; expected as bits %#x %#x\n",
	       p->requested, p->actual, p->shorted,
	       adapt_reason(protection_load_reason(p, now)),
	       adapt_reason(protection_charge_reason(p, now)),
	       watched.o.load_blame, watched.o.charge_blame);
	snprintf(violation, sizeof(violation), "%s: %s", number, sentence);
}

/* Which rule the board that was started last has broken, or NULL */
const char *judge_violation(void)
{
	return *violation ? violation : NULL;
}

static void must(const struct rule *rule, u64 now)
{
	if (rule)
		wrong(rule->number, rule->sentence, now);
}

/* Settings may have been changed since. */
static void take_settings(void)
{
	const struct protection *p = watched.p;
	struct protection_config cfg = p->cfg;

	cfg.debounce = p->debounce.cfg;
	watched.o.board = adapt_board(&cfg);
	watched.o.board.software_on = p->software_remote;
	watched.o.board.user_inhibits = p->inhibit_charge;
	watched.o.board.shorted = p->shorted;
	adapt_shed(&watched.o.board, &p->shed.cfg);
}

void __wrap_protection_init(struct protection *p,
			    const struct protection_config *cfg,
			    const struct debounce_sample *first, u32 found,
			    u64 now)
{
	struct reading r = adapt_reading(first);
	struct board board = adapt_board(cfg);

	__real_protection_init(p, cfg, first, found, now);
	*violation = '\0';
	watched.p = p;
	watched.began = now;
	watched.read = false;
	watched.decided = false;
	watched.found = false;
	watched.next = 0;
	oracle_start(&watched.o, &board, &r, found, now);
}

/*
 * Is the cycle at @now one that came when the driver asked for it, or before? Edges
 * are read a debounce after the first of them at the latest, and at once where a line
 * goes on moving.
 */
static bool punctual(const struct reading *r, u64 now)
{
	u64 debounce = watched.o.board.debounce_ms * 1000000ULL;
	u32 restless = lines_with(&watched.o, RESTLESS) | r->again;
	unsigned int wire;

	if (watched.found || now == watched.ended || !watched.next ||
	    now - watched.ended > watched.next)
		return false;
	for (wire = 0; wire < WIRES; wire++)
		if (r->edges & BIT_OF(wire) && now - r->first_edge[wire] >
		    (restless & BIT_OF(wire) ? 0 : debounce))
			return false;
	return true;
}

void __wrap_debounce_update(struct debounce *d, const struct debounce_sample *s,
			    u64 now)
{
	struct reading r = adapt_reading(s);

	__real_debounce_update(d, s, now);
	if (!watched.p || d != &watched.p->debounce)
		return;
	if (punctual(&r, now)) {
		struct oracle until = watched.o;

		in_time++;
		must(oracle_until(&until, &r, now), now);
	}
	watched.found = false;
	take_settings();
	oracle_reads(&watched.o, &r, now);
	watched.read = true;
	cycles++;
}

u32 __wrap_protection_decide(struct protection *p, u64 now)
{
	u32 requested = __real_protection_decide(p, now);

	if (p != watched.p)
		return requested;
	if (!watched.read || now != watched.o.read_at)
		wrong("L5", "a decision is that of the reading before it", now);
	take_settings();
	must(oracle_asks(&watched.o, requested, now), now);
	watched.read = false;
	watched.decided = true;
	watched.software_on = p->software_remote;
	watched.user_inhibits = p->inhibit_charge;
	watched.shed = p->shed.cfg;
	return requested;
}

void __wrap_protection_feedback(struct protection *p, u32 actual, u64 now)
{
	__real_protection_feedback(p, actual, now);
	if (p != watched.p)
		return;
	if (watched.decided)
		oracle_carries(&watched.o, p->requested, actual, now);
	else
		oracle_finds(&watched.o, actual, now);
	watched.found = !watched.decided;
	watched.decided = false;
}

/* Asked for at the end of each cycle. */
u64 __wrap_protection_next(const struct protection *p, u64 now)
{
	u64 next = __real_protection_next(p, now);
	struct report report;
	const char *broken;

	if (p == watched.p) {
		watched.ended = now;
		watched.next = next;
	}
	/* What was switched or heard meanwhile is for the next cycle, which is due. */
	if (p == watched.p && p->software_remote == watched.software_on &&
	    p->inhibit_charge == watched.user_inhibits &&
	    !oracle_has_news(&watched.o) &&
	    !memcmp(&p->shed.cfg, &watched.shed, sizeof(watched.shed))) {
		report = adapt_report(p, now);
		broken = oracle_reports(&watched.o, &report, now);
		if (broken)
			wrong("reported", broken, now);
	}
	return next;
}

void __wrap_terminal_driven(struct terminal *t, u32 driven, u64 now)
{
	static const struct terminal zeroed;

	/* It begins zeroed, with no call that says so. */
	if (!memcmp(t, &zeroed, sizeof(zeroed))) {
		watched.t = t;
		watched.s = (struct terminals){};
	}
	__real_terminal_driven(t, driven, now);
	if (t == watched.t)
		terminals_carry(&watched.s, driven, now);
}

void __wrap_terminal_check(struct terminal *t, u32 sense, u32 known, u64 now)
{
	const char *broken;

	__real_terminal_check(t, sense, known, now);
	if (t != watched.t)
		return;
	terminals_see(&watched.s, sense, known, now);
	broken = terminals_say(&watched.s, 0, t->shorted, t->mismatch, 0, now);
	if (broken)
		wrong("terminals", broken, now);
}

/* S5: reports that make a difference are looked at 100 ms after the last reading. */
static u64 due_of_reports(u64 now)
{
	u64 gap = 100 * 1000000ULL, passed = now - watched.o.read_at;

	if (!oracle_has_news(&watched.o))
		return NEVER;
	return passed < gap ? gap - passed : 0;
}

u64 __wrap_scan_report_soc(struct scan *s, int permille, u64 now)
{
	u64 due = __real_scan_report_soc(s, permille, now);
	struct board before = watched.o.board;

	if (&s->protection != watched.p)
		return due;
	/* by the newest settings, which count from the next decision on otherwise */
	take_settings();
	oracle_hears(&watched.o, permille, now);
	watched.o.board = before;
	if (due != due_of_reports(now))
		wrong("S2 S5", "a report has a cycle run when it makes a difference", now);
	return due;
}

/* Asked for at the end of each cycle, which may have taken long. */
u64 __wrap_scan_next(struct scan *s, u64 now)
{
	u64 next = __real_scan_next(s, now);

	if (&s->protection == watched.p && next > due_of_reports(now))
		wrong("S2", "a report in the middle of a cycle is not forgotten", now);
	return next;
}

void judge_summary(void)
{
	printf("# the oracle judged %llu cycles, %llu of them also in time\n", cycles,
	       in_time);
}

static u64 left_until(u64 at, u64 now)
{
	return at == NEVER ? NEVER : at - now;
}

static bool has(const struct snapshot *s, u32 condition)
{
	return s->conditions & condition;
}

/* What is published is what was judged, and what is known of outputs and terminals. */
void __wrap_scan_describe(const struct scan *s, struct snapshot *snapshot,
			  struct snapshot_times *times, u64 now)
{
	const struct protection *p = &s->protection;
	const struct debounce *d = &p->debounce;
	struct report judged;

	__real_scan_describe(s, snapshot, times, now);
	if (p != watched.p)
		return;
	judged = adapt_report(p, now);
	if (snapshot->outputs != p->actual)
		wrong("published", "outputs", now);
	if ((snapshot->conditions & INPUTS_ALL) != (d->active & INPUTS_CONDITIONS) ||
	    snapshot->unreadable != d->unreadable ||
	    snapshot->terminals != judged.terminals_on)
		wrong("published", "lines", now);
	if (has(snapshot, CONDITION_IO_ERROR) !=
	    (d->unreadable || outputs_failing(&s->outputs)))
		wrong("published", "F2 F3: what fails", now);
	if (has(snapshot, CONDITION_SENSE_MISMATCH) != !!s->terminal.mismatch)
		wrong("published", "F3: a terminal that is otherwise", now);
	if (has(snapshot, CONDITION_IMPLAUSIBLE) != judged.implausible)
		wrong("published", "F4: what is implausible", now);
	if (snapshot->remote != p->software_remote ||
	    snapshot->inhibit_charge != p->inhibit_charge ||
	    snapshot->load_request != p->shed.cfg.request)
		wrong("published", "what was requested", now);
	if (adapt_reason(snapshot->load_reason) != judged.load_reason ||
	    adapt_reason(snapshot->charge_reason) != judged.charge_reason ||
	    snapshot->charge_tripped != judged.red ||
	    snapshot->alarm != judged.alarm)
		wrong("published", "reasons and the alarm", now);
	if (left_until(times->disconnect_at, now) != judged.disconnect_in ||
	    left_until(times->shed_at, now) != judged.shed_in ||
	    left_until(times->reconnect_at, now) != judged.reconnect_in)
		wrong("published", "countdowns", now);
}
