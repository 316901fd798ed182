// SPDX-License-Identifier: GPL-2.0
/*
 * A core that has no lines and runs no cycles: it publishes what a test wants, and
 * keeps what is requested of it. Limits and publishing are the driver's own.
 */
#include <linux/device.h>
#include <linux/spinlock.h>

#include "inject.h"
#include "kunit.h"

struct core {
	raw_spinlock_t lock;
	struct publisher publisher;
	u32 setting[CORE_SETTINGS];
	int soc;
};

/* Each counter has a value of its own. */
const struct core_stats fake_core_stats = {
	.pre_alarms = 11,
	.load_disconnects = 12,
	.charge_disconnects = 13,
	.interrupts = 14,
	.rescans = 15,
	.missed_edges = 16,
	.read_errors = 17,
	.write_errors = U32_MAX,
};

int core_request_nowait(struct core *c, enum core_setting setting, u32 value)
{
	int ret = core_check(c->setting, setting, value);

	if (!ret)
		c->setting[setting] = value;
	return ret;
}

int core_request(struct core *c, enum core_setting setting, u32 value)
{
	return core_request_nowait(c, setting, value);
}

void core_report_soc(struct core *c, int permille)
{
	c->soc = permille;
}

u32 core_setting(const struct core *c, enum core_setting setting)
{
	return c->setting[setting];
}

void core_snapshot(const struct core *c, struct snapshot *s)
{
	snapshot_read(&c->publisher, s, NULL);
}

void core_times(const struct core *c, struct snapshot_times *times)
{
	snapshot_read(&c->publisher, NULL, times);
}

void core_stats(const struct core *c, struct core_stats *stats)
{
	*stats = fake_core_stats;
}

struct subscription {
	struct blocking_notifier_head *chain;
	struct notifier_block *nb;
};

static void unsubscribe(void *data)
{
	struct subscription *s = data;

	blocking_notifier_chain_unregister(s->chain, s->nb);
}

int devm_core_subscribe(struct device *dev, struct core *c,
			struct notifier_block *nb)
{
	struct subscription *s;

	if (inject_fault())
		return -ENOMEM;
	s = devm_kmalloc(dev, sizeof(*s), GFP_KERNEL);
	if (!s)
		return -ENOMEM;
	s->chain = publisher_chain(&c->publisher, nb);
	s->nb = nb;
	blocking_notifier_chain_register(s->chain, nb);
	return devm_add_action_or_reset(dev, unsubscribe, s);
}

/**
 * fake_core_publish() - publish snapshots faster than observers are called
 * @c: the core
 * @s: the snapshots
 * @n: number of them
 *
 * On return observers were called.
 */
void fake_core_publish(struct core *c, const struct snapshot *s, unsigned int n)
{
	unsigned int i;

	raw_spin_lock_irq(&c->lock);
	for (i = 0; i < n; i++)
		publish(&c->publisher, &s[i], &c->publisher.times);
	raw_spin_unlock_irq(&c->lock);
	publisher_flush(&c->publisher);
}

/**
 * fake_core_set() - change the newest snapshot, and call nobody
 * @c: the core
 * @s: the snapshot
 */
void fake_core_set(struct core *c, const struct snapshot *s)
{
	raw_spin_lock_irq(&c->lock);
	c->publisher.enabled = false;
	publish(&c->publisher, s, &c->publisher.times);
	c->publisher.enabled = true;
	raw_spin_unlock_irq(&c->lock);
}

/**
 * fake_core_times() - publish when outputs change next
 * @c: the core
 * @times: see &struct snapshot_times
 */
void fake_core_times(struct core *c, struct snapshot_times times)
{
	struct snapshot s;

	core_snapshot(c, &s);
	raw_spin_lock_irq(&c->lock);
	publish(&c->publisher, &s, &times);
	raw_spin_unlock_irq(&c->lock);
}

/**
 * fake_core_soc() - the state of charge that was reported last
 * @c: the core
 *
 * Return: permille, negative if it was forgotten, or INT_MAX if there was none.
 */
int fake_core_soc(const struct core *c)
{
	return c->soc;
}

/**
 * fake_core_is_observed() - check that somebody has subscribed
 * @c: the core
 */
bool fake_core_is_observed(const struct core *c)
{
	return rcu_access_pointer(c->publisher.observers.head);
}

static void stop(void *data)
{
	struct core *c = data;

	publisher_disable(&c->publisher);
}

/**
 * fake_core() - a core whose snapshot is zeroed
 * @test: what it lives as long as
 *
 * Return: the core; a test that cannot have one fails here.
 */
struct core *fake_core(struct kunit *test)
{
	struct core *c = kunit_kzalloc(test, sizeof(*c), GFP_KERNEL);
	enum core_setting n;

	KUNIT_ASSERT_NOT_NULL(test, c);
	for (n = 0; n < CORE_SETTINGS; n++)
		c->setting[n] = core_limits(c->setting, n).fallback;
	c->soc = INT_MAX;
	raw_spin_lock_init(&c->lock);
	publisher_init(&c->publisher, &c->lock);
	KUNIT_ASSERT_EQ(test, kunit_add_action_or_reset(test, stop, c), 0);
	raw_spin_lock_irq(&c->lock);
	publisher_enable(&c->publisher);
	raw_spin_unlock_irq(&c->lock);
	return c;
}
