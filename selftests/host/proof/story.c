// SPDX-License-Identifier: GPL-2.0
/* How a state was reached. */
#include <stdio.h>

#include "world.h"

static void print_event(const struct event *e)
{
	static const char * const requests[] = { "auto", "shed", "off" };
	static const char * const socs[] = {
		"", "unknown", "low", "above the floor", "below the recovery", "high",
	};

	if (e->remote < 2 && part->remote)
		printf(" software %s,", e->remote ? "on" : "off");
	if (e->user < 2 && part->user)
		printf(" user %s,", e->user ? "inhibits" : "allows");
	if (e->lose)
		printf(" lost %u,", e->lose);
	if (e->raise)
		printf(" found high %u,", e->raise);
	if (e->shorted < 8)
		printf(" shorted %u,", e->shorted);
	if (e->swap)
		printf(" other delays,");
	if (e->request < 3)
		printf(" request %s,", requests[e->request]);
	if (e->soc)
		printf(" reported %s%s,", socs[e->soc], e->soc_again ? " twice" : "");
	if (e->other_floor)
		printf(" floor set or taken away,");
	if (e->other_age)
		printf(" other age,");
	if (e->known)
		printf(" terminals %u of %u,", e->sense, e->known);
}

static void print_step(const struct node *n, unsigned int *now)
{
	struct action a = decode(n->action);
	struct world w;

	unpack(&w, 0, key_of(n - nodes), false);
	*now += a.ticks;
	printf("# %3u ms:", *now * part->tick_ms);
	print_input(a.input);
	print_event(&events[a.event]);
	*now += a.slow;
	if (part->mode == LINES)
		printf(" active %#x", w.p.debounce.active);
	else
		printf(" requested %u, actual %u", w.p.requested, w.p.actual);
	printf("%s%s, next in %d\n", a.fail ? ", a write failed" : "",
	       a.slow ? " a tick later" : "",
	       w.next == NOT_DUE ? -1 : (int)(w.next * part->tick_ms));
}

void print_story(u32 node)
{
	u32 path[300];
	unsigned int length = 0;
	unsigned int now = 0;

	for (; node != NO_NODE && length < 300; node = nodes[node].parent)
		path[length++] = node;
	while (length--) {
		const struct node *n = &nodes[path[length]];

		if (n->parent != NO_NODE) {
			print_step(n, &now);
			continue;
		}
		printf("#   0 ms: start,");
		print_input((u32)n->action);
		printf(" found %u\n", (unsigned int)(n->action >> 32));
	}
	printf("# outputs as bits: load 1, charge 2, pre-alarm 4\n");
}
