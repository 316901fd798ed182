// SPDX-License-Identifier: GPL-2.0
/*
 * Mistakes in scenarios: each of these lines has to end the program, with the path,
 * the line and what was not understood.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "scenario.h"
#include "tests.h"

static const struct {
	const char *line;
	const char *rest;	/* that is not understood */
} mistakes[] = {
	{ "1s software-remote onn", "software-remote onn" },
	{ "1s software-remote", "software-remote" },
	{ "1s => load oof", "load oof" },
	{ "1s => load on, charge", "charge" },
	{ "1s => load on charge on", "charge on" },
	{ "1s => load off undervoltag", "undervoltag" },
	{ "1s => load on undervoltage", "undervoltage" },
	{ "1s => pre-alarm of", "pre-alarm of" },
	{ "1s => alarm 3", "alarm 3" },
	{ "1s => countdown", "countdown" },
	{ "1s => countdown 30", "countdown 30" },
	{ "1s =>", "" },
	{ "1s writes load wrok", "writes load wrok" },
	{ "1s writes laod work", "writes laod work" },
	{ "1s writes load, charge fail", "writes load, charge fail" },
	{ "1s user alllows", "user alllows" },
	{ "1s reset of", "reset of" },
	{ "1s short of load goen", "short of load goen" },
	{ "1s undervoltage", "undervoltage" },
	{ "1s undervoltage of", "undervoltage of" },
	{ "1s undervoltage low on", "undervoltage low on" },
	{ "1s undervoltage, undervoltage on", "undervoltage, undervoltage on" },
	{ "1s undervoltage on now", "undervoltage on now" },
	{ "1s low pulse 5ms until 3s", "low pulse 5ms until 3s" },
	{ "1s low pulse 5ms/5ms", "low pulse 5ms/5ms" },
	{ "1s start found laod", "start found laod" },
	{ "1s end now", "end now" },
	{ "1s is chattering lwo", "is chattering lwo" },
	{ "1s is charge-tripped maybe", "is charge-tripped maybe" },
	{ "1s is next 3", "is next 3" },
	{ "1s is happy", "is happy" },
	{ "1s is idle never", "is idle never" },
	{ "1s is stats", "is stats" },
	{ "1s is stats read_error 1", "is stats read_error 1" },
	{ "1s is stats read_errors", "is stats read_errors" },
	{ "1s is stats read_errors -1", "is stats read_errors -1" },
	{ "1s is stats read_errors 1 2", "is stats read_errors 1 2" },
	{ "1s no-read-back", "no-read-back" },
	{ "1s clock 3", "clock 3" },
	{ "1s", "" },
	{ "1s..2s low on", "low on" },
	{ "2s..1s => load on", "2s..1s => load on" },
	{ "1.0000000001s low on", "1.0000000001s low on" },
	{ "1 low on", "1 low on" },
	{ "1sec low on", "1sec low on" },
	{ "low on", "low on" },
	{ "with low on", "low on" },
	{ "with debounce-delay 1us", "debounce-delay 1us" },
	{ "with debounce-delay 5000000s", "debounce-delay 5000000s" },
	{ "with fitted all", "fitted all" },
	{ "with write-latency", "write-latency" },
	{ "before low edge", "low edge" },
	{ "before debounce-delay 1ms", "debounce-delay 1ms" },
};

/* Parse @path in a process of its own. Returns what that prints, and its status. */
static int parse(const char *path, char *output, size_t size)
{
	struct scenario *list = NULL, **last = &list;
	int ends[2], status;
	ssize_t n, length = 0;
	pid_t child;

	if (pipe(ends) || fflush(stdout))
		return -1;
	child = fork();
	if (!child) {
		dup2(ends[1], STDERR_FILENO);
		scenario_parse(path, &last);
		_exit(0);
	}
	close(ends[1]);
	while ((n = read(ends[0], output + length, size - 1 - length)) > 0)
		length += n;
	output[length] = '\0';
	close(ends[0]);
	if (child < 0 || waitpid(child, &status, 0) != child)
		return -1;
	return status;
}

static bool refused(const char *path, unsigned int i)
{
	char expected[200], output[300];
	FILE *file = fopen(path, "w");
	int status;

	if (!file)
		return false;
	fprintf(file, "T1: A title\n\t%s\n", mistakes[i].line);
	fclose(file);
	snprintf(expected, sizeof(expected), "%s:2: not understood: %s\n", path,
		 mistakes[i].rest);
	status = parse(path, output, sizeof(output));
	if (WIFEXITED(status) && WEXITSTATUS(status) == 2 &&
	    !strcmp(output, expected))
		return true;
	printf("# '%s': status %d, %s\n", mistakes[i].line, status,
	       *output ? output : "no message");
	return false;
}

void mistakes_run(void)
{
	char path[] = "/tmp/scenario-XXXXXX";
	int file = mkstemp(path);
	bool ok = file >= 0;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(mistakes); i++)
		ok &= refused(path, i);
	close(file);
	unlink(path);
	report(ok, "A mistake in a scenario is an error that names its line");
}
