/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A full screen of characters, and the terminal that shows it. Whatever is put
 * beyond an edge is cut off, so that no size of a window needs care.
 */
#ifndef SCREEN_H
#define SCREEN_H

#include <stdbool.h>
#include <stddef.h>

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

/* A character of UTF-8, and how it looks */
struct cell {
	char glyph[5];
	unsigned char style;
};

struct screen {
	int rows;
	int columns;
	struct cell *cells;
};

bool screen_resize(struct screen *screen, int rows, int columns);
void screen_clear(struct screen *screen);
void screen_free(struct screen *screen);
int screen_put(struct screen *screen, int row, int column, enum style style,
	       const char *text);
int screen_fill(struct screen *screen, int row, int column, int end,
		enum style style, const char *glyph);
int screen_wrap(struct screen *screen, int row, int column, int end,
		enum style style, const char *text);
void screen_copy_row(struct screen *to, int to_row, const struct screen *from,
		     int from_row);
int text_width(const char *text);

bool terminal_is_usable(void);
void terminal_size(int *rows, int *columns);
bool terminal_enter(void);
void terminal_leave(void);
bool terminal_show(const struct screen *screen, bool colour);

#endif /* SCREEN_H */
