/* SPDX-License-Identifier: GPL-2.0 */
/*
 * For driver/terminal.c alone: its second is shorter, so that its back-off, of up to
 * 64 of them, has few ticks.
 */
#include_next <linux/time64.h>

#undef NSEC_PER_SEC
#define NSEC_PER_SEC	10000000L
