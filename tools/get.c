// SPDX-License-Identifier: GPL-2.0
/* smallbms get ATTRIBUTE: one value, bare, for scripts. */
#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>

#include "smallbms.h"

enum result get_attribute(const struct config *config, enum attribute_id id)
{
	char what[NAME_MAX + VALUE_MAX];
	enum result result;
	struct board board;

	result = board_find(config, &board);
	if (result)
		return result;
	board_read_attribute(&board, id);
	if (!board_read_ok(&board, id)) {
		result = board_gone(&board);
		if (result)
			return result;
		snprintf(what, sizeof(what), "%s/%s", board.name,
			 attributes[id].name);
		complain(what, "%s", attribute_why(board.values[id].error));
		return FAILED;
	}
	if (config->json)
		json_print(json_from_value(&board, id));
	else
		puts(board.values[id].text);
	return DONE;
}

/** get_help - name what can be asked for */
void get_help(void)
{
	puts("\nAttributes; a board has those that its wiring allows:");
	for (int id = 0; id < ATTR_COUNT; id++)
		printf("  %s\n", attributes[id].name);
}

enum result command_get(const struct config *config, const char *argument)
{
	int id = attribute_find(argument);

	if (id >= 0)
		return get_attribute(config, id);
	complain(argument,
		 "no such attribute; 'smallbms help get' names them");
	return USAGE;
}
