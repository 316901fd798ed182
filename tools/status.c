// SPDX-License-Identifier: GPL-2.0
/* smallbms status: a person's view of the board, or all of it as JSON. */
#include <json-c/json.h>
#include <math.h>
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
		text = board_is_off(board, ATTR_LOAD) ?
		       "until no cell is low any more" :
		       "warns before the load is cut";
	print_row("Pre-alarm", state(board, ATTR_PRE_ALARM), text);
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

/* How full, and how far that may be off */
static void print_capacity(const struct config *config,
			   const struct board *board)
{
	const struct value *capacity = &board->values[ATTR_CAPACITY];
	const struct value *margin = &board->values[ATTR_CAPACITY_ERROR_MARGIN];
	char line[128];

	if (capacity->error)
		return;
	if (margin->error)
		snprintf(line, sizeof(line), "%lld %%", capacity->number);
	else
		snprintf(line, sizeof(line), "%lld %% %s %lld%s",
			 capacity->number, config->utf8 ? "\u00b1" : "+/-",
			 margin->number,
			 margin->number >= 100 ?
			 ": unknown, the lines cannot be read" :
			 margin->number >= 50 ?
			 ": known from the signal lines only" : "");
	print_wrapped("  Capacity     ", 15, line);
}

/* The board works from 8 to 70 V; outside, the measurement is wrong. */
static void print_measurements(const struct config *config,
			       const struct board *board)
{
	const struct value *voltage = &board->values[ATTR_VOLTAGE_NOW];
	const struct value *current = &board->values[ATTR_CURRENT_NOW];
	const struct value *temperature = &board->values[ATTR_TEMP];
	char line[256] = "";
	size_t used = 0;

	if (!voltage->error)
		used += snprintf(line, sizeof(line), "%.2f V%s",
				 voltage->number / 1e6,
				 voltage->number < 8000000 ||
				 voltage->number > 70000000 ?
				 " (not within 8 to 70 V: check its wiring)" :
				 "");
	if (!current->error)
		used += snprintf(line + used, sizeof(line) - used,
				 "%s%.2f A %s", used ? ", " : "",
				 fabs(current->number / 1e6),
				 current->number < 0 ? "discharging" :
				 "charging");
	if (!temperature->error)
		snprintf(line + used, sizeof(line) - used, "%s%.1f %sC",
			 used ? ", " : "", temperature->number / 10.0,
			 config->utf8 ? "\u00b0" : "");
	if (*line)
		print_wrapped("  Measured     ", 15, line);
}

static void print_stats(const struct board *board)
{
	const struct value *warned = &board->values[ATTR_PRE_ALARMS];
	const struct value *load = &board->values[ATTR_LOAD_DISCONNECTS];
	const struct value *charge = &board->values[ATTR_CHARGE_DISCONNECTS];
	char line[256];

	if (warned->error || load->error || charge->error)
		return;
	snprintf(line, sizeof(line),
		 "pre-alarms %lld, load disconnects %lld, charge disconnects %lld",
		 warned->number, load->number, charge->number);
	print_wrapped("  Since start  ", 15, line);
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
	print_headline(config, board);
	putchar('\n');
	print_output(board, "Load", ATTR_LOAD, ATTR_LOAD_OFF_REASON);
	print_output(board, "Charge", ATTR_CHARGE, ATTR_CHARGE_OFF_REASON);
	print_pre_alarm(board);
	print_row("Remote", state(board, ATTR_REMOTE),
		  unread(board, ATTR_REMOTE));
	print_row("Terminals", state(board, ATTR_TERMINALS),
		  unread(board, ATTR_TERMINALS));
	print_conditions(board);
	print_capacity(config, board);
	print_measurements(config, board);
	print_stats(board);
	advice_print(board);
	fflush(stdout);
	return board_unread(board);
}

/* An array, so that a script that asks for several gets several. */
static enum result print_all_json(struct boards *boards)
{
	struct json_object *array = json_object_new_array();
	enum result result = DONE;

	for (size_t i = 0; i < boards->count; i++) {
		struct board *board = &boards->board[i];
		enum result one = board_read(board);

		if (!one) {
			json_object_array_add(array,
					      json_from_board(board, ATTR_COUNT));
			one = board_unread(board);
		}
		if (one)
			result = one;
	}
	json_print(array);
	return result;
}

enum result command_status(const struct config *config, const char *argument)
{
	enum result result, one;
	struct boards boards;

	(void)argument;
	result = boards_find(config, &boards);
	if (!result && config->json && boards.count > 1) {
		result = print_all_json(&boards);
		boards_free(&boards);
		return result;
	}
	for (size_t i = 0; i < boards.count && result != USAGE; i++) {
		if (i)
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
