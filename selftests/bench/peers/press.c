// SPDX-License-Identifier: GPL-2.0
/*
 * press: pressure on a machine until it is killed: two processes that compute,
 * two that fork without rest, two that write and flush a file, two that talk
 * through a pipe.
 */
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#define EACH	2

static void compute(void)
{
	uint64_t x = 88172645463325252ULL;

	for (;;) {
		x ^= x << 13;
		x ^= x >> 7;
		x ^= x << 17;
		__asm__ volatile("" : "+r"(x));	/* it is needed */
	}
}

static void forks(void)
{
	pid_t pid;

	for (;;) {
		pid = fork();
		if (!pid)
			_exit(0);
		if (pid > 0)
			waitpid(pid, NULL, 0);
	}
}

static void writes(void)
{
	static char block[65536];
	char name[] = "/tmp/press.XXXXXX";
	int n, fd = mkstemp(name);

	unlink(name);
	memset(block, 0x5a, sizeof(block));
	for (;;) {
		lseek(fd, 0, SEEK_SET);
		for (n = 0; n < 64; n++)
			if (write(fd, block, sizeof(block)) < 0)
				_exit(1);
		fsync(fd);
		if (ftruncate(fd, 0))
			_exit(1);
	}
}

static void talks(void)
{
	char byte = 0;
	int there[2], back[2];

	if (pipe(there) || pipe(back))
		_exit(1);
	if (!fork()) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		while (read(there[0], &byte, 1) == 1 &&
		       write(back[1], &byte, 1) == 1)
			;
		_exit(0);
	}
	while (write(there[1], &byte, 1) == 1 && read(back[0], &byte, 1) == 1)
		;
}

int main(void)
{
	static void (*const kinds[])(void) = { compute, forks, writes, talks };
	unsigned int n;

	for (n = 0; n < EACH * sizeof(kinds) / sizeof(kinds[0]); n++) {
		if (fork())
			continue;
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		kinds[n / EACH]();
		_exit(1);
	}
	pause();
	return 0;
}
