// SPDX-License-Identifier: GPL-2.0
/* The command line, and the loop that follows the boards. */
#include <errno.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "venus.h"

/* The kernel reports no change of what is measured. */
#define MEASURED_MS 2000
/* Nothing is measured any more, or yet */
#define UNMEASURED_MS 30000

/**
 * struct bridge - the boards, and those of them that are on the bus
 * @services: one each, @count long
 * @measure_ms: when to read again what is measured, -1: nothing is
 * @crowded: more boards than fit, as was complained
 */
struct bridge {
	struct venus_config venus;
	struct config config;
	const char *state;
	struct feed feed;
	struct service *services[CONF_BOARDS];
	size_t count;
	long long measure_ms;
	bool crowded;
};

static const struct option long_options[] = {
	{ "config", required_argument, NULL, 'c' },
	{ "help", no_argument, NULL, 'h' },
	{ "state-directory", required_argument, NULL, 's' },
	{ "sysfs-root", required_argument, NULL, 'r' },
	{ "version", no_argument, NULL, 'V' },
	{ NULL, 0, NULL, 0 }
};

static void print_usage(void)
{
	puts("usage: smallbms-venus [--config FILE]\n"
	     "\n"
	     "Puts each smallBMS board on the D-Bus of Venus OS, as a battery. It runs\n"
	     "until it is told to end, and takes no commands.\n"
	     "\n"
	     "  --config FILE          instead of " VENUS_CONFIG "\n"
	     "  --state-directory DIR  where the names are kept that a GX gives, instead\n"
	     "                         of " VENUS_STATE "\n"
	     "  --sysfs-root DIR       look for boards there, for tests\n"
	     "  --help, --version\n"
	     "\n"
	     "See also: man smallbms-venus");
}

static struct service **find_service(struct bridge *bridge, const char *label)
{
	for (size_t i = 0; i < bridge->count; i++)
		if (!strcmp(service_label(bridge->services[i]), label))
			return &bridge->services[i];
	return NULL;
}

static void remove_service(struct bridge *bridge, struct service **service)
{
	service_free(*service);
	*service = bridge->services[--bridge->count];
}

static enum result add_service(struct bridge *bridge, const struct board *board)
{
	const char *label = board_label(board);
	struct service *service;

	if (bridge->count == CONF_BOARDS) {
		if (!bridge->crowded)
			complain(label, "more than %d boards; this one is left out",
				 CONF_BOARDS);
		bridge->crowded = true;
		return DONE;
	}
	service = service_new(label, venus_config_board(&bridge->venus, label),
			      bridge->state);
	if (!service) {
		complain("memory", "%s", strerror(ENOMEM));
		return FAILED;
	}
	bridge->services[bridge->count++] = service;
	service_publish(service, board);
	return DONE;
}

/* A board that goes, and comes back at once, leaves the bus all the same. */
static void take_news(void *context, enum news news, const struct board *board,
		      unsigned long long changed)
{
	struct bridge *bridge = context;
	struct service **service;

	(void)changed;
	if (news != NEWS_GONE)
		return;
	service = find_service(bridge, board_label(board));
	if (service)
		remove_service(bridge, service);
}

static enum result publish(struct bridge *bridge)
{
	bool measured = false, fresh = false;
	enum result result = DONE;

	for (size_t i = 0; i < bridge->feed.count && !result; i++) {
		const struct board *board = feed_board(&bridge->feed, i);
		struct service **service;

		if (!venus_config_wants(&bridge->venus, board_label(board)))
			continue;
		measured = measured || venus_is_measured(board, false);
		fresh = fresh || venus_is_measured(board, true);
		service = find_service(bridge, board_label(board));
		if (service)
			service_publish(*service, board);
		else
			result = add_service(bridge, board);
	}
	bridge->measure_ms = fresh ? now_ms() + MEASURED_MS :
			     measured ? now_ms() + UNMEASURED_MS : -1;
	return result;
}

/* Read again what has changed, or may have */
static enum result update(struct bridge *bridge, bool stirred)
{
	bool due = bridge->measure_ms >= 0 && now_ms() >= bridge->measure_ms;
	enum result result = DONE;

	if (stirred)
		result = feed_update(&bridge->feed, take_news, bridge);
	else if (due)
		for (size_t i = 0; i < bridge->feed.count; i++)
			venus_measure(feed_board(&bridge->feed, i));
	return !result && (stirred || due) ? publish(bridge) : result;
}

static enum result follow(struct bridge *bridge, int signals)
{
	struct pollfd polls[CONF_BOARDS + 1];
	enum result result = DONE;
	bool stirred;

	while (!result) {
		int timeout_ms = -1;

		polls[0] = (struct pollfd){ signals, POLLIN, 0 };
		for (size_t i = 0; i < bridge->count; i++)
			service_poll(bridge->services[i], &polls[i + 1], &timeout_ms);
		if (bridge->measure_ms >= 0) {
			long long left = bridge->measure_ms - now_ms();

			left = left < 0 ? 0 : left;
			if (timeout_ms < 0 || left < timeout_ms)
				timeout_ms = left;
		}
		result = feed_wait(&bridge->feed, polls, bridge->count + 1, timeout_ms,
				   &stirred);
		if (polls[0].revents)
			break;
		if (!result)
			result = update(bridge, stirred);
		for (size_t i = 0; i < bridge->count; i++)
			service_work(bridge->services[i]);
	}
	return result;
}

static enum result run(struct bridge *bridge)
{
	int signals = signals_that_end();
	enum result result;

	if (signals < 0) {
		complain("signals", "%s", strerror(errno));
		return FAILED;
	}
	result = feed_listen(&bridge->feed, &bridge->config);
	/* A board that is not there yet will come. */
	if (!result)
		result = update(bridge, true);
	if (!result)
		result = follow(bridge, signals);
	while (bridge->count)
		remove_service(bridge, &bridge->services[0]);
	feed_close(&bridge->feed);
	close(signals);
	return result;
}

/* Without the file each board is on the bus, and controls nothing. */
static enum result configure(struct bridge *bridge, const char *path)
{
	if (!path && access(VENUS_CONFIG, F_OK) && errno == ENOENT)
		return DONE;
	return venus_config_read(path ? path : VENUS_CONFIG, &bridge->venus) ?
	       DONE : FAILED;
}

int main(int argc, char **argv)
{
	static struct bridge bridge;
	const char *given = getenv("STATE_DIRECTORY");
	const char *path = NULL;
	int option;

	complain_as("smallbms-venus");
	bridge.config.sysfs_root = "/sys";
	bridge.state = given ? given : VENUS_STATE;
	opterr = 0;
	while ((option = getopt_long(argc, argv, ":", long_options, NULL)) != -1) {
		switch (option) {
		case 'c':
			path = optarg;
			break;
		case 's':
			bridge.state = optarg;
			break;
		case 'r':
			bridge.config.sysfs_root = optarg;
			break;
		case 'h':
			print_usage();
			return print_finish();
		case 'V':
			puts("smallbms-venus " VERSION);
			return print_finish();
		default:
			complain(argv[optind - 1],
				 option == ':' ? "it needs a value" :
				 "there is no such option; see smallbms-venus --help");
			return USAGE;
		}
	}
	if (optind < argc) {
		complain(argv[optind], "it takes no argument; see smallbms-venus --help");
		return USAGE;
	}
	if (configure(&bridge, path))
		return FAILED;
	return run(&bridge);
}
