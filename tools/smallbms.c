// SPDX-License-Identifier: GPL-2.0
/* The command line: options, the table of commands, help. */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "smallbms.h"

/* Beyond all letters, for options that have none */
enum {
	OPTION_BOARD = 256,
	OPTION_JSON,
	OPTION_SYSFS_ROOT,
	OPTION_COLOUR,
	OPTION_TIMEOUT,
	OPTION_SINCE,
	OPTION_DIRECTORY,
	OPTION_FOLLOW,
	OPTION_INITIAL,
	OPTION_RST,
	OPTION_DECODE,
	OPTION_SIMULATE,
	OPTION_SOC,
	OPTION_CURRENT,
	OPTION_WARNING,
	OPTION_CRITICAL,
	OPTION_UNTIL,
	OPTION_LINES,
	OPTION_RECOVER,
	OPTION_WAIT,
	OPTION_COUNT,
	OPTION_QUIET,
	OPTION_OUTPUT,
	OPTION_CHECK,
	OPTION_SEEN,
	OPTION_RECORD,
	OPTION_MAX_EVENTS,
	OPTION_MAX_DAYS,
	OPTION_RESUME,
};

/* The options that only some commands take, as bits */
#define TAKES(option) (1u << (OPTION_##option - OPTION_TIMEOUT))

static enum result command_help(const struct config *config,
				const char *argument);

enum takes {
	NOTHING,
	MAYBE_ONE,
	ONE,
	SOME,		/* in config->words */
	ANY_NUMBER,	/* joined by blanks to one */
};

static const struct command {
	const char *name;
	enum result (*run)(const struct config *config, const char *argument);
	enum takes takes;
	unsigned int options;
	const char *argument;
	const char *help;
	void (*more_help)(void);
} commands[] = {
	{ "status", command_status, NOTHING, 0, "",
	  "What is on, what is off and why, what to do (default)",
	  NULL },
	{ "list", command_list, NOTHING, 0, "",
	  "The boards, a line each", NULL },
	{ "get", command_get, ONE, 0, " ATTRIBUTE",
	  "One value, bare", get_help },
	{ "on", command_on, NOTHING, 0, "",
	  "Switch the software remote on", NULL },
	{ "off", command_off, NOTHING, 0, "",
	  "Switch the software remote off: load and charge go off", NULL },
	{ "remote", command_remote, MAYBE_ONE, 0, " [on|off]",
	  "Show or switch the software remote", NULL },
	{ "charge", command_charge, ONE, 0, " auto|inhibit",
	  "Let the bank be charged, or not", NULL },
	{ "load", command_load, MAYBE_ONE, 0, " [auto|shed|off]",
	  "Show or request what the load does", load_help },
	{ "floor", command_floor, MAYBE_ONE, TAKES(RECOVER), " [PERCENT|none]",
	  "Show or set the state of charge at which loads are shed", floor_help },
	{ "watch", command_watch, NOTHING, 0, "",
	  "The boards on the full screen, live", NULL },
	{ "monitor", command_monitor, NOTHING,
	  TAKES(INITIAL) | TAKES(COUNT) | TAKES(TIMEOUT), "",
	  "A line for each change, as it happens", monitor_help },
	{ "wait", command_wait, SOME, TAKES(TIMEOUT) | TAKES(QUIET),
	  " CONDITION...",
	  "Sleep until a board is so, as in alarm=0", wait_help },
	{ "log", command_log, NOTHING,
	  TAKES(SINCE) | TAKES(UNTIL) | TAKES(LINES) | TAKES(FOLLOW) |
	  TAKES(DIRECTORY), "",
	  "What the boards did, from the journal", log_help },
	{ "history", command_history, NOTHING,
	  TAKES(SINCE) | TAKES(UNTIL) | TAKES(LINES) | TAKES(SEEN) |
	  TAKES(DIRECTORY) | TAKES(RECORD) | TAKES(MAX_EVENTS) |
	  TAKES(MAX_DAYS), "",
	  "Why was the load off last night", history_help },
	{ "check", command_check, NOTHING,
	  TAKES(WARNING) | TAKES(CRITICAL) | TAKES(TIMEOUT), "",
	  "The state as a line for a monitoring system", check_help },
	{ "metrics", command_metrics, NOTHING, TAKES(OUTPUT), "",
	  "All that the boards have, as text for Prometheus", metrics_help },
	{ "commission", command_commission, NOTHING,
	  TAKES(RESUME) | TAKES(OUTPUT) | TAKES(TIMEOUT), "",
	  "Test each wire and device after installation", commission_help },
	{ "wiring", command_wiring, ANY_NUMBER, TAKES(RST), " [PRODUCT]",
	  "What can be connected to a board, and how", wiring_help },
	{ "shunt", command_shunt, MAYBE_ONE,
	  TAKES(DECODE) | TAKES(SIMULATE) | TAKES(SOC) | TAKES(CURRENT) |
	  TAKES(WAIT),
	  " DEVICE", "Write what a battery monitor measures to a board",
	  shunt_help },
	{ "power-down", command_power_down, MAYBE_ONE, TAKES(CHECK), " [FILE]",
	  "Power the computer down in time, as a service", power_down_help },
	{ "help", command_help, MAYBE_ONE, 0, " [COMMAND]",
	  "This text, or more about a command", NULL },
};

static const struct command *find_command(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(commands); i++)
		if (!strcmp(commands[i].name, name))
			return &commands[i];
	complain(name, "no such command; 'smallbms help' names them");
	return NULL;
}

static void print_usage(const struct command *command)
{
	printf("Usage: smallbms [--board NAME] [--json] %s",
	       command ? "" : "[--sysfs-root DIR] ");
	if (command)
		printf("%s%s%s\n\n%s.\n", command->name,
		       command->options ? " [OPTION]..." : "",
		       command->argument, command->help);
	else
		puts("[COMMAND]");
}

static void print_help(void)
{
	print_usage(NULL);
	puts("\nLook at and switch smallBMS boards, which protect LiFePO4 banks.\n\nCommands:");
	for (size_t i = 0; i < ARRAY_SIZE(commands); i++) {
		char first[32];

		snprintf(first, sizeof(first), "  %s%s", commands[i].name,
			 commands[i].argument);
		printf("%-22s %s\n", first, commands[i].help);
	}
	puts("\nOptions:\n"
	     "  --board NAME         This board; needed by most when there are several\n"
	     "  --json               JSON instead of text\n"
	     "  --color=WHEN         auto, always or never; also --colour\n"
	     "  --sysfs-root DIR     Look there instead of /sys, for tests\n"
	     "  -h, --help; -V, --version\n"
	     "\n"
	     "Exit status: 0 done, 1 failed, 2 usage, 3 no such board.");
}

/* Return: DONE, or USAGE for a command that is none; @name: NULL for all */
static enum result help(const char *name)
{
	const struct command *command;

	if (!name) {
		print_help();
		return DONE;
	}
	command = find_command(name);
	if (!command)
		return USAGE;
	print_usage(command);
	if (command->more_help)
		command->more_help();
	return DONE;
}

static enum result command_help(const struct config *config,
				const char *argument)
{
	(void)config;
	return help(argument);
}

/* https://no-color.org: any value but the empty one means no colour */
static bool wants_colour(void)
{
	const char *no_colour = getenv("NO_COLOR");
	const char *terminal = getenv("TERM");

	return isatty(STDOUT_FILENO) && !(no_colour && *no_colour) &&
	       !(terminal && !strcmp(terminal, "dumb"));
}

/* @when: of --color; NULL: it was given without */
static enum result parse_colour(const char *when, bool *colour)
{
	if (!when || !strcmp(when, "always")) {
		*colour = true;
	} else if (!strcmp(when, "never")) {
		*colour = false;
	} else if (!strcmp(when, "auto")) {
		*colour = wants_colour();
	} else {
		complain("--color", "'%s' is none of auto, always, never", when);
		return USAGE;
	}
	return DONE;
}

enum instead {
	RUN_COMMAND,
	SHOW_HELP,
	SHOW_VERSION,
};

static enum result bad_option(int option, const char *argument)
{
	const char letter[] = { '-', optopt, '\0' };

	/* Of a long option, getopt leaves its value or 0 in optopt. */
	if (optopt > 0 && optopt < OPTION_BOARD)
		argument = letter;
	complain(argument, "%s", option == ':' ? "needs a value" :
		 "no such option; see 'smallbms help'");
	return USAGE;
}

static const struct option options[] = {
	{ "board", required_argument, NULL, OPTION_BOARD },
	{ "json", no_argument, NULL, OPTION_JSON },
	{ "sysfs-root", required_argument, NULL, OPTION_SYSFS_ROOT },
	{ "help", no_argument, NULL, 'h' },
	{ "version", no_argument, NULL, 'V' },
	{ "recover", required_argument, NULL, OPTION_RECOVER },
	{ "wait", no_argument, NULL, OPTION_WAIT },
	{ "color", optional_argument, NULL, OPTION_COLOUR },
	{ "colour", optional_argument, NULL, OPTION_COLOUR },
	{ "count", required_argument, NULL, OPTION_COUNT },
	{ "quiet", no_argument, NULL, OPTION_QUIET },
	{ "timeout", required_argument, NULL, OPTION_TIMEOUT },
	{ "since", required_argument, NULL, OPTION_SINCE },
	{ "directory", required_argument, NULL, OPTION_DIRECTORY },
	{ "follow", no_argument, NULL, OPTION_FOLLOW },
	{ "initial", no_argument, NULL, OPTION_INITIAL },
	{ "rst", no_argument, NULL, OPTION_RST },
	{ "decode", required_argument, NULL, OPTION_DECODE },
	{ "simulate", no_argument, NULL, OPTION_SIMULATE },
	{ "soc", required_argument, NULL, OPTION_SOC },
	{ "current", required_argument, NULL, OPTION_CURRENT },
	{ "until", required_argument, NULL, OPTION_UNTIL },
	{ "lines", required_argument, NULL, OPTION_LINES },
	{ "warning", required_argument, NULL, OPTION_WARNING },
	{ "critical", required_argument, NULL, OPTION_CRITICAL },
	{ "output", required_argument, NULL, OPTION_OUTPUT },
	{ "check", no_argument, NULL, OPTION_CHECK },
	{ "seen", no_argument, NULL, OPTION_SEEN },
	{ "record", no_argument, NULL, OPTION_RECORD },
	{ "max-events", required_argument, NULL, OPTION_MAX_EVENTS },
	{ "max-days", required_argument, NULL, OPTION_MAX_DAYS },
	{ "resume", no_argument, NULL, OPTION_RESUME },
	{ NULL, 0, NULL, 0 }
};

/* The letters that monitoring plugins have; Return: the option itself */
static int long_option(int option)
{
	switch (option) {
	case 't':
		return OPTION_TIMEOUT;
	case 'q':
		return OPTION_QUIET;
	case 'w':
		return OPTION_WARNING;
	case 'c':
		return OPTION_CRITICAL;
	default:
		return option;
	}
}

/* Return: whether it was one of those that only some commands take */
static bool take_option(struct config *config, int option)
{
	switch (option) {
	case OPTION_COUNT:
		config->count = optarg;
		return true;
	case OPTION_QUIET:
		config->quiet = true;
		return true;
	case OPTION_UNTIL:
		config->until = optarg;
		return true;
	case OPTION_LINES:
		config->lines = optarg;
		return true;
	case OPTION_WARNING:
		config->warning = optarg;
		return true;
	case OPTION_CRITICAL:
		config->critical = optarg;
		return true;
	case OPTION_RECOVER:
		config->recover = optarg;
		return true;
	case OPTION_WAIT:
		config->wait = true;
		return true;
	case OPTION_TIMEOUT:
		config->timeout = optarg;
		return true;
	case OPTION_SINCE:
		config->since = optarg;
		return true;
	case OPTION_DIRECTORY:
		config->directory = optarg;
		return true;
	case OPTION_FOLLOW:
		config->follow = true;
		return true;
	case OPTION_INITIAL:
		config->initial = true;
		return true;
	case OPTION_RST:
		config->rst = true;
		return true;
	case OPTION_DECODE:
		config->decode = optarg;
		return true;
	case OPTION_SIMULATE:
		config->simulate = true;
		return true;
	case OPTION_SOC:
		config->soc = optarg;
		return true;
	case OPTION_CURRENT:
		config->current = optarg;
		return true;
	case OPTION_OUTPUT:
		config->output = optarg;
		return true;
	case OPTION_RESUME:
		config->resume = true;
		return true;
	case OPTION_CHECK:
		config->check = true;
		return true;
	case OPTION_SEEN:
	case OPTION_RECORD:
	case OPTION_MAX_EVENTS:
	case OPTION_MAX_DAYS:
		return true;	/* the program of history reads them itself */
	default:
		return false;
	}
}

/*
 * To the end, even after a mistake, so that argv[optind] is the command.
 * @given: bits of TAKES()
 */
static enum result parse_options(struct config *config, int argc, char **argv,
				 enum instead *instead, unsigned int *given)
{
	enum result result = DONE;
	int option;

	opterr = 0;
	while ((option = getopt_long(argc, argv, ":hVqt:w:c:", options,
				     NULL)) != -1) {
		option = long_option(option);
		switch (option) {
		case OPTION_BOARD:
			config->board = optarg;
			break;
		case OPTION_JSON:
			config->json = true;
			break;
		case OPTION_SYSFS_ROOT:
			config->sysfs_root = optarg;
			break;
		case OPTION_COLOUR:
			result = result ? result :
				 parse_colour(optarg, &config->colour);
			break;
		case 'h':
			*instead = SHOW_HELP;
			break;
		case 'V':
			*instead = SHOW_VERSION;
			break;
		default:
			if (take_option(config, option))
				*given |= 1u << (option - OPTION_TIMEOUT);
			else if (!result)
				result = bad_option(option, argv[optind - 1]);
		}
	}
	return result;
}

static enum result refuse_options(const struct command *command,
				  unsigned int given)
{
	unsigned int refused = given & ~command->options;

	for (size_t i = 0; options[i].name && refused; i++) {
		int bit = options[i].val - OPTION_TIMEOUT;
		char what[64];

		if (bit < 0 || !(refused & (1u << bit)))
			continue;
		snprintf(what, sizeof(what), "--%s", options[i].name);
		complain(what, "no option of '%s'; see 'smallbms help %s'",
			 command->name, command->name);
		return USAGE;
	}
	return DONE;
}

/* Return: all words after the first as one, or NULL if there are none */
static const char *join(char **words, int count, char *text, size_t size)
{
	size_t used = 0;

	if (count < 2)
		return NULL;
	for (int i = 1; i < count && used < size; i++)
		used += snprintf(text + used, size - used, "%s%s",
				 i > 1 ? " " : "", words[i]);
	return text;
}

static bool is_check(char **words)
{
	return *words && !strcmp(*words, "check");
}

static enum result usage(char **words)
{
	return is_check(words) ? check_usage() : USAGE;
}

static enum result run(struct config *config, char **words, int count,
		       unsigned int given)
{
	const struct command *command = find_command(*words ? *words : "status");
	char joined[VALUE_MAX], wrong[VALUE_MAX] = "";

	config->words = *words ? words + 1 : words;
	if (!command || refuse_options(command, given))
		return usage(words);
	if (command->takes == ANY_NUMBER)
		return command->run(config, join(words, count, joined,
						 sizeof(joined)));
	if (count > 1 && command->takes == NOTHING)
		snprintf(wrong, sizeof(wrong), "'%s' is too much", words[1]);
	else if (count > 2 && command->takes != SOME)
		snprintf(wrong, sizeof(wrong), "'%s' is too much", words[2]);
	else if (count < 2 && command->takes >= ONE)
		snprintf(wrong, sizeof(wrong), "%s is missing",
			 command->argument + 1);
	if (!*wrong)
		return command->run(config, *words ? words[1] : NULL);
	complain(command->name, "%s; usage: smallbms %s%s", wrong,
		 command->name, command->argument);
	return usage(words);
}

int main(int argc, char **argv)
{
	struct config config = { .sysfs_root = "/sys", .argv = argv };
	enum instead instead = RUN_COMMAND;
	enum result result, printed;
	unsigned int given = 0;

	config.utf8 = prefers_utf8();
	config.colour = wants_colour();
	result = parse_options(&config, argc, argv, &instead, &given);
	/* argv ends with a NULL: no command, or no argument to it */
	if (result)
		result = usage(&argv[optind]);
	else if (instead == SHOW_VERSION)
		puts("smallbms " VERSION);
	else if (instead == SHOW_HELP)
		result = help(argv[optind]);
	else
		result = run(&config, &argv[optind], argc - optind, given);
	printed = print_finish();
	/* A plugin that did not show the state does not know it. */
	if (is_check(&argv[optind]) && (printed || instead != RUN_COMMAND))
		return CHECK_UNKNOWN;
	return result ? result : printed;
}
