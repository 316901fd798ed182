// SPDX-License-Identifier: GPL-2.0
/* A wake-up by the real-time clock, through its files in sysfs. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "power.h"
#include "smallbms.h"

/* As many as the service may write to */
#define CLOCKS 2

/** rtc_find - the first clock with an alarm; Return: 0, or a negative errno */
int rtc_find(const char *sysfs_root, char *folder, size_t size)
{
	char path[PATH_MAX];

	for (int number = 0; number < CLOCKS; number++) {
		snprintf(folder, size, "%s/class/rtc/rtc%d", sysfs_root, number);
		if (snprintf(path, sizeof(path), "%s/wakealarm", folder) <
		    (int)sizeof(path) && !access(path, F_OK))
			return 0;
	}
	return -ENODEV;
}

static int read_seconds(const char *folder, const char *name, long long *value)
{
	char path[PATH_MAX], text[32] = "";
	int fd, error = 0;
	char *end;

	if (snprintf(path, sizeof(path), "%s/%s", folder, name) >=
	    (int)sizeof(path))
		return -ENAMETOOLONG;
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	if (read(fd, text, sizeof(text) - 1) < 0)
		error = -errno;
	close(fd);
	*value = strtoll(text, &end, 10);
	return error ? error : end == text ? -ENODATA : 0;
}

static int write_seconds(const char *folder, const char *name, long long value)
{
	char path[PATH_MAX], text[32];
	int length = snprintf(text, sizeof(text), "%lld\n", value);
	int fd, error = 0;

	if (snprintf(path, sizeof(path), "%s/%s", folder, name) >=
	    (int)sizeof(path))
		return -ENAMETOOLONG;
	fd = open(path, O_WRONLY | O_TRUNC | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	if (write(fd, text, length) != length)
		error = -errno;
	close(fd);
	return error;
}

/**
 * rtc_wake - let the clock wake the computer, in the place of an earlier wake-up
 *
 * The clock's own time counts: it may be local time, or simply wrong.
 *
 * Return: 0 when the wake-up was read back, or a negative errno
 */
int rtc_wake(const char *folder, long long in_seconds)
{
	long long now, set;
	int error;

	error = read_seconds(folder, "since_epoch", &now);
	if (!error)
		error = write_seconds(folder, "wakealarm", 0);
	if (!error)
		error = write_seconds(folder, "wakealarm", now + in_seconds);
	if (!error)
		error = read_seconds(folder, "wakealarm", &set);
	return error ? error : set == now + in_seconds ? 0 : -EIO;
}
