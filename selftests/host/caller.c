// SPDX-License-Identifier: GPL-2.0
/* The rig, see caller.h; and what driver/scan.c calls, in place of the driver's. */
#include <errno.h>
#include <stddef.h>

#include <linux/minmax.h>
#include <linux/timekeeping.h>

#include "caller.h"

/* More cycles than this at one moment are no progress, */
#define CYCLES_AT_ONCE	8
/* and more than this in a scenario are no sleep. */
#define CYCLES_MAX	1000000

#define RIG_OF(part, member)	\
	((struct rig *)((char *)(part) - offsetof(struct rig, scan.member)))

/* The rig that runs; the driver's clock is not an argument. */
static struct rig *running;

u64 rig_random(u64 *seed)
{
	/* xorshift64* */
	*seed ^= *seed >> 12;
	*seed ^= *seed << 25;
	*seed ^= *seed >> 27;
	return *seed * 0x2545f4914f6cdd1dULL;
}

static void violate(struct rig *rig, const char *what)
{
	if (!rig->violation)
		rig->violation = what;
}

/* Time */

static void advance(struct rig *rig, u64 time)
{
	if (time <= rig->now)
		return;
	if (rig->moment_over)
		rig->moment_over(rig);
	rig->now = time;
}

/* Let time pass, and the events happen that come meanwhile. */
static void pass(struct rig *rig, u64 until)
{
	while (rig->next_event <= until) {
		advance(rig, rig->next_event);
		rig->event(rig);
	}
	advance(rig, until);
}

static void transfer(struct rig *rig, u64 ns)
{
	if (rig->started && rig->scan.sleeps == rig->scan.lock.held)
		violate(rig, "the lock is held while a bus is busy, or dropped for nothing");
	if (rig->started && ns)
		pass(rig, rig->now + ns);
}

u64 ktime_get_boottime_ns(void)
{
	return rig_clock(running);
}

/* In place of driver/inputs.c */

int inputs_read(struct inputs *in, struct inputs_scan *scan)
{
	struct rig *rig = RIG_OF(in, inputs);
	u32 unreadable = rig->unreadable & in->fitted & INPUTS_ALL;
	u32 levels = rig->levels & in->fitted & INPUTS_ALL;
	u64 begin = rig->now;

	/* the level of a line that cannot be read must not be used */
	scan->sample.levels = levels ^ (unreadable & (u32)begin);
	scan->sample.unreadable = unreadable;
	/* nor the level of pins and terminals that cannot be read */
	scan->back_known = rig->no_read_back ? 0 : OUTPUTS_ALL;
	scan->back = rig->outputs ^ rig->corrupt ^ ~scan->back_known;
	scan->sense_known = in->fitted >> INPUTS_SENSE;
	scan->sense = ((rig->outputs & ~rig->short_circuit) | rig->backfeed) ^
		      ~scan->sense_known;
	rig->corrupt = 0;

	transfer(rig, unreadable ? rig->read_ns : 0);
	rig->read_at = rig_clock(rig);
	scan->sample.read_time_ns = rig->now - begin;
	return unreadable ? -EIO : 0;
}

/* What fails is one chip. */
int inputs_peek(const struct inputs *in, unsigned int line, u32 levels,
		struct inputs_scan *scan)
{
	struct rig *rig = RIG_OF(in, inputs);
	u32 unreadable = rig->unreadable & in->fitted & INPUTS_ALL;
	bool active = rig->levels & BIT(line);
	u64 begin = rig->now;

	if (unreadable & BIT(line)) {
		transfer(rig, rig->read_ns);
		active = false;
	} else {
		transfer(rig, 0);
		unreadable = 0;
	}
	if (!active && !unreadable)
		return 0;
	rig->read_at = rig_clock(rig);
	scan->sample.read_time_ns = rig->now - begin;
	scan->sample.levels = levels | (active ? BIT(line) : 0);
	scan->sample.unreadable = unreadable;
	scan->back_known = 0;
	scan->sense_known = 0;
	return active ? 1 : -EIO;
}

/* In place of driver/edges.c */

static bool earlier(u64 a, u64 b)
{
	return a - b > ~0ULL >> 1;
}

u32 edges_take(struct edges *e, struct debounce_sample *s, u64 after)
{
	struct rig *rig = RIG_OF(e, edges);
	u32 all = rig->pending | rig->pending_sense;
	unsigned int line;

	s->edges = rig->pending;
	s->more_edges = rig->more;
	for (line = 0; line < INPUT_COUNT; line++)
		s->first_edge[line] = earlier(rig->first_edge[line], after) ?
				      after : rig->first_edge[line];
	rig->pending = 0;
	rig->pending_sense = 0;
	rig->more = 0;
	return all;
}

void edges_verify(struct edges *e, u32 changed, u32 edges, bool polled, u64 now)
{
	struct rig *rig = RIG_OF(e, edges);

	if (now != rig->read_at)
		violate(rig, "a sample has another time than its reading");
	if (polled)
		rig->missed |= changed & ~edges;
}

u64 edges_first(struct edges *e)
{
	struct rig *rig = RIG_OF(e, edges);
	u64 first = NEVER;
	unsigned int line;

	for (line = 0; line < INPUT_COUNT; line++)
		if (rig->pending & BIT(line) &&
		    (first == NEVER || earlier(rig->first_edge[line], first)))
			first = rig->first_edge[line];
	return first;
}

/* In place of driver/outputs.c */

static void move_pins(struct rig *rig, u32 pins)
{
	u32 before = rig->outputs;

	rig->outputs = pins;
	if (pins != before && rig->pins_changed)
		rig->pins_changed(rig, before);
}

u32 outputs_check_readback(struct outputs *out, u32 actual, u32 back, u32 known)
{
	u32 differ = (actual ^ back) & known;

	out->unconfirmed |= differ;
	return actual ^ differ;
}

u32 outputs_write(struct outputs *out, u32 actual, u32 requested, int *error)
{
	struct rig *rig = RIG_OF(out, outputs);
	u32 changed = (actual ^ requested) | out->unconfirmed;
	u64 ns = rig->write_min_ns;

	*error = 0;
	if (!changed) {
		transfer(rig, 0);
		return actual;
	}

	if (rig->write_ns > ns)
		ns += rig_random(&rig->seed) % (rig->write_ns - ns);
	transfer(rig, ns);
	changed &= ~rig->broken;
	move_pins(rig, ((rig->outputs & ~changed) | (requested & changed)) &
		       ~rig->dropped);

	actual = ((actual & ~changed) | (requested & changed)) & ~rig->dropped;
	rig->dropped = 0;
	out->unconfirmed = actual ^ requested;
	out->attempts = out->unconfirmed ? out->attempts + 1 : 0;
	if (out->unconfirmed)
		*error = -EIO;
	return actual;
}

bool outputs_failing(const struct outputs *out)
{
	return out->attempts > 1;
}

u64 outputs_retry_in_ns(const struct outputs *out)
{
	return out->attempts ? WRITE_RETRY : NEVER;
}

/* In place of driver/core.c */

static void set_timer(struct rig *rig, u64 time)
{
	rig->wake = max(time, rig->stalled_until);
}

static void publish(struct rig *rig)
{
	scan_describe(&rig->scan, &rig->published, &rig->times, rig_clock(rig));
	if (rig->cycle_over)
		rig->cycle_over(rig);
}

static void arm(struct rig *rig)
{
	struct scan *s = &rig->scan;
	u64 next = scan_next(s, rig_clock(rig));

	s->polled = next > rig->poll_ns;
	if (s->polled)
		next = rig->poll_ns;
	set_timer(rig, next >= FOREVER ? FOREVER : rig->now + next);
}

static void cycle(struct rig *rig)
{
	struct scan *s = &rig->scan;

	if (rig->now != rig->last_cycle) {
		rig->last_cycle = rig->now;
		rig->cycles_at_once = 0;
	}
	if (++rig->cycles_at_once > CYCLES_AT_ONCE || ++rig->cycles > CYCLES_MAX)
		violate(rig, "cycles without end");

	rig->busy = true;
	rig->again = false;
	raw_spin_lock_irq(&s->lock);
	scan_cycle(s);
	arm(rig);
	publish(rig);
	raw_spin_unlock_irq(&s->lock);
	if (judge_violation())
		violate(rig, judge_violation());
	rig->busy = false;
	if (rig->again)
		set_timer(rig, rig->now);
}

/* Have a cycle run now, or when the one that is under way is over. */
void rig_scan(struct rig *rig)
{
	rig->again = true;
	if (rig->started && !rig->busy)
		set_timer(rig, rig->now);
}

/* Have a cycle run after @due at the latest. A cycle under way looks for itself. */
static void bring_forward(struct rig *rig, u64 due)
{
	if (!rig->started || rig->busy || due >= rig->wake - rig->now)
		return;
	rig->scan.polled = false;
	set_timer(rig, rig->now + due);
}

/* An interrupt */
static void edge(struct rig *rig, unsigned int line)
{
	u64 at = rig_clock(rig), due;
	bool more = line >= INPUTS_SENSE;

	if (line < INPUT_COUNT) {
		more = rig->pending & BIT(line);
		if (more)
			rig->more |= BIT(line);
		else
			rig->first_edge[line] = at;
		rig->pending |= BIT(line);
	} else {
		rig->pending_sense |= BIT(line);
	}

	due = scan_edge_due(&rig->scan, BIT(line), at, more) - at;
	if (!due)
		rig_scan(rig);
	else
		bring_forward(rig, due);
}

/* A program reports the state of charge; @permille: negative when it is unknown. */
void rig_report_soc(struct rig *rig, int permille)
{
	u64 due = scan_report_soc(&rig->scan, permille, rig_clock(rig));

	if (due != NEVER)
		bring_forward(rig, due);
}

/* Lines that move, and are back at once: too short to be read, but noticed */
void rig_edge(struct rig *rig, u32 lines)
{
	unsigned int line;

	lines &= rig->scan.inputs.fitted;
	for (line = 0; line < INPUTS_MAX; line++)
		if (rig->started && lines & BIT(line))
			edge(rig, line);
}

void rig_set_lines(struct rig *rig, u32 lines, bool active)
{
	u32 flips = active ? lines & ~rig->levels : lines & rig->levels;

	rig->levels ^= flips;
	rig_edge(rig, flips & ~rig->mute);
}

/* Pins that move by themselves, as in a reset of their chip; a reading finds it. */
void rig_set_pins(struct rig *rig, u32 pins, bool high)
{
	move_pins(rig, high ? rig->outputs | pins : rig->outputs & ~pins);
	rig_scan(rig);
}

/* A short circuit or backfeed of terminals begins or ends. */
void rig_set_terminals(struct rig *rig, u32 *terminals, u32 mask, bool value)
{
	*terminals = value ? *terminals | mask : *terminals & ~mask;
	rig_edge(rig, mask << INPUTS_SENSE);
}

/* No cycle runs until then, but events go on. */
void rig_stall(struct rig *rig, u64 until)
{
	rig->stalled_until = until;
	set_timer(rig, rig->wake);
}

/* The probe: the first reading, and then the first cycle */
void rig_start(struct rig *rig, const struct protection_config *cfg, u32 sense,
	       u32 found)
{
	struct scan *s = &rig->scan;

	running = rig;
	s->name = "host";
	s->inputs.fitted = cfg->debounce.fitted | sense << INPUTS_SENSE;
	rig->outputs = found;
	scan_init(s, cfg, found);
	scan_apply(s, CORE_LOAD_REQUEST, rig->shed.request);
	scan_apply(s, CORE_SOC_FLOOR, rig->shed.floor_percent);
	scan_apply(s, CORE_SOC_FLOOR_RECOVER, rig->shed.recover_percent);
	scan_apply(s, CORE_SOC_MAX_AGE, rig->shed.max_age_ms);
	rig->started = true;
	rig->last_cycle = FOREVER;
	set_timer(rig, rig->now);
	if (s->protection.debounce.unreadable !=
	    (rig->unreadable & cfg->debounce.fitted))
		violate(rig, "what cannot be read is not known at the start");
}

/* Run all cycles and events that come by then. */
void rig_run(struct rig *rig, u64 until)
{
	running = rig;
	while (!rig->violation) {
		u64 time = min(rig->wake, until);

		if (rig->next_event <= time) {
			advance(rig, rig->next_event);
			rig->event(rig);
		} else if (rig->wake <= until) {
			advance(rig, rig->wake);
			cycle(rig);
		} else {
			break;
		}
	}
	if (!rig->violation)
		advance(rig, until);
}
