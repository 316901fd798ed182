// SPDX-License-Identifier: GPL-2.0
#include <getopt.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "mqtt.h"

#define PROGRAM "smallbms-mqtt"

static const struct option long_options[] = {
	{ "config", required_argument, NULL, 'c' },
	{ "check", no_argument, NULL, 'C' },
	{ "remove", no_argument, NULL, 'R' },
	{ "sysfs-root", required_argument, NULL, 'r' },
	{ "help", no_argument, NULL, 'h' },
	{ "version", no_argument, NULL, 'V' },
	{ NULL, 0, NULL, 0 }
};

static const char help[] =
	"Usage: " PROGRAM " [--config FILE] [--check | --remove]\n"
	"\n"
	"Carries smallBMS boards to an MQTT broker, for Home Assistant and others. Takes\n"
	"no command from there unless the file allows it.\n"
	"\n"
	"  --config FILE      Instead of " MQTT_CONF "\n"
	"  --check            Only say whether the file is right\n"
	"  --remove           Take back all that was published, once the service is stopped\n"
	"  --sysfs-root DIR   Look for boards there instead of in /sys; for tests\n"
	"  --help, --version\n";

/**
 * struct request - the options
 * @said: help or version were printed
 */
struct request {
	struct config config;
	const char *path;
	bool check;
	bool remove;
	bool said;
};

static enum result take(struct request *request, int option, char **argv)
{
	switch (option) {
	case 'c':
		request->path = optarg;
		return DONE;
	case 'C':
		request->check = true;
		return DONE;
	case 'R':
		request->remove = true;
		return DONE;
	case 'r':
		request->config.sysfs_root = optarg;
		return DONE;
	case 'h':
		fputs(help, stdout);
		request->said = true;
		return DONE;
	case 'V':
		puts(PROGRAM " " VERSION);
		request->said = true;
		return DONE;
	case ':':
		complain(argv[optind - 1], "needs a value");
		return USAGE;
	default:
		complain(argv[optind - 1], "no such option; see '" PROGRAM " --help'");
		return USAGE;
	}
}

int main(int argc, char **argv)
{
	struct request request = {
		.config.sysfs_root = "/sys",
		.path = MQTT_CONF,
	};
	static struct settings settings;
	enum result result = DONE;
	int option;

	complain_as(PROGRAM);
	/* A connection that is lost is seen by the write that fails. */
	signal(SIGPIPE, SIG_IGN);
	opterr = 0;
	while (!result && !request.said &&
	       (option = getopt_long(argc, argv, ":", long_options, NULL)) != -1)
		result = take(&request, option, argv);
	if (!result && request.said)
		return print_finish();
	if (!result && optind < argc) {
		complain(argv[optind], "no such argument; see '" PROGRAM " --help'");
		result = USAGE;
	}
	if (!result && request.check && request.remove) {
		complain("--remove", "does not go with --check");
		result = USAGE;
	}
	/* A file that is wrong does not get right by trying again. */
	if (!result && !settings_read(request.path, &settings))
		result = USAGE;
	if (result || request.check)
		return result;
	if (request.remove)
		return bridge_remove(&settings);
	result = bridge_run(&settings, &request.config);
	/* An attempt to connect may still go on, in a thread that cannot be ended. */
	fflush(NULL);
	_exit(result);
}
