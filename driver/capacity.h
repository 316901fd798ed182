/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What is told of the state of charge: by the lines, which know little and are
 * sure of it, and by the bank's voltage, which knows more and is less sure.
 * Pure: no device, no lock, no clock.
 */
#ifndef _SMALLBMS_CAPACITY_H
#define _SMALLBMS_CAPACITY_H

#include <linux/types.h>

/**
 * enum capacity_band - the state of charge as the lines have it
 * @CAPACITY_BAND_UNREADABLE: no line can be asked
 * @CAPACITY_BAND_EMPTY: a cell is below the load-disconnect threshold
 * @CAPACITY_BAND_LOW: a cell is below the pre-alarm threshold
 * @CAPACITY_BAND_NORMAL: none of the others
 * @CAPACITY_BAND_FULL: a cell is too full
 */
enum capacity_band {
	CAPACITY_BAND_UNREADABLE,
	CAPACITY_BAND_EMPTY,
	CAPACITY_BAND_LOW,
	CAPACITY_BAND_NORMAL,
	CAPACITY_BAND_FULL,
};

/**
 * struct capacity_estimate - the state of charge by the bank's voltage, percent
 * @likely: what the table says
 * @least: what it says if the voltage is as much too high as it may be
 * @most: what it says if it is as much too low
 */
struct capacity_estimate {
	int likely;
	int least;
	int most;
};

int capacity_percent(enum capacity_band band,
		     const struct capacity_estimate *estimate);
int capacity_margin(enum capacity_band band,
		    const struct capacity_estimate *estimate);
u32 capacity_unsure_uv(u32 voltage_uv, bool at_rest);

#endif /* _SMALLBMS_CAPACITY_H */
