/* SPDX-License-Identifier: GPL-2.0 */
/* What the driver needs of the kernel's header, on the host. */
#ifndef _HOST_LINUX_TIMEKEEPING_H
#define _HOST_LINUX_TIMEKEEPING_H

#include <linux/types.h>

u64 ktime_get_boottime_ns(void);

#endif /* _HOST_LINUX_TIMEKEEPING_H */
