/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _HOST_LINES_H
#define _HOST_LINES_H

#include <linux/interrupt.h>

#include "inputs.h"
#include "outputs.h"

#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))
#define MS		1000000ULL

/* Outputs and lines as bits: literals */
#define LOAD		0x1U
#define CHARGE		0x2U
#define PRE_ALARM	0x4U

struct test {
	void (*run)(void);
	const char *title;
};

extern const struct test inputs_tests[], outputs_tests[];

#define CHECK(what)	check(what, #what, __FILE__, __LINE__)
void check(bool good, const char *what, const char *file, int line);

/* The GPIOs of the outputs: of load, charge and pre-alarm */
static inline struct gpio_desc *output(unsigned int n)
{
	return &gpios[GPIOS + n];
}

#endif /* _HOST_LINES_H */
