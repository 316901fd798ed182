// SPDX-License-Identifier: GPL-2.0
/* Lines by chip, and one array read of each chip: F2, F3, F8, T5. */
#include <string.h>

#include "check.h"
#include "inputs.h"

static struct device board = { .name = "board" };
static struct inputs in;
static struct inputs_scan scan;

static void got(void)
{
	memset(&in, 0, sizeof(in));
	memset(&scan, 0xff, sizeof(scan));
	CHECK(!inputs_get(&board, &in));
}

static void got_back(u32 readable)
{
	struct gpio_desc *desc[] = { output(0), output(1), output(2) };

	got();
	inputs_add_back(&in, desc, readable);
	expander.reads = 0;
	second.reads = 0;
	soc.reads = 0;
}

static void fitted(void)
{
	unsigned int n;

	gpios[6].fitted = false;
	gpios[1].active_low = true;
	gpios[2].active_low = true;
	gpios[5].active_low = true;
	got();
	CHECK(in.count == 11 && gpios[1].inputs == 1);
	CHECK(in.fitted == (0x7000U | (LINES & ~0x40U)));
	CHECK(in.sleeps);
	CHECK(gpios[0].flags == GPIOD_ASIS && gpios[11].flags == GPIOD_ASIS);
	CHECK(gpios[0].inputs == 1 && gpios[11].inputs == 1 && !in.pending);
	CHECK(output(0)->flags == -1);
	for (n = 0; n < 6; n++) {
		CHECK(in.desc[n] == &gpios[n]);
		CHECK(in.line[n] == n);
	}
	CHECK(in.desc[8] == &gpios[9]);
	CHECK(in.line[8] == 12);
	CHECK(in.chips == 1 && !in.chip[0].first && in.chip[0].count == 11);
	CHECK(!strcmp(inputs_line_name(1), "cell-undervoltage"));
	CHECK(!strcmp(inputs_line_name(12), "load-sense"));
	CHECK(!strcmp(inputs_line_name(14), "pre-alarm-sense"));

	move(0, GPIOS, &soc);
	got();
	CHECK(!in.sleeps);
	move(3, 1, &expander);
	got();
	CHECK(in.sleeps);
}

static void missing(void)
{
	gpios[1].fitted = false;
	memset(&in, 0, sizeof(in));
	CHECK(inputs_get(&board, &in) == -EINVAL);
	CHECK(!strcmp(message, "cell-undervoltage-gpios is missing\n"));

	gpios[2].fitted = false;
	gpios[5].fitted = false;
	memset(&in, 0, sizeof(in));
	CHECK(inputs_get(&board, &in) == -EINVAL);
	CHECK(!strcmp(message, "cell-undervoltage-gpios is missing\n"));

	gpiolib_reset();
	gpios[2].fitted = false;
	got();
	gpios[5].fitted = false;
	memset(&in, 0, sizeof(in));
	CHECK(inputs_get(&board, &in) == -EINVAL);
	CHECK(!strncmp(message, "cell-overvoltage-gpios and charge-inhibit-gpios ",
		       48));
	gpios[2].fitted = true;
	got();
}

static void get_fails(void)
{
	gpios[4].get_error = -EBUSY;
	memset(&in, 0, sizeof(in));
	CHECK(inputs_get(&board, &in) == -EBUSY);
	CHECK(!strcmp(message, "failed to get under-temperature-gpios\n"));
	CHECK(in.count == 4);

	gpiolib_reset();
	gpios[9].get_error = -EPROBE_DEFER;
	memset(&in, 0, sizeof(in));
	CHECK(inputs_get(&board, &in) == -EPROBE_DEFER);
	CHECK(!strcmp(message, "failed to get load-sense-gpios\n"));
	gpios[9].get_error = 0;
	gpios[11].get_error = -ENOENT;
	memset(&in, 0, sizeof(in));
	CHECK(inputs_get(&board, &in) == -ENOENT);
	CHECK(!strcmp(message, "failed to get pre-alarm-sense-gpios\n"));
}

/* Lines of each chip are neighbours, and in the order in which they came. */
static void grouped(void)
{
	static const unsigned int order[] = {
		0, 5, 6, 7, 8, 12, 13,  1, 2, 14,  3, 4,
	};
	unsigned int n;

	move(0, 12, &soc);
	move(1, 2, &expander);
	move(3, 2, &second);
	move(11, 1, &expander);
	got();
	CHECK(in.count == 12 && in.chips == 3);
	for (n = 0; n < 12; n++) {
		CHECK(in.line[n] == order[n]);
		CHECK(in.desc[n] == &gpios[order[n] < 9 ? order[n] :
							  order[n] - 3]);
	}
	CHECK(in.chip[0].first == 0 && in.chip[0].count == 7);
	CHECK(in.chip[1].first == 7 && in.chip[1].count == 3);
	CHECK(in.chip[2].first == 10 && in.chip[2].count == 2);
	CHECK(in.fitted == (0x7000U | LINES));
}

static void back(void)
{
	got_back(LOAD | PRE_ALARM);
	CHECK(in.count == 14 && in.chips == 1 && in.chip[0].count == 14);
	CHECK(in.line[12] == 9 && in.desc[12] == output(0));
	CHECK(in.line[13] == 11 && in.desc[13] == output(2));
	CHECK(in.fitted == 0x7bff);

	/* inputs on the SoC, outputs on an expander */
	move(0, 12, &soc);
	got();
	CHECK(!in.sleeps);
	got_back(CHARGE);
	CHECK(in.chips == 2);
	CHECK(in.chip[1].first == 12 && in.chip[1].count == 1);
	CHECK(in.line[12] == 10 && in.desc[12] == output(1));
	CHECK(in.sleeps);

	/* and among the lines of their own chip */
	gpiolib_reset();
	move(1, 11, &second);
	got_back(LOAD | CHARGE | PRE_ALARM);
	CHECK(in.chips == 2);
	CHECK(in.chip[0].first == 0 && in.chip[0].count == 4);
	CHECK(in.chip[1].first == 4 && in.chip[1].count == 11);
	CHECK(in.line[0] == 0 && in.line[1] == 9 && in.line[3] == 11);
	CHECK(in.line[4] == 1 && in.line[14] == 14);
	CHECK(in.desc[3] == output(2) && in.desc[4] == &gpios[1]);
}

static void read_all(void)
{
	got_back(LOAD | CHARGE | PRE_ALARM);
	gpios[0].outside = true;
	gpios[1].outside = true;
	gpios[8].outside = true;
	gpios[10].outside = true;
	output(2)->outside = true;
	CHECK(!inputs_read(&in, &scan));
	CHECK(expander.reads == 1);
	CHECK(scan.sample.levels == (1 | UNDERVOLTAGE | LOOP));
	CHECK(scan.sample.unreadable == 0 && scan.sample.read_time_ns == 0);
	CHECK(scan.back == PRE_ALARM && scan.back_known == 7);
	CHECK(scan.sense == CHARGE && scan.sense_known == 7);

	gpios[6].fitted = false;
	gpios[9].fitted = false;
	got_back(CHARGE);
	CHECK(!inputs_read(&in, &scan));
	CHECK(expander.reads == 1);
	CHECK(scan.sample.unreadable == 0);
	CHECK(scan.back == 0 && scan.back_known == CHARGE);
	CHECK(scan.sense == CHARGE && scan.sense_known == (CHARGE | PRE_ALARM));
}

static void read_atomic(void)
{
	move(0, GPIOS, &soc);
	got_back(7);
	atomic = true;
	gpios[2].outside = true;
	CHECK(!inputs_read(&in, &scan));
	CHECK(scan.sample.levels == OVERVOLTAGE && soc.reads == 1);
	gpios[1].read_error = -EIO;
	CHECK(inputs_read(&in, &scan) == -EIO);
	CHECK(scan.sample.levels == 0 && scan.sample.unreadable == LINES);
	CHECK(soc.reads == 2);
}

/* A single line that is unreadable makes its chip so; and no other. */
static void failed_chip(void)
{
	gpios[3].active_low = true;
	got_back(7);
	gpios[1].outside = true;
	gpios[2].read_error = -EREMOTEIO;
	output(2)->outside = true;
	CHECK(inputs_read(&in, &scan) == -EREMOTEIO);
	CHECK(scan.sample.levels == 0);
	CHECK(scan.sample.unreadable == LINES);
	CHECK(scan.back == 0 && scan.back_known == 0);
	CHECK(scan.sense == 0 && scan.sense_known == 0);
	CHECK(expander.reads == 1);

	/* a single line on a chip of its own is read as an array as well */
	gpios[2].read_error = 0;
	move(2, 1, &second);
	got_back(7);
	second.read_error = -ETIMEDOUT;
	gpios[2].outside = true;
	CHECK(inputs_read(&in, &scan) == -ETIMEDOUT);
	CHECK(scan.sample.levels == UNDERVOLTAGE);
	CHECK(scan.sample.unreadable == OVERVOLTAGE);
	CHECK(expander.reads == 1 && second.reads == 1);
	second.read_error = 0;
	CHECK(!inputs_read(&in, &scan));
	CHECK(scan.sample.levels == (UNDERVOLTAGE | OVERVOLTAGE));
	CHECK(scan.sample.unreadable == 0);
}

/* A bus that is dead at the start, and comes back */
static void late(void)
{
	unsigned int n;

	move(2, 4, &second);		/* the charge faults */
	gpios[2].output = true;		/* left so by whoever had it */
	gpios[2].outside = true;
	for (n = 2; n < 6; n++)
		gpios[n].direction_error = -EREMOTEIO;
	got();
	CHECK(in.pending == 0x3c && in.fitted == ALL);
	CHECK(!strcmp(message, "failed to make the lines on the chip of cell-overvoltage-gpios inputs: error -121; trying again\n"));
	/* each may take its time to fail */
	CHECK(gpios[2].inputs == 1 && !gpios[3].inputs);

	/* what may be an output says nothing, and the other chip's lines do */
	CHECK(inputs_read(&in, &scan) == -EREMOTEIO);
	CHECK(scan.sample.unreadable == 0x3c && !second.reads);
	CHECK(expander.reads == 1 && gpios[0].inputs == 1);
	gpios[2].direction_error = 0;
	CHECK(inputs_read(&in, &scan) == -EREMOTEIO);
	CHECK(in.pending == 0x38 && scan.sample.unreadable == 0x3c);
	for (n = 3; n < 6; n++)
		gpios[n].direction_error = 0;
	CHECK(!inputs_read(&in, &scan) && !in.pending);
	CHECK(scan.sample.levels == OVERVOLTAGE && !scan.sample.unreadable);
	CHECK(!inputs_read(&in, &scan));
	CHECK(gpios[2].inputs == 3 && gpios[3].inputs == 2);
	CHECK(gpios[4].inputs == 1 && gpios[0].inputs == 1);
}

/* A line that cannot be an input, or needs no bus for that, has no such excuse. */
static void never(void)
{
	gpios[9].direction_error = -EACCES;
	memset(&in, 0, sizeof(in));
	CHECK(inputs_get(&board, &in) == -EACCES);
	CHECK(!strcmp(message, "failed to make the lines on the chip of cell-low-gpios inputs\n"));
	CHECK(messages == 1);
	gpios[9].direction_error = -EREMOTEIO;
	move(9, 3, &soc);
	memset(&in, 0, sizeof(in));
	CHECK(inputs_get(&board, &in) == -EREMOTEIO);
	CHECK(!strcmp(message, "failed to make the lines on the chip of load-sense-gpios inputs\n"));
}

static void two_expanders(void)
{
	move(2, 4, &second);		/* the charge faults */
	move(13, 2, &second);		/* charge and pre-alarm */
	got_back(7);
	CHECK(in.chips == 2);
	gpios[1].outside = true;
	gpios[2].outside = true;
	gpios[9].outside = true;
	output(0)->outside = true;
	output(1)->outside = true;

	second.read_error = -ETIMEDOUT;
	CHECK(inputs_read(&in, &scan) == -ETIMEDOUT);
	CHECK(scan.sample.levels == UNDERVOLTAGE);
	CHECK(scan.sample.unreadable == 0x3c);
	CHECK(scan.back == LOAD && scan.back_known == LOAD);
	CHECK(scan.sense == LOAD && scan.sense_known == 7);
	CHECK(expander.reads == 1 && second.reads == 1);

	/* the other one is dead, the first that is read */
	second.read_error = 0;
	expander.read_error = -EREMOTEIO;
	CHECK(inputs_read(&in, &scan) == -EREMOTEIO);
	CHECK(scan.sample.levels == OVERVOLTAGE);
	CHECK(scan.sample.unreadable == (LINES & ~0x3cU));
	CHECK(scan.back == CHARGE && scan.back_known == (CHARGE | PRE_ALARM));
	CHECK(scan.sense == 0 && scan.sense_known == 0);
	CHECK(expander.reads == 2 && second.reads == 2);

	/* both; the first error is returned */
	second.read_error = -ETIMEDOUT;
	CHECK(inputs_read(&in, &scan) == -EREMOTEIO);
	CHECK(scan.sample.unreadable == LINES && !scan.back_known);
	CHECK(expander.reads == 3 && second.reads == 3);

	/* nothing of that stays */
	expander.read_error = 0;
	second.read_error = 0;
	CHECK(!inputs_read(&in, &scan));
	CHECK(scan.sample.levels == (UNDERVOLTAGE | OVERVOLTAGE));
	CHECK(scan.sample.unreadable == 0 && scan.back_known == 7);
}

static void mixed(void)
{
	move(0, 12, &soc);
	got_back(7);
	CHECK(in.sleeps && in.chips == 2);
	gpios[1].outside = true;
	output(0)->output = true;
	output(0)->driven = true;
	CHECK(!inputs_read(&in, &scan));
	CHECK(scan.sample.levels == UNDERVOLTAGE && scan.back == LOAD);
	CHECK(soc.reads == 1 && expander.reads == 1);

	/* the bus of the outputs is dead: inputs are read as ever */
	expander.read_error = -ETIMEDOUT;
	CHECK(inputs_read(&in, &scan) == -ETIMEDOUT);
	CHECK(scan.sample.levels == UNDERVOLTAGE);
	CHECK(scan.sample.unreadable == 0 && !scan.back_known);
	CHECK(scan.sense_known == 7);
	CHECK(soc.reads == 2 && expander.reads == 2);
}

/* Reads of such a chip would crash older kernels. */
static void gone(void)
{
	move(2, 1, &second);
	got_back(7);
	gpios[1].outside = true;
	second.gone = true;
	CHECK(inputs_read(&in, &scan) == -ENODEV);
	CHECK(scan.sample.levels == UNDERVOLTAGE);
	CHECK(scan.sample.unreadable == OVERVOLTAGE);
	CHECK(second.reads == 0 && expander.reads == 1);
	expander.gone = true;
	CHECK(inputs_read(&in, &scan) == -ENODEV);
	CHECK(scan.sample.unreadable == LINES && expander.reads == 1);

	/* nor is such a chip made inputs, be it gone from the start */
	expander.gone = false;
	got();
	CHECK(gpios[0].inputs == 2 && gpios[2].inputs == 1 && in.pending == OVERVOLTAGE);
	CHECK(inputs_read(&in, &scan) == -ENODEV);
	CHECK(gpios[0].inputs == 2 && gpios[2].inputs == 1 && in.pending == OVERVOLTAGE);
	expander.gone = true;

	/* lines whose chip is unknown are not taken for neighbours */
	got();
	CHECK(in.chips == 12 && in.count == 12);
	CHECK(in.chip[11].first == 11 && in.chip[11].count == 1);
	expander.gone = false;
	CHECK(inputs_read(&in, &scan) == -ENODEV);
	CHECK(scan.sample.unreadable == OVERVOLTAGE);
	CHECK(scan.sample.levels == UNDERVOLTAGE);
}

static int peeked(unsigned int line)
{
	memset(&scan, 0xff, sizeof(scan));
	return inputs_peek(&in, line, LOOP, &scan);
}

/* What a single read finds high is high; what it finds low may be an error. */
static void peek(void)
{
	got_back(7);
	CHECK(!peeked(INPUT_CELL_UNDERVOLTAGE));
	gpios[0].outside = true;
	CHECK(peeked(INPUT_CELL_LOW) == 1 && scan.sample.levels == (1 | LOOP));
	single_reads = 1;
	gpios[1].outside = true;
	expander.read_ns = MS;
	CHECK(peeked(INPUT_CELL_UNDERVOLTAGE) == 1);
	CHECK(scan.sample.levels == (UNDERVOLTAGE | LOOP));
	CHECK(!scan.sample.unreadable && scan.sample.read_time_ns == MS);
	CHECK(!scan.back_known && !scan.sense_known);
	CHECK(!peeked(INPUT_CELL_OVERVOLTAGE));
	CHECK(single_reads == 3 && !expander.reads);
	expander.read_error = -EREMOTEIO;
	CHECK(!peeked(INPUT_CELL_UNDERVOLTAGE));
	expander.read_error = 0;

	/* an error would read as active */
	gpios[1].active_low = true;
	got_back(7);
	single_reads = 0;
	CHECK(!peeked(INPUT_CELL_UNDERVOLTAGE));
	gpios[1].active_low = false;
	got_back(7);
	in.pending = BIT(INPUT_CELL_LOW);
	CHECK(!peeked(INPUT_CELL_UNDERVOLTAGE));
	in.pending = 0;
	expander.gone = true;
	CHECK(!peeked(INPUT_CELL_UNDERVOLTAGE));
	expander.gone = false;
	CHECK(!single_reads);
	CHECK(peeked(INPUT_CELL_UNDERVOLTAGE) == 1);
	single_reads = 0;

	move(0, GPIOS, &soc);
	got();
	atomic = true;
	soc.read_ns = MS;
	CHECK(peeked(INPUT_CELL_UNDERVOLTAGE) == 1 && !scan.sample.read_time_ns);
	CHECK(!peeked(INPUT_CELL_OVERVOLTAGE));
	single_reads = 0;
}

/* A driver that tells of the error spares a second try, which may take as long. */
static void peek_fails(void)
{
	move(2, 4, &second);		/* the charge faults */
	got_back(7);
	second.tells = true;
	second.read_error = -ETIMEDOUT;
	second.read_ns = 35 * MS;
	CHECK(peeked(INPUT_CELL_OVERVOLTAGE) == -ETIMEDOUT);
	CHECK(scan.sample.levels == LOOP && scan.sample.unreadable == 0x3c);
	CHECK(scan.sample.read_time_ns == 35 * MS);
	CHECK(!scan.back_known && !scan.sense_known);
	expander.tells = true;
	expander.read_error = -EREMOTEIO;
	CHECK(peeked(INPUT_CELL_UNDERVOLTAGE) == -EREMOTEIO);
	CHECK(scan.sample.unreadable == (LINES & ~0x3cU));

	/* the last of three */
	move(1, 1, &soc);
	move(0, 1, &soc);
	got();
	CHECK(peeked(INPUT_CELL_OVERVOLTAGE) == -ETIMEDOUT);
	CHECK(scan.sample.unreadable == 0x3c);
	CHECK(peeked(INPUT_CHARGE_INHIBIT) == -ETIMEDOUT);
	CHECK(scan.sample.unreadable == 0x3c);
	CHECK(peeked(6) == -EREMOTEIO);
	CHECK(scan.sample.unreadable == (LINES & ~0x3fU));
	single_reads = 0;
}

static void read_time(void)
{
	move(2, 1, &second);
	got_back(7);
	expander.read_ns = 20 * MS;
	second.read_ns = 3 * MS;
	CHECK(!inputs_read(&in, &scan));
	CHECK(scan.sample.read_time_ns == 23 * MS);
	expander.read_error = -ETIMEDOUT;
	CHECK(inputs_read(&in, &scan) == -ETIMEDOUT);
	CHECK(scan.sample.read_time_ns == 23 * MS);

	move(0, GPIOS, &soc);
	got();
	soc.read_ns = MS;
	CHECK(!inputs_read(&in, &scan));
	CHECK(!scan.sample.read_time_ns);
}

const struct test inputs_tests[] = {
	{ fitted, "Lines are got as firmware describes them" },
	{ missing, "A board without undervoltage, or without any charge fault, is refused by name" },
	{ get_fails, "A line that cannot be got is named" },
	{ grouped, "F8: Lines of one chip are neighbours" },
	{ back, "F3: Pins of outputs are read along with the lines of their chip" },
	{ read_all, "T5: All lines of a chip cost one array read" },
	{ read_atomic, "T5: Lines that do not sleep are read without sleeping" },
	{ failed_chip, "F8: A chip whose array read failed is unreadable as a whole" },
	{ two_expanders, "F8: Of two expanders a dead one does not hide the lines of the other" },
	{ mixed, "F8: Inputs on the SoC are read though the outputs' expander is dead" },
	{ late, "F0: Lines on a bus that is dead at the start are made inputs when they can be read" },
	{ never, "F0: A line that can never be an input is refused" },
	{ gone, "F8: A chip that was removed is unreadable, and is not touched" },
	{ read_time, "F2: The reads of all chips on a bus count as time" },
	{ peek_fails, "F2 F8: A line that is read alone and fails makes its chip unreadable" },
	{ peek, "T5 F8: One line is read alone, and believed if it is high" },
	{ }
};
