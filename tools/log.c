// SPDX-License-Identifier: GPL-2.0
/*
 * smallbms log: what the driver has told the journal. journalctl(1) finds and
 * reads it, so that --since and --until are what they are there.
 */
#include <ctype.h>
#include <errno.h>
#include <json-c/json.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "smallbms.h"

#define USEC_PER_SEC 1000000ULL
/* "smallbms DEVICE: TEXT", as the kernel prints what a driver says */
#define PREFIX "smallbms "
/* What power-down calls itself as a service */
#define POWER_DOWN "smallbms-power-down"
#define NOT_RUN 127

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

/**
 * struct reader - what is made of the journal's entries
 * @kept: the last of them, as text, @count long; at most @most are wanted
 * @keep: they are kept instead of printed
 * @found: there was one that was asked for
 * @cursor: of the journal, behind the last entry that was read
 * @said: what journalctl said last on stderr
 */
struct reader {
	const struct config *config;
	struct names names;
	char **kept;
	size_t count;
	size_t most;
	bool keep;
	bool found;
	char cursor[512];
	char said[512];
};

/* A text of the entry; one that is no plain text comes as an array of bytes. */
static bool field(struct json_object *object, const char *name, char *text,
		  size_t size)
{
	struct json_object *value, *byte;
	size_t length = 0;

	if (!json_object_object_get_ex(object, name, &value))
		return false;
	if (json_object_is_type(value, json_type_array)) {
		size_t count = json_object_array_length(value);

		for (; length < count && length < size - 1; length++) {
			byte = json_object_array_get_idx(value, length);
			text[length] = json_object_get_int(byte);
		}
		text[length] = '\0';
	} else if (json_object_is_type(value, json_type_string)) {
		snprintf(text, size, "%s", json_object_get_string(value));
	} else {
		return false;
	}
	/* What is no plain text might steer a terminal, or be no UTF-8. */
	for (char *c = text; *c; c++)
		if (*c < ' ' || *c > '~')
			*c = iscntrl((unsigned char)*c) ? ' ' : '?';
	return true;
}

/* A device's board has the name that people know. */
static void name_board(const struct reader *reader, const char *device,
		       char *name, size_t size)
{
	char path[PATH_MAX], target[PATH_MAX];
	const struct names *names = &reader->names;
	const char *base;
	ssize_t length;

	snprintf(name, size, "%.*s", NAME_MAX, device);
	for (size_t i = 0; i < names->count; i++) {
		if (snprintf(path, sizeof(path), "%s/class/power_supply/%s/device",
			     reader->config->sysfs_root, names->name[i]) >=
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
static bool entry_get(const struct reader *reader, struct json_object *object,
		      struct entry *entry)
{
	const char *board = reader->config->board;
	char text[1024], word[64];
	char *name, *rest;

	if (!field(object, "MESSAGE", text, sizeof(text)) ||
	    !field(object, "__REALTIME_TIMESTAMP", word, sizeof(word)))
		return false;
	entry->usec = strtoull(word, NULL, 10);
	entry->priority = field(object, "PRIORITY", word, sizeof(word)) ?
			  atoi(word) : 6;
	if (field(object, "_TRANSPORT", word, sizeof(word)) &&
	    !strcmp(word, "kernel")) {
		if (strncmp(text, PREFIX, strlen(PREFIX)) ||
		    !split(text + strlen(PREFIX), &name, &rest))
			return false;
		name_board(reader, name, entry->name, sizeof(entry->name));
	} else {
		if (!split(text, &name, &rest))
			return false;
		snprintf(entry->name, sizeof(entry->name), "%.*s", NAME_MAX, name);
	}
	snprintf(entry->message, sizeof(entry->message), "%s", rest);
	if (board && strcmp(board, entry->name))
		return false;
	plain(entry->name);
	return true;
}

/* Return: the line for it, which the caller frees; NULL: no memory */
static char *entry_text(const struct config *config, const struct entry *entry)
{
	time_t seconds = entry->usec / USEC_PER_SEC;
	struct json_object *object;
	char when[64], *line;
	struct tm parts;
	size_t length;

	if (!config->json) {
		localtime_r(&seconds, &parts);
		strftime(when, sizeof(when), "%Y-%m-%d %H:%M:%S", &parts);
		return asprintf(&line, "%s %s: %s", when, entry->name,
				entry->message) < 0 ? NULL : line;
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
	line = strdup(json_object_to_json_string_ext(object, JSON_C_TO_STRING_NOSLASHESCAPE));
	json_object_put(object);
	return line;
}

/* Keep the line, and forget the first one when there are too many. */
static void keep(struct reader *reader, char *line)
{
	if (reader->count == reader->most) {
		free(reader->kept[0]);
		memmove(reader->kept, reader->kept + 1,
			--reader->count * sizeof(*reader->kept));
	} else {
		char **grown = realloc(reader->kept, (reader->count + 1) *
				       sizeof(*grown));

		if (!grown) {
			free(line);
			return;
		}
		reader->kept = grown;
	}
	reader->kept[reader->count++] = line;
}

static void print_kept(struct reader *reader)
{
	for (size_t i = 0; i < reader->count; i++) {
		puts(reader->kept[i]);
		free(reader->kept[i]);
	}
	free(reader->kept);
	reader->kept = NULL;
	reader->count = 0;
	reader->keep = false;
}

static void take(struct reader *reader, const char *text)
{
	struct json_object *object = json_tokener_parse(text);
	struct entry entry;
	char *line = NULL;

	field(object, "__CURSOR", reader->cursor, sizeof(reader->cursor));
	if (object && entry_get(reader, object, &entry))
		line = entry_text(reader->config, &entry);
	json_object_put(object);
	if (!line)
		return;
	reader->found = true;
	if (reader->keep) {
		keep(reader, line);
		return;
	}
	puts(line);
	free(line);
}

/* Run journalctl, and take what it prints; Return: its exit status */
static int run(struct reader *reader, char **arguments)
{
	FILE *errors = tmpfile(), *entries;
	int ends[2], status = 0;
	char *line = NULL;
	size_t size = 0;
	pid_t child;

	*reader->said = '\0';
	if (!errors || pipe(ends))
		return NOT_RUN;
	fflush(stdout);
	child = fork();
	if (!child) {
		prctl(PR_SET_PDEATHSIG, SIGTERM);
		dup2(ends[1], STDOUT_FILENO);
		dup2(fileno(errors), STDERR_FILENO);
		close(ends[0]);
		close(ends[1]);
		execvp(arguments[0], arguments);
		_exit(NOT_RUN);
	}
	close(ends[1]);
	entries = fdopen(ends[0], "r");
	while (entries && getline(&line, &size, entries) > 0 &&
	       !ferror(stdout)) {
		take(reader, line);
		/* whoever follows must not wait for more */
		fflush(stdout);
	}
	if (entries)
		fclose(entries);
	free(line);
	if (child < 0 || waitpid(child, &status, 0) < 0)
		status = NOT_RUN << 8;
	rewind(errors);
	if (fgets(reader->said, sizeof(reader->said), errors))
		reader->said[strcspn(reader->said, "\n")] = '\0';
	fclose(errors);
	return WIFEXITED(status) ? WEXITSTATUS(status) : FAILED;
}

/*
 * What journalctl of every version understands: "90m" is -90m, and a time as
 * --json prints it, 2026-01-31T18:30:00.000Z, is 2026-01-31 18:30:00.000 UTC.
 */
static void moment(const char *option, const char *text, char *argument,
		   size_t size)
{
	size_t digits = strspn(text, "0123456789"), length = strlen(text);
	bool ago = digits && text[digits] &&
		   strspn(text + digits, "smhdw") == length - digits;
	char *separator;

	snprintf(argument, size, "%s=%s%s", option, ago ? "-" : "", text);
	separator = strchr(argument, 'T');
	if (separator > argument && isdigit((unsigned char)separator[-1]) &&
	    isdigit((unsigned char)separator[1])) {
		*separator = ' ';
		length = strlen(argument);
		if (argument[length - 1] == 'Z')
			snprintf(argument + length - 1, size - length + 1, " UTC");
	}
}

static int read_journal(struct reader *reader, bool follow)
{
	const struct config *config = reader->config;
	char directory[PATH_MAX + 16], since[128], until[128];
	char cursor[sizeof(reader->cursor) + 16];
	char *arguments[16];
	int count = 0;

	arguments[count++] = "journalctl";
	arguments[count++] = "--output=json";
	arguments[count++] = "--all";
	arguments[count++] = "--no-pager";
	if (config->directory) {
		snprintf(directory, sizeof(directory), "--directory=%s",
			 config->directory);
		arguments[count++] = directory;
	}
	if (follow) {
		arguments[count++] = "--follow";
		arguments[count++] = "--no-tail";
	}
	if (follow && *reader->cursor) {
		snprintf(cursor, sizeof(cursor), "--after-cursor=%s",
			 reader->cursor);
		arguments[count++] = cursor;
	} else if (config->since) {
		moment("--since", config->since, since, sizeof(since));
		arguments[count++] = since;
	}
	if (config->until) {
		moment("--until", config->until, until, sizeof(until));
		arguments[count++] = until;
	}
	arguments[count++] = "_KERNEL_SUBSYSTEM=platform";
	arguments[count++] = "+";
	/* Anybody may call himself as the service does. */
	arguments[count++] = "SYSLOG_IDENTIFIER=" POWER_DOWN;
	arguments[count++] = "_UID=0";
	arguments[count++] = NULL;
	return run(reader, arguments);
}

static enum result failed(const struct reader *reader, int status)
{
	const struct config *config = reader->config;
	const char *what = config->directory ? config->directory : "journal";

	if (status == NOT_RUN) {
		complain("log", "journalctl cannot be run; see dmesg");
		return FAILED;
	}
	if (strstr(reader->said, "parse")) {
		bool since = config->since && (!config->until ||
			     strstr(reader->said, config->since));

		complain(since ? "--since" : "--until",
			 "'%s' is no time to journalctl; 90m, today or '2026-01-31 18:30' is",
			 since ? config->since : config->until);
		return USAGE;
	}
	complain(what, "cannot be read: %s", reader->said);
	return FAILED;
}

/* Whether no journal is kept from one start to the next */
static bool in_memory(void)
{
	FILE *headers = popen("journalctl --header 2>/dev/null", "r");
	bool memory = false, disk = false;
	char line[PATH_MAX];

	if (!headers)
		return false;
	while (fgets(line, sizeof(line), headers)) {
		memory = memory || !strncmp(line, "File path: /run/", 16);
		disk = disk || !strncmp(line, "File path: /var/", 16);
	}
	pclose(headers);
	return memory && !disk;
}

/* Say why there is nothing, if there is a reason. */
static enum result found_none(const struct reader *reader)
{
	const struct config *config = reader->config;
	bool known = !config->board;

	if (!config->directory && (strstr(reader->said, "No journal files") ||
				   strstr(reader->said, "not seeing messages"))) {
		complain("journal",
			 "there is none that you may read; be root, or a member of the group systemd-journal");
		return FAILED;
	}
	for (size_t i = 0; i < reader->names.count; i++)
		known = known || !strcmp(reader->names.name[i], config->board);
	if (!known) {
		complain(config->board, "no such board, and there is none in the journal");
		return NO_BOARD;
	}
	if (!config->directory && in_memory())
		complain("journal",
			 "it is in memory, without what was before the last start; to keep it from now on, as root: mkdir /var/log/journal; journalctl --flush");
	return DONE;
}

static bool parse_lines(const char *text, size_t *lines)
{
	char *end;

	if (!text)
		return true;
	errno = 0;
	*lines = strtoul(text, &end, 10);
	if (isdigit((unsigned char)*text) && !*end && !errno && *lines)
		return true;
	complain("--lines", "'%s' is not a number of lines", text);
	return false;
}

enum result command_log(const struct config *config, const char *argument)
{
	struct reader reader = { .config = config, .keep = config->lines };
	enum result result = DONE;
	int status;

	(void)argument;
	if (!parse_lines(config->lines, &reader.most))
		return USAGE;
	if (config->follow && config->until) {
		complain("--until", "does not go with --follow");
		return USAGE;
	}
	/* Without a list of the boards, devices keep their own names. */
	names_find(config->sysfs_root, &reader.names);
	status = read_journal(&reader, false);
	print_kept(&reader);
	if (ferror(stdout))
		result = FAILED;	/* said in the end */
	else if (status)
		result = failed(&reader, status);
	else if (!reader.found)
		result = found_none(&reader);
	if (!result && config->follow) {
		status = read_journal(&reader, true);
		if (status && !ferror(stdout))
			result = failed(&reader, status);
	}
	names_free(&reader.names);
	return result;
}

void log_help(void)
{
	puts("\nOptions:\n"
	     "  --since WHEN         Not what is older: today, 90m, '2026-01-31 18:30' and\n"
	     "                       whatever else journalctl takes\n"
	     "  --until WHEN         Not what is newer\n"
	     "  --lines NUMBER       Only the last ones\n"
	     "  --follow             Go on with what is logged from now on\n"
	     "  --directory DIR      Read the journal in DIR");
}
