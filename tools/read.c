// SPDX-License-Identifier: GPL-2.0
/* A board's values: read them, all of one moment. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "smallbms.h"

/* A board that changes while it is read is read again, this often at most. */
#define READ_ATTEMPTS 5
/* A state of charge that is older is stale, unless the device tree says otherwise. */
#define SOC_MAX_AGE_MS 30000

/**
 * struct files - what is open of a board while it is read
 * @supply, @device: its folders, or -1; the way there takes longer than to read
 * @kept: files to be read once more, or -1; to open them takes longer, too
 */
struct files {
	int supply;
	int device;
	int kept[ATTR_COUNT];
};

/* Return: the number of characters read, or a negative errno */
static int read_file(int fd, char *text, size_t size)
{
	ssize_t got;

	/* An attribute comes whole with the first read. */
	do {
		got = read(fd, text, size);
	} while (got < 0 && errno == EINTR);
	return got < 0 ? -errno : (int)got;
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\n';
}

/* @length: of what was read, or a negative errno */
static void value_take(struct value *value, int length)
{
	if (length == sizeof(value->text))
		length = -EOVERFLOW;
	value->error = length < 0 ? -length : 0;
	if (value->error)
		return;
	while (length && is_blank(value->text[length - 1]))
		length--;
	value->text[length] = '\0';
	if (strlen(value->text) != (size_t)length)
		value->error = EBADMSG;
}

/* Return: the open file, or -1 */
static int value_open(struct value *value, int folder, const char *path)
{
	int fd = openat(folder, path, O_RDONLY | O_CLOEXEC);

	value_take(value, fd < 0 ? -errno : read_file(fd, value->text,
						      sizeof(value->text)));
	return fd;
}

static void close_open(int fd)
{
	if (fd >= 0)
		close(fd);
}

/** value_read - read the text of one attribute, or note why it has no value */
void value_read(struct value *value, const char *path)
{
	close_open(value_open(value, AT_FDCWD, path));
}

static void read_by_path(const struct board *board, enum attribute_id id,
			 struct value *value)
{
	char path[PATH_MAX];

	value->error = -board_path(board, id, path, sizeof(path));
	if (!value->error)
		value_read(value, path);
	attribute_parse(id, value);
}

/** board_read_attribute - read one attribute, or note why it has no value */
void board_read_attribute(struct board *board, enum attribute_id id)
{
	read_by_path(board, id, &board->values[id]);
}

static bool same(const struct value *a, const struct value *b)
{
	return a->error == b->error && (a->error || !strcmp(a->text, b->text));
}

/**
 * board_changes - Return: attribute_bit() of what is announced and differs
 */
unsigned long long board_changes(const struct board *before,
				 const struct board *now)
{
	unsigned long long changed = 0;

	for (enum attribute_id id = 0; id < ATTR_COUNT; id++)
		if (attributes[id].announced &&
		    !same(&before->values[id], &now->values[id]))
			changed |= attribute_bit(id);
	return changed;
}

static void files_open(struct files *files, const struct board *board)
{
	const int how = O_PATH | O_DIRECTORY | O_CLOEXEC;

	files->supply = open(board->folder, how);
	files->device = files->supply < 0 ? -1 :
			openat(files->supply, "device", how);
	for (enum attribute_id id = 0; id < ATTR_COUNT; id++)
		files->kept[id] = -1;
}

static void files_close(const struct files *files)
{
	for (enum attribute_id id = 0; id < ATTR_COUNT; id++)
		close_open(files->kept[id]);
	close_open(files->device);
	close_open(files->supply);
}

/*
 * If the board has no folder any more, the whole path tells why.
 *
 * Return: the open file, or -1
 */
static int files_read(const struct files *files, const struct board *board,
		      enum attribute_id id, struct value *value)
{
	const struct attribute *attribute = &attributes[id];
	int fd;

	if (files->device < 0) {
		read_by_path(board, id, value);
		return -1;
	}
	fd = value_open(value, *attribute->folder ? files->device : files->supply,
			attribute->name);
	attribute_parse(id, value);
	return fd;
}

static void files_read_first(struct files *files, struct board *board,
			     enum attribute_id id)
{
	int fd = files_read(files, board, id, &board->values[id]);

	if (attributes[id].announced)
		files->kept[id] = fd;
	else
		close_open(fd);
}

static void files_read_again(const struct files *files, const struct board *board,
			     enum attribute_id id, struct value *value)
{
	int fd = files->kept[id], length = -1;

	if (fd >= 0)
		length = pread(fd, value->text, sizeof(value->text), 0);
	if (length < 0) {
		close_open(files_read(files, board, id, value));
		return;
	}
	value_take(value, length);
	attribute_parse(id, value);
}

static bool is_wanted(enum attribute_id id, bool all)
{
	return all || attributes[id].shown;
}

/* Return: whether what is announced is still as it was read */
static bool files_agree(const struct files *files, const struct board *board, bool all)
{
	struct value again;

	for (enum attribute_id id = 0; id < ATTR_COUNT; id++) {
		if (!attributes[id].announced || !is_wanted(id, all))
			continue;
		files_read_again(files, board, id, &again);
		if (!same(&board->values[id], &again))
			return false;
	}
	return true;
}

/* @all: also what status does not show, which is as if not there otherwise */
static void read_wanted(struct board *board, bool all)
{
	bool steady = false;
	struct files files;

	/* each time from the start: it may be another board of that name meanwhile */
	for (int attempt = 0; attempt < READ_ATTEMPTS && !steady; attempt++) {
		files_open(&files, board);
		for (enum attribute_id id = 0; id < ATTR_COUNT; id++) {
			if (is_wanted(id, all))
				files_read_first(&files, board, id);
			else
				board->values[id].error = ENOENT;
		}
		steady = files_agree(&files, board, all);
		files_close(&files);
	}
}

/** board_read_values - read every attribute, all of the same moment */
void board_read_values(struct board *board)
{
	read_wanted(board, true);
}

/**
 * board_read - read every attribute, or find that the board has gone
 * @board: found before; holds the values, or why there is none, afterwards
 *
 * Return: DONE, or NO_BOARD with a message when the board has gone
 */
enum result board_read(struct board *board)
{
	board_read_values(board);
	return board_gone(board);
}

/**
 * board_read_shown - the same of what status shows; the rest is as if not there
 *
 * Return: DONE, or NO_BOARD with a message when the board has gone
 */
enum result board_read_shown(struct board *board)
{
	read_wanted(board, false);
	return board_gone(board);
}

/**
 * board_read_max_age - how old a state of charge may be, which cannot be changed
 *
 * The device tree is the only place that has it.
 */
void board_read_max_age(struct board *board)
{
	char path[PATH_MAX + NAME_MAX];
	unsigned int ms = SOC_MAX_AGE_MS;
	unsigned char cell[5];
	int fd;

	snprintf(path, sizeof(path), "%s/device/of_node/soc-max-age-ms",
		 board->folder);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd >= 0 && read_file(fd, (char *)cell, sizeof(cell)) == 4)
		ms = (unsigned int)cell[0] << 24 | cell[1] << 16 |
		     cell[2] << 8 | cell[3];
	close_open(fd);
	board->fresh_s = (ms + 999LL) / 1000;	/* ages are rounded down */
}
