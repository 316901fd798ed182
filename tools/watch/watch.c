// SPDX-License-Identifier: GPL-2.0
/*
 * smallbms watch: a board on the full screen.
 *
 * It is drawn anew when the kernel tells of a change, a key is hit or the
 * window is resized; by the clock only where what is shown changes with the
 * clock: while a countdown runs, and where something is measured.
 */
#include <ctype.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "screen.h"
#include "watch.h"

#define MEASURE_EVERY_MS 2000
/* More than a board with everything fills; the rest is cut off */
#define BODY_ROWS 120
/* From here on there are two columns */
#define WIDE 76
/* Below that, one column has room for one row each only */
#define TERSE_ROWS 18
#define LABEL 13
#define STATE 7
#define CAPACITY_BAR 12
/* What switches something; once the question could be read that long */
#define YES "yes"
#define READ_MS 500
#define HOW_TO_ANSWER "  Type yes, or any other key for no: "

/* What the last line of the screen tells besides the keys */
enum message {
	MESSAGE_NONE,
	MESSAGE_ASK_REMOTE,
	MESSAGE_ASK_CHARGE,
	MESSAGE_DONE_REMOTE,
	MESSAGE_DONE_CHARGE,
	MESSAGE_TEXT,
};

/**
 * struct watch - all there is
 * @body: what is between the bars, as long as it may be
 * @row: of @body, where the next thing goes
 * @is_title: of its rows, those that may go when there are too few
 * @terse: explanations that do not fit their row are cut off
 * @selected: which board
 * @target_on: what ASK and DONE are about
 * @asked_at: when the question came onto the screen, ms; 0: it has not yet
 * @typed: letters of the answer so far
 * @text: of MESSAGE_TEXT, or a complaint about what was tried
 * @when: the last change that was told
 * @signals: where signals are read from; @ended_by: the one that ends it all
 * @pasting: these keys are pasted, and mean nothing
 * @quit: as somebody wants; @lost: the terminal takes nothing any more
 */
struct watch {
	const struct config *config;
	struct feed feed;
	struct screen screen;
	struct screen body;
	int row;
	bool is_title[BODY_ROWS];
	bool terse;
	size_t selected;
	enum message message;
	bool target_on;
	long long asked_at;
	size_t typed;
	char text[1024];
	char when[64];
	int signals;
	int ended_by;
	bool pasting;
	bool quit;
	bool lost;
};

static const struct glyphs {
	const char *on, *off, *unknown, *full, *empty, *side, *rule, *dot;
} glyphs[] = {
	{ "*", "-", "?", "#", ".", "|", "-", "-" },
	{ "\u25cf", "\u25cb", "?", "\u2588", "\u2591", "\u258c", "\u2500",
	  "\u2022" },
};

static const struct glyphs *glyphs_of(const struct watch *watch)
{
	return &glyphs[watch->config->utf8];
}

static struct board *current(struct watch *watch)
{
	return feed_board(&watch->feed, watch->selected);
}

static enum style mood_style(enum mood mood)
{
	switch (mood) {
	case MOOD_WELL:
		return STYLE_WELL;
	case MOOD_NOTE:
		return STYLE_NOTE;
	case MOOD_ALARM:
		break;
	}
	return STYLE_ALARM;
}

/* A part of the body: from column to column, from its own row on */
struct part {
	int row, from, to;
};

static void title(struct watch *watch, struct part *part, const char *text)
{
	int at = screen_put(&watch->body, part->row, part->from + 1, STYLE_FAINT,
			    text);

	screen_fill(&watch->body, part->row, at + 1, part->to - 1, STYLE_FAINT,
		    glyphs_of(watch)->rule);
	/* Of two columns, the other one may have more to say. */
	if (part->row < BODY_ROWS && !part->from &&
	    part->to == watch->body.columns)
		watch->is_title[part->row] = true;
	part->row++;
}

static void row(struct watch *watch, struct part *part, const char *label,
		enum style style, const char *state, const char *text)
{
	int from = part->from + 2, at;

	screen_put(&watch->body, part->row, from, STYLE_PLAIN, label);
	at = screen_put(&watch->body, part->row, from + LABEL, style, state);
	if (*state && *text && at < from + LABEL + STATE)
		at = from + LABEL + STATE;
	if (watch->terse)
		screen_put(&watch->body, part->row, at, STYLE_PLAIN, text);
	if (!*text || watch->terse) {
		part->row++;
		return;
	}
	part->row += screen_wrap(&watch->body, part->row, at, part->to - 1,
				 STYLE_PLAIN, text);
}

static void switch_row(struct watch *watch, struct part *part,
		       const char *label, enum attribute_id id,
		       enum style on_style, enum style off_style,
		       const char *text)
{
	const struct glyphs *glyph = glyphs_of(watch);
	const struct board *board = current(watch);
	bool on = board_is_on(board, id), off = board_is_off(board, id);
	char state[32];

	snprintf(state, sizeof(state), "%s %s",
		 on ? glyph->on : off ? glyph->off : glyph->unknown,
		 on ? "on" : off ? "off" : "?");
	if (!on && !off)
		text = attribute_why(board->values[id].error);
	row(watch, part, label, on ? on_style : off ? off_style : STYLE_ALARM,
	    state, text);
}

static void output_row(struct watch *watch, struct part *part,
		       const char *label, enum attribute_id id,
		       enum attribute_id reason_id)
{
	const struct board *board = current(watch);
	char why[VALUE_MAX] = "";
	bool meant;

	if (board_is_off(board, id))
		words_off_reason(board, reason_id, why, sizeof(why));
	meant = board_is_text(board, reason_id, "terminals") ||
		board_is_text(board, reason_id, "remote") ||
		board_is_text(board, reason_id, "user") ||
		(id == ATTR_LOAD && board_is_shed(board));
	switch_row(watch, part, label, id, STYLE_WELL,
		   meant ? STYLE_NOTE : STYLE_ALARM, why);
}

static void draw_switches(struct watch *watch, struct part *part)
{
	const struct board *board = current(watch);
	const struct value *request = &board->values[ATTR_LOAD_REQUEST];

	title(watch, part, "Outputs");
	output_row(watch, part, "Load", ATTR_LOAD, ATTR_LOAD_OFF_REASON);
	output_row(watch, part, "Charge", ATTR_CHARGE, ATTR_CHARGE_OFF_REASON);
	switch_row(watch, part, "Pre-alarm", ATTR_PRE_ALARM, STYLE_ALARM,
		   STYLE_PLAIN, board_is_on(board, ATTR_PRE_ALARM) ?
		   words_pre_alarm(board) : "");
	part->row++;
	title(watch, part, "Switches");
	switch_row(watch, part, "Remote", ATTR_REMOTE, STYLE_WELL, STYLE_NOTE,
		   "by software");
	switch_row(watch, part, "Terminals", ATTR_TERMINALS, STYLE_WELL,
		   STYLE_NOTE, "by hand");
	if (!request->error && strcmp(request->text, "auto"))
		row(watch, part, "Load request", STYLE_NOTE, request->text, "");
}

static void bar(struct watch *watch, int at_row, int from, int to,
		enum style style, double share)
{
	const struct glyphs *glyph = glyphs_of(watch);
	int full;

	share = share < 0 ? 0 : share > 1 ? 1 : share;
	full = from + (int)(share * (to - from) + 0.5);
	screen_fill(&watch->body, at_row, from, full, style, glyph->full);
	screen_fill(&watch->body, at_row, full, to, STYLE_FAINT, glyph->empty);
}

static void number_row(struct watch *watch, struct part *part,
		       const char *label, enum attribute_id id, double divisor,
		       const char *format, const char *unit)
{
	const struct value *value = &current(watch)->values[id];
	char number[64], text[128];

	if (value->error)
		return;
	snprintf(number, sizeof(number), format, value->number / divisor);
	snprintf(text, sizeof(text), "%s %s", number, unit);
	row(watch, part, label, STYLE_PLAIN, "", text);
}

static void draw_capacity(struct watch *watch, struct part *part)
{
	const struct board *board = current(watch);
	const struct value *capacity = &board->values[ATTR_CAPACITY];
	int from = part->from + 2 + LABEL;
	enum style style = STYLE_WELL;
	char text[160], *margin;

	if (capacity->error)
		return;
	if (board_is_on(board, ATTR_ALARM) || board_is_on(board, ATTR_PRE_ALARM))
		style = STYLE_ALARM;
	words_capacity(watch->config, board, text, sizeof(text));
	margin = strstr(text, " %");
	/* Its explanation, if it has one, goes into the next row. */
	margin = margin && strchr(margin, ':') ? margin + 2 : NULL;
	if (margin)
		*margin++ = '\0';
	screen_put(&watch->body, part->row, part->from + 2, STYLE_PLAIN,
		   "Capacity");
	bar(watch, part->row, from, from + CAPACITY_BAR, style,
	    capacity->number / 100.0);
	screen_put(&watch->body, part->row++, from + CAPACITY_BAR + 1,
		   STYLE_BOLD, text);
	if (margin)
		part->row += screen_wrap(&watch->body, part->row, from,
					 part->to - 1, STYLE_PLAIN, margin);
}

static void draw_bank(struct watch *watch, struct part *part)
{
	const struct board *board = current(watch);
	const char *direction;
	char text[VALUE_MAX];

	title(watch, part, "Bank");
	draw_capacity(watch, part);
	words_gauge(board, text, sizeof(text));
	if (*text)
		row(watch, part, "Gauge", STYLE_PLAIN, "", text);
	words_floor(board, text, sizeof(text));
	if (*text)
		row(watch, part, "Floor", STYLE_PLAIN, "", text);
	number_row(watch, part, "Voltage", ATTR_VOLTAGE_NOW, 1e6, "%.2f", "V");
	direction = words_direction(board->values[ATTR_CURRENT_NOW].number);
	snprintf(text, sizeof(text), "A%s%s", *direction ? "," : "", direction);
	number_row(watch, part, "Current", ATTR_CURRENT_NOW, 1e6, "%+.2f", text);
	number_row(watch, part, "Temperature", ATTR_TEMP, 10, "%.1f",
		   watch->config->utf8 ? "\u00b0C" : "C");
	words_measured_ago(board, text, sizeof(text));
	if (*text)
		row(watch, part, "", STYLE_PLAIN, "", text);
	if (board_read_ok(board, ATTR_CHARGE_BEHAVIOUR))
		row(watch, part, "Charging", STYLE_PLAIN, "",
		    board_is_text(board, ATTR_CHARGE_BEHAVIOUR, "auto") ?
		    "allowed" : "inhibited by the user");
	part->row++;
	title(watch, part, "Since start");
	number_row(watch, part, "Pre-alarms", ATTR_PRE_ALARMS, 1, "%.0f", "");
	number_row(watch, part, "Load cut", ATTR_LOAD_DISCONNECTS, 1, "%.0f",
		   "");
	number_row(watch, part, "Charge cut", ATTR_CHARGE_DISCONNECTS, 1,
		   "%.0f", "");
}

static void draw_headline(struct watch *watch, struct part *part)
{
	const struct board *board = current(watch);
	const struct value *cut = &board->values[ATTR_DISCONNECT_IN_MS];
	const struct value *delay = &board->values[ATTR_PRE_ALARM_DELAY_MS];
	long long shed = board_shed_in(board);
	long long left = shed >= 0 ? shed : cut->error ? -1 : cut->number;
	const char *side = glyphs_of(watch)->side;
	char text[2 * VALUE_MAX];
	enum mood mood = words_headline(board, text, sizeof(text));
	enum style style = mood_style(mood);
	int rows = screen_wrap(&watch->body, part->row, part->from + 3,
			       part->to - 1, style, text);

	if (left >= 0 && !delay->error && delay->number > 0) {
		bar(watch, part->row + rows, part->from + 3, part->to - 3,
		    style, (double)left / delay->number);
		rows++;
	}
	for (; rows; rows--)
		screen_put(&watch->body, part->row++, part->from + 1, style,
			   side);
}

static void draw_conditions(struct watch *watch, struct part *part)
{
	const struct board *board = current(watch);
	char list[VALUE_MAX];

	title(watch, part, "Conditions");
	if (!board_read_ok(board, ATTR_CONDITIONS)) {
		row(watch, part, "?", STYLE_ALARM, "",
		    attribute_why(board->values[ATTR_CONDITIONS].error));
		return;
	}
	snprintf(list, sizeof(list), "%s", board->values[ATTR_CONDITIONS].text);
	if (!strcmp(list, "none")) {
		screen_put(&watch->body, part->row++, part->from + 2,
			   STYLE_PLAIN, "none");
		return;
	}
	for (char *word = strtok(list, " "); word; word = strtok(NULL, " ")) {
		const char *words = words_condition(word);
		int at = screen_put(&watch->body, part->row, part->from + 2,
				    STYLE_ALARM, "! ");
		int column = part->from + 24;

		at = screen_put(&watch->body, part->row, at, STYLE_BOLD, word);
		if (watch->terse) {
			part->row++;
			continue;
		}
		if (part->to - part->from < WIDE || at >= column)
			column = at + 2;
		part->row += screen_wrap(&watch->body, part->row, column,
					 part->to - 1, STYLE_PLAIN,
					 words ? words : "");
	}
}

struct advice {
	struct watch *watch;
	struct part *part;
	bool any;
};

static void draw_note(void *context, const char *text)
{
	struct advice *advice = context;
	struct part *part = advice->part;
	struct screen *body = &advice->watch->body;

	if (!advice->any) {
		part->row++;
		title(advice->watch, part, "What to do");
	}
	advice->any = true;
	screen_put(body, part->row, part->from + 2, STYLE_PLAIN,
		   glyphs_of(advice->watch)->dot);
	part->row += screen_wrap(body, part->row, part->from + 4, part->to - 1,
				 STYLE_PLAIN, text);
}

static void draw_board(struct watch *watch)
{
	int columns = watch->body.columns;
	bool wide = columns >= WIDE;
	struct part whole = { 0, 0, columns };
	struct part left, right;
	struct advice advice = { .watch = watch, .part = &whole };

	whole.row++;
	draw_headline(watch, &whole);
	whole.row++;
	left = whole;
	right = whole;
	if (wide) {
		left.to = columns / 2;
		right.from = columns / 2;
	}
	draw_switches(watch, &left);
	if (wide)
		draw_bank(watch, &right);
	whole.row = left.row > right.row ? left.row : right.row;
	whole.row++;
	draw_conditions(watch, &whole);
	if (!wide) {
		whole.row++;
		draw_bank(watch, &whole);
	}
	advice_list(current(watch), draw_note, &advice);
	watch->row = whole.row;
}

/* Fit the body between two rows, without what can be spared. */
static void show_body(struct watch *watch, int first, int end)
{
	int rows = watch->row < BODY_ROWS ? watch->row : BODY_ROWS;
	int keep_blanks, keep_titles, excess = rows - (end - first);
	int blanks = 0, titles = 0, at = first;

	for (int i = 0; i < rows; i++) {
		blanks += screen_row_is_blank(&watch->body, i);
		titles += watch->is_title[i];
	}
	keep_blanks = excess > 0 ? blanks - excess : blanks;
	excess -= blanks;
	keep_titles = excess > 0 ? titles - excess : titles;
	for (int i = 0; i < rows; i++) {
		if ((screen_row_is_blank(&watch->body, i) && keep_blanks-- <= 0) ||
		    (watch->is_title[i] && keep_titles-- <= 0))
			continue;
		if (at >= end) {
			screen_put(&watch->screen, end - 1,
				   watch->screen.columns - 6, STYLE_BAR, " more ");
			return;
		}
		screen_copy_row(&watch->screen, at++, &watch->body, i);
	}
}

static void draw_top(struct watch *watch)
{
	struct screen *screen = &watch->screen;
	char count[64] = "", when[80] = "";
	int at, end;

	screen_fill(screen, 0, 0, screen->columns, STYLE_BAR, " ");
	at = screen_put(screen, 0, 1, STYLE_BAR, "smallBMS  ");
	if (watch->feed.count)
		at = screen_put(screen, 0, at, STYLE_BAR, current(watch)->name);
	if (watch->feed.count > 1) {
		snprintf(count, sizeof(count), "  board %zu of %zu",
			 watch->selected + 1, watch->feed.count);
		at = screen_put(screen, 0, at, STYLE_BAR, count);
	}
	snprintf(when, sizeof(when), "changed %s ", watch->when);
	end = screen->columns - text_width(when);
	if (*watch->when && end > at + 1)
		screen_put(screen, 0, end, STYLE_BAR, when);
}

/* With several boards, the others must not go unseen. */
static int draw_others(struct watch *watch)
{
	char text[2 * VALUE_MAX], line[NAME_MAX + 3 + sizeof(text)];
	int at = 1;

	for (size_t i = 0; i < watch->feed.count && at < 4; i++) {
		const struct board *board = feed_board(&watch->feed, i);

		if (i == watch->selected ||
		    words_headline(board, text, sizeof(text)) != MOOD_ALARM)
			continue;
		snprintf(line, sizeof(line), "%s: %s", board->name, text);
		screen_put(&watch->screen, at++, 1, STYLE_ALARM, line);
	}
	return at;
}

static void say_output(const struct board *board, const char *label,
		       enum attribute_id id, enum attribute_id reason_id,
		       char *text, size_t size)
{
	char why[VALUE_MAX];

	words_off_reason(board, reason_id, why, sizeof(why));
	if (board_is_off(board, id))
		snprintf(text, size, "%s off (%s)", label, why);
	else
		snprintf(text, size, "%s %s", label,
			 board_is_on(board, id) ? "on" : "unknown");
}

static void say_done(struct watch *watch, char *text, size_t size)
{
	const struct board *board = current(watch);
	bool load_off = board_is_off(board, ATTR_LOAD);
	bool charge_off = board_is_off(board, ATTR_CHARGE);
	char load[VALUE_MAX + 32], charge[VALUE_MAX + 32];

	say_output(board, "load", ATTR_LOAD, ATTR_LOAD_OFF_REASON, load,
		   sizeof(load));
	say_output(board, "charge", ATTR_CHARGE, ATTR_CHARGE_OFF_REASON,
		   charge, sizeof(charge));
	if (watch->message == MESSAGE_DONE_REMOTE && !watch->target_on &&
	    !(load_off && charge_off))
		snprintf(text, size,
			 "The remote is off, BUT load and charge are not both off. Treat the load as live.");
	else if (watch->message == MESSAGE_DONE_REMOTE)
		snprintf(text, size, "The remote is %s: %s, %s.",
			 watch->target_on ? "on" : "off", load, charge);
	else if (!watch->target_on && !charge_off)
		snprintf(text, size,
			 "Charging is inhibited, BUT charge is not off.");
	else
		snprintf(text, size, "Charging is %s: %s.",
			 watch->target_on ? "allowed" : "inhibited", charge);
}

static bool is_asking(const struct watch *watch)
{
	return watch->message == MESSAGE_ASK_REMOTE ||
	       watch->message == MESSAGE_ASK_CHARGE;
}

/* How long the question must still be there before an answer counts */
static int unread_for_ms(const struct watch *watch)
{
	long long passed = now_ms() - watch->asked_at;

	if (!watch->asked_at)
		return READ_MS;
	return passed < READ_MS ? READ_MS - passed : 0;
}

static void say(struct watch *watch, char *text, size_t size)
{
	static const char * const remote[] = {
		"Switch the software remote OFF? Load and charge are disconnected at once, and stay so until it is on again.",
		"Switch the software remote ON? What is healthy is connected at once, if the terminals are on as well.",
	};
	static const char * const charge[] = {
		"INHIBIT charging? Charge is disconnected at once; the load is not affected.",
		"ALLOW charging? The bank is charged whenever that is safe.",
	};

	*text = '\0';
	switch (watch->message) {
	case MESSAGE_NONE:
		break;
	case MESSAGE_ASK_REMOTE:
		snprintf(text, size, "%s%s%.*s", remote[watch->target_on],
			 unread_for_ms(watch) ? "" : HOW_TO_ANSWER,
			 (int)watch->typed, YES);
		break;
	case MESSAGE_ASK_CHARGE:
		snprintf(text, size, "%s%s%.*s", charge[watch->target_on],
			 unread_for_ms(watch) ? "" : HOW_TO_ANSWER,
			 (int)watch->typed, YES);
		break;
	case MESSAGE_DONE_REMOTE:
	case MESSAGE_DONE_CHARGE:
		say_done(watch, text, size);
		break;
	case MESSAGE_TEXT:
		snprintf(text, size, "%s", watch->text);
		break;
	}
}

/* The keys; where not all fit, the end is the last to be left out. */
static void draw_keys(struct watch *watch, int at_row)
{
	static const char * const keys[] = {
		"Tab board  ", "c charging  ", "r remote  ", "q quit",
	};
	static const size_t order[] = { 2, 1, 0, 3 };
	struct screen *screen = &watch->screen;
	size_t from = watch->feed.count > 1 ? 0 : 1;
	int width = 1, at = 1;

	for (size_t i = from; i < ARRAY_SIZE(keys); i++)
		width += text_width(keys[i]);
	while (from < ARRAY_SIZE(keys) - 1 && width > screen->columns)
		width -= text_width(keys[from++]);
	screen_fill(screen, at_row, 0, screen->columns, STYLE_BAR, " ");
	for (size_t i = 0; i < ARRAY_SIZE(order); i++)
		if (order[i] >= from)
			at = screen_put(screen, at_row, at, STYLE_BAR,
					keys[order[i]]);
}

/* Return: the first row that it takes */
static int draw_bottom(struct watch *watch)
{
	struct screen *screen = &watch->screen;
	struct screen scratch = { 0 };
	int first = screen->rows - 1, rows;
	char text[sizeof(watch->text)];

	draw_keys(watch, first);
	say(watch, text, sizeof(text));
	if (!*text)
		return first;
	/* Once into nothing, to know how many rows it takes */
	rows = screen_wrap(&scratch, 0, 1, screen->columns - 1, STYLE_BOLD,
			   text);
	first = first > rows ? first - rows : 0;
	screen_wrap(screen, first, 1, screen->columns - 1, STYLE_BOLD, text);
	return first;
}

static bool draw(struct watch *watch)
{
	static const char nothing[] =
		"There is no board: unplugged, or its driver unloaded. It is shown when it comes.";
	int rows, columns, top, bottom;

	terminal_size(&rows, &columns);
	if (!screen_resize(&watch->screen, rows, columns) ||
	    !screen_resize(&watch->body, BODY_ROWS, columns))
		return false;
	watch->terse = rows < TERSE_ROWS && columns < WIDE;
	memset(watch->is_title, 0, sizeof(watch->is_title));
	watch->row = 0;
	if (watch->feed.count)
		draw_board(watch);
	else
		watch->row = screen_wrap(&watch->body, 1, 1, columns - 1,
					 STYLE_ALARM, nothing) + 1;
	bottom = draw_bottom(watch);
	draw_top(watch);
	top = draw_others(watch);
	if (top < bottom)
		show_body(watch, top, bottom);
	return terminal_show(&watch->screen);
}

static void told(void *context, enum news news, const struct board *board,
		 unsigned long long changed)
{
	struct watch *watch = context;
	char now[64];

	(void)changed;
	words_time(now, sizeof(now), false);
	snprintf(watch->when, sizeof(watch->when), "%s", now + strlen("2026-01-31 "));
	if (news == NEWS_GONE) {
		/* What was asked or told may have been about that one. */
		watch->message = MESSAGE_NONE;
		if (watch->selected &&
		    board <= feed_board(&watch->feed, watch->selected))
			watch->selected--;
	}
}

static enum result update(struct watch *watch)
{
	enum result result = feed_update(&watch->feed, told, watch);

	if (watch->selected >= watch->feed.count)
		watch->selected = 0;
	return result;
}

static void ask(struct watch *watch, enum message message,
		enum attribute_id id, const char *on)
{
	const struct board *board = current(watch);

	if (!board_read_ok(board, id)) {
		watch->message = MESSAGE_TEXT;
		snprintf(watch->text, sizeof(watch->text), "%s: %s",
			 attributes[id].name,
			 attribute_why(board->values[id].error));
		return;
	}
	watch->message = message;
	watch->asked_at = 0;
	watch->typed = 0;
	watch->target_on = !board_is_text(board, id, on);
}

static enum result act(struct watch *watch)
{
	bool remote = watch->message == MESSAGE_ASK_REMOTE;
	const char *text = remote ? (watch->target_on ? "on" : "off") :
				    (watch->target_on ? "auto" : "inhibit-charge");
	struct board board = *current(watch);
	enum result result;

	complain_into(watch->text, sizeof(watch->text));
	result = board_write(&board, remote ? ATTR_REMOTE :
			     ATTR_CHARGE_BEHAVIOUR, text);
	complain_into(NULL, 0);
	watch->message = result ? MESSAGE_TEXT :
			 remote ? MESSAGE_DONE_REMOTE : MESSAGE_DONE_CHARGE;
	return update(watch);
}

static void step(struct watch *watch, size_t by)
{
	watch->message = MESSAGE_NONE;
	if (watch->feed.count)
		watch->selected = (watch->selected + by) % watch->feed.count;
}

/*
 * Somebody who types a word into the wrong window answers nothing: only a whole "yes",
 * once the question could be read, is an answer.
 */
static enum result answer(struct watch *watch, int key)
{
	if (unread_for_ms(watch) || tolower(key) != YES[watch->typed]) {
		watch->message = MESSAGE_NONE;
		return DONE;
	}
	watch->typed++;
	return YES[watch->typed] ? DONE : act(watch);
}

static enum result take_key(struct watch *watch, int key)
{
	if (is_asking(watch))
		return answer(watch, key);
	watch->message = MESSAGE_NONE;
	switch (key) {
	case 'r':
	case 'c':
		if (!watch->feed.count)
			break;
		if (key == 'r')
			ask(watch, MESSAGE_ASK_REMOTE, ATTR_REMOTE, "on");
		else
			ask(watch, MESSAGE_ASK_CHARGE, ATTR_CHARGE_BEHAVIOUR,
			    "auto");
		break;
	case '\t':
	case TERMINAL_NEXT:
		step(watch, 1);
		break;
	case TERMINAL_PREVIOUS:
		step(watch, watch->feed.count - 1);
		break;
	case 'l' & 0x1f:	/* Control-L, as everywhere */
		return update(watch);
	case 'q':
		watch->quit = true;
		break;
	}
	return DONE;
}

static enum result take_keys(struct watch *watch)
{
	int key = terminal_key();
	enum result result = DONE;

	if (key < 0)
		watch->lost = true;	/* it was readable: it is gone */
	for (; key >= 0 && !result && !watch->quit; key = terminal_key()) {
		if (key == TERMINAL_PASTE_BEGINS || key == TERMINAL_PASTE_ENDS)
			watch->pasting = key == TERMINAL_PASTE_BEGINS;
		else if (!watch->pasting)
			result = take_key(watch, key);
	}
	return result;
}

static void take_signals(struct watch *watch)
{
	struct signalfd_siginfo info;

	while (read(watch->signals, &info, sizeof(info)) == sizeof(info)) {
		if (info.ssi_signo == SIGTSTP) {
			terminal_suspend();
			raise(SIGSTOP);
			terminal_resume();
		} else if (info.ssi_signo != SIGWINCH &&
			   info.ssi_signo != SIGCONT) {
			watch->ended_by = info.ssi_signo;
		}
	}
}

/* That of others is shown as well: draw_others() */
static const enum attribute_id counting[] = {
	ATTR_DISCONNECT_IN_MS, ATTR_SHED_IN_MS, ATTR_RECONNECT_IN_MS,
};

/* Return: ms for which all countdowns stay true: they are rounded up to seconds; or -1 */
static int counted_for_ms(struct watch *watch)
{
	int least = -1;

	for (size_t i = 0; i < watch->feed.count; i++) {
		const struct board *board = feed_board(&watch->feed, i);

		for (size_t n = 0; n < ARRAY_SIZE(counting); n++) {
			const struct value *left = &board->values[counting[n]];
			int ms;

			if (left->error || left->number < 0)
				continue;
			ms = left->number % 1000 ? left->number % 1000 : 1000;
			if (least < 0 || ms < least)
				least = ms;
		}
	}
	return least;
}

/* How long what is shown stays true without anybody telling */
static int fresh_for_ms(struct watch *watch)
{
	static const enum attribute_id measured[] = {
		ATTR_VOLTAGE_NOW, ATTR_CURRENT_NOW, ATTR_TEMP,
	};
	const struct value *soc_age;
	int counted_ms;

	if (is_asking(watch) && unread_for_ms(watch))
		return unread_for_ms(watch);
	if (!watch->feed.count)
		return -1;
	soc_age = &current(watch)->values[ATTR_SOC_AGE_S];
	counted_ms = counted_for_ms(watch);
	if (counted_ms >= 0)
		return counted_ms;
	for (size_t i = 0; i < ARRAY_SIZE(measured); i++)
		if (board_read_ok(current(watch), measured[i]))
			return MEASURE_EVERY_MS;
	if (board_floor_waits(current(watch)) ||
	    (!soc_age->error && soc_age->number >= 0))
		return MEASURE_EVERY_MS;
	return -1;
}

static void refresh(struct watch *watch)
{
	static const enum attribute_id ids[] = {
		ATTR_VOLTAGE_NOW, ATTR_CURRENT_NOW, ATTR_TEMP,
		ATTR_GAUGE_SOC_PERMILLE, ATTR_SOC_AGE_S,
		ATTR_TIME_TO_EMPTY_AVG, ATTR_TIME_TO_EMPTY_AGE_S,
		ATTR_VOLTAGE_AGE_S, ATTR_CURRENT_AGE_S, ATTR_TEMPERATURE_AGE_S,
	};

	for (size_t i = 0; i < watch->feed.count; i++)
		for (size_t n = 0; n < ARRAY_SIZE(counting); n++)
			board_read_attribute(feed_board(&watch->feed, i),
					     counting[n]);
	for (size_t i = 0; i < ARRAY_SIZE(ids) && watch->feed.count; i++)
		board_read_attribute(current(watch), ids[i]);
}

static enum result run(struct watch *watch)
{
	struct pollfd others[] = {
		{ STDIN_FILENO, POLLIN, 0 },
		{ watch->signals, POLLIN, 0 },
	};
	enum result result = DONE;
	bool stirred;

	while (!result && !watch->quit && !watch->ended_by) {
		refresh(watch);
		watch->lost = watch->lost || !draw(watch);
		if (watch->lost)
			return DONE;
		if (is_asking(watch) && !watch->asked_at)
			watch->asked_at = now_ms();
		result = feed_wait(&watch->feed, others, ARRAY_SIZE(others),
				   fresh_for_ms(watch), &stirred);
		if (!result && others[1].revents)
			take_signals(watch);
		if (!result && others[0].revents)
			result = take_keys(watch);
		if (!result && stirred)
			result = update(watch);
	}
	return result;
}

static const int caught[] = {
	SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGTSTP, SIGCONT, SIGWINCH,
};

static int catch_signals(sigset_t *signals)
{
	sigemptyset(signals);
	for (size_t i = 0; i < ARRAY_SIZE(caught); i++)
		sigaddset(signals, caught[i]);
	/* A terminal that is gone is seen when it takes nothing any more. */
	signal(SIGPIPE, SIG_IGN);
	sigprocmask(SIG_BLOCK, signals, NULL);
	return signalfd(-1, signals, SFD_NONBLOCK | SFD_CLOEXEC);
}

static enum result run_on_terminal(struct watch *watch)
{
	enum result result = FAILED;
	char complaint[512] = "";

	if (!terminal_enter(watch->config->colour)) {
		complain("watch", "the terminal cannot be set up; is TERM right?");
		return FAILED;
	}
	complain_into(complaint, sizeof(complaint));
	result = run(watch);
	complain_into(NULL, 0);
	terminal_leave();
	if (*complaint)
		fprintf(stderr, "smallbms: %s\n", complaint);
	if (watch->lost) {
		complain("watch", "the terminal is gone");
		result = FAILED;
	}
	return result;
}

/** watch_run - what the command does, once the terminal is known to be one */
enum result watch_run(const struct config *config)
{
	struct watch watch = { .config = config };
	enum result result;
	sigset_t signals;

	result = feed_open_empty(&watch.feed, config);
	watch.signals = catch_signals(&signals);
	if (!result && watch.signals < 0) {
		complain("watch", "cannot receive signals");
		result = FAILED;
	}
	if (!result)
		result = run_on_terminal(&watch);
	if (watch.signals >= 0)
		close(watch.signals);
	feed_close(&watch.feed);
	screen_free(&watch.screen);
	screen_free(&watch.body);
	/* As whoever sent it expects: the shell sees by what it ended. */
	if (watch.ended_by) {
		signal(watch.ended_by, SIG_DFL);
		raise(watch.ended_by);
	}
	sigprocmask(SIG_UNBLOCK, &signals, NULL);
	return result;
}
