/* SPDX-License-Identifier: GPL-2.0 */
/* Files of settings: KEY=value, one a line, '#' for comments. */
#ifndef CONF_H
#define CONF_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>

#include "smallbms.h"

/* Far more than one computer has */
#define CONF_BOARDS 16

/** struct conf_key - a setting; @needed: a file without it is refused */
struct conf_key {
	const char *name;
	bool needed;
};

/**
 * struct conf_place - one setting, for the messages
 * @line: 0: the whole file
 * @key: NULL: the line as a whole
 */
struct conf_place {
	const char *path;
	unsigned int line;
	const char *key;
};

/**
 * typedef conf_sink - takes a value, which is not empty
 * @key: its number in the table
 *
 * Return: whether it is right; if not, conf_refuse() has printed why
 */
typedef bool conf_sink(void *context, const struct conf_place *place, size_t key,
		       char *text);

__printf(2, 3)
bool conf_refuse(const struct conf_place *place, const char *why, ...);
bool conf_number(const struct conf_place *place, const char *text,
		 long long least, long long most, long long unit,
		 long long *value);
bool conf_boards(const struct conf_place *place, char *text,
		 char names[][NAME_MAX + 1], size_t *count, bool *all);
bool conf_read(const char *path, const struct conf_key *keys, size_t count,
	       conf_sink *take, void *context);
bool conf_read_secret(const char *path, const struct conf_key *keys,
		      size_t count, conf_sink *take, void *context);

#endif /* CONF_H */
