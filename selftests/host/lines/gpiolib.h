/* SPDX-License-Identifier: GPL-2.0 */
/*
 * As much of the kernel's gpiolib as driver/inputs.c and driver/outputs.c call,
 * for the host, over lines that fail on demand. It behaves as drivers/gpio does:
 * an array is read or written in whole or not at all, a line that is no output
 * cannot be set, and a chip that sleeps must be asked by the functions that may.
 */
#ifndef _HOST_GPIOLIB_H
#define _HOST_GPIOLIB_H

#include <errno.h>
#include <linux/minmax.h>
#include <linux/types.h>

#define NSEC_PER_MSEC		1000000L
#define EPROBE_DEFER		517

#define DECLARE_BITMAP(name, bits)	unsigned long name[1]
#define for_each_set_bit(bit, map, size)				\
	for ((bit) = 0; (bit) < (size); (bit)++)			\
		if (*(map) & 1UL << (bit))

static inline bool test_bit(unsigned int n, const unsigned long *map)
{
	return *map >> n & 1;
}

static inline void __assign_bit(unsigned int n, unsigned long *map, bool value)
{
	*map = value ? *map | 1UL << n : *map & ~(1UL << n);
}

static inline bool IS_ERR(const void *p)
{
	return (unsigned long)p >= (unsigned long)-4095;
}

static inline long PTR_ERR(const void *p)
{
	return (long)p;
}

struct device {
	const char *name;
	int irq;			/* fwnode_irq_get() */
};

struct gpio_chip {
	bool can_sleep;
	struct device *parent;
};

/**
 * struct gpio_desc - a line
 * @name: as firmware calls it
 * @fitted: firmware describes it
 * @flags: it was asked for with
 * @get_error: why it cannot be had, or 0
 * @chip: where it is; NULL is a chip that gpiolib does not tell
 * @sleeps: its chip does
 * @output: it is driven, by @driven
 * @driven: see @output
 * @outside: what others put on it while it is not
 * @stuck: what its pin reads, whatever it is driven to; -1 for nothing
 * @read_error: why it cannot be read, or 0
 * @write_error: why it cannot be written
 * @direction_error: why it cannot be made an output
 * @irq: its interrupt, or an error
 * @irq_error: why that cannot be requested
 * @writes: how often its level was set
 * @directions: how often it was made an output
 * @reads: how often it was read alone
 */
struct gpio_desc {
	const char *name;
	bool fitted;
	int flags;
	int get_error;
	struct gpio_chip *chip;
	bool sleeps;
	bool output;
	bool driven;
	bool outside;
	int stuck;
	int read_error;
	int write_error;
	int direction_error;
	int irq;
	int irq_error;
	unsigned int writes;
	unsigned int directions;
	unsigned int reads;
};

enum gpiod_flags { GPIOD_ASIS, GPIOD_IN };

struct gpio_desc *devm_gpiod_get_optional(struct device *dev, const char *name,
					  enum gpiod_flags flags);
int gpiod_cansleep(const struct gpio_desc *desc);
int gpiod_to_irq(const struct gpio_desc *desc);
struct gpio_chip *gpiod_to_chip(const struct gpio_desc *desc);
int gpiod_get_direction(struct gpio_desc *desc);
int gpiod_direction_output(struct gpio_desc *desc, int value);
int gpiod_get_value(struct gpio_desc *desc);
int gpiod_get_value_cansleep(struct gpio_desc *desc);
int gpiod_get_array_value(unsigned int n, struct gpio_desc **desc, void *info,
			  unsigned long *values);
int gpiod_get_array_value_cansleep(unsigned int n, struct gpio_desc **desc,
				   void *info, unsigned long *values);
int gpiod_set_array_value(unsigned int n, struct gpio_desc **desc, void *info,
			  unsigned long *values);
int gpiod_set_array_value_cansleep(unsigned int n, struct gpio_desc **desc,
				   void *info, unsigned long *values);

/* In place of driver/compat.h, which needs much more of the kernel */
#define _SMALLBMS_COMPAT_H
int smallbms_gpiod_set_value(struct gpio_desc *desc, int value);
int smallbms_gpiod_set_value_cansleep(struct gpio_desc *desc, int value);

#define is_power_of_2(n)	((n) && !((n) & ((n) - 1)))
#define __ffs(n)		((unsigned int)__builtin_ctz(n))

typedef enum { IRQ_NONE, IRQ_HANDLED } irqreturn_t;
typedef irqreturn_t (*irq_handler_t)(int irq, void *context);

#define IRQF_TRIGGER_RISING	0x0001UL
#define IRQF_TRIGGER_FALLING	0x0002UL
#define IRQF_SHARED		0x0080UL
#define IRQF_ONESHOT		0x2000UL
#define IRQF_NO_AUTOEN		0x80000UL

#define IRQS			64

/**
 * struct irq - an interrupt
 * @requested: how often
 * @error: why it cannot be requested
 * @flags: as it was
 * @threaded: its handler runs in a thread
 * @handler: for it
 * @context: for @handler
 * @name: it was requested with
 * @enabled: how often it was, less how often it was disabled
 * @wake_error: why it cannot wake the system
 * @wakes: how often it was told to wake, less how often not to
 * @synchronized: how often it was waited for
 */
struct irq {
	unsigned int requested;
	int error;
	unsigned long flags;
	bool threaded;
	irq_handler_t handler;
	void *context;
	const char *name;
	int enabled;
	int wake_error;
	int wakes;
	unsigned int synchronized;
};

int devm_request_any_context_irq(struct device *dev, unsigned int irq,
				 irq_handler_t handler, unsigned long flags,
				 const char *name, void *context);
int devm_request_threaded_irq(struct device *dev, unsigned int irq,
			      irq_handler_t handler, irq_handler_t thread,
			      unsigned long flags, const char *name,
			      void *context);
void synchronize_irq(unsigned int irq);
void disable_irq_nosync(unsigned int irq);
void enable_irq(unsigned int irq);
int enable_irq_wake(unsigned int irq);
int disable_irq_wake(unsigned int irq);

u64 ktime_get_ns(void);
int dev_err_probe(struct device *dev, long error, const char *format, ...);
#define dev_dbg(dev, ...)	((void)(dev))
#define dev_name(dev)		((dev)->name)
#define dev_fwnode(dev)		(dev)
int fwnode_irq_get(struct device *dev, unsigned int index);

/* What the tests see and set */
#define GPIOS			12

extern struct gpio_desc gpios[GPIOS + 3];	/* inputs, then outputs */
extern struct irq irqs[IRQS];
extern struct gpio_chip expander, soc;
extern unsigned int transfers;		/* reads of arrays, and writes */
extern unsigned int lone_writes;	/* those of one level alone */
extern u64 transfer_ns, lone_read_ns;	/* how long they take */
extern bool atomic;			/* nothing may sleep */
extern bool misused;			/* gpiolib would have complained */
extern char message[512];		/* of dev_err_probe() */
void gpiolib_reset(void);

#endif /* _HOST_GPIOLIB_H */
