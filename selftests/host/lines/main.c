// SPDX-License-Identifier: GPL-2.0
/*
 * Tests of the driver's I/O files on the host, as KTAP.
 *
 *	lines-test [-q]
 *
 * With -q the first failure ends the run.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../lib/ktap.h"
#include "check.h"

static bool quit, good;

void check(bool ok, const char *what, const char *file, int line)
{
	if (ok)
		return;
	printf("# %s:%d: not so: %s\n", file, line, what);
	if (quit)
		exit(1);
	good = false;
}

/* Put lines on another chip. */
void move(unsigned int first, unsigned int count, struct gpio_chip *chip)
{
	unsigned int n;

	for (n = first; n < first + count; n++)
		gpios[n].chip = chip;
}

static void run(const struct test *test)
{
	for (; test->run; test++) {
		good = true;
		misused = false;
		locks_held = 0;
		single_reads = 0;
		mixed_reads = 0;
		gpiolib_reset();
		test->run();
		CHECK(!misused && !locks_held);
		CHECK(!single_reads && !mixed_reads);
		ktap_result(good, test->title);
	}
}

int main(int argc, char **argv)
{
	quit = argc > 1 && !strcmp(argv[1], "-q");
	setbuf(stdout, NULL);
	ktap_begin(0);
	run(inputs_tests);
	run(edges_tests);
	run(outputs_tests);
	run(caches_tests);
	run(heartbeat_tests);
	return ktap_end();
}
