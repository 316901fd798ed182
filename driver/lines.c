// SPDX-License-Identifier: GPL-2.0
/* Names of lines, conditions and reasons; the numbers are in lines.h. */
#include <linux/errno.h>
#include <linux/kernel.h>

#include "lines.h"

static const char * const condition_names[CONDITION_COUNT] = {
	[INPUT_CELL_LOW] = "cell-low",
	[INPUT_CELL_UNDERVOLTAGE] = "cell-undervoltage",
	[INPUT_CELL_OVERVOLTAGE] = "cell-overvoltage",
	[INPUT_OVER_TEMPERATURE] = "over-temperature",
	[INPUT_UNDER_TEMPERATURE] = "under-temperature",
	[INPUT_CHARGE_INHIBIT] = "charge-inhibit",
	[INPUT_REMOTE_L] = "remote-l",
	[INPUT_REMOTE_H] = "remote-h",
	[INPUT_REMOTE_LOOP] = "remote-loop",
	[INPUT_COUNT] = "io-error",
	[INPUT_COUNT + 1] = "sense-mismatch",
	[INPUT_COUNT + 2] = "implausible",
	[INPUT_COUNT + 3] = "voltage-out-of-range",
};

static const char * const output_names[OUTPUT_COUNT] = {
	"load", "charge", "pre-alarm",
};

static const char * const reason_names[REASON_INPUT] = {
	[REASON_NONE] = "none",
	[REASON_TERMINALS] = "terminals",
	[REASON_REMOTE] = "remote",
	[REASON_USER] = "user",
	[REASON_IO_ERROR] = "io-error",
	[REASON_SENSE_MISMATCH] = "sense-mismatch",
	[REASON_REQUEST_OFF] = "request-off",
	[REASON_REQUEST_SHED] = "request-shed",
	[REASON_SOC_FLOOR] = "soc-floor",
};

/**
 * is_bus_error() - a bus that is dead at the start says nothing of the chip on it (F0)
 * @error: a negative errno
 *
 * Return: whether it makes sense to try again.
 */
bool is_bus_error(int error)
{
	return error == -EREMOTEIO || error == -ENXIO || error == -ETIMEDOUT ||
	       error == -EAGAIN;
}

/**
 * input_name() - name of a line: its property without "-gpios", its condition
 * @input: &enum input
 */
const char *input_name(unsigned int input)
{
	return condition_names[input];
}

/**
 * output_name() - name of an output: its property without "-gpios"
 * @output: number of its bit, below %OUTPUT_COUNT
 */
const char *output_name(unsigned int output)
{
	return output_names[output];
}

/**
 * reason_name() - name of a reason, as in sysfs
 * @reason: &enum reason
 */
const char *reason_name(u32 reason)
{
	return reason < REASON_INPUT ? reason_names[reason] :
				       input_name(reason - REASON_INPUT);
}

/**
 * conditions_print() - print conditions, as in sysfs
 * @conditions: bits of &enum input, and CONDITION_*
 * @buf: filled in: names separated by blanks, or "none"
 * @size: size of @buf in bytes
 *
 * Return: the length of the text.
 */
int conditions_print(u32 conditions, char *buf, size_t size)
{
	unsigned int n;
	int len = 0;

	if (!conditions)
		return scnprintf(buf, size, "none");
	for (n = 0; n < CONDITION_COUNT; n++)
		if (conditions & BIT(n))
			len += scnprintf(buf + len, size - len, "%s%s",
					 len ? " " : "", condition_names[n]);
	return len;
}
