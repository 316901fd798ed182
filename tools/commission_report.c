// SPDX-License-Identifier: GPL-2.0
/* A run of 'smallbms commission' in files: while it goes on, and afterwards. */
#include <errno.h>
#include <fcntl.h>
#include <json-c/json.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "commission.h"

#define UNFINISHED "unfinished.json"

const enum attribute_id changed_attributes[CHANGED_COUNT] = {
	[CHANGED_REMOTE] = ATTR_REMOTE,
	[CHANGED_LOAD_REQUEST] = ATTR_LOAD_REQUEST,
	[CHANGED_CHARGE_BEHAVIOUR] = ATTR_CHARGE_BEHAVIOUR,
};

static const char * const step_names[STEP_COUNT + 1] = {
	"supply", "remote", "software-remote", "cell-low", "cell-undervoltage",
	"cell-overvoltage", "over-temperature", "under-temperature",
	"charge-inhibit", "cables", "load", "charge", "pre-alarm", "reboot",
	"power", "run",
};

static const char * const outcome_names[OUTCOME_COUNT] = {
	"open", "passed", "failed", "skipped", "unwired",
};

/** step_name - Return: as in reports; of a line its condition */
const char *step_name(unsigned int step)
{
	return step_names[step];
}

const char *outcome_name(enum outcome outcome)
{
	return outcome_names[outcome];
}

/** boot_read - which start of the computer this is */
void boot_read(char id[BOOT_ID_SIZE])
{
	FILE *file = fopen("/proc/sys/kernel/random/boot_id", "re");

	*id = '\0';
	if (!file)
		return;
	if (!fgets(id, BOOT_ID_SIZE, file))
		*id = '\0';
	fclose(file);
}

static void stamp(char text[STAMP_SIZE])
{
	time_t now = time(NULL);
	struct tm parts;

	gmtime_r(&now, &parts);
	strftime(text, STAMP_SIZE, "%Y-%m-%dT%H:%M:%SZ", &parts);
}

void report_begin(struct report *report, const struct board *board)
{
	*report = (struct report){ .running = STEP_COUNT };
	snprintf(report->board, sizeof(report->board), "%s",
		 board_label(board));
	stamp(report->begun);
	boot_read(report->boot);
}

unsigned int report_count(const struct report *report, enum outcome outcome)
{
	unsigned int count = 0;

	for (int i = 0; i < STEP_COUNT; i++)
		count += report->steps[i].outcome == outcome;
	return count;
}

/* ---- as JSON */

static void add_text(struct json_object *object, const char *key,
		     const char *text)
{
	json_object_object_add(object, key, *text ?
			       json_object_new_string(text) : NULL);
}

static struct json_object *json_from_step(const struct step *step,
					  unsigned int id)
{
	struct json_object *object = json_object_new_object();
	struct json_object *seen = json_object_new_array();

	for (int i = 0; i < LINE_COUNT; i++) {
		const char *name = step_name(STEP_LINES + i);

		if (step->seen & (1u << i))
			json_object_array_add(seen, json_object_new_string(name));
	}
	add_text(object, "step", step_name(id));
	add_text(object, "result", outcome_name(step->outcome));
	add_text(object, "fault", step->fault);
	add_text(object, "text", step->text);
	json_object_object_add(object, "seen", seen);
	return object;
}

static struct json_object *json_from_report(const struct report *report)
{
	struct json_object *object = json_object_new_object();
	struct json_object *steps = json_object_new_array();
	char name[NAME_MAX + 1];
	struct utsname system;

	snprintf(name, sizeof(name), "%s", report->board);
	plain(name);
	uname(&system);
	add_text(object, "name", name);
	add_text(object, "begun", report->begun);
	add_text(object, "finished", report->finished);
	add_text(object, "supply", report->supply);
	add_text(object, "version", VERSION);
	add_text(object, "kernel", system.release);
	for (int i = OUTCOME_PASSED; i < OUTCOME_COUNT; i++)
		json_object_object_add(object, outcome_name(i),
				       json_object_new_int(report_count(report, i)));
	for (int i = 0; i < STEP_COUNT; i++)
		json_object_array_add(steps,
				      json_from_step(&report->steps[i], i));
	json_object_object_add(object, "steps", steps);
	return object;
}

/** report_print_json - the report, also of a run that is not finished */
void report_print_json(const struct report *report)
{
	json_print(json_from_report(report));
}

/* What only a run that goes on needs */
static struct json_object *json_from_run(const struct report *report)
{
	struct json_object *object = json_from_report(report);
	struct json_object *original = json_object_new_object();

	for (int i = 0; i < CHANGED_COUNT; i++)
		add_text(original, attributes[changed_attributes[i]].name,
			 report->original[i]);
	add_text(object, "boot", report->boot);
	add_text(object, "running", report->running < STEP_COUNT ?
		 step_name(report->running) : "");
	json_object_object_add(object, "original", original);
	json_object_object_add(object, "load",
			       json_object_new_boolean(report->load));
	json_object_object_add(object, "charge",
			       json_object_new_boolean(report->charge));
	return object;
}

/* ---- into files */

/* Make the folder, and those above it that are missing; Return: 0 or -errno */
static int make_folders(const char *path)
{
	char part[PATH_MAX], *slash = part, end;

	snprintf(part, sizeof(part), "%s", path);
	do {
		slash = strchrnul(slash + 1, '/');
		end = *slash;
		*slash = '\0';
		/* Everybody may read reports, whatever root's umask is. */
		if (!mkdir(part, 0755)) {
			if (chmod(part, 0755))
				return -errno;
		} else if (errno != EEXIST) {
			return -errno;
		}
		*slash = end;
	} while (end);
	return 0;
}

/**
 * report_lock - make the folder of a board's reports, and keep other runs out
 *
 * Return: its file descriptor, or -1 with a message
 */
int report_lock(const char *folder)
{
	int error = -make_folders(folder);
	int fd = -1;

	if (!error) {
		fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		if (fd < 0 || faccessat(fd, ".", W_OK, 0))
			error = errno;
	}
	if (!error && !flock(fd, LOCK_EX | LOCK_NB))
		return fd;
	if (!error)
		complain("commission", "another run is under way in %s", folder);
	else
		complain(folder, "cannot keep reports there: %s%s",
			 strerror(error), error == EACCES ?
			 "; run it as root, or choose another folder with --output" :
			 "; choose another folder with --output");
	if (fd >= 0)
		close(fd);
	return -1;
}

static bool write_all(int fd, const char *text)
{
	size_t length = strlen(text);

	while (length) {
		ssize_t done = write(fd, text, length);

		if (done < 0 && errno == EINTR)
			continue;
		if (done < 0)
			return false;
		text += done;
		length -= done;
	}
	return true;
}

/* All of it or nothing, also if the power fails */
static enum result save(const char *folder, const char *name, const char *text)
{
	char path[PATH_MAX + NAME_MAX], fresh[PATH_MAX + NAME_MAX + 8];
	bool good = false;
	int fd, error;

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	snprintf(fresh, sizeof(fresh), "%s.new", path);
	fd = open(fresh, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW,
		  0644);
	if (fd >= 0) {
		good = !fchmod(fd, 0644) && write_all(fd, text) && !fsync(fd);
		error = errno;
		close(fd);
		errno = error;
	}
	good = good && !rename(fresh, path);
	error = errno;
	if (good) {
		fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		if (fd >= 0) {
			fsync(fd);
			close(fd);
		}
		return DONE;
	}
	unlink(fresh);
	complain(path, "cannot be written: %s", strerror(error));
	return FAILED;
}

static enum result save_json(const char *folder, const char *name,
			     struct json_object *object)
{
	enum result result;

	result = save(folder, name,
		      json_object_to_json_string_ext(object,
						     JSON_C_TO_STRING_PRETTY |
						     JSON_C_TO_STRING_NOSLASHESCAPE));
	json_object_put(object);
	return result;
}

/** report_save - keep a run that is not finished */
enum result report_save(const struct report *report, const char *folder)
{
	return save_json(folder, UNFINISHED, json_from_run(report));
}

static void text_of(const struct report *report, char **text, size_t *size)
{
	FILE *file = open_memstream(text, size);

	if (!file)
		return;
	fprintf(file, "smallbms commission of %s, begun %s, finished %s\n\n",
		report->board, report->begun, report->finished);
	for (int i = 0; i < STEP_COUNT; i++)
		fprintf(file, "%-8s %s: %s\n",
			outcome_name(report->steps[i].outcome), step_name(i),
			report->steps[i].text);
	fprintf(file, "\n%u passed, %u failed, %u skipped\n",
		report_count(report, OUTCOME_PASSED),
		report_count(report, OUTCOME_FAILED),
		report_count(report, OUTCOME_SKIPPED));
	fclose(file);
}

/**
 * report_finish - leave the reports, as text and JSON, of a run that is over
 * @path: filled in, of the text
 */
enum result report_finish(struct report *report, const char *folder,
			  char *path, size_t size)
{
	char name[STAMP_SIZE + 8], *text = NULL;
	size_t length = 0, used = 0;
	enum result result;

	stamp(report->finished);
	for (const char *c = report->finished; *c; c++)
		if (*c != ':')
			name[used++] = *c;
	strcpy(name + used, ".txt");
	text_of(report, &text, &length);
	result = save(folder, name, text ? text : "");
	free(text);
	snprintf(path, size, "%s/%s", folder, name);
	strcpy(name + used, ".json");
	if (!result)
		result = save_json(folder, name, json_from_report(report));
	if (!result) {
		char unfinished[PATH_MAX + NAME_MAX];

		snprintf(unfinished, sizeof(unfinished), "%s/" UNFINISHED,
			 folder);
		unlink(unfinished);
	}
	return result;
}

/* ---- and back */

bool report_unfinished(const char *folder)
{
	char path[PATH_MAX + NAME_MAX];

	snprintf(path, sizeof(path), "%s/" UNFINISHED, folder);
	return !access(path, F_OK);
}

/* @optional: null is as good as an empty text */
static bool take_text(struct json_object *object, const char *key,
		      bool optional, char *text, size_t size)
{
	struct json_object *value;

	*text = '\0';
	if (!json_object_object_get_ex(object, key, &value))
		return false;
	if (!value)
		return optional;
	return json_object_is_type(value, json_type_string) &&
	       snprintf(text, size, "%s", json_object_get_string(value)) <
	       (int)size;
}

static bool take_flag(struct json_object *object, const char *key, bool *flag)
{
	struct json_object *value;

	if (!json_object_object_get_ex(object, key, &value) ||
	    !json_object_is_type(value, json_type_boolean))
		return false;
	*flag = json_object_get_boolean(value);
	return true;
}

static bool take_seen(struct json_object *object, unsigned int *seen)
{
	struct json_object *array;

	*seen = 0;
	if (!json_object_object_get_ex(object, "seen", &array) ||
	    !json_object_is_type(array, json_type_array))
		return false;
	for (size_t i = 0; i < json_object_array_length(array); i++) {
		const char *name = json_object_get_string(json_object_array_get_idx(array, i));

		for (int line = 0; name && line < LINE_COUNT; line++)
			if (!strcmp(name, step_name(STEP_LINES + line)))
				*seen |= 1u << line;
	}
	return true;
}

static bool take_step(struct json_object *object, struct step *step,
		      unsigned int id)
{
	char name[64], outcome[16];
	int i = 0;

	if (!take_text(object, "step", false, name, sizeof(name)) ||
	    strcmp(name, step_name(id)) ||
	    !take_text(object, "result", false, outcome, sizeof(outcome)) ||
	    !take_text(object, "fault", true, step->fault,
		       sizeof(step->fault)) ||
	    !take_text(object, "text", true, step->text, sizeof(step->text)) ||
	    !take_seen(object, &step->seen))
		return false;
	while (i < OUTCOME_COUNT && strcmp(outcome, outcome_name(i)))
		i++;
	step->outcome = i;
	return i < OUTCOME_COUNT;
}

static bool take_steps(struct json_object *object, struct report *report)
{
	struct json_object *steps;

	if (!json_object_object_get_ex(object, "steps", &steps) ||
	    !json_object_is_type(steps, json_type_array) ||
	    json_object_array_length(steps) != STEP_COUNT)
		return false;
	for (int i = 0; i < STEP_COUNT; i++)
		if (!take_step(json_object_array_get_idx(steps, i),
			       &report->steps[i], i))
			return false;
	return true;
}

static bool take_original(struct json_object *object, struct report *report)
{
	struct json_object *original;

	if (!json_object_object_get_ex(object, "original", &original))
		return false;
	for (int i = 0; i < CHANGED_COUNT; i++)
		if (!take_text(original, attributes[changed_attributes[i]].name,
			       true, report->original[i],
			       sizeof(report->original[i])))
			return false;
	return true;
}

static bool take_report(struct json_object *object, struct report *report)
{
	char running[64];

	if (!take_text(object, "begun", false, report->begun,
		       sizeof(report->begun)) ||
	    !take_text(object, "supply", true, report->supply,
		       sizeof(report->supply)) ||
	    !take_text(object, "boot", true, report->boot,
		       sizeof(report->boot)) ||
	    !take_text(object, "running", true, running, sizeof(running)) ||
	    !take_flag(object, "load", &report->load) ||
	    !take_flag(object, "charge", &report->charge) ||
	    !take_original(object, report) || !take_steps(object, report))
		return false;
	report->running = 0;
	while (report->running < STEP_COUNT &&
	       strcmp(running, step_name(report->running)))
		report->running++;
	return true;
}

/**
 * report_load - read a run that is not finished
 * @report: begun by report_begin(); only what is in the file is replaced
 */
enum result report_load(struct report *report, const char *folder)
{
	char path[PATH_MAX + NAME_MAX];
	struct json_object *object;
	bool good;

	snprintf(path, sizeof(path), "%s/" UNFINISHED, folder);
	object = json_object_from_file(path);
	good = json_object_is_type(object, json_type_object) &&
	       take_report(object, report);
	json_object_put(object);
	if (good)
		return DONE;
	complain(path, "cannot be used to continue; remove it to begin anew");
	return FAILED;
}
