/* SPDX-License-Identifier: GPL-2.0 */
/* What player.c and stimuli.c share: the rig, and the steps of a timeline. */
#ifndef _HOST_PLAYER_H
#define _HOST_PLAYER_H

#include "caller.h"

/* Time 0 of a timeline, on the rig */
#define EPOCH		(10 * SEC)

/**
 * struct step - a line of a timeline
 * @when: time on the rig; 0 is before all
 * @action: what it says
 * @bits: lines or outputs
 * @value: a time in ns, or a number
 */
struct step {
	u64 when;
	const struct action *action;
	u32 bits;
	u64 value;
};

/* What follows the words of an action */
enum argument {
	NOTHING,
	LINES,
	ONE_OUTPUT,		/* and more */
	NUMBER,
};

struct action {
	const char *words;
	enum argument argument;
	void (*apply)(const struct step *s);
	u64 (*answer)(void);
	void (*print)(u64 value);
};

/* stimuli.c: all that a step can say; ends with one without words */
extern const struct action actions[];

/* player.c: what is playing, and how it is set up */
extern struct rig rig;
extern struct protection_config config;
extern u32 sense_lines;
extern bool started;

void record_from_now(void);

/* How answers are printed */
void print_time(u64 value);
void print_on_off(u64 value);
void print_number(u64 value);
void print_yes_no(u64 value);
void print_lines(u64 value);
void print_outputs(u64 value);

#endif /* _HOST_PLAYER_H */
