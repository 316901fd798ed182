// SPDX-License-Identifier: GPL-2.0
/*
 * What the board tells of itself, in its own time: log, LEDs, attributes, power
 * supply. Nothing here delays a turn.
 */
#include <linux/device.h>
#include <linux/string_helpers.h>

#include "board.h"

static void report_output(struct board *b, const char *output, u32 reason)
{
	if (reason == PROTECTION_NO_REASON)
		dev_info_ratelimited(b->dev, "%s connected\n", output);
	else
		dev_warn_ratelimited(b->dev, "%s disconnected: %s\n", output,
				     reason_name(reason));
}

static void report_log(struct board *b, const struct board_view *old,
		       const struct board_view *new)
{
	u32 outputs = old->outputs ^ new->outputs;
	char conditions[160];

	if (old->conditions != new->conditions) {
		conditions_print(new->conditions, conditions, sizeof(conditions));
		dev_info_ratelimited(b->dev, "conditions: %s\n", conditions);
	}
	if (outputs & PROTECTION_PRE_ALARM)
		dev_warn_ratelimited(b->dev, "pre-alarm %s\n",
				     str_on_off(new->outputs & PROTECTION_PRE_ALARM));
	if (outputs & PROTECTION_LOAD)
		report_output(b, "load", new->load_reason);
	if (outputs & PROTECTION_CHARGE)
		report_output(b, "charge", new->charge_reason);
}

/**
 * report_work() - tell the rest of the system what has changed since last time
 * @work: @report of a &struct board
 */
void report_work(struct work_struct *work)
{
	struct board *b = container_of(work, struct board, report);
	struct board_view view;

	gpiochip_report(b);
	board_view(b, &view, NULL);
	if (!memcmp(&view, &b->reported, sizeof(view)))
		return;

	leds_report(b, &view);
	report_log(b, &b->reported, &view);
	attrs_report(b, &b->reported, &view);
	b->reported = view;
	supply_report(b);
}
