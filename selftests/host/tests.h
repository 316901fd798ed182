/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _HOST_TESTS_H
#define _HOST_TESTS_H

#include <stdbool.h>

#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))

/* player.c */
void timelines_play(void);

/* random.c: whether all went well; what did not is printed, after a '#' */
bool random_run(unsigned long steps, unsigned long long seed);

/* judge.c */
void judge_summary(void);

#endif /* _HOST_TESTS_H */
