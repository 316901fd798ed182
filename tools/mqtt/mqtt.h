/* SPDX-License-Identifier: GPL-2.0 */
/*
 * smallbms-mqtt - carries boards to an MQTT broker, for Home Assistant and others
 *
 * settings.c reads what was configured, link.c keeps a connection to the broker,
 * payload.c makes JSON of a board, bridge.c decides what is published when,
 * command.c takes commands, remove.c takes back what was ever published.
 */
#ifndef MQTT_H
#define MQTT_H

#include <pthread.h>

#include "../conf.h"

#define MQTT_CONF "/etc/smallbms/mqtt.conf"

/* Topics: that of the configuration, a board's id, and a word */
#define TOPIC_BASE_MAX 100
/* Each byte of a board's name may become three. */
#define ID_MAX (3 * NAME_MAX + 1)
#define TOPIC_MAX (TOPIC_BASE_MAX + ID_MAX + 64)

#define PAYLOAD_ONLINE "online"
#define PAYLOAD_OFFLINE "offline"

/*
 * All that is measured is read again after EVERY_MS while it moves. The state is
 * published after KEEPALIVE_MS even if it is as it was, so that who gets nothing
 * for three of these knows that something is wrong: EXPIRE_S.
 */
#define EVERY_MS 5000
#define KEEPALIVE_MS 30000
#define EXPIRE_S 100

enum command {
	COMMAND_REMOTE,
	COMMAND_LOAD,
	COMMAND_CHARGE,
	COMMAND_FLOOR,
	COMMAND_COUNT
};

extern const char * const command_names[COMMAND_COUNT];

/**
 * struct settings - what was configured; an empty text: not given
 * @topic: what all topics but those of discovery begin with
 * @discovery: the same for those of discovery; empty: without
 * @gx: also publish what dbus-mqtt-battery takes
 * @commands: which are taken
 */
struct settings {
	char broker[256];
	long long port;
	bool tls;
	char ca[PATH_MAX];
	char certificate[PATH_MAX];
	char key[PATH_MAX];
	char user[256];
	char password[1024];
	char topic[TOPIC_BASE_MAX];
	char discovery[TOPIC_BASE_MAX];
	bool gx;
	bool commands[COMMAND_COUNT];
	bool all_boards;
	char boards[CONF_BOARDS][NAME_MAX + 1];
	size_t count;
};

/* settings.c */
bool settings_read(const char *path, struct settings *settings);

/* link.c */
struct mosquitto;
struct mosquitto_message;

enum link_state {
	LINK_DOWN,	/* until next_ms */
	LINK_TRYING,	/* a thread looks up the name, and connects */
	LINK_ASKED,	/* the broker has not answered yet */
	LINK_UP,
};

/** struct link_sinks - what is told of the connection; @up: it is new */
struct link_sinks {
	void (*up)(void *context);
	void (*acknowledged)(void *context, int id);
	void (*message)(void *context, const char *topic, const char *payload,
			bool retained);
};

/**
 * struct link - the connection to the broker
 * @since_ms: when the state began
 * @next_ms: when to try again; of LINK_DOWN
 * @delay_s: before the present attempt
 * @tried: readable when the thread has ended, with the results below
 * @answer: of the broker, to the request to connect; -1: none yet
 * @pending: so many messages were not acknowledged, at @pending_ms or since
 * @noted: what the library has logged of the attempt
 * @told: the complaint that was printed last
 */
struct link {
	const struct settings *settings;
	const struct link_sinks *sinks;
	void *context;
	struct mosquitto *mosq;
	enum link_state state;
	long long since_ms;
	long long next_ms;
	int delay_s;
	pthread_t thread;
	int tried;
	int result;
	int error;
	int answer;
	int pending;
	long long pending_ms;
	char noted[VALUE_MAX];
	char told[2 * VALUE_MAX];
};

struct mosquitto *link_new(struct link *link);
enum result link_open(struct link *link, const struct settings *settings,
		      const struct link_sinks *sinks, void *context);
void link_poll(struct link *link, struct pollfd polls[2]);
int link_wait_ms(const struct link *link, long long now);
void link_work(struct link *link, const struct pollfd polls[2]);
int link_publish(struct link *link, const char *topic, const char *payload,
		 bool retain);
void link_subscribe(struct link *link, const char *topic);
void link_close(struct link *link);
void link_broker(const struct settings *settings, char *text, size_t size);
const char *link_why(int result, int error);
const char *link_refusal(int answer);

/* payload.c */
void board_id(const char *name, char *id, size_t size);
bool board_measures(const struct board *board);
char *payload_state(const struct board *board);
char *payload_gx(const struct board *board);
char *payload_config(const struct settings *settings, const struct board *board,
		     const char *id);
void device_id(const struct settings *settings, const char *id, char *text,
	       size_t size);

/* command.c */
void command_take(const struct settings *settings, struct board *board,
		  const char *name, const char *payload);

/* bridge.c, remove.c */
enum result bridge_run(const struct settings *settings,
		       const struct config *config);
enum result bridge_remove(const struct settings *settings);

#endif /* MQTT_H */
