// SPDX-License-Identifier: GPL-2.0
/* To systemd, in its own protocol: a datagram to the socket that it names. */
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "smallbms.h"

/** notify - report "READY=1" or "WATCHDOG=1" to systemd, if that started this process */
void notify(const char *state)
{
	const char *path = getenv("NOTIFY_SOCKET");
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	size_t length = path ? strlen(path) : 0;
	int fd;

	if (!length || length >= sizeof(address.sun_path))
		return;
	memcpy(address.sun_path, path, length);
	if (*path == '@')
		*address.sun_path = '\0';
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return;
	/* Without an answer, systemd restarts the service: nothing else is due. */
	sendto(fd, state, strlen(state), MSG_NOSIGNAL | MSG_DONTWAIT,
	       (struct sockaddr *)&address,
	       offsetof(struct sockaddr_un, sun_path) + length);
	close(fd);
}

/**
 * notify_every_ms - how often systemd wants to hear "WATCHDOG=1" at least
 *
 * Return: half of the unit's WatchdogSec=, or -1: not at all
 */
int notify_every_ms(void)
{
	const char *usec = getenv("WATCHDOG_USEC");
	const char *pid = getenv("WATCHDOG_PID");
	long long ms = usec ? atoll(usec) / 2000 : 0;

	/* A child has inherited what is not for it. */
	if (ms <= 0 || ms > INT_MAX || (pid && atol(pid) != getpid()))
		return -1;
	return (int)ms;
}
