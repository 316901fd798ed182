// SPDX-License-Identifier: GPL-2.0
/* Reads files of settings. Every mistake is printed, with file and line. */
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "conf.h"

/* The longest line: all boards, each with the longest name */
#define LINE_MAX_LENGTH (CONF_BOARDS * (NAME_MAX + 1) + 64)
#define KEYS_MAX 16

struct reader {
	const struct conf_key *keys;
	size_t count;
	unsigned int lines[KEYS_MAX];	/* where each was found, 0: not yet */
	conf_sink *take;
	void *context;
};

/** conf_refuse - print why a setting, or its line, is wrong; Return: false */
bool conf_refuse(const struct conf_place *place, const char *why, ...)
{
	char what[PATH_MAX + 32], text[2 * VALUE_MAX];
	va_list arguments;
	int used = 0;

	if (place->line)
		snprintf(what, sizeof(what), "%s, line %u", place->path,
			 place->line);
	else
		snprintf(what, sizeof(what), "%s", place->path);
	if (place->key)
		used = snprintf(text, sizeof(text), "%.100s: ",
				*place->key ? place->key : "''");
	va_start(arguments, why);
	vsnprintf(text + used, sizeof(text) - used, why, arguments);
	va_end(arguments);
	for (char *c = text; *c; c++)
		if (iscntrl((unsigned char)*c))
			*c = '?';
	complain(what, "%s", text);
	return false;
}

/** conf_number - @value: times @unit, where it is from @least to @most */
bool conf_number(const struct conf_place *place, const char *text,
		 long long least, long long most, long long unit,
		 long long *value)
{
	size_t digits = strspn(text, "0123456789");
	/* 18 digits fit a long long */
	long long number = !text[digits] && digits && digits < 19 ?
			   strtoll(text, NULL, 10) : -1;

	if (number < least || number > most)
		return conf_refuse(place,
				   "'%.100s' is not a whole number from %lld to %lld",
				   text, least, most);
	*value = number * unit;
	return true;
}

static bool add_board(const struct conf_place *place, const char *name,
		      char names[][NAME_MAX + 1], size_t *count)
{
	if (strpbrk(name, "/\"'*"))
		return conf_refuse(place,
				   "'%.100s' is not the name of a board; separate names by blanks, without quotes",
				   name);
	if (strlen(name) > NAME_MAX)
		return conf_refuse(place, "'%.20s...' is too long for a name",
				   name);
	for (size_t i = 0; i < *count; i++)
		if (!strcmp(names[i], name))
			return conf_refuse(place, "'%.100s' is named twice",
					   name);
	if (*count == CONF_BOARDS)
		return conf_refuse(place, "more than %d boards", CONF_BOARDS);
	strcpy(names[(*count)++], name);
	return true;
}

/**
 * conf_boards - names of boards, separated by blanks, or * for all
 * @names: room for CONF_BOARDS
 */
bool conf_boards(const struct conf_place *place, char *text,
		 char names[][NAME_MAX + 1], size_t *count, bool *all)
{
	char *rest = NULL;

	*all = !strcmp(text, "*");
	if (*all)
		return true;
	for (char *name = strtok_r(text, " \t", &rest); name;
	     name = strtok_r(NULL, " \t", &rest))
		if (!add_board(place, name, names, count))
			return false;
	return true;
}

static bool refuse_key(const struct conf_place *place,
		       const struct reader *reader)
{
	char list[KEYS_MAX * 16];
	size_t used = 0;

	for (size_t i = 0; i < reader->count; i++)
		used += snprintf(list + used, sizeof(list) - used, "%s%s",
				 !i ? "" :
				 i + 1 < reader->count ? ", " : " and ",
				 reader->keys[i].name);
	return conf_refuse(place, "there is no such setting; there are %s",
			   list);
}

static bool read_line(struct conf_place *place, char *text,
		      struct reader *reader)
{
	char *equals = strchr(text, '=');

	if (isspace((unsigned char)*text))
		return conf_refuse(place, "it begins with a blank");
	place->key = text;
	if (!equals)
		return conf_refuse(place, "this is not KEY=value");
	*equals = '\0';
	for (size_t key = 0; key < reader->count; key++) {
		if (strcmp(text, reader->keys[key].name))
			continue;
		place->key = reader->keys[key].name;
		if (reader->lines[key])
			return conf_refuse(place, "it is already in line %u",
					   reader->lines[key]);
		reader->lines[key] = place->line;
		if (!equals[1])
			return conf_refuse(place, "it has no value");
		return reader->take(reader->context, place, key, equals + 1);
	}
	return refuse_key(place, reader);
}

static bool read_lines(FILE *file, const char *path, struct reader *reader)
{
	struct conf_place place = { .path = path };
	char text[LINE_MAX_LENGTH];
	bool right = true;

	while (fgets(text, sizeof(text), file)) {
		size_t length = strlen(text);

		place.line++;
		place.key = "line";
		/* Also a zero byte within it ends it here. */
		if (!length || (text[length - 1] != '\n' && !feof(file)))
			return conf_refuse(&place,
					   "it is too long, or is not text");
		while (length && isspace((unsigned char)text[length - 1]))
			length--;
		text[length] = '\0';
		if (length && *text != '#' && !read_line(&place, text, reader))
			right = false;
	}
	place.line = 0;
	for (size_t key = 0; key < reader->count; key++) {
		place.key = reader->keys[key].name;
		if (reader->keys[key].needed && !reader->lines[key])
			right = conf_refuse(&place, "it is missing");
	}
	return right;
}

static bool read_file(FILE *file, const char *path, const struct conf_key *keys,
		      size_t count, conf_sink *take, void *context)
{
	struct reader reader = {
		.keys = keys,
		.count = count,
		.take = take,
		.context = context,
	};
	bool right;

	assert(count <= KEYS_MAX);
	if (!file) {
		complain(path, "cannot be read: %s", strerror(errno));
		return false;
	}
	right = read_lines(file, path, &reader);
	if (ferror(file)) {
		complain(path, "cannot be read: %s", strerror(errno));
		right = false;
	}
	fclose(file);
	return right;
}

/**
 * conf_read - read a file of settings
 * @keys: those that there are, @count long
 * @take: called with each value, in the order of the file
 *
 * Return: whether all is right
 */
bool conf_read(const char *path, const struct conf_key *keys, size_t count,
	       conf_sink *take, void *context)
{
	return read_file(fopen(path, "re"), path, keys, count, take, context);
}

/** conf_read_secret - the same, of a file that only its owner may read */
bool conf_read_secret(const char *path, const struct conf_key *keys,
		      size_t count, conf_sink *take, void *context)
{
	FILE *file = fopen(path, "re");
	struct stat status;

	if (file && fstat(fileno(file), &status)) {
		complain(path, "cannot be read: %s", strerror(errno));
		fclose(file);
		return false;
	}
	if (file && status.st_mode & 077) {
		complain(path, "it holds a secret that others may use (mode %04o): chmod 600",
			 status.st_mode & 07777);
		fclose(file);
		return false;
	}
	return read_file(file, path, keys, count, take, context);
}
