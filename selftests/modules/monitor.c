// SPDX-License-Identifier: GPL-2.0
/* See monitor.h. Letters with a number are rules of the requirements. */
#include <linux/bits.h>
#include <linux/device.h>
#include <linux/string.h>
#include <linux/timekeeping.h>

#include "monitor.h"

#define MS(n)			((n) * 1000000ULL)
#define WARNING_NS		MS(30000)	/* L2 */
#define CHARGE_RECONNECT_NS	MS(1000)	/* C2 */

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

void monitor_init(struct monitor *m)
{
	m->grace_ms = GRACE_MS;
	m->load_reconnect_ms = LOAD_RECONNECT_MS;
	m->high = BIT(ROLE_TERMINALS);
}

void monitor_fit(struct monitor *m, enum role role)
{
	m->fitted |= BIT(role);
	if (m->fitted & REMOTES)
		m->high &= ~BIT(ROLE_TERMINALS);
}

/**
 * monitor_tell() - what cannot be seen on the pins
 * @m: the monitor
 * @told: TOLD_*, all that holds from now on. Say it before it begins, and take
 *	it back before it ends.
 */
void monitor_tell(struct monitor *m, u32 told)
{
	m->untold = m->told & ~told;
	m->told = told;
	m->told_ns = ktime_get_boottime_ns();
	if (told & TOLD_LEAVING) {
		m->load_by_undervoltage = false;
		m->charge_by_fault = false;
	}
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

static bool maybe_told(const struct monitor *m, u32 what, u64 now)
{
	return m->told & what ||
	       (m->untold & what && recent(m, m->told_ns, now));
}

static bool surely_told(const struct monitor *m, u32 what, u64 now)
{
	return m->told & what && !recent(m, m->told_ns, now);
}

/* For how long the pre-alarm has been high, up to this very moment */
static u64 warned_ns(const struct monitor *m, u64 now)
{
	if (m->high & BIT(ROLE_PRE_ALARM))
		return now - m->since_ns[ROLE_PRE_ALARM];
	if (m->since_ns[ROLE_PRE_ALARM] == now)		/* O3 */
		return now - m->was_since_ns[ROLE_PRE_ALARM];
	return 0;
}

/**
 * monitor_reset() - the chip has lost its registers
 * @m: the monitor
 * @now: when, on CLOCK_BOOTTIME
 *
 * Its latches are high then. To bring a level back takes two transfers, the
 * latch and then the direction, and a reset between them makes the second drive
 * what nobody wants, for as long as it takes to read that. One reset is no
 * excuse: a board that repairs must not do so by way of a high level.
 */
void monitor_reset(struct monitor *m, u64 now)
{
	m->reset_before_ns = m->reset_ns;
	m->reset_ns = now;
}

/* Against the rules, but by the second of two resets: see monitor_reset(). */
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
			  TOLD_STIRRED, now) ||
	    maybe_low(m, ROLE_TERMINALS, now))
		return NULL;
	if (!maybe_high(m, ROLE_UNDERVOLTAGE, now) &&
	    !maybe_told(m, TOLD_UNREADABLE, now))
		return "load cut for no reason";
	m->load_by_undervoltage = m->high & BIT(ROLE_UNDERVOLTAGE);
	if (warned_ns(m, now) < WARNING_NS)
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
	    now - m->noticed_ns[ROLE_FAULT] < CHARGE_RECONNECT_NS)
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
	m->was_since_ns[what] = m->since_ns[what];
	m->since_ns[what] = now;
	m->high ^= BIT(what);
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
	object(m, dev, judge_pardoned(m, now));
	note(m, role, level, now);
	note(m, ROLE_FAULT, m->high & FAULTS, now);
	if (m->fitted & REMOTES)
		note(m, ROLE_TERMINALS, m->high & REMOTES, now);

	if (!judged && (role == ROLE_LOAD || role == ROLE_CHARGE ||
			role == ROLE_PRE_ALARM))
		m->upset_ns = now;
	if (!judged || (role != ROLE_LOAD && role != ROLE_CHARGE))
		return;
	object(m, dev, judge(m, role, level, now));
	m->checks++;
}
