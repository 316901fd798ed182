// SPDX-License-Identifier: GPL-2.0
/* What was recorded: a line or an object an event, or when each line acted. */
#include <errno.h>
#include <json-c/json.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "history.h"

/* A clock that was set since differs by more from the one at that time. */
#define CLOCK_SET_MS 2000
/* A margin from which a capacity is known from the signal lines alone */
#define MARGIN_OF_LINES 50
#define TEXT_MAX 1024

/**
 * struct boot - a start of the computer
 * @offset_ms: from its boottime to the time of the clock, as known at last
 */
struct boot {
	char id[BOOT_ID_SIZE];
	long long offset_ms;
};

/**
 * struct seen - a condition of a board, or that its terminals say off
 * @from_ms, @until_ms: of the last time that it was active, 0: never
 */
struct seen {
	long long from_ms;
	long long until_ms;
	bool active;
};

#define SEEN_MAX 16

/* A commissioning of a board */
struct finding {
	char name[NAME_MAX + 1];
	struct commissioned report;
};

/**
 * struct known - a board in the history
 * @since_ms: its first event, or when --since begins
 * @boot, @kind: of the event before
 */
struct known {
	char name[NAME_MAX + 1];
	long long since_ms;
	char boot[BOOT_ID_SIZE];
	enum event_kind kind;
	struct seen seen[SEEN_MAX];
};

/**
 * struct show - what is to be shown, and what is known meanwhile
 * @skip: so many events come before those of --lines
 * @findings: of the boards, the oldest first; @finding: the next one to be shown
 * @matching: how many are between @since_ms and @until_ms
 * @failed: there was no memory
 */
struct show {
	const struct options *options;
	struct boot *boots;
	size_t boot_count;
	struct known *boards;
	size_t board_count;
	struct finding *findings;
	size_t finding_count;
	size_t finding;
	long long since_ms;
	long long until_ms;
	size_t skip;
	size_t matching;
	bool failed;
};

/* Append to a text; what does not fit is cut. */
__printf(2, 3)
static void add(char *text, const char *format, ...)
{
	size_t used = strlen(text);
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(text + used, TEXT_MAX - used, format, arguments);
	va_end(arguments);
}

/* A part of a sentence; parts are separated. */
__printf(2, 3)
static void part(char *text, const char *format, ...)
{
	size_t used = strlen(text);
	va_list arguments;

	if (used)
		add(text, "; ");
	used = strlen(text);
	va_start(arguments, format);
	vsnprintf(text + used, TEXT_MAX - used, format, arguments);
	va_end(arguments);
}

/* ---- when */

static bool take_boot(void *context, const struct event *event)
{
	struct show *show = context;
	struct boot *boots = realloc(show->boots,
				     (show->boot_count + 1) * sizeof(*boots));

	if (!boots) {
		show->failed = true;
		return false;
	}
	show->boots = boots;
	boots += show->boot_count++;
	strcpy(boots->id, event->boot);
	boots->offset_ms = event->time_ms - event->boottime_ms;
	return true;
}

/*
 * A computer without a clock of its own starts with a wrong time, and learns
 * the right one later. So the last word on when it was started is taken, and
 * for the start that goes on that of the clock as it is now.
 */
static long long time_of(const struct show *show, const struct event *event)
{
	for (size_t i = 0; i < show->boot_count; i++) {
		long long time_ms;

		if (strcmp(show->boots[i].id, event->boot))
			continue;
		time_ms = event->boottime_ms + show->boots[i].offset_ms;
		if (llabs(time_ms - event->time_ms) > CLOCK_SET_MS)
			return time_ms;
	}
	return event->time_ms;
}

static void boots_now(struct show *show)
{
	struct event now = { 0 };

	event_stamp(&now);
	for (size_t i = 0; i < show->boot_count; i++)
		if (!strcmp(show->boots[i].id, now.boot))
			show->boots[i].offset_ms = now.time_ms -
						   now.boottime_ms;
}

static bool matches(const struct show *show, long long time_ms)
{
	return time_ms >= show->since_ms && time_ms <= show->until_ms;
}

static void local_time(long long time_ms, char *text, size_t size)
{
	time_t seconds = time_ms / 1000;
	struct tm parts;

	localtime_r(&seconds, &parts);
	strftime(text, size, "%Y-%m-%d %H:%M:%S", &parts);
}

static struct json_object *json_time(long long time_ms)
{
	time_t seconds = time_ms / 1000;
	char text[64];
	struct tm parts;
	size_t length;

	gmtime_r(&seconds, &parts);
	length = strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%S", &parts);
	snprintf(text + length, sizeof(text) - length, ".%03dZ",
		 (int)(time_ms % 1000));
	return json_object_new_string(text);
}

/* ---- in words */

/* An output, unless the other one does the same for the same reason */
static void tell_output(char *text, const struct board *board,
			const char *name, enum attribute_id id,
			enum attribute_id reason_id, bool changed)
{
	static const char * const doubts[] = { "implausible", "io-error" };
	const struct value *reason = &board->values[reason_id];
	char why[VALUE_MAX];

	if (board_is_on(board, id)) {
		part(text, "%s on", name);
	} else if (!board_is_off(board, id)) {
		part(text, "%s unknown: %s", name,
		     attribute_why(board->values[id].error));
	} else if (board_is_text(board, reason_id, "remote") ||
		   board_is_text(board, reason_id, "terminals")) {
		part(text, "%s%s off by the %s", name, changed ? "" : " still",
		     reason->text[0] == 'r' ? "software remote" :
		     "switch at the terminals");
	} else {
		words_off_reason(board, reason_id, why, sizeof(why));
		/* Where the lines cannot be read, no cell is known to be empty. */
		for (size_t i = 0; i < ARRAY_SIZE(doubts); i++)
			if (board_has_condition(board, doubts[i]))
				strcpy(why, words_condition(doubts[i]));
		part(text, "%s%s off: %s", name, changed ? "" : " still", why);
	}
}

static bool changed_in(unsigned long long changed, enum attribute_id id)
{
	return changed & attribute_bit(id);
}

static bool same_output(const struct board *board, unsigned long long changed)
{
	const struct value *values = board->values;

	return changed_in(changed, ATTR_LOAD) &&
	       changed_in(changed, ATTR_CHARGE) &&
	       board_read_ok(board, ATTR_LOAD) &&
	       board_read_ok(board, ATTR_CHARGE) &&
	       values[ATTR_LOAD].number == values[ATTR_CHARGE].number &&
	       (values[ATTR_LOAD].number ||
		!strcmp(values[ATTR_LOAD_OFF_REASON].text,
			values[ATTR_CHARGE_OFF_REASON].text));
}

static void tell_outputs(char *text, const struct board *board,
			 unsigned long long changed)
{
	bool load = changed_in(changed, ATTR_LOAD);
	bool charge = changed_in(changed, ATTR_CHARGE);

	if (same_output(board, changed)) {
		tell_output(text, board, "load and charge", ATTR_LOAD,
			    ATTR_LOAD_OFF_REASON, true);
		return;
	}
	if (load || (changed_in(changed, ATTR_LOAD_OFF_REASON) &&
		     board_is_off(board, ATTR_LOAD)))
		tell_output(text, board, "load", ATTR_LOAD,
			    ATTR_LOAD_OFF_REASON, load);
	if (charge || (changed_in(changed, ATTR_CHARGE_OFF_REASON) &&
		       board_is_off(board, ATTR_CHARGE)))
		tell_output(text, board, "charge", ATTR_CHARGE,
			    ATTR_CHARGE_OFF_REASON, charge);
}

static void tell_switch(char *text, const struct board *board,
			unsigned long long changed, enum attribute_id id,
			const char *name)
{
	if (changed_in(changed, id))
		part(text, "%s %s", name,
		     board_is_on(board, id) ? "on" :
		     board_is_off(board, id) ? "off" : "unknown");
}

/* The conditions that one has and the other has not */
static void tell_conditions(char *text, const char *first,
			    const struct board *one, const struct board *other)
{
	const char *name;

	for (size_t i = 0; (name = words_condition_name(i)); i++) {
		if (!board_has_condition(one, name) ||
		    board_has_condition(other, name))
			continue;
		if (*first)
			part(text, "%s%s", first, name);
		else
			add(text, ", %s", name);
		first = "";
	}
}

/* Whatever has no words of its own */
static void tell_rest(char *text, const struct board *board,
		      unsigned long long changed)
{
	for (enum attribute_id id = 0; id < ATTR_COUNT; id++) {
		const struct value *value = &board->values[id];

		if (changed_in(changed, id))
			part(text, "%s %s", attributes[id].name,
			     value->error ? "?" : value->text);
	}
}

static void tell_change(char *text, const struct board *board,
			const struct board *before, unsigned long long changed)
{
	tell_switch(text, board, changed, ATTR_TERMINALS,
		    "switch at the terminals");
	tell_switch(text, board, changed, ATTR_REMOTE, "software remote");
	if (changed_in(changed, ATTR_CHARGE_BEHAVIOUR))
		part(text, "charging %s by the user",
		     board_is_text(board, ATTR_CHARGE_BEHAVIOUR, "auto") ?
		     "allowed" : "inhibited");
	tell_outputs(text, board, changed);
	tell_switch(text, board, changed, ATTR_PRE_ALARM, "pre-alarm");
	if (changed_in(changed, ATTR_CONDITIONS)) {
		tell_conditions(text, "active: ", board, before);
		tell_conditions(text, "clear again: ", before, board);
	}
	if (!*text)
		tell_rest(text, board, changed);
}

static void tell_measured(char *text, const struct config *config,
			  const struct board *board)
{
	const struct value *capacity = &board->values[ATTR_CAPACITY];
	const struct value *margin = &board->values[ATTR_CAPACITY_ERROR_MARGIN];
	bool known = !capacity->error &&
		     (margin->error || margin->number < MARGIN_OF_LINES);
	char measured[VALUE_MAX];

	words_measured(config, board, measured, sizeof(measured));
	if (*measured || known)
		add(text, " (%s%s", measured, *measured && known ? ", " : "");
	if (known)
		add(text, "%lld %%", capacity->number);
	if (*measured || known)
		add(text, ")");
}

static const char *beginning(const struct known *known,
			     const struct event *event)
{
	if (event->kind == EVENT_ANEW)
		return "recording begins anew, as what was recorded was broken";
	if (!*known->boot)
		return "recording begins";
	if (!strcmp(known->boot, event->boot))
		return "recording again";
	return known->kind == EVENT_STOP ?
	       "after a restart of the computer" :
	       "after a crash or power loss of the computer";
}

static void tell(char *text, const struct show *show,
		 const struct known *known, const struct event *event)
{
	const struct config *config = &show->options->config;
	unsigned long long changed, all;
	struct board board, before;
	char words[2 * VALUE_MAX];

	*text = '\0';
	if (!event_board(event->state, &board, &all) ||
	    !event_board(event->before, &before, &changed)) {
		add(text, "this entry cannot be read");
		return;
	}
	words_headline(&board, words, sizeof(words));
	switch (event->kind) {
	case EVENT_START:
	case EVENT_ANEW:
		add(text, "%s: %s", beginning(known, event), words);
		break;
	case EVENT_BEFORE:
		words_stats(&before, words, sizeof(words));
		add(text, "before recording: %s", words);
		return;
	case EVENT_CHANGE:
		tell_change(text, &board, &before, changed);
		break;
	case EVENT_NEW:
		add(text, "the board is there: %s", words);
		break;
	case EVENT_GONE:
		add(text, "gone: unplugged, or its driver was unloaded");
		return;
	case EVENT_STOP:
	case EVENT_COUNT:
		add(text, "recording ends");
		break;
	}
	tell_measured(text, config, &board);
}

/* ---- an event */

static void printed_name(char name[NAME_MAX + 1], const char *label)
{
	snprintf(name, NAME_MAX + 1, "%s", label);
	plain(name);
}

static void print_event(const struct show *show, const struct known *known,
			const struct event *event, long long time_ms)
{
	char when[64], text[TEXT_MAX], name[NAME_MAX + 1];

	local_time(time_ms, when, sizeof(when));
	printed_name(name, event->board);
	tell(text, show, known, event);
	printf("%s %s: %s\n", when, name, text);
}

/* Return: attribute_bit() of what was in the text, and is now in the object */
static unsigned long long json_add_text(struct json_object *object,
					const char *text)
{
	unsigned long long which;
	struct board board;

	event_board(text, &board, &which);
	for (enum attribute_id id = 0; id < ATTR_COUNT; id++)
		if (changed_in(which, id))
			json_add_value(object, &board, id);
	return which;
}

static void print_json(const struct show *show, const struct known *known,
		       const struct event *event, long long time_ms)
{
	struct json_object *object = json_object_new_object();
	struct json_object *before = json_object_new_object();
	struct json_object *names = json_object_new_array();
	unsigned long long changed = json_add_text(before, event->before);
	char name[NAME_MAX + 1], text[TEXT_MAX];

	printed_name(name, event->board);
	tell(text, show, known, event);
	for (enum attribute_id id = 0; id < ATTR_COUNT; id++)
		if (changed_in(changed, id))
			json_object_array_add(names,
					      json_object_new_string(attributes[id].name));
	json_object_object_add(object, "time", json_time(time_ms));
	json_object_object_add(object, "boot",
			       json_object_new_string(event->boot));
	json_object_object_add(object, "boottime_ms",
			       json_object_new_int64(event->boottime_ms));
	json_object_object_add(object, "event",
			       json_object_new_string(event_names[event->kind]));
	json_object_object_add(object, "name", json_object_new_string(name));
	json_object_object_add(object, "words", json_object_new_string(text));
	json_object_object_add(object, "changed", names);
	json_object_object_add(object, "before", before);
	json_add_text(object, event->state);
	json_print_line(object);
}

static struct known *known_of(struct show *show, const struct event *event)
{
	struct known *known;

	for (size_t i = 0; i < show->board_count; i++)
		if (!strcmp(show->boards[i].name, event->board))
			return &show->boards[i];
	known = realloc(show->boards, (show->board_count + 1) * sizeof(*known));
	if (!known) {
		show->failed = true;
		return NULL;
	}
	show->boards = known;
	known += show->board_count++;
	*known = (struct known){ 0 };
	strcpy(known->name, event->board);
	return known;
}

/* ---- commissionings, between the events */

static bool take_findings(struct show *show, const char *label)
{
	struct finding *findings;
	struct commissioned *list;
	size_t count = commissioned_list(&show->options->config, label, false,
					 &list);

	findings = realloc(show->findings, (show->finding_count + count + 1) *
			   sizeof(*findings));
	if (findings)
		show->findings = findings;
	for (size_t i = 0; i < count && findings; i++) {
		struct finding *finding = &findings[show->finding_count];

		if (list[i].broken)
			continue;
		printed_name(finding->name, label);
		finding->report = list[i];
		show->finding_count++;
	}
	free(list);
	show->failed = show->failed || !findings;
	return findings;
}

/* Of each board that has an event */
static bool take_board(void *context, const struct event *event)
{
	struct show *show = context;
	size_t known = show->board_count;

	if (!known_of(show, event))
		return false;
	return show->board_count == known || take_findings(show, event->board);
}

static int by_time(const void *one, const void *other)
{
	long long a = ((const struct finding *)one)->report.time_ms;
	long long b = ((const struct finding *)other)->report.time_ms;

	return a < b ? -1 : a > b;
}

static void print_finding(const struct show *show, const struct finding *finding)
{
	struct json_object *object;
	char when[64], text[PATH_MAX + 64];

	if (!show->options->config.json) {
		local_time(finding->report.time_ms, when, sizeof(when));
		words_commissioned(&finding->report, text, sizeof(text));
		printf("%s %s: commissioned %s\n", when, finding->name, text);
		return;
	}
	object = json_object_new_object();
	json_object_object_add(object, "time",
			       json_time(finding->report.time_ms));
	json_object_object_add(object, "event",
			       json_object_new_string("commissioned"));
	json_object_object_add(object, "name",
			       json_object_new_string(finding->name));
	json_object_object_add(object, "commissioned",
			       json_from_commissioned(&finding->report));
	json_print_line(object);
}

/* What comes before an event, or after the last one */
static void print_findings(struct show *show, long long before_ms)
{
	for (; show->finding < show->finding_count; show->finding++) {
		const struct finding *finding = &show->findings[show->finding];

		if (finding->report.time_ms > before_ms)
			return;
		if (!show->skip && matches(show, finding->report.time_ms))
			print_finding(show, finding);
	}
}

static bool count_event(void *context, const struct event *event)
{
	struct show *show = context;

	show->matching += matches(show, time_of(show, event));
	return true;
}

static bool show_event(void *context, const struct event *event)
{
	struct show *show = context;
	long long time_ms = time_of(show, event);
	struct known *known = known_of(show, event);

	if (!known)
		return false;
	print_findings(show, time_ms);
	if (matches(show, time_ms)) {
		if (show->skip)
			show->skip--;
		else if (show->options->config.json)
			print_json(show, known, event, time_ms);
		else
			print_event(show, known, event, time_ms);
	}
	strcpy(known->boot, event->boot);
	known->kind = event->kind;
	return !ferror(stdout);
}

/* ---- when each line was active */

static const char *seen_name(size_t index)
{
	const char *name = words_condition_name(index);

	if (index == SEEN_MAX)
		return NULL;
	if (name || (index && !words_condition_name(index - 1)))
		return name;
	return "terminals off";
}

/* A line that cannot be read counts as active, but was not seen to be. */
static bool seen_active(const struct board *board, const char *name)
{
	if (!strcmp(name, "terminals off"))
		return board_is_off(board, ATTR_TERMINALS);
	return board_has_condition(board, name) &&
	       (!board_has_condition(board, "io-error") ||
		!strcmp(name, "io-error"));
}

static bool note_seen(void *context, const struct event *event)
{
	struct show *show = context;
	long long time_ms = time_of(show, event);
	struct known *known;
	struct board board;
	unsigned long long all;
	const char *name;

	/* What is active when --since begins is active after it. */
	if (time_ms > show->until_ms || event->kind == EVENT_GONE ||
	    !event_board(event->state, &board, &all))
		return true;
	known = known_of(show, event);
	if (!known)
		return false;
	if (!known->since_ms)
		known->since_ms = matches(show, time_ms) ? time_ms :
							   show->since_ms;
	for (size_t i = 0; (name = seen_name(i)); i++) {
		struct seen *seen = &known->seen[i];
		bool active = seen_active(&board, name);

		if (active && !seen->active)
			seen->from_ms = time_ms;
		if (active || (seen->active && matches(show, time_ms)))
			seen->until_ms = time_ms;
		else if (!matches(show, time_ms))
			seen->until_ms = 0;
		seen->active = active;
	}
	return true;
}

static void print_seen(const struct known *known)
{
	char name[NAME_MAX + 1], from[64], until[64];
	const char *what;

	printed_name(name, known->name);
	local_time(known->since_ms, from, sizeof(from));
	printf("%s, recorded since %s\n", name, from);
	for (size_t i = 0; (what = seen_name(i)); i++) {
		const struct seen *seen = &known->seen[i];

		local_time(seen->from_ms, from, sizeof(from));
		local_time(seen->until_ms, until, sizeof(until));
		if (!seen->until_ms)
			printf("  %-20s never\n", what);
		else if (seen->active)
			printf("  %-20s since %s\n", what, from);
		else
			printf("  %-20s %s to %s\n", what, from, until);
	}
}

static void json_print_seen(const struct known *known)
{
	struct json_object *object = json_object_new_object();
	struct json_object *lines = json_object_new_object();
	char name[NAME_MAX + 1];
	const char *what;

	printed_name(name, known->name);
	for (size_t i = 0; (what = seen_name(i)); i++) {
		const struct seen *seen = &known->seen[i];
		struct json_object *line = NULL;

		if (seen->until_ms) {
			line = json_object_new_object();
			json_object_object_add(line, "from",
					       json_time(seen->from_ms));
			json_object_object_add(line, "until", seen->active ?
					       NULL : json_time(seen->until_ms));
		}
		json_object_object_add(lines, what, line);
	}
	json_object_object_add(object, "name", json_object_new_string(name));
	json_object_object_add(object, "since", json_time(known->since_ms));
	json_object_object_add(object, "seen", lines);
	json_print_line(object);
}

static void print_all_seen(const struct show *show)
{
	for (size_t i = 0; i < show->board_count; i++) {
		if (show->options->config.json)
			json_print_seen(&show->boards[i]);
		else
			print_seen(&show->boards[i]);
	}
}

/* ---- all of it */

static enum result parse(struct show *show)
{
	const struct options *options = show->options;
	enum result result = DONE;
	char *end;
	long lines;

	if (options->since)
		result = when_parse("--since", options->since, &show->since_ms);
	if (!result && options->until)
		result = when_parse("--until", options->until, &show->until_ms);
	if (result || !options->lines)
		return result;
	errno = 0;
	lines = strtol(options->lines, &end, 10);
	if (errno || end == options->lines || *end || lines < 0) {
		complain("--lines", "'%s' is not a number of lines",
			 options->lines);
		return USAGE;
	}
	show->skip = lines;
	return DONE;
}

static bool is_there(void *context, const struct event *event)
{
	(void)event;
	*(bool *)context = true;
	return false;
}

/* Return: NO_BOARD with a message when --board is in no event */
static enum result check_board(struct store *store, const char *board)
{
	bool found = false;

	if (!board || !store_read(store, board, false, is_there, &found) ||
	    found)
		return DONE;
	complain(board, "nothing was recorded of such a board");
	return NO_BOARD;
}

static enum result read_all(struct show *show, struct store *store)
{
	const struct options *options = show->options;
	const char *board = options->config.board;
	size_t lines = show->skip;
	bool good;

	good = store_read(store, NULL, true, take_boot, show);
	boots_now(show);
	if (good && options->seen) {
		good = store_read(store, board, false, note_seen, show);
		print_all_seen(show);
	} else if (good) {
		if (options->lines)
			good = store_read(store, board, false, count_event,
					  show);
		show->skip = options->lines && show->matching > lines ?
			     show->matching - lines : 0;
		good = good && store_read(store, board, false, take_board,
					  show);
		if (show->finding_count)
			qsort(show->findings, show->finding_count,
			      sizeof(*show->findings), by_time);
		good = good && store_read(store, board, false, show_event,
					  show);
		print_findings(show, LLONG_MAX);
	}
	if (good && !show->failed)
		return DONE;
	fflush(stdout);
	complain(store->path, "cannot be read: %s", show->failed ?
		 strerror(ENOMEM) : store_why(store));
	return FAILED;
}

/** history_show - print what was recorded */
enum result history_show(const struct options *options)
{
	struct show show = { .options = options, .until_ms = LLONG_MAX };
	struct store store = { .lock = -1 };
	enum result result;

	result = parse(&show);
	if (!result)
		result = store_open_to_read(&store, options->directory);
	if (!result)
		result = check_board(&store, options->config.board);
	if (!result)
		result = read_all(&show, &store);
	store_close(&store);
	free(show.boots);
	free(show.boards);
	free(show.findings);
	return result;
}
