// SPDX-License-Identifier: GPL-2.0
/*
 * The program behind 'smallbms history', which has checked that the options are
 * options. It is one of its own so that only who wants a history needs SQLite.
 */
#include <errno.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#include "history.h"

#define MAX_EVENTS 10000
#define MAX_DAYS 400

static const struct option long_options[] = {
	{ "board", required_argument, NULL, 'b' },
	{ "json", no_argument, NULL, 'j' },
	{ "sysfs-root", required_argument, NULL, 'r' },
	{ "directory", required_argument, NULL, 'd' },
	{ "since", required_argument, NULL, 's' },
	{ "until", required_argument, NULL, 'u' },
	{ "lines", required_argument, NULL, 'l' },
	{ "seen", no_argument, NULL, 'S' },
	{ "record", no_argument, NULL, 'R' },
	{ "max-events", required_argument, NULL, 'e' },
	{ "max-days", required_argument, NULL, 'D' },
	{ NULL, 0, NULL, 0 }
};

static enum result take_number(const char *option, const char *text, long *value)
{
	char *end;

	errno = 0;
	*value = strtol(text, &end, 10);
	if (!errno && end != text && !*end && *value > 0 && *value <= INT_MAX)
		return DONE;
	complain(option, "'%s' is not a positive number", text);
	return USAGE;
}

static enum result take(struct options *options, int option)
{
	switch (option) {
	case 'b':
		options->config.board = optarg;
		return DONE;
	case 'j':
		options->config.json = true;
		return DONE;
	case 'r':
		options->config.sysfs_root = optarg;
		return DONE;
	case 'd':
		options->directory = optarg;
		return DONE;
	case 's':
		options->since = optarg;
		return DONE;
	case 'u':
		options->until = optarg;
		return DONE;
	case 'l':
		options->lines = optarg;
		return DONE;
	case 'S':
		options->seen = true;
		return DONE;
	case 'R':
		options->record = true;
		return DONE;
	case 'e':
		return take_number("--max-events", optarg, &options->max_events);
	case 'D':
		return take_number("--max-days", optarg, &options->max_days);
	default:
		complain("smallbms-history",
			 "not to be called by hand; see 'smallbms help history'");
		return USAGE;
	}
}

/* What belongs to reading, what to recording */
static enum result check(const struct options *options)
{
	if (options->record &&
	    (options->since || options->until || options->lines ||
	     options->seen || options->config.json)) {
		complain("--record", "prints nothing, and takes no option of that");
		return USAGE;
	}
	if (!options->record && (options->max_events || options->max_days)) {
		complain(options->max_events ? "--max-events" : "--max-days",
			 "needs --record");
		return USAGE;
	}
	return DONE;
}

int main(int argc, char **argv)
{
	struct options options = {
		.config.sysfs_root = "/sys",
		.directory = HISTORY_FOLDER,
	};
	enum result result = DONE, printed;
	int option;

	options.config.utf8 = prefers_utf8();
	opterr = 0;
	while (!result && (option = getopt_long(argc, argv, ":", long_options,
						NULL)) != -1)
		result = take(&options, option);
	if (!result)
		result = check(&options);
	if (result)
		return result;
	if (!options.max_events)
		options.max_events = MAX_EVENTS;
	if (!options.max_days)
		options.max_days = MAX_DAYS;
	if (options.record)
		return history_record(&options);
	result = history_show(&options);
	printed = print_finish();
	return result ? result : printed;
}
