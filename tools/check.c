// SPDX-License-Identifier: GPL-2.0
/*
 * smallbms check: one line for a monitoring system, as its plugins print it:
 * the state, a text, and behind a bar the figures to be kept. What the tool
 * returns is the state as well, and not as of the other commands.
 */
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/time.h>
#include <unistd.h>

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
	const char *unit;	/* "%"; "c": a counter; plugins have no volts */
	double divisor;
	const char *limits;	/* warning;critical;least;most */
} figures[] = {
	{ ATTR_ALARM, "alarm", "", 1, ";0;1;0;2" },
	{ ATTR_CAPACITY, "capacity", "%", 1, NULL },	/* of -w and -c */
	{ ATTR_VOLTAGE_NOW, "voltage", "", 1e6, "" },
	{ ATTR_CURRENT_NOW, "current", "", 1e6, "" },
	{ ATTR_TEMP, "temperature", "", 10, "" },
	{ ATTR_PRE_ALARMS, "pre_alarms", "c", 1, "" },
	{ ATTR_LOAD_DISCONNECTS, "load_disconnects", "c", 1, "" },
	{ ATTR_CHARGE_DISCONNECTS, "charge_disconnects", "c", 1, "" },
	{ ATTR_GAUGE_SOC_PERMILLE, "state_of_charge", "%", 10, ";;;0;100" },
	{ ATTR_SOC_AGE_S, "state_of_charge_age", "s", 1, "" },
	{ ATTR_TIME_TO_EMPTY_AVG, "time_to_empty", "s", 1, "" },
	{ ATTR_READ_ERRORS, "read_errors", "c", 1, "" },
	{ ATTR_WRITE_ERRORS, "write_errors", "c", 1, "" },
};

/* What -w and -c say of the capacity */
struct limits {
	struct range warning;
	struct range critical;
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
	return board_is_complete(board) ? OK : UNKNOWN;
}

static enum severity severity_of_capacity(const struct board *board,
					  const struct limits *limits)
{
	const struct value *capacity = &board->values[ATTR_CAPACITY];

	if (!limits->warning.text && !limits->critical.text)
		return OK;
	if (capacity->error)
		return UNKNOWN;
	if (range_alerts(&limits->critical, capacity->number))
		return CRITICAL;
	return range_alerts(&limits->warning, capacity->number) ? WARNING : OK;
}

/* The state in words, with the capacity if that is what is wrong */
static void headline(const struct board *board, const struct limits *limits,
		     char *text, size_t size)
{
	const struct value *capacity = &board->values[ATTR_CAPACITY];

	if (words_headline(board, text, size) == MOOD_ALARM ||
	    !severity_of_capacity(board, limits))
		return;
	if (capacity->error)
		snprintf(text, size, "the capacity is unknown");
	else
		snprintf(text, size, "capacity %lld %% is outside the limits",
			 capacity->number);
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
		return board_empty_in(board) < 0;
	case ATTR_SOC_AGE_S:
		return board->values[id].number < 0;
	default:
		return false;
	}
}

static void print_figures(const struct board *board,
			  const struct limits *limits)
{
	const char *warning = limits->warning.text;
	const char *critical = limits->critical.text;

	for (size_t i = 0; i < ARRAY_SIZE(figures); i++) {
		const struct value *value = &board->values[figures[i].id];

		if (value->error || is_unknown(board, figures[i].id))
			continue;
		putchar(' ');
		print_safe(board->name, " |='\n");
		printf("_%s=%.10g%s", figures[i].label,
		       value->number / figures[i].divisor, figures[i].unit);
		if (figures[i].limits)
			fputs(figures[i].limits, stdout);
		else
			printf(";%s;%s;0;100", warning ? warning : "",
			       critical ? critical : "");
	}
}

static int print_check(struct boards *boards, const struct limits *limits)
{
	enum severity worst = OK, each;
	char text[2 * VALUE_MAX];

	for (size_t i = 0; i < boards->count; i++) {
		struct board *board = &boards->board[i];

		each = board_read(board) ? UNKNOWN : severity_of(board);
		if (each > worst)
			worst = each;
		each = severity_of_capacity(board, limits);
		if (each > worst)
			worst = each;
	}
	printf("SMALLBMS %s - ", severities[worst].name);
	for (size_t i = 0; i < boards->count; i++) {
		struct board *board = &boards->board[i];

		headline(board, limits, text, sizeof(text));
		print_safe(i ? ", " : "", "");
		print_safe(board->name, "|\n");
		fputs(": ", stdout);
		print_safe(text, "|\n");
	}
	fputs(" |", stdout);
	for (size_t i = 0; i < boards->count; i++) {
		board_unread(&boards->board[i]);
		print_figures(&boards->board[i], limits);
	}
	putchar('\n');
	return severities[worst].code;
}

/** check_usage - a line also for who made a mistake; Return: CHECK_UNKNOWN */
enum result check_usage(void)
{
	puts("SMALLBMS UNKNOWN - wrong usage; see 'smallbms help check'");
	return CHECK_UNKNOWN;
}

static void give_up(int number)
{
	static const char line[] =
		"SMALLBMS UNKNOWN - no answer within the time of -t\n";
	ssize_t done;

	(void)number;
	done = write(STDOUT_FILENO, line, sizeof(line) - 1);
	(void)done;
	_exit(CHECK_UNKNOWN);
}

static void give_up_after(double seconds)
{
	struct itimerval timer = { 0 };

	if (seconds > INT_MAX)	/* for ever */
		return;
	signal(SIGALRM, give_up);
	timer.it_value.tv_sec = seconds;
	timer.it_value.tv_usec = (seconds - timer.it_value.tv_sec) * 1e6;
	setitimer(ITIMER_REAL, &timer, NULL);
}

/* Return: whether all of them were understood */
static bool parse_limits(const struct config *config, struct limits *limits,
			 double *seconds)
{
	if (!range_parse(config->warning, &limits->warning)) {
		complain("-w", "'%s' is not like 40: or 20:90", config->warning);
		return false;
	}
	if (!range_parse(config->critical, &limits->critical)) {
		complain("-c", "'%s' is not like 40: or 20:90", config->critical);
		return false;
	}
	return !parse_timeout(config->timeout, seconds);
}

enum result command_check(const struct config *config, const char *argument)
{
	struct limits limits;
	struct boards boards;
	double seconds;
	int code = CHECK_UNKNOWN;

	(void)argument;
	if (config->json) {
		complain("check", "its line is for plugins; 'smallbms --json' prints JSON");
		puts("SMALLBMS UNKNOWN - --json does not go with check");
		return CHECK_UNKNOWN;
	}
	if (!parse_limits(config, &limits, &seconds))
		return check_usage();
	give_up_after(seconds);
	if (!boards_find(config, &boards))
		code = print_check(&boards, &limits);
	else
		puts("SMALLBMS UNKNOWN - no such board, or none at all");
	boards_free(&boards);
	return code;
}

void check_help(void)
{
	puts("\nOptions:\n"
	     "  -w, --warning RANGE  WARNING if the capacity in percent is outside: 40:\n"
	     "  -c, --critical RANGE CRITICAL if it is\n"
	     "  -t, --timeout SECONDS\n"
	     "                       UNKNOWN if there is no answer by then\n"
	     "\n"
	     "RANGE is START:END, as the guidelines of monitoring plugins have it.\n"
	     "\nExit status, as of monitoring plugins:\n"
	     "  0 OK        all well, or switched off by somebody\n"
	     "  1 WARNING   pre-alarm, load shed, or charging disconnected\n"
	     "  2 CRITICAL  load disconnected or about to be, or a fault of the board\n"
	     "  3 UNKNOWN   no board, or it cannot be read");
}
