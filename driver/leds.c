// SPDX-License-Identifier: GPL-2.0
/* LED triggers: load on (O4), temperature or overvoltage (O5), pre-alarm. */
#include <linux/device.h>
#include <linux/leds.h>
#include <linux/mutex.h>

#include "core.h"
#include "observers.h"

enum { LED_LOAD_ON, LED_TEMP_OR_OVP, LED_PRE_ALARM, LEDS };

static const char * const names[LEDS] = {
	[LED_LOAD_ON] = "load-on",
	[LED_TEMP_OR_OVP] = "temp-or-ovp",
	[LED_PRE_ALARM] = "pre-alarm",
};

/**
 * struct indicator - a LED trigger
 * @trigger: the trigger
 * @lit: LEDs that follow it are lit
 */
struct indicator {
	struct led_trigger trigger;
	bool lit;
};

/**
 * struct leds - the LED triggers of one board
 * @board: the board
 * @snapshots: called with transitions
 * @lock: serialises updates of @indicators
 * @indicators: the triggers
 */
struct leds {
	struct board *board;
	struct notifier_block snapshots;
	struct mutex lock;	/* serialises updates */
	struct indicator indicators[LEDS];
};

static bool is_lit(const struct snapshot *s, unsigned int n)
{
	switch (n) {
	case LED_LOAD_ON:
		return s->outputs & OUTPUT_LOAD;
	case LED_TEMP_OR_OVP:
		return s->charge_tripped;
	default:
		return s->outputs & OUTPUT_PRE_ALARM;
	}
}

/* A LED that takes up the trigger shows the present state at once. */
static int leds_activate(struct led_classdev *led)
{
	struct indicator *i = container_of(led->trigger, struct indicator,
					   trigger);

	led_set_brightness(led, READ_ONCE(i->lit) ? LED_FULL : LED_OFF);
	return 0;
}

static void leds_update(struct leds *l)
{
	struct snapshot s;
	unsigned int n;

	mutex_lock(&l->lock);
	core_snapshot(l->board->core, &s);
	for (n = 0; n < LEDS; n++) {
		struct indicator *i = &l->indicators[n];
		bool lit = is_lit(&s, n);

		if (lit == i->lit)
			continue;
		WRITE_ONCE(i->lit, lit);
		led_trigger_event(&i->trigger, lit ? LED_FULL : LED_OFF);
	}
	mutex_unlock(&l->lock);
}

static int leds_snapshot(struct notifier_block *nb, unsigned long event,
			 void *data)
{
	const struct snapshot_change *change = data;

	if (!change->more)
		leds_update(container_of(nb, struct leds, snapshots));
	return NOTIFY_DONE;
}

/**
 * leds_attach() - register the triggers <name>-load-on, -temp-or-ovp, -pre-alarm
 * @b: the board
 *
 * Return: 0, or a negative errno.
 */
int leds_attach(struct board *b)
{
	struct leds *l = devm_kzalloc(b->dev, sizeof(*l), GFP_KERNEL);
	struct snapshot s;
	unsigned int n;
	int ret;

	if (!l)
		return -ENOMEM;
	l->board = b;
	mutex_init(&l->lock);
	core_snapshot(b->core, &s);
	for (n = 0; n < LEDS; n++) {
		struct indicator *i = &l->indicators[n];

		i->lit = is_lit(&s, n);
		i->trigger.name = devm_kasprintf(b->dev, GFP_KERNEL, "%s-%s",
						 b->name, names[n]);
		if (!i->trigger.name)
			return -ENOMEM;
		i->trigger.activate = leds_activate;
		ret = devm_led_trigger_register(b->dev, &i->trigger);
		if (ret)
			return ret;
	}

	l->snapshots.notifier_call = leds_snapshot;
	l->snapshots.priority = OBSERVER_LEDS;
	ret = devm_core_subscribe(b->dev, b->core, &l->snapshots);
	if (ret)
		return ret;
	leds_update(l);		/* what has changed meanwhile */
	return 0;
}
