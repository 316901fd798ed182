// SPDX-License-Identifier: GPL-2.0
/*
 * The board's turns: read the lines, decide, write the outputs, publish.
 *
 * A turn is taken after edges, when something falls due, and at the latest
 * after the poll interval (T1). Where no line sleeps, it is taken right in
 * hard context, with the lock held throughout. Where one does, edges and timer
 * wake a thread of high priority that reads and writes without the lock; as
 * nobody else takes turns then, the outputs are its own. Both ask the same
 * protection.c.
 */
#include <linux/bitops.h>
#include <linux/device.h>
#include <linux/gpio/consumer.h>
#include <linux/interrupt.h>
#include <linux/minmax.h>
#include <linux/panic_notifier.h>
#include <linux/timekeeping.h>

#include "board.h"
#include "compat.h"

#define CREATE_TRACE_POINTS
#include "trace.h"

/* A turn may change what the next one decides, once (O3). */
#define TURN_ROUNDS		2

/**
 * board_publish_locked() - the rest of the system hears of it from here
 * @b: the board; its lock is held
 * @now: CLOCK_BOOTTIME in ns
 */
void board_publish_locked(struct board *b, u64 now)
{
	const struct protection *p = &b->protection;
	u64 left = protection_disconnect_in(p, now);
	struct board_view view = {
		.outputs = p->outputs,
		.conditions = p->active & PROTECTION_CONDITIONS,
		.unreadable = p->failed,
		.terminals = protection_terminals(p),
		.remote = p->software_remote,
		.inhibit_charge = p->inhibit_charge,
		.charge_blocked = p->charge_blocked,
		.load_reason = protection_load_reason(p, now),
		.charge_reason = protection_charge_reason(p, now),
		.alarm = protection_alarm(p),
	};
	bool changed;

	if (p->failed || outputs_failing(&b->outputs) || b->watch.late)
		view.conditions |= CONDITION_IO_ERROR;
	if (b->sense.mismatch)
		view.conditions |= CONDITION_SENSE_MISMATCH;
	if (p->implausible)
		view.conditions |= CONDITION_IMPLAUSIBLE;

	changed = memcmp(&view, &b->view, sizeof(view));
	changed |= gpiochip_publish(b, &view);

	write_seqcount_begin(&b->seq);
	b->view = view;
	b->disconnect_at = left == PROTECTION_NEVER ? left : now + left;
	write_seqcount_end(&b->seq);

	/* not before there is somebody to wait for it when a probe fails */
	if (changed && b->running)
		schedule_work(&b->report);
}

/* T2: what is left at @now of the debounce of an edge at @edge. */
static u64 board_settled_in(const struct board *b, u64 edge, u64 now)
{
	u64 due = edge + (u64)b->protection.cfg.debounce_delay_ms * NSEC_PER_MSEC;

	return due > now ? due - now : 0;
}

/* Time to the next turn, by what the board waits for. */
static u64 board_due_in(const struct board *b, u64 now)
{
	u64 next = min(protection_next(&b->protection, now),
		       outputs_retry_in_ns(&b->outputs));

	next = min(next, sense_next(&b->sense,
				    b->inputs.fitted >> INPUTS_SENSE, now));
	if (b->heartbeat)
		next = min(next, b->heartbeat_at > now ? b->heartbeat_at - now : 0);
	/* an edge that came while this turn was under way */
	if (b->inputs.edges)
		next = min(next, board_settled_in(b, inputs_edge_at(&b->inputs),
						  now));
	return next;
}

/* Arm the timer for the next turn. Called with the lock held. */
static void board_arm(struct board *b, u32 wanted, u64 now)
{
	u64 poll = (u64)b->poll_interval_ms * NSEC_PER_MSEC;
	u64 next = board_due_in(b, now);

	if (b->storm.muted)
		poll = min(poll, (b->protection.bursting ? STORM_BURST_MS :
				  STORM_POLL_MS) * (u64)NSEC_PER_MSEC);
	b->rescan = next > poll;
	if (b->rescan)
		next = poll;

	trace_smallbms_decision(b->name, b->protection.active, wanted, now, next);
	hrtimer_start(&b->timer, ns_to_ktime(now + next), HRTIMER_MODE_ABS_HARD);
}

/*
 * Take one reading into account, and the @outputs that are high by it. Called
 * with the lock held.
 */
static void board_sense(struct board *b, const struct inputs_reading *r,
			u32 outputs, int error, u64 now)
{
	struct protection *p = &b->protection;
	const struct protection_sample *s = &r->lines;
	u32 changed = (p->raw ^ s->levels) & ~s->unreadable;
	u32 told = s->edges | s->earlier;

	trace_smallbms_inputs(b->name, s->levels, told, s->unreadable);
	if (error) {
		b->stats.read_errors++;
		trace_smallbms_io_error(b->name, false, error);
	}
	/* An interrupt that is merely on its way has come by the next turn. */
	b->stats.missed_edges += hweight32(b->unannounced & ~told);
	b->unannounced = b->rescan ? changed & ~told & b->inputs.interrupts : 0;

	if (outputs != p->outputs) {
		trace_smallbms_outputs(b->name, outputs, now, now);
		protection_found(p, outputs);
	}
	sense_look(&b->sense, outputs & ~b->let_go, r->sense, r->sense_known,
		   now);
	b->let_go = 0;
	p->shorted = b->sense.shorted;

	protection_sense(p, s, now);
	b->sensed_at = now;
}

/* Note what became of a decision. Called with the lock held. */
static void board_applied(struct board *b, u32 wanted, u32 outputs, int error,
			  u64 since)
{
	struct protection *p = &b->protection;
	u32 changed = p->outputs ^ outputs;
	u64 now = ktime_get_boottime_ns();

	if (error) {
		b->stats.write_errors++;
		trace_smallbms_io_error(b->name, true, error);
	}
	if (changed)
		trace_smallbms_outputs(b->name, outputs, since, now);

	if (changed & outputs & PROTECTION_PRE_ALARM)
		b->stats.pre_alarms++;
	if (changed & ~outputs & PROTECTION_LOAD && p->load_tripped)
		b->stats.load_disconnects++;
	if (changed & ~outputs & PROTECTION_CHARGE && p->charge_blocked)
		b->stats.charge_disconnects++;

	protection_applied(p, wanted, outputs, now);
}

/* F5: a line that stops when the turns do, or when they achieve nothing. */
static void board_beat(struct board *b)
{
	u64 now = ktime_get_boottime_ns();

	if (!b->heartbeat || !b->running || now < b->heartbeat_at)
		return;
	b->heartbeat_at = now + (u64)b->heartbeat_interval_ms * NSEC_PER_MSEC;
	if (outputs_failing(&b->outputs))
		return;
	b->heartbeat_level = !b->heartbeat_level;
	if (b->sleeps)
		gpiod_set_value_cansleep(b->heartbeat, b->heartbeat_level);
	else
		gpiod_set_value(b->heartbeat, b->heartbeat_level);
}

/*
 * Read the lines, and tell the outputs that are high by that. A pin that has
 * left the board's control says so twice; a bit that the bus got wrong does not,
 * and must not cut the load (L2).
 */
static u32 board_read(struct board *b, struct inputs_reading *r, int *error)
{
	u32 have = b->protection.outputs;

	*error = inputs_read(&b->inputs, r);
	if ((have ^ r->back) & r->back_known & ~b->let_go)
		*error = inputs_read(&b->inputs, r);
	return outputs_compare(&b->outputs, have, r->back,
			       r->back_known & ~b->let_go);
}

/* Called with the lock held. */
static void board_turn_atomic(struct board *b)
{
	struct protection *p = &b->protection;
	struct inputs_reading reading;
	u32 wanted = 0, have, outputs;
	unsigned int round;
	int error;
	u64 since;

	if (!b->running)
		return;

	inputs_take_edges(&b->inputs, &reading.lines, b->sensed_at);
	outputs = board_read(b, &reading, &error);
	board_sense(b, &reading, outputs, error, ktime_get_boottime_ns());
	for (round = 0; round < TURN_ROUNDS; round++) {
		since = ktime_get_boottime_ns();
		wanted = protection_decide(p, since);
		have = p->outputs;
		outputs = outputs_drive(&b->outputs, have, wanted & ~p->shorted,
					&error);
		board_applied(b, wanted, outputs, error, since);
		if (error || outputs == have)
			break;
	}
	board_beat(b);
	if (storm_is_over(b, ktime_get_boottime_ns()))
		inputs_mute(&b->inputs, false);
	board_arm(b, wanted, ktime_get_boottime_ns());
	board_publish_locked(b, ktime_get_boottime_ns());
}

static void board_turn_sleeping(struct board *b)
{
	struct protection *p = &b->protection;
	struct inputs_reading reading;
	u32 wanted = 0, have, outputs;
	unsigned int round;
	bool unmute;
	int error;
	u64 since;

	raw_spin_lock_irq(&b->lock);
	if (!b->running) {
		raw_spin_unlock_irq(&b->lock);
		return;
	}
	watch_begin(b);
	/* before the reading: what comes later belongs to the next */
	inputs_take_edges(&b->inputs, &reading.lines, b->sensed_at);
	raw_spin_unlock_irq(&b->lock);

	outputs = board_read(b, &reading, &error);

	raw_spin_lock_irq(&b->lock);
	board_sense(b, &reading, outputs, error, ktime_get_boottime_ns());
	for (round = 0; b->running && round < TURN_ROUNDS; round++) {
		since = ktime_get_boottime_ns();
		wanted = protection_decide(p, since);
		have = p->outputs;
		raw_spin_unlock_irq(&b->lock);

		outputs = outputs_drive(&b->outputs, have, wanted & ~p->shorted,
					&error);

		raw_spin_lock_irq(&b->lock);
		board_applied(b, wanted, outputs, error, since);
		if (error || outputs == have)
			break;
	}
	unmute = storm_is_over(b, ktime_get_boottime_ns());
	raw_spin_unlock_irq(&b->lock);

	board_beat(b);
	if (unmute)
		inputs_mute(&b->inputs, false);

	raw_spin_lock_irq(&b->lock);
	watch_end(b);
	if (b->running) {
		board_arm(b, wanted, ktime_get_boottime_ns());
		board_publish_locked(b, ktime_get_boottime_ns());
	}
	raw_spin_unlock_irq(&b->lock);
}

static void board_turn_work(struct kthread_work *work)
{
	board_turn_sleeping(container_of(work, struct board, turn));
}

/**
 * board_turn_locked() - have a turn taken, now or by the thread
 * @b: the board; its lock is held
 */
void board_turn_locked(struct board *b)
{
	if (b->sleeps)
		kthread_queue_work(b->worker, &b->turn);
	else
		board_turn_atomic(b);
}

static void board_turn(struct board *b)
{
	unsigned long flags;

	raw_spin_lock_irqsave(&b->lock, flags);
	board_turn_locked(b);
	raw_spin_unlock_irqrestore(&b->lock, flags);
}

/**
 * board_expect() - have a turn taken when the debounce of an edge is over (T2)
 * @b: the board; its lock is held
 * @edge: when it came, now or before
 */
void board_expect(struct board *b, u64 edge)
{
	u64 due = edge + (u64)b->protection.cfg.debounce_delay_ms * NSEC_PER_MSEC;

	/* A timer that has run out has called for a turn, and that arms it. */
	if (!b->running || ktime_to_ns(hrtimer_get_expires(&b->timer)) <= due)
		return;
	b->rescan = false;
	hrtimer_start(&b->timer, ns_to_ktime(due), HRTIMER_MODE_ABS_HARD);
}

static enum hrtimer_restart board_timer(struct hrtimer *timer)
{
	struct board *b = container_of(timer, struct board, timer);

	if (b->rescan)
		atomic_inc(&b->stats.rescans);
	board_turn(b);
	return HRTIMER_NORESTART;	/* the turn has armed it anew */
}

/**
 * board_kick() - have a turn taken, and wait for it
 * @b: the board
 *
 * Context: may sleep.
 */
void board_kick(struct board *b)
{
	board_turn(b);
	if (b->sleeps)
		kthread_flush_work(&b->turn);
}

/**
 * board_view() - what the board tells
 * @b: the board
 * @view: filled in, may be NULL
 * @disconnect_at: filled in, may be NULL: end of the countdown on
 *	CLOCK_BOOTTIME in ns, or %PROTECTION_NEVER
 *
 * Never waits for the bus, nor for the lock.
 */
void board_view(struct board *b, struct board_view *view, u64 *disconnect_at)
{
	unsigned int seq;

	do {
		seq = read_seqcount_begin(&b->seq);
		if (view)
			*view = b->view;
		if (disconnect_at)
			*disconnect_at = b->disconnect_at;
	} while (read_seqcount_retry(&b->seq, seq));
}

/**
 * board_switch_remote() - the software remote (M2)
 * @b: the board
 * @on: its new state
 *
 * Where no line sleeps the outputs have followed on return, elsewhere they do
 * so soon.
 *
 * Context: any.
 */
void board_switch_remote(struct board *b, bool on)
{
	unsigned long flags;

	raw_spin_lock_irqsave(&b->lock, flags);
	b->protection.software_remote = on;
	raw_spin_unlock_irqrestore(&b->lock, flags);
	board_turn(b);
}

/**
 * board_set_remote() - the software remote (M2)
 * @b: the board
 * @on: its new state
 *
 * The outputs have followed on return.
 */
void board_set_remote(struct board *b, bool on)
{
	board_switch_remote(b, on);
	if (b->sleeps)
		kthread_flush_work(&b->turn);
}

/**
 * board_set_inhibit_charge() - the user's wish (C4)
 * @b: the board
 * @inhibit: whether charging is inhibited
 *
 * The outputs have followed on return.
 */
void board_set_inhibit_charge(struct board *b, bool inhibit)
{
	raw_spin_lock_irq(&b->lock);
	b->protection.inhibit_charge = inhibit;
	raw_spin_unlock_irq(&b->lock);
	board_kick(b);
}

/**
 * board_set_delay() - change one of the delays
 * @b: the board
 * @delay_ms: which, in @b's protection
 * @value: its new value in ms; the caller has checked its limits
 */
void board_set_delay(struct board *b, u32 *delay_ms, u32 value)
{
	raw_spin_lock_irq(&b->lock);
	*delay_ms = value;
	raw_spin_unlock_irq(&b->lock);
	board_kick(b);
}

static void board_destroy_worker(void *data)
{
	kthread_destroy_worker(data);
}

/**
 * board_init() - take the first reading
 * @b: the board, its lines had
 * @cfg: the delays
 * @found: outputs that were found high
 *
 * Nothing is written yet; the board can be asked from now on.
 *
 * Return: 0, or a negative errno after a message.
 */
int board_init(struct board *b, const struct protection_config *cfg, u32 found)
{
	struct inputs_reading first = { };
	u64 now;

	raw_spin_lock_init(&b->lock);
	seqcount_raw_spinlock_init(&b->seq, &b->lock);
	smallbms_hrtimer_setup(&b->timer, board_timer, CLOCK_BOOTTIME,
			       HRTIMER_MODE_ABS_HARD);
	watch_init(b);
	kthread_init_work(&b->turn, board_turn_work);
	INIT_WORK(&b->report, report_work);

	b->sleeps = b->inputs.sleeps || b->outputs.sleeps ||
		    (b->heartbeat && gpiod_cansleep(b->heartbeat));
	if (b->sleeps) {
		b->worker = smallbms_run_worker(b->name);
		if (IS_ERR(b->worker))
			return dev_err_probe(b->dev, PTR_ERR(b->worker),
					     "no thread to protect with\n");
		sched_set_fifo(b->worker->task);
	}

	if (inputs_read(&b->inputs, &first))
		b->stats.read_errors++;
	now = ktime_get_boottime_ns();
	protection_init(&b->protection, cfg, &first.lines, found, now);
	b->sensed_at = now;
	b->storm.since = now;
	b->heartbeat_at = now;

	raw_spin_lock_irq(&b->lock);
	board_publish_locked(b, now);
	raw_spin_unlock_irq(&b->lock);

	if (!b->sleeps)
		return 0;
	return devm_add_action_or_reset(b->dev, board_destroy_worker, b->worker);
}

static int board_panic(struct notifier_block *panic, unsigned long event,
		       void *data)
{
	/* no lock: who holds it may never give it back */
	outputs_release_atomic(&container_of(panic, struct board, panic)->outputs);
	return NOTIFY_DONE;
}

static void board_stop_action(void *data)
{
	struct board *b = data;

	atomic_notifier_chain_unregister(&panic_notifier_list, &b->panic);
	board_stop(b);
}

/**
 * board_start() - begin to protect
 * @b: the board, known to the rest of the system
 *
 * Return: 0, or a negative errno after a message.
 */
int board_start(struct board *b)
{
	int ret;

	ret = outputs_take_over(b->dev, &b->outputs, b->protection.outputs);
	if (ret)
		return ret;

	raw_spin_lock_irq(&b->lock);
	b->running = true;
	raw_spin_unlock_irq(&b->lock);
	b->panic.notifier_call = board_panic;
	atomic_notifier_chain_register(&panic_notifier_list, &b->panic);
	ret = devm_add_action_or_reset(b->dev, board_stop_action, b);
	if (ret)
		return ret;
	schedule_work(&b->report);
	board_kick(b);

	ret = interrupts_request(b);
	if (ret)
		return ret;

	board_kick(b);	/* what changed before the interrupts were there */
	return 0;
}

/**
 * board_rest() - take no turns while the system sleeps, and the buses with it
 * @b: the board, started
 *
 * The outputs stay as they are. What cannot be read meanwhile is no fault (F2).
 */
void board_rest(struct board *b)
{
	raw_spin_lock_irq(&b->lock);
	b->running = false;
	raw_spin_unlock_irq(&b->lock);

	hrtimer_cancel(&b->timer);
	if (b->sleeps)
		kthread_flush_worker(b->worker);
	hrtimer_cancel(&b->watch.timer);
}

/**
 * board_wake() - go on, with a look at all lines (T4)
 * @b: the board, at rest
 */
void board_wake(struct board *b)
{
	raw_spin_lock_irq(&b->lock);
	b->running = true;
	raw_spin_unlock_irq(&b->lock);
	board_kick(b);
}

/**
 * board_stop() - end to protect, and float the outputs (F1)
 * @b: the board, started
 *
 * Interrupts that still come find nothing to do.
 */
void board_stop(struct board *b)
{
	board_rest(b);
	if (outputs_release(&b->outputs))
		dev_err(b->dev, "the outputs could not be released\n");
	cancel_work_sync(&b->report);
}
