/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Loads that are shed on purpose: by a request, or because the state of charge is
 * at or below a floor (S1-S3). Embedded in struct protection, whose rules win
 * (S4). Pure, like debounce.h, whose words on time hold here as well.
 */
#ifndef _SMALLBMS_SHED_H
#define _SMALLBMS_SHED_H

#include "lines.h"
#include "settings.h"

/* A state of charge that is known, permille */
#define SOC_PERMILLE_MAX		1000

/**
 * struct shed_config - settings, which may be changed between two cycles
 * @request: &enum load_request
 * @floor_percent: S2, 0 for none
 * @recover_percent: S2, 0 for 5 above @floor_percent
 * @max_age_ms: S3
 */
struct shed_config {
	u32 request;
	u32 floor_percent;
	u32 recover_percent;
	u32 max_age_ms;
};

/**
 * struct shed - a load that is shed
 * @cfg: the settings
 * @enabled: the remote was on at the last decision; else reports change nothing
 * @reported_at: time of the last report, ns; of interest while @pending, or @below
 *	without @by_floor
 * @pending: the last report asks for another @below; one more in a row changes it
 * @below: two reports in a row were at or below the floor, and no two in a row at
 *	or above the recovery since
 * @applied: @below at the last decision
 * @by_request: the load is off because of a request to shed it
 * @by_floor: the load is off because of the floor
 */
struct shed {
	struct shed_config cfg;
	bool enabled;
	u64 reported_at;
	bool pending;
	bool below;
	bool applied;
	bool by_request;
	bool by_floor;
};

u32 shed_recover_percent(const struct shed_config *cfg);
void shed_report(struct shed *s, u32 permille, u64 now);
void shed_forget(struct shed *s);
bool shed_changed(const struct shed *s);

void shed_update(struct shed *s, bool enabled, u64 now);
bool shed_allows(struct shed *s, bool due);
bool shed_wanted(const struct shed *s);
bool shed_taken(const struct shed *s);
u64 shed_next(const struct shed *s, u64 now);

#endif /* _SMALLBMS_SHED_H */
