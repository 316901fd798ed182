// SPDX-License-Identifier: GPL-2.0
/* Loads that are shed (S), and the board beside for which nothing of that happens. */
#include "world.h"

/* Percent, where there is a floor */
#define FLOOR		20

void shed_start(struct world *w)
{
	struct shed_config *cfg = &w->p.shed.cfg;

	if (part->sheds & REPORTS) {
		cfg->floor_percent = FLOOR;
		cfg->max_age_ms = part->max_age * part->tick_ms;
	}
	adapt_shed(&w->o.board, cfg);
	w->twin = w->p;
}

/* S2: the recovery is 5 % above the floor. */
static void report(struct world *w, enum soc what, u64 now)
{
	static const int permille[] = {
		[SOC_UNKNOWN] = -1, [SOC_LOW] = 10 * FLOOR,
		[SOC_ABOVE] = 10 * FLOOR + 1, [SOC_BELOW] = 10 * FLOOR + 49,
		[SOC_HIGH] = 10 * FLOOR + 50,
	};

	if (what == SOC_NONE)
		return;
	if (what == SOC_UNKNOWN)
		shed_forget(&w->p.shed);
	else
		shed_report(&w->p.shed, permille[what], now);
	oracle_hears(&w->o, permille[what], now);
	if (shed_changed(&w->p.shed) != oracle_has_news(&w->o))
		complain("S5", "a report has a cycle run when it makes a difference");
}

/*
 * What happens of S at @now. Reports come a nanosecond before, so that they are too
 * old at a point of the grid.
 */
void shed_events(struct world *w, const struct event *e, u64 now)
{
	struct shed_config *cfg = &w->p.shed.cfg;

	report(w, e->soc, now - 1);
	report(w, e->soc_again, now - 1);
	if (e->request < 3)
		cfg->request = e->request;
	if (e->other_floor)
		cfg->floor_percent = cfg->floor_percent ? 0 : FLOOR;
	if (e->other_age)
		cfg->max_age_ms = (part->max_age + 1) * part->tick_ms -
				  cfg->max_age_ms;
	adapt_shed(&w->o.board, cfg);
}

/* ---- S4: the board beside, with the same lines, switches and faults */

void twin_finds(struct world *w, const struct event *e, u64 now)
{
	u32 found = (w->twin.actual & ~e->lose) | e->raise;

	if (found != w->twin.actual)
		protection_feedback(&w->twin, found, now);
}

void twin_decides(struct world *w, u64 now)
{
	w->twin.debounce = w->p.debounce;
	w->twin.cfg = w->p.cfg;
	w->twin.software_remote = w->p.software_remote;
	w->twin.inhibit_charge = w->p.inhibit_charge;
	w->twin.shorted = w->p.shorted;
	protection_decide(&w->twin, now);
}

/* @fail: outputs that cannot be written */
void twin_carries(struct world *w, u32 fail, u64 now)
{
	const struct protection *p = &w->p, *twin = &w->twin;
	u32 actual = twin->requested & ~twin->shorted;
	u32 differ;

	actual ^= (actual ^ twin->actual) & fail;
	protection_feedback(&w->twin, actual, now);

	differ = (p->requested ^ twin->requested) | (p->actual ^ twin->actual);
	if (differ & OUTPUT_CHARGE || p->charge_tripped != twin->charge_tripped ||
	    protection_charge_reason(p, now) != protection_charge_reason(twin, now))
		complain("S4", "charge is as it is on a board without S");
	covered.twins++;
}
