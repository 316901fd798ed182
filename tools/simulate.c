// SPDX-License-Identifier: GPL-2.0
/*
 * smallbms shunt --simulate: a battery monitor on a pseudo terminal, for tests, demos,
 * and who has none. It sends the two blocks of a SmartShunt each second, drains or
 * charges a bank of 100 Ah, and begins again when that is empty or full.
 */
#include <errno.h>
#include <fcntl.h>
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

static void put(struct text *text, const char *label, const char *value)
{
	text->length += snprintf(text->bytes + text->length,
				 sizeof(text->bytes) - text->length,
				 "\r\n%s\t%s", label, value);
}

static void put_number(struct text *text, const char *label, long number)
{
	char value[32];

	snprintf(value, sizeof(value), "%ld", number);
	put(text, label, value);
}

static void put_checksum(struct text *text)
{
	unsigned char sum = 0;

	put(text, "Checksum", "");
	for (size_t i = 0; i < text->length; i++)
		sum += text->bytes[i];
	text->bytes[text->length++] = -sum;
}

static long nearest(double value)
{
	return value < 0 ? value - 0.5 : value + 0.5;
}

static long time_to_go_min(const struct bank *bank)
{
	double minutes;

	if (bank->current >= 0)
		return -1;
	minutes = bank->soc * CAPACITY_AH / -bank->current * 60;
	return minutes < TTG_MAX_MIN ? nearest(minutes) : TTG_MAX_MIN;
}

/* Four cells in series with 2 milliohms: near enough */
static long voltage_mv(const struct bank *bank)
{
	return nearest(12400 + 900 * bank->soc + 2 * bank->current);
}

static void put_measurements(struct text *text, const struct bank *bank)
{
	long mv = voltage_mv(bank);
	bool low = bank->soc < LOW_SOC;

	text->length = 0;
	put(text, "PID", "0xA389");
	put_number(text, "V", mv);
	put_number(text, "I", nearest(bank->current * 1000));
	put_number(text, "P", nearest(bank->current * mv / 1000));
	put_number(text, "CE", nearest((bank->soc - 1) * CAPACITY_AH * 1000));
	put_number(text, "SOC", nearest(bank->soc * 1000));
	put_number(text, "TTG", time_to_go_min(bank));
	put(text, "Alarm", low ? "ON" : "OFF");
	put_number(text, "AR", low ? 4 : 0);
	put(text, "BMV", "SmartShunt 500A/50mV");
	put(text, "FW", "0416");
	put(text, "MON", "0");
	put_checksum(text);
}

static void put_history(struct text *text, const struct bank *bank)
{
	static const struct {
		const char *label;
		long number;
	} fixed[] = {
		{ "H1", -90000 }, { "H2", -20000 }, { "H3", -30000 },
		{ "H4", 12 }, { "H5", 0 }, { "H7", 11800 }, { "H8", 14400 },
		{ "H10", 9 }, { "H11", 0 }, { "H12", 0 }, { "H15", 0 },
		{ "H16", 0 }, { "H18", 0 },
	};

	text->length = 0;
	for (size_t i = 0; i < ARRAY_SIZE(fixed); i++)
		put_number(text, fixed[i].label, fixed[i].number);
	put_number(text, "H6", nearest(-1000 * bank->drawn_ah));
	put_number(text, "H17", nearest(1.3 * bank->drawn_ah));
	put(text, "H9", "---");
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
	ended.fd = signals_that_end();
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
