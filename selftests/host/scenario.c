// SPDX-License-Identifier: GPL-2.0
/*
 * Reads and plays the stories in scenarios/. A story is a title, which begins
 * with the numbers of the requirements that it shows, and indented lines:
 *
 *	todo			known to fail; does not fail the tests
 *	with SETTING		of the whole story, see set()
 *	before STIMULUS		how things are when the story begins
 *	TIME STIMULUS		see stimulus()
 *	TIME => OUTPUT on|off	an output changes at this very nanosecond
 *	FROM..TO => ...		an output changes once, somewhere in between
 *	TIME LINES pulse ON/OFF until TIME	on for ON, off for OFF, and again
 *	TIME is WHAT VALUE	what the rules tell, after all else of that time
 *	TIME end		the last moment that is looked at
 *
 * Every change of an output must be told, and none but those that are told may
 * happen, from 0s until 100 s after the last line, or until "end". A story
 * without "start" begins with a board that has been running for a while: all
 * lines fitted and quiet, the remote on, load and charge on.
 *
 * Numbers here come from the requirements, never from driver/protection.h.
 * Every story is told several times: around different times of the clock, with
 * and without a re-scan, with edges reported always or only where needed, and
 * with the reading put off to the end of the debounce. None of that may change
 * it.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "caller.h"
#include "tests.h"

#define EPOCH		(10 * SEC)	/* 0s of the stories on the bench */
#define ROOM		256		/* outputs' changes in a story */
#define VARIANTS	27

enum kind { STIMULUS, EXPECTATION, QUESTION, START, END };

struct entry {
	enum kind kind;
	u64 from;
	u64 to;
	unsigned int order;
	unsigned int line;
	const char *text;
};

struct story {
	const char *path;
	unsigned int line;
	const char *title;
	bool todo;
	struct entry *entries;
	unsigned int n;
	struct story *next;
};

struct change {
	u64 from;
	u64 to;
	u32 output;
	bool on;
	unsigned int line;
};

enum edges { HIDDEN, ALL, PATIENT };

struct variant {
	u64 clock;
	u64 poll_ns;
	enum edges edges;
};

struct word {
	const char *name;
	u32 value;
};

static const struct word lines[] = {
	{ "low", PROTECTION_CELL_LOW },
	{ "undervoltage", PROTECTION_CELL_UNDERVOLTAGE },
	{ "overvoltage", PROTECTION_CELL_OVERVOLTAGE },
	{ "over-temperature", PROTECTION_OVER_TEMPERATURE },
	{ "under-temperature", PROTECTION_UNDER_TEMPERATURE },
	{ "charge-inhibit", PROTECTION_CHARGE_INHIBIT },
	{ "remote-l", PROTECTION_REMOTE_L },
	{ "remote-h", PROTECTION_REMOTE_H },
	{ "remote-loop", PROTECTION_REMOTE_LOOP },
	{ }
};

static const struct word outputs[] = {
	{ "load", PROTECTION_LOAD },
	{ "charge", PROTECTION_CHARGE },
	{ "pre-alarm", PROTECTION_PRE_ALARM },
	{ }
};

static const struct word reasons[] = {
	{ "none", PROTECTION_NO_REASON },
	{ "terminals", PROTECTION_BY_TERMINALS },
	{ "remote", PROTECTION_BY_REMOTE },
	{ "user", PROTECTION_BY_USER },
	{ "io-error", PROTECTION_BY_IO_ERROR },
	{ "sense-mismatch", PROTECTION_BY_SENSE_MISMATCH },
	{ }
};

static struct story *stories, **last_story = &stories;

/* What is being played. */
static struct bench bench;
static struct protection_config config;
static struct change told[ROOM], seen[ROOM];
static unsigned int n_told, n_seen;
static bool story_failed;

static const struct story *the_story;
static const struct variant *the_variant;

static void die(const char *path, unsigned int line, const char *text)
{
	fprintf(stderr, "%s:%u: not understood: %s\n", path, line, text);
	exit(2);
}

static void __printf(2, 3)
complain(unsigned int line, const char *format, ...)
{
	static const char * const edges[] = {
		[HIDDEN] = "edges only where no reading shows them",
		[ALL] = "all edges",
		[PATIENT] = "read when the debounce is over",
	};
	va_list args;

	if (!story_failed)
		printf("# clock %llu, re-scan %llu ms, %s:\n",
		       (unsigned long long)the_variant->clock,
		       (unsigned long long)(bench.poll_ns / MS),
		       edges[the_variant->edges]);
	story_failed = true;
	printf("# %s:%u: ", the_story->path, line);
	va_start(args, format);
	vprintf(format, args);
	va_end(args);
	putchar('\n');
}

static const char *show(u64 time)
{
	static char text[4][40];
	static unsigned int turn;
	char *s = text[turn++ % 4];

	if (time == PROTECTION_NEVER)
		return "never";
	snprintf(s, sizeof(text[0]), "%llu.%09llus",
		 (unsigned long long)(time / SEC),
		 (unsigned long long)(time % SEC));
	return s;
}

/* Reading */

/* The rest of @text if it begins with the whole word @word, or NULL. */
static const char *after(const char *text, const char *word)
{
	size_t n = strlen(word);

	if (strncmp(text, word, n) || (text[n] && !strchr(" \t,", text[n])))
		return NULL;
	text += n;
	return text + strspn(text, " \t");
}

static bool begins(const char *text, const char *word, const char **rest)
{
	*rest = after(text, word);
	return *rest;
}

/* Like "40.02s", "20ms"; exact. */
static const char *read_time(const char *text, u64 *time)
{
	static const struct {
		const char *unit;
		u64 ns;
	} units[] = {
		{ "ns", 1 }, { "us", 1000 }, { "ms", MS }, { "s", SEC },
	};
	unsigned int i;
	u64 whole = 0, rest = 0, digits = 1;
	char *end;

	if (*text < '0' || *text > '9')
		return NULL;
	whole = strtoull(text, &end, 10);
	if (*end == '.' && end[1] != '.') {
		for (end++; *end >= '0' && *end <= '9'; end++) {
			rest = rest * 10 + *end - '0';
			digits *= 10;
		}
	}
	for (i = 0; i < ARRAY_SIZE(units); i++) {
		if (strncmp(end, units[i].unit, strlen(units[i].unit)))
			continue;
		if (rest * units[i].ns % digits)
			return NULL;
		*time = whole * units[i].ns + rest * units[i].ns / digits;
		return end + strlen(units[i].unit);
	}
	return NULL;
}

static const char *read_word(const char *text, const struct word *words,
			     u32 *value)
{
	for (; words->name; words++) {
		const char *rest = after(text, words->name);

		if (rest) {
			*value = words->value;
			return rest;
		}
	}
	return NULL;
}

static const char *read_lines(const char *text, u32 *bits)
{
	u32 line;

	for (*bits = 0;; text += 1 + strspn(text + 1, " \t")) {
		text = read_word(text, lines, &line);
		if (!text)
			return NULL;
		*bits |= PROTECTION_BIT(line);
		if (*text != ',')
			return text;
	}
}

static void add(struct story *story, enum kind kind, u64 from, u64 to,
		unsigned int line, const char *text)
{
	struct entry *e;

	story->entries = realloc(story->entries,
				 (story->n + 1) * sizeof(*story->entries));
	if (!story->entries)
		exit(2);
	e = &story->entries[story->n];
	*e = (struct entry) {
		.kind = kind, .from = from, .to = to,
		.order = story->n++, .line = line, .text = text,
	};
}

static char *copy(const char *text, size_t n)
{
	char *s = malloc(n + 1);

	if (!s)
		exit(2);
	memcpy(s, text, n);
	s[n] = '\0';
	return s;
}

/* LINES pulse ON/OFF until TIME: on for ON, then off for OFF, and again. */
static bool add_pulses(struct story *story, u64 from, unsigned int line,
		       const char *text)
{
	u32 bits;
	u64 on, off, until, t;
	const char *rest = read_lines(text, &bits);
	const char *name_on, *name_off;

	if (rest)
		rest = after(rest, "pulse");
	if (rest)
		rest = read_time(rest, &on);
	if (!rest || *rest++ != '/')
		return false;
	rest = read_time(rest, &off);
	if (rest)
		rest = after(rest + strspn(rest, " "), "until");
	if (!rest || !read_time(rest, &until))
		return false;

	name_on = copy(text, strstr(text, "pulse") - text + 3);
	memcpy(strrchr(name_on, ' ') + 1, "on", 3);
	name_off = copy(text, strstr(text, "pulse") - text + 3);
	memcpy(strrchr(name_off, ' ') + 1, "off", 4);
	for (t = from; t < until + EPOCH; t += on + off) {
		add(story, STIMULUS, t, t, line, name_on);
		add(story, STIMULUS, t + on, t + on, line, name_off);
	}
	return true;
}

static int by_time(const void *va, const void *vb)
{
	const struct entry *a = va, *b = vb;

	if (a->from != b->from)
		return a->from < b->from ? -1 : 1;
	return a->order < b->order ? -1 : 1;
}

static void read_entry(struct story *story, unsigned int line, char *text)
{
	const char *rest = after(text, "with");
	enum kind kind = STIMULUS;
	u64 from, to;

	if (after(text, "todo")) {
		story->todo = true;
		free(text);
		return;
	}
	if (!rest)
		rest = after(text, "before");
	if (rest) {
		add(story, STIMULUS, 0, 0, line, rest);
		return;
	}

	rest = read_time(text, &from);
	if (!rest)
		die(story->path, line, text);
	from += EPOCH;
	to = from;
	if (!strncmp(rest, "..", 2)) {
		rest = read_time(rest + 2, &to);
		if (!rest)
			die(story->path, line, text);
		to += EPOCH;
	}
	rest += strspn(rest, " \t");

	if (add_pulses(story, from, line, rest)) {
		free(text);
		return;
	}
	if (after(rest, "=>"))
		kind = EXPECTATION;
	else if (after(rest, "is"))
		kind = QUESTION;
	else if (after(rest, "start"))
		kind = START;
	else if (after(rest, "end"))
		kind = END;
	add(story, kind, from, to, line, rest);
}

/* Read a file of stories; their number. */
unsigned int scenarios_read(const char *path)
{
	FILE *file = fopen(path, "r");
	struct story *story = NULL;
	unsigned int line = 0, n = 0;
	char text[256];

	if (!file) {
		perror(path);
		exit(2);
	}
	while (fgets(text, sizeof(text), file)) {
		size_t length = strcspn(text, "#\n");

		line++;
		while (length && strchr(" \t", text[length - 1]))
			length--;
		text[length] = '\0';
		if (!length)
			continue;
		if (!strchr(" \t", text[0])) {
			story = calloc(1, sizeof(*story));
			if (!story)
				exit(2);
			story->path = path;
			story->line = line;
			story->title = copy(text, length);
			*last_story = story;
			last_story = &story->next;
			n++;
		} else if (story) {
			size_t indent = strspn(text, " \t");

			read_entry(story, line,
				   copy(text + indent, length - indent));
		} else {
			die(path, line, text);
		}
	}
	fclose(file);
	return n;
}

/* Playing */

static bool read_ms(const char *text, u32 *value)
{
	u64 time;

	if (!read_time(text, &time) || time % MS)
		return false;
	*value = time / MS;
	return true;
}

/* A setting, also in the middle of a story. */
static bool set(struct protection_config *cfg, const char *text)
{
	const char *rest;

	if (begins(text, "pre-alarm-delay", &rest))
		return read_ms(rest, &cfg->pre_alarm_delay_ms);
	if (begins(text, "load-reconnect-delay", &rest))
		return read_ms(rest, &cfg->load_reconnect_delay_ms);
	if (begins(text, "charge-reconnect-delay", &rest))
		return read_ms(rest, &cfg->charge_reconnect_delay_ms);
	if (begins(text, "clear-delay", &rest))
		return read_ms(rest, &cfg->clear_delay_ms);
	if (begins(text, "debounce-delay", &rest))
		return read_ms(rest, &cfg->debounce_delay_ms);
	if (begins(text, "fitted", &rest))
		return read_lines(rest, &cfg->fitted);
	if (after(text, "no-remotes-fitted")) {
		cfg->fitted = 0x3f;
		return true;
	}
	if (after(text, "release-pre-alarm-on-disconnect")) {
		cfg->release_pre_alarm_on_disconnect = true;
		return true;
	}
	if (begins(text, "write-latency", &rest)) {
		if (!read_time(rest, &bench.write_ns))
			return false;
		bench.write_min_ns = bench.write_ns;
		return true;
	}
	if (begins(text, "clock", &rest)) {	/* what it shows at 0s */
		bench.clock = strtoull(rest, NULL, 0) - EPOCH;
		return true;
	}
	if (begins(text, "re-scan", &rest))
		return read_time(rest, &bench.poll_ns);
	if (after(text, "no-re-scan")) {
		bench.poll_ns = FOREVER;
		return true;
	}
	if (after(text, "no-interrupts")) {
		bench.mute = 0x1ff;
		return true;
	}
	if (after(text, "late-looks")) {
		bench.patient = true;
		return true;
	}
	return false;
}

static bool stimulus(const char *text)
{
	const char *rest, *how;
	u32 bits;

	if (set(bench.now ? &bench.p.cfg : &config, text)) {
		bench_kick(&bench);
		return true;
	}

	if (begins(text, "software-remote", &rest)) {
		bench.p.software_remote = !strcmp(rest, "on");
		bench_kick(&bench);
		return true;
	}
	if (begins(text, "user", &rest)) {	/* inhibits, allows: charge */
		bench.p.inhibit_charge = !strcmp(rest, "inhibits");
		bench_kick(&bench);
		return true;
	}
	if (begins(text, "writes", &rest)) {
		rest = read_word(rest, outputs, &bits);
		if (!rest)
			return false;
		if (!strcmp(rest, "fail"))
			bench.broken |= bits;
		else
			bench.broken &= ~bits;
		return true;
	}
	if (begins(text, "reset of", &rest)) {	/* OUTPUT floats */
		if (!read_word(rest, outputs, &bits))
			return false;
		bench_lose(&bench, bits);
		return true;
	}
	if (begins(text, "short of", &rest)) {	/* OUTPUT found, gone */
		rest = read_word(rest, outputs, &bits);
		if (!rest)
			return false;
		if (!strcmp(rest, "found"))
			bench.p.shorted |= bits;
		else
			bench.p.shorted &= ~bits;
		bench_kick(&bench);
		return true;
	}
	if (begins(text, "interrupts", &rest)) {
		bench.mute = strcmp(rest, "lost") ? 0 : 0x1ff;
		return true;
	}
	if (begins(text, "stalled until", &rest)) {
		u64 until;

		if (!read_time(rest, &until))
			return false;
		bench.stalled_until = until + EPOCH;
		if (bench.wake < bench.stalled_until)
			bench.wake = bench.stalled_until;
		return true;
	}

	rest = read_lines(text, &bits);
	if (!rest)
		return false;
	if (!strcmp(rest, "on") || !strcmp(rest, "off")) {
		bench_set(&bench, bits, !strcmp(rest, "on"));
	} else if (!strcmp(rest, "edge")) {
		bench_edge(&bench, bits);
	} else if (begins(rest, "unreadable", &how)) {
		/* found out, and found mended, by a reading just then */
		if (*how && (!begins(how, "after", &how) ||
			     !read_time(how, &bench.took)))
			return false;
		bench.unreadable |= bits;
		bench_kick(&bench);
	} else if (!strcmp(rest, "readable")) {
		bench.unreadable &= ~bits;
		bench.took = 0;
		bench_kick(&bench);
	} else {
		return false;
	}
	return true;
}

static void expect(const struct entry *e)
{
	const char *text = after(e->text, "=>");
	u32 output;

	do {
		text += strspn(text, ", ");
		text = read_word(text, outputs, &output);
		if (!text || n_told == ROOM)
			die(the_story->path, e->line, e->text);
		told[n_told++] = (struct change) {
			e->from, e->to, output, !strncmp(text, "on", 2), e->line,
		};
		text += strcspn(text, ",");
	} while (*text);
}

static const char *reason_name(u32 reason)
{
	const struct word *w = reasons;

	if (reason >= PROTECTION_BY_LINE) {
		reason -= PROTECTION_BY_LINE;
		w = lines;
	}
	for (; w->name; w++)
		if (w->value == reason)
			return w->name;
	return "nonsense";
}

/* The names of lines, or "none" */
static const char *list(u32 bits, char *text, size_t size)
{
	const struct word *w;
	int n = 0;

	for (w = lines; w->name; w++)
		if (bits & PROTECTION_BIT(w->value))
			n += snprintf(text + n, size - n, "%s%s",
				      n ? "," : "", w->name);
	return bits ? text : "none";
}

static void ask(const struct entry *e)
{
	const struct protection *p = &bench.p;
	const char *text = after(e->text, "is");
	u64 now = bench_clock(&bench);
	const char *rest, *got = NULL;
	char number[16], names[160];
	u64 time;

	if (begins(text, "alarm", &rest)) {
		snprintf(number, sizeof(number), "%u", protection_alarm(p));
		got = number;
	} else if (begins(text, "load-reason", &rest)) {
		got = reason_name(protection_load_reason(p, now));
	} else if (begins(text, "charge-reason", &rest)) {
		got = reason_name(protection_charge_reason(p, now));
	} else if (begins(text, "charge-blocked", &rest)) {
		got = p->charge_blocked ? "yes" : "no";
	} else if (begins(text, "implausible", &rest)) {
		got = p->implausible ? "yes" : "no";
	} else if (begins(text, "restless", &rest)) {
		got = list(p->bursting, names, sizeof(names));
	} else if (begins(text, "terminals", &rest)) {
		got = protection_terminals(p) ? "on" : "off";
	} else if (begins(text, "disconnect-in", &rest)) {
		got = show(protection_disconnect_in(p, now));
		if (read_time(rest, &time))
			rest = show(time);
	} else if (begins(text, "next", &rest)) {
		got = show(protection_next(p, now));
		if (read_time(rest, &time))
			rest = show(time);
	} else {
		die(the_story->path, e->line, e->text);
	}
	if (strcmp(rest, got))
		complain(e->line, "%s at %s, but it is %s", text,
			 show(bench.now - EPOCH), got);
}

static void changed_to(struct bench *b, u32 before)
{
	unsigned int i;

	for (i = 0; outputs[i].name; i++) {
		u32 bit = outputs[i].value;

		if (!((before ^ b->outputs) & bit) || n_seen == ROOM)
			continue;
		seen[n_seen++] = (struct change) {
			b->now, b->now, bit, b->outputs & bit, 0,
		};
	}
}

static const struct change *nth(const struct change *changes, unsigned int n,
				u32 output, unsigned int i)
{
	for (; n; n--, changes++)
		if (changes->output == output && !i--)
			return changes;
	return NULL;
}

/* Were the changes of each output those that were told? */
static void compare(void)
{
	const struct word *o;

	for (o = outputs; o->name; o++) {
		unsigned int i;

		for (i = 0;; i++) {
			const struct change *t = nth(told, n_told, o->value, i);
			const struct change *s = nth(seen, n_seen, o->value, i);

			if (!t && !s)
				break;
			if (!s) {
				complain(t->line, "%s never went %s", o->name,
					 t->on ? "on" : "off");
				break;
			}
			if (!t) {
				complain(the_story->line,
					 "%s went %s at %s, untold", o->name,
					 s->on ? "on" : "off",
					 show(s->from - EPOCH));
				break;
			}
			if (t->on != s->on || s->from < t->from ||
			    s->from > t->to) {
				complain(t->line, "%s went %s at %s", o->name,
					 s->on ? "on" : "off",
					 show(s->from - EPOCH));
				break;
			}
		}
	}
}

static void play(const struct story *story, const struct variant *variant)
{
	const struct entry *e = story->entries;
	const struct entry *end = e + story->n;
	bool started = false;
	u64 horizon = 0;

	the_story = story;
	the_variant = variant;
	n_told = 0;
	n_seen = 0;
	config = (struct protection_config) {
		.fitted = 0x1ff,
		.pre_alarm_delay_ms = 30000,
		.load_reconnect_delay_ms = 30000,
		.charge_reconnect_delay_ms = 1000,
		.clear_delay_ms = 1000,
		.debounce_delay_ms = 20,
	};
	bench = (struct bench) {
		.clock = variant->clock - EPOCH,
		.levels = PROTECTION_BIT(PROTECTION_REMOTE_LOOP),
		.report_all_edges = variant->edges == ALL,
		.patient = variant->edges == PATIENT,
		.poll_ns = variant->poll_ns,
		.wake = FOREVER,
		.changed_to = changed_to,
	};

	for (; e < end && !e->from; e++)
		if (!stimulus(e->text))
			die(story->path, e->line, e->text);
	bench.wake = FOREVER;

	for (end = e; end < story->entries + story->n; end++)
		started |= end->kind == START;
	if (!started) {
		bench.now = EPOCH - 9 * SEC;
		bench_start(&bench, &config, 0);
		bench_run_before(&bench, EPOCH);
		n_seen = 0;
	}

	while (e < end) {
		const struct entry *now = e, *question;

		bench_run_before(&bench, now->from);
		for (; e < end && e->from == now->from; e++) {
			u32 found = 0, output;
			const char *rest;

			switch (e->kind) {
			case STIMULUS:
				if (!stimulus(e->text))
					die(story->path, e->line, e->text);
				break;
			case START:
				rest = after(e->text, "start");
				if (*rest)
					rest = after(rest, "found");
				while (rest && *rest) {
					rest = read_word(rest, outputs, &output);
					found |= rest ? output : 0;
				}
				if (!rest)
					die(story->path, e->line, e->text);
				bench_start(&bench, &config, found);
				break;
			case EXPECTATION:
				expect(e);
				break;
			case END:
				horizon = e->from;
				break;
			case QUESTION:
				break;
			}
		}
		bench_run_at(&bench, now->from);
		for (question = now; question < e; question++)
			if (question->kind == QUESTION)
				ask(question);
	}
	bench_run_at(&bench, horizon ? horizon : bench.now + 100 * SEC);
	if (bench.complaint)
		complain(story->line, "%s at %s", bench.complaint,
			 show(bench.now - EPOCH));
	compare();
}

/* One story in one of VARIANTS ways. */
static void tell(const struct story *story, unsigned int i)
{
	static const u64 clocks[] = {
		/* 0s is just after boot; the middle; the clock wraps at 25 s */
		9 * SEC, 1ULL << 63, 0 - 25 * SEC,
	};
	static const u64 polls[] = { FOREVER, SEC, 77 * MS };
	struct variant variant = { clocks[i % 3], polls[i / 3 % 3], i / 9 };

	play(story, &variant);
}

/*
 * With @glance all stories are first told in one way of each kind, and only
 * what fails is reported: most mistakes are found so, and soon.
 */
void scenarios_run(bool glance)
{
	struct story *story;
	unsigned int i;

	for (story = stories; story; story = story->next)
		qsort(story->entries, story->n, sizeof(*story->entries), by_time);

	for (story = stories; story && glance; story = story->next) {
		story_failed = false;
		for (i = 0; i < VARIANTS; i += 13)
			tell(story, i);
		if (story_failed)
			report(false, story->title, story->todo);
	}

	for (story = stories; story; story = story->next) {
		story_failed = false;
		for (i = 0; i < VARIANTS && !story_failed; i++)
			tell(story, i);
		report(!story_failed, story->title, story->todo);
	}
}
