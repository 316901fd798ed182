// SPDX-License-Identifier: GPL-2.0
/* See capacity.h. */
#include <linux/minmax.h>

#include "capacity.h"

/* Percent, by lines alone; UPower acts at 2 and below, warns at 5. */
#define CAPACITY_FULL		100
#define CAPACITY_NORMAL		50
#define CAPACITY_LOW		5
#define CAPACITY_EMPTY		1

/*
 * A voltage alone never says less: at 2 desktops power the host off, and that
 * is for the cells' own line to say.
 */
#define CAPACITY_LEAST		3

/* How far these may be off, percent */
#define MARGIN_KNOWN_BAND	5
#define MARGIN_NORMAL		50
#define MARGIN_UNREADABLE	100

/*
 * How far the voltage of a LiFePO4 cell may be from the one in the table: it
 * depends on whether the cell was charged or discharged last, by about 25 mV of
 * 3.3 V; and a current that is not accounted for shifts it by as much as 75 mV.
 */
#define UNSURE_AT_REST_PERMILLE	8
#define UNSURE_PERMILLE		24

/* What the lines leave of an estimate */
static int clip(enum capacity_band band, int percent)
{
	switch (band) {
	case CAPACITY_BAND_EMPTY:
		return CAPACITY_EMPTY;
	case CAPACITY_BAND_LOW:
		return clamp(percent, CAPACITY_LEAST, CAPACITY_LOW);
	case CAPACITY_BAND_FULL:
		return CAPACITY_FULL;
	default:
		return clamp(percent, CAPACITY_LEAST, CAPACITY_FULL);
	}
}

/**
 * capacity_percent() - the state of charge that is told
 * @band: as the lines have it, not %CAPACITY_BAND_UNREADABLE
 * @estimate: as the voltage has it, or NULL
 *
 * Return: 1 to 100; 1 if and only if a cell is empty, never 2.
 */
int capacity_percent(enum capacity_band band,
		     const struct capacity_estimate *estimate)
{
	return clip(band, estimate ? estimate->likely : CAPACITY_NORMAL);
}

/**
 * capacity_margin() - how far the state of charge that is told may be off
 * @band: as the lines have it
 * @estimate: as the voltage has it, or NULL
 *
 * Return: percent, up to 100.
 */
int capacity_margin(enum capacity_band band,
		    const struct capacity_estimate *estimate)
{
	int told, below, above;

	if (band == CAPACITY_BAND_UNREADABLE)
		return MARGIN_UNREADABLE;
	if (band != CAPACITY_BAND_NORMAL)
		return MARGIN_KNOWN_BAND;
	if (!estimate)
		return MARGIN_NORMAL;

	told = clip(band, estimate->likely);
	below = told - clip(band, estimate->least);
	above = clip(band, estimate->most) - told;
	return max(max(below, above), MARGIN_KNOWN_BAND);
}

/**
 * capacity_unsure_uv() - how far a voltage may be from the table's
 * @voltage_uv: of the bank
 * @at_rest: it is what the bank would have without a current
 *
 * Return: uV.
 */
u32 capacity_unsure_uv(u32 voltage_uv, bool at_rest)
{
	return voltage_uv / 1000 *
	       (at_rest ? UNSURE_AT_REST_PERMILLE : UNSURE_PERMILLE);
}
