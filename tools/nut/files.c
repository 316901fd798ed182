// SPDX-License-Identifier: GPL-2.0
/*
 * The files that dummy-ups reads. It looks at the time of the last change, in whole
 * seconds, so each new file gets another second than the one before it. A file that
 * cannot be replaced is removed: dummy-ups then ends, and upsd reports that nothing
 * is known. What is no longer so must not stay.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "nut.h"

#define SUFFIX ".dev"
/* For the group of NUT */
#define MODE 0640

/* Return: 0 or a negative errno */
static int write_file(const char *path, const char *text, time_t seconds)
{
	const struct timespec times[2] = { { seconds, 0 }, { seconds, 0 } };
	size_t length = strlen(text);
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC,
		      MODE);
	int error = 0;

	if (fd < 0)
		return -errno;
	errno = ENOSPC;		/* of a write that ends early */
	if (write(fd, text, length) != (ssize_t)length || futimens(fd, times))
		error = -errno;
	if (close(fd) && !error)
		error = -errno;
	return error;
}

/** nut_write - replace the file of the board @name */
enum result nut_write(const char *folder, const char *name, const char *text)
{
	char path[PATH_MAX], fresh[PATH_MAX + 8];
	time_t seconds = time(NULL);
	struct stat before;
	int error;

	if (snprintf(path, sizeof(path), "%s/%s" SUFFIX, folder, name) >=
	    (int)sizeof(path)) {
		complain(folder, "%s", strerror(ENAMETOOLONG));
		return FAILED;
	}
	snprintf(fresh, sizeof(fresh), "%s.new", path);
	if (!stat(path, &before) && before.st_mtime >= seconds)
		seconds = before.st_mtime + 1;
	error = write_file(fresh, text, seconds);
	if (!error && rename(fresh, path))
		error = -errno;
	if (!error)
		return DONE;
	unlink(fresh);
	if (unlink(path) && errno != ENOENT)
		complain(path, "cannot be removed: %s", strerror(errno));
	complain(path, "cannot be written: %s", strerror(-error));
	return FAILED;
}

/**
 * nut_lose_all - say in each file that is there that nothing is known
 * @keep: called with the name of each board; true leaves its file alone. NULL: none
 */
enum result nut_lose_all(const char *folder, const char *why,
			 bool (*keep)(void *context, const char *name),
			 void *context)
{
	char text[NUT_TEXT_MAX], name[NAME_MAX + 1];
	enum result result = DONE;
	struct dirent *entry;
	DIR *dir = opendir(folder);

	if (!dir) {
		complain(folder, "%s", strerror(errno));
		return FAILED;
	}
	while ((entry = readdir(dir))) {
		size_t length = strlen(entry->d_name);

		if (length < sizeof(SUFFIX) ||
		    strcmp(entry->d_name + length - strlen(SUFFIX), SUFFIX))
			continue;
		snprintf(name, sizeof(name), "%.*s",
			 (int)(length - strlen(SUFFIX)), entry->d_name);
		if (keep && keep(context, name))
			continue;
		nut_state_lost(name, why, text, sizeof(text));
		if (nut_write(folder, name, text))
			result = FAILED;
	}
	closedir(dir);
	return result;
}
