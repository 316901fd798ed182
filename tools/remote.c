// SPDX-License-Identifier: GPL-2.0
/* smallbms on, off, remote [on|off]: the software remote. */
#include <string.h>

#include "smallbms.h"

static bool obeyed_off(const struct board *board)
{
	return board_is_off(board, ATTR_LOAD) &&
	       board_is_off(board, ATTR_CHARGE);
}

/* There may be other reasons to be off, so only this one must be gone. */
static bool obeyed_on(const struct board *board)
{
	return !board_is_text(board, ATTR_LOAD_OFF_REASON, "remote") &&
	       !board_is_text(board, ATTR_CHARGE_OFF_REASON, "remote");
}

enum result command_on(const struct config *config, const char *argument)
{
	(void)argument;
	return switch_board(config, ATTR_REMOTE, "on", obeyed_on,
			    "the board is still held off by the remote");
}

enum result command_off(const struct config *config, const char *argument)
{
	(void)argument;
	return switch_board(config, ATTR_REMOTE, "off", obeyed_off,
			    "load and charge are not both off");
}

enum result command_remote(const struct config *config, const char *argument)
{
	if (!argument)
		return get_attribute(config, ATTR_REMOTE);
	if (!strcmp(argument, "on"))
		return command_on(config, NULL);
	if (!strcmp(argument, "off"))
		return command_off(config, NULL);
	complain("remote", "'%s' is neither on nor off", argument);
	return USAGE;
}
