// SPDX-License-Identifier: GPL-2.0
/* What steps of a timeline do to the rig, and ask of it. */
#include "player.h"

/* Settings; those that are delays may come later, too */

static void set_delay(enum core_setting setting, u32 *initial, u64 ns)
{
	if (started)
		scan_apply(&rig.scan, setting, ns / MS);
	else
		*initial = ns / MS;
	rig_scan(&rig);
}

#define DELAY(_name, _setting, _member)					\
static void set_##_name(const struct step *s)				\
{									\
	set_delay(_setting, &config._member, s->value);			\
}

DELAY(pre_alarm, CORE_PRE_ALARM_DELAY, pre_alarm_delay_ms)
DELAY(load_reconnect, CORE_LOAD_RECONNECT_DELAY, load_reconnect_delay_ms)
DELAY(load_reconnect_max, CORE_LOAD_RECONNECT_MAX, load_reconnect_max_ms)
DELAY(hold, CORE_PRE_ALARM_HOLD, pre_alarm_hold_ms)
DELAY(charge_reconnect, CORE_CHARGE_RECONNECT_DELAY, charge_reconnect_delay_ms)
DELAY(clear, CORE_CLEAR_DELAY, debounce.clear_delay_ms)
DELAY(debounce, CORE_DEBOUNCE_DELAY, debounce.debounce_delay_ms)

static void set_shed(enum core_setting setting, u32 *initial, u64 value)
{
	if (started)
		scan_apply(&rig.scan, setting, value);
	else
		*initial = value;
	rig_scan(&rig);
}

static void set_floor(const struct step *s)
{
	set_shed(CORE_SOC_FLOOR, &rig.shed.floor_percent, s->value);
}

static void set_recover(const struct step *s)
{
	set_shed(CORE_SOC_FLOOR_RECOVER, &rig.shed.recover_percent, s->value);
}

static void set_max_age(const struct step *s)
{
	set_shed(CORE_SOC_MAX_AGE, &rig.shed.max_age_ms, s->value / MS);
}

static void set_fitted(const struct step *s)
{
	config.debounce.fitted = s->bits;
}

static void set_release_pre_alarm(const struct step *s)
{
	config.release_pre_alarm_on_disconnect = true;
}

static void set_sense_lines(const struct step *s)
{
	sense_lines = OUTPUTS_ALL;
}

static void set_write_latency(const struct step *s)
{
	rig.write_min_ns = s->value;
	rig.scan.sleeps = true;
}

static void set_read_latency(const struct step *s)
{
	rig.read_ns = s->value;
	rig.scan.sleeps = true;
}

static void set_clock(const struct step *s)
{
	rig.clock = s->value - EPOCH;
}

static void set_poll_interval(const struct step *s)
{
	rig.poll_ns = s->value;
}

static void set_no_poll(const struct step *s)
{
	rig.poll_ns = FOREVER;
}

static void set_no_read_back(const struct step *s)
{
	rig.no_read_back = true;
}

/* Stimuli */

static void lines_on(const struct step *s)
{
	rig_set_lines(&rig, s->bits, true);
}

static void lines_off(const struct step *s)
{
	rig_set_lines(&rig, s->bits, false);
}

static void lines_edge(const struct step *s)
{
	rig_edge(&rig, s->bits);
}

static void lines_unreadable(const struct step *s)
{
	rig.unreadable |= s->bits;
	rig_scan(&rig);
}

static void lines_readable(const struct step *s)
{
	rig.unreadable &= ~s->bits;
	rig_scan(&rig);
}

static void bus_dead(const struct step *s)
{
	rig.unreadable = INPUTS_ALL;
	rig.broken = OUTPUTS_ALL;
}

static void bus_alive(const struct step *s)
{
	rig.unreadable = 0;
	rig.broken = 0;
}

static void chip_reset(const struct step *s)
{
	rig_set_pins(&rig, OUTPUTS_ALL, false);
}

static void remote_on(const struct step *s)
{
	scan_apply(&rig.scan, CORE_REMOTE, true);
	rig_scan(&rig);
}

static void remote_off(const struct step *s)
{
	scan_apply(&rig.scan, CORE_REMOTE, false);
	rig_scan(&rig);
}

static void inhibit_charge(const struct step *s)
{
	scan_apply(&rig.scan, CORE_INHIBIT_CHARGE, true);
	rig_scan(&rig);
}

static void charge_auto(const struct step *s)
{
	scan_apply(&rig.scan, CORE_INHIBIT_CHARGE, false);
	rig_scan(&rig);
}

static void request_auto(const struct step *s)
{
	set_shed(CORE_LOAD_REQUEST, &rig.shed.request, LOAD_REQUEST_AUTO);
}

static void request_shed(const struct step *s)
{
	set_shed(CORE_LOAD_REQUEST, &rig.shed.request, LOAD_REQUEST_SHED);
}

static void request_off(const struct step *s)
{
	set_shed(CORE_LOAD_REQUEST, &rig.shed.request, LOAD_REQUEST_OFF);
}

static void report_soc(const struct step *s)
{
	rig_report_soc(&rig, s->value);
}

static void report_unknown(const struct step *s)
{
	rig_report_soc(&rig, -1);
}

static void writes_fail(const struct step *s)
{
	rig.broken |= s->bits;
}

static void writes_work(const struct step *s)
{
	rig.broken &= ~s->bits;
}

static void pin_drops(const struct step *s)
{
	rig.dropped |= s->bits;
}

static void pin_reset(const struct step *s)
{
	rig_set_pins(&rig, s->bits, false);
}

static void pin_late_write(const struct step *s)
{
	rig_set_pins(&rig, s->bits, true);
}

static void pin_misread(const struct step *s)
{
	rig.corrupt = s->bits;
	rig_scan(&rig);
}

static void short_begins(const struct step *s)
{
	rig_set_terminals(&rig, &rig.short_circuit, s->bits, true);
}

static void short_ends(const struct step *s)
{
	rig_set_terminals(&rig, &rig.short_circuit, s->bits, false);
}

static void backfeed_begins(const struct step *s)
{
	rig_set_terminals(&rig, &rig.backfeed, s->bits, true);
}

static void backfeed_ends(const struct step *s)
{
	rig_set_terminals(&rig, &rig.backfeed, s->bits, false);
}

static void interrupts_lost(const struct step *s)
{
	rig.mute = INPUTS_ALL;
}

static void interrupts_back(const struct step *s)
{
	rig.mute = 0;
}

static void stalled(const struct step *s)
{
	rig_stall(&rig, s->value + EPOCH);
}

static void start(const struct step *s)
{
	rig.outputs = s->bits;
	record_from_now();
	started = true;
	rig_start(&rig, &config, sense_lines, s->bits);
}

/* Questions */

static u64 ask_idle(void)
{
	return scan_next(&rig.scan, rig_clock(&rig)) >= FOREVER;
}

static u64 ask_busy(void)
{
	return !!scan_busy(&rig.scan, rig_clock(&rig));
}

static u64 ask_next(void)
{
	return protection_next(&rig.scan.protection, rig_clock(&rig));
}

static u64 ask_disconnect_in(void)
{
	return protection_disconnect_in(&rig.scan.protection, rig_clock(&rig));
}

static u64 ask_shed_in(void)
{
	return protection_shed_in(&rig.scan.protection, rig_clock(&rig));
}

static u64 ask_reconnect_in(void)
{
	return protection_reconnect_in(&rig.scan.protection, rig_clock(&rig));
}

static u64 ask_charge_tripped(void)
{
	return rig.scan.protection.charge_tripped;
}

static u64 ask_implausible(void)
{
	return rig.scan.protection.debounce.implausible;
}

static u64 ask_mismatch(void)
{
	return rig.scan.terminal.mismatch;
}

static u64 ask_chattering(void)
{
	return rig.scan.protection.debounce.chattering;
}

static u64 ask_terminals(void)
{
	return debounce_terminals(&rig.scan.protection.debounce);
}

static u64 ask_missed(void)
{
	return rig.missed;
}

#define COUNTER(_name)				\
static u64 ask_##_name(void)			\
{						\
	return rig.scan.stats._name;		\
}

COUNTER(pre_alarms)
COUNTER(load_disconnects)
COUNTER(charge_disconnects)
COUNTER(read_errors)
COUNTER(write_errors)

/* The phrases of ../scenarios/parser.py */

#define DOES(_words, _argument, _apply)	\
	{ .words = (_words), .argument = (_argument), .apply = (_apply) }
#define QUESTION(_words, _answer, _print)	\
	{ .words = (_words), .answer = (_answer), .print = (_print) }

const struct action actions[] = {
	DOES("pre-alarm-delay", NUMBER, set_pre_alarm),
	DOES("load-reconnect-delay", NUMBER, set_load_reconnect),
	DOES("load-reconnect-max", NUMBER, set_load_reconnect_max),
	DOES("charge-reconnect-delay", NUMBER, set_charge_reconnect),
	DOES("pre-alarm-hold", NUMBER, set_hold),
	DOES("clear-delay", NUMBER, set_clear),
	DOES("debounce-delay", NUMBER, set_debounce),
	DOES("soc-floor-percent", NUMBER, set_floor),
	DOES("soc-floor-recover-percent", NUMBER, set_recover),
	DOES("soc-max-age", NUMBER, set_max_age),
	DOES("fitted", LINES, set_fitted),
	DOES("release-pre-alarm-on-disconnect", NOTHING, set_release_pre_alarm),
	DOES("sense-lines", NOTHING, set_sense_lines),
	DOES("write-latency", NUMBER, set_write_latency),
	DOES("read-latency", NUMBER, set_read_latency),
	DOES("clock", NUMBER, set_clock),
	DOES("poll-interval", NUMBER, set_poll_interval),
	DOES("no-poll", NOTHING, set_no_poll),
	DOES("no-interrupts", NOTHING, interrupts_lost),
	DOES("no-read-back", NOTHING, set_no_read_back),

	DOES("on", LINES, lines_on),
	DOES("off", LINES, lines_off),
	DOES("edge", LINES, lines_edge),
	DOES("unreadable", LINES, lines_unreadable),
	DOES("readable", LINES, lines_readable),
	DOES("bus dead", NOTHING, bus_dead),
	DOES("bus alive", NOTHING, bus_alive),
	DOES("chip reset", NOTHING, chip_reset),
	DOES("remote on", NOTHING, remote_on),
	DOES("remote off", NOTHING, remote_off),
	DOES("charge-behaviour inhibit-charge", NOTHING, inhibit_charge),
	DOES("charge-behaviour auto", NOTHING, charge_auto),
	DOES("load-request auto", NOTHING, request_auto),
	DOES("load-request shed", NOTHING, request_shed),
	DOES("load-request off", NOTHING, request_off),
	DOES("soc", NUMBER, report_soc),
	DOES("soc unknown", NOTHING, report_unknown),
	DOES("writes fail", ONE_OUTPUT, writes_fail),
	DOES("writes work", ONE_OUTPUT, writes_work),
	DOES("next write drops", ONE_OUTPUT, pin_drops),
	DOES("reset of", ONE_OUTPUT, pin_reset),
	DOES("late write of", ONE_OUTPUT, pin_late_write),
	DOES("misread of", ONE_OUTPUT, pin_misread),
	DOES("short of", ONE_OUTPUT, short_begins),
	DOES("short of gone", ONE_OUTPUT, short_ends),
	DOES("backfeed of", ONE_OUTPUT, backfeed_begins),
	DOES("backfeed of gone", ONE_OUTPUT, backfeed_ends),
	DOES("interrupts lost", NOTHING, interrupts_lost),
	DOES("interrupts back", NOTHING, interrupts_back),
	DOES("stalled until", NUMBER, stalled),
	DOES("start", NOTHING, start),
	DOES("start found", ONE_OUTPUT, start),
	DOES("end", NOTHING, NULL),

	QUESTION("is busy", ask_busy, print_yes_no),
	QUESTION("is idle", ask_idle, print_yes_no),
	QUESTION("is next", ask_next, print_time),
	QUESTION("is disconnect-in", ask_disconnect_in, print_time),
	QUESTION("is shed-in", ask_shed_in, print_time),
	QUESTION("is reconnect-in", ask_reconnect_in, print_time),
	QUESTION("is charge-tripped", ask_charge_tripped, print_yes_no),
	QUESTION("is implausible", ask_implausible, print_yes_no),
	QUESTION("is mismatch", ask_mismatch, print_outputs),
	QUESTION("is chattering", ask_chattering, print_lines),
	QUESTION("is terminals", ask_terminals, print_on_off),
	QUESTION("is missed", ask_missed, print_lines),
	QUESTION("is stats pre_alarms", ask_pre_alarms, print_number),
	QUESTION("is stats load_disconnects", ask_load_disconnects, print_number),
	QUESTION("is stats charge_disconnects", ask_charge_disconnects, print_number),
	QUESTION("is stats read_errors", ask_read_errors, print_number),
	QUESTION("is stats write_errors", ask_write_errors, print_number),
	{ }
};
