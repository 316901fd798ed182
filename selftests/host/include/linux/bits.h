/* SPDX-License-Identifier: GPL-2.0 */
/* What the driver needs of the kernel's header, on the host. */
#ifndef _HOST_LINUX_BITS_H
#define _HOST_LINUX_BITS_H

#define BIT(n)		(1UL << (n))
#define GENMASK(h, l)	((~0UL << (l)) & (~0UL >> (8 * sizeof(long) - 1 - (h))))

#endif /* _HOST_LINUX_BITS_H */
