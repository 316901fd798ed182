/* SPDX-License-Identifier: GPL-2.0 */
/* All differences between kernels, 6.12 and newer. */
#ifndef _BENCH_COMPAT_H
#define _BENCH_COMPAT_H

#include <linux/hrtimer.h>
#include <linux/version.h>

/* hrtimer_setup() came with 6.13; 6.15 took hrtimer_init() away. */
static inline void
bench_hrtimer_setup(struct hrtimer *timer,
		    enum hrtimer_restart (*function)(struct hrtimer *))
{
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 13, 0)
	hrtimer_setup(timer, function, CLOCK_MONOTONIC, HRTIMER_MODE_REL_HARD);
#else
	hrtimer_init(timer, CLOCK_MONOTONIC, HRTIMER_MODE_REL_HARD);
	timer->function = function;
#endif
}

/* What returns an error is called set_rv until 6.17 takes the void set away. */
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 17, 0)
#define bench_set		set
#define bench_set_multiple	set_multiple
#else
#define bench_set		set_rv
#define bench_set_multiple	set_multiple_rv
#endif

#endif /* _BENCH_COMPAT_H */
