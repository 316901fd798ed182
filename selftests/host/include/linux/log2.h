/* SPDX-License-Identifier: GPL-2.0 */
/* What the driver needs of the kernel's header, on the host. */
#ifndef _HOST_LINUX_LOG2_H
#define _HOST_LINUX_LOG2_H

#include <stdbool.h>

static inline bool is_power_of_2(unsigned long n)
{
	return n && !(n & (n - 1));
}

#endif /* _HOST_LINUX_LOG2_H */
