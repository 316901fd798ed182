/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Whether the computer has to be powered down: the rules P2 to P4 of
 * Documentation/requirements.rst, and the file that configures them.
 *
 * All times are milliseconds since boot, suspend included.
 */
#ifndef POWER_H
#define POWER_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>

/* Far more than one computer is fed from */
#define POWER_BOARDS 16

/* How the computer is fed */
enum power_supply {
	POWER_FROM_LOAD,	/* it dies with the load output */
	POWER_FROM_BANK,	/* it draws on the reserve after the cut */
};

/**
 * struct power_rules - what was configured
 * @delay_ms: how long an alarm lasts before the computer is powered down, and how
 *	near a cut is that cannot be waited for; from the load output
 * @grace_ms: since boot, in which nothing is powered down unless a cut is
 *	counting down
 * @reserve_ms: how long undervoltage lasts; from the bank
 */
struct power_rules {
	enum power_supply supply;
	long long delay_ms;
	long long grace_ms;
	long long reserve_ms;
};

/* What is known of a board; because of the last three nothing is powered down. */
enum power_sight {
	POWER_KNOWN,
	POWER_DOUBTFUL,		/* io-error or implausible */
	POWER_UNREADABLE,
	POWER_MISSING,		/* unplugged, or not there yet */
};

/**
 * struct power_input - a board, as it was read
 * @low: an alarm with a reason; one that is only held has none
 * @undervoltage: cell-undervoltage is active
 * @disconnected: the load is off because of undervoltage, or waits to come back
 * @charging: the bank is being charged
 * @cut_in_ms: until the load is disconnected, -1: not pending
 */
struct power_input {
	enum power_sight sight;
	bool low;
	bool undervoltage;
	bool disconnected;
	bool charging;
	long long cut_in_ms;
};

/**
 * struct power_board - what is remembered of a board; all zero at first
 * @begun: an alarm (from the load output) or undervoltage (from the bank) lasts
 * @counts: time goes on being added to @lasted_ms; not while in doubt
 * @rests: the load is connected without undervoltage, for @rested_ms
 */
struct power_board {
	bool begun;
	bool counts;
	bool rests;
	long long seen_ms;
	long long lasted_ms;
	long long rested_ms;
};

struct power {
	struct power_board boards[POWER_BOARDS];
	bool ordered;
	long long ordered_ms;
};

enum power_reason {
	POWER_STAY,
	POWER_ALARM,		/* it has lasted DELAY */
	POWER_CUT,		/* it is nearer than DELAY */
	POWER_RESERVE,		/* undervoltage has lasted RESERVE */
};

/**
 * struct power_verdict - what to do now
 * @reason: why to order the power-off now, or POWER_STAY
 * @again: it was ordered before, and not carried out
 * @board: which one is the reason
 * @at_ms: when to decide again at the latest, -1: only when something changes
 */
struct power_verdict {
	enum power_reason reason;
	bool again;
	size_t board;
	long long at_ms;
};

struct power_verdict power_decide(struct power *power,
				  const struct power_rules *rules,
				  const struct power_input *inputs,
				  size_t count, long long now_ms);

/**
 * struct settings - /etc/smallbms/power-down.conf
 * @all_boards: BOARDS=*
 * @boards: the names, @count long
 * @wake_minute: of the day, in local time, -1: do not wake
 */
struct settings {
	struct power_rules rules;
	bool all_boards;
	char boards[POWER_BOARDS][NAME_MAX + 1];
	size_t count;
	int wake_minute;
};

#define SETTINGS_FILE "/etc/smallbms/power-down.conf"

/* settings.c: every mistake is printed; Return: whether there was none */
bool settings_read(const char *path, struct settings *settings);

/* rtc.c */
int rtc_find(const char *sysfs_root, char *folder, size_t size);
int rtc_wake(const char *folder, long long in_seconds);

#endif /* POWER_H */
