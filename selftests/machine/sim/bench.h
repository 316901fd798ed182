/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _BENCH_BENCH_H
#define _BENCH_BENCH_H

#include <linux/debugfs.h>
#include <linux/fs.h>
#include <linux/platform_device.h>
#include <linux/uaccess.h>

extern struct dentry *bench_folder;
extern struct platform_driver bus_driver;
extern struct platform_driver direct_driver;

#endif /* _BENCH_BENCH_H */
