// SPDX-License-Identifier: GPL-2.0
/*
 * Random lines, switches, latencies and faults, on random boards. The oracle judges
 * each cycle, see judge.c; the rig watches that cycles make progress.
 */
#include <stdio.h>

#include "caller.h"
#include "tests.h"

#define STEPS_A_RUN	2000

static struct rig rig;
static struct protection_config config;
static u64 debounce, clear;
static bool writes_fail, reads_fail, shorts, sheds;
static unsigned long steps;

static u64 pick(const u64 *choices, unsigned int n)
{
	return choices[rig_random(&rig.seed) % n];
}

#define PICK(...) pick((const u64[]){ __VA_ARGS__ }, \
		       ARRAY_SIZE(((const u64[]){ __VA_ARGS__ })))

static bool chance(unsigned int one_in)
{
	return !(rig_random(&rig.seed) % one_in);
}

/* Mostly short, at times long, often just beside a limit. */
static u64 hold(void)
{
	u64 r = rig_random(&rig.seed) % (10 * SEC);

	switch (rig_random(&rig.seed) % 8) {
	case 0:
		return PICK(debounce, 2 * debounce, clear, 30 * SEC,
			    debounce + clear, 30 * SEC + debounce) +
		       PICK(1, 2, MS) - (debounce ? PICK(0, 1, 2) : 0);
	case 1:
		return 1 + r / 1000000;
	case 2:
		return 1 + (debounce ? r % debounce : 0);
	case 3:
		return 1 + r % (3 * debounce + 1);
	case 4:
		return 1 + r % (2 * clear + 1);
	case 5:
		return 1 + (chance(3) ? r * 8 : r);
	default:
		return 1 + r / 20;
	}
}

static void flip(u32 line)
{
	rig_set_lines(&rig, line, !(rig.levels & line));
}

static void request(enum core_setting setting, u32 value)
{
	scan_apply(&rig.scan, setting, value);
	rig_scan(&rig);
}

/* One report, or some in a row, often just beside a limit; or nothing is known. */
static void report_soc(void)
{
	const struct shed_config *cfg = &rig.scan.protection.shed.cfg;
	u32 from = cfg->floor_percent * 10, to = shed_recover_percent(cfg) * 10;
	int permille = PICK(from, from, from + 1, to - 1, to, to, 0, 1000,
			    rig_random(&rig.seed) % 1001);

	if (chance(16)) {
		rig_report_soc(&rig, -1);
		return;
	}
	do
		rig_report_soc(&rig, permille);
	while (chance(2));
}

/* Within the limits, which tie some to each other */
static void change_shed(void)
{
	switch (rig_random(&rig.seed) % 8) {
	case 0:
		request(CORE_SOC_FLOOR, PICK(0, 20, 30));
		break;
	case 1:
		request(CORE_SOC_FLOOR_RECOVER, PICK(0, 31, 60));
		break;
	case 2:
		request(CORE_SOC_MAX_AGE, PICK(2000, 30000, 600000));
		break;
	default:
		request(CORE_LOAD_REQUEST,
			PICK(LOAD_REQUEST_AUTO, LOAD_REQUEST_AUTO, LOAD_REQUEST_SHED,
			     LOAD_REQUEST_OFF));
	}
}

static void disturb(void)
{
	struct protection *p = &rig.scan.protection;
	u32 line = BIT(rig_random(&rig.seed) % INPUT_COUNT);
	u32 output = BIT(rig_random(&rig.seed) % OUTPUT_COUNT);

	if (sheds && chance(3)) {
		if (chance(8))
			change_shed();
		else
			report_soc();
		return;
	}
	switch (rig_random(&rig.seed) % 16) {
	case 0:
		request(CORE_REMOTE, chance(4) == p->software_remote);
		break;
	case 1:
		request(CORE_INHIBIT_CHARGE, chance(3));
		break;
	case 2:
		if (!reads_fail)
			break;
		rig.unreadable ^= line;
		rig_scan(&rig);
		break;
	case 3:
		if (writes_fail)
			rig.broken ^= output;
		break;
	case 4:
		flip(line);
		flip(line);
		break;
	case 5:
	case 6:
	case 7:
		flip(BIT(INPUT_CELL_UNDERVOLTAGE));
		break;
	case 8:
		flip(BIT(INPUT_CELL_LOW));
		break;
	case 9:
		if (shorts)
			rig_set_terminals(&rig, chance(2) ? &rig.short_circuit :
					  &rig.backfeed, output, chance(3));
		break;
	default:
		flip(line);
	}
}

static void event(struct rig *r)
{
	do
		disturb();
	while (chance(4));
	r->next_event = ++steps < STEPS_A_RUN ? r->now + hold() : FOREVER;
}

/* A board with other lines, delays and habits in each run */
static void choose_board(void)
{
	config = (struct protection_config) {
		.debounce.fitted = chance(4) ?
				   rig_random(&rig.seed) & INPUTS_ALL : INPUTS_ALL,
		.debounce.clear_delay_ms = PICK(1000, 1000, 5000, 10, 0),
		.debounce.debounce_delay_ms = PICK(20, 20, 100, 1, 0),
		.pre_alarm_delay_ms = PICK(30000, 30000, 45000),
		.load_reconnect_delay_ms = PICK(30000, 30000, 1000, 0),
		.load_reconnect_max_ms = PICK(1920000, 1920000, 60000, 10),
		.charge_reconnect_delay_ms = PICK(1000, 1000, 10000, 0),
		.pre_alarm_hold_ms = chance(2) ? PICK(60000, 30000, 50, 3600000) : 0,
		.steady_ms = PICK(600000, 600000, 5000, 100),
		.release_pre_alarm_on_disconnect = chance(3),
	};
	debounce = config.debounce.debounce_delay_ms * MS;
	clear = config.debounce.clear_delay_ms * MS;
	if (clear < debounce)
		clear = debounce;

	rig.clock = PICK(0, 1ULL << 62, 0 - 2010 * SEC) - 2000 * SEC;
	if (chance(4))
		rig.poll_ns = SEC;
	rig.write_ns = chance(2) ? PICK(MS, 40 * MS, 200 * MS) : 0;
	rig.scan.sleeps = rig.write_ns || chance(2);
	rig.levels = rig_random(&rig.seed) & rig_random(&rig.seed) & INPUTS_ALL;
	reads_fail = chance(4);
	writes_fail = chance(4);
	shorts = chance(4);
	sheds = chance(2);
	rig.shed.max_age_ms = PICK(2000, 30000, 600000);
	if (sheds)
		rig.shed.floor_percent = PICK(0, 20, 30);
}

/* All works again, and stays as it is. */
static void calm_down(void)
{
	rig.unreadable = 0;
	rig.broken = 0;
	rig.short_circuit = 0;
	rig.backfeed = 0;
	rig_scan(&rig);
	/* the longest wait (C5, L7), and the longest hold (O3) */
	rig_run(&rig, rig.now + 4000 * SEC);
	if (!rig.violation && scan_next(&rig.scan, rig_clock(&rig)) < FOREVER)
		rig.violation = "T1: an idle board asks for a cycle";
}

static bool one_run(unsigned long run, unsigned long long seed)
{
	u32 found;

	rig = (struct rig) {
		.seed = 0xbf58476d1ce4e5b9ULL * seed +
			0x9e3779b97f4a7c15ULL * (run + 1),
		.now = 2000 * SEC,
		.poll_ns = FOREVER,
		.next_event = FOREVER,
		.event = event,
	};
	/* an empty state of the generator would stay so */
	rig.seed |= !rig.seed;
	choose_board();

	found = chance(2) ? rig_random(&rig.seed) & (OUTPUT_LOAD | OUTPUT_CHARGE) : 0;
	rig_start(&rig, &config, shorts ? OUTPUTS_ALL : 0, found);
	scan_apply(&rig.scan, CORE_POLL_INTERVAL, 1000);	/* changes no rule */
	steps = 0;
	rig.next_event = rig.now + hold();
	while (steps < STEPS_A_RUN && !rig.violation)
		rig_run(&rig, rig.now + 100 * SEC);
	calm_down();
	if (rig.violation)
		printf("# run %lu at %llu ns: %s\n", run, rig.now, rig.violation);
	return !rig.violation;
}

bool random_run(unsigned long least_steps, unsigned long long seed)
{
	unsigned long done, run = 0;
	bool ok = true;

	printf("# seed %llu\n", seed);
	for (done = 0; ok && done < least_steps; done += 1 + steps)
		ok = one_run(run++, seed);
	return ok;
}
