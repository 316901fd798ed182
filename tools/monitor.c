// SPDX-License-Identifier: GPL-2.0
/* smallbms monitor: a line, or a JSON object, per change, and none else. */
#include <ctype.h>
#include <errno.h>
#include <json-c/json.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "smallbms.h"

static const char * const news_names[] = {
	[NEWS_STATE] = "state",
	[NEWS_CHANGE] = "change",
	[NEWS_NEW] = "new",
	[NEWS_GONE] = "gone",
};

static struct json_object *json_from_news(enum news news,
					  const struct board *board,
					  unsigned long long changed)
{
	struct json_object *object = json_object_new_object();
	struct json_object *names = json_object_new_array();
	char when[64];

	words_time(when, sizeof(when), true);
	json_object_object_add(object, "time", json_object_new_string(when));
	json_object_object_add(object, "event",
			       json_object_new_string(news_names[news]));
	json_object_object_add(object, "name",
			       json_object_new_string(board->name));
	json_object_object_add(object, "changed", names);
	for (enum attribute_id id = 0; id < ATTR_COUNT; id++) {
		if (changed & attribute_bit(id))
			json_object_array_add(names,
					      json_object_new_string(attributes[id].name));
		if (news != NEWS_GONE &&
		    (attributes[id].announced || id == ATTR_DISCONNECT_IN_MS ||
		     id == ATTR_SHED_IN_MS || id == ATTR_RECONNECT_IN_MS))
			json_add_value(object, board, id);
	}
	return object;
}

static void print_changed(const struct board *board, unsigned long long changed)
{
	const char *before = " [";

	for (enum attribute_id id = 0; id < ATTR_COUNT; id++) {
		const struct value *value = &board->values[id];

		if (!(changed & attribute_bit(id)))
			continue;
		printf("%s%s %s", before, attributes[id].name,
		       value->error ? "?" : value->text);
		before = ", ";
	}
	if (changed)
		putchar(']');
}

static void print_news(enum news news, const struct board *board,
		       unsigned long long changed)
{
	char text[2 * VALUE_MAX], when[64];

	words_time(when, sizeof(when), false);
	words_headline(board, text, sizeof(text));
	printf("%s %s: ", when, board->name);
	if (news == NEWS_GONE) {
		puts("gone: unplugged, or its driver was unloaded");
		return;
	}
	printf("%s%s", news == NEWS_NEW ? "new: " : "", text);
	print_changed(board, changed);
	putchar('\n');
}

/**
 * struct monitor - what news are printed
 * @left: so many more, 0: none; LONG_MAX: all
 */
struct monitor {
	const struct config *config;
	long left;
};

static void tell(void *context, enum news news, const struct board *board,
		 unsigned long long changed)
{
	struct monitor *monitor = context;
	const struct config *config = monitor->config;

	if (!monitor->left)
		return;
	if (monitor->left < LONG_MAX && news != NEWS_STATE)
		monitor->left--;
	if (config->json)
		json_print_line(json_from_news(news, board, changed));
	else
		print_news(news, board, changed);
	fflush(stdout);
}

static enum result parse_count(const char *text, long *count)
{
	char *end;

	*count = LONG_MAX;
	if (!text)
		return DONE;
	errno = 0;
	*count = strtol(text, &end, 10);
	if (isdigit((unsigned char)*text) && !*end && !errno && *count)
		return DONE;
	complain("--count", "'%s' is not a number of changes", text);
	return USAGE;
}

enum result command_monitor(const struct config *config, const char *argument)
{
	/* nothing is read from it, but it tells when nobody listens any more */
	struct pollfd reader = { STDOUT_FILENO, 0, 0 };
	struct monitor context = { .config = config };
	double seconds, end;
	enum result result;
	struct feed feed;
	bool stirred;

	(void)argument;
	result = parse_count(config->count, &context.left);
	if (!result)
		result = parse_timeout(config->timeout, &seconds);
	if (result)
		return result;
	end = now_s() + seconds;
	result = feed_open(&feed, config);
	for (size_t i = 0; i < feed.count && !result && config->initial; i++)
		tell(&context, NEWS_STATE, feed_board(&feed, i), 0);
	while (!result && !ferror(stdout) && context.left && left_ms(end)) {
		result = feed_wait(&feed, &reader, 1, left_ms(end), &stirred);
		if (reader.revents) {
			raise(SIGPIPE);		/* as the next line would */
			result = FAILED;
		}
		if (!result && stirred)
			result = feed_update(&feed, tell, &context);
	}
	feed_close(&feed);
	return result;
}

void monitor_help(void)
{
	puts("\nOptions:\n"
	     "  --initial            First print how the boards are now\n"
	     "  --count NUMBER       End after that many changes\n"
	     "  -t, --timeout SECONDS\n"
	     "                       End when time is up");
}
