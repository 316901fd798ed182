// SPDX-License-Identifier: GPL-2.0
/*
 * smallbms shunt --simulate: a battery monitor on a pseudo terminal, for tests, demos,
 * and who has none. It sends the two blocks of a SmartShunt each second, drains or
 * charges a bank of 100 Ah, and begins again when that is empty or full.
 */
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "smallbms.h"

#define CAPACITY_AH 100.0
#define CURRENT_MAX_A 10000
#define TTG_MAX_MIN 14400
#define STEP_MS 1000
#define LOW_SOC 0.1

struct bank {
	double first_soc;	/* 0 to 1 */
	double soc;
	double current;		/* A, positive charges */
	double drawn_ah;
};

struct text {
	char bytes[512];
	size_t length;
};

__printf(2, 3)
static void put(struct text *text, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	text->length += vsnprintf(text->bytes + text->length,
				  sizeof(text->bytes) - text->length, format,
				  arguments);
	va_end(arguments);
}

static void put_checksum(struct text *text)
{
	unsigned char sum = 0;

	put(text, "\r\nChecksum\t");
	for (size_t i = 0; i < text->length; i++)
		sum += text->bytes[i];
	text->bytes[text->length++] = -sum;
}

static long time_to_go_min(const struct bank *bank)
{
	double minutes;

	if (bank->current >= 0)
		return -1;
	minutes = bank->soc * CAPACITY_AH / -bank->current * 60;
	return minutes < TTG_MAX_MIN ? lround(minutes) : TTG_MAX_MIN;
}

/* Four cells in series with 2 milliohms: near enough */
static long voltage_mv(const struct bank *bank)
{
	return lround(12400 + 900 * bank->soc + 2 * bank->current);
}

static void put_measurements(struct text *text, const struct bank *bank)
{
	long mv = voltage_mv(bank);
	bool low = bank->soc < LOW_SOC;

	*text = (struct text){ .length = 0 };
	put(text, "\r\nPID\t0xA389\r\nV\t%ld\r\nI\t%ld\r\nP\t%ld", mv,
	    lround(bank->current * 1000), lround(bank->current * mv / 1000));
	put(text, "\r\nCE\t%ld\r\nSOC\t%ld\r\nTTG\t%ld",
	    lround((bank->soc - 1) * CAPACITY_AH * 1000),
	    lround(bank->soc * 1000), time_to_go_min(bank));
	put(text, "\r\nAlarm\t%s\r\nAR\t%d\r\nBMV\tSmartShunt 500A/50mV"
	    "\r\nFW\t0416\r\nMON\t0", low ? "ON" : "OFF", low ? 4 : 0);
	put_checksum(text);
}

static void put_history(struct text *text, const struct bank *bank)
{
	*text = (struct text){ .length = 0 };
	put(text, "\r\nH1\t-90000\r\nH2\t-20000\r\nH3\t-30000\r\nH4\t12"
	    "\r\nH5\t0\r\nH6\t%ld\r\nH7\t11800\r\nH8\t14400\r\nH9\t---",
	    lround(-1000 * bank->drawn_ah));
	put(text, "\r\nH10\t9\r\nH11\t0\r\nH12\t0\r\nH15\t0\r\nH16\t0"
	    "\r\nH17\t%ld\r\nH18\t0", lround(1.3 * bank->drawn_ah));
	put_checksum(text);
}

static void step(struct bank *bank)
{
	double ah = bank->current * STEP_MS / 3600e3;

	bank->soc += ah / CAPACITY_AH;
	if (ah < 0)
		bank->drawn_ah -= ah;
	if (bank->soc < 0 || bank->soc > 1)
		bank->soc = bank->first_soc;
}

/* Return: whether a terminal was made; its name is in @name */
static bool open_terminal(int *master, int *slave, char *name, size_t size)
{
	struct termios settings;

	*master = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC | O_NONBLOCK);
	if (*master < 0)
		return false;
	if (grantpt(*master) || unlockpt(*master) ||
	    ptsname_r(*master, name, size))
		return false;
	*slave = open(name, O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (*slave < 0 || tcgetattr(*slave, &settings))
		return false;
	cfmakeraw(&settings);
	return !tcsetattr(*slave, TCSANOW, &settings);
}

/* As on a wire, what nobody has read by now is lost. */
static void send(int master, int slave, const struct bank *bank)
{
	struct text text;

	tcflush(slave, TCIFLUSH);
	put_measurements(&text, bank);
	if (write(master, text.bytes, text.length) < 0)
		return;
	put_history(&text, bank);
	if (write(master, text.bytes, text.length) < 0)
		return;
}

static enum result parse(const char *option, const char *text, double min,
			 double max, double *number)
{
	char *end;

	if (!text)
		return DONE;
	*number = strtod(text, &end);
	if (end != text && !*end && *number >= min && *number <= max)
		return DONE;
	complain(option, "'%s' is not a number from %.0f to %.0f", text, min,
		 max);
	return USAGE;
}

/** shunt_simulate - play a battery monitor until interrupted */
enum result shunt_simulate(const struct config *config)
{
	struct bank bank = { .current = -20 };
	struct pollfd ended = { .events = POLLIN };
	double percent = 80;
	enum result result;
	int master, slave;
	char name[64];

	result = parse("--soc", config->soc, 0, 100, &percent);
	if (!result)
		result = parse("--current", config->current, -CURRENT_MAX_A,
			       CURRENT_MAX_A, &bank.current);
	if (result)
		return result;
	bank.first_soc = percent / 100;
	bank.soc = bank.first_soc;
	ended.fd = shunt_signals();
	if (ended.fd < 0 ||
	    !open_terminal(&master, &slave, name, sizeof(name))) {
		complain("--simulate", "%s", strerror(errno));
		return FAILED;
	}
	puts(name);
	fflush(stdout);
	do {
		send(master, slave, &bank);
		step(&bank);
	} while (!poll(&ended, 1, STEP_MS));
	return DONE;
}
