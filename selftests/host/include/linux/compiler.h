/* SPDX-License-Identifier: GPL-2.0 */
/* What the driver needs of the kernel's header, on the host: one thread runs there. */
#ifndef _HOST_LINUX_COMPILER_H
#define _HOST_LINUX_COMPILER_H

#define WRITE_ONCE(x, val)	((x) = (val))

#endif /* _HOST_LINUX_COMPILER_H */
