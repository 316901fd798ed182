// SPDX-License-Identifier: GPL-2.0
/* The record: written in any context, under its owner's lock. */
#include <linux/device.h>
#include <linux/errno.h>
#include <linux/vmalloc.h>

#include "record.h"

static void record_free(void *entries)
{
	vfree(entries);
}

int record_init(struct record *r, struct device *dev)
{
	r->entries = vcalloc(RECORD_MAX, sizeof(*r->entries));
	if (!r->entries)
		return -ENOMEM;
	return devm_add_action_or_reset(dev, record_free, r->entries);
}

void record_add(struct record *r, u64 ns, enum record_kind kind, u32 number,
		bool level)
{
	if (r->count == RECORD_MAX) {
		r->missed++;
		return;
	}
	r->entries[r->count++] = (struct record_entry) {
		.ns = ns, .kind = kind, .number = number, .level = level,
	};
}

const char *record_kind_name(enum record_kind kind)
{
	static const char * const names[] = {
		[RECORD_STIMULUS] = "stimulus",
		[RECORD_SET] = "set",
		[RECORD_RESET] = "reset",
		[RECORD_FAULT] = "fault",
		[RECORD_READ] = "read",
		[RECORD_WRITE] = "write",
	};

	return names[kind];
}
