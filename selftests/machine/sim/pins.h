/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The pins of a chip, seen from both sides: what the wires bring, and what the
 * chip drives. Whatever changes is stamped, and shown to the monitor.
 */
#ifndef _BENCH_PINS_H
#define _BENCH_PINS_H

#include <linux/completion.h>
#include <linux/device.h>
#include <linux/hrtimer.h>
#include <linux/notifier.h>
#include <linux/prandom.h>
#include <linux/spinlock.h>

#include "monitor.h"
#include "record.h"

#define PINS_MAX	24

struct pins;

/**
 * struct bouncer - a pin that does not come to rest
 * @timer: its ticks
 * @pin: which
 * @resting: its level before and after
 * @level: its level now
 * @half_period_ns: time between two changes
 * @begun_ns: when it began
 * @until_ns: when it ends
 * @done: changes that it should have made
 * @random: the level that it is seen at
 */
struct bouncer {
	struct hrtimer timer;
	unsigned int pin;
	bool resting;
	bool level;
	u64 half_period_ns;
	u64 begun_ns;
	u64 until_ns;
	u64 done;
	struct rnd_state random;
};

/**
 * struct pin - one of them, for its file in debugfs
 * @pins: all of them
 * @number: which
 */
struct pin {
	struct pins *pins;
	unsigned int number;
};

#define TRIPS_MAX	100000

/**
 * struct trips - what is timed, see trips.c; guarded by the lock of the pins
 * @input: the pin that the wires move
 * @output: the pin that has to follow, the other way round
 * @awaited: level that it is to have
 * @waiting: it does not have it yet
 * @changed_ns: when it got it
 * @done: it did
 * @random: what the rests between two movements are drawn from
 * @count: trips so far
 * @samples: what each took, ns; 0: it was missed
 */
struct trips {
	unsigned int input;
	unsigned int output;
	bool awaited;
	bool waiting;
	u64 changed_ns;
	struct completion done;
	struct rnd_state random;
	u32 count;
	u64 *samples;
};

/**
 * struct pins_later - what the wires bring at a moment to come
 * @mask: to which pins
 * @levels: these
 */
struct pins_later {
	u32 mask;
	u32 levels;
};

/**
 * struct pins - the pins of one chip
 * @dev: the device in whose name messages appear
 * @lock: guards all of it, and the registers of the chip behind
 * @count: how many there are
 * @role: what hangs on each
 * @pin: each of them
 * @outside: levels that the wires bring
 * @driven: pins that the chip drives
 * @drives: levels at which it does
 * @sensed: sense lines follow these pins; -1: nobody
 * @shorted: pins whose terminal is short-circuited; the sense line tells
 * @dozing: what happens outside between the board's suspend and sleep
 * @asleep: what happens outside while the system sleeps
 * @measuring: what happens outside once a chip that measures has the bus
 * @changed: called under @lock after every change of a level
 * @record: what happened when
 * @monitor: whether the board may do what it does
 * @bouncer: see there
 * @bounce_tick_us: how often it gets its turn, the finest it can be
 * @trips: see there
 * @folder: in debugfs
 * @panic: tells on the console how a kernel that panics leaves the outputs
 */
struct pins {
	struct device *dev;
	raw_spinlock_t lock;
	unsigned int count;
	enum role role[PINS_MAX];
	struct pin pin[PINS_MAX];
	u32 outside;
	u32 driven;
	u32 drives;
	int sensed[PINS_MAX];
	u32 shorted;
	struct pins_later dozing;
	struct pins_later asleep;
	struct pins_later measuring;
	void (*changed)(struct pins *p, u32 levels, u32 changed);
	struct record record;
	struct monitor *monitor;
	struct bouncer bouncer;
	u32 bounce_tick_us;
	struct trips trips;
	struct dentry *folder;
	struct notifier_block panic;
};

int pins_init(struct pins *p, struct device *dev, unsigned int count);
u32 pins_levels(const struct pins *p);
void pins_drive(struct pins *p, u32 driven, u32 drives, enum record_kind kind);
void pins_bring(struct pins *p, u32 mask, u32 levels, bool stamped);
void pins_short(struct pins *p, u32 shorted);
void pins_dozing(struct pins *p);
void pins_asleep(struct pins *p);
void pins_measuring(struct pins *p);
void pins_left(const struct pins *p, const char *what);

/* control.c: files in debugfs */
void pins_control(struct pins *p);
void pins_uncontrol(struct pins *p);

/* bouncer.c */
void bouncer_init(struct pins *p);
void bouncer_start(struct pins *p, unsigned int pin, u32 hz, u32 ms);
void bouncer_stop(struct pins *p);

/* trips.c */
void trips_init(struct trips *t);
void trips_free(struct trips *t);
void trips_change(struct trips *t, unsigned int n, bool level, u64 now);
int trips_run(struct pins *p, unsigned int input, unsigned int output,
	      u32 count, u32 gap_us);

#endif /* _BENCH_PINS_H */
