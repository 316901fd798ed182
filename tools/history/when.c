// SPDX-License-Identifier: GPL-2.0
/* A time as systemd.time(7) has it, in the words of systemd's own parser. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "history.h"

#define PARSER "systemd-analyze"
/* What comes before the answer */
#define SECONDS "UNIX seconds: @"

static pid_t start(const char *text, int *answer)
{
	int ends[2];
	pid_t child;

	if (pipe(ends))
		return -1;
	child = fork();
	if (!child) {
		dup2(ends[1], STDOUT_FILENO);
		close(STDERR_FILENO);
		close(ends[0]);
		close(ends[1]);
		execlp(PARSER, PARSER, "timestamp", "--", text, NULL);
		_exit(127);
	}
	close(ends[1]);
	*answer = ends[0];
	if (child < 0)
		close(ends[0]);
	return child;
}

/* Return: how it ended, as of waitpid(), or -1 */
static int run_parser(const char *text, char *answer, size_t size)
{
	size_t used = 0;
	int status, fd;
	ssize_t got;
	pid_t child = start(text, &fd);

	if (child < 0)
		return -1;
	do {
		got = read(fd, answer + used, size - 1 - used);
		if (got > 0)
			used += got;
	} while (got > 0 || (got < 0 && errno == EINTR));
	answer[used] = '\0';
	close(fd);
	while (waitpid(child, &status, 0) < 0)
		if (errno != EINTR)
			return -1;
	return status;
}

/* "12h", as 'smallbms log' takes it, is "12h ago" to systemd. */
static bool is_duration(const char *text)
{
	size_t digits = strspn(text, "0123456789");

	return digits && text[digits] && strchr("smhd", text[digits]) &&
	       !text[digits + 1];
}

/**
 * when_parse - a point in time that somebody has typed
 * @option: for the message
 *
 * Return: DONE, or USAGE or FAILED with a message
 */
enum result when_parse(const char *option, const char *text,
		       long long *time_ms)
{
	char answer[1024], ago[VALUE_MAX];
	const char *found;
	int status;

	snprintf(ago, sizeof(ago), "%s%s", text,
		 is_duration(text) ? " ago" : "");
	status = run_parser(ago, answer, sizeof(answer));
	if (status == -1 || !WIFEXITED(status) || WEXITSTATUS(status) == 127) {
		complain(option, "cannot run " PARSER
			 ", which reads times; is systemd installed?");
		return FAILED;
	}
	found = strstr(answer, SECONDS);
	if (status || !found) {
		complain(option,
			 "'%s' is no time; see systemd.time(7), or try yesterday, 12h or '2026-01-31 18:30'",
			 text);
		return USAGE;
	}
	*time_ms = strtod(found + strlen(SECONDS), NULL) * 1000;
	return DONE;
}
