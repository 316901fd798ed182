// SPDX-License-Identifier: GPL-2.0
/* The states that were reached, and what is wrong with them. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "world.h"

struct node *nodes;
u32 node_count;
u64 transitions;
struct totals covered;
const char *complaint;

static char complaint_text[200];
static u8 *keys;
static u32 node_room;
static u32 *table;
static u32 table_mask;
static u64 seed;

/* xorshift64* */
u64 random_next(void)
{
	seed ^= seed >> 12;
	seed ^= seed << 25;
	seed ^= seed >> 27;
	return seed * 0x2545f4914f6cdd1dULL;
}

/* The first one is kept. */
void complain(const char *number, const char *sentence)
{
	if (complaint)
		return;
	snprintf(complaint_text, sizeof(complaint_text), "%s: %s", number,
		 sentence);
	complaint = complaint_text;
}

void complain_rule(const struct rule *rule, const char *how)
{
	if (!rule || complaint)
		return;
	snprintf(complaint_text, sizeof(complaint_text), "%s: %s%s",
		 rule->number, rule->sentence, how);
	complaint = complaint_text;
}

const u8 *key_of(u32 node)
{
	return keys + (size_t)node * key_size;
}

static u64 hash(const u8 *key)
{
	u64 h = 0x9e3779b97f4a7c15ULL;
	unsigned int i;

	for (i = 0; i < key_size; i += 8) {
		u64 word;

		memcpy(&word, key + i, 8);
		h = (h ^ word) * 0xff51afd7ed558ccdULL;
		h ^= h >> 32;
	}
	return h ^ h >> 29;
}

static void grow_table(void)
{
	size_t size = (table_mask * 2ULL + 2) * sizeof(*table);
	u32 i;

	table_mask = table_mask * 2 + 1;
	free(table);
	table = malloc(size);
	if (!table)
		abort();
	memset(table, 0xff, size);
	for (i = 0; i < node_count; i++) {
		u32 slot = hash(key_of(i)) & table_mask;

		while (table[slot] != NO_NODE)
			slot = (slot + 1) & table_mask;
		table[slot] = i;
	}
}

static void make_room(void)
{
	if (node_count < node_room)
		return;
	node_room = node_room ? node_room * 2 : 1 << 14;
	nodes = realloc(nodes, (size_t)node_room * sizeof(*nodes));
	keys = realloc(keys, (size_t)node_room * key_size);
	if (!nodes || !keys)
		abort();
}

void search_begin(void)
{
	node_count = 0;
	node_room = 0;
	transitions = 0;
	complaint = NULL;
	seed = seed_of_run;
	table_mask = (1 << 14) - 1;
	grow_table();
}

static u32 add_node(const u8 *key, u32 parent, u64 action)
{
	make_room();
	memcpy(keys + (size_t)node_count * key_size, key, key_size);
	nodes[node_count] = (struct node){
		.parent = parent, .action = action,
		.healthy = NO_NODE, .low = NO_NODE,
	};
	return node_count++;
}

/* The last step of a story, also if it leads to where it was before. */
void reach_end(const u8 *key, u32 parent, u64 action)
{
	add_node(key, parent, action);
}

/* The state with this key; a new one is reached from @parent. */
u32 reach(const u8 *key, u32 parent, u64 action, bool *is_new)
{
	u32 slot = hash(key) & table_mask;

	for (; table[slot] != NO_NODE; slot = (slot + 1) & table_mask)
		if (!memcmp(key_of(table[slot]), key, key_size))
			return table[slot];
	table[slot] = add_node(key, parent, action);
	*is_new = true;
	if (node_count > table_mask / 2)
		grow_table();
	return node_count - 1;
}
