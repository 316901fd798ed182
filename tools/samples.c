// SPDX-License-Identifier: GPL-2.0
/* Samples in the text format of Prometheus. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "samples.h"

/* Return: the bytes of the character at @c, or 0 if that is no UTF-8 */
static size_t utf8_length(const unsigned char *c)
{
	static const unsigned int least[] = { 0, 0, 0x80, 0x800, 0x10000 };
	size_t length = 1 + (*c >= 0xc0) + (*c >= 0xe0) + (*c >= 0xf0);
	unsigned int code = *c & (0xff >> (length + 1));

	if (*c < 0x80)
		return 1;
	if (length == 1 || *c > 0xf4)
		return 0;
	for (size_t i = 1; i < length; i++) {
		if ((c[i] & 0xc0) != 0x80)
			return 0;
		code = code << 6 | (c[i] & 0x3f);
	}
	if (code < least[length] || code > 0x10ffff ||
	    (code >= 0xd800 && code <= 0xdfff))
		return 0;
	return length;
}

/**
 * samples_quote - make a text the value of a label
 * @to: has room for SAMPLES_QUOTED() of it, and its end
 *
 * A byte that is not UTF-8 becomes text, for it would make the whole output
 * invalid.
 *
 * Return: the end of what was written
 */
char *samples_quote(char *to, const char *text)
{
	for (; *text; text++) {
		size_t length = utf8_length((const unsigned char *)text);

		if (!length) {
			to += sprintf(to, "\\\\x%02x", (unsigned char)*text);
			continue;
		}
		if (*text == '\\' || *text == '"' || *text == '\n')
			*to++ = '\\';
		to = *text == '\n' ? stpcpy(to, "n") : mempcpy(to, text, length);
		text += length - 1;
	}
	*to = '\0';
	return to;
}

/** samples_drop - drop all but the first @count of them */
void samples_drop(struct samples *samples, size_t count)
{
	while (samples->count > count) {
		struct sample *sample = &samples->sample[--samples->count];

		free(sample->metric);
		free(sample->labels);
		free(sample->value);
		free(sample->help);
	}
	if (!count) {
		free(samples->sample);
		*samples = (struct samples){ 0 };
	}
}

/**
 * samples_add - add a sample; its help is printed if it is the first of its name
 *
 * Return: false if the board has it already, under the same labels
 */
bool samples_add(struct samples *samples, const char *metric,
		 const char *labels, const char *value, const char *help)
{
	struct sample *sample;

	for (size_t i = samples->begin; i < samples->count; i++) {
		sample = &samples->sample[i];
		if (!strcmp(sample->metric, metric) &&
		    !strcmp(sample->labels, labels))
			return false;
	}
	if (samples->count == samples->room) {
		size_t room = samples->room * 2 + 64;

		sample = reallocarray(samples->sample, room, sizeof(*sample));
		samples->no_memory |= !sample;
		if (samples->no_memory)
			return true;
		samples->sample = sample;
		samples->room = room;
	}
	sample = &samples->sample[samples->count];
	*sample = (struct sample){ strdup(metric), strdup(labels),
				   strdup(value), strdup(help) };
	samples->no_memory |= !sample->metric || !sample->labels ||
			      !sample->value || !sample->help;
	samples->count++;
	return true;
}

static int compare(const void *a, const void *b)
{
	const struct sample *one = a, *other = b;
	int order = strcmp(one->metric, other->metric);

	return order ? order : strcmp(one->labels, other->labels);
}

static bool is_counter(const char *metric)
{
	size_t length = strlen(metric), end = strlen(SAMPLES_TOTAL);

	return length > end && !strcmp(metric + length - end, SAMPLES_TOTAL);
}

/** samples_print - print them sorted, so that those of a name are together */
void samples_print(struct samples *samples, FILE *file)
{
	const char *metric = "";

	qsort(samples->sample, samples->count, sizeof(*samples->sample),
	      compare);
	for (size_t i = 0; i < samples->count; i++) {
		const struct sample *sample = &samples->sample[i];

		if (strcmp(sample->metric, metric)) {
			metric = sample->metric;
			fprintf(file, "# HELP %s %s\n# TYPE %s %s\n", metric,
				sample->help, metric,
				is_counter(metric) ? "counter" : "gauge");
		}
		fprintf(file, "%s%s %s\n", metric, sample->labels,
			sample->value);
	}
}

/**
 * samples_write - replace a file as a whole, or leave it as it is
 *
 * The new one has a name beside it at first that the textfile collector passes
 * over, and may be read by all, whatever the umask. It is not synced: an old
 * file or none is as good after a power failure, and a card lives longer.
 */
enum result samples_write(struct samples *samples, const char *path)
{
	enum result result = FAILED;
	FILE *file = NULL;
	char *new;
	int fd;

	if (asprintf(&new, "%s.XXXXXX", path) < 0)
		return FAILED;
	fd = mkostemp(new, O_CLOEXEC);
	if (fd >= 0)
		file = fdopen(fd, "w");
	if (file) {
		samples_print(samples, file);
		if (!fflush(file) && !ferror(file) && !fchmod(fd, 0644) &&
		    !rename(new, path))
			result = DONE;
	}
	if (result)
		complain(path, "cannot be written: %s", strerror(errno));
	if (result && fd >= 0)
		unlink(new);
	if (file)
		fclose(file);
	free(new);
	return result;
}
