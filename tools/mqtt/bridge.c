// SPDX-License-Identifier: GPL-2.0
/*
 * What is published when. For each topic there is one message: what it should hold
 * now. It goes to the broker when the one before it was acknowledged. So a broker
 * that is slow or gone costs no more memory than one that is not, and gets the
 * newest state when it is back.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "mqtt.h"

enum slot_id {
	SLOT_CONFIG,
	SLOT_STATE,
	SLOT_GX,
	SLOT_AVAILABILITY,	/* last, so that it is true when it comes */
	SLOT_COUNT
};

static const char * const slot_topics[SLOT_COUNT] = {
	[SLOT_STATE] = "state",
	[SLOT_GX] = "gx",
	[SLOT_AVAILABILITY] = "availability",
};

/**
 * struct slot - a topic
 * @payload: what it should hold, NULL: nothing yet
 * @due: the broker has something else
 * @sent: what will be acknowledged, 0: nothing
 */
struct slot {
	char *payload;
	bool due;
	int sent;
};

/**
 * struct device - a board, as it was published
 * @present: it is there
 * @told: as it was published last
 * @told_ms: when that was, 0: never
 */
struct device {
	char name[NAME_MAX + 1];
	char id[ID_MAX];
	bool present;
	struct board told;
	long long told_ms;
	struct slot slots[SLOT_COUNT];
};

/**
 * struct bridge - @devices: of boards that are there, were there, or are configured
 * @read_ms: when the boards were read last
 */
struct bridge {
	const struct settings *settings;
	struct feed feed;
	struct link link;
	struct device *devices;
	size_t count;
	struct slot online;
	long long read_ms;
};

static bool is_wanted(const struct settings *settings, const char *name)
{
	for (size_t i = 0; i < settings->count && !settings->all_boards; i++)
		if (!strcmp(settings->boards[i], name))
			return true;
	return settings->all_boards;
}

static struct device *device_of(struct bridge *bridge, const char *name)
{
	for (size_t i = 0; i < bridge->count; i++)
		if (!strcmp(bridge->devices[i].name, name))
			return &bridge->devices[i];
	return NULL;
}

static struct device *device_of_id(struct bridge *bridge, const char *id)
{
	for (size_t i = 0; i < bridge->count; i++)
		if (!strcmp(bridge->devices[i].id, id))
			return &bridge->devices[i];
	return NULL;
}

static struct board *board_of(struct bridge *bridge,
			      const struct device *device)
{
	for (size_t i = 0; i < bridge->feed.count; i++) {
		struct board *board = feed_board(&bridge->feed, i);

		if (!strcmp(board_label(board), device->name))
			return board;
	}
	return NULL;
}

/* @payload: becomes the slot's; NULL without memory: the next time, then */
static void slot_put(struct slot *slot, char *payload)
{
	if (!payload)
		return;
	free(slot->payload);
	slot->payload = payload;
	slot->due = true;
}

static void slot_forget(struct slot *slot)
{
	free(slot->payload);
	*slot = (struct slot){ .sent = slot->sent };
}

static struct device *device_add(struct bridge *bridge, const char *name)
{
	struct device *device = device_of(bridge, name);

	if (device)
		return device;
	device = realloc(bridge->devices,
			 (bridge->count + 1) * sizeof(*device));
	if (!device) {
		complain("memory", "%s", strerror(ENOMEM));
		return NULL;
	}
	bridge->devices = device;
	device += bridge->count++;
	memset(device, 0, sizeof(*device));
	snprintf(device->name, sizeof(device->name), "%s", name);
	board_id(name, device->id, sizeof(device->id));
	slot_put(&device->slots[SLOT_AVAILABILITY], strdup(PAYLOAD_OFFLINE));
	return device;
}

static bool differs(const struct slot *slot, const char *payload)
{
	return !slot->payload || !payload || strcmp(slot->payload, payload);
}

/* What the board did, not what is measured */
static bool is_urgent(const struct device *device, const struct board *board)
{
	static const unsigned long long measured =
		1ULL << ATTR_CAPACITY | 1ULL << ATTR_CAPACITY_ERROR_MARGIN |
		1ULL << ATTR_CAPACITY_LEVEL | 1ULL << ATTR_STATUS;

	return !device->told_ms || !device->present ||
	       board_changes(&device->told, board) & ~measured;
}

static void publish(struct bridge *bridge, struct device *device,
		    const struct board *board, char *state, long long now)
{
	char *config = NULL;

	if (*bridge->settings->discovery)
		config = payload_config(bridge->settings, board, device->id);
	if (config && differs(&device->slots[SLOT_CONFIG], config))
		slot_put(&device->slots[SLOT_CONFIG], config);
	else
		free(config);
	slot_put(&device->slots[SLOT_STATE], state);
	slot_forget(&device->slots[SLOT_GX]);
	if (bridge->settings->gx)
		slot_put(&device->slots[SLOT_GX], payload_gx(board));
	if (!device->present)
		slot_put(&device->slots[SLOT_AVAILABILITY],
			 strdup(PAYLOAD_ONLINE));
	device->present = true;
	device->told = *board;
	device->told_ms = now;
}

/* @anyway: also if it is as it was */
static void consider(struct bridge *bridge, const struct board *board,
		     bool anyway)
{
	struct device *device = device_of(bridge, board_label(board));
	long long now = now_ms();
	char *state;

	if (!device && is_wanted(bridge->settings, board_label(board)))
		device = device_add(bridge, board_label(board));
	if (!device)
		return;
	state = payload_state(board);
	if (anyway || is_urgent(device, board) ||
	    now - device->told_ms >= KEEPALIVE_MS ||
	    (now - device->told_ms >= EVERY_MS &&
	     differs(&device->slots[SLOT_STATE], state)))
		publish(bridge, device, board, state, now);
	else
		free(state);
}

static void slot_send(struct bridge *bridge, struct slot *slot,
		      const char *topic, bool retain)
{
	if (!slot->due || slot->sent)
		return;
	slot->sent = link_publish(&bridge->link, topic, slot->payload, retain);
	slot->due = !slot->sent;
}

static void send_all(struct bridge *bridge)
{
	const struct settings *settings = bridge->settings;
	char topic[2 * TOPIC_MAX], id[TOPIC_MAX];

	if (bridge->link.state != LINK_UP)
		return;
	snprintf(topic, sizeof(topic), "%s/bridge", settings->topic);
	slot_send(bridge, &bridge->online, topic, true);
	for (size_t i = 0; i < bridge->count; i++) {
		struct device *device = &bridge->devices[i];

		device_id(settings, device->id, id, sizeof(id));
		for (int slot = 0; slot < SLOT_COUNT; slot++) {
			if (slot == SLOT_CONFIG)
				snprintf(topic, sizeof(topic),
					 "%s/device/%s/config",
					 settings->discovery, id);
			else
				snprintf(topic, sizeof(topic), "%s/%s/%s",
					 settings->topic, device->id,
					 slot_topics[slot]);
			/* A GX must not take an old message for a new one. */
			slot_send(bridge, &device->slots[slot], topic,
				  slot != SLOT_GX);
		}
	}
}

static void take_news(void *context, enum news news, const struct board *board,
		      unsigned long long changed)
{
	struct bridge *bridge = context;
	struct device *device = device_of(bridge, board_label(board));

	(void)changed;
	if (news != NEWS_GONE || !device)
		return;
	device->present = false;
	slot_forget(&device->slots[SLOT_GX]);
	slot_put(&device->slots[SLOT_AVAILABILITY], strdup(PAYLOAD_OFFLINE));
}

static enum result look(struct bridge *bridge, bool anyway)
{
	enum result result = feed_update(&bridge->feed, take_news, bridge);

	bridge->read_ms = now_ms();
	for (size_t i = 0; i < bridge->feed.count && !result; i++)
		consider(bridge, feed_board(&bridge->feed, i), anyway);
	return result;
}

/* All of it again; what an earlier connection has not acknowledged never will be */
static void publish_again(struct bridge *bridge)
{
	slot_put(&bridge->online, strdup(PAYLOAD_ONLINE));
	for (size_t i = 0; i < bridge->count; i++)
		for (int slot = 0; slot < SLOT_COUNT; slot++) {
			struct slot *each = &bridge->devices[i].slots[slot];

			each->due = each->payload;
		}
	look(bridge, true);
}

static void forget_sent(struct bridge *bridge)
{
	bridge->online.sent = 0;
	for (size_t i = 0; i < bridge->count; i++)
		for (int slot = 0; slot < SLOT_COUNT; slot++)
			bridge->devices[i].slots[slot].sent = 0;
}

static void is_up(void *context)
{
	struct bridge *bridge = context;
	const struct settings *settings = bridge->settings;
	char topic[TOPIC_MAX];

	forget_sent(bridge);
	/* What is online there, and is not here any more */
	snprintf(topic, sizeof(topic), "%s/+/availability", settings->topic);
	link_subscribe(&bridge->link, topic);
	if (*settings->discovery) {
		snprintf(topic, sizeof(topic), "%s/status",
			 settings->discovery);
		link_subscribe(&bridge->link, topic);
	}
	for (int command = 0; command < COMMAND_COUNT; command++) {
		if (!settings->commands[command])
			continue;
		snprintf(topic, sizeof(topic), "%s/+/set/%s", settings->topic,
			 command_names[command]);
		link_subscribe(&bridge->link, topic);
	}
	publish_again(bridge);
}

static void is_acknowledged(void *context, int id)
{
	struct bridge *bridge = context;

	if (bridge->online.sent == id)
		bridge->online.sent = 0;
	for (size_t i = 0; i < bridge->count; i++)
		for (int slot = 0; slot < SLOT_COUNT; slot++)
			if (bridge->devices[i].slots[slot].sent == id)
				bridge->devices[i].slots[slot].sent = 0;
}

static void take_command(struct bridge *bridge, const char *id,
			 const char *name, const char *payload, bool retained)
{
	struct device *device = device_of_id(bridge, id);
	struct board *board = device ? board_of(bridge, device) : NULL;

	if (!board) {
		complain(id, "a command came by MQTT, and there is no such board");
		return;
	}
	/* It would be obeyed again each time that the connection begins. */
	if (retained)
		complain(board->name,
			 "a command was published as retained, and is ignored: '%s' for %s",
			 payload, name);
	else
		command_take(bridge->settings, board, name, payload);
	/* Answered by what is so now, also if that is what was so before */
	look(bridge, false);
	board = board_of(bridge, device_of_id(bridge, id));
	if (board)
		consider(bridge, board, true);
}

static void take_availability(struct bridge *bridge, const char *topic,
			      const char *id, const char *payload)
{
	const struct device *device = device_of_id(bridge, id);

	if (!strcmp(payload, PAYLOAD_ONLINE) && (!device || !device->present))
		link_publish(&bridge->link, topic, PAYLOAD_OFFLINE, true);
}

static void take_message(void *context, const char *topic, const char *payload,
			 bool retained)
{
	struct bridge *bridge = context;
	size_t base = strlen(bridge->settings->topic);
	char id[TOPIC_MAX];
	const char *word;

	if (strncmp(topic, bridge->settings->topic, base) || topic[base] != '/') {
		/* Home Assistant has been started. */
		if (!strcmp(payload, PAYLOAD_ONLINE) && !retained)
			publish_again(bridge);
		return;
	}
	topic += base + 1;
	word = strchr(topic, '/');
	if (!word || word - topic >= (int)sizeof(id))
		return;
	snprintf(id, sizeof(id), "%.*s", (int)(word - topic), topic);
	if (!strncmp(word, "/set/", 5))
		take_command(bridge, id, word + 5, payload, retained);
	else if (!strcmp(word, "/availability"))
		take_availability(bridge, topic - base - 1, id, payload);
}

static const struct link_sinks sinks = {
	.up = is_up,
	.acknowledged = is_acknowledged,
	.message = take_message,
};

/* Return: for how long nothing has to be done, unless something happens */
static int wait_ms(const struct bridge *bridge)
{
	int link = link_wait_ms(&bridge->link, now_ms());
	long long left = KEEPALIVE_MS;

	if (bridge->link.state != LINK_UP)
		return link;
	for (size_t i = 0; i < bridge->count; i++) {
		const struct device *device = &bridge->devices[i];

		if (device->present && board_measures(&device->told))
			left = EVERY_MS;
	}
	left -= now_ms() - bridge->read_ms;
	if (left < 0)
		left = 0;
	return link < left ? link : (int)left;
}

static enum result follow(struct bridge *bridge, int signals)
{
	struct pollfd polls[3] = { { signals, POLLIN, 0 } };
	enum result result = DONE;
	bool stirred;

	while (!result) {
		link_poll(&bridge->link, &polls[1]);
		result = feed_wait(&bridge->feed, polls, ARRAY_SIZE(polls),
				   wait_ms(bridge), &stirred);
		if (result || polls[0].revents)
			break;
		if (stirred || (bridge->link.state == LINK_UP &&
				!wait_ms(bridge)))
			result = look(bridge, false);
		link_work(&bridge->link, &polls[1]);
		send_all(bridge);
	}
	return result;
}

static void close_bridge(struct bridge *bridge)
{
	link_close(&bridge->link);
	feed_close(&bridge->feed);
	for (size_t i = 0; i < bridge->count; i++)
		for (int slot = 0; slot < SLOT_COUNT; slot++)
			free(bridge->devices[i].slots[slot].payload);
	free(bridge->devices);
	free(bridge->online.payload);
}

/** bridge_run - until told to end */
enum result bridge_run(const struct settings *settings,
		       const struct config *config)
{
	struct bridge bridge = { .settings = settings };
	int signals = signals_that_end();
	enum result result;

	if (signals < 0) {
		complain("signals", "%s", strerror(errno));
		return FAILED;
	}
	result = feed_listen(&bridge.feed, config);
	for (size_t i = 0; i < settings->count && !result; i++)
		if (!device_add(&bridge, settings->boards[i]))
			result = FAILED;
	if (!result)
		result = link_open(&bridge.link, settings, &sinks, &bridge);
	if (!result)
		result = look(&bridge, false);
	if (!result)
		result = follow(&bridge, signals);
	close_bridge(&bridge);
	close(signals);
	return result;
}
