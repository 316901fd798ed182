// SPDX-License-Identifier: GPL-2.0
/* See soc.h. */
#include <linux/minmax.h>

#include "soc.h"

/* Percent, by lines alone; UPower acts at 2 and below, warns at 5. */
#define SOC_FULL		100
#define SOC_NORMAL		50
#define SOC_LOW			5
#define SOC_EMPTY		1

/*
 * Least state of charge by a gauge or the voltage: at 2 desktops power the host off,
 * and only the undervoltage line may cause that.
 */
#define SOC_LEAST		3

/* Margins of error, percent */
#define MARGIN_KNOWN_BAND	5
#define MARGIN_NORMAL		50
#define MARGIN_UNREADABLE	100

/*
 * Uncertainty of the voltage of a LiFePO4 cell against the table: it depends on
 * whether the cell was charged or discharged last, by about 25 mV of 3.3 V, and a
 * current that is unknown shifts it by as much as 75 mV.
 */
#define AT_REST_PERMILLE	8
#define LOADED_PERMILLE		24

/* Limit an estimate to the band of the lines */
static int clip(enum soc_band band, int percent)
{
	switch (band) {
	case SOC_BAND_EMPTY:
		return SOC_EMPTY;
	case SOC_BAND_LOW:
		return clamp(percent, SOC_LEAST, SOC_LOW);
	case SOC_BAND_FULL:
		return SOC_FULL;
	default:
		return clamp(percent, SOC_LEAST, SOC_FULL);
	}
}

/**
 * soc_counted() - the state of charge according to a gauge
 * @permille: what it has counted, 0 to 1000
 */
struct soc_estimate soc_counted(int permille)
{
	int percent = (permille + 5) / 10;

	return (struct soc_estimate){ percent, percent, percent };
}

/**
 * soc_percent() - the state of charge to report
 * @band: according to the lines; %SOC_BAND_UNREADABLE needs an @estimate
 * @estimate: according to a gauge or the voltage, or NULL
 *
 * Return: 1 to 100 percent; 1 if and only if a cell is empty, never 2.
 */
int soc_percent(enum soc_band band, const struct soc_estimate *estimate)
{
	return clip(band, estimate ? estimate->likely : SOC_NORMAL);
}

/**
 * soc_margin() - margin of error of the state of charge that is reported
 * @band: according to the lines
 * @estimate: according to a gauge or the voltage, or NULL
 *
 * Return: percent, up to 100.
 */
int soc_margin(enum soc_band band, const struct soc_estimate *estimate)
{
	int reported, below, above;

	if (band == SOC_BAND_UNREADABLE)
		return MARGIN_UNREADABLE;
	if (band != SOC_BAND_NORMAL)
		return MARGIN_KNOWN_BAND;
	if (!estimate)
		return MARGIN_NORMAL;

	reported = clip(band, estimate->likely);
	below = reported - clip(band, estimate->least);
	above = clip(band, estimate->most) - reported;
	return max(max(below, above), MARGIN_KNOWN_BAND);
}

/**
 * soc_uncertainty_uv() - uncertainty of a voltage against the table
 * @voltage_uv: of the bank
 * @at_rest: the voltage is that of the bank without a current
 *
 * Return: uV, to either side.
 */
u32 soc_uncertainty_uv(u32 voltage_uv, bool at_rest)
{
	return voltage_uv / 1000 *
	       (at_rest ? AT_REST_PERMILLE : LOADED_PERMILLE);
}
