// SPDX-License-Identifier: GPL-2.0
/* The file that configures power-down: KEY=value, one a line, '#' for comments. */
#include <ctype.h>
#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "power.h"
#include "smallbms.h"

/* The longest line: all boards, each with the longest name */
#define LINE_MAX_LENGTH (POWER_BOARDS * (NAME_MAX + 1) + 64)

/* One setting, for the messages */
struct place {
	const char *path;
	unsigned int line;
	const char *key;
};

__printf(2, 3)
static bool refuse(const struct place *place, const char *why, ...)
{
	char what[PATH_MAX + 32], text[2 * VALUE_MAX];
	int used = snprintf(text, sizeof(text), "%.100s: ",
			    *place->key ? place->key : "''");
	va_list arguments;

	if (place->line)
		snprintf(what, sizeof(what), "%s, line %u", place->path,
			 place->line);
	else
		snprintf(what, sizeof(what), "%s", place->path);
	va_start(arguments, why);
	vsnprintf(text + used, sizeof(text) - used, why, arguments);
	va_end(arguments);
	for (char *c = text; *c; c++)
		if (iscntrl((unsigned char)*c))
			*c = '?';
	complain(what, "%s", text);
	return false;
}

static bool read_number(const struct place *place, const char *text,
			long long least, long long most, long long unit,
			long long *value)
{
	size_t digits = strspn(text, "0123456789");
	/* 18 digits fit a long long */
	long long number = !text[digits] && digits && digits < 19 ?
			   strtoll(text, NULL, 10) : -1;

	if (number < least || number > most)
		return refuse(place,
			      "'%.100s' is not a whole number from %lld to %lld",
			      text, least, most);
	*value = number * unit;
	return true;
}

static bool read_supply(const struct place *place, const char *text,
			struct settings *settings)
{
	if (!strcmp(text, "load"))
		settings->rules.supply = POWER_FROM_LOAD;
	else if (!strcmp(text, "bank"))
		settings->rules.supply = POWER_FROM_BANK;
	else
		return refuse(place, "'%.100s' is neither load nor bank", text);
	return true;
}

static bool add_board(const struct place *place, const char *name,
		      struct settings *settings)
{
	if (strpbrk(name, "/\"'*"))
		return refuse(place,
			      "'%.100s' is not the name of a board; separate names by blanks, without quotes",
			      name);
	if (strlen(name) > NAME_MAX)
		return refuse(place, "'%.20s...' is too long for a name", name);
	for (size_t i = 0; i < settings->count; i++)
		if (!strcmp(settings->boards[i], name))
			return refuse(place, "'%.100s' is named twice", name);
	if (settings->count == POWER_BOARDS)
		return refuse(place, "more than %d boards", POWER_BOARDS);
	strcpy(settings->boards[settings->count++], name);
	return true;
}

static bool read_boards(const struct place *place, char *text,
			struct settings *settings)
{
	char *rest = NULL;

	settings->all_boards = !strcmp(text, "*");
	if (settings->all_boards)
		return true;
	for (char *name = strtok_r(text, " \t", &rest); name;
	     name = strtok_r(NULL, " \t", &rest))
		if (!add_board(place, name, settings))
			return false;
	return true;
}

/* HH:MM */
static bool read_wake(const struct place *place, const char *text,
		      struct settings *settings)
{
	static const char form[] = "00:00";
	int hour, minute;

	for (size_t i = 0; i < sizeof(form); i++)
		if (form[i] == '0' ? !isdigit((unsigned char)text[i]) :
		    text[i] != form[i])
			return refuse(place, "'%.100s' is not a time of the day such as 10:00",
				      text);
	hour = atoi(text);
	minute = atoi(text + 3);
	if (hour > 23 || minute > 59)
		return refuse(place, "'%s' is not a time of the day", text);
	settings->wake_minute = hour * 60 + minute;
	return true;
}

enum key { KEY_BOARDS, KEY_SUPPLY, KEY_DELAY, KEY_GRACE, KEY_RESERVE, KEY_WAKE,
	   KEY_COUNT };

static const struct {
	const char *name;
	bool needed;
} keys[KEY_COUNT] = {
	[KEY_BOARDS] = { "BOARDS", true },
	[KEY_SUPPLY] = { "SUPPLY", true },
	[KEY_DELAY] = { "DELAY", false },
	[KEY_GRACE] = { "GRACE", false },
	[KEY_RESERVE] = { "RESERVE", false },
	[KEY_WAKE] = { "WAKE", false },
};

static bool read_value(const struct place *place, enum key key, char *text,
		       struct settings *settings)
{
	struct power_rules *rules = &settings->rules;

	if (!*text)
		return refuse(place, "it has no value");
	switch (key) {
	case KEY_BOARDS:
		return read_boards(place, text, settings);
	case KEY_SUPPLY:
		return read_supply(place, text, settings);
	case KEY_DELAY:
		return read_number(place, text, 0, 600, 1000, &rules->delay_ms);
	case KEY_GRACE:
		return read_number(place, text, 0, 3600, 1000, &rules->grace_ms);
	case KEY_RESERVE:
		return read_number(place, text, 0, 1440, 60000,
				   &rules->reserve_ms);
	default:
		return read_wake(place, text, settings);
	}
}

/* @lines: where each key was found, 0: not yet */
static bool read_line(struct place *place, char *text, struct settings *settings,
		      unsigned int *lines)
{
	char *equals = strchr(text, '=');

	if (isspace((unsigned char)*text))
		return refuse(place, "it begins with a blank");
	place->key = text;
	if (!equals)
		return refuse(place, "this is not KEY=value");
	*equals = '\0';
	for (int key = 0; key < KEY_COUNT; key++) {
		if (strcmp(text, keys[key].name))
			continue;
		place->key = keys[key].name;
		if (lines[key])
			return refuse(place, "it is already in line %u",
				      lines[key]);
		lines[key] = place->line;
		return read_value(place, key, equals + 1, settings);
	}
	return refuse(place,
		      "there is no such setting; there are BOARDS, SUPPLY, DELAY, GRACE, RESERVE and WAKE");
}

static bool read_lines(FILE *file, const char *path, struct settings *settings)
{
	unsigned int lines[KEY_COUNT] = { 0 };
	struct place place = { .path = path };
	char text[LINE_MAX_LENGTH];
	bool right = true;

	while (fgets(text, sizeof(text), file)) {
		size_t length = strlen(text);

		place.line++;
		place.key = "line";
		/* Also a zero byte within it ends it here. */
		if (!length || (text[length - 1] != '\n' && !feof(file)))
			return refuse(&place, "it is too long, or is not text");
		while (length && isspace((unsigned char)text[length - 1]))
			length--;
		text[length] = '\0';
		if (length && *text != '#' &&
		    !read_line(&place, text, settings, lines))
			right = false;
	}
	place.line = 0;
	for (int key = 0; key < KEY_COUNT; key++) {
		place.key = keys[key].name;
		if (keys[key].needed && !lines[key])
			right = refuse(&place, "it is missing");
	}
	return right;
}

bool settings_read(const char *path, struct settings *settings)
{
	FILE *file = fopen(path, "re");
	bool right;

	*settings = (struct settings){
		.rules = {
			.delay_ms = 10 * 1000,
			.grace_ms = 300 * 1000,
			.reserve_ms = 60 * 60 * 1000,
		},
		.wake_minute = -1,
	};
	if (!file) {
		complain(path, "cannot be read: %s", strerror(errno));
		return false;
	}
	right = read_lines(file, path, settings);
	if (ferror(file)) {
		complain(path, "cannot be read: %s", strerror(errno));
		right = false;
	}
	fclose(file);
	return right;
}
