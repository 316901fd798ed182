// SPDX-License-Identifier: GPL-2.0
/*
 * See measurements.h.
 *
 * A source that fails leaves the last value in place, with its age. For a while
 * conclusions are still drawn from it (it is fresh), and then no more.
 */
#include <linux/bits.h>
#include <linux/device.h>
#include <linux/ktime.h>
#include <linux/math.h>

#include "lines.h"
#include "measurements.h"
#include "subscribe.h"

/* Three rounds of iio.c in a row have failed. */
#define STALE_S			35

/*
 * Up to this the sign of a current is noise: two bits of a usual shunt amplifier, at
 * 25 mA a bit.
 */
#define DEAD_BAND_UA		50000

/**
 * struct value - one measurement
 * @present: it was measured at least once; @value and @at_s are valid
 * @value: the last one, in the unit of &enum measurement
 * @at_s: time of it, CLOCK_BOOTTIME in s
 * @number: values until now; wraps as u32 does
 */
struct value {
	bool present;
	int value;
	u32 at_s;
	u32 number;
};

/**
 * struct measurements - the measurements of one board
 * @values: by &enum measurement; each is put by one source at a time
 * @direction: sign of the current, once it was outside the dead band
 * @turning: the last current was outside it, of the other sign
 * @errors: attempts to measure that failed; wraps as u32 does
 * @observers: called after each round
 */
struct measurements {
	struct value values[MEASUREMENT_COUNT];
	int direction;
	bool turning;
	u32 errors;
	struct blocking_notifier_head observers;
};

static u32 now_s(void)
{
	return ktime_get_boottime_seconds();
}

/**
 * devm_measurements_create() - create an empty store
 * @dev: whose resources it belongs to
 *
 * Return: the store, or NULL if there is no memory.
 */
struct measurements *devm_measurements_create(struct device *dev)
{
	struct measurements *m = devm_kzalloc(dev, sizeof(*m), GFP_KERNEL);

	if (m)
		BLOCKING_INIT_NOTIFIER_HEAD(&m->observers);
	return m;
}

/* A new direction has to be measured twice in a row. */
static void follow_direction(struct measurements *m, int current_ua)
{
	int sign = (current_ua > DEAD_BAND_UA) - (current_ua < -DEAD_BAND_UA);
	bool other = sign && sign != m->direction;

	if (other && (m->turning || !m->direction)) {
		WRITE_ONCE(m->direction, sign);
		other = false;
	}
	m->turning = other;
}

/**
 * measurements_put() - store a value that was measured just now
 * @m: the store
 * @what: which
 * @value: in the unit of &enum measurement
 *
 * Observers are not called, see measurements_notify().
 *
 * Context: any; the caller serialises calls for the same measurement.
 */
void measurements_put(struct measurements *m, enum measurement what, int value)
{
	struct value *v = &m->values[what];

	WRITE_ONCE(v->value, value);
	WRITE_ONCE(v->at_s, now_s());
	WRITE_ONCE(v->number, v->number + 1);
	if (what == MEASUREMENT_CURRENT)
		follow_direction(m, value);
	/* pairs with measurements_get(): the value comes first */
	smp_store_release(&v->present, true);
}

/**
 * measurements_put_error() - count an attempt to measure that failed
 * @m: the store
 *
 * Context: any; the caller serialises calls.
 */
void measurements_put_error(struct measurements *m)
{
	WRITE_ONCE(m->errors, m->errors + 1);
}

/**
 * measurements_get() - get the last value
 * @m: the store
 * @what: which
 * @value: filled in, in the unit of &enum measurement
 *
 * Context: any.
 * Return: false if it was never measured, and @value is left alone.
 */
bool measurements_get(const struct measurements *m, enum measurement what,
		      int *value)
{
	/* pairs with measurements_put() */
	if (!smp_load_acquire(&m->values[what].present))
		return false;
	*value = READ_ONCE(m->values[what].value);
	return true;
}

/**
 * measurements_fresh() - check that the last value may still be relied on
 * @m: the store
 * @what: which
 *
 * Context: any.
 * Return: true if it was measured no more than 35 s ago.
 */
bool measurements_fresh(const struct measurements *m, enum measurement what)
{
	int age_s = measurements_age_s(m, what);

	return age_s >= 0 && age_s <= STALE_S;
}

/**
 * measurements_age_s() - age of the last value
 * @m: the store
 * @what: which
 *
 * Context: any.
 * Return: s, or -1 if it was never measured.
 */
int measurements_age_s(const struct measurements *m, enum measurement what)
{
	int value;

	if (!measurements_get(m, what, &value))
		return -1;
	return min(now_s() - READ_ONCE(m->values[what].at_s), (u32)INT_MAX);
}

/**
 * measurements_number() - number of values until now
 * @m: the store
 * @what: of which
 *
 * Context: any.
 */
u32 measurements_number(const struct measurements *m, enum measurement what)
{
	return READ_ONCE(m->values[what].number);
}

/**
 * measurements_errors() - number of attempts to measure that failed
 * @m: the store
 *
 * Context: any.
 */
u32 measurements_errors(const struct measurements *m)
{
	return READ_ONCE(m->errors);
}

/**
 * measurements_direction() - direction of the current
 * @m: the store
 *
 * A current of up to 50 mA keeps the last direction, and the other direction counts
 * when it is measured twice in a row.
 *
 * Context: any.
 * Return: 1 into the bank, -1 out of it, 0 neither or unknown.
 */
int measurements_direction(const struct measurements *m)
{
	return measurements_fresh(m, MEASUREMENT_CURRENT) ?
	       READ_ONCE(m->direction) : 0;
}

/**
 * measurements_conditions() - conditions that the measurements show (B3)
 * @m: the store
 *
 * Context: any.
 * Return: %CONDITION_VOLTAGE while a fresh voltage is out of range, or 0.
 */
u32 measurements_conditions(const struct measurements *m)
{
	int voltage_uv;

	if (!measurements_fresh(m, MEASUREMENT_VOLTAGE) ||
	    !measurements_get(m, MEASUREMENT_VOLTAGE, &voltage_uv))
		return 0;
	return voltage_uv < VOLTAGE_MIN_UV || voltage_uv > VOLTAGE_MAX_UV ?
	       CONDITION_VOLTAGE : 0;
}

/**
 * measurements_notify() - call observers, after values were put or got stale
 * @m: the store
 *
 * Context: may sleep.
 */
void measurements_notify(struct measurements *m)
{
	blocking_notifier_call_chain(&m->observers, 0, m);
}

/**
 * devm_measurements_subscribe() - have an observer called by measurements_notify()
 * @dev: whose resources it belongs to
 * @m: the store
 * @nb: the observer; it is called with @m, in process context, in the order of
 *	&enum observer_priority
 *
 * Return: 0, or a negative errno.
 */
int devm_measurements_subscribe(struct device *dev, struct measurements *m,
				struct notifier_block *nb)
{
	return devm_subscribe(dev, &m->observers, nb);
}
