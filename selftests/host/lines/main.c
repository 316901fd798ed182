// SPDX-License-Identifier: GPL-2.0
/*
 * Tests of driver/inputs.c and driver/outputs.c on the host, as KTAP.
 *
 *	lines-test [-q]
 *
 * With -q the first failure is the end.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lines.h"

static bool quit, good;
static unsigned int count, failed;

void check(bool ok, const char *what, const char *file, int line)
{
	if (ok)
		return;
	printf("# %s:%d: not so: %s\n", file, line, what);
	if (quit)
		exit(1);
	good = false;
}

static void run(const struct test *test)
{
	for (; test->run; test++) {
		good = true;
		gpiolib_reset();
		test->run();
		printf("%s %u - %s\n", good ? "ok" : "not ok", ++count,
		       test->title);
		failed += !good;
	}
}

int main(int argc, char **argv)
{
	quit = argc > 1 && !strcmp(argv[1], "-q");
	setbuf(stdout, NULL);
	puts("KTAP version 1");
	run(inputs_tests);
	run(outputs_tests);
	printf("1..%u\n", count);
	return failed || !count;
}
