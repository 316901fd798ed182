// SPDX-License-Identifier: GPL-2.0
/*
 * The bank as a power supply, from the lines and from what is measured.
 *
 * No property returns an error once it is listed: a single one makes monitoring
 * agents drop all power supplies, or swallows a uevent. And capacity is always
 * listed and never 0: desktops power the host off at that.
 */
#include <linux/device.h>
#include <linux/mutex.h>
#include <linux/power_supply.h>
#include <linux/property.h>
#include <linux/sysfs.h>

#include "charger.h"
#include "compat.h"
#include "core.h"
#include "measurements.h"
#include "observers.h"
#include "ocv.h"
#include "soc.h"

/* A change of capacity by less is noise: percent. */
#define CAPACITY_STEP		2

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

/* Design values of the bank, listed where firmware describes them */
static const struct {
	const char *name;
	enum power_supply_property property;
} designs[] = {
	{ "voltage-min-design-microvolt", POWER_SUPPLY_PROP_VOLTAGE_MIN_DESIGN },
	{ "voltage-max-design-microvolt", POWER_SUPPLY_PROP_VOLTAGE_MAX_DESIGN },
	{ "charge-full-design-microamp-hours",
	  POWER_SUPPLY_PROP_CHARGE_FULL_DESIGN },
};

/* Measurements, listed from their first value on */
static const enum power_supply_property measured[] = {
	[MEASUREMENT_VOLTAGE] = POWER_SUPPLY_PROP_VOLTAGE_NOW,
	[MEASUREMENT_CURRENT] = POWER_SUPPLY_PROP_CURRENT_NOW,
	[MEASUREMENT_TEMPERATURE] = POWER_SUPPLY_PROP_TEMP,
	[MEASUREMENT_TIME_TO_EMPTY] = POWER_SUPPLY_PROP_TIME_TO_EMPTY_AVG,
};

/**
 * struct supply - the power supply of one board
 * @board: the board
 * @desc: description of the power supply
 * @properties: its properties, which become more when something is measured
 * @design: design values of the bank, by @designs
 * @charger: what tells charging from discharging where no current is measured
 * @ocv: what the voltage says; updated under @lock
 * @capacity: the last capacity that was known, percent
 * @snapshots: called with transitions
 * @measurements: called with measurements
 * @lock: guards what follows
 * @psy: the power supply, NULL until it is registered
 * @update_files: properties were added, and have no files yet
 * @reported: snapshot, with the measurements' conditions, of the last event
 * @reported_status: status at the last event
 * @reported_capacity: capacity at the last event, percent
 */
struct supply {
	struct board *board;
	struct power_supply_desc desc;
	enum power_supply_property properties[ARRAY_SIZE(always) +
					      ARRAY_SIZE(designs) +
					      ARRAY_SIZE(measured)];
	u32 design[ARRAY_SIZE(designs)];
	struct charger charger;
	struct ocv ocv;
	int capacity;
	struct notifier_block snapshots;
	struct notifier_block measurements;

	struct mutex lock;	/* guards all below */
	struct power_supply *psy;
	bool update_files;
	struct snapshot reported;
	int reported_status;
	int reported_capacity;
};

static bool is_active(const struct snapshot *s, enum input input)
{
	return s->conditions & BIT(input);
}

static int supply_status(const struct supply *s, const struct snapshot *snapshot)
{
	int direction = measurements_direction(s->board->measurements);

	if (direction)
		return direction > 0 ? POWER_SUPPLY_STATUS_CHARGING :
				       POWER_SUPPLY_STATUS_DISCHARGING;
	switch (charger_state(&s->charger)) {
	case CHARGER_ONLINE:
		return snapshot->outputs & OUTPUT_CHARGE ?
		       POWER_SUPPLY_STATUS_CHARGING :
		       POWER_SUPPLY_STATUS_NOT_CHARGING;
	case CHARGER_OFFLINE:
		return POWER_SUPPLY_STATUS_DISCHARGING;
	default:
		return POWER_SUPPLY_STATUS_UNKNOWN;
	}
}

static int supply_health(const struct snapshot *s)
{
	if (s->conditions & (CONDITION_IO_ERROR | CONDITION_SENSE_MISMATCH |
			     CONDITION_IMPLAUSIBLE))
		return POWER_SUPPLY_HEALTH_UNSPEC_FAILURE;
	if (is_active(s, INPUT_OVER_TEMPERATURE))
		return POWER_SUPPLY_HEALTH_OVERHEAT;
	if (is_active(s, INPUT_UNDER_TEMPERATURE))
		return POWER_SUPPLY_HEALTH_COLD;
	if (is_active(s, INPUT_CELL_OVERVOLTAGE))
		return POWER_SUPPLY_HEALTH_OVERVOLTAGE;
	if (is_active(s, INPUT_CELL_UNDERVOLTAGE))
		return SMALLBMS_HEALTH_UNDERVOLTAGE;
	return POWER_SUPPLY_HEALTH_GOOD;
}

static enum soc_band supply_band(const struct snapshot *s)
{
	if (s->unreadable)
		return SOC_BAND_UNREADABLE;
	if (is_active(s, INPUT_CELL_UNDERVOLTAGE))
		return SOC_BAND_EMPTY;
	if (is_active(s, INPUT_CELL_LOW))
		return SOC_BAND_LOW;
	if (is_active(s, INPUT_CELL_OVERVOLTAGE))
		return SOC_BAND_FULL;
	return SOC_BAND_NORMAL;
}

static int supply_capacity_level(const struct snapshot *s)
{
	static const int levels[] = {
		[SOC_BAND_UNREADABLE] = POWER_SUPPLY_CAPACITY_LEVEL_UNKNOWN,
		[SOC_BAND_EMPTY] = POWER_SUPPLY_CAPACITY_LEVEL_CRITICAL,
		[SOC_BAND_LOW] = POWER_SUPPLY_CAPACITY_LEVEL_LOW,
		[SOC_BAND_NORMAL] = POWER_SUPPLY_CAPACITY_LEVEL_NORMAL,
		[SOC_BAND_FULL] = POWER_SUPPLY_CAPACITY_LEVEL_FULL,
	};

	return levels[supply_band(s)];
}

/* What a gauge has counted, while it is fresh */
static bool supply_counted(const struct supply *s, struct soc_estimate *estimate)
{
	int permille;

	if (!measurements_get_fresh(s->board->measurements, MEASUREMENT_SOC,
				    &permille))
		return false;
	*estimate = soc_counted(permille);
	return true;
}

/* The best that is known apart from the lines */
static bool supply_estimate(const struct supply *s, struct soc_estimate *estimate)
{
	return supply_counted(s, estimate) ||
	       ocv_estimate(&s->ocv, s->board->measurements, estimate);
}

/* While lines are unreadable, and without a gauge, the last capacity before stands. */
static int supply_capacity(struct supply *s, const struct snapshot *snapshot)
{
	enum soc_band band = supply_band(snapshot);
	struct soc_estimate estimate;
	int capacity;

	if (band == SOC_BAND_UNREADABLE && !supply_counted(s, &estimate))
		return READ_ONCE(s->capacity);

	capacity = soc_percent(band, supply_estimate(s, &estimate) ? &estimate :
								     NULL);
	WRITE_ONCE(s->capacity, capacity);
	return capacity;
}

static int supply_error_margin(const struct supply *s,
			       const struct snapshot *snapshot)
{
	struct soc_estimate estimate;

	return soc_margin(supply_band(snapshot),
			  supply_estimate(s, &estimate) ? &estimate : NULL);
}

static int supply_measurement(const struct supply *s, enum measurement what,
			      union power_supply_propval *val)
{
	return measurements_get(s->board->measurements, what, &val->intval) ?
	       0 : -ENODATA;
}

/*
 * While nobody knows better, the bank lasts: 0, a negative number or an old one may
 * make a reader warn, or power the host off, and the lines protect the bank anyway.
 */
static int supply_time_to_empty(const struct supply *s)
{
	int time_s;

	if (!measurements_get_fresh(s->board->measurements,
				    MEASUREMENT_TIME_TO_EMPTY, &time_s) ||
	    time_s < 0)
		return TIME_TO_EMPTY_MAX_S;
	return time_s;
}

static int supply_design(const struct supply *s,
			 enum power_supply_property property,
			 union power_supply_propval *val)
{
	unsigned int n;

	for (n = 0; n < ARRAY_SIZE(designs); n++) {
		if (designs[n].property != property)
			continue;
		val->intval = s->design[n];
		return 0;
	}
	return -EINVAL;
}

static int supply_get_property(struct power_supply *psy,
			       enum power_supply_property property,
			       union power_supply_propval *val)
{
	struct supply *s = power_supply_get_drvdata(psy);
	struct snapshot snapshot;

	core_snapshot(s->board->core, &snapshot);

	switch (property) {
	case POWER_SUPPLY_PROP_STATUS:
		val->intval = supply_status(s, &snapshot);
		return 0;
	case POWER_SUPPLY_PROP_HEALTH:
		val->intval = supply_health(&snapshot);
		return 0;
	case POWER_SUPPLY_PROP_CAPACITY:
		val->intval = supply_capacity(s, &snapshot);
		return 0;
	case POWER_SUPPLY_PROP_CAPACITY_LEVEL:
		val->intval = supply_capacity_level(&snapshot);
		return 0;
	case POWER_SUPPLY_PROP_CAPACITY_ERROR_MARGIN:
		val->intval = supply_error_margin(s, &snapshot);
		return 0;
	case POWER_SUPPLY_PROP_CHARGE_BEHAVIOUR:
		val->intval = snapshot.inhibit_charge ?
			      POWER_SUPPLY_CHARGE_BEHAVIOUR_INHIBIT_CHARGE :
			      POWER_SUPPLY_CHARGE_BEHAVIOUR_AUTO;
		return 0;
	case POWER_SUPPLY_PROP_VOLTAGE_NOW:
		return supply_measurement(s, MEASUREMENT_VOLTAGE, val);
	case POWER_SUPPLY_PROP_CURRENT_NOW:
		return supply_measurement(s, MEASUREMENT_CURRENT, val);
	case POWER_SUPPLY_PROP_TEMP:
		return supply_measurement(s, MEASUREMENT_TEMPERATURE, val);
	case POWER_SUPPLY_PROP_TIME_TO_EMPTY_AVG:
		val->intval = supply_time_to_empty(s);
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
	case POWER_SUPPLY_PROP_MANUFACTURER:
		val->strval = "smallBMS";
		return 0;
	case POWER_SUPPLY_PROP_MODEL_NAME:
		val->strval = s->board->name;
		return 0;
	default:
		return supply_design(s, property, val);
	}
}

static int supply_set_property(struct power_supply *psy,
			       enum power_supply_property property,
			       const union power_supply_propval *val)
{
	struct supply *s = power_supply_get_drvdata(psy);

	if (property != POWER_SUPPLY_PROP_CHARGE_BEHAVIOUR)
		return -EINVAL;

	switch (val->intval) {
	case POWER_SUPPLY_CHARGE_BEHAVIOUR_AUTO:
		return core_request(s->board->core, CORE_INHIBIT_CHARGE, 0);
	case POWER_SUPPLY_CHARGE_BEHAVIOUR_INHIBIT_CHARGE:
		return core_request(s->board->core, CORE_INHIBIT_CHARGE, 1);
	default:
		return -EINVAL;
	}
}

static int supply_property_is_writeable(struct power_supply *psy,
					enum power_supply_property property)
{
	return property == POWER_SUPPLY_PROP_CHARGE_BEHAVIOUR;
}

static void supply_add_property(struct supply *s,
				enum power_supply_property property)
{
	size_t n = s->desc.num_properties;

	s->properties[n] = property;
	/* A registered power supply is read meanwhile: the number comes last. */
	smp_store_release(&s->desc.num_properties, n + 1);
}

static bool supply_lists(const struct supply *s,
			 enum power_supply_property property)
{
	size_t n;

	for (n = 0; n < s->desc.num_properties; n++)
		if (s->properties[n] == property)
			return true;
	return false;
}

/* List what was measured for the first time. Returns whether there was any. */
static bool supply_list_measured(struct supply *s)
{
	bool added = false;
	unsigned int n;
	int value;

	for (n = 0; n < ARRAY_SIZE(measured); n++) {
		if (!measurements_get(s->board->measurements, n, &value) ||
		    supply_lists(s, measured[n]))
			continue;
		supply_add_property(s, measured[n]);
		added = true;
	}
	return added;
}

/*
 * Add the files of properties that were added. The class has no call for that;
 * since power supplies can be extended (6.14) it does so itself in this way. An
 * extension would not be better: it does the same, and shows up under extensions/.
 */
static bool supply_update_files(struct supply *s)
{
	struct device *dev = &s->psy->dev;
	int ret;

	if (supply_list_measured(s))
		s->update_files = true;
	if (!s->update_files)
		return false;
	ret = sysfs_update_groups(&dev->kobj, dev->type->groups);
	if (ret) {
		dev_warn_ratelimited(s->board->dev,
				     "failed to add properties: %pe\n",
				     ERR_PTR(ret));
		return false;	/* tried again in the next round */
	}
	s->update_files = false;
	return true;
}

/* Take a snapshot for an event. Returns whether it differs from the last one. */
static bool supply_differs(struct supply *s)
{
	struct snapshot new;
	bool changed;
	int status, capacity;

	core_snapshot(s->board->core, &new);
	status = supply_status(s, &new);
	capacity = supply_capacity(s, &new);
	new.conditions |= measurements_conditions(s->board->measurements);

	changed = memcmp(&new, &s->reported, sizeof(new)) ||
		  status != s->reported_status ||
		  abs(capacity - s->reported_capacity) >= CAPACITY_STEP;
	if (changed) {
		s->reported = new;
		s->reported_status = status;
		s->reported_capacity = capacity;
	}
	return changed;
}

/*
 * One event for each real change. A measurement alone is one if it changes the
 * status or the conditions, or the capacity by %CAPACITY_STEP.
 */
static void supply_update(struct supply *s)
{
	bool changed;

	mutex_lock(&s->lock);
	ocv_update(&s->ocv, s->board->measurements);
	if (s->psy) {
		changed = supply_update_files(s);
		changed |= supply_differs(s);
		if (changed)
			power_supply_changed(s->psy);
	}
	mutex_unlock(&s->lock);
}

static int supply_on_snapshot(struct notifier_block *nb, unsigned long event,
			      void *data)
{
	supply_update(container_of(nb, struct supply, snapshots));
	return NOTIFY_DONE;
}

static int supply_on_measurements(struct notifier_block *nb,
				  unsigned long event, void *data)
{
	supply_update(container_of(nb, struct supply, measurements));
	return NOTIFY_DONE;
}

static void supply_on_charger(struct charger *charger)
{
	supply_update(container_of(charger, struct supply, charger));
}

static void supply_read_designs(struct supply *s)
{
	struct fwnode_handle *battery;
	unsigned int n;

	battery = fwnode_find_reference(dev_fwnode(s->board->dev),
					"monitored-battery", 0);
	if (IS_ERR(battery))
		return;
	for (n = 0; n < ARRAY_SIZE(designs); n++)
		if (!fwnode_property_read_u32(battery, designs[n].name,
					      &s->design[n]))
			supply_add_property(s, designs[n].property);
	fwnode_handle_put(battery);
}

static void supply_describe(struct supply *s)
{
	struct power_supply_desc *desc = &s->desc;
	unsigned int n;

	desc->name = s->board->name;
	desc->type = POWER_SUPPLY_TYPE_BATTERY;
	desc->properties = s->properties;
	desc->get_property = supply_get_property;
	desc->set_property = supply_set_property;
	desc->property_is_writeable = supply_property_is_writeable;
	desc->no_thermal = true;	/* its zone's name may not be long */
	smallbms_set_behaviours(desc);
	for (n = 0; n < ARRAY_SIZE(always); n++)
		supply_add_property(s, always[n]);
	supply_read_designs(s);
	supply_list_measured(s);
}

static int supply_register(struct supply *s)
{
	/* With the board's fwnode the class would wait for chargers (F0). */
	const struct power_supply_config config = { .drv_data = s };
	struct power_supply_battery_info *battery;
	struct power_supply *psy;

	psy = devm_power_supply_register(s->board->dev, &s->desc, &config);
	if (IS_ERR(psy))
		return PTR_ERR(psy);
	if (!smallbms_battery_info(psy, &battery) &&
	    battery->ocv_table[0])
		WRITE_ONCE(s->ocv.battery, battery);

	mutex_lock(&s->lock);
	s->psy = psy;
	mutex_unlock(&s->lock);
	return 0;
}

/**
 * supply_attach() - register the power supply
 * @b: the board
 *
 * It waits for none of the chargers that are described (F0).
 *
 * Return: 0, or a negative errno: -EEXIST if its name is taken.
 */
int supply_attach(struct board *b)
{
	struct supply *s = devm_kzalloc(b->dev, sizeof(*s), GFP_KERNEL);
	int ret;

	if (!s)
		return -ENOMEM;
	if (is_power_supply(b->name))
		return -EEXIST;
	s->board = b;
	mutex_init(&s->lock);
	s->capacity = soc_percent(SOC_BAND_NORMAL, NULL);
	supply_describe(s);
	supply_differs(s);
	ret = supply_register(s);
	if (ret)
		return ret;

	s->snapshots.notifier_call = supply_on_snapshot;
	s->snapshots.priority = OBSERVER_SUPPLY;
	ret = devm_core_subscribe(b->dev, b->core, &s->snapshots);
	if (ret)
		return ret;
	s->measurements.notifier_call = supply_on_measurements;
	s->measurements.priority = OBSERVER_SUPPLY;
	ret = devm_measurements_subscribe(b->dev, b->measurements,
					  &s->measurements);
	if (ret)
		return ret;
	ret = devm_charger_watch(&s->charger, b->dev, s->psy, supply_on_charger);
	if (ret)
		return ret;
	supply_update(s);	/* what changed meanwhile */
	return 0;
}
