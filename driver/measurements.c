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
#include <linux/time64.h>

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
 * struct value - one measurement of one source
 * @present: it was measured at least once; @value and @at_s are valid
 * @forgotten: the source has withdrawn it: it is not fresh any more
 * @value: the last one, in the unit of &enum measurement
 * @at_s: time of it, CLOCK_BOOTTIME in s
 * @number: values until now; wraps as u32 does
 */
struct value {
	bool present;
	bool forgotten;
	int value;
	u32 at_s;
	u32 number;
};

/**
 * struct direction - direction of the current, according to one source
 * @sign: of the current, once it was outside the dead band
 * @turning: the last current was outside it, of the other sign
 */
struct direction {
	int sign;
	bool turning;
};

/**
 * struct measurements - the measurements of one board
 * @values: by &enum source and &enum measurement
 * @directions: by &enum source
 * @soc_max_age_s: a state of charge is fresh for so long (S3)
 * @errors: attempts to measure that failed; wraps as u32 does
 * @observers: called after each round
 */
struct measurements {
	struct value values[SOURCES][MEASUREMENT_COUNT];
	struct direction directions[SOURCES];
	u32 soc_max_age_s;
	u32 errors;
	struct blocking_notifier_head observers;
};

static u32 now_s(void)
{
	return ktime_get_boottime_seconds();
}

static bool is_present(const struct value *v)
{
	/* pairs with measurements_put() */
	return smp_load_acquire(&v->present);
}

static int age_s(const struct value *v)
{
	u32 at;

	if (!is_present(v))
		return -1;
	/* first this: a value that is put meanwhile is not from the future */
	at = READ_ONCE(v->at_s);
	return min(now_s() - at, (u32)INT_MAX);
}

/* What a gauge concludes is fresh for as long as the rules take it (S3). */
static int max_age_s(const struct measurements *m, enum measurement what)
{
	return what == MEASUREMENT_SOC || what == MEASUREMENT_TIME_TO_EMPTY ?
	       m->soc_max_age_s : STALE_S;
}

/**
 * measurements_fresh_from() - check that the last value of a source is fresh
 * @m: the store
 * @from: the source
 * @what: which
 *
 * Context: any.
 * Return: true if it was measured no more than 35 s ago, a state of charge or time
 *	to empty no more than soc-max-age-ms, and not forgotten since.
 */
bool measurements_fresh_from(const struct measurements *m, enum source from,
			     enum measurement what)
{
	const struct value *v = &m->values[from][what];
	int age = age_s(v);

	return age >= 0 && age <= max_age_s(m, what) &&
	       !READ_ONCE(v->forgotten);
}

/* The source that counts: IIO while it is fresh, else the one that measured last */
static enum source source_of(const struct measurements *m, enum measurement what)
{
	int iio = age_s(&m->values[SOURCE_IIO][what]);
	int gauge = age_s(&m->values[SOURCE_GAUGE][what]);

	if (gauge < 0 || measurements_fresh_from(m, SOURCE_IIO, what))
		return SOURCE_IIO;
	return iio < 0 || gauge <= iio ? SOURCE_GAUGE : SOURCE_IIO;
}

/**
 * devm_measurements_create() - create an empty store
 * @dev: whose resources it belongs to
 * @soc_max_age_ms: S3
 *
 * Return: the store, or NULL if there is no memory.
 */
struct measurements *devm_measurements_create(struct device *dev,
					      u32 soc_max_age_ms)
{
	struct measurements *m = devm_kzalloc(dev, sizeof(*m), GFP_KERNEL);

	if (!m)
		return NULL;
	m->soc_max_age_s = soc_max_age_ms / MSEC_PER_SEC;
	BLOCKING_INIT_NOTIFIER_HEAD(&m->observers);
	return m;
}

/* A new direction has to be measured twice in a row. */
static void follow_direction(struct direction *d, int current_ua)
{
	int sign = (current_ua > DEAD_BAND_UA) - (current_ua < -DEAD_BAND_UA);
	bool other = sign && sign != d->sign;

	if (other && (d->turning || !d->sign)) {
		WRITE_ONCE(d->sign, sign);
		other = false;
	}
	d->turning = other;
}

/**
 * measurements_put() - store a value that was measured just now
 * @m: the store
 * @from: the source
 * @what: which
 * @value: in the unit of &enum measurement
 *
 * Observers are not called, see measurements_notify().
 *
 * Context: any; a source serialises its calls for the same measurement.
 */
void measurements_put(struct measurements *m, enum source from,
		      enum measurement what, int value)
{
	struct value *v = &m->values[from][what];

	/* An old direction says nothing of now. */
	if (what == MEASUREMENT_CURRENT &&
	    !measurements_fresh_from(m, from, what))
		WRITE_ONCE(m->directions[from].sign, 0);
	WRITE_ONCE(v->value, value);
	WRITE_ONCE(v->at_s, now_s());
	WRITE_ONCE(v->number, v->number + 1);
	WRITE_ONCE(v->forgotten, false);
	if (what == MEASUREMENT_CURRENT)
		follow_direction(&m->directions[from], value);
	/* pairs with is_present(): the value comes first */
	smp_store_release(&v->present, true);
}

/**
 * measurements_forget() - a source withdraws its last value
 * @m: the store
 * @from: the source
 * @what: which
 *
 * Nothing is concluded from it any more. It stands as the last good value, with its
 * age, as that of a source that fails does.
 *
 * Context: any; a source serialises its calls for the same measurement.
 */
void measurements_forget(struct measurements *m, enum source from,
			 enum measurement what)
{
	WRITE_ONCE(m->values[from][what].forgotten, true);
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
 * measurements_get() - get the last value of the source that counts
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
	const struct value *v = &m->values[source_of(m, what)][what];

	if (!is_present(v))
		return false;
	*value = READ_ONCE(v->value);
	return true;
}

/**
 * measurements_get_fresh() - get a value that may be relied on
 * @m: the store
 * @what: which
 * @value: filled in, in the unit of &enum measurement
 *
 * Context: any.
 * Return: false if there is none, see measurements_fresh_from(), and @value is left
 *	alone.
 */
bool measurements_get_fresh(const struct measurements *m, enum measurement what,
			    int *value)
{
	enum source from = source_of(m, what);

	if (!measurements_fresh_from(m, from, what))
		return false;
	*value = READ_ONCE(m->values[from][what].value);
	return true;
}

/**
 * measurements_get_from() - get what a source holds
 * @m: the store
 * @from: the source
 * @what: which
 * @value: filled in, in the unit of &enum measurement
 *
 * Context: any.
 * Return: false if it has measured none, or has forgotten it, and @value is left
 *	alone.
 */
bool measurements_get_from(const struct measurements *m, enum source from,
			   enum measurement what, int *value)
{
	const struct value *v = &m->values[from][what];

	if (!is_present(v) || READ_ONCE(v->forgotten))
		return false;
	*value = READ_ONCE(v->value);
	return true;
}

/**
 * measurements_age_s() - age of the last value of the source that counts
 * @m: the store
 * @what: which
 *
 * Context: any.
 * Return: s, or -1 if it was never measured.
 */
int measurements_age_s(const struct measurements *m, enum measurement what)
{
	return measurements_age_from_s(m, source_of(m, what), what);
}

/**
 * measurements_age_from_s() - age of the last value of a source
 * @m: the store
 * @from: the source
 * @what: which
 *
 * Context: any.
 * Return: s, or -1 if it was never measured.
 */
int measurements_age_from_s(const struct measurements *m, enum source from,
			    enum measurement what)
{
	return age_s(&m->values[from][what]);
}

/**
 * measurements_number() - number that differs with each value that counts
 * @m: the store
 * @what: of which
 *
 * Context: any.
 */
u32 measurements_number(const struct measurements *m, enum measurement what)
{
	enum source from = source_of(m, what);

	return READ_ONCE(m->values[from][what].number) * SOURCES + from;
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
	enum source from = source_of(m, MEASUREMENT_CURRENT);

	return measurements_fresh_from(m, from, MEASUREMENT_CURRENT) ?
	       READ_ONCE(m->directions[from].sign) : 0;
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

	if (!measurements_get_fresh(m, MEASUREMENT_VOLTAGE, &voltage_uv))
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
