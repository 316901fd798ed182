/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A system that goes to sleep: what keeps it awake, and what the board does for the
 * time in which no cycle runs (T4).
 */
#ifndef _SMALLBMS_SLEEP_H
#define _SMALLBMS_SLEEP_H

#include <linux/bits.h>
#include <linux/types.h>

struct device;
struct scan;

/* How the board sleeps. With none of these it does not. */
#define SLEEP_WAKE	BIT(0)	/* outputs stay: each edge wakes the system */
#define SLEEP_RELEASE	BIT(1)	/* outputs float meanwhile */
#define SLEEP_FREEZE	BIT(2)	/* outputs stay while a memory image is made */

/**
 * struct sleep - the sleep of one board
 * @refused: why the system was kept awake last, for a message once; or NULL
 * @watching: an edge ends the suspend
 * @released: the outputs were released for it
 */
struct sleep {
	const char *refused;
	bool watching;
	bool released;
};

void sleep_begin(struct sleep *sl, struct scan *s, u32 how);
int sleep_enter(struct sleep *sl, struct device *dev, struct scan *s, u32 how);
void sleep_end(struct sleep *sl, struct device *dev, struct scan *s,
	       bool released);
void sleep_edge(const struct sleep *sl);

#endif /* _SMALLBMS_SLEEP_H */
