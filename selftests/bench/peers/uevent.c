// SPDX-License-Identifier: GPL-2.0
/*
 * uevent NAME COUNT: waits for so many changes that the kernel tells of the
 * power supply NAME, and prints when each arrived, in ns of CLOCK_BOOTTIME, and how
 * many properties it carries.
 */
#include <linux/netlink.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

static int properties(const char *text, ssize_t length)
{
	static const char prefix[] = "POWER_SUPPLY_";
	const char *each;
	int count = 0;

	for (each = text; each < text + length; each += strlen(each) + 1)
		count += !strncmp(each, prefix, strlen(prefix));
	return count;
}

int main(int argc, char **argv)
{
	struct sockaddr_nl address = { .nl_family = AF_NETLINK, .nl_groups = 1 };
	char text[8192], ending[64];
	struct timespec now;
	ssize_t length;
	int left, fd;

	if (argc != 3)
		return 2;
	left = atoi(argv[2]);
	snprintf(ending, sizeof(ending), "/power_supply/%s", argv[1]);
	fd = socket(AF_NETLINK, SOCK_DGRAM, NETLINK_KOBJECT_UEVENT);
	if (fd < 0 || bind(fd, (struct sockaddr *)&address, sizeof(address))) {
		perror("uevent");
		return 1;
	}
	setvbuf(stdout, NULL, _IOLBF, 0);
	puts("ready");
	while (left) {
		length = recv(fd, text, sizeof(text) - 1, 0);
		clock_gettime(CLOCK_BOOTTIME, &now);
		if (length < 0)
			return 1;
		text[length] = '\0';	/* ends the first string: change@PATH */
		if (strncmp(text, "change@", 7) ||
		    strlen(text) < strlen(ending) ||
		    strcmp(text + strlen(text) - strlen(ending), ending))
			continue;
		printf("%lld %d\n", now.tv_sec * 1000000000LL + now.tv_nsec,
		       properties(text, length));
		left--;
	}
	return 0;
}
