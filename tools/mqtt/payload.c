// SPDX-License-Identifier: GPL-2.0
/*
 * A board as JSON: its state, in units of people; what Home Assistant wants to know
 * of it once; and what dbus-mqtt-battery takes. What cannot be read, or is stale, is
 * null, which Home Assistant shows as unknown.
 */
#include <ctype.h>
#include <errno.h>
#include <json-c/json.h>
#include <math.h>
#include <string.h>

#include "mqtt.h"

/* From here on the state of charge is a guess between the thresholds. */
#define ERROR_MARGIN_GUESS 50
/* The longest state that Home Assistant takes, and its end */
#define TEXT_MAX 256

/**
 * board_id - a name, of letters, digits, - and _ alone
 *
 * Any other byte is _ and two hexadecimal digits, and _ is __, so that no two names
 * have the same id.
 */
void board_id(const char *name, char *id, size_t size)
{
	size_t used = 0;

	for (; *name && used + 4 <= size; name++) {
		unsigned char c = *name;

		if (c < 0x80 && (isalnum(c) || c == '-'))
			id[used++] = c;
		else if (c == '_')
			used += sprintf(id + used, "__");
		else
			used += sprintf(id + used, "_%02x", c);
	}
	id[used] = '\0';
}

/** device_id - the same for all boards of all computers that share a broker */
void device_id(const struct settings *settings, const char *id, char *text,
	       size_t size)
{
	snprintf(text, size, "%s_%s", settings->topic, id);
	for (char *c = text; *c; c++)
		if (*c == '/')
			*c = '_';
}

static double measured(const struct board *board, enum attribute_id id,
		       enum attribute_id age_id, double unit)
{
	return board_is_measured(board, id, age_id) ?
	       board->values[id].number / unit : NAN;
}

static double voltage_of(const struct board *board)
{
	return measured(board, ATTR_VOLTAGE_NOW, ATTR_VOLTAGE_AGE_S, 1e6);
}

static double current_of(const struct board *board)
{
	return measured(board, ATTR_CURRENT_NOW, ATTR_CURRENT_AGE_S, 1e6);
}

static double temperature_of(const struct board *board)
{
	return measured(board, ATTR_TEMP, ATTR_TEMPERATURE_AGE_S, 10);
}

static double time_to_empty_of(const struct board *board)
{
	long long seconds = board_empty_in(board);

	return seconds < 0 ? NAN : seconds;
}

/* By a gauge, the voltage, or a line that is active; NAN when nothing tells */
static double soc_of(const struct board *board)
{
	const struct value *margin = &board->values[ATTR_CAPACITY_ERROR_MARGIN];
	double percent;

	if (board_soc(board, &percent))
		return percent;
	if (board_read_ok(board, ATTR_CAPACITY) && !margin->error &&
	    margin->number < ERROR_MARGIN_GUESS)
		return board->values[ATTR_CAPACITY].number;
	return NAN;
}

static long long countdown(const struct board *board, enum attribute_id id)
{
	return board_read_ok(board, id) ? board->values[id].number : -1;
}

/** board_measures - Return: whether something moves of which nobody is told */
bool board_measures(const struct board *board)
{
	return board_is_measured(board, ATTR_VOLTAGE_NOW, ATTR_VOLTAGE_AGE_S) ||
	       board_is_measured(board, ATTR_CURRENT_NOW, ATTR_CURRENT_AGE_S) ||
	       board_is_measured(board, ATTR_TEMP, ATTR_TEMPERATURE_AGE_S) ||
	       board_knows_soc(board) ||
	       countdown(board, ATTR_DISCONNECT_IN_MS) >= 0 ||
	       countdown(board, ATTR_SHED_IN_MS) >= 0 ||
	       countdown(board, ATTR_RECONNECT_IN_MS) >= 0;
}

static struct json_object *number(double value, int digits)
{
	char text[64];

	if (isnan(value))
		return NULL;
	snprintf(text, sizeof(text), "%.*f", digits, value);
	if (strchr(text, '.')) {
		size_t length = strlen(text);

		while (text[length - 1] == '0')
			text[--length] = '\0';
		if (text[length - 1] == '.')
			text[--length] = '\0';
	}
	if (!strcmp(text, "-0"))
		strcpy(text, "0");
	return json_object_new_double_s(value, text);
}

static struct json_object *text_or_null(const char *text)
{
	return *text ? json_object_new_string(text) : NULL;
}

/* Seconds until a countdown ends, rounded up as the tool does it */
static struct json_object *seconds(long long ms)
{
	return ms < 0 ? NULL : json_object_new_int64((ms + 999) / 1000);
}

/* "cell-low" as JSON and templates spell it */
static void condition_key(const char *name, char *key, size_t size)
{
	snprintf(key, size, "%s", name);
	for (char *c = key; *c; c++)
		if (*c == '-')
			*c = '_';
}

static struct json_object *has_condition(const struct board *board,
					 const char *name)
{
	if (!board_read_ok(board, ATTR_CONDITIONS))
		return NULL;
	return json_object_new_boolean(board_has_condition(board, name));
}

/* A name for each, so that a template can ask for one that cannot be read, too */
static struct json_object *active(const struct board *board)
{
	struct json_object *object = json_object_new_object();
	const char *name;
	char key[64];

	for (size_t i = 0; (name = words_condition_name(i)); i++) {
		condition_key(name, key, sizeof(key));
		json_object_object_add(object, key, has_condition(board, name));
	}
	return object;
}

static char *finish(struct json_object *object)
{
	char *text = strdup(json_object_to_json_string_ext(object,
							   JSON_C_TO_STRING_PLAIN |
							   JSON_C_TO_STRING_NOSLASHESCAPE));

	json_object_put(object);
	return text;
}

/** payload_state - Return: to be freed; NULL without memory */
char *payload_state(const struct board *board)
{
	static const enum attribute_id ids[] = {
		ATTR_REMOTE, ATTR_TERMINALS, ATTR_LOAD, ATTR_CHARGE,
		ATTR_PRE_ALARM, ATTR_ALARM, ATTR_CONDITIONS,
		ATTR_LOAD_OFF_REASON, ATTR_CHARGE_OFF_REASON, ATTR_LOAD_REQUEST,
		ATTR_CHARGE_BEHAVIOUR, ATTR_SOC_FLOOR_PERCENT,
		ATTR_SOC_FLOOR_RECOVER_PERCENT, ATTR_STATUS, ATTR_HEALTH,
	};
	struct json_object *object = json_object_new_object();
	double voltage = voltage_of(board), current = current_of(board);
	long long cut = countdown(board, ATTR_DISCONNECT_IN_MS);
	char headline[TEXT_MAX];

	words_headline(board, headline, sizeof(headline));
	json_object_object_add(object, "headline", text_or_null(headline));
	for (size_t i = 0; i < ARRAY_SIZE(ids); i++)
		json_add_value(object, board, ids[i]);
	json_object_object_add(object, "active", active(board));
	json_object_object_add(object, "load_off_in_s",
			       seconds(cut < 0 ? board_shed_in(board) : cut));
	json_object_object_add(object, "load_on_in_s",
			       seconds(countdown(board, ATTR_RECONNECT_IN_MS)));
	json_object_object_add(object, "state_of_charge",
			       number(soc_of(board), 1));
	json_object_object_add(object, "voltage", number(voltage, 3));
	json_object_object_add(object, "current", number(current, 3));
	json_object_object_add(object, "power", number(voltage * current, 1));
	json_object_object_add(object, "temperature",
			       number(temperature_of(board), 1));
	json_object_object_add(object, "time_to_empty_s",
			       number(time_to_empty_of(board), 0));
	return finish(object);
}

static struct json_object *level(const struct board *board, const char *warning,
				 const char *alarm)
{
	int value = 0;

	if (warning && board_has_condition(board, warning))
		value = 1;
	if (board_has_condition(board, alarm))
		value = 2;
	return json_object_new_int(value);
}

/**
 * payload_gx - what dbus-mqtt-battery takes
 *
 * Without the limits of charge: a GX would take the board for the battery monitor
 * then, and drop the one that it has.
 *
 * Return: NULL when one of what it needs is not known, so that the GX learns by the
 * silence that there is nothing to go by
 */
char *payload_gx(const struct board *board)
{
	double voltage = voltage_of(board), current = current_of(board);
	double soc = soc_of(board);
	struct json_object *object, *inner;

	if (isnan(voltage) || isnan(current) || isnan(soc) ||
	    !board_read_ok(board, ATTR_CONDITIONS) ||
	    board_has_condition(board, "voltage-out-of-range") ||
	    !board_read_ok(board, ATTR_LOAD) || !board_read_ok(board, ATTR_CHARGE))
		return NULL;
	object = json_object_new_object();
	inner = json_object_new_object();
	json_object_object_add(inner, "Power", number(voltage * current, 1));
	json_object_object_add(inner, "Voltage", number(voltage, 3));
	json_object_object_add(inner, "Current", number(current, 3));
	if (!isnan(temperature_of(board)))
		json_object_object_add(inner, "Temperature",
				       number(temperature_of(board), 1));
	json_object_object_add(object, "Dc", inner);
	json_object_object_add(object, "Soc", number(soc, 1));
	if (!isnan(time_to_empty_of(board)))
		json_object_object_add(object, "TimeToGo",
				       number(time_to_empty_of(board), 0));
	inner = json_object_new_object();
	json_object_object_add(inner, "LowCellVoltage",
			       level(board, "cell-low", "cell-undervoltage"));
	json_object_object_add(inner, "LowVoltage",
			       level(board, NULL, "cell-undervoltage"));
	json_object_object_add(inner, "HighVoltage",
			       level(board, NULL, "cell-overvoltage"));
	json_object_object_add(inner, "HighChargeTemperature",
			       level(board, NULL, "over-temperature"));
	json_object_object_add(inner, "LowChargeTemperature",
			       level(board, NULL, "under-temperature"));
	json_object_object_add(object, "Alarms", inner);
	inner = json_object_new_object();
	json_object_object_add(inner, "AllowToCharge",
			       json_object_new_int(board_is_on(board, ATTR_CHARGE)));
	json_object_object_add(inner, "AllowToDischarge",
			       json_object_new_int(board_is_on(board, ATTR_LOAD)));
	json_object_object_add(object, "Io", inner);
	return finish(object);
}

#define ALWAYS (-1)
#define MEASURES 1
#define DIAGNOSTIC 2

#define SWITCH "binary_sensor"
#define SENSOR "sensor"

/**
 * struct entity - what Home Assistant shows of a board
 * @of: its key, and that of its value in the state
 * @needs: the attribute without which there is none, or ALWAYS
 */
struct entity {
	const char *of, *name, *platform, *class, *unit;
	int needs;
	int flags;
};

static const struct entity entities[] = {
	{ "headline", "State", SENSOR, NULL, NULL, ALWAYS, 0 },
	{ "state_of_charge", "State of charge", SENSOR, "battery", "%", ATTR_CAPACITY, MEASURES },
	{ "voltage", "Voltage", SENSOR, "voltage", "V", ATTR_VOLTAGE_NOW, MEASURES },
	{ "current", "Current", SENSOR, "current", "A", ATTR_CURRENT_NOW, MEASURES },
	{ "power", "Power", SENSOR, "power", "W", ATTR_CURRENT_NOW, MEASURES },
	{ "temperature", "Temperature", SENSOR, "temperature", "\u00b0C", ATTR_TEMP, MEASURES },
	{ "time_to_empty_s", "Time to empty", SENSOR, "duration", "s", ATTR_TIME_TO_EMPTY_AVG,
	  MEASURES },
	{ "load", "Load", SWITCH, "power", NULL, ALWAYS, 0 },
	{ "charge", "Charging allowed", SWITCH, NULL, NULL, ALWAYS, 0 },
	{ "pre_alarm", "Pre-alarm", SWITCH, "problem", NULL, ALWAYS, 0 },
	{ "load_off_in_s", "Load off in", SENSOR, "duration", "s", ALWAYS, 0 },
	{ "load_on_in_s", "Load back in", SENSOR, "duration", "s", ATTR_RECONNECT_IN_MS, 0 },
	{ "load_off_reason", "Load off because of", SENSOR, NULL, NULL, ALWAYS, DIAGNOSTIC },
	{ "charge_off_reason", "Charge off because of", SENSOR, NULL, NULL, ALWAYS, DIAGNOSTIC },
	{ "terminals", "Switch at the terminals", SWITCH, NULL, NULL, ALWAYS, DIAGNOSTIC },
	{ "remote", "Remote", SWITCH, NULL, NULL, ALWAYS, DIAGNOSTIC },
	{ "load_request", "Load request", SENSOR, NULL, NULL, ATTR_LOAD_REQUEST, DIAGNOSTIC },
	{ "charge_behaviour", "Charge behaviour", SENSOR, NULL, NULL, ATTR_CHARGE_BEHAVIOUR,
	  DIAGNOSTIC },
	{ "soc_floor_percent", "Floor", SENSOR, NULL, "%", ATTR_SOC_FLOOR_PERCENT, DIAGNOSTIC },
};

/* What one can do; each shows what was read back, and nothing before that */
static const struct control {
	enum command command;
	const char *key, *name, *platform, *of;
	enum attribute_id needs;
} controls[] = {
	{ COMMAND_REMOTE, "remote_switch", "Remote", "switch", "remote", ATTR_REMOTE },
	{ COMMAND_LOAD, "load_request_select", "Load request", "select", "load_request",
	  ATTR_LOAD_REQUEST },
	{ COMMAND_CHARGE, "charge_switch", "Allow charging", "switch", "charge_behaviour",
	  ATTR_CHARGE_BEHAVIOUR },
	{ COMMAND_FLOOR, "floor_number", "Floor", "number", "soc_floor_percent",
	  ATTR_SOC_FLOOR_PERCENT },
};

static void add_text(struct json_object *object, const char *key,
		     const char *text)
{
	if (text)
		json_object_object_add(object, key,
				       json_object_new_string(text));
}

/**
 * struct maker - what all components of a device have in common
 * @id: of the device
 */
struct maker {
	const struct settings *settings;
	struct json_object *components;
	const char *id;
	const char *state_topic;
};

/* A component that is only its platform is taken away, should it be there. */
static void remove_component(struct maker *maker, const char *key,
			     const char *platform)
{
	struct json_object *component = json_object_new_object();

	add_text(component, "platform", platform);
	json_object_object_add(maker->components, key, component);
}

static struct json_object *add_component(struct maker *maker, const char *key,
					 const char *platform, const char *name,
					 const char *of)
{
	struct json_object *component = json_object_new_object();
	char text[TOPIC_MAX + 64];

	add_text(component, "platform", platform);
	snprintf(text, sizeof(text), "%s_%s", maker->id, key);
	add_text(component, "unique_id", text);
	add_text(component, "name", name);
	add_text(component, "state_topic", maker->state_topic);
	snprintf(text, sizeof(text), "{{ value_json.%s }}", of);
	add_text(component, "value_template", text);
	json_object_object_add(maker->components, key, component);
	return component;
}

/* How Jinja prints what JSON calls true; null is None, which is unknown */
static void add_switch(struct json_object *component)
{
	add_text(component, "payload_on", "True");
	add_text(component, "payload_off", "False");
}

static void add_entity(struct maker *maker, const struct entity *entity)
{
	struct json_object *component;

	component = add_component(maker, entity->of, entity->platform,
				  entity->name, entity->of);
	add_text(component, "device_class", entity->class);
	add_text(component, "unit_of_measurement", entity->unit);
	if (entity->flags & MEASURES)
		add_text(component, "state_class", "measurement");
	if (entity->flags & DIAGNOSTIC)
		add_text(component, "entity_category", "diagnostic");
	if (!strcmp(entity->platform, SWITCH))
		add_switch(component);
	json_object_object_add(component, "expire_after",
			       json_object_new_int(EXPIRE_S));
}

/* Its control shows it, then. */
static bool is_controlled(const struct settings *settings,
			  const struct entity *entity)
{
	for (size_t i = 0; i < ARRAY_SIZE(controls); i++)
		if (!strcmp(controls[i].of, entity->of))
			return settings->commands[controls[i].command];
	return false;
}

static void add_entities(struct maker *maker, const struct board *board)
{
	for (size_t i = 0; i < ARRAY_SIZE(entities); i++) {
		const struct entity *entity = &entities[i];

		if (entity->needs != ALWAYS &&
		    board->values[entity->needs].error == ENOENT)
			continue;
		if (is_controlled(maker->settings, entity))
			remove_component(maker, entity->of, entity->platform);
		else
			add_entity(maker, entity);
	}
}

static void add_conditions(struct maker *maker)
{
	struct json_object *component;
	char key[64], name[64], of[80];
	const char *condition;

	for (size_t i = 0; (condition = words_condition_name(i)); i++) {
		condition_key(condition, key, sizeof(key));
		snprintf(of, sizeof(of), "active.%s", key);
		snprintf(name, sizeof(name), "%s", condition);
		*name = toupper((unsigned char)*name);
		for (char *c = name; *c; c++)
			if (*c == '-')
				*c = ' ';
		component = add_component(maker, key, SWITCH, name, of);
		add_text(component, "device_class", "problem");
		add_text(component, "entity_category", "diagnostic");
		add_switch(component);
		json_object_object_add(component, "expire_after",
				       json_object_new_int(EXPIRE_S));
	}
}

static void add_options(struct json_object *component)
{
	static const char * const requests[] = { "auto", "shed", "off" };
	struct json_object *options = json_object_new_array();

	for (size_t i = 0; i < ARRAY_SIZE(requests); i++)
		json_object_array_add(options,
				      json_object_new_string(requests[i]));
	json_object_object_add(component, "options", options);
}

static void add_control(struct maker *maker, const struct control *control,
			const char *id)
{
	struct json_object *component;
	char topic[TOPIC_MAX];

	component = add_component(maker, control->key, control->platform,
				  control->name, control->of);
	snprintf(topic, sizeof(topic), "%s/%s/set/%s", maker->settings->topic,
		 id, command_names[control->command]);
	add_text(component, "command_topic", topic);
	json_object_object_add(component, "optimistic",
			       json_object_new_boolean(false));
	switch (control->command) {
	case COMMAND_REMOTE:
		add_text(component, "payload_on", "on");
		add_text(component, "payload_off", "off");
		add_text(component, "state_on", "True");
		add_text(component, "state_off", "False");
		break;
	case COMMAND_CHARGE:
		add_text(component, "payload_on", "auto");
		add_text(component, "payload_off", "inhibit-charge");
		add_text(component, "state_on", "auto");
		add_text(component, "state_off", "inhibit-charge");
		break;
	case COMMAND_LOAD:
		add_options(component);
		break;
	default:
		json_object_object_add(component, "min", json_object_new_int(0));
		json_object_object_add(component, "max",
				       json_object_new_int(FLOOR_MAX));
		json_object_object_add(component, "step", json_object_new_int(1));
		add_text(component, "unit_of_measurement", "%");
		break;
	}
}

static void add_controls(struct maker *maker, const struct board *board,
			 const char *id)
{
	for (size_t i = 0; i < ARRAY_SIZE(controls); i++) {
		const struct control *control = &controls[i];

		if (maker->settings->commands[control->command] &&
		    board->values[control->needs].error != ENOENT)
			add_control(maker, control, id);
		else
			remove_component(maker, control->key,
					 control->platform);
	}
}

/* Both must say online: the bridge, by its last will, and the board. */
static struct json_object *available_by(const struct settings *settings,
					const char *id)
{
	struct json_object *list = json_object_new_array();
	char topic[TOPIC_MAX];

	for (int i = 0; i < 2; i++) {
		struct json_object *each = json_object_new_object();

		if (i)
			snprintf(topic, sizeof(topic), "%s/%s/availability",
				 settings->topic, id);
		else
			snprintf(topic, sizeof(topic), "%s/bridge",
				 settings->topic);
		add_text(each, "topic", topic);
		json_object_array_add(list, each);
	}
	return list;
}

/** payload_config - for Home Assistant's discovery of devices; @id: the board's */
char *payload_config(const struct settings *settings, const struct board *board,
		     const char *id)
{
	struct json_object *object = json_object_new_object();
	struct json_object *inner = json_object_new_object();
	struct json_object *identifiers = json_object_new_array();
	char device[TOPIC_MAX], topic[TOPIC_MAX], name[NAME_MAX + 16];
	struct maker maker = {
		.settings = settings,
		.components = json_object_new_object(),
		.id = device,
		.state_topic = topic,
	};

	device_id(settings, id, device, sizeof(device));
	snprintf(topic, sizeof(topic), "%s/%s/state", settings->topic, id);
	snprintf(name, sizeof(name), "smallBMS %s", board->name);
	json_object_array_add(identifiers, json_object_new_string(device));
	json_object_object_add(inner, "identifiers", identifiers);
	add_text(inner, "name", name);
	add_text(inner, "manufacturer", "smallBMS");
	add_text(inner, "model", "I/O board");
	add_text(inner, "sw_version", VERSION);
	json_object_object_add(object, "device", inner);
	inner = json_object_new_object();
	add_text(inner, "name", "smallbms-mqtt");
	add_text(inner, "sw_version", VERSION);
	json_object_object_add(object, "origin", inner);
	json_object_object_add(object, "availability",
			       available_by(settings, id));
	add_text(object, "availability_mode", "all");
	json_object_object_add(object, "qos", json_object_new_int(1));
	add_entities(&maker, board);
	add_conditions(&maker);
	add_controls(&maker, board, id);
	json_object_object_add(object, "components", maker.components);
	return finish(object);
}
