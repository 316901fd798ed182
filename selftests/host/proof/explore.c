// SPDX-License-Identifier: GPL-2.0
/*
 * Every state that the pure files of the driver can reach, and every step from it.
 *
 * Ages stop to grow where nothing compares them any more, and times that a flag
 * says are unused are dropped. That this loses nothing is not assumed but checked:
 * each step is done twice, once with the ages as they are kept, once with unused
 * times at random, ages that had stopped far older, and a clock that wraps; both
 * must do the same.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "world.h"

#define MAX_PARTS	64
#define MOST_STATES	40000000
#define SEED		0x5eed0f0adebdULL

/* Stop at the first part that is refuted. */
bool first_only;
u64 seed_of_run = SEED;

static struct totals *totals;

static double seconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return t.tv_sec + t.tv_nsec / 1e9;
}

/* ---- one part */

static void add(u64 *total, u64 value)
{
	__atomic_add_fetch(total, value, __ATOMIC_RELAXED);
}

static void add_totals(void)
{
	unsigned int i;

	add(&totals->states, node_count);
	add(&totals->transitions, transitions);
	add(&totals->failed, covered.failed);
	add(&totals->lost, covered.lost);
	add(&totals->raised, covered.raised);
	add(&totals->shorted, covered.shorted);
	add(&totals->swapped, covered.swapped);
	add(&totals->slow, covered.slow);
	add(&totals->requested, covered.requested);
	add(&totals->reported, covered.reported);
	add(&totals->twins, covered.twins);
	for (i = 0; i < rule_count; i++)
		add(&totals->uses[i], rule_uses[i]);
	for (i = 0; i < WIRES; i++)
		__atomic_or_fetch(&totals->pairs[i], covered.pairs[i],
				  __ATOMIC_RELAXED);
	if (covered.unreadable > totals->unreadable)
		totals->unreadable = covered.unreadable;
}

static unsigned int most(unsigned int a, unsigned int b)
{
	return a > b ? a : b;
}

static void check_live(void)
{
	const struct delays *d = &part->delays;

	if (part->mode != BOARD || part->shorts || part->sense ||
	    part->others.pre_alarm)
		return;
	/* A tick each for the interrupt and for a write to be redone. */
	live(false, 2 + most(d->clear, d->debounce) +
		    most(most(d->load_reconnect, part->load_max),
			 d->charge_reconnect * (part->steady ? 256 : 1)) +
		    part->hold,
	     "all is well, so both outputs return");
	if (board.wired & BIT(CELL_UNDERVOLTAGE) && !complaint)
		live(true, 2 + d->debounce + d->pre_alarm,
		     "undervoltage stays, so the load is cut");
}

static bool explore(unsigned int number)
{
	u32 i;

	prepare(&parts[number - 1]);
	first_states();
	for (i = 0; i < node_count && !complaint; i++) {
		expand(i);
		if (node_count > MOST_STATES)
			complain("size", "too many states");
	}
	if (complaint)
		print_story(node_count - 1);
	else
		check_live();
	printf("# %u states, %llu transitions, %.1f s, %s\n", node_count,
	       transitions, seconds(),
	       complaint ? "stopped" : "none left to visit: complete");
	add_totals();
	if (complaint)
		printf("# refuted: %s\n", complaint);
	printf("%s %u - Every state, %s\n", complaint ? "not ok" : "ok", number,
	       part->name);
	fflush(stdout);
	return !complaint;
}

/* ---- all of them */

/* A part as a process of its own, what it prints in a file. */
static struct job {
	pid_t pid;
	FILE *out;
	bool done;
} jobs[MAX_PARTS];

static bool begin(unsigned int i)
{
	jobs[i].out = tmpfile();
	fflush(stdout);
	jobs[i].pid = jobs[i].out ? fork() : -1;
	if (jobs[i].pid < 0) {
		perror("explore");
		return false;
	}
	if (jobs[i].pid)
		return true;
	if (dup2(fileno(jobs[i].out), STDOUT_FILENO) < 0)
		_exit(2);
	_exit(!explore(i + 1));
}

static void show(const struct job *job)
{
	char text[4096];
	size_t length;

	rewind(job->out);
	while ((length = fread(text, 1, sizeof(text), job->out)))
		fwrite(text, 1, length, stdout);
	fclose(job->out);
	fflush(stdout);
}

/* In their order. */
static void show_all_done(void)
{
	static unsigned int shown;

	for (; shown < part_count && jobs[shown].done; shown++)
		show(&jobs[shown]);
}

static bool finish(unsigned int i, int status)
{
	jobs[i].pid = 0;
	jobs[i].done = true;
	if (!WIFEXITED(status) || WEXITSTATUS(status) > 1) {
		fprintf(jobs[i].out, "not ok %u - Every state, %s\n# it died\n",
			i + 1, parts[i].name);
		fflush(jobs[i].out);
	}
	return !status;
}

static void stop_all(void)
{
	unsigned int i;

	for (i = 0; i < part_count; i++)
		if (jobs[i].pid > 0)
			kill(jobs[i].pid, SIGKILL);
}

/* Some at a time; the last ones take longest, so they begin first, unless one is enough. */
static unsigned int run(unsigned int at_once)
{
	unsigned int begun = 0, running = 0, failed = 0;
	unsigned int i;

	for (;;) {
		int status;
		pid_t pid;

		while (running < at_once && begun < part_count) {
			i = first_only ? begun : part_count - 1 - begun;
			begun++;
			if (!begin(i))
				return failed + 1;
			running++;
		}
		if (!running)
			return failed;
		pid = wait(&status);
		running--;
		for (i = 0; i < part_count && jobs[i].pid != pid; i++)
			;
		if (i < part_count && !finish(i, status))
			failed++;
		if (failed && first_only) {
			stop_all();
			show(&jobs[i]);
			return failed;
		}
		if (!first_only)
			show_all_done();
	}
}

/* ---- the end */

/* A rule that never applied would have proved nothing. */
static bool all_used(void)
{
	bool used = true;
	unsigned int i;

	for (i = 0; i < rule_count; i++) {
		printf("# %11llu times: %s: %s\n", totals->uses[i],
		       rules[i].number, rules[i].sentence);
		used = used && totals->uses[i];
	}
	return used;
}

static void print_covered(void)
{
	unsigned int i, j, pairs = 0;

	for (i = 0; i < WIRES; i++)
		for (j = 0; j < i; j++)
			pairs += totals->pairs[i] >> j & 1;
	printf("# lines that are active, off or unreadable together: %u of %u pairs\n",
	       pairs, WIRES * (WIRES - 1) / 2);
	printf("# lines that are unreadable at once: up to %u\n",
	       totals->unreadable);
	printf("# writes that failed: %llu, that were slow: %llu\n",
	       totals->failed, totals->slow);
	printf("# outputs lost: %llu, found high: %llu, shorted: %llu\n",
	       totals->lost, totals->raised, totals->shorted);
	printf("# delays changed: %llu\n", totals->swapped);
	printf("# load requested: %llu, state of charge reported: %llu\n",
	       totals->requested, totals->reported);
	printf("# charge compared with that of a board without S: %llu times\n",
	       totals->twins);
}

/* By its number, or its name; 0 if there is none */
static unsigned int part_number(const char *text)
{
	unsigned int i;

	for (i = 0; i < part_count; i++)
		if (!strcmp(parts[i].name, text))
			return i + 1;
	i = atoi(text);
	return i <= part_count ? i : 0;
}

/* explore [PART]; with -1, see first_only. SEED in the environment. */
int main(int argc, char **argv)
{
	const char *seed = getenv("SEED");
	struct timespec begun, ended;
	unsigned int failed;
	bool used;

	if (seed && *seed)
		seed_of_run = strtoull(seed, NULL, 0);
	if (!seed_of_run)
		seed_of_run = SEED;	/* 0 yields nothing but 0 */
	first_only = argc > 1 && !strcmp(argv[1], "-1");
	totals = mmap(NULL, sizeof(*totals), PROT_READ | PROT_WRITE,
		      MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (totals == MAP_FAILED || rule_count > 64 || part_count > MAX_PARTS)
		return 2;
	clock_gettime(CLOCK_MONOTONIC, &begun);
	if (argc > 1 && !first_only) {
		unsigned int number = part_number(argv[1]);

		return number ? !explore(number) : 2;
	}
	printf("KTAP version 1\n1..%u\n# SEED=%llu\n", part_count + 1,
	       seed_of_run);
	failed = run(2);
	if (failed && first_only)
		return 1;
	clock_gettime(CLOCK_MONOTONIC, &ended);
	used = all_used();
	print_covered();
	printf("# in all %llu states, %llu transitions, %lld s, %s\n",
	       totals->states, totals->transitions,
	       (long long)(ended.tv_sec - begun.tv_sec),
	       failed ? "not complete" :
			"complete: no limit of time or number was met");
	printf("%s %u - Every state: each of the %u rules applied in some of them\n",
	       used ? "ok" : "not ok", part_count + 1, rule_count);
	return failed || !used;
}
