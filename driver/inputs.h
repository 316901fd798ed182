/* SPDX-License-Identifier: GPL-2.0 */
/* The lines that the board reads, grouped by chip: one array read a chip (F8). */
#ifndef _SMALLBMS_INPUTS_H
#define _SMALLBMS_INPUTS_H

#include "debounce.h"

struct device;
struct gpio_desc;

/*
 * Beside the lines of &enum input, a scan reads each output's own pin and the
 * sense line of its terminal (F3) in the same transfers.
 */
#define INPUTS_BACK			INPUT_COUNT
#define INPUTS_SENSE			(INPUTS_BACK + OUTPUT_COUNT)
#define INPUTS_MAX			(INPUTS_SENSE + OUTPUT_COUNT)

/**
 * struct inputs - the lines that the board reads
 * @count: number of lines
 * @line: what each line is: &enum input, or %INPUTS_BACK or %INPUTS_SENSE plus
 *	the number of an output
 * @desc: their GPIOs, in the same order; those of one chip are neighbours
 * @chips: number of chips
 * @chip: first line and number of lines of each chip
 * @fitted: the same lines, as bits
 * @active_high: those that are active when they are high
 * @pending: those that could not be made inputs yet, as their bus is dead (F0)
 * @sleeps: reading a line may sleep
 */
struct inputs {
	unsigned int count;
	unsigned int line[INPUTS_MAX];
	struct gpio_desc *desc[INPUTS_MAX];
	unsigned int chips;
	struct {
		unsigned int first;
		unsigned int count;
	} chip[INPUTS_MAX];
	u32 fitted;
	u32 active_high;
	u32 pending;
	bool sleeps;
};

/**
 * struct inputs_scan - the result of one scan of all lines
 * @sample: for debounce_update(); its edges come from edges_take()
 * @back: outputs whose pin reads high
 * @back_known: outputs whose pin was readable
 * @sense: outputs whose terminal reads high
 * @sense_known: outputs whose terminal was readable
 */
struct inputs_scan {
	struct debounce_sample sample;
	u32 back;
	u32 back_known;
	u32 sense;
	u32 sense_known;
};

const char *inputs_line_name(unsigned int line);
int inputs_get(struct device *dev, struct inputs *in);
void inputs_add_back(struct inputs *in, struct gpio_desc * const *outputs,
		     u32 readable);
int inputs_read(struct inputs *in, struct inputs_scan *scan);
int inputs_peek(const struct inputs *in, unsigned int line, u32 levels,
		struct inputs_scan *scan);

#endif /* _SMALLBMS_INPUTS_H */
