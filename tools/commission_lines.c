// SPDX-License-Identifier: GPL-2.0
/*
 * What is wrong with a signal line: the person breaks it, which has to make its
 * condition active, and mends it, which has to make it clear again. Whatever
 * answers instead says how the lines are wired.
 */
#include <string.h>

#include "commission.h"

/* The contacts of a plug do not part at the same moment. */
#define TOGETHER_S 5
/* Batteries, in series and parallel, at most, and one cable more than those */
#define CABLES_MAX 21

#define LINE(name) (1u << (STEP_##name - STEP_LINES))

enum {
	STEP_CELL_LOW = STEP_LINES,
	STEP_CELL_UNDERVOLTAGE,
	STEP_CELL_OVERVOLTAGE,
	STEP_OVER_TEMPERATURE,
	STEP_UNDER_TEMPERATURE,
	STEP_CHARGE_INHIBIT,
};

#define LOW_LINES (LINE(CELL_LOW) | LINE(CELL_UNDERVOLTAGE))
#define CHARGE_LINES (LINE(CELL_OVERVOLTAGE) | LINE(OVER_TEMPERATURE) | \
		      LINE(UNDER_TEMPERATURE) | LINE(CHARGE_INHIBIT))

static const char *line_name(unsigned int line)
{
	return step_name(STEP_LINES + line);
}

static unsigned int lines_active(const struct board *board)
{
	unsigned int active = 0;

	for (int i = 0; i < LINE_COUNT; i++)
		if (board_has_condition(board, line_name(i)))
			active |= 1u << i;
	return active;
}

static enum wired line_wired(struct run *run, unsigned int line)
{
	char property[64];

	snprintf(property, sizeof(property), "%s-gpios", line_name(line));
	return run_wired(run, property);
}

/* Those that are, or may be */
static unsigned int lines_wired(struct run *run)
{
	unsigned int wired = 0;

	for (int i = 0; i < LINE_COUNT; i++)
		if (line_wired(run, i) != WIRED_NO)
			wired |= 1u << i;
	return wired;
}

static void list_lines(unsigned int lines, char *text, size_t size)
{
	size_t used = 0;

	*text = '\0';
	for (int i = 0; i < LINE_COUNT && used < size; i++)
		if (lines & (1u << i))
			used += snprintf(text + used, size - used, "%s%s",
					 used ? ", " : "", line_name(i));
}

/* What a battery reports together with this line is no fault. */
static unsigned int companions(unsigned int line)
{
	unsigned int bit = 1u << line;

	if (bit == LINE(CELL_UNDERVOLTAGE))
		return LINE(CELL_LOW);
	return bit & CHARGE_LINES ? LINE(CHARGE_INHIBIT) : 0;
}

/**
 * lines_at_rest - before the first line: whether it looks as if none was right
 */
void lines_at_rest(struct run *run)
{
	unsigned int wired = lines_wired(run);
	unsigned int active = lines_active(run_board(run));

	/* A single line says nothing of the others. */
	if (active && active == wired && (active & (active - 1)))
		run_do(run, STEP_LINES,
		       "Every line is active. Is the cable to the batteries plugged in? If it is, all lines are inverted: their polarity in the device tree is wrong.");
}

/* Two lines that answer for each other are one fault, not two. */
static void name_swapped_pair(struct run *run, unsigned int line,
			      unsigned int other)
{
	struct step *step = &run->report.steps[STEP_LINES + other];
	char text[STEP_TEXT];

	if (strcmp(step->fault, "swapped") || step->seen != 1u << line) {
		run_failed(run, STEP_LINES + line, "swapped",
			   "%s answered instead of %s: the wires are swapped, or the wrong one was taken off. Check both wires, and their lines in the device tree.",
			   line_name(other), line_name(line));
		return;
	}
	snprintf(text, sizeof(text),
		 "%s and %s are swapped with each other: exchange these two wires, or their lines in the device tree.",
		 line_name(line), line_name(other));
	run_failed(run, STEP_LINES + line, "swapped", "%s", text);
	snprintf(step->text, sizeof(step->text), "%s", text);
}

/* Whatever else has answered, alone or as well */
static void line_others(struct run *run, unsigned int line,
			unsigned int answered, unsigned int rest)
{
	unsigned int others = answered & ~(1u << line);
	unsigned int clear = lines_wired(run) & ~rest;
	unsigned int other = __builtin_ctz(others);
	char list[256];

	list_lines(others, list, sizeof(list));
	if (answered == clear && (clear & (clear - 1)) && others & (others - 1))
		run_failed(run, STEP_LINES + line, "cable",
			   "every line answered (also %s): the whole cable was pulled, or one wire feeds them all. Break only the wire of %s.",
			   list, line_name(line));
	else if (answered & (1u << line) || others & (others - 1))
		run_failed(run, STEP_LINES + line, "joined",
			   "%s answered as well: two wires touch each other, or one line is wired to two inputs.",
			   list);
	else if (rest & others)
		run_failed(run, STEP_LINES + line, "swapped",
			   "%s became clear, and not %s active: the wires are swapped, and %s is inverted. Check both wires, and their lines and polarity in the device tree.",
			   list, line_name(line), list);
	else
		name_swapped_pair(run, line, other);
	run->report.steps[STEP_LINES + line].seen = others;
}

static void line_unchanged(struct run *run, unsigned int line, bool active)
{
	const char *name = line_name(line);

	if (active)
		run_failed(run, STEP_LINES + line, "stuck",
			   "stuck: %s was active from the start and stays so. Unless the bank is really in that state, its wire is broken or on another terminal. Check it from the battery to the board.",
			   name);
	else
		run_failed(run, STEP_LINES + line, "stuck",
			   "stuck: %s never became active. A broken wire has to read as active: check that the wire is on its terminal, the line in the device tree, and the pull-up (or pull-down) resistor.",
			   name);
}

/* The board has to follow: what it does is part of the line's test. */
static const char *not_obeyed(const struct board *board, unsigned int line)
{
	if (((1u << line) & CHARGE_LINES) && board_is_on(board, ATTR_CHARGE))
		return "charge stayed on";
	if (((1u << line) & LOW_LINES) && board_is_off(board, ATTR_ALARM) &&
	    board_is_on(board, ATTR_REMOTE) &&
	    board_is_on(board, ATTR_TERMINALS))
		return "the alarm was not raised";
	return NULL;
}

static void line_verdict(struct run *run, unsigned int line,
			 unsigned int answered, unsigned int rest,
			 const char *disobeyed, const double seconds[2])
{
	unsigned int bit = 1u << line;

	if (answered & ~bit & ~(answered & bit ? companions(line) : 0))
		line_others(run, line, answered, rest);
	else if (rest & bit)
		run_failed(run, STEP_LINES + line, "inverted",
			   "inverted: %s is active at rest, and clear while its wire is off. Correct its polarity in the device tree (GPIO_ACTIVE_HIGH or GPIO_ACTIVE_LOW).",
			   line_name(line));
	else if (disobeyed)
		run_failed(run, STEP_LINES + line, "not-obeyed",
			   "%s became active, but %s. See 'smallbms status' and the kernel's log.",
			   line_name(line), disobeyed);
	else
		run_passed(run, STEP_LINES + line,
			   "active after %.1f s, clear again %.1f s later",
			   seconds[0], seconds[1]);
}

static void say_answered(struct run *run, unsigned int line,
			 unsigned int answered, unsigned int rest)
{
	char list[256];

	list_lines(answered, list, sizeof(list));
	run_do(run, STEP_LINES + line, "%s is %s. Connect the wire again.",
	       list, answered & rest ? "clear" : "active");
}

static void line_not_back(struct run *run, unsigned int line, unsigned int away)
{
	char list[256];

	list_lines(away, list, sizeof(list));
	run_failed(run, STEP_LINES + line, "stuck",
		   "stuck: not as before the test: %s. Was the wire connected again? Check its contact; then begin anew.",
		   list);
}

/* Until every line is as at the beginning, or it was ended */
static void line_follow(struct run *run, unsigned int line, unsigned int rest)
{
	unsigned int answered = 0, bit = 1u << line;
	double begun = now_s(), end = begun + run->timeout_s, changed = 0;
	bool asked_back = false, obeyed = false, settling;
	const char *disobeyed = NULL;

	for (;;) {
		const struct board *board = run_board(run);
		unsigned int now = lines_active(board);
		enum woken woken;

		if (board_has_condition(board, "io-error")) {
			run_failed(run, STEP_LINES + line, "unreadable",
				   "the lines cannot be read: %s",
				   words_condition_advice("io-error"));
			return;
		}
		if ((now ^ rest) & ~answered) {
			if (!answered) {
				changed = now_s();
				end = changed + run->timeout_s;
			}
			answered |= now ^ rest;
		}
		if (now & ~rest & bit && !obeyed) {
			disobeyed = not_obeyed(board, line);
			obeyed = !disobeyed;
		}
		/* What was read while it changed is old and new. */
		settling = disobeyed && now_s() < changed + SETTLE_S;
		if (answered && !asked_back && !settling) {
			asked_back = true;
			say_answered(run, line, answered, rest);
		}
		if (answered && now == rest) {
			line_verdict(run, line, answered, rest, disobeyed,
				     (double[]){ changed - begun,
						 now_s() - changed });
			return;
		}
		woken = run_wait(run, settling ? changed + SETTLE_S : end);
		if (woken == WOKEN_LATE && settling)
			continue;
		if (woken == WOKEN_LATE && !answered)
			line_unchanged(run, line, rest & bit);
		else if (woken == WOKEN_LATE)
			line_not_back(run, line, now ^ rest);
		else if (woken != WOKEN_LOOK)
			run_woken(run, STEP_LINES + line, woken);
		if (woken != WOKEN_LOOK)
			return;
	}
}

static const char *line_effect(unsigned int line)
{
	if (1u << line == LINE(CELL_UNDERVOLTAGE))
		return "The pre-alarm rises meanwhile. After 30 s without it the load is cut.";
	return (1u << line) & CHARGE_LINES ? "Charging stops meanwhile." :
					     "The pre-alarm rises meanwhile.";
}

/** run_line - the step of a line: break its wire, and mend it */
void run_line(struct run *run, unsigned int line)
{
	unsigned int step = STEP_LINES + line;
	enum wired wired = line_wired(run, line);
	unsigned int rest;

	if (wired == WIRED_NO) {
		run_unwired(run, step, "not wired, by the device tree");
		return;
	}
	/* Before the question: whoever is quick has broken it by then. */
	rest = lines_active(run_board(run));
	if (run_go(run, step, run_ask(run, step, "ysq",
				      "Take the wire of %s off the board for three seconds, then connect it again. %s Begin?",
				      line_name(line), line_effect(line))))
		line_follow(run, line, rest);
}

/* ---- cables */

/* Return: the lines that did not answer, or false: it was ended */
static bool cable_follow(struct run *run, unsigned int expected,
			 unsigned int rest, unsigned int *missing, bool *back)
{
	double end = now_s() + run->timeout_s;
	unsigned int answered = 0;
	bool told = false;

	*back = false;
	for (;;) {
		unsigned int now = lines_active(run_board(run));
		enum woken woken;

		if (now & ~rest & expected && !answered)
			end = now_s() + TOGETHER_S;
		answered |= now & ~rest;
		*missing = expected & ~answered;
		if (!*missing && !told) {
			told = true;
			end = now_s() + run->timeout_s;
			run_do(run, STEP_CABLES,
			       "Every line is active. Plug the cable in again.");
		}
		if (told && !(now & ~rest)) {
			*back = true;
			return true;
		}
		woken = run_wait(run, end);
		if (woken == WOKEN_LATE && answered && !told) {
			told = true;
			end = now_s() + run->timeout_s;
			run_do(run, STEP_CABLES,
			       "Not every line has answered. Plug the cable in again.");
		} else if (woken == WOKEN_LATE) {
			return true;
		} else if (woken != WOKEN_LOOK) {
			run_woken(run, STEP_CABLES, woken);
			return false;
		}
	}
}

/* Return: whether to go on with the next one */
static bool run_cable(struct run *run, int cable, int count,
		      unsigned int expected)
{
	unsigned int rest = lines_active(run_board(run)), missing;
	char list[256];
	bool back;

	if (!run_go(run, STEP_CABLES,
		    run_ask(run, STEP_CABLES, "ysq",
			    "Cable %d of %d: pull its plug, wait until every line is active, then plug it in again. Charging stops, and after 30 s the load is cut. Begin?",
			    cable, count)) ||
	    !cable_follow(run, expected, rest, &missing, &back))
		return false;
	list_lines(missing, list, sizeof(list));
	if (missing == expected)
		run_failed(run, STEP_CABLES, "stuck",
			   "cable %d: no line became active. Without a battery's signals the board has to see every condition: check that this cable carries them, and the pull-up resistors.",
			   cable);
	else if (missing)
		run_failed(run, STEP_CABLES, "not-noticed",
			   "cable %d: %s did not become active, so a broken cable would not be noticed. Check the wire's place in the cable, and its pull-up resistor.",
			   cable, list);
	else if (!back)
		run_failed(run, STEP_CABLES, "stuck",
			   "cable %d: the lines did not become clear again. Check that its plug is in, and screwed tight.",
			   cable);
	return !missing && back;
}

/* Those that are clear, and are known to be wired */
static unsigned int cable_lines(struct run *run)
{
	unsigned int lines = 0;

	for (int i = 0; i < LINE_COUNT; i++) {
		enum outcome outcome = run->report.steps[STEP_LINES + i].outcome;
		enum wired wired = line_wired(run, i);

		if (wired == WIRED_YES ||
		    (wired == WIRED_UNKNOWN && outcome == OUTCOME_PASSED))
			lines |= 1u << i;
	}
	return lines & ~lines_active(run_board(run));
}

/** run_cables - the step of the cables: each pulled, and every line notices */
void run_cables(struct run *run)
{
	unsigned int expected = cable_lines(run);
	char number[8] = "";
	enum answer answer;
	int count;

	if (!expected) {
		run_failed(run, STEP_CABLES, "stuck",
			   "no line is clear, so that a pulled cable cannot show. Repair the lines first.");
		return;
	}
	run_ask_other(run, STEP_CABLES,
		      "How many cables lead from the board through the batteries and back? (1 to %d)",
		      CABLES_MAX);
	do {
		answer = run_answer(run, "sq", 0, number, sizeof(number));
		if (answer != ANSWER_OTHER) {
			run_go(run, STEP_CABLES, answer);
			return;
		}
		count = 0;
		if (strlen(number) < 3 &&
		    strspn(number, "0123456789") == strlen(number))
			sscanf(number, "%d", &count);
		if (count < 1 || count > CABLES_MAX)
			run_ask_other(run, STEP_CABLES, "A number from 1 to %d:",
				      CABLES_MAX);
	} while (count < 1 || count > CABLES_MAX);
	for (int cable = 1; cable <= count; cable++)
		if (!run_cable(run, cable, count, expected))
			return;
	run_passed(run, STEP_CABLES, "%d cable%s, each noticed by every line",
		   count, count == 1 ? "" : "s");
}
