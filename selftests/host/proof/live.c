// SPDX-License-Identifier: GPL-2.0
/* Liveness: each state has one successor in a run without surprises. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "world.h"

#define ON_THE_WAY	0xfffe
#define UNKNOWN		0xffff

static bool reached_goal(u32 node, bool low)
{
	struct world w;

	unpack(&w, 0, key_of(node), false);
	return low ? !(w.p.actual & OUTPUT_LOAD) :
		     !(~w.p.actual & (OUTPUT_LOAD | OUTPUT_CHARGE));
}

static unsigned int ticks_between(u32 from, bool low)
{
	struct action a = { .input = good_input(low) };
	struct world w;

	unpack(&w, 0, key_of(from), false);
	for (a.ticks = 0; a.ticks <= horizon; a.ticks++)
		if (next_of_a_still_run(&w, &a))
			return a.ticks;
	return horizon + 1;
}

static unsigned int longest_way(bool low, u32 *worst)
{
	u16 *way = malloc(node_count * sizeof(*way));
	u32 *stack = malloc(node_count * sizeof(*stack));
	unsigned int longest = 0;
	u32 start;

	if (!way || !stack)
		abort();
	memset(way, 0xff, node_count * sizeof(*way));
	for (start = 0; start < node_count; start++) {
		u32 depth = 0;
		u32 node = start;
		unsigned int ticks = 0;

		while (way[node] == UNKNOWN) {
			u32 to = low ? nodes[node].low : nodes[node].healthy;

			if (reached_goal(node, low)) {
				way[node] = 0;
				break;
			}
			if (to == NO_NODE) {
				*worst = node;
				longest = NO_NODE;
				goto out;
			}
			way[node] = ON_THE_WAY;
			stack[depth++] = node;
			node = to;
		}
		if (way[node] == ON_THE_WAY) {
			*worst = node;
			longest = NO_NODE;
			goto out;
		}
		ticks = way[node];
		while (depth--) {
			node = stack[depth];
			ticks += ticks_between(node, low);
			way[node] = ticks;
		}
		if (ticks > longest) {
			longest = ticks;
			*worst = start;
		}
	}
out:
	free(way);
	free(stack);
	return longest;
}

/**
 * live() - does every run without surprises reach its goal?
 * @low: undervoltage stays, so the goal is that the load floats; else all is well,
 *	so the goal is that load and charge are high
 * @bound: ticks that this may take
 * @sentence: printed
 */
void live(bool low, unsigned int bound, const char *sentence)
{
	u32 worst = 0;
	unsigned int ticks = longest_way(low, &worst);

	if (ticks != NO_NODE && ticks <= bound) {
		printf("# %s: after %u of at most %u ticks\n", sentence, ticks,
		       bound);
		return;
	}
	complain(low ? "L2" : "M4 L4 C2", sentence);
	if (ticks == NO_NODE)
		printf("# never, from:\n");
	else
		printf("# %u ticks instead of %u, from:\n", ticks, bound);
	print_story(worst);
}
