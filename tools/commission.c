// SPDX-License-Identifier: GPL-2.0
/*
 * smallbms commission: after installation, each wire and each device once.
 *
 * The board protects all the time, and nothing here changes a delay. What is
 * switched is asked for first, and is as before when the step or the run ends,
 * however it ends. The run is in a file, as one of its steps is a restart.
 */
#include <errno.h>
#include <math.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "commission.h"

#define TIMEOUT_S 120
/* Countdowns are not announced. */
#define LOOK_EVERY_MS 1000

/* ---- talking */

__printf(3, 0)
static void say(struct run *run, const char *what, const char *step,
		const char *format, va_list arguments)
{
	char first[64], text[2 * STEP_TEXT];

	vsnprintf(text, sizeof(text), format, arguments);
	if (run->interactive) {
		print_wrapped("  ", 2, text);
	} else {
		snprintf(first, sizeof(first), "%s %s: ", what, step);
		printf("%s%s\n", first, text);
	}
	fflush(stdout);
}

/** run_do - what the person should do now */
void run_do(struct run *run, unsigned int step, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	say(run, "do", step_name(step), format, arguments);
	va_end(arguments);
}

bool run_is_done(const struct run *run)
{
	return run->stopped || run->result;
}

/* Also when nobody is told: the run ends, and can be continued. */
static void stop(struct run *run, enum result result)
{
	run->stopped = true;
	if (!run->result)
		run->result = result;
}

static bool signalled(struct run *run)
{
	char ignored[512];

	return read(run->signals, ignored, sizeof(ignored)) > 0;
}

static void report_gone(void *context, enum news news, const struct board *board,
			unsigned long long changed)
{
	struct run *run = context;

	(void)changed;
	if (news != NEWS_GONE)
		return;
	complain(board->name,
		 "it vanished meanwhile: unplugged, or its driver was unloaded");
	stop(run, NO_BOARD);
}

/* Read the board anew; Return: false when it has gone */
static bool refresh(struct run *run)
{
	enum result result = feed_update(&run->feed, report_gone, run);

	if (result)
		stop(run, result);
	return !run_is_done(run);
}

/* Return: a line of stdin without its end, or NULL: there is none yet */
static char *take_line(struct run *run, char *line, size_t size)
{
	char *end = memchr(run->typed, '\n', run->length);
	size_t length = end ? (size_t)(end - run->typed) : run->length;
	size_t used = end ? length + 1 : length;

	if (!end && (!run->ended || !run->length) &&
	    run->length < sizeof(run->typed))
		return NULL;
	snprintf(line, size, "%.*s", (int)length, run->typed);
	memmove(run->typed, run->typed + used, run->length - used);
	run->length -= used;
	return line;
}

static void read_typed(struct run *run)
{
	ssize_t got = read(STDIN_FILENO, run->typed + run->length,
			   sizeof(run->typed) - run->length);

	if (got > 0)
		run->length += got;
	else if (!got || (errno != EINTR && errno != EAGAIN))
		run->ended = true;
}

/* Until a line, a signal, the end of stdin or of time; Return: as take_line() */
static char *await_line(struct run *run, double end, char *line, size_t size)
{
	while (!take_line(run, line, size) && !run->stopped) {
		struct pollfd polls[] = {
			{ run->signals, POLLIN, 0 }, { STDIN_FILENO, POLLIN, 0 },
		};

		if (run->ended) {
			complain("commission", "the answers have ended");
			stop(run, FAILED);
		} else if (poll(polls, ARRAY_SIZE(polls), left_ms(end)) < 0 &&
			   errno != EINTR) {
			complain("poll", "%s", strerror(errno));
			stop(run, FAILED);
		} else if (signalled(run)) {
			complain("commission", "interrupted");
			stop(run, FAILED);
		} else if (polls[1].revents) {
			read_typed(run);
		} else if (!left_ms(end)) {
			return NULL;
		}
	}
	return run->stopped ? NULL : line;
}

static const struct {
	char letter;
	const char *word;
	enum answer answer;
} words[] = {
	{ 'y', "yes", ANSWER_YES },
	{ 'n', "no", ANSWER_NO },
	{ 's', "skip", ANSWER_SKIP },
	{ 'q', "quit", ANSWER_QUIT },
};

/* "[y]es, [s]kip, [q]uit" */
static void list_choices(const char *choices, char *text, size_t size)
{
	size_t used = 0;

	*text = '\0';
	for (size_t i = 0; i < ARRAY_SIZE(words) && used < size; i++)
		if (strchr(choices, words[i].letter))
			used += snprintf(text + used, size - used, "%s[%c]%s",
					 used ? ", " : "", words[i].letter,
					 words[i].word + 1);
}

static void prompt(const char *choices)
{
	char hint[64];

	list_choices(choices, hint, sizeof(hint));
	printf("  %s > ", hint);
	fflush(stdout);
}

static enum answer parse_answer(const char *choices, const char *line,
				char *other, size_t size)
{
	for (size_t i = 0; i < ARRAY_SIZE(words); i++) {
		if (!strchr(choices, words[i].letter))
			continue;
		if ((line[0] == words[i].letter && !line[1]) ||
		    !strcmp(line, words[i].word))
			return words[i].answer;
	}
	if (!other || !*line)
		return ANSWER_LATE;
	snprintf(other, size, "%s", line);
	return ANSWER_OTHER;
}

/**
 * run_answer - await an answer
 * @choices: letters of the words above
 * @end: when to give up, by now_s(); 0: never
 * @other: filled in with any other answer, NULL: there must not be one
 *
 * The board was read anew afterwards.
 *
 * Return: ANSWER_QUIT also when the run cannot go on
 */
enum answer run_answer(struct run *run, const char *choices, double end,
		       char *other, size_t size)
{
	enum answer answer = ANSWER_LATE;
	char line[sizeof(run->typed)];

	while (answer == ANSWER_LATE) {
		if (!await_line(run, end ? end : INFINITY, line, sizeof(line)))
			break;
		line[strcspn(line, "\r")] = '\0';
		answer = parse_answer(choices, line, other, size);
		if (answer != ANSWER_LATE)
			break;
		if (!run->interactive) {
			plain(line);
			complain("commission", "'%s' is no answer to that",
				 line);
			stop(run, USAGE);
			break;
		}
		prompt(choices);
	}
	if (answer == ANSWER_QUIT)
		stop(run, DONE);
	if (!run->stopped && !refresh(run))
		answer = ANSWER_QUIT;
	return run->stopped ? ANSWER_QUIT : answer;
}

/* @other: whoever calls awaits the answer; @end: as of run_answer() */
__printf(6, 0)
static enum answer put_question(struct run *run, unsigned int step,
				const char *choices, bool other, double end,
				const char *format, va_list arguments)
{
	char text[2 * STEP_TEXT], hint[64];

	vsnprintf(text, sizeof(text), format, arguments);
	if (run->interactive) {
		print_wrapped("  ", 2, text);
		prompt(choices);
	} else {
		list_choices(choices, hint, sizeof(hint));
		printf("ask %s: %s (%s)\n", step_name(step), text, hint);
	}
	fflush(stdout);
	return other ? ANSWER_OTHER : run_answer(run, choices, end, NULL, 0);
}

/** run_ask - ask, and await one of the answers of run_answer() */
enum answer run_ask(struct run *run, unsigned int step, const char *choices,
		    const char *format, ...)
{
	enum answer answer;
	va_list arguments;

	va_start(arguments, format);
	answer = put_question(run, step, choices, false, 0, format, arguments);
	va_end(arguments);
	return answer;
}

/** run_ask_other - ask for anything else, or to skip or quit; whoever calls awaits it */
void run_ask_other(struct run *run, unsigned int step, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	put_question(run, step, "sq", true, 0, format, arguments);
	va_end(arguments);
}

/* The same, but only until @end; ANSWER_LATE then */
enum answer run_ask_until(struct run *run, unsigned int step, double end,
			  const char *choices, const char *format, ...)
{
	enum answer answer;
	va_list arguments;

	va_start(arguments, format);
	answer = put_question(run, step, choices, false, end, format, arguments);
	va_end(arguments);
	return answer;
}

/* ---- what came of a step */

__printf(5, 0)
static void conclude(struct run *run, unsigned int id, enum outcome outcome,
		     const char *fault, const char *format, va_list arguments)
{
	static const char * const colours[OUTCOME_COUNT] = {
		[OUTCOME_PASSED] = "\033[1;32m",
		[OUTCOME_FAILED] = "\033[1;31m",
		[OUTCOME_SKIPPED] = "\033[1;33m",
	};
	struct step *step = &run->report.steps[id];
	const char *word = outcome_name(outcome);
	char first[32];

	step->outcome = outcome;
	snprintf(step->fault, sizeof(step->fault), "%s", fault);
	vsnprintf(step->text, sizeof(step->text), format, arguments);
	if (!run->interactive) {
		printf("%s %s: %s\n", word, step_name(id), step->text);
	} else {
		snprintf(first, sizeof(first), "  %s%s%s: ", run->config->colour ?
			 colours[outcome] : "", word,
			 run->config->colour ? "\033[0m" : "");
		print_wrapped(first, 4 + (int)strlen(word), step->text);
	}
	fflush(stdout);
}

void run_passed(struct run *run, unsigned int step, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	conclude(run, step, OUTCOME_PASSED, "", format, arguments);
	va_end(arguments);
}

/**
 * run_failed - something is wrong
 * @fault: a word for programs
 */
void run_failed(struct run *run, unsigned int step, const char *fault,
		const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	conclude(run, step, OUTCOME_FAILED, fault, format, arguments);
	va_end(arguments);
}

/** run_unwired - there is nothing to be tested */
void run_unwired(struct run *run, unsigned int step, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	conclude(run, step, OUTCOME_UNWIRED, "", format, arguments);
	va_end(arguments);
}

void run_skipped(struct run *run, unsigned int step, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	conclude(run, step, OUTCOME_SKIPPED, "", format, arguments);
	va_end(arguments);
}

/** run_go - Return: whether the answer was yes; else the step was skipped, or the run ends */
bool run_go(struct run *run, unsigned int step, enum answer answer)
{
	if (answer == ANSWER_SKIP || answer == ANSWER_NO)
		run_skipped(run, step, "skipped by the person");
	return answer == ANSWER_YES;
}

/** run_woken - what else has ended a wait: the step is skipped, or the run ends */
void run_woken(struct run *run, unsigned int step, enum woken woken)
{
	if (woken == WOKEN_SKIP)
		run_skipped(run, step, "skipped by the person");
}

/* ---- the board */

struct board *run_board(struct run *run)
{
	return feed_board(&run->feed, 0);
}

/** run_wired - whether the device tree has that property, if there is one */
enum wired run_wired(struct run *run, const char *property)
{
	char path[PATH_MAX + NAME_MAX];

	snprintf(path, sizeof(path), "%s/device/of_node",
		 run_board(run)->folder);
	if (access(path, F_OK))
		return WIRED_UNKNOWN;
	snprintf(path, sizeof(path), "%s/device/of_node/%s",
		 run_board(run)->folder, property);
	return access(path, F_OK) ? WIRED_NO : WIRED_YES;
}

/**
 * run_wait - sleep until the board may have changed, and read it
 * @end: by now_s()
 *
 * A person may type "s" to skip, or "q" to quit. The answers of a script are
 * for the next question.
 */
enum woken run_wait(struct run *run, double end)
{
	struct pollfd polls[] = {
		{ run->signals, POLLIN, 0 },
		{ run->interactive ? STDIN_FILENO : -1, POLLIN, 0 },
	};
	int left = left_ms(end);
	enum result result;
	bool stirred;
	char line[64];

	if (!left)
		return WOKEN_LATE;
	if (left < 0 || left > LOOK_EVERY_MS)
		left = LOOK_EVERY_MS;
	result = feed_wait(&run->feed, polls, ARRAY_SIZE(polls), left, &stirred);
	if (result)
		stop(run, result);
	if (!run->stopped && polls[0].revents && signalled(run)) {
		complain("commission", "interrupted");
		stop(run, FAILED);
	}
	if (!run->stopped && polls[1].revents) {
		read_typed(run);
		if (run->ended) {
			complain("commission", "the answers have ended");
			stop(run, FAILED);
		} else if (take_line(run, line, sizeof(line))) {
			if (!strcmp(line, "q"))
				stop(run, DONE);
			if (!strcmp(line, "s"))
				return WOKEN_SKIP;
		}
	}
	return !run->stopped && refresh(run) ? WOKEN_LOOK : WOKEN_QUIT;
}

static bool all_hold(const struct board *board, const struct wish *wishes,
		     size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (!(wishes[i].on ? board_is_on : board_is_off)(board,
								 wishes[i].id))
			return false;
	return true;
}

/* Return: WOKEN_LOOK once all of them hold */
enum woken run_await(struct run *run, const struct wish *wishes, size_t count,
		     double seconds)
{
	double end = now_s() + seconds;
	enum woken woken = WOKEN_LOOK;

	while (woken == WOKEN_LOOK && !all_hold(run_board(run), wishes, count))
		woken = run_wait(run, end);
	return woken;
}

/* ---- what is switched, and is as before afterwards */

/* Put on disk first how it was: a power cut may come at any moment. */
bool run_change(struct run *run, enum changed_id id, const char *text)
{
	const struct value *value = &run_board(run)->values[changed_attributes[id]];
	enum result result;

	snprintf(run->report.original[id], VALUE_MAX, "%s", value->text);
	result = report_save(&run->report, run->folder);
	if (result)
		*run->report.original[id] = '\0';
	else
		result = board_write(run_board(run), changed_attributes[id],
				     text);
	if (result)
		stop(run, result);
	return !result;
}

/*
 * Also of a run that has ended in whatever way; what fails is tried at --resume.
 * Return: whether all is as before
 */
bool run_restore(struct run *run)
{
	bool restored = true;

	for (int i = 0; i < CHANGED_COUNT; i++) {
		char *original = run->report.original[i];
		enum result result = NO_BOARD;

		if (!*original)
			continue;
		if (run->feed.count) {
			result = board_write(run_board(run),
					     changed_attributes[i], original);
			if (result)
				stop(run, result);
		}
		if (result)
			restored = false;
		else
			*original = '\0';
	}
	return restored;
}

/* ---- the run */

static void run_step(struct run *run, unsigned int step)
{
	switch (step) {
	case STEP_SUPPLY:
		run_supply(run);
		break;
	case STEP_REMOTE:
		run_remote(run);
		break;
	case STEP_CABLES:
		run_cables(run);
		break;
	case STEP_SOFTWARE_REMOTE:
	case STEP_LOAD:
	case STEP_CHARGE:
		run_trial(run, step);
		break;
	case STEP_PRE_ALARM:
		run_pre_alarm(run);
		break;
	case STEP_REBOOT:
	case STEP_POWER:
		run_restart(run, step);
		break;
	default:
		if (step == STEP_LINES)
			lines_at_rest(run);
		run_line(run, step - STEP_LINES);
	}
}

static bool keep(struct run *run)
{
	enum result result = report_save(&run->report, run->folder);

	if (result)
		stop(run, result);
	return !result;
}

static void print_heading(const struct run *run, unsigned int step)
{
	if (run->interactive)
		printf("\n%s[%u/%u] %s%s\n", run->config->colour ? "\033[1m" : "",
		       step + 1, STEP_COUNT, step_name(step),
		       run->config->colour ? "\033[0m" : "");
}

/* A person may have repaired it on the spot; for a script a fault is one. */
static bool wants_again(struct run *run, unsigned int step)
{
	return run->interactive && !run_is_done(run) &&
	       run->report.steps[step].outcome == OUTCOME_FAILED &&
	       run_ask(run, step, "ynq", "Try this step again, once it is repaired?") ==
	       ANSWER_YES;
}

static void run_all(struct run *run)
{
	for (unsigned int step = 0; step < STEP_COUNT; step++) {
		if (run->report.steps[step].outcome != OUTCOME_OPEN)
			continue;
		if (run_is_done(run) || !refresh(run))
			return;
		run->report.running = step;
		boot_read(run->report.boot);
		if (!keep(run))
			return;
		print_heading(run, step);
		run_step(run, step);
		run_restore(run);
		if (!run->restarts)
			run->report.running = STEP_COUNT;
		if (wants_again(run, step))
			run->report.steps[step--].outcome = OUTCOME_OPEN;
		if (!keep(run))
			return;
	}
}

/* ---- a run that goes on */

static bool cuts_load(unsigned int step)
{
	return step == STEP_REMOTE || step == STEP_SOFTWARE_REMOTE ||
	       step == STEP_LOAD || step == STEP_CABLES ||
	       !strcmp(step_name(step), "cell-undervoltage");
}

/* What was under way when the run ended, however that was */
static void take_up(struct run *run, bool restarted)
{
	unsigned int step = run->report.running;

	if (!restarted) {
		run_restore(run);
		return;
	}
	if (step >= STEP_COUNT)
		return;
	print_heading(run, step);
	if (step == STEP_REBOOT || step == STEP_POWER)
		run_restarted(run);
	else if (cuts_load(step))
		run_failed(run, step, "supply",
			   "the computer went off in this step: it is fed from the load output, whatever was answered. After a disconnect nothing can charge the bank then (B5). Feed it from the bank, or see smallbms-power-down, SUPPLY=load.");
	if (!run->stopped)
		run->report.running = STEP_COUNT;
	keep(run);
}

static enum result find_unfinished(struct run *run)
{
	bool unfinished = report_unfinished(run->folder), restarted;
	struct report begun = run->report;
	enum answer answer;
	enum result result;

	if (!unfinished && run->config->resume) {
		complain("--resume", "no unfinished run in %s", run->folder);
		return FAILED;
	}
	if (!unfinished)
		return DONE;
	result = report_load(&run->report, run->folder);
	if (result)
		return result;
	restarted = strcmp(run->report.boot, begun.boot);
	/* The driver has started anew, and nothing of that is left. */
	for (int i = 0; i < CHANGED_COUNT && restarted; i++)
		*run->report.original[i] = '\0';
	if (!run->config->resume) {
		answer = run_ask(run, STEP_COUNT, "ynq",
				 "The run that was begun %s is not finished. Continue it? (no: begin anew)",
				 run->report.begun);
		if (answer == ANSWER_QUIT)
			return run->result;
		if (answer == ANSWER_NO) {
			if (run_restore(run))
				run->report = begun;
			return run->result;
		}
	}
	take_up(run, restarted);
	return run->result;
}

/* ---- the end */

static void list_failed(const struct report *report, char *text, size_t size)
{
	size_t used = 0;

	*text = '\0';
	for (int i = 0; i < STEP_COUNT && used < size; i++)
		if (report->steps[i].outcome == OUTCOME_FAILED)
			used += snprintf(text + used, size - used, "%s%s",
					 used ? ", " : "", step_name(i));
}

static enum result finish(struct run *run)
{
	struct report *report = &run->report;
	unsigned int failed = report_count(report, OUTCOME_FAILED);
	char path[PATH_MAX], list[512];
	enum result result;

	result = report_finish(report, run->folder, path, sizeof(path));
	if (result)
		return result;
	printf("%s%u passed, %u failed, %u skipped\nreport: %s\n",
	       run->interactive ? "\n" : "",
	       report_count(report, OUTCOME_PASSED), failed,
	       report_count(report, OUTCOME_SKIPPED), path);
	fflush(stdout);
	if (!failed)
		return DONE;
	list_failed(report, list, sizeof(list));
	complain("commission", "%u of %d steps failed: %s", failed, STEP_COUNT,
		 list);
	return FAILED;
}

/* Nothing stays switched; Return: what to exit with */
static enum result leave(struct run *run)
{
	bool restored = run_restore(run);

	keep(run);
	if (run->restarts)
		return run->result;
	fflush(stdout);
	complain("commission", "not finished, and %s; continue with 'smallbms commission --resume'",
		 restored ? "everything is switched as before" :
		 "NOT everything could be switched back, see the board");
	return run->result ? run->result : FAILED;
}

static enum result run_commission(struct run *run)
{
	enum result result;

	report_begin(&run->report, run_board(run));
	if (run->interactive)
		print_wrapped("", 0,
			      "Each wire and each device is tested once. The board protects all the time. Nothing is switched before you agree, and Ctrl-C puts everything back.");
	result = find_unfinished(run);
	if (result && !run->stopped)
		return result;
	if (!run->stopped)
		run_all(run);
	return report_count(&run->report, OUTCOME_OPEN) ? leave(run) :
							  finish(run);
}

/* With --json all that the person reads goes to stderr; Return: stdout, or -1 */
static int move_aside(void)
{
	int output = dup(STDOUT_FILENO);

	if (output >= 0 && dup2(STDERR_FILENO, STDOUT_FILENO) < 0) {
		close(output);
		return -1;
	}
	return output;
}

static enum result run_with_feed(struct run *run)
{
	struct config only = *run->config;
	struct board board;
	enum result result = board_find(run->config, &board);
	int lock;

	if (result)
		return result;
	only.board = board_label(&board);
	if (commissioned_folder(run->config, only.board, run->folder,
				sizeof(run->folder))) {
		complain("--output", "%s", strerror(ENAMETOOLONG));
		return FAILED;
	}
	lock = report_lock(run->folder);
	if (lock < 0)
		return FAILED;
	result = feed_open(&run->feed, &only);
	if (!result)
		result = run_commission(run);
	feed_close(&run->feed);
	close(lock);
	return result;
}

enum result command_commission(const struct config *config,
			       const char *argument)
{
	struct run run = { .config = config, .timeout_s = TIMEOUT_S };
	enum result result = DONE;
	int output = -1;

	(void)argument;
	if (config->timeout)
		result = parse_timeout(config->timeout, &run.timeout_s);
	if (result)
		return result;
	run.interactive = isatty(STDIN_FILENO) &&
			  isatty(config->json ? STDERR_FILENO : STDOUT_FILENO);
	/* Whoever reads may go; what was switched has to be put back all the same. */
	signal(SIGPIPE, SIG_IGN);
	/* Stopped, it could not put back anything, and a countdown would go on. */
	signal(SIGTSTP, SIG_IGN);
	run.signals = signals_that_end();
	if (config->json)
		output = move_aside();
	result = run_with_feed(&run);
	if (output >= 0) {
		fflush(stdout);
		dup2(output, STDOUT_FILENO);
		close(output);
		if (*run.report.begun)
			report_print_json(&run.report);
	}
	if (run.signals >= 0)
		close(run.signals);
	return result;
}

void commission_help(void)
{
	puts("\nLeads through the tests after installation: the supply of this computer, the\n"
	     "switch at the terminals, each signal line, each cable, each output with a look\n"
	     "at the device, a reboot, and no power. Nothing is switched unasked; the board\n"
	     "protects all the time. Without a terminal, answers are read from stdin, one a\n"
	     "line: y, n, s (skip), q (quit).\n"
	     "\nOptions:\n"
	     "  --resume             Continue, after the reboot or whatever has ended it\n"
	     "  --output DIR         Reports go there, not to /var/lib/smallbms/commission\n"
	     "  -t, --timeout SECONDS\n"
	     "                       Wait so long for a line or an output (120)");
}
