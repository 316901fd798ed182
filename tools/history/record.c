// SPDX-License-Identifier: GPL-2.0
/*
 * The one that records. It sleeps until the kernel says that something may have
 * changed, and writes what differs from the state that was recorded last.
 */
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "history.h"

/* What could not be written is kept, and tried again so often. */
#define QUEUE_MAX 256
#define RETRY_MS 60000
/*
 * A line that flickers must neither wear out a card nor push the rest out of
 * the history: of what no output follows, so many at once, then one a minute.
 */
#define BURST 60
#define PACE_MS 60000
/* Of a capacity that is measured, each percent is too much. */
#define CAPACITY_STEP 5

/**
 * struct recorder - what it does, and what is still to be done
 * @last: each board as it was recorded last, @count long
 * @queue: not yet written, @queued long; of those @lost had no room
 * @failing: the last attempt to write has failed, as was reported
 * @allowed: how many minor changes may be recorded now, at @allowed_ms
 * @held_back: there was one more
 */
struct recorder {
	struct store store;
	struct feed feed;
	struct board *last;
	size_t count;
	struct event queue[QUEUE_MAX];
	size_t queued;
	size_t lost;
	bool failing;
	int allowed;
	long long allowed_ms;
	bool held_back;
};

static enum result out_of_memory(void)
{
	complain("memory", "%s", strerror(ENOMEM));
	return FAILED;
}

static void enqueue(struct recorder *recorder, enum event_kind kind,
		    const struct board *board, char *before)
{
	struct event event = { .kind = kind, .before = before };

	event_stamp(&event);
	snprintf(event.board, sizeof(event.board), "%s", board_label(board));
	event.state = event_state(board, kind == EVENT_GONE ? 0 : ~0ULL);
	if (!event.before)
		event.before = strdup("{}");
	if (!event.before || !event.state) {
		event_free(&event);
		recorder->lost++;
		return;
	}
	if (recorder->queued == QUEUE_MAX) {
		event_free(&recorder->queue[0]);
		recorder->queued--;
		recorder->lost++;
		memmove(&recorder->queue[0], &recorder->queue[1],
			recorder->queued * sizeof(event));
	}
	recorder->queue[recorder->queued++] = event;
}

static struct board *last_of(struct recorder *recorder,
			     const struct board *board)
{
	for (size_t i = 0; i < recorder->count; i++)
		if (!strcmp(recorder->last[i].folder, board->folder))
			return &recorder->last[i];
	return NULL;
}

static enum result remember(struct recorder *recorder,
			    const struct board *board)
{
	struct board *last = last_of(recorder, board);

	if (!last) {
		last = realloc(recorder->last,
			       (recorder->count + 1) * sizeof(*last));
		if (!last)
			return out_of_memory();
		recorder->last = last;
		last += recorder->count++;
	}
	*last = *board;
	return DONE;
}

/* What the driver has counted since the last event, or since it was started */
static void note_missed(struct recorder *recorder, const struct board *board)
{
	static const enum attribute_id ids[] = {
		ATTR_PRE_ALARMS, ATTR_LOAD_DISCONNECTS, ATTR_CHARGE_DISCONNECTS,
	};
	struct board missed = *board, then;
	unsigned long long which;
	bool same_boot, any = false;
	struct event last, now;

	event_stamp(&now);
	same_boot = store_last(&recorder->store, board_label(board), &last) &&
		    !strcmp(last.boot, now.boot) &&
		    event_board(last.state, &then, &which);
	event_free(&last);
	/* Less than there was: the driver has been started anew. */
	for (size_t i = 0; i < ARRAY_SIZE(ids); i++)
		same_boot = same_boot && board_read_ok(&then, ids[i]) &&
			then.values[ids[i]].number <=
			board->values[ids[i]].number;
	which = 0;
	for (size_t i = 0; i < ARRAY_SIZE(ids); i++) {
		struct value *value = &missed.values[ids[i]];

		if (value->error)
			return;
		if (same_boot)
			value->number -= then.values[ids[i]].number;
		any = any || value->number;
		which |= attribute_bit(ids[i]);
	}
	if (any)
		enqueue(recorder, EVENT_BEFORE, board,
			event_state(&missed, which));
}

static enum result begin(struct recorder *recorder, enum event_kind kind)
{
	enum result result = DONE;

	for (size_t i = 0; i < recorder->feed.count && !result; i++) {
		const struct board *board = feed_board(&recorder->feed, i);

		if (kind == EVENT_START)
			note_missed(recorder, board);
		enqueue(recorder, kind, board, NULL);
		result = remember(recorder, board);
	}
	return result;
}

static bool is_minor(unsigned long long changed)
{
	static const unsigned long long major =
		1ULL << ATTR_REMOTE | 1ULL << ATTR_TERMINALS |
		1ULL << ATTR_LOAD | 1ULL << ATTR_CHARGE |
		1ULL << ATTR_PRE_ALARM | 1ULL << ATTR_ALARM |
		1ULL << ATTR_LOAD_REQUEST | 1ULL << ATTR_CHARGE_BEHAVIOUR;

	return !(changed & major);
}

/* What is measured, and changes all the time */
static bool is_measured(const struct board *last, const struct board *board,
			unsigned long long changed)
{
	const struct value *before = &last->values[ATTR_CAPACITY];
	const struct value *now = &board->values[ATTR_CAPACITY];

	changed &= ~(attribute_bit(ATTR_STATUS) |
		     attribute_bit(ATTR_CAPACITY_ERROR_MARGIN));
	if (changed & ~attribute_bit(ATTR_CAPACITY))
		return false;
	return !changed || (!before->error && !now->error &&
			    llabs(before->number - now->number) < CAPACITY_STEP);
}

static bool is_allowed(struct recorder *recorder)
{
	long long now = now_ms();
	long long more = (now - recorder->allowed_ms) / PACE_MS;

	recorder->allowed_ms += more * PACE_MS;
	if (recorder->allowed + more < BURST) {
		recorder->allowed += more;
	} else {
		recorder->allowed = BURST;
		recorder->allowed_ms = now;
	}
	recorder->held_back = !recorder->allowed;
	recorder->allowed -= !recorder->held_back;
	return !recorder->held_back;
}

static void note_changes(struct recorder *recorder)
{
	recorder->held_back = false;
	for (size_t i = 0; i < recorder->feed.count; i++) {
		const struct board *board = feed_board(&recorder->feed, i);
		struct board *last = last_of(recorder, board);
		unsigned long long changed;

		if (!last)
			continue;
		changed = board_changes(last, board);
		if (!changed || is_measured(last, board, changed) ||
		    (is_minor(changed) && !is_allowed(recorder)))
			continue;
		enqueue(recorder, EVENT_CHANGE, board,
			event_state(last, changed));
		*last = *board;
	}
}

/* Boards that come and go; changes are compared with what was recorded. */
static void take_news(void *context, enum news news, const struct board *board,
		      unsigned long long changed)
{
	struct recorder *recorder = context;

	(void)changed;
	if (news == NEWS_GONE) {
		enqueue(recorder, EVENT_GONE, board, NULL);
	} else if (news == NEWS_NEW) {
		enqueue(recorder, EVENT_NEW, board, NULL);
		remember(recorder, board);
	}
}

static void forget_queue(struct recorder *recorder)
{
	for (size_t i = 0; i < recorder->queued; i++)
		event_free(&recorder->queue[i]);
	recorder->queued = 0;
}

/* Return: FAILED when a broken file cannot be replaced */
static enum result write_queue(struct recorder *recorder)
{
	struct store *store = &recorder->store;
	enum store_state state;

	if (!recorder->queued)
		return DONE;
	state = store_add(store, recorder->queue, recorder->queued);
	if (state == STORE_BROKEN) {
		complain(store->path, "%s", store_why(store));
		if (store_set_aside(store))
			return FAILED;
		begin(recorder, EVENT_ANEW);
		state = store_add(store, recorder->queue, recorder->queued);
	}
	if (state != STORE_GOOD) {
		if (!recorder->failing)
			complain(store->path,
				 "cannot record: %s; trying again",
				 store_why(store));
		recorder->failing = true;
		return DONE;
	}
	if (recorder->failing)
		complain(store->path, "recording again; %zu events were lost",
			 recorder->lost);
	recorder->failing = false;
	recorder->lost = 0;
	forget_queue(recorder);
	return DONE;
}

static int wait_ms(const struct recorder *recorder)
{
	if (recorder->queued)
		return RETRY_MS;
	return recorder->held_back ? PACE_MS : -1;
}

static enum result follow(struct recorder *recorder, int signals)
{
	struct pollfd end = { signals, POLLIN, 0 };
	struct feed *feed = &recorder->feed;
	enum result result = write_queue(recorder);
	bool stirred;

	while (!result) {
		result = feed_wait(feed, &end, 1, wait_ms(recorder), &stirred);
		if (!result && stirred)
			result = feed_update(feed, take_news, recorder);
		if (result)
			break;
		note_changes(recorder);
		if (end.revents) {
			for (size_t i = 0; i < feed->count; i++)
				enqueue(recorder, EVENT_STOP,
					feed_board(feed, i), NULL);
			return write_queue(recorder);
		}
		result = write_queue(recorder);
	}
	return result;
}

/* A board that is not there yet will come. */
static enum result open_feed(struct recorder *recorder,
			     const struct config *config)
{
	enum result result = feed_listen(&recorder->feed, config);

	return result ? result : feed_update(&recorder->feed, NULL, NULL);
}

static enum result record(struct recorder *recorder,
			  const struct options *options)
{
	enum event_kind kind = EVENT_START;
	enum store_state state;
	enum result result = DONE;
	int signals = signals_that_end();

	if (signals < 0) {
		complain("signals", "%s", strerror(errno));
		return FAILED;
	}
	state = store_open(&recorder->store);
	if (state == STORE_BROKEN) {
		kind = EVENT_ANEW;
		result = store_set_aside(&recorder->store);
	} else if (state != STORE_GOOD) {
		result = FAILED;
	}
	if (!result)
		result = open_feed(recorder, &options->config);
	if (!result)
		result = begin(recorder, kind);
	if (!result)
		result = follow(recorder, signals);
	close(signals);
	return result;
}

/** history_record - record until told to end */
enum result history_record(const struct options *options)
{
	struct recorder *recorder = calloc(1, sizeof(*recorder));
	enum result result;

	if (!recorder)
		return out_of_memory();
	/* Beyond a limit a write fails; it must not end the program. */
	signal(SIGXFSZ, SIG_IGN);
	recorder->feed.uevents = -1;
	recorder->allowed = BURST;
	recorder->allowed_ms = now_ms();
	recorder->store.max_events = options->max_events;
	recorder->store.max_days = options->max_days;
	result = store_lock(&recorder->store, options->directory);
	if (!result)
		result = record(recorder, options);
	store_close(&recorder->store);
	feed_close(&recorder->feed);
	forget_queue(recorder);
	free(recorder->last);
	free(recorder);
	return result;
}
