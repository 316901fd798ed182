// SPDX-License-Identifier: GPL-2.0
/*
 * smallbms power-down: read the boards at each event and each deadline, let
 * power.c decide, and carry out what it says.
 */
#include <errno.h>
#include <signal.h>
#include <spawn.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "power.h"
#include "smallbms.h"

/* Everything is read as often even if nothing happens: an event may be lost. */
#define READ_AGAIN_MS (5 * 1000)
/* If systemctl does not end; two of it must be over before the watchdog bites */
#define ORDER_MS (10 * 1000)
/* A wake-up that is nearer might come before the computer is off. */
#define WAKE_LEAST_S (5 * 60)
#define DAY_S (24 * 60 * 60)

/* As the journal and syslog count */
enum priority { CRITICAL = 2, ERROR, WARNING, NOTICE, INFO };

/**
 * struct shown - what was last reported of a board, so that a change is reported
 * @known: @sight was reported
 * @begun: see struct power_board
 */
struct shown {
	bool known;
	enum power_sight sight;
	bool begun;
};

/**
 * struct service - all of it
 * @settings: its boards grow with BOARDS=*: one that was seen is missed
 * @clock: the folder of a real-time clock with an alarm, or empty
 */
struct service {
	const struct config *config;
	struct settings settings;
	struct power power;
	struct shown shown[POWER_BOARDS];
	struct feed feed;
	char clock[PATH_MAX];
	bool full;
};

/* To the journal, with its priority; to a person without */
__printf(3, 4)
static void report(enum priority priority, const char *name,
		   const char *text, ...)
{
	va_list arguments;

	if (getenv("JOURNAL_STREAM"))
		fprintf(stderr, "<%d>", priority);
	fprintf(stderr, "%s: ", name);
	va_start(arguments, text);
	vfprintf(stderr, text, arguments);
	va_end(arguments);
	fputc('\n', stderr);
}

/* ---- what is known of a board */

static const struct board *find_board(struct service *service, const char *name)
{
	for (size_t i = 0; i < service->feed.count; i++) {
		const struct board *board = feed_board(&service->feed, i);

		if (!strcmp(board->name, name))
			return board;
	}
	return NULL;
}

static struct power_input read_input(const struct board *board)
{
	struct power_input input = { .sight = POWER_MISSING, .cut_in_ms = -1 };

	if (!board)
		return input;
	input.sight = POWER_UNREADABLE;
	if (!board_read_ok(board, ATTR_CONDITIONS) ||
	    !board_read_ok(board, ATTR_ALARM) ||
	    !board_read_ok(board, ATTR_DISCONNECT_IN_MS))
		return input;
	input.sight = board_in_doubt(board) || board_contradicts_itself(board) ?
		      POWER_DOUBTFUL : POWER_KNOWN;
	input.undervoltage = board_has_condition(board, "cell-undervoltage");
	input.low = board->values[ATTR_ALARM].number > 0 &&
		    (input.undervoltage || board_has_condition(board, "cell-low"));
	input.disconnected = board->values[ATTR_ALARM].number == 2;
	/* The driver keeps a direction while the current is too small to tell. */
	input.charging = board_is_text(board, ATTR_STATUS, "Charging") &&
			 !(board_is_measured(board, ATTR_CURRENT_NOW,
					     ATTR_CURRENT_AGE_S) &&
			   board->values[ATTR_CURRENT_NOW].number <= 0);
	input.cut_in_ms = board_cut_in(board);
	return input;
}

static void report_sight(const char *name, enum power_sight sight, bool at_first)
{
	static const char * const texts[] = {
		[POWER_DOUBTFUL] = "its lines cannot be believed: io-error or implausible",
		[POWER_UNREADABLE] = "it cannot be read",
		[POWER_MISSING] = "it is not there: unplugged, or its driver is not loaded",
	};

	if (sight != POWER_KNOWN)
		report(ERROR, name, "%s; while that is so, nothing is powered down because of it",
		       texts[sight]);
	else if (at_first)
		report(INFO, name, "watched");
	else
		report(NOTICE, name, "it can be read and believed again");
}

static void report_changes(struct service *service, size_t index,
			   const struct power_input *input)
{
	const struct power_board *board = &service->power.boards[index];
	const char *name = service->settings.boards[index];
	struct shown *shown = &service->shown[index];
	bool bank = service->settings.rules.supply == POWER_FROM_BANK;

	if (!shown->known || shown->sight != input->sight)
		report_sight(name, input->sight, !shown->known);
	if (board->begun && !shown->begun)
		report(WARNING, name, "%s; powering down if it lasts",
		       bank ? "undervoltage" : "alarm");
	else if (!board->begun && shown->begun)
		report(NOTICE, name, "%s; not powering down",
		       input->charging ? "the bank is being charged" :
		       bank ? "the undervoltage has passed" :
		       "the alarm has passed");
	*shown = (struct shown){ true, input->sight, board->begun };
}

/* ---- the order */

static void say_why(const struct service *service,
		    const struct power_verdict *verdict,
		    const struct power_input *input, char *text, size_t size)
{
	const struct power_board *board = &service->power.boards[verdict->board];
	char lasted[32];

	if (verdict->reason == POWER_CUT) {
		words_seconds(input->cut_in_ms, lasted, sizeof(lasted));
		snprintf(text, size, "powering down: the load is cut in %s", lasted);
		return;
	}
	words_seconds(board->lasted_ms / 1000 * 1000, lasted, sizeof(lasted));
	snprintf(text, size, verdict->reason == POWER_ALARM ?
		 "powering down: the alarm has lasted %s" :
		 "powering down: undervoltage has lasted %s without charge",
		 lasted);
}

/* The journal may be in memory. */
static void keep_reason(const char *name, const char *why)
{
	const char *folder = getenv("STATE_DIRECTORY");
	char path[PATH_MAX], when[64];
	bool kept;
	FILE *file;

	if (!folder)
		folder = "/var/lib/smallbms";
	snprintf(path, sizeof(path), "%s/power-down.log", folder);
	words_time(when, sizeof(when), false);
	file = fopen(path, "ae");
	kept = file && fprintf(file, "%s %s: %s\n", when, name, why) > 0 &&
	       !fflush(file) && !fsync(fileno(file));
	if (file && fclose(file))
		kept = false;
	if (!kept)
		complain(path, "the reason cannot be written: %s",
			 strerror(errno));
}

/* Return: the seconds until it is next that time of the day */
static long long seconds_until(int minute_of_day)
{
	time_t now = time(NULL);
	struct tm parts;

	localtime_r(&now, &parts);
	for (;;) {
		struct tm then = parts;

		then.tm_hour = minute_of_day / 60;
		then.tm_min = minute_of_day % 60;
		then.tm_sec = 0;
		then.tm_isdst = -1;
		if (mktime(&then) - now >= WAKE_LEAST_S)
			return mktime(&then) - now;
		parts.tm_mday++;
	}
}

static void set_wake(const struct service *service, const char *name)
{
	int error = *service->clock ? 0 : -ENODEV;
	long long seconds = seconds_until(service->settings.wake_minute);

	if (!error)
		error = rtc_wake(service->clock, seconds);
	if (error)
		report(ERROR, name, "no wake-up can be set: %s", strerror(-error));
	else
		report(NOTICE, name, "waking up in %lld min", seconds / 60);
}

/* Return: whether systemctl says that it is done */
static bool systemctl(char * const words[])
{
	struct pollfd ended = { -1, POLLIN, 0 };
	int status;
	pid_t pid;

	errno = posix_spawnp(&pid, *words, NULL, NULL, words, environ);
	if (errno) {
		complain(*words, "%s", strerror(errno));
		return false;
	}
	ended.fd = syscall(SYS_pidfd_open, pid, 0);
	if (poll(&ended, 1, ORDER_MS) == 0) {
		complain(*words, "it does not end");
		kill(pid, SIGKILL);
	}
	if (ended.fd >= 0)
		close(ended.fd);
	return waitpid(pid, &status, 0) == pid && WIFEXITED(status) &&
	       !WEXITSTATUS(status);
}

/*
 * logind is asked first, so that programs that delay the shutdown get their time. Where
 * it refuses, as that of systemd 257 does while a program blocks the shutdown and no
 * polkit is there to allow it after all (-i), systemd itself is told what logind would
 * have told it.
 */
static bool order(void)
{
	static char * const ask[] = { "systemctl", "poweroff", "-i", NULL };
	static char * const tell[] = {
		"systemctl", "start", "poweroff.target", "--no-block",
		"--job-mode=replace-irreversibly", NULL
	};

	return systemctl(ask) || systemctl(tell);
}

static void power_down(struct service *service,
		       const struct power_verdict *verdict,
		       const struct power_input *inputs)
{
	const char *name = service->settings.boards[verdict->board];
	char why[VALUE_MAX];

	if (verdict->again) {
		report(CRITICAL, name, "still not powered down; again");
	} else {
		say_why(service, verdict, &inputs[verdict->board], why,
			sizeof(why));
		report(CRITICAL, name, "%s", why);
		keep_reason(name, why);
		if (service->settings.rules.supply == POWER_FROM_BANK &&
		    service->settings.wake_minute >= 0)
			set_wake(service, name);
	}
	if (!order())
		report(CRITICAL, name, "the order to power down was not accepted");
}

/* ---- the loop */

static void meet(struct service *service, const char *name)
{
	struct settings *settings = &service->settings;

	for (size_t i = 0; i < settings->count; i++)
		if (!strcmp(settings->boards[i], name))
			return;
	if (settings->count < POWER_BOARDS)
		snprintf(settings->boards[settings->count++],
			 sizeof(*settings->boards), "%s", name);
	else if (!service->full)
		report(ERROR, name, "more than %d boards; it is not watched",
		       POWER_BOARDS);
	service->full = settings->count == POWER_BOARDS;
}

/* Return: when to look again at the latest */
static long long look(struct service *service)
{
	struct power_input inputs[POWER_BOARDS];
	struct power_verdict verdict;
	long long now = clock_ms(CLOCK_BOOTTIME);

	for (size_t i = 0; i < service->feed.count &&
	     service->settings.all_boards; i++)
		meet(service, feed_board(&service->feed, i)->name);
	for (size_t i = 0; i < service->settings.count; i++)
		inputs[i] = read_input(find_board(service,
						  service->settings.boards[i]));
	verdict = power_decide(&service->power, &service->settings.rules,
			       inputs, service->settings.count, now);
	for (size_t i = 0; i < service->settings.count; i++)
		report_changes(service, i, &inputs[i]);
	if (verdict.reason != POWER_STAY)
		power_down(service, &verdict, inputs);
	return verdict.at_ms >= 0 && verdict.at_ms < now + READ_AGAIN_MS ?
	       verdict.at_ms : now + READ_AGAIN_MS;
}

static enum result serve(struct service *service)
{
	enum result result = feed_listen(&service->feed, service->config);
	bool stirred;

	while (!result) {
		long long until, now;

		/* Everything is read again: it does not matter what has changed. */
		result = feed_update(&service->feed, NULL, NULL);
		if (result)
			break;
		until = look(service);
		now = clock_ms(CLOCK_BOOTTIME);
		/* In any case: it says that the service is alive. */
		result = feed_wait(&service->feed, NULL, 0,
				   until > now ? until - now : 0, &stirred);
	}
	feed_close(&service->feed);
	return result;
}

/* ---- the command */

static void print_rules(const struct service *service)
{
	const struct settings *settings = &service->settings;
	const struct power_rules *rules = &settings->rules;

	printf("Boards:");
	for (size_t i = 0; i < settings->count; i++)
		printf(" %s", settings->boards[i]);
	puts(settings->all_boards ? " all" : "");
	if (rules->supply == POWER_FROM_LOAD) {
		printf("Fed from the load output: powers down when an alarm has lasted %lld s,\n"
		       "and at once when the load is cut within %lld s\n",
		       rules->delay_ms / 1000, rules->delay_ms / 1000);
	} else {
		printf("Fed from the bank: powers down when undervoltage has lasted %lld min\n",
		       rules->reserve_ms / 60000);
		if (settings->wake_minute < 0)
			puts("No wake-up");
		else
			printf("Wake-up: at %02d:%02d%s\n",
			       settings->wake_minute / 60,
			       settings->wake_minute % 60, *service->clock ? "" :
			       ", but no clock of this machine can do that");
	}
	printf("Not while the bank is being charged, nor within %lld s of the boot%s\n",
	       rules->grace_ms / 1000, rules->supply == POWER_FROM_LOAD ?
	       "\nunless a cut is counting down" : "");
}

static enum result power_down_check(struct service *service)
{
	struct names names = { 0 };

	print_rules(service);
	names_find(service->config->sysfs_root, &names);
	for (size_t i = 0; i < service->settings.count; i++) {
		const char *name = service->settings.boards[i];
		bool there = false;

		for (size_t n = 0; n < names.count; n++)
			there = there || !strcmp(names.name[n], name);
		if (!there)
			printf("%s is not there now\n", name);
	}
	names_free(&names);
	return DONE;
}

enum result command_power_down(const struct config *config,
			       const char *argument)
{
	struct service *service = calloc(1, sizeof(*service));
	enum result result = USAGE;

	if (!service) {
		complain("memory", "%s", strerror(ENOMEM));
		return FAILED;
	}
	service->config = config;
	if (config->board) {
		complain("--board", "the boards are named by BOARDS in the file");
	} else if (settings_read(argument ? argument : SETTINGS_FILE,
			       &service->settings)) {
		if (rtc_find(config->sysfs_root, service->clock,
			     sizeof(service->clock)))
			*service->clock = '\0';
		result = config->check ? power_down_check(service) :
			 serve(service);
	}
	free(service);
	return result;
}

void power_down_help(void)
{
	puts("\nFILE is " SETTINGS_FILE " unless given. It is normally\n"
	     "run by the service smallbms-power-down.\n"
	     "\n"
	     "Option:\n"
	     "  --check              Only check the file, and tell what it means");
}
