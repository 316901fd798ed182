// SPDX-License-Identifier: GPL-2.0
/*
 * Tests of driver/soc.c on the host, as KTAP: every band of the lines with
 * every estimate of the voltage or a gauge, sensible or not. The numbers are those that
 * Documentation promises, not the driver's names.
 */
#include <stdio.h>

#include "../lib/ktap.h"
#include "soc.h"

/* An estimate may be anything; so far beyond 0 and 100 it is tried. */
#define LEAST	-12
#define MOST	112

static const enum soc_band readable[] = {
	SOC_BAND_EMPTY, SOC_BAND_LOW, SOC_BAND_NORMAL,
	SOC_BAND_FULL,
};

/* Whether @holds for every band and every estimate that is in order */
static bool always(bool (*holds)(enum soc_band band,
				 const struct soc_estimate *e))
{
	struct soc_estimate e;

	for (int band = 0; band < 4; band++)
		for (e.least = LEAST; e.least <= MOST; e.least++)
			for (e.likely = e.least; e.likely <= MOST; e.likely++)
				for (e.most = e.likely; e.most <= MOST; e.most++)
					if (!holds(readable[band], &e)) {
						printf("# band %d, estimate %d, %d to %d: capacity %d, margin %d\n",
						       readable[band], e.likely,
						       e.least, e.most,
						       soc_percent(readable[band], &e),
						       soc_margin(readable[band], &e));
						return false;
					}
	return true;
}

static bool within_limits(enum soc_band band,
			  const struct soc_estimate *e)
{
	int percent = soc_percent(band, e);

	return percent >= 1 && percent <= 100 && percent != 2;
}

static bool one_is_empty(enum soc_band band,
			 const struct soc_estimate *e)
{
	return (soc_percent(band, e) == 1) == (band == SOC_BAND_EMPTY);
}

static bool clipped(enum soc_band band, const struct soc_estimate *e)
{
	int percent = soc_percent(band, e);

	switch (band) {
	case SOC_BAND_EMPTY:
		return percent == 1;
	case SOC_BAND_LOW:
		return percent == (e->likely > 5 ? 5 :
				   e->likely < 3 ? 3 : e->likely);
	case SOC_BAND_FULL:
		return percent == 100;
	default:
		return percent == (e->likely > 100 ? 100 :
				   e->likely < 3 ? 3 : e->likely);
	}
}

static bool margin_covers(enum soc_band band,
			  const struct soc_estimate *e)
{
	int percent = soc_percent(band, e);
	int margin = soc_margin(band, e);
	int most = e->most > 100 ? 100 : e->most;

	if (band != SOC_BAND_NORMAL)
		return margin == 5;
	return margin >= 5 && margin <= 100 && percent + margin >= most &&
	       (percent - margin <= e->least || percent - margin <= 3);
}

/* No wider than it has to be */
static bool margin_is_tight(enum soc_band band,
			    const struct soc_estimate *e)
{
	int percent = soc_percent(band, e);
	int margin = soc_margin(band, e);

	return margin <= 5 || percent + margin == (e->most > 100 ? 100 : e->most) ||
	       percent - margin == (e->least < 3 ? 3 : e->least);
}

static bool lines_alone(void)
{
	return soc_percent(SOC_BAND_EMPTY, NULL) == 1 &&
	       soc_percent(SOC_BAND_LOW, NULL) == 5 &&
	       soc_percent(SOC_BAND_NORMAL, NULL) == 50 &&
	       soc_percent(SOC_BAND_FULL, NULL) == 100;
}

static bool margin_of_lines(void)
{
	return soc_margin(SOC_BAND_EMPTY, NULL) == 5 &&
	       soc_margin(SOC_BAND_LOW, NULL) == 5 &&
	       soc_margin(SOC_BAND_NORMAL, NULL) == 50 &&
	       soc_margin(SOC_BAND_FULL, NULL) == 5;
}

static bool margin_unreadable(void)
{
	const struct soc_estimate sure = { 60, 60, 60 };

	return soc_margin(SOC_BAND_UNREADABLE, NULL) == 100 &&
	       soc_margin(SOC_BAND_UNREADABLE, &sure) == 100;
}

/* What a gauge counts, to the nearest percent, clipped as any other estimate */
static bool counted(void)
{
	for (int permille = 0; permille <= 1000; permille++) {
		struct soc_estimate e = soc_counted(permille);
		int percent = (permille + 5) / 10;
		int least = percent < 3 ? 3 : percent;

		if (e.likely != percent ||
		    soc_percent(SOC_BAND_NORMAL, &e) != least ||
		    soc_margin(SOC_BAND_NORMAL, &e) != 5 ||
		    soc_percent(SOC_BAND_UNREADABLE, &e) != least ||
		    soc_margin(SOC_BAND_UNREADABLE, &e) != 100 ||
		    soc_percent(SOC_BAND_LOW, &e) != (least > 5 ? 5 : least) ||
		    soc_percent(SOC_BAND_EMPTY, &e) != 1 ||
		    soc_percent(SOC_BAND_FULL, &e) != 100)
			return false;
	}
	return true;
}

static bool unsure(void)
{
	return soc_uncertainty_uv(13200000, true) == 105600 &&
	       soc_uncertainty_uv(13200000, false) == 316800 &&
	       soc_uncertainty_uv(70000000, false) == 1680000 &&
	       soc_uncertainty_uv(0, false) == 0;
}

int main(void)
{
	ktap_begin(10);
	ktap_result(lines_alone(),
		    "capacity by the lines alone is 1, 5, 50 or 100");
	ktap_result(margin_of_lines(),
		    "its margin is 50 while no line is active, and 5 otherwise");
	ktap_result(margin_unreadable(),
		    "the margin is 100 while the lines are unreadable, whatever the voltage says");
	ktap_result(always(within_limits),
		    "no estimate makes it 0, 2 or more than 100");
	ktap_result(always(one_is_empty),
		    "it is 1 if, and only if, a cell is empty: desktops power off at that");
	ktap_result(always(clipped),
		    "the lines clip an estimate: at most 5 with a low cell, 100 with a full one");
	ktap_result(always(margin_covers),
		    "the margin reaches as far as the voltage may be off");
	ktap_result(always(margin_is_tight), "and no further");
	ktap_result(counted(),
		    "what a gauge counts is rounded, clipped by the lines, and within 5 while these can be read");
	ktap_result(unsure(),
		    "a voltage may be off by 8 in 1000, by 24 while a current is not accounted for");
	return ktap_end();
}
