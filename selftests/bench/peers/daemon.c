// SPDX-License-Identifier: GPL-2.0
/*
 * daemon [--fifo] CHIP UNDERVOLTAGE OVERVOLTAGE LOAD CHARGE PRE-ALARM
 *	DEBOUNCE_MS CLEAR_MS PRE_ALARM_MS LOAD_BACK_MS CHARGE_BACK_MS
 *
 * A battery protection as a good programmer would write it in user space: edge
 * events and bulk reads by libgpiod, one poll(), no allocation after the start,
 * decisions on levels and never on edges, a re-scan every second.  With --fifo
 * it runs at a real-time priority, with all its memory locked.
 */
#include <errno.h>
#include <poll.h>
#include <sched.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>

#include <gpiod.h>

#define RESCAN_NS	1000000000ULL
#define NEVER		UINT64_MAX
#define EVENTS		16

enum { UNDERVOLTAGE, OVERVOLTAGE, INPUTS };
enum { LOAD, CHARGE, PRE_ALARM, OUTPUTS };

/* A condition: debounced when it comes, and cleared late */
struct condition {
	bool raw;
	bool active;
	uint64_t since;		/* of the raw level */
};

struct rules {
	uint64_t debounce, clear, pre_alarm, load_back, charge_back;
	struct condition condition[INPUTS];
	bool warned, tripped, blocked;
	uint64_t warned_since, clear_since, fault_clear_since;
};

static void die(const char *what)
{
	fprintf(stderr, "daemon: %s: %s\n", what, strerror(errno));
	exit(1);
}

static uint64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_BOOTTIME, &now);
	return now.tv_sec * 1000000000ULL + now.tv_nsec;
}

static void earlier(uint64_t *next, uint64_t when)
{
	if (when < *next)
		*next = when;
}

static void look(const struct rules *r, struct condition *c, bool level,
		 uint64_t now, uint64_t *next)
{
	uint64_t wait;

	if (level != c->raw) {
		c->raw = level;
		c->since = now;
	}
	if (c->raw == c->active)
		return;
	wait = c->raw ? r->debounce : r->clear;
	if (now - c->since >= wait)
		c->active = c->raw;
	else
		earlier(next, c->since + wait);
}

/* The outputs that the levels ask for, and when to look again */
static void decide(struct rules *r, const int levels[INPUTS], uint64_t now,
		   int outputs[OUTPUTS], uint64_t *next)
{
	bool empty, full;
	int n;

	*next = now + RESCAN_NS;
	for (n = 0; n < INPUTS; n++)
		look(r, &r->condition[n], levels[n], now, next);
	empty = r->condition[UNDERVOLTAGE].active;
	full = r->condition[OVERVOLTAGE].active;

	if (empty) {
		r->clear_since = NEVER;
		if (!r->warned) {
			r->warned = true;
			r->warned_since = now;
		}
		if (now - r->warned_since >= r->pre_alarm)
			r->tripped = true;
		else
			earlier(next, r->warned_since + r->pre_alarm);
	} else {
		r->warned = false;
		if (r->clear_since == NEVER)
			r->clear_since = now;
		if (now - r->clear_since >= r->load_back)
			r->tripped = false;
		else
			earlier(next, r->clear_since + r->load_back);
	}
	if (full) {
		r->blocked = true;
		r->fault_clear_since = NEVER;
	} else {
		if (r->fault_clear_since == NEVER)
			r->fault_clear_since = now;
		if (now - r->fault_clear_since >= r->charge_back)
			r->blocked = false;
		else
			earlier(next, r->fault_clear_since + r->charge_back);
	}
	outputs[LOAD] = !r->tripped;
	outputs[CHARGE] = !r->blocked;
	outputs[PRE_ALARM] = r->warned;
}

static void be_quick(void)
{
	struct sched_param param = { .sched_priority = 80 };

	if (sched_setscheduler(0, SCHED_FIFO, &param) ||
	    mlockall(MCL_CURRENT | MCL_FUTURE))
		die("real-time priority");
}

static uint64_t ms(const char *text)
{
	return strtoull(text, NULL, 10) * 1000000ULL;
}

int main(int argc, char **argv)
{
	struct rules rules = { .clear_since = 0, .fault_clear_since = 0 };
	struct gpiod_line_bulk in = GPIOD_LINE_BULK_INITIALIZER;
	struct gpiod_line_bulk out = GPIOD_LINE_BULK_INITIALIZER;
	struct gpiod_line_event events[EVENTS];
	unsigned int offsets[INPUTS + OUTPUTS];
	int levels[INPUTS], wanted[OUTPUTS], written[OUTPUTS] = { 1, 1, 0 };
	struct pollfd polled[INPUTS];
	struct gpiod_chip *chip;
	struct timespec timeout;
	uint64_t now, next;
	int n;

	if (argc > 1 && !strcmp(argv[1], "--fifo")) {
		be_quick();
		argc--;
		argv++;
	}
	if (argc != 12) {
		fputs("usage: see the head of daemon.c\n", stderr);
		return 2;
	}
	chip = gpiod_chip_open_lookup(argv[1]);
	if (!chip)
		die(argv[1]);
	for (n = 0; n < INPUTS + OUTPUTS; n++)
		offsets[n] = atoi(argv[2 + n]);
	rules.debounce = ms(argv[7]);
	rules.clear = ms(argv[8]);
	rules.pre_alarm = ms(argv[9]);
	rules.load_back = ms(argv[10]);
	rules.charge_back = ms(argv[11]);

	if (gpiod_chip_get_lines(chip, offsets, INPUTS, &in) ||
	    gpiod_chip_get_lines(chip, offsets + INPUTS, OUTPUTS, &out) ||
	    gpiod_line_request_bulk_both_edges_events(&in, "daemon") ||
	    gpiod_line_request_bulk_output(&out, "daemon", written))
		die("lines");
	for (n = 0; n < INPUTS; n++) {
		polled[n].fd = gpiod_line_event_get_fd(in.lines[n]);
		polled[n].events = POLLIN | POLLPRI;
	}

	for (;;) {
		if (gpiod_line_get_value_bulk(&in, levels))
			for (n = 0; n < INPUTS; n++)
				levels[n] = 1;
		now = now_ns();
		decide(&rules, levels, now, wanted, &next);
		if (memcmp(wanted, written, sizeof(written)) &&
		    !gpiod_line_set_value_bulk(&out, wanted)) {
			memcpy(written, wanted, sizeof(written));
			/* The 30 s run from the write's return */
			if (rules.warned && rules.warned_since == now)
				rules.warned_since = now_ns();
		}
		timeout.tv_sec = (next - now) / 1000000000ULL;
		timeout.tv_nsec = (next - now) % 1000000000ULL;
		if (ppoll(polled, INPUTS, &timeout, NULL) <= 0)
			continue;
		for (n = 0; n < INPUTS; n++)
			if (polled[n].revents)
				gpiod_line_event_read_multiple(in.lines[n],
							       events, EVENTS);
	}
}
