// SPDX-License-Identifier: GPL-2.0
/* The heartbeat (F5), and the bus watchdog (F2, F3). */
#include <string.h>

#include "check.h"
#include "heartbeat.h"
#include "lines.h"
#include "watchdog.h"

static struct device board = { .name = "board" };
static struct gpio_desc *const line = &gpios[GPIO_HEARTBEAT];
static struct heartbeat h;

static void got(void)
{
	memset(&h, 0, sizeof(h));
	CHECK(!heartbeat_get(&board, &h));
}

static void fitted(void)
{
	line->output = true;
	line->driven = true;
	got();
	CHECK(h.desc == line && h.sleeps);
	CHECK(line->flags == GPIOD_ASIS && line->output && !line->driven);
	CHECK(line->directions == 1 && !h.pending && !*message);

	line->chip = &soc;
	got();
	CHECK(!h.sleeps);

	line->get_error = -EBUSY;
	memset(&h, 0, sizeof(h));
	CHECK(heartbeat_get(&board, &h) == -EBUSY);
	CHECK(!h.desc);
	CHECK(!strcmp(message, "failed to get heartbeat-gpios\n"));
	line->get_error = 0;

	line->shared = true;
	memset(&h, 0, sizeof(h));
	line->directions = 0;
	CHECK(heartbeat_get(&board, &h) == -EBUSY);
	CHECK(!h.desc && !line->directions);
	CHECK(!strcmp(message, "heartbeat-gpios names a line of another device\n"));
	line->shared = false;

	line->fitted = false;
	got();
	CHECK(!h.desc && !h.sleeps);
	CHECK(heartbeat_next(&h, clock_ns) == NEVER);
	heartbeat_tick(&h, 500, true, clock_ns);
	CHECK(heartbeat_next(&h, clock_ns) == NEVER && !line->writes);
}

/* A bus that is dead at the start, and comes back */
static void late(void)
{
	line->direction_error = -ENXIO;
	got();
	CHECK(h.pending);
	heartbeat_tick(&h, 500, true, 1000 * MS);
	CHECK(h.pending && !line->output && !line->writes);
	line->direction_error = 0;
	heartbeat_tick(&h, 500, true, 1500 * MS);
	CHECK(!h.pending && line->output && !line->driven);
	heartbeat_tick(&h, 500, true, 2000 * MS);
	CHECK(line->driven && line->writes == 1 && line->directions == 3);

	line->direction_error = -EACCES;
	memset(&h, 0, sizeof(h));
	CHECK(heartbeat_get(&board, &h) == -EACCES);
	CHECK(!strcmp(message, "failed to drive heartbeat-gpios\n"));
	line->direction_error = -ENXIO;
	line->chip = &soc;
	memset(&h, 0, sizeof(h));
	CHECK(heartbeat_get(&board, &h) == -ENXIO && !h.pending);
}

static void ticks(void)
{
	got();
	h.due_at = 100 * MS;
	CHECK(heartbeat_next(&h, 40 * MS) == 60 * MS);
	heartbeat_tick(&h, 500, true, 100 * MS - 1);
	CHECK(!line->writes);
	CHECK(heartbeat_next(&h, 100 * MS) == 0);
	heartbeat_tick(&h, 500, true, 100 * MS);
	CHECK(line->driven && line->writes == 1);
	CHECK(heartbeat_next(&h, 100 * MS) == 500 * MS);

	/* late: the next one is due an interval after that */
	CHECK(heartbeat_next(&h, 700 * MS) == 0);
	heartbeat_tick(&h, 500, true, 700 * MS);
	CHECK(!line->driven && line->writes == 2);
	CHECK(heartbeat_next(&h, 700 * MS) == 500 * MS);
}

static void stops(void)
{
	got();
	heartbeat_tick(&h, 500, true, 1000 * MS);
	CHECK(line->driven);
	heartbeat_tick(&h, 500, false, 1500 * MS);
	heartbeat_tick(&h, 500, true, 1999 * MS);
	CHECK(line->driven && line->writes == 1);
	/* it does not hold up whoever waits for what is due next */
	CHECK(heartbeat_next(&h, 1999 * MS) == 1 * MS);
	heartbeat_tick(&h, 500, true, 2000 * MS);
	CHECK(!line->driven && line->writes == 2);
}

static void ticks_atomic(void)
{
	line->chip = &soc;
	got();
	atomic = true;
	heartbeat_tick(&h, 500, true, 1000 * MS);
	CHECK(line->driven);
}

static struct watchdog w;
static unsigned int barks;

static void bark(void *context)
{
	CHECK(context == &barks);
	barks += watchdog_expired(&w);
}

static void watch(void)
{
	memset(&w, 0, sizeof(w));
	watchdog_init(&w, bark, &barks);
	barks = 0;
}

/* The timer expires, if it is armed and its time has come. */
static void elapse(u64 ns)
{
	clock_ns += ns;
	if (!w.timer.expires || w.timer.expires > clock_ns)
		return;
	w.timer.expires = 0;
	CHECK(w.timer.function(&w.timer) == HRTIMER_NORESTART);
}

static void in_time(void)
{
	watch();
	watchdog_begin(&w);
	elapse(100 * MS - 1);
	watchdog_end(&w, true);
	CHECK(!w.timer.expires);
	elapse(100 * MS);
	CHECK(!barks && !w.stalled);
	/* nor does it sum up */
	watchdog_begin(&w);
	elapse(60 * MS);
	watchdog_end(&w, true);
	watchdog_begin(&w);
	elapse(60 * MS);
	watchdog_end(&w, true);
	CHECK(!barks && !w.stalled);
	watchdog_begin(&w);
	watchdog_stop(&w);
	elapse(100 * MS);
	CHECK(!barks);
}

static void stalled(void)
{
	watch();
	watchdog_begin(&w);
	elapse(100 * MS - 1);
	CHECK(!barks && !w.stalled);
	elapse(1);
	CHECK(barks == 1 && w.stalled);
	/* that it ends, late, is no recovery */
	watchdog_end(&w, true);
	CHECK(w.stalled);
	watchdog_begin(&w);
	elapse(10 * MS);
	watchdog_end(&w, false);
	CHECK(w.stalled);
	watchdog_begin(&w);
	elapse(100 * MS - 1);
	watchdog_end(&w, true);
	CHECK(barks == 1 && !w.stalled);
}

/* The timer's handler may wait for the lock while the cycle ends. */
static void raced(void)
{
	watch();
	watchdog_begin(&w);
	clock_ns += 100 * MS;
	watchdog_end(&w, true);
	CHECK(!watchdog_expired(&w) && !w.stalled);
	watchdog_begin(&w);
	CHECK(!watchdog_expired(&w) && !w.stalled);
}

const struct test heartbeat_tests[] = {
	{ fitted, "F5: The heartbeat begins low, and may be missing" },
	{ ticks, "F5: The heartbeat toggles once in each interval" },
	{ late, "F0: A heartbeat on a bus that is dead at the start begins when it can" },
	{ stops, "F5: The heartbeat stops while outputs fail" },
	{ ticks_atomic, "F5: A heartbeat line that does not sleep is driven without sleeping" },
	{ in_time, "F2: A scan cycle of less than 100 ms is in time" },
	{ stalled, "F2: A stalled bus has recovered after a cycle in time and without a fault" },
	{ raced, "F2: A cycle that ends while the watchdog expires is not stalled" },
	{ }
};
