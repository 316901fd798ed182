// SPDX-License-Identifier: GPL-2.0
/* See sleep.h. */
#include <linux/device.h>
#include <linux/ktime.h>
#include <linux/suspend.h>

#include "scan.h"
#include "sleep.h"

/* Pins of outputs need no interrupt: a chip that loses them floats them. */
static u32 sleep_lines(const struct scan *s)
{
	return s->inputs.fitted & ~(OUTPUTS_ALL << INPUTS_BACK);
}

static int sleep_refuse(struct sleep *sl, struct device *dev, const char *why,
			const char *more)
{
	bool repeated = why == sl->refused;

	sl->refused = why;
	if (!repeated)
		dev_warn(dev, "suspend refused: %s%s\n", why, more);
	return -EBUSY;
}

static int sleep_release(struct sleep *sl, struct device *dev, struct scan *s)
{
	sl->released = true;
	if (outputs_release(dev, &s->outputs))
		return sleep_refuse(sl, dev, "an output cannot be released", "");
	dev_info(dev, "outputs released while the system sleeps\n");
	return 0;
}

/**
 * sleep_begin() - the system is about to sleep
 * @sl: zeroed once
 * @s: the board, whose cycles run; one of them, and their end, follow
 * @how: SLEEP_*
 *
 * Context: may sleep.
 */
void sleep_begin(struct sleep *sl, struct scan *s, u32 how)
{
	WRITE_ONCE(sl->watching, how & (SLEEP_WAKE | SLEEP_FREEZE));
	if (how & SLEEP_WAKE)
		edges_set_wake(&s->edges, true);
}

/**
 * sleep_enter() - let the system sleep, or keep it awake (T4)
 * @sl: after sleep_begin()
 * @dev: the board's device
 * @s: the board; it has been scanned since then, and no more cycles run
 * @how: SLEEP_*
 *
 * An edge that comes later is noticed by sleep_edge().
 *
 * Context: may sleep.
 * Return: 0, or -EBUSY; the log says why, but for a cause that was logged last.
 */
int sleep_enter(struct sleep *sl, struct device *dev, struct scan *s, u32 how)
{
	u64 now = ktime_get_boottime_ns();
	const char *busy;
	u32 deaf = 0;

	if (how & SLEEP_RELEASE)
		return sleep_release(sl, dev, s);
	if (!how)
		return sleep_refuse(sl, dev, "the board is no wakeup source", "");

	if (how & SLEEP_WAKE)
		deaf = sleep_lines(s) & ~edges_waking(&s->edges, now);
	if (deaf)
		return sleep_refuse(sl, dev, inputs_line_name(__ffs(deaf)),
				    " cannot wake the system");
	raw_spin_lock_irq(&s->lock);
	busy = scan_busy(s, now);
	raw_spin_unlock_irq(&s->lock);
	if (busy)
		return sleep_refuse(sl, dev, busy, "");
	sl->refused = NULL;
	return 0;
}

/**
 * sleep_end() - the system has woken up, or stays awake
 * @sl: the sleep
 * @dev: the board's device
 * @s: the board; cycles run again afterwards
 * @released: release the outputs, whatever they are
 *
 * Outputs that were released are connected again by the rules.
 *
 * Context: may sleep.
 */
void sleep_end(struct sleep *sl, struct device *dev, struct scan *s,
	       bool released)
{
	WRITE_ONCE(sl->watching, false);
	edges_set_wake(&s->edges, false);
	if (!sl->released && !released)
		return;

	sl->released = false;
	/* an error was logged, and the read-back finds what does not follow */
	outputs_claim(dev, &s->outputs, 0);
	raw_spin_lock_irq(&s->lock);
	protection_let_go(&s->protection);
	scan_feedback(s, 0, ktime_get_boottime_ns());
	raw_spin_unlock_irq(&s->lock);
}

/**
 * sleep_edge() - a line has changed
 * @sl: the sleep
 *
 * Until the kernel takes over the interrupts that wake the system, nothing but this
 * aborts a suspend that is under way. pm_wakeup_event() would take locks that may
 * sleep, and count only if user space has asked for it.
 *
 * Context: any.
 */
void sleep_edge(const struct sleep *sl)
{
	if (READ_ONCE(sl->watching))
		pm_system_wakeup();
}
