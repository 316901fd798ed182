// SPDX-License-Identifier: GPL-2.0
/*
 * Which boards are there? A board is a power supply whose parent device is
 * driven by smallbms.
 */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "smallbms.h"

#define DRIVER "smallbms"

static int names_add(struct names *names, const char *name)
{
	char **grown = realloc(names->name,
			       (names->count + 1) * sizeof(*names->name));

	if (!grown)
		return -ENOMEM;
	names->name = grown;
	grown[names->count] = strdup(name);
	if (!grown[names->count])
		return -ENOMEM;
	names->count++;
	return 0;
}

void names_free(struct names *names)
{
	for (size_t i = 0; i < names->count; i++)
		free(names->name[i]);
	free(names->name);
	*names = (struct names){ 0 };
}

/* As a person counts: smallbms2 before smallbms10. */
static int compare_names(const void *a, const void *b)
{
	return strverscmp(*(char *const *)a, *(char *const *)b);
}

static bool driven_by_us(int folder, const char *name)
{
	char path[NAME_MAX + sizeof("/device/driver")], target[PATH_MAX];
	const char *base;
	ssize_t length;

	snprintf(path, sizeof(path), "%s/device/driver", name);
	length = readlinkat(folder, path, target, sizeof(target) - 1);
	if (length < 0)
		return false;
	target[length] = '\0';
	base = strrchr(target, '/');
	return !strcmp(base ? base + 1 : target, DRIVER);
}

static int walk(const char *sysfs_root, struct names *names)
{
	char folder[PATH_MAX];
	struct dirent *entry;
	int error = 0;
	DIR *dir;

	if (snprintf(folder, sizeof(folder), "%s/class/power_supply",
		     sysfs_root) >= (int)sizeof(folder))
		return -ENAMETOOLONG;
	dir = opendir(folder);
	if (!dir)
		return errno == ENOENT ? 0 : -errno;
	while (!error && (entry = readdir(dir)))
		if (entry->d_name[0] != '.' &&
		    driven_by_us(dirfd(dir), entry->d_name))
			error = names_add(names, entry->d_name);
	closedir(dir);
	return error;
}

/**
 * names_find - name the boards, in order
 * @sysfs_root: normally /sys
 * @names: all zero; the caller frees it with names_free(), also on error
 *
 * Return: 0, also when there is no board, or a negative errno
 */
int names_find(const char *sysfs_root, struct names *names)
{
	int error = walk(sysfs_root, names);

	if (!error && names->count)
		qsort(names->name, names->count, sizeof(*names->name),
		      compare_names);
	return error;
}
