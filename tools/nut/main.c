// SPDX-License-Identifier: GPL-2.0
/*
 * Keeps the files of all boards right: at each event, and every few seconds, for no
 * event comes when a measurement changes or grows old. So often systemd is told that
 * this still runs; it kills what does not, and has --lost say so in the files.
 */
#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "nut.h"

/* WatchdogSec= in the unit is twice that */
#define READ_AGAIN_MS 5000
/* A flood of events is answered this often at most */
#define PACE_MS 200

static const char ended[] = "smallbms-nut does not run";
static const char missing[] =
	"the board is not there: unplugged, or its driver is not loaded";

/**
 * struct entry - a board, by its label
 * @there: it is in the feed
 * @text: of its file, empty: to be written anew
 */
struct entry {
	char name[NAME_MAX + 1];
	bool there;
	struct nut_countdown countdown;
	char text[NUT_TEXT_MAX];
};

/**
 * struct bridge - all of it
 * @names: of the boards that were asked for, ends with NULL; none: all boards
 * @entries: each board that was asked for or seen, @count long
 */
struct bridge {
	struct config config;
	const char *folder;
	char * const *names;
	struct feed feed;
	struct entry *entries;
	size_t count;
};

static struct entry *entry_of(struct bridge *bridge, const char *name)
{
	struct entry *entries;

	for (size_t i = 0; i < bridge->count; i++)
		if (!strcmp(bridge->entries[i].name, name))
			return &bridge->entries[i];
	entries = realloc(bridge->entries,
			  (bridge->count + 1) * sizeof(*entries));
	if (!entries) {
		complain("memory", "%s", strerror(ENOMEM));
		return NULL;
	}
	bridge->entries = entries;
	entries += bridge->count++;
	*entries = (struct entry){ 0 };
	snprintf(entries->name, sizeof(entries->name), "%s", name);
	return entries;
}

static bool is_wanted(const struct bridge *bridge, const char *name)
{
	if (!*bridge->names)
		return true;
	for (char * const *each = bridge->names; *each; each++)
		if (!strcmp(*each, name))
			return true;
	return false;
}

static enum result put(struct bridge *bridge, struct entry *entry, const char *text)
{
	enum result result;

	if (!strcmp(entry->text, text))
		return DONE;
	result = nut_write(bridge->folder, entry->name, text);
	snprintf(entry->text, sizeof(entry->text), "%s", result ? "" : text);
	return result;
}

/* Return: in how many milliseconds to do so again at the latest */
static int put_all(struct bridge *bridge)
{
	int wait_ms = READ_AGAIN_MS;
	char text[NUT_TEXT_MAX];

	for (size_t i = 0; i < bridge->count; i++)
		bridge->entries[i].there = false;
	for (size_t i = 0; i < bridge->feed.count; i++) {
		const struct board *board = feed_board(&bridge->feed, i);
		struct entry *entry;
		int again_ms;

		if (!is_wanted(bridge, board_label(board)))
			continue;
		entry = entry_of(bridge, board_label(board));
		if (!entry)
			continue;
		entry->there = true;
		again_ms = nut_state(board, &entry->countdown, now_ms(), text,
				     sizeof(text));
		if (again_ms >= 0 && again_ms < wait_ms)
			wait_ms = again_ms;
		put(bridge, entry, text);
	}
	for (size_t i = 0; i < bridge->count; i++) {
		struct entry *entry = &bridge->entries[i];

		if (entry->there)
			continue;
		entry->countdown = (struct nut_countdown){ 0 };
		nut_state_lost(entry->name, missing, text, sizeof(text));
		put(bridge, entry, text);
	}
	return wait_ms;
}

static bool is_known(void *context, const char *name)
{
	struct bridge *bridge = context;

	for (size_t i = 0; i < bridge->count; i++)
		if (!strcmp(bridge->entries[i].name, name))
			return true;
	return false;
}

static enum result serve(struct bridge *bridge)
{
	struct pollfd end = { signals_that_end(), POLLIN, 0 };
	enum result result;
	bool stirred;
	int wait_ms;

	if (end.fd < 0) {
		complain("signals", "%s", strerror(errno));
		return FAILED;
	}
	result = feed_listen(&bridge->feed, &bridge->config);
	if (!result)
		result = feed_update(&bridge->feed, NULL, NULL);
	for (char * const *each = bridge->names; *each && !result; each++)
		if (!entry_of(bridge, *each))
			result = FAILED;
	if (!result) {
		wait_ms = put_all(bridge);
		/* Of an earlier run, for a board that is gone since */
		result = nut_lose_all(bridge->folder, missing, is_known, bridge);
		notify("READY=1");
	}
	while (!result) {
		result = feed_wait(&bridge->feed, &end, 1, wait_ms, &stirred);
		if (result || end.revents)
			break;
		result = feed_update(&bridge->feed, NULL, NULL);
		if (!result)
			wait_ms = put_all(bridge);
		if (stirred && poll(&end, 1, PACE_MS) > 0)
			break;
	}
	feed_close(&bridge->feed);
	free(bridge->entries);
	close(end.fd);
	return result;
}

static void print_help(void)
{
	puts("Usage: smallbms-nut [OPTION]... [BOARD]...\n"
	     "Keep a file for each board, or for these, which NUT's driver dummy-ups reads.\n"
	     "It is normally run by the service smallbms-nut.\n"
	     "\n"
	     "Options:\n"
	     "  --directory DIR      where the files are; default " NUT_FOLDER "\n"
	     "  --lost               say in each file that nothing is known, and end\n"
	     "  --sysfs-root DIR     where sysfs is; default /sys\n"
	     "  --help               this text\n"
	     "  --version            the version");
}

int main(int argc, char **argv)
{
	static const struct option options[] = {
		{ "directory", required_argument, NULL, 'd' },
		{ "lost", no_argument, NULL, 'l' },
		{ "sysfs-root", required_argument, NULL, 'r' },
		{ "help", no_argument, NULL, 'h' },
		{ "version", no_argument, NULL, 'V' },
		{ NULL, 0, NULL, 0 }
	};
	struct bridge bridge = {
		.config.sysfs_root = "/sys",
		.folder = NUT_FOLDER,
	};
	enum result result;
	bool lost = false;
	int option;

	complain_as("smallbms-nut");
	opterr = 0;
	while ((option = getopt_long(argc, argv, "h", options, NULL)) != -1) {
		switch (option) {
		case 'd':
			bridge.folder = optarg;
			break;
		case 'l':
			lost = true;
			break;
		case 'r':
			bridge.config.sysfs_root = optarg;
			break;
		case 'h':
			print_help();
			return print_finish();
		case 'V':
			puts("smallbms-nut " VERSION);
			return print_finish();
		default:
			complain(argv[optind - 1],
				 "no such option, or its value is missing; see --help");
			return USAGE;
		}
	}
	bridge.names = argv + optind;
	for (char * const *each = bridge.names; *each; each++) {
		if (!**each || strchr(*each, '/') || strlen(*each) > NAME_MAX ||
		    lost) {
			complain(*each, lost ? "--lost is for all boards" :
				 "not the name of a board");
			return USAGE;
		}
	}
	/* Beyond a limit a write fails; it must not end the program. */
	signal(SIGXFSZ, SIG_IGN);
	umask(0027);
	if (lost)
		return nut_lose_all(bridge.folder, ended, NULL, NULL);
	result = serve(&bridge);
	if (nut_lose_all(bridge.folder, ended, NULL, NULL))
		result = FAILED;
	return result;
}
