// SPDX-License-Identifier: GPL-2.0
/* What the user should do next. */
#include <stdio.h>
#include <string.h>

#include "smallbms.h"

/* Of every 100 Ah, this much is left after an undervoltage disconnect. */
#define RESERVE_DIVISOR 100
#define UAH_PER_AH 1000000.0
/* A small current that goes unnoticed: a relay, an alarm, a standby supply. */
#define RESIDUAL_AMPERE 0.010
/* The bank to tell of where the size of this one is not described. */
#define EXAMPLE_AH 200.0

struct notes {
	advice_sink *take;
	void *context;
};

static void note(const struct notes *notes, const char *text)
{
	notes->take(notes->context, text);
}

static void note_conditions(const struct notes *notes, const struct board *board,
			    const char * const *names)
{
	for (; *names; names++)
		if (board_has_condition(board, *names))
			note(notes, words_condition_advice(*names));
}

/* One note for all: a broken wire cannot be told from its condition. */
static void note_wires(const struct notes *notes, const struct board *board,
		       const char * const *names)
{
	while (*names && !board_has_condition(board, *names))
		names++;
	if (*names)
		note(notes,
		     "If the batteries are fine, look for a broken wire: it counts as the condition that it would report.");
}

/* Rounded down: the user should rather be early. */
static void days_left(double capacity_ah, char *text, size_t size)
{
	double hours = capacity_ah / RESERVE_DIVISOR / RESIDUAL_AMPERE;
	int days = hours / 24;

	if (!days)
		snprintf(text, size, "less than a day");
	else
		snprintf(text, size, "about %d day%s", days,
			 days == 1 ? "" : "s");
}

static void note_reserve(const struct notes *notes, const struct board *board, bool doubtful)
{
	const char *now = doubtful ?
			  "If the bank is really empty, recharge it at once." :
			  "Recharge the bank now.";
	const struct value *full = &board->values[ATTR_CHARGE_FULL_DESIGN];
	bool known = !full->error && full->number > 0 &&
		     full->number / UAH_PER_AH < 1e6;
	double capacity = known ? full->number / UAH_PER_AH : EXAMPLE_AH;
	char days[64], text[512];

	days_left(capacity, days, sizeof(days));
	if (known)
		snprintf(text, sizeof(text),
			 "%s Of its %g Ah only about %g Ah are left, which 10 mA of residual current use up in %s; then the batteries are damaged. Until it is recharged, disconnect whatever still draws current.",
			 now, capacity, capacity / RESERVE_DIVISOR, days);
	else
		snprintf(text, sizeof(text),
			 "%s Only about 1 Ah is left of every 100 Ah. In a bank of 200 Ah, 10 mA of residual current use that up in %s, in a smaller one sooner (the size of this one is not described); then the batteries are damaged. Until it is recharged, disconnect whatever still draws current.",
			 now, days);
	note(notes, text);
	if (board_is_off(board, ATTR_CHARGE))
		note(notes, "It cannot be charged while charge is off: see to that first.");
}

static void note_pre_alarm(const struct notes *notes, const struct board *board)
{
	const struct value *left = &board->values[ATTR_DISCONNECT_IN_MS];

	if (!left->error && left->number >= 0)
		note(notes,
		     "Charge the bank or switch loads off now: if the cells recover in time, the load stays on.");
	else
		note(notes,
		     "Charge the bank or switch loads off. The load will be cut when a cell falls below its load-disconnect threshold.");
}

/* "@why: smallbms @command", for this board */
static void note_command(const struct notes *notes, const struct board *board,
			 const char *why, const char *command)
{
	char text[NAME_MAX + 256];

	snprintf(text, sizeof(text), "%s: smallbms%s%s %s", why,
		 board->one_of_several ? " --board " : "",
		 board->one_of_several ? board->name : "", command);
	note(notes, text);
}

static void note_floor(const struct notes *notes, const struct board *board)
{
	bool off = board_is_text(board, ATTR_LOAD_OFF_REASON, "soc-floor");

	if (board_floor_waits(board))
		note(notes,
		     "Look after the gauge: its cable, and the program that reads it.");
	if (off && board_floor_waits(board)) {
		note_command(notes, board,
			     "The load stays off until a fresh state of charge allows it. To let it run without one, switch the remote off and on",
			     "off, then on");
	} else if (off) {
		note_command(notes, board,
			     "Charge the bank: the load comes back by itself. To let it run before",
			     "floor none");
	} else if (board_shed_in(board) >= 0) {
		note_command(notes, board,
			     "Charge the bank. To keep the load on all the same",
			     "floor none");
	}
}

static void note_request(const struct notes *notes, const struct board *board)
{
	note_command(notes, board, board_is_off(board, ATTR_LOAD) ?
		     "To let the load run again" : "To keep the load on",
		     "load auto");
}

static void note_switches(const struct notes *notes, const struct board *board)
{
	const char *option = board->one_of_several ? " --board " : "";
	const char *name = board->one_of_several ? board->name : "";
	char text[NAME_MAX + 128];

	if (board_is_off(board, ATTR_TERMINALS))
		note(notes,
		     "To switch the system on, close the switch at Remote L and Remote H. No software can override it.");
	if (board_is_off(board, ATTR_REMOTE)) {
		snprintf(text, sizeof(text),
			 "To switch the software remote on: smallbms%s%s on",
			 option, name);
		note(notes, text);
	}
	if (board_is_text(board, ATTR_CHARGE_BEHAVIOUR, "inhibit-charge")) {
		snprintf(text, sizeof(text),
			 "To allow charging again: smallbms%s%s charge auto",
			 option, name);
		note(notes, text);
	}
}

/** advice_list - what to do next, note by note; none when all is well */
void advice_list(const struct board *board, advice_sink *take, void *context)
{
	static const char * const broken[] = {
		"io-error", "implausible", "sense-mismatch", NULL
	};
	static const char * const charging[] = {
		"cell-overvoltage", "over-temperature", "under-temperature",
		"charge-inhibit", NULL
	};
	static const char * const lines[] = {
		"cell-low", "cell-undervoltage", "cell-overvoltage",
		"over-temperature", "under-temperature", "charge-inhibit", NULL
	};
	bool doubtful = board_in_doubt(board);
	const struct notes notes = { take, context };

	/* Broken parts first: they cast doubt on what the lines say. */
	note_conditions(&notes, board, broken);
	if (board_lives_on_reserve(board))
		note_reserve(&notes, board, doubtful);
	else if (board_is_shed(board) && board_is_low(board) && !doubtful)
		note(&notes, "Charge the bank: a cell is low.");
	else if (board_shed_in(board) < 0 && !board_is_shed(board) &&
		 (board_is_on(board, ATTR_PRE_ALARM) ||
		  board_is_on(board, ATTR_ALARM)))
		note_pre_alarm(&notes, board);
	if (!doubtful) {
		note_conditions(&notes, board, charging);
		note_wires(&notes, board, lines);
	}
	if (board_is_text(board, ATTR_LOAD_REQUEST, "shed") ||
	    board_is_text(board, ATTR_LOAD_REQUEST, "off"))
		note_request(&notes, board);
	else
		note_floor(&notes, board);
	note_switches(&notes, board);
}

/* @context: whether one was printed before */
static void print_note(void *context, const char *text)
{
	bool *any = context;

	if (!*any)
		printf("\nWhat to do:\n");
	*any = true;
	print_wrapped("  - ", 4, text);
}

/** advice_print - print what to do next; nothing when all is well */
void advice_print(const struct board *board)
{
	bool any = false;

	advice_list(board, print_note, &any);
}
