// SPDX-License-Identifier: GPL-2.0
/* The screen as pads of ncurses. */
#include <curses.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>
#include <wchar.h>
#include <wctype.h>

#include "screen.h"

#define ARRAY_SIZE(array) (sizeof(array) / sizeof((array)[0]))

/* No window is that large; it bounds what is allocated. */
#define ROWS_MAX 1000
#define COLUMNS_MAX 1000
#define ROWS_DEFAULT 24
#define COLUMNS_DEFAULT 80

/* What is pasted comes between two sequences; ncurses has no name for that. */
#define PASTES_ARE_MARKED "\033[?2004h"
#define PASTES_ARE_NOT "\033[?2004l"

/* How long ncurses waits for the rest of a key that sends several characters */
#define ESCAPE_MS 50

static sig_atomic_t entered;
static WINDOW *keyboard;
static attr_t looks[STYLE_COUNT];

/*
 * The next character of a text. Control characters, bytes that are no text in this
 * locale, and characters of no or double width must not get to the terminal.
 */
static wchar_t next_glyph(const char **text)
{
	mbstate_t state = { 0 };
	wchar_t glyph;
	size_t length = mbrtowc(&glyph, *text, MB_CUR_MAX, &state);

	if (length == (size_t)-1 || length == (size_t)-2) {
		(*text)++;
		return L'?';
	}
	*text += length;
	return wcwidth(glyph) == 1 ? glyph : L'?';
}

/** text_width - Return: the columns that a text takes */
int text_width(const char *text)
{
	int width = 0;

	while (*text) {
		next_glyph(&text);
		width++;
	}
	return width;
}

/** screen_resize - an empty screen; Return: whether there was memory for it */
bool screen_resize(struct screen *screen, int rows, int columns)
{
	if (!screen->pad || rows != screen->rows || columns != screen->columns) {
		screen_free(screen);
		*screen = (struct screen){ rows, columns, newpad(rows, columns) };
	}
	return screen->pad && werase(screen->pad) == OK;
}

void screen_free(struct screen *screen)
{
	if (screen->pad)
		delwin(screen->pad);
	*screen = (struct screen){ 0 };
}

static void put_glyph(struct screen *screen, int row, int column,
		      enum style style, wchar_t glyph)
{
	const wchar_t text[] = { glyph, L'\0' };
	cchar_t cell;

	if (row < 0 || row >= screen->rows || column < 0 ||
	    column >= screen->columns)
		return;
	setcchar(&cell, text, looks[style] & ~A_COLOR,
		 PAIR_NUMBER(looks[style]), NULL);
	mvwadd_wchnstr(screen->pad, row, column, &cell, 1);
}

/** screen_put - Return: the column after the text */
int screen_put(struct screen *screen, int row, int column, enum style style,
	       const char *text)
{
	while (*text)
		put_glyph(screen, row, column++, style, next_glyph(&text));
	return column;
}

/** screen_fill - one character up to the column @end; Return: @end */
int screen_fill(struct screen *screen, int row, int column, int end,
		enum style style, const char *glyph)
{
	while (column < end)
		screen_put(screen, row, column++, style, glyph);
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
		const char *glyph;
		char word[512];

		snprintf(word, sizeof(word), "%.*s", (int)length, text);
		if (at > column && at + 1 + text_width(word) > end) {
			row++;
			at = column;
		} else if (at > column) {
			at++;
		}
		for (glyph = word; *glyph; at++) {
			if (at >= end) {
				row++;
				at = column;
			}
			put_glyph(screen, row, at, style, next_glyph(&glyph));
		}
		text += length;
		text += strspn(text, " ");
	}
	return row - first + 1;
}

bool screen_row_is_blank(const struct screen *screen, int row)
{
	for (int column = 0; column < screen->columns; column++)
		if ((mvwinch(screen->pad, row, column) & A_CHARTEXT) != ' ')
			return false;
	return true;
}

void screen_copy_row(struct screen *to, int to_row, const struct screen *from,
		     int from_row)
{
	copywin(from->pad, to->pad, from_row, 0, to_row, 0, to_row,
		from->columns - 1, FALSE);
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

static void choose_looks(bool colour)
{
	static const short inks[STYLE_COUNT] = {
		[STYLE_FAINT] = COLOR_CYAN,
		[STYLE_WELL] = COLOR_GREEN,
		[STYLE_NOTE] = COLOR_YELLOW,
		[STYLE_ALARM] = COLOR_RED,
	};

	looks[STYLE_BOLD] = A_BOLD;
	looks[STYLE_BAR] = A_REVERSE;
	looks[STYLE_NOTE] = A_BOLD;
	looks[STYLE_ALARM] = A_BOLD | A_REVERSE;
	if (!colour || start_color() || use_default_colors())
		return;
	looks[STYLE_WELL] = A_BOLD;
	looks[STYLE_ALARM] = A_BOLD;
	for (short i = 0; i < STYLE_COUNT; i++) {
		if (!inks[i])
			continue;
		init_pair(i, inks[i], -1);
		looks[i] |= COLOR_PAIR(i);
	}
}

/* In ncurses' own stream, so that it keeps its place */
static void terminal_print(const char *sequence)
{
	fputs(sequence, stdout);
	fflush(stdout);
}

/** terminal_enter - Return: whether the terminal can show a screen, and is ours now */
bool terminal_enter(bool colour)
{
	/* Its size is asked for by ourselves, and keys typed before are for us. */
	use_env(FALSE);
	if (!newterm(NULL, stdout, stdin))
		return false;
	entered = 1;
	catch_crashes();
	typeahead(-1);
	set_escdelay(ESCAPE_MS);
	cbreak();
	noecho();
	nonl();
	intrflush(NULL, FALSE);
	curs_set(0);
	choose_looks(colour);
	/* Of terminals that do not do as they are asked, too */
	define_key("\033[C", KEY_RIGHT);
	define_key("\033[D", KEY_LEFT);
	define_key("\033[200~", TERMINAL_PASTE_BEGINS);
	define_key("\033[201~", TERMINAL_PASTE_ENDS);
	terminal_print(PASTES_ARE_MARKED);
	/* Unlike a window, a pad is not shown when keys are read from it. */
	keyboard = newpad(1, 1);
	if (keyboard) {
		keypad(keyboard, TRUE);
		nodelay(keyboard, TRUE);
		return true;
	}
	terminal_leave();
	return false;
}

/** terminal_suspend - give it back as it was, for a while */
void terminal_suspend(void)
{
	terminal_print(PASTES_ARE_NOT);
	endwin();
}

/** terminal_resume - take it again; the next terminal_show() draws everything */
void terminal_resume(void)
{
	terminal_print(PASTES_ARE_MARKED);
	clearok(curscr, TRUE);
}

/** terminal_leave - give it back as it was; may be called at any time */
void terminal_leave(void)
{
	if (!entered)
		return;
	entered = 0;
	terminal_suspend();
}

/** terminal_show - Return: whether the terminal is still there */
bool terminal_show(const struct screen *screen)
{
	if (screen->rows != LINES || screen->columns != COLS)
		resizeterm(screen->rows, screen->columns);
	return pnoutrefresh(screen->pad, 0, 0, 0, 0, screen->rows - 1,
			    screen->columns - 1) == OK && doupdate() == OK;
}

/** terminal_key - Return: a character, an enum terminal_key, or -1 if there is none */
int terminal_key(void)
{
	int key = wgetch(keyboard);

	switch (key) {
	case ERR:
		return -1;
	case KEY_RIGHT:
		return TERMINAL_NEXT;
	case KEY_LEFT:
		return TERMINAL_PREVIOUS;
	case TERMINAL_PASTE_BEGINS:
	case TERMINAL_PASTE_ENDS:
		return key;
	default:
		return key < KEY_MIN ? key : TERMINAL_OTHER;
	}
}
