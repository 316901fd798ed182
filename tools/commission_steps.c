// SPDX-License-Identifier: GPL-2.0
/*
 * The steps of a commissioning that are not about a signal line: the supply of
 * the computer, the remote, the outputs with a look at each device, and what
 * happens when the computer restarts or has no power.
 */
#include <string.h>
#include <unistd.h>

#include "commission.h"
#include "power.h"

/* A shed that sounds the pre-alarm ends so long before it would cut the load. */
#define SHED_MARGIN_MS 5000

/* ---- the supply of the computer (B5) */

static bool is_fed(const struct run *run, const char *supply)
{
	return !strcmp(run->report.supply, supply);
}

/* What to say before the load goes off, or nothing */
static const char *warning_of_supply(const struct run *run)
{
	static const char * const warning =
		" THIS COMPUTER IS FED BY THE LOAD OUTPUT (B5): feed it otherwise, or skip.";

	return is_fed(run, "load") ? warning : "";
}

/* Return: how power-down is configured, "" if it is not, "?" if that has mistakes */
static const char *configured_supply(struct run *run)
{
	char path[PATH_MAX], mistakes[VALUE_MAX];
	struct settings settings;
	bool good;

	if (strcmp(run->config->sysfs_root, "/sys"))
		snprintf(path, sizeof(path), "%s/power-down.conf",
			 run->config->sysfs_root);
	else
		snprintf(path, sizeof(path), SETTINGS_FILE);
	if (access(path, F_OK))
		return "";
	complain_into(mistakes, sizeof(mistakes));
	good = settings_read(path, &settings);
	complain_into(NULL, 0);
	if (!good)
		return "?";
	return settings.rules.supply == POWER_FROM_LOAD ? "load" : "bank";
}

static void judge_supply(struct run *run)
{
	const char *configured = configured_supply(run);

	if (*configured == '?')
		run_failed(run, STEP_SUPPLY, "supply",
			   "/etc/smallbms/power-down.conf has mistakes: see 'smallbms power-down --check'.");
	else if (*configured && !is_fed(run, "other") && !is_fed(run, configured))
		run_failed(run, STEP_SUPPLY, "supply",
			   "the computer is fed from the %s, but /etc/smallbms/power-down.conf says SUPPLY=%s. Correct that file.",
			   run->report.supply, configured);
	else if (is_fed(run, "load") &&
		 run_wired(run, "retain-state-shutdown") == WIRED_NO)
		run_failed(run, STEP_SUPPLY, "supply",
			   "the computer is fed from the load output, which floats in a reboot: it would switch itself off. Feed it from the bank, or set retain-state-shutdown in the device tree.");
	else if (is_fed(run, "load"))
		run_passed(run, STEP_SUPPLY,
			   "the computer is fed from the load output: a disconnect switches it off, and then nothing can charge the bank (B5). Let smallbms-power-down shut it down in time, with SUPPLY=load.");
	else if (is_fed(run, "bank"))
		run_passed(run, STEP_SUPPLY,
			   "the computer is fed from the bank: after a disconnect it lets the charger work, but draws on the last reserve (B5). smallbms-power-down, with SUPPLY=bank, limits that.");
	else
		run_passed(run, STEP_SUPPLY,
			   "the computer is fed from elsewhere, and does not depend on the bank");
}

/** run_supply - how the computer is fed, and what follows from that (B5) */
void run_supply(struct run *run)
{
	static const char * const fed[] = { "load", "bank", "other" };
	enum answer answer;
	char word[16];

	run_ask_other(run, STEP_SUPPLY,
		      "How is this computer fed: from the load output (load), from the bank before it (bank), or from elsewhere (other)?");
	for (;;) {
		answer = run_answer(run, "sq", 0, word, sizeof(word));
		if (answer != ANSWER_OTHER) {
			run_go(run, STEP_SUPPLY, answer);
			return;
		}
		for (size_t i = 0; i < ARRAY_SIZE(fed); i++) {
			if (strcmp(word, fed[i]) && (word[0] != *fed[i] || word[1]))
				continue;
			strcpy(run->report.supply, fed[i]);
			judge_supply(run);
			return;
		}
		run_ask_other(run, STEP_SUPPLY, "One of load, bank and other:");
	}
}

/* ---- the remote terminals */

static bool has_terminals(struct run *run)
{
	return run_wired(run, "remote-l-gpios") != WIRED_NO ||
	       run_wired(run, "remote-h-gpios") != WIRED_NO ||
	       run_wired(run, "remote-loop-gpios") != WIRED_NO;
}

/* Return: whether the terminals got so; otherwise it was concluded */
static bool await_terminals(struct run *run, bool on, const char *advice)
{
	const struct wish wish = { ATTR_TERMINALS, on };
	enum woken woken = run_await(run, &wish, 1, run->timeout_s);

	if (woken == WOKEN_LATE)
		run_failed(run, STEP_REMOTE, "stuck", "stuck: the terminals still say %s. %s",
			   on ? "off" : "on", advice);
	else if (woken != WOKEN_LOOK)
		run_woken(run, STEP_REMOTE, woken);
	return woken == WOKEN_LOOK;
}

/* The switch is closed, and the terminals say off. */
static void find_inverted(struct run *run)
{
	run_do(run, STEP_REMOTE, "The terminals say off. Open the switch.");
	if (!await_terminals(run, true,
			     "Neither position is on: check the wires at Remote L and H."))
		return;
	run_do(run, STEP_REMOTE, "The terminals say on. Close the switch again.");
	if (await_terminals(run, false, "The switch was on while open, and stays so."))
		run_failed(run, STEP_REMOTE, "inverted",
			   "inverted: on while the switch is open, off while it is closed. Correct the polarity of the remote lines in the device tree.");
}

/** run_remote - the switch at the terminals */
void run_remote(struct run *run)
{
	const struct wish off[] = { { ATTR_LOAD, false }, { ATTR_CHARGE, false } };
	enum answer answer;

	if (!has_terminals(run)) {
		run_unwired(run, STEP_REMOTE,
			    "not wired, by the device tree: the terminals are always on");
		return;
	}
	if (board_is_off(run_board(run), ATTR_TERMINALS)) {
		answer = run_ask(run, STEP_REMOTE, "ynsq",
				 "The switch at the terminals is off. Is it closed, or is the wire loop in its place?");
		if (answer == ANSWER_YES) {
			find_inverted(run);
			return;
		}
		if (answer != ANSWER_NO) {
			run_go(run, STEP_REMOTE, answer);
			return;
		}
		run_do(run, STEP_REMOTE, "Close the switch.");
		if (!await_terminals(run, true,
				     "Check the switch and the wires at Remote L and Remote H."))
			return;
	}
	if (!run_go(run, STEP_REMOTE,
		    run_ask(run, STEP_REMOTE, "ysq",
			    "Open the switch at the terminals, or pull off the wire loop. Loads and chargers go off at once.%s Begin?",
			    warning_of_supply(run))) ||
	    !await_terminals(run, false,
			     "Is the wire loop still in its place, beside the switch?"))
		return;
	if (run_await(run, off, ARRAY_SIZE(off), SETTLE_S) == WOKEN_LATE) {
		run_failed(run, STEP_REMOTE, "not-obeyed",
			   "the terminals are off, but load or charge is not. See 'smallbms status' and the kernel's log.");
		run_do(run, STEP_REMOTE, "Close the switch again.");
		return;
	}
	answer = run_ask(run, STEP_REMOTE, "ynsq",
			 "Look at them: are all loads and chargers off?");
	if (answer == ANSWER_QUIT)
		return;
	run_do(run, STEP_REMOTE, "Close the switch again.");
	if (!await_terminals(run, true,
			     "Check the switch and the wires at Remote L and Remote H."))
		return;
	if (answer == ANSWER_NO)
		run_failed(run, STEP_REMOTE, "not-confirmed",
			   "the board switched off, but a device went on. It does not hang on the board, needs an inverting cable, or is wired past it: see 'smallbms wiring'.");
	else if (run_go(run, STEP_REMOTE, answer))
		run_passed(run, STEP_REMOTE,
			   "the switch works, and everything goes off with it");
}

/* ---- outputs, confirmed at the device */

/**
 * struct trial - an output that is switched off, and on again
 * @outputs: what goes off, @count long
 */
struct trial {
	unsigned int step;
	enum changed_id change;
	const char *off;
	struct wish outputs[2];
	size_t count;
	const char *go;		/* may it be switched off? */
	const char *is_off;	/* is it? */
	const char *is_on;	/* and is it on again? */
	const char *advice;
	bool load;
};

static const struct trial trials[] = {
	{
		STEP_SOFTWARE_REMOTE, CHANGED_REMOTE, "off",
		{ { ATTR_LOAD, true }, { ATTR_CHARGE, true } }, 2,
		"Switch the software remote off? Loads and chargers go off at once.",
		"Look at them: are all loads and chargers off?",
		"Are they on again?",
		"Check at the board's load and charge terminals which one did not follow, then the wire from there to the device ('smallbms wiring').",
		true,
	}, {
		STEP_LOAD, CHANGED_LOAD_REQUEST, "off",
		{ { ATTR_LOAD, true } }, 1,
		"Switch the load output off? Everything that hangs on it goes off at once.",
		"Look at them: are all loads off, and nothing else?",
		"Are they on again?",
		"A load that went on does not hang on the load output, or needs an inverting cable; one that stays off may have to be switched on itself ('smallbms wiring').",
		true,
	}, {
		STEP_CHARGE, CHANGED_CHARGE_BEHAVIOUR, "inhibit-charge",
		{ { ATTR_CHARGE, true } }, 1,
		"Switch the charge output off? Every charger has to stop.",
		"Look at each charger: has it stopped?",
		"May they charge again? A charger may need a minute.",
		"The charger does not hang on the charge output, or its cable is the wrong one ('smallbms wiring').",
		false,
	},
};

static const char *off_reason(struct run *run, enum attribute_id id, char *text,
			      size_t size)
{
	if (board_is_off(run_board(run), id))
		words_off_reason(run_board(run), id == ATTR_LOAD ?
				 ATTR_LOAD_OFF_REASON : ATTR_CHARGE_OFF_REASON,
				 text, size);
	else
		snprintf(text, size, "%s",
			 attribute_why(run_board(run)->values[id].error));
	return text;
}

/* Of a condition that has passed: the output waits before it comes back. */
static bool is_waiting(const struct board *board, enum attribute_id id)
{
	const struct value *reason = &board->values[id == ATTR_LOAD ?
						    ATTR_LOAD_OFF_REASON :
						    ATTR_CHARGE_OFF_REASON];

	return board_is_off(board, id) && !reason->error &&
	       words_condition(reason->text) &&
	       !board_has_condition(board, reason->text);
}

/* Return: whether all outputs are on; otherwise that was concluded */
static bool begin_on(struct run *run, unsigned int step,
		     const struct wish *outputs, size_t count)
{
	/* What was read while they changed is old and new. */
	enum woken woken = run_await(run, outputs, count, SETTLE_S);
	char why[VALUE_MAX];

	if (woken == WOKEN_LATE)
		woken = WOKEN_LOOK;
	for (size_t i = 0; i < count && woken == WOKEN_LOOK; i++) {
		if (!is_waiting(run_board(run), outputs[i].id))
			continue;
		run_do(run, step,
		       "Wait: %s comes back by itself, after the delay that the tests before have caused.",
		       attributes[outputs[i].id].name);
		woken = run_await(run, &outputs[i], 1, run->timeout_s);
	}
	if (woken == WOKEN_SKIP || woken == WOKEN_QUIT) {
		run_woken(run, step, woken);
		return false;
	}
	for (size_t i = 0; i < count; i++) {
		if (board_is_on(run_board(run), outputs[i].id))
			continue;
		run_failed(run, step, "off", "cannot be tested, as %s is off: %s",
			   attributes[outputs[i].id].name,
			   off_reason(run, outputs[i].id, why, sizeof(why)));
		return false;
	}
	return true;
}

/* Return: false when the driver has no such switch; that was concluded */
static bool can_change(struct run *run, unsigned int step, enum changed_id id)
{
	const struct value *value = &run_board(run)->values[changed_attributes[id]];

	if (!value->error)
		return true;
	run_failed(run, step, "missing", "%s: %s",
		   attributes[changed_attributes[id]].name,
		   attribute_why(value->error));
	return false;
}

static void try_output(struct run *run, const struct trial *trial)
{
	struct wish off[2] = { trial->outputs[0], trial->outputs[1] };
	enum answer answer = ANSWER_NO, again = ANSWER_NO;
	enum woken woken;

	off[0].on = false;
	off[1].on = false;
	if (!can_change(run, trial->step, trial->change) ||
	    !begin_on(run, trial->step, trial->outputs, trial->count) ||
	    !run_go(run, trial->step,
		    run_ask(run, trial->step, "ysq", "%s%s", trial->go,
			    trial->load ? warning_of_supply(run) : "")) ||
	    !run_change(run, trial->change, trial->off))
		return;
	woken = run_await(run, off, trial->count, SETTLE_S);
	if (woken == WOKEN_LOOK) {
		answer = run_ask(run, trial->step, "ynsq", "%s", trial->is_off);
		if (answer == ANSWER_QUIT || !run_restore(run))
			return;
		woken = run_await(run, trial->outputs, trial->count,
				  run->timeout_s);
		if (woken == WOKEN_LOOK && answer == ANSWER_YES)
			again = run_ask(run, trial->step, "ynsq", "%s",
					trial->is_on);
	}
	if (woken == WOKEN_LATE)
		run_failed(run, trial->step, "not-obeyed",
			   "the board did not follow. See 'smallbms status' and the kernel's log.");
	else if (woken != WOKEN_LOOK)
		run_woken(run, trial->step, woken);
	else if (again == ANSWER_QUIT)
		return;
	else if (answer == ANSWER_SKIP || again == ANSWER_SKIP)
		run_go(run, trial->step, ANSWER_SKIP);
	else if (answer == ANSWER_NO || again == ANSWER_NO)
		run_failed(run, trial->step, "not-confirmed",
			   "the output was %s, and the device was not. %s",
			   answer == ANSWER_NO ? "off" : "on", trial->advice);
	else
		run_passed(run, trial->step,
			   "confirmed at the device, off and on again");
}

/** run_trial - switch an output, and let the person look at the devices */
void run_trial(struct run *run, unsigned int step)
{
	for (size_t i = 0; i < ARRAY_SIZE(trials); i++)
		if (trials[i].step == step)
			try_output(run, &trials[i]);
}

/* ---- the pre-alarm: raised by a shed, which ends before it cuts the load */

/** run_pre_alarm - is it noticed? */
void run_pre_alarm(struct run *run)
{
	const struct wish load = { ATTR_LOAD, true };
	const struct wish raised = { ATTR_PRE_ALARM, true };
	const struct wish ended = { ATTR_PRE_ALARM, false };
	const struct value *left;
	enum answer answer;
	enum woken woken;

	if (run_wired(run, "pre-alarm-gpios") == WIRED_NO) {
		run_unwired(run, STEP_PRE_ALARM, "not wired, by the device tree");
		return;
	}
	if (!can_change(run, STEP_PRE_ALARM, CHANGED_LOAD_REQUEST) ||
	    !begin_on(run, STEP_PRE_ALARM, &load, 1))
		return;
	if (board_is_on(run_board(run), ATTR_PRE_ALARM)) {
		run_failed(run, STEP_PRE_ALARM, "on",
			   "cannot be tested, as it is on before: it %s",
			   words_pre_alarm(run_board(run)));
		return;
	}
	answer = run_ask(run, STEP_PRE_ALARM, "ysq",
			 "Raise the pre-alarm? Go where you usually are. It ends before the load would be cut; the load stays on. Begin?");
	if (!run_go(run, STEP_PRE_ALARM, answer) ||
	    !run_change(run, CHANGED_LOAD_REQUEST, "shed"))
		return;
	woken = run_await(run, &raised, 1, SETTLE_S);
	if (woken == WOKEN_LATE)
		run_failed(run, STEP_PRE_ALARM, "not-obeyed",
			   "the board did not raise the pre-alarm. See 'smallbms status' and the kernel's log.");
	if (woken != WOKEN_LOOK) {
		run_woken(run, STEP_PRE_ALARM, woken);
		return;
	}
	left = &run_board(run)->values[ATTR_SHED_IN_MS];
	answer = run_ask_until(run, STEP_PRE_ALARM, now_s() +
			   (left->error ? 0 : left->number - SHED_MARGIN_MS) / 1e3,
			   "ynsq", "Do you hear or see it?");
	if (answer == ANSWER_QUIT || !run_restore(run))
		return;
	if (answer == ANSWER_LATE) {
		run_do(run, STEP_PRE_ALARM,
		       "It is over, to spare the load. Did you hear or see it?");
		answer = run_answer(run, "ynsq", 0, NULL, 0);
	}
	if (answer == ANSWER_NO)
		run_failed(run, STEP_PRE_ALARM, "not-confirmed",
			   "the pre-alarm output was high, but nobody noticed. Check the buzzer, lamp or relay, its polarity, and whether it can be heard there.");
	if (answer == ANSWER_SKIP || answer == ANSWER_NO)
		run_go(run, STEP_PRE_ALARM, answer == ANSWER_SKIP ? answer : ANSWER_QUIT);
	if (answer != ANSWER_YES)
		return;
	/* It may be held for its least time. */
	if (run_await(run, &ended, 1, run->timeout_s) == WOKEN_LATE)
		run_failed(run, STEP_PRE_ALARM, "not-obeyed",
			   "the pre-alarm was noticed, but does not end. See 'smallbms status'.");
	else if (!run_is_done(run))
		run_passed(run, STEP_PRE_ALARM, "noticed by the person");
}

/* ---- without the driver: a restart, and no power */

static bool is_retained(struct run *run, unsigned int step)
{
	return step == STEP_REBOOT &&
	       run_wired(run, "retain-state-shutdown") == WIRED_YES;
}

/** run_restart - the end of the first part: the computer restarts */
void run_restart(struct run *run, unsigned int step)
{
	static const char * const what[] = {
		"Reboot the computer, and watch the loads and the chargers meanwhile.",
		"Disconnect this computer's own supply, as it is, without shutting down anything; watch the loads and the chargers; then connect it again.",
	};
	bool reboot = step == STEP_REBOOT;
	struct board *board = run_board(run);

	if (reboot && is_fed(run, "load") &&
	    run_wired(run, "retain-state-shutdown") == WIRED_NO) {
		run_skipped(run, step,
			    "a reboot would switch this computer off: see the step supply");
		return;
	}
	if (!run_go(run, step, run_ask(run, step, "ysq",
				       "%s This program ends here, and goes on afterwards. Begin?",
				       reboot ? "Next, you reboot this computer." :
				       "Next, you take away this computer's own supply.")))
		return;
	board = run_board(run);
	run->report.load = board_is_on(board, ATTR_LOAD);
	run->report.charge = board_is_on(board, ATTR_CHARGE);
	run->stopped = true;
	run->restarts = true;
	run_do(run, step, "%s Then: smallbms commission --resume",
	       what[!reboot]);
}

/** run_restarted - the computer has restarted in that step: how was it? */
void run_restarted(struct run *run)
{
	unsigned int step = run->report.running;
	bool reboot = step == STEP_REBOOT, retained = is_retained(run, step);
	struct wish on[2];
	size_t count = 0;
	enum answer answer;
	enum woken woken;
	char why[VALUE_MAX];

	if (run->report.load)
		on[count++] = (struct wish){ ATTR_LOAD, true };
	if (run->report.charge)
		on[count++] = (struct wish){ ATTR_CHARGE, true };
	woken = run_await(run, on, count, run->timeout_s);
	if (woken == WOKEN_LATE) {
		enum attribute_id id = board_is_on(run_board(run), on[0].id) ?
				       on[count - 1].id : on[0].id;

		run_failed(run, step, "not-obeyed",
			   "%s did not come back after the restart: %s",
			   attributes[id].name,
			   off_reason(run, id, why, sizeof(why)));
	}
	if (woken != WOKEN_LOOK) {
		run_woken(run, step, woken);
		return;
	}
	answer = run_ask(run, step, "ynsq", "Did all loads and chargers %s while the computer %s?",
			 retained ? "stay on" : "go off",
			 reboot ? "restarted" : "had no power");
	if (answer == ANSWER_YES)
		run_passed(run, step, retained ?
			   "loads and chargers stayed on (retain-state-shutdown)" :
			   "loads and chargers went off, and came back by themselves");
	else if (answer == ANSWER_NO && retained)
		run_failed(run, step, "not-kept",
			   "the outputs were not kept over the reboot: they must be on an expander that keeps its power, and no condition may be active then.");
	else if (answer == ANSWER_NO)
		run_failed(run, step, "not-floating",
			   "an output stayed high without the driver: nobody would float it after a crash. Check its pull-down resistor, and the state of its pin from reset on. Do not rely on the board before that.");
	else
		run_go(run, step, answer);
}
