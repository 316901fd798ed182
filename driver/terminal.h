/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Terminal feedback: sense lines against outputs (F3). Pure, like debounce.h.
 */
#ifndef _SMALLBMS_TERMINAL_H
#define _SMALLBMS_TERMINAL_H

#include "lines.h"

/**
 * struct terminal - the terminals of one board; zeroed at first
 * @mismatch: outputs whose terminal does not follow
 * @shorted: outputs that are kept low because their terminal was low when driven
 * @driven: outputs that are high, since @driven_since
 * @settling: outputs whose terminal has not been checked since then
 * @driven_since: last change of an output's bit in @driven, ns
 * @shorted_since: last release of an output because of a short, ns
 * @shorts: consecutive shorts of an output
 */
struct terminal {
	u32 mismatch;
	u32 shorted;
	u32 driven;
	u32 settling;
	u64 driven_since[OUTPUT_COUNT];
	u64 shorted_since[OUTPUT_COUNT];
	unsigned int shorts[OUTPUT_COUNT];
};

void terminal_driven(struct terminal *t, u32 driven, u64 now);
void terminal_check(struct terminal *t, u32 sense, u32 known, u64 now);
u64 terminal_next(const struct terminal *t, u32 fitted, u64 now);

#endif /* _SMALLBMS_TERMINAL_H */
