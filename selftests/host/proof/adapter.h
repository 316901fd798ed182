/* SPDX-License-Identifier: GPL-2.0 */
/* Where the words of the oracle and those of the driver's headers meet. */
#ifndef _PROOF_ADAPTER_H
#define _PROOF_ADAPTER_H

#include "oracle.h"
#include "protection.h"

#define SAME(ours, theirs) \
	_Static_assert((int)(ours) == (int)(theirs), #ours " is " #theirs)

SAME(CELL_LOW, INPUT_CELL_LOW);
SAME(CELL_UNDERVOLTAGE, INPUT_CELL_UNDERVOLTAGE);
SAME(CELL_OVERVOLTAGE, INPUT_CELL_OVERVOLTAGE);
SAME(OVER_TEMPERATURE, INPUT_OVER_TEMPERATURE);
SAME(UNDER_TEMPERATURE, INPUT_UNDER_TEMPERATURE);
SAME(CHARGE_INHIBIT, INPUT_CHARGE_INHIBIT);
SAME(REMOTE_L, INPUT_REMOTE_L);
SAME(REMOTE_H, INPUT_REMOTE_H);
SAME(REMOTE_LOOP, INPUT_REMOTE_LOOP);
SAME(WIRES, INPUT_COUNT);
SAME(LOAD, OUTPUT_LOAD);
SAME(CHARGE, OUTPUT_CHARGE);
SAME(PRE_ALARM, OUTPUT_PRE_ALARM);
SAME(ASK_AUTO, LOAD_REQUEST_AUTO);
SAME(ASK_SHED, LOAD_REQUEST_SHED);
SAME(ASK_OFF, LOAD_REQUEST_OFF);

/*
 * All fields by their place, so that the compiler (-Wextra) refuses one that is
 * new in the driver and not known here.
 */
static inline struct protection_config adapt_config(const struct board *b)
{
	return (struct protection_config){
		{ b->wired, b->debounce_ms, b->clear_ms },
		b->pre_alarm_ms, b->load_reconnect_ms, b->load_reconnect_max_ms,
		b->charge_reconnect_ms, b->hold_ms, b->steady_ms,
		b->release_pre_alarm,
	};
}

static inline struct shed_config adapt_shed_config(const struct board *b)
{
	return (struct shed_config){
		b->request, b->floor_percent, b->recover_percent, b->max_age_ms,
	};
}

/* The other way round; S2 says where the load returns if nothing else does. */
static inline void adapt_shed(struct board *b, const struct shed_config *c)
{
	b->request = c->request;
	b->floor_percent = c->floor_percent;
	b->recover_percent = c->recover_percent ? c->recover_percent :
						  c->floor_percent + 5;
	b->max_age_ms = c->max_age_ms;
}

/* Delays that are changed while the board runs. */
static inline void adapt_delays(struct protection *p, const struct board *b)
{
	p->cfg = adapt_config(b);
	p->debounce.cfg = p->cfg.debounce;
}

static inline struct debounce_sample adapt_sample(const struct reading *r)
{
	struct debounce_sample s = {
		r->active, r->unreadable, r->edges, r->again, { 0 }, r->took,
	};
	unsigned int wire;

	for (wire = 0; wire < WIRES; wire++)
		s.first_edge[wire] = r->first_edge[wire];
	return s;
}

/* The other way round, for a test that has the driver's sample. */
static inline struct reading adapt_reading(const struct debounce_sample *s)
{
	struct reading r = {
		s->levels, s->unreadable, s->edges, s->more_edges, { 0 },
		s->read_time_ns,
	};
	unsigned int wire;

	for (wire = 0; wire < WIRES; wire++)
		r.first_edge[wire] = s->first_edge[wire];
	return r;
}

static inline struct board adapt_board(const struct protection_config *c)
{
	return (struct board){
		c->debounce.fitted, c->pre_alarm_delay_ms,
		c->load_reconnect_delay_ms, c->load_reconnect_max_ms,
		c->charge_reconnect_delay_ms,
		c->debounce.clear_delay_ms, c->debounce.debounce_delay_ms,
		c->pre_alarm_hold_ms, c->steady_ms,
		c->release_pre_alarm_on_disconnect, true, false, 0,
		ASK_AUTO, 0, 0, 0,
	};
}

static inline unsigned int adapt_reason(u32 reason)
{
	switch (reason) {
	case REASON_NONE:
		return WHY_NOT;
	case REASON_TERMINALS:
		return WHY_TERMINALS;
	case REASON_REMOTE:
		return WHY_SOFTWARE;
	case REASON_USER:
		return WHY_USER;
	case REASON_IO_ERROR:
		return WHY_ERROR;
	case REASON_SENSE_MISMATCH:
		return WHY_SHORT;
	case REASON_REQUEST_OFF:
		return WHY_REFUSED;
	case REASON_REQUEST_SHED:
		return WHY_SHED;
	case REASON_SOC_FLOOR:
		return WHY_FLOOR;
	}
	return reason - REASON_INPUT + WHY_WIRE;
}

static inline struct report adapt_lines(const struct debounce *d)
{
	return (struct report){
		.active = d->active,
		.unreadable = d->unreadable,
		.implausible = d->implausible,
		.terminals_on = debounce_terminals(d),
	};
}

static inline struct report adapt_report(const struct protection *p, u64 now)
{
	struct report r = adapt_lines(&p->debounce);

	r.disconnect_in = protection_disconnect_in(p, now);
	r.reconnect_in = protection_reconnect_in(p, now);
	r.shed_in = protection_shed_in(p, now);
	r.load_reason = adapt_reason(protection_load_reason(p, now));
	r.charge_reason = adapt_reason(protection_charge_reason(p, now));
	r.alarm = protection_alarm(p);
	r.red = p->charge_tripped;
	return r;
}

#endif /* _PROOF_ADAPTER_H */
