// SPDX-License-Identifier: GPL-2.0
/*
 * The bank as a power supply, from the lines and from what is measured.
 *
 * No property ever fails once it is registered: one error takes a monitoring
 * agent's whole collector down, or swallows a uevent. And capacity is never 0
 * nor absent: desktops power the host off at that.
 */
#include <linux/device.h>
#include <linux/mutex.h>
#include <linux/property.h>

#include "board.h"
#include "capacity.h"
#include "compat.h"

/* Noise of the measurements is no news: percent */
#define CAPACITY_STEP		2

/* Names are given one at a time, so that none is given twice. */
static DEFINE_MUTEX(supply_names);

static bool has(const struct board_view *view, unsigned int line)
{
	return view->conditions & PROTECTION_BIT(line);
}

static int supply_status(const struct board *b, const struct board_view *view)
{
	int direction = measure_direction(b);

	if (direction)
		return direction > 0 ? POWER_SUPPLY_STATUS_CHARGING :
				       POWER_SUPPLY_STATUS_DISCHARGING;
	if (!b->supplied)
		return POWER_SUPPLY_STATUS_UNKNOWN;
	if (!READ_ONCE(b->charger_online))
		return POWER_SUPPLY_STATUS_DISCHARGING;
	return view->outputs & PROTECTION_CHARGE ?
	       POWER_SUPPLY_STATUS_CHARGING : POWER_SUPPLY_STATUS_NOT_CHARGING;
}

static int supply_health(const struct board_view *view)
{
	if (view->conditions & (CONDITION_IO_ERROR | CONDITION_SENSE_MISMATCH |
				CONDITION_IMPLAUSIBLE))
		return POWER_SUPPLY_HEALTH_UNSPEC_FAILURE;
	if (has(view, PROTECTION_OVER_TEMPERATURE))
		return POWER_SUPPLY_HEALTH_OVERHEAT;
	if (has(view, PROTECTION_UNDER_TEMPERATURE))
		return POWER_SUPPLY_HEALTH_COLD;
	if (has(view, PROTECTION_CELL_OVERVOLTAGE))
		return POWER_SUPPLY_HEALTH_OVERVOLTAGE;
	if (has(view, PROTECTION_CELL_UNDERVOLTAGE))
		return SMALLBMS_HEALTH_UNDERVOLTAGE;
	return POWER_SUPPLY_HEALTH_GOOD;
}

static enum capacity_band supply_band(const struct board_view *view)
{
	if (view->unreadable)
		return CAPACITY_BAND_UNREADABLE;
	if (has(view, PROTECTION_CELL_UNDERVOLTAGE))
		return CAPACITY_BAND_EMPTY;
	if (has(view, PROTECTION_CELL_LOW))
		return CAPACITY_BAND_LOW;
	if (has(view, PROTECTION_CELL_OVERVOLTAGE))
		return CAPACITY_BAND_FULL;
	return CAPACITY_BAND_NORMAL;
}

static int supply_capacity_level(const struct board_view *view)
{
	static const int levels[] = {
		[CAPACITY_BAND_UNREADABLE] = POWER_SUPPLY_CAPACITY_LEVEL_UNKNOWN,
		[CAPACITY_BAND_EMPTY] = POWER_SUPPLY_CAPACITY_LEVEL_CRITICAL,
		[CAPACITY_BAND_LOW] = POWER_SUPPLY_CAPACITY_LEVEL_LOW,
		[CAPACITY_BAND_NORMAL] = POWER_SUPPLY_CAPACITY_LEVEL_NORMAL,
		[CAPACITY_BAND_FULL] = POWER_SUPPLY_CAPACITY_LEVEL_FULL,
	};

	return levels[supply_band(view)];
}

/* While inputs are unreadable the last capacity that was known stands. */
static int supply_capacity(struct board *b, const struct board_view *view)
{
	enum capacity_band band = supply_band(view);
	struct capacity_estimate estimate;
	bool estimated = measure_estimate(b, &estimate);
	int capacity;

	if (band == CAPACITY_BAND_UNREADABLE)
		return READ_ONCE(b->capacity);

	capacity = capacity_percent(band, estimated ? &estimate : NULL);
	WRITE_ONCE(b->capacity, capacity);
	return capacity;
}

static int supply_error_margin(const struct board *b,
			       const struct board_view *view)
{
	struct capacity_estimate estimate;
	bool estimated = measure_estimate(b, &estimate);

	return capacity_margin(supply_band(view), estimated ? &estimate : NULL);
}

static int supply_get_property(struct power_supply *psy,
			       enum power_supply_property property,
			       union power_supply_propval *val)
{
	struct board *b = power_supply_get_drvdata(psy);
	struct board_view view;

	board_view(b, &view, NULL);

	switch (property) {
	case POWER_SUPPLY_PROP_STATUS:
		val->intval = supply_status(b, &view);
		return 0;
	case POWER_SUPPLY_PROP_HEALTH:
		val->intval = supply_health(&view);
		return 0;
	case POWER_SUPPLY_PROP_CAPACITY:
		val->intval = supply_capacity(b, &view);
		return 0;
	case POWER_SUPPLY_PROP_CAPACITY_LEVEL:
		val->intval = supply_capacity_level(&view);
		return 0;
	case POWER_SUPPLY_PROP_CAPACITY_ERROR_MARGIN:
		val->intval = supply_error_margin(b, &view);
		return 0;
	case POWER_SUPPLY_PROP_CHARGE_BEHAVIOUR:
		val->intval = view.inhibit_charge ?
			      POWER_SUPPLY_CHARGE_BEHAVIOUR_INHIBIT_CHARGE :
			      POWER_SUPPLY_CHARGE_BEHAVIOUR_AUTO;
		return 0;
	case POWER_SUPPLY_PROP_VOLTAGE_NOW:
		val->intval = measure_value(b, MEASURE_VOLTAGE);
		return 0;
	case POWER_SUPPLY_PROP_CURRENT_NOW:
		val->intval = measure_value(b, MEASURE_CURRENT);
		return 0;
	case POWER_SUPPLY_PROP_TEMP:
		val->intval = measure_value(b, MEASURE_TEMPERATURE);
		return 0;
	case POWER_SUPPLY_PROP_PRESENT:
		val->intval = 1;
		return 0;
	case POWER_SUPPLY_PROP_SCOPE:
		val->intval = POWER_SUPPLY_SCOPE_SYSTEM;
		return 0;
	case POWER_SUPPLY_PROP_TECHNOLOGY:
		val->intval = POWER_SUPPLY_TECHNOLOGY_LiFe;
		return 0;
	case POWER_SUPPLY_PROP_VOLTAGE_MIN_DESIGN:
		val->intval = b->voltage_min_design_uv;
		return 0;
	case POWER_SUPPLY_PROP_VOLTAGE_MAX_DESIGN:
		val->intval = b->voltage_max_design_uv;
		return 0;
	case POWER_SUPPLY_PROP_CHARGE_FULL_DESIGN:
		val->intval = b->charge_full_design_uah;
		return 0;
	case POWER_SUPPLY_PROP_MANUFACTURER:
		val->strval = "smallBMS";
		return 0;
	case POWER_SUPPLY_PROP_MODEL_NAME:
		val->strval = "smallBMS";
		return 0;
	default:
		return -EINVAL;
	}
}

static int supply_set_property(struct power_supply *psy,
			       enum power_supply_property property,
			       const union power_supply_propval *val)
{
	struct board *b = power_supply_get_drvdata(psy);

	if (property != POWER_SUPPLY_PROP_CHARGE_BEHAVIOUR)
		return -EINVAL;

	switch (val->intval) {
	case POWER_SUPPLY_CHARGE_BEHAVIOUR_AUTO:
		board_set_inhibit_charge(b, false);
		return 0;
	case POWER_SUPPLY_CHARGE_BEHAVIOUR_INHIBIT_CHARGE:
		board_set_inhibit_charge(b, true);
		return 0;
	default:
		return -EINVAL;
	}
}

static int supply_property_is_writeable(struct power_supply *psy,
					enum power_supply_property property)
{
	return property == POWER_SUPPLY_PROP_CHARGE_BEHAVIOUR;
}

/* A charger came or went. */
static void supply_external_power_changed(struct power_supply *psy)
{
	struct board *b = power_supply_get_drvdata(psy);
	bool online = power_supply_am_i_supplied(psy) > 0;

	if (online == READ_ONCE(b->charger_online))
		return;
	WRITE_ONCE(b->charger_online, online);
	power_supply_changed(psy);
}

static void supply_add_property(struct board *b,
				enum power_supply_property property)
{
	b->properties[b->supply_desc.num_properties++] = property;
}

/* A property is listed once there is a value: none of them ever fails. */
static const enum power_supply_property measured[MEASURE_CHANNELS] = {
	[MEASURE_VOLTAGE] = POWER_SUPPLY_PROP_VOLTAGE_NOW,
	[MEASURE_CURRENT] = POWER_SUPPLY_PROP_CURRENT_NOW,
	[MEASURE_TEMPERATURE] = POWER_SUPPLY_PROP_TEMP,
};

static const char * const measured_names[MEASURE_CHANNELS] = {
	[MEASURE_VOLTAGE] = "voltage_now",
	[MEASURE_CURRENT] = "current_now",
	[MEASURE_TEMPERATURE] = "temp",
};

static bool supply_lists(const struct board *b,
			 enum power_supply_property property)
{
	size_t n;

	for (n = 0; n < b->supply_desc.num_properties; n++)
		if (b->properties[n] == property)
			return true;
	return false;
}

/* Give a registered supply one of its class's files more. */
static int supply_show(struct power_supply *supply, const char *name)
{
	struct kobject *kobj = &supply->dev.kobj;
	struct attribute **attr = supply->dev.type->groups[0]->attrs;
	int ret;

	for (; *attr; attr++) {
		if (strcmp((*attr)->name, name))
			continue;
		ret = sysfs_create_file(kobj, *attr);
		return ret ?: sysfs_chmod_file(kobj, *attr, 0444);
	}
	return -ENOENT;
}

/* List what was measured for the first time. Return: whether there was any. */
static bool supply_list_measured(struct board *b, struct power_supply *supply)
{
	bool listed = false;
	unsigned int n;
	int ret;

	for (n = 0; n < MEASURE_CHANNELS; n++) {
		if (!measure_known(b, n) || supply_lists(b, measured[n]))
			continue;
		supply_add_property(b, measured[n]);
		listed = true;
		ret = supply ? supply_show(supply, measured_names[n]) : 0;
		if (ret)
			dev_warn(b->dev, "no %s: %pe\n", measured_names[n],
				 ERR_PTR(ret));
	}
	return listed;
}

/* What firmware tells of the bank. */
static void supply_read_battery(struct board *b)
{
	static const struct {
		const char *name;
		enum power_supply_property property;
		size_t offset;
	} designs[] = {
		{ "voltage-min-design-microvolt",
		  POWER_SUPPLY_PROP_VOLTAGE_MIN_DESIGN,
		  offsetof(struct board, voltage_min_design_uv) },
		{ "voltage-max-design-microvolt",
		  POWER_SUPPLY_PROP_VOLTAGE_MAX_DESIGN,
		  offsetof(struct board, voltage_max_design_uv) },
		{ "charge-full-design-microamp-hours",
		  POWER_SUPPLY_PROP_CHARGE_FULL_DESIGN,
		  offsetof(struct board, charge_full_design_uah) },
	};
	struct fwnode_handle *battery;
	unsigned int n;

	battery = fwnode_find_reference(dev_fwnode(b->dev), "monitored-battery", 0);
	if (IS_ERR(battery))
		return;
	for (n = 0; n < ARRAY_SIZE(designs); n++)
		if (!fwnode_property_read_u32(battery, designs[n].name,
					      (void *)b + designs[n].offset))
			supply_add_property(b, designs[n].property);
	fwnode_handle_put(battery);
}

static bool supply_name_taken(const char *name)
{
	struct power_supply *other = power_supply_get_by_name(name);

	if (other)
		power_supply_put(other);
	return other;
}

/* The label, or the first free of smallbms0, smallbms1, ... */
static int supply_name(struct board *b)
{
	unsigned int n;

	if (device_property_present(b->dev, "label")) {
		if (device_property_read_string(b->dev, "label", &b->name) ||
		    !*b->name || strchr(b->name, '/'))
			return dev_err_probe(b->dev, -EINVAL,
					     "label: not a name for a power supply\n");
		if (supply_name_taken(b->name))
			return dev_err_probe(b->dev, -EEXIST,
					     "label: '%s' is the name of another power supply\n",
					     b->name);
		return 0;
	}

	for (n = 0; ; n++) {
		b->name = devm_kasprintf(b->dev, GFP_KERNEL, "smallbms%u", n);
		if (!b->name)
			return -ENOMEM;
		if (!supply_name_taken(b->name))
			return 0;
		devm_kfree(b->dev, b->name);
	}
}

/**
 * supply_register() - make the board a power supply
 * @b: the board, initialised
 *
 * Return: 0, or a negative errno after a message.
 */
int supply_register(struct board *b)
{
	static const enum power_supply_property always[] = {
		POWER_SUPPLY_PROP_STATUS,
		POWER_SUPPLY_PROP_HEALTH,
		POWER_SUPPLY_PROP_PRESENT,
		POWER_SUPPLY_PROP_TECHNOLOGY,
		POWER_SUPPLY_PROP_SCOPE,
		POWER_SUPPLY_PROP_CAPACITY,
		POWER_SUPPLY_PROP_CAPACITY_LEVEL,
		POWER_SUPPLY_PROP_CAPACITY_ERROR_MARGIN,
		POWER_SUPPLY_PROP_CHARGE_BEHAVIOUR,
		POWER_SUPPLY_PROP_MANUFACTURER,
		POWER_SUPPLY_PROP_MODEL_NAME,
	};
	struct power_supply_config config = {
		.drv_data = b,
		.fwnode = dev_fwnode(b->dev),
	};
	struct power_supply_desc *desc = &b->supply_desc;
	unsigned int n;
	int ret;

	desc->type = POWER_SUPPLY_TYPE_BATTERY;
	desc->properties = b->properties;
	desc->get_property = supply_get_property;
	desc->set_property = supply_set_property;
	desc->property_is_writeable = supply_property_is_writeable;
	desc->external_power_changed = supply_external_power_changed;
	smallbms_set_behaviours(desc);
	for (n = 0; n < ARRAY_SIZE(always); n++)
		supply_add_property(b, always[n]);
	supply_read_battery(b);
	supply_list_measured(b, NULL);

	desc->no_thermal = true;	/* its zone's name may not be long */
	b->capacity = capacity_percent(CAPACITY_BAND_NORMAL, NULL);
	b->supplied = device_property_present(b->dev, "power-supplies");

	mutex_lock(&supply_names);
	ret = supply_name(b);
	if (!ret) {
		desc->name = b->name;
		b->supply = devm_power_supply_register(b->dev, desc, &config);
		ret = PTR_ERR_OR_ZERO(b->supply);
		if (ret) {
			b->supply = NULL;
			dev_err_probe(b->dev, ret, "no power supply '%s'\n",
				      b->name);
		}
	}
	mutex_unlock(&supply_names);
	if (ret)
		return ret;

	supply_external_power_changed(b->supply);
	return 0;
}

/**
 * supply_report() - tell that the board has changed
 * @b: the board, registered
 */
void supply_report(struct board *b)
{
	struct board_view view;

	board_view(b, &view, NULL);
	WRITE_ONCE(b->told_status, supply_status(b, &view));
	WRITE_ONCE(b->told_capacity, supply_capacity(b, &view));
	power_supply_changed(b->supply);
}

/**
 * supply_measured() - a round of measurements is over
 * @b: the board, registered
 * @changed: there is something to tell in any case
 *
 * Each value is told to who asks; an event is for what a person would call a
 * change.
 */
void supply_measured(struct board *b, bool changed)
{
	struct board_view view;

	board_view(b, &view, NULL);
	changed |= supply_list_measured(b, b->supply);
	changed |= supply_status(b, &view) != READ_ONCE(b->told_status);
	changed |= abs(supply_capacity(b, &view) -
		       READ_ONCE(b->told_capacity)) >= CAPACITY_STEP;
	if (changed)
		supply_report(b);
}
