// SPDX-License-Identifier: GPL-2.0
/* The log: changes only, each kind with a rate limit of its own. */
#include <linux/device.h>
#include <linux/mutex.h>
#include <linux/ratelimit.h>
#include <linux/string_helpers.h>

#include "core.h"
#include "measurements.h"
#include "observers.h"

/**
 * struct log_output - rate limits of the messages of one output
 * @switched: disconnected by a person, and connected again
 * @tripped: disconnected by a rule, and connected again: a remote that is toggled
 *	must not hide this
 */
struct log_output {
	struct ratelimit_state switched;
	struct ratelimit_state tripped;
};

/**
 * struct log - the log of one board
 * @board: the board
 * @snapshots: called with transitions
 * @measurements: called with measurements
 * @lock: guards @logged
 * @logged: the snapshot, with the measurements' conditions, that was logged last
 * @conditions: rate limit of their messages
 * @pre_alarm: rate limit of its messages
 * @load: rate limits of its messages
 * @charge: rate limits of its messages
 */
struct log {
	struct board *board;
	struct notifier_block snapshots;
	struct notifier_block measurements;
	struct mutex lock;	/* guards @logged */
	struct snapshot logged;
	struct ratelimit_state conditions;
	struct ratelimit_state pre_alarm;
	struct log_output load;
	struct log_output charge;
};

static bool by_person(u32 reason)
{
	return reason == REASON_TERMINALS || reason == REASON_REMOTE ||
	       reason == REASON_USER || reason == REASON_REQUEST_OFF ||
	       reason == REASON_REQUEST_SHED;
}

static void log_output(struct log *l, struct log_output *o, const char *name,
		       u32 old_reason, u32 new_reason)
{
	bool connected = new_reason == REASON_NONE;
	u32 reason = connected ? old_reason : new_reason;

	if (!__ratelimit(by_person(reason) ? &o->switched : &o->tripped))
		return;
	if (connected)
		dev_info(l->board->dev, "%s connected\n", name);
	else
		dev_warn(l->board->dev, "%s disconnected: %s\n", name,
			 reason_name(reason));
}

static void log_conditions(struct log *l, u32 conditions)
{
	char text[160];

	if (!__ratelimit(&l->conditions))
		return;
	conditions_print(conditions, text, sizeof(text));
	dev_info(l->board->dev, "conditions: %s\n", text);
}

static void log_voltage(struct log *l, u32 conditions)
{
	int voltage_uv;

	if (conditions & CONDITION_VOLTAGE &&
	    measurements_get(l->board->measurements, MEASUREMENT_VOLTAGE,
			     &voltage_uv))
		dev_warn_ratelimited(l->board->dev,
				     "voltage is %d mV, outside %d to %d V\n",
				     voltage_uv / 1000, VOLTAGE_MIN_UV / 1000000,
				     VOLTAGE_MAX_UV / 1000000);
}

/* Log what differs from the last time. */
static void log_update(struct log *l)
{
	struct snapshot *old = &l->logged;
	struct snapshot new;
	u32 outputs, conditions;

	mutex_lock(&l->lock);
	core_snapshot(l->board->core, &new);
	new.conditions |= measurements_conditions(l->board->measurements);
	outputs = old->outputs ^ new.outputs;
	conditions = old->conditions ^ new.conditions;

	if (conditions & CONDITION_VOLTAGE)
		log_voltage(l, new.conditions);
	if (conditions & ~CONDITION_VOLTAGE)
		log_conditions(l, new.conditions);
	if (outputs & OUTPUT_PRE_ALARM && __ratelimit(&l->pre_alarm))
		dev_warn(l->board->dev, "pre-alarm %s\n",
			 str_on_off(new.outputs & OUTPUT_PRE_ALARM));
	if (outputs & OUTPUT_LOAD)
		log_output(l, &l->load, "load", old->load_reason,
			   new.load_reason);
	if (outputs & OUTPUT_CHARGE)
		log_output(l, &l->charge, "charge", old->charge_reason,
			   new.charge_reason);
	*old = new;
	mutex_unlock(&l->lock);
}

static int log_snapshot(struct notifier_block *nb, unsigned long event,
			void *data)
{
	const struct snapshot_change *change = data;

	if (!change->more)
		log_update(container_of(nb, struct log, snapshots));
	return NOTIFY_DONE;
}

static int log_measurements(struct notifier_block *nb, unsigned long event,
			    void *data)
{
	log_update(container_of(nb, struct log, measurements));
	return NOTIFY_DONE;
}

static void log_limit(struct ratelimit_state *limit)
{
	ratelimit_state_init(limit, DEFAULT_RATELIMIT_INTERVAL,
			     DEFAULT_RATELIMIT_BURST);
}

/**
 * log_attach() - log what the board does, beginning with its present state
 * @b: the board
 *
 * Return: 0, or a negative errno.
 */
int log_attach(struct board *b)
{
	struct log *l = devm_kzalloc(b->dev, sizeof(*l), GFP_KERNEL);
	int ret;

	if (!l)
		return -ENOMEM;
	l->board = b;
	mutex_init(&l->lock);
	log_limit(&l->conditions);
	log_limit(&l->pre_alarm);
	log_limit(&l->load.switched);
	log_limit(&l->load.tripped);
	log_limit(&l->charge.switched);
	log_limit(&l->charge.tripped);

	l->snapshots.notifier_call = log_snapshot;
	l->snapshots.priority = OBSERVER_LOG;
	ret = devm_core_subscribe(b->dev, b->core, &l->snapshots);
	if (ret)
		return ret;
	l->measurements.notifier_call = log_measurements;
	l->measurements.priority = OBSERVER_LOG;
	ret = devm_measurements_subscribe(b->dev, b->measurements,
					  &l->measurements);
	if (ret)
		return ret;
	log_update(l);
	return 0;
}
