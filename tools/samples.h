/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Samples in the text format of Prometheus: collected in any order, printed as
 * the format wants them, or written to a file that is replaced as a whole.
 */
#ifndef SAMPLES_H
#define SAMPLES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "smallbms.h"

/* The end of a counter's name; everything else is a gauge */
#define SAMPLES_TOTAL "_total"

/* A byte of text becomes five characters at most: \\xff */
#define SAMPLES_QUOTED(length) (5 * (length))

/**
 * struct sample - a line of the output
 * @metric: its name
 * @labels: in braces, or empty
 * @value: a number
 * @help: a sentence about the metric
 */
struct sample {
	char *metric;
	char *labels;
	char *value;
	char *help;
};

/**
 * struct samples - what was collected so far
 * @sample: each of them, @count long, with room for @room
 * @begin: where those of the present board begin
 * @no_memory: not all is there
 */
struct samples {
	struct sample *sample;
	size_t count;
	size_t room;
	size_t begin;
	bool no_memory;
};

char *samples_quote(char *to, const char *text);
bool samples_add(struct samples *samples, const char *metric,
		 const char *labels, const char *value, const char *help);
void samples_drop(struct samples *samples, size_t count);
void samples_print(struct samples *samples, FILE *file);
enum result samples_write(struct samples *samples, const char *path);

#endif /* SAMPLES_H */
