/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A full screen of characters, and the terminal that shows it, by ncurses. Text that
 * does not fit is cut off at the edge, so that no size of a window needs care.
 */
#ifndef SCREEN_H
#define SCREEN_H

#include <stdbool.h>

enum style {
	STYLE_PLAIN,
	STYLE_FAINT,
	STYLE_BOLD,
	STYLE_BAR,	/* the bars at the top and at the bottom */
	STYLE_WELL,
	STYLE_NOTE,
	STYLE_ALARM,
	STYLE_COUNT
};

/* Beyond all characters, and all keys of ncurses */
enum terminal_key {
	TERMINAL_OTHER = 0x300,
	TERMINAL_NEXT,
	TERMINAL_PREVIOUS,
	TERMINAL_PASTE_BEGINS,
	TERMINAL_PASTE_ENDS,
};

/* struct screen - @pad: of ncurses; NULL: nothing is shown, only measured */
struct screen {
	int rows;
	int columns;
	struct _win_st *pad;
};

bool screen_resize(struct screen *screen, int rows, int columns);
void screen_free(struct screen *screen);
int screen_put(struct screen *screen, int row, int column, enum style style,
	       const char *text);
int screen_fill(struct screen *screen, int row, int column, int end,
		enum style style, const char *glyph);
int screen_wrap(struct screen *screen, int row, int column, int end,
		enum style style, const char *text);
bool screen_row_is_blank(const struct screen *screen, int row);
void screen_copy_row(struct screen *to, int to_row, const struct screen *from,
		     int from_row);
int text_width(const char *text);

bool terminal_enter(bool colour);
void terminal_suspend(void);
void terminal_resume(void);
void terminal_leave(void);
void terminal_size(int *rows, int *columns);
bool terminal_show(const struct screen *screen);
int terminal_key(void);

#endif /* SCREEN_H */
