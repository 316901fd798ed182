/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _SMALLBMS_SENSE_H
#define _SMALLBMS_SENSE_H

#include "outputs.h"

/**
 * struct sense - the terminals, as the sense lines show them (F3)
 * @mismatch: outputs whose terminal does not follow
 * @shorted: outputs that are kept low because their terminal was
 * @driven: outputs that were high at the last look
 * @driven_since: when an output's bit in @driven last changed, ns
 * @shorted_since: when an output was last released, ns
 * @shorts: times in a row that an output was found shorted
 */
struct sense {
	u32 mismatch;
	u32 shorted;
	u32 driven;
	u64 driven_since[OUTPUTS];
	u64 shorted_since[OUTPUTS];
	unsigned int shorts[OUTPUTS];
};

void sense_look(struct sense *s, u32 driven, u32 sense, u32 known, u64 now);
u64 sense_next(const struct sense *s, u32 fitted, u64 now);

#endif /* _SMALLBMS_SENSE_H */
