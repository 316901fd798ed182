// SPDX-License-Identifier: GPL-2.0
/* smallbms floor [PERCENT|none]: the state of charge at which loads are shed. */
#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "smallbms.h"

#define RECOVER_MAX 100

/* Return: whether it is a number from @min to @max, without a sign or blanks */
static bool parse_percent(const char *text, int min, int max, int *percent)
{
	size_t length = strlen(text);

	if (!length || length > 3 || text[strspn(text, "0123456789")])
		return false;
	*percent = atoi(text);
	return *percent >= min && *percent <= max;
}

static enum result show(const struct config *config)
{
	struct json_object *object;
	char text[VALUE_MAX];
	enum result result;
	struct board board;

	result = board_find(config, &board);
	if (!result)
		result = board_read(&board);
	if (result)
		return result;
	if (!board_read_ok(&board, ATTR_SOC_FLOOR_PERCENT))
		return get_attribute(config, ATTR_SOC_FLOOR_PERCENT);
	if (config->json) {
		object = json_object_new_object();
		json_add_value(object, &board, ATTR_SOC_FLOOR_PERCENT);
		json_add_value(object, &board, ATTR_SOC_FLOOR_RECOVER_PERCENT);
		json_print(object);
		return DONE;
	}
	words_floor(&board, text, sizeof(text));
	puts(*text ? text : "none");
	return DONE;
}

static bool obeyed_none(const struct board *board)
{
	return !board_is_text(board, ATTR_LOAD_OFF_REASON, "soc-floor");
}

/* What it leads to takes reports of a gauge. */
static bool obeyed_floor(const struct board *board)
{
	(void)board;
	return true;
}

static enum result set(const struct config *config, int floor, int recover)
{
	enum result result;
	struct board board;
	char floor_text[16];

	snprintf(floor_text, sizeof(floor_text), "%d", floor);
	result = board_find(config, &board);
	if (!result)
		result = board_write_floor(&board, floor, recover);
	if (result)
		return result;
	return switched_finish(config, &board, ATTR_SOC_FLOOR_PERCENT,
			       floor_text, obeyed_floor, "");
}

enum result command_floor(const struct config *config, const char *argument)
{
	const char *recover_text = config->recover;
	bool none = argument && !strcmp(argument, "none");
	int floor, recover;

	if (recover_text && (!argument || none)) {
		complain("--recover", "goes with a floor, as in 'floor 20 --recover 30'");
		return USAGE;
	}
	if (!argument)
		return show(config);
	if (none)
		return switch_board(config, ATTR_SOC_FLOOR_PERCENT, "0",
				    obeyed_none,
				    "the load is still off because of it");
	if (!parse_percent(argument, 1, FLOOR_MAX, &floor)) {
		complain("floor", "'%s' is neither none nor a number of percent from 1 to %d",
			 argument, FLOOR_MAX);
		return USAGE;
	}
	recover = floor + FLOOR_RECOVER_ABOVE;
	if (recover_text && !parse_percent(recover_text, floor + 1,
					   RECOVER_MAX, &recover)) {
		complain("--recover", "'%s' is not a number of percent from %d to %d",
			 recover_text, floor + 1, RECOVER_MAX);
		return USAGE;
	}
	return set(config, floor, recover);
}

void floor_help(void)
{
	puts("\nThe load is shed when two reports of a gauge in a row are at or below PERCENT,\n"
	     "from 1 to 90, and returns when two in a row are at or above the recovery.\n"
	     "\nOption:\n  --recover PERCENT    The recovery, up to 100; 5 above the floor if not given");
}
