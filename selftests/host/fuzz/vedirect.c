// SPDX-License-Identifier: GPL-2.0
/*
 * The parser of VE.Direct on any bytes. Whatever came before: a HEX message between two
 * bytes changes nothing, what is accepted is accepted again when it is written anew,
 * the next whole block is accepted, and no block whose sum is wrong.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"
#include "vedirect.h"

static const char hex_message[] = ":055\n";

static void must(bool good, const char *sentence)
{
	if (good)
		return;
	fprintf(stderr, "refuted: %s\n", sentence);
	abort();
}

static bool same(const struct vedirect_block *a, const struct vedirect_block *b)
{
	if (a->present != b->present || a->known != b->known)
		return false;
	for (int i = 0; i < VEDIRECT_LABELS; i++)
		if (vedirect_knows(a, i) && a->value[i] != b->value[i])
			return false;
	return true;
}

/* Return: whether the last of the bytes completes a block */
static bool feed(struct vedirect *wire, const char *bytes, size_t count)
{
	bool accepted = false;

	for (size_t i = 0; i < count; i++)
		accepted = vedirect_byte(wire, bytes[i]);
	return accepted;
}

static void add_field(char *text, size_t size, const struct vedirect_block *block,
		      enum vedirect_label label)
{
	long long value = block->value[label];
	size_t used = strlen(text);

	if (!vedirect_has(block, label))
		return;
	used += snprintf(text + used, size - used, "\r\n%s\t",
			 vedirect_name(label));
	if (!vedirect_knows(block, label))
		snprintf(text + used, size - used, "---");
	else if (label == VEDIRECT_ALARM || label == VEDIRECT_RELAY)
		snprintf(text + used, size - used, value ? "ON" : "OFF");
	else
		snprintf(text + used, size - used,
			 label == VEDIRECT_PID ? "0x%llX" : "%lld", value);
}

/* @error: by how much its sum is wrong */
static bool feed_block(struct vedirect *wire, const struct vedirect_block *block,
		       uint8_t error)
{
	unsigned char sum = 0;
	char text[2048] = "";
	size_t length;

	/* It has one of the two at most, and then in the first place. */
	add_field(text, sizeof(text), block, VEDIRECT_H1);
	for (int i = 0; i < VEDIRECT_LABELS; i++)
		if (i != VEDIRECT_H1)
			add_field(text, sizeof(text), block, i);
	strcat(text, "\r\nChecksum\t");
	length = strlen(text);
	for (size_t i = 0; i < length; i++)
		sum += text[i];
	text[length++] = error - sum;
	return feed(wire, text, length);
}

static void check_accepted(const struct vedirect_block *block)
{
	static const char nothing[] = "\r\nChecksum\t?";
	struct vedirect other;

	must(!(block->known & ~block->present), "what is known is there");
	if (vedirect_knows(block, VEDIRECT_SOC))
		must(block->value[VEDIRECT_SOC] >= 0 &&
		     block->value[VEDIRECT_SOC] <= 1000,
		     "a state of charge is one");
	if (!block->present)
		return;
	vedirect_init(&other);
	feed(&other, nothing, strlen(nothing));
	must(feed_block(&other, block, 0) && same(block, &other.block),
	     "what is accepted is accepted again");
}

/* @any: makes the checksum of the block any byte */
static void check_recovery(struct vedirect *wire, uint16_t any, uint8_t error)
{
	const struct vedirect_block block = {
		.present = 1ULL << VEDIRECT_PID | 1ULL << VEDIRECT_AR,
		.known = 1ULL << VEDIRECT_PID | 1ULL << VEDIRECT_AR,
		.value = { [VEDIRECT_PID] = any, [VEDIRECT_AR] = any },
	};

	/* Its first byte may be taken for the checksum of one that was cut off. */
	if (wire->state == VEDIRECT_IN_CHECKSUM)
		feed_block(wire, &block, 0);
	must(feed_block(wire, &block, 0) && same(&block, &wire->block),
	     "the next whole block is accepted");
	must(!error || !feed_block(wire, &block, error),
	     "a block whose sum is wrong is refused");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct vedirect wire, disturbed;
	uint32_t accepted = 0;

	vedirect_init(&wire);
	vedirect_init(&disturbed);
	for (size_t i = 0; i < size; i++) {
		if (wire.hex == VEDIRECT_NO_HEX &&
		    wire.state != VEDIRECT_IN_CHECKSUM)
			must(!feed(&disturbed, hex_message,
				   strlen(hex_message)),
			     "a HEX message is no block");
		if (!vedirect_byte(&wire, data[i])) {
			must(!vedirect_byte(&disturbed, data[i]),
			     "a HEX message makes no block");
			continue;
		}
		must(vedirect_byte(&disturbed, data[i]) &&
		     same(&wire.block, &disturbed.block),
		     "a HEX message costs no block");
		check_accepted(&wire.block);
		accepted++;
	}
	must(wire.counters[VEDIRECT_BLOCKS] == accepted,
	     "accepted blocks are counted");
	if (size % 2)
		vedirect_interrupt(&wire);
	if (size > 2)
		check_recovery(&wire, data[size - 1] << 8 | data[size - 2],
			       data[size - 3]);
	return 0;
}
