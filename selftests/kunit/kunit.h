/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _SMALLBMS_KUNIT_H
#define _SMALLBMS_KUNIT_H

#include <kunit/test.h>

#include "board.h"

/* A case whose name is a sentence */
#define CASE(function, sentence)					\
	{ .run_case = function, .name = sentence, .module_name = KBUILD_MODNAME }

/* A board without lines, which takes no turns: what it tells is up to the test. */
struct board *kunit_board(struct kunit *test);

/* The same, with a thread, as if one of its lines did sleep. */
struct board *kunit_sleeping_board(struct kunit *test);

#endif /* _SMALLBMS_KUNIT_H */
