/* SPDX-License-Identifier: GPL-2.0 */
/* Subscriptions to notifier chains, as resources of a device. */
#ifndef _SMALLBMS_SUBSCRIBE_H
#define _SMALLBMS_SUBSCRIBE_H

#include <linux/notifier.h>

struct device;

int devm_subscribe(struct device *dev, struct blocking_notifier_head *chain,
		   struct notifier_block *nb);

#endif /* _SMALLBMS_SUBSCRIBE_H */
