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
	CORE_SETTINGS
};

/**
 * struct core_limits - limits of a setting (V1)
 * @property: device property that sets it, or NULL
 * @min: least value
 * @max: greatest value
 * @fallback: value where the property is absent
 */
struct core_limits {
	const char *property;
	u32 min;
	u32 max;
	u32 fallback;
};

const struct core_limits *core_limits(enum core_setting setting);
int core_check(enum core_setting setting, u32 value);

#endif /* _SMALLBMS_SETTINGS_H */
