/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Numbers and names of the board's lines, of the conditions that it reports, and
 * of the reasons why an output floats. Pure: no device, lock or clock.
 */
#ifndef _SMALLBMS_LINES_H
#define _SMALLBMS_LINES_H

#include <linux/bits.h>
#include <linux/types.h>

/* A time or a delay in ns: never. */
#define NEVER				(~(u64)0)

/**
 * enum input - the lines that report to the board
 * @INPUT_CELL_LOW: a cell is below its pre-alarm threshold
 * @INPUT_CELL_UNDERVOLTAGE: a cell is below its load-disconnect threshold
 * @INPUT_CELL_OVERVOLTAGE: a cell is above its charge-disconnect threshold
 * @INPUT_OVER_TEMPERATURE: a battery is too hot to be charged
 * @INPUT_UNDER_TEMPERATURE: a battery is too cold to be charged
 * @INPUT_CHARGE_INHIBIT: any of the last three, on one line
 * @INPUT_REMOTE_L: terminal L is at battery minus (M1)
 * @INPUT_REMOTE_H: terminal H is high (M1)
 * @INPUT_REMOTE_LOOP: L and H are joined (M1)
 * @INPUT_COUNT: number of lines
 */
enum input {
	INPUT_CELL_LOW,
	INPUT_CELL_UNDERVOLTAGE,
	INPUT_CELL_OVERVOLTAGE,
	INPUT_OVER_TEMPERATURE,
	INPUT_UNDER_TEMPERATURE,
	INPUT_CHARGE_INHIBIT,
	INPUT_REMOTE_L,
	INPUT_REMOTE_H,
	INPUT_REMOTE_LOOP,
	INPUT_COUNT
};

#define INPUTS_ALL			GENMASK(INPUT_COUNT - 1, 0)

/* C1: the conditions that disconnect charge. */
#define INPUTS_CHARGE_FAULTS						\
	(BIT(INPUT_CELL_OVERVOLTAGE) | BIT(INPUT_OVER_TEMPERATURE) |	\
	 BIT(INPUT_UNDER_TEMPERATURE) | BIT(INPUT_CHARGE_INHIBIT))

/* L1: the conditions that raise the pre-alarm. */
#define INPUTS_PRE_ALARM						\
	(BIT(INPUT_CELL_LOW) | BIT(INPUT_CELL_UNDERVOLTAGE))

#define INPUTS_CONDITIONS		(INPUTS_PRE_ALARM | INPUTS_CHARGE_FAULTS)

/* M1 */
#define INPUTS_REMOTE							\
	(BIT(INPUT_REMOTE_L) | BIT(INPUT_REMOTE_H) | BIT(INPUT_REMOTE_LOOP))

/* Outputs, as bits. Set means high; 0 is the safe state of each (F1). */
#define OUTPUT_LOAD			BIT(0)	/* O1: 0 disconnects the loads */
#define OUTPUT_CHARGE			BIT(1)	/* O2: 0 disconnects the chargers */
#define OUTPUT_PRE_ALARM		BIT(2)	/* O3: 0 is silent */
#define OUTPUT_COUNT			3
#define OUTPUTS_ALL			GENMASK(OUTPUT_COUNT - 1, 0)

/*
 * Conditions are reported as bits: those of the lines, by &enum input, and some
 * that the board finds out itself.
 */
#define CONDITION_IO_ERROR		BIT(INPUT_COUNT)	/* F2, F3 */
#define CONDITION_SENSE_MISMATCH	BIT(INPUT_COUNT + 1)	/* F3 */
#define CONDITION_IMPLAUSIBLE		BIT(INPUT_COUNT + 2)	/* F4 */
#define CONDITION_VOLTAGE		BIT(INPUT_COUNT + 3)	/* B3 */
#define CONDITION_COUNT			(INPUT_COUNT + 4)

/**
 * enum reason - why an output floats
 * @REASON_NONE: it is high
 * @REASON_TERMINALS: the remote terminals are OFF (M1)
 * @REASON_REMOTE: the software remote is OFF (M2)
 * @REASON_USER: the user inhibits charging (C4)
 * @REASON_IO_ERROR: an input cannot be read, or the output not written (F2, F3)
 * @REASON_SENSE_MISMATCH: its terminal is shorted (F3)
 * @REASON_REQUEST_OFF: it was requested to be off (S1)
 * @REASON_REQUEST_SHED: it was requested to be shed (S1)
 * @REASON_SOC_FLOOR: the state of charge was at or below the floor (S2)
 * @REASON_INPUT: plus an &enum input, that condition
 */
enum reason {
	REASON_NONE,
	REASON_TERMINALS,
	REASON_REMOTE,
	REASON_USER,
	REASON_IO_ERROR,
	REASON_SENSE_MISMATCH,
	REASON_REQUEST_OFF,
	REASON_REQUEST_SHED,
	REASON_SOC_FLOOR,
	REASON_INPUT,
};

bool is_bus_error(int error);
const char *input_name(unsigned int input);
const char *output_name(unsigned int output);
const char *reason_name(u32 reason);
int conditions_print(u32 conditions, char *buf, size_t size);

#endif /* _SMALLBMS_LINES_H */
