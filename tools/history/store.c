// SPDX-License-Identifier: GPL-2.0
/*
 * The file of events. A write-ahead log that is synchronized with each
 * transaction: an event is on the disk, and one write in sequence, before the
 * next is taken, and a power cut at any moment leaves all that were.
 */
#include <errno.h>
#include <fcntl.h>
#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "history.h"

#define FILE_NAME "history.db"
#define BROKEN ".broken"
/* Whose file it is ("sBMS"), and how its tables look */
#define APPLICATION_ID 0x73424d53
#define VERSION_OF_TABLES 1
/* A reader holds a lock for some milliseconds. */
#define BUSY_MS 5000
/* Old events go in batches, as each removal is a write more. */
#define PRUNE_EVERY 64
/* So many stay whatever their age, lest a wrong clock takes them all. */
#define KEEP_ANYWAY 100
#define MS_PER_DAY 86400000LL

#define COLUMNS "time_ms, boottime_ms, boot, board, kind, before, state"
#define CREATE "CREATE TABLE events(id INTEGER PRIMARY KEY, " COLUMNS ")"
#define SELECT "SELECT " COLUMNS " FROM events WHERE "

static int execute(struct store *store, const char *sql)
{
	return sqlite3_exec(store->db, sql, NULL, NULL, NULL);
}

/* Return: SQLITE_OK and the first column, or what failed */
static int ask(struct store *store, const char *sql, char *text, size_t size)
{
	sqlite3_stmt *statement = NULL;
	int code = sqlite3_prepare_v2(store->db, sql, -1, &statement, NULL);
	const unsigned char *found;

	*text = '\0';
	if (code == SQLITE_OK)
		code = sqlite3_step(statement);
	if (code == SQLITE_ROW) {
		found = sqlite3_column_text(statement, 0);
		snprintf(text, size, "%s", found ? (const char *)found : "");
	}
	/* Says again what has failed */
	if (code == SQLITE_ROW || code == SQLITE_DONE)
		return sqlite3_finalize(statement);
	sqlite3_finalize(statement);
	return code;
}

static enum store_state judge(int code)
{
	switch (code & 0xff) {
	case SQLITE_OK:
	case SQLITE_DONE:
		return STORE_GOOD;
	case SQLITE_CORRUPT:
	case SQLITE_NOTADB:
	case SQLITE_FORMAT:
	case SQLITE_MISMATCH:
		return STORE_BROKEN;
	default:
		return STORE_FAILED;
	}
}

const char *store_why(const struct store *store)
{
	return sqlite3_errmsg(store->db);
}

static enum store_state broken(struct store *store, const char *why)
{
	complain(store->path, "%s", why);
	return STORE_BROKEN;
}

static enum store_state failed(struct store *store, int code)
{
	enum store_state state = judge(code);

	if (state == STORE_GOOD)
		return state;
	complain(store->path, "%s", store_why(store));
	return state;
}

/* Whose file it is; all are 0 of one that is empty as yet. */
static int ask_numbers(struct store *store, long *application, long *version,
		       long *tables)
{
	char text[32];
	int code = ask(store, "PRAGMA application_id", text, sizeof(text));

	*application = atol(text);
	if (code == SQLITE_OK)
		code = ask(store, "PRAGMA user_version", text, sizeof(text));
	*version = atol(text);
	if (code == SQLITE_OK)
		code = ask(store, "SELECT count(*) FROM sqlite_schema", text,
			   sizeof(text));
	*tables = atol(text);
	return code;
}

/* Look at all of the file, and make the table in an empty one. */
static enum store_state examine(struct store *store)
{
	long application, version, tables;
	char text[128];
	int code = ask_numbers(store, &application, &version, &tables);

	if (code != SQLITE_OK)
		return failed(store, code);
	if (!application && !version && !tables) {
		snprintf(text, sizeof(text),
			 "PRAGMA application_id = %d; PRAGMA user_version = %d",
			 APPLICATION_ID, VERSION_OF_TABLES);
		code = execute(store, "BEGIN IMMEDIATE");
		if (code == SQLITE_OK)
			code = execute(store, CREATE);
		if (code == SQLITE_OK)
			code = execute(store, text);
		if (code == SQLITE_OK)
			code = execute(store, "COMMIT");
		return failed(store, code);
	}
	if (application != APPLICATION_ID)
		return broken(store, "is no history of this program");
	if (version != VERSION_OF_TABLES)
		return broken(store, "is of another version of this program");
	code = ask(store, "PRAGMA quick_check(1)", text, sizeof(text));
	if (code == SQLITE_OK && strcmp(text, "ok"))
		return broken(store, text);
	return failed(store, code);
}

static int prune(struct store *store)
{
	sqlite3_stmt *statement = NULL;
	struct event now;
	int code;

	event_stamp(&now);
	code = sqlite3_prepare_v2(store->db,
				  "DELETE FROM events WHERE id <= ?1 OR (id <= ?2 AND time_ms < ?3)",
				  -1, &statement, NULL);
	if (code == SQLITE_OK) {
		sqlite3_bind_int64(statement, 1, store->id - store->max_events);
		sqlite3_bind_int64(statement, 2, store->id - KEEP_ANYWAY);
		sqlite3_bind_int64(statement, 3, now.time_ms -
				   store->max_days * MS_PER_DAY);
		code = sqlite3_step(statement);
	}
	sqlite3_finalize(statement);
	return code;
}

static enum store_state prepare(struct store *store)
{
	char last[32];
	int code = ask(store, "SELECT max(id) FROM events", last, sizeof(last));

	store->id = atoll(last);
	if (code == SQLITE_OK)
		code = sqlite3_prepare_v2(store->db, "INSERT INTO events("
					  COLUMNS ") VALUES (?,?,?,?,?,?,?)",
					  -1, &store->insert, NULL);
	if (code == SQLITE_ERROR)	/* other tables */
		return broken(store, store_why(store));
	return failed(store, code == SQLITE_OK ? prune(store) : code);
}

/**
 * store_open - open the file to record, or make it; complains if it cannot
 * @store: locked by store_lock()
 */
enum store_state store_open(struct store *store)
{
	enum store_state state;
	int code = sqlite3_open_v2(store->path, &store->db,
				   SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE,
				   NULL);

	if (code == SQLITE_OK)
		code = sqlite3_busy_timeout(store->db, BUSY_MS);
	if (code == SQLITE_OK)
		code = execute(store, "PRAGMA journal_mode = WAL");
	if (code == SQLITE_OK)
		code = execute(store, "PRAGMA synchronous = FULL");
	state = failed(store, code);
	if (state == STORE_GOOD)
		state = examine(store);
	if (state == STORE_GOOD)
		state = prepare(store);
	return state;
}

static void close_database(struct store *store)
{
	sqlite3_finalize(store->insert);
	sqlite3_close(store->db);
	store->insert = NULL;
	store->db = NULL;
}

/** store_set_aside - keep a broken file under another name, and begin anew */
enum result store_set_aside(struct store *store)
{
	static const char * const parts[] = { "", "-wal", "-shm" };
	char from[PATH_MAX + 16], to[PATH_MAX + 16];

	close_database(store);
	for (size_t i = 0; i < ARRAY_SIZE(parts); i++) {
		snprintf(from, sizeof(from), "%s%s", store->path, parts[i]);
		snprintf(to, sizeof(to), "%s" BROKEN "%s", store->path,
			 parts[i]);
		/* Nothing of an earlier one may be taken for a part of this. */
		unlink(to);
		if (rename(from, to) && errno != ENOENT) {
			complain(from, "cannot be set aside: %s",
				 strerror(errno));
			return FAILED;
		}
	}
	complain(store->path, "set aside as " FILE_NAME BROKEN
		 ", and begun anew");
	return store_open(store) == STORE_GOOD ? DONE : FAILED;
}

static int insert(struct store *store, const struct event *event)
{
	sqlite3_stmt *statement = store->insert;
	int code;

	sqlite3_bind_int64(statement, 1, event->time_ms);
	sqlite3_bind_int64(statement, 2, event->boottime_ms);
	sqlite3_bind_text(statement, 3, event->boot, -1, SQLITE_STATIC);
	sqlite3_bind_text(statement, 4, event->board, -1, SQLITE_STATIC);
	sqlite3_bind_text(statement, 5, event_names[event->kind], -1,
			  SQLITE_STATIC);
	sqlite3_bind_text(statement, 6, event->before, -1, SQLITE_STATIC);
	sqlite3_bind_text(statement, 7, event->state, -1, SQLITE_STATIC);
	code = sqlite3_step(statement);
	sqlite3_reset(statement);
	return code == SQLITE_DONE ? SQLITE_OK : code;
}

/** store_add - write events, all or none; store_why() says what failed */
enum store_state store_add(struct store *store, const struct event *events,
			   size_t count)
{
	long long before = store->id;
	int code = execute(store, "BEGIN IMMEDIATE");

	for (size_t i = 0; i < count && code == SQLITE_OK; i++) {
		code = insert(store, &events[i]);
		store->id = sqlite3_last_insert_rowid(store->db);
	}
	if (code == SQLITE_OK &&
	    before / PRUNE_EVERY != store->id / PRUNE_EVERY) {
		code = prune(store);
		code = code == SQLITE_DONE ? SQLITE_OK : code;
	}
	if (code == SQLITE_OK)
		code = execute(store, "COMMIT");
	if (code == SQLITE_OK)
		return STORE_GOOD;
	store->id = before;
	if (!sqlite3_get_autocommit(store->db))
		sqlite3_exec(store->db, "ROLLBACK", NULL, NULL, NULL);
	return judge(code);
}

static void copy(char *to, size_t size, sqlite3_stmt *statement, int column)
{
	const unsigned char *text = sqlite3_column_text(statement, column);

	snprintf(to, size, "%s", text ? (const char *)text : "");
}

static enum event_kind kind_of(const char *name)
{
	enum event_kind kind = 0;

	while (kind < EVENT_COUNT && strcmp(event_names[kind], name))
		kind++;
	return kind;
}

/* Return: whether it is one; its texts are the statement's */
static bool event_from(sqlite3_stmt *statement, struct event *event)
{
	char kind[16];

	*event = (struct event){ 0 };
	event->time_ms = sqlite3_column_int64(statement, 0);
	event->boottime_ms = sqlite3_column_int64(statement, 1);
	copy(event->boot, sizeof(event->boot), statement, 2);
	plain(event->boot);	/* of a damaged file */
	copy(event->board, sizeof(event->board), statement, 3);
	copy(kind, sizeof(kind), statement, 4);
	event->kind = kind_of(kind);
	event->before = (char *)sqlite3_column_text(statement, 5);
	event->state = (char *)sqlite3_column_text(statement, 6);
	return event->kind < EVENT_COUNT && event->before && event->state;
}

/**
 * store_last - the last event of a board
 * @event: filled; the caller frees it with event_free()
 */
bool store_last(struct store *store, const char *board, struct event *event)
{
	sqlite3_stmt *statement = NULL;
	bool found = false;

	*event = (struct event){ 0 };
	if (sqlite3_prepare_v2(store->db, SELECT
			       "board = ? ORDER BY id DESC LIMIT 1",
			       -1, &statement, NULL) == SQLITE_OK) {
		sqlite3_bind_text(statement, 1, board, -1, SQLITE_STATIC);
		if (sqlite3_step(statement) == SQLITE_ROW)
			found = event_from(statement, event);
		event->before = found ? strdup(event->before) : NULL;
		event->state = found ? strdup(event->state) : NULL;
	}
	sqlite3_finalize(statement);
	return found && event->before && event->state;
}

/**
 * store_read - hand out events, the oldest first
 * @board: only this one's; NULL: all
 * @boots: of each start of the computer the last one alone
 *
 * Return: false when not all could be read; store_why() says what failed
 */
bool store_read(struct store *store, const char *board, bool boots,
		event_sink *take, void *context)
{
	const char *sql = boots ?
		SELECT "id IN (SELECT max(id) FROM events GROUP BY boot)" :
		SELECT "?1 IS NULL OR board = ?1 ORDER BY id";
	sqlite3_stmt *statement = NULL;
	struct event event;
	int code = sqlite3_prepare_v2(store->db, sql, -1, &statement, NULL);

	if (code == SQLITE_OK && !boots)
		sqlite3_bind_text(statement, 1, board, -1, SQLITE_STATIC);
	while (code == SQLITE_OK || code == SQLITE_ROW) {
		code = sqlite3_step(statement);
		if (code == SQLITE_ROW && event_from(statement, &event) &&
		    !take(context, &event))
			code = SQLITE_DONE;
	}
	sqlite3_finalize(statement);
	return code == SQLITE_DONE;
}

/* Return: whether the path fitted */
static bool init(struct store *store, const char *folder)
{
	store->lock = -1;
	return snprintf(store->path, sizeof(store->path), "%s/" FILE_NAME,
			folder) < (int)sizeof(store->path) - 32;
}

/** store_lock - make sure that nobody else records there */
enum result store_lock(struct store *store, const char *folder)
{
	int error = 0;

	if (!init(store, folder))
		error = ENAMETOOLONG;
	else
		store->lock = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (!error && store->lock < 0)
		error = errno;
	if (error) {
		complain(folder, "%s", strerror(error));
		return FAILED;
	}
	if (!flock(store->lock, LOCK_EX | LOCK_NB))
		return DONE;
	complain(folder, "%s", errno == EWOULDBLOCK ?
		 "somebody else records there" : strerror(errno));
	return FAILED;
}

/*
 * Who may not write the folder cannot make the log's files; a file without a
 * log needs none.
 */
static int open_without_log(struct store *store)
{
	char uri[3 * PATH_MAX + 32] = "file:", log[PATH_MAX + 8];
	size_t used = strlen(uri);

	snprintf(log, sizeof(log), "%s-wal", store->path);
	if (!access(log, F_OK))
		return SQLITE_CANTOPEN;
	for (const char *c = store->path; *c; c++)
		used += snprintf(uri + used, sizeof(uri) - used,
				 strchr("?#%", *c) ? "%%%02X" : "%c", *c);
	snprintf(uri + used, sizeof(uri) - used, "?immutable=1");
	sqlite3_close(store->db);
	return sqlite3_open_v2(uri, &store->db,
			       SQLITE_OPEN_READONLY | SQLITE_OPEN_URI, NULL);
}

static enum result unreadable(struct store *store, int code)
{
	if (judge(code) == STORE_BROKEN)
		complain(store->path,
			 "cannot be read: %s; smallbms-history.service sets it aside when it starts",
			 store_why(store));
	else
		complain(store->path, "cannot be read: %s", store_why(store));
	return FAILED;
}

/** store_open_to_read - the file as it is, from now on */
enum result store_open_to_read(struct store *store, const char *folder)
{
	long application, version, tables;
	int code, error = 0;

	*store = (struct store){ 0 };
	if (!init(store, folder))
		error = ENAMETOOLONG;
	else if (access(store->path, R_OK))
		error = errno;
	if (error == ENOENT) {
		complain(store->path,
			 "nothing was recorded; to begin, as root: systemctl enable --now smallbms-history");
		return FAILED;
	}
	if (error) {
		complain(store->path, "cannot be read: %s", strerror(error));
		return FAILED;
	}
	code = sqlite3_open_v2(store->path, &store->db, SQLITE_OPEN_READONLY,
			       NULL);
	if (code == SQLITE_OK)
		code = sqlite3_busy_timeout(store->db, BUSY_MS);
	if (code == SQLITE_OK)
		code = ask_numbers(store, &application, &version, &tables);
	if ((code == SQLITE_CANTOPEN || code == SQLITE_READONLY) &&
	    open_without_log(store) == SQLITE_OK)
		code = ask_numbers(store, &application, &version, &tables);
	/* What follows is all of one moment. */
	if (code == SQLITE_OK)
		code = execute(store, "BEGIN");
	if (code != SQLITE_OK)
		return unreadable(store, code);
	if (application == APPLICATION_ID && version == VERSION_OF_TABLES)
		return DONE;
	complain(store->path, "is no history of this version of the program");
	return FAILED;
}

/** store_close - also one that was not opened, or not quite */
void store_close(struct store *store)
{
	close_database(store);
	if (store->lock >= 0)
		close(store->lock);
	store->lock = -1;
}
