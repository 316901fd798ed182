// SPDX-License-Identifier: GPL-2.0
/* smallbms status: a person's view of the board, or all of it as JSON. */
#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>
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

static void json_add_words(struct json_object *object, const char *name,
			   const char *text)
{
	if (*text)
		json_object_object_add(object, name, json_object_new_string(text));
}

static void json_add_output(struct json_object *object, const struct board *board,
			    enum attribute_id id, enum attribute_id reason_id)
{
	char why[VALUE_MAX];

	if (!board_is_off(board, id))
		return;
	words_off_reason(board, reason_id, why, sizeof(why));
	json_add_words(object, attributes[id].name, why);
}

static struct json_object *json_from_conditions(const struct board *board)
{
	struct json_object *object = json_object_new_object();
	const char *name;

	for (size_t i = 0; (name = words_condition_name(i)); i++)
		if (board_has_condition(board, name))
			json_add_words(object, name, words_condition(name));
	return object;
}

static void json_take_note(void *context, const char *text)
{
	json_object_array_add(context, json_object_new_string(text));
}

/* What the caller cannot switch, and why, before it tries */
static struct json_object *json_from_refusals(const struct board *board)
{
	static const enum attribute_id switches[] = {
		ATTR_REMOTE, ATTR_LOAD_REQUEST, ATTR_CHARGE_BEHAVIOUR,
		ATTR_SOC_FLOOR_PERCENT, ATTR_SOC_FLOOR_RECOVER_PERCENT,
	};
	struct json_object *object = json_object_new_object();
	char why[2 * VALUE_MAX];

	for (size_t i = 0; i < ARRAY_SIZE(switches); i++)
		if (!board_may_write(board, switches[i], why, sizeof(why)))
			json_add_words(object, attributes[switches[i]].name, why);
	return object;
}

/* What the text says, for programs that show it to a person */
static struct json_object *json_from_words(const struct config *config,
					   const struct board *board)
{
	static const char * const severities[] = {
		[MOOD_WELL] = "well",
		[MOOD_NOTE] = "note",
		[MOOD_ALARM] = "alarm",
	};
	struct json_object *object = json_object_new_object();
	struct json_object *advice = json_object_new_array();
	enum mood mood;
	char text[2 * VALUE_MAX];

	mood = words_headline(board, text, sizeof(text));
	json_add_words(object, "severity", severities[mood]);
	json_add_words(object, "headline", text);
	json_add_output(object, board, ATTR_LOAD, ATTR_LOAD_OFF_REASON);
	json_add_output(object, board, ATTR_CHARGE, ATTR_CHARGE_OFF_REASON);
	if (board_is_on(board, ATTR_PRE_ALARM))
		json_add_words(object, "pre_alarm", words_pre_alarm(board));
	json_object_object_add(object, "conditions", json_from_conditions(board));
	words_capacity(config, board, text, sizeof(text));
	json_add_words(object, "capacity", text);
	words_gauge(board, text, sizeof(text));
	json_add_words(object, "gauge", text);
	words_floor(board, text, sizeof(text));
	json_add_words(object, "floor", text);
	words_measured(config, board, text, sizeof(text));
	json_add_words(object, "measured", text);
	advice_list(board, json_take_note, advice);
	json_object_object_add(object, "advice", advice);
	json_object_object_add(object, "refused", json_from_refusals(board));
	return object;
}

/* Only if it was */
static void print_commissioned(const struct config *config,
			       const struct board *board)
{
	struct commissioned *last;
	char line[PATH_MAX + 64];

	if (commissioned_list(config, board_label(board), true, &last)) {
		words_commissioned(last, line, sizeof(line));
		print_words("  Commissioned ", line);
	}
	free(last);
}

static void print_json(const struct config *config, const struct board *board)
{
	struct json_object *object = json_from_board(board, ATTR_COUNT);
	struct commissioned *last;

	json_object_object_add(object, "words", json_from_words(config, board));
	if (commissioned_list(config, board_label(board), true, &last))
		json_object_object_add(object, "commissioned",
				       json_from_commissioned(last));
	free(last);
	json_print(object);
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
		print_json(config, board);
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
	print_commissioned(config, board);
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
		one = config->json ? board_read(&boards.board[i]) :
				     board_read_shown(&boards.board[i]);
		if (!one)
			one = status_print(config, &boards.board[i]);
		if (one)
			result = one;
	}
	boards_free(&boards);
	return result;
}
