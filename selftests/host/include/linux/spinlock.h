/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the driver needs of the kernel's header, on the host: a lock that is merely
 * known to be held or not.
 */
#ifndef _HOST_LINUX_SPINLOCK_H
#define _HOST_LINUX_SPINLOCK_H

#include <stdbool.h>
#include <stdlib.h>

struct raw_spinlock {
	bool held;
};

#define raw_spinlock_t	struct raw_spinlock

/* sparse's */
#define __must_hold(lock)
#define __releases(lock)
#define __acquires(lock)
#define __release(lock)	do { } while (0)
#define __acquire(lock)	do { } while (0)

static inline void raw_spin_lock_irq(raw_spinlock_t *lock)
{
	if (lock->held)
		abort();
	lock->held = true;
}

static inline void raw_spin_unlock_irq(raw_spinlock_t *lock)
{
	if (!lock->held)
		abort();
	lock->held = false;
}

#endif /* _HOST_LINUX_SPINLOCK_H */
