/* SPDX-License-Identifier: GPL-2.0 */
/* What the driver needs of the kernel's header, on the host. */
#ifndef _HOST_LINUX_KERNEL_H
#define _HOST_LINUX_KERNEL_H

#include <stdarg.h>
#include <stdio.h>

/* Like snprintf(), but returns what was written, not what would have been. */
static inline int __attribute__((format(printf, 3, 4)))
scnprintf(char *buf, size_t size, const char *format, ...)
{
	va_list args;
	int n;

	va_start(args, format);
	n = vsnprintf(buf, size, format, args);
	va_end(args);
	if (!size)
		return 0;
	return (size_t)n < size ? n : (int)size - 1;
}

#endif /* _HOST_LINUX_KERNEL_H */
