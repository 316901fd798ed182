// SPDX-License-Identifier: GPL-2.0
/* The command line: options, the table of commands, help. */
#include <getopt.h>
#include <langinfo.h>
#include <locale.h>
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
	OPTION_VERSION,
};

static enum result command_help(const struct config *config,
				const char *argument);

enum takes {
	NOTHING,
	MAYBE_ONE,
	ONE,
};

static const struct command {
	const char *name;
	enum result (*run)(const struct config *config, const char *argument);
	enum takes takes;
	const char *argument;
	const char *help;
	void (*more_help)(void);
} commands[] = {
	{ "status", command_status, NOTHING, "",
	  "What is on, what is off and why, what to do (default)",
	  NULL },
	{ "list", command_list, NOTHING, "",
	  "The boards, a line each", NULL },
	{ "get", command_get, ONE, " ATTRIBUTE",
	  "One value, bare", get_help },
	{ "on", command_on, NOTHING, "",
	  "Switch the software remote on", NULL },
	{ "off", command_off, NOTHING, "",
	  "Switch the software remote off: load and charge go off", NULL },
	{ "remote", command_remote, MAYBE_ONE, " [on|off]",
	  "Show or switch the software remote", NULL },
	{ "charge", command_charge, ONE, " auto|inhibit",
	  "Let the bank be charged, or not", NULL },
	{ "help", command_help, MAYBE_ONE, " [COMMAND]",
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
	printf("Usage: smallbms [--board NAME] [--json] [--sysfs-root DIR] ");
	if (command)
		printf("%s%s\n\n%s.\n", command->name, command->argument,
		       command->help);
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
	     "  --sysfs-root DIR     Look there instead of /sys, for tests\n"
	     "  --help, --version\n"
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

static enum result parse_options(struct config *config, int argc, char **argv,
				 enum instead *instead)
{
	static const struct option options[] = {
		{ "board", required_argument, NULL, OPTION_BOARD },
		{ "json", no_argument, NULL, OPTION_JSON },
		{ "sysfs-root", required_argument, NULL, OPTION_SYSFS_ROOT },
		{ "help", no_argument, NULL, 'h' },
		{ "version", no_argument, NULL, OPTION_VERSION },
		{ NULL, 0, NULL, 0 }
	};
	int option;

	opterr = 0;
	while ((option = getopt_long(argc, argv, ":h", options, NULL)) != -1) {
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
		case 'h':
			*instead = SHOW_HELP;
			break;
		case OPTION_VERSION:
			*instead = SHOW_VERSION;
			break;
		default:
			return bad_option(option, argv[optind - 1]);
		}
	}
	return DONE;
}

static enum result run(const struct config *config, char **words, int count)
{
	const struct command *command = find_command(words[0]);
	const char *wrong = NULL;

	if (!command)
		return USAGE;
	if (count > 2 || (count > 1 && command->takes == NOTHING))
		wrong = "too many words";
	else if (count < 2 && command->takes == ONE)
		wrong = "something is missing";
	if (!wrong)
		return command->run(config, words[1]);
	complain(command->name, "%s; usage: smallbms %s%s", wrong,
		 command->name, command->argument);
	return USAGE;
}

int main(int argc, char **argv)
{
	struct config config = { .sysfs_root = "/sys" };
	enum instead instead = RUN_COMMAND;
	enum result result, printed;

	setlocale(LC_CTYPE, "");
	config.utf8 = !strcmp(nl_langinfo(CODESET), "UTF-8");
	config.colour = wants_colour();
	result = parse_options(&config, argc, argv, &instead);
	if (result)
		return result;
	/* argv ends with a NULL: no command, or no argument to it */
	if (instead == SHOW_VERSION)
		puts("smallbms " VERSION);
	else if (instead == SHOW_HELP)
		result = help(argv[optind]);
	else if (!argv[optind])
		result = command_status(&config, NULL);
	else
		result = run(&config, &argv[optind], argc - optind);
	printed = print_finish();
	return result ? result : printed;
}
