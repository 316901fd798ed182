// SPDX-License-Identifier: GPL-2.0
/*
 * The file that configures the bridge: KEY=value, one a line, '#' for comments.
 * What is for one board stands below its name in brackets.
 */
#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "venus.h"

/* The longest line: all boards, each with the longest name */
#define LINE_LENGTH_MAX (CONF_BOARDS * (NAME_MAX + 1) + 64)
/* Victron's own numbers end far below */
#define INSTANCE_MAX 9999
#define CURRENT_MAX 10000

enum key { KEY_BOARDS, KEY_INSTANCE, KEY_CHARGE_VOLTAGE, KEY_CHARGE_CURRENT,
	   KEY_DISCHARGE_CURRENT, KEY_COUNT };

static const char * const key_names[KEY_COUNT] = {
	[KEY_BOARDS] = "BOARDS",
	[KEY_INSTANCE] = "INSTANCE",
	[KEY_CHARGE_VOLTAGE] = "MAX_CHARGE_VOLTAGE",
	[KEY_CHARGE_CURRENT] = "MAX_CHARGE_CURRENT",
	[KEY_DISCHARGE_CURRENT] = "MAX_DISCHARGE_CURRENT",
};

/**
 * struct reader - where in the file it is
 * @place: the line, and the key once it is known
 * @board: whose section it is, NULL: before the first
 * @lines: where each key was found, of this section or before the first; 0: not yet
 */
struct reader {
	struct conf_place place;
	struct venus_config *config;
	struct venus_board *board;
	unsigned int lines[KEY_COUNT];
};

/* Where a section begins */
static struct conf_place place_of(const struct reader *reader,
				  const struct venus_board *board)
{
	return (struct conf_place){ .path = reader->place.path, .line = board->line };
}

/* Digits and one point, whatever the locale: no sign, no exponent, no "inf" */
static bool read_real(const struct conf_place *place, const char *text, double least,
		      double most, double *real)
{
	size_t length = strlen(text);
	const char *point = strchr(text, '.');
	char *end = NULL;

	if (length && length < 16 && strspn(text, "0123456789.") == length &&
	    (!point || !strchr(point + 1, '.')))
		*real = strtod(text, &end);
	if (end && !*end && *real >= least && *real <= most)
		return true;
	return conf_refuse(place, "'%.100s' is not a number from %g to %g", text, least,
			   most);
}

static bool read_instance(const struct reader *reader, const char *text)
{
	double real;

	if (strchr(text, '.'))
		return conf_refuse(&reader->place,
				   "'%.100s' is not a whole number from 0 to %d", text,
				   INSTANCE_MAX);
	if (!read_real(&reader->place, text, 0, INSTANCE_MAX, &real))
		return false;
	reader->board->instance = real;
	return true;
}

static bool is_name(const char *name)
{
	return *name && strlen(name) <= NAME_MAX && !strpbrk(name, "/\"'[]");
}

static bool read_boards(const struct reader *reader, char *text)
{
	struct venus_config *config = reader->config;
	bool all;

	if (strpbrk(text, "[]"))
		return conf_refuse(&reader->place, "'%.100s' is not the name of a board",
				   text);
	return conf_boards(&reader->place, text, config->names, &config->named, &all);
}

static bool read_value(const struct reader *reader, enum key key, char *text)
{
	const struct conf_place *place = &reader->place;
	struct venus_board *board = reader->board;

	switch (key) {
	case KEY_BOARDS:
		return read_boards(reader, text);
	case KEY_INSTANCE:
		return read_instance(reader, text);
	case KEY_CHARGE_VOLTAGE:
		/* The board works from 8 to 70 V. */
		return read_real(place, text, 8, 70, &board->max_charge_voltage);
	case KEY_CHARGE_CURRENT:
		return read_real(place, text, 0, CURRENT_MAX,
				 &board->max_charge_current);
	default:
		return read_real(place, text, 0, CURRENT_MAX,
				 &board->max_discharge_current);
	}
}

static bool read_setting(struct reader *reader, char *text)
{
	struct conf_place *place = &reader->place;
	char *equals = strchr(text, '=');
	unsigned int before;
	enum key key = 0;

	if (!equals)
		return conf_refuse(place, "'%.100s' is neither KEY=value nor [board]",
				   text);
	*equals = '\0';
	while (key < KEY_COUNT && strcmp(text, key_names[key]))
		key++;
	if (key == KEY_COUNT)
		return conf_refuse(place,
				   "'%.100s' is not a setting; there are BOARDS, INSTANCE, MAX_CHARGE_VOLTAGE, MAX_CHARGE_CURRENT and MAX_DISCHARGE_CURRENT",
				   text);
	before = reader->lines[key];
	reader->lines[key] = place->line;
	place->key = key_names[key];
	if (key == KEY_BOARDS && reader->board)
		return conf_refuse(place, "it belongs before the first [board]");
	if (key != KEY_BOARDS && !reader->board)
		return conf_refuse(place, "it belongs below a [board]");
	if (before)
		return conf_refuse(place, "it is already in line %u", before);
	if (!equals[1])
		return conf_refuse(place, "it has no value");
	return read_value(reader, key, equals + 1);
}

/* Half of it would leave a charger or an inverter without its limit. */
static bool end_section(const struct reader *reader)
{
	struct venus_board *board = reader->board;
	struct conf_place place;
	bool right = true;
	int given = 0;

	for (enum key key = KEY_CHARGE_VOLTAGE; key < KEY_COUNT; key++)
		given += reader->lines[key] > 0;
	if (!board || !given)
		return true;
	board->control = true;
	place = place_of(reader, board);
	for (enum key key = KEY_CHARGE_VOLTAGE; key < KEY_COUNT; key++)
		if (!reader->lines[key])
			right = conf_refuse(&place,
					    "[%.100s]: %s is missing; to control, a board needs all three limits",
					    board->name, key_names[key]);
	return right;
}

static bool begin_section(struct reader *reader, char *text)
{
	struct venus_config *config = reader->config;
	size_t length = strlen(text);
	bool closed = text[length - 1] == ']';
	bool right = end_section(reader);
	const struct venus_board *same;

	memset(reader->lines, 0, sizeof(reader->lines));
	if (closed)
		text[length - 1] = '\0';
	same = venus_config_board(config, text + 1);
	if (!closed || !is_name(text + 1))
		return conf_refuse(&reader->place,
				   "'%.100s' is not the name of a board in brackets", text);
	if (same)
		return conf_refuse(&reader->place, "[%.100s]: it is already in line %u",
				   text + 1, same->line);
	if (config->count == CONF_BOARDS)
		return conf_refuse(&reader->place, "more than %d boards", CONF_BOARDS);
	reader->board = &config->boards[config->count++];
	*reader->board = (struct venus_board){
		.line = reader->place.line, .instance = -1
	};
	strcpy(reader->board->name, text + 1);
	return right;
}

/* What only the whole file shows */
static bool check_boards(const struct reader *reader)
{
	const struct venus_config *config = reader->config;
	bool right = true;

	for (size_t i = 0; i < config->count; i++) {
		const struct venus_board *board = &config->boards[i];
		struct conf_place place = place_of(reader, board);

		if (!venus_config_wants(config, board->name))
			right = conf_refuse(&place, "[%.100s]: it is not among BOARDS",
					    board->name);
		for (size_t j = 0; j < i; j++)
			if (board->instance >= 0 &&
			    board->instance == config->boards[j].instance)
				right = conf_refuse(&place,
						    "[%.100s]: its INSTANCE is that of [%.100s] as well",
						    board->name,
						    config->boards[j].name);
	}
	return right;
}

static bool read_lines(struct reader *reader, FILE *file)
{
	char text[LINE_LENGTH_MAX];
	bool right = true;

	while (fgets(text, sizeof(text), file)) {
		size_t length = strlen(text);

		reader->place.line++;
		reader->place.key = NULL;
		/* Also a zero byte within it ends it here. */
		if (!length || (text[length - 1] != '\n' && !feof(file)))
			return conf_refuse(&reader->place,
					   "it is too long, or is not text");
		while (length && isspace((unsigned char)text[length - 1]))
			text[--length] = '\0';
		if (*text == '[')
			right = begin_section(reader, text) && right;
		else if (length && *text != '#')
			right = read_setting(reader, text) && right;
	}
	right = end_section(reader) && right;
	return check_boards(reader) && right;
}

/** venus_config_wants - Return: whether that board is to be on the bus */
bool venus_config_wants(const struct venus_config *config, const char *name)
{
	for (size_t i = 0; i < config->named; i++)
		if (!strcmp(config->names[i], name))
			return true;
	return !config->named;
}

/** venus_config_board - Return: what is configured for that board, or NULL */
const struct venus_board *venus_config_board(const struct venus_config *config,
					     const char *name)
{
	for (size_t i = 0; i < config->count; i++)
		if (!strcmp(config->boards[i].name, name))
			return &config->boards[i];
	return NULL;
}

/** venus_config_read - read the file; Return: whether all of it is right */
bool venus_config_read(const char *path, struct venus_config *config)
{
	struct reader reader = { .place.path = path, .config = config };
	FILE *file = fopen(path, "re");
	bool right;

	*config = (struct venus_config){ 0 };
	if (!file) {
		complain(path, "cannot be read: %s", strerror(errno));
		return false;
	}
	right = read_lines(&reader, file);
	if (ferror(file)) {
		complain(path, "cannot be read: %s", strerror(errno));
		right = false;
	}
	fclose(file);
	return right;
}
