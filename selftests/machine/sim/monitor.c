// SPDX-License-Identifier: GPL-2.0
/* See monitor.h. Letters with a number are rules of the requirements. */
#include <linux/bits.h>
#include <linux/device.h>
#include <linux/mutex.h>
#include <linux/property.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/timekeeping.h>

#include "monitor.h"

#define MS(n)			((n) * 1000000ULL)
#define WARNING_NS		MS(30000)	/* L2 */
#define CHARGE_RECONNECT_MS	1000		/* C2 */
#define CLEAR_NS		MS(1000)	/* T3 */
#define SHORT_NS		MS(100)		/* F3 */

/* After debounce (T2, 20 ms) and latency (T5, 5 ms): what a busy host adds */
#define GRACE_MS		150
#define LOAD_RECONNECT_MS	30000		/* L4 */

#define FAULTS	(BIT(ROLE_OVERVOLTAGE) | BIT(ROLE_OVER_TEMPERATURE) |	\
		 BIT(ROLE_UNDER_TEMPERATURE) | BIT(ROLE_CHARGE_INHIBIT))
#define REMOTES	(BIT(ROLE_REMOTE_L) | BIT(ROLE_REMOTE_H) |		\
		 BIT(ROLE_REMOTE_LOOP))

static const char * const names[ROLES] = {
	[ROLE_NONE] = "none",
	[ROLE_CELL_LOW] = "cell-low",
	[ROLE_UNDERVOLTAGE] = "cell-undervoltage",
	[ROLE_OVERVOLTAGE] = "cell-overvoltage",
	[ROLE_OVER_TEMPERATURE] = "over-temperature",
	[ROLE_UNDER_TEMPERATURE] = "under-temperature",
	[ROLE_CHARGE_INHIBIT] = "charge-inhibit",
	[ROLE_REMOTE_L] = "remote-l",
	[ROLE_REMOTE_H] = "remote-h",
	[ROLE_REMOTE_LOOP] = "remote-loop",
	[ROLE_LOAD] = "load",
	[ROLE_CHARGE] = "charge",
	[ROLE_PRE_ALARM] = "pre-alarm",
	[ROLE_LOAD_SENSE] = "load-sense",
	[ROLE_CHARGE_SENSE] = "charge-sense",
	[ROLE_PRE_ALARM_SENSE] = "pre-alarm-sense",
	[ROLE_HEARTBEAT] = "heartbeat",
	[ROLE_TERMINALS] = "terminals",
	[ROLE_FAULT] = "fault",
};

const char *role_name(enum role role)
{
	return names[role];
}

enum role role_of(const char *name)
{
	int role = match_string(names, ROLES, name);

	return role < 0 ? ROLE_NONE : role;
}

/* Which output a sense line follows, or ROLE_NONE */
enum role role_sensed(enum role role)
{
	switch (role) {
	case ROLE_LOAD_SENSE:
		return ROLE_LOAD;
	case ROLE_CHARGE_SENSE:
		return ROLE_CHARGE;
	case ROLE_PRE_ALARM_SENSE:
		return ROLE_PRE_ALARM;
	default:
		return ROLE_NONE;
	}
}

static LIST_HEAD(monitors);
static DEFINE_MUTEX(monitors_lock);	/* guards the list, and who uses each */

static struct monitor *monitor_find(struct device *dev, const char *board)
{
	struct monitor *m;

	list_for_each_entry(m, &monitors, list)
		if (!strcmp(m->board, board))
			return m;
	m = kzalloc(sizeof(*m), GFP_KERNEL);
	if (!m)
		return NULL;
	m->board = board;
	raw_spin_lock_init(&m->lock);
	m->grace_ms = GRACE_MS;
	m->load_reconnect_ms = LOAD_RECONNECT_MS;
	if (device_property_read_u32(dev, "charge-reconnect-delay-ms",
				     &m->charge_reconnect_ms))
		m->charge_reconnect_ms = CHARGE_RECONNECT_MS;
	m->high = BIT(ROLE_TERMINALS);
	list_add(&m->list, &monitors);
	return m;
}

static void monitor_put(void *data)
{
	struct monitor *m = data;

	mutex_lock(&monitors_lock);
	if (!--m->users) {
		list_del(&m->list);
		kfree(m);
	}
	mutex_unlock(&monitors_lock);
}

/**
 * devm_monitor_get() - the monitor of a board
 * @dev: a chip of the board
 *
 * Return: the monitor, or NULL.
 */
struct monitor *devm_monitor_get(struct device *dev)
{
	const char *board = dev_name(dev);
	struct monitor *m;

	device_property_read_string(dev, "board", &board);
	mutex_lock(&monitors_lock);
	m = monitor_find(dev, board);
	if (m)
		m->users++;
	mutex_unlock(&monitors_lock);
	if (!m || devm_add_action_or_reset(dev, monitor_put, m))
		return NULL;
	return m;
}

/**
 * monitor_fit() - the board has a line
 * @m: the monitor
 * @role: what it is
 */
void monitor_fit(struct monitor *m, enum role role)
{
	unsigned long flags;

	raw_spin_lock_irqsave(&m->lock, flags);
	m->fitted |= BIT(role);
	if (BIT(role) & REMOTES)
		m->high &= ~BIT(ROLE_TERMINALS);
	raw_spin_unlock_irqrestore(&m->lock, flags);
}

/**
 * monitor_tell() - what cannot be seen on the pins
 * @m: the monitor
 * @told: TOLD_*, all that holds from now on. Say it before it begins, and take
 *	it back before it ends.
 */
void monitor_tell(struct monitor *m, u32 told)
{
	unsigned long flags;

	raw_spin_lock_irqsave(&m->lock, flags);
	m->untold = m->told & ~told;
	m->told = told;
	m->told_ns = ktime_get_boottime_ns();
	if (told & TOLD_LEAVING) {
		m->load_by_undervoltage = false;
		m->charge_by_fault = false;
	}
	raw_spin_unlock_irqrestore(&m->lock, flags);
}

static bool recent(const struct monitor *m, u64 then, u64 now)
{
	return now - then <= MS(m->grace_ms);
}

/* High, as far as the board may know */
static bool maybe_high(const struct monitor *m, enum role what, u64 now)
{
	return m->high & BIT(what) || recent(m, m->since_ns[what], now);
}

static bool maybe_low(const struct monitor *m, enum role what, u64 now)
{
	return !(m->high & BIT(what)) || recent(m, m->since_ns[what], now);
}

/* T3: high, or not clear for long enough to be believed */
static bool maybe_active(const struct monitor *m, enum role what, u64 now)
{
	return m->high & BIT(what) ||
	       now - m->since_ns[what] <= CLEAR_NS + MS(m->grace_ms);
}

static bool maybe_told(const struct monitor *m, u32 what, u64 now)
{
	return m->told & what ||
	       (m->untold & what && recent(m, m->told_ns, now));
}

static bool surely_told(const struct monitor *m, u32 what, u64 now)
{
	return m->told & what && !recent(m, m->told_ns, now);
}

/*
 * L2: the 30 s run while the pre-alarm is high without a break. The first loss of an
 * episode begins them anew; what is lost again must not postpone the cut. Of an
 * attempt that fails nothing is seen on the pins: with faults on the bus it may have
 * been the loss that counts.
 */
static void note_pre_alarm(struct monitor *m, bool level, u64 now, bool judged)
{
	if (!level) {
		if (judged && !maybe_told(m, TOLD_SHORT, now))
			m->raises = 0;		/* the episode is over */
		return;
	}
	m->raises++;
	if (m->raises == 1 ||
	    (m->raises == 2 && !maybe_told(m, TOLD_UNREADABLE, now)))
		m->warned_since_ns = now;
}

static bool warned(const struct monitor *m, u64 now)
{
	return (m->high & BIT(ROLE_PRE_ALARM) || m->raises > 1) &&
	       now - m->warned_since_ns >= WARNING_NS;
}

/**
 * monitor_reset() - the chip has lost its registers, or got a wrong byte
 * @m: the monitor
 * @now: when, on CLOCK_BOOTTIME
 *
 * Its latches are high after a reset. To bring a level back takes two transfers,
 * the latch and then the direction, and another reset between them, or a wrong byte
 * in the latch, makes the second drive what nobody wants, for as long as it takes to
 * read that. One reset is no excuse: a board that repairs must not do so by way of a
 * high level.
 */
void monitor_reset(struct monitor *m, u64 now)
{
	unsigned long flags;

	raw_spin_lock_irqsave(&m->lock, flags);
	m->reset_before_ns = m->reset_ns;
	m->reset_ns = now;
	raw_spin_unlock_irqrestore(&m->lock, flags);
}

/**
 * monitor_short() - terminals are short-circuited
 * @m: the monitor
 * @shorted: the outputs, as roles; those whose terminal is not sensed do not matter
 * @now: since when, on CLOCK_BOOTTIME
 */
void monitor_short(struct monitor *m, u32 shorted, u64 now)
{
	unsigned long flags;

	raw_spin_lock_irqsave(&m->lock, flags);
	m->shorted = shorted;
	m->shorted_since_ns = now;
	raw_spin_unlock_irqrestore(&m->lock, flags);
}

/* Against the rules, but by the second of two of these: see monitor_reset(). */
static bool pardon(struct monitor *m, enum role what, u64 now)
{
	if (!recent(m, m->reset_before_ns, now))
		return false;
	m->pardoned |= BIT(what);
	m->pardoned_ns = now;
	return true;
}

static const char *judge_load_on(struct monitor *m, u64 now)
{
	if (!maybe_low(m, ROLE_UNDERVOLTAGE, now))
		return "load switched into an empty bank (L5)";
	if (!maybe_high(m, ROLE_TERMINALS, now))
		return "load on while the terminals say OFF (M3)";
	if (surely_told(m, TOLD_REMOTE_OFF, now))
		return "load on while the remote is off (M3)";
	if (surely_told(m, TOLD_LOAD_OFF | TOLD_SHED, now))
		return "load on against a request (S1)";
	if (m->load_by_undervoltage &&
	    now - m->noticed_ns[ROLE_UNDERVOLTAGE] < MS(m->load_reconnect_ms))
		return "load back too early (L4)";
	return NULL;
}

static const char *judge_load_off(struct monitor *m, u64 now)
{
	m->load_by_undervoltage = false;
	if (recent(m, m->upset_ns, now))
		return NULL;
	if (maybe_told(m, TOLD_REMOTE_OFF | TOLD_LEAVING | TOLD_SHORT |
			  TOLD_STIRRED | TOLD_LOAD_OFF, now) ||
	    maybe_low(m, ROLE_TERMINALS, now))
		return NULL;
	if (!maybe_active(m, ROLE_UNDERVOLTAGE, now) &&
	    !maybe_told(m, TOLD_UNREADABLE | TOLD_SHED, now))
		return "load cut for no reason";
	m->load_by_undervoltage = m->high & BIT(ROLE_UNDERVOLTAGE);
	if (!warned(m, now))
		return "load cut before 30 s of pre-alarm (L2)";
	return NULL;
}

static const char *judge_charge_on(struct monitor *m, u64 now)
{
	if (!maybe_low(m, ROLE_FAULT, now))
		return "charge on with a charge fault (C1)";
	if (!maybe_high(m, ROLE_TERMINALS, now))
		return "charge on while the terminals say OFF (M3)";
	if (surely_told(m, TOLD_REMOTE_OFF, now))
		return "charge on while the remote is off (M3)";
	if (surely_told(m, TOLD_INHIBIT, now))
		return "charge on against the user's will (C4)";
	if (m->charge_by_fault &&
	    now - m->noticed_ns[ROLE_FAULT] < MS(m->charge_reconnect_ms))
		return "charge back too early (C2)";
	return NULL;
}

static const char *judge_charge_off(struct monitor *m, u64 now)
{
	m->charge_by_fault = m->high & BIT(ROLE_FAULT);
	if (maybe_high(m, ROLE_FAULT, now) ||
	    maybe_low(m, ROLE_TERMINALS, now) ||
	    maybe_told(m, ~0U, now) || recent(m, m->upset_ns, now))
		return NULL;
	return "charge cut for no reason";
}

/* What was pardoned has to be undone in time, unless it is right by now. */
static const char *judge_pardoned(struct monitor *m, u64 now)
{
	m->pardoned &= m->high;
	if (!m->pardoned || recent(m, m->pardoned_ns, now))
		return NULL;
	if (!judge_load_on(m, now))
		m->pardoned &= ~BIT(ROLE_LOAD);
	if (!judge_charge_on(m, now))
		m->pardoned &= ~BIT(ROLE_CHARGE);
	if (!m->pardoned)
		return NULL;
	m->pardoned = 0;
	return "an output that two resets brought on has stayed on";
}

/* F3: an output that is released, and was driven into a short */
static const char *judge_short(const struct monitor *m, enum role output,
			       u64 driven_ns, u64 now)
{
	if (!(m->shorted & BIT(output)))
		return NULL;
	if (driven_ns < m->shorted_since_ns)
		driven_ns = m->shorted_since_ns;
	return now - driven_ns > SHORT_NS ?
	       "a short was driven for more than 100 ms (F3)" : NULL;
}

static const char *judge(struct monitor *m, enum role output, bool level, u64 now)
{
	const char *objection;

	if (!level && m->pardoned & BIT(output))
		return NULL;
	if (!level)
		return output == ROLE_LOAD ? judge_load_off(m, now) :
					   judge_charge_off(m, now);
	objection = output == ROLE_LOAD ? judge_load_on(m, now) :
					judge_charge_on(m, now);
	return objection && pardon(m, output, now) ? NULL : objection;
}

static void object(struct monitor *m, struct device *dev, const char *objection)
{
	if (!objection)
		return;
	m->objections++;
	dev_err(dev, "objection: %s\n", objection);
}

/* Take down that @what changed, if it did. */
static void note(struct monitor *m, enum role what, bool level, u64 now)
{
	if (!(m->high & BIT(what)) == !level)
		return;
	if (!level && !recent(m, m->since_ns[what], now))
		m->noticed_ns[what] = now;
	m->since_ns[what] = now;
	m->high ^= BIT(what);
}

static void monitor_look(struct monitor *m, struct device *dev, enum role role,
			 bool level, u64 now, bool judged)
{
	const u32 outputs = BIT(ROLE_LOAD) | BIT(ROLE_CHARGE) |
			    BIT(ROLE_PRE_ALARM);
	u64 was_since_ns = m->since_ns[role];

	object(m, dev, judge_pardoned(m, now));
	note(m, role, level, now);
	note(m, ROLE_FAULT, m->high & FAULTS, now);
	if (m->fitted & REMOTES)
		note(m, ROLE_TERMINALS, m->high & REMOTES, now);

	if (role == ROLE_PRE_ALARM)
		note_pre_alarm(m, level, now, judged);
	if (!(BIT(role) & outputs))
		return;
	if (!judged) {
		m->upset_ns = now;
		return;
	}
	if (!level)
		object(m, dev, judge_short(m, role, was_since_ns, now));
	if (role == ROLE_PRE_ALARM)
		return;
	object(m, dev, judge(m, role, level, now));
	m->checks++;
}

/**
 * monitor_change() - the level of a pin has changed
 * @m: the monitor
 * @dev: whose pin it is
 * @role: what hangs on it
 * @level: its new level
 * @now: when, on CLOCK_BOOTTIME
 * @judged: the driver did it
 */
void monitor_change(struct monitor *m, struct device *dev, enum role role,
		    bool level, u64 now, bool judged)
{
	unsigned long flags;

	raw_spin_lock_irqsave(&m->lock, flags);
	monitor_look(m, dev, role, level, now, judged);
	raw_spin_unlock_irqrestore(&m->lock, flags);
}
