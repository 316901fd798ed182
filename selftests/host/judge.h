/* SPDX-License-Identifier: GPL-2.0 */
/* Calls that are redirected by ld --wrap, and the driver's functions behind them. */
#ifndef _PROOF_JUDGE_H
#define _PROOF_JUDGE_H

#include "adapter.h"
#include "scan.h"
#include "terminal.h"

void __real_protection_init(struct protection *p,
			    const struct protection_config *cfg,
			    const struct debounce_sample *first, u32 found,
			    u64 now);
void __real_debounce_update(struct debounce *d, const struct debounce_sample *s,
			    u64 now);
u32 __real_protection_decide(struct protection *p, u64 now);
void __real_protection_feedback(struct protection *p, u32 actual, u64 now);
u64 __real_protection_next(const struct protection *p, u64 now);
void __real_terminal_driven(struct terminal *t, u32 driven, u64 now);
void __real_terminal_check(struct terminal *t, u32 sense, u32 known, u64 now);

u64 __real_scan_report_soc(struct scan *s, int permille, u64 now);
u64 __real_scan_next(struct scan *s, u64 now);
void __real_scan_describe(const struct scan *s, struct snapshot *snapshot,
			  struct snapshot_times *times, u64 now);

void __wrap_protection_init(struct protection *p,
			    const struct protection_config *cfg,
			    const struct debounce_sample *first, u32 found,
			    u64 now);
void __wrap_debounce_update(struct debounce *d, const struct debounce_sample *s,
			    u64 now);
u32 __wrap_protection_decide(struct protection *p, u64 now);
void __wrap_protection_feedback(struct protection *p, u32 actual, u64 now);
u64 __wrap_protection_next(const struct protection *p, u64 now);
void __wrap_terminal_driven(struct terminal *t, u32 driven, u64 now);
void __wrap_terminal_check(struct terminal *t, u32 sense, u32 known, u64 now);
u64 __wrap_scan_report_soc(struct scan *s, int permille, u64 now);
u64 __wrap_scan_next(struct scan *s, u64 now);
void __wrap_scan_describe(const struct scan *s, struct snapshot *snapshot,
			  struct snapshot_times *times, u64 now);

#endif /* _PROOF_JUDGE_H */
