/* SPDX-License-Identifier: GPL-2.0 */
/*
 * smallbms commission - each wire of a new installation once, with a person
 *
 * commission.c talks with the person and knows the steps, commission_lines.c
 * finds what is wrong with a signal line, commission_report.c keeps the run in
 * a file, and commissioned.c finds the reports of earlier runs for others.
 */
#ifndef COMMISSION_H
#define COMMISSION_H

#include "smallbms.h"

/* A boot id of the kernel, and its end */
#define BOOT_ID_SIZE 37
/* All that is said of a step; longer than any */
#define STEP_TEXT 640
#define STAMP_SIZE 32
/* An output follows within milliseconds, or after retries of 100 ms. */
#define SETTLE_S 2

/* In the order of the run; those of the lines are LINE_COUNT */
enum step_id {
	STEP_SUPPLY,
	STEP_REMOTE,
	STEP_SOFTWARE_REMOTE,
	STEP_LINES,
	STEP_CABLES = STEP_LINES + 6,
	STEP_LOAD,
	STEP_CHARGE,
	STEP_PRE_ALARM,
	STEP_REBOOT,
	STEP_POWER,
	STEP_COUNT
};

#define LINE_COUNT (STEP_CABLES - STEP_LINES)

enum outcome {
	OUTCOME_OPEN,
	OUTCOME_PASSED,
	OUTCOME_FAILED,
	OUTCOME_SKIPPED,
	OUTCOME_UNWIRED,
	OUTCOME_COUNT
};

/**
 * struct step - what came of a step
 * @fault: of a failed one, a word: swapped, stuck, inverted ...
 * @text: what was seen, or what is wrong and what to do
 * @seen: bits of the lines that answered instead
 */
struct step {
	enum outcome outcome;
	char fault[24];
	char text[STEP_TEXT];
	unsigned int seen;
};

/* What a run changes; afterwards it is as before. */
enum changed_id {
	CHANGED_REMOTE,
	CHANGED_LOAD_REQUEST,
	CHANGED_CHARGE_BEHAVIOUR,
	CHANGED_COUNT
};

extern const enum attribute_id changed_attributes[CHANGED_COUNT];

/**
 * struct report - a run, finished or not
 * @board: its label
 * @begun, @finished: UTC; @finished is empty until then
 * @boot: which start of the computer the rest belongs to
 * @running: the step under way, or STEP_COUNT
 * @supply: how the computer is fed: load, bank, other or empty
 * @original: of what is changed now, how it was; else empty
 * @load, @charge: whether they were on before the computer was restarted
 */
struct report {
	char board[NAME_MAX + 1];
	char begun[STAMP_SIZE];
	char finished[STAMP_SIZE];
	struct step steps[STEP_COUNT];
	char boot[BOOT_ID_SIZE];
	unsigned int running;
	char supply[8];
	char original[CHANGED_COUNT][VALUE_MAX];
	bool load;
	bool charge;
};

/* commission_report.c */
const char *step_name(unsigned int step);
const char *outcome_name(enum outcome outcome);
void boot_read(char id[BOOT_ID_SIZE]);
void report_begin(struct report *report, const struct board *board);
int report_lock(const char *folder);
bool report_unfinished(const char *folder);
enum result report_load(struct report *report, const char *folder);
enum result report_save(const struct report *report, const char *folder);
enum result report_finish(struct report *report, const char *folder,
			  char *path, size_t size);
void report_print_json(const struct report *report);
unsigned int report_count(const struct report *report, enum outcome outcome);

/* commission.c */
/**
 * struct run - a run, and whom it talks with
 * @folder: where its files are
 * @signals: of signals_that_end()
 * @interactive: there is a person at a terminal; otherwise a script
 * @timeout_s: how long something is waited for
 * @typed, @length: what was read of stdin, and not used yet
 * @ended: stdin is at its end
 * @stopped: the run does not go on now
 * @restarts: because the person is to restart the computer
 * @result: why the run cannot go on, DONE while it can
 */
struct run {
	const struct config *config;
	struct feed feed;
	struct report report;
	char folder[PATH_MAX];
	int signals;
	bool interactive;
	double timeout_s;
	char typed[1024];
	size_t length;
	bool ended;
	bool stopped;
	bool restarts;
	enum result result;
};

enum answer {
	ANSWER_YES,
	ANSWER_NO,
	ANSWER_SKIP,
	ANSWER_QUIT,
	ANSWER_LATE,
	ANSWER_OTHER,	/* one of the words that were asked for */
};

enum woken {
	WOKEN_LOOK,	/* the board was read again */
	WOKEN_LATE,
	WOKEN_SKIP,
	WOKEN_QUIT,
};

enum wired {
	WIRED_NO,
	WIRED_YES,
	WIRED_UNKNOWN,
};

/**
 * struct wish - an output, or another switch, and what it should be
 */
struct wish {
	enum attribute_id id;
	bool on;
};

struct board *run_board(struct run *run);
bool run_is_done(const struct run *run);
enum woken run_await(struct run *run, const struct wish *wishes, size_t count,
		     double seconds);
bool run_change(struct run *run, enum changed_id id, const char *text);
bool run_restore(struct run *run);
enum wired run_wired(struct run *run, const char *property);
enum answer run_ask(struct run *run, unsigned int step, const char *choices,
		    const char *format, ...) __printf(4, 5);
void run_ask_other(struct run *run, unsigned int step, const char *format, ...)
	__printf(3, 4);
enum answer run_ask_until(struct run *run, unsigned int step, double end,
			  const char *choices, const char *format, ...)
	__printf(5, 6);
enum answer run_answer(struct run *run, const char *choices, double end,
		       char *other, size_t size);
void run_do(struct run *run, unsigned int step, const char *format, ...)
	__printf(3, 4);
enum woken run_wait(struct run *run, double end);
void run_passed(struct run *run, unsigned int step, const char *format, ...)
	__printf(3, 4);
void run_failed(struct run *run, unsigned int step, const char *fault,
		const char *format, ...) __printf(4, 5);
void run_skipped(struct run *run, unsigned int step, const char *format, ...)
	__printf(3, 4);
void run_unwired(struct run *run, unsigned int step, const char *format, ...)
	__printf(3, 4);
bool run_go(struct run *run, unsigned int step, enum answer answer);
void run_woken(struct run *run, unsigned int step, enum woken woken);

/* commission_lines.c */
void run_line(struct run *run, unsigned int line);
void run_cables(struct run *run);
void lines_at_rest(struct run *run);

/* commission_steps.c */
void run_supply(struct run *run);
void run_remote(struct run *run);
void run_trial(struct run *run, unsigned int step);
void run_pre_alarm(struct run *run);
void run_restart(struct run *run, unsigned int step);
void run_restarted(struct run *run);

#endif /* COMMISSION_H */
