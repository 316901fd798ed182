// SPDX-License-Identifier: GPL-2.0
/*
 * Outputs of chips whose drivers have caches, changed by writes that fail as well: F3,
 * F8. Each register that is written fails once, from the first to the last.
 */
#include <string.h>

#include "check.h"
#include "outputs.h"

#define TRANSFERS	30	/* more than any of these tests has */
#define RETRIES		4	/* within 100 ms (F3) */

static struct device board = { .name = "board" };
static struct outputs out;
static u32 actual;
static int error;

static u32 pins(void)
{
	return (output(0)->output && output(0)->driven ? LOAD : 0) |
	       (output(1)->output && output(1)->driven ? CHARGE : 0) |
	       (output(2)->output && output(2)->driven ? PRE_ALARM : 0);
}

/* Outputs on a chip whose driver has that cache */
static void begin(enum gpio_cache cache, u32 levels)
{
	gpiolib_reset();
	expander.cache = cache;
	memset(&out, 0, sizeof(out));
	CHECK(!outputs_get(&board, &out));
	CHECK(outputs_read_initial(&out) == 0);
	CHECK(!outputs_claim(&board, &out, 0));
	actual = outputs_write(&out, 0, levels, &error);
	CHECK(actual == levels && !error && pins() == levels);
	expander.sent = 0;
}

/* Write until it is done; no pin may rise that has to be low. Number of retries */
static unsigned int write_all(u32 requested)
{
	unsigned int n = 0;
	u32 low = ~(pins() | requested);

	do {
		actual = outputs_write(&out, actual, requested, &error);
		CHECK(!(pins() & low));
		CHECK(!(pins() & ~actual & ~PRE_ALARM));	/* nothing is denied */
	} while (outputs_retry_in_ns(&out) != NEVER && n++ < 2 * RETRIES);
	CHECK(actual == requested && pins() == requested);
	return n;
}

/* The chip's supply fails: all lines are inputs, and the latches are as it has them. */
static void reset(bool latch)
{
	unsigned int n;

	for (n = 0; n < OUTPUT_COUNT; n++) {
		output(n)->output = false;
		output(n)->driven = latch;
	}
}

static void off_fails(enum gpio_cache cache)
{
	unsigned int n;

	for (n = 1; n < TRANSFERS; n++) {
		begin(cache, LOAD | CHARGE);
		expander.nack = n;
		CHECK(write_all(LOAD) <= 1);
		CHECK(write_all(LOAD | CHARGE) <= RETRIES);
		CHECK(write_all(0) <= 1);
	}
}

/* One failure, and the cache holds what the chip does not */
static void off(void)
{
	off_fails(CACHE_FLAT);
	off_fails(CACHE_FORCED);

	/* it is counted, though the write returned no error; the pin is low at once */
	begin(CACHE_FLAT, CHARGE);
	expander.nack = 1;
	CHECK(outputs_write(&out, CHARGE, 0, &error) == 0);
	CHECK(error == -EIO && !pins() && !out.unconfirmed);
	CHECK(!output(1)->output && output(1)->driven && out.floated == CHARGE);
	/* the latch is high still: the line stays an input until it has to be high */
	out.unconfirmed = CHARGE;
	CHECK(outputs_write(&out, 0, 0, &error) == 0 && !error);
	CHECK(!output(1)->output && !out.unconfirmed);
	CHECK(outputs_write(&out, 0, LOAD, &error) == LOAD && !error);
	CHECK(!output(1)->output && out.floated == CHARGE);
	CHECK(outputs_write(&out, LOAD, LOAD | CHARGE, &error) == (LOAD | CHARGE));
	CHECK(!error && !out.floated && pins() == (LOAD | CHARGE));

	/* all at once, and one after the other */
	begin(CACHE_FLAT, LOAD | CHARGE | PRE_ALARM);
	output(0)->cached_driven = false;
	output(1)->cached_driven = false;
	output(2)->cached_driven = false;
	CHECK(outputs_write(&out, 7, 0, &error) == 0);
	CHECK(out.floated == 7 && !pins());
	begin(CACHE_FLAT, LOAD | CHARGE);
	expander.nack = 1;
	CHECK(outputs_write(&out, LOAD | CHARGE, LOAD, &error) == LOAD);
	expander.nack = 1;
	CHECK(outputs_write(&out, LOAD, 0, &error) == 0);
	CHECK(out.floated == (LOAD | CHARGE) && !pins());
}

/* Two in a row: those that float it fail as well */
static void off_twice(void)
{
	unsigned int n;

	for (n = 1; n < TRANSFERS; n++) {
		begin(CACHE_FLAT, CHARGE);
		expander.nack = 1;
		outputs_write(&out, CHARGE, CHARGE, &error);
		output(1)->cached_driven = false;	/* as after a failure */
		expander.nack = n;
		CHECK(write_all(0) <= 2);
		CHECK(write_all(CHARGE) <= RETRIES);
	}
	/* the bus comes back after a while */
	begin(CACHE_FLAT, CHARGE);
	expander.nack = 1;
	output(1)->direction_error = -ENXIO;
	CHECK(outputs_write(&out, CHARGE, 0, &error) == CHARGE);
	CHECK(error == -EIO && out.unconfirmed == CHARGE);
	output(1)->direction_error = 0;
	actual = CHARGE;
	CHECK(write_all(0) == 0);
}

static void on_fails(enum gpio_cache cache)
{
	unsigned int n;

	for (n = 1; n < TRANSFERS; n++) {
		begin(cache, PRE_ALARM);
		expander.nack = n;
		CHECK(write_all(LOAD | PRE_ALARM) <= RETRIES);
		CHECK(write_all(LOAD) <= RETRIES);
	}
}

static void on(void)
{
	on_fails(CACHE_FLAT);
	on_fails(CACHE_FORCED);
}

/* One of the outputs has to be low, and its latch is high after the reset. */
static void lost_registers(enum gpio_cache cache, bool latch)
{
	unsigned int n;

	for (n = 1; n < TRANSFERS; n++) {
		begin(cache, LOAD | CHARGE);
		reset(latch);
		expander.nack = n;
		actual = outputs_check_readback(&out, LOAD | CHARGE, 0, 7);
		CHECK(write_all(LOAD | CHARGE) <= RETRIES);
		CHECK(write_all(PRE_ALARM) <= RETRIES);
	}
	/* each rises once */
	begin(cache, LOAD | CHARGE);
	output(0)->rises = 0;
	output(1)->rises = 0;
	reset(latch);
	actual = outputs_check_readback(&out, LOAD | CHARGE, 0, 7);
	CHECK(write_all(LOAD | CHARGE) <= 2);
	CHECK(output(0)->rises == 1 && output(1)->rises == 1);
}

static void lost(void)
{
	lost_registers(CACHE_FLAT, false);
	lost_registers(CACHE_FORCED, true);

	/* one is found high while others fail: it must not be driven again */
	begin(CACHE_FLAT, CHARGE);
	out.attempts = 2;
	output(1)->cached_driven = false;
	output(1)->rises = 0;
	actual = outputs_check_readback(&out, 0, CHARGE, 7);
	CHECK(actual == CHARGE && out.out_of_sync == CHARGE);
	CHECK(write_all(0) == 0);
	CHECK(!output(1)->rises);
	/* and one that is low, and rises at the third attempt, does so once */
	begin(CACHE_FORCED, 0);
	out.attempts = 2;
	out.unconfirmed = LOAD;
	out.out_of_sync = LOAD;
	output(0)->rises = 0;
	CHECK(write_all(LOAD) == 0);
	CHECK(output(0)->inputs && output(0)->rises == 1);
}

/* A read-back that is wrong once must not pulse a load that is on. */
static void wrong_once(void)
{
	begin(CACHE_FLAT, 0);
	output(0)->stuck = 0;
	CHECK(outputs_write(&out, 0, LOAD, &error) == 0);
	output(0)->stuck = -1;
	expander.sent = 0;
	CHECK(outputs_write(&out, 0, LOAD, &error) == LOAD && !error);
	CHECK(!expander.sent && !output(0)->inputs);
	/* nor one that is low */
	output(0)->stuck = 1;
	CHECK(outputs_write(&out, LOAD, 0, &error) == LOAD && error == -EIO);
	CHECK(!pins());
	output(0)->stuck = -1;
	CHECK(outputs_write(&out, LOAD, 0, &error) == 0 && !error && !pins());
}

/* What the driver believes of a direction is wrong after a failed write. */
static void believed(void)
{
	begin(CACHE_FORCED, CHARGE);
	output(1)->open_source = true;
	expander.nack = 1;
	CHECK(outputs_write(&out, CHARGE, 0, &error) == 0);
	CHECK(error && !pins() && !output(1)->output);

	/* it fails for good: the line is not said to float */
	begin(CACHE_FORCED, CHARGE);
	output(1)->direction_error = -ENXIO;
	output(1)->write_error = -ENXIO;
	output(1)->cached_output = false;
	CHECK(outputs_write(&out, CHARGE, 0, &error) == CHARGE);
	CHECK(out.unconfirmed == CHARGE);
	CHECK(outputs_check_readback(&out, 0, CHARGE, 7) == CHARGE);
	out.floated = 0;
	out.out_of_sync = 0;
	CHECK(outputs_check_readback(&out, 0, CHARGE, 7) == CHARGE);
	out.floated = CHARGE;
	/* not even when it was floated, and nothing came of it */
	output(1)->direction_error = 0;
	output(1)->write_error = 0;
	output(1)->stuck = 1;
	CHECK(outputs_write(&out, CHARGE, 0, &error) == CHARGE);
	CHECK(output(1)->inputs && !output(1)->cached_output);
	CHECK(outputs_write(&out, CHARGE, 0, &error) == CHARGE);
	CHECK(error == -EIO && out.unconfirmed == CHARGE);
	out.unconfirmed = 0;
	CHECK(outputs_check_readback(&out, 0, CHARGE, 7) == CHARGE);
}

/* GPIO_OPEN_SOURCE: its direction is all that there is, and may be cached. */
static void open_source(void)
{
	unsigned int n;

	for (n = 1; n < TRANSFERS; n++) {
		begin(CACHE_FLAT, CHARGE);
		output(1)->open_source = true;
		expander.nack = n;
		CHECK(write_all(0) <= 1);
		CHECK(write_all(CHARGE) <= RETRIES);
	}
}

static void active_low(void)
{
	begin(CACHE_FLAT, CHARGE);
	output(1)->active_low = true;
	expander.nack = 1;
	CHECK(outputs_write(&out, CHARGE, 0, &error) == 0);
	CHECK(!output(1)->cached_driven);
}

static void pass_5_ms(void)
{
	clock_ns += 5 * MS;
}

static void release(void)
{
	unsigned int n;

	for (n = 1; n < TRANSFERS; n++) {
		begin(CACHE_FLAT, LOAD | CHARGE);
		asleep = pass_5_ms;
		slept_ms = 0;
		expander.nack = n;
		CHECK(!outputs_release(&board, &out));
		CHECK(!pins() && slept_ms <= 5);
		/* once more */
		CHECK(!outputs_release(&board, &out) && !pins());
	}
	/* what was floated before is left alone, as its latch is high */
	begin(CACHE_FLAT, CHARGE);
	expander.nack = 1;
	CHECK(outputs_write(&out, CHARGE, 0, &error) == 0);
	output(1)->directions = 0;
	CHECK(!outputs_release(&board, &out) && !pins());
	CHECK(!output(1)->output && !output(1)->directions && output(1)->driven);
}

/* Lines that do not sleep are never made inputs by a scan (T5). */
static void atomic_lines(void)
{
	move(0, GPIOS, &soc);
	memset(&out, 0, sizeof(out));
	CHECK(!outputs_get(&board, &out));
	CHECK(outputs_read_initial(&out) == 0);
	CHECK(!outputs_claim(&board, &out, 0));
	atomic = true;
	output(1)->stuck = 1;
	CHECK(outputs_write(&out, CHARGE, 0, &error) == CHARGE && error == -EIO);
	CHECK(!output(1)->inputs && !out.floated);
}

static void gone(void)
{
	begin(CACHE_FLAT, CHARGE);
	output(1)->stuck = 1;
	outputs_write(&out, CHARGE, 0, &error);
	CHECK(out.floated == CHARGE && output(1)->inputs == 1);
	expander.gone = true;
	CHECK(outputs_write(&out, CHARGE, 0, &error) == CHARGE);
	CHECK(error && output(1)->inputs == 1);
}

const struct test caches_tests[] = {
	{ off, "F8: One failed write of 'off', and the output is floated by its direction" },
	{ off_twice, "F8: It is tried again where that fails as well" },
	{ on, "F3: One failed write of 'on', and the output is high within four retries" },
	{ lost, "F3: Registers that the chip has lost are written, whatever the cache holds" },
	{ wrong_once, "L2: One wrong read-back pulses nothing" },
	{ believed, "F3: A line whose write failed does not float because the cache says so" },
	{ open_source, "F8: A line of GPIO_OPEN_SOURCE floats after a failed write" },
	{ active_low, "F8: A line that is active low is made inactive before it is floated" },
	{ release, "F1: A failed write keeps no output from being released" },
	{ atomic_lines, "T5: Where nothing may sleep nothing is floated" },
	{ gone, "F3: A line of a chip that was removed is not touched" },
	{ }
};
