// SPDX-License-Identifier: GPL-2.0
/* /etc/smallbms/mqtt.conf, and the file that has the user and the password. */
#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "mqtt.h"

#define PORT 1883
#define PORT_TLS 8883

const char * const command_names[COMMAND_COUNT] = {
	[COMMAND_REMOTE] = "remote",
	[COMMAND_LOAD] = "load",
	[COMMAND_CHARGE] = "charge",
	[COMMAND_FLOOR] = "floor",
};

enum key { KEY_BROKER, KEY_PORT, KEY_BOARDS, KEY_TOPIC, KEY_DISCOVERY, KEY_GX,
	   KEY_COMMANDS, KEY_CREDENTIALS, KEY_TLS, KEY_CA, KEY_CERTIFICATE,
	   KEY_KEY, KEY_COUNT };

static const struct conf_key keys[KEY_COUNT] = {
	[KEY_BROKER] = { "BROKER", true },
	[KEY_PORT] = { "PORT", false },
	[KEY_BOARDS] = { "BOARDS", false },
	[KEY_TOPIC] = { "TOPIC", false },
	[KEY_DISCOVERY] = { "DISCOVERY", false },
	[KEY_GX] = { "GX", false },
	[KEY_COMMANDS] = { "COMMANDS", false },
	[KEY_CREDENTIALS] = { "CREDENTIALS", false },
	[KEY_TLS] = { "TLS", false },
	[KEY_CA] = { "CA", false },
	[KEY_CERTIFICATE] = { "CERTIFICATE", false },
	[KEY_KEY] = { "KEY", false },
};

enum secret { SECRET_USER, SECRET_PASSWORD, SECRET_COUNT };

static const struct conf_key secrets[SECRET_COUNT] = {
	[SECRET_USER] = { "USER", true },
	[SECRET_PASSWORD] = { "PASSWORD", true },
};

static bool read_text(const struct conf_place *place, const char *text,
		      char *to, size_t size)
{
	if (snprintf(to, size, "%s", text) < (int)size)
		return true;
	return conf_refuse(place, "it is longer than %zu characters", size - 1);
}

static bool read_yes(const struct conf_place *place, const char *text, bool *yes)
{
	*yes = !strcmp(text, "yes");
	if (*yes || !strcmp(text, "no"))
		return true;
	return conf_refuse(place, "'%.100s' is neither yes nor no", text);
}

/* Nothing that a topic or the id of a device cannot have */
static bool read_topic(const struct conf_place *place, const char *text,
		       char *topic)
{
	static const char letters[] =
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-/";
	size_t length = strlen(text);

	if (text[strspn(text, letters)] || *text == '/' ||
	    text[length - 1] == '/' || strstr(text, "//"))
		return conf_refuse(place,
				   "'%.100s' is not a topic of letters, digits, _ and -, separated by /",
				   text);
	return read_text(place, text, topic, TOPIC_BASE_MAX);
}

static bool read_broker(const struct conf_place *place, const char *text,
			struct settings *settings)
{
	if (strpbrk(text, " \t/"))
		return conf_refuse(place,
				   "'%.100s' is not the name or the address of a computer",
				   text);
	return read_text(place, text, settings->broker,
			 sizeof(settings->broker));
}

static bool read_commands(const struct conf_place *place, char *text,
			  struct settings *settings)
{
	char *rest = NULL;

	for (char *word = strtok_r(text, " \t", &rest); word;
	     word = strtok_r(NULL, " \t", &rest)) {
		int command = 0;

		while (command < COMMAND_COUNT &&
		       strcmp(word, command_names[command]))
			command++;
		if (command == COMMAND_COUNT)
			return conf_refuse(place,
					   "'%.100s' is none of remote, load, charge and floor",
					   word);
		settings->commands[command] = true;
	}
	return true;
}

/* @secret: others than its owner must not read it */
static bool read_path(const struct conf_place *place, const char *text,
		      bool secret, char *path)
{
	struct stat status;

	if (*text != '/')
		return conf_refuse(place, "'%.100s' is not an absolute path",
				   text);
	if (access(text, R_OK) || stat(text, &status))
		return conf_refuse(place, "'%.200s' cannot be read: %s", text,
				   strerror(errno));
	if (secret && status.st_mode & 077)
		return conf_refuse(place,
				   "'%.200s' holds a secret that others may use (mode %04o): chmod 600",
				   text, status.st_mode & 07777);
	return read_text(place, text, path, PATH_MAX);
}

static bool take_secret(void *context, const struct conf_place *place,
			size_t key, char *text)
{
	struct settings *settings = context;

	if (key == SECRET_USER)
		return read_text(place, text, settings->user,
				 sizeof(settings->user));
	return read_text(place, text, settings->password,
			 sizeof(settings->password));
}

static bool take_value(void *context, const struct conf_place *place,
		       size_t key, char *text)
{
	struct settings *settings = context;

	switch (key) {
	case KEY_BROKER:
		return read_broker(place, text, settings);
	case KEY_PORT:
		return conf_number(place, text, 1, 65535, 1, &settings->port);
	case KEY_BOARDS:
		return conf_boards(place, text, settings->boards,
				   &settings->count, &settings->all_boards);
	case KEY_TOPIC:
		return read_topic(place, text, settings->topic);
	case KEY_DISCOVERY:
		if (strcmp(text, "no"))
			return read_topic(place, text, settings->discovery);
		*settings->discovery = '\0';
		return true;
	case KEY_GX:
		return read_yes(place, text, &settings->gx);
	case KEY_COMMANDS:
		return read_commands(place, text, settings);
	case KEY_CREDENTIALS:
		return conf_read_secret(text, secrets, SECRET_COUNT,
					take_secret, settings);
	case KEY_TLS:
		return read_yes(place, text, &settings->tls);
	case KEY_CA:
		return read_path(place, text, false, settings->ca);
	case KEY_CERTIFICATE:
		return read_path(place, text, false, settings->certificate);
	default:
		return read_path(place, text, true, settings->key);
	}
}

/* What would be ignored, and leave a connection less safe than it looks */
static bool check_tls(const char *path, const struct settings *settings)
{
	struct conf_place place = { .path = path, .key = "TLS" };

	if (!settings->tls && (*settings->ca || *settings->certificate))
		return conf_refuse(&place,
				   "CA and CERTIFICATE need TLS=yes");
	place.key = "KEY";
	if (!*settings->key != !*settings->certificate)
		return conf_refuse(&place,
				   "CERTIFICATE and KEY need each other");
	return true;
}

/** settings_read - Return: whether all is right; each mistake was printed */
bool settings_read(const char *path, struct settings *settings)
{
	*settings = (struct settings){
		.topic = "smallbms",
		.discovery = "homeassistant",
		.all_boards = true,
	};
	if (!conf_read(path, keys, KEY_COUNT, take_value, settings) ||
	    !check_tls(path, settings))
		return false;
	if (!settings->port)
		settings->port = settings->tls ? PORT_TLS : PORT;
	return true;
}
