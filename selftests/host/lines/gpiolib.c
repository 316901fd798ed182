// SPDX-License-Identifier: GPL-2.0
/* See gpiolib.h. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "gpiolib.h"

struct gpio_desc gpios[GPIOS + 3];
struct irq irqs[IRQS];
struct gpio_chip expander, soc;
unsigned int transfers, lone_writes;
u64 transfer_ns, lone_read_ns;
bool atomic, misused;
char message[512];

static struct device chip = { "chip", 40 };
static u64 clock_ns = 123456;

static const char * const names[GPIOS + 3] = {
	"cell-low", "cell-undervoltage", "cell-overvoltage",
	"over-temperature", "under-temperature", "charge-inhibit",
	"remote-l", "remote-h", "remote-loop",
	"load-sense", "charge-sense", "pre-alarm-sense",
	"load", "charge", "pre-alarm",
};

/* All lines on one expander, quiet, each with an interrupt: 1, 2, ... */
void gpiolib_reset(void)
{
	unsigned int n;

	memset(irqs, 0, sizeof(irqs));
	chip.irq = 40;
	expander = (struct gpio_chip){ .can_sleep = true, .parent = &chip };
	soc = (struct gpio_chip){ .parent = &chip };
	for (n = 0; n < GPIOS + 3; n++)
		gpios[n] = (struct gpio_desc) {
			.name = names[n], .fitted = true, .chip = &expander,
			.sleeps = true, .stuck = -1, .flags = -1,
			.irq = n < GPIOS ? (int)n + 1 : -ENXIO,
		};
	transfers = 0;
	lone_writes = 0;
	transfer_ns = 0;
	lone_read_ns = 0;
	atomic = false;
	misused = false;
	message[0] = '\0';
}

u64 ktime_get_ns(void)
{
	return clock_ns;
}

int dev_err_probe(struct device *dev, long error, const char *format, ...)
{
	va_list args;

	(void)dev;
	va_start(args, format);
	vsnprintf(message, sizeof(message), format, args);
	va_end(args);
	return error;
}

struct gpio_desc *devm_gpiod_get_optional(struct device *dev, const char *name,
					  enum gpiod_flags flags)
{
	unsigned int n;

	(void)dev;
	for (n = 0; n < GPIOS + 3; n++) {
		struct gpio_desc *desc = &gpios[n];

		if (strcmp(desc->name, name) || !desc->fitted)
			continue;
		if (desc->get_error)
			return (void *)(long)desc->get_error;
		desc->flags = flags;
		if (flags == GPIOD_IN)
			desc->output = false;
		return desc;
	}
	return NULL;
}

int gpiod_cansleep(const struct gpio_desc *desc)
{
	return desc->sleeps;
}

int gpiod_to_irq(const struct gpio_desc *desc)
{
	return desc->irq;
}

struct gpio_chip *gpiod_to_chip(const struct gpio_desc *desc)
{
	return desc->chip;
}

int gpiod_get_direction(struct gpio_desc *desc)
{
	return !desc->output;
}

int gpiod_direction_output(struct gpio_desc *desc, int value)
{
	desc->directions++;
	if (desc->direction_error)
		return desc->direction_error;
	desc->output = true;
	desc->driven = value;
	return 0;
}

static int level(const struct gpio_desc *desc)
{
	if (desc->read_error)
		return desc->read_error;
	if (desc->stuck >= 0)
		return desc->stuck;
	return desc->output ? desc->driven : desc->outside;
}

static int read_alone(struct gpio_desc *desc)
{
	desc->reads++;
	clock_ns += lone_read_ns;
	return level(desc);
}

int gpiod_get_value_cansleep(struct gpio_desc *desc)
{
	misused |= atomic;
	return read_alone(desc);
}

int gpiod_get_value(struct gpio_desc *desc)
{
	misused |= desc->sleeps;
	return read_alone(desc);
}

static int read_array(unsigned int n, struct gpio_desc **desc, void *info,
		      unsigned long *values)
{
	unsigned long read = 0;
	unsigned int i;

	misused |= !!info;
	transfers++;
	clock_ns += transfer_ns;
	for (i = 0; i < n; i++) {
		int value = level(desc[i]);

		if (value < 0)
			return value;
		read |= (unsigned long)value << i;
	}
	*values = read;
	return 0;
}

static int write_lines(unsigned int n, struct gpio_desc **desc,
		       unsigned long *values)
{
	unsigned int i;

	for (i = 0; i < n; i++)
		if (!desc[i]->output)
			return -EPERM;
	for (i = 0; i < n; i++)
		if (desc[i]->write_error)
			return desc[i]->write_error;
	for (i = 0; i < n; i++) {
		desc[i]->driven = *values >> i & 1;
		desc[i]->writes++;
	}
	return 0;
}

static int write_array(unsigned int n, struct gpio_desc **desc, void *info,
		       unsigned long *values)
{
	misused |= !!info;
	transfers++;
	return write_lines(n, desc, values);
}

static int write_alone(struct gpio_desc *desc, int value)
{
	unsigned long values = value;

	transfers++;
	lone_writes++;
	return write_lines(1, &desc, &values);
}

static void must_not_sleep(unsigned int n, struct gpio_desc **desc)
{
	unsigned int i;

	for (i = 0; i < n; i++)
		misused |= desc[i]->sleeps;
}

int gpiod_get_array_value(unsigned int n, struct gpio_desc **desc, void *info,
			  unsigned long *values)
{
	must_not_sleep(n, desc);
	return read_array(n, desc, info, values);
}

int gpiod_get_array_value_cansleep(unsigned int n, struct gpio_desc **desc,
				   void *info, unsigned long *values)
{
	misused |= atomic;
	return read_array(n, desc, info, values);
}

int gpiod_set_array_value(unsigned int n, struct gpio_desc **desc, void *info,
			  unsigned long *values)
{
	must_not_sleep(n, desc);
	return write_array(n, desc, info, values);
}

int gpiod_set_array_value_cansleep(unsigned int n, struct gpio_desc **desc,
				   void *info, unsigned long *values)
{
	misused |= atomic;
	return write_array(n, desc, info, values);
}

int smallbms_gpiod_set_value(struct gpio_desc *desc, int value)
{
	must_not_sleep(1, &desc);
	return write_alone(desc, value);
}

int smallbms_gpiod_set_value_cansleep(struct gpio_desc *desc, int value)
{
	misused |= atomic;
	return write_alone(desc, value);
}

static int request(unsigned int irq, irq_handler_t handler, bool threaded,
		   unsigned long flags, const char *name, void *context)
{
	struct irq *i = &irqs[irq];

	if (i->error)
		return i->error;
	i->requested++;
	i->handler = handler;
	i->threaded = threaded;
	i->flags = flags;
	i->name = name;
	i->context = context;
	i->enabled = !(flags & IRQF_NO_AUTOEN);
	return 0;
}

int devm_request_any_context_irq(struct device *dev, unsigned int irq,
				 irq_handler_t handler, unsigned long flags,
				 const char *name, void *context)
{
	int ret = request(irq, handler, false, flags, name, context);

	(void)dev;
	return ret ? ret : (int)(irq & 1);	/* IRQC_IS_HARDIRQ or _NESTED */
}

int devm_request_threaded_irq(struct device *dev, unsigned int irq,
			      irq_handler_t handler, irq_handler_t thread,
			      unsigned long flags, const char *name,
			      void *context)
{
	(void)dev;
	return request(irq, handler ? handler : thread, thread, flags, name,
		       context);
}

void synchronize_irq(unsigned int irq)
{
	irqs[irq].synchronized++;
}

void disable_irq_nosync(unsigned int irq)
{
	irqs[irq].enabled--;
}

void enable_irq(unsigned int irq)
{
	irqs[irq].enabled++;
}

int enable_irq_wake(unsigned int irq)
{
	if (irqs[irq].wake_error)
		return irqs[irq].wake_error;
	irqs[irq].wakes++;
	return 0;
}

int disable_irq_wake(unsigned int irq)
{
	irqs[irq].wakes--;
	return 0;
}

int fwnode_irq_get(struct device *dev, unsigned int index)
{
	return index ? -EINVAL : dev->irq;
}
