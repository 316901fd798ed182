// SPDX-License-Identifier: GPL-2.0
/*
 * smallbms metrics: the boards in the text format of Prometheus.
 *
 * Each file that the driver has for a board becomes a metric, whether or not the
 * tool knows its name: "load" is smallbms_load_on, "shed_in_ms" is
 * smallbms_shed_in_seconds. A file that cannot be read, or makes no sense, costs
 * its own metric alone, and smallbms_attribute_error names it.
 */
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "samples.h"

#define PREFIX "smallbms_"
#define STATS "stats/"
#define MEASUREMENTS "measurements/"
#define GAUGE "gauge/"
#define LOAD_REQUEST "load_request"
#define OFF_REASON "_off_reason"

/* The name of an attribute with that of its group, and a metric made of it */
#define PATH_LENGTH (2 * NAME_MAX + 2)
#define METRIC_LENGTH (PATH_LENGTH + 32)
#define LABELS_LENGTH (SAMPLES_QUOTED(3 * PATH_LENGTH) + 64)

/**
 * struct collection - the samples, and the board that is read at present
 * @seen: attribute_bit() of each attribute that the board has
 */
struct collection {
	struct samples samples;
	const struct board *board;
	unsigned long long seen;
};

/* At the end of an attribute's name is its unit; Prometheus has base units. */
static const struct unit {
	const char *suffix;
	const char *base;
	int decimals;
	bool time;	/* negative: never, or nothing is pending */
} units[] = {
	{ "_ms", "_seconds", 3, true },
	{ "_s", "_seconds", 0, true },
	{ "_uv", "_volts", 6, false },
	{ "_ua", "_amperes", 6, false },
	{ "_dc", "_celsius", 1, false },
	{ "_permille", "_ratio", 3, false },
	{ "_percent", "_ratio", 2, false },
	{ "", "", 0, false },
};

/* What the name of an attribute does not say */
static const struct {
	const char *metric;
	const char *help;
} helps[] = {
	{ "load_on", "The load output is high." },
	{ "charge_on", "The charge output is high." },
	{ "pre_alarm_on", "The pre-alarm output is high." },
	{ "remote_on", "The software remote is on." },
	{ "terminals_on", "The remote terminals are on." },
	{ "alarm", "0 none, 1 pre-alarm, 2 load disconnected by undervoltage." },
	{ "disconnect_in_seconds", "Time to the load disconnect, while one is pending." },
	{ "reconnect_in_seconds", "Time until the load may come back, while that is pending." },
	{ "shed_in_seconds", "Time until a shed floats the load, while one is pending." },
	{ "condition", "The condition is active." },
	{ "off_reason", "Why an output is off, as a label; always 1." },
	{ "load_request", "What is requested of the load, as a label; always 1." },
	{ "attribute_error", "The attribute is unreadable or makes no sense; always 1." },
};

/* What the kernel itself puts beside the attributes of a device */
static const char * const foreign[] = {
	"driver_override", "modalias", "numa_node", "power", "uevent",
	"waiting_for_supplier",
};

static bool begins_with(const char *text, const char *begin)
{
	return !strncmp(text, begin, strlen(begin));
}

/* Return: the length of @text without @end, or -1 if that is not its end */
static int without(const char *text, const char *end)
{
	int length = (int)strlen(text) - (int)strlen(end);

	return length >= 0 && !strcmp(text + length, end) ? length : -1;
}

static void make_help(const char *metric, const char *attribute, char *help,
		      size_t size)
{
	for (size_t i = 0; i < ARRAY_SIZE(helps); i++) {
		if (!strcmp(helps[i].metric, metric)) {
			snprintf(help, size, "%s", helps[i].help);
			return;
		}
	}
	if (without(metric, SAMPLES_TOTAL) > 0) {
		snprintf(help, size, "Counted by the driver since it was bound.");
		return;
	}
	snprintf(help, size, "The attribute %s.", attribute);
	for (; *help; help++)
		if (*help < ' ' || *help > '~' || *help == '\\')
			*help = '?';
}

/*
 * Add a sample of the board. Names of labels and their values, up to NULL,
 * follow that of the board, which node_power_supply_* has as well.
 */
static bool add(struct collection *collection, const char *attribute,
		const char *name, const char *value, ...)
{
	char labels[LABELS_LENGTH], metric[METRIC_LENGTH], help[METRIC_LENGTH];
	char *to = stpcpy(labels, "{power_supply=\"");
	const char *label;
	va_list more;

	to = samples_quote(to, board_label(collection->board));
	va_start(more, value);
	while ((label = va_arg(more, const char *))) {
		to += sprintf(to, "\",%s=\"", label);
		to = samples_quote(to, va_arg(more, const char *));
	}
	va_end(more);
	stpcpy(to, "\"}");
	snprintf(metric, sizeof(metric), PREFIX "%s", name);
	make_help(name, attribute, help, sizeof(help));
	return samples_add(&collection->samples, metric, labels, value, help);
}

static void add_error(struct collection *collection, const char *attribute)
{
	add(collection, attribute, "attribute_error", "1", "attribute", attribute,
	    NULL);
}

/*
 * A metric's name has letters, digits and "_" only. Counters of the driver need no
 * word of their group, and "gauge" is a type of metrics.
 */
static void make_name(char *metric, const char *attribute, int length,
		      const char *end)
{
	static const struct {
		const char *group;
		const char *word;
	} groups[] = { { STATS, "" }, { GAUGE, "reported_" } };
	const char *word = "";

	for (size_t i = 0; i < ARRAY_SIZE(groups); i++) {
		if (begins_with(attribute, groups[i].group)) {
			word = groups[i].word;
			attribute += strlen(groups[i].group);
			length -= strlen(groups[i].group);
			break;
		}
	}
	snprintf(metric, METRIC_LENGTH, "%s%.*s%s", word, length, attribute, end);
	for (; *metric; metric++)
		if (!isascii(*metric) || !isalnum(*metric))
			*metric = '_';
}

static bool add_switch(struct collection *collection, const char *attribute,
		       const struct value *value)
{
	char metric[METRIC_LENGTH];

	make_name(metric, attribute, PATH_LENGTH, "_on");
	return add(collection, attribute, metric, value->number ? "1" : "0", NULL);
}

static bool add_counter(struct collection *collection, const char *attribute,
			const struct value *value)
{
	char metric[METRIC_LENGTH];

	if (value->number < 0)
		return false;
	make_name(metric, attribute, PATH_LENGTH, SAMPLES_TOTAL);
	return add(collection, attribute, metric, value->text, NULL);
}

static bool add_number(struct collection *collection, const char *attribute,
		       const struct value *value)
{
	unsigned long long number = value->number, one = 1;
	char metric[METRIC_LENGTH], text[32];
	const struct unit *unit = units;
	bool negative = value->number < 0;
	int length;

	while ((length = without(attribute, unit->suffix)) < 0)
		unit++;
	if (negative && unit->time)
		return true;
	make_name(metric, attribute, length, unit->base);
	if (negative)
		number = -number;
	for (int i = 0; i < unit->decimals; i++)
		one *= 10;
	if (unit->decimals)
		sprintf(text, "%s%llu.%0*llu", negative ? "-" : "", number / one,
			unit->decimals, number % one);
	else
		sprintf(text, "%lld", value->number);
	return add(collection, attribute, metric, text, NULL);
}

/* The state as a label, for there is no number of it */
static bool add_text(struct collection *collection, const char *attribute,
		     const struct value *value)
{
	char metric[METRIC_LENGTH], output[PATH_LENGTH];
	int length = without(attribute, OFF_REASON);

	if (length > 0) {
		snprintf(output, sizeof(output), "%.*s", length, attribute);
		return add(collection, attribute, "off_reason", "1", "output",
			   output, "reason", value->text, NULL);
	}
	if (!strcmp(attribute, LOAD_REQUEST))
		return add(collection, attribute, attribute, "1", "request",
			   value->text, NULL);
	make_name(metric, attribute, PATH_LENGTH, "_info");
	return add(collection, attribute, metric, "1", "value", value->text, NULL);
}

static bool has_word(const char *words, const char *word)
{
	char list[VALUE_MAX + 2], wanted[VALUE_MAX + 2];

	snprintf(list, sizeof(list), " %s ", words);
	snprintf(wanted, sizeof(wanted), " %s ", word);
	return strstr(list, wanted);
}

/* All that the tool knows, and of those of a newer driver what is active */
static bool add_conditions(struct collection *collection, const char *attribute,
			   const struct value *value)
{
	char list[VALUE_MAX], *words = list, *word;
	bool added = true;
	const char *name;

	for (int i = 0; (name = words_condition_name(i)); i++)
		added &= add(collection, attribute, "condition",
			     has_word(value->text, name) ? "1" : "0",
			     "condition", name, NULL);
	snprintf(list, sizeof(list), "%s", value->text);
	while ((word = strsep(&words, " ")))
		if (*word && strcmp(word, "none") && !words_condition(word))
			added &= add(collection, attribute, "condition", "1",
				     "condition", word, NULL);
	return added;
}

/* Return: false if its name is taken, or it is a number that cannot be */
static bool add_value(struct collection *collection, const char *attribute,
		      enum kind kind, const struct value *value)
{
	switch (kind) {
	case KIND_SWITCH:
		return add_switch(collection, attribute, value);
	case KIND_NUMBER:
		if (begins_with(attribute, STATS) ||
		    !strcmp(attribute, MEASUREMENTS "errors"))
			return add_counter(collection, attribute, value);
		return add_number(collection, attribute, value);
	case KIND_LIST:
		return add_conditions(collection, attribute, value);
	case KIND_TEXT:
	case KIND_CHOICE:
		break;
	}
	return add_text(collection, attribute, value);
}

/* What an attribute that the tool does not know must hold */
static enum kind guess_kind(const char *attribute, const struct value *value)
{
	struct value copy = *value;

	if (begins_with(attribute, STATS) || begins_with(attribute, GAUGE) ||
	    begins_with(attribute, MEASUREMENTS))
		return KIND_NUMBER;
	if (!strcmp(attribute, LOAD_REQUEST))
		return KIND_CHOICE;	/* its "off" is no switch */
	if (value_parse(KIND_SWITCH, &copy))
		return KIND_SWITCH;
	return value_parse(KIND_NUMBER, &copy) ? KIND_NUMBER : KIND_TEXT;
}

/* A gauge that nobody reports, or what the tool does not know */
static bool may_be_empty(int id, const char *attribute)
{
	return begins_with(attribute, GAUGE) ||
	       (id < 0 && !begins_with(attribute, STATS));
}

static void add_attribute(struct collection *collection, const char *attribute,
			  const char *path)
{
	int id = attribute_find(attribute);
	struct value value;
	enum kind kind;

	if (id >= 0 && !*attributes[id].folder)
		id = -1;	/* of the power supply, not of the board */
	if (id >= 0)
		collection->seen |= attribute_bit(id);
	value_read(&value, path);
	if (may_be_empty(id, attribute) &&
	    (value.error == ENODATA || (!value.error && !*value.text)))
		return;
	kind = id < 0 ? guess_kind(attribute, &value) : attributes[id].kind;
	if (value.error || !value_parse(kind, &value) ||
	    !add_value(collection, attribute, kind, &value))
		add_error(collection, attribute);
}

static bool is_foreign(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(foreign); i++)
		if (!strcmp(foreign[i], name))
			return true;
	return false;
}

/* A folder of attributes; one with a uevent is a device of its own. */
static bool is_group(const char *path)
{
	char uevent[PATH_MAX + NAME_MAX];

	snprintf(uevent, sizeof(uevent), "%s/uevent", path);
	return access(uevent, F_OK);
}

/* @group: NULL for the attributes that are in none */
static void add_folder(struct collection *collection, const char *folder,
		       const char *group)
{
	char path[PATH_MAX], attribute[PATH_LENGTH];
	struct dirent **entries;
	struct stat status;
	int count;

	count = scandir(folder, &entries, NULL, alphasort);
	if (count < 0 && group)
		add_error(collection, group);
	for (int i = 0; i < count; i++) {
		const char *name = entries[i]->d_name;

		snprintf(path, sizeof(path), "%s/%s", folder, name);
		snprintf(attribute, sizeof(attribute), "%s%s%s", group ?: "",
			 group ? "/" : "", name);
		if (*name == '.' || (!group && is_foreign(name)) ||
		    lstat(path, &status) || S_ISLNK(status.st_mode) ||
		    !(status.st_mode & 0444))
			;
		else if (!S_ISDIR(status.st_mode))
			add_attribute(collection, attribute, path);
		else if (!group && is_group(path))
			add_folder(collection, path, name);
		free(entries[i]);
	}
	if (count >= 0)
		free(entries);
}

/* Return: false if it has gone, and then nothing of it is left */
static bool add_board(struct collection *collection, const struct board *board)
{
	struct samples *samples = &collection->samples;
	char folder[PATH_MAX + NAME_MAX];

	collection->board = board;
	collection->seen = 0;
	samples->begin = samples->count;
	snprintf(folder, sizeof(folder), "%s/device", board->folder);
	add_folder(collection, folder, NULL);
	for (int id = 0; id < ATTR_COUNT; id++)
		if (attributes[id].always &&
		    !(collection->seen & attribute_bit(id)))
			add_error(collection, attributes[id].name);
	if (!access(board->folder, F_OK))
		return true;
	samples_drop(samples, samples->begin);
	return false;
}

/* Return: NO_BOARD if that of --board is not there */
static enum result collect(struct samples *samples, const struct config *config,
			   const struct names *names)
{
	struct collection collection = { 0 };
	struct board board;
	char text[32];
	int count = 0;

	for (size_t i = 0; i < names->count; i++) {
		if (config->board && strcmp(config->board, names->name[i]))
			continue;
		board_init(&board, config->sysfs_root, names->name[i]);
		count += add_board(&collection, &board);
	}
	*samples = collection.samples;
	snprintf(text, sizeof(text), "%d", count);
	samples_add(samples, PREFIX "boards", "", text,
		    "Boards that were found.");
	if (!config->board || count)
		return DONE;
	complain(config->board, "no such board");
	return NO_BOARD;
}

static enum result write_out(struct samples *samples, const char *output)
{
	if (samples->no_memory) {
		complain("memory", "%s", strerror(ENOMEM));
		return FAILED;
	}
	if (output)
		return samples_write(samples, output);
	samples_print(samples, stdout);
	return DONE;
}

void metrics_help(void)
{
	puts("\nOptions:\n"
	     "  --output FILE        Replace FILE, for node_exporter's textfile collector\n"
	     "\n"
	     "The name of a metric is that of the attribute behind smallbms_, in base units.\n"
	     "Attributes that have none are named by smallbms_attribute_error.");
}

/** command_metrics - print the metrics of all boards, or write them to a file */
enum result command_metrics(const struct config *config, const char *argument)
{
	struct samples samples = { 0 };
	struct names names = { 0 };
	enum result result = FAILED;
	int error;

	(void)argument;
	if (config->json) {
		complain("metrics", "they are text for Prometheus; 'smallbms --json' prints JSON");
		return USAGE;
	}
	error = names_find(config->sysfs_root, &names);
	if (error) {
		complain(config->sysfs_root, "cannot look for boards: %s",
			 strerror(-error));
	} else {
		result = collect(&samples, config, &names);
		if (write_out(&samples, config->output))
			result = FAILED;
	}
	samples_drop(&samples, 0);
	names_free(&names);
	return result;
}
