// SPDX-License-Identifier: GPL-2.0
/* What a gauge reports, and the loads that are shed because of it, in words. */
#include <stdio.h>

#include "smallbms.h"

#define MINUTE_S 60LL
#define HOUR_S (60 * MINUTE_S)
#define DAY_S (24 * HOUR_S)

/** words_duration - seconds as "40 s", "12 min", "3 h 56 min" or "4 days" */
void words_duration(long long seconds, char *text, size_t size)
{
	if (seconds < 2 * MINUTE_S)
		snprintf(text, size, "%lld s", seconds);
	else if (seconds < 2 * HOUR_S)
		snprintf(text, size, "%lld min", seconds / MINUTE_S);
	else if (seconds < 2 * DAY_S)
		snprintf(text, size, "%lld h %lld min", seconds / HOUR_S,
			 seconds % HOUR_S / MINUTE_S);
	else
		snprintf(text, size, "%lld days", seconds / DAY_S);
}

/** words_gauge - the last state of charge and its age; nothing without any */
void words_gauge(const struct board *board, char *text, size_t size)
{
	const struct value *soc = &board->values[ATTR_GAUGE_SOC_PERMILLE];
	const struct value *age = &board->values[ATTR_SOC_AGE_S];
	long long left = board_empty_in(board);
	char ago[64], percent[32] = "a state of charge", empty[64];
	int used;

	*text = '\0';
	if (age->error || age->number < 0)
		return;
	words_duration(age->number, ago, sizeof(ago));
	if (!soc->error)
		snprintf(percent, sizeof(percent), "%.1f %%",
			 soc->number / 10.0);
	if (!board_knows_soc(board)) {
		snprintf(text, size, "stale: %s was reported %s ago", percent,
			 ago);
		return;
	}
	used = snprintf(text, size, "%s, reported %s ago", percent, ago);
	if (left < 0)
		return;
	words_duration(left, empty, sizeof(empty));
	snprintf(text + used, size - used, ", empty in %s", empty);
}

/** words_floor - what the floor will do; nothing if there is none */
void words_floor(const struct board *board, char *text, size_t size)
{
	const struct value *recover =
		&board->values[ATTR_SOC_FLOOR_RECOVER_PERCENT];
	const struct value *floor = &board->values[ATTR_SOC_FLOOR_PERCENT];
	char back[64] = "";

	*text = '\0';
	if (floor->error || !floor->number)
		return;
	if (!recover->error)
		snprintf(back, sizeof(back), ", back at %lld %%",
			 recover->number);
	snprintf(text, size, "loads off at %lld %%%s", floor->number, back);
}

/** words_shed - "shed in 23 s by request", if it will be */
void words_shed(const struct board *board, char *text, size_t size)
{
	const struct value *floor = &board->values[ATTR_SOC_FLOOR_PERCENT];
	long long left = board_shed_in(board);
	char seconds[64];

	*text = '\0';
	if (left < 0)
		return;
	words_seconds(left, seconds, sizeof(seconds));
	if (board_is_text(board, ATTR_LOAD_REQUEST, "shed"))
		snprintf(text, size, "shed in %s by request", seconds);
	else
		snprintf(text, size, "shed in %s at the floor of %lld %%",
			 seconds, floor->number);
}

/** words_shed_at_floor - why the load is off, after the floor has taken it */
void words_shed_at_floor(const struct board *board, char *text, size_t size)
{
	const struct value *recover =
		&board->values[ATTR_SOC_FLOOR_RECOVER_PERCENT];
	const struct value *floor = &board->values[ATTR_SOC_FLOOR_PERCENT];

	if (floor->error || recover->error)
		snprintf(text, size, "shed at the floor of the state of charge");
	else if (board_floor_waits(board))
		snprintf(text, size,
			 "shed at the floor of %lld %%; the state of charge is unknown now",
			 floor->number);
	else
		snprintf(text, size,
			 "shed at the floor of %lld %%, back at %lld %%",
			 floor->number, recover->number);
}

/** words_measured_ago - "measured 4 min ago", if that is too long ago */
void words_measured_ago(const struct board *board, char *text, size_t size)
{
	static const enum attribute_id ages[] = {
		ATTR_VOLTAGE_AGE_S, ATTR_CURRENT_AGE_S, ATTR_TEMPERATURE_AGE_S,
	};
	long long oldest = 0;
	char ago[64];

	*text = '\0';
	for (size_t i = 0; i < ARRAY_SIZE(ages); i++) {
		const struct value *age = &board->values[ages[i]];

		if (!age->error && age->number > oldest)
			oldest = age->number;
	}
	if (oldest <= MEASURED_STALE_S)
		return;
	words_duration(oldest, ago, sizeof(ago));
	snprintf(text, size, "measured %s ago", ago);
}
