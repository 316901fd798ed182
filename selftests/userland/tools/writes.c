// SPDX-License-Identifier: GPL-2.0
/*
 * With LD_PRELOAD: notes in the file WRITES what a program does to its history, in
 * order, so that a test can cut the power at any moment of it. A line, such as
 * "write history.db-wal 32 4096", and the bytes of a write behind it.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int out = -1;

static void note_path(const char *path, const char *what, long long at,
		      const void *data, size_t length)
{
	static ssize_t (*real_write)(int fd, const void *data, size_t length);
	const char *name = strrchr(path, '/');
	char line[PATH_MAX + 64];
	ssize_t size;

	if (!name || strncmp(name, "/history.db", 11) || strstr(name, "-shm"))
		return;
	if (!real_write)
		real_write = dlsym(RTLD_NEXT, "write");
	if (out < 0)
		out = open(getenv("WRITES"),
			   O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
	size = snprintf(line, sizeof(line), "%s %s %lld %zu\n", what, name + 1,
			at, length);
	if (real_write(out, line, size) != size ||
	    (length && real_write(out, data, length) != (ssize_t)length))
		abort();
}

static void note(int fd, const char *what, long long at, const void *data,
		 size_t length)
{
	char link[64], path[PATH_MAX];
	ssize_t size;

	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	size = readlink(link, path, sizeof(path) - 1);
	if (size < 0)
		return;
	path[size] = '\0';
	note_path(path, what, at, data, length);
}

ssize_t pwrite64(int fd, const void *data, size_t length, off64_t at);
ssize_t pwrite64(int fd, const void *data, size_t length, off64_t at)
{
	static ssize_t (*real)(int fd, const void *data, size_t length,
			       off64_t at);
	ssize_t done;

	if (!real)
		real = dlsym(RTLD_NEXT, "pwrite64");
	done = real(fd, data, length, at);
	if (done > 0)
		note(fd, "write", at, data, done);
	return done;
}

int ftruncate64(int fd, off64_t size);
int ftruncate64(int fd, off64_t size)
{
	static int (*real)(int fd, off64_t size);

	if (!real)
		real = dlsym(RTLD_NEXT, "ftruncate64");
	note(fd, "truncate", size, NULL, 0);
	return real(fd, size);
}

int fdatasync(int fd)
{
	static int (*real)(int fd);
	int error;

	if (!real)
		real = dlsym(RTLD_NEXT, "fdatasync");
	error = real(fd);
	note(fd, "sync", 0, NULL, 0);
	return error;
}

int fsync(int fd)
{
	return fdatasync(fd);
}

int unlink(const char *path)
{
	static int (*real)(const char *path);
	int error;

	if (!real)
		real = dlsym(RTLD_NEXT, "unlink");
	error = real(path);
	if (!error)
		note_path(path, "unlink", 0, NULL, 0);
	return error;
}
