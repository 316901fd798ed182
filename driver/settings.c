// SPDX-License-Identifier: GPL-2.0
/* Limits of the settings; see settings.h. */
#include <linux/errno.h>
#include <linux/stddef.h>

#include "settings.h"

/* V1: no setting may defeat the protection. L2: 30 s of pre-alarm are promised. */
static const struct core_limits limits[CORE_SETTINGS] = {
	[CORE_REMOTE] = { NULL, 0, 1, 1 },
	[CORE_INHIBIT_CHARGE] = { NULL, 0, 1, 0 },
	[CORE_PRE_ALARM_DELAY] = {
		"pre-alarm-delay-ms", 30000, 600000, 30000 },
	[CORE_LOAD_RECONNECT_DELAY] = {
		"load-reconnect-delay-ms", 0, 3600000, 30000 },
	[CORE_LOAD_RECONNECT_MAX] = {
		"load-reconnect-max-ms", 0, 3600000, 1920000 },
	[CORE_CHARGE_RECONNECT_DELAY] = {
		"charge-reconnect-delay-ms", 0, 3600000, 1000 },
	[CORE_PRE_ALARM_HOLD] = { "pre-alarm-hold-ms", 0, 3600000, 0 },
	[CORE_CLEAR_DELAY] = { "clear-delay-ms", 0, 60000, 1000 },
	[CORE_DEBOUNCE_DELAY] = { "debounce-delay-ms", 0, 1000, 20 },
	[CORE_POLL_INTERVAL] = { "poll-interval", 1, 10000, 0 },
	[CORE_HEARTBEAT_INTERVAL] = { "heartbeat-interval-ms", 10, 60000, 500 },
};

/**
 * core_limits() - the limits of a setting (V1)
 * @setting: which
 */
const struct core_limits *core_limits(enum core_setting setting)
{
	return &limits[setting];
}

/**
 * core_check() - check a value against the limits of a setting (V1)
 * @setting: which
 * @value: the value
 *
 * Return: 0, or -EINVAL.
 */
int core_check(enum core_setting setting, u32 value)
{
	return value < limits[setting].min || value > limits[setting].max ?
	       -EINVAL : 0;
}
