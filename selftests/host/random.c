// SPDX-License-Identifier: GPL-2.0
/*
 * Random lines, switches, latencies and faults, and a checker that knows the
 * requirements but nothing of how the rules are written. It looks at the lines
 * themselves, not at what was read, and says "surely" and "maybe" where a
 * write under way blurs what the caller can know.
 */
#include <stdarg.h>
#include <stdio.h>

#include "caller.h"
#include "tests.h"

#define LINES		9
#define STEPS_A_RUN	2000

/* Lines, as bits: literals, as the requirements name them. */
#define LOW		0x01U
#define UV		0x02U
#define FAULTS		0x3cU
#define REMOTES		0x1c0U

enum {
	OFF_FLOATS,
	LOAD_WARNED,
	LOAD_CUT,
	LOAD_RETURN,
	LOAD_HIGH,
	CHARGE_CUT,
	CHARGE_REASON,
	CHARGE_RETURN,
	CHARGE_HIGH,
	CHARGE_USER,
	WARNING,
	COUNTDOWN,
	DEADLINE,
	IDLE,
	PROGRESS,
	RULES
};

static const char *const titles[RULES] = {
	[OFF_FLOATS] =
		"M2 M3 At random: switched off, nothing is high",
	[LOAD_WARNED] =
		"L1 L2 C3 At random: the load is cut only for undervoltage, and only after a pre-alarm of 30 s without a break",
	[LOAD_CUT] =
		"L2 T2 T3 At random: undervoltage that stays always cuts the load in time",
	[LOAD_RETURN] =
		"L4 L5 At random: the load is never switched into undervoltage, nor too soon after it",
	[LOAD_HIGH] =
		"L3 L4 M4 At random: a bank that has rested is connected",
	[CHARGE_CUT] =
		"C1 F2 At random: a charge fault that stays always cuts charging in time",
	[CHARGE_REASON] =
		"C1 L6 T2 At random: only the switch, the user or a charge fault cuts charging",
	[CHARGE_RETURN] =
		"C2 At random: charging never comes back too soon after a fault",
	[CHARGE_HIGH] =
		"C2 L6 M4 At random: charging is allowed when there has been no fault for long enough, undervoltage or not",
	[CHARGE_USER] =
		"C4 At random: the user's inhibition holds",
	[WARNING] =
		"L1 L3 O3 At random: the pre-alarm is high exactly while a low cell is known",
	[COUNTDOWN] =
		"L2 At random: a countdown runs only before a disconnect and is never longer than the delay",
	[DEADLINE] =
		"T1 T5 At random: who comes back only when asked to misses nothing",
	[IDLE] =
		"T1 At random: an idle board asks for nothing",
	[PROGRESS] =
		"T5 At random: a caller that obeys makes progress",
};

static bool broken_rule[RULES];

/* Truth about one line. "Hot" is active or unreadable. */
static struct truth {
	bool hot;
	u64 since;		/* it is hot, or is not */
	u64 stirred;		/* hot with no rest of a debounce, since then */
	u64 surely;		/* last moment that it must count as active */
	u64 maybe;		/* last moment that it may count as active */
	u64 rested;		/* last moment of a rest of a debounce or more */
} truth[LINES];

static struct bench bench;
static struct protection_config config;
static u64 debounce, clear, slack, blind;
static u64 software_since, inhibit_since;
static u64 fell[3], rose[3], writable_since[3];
static bool tripped, writes_fail, reads_fail;
static unsigned long the_run, looks;

static void __printf(2, 3)
broken(unsigned int rule, const char *format, ...)
{
	va_list args;

	if (!broken_rule[rule]) {
		printf("# run %lu at %llu ns: ", the_run,
		       (unsigned long long)bench.now);
		va_start(args, format);
		vprintf(format, args);
		va_end(args);
		putchar('\n');
	}
	broken_rule[rule] = true;
}

static u64 for_ns(u64 since)
{
	return bench.now - since;
}

static bool fitted(u32 lines)
{
	return config.fitted & lines;
}

/* All fitted ones of @lines have been at rest for @ns. */
static bool quiet(u32 lines, u64 ns)
{
	unsigned int i;

	for (i = 0; i < LINES; i++)
		if (fitted(lines & 1U << i) &&
		    (truth[i].hot || for_ns(truth[i].since) < ns))
			return false;
	return true;
}

/* One of @lines has been hot for @ns. */
static bool held(u32 lines, u64 ns)
{
	unsigned int i;

	for (i = 0; i < LINES; i++)
		if (fitted(lines & 1U << i) && truth[i].hot &&
		    for_ns(truth[i].since) >= ns)
			return true;
	return false;
}

static bool surely_off(void)
{
	return (!bench.p.software_remote && for_ns(software_since) >= slack) ||
	       (fitted(REMOTES) && quiet(REMOTES, debounce + slack));
}

static bool surely_on(void)
{
	return bench.p.software_remote && for_ns(software_since) >= slack &&
	       (!fitted(REMOTES) || held(REMOTES, debounce + slack));
}

static bool surely_writable(u32 output)
{
	u64 since = writable_since[output >> 1];

	return !(bench.broken & output) && for_ns(since) >= slack;
}

/* Bring the truth up to now; to be called before anything changes. */
static void learn(void)
{
	const u64 late = debounce + slack + blind;
	const struct truth *uv = &truth[1];
	u64 end = bench.now;
	unsigned int i;

	/* Undervoltage ends a rest when it counts, not when it comes. */
	if (uv->hot && for_ns(uv->since) > late)
		end = uv->since + late;
	if (end - uv->surely >= clear + config.load_reconnect_delay_ms * MS)
		tripped = false;

	for (i = 0; i < LINES; i++) {
		struct truth *t = &truth[i];

		if (!t->hot) {
			if (for_ns(t->since) >= debounce)
				t->rested = bench.now;
			continue;
		}
		if (for_ns(t->since) > late)
			t->surely = bench.now;
		if (for_ns(t->since) >= debounce || blind ||
		    for_ns(t->stirred) >= 2 * debounce || t->maybe >= t->since)
			t->maybe = bench.now;
	}
}

static void heat(void)
{
	u32 hot = bench.levels | bench.unreadable;
	unsigned int i;

	for (i = 0; i < LINES; i++) {
		struct truth *t = &truth[i];
		bool is = hot & 1U << i;

		if (is == t->hot)
			continue;
		if (is && for_ns(t->since) >= debounce)
			t->stirred = bench.now;
		t->hot = is;
		t->since = bench.now;
		/* T3: what counts as active is held up by any pulse. */
		if (is && (!debounce || (t->maybe &&
					 for_ns(t->maybe) <= clear + slack)))
			t->maybe = bench.now;
	}
}

/* The last moment that a charge fault was, surely or maybe. */
static u64 last_fault(bool surely)
{
	u64 last = 0;
	unsigned int i;

	for (i = 0; i < LINES; i++) {
		u64 t = surely ? truth[i].surely : truth[i].maybe;

		if (fitted(FAULTS & 1U << i) && t > last)
			last = t;
	}
	return last;
}

static bool rested(u32 lines)
{
	unsigned int i;

	for (i = 0; i < LINES; i++)
		if (fitted(lines & 1U << i) && for_ns(truth[i].rested) > slack)
			return false;
	return true;
}

static void load_changed(bool on)
{
	const struct truth *uv = &truth[1];

	if (!on) {
		if (!surely_on())
			return;
		tripped = true;
		if (writes_fail)
			return;		/* may be much later than decided */
		if (!fitted(UV) || for_ns(uv->maybe) > clear + slack)
			broken(LOAD_WARNED, "no undervoltage");
		if (rose[2] < fell[2] ||
		    for_ns(rose[2]) < config.pre_alarm_delay_ms * MS)
			broken(LOAD_WARNED, "pre-alarm high for %llu ns",
			       (unsigned long long)for_ns(rose[2]));
		return;
	}

	if (surely_off())
		broken(OFF_FLOATS, "load rises");
	if (fitted(UV) && uv->surely && for_ns(uv->surely) < clear)
		broken(LOAD_RETURN, "undervoltage is not clear");
	if (fitted(UV) && !rested(UV))
		broken(LOAD_RETURN, "undervoltage does not rest");
	if (tripped && uv->surely &&
	    for_ns(uv->surely) < clear + config.load_reconnect_delay_ms * MS)
		broken(LOAD_RETURN, "%llu ns after undervoltage",
		       (unsigned long long)for_ns(uv->surely));
	tripped = false;
}

static void charge_changed(bool on)
{
	if (!on) {
		if (surely_on() && !bench.p.inhibit_charge && !writes_fail &&
		    for_ns(inhibit_since) >= slack &&
		    (!last_fault(false) || for_ns(last_fault(false)) > slack))
			broken(CHARGE_REASON, "charge falls without a fault");
		return;
	}

	if (surely_off())
		broken(OFF_FLOATS, "charge rises");
	if (!rested(FAULTS))
		broken(CHARGE_RETURN, "a fault does not rest");
	if (last_fault(true) && for_ns(last_fault(true)) <
	    clear + config.charge_reconnect_delay_ms * MS)
		broken(CHARGE_RETURN, "%llu ns after a fault",
		       (unsigned long long)for_ns(last_fault(true)));
}

static void changed_to(struct bench *b, u32 before)
{
	u32 changes = before ^ b->outputs;
	unsigned int i;

	learn();
	if (changes & PROTECTION_LOAD)
		load_changed(b->outputs & PROTECTION_LOAD);
	if (changes & PROTECTION_CHARGE)
		charge_changed(b->outputs & PROTECTION_CHARGE);
	for (i = 0; i < 3; i++)
		if (changes & 1U << i)
			*(b->outputs & 1U << i ? &rose[i] : &fell[i]) = b->now;
}

/* What must be so at any moment, after the turns of that moment. */
static void look(void)
{
	const u64 late = debounce + blind + slack;
	u64 cut = config.pre_alarm_delay_ms * MS;
	u32 o = bench.outputs;

	learn();
	if (surely_off()) {
		if ((o & PROTECTION_LOAD && surely_writable(PROTECTION_LOAD)) ||
		    (o & PROTECTION_CHARGE && surely_writable(PROTECTION_CHARGE)) ||
		    (o & PROTECTION_PRE_ALARM && surely_writable(PROTECTION_PRE_ALARM)))
			broken(OFF_FLOATS, "outputs %#x", o);
	}

	if (surely_writable(PROTECTION_LOAD)) {
		/*
		 * A load that could not be released has its 30 s from ON, and
		 * from a pre-alarm that could be raised only later.
		 */
		if (held(UV, cut + late) && o & PROTECTION_LOAD &&
		    (!writes_fail || (for_ns(software_since) >= cut + late &&
				      for_ns(rose[2]) >= cut + late &&
				      (!fitted(REMOTES) ||
				       held(REMOTES, cut + late)))))
			broken(LOAD_CUT, "still high");
		if (surely_on() && !(o & PROTECTION_LOAD) &&
		    quiet(UV, clear + slack +
			  config.load_reconnect_delay_ms * MS))
			broken(LOAD_HIGH, "still low");
	}

	if (surely_writable(PROTECTION_CHARGE)) {
		if (held(FAULTS, late) && o & PROTECTION_CHARGE)
			broken(CHARGE_CUT, "still high");
		if (bench.p.inhibit_charge && for_ns(inhibit_since) >= slack &&
		    o & PROTECTION_CHARGE)
			broken(CHARGE_USER, "charge is high");
		if (surely_on() && !bench.p.inhibit_charge &&
		    for_ns(inhibit_since) >= slack && !(o & PROTECTION_CHARGE) &&
		    quiet(FAULTS, clear + slack +
			  config.charge_reconnect_delay_ms * MS))
			broken(CHARGE_HIGH, "still low");
	}

	if (surely_writable(PROTECTION_PRE_ALARM)) {
		if (surely_on() && held(LOW | UV, late) &&
		    !(o & PROTECTION_PRE_ALARM) &&
		    (!config.release_pre_alarm_on_disconnect ||
		     o & PROTECTION_LOAD))
			broken(WARNING, "silent");
		if (quiet(LOW | UV, clear + slack) && o & PROTECTION_PRE_ALARM)
			broken(WARNING, "given without a reason");
	}
}

/* Would an earlier look have found something to do? And is the countdown so? */
static void settled(struct bench *b, u64 next)
{
	u64 now = bench_clock(b);
	u64 in = protection_disconnect_in(&b->p, now);
	struct protection_sample same = {
		.levels = b->levels,
		.unreadable = b->unreadable,
	};
	struct protection p;
	u64 ahead;

	if (in != PROTECTION_NEVER &&
	    (in > config.pre_alarm_delay_ms * MS || surely_off() ||
	     !(b->outputs & PROTECTION_LOAD)))
		broken(COUNTDOWN, "%llu ns", (unsigned long long)in);

	/* Writes and reads are tried again whenever the caller likes. */
	if (b->wanted != b->outputs || b->p.unread & ~b->p.failed)
		return;
	if (!next && b->wake <= b->now)
		return;		/* the next turn is now */
	if (looks++ % 4)
		return;
	ahead = next == PROTECTION_NEVER ? 1000 * SEC : next;
	ahead = looks % 8 ? ahead - 1 : bench_random(&b->seed) % ahead;
	p = b->p;
	protection_sense(&p, &same, now + ahead);
	if (protection_decide(&p, now + ahead) != b->outputs)
		broken(DEADLINE, "%llu ns ahead, %llu promised",
		       (unsigned long long)ahead, (unsigned long long)next);
}

static u64 pick(const u64 *choices, unsigned int n)
{
	return choices[bench_random(&bench.seed) % n];
}

#define PICK(...) pick((const u64[]){ __VA_ARGS__ }, \
		       ARRAY_SIZE(((const u64[]){ __VA_ARGS__ })))

static bool chance(unsigned int one_in)
{
	return !(bench_random(&bench.seed) % one_in);
}

/* Mostly short, at times long, often just beside a limit. */
static u64 hold(void)
{
	u64 r = bench_random(&bench.seed) % (10 * SEC);

	switch (bench_random(&bench.seed) % 8) {
	case 0:
		return PICK(debounce, 2 * debounce, clear, 30 * SEC,
			    debounce + clear, 30 * SEC + debounce) +
		       PICK(1, 2, MS) - (debounce ? PICK(0, 1, 2) : 0);
	case 1:
		return 1 + r / 1000000;
	case 2:
		return 1 + (debounce ? r % debounce : 0);
	case 3:
		return 1 + r % (3 * debounce + 1);
	case 4:
		return 1 + r % (2 * clear + 1);
	case 5:
		return 1 + (chance(3) ? r * 8 : r);
	default:
		return 1 + r / 20;
	}
}

static void begin(unsigned long run)
{
	unsigned int i;

	bench = (struct bench) {
		.seed = 0x9e3779b97f4a7c15ULL * (run + 1),
		.poll_ns = FOREVER,
		.changed_to = changed_to,
		.settled = settled,
		.now = 2000 * SEC,
	};
	the_run = run;
	config = (struct protection_config) {
		.fitted = chance(4) ? bench_random(&bench.seed) & 0x1ff : 0x1ff,
		.pre_alarm_delay_ms = PICK(30000, 30000, 45000),
		.load_reconnect_delay_ms = PICK(30000, 30000, 1000, 0),
		.charge_reconnect_delay_ms = PICK(1000, 1000, 10000, 0),
		.clear_delay_ms = PICK(1000, 1000, 5000, 10, 0),
		.debounce_delay_ms = PICK(20, 20, 100, 1, 0),
		.release_pre_alarm_on_disconnect = chance(3),
	};
	debounce = config.debounce_delay_ms * MS;
	clear = config.clear_delay_ms * MS;
	if (clear < debounce)
		clear = debounce;
	bench.clock = PICK(0, 1ULL << 62, 0 - 2010 * SEC) - 2000 * SEC;
	bench.report_all_edges = chance(2);
	bench.patient = chance(2);
	if (chance(4))
		bench.poll_ns = SEC;
	bench.write_ns = chance(2) ? PICK(MS, 40 * MS, 200 * MS) : 0;
	bench.levels = bench_random(&bench.seed) & bench_random(&bench.seed) &
		       0x1ff;
	reads_fail = chance(4);
	writes_fail = chance(4);

	/* Reads that fail for 80 ms at a time, with good ones in between */
	blind = reads_fail ? 170 * MS : 0;
	/* A few writes may follow each other before the levels are seen. */
	slack = 4 * bench.write_ns + (writes_fail ? 2 * WRITE_RETRY : 0);
	software_since = bench.now;
	inhibit_since = bench.now;
	tripped = false;
	for (i = 0; i < 3; i++) {
		fell[i] = bench.now;
		rose[i] = 0;
		writable_since[i] = bench.now;
	}
	for (i = 0; i < LINES; i++)
		truth[i] = (struct truth) {
			.hot = bench.levels & 1U << i,
			.since = bench.now,
			.stirred = bench.now,
			.maybe = bench.levels & 1U << i ? bench.now : 0,
			.rested = 0,
		};
}

static void flip(u32 line)
{
	learn();
	bench_set(&bench, line, !(bench.levels & line));
	heat();
}

static void stir(void)
{
	u32 line = 1U << bench_random(&bench.seed) % LINES;
	u32 output = 1U << bench_random(&bench.seed) % 3;

	switch (bench_random(&bench.seed) % 16) {
	case 0:
		bench.p.software_remote = chance(4) == bench.p.software_remote;
		software_since = bench.now;
		bench_kick(&bench);
		break;
	case 1:
		bench.p.inhibit_charge = chance(3);
		inhibit_since = bench.now;
		bench_kick(&bench);
		break;
	case 2:
		if (!reads_fail || line & REMOTES)
			break;
		learn();
		bench.unreadable ^= line;
		bench_kick(&bench);
		heat();
		break;
	case 3:
		if (!writes_fail)
			break;
		bench.broken ^= output;
		writable_since[output >> 1] = bench.now;
		break;
	case 4:
		flip(line);
		flip(line);
		break;
	case 5:
	case 6:
	case 7:
		flip(UV);
		break;
	case 8:
		flip(LOW);
		break;
	default:
		flip(line);
	}
}

static unsigned long one_run(unsigned long run)
{
	unsigned long step;

	begin(run);
	bench_start(&bench, &config, chance(2) ?
		    bench_random(&bench.seed) & 3 : 0);
	if (bench.outputs & PROTECTION_PRE_ALARM)
		rose[2] = bench.now;
	bench_run_at(&bench, bench.now);
	look();

	for (step = 0; step < STEPS_A_RUN && !bench.complaint; step++) {
		u64 next = bench.now + hold();

		/* The turns of that very moment come after what happens then. */
		bench_run_at(&bench, next - 1);
		look();
		bench_run_before(&bench, next);
		learn();
		do
			stir();
		while (chance(4));
		bench_run_at(&bench, bench.now);
		look();
	}

	bench_run_at(&bench, bench.now + MS);
	learn();
	bench.unreadable = 0;
	bench.broken = 0;
	bench_kick(&bench);
	heat();
	bench_run_at(&bench, bench.now + 1000 * SEC);
	if (protection_next(&bench.p, bench_clock(&bench)) != PROTECTION_NEVER)
		broken(IDLE, "next is %llu",
		       (unsigned long long)protection_next(&bench.p,
							   bench_clock(&bench)));
	if (bench.complaint)
		broken(PROGRESS, "%s", bench.complaint);
	return step;
}

unsigned int random_count(void)
{
	return RULES;
}

void random_run(unsigned long steps)
{
	unsigned long run = 0, done = 0;
	unsigned int i;

	while (done < steps)
		done += 1 + one_run(run++);
	for (i = 0; i < RULES; i++)
		report(!broken_rule[i], titles[i], false);
}
