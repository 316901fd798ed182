// SPDX-License-Identifier: GPL-2.0
/*
 * Boards that are kept up to date without ever looking in vain: the kernel
 * wakes who poll()s an attribute when it changes, and sends a uevent when a
 * property changes, or a board comes or goes. Whatever the reason, everything
 * is then read anew and compared, so that nothing rests on which of several
 * messages came first, or on none having been lost.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/netlink.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "smallbms.h"

/* The kernel's own messages, not what udev makes of them later */
#define UEVENTS_OF_KERNEL 1
/* The longest that the kernel sends */
#define UEVENT_MAX 8192
/* With --sysfs-root, a socket of this name takes the kernel's place */
#define UEVENTS_OF_TESTS "uevents"

struct watched {
	struct board board;
	struct stat identity;
	int polled[ATTR_COUNT];		/* -1: cannot be waited for */
};

static bool subsystem_is_ours(const char *message, size_t length)
{
	static const char wanted[] = "SUBSYSTEM=power_supply";
	size_t at = 0;

	while (at < length) {
		size_t word = strnlen(message + at, length - at);

		if (word == sizeof(wanted) - 1 &&
		    !memcmp(message + at, wanted, word))
			return true;
		at += word + 1;
	}
	return false;
}

/* Only the kernel's word counts, not that of another process. */
static bool sender_is_kernel(const struct msghdr *header)
{
	const struct sockaddr_nl *sender = header->msg_name;

	return header->msg_namelen != sizeof(*sender) ||
	       sender->nl_family != AF_NETLINK || !sender->nl_pid;
}

/* Return: whether one of the uevents that have come may concern a board */
static bool uevents_take(struct feed *feed)
{
	char message[UEVENT_MAX];
	struct sockaddr_storage sender;
	struct iovec part = { message, sizeof(message) };
	bool ours = false;
	ssize_t length;

	if (feed->uevents < 0)
		return false;
	for (;;) {
		struct msghdr header = {
			.msg_name = &sender,
			.msg_namelen = sizeof(sender),
			.msg_iov = &part,
			.msg_iovlen = 1,
		};

		length = recvmsg(feed->uevents, &header, MSG_DONTWAIT);
		if (length > 0) {
			ours = ours || (sender_is_kernel(&header) &&
					subsystem_is_ours(message, length));
		} else if (length < 0 && errno == ENOBUFS) {
			ours = true;	/* some were lost */
		} else if (length < 0 && errno == EAGAIN) {
			return ours;
		} else if (!length || errno != EINTR) {
			close(feed->uevents);
			feed->uevents = -1;
			return true;
		}
	}
}

static int uevents_of_kernel(void)
{
	struct sockaddr_nl address = {
		.nl_family = AF_NETLINK,
		.nl_groups = UEVENTS_OF_KERNEL,
	};
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC,
			NETLINK_KOBJECT_UEVENT);

	if (fd < 0)
		return -errno;
	if (!bind(fd, (struct sockaddr *)&address, sizeof(address)))
		return fd;
	close(fd);
	return -EACCES;
}

/* Return: -1 when the tests do not send any */
static int uevents_of_tests(const char *sysfs_root)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd;

	if (snprintf(address.sun_path, sizeof(address.sun_path), "%s/%s",
		     sysfs_root, UEVENTS_OF_TESTS) >=
	    (int)sizeof(address.sun_path))
		return -1;
	fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -1;
	if (!connect(fd, (struct sockaddr *)&address, sizeof(address)))
		return fd;
	close(fd);
	return -1;
}

static enum result uevents_open(struct feed *feed)
{
	const char *root = feed->config->sysfs_root;

	if (strcmp(root, "/sys")) {
		feed->uevents = uevents_of_tests(root);
		return DONE;
	}
	feed->uevents = uevents_of_kernel();
	if (feed->uevents >= 0)
		return DONE;
	complain("uevents", "cannot listen to the kernel: %s",
		 strerror(-feed->uevents));
	return FAILED;
}

/* An attribute wakes again only after it was read. */
static void watched_rearm(struct watched *watched)
{
	char text[VALUE_MAX];

	for (int id = 0; id < ATTR_COUNT; id++) {
		int *fd = &watched->polled[id];

		if (*fd < 0 || pread(*fd, text, sizeof(text), 0) >= 0)
			continue;
		close(*fd);
		*fd = -1;
	}
}

static bool watched_is_there(const struct watched *watched)
{
	struct stat now;

	return !stat(watched->board.folder, &now) &&
	       now.st_ino == watched->identity.st_ino &&
	       now.st_dev == watched->identity.st_dev;
}

static void watched_read(struct watched *watched)
{
	watched_rearm(watched);
	board_read_values(&watched->board);
}

static void watched_init(struct watched *watched, const struct board *board)
{
	char path[PATH_MAX];

	watched->board = *board;
	if (stat(board->folder, &watched->identity))
		watched->identity = (struct stat){ 0 };
	for (enum attribute_id id = 0; id < ATTR_COUNT; id++) {
		watched->polled[id] = -1;
		/* A property does not wake; its change comes as a uevent. */
		if (attributes[id].announced && *attributes[id].folder &&
		    !board_path(board, id, path, sizeof(path)))
			watched->polled[id] = open(path, O_RDONLY | O_CLOEXEC);
	}
	watched_read(watched);
}

static void watched_close(struct watched *watched)
{
	for (int id = 0; id < ATTR_COUNT; id++)
		if (watched->polled[id] >= 0)
			close(watched->polled[id]);
}

static enum result out_of_memory(void)
{
	complain("memory", "%s", strerror(ENOMEM));
	return FAILED;
}

static enum result feed_add(struct feed *feed, const struct board *board)
{
	size_t count = feed->count + 1;
	struct watched *watched;

	watched = realloc(feed->watched, count * sizeof(*watched));
	if (!watched)
		return out_of_memory();
	feed->watched = watched;
	watched_init(&watched[feed->count], board);
	feed->count = count;
	return DONE;
}

static void feed_remove(struct feed *feed, size_t index)
{
	watched_close(&feed->watched[index]);
	feed->count--;
	memmove(&feed->watched[index], &feed->watched[index + 1],
		(feed->count - index) * sizeof(*feed->watched));
}

static enum result feed_fill(struct feed *feed)
{
	struct boards boards;
	enum result result = boards_find(feed->config, &boards);

	for (size_t i = 0; i < boards.count && !result; i++)
		result = feed_add(feed, &boards.board[i]);
	boards_free(&boards);
	return result;
}

/** signals_that_end - Return: a file descriptor to be read when the program is to end, or -1 */
int signals_that_end(void)
{
	sigset_t signals;

	sigemptyset(&signals);
	sigaddset(&signals, SIGINT);
	sigaddset(&signals, SIGTERM);
	sigaddset(&signals, SIGHUP);
	sigaddset(&signals, SIGQUIT);
	sigprocmask(SIG_BLOCK, &signals, NULL);
	return signalfd(-1, &signals, SFD_NONBLOCK | SFD_CLOEXEC);
}

/**
 * feed_listen - be told of what boards do from now on; feed_update() finds them
 * @feed: filled; the caller closes it with feed_close(), also on error
 */
enum result feed_listen(struct feed *feed, const struct config *config)
{
	*feed = (struct feed){ .config = config, .uevents = -1 };
	return uevents_open(feed);
}

/**
 * feed_open - find the boards, and be told of what they do from now on
 * @feed: as of feed_listen()
 *
 * Return: DONE with at least one board, all of them read
 */
enum result feed_open(struct feed *feed, const struct config *config)
{
	enum result result = feed_listen(feed, config);

	/* Only now, so that whatever changes from here on is told. */
	return result ? result : feed_fill(feed);
}

/** feed_open_empty - the same, but there need not be any board yet */
enum result feed_open_empty(struct feed *feed, const struct config *config)
{
	enum result result = feed_listen(feed, config);
	struct names names = { 0 };
	bool none;

	if (result)
		return result;
	none = !names_find(config->sysfs_root, &names) && !names.count;
	names_free(&names);
	return none ? DONE : feed_fill(feed);
}

/* Return: the number of entries, 0 without memory */
static size_t feed_polls(struct feed *feed, const struct pollfd *others,
			 size_t others_count)
{
	size_t room = others_count + 1 + feed->count * ATTR_COUNT;
	size_t count = others_count;

	if (room > feed->room) {
		struct pollfd *polls = realloc(feed->polls,
					       room * sizeof(*polls));

		if (!polls)
			return 0;
		feed->polls = polls;
		feed->room = room;
	}
	for (size_t i = 0; i < others_count; i++)
		feed->polls[i] = others[i];
	feed->polls[count++] = (struct pollfd){ feed->uevents, POLLIN, 0 };
	for (size_t i = 0; i < feed->count; i++)
		for (int id = 0; id < ATTR_COUNT; id++)
			if (feed->watched[i].polled[id] >= 0)
				feed->polls[count++] = (struct pollfd){
					feed->watched[i].polled[id], POLLPRI, 0
				};
	return count;
}

/**
 * feed_wait - sleep until a board may have changed
 * @others: what else ends the sleep, @count long; revents are filled in
 * @timeout_ms: as of poll()
 * @stirred: whether feed_update() is due
 *
 * Ends earlier, for nothing, in a service that systemd watches over.
 */
enum result feed_wait(struct feed *feed, struct pollfd *others, size_t count,
		      int timeout_ms, bool *stirred)
{
	size_t all = feed_polls(feed, others, count);
	int every_ms = notify_every_ms();

	*stirred = false;
	if (!all)
		return out_of_memory();
	if (every_ms >= 0) {
		notify("WATCHDOG=1");
		if (timeout_ms < 0 || timeout_ms > every_ms)
			timeout_ms = every_ms;
	}
	for (size_t i = 0; i < count; i++)
		others[i].revents = 0;
	if (poll(feed->polls, all, timeout_ms) < 0) {
		if (errno == EINTR)
			return DONE;
		complain("poll", "%s", strerror(errno));
		return FAILED;
	}
	for (size_t i = 0; i < count; i++)
		others[i].revents = feed->polls[i].revents;
	for (size_t i = count + 1; i < all; i++)
		*stirred = *stirred || feed->polls[i].revents;
	if (feed->polls[count].revents && uevents_take(feed))
		*stirred = true;
	return DONE;
}

static bool is_named(const struct names *names, const char *name)
{
	for (size_t i = 0; i < names->count; i++)
		if (!strcmp(names->name[i], name))
			return true;
	return false;
}

static bool is_watched(const struct feed *feed, const char *name)
{
	for (size_t i = 0; i < feed->count; i++)
		if (!strcmp(board_label(&feed->watched[i].board), name))
			return true;
	return false;
}

static void feed_gone(struct feed *feed, size_t index, news_sink *tell,
		      void *context)
{
	tell(context, NEWS_GONE, &feed->watched[index].board, 0);
	feed_remove(feed, index);
}

static void feed_reread(struct feed *feed, const struct names *names,
			news_sink *tell, void *context)
{
	size_t i = 0;

	while (i < feed->count) {
		struct watched *watched = &feed->watched[i];
		struct board before = watched->board;
		unsigned long long changed;

		watched_read(watched);
		/* Asked last: what was read of a board that goes is nothing. */
		if (!is_named(names, board_label(&before)) ||
		    !watched_is_there(watched)) {
			watched->board = before;
			feed_gone(feed, i, tell, context);
			continue;
		}
		changed = board_changes(&before, &watched->board);
		if (changed)
			tell(context, NEWS_CHANGE, &watched->board, changed);
		i++;
	}
}

static enum result feed_find(struct feed *feed, const struct names *names,
			     news_sink *tell, void *context)
{
	const char *only = feed->config->board;
	struct board board;
	enum result result = DONE;

	for (size_t i = 0; i < names->count && !result; i++) {
		const char *name = names->name[i];

		if (is_watched(feed, name) || (only && strcmp(only, name)))
			continue;
		board_init(&board, feed->config->sysfs_root, name);
		board.one_of_several = names->count > 1;
		result = feed_add(feed, &board);
		if (!result)
			tell(context, NEWS_NEW,
			     &feed->watched[feed->count - 1].board, 0);
	}
	return result;
}

/* For whoever looks at all boards anyway */
static void report_nothing(void *context, enum news news,
			   const struct board *board, unsigned long long changed)
{
	(void)context;
	(void)news;
	(void)board;
	(void)changed;
}

/**
 * feed_update - read all boards again, and report those that have changed
 * @tell: called with each of them; NULL: nobody
 */
enum result feed_update(struct feed *feed, news_sink *tell, void *context)
{
	struct names names = { 0 };
	enum result result = FAILED;
	int error = names_find(feed->config->sysfs_root, &names);

	if (!tell)
		tell = report_nothing;
	if (error) {
		complain(feed->config->sysfs_root,
			 "cannot look for boards: %s", strerror(-error));
	} else {
		feed_reread(feed, &names, tell, context);
		result = feed_find(feed, &names, tell, context);
	}
	names_free(&names);
	return result;
}

struct board *feed_board(struct feed *feed, size_t index)
{
	return &feed->watched[index].board;
}

void feed_close(struct feed *feed)
{
	while (feed->count)
		feed_remove(feed, feed->count - 1);
	if (feed->uevents >= 0)
		close(feed->uevents);
	free(feed->watched);
	free(feed->polls);
	*feed = (struct feed){ .uevents = -1 };
}
