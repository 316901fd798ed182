// SPDX-License-Identifier: GPL-2.0
/*
 * One board on the bus: a connection, so that the name is gone when the board is.
 *
 * Nothing here waits for the bus: it is asked, and the answer is taken when it comes.
 * A connection begins with the DeviceInstance, from the configuration or from
 * com.victronenergy.settings; then the name is requested, with all items in place.
 */
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <systemd/sd-bus.h>
#include <unistd.h>

#include "venus.h"

#define INTERFACE "com.victronenergy.BusItem"
#define NAME_PREFIX "com.victronenergy.battery.smallbms_"
#define SETTINGS "com.victronenergy.settings"
/*
 * Of several batteries without a BMS a GX selects the one with the lowest number.
 * What the maker's own have, a SmartShunt for instance, is below 1000.
 */
#define DEFAULT_INSTANCE "battery:1000"
#define SETTINGS_COME "type='signal',sender='org.freedesktop.DBus'," \
	"member='NameOwnerChanged',arg0='" SETTINGS "'"

#define RETRY_MS 2000
/* Refused by the bus, or by the settings: that will not pass soon. */
#define REFUSED_MS 30000
/* So many messages at a time, so that who asks in a loop does not stop the rest */
#define MESSAGES_AT_ONCE 16
/* Answers that nobody takes: no more questions are read; then it is given up. */
#define UNSENT_BUSY 16
#define UNSENT_MAX 1024

struct service;

struct item {
	struct service *service;
	enum venus_item id;
};

/**
 * struct service - a board on the bus
 * @bus: NULL: not connected, again at @retry_ms
 * @more: there are messages that have come and are not yet read
 * @offered: the name was requested, and the bus has given it
 * @instance: the DeviceInstance, -1: not yet known
 * @complaint: what was complained last, so that it is said once
 * @failed: the connection is to be closed, and another one opened in @failed ms
 */
struct service {
	char label[NAME_MAX + 1];
	char id[3 * NAME_MAX + 1];
	const struct venus_board *settings;
	char name_file[PATH_MAX];
	struct venus_value values[VENUS_ITEM_COUNT];
	struct item items[VENUS_ITEM_COUNT];
	sd_bus *bus;
	long long retry_ms;
	bool more;
	bool offered;
	int instance;
	int failed;
	char complaint[VALUE_MAX];
};

__printf(2, 3)
static void complain_once(struct service *service, const char *why, ...)
{
	char text[VALUE_MAX];
	va_list arguments;

	va_start(arguments, why);
	vsnprintf(text, sizeof(text), why, arguments);
	va_end(arguments);
	if (!strcmp(text, service->complaint))
		return;
	strcpy(service->complaint, text);
	complain(service->label, "%s", text);
}

__printf(3, 4)
static void fail(struct service *service, int again_ms, const char *why, ...)
{
	char text[VALUE_MAX];
	va_list arguments;

	va_start(arguments, why);
	vsnprintf(text, sizeof(text), why, arguments);
	va_end(arguments);
	complain_once(service, "%s", text);
	service->failed = again_ms;
}

/* ---- messages */

static int append_value(sd_bus_message *message, const struct venus_value *value)
{
	int error;

	switch (value->type) {
	case VENUS_INTEGER:
		return sd_bus_message_append(message, "v", "i", value->integer);
	case VENUS_REAL:
		return sd_bus_message_append(message, "v", "d", value->real);
	case VENUS_TEXT:
		return sd_bus_message_append(message, "v", "s", value->text);
	default:
		error = sd_bus_message_open_container(message, 'v', "ai");
		if (error >= 0)
			error = sd_bus_message_append(message, "ai", 0);
		return error < 0 ? error : sd_bus_message_close_container(message);
	}
}

static int append_item(sd_bus_message *message, enum venus_item id,
		       const struct venus_value *value)
{
	char text[VENUS_TEXT_SIZE];
	int error;

	venus_text(id, value, text, sizeof(text));
	error = sd_bus_message_open_container(message, 'e', "sa{sv}");
	if (error >= 0)
		error = sd_bus_message_append(message, "s", venus_path(id));
	if (error >= 0)
		error = sd_bus_message_open_container(message, 'a', "{sv}");
	if (error >= 0)
		error = sd_bus_message_open_container(message, 'e', "sv");
	if (error >= 0)
		error = sd_bus_message_append(message, "s", "Value");
	if (error >= 0)
		error = append_value(message, value);
	if (error >= 0)
		error = sd_bus_message_close_container(message);
	if (error >= 0)
		error = sd_bus_message_append(message, "{sv}", "Text", "s", text);
	if (error >= 0)
		error = sd_bus_message_close_container(message);
	return error < 0 ? error : sd_bus_message_close_container(message);
}

static size_t item_count(const struct service *service)
{
	return service->settings && service->settings->control ?
	       VENUS_ITEM_COUNT : VENUS_MAX_CHARGE_VOLTAGE;
}

/* Those of the mask, all in one */
static int append_items(sd_bus_message *message, const struct service *service,
			unsigned long long which)
{
	int error = sd_bus_message_open_container(message, 'a', "{sa{sv}}");

	for (size_t id = 0; id < item_count(service) && error >= 0; id++)
		if (which >> id & 1)
			error = append_item(message, id, &service->values[id]);
	return error < 0 ? error : sd_bus_message_close_container(message);
}

/* Send, and drop, what was built unless that has failed; Return: as of sd-bus */
static int send_built(sd_bus_message *message, int error)
{
	if (error >= 0)
		error = sd_bus_send(NULL, message, NULL);
	sd_bus_message_unref(message);
	return error;
}

static int get_items(sd_bus_message *call, void *data, sd_bus_error *failure)
{
	const struct service *service = data;
	sd_bus_message *reply = NULL;
	int error = sd_bus_message_new_method_return(call, &reply);

	(void)failure;
	if (error >= 0)
		error = append_items(reply, service, ~0ULL);
	return send_built(reply, error);
}

/* Of the root, all values, or texts, by their paths */
static int get_all(sd_bus_message *call, const struct service *service, bool texts)
{
	const char *type = texts ? "a{ss}" : "a{sv}";
	sd_bus_message *reply = NULL;
	char text[VENUS_TEXT_SIZE];
	int error = sd_bus_message_new_method_return(call, &reply);

	if (error >= 0)
		error = sd_bus_message_open_container(reply, 'v', type);
	if (error >= 0)
		error = sd_bus_message_open_container(reply, 'a', texts ? "{ss}" : "{sv}");
	for (size_t id = 0; id < item_count(service) && error >= 0; id++) {
		const struct venus_value *value = &service->values[id];

		error = sd_bus_message_open_container(reply, 'e', texts ? "ss" : "sv");
		if (error >= 0)
			error = sd_bus_message_append(reply, "s", venus_path(id) + 1);
		venus_text(id, value, text, sizeof(text));
		if (error >= 0)
			error = texts ? sd_bus_message_append(reply, "s", text) :
				append_value(reply, value);
		if (error >= 0)
			error = sd_bus_message_close_container(reply);
	}
	if (error >= 0)
		error = sd_bus_message_close_container(reply);
	if (error >= 0)
		error = sd_bus_message_close_container(reply);
	return send_built(reply, error);
}

static int get_all_values(sd_bus_message *call, void *data, sd_bus_error *failure)
{
	(void)failure;
	return get_all(call, data, false);
}

static int get_all_texts(sd_bus_message *call, void *data, sd_bus_error *failure)
{
	(void)failure;
	return get_all(call, data, true);
}

static int get_value(sd_bus_message *call, void *data, sd_bus_error *failure)
{
	const struct item *item = data;
	sd_bus_message *reply = NULL;
	int error = sd_bus_message_new_method_return(call, &reply);

	(void)failure;
	if (error >= 0)
		error = append_value(reply, &item->service->values[item->id]);
	return send_built(reply, error);
}

static int get_text(sd_bus_message *call, void *data, sd_bus_error *failure)
{
	const struct item *item = data;
	char text[VENUS_TEXT_SIZE];

	(void)failure;
	venus_text(item->id, &item->service->values[item->id], text, sizeof(text));
	return sd_bus_reply_method_return(call, "s", text);
}

static void send_changes(struct service *service, unsigned long long which)
{
	sd_bus_message *signal = NULL;
	int error;

	if (!which || !service->offered)
		return;
	error = sd_bus_message_new_signal(service->bus, &signal, "/", INTERFACE,
					  "ItemsChanged");
	if (error >= 0)
		error = append_items(signal, service, which);
	error = send_built(signal, error);
	if (error < 0)
		fail(service, RETRY_MS, "the bus does not take a change: %s",
		     strerror(-error));
}

/* ---- /CustomName, the one thing that others may set */

static bool is_custom_name(const char *text)
{
	if (strlen(text) >= VENUS_TEXT_SIZE)
		return false;
	for (const char *c = text; *c; c++)
		if (iscntrl((unsigned char)*c))
			return false;
	return true;
}

static void read_custom_name(struct service *service)
{
	struct venus_value *value = &service->values[VENUS_CUSTOM_NAME];
	int fd = open(service->name_file, O_RDONLY | O_CLOEXEC);
	ssize_t length = fd < 0 ? 0 : read(fd, value->text, VENUS_TEXT_SIZE - 1);

	if ((fd < 0 && errno != ENOENT) || length < 0)
		complain(service->name_file, "cannot be read: %s", strerror(errno));
	if (fd >= 0)
		close(fd);
	value->text[length > 0 ? length : 0] = '\0';
	/* The bus takes nothing but UTF-8. */
	plain(value->text);
	value->type = VENUS_TEXT;
}

/* Either all of it is in its place, and stays there, or nothing has changed. */
static bool write_custom_name(const struct service *service, const char *text)
{
	char new[PATH_MAX + 8];
	ssize_t length = strlen(text);
	int error = 0, fd;

	snprintf(new, sizeof(new), "%s.new", service->name_file);
	fd = open(new, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	if (fd < 0 || write(fd, text, length) != length || fsync(fd))
		error = errno;
	if (fd >= 0 && close(fd) && !error)
		error = errno;
	if (!error && rename(new, service->name_file))
		error = errno;
	if (!error)
		return true;
	complain(service->name_file, "cannot be written: %s",
		 strerror(error));
	unlink(new);
	return false;
}

static bool set_custom_name(struct service *service, sd_bus_message *call)
{
	struct venus_value *value = &service->values[VENUS_CUSTOM_NAME];
	const char *text;

	if (sd_bus_message_read(call, "v", "s", &text) < 0 ||
	    !is_custom_name(text))
		return false;
	if (!strcmp(text, value->text))
		return true;
	if (!write_custom_name(service, text))
		return false;
	strcpy(value->text, text);
	send_changes(service, 1ULL << VENUS_CUSTOM_NAME);
	return true;
}

static int set_value(sd_bus_message *call, void *data, sd_bus_error *failure)
{
	const struct item *item = data;
	bool taken = item->id == VENUS_CUSTOM_NAME &&
		     set_custom_name(item->service, call);

	(void)failure;
	return sd_bus_reply_method_return(call, "i", taken ? 0 : 1);
}

/* ---- a connection, from its begin to its name */

static const sd_bus_vtable root_vtable[] = {
	SD_BUS_VTABLE_START(0),
	SD_BUS_METHOD("GetItems", "", "a{sa{sv}}", get_items,
		      SD_BUS_VTABLE_UNPRIVILEGED),
	SD_BUS_METHOD("GetValue", "", "v", get_all_values,
		      SD_BUS_VTABLE_UNPRIVILEGED),
	SD_BUS_METHOD("GetText", "", "v", get_all_texts,
		      SD_BUS_VTABLE_UNPRIVILEGED),
	SD_BUS_SIGNAL("ItemsChanged", "a{sa{sv}}", 0),
	SD_BUS_VTABLE_END
};

static const sd_bus_vtable item_vtable[] = {
	SD_BUS_VTABLE_START(0),
	SD_BUS_METHOD("GetValue", "", "v", get_value, SD_BUS_VTABLE_UNPRIVILEGED),
	SD_BUS_METHOD("GetText", "", "s", get_text, SD_BUS_VTABLE_UNPRIVILEGED),
	SD_BUS_METHOD("SetValue", "v", "i", set_value, SD_BUS_VTABLE_UNPRIVILEGED),
	SD_BUS_VTABLE_END
};

static int take_name(sd_bus_message *reply, void *data, sd_bus_error *failure)
{
	struct service *service = data;
	unsigned int outcome = 0;
	char name[sizeof(NAME_PREFIX) + sizeof(service->id)];

	(void)failure;
	snprintf(name, sizeof(name), NAME_PREFIX "%s", service->id);
	if (sd_bus_message_is_method_error(reply, NULL))
		fail(service, REFUSED_MS, "the bus refuses the name %.100s: %s", name,
		     sd_bus_message_get_error(reply)->message);
	else if (sd_bus_message_read(reply, "u", &outcome) < 0 || outcome != 1)
		fail(service, REFUSED_MS, "another program has the name %.100s", name);
	if (service->failed)
		return 0;
	service->offered = true;
	if (*service->complaint)
		complain_once(service, "on the bus, as %.100s", name);
	*service->complaint = '\0';
	return 0;
}

static void request_name(struct service *service)
{
	char name[sizeof(NAME_PREFIX) + sizeof(service->id)];
	int error;

	service->values[VENUS_DEVICE_INSTANCE] = (struct venus_value){
		.type = VENUS_INTEGER, .integer = service->instance
	};
	snprintf(name, sizeof(name), NAME_PREFIX "%s", service->id);
	error = sd_bus_request_name_async(service->bus, NULL, name, 0, take_name,
					  service);
	if (error < 0)
		fail(service, REFUSED_MS, "cannot request the name %.100s: %s", name,
		     strerror(-error));
}

/* "battery:5"; Return: the number, -1: it is something else */
static int parse_instance(const char *text)
{
	size_t digits;

	if (strncmp(text, "battery:", 8))
		return -1;
	text += 8;
	digits = strspn(text, "0123456789");
	return digits && digits < 9 && !text[digits] ? atoi(text) : -1;
}

/* Return: the "value" in what AddSettings answers, -1: there is none */
static int read_instance(sd_bus_message *reply)
{
	const char *key, *type, *text;
	int instance = -1;

	if (sd_bus_message_enter_container(reply, 'a', "a{sv}") <= 0 ||
	    sd_bus_message_enter_container(reply, 'a', "{sv}") <= 0)
		return -1;
	while (sd_bus_message_enter_container(reply, 'e', "sv") > 0) {
		if (sd_bus_message_read(reply, "s", &key) <= 0 ||
		    sd_bus_message_peek_type(reply, NULL, &type) <= 0)
			return -1;
		if (strcmp(key, "value") || strcmp(type, "s")) {
			if (sd_bus_message_skip(reply, "v") < 0)
				return -1;
		} else {
			if (sd_bus_message_read(reply, "v", "s", &text) <= 0)
				return -1;
			instance = parse_instance(text);
		}
		if (sd_bus_message_exit_container(reply) < 0)
			return -1;
	}
	return instance;
}

static int take_instance(sd_bus_message *reply, void *data, sd_bus_error *failure)
{
	struct service *service = data;
	const sd_bus_error *error = sd_bus_message_get_error(reply);

	(void)failure;
	/* It may have been asked twice, if it came in between. */
	if (service->instance >= 0)
		return 0;
	if (sd_bus_message_is_method_error(reply, SD_BUS_ERROR_SERVICE_UNKNOWN) ||
	    sd_bus_message_is_method_error(reply, SD_BUS_ERROR_NAME_HAS_NO_OWNER)) {
		/* settings_come() goes on. */
		complain_once(service,
			      "waiting for %s on the bus, which numbers batteries; or set INSTANCE",
			      SETTINGS);
		return 0;
	}
	if (error) {
		fail(service, REFUSED_MS, SETTINGS " does not number it: %s",
		     error->message);
		return 0;
	}
	service->instance = read_instance(reply);
	if (service->instance < 0)
		fail(service, REFUSED_MS,
		     SETTINGS " does not number it: no 'battery:N' in its answer");
	else
		request_name(service);
	return 0;
}

static void ask_instance(struct service *service)
{
	sd_bus_message *call = NULL;
	char path[sizeof(service->id) + 64];
	int error;

	snprintf(path, sizeof(path), "smallbms_%s/ClassAndVrmInstance", service->id);
	error = sd_bus_message_new_method_call(service->bus, &call, SETTINGS,
					       "/Settings/Devices",
					       "com.victronenergy.Settings",
					       "AddSettings");
	if (error >= 0)
		error = sd_bus_message_append(call, "aa{sv}", 1, 2,
					      "path", "s", path,
					      "default", "s", DEFAULT_INSTANCE);
	if (error >= 0)
		error = sd_bus_call_async(service->bus, NULL, call, take_instance,
					  service, 0);
	sd_bus_message_unref(call);
	if (error < 0)
		fail(service, RETRY_MS, "cannot ask " SETTINGS ": %s",
		     strerror(-error));
}

static int settings_come(sd_bus_message *signal, void *data, sd_bus_error *failure)
{
	struct service *service = data;
	const char *name, *before, *now;

	(void)failure;
	if (service->instance < 0 &&
	    sd_bus_message_read(signal, "sss", &name, &before, &now) > 0 && *now)
		ask_instance(service);
	return 0;
}

static const char *bus_address(void)
{
	const char *session = getenv("DBUS_SESSION_BUS_ADDRESS");
	const char *system = getenv("DBUS_SYSTEM_BUS_ADDRESS");

	if (session)
		return session;
	return system ? system : "unix:path=/run/dbus/system_bus_socket";
}

static int open_bus(struct service *service)
{
	int error = sd_bus_new(&service->bus);

	if (error >= 0)
		error = sd_bus_set_address(service->bus, bus_address());
	if (error >= 0)
		error = sd_bus_set_bus_client(service->bus, 1);
	if (error >= 0)
		error = sd_bus_start(service->bus);
	if (error >= 0)
		error = sd_bus_add_object_vtable(service->bus, NULL, "/", INTERFACE,
						 root_vtable, service);
	for (size_t id = 0; id < item_count(service) && error >= 0; id++)
		error = sd_bus_add_object_vtable(service->bus, NULL,
						 venus_path(id), INTERFACE,
						 item_vtable, &service->items[id]);
	return error;
}

static void close_bus(struct service *service, int again_ms)
{
	service->bus = sd_bus_close_unref(service->bus);
	service->retry_ms = now_ms() + again_ms;
	service->offered = false;
	service->more = false;
	service->failed = 0;
	service->instance = service->settings ? service->settings->instance : -1;
}

static void connect_bus(struct service *service)
{
	int error = open_bus(service);

	if (error >= 0 && service->instance < 0) {
		error = sd_bus_add_match_async(service->bus, NULL, SETTINGS_COME,
					       settings_come, NULL, service);
		if (error >= 0)
			ask_instance(service);
	} else if (error >= 0) {
		request_name(service);
	}
	if (error < 0)
		fail(service, RETRY_MS, "cannot connect to the bus %.100s: %s",
		     bus_address(), strerror(-error));
}

static unsigned long long unsent(const struct service *service)
{
	uint64_t count = 0;

	sd_bus_get_n_queued_write(service->bus, &count);
	return count;
}

static void process_messages(struct service *service)
{
	int left = MESSAGES_AT_ONCE, got;

	do {
		got = sd_bus_process(service->bus, NULL);
	} while (got > 0 && --left && !service->failed &&
		 unsent(service) < UNSENT_BUSY);
	service->more = got > 0;
	if (got < 0)
		fail(service, RETRY_MS, "the bus is gone: %s", strerror(-got));
	else if (unsent(service) > UNSENT_MAX)
		fail(service, RETRY_MS, "the bus takes no messages");
}

/** service_work - connect, answer, connect again: whatever is due */
void service_work(struct service *service)
{
	if (!service->bus && now_ms() >= service->retry_ms)
		connect_bus(service);
	if (service->bus && !service->failed)
		process_messages(service);
	if (service->failed)
		close_bus(service, service->failed);
}

/**
 * service_poll - what service_work() waits for
 * @poll: filled
 * @timeout_ms: lowered to when it is due anyway; -1: never
 */
void service_poll(const struct service *service, struct pollfd *poll,
		  int *timeout_ms)
{
	bool busy = service->bus && unsent(service) >= UNSENT_BUSY;
	uint64_t at_us = UINT64_MAX;
	long long left = -1;

	*poll = (struct pollfd){ .fd = -1 };
	if (!service->bus) {
		left = service->retry_ms - now_ms();
		left = left < 0 ? 0 : left;
	} else {
		poll->fd = sd_bus_get_fd(service->bus);
		poll->events = busy ? POLLOUT : sd_bus_get_events(service->bus);
		sd_bus_get_timeout(service->bus, &at_us);
		if (!busy && service->more)
			left = 0;
		else if (!busy && at_us != UINT64_MAX)
			left = at_us / 1000 < (uint64_t)now_ms() ? 0 :
			       at_us / 1000 + 1 - now_ms();
	}
	if (left >= 0 && (*timeout_ms < 0 || left < *timeout_ms))
		*timeout_ms = left < INT_MAX ? left : INT_MAX;
}

/* ---- the board behind it */

/** service_publish - show the board as it is now, and report what has changed */
void service_publish(struct service *service, const struct board *board)
{
	static struct venus_value values[VENUS_ITEM_COUNT];
	unsigned long long changed = 0;

	static_assert(VENUS_ITEM_COUNT <= 64, "a bit for each");
	venus_items(board, service->settings, values);
	values[VENUS_CUSTOM_NAME] = service->values[VENUS_CUSTOM_NAME];
	values[VENUS_DEVICE_INSTANCE] = service->values[VENUS_DEVICE_INSTANCE];
	for (size_t id = 0; id < VENUS_ITEM_COUNT; id++)
		if (!venus_same(&values[id], &service->values[id]))
			changed |= 1ULL << id;
	memcpy(service->values, values, sizeof(values));
	send_changes(service, changed);
}

const char *service_label(const struct service *service)
{
	return service->label;
}

/* Letters and digits; anything else as its code: no two labels become one. */
static void make_id(const char *label, char *id)
{
	for (; *label; label++)
		id += sprintf(id, isascii(*label) && isalnum(*label) ? "%c" : "_%02x",
			      (unsigned char)*label);
	*id = '\0';
}

/**
 * service_new - a board that is to be on the bus
 * @settings: what is configured for it, NULL: nothing
 * @state: the folder in which its CustomName is kept
 *
 * Return: NULL without memory
 */
struct service *service_new(const char *label, const struct venus_board *settings,
			    const char *state)
{
	struct service *service = calloc(1, sizeof(*service));

	if (!service)
		return NULL;
	strcpy(service->label, label);
	make_id(label, service->id);
	snprintf(service->name_file, sizeof(service->name_file), "%s/%s.name", state,
		 service->id);
	service->settings = settings;
	service->instance = settings ? settings->instance : -1;
	for (size_t id = 0; id < VENUS_ITEM_COUNT; id++)
		service->items[id] = (struct item){ service, id };
	read_custom_name(service);
	return service;
}

/** service_free - leave the bus */
void service_free(struct service *service)
{
	sd_bus_close_unref(service->bus);
	free(service);
}
