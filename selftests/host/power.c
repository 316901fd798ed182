// SPDX-License-Identifier: GPL-2.0
/*
 * Tests of tools/power.c, as KTAP: each is a story of boards that are looked at
 * now and then, and what follows each time.
 */
#include <stdio.h>

#include "../lib/ktap.h"
#include "power.h"

#define S(seconds)	((seconds) * 1000LL)
#define MIN(minutes)	S((minutes) * 60LL)
/* Long after the boot */
#define DAY		S(86400)

static const struct power_input well = { .cut_in_ms = -1 };
/* cell-low, and the pre-alarm is on */
static const struct power_input low = { .low = true, .cut_in_ms = -1 };
/* undervoltage, and the load is on for another 30 s, 25 s ... */
static const struct power_input cut_30 = {
	.low = true, .undervoltage = true, .cut_in_ms = S(30),
};

static const struct power_input cut_25 = {
	.low = true, .undervoltage = true, .cut_in_ms = S(25),
};

static const struct power_input cut_10 = {
	.low = true, .undervoltage = true, .cut_in_ms = S(10),
};

static const struct power_input cut_now = { .cut_in_ms = 0 };

/* a load that is shed: there need be no alarm */
static const struct power_input shed_10 = { .cut_in_ms = S(10) };
static const struct power_input charged_cut = {
	.low = true, .undervoltage = true, .charging = true, .cut_in_ms = S(5),
};

/* the load was cut, the lines are still low */
static const struct power_input empty = {
	.low = true, .undervoltage = true, .disconnected = true, .cut_in_ms = -1,
};

/* no line is low any more, the load does not come back yet */
static const struct power_input rests = {
	.disconnected = true, .cut_in_ms = -1,
};

/* the remote is off: there is no alarm, but the computer draws on */
static const struct power_input empty_off = {
	.undervoltage = true, .cut_in_ms = -1,
};

static const struct power_input charged_empty = {
	.low = true, .undervoltage = true, .disconnected = true,
	.charging = true, .cut_in_ms = -1,
};

static const struct power_input charged_low = {
	.low = true, .charging = true, .cut_in_ms = -1,
};

/* Every condition seems to be there: the cord is unplugged, the bus is dead */
static const struct power_input implausible = {
	.sight = POWER_DOUBTFUL, .low = true, .undervoltage = true,
	.disconnected = true, .cut_in_ms = S(1),
};

static const struct power_input unreadable = {
	.sight = POWER_UNREADABLE, .low = true, .undervoltage = true,
	.disconnected = true, .cut_in_ms = 0,
};

static const struct power_input missing = {
	.sight = POWER_MISSING, .low = true, .undervoltage = true,
	.disconnected = true, .cut_in_ms = 0,
};

static const struct power_rules from_load = {
	POWER_FROM_LOAD, S(10), S(300), MIN(60),
};

static const struct power_rules from_bank = {
	POWER_FROM_BANK, S(10), S(300), MIN(60),
};

static const struct power_rules no_delay = { POWER_FROM_LOAD, 0, 0, 0 };
static const struct power_rules no_reserve = { POWER_FROM_BANK, 0, 0, 0 };

#define NEVER	-1
/* So long it must last at least */
#define SURE	S(1)
/* An order is repeated after */
#define AGAIN	S(5)

/**
 * struct look - the boards are looked at, and decided
 * @now_ms: since boot
 * @first, @second: the boards; no @second: there is one
 * @at_ms: the deadline
 */
struct look {
	long long now_ms;
	const struct power_input *first, *second;
	enum power_reason reason;
	long long at_ms;
	bool again;
	size_t board;
};

static const struct story {
	const char *title;
	const struct power_rules *rules;
	struct look looks[12];
} stories[] = {
	{ "P2: a healthy bank powers nothing down, ever",
	  &from_load, {
		{ DAY, &well, NULL, POWER_STAY, NEVER },
		{ 9 * DAY, &well, NULL, POWER_STAY, NEVER } } },
	{ "P2: an alarm that has lasted DELAY powers down, and not a millisecond earlier",
	  &from_load, {
		{ DAY, &low, NULL, POWER_STAY, DAY + S(10) },
		{ DAY + S(4), &low, NULL, POWER_STAY, DAY + S(10) },
		{ DAY + S(10) - 1, &low, NULL, POWER_STAY, DAY + S(10) },
		{ DAY + S(10), &low, NULL, POWER_ALARM, DAY + S(10) + AGAIN } } },
	{ "P1: it does not matter how often, or how late, the state is looked at",
	  &from_load, {
		{ DAY, &low, NULL, POWER_STAY, DAY + S(10) },
		{ DAY, &low, NULL, POWER_STAY, DAY + S(10) },
		{ DAY + S(500), &low, NULL, POWER_ALARM, DAY + S(500) + AGAIN } } },
	{ "P2: an alarm that passes does not power down; the next one begins anew",
	  &from_load, {
		{ DAY, &low, NULL, POWER_STAY, DAY + S(10) },
		{ DAY + S(9), &well, NULL, POWER_STAY, NEVER },
		{ DAY + S(20), &well, NULL, POWER_STAY, NEVER },
		{ DAY + S(21), &low, NULL, POWER_STAY, DAY + S(31) },
		{ DAY + S(31), &low, NULL, POWER_ALARM, DAY + S(31) + AGAIN } } },
	{ "P1: an alarm that pulses does not power down, and the first that lasts does",
	  &from_load, {
		{ DAY, &low, NULL, POWER_STAY, DAY + S(10) },
		{ DAY + S(5), &well, NULL, POWER_STAY, NEVER },
		{ DAY + S(6), &low, NULL, POWER_STAY, DAY + S(16) },
		{ DAY + S(11), &well, NULL, POWER_STAY, NEVER },
		{ DAY + S(12), &low, NULL, POWER_STAY, DAY + S(22) },
		{ DAY + S(22), &low, NULL, POWER_ALARM, DAY + S(22) + AGAIN } } },
	{ "P2: undervoltage out of the blue powers down after DELAY, 20 s before the cut",
	  &from_load, {
		{ DAY, &cut_30, NULL, POWER_STAY, DAY + S(10) },
		{ DAY + S(5), &cut_25, NULL, POWER_STAY, DAY + S(10) },
		{ DAY + S(10), &cut_25, NULL, POWER_ALARM, DAY + S(10) + AGAIN } } },
	{ "P2: a cut that is nearer than DELAY powers down as soon as that is sure",
	  &from_load, {
		{ DAY, &well, NULL, POWER_STAY, NEVER },
		{ DAY + S(1), &cut_10, NULL, POWER_STAY, DAY + S(2) },
		{ DAY + S(2), &cut_10, NULL, POWER_CUT, DAY + S(2) + AGAIN } } },
	{ "P4: nothing that lasts for less than a second powers down, even without DELAY",
	  &no_delay, {
		{ DAY, &low, NULL, POWER_STAY, DAY + SURE },
		{ DAY + SURE - 1, &cut_30, NULL, POWER_STAY, DAY + SURE },
		{ DAY + SURE - 1, &implausible, NULL, POWER_STAY, NEVER },
		{ DAY + S(9), &well, NULL, POWER_STAY, NEVER },
		{ DAY + S(10), &low, NULL, POWER_STAY, DAY + S(10) + SURE },
		{ DAY + S(11), &low, NULL, POWER_ALARM, DAY + S(11) + AGAIN } } },
	{ "P4: nor without RESERVE",
	  &no_reserve, {
		{ DAY, &empty, NULL, POWER_STAY, DAY + SURE },
		{ DAY + SURE, &empty, NULL, POWER_RESERVE, DAY + SURE + AGAIN } } },
	{ "P2: so does one that comes to be so near while the alarm lasts",
	  &from_load, {
		{ DAY, &low, NULL, POWER_STAY, DAY + S(10) },
		{ DAY + S(2), &cut_10, NULL, POWER_CUT, DAY + S(2) + AGAIN } } },
	{ "P2: also a load that is shed without an alarm",
	  &from_load, {
		{ DAY, &shed_10, NULL, POWER_STAY, DAY + SURE },
		{ DAY + S(1), &shed_10, NULL, POWER_CUT, DAY + S(1) + AGAIN } } },
	{ "P2: after a boot with low lines the computer stays up for GRACE",
	  &from_load, {
		{ S(20), &low, NULL, POWER_STAY, S(300) },
		{ S(120), &empty, NULL, POWER_STAY, S(300) },
		{ S(300) - 1, &empty, NULL, POWER_STAY, S(300) },
		{ S(300), &empty, NULL, POWER_ALARM, S(300) + AGAIN } } },
	{ "P2: an alarm at the end of GRACE still has DELAY",
	  &from_load, {
		{ S(20), &well, NULL, POWER_STAY, NEVER },
		{ S(295), &low, NULL, POWER_STAY, S(305) },
		{ S(305), &low, NULL, POWER_ALARM, S(305) + AGAIN } } },
	{ "P2: a cut that counts down ends GRACE",
	  &from_load, {
		{ S(20), &low, NULL, POWER_STAY, S(300) },
		{ S(60), &cut_30, NULL, POWER_ALARM, S(60) + AGAIN } } },
	{ "P2: and one out of the blue has its DELAY",
	  &from_load, {
		{ S(20), &cut_30, NULL, POWER_STAY, S(30) },
		{ S(25), &cut_25, NULL, POWER_STAY, S(30) },
		{ S(30), &cut_25, NULL, POWER_ALARM, S(30) + AGAIN } } },
	{ "P2: while the bank is being charged nothing powers down; afterwards DELAY begins anew",
	  &from_load, {
		{ DAY, &low, NULL, POWER_STAY, DAY + S(10) },
		{ DAY + S(9), &charged_low, NULL, POWER_STAY, NEVER },
		{ DAY + S(60), &charged_cut, NULL, POWER_STAY, NEVER },
		{ DAY + S(70), &low, NULL, POWER_STAY, DAY + S(80) },
		{ DAY + S(80), &low, NULL, POWER_ALARM, DAY + S(80) + AGAIN } } },
	{ "P2: an alarm that is only held, or a load that only waits, powers nothing down",
	  &from_load, {
		{ DAY, &low, NULL, POWER_STAY, DAY + S(10) },
		{ DAY + S(5), &well, NULL, POWER_STAY, NEVER },
		{ DAY + S(6), &rests, NULL, POWER_STAY, NEVER },
		{ 2 * DAY, &rests, NULL, POWER_STAY, NEVER } } },
	{ "P4: an order that is not carried out is given again, and again",
	  &from_load, {
		{ DAY - SURE, &cut_10, NULL, POWER_STAY, DAY },
		{ DAY, &cut_10, NULL, POWER_CUT, DAY + AGAIN },
		{ DAY + S(1), &cut_10, NULL, POWER_STAY, DAY + AGAIN },
		{ DAY + AGAIN - 1, &cut_10, NULL, POWER_STAY, DAY + AGAIN },
		{ DAY + AGAIN, &cut_10, NULL, POWER_CUT, DAY + 2 * AGAIN, true, 0 },
		{ DAY + 3 * AGAIN, &empty, NULL, POWER_ALARM, DAY + 4 * AGAIN, true, 0 } } },
	{ "P4: unless the reason has passed; the next order is the first of its own",
	  &from_load, {
		{ DAY - SURE, &cut_10, NULL, POWER_STAY, DAY },
		{ DAY, &cut_10, NULL, POWER_CUT, DAY + AGAIN },
		{ DAY + S(3), &charged_cut, NULL, POWER_STAY, NEVER },
		{ DAY + S(29), &cut_10, NULL, POWER_STAY, DAY + S(30) },
		{ DAY + S(30), &cut_10, NULL, POWER_CUT, DAY + S(30) + AGAIN } } },
	{ "P4: implausible lines, as of an unplugged cord, power nothing down",
	  &from_load, {
		{ S(20), &implausible, NULL, POWER_STAY, NEVER },
		{ DAY, &implausible, NULL, POWER_STAY, NEVER },
		{ 2 * DAY, &implausible, NULL, POWER_STAY, NEVER } } },
	{ "P4: nor does a board that cannot be read, or is unplugged",
	  &from_load, {
		{ DAY, &low, NULL, POWER_STAY, DAY + S(10) },
		{ DAY + S(5), &unreadable, NULL, POWER_STAY, NEVER },
		{ 2 * DAY, &unreadable, NULL, POWER_STAY, NEVER },
		{ 3 * DAY, &missing, NULL, POWER_STAY, NEVER },
		{ 4 * DAY, &missing, NULL, POWER_STAY, NEVER } } },
	{ "P4: nor does time count in which nothing was known",
	  &from_load, {
		{ DAY, &low, NULL, POWER_STAY, DAY + S(10) },
		{ DAY + S(4), &implausible, NULL, POWER_STAY, NEVER },
		{ DAY + S(60), &low, NULL, POWER_STAY, DAY + S(66) },
		{ DAY + S(66), &low, NULL, POWER_ALARM, DAY + S(66) + AGAIN } } },
	{ "P1: of two boards the one with the alarm counts",
	  &from_load, {
		{ DAY, &well, &well, POWER_STAY, NEVER },
		{ DAY + S(1), &well, &low, POWER_STAY, DAY + S(11) },
		{ DAY + S(6), &low, &low, POWER_STAY, DAY + S(11) },
		{ DAY + S(11), &low, &low, POWER_ALARM, DAY + S(11) + AGAIN, false, 1 } } },
	{ "P1: of two boards with alarms the one whose time is up first counts",
	  &from_load, {
		{ DAY, &low, &cut_30, POWER_STAY, DAY + S(10) },
		{ DAY + S(3), &low, &cut_25, POWER_STAY, DAY + S(10) },
		{ DAY + S(5), &low, &cut_10, POWER_CUT, DAY + S(5) + AGAIN, false, 1 } } },
	{ "P1: of two boards whose time is up together the first counts",
	  &from_load, {
		{ DAY, &low, &low, POWER_STAY, DAY + S(10) },
		{ DAY + S(10), &low, &low, POWER_ALARM, DAY + S(10) + AGAIN } } },
	{ "P2: a cut that is due this moment counts down as well",
	  &from_load, {
		{ S(20), &cut_now, NULL, POWER_STAY, S(20) + SURE },
		{ S(21), &cut_now, NULL, POWER_CUT, S(21) + AGAIN } } },
	{ "P1: a board that is missing does not keep the other from powering down",
	  &from_load, {
		{ DAY, &low, &missing, POWER_STAY, DAY + S(10) },
		{ DAY + S(10), &low, &missing, POWER_ALARM, DAY + S(10) + AGAIN } } },
	{ "P3: fed from the bank, the computer stays up after the cut, for RESERVE",
	  &from_bank, {
		{ DAY, &low, NULL, POWER_STAY, NEVER },
		{ DAY + S(60), &cut_30, NULL, POWER_STAY, DAY + MIN(61) },
		{ DAY + S(90), &empty, NULL, POWER_STAY, DAY + MIN(61) },
		{ DAY + MIN(61) - 1, &empty, NULL, POWER_STAY, DAY + MIN(61) },
		{ DAY + MIN(61), &empty, NULL, POWER_RESERVE, DAY + MIN(61) + AGAIN } } },
	{ "P3: not for the pre-alarm, however long it lasts, nor because the cut is near",
	  &from_bank, {
		{ DAY, &low, NULL, POWER_STAY, NEVER },
		{ 2 * DAY, &low, NULL, POWER_STAY, NEVER },
		{ 2 * DAY + S(1), &cut_10, NULL, POWER_STAY, 2 * DAY + S(1) + MIN(60) } } },
	{ "P3: nor while the bank is being charged; afterwards RESERVE begins anew",
	  &from_bank, {
		{ DAY, &empty, NULL, POWER_STAY, DAY + MIN(60) },
		{ DAY + MIN(59), &charged_empty, NULL, POWER_STAY, NEVER },
		{ DAY + MIN(200), &charged_empty, NULL, POWER_STAY, NEVER },
		{ DAY + MIN(300), &empty, NULL, POWER_STAY, DAY + MIN(360) },
		{ DAY + MIN(360), &empty, NULL, POWER_RESERVE, DAY + MIN(360) + AGAIN } } },
	{ "P3: a bank that rests until the load comes back is as empty as before",
	  &from_bank, {
		{ DAY, &empty, NULL, POWER_STAY, DAY + MIN(60) },
		{ DAY + MIN(5), &rests, NULL, POWER_STAY, NEVER },
		{ DAY + MIN(37), &well, NULL, POWER_STAY, NEVER },
		{ DAY + MIN(38), &cut_30, NULL, POWER_STAY, DAY + MIN(60) },
		{ DAY + MIN(39), &rests, NULL, POWER_STAY, NEVER },
		{ DAY + MIN(71), &rests, NULL, POWER_STAY, NEVER },
		{ DAY + MIN(72), &cut_30, NULL, POWER_RESERVE, DAY + MIN(72) + AGAIN } } },
	{ "P3: ten minutes with the load connected, and without undervoltage, are a recovery",
	  &from_bank, {
		{ DAY, &empty, NULL, POWER_STAY, DAY + MIN(60) },
		{ DAY + MIN(5), &well, NULL, POWER_STAY, NEVER },
		{ DAY + MIN(14), &well, NULL, POWER_STAY, NEVER },
		{ DAY + MIN(15), &well, NULL, POWER_STAY, NEVER },
		{ DAY + MIN(16), &empty, NULL, POWER_STAY, DAY + MIN(76) } } },
	{ "P3: undervoltage counts with the remote off as well",
	  &from_bank, {
		{ DAY, &empty_off, NULL, POWER_STAY, DAY + MIN(60) },
		{ DAY + MIN(60), &empty_off, NULL, POWER_RESERVE, DAY + MIN(60) + AGAIN } } },
	{ "P3: booted with an empty bank, RESERVE begins at the boot",
	  &from_bank, {
		{ S(20), &empty, NULL, POWER_STAY, S(20) + MIN(60) },
		{ S(20) + MIN(60), &empty, NULL, POWER_RESERVE, S(20) + MIN(60) + AGAIN } } },
	{ "P4: from the bank as well nothing that is not known counts",
	  &from_bank, {
		{ DAY, &empty, NULL, POWER_STAY, DAY + MIN(60) },
		{ DAY + MIN(30), &implausible, NULL, POWER_STAY, NEVER },
		{ DAY + MIN(500), &missing, NULL, POWER_STAY, NEVER },
		{ DAY + MIN(600), &unreadable, NULL, POWER_STAY, NEVER },
		{ DAY + MIN(700), &empty, NULL, POWER_STAY, DAY + MIN(730) },
		{ DAY + MIN(730), &empty, NULL, POWER_RESERVE, DAY + MIN(730) + AGAIN } } },
	{ "P4: nor does a fault begin what was not there before",
	  &from_bank, {
		{ DAY, &implausible, NULL, POWER_STAY, NEVER },
		{ DAY + MIN(1), &well, NULL, POWER_STAY, NEVER },
		{ DAY + MIN(9), &empty, NULL, POWER_STAY, DAY + MIN(69) } } },
};

static bool same(const struct power_verdict *a, const struct look *b)
{
	return a->reason == b->reason && a->at_ms == b->at_ms &&
	       (a->reason == POWER_STAY ||
		(a->again == b->again && a->board == b->board));
}

static bool story_holds(const struct story *story)
{
	struct power power = { 0 };

	for (const struct look *look = story->looks; look->first; look++) {
		struct power_input inputs[2] = { *look->first };
		struct power_verdict verdict;

		if (look->second)
			inputs[1] = *look->second;
		verdict = power_decide(&power, story->rules, inputs,
				       look->second ? 2 : 1, look->now_ms);
		if (!same(&verdict, look)) {
			printf("# at %lld ms: %d, again %d, board %zu, until %lld instead of %d, %d, %zu, %lld\n",
			       look->now_ms, verdict.reason, verdict.again,
			       verdict.board, verdict.at_ms, look->reason,
			       look->again, look->board, look->at_ms);
			return false;
		}
	}
	return true;
}

int main(void)
{
	size_t count = sizeof(stories) / sizeof(*stories);

	ktap_begin(count);
	for (size_t i = 0; i < count; i++)
		ktap_result(story_holds(&stories[i]), stories[i].title);
	return ktap_end();
}
