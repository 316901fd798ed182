/* SPDX-License-Identifier: GPL-2.0 */
/*
 * smallbms - look at and switch smallBMS boards
 *
 * The data flow: find.c names the boards, read.c reads one of them into a
 * struct board, words.c and json.c turn that into what a person or a script
 * reads. A command is one file with one function, listed in smallbms.c.
 */
#ifndef SMALLBMS_H
#define SMALLBMS_H

#include <assert.h>
#include <limits.h>
#include <poll.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <sys/stat.h>
#include <time.h>

#define ARRAY_SIZE(array) (sizeof(array) / sizeof((array)[0]))
#define __printf(format_at, arguments_at) \
	__attribute__((__format__(__printf__, \
				  format_at, arguments_at)))

struct json_object;

/* What the tool returns to the shell; scripts rest on these numbers. */
enum result {
	DONE = 0,
	FAILED = 1,
	USAGE = 2,
	NO_BOARD = 3,
};

/* Of check, which returns what monitoring plugins do */
#define CHECK_UNKNOWN 3

/**
 * struct config - the options, and what the terminal can show
 * @board: of --board, NULL: not given
 * @recover: of floor --recover, NULL: not given
 * @words: behind the command, with a NULL at their end
 * @timeout: of wait, monitor and check --timeout, in seconds, NULL: for ever
 * @count: of monitor --count, NULL: for ever
 * @quiet: of wait --quiet
 * @warning, @critical: of check, ranges of the capacity, NULL: not given
 * @since: of log --since, NULL: from the beginning
 * @until, @lines: of log, NULL: to the end, all
 * @directory: of log --directory, NULL: the journal of this machine
 * @output: of metrics --output, NULL: stdout; of commission, NULL: below /var/lib
 * @rst: of wiring --rst
 * @wait: of shunt --wait
 * @check: of power-down --check
 * @resume: of commission --resume
 * @decode: of shunt --decode, NULL: not given
 * @simulate: of shunt --simulate; @soc, @current: of it, NULL: not given
 * @argv: all of the command line, for history
 */
struct config {
	const char *board;
	const char *sysfs_root;
	const char *recover;
	char * const *words;
	const char *timeout;
	const char *count;
	const char *warning;
	const char *critical;
	const char *since;
	const char *until;
	const char *lines;
	const char *directory;
	const char *output;
	const char *decode;
	const char *soc;
	const char *current;
	char **argv;
	bool json;
	bool follow;
	bool quiet;
	bool initial;
	bool rst;
	bool simulate;
	bool wait;
	bool check;
	bool resume;
	bool colour;
	bool utf8;
};

/* The longest real value, all conditions together, has 130 characters. */
#define VALUE_MAX 256

enum kind {
	KIND_TEXT,
	KIND_NUMBER,
	KIND_SWITCH,	/* on, off */
	KIND_LIST,	/* words separated by blanks, or none */
	KIND_CHOICE,	/* all choices, the current one in brackets */
};

enum attribute_id {
	ATTR_REMOTE,
	ATTR_TERMINALS,
	ATTR_LOAD,
	ATTR_CHARGE,
	ATTR_PRE_ALARM,
	ATTR_ALARM,
	ATTR_CONDITIONS,
	ATTR_LOAD_OFF_REASON,
	ATTR_CHARGE_OFF_REASON,
	ATTR_LOAD_REQUEST,
	ATTR_DISCONNECT_IN_MS,
	ATTR_SHED_IN_MS,
	ATTR_RECONNECT_IN_MS,
	ATTR_PRE_ALARM_DELAY_MS,
	ATTR_LOAD_RECONNECT_DELAY_MS,
	ATTR_SOC_FLOOR_PERCENT,
	ATTR_SOC_FLOOR_RECOVER_PERCENT,
	ATTR_PRE_ALARMS,
	ATTR_LOAD_DISCONNECTS,
	ATTR_CHARGE_DISCONNECTS,
	ATTR_INTERRUPTS,
	ATTR_RESCANS,
	ATTR_MISSED_EDGES,
	ATTR_READ_ERRORS,
	ATTR_WRITE_ERRORS,
	ATTR_VOLTAGE_AGE_S,
	ATTR_CURRENT_AGE_S,
	ATTR_TEMPERATURE_AGE_S,
	ATTR_SOC_AGE_S,
	ATTR_TIME_TO_EMPTY_AGE_S,
	ATTR_MEASUREMENT_ERRORS,
	ATTR_GAUGE_SOC_PERMILLE,
	ATTR_GAUGE_VOLTAGE_UV,
	ATTR_GAUGE_CURRENT_UA,
	ATTR_GAUGE_TEMP_DC,
	ATTR_GAUGE_TIME_TO_EMPTY_S,
	ATTR_TYPE,
	ATTR_SCOPE,
	ATTR_TECHNOLOGY,
	ATTR_PRESENT,
	ATTR_MANUFACTURER,
	ATTR_MODEL_NAME,
	ATTR_STATUS,
	ATTR_HEALTH,
	ATTR_CAPACITY_LEVEL,
	ATTR_CAPACITY,
	ATTR_CAPACITY_ERROR_MARGIN,
	ATTR_TIME_TO_EMPTY_AVG,
	ATTR_CHARGE_BEHAVIOUR,
	ATTR_VOLTAGE_NOW,
	ATTR_CURRENT_NOW,
	ATTR_TEMP,
	ATTR_VOLTAGE_MIN_DESIGN,
	ATTR_VOLTAGE_MAX_DESIGN,
	ATTR_CHARGE_FULL_DESIGN,
	ATTR_COUNT
};

static_assert(ATTR_COUNT <= 64, "attribute_bit() has 64 bits");

/**
 * struct attribute - what the tool knows of an attribute before reading it
 * @name: as the user and JSON spell it; "stats/..." for the counters, for
 *	instance, which are in a folder of their own
 * @folder: where it is, below the power supply's folder
 * @kind: what its text must look like; anything else is refused as junk
 * @always: every board has it, so that its absence is an error
 * @announced: the kernel tells when it changes: poll() on the attribute wakes,
 *	or a uevent of the power supply comes
 * @shown: status shows it, or what follows from it
 */
struct attribute {
	const char *name;
	const char *folder;
	enum kind kind;
	bool always;
	bool announced;
	bool shown;
};

extern const struct attribute attributes[ATTR_COUNT];

/**
 * struct value - the outcome of reading one attribute
 * @error: 0, or the errno of the failure; ENOENT when the board does not
 *	   have it, ENODATA when nothing was reported to it, EBADMSG when it holds
 *	   junk. The other members count only at 0.
 * @number: of a KIND_NUMBER; 1 (on) or 0 (off) of a KIND_SWITCH
 * @text: as read, without the line's end; of a KIND_CHOICE the current choice
 */
struct value {
	int error;
	long long number;
	char text[VALUE_MAX];
};

/**
 * struct board - one board
 * @one_of_several: commands for it need --board
 * @name: to be printed; that of --board is board_label()
 * @folder: of its power supply
 */
struct board {
	bool one_of_several;
	char name[NAME_MAX + 1];
	char folder[PATH_MAX];
	long long fresh_s;	/* what is as old as that is stale */
	struct value values[ATTR_COUNT];
};

struct boards {
	struct board *board;
	size_t count;
};

struct names {
	char **name;
	size_t count;
};

/* attributes.c */
int attribute_find(const char *name);
bool value_parse(enum kind kind, struct value *value);
void attribute_parse(enum attribute_id id, struct value *value);
const char *attribute_why(int error);

/** attribute_is_reported - Return: by a program, and it is empty until then */
static inline bool attribute_is_reported(enum attribute_id id)
{
	return id >= ATTR_GAUGE_SOC_PERMILLE && id <= ATTR_GAUGE_TIME_TO_EMPTY_S;
}

static_assert(ATTR_COUNT <= 64, "a bit for each");

static inline unsigned long long attribute_bit(enum attribute_id id)
{
	return 1ULL << id;
}

/* find.c */
int names_find(const char *sysfs_root, struct names *names);
void names_free(struct names *names);

/* Of a floor, in percent, and of a recovery that was not given */
#define FLOOR_MAX 90
#define FLOOR_RECOVER_ABOVE 5

/* As of the driver: a measurement that is older says nothing of now. */
#define MEASURED_STALE_S 35
/* The driver's time to empty where there is none */
#define EMPTY_NEVER_S (365 * 24 * 60 * 60)
/* What the driver reports of a gauge at least: at less, desktops power off */
#define CAPACITY_LEAST 3
/* A current of less may be noise, as the driver has it */
#define NOISE_UA 50000

/* board.c */
enum result boards_find(const struct config *config, struct boards *boards);
enum result board_find(const struct config *config, struct board *board);
void boards_free(struct boards *boards);
void board_init(struct board *board, const char *sysfs_root, const char *name);
const char *board_label(const struct board *board);
int board_path(const struct board *board, enum attribute_id id, char *path,
	       size_t size);
enum result board_gone(const struct board *board);
bool board_may_write(const struct board *board, enum attribute_id id, char *why,
		     size_t size);
enum result board_write(struct board *board, enum attribute_id id,
			const char *text);
enum result board_write_floor(struct board *board, int floor, int recover);
enum result board_unread(const struct board *board);
bool board_is_complete(const struct board *board);
bool board_read_ok(const struct board *board, enum attribute_id id);
bool board_is_on(const struct board *board, enum attribute_id id);
bool board_is_off(const struct board *board, enum attribute_id id);
bool board_is_text(const struct board *board, enum attribute_id id,
		   const char *text);
bool board_has_condition(const struct board *board, const char *name);
bool board_lives_on_reserve(const struct board *board);
bool board_in_doubt(const struct board *board);
bool board_contradicts_itself(const struct board *board);
bool board_is_shed(const struct board *board);
bool board_is_low(const struct board *board);
long long board_shed_in(const struct board *board);
long long board_cut_in(const struct board *board);
bool board_is_fresh(const struct board *board, enum attribute_id age_id);
bool board_soc(const struct board *board, double *percent);
long long board_empty_in(const struct board *board);
bool board_is_measured(const struct board *board, enum attribute_id id,
		       enum attribute_id age_id);
bool board_knows_soc(const struct board *board);
bool board_floor_waits(const struct board *board);

/* read.c */
void value_read(struct value *value, const char *path);
void board_read_attribute(struct board *board, enum attribute_id id);
void board_read_values(struct board *board);
enum result board_read(struct board *board);
enum result board_read_shown(struct board *board);
void board_read_max_age(struct board *board);
unsigned long long board_changes(const struct board *before,
				 const struct board *now);

/* words.c */
enum mood {
	MOOD_WELL,
	MOOD_NOTE,	/* not as usual, but as the user wants it */
	MOOD_ALARM,
};

enum mood words_headline(const struct board *board, char *text, size_t size);
void words_off_reason(const struct board *board, enum attribute_id reason_id,
		      char *text, size_t size);
const char *words_condition_name(size_t index);
const char *words_condition(const char *name);
const char *words_condition_advice(const char *name);
void words_seconds(long long milliseconds, char *text, size_t size);
long long clock_ms(clockid_t clock);
long long now_ms(void);
void words_time(char *text, size_t size, bool exact);
const char *words_pre_alarm(const struct board *board);
void words_capacity(const struct config *config, const struct board *board,
		    char *text, size_t size);
const char *words_direction(long long current_ua);
void words_measured(const struct config *config, const struct board *board,
		    char *text, size_t size);
void words_stats(const struct board *board, char *text, size_t size);

/* gauge.c */
void words_duration(long long seconds, char *text, size_t size);
void words_gauge(const struct board *board, char *text, size_t size);
void words_floor(const struct board *board, char *text, size_t size);
void words_shed(const struct board *board, char *text, size_t size);
void words_shed_at_floor(const struct board *board, char *text, size_t size);
void words_measured_ago(const struct board *board, char *text, size_t size);

/* advice.c */
typedef void advice_sink(void *context, const char *text);

void advice_list(const struct board *board, advice_sink *note, void *context);
void advice_print(const struct board *board);

/* print.c */
void plain(char *text);
bool prefers_utf8(void);
__printf(2, 3)
void complain(const char *what, const char *why, ...);
void complain_as(const char *program);
void complain_into(char *text, size_t size);
void print_wrapped(const char *first, int indent, const char *text);
void print_headline(const struct config *config, const struct board *board,
		    bool wrap);
enum result print_finish(void);

/* range.c */
/**
 * struct range - when a number calls for an alert
 * @text: as it was given; NULL: never
 * @inside: when it is from @from to @to; otherwise when it is not
 */
struct range {
	const char *text;
	bool inside;
	double from, to;
};

bool range_parse(const char *text, struct range *range);
bool range_alerts(const struct range *range, double number);

/* notify.c */
void notify(const char *state);
int notify_every_ms(void);

/* feed.c */
enum news {
	NEWS_STATE,	/* as it was found at first */
	NEWS_CHANGE,
	NEWS_NEW,
	NEWS_GONE,
};

/**
 * typedef news_sink - told of each change of a board
 * @changed: attribute_bit() of each announced attribute that has changed
 */
typedef void news_sink(void *context, enum news news, const struct board *board,
		       unsigned long long changed);

struct watched;

/**
 * struct feed - boards, kept up to date by what the kernel tells of them
 * @config: --board leaves only that one
 * @uevents: where uevents come from, or -1
 * @watched: each of them, @count long
 * @polls: scratch, @room long
 */
struct feed {
	const struct config *config;
	int uevents;
	struct watched *watched;
	size_t count;
	struct pollfd *polls;
	size_t room;
};

int signals_that_end(void);
enum result feed_listen(struct feed *feed, const struct config *config);
enum result feed_open(struct feed *feed, const struct config *config);
enum result feed_open_empty(struct feed *feed, const struct config *config);
enum result feed_wait(struct feed *feed, struct pollfd *others, size_t count,
		      int timeout_ms, bool *stirred);
enum result feed_update(struct feed *feed, news_sink *tell, void *context);
struct board *feed_board(struct feed *feed, size_t index);
void feed_close(struct feed *feed);

/* commissioned.c */
/**
 * struct commissioned - a report of 'smallbms commission'
 * @broken: it cannot be read; only @path counts
 * @date: when it was finished, by the local clock
 */
struct commissioned {
	bool broken;
	long long time_ms;
	char date[16];
	int passed, failed, skipped;
	char path[PATH_MAX];
};

int commissioned_folder(const struct config *config, const char *label,
			char *path, size_t size);
size_t commissioned_list(const struct config *config, const char *label,
			 bool last, struct commissioned **list);
void words_commissioned(const struct commissioned *found, char *text,
			size_t size);
struct json_object *json_from_commissioned(const struct commissioned *found);

/* json.c */
struct json_object *json_from_value(const struct board *board,
				    enum attribute_id id);
struct json_object *json_from_board(const struct board *board,
				    enum attribute_id end);
void json_add_value(struct json_object *object, const struct board *board,
		    enum attribute_id id);
void json_print(struct json_object *object);
void json_print_line(struct json_object *object);

/* the commands, each in the file of its name; @argument: NULL if none */
enum result command_status(const struct config *config, const char *argument);
enum result command_list(const struct config *config, const char *argument);
enum result command_get(const struct config *config, const char *argument);
enum result command_on(const struct config *config, const char *argument);
enum result command_off(const struct config *config, const char *argument);
enum result command_remote(const struct config *config, const char *argument);
enum result command_charge(const struct config *config, const char *argument);
enum result command_load(const struct config *config, const char *argument);
enum result command_floor(const struct config *config, const char *argument);
enum result command_watch(const struct config *config, const char *argument);
enum result command_monitor(const struct config *config, const char *argument);
enum result command_wait(const struct config *config, const char *argument);
enum result command_log(const struct config *config, const char *argument);
enum result command_check(const struct config *config, const char *argument);
enum result command_metrics(const struct config *config, const char *argument);
enum result command_wiring(const struct config *config, const char *argument);
enum result command_shunt(const struct config *config, const char *argument);
enum result command_power_down(const struct config *config,
			       const char *argument);
enum result command_history(const struct config *config, const char *argument);
enum result command_commission(const struct config *config,
			       const char *argument);

/* parts of one command that others use */
enum result get_attribute(const struct config *config, enum attribute_id id);
void get_help(void);
void load_help(void);
void floor_help(void);
void monitor_help(void);
void wait_help(void);
double now_s(void);
int left_ms(double end);
enum result parse_timeout(const char *text, double *seconds);
enum result check_usage(void);
void log_help(void);
void check_help(void);
void metrics_help(void);
void wiring_help(void);
void shunt_help(void);
void power_down_help(void);
void history_help(void);
void commission_help(void);
enum result shunt_simulate(const struct config *config);
enum result status_print(const struct config *config,
			 const struct board *board);

/* switched.c */
enum result switch_board(const struct config *config, enum attribute_id id,
			 const char *text,
			 bool (*obeyed)(const struct board *board),
			 const char *otherwise);
enum result switched_finish(const struct config *config, struct board *board,
			    enum attribute_id id, const char *text,
			    bool (*obeyed)(const struct board *board),
			    const char *otherwise);

#endif /* SMALLBMS_H */
