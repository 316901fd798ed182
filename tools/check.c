// SPDX-License-Identifier: GPL-2.0
/*
 * smallbms check: one line for a monitoring system, as its plugins print it:
 * the state, a text, and behind a bar the figures to be kept. What the tool
 * returns is the state as well, and not as of the other commands.
 */
#include <stdio.h>
#include <string.h>

#include "smallbms.h"

/* From harmless to worst; to know nothing is better than to know the worst. */
enum severity {
	OK,
	UNKNOWN,
	WARNING,
	CRITICAL,
};

static const struct {
	const char *name;
	int code;
} severities[] = {
	[OK] = { "OK", 0 },
	[UNKNOWN] = { "UNKNOWN", CHECK_UNKNOWN },
	[WARNING] = { "WARNING", 1 },
	[CRITICAL] = { "CRITICAL", 2 },
};

static const struct {
	enum attribute_id id;
	const char *label;
	const char *unit;	/* "c": a counter */
	double divisor;
	const char *limits;	/* warning;critical;least;most */
} figures[] = {
	{ ATTR_ALARM, "alarm", "", 1, ";0;1;0;2" },
	{ ATTR_CAPACITY, "capacity", "%", 1, ";;;0;100" },
	{ ATTR_VOLTAGE_NOW, "voltage", "V", 1e6, "" },
	{ ATTR_CURRENT_NOW, "current", "A", 1e6, "" },
	{ ATTR_TEMP, "temperature", "C", 10, "" },
	{ ATTR_PRE_ALARMS, "pre_alarms", "c", 1, "" },
	{ ATTR_LOAD_DISCONNECTS, "load_disconnects", "c", 1, "" },
	{ ATTR_CHARGE_DISCONNECTS, "charge_disconnects", "c", 1, "" },
	{ ATTR_GAUGE_SOC_PERMILLE, "state_of_charge", "%", 10, ";;;0;100" },
	{ ATTR_SOC_AGE_S, "state_of_charge_age", "s", 1, "" },
	{ ATTR_TIME_TO_EMPTY_AVG, "time_to_empty", "s", 1, "" },
	{ ATTR_READ_ERRORS, "read_errors", "c", 1, "" },
	{ ATTR_WRITE_ERRORS, "write_errors", "c", 1, "" },
};

static bool is_switched_off(const struct board *board,
			    enum attribute_id reason)
{
	return board_is_text(board, reason, "terminals") ||
	       board_is_text(board, reason, "remote") ||
	       board_is_text(board, reason, "user");
}

/* What somebody has switched off is as it should be. */
static enum severity severity_of(const struct board *board)
{
	const struct value *left = &board->values[ATTR_DISCONNECT_IN_MS];

	if (board_lives_on_reserve(board) ||
	    board_in_doubt(board) ||
	    board_has_condition(board, "sense-mismatch") ||
	    (!left->error && left->number >= 0) ||
	    (board_is_off(board, ATTR_LOAD) && !board_is_shed(board) &&
	     !is_switched_off(board, ATTR_LOAD_OFF_REASON)))
		return CRITICAL;
	if (board_is_on(board, ATTR_PRE_ALARM) ||
	    board_is_on(board, ATTR_ALARM) ||
	    board_is_shed(board) || board_floor_waits(board) ||
	    (board_is_off(board, ATTR_CHARGE) &&
	     !is_switched_off(board, ATTR_CHARGE_OFF_REASON)) ||
	    (board_read_ok(board, ATTR_CONDITIONS) &&
	     !board_is_text(board, ATTR_CONDITIONS, "none")))
		return WARNING;
	for (int id = 0; id < ATTR_COUNT; id++)
		if (attributes[id].always && board->values[id].error)
			return UNKNOWN;
	return OK;
}

/* A name, without what would end or separate something in the line. */
static void print_safe(const char *text, const char *unsafe)
{
	for (; *text; text++)
		putchar(strchr(unsafe, *text) ? '_' : *text);
}

/* What a gauge has not reported, or too long ago */
static bool is_unknown(const struct board *board, enum attribute_id id)
{
	switch (id) {
	case ATTR_GAUGE_SOC_PERMILLE:
		return !board_knows_soc(board);
	case ATTR_TIME_TO_EMPTY_AVG:
		return board->values[id].number < 0 ||
		       !board_is_fresh(board, ATTR_TIME_TO_EMPTY_AGE_S);
	case ATTR_SOC_AGE_S:
		return board->values[id].number < 0;
	default:
		return false;
	}
}

static void print_figures(const struct board *board)
{
	for (size_t i = 0; i < ARRAY_SIZE(figures); i++) {
		const struct value *value = &board->values[figures[i].id];

		if (value->error || is_unknown(board, figures[i].id))
			continue;
		putchar(' ');
		print_safe(board->name, " |='\n");
		printf("_%s=%.10g%s%s", figures[i].label,
		       value->number / figures[i].divisor, figures[i].unit,
		       figures[i].limits);
	}
}

static int print_check(struct boards *boards)
{
	enum severity worst = OK, each;
	char text[2 * VALUE_MAX];

	for (size_t i = 0; i < boards->count; i++) {
		struct board *board = &boards->board[i];

		each = board_read(board) ? UNKNOWN : severity_of(board);
		if (each > worst)
			worst = each;
	}
	printf("SMALLBMS %s - ", severities[worst].name);
	for (size_t i = 0; i < boards->count; i++) {
		struct board *board = &boards->board[i];

		words_headline(board, text, sizeof(text));
		print_safe(i ? ", " : "", "");
		print_safe(board->name, "|\n");
		fputs(": ", stdout);
		print_safe(text, "|\n");
	}
	fputs(" |", stdout);
	for (size_t i = 0; i < boards->count; i++) {
		board_unread(&boards->board[i]);
		print_figures(&boards->board[i]);
	}
	putchar('\n');
	return severities[worst].code;
}

enum result command_check(const struct config *config, const char *argument)
{
	struct boards boards;
	int code = CHECK_UNKNOWN;

	(void)argument;
	if (config->json) {
		complain("check", "its line is for plugins; 'smallbms --json' prints JSON");
		puts("SMALLBMS UNKNOWN - --json does not go with check");
		return CHECK_UNKNOWN;
	}
	if (!boards_find(config, &boards))
		code = print_check(&boards);
	else
		puts("SMALLBMS UNKNOWN - no such board, or none at all");
	boards_free(&boards);
	return code;
}

void check_help(void)
{
	puts("\nExit status, as of monitoring plugins:\n"
	     "  0 OK        all well, or switched off by somebody\n"
	     "  1 WARNING   pre-alarm, load shed, or charging disconnected\n"
	     "  2 CRITICAL  load disconnected or about to be, or a fault of the board\n"
	     "  3 UNKNOWN   no board, or it cannot be read");
}
