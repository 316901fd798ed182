/* SPDX-License-Identifier: GPL-2.0 */
/* What the driver needs of the kernel's header, on the host. */
#ifndef _HOST_LINUX_BITOPS_H
#define _HOST_LINUX_BITOPS_H

#include <linux/bits.h>

#ifndef __ffs
#define __ffs(n)	((unsigned long)__builtin_ctzl(n))
#endif

#endif /* _HOST_LINUX_BITOPS_H */
