// SPDX-License-Identifier: GPL-2.0
/*
 * Takes back all that was ever published, and nothing of others: an empty retained
 * message removes a topic, and with that of discovery Home Assistant forgets the
 * device. The broker knows what there is, also of boards that are gone.
 */
#include <errno.h>
#include <mosquitto.h>
#include <stdlib.h>
#include <string.h>

#include "mqtt.h"

/* For the broker to send or to acknowledge something */
#define PATIENCE_MS 10000
#define STEP_MS 100
#define FOUND_MAX 256

/**
 * struct removal
 * @mark: a topic of its own; all that was retained comes before its message
 * @found: the topics, @count long
 * @more: there are more topics than @found has room for
 * @running: a bridge is online
 * @waiting: so many messages are not acknowledged yet
 */
struct removal {
	struct link link;
	char mark[TOPIC_MAX];
	char *found[FOUND_MAX];
	size_t count;
	bool more;
	bool running;
	bool complete;
	bool refused;
	int waiting;
};

/* Return: what follows TOPIC/, or NULL of a topic that no bridge has published */
static const char *own_rest(const struct settings *settings, const char *topic)
{
	size_t base = strlen(settings->topic);
	const char *rest = topic + base + 1, *slash;

	/* TOPIC itself is below TOPIC/#, too. */
	if (strncmp(topic, settings->topic, base) || topic[base] != '/')
		return NULL;
	slash = strchr(rest, '/');
	if (!slash)
		return strcmp(rest, "bridge") ? NULL : rest;
	return strcmp(slash, "/state") && strcmp(slash, "/availability") ?
	       NULL : rest;
}

static void take_message(struct mosquitto *mosq, void *context,
			 const struct mosquitto_message *message)
{
	struct removal *removal = context;
	const struct settings *settings = removal->link.settings;
	const char *rest = own_rest(settings, message->topic);

	(void)mosq;
	if (!strcmp(message->topic, removal->mark))
		removal->complete = true;
	if (!message->retain || !rest)
		return;
	if (!strcmp(rest, "bridge"))
		removal->running = message->payloadlen ==
				   strlen(PAYLOAD_ONLINE);
	removal->more = removal->count == FOUND_MAX;
	if (removal->more)
		return;
	removal->found[removal->count] = strdup(message->topic);
	removal->count += !!removal->found[removal->count];
}

static void take_subscription(struct mosquitto *mosq, void *context, int id,
			      int count, const int *granted)
{
	struct removal *removal = context;

	(void)id;
	removal->refused = !count || granted[0] > 2;
	if (!removal->refused)
		mosquitto_publish(mosq, NULL, removal->mark, 1, "1", 1, false);
}

static void take_acknowledgement(struct mosquitto *mosq, void *context, int id)
{
	struct removal *removal = context;

	(void)mosq;
	(void)id;
	removal->waiting--;
}

/* Return: whether @done came true in time; @otherwise: what is wrong if not */
static bool await(struct removal *removal,
		  bool (*done)(const struct removal *removal),
		  const char *otherwise)
{
	long long end = now_ms() + PATIENCE_MS;
	char broker[300];
	int result = 0;

	link_broker(removal->link.settings, broker, sizeof(broker));
	while (!done(removal)) {
		result = mosquitto_loop(removal->link.mosq, STEP_MS, 1);
		if (removal->link.answer > 0)
			complain(broker, "%s",
				 link_refusal(removal->link.answer));
		else if (result)
			complain(broker, "%s", link_why(result, errno));
		else if (now_ms() > end)
			complain(broker, "%s", otherwise);
		else
			continue;
		return false;
	}
	return true;
}

static bool is_connected(const struct removal *removal)
{
	return !removal->link.answer;
}

static bool is_complete(const struct removal *removal)
{
	return removal->complete || removal->refused;
}

static bool is_removed(const struct removal *removal)
{
	return removal->waiting <= 0;
}

static void take_back(struct removal *removal, const char *topic)
{
	if (!mosquitto_publish(removal->link.mosq, NULL, topic, 0, NULL, 1,
			       true))
		removal->waiting++;
}

/* "smallbms/house/state": with it goes the device of house. */
static void take_back_device(struct removal *removal, const char *topic)
{
	const struct settings *settings = removal->link.settings;
	char id[TOPIC_MAX], device[TOPIC_MAX], config[2 * TOPIC_MAX];
	const char *from = topic + strlen(settings->topic) + 1;
	const char *slash = strchr(from, '/');

	if (!slash || strcmp(slash, "/availability") || !*settings->discovery)
		return;
	snprintf(id, sizeof(id), "%.*s", (int)(slash - from), from);
	device_id(settings, id, device, sizeof(device));
	snprintf(config, sizeof(config), "%s/device/%s/config",
		 settings->discovery, device);
	take_back(removal, config);
}

static enum result take_all_back(struct removal *removal)
{
	const struct settings *settings = removal->link.settings;
	char topic[TOPIC_MAX];

	snprintf(topic, sizeof(topic), "%s/#", settings->topic);
	if (mosquitto_subscribe(removal->link.mosq, NULL, topic, 1) ||
	    !await(removal, is_complete,
		   "nothing comes back; may this user read what is below TOPIC?"))
		return FAILED;
	if (removal->refused) {
		complain(topic, "the broker does not let this user subscribe");
		return FAILED;
	}
	if (removal->running) {
		complain(settings->topic,
			 "its bridge is running, and would publish all again; stop it first: systemctl disable --now smallbms-mqtt");
		return FAILED;
	}
	removal->waiting = 0;
	for (size_t i = 0; i < removal->count; i++) {
		take_back(removal, removal->found[i]);
		take_back_device(removal, removal->found[i]);
	}
	if (!await(removal, is_removed, "the broker does not answer"))
		return FAILED;
	printf("%zu topics below %s were removed\n", removal->count,
	       settings->topic);
	if (removal->more)
		puts("there are more: remove them by the same again");
	return print_finish();
}

static enum result connect_and(struct removal *removal)
{
	const struct settings *settings = removal->link.settings;
	struct mosquitto *mosq = removal->link.mosq;
	char broker[300];
	int result;

	mosquitto_will_clear(mosq);
	mosquitto_message_callback_set(mosq, take_message);
	mosquitto_subscribe_callback_set(mosq, take_subscription);
	mosquitto_publish_callback_set(mosq, take_acknowledgement);
	result = mosquitto_connect(mosq, settings->broker, settings->port, 60);
	if (result) {
		link_broker(settings, broker, sizeof(broker));
		complain(broker, "%s%s%s", link_why(result, errno),
			 *removal->link.noted ? ": " : "", removal->link.noted);
		return FAILED;
	}
	if (!await(removal, is_connected, "the broker does not answer"))
		return FAILED;
	return take_all_back(removal);
}

/** bridge_remove - remove what this configuration has published */
enum result bridge_remove(const struct settings *settings)
{
	struct removal removal = {
		.link.settings = settings,
		.link.answer = -1,
	};
	enum result result = FAILED;

	snprintf(removal.mark, sizeof(removal.mark), "%s/removal",
		 settings->topic);
	mosquitto_lib_init();
	/* The link is the first member, so that its callbacks find it. */
	removal.link.mosq = link_new(&removal.link);
	if (removal.link.mosq)
		result = connect_and(&removal);
	mosquitto_destroy(removal.link.mosq);
	mosquitto_lib_cleanup();
	for (size_t i = 0; i < removal.count; i++)
		free(removal.found[i]);
	return result;
}
