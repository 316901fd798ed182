// SPDX-License-Identifier: GPL-2.0
/* What becomes of a write: F1, F3, F5 and the pause between retries. */
#include <string.h>

#include "lines.h"

static struct device board = { .name = "board" };
static struct outputs out;
static int error;

/* Outputs that are driven by the driver, all low */
static void taken(void)
{
	memset(&out, 0, sizeof(out));
	CHECK(!outputs_get(&board, &out));
	CHECK(outputs_found(&out) == 0);
	CHECK(!outputs_take_over(&board, &out, 0));
	output(0)->directions = 0;
	output(1)->directions = 0;
	output(2)->directions = 0;
	transfers = 0;
}

static u32 pins(void)
{
	return (output(0)->output && output(0)->driven ? LOAD : 0) |
	       (output(1)->output && output(1)->driven ? CHARGE : 0) |
	       (output(2)->output && output(2)->driven ? PRE_ALARM : 0);
}

static void not_sleeping(void)
{
	unsigned int n;

	for (n = 0; n < GPIOS + 3; n++) {
		gpios[n].sleeps = false;
		gpios[n].chip = &soc;
	}
}

static void fitted(void)
{
	memset(&out, 0, sizeof(out));
	CHECK(!outputs_get(&board, &out));
	CHECK(out.fitted == (LOAD | CHARGE | PRE_ALARM));
	CHECK(out.sleeps);
	CHECK(out.desc[0] == output(0) && out.desc[2] == output(2));
	CHECK(output(0)->flags == GPIOD_ASIS && output(2)->flags == GPIOD_ASIS);

	memset(&out, 0, sizeof(out));
	output(2)->fitted = false;
	CHECK(!outputs_get(&board, &out));
	CHECK(out.fitted == (LOAD | CHARGE));
	CHECK(!out.desc[2]);

	memset(&out, 0, sizeof(out));
	not_sleeping();
	CHECK(!outputs_get(&board, &out));
	CHECK(!out.sleeps);
	output(0)->sleeps = true;
	memset(&out, 0, sizeof(out));
	CHECK(!outputs_get(&board, &out));
	CHECK(out.sleeps);
}

static void missing(void)
{
	memset(&out, 0, sizeof(out));
	output(0)->fitted = false;
	CHECK(outputs_get(&board, &out) == -EINVAL);
	CHECK(!strcmp(message, "load-gpios: required, but missing\n"));
	/* what could be had can be released */
	CHECK(out.fitted == (CHARGE | PRE_ALARM));

	gpiolib_reset();
	memset(&out, 0, sizeof(out));
	output(1)->fitted = false;
	output(2)->get_error = -EPROBE_DEFER;
	CHECK(outputs_get(&board, &out) == -EINVAL);
	CHECK(out.fitted == LOAD);
	CHECK(out.desc[0] && !out.desc[1] && !out.desc[2]);
	CHECK(!strcmp(message, "pre-alarm-gpios: cannot be had\n"));

	gpiolib_reset();
	memset(&out, 0, sizeof(out));
	output(0)->get_error = -EPROBE_DEFER;
	CHECK(outputs_get(&board, &out) == -EPROBE_DEFER);
	CHECK(!strcmp(message, "load-gpios: cannot be had\n"));
	CHECK(out.fitted == (CHARGE | PRE_ALARM));
}

static void found(void)
{
	memset(&out, 0, sizeof(out));
	CHECK(!outputs_get(&board, &out));
	output(0)->output = true;
	output(0)->driven = true;
	output(1)->outside = true;		/* high, but not driven */
	output(2)->read_error = -EPERM;
	CHECK(outputs_found(&out) == LOAD);
	CHECK(out.readable == (LOAD | CHARGE));
	output(1)->output = true;
	output(1)->driven = true;
	CHECK(outputs_found(&out) == (LOAD | CHARGE));
	output(1)->output = false;

	output(0)->driven = false;		/* driven, but low */
	out.readable = 0;
	CHECK(outputs_found(&out) == 0);
	CHECK(out.readable == (LOAD | CHARGE));

	out.desc[0] = NULL;
	out.readable = 0;
	CHECK(outputs_found(&out) == 0);
	CHECK(out.readable == CHARGE);
}

static void take_over(void)
{
	memset(&out, 0, sizeof(out));
	CHECK(!outputs_get(&board, &out));
	CHECK(!outputs_take_over(&board, &out, LOAD | PRE_ALARM));
	CHECK(pins() == (LOAD | PRE_ALARM));
	CHECK(output(1)->output && !output(1)->driven);

	out.desc[0] = NULL;
	output(1)->direction_error = -EREMOTEIO;
	CHECK(outputs_take_over(&board, &out, 0) == -EREMOTEIO);
	CHECK(!strcmp(message, "charge-gpios: cannot be driven\n"));
	CHECK(output(0)->directions == 1);
}

static void drive(void)
{
	taken();
	CHECK(outputs_drive(&out, 0, LOAD | CHARGE, &error) == (LOAD | CHARGE));
	CHECK(!error);
	CHECK(pins() == (LOAD | CHARGE));
	CHECK(transfers == 2);		/* written, and read back */
	CHECK(output(2)->writes == 0);
	CHECK(!out.unsure && !out.lost && !out.attempts);

	error = -1;
	CHECK(outputs_drive(&out, LOAD | CHARGE, LOAD | CHARGE, &error) ==
	      (LOAD | CHARGE));
	CHECK(!error);
	CHECK(transfers == 2);

	CHECK(outputs_drive(&out, LOAD | CHARGE, CHARGE | PRE_ALARM, &error) ==
	      (CHARGE | PRE_ALARM));
	CHECK(!error);
	CHECK(pins() == (CHARGE | PRE_ALARM));
	CHECK(output(1)->writes == 1);
	CHECK(transfers == 4);
	CHECK(outputs_retry_in_ns(&out) == PROTECTION_NEVER);
	CHECK(!outputs_failing(&out));
	CHECK(!misused);
}

static void alone(void)
{
	taken();
	CHECK(outputs_drive(&out, 0, CHARGE, &error) == CHARGE);
	CHECK(!error && pins() == CHARGE);
	CHECK(lone_writes == 1);
	CHECK(transfers == 2);		/* written, and read back */
	CHECK(outputs_drive(&out, CHARGE, 0, &error) == 0);
	CHECK(!error && pins() == 0 && lone_writes == 2);

	/* two are not written one by one */
	CHECK(outputs_drive(&out, 0, LOAD | CHARGE, &error) == (LOAD | CHARGE));
	CHECK(lone_writes == 2 && transfers == 6);
	CHECK(!misused);
}

static void atomic_drive(void)
{
	not_sleeping();
	taken();
	atomic = true;
	CHECK(outputs_drive(&out, 0, LOAD, &error) == LOAD);
	CHECK(!error && pins() == LOAD && transfers == 2);
	CHECK(!misused);
}

static void not_fitted(void)
{
	output(2)->fitted = false;
	taken();
	CHECK(outputs_drive(&out, 0, LOAD | PRE_ALARM, &error) ==
	      (LOAD | PRE_ALARM));
	CHECK(!error && !out.unsure && !out.attempts);
	CHECK(outputs_drive(&out, LOAD | PRE_ALARM, LOAD, &error) == LOAD);
	CHECK(!error && transfers == 2);

	output(0)->write_error = -EIO;
	output(0)->read_error = -EIO;
	CHECK(outputs_drive(&out, LOAD, PRE_ALARM, &error) == (LOAD | PRE_ALARM));
	CHECK(error == -EIO && out.unsure == LOAD);
}

static void unreadable(void)
{
	memset(&out, 0, sizeof(out));
	CHECK(!outputs_get(&board, &out));
	output(0)->read_error = -EOPNOTSUPP;
	output(1)->read_error = -EOPNOTSUPP;
	output(2)->read_error = -EOPNOTSUPP;
	CHECK(outputs_found(&out) == 0);
	CHECK(out.readable == 0);
	CHECK(!outputs_take_over(&board, &out, 0));
	transfers = 0;
	CHECK(outputs_drive(&out, 0, LOAD, &error) == LOAD);
	CHECK(!error && transfers == 1);
	CHECK(outputs_drive(&out, LOAD, 0, &error) == 0);
	CHECK(!error && pins() == 0);

	/* now it cannot be written either */
	output(0)->write_error = -EIO;
	output(2)->write_error = -EIO;
	CHECK(outputs_drive(&out, 0, LOAD | PRE_ALARM, &error) == LOAD);
	CHECK(error == -EIO);
	CHECK(out.unsure == (LOAD | PRE_ALARM));
	CHECK(out.lost == 0);
	/* and still not done when it shall be low again */
	CHECK(outputs_drive(&out, LOAD, 0, &error) == LOAD);
	CHECK(error == -EIO && out.unsure == (LOAD | PRE_ALARM));
	output(0)->write_error = 0;
	output(2)->write_error = 0;
	CHECK(outputs_drive(&out, LOAD, 0, &error) == 0);
	CHECK(!error && !out.unsure && !out.attempts);
}

static void write_fails(void)
{
	taken();
	CHECK(outputs_drive(&out, 0, LOAD, &error) == LOAD);
	output(0)->write_error = -ETIMEDOUT;
	CHECK(outputs_drive(&out, LOAD, CHARGE, &error) == LOAD);
	CHECK(error == -ETIMEDOUT);
	CHECK(out.unsure == (LOAD | CHARGE));
	CHECK(out.lost == (LOAD | CHARGE));
	CHECK(out.attempts == 1);
	CHECK(pins() == LOAD);

	/* it is found to be done after all */
	output(0)->write_error = 0;
	CHECK(outputs_drive(&out, LOAD, CHARGE, &error) == CHARGE);
	CHECK(!error && !out.unsure && !out.lost && !out.attempts);
	CHECK(pins() == CHARGE);
}

static void told_but_done(void)
{
	taken();
	CHECK(outputs_drive(&out, 0, LOAD | CHARGE, &error) == (LOAD | CHARGE));
	/* the write is said to have failed, and yet the pin is low */
	output(0)->write_error = -EIO;
	output(0)->stuck = 0;
	CHECK(outputs_drive(&out, LOAD | CHARGE, CHARGE, &error) == CHARGE);
	CHECK(error == -EIO);
	CHECK(!out.unsure && !out.attempts);

	/* or it cannot be driven, but others hold it as it shall be */
	output(2)->output = false;
	output(2)->outside = true;
	output(2)->direction_error = -ETIMEDOUT;
	CHECK(outputs_drive(&out, CHARGE, CHARGE | PRE_ALARM, &error) ==
	      (CHARGE | PRE_ALARM));
	CHECK(error == -ETIMEDOUT);
	CHECK(!out.unsure && !out.attempts);
}

static void does_not_follow(void)
{
	taken();
	output(0)->stuck = 0;
	CHECK(outputs_drive(&out, 0, LOAD | CHARGE, &error) == CHARGE);
	CHECK(error == -EIO);
	CHECK(out.unsure == LOAD && out.lost == LOAD && out.attempts == 1);
	CHECK(output(0)->directions == 0);

	/* the next time the chip is told all that it may have forgotten */
	CHECK(outputs_drive(&out, CHARGE, LOAD | CHARGE, &error) == CHARGE);
	CHECK(error == -EIO && out.attempts == 2);
	CHECK(output(0)->directions == 1);
	CHECK(output(1)->directions == 0);
	/* its level once more, and before that direction */
	CHECK(output(0)->writes == 2);

	output(0)->direction_error = -EREMOTEIO;
	CHECK(outputs_drive(&out, CHARGE, LOAD | CHARGE, &error) == CHARGE);
	CHECK(error == -EREMOTEIO);

	output(0)->stuck = -1;
	output(0)->direction_error = 0;
	CHECK(outputs_drive(&out, CHARGE, LOAD | CHARGE, &error) ==
	      (LOAD | CHARGE));
	CHECK(!error && !out.attempts && !out.lost && !out.unsure);
}

static void stuck_high(void)
{
	taken();
	CHECK(outputs_drive(&out, 0, LOAD, &error) == LOAD);
	output(0)->stuck = 1;
	CHECK(outputs_drive(&out, LOAD, 0, &error) == LOAD);
	CHECK(error == -EIO);
	CHECK(out.unsure == LOAD);

	/* it cannot be read either: whatever may be high is */
	output(0)->read_error = -EIO;
	CHECK(outputs_drive(&out, LOAD, 0, &error) == LOAD);
	CHECK(error == -EIO && out.unsure == LOAD && !out.lost);
}

static void doubtful_warning(void)
{
	taken();
	/* written in vain, and it cannot be read now: it may well be silent */
	output(2)->write_error = -EIO;
	output(2)->read_error = -EIO;
	CHECK(outputs_drive(&out, 0, PRE_ALARM, &error) == 0);
	CHECK(error == -EIO && out.unsure == PRE_ALARM);
}

static void no_repair_in_atomic(void)
{
	not_sleeping();
	taken();
	atomic = true;
	output(0)->stuck = 0;
	CHECK(outputs_drive(&out, 0, LOAD, &error) == 0);
	CHECK(error == -EIO && out.lost == LOAD);
	CHECK(outputs_drive(&out, 0, LOAD, &error) == 0);
	CHECK(output(0)->directions == 0);
	CHECK(output(0)->writes == 2);
	CHECK(!misused);
}

static void let_go(void)
{
	not_sleeping();
	taken();
	atomic = true;
	CHECK(outputs_drive(&out, 0, LOAD | CHARGE, &error) == (LOAD | CHARGE));
	outputs_let_go(&out, 0);
	CHECK(pins() == (LOAD | CHARGE) && !out.unsure);
	outputs_let_go(&out, LOAD);
	CHECK(pins() == CHARGE && out.unsure == LOAD);
	CHECK(output(0)->writes == 2 && output(1)->writes == 1);

	/* the turn makes sure, whether it was done or not */
	CHECK(outputs_drive(&out, LOAD | CHARGE, CHARGE, &error) == CHARGE);
	CHECK(!error && !out.unsure && pins() == CHARGE);
	CHECK(output(0)->writes == 3);
	output(1)->write_error = -EIO;
	outputs_let_go(&out, CHARGE);
	CHECK(pins() == CHARGE && out.unsure == CHARGE);
	output(1)->write_error = 0;
	CHECK(outputs_drive(&out, CHARGE, 0, &error) == 0);
	CHECK(!error && pins() == 0);
	/* and takes back what it does not agree with */
	CHECK(outputs_drive(&out, 0, LOAD, &error) == LOAD);
	outputs_let_go(&out, LOAD);
	CHECK(outputs_drive(&out, LOAD, LOAD, &error) == LOAD);
	CHECK(pins() == LOAD && !misused);

	/* what was in doubt before stays so */
	output(0)->write_error = -EIO;
	out.readable = 0;
	CHECK(outputs_drive(&out, LOAD | CHARGE, CHARGE, &error) ==
	      (LOAD | CHARGE));
	CHECK(out.unsure == LOAD);
	outputs_let_go(&out, CHARGE);
	CHECK(out.unsure == (LOAD | CHARGE));
}

static void refused(void)
{
	taken();
	/* gpiolib takes it for an input, so it takes no value for any of them */
	output(0)->output = false;
	CHECK(outputs_drive(&out, 0, LOAD | CHARGE, &error) == (LOAD | CHARGE));
	CHECK(!error && pins() == (LOAD | CHARGE));
	CHECK(output(0)->directions == 1 && output(1)->directions == 1);
	CHECK(output(2)->directions == 0);

	output(0)->output = false;
	output(1)->direction_error = -EREMOTEIO;
	CHECK(outputs_drive(&out, LOAD | CHARGE, 0, &error) == CHARGE);
	CHECK(error == -EREMOTEIO);
	CHECK(out.unsure == CHARGE);
	CHECK(!output(0)->driven);

	/* the last one, too; and an error stays one though others work */
	output(1)->direction_error = 0;
	output(0)->output = false;
	output(0)->direction_error = -ETIMEDOUT;
	CHECK(outputs_drive(&out, CHARGE, CHARGE | PRE_ALARM | LOAD, &error) ==
	      (CHARGE | PRE_ALARM));
	CHECK(error == -ETIMEDOUT);
	CHECK(output(2)->directions == 1 && output(2)->driven);
}

static void floating(void)
{
	taken();
	/* released, and fed from outside: not the driver's */
	CHECK(outputs_drive(&out, 0, LOAD | CHARGE, &error) == (LOAD | CHARGE));
	output(0)->output = false;
	output(0)->outside = true;
	CHECK(outputs_compare(&out, CHARGE, LOAD | CHARGE, 7) == CHARGE);
	CHECK(!out.unsure && !out.lost);

	/* driven and high, though it should not be */
	output(0)->output = true;
	output(0)->driven = true;
	CHECK(outputs_compare(&out, CHARGE, LOAD | CHARGE, 7) == (LOAD | CHARGE));
	CHECK(out.unsure == LOAD && out.lost == LOAD);
	CHECK(outputs_drive(&out, LOAD | CHARGE, CHARGE, &error) == CHARGE);
	CHECK(!error && !out.unsure && !out.lost);
	CHECK(pins() == CHARGE);

	/* the last of the outputs, too */
	output(2)->output = false;
	output(2)->outside = true;
	CHECK(outputs_compare(&out, CHARGE, CHARGE | PRE_ALARM, 7) == CHARGE);
	output(0)->output = false;
	CHECK(outputs_compare(&out, CHARGE, 7, 7) == CHARGE);
	CHECK(!out.unsure);
}

/* A line of GPIO_OPEN_SOURCE: released when it is written low */
static void open_source(void)
{
	taken();
	CHECK(outputs_drive(&out, 0, LOAD, &error) == LOAD);
	output(0)->direction_error = 0;
	out.unsure = CHARGE;
	output(1)->output = false;
	output(1)->outside = true;
	output(1)->direction_error = -EIO;
	CHECK(outputs_drive(&out, LOAD, LOAD, &error) == LOAD);
	CHECK(!out.unsure);
}

static void reset_chip(void)
{
	taken();
	CHECK(outputs_drive(&out, 0, LOAD | CHARGE, &error) == (LOAD | CHARGE));
	CHECK(outputs_compare(&out, LOAD | CHARGE, CHARGE, 7) == CHARGE);
	CHECK(out.lost == LOAD && out.unsure == LOAD);
	/* what could not be read says nothing */
	CHECK(outputs_compare(&out, CHARGE, 0, LOAD) == CHARGE);
	CHECK(out.lost == LOAD && out.unsure == LOAD);
	/* what was unsure before is not lost by that */
	out.lost = 0;
	CHECK(outputs_compare(&out, LOAD | CHARGE, 0, LOAD) == CHARGE);
	CHECK(out.lost == 0 && out.unsure == LOAD);
	out.lost = LOAD;
	CHECK(outputs_drive(&out, CHARGE, LOAD | CHARGE, &error) ==
	      (LOAD | CHARGE));
	CHECK(!error && !out.lost && !out.unsure);
	CHECK(output(0)->directions == 1);
	CHECK(output(1)->directions == 0);

	/* the chip has made it an input, while another is stuck high */
	CHECK(outputs_drive(&out, LOAD | CHARGE, LOAD, &error) == LOAD);
	output(0)->output = false;
	output(1)->stuck = 1;
	CHECK(outputs_compare(&out, LOAD, CHARGE, 7) == CHARGE);
	CHECK(out.lost == (LOAD | CHARGE) && out.unsure == (LOAD | CHARGE));
}

static void retries(void)
{
	static const u64 pauses[] = { 5, 10, 20, 40, 80, 160, 320, 640, 640,
				      640, 640 };
	unsigned int n;

	taken();
	output(0)->stuck = 0;
	CHECK(outputs_retry_in_ns(&out) == PROTECTION_NEVER);
	for (n = 0; n < ARRAY_SIZE(pauses); n++) {
		outputs_drive(&out, 0, LOAD, &error);
		CHECK(out.attempts == n + 1);
		CHECK(outputs_retry_in_ns(&out) == pauses[n] * MS);
		CHECK(outputs_failing(&out) == (n > 0));
	}
}

static void release(void)
{
	taken();
	outputs_drive(&out, 0, LOAD | CHARGE | PRE_ALARM, &error);
	CHECK(!outputs_release(&out));
	CHECK(pins() == 0);
	CHECK(output(0)->output && output(1)->output && output(2)->output);

	outputs_drive(&out, 0, LOAD | CHARGE | PRE_ALARM, &error);
	output(0)->direction_error = -EREMOTEIO;
	CHECK(outputs_release(&out) == -EREMOTEIO);
	CHECK(pins() == LOAD);
	output(1)->direction_error = -ETIMEDOUT;
	CHECK(outputs_release(&out) == -ETIMEDOUT);

	out.desc[0] = NULL;
	out.desc[1] = NULL;
	CHECK(!outputs_release(&out));
}

static void panic(void)
{
	taken();
	outputs_drive(&out, 0, LOAD | CHARGE, &error);
	transfers = 0;
	outputs_release_atomic(&out);
	CHECK(transfers == 0 && pins() == (LOAD | CHARGE));

	gpiolib_reset();
	not_sleeping();
	taken();
	atomic = true;
	outputs_drive(&out, 0, LOAD | CHARGE | PRE_ALARM, &error);
	outputs_release_atomic(&out);
	CHECK(pins() == 0 && !misused);
}

const struct test outputs_tests[] = {
	{ fitted, "Outputs are had as firmware describes them, and the pre-alarm may be missing" },
	{ missing, "An output that cannot be had is named, and those that can are held to be released (F1)" },
	{ found, "Only an output that is driven and reads high is found on (L5)" },
	{ take_over, "Each output is taken over at the level that it has (L5)" },
	{ drive, "Only what changes is written, in one transfer, and read back in another (F3)" },
	{ alone, "An output that changes alone is written alone, which costs less (T5)" },
	{ atomic_drive, "Outputs that do not sleep are driven without sleeping (T5)" },
	{ not_fitted, "A pre-alarm that is not fitted is neither written nor missed" },
	{ unreadable, "Of an output that can neither be written nor read, load and charge count as on, the pre-alarm as off (F3)" },
	{ write_fails, "A failed write is never reported as done, and is tried again (F3)" },
	{ told_but_done, "What reads as it shall is done, whatever the write said (F3)" },
	{ does_not_follow, "A pin that does not follow is repaired, direction and all (F3)" },
	{ stuck_high, "An output that stays high is reported high (F3)" },
	{ doubtful_warning, "A pre-alarm that may not have been raised counts as silent (F3)" },
	{ no_repair_in_atomic, "A pin that does not follow is only written again where nothing may sleep (F3)" },
	{ let_go, "What is let go ahead of a turn floats at once, and the turn makes sure of it (F3)" },
	{ refused, "Values that gpiolib refuses for the sake of one line reach the others (F3)" },
	{ floating, "A terminal that others feed is not taken for a driven one (F3)" },
	{ open_source, "A line that floats as it shall is good, whatever others put on it (F3)" },
	{ reset_chip, "An output that a reset of the chip took is found, and repaired (F3)" },
	{ retries, "Writes are tried again after 5, 10, 20 ... 640 ms, and reported from the second on (F3)" },
	{ release, "All outputs are released that can be, whatever fails (F1)" },
	{ panic, "A panic releases outputs that do not sleep, and leaves the others (F5)" },
	{ }
};
