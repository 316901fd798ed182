// SPDX-License-Identifier: GPL-2.0
/* LED triggers: load on (O4), temperature or overvoltage (O5), pre-alarm. */
#include <linux/device.h>
#include <linux/leds.h>

#include "board.h"

static const char * const names[BOARD_LEDS] = {
	"load-on", "temp-or-ovp", "pre-alarm",
};

static bool leds_lit(const struct board_view *view, unsigned int n)
{
	switch (n) {
	case 0:
		return view->outputs & PROTECTION_LOAD;
	case 1:
		return view->charge_blocked;
	default:
		return view->outputs & PROTECTION_PRE_ALARM;
	}
}

/* A LED that takes up the trigger shows at once what is. */
static int leds_activate(struct led_classdev *led)
{
	struct board_led *l = container_of(led->trigger, struct board_led,
					   trigger);

	led_set_brightness(led, READ_ONCE(l->lit) ? LED_FULL : LED_OFF);
	return 0;
}

/**
 * leds_report() - let the LEDs follow the board
 * @b: the board
 * @view: what it tells
 */
void leds_report(struct board *b, const struct board_view *view)
{
	unsigned int n;

	for (n = 0; n < BOARD_LEDS; n++) {
		struct board_led *l = &b->leds[n];
		bool lit = leds_lit(view, n);

		if (lit == l->lit)
			continue;
		WRITE_ONCE(l->lit, lit);
		if (l->trigger.name)
			led_trigger_event(&l->trigger, lit ? LED_FULL : LED_OFF);
	}
}

/**
 * leds_register() - offer the triggers <name>-load-on, ...
 * @b: the board, its name given
 *
 * Return: 0, or a negative errno after a message.
 */
int leds_register(struct board *b)
{
	unsigned int n;
	int ret;

	for (n = 0; n < BOARD_LEDS; n++) {
		struct board_led *l = &b->leds[n];
		const char *name = devm_kasprintf(b->dev, GFP_KERNEL, "%s-%s",
						  b->name, names[n]);

		if (!name)
			return -ENOMEM;
		l->trigger.name = name;
		l->trigger.activate = leds_activate;
		ret = devm_led_trigger_register(b->dev, &l->trigger);
		if (ret)
			return dev_err_probe(b->dev, ret,
					     "no LED trigger '%s'\n", name);
	}
	return 0;
}
