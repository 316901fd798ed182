// SPDX-License-Identifier: GPL-2.0
/* Writes, read-back and retries of outputs, and their release: F1, F3, F5, F8. */
#include <string.h>

#include "check.h"
#include "outputs.h"

static struct device board = { .name = "board" };
static struct outputs out;
static int error;

static unsigned int transfers(void)
{
	return expander.reads + expander.writes + second.reads + second.writes +
	       soc.reads + soc.writes;
}

static void forget_transfers(void)
{
	expander.reads = 0;
	expander.writes = 0;
	second.reads = 0;
	second.writes = 0;
	soc.reads = 0;
	soc.writes = 0;
}

/* Outputs that are driven by the driver, all low */
static void claimed(void)
{
	memset(&out, 0, sizeof(out));
	CHECK(!outputs_get(&board, &out));
	CHECK(outputs_read_initial(&out) == 0);
	CHECK(!outputs_claim(&board, &out, 0));
	output(0)->directions = 0;
	output(1)->directions = 0;
	output(2)->directions = 0;
	forget_transfers();
}

static u32 pins(void)
{
	return (output(0)->output && output(0)->driven ? LOAD : 0) |
	       (output(1)->output && output(1)->driven ? CHARGE : 0) |
	       (output(2)->output && output(2)->driven ? PRE_ALARM : 0);
}

static void fitted(void)
{
	memset(&out, 0, sizeof(out));
	CHECK(!outputs_get(&board, &out));
	CHECK(out.fitted == (LOAD | CHARGE | PRE_ALARM));
	CHECK(out.sleeps && out.sleeping == 7);
	CHECK(out.desc[0] == output(0) && out.desc[2] == output(2));
	CHECK(output(0)->flags == GPIOD_ASIS && output(2)->flags == GPIOD_ASIS);

	memset(&out, 0, sizeof(out));
	output(2)->fitted = false;
	CHECK(!outputs_get(&board, &out));
	CHECK(out.fitted == (LOAD | CHARGE));
	CHECK(!out.desc[2]);

	memset(&out, 0, sizeof(out));
	move(0, GPIOS, &soc);
	CHECK(!outputs_get(&board, &out));
	CHECK(!out.sleeps && !out.sleeping);
	output(0)->chip = &expander;
	memset(&out, 0, sizeof(out));
	CHECK(!outputs_get(&board, &out));
	CHECK(out.sleeps && out.sleeping == LOAD);
}

static void missing(void)
{
	memset(&out, 0, sizeof(out));
	output(0)->fitted = false;
	CHECK(outputs_get(&board, &out) == -EINVAL);
	CHECK(!strcmp(message, "load-gpios is missing\n"));
	/* the others can be released */
	CHECK(out.fitted == (CHARGE | PRE_ALARM));

	gpiolib_reset();
	memset(&out, 0, sizeof(out));
	output(1)->fitted = false;
	output(2)->get_error = -EPROBE_DEFER;
	CHECK(outputs_get(&board, &out) == -EINVAL);
	CHECK(out.fitted == LOAD);
	CHECK(out.desc[0] && !out.desc[1] && !out.desc[2]);
	CHECK(!strcmp(message, "failed to get pre-alarm-gpios\n"));

	gpiolib_reset();
	memset(&out, 0, sizeof(out));
	output(0)->get_error = -EPROBE_DEFER;
	CHECK(outputs_get(&board, &out) == -EPROBE_DEFER);
	CHECK(!strcmp(message, "failed to get load-gpios\n"));
	CHECK(out.fitted == (CHARGE | PRE_ALARM));
}

/* An output that another device may hold on is not taken, nor released */
static void shared(void)
{
	memset(&out, 0, sizeof(out));
	output(0)->shared = true;
	CHECK(outputs_get(&board, &out) == -EBUSY);
	CHECK(!strcmp(message, "load-gpios names a line of another device\n"));
	CHECK(out.fitted == (CHARGE | PRE_ALARM) && !out.desc[0]);
}

static void found(void)
{
	memset(&out, 0, sizeof(out));
	CHECK(!outputs_get(&board, &out));
	output(0)->output = true;
	output(0)->driven = true;
	output(1)->outside = true;		/* high, but not driven */
	output(2)->read_error = -EPERM;
	CHECK(outputs_read_initial(&out) == LOAD);
	CHECK(out.readable == (LOAD | CHARGE));
	output(1)->output = true;
	output(1)->driven = true;
	CHECK(outputs_read_initial(&out) == (LOAD | CHARGE));
	output(1)->output = false;

	output(0)->driven = false;		/* driven, but low */
	out.readable = 0;
	CHECK(outputs_read_initial(&out) == 0);
	CHECK(out.readable == (LOAD | CHARGE));

	/* a chip that is gone is not touched */
	output(0)->driven = true;
	output(0)->chip = &second;
	second.gone = true;
	CHECK(outputs_read_initial(&out) == 0);
	CHECK(out.readable == CHARGE && !second.reads);
	second.gone = false;
	CHECK(outputs_read_initial(&out) == LOAD);
	out.desc[0] = NULL;
	out.fitted = CHARGE | PRE_ALARM;
	CHECK(outputs_read_initial(&out) == 0);
	CHECK(out.readable == CHARGE);
}

static void claim(void)
{
	memset(&out, 0, sizeof(out));
	CHECK(!outputs_get(&board, &out));
	CHECK(!outputs_claim(&board, &out, LOAD | PRE_ALARM));
	CHECK(pins() == (LOAD | PRE_ALARM));
	CHECK(output(1)->output && !output(1)->driven);
	CHECK(!out.unconfirmed && !out.out_of_sync);
}

/* A bus that is dead at the start */
static void claim_again(void)
{
	memset(&out, 0, sizeof(out));
	CHECK(!outputs_get(&board, &out));
	output(0)->read_error = -EREMOTEIO;
	output(1)->read_error = -ETIMEDOUT;
	output(1)->direction_error = -EREMOTEIO;
	output(2)->read_error = -ENXIO;
	CHECK(outputs_read_initial(&out) == 0);
	CHECK(out.readable == 7);
	output(2)->read_error = -EAGAIN;
	CHECK(outputs_read_initial(&out) == 0);
	CHECK(out.readable == 7);
	CHECK(!outputs_claim(&board, &out, 0));
	CHECK(!strcmp(message, "failed to drive charge-gpios: error -121; trying again\n"));
	CHECK(output(0)->output && output(2)->output && !output(1)->output);
	CHECK(out.unconfirmed == CHARGE && out.out_of_sync == CHARGE);
	output(2)->direction_error = -EREMOTEIO;
	CHECK(!outputs_claim(&board, &out, 0));
	CHECK(out.unconfirmed == (CHARGE | PRE_ALARM));
	CHECK(out.out_of_sync == (CHARGE | PRE_ALARM));
	output(2)->direction_error = 0;
	out.unconfirmed = CHARGE;
	out.out_of_sync = CHARGE;

	/* no edge asks for it; the first cycle writes, and the next ones do */
	CHECK(outputs_write(&out, 0, 0, &error) == CHARGE && error == -EREMOTEIO);
	output(1)->read_error = 0;
	output(1)->direction_error = 0;
	CHECK(outputs_write(&out, CHARGE, 0, &error) == 0 && !error);
	CHECK(output(1)->output && !output(1)->driven && !out.unconfirmed);

	/* of a chip that is gone likewise */
	gpiolib_reset();
	memset(&out, 0, sizeof(out));
	CHECK(!outputs_get(&board, &out));
	output(2)->chip = &second;
	second.gone = true;
	CHECK(!outputs_claim(&board, &out, 0));
	CHECK(out.unconfirmed == PRE_ALARM);
}

/* A line that needs no bus has no such excuse. */
static void claim_fails(void)
{
	move(0, GPIOS, &soc);
	memset(&out, 0, sizeof(out));
	CHECK(!outputs_get(&board, &out));
	output(1)->direction_error = -EPERM;
	CHECK(outputs_claim(&board, &out, 0) == -EPERM);
	CHECK(!strcmp(message, "failed to drive charge-gpios\n"));
}

static void drive(void)
{
	claimed();
	CHECK(outputs_write(&out, 0, LOAD | CHARGE, &error) == (LOAD | CHARGE));
	CHECK(!error);
	CHECK(pins() == (LOAD | CHARGE));
	CHECK(transfers() == 2);		/* written, and read back */
	CHECK(output(2)->writes == 0);
	CHECK(!out.unconfirmed && !out.out_of_sync && !out.attempts);

	error = -1;
	CHECK(outputs_write(&out, LOAD | CHARGE, LOAD | CHARGE, &error) ==
	      (LOAD | CHARGE));
	CHECK(!error);
	CHECK(transfers() == 2);

	CHECK(outputs_write(&out, LOAD | CHARGE, CHARGE | PRE_ALARM, &error) ==
	      (CHARGE | PRE_ALARM));
	CHECK(!error);
	CHECK(pins() == (CHARGE | PRE_ALARM));
	CHECK(output(1)->writes == 1);
	CHECK(transfers() == 4);
	CHECK(outputs_retry_in_ns(&out) == NEVER);
	CHECK(!outputs_failing(&out));
}

static void alone(void)
{
	claimed();
	CHECK(outputs_write(&out, 0, CHARGE, &error) == CHARGE);
	CHECK(!error && pins() == CHARGE);
	CHECK(single_writes == 1);
	CHECK(transfers() == 2);		/* written, and read back */
	CHECK(outputs_write(&out, CHARGE, 0, &error) == 0);
	CHECK(!error && pins() == 0 && single_writes == 2);

	/* two are not written one by one */
	CHECK(outputs_write(&out, 0, LOAD | CHARGE, &error) == (LOAD | CHARGE));
	CHECK(single_writes == 2 && transfers() == 6);
}

static void atomic_drive(void)
{
	move(0, GPIOS, &soc);
	claimed();
	atomic = true;
	CHECK(outputs_write(&out, 0, LOAD, &error) == LOAD);
	CHECK(!error && pins() == LOAD && transfers() == 2);
	CHECK(outputs_write(&out, LOAD, CHARGE, &error) == CHARGE);
	CHECK(!error && pins() == CHARGE && single_writes == 1);
}

static void not_fitted(void)
{
	output(2)->fitted = false;
	claimed();
	CHECK(outputs_write(&out, 0, LOAD | PRE_ALARM, &error) ==
	      (LOAD | PRE_ALARM));
	CHECK(!error && !out.unconfirmed && !out.attempts);
	CHECK(outputs_write(&out, LOAD | PRE_ALARM, LOAD, &error) == LOAD);
	CHECK(!error && transfers() == 2);

	output(0)->write_error = -EIO;
	output(0)->read_error = -EIO;
	CHECK(outputs_write(&out, LOAD, PRE_ALARM, &error) == (LOAD | PRE_ALARM));
	CHECK(error == -EIO && out.unconfirmed == LOAD);
}

static void unreadable(void)
{
	memset(&out, 0, sizeof(out));
	CHECK(!outputs_get(&board, &out));
	output(0)->read_error = -EOPNOTSUPP;
	output(1)->read_error = -EOPNOTSUPP;
	output(2)->read_error = -EOPNOTSUPP;
	CHECK(outputs_read_initial(&out) == 0);
	CHECK(out.readable == 0);
	CHECK(!outputs_claim(&board, &out, 0));
	forget_transfers();
	CHECK(outputs_write(&out, 0, LOAD, &error) == LOAD);
	CHECK(!error && transfers() == 1);
	CHECK(outputs_write(&out, LOAD, 0, &error) == 0);
	CHECK(!error && pins() == 0);

	/* now it cannot be written either */
	output(0)->write_error = -EIO;
	output(2)->write_error = -EIO;
	CHECK(outputs_write(&out, 0, LOAD | PRE_ALARM, &error) == LOAD);
	CHECK(error == -EIO);
	CHECK(out.unconfirmed == (LOAD | PRE_ALARM));
	CHECK(out.out_of_sync == 0);
	/* nor is it done when it is requested low again */
	CHECK(outputs_write(&out, LOAD, 0, &error) == LOAD);
	CHECK(error == -EIO && out.unconfirmed == (LOAD | PRE_ALARM));
	output(0)->write_error = 0;
	output(2)->write_error = 0;
	CHECK(outputs_write(&out, LOAD, 0, &error) == 0);
	CHECK(!error && !out.unconfirmed && !out.attempts);
}

static void write_fails(void)
{
	claimed();
	CHECK(outputs_write(&out, 0, LOAD, &error) == LOAD);
	output(0)->write_error = -ETIMEDOUT;
	output(0)->direction_error = -ETIMEDOUT;
	CHECK(outputs_write(&out, LOAD, CHARGE, &error) == LOAD);
	CHECK(error == -ETIMEDOUT);
	CHECK(out.unconfirmed == (LOAD | CHARGE));
	CHECK(out.out_of_sync == (LOAD | CHARGE));
	CHECK(out.attempts == 1);
	CHECK(pins() == LOAD);

	/* the next one works */
	output(0)->write_error = 0;
	output(0)->direction_error = 0;
	CHECK(outputs_write(&out, LOAD, CHARGE, &error) == CHARGE);
	CHECK(!out.unconfirmed && !out.out_of_sync && !out.attempts);
	CHECK(pins() == CHARGE);

	/* if its level alone cannot be written, its direction can */
	output(1)->write_error = -ETIMEDOUT;
	CHECK(outputs_write(&out, CHARGE, 0, &error) == 0);
	CHECK(error == -ETIMEDOUT && !out.unconfirmed && !output(1)->output);
}

static void done_nevertheless(void)
{
	claimed();
	CHECK(outputs_write(&out, 0, LOAD | CHARGE, &error) == (LOAD | CHARGE));
	/* the write returns an error, and yet the pin is low */
	output(0)->write_error = -EIO;
	output(0)->stuck = 0;
	CHECK(outputs_write(&out, LOAD | CHARGE, CHARGE, &error) == CHARGE);
	CHECK(error == -EIO);
	CHECK(!out.unconfirmed && !out.attempts);

	/* or it cannot be driven, but others pull it to the level requested */
	output(2)->output = false;
	output(2)->outside = true;
	output(2)->direction_error = -ETIMEDOUT;
	CHECK(outputs_write(&out, CHARGE, CHARGE | PRE_ALARM, &error) ==
	      (CHARGE | PRE_ALARM));
	CHECK(error == -ETIMEDOUT);
	CHECK(!out.unconfirmed && !out.attempts);
}

static void does_not_follow(void)
{
	claimed();
	output(0)->stuck = 0;
	CHECK(outputs_write(&out, 0, LOAD | CHARGE, &error) == CHARGE);
	CHECK(error == -EIO);
	CHECK(out.unconfirmed == LOAD && out.out_of_sync == LOAD && out.attempts == 1);
	CHECK(output(0)->directions == 0);

	/* the next time all registers are written that the chip may have lost */
	CHECK(outputs_write(&out, CHARGE, LOAD | CHARGE, &error) == CHARGE);
	CHECK(error == -EIO && out.attempts == 2);
	CHECK(output(0)->directions == 1);
	CHECK(output(1)->directions == 0);
	/* its level once more, and before that direction */
	CHECK(output(0)->writes == 2);

	output(0)->direction_error = -EREMOTEIO;
	CHECK(outputs_write(&out, CHARGE, LOAD | CHARGE, &error) == CHARGE);
	CHECK(error == -EREMOTEIO);

	output(0)->stuck = -1;
	output(0)->direction_error = 0;
	CHECK(outputs_write(&out, CHARGE, LOAD | CHARGE, &error) ==
	      (LOAD | CHARGE));
	CHECK(!error && !out.attempts && !out.out_of_sync && !out.unconfirmed);
}

static void stuck_high(void)
{
	claimed();
	CHECK(outputs_write(&out, 0, LOAD, &error) == LOAD);
	output(0)->stuck = 1;
	CHECK(outputs_write(&out, LOAD, 0, &error) == LOAD);
	CHECK(error == -EIO);
	CHECK(out.unconfirmed == LOAD);

	/* it cannot be read either: it may be high, so it counts as high */
	output(0)->read_error = -EIO;
	CHECK(outputs_write(&out, LOAD, 0, &error) == LOAD);
	CHECK(error == -EIO && out.unconfirmed == LOAD && !out.out_of_sync);
}

static void doubtful_pre_alarm(void)
{
	claimed();
	/* its write fails, and it cannot be read now: it may be low */
	output(2)->write_error = -EIO;
	output(2)->read_error = -EIO;
	CHECK(outputs_write(&out, 0, PRE_ALARM, &error) == 0);
	CHECK(error == -EIO && out.unconfirmed == PRE_ALARM);
}

static void no_rewrite_in_atomic(void)
{
	move(0, GPIOS, &soc);
	claimed();
	atomic = true;
	output(0)->stuck = 0;
	CHECK(outputs_write(&out, 0, LOAD, &error) == 0);
	CHECK(error == -EIO && out.out_of_sync == LOAD);
	CHECK(outputs_write(&out, 0, LOAD, &error) == 0);
	CHECK(output(0)->directions == 0);
	CHECK(output(0)->writes == 2);
}

static void refused(void)
{
	claimed();
	/* gpiolib takes it for an input, and sets none of the lines */
	output(0)->output = false;
	CHECK(outputs_write(&out, 0, LOAD | CHARGE, &error) == (LOAD | CHARGE));
	CHECK(!error && pins() == (LOAD | CHARGE));
	CHECK(output(0)->directions == 1 && output(1)->directions == 1);
	CHECK(output(2)->directions == 0);

	output(0)->output = false;
	output(1)->direction_error = -EREMOTEIO;
	CHECK(outputs_write(&out, LOAD | CHARGE, 0, &error) == CHARGE);
	CHECK(error == -EREMOTEIO);
	CHECK(out.unconfirmed == CHARGE);
	CHECK(!output(0)->driven);

	/* the last one, too; and an error stays one though others work */
	output(1)->direction_error = 0;
	output(0)->output = false;
	output(0)->direction_error = -ETIMEDOUT;
	CHECK(outputs_write(&out, CHARGE, CHARGE | PRE_ALARM | LOAD, &error) ==
	      (CHARGE | PRE_ALARM));
	CHECK(error == -ETIMEDOUT);
	CHECK(output(2)->directions == 1 && output(2)->driven);
}

static void floating(void)
{
	claimed();
	/* released, and fed from outside: not the driver's */
	CHECK(outputs_write(&out, 0, LOAD | CHARGE, &error) == (LOAD | CHARGE));
	output(0)->output = false;
	output(0)->outside = true;
	CHECK(outputs_check_readback(&out, CHARGE, LOAD | CHARGE, 7) == CHARGE);
	CHECK(!out.unconfirmed && !out.out_of_sync);

	/* driven and high, though it should not be */
	output(0)->output = true;
	output(0)->driven = true;
	CHECK(outputs_check_readback(&out, CHARGE, LOAD | CHARGE, 7) == (LOAD | CHARGE));
	CHECK(out.unconfirmed == LOAD && out.out_of_sync == LOAD);
	CHECK(outputs_write(&out, LOAD | CHARGE, CHARGE, &error) == CHARGE);
	CHECK(!error && !out.unconfirmed && !out.out_of_sync);
	CHECK(pins() == CHARGE);

	/* the last of the outputs, too */
	output(2)->output = false;
	output(2)->outside = true;
	CHECK(outputs_check_readback(&out, CHARGE, CHARGE | PRE_ALARM, 7) == CHARGE);
	output(0)->output = false;
	CHECK(outputs_check_readback(&out, CHARGE, 7, 7) == CHARGE);
	CHECK(!out.unconfirmed);
}

/* A line of GPIO_OPEN_SOURCE: released when it is written low */
static void open_source(void)
{
	claimed();
	CHECK(outputs_write(&out, 0, LOAD, &error) == LOAD);
	output(0)->direction_error = 0;
	out.unconfirmed = CHARGE;
	output(1)->open_source = true;
	output(1)->output = false;
	output(1)->outside = true;
	CHECK(outputs_write(&out, LOAD, LOAD, &error) == LOAD);
	CHECK(!error && !out.unconfirmed && output(1)->inputs == 1);
	/* but not if that failed: it may be driven still */
	out.unconfirmed = CHARGE;
	output(1)->direction_error = -EIO;
	CHECK(outputs_write(&out, LOAD, LOAD, &error) == (LOAD | CHARGE));
	CHECK(error == -EIO && out.unconfirmed == CHARGE);
}

static void reset_chip(void)
{
	claimed();
	CHECK(outputs_write(&out, 0, LOAD | CHARGE, &error) == (LOAD | CHARGE));
	CHECK(outputs_check_readback(&out, LOAD | CHARGE, CHARGE, 7) == CHARGE);
	CHECK(out.out_of_sync == LOAD && out.unconfirmed == LOAD);
	/* an unreadable pin says nothing */
	CHECK(outputs_check_readback(&out, CHARGE, 0, LOAD) == CHARGE);
	CHECK(out.out_of_sync == LOAD && out.unconfirmed == LOAD);
	/* one that was unconfirmed before is not out of sync by that */
	out.out_of_sync = 0;
	CHECK(outputs_check_readback(&out, LOAD | CHARGE, 0, LOAD) == CHARGE);
	CHECK(out.out_of_sync == 0 && out.unconfirmed == LOAD);
	out.out_of_sync = LOAD;
	CHECK(outputs_write(&out, CHARGE, LOAD | CHARGE, &error) ==
	      (LOAD | CHARGE));
	CHECK(!error && !out.out_of_sync && !out.unconfirmed);
	CHECK(output(0)->directions == 1);
	CHECK(output(1)->directions == 0);

	/* all levels come before any direction, which may bring back those of all */
	CHECK(outputs_check_readback(&out, LOAD | CHARGE, 0, 7) == 0);
	CHECK(outputs_write(&out, 0, LOAD | CHARGE, &error) == (LOAD | CHARGE));
	CHECK(output(0)->directions == 2 && output(1)->directions == 1);
	CHECK(output(0)->written_at < output(0)->directed_at);
	CHECK(output(1)->written_at < output(0)->directed_at);
	CHECK(output(0)->written_at < output(1)->directed_at);

	/* the chip has made one an input, while another is stuck high */
	CHECK(outputs_write(&out, LOAD | CHARGE, LOAD, &error) == LOAD);
	output(0)->output = false;
	output(1)->stuck = 1;
	CHECK(outputs_check_readback(&out, LOAD, CHARGE, 7) == CHARGE);
	CHECK(out.out_of_sync == (LOAD | CHARGE) && out.unconfirmed == (LOAD | CHARGE));
}

static void retries(void)
{
	static const u64 pauses[] = { 5, 10, 20, 40, 80, 160, 320, 640, 640,
				      640, 640 };
	unsigned int n;

	claimed();
	output(0)->stuck = 0;
	CHECK(outputs_retry_in_ns(&out) == NEVER);
	for (n = 0; n < ARRAY_SIZE(pauses); n++) {
		outputs_write(&out, 0, LOAD, &error);
		CHECK(out.attempts == n + 1);
		CHECK(outputs_retry_in_ns(&out) == pauses[n] * MS);
		CHECK(outputs_failing(&out) == (n > 0));
	}
}

/* What a bus does while outputs_release() waits */
static unsigned int naps, naps_wanted;

static void recover(void)
{
	if (++naps < naps_wanted)
		return;
	output(0)->direction_error = 0;
	output(1)->read_error = 0;
	output(1)->stuck = -1;
}

static void high(void)
{
	outputs_write(&out, 0, LOAD | CHARGE | PRE_ALARM, &error);
	CHECK(pins() == 7);
	forget_transfers();
	naps = 0;
	asleep = recover;
	*message = '\0';
}

static void release(void)
{
	claimed();
	high();
	CHECK(!outputs_release(&board, &out));
	CHECK(pins() == 0 && naps == 0 && !*message);
	CHECK(output(0)->output && output(1)->output && output(2)->output);
	CHECK(transfers() == 1);		/* read back */
}

static void release_again(void)
{
	claimed();
	/* a write that fails */
	high();
	naps_wanted = 3;
	output(0)->direction_error = -EREMOTEIO;
	CHECK(!outputs_release(&board, &out));
	CHECK(pins() == 0 && naps == 3 && !*message);
	/* one that is lost, as the read-back shows */
	high();
	output(1)->stuck = 1;
	CHECK(!outputs_release(&board, &out));
	CHECK(pins() == 0 && naps == 3);
	/* one that nobody can confirm */
	high();
	output(1)->read_error = -EREMOTEIO;
	CHECK(!outputs_release(&board, &out));
	CHECK(pins() == 0 && naps == 3);
	/* where pins cannot be read, a write that succeeds counts */
	high();
	out.readable = 0;
	output(0)->direction_error = -EREMOTEIO;
	CHECK(!outputs_release(&board, &out));
	CHECK(pins() == 0 && naps == 3);
}

static void pass_5_ms(void)
{
	naps++;
	clock_ns += 5 * MS;
}

/* Up to a nanosecond before the end, and to the end */
static void pass_nearly_all(void)
{
	clock_ns += naps++ ? 1 : 100 * MS - 1;
}

static void release_fails(void)
{
	claimed();
	high();
	asleep = pass_5_ms;
	slept_ms = 0;
	output(1)->direction_error = -EREMOTEIO;
	CHECK(outputs_release(&board, &out) == CHARGE);
	CHECK(pins() == CHARGE && naps == 20 && slept_ms == 100);
	CHECK(!strcmp(message, "failed to release charge-gpios\n"));
	naps = 0;
	asleep = pass_nearly_all;
	CHECK(outputs_release(&board, &out) == CHARGE && naps == 2);
	output(1)->direction_error = 0;

	high();
	asleep = pass_5_ms;
	output(0)->direction_error = -EREMOTEIO;
	CHECK(outputs_release(&board, &out) == LOAD);
	CHECK(!strcmp(message, "failed to release load-gpios\n"));
	output(0)->direction_error = 0;

	expander.gone = true;
	CHECK(outputs_release(&board, &out) == 7);
	CHECK(!strcmp(message, "failed to release pre-alarm-gpios\n"));
	expander.gone = false;

	/* released, and fed from outside: that is not the driver's doing */
	high();
	asleep = NULL;
	output(0)->open_source = true;
	output(0)->outside = true;
	CHECK(!outputs_release(&board, &out));
	/* nor is what a pin says that the chip cannot read */
	output(1)->stuck = 1;
	out.readable = LOAD;
	CHECK(!outputs_release(&board, &out));
}

static void panic(void)
{
	claimed();
	outputs_write(&out, 0, LOAD | CHARGE, &error);
	forget_transfers();
	outputs_release_atomic(&out);
	CHECK(transfers() == 0 && pins() == (LOAD | CHARGE));

	gpiolib_reset();
	move(0, GPIOS, &soc);
	claimed();
	atomic = true;
	outputs_write(&out, 0, LOAD | CHARGE | PRE_ALARM, &error);
	out.readable = LOAD;
	outputs_release_atomic(&out);
	CHECK(pins() == 0);

	/* on both kinds of chips: what needs no bus is released */
	gpiolib_reset();
	output(1)->chip = &soc;
	claimed();
	outputs_write(&out, 0, LOAD | CHARGE | PRE_ALARM, &error);
	atomic = true;
	outputs_release_atomic(&out);
	CHECK(pins() == (LOAD | PRE_ALARM));
}

static void dead_neighbour(void)
{
	move(GPIO_OUTPUTS + 1, 1, &second);
	claimed();
	CHECK(outputs_write(&out, 0, 7, &error) == 7);
	CHECK(!error && expander.writes == 1 && expander.reads == 1);
	CHECK(second.writes == 1 && second.reads == 1);

	/* the chip of load and pre-alarm is dead; charge has to go, and does */
	output(0)->write_error = -EREMOTEIO;
	output(2)->write_error = -EREMOTEIO;
	expander.read_error = -EREMOTEIO;
	CHECK(outputs_write(&out, 7, 0, &error) == LOAD);
	CHECK(error == -EREMOTEIO && pins() == (LOAD | PRE_ALARM));
	CHECK(out.unconfirmed == (LOAD | PRE_ALARM) && !out.out_of_sync);
	CHECK(expander.reads == 2 && second.reads == 2);
	expander.read_error = 0;
	output(0)->write_error = 0;
	output(2)->write_error = 0;
	CHECK(outputs_write(&out, LOAD, 0, &error) == 0);
	CHECK(!error && !out.unconfirmed && pins() == 0);
	CHECK(second.writes == 2);

	/* the other way round */
	CHECK(outputs_write(&out, 0, 7, &error) == 7);
	output(1)->write_error = -ETIMEDOUT;
	second.read_error = -ETIMEDOUT;
	CHECK(outputs_write(&out, 7, PRE_ALARM, &error) == (CHARGE | PRE_ALARM));
	CHECK(error == -ETIMEDOUT && out.unconfirmed == CHARGE);
	CHECK(pins() == (CHARGE | PRE_ALARM));

	/* where no output can be read, the error of one is not another's */
	out.readable = 0;
	output(0)->write_error = 0;
	CHECK(outputs_write(&out, CHARGE | PRE_ALARM, LOAD, &error) ==
	      (LOAD | CHARGE));
	CHECK(error == -ETIMEDOUT && out.unconfirmed == CHARGE);

	/* and each that was written is done */
	output(1)->write_error = 0;
	CHECK(outputs_write(&out, LOAD | CHARGE, PRE_ALARM, &error) == PRE_ALARM);
	CHECK(!error && !out.unconfirmed && pins() == PRE_ALARM);
	output(0)->output = false;
	CHECK(outputs_write(&out, PRE_ALARM, LOAD | CHARGE, &error) ==
	      (LOAD | CHARGE));
	CHECK(!error && !out.unconfirmed && pins() == (LOAD | CHARGE));
	output(0)->output = true;
	output(1)->output = false;
	CHECK(outputs_write(&out, LOAD | CHARGE, PRE_ALARM, &error) == PRE_ALARM);
	CHECK(!error && !out.unconfirmed && pins() == PRE_ALARM);
	output(0)->output = false;
	output(2)->direction_error = -EIO;
	CHECK(outputs_write(&out, PRE_ALARM, LOAD, &error) == LOAD);
	CHECK(error == -EIO && out.unconfirmed == PRE_ALARM);
	output(2)->direction_error = 0;
	CHECK(outputs_write(&out, LOAD, CHARGE, &error) == CHARGE);
	CHECK(!error && !out.unconfirmed);
	output(0)->write_error = -EIO;
	output(1)->output = false;
	CHECK(outputs_write(&out, CHARGE, LOAD, &error) == LOAD);
	CHECK(error == -EIO && out.unconfirmed == LOAD && pins() == 0);
}

static void gone(void)
{
	move(GPIO_OUTPUTS + 1, 1, &second);
	claimed();
	CHECK(outputs_write(&out, 0, 7, &error) == 7);
	second.gone = true;
	CHECK(outputs_write(&out, 7, 0, &error) == CHARGE);
	CHECK(error == -ENODEV && out.unconfirmed == CHARGE);
	CHECK(second.writes == 1 && second.reads == 1);
	/* not even by its direction, after which it would count as driven */
	out.out_of_sync = CHARGE;
	CHECK(outputs_write(&out, CHARGE, 0, &error) == CHARGE);
	CHECK(error == -ENODEV && out.unconfirmed == CHARGE);
	CHECK(!output(1)->directions);
	asleep = pass_5_ms;
	CHECK(outputs_release(&board, &out) == CHARGE);
	CHECK(pins() == CHARGE);
}

/* Inputs may be on the SoC; what matters is the chip of each output. */
static void mixed(void)
{
	move(GPIO_OUTPUTS + 1, 1, &soc);
	claimed();
	CHECK(out.sleeps && out.sleeping == (LOAD | PRE_ALARM));
	CHECK(outputs_write(&out, 0, 7, &error) == 7);
	CHECK(!error && pins() == 7);
	CHECK(soc.writes == 1 && soc.reads == 1);
	CHECK(expander.writes == 1 && expander.reads == 1);
	CHECK(outputs_write(&out, 7, LOAD, &error) == LOAD);
	CHECK(!error && pins() == LOAD);
	CHECK(outputs_write(&out, LOAD, CHARGE, &error) == CHARGE);
	CHECK(!error && pins() == CHARGE);
}

const struct test outputs_tests[] = {
	{ fitted, "Outputs are got as firmware describes them, and the pre-alarm may be missing" },
	{ missing, "F1: An output that cannot be got is named; the others are kept to be released" },
	{ shared, "F1: An output that may be another device's as well is refused, and not touched" },
	{ found, "L5: Only an output that is driven and reads high was on before" },
	{ claim, "L5: Each output is claimed at the level that it has" },
	{ claim_again, "F0 F3: An output on a bus that is dead at the start is written later" },
	{ claim_fails, "F1: An output that cannot be driven, though it needs no bus, is an error" },
	{ drive, "F3: Only outputs that change are written, in one transfer, and read back in another" },
	{ alone, "T5: An output that changes alone is written alone, which costs less" },
	{ atomic_drive, "T5: Outputs that do not sleep are written without sleeping" },
	{ mixed, "T5: Outputs on the SoC and on an expander are written chip by chip" },
	{ not_fitted, "A pre-alarm that is not fitted is not written, and counts as done" },
	{ unreadable, "F3: Where neither write nor read-back works, load and charge count as on, the pre-alarm as off" },
	{ write_fails, "F3: A failed write is never reported as done, and is tried again" },
	{ done_nevertheless, "F3: An output that reads as requested is done, whatever the write returned" },
	{ does_not_follow, "F3: A pin that does not follow is rewritten with its direction" },
	{ stuck_high, "F3: An output that stays high is reported high" },
	{ doubtful_pre_alarm, "F3: A pre-alarm that may not have been raised counts as low" },
	{ no_rewrite_in_atomic, "F3: Where nothing may sleep a pin that does not follow is only written again" },
	{ refused, "F3: Levels that gpiolib refuses because of one line reach the others" },
	{ floating, "F3: A terminal that others feed does not count as driven" },
	{ open_source, "F3: A line that floats as requested is good, whatever others put on it" },
	{ reset_chip, "F3: An output that was lost in a reset of its chip is found, and rewritten" },
	{ dead_neighbour, "F8: A dead chip does not keep the outputs of another from being disconnected" },
	{ gone, "F3: An output whose chip was removed is never reported as done" },
	{ retries, "F3: Writes are tried again after 5, 10, 20 ... 640 ms, and reported from the second on" },
	{ release, "F1: All outputs are released, and read back" },
	{ release_again, "F1: An output that does not follow is released again" },
	{ release_fails, "F1: For 100 ms, and those that could not be released are named" },
	{ panic, "F5: A panic releases outputs that do not sleep, and leaves the others" },
	{ }
};
