/* SPDX-License-Identifier: GPL-2.0 */
/* Results of tests, as KTAP on stdout; for the one file of a program that prints them. */
#ifndef _SELFTESTS_KTAP_H
#define _SELFTESTS_KTAP_H

#include <stdbool.h>
#include <stdio.h>

static struct {
	unsigned int planned, count, failed;
} ktap;

/* @planned: the number of results; 0 if it is not known yet */
static inline void ktap_begin(unsigned int planned)
{
	ktap.planned = planned;
	puts("KTAP version 1");
	if (planned)
		printf("1..%u\n", planned);
	fflush(stdout);
}

/* What went wrong is printed before, after a '#'. */
static inline void ktap_result(bool good, const char *title)
{
	printf("%s %u - %s\n", good ? "ok" : "not ok", ++ktap.count, title);
	fflush(stdout);
	ktap.failed += !good;
}

/* The exit status */
static inline int ktap_end(void)
{
	if (!ktap.planned)
		printf("1..%u\n", ktap.count);
	return ktap.failed || !ktap.count ||
	       (ktap.planned && ktap.count != ktap.planned);
}

#endif /* _SELFTESTS_KTAP_H */
