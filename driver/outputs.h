/* SPDX-License-Identifier: GPL-2.0 */
/* The lines that the board drives: write, read back, retry, release (F1, F3). */
#ifndef _SMALLBMS_OUTPUTS_H
#define _SMALLBMS_OUTPUTS_H

#include "lines.h"

struct device;
struct gpio_desc;

/**
 * struct outputs - the lines that the board drives
 * @desc: GPIOs of load, charge and pre-alarm, by the number of their bit; the
 *	last is NULL where it is not fitted
 * @fitted: those that are
 * @readable: those whose chip reports the level of a driven pin, as far as is known
 * @sleeping: those whose chip sleeps
 * @sleeps: writing some of them may sleep
 * @unconfirmed: outputs whose last write failed or was not confirmed (F3)
 * @out_of_sync: outputs that were found at another level than they were written
 * @floated: outputs that read high after they were written low, and were made inputs
 *	(F8); until they are driven again
 * @attempts: consecutive writes that left an output unconfirmed
 */
struct outputs {
	struct gpio_desc *desc[OUTPUT_COUNT];
	u32 fitted;
	u32 readable;
	u32 sleeping;
	bool sleeps;
	u32 unconfirmed;
	u32 out_of_sync;
	u32 floated;
	unsigned int attempts;
};

int outputs_get(struct device *dev, struct outputs *out);
u32 outputs_read_initial(struct outputs *out);
int outputs_claim(struct device *dev, struct outputs *out, u32 found);
u32 outputs_check_readback(struct outputs *out, u32 actual, u32 back, u32 known);
u32 outputs_write(struct outputs *out, u32 actual, u32 requested, int *error);
u64 outputs_retry_in_ns(const struct outputs *out);
bool outputs_failing(const struct outputs *out);
u32 outputs_release(struct device *dev, struct outputs *out);
void outputs_release_atomic(struct outputs *out);

#endif /* _SMALLBMS_OUTPUTS_H */
