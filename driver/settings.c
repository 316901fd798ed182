// SPDX-License-Identifier: GPL-2.0
/* Limits of the settings; see settings.h. */
#include <linux/errno.h>
#include <linux/minmax.h>
#include <linux/stddef.h>

#include "settings.h"

/* V1: no setting may defeat the protection. L2: 30 s of pre-alarm are promised. */
static const struct core_limits limits[CORE_SETTINGS] = {
	[CORE_REMOTE] = { NULL, "", 0, 1, 1 },
	[CORE_INHIBIT_CHARGE] = { NULL, "", 0, 1, 0 },
	[CORE_PRE_ALARM_DELAY] = {
		"pre-alarm-delay-ms", "ms", 30000, 600000, 30000 },
	[CORE_LOAD_RECONNECT_DELAY] = {
		"load-reconnect-delay-ms", "ms", 0, 3600000, 30000 },
	[CORE_LOAD_RECONNECT_MAX] = {
		"load-reconnect-max-ms", "ms", 0, 3600000, 1920000 },
	[CORE_CHARGE_RECONNECT_DELAY] = {
		"charge-reconnect-delay-ms", "ms", 0, 3600000, 1000 },
	[CORE_PRE_ALARM_HOLD] = { "pre-alarm-hold-ms", "ms", 0, 3600000, 0 },
	[CORE_CLEAR_DELAY] = { "clear-delay-ms", "ms", 0, 60000, 1000 },
	[CORE_DEBOUNCE_DELAY] = { "debounce-delay-ms", "ms", 0, 1000, 20 },
	[CORE_POLL_INTERVAL] = { "poll-interval", "ms", 1, 10000, 0 },
	[CORE_HEARTBEAT_INTERVAL] = {
		"heartbeat-interval-ms", "ms", 10, 60000, 500 },
	[CORE_LOAD_REQUEST] = { NULL, "", 0, LOAD_REQUESTS - 1, LOAD_REQUEST_AUTO },
	[CORE_SOC_FLOOR] = { "soc-floor-percent", "%", 0, 90, 0 },
	[CORE_SOC_FLOOR_RECOVER] = { "soc-floor-recover-percent", "%", 0, 100, 0 },
	[CORE_SOC_MAX_AGE] = { "soc-max-age-ms", "ms", 2000, 600000, 30000 },
};

/**
 * core_limits() - the limits of a setting (V1)
 * @settings: all, by &enum core_setting: some limit each other
 * @setting: which
 */
struct core_limits core_limits(const u32 *settings, enum core_setting setting)
{
	u32 recover_percent = settings[CORE_SOC_FLOOR_RECOVER];
	u32 floor_percent = settings[CORE_SOC_FLOOR];
	struct core_limits l = limits[setting];

	/* S2: a floor without hysteresis would make a contactor chatter */
	if (setting == CORE_SOC_FLOOR && recover_percent)
		l.max = min(l.max, recover_percent - 1);
	if (setting == CORE_SOC_FLOOR_RECOVER && floor_percent)
		l.min = floor_percent + 1;
	return l;
}

/**
 * core_check() - check a value against the limits of a setting (V1)
 * @settings: all, as they are
 * @setting: which
 * @value: the value
 *
 * Return: 0, or -EINVAL.
 */
int core_check(const u32 *settings, enum core_setting setting, u32 value)
{
	struct core_limits l = core_limits(settings, setting);

	if (setting == CORE_SOC_FLOOR_RECOVER && !value)
		return 0;
	return value < l.min || value > l.max ? -EINVAL : 0;
}
