// SPDX-License-Identifier: GPL-2.0
/* smallbms charge auto|inhibit: may the bank be charged? */
#include <string.h>

#include "smallbms.h"

static bool obeyed_inhibit(const struct board *board)
{
	return board_is_off(board, ATTR_CHARGE);
}

/* There may be other reasons to be off, so only this one must be gone. */
static bool obeyed_auto(const struct board *board)
{
	return !board_is_text(board, ATTR_CHARGE_OFF_REASON, "user");
}

enum result command_charge(const struct config *config, const char *argument)
{
	if (!strcmp(argument, "auto"))
		return switch_board(config, ATTR_CHARGE_BEHAVIOUR, "auto",
				    obeyed_auto, "charging is still inhibited");
	if (!strcmp(argument, "inhibit"))
		return switch_board(config, ATTR_CHARGE_BEHAVIOUR,
				    "inhibit-charge", obeyed_inhibit,
				    "charge is not off");
	complain("charge", "'%s' is neither auto nor inhibit", argument);
	return USAGE;
}
