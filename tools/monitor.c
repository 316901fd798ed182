// SPDX-License-Identifier: GPL-2.0
/* smallbms monitor: a line, or a JSON object, per change, and none else. */
#include <json-c/json.h>
#include <signal.h>
#include <stdio.h>
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

static void tell(void *context, enum news news, const struct board *board,
		 unsigned long long changed)
{
	const struct config *config = context;

	if (config->json)
		json_print_line(json_from_news(news, board, changed));
	else
		print_news(news, board, changed);
	fflush(stdout);
}

enum result command_monitor(const struct config *config, const char *argument)
{
	/* nothing is read from it, but it tells when nobody listens any more */
	struct pollfd reader = { STDOUT_FILENO, 0, 0 };
	struct config context = *config;
	enum result result;
	struct feed feed;
	bool stirred;

	(void)argument;
	result = feed_open(&feed, config);
	for (size_t i = 0; i < feed.count && !result && config->initial; i++)
		tell(&context, NEWS_STATE, feed_board(&feed, i), 0);
	while (!result && !ferror(stdout)) {
		result = feed_wait(&feed, &reader, 1, -1, &stirred);
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
	puts("\nOption:\n  --initial            Tell first how the boards are now");
}
