/* SPDX-License-Identifier: GPL-2.0 */
/* What goes wrong on the bus, and when. */
#ifndef _BENCH_FAULTS_H
#define _BENCH_FAULTS_H

#include <linux/fs.h>
#include <linux/spinlock.h>
#include <linux/types.h>

/**
 * enum fault - what may become of a transfer
 * @FAULT_NONE: nothing
 * @FAULT_NACK: nobody answers: -ENXIO
 * @FAULT_TIMEOUT: nothing moves for a while: -ETIMEDOUT
 * @FAULT_ARBITRATION: somebody else talks: -EAGAIN
 * @FAULT_CORRUPT: every bit that is read, or written, is the wrong one
 * @FAULT_DEAF: the chip acknowledges what is written, and does nothing
 * @FAULT_RESET: the chip loses its registers just before
 * @FAULTS: how many there are
 */
enum fault {
	FAULT_NONE,
	FAULT_NACK,
	FAULT_TIMEOUT,
	FAULT_ARBITRATION,
	FAULT_CORRUPT,
	FAULT_DEAF,
	FAULT_RESET,
	FAULTS
};

enum { FAULTS_READS = 1, FAULTS_WRITES = 2 };

/**
 * struct faults - one fault that is to come
 * @lock: never taken in hard context
 * @kind: what it will be
 * @which: FAULTS_READS, FAULTS_WRITES; others are not counted
 * @after: transfers that still go well
 * @count: transfers that then go wrong
 * @hit: transfers that have gone wrong since the last order
 */
struct faults {
	spinlock_t lock;	/* guards all of it */
	enum fault kind;
	u32 which;
	u32 after;
	u32 count;
	u32 hit;
};

void faults_init(struct faults *f);
enum fault faults_next(struct faults *f, bool read);

/* A file in debugfs, its data a &struct faults, in which they are ordered */
extern const struct file_operations faults_fops;

#endif /* _BENCH_FAULTS_H */
