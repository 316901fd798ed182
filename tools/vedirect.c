// SPDX-License-Identifier: GPL-2.0
/*
 * VE.Direct: byte in, block out. Two layers: HEX messages are taken out of the bytes,
 * and the rest is read line by line.
 */
#include "vedirect.h"

/* Longer ones are none; the longest that is known has some 80. */
#define HEX_DIGITS_MAX 200
/* What nibble and bytes of a HEX message add up to */
#define HEX_SUM 0x55
/* Some firmware ends a HEX message with it, and not with the line. */
#define HEX_END 0xfe
#define DIGITS_MAX 12

enum kind {
	NUMBER,		/* or "---" */
	SWITCH,		/* ON, OFF */
	PRODUCT,	/* 0x and digits */
};

/*
 * Far beyond any real value, as a block is lost that has another: the high-voltage
 * model measures up to 385 V, and the largest shunt 10000 A.
 */
#define CHARGE_MAX 100000000LL		/* mAh */
#define VOLTAGE_MIN (-100000)		/* mV */
#define VOLTAGE_MAX 400000
#define COUNT_MAX 4294967295LL

static const struct {
	const char *name;
	enum kind kind;
	int64_t min;
	int64_t max;
} labels[VEDIRECT_LABELS] = {
	[VEDIRECT_PID] = { "PID", PRODUCT, 0, 0xffff },
	[VEDIRECT_V] = { "V", NUMBER, VOLTAGE_MIN, VOLTAGE_MAX },
	[VEDIRECT_VS] = { "VS", NUMBER, VOLTAGE_MIN, VOLTAGE_MAX },
	[VEDIRECT_VM] = { "VM", NUMBER, VOLTAGE_MIN, VOLTAGE_MAX },
	[VEDIRECT_DM] = { "DM", NUMBER, -1000, 1000 },
	[VEDIRECT_I] = { "I", NUMBER, -10000000, 10000000 },
	[VEDIRECT_P] = { "P", NUMBER, -4000000, 4000000 },
	[VEDIRECT_T] = { "T", NUMBER, -100, 200 },
	[VEDIRECT_CE] = { "CE", NUMBER, -CHARGE_MAX, CHARGE_MAX },
	[VEDIRECT_SOC] = { "SOC", NUMBER, 0, 1000 },
	[VEDIRECT_TTG] = { "TTG", NUMBER, -1, 100000 },
	[VEDIRECT_ALARM] = { "Alarm", SWITCH, 0, 1 },
	[VEDIRECT_RELAY] = { "Relay", SWITCH, 0, 1 },
	[VEDIRECT_AR] = { "AR", NUMBER, 0, 0xffff },
	[VEDIRECT_H1] = { "H1", NUMBER, -CHARGE_MAX, CHARGE_MAX },
	[VEDIRECT_H2] = { "H2", NUMBER, -CHARGE_MAX, CHARGE_MAX },
	[VEDIRECT_H3] = { "H3", NUMBER, -CHARGE_MAX, CHARGE_MAX },
	[VEDIRECT_H4] = { "H4", NUMBER, 0, COUNT_MAX },
	[VEDIRECT_H5] = { "H5", NUMBER, 0, COUNT_MAX },
	[VEDIRECT_H6] = { "H6", NUMBER, -CHARGE_MAX * 1000, CHARGE_MAX * 1000 },
	[VEDIRECT_H7] = { "H7", NUMBER, VOLTAGE_MIN, VOLTAGE_MAX },
	[VEDIRECT_H8] = { "H8", NUMBER, VOLTAGE_MIN, VOLTAGE_MAX },
	[VEDIRECT_H9] = { "H9", NUMBER, 0, COUNT_MAX },
	[VEDIRECT_H10] = { "H10", NUMBER, 0, COUNT_MAX },
	[VEDIRECT_H11] = { "H11", NUMBER, 0, COUNT_MAX },
	[VEDIRECT_H12] = { "H12", NUMBER, 0, COUNT_MAX },
	[VEDIRECT_H13] = { "H13", NUMBER, 0, COUNT_MAX },
	[VEDIRECT_H14] = { "H14", NUMBER, 0, COUNT_MAX },
	[VEDIRECT_H15] = { "H15", NUMBER, VOLTAGE_MIN, VOLTAGE_MAX },
	[VEDIRECT_H16] = { "H16", NUMBER, VOLTAGE_MIN, VOLTAGE_MAX },
	[VEDIRECT_H17] = { "H17", NUMBER, 0, COUNT_MAX },
	[VEDIRECT_H18] = { "H18", NUMBER, 0, COUNT_MAX },
	[VEDIRECT_MON] = { "MON", NUMBER, -128, 127 },
};

static const char * const counter_names[VEDIRECT_COUNTERS] = {
	[VEDIRECT_BLOCKS] = "blocks",
	[VEDIRECT_TEXT_CHECKSUM] = "text_checksum",
	[VEDIRECT_TEXT_PARSE] = "text_parse",
	[VEDIRECT_TEXT_RANGE] = "text_range",
	[VEDIRECT_TEXT_UNFINISHED] = "text_unfinished",
	[VEDIRECT_HEX] = "hex",
	[VEDIRECT_HEX_CHECKSUM] = "hex_checksum",
	[VEDIRECT_HEX_INVALID] = "hex_invalid",
	[VEDIRECT_HEX_UNFINISHED] = "hex_unfinished",
};

const char *vedirect_name(enum vedirect_label label)
{
	return labels[label].name;
}

const char *vedirect_counter_name(enum vedirect_counter counter)
{
	return counter_names[counter];
}

static void count(struct vedirect *wire, enum vedirect_counter counter)
{
	wire->counters[counter]++;
}

/* Return: whether what came of the label or value is @word */
static bool is(const struct vedirect *wire, const char *word)
{
	uint8_t i;

	for (i = 0; i < wire->length && word[i]; i++)
		if (wire->text[i] != word[i])
			return false;
	return i == wire->length && !word[i];
}

static int digit_of(uint8_t byte)
{
	if (byte >= '0' && byte <= '9')
		return byte - '0';
	if (byte >= 'A' && byte <= 'F')
		return byte - 'A' + 10;
	if (byte >= 'a' && byte <= 'f')
		return byte - 'a' + 10;
	return -1;
}

static void hex_end(struct vedirect *wire)
{
	wire->hex = VEDIRECT_NO_HEX;
	if (wire->hex_digits >= HEX_DIGITS_MAX)
		count(wire, VEDIRECT_HEX_UNFINISHED);
	else if (wire->hex_digits < 3 || wire->hex_digits % 2 == 0 ||
		 wire->hex_sum != HEX_SUM)
		count(wire, VEDIRECT_HEX_CHECKSUM);
	else
		count(wire, VEDIRECT_HEX);
}

/*
 * A message without end does not swallow the text: what is no digit ends it. Digits
 * beyond the limit are swallowed, as they can be no text either.
 *
 * Return: whether the byte was part of a message
 */
static bool hex_byte(struct vedirect *wire, uint8_t byte)
{
	int digit = digit_of(byte);

	if (wire->hex == VEDIRECT_HEX_OVER) {
		wire->hex = VEDIRECT_NO_HEX;
		return byte == '\n';
	}
	if (digit >= 0) {
		/* A nibble first, then pairs */
		wire->hex_sum += wire->hex_digits % 2 ? digit << 4 : digit;
		if (wire->hex_digits < HEX_DIGITS_MAX)
			wire->hex_digits++;
		return true;
	}
	if (byte == '\n') {
		hex_end(wire);
		return true;
	}
	wire->hex = byte == HEX_END ? VEDIRECT_HEX_OVER : VEDIRECT_NO_HEX;
	count(wire, byte == '\r' || byte == ':' ? VEDIRECT_HEX_UNFINISHED :
	      VEDIRECT_HEX_INVALID);
	return byte == HEX_END;
}

static void begin_block(struct vedirect *wire)
{
	wire->hunting = false;
	wire->fields = 0;
	wire->sum = 0;
	wire->block.present = 0;
	wire->block.known = 0;
}

/* Nothing of this block counts any more, until another one begins. */
static void refuse(struct vedirect *wire, enum vedirect_counter why)
{
	if (!wire->hunting)
		count(wire, why);
	wire->hunting = true;
}

static bool parse_number(const struct vedirect *wire, int64_t *number)
{
	bool negative = wire->length && wire->text[0] == '-';
	uint8_t i = negative;

	*number = 0;
	if (i == wire->length || wire->length - i > DIGITS_MAX)
		return false;
	for (; i < wire->length; i++) {
		if (wire->text[i] < '0' || wire->text[i] > '9')
			return false;
		*number = 10 * *number + (wire->text[i] - '0');
	}
	if (negative)
		*number = -*number;
	return true;
}

static bool parse_product(const struct vedirect *wire, int64_t *number)
{
	uint8_t i;

	*number = 0;
	if (wire->length < 3 || wire->length > 6 || wire->text[0] != '0' ||
	    wire->text[1] != 'x')
		return false;
	for (i = 2; i < wire->length; i++) {
		int digit = digit_of(wire->text[i]);

		if (digit < 0)
			return false;
		*number = 16 * *number + digit;
	}
	return true;
}

static bool parse(const struct vedirect *wire, int64_t *value)
{
	switch (labels[wire->label].kind) {
	case NUMBER:
		return parse_number(wire, value);
	case PRODUCT:
		return parse_product(wire, value);
	case SWITCH:
		*value = is(wire, "ON");
		return *value || is(wire, "OFF");
	}
	return false;
}

static void end_field(struct vedirect *wire)
{
	enum vedirect_label label = wire->label;
	int64_t value;

	if (wire->hunting || label == VEDIRECT_LABELS)
		return;
	if (vedirect_has(&wire->block, label)) {
		refuse(wire, VEDIRECT_TEXT_PARSE);	/* twice */
		return;
	}
	wire->block.present |= 1ULL << label;
	if (labels[label].kind == NUMBER && is(wire, "---"))
		return;
	if (!parse(wire, &value)) {
		refuse(wire, VEDIRECT_TEXT_PARSE);
	} else if (value < labels[label].min || value > labels[label].max) {
		refuse(wire, VEDIRECT_TEXT_RANGE);
	} else {
		wire->block.known |= 1ULL << label;
		wire->block.value[label] = value;
	}
}

/* The two blocks of a battery monitor begin with these, and with nothing else. */
static bool begins_block(enum vedirect_label label)
{
	return label == VEDIRECT_PID || label == VEDIRECT_H1;
}

static void end_label(struct vedirect *wire)
{
	int label = 0;

	if (is(wire, "Checksum")) {
		wire->state = VEDIRECT_IN_CHECKSUM;
		return;
	}
	while (label < VEDIRECT_LABELS && !is(wire, labels[label].name))
		label++;
	wire->label = label;
	wire->length = 0;
	wire->state = VEDIRECT_IN_VALUE;
	if (begins_block(label)) {
		if (!wire->hunting && wire->fields)
			count(wire, VEDIRECT_TEXT_UNFINISHED);
		begin_block(wire);
		wire->sum = wire->line_sum;
	}
	if (wire->fields++ == VEDIRECT_FIELDS_MAX) {
		refuse(wire, VEDIRECT_TEXT_PARSE);
		wire->fields = VEDIRECT_FIELDS_MAX;
	}
}

/* Return: whether the block is accepted */
static bool end_block(struct vedirect *wire)
{
	if (!wire->fields)
		refuse(wire, VEDIRECT_TEXT_PARSE);
	else if (wire->sum)
		refuse(wire, VEDIRECT_TEXT_CHECKSUM);
	return !wire->hunting;
}

static void junk(struct vedirect *wire)
{
	refuse(wire, VEDIRECT_TEXT_PARSE);
	wire->state = VEDIRECT_JUNK;
}

static void begin_line(struct vedirect *wire)
{
	switch (wire->state) {
	case VEDIRECT_IN_VALUE:
		end_field(wire);
		break;
	case VEDIRECT_BETWEEN:
		begin_block(wire);
		wire->sum = '\r';
		break;
	default:
		refuse(wire, VEDIRECT_TEXT_PARSE);
	}
	wire->state = VEDIRECT_LINE;
	wire->line_sum = '\r';
}

/* A byte of a label, or with @max of a value */
static void take(struct vedirect *wire, uint8_t byte, uint8_t lowest,
		 uint8_t max)
{
	if (byte < lowest || byte > '~' || wire->length == max)
		junk(wire);
	else
		wire->text[wire->length++] = byte;
}

/* Return: whether the byte completes a block that is accepted */
static bool text_byte(struct vedirect *wire, uint8_t byte)
{
	bool accepted;

	wire->sum += byte;
	wire->line_sum += byte;
	if (wire->state == VEDIRECT_IN_CHECKSUM) {
		accepted = end_block(wire);
		if (accepted)
			count(wire, VEDIRECT_BLOCKS);
		wire->state = VEDIRECT_BETWEEN;
		wire->hunting = false;
		return accepted;
	}
	if (byte == '\r') {
		begin_line(wire);
		return false;
	}
	switch (wire->state) {
	case VEDIRECT_LINE:
		wire->length = 0;
		wire->state = VEDIRECT_IN_LABEL;
		if (byte != '\n')
			junk(wire);
		break;
	case VEDIRECT_IN_LABEL:
		if (byte == '\t' && wire->length)
			end_label(wire);
		else
			take(wire, byte, '!', VEDIRECT_LABEL_MAX);
		break;
	case VEDIRECT_IN_VALUE:
		take(wire, byte, ' ', VEDIRECT_VALUE_MAX);
		break;
	case VEDIRECT_BETWEEN:
		junk(wire);
		break;
	case VEDIRECT_JUNK:
	case VEDIRECT_IN_CHECKSUM:
		break;
	}
	return false;
}

/** vedirect_init - nothing has come yet: all is skipped until a block begins */
void vedirect_init(struct vedirect *wire)
{
	int i;

	for (i = 0; i < VEDIRECT_COUNTERS; i++)
		wire->counters[i] = 0;
	begin_block(wire);
	wire->state = VEDIRECT_JUNK;
	wire->hunting = true;
	wire->label = VEDIRECT_LABELS;
	wire->length = 0;
	wire->line_sum = 0;
	wire->hex = VEDIRECT_NO_HEX;
}

/** vedirect_byte - Return: whether @byte completes a block; it is in wire->block */
bool vedirect_byte(struct vedirect *wire, uint8_t byte)
{
	if (wire->hex && hex_byte(wire, byte))
		return false;
	/* The checksum's byte may be anything, also one that would begin a HEX. */
	if (byte == ':' && wire->state != VEDIRECT_IN_CHECKSUM) {
		wire->hex = VEDIRECT_IN_HEX;
		wire->hex_digits = 0;
		wire->hex_sum = 0;
		return false;
	}
	return text_byte(wire, byte);
}

/** vedirect_interrupt - the wire was cut; what comes next is no continuation */
void vedirect_interrupt(struct vedirect *wire)
{
	if (wire->hex == VEDIRECT_IN_HEX)
		count(wire, VEDIRECT_HEX_UNFINISHED);
	if (!wire->hunting && wire->state != VEDIRECT_BETWEEN)
		count(wire, VEDIRECT_TEXT_UNFINISHED);
	wire->hex = VEDIRECT_NO_HEX;
	wire->hunting = true;
	wire->state = VEDIRECT_JUNK;
}
