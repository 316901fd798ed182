// SPDX-License-Identifier: GPL-2.0
/* See faults.h. */
#include <linux/kernel.h>
#include <linux/string.h>

#include "faults.h"

static const char * const names[FAULTS] = {
	[FAULT_NONE] = "none",
	[FAULT_NACK] = "nack",
	[FAULT_TIMEOUT] = "timeout",
	[FAULT_ARBITRATION] = "arbitration",
	[FAULT_CORRUPT] = "corrupt",
	[FAULT_DEAF] = "deaf",
	[FAULT_RESET] = "reset",
};

void faults_init(struct faults *f)
{
	spin_lock_init(&f->lock);
}

/**
 * faults_order() - order a fault in place of the last one
 * @f: the faults
 * @text: "KIND [FIRST [COUNT [reads|writes]]]": the FIRST transfer from now on
 *	(1 is the next one) and those behind it, COUNT together, 0 for all that
 *	come; all of them if nothing else is said
 *
 * Return: 0, or -EINVAL.
 */
int faults_order(struct faults *f, const char *text)
{
	char kind_name[16] = "", which_name[8] = "";
	u32 first = 1, count = 0, which = FAULTS_READS | FAULTS_WRITES;
	int kind;

	if (sscanf(text, "%15s %u %u %7s", kind_name, &first, &count,
		   which_name) < 1)
		return -EINVAL;
	kind = match_string(names, FAULTS, kind_name);
	if (kind < 0 || !first)
		return -EINVAL;
	if (!strcmp(which_name, "reads"))
		which = FAULTS_READS;
	else if (!strcmp(which_name, "writes"))
		which = FAULTS_WRITES;
	else if (*which_name)
		return -EINVAL;

	spin_lock(&f->lock);
	f->kind = kind;
	f->which = which;
	f->after = first - 1;
	f->count = count ?: U32_MAX;
	f->hit = 0;
	spin_unlock(&f->lock);
	return 0;
}

int faults_print(struct faults *f, char *buf, size_t size)
{
	int len;

	spin_lock(&f->lock);
	len = scnprintf(buf, size, "%s hit %u\n", names[f->kind], f->hit);
	spin_unlock(&f->lock);
	return len;
}

/**
 * faults_next() - what shall become of the next transfer
 * @f: the faults
 * @read: it reads
 */
enum fault faults_next(struct faults *f, bool read)
{
	enum fault kind = FAULT_NONE;

	spin_lock(&f->lock);
	if (f->kind == FAULT_NONE || !f->count ||
	    !(f->which & (read ? FAULTS_READS : FAULTS_WRITES)))
		goto out;
	if (f->after) {
		f->after--;
		goto out;
	}
	kind = f->kind;
	f->hit++;
	if (f->count != U32_MAX)
		f->count--;
out:
	spin_unlock(&f->lock);
	return kind;
}
