/* SPDX-License-Identifier: GPL-2.0 */
/* What the driver needs of the kernel's header, on the host. */
#include <linux/time64.h>
#include <linux/timekeeping.h>
