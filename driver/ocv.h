/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The state of charge according to the voltage: what a battery's table of open-circuit
 * voltages (OCV) says about the voltages that were measured last.
 */
#ifndef _SMALLBMS_OCV_H
#define _SMALLBMS_OCV_H

#include <linux/types.h>

struct measurements;
struct power_supply_battery_info;
struct soc_estimate;

#define OCV_READINGS	3

/**
 * struct ocv - the open-circuit voltage of one bank
 * @battery: has the table, or NULL
 * @number: of the voltage that was taken last
 * @taken_at_s: when that was, CLOCK_BOOTTIME in s
 * @count: voltages taken since they were stale last
 * @taken_uv: the last ones, without what a current shifts them by
 * @voltage_uv: their median, valid while @count is not 0
 */
struct ocv {
	struct power_supply_battery_info *battery;
	u32 number;
	u32 taken_at_s;
	unsigned int count;
	int taken_uv[OCV_READINGS];
	int voltage_uv;
};

void ocv_update(struct ocv *o, const struct measurements *m);
bool ocv_estimate(const struct ocv *o, const struct measurements *m,
		  struct soc_estimate *estimate);

#endif /* _SMALLBMS_OCV_H */
