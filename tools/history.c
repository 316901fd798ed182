// SPDX-License-Identifier: GPL-2.0
/* smallbms history: what the boards did, by a program of its own. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "smallbms.h"

#define PROGRAM "smallbms-history"

/* It is installed, or built, beside this one. */
static int find_program(char *path, size_t size)
{
	ssize_t length = readlink("/proc/self/exe", path, size);
	char *slash;

	if (length < 0)
		return -errno;
	if (length >= (ssize_t)(size - sizeof(PROGRAM)))
		return -ENAMETOOLONG;
	path[length] = '\0';
	slash = strrchr(path, '/');
	if (!slash)
		return -ENOENT;
	strcpy(slash + 1, PROGRAM);
	return 0;
}

enum result command_history(const struct config *config, const char *argument)
{
	char path[PATH_MAX] = "";
	int error = -find_program(path, sizeof(path));

	(void)argument;
	if (!error) {
		execv(path, config->argv);
		error = errno;
	}
	if (error == ENOENT)
		complain("history", "%s is not there; install the package "
			 PROGRAM, path);
	else
		complain("history", "cannot run %s: %s", path, strerror(error));
	return FAILED;
}

void history_help(void)
{
	puts("\nOptions:\n"
	     "  --since WHEN         Not what is older: yesterday, 12h, '2026-01-31 18:30'\n"
	     "  --until WHEN         Nor what is newer\n"
	     "  --lines N            The last N events\n"
	     "  --seen               When each line was active last\n"
	     "  --directory DIR      Read, or record, in DIR\n"
	     "  --record             Record, as smallbms-history.service does\n"
	     "  --max-events N       Keep so many (10000)\n"
	     "  --max-days N         Keep them so long (400)");
}
