// SPDX-License-Identifier: GPL-2.0
/* smallbms list: the boards, a line each. */
#include <json-c/json.h>
#include <stdio.h>

#include "smallbms.h"

/* In JSON, what a board does; the rest of it is for status. */
#define LIST_END ATTR_PRE_ALARM_DELAY_MS

enum result command_list(const struct config *config, const char *argument)
{
	struct json_object *array = json_object_new_array();
	enum result result, one;
	struct boards boards;

	(void)argument;
	result = boards_find(config, &boards);
	for (size_t i = 0; i < boards.count; i++) {
		struct board *board = &boards.board[i];

		one = board_read(board);
		if (!one && config->json)
			json_object_array_add(array,
					      json_from_board(board, LIST_END));
		else if (!one)
			print_headline(config, board, false);
		if (!one)
			one = board_unread(board);
		if (one)
			result = one;
	}
	boards_free(&boards);
	if (config->json)
		json_print(array);
	else
		json_object_put(array);
	return result;
}
