/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The board: owner of inputs, protection and outputs, of the lock, the timer
 * and the thread. Everything else watches what it publishes.
 */
#ifndef _SMALLBMS_BOARD_H
#define _SMALLBMS_BOARD_H

#include <linux/gpio/driver.h>
#include <linux/hrtimer.h>
#include <linux/kthread.h>
#include <linux/leds.h>
#include <linux/notifier.h>
#include <linux/power_supply.h>
#include <linux/seqlock.h>
#include <linux/spinlock.h>
#include <linux/workqueue.h>

#include "inputs.h"
#include "measure.h"
#include "outputs.h"
#include "protection.h"
#include "sense.h"

/* Conditions beyond the lines', in &struct board_view */
#define CONDITION_IO_ERROR		PROTECTION_BIT(PROTECTION_LINES)
#define CONDITION_SENSE_MISMATCH	PROTECTION_BIT(PROTECTION_LINES + 1)
#define CONDITION_IMPLAUSIBLE		PROTECTION_BIT(PROTECTION_LINES + 2)
/* ... and beyond that, see measure_conditions() */
#define CONDITION_VOLTAGE		PROTECTION_BIT(PROTECTION_LINES + 3)

/**
 * struct board_view - what the board tells; any difference is a change
 * @outputs: what is high
 * @conditions: active lines as bits, and CONDITION_*
 * @unreadable: lines that count as active because they cannot be read
 * @terminals: M1
 * @remote: M2
 * @inhibit_charge: C4
 * @charge_blocked: O5
 * @load_reason: &enum protection_reason
 * @charge_reason: &enum protection_reason
 * @alarm: 0, 1, 2
 *
 * Only u32, so that two can be compared as memory.
 */
struct board_view {
	u32 outputs;
	u32 conditions;
	u32 unreadable;
	u32 terminals;
	u32 remote;
	u32 inhibit_charge;
	u32 charge_blocked;
	u32 load_reason;
	u32 charge_reason;
	u32 alarm;
};

/**
 * struct board_stats - counters since probe
 * @pre_alarms: times that the pre-alarm was raised
 * @load_disconnects: times that undervoltage cut the load
 * @charge_disconnects: times that a charge fault cut the charge
 * @interrupts: interrupts of the lines
 * @rescans: readings that the poll interval asked for
 * @missed_edges: changes of a line that its interrupt did not tell of
 * @read_errors: readings that failed
 * @write_errors: writes that failed
 *
 * What is not atomic is written under the board's lock. They wrap as u32 do.
 */
struct board_stats {
	u32 pre_alarms;
	u32 load_disconnects;
	u32 charge_disconnects;
	atomic_t interrupts;
	atomic_t rescans;
	u32 missed_edges;
	u32 read_errors;
	u32 write_errors;
};

/**
 * struct board_storm - guard against lines that flood us with interrupts
 * @since: begin of the window in which @count is counted, ns
 * @count: interrupts in it
 * @ignored: the interrupts are about to be given back
 * @muted: interrupts are off, and the lines are polled
 * @muted_at: since when, ns
 * @pause_ms: for how long; grows while the storm is there each time
 */
struct board_storm {
	u64 since;
	u32 count;
	bool ignored;
	bool muted;
	u64 muted_at;
	u32 pause_ms;
};

/**
 * struct board_watch - guard against a bus on which a turn hangs
 * @timer: runs out when a turn takes too long
 * @turning: a turn is under way
 * @since: when the last one began, CLOCK_MONOTONIC in ns
 * @late: it, or one before it, took too long, and none has been well since
 */
struct board_watch {
	struct hrtimer timer;
	bool turning;
	u64 since;
	bool late;
};

#define BOARD_LEDS	3

/**
 * struct board_led - a LED trigger
 * @trigger: the trigger, registered when it has a name
 * @lit: whether LEDs that follow it are lit
 */
struct board_led {
	struct led_trigger trigger;
	bool lit;
};

/* Changes that may wait until somebody is told */
#define BOARD_GPIO_QUEUE	32

/**
 * struct board_gpio - the lines that the board offers
 * @chip: the GPIO chip
 * @queue: levels of all lines after each change that is not told yet; with
 *	@newest, @head and @tail under the board's lock
 * @newest: the last ones
 * @head: changes queued, ever
 * @tail: those that are told
 * @told: levels that have been told
 * @teller: the task that tells right now
 * @enabled: lines whose interrupt is
 * @rising: lines whose rising edge is asked for
 * @falling: lines whose falling edge is
 * @drives_remote: the remote line is an output
 */
struct board_gpio {
	struct gpio_chip chip;
	u32 queue[BOARD_GPIO_QUEUE];
	u32 newest;
	unsigned int head;
	unsigned int tail;
	u32 told;
	struct task_struct *teller;
	unsigned long enabled;
	unsigned long rising;
	unsigned long falling;
	bool drives_remote;
};

/**
 * struct board - one board
 * @dev: its device
 * @name: label, name of the power supply
 * @inputs: lines that it reads
 * @outputs: lines that it drives
 * @sleeps: some line sleeps, so @worker takes the turns instead of hard context
 * @lock: guards everything down to @seq
 * @protection: the rules' state
 * @stats: counters
 * @poll_interval_ms: T1
 * @rescan: @timer was armed for the poll interval, not for something due
 * @let_go: outputs that were let go ahead of the turn that follows
 * @sensed_at: time of the last reading, CLOCK_BOOTTIME in ns
 * @unannounced: lines that a re-scan saw change before their interrupt did
 * @sense: what the terminals show
 * @storm: interrupts come too fast, or did
 * @watch: turns of @worker that take too long
 * @running: turns are taken, between board_start() and board_stop(), but not
 *	while the system sleeps
 * @view: what is published
 * @disconnect_at: end of the countdown on CLOCK_BOOTTIME in ns, or
 *	%PROTECTION_NEVER
 * @seq: lets readers take @view and @disconnect_at without @lock
 * @timer: the next turn
 * @heartbeat: line that toggles while turns are taken (F5), or NULL
 * @heartbeat_interval_ms: between two edges of it
 * @heartbeat_at: when the next is due, CLOCK_BOOTTIME in ns
 * @heartbeat_level: its level
 * @worker: thread that takes the turns where lines sleep, else NULL
 * @turn: its work
 * @report: tells the rest of the system, in its own time
 * @reported: what @report told last
 * @supply: power supply
 * @supply_desc: its description
 * @properties: its properties
 * @supplied: a charger is described
 * @charger_online: it is online
 * @voltage_min_design_uv: of the bank in uV, 0 if not described
 * @voltage_max_design_uv: of the bank in uV, 0 if not described
 * @charge_full_design_uah: of the bank in uAh, 0 if not described
 * @capacity: last capacity that was known, percent
 * @told_capacity: the one at the last event
 * @told_status: the status then
 * @measure: measurements
 * @gpio: the lines that it offers
 * @leds: LED triggers
 * @wakeup: the lines may wake the system (T4)
 * @retain_state_shutdown: F1
 * @panic: releases the outputs when the kernel panics (F5)
 */
struct board {
	struct device *dev;
	const char *name;
	struct inputs inputs;
	struct outputs outputs;
	bool sleeps;

	raw_spinlock_t lock;
	struct protection protection;
	struct board_stats stats;
	u32 poll_interval_ms;
	bool rescan;
	u32 let_go;
	u64 sensed_at;
	u32 unannounced;
	struct sense sense;
	struct board_storm storm;
	struct board_watch watch;
	bool running;
	struct board_view view;
	u64 disconnect_at;
	seqcount_raw_spinlock_t seq;

	struct gpio_desc *heartbeat;
	u32 heartbeat_interval_ms;
	u64 heartbeat_at;
	bool heartbeat_level;

	struct hrtimer timer;
	struct kthread_worker *worker;
	struct kthread_work turn;

	struct work_struct report;
	struct board_view reported;

	struct power_supply *supply;
	struct power_supply_desc supply_desc;
	enum power_supply_property properties[24];
	bool supplied;
	bool charger_online;
	u32 voltage_min_design_uv;
	u32 voltage_max_design_uv;
	u32 charge_full_design_uah;
	int capacity;
	int told_capacity;
	int told_status;
	struct measure measure;

	struct board_gpio gpio;
	struct board_led leds[BOARD_LEDS];
	bool wakeup;
	bool retain_state_shutdown;
	struct notifier_block panic;
};

/* board.c */
int board_init(struct board *b, const struct protection_config *cfg, u32 found);
int board_start(struct board *b);
void board_stop(struct board *b);
void board_rest(struct board *b);
void board_wake(struct board *b);
void board_kick(struct board *b);
void board_turn_locked(struct board *b);
void board_publish_locked(struct board *b, u64 now);
void board_expect(struct board *b, u64 edge);
void board_view(struct board *b, struct board_view *view, u64 *disconnect_at);
void board_switch_remote(struct board *b, bool on);
void board_set_remote(struct board *b, bool on);
void board_set_inhibit_charge(struct board *b, bool inhibit);
void board_set_delay(struct board *b, u32 *delay_ms, u32 value);

/* interrupts.c; the interval at which lines are polled while they are muted */
#define STORM_POLL_MS	20U
/* ... and while a line is suspected of chattering (T2) */
#define STORM_BURST_MS	2U

int interrupts_request(struct board *b);
bool storm_is_over(struct board *b, u64 now);

/* watch.c */
void watch_init(struct board *b);
void watch_begin(struct board *b);
void watch_end(struct board *b);

/* glance.c */
void glance_locked(struct board *b, int irq);

/* report.c */
void report_work(struct work_struct *work);

/* supply.c */
int supply_register(struct board *b);
void supply_report(struct board *b);
void supply_measured(struct board *b, bool changed);

/* attrs.c */
int attrs_register(struct board *b);
void attrs_report(struct board *b, const struct board_view *old,
		  const struct board_view *new);
const char *reason_name(u32 reason);
int conditions_print(u32 conditions, char *buf, size_t size);

/* gpiochip.c */
int gpiochip_register(struct board *b);
bool gpiochip_publish(struct board *b, const struct board_view *view);
void gpiochip_report(struct board *b);

/* leds.c */
int leds_register(struct board *b);
void leds_report(struct board *b, const struct board_view *view);

#endif /* _SMALLBMS_BOARD_H */
