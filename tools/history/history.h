/* SPDX-License-Identifier: GPL-2.0 */
/*
 * smallbms-history - what the boards did, kept through power cuts
 *
 * record.c follows the boards and makes an event of each change, store.c keeps
 * events in a file of SQLite, show.c prints them. event.c is between a struct
 * board and the text in the file, when.c reads --since and --until.
 */
#ifndef HISTORY_H
#define HISTORY_H

#include "../smallbms.h"

#define HISTORY_FOLDER "/var/lib/smallbms/history"

/* A boot id of the kernel, and its end */
#define BOOT_ID_SIZE 37

/**
 * struct options - of the command line
 * @since, @until, @lines: as they were given, NULL: not given
 * @max_events, @max_days: what is kept
 */
struct options {
	struct config config;
	const char *directory;
	const char *since;
	const char *until;
	const char *lines;
	bool record;
	bool seen;
	long max_events;
	long max_days;
};

enum event_kind {
	EVENT_START,	/* recording begins; the state as it was found */
	EVENT_ANEW,	/* the same, after the file was broken */
	EVENT_BEFORE,	/* what the driver has counted while nobody recorded */
	EVENT_CHANGE,
	EVENT_NEW,
	EVENT_GONE,
	EVENT_STOP,
	EVENT_COUNT
};

extern const char * const event_names[EVENT_COUNT];

/**
 * struct event - one entry
 * @time_ms: of the clock at that time, since the epoch
 * @boottime_ms: since the computer was started, suspend included
 * @boot: which start of the computer that was
 * @board: its label
 * @before: a JSON object: what has changed, as it was before; of EVENT_BEFORE
 *	the counts
 * @state: a JSON object: how the board was afterwards
 */
struct event {
	enum event_kind kind;
	long long time_ms;
	long long boottime_ms;
	char boot[BOOT_ID_SIZE];
	char board[NAME_MAX + 1];
	char *before;
	char *state;
};

/* event.c */
bool event_has(enum attribute_id id);
char *event_state(const struct board *board, unsigned long long which);
bool event_board(const char *text, struct board *board,
		 unsigned long long *which);
void event_stamp(struct event *event);
void event_free(struct event *event);

/* store.c */
struct sqlite3;
struct sqlite3_stmt;

/**
 * struct store - the file
 * @lock: the folder, locked by the one that records; -1 while reading
 * @insert: prepared; NULL while reading
 * @id: of the last event that was added
 */
struct store {
	char path[PATH_MAX];
	long max_events;
	long max_days;
	int lock;
	struct sqlite3 *db;
	struct sqlite3_stmt *insert;
	long long id;
};

/**
 * enum store_state - how the file was found, or what became of an addition
 * @STORE_BROKEN: it cannot be used any more; store_set_aside() helps
 * @STORE_FAILED: not now, for instance on a full disk
 */
enum store_state {
	STORE_GOOD,
	STORE_BROKEN,
	STORE_FAILED,
};

/** typedef event_sink - Return: whether to go on */
typedef bool event_sink(void *context, const struct event *event);

enum store_state store_open(struct store *store);
enum result store_set_aside(struct store *store);
enum store_state store_add(struct store *store, const struct event *events,
			   size_t count);
bool store_last(struct store *store, const char *board, struct event *event);
const char *store_why(const struct store *store);
enum result store_lock(struct store *store, const char *folder);
enum result store_open_to_read(struct store *store, const char *folder);
bool store_read(struct store *store, const char *board, bool boots,
		event_sink *take, void *context);
void store_close(struct store *store);

/* when.c */
enum result when_parse(const char *option, const char *text,
		       long long *time_ms);

/* record.c, show.c */
enum result history_record(const struct options *options);
enum result history_show(const struct options *options);

#endif /* HISTORY_H */
