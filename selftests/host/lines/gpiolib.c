// SPDX-License-Identifier: GPL-2.0
/* See gpiolib.h. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gpiolib.h"

/* In place of what a lock guards, while it is not held */
#define NONSENSE	0x5a

struct gpio_desc gpios[GPIOS];
struct irq irqs[IRQS];
struct gpio_chip expander, second, soc;
unsigned int single_writes, single_reads, mixed_reads, warnings, messages, locks_held;
u64 clock_ns;
bool atomic, misused;
int action_error;
void (*asleep)(void);
unsigned int slept_ms;
void (*unlocked)(void);
char message[512];

/* Resources of the device: actions, and interrupts where there is no action */
static struct resource {
	void (*action)(void *data);
	void *data;
	unsigned int irq;
} resources[GPIOS];
static unsigned int resource_count;

static unsigned char *guarded, guarded_copy[1024];
static size_t guarded_size;
static unsigned int running_irq;
static unsigned int accesses;

static const char * const names[GPIOS] = {
	"cell-low", "cell-undervoltage", "cell-overvoltage",
	"over-temperature", "under-temperature", "charge-inhibit",
	"remote-l", "remote-h", "remote-loop",
	"load-sense", "charge-sense", "pre-alarm-sense",
	"load", "charge", "pre-alarm", "heartbeat",
};

/* All lines on one expander, low; each input has an interrupt: 1, 2, ... */
void gpiolib_reset(void)
{
	unsigned int n;

	memset(irqs, 0, sizeof(irqs));
	expander = (struct gpio_chip){ .can_sleep = true };
	second = (struct gpio_chip){ .can_sleep = true };
	soc = (struct gpio_chip){ };
	for (n = 0; n < GPIOS; n++)
		gpios[n] = (struct gpio_desc) {
			.name = names[n], .fitted = true, .chip = &expander,
			.stuck = -1, .flags = -1,
			.irq = n < GPIO_OUTPUTS ? (int)n + 1 : -ENXIO,
		};
	single_writes = 0;
	warnings = 0;
	messages = 0;
	clock_ns = 99999 * 1000000ULL;	/* of more than 32 bits */
	atomic = false;
	action_error = 0;
	asleep = NULL;
	unlocked = NULL;
	message[0] = '\0';
	resource_count = 0;
	running_irq = 0;
	guarded_size = 0;
}

u64 ktime_get_ns(void)
{
	return clock_ns;
}

u64 ktime_get_boottime_ns(void)
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
	messages++;
	return error;
}

void dev_err(struct device *dev, const char *format, ...)
{
	va_list args;

	(void)dev;
	va_start(args, format);
	vsnprintf(message, sizeof(message), format, args);
	va_end(args);
	messages++;
}

void dev_warn(struct device *dev, const char *format, ...)
{
	va_list args;

	(void)dev;
	va_start(args, format);
	vsnprintf(message, sizeof(message), format, args);
	va_end(args);
	messages++;
	warnings++;
}

int devm_add_action_or_reset(struct device *dev, void (*action)(void *data),
			     void *data)
{
	(void)dev;
	if (action_error) {
		action(data);
		return action_error;
	}
	resources[resource_count].action = action;
	resources[resource_count++].data = data;
	return 0;
}

void devm_release(void)
{
	while (resource_count--) {
		const struct resource *r = &resources[resource_count];
		struct irq *i = &irqs[r->irq];

		if (r->action) {
			r->action(r->data);
			continue;
		}
		/* else who requests it next finds it disabled */
		misused |= i->enabled != 1;
		i->requested--;
		i->enabled = 0;
	}
	resource_count = 0;
}

struct gpio_desc *devm_gpiod_get_optional(struct device *dev, const char *name,
					  enum gpiod_flags flags)
{
	unsigned int n;

	(void)dev;
	for (n = 0; n < GPIOS; n++) {
		struct gpio_desc *desc = &gpios[n];

		if (strcmp(desc->name, name) || !desc->fitted)
			continue;
		if (desc->get_error)
			return (void *)(long)desc->get_error;
		desc->flags = flags;
		if (flags == GPIOD_IN)
			desc->output = false;
		if (flags == GPIOD_OUT_LOW) {
			desc->output = true;
			desc->driven = false;
		}
		return desc;
	}
	return NULL;
}

int gpiod_cansleep(const struct gpio_desc *desc)
{
	return desc->chip->can_sleep;
}

int gpiod_to_irq(const struct gpio_desc *desc)
{
	return desc->irq;
}

struct gpio_chip *gpiod_to_chip(const struct gpio_desc *desc)
{
	return desc->chip->gone ? NULL : desc->chip;
}

int gpiod_get_direction(struct gpio_desc *desc)
{
	misused |= desc->chip->gone;
	if (desc->chip->cache == CACHE_FLAT)
		return -ENOTSUPP;
	return !(desc->chip->cache ? desc->cached_output : desc->output);
}

int gpiod_is_active_low(const struct gpio_desc *desc)
{
	return desc->active_low;
}

/* What the chip's driver sends is the whole register: the bits of all its lines. */
static void send_all(const struct gpio_chip *chip, bool direction)
{
	unsigned int n;

	for (n = 0; n < GPIOS; n++) {
		struct gpio_desc *desc = &gpios[n];
		bool high = desc->output && desc->driven;

		if (desc->chip != chip)
			continue;
		if (direction)
			desc->output = desc->cached_output;
		else
			desc->driven = desc->cached_driven;
		desc->rises += desc->output && desc->driven && !high;
	}
}

/* Write one bit of a register, the directions or the levels. */
static int send(struct gpio_desc *desc, bool direction, bool value)
{
	bool *cached = direction ? &desc->cached_output : &desc->cached_driven;
	struct gpio_chip *chip = desc->chip;

	if (chip->cache == CACHE_FLAT && *cached == value)
		return 0;
	*cached = value;
	if (!chip->cache) {
		*(direction ? &desc->output : &desc->driven) = value;
		return 0;
	}
	chip->sent++;
	if (chip->nack && !--chip->nack)
		return -ENXIO;
	send_all(chip, direction);
	return 0;
}

int gpiod_direction_input(struct gpio_desc *desc)
{
	misused |= atomic;
	desc->inputs++;
	if (desc->chip->gone)
		return 0;
	if (desc->direction_error)
		return desc->direction_error;
	return send(desc, true, false);
}

static int direct(struct gpio_desc *desc, bool value)
{
	int ret;

	if (desc->chip->gone)
		return 0;		/* so did older kernels */
	if (desc->direction_error)
		return desc->direction_error;
	ret = send(desc, false, value);
	return ret ?: send(desc, true, true);
}

int gpiod_direction_output(struct gpio_desc *desc, int value)
{
	desc->directions++;
	desc->directed_at = ++accesses;
	if (desc->open_source && !value)
		return gpiod_direction_input(desc);
	return direct(desc, value);
}

int gpiod_direction_output_raw(struct gpio_desc *desc, int value)
{
	misused |= atomic;
	return direct(desc, value != desc->active_low);
}

static int level(const struct gpio_desc *desc)
{
	if (desc->read_error)
		return desc->read_error;
	if (desc->stuck >= 0)
		return desc->stuck;
	return desc->output ? desc->driven : desc->outside;
}

static int read_raw(const struct gpio_desc *desc)
{
	int value = desc->chip->read_error ?: level(desc);

	misused |= desc->chip->gone;
	single_reads++;
	clock_ns += desc->chip->read_ns;
	if (value < 0)
		return desc->chip->tells ? value : 0;
	return value != desc->active_low;
}

int gpiod_get_raw_value(const struct gpio_desc *desc)
{
	misused |= desc->chip->can_sleep;
	return read_raw(desc);
}

int gpiod_get_raw_value_cansleep(const struct gpio_desc *desc)
{
	misused |= atomic;
	return read_raw(desc);
}

static int read_chip(unsigned int n, struct gpio_desc **desc,
		     unsigned long *values, unsigned int at)
{
	struct gpio_chip *chip = desc[0]->chip;
	unsigned int i;

	misused |= chip->gone;
	chip->reads++;
	clock_ns += chip->read_ns;
	if (chip->read_error)
		return chip->read_error;
	for (i = 0; i < n; i++)
		if (level(desc[i]) < 0)
			return level(desc[i]);
	for (i = 0; i < n; i++)
		__assign_bit(at + i, values, level(desc[i]));
	return 0;
}

static int read_array(unsigned int n, struct gpio_desc **desc, void *info,
		      unsigned long *values)
{
	unsigned int first, last;

	misused |= info || !n;
	for (first = 0; first < n; first = last) {
		int ret;

		mixed_reads += first > 0;
		for (last = first; last < n; last++)
			if (desc[last]->chip != desc[first]->chip)
				break;
		ret = read_chip(last - first, desc + first, values, first);
		if (ret)
			return ret;
	}
	return 0;
}

static void must_not_sleep(unsigned int n, struct gpio_desc **desc)
{
	unsigned int i;

	for (i = 0; i < n; i++)
		misused |= desc[i]->chip->can_sleep;
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

static int write_lines(unsigned int n, struct gpio_desc **desc,
		       unsigned long values)
{
	unsigned int i;

	/* so does gpiolib since 6.15 */
	for (i = 0; i < n; i++)
		if (!desc[i]->output && !desc[i]->chip->cache)
			return -EPERM;
	for (i = 0; i < n; i++) {
		misused |= desc[i]->chip->gone;
		if (!i || desc[i]->chip != desc[i - 1]->chip)
			desc[i]->chip->writes++;
		if (desc[i]->write_error)
			return desc[i]->write_error;
	}
	for (i = 0; i < n; i++) {
		/* before 6.17 nobody hears of an error */
		send(desc[i], false, values >> i & 1);
		desc[i]->writes++;
		desc[i]->written_at = ++accesses;
	}
	return 0;
}

int gpiod_set_array_value(unsigned int n, struct gpio_desc **desc, void *info,
			  unsigned long *values)
{
	misused |= info || !n;
	must_not_sleep(n, desc);
	return write_lines(n, desc, *values);
}

int gpiod_set_array_value_cansleep(unsigned int n, struct gpio_desc **desc,
				   void *info, unsigned long *values)
{
	misused |= atomic || info || !n;
	return write_lines(n, desc, *values);
}

bool smallbms_gpiod_is_shared(const struct gpio_desc *desc)
{
	return desc->shared;
}

int smallbms_gpiod_set_value(struct gpio_desc *desc, int value)
{
	single_writes++;
	must_not_sleep(1, &desc);
	return write_lines(1, &desc, value);
}

int smallbms_gpiod_set_value_cansleep(struct gpio_desc *desc, int value)
{
	single_writes++;
	misused |= atomic;
	return write_lines(1, &desc, value);
}

void gpiod_set_value(struct gpio_desc *desc, int value)
{
	smallbms_gpiod_set_value(desc, value);
}

void gpiod_set_value_cansleep(struct gpio_desc *desc, int value)
{
	smallbms_gpiod_set_value_cansleep(desc, value);
}

int devm_request_any_context_irq(struct device *dev, unsigned int irq,
				 irq_handler_t handler, unsigned long flags,
				 const char *name, void *cookie)
{
	struct irq *i = &irqs[irq];

	(void)dev;
	misused |= !irq;
	if (i->error)
		return i->error;
	if (i->requested)
		return -EBUSY;
	i->requested++;
	i->handler = handler;
	i->flags = flags;
	i->name = name;
	i->cookie = cookie;
	i->enabled = !(flags & IRQF_NO_AUTOEN);
	resources[resource_count].action = NULL;
	resources[resource_count++].irq = irq;
	return irq & 1;			/* IRQC_IS_HARDIRQ or IRQC_IS_NESTED */
}

/* The bus lock of an interrupt's chip may sleep. */
static struct irq *lock_bus(unsigned int irq)
{
	misused |= locks_held || !irqs[irq].requested;
	return &irqs[irq];
}

void synchronize_irq(unsigned int irq)
{
	struct irq *i = lock_bus(irq);

	misused |= !!running_irq;
	i->synchronized++;
	if (i->meanwhile)
		i->meanwhile();
}

void disable_irq_nosync(unsigned int irq)
{
	struct irq *i = lock_bus(irq);

	/* none but its own handler, or it could be on another, sleeping chip */
	misused |= irq != running_irq || i->enabled != 1;
	i->enabled--;
}

void enable_irq(unsigned int irq)
{
	struct irq *i = lock_bus(irq);

	misused |= i->enabled;
	i->enabled++;
	if (i->meanwhile)
		i->meanwhile();
}

void fire(unsigned int irq)
{
	struct irq *i = &irqs[irq];
	unsigned int outer = running_irq;

	if (!i->requested || i->enabled <= 0)
		return;
	running_irq = irq;
	misused |= i->handler(irq, i->cookie) != IRQ_HANDLED;
	misused |= locks_held;
	running_irq = outer;
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

void raw_spin_lock_init(raw_spinlock_t *lock)
{
	lock->init = true;
	lock->held = false;
}

void raw_spin_lock_irq(raw_spinlock_t *lock)
{
	size_t n;

	misused |= !lock->init || lock->held;
	lock->held = true;
	locks_held++;
	for (n = 0; n < guarded_size; n++) {
		misused |= guarded[n] != NONSENSE;
		guarded[n] = guarded_copy[n];
	}
}

static void hide_guarded(void)
{
	memcpy(guarded_copy, guarded, guarded_size);
	memset(guarded, NONSENSE, guarded_size);
}

void guard(void *data, size_t size)
{
	misused |= size > sizeof(guarded_copy) || locks_held;
	guarded = data;
	guarded_size = size;
	hide_guarded();
}

void raw_spin_unlock_irq(raw_spinlock_t *lock)
{
	misused |= !lock->held;
	lock->held = false;
	locks_held--;
	if (guarded_size)
		hide_guarded();
	if (unlocked)
		unlocked();
}

void msleep(unsigned int ms)
{
	misused |= atomic || locks_held || !ms;
	if (!asleep) {
		puts("Bail out! It sleeps, and nobody is there to end that");
		exit(1);
	}
	slept_ms += ms;
	asleep();
}

void smallbms_hrtimer_setup(struct hrtimer *timer,
			    enum hrtimer_restart (*function)(struct hrtimer *),
			    int clock, enum hrtimer_mode mode)
{
	misused |= clock != CLOCK_MONOTONIC || mode != HRTIMER_MODE_REL_HARD;
	timer->function = function;
	timer->expires = 0;
}

void hrtimer_start(struct hrtimer *timer, ktime_t delay, enum hrtimer_mode mode)
{
	misused |= mode != HRTIMER_MODE_REL_HARD;
	timer->expires = clock_ns + delay;
}

int hrtimer_try_to_cancel(struct hrtimer *timer)
{
	int armed = !!timer->expires;

	timer->expires = 0;
	return armed;
}

int hrtimer_cancel(struct hrtimer *timer)
{
	return hrtimer_try_to_cancel(timer);
}
