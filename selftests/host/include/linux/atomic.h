/* SPDX-License-Identifier: GPL-2.0 */
/* What the driver needs of the kernel's header, on the host. */
#ifndef _HOST_LINUX_ATOMIC_H
#define _HOST_LINUX_ATOMIC_H

struct atomic {
	int counter;
};

#define atomic_t	struct atomic

#endif /* _HOST_LINUX_ATOMIC_H */
