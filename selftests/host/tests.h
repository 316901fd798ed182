/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _HOST_TESTS_H
#define _HOST_TESTS_H

#include <stdbool.h>

#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))

/* main.c: one line of KTAP; what went wrong is printed before, after a '#'. */
void report(bool ok, const char *title);

/* scenario.c */
unsigned int scenarios_read(const char *path);
void scenarios_run(bool quick);
void scenarios_print(void);

/* mistakes.c */
void mistakes_run(void);

/* random.c */
void random_run(unsigned long steps, unsigned long long seed);

/* judge.c */
void judge_summary(void);

#endif /* _HOST_TESTS_H */
