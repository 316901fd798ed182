// SPDX-License-Identifier: GPL-2.0
/* See faults.h. */
#include <linux/kernel.h>
#include <linux/string.h>
#include <linux/uaccess.h>

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

/*
 * Orders a fault in place of the last one: "KIND [FIRST [COUNT [reads|writes]]]",
 * the FIRST transfer from now on (1 is the next one) and those behind it, COUNT
 * together, 0 for all that come; all of them if nothing else is said.
 */
static int faults_order(struct faults *f, const char *text)
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

static ssize_t faults_write(struct file *file, const char __user *from,
			    size_t count, loff_t *at)
{
	char text[48] = "";
	int ret;

	if (count >= sizeof(text) || copy_from_user(text, from, count))
		return -EINVAL;
	ret = faults_order(file->private_data, text);
	return ret ?: count;
}

static ssize_t faults_read(struct file *file, char __user *to, size_t count,
			   loff_t *at)
{
	struct faults *f = file->private_data;
	char text[48];
	int len;

	spin_lock(&f->lock);
	len = scnprintf(text, sizeof(text), "%s hit %u\n", names[f->kind], f->hit);
	spin_unlock(&f->lock);
	return simple_read_from_buffer(to, count, at, text, len);
}

const struct file_operations faults_fops = {
	.open = simple_open,
	.read = faults_read,
	.write = faults_write,
	.llseek = default_llseek,
};

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
