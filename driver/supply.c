// SPDX-License-Identifier: GPL-2.0
/*
 * The bank as a power supply, from the lines alone.
 *
 * No property ever fails once it is registered: one error takes a monitoring
 * agent's whole collector down, or swallows a uevent. And capacity is never 0
 * nor absent: desktops power the host off at that.
 */
#include <linux/device.h>
#include <linux/mutex.h>
#include <linux/property.h>

#include "board.h"
#include "compat.h"

/* Percent, by lines alone; UPower acts at 2 and below, warns at 5. */
#define CAPACITY_FULL		100
#define CAPACITY_NORMAL		50
#define CAPACITY_LOW		5
#define CAPACITY_EMPTY		1

/* How far these may be off, percent */
#define MARGIN_KNOWN_BAND	5
#define MARGIN_NORMAL		50
#define MARGIN_UNREADABLE	100

/* Names are given one at a time, so that none is given twice. */
static DEFINE_MUTEX(supply_names);

static bool has(const struct board_view *view, unsigned int line)
{
	return view->conditions & PROTECTION_BIT(line);
}

static int supply_status(const struct board *b, const struct board_view *view)
{
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

static int supply_capacity_level(const struct board_view *view)
{
	if (view->unreadable)
		return POWER_SUPPLY_CAPACITY_LEVEL_UNKNOWN;
	if (has(view, PROTECTION_CELL_UNDERVOLTAGE))
		return POWER_SUPPLY_CAPACITY_LEVEL_CRITICAL;
	if (has(view, PROTECTION_CELL_LOW))
		return POWER_SUPPLY_CAPACITY_LEVEL_LOW;
	if (has(view, PROTECTION_CELL_OVERVOLTAGE))
		return POWER_SUPPLY_CAPACITY_LEVEL_FULL;
	return POWER_SUPPLY_CAPACITY_LEVEL_NORMAL;
}

/* While inputs are unreadable the last capacity that was known stands. */
static int supply_capacity(struct board *b, const struct board_view *view)
{
	int capacity = CAPACITY_NORMAL;

	if (view->unreadable)
		return READ_ONCE(b->capacity);

	if (has(view, PROTECTION_CELL_UNDERVOLTAGE))
		capacity = CAPACITY_EMPTY;
	else if (has(view, PROTECTION_CELL_LOW))
		capacity = CAPACITY_LOW;
	else if (has(view, PROTECTION_CELL_OVERVOLTAGE))
		capacity = CAPACITY_FULL;
	WRITE_ONCE(b->capacity, capacity);
	return capacity;
}

static int supply_error_margin(const struct board_view *view)
{
	switch (supply_capacity_level(view)) {
	case POWER_SUPPLY_CAPACITY_LEVEL_UNKNOWN:
		return MARGIN_UNREADABLE;
	case POWER_SUPPLY_CAPACITY_LEVEL_NORMAL:
		return MARGIN_NORMAL;
	default:
		return MARGIN_KNOWN_BAND;
	}
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
		val->intval = supply_error_margin(&view);
		return 0;
	case POWER_SUPPLY_PROP_CHARGE_BEHAVIOUR:
		val->intval = view.inhibit_charge ?
			      POWER_SUPPLY_CHARGE_BEHAVIOUR_INHIBIT_CHARGE :
			      POWER_SUPPLY_CHARGE_BEHAVIOUR_AUTO;
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

	b->capacity = CAPACITY_NORMAL;
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
 * @b: the board
 */
void supply_report(struct board *b)
{
	struct power_supply *supply = READ_ONCE(b->supply);

	if (supply)
		power_supply_changed(supply);
}
