// SPDX-License-Identifier: GPL-2.0
/* The terminal as a screen of characters; plain ANSI sequences suffice. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include "screen.h"

#define ARRAY_SIZE(array) (sizeof(array) / sizeof((array)[0]))

/* No window is that large; it bounds what is allocated. */
#define ROWS_MAX 1000
#define COLUMNS_MAX 1000
#define ROWS_DEFAULT 24
#define COLUMNS_DEFAULT 80

/* Another screen, no cursor, no wrapping at the right edge; and all back */
#define ENTER "\033[?1049h\033[?25l\033[?7l\033[?2004h\033[2J"
#define LEAVE "\033[0m\033[?2004l\033[?7h\033[?25h\033[?1049l"

static struct termios before;
static sig_atomic_t entered;

/* What is not ASCII takes several bytes, of which the first tells how many. */
static size_t glyph_length(const char *text)
{
	unsigned char first = *text;
	size_t length = first < 0xc0 ? 1 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;

	for (size_t i = 1; i < length; i++)
		if ((text[i] & 0xc0) != 0x80)
			return 1;
	return length;
}

/** text_width - Return: the columns that a text takes */
int text_width(const char *text)
{
	int width = 0;

	for (; *text; text += glyph_length(text))
		width++;
	return width;
}

/** screen_resize - Return: whether there was memory for it */
bool screen_resize(struct screen *screen, int rows, int columns)
{
	struct cell *cells = realloc(screen->cells, sizeof(*cells) *
				     (size_t)rows * (size_t)columns);

	if (!cells)
		return false;
	*screen = (struct screen){ rows, columns, cells };
	screen_clear(screen);
	return true;
}

void screen_clear(struct screen *screen)
{
	for (int row = 0; row < screen->rows; row++)
		screen_fill(screen, row, 0, screen->columns, STYLE_PLAIN, " ");
}

void screen_free(struct screen *screen)
{
	free(screen->cells);
	*screen = (struct screen){ 0 };
}

static void put_glyph(struct screen *screen, int row, int column,
		      enum style style, const char *glyph, size_t length)
{
	struct cell *cell;

	if (row < 0 || row >= screen->rows || column < 0 ||
	    column >= screen->columns)
		return;
	cell = &screen->cells[row * screen->columns + column];
	memcpy(cell->glyph, glyph, length);
	cell->glyph[length] = '\0';
	/* What steers a terminal, or is no UTF-8, must not get there. */
	if (length == 1 && (*glyph < ' ' || *glyph > '~'))
		*cell->glyph = '?';
	cell->style = style;
}

/** screen_put - Return: the column after the text */
int screen_put(struct screen *screen, int row, int column, enum style style,
	       const char *text)
{
	while (*text) {
		size_t length = glyph_length(text);

		put_glyph(screen, row, column++, style, text, length);
		text += length;
	}
	return column;
}

/** screen_fill - one character up to the column @end; Return: @end */
int screen_fill(struct screen *screen, int row, int column, int end,
		enum style style, const char *glyph)
{
	for (; column < end; column++)
		put_glyph(screen, row, column, style, glyph,
			  glyph_length(glyph));
	return end;
}

/**
 * screen_wrap - a paragraph between two columns
 *
 * A word that is longer than a line is broken.
 *
 * Return: the number of rows that it takes, at least 1
 */
int screen_wrap(struct screen *screen, int row, int column, int end,
		enum style style, const char *text)
{
	int first = row, at = column;

	if (end <= column)
		end = column + 1;
	while (*text) {
		size_t length = strcspn(text, " ");
		char word[512];

		snprintf(word, sizeof(word), "%.*s", (int)length, text);
		if (at > column && at + 1 + text_width(word) > end) {
			row++;
			at = column;
		} else if (at > column) {
			at++;
		}
		for (const char *c = word; *c; c += glyph_length(c)) {
			if (at >= end) {
				row++;
				at = column;
			}
			put_glyph(screen, row, at++, style, c, glyph_length(c));
		}
		text += length;
		text += strspn(text, " ");
	}
	return row - first + 1;
}

void screen_copy_row(struct screen *to, int to_row, const struct screen *from,
		     int from_row)
{
	for (int column = 0; column < from->columns; column++) {
		const struct cell *cell = &from->cells[from_row * from->columns +
						       column];

		put_glyph(to, to_row, column, cell->style, cell->glyph,
			  strlen(cell->glyph));
	}
}

/** terminal_is_usable - Return: whether it can show a screen and read keys */
bool terminal_is_usable(void)
{
	const char *kind = getenv("TERM");

	return isatty(STDIN_FILENO) && isatty(STDOUT_FILENO) &&
	       kind && *kind && strcmp(kind, "dumb");
}

static int bounded(int value, int otherwise, int most)
{
	if (value < 1)
		return otherwise;
	return value < most ? value : most;
}

void terminal_size(int *rows, int *columns)
{
	struct winsize size = { 0 };

	ioctl(STDOUT_FILENO, TIOCGWINSZ, &size);
	*rows = bounded(size.ws_row, ROWS_DEFAULT, ROWS_MAX);
	*columns = bounded(size.ws_col, COLUMNS_DEFAULT, COLUMNS_MAX);
}

static bool write_all(const char *data, size_t length)
{
	while (length) {
		ssize_t done = write(STDOUT_FILENO, data, length);

		if (done < 0 && errno != EINTR)
			return false;
		if (done > 0) {
			data += done;
			length -= done;
		}
	}
	return true;
}

/* Even when the program crashes, the terminal is as it was before. */
static void crash(int number)
{
	terminal_leave();
	raise(number);
}

static void catch_crashes(void)
{
	static const int crashes[] = {
		SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT,
	};
	struct sigaction action = {
		.sa_handler = crash,
		.sa_flags = SA_RESETHAND | SA_NODEFER,
	};

	for (size_t i = 0; i < ARRAY_SIZE(crashes); i++)
		sigaction(crashes[i], &action, NULL);
}

/** terminal_enter - Return: whether the terminal is ours now */
bool terminal_enter(void)
{
	struct termios raw;

	if (tcgetattr(STDIN_FILENO, &before))
		return false;
	raw = before;
	raw.c_lflag &= ~(ICANON | ECHO);
	raw.c_iflag &= ~(IXON | ICRNL);
	raw.c_cc[VMIN] = 0;
	raw.c_cc[VTIME] = 0;
	catch_crashes();
	entered = 1;
	/* Not flushed: what was typed before is meant for us. */
	if (!tcsetattr(STDIN_FILENO, TCSADRAIN, &raw) &&
	    write_all(ENTER, strlen(ENTER)))
		return true;
	terminal_leave();
	return false;
}

/** terminal_leave - give it back as it was; may be called at any time */
void terminal_leave(void)
{
	if (!entered)
		return;
	entered = 0;
	write_all(LEAVE, strlen(LEAVE));
	tcsetattr(STDIN_FILENO, TCSADRAIN, &before);
}

static const char *style_sequence(unsigned int style, bool colour)
{
	static const char * const sequences[][STYLE_COUNT] = {
		{
			[STYLE_PLAIN] = "\033[0m",
			[STYLE_FAINT] = "\033[0m",
			[STYLE_BOLD] = "\033[0;1m",
			[STYLE_BAR] = "\033[0;7m",
			[STYLE_WELL] = "\033[0m",
			[STYLE_NOTE] = "\033[0;1m",
			[STYLE_ALARM] = "\033[0;1;7m",
		}, {
			[STYLE_PLAIN] = "\033[0m",
			[STYLE_FAINT] = "\033[0;36m",
			[STYLE_BOLD] = "\033[0;1m",
			[STYLE_BAR] = "\033[0;7m",
			[STYLE_WELL] = "\033[0;1;32m",
			[STYLE_NOTE] = "\033[0;1;33m",
			[STYLE_ALARM] = "\033[0;1;31m",
		},
	};

	return sequences[colour][style];
}

/** terminal_show - Return: whether the terminal took it */
bool terminal_show(const struct screen *screen, bool colour)
{
	size_t size = 0;
	char *text = NULL;
	FILE *out = open_memstream(&text, &size);
	bool shown;

	if (!out)
		return false;
	for (int row = 0; row < screen->rows; row++) {
		unsigned int style = STYLE_COUNT;

		fprintf(out, "\033[%d;1H", row + 1);
		for (int column = 0; column < screen->columns; column++) {
			const struct cell *cell =
				&screen->cells[row * screen->columns + column];

			if (cell->style != style)
				fputs(style_sequence(cell->style, colour), out);
			style = cell->style;
			fputs(cell->glyph, out);
		}
	}
	fputs("\033[0m", out);
	shown = !fclose(out) && write_all(text, size);
	free(text);
	return shown;
}
