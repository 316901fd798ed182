/* SPDX-License-Identifier: GPL-2.0 */
/*
 * smallbms-nut - a file for each board, which the driver dummy-ups of NUT reads
 *
 * main.c waits for the kernel and the clock, state.c says what a board is to NUT,
 * files.c replaces the files.
 */
#ifndef NUT_H
#define NUT_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>

#include "../smallbms.h"

#define NUT_FOLDER "/run/smallbms-nut"
/* All lines of a file; a value has 127 characters at most (dummy-ups) */
#define NUT_TEXT_MAX 2048
#define NUT_VALUE_MAX 128

/**
 * struct nut_countdown - what is remembered of a board's countdown
 * @begun: a cut counts down, and the lines are believed
 * @since_ms: since when
 */
struct nut_countdown {
	bool begun;
	long long since_ms;
};

/* state.c */
int nut_state(const struct board *board, struct nut_countdown *countdown,
	      long long now_ms, char *text, size_t size);
void nut_state_lost(const char *name, const char *why, char *text, size_t size);

/* files.c */
enum result nut_write(const char *folder, const char *name, const char *text);
enum result nut_lose_all(const char *folder, const char *why,
			 bool (*keep)(void *context, const char *name),
			 void *context);

#endif /* NUT_H */
