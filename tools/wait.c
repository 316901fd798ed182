// SPDX-License-Identifier: GPL-2.0
/* smallbms wait CONDITION: sleep until a board is as wanted. */
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "smallbms.h"

/* About 24 days, the longest that poll() waits at a time */
#define POLL_MAX_MS INT_MAX
/* Nobody tells how a countdown goes on. */
#define COUNT_EVERY_MS 1000

enum comparison {
	IS,
	IS_NOT,
	LESS,
	LESS_OR_EQUAL,
	MORE,
	MORE_OR_EQUAL,
};

/* More than anybody types */
#define CONDITIONS_MAX 16

struct wanted {
	const char *text;	/* all of it */
	enum attribute_id id;
	enum comparison comparison;
	const char *word;
	long long number;	/* of a KIND_NUMBER */
};

/* Longer ones first, so that "<=" is not taken for "<". */
static const struct {
	const char *sign;
	enum comparison comparison;
} signs[] = {
	{ "!=", IS_NOT },
	{ "<=", LESS_OR_EQUAL },
	{ ">=", MORE_OR_EQUAL },
	{ "=", IS },
	{ "<", LESS },
	{ ">", MORE },
};

/* All that these can be; to wait for anything else would take for ever. */
static const char * const switches[] = { "on", "off", NULL };

static const char * const alarms[] = { "0", "1", "2", NULL };

/* and the name of a condition */
static const char * const conditions[] = { "none", NULL };

/* and the name of a condition that an output follows */
static const char * const reasons[] = {
	"none", "terminals", "remote", "user", NULL
};

static const char * const load_reasons[] = {
	"none", "terminals", "remote", "user", "request-off", "request-shed",
	"soc-floor", NULL
};

static const char * const load_requests[] = { "auto", "shed", "off", NULL };

static const char * const health[] = {
	"Good", "Overheat", "Cold", "Over voltage", "Under voltage", "Dead",
	"Unspecified failure", NULL
};

static const char * const levels[] = {
	"Unknown", "Critical", "Low", "Normal", "Full", NULL
};

static const char * const statuses[] = {
	"Unknown", "Charging", "Discharging", "Not charging", NULL
};

static const char * const behaviours[] = { "auto", "inhibit-charge", NULL };

static const char * const * const words[ATTR_COUNT] = {
	[ATTR_REMOTE] = switches,
	[ATTR_TERMINALS] = switches,
	[ATTR_LOAD] = switches,
	[ATTR_CHARGE] = switches,
	[ATTR_PRE_ALARM] = switches,
	[ATTR_ALARM] = alarms,
	[ATTR_CONDITIONS] = conditions,
	[ATTR_LOAD_OFF_REASON] = load_reasons,
	[ATTR_LOAD_REQUEST] = load_requests,
	[ATTR_CHARGE_OFF_REASON] = reasons,
	[ATTR_HEALTH] = health,
	[ATTR_CAPACITY_LEVEL] = levels,
	[ATTR_STATUS] = statuses,
	[ATTR_CHARGE_BEHAVIOUR] = behaviours,
};

/* Return: the next condition that it can be, or NULL; @at: where to look */
static const char *next_condition(enum attribute_id id, size_t *at)
{
	const char *name;

	if (words[id] != conditions && words[id] != reasons &&
	    words[id] != load_reasons)
		return NULL;
	name = words_condition_name((*at)++);
	if (name && words[id] != conditions && !strcmp(name, "voltage-out-of-range"))
		name = words_condition_name((*at)++);
	return name;
}

static bool can_be(enum attribute_id id, const char *word)
{
	const char *name;
	size_t at = 0;

	for (const char * const *each = words[id]; each && *each; each++)
		if (!strcmp(*each, word))
			return true;
	while ((name = next_condition(id, &at)))
		if (!strcmp(name, word))
			return true;
	return !words[id] || attributes[id].kind == KIND_NUMBER;
}

/* All that it can be, separated by commas */
static void list_words(enum attribute_id id, char *list, size_t size)
{
	size_t used = 0, at = 0;
	const char *name;

	*list = '\0';
	for (const char * const *each = words[id]; each && *each; each++)
		used += snprintf(list + used, size - used, "%s%s",
				 used ? ", " : "", *each);
	while ((name = next_condition(id, &at)))
		used += snprintf(list + used, size - used, ", %s", name);
}

static enum result refuse_word(const struct wanted *wanted)
{
	char list[1024];

	list_words(wanted->id, list, sizeof(list));
	complain(wanted->text, "'%s' is nothing that it can be: %s",
		 wanted->word, list);
	return USAGE;
}

static bool counts_down(enum attribute_id id)
{
	return id == ATTR_DISCONNECT_IN_MS || id == ATTR_SHED_IN_MS ||
	       id == ATTR_RECONNECT_IN_MS;
}

static bool parse_word(struct wanted *wanted)
{
	char *end;

	switch (attributes[wanted->id].kind) {
	case KIND_NUMBER:
		errno = 0;
		wanted->number = strtoll(wanted->word, &end, 10);
		return !errno && end != wanted->word && !*end;
	case KIND_SWITCH:
		return !strcmp(wanted->word, "on") ||
		       !strcmp(wanted->word, "off");
	case KIND_LIST:
	case KIND_TEXT:
	case KIND_CHOICE:
		break;
	}
	return *wanted->word;
}

static enum result refuse(const struct wanted *wanted, const char *why)
{
	complain(wanted->text, "%s; see 'smallbms help wait'", why);
	return USAGE;
}

static enum result parse(struct wanted *wanted, const char *text)
{
	size_t length = strcspn(text, "!<>=");
	char name[VALUE_MAX];
	bool number;
	int id;

	*wanted = (struct wanted){ .text = text };
	if (!text[length] || length >= sizeof(name))
		return refuse(wanted, "not like alarm=0");
	memcpy(name, text, length);
	name[length] = '\0';
	id = attribute_find(name);
	if (id < 0)
		return refuse(wanted, "no such attribute");
	wanted->id = id;
	for (size_t i = 0; i < ARRAY_SIZE(signs) && !wanted->word; i++) {
		size_t width = strlen(signs[i].sign);

		if (strncmp(text + length, signs[i].sign, width))
			continue;
		wanted->comparison = signs[i].comparison;
		wanted->word = text + length + width;
	}
	if (!wanted->word)
		return refuse(wanted, "not like alarm=0");
	if (!attributes[id].announced && !counts_down(id))
		return refuse(wanted,
			      "the board does not tell when that changes");
	number = attributes[id].kind == KIND_NUMBER;
	if (!number && wanted->comparison != IS &&
	    wanted->comparison != IS_NOT)
		return refuse(wanted, "only a number can be less or more");
	if (!parse_word(wanted))
		return refuse(wanted, number ? "needs a number" :
			      attributes[id].kind == KIND_SWITCH ?
			      "needs on or off" : "needs a value");
	if (!can_be(wanted->id, wanted->word))
		return refuse_word(wanted);
	return DONE;
}

static bool is_word(const struct wanted *wanted, const struct board *board)
{
	if (wanted->id == ATTR_CONDITIONS)
		return board_has_condition(board, wanted->word);
	return board_is_text(board, wanted->id, wanted->word);
}

/* What cannot be read is as nobody wants it. */
static bool holds(const struct wanted *wanted, const struct board *board)
{
	const struct value *value = &board->values[wanted->id];

	if (value->error)
		return false;
	if (attributes[wanted->id].kind != KIND_NUMBER)
		return is_word(wanted, board) == (wanted->comparison == IS);
	switch (wanted->comparison) {
	case IS:
		return value->number == wanted->number;
	case IS_NOT:
		return value->number != wanted->number;
	case LESS:
		return value->number < wanted->number;
	case LESS_OR_EQUAL:
		return value->number <= wanted->number;
	case MORE:
		return value->number > wanted->number;
	case MORE_OR_EQUAL:
		return value->number >= wanted->number;
	}
	return false;
}

/* Return: the first that does not hold, or NULL */
static const struct wanted *missing(const struct wanted *wanted, size_t count,
				    const struct board *board)
{
	for (size_t i = 0; i < count; i++)
		if (!holds(&wanted[i], board))
			return &wanted[i];
	return NULL;
}

/** now_s - the time that passes in suspend, too */
double now_s(void)
{
	struct timespec now;

	clock_gettime(CLOCK_BOOTTIME, &now);
	return now.tv_sec + now.tv_nsec / 1e9;
}

/** parse_timeout - seconds, which may have a fraction; NULL: for ever */
enum result parse_timeout(const char *text, double *seconds)
{
	char *end;

	if (!text) {
		*seconds = INFINITY;
		return DONE;
	}
	*seconds = strtod(text, &end);
	/* no sign, exponent, inf or 0x */
	if (end != text && !text[strspn(text, "0123456789.")] && !*end &&
	    isfinite(*seconds))
		return DONE;
	complain("--timeout", "'%s' is not a number of seconds", text);
	return USAGE;
}

/**
 * left_ms - Return: for poll(), until now_s() is @end
 *
 * Rounded up: not to wake just before, and then once more.
 */
int left_ms(double end)
{
	double left = (end - now_s()) * 1000;

	if (!isfinite(end))
		return -1;
	if (left <= 0)
		return 0;
	return left < POLL_MAX_MS ? (int)left + 1 : POLL_MAX_MS;
}

static void forget(void *context, enum news news, const struct board *board,
		   unsigned long long changed)
{
	(void)news;
	(void)board;
	(void)changed;
	*(bool *)context = *(bool *)context || news == NEWS_GONE;
}

static enum result too_late(const struct wanted *wanted,
			    const struct config *config,
			    const struct board *board)
{
	const struct value *value = &board->values[wanted->id];
	char what[NAME_MAX + VALUE_MAX];

	if (config->quiet)
		return FAILED;
	snprintf(what, sizeof(what), "%s/%s", board->name,
		 attributes[wanted->id].name);
	if (value->error)
		complain(what, "%s", attribute_why(value->error));
	else
		complain(what, "not %s within %s s; it is %s", wanted->text,
			 config->timeout, value->text);
	return FAILED;
}

static enum result wait_for(struct feed *feed, const struct wanted *wanted,
			    size_t count, double end)
{
	const struct wanted *first;
	enum result result = DONE;
	bool stirred, gone = false, counts = counts_down(wanted->id);

	while (!result &&
	       (first = missing(wanted, count, feed_board(feed, 0)))) {
		int left = left_ms(end);

		if (!left)
			return too_late(first, feed->config,
					feed_board(feed, 0));
		if (counts && (left < 0 || left > COUNT_EVERY_MS))
			left = COUNT_EVERY_MS;
		result = feed_wait(feed, NULL, 0, left, &stirred);
		if (!result && stirred)
			result = feed_update(feed, forget, &gone);
		else if (!result && counts)
			board_read_attribute(feed_board(feed, 0), wanted->id);
		if (!result && gone) {
			complain(feed->config->board,
				 "it vanished meanwhile: unplugged, or its driver was unloaded");
			result = NO_BOARD;
		}
	}
	return result;
}

enum result command_wait(const struct config *config, const char *argument)
{
	struct wanted wanted[CONDITIONS_MAX];
	struct config only = *config;
	enum result result = DONE;
	struct board board;
	struct feed feed;
	double seconds, end;
	size_t count = 0;

	(void)argument;
	for (; config->words[count] && count < CONDITIONS_MAX && !result; count++)
		result = parse(&wanted[count], config->words[count]);
	if (!result && config->words[count]) {
		complain("wait", "at most %d conditions", CONDITIONS_MAX);
		result = USAGE;
	}
	if (!result)
		result = parse_timeout(config->timeout, &seconds);
	if (!result)
		result = board_find(config, &board);
	if (result)
		return result;
	end = now_s() + seconds;
	only.board = board_label(&board);
	result = feed_open(&feed, &only);
	if (!result)
		result = wait_for(&feed, wanted, count, end);
	feed_close(&feed);
	return result;
}

void wait_help(void)
{
	char first[64], list[1024];

	puts("\nA condition is ATTRIBUTE=VALUE or ATTRIBUTE!=VALUE, and for a number also\n"
	     "< > <= >=. conditions=NAME holds while NAME is among them. Of several, all must\n"
	     "hold at the same time. Attributes, and what they can be:");
	for (enum attribute_id id = 0; id < ATTR_COUNT; id++) {
		if (!attributes[id].announced && !counts_down(id))
			continue;
		snprintf(first, sizeof(first), "  %-21s ", attributes[id].name);
		list_words(id, list, sizeof(list));
		print_wrapped(first, 24, *list ? list : "a number");
	}
	puts("\nOption:\n"
	     "  -t, --timeout SECONDS\n"
	     "                       Give up, with exit status 1\n"
	     "  -q, --quiet          Do not say so on stderr");
}
