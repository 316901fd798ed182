// SPDX-License-Identifier: GPL-2.0
/*
 * smallbms shunt DEVICE: from a battery monitor to the gauge of a board.
 *
 * The device is only ever read. Each accepted block's values are written at once;
 * what a block lacks, or has no value for, is not written, so that its age grows.
 */
#include <errno.h>
#include <fcntl.h>
#include <json-c/json.h>
#include <stdarg.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "smallbms.h"
#include "vedirect.h"

/* A device that is not there is looked for at intervals that double. */
#define RETRY_FIRST_MS 100
#define RETRY_MAX_MS 5000
/* A battery monitor sends two blocks a second. */
#define SILENCE_MS 10000
/*
 * The port is looked at so often at least. If that was longer ago than AWAY_MS, this
 * program was stopped, or the system slept: what the port has kept meanwhile is old, and
 * its buffers, a USB chip's among them, bring it within DROP_MS.
 */
#define LOOK_MS 1000
#define AWAY_MS 5000
#define DROP_MS 500

static const struct {
	enum vedirect_label label;
	const char *name;
	int factor;
} gauge[] = {
	{ VEDIRECT_SOC, "soc_permille", 1 },
	{ VEDIRECT_V, "voltage_uv", 1000 },
	{ VEDIRECT_I, "current_ua", 1000 },
	{ VEDIRECT_T, "temp_dc", 10 },
	{ VEDIRECT_TTG, "time_to_empty_s", 60 },
};

static const struct {
	int pid;
	const char *name;
} products[] = {
	{ 0x203, "BMV-700" },
	{ 0x204, "BMV-702" },
	{ 0x205, "BMV-700H" },
	{ 0xa381, "BMV-712" },
	{ 0xa389, "SmartShunt 500 A" },
	{ 0xa38a, "SmartShunt 1000 A" },
	{ 0xa38b, "SmartShunt 2000 A" },
	{ 0xc030, "SmartShunt IP65 500 A" },
};

/**
 * struct shunt - a battery monitor that is followed
 * @last_ms: when the last block was accepted, or the device opened
 * @looked_ms: when the device was looked at last, by a clock that counts sleep as well
 * @drop_until_ms: what comes until then is old
 * @heard: whether anything has come since @last_ms
 * @connected: whether it was said which battery monitor this is
 * @device_told: what is wrong with the device, said once
 * @gauge_told: and with the gauge
 */
struct shunt {
	const struct config *config;
	const char *device;
	struct board board;
	struct vedirect wire;
	int signals;
	long long last_ms;
	long long looked_ms;
	long long drop_until_ms;
	bool heard;
	bool connected;
	char device_told[VALUE_MAX];
	char gauge_told[VALUE_MAX];
};

/* Complain, unless that was the last thing that was said. */
__printf(3, 4)
static void tell_once(char *told, const char *what, const char *why, ...)
{
	char text[VALUE_MAX];
	va_list arguments;

	va_start(arguments, why);
	vsnprintf(text, sizeof(text), why, arguments);
	va_end(arguments);
	if (!strcmp(text, told))
		return;
	strcpy(told, text);
	complain(what, "%s", text);
}

/* ---- printing */

static struct json_object *json_from_label(const struct vedirect_block *block,
					   enum vedirect_label label)
{
	char text[32];

	if (!vedirect_knows(block, label))
		return NULL;
	switch (label) {
	case VEDIRECT_ALARM:
	case VEDIRECT_RELAY:
		return json_object_new_boolean(block->value[label]);
	case VEDIRECT_PID:
		snprintf(text, sizeof(text), "0x%llX",
			 (long long)block->value[label]);
		return json_object_new_string(text);
	default:
		return json_object_new_int64(block->value[label]);
	}
}

static void print_block(const struct config *config,
			const struct vedirect_block *block)
{
	struct json_object *object = json_object_new_object();
	enum vedirect_label label;
	char text[1024] = "";
	size_t used = 0;

	for (label = 0; label < VEDIRECT_LABELS; label++) {
		struct json_object *value = json_from_label(block, label);

		if (!vedirect_has(block, label))
			continue;
		json_object_object_add(object, vedirect_name(label), value);
		used += snprintf(text + used, sizeof(text) - used, "%s%s %s",
				 used ? ", " : "", vedirect_name(label),
				 value ? json_object_get_string(value) : "---");
	}
	if (config->json) {
		json_print_line(object);
		return;
	}
	print_wrapped("", 2, text);
	json_object_put(object);
}

static void print_counters(const struct config *config,
			   const struct vedirect *wire)
{
	struct json_object *object, *counters;
	char text[1024] = "";
	size_t used = 0;

	if (config->json) {
		object = json_object_new_object();
		counters = json_object_new_object();
		json_object_object_add(object, "counters", counters);
		for (int i = 0; i < VEDIRECT_COUNTERS; i++)
			json_object_object_add(counters,
					       vedirect_counter_name(i),
					       json_object_new_int64(wire->counters[i]));
		json_print_line(object);
		return;
	}
	for (int i = 0; i < VEDIRECT_COUNTERS; i++)
		used += snprintf(text + used, sizeof(text) - used, "%s%s %u",
				 i ? ", " : "", vedirect_counter_name(i),
				 wire->counters[i]);
	print_wrapped("", 2, text);
}

/* ---- a block, and what it is good for */

static const char *product_name(long long pid)
{
	for (size_t i = 0; i < ARRAY_SIZE(products); i++)
		if (products[i].pid == pid)
			return products[i].name;
	return "battery monitor";
}

/*
 * Only what a battery monitor measures at a bank counts. It has a state of charge,
 * if only "---", beside its number; a block without either is its history.
 *
 * Return: whether the block is such a one
 */
static bool is_bank(struct shunt *shunt, const struct vedirect_block *block)
{
	bool has_pid = vedirect_has(block, VEDIRECT_PID);
	unsigned int pid = has_pid ? block->value[VEDIRECT_PID] : 0;
	long long monitored = vedirect_knows(block, VEDIRECT_MON) ?
			      block->value[VEDIRECT_MON] : 0;

	if ((pid & 0xff00) == 0xa000)
		tell_once(shunt->device_told, shunt->device,
			  "an MPPT solar charger (PID 0x%X), not a battery monitor",
			  pid);
	else if (monitored)
		tell_once(shunt->device_told, shunt->device,
			  "a %s that monitors a %s (MON %lld), not a bank",
			  product_name(pid), monitored < 0 ? "source" : "load",
			  monitored);
	else if (vedirect_has(block, VEDIRECT_SOC))
		return true;
	else if (has_pid)
		tell_once(shunt->device_told, shunt->device,
			  "PID 0x%X is not a battery monitor", pid);
	return false;
}

/* Return: 0 or an errno */
static int gauge_write(const struct board *board, const char *name,
		       long long value)
{
	char path[PATH_MAX + NAME_MAX], text[32];
	int length = snprintf(text, sizeof(text), "%lld\n", value);
	int error = 0, fd;

	snprintf(path, sizeof(path), "%s/device/gauge/%s", board->folder, name);
	fd = open(path, O_WRONLY | O_TRUNC | O_CLOEXEC);
	if (fd < 0)
		return errno;
	if (write(fd, text, length) != length)
		error = errno;
	close(fd);
	return error;
}

static void gauge_update(struct shunt *shunt,
			 const struct vedirect_block *block)
{
	const struct board *board = &shunt->board;
	bool well = true;

	for (size_t i = 0; i < ARRAY_SIZE(gauge); i++) {
		long long value = block->value[gauge[i].label];
		int error;

		if (!vedirect_knows(block, gauge[i].label))
			continue;
		if (gauge[i].label != VEDIRECT_TTG || value >= 0)
			value *= gauge[i].factor;
		error = gauge_write(board, gauge[i].name, value);
		if (!error || !well)
			continue;
		well = false;
		if (access(board->folder, F_OK))
			tell_once(shunt->gauge_told, board->name,
				  "not there: unplugged, or its driver was unloaded; waiting for it");
		else
			tell_once(shunt->gauge_told, board->name,
				  "cannot write gauge/%s: %s", gauge[i].name,
				  strerror(error));
	}
	if (well)
		*shunt->gauge_told = '\0';
}

static void take_block(struct shunt *shunt)
{
	const struct vedirect_block *block = &shunt->wire.block;

	shunt->last_ms = now_ms();
	shunt->heard = false;
	if (shunt->config->json)
		print_block(shunt->config, block);
	if (!is_bank(shunt, block))
		return;
	*shunt->device_told = '\0';
	gauge_update(shunt, block);
	if (!shunt->connected && !shunt->config->json)
		printf("%s: %s on %s\n", shunt->board.name,
		       product_name(vedirect_has(block, VEDIRECT_PID) ?
				    block->value[VEDIRECT_PID] : 0),
		       shunt->device);
	shunt->connected = true;
}

/* ---- the device */

/* Nothing is sent, and no line is moved: no echo, no flow control, no hang-up. */
static int make_raw(int fd)
{
	struct termios settings;

	if (tcgetattr(fd, &settings))
		return -1;
	cfmakeraw(&settings);
	settings.c_cflag &= ~(CSTOPB | CRTSCTS | HUPCL);
	settings.c_cflag |= CREAD | CLOCAL;
	settings.c_iflag &= ~(IXOFF | IXANY);
	settings.c_iflag |= IGNBRK;
	settings.c_cc[VMIN] = 1;
	settings.c_cc[VTIME] = 0;
	cfsetspeed(&settings, B19200);
	return tcsetattr(fd, TCSANOW, &settings);
}

/* Without O_NONBLOCK it would wait for a modem to answer. */
static int device_open(struct shunt *shunt)
{
	int fd = open(shunt->device,
		      O_RDONLY | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
	int error;

	if (fd >= 0 && !make_raw(fd))
		return fd;
	error = errno;
	if (fd >= 0)
		close(fd);
	return -error;
}

/* To be called after the device was read: whether what has come may be old */
static bool device_is_old(struct shunt *shunt)
{
	long long now = clock_ms(CLOCK_BOOTTIME);
	long long away_ms = now - shunt->looked_ms;

	shunt->looked_ms = now;
	if (away_ms > AWAY_MS) {
		tell_once(shunt->device_told, shunt->device,
			  "not read for %lld s; what came meanwhile is dropped",
			  away_ms / 1000);
		shunt->drop_until_ms = now + DROP_MS;
		shunt->last_ms = now_ms();
	}
	return now < shunt->drop_until_ms;
}

static void device_bytes(struct shunt *shunt, const unsigned char *bytes,
			 ssize_t count)
{
	shunt->heard = true;
	for (ssize_t i = 0; i < count; i++)
		if (vedirect_byte(&shunt->wire, bytes[i]))
			take_block(shunt);
	fflush(stdout);
}

static void tell_of_silence(struct shunt *shunt)
{
	if (now_ms() - shunt->last_ms < SILENCE_MS)
		return;
	tell_once(shunt->device_told, shunt->device, "%s within %d s",
		  shunt->heard ? "no valid VE.Direct block" : "nothing came",
		  SILENCE_MS / 1000);
}

/* Return: whether to go on; false when the program is told to end */
static bool device_read(struct shunt *shunt, int fd)
{
	struct pollfd polls[] = {
		{ shunt->signals, POLLIN, 0 },
		{ fd, POLLIN, 0 },
	};
	unsigned char bytes[512];
	ssize_t got;

	while (!ferror(stdout)) {
		poll(polls, ARRAY_SIZE(polls), LOOK_MS);
		if (polls[0].revents)
			return false;
		got = polls[1].revents ? read(fd, bytes, sizeof(bytes)) : -1;
		if (polls[1].revents && got <= 0 &&
		    (!got || (errno != EINTR && errno != EAGAIN))) {
			tell_once(shunt->device_told, shunt->device,
				  "gone: %s; waiting for it",
				  got ? strerror(errno) : "hung up");
			return true;
		}
		if (device_is_old(shunt))
			vedirect_interrupt(&shunt->wire);
		else if (got > 0)
			device_bytes(shunt, bytes, got);
		tell_of_silence(shunt);
	}
	return false;
}

static enum result follow(struct shunt *shunt)
{
	struct pollfd ended = { shunt->signals, POLLIN, 0 };
	int retry_ms = RETRY_FIRST_MS;
	bool go_on = true;
	int fd;

	while (go_on && !poll(&ended, 1, 0)) {
		fd = device_open(shunt);
		if (fd == -ENOTTY) {
			complain(shunt->device, "not a serial port");
			return FAILED;
		}
		if (fd < 0) {
			tell_once(shunt->device_told, shunt->device,
				  "cannot be opened: %s; waiting for it",
				  strerror(-fd));
		} else {
			shunt->last_ms = now_ms();
			shunt->looked_ms = clock_ms(CLOCK_BOOTTIME);
			shunt->heard = false;
			shunt->connected = false;
			go_on = device_read(shunt, fd);
			close(fd);
			vedirect_interrupt(&shunt->wire);
			if (shunt->connected)
				retry_ms = RETRY_FIRST_MS;
		}
		if (go_on)
			poll(&ended, 1, retry_ms);
		retry_ms = retry_ms * 2 < RETRY_MAX_MS ? retry_ms * 2 :
			   RETRY_MAX_MS;
	}
	return DONE;
}

static enum result find_gauge(struct shunt *shunt)
{
	enum result result = board_find(shunt->config, &shunt->board);
	char path[PATH_MAX + NAME_MAX];

	if (result)
		return result;
	snprintf(path, sizeof(path), "%s/device/gauge", shunt->board.folder);
	if (!access(path, F_OK))
		return DONE;
	complain("shunt", "%s: this board's driver takes no gauge",
		 shunt->board.name);
	return FAILED;
}

/* Return: DONE also when the program is told to end */
static enum result await_gauge(struct shunt *shunt)
{
	struct pollfd ended = { shunt->signals, POLLIN, 0 };
	int retry_ms = RETRY_FIRST_MS;
	char why[VALUE_MAX];
	enum result result;

	do {
		complain_into(why, sizeof(why));
		result = find_gauge(shunt);
		complain_into(NULL, 0);
		if (!result)
			break;
		tell_once(shunt->gauge_told, "waiting for a gauge", "%s", why);
		retry_ms = retry_ms * 2 < RETRY_MAX_MS ? retry_ms * 2 :
			   RETRY_MAX_MS;
	} while (!poll(&ended, 1, retry_ms));
	*shunt->gauge_told = '\0';
	return DONE;
}

static enum result run(const struct config *config, const char *device)
{
	struct shunt shunt = { .config = config, .device = device };
	enum result result;

	shunt.signals = signals_that_end();
	if (shunt.signals < 0) {
		complain("signals", "%s", strerror(errno));
		return FAILED;
	}
	vedirect_init(&shunt.wire);
	result = config->wait ? await_gauge(&shunt) : find_gauge(&shunt);
	if (!result)
		result = follow(&shunt);
	close(shunt.signals);
	if (!result)
		print_counters(config, &shunt.wire);
	return result;
}

/* ---- what was recorded */

static enum result decode(const struct config *config)
{
	unsigned char bytes[4096];
	struct vedirect wire;
	size_t got;
	FILE *file;
	int error;

	file = fopen(config->decode, "rbe");
	if (!file) {
		complain(config->decode, "%s", strerror(errno));
		return FAILED;
	}
	vedirect_init(&wire);
	while ((got = fread(bytes, 1, sizeof(bytes), file)))
		for (size_t i = 0; i < got; i++)
			if (vedirect_byte(&wire, bytes[i]))
				print_block(config, &wire.block);
	error = ferror(file) ? errno : 0;
	fclose(file);
	if (error) {
		complain(config->decode, "%s", strerror(error));
		return FAILED;
	}
	vedirect_interrupt(&wire);
	print_counters(config, &wire);
	return DONE;
}

enum result command_shunt(const struct config *config, const char *argument)
{
	int modes = !!argument + !!config->decode + config->simulate;

	if (modes != 1) {
		complain("shunt", "%s; see 'smallbms help shunt'",
			 modes ? "one thing at a time" : "a device is missing");
		return USAGE;
	}
	if (config->wait && !argument) {
		complain("--wait", "goes with a device alone");
		return USAGE;
	}
	if (!config->simulate && (config->soc || config->current)) {
		complain(config->soc ? "--soc" : "--current",
			 "goes with --simulate alone");
		return USAGE;
	}
	if (config->simulate)
		return shunt_simulate(config);
	if (config->decode)
		return decode(config);
	return run(config, argument);
}

void shunt_help(void)
{
	puts("\nReads the VE.Direct text of a battery monitor and writes its state of charge,\n"
	     "voltage, current, temperature and time to empty to the gauge of the board.\n"
	     "The device is never written to.\n\n"
	     "Option:\n"
	     "  --wait               Until there is a board that takes a gauge\n\n"
	     "Instead of DEVICE:\n"
	     "  --decode FILE        Print what blocks a recording has, and the counters\n"
	     "  --simulate           Play a battery monitor on a pseudo terminal\n"
	     "  --soc PERCENT        of it, at first; 80 if not given\n"
	     "  --current AMPERES    of it, negative to discharge; -20 if not given");
}
