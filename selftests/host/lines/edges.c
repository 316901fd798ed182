// SPDX-License-Identifier: GPL-2.0
/* Interrupts of the lines: T1, T2, T4, F9. */
#include <string.h>

#include "check.h"
#include "edges.h"

/* Interrupt of a line; and one more of these within 64 ms is a storm. */
#define IRQ(line)	((line) + 1)
#define STORM		64

static struct device board = { .name = "board" };
static struct inputs in;
static struct edges e;
static struct {
	unsigned int count;
	u32 line;
	u64 at;
	bool more;
} seen;

static void edge(void *context, u32 line, u64 at, bool more)
{
	CHECK(context == &seen);
	CHECK(!e.lock.held);
	seen.count++;
	seen.line = line;
	seen.at = at;
	seen.more = more;
}

static void got(void)
{
	memset(&in, 0, sizeof(in));
	memset(&e, 0, sizeof(e));
	memset(&seen, 0, sizeof(seen));
	CHECK(!inputs_get(&board, &in));
	CHECK(!edges_get(&board, &e, &in));
	guard(&e.listening, sizeof(e) - offsetof(struct edges, listening));
}

/* One begins. */
static void sample(void)
{
	struct debounce_sample s;

	edges_take(&e, &s, clock_ns);
}

/* ... and the first sample, a poll, has seen nothing new. */
static void started(void)
{
	got();
	CHECK(!edges_start(&board, &e, &in, edge, &seen));
	sample();
	edges_verify(&e, 0, 0, true, clock_ns);
}

/* Interrupts of a line at one moment */
static void burst(unsigned int line, unsigned int count)
{
	while (count--)
		fire(IRQ(line));
}

static u32 missed(void)
{
	u32 count;

	raw_spin_lock_irq(&e.lock);
	count = e.missed;
	raw_spin_unlock_irq(&e.lock);
	return count;
}

static bool enabled(unsigned int line)
{
	return irqs[IRQ(line)].enabled == 1;
}

/* All but some of the lines and terminals listen. */
static void others_enabled(u32 masked)
{
	unsigned int n;

	for (n = 0; n < GPIO_OUTPUTS; n++)
		CHECK(enabled(n) == !(masked >> n & 1));
}

static void fitted(void)
{
	gpios[1].irq = -ENXIO;
	gpios[2].irq = 0;
	gpios[6].fitted = false;
	got();
	CHECK(edges_fitted(&e) == (ALL & ~0x46U));
	CHECK(e.line[0].irq == 1 && e.line[8].irq == 9);
	/* by what a line is, not by its place among those of its chip */
	CHECK(e.line[12].irq == 10 && e.line[14].irq == 12);

	gpiolib_reset();
	move(0, 1, &second);
	move(8, 1, &soc);
	got();
	CHECK(e.line[0].irq == 1 && e.line[1].irq == 2 && e.line[8].irq == 9);

	gpios[0].irq = -ENXIO;
	started();
	CHECK(edges_fitted(&e) == (ALL & ~1U));

	gpiolib_reset();
	gpios[0].irq = -EPROBE_DEFER;
	memset(&e, 0, sizeof(e));
	CHECK(edges_get(&board, &e, &in) == -EPROBE_DEFER);
	CHECK(!strcmp(message, "failed to get the interrupt of cell-low-gpios\n"));
}

static void requested(void)
{
	unsigned int n, m;

	gpios[3].irq = -ENXIO;
	move(0, 2, &soc);
	started();
	for (n = 0; n < GPIO_OUTPUTS; n++) {
		const struct irq *i = &irqs[IRQ(n)];

		CHECK(i->requested == (n != 3));
		if (n == 3)
			continue;
		CHECK((i->flags & 3) == 3 && i->flags & IRQF_NO_AUTOEN);
		/* in hard context where the line does not sleep, not elsewhere */
		CHECK(!(i->flags & IRQF_NO_THREAD) == (n >= 2));
		CHECK(i->enabled == 1);
		CHECK(!strcmp(i->name, gpios[n].name));
		for (m = 0; m < n; m++)
			CHECK(irqs[IRQ(m)].cookie != i->cookie);
	}
	/* and no other, whoever it belongs to */
	CHECK(!irqs[0].requested);
	for (n = IRQ(GPIO_OUTPUTS); n < IRQS; n++)
		CHECK(!irqs[n].requested);
	CHECK(!warnings);
	CHECK(!edges_poll_ms(&e, true, clock_ns));
}

static void refused(void)
{
	irqs[IRQ(2)].error = -EPERM;
	irqs[IRQ(9)].error = -EINVAL;
	started();
	CHECK(warnings == 2);
	CHECK(!strcmp(message, "cannot use the interrupt of load-sense-gpios (-22), polling the line every 20 ms\n"));
	CHECK(edges_fitted(&e) == (ALL & ~OVERVOLTAGE & ~0x1000U));
	others_enabled(OVERVOLTAGE | 0x200);
	CHECK(edges_poll_ms(&e, false, clock_ns) == 20);
	CHECK(edges_poll_ms(&e, true, clock_ns) == 2);

	/* what nobody announces is not missed */
	edges_verify(&e, OVERVOLTAGE, 0, true, clock_ns);
	edges_verify(&e, 0, 0, true, clock_ns);
	CHECK(!missed());
	edges_set_wake(&e, true);
	CHECK(!irqs[IRQ(2)].wakes && !irqs[0].wakes && irqs[IRQ(1)].wakes);
	edges_set_wake(&e, false);
	devm_release();
	CHECK(!irqs[IRQ(2)].synchronized && !irqs[0].synchronized);

	/* two lines on one interrupt */
	gpiolib_reset();
	gpios[5].irq = IRQ(4);
	started();
	CHECK(warnings == 1 && edges_fitted(&e) == (ALL & ~0x20U));
	CHECK(enabled(4));
}

static void stamped(void)
{
	struct debounce_sample s;

	started();
	CHECK(edges_first(&e) == NEVER);
	clock_ns = 100;
	fire(IRQ(1));
	CHECK(seen.count == 1 && seen.line == UNDERVOLTAGE);
	CHECK(seen.at == 100 && !seen.more);
	clock_ns = 90;
	fire(IRQ(8));
	CHECK(seen.count == 2 && seen.line == LOOP && seen.at == 90);
	CHECK(!seen.more && edges_first(&e) == 90);
	clock_ns = 120;
	fire(IRQ(8));
	CHECK(seen.count == 3 && seen.line == LOOP && seen.at == 120);
	CHECK(seen.more && edges_first(&e) == 90);
	clock_ns = 130;
	fire(IRQ(0));
	CHECK(seen.line == 1 && !seen.more);
	fire(IRQ(0));
	CHECK(seen.line == 1 && seen.more);
	CHECK(atomic_read(&e.count) == 5);

	memset(&s, 0, sizeof(s));
	CHECK(edges_take(&e, &s, 95) == (UNDERVOLTAGE | LOOP | 1));
	CHECK(s.edges == (UNDERVOLTAGE | LOOP | 1));
	CHECK(s.more_edges == (LOOP | 1));
	CHECK(s.first_edge[0] == 130 && s.first_edge[1] == 100);
	CHECK(s.first_edge[8] == 95);		/* not before the last sample */
	CHECK(s.first_edge[3] == 0);

	/* they are taken once */
	CHECK(edges_first(&e) == NEVER);
	edges_take(&e, &s, 200);
	CHECK(s.edges == 0 && s.more_edges == 0);
	clock_ns = 300;
	fire(IRQ(8));
	CHECK(!seen.more);
	edges_take(&e, &s, 200);
	CHECK(s.edges == LOOP && s.more_edges == 0 && s.first_edge[8] == 300);

	/* the first of the lines, and the last */
	fire(IRQ(0));
	CHECK(edges_first(&e) == 300);
	edges_take(&e, &s, 200);
	CHECK(s.edges == 1);
	fire(IRQ(11));
	CHECK(edges_first(&e) == 300);
}

static void terminals(void)
{
	struct debounce_sample s;

	started();
	clock_ns = 100;
	fire(IRQ(9));
	CHECK(seen.count == 1 && seen.line == 0x1000 && seen.at == 100);
	CHECK(seen.more);
	fire(IRQ(11));
	CHECK(seen.line == 0x4000 && seen.more);
	clock_ns = 110;
	fire(IRQ(8));
	CHECK(!seen.more && edges_first(&e) == 100);
	CHECK(edges_take(&e, &s, 0) == (LOOP | 0x5000));
	CHECK(s.edges == LOOP && !s.more_edges);
	CHECK(edges_first(&e) == NEVER);
}

static void storm(void)
{
	started();
	/* as many as may be, of each of two lines */
	burst(1, STORM);
	burst(2, STORM);
	others_enabled(0);
	CHECK(!edges_poll_ms(&e, false, clock_ns));
	clock_ns += 64 * MS;
	fire(IRQ(2));
	others_enabled(OVERVOLTAGE);
	/* it is heard itself */
	CHECK(seen.count == 2 * STORM + 1 && seen.line == OVERVOLTAGE);
	CHECK(edges_poll_ms(&e, false, clock_ns) == 20);
	CHECK(edges_poll_ms(&e, true, clock_ns) == 2);

	/* the others still are, as fast as ever */
	fire(IRQ(1));
	others_enabled(OVERVOLTAGE | UNDERVOLTAGE);
	burst(8, STORM);
	burst(9, STORM + 1);
	others_enabled(OVERVOLTAGE | UNDERVOLTAGE | 0x200);
	CHECK(seen.line == 0x1000);
}

static void no_storm(void)
{
	unsigned int n;

	started();
	/* the window begins with its first interrupt */
	fire(IRQ(1));
	for (n = 0; n < 10; n++) {
		clock_ns += 64 * MS + 1;
		burst(1, STORM);
	}
	others_enabled(0);
	clock_ns += 64 * MS;
	fire(IRQ(1));
	others_enabled(UNDERVOLTAGE);
}

static void holdoff(void)
{
	static const unsigned int seconds[] = { 1, 2, 4, 8, 16, 32, 64, 64 };
	unsigned int n;

	started();
	for (n = 0; n < ARRAY_SIZE(seconds); n++) {
		burst(1, STORM + 1);
		CHECK(!enabled(1));
		edges_unmask(&e, clock_ns);
		clock_ns += seconds[n] * 1000 * MS - 1;
		edges_unmask(&e, clock_ns);
		CHECK(!enabled(1));
		CHECK(edges_poll_ms(&e, false, clock_ns) == 20);
		clock_ns++;
		edges_unmask(&e, clock_ns);
		others_enabled(0);
		CHECK(!edges_poll_ms(&e, false, clock_ns));
		edges_unmask(&e, clock_ns);
		/* at the end of what makes it the same storm */
		clock_ns += seconds[n] * 1000 * MS - 1;
	}
	/* beyond it is another one; each line has its own */
	clock_ns++;
	burst(1, STORM + 1);
	burst(2, STORM + 1);
	CHECK(!enabled(1) && !enabled(2));
	clock_ns += 1000 * MS;
	edges_unmask(&e, clock_ns);
	others_enabled(0);
	burst(2, STORM + 1);
	clock_ns += 500 * MS;
	burst(3, STORM + 1);
	clock_ns += 1000 * MS;
	edges_unmask(&e, clock_ns);
	others_enabled(OVERVOLTAGE);
	clock_ns += 500 * MS;
	edges_unmask(&e, clock_ns);
	others_enabled(0);

	/* the first of the lines, and the last */
	burst(0, STORM + 1);
	burst(11, STORM + 1);
	others_enabled(0x801);
	clock_ns += 1000 * MS;
	edges_unmask(&e, clock_ns);
	others_enabled(0);
	CHECK(!e.unmasking);
}

/* From before it is unlocked, whoever frees interrupts waits for that. */
static void unmasking(void)
{
	CHECK(e.unmasking);
}

static void still_unmasking(void)
{
	unmasking();
	unlocked = NULL;
	fire(IRQ(2));
	CHECK(seen.line == OVERVOLTAGE);
}

/* An interrupt that was pending comes as soon as its line is enabled. */
static void unmasked(void)
{
	started();
	burst(2, STORM + 1);
	clock_ns += 1000 * MS;
	memset(&seen, 0, sizeof(seen));
	irqs[IRQ(2)].meanwhile = still_unmasking;
	unlocked = unmasking;
	edges_unmask(&e, clock_ns);
	CHECK(seen.count == 1 && !e.unmasking);
	irqs[IRQ(2)].meanwhile = NULL;
}

static void late(void)
{
	started();
	/* a poll is ahead of the interrupt, which comes before the next sample */
	edges_verify(&e, UNDERVOLTAGE, 0, true, clock_ns);
	CHECK(!missed() && !edges_poll_ms(&e, false, clock_ns));
	edges_verify(&e, 0, UNDERVOLTAGE, false, clock_ns);
	edges_verify(&e, 0, 0, false, clock_ns);
	CHECK(!missed() && !edges_poll_ms(&e, false, clock_ns));

	/* one is late, another never comes */
	edges_verify(&e, UNDERVOLTAGE | LOOP | 1, 1, true, clock_ns);
	edges_verify(&e, 0, UNDERVOLTAGE, true, clock_ns);
	CHECK(missed() == 1);
	CHECK(edges_poll_ms(&e, false, clock_ns) == 20);
	CHECK(edges_poll_ms(&e, true, clock_ns) == 2);
	/* each is counted once */
	edges_verify(&e, 0, 0, true, clock_ns);
	CHECK(missed() == 1);
	edges_verify(&e, UNDERVOLTAGE | LOOP, 0, true, clock_ns);
	edges_verify(&e, 0, 0, false, clock_ns);
	CHECK(missed() == 3);
}

static void not_polled(void)
{
	started();
	/* a sample for another reason, as the interrupt is on its way */
	edges_verify(&e, UNDERVOLTAGE, 0, false, clock_ns);
	edges_verify(&e, 0, 0, true, clock_ns);
	/* an edge that was announced, and one without a change */
	edges_verify(&e, UNDERVOLTAGE, UNDERVOLTAGE | LOOP, true, clock_ns);
	edges_verify(&e, 0, 0, true, clock_ns);
	CHECK(!missed());

	/* a line without an interrupt */
	gpiolib_reset();
	gpios[1].irq = -ENXIO;
	started();
	edges_verify(&e, UNDERVOLTAGE, 0, true, clock_ns);
	edges_verify(&e, 0, 0, true, clock_ns);
	CHECK(!missed() && !edges_poll_ms(&e, false, clock_ns));
	burst(2, STORM + 1);
	sample();
	edges_verify(&e, UNDERVOLTAGE, 0, true, clock_ns);
	edges_verify(&e, UNDERVOLTAGE, 0, true, clock_ns);
	/* nor by the mask of another line, before a poll or after it */
	burst(3, STORM + 1);
	edges_verify(&e, UNDERVOLTAGE | OVERVOLTAGE, 0, true, clock_ns);
	burst(4, STORM + 1);
	edges_verify(&e, 0, 0, true, clock_ns);
	CHECK(!missed());
}

static void masked_not_missed(void)
{
	int n;

	started();
	burst(1, STORM + 1);
	edges_verify(&e, UNDERVOLTAGE, UNDERVOLTAGE, true, clock_ns);
	edges_verify(&e, UNDERVOLTAGE, 0, true, clock_ns);
	edges_verify(&e, UNDERVOLTAGE, 0, true, clock_ns);
	CHECK(!missed());
	/* unmasked after that sample: the next change may have come before */
	clock_ns += 1000 * MS;
	edges_unmask(&e, clock_ns);
	edges_verify(&e, UNDERVOLTAGE, 0, true, clock_ns);
	edges_verify(&e, 0, 0, true, clock_ns);
	CHECK(!missed() && !edges_poll_ms(&e, false, clock_ns));
	/* but from then on interrupts announce it again */
	edges_verify(&e, UNDERVOLTAGE, 0, true, clock_ns);
	edges_verify(&e, 0, 0, true, clock_ns);
	CHECK(missed() == 1);

	/* the others are listened to all the time */
	burst(1, STORM + 1);
	edges_verify(&e, 1, 0, true, clock_ns);
	edges_verify(&e, 0, 0, true, clock_ns);
	CHECK(missed() == 2);
	clock_ns += 2000 * MS;
	edges_unmask(&e, clock_ns);
	edges_verify(&e, 0, 0, true, clock_ns);
	edges_verify(&e, 1 | LOOP, 0, true, clock_ns);
	edges_verify(&e, 0, 0, true, clock_ns);
	CHECK(missed() == 4);

	/* masked between the poll and the next sample */
	edges_verify(&e, LOOP, 0, true, clock_ns);
	burst(8, STORM + 1);
	edges_verify(&e, 0, 0, true, clock_ns);
	CHECK(missed() == 4);
	/* nor is a change missed that came before the interrupts did */
	gpiolib_reset();
	got();
	sample();
	CHECK(!edges_start(&board, &e, &in, edge, &seen));
	for (n = 0; n < 2; n++) {
		edges_verify(&e, UNDERVOLTAGE, 0, true, clock_ns);
		edges_verify(&e, 0, 0, true, clock_ns);
	}
	CHECK(!missed());
	/* but one after a sample that began with them */
	sample();
	edges_verify(&e, 0, 0, true, clock_ns);
	edges_verify(&e, UNDERVOLTAGE, 0, true, clock_ns);
	edges_verify(&e, 0, 0, true, clock_ns);
	CHECK(missed() == 1);
}

static void miss(void)
{
	edges_verify(&e, UNDERVOLTAGE, 0, true, clock_ns);
	edges_verify(&e, 0, 0, true, clock_ns);
}

/* The fast poll that begins now lasts for so long. */
static void lasts(unsigned int ms)
{
	CHECK(edges_poll_ms(&e, false, clock_ns + ms * MS - 1) == 20);
	CHECK(edges_poll_ms(&e, true, clock_ns + ms * MS - 1) == 2);
	CHECK(!edges_poll_ms(&e, true, clock_ns + ms * MS));
}

static void fast_poll(void)
{
	started();
	miss();
	lasts(1000);
	/* another within it, at its very begin, and at its end */
	miss();
	lasts(2000);
	clock_ns += 2000 * MS;
	miss();
	lasts(4000);
	/* within twice its duration after it */
	clock_ns += 3 * 4000 * MS - 1;
	miss();
	lasts(8000);
	clock_ns += 8000 * MS;
	miss();
	miss();
	miss();
	lasts(64000);
	miss();
	lasts(64000);
	CHECK(missed() == 8);
	/* or not: then it begins anew */
	clock_ns += 3 * 64000 * MS;
	miss();
	lasts(1000);
	clock_ns += 3 * 1000 * MS;
	miss();
	lasts(1000);
}

static void balanced(void)
{
	unsigned int n;

	gpios[3].irq = -ENXIO;
	started();
	burst(1, STORM + 1);
	burst(11, STORM + 1);
	CHECK(!enabled(1) && !enabled(11));
	clock_ns += 1000 * MS;
	edges_unmask(&e, clock_ns);
	burst(11, STORM + 1);
	CHECK(enabled(1) && !enabled(11));
	CHECK(!irqs[IRQ(0)].synchronized);
	devm_release();
	for (n = 0; n < IRQS; n++)
		CHECK(!irqs[n].requested);
	for (n = 0; n < GPIO_OUTPUTS; n++)
		CHECK(irqs[IRQ(n)].synchronized == (n != 3));
	CHECK(!irqs[0].synchronized && !irqs[13].synchronized);
	CHECK(!edges_poll_ms(&e, false, clock_ns));
}

/* Handlers are waited for while the lines are given back; here they run then. */
static void storm_at_the_end(void)
{
	burst(1, 3 * STORM);
	CHECK(enabled(1));
}

static void no_storm_at_the_end(void)
{
	started();
	irqs[IRQ(0)].meanwhile = storm_at_the_end;
	devm_release();
	CHECK(seen.count == 3 * STORM);
}

static unsigned int sleeps;

static void unmask_ends(void)
{
	CHECK(!enabled(1));
	/* the next one comes too late */
	e.unmasking = false;
	edges_unmask(&e, clock_ns + 100000 * MS);
	CHECK(!enabled(1));
	e.unmasking = ++sleeps < 3;
}

static void unmask_at_the_end(void)
{
	started();
	burst(1, STORM + 1);
	CHECK(!e.unmasking);
	e.unmasking = true;
	sleeps = 0;
	asleep = unmask_ends;
	devm_release();
	CHECK(sleeps == 3);
}

static void start_fails(void)
{
	unsigned int n;

	action_error = -ENOMEM;
	got();
	CHECK(edges_start(&board, &e, &in, edge, &seen) == -ENOMEM);
	for (n = 0; n < IRQS; n++)
		CHECK(!irqs[n].enabled);
}

static void wake(void)
{
	unsigned int n;

	gpios[3].irq = -ENXIO;
	started();
	edges_set_wake(&e, true);
	edges_set_wake(&e, true);
	for (n = 0; n < GPIO_OUTPUTS; n++)
		CHECK(irqs[IRQ(n)].wakes == (n != 3));
	CHECK(!irqs[0].wakes);
	edges_set_wake(&e, false);
	edges_set_wake(&e, false);
	for (n = 0; n < IRQS; n++)
		CHECK(!irqs[n].wakes);

	/* of one that cannot there is nothing to take back */
	irqs[IRQ(0)].wake_error = -ENXIO;
	edges_set_wake(&e, true);
	CHECK(!irqs[IRQ(0)].wakes && irqs[IRQ(1)].wakes == 1);
	edges_set_wake(&e, false);
	for (n = 0; n < IRQS; n++)
		CHECK(!irqs[n].wakes);
}

static void waking(void)
{
	gpios[3].irq = -ENXIO;
	started();
	CHECK(!edges_waking(&e, clock_ns));
	irqs[IRQ(8)].wake_error = -ENXIO;
	edges_set_wake(&e, true);
	CHECK(edges_waking(&e, clock_ns) == (ALL & ~0x8U & ~LOOP));

	/* a line that is masked tells of nothing */
	burst(1, STORM + 1);
	CHECK(edges_waking(&e, clock_ns) ==
	      (ALL & ~0x8U & ~LOOP & ~UNDERVOLTAGE));
	clock_ns += 1000 * MS;
	edges_unmask(&e, clock_ns);
	CHECK(edges_waking(&e, clock_ns) == (ALL & ~0x8U & ~LOOP));

	/* and none of them can be relied upon while changes are missed */
	edges_verify(&e, 0, 0, true, clock_ns);
	miss();
	CHECK(!edges_waking(&e, clock_ns + 1000 * MS - 1));
	CHECK(edges_waking(&e, clock_ns + 1000 * MS) == (ALL & ~0x8U & ~LOOP));
	edges_set_wake(&e, false);
	CHECK(!edges_waking(&e, clock_ns + 1000 * MS));
}

const struct test edges_tests[] = {
	{ fitted, "T1: Interrupts are those of the lines, and are waited for in the probe" },
	{ requested, "F9: Interrupts of the lines are requested for both edges, and no others" },
	{ refused, "T1: A line whose interrupt refuses is named, and polled" },
	{ stamped, "T2: An edge counts from its first interrupt, and as chatter from its second" },
	{ terminals, "F3: An edge of a terminal is no matter of debounce" },
	{ storm, "F9: Only the line that bounces is masked, and polled" },
	{ no_storm, "F9: 64 interrupts in 64 ms are no storm" },
	{ holdoff, "F9: The holdoff doubles from 1 to 64 s while storms follow soon" },
	{ unmasked, "F9: A line that is unmasked is heard" },
	{ late, "F9: A change whose interrupt never comes is missed, one whose is late is not" },
	{ not_polled, "F9: Only a poll finds changes missed, of lines that have an interrupt" },
	{ masked_not_missed, "F9: Changes of a masked line are not missed" },
	{ fast_poll, "F9: The fast poll doubles from 1 to 64 s while changes are missed" },
	{ balanced, "F9: Interrupts are freed enabled, after their handlers" },
	{ no_storm_at_the_end, "F9: No line is masked while interrupts are freed" },
	{ unmask_at_the_end, "F9: No line is unmasked while interrupts are freed" },
	{ start_fails, "F9: No interrupt is enabled where the board cannot let go of it" },
	{ wake, "T4: Interrupts wake the system, or do not" },
	{ waking, "T4: A line wakes the system unless its interrupt refuses, is masked or unreliable" },
	{ }
};
