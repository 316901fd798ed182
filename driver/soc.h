/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The state of charge that is reported: from the lines, which say little and are
 * reliable, and from a gauge or the bank's voltage, which say more and are less
 * reliable. Pure: no device, lock or clock.
 */
#ifndef _SMALLBMS_SOC_H
#define _SMALLBMS_SOC_H

#include <linux/types.h>

/**
 * enum soc_band - the state of charge according to the lines
 * @SOC_BAND_UNREADABLE: lines cannot be read
 * @SOC_BAND_EMPTY: a cell is below the load-disconnect threshold
 * @SOC_BAND_LOW: a cell is below the pre-alarm threshold
 * @SOC_BAND_NORMAL: none of the others
 * @SOC_BAND_FULL: a cell is above the charge-disconnect threshold
 */
enum soc_band {
	SOC_BAND_UNREADABLE,
	SOC_BAND_EMPTY,
	SOC_BAND_LOW,
	SOC_BAND_NORMAL,
	SOC_BAND_FULL,
};

/**
 * struct soc_estimate - the state of charge according to a gauge or the voltage, percent
 * @likely: as counted, or by the table
 * @least: if the voltage is too high by its whole uncertainty
 * @most: if it is too low by that
 */
struct soc_estimate {
	int likely;
	int least;
	int most;
};

struct soc_estimate soc_counted(int permille);
int soc_percent(enum soc_band band, const struct soc_estimate *estimate);
int soc_margin(enum soc_band band, const struct soc_estimate *estimate);
u32 soc_uncertainty_uv(u32 voltage_uv, bool at_rest);

#endif /* _SMALLBMS_SOC_H */
