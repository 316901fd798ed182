// SPDX-License-Identifier: GPL-2.0
/* smallbms log: what the driver has told the journal. */
#include <stdio.h>

#include "smallbms.h"

#ifndef HAVE_SYSTEMD

enum result command_log(const struct config *config, const char *argument)
{
	(void)config;
	(void)argument;
	complain("log",
		 "this program was built without libsystemd and cannot read the journal; see 'journalctl -k' or 'dmesg'");
	return FAILED;
}

#else

#include <ctype.h>
#include <errno.h>
#include <json-c/json.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <systemd/sd-journal.h>
#include <time.h>
#include <unistd.h>

#define USEC_PER_SEC 1000000ULL
/* "smallbms DEVICE: TEXT", as the kernel prints what a driver says */
#define PREFIX "smallbms "
/* What power-down calls itself as a service */
#define POWER_DOWN "smallbms-power-down"

/**
 * struct entry - one message
 * @name: the board's, or as long as it is not there its device's
 * @usec: when, since the epoch
 */
struct entry {
	char name[NAME_MAX + 1];
	char message[1024];
	int priority;
	uint64_t usec;
};

/* Return: whether the journal's entry has the field, and fitted */
static bool field(sd_journal *journal, const char *name, char *text,
		  size_t size)
{
	size_t length, skip = strlen(name) + 1;
	const void *data;

	if (sd_journal_get_data(journal, name, &data, &length) < 0 ||
	    length < skip)
		return false;
	length -= skip;
	if (length >= size)
		length = size - 1;
	memcpy(text, (const char *)data + skip, length);
	text[length] = '\0';
	/* What is no plain text might steer a terminal, or be no UTF-8. */
	for (char *c = text; *c; c++)
		if (*c < ' ' || *c > '~')
			*c = iscntrl((unsigned char)*c) ? ' ' : '?';
	return true;
}

/* A device's board has the name that people know. */
static void name_board(const struct config *config, const struct names *names,
		       const char *device, char *name, size_t size)
{
	char path[PATH_MAX], target[PATH_MAX];
	const char *base;
	ssize_t length;

	snprintf(name, size, "%.*s", NAME_MAX, device);
	for (size_t i = 0; i < names->count; i++) {
		if (snprintf(path, sizeof(path), "%s/class/power_supply/%s/device",
			     config->sysfs_root, names->name[i]) >=
		    (int)sizeof(path))
			continue;
		length = readlink(path, target, sizeof(target) - 1);
		if (length < 0)
			continue;
		target[length] = '\0';
		base = strrchr(target, '/');
		if (!strcmp(base ? base + 1 : target, device))
			snprintf(name, size, "%s", names->name[i]);
	}
}

/* Split "BOARD: TEXT". */
static bool split(char *text, char **name, char **rest)
{
	char *colon = strstr(text, ": ");

	if (!colon)
		return false;
	*colon = '\0';
	*name = text;
	*rest = colon + 2;
	return true;
}

/* Return: whether the entry is about a board that was asked for */
static bool entry_get(const struct config *config, const struct names *names,
		      sd_journal *journal, struct entry *entry)
{
	char text[1024], word[64];
	char *name, *rest;

	if (!field(journal, "MESSAGE", text, sizeof(text)) ||
	    sd_journal_get_realtime_usec(journal, &entry->usec) < 0)
		return false;
	entry->priority = field(journal, "PRIORITY", word, sizeof(word)) ?
			  atoi(word) : 6;
	if (field(journal, "_TRANSPORT", word, sizeof(word)) &&
	    !strcmp(word, "kernel")) {
		if (strncmp(text, PREFIX, strlen(PREFIX)) ||
		    !split(text + strlen(PREFIX), &name, &rest))
			return false;
		name_board(config, names, name, entry->name,
			   sizeof(entry->name));
	} else {
		/* Anybody may call himself as the service does. */
		if (!field(journal, "_UID", word, sizeof(word)) ||
		    strcmp(word, "0") || !split(text, &name, &rest))
			return false;
		snprintf(entry->name, sizeof(entry->name), "%.*s", NAME_MAX, name);
	}
	snprintf(entry->message, sizeof(entry->message), "%s", rest);
	return !config->board || !strcmp(config->board, entry->name);
}

static void entry_print(const struct config *config, const struct entry *entry)
{
	time_t seconds = entry->usec / USEC_PER_SEC;
	struct json_object *object;
	struct tm parts;
	char when[64];
	size_t length;

	if (!config->json) {
		localtime_r(&seconds, &parts);
		strftime(when, sizeof(when), "%Y-%m-%d %H:%M:%S", &parts);
		printf("%s %s: %s\n", when, entry->name, entry->message);
		return;
	}
	gmtime_r(&seconds, &parts);
	length = strftime(when, sizeof(when), "%Y-%m-%dT%H:%M:%S", &parts);
	snprintf(when + length, sizeof(when) - length, ".%03dZ",
		 (int)(entry->usec % USEC_PER_SEC / 1000));
	object = json_object_new_object();
	json_object_object_add(object, "time", json_object_new_string(when));
	json_object_object_add(object, "name",
			       json_object_new_string(entry->name));
	json_object_object_add(object, "priority",
			       json_object_new_int(entry->priority));
	json_object_object_add(object, "message",
			       json_object_new_string(entry->message));
	json_print_line(object);
}

static bool since_ago(const char *text, uint64_t *usec)
{
	static const struct {
		char letter;
		unsigned int seconds;
	} units[] = {
		{ 's', 1 }, { 'm', 60 }, { 'h', 3600 }, { 'd', 86400 },
	};
	unsigned long long number;
	char *end;

	if (!isdigit((unsigned char)*text))
		return false;
	errno = 0;
	number = strtoull(text, &end, 10);
	for (size_t i = 0; i < ARRAY_SIZE(units); i++) {
		uint64_t now = time(NULL);

		if (end[0] != units[i].letter || end[1])
			continue;
		if (errno || number > now / units[i].seconds)
			number = now / units[i].seconds;
		*usec = (now - number * units[i].seconds) * USEC_PER_SEC;
		return true;
	}
	return false;
}

static bool since_date(const char *text, uint64_t *usec)
{
	static const char * const formats[] = {
		"%Y-%m-%d %H:%M:%S", "%Y-%m-%d %H:%M", "%Y-%m-%d",
	};

	for (size_t i = 0; i < ARRAY_SIZE(formats); i++) {
		struct tm parts = { .tm_isdst = -1 };
		const char *end = strptime(text, formats[i], &parts);
		time_t seconds;

		if (!end || *end)
			continue;
		seconds = mktime(&parts);
		if (seconds < 0)
			return false;
		*usec = seconds * USEC_PER_SEC;
		return true;
	}
	return false;
}

static int journal_open(const struct config *config, sd_journal **journal)
{
	int error;

	if (config->directory)
		error = sd_journal_open_directory(journal, config->directory, 0);
	else
		error = sd_journal_open(journal, SD_JOURNAL_LOCAL_ONLY);
	if (!error)
		error = sd_journal_add_match(*journal,
					     "_KERNEL_SUBSYSTEM=platform", 0);
	if (error >= 0)
		error = sd_journal_add_disjunction(*journal);
	if (error >= 0)
		error = sd_journal_add_match(*journal,
					     "SYSLOG_IDENTIFIER=" POWER_DOWN, 0);
	return error < 0 ? error : 0;
}

static bool journal_is_there(sd_journal *journal)
{
	return sd_journal_has_runtime_files(journal) > 0 ||
	       sd_journal_has_persistent_files(journal) > 0;
}

static int print_entries(const struct config *config,
			 const struct names *names, sd_journal *journal)
{
	struct entry entry;
	int more;

	while ((more = sd_journal_next(journal)) > 0 && !ferror(stdout))
		if (entry_get(config, names, journal, &entry))
			entry_print(config, &entry);
	fflush(stdout);
	return more;
}

static int print_log(const struct config *config, const struct names *names,
		     sd_journal *journal, uint64_t since)
{
	int error;

	error = since ? sd_journal_seek_realtime_usec(journal, since) :
		sd_journal_seek_head(journal);
	if (error >= 0)
		error = print_entries(config, names, journal);
	while (config->follow && error >= 0 && !ferror(stdout)) {
		error = sd_journal_wait(journal, (uint64_t)-1);
		if (error >= 0)
			error = print_entries(config, names, journal);
	}
	return error;
}

enum result command_log(const struct config *config, const char *argument)
{
	const char *what = config->directory ? config->directory : "journal";
	struct names names = { 0 };
	enum result result = FAILED;
	sd_journal *journal = NULL;
	uint64_t since = 0;
	int error;

	(void)argument;
	if (config->since && !since_ago(config->since, &since) &&
	    !since_date(config->since, &since)) {
		complain("--since", "'%s' is neither like 90m, 12h, 7d nor like '2026-01-31 18:30'",
			 config->since);
		return USAGE;
	}
	/* Without a list of the boards, devices keep their own names. */
	names_find(config->sysfs_root, &names);
	error = journal_open(config, &journal);
	if (error) {
		complain(what, "cannot be read: %s", strerror(-error));
	} else if (!config->directory && !journal_is_there(journal)) {
		complain(what,
			 "there is none that you may read; be root, or a member of the group systemd-journal");
	} else {
		error = print_log(config, &names, journal, since);
		if (error < 0)
			complain(what, "%s", strerror(-error));
		else
			result = DONE;
	}
	sd_journal_close(journal);
	names_free(&names);
	return result;
}

#endif

void log_help(void)
{
	puts("\nOptions:\n"
	     "  --since WHEN         Not what is older: 90m, 12h, 7d, '2026-01-31 18:30'\n"
	     "  --follow             Go on with what is logged from now on\n"
	     "  --directory DIR      Read the journal in DIR");
}
