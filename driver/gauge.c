// SPDX-License-Identifier: GPL-2.0
/*
 * The gauge: where a program reports what a battery monitor measures, as
 * attributes below gauge/, one value a file.
 *
 * The program may write as fast as it can, and may stop (S5): observers are called
 * once a second at most while it writes, and a last time when all is stale.
 */
#include <linux/device.h>
#include <linux/kstrtox.h>
#include <linux/mutex.h>
#include <linux/string.h>
#include <linux/sysfs.h>
#include <linux/workqueue.h>

#include "core.h"
#include "measurements.h"
#include "observers.h"

/* Observers are called so long after a value. */
#define NOTIFY_MS		1000

/* Values are checked for having become stale so often. */
#define STALE_INTERVAL_MS	10000

/*
 * Limits. The board ends at 70 V; an int at 2147 A, and shunts at 2000 A; sensors for
 * batteries at -55 and 175 degrees Celsius. A bank discharges itself within about a
 * year, so a longer time to empty is none.
 */
static const struct {
	const char *name;
	int min;
	int max;
} kinds[MEASUREMENT_COUNT] = {
	[MEASUREMENT_VOLTAGE] = { "voltage_uv", 0, 100000000 },
	[MEASUREMENT_CURRENT] = { "current_ua", -2000000000, 2000000000 },
	[MEASUREMENT_TEMPERATURE] = { "temp_dc", -1000, 2000 },
	[MEASUREMENT_TIME_TO_EMPTY] = { "time_to_empty_s", -1, TIME_TO_EMPTY_MAX_S },
	[MEASUREMENT_SOC] = { "soc_permille", 0, 1000 },
};

/**
 * struct gauge - the gauge of one board
 * @board: the board
 * @files: the attributes, by &enum measurement
 * @attrs: those of @files, and NULL
 * @group: all of them
 * @notify: calls observers
 * @lock: guards the order of writes, and @pending
 * @pending: a value was written that observers do not know of
 */
struct gauge {
	struct board *board;
	struct dev_ext_attribute files[MEASUREMENT_COUNT];
	struct attribute *attrs[MEASUREMENT_COUNT + 1];
	struct attribute_group group;
	struct delayed_work notify;
	struct mutex lock;	/* guards the order of writes, and @pending */
	bool pending;
};

/* Not while the system sleeps: nobody can write then. */
static void gauge_schedule(struct gauge *g, unsigned int ms)
{
	mod_delayed_work(system_freezable_power_efficient_wq, &g->notify,
			 msecs_to_jiffies(ms));
}

static bool gauge_is_fresh(const struct gauge *g)
{
	unsigned int what;

	for (what = 0; what < MEASUREMENT_COUNT; what++)
		if (measurements_fresh_from(g->board->measurements, SOURCE_GAUGE,
					    what))
			return true;
	return false;
}

static void gauge_work(struct work_struct *work)
{
	struct gauge *g = container_of(to_delayed_work(work), struct gauge,
				       notify);

	mutex_lock(&g->lock);
	g->pending = false;
	if (gauge_is_fresh(g))
		gauge_schedule(g, STALE_INTERVAL_MS);
	mutex_unlock(&g->lock);
	measurements_notify(g->board->measurements);
}

/* Which of the attributes of a gauge that is */
static struct gauge *to_gauge(struct device_attribute *attr,
			      enum measurement *what)
{
	struct dev_ext_attribute *file = container_of(attr, struct dev_ext_attribute,
						      attr);
	struct gauge *g = file->var;

	*what = file - g->files;
	return g;
}

static ssize_t gauge_show(struct device *dev, struct device_attribute *attr,
			  char *buf)
{
	enum measurement what;
	struct gauge *g = to_gauge(attr, &what);
	int value;

	if (!measurements_get_from(g->board->measurements, SOURCE_GAUGE, what,
				   &value))
		return sysfs_emit(buf, "\n");
	return sysfs_emit(buf, "%d\n", value);
}

/* A value, or none. Called with the lock held. */
static void gauge_take(struct gauge *g, enum measurement what, const int *value)
{
	struct board *b = g->board;

	if (value)
		measurements_put(b->measurements, SOURCE_GAUGE, what, *value);
	else
		measurements_forget(b->measurements, SOURCE_GAUGE, what);
	if (what == MEASUREMENT_SOC)
		core_report_soc(b->core, value ? *value : -1);

	/* Later values come with this one: they do not put it off. */
	if (!g->pending)
		gauge_schedule(g, NOTIFY_MS);
	g->pending = true;
}

static ssize_t gauge_store(struct device *dev, struct device_attribute *attr,
			   const char *buf, size_t count)
{
	bool empty = sysfs_streq(buf, "");
	enum measurement what;
	struct gauge *g = to_gauge(attr, &what);
	int value;

	if (!empty && (kstrtoint(buf, 10, &value) || value < kinds[what].min ||
		       value > kinds[what].max))
		return -EINVAL;
	mutex_lock(&g->lock);
	gauge_take(g, what, empty ? NULL : &value);
	mutex_unlock(&g->lock);
	return count;
}

static void gauge_describe(struct gauge *g)
{
	unsigned int n;

	for (n = 0; n < MEASUREMENT_COUNT; n++) {
		struct dev_ext_attribute *file = &g->files[n];

		sysfs_attr_init(&file->attr.attr);
		file->attr.attr.name = kinds[n].name;
		file->attr.attr.mode = 0644;
		file->attr.show = gauge_show;
		file->attr.store = gauge_store;
		file->var = g;
		g->attrs[n] = &file->attr.attr;
	}
	g->group.name = "gauge";
	g->group.attrs = g->attrs;
}

static void gauge_stop(void *data)
{
	struct gauge *g = data;

	cancel_delayed_work_sync(&g->notify);
}

/**
 * gauge_attach() - add the attributes below gauge/
 * @b: the board
 *
 * Return: 0, or a negative errno.
 */
int gauge_attach(struct board *b)
{
	struct gauge *g = devm_kzalloc(b->dev, sizeof(*g), GFP_KERNEL);
	int ret;

	if (!g)
		return -ENOMEM;
	g->board = b;
	mutex_init(&g->lock);
	INIT_DELAYED_WORK(&g->notify, gauge_work);
	gauge_describe(g);
	ret = devm_add_action_or_reset(b->dev, gauge_stop, g);
	if (ret)
		return ret;
	return devm_device_add_group(b->dev, &g->group);
}
