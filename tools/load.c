// SPDX-License-Identifier: GPL-2.0
/* smallbms load [auto|shed|off]: may the load run? */
#include <stdio.h>
#include <string.h>

#include "smallbms.h"

static bool obeyed_off(const struct board *board)
{
	return board_is_off(board, ATTR_LOAD);
}

static bool obeyed_shed(const struct board *board)
{
	const struct value *left = &board->values[ATTR_SHED_IN_MS];

	return board_is_off(board, ATTR_LOAD) ||
	       (!left->error && left->number >= 0);
}

/* There may be other reasons to be off, so only this one must be gone. */
static bool obeyed_auto(const struct board *board)
{
	return !board_is_text(board, ATTR_LOAD_OFF_REASON, "request-off") &&
	       !board_is_text(board, ATTR_LOAD_OFF_REASON, "request-shed");
}

enum result command_load(const struct config *config, const char *argument)
{
	if (!argument)
		return get_attribute(config, ATTR_LOAD_REQUEST);
	if (!strcmp(argument, "auto"))
		return switch_board(config, ATTR_LOAD_REQUEST, argument,
				    obeyed_auto, "the load is still held off");
	if (!strcmp(argument, "shed"))
		return switch_board(config, ATTR_LOAD_REQUEST, argument,
				    obeyed_shed,
				    "the load is on, and no countdown runs");
	if (!strcmp(argument, "off"))
		return switch_board(config, ATTR_LOAD_REQUEST, argument,
				    obeyed_off, "the load is not off");
	complain("load", "'%s' is none of auto, shed and off", argument);
	return USAGE;
}

void load_help(void)
{
	puts("\n  auto                 The load runs whenever that is safe\n"
	     "  shed                 It is disconnected after a pre-alarm of 30 s or more\n"
	     "  off                  It is disconnected at once\n"
	     "\nThe bank can be charged all the same.");
}
