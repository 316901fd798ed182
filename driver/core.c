// SPDX-License-Identifier: GPL-2.0
/*
 * The core: runs scan cycles, publishes a snapshot after each.
 *
 * A cycle runs after edges, when something falls due, and at the latest after the
 * poll interval (T1). The timer (CLOCK_BOOTTIME, T4) is armed for the earliest of
 * these; an interrupt only brings it forward. Where no line sleeps the cycle runs
 * in hard interrupt context, elsewhere in a thread of high priority.
 */
#include <linux/device.h>
#include <linux/hrtimer.h>
#include <linux/kthread.h>
#include <linux/ktime.h>
#include <linux/minmax.h>
#include <linux/panic_notifier.h>

#include "compat.h"
#include "core.h"
#include "heartbeat.h"
#include "scan.h"
#include "sleep.h"
#include "subscribe.h"
#include "trace.h"
#include "watchdog.h"

/* T1 */
#define POLL_INTERVAL_INTERRUPTS_MS	1000
#define POLL_INTERVAL_MS		20

/**
 * struct core - one board
 * @dev: its device
 * @scan: what the scan cycle works on; its lock guards all that follows
 * @running: cycles run: from core_start() to core_stop(), not in suspend
 * @heartbeat: F5
 * @watchdog: reports a cycle that is blocked
 * @publisher: publishes snapshots
 * @timer: the next cycle
 * @rescans: cycles that the poll interval asked for
 * @worker: thread that runs the cycles where a line sleeps, else NULL
 * @work: its work
 * @panic: releases the outputs when the kernel panics (F5)
 * @sleep: T4
 */
struct core {
	struct device *dev;
	struct scan scan;
	bool running;
	struct heartbeat heartbeat;
	struct watchdog watchdog;
	struct publisher publisher;
	struct hrtimer timer;
	atomic_t rescans;
	struct kthread_worker *worker;
	struct kthread_work work;
	struct notifier_block panic;
	struct sleep sleep;
};

/* Publish the state as it is now. Called with the lock held. */
static void core_publish(struct core *c, u64 now)
{
	struct snapshot_times times;
	struct snapshot s;

	scan_describe(&c->scan, &s, &times, now);
	if (c->watchdog.stalled)
		s.conditions |= CONDITION_IO_ERROR;
	publish(&c->publisher, &s, &times);
}

/* Arm the timer for the next cycle. Called with the lock held. */
static void core_arm(struct core *c, u64 now)
{
	struct scan *s = &c->scan;
	u32 poll_ms = c->scan.setting[CORE_POLL_INTERVAL];
	u32 fast_ms = edges_poll_ms(&s->edges, s->protection.debounce.chattering,
				    now);
	u64 next = min(scan_next(s, now), heartbeat_next(&c->heartbeat, now));
	u64 poll = (u64)min(poll_ms, fast_ms ?: poll_ms) * NSEC_PER_MSEC;

	s->polled = next > poll;
	if (s->polled)
		next = poll;

	trace_smallbms_decision(s->name, s->protection.debounce.active,
				s->protection.requested, now, next);
	hrtimer_start(&c->timer, ns_to_ktime(now + next), HRTIMER_MODE_ABS_HARD);
}

/*
 * Run one cycle, and what goes with it. Called with the lock held, which is dropped
 * during transfers where a line sleeps.
 */
static void core_cycle(struct core *c)
	__must_hold(&c->scan.lock)
{
	struct scan *s = &c->scan;
	u64 now;

	if (!c->running)
		return;
	if (s->sleeps)
		watchdog_begin(&c->watchdog);
	scan_cycle(s);

	now = ktime_get_boottime_ns();
	scan_io_begin(s);
	heartbeat_tick(&c->heartbeat, c->scan.setting[CORE_HEARTBEAT_INTERVAL],
		       !outputs_failing(&s->outputs), now);
	edges_unmask(&s->edges, now);
	scan_io_end(s);
	if (s->sleeps)
		watchdog_end(&c->watchdog,
			     !s->peeked && !s->protection.debounce.read_failing &&
			     !s->outputs.attempts);
	if (!c->running)
		return;

	now = ktime_get_boottime_ns();
	core_arm(c, now);
	core_publish(c, now);
}

static void core_work(struct kthread_work *work)
{
	struct core *c = container_of(work, struct core, work);

	raw_spin_lock_irq(&c->scan.lock);
	core_cycle(c);
	raw_spin_unlock_irq(&c->scan.lock);
}

/* Have a cycle run, now or by the thread. Called with the lock held. */
static void core_scan_locked(struct core *c)
{
	if (c->worker)
		kthread_queue_work(c->worker, &c->work);
	else
		core_cycle(c);
}

static void core_scan(struct core *c)
{
	unsigned long flags;

	raw_spin_lock_irqsave(&c->scan.lock, flags);
	core_scan_locked(c);
	raw_spin_unlock_irqrestore(&c->scan.lock, flags);
}

/* Have a cycle run, and wait for it. */
static void core_scan_sync(struct core *c)
{
	core_scan(c);
	if (c->worker)
		kthread_flush_work(&c->work);
}

static enum hrtimer_restart core_timer(struct hrtimer *timer)
{
	struct core *c = container_of(timer, struct core, timer);

	if (c->scan.polled)
		atomic_inc(&c->rescans);
	core_scan(c);
	return HRTIMER_NORESTART;	/* the cycle arms it again */
}

/* Bring the next cycle forward to @due. Called with the lock held. */
static void core_schedule_by(struct core *c, u64 due)
{
	/* A timer that has expired has called for a cycle, which arms it. */
	if (ktime_to_ns(hrtimer_get_expires(&c->timer)) <= due)
		return;
	c->scan.polled = false;
	hrtimer_start(&c->timer, ns_to_ktime(due), HRTIMER_MODE_ABS_HARD);
}

/* An edge only schedules the next cycle; decisions use levels (T1). */
static void core_edge(void *context, u32 line, u64 at, bool more)
{
	struct core *c = context;
	unsigned long flags;
	u64 due;

	sleep_edge(&c->sleep);
	raw_spin_lock_irqsave(&c->scan.lock, flags);
	due = scan_edge_due(&c->scan, line, at, more);
	if (due == at)
		core_scan_locked(c);
	else if (c->running)
		core_schedule_by(c, due);
	raw_spin_unlock_irqrestore(&c->scan.lock, flags);
}

/* The thread is blocked in a transfer: report that meanwhile. */
static void core_stalled(void *context)
{
	struct core *c = context;
	unsigned long flags;

	raw_spin_lock_irqsave(&c->scan.lock, flags);
	if (watchdog_expired(&c->watchdog))
		core_publish(c, ktime_get_boottime_ns());
	raw_spin_unlock_irqrestore(&c->scan.lock, flags);
}

static int core_panic(struct notifier_block *panic, unsigned long event,
		      void *data)
{
	struct core *c = container_of(panic, struct core, panic);

	/* no lock: its owner may never release it; no cycle drives them again */
	WRITE_ONCE(c->running, false);
	outputs_release_atomic(&c->scan.outputs);
	return NOTIFY_DONE;
}

/**
 * core_request() - change a setting, and have the outputs follow
 * @c: the core
 * @setting: which
 * @value: its new value
 *
 * Context: may sleep; the outputs have followed on return.
 * Return: 0, or -EINVAL for a value beyond the limits (V1).
 */
int core_request(struct core *c, enum core_setting setting, u32 value)
{
	int ret = core_request_nowait(c, setting, value);

	if (!ret && c->worker)
		kthread_flush_work(&c->work);
	return ret;
}

/**
 * core_request_nowait() - change a setting, as core_request() does, without waiting
 * @c: the core
 * @setting: which
 * @value: its new value
 *
 * Context: any; where a line sleeps the outputs follow soon after.
 * Return: 0, or -EINVAL for a value beyond the limits (V1).
 */
int core_request_nowait(struct core *c, enum core_setting setting, u32 value)
{
	unsigned long flags;
	int ret;

	raw_spin_lock_irqsave(&c->scan.lock, flags);
	ret = core_check(c->scan.setting, setting, value);
	if (!ret) {
		scan_apply(&c->scan, setting, value);
		core_scan_locked(c);
	}
	raw_spin_unlock_irqrestore(&c->scan.lock, flags);
	return ret;
}

/**
 * core_report_soc() - a program reports the state of charge (S2)
 * @c: the core
 * @permille: the state of charge, up to 1000, or a negative number: it is unknown
 *	from now on (S3)
 *
 * However often that happens, few cycles follow from it (S5).
 *
 * Context: any; the outputs follow soon after.
 */
void core_report_soc(struct core *c, int permille)
{
	unsigned long flags;
	u64 now, due;

	raw_spin_lock_irqsave(&c->scan.lock, flags);
	now = ktime_get_boottime_ns();
	due = scan_report_soc(&c->scan, permille, now);
	if (due != NEVER && c->running)
		core_schedule_by(c, now + due);
	raw_spin_unlock_irqrestore(&c->scan.lock, flags);
}

/**
 * core_setting() - a setting, as requested last
 * @c: the core
 * @setting: which
 */
u32 core_setting(const struct core *c, enum core_setting setting)
{
	return READ_ONCE(c->scan.setting[setting]);
}

/**
 * core_snapshot() - the published state; waits for neither a bus nor a lock
 * @c: the core
 * @s: filled in
 */
void core_snapshot(const struct core *c, struct snapshot *s)
{
	snapshot_read(&c->publisher, s, NULL);
}

/**
 * core_times() - when outputs change next, without waiting
 * @c: the core
 * @times: filled in
 */
void core_times(const struct core *c, struct snapshot_times *times)
{
	snapshot_read(&c->publisher, NULL, times);
}

/**
 * core_stats() - counters since probe
 * @c: the core
 * @stats: filled in
 */
void core_stats(const struct core *c, struct core_stats *stats)
{
	const struct scan_stats *s = &c->scan.stats;

	*stats = (struct core_stats) {
		.pre_alarms = READ_ONCE(s->pre_alarms),
		.load_disconnects = READ_ONCE(s->load_disconnects),
		.charge_disconnects = READ_ONCE(s->charge_disconnects),
		.interrupts = atomic_read(&c->scan.edges.count),
		.rescans = atomic_read(&c->rescans),
		.missed_edges = READ_ONCE(c->scan.edges.missed),
		.read_errors = READ_ONCE(s->read_errors),
		.write_errors = READ_ONCE(s->write_errors),
	};
}

/**
 * devm_core_subscribe() - have an observer called after each transition
 * @dev: whose resources it belongs to
 * @c: the core
 * @nb: the observer; it is called in process context, in the order of &enum
 *	observer_priority, with a &struct snapshot_change or, if it is prompt, %NULL
 *
 * Return: 0, or a negative errno.
 */
int devm_core_subscribe(struct device *dev, struct core *c,
			struct notifier_block *nb)
{
	return devm_subscribe(dev, publisher_chain(&c->publisher, nb), nb);
}

/* Run no more cycles, and wait for one that is under way. */
static void core_pause(struct core *c)
{
	raw_spin_lock_irq(&c->scan.lock);
	c->running = false;
	raw_spin_unlock_irq(&c->scan.lock);

	hrtimer_cancel(&c->timer);
	if (c->worker)
		kthread_flush_worker(c->worker);
	watchdog_stop(&c->watchdog);
}

/* Run cycles, the first of them now. */
static void core_run(struct core *c)
{
	raw_spin_lock_irq(&c->scan.lock);
	c->running = true;
	raw_spin_unlock_irq(&c->scan.lock);
	core_scan_sync(c);
}

/**
 * core_suspend() - run no cycles while the system sleeps (T4)
 * @c: the core
 * @how: SLEEP_*
 *
 * Return: 0, or -EBUSY after a message, and cycles run as before.
 */
int core_suspend(struct core *c, u32 how)
{
	int ret;

	sleep_begin(&c->sleep, &c->scan, how);
	core_scan_sync(c);	/* what changed before an edge could wake */
	publisher_flush(&c->publisher);	/* still protected while others wait */
	core_pause(c);
	ret = sleep_enter(&c->sleep, c->dev, &c->scan, how);
	if (ret)
		core_resume(c, false);
	return ret;
}

/**
 * core_resume() - go on, with a look at all lines (T4)
 * @c: the core, suspended or hibernated
 * @released: whatever the outputs are by now, release them first, as the rules
 *	connect no load to an empty bank (L5)
 */
void core_resume(struct core *c, bool released)
{
	sleep_end(&c->sleep, c->dev, &c->scan, released);
	core_run(c);
}

/**
 * core_hibernate() - end to protect, as the system is switched off (F1)
 * @c: the core, not suspended; core_resume() may follow
 */
void core_hibernate(struct core *c)
{
	core_pause(c);
	outputs_release(c->dev, &c->scan.outputs);
}

/* End to protect, and release the outputs (F1). Later interrupts do nothing. */
static void core_stop(struct core *c)
{
	core_pause(c);
	publisher_disable(&c->publisher);
	outputs_release(c->dev, &c->scan.outputs);
}

/**
 * core_shutdown() - end to protect before the buses go (F1)
 * @c: the core; interrupts that come later do nothing
 * @retain: leave the outputs as they are if the board is healthy
 */
void core_shutdown(struct core *c, bool retain)
{
	struct snapshot_times times;
	struct snapshot s;

	core_pause(c);
	snapshot_read(&c->publisher, &s, &times);
	if (!retain || s.conditions || times.disconnect_at != NEVER ||
	    times.shed_at != NEVER || c->scan.outputs.unconfirmed)
		core_stop(c);
}

static void core_stop_action(void *data)
{
	struct core *c = data;

	atomic_notifier_chain_unregister(&panic_notifier_list, &c->panic);
	core_stop(c);
}

static void core_destroy_worker(void *data)
{
	kthread_destroy_worker(data);
}

static int core_create_worker(struct core *c)
{
	struct kthread_worker *worker = smallbms_run_worker(c->scan.name);
	int ret;

	if (IS_ERR(worker))
		return dev_err_probe(c->dev, PTR_ERR(worker),
				     "failed to create a thread\n");
	ret = devm_add_action_or_reset(c->dev, core_destroy_worker, worker);
	if (ret)
		return ret;
	sched_set_fifo(worker->task);
	kthread_init_work(&c->work, core_work);
	c->worker = worker;
	return 0;
}

/* Get all lines but the outputs, which the caller has. */
static int core_get_lines(struct core *c)
{
	struct scan *s = &c->scan;
	int ret;

	ret = inputs_get(c->dev, &s->inputs);
	if (!ret)
		ret = edges_get(c->dev, &s->edges, &s->inputs);
	if (!ret)
		ret = heartbeat_get(c->dev, &c->heartbeat);
	s->sleeps = s->inputs.sleeps || s->outputs.sleeps || c->heartbeat.sleeps;
	return ret;
}

/* Take the first sample, and apply all settings. Nothing is written. */
static void core_begin(struct core *c, const struct core_config *cfg, u32 found)
{
	struct scan *s = &c->scan;
	const struct protection_config protection = {
		.debounce.fitted = s->inputs.fitted & INPUTS_ALL,
		.steady_ms = STEADY_MS,
		.release_pre_alarm_on_disconnect =
			cfg->release_pre_alarm_on_disconnect,
	};
	const u32 back = OUTPUTS_ALL << INPUTS_BACK;
	enum core_setting n;

	scan_init(s, &protection, found);
	c->heartbeat.due_at = s->sampled_at;
	raw_spin_lock_irq(&s->lock);
	for (n = 0; n < CORE_SETTINGS; n++)
		scan_apply(s, n, cfg->setting[n]);
	if (!s->setting[CORE_POLL_INTERVAL])
		scan_apply(s, CORE_POLL_INTERVAL,
			   s->inputs.fitted & ~back & ~edges_fitted(&s->edges) ?
			   POLL_INTERVAL_MS : POLL_INTERVAL_INTERRUPTS_MS);
	core_publish(c, s->sampled_at);
	publisher_enable(&c->publisher);
	raw_spin_unlock_irq(&s->lock);
}

/**
 * core_start() - get all lines, and protect from now on
 * @c: the core; it stops, and releases the outputs, with its device's resources
 * @name: of the board, as long as the device is bound
 * @cfg: settings, within their limits
 *
 * Return: 0, or a negative errno after a message; core_abandon() is next then.
 */
int core_start(struct core *c, const char *name, const struct core_config *cfg)
{
	struct scan *s = &c->scan;
	u32 found;
	int ret;

	s->name = name;
	ret = core_get_lines(c);
	if (ret)
		return ret;
	if (s->sleeps) {
		ret = core_create_worker(c);
		if (ret)
			return ret;
	}
	found = outputs_read_initial(&s->outputs);
	inputs_add_back(&s->inputs, s->outputs.desc, s->outputs.readable);
	core_begin(c, cfg, found);
	ret = outputs_claim(c->dev, &s->outputs, found);
	if (ret)
		return ret;

	c->panic.notifier_call = core_panic;
	atomic_notifier_chain_register(&panic_notifier_list, &c->panic);
	ret = devm_add_action_or_reset(c->dev, core_stop_action, c);
	if (ret)
		return ret;
	core_run(c);

	ret = edges_start(c->dev, &s->edges, &s->inputs, core_edge, c);
	if (!ret)	/* what changed before interrupts were enabled */
		core_scan_sync(c);
	return ret;
}

/**
 * core_abandon() - the probe has failed
 * @c: the core
 * @error: of the probe
 *
 * Nobody watches over outputs that were found on, so they are released (F1). But a
 * probe that is only deferred leaves them, so that a reboot does not pulse the load.
 */
void core_abandon(struct core *c, int error)
{
	if (error != -EPROBE_DEFER)
		core_stop(c);
}

/**
 * core_create() - get the outputs, and leave them as they are
 * @dev: the device
 *
 * Return: the core, or an error pointer after a message.
 */
struct core *core_create(struct device *dev)
{
	struct core *c;
	int ret;

	c = devm_kzalloc(dev, sizeof(*c), GFP_KERNEL);
	if (!c)
		return ERR_PTR(-ENOMEM);
	c->dev = dev;
	raw_spin_lock_init(&c->scan.lock);
	publisher_init(&c->publisher, &c->scan.lock);
	watchdog_init(&c->watchdog, core_stalled, c);
	smallbms_hrtimer_setup(&c->timer, core_timer, CLOCK_BOOTTIME,
			       HRTIMER_MODE_ABS_HARD);

	ret = outputs_get(dev, &c->scan.outputs);
	if (!ret)
		return c;
	core_abandon(c, ret);
	return ERR_PTR(ret);
}
