/* SPDX-License-Identifier: GPL-2.0 */
/* The signals of the oracle, for its own files and for the exploration. */
#ifndef _PROOF_SIGNALS_H
#define _PROOF_SIGNALS_H

#include "oracle.h"

/* The lines alone, without the rules: oracle_lines.c */
void lines_start(struct oracle *o, const struct board *board,
		 const struct reading *first, uint32_t found,
		 unsigned long long now);
void lines_read(struct oracle *o, const struct reading *r,
		unsigned long long now);
const struct rule *lines_until(struct oracle *o, const struct reading *r,
			       unsigned long long now);
void lines_conclude(struct oracle *o, unsigned long long now);
const char *lines_reported(struct oracle *o, const struct report *r);
uint32_t lines_unreadable(const struct oracle *o);
bool lines_at_rest(const struct oracle *o, uint32_t wires);

/* ---- the logic */

static inline unsigned long long ms(unsigned long long n)
{
	return n * 1000000;
}

static inline bool oracle_true(const struct oracle *o, unsigned int signal)
{
	return o->truth >> signal & 1;
}

static inline unsigned long long age(const struct oracle *o,
				     unsigned int signal,
				     unsigned long long now)
{
	return now - o->since[signal];
}

static inline bool held(const struct oracle *o, unsigned int signal,
			unsigned long long span, unsigned long long now)
{
	return oracle_true(o, signal) && age(o, signal, now) >= span;
}

static inline void begins(struct oracle *o, unsigned int signal,
			  unsigned long long now)
{
	o->truth |= 1ULL << signal;
	o->since[signal] = now;
}

static inline void ends(struct oracle *o, unsigned int signal)
{
	o->truth &= ~(1ULL << signal);
}

/* True from @since on, or from when it was true already; or false. */
static inline void lasts(struct oracle *o, unsigned int signal, bool value,
			 unsigned long long since)
{
	if (!value)
		ends(o, signal);
	else if (!oracle_true(o, signal))
		begins(o, signal, since);
}

static inline bool wire_is(const struct oracle *o, unsigned int wire,
			   enum sign sign)
{
	return oracle_true(o, SIGNAL(wire, sign));
}

/* Of which wires a sign is true. */
static inline uint32_t lines_with(const struct oracle *o, enum sign sign)
{
	return o->truth >> SIGNAL(0, sign) & (BIT_OF(WIRES) - 1);
}

static inline uint32_t lines_counting(const struct oracle *o)
{
	return lines_with(o, COUNTS);
}

#endif /* _PROOF_SIGNALS_H */
