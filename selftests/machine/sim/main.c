// SPDX-License-Identifier: GPL-2.0
/*
 * The bench inside the machine: chips with pins that tests can put any level
 * on, buses that fail on demand, a record of what happened when, and a referee
 * that watches the board. For tests only.
 *
 *	bus.c		an I2C adapter; faults.c: what goes wrong on it
 *	expander.c	the chip on it, a pca9535.c or a mcp23017.c; int_line.c: its INT
 *	sensor.c	what measures the bank, on the same bus
 *	direct.c	a chip of lines that never sleep
 *	pins.c		the pins of either chip; bouncer.c: one that bounces
 *	trips.c		thousands of trips, timed
 *	record.c	what happened when
 *	monitor.c	the referee
 *	control.c	the files in debugfs, smallbms-bench/DEVICE/
 */
#include <linux/module.h>

#include "bench.h"

struct dentry *bench_folder;

static struct platform_driver * const drivers[] = {
	&bus_driver, &direct_driver,
};

static int __init bench_init(void)
{
	int ret;

	bench_folder = debugfs_create_dir("smallbms-bench", NULL);
	ret = platform_register_drivers(drivers, ARRAY_SIZE(drivers));
	if (ret)
		debugfs_remove(bench_folder);
	return ret;
}
module_init(bench_init);

static void __exit bench_exit(void)
{
	platform_unregister_drivers(drivers, ARRAY_SIZE(drivers));
	debugfs_remove(bench_folder);
}
module_exit(bench_exit);

MODULE_DESCRIPTION("Test bench of the smallBMS driver");
MODULE_LICENSE("GPL");
