// SPDX-License-Identifier: GPL-2.0
/* See subscribe.h. */
#include <linux/device.h>

#include "subscribe.h"

/**
 * struct subscription - ends with the resources of its device
 * @chain: where the observer is
 * @nb: the observer
 */
struct subscription {
	struct blocking_notifier_head *chain;
	struct notifier_block *nb;
};

static void unsubscribe(void *data)
{
	struct subscription *s = data;

	blocking_notifier_chain_unregister(s->chain, s->nb);
}

/**
 * devm_subscribe() - have an observer called by a notifier chain
 * @dev: whose resources the subscription belongs to; when it ends, a call that is
 *	under way is waited for
 * @chain: the chain
 * @nb: the observer
 *
 * Context: may sleep.
 * Return: 0, or a negative errno.
 */
int devm_subscribe(struct device *dev, struct blocking_notifier_head *chain,
		   struct notifier_block *nb)
{
	struct subscription *s = devm_kmalloc(dev, sizeof(*s), GFP_KERNEL);
	int ret;

	if (!s)
		return -ENOMEM;
	s->chain = chain;
	s->nb = nb;
	ret = blocking_notifier_chain_register(chain, nb);
	if (ret)
		return ret;
	return devm_add_action_or_reset(dev, unsubscribe, s);
}
