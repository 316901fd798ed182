// SPDX-License-Identifier: GPL-2.0
/* One board: find it, write its attributes, say what its values mean. */
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "smallbms.h"

/** board_path - where an attribute is; Return: 0 or -ENAMETOOLONG */
int board_path(const struct board *board, enum attribute_id id, char *path,
	       size_t size)
{
	int length = snprintf(path, size, "%s/%s%s", board->folder,
			      attributes[id].folder, attributes[id].name);

	return length < (int)size ? 0 : -ENAMETOOLONG;
}

/** board_gone - Return: NO_BOARD with a message when the board has gone */
enum result board_gone(const struct board *board)
{
	if (!access(board->folder, F_OK))
		return DONE;
	complain(board->name,
		 "it vanished meanwhile: unplugged, or its driver was unloaded");
	return NO_BOARD;
}

/*
 * The name of the group whose members may write the file, from /etc/group
 * alone: a static program has no other way to ask.
 */
static bool group_may_write(const char *path, char *name, size_t size)
{
	struct group *group = NULL;
	struct stat status;
	FILE *groups;

	if (stat(path, &status) || !status.st_gid ||
	    !(status.st_mode & 0020))
		return false;
	groups = fopen("/etc/group", "re");
	if (!groups)
		return false;
	while ((group = fgetgrent(groups)) && group->gr_gid != status.st_gid)
		;
	if (group)
		snprintf(name, size, "%s", group->gr_name);
	fclose(groups);
	return group;
}

static void write_hint(const char *path, int error, char *hint, size_t size)
{
	char group[33];	/* the longest that Linux knows, and its end */

	*hint = '\0';
	if (error == ENOENT)
		snprintf(hint, size, "; this board's driver does not offer it");
	if (error != EACCES && error != EPERM)
		return;
	if (group_may_write(path, group, sizeof(group)))
		snprintf(hint, size,
			 "; join the group %s (as root: adduser USER %s), then log in anew",
			 group, group);
	else
		snprintf(hint, size,
			 "; run it as root, for instance with sudo");
}

/**
 * board_may_write - whether this process may write an attribute that the board has
 * @why: why not, for a person
 */
bool board_may_write(const struct board *board, enum attribute_id id, char *why,
		     size_t size)
{
	char path[PATH_MAX], hint[VALUE_MAX];
	int error = -board_path(board, id, path, sizeof(path));

	if (!error && access(path, W_OK))
		error = errno;
	if (!error)
		return true;
	write_hint(path, error, hint, sizeof(hint));
	snprintf(why, size, "%s%s", strerror(error), hint);
	return false;
}

/**
 * board_write - write an attribute and read it back
 *
 * Return: DONE only when the attribute really holds the text; otherwise the
 * reason was printed.
 */
enum result board_write(struct board *board, enum attribute_id id,
			const char *text)
{
	char path[PATH_MAX], what[PATH_MAX], line[VALUE_MAX], hint[VALUE_MAX];
	int length = snprintf(line, sizeof(line), "%s\n", text);
	int error, fd;

	snprintf(what, sizeof(what), "%s/%s", board->name, attributes[id].name);
	error = -board_path(board, id, path, sizeof(path));
	if (!error) {
		fd = open(path, O_WRONLY | O_TRUNC | O_CLOEXEC);
		if (fd < 0 || write(fd, line, length) != length)
			error = errno;
		if (fd >= 0)
			close(fd);
	}
	if (error) {
		if (board_gone(board))
			return NO_BOARD;
		write_hint(path, error, hint, sizeof(hint));
		complain(what, "cannot write '%s': %s%s", text, strerror(error),
			 hint);
		return FAILED;
	}
	board_read_attribute(board, id);
	error = board->values[id].error;
	if (error) {
		if (board_gone(board))
			return NO_BOARD;
		complain(what, "'%s' was written, but cannot be verified: %s",
			 text, attribute_why(error));
		return FAILED;
	}
	if (!board_is_text(board, id, text)) {
		complain(what, "'%s' was written, but it still reads '%s'",
			 text, board->values[id].text);
		return FAILED;
	}
	return DONE;
}

/**
 * board_write_floor - write the floor and its recovery, and read both back
 *
 * In an order that keeps the floor below the recovery in between
 */
enum result board_write_floor(struct board *board, int floor, int recover)
{
	enum result result = DONE;
	char floor_text[16], recover_text[16];
	bool recover_first;

	snprintf(floor_text, sizeof(floor_text), "%d", floor);
	snprintf(recover_text, sizeof(recover_text), "%d", recover);
	board_read_attribute(board, ATTR_SOC_FLOOR_PERCENT);
	recover_first = recover > board->values[ATTR_SOC_FLOOR_PERCENT].number;
	if (recover_first)
		result = board_write(board, ATTR_SOC_FLOOR_RECOVER_PERCENT,
				     recover_text);
	if (!result)
		result = board_write(board, ATTR_SOC_FLOOR_PERCENT, floor_text);
	if (!result && !recover_first)
		result = board_write(board, ATTR_SOC_FLOOR_RECOVER_PERCENT,
				     recover_text);
	return result;
}

/**
 * board_unread - say on stderr which attributes could not be read, and why
 *
 * Attributes that a board need not have are not missed, nor are reports that
 * did not come.
 *
 * Return: DONE when there was nothing to say
 */
enum result board_unread(const struct board *board)
{
	enum result result = DONE;
	char what[PATH_MAX];

	for (int id = 0; id < ATTR_COUNT; id++) {
		int error = board->values[id].error;

		if (!error || (error == ENOENT && !attributes[id].always) ||
		    (error == ENODATA && attribute_is_reported(id)))
			continue;
		snprintf(what, sizeof(what), "%s/%s", board->name,
			 attributes[id].name);
		complain(what, "%s", attribute_why(error));
		result = FAILED;
	}
	return result;
}

/** board_is_complete - Return: whether all that every board has could be read */
bool board_is_complete(const struct board *board)
{
	for (int id = 0; id < ATTR_COUNT; id++)
		if (attributes[id].always && board->values[id].error)
			return false;
	return true;
}

bool board_read_ok(const struct board *board, enum attribute_id id)
{
	return !board->values[id].error;
}

bool board_is_on(const struct board *board, enum attribute_id id)
{
	return board_read_ok(board, id) && board->values[id].number;
}

bool board_is_off(const struct board *board, enum attribute_id id)
{
	return board_read_ok(board, id) && !board->values[id].number;
}

bool board_is_text(const struct board *board, enum attribute_id id,
		   const char *text)
{
	return board_read_ok(board, id) &&
	       !strcmp(board->values[id].text, text);
}

bool board_has_condition(const struct board *board, const char *name)
{
	const char *at = board->values[ATTR_CONDITIONS].text;
	size_t length = strlen(name);

	if (!board_read_ok(board, ATTR_CONDITIONS))
		return false;
	while (*at) {
		size_t word = strcspn(at, " ");

		if (word == length && !strncmp(at, name, length))
			return true;
		at += word;
		at += strspn(at, " ");
	}
	return false;
}

/** board_lives_on_reserve - Return: whether little is left, and nobody charged */
bool board_lives_on_reserve(const struct board *board)
{
	const struct value *alarm = &board->values[ATTR_ALARM];

	return board_is_off(board, ATTR_LOAD) &&
	       ((!alarm->error && alarm->number == 2) ||
		board_is_text(board, ATTR_LOAD_OFF_REASON,
			      "cell-undervoltage") ||
		board_has_condition(board, "cell-undervoltage"));
}

/** board_in_doubt - Return: whether conditions may be there only to be safe */
bool board_in_doubt(const struct board *board)
{
	return board_has_condition(board, "io-error") ||
	       board_has_condition(board, "implausible");
}

/**
 * board_contradicts_itself - Return: whether lines say what cannot be, as of an
 * unplugged cord; the driver calls it implausible a second later (F4)
 */
bool board_contradicts_itself(const struct board *board)
{
	return (board_has_condition(board, "cell-overvoltage") &&
		(board_has_condition(board, "cell-undervoltage") ||
		 board_has_condition(board, "cell-low"))) ||
	       (board_has_condition(board, "over-temperature") &&
		board_has_condition(board, "under-temperature"));
}

/** board_is_shed - Return: whether the load is off on purpose, by request or floor */
bool board_is_shed(const struct board *board)
{
	return board_is_off(board, ATTR_LOAD) &&
	       (board_is_text(board, ATTR_LOAD_OFF_REASON, "request-off") ||
		board_is_text(board, ATTR_LOAD_OFF_REASON, "request-shed") ||
		board_is_text(board, ATTR_LOAD_OFF_REASON, "soc-floor"));
}

/** board_is_low - Return: whether the lines tell, or may tell, of a low cell */
bool board_is_low(const struct board *board)
{
	return board_has_condition(board, "cell-low") ||
	       board_has_condition(board, "cell-undervoltage") ||
	       board_has_condition(board, "io-error");
}

/**
 * board_shed_in - Return: milliseconds until the load is shed, or -1
 *
 * -1 also while undervoltage counts down to the same end.
 */
long long board_shed_in(const struct board *board)
{
	const struct value *cut = &board->values[ATTR_DISCONNECT_IN_MS];
	const struct value *shed = &board->values[ATTR_SHED_IN_MS];

	if (shed->error || (!cut->error && cut->number >= 0))
		return -1;
	return shed->number;
}

/**
 * board_cut_in - Return: milliseconds until the load goes, or -1
 *
 * By undervoltage, or by a shed where the driver knows them: whichever is sooner.
 */
long long board_cut_in(const struct board *board)
{
	long long cut_ms = board->values[ATTR_DISCONNECT_IN_MS].number;
	const struct value *shed = &board->values[ATTR_SHED_IN_MS];

	if (shed->error || shed->number < 0)
		return cut_ms;
	return cut_ms < 0 || shed->number < cut_ms ? shed->number : cut_ms;
}

/** board_is_fresh - Return: whether what has this age was reported, and is not stale */
bool board_is_fresh(const struct board *board, enum attribute_id age_id)
{
	const struct value *age = &board->values[age_id];

	return !age->error && age->number >= 0 &&
	       age->number < board->fresh_s;
}

/**
 * board_is_measured - Return: whether the attribute was measured, and says something
 * of now
 * @age_id: its age
 */
bool board_is_measured(const struct board *board, enum attribute_id id,
		       enum attribute_id age_id)
{
	const struct value *age = &board->values[age_id];

	return board_read_ok(board, id) && !age->error && age->number >= 0 &&
	       age->number <= MEASURED_STALE_S;
}

/** board_knows_soc - Return: whether a gauge has reported, not too long ago */
bool board_knows_soc(const struct board *board)
{
	/* It may have been forgotten since. */
	return board_is_fresh(board, ATTR_SOC_AGE_S) &&
	       board->values[ATTR_GAUGE_SOC_PERMILLE].error != ENODATA;
}

/**
 * board_soc - the state of charge that a gauge has reported, not too long ago
 * @percent: filled if it is known
 *
 * The gauge counts it to a tenth. Where a cell is low, empty or full the lines know
 * better: the driver clips its capacity then.
 * Return: whether it is known
 */
bool board_soc(const struct board *board, double *percent)
{
	const struct value *margin = &board->values[ATTR_CAPACITY_ERROR_MARGIN];
	const struct value *capacity = &board->values[ATTR_CAPACITY];

	if (!board_knows_soc(board) ||
	    !board_read_ok(board, ATTR_GAUGE_SOC_PERMILLE))
		return false;
	*percent = board->values[ATTR_GAUGE_SOC_PERMILLE].number / 10.0;
	if (!capacity->error && !margin->error && margin->number < 100 &&
	    fabs(*percent - capacity->number) > 1 &&
	    !(capacity->number == CAPACITY_LEAST && *percent < CAPACITY_LEAST))
		*percent = capacity->number;
	return true;
}

/**
 * board_empty_in - seconds until the bank is empty, as a gauge has it
 *
 * Return: them, or -1: it is not being emptied, or nobody has reported it lately. For
 * both the driver has its largest value, a year.
 */
long long board_empty_in(const struct board *board)
{
	const struct value *left = &board->values[ATTR_TIME_TO_EMPTY_AVG];

	if (left->error || left->number < 0 ||
	    left->number >= EMPTY_NEVER_S ||
	    !board_is_fresh(board, ATTR_TIME_TO_EMPTY_AGE_S))
		return -1;
	return left->number;
}

/** board_floor_waits - Return: whether there is a floor that has nothing to go by */
bool board_floor_waits(const struct board *board)
{
	return board_is_on(board, ATTR_SOC_FLOOR_PERCENT) &&
	       !board_knows_soc(board);
}

/** board_init - a board that was found, of which nothing was read yet */
void board_init(struct board *board, const char *sysfs_root, const char *name)
{
	*board = (struct board){ 0 };
	snprintf(board->name, sizeof(board->name), "%s", name);
	plain(board->name);
	snprintf(board->folder, sizeof(board->folder),
		 "%s/class/power_supply/%s", sysfs_root, name);
	board_read_max_age(board);
}

/** board_label - Return: its name, with all that a label can hold */
const char *board_label(const struct board *board)
{
	return strrchr(board->folder, '/') + 1;
}

static void join_names(const struct boards *boards, char *text, size_t size)
{
	size_t used = 0;

	*text = '\0';
	for (size_t i = 0; i < boards->count && used < size; i++)
		used += snprintf(text + used, size - used, "%s%s",
				 i ? ", " : "", boards->board[i].name);
}

/* Leave only the board of --board. */
static enum result keep_named(struct boards *boards, const char *name)
{
	char list[1024];

	for (size_t i = 0; i < boards->count; i++) {
		if (strcmp(board_label(&boards->board[i]), name))
			continue;
		boards->board[0] = boards->board[i];
		boards->count = 1;
		return DONE;
	}
	join_names(boards, list, sizeof(list));
	boards->count = 0;	/* what was asked for is none of these */
	complain(name, "no such board; there is: %s", list);
	return NO_BOARD;
}

/* An upgraded kernel has none if its headers were missing. Unknown counts as there. */
static bool kernel_has_module(const char *release)
{
	char path[PATH_MAX], line[PATH_MAX];
	bool found = false;
	FILE *file;

	if (!access("/sys/module/smallbms", F_OK))
		return true;
	snprintf(path, sizeof(path), "/lib/modules/%s/modules.dep", release);
	file = fopen(path, "re");
	if (!file)
		return true;
	while (!found && fgets(line, sizeof(line), file))
		found = strstr(line, "smallbms.ko");
	fclose(file);
	return found;
}

static void complain_of_none(const char *sysfs_root)
{
	struct utsname kernel;

	if (!strcmp(sysfs_root, "/sys") && !uname(&kernel) &&
	    !kernel_has_module(kernel.release)) {
		complain("no board",
			 "no module for the running kernel, %s; are its headers installed?",
			 kernel.release);
		return;
	}
	complain("no board",
		 "no smallBMS in %s; is the module loaded (modprobe smallbms) and the board in the device tree?",
		 sysfs_root);
}

static enum result boards_init(struct boards *boards, const char *sysfs_root,
			       const struct names *names)
{
	if (!names->count) {
		complain_of_none(sysfs_root);
		return NO_BOARD;
	}
	boards->board = calloc(names->count, sizeof(*boards->board));
	if (!boards->board) {
		complain("memory", "%s", strerror(errno));
		return FAILED;
	}
	boards->count = names->count;
	for (size_t i = 0; i < names->count; i++) {
		board_init(&boards->board[i], sysfs_root, names->name[i]);
		boards->board[i].one_of_several = names->count > 1;
	}
	return DONE;
}

/**
 * boards_find - the board asked for, or without --board all of them
 * @boards: filled; the caller frees it with boards_free(), also on error
 *
 * Return: DONE with at least one board; with none, what the tool exits with
 */
enum result boards_find(const struct config *config, struct boards *boards)
{
	struct names names = { 0 };
	enum result result = FAILED;
	int error;

	*boards = (struct boards){ 0 };
	error = names_find(config->sysfs_root, &names);
	if (error)
		complain(config->sysfs_root, "cannot look for boards: %s",
			 strerror(-error));
	else
		result = boards_init(boards, config->sysfs_root, &names);
	names_free(&names);
	if (!result && config->board)
		result = keep_named(boards, config->board);
	return result;
}

/** board_find - the one board that a command works on */
enum result board_find(const struct config *config, struct board *board)
{
	struct boards boards;
	enum result result = boards_find(config, &boards);
	char list[1024];

	if (!result && boards.count > 1) {
		join_names(&boards, list, sizeof(list));
		complain("--board", "needed, for there are several: %s", list);
		result = USAGE;
	}
	if (!result)
		*board = boards.board[0];
	boards_free(&boards);
	return result;
}

void boards_free(struct boards *boards)
{
	free(boards->board);
	*boards = (struct boards){ 0 };
}
