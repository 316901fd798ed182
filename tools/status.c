// SPDX-License-Identifier: GPL-2.0
/* smallbms status: a person's view of the board, or all of it as JSON. */
#include <stdio.h>
#include <string.h>

#include "smallbms.h"

/* Column where the explanations start */
#define INDENT 20

static void print_row(const char *label, const char *state, const char *text)
{
	char first[64];

	if (*text)
		snprintf(first, sizeof(first), "  %-12s %-5s", label, state);
	else
		snprintf(first, sizeof(first), "  %-12s %s", label, state);
	print_wrapped(first, INDENT, text);
}

static const char *state(const struct board *board, enum attribute_id id)
{
	if (board_is_on(board, id))
		return "on";
	return board_is_off(board, id) ? "off" : "?";
}

/* Why it cannot be read, or nothing when it can. */
static const char *unread(const struct board *board, enum attribute_id id)
{
	int error = board->values[id].error;

	return error ? attribute_why(error) : "";
}

static void print_output(const struct board *board, const char *label,
			 enum attribute_id id, enum attribute_id reason_id)
{
	char why[VALUE_MAX];

	if (board_is_off(board, id))
		words_off_reason(board, reason_id, why, sizeof(why));
	else
		snprintf(why, sizeof(why), "%s", unread(board, id));
	print_row(label, state(board, id), why);
}

static void print_pre_alarm(const struct board *board)
{
	const char *text = unread(board, ATTR_PRE_ALARM);

	if (board_is_on(board, ATTR_PRE_ALARM))
		text = words_pre_alarm(board);
	print_row("Pre-alarm", state(board, ATTR_PRE_ALARM), text);
}

/* Only if somebody has made one */
static void print_request(const struct board *board)
{
	const struct value *request = &board->values[ATTR_LOAD_REQUEST];

	if (!request->error && strcmp(request->text, "auto"))
		print_row("Load request", request->text, "");
}

static void print_conditions(const struct board *board)
{
	char list[VALUE_MAX], line[VALUE_MAX * 2], first[64];
	const char *label = "Conditions";

	if (!board_read_ok(board, ATTR_CONDITIONS)) {
		print_row(label, "?", unread(board, ATTR_CONDITIONS));
		return;
	}
	snprintf(list, sizeof(list), "%s", board->values[ATTR_CONDITIONS].text);
	if (!strcmp(list, "none")) {
		print_row(label, "none", "");
		return;
	}
	for (char *word = strtok(list, " "); word; word = strtok(NULL, " ")) {
		const char *words = words_condition(word);

		snprintf(first, sizeof(first), "  %-12s ", label);
		snprintf(line, sizeof(line), "%s%s%s", word,
			 words ? ": " : "", words ? words : "");
		print_wrapped(first, 15, line);
		label = "";
	}
}

static void print_words(const char *first, const char *text)
{
	if (*text)
		print_wrapped(first, (int)strlen(first), text);
}

static void print_bank(const struct config *config, const struct board *board)
{
	char line[256];

	words_capacity(config, board, line, sizeof(line));
	print_words("  Capacity     ", line);
	words_gauge(board, line, sizeof(line));
	print_words("  Gauge        ", line);
	words_floor(board, line, sizeof(line));
	print_words("  Floor        ", line);
	words_measured(config, board, line, sizeof(line));
	print_words("  Measured     ", line);
	words_stats(board, line, sizeof(line));
	print_words("  Since start  ", line);
}

/**
 * status_print - show a board that was read, also what of it was not
 *
 * Return: FAILED when something could not be read
 */
enum result status_print(const struct config *config,
			 const struct board *board)
{
	if (config->json) {
		json_print(json_from_board(board, ATTR_COUNT));
		return board_unread(board);
	}
	print_headline(config, board, true);
	putchar('\n');
	print_output(board, "Load", ATTR_LOAD, ATTR_LOAD_OFF_REASON);
	print_output(board, "Charge", ATTR_CHARGE, ATTR_CHARGE_OFF_REASON);
	print_pre_alarm(board);
	print_row("Remote", state(board, ATTR_REMOTE),
		  unread(board, ATTR_REMOTE));
	print_row("Terminals", state(board, ATTR_TERMINALS),
		  unread(board, ATTR_TERMINALS));
	print_request(board);
	print_conditions(board);
	print_bank(config, board);
	advice_print(board);
	fflush(stdout);
	return board_unread(board);
}

/**
 * command_status - show the boards, one after the other
 *
 * In JSON, too: an object a board, so that whoever reads one board's object
 * reads those of several by the same means.
 */
enum result command_status(const struct config *config, const char *argument)
{
	enum result result, one;
	struct boards boards;

	(void)argument;
	result = boards_find(config, &boards);
	for (size_t i = 0; i < boards.count && result != USAGE; i++) {
		if (i && !config->json)
			putchar('\n');
		one = board_read(&boards.board[i]);
		if (!one)
			one = status_print(config, &boards.board[i]);
		if (one)
			result = one;
	}
	boards_free(&boards);
	return result;
}
