/* SPDX-License-Identifier: GPL-2.0 */
/*
 * As much of the kernel as the driver's I/O files call, for the host, over chips,
 * lines and interrupts that fail on demand. GPIOs behave as in drivers/gpio: an
 * array is read or written chip by chip until the first error, a line that is no
 * output cannot be set, and a chip that sleeps must be called by the functions that
 * may. What the kernel would complain about, or crash on, sets misused.
 */
#ifndef _HOST_GPIOLIB_H
#define _HOST_GPIOLIB_H

#include <errno.h>
#include <linux/bitops.h>
#include <linux/log2.h>
#include <linux/minmax.h>
#include <linux/time64.h>
#include <linux/types.h>

#define EPROBE_DEFER		517
#define ENOTSUPP		524

#define DECLARE_BITMAP(name, bits)	unsigned long name[1]

static inline bool test_bit(unsigned int n, const unsigned long *map)
{
	return *map >> n & 1;
}

static inline void __assign_bit(unsigned int n, unsigned long *map, bool value)
{
	*map = value ? *map | 1UL << n : *map & ~(1UL << n);
}

#define hweight32(w)		((unsigned int)__builtin_popcount(w))

#define container_of(p, type, member)					\
	((type *)((char *)(p) - offsetof(type, member)))

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
};

int dev_err_probe(struct device *dev, long error, const char *format, ...);
void dev_err(struct device *dev, const char *format, ...);
void dev_warn(struct device *dev, const char *format, ...);
int devm_add_action_or_reset(struct device *dev, void (*action)(void *data),
			     void *data);

/* GPIO */

/*
 * What a chip's driver keeps of its registers, changed before the chip is asked.
 * CACHE_FORCED: what is written is sent; a direction is read from the cache.
 * CACHE_FLAT: nothing is sent that the cache has already; no direction can be read.
 */
enum gpio_cache { CACHE_NONE, CACHE_FORCED, CACHE_FLAT };

/**
 * struct gpio_chip - a chip
 * @can_sleep: as in the kernel
 * @gone: it was removed, and gpiolib follows a NULL pointer to it
 * @read_error: why its array reads fail, or 0
 * @read_ns: duration of a read
 * @tells: a single read that fails returns the error; that of some chips returns 0
 * @reads: number of array reads
 * @writes: number of writes
 * @cache: its driver's cache
 * @sent: number of registers that were written, where there is a cache
 * @nack: the next of them to fail, counted from 1; 0 for none
 */
struct gpio_chip {
	bool can_sleep;
	bool gone;
	enum gpio_cache cache;
	unsigned int sent;
	unsigned int nack;
	int read_error;
	u64 read_ns;
	bool tells;
	unsigned int reads;
	unsigned int writes;
};

/**
 * struct gpio_desc - a line
 * @name: in firmware, without "-gpios"
 * @fitted: firmware describes it
 * @flags: it was requested with
 * @get_error: why it cannot be got, or 0
 * @shared: another device may get it as well
 * @chip: its chip
 * @output: it is driven, by @driven
 * @driven: see @output
 * @cached_output: what the driver of its chip takes @output for
 * @cached_driven: and @driven
 * @active_low: high is low to the chip
 * @open_source: it is made an input where it would be driven low
 * @outside: level that others put on it while it is not driven
 * @stuck: level that its pin reads, however it is driven; -1 for none
 * @read_error: why it cannot be read, or 0; an array read of its chip fails
 * @write_error: why it cannot be written, or 0
 * @direction_error: why it cannot be made an output, or 0
 * @irq: its interrupt, or an error
 * @writes: number of times its level was set
 * @directions: number of times it was made an output
 * @inputs: number of times it was made an input
 * @rises: number of times it rose, where there is a cache
 * @written_at: when its level was set last, as the number of the access
 * @directed_at: when it was made an output last
 */
struct gpio_desc {
	const char *name;
	bool fitted;
	int flags;
	int get_error;
	bool shared;
	struct gpio_chip *chip;
	bool output;
	bool driven;
	bool cached_output;
	bool cached_driven;
	bool active_low;
	bool open_source;
	bool outside;
	int stuck;
	int read_error;
	int write_error;
	int direction_error;
	int irq;
	unsigned int writes;
	unsigned int directions;
	unsigned int inputs;
	unsigned int rises;
	unsigned int written_at;
	unsigned int directed_at;
};

enum gpiod_flags { GPIOD_ASIS, GPIOD_IN, GPIOD_OUT_LOW };

struct gpio_desc *devm_gpiod_get_optional(struct device *dev, const char *name,
					  enum gpiod_flags flags);
int gpiod_cansleep(const struct gpio_desc *desc);
int gpiod_to_irq(const struct gpio_desc *desc);
struct gpio_chip *gpiod_to_chip(const struct gpio_desc *desc);
int gpiod_get_direction(struct gpio_desc *desc);
int gpiod_is_active_low(const struct gpio_desc *desc);
int gpiod_direction_input(struct gpio_desc *desc);
int gpiod_direction_output(struct gpio_desc *desc, int value);
int gpiod_direction_output_raw(struct gpio_desc *desc, int value);
int gpiod_get_array_value(unsigned int n, struct gpio_desc **desc, void *info,
			  unsigned long *values);
int gpiod_get_array_value_cansleep(unsigned int n, struct gpio_desc **desc,
				   void *info, unsigned long *values);
int gpiod_set_array_value(unsigned int n, struct gpio_desc **desc, void *info,
			  unsigned long *values);
int gpiod_set_array_value_cansleep(unsigned int n, struct gpio_desc **desc,
				   void *info, unsigned long *values);
void gpiod_set_value(struct gpio_desc *desc, int value);
void gpiod_set_value_cansleep(struct gpio_desc *desc, int value);

int gpiod_get_raw_value(const struct gpio_desc *desc);
int gpiod_get_raw_value_cansleep(const struct gpio_desc *desc);

/* Interrupts */

typedef enum { IRQ_NONE, IRQ_HANDLED } irqreturn_t;
typedef irqreturn_t (*irq_handler_t)(int irq, void *cookie);

#define IRQF_TRIGGER_RISING	0x0001UL
#define IRQF_TRIGGER_FALLING	0x0002UL
#define IRQF_NO_THREAD		0x10000UL
#define IRQF_NO_AUTOEN		0x80000UL

#define IRQS			64

/**
 * struct irq - an interrupt
 * @requested: number of requests
 * @error: why it cannot be requested, or 0
 * @flags: it was requested with
 * @handler: its handler
 * @cookie: for @handler
 * @name: it was requested with
 * @enabled: number of times it was enabled less number of times it was disabled
 * @wake_error: why it cannot wake the system, or 0
 * @wakes: wake-ups enabled less wake-ups disabled
 * @synchronized: number of times its handlers were waited for
 * @meanwhile: called while they are waited for, or while it is enabled
 */
struct irq {
	unsigned int requested;
	int error;
	unsigned long flags;
	irq_handler_t handler;
	void *cookie;
	const char *name;
	int enabled;
	int wake_error;
	int wakes;
	unsigned int synchronized;
	void (*meanwhile)(void);
};

int devm_request_any_context_irq(struct device *dev, unsigned int irq,
				 irq_handler_t handler, unsigned long flags,
				 const char *name, void *cookie);
void synchronize_irq(unsigned int irq);
void disable_irq_nosync(unsigned int irq);
void enable_irq(unsigned int irq);
int enable_irq_wake(unsigned int irq);
int disable_irq_wake(unsigned int irq);

/* Locks, and what else runs at the same time */

typedef struct {
	bool init;
	bool held;
} raw_spinlock_t;

void raw_spin_lock_init(raw_spinlock_t *lock);
void raw_spin_lock_irq(raw_spinlock_t *lock);
void raw_spin_unlock_irq(raw_spinlock_t *lock);
#define raw_spin_lock_irqsave(lock, flags)				\
	do {								\
		(flags) = 0;						\
		raw_spin_lock_irq(lock);				\
	} while (0)
#define raw_spin_unlock_irqrestore(lock, flags)				\
	do {								\
		(void)(flags);						\
		raw_spin_unlock_irq(lock);				\
	} while (0)

typedef struct {
	int counter;
} atomic_t;

static inline void atomic_inc(atomic_t *v)
{
	v->counter++;
}

static inline int atomic_read(const atomic_t *v)
{
	return v->counter;
}

/* No barriers, as there are no threads */
#define smp_load_acquire(p)	(*(p))
#define smp_store_release(p, v)	(*(p) = (v))	/* as above */

/*
 * What a lock guards is what it was only while it is held; between, reading it
 * gives nonsense, and writing it is noticed.
 */
void guard(void *data, size_t size);

void msleep(unsigned int ms);

/* Time */

typedef u64 ktime_t;

#define CLOCK_MONOTONIC		1
#define ns_to_ktime(ns)		((ktime_t)(ns))

enum hrtimer_restart { HRTIMER_NORESTART, HRTIMER_RESTART };
enum hrtimer_mode { HRTIMER_MODE_ABS_HARD, HRTIMER_MODE_REL_HARD };

struct hrtimer {
	enum hrtimer_restart (*function)(struct hrtimer *timer);
	u64 expires;			/* of clock_ns; 0: it is not armed */
};

u64 ktime_get_ns(void);
u64 ktime_get_boottime_ns(void);
void hrtimer_start(struct hrtimer *timer, ktime_t delay, enum hrtimer_mode mode);
int hrtimer_try_to_cancel(struct hrtimer *timer);
int hrtimer_cancel(struct hrtimer *timer);

/* In place of driver/compat.h, which needs much more of the kernel */
#define _SMALLBMS_COMPAT_H
bool smallbms_gpiod_is_shared(const struct gpio_desc *desc);
int smallbms_gpiod_set_value(struct gpio_desc *desc, int value);
int smallbms_gpiod_set_value_cansleep(struct gpio_desc *desc, int value);
void smallbms_hrtimer_setup(struct hrtimer *timer,
			    enum hrtimer_restart (*function)(struct hrtimer *),
			    int clock, enum hrtimer_mode mode);

/* What the tests set and see */
#define GPIO_OUTPUTS		12	/* the inputs come before */
#define GPIO_HEARTBEAT		15
#define GPIOS			16

extern struct gpio_desc gpios[GPIOS];
extern struct irq irqs[IRQS];
extern struct gpio_chip expander, second, soc;
extern unsigned int single_writes;	/* writes of one line alone */
extern u64 clock_ns;
extern bool atomic;			/* nothing may sleep */
extern int action_error;		/* of devm_add_action_or_reset() */
extern unsigned int slept_ms;		/* in msleep(), in all */
extern void (*asleep)(void);		/* called by msleep() */
extern void (*unlocked)(void);		/* called when a lock is released */
extern char message[512];		/* the last one */
extern unsigned int warnings, messages;

/* Must stay as they are in each test, whatever is reset meanwhile */
extern bool misused;			/* the kernel would have complained */
extern unsigned int locks_held;
extern unsigned int single_reads;
extern unsigned int mixed_reads;	/* arrays of more than one chip */

void gpiolib_reset(void);
void fire(unsigned int irq);		/* an interrupt, if it is enabled */
void devm_release(void);		/* the device is unbound */

#endif /* _HOST_GPIOLIB_H */
