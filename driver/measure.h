/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Voltage, current and temperature of the bank, where they are wired: read now
 * and then, and kept. Nothing that protects the bank depends on them.
 */
#ifndef _SMALLBMS_MEASURE_H
#define _SMALLBMS_MEASURE_H

#include <linux/completion.h>
#include <linux/types.h>
#include <linux/workqueue.h>

struct board;
struct capacity_estimate;
struct iio_channel;
struct power_supply_battery_info;

/**
 * enum measure_what - what can be measured
 * @MEASURE_VOLTAGE: of the bank, uV
 * @MEASURE_CURRENT: positive while it charges the bank, uA
 * @MEASURE_TEMPERATURE: of the bank, 0.1 degrees Celsius
 * @MEASURE_CHANNELS: how many there are
 */
enum measure_what {
	MEASURE_VOLTAGE,
	MEASURE_CURRENT,
	MEASURE_TEMPERATURE,
	MEASURE_CHANNELS
};

/**
 * struct measure_channel - one of them; written by whoever reads the channels,
 *	one at a time
 * @iio: the channel, NULL while it cannot be had
 * @described: firmware tells of it, and what it tells is of use
 * @known: it was read once; @value and @at hold
 * @failing: the last attempts to read it failed, and that was told
 * @value: as in &enum measure_what
 * @at_s: when it was read last, CLOCK_BOOTTIME in s
 */
struct measure_channel {
	struct iio_channel *iio;
	bool described;
	bool known;
	bool failing;
	int value;
	u32 at_s;
};

/**
 * struct measure - the measurements of a board
 * @channels: by &enum measure_what
 * @present: there are any
 * @work: the next round
 * @first: the first round is over
 * @started: the power supply is registered
 * @battery: what is known of the bank, or NULL
 * @direction: sign of the current, as told
 * @out_of_range: the voltage is none that the board works with (B3)
 * @errors: readings that failed
 */
struct measure {
	struct measure_channel channels[MEASURE_CHANNELS];
	bool present;
	struct delayed_work work;
	struct completion first;
	bool started;
	struct power_supply_battery_info *battery;
	int direction;
	bool out_of_range;
	u32 errors;
};

int measure_init(struct board *b);
int measure_start(struct board *b);
bool measure_known(const struct board *b, enum measure_what what);
int measure_value(const struct board *b, enum measure_what what);
int measure_direction(const struct board *b);
bool measure_estimate(const struct board *b, struct capacity_estimate *estimate);
u32 measure_conditions(const struct board *b);

#endif /* _SMALLBMS_MEASURE_H */
