// SPDX-License-Identifier: GPL-2.0
/*
 * Whether to power the computer down (P2 to P4): state and time in, verdict and
 * deadline out. Nothing is read, written or waited for here.
 *
 * What lasts is counted from one call to the next, by what was known at the first
 * of them, so that the caller may be late, early, or called for no reason.
 */
#include "power.h"

/* What lasts for less may be a cord that is being unplugged (F4) */
#define SURE_MS 1000
/* As long without undervoltage, the bank has recovered (as in L7) */
#define RECOVERED_MS (10 * 60 * 1000)
/* An order that was not carried out is given again */
#define REPEAT_MS (5 * 1000)

#define NEVER LLONG_MAX

static long long later(long long a, long long b)
{
	return a > b ? a : b;
}

static long long sooner(long long a, long long b)
{
	return a < b ? a : b;
}

static void pass_time(struct power_board *board, long long now_ms)
{
	long long passed = now_ms - board->seen_ms;

	board->seen_ms = now_ms;
	if (board->counts)
		board->lasted_ms += passed;
	if (board->counts && board->rests)
		board->rested_ms += passed;
}

static void forget(struct power_board *board)
{
	*board = (struct power_board){ .seen_ms = board->seen_ms };
}

/*
 * An empty bank that is no longer drawn from rests: undervoltage clears, the load
 * comes back, and the bank is as empty as before. Only what lasts is a recovery.
 */
static bool rests_only(const struct power_board *board,
		       const struct power_rules *rules,
		       const struct power_input *input)
{
	return rules->supply == POWER_FROM_BANK && board->begun &&
	       (input->disconnected || board->rested_ms < RECOVERED_MS);
}

/* Return: whether there is now what may become a reason */
static bool note(struct power_board *board, const struct power_rules *rules,
		 const struct power_input *input)
{
	bool bad = rules->supply == POWER_FROM_BANK ? input->undervoltage :
		   input->low || input->cut_in_ms >= 0;

	if (input->sight != POWER_KNOWN) {
		board->counts = false;	/* P4: nor does the time count */
		return false;
	}
	if (input->charging || (!bad && !rests_only(board, rules, input))) {
		forget(board);
		return false;
	}
	board->begun = true;
	board->counts = true;
	board->rests = !bad && !input->disconnected;
	if (!board->rests)
		board->rested_ms = 0;
	return bad;
}

/* Return: in how many milliseconds to power down, at or below 0 now */
static long long due_in(const struct power_board *board,
			const struct power_rules *rules,
			const struct power_input *input, long long now_ms,
			enum power_reason *reason)
{
	bool bank = rules->supply == POWER_FROM_BANK;
	long long rest = (bank ? rules->reserve_ms : rules->delay_ms) -
			 board->lasted_ms;
	long long least = SURE_MS - board->lasted_ms;

	*reason = bank ? POWER_RESERVE : POWER_ALARM;
	if (bank || input->cut_in_ms < 0)
		return later(later(rest, rules->grace_ms - now_ms), least);
	if (input->cut_in_ms - rules->delay_ms < rest)
		*reason = POWER_CUT;
	return later(sooner(rest, input->cut_in_ms - rules->delay_ms), least);
}

/**
 * power_decide - decide from the state of the boards
 * @power: remembered from call to call; all zero at first
 * @inputs: @count boards as they were just read, always in the same order
 */
struct power_verdict power_decide(struct power *power,
				  const struct power_rules *rules,
				  const struct power_input *inputs,
				  size_t count, long long now_ms)
{
	struct power_verdict verdict = { POWER_STAY, power->ordered, 0, -1 };
	long long first = NEVER;

	for (size_t i = 0; i < count; i++) {
		struct power_board *board = &power->boards[i];
		enum power_reason reason;
		long long due;

		pass_time(board, now_ms);
		if (!note(board, rules, &inputs[i]))
			continue;
		due = due_in(board, rules, &inputs[i], now_ms, &reason);
		if (due >= first)
			continue;
		first = due;
		verdict.reason = reason;
		verdict.board = i;
	}
	if (first > 0) {
		power->ordered = false;
		verdict.reason = POWER_STAY;
		verdict.at_ms = first == NEVER ? -1 : now_ms + first;
		return verdict;
	}
	if (power->ordered && now_ms - power->ordered_ms < REPEAT_MS) {
		verdict.reason = POWER_STAY;
	} else {
		power->ordered = true;
		power->ordered_ms = now_ms;
	}
	verdict.at_ms = power->ordered_ms + REPEAT_MS;
	return verdict;
}
