// SPDX-License-Identifier: GPL-2.0
/* What is read, and what interrupts tell: F2, T1, T2, T4. */
#include <string.h>

#include "lines.h"

#define LINES		0x1ffU		/* of enum protection_line */
#define UNDERVOLTAGE	0x002U
#define OVERVOLTAGE	0x004U
#define LOOP		0x100U

static struct device board = { .name = "board" };
static struct inputs in;
static struct outputs out;
static struct inputs_reading r;

static void had(void)
{
	memset(&in, 0, sizeof(in));
	memset(&out, 0, sizeof(out));
	memset(&r, 0xff, sizeof(r));
	CHECK(!inputs_get(&board, &in));
	CHECK(!outputs_get(&board, &out));
	outputs_found(&out);
	inputs_read_back(&in, &out);
}

static void not_sleeping(void)
{
	unsigned int n;

	for (n = 0; n < GPIOS + 3; n++) {
		gpios[n].sleeps = false;
		gpios[n].chip = &soc;
	}
}

static irqreturn_t edge(int irq, void *context)
{
	(void)irq;
	(void)context;
	return IRQ_HANDLED;
}

static irqreturn_t chip_stirred(int irq, void *context)
{
	(void)irq;
	(void)context;
	return IRQ_NONE;
}

static int request(void)
{
	return inputs_request_interrupts(&board, &in, edge, chip_stirred, &r, 0);
}

static void fitted(void)
{
	unsigned int n;

	gpios[1].irq = -ENXIO;
	gpios[2].irq = 0;
	gpios[6].fitted = false;
	memset(&in, 0, sizeof(in));
	CHECK(!inputs_get(&board, &in));
	CHECK(in.count == 11);
	CHECK(in.fitted == (0x7000U | (LINES & ~0x40U)));
	CHECK(in.interrupts == (in.fitted & ~6U));
	CHECK(in.sleeps);
	CHECK(gpios[0].flags == GPIOD_IN && gpios[11].flags == GPIOD_IN);
	for (n = 0; n < 6; n++) {
		CHECK(in.desc[n] == &gpios[n]);
		CHECK(in.line[n] == n);
		CHECK(in.irq[n] == (n == 1 || n == 2 ? 0 : (int)n + 1));
	}
	CHECK(in.desc[8] == &gpios[9]);
	CHECK(in.line[8] == 12);
	CHECK(!strcmp(inputs_name(1), "cell-undervoltage"));
	CHECK(!strcmp(inputs_name(14), "pre-alarm-sense"));

	not_sleeping();
	memset(&in, 0, sizeof(in));
	CHECK(!inputs_get(&board, &in));
	CHECK(!in.sleeps);
	gpios[3].sleeps = true;
	memset(&in, 0, sizeof(in));
	CHECK(!inputs_get(&board, &in));
	CHECK(in.sleeps);
}

static void missing(void)
{
	gpios[1].fitted = false;
	memset(&in, 0, sizeof(in));
	CHECK(inputs_get(&board, &in) == -EINVAL);
	CHECK(!strcmp(message, "cell-undervoltage-gpios: required, but missing\n"));

	gpiolib_reset();
	gpios[2].fitted = false;
	memset(&in, 0, sizeof(in));
	CHECK(!inputs_get(&board, &in));
	gpios[5].fitted = false;
	memset(&in, 0, sizeof(in));
	CHECK(inputs_get(&board, &in) == -EINVAL);
	CHECK(!strncmp(message, "cell-overvoltage-gpios, charge-inhibit-gpios: ",
		       46));
	gpios[2].fitted = true;
	memset(&in, 0, sizeof(in));
	CHECK(!inputs_get(&board, &in));
}

static void cannot_be_had(void)
{
	gpios[4].get_error = -EBUSY;
	memset(&in, 0, sizeof(in));
	CHECK(inputs_get(&board, &in) == -EBUSY);
	CHECK(!strcmp(message, "under-temperature-gpios: cannot be had\n"));
	CHECK(in.count == 4);

	gpiolib_reset();
	gpios[0].irq = -EPROBE_DEFER;
	memset(&in, 0, sizeof(in));
	CHECK(inputs_get(&board, &in) == -EPROBE_DEFER);
	CHECK(!strcmp(message, "cell-low-gpios: no interrupt yet\n"));
}

static void back(void)
{
	output(1)->read_error = -EOPNOTSUPP;
	had();
	CHECK(out.readable == (LOAD | PRE_ALARM));
	CHECK(in.count == 14);
	CHECK(in.line[12] == 9 && in.desc[12] == output(0) && !in.irq[12]);
	CHECK(in.line[13] == 11 && in.desc[13] == output(2));
	CHECK(in.fitted == 0x7bff);
	CHECK(in.interrupts == 0x71ff);
}

static void read_all(void)
{
	had();
	gpios[0].outside = true;
	gpios[1].outside = true;
	gpios[8].outside = true;
	gpios[10].outside = true;
	output(2)->outside = true;
	CHECK(!inputs_read(&in, &r));
	CHECK(transfers == 1);
	CHECK(r.lines.levels == (1 | UNDERVOLTAGE | LOOP));
	CHECK(r.lines.unreadable == 0 && r.lines.skipped == 0);
	CHECK(r.back == PRE_ALARM && r.back_known == 7);
	CHECK(r.sense == CHARGE && r.sense_known == 7);
	CHECK(gpios[0].reads == 0);

	gpios[6].fitted = false;
	gpios[9].fitted = false;
	had();
	transfers = 0;
	CHECK(!inputs_read(&in, &r));
	CHECK(transfers == 1);
	CHECK(r.lines.unreadable == 0);
	CHECK(r.sense == CHARGE && r.sense_known == (CHARGE | PRE_ALARM));
	CHECK(!misused);
}

static void atomic_read(void)
{
	not_sleeping();
	had();
	atomic = true;
	gpios[2].outside = true;
	CHECK(!inputs_read(&in, &r));
	CHECK(r.lines.levels == OVERVOLTAGE);
	gpios[1].read_error = -EIO;
	CHECK(inputs_read(&in, &r) == -EIO);
	CHECK(r.lines.levels == OVERVOLTAGE);
	CHECK(!misused);
}

static void one_by_one(void)
{
	had();
	gpios[1].outside = true;
	gpios[2].read_error = -EREMOTEIO;
	gpios[2].outside = true;
	gpios[9].read_error = -EPERM;
	output(0)->read_error = -EIO;
	output(2)->outside = true;
	CHECK(inputs_read(&in, &r) == -EREMOTEIO);
	CHECK(r.lines.levels == UNDERVOLTAGE);
	CHECK(r.lines.unreadable == OVERVOLTAGE);
	CHECK(r.sense == 0 && r.sense_known == (CHARGE | PRE_ALARM));
	CHECK(r.back == PRE_ALARM && r.back_known == (CHARGE | PRE_ALARM));
	CHECK(gpios[8].reads == 1);
	CHECK(transfers == 1 && !misused);
}

static void slow_to_fail(void)
{
	unsigned int n;

	had();
	for (n = 0; n < GPIOS + 3; n++) {
		gpios[n].read_error = -ETIMEDOUT;
		gpios[n].reads = 0;
	}
	/* a bus that takes its time is not asked for each of them */
	transfer_ns = 20 * MS;
	CHECK(inputs_read(&in, &r) == -ETIMEDOUT);
	CHECK(r.lines.unreadable == LINES);
	CHECK(r.lines.took == 20 * MS);
	CHECK(gpios[0].reads == 0);

	transfer_ns = 20 * MS - 1;
	CHECK(inputs_read(&in, &r) == -ETIMEDOUT);
	CHECK(gpios[0].reads == 1 && gpios[1].reads == 1);

	transfer_ns = 0;
	lone_read_ns = 10 * MS;
	for (n = 0; n < GPIOS; n++)
		gpios[n].reads = 0;
	CHECK(inputs_read(&in, &r) == -ETIMEDOUT);
	CHECK(gpios[0].reads == 1 && gpios[1].reads == 1);
	CHECK(gpios[2].reads == 0);
	CHECK(r.lines.unreadable == LINES && !r.back_known && !r.sense_known);
}

static void requested(void)
{
	unsigned int n;

	gpios[3].irq = -ENXIO;
	had();
	CHECK(!inputs_request_interrupts(&board, &in, edge, chip_stirred, &r,
					 0x4000));
	for (n = 0; n < GPIOS; n++) {
		const struct irq *i = &irqs[n + 1];

		CHECK(i->requested == (n != 3));
		if (n == 3)
			continue;
		CHECK(i->handler == edge && i->context == &r);
		CHECK((i->flags & 3) == 3 && i->flags & 0x4000);
		CHECK(i->flags & IRQF_NO_AUTOEN);
		CHECK(i->enabled == 1);
		CHECK(!strcmp(i->name, gpios[n].name));
	}
	/* once for all lines of the chip */
	CHECK(irqs[40].requested == 1);
	CHECK(irqs[40].handler == chip_stirred && irqs[40].threaded);
	CHECK(irqs[40].context == &r);
	CHECK(irqs[40].flags == (IRQF_SHARED | IRQF_ONESHOT));
	CHECK(irqs[40].enabled == 1);
	CHECK(in.chips == 1 && in.chip_irq[0] == 40);
	CHECK(irqs[0].requested == 0 && irqs[0].enabled == 0);
}

static void not_to_be_had(void)
{
	irqs[5].error = -EBUSY;
	had();
	CHECK(request() == -EBUSY);
	CHECK(!strcmp(message,
		      "under-temperature-gpios: interrupt 5 cannot be had\n"));
	/* none was enabled, so none can come */
	CHECK(irqs[1].requested == 1 && irqs[1].enabled == 0);
	CHECK(irqs[40].requested == 0);

	irqs[5].error = -EPERM;
	had();
	CHECK(request() == -EPERM);
}

static void no_chip(void)
{
	struct device other = { "other", 41 };
	struct gpio_chip second = { .can_sleep = true, .parent = &other };

	not_sleeping();
	had();
	CHECK(!request());
	CHECK(in.chips == 0 && irqs[40].requested == 0);

	gpiolib_reset();
	gpios[0].chip = NULL;
	gpios[1].chip = &second;
	had();
	CHECK(!request());
	CHECK(in.chips == 2 && in.chip_irq[0] == 41 && in.chip_irq[1] == 40);
	CHECK(irqs[41].requested == 1 && irqs[40].requested == 1);
	inputs_synchronize(&in);
	CHECK(irqs[41].synchronized == 1 && irqs[40].synchronized == 1);
	inputs_mute(&in, true);
	CHECK(irqs[41].enabled == 0 && irqs[40].enabled == 0);
	inputs_mute(&in, false);
	CHECK(irqs[41].enabled == 1 && irqs[40].enabled == 1);

	/* of the first line alone; and an interrupt of any number */
	gpiolib_reset();
	gpios[0].chip = &second;
	had();
	CHECK(!request());
	CHECK(irqs[41].requested == 1);
	gpiolib_reset();
	gpios[0].irq = -ENXIO;
	gpios[1].chip = &second;
	other.irq = 1;
	had();
	CHECK(!request());
	CHECK(irqs[1].requested == 1 && irqs[1].handler == chip_stirred);
	other.irq = 41;

	/* a chip without a device, or without an interrupt, or that has it alone */
	gpiolib_reset();
	expander.parent = NULL;
	had();
	CHECK(!request());
	CHECK(in.chips == 0);

	gpiolib_reset();
	expander.parent->irq = -ENXIO;
	had();
	CHECK(!request());
	CHECK(in.chips == 0);
	expander.parent->irq = 0;
	had();
	CHECK(!request());
	CHECK(in.chips == 0 && irqs[0].requested == 0);

	gpiolib_reset();
	irqs[40].error = -EBUSY;
	had();
	CHECK(!request());
	CHECK(in.chips == 0);

	/* a line without an interrupt has no chip that tells of it */
	gpiolib_reset();
	gpios[0].chip = &second;
	gpios[0].irq = -ENXIO;
	had();
	CHECK(!request());
	CHECK(irqs[41].requested == 0);
}

static void muted(void)
{
	unsigned int n;

	gpios[3].irq = -ENXIO;
	had();
	CHECK(!request());
	inputs_mute(&in, true);
	for (n = 1; n <= GPIOS; n++)
		CHECK(irqs[n].enabled == 0);
	CHECK(irqs[40].enabled == 0);
	inputs_mute(&in, false);
	for (n = 1; n <= GPIOS; n++)
		CHECK(irqs[n].enabled == (n != 4));
	CHECK(irqs[40].enabled == 1);
	CHECK(irqs[0].enabled == 0);
}

static void wake(void)
{
	unsigned int n;

	gpios[3].irq = -ENXIO;
	had();
	inputs_wake(&in, true);
	for (n = 1; n <= GPIOS; n++)
		CHECK(irqs[n].wakes == (n != 4));
	CHECK(irqs[0].wakes == 0);
	inputs_wake(&in, false);
	for (n = 0; n < IRQS; n++)
		CHECK(irqs[n].wakes == 0);

	/* of one that cannot, there is nothing to take back */
	irqs[1].wake_error = -ENXIO;
	inputs_wake(&in, true);
	CHECK(irqs[1].wakes == 0 && irqs[2].wakes == 1);
	inputs_wake(&in, false);
	inputs_wake(&in, false);
	for (n = 0; n < IRQS; n++)
		CHECK(irqs[n].wakes == 0);
}

static void synchronized(void)
{
	unsigned int n;

	gpios[3].irq = -ENXIO;
	had();
	CHECK(!request());
	inputs_synchronize(&in);
	for (n = 0; n < IRQS; n++)
		CHECK(irqs[n].synchronized ==
		      ((n >= 1 && n <= GPIOS && n != 4) || n == 40));
}

static void edges(void)
{
	struct protection_sample s;

	/* two lines on one interrupt, and sense lines, which are none */
	gpios[2].irq = 2;
	had();
	CHECK(inputs_edge_at(&in) == PROTECTION_NEVER);
	CHECK(inputs_stirred(&in, 2, 100) == (UNDERVOLTAGE | OVERVOLTAGE));
	CHECK(inputs_stirred(&in, 9, 90) == LOOP);
	CHECK(inputs_stirred(&in, 10, 50) == 0);
	CHECK(inputs_stirred(&in, 33, 60) == 0);
	CHECK(inputs_edge_at(&in) == 90);
	CHECK(inputs_stirred(&in, 9, 120) == LOOP);
	CHECK(inputs_stirred(&in, 1, 130) == 1);
	CHECK(inputs_edge_at(&in) == 90);

	memset(&s, 0, sizeof(s));
	inputs_take_edges(&in, &s, 95);
	CHECK(s.earlier == (UNDERVOLTAGE | OVERVOLTAGE | LOOP | 1));
	CHECK(s.edges == LOOP);
	CHECK(s.earlier_at[0] == 130);
	CHECK(s.earlier_at[1] == 100 && s.earlier_at[2] == 100);
	CHECK(s.earlier_at[8] == 95);		/* not before the last reading */
	CHECK(s.earlier_at[3] == 0);

	/* taken once */
	CHECK(inputs_edge_at(&in) == PROTECTION_NEVER);
	inputs_take_edges(&in, &s, 200);
	CHECK(s.earlier == 0 && s.edges == 0);
	CHECK(inputs_stirred(&in, 9, 300) == LOOP);
	inputs_take_edges(&in, &s, 200);
	CHECK(s.edges == 0 && s.earlier == LOOP && s.earlier_at[8] == 300);

	/* the very last of the lines, and the first */
	CHECK(inputs_stirred(&in, 9, 500) == LOOP);
	CHECK(inputs_edge_at(&in) == 500);
	CHECK(inputs_stirred(&in, 1, 400) == 1);
	CHECK(inputs_edge_at(&in) == 400);
}

const struct test inputs_tests[] = {
	{ fitted, "Lines are had as firmware describes them, with their interrupts" },
	{ missing, "A board without undervoltage, or without any charge fault, is refused by name" },
	{ cannot_be_had, "A line or an interrupt that cannot be had is named" },
	{ back, "Outputs that can be read back are read with the lines (F3)" },
	{ read_all, "All lines cost one transfer (T5)" },
	{ atomic_read, "Lines that do not sleep are read without sleeping (T5)" },
	{ one_by_one, "If the transfer fails, each line is read alone, and only what fails is unreadable (F2)" },
	{ slow_to_fail, "A bus that takes 20 ms to fail is not asked for each line (F2)" },
	{ requested, "Each line's interrupt is requested for both edges, and enabled when all are there (T1)" },
	{ not_to_be_had, "An interrupt that cannot be had is named, and none is left enabled" },
	{ no_chip, "The interrupt of a chip is listened to where it sleeps and shares it, once" },
	{ muted, "All interrupts are muted, and given back, together (T1)" },
	{ wake, "All interrupts can wake the system, or not (T4)" },
	{ synchronized, "All handlers are waited for" },
	{ edges, "An edge counts from its first interrupt, and as chatter from its second (T2)" },
	{ }
};
