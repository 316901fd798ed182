/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _SMALLBMS_OUTPUTS_H
#define _SMALLBMS_OUTPUTS_H

#include "protection.h"

struct device;
struct gpio_desc;

#define OUTPUTS		3

/**
 * struct outputs - the lines that the board drives
 * @desc: GPIOs of load, charge and pre-alarm, in the order of the bits
 *	%PROTECTION_LOAD, ...; the last is NULL where it is not fitted
 * @fitted: those that are
 * @readable: those whose chip can tell the level of a driven pin
 * @sleeps: writing them may sleep
 * @unsure: outputs whose last write failed or was not confirmed (F3)
 * @lost: outputs that were found at another level than they were written
 * @attempts: writes in a row that left something unsure
 */
struct outputs {
	struct gpio_desc *desc[OUTPUTS];
	u32 fitted;
	u32 readable;
	bool sleeps;
	u32 unsure;
	u32 lost;
	unsigned int attempts;
};

int outputs_get(struct device *dev, struct outputs *out);
u32 outputs_found(struct outputs *out);
int outputs_take_over(struct device *dev, const struct outputs *out, u32 found);
u32 outputs_compare(struct outputs *out, u32 have, u32 back, u32 known);
u32 outputs_drive(struct outputs *out, u32 have, u32 wanted, int *error);
u64 outputs_retry_in_ns(const struct outputs *out);
bool outputs_failing(const struct outputs *out);
int outputs_release(const struct outputs *out);
void outputs_let_go(struct outputs *out, u32 mask);
void outputs_release_atomic(const struct outputs *out);

#endif /* _SMALLBMS_OUTPUTS_H */
