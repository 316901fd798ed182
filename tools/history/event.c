// SPDX-License-Identifier: GPL-2.0
/* An event: a board as the text of a JSON object, and back. */
#include <errno.h>
#include <json-c/json.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "history.h"

const char * const event_names[EVENT_COUNT] = {
	[EVENT_START] = "start",
	[EVENT_ANEW] = "anew",
	[EVENT_BEFORE] = "before",
	[EVENT_CHANGE] = "change",
	[EVENT_NEW] = "new",
	[EVENT_GONE] = "gone",
	[EVENT_STOP] = "stop",
};

/** event_has - Return: whether events have the attribute */
bool event_has(enum attribute_id id)
{
	switch (id) {
	case ATTR_DISCONNECT_IN_MS:
	case ATTR_RECONNECT_IN_MS:
	case ATTR_PRE_ALARMS:
	case ATTR_LOAD_DISCONNECTS:
	case ATTR_CHARGE_DISCONNECTS:
	case ATTR_VOLTAGE_NOW:
	case ATTR_CURRENT_NOW:
	case ATTR_TEMP:
		return true;
	default:
		return attributes[id].announced;
	}
}

/**
 * event_state - those of a board's attributes that an event has
 * @which: attribute_bit() of each that is wanted
 *
 * Return: a JSON object, to be freed; NULL without memory
 */
char *event_state(const struct board *board, unsigned long long which)
{
	struct json_object *object = json_object_new_object();
	char *text;

	for (enum attribute_id id = 0; id < ATTR_COUNT; id++)
		if ((which & attribute_bit(id)) && event_has(id))
			json_add_value(object, board, id);
	text = strdup(json_object_to_json_string_ext(object,
						     JSON_C_TO_STRING_PLAIN));
	json_object_put(object);
	return text;
}

static void join(struct json_object *array, char *text, size_t size)
{
	size_t used = snprintf(text, size, "%s",
			       json_object_array_length(array) ? "" : "none");

	for (size_t i = 0; i < json_object_array_length(array) && used < size;
	     i++)
		used += snprintf(text + used, size - used, "%s%s", i ? " " : "",
				 json_object_get_string(json_object_array_get_idx(array, i)));
}

static void value_from_json(enum attribute_id id, struct json_object *json,
			    struct value *value)
{
	*value = (struct value){ .error = json ? 0 : EIO };
	if (json_object_is_type(json, json_type_boolean))
		strcpy(value->text, json_object_get_boolean(json) ? "on" : "off");
	else if (json_object_is_type(json, json_type_array))
		join(json, value->text, sizeof(value->text));
	else if (json)
		snprintf(value->text, sizeof(value->text), "%s",
			 json_object_get_string(json));
	attribute_parse(id, value);
}

/* The counters are in an object of their own. */
static bool find(struct json_object *object, const char *name,
		 struct json_object **json)
{
	const char *slash = strchr(name, '/');
	char folder[64];

	if (!slash)
		return json_object_object_get_ex(object, name, json);
	snprintf(folder, sizeof(folder), "%.*s", (int)(slash - name), name);
	return json_object_object_get_ex(object, folder, &object) &&
	       json_object_object_get_ex(object, slash + 1, json);
}

/**
 * event_board - the attributes in a text of event_state()
 * @board: gets them; what is not in the text is ENOENT
 * @which: attribute_bit() of those that are
 *
 * Return: false when the text is none of event_state()
 */
bool event_board(const char *text, struct board *board,
		 unsigned long long *which)
{
	struct json_object *object = json_tokener_parse(text);
	struct json_object *json;
	bool good = json_object_is_type(object, json_type_object);

	*which = 0;
	for (enum attribute_id id = 0; id < ATTR_COUNT; id++) {
		struct value *value = &board->values[id];

		*value = (struct value){ .error = ENOENT };
		if (!good || !find(object, attributes[id].name, &json))
			continue;
		value_from_json(id, json, value);
		*which |= attribute_bit(id);
	}
	json_object_put(object);
	return good;
}

/* Empty where the kernel does not say */
static void read_boot(char *text)
{
	FILE *file = fopen("/proc/sys/kernel/random/boot_id", "re");

	*text = '\0';
	if (!file)
		return;
	if (!fgets(text, BOOT_ID_SIZE, file))
		*text = '\0';
	fclose(file);
}

/** event_stamp - it is of this moment */
void event_stamp(struct event *event)
{
	event->time_ms = clock_ms(CLOCK_REALTIME);
	event->boottime_ms = clock_ms(CLOCK_BOOTTIME);
	read_boot(event->boot);
}

void event_free(struct event *event)
{
	free(event->before);
	free(event->state);
	*event = (struct event){ 0 };
}
