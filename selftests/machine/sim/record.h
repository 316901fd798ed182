/* SPDX-License-Identifier: GPL-2.0 */
/* What happened when: stimulus and answer on one clock, CLOCK_BOOTTIME. */
#ifndef _BENCH_RECORD_H
#define _BENCH_RECORD_H

#include <linux/types.h>

struct device;
struct seq_file;

/**
 * enum record_kind - what can happen
 * @RECORD_STIMULUS: the wire brings another level
 * @RECORD_SET: the chip drives another level
 * @RECORD_RESET: the chip lost its registers, or got wrong ones
 * @RECORD_FAULT: the bus failed a transfer, it is no pin's; an &enum fault
 * @RECORD_READ: a transfer begins, likewise; 0xRRVV, register and value
 * @RECORD_WRITE: likewise
 */
enum record_kind {
	RECORD_STIMULUS,
	RECORD_SET,
	RECORD_RESET,
	RECORD_FAULT,
	RECORD_READ,
	RECORD_WRITE,
};

struct record_entry {
	u64 ns;
	u32 number;
	u8 kind;
	bool level;
};

/**
 * struct record - the first entries since it was cleared
 * @entries: these
 * @count: how many there are
 * @missed: how many more would have come
 */
struct record {
	struct record_entry *entries;
	unsigned int count;
	unsigned int missed;
};

int record_init(struct record *r, struct device *dev);
void record_add(struct record *r, u64 ns, enum record_kind kind, u32 number,
		bool level);
const char *record_kind_name(enum record_kind kind);

#define RECORD_MAX	16384

#endif /* _BENCH_RECORD_H */
