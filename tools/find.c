// SPDX-License-Identifier: GPL-2.0
/*
 * Which boards are there? A board is a power supply whose parent device is
 * driven by smallbms. This file alone knows the two ways of finding out:
 * libudev, and a walk through the folders, for --sysfs-root and for static
 * builds (there is no static libudev).
 */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#ifdef HAVE_LIBUDEV
#include <libudev.h>
#endif

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

static bool driven_by_us(const char *folder, const char *name)
{
	char path[PATH_MAX], target[PATH_MAX];
	const char *base;
	ssize_t length;

	if (snprintf(path, sizeof(path), "%s/%s/device/driver", folder,
		     name) >= (int)sizeof(path))
		return false;
	length = readlink(path, target, sizeof(target) - 1);
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
		    driven_by_us(folder, entry->d_name))
			error = names_add(names, entry->d_name);
	closedir(dir);
	return error;
}

#ifdef HAVE_LIBUDEV
static int ask_udev(struct names *names)
{
	struct udev *udev = udev_new();
	struct udev_enumerate *found = udev ? udev_enumerate_new(udev) : NULL;
	struct udev_list_entry *entry;
	int error = -ENOMEM;

	if (!found)
		goto out;
	error = udev_enumerate_add_match_subsystem(found, "power_supply");
	if (!error)
		error = udev_enumerate_scan_devices(found);
	if (error < 0)
		goto out;
	error = 0;
	udev_list_entry_foreach(entry, udev_enumerate_get_list_entry(found)) {
		const char *path = udev_list_entry_get_name(entry);
		struct udev_device *device, *parent;
		const char *driver;

		/* Gone again since the scan: not there. */
		device = udev_device_new_from_syspath(udev, path);
		if (!device)
			continue;
		parent = udev_device_get_parent(device);
		driver = parent ? udev_device_get_driver(parent) : NULL;
		if (driver && !strcmp(driver, DRIVER))
			error = names_add(names,
					  udev_device_get_sysname(device));
		udev_device_unref(device);
		if (error)
			break;
	}
out:
	udev_enumerate_unref(found);
	udev_unref(udev);
	return error;
}
#endif

/**
 * names_find - name the boards, in order
 * @sysfs_root: normally /sys
 * @names: all zero; the caller frees it with names_free(), also on error
 *
 * Return: 0, also when there is no board, or a negative errno
 */
int names_find(const char *sysfs_root, struct names *names)
{
	int error;

#ifdef HAVE_LIBUDEV
	if (!strcmp(sysfs_root, "/sys"))
		error = ask_udev(names);
	else
#endif
		error = walk(sysfs_root, names);
	if (!error && names->count)
		qsort(names->name, names->count, sizeof(*names->name),
		      compare_names);
	return error;
}
