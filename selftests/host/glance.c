// SPDX-License-Identifier: GPL-2.0
/*
 * What a line that has just changed takes with it ahead of a turn: asked of the
 * rules directly, as the turn that follows hides most of what would be wrong.
 * Numbers here come from the requirements, never from driver/protection.h.
 */
#include "protection.h"
#include "tests.h"

#define LINES	9
#define MS	1000000ULL
#define SEC	1000000000ULL

#define LOAD		0x1U
#define CHARGE		0x2U
#define PRE_ALARM	0x4U
#define ALL		0x7U

/* Lines in the order of the interface, and what each has at stake */
enum { LOW, UV, OV, HOT, COLD, INHIBIT, REMOTE_L, REMOTE_H, REMOTE_LOOP };

static const u32 stakes[LINES] = {
	[UV] = LOAD, [OV] = CHARGE, [HOT] = CHARGE, [COLD] = CHARGE,
	[INHIBIT] = CHARGE,
};

/* A board that has been well for long, at 100 s, with what it carries */
static struct protection board(u32 debounce_ms, u32 outputs)
{
	const struct protection_config cfg = {
		.fitted = 0x1ff,
		.pre_alarm_delay_ms = 30000,
		.load_reconnect_delay_ms = 30000,
		.charge_reconnect_delay_ms = 1000,
		.clear_delay_ms = 1000,
		.debounce_delay_ms = debounce_ms,
	};
	const struct protection_sample first = { .levels = 1U << REMOTE_LOOP };
	struct protection p;

	protection_init(&p, &cfg, &first, outputs, 0);
	protection_sense(&p, &first, 100 * SEC);
	protection_applied(&p, protection_decide(&p, 100 * SEC), outputs,
			   100 * SEC);
	return p;
}

/* The same later, with @lines active beside the remote */
static void turn(struct protection *p, u32 lines, u64 now)
{
	const struct protection_sample s = {
		.levels = 1U << REMOTE_LOOP | lines,
	};
	u32 wanted;

	protection_sense(p, &s, now);
	wanted = protection_decide(p, now);
	protection_applied(p, wanted, wanted, now);
}

static bool at_stake(void)
{
	unsigned int line;

	for (line = 0; line < LINES; line++)
		if (protection_stake(line) != stakes[line])
			return false;
	return true;
}

static bool faults_go_at_once(void)
{
	const struct protection p = board(0, LOAD | CHARGE);
	unsigned int line;

	for (line = 0; line < LINES; line++)
		if (protection_glance(&p, line, 101 * SEC) !=
		    (stakes[line] & CHARGE))
			return false;
	return true;
}

static bool nothing_that_is_off(void)
{
	const struct protection p = board(0, LOAD);
	unsigned int line;

	for (line = 0; line < LINES; line++)
		if (protection_glance(&p, line, 101 * SEC))
			return false;
	return true;
}

static bool first_edge_waits(void)
{
	struct protection p = board(20, LOAD | CHARGE);
	unsigned int line;

	for (line = 0; line < LINES; line++)
		if (protection_glance(&p, line, 101 * SEC))
			return false;
	/* an edge breaks the run: held for the debounce is not enough here */
	turn(&p, 1U << OV, 101 * SEC);
	return !protection_glance(&p, OV, 101 * SEC + 20 * MS) &&
	       !protection_glance(&p, OV, 101 * SEC + 40 * MS - 1);
}

static bool chatter_goes(void)
{
	struct protection p = board(20, LOAD | CHARGE);

	turn(&p, 1U << OV, 101 * SEC);
	return protection_glance(&p, OV, 101 * SEC + 40 * MS) == CHARGE &&
	       !protection_glance(&p, HOT, 101 * SEC + 40 * MS);
}

/* As one that is active and has had its pre-alarm would, in a turn */
static bool load_goes_after_the_warning(void)
{
	struct protection p = board(0, LOAD | CHARGE);

	turn(&p, 1U << LOW, 101 * SEC);
	return p.outputs == ALL &&
	       !protection_glance(&p, UV, 131 * SEC - 1) &&
	       protection_glance(&p, UV, 131 * SEC) == LOAD;
}

/* The line of an undervoltage is not looked at: it may just be over. */
static bool others_are_left(void)
{
	struct protection p = board(0, LOAD | CHARGE);

	turn(&p, 1U << UV, 101 * SEC);
	return p.outputs == ALL &&
	       protection_glance(&p, OV, 131 * SEC) == CHARGE &&
	       protection_glance(&p, LOW, 131 * SEC) == 0;
}

static const struct {
	bool (*holds)(void);
	const char *title;
} tests[] = {
	{ at_stake,
	  "C1 C3 L6 Ahead of a turn a charge fault has charge at stake, undervoltage the load" },
	{ faults_go_at_once,
	  "C1 Ahead of a turn a charge fault takes charge with it, and nothing else goes" },
	{ nothing_that_is_off,
	  "C1 What is off already is not let go ahead of a turn" },
	{ first_edge_waits,
	  "T2 Nothing goes ahead of a turn at the first edge of a line that has a debounce" },
	{ chatter_goes,
	  "T2 A line that has chattered for two debounces takes what is its own ahead of a turn" },
	{ load_goes_after_the_warning,
	  "L2 Undervoltage takes the load ahead of a turn after 30 s of pre-alarm, not before" },
	{ others_are_left,
	  "L2 L3 A line takes nothing ahead of a turn that is at stake by another" },
};

unsigned int glance_count(void)
{
	return ARRAY_SIZE(tests);
}

void glance_run(void)
{
	unsigned int n;

	for (n = 0; n < ARRAY_SIZE(tests); n++)
		report(tests[n].holds(), tests[n].title, false);
}
