/* SPDX-License-Identifier: GPL-2.0 */
/* Where the words of the oracle and those of driver/protection.h meet. */
#ifndef _PROOF_ADAPTER_H
#define _PROOF_ADAPTER_H

#include "oracle.h"
#include "protection.h"

#define SAME(ours, theirs) \
	_Static_assert((int)(ours) == (int)(theirs), #ours " is " #theirs)

SAME(CELL_LOW, PROTECTION_CELL_LOW);
SAME(CELL_UNDERVOLTAGE, PROTECTION_CELL_UNDERVOLTAGE);
SAME(CELL_OVERVOLTAGE, PROTECTION_CELL_OVERVOLTAGE);
SAME(OVER_TEMPERATURE, PROTECTION_OVER_TEMPERATURE);
SAME(UNDER_TEMPERATURE, PROTECTION_UNDER_TEMPERATURE);
SAME(CHARGE_INHIBIT, PROTECTION_CHARGE_INHIBIT);
SAME(REMOTE_L, PROTECTION_REMOTE_L);
SAME(REMOTE_H, PROTECTION_REMOTE_H);
SAME(REMOTE_LOOP, PROTECTION_REMOTE_LOOP);
SAME(WIRES, PROTECTION_LINES);
SAME(LOAD, PROTECTION_LOAD);
SAME(CHARGE, PROTECTION_CHARGE);
SAME(PRE_ALARM, PROTECTION_PRE_ALARM);

/* By place, so that the compiler refuses what is new and not known here. */
static inline struct protection_config adapt_config(const struct board *b)
{
	return (struct protection_config){
		b->wired, b->pre_alarm_ms, b->load_reconnect_ms,
		b->charge_reconnect_ms, b->clear_ms, b->debounce_ms,
		b->release_pre_alarm,
	};
}

static inline struct protection_sample adapt_sample(const struct reading *r)
{
	struct protection_sample s = {
		r->active, r->edges, r->unreadable, r->earlier, { 0 },
		r->took, 0,
	};
	unsigned int wire;

	for (wire = 0; wire < WIRES; wire++)
		s.earlier_at[wire] = r->earlier_at[wire];
	return s;
}

static inline enum told adapt_reason(u32 reason)
{
	switch (reason) {
	case PROTECTION_NO_REASON:
		return NOTHING;
	case PROTECTION_BY_TERMINALS:
		return THE_TERMINALS;
	case PROTECTION_BY_REMOTE:
		return THE_SOFTWARE;
	case PROTECTION_BY_USER:
		return THE_USER;
	case PROTECTION_BY_IO_ERROR:
		return AN_ERROR;
	case PROTECTION_BY_SENSE_MISMATCH:
		return A_SHORT;
	}
	return reason - PROTECTION_BY_LINE + A_WIRE;
}

static inline struct report adapt_report(const struct protection *p, u64 now)
{
	return (struct report){
		.terminals_on = protection_terminals(p),
		.disconnect_in = protection_disconnect_in(p, now),
		.load_reason =
			adapt_reason(protection_load_reason(p, now)),
		.charge_reason =
			adapt_reason(protection_charge_reason(p, now)),
		.alarm = protection_alarm(p),
		.red = p->charge_blocked,
	};
}

#endif /* _PROOF_ADAPTER_H */
