/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Chips that measure the bank, on the expander's bus, as their data sheets have
 * them: an INA226 for voltage and current, a TMP006 for the temperature.
 */
#ifndef _BENCH_SENSOR_H
#define _BENCH_SENSOR_H

#include <linux/atomic.h>
#include <linux/types.h>

#include "faults.h"

struct dentry;

#define SENSOR_INA226		0x40
#define SENSOR_TMP006		0x44

/**
 * struct sensor - what there is to be measured, and the chips' registers
 * @microvolt: of the bank
 * @shunt_nanovolt: across the shunt, positive while the bank is charged
 * @millicelsius: of the bank
 * @never_ready: the TMP006 never ends a conversion
 * @config: of the INA226
 * @calibration: of the INA226
 * @tmp_config: of the TMP006
 * @pointer: register that is read next, of either
 * @faults: what is to go wrong
 * @transfers: since somebody set them to 0
 */
struct sensor {
	s64 microvolt;
	s64 shunt_nanovolt;
	s64 millicelsius;
	bool never_ready;
	u16 config;
	u16 calibration;
	u16 tmp_config;
	u8 pointer;
	struct faults faults;
	atomic_t transfers;
};

void sensor_init(struct sensor *s);
void sensor_control(struct sensor *s, struct dentry *folder);
bool sensor_is_at(u16 address);
void sensor_write(struct sensor *s, u16 address, const u8 *data,
		  unsigned int len);
void sensor_read(struct sensor *s, u16 address, u8 *data, unsigned int len);

#endif /* _BENCH_SENSOR_H */
