// SPDX-License-Identifier: GPL-2.0
/*
 * Keeps observers of a board from being added, as long as the test likes (F0):
 *
 *	/sys/kernel/debug/smallbms-obstacle/names
 *		NAME: a power supply of that name, and its LED trigger load-on
 *	/sys/kernel/debug/smallbms-obstacle/calls
 *		FUNCTION ERROR: what smallbms calls FUNCTION for fails with that
 *		errno; only where the kernel has kprobes
 *
 * An empty line ends it.
 */
#include <linux/debugfs.h>
#include <linux/errno.h>
#include <linux/kallsyms.h>
#include <linux/kprobes.h>
#include <linux/leds.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/platform_device.h>
#include <linux/power_supply.h>
#include <linux/ptrace.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/uaccess.h>

#define WORDS		80

/* The caller whose calls fail */
#define CALLER		"[smallbms]"

static DEFINE_MUTEX(lock);
static struct dentry *folder;
static struct platform_device *parent;

/* ---- names */

static char supply_name[WORDS];
static char trigger_name[WORDS + 8];
static struct power_supply *supply;
static struct led_trigger trigger = { .name = trigger_name };
static bool has_trigger;

static int get_property(struct power_supply *psy, enum power_supply_property what,
			union power_supply_propval *value)
{
	value->intval = 0;
	return 0;
}

static const enum power_supply_property properties[] = {
	POWER_SUPPLY_PROP_PRESENT,
};

static const struct power_supply_desc supply_desc = {
	.name = supply_name,
	.type = POWER_SUPPLY_TYPE_BATTERY,
	.properties = properties,
	.num_properties = ARRAY_SIZE(properties),
	.get_property = get_property,
	.no_thermal = true,
};

static void give_names_back(void)
{
	if (supply)
		power_supply_unregister(supply);
	supply = NULL;
	if (has_trigger)
		led_trigger_unregister(&trigger);
	has_trigger = false;
}

static int take_names(const char *name)
{
	int ret;

	give_names_back();
	if (!*name)
		return 0;
	strscpy(supply_name, name, sizeof(supply_name));
	snprintf(trigger_name, sizeof(trigger_name), "%s-load-on", name);

	supply = power_supply_register(&parent->dev, &supply_desc, NULL);
	if (IS_ERR(supply)) {
		ret = PTR_ERR(supply);
		supply = NULL;
		return ret;
	}
	ret = led_trigger_register(&trigger);
	has_trigger = !ret;
	return ret;
}

/* ---- calls */

#ifdef CONFIG_KPROBES
static char function[WORDS];
static long error;
static struct kprobe probe;
static bool armed;

/* In place of the function's first instruction: return, if our caller called. */
static int fail_call(struct kprobe *p, struct pt_regs *regs)
{
	unsigned long caller = procedure_link_pointer(regs);
	char name[KSYM_SYMBOL_LEN];

	sprint_symbol(name, caller);
	if (!strstr(name, CALLER))
		return 0;
	regs->regs[0] = -error;
	instruction_pointer_set(regs, caller);
	return 1;
}

static void let_calls_pass(void)
{
	if (armed)
		unregister_kprobe(&probe);
	armed = false;
}

static int fail_calls(const char *words)
{
	int ret;

	let_calls_pass();
	if (!*words)
		return 0;
	if (sscanf(words, "%79s %ld", function, &error) != 2)
		return -EINVAL;
	probe = (struct kprobe){
		.symbol_name = function,
		.pre_handler = fail_call,
	};
	ret = register_kprobe(&probe);
	armed = !ret;
	return ret;
}
#else
static void let_calls_pass(void)
{
}
#endif

/* ---- files */

static ssize_t obstacle_write(struct file *file, const char __user *from,
			      size_t size, loff_t *pos)
{
	int (*change)(const char *words) = file->private_data;
	char words[WORDS] = "";
	int ret;

	if (size >= sizeof(words))
		return -EINVAL;
	if (copy_from_user(words, from, size))
		return -EFAULT;
	mutex_lock(&lock);
	ret = change(strim(words));
	mutex_unlock(&lock);
	return ret ? ret : size;
}

static const struct file_operations obstacle_fops = {
	.owner = THIS_MODULE,
	.open = simple_open,
	.write = obstacle_write,
};

static int __init obstacle_init(void)
{
	parent = platform_device_register_simple("smallbms-obstacle",
						 PLATFORM_DEVID_NONE, NULL, 0);
	if (IS_ERR(parent))
		return PTR_ERR(parent);
	folder = debugfs_create_dir("smallbms-obstacle", NULL);
	debugfs_create_file("names", 0200, folder, take_names, &obstacle_fops);
#ifdef CONFIG_KPROBES
	debugfs_create_file("calls", 0200, folder, fail_calls, &obstacle_fops);
#endif
	return 0;
}
module_init(obstacle_init);

static void __exit obstacle_exit(void)
{
	debugfs_remove(folder);
	let_calls_pass();
	give_names_back();
	platform_device_unregister(parent);
}
module_exit(obstacle_exit);

MODULE_DESCRIPTION("Keeps observers of a smallBMS board from being added");
MODULE_LICENSE("GPL");
