/* SPDX-License-Identifier: GPL-2.0 */
/*
 * VE.Direct, the text protocol of Victron's battery monitors: byte in, block out.
 * Needs nothing but a compiler: no library, no allocation, no clock.
 *
 * A block is fields, "\r\nLABEL\tVALUE", of which the last is "\r\nChecksum\t" and one
 * byte that makes the sum of the block's bytes 0 modulo 256. That sum is weak, so
 * the form of each field and the range of each known value must be right as well.
 * HEX messages, from ':' to the end of the line, may come anywhere but before the
 * checksum's byte; they are no part of the block.
 */
#ifndef VEDIRECT_H
#define VEDIRECT_H

#include <stdbool.h>
#include <stdint.h>

/* Limits of the protocol */
#define VEDIRECT_FIELDS_MAX 22
#define VEDIRECT_LABEL_MAX 8
#define VEDIRECT_VALUE_MAX 32

/**
 * enum vedirect_label - what is known of the labels; the unit of the value
 */
enum vedirect_label {
	VEDIRECT_PID,		/* which product it is */
	VEDIRECT_V,		/* mV */
	VEDIRECT_VS,		/* mV, starter battery */
	VEDIRECT_VM,		/* mV, mid-point */
	VEDIRECT_DM,		/* 0.1 %, how far the mid-point is off */
	VEDIRECT_I,		/* mA, positive charges */
	VEDIRECT_P,		/* W */
	VEDIRECT_T,		/* degrees Celsius */
	VEDIRECT_CE,		/* mAh, negative: taken out */
	VEDIRECT_SOC,		/* 0.1 % */
	VEDIRECT_TTG,		/* min, -1: infinite */
	VEDIRECT_ALARM,		/* 0 or 1, as all that is on or off */
	VEDIRECT_RELAY,
	VEDIRECT_AR,		/* bits: why there is an alarm */
	VEDIRECT_H1,		/* mAh, deepest discharge */
	VEDIRECT_H2,		/* mAh, last discharge */
	VEDIRECT_H3,		/* mAh, average discharge */
	VEDIRECT_H4,		/* cycles */
	VEDIRECT_H5,		/* full discharges */
	VEDIRECT_H6,		/* mAh drawn in total */
	VEDIRECT_H7,		/* mV, lowest */
	VEDIRECT_H8,		/* mV, highest */
	VEDIRECT_H9,		/* s since it was full */
	VEDIRECT_H10,		/* synchronisations */
	VEDIRECT_H11,		/* alarms: low voltage */
	VEDIRECT_H12,		/* high voltage */
	VEDIRECT_H13,		/* low, high voltage of the starter battery */
	VEDIRECT_H14,
	VEDIRECT_H15,		/* mV, lowest, highest of the starter battery */
	VEDIRECT_H16,
	VEDIRECT_H17,		/* 0.01 kWh, discharged */
	VEDIRECT_H18,		/* 0.01 kWh, charged */
	VEDIRECT_MON,		/* 0: monitors a battery */
	VEDIRECT_LABELS
};

enum vedirect_counter {
	VEDIRECT_BLOCKS,		/* accepted */
	VEDIRECT_TEXT_CHECKSUM,		/* refused: the sum is wrong */
	VEDIRECT_TEXT_PARSE,		/* the form is */
	VEDIRECT_TEXT_RANGE,		/* a value is */
	VEDIRECT_TEXT_UNFINISHED,	/* another block began within it */
	VEDIRECT_HEX,			/* whole HEX messages */
	VEDIRECT_HEX_CHECKSUM,
	VEDIRECT_HEX_INVALID,		/* ended by what is no HEX */
	VEDIRECT_HEX_UNFINISHED,	/* cut off, or without end */
	VEDIRECT_COUNTERS
};

/**
 * struct vedirect_block - what a block says
 * @present: a bit for each known label that it has
 * @known: those of them that have a value; "---" stands for none
 */
struct vedirect_block {
	uint64_t present;
	uint64_t known;
	int64_t value[VEDIRECT_LABELS];
};

/**
 * struct vedirect - a wire, and the block that comes in
 * @counters: for the caller to read
 * @block: whole when vedirect_byte() returns true, until the next byte
 * @state: where in a line the last byte was
 * @hunting: the block is refused, or was not seen from its beginning
 * @fields: so many began
 * @label: of the field that comes in; VEDIRECT_LABELS: not a known one
 * @sum: of the block, @line_sum: of the line
 * @hex_digits: of the HEX message
 */
struct vedirect {
	uint32_t counters[VEDIRECT_COUNTERS];
	struct vedirect_block block;
	enum {
		VEDIRECT_JUNK,
		VEDIRECT_BETWEEN,	/* blocks */
		VEDIRECT_LINE,		/* "\r" was there */
		VEDIRECT_IN_LABEL,
		VEDIRECT_IN_VALUE,
		VEDIRECT_IN_CHECKSUM,
	} state;
	bool hunting;
	uint8_t fields;
	uint8_t length;
	uint8_t sum;
	uint8_t line_sum;
	enum vedirect_label label;
	char text[VEDIRECT_VALUE_MAX];
	enum {
		VEDIRECT_NO_HEX,
		VEDIRECT_IN_HEX,
		VEDIRECT_HEX_OVER,	/* unless a line's end follows */
	} hex;
	uint8_t hex_digits;
	uint8_t hex_sum;
};

void vedirect_init(struct vedirect *wire);
bool vedirect_byte(struct vedirect *wire, uint8_t byte);
void vedirect_interrupt(struct vedirect *wire);
const char *vedirect_name(enum vedirect_label label);
const char *vedirect_counter_name(enum vedirect_counter counter);

static inline bool vedirect_has(const struct vedirect_block *block,
				enum vedirect_label label)
{
	return block->present >> label & 1;
}

static inline bool vedirect_knows(const struct vedirect_block *block,
				  enum vedirect_label label)
{
	return block->known >> label & 1;
}

#endif /* VEDIRECT_H */
