/* SPDX-License-Identifier: GPL-2.0 */
/* F3 a second time: terminals that do not follow their outputs; see oracle.h. */
#ifndef _PROOF_ORACLE_TERMINALS_H
#define _PROOF_ORACLE_TERMINALS_H

#include <stdbool.h>
#include <stdint.h>

#define TERMINALS	3

/* Which is shorter where time has few ticks. */
#ifndef SECOND_NS
#define SECOND_NS	1000000000ULL
#endif

struct terminals {
	uint32_t carried;	/* outputs that are high */
	uint32_t waiting;	/* no terminal was seen since that changed */
	uint32_t released;	/* because of a short */
	uint32_t mismatch;	/* to be reported */
	unsigned long long changed[TERMINALS];	/* time of the last change */
	unsigned long long found[TERMINALS];	/* time of the last short */
	unsigned int shorts[TERMINALS];		/* one after the other */
};

void terminals_carry(struct terminals *t, uint32_t carried,
		     unsigned long long now);
void terminals_see(struct terminals *t, uint32_t high, uint32_t known,
		   unsigned long long now);
const char *terminals_say(const struct terminals *t, uint32_t sensed,
			  uint32_t released, uint32_t mismatch,
			  unsigned long long next, unsigned long long now);
unsigned long long terminals_back_off(const struct terminals *t, unsigned int n);

#endif /* _PROOF_ORACLE_TERMINALS_H */
