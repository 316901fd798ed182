// SPDX-License-Identifier: GPL-2.0
/* Commands that are programs of their own: what they need is loaded by nobody else. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "smallbms.h"

/* It is installed, or built, beside this one. */
static int find_program(const char *program, char *path, size_t size)
{
	ssize_t length = readlink("/proc/self/exe", path, size);
	char *slash;

	if (length < 0)
		return -errno;
	if (length + strlen(program) >= size)
		return -ENAMETOOLONG;
	path[length] = '\0';
	slash = strrchr(path, '/');
	if (!slash)
		return -ENOENT;
	memcpy(slash + 1, program, strlen(program) + 1);
	return 0;
}

/* @arguments: the first is the program's name; Return: FAILED, or not at all */
static enum result companion_run(const char *command, const char *package,
				 char *const *arguments)
{
	const char *program = arguments[0];
	char path[PATH_MAX] = "";
	int error = -find_program(program, path, sizeof(path));

	if (!error) {
		execv(path, arguments);
		error = errno;
	}
	if (error == ENOENT)
		complain(command, "%s is not there; install the package %s", path,
			 package);
	else
		complain(command, "cannot run %s: %s", path, strerror(error));
	return FAILED;
}

enum result command_history(const struct config *config, const char *argument)
{
	(void)argument;
	config->argv[0] = "smallbms-history";
	return companion_run("history", "smallbms-history", config->argv);
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

enum result command_watch(const struct config *config, const char *argument)
{
	char *arguments[7] = {
		"smallbms-watch", "--sysfs-root", (char *)config->sysfs_root,
	};
	const char *kind = getenv("TERM");
	size_t count = 3;

	(void)argument;
	if (config->json) {
		complain("watch",
			 "shows a screen; 'smallbms monitor --json' tells of changes in JSON");
		return USAGE;
	}
	if (!isatty(STDIN_FILENO) || !isatty(STDOUT_FILENO) ||
	    !kind || !*kind || !strcmp(kind, "dumb")) {
		complain("watch",
			 "needs a terminal; 'smallbms monitor' tells of changes without one");
		return FAILED;
	}
	if (config->board) {
		arguments[count++] = "--board";
		arguments[count++] = (char *)config->board;
	}
	if (config->colour)
		arguments[count++] = "--color";
	return companion_run("watch", "smallbms-tools", arguments);
}
