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

#define CONDITIONS "cell-low", "cell-undervoltage", "cell-overvoltage",		\
	"over-temperature", "under-temperature", "charge-inhibit", "io-error",	\
	"sense-mismatch", "implausible"

/* All that these can be; to wait for anything else would take for ever. */
static const char * const conditions[] = {
	"none", CONDITIONS, "voltage-out-of-range", NULL
};

static const char * const reasons[] = {
	"none", "terminals", "remote", "user", CONDITIONS, NULL
};

static const char * const load_reasons[] = {
	"none", "terminals", "remote", "user", "request-off", "request-shed",
	"soc-floor", CONDITIONS, NULL
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
	[ATTR_CONDITIONS] = conditions,
	[ATTR_LOAD_OFF_REASON] = load_reasons,
	[ATTR_LOAD_REQUEST] = load_requests,
	[ATTR_CHARGE_OFF_REASON] = reasons,
	[ATTR_HEALTH] = health,
	[ATTR_CAPACITY_LEVEL] = levels,
	[ATTR_STATUS] = statuses,
	[ATTR_CHARGE_BEHAVIOUR] = behaviours,
};

static bool can_be(enum attribute_id id, const char *word)
{
	for (const char * const *each = words[id]; each && *each; each++)
		if (!strcmp(*each, word))
			return true;
	return !words[id];
}

static enum result refuse_word(const struct wanted *wanted)
{
	char list[1024] = "";
	size_t used = 0;

	for (const char * const *each = words[wanted->id]; *each; each++)
		used += snprintf(list + used, sizeof(list) - used, "%s%s",
				 used ? ", " : "", *each);
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

/* Time passes in suspend, too. */
static double now_s(void)
{
	struct timespec now;

	clock_gettime(CLOCK_BOOTTIME, &now);
	return now.tv_sec + now.tv_nsec / 1e9;
}

static enum result parse_timeout(const char *text, double *seconds)
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

/* Rounded up: not to wake just before, and then once more. */
static int left_ms(double end)
{
	double left = ceil((end - now_s()) * 1000);

	if (!isfinite(end))
		return -1;
	return left < 0 ? 0 : left < POLL_MAX_MS ? (int)left : POLL_MAX_MS;
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
			    double end)
{
	enum result result = DONE;
	bool stirred, gone = false, counts = counts_down(wanted->id);

	while (!result && !holds(wanted, feed_board(feed, 0))) {
		int left = left_ms(end);

		if (!left)
			return too_late(wanted, feed->config,
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
	struct config only = *config;
	struct board board;
	struct wanted wanted;
	enum result result;
	struct feed feed;
	double seconds, end;

	result = parse(&wanted, argument);
	if (!result)
		result = parse_timeout(config->timeout, &seconds);
	if (!result)
		result = board_find(config, &board);
	if (result)
		return result;
	end = now_s() + seconds;
	only.board = board.name;
	result = feed_open(&feed, &only);
	if (!result)
		result = wait_for(&feed, &wanted, end);
	feed_close(&feed);
	return result;
}

void wait_help(void)
{
	puts("\nA condition is ATTRIBUTE=VALUE or ATTRIBUTE!=VALUE, and for a number also\n"
	     "< > <= >=. conditions=NAME holds while NAME is among them. Attributes:");
	for (enum attribute_id id = 0; id < ATTR_COUNT; id++)
		if (attributes[id].announced || counts_down(id))
			printf("  %s\n", attributes[id].name);
	puts("\nOption:\n  --timeout SECONDS    Give up, with exit status 1");
}
