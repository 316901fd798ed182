// SPDX-License-Identifier: GPL-2.0
/*
 * An I2C adapter with one expander on it, and chips that measure. A transfer
 * takes as long as it does on a wire, and the master sleeps meanwhile, as behind
 * a real controller.
 */
#include <linux/delay.h>
#include <linux/i2c.h>
#include <linux/mod_devicetable.h>
#include <linux/module.h>
#include <linux/platform_device.h>
#include <linux/pm.h>
#include <linux/property.h>
#include <linux/sched.h>
#include <linux/timekeeping.h>

#include "bench.h"
#include "expander.h"
#include "faults.h"
#include "int_line.h"
#include "pins.h"
#include "sensor.h"

#define ADDRESS			0x20
#define KHZ			400

/* What the SMBus specification calls Ttimeout, at its longest */
#define TIMEOUT_MS		35

/**
 * struct bus - the adapter and what is on it
 * @adapter: the adapter
 * @pins: pins of the chip
 * @chip: the chip
 * @line: its INT
 * @faults: what is to go wrong
 * @sensor: the chips that measure
 * @khz: clock of the wire; 0: no time passes
 * @timeout_ms: how long the adapter waits when nothing moves
 * @verbose: every transfer goes into the record
 * @transfers: since somebody set them to 0
 * @reads: those of them that read
 * @bytes: addresses included
 */
struct bus {
	struct i2c_adapter adapter;
	struct pins pins;
	struct expander chip;
	struct int_line line;
	struct faults faults;
	struct sensor sensor;
	u32 khz;
	u32 timeout_ms;
	bool verbose;
	atomic_t transfers;
	atomic_t reads;
	atomic_t bytes;
};

static void bus_wait(const struct bus *bus, unsigned int bits)
{
	ktime_t time;

	if (!bus->khz)
		return;
	time = ns_to_ktime(bits * NSEC_PER_MSEC / bus->khz);
	set_current_state(TASK_UNINTERRUPTIBLE);
	schedule_hrtimeout(&time, HRTIMER_MODE_REL);
}

static void bus_note(struct bus *bus, enum record_kind kind, u32 number)
{
	unsigned long flags;

	raw_spin_lock_irqsave(&bus->pins.lock, flags);
	record_add(&bus->pins.record, ktime_get_boottime_ns(), kind, number,
		   true);
	raw_spin_unlock_irqrestore(&bus->pins.lock, flags);
}

static void bus_message(struct bus *bus, struct i2c_msg *msg,
			enum fault fault)
{
	unsigned int n;

	if (msg->flags & I2C_M_RD) {
		expander_read(&bus->chip, msg->buf, msg->len);
		for (n = 0; fault == FAULT_CORRUPT && n < msg->len; n++)
			msg->buf[n] = ~msg->buf[n];
	} else if (fault == FAULT_CORRUPT && (msg->len == 2 || msg->len == 3)) {
		u8 wrong[3] = { msg->buf[0], ~msg->buf[1], ~msg->buf[msg->len - 1] };

		monitor_reset(bus->pins.monitor, ktime_get_boottime_ns());
		expander_write(&bus->chip, wrong, msg->len, RECORD_RESET);
	} else if (fault != FAULT_DEAF || msg->len < 2) {
		expander_write(&bus->chip, msg->buf, msg->len,
			       RECORD_SET);
	}
}

/* Register, and the value written into it, as 0xRRVV */
static u32 bus_number(const struct i2c_msg *msg)
{
	return (msg->len ? msg->buf[0] << 8 : 0) |
	       (msg->len > 1 ? msg->buf[1] : 0);
}

/* The chips that measure have faults and counters of their own. */
static int bus_sensor_transfer(struct bus *bus, struct i2c_msg *msgs, int count)
{
	struct sensor *s = &bus->sensor;
	unsigned int bits = 1;
	int n;

	pins_measuring(&bus->pins);
	atomic_inc(&s->transfers);
	switch (faults_next(&s->faults, msgs[count - 1].flags & I2C_M_RD)) {
	case FAULT_NONE:
		break;
	case FAULT_TIMEOUT:
		msleep(bus->timeout_ms);
		return -ETIMEDOUT;
	default:
		bus_wait(bus, 11);
		return -ENXIO;
	}
	for (n = 0; n < count; n++)
		bits += 1 + 9 * (1 + msgs[n].len);
	bus_wait(bus, bits);
	for (n = 0; n < count; n++) {
		if (msgs[n].flags & I2C_M_RD)
			sensor_read(s, msgs[n].addr, msgs[n].buf, msgs[n].len);
		else
			sensor_write(s, msgs[n].addr, msgs[n].buf, msgs[n].len);
	}
	return count;
}

static int bus_transfer(struct i2c_adapter *adapter, struct i2c_msg *msgs,
			int count)
{
	struct bus *bus = i2c_get_adapdata(adapter);
	bool read = msgs[count - 1].flags & I2C_M_RD;
	unsigned int bits = 1;		/* STOP */
	enum fault fault;
	int n;

	if (sensor_is_at(msgs[0].addr))
		return bus_sensor_transfer(bus, msgs, count);
	atomic_inc(&bus->transfers);
	if (read)
		atomic_inc(&bus->reads);
	if (bus->verbose)
		bus_note(bus, read ? RECORD_READ : RECORD_WRITE,
			 bus_number(&msgs[0]));
	fault = faults_next(&bus->faults, read);
	if (fault != FAULT_NONE)
		bus_note(bus, RECORD_FAULT, fault);

	switch (fault) {
	case FAULT_TIMEOUT:
		msleep(bus->timeout_ms);
		return -ETIMEDOUT;
	case FAULT_NACK:
		bus_wait(bus, 11);	/* START, address, STOP */
		return -ENXIO;
	case FAULT_ARBITRATION:
		bus_wait(bus, 10);
		return -EAGAIN;
	case FAULT_RESET:
		expander_reset(&bus->chip);
		break;
	default:
		break;
	}

	for (n = 0; n < count; n++) {
		if (msgs[n].addr != ADDRESS)
			return -ENXIO;
		/* START or repeated START, address, data, nine bits a byte */
		bits += 1 + 9 * (1 + msgs[n].len);
		atomic_add(1 + msgs[n].len, &bus->bytes);
	}
	bus_wait(bus, bits);
	for (n = 0; n < count; n++)
		bus_message(bus, &msgs[n], fault);
	return count;
}

static u32 bus_functionality(struct i2c_adapter *adapter)
{
	return I2C_FUNC_I2C | I2C_FUNC_SMBUS_EMUL;
}

static const struct i2c_algorithm bus_algorithm = {
	.master_xfer = bus_transfer,
	.functionality = bus_functionality,
};

static void bus_pins_changed(struct pins *pins, u32 levels, u32 changed)
{
	struct bus *bus = container_of(pins, struct bus, pins);

	expander_changed(&bus->chip, levels);
}

static int int_stuck_get(void *data, u64 *value)
{
	*value = ((struct bus *)data)->line.stuck;
	return 0;
}

static int int_stuck_set(void *data, u64 value)
{
	int_line_stick(&((struct bus *)data)->line, value);
	return 0;
}
DEFINE_DEBUGFS_ATTRIBUTE(int_stuck_fops, int_stuck_get, int_stuck_set,
			 "%llu\n");

static int reset_set(void *data, u64 value)
{
	expander_reset(&((struct bus *)data)->chip);
	return 0;
}
DEFINE_DEBUGFS_ATTRIBUTE(reset_fops, NULL, reset_set, "%llu\n");

static void bus_control(struct bus *bus)
{
	struct dentry *folder = bus->pins.folder;

	debugfs_create_u32("khz", 0600, folder, &bus->khz);
	debugfs_create_u32("timeout_ms", 0600, folder, &bus->timeout_ms);
	debugfs_create_bool("verbose", 0600, folder, &bus->verbose);
	debugfs_create_atomic_t("transfers", 0600, folder, &bus->transfers);
	debugfs_create_atomic_t("reads", 0600, folder, &bus->reads);
	debugfs_create_atomic_t("bytes", 0600, folder, &bus->bytes);
	debugfs_create_atomic_t("interrupts", 0600, folder, &bus->line.fired);
	debugfs_create_u32("lose_percent", 0600, folder,
			   &bus->line.lose_percent);
	debugfs_create_file("fault", 0600, folder, &bus->faults, &faults_fops);
	debugfs_create_file("int_stuck", 0600, folder, bus, &int_stuck_fops);
	debugfs_create_file("reset", 0200, folder, bus, &reset_fops);
	sensor_control(&bus->sensor, folder);
}

static void bus_uncontrol(void *data)
{
	struct bus *bus = data;

	pins_uncontrol(&bus->pins);
	int_line_stick(&bus->line, false);
}

static void bus_remove_adapter(void *data)
{
	i2c_del_adapter(data);
}

static int bus_probe(struct platform_device *pdev)
{
	struct device *dev = &pdev->dev;
	bool mcp23017 = device_property_read_bool(dev, "mcp23017");
	struct bus *bus;
	u32 lines = 16;
	int ret;

	bus = devm_kzalloc(dev, sizeof(*bus), GFP_KERNEL);
	if (!bus)
		return -ENOMEM;
	platform_set_drvdata(pdev, bus);
	device_property_read_u32(dev, "lines", &lines);
	if (lines != 16 && (lines != 24 || mcp23017))
		return -EINVAL;
	bus->khz = KHZ;
	bus->timeout_ms = TIMEOUT_MS;
	faults_init(&bus->faults);
	sensor_init(&bus->sensor);
	bus->pins.changed = bus_pins_changed;
	ret = pins_init(&bus->pins, dev, lines);
	if (ret)
		return ret;
	ret = int_line_init(&bus->line, dev);
	if (ret)
		return ret;
	bus->chip.one_int = device_property_read_bool(dev, "one-int");
	expander_init(&bus->chip, mcp23017 ? &mcp23017_model : &pca9535_model,
		      &bus->pins, &bus->line);

	pins_control(&bus->pins);
	bus_control(bus);
	ret = devm_add_action_or_reset(dev, bus_uncontrol, bus);
	if (ret)
		return ret;

	bus->adapter.owner = THIS_MODULE;
	bus->adapter.algo = &bus_algorithm;
	bus->adapter.dev.parent = dev;
	bus->adapter.dev.of_node = dev->of_node;
	strscpy(bus->adapter.name, dev_name(dev), sizeof(bus->adapter.name));
	i2c_set_adapdata(&bus->adapter, bus);
	ret = i2c_add_adapter(&bus->adapter);
	if (ret)
		return ret;
	return devm_add_action_or_reset(dev, bus_remove_adapter,
					&bus->adapter);
}

static void bus_shutdown(struct platform_device *pdev)
{
	struct bus *bus = platform_get_drvdata(pdev);

	pins_left(&bus->pins, "a shutdown");
}

static int bus_suspend(struct device *dev)
{
	struct bus *bus = dev_get_drvdata(dev);

	pins_dozing(&bus->pins);
	return 0;
}

static int bus_suspend_noirq(struct device *dev)
{
	struct bus *bus = dev_get_drvdata(dev);

	pins_asleep(&bus->pins);
	return 0;
}

static const struct dev_pm_ops bus_pm_ops = {
	SYSTEM_SLEEP_PM_OPS(bus_suspend, NULL)
	NOIRQ_SYSTEM_SLEEP_PM_OPS(bus_suspend_noirq, NULL)
};

static const struct of_device_id bus_of_match[] = {
	{ .compatible = "smallbms,bench-i2c" },
	{ }
};
MODULE_DEVICE_TABLE(of, bus_of_match);

struct platform_driver bus_driver = {
	.probe = bus_probe,
	.shutdown = bus_shutdown,
	.driver = {
		.name = "bench-i2c",
		.of_match_table = bus_of_match,
		.pm = pm_sleep_ptr(&bus_pm_ops),
	},
};
