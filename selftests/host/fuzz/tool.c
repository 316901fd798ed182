// SPDX-License-Identifier: GPL-2.0
/*
 * The tool before boards whose attributes hold anything at all. The commands
 * that only read are run on it; whatever it says must be printable, and its JSON
 * must be JSON.
 *
 * The input is text as in userland/tools/trees, a line for each attribute; in a value
 * a carriage return stands for a newline, and one that is "!" cannot be read.
 */
#include <errno.h>
#include <fcntl.h>
#include <json-c/json.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fuzz.h"
#include "smallbms.h"

#define MOST_FDS	128

static char root[128];
static const char *text, *text_end;	/* the input */
/* Of each descriptor: the attribute's value, or NULL; and what is to be read next */
static const char *value[MOST_FDS], *next[MOST_FDS];
static int device_fd = -1;

/* Where the value of @path begins in the input, or NULL */
static const char *find(const char *path)
{
	size_t length = strlen(path);
	const char *line = text;

	while (line && text_end - line > (ptrdiff_t)length + 2) {
		if (!memcmp(line, path, length) &&
		    !memcmp(line + length, ": ", 2))
			return line + length + 2;
		line = memchr(line, '\n', text_end - line);
		line = line ? line + 1 : NULL;
	}
	return NULL;
}

static void must(bool good, const char *what, const char *said)
{
	if (good)
		return;
	dprintf(STDERR_FILENO, "refuted: %s:\n%s\n", what, said);
	abort();
}

static int open_value(const char *path)
{
	const char *found = find(path);
	int fd;

	if (!found) {
		errno = ENOENT;
		return -1;
	}
	fd = __real_openat(AT_FDCWD, "/dev/null", O_RDONLY | O_CLOEXEC);
	if (fd < 0 || fd >= MOST_FDS)
		abort();
	value[fd] = found;
	next[fd] = found;
	return fd;
}

/* The attributes are in memory; all else, such as links and folders, is in a folder. */
int __wrap_openat(int folder, const char *path, int flags, ...)
{
	static const char supplies[] = "/class/power_supply/";
	char inside[NAME_MAX];
	const char *supply;

	must(!(flags & O_CREAT), "no command that only reads makes a file", path);
	if (folder != AT_FDCWD && !(flags & O_PATH)) {
		snprintf(inside, sizeof(inside), "%s%s",
			 folder == device_fd ? "device/" : "", path);
		return open_value(inside);
	}
	supply = strstr(path, supplies);
	if (!(flags & O_PATH) && !strncmp(path, root, strlen(root)) && supply)
		return open_value(strchr(supply + strlen(supplies), '/') + 1);

	folder = __real_openat(folder, path, flags);
	if (flags & O_PATH && !strcmp(path, "device"))
		device_fd = folder;
	return folder;
}

int __wrap_open(const char *path, int flags, ...)
{
	return __wrap_openat(AT_FDCWD, path, flags);
}

static bool is_value(int fd)
{
	return fd >= 0 && fd < MOST_FDS && value[fd];
}

/* Read on from what is next. */
static ssize_t read_value(int fd, char *buffer, size_t size)
{
	const char *end = memchr(value[fd], '\n', text_end - value[fd]);
	size_t left = (end ? end : text_end) - next[fd];

	if (left == 1 && *next[fd] == '!') {
		errno = EIO;
		return -1;
	}
	if (size > left)
		size = left;
	for (size_t i = 0; i < size; i++)
		buffer[i] = next[fd][i] == '\r' ? '\n' : next[fd][i];
	next[fd] += size;
	return size;
}

ssize_t __wrap_read(int fd, void *buffer, size_t size)
{
	return is_value(fd) ? read_value(fd, buffer, size) :
			      __real_read(fd, buffer, size);
}

ssize_t __wrap_pread(int fd, void *buffer, size_t size, off_t offset)
{
	must(is_value(fd) && !offset, "only values are read again", "");
	next[fd] = value[fd];
	return read_value(fd, buffer, size);
}

int __wrap_close(int fd)
{
	if (is_value(fd))
		value[fd] = NULL;
	return __real_close(fd);
}

/* UTF-8 or not, no control character may reach a terminal. */
static bool printable(const char *said, size_t length)
{
	for (size_t i = 0; i < length; i++)
		if ((said[i] >= 0 && said[i] < ' ' && said[i] != '\n') ||
		    said[i] == 0x7f)
			return false;
	return true;
}

static void try(enum result (*command)(const struct config *config,
				       const char *argument),
		const char *argument, bool json)
{
	const struct config config = {
		.sysfs_root = root, .board = "house", .json = json,
	};
	FILE *real_out = stdout, *real_err = stderr;
	char *said = NULL, *complained = NULL;
	size_t length = 0, complaints = 0;
	struct json_object *object;

	stdout = open_memstream(&said, &length);
	stderr = open_memstream(&complained, &complaints);
	if (!stdout || !stderr)
		abort();
	command(&config, argument);
	fclose(stdout);
	fclose(stderr);
	stdout = real_out;
	stderr = real_err;

	must(printable(said, length), "what is said can be printed", said);
	must(printable(complained, complaints),
	     "complaints can be printed", complained);
	if (json && length) {
		object = json_tokener_parse(said);
		must(object, "JSON is JSON", said);
		json_object_put(object);
	}
	free(said);
	free(complained);
}

static void make_folder(const char *name)
{
	char path[PATH_MAX], *slash;

	snprintf(path, sizeof(path), "%s/%s", root, name);
	for (slash = path + strlen(root) + 1; (slash = strchr(slash, '/'));
	     *slash++ = '/') {
		*slash = '\0';
		if (mkdir(path, 0700) && errno != EEXIST)
			abort();
	}
}

static void make_link(const char *to, const char *name)
{
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "%s/%s", root, name);
	make_folder(name);
	if (symlink(to, path))
		abort();
}

static void remove_all(void)
{
	static const char * const names[] = {
		"class/power_supply/house/device/driver",
		"class/power_supply/house/device", "class/power_supply/house",
		"class/power_supply", "class", "",
	};
	char path[PATH_MAX];

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		snprintf(path, sizeof(path), "%s/%s", root, names[i]);
		remove(path);
	}
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc;
	(void)argv;
	snprintf(root, sizeof(root), "%s/smallbms-fuzz.XXXXXX",
		 getenv("TMPDIR") ?: "/tmp");
	if (!mkdtemp(root))
		abort();
	make_link("../drivers/smallbms",
		  "class/power_supply/house/device/driver");
	atexit(remove_all);
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	text = (const char *)data;
	text_end = text + size;
	try(command_status, NULL, false);
	try(command_status, NULL, true);
	try(command_list, NULL, true);
	try(command_check, NULL, false);
	for (int id = 0; id < ATTR_COUNT; id++)
		if (find(attributes[id].name) || id == ATTR_REMOTE)
			try(command_get, attributes[id].name, id % 2);
	return 0;
}
