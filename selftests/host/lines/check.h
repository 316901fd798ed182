/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _HOST_LINES_CHECK_H
#define _HOST_LINES_CHECK_H

#include "gpiolib.h"

#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))
#define MS		1000000ULL

/* Inputs and outputs as bits: literals */
#define LINES		0x1ffU		/* all of enum input */
#define ALL		(LINES | 7U << 12)	/* ... and the sense lines */
#define UNDERVOLTAGE	0x002U
#define OVERVOLTAGE	0x004U
#define LOOP		0x100U
#define LOAD		0x1U
#define CHARGE		0x2U
#define PRE_ALARM	0x4U

struct test {
	void (*run)(void);
	const char *title;
};

extern const struct test inputs_tests[], edges_tests[], outputs_tests[],
	caches_tests[], heartbeat_tests[];

#define CHECK(what)	check(what, #what, __FILE__, __LINE__)
void check(bool good, const char *what, const char *file, int line);

void move(unsigned int first, unsigned int count, struct gpio_chip *chip);

/* GPIO of an output: of load, charge or pre-alarm */
static inline struct gpio_desc *output(unsigned int n)
{
	return &gpios[GPIO_OUTPUTS + n];
}

#endif /* _HOST_LINES_CHECK_H */
