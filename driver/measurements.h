/* SPDX-License-Identifier: GPL-2.0 */
/*
 * One store for what is measured of the bank: value, time, errors. Sources put
 * values, whenever they have some; readers get the last one of the source that
 * counts, and never touch a bus. Nothing that protects the bank depends on it.
 */
#ifndef _SMALLBMS_MEASUREMENTS_H
#define _SMALLBMS_MEASUREMENTS_H

#include <linux/notifier.h>
#include <linux/types.h>

struct device;
struct measurements;

/* B3: the board works from 8 to 70 V. */
#define VOLTAGE_MIN_UV			8000000
#define VOLTAGE_MAX_UV			70000000

/* Longer than a bank takes to discharge itself: a year */
#define TIME_TO_EMPTY_MAX_S		31536000

/**
 * enum measurement - what can be measured
 * @MEASUREMENT_VOLTAGE: of the bank, uV
 * @MEASUREMENT_CURRENT: positive while it charges the bank, uA
 * @MEASUREMENT_TEMPERATURE: of the bank, 0.1 degrees Celsius
 * @MEASUREMENT_TIME_TO_EMPTY: at the present current, s, or -1 for never
 * @MEASUREMENT_SOC: state of charge, permille
 * @MEASUREMENT_COUNT: number of measurements
 */
enum measurement {
	MEASUREMENT_VOLTAGE,
	MEASUREMENT_CURRENT,
	MEASUREMENT_TEMPERATURE,
	MEASUREMENT_TIME_TO_EMPTY,
	MEASUREMENT_SOC,
	MEASUREMENT_COUNT
};

/**
 * enum source - what measures; while it is fresh, the first one counts
 * @SOURCE_IIO: the IIO channels
 * @SOURCE_GAUGE: a battery monitor, by way of a program
 * @SOURCES: number of sources
 */
enum source {
	SOURCE_IIO,
	SOURCE_GAUGE,
	SOURCES
};

struct measurements *devm_measurements_create(struct device *dev,
					      u32 soc_max_age_ms);
void measurements_put(struct measurements *m, enum source from,
		      enum measurement what, int value);
void measurements_forget(struct measurements *m, enum source from,
			 enum measurement what);
void measurements_put_error(struct measurements *m);
bool measurements_get(const struct measurements *m, enum measurement what,
		      int *value);
bool measurements_get_fresh(const struct measurements *m, enum measurement what,
			    int *value);
bool measurements_get_from(const struct measurements *m, enum source from,
			   enum measurement what, int *value);
int measurements_age_s(const struct measurements *m, enum measurement what);
int measurements_age_from_s(const struct measurements *m, enum source from,
			    enum measurement what);
bool measurements_fresh_from(const struct measurements *m, enum source from,
			     enum measurement what);
u32 measurements_number(const struct measurements *m, enum measurement what);
u32 measurements_errors(const struct measurements *m);
int measurements_direction(const struct measurements *m);
u32 measurements_conditions(const struct measurements *m);
void measurements_notify(struct measurements *m);
int devm_measurements_subscribe(struct device *dev, struct measurements *m,
				struct notifier_block *nb);

#endif /* _SMALLBMS_MEASUREMENTS_H */
