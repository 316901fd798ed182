/* SPDX-License-Identifier: GPL-2.0 */
/* What can be set of a board, and the limits of it (V1). Pure. */
#ifndef _SMALLBMS_SETTINGS_H
#define _SMALLBMS_SETTINGS_H

#include <linux/types.h>

/**
 * enum core_setting - what can be requested of the core
 * @CORE_REMOTE: software remote, 0 or 1 (M2)
 * @CORE_INHIBIT_CHARGE: the user inhibits charging, 0 or 1 (C4)
 * @CORE_PRE_ALARM_DELAY: ms (L2)
 * @CORE_LOAD_RECONNECT_DELAY: ms (L4)
 * @CORE_LOAD_RECONNECT_MAX: ms (L7); below %CORE_LOAD_RECONNECT_DELAY it has no effect
 * @CORE_CHARGE_RECONNECT_DELAY: ms (C2)
 * @CORE_PRE_ALARM_HOLD: ms (O3)
 * @CORE_CLEAR_DELAY: ms (T3)
 * @CORE_DEBOUNCE_DELAY: ms (T2)
 * @CORE_POLL_INTERVAL: ms (T1)
 * @CORE_HEARTBEAT_INTERVAL: ms (F5)
 * @CORE_LOAD_REQUEST: &enum load_request (S1)
 * @CORE_SOC_FLOOR: percent, 0 for none (S2)
 * @CORE_SOC_FLOOR_RECOVER: percent, above %CORE_SOC_FLOOR, or 0 for 5 above it (S2)
 * @CORE_SOC_MAX_AGE: ms (S3)
 * @CORE_SETTINGS: number of settings
 */
enum core_setting {
	CORE_REMOTE,
	CORE_INHIBIT_CHARGE,
	CORE_PRE_ALARM_DELAY,
	CORE_LOAD_RECONNECT_DELAY,
	CORE_LOAD_RECONNECT_MAX,
	CORE_CHARGE_RECONNECT_DELAY,
	CORE_PRE_ALARM_HOLD,
	CORE_CLEAR_DELAY,
	CORE_DEBOUNCE_DELAY,
	CORE_POLL_INTERVAL,
	CORE_HEARTBEAT_INTERVAL,
	CORE_LOAD_REQUEST,
	CORE_SOC_FLOOR,
	CORE_SOC_FLOOR_RECOVER,
	CORE_SOC_MAX_AGE,
	CORE_SETTINGS
};

/**
 * enum load_request - what a person requests of the load (S1)
 * @LOAD_REQUEST_AUTO: connected as the other rules allow
 * @LOAD_REQUEST_SHED: disconnected after a pre-alarm
 * @LOAD_REQUEST_OFF: disconnected at once
 * @LOAD_REQUESTS: number of requests
 */
enum load_request {
	LOAD_REQUEST_AUTO,
	LOAD_REQUEST_SHED,
	LOAD_REQUEST_OFF,
	LOAD_REQUESTS
};

/**
 * struct core_limits - limits of a setting (V1)
 * @property: device property that sets it, or NULL
 * @unit: of the values, for messages
 * @min: least value
 * @max: greatest value
 * @fallback: value where the property is absent
 */
struct core_limits {
	const char *property;
	const char *unit;
	u32 min;
	u32 max;
	u32 fallback;
};

struct core_limits core_limits(const u32 *settings, enum core_setting setting);
int core_check(const u32 *settings, enum core_setting setting, u32 value);

#endif /* _SMALLBMS_SETTINGS_H */
