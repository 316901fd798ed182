/* SPDX-License-Identifier: GPL-2.0 */
/* What driver/protection.c needs of the kernel's header, for the host. */
#ifndef _HOST_LINUX_MINMAX_H
#define _HOST_LINUX_MINMAX_H

#include <linux/types.h>

static inline u64 min(u64 x, u64 y)
{
	return x < y ? x : y;
}

static inline u64 max(u64 x, u64 y)
{
	return x > y ? x : y;
}

#endif /* _HOST_LINUX_MINMAX_H */
