/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The core protects: it runs scan cycles from its start to its end, and publishes
 * a snapshot after each. It does not know who watches.
 */
#ifndef _SMALLBMS_CORE_H
#define _SMALLBMS_CORE_H

#include "lines.h"
#include "publisher.h"
#include "settings.h"
#include "sleep.h"

struct core;
struct device;

/**
 * struct core_config - how a board begins
 * @setting: by &enum core_setting; a %CORE_POLL_INTERVAL of 0 leaves the choice to
 *	the core
 * @release_pre_alarm_on_disconnect: O3
 */
struct core_config {
	u32 setting[CORE_SETTINGS];
	bool release_pre_alarm_on_disconnect;
};

/**
 * struct core_stats - counters since probe; they wrap as u32 do
 * @pre_alarms: times that the pre-alarm was raised
 * @load_disconnects: times that undervoltage disconnected the load
 * @charge_disconnects: times that a charge fault disconnected charge
 * @interrupts: interrupts of the lines
 * @rescans: scans that the poll interval asked for
 * @missed_edges: changes of a line that its interrupt did not announce
 * @read_errors: scans in which a read failed
 * @write_errors: scans in which a write failed, or was not confirmed
 */
struct core_stats {
	u32 pre_alarms;
	u32 load_disconnects;
	u32 charge_disconnects;
	u32 interrupts;
	u32 rescans;
	u32 missed_edges;
	u32 read_errors;
	u32 write_errors;
};

struct core *core_create(struct device *dev);
int core_start(struct core *c, const char *name, const struct core_config *cfg);
void core_abandon(struct core *c, int error);
void core_shutdown(struct core *c, bool retain);
int core_suspend(struct core *c, u32 how);
void core_resume(struct core *c, bool released);
void core_hibernate(struct core *c);

int core_request(struct core *c, enum core_setting setting, u32 value);
int core_request_nowait(struct core *c, enum core_setting setting, u32 value);
void core_report_soc(struct core *c, int permille);
u32 core_setting(const struct core *c, enum core_setting setting);

void core_snapshot(const struct core *c, struct snapshot *s);
void core_times(const struct core *c, struct snapshot_times *times);
void core_stats(const struct core *c, struct core_stats *stats);
int devm_core_subscribe(struct device *dev, struct core *c,
			struct notifier_block *nb);

#endif /* _SMALLBMS_CORE_H */
