// SPDX-License-Identifier: GPL-2.0
/* Output: messages, headlines, and text that fits a terminal. */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "smallbms.h"

#define COLUMNS 80

/**
 * prefers_utf8 - Return: whether the environment names a locale with UTF-8
 *
 * The C library would load the whole locale to tell, which takes as long as to read a
 * board; and a character that is no ASCII is all that depends on it.
 */
bool prefers_utf8(void)
{
	static const char * const variables[] = { "LC_ALL", "LC_CTYPE", "LANG" };

	for (size_t i = 0; i < ARRAY_SIZE(variables); i++) {
		const char *locale = getenv(variables[i]);

		if (locale && *locale)
			return strcasestr(locale, "utf-8") ||
			       strcasestr(locale, "utf8");
	}
	return false;
}

/* Return: the bytes of the character, or 0 if it is no UTF-8 or steers */
static size_t plain_length(const char *text)
{
	const unsigned char *c = (const unsigned char *)text;
	size_t length = *c < 0x80 ? 1 : *c < 0xe0 ? 2 : *c < 0xf0 ? 3 : 4;

	if (*c < ' ' || (*c >= 0x7f && *c < 0xc2) || *c > 0xf4)
		return 0;
	/* U+0080 to U+009F are control characters, too. */
	if (*c == 0xc2 && c[1] < 0xa0)
		return 0;
	for (size_t i = 1; i < length; i++)
		if ((c[i] & 0xc0) != 0x80)
			return 0;
	return length;
}

/** plain - put "?" for what is no text and might steer a terminal */
void plain(char *text)
{
	while (*text) {
		size_t length = plain_length(text);

		if (!length)
			*text = '?';
		text += length ? length : 1;
	}
}

static const char *program = "smallbms";
static char *kept;
static size_t kept_size;

/** complain_as - the name of the program, if it is not the tool */
void complain_as(const char *name)
{
	program = name;
}

/** complain_into - keep what is complained from now on; NULL: print it */
void complain_into(char *text, size_t size)
{
	kept = text;
	kept_size = size;
}

/** complain - an error on stderr, as "PROGRAM: what: why" */
void complain(const char *what, const char *why, ...)
{
	char *line, *text;
	va_list arguments;

	if (kept) {
		int used = snprintf(kept, kept_size, "%s: ", what);

		va_start(arguments, why);
		if (used < (int)kept_size)
			vsnprintf(kept + used, kept_size - used, why,
				  arguments);
		va_end(arguments);
		return;
	}
	va_start(arguments, why);
	if (vasprintf(&line, why, arguments) < 0)
		line = NULL;
	va_end(arguments);
	if (asprintf(&text, "%s: %s", *what ? what : "''", line ? line : why) < 0)
		text = NULL;
	free(line);
	if (text)
		plain(text);
	fprintf(stderr, "%s: %s\n", program, text ? text : why);
	free(text);
}

/* UTF-8 continuation bytes take no column of their own. */
static bool takes_column(char c)
{
	return (c & 0xc0) != 0x80;
}

static int width(const char *text, size_t length)
{
	int columns = 0;

	for (size_t i = 0; i < length; i++)
		columns += takes_column(text[i]);
	return columns;
}

/**
 * print_wrapped - print a paragraph within the width of a terminal
 * @first: what stands before it, @indent columns wide
 * @indent: blanks before every further line
 * @text: words separated by blanks; a word wider than a line is broken
 */
void print_wrapped(const char *first, int indent, const char *text)
{
	int column = indent;

	fputs(first, stdout);
	while (*text) {
		size_t length = strcspn(text, " ");
		bool blank = column > indent;

		if (blank && column + 1 + width(text, length) > COLUMNS) {
			printf("\n%*s", indent, "");
			column = indent;
		} else if (blank) {
			putchar(' ');
			column++;
		}
		for (; length; length--, text++) {
			if (takes_column(*text) && column == COLUMNS) {
				printf("\n%*s", indent, "");
				column = indent;
			}
			column += takes_column(*text);
			putchar(*text);
		}
		text += strspn(text, " ");
	}
	putchar('\n');
}

/**
 * print_headline - "name: its state", coloured on a terminal
 * @wrap: within the width of a terminal; otherwise it is one line
 */
void print_headline(const struct config *config, const struct board *board,
		    bool wrap)
{
	static const char * const colours[] = {
		[MOOD_WELL] = "\033[1;32m",
		[MOOD_NOTE] = "\033[1;33m",
		[MOOD_ALARM] = "\033[1;31m",
	};
	char text[2 * VALUE_MAX], line[NAME_MAX + 2 + sizeof(text)];
	enum mood mood = words_headline(board, text, sizeof(text));

	snprintf(line, sizeof(line), "%s: %s", board->name, text);
	if (config->colour)
		fputs(colours[mood], stdout);
	if (wrap)
		print_wrapped("", 0, line);
	else
		puts(line);
	if (config->colour)
		fputs("\033[0m", stdout);
}

/** print_finish - Return: FAILED when stdout did not take all of it */
enum result print_finish(void)
{
	if (!fflush(stdout) && !ferror(stdout))
		return DONE;
	complain("output", "%s", strerror(errno));
	return FAILED;
}
