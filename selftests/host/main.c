// SPDX-License-Identifier: GPL-2.0
/*
 * Tests of the driver's scan cycle and rules on the host, as KTAP.
 *
 *	scan-test [-n STEPS] [-s SEED]
 *	scan-test play <TIMELINES
 *
 * The first runs at random, for so many STEPS. SEED selects what happens; the
 * environment variable SEED does so as well. The second prints what happens in
 * timelines: see player.c.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../lib/ktap.h"
#include "tests.h"

#define STEPS	300000
#define SEED	1

static void __attribute__((noreturn)) usage(const char *name)
{
	fprintf(stderr,
		"usage: %s [-n STEPS] [-s SEED]\n"
		"       %s play <TIMELINES\n", name, name);
	exit(2);
}

static unsigned long long number(const char *text, const char *name)
{
	char *end;
	unsigned long long n = strtoull(text, &end, 0);

	if (end == text || *end)
		usage(name);
	return n;
}

int main(int argc, char **argv)
{
	const char *seed_text = getenv("SEED");
	unsigned long long seed = SEED;
	unsigned long steps = STEPS;
	int option;

	if (seed_text && *seed_text)
		seed = number(seed_text, argv[0]);
	if (argc == 2 && !strcmp(argv[1], "play")) {
		timelines_play();
		judge_summary();
		return 0;
	}
	while ((option = getopt(argc, argv, "n:s:")) != -1) {
		switch (option) {
		case 'n':
			steps = number(optarg, argv[0]);
			break;
		case 's':
			seed = number(optarg, argv[0]);
			break;
		default:
			usage(argv[0]);
		}
	}
	if (optind < argc)
		usage(argv[0]);

	ktap_begin(1);
	ktap_result(random_run(steps, seed),
		    "T1 T5: At random, the rules are kept, and cycles make progress and end");
	judge_summary();
	return ktap_end();
}
