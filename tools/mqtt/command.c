// SPDX-License-Identifier: GPL-2.0
/*
 * What may be switched from afar, where the configuration allows it. A command is
 * one of few words, is written as the tool would write it, and is read back.
 */
#include <stdlib.h>
#include <string.h>

#include "mqtt.h"

static const struct {
	enum attribute_id id;
	const char *payloads[4];	/* the words of the attribute */
} commands[COMMAND_COUNT] = {
	[COMMAND_REMOTE] = { ATTR_REMOTE, { "on", "off" } },
	[COMMAND_LOAD] = { ATTR_LOAD_REQUEST, { "auto", "shed", "off" } },
	[COMMAND_CHARGE] = { ATTR_CHARGE_BEHAVIOUR,
			     { "auto", "inhibit-charge" } },
	[COMMAND_FLOOR] = { ATTR_SOC_FLOOR_PERCENT, { NULL } },
};

static bool is_known(enum command command, const char *payload)
{
	if (command == COMMAND_FLOOR) {
		size_t length = strlen(payload);

		return length && length <= 2 &&
		       !payload[strspn(payload, "0123456789")] &&
		       atoi(payload) <= FLOOR_MAX;
	}
	for (size_t i = 0; commands[command].payloads[i]; i++)
		if (!strcmp(commands[command].payloads[i], payload))
			return true;
	return false;
}

/* 0 is no floor; a recovery that is above the new one stays as it is. */
static enum result write_floor(struct board *board, int floor)
{
	const struct value *recover =
		&board->values[ATTR_SOC_FLOOR_RECOVER_PERCENT];

	if (!floor)
		return board_write(board, ATTR_SOC_FLOOR_PERCENT, "0");
	/* Nobody is told when it changes. */
	board_read_attribute(board, ATTR_SOC_FLOOR_RECOVER_PERCENT);
	if (recover->error || recover->number <= floor)
		return board_write_floor(board, floor,
					 floor + FLOOR_RECOVER_ABOVE);
	return board_write_floor(board, floor, recover->number);
}

/** command_take - obey, or say why not; the caller publishes what is so then */
void command_take(const struct settings *settings, struct board *board,
		  const char *name, const char *payload)
{
	char what[2 * NAME_MAX];
	int command = 0;
	enum result result;

	while (command < COMMAND_COUNT && strcmp(command_names[command], name))
		command++;
	/* Nobody subscribes to it, but a broker is not to be trusted with that. */
	if (command == COMMAND_COUNT || !settings->commands[command])
		return;
	snprintf(what, sizeof(what), "%s/%s", board->name,
		 attributes[commands[command].id].name);
	if (!is_known(command, payload)) {
		complain(what, "'%s' came by MQTT, and is no such command",
			 payload);
		return;
	}
	if (command == COMMAND_FLOOR)
		result = write_floor(board, atoi(payload));
	else
		result = board_write(board, commands[command].id, payload);
	if (!result)
		complain(what, "set to '%s' by MQTT", payload);
}
