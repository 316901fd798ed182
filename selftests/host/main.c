// SPDX-License-Identifier: GPL-2.0
/*
 * Tests of the rules in driver/protection.c on the host, as KTAP.
 *
 *	protection-test [-q] [-n STEPS] SCENARIOS...
 *
 * STEPS is the length of the randomized part; 0 leaves it out. With -q the first
 * failure is the end.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests.h"

#define STEPS	2000000

static unsigned int done, failed, known;
static bool quit;

void report(bool ok, const char *title, bool todo)
{
	printf("%s %u - %s%s\n", ok ? "ok" : "not ok", ++done, title,
	       todo ? " # TODO" : "");
	fflush(stdout);
	if (!ok)
		(*(todo ? &known : &failed))++;
	if (failed && quit)
		exit(1);
}

int main(int argc, char **argv)
{
	unsigned long steps = STEPS;
	unsigned int planned = 0;
	int arg = 1;

	if (arg < argc && !strcmp(argv[arg], "-q")) {
		quit = true;
		arg++;
	}
	if (arg + 1 < argc && !strcmp(argv[arg], "-n")) {
		steps = strtoul(argv[arg + 1], NULL, 10);
		arg += 2;
	}
	if (arg >= argc) {
		fprintf(stderr, "usage: %s [-q] [-n STEPS] SCENARIOS...\n", argv[0]);
		return 2;
	}

	for (; arg < argc; arg++)
		planned += scenarios_read(argv[arg]);
	planned += glance_count();
	if (steps)
		planned += random_count();

	printf("KTAP version 1\n1..%u\n", planned);
	scenarios_run(quit);
	glance_run();
	if (steps)
		random_run(steps);
	printf("# pass:%u fail:%u todo:%u total:%u\n", done - failed - known,
	       failed, known, planned);
	return failed || done != planned;
}
