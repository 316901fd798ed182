// SPDX-License-Identifier: GPL-2.0
/* The reports that 'smallbms commission' has left, for status and history. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <json-c/json.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "smallbms.h"

#define FOLDER "/var/lib/smallbms/commission"
/* With --sysfs-root, a folder of this name takes its place */
#define FOLDER_OF_TESTS "commission"
/* "2026-11-29T101240Z.json", and only its beginning names a report */
#define NAME_LENGTH 23
/* Far more than a report has */
#define REPORT_MAX (64 * 1024)

/** commissioned_folder - where the reports of a board are; Return: 0 or -ENAMETOOLONG */
int commissioned_folder(const struct config *config, const char *label,
			char *path, size_t size)
{
	bool tests = strcmp(config->sysfs_root, "/sys");
	int length;

	if (config->output)
		length = snprintf(path, size, "%s/%s", config->output, label);
	else if (tests)
		length = snprintf(path, size, "%s/" FOLDER_OF_TESTS "/%s",
				  config->sysfs_root, label);
	else
		length = snprintf(path, size, FOLDER "/%s", label);
	return length < (int)size ? 0 : -ENAMETOOLONG;
}

static int is_report(const struct dirent *entry)
{
	return strlen(entry->d_name) == NAME_LENGTH &&
	       entry->d_name[4] == '-' && entry->d_name[10] == 'T' &&
	       !strcmp(entry->d_name + NAME_LENGTH - 6, "Z.json");
}

static struct json_object *read_report(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	struct json_object *object;
	struct stat status;

	if (fd < 0)
		return NULL;
	if (fstat(fd, &status) || !S_ISREG(status.st_mode) ||
	    status.st_size > REPORT_MAX) {
		close(fd);
		return NULL;
	}
	object = json_object_from_fd(fd);
	close(fd);
	return object;
}

static bool take_count(struct json_object *object, const char *key, int *count)
{
	struct json_object *value;

	if (!json_object_object_get_ex(object, key, &value) ||
	    !json_object_is_type(value, json_type_int))
		return false;
	*count = json_object_get_int(value);
	return true;
}

static bool take_time(struct json_object *object, struct commissioned *found)
{
	struct json_object *value;
	struct tm parts = { 0 };
	time_t seconds;

	if (!json_object_object_get_ex(object, "finished", &value) ||
	    !json_object_is_type(value, json_type_string) ||
	    !strptime(json_object_get_string(value), "%Y-%m-%dT%H:%M:%S",
		      &parts))
		return false;
	seconds = timegm(&parts);
	found->time_ms = seconds * 1000LL;
	localtime_r(&seconds, &parts);
	strftime(found->date, sizeof(found->date), "%Y-%m-%d", &parts);
	return true;
}

static void read_counts(struct commissioned *found)
{
	struct json_object *object = read_report(found->path);

	found->broken = !json_object_is_type(object, json_type_object) ||
			!take_time(object, found) ||
			!take_count(object, "passed", &found->passed) ||
			!take_count(object, "failed", &found->failed) ||
			!take_count(object, "skipped", &found->skipped);
	json_object_put(object);
}

/**
 * commissioned_list - the reports of a board, the oldest first
 * @last: only the newest one
 * @list: filled; the caller frees it
 *
 * Return: how many there are; also 0 when there is no folder, or no memory
 */
size_t commissioned_list(const struct config *config, const char *label,
			 bool last, struct commissioned **list)
{
	char folder[PATH_MAX];
	struct dirent **names;
	size_t used = 0;
	int count = -1, from;

	*list = NULL;
	if (!commissioned_folder(config, label, folder, sizeof(folder)))
		count = scandir(folder, &names, is_report, alphasort);
	if (count < 0)
		return 0;
	from = last && count ? count - 1 : 0;
	*list = calloc(count + 1, sizeof(**list));
	for (int i = from; i < count && *list; i++) {
		struct commissioned *found = &(*list)[used];

		if (snprintf(found->path, sizeof(found->path), "%s/%s", folder,
			     names[i]->d_name) < (int)sizeof(found->path)) {
			read_counts(found);
			used++;
		}
	}
	for (int i = 0; i < count; i++)
		free(names[i]);
	free(names);
	return used;
}

/** words_commissioned - a report in a line */
void words_commissioned(const struct commissioned *found, char *text,
			size_t size)
{
	int used;

	if (found->broken) {
		snprintf(text, size, "the report %s cannot be read",
			 found->path);
		return;
	}
	used = snprintf(text, size, "%s: %d passed, %d failed", found->date,
			found->passed, found->failed);
	if (found->skipped && used < (int)size)
		snprintf(text + used, size - used, ", %d skipped",
			 found->skipped);
}

/** json_from_commissioned - Return: a report in short, or NULL when it is broken */
struct json_object *json_from_commissioned(const struct commissioned *found)
{
	struct json_object *object;

	if (found->broken)
		return NULL;
	object = json_object_new_object();
	json_object_object_add(object, "date",
			       json_object_new_string(found->date));
	json_object_object_add(object, "passed",
			       json_object_new_int(found->passed));
	json_object_object_add(object, "failed",
			       json_object_new_int(found->failed));
	json_object_object_add(object, "skipped",
			       json_object_new_int(found->skipped));
	json_object_object_add(object, "report",
			       json_object_new_string(found->path));
	return object;
}
