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
 * @sleeps: writing them may sleep
 */
struct outputs {
	struct gpio_desc *desc[OUTPUTS];
	bool sleeps;
};

int outputs_get(struct device *dev, struct outputs *out);
u32 outputs_found(const struct outputs *out);
int outputs_take_over(struct device *dev, const struct outputs *out, u32 found);
int outputs_write(const struct outputs *out, u32 changed, u32 wanted);
int outputs_release(const struct outputs *out);

#endif /* _SMALLBMS_OUTPUTS_H */
