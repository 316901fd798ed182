// SPDX-License-Identifier: GPL-2.0
/* The file that configures power-down. */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "conf.h"
#include "power.h"

static_assert(POWER_BOARDS == CONF_BOARDS, "one file names them");

static bool read_supply(const struct conf_place *place, const char *text,
			struct settings *settings)
{
	if (!strcmp(text, "load"))
		settings->rules.supply = POWER_FROM_LOAD;
	else if (!strcmp(text, "bank"))
		settings->rules.supply = POWER_FROM_BANK;
	else
		return conf_refuse(place, "'%.100s' is neither load nor bank",
				   text);
	return true;
}

/* HH:MM */
static bool read_wake(const struct conf_place *place, const char *text,
		      struct settings *settings)
{
	static const char form[] = "00:00";
	int hour, minute;

	for (size_t i = 0; i < sizeof(form); i++)
		if (form[i] == '0' ? !isdigit((unsigned char)text[i]) :
		    text[i] != form[i])
			return conf_refuse(place, "'%.100s' is not a time of the day such as 10:00",
					   text);
	hour = atoi(text);
	minute = atoi(text + 3);
	if (hour > 23 || minute > 59)
		return conf_refuse(place, "'%s' is not a time of the day",
				   text);
	settings->wake_minute = hour * 60 + minute;
	return true;
}

enum key { KEY_BOARDS, KEY_SUPPLY, KEY_DELAY, KEY_GRACE, KEY_RESERVE, KEY_WAKE,
	   KEY_COUNT };

static const struct conf_key keys[KEY_COUNT] = {
	[KEY_BOARDS] = { "BOARDS", true },
	[KEY_SUPPLY] = { "SUPPLY", true },
	[KEY_DELAY] = { "DELAY", false },
	[KEY_GRACE] = { "GRACE", false },
	[KEY_RESERVE] = { "RESERVE", false },
	[KEY_WAKE] = { "WAKE", false },
};

static bool take_value(void *context, const struct conf_place *place,
		       size_t key, char *text)
{
	struct settings *settings = context;
	struct power_rules *rules = &settings->rules;

	switch (key) {
	case KEY_BOARDS:
		return conf_boards(place, text, settings->boards,
				   &settings->count, &settings->all_boards);
	case KEY_SUPPLY:
		return read_supply(place, text, settings);
	case KEY_DELAY:
		return conf_number(place, text, 0, 600, 1000, &rules->delay_ms);
	case KEY_GRACE:
		return conf_number(place, text, 0, 3600, 1000, &rules->grace_ms);
	case KEY_RESERVE:
		return conf_number(place, text, 0, 1440, 60000,
				   &rules->reserve_ms);
	default:
		return read_wake(place, text, settings);
	}
}

bool settings_read(const char *path, struct settings *settings)
{
	*settings = (struct settings){
		.rules = {
			.delay_ms = 10 * 1000,
			.grace_ms = 300 * 1000,
			.reserve_ms = 60 * 60 * 1000,
		},
		.wake_minute = -1,
	};
	return conf_read(path, keys, KEY_COUNT, take_value, settings);
}
