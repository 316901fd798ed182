// SPDX-License-Identifier: GPL-2.0
/* What all commands that switch something have in common. */
#include <stdio.h>
#include <time.h>

#include "smallbms.h"

/*
 * The board acts at once, but on a slow bus "at once" is some milliseconds,
 * and a failed write is tried again for 100 ms. What has not happened within
 * ten times that has failed.
 */
#define SETTLE_STEP_MS 10
#define SETTLE_STEPS 100

static enum result settle(struct board *board,
			  bool (*obeyed)(const struct board *board))
{
	const struct timespec step = { .tv_nsec = SETTLE_STEP_MS * 1000000L };
	enum result result = board_read(board);

	for (int i = 0; !result && !obeyed(board) && i < SETTLE_STEPS; i++) {
		nanosleep(&step, NULL);
		result = board_read(board);
	}
	return result;
}

static void print_output(const struct board *board, const char *label,
			 enum attribute_id id, enum attribute_id reason_id)
{
	char why[VALUE_MAX], line[VALUE_MAX + 64];

	if (board_is_on(board, id)) {
		words_shed(board, why, sizeof(why));
		snprintf(line, sizeof(line), "%s on%s%s", label,
			 id == ATTR_LOAD && *why ? ", " : "",
			 id == ATTR_LOAD ? why : "");
	} else if (board_is_off(board, id)) {
		words_off_reason(board, reason_id, why, sizeof(why));
		snprintf(line, sizeof(line), "%s off: %s", label, why);
	} else {
		snprintf(line, sizeof(line), "%s unknown: %s", label,
			 attribute_why(board->values[id].error));
	}
	print_wrapped("  ", 2, line);
}

static void print_switched(const struct board *board, enum attribute_id id)
{
	char line[VALUE_MAX];

	printf("%s: %s is now %s\n", board->name, attributes[id].name,
	       board->values[id].text);
	if (id == ATTR_SOC_FLOOR_PERCENT) {
		words_floor(board, line, sizeof(line));
		if (*line)
			print_wrapped("  ", 2, line);
		if (board_floor_waits(board))
			puts("  no effect yet: no fresh state of charge is reported");
	}
	print_output(board, "load", ATTR_LOAD, ATTR_LOAD_OFF_REASON);
	print_output(board, "charge", ATTR_CHARGE, ATTR_CHARGE_OFF_REASON);
	if (id == ATTR_REMOTE && board_is_on(board, ATTR_REMOTE) &&
	    board_is_off(board, ATTR_TERMINALS))
		print_wrapped("", 0,
			      "The switch at the terminals still holds the system off. No software can override it.");
}

/**
 * switched_finish - see to it that the board obeys what was written, and say so
 * @id: the attribute, and @text what was written
 * @obeyed: whether the board does what that means
 * @otherwise: the complaint when it does not
 */
enum result switched_finish(const struct config *config, struct board *board,
			    enum attribute_id id, const char *text,
			    bool (*obeyed)(const struct board *board),
			    const char *otherwise)
{
	enum result result = settle(board, obeyed);
	char what[NAME_MAX + VALUE_MAX];

	if (result)
		return result;
	if (config->json)
		result = status_print(config, board);
	else
		print_switched(board, id);
	if (obeyed(board))
		return result;
	fflush(stdout);
	snprintf(what, sizeof(what), "%s/%s", board->name, attributes[id].name);
	complain(what, "'%s' was taken, but %s", text, otherwise);
	return FAILED;
}

/** switch_board - write an attribute, and go on as switched_finish() does */
enum result switch_board(const struct config *config, enum attribute_id id,
			 const char *text,
			 bool (*obeyed)(const struct board *board),
			 const char *otherwise)
{
	enum result result;
	struct board board;

	result = board_find(config, &board);
	if (!result)
		result = board_write(&board, id, text);
	if (!result)
		result = switched_finish(config, &board, id, text, obeyed,
					 otherwise);
	return result;
}
