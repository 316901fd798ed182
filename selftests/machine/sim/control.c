// SPDX-License-Identifier: GPL-2.0
/*
 * The files in debugfs that steer the pins of a chip, smallbms-bench/DEVICE/:
 *
 *	pins		read: number, name, in or out, level of each
 *			write: "NAME LEVEL [NAME LEVEL...]", all at one moment
 *	level/NAME	read: the level of one pin
 *	dozing		write: the same, for when the board's suspend is over
 *	asleep		write: the same, for when the system is asleep
 *	measuring	write: the same, for when a chip that measures has the bus next
 *	short		write: names of outputs that are short-circuited, or none
 *	bounce		write: "NAME HZ MS"
 *	bounce_tick_us	how finely that is done
 *	trips		write: "INPUT OUTPUT COUNT GAP_US", and wait; read: ns of each
 *	record		read: what happened when; write: begin anew
 *	power		write: freeze, thaw, poweroff, restore, what hibernation asks of the
 *			board; or shutdown
 *	told		write: what the monitor cannot see, see monitor.h
 *	monitor		read: what it has seen
 *	grace_ms, load_reconnect_ms	see monitor.h
 */
#include <linux/seq_file.h>
#include <linux/slab.h>

#include "bench.h"
#include "pins.h"

#define BLANKS "\n "

static int pin_of(const struct pins *p, const char *name)
{
	unsigned int n;

	for (n = 0; n < p->count; n++)
		if (p->role[n] && !strcmp(name, role_name(p->role[n])))
			return n;
	return -EINVAL;
}

static char *text_from_user(const char __user *from, size_t count)
{
	if (count > PAGE_SIZE)
		return ERR_PTR(-EINVAL);
	return memdup_user_nul(from, count);
}

/* "NAME LEVEL [NAME LEVEL...]"; an empty text changes nothing */
static int parse_levels(const struct pins *p, char *text, u32 *mask,
			u32 *levels)
{
	char *name, *level;
	int pin;

	*mask = 0;
	*levels = 0;
	text = strim(text);
	while ((name = strsep(&text, BLANKS)) && *name) {
		level = strsep(&text, BLANKS);
		pin = pin_of(p, name);
		if (pin < 0 || !level || (*level != '0' && *level != '1'))
			return -EINVAL;
		*mask |= BIT(pin);
		if (*level == '1')
			*levels |= BIT(pin);
	}
	return 0;
}

static int pins_show(struct seq_file *file, void *unused)
{
	struct pins *p = file->private;
	u32 levels, driven;
	unsigned int n;

	raw_spin_lock_irq(&p->lock);
	levels = pins_levels(p);
	driven = p->driven;
	raw_spin_unlock_irq(&p->lock);
	for (n = 0; n < p->count; n++)
		seq_printf(file, "%u %s %s %u\n", n, role_name(p->role[n]),
			   driven & BIT(n) ? "out" : "in",
			   !!(levels & BIT(n)));
	return 0;
}

static int level_get(void *data, u64 *value)
{
	const struct pin *pin = data;
	struct pins *p = pin->pins;

	raw_spin_lock_irq(&p->lock);
	*value = !!(pins_levels(p) & BIT(pin->number));
	raw_spin_unlock_irq(&p->lock);
	return 0;
}
DEFINE_DEBUGFS_ATTRIBUTE(level_fops, level_get, NULL, "%llu\n");

static void bring(struct pins *p, u32 mask, u32 levels)
{
	pins_bring(p, mask, levels, true);
}

static void bring_dozing(struct pins *p, u32 mask, u32 levels)
{
	raw_spin_lock_irq(&p->lock);
	p->dozing = (struct pins_later){ mask, levels };
	raw_spin_unlock_irq(&p->lock);
}

static void bring_asleep(struct pins *p, u32 mask, u32 levels)
{
	raw_spin_lock_irq(&p->lock);
	p->asleep = (struct pins_later){ mask, levels };
	raw_spin_unlock_irq(&p->lock);
}

static void bring_measuring(struct pins *p, u32 mask, u32 levels)
{
	raw_spin_lock_irq(&p->lock);
	p->measuring = (struct pins_later){ mask, levels };
	raw_spin_unlock_irq(&p->lock);
}

static ssize_t levels_write(struct pins *p, const char __user *from,
			    size_t count,
			    void (*use)(struct pins *p, u32 mask, u32 levels))
{
	char *text = text_from_user(from, count);
	u32 mask, levels;
	int ret;

	if (IS_ERR(text))
		return PTR_ERR(text);
	ret = parse_levels(p, text, &mask, &levels);
	if (!ret)
		use(p, mask, levels);
	kfree(text);
	return ret ?: count;
}

static ssize_t pins_write(struct file *file, const char __user *from,
			  size_t count, loff_t *at)
{
	struct seq_file *seq = file->private_data;

	return levels_write(seq->private, from, count, bring);
}

static ssize_t dozing_write(struct file *file, const char __user *from,
			    size_t count, loff_t *at)
{
	return levels_write(file->private_data, from, count, bring_dozing);
}

static ssize_t asleep_write(struct file *file, const char __user *from,
			    size_t count, loff_t *at)
{
	return levels_write(file->private_data, from, count, bring_asleep);
}

static ssize_t measuring_write(struct file *file, const char __user *from,
			       size_t count, loff_t *at)
{
	return levels_write(file->private_data, from, count, bring_measuring);
}

static ssize_t short_write(struct file *file, const char __user *from,
			   size_t count, loff_t *at)
{
	struct pins *p = file->private_data;
	char *text = text_from_user(from, count), *rest, *name;
	u32 shorted = 0;
	int pin;

	if (IS_ERR(text))
		return PTR_ERR(text);
	rest = strim(text);
	while ((name = strsep(&rest, BLANKS)) && *name) {
		pin = pin_of(p, name);
		if (pin >= 0)
			shorted |= BIT(pin);
	}
	kfree(text);
	pins_short(p, shorted);
	return count;
}

static ssize_t bounce_write(struct file *file, const char __user *from,
			    size_t count, loff_t *at)
{
	struct pins *p = file->private_data;
	char *text = text_from_user(from, count);
	char name[24];
	u32 hz, ms;
	int pin;

	if (IS_ERR(text))
		return PTR_ERR(text);
	pin = sscanf(text, "%23s %u %u", name, &hz, &ms) == 3 ?
	      pin_of(p, name) : -EINVAL;
	kfree(text);
	if (pin < 0)
		return pin;
	bouncer_start(p, pin, hz, ms);
	return count;
}

static ssize_t trips_write(struct file *file, const char __user *from,
			   size_t count, loff_t *at)
{
	struct seq_file *seq = file->private_data;
	struct pins *p = seq->private;
	char *text = text_from_user(from, count);
	char in[24], out[24];
	int input, output, ret = -EINVAL;
	u32 trips, gap_us;

	if (IS_ERR(text))
		return PTR_ERR(text);
	if (sscanf(text, "%23s %23s %u %u", in, out, &trips, &gap_us) == 4) {
		input = pin_of(p, in);
		output = pin_of(p, out);
		if (input >= 0 && output >= 0)
			ret = trips_run(p, input, output, trips, gap_us);
	}
	kfree(text);
	return ret ?: count;
}

static int trips_show(struct seq_file *file, void *unused)
{
	struct pins *p = file->private;
	u32 n;

	for (n = 0; n < p->trips.count; n++)
		seq_printf(file, "%llu\n", p->trips.samples[n]);
	return 0;
}

static int record_show(struct seq_file *file, void *unused)
{
	struct pins *p = file->private;
	struct record_entry entry;
	unsigned int n;

	for (n = 0; ; n++) {
		raw_spin_lock_irq(&p->lock);
		if (n < p->record.count)
			entry = p->record.entries[n];
		else
			entry.ns = 0;
		raw_spin_unlock_irq(&p->lock);
		if (!entry.ns)
			break;
		if (entry.kind >= RECORD_FAULT)
			seq_printf(file, "%llu %s bus %#x\n", entry.ns,
				   record_kind_name(entry.kind), entry.number);
		else
			seq_printf(file, "%llu %s %s %u\n", entry.ns,
				   record_kind_name(entry.kind),
				   role_name(p->role[entry.number]),
				   entry.level);
	}
	if (p->record.missed)
		seq_printf(file, "# and %u more\n", p->record.missed);
	return 0;
}

static ssize_t record_write(struct file *file, const char __user *from,
			    size_t count, loff_t *at)
{
	struct seq_file *seq = file->private_data;
	struct pins *p = seq->private;

	raw_spin_lock_irq(&p->lock);
	p->record.count = 0;
	p->record.missed = 0;
	raw_spin_unlock_irq(&p->lock);
	return count;
}

static ssize_t told_write(struct file *file, const char __user *from,
			  size_t count, loff_t *at)
{
	static const char * const words[] = {
		"remote-off", "inhibit", "leaving", "unreadable", "short",
		"stirred", "load-off", "shed",
	};
	struct pins *p = file->private_data;
	char *text = text_from_user(from, count), *rest, *word;
	u32 told = 0;
	int n;

	if (IS_ERR(text))
		return PTR_ERR(text);
	rest = strim(text);
	while ((word = strsep(&rest, BLANKS)) && *word) {
		n = match_string(words, ARRAY_SIZE(words), word);
		if (n >= 0)
			told |= BIT(n);
	}
	kfree(text);
	raw_spin_lock_irq(&p->lock);
	monitor_tell(p->monitor, told);
	raw_spin_unlock_irq(&p->lock);
	return count;
}

static int power_board(struct device *board, const char *word)
{
	const struct dev_pm_ops *pm = board->driver->pm;

	if (!strcmp(word, "shutdown"))
		board->bus->shutdown(board);
	else if (!strcmp(word, "freeze"))
		return pm->freeze(board);
	else if (!strcmp(word, "thaw"))
		return pm->thaw(board);
	else if (!strcmp(word, "poweroff"))
		return pm->poweroff(board);
	else if (!strcmp(word, "restore"))
		return pm->restore(board);
	else
		return -EINVAL;
	return 0;
}

/* What the system does to the board, but for what comes after */
static ssize_t power_write(struct file *file, const char __user *from,
			   size_t count, loff_t *at)
{
	struct pins *p = file->private_data;
	char *text = text_from_user(from, count);
	struct device *board;
	char name[32];
	int ret = -ENODEV;

	if (IS_ERR(text))
		return PTR_ERR(text);
	snprintf(name, sizeof(name), "board-%s", p->monitor->board);
	board = bus_find_device_by_name(p->dev->bus, NULL, name);
	if (board) {
		device_lock(board);
		if (board->driver)
			ret = power_board(board, strim(text));
		device_unlock(board);
		put_device(board);
	}
	kfree(text);
	return ret ?: count;
}

static int monitor_show(struct seq_file *file, void *unused)
{
	struct pins *p = file->private;

	seq_printf(file, "checks %u\nobjections %u\n", p->monitor->checks,
		   p->monitor->objections);
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(monitor);

#define SHOWN_AND_WRITTEN(_name)					\
static int _name##_open(struct inode *inode, struct file *file)		\
{									\
	return single_open(file, _name##_show, inode->i_private);	\
}									\
									\
static const struct file_operations _name##_fops = {			\
	.owner = THIS_MODULE,						\
	.open = _name##_open,						\
	.read = seq_read,						\
	.write = _name##_write,						\
	.llseek = seq_lseek,						\
	.release = single_release,					\
}

#define WRITTEN(_name)							\
static const struct file_operations _name##_fops = {			\
	.owner = THIS_MODULE,						\
	.open = simple_open,						\
	.write = _name##_write,						\
	.llseek = default_llseek,					\
}

SHOWN_AND_WRITTEN(pins);
SHOWN_AND_WRITTEN(record);
SHOWN_AND_WRITTEN(trips);
WRITTEN(dozing);
WRITTEN(asleep);
WRITTEN(measuring);
WRITTEN(short);
WRITTEN(bounce);
WRITTEN(told);
WRITTEN(power);

/**
 * pins_control() - make the files
 * @p: the pins
 */
void pins_control(struct pins *p)
{
	struct dentry *folder, *levels;
	unsigned int n;

	folder = debugfs_create_dir(dev_name(p->dev), bench_folder);
	p->folder = folder;
	debugfs_create_file("pins", 0600, folder, p, &pins_fops);
	debugfs_create_file("dozing", 0200, folder, p, &dozing_fops);
	debugfs_create_file("asleep", 0200, folder, p, &asleep_fops);
	debugfs_create_file("measuring", 0200, folder, p, &measuring_fops);
	debugfs_create_file("short", 0200, folder, p, &short_fops);
	debugfs_create_file("bounce", 0200, folder, p, &bounce_fops);
	debugfs_create_u32("bounce_tick_us", 0600, folder, &p->bounce_tick_us);
	debugfs_create_file("trips", 0600, folder, p, &trips_fops);
	debugfs_create_file("record", 0600, folder, p, &record_fops);
	debugfs_create_file("told", 0200, folder, p, &told_fops);
	debugfs_create_file("power", 0200, folder, p, &power_fops);
	debugfs_create_file("monitor", 0400, folder, p, &monitor_fops);
	debugfs_create_u32("grace_ms", 0600, folder, &p->monitor->grace_ms);
	debugfs_create_u32("load_reconnect_ms", 0600, folder,
			   &p->monitor->load_reconnect_ms);

	levels = debugfs_create_dir("level", folder);
	for (n = 0; n < p->count; n++) {
		if (!p->role[n])
			continue;
		p->pin[n].pins = p;
		p->pin[n].number = n;
		debugfs_create_file(role_name(p->role[n]), 0400, levels,
				    &p->pin[n], &level_fops);
	}
}

/**
 * pins_uncontrol() - take them away; nothing moves by itself any more
 * @p: the pins
 */
void pins_uncontrol(struct pins *p)
{
	debugfs_remove(p->folder);
	bouncer_stop(p);
	trips_free(&p->trips);
	dev_info(p->dev, "monitor: %u checks, %u objections, left with load %u charge %u\n",
		 p->monitor->checks, p->monitor->objections,
		 !!(p->monitor->high & BIT(ROLE_LOAD)),
		 !!(p->monitor->high & BIT(ROLE_CHARGE)));
}
