// SPDX-License-Identifier: GPL-2.0
/*
 * See ocv.h.
 *
 * A load that is switched on for a moment, or a reading that is wrong, must not look
 * like an empty bank, so the median of three readings counts, however often a source
 * measures. A current is accounted for before that, as it belongs to its own reading of
 * the voltage.
 */
#include <linux/ktime.h>
#include <linux/math64.h>
#include <linux/minmax.h>
#include <linux/power_supply.h>

#include "measurements.h"
#include "ocv.h"
#include "soc.h"

/* Temperature of the table where none is measured, degrees Celsius */
#define OCV_TEMPERATURE		25

/* Between two readings; the rounds of iio.c are 10 s apart, and rounded */
#define READING_INTERVAL_S	9

/* Whether it is known how far a current shifts the voltage */
static bool is_compensated(const struct power_supply_battery_info *battery,
			   const struct measurements *m, int *current_ua)
{
	return battery->factory_internal_resistance_uohm > 0 &&
	       measurements_get_fresh(m, MEASUREMENT_CURRENT, current_ua);
}

static int median(int a, int b, int c)
{
	return max(min(a, b), min(max(a, b), c));
}

/**
 * ocv_update() - take a voltage that was measured at least 9 s after the last one
 * @o: the open-circuit voltage
 * @m: what is measured
 *
 * Context: the caller serialises calls.
 */
void ocv_update(struct ocv *o, const struct measurements *m)
{
	const struct power_supply_battery_info *battery = o->battery;
	u32 number = measurements_number(m, MEASUREMENT_VOLTAGE);
	u32 now_s = ktime_get_boottime_seconds();
	int voltage_uv, current_ua;
	s64 ocv_uv;

	if (!battery)
		return;
	if (!measurements_get_fresh(m, MEASUREMENT_VOLTAGE, &voltage_uv)) {
		WRITE_ONCE(o->count, 0);
		return;
	}
	if (o->count &&
	    (number == o->number || now_s - o->taken_at_s < READING_INTERVAL_S))
		return;
	o->number = number;
	o->taken_at_s = now_s;
	ocv_uv = voltage_uv;
	if (is_compensated(battery, m, &current_ua))
		ocv_uv -= div_s64((s64)current_ua *
				  battery->factory_internal_resistance_uohm,
				  1000000);
	voltage_uv = clamp_t(s64, ocv_uv, 0, VOLTAGE_MAX_UV);
	o->taken_uv[o->count % OCV_READINGS] = voltage_uv;
	if (o->count + 1 >= OCV_READINGS)
		voltage_uv = median(o->taken_uv[0], o->taken_uv[1],
				    o->taken_uv[2]);
	WRITE_ONCE(o->voltage_uv, voltage_uv);
	/* pairs with ocv_estimate(): the voltage comes first */
	smp_store_release(&o->count, o->count + 1);
}

static int percent_at(struct power_supply_battery_info *battery, int voltage_uv,
		      int temperature)
{
	int percent = power_supply_batinfo_ocv2cap(battery, voltage_uv,
						   temperature);

	return clamp(percent, 0, 100);
}

/**
 * ocv_estimate() - the state of charge according to the voltage
 * @o: the open-circuit voltage
 * @m: what is measured
 * @estimate: filled in
 *
 * Context: any.
 * Return: false without a table or a fresh voltage.
 */
bool ocv_estimate(const struct ocv *o, const struct measurements *m,
		  struct soc_estimate *estimate)
{
	struct power_supply_battery_info *battery = READ_ONCE(o->battery);
	int voltage_uv, uncertainty_uv, current_ua, tenths;
	int temperature = OCV_TEMPERATURE;

	/* pairs with ocv_update() */
	if (!battery || !smp_load_acquire(&o->count) ||
	    !measurements_get_fresh(m, MEASUREMENT_VOLTAGE, &voltage_uv))
		return false;
	if (measurements_get_fresh(m, MEASUREMENT_TEMPERATURE, &tenths))
		temperature = tenths / 10;

	voltage_uv = READ_ONCE(o->voltage_uv);
	uncertainty_uv = soc_uncertainty_uv(voltage_uv,
					    is_compensated(battery, m,
							   &current_ua));
	estimate->likely = percent_at(battery, voltage_uv, temperature);
	estimate->least = percent_at(battery, voltage_uv - uncertainty_uv,
				     temperature);
	estimate->most = percent_at(battery, voltage_uv + uncertainty_uv,
				    temperature);
	return true;
}
