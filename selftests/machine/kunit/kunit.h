/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Unit tests of the observers, with a core whose state is up to the test (core.c),
 * and with some of the kernel's functions under its control (inject.h).
 */
#ifndef _SMALLBMS_KUNIT_H
#define _SMALLBMS_KUNIT_H

#include <kunit/test.h>

#include "core.h"
#include "measurements.h"
#include "observers.h"

/* A case whose name is a sentence */
#define CASE(function, sentence)					\
	{ .run_case = function, .name = sentence, .module_name = KBUILD_MODNAME }

/* core.c */
extern const struct core_stats fake_core_stats;

struct core *fake_core(struct kunit *test);
void fake_core_publish(struct core *c, const struct snapshot *s, unsigned int n);
void fake_core_set(struct core *c, const struct snapshot *s);
void fake_core_times(struct core *c, struct snapshot_times times);
int fake_core_soc(const struct core *c);
bool fake_core_is_observed(const struct core *c);

/* board.c */
struct board *fake_board(struct kunit *test);
struct device_attribute *find_attribute(const struct board *b, const char *folder,
					const char *name);
ssize_t store_in(struct kunit *test, struct board *b, const char *folder,
		 const char *name, const char *text);
void expect_shown_in(struct kunit *test, struct board *b, const char *folder,
		     const char *name, const char *text);
void publish_board(struct board *b, const struct snapshot *s);
void expect_atomic(struct kunit *test, struct board *b,
		   int (*attach)(struct board *b),
		   void (*expect_nothing)(struct kunit *test, struct board *b));

#endif /* _SMALLBMS_KUNIT_H */
