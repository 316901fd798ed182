// SPDX-License-Identifier: GPL-2.0
/*
 * The program behind 'smallbms watch', which has checked the options and the terminal.
 * It is one of its own so that no other command waits for ncurses to be loaded.
 */
#include <getopt.h>
#include <langinfo.h>
#include <locale.h>
#include <string.h>

#include "watch.h"

static const struct option long_options[] = {
	{ "board", required_argument, NULL, 'b' },
	{ "sysfs-root", required_argument, NULL, 'r' },
	{ "color", no_argument, NULL, 'c' },
	{ NULL, 0, NULL, 0 }
};

int main(int argc, char **argv)
{
	struct config config = { .sysfs_root = "/sys" };
	int option;

	setlocale(LC_CTYPE, "");
	config.utf8 = !strcmp(nl_langinfo(CODESET), "UTF-8");
	opterr = 0;
	while ((option = getopt_long(argc, argv, "", long_options, NULL)) != -1) {
		switch (option) {
		case 'b':
			config.board = optarg;
			break;
		case 'r':
			config.sysfs_root = optarg;
			break;
		case 'c':
			config.colour = true;
			break;
		default:
			complain("smallbms-watch",
				 "not to be called by hand; see 'smallbms help watch'");
			return USAGE;
		}
	}
	return watch_run(&config);
}
