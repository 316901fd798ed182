// SPDX-License-Identifier: GPL-2.0
/*
 * Tests of the rules in driver/protection.c on the host, as KTAP.
 *
 *	protection-test [-n STEPS] SCENARIOS...
 *
 * STEPS is the length of the randomized part; 0 leaves it out.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests.h"

#define STEPS	2000000

static unsigned int done, failed, known;

void report(bool ok, const char *title, bool todo)
{
	printf("%s %u - %s%s\n", ok ? "ok" : "not ok", ++done, title,
	       todo ? " # TODO" : "");
	fflush(stdout);
	if (!ok)
		(*(todo ? &known : &failed))++;
}

int main(int argc, char **argv)
{
	unsigned long steps = STEPS;
	unsigned int planned = 0;
	int arg = 1;

	if (argc > 2 && !strcmp(argv[1], "-n")) {
		steps = strtoul(argv[2], NULL, 10);
		arg = 3;
	}
	if (arg >= argc) {
		fprintf(stderr, "usage: %s [-n STEPS] SCENARIOS...\n", argv[0]);
		return 2;
	}

	for (; arg < argc; arg++)
		planned += scenarios_read(argv[arg]);
	if (steps)
		planned += random_count();

	printf("KTAP version 1\n1..%u\n", planned);
	scenarios_run();
	if (steps)
		random_run(steps);
	printf("# pass:%u fail:%u todo:%u total:%u\n", done - failed - known,
	       failed, known, planned);
	return failed || done != planned;
}
