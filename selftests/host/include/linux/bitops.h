/* SPDX-License-Identifier: GPL-2.0 */
/* What the driver needs of the kernel's header, on the host. */
#ifndef _HOST_LINUX_BITOPS_H
#define _HOST_LINUX_BITOPS_H

#include <linux/bits.h>

#ifndef __ffs
#define __ffs(n)	((unsigned long)__builtin_ctzl(n))
#endif

/* Of one word */
static inline unsigned int find_next_bit(const unsigned long *word,
					 unsigned int size, unsigned int bit)
{
	while (bit < size && !(*word >> bit & 1))
		bit++;
	return bit;
}

#define for_each_set_bit(bit, word, size)				\
	for ((bit) = find_next_bit(word, size, 0); (bit) < (size);	\
	     (bit) = find_next_bit(word, size, (bit) + 1))

#endif /* _HOST_LINUX_BITOPS_H */
