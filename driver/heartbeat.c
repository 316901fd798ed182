// SPDX-License-Identifier: GPL-2.0
/* See heartbeat.h. */
#include <linux/device.h>
#include <linux/gpio/consumer.h>
#include <linux/time64.h>

#include "compat.h"
#include "heartbeat.h"
#include "lines.h"

/**
 * heartbeat_get() - get the line, and drive it low
 * @dev: the board
 * @h: zeroed; filled in, also where firmware does not describe the line
 *
 * Context: may sleep.
 * Return: 0, or a negative errno after a message that names the property.
 */
int heartbeat_get(struct device *dev, struct heartbeat *h)
{
	struct gpio_desc *desc;
	int ret = 0;

	desc = devm_gpiod_get_optional(dev, "heartbeat", GPIOD_ASIS);
	if (IS_ERR(desc))
		return dev_err_probe(dev, PTR_ERR(desc),
				     "failed to get heartbeat-gpios\n");
	if (desc && smallbms_gpiod_is_shared(desc))
		return dev_err_probe(dev, -EBUSY,
				     "heartbeat-gpios names a line of another device\n");
	h->desc = desc;
	h->sleeps = desc && gpiod_cansleep(desc);
	if (desc)
		ret = gpiod_direction_output(desc, 0);
	h->pending = h->sleeps && is_bus_error(ret);
	if (ret && !h->pending)
		return dev_err_probe(dev, ret, "failed to drive heartbeat-gpios\n");
	return 0;
}

/**
 * heartbeat_tick() - toggle the line when it is due (F5)
 * @h: the heartbeat
 * @interval_ms: between two edges
 * @healthy: the scan cycle achieves something; else the line keeps its level
 * @now: CLOCK_BOOTTIME in ns
 *
 * Context: any where the line does not sleep; else may sleep.
 */
void heartbeat_tick(struct heartbeat *h, u32 interval_ms, bool healthy, u64 now)
{
	if (!h->desc || now < h->due_at)
		return;
	h->due_at = now + (u64)interval_ms * NSEC_PER_MSEC;
	if (!healthy)
		return;

	h->level = !h->level;
	if (h->pending)
		h->pending = gpiod_direction_output(h->desc, h->level);
	else if (h->sleeps)
		gpiod_set_value_cansleep(h->desc, h->level);
	else
		gpiod_set_value(h->desc, h->level);
}

/**
 * heartbeat_next() - when heartbeat_tick() is due
 * @h: the heartbeat
 * @now: CLOCK_BOOTTIME in ns
 *
 * Return: ns from @now, or %NEVER where the line is not fitted.
 */
u64 heartbeat_next(const struct heartbeat *h, u64 now)
{
	if (!h->desc)
		return NEVER;
	return h->due_at > now ? h->due_at - now : 0;
}
