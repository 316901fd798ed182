// SPDX-License-Identifier: GPL-2.0
/*
 * Random lines, switches, latencies and faults, and a checker that knows the
 * requirements but nothing of how the rules are written. It looks at the lines
 * themselves, not at samples, and has "surely" and "maybe" where a write under way
 * blurs what the driver can know.
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
		"M2 M3: At random, while switched off, nothing is high",
	[LOAD_WARNED] =
		"L1 L2 C3: At random, the load is cut only for undervoltage, and only after a pre-alarm of 30 s without a break",
	[LOAD_CUT] =
		"L2 T2 T3: At random, undervoltage that stays always cuts the load in time",
	[LOAD_RETURN] =
		"L4 L5: At random, the load is never switched into undervoltage, nor too soon after it",
	[LOAD_HIGH] =
		"L3 L4 M4: At random, a bank that has rested is connected",
	[CHARGE_CUT] =
		"C1 F2: At random, a charge fault that stays always cuts charging in time",
	[CHARGE_REASON] =
		"C1 L6 T2: At random, only the switch, the user or a charge fault cuts charging",
	[CHARGE_RETURN] =
		"C2: At random, charging never comes back too soon after a fault",
	[CHARGE_HIGH] =
		"C2 L6 M4: At random, charging is allowed when there has been no fault for long enough, undervoltage or not",
	[CHARGE_USER] =
		"C4: At random, the user's inhibition holds",
	[WARNING] =
		"L1 L3 O3: At random, the pre-alarm is high exactly while a low cell is known",
	[COUNTDOWN] =
		"L2: At random, a countdown runs only before a disconnect and is never longer than the delay",
	[DEADLINE] =
		"T1 T5: At random, a cycle before the time that the rules ask for would change nothing",
	[IDLE] =
		"T1: At random, an idle board asks for no cycle",
	[PROGRESS] =
		"T5: At random, cycles make progress",
};

static bool rule_broken[RULES];

/* Truth about one line. "Hot" is active or unreadable, "cold" is not. */
static struct truth {
	bool hot;
	u64 since;		/* it is hot, or cold */
	u64 restless;		/* hot, and not cold for a debounce, since then */
	u64 surely;		/* last moment that it must count as active */
	u64 maybe;		/* last moment that it may count as active */
	u64 settled;		/* last moment that it was cold for a debounce */
} truth[LINES];

static struct rig rig;
static struct protection_config config;
static u64 debounce, clear, slack, blind;
static u64 software_since, inhibit_since;
static u64 fell[3], rose[3], writable_since[3];
static bool tripped, writes_fail, reads_fail;
static unsigned long run, steps, looks;
static bool before_event;

static void __printf(2, 3)
broken(unsigned int rule, const char *format, ...)
{
	va_list args;

	if (!rule_broken[rule]) {
		printf("# run %lu at %llu ns: ", run, rig.now);
		va_start(args, format);
		vprintf(format, args);
		va_end(args);
		putchar('\n');
	}
	rule_broken[rule] = true;
}

static u64 for_ns(u64 since)
{
	return rig.now - since;
}

static bool fitted(u32 lines)
{
	return config.debounce.fitted & lines;
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
	return (!rig.scan.protection.software_remote && for_ns(software_since) >= slack) ||
	       (fitted(REMOTES) && quiet(REMOTES, debounce + slack));
}

static bool surely_on(void)
{
	return rig.scan.protection.software_remote && for_ns(software_since) >= slack &&
	       (!fitted(REMOTES) || held(REMOTES, debounce + slack));
}

static bool surely_writable(u32 output)
{
	u64 since = writable_since[output >> 1];

	return !(rig.broken & output) && for_ns(since) >= slack;
}

/* Bring the truth up to now; to be called before anything changes. */
static void learn(void)
{
	const u64 late = debounce + slack + blind;
	const struct truth *uv = &truth[1];
	u64 end = rig.now;
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
				t->settled = rig.now;
			continue;
		}
		if (for_ns(t->since) > late)
			t->surely = rig.now;
		if (for_ns(t->since) >= debounce || blind ||
		    for_ns(t->restless) >= 2 * debounce || t->maybe >= t->since)
			t->maybe = rig.now;
	}
}

static void heat(void)
{
	u32 hot = rig.levels | rig.unreadable;
	unsigned int i;

	for (i = 0; i < LINES; i++) {
		struct truth *t = &truth[i];
		bool is = hot & 1U << i;

		if (is == t->hot)
			continue;
		if (is && for_ns(t->since) >= debounce)
			t->restless = rig.now;
		t->hot = is;
		t->since = rig.now;
		/* T3: what counts as active is held up by any pulse. */
		if (is && (!debounce || (t->maybe &&
					 for_ns(t->maybe) <= clear + slack)))
			t->maybe = rig.now;
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

/*
 * A line that is readable again, with an edge just before, is clear since that edge,
 * which is at most a debounce ago.
 */
static u64 unread_edge(void)
{
	return reads_fail ? debounce : 0;
}

static u64 clear_for(u64 since)
{
	return for_ns(since) + unread_edge();
}

static bool settled(u32 lines)
{
	unsigned int i;

	for (i = 0; i < LINES; i++)
		if (fitted(lines & 1U << i) && for_ns(truth[i].settled) > slack &&
		    (truth[i].hot || for_ns(truth[i].since) + unread_edge() <
				     debounce))
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
			       for_ns(rose[2]));
		return;
	}

	if (surely_off())
		broken(OFF_FLOATS, "load rises");
	if (fitted(UV) && uv->surely && clear_for(uv->surely) < clear)
		broken(LOAD_RETURN, "undervoltage is not clear");
	if (fitted(UV) && !settled(UV))
		broken(LOAD_RETURN, "undervoltage has not settled");
	if (tripped && uv->surely &&
	    clear_for(uv->surely) < clear + config.load_reconnect_delay_ms * MS)
		broken(LOAD_RETURN, "%llu ns after undervoltage",
		       for_ns(uv->surely));
	tripped = false;
}

static void charge_changed(bool on)
{
	if (!on) {
		if (surely_on() && !rig.scan.protection.inhibit_charge && !writes_fail &&
		    for_ns(inhibit_since) >= slack &&
		    (!last_fault(false) || for_ns(last_fault(false)) > slack))
			broken(CHARGE_REASON, "charge falls without a fault");
		return;
	}

	if (surely_off())
		broken(OFF_FLOATS, "charge rises");
	if (!settled(FAULTS))
		broken(CHARGE_RETURN, "a fault has not settled");
	if (last_fault(true) && clear_for(last_fault(true)) <
	    clear + config.charge_reconnect_delay_ms * MS)
		broken(CHARGE_RETURN, "%llu ns after a fault",
		       for_ns(last_fault(true)));
}

static void pins_changed(struct rig *b, u32 before)
{
	u32 changes = before ^ b->outputs;
	unsigned int i;

	learn();
	if (changes & OUTPUT_LOAD)
		load_changed(b->outputs & OUTPUT_LOAD);
	if (changes & OUTPUT_CHARGE)
		charge_changed(b->outputs & OUTPUT_CHARGE);
	for (i = 0; i < 3; i++)
		if (changes & 1U << i)
			*(b->outputs & 1U << i ? &rose[i] : &fell[i]) = b->now;
}

/* What must be so at any moment, after the turns of that moment. */
static void look(void)
{
	const u64 late = debounce + blind + slack;
	u64 cut = config.pre_alarm_delay_ms * MS;
	u32 o = rig.outputs;

	learn();
	if (surely_off()) {
		if ((o & OUTPUT_LOAD && surely_writable(OUTPUT_LOAD)) ||
		    (o & OUTPUT_CHARGE && surely_writable(OUTPUT_CHARGE)) ||
		    (o & OUTPUT_PRE_ALARM && surely_writable(OUTPUT_PRE_ALARM)))
			broken(OFF_FLOATS, "outputs %#x", o);
	}

	if (surely_writable(OUTPUT_LOAD)) {
		/*
		 * A load that could not be released has its 30 s from ON, and
		 * from a pre-alarm that could be raised only later.
		 */
		if (held(UV, cut + late) && o & OUTPUT_LOAD &&
		    (!writes_fail || (for_ns(software_since) >= cut + late &&
				      for_ns(rose[2]) >= cut + late &&
				      (!fitted(REMOTES) ||
				       held(REMOTES, cut + late)))))
			broken(LOAD_CUT, "still high");
		if (surely_on() && !(o & OUTPUT_LOAD) &&
		    quiet(UV, clear + slack +
			  config.load_reconnect_delay_ms * MS))
			broken(LOAD_HIGH, "still low");
	}

	if (surely_writable(OUTPUT_CHARGE)) {
		if (held(FAULTS, late) && o & OUTPUT_CHARGE)
			broken(CHARGE_CUT, "still high");
		if (rig.scan.protection.inhibit_charge && for_ns(inhibit_since) >= slack &&
		    o & OUTPUT_CHARGE)
			broken(CHARGE_USER, "charge is high");
		if (surely_on() && !rig.scan.protection.inhibit_charge &&
		    for_ns(inhibit_since) >= slack && !(o & OUTPUT_CHARGE) &&
		    quiet(FAULTS, clear + slack +
			  config.charge_reconnect_delay_ms * MS))
			broken(CHARGE_HIGH, "still low");
	}

	if (surely_writable(OUTPUT_PRE_ALARM)) {
		if (surely_on() && held(LOW | UV, late) &&
		    !(o & OUTPUT_PRE_ALARM) &&
		    (!config.release_pre_alarm_on_disconnect ||
		     o & OUTPUT_LOAD))
			broken(WARNING, "silent");
		if (quiet(LOW | UV, clear + slack) && o & OUTPUT_PRE_ALARM)
			broken(WARNING, "given without a reason");
	}
}

/*
 * Would an earlier cycle have found something to do? And is the countdown right?
 */
static void cycle_over(struct rig *r)
{
	const struct protection *now = &r->scan.protection;
	u64 clock = rig_clock(r), next = protection_next(now, clock);
	u64 in = r->published.disconnect_in, ahead;
	struct debounce_sample same = {
		.levels = r->levels,
		.unreadable = r->unreadable,
	};
	struct protection p;

	if (in != NEVER &&
	    (in > config.pre_alarm_delay_ms * MS || surely_off() ||
	     !(r->outputs & OUTPUT_LOAD)))
		broken(COUNTDOWN, "%llu ns", in);

	/* Writes and reads are tried again in any case. */
	if (now->requested != r->outputs ||
	    now->debounce.read_failing & ~now->debounce.unreadable)
		return;
	if (!next || r->pending || r->again || looks++ % 4)
		return;
	ahead = next == NEVER ? 1000 * SEC : next;
	ahead = looks % 8 ? ahead - 1 : rig_random(&r->seed) % ahead;
	p = *now;
	debounce_update(&p.debounce, &same, clock + ahead);
	if (protection_decide(&p, clock + ahead) != r->outputs)
		broken(DEADLINE, "%llu ns ahead, %llu promised", ahead, next);
}

static u64 pick(const u64 *choices, unsigned int n)
{
	return choices[rig_random(&rig.seed) % n];
}

#define PICK(...) pick((const u64[]){ __VA_ARGS__ }, \
		       ARRAY_SIZE(((const u64[]){ __VA_ARGS__ })))

static bool chance(unsigned int one_in)
{
	return !(rig_random(&rig.seed) % one_in);
}

/* Mostly short, at times long, often just beside a limit. */
static u64 hold(void)
{
	u64 r = rig_random(&rig.seed) % (10 * SEC);

	switch (rig_random(&rig.seed) % 8) {
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

static void flip(u32 line)
{
	learn();
	rig_set_lines(&rig, line, !(rig.levels & line));
	heat();
}

static void disturb(void)
{
	struct protection *p = &rig.scan.protection;
	u32 line = 1U << rig_random(&rig.seed) % LINES;
	u32 output = 1U << rig_random(&rig.seed) % 3;

	switch (rig_random(&rig.seed) % 16) {
	case 0:
		p->software_remote = chance(4) == p->software_remote;
		software_since = rig.now;
		rig_scan(&rig);
		break;
	case 1:
		p->inhibit_charge = chance(3);
		inhibit_since = rig.now;
		rig_scan(&rig);
		break;
	case 2:
		if (!reads_fail || line & REMOTES)
			break;
		learn();
		rig.unreadable ^= line;
		rig_scan(&rig);
		heat();
		break;
	case 3:
		if (!writes_fail)
			break;
		rig.broken ^= output;
		writable_since[output >> 1] = rig.now;
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

/*
 * Something happens. The moment before each event is one of its own, at whose end
 * all must be as it has to: cycles that are due at the event itself come after it.
 */
static void event(struct rig *r)
{
	before_event = !before_event;
	if (before_event) {
		r->next_event = r->now + 1;
		return;
	}
	learn();
	do
		disturb();
	while (chance(4));
	r->next_event = ++steps < STEPS_A_RUN ? r->now + hold() - 1 : FOREVER;
}

static void moment_over(struct rig *r)
{
	if (r->started)
		look();
}

/* A board with other lines, delays and habits in each run */
static void choose_board(void)
{
	config = (struct protection_config) {
		.debounce.fitted = chance(4) ?
				   rig_random(&rig.seed) & 0x1ff : 0x1ff,
		.debounce.clear_delay_ms = PICK(1000, 1000, 5000, 10, 0),
		.debounce.debounce_delay_ms = PICK(20, 20, 100, 1, 0),
		.pre_alarm_delay_ms = PICK(30000, 30000, 45000),
		.load_reconnect_delay_ms = PICK(30000, 30000, 1000, 0),
		.charge_reconnect_delay_ms = PICK(1000, 1000, 10000, 0),
		.release_pre_alarm_on_disconnect = chance(3),
	};
	debounce = config.debounce.debounce_delay_ms * MS;
	clear = config.debounce.clear_delay_ms * MS;
	if (clear < debounce)
		clear = debounce;

	rig.clock = PICK(0, 1ULL << 62, 0 - 2010 * SEC) - 2000 * SEC;
	if (chance(4))
		rig.poll_ns = SEC;
	rig.write_ns = chance(2) ? PICK(MS, 40 * MS, 200 * MS) : 0;
	rig.scan.sleeps = rig.write_ns || chance(2);
	rig.levels = rig_random(&rig.seed) & rig_random(&rig.seed) & 0x1ff;
	reads_fail = chance(4);
	writes_fail = chance(4);

	/* Reads that fail for 80 ms at a time, with good ones in between */
	blind = reads_fail ? 170 * MS : 0;
	/* A few writes may follow each other before the levels are read. */
	slack = 4 * rig.write_ns + (writes_fail ? 2 * WRITE_RETRY : 0);
}

static void forget(void)
{
	unsigned int i;

	software_since = rig.now;
	inhibit_since = rig.now;
	tripped = false;
	for (i = 0; i < 3; i++) {
		fell[i] = rig.now;
		rose[i] = 0;
		writable_since[i] = rig.now;
	}
	for (i = 0; i < LINES; i++)
		truth[i] = (struct truth) {
			.hot = rig.levels & 1U << i,
			.since = rig.now,
			.restless = rig.now,
			.maybe = rig.levels & 1U << i ? rig.now : 0,
		};
}

/* All works again, and stays as it is. */
static void calm_down(void)
{
	unsigned int i;
	u64 next;

	learn();
	rig.unreadable = 0;
	rig.broken = 0;
	for (i = 0; i < 3; i++)
		writable_since[i] = rig.now;
	rig_scan(&rig);
	heat();
	rig_run(&rig, rig.now + 1000 * SEC);
	next = protection_next(&rig.scan.protection, rig_clock(&rig));
	if (next != NEVER)
		broken(IDLE, "next is %llu", next);
}

static void one_run(unsigned long long seed)
{
	u32 found;

	rig = (struct rig) {
		.seed = 0xbf58476d1ce4e5b9ULL * seed +
			0x9e3779b97f4a7c15ULL * (run + 1),
		.now = 2000 * SEC,
		.poll_ns = FOREVER,
		.next_event = FOREVER,
		.event = event,
		.moment_over = moment_over,
		.pins_changed = pins_changed,
		.cycle_over = cycle_over,
	};
	/* an empty state of the generator would stay so */
	rig.seed |= !rig.seed;
	choose_board();
	forget();

	found = chance(2) ? rig_random(&rig.seed) & 3 : 0;
	rig_start(&rig, &config, 0, found);
	steps = 0;
	before_event = false;
	rig.next_event = rig.now + hold() - 1;
	while (steps < STEPS_A_RUN && !rig.violation)
		rig_run(&rig, rig.now + 100 * SEC);
	calm_down();
	if (rig.violation)
		broken(PROGRESS, "%s", rig.violation);
}

unsigned int random_count(void)
{
	return RULES;
}

void random_run(unsigned long least_steps, unsigned long long seed)
{
	unsigned long done;
	unsigned int i;

	printf("# seed %llu\n", seed);
	run = 0;
	for (done = 0; done < least_steps; done += 1 + steps) {
		one_run(seed);
		run++;
	}
	for (i = 0; i < RULES; i++)
		report(!rule_broken[i], titles[i]);
}
