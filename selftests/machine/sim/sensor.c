// SPDX-License-Identifier: GPL-2.0
/* See sensor.h. */
#include <linux/bits.h>
#include <linux/math64.h>
#include <linux/minmax.h>

#include "bench.h"
#include "sensor.h"

enum { CONFIG, SHUNT, BUS, POWER, CURRENT, CALIBRATION };
enum { OBJECT, AMBIENT, TMP_CONFIG, MANUFACTURER = 0xfe, DEVICE = 0xff };

#define INA226_BUS_UV		1250	/* a bit, in uV */
#define INA226_SHUNT_NV		2500
#define INA226_CONFIG		0x4127	/* after power-on */
#define TMP006_DRDY		BIT(7)
#define TMP006_CONFIG		0x7400	/* after power-on */

/* A bank for 12 V at rest */
#define USUAL_UV		13200000
#define USUAL_MILLICELSIUS	20000

static s16 shunt(const struct sensor *s)
{
	return clamp_t(s64, div_s64(s->shunt_nanovolt, INA226_SHUNT_NV),
		       S16_MIN, S16_MAX);
}

static u16 ina226_read(const struct sensor *s, u8 reg)
{
	switch (reg) {
	case CONFIG:
		return s->config;
	case SHUNT:
		return shunt(s);
	case BUS:
		return clamp_t(s64, div_s64(s->microvolt, INA226_BUS_UV), 0,
			       S16_MAX);
	case CURRENT:
		return shunt(s) * s->calibration / 2048;
	case CALIBRATION:
		return s->calibration;
	default:
		return 0;
	}
}

static u16 tmp006_read(const struct sensor *s, u8 reg)
{
	switch (reg) {
	case AMBIENT:
		return (u16)div_s64(s->millicelsius * 4, 125) << 2;
	case TMP_CONFIG:
		return s->tmp_config | (s->never_ready ? 0 : TMP006_DRDY);
	case MANUFACTURER:
		return 0x5449;
	case DEVICE:
		return 0x0067;
	default:
		return 0;
	}
}

bool sensor_is_at(u16 address)
{
	return address == SENSOR_INA226 || address == SENSOR_TMP006;
}

/**
 * sensor_write() - the master writes
 * @s: the chips
 * @address: which of them
 * @data: the register, and its value
 * @len: bytes of both
 */
void sensor_write(struct sensor *s, u16 address, const u8 *data,
		  unsigned int len)
{
	u16 value;

	if (!len)
		return;
	s->pointer = data[0];
	if (len < 3)
		return;
	value = data[1] << 8 | data[2];
	if (address == SENSOR_TMP006) {
		if (s->pointer == TMP_CONFIG)
			s->tmp_config = value & ~TMP006_DRDY;
	} else if (s->pointer == CONFIG) {
		s->config = value;
	} else if (s->pointer == CALIBRATION) {
		s->calibration = value;
	}
}

/**
 * sensor_read() - the master reads
 * @s: the chips
 * @address: which of them
 * @data: filled in
 * @len: how many bytes
 */
void sensor_read(struct sensor *s, u16 address, u8 *data, unsigned int len)
{
	u16 value = address == SENSOR_TMP006 ? tmp006_read(s, s->pointer) :
					       ina226_read(s, s->pointer);
	unsigned int n;

	for (n = 0; n < len; n++)
		data[n] = n ? value : value >> 8;
}

static int s64_get(void *data, u64 *value)
{
	*value = *(s64 *)data;
	return 0;
}

static int s64_set(void *data, u64 value)
{
	*(s64 *)data = value;
	return 0;
}
DEFINE_DEBUGFS_ATTRIBUTE_SIGNED(s64_fops, s64_get, s64_set, "%lld\n");

/**
 * sensor_control() - the files that steer what is measured
 * @s: the chips
 * @folder: where
 */
void sensor_control(struct sensor *s, struct dentry *folder)
{
	debugfs_create_file("microvolt", 0600, folder, &s->microvolt,
			    &s64_fops);
	debugfs_create_file("shunt_nanovolt", 0600, folder, &s->shunt_nanovolt,
			    &s64_fops);
	debugfs_create_file("millicelsius", 0600, folder, &s->millicelsius,
			    &s64_fops);
	debugfs_create_bool("never_ready", 0600, folder, &s->never_ready);
	debugfs_create_atomic_t("sensor_transfers", 0600, folder,
				&s->transfers);
	debugfs_create_file("sensor_fault", 0600, folder, &s->faults,
			    &faults_fops);
}

/**
 * sensor_init() - the chips' supply comes up
 * @s: zeroed
 */
void sensor_init(struct sensor *s)
{
	faults_init(&s->faults);
	s->microvolt = USUAL_UV;
	s->millicelsius = USUAL_MILLICELSIUS;
	s->config = INA226_CONFIG;
	s->tmp_config = TMP006_CONFIG;
}
