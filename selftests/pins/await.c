// SPDX-License-Identifier: GPL-2.0
/*
 * await FILE TIMEOUT_MS: sleeps in poll() until the attribute FILE changes.
 *
 * Prints "waiting" once it has read the file, then "changed" (status 0) or
 * "nothing" (status 1). Runs in the emulated machine, where no other program
 * polls; needs no C library, so that it is small enough to be sent there by
 * way of a shell command.
 */
#define AT_FDCWD	(-100)
#define POLLPRI		0x2
#define POLLERR		0x8

enum {
	SYS_openat = 56,
	SYS_read = 63,
	SYS_write = 64,
	SYS_ppoll = 73,
	SYS_exit = 93
};

struct pollfd {
	int fd;
	short events;
	short revents;
};

struct timespec {
	long sec;
	long nsec;
};

static long call(long number, long a, long b, long c, long d)
{
	register long x8 asm("x8") = number;
	register long x0 asm("x0") = a;
	register long x1 asm("x1") = b;
	register long x2 asm("x2") = c;
	register long x3 asm("x3") = d;
	register long x4 asm("x4") = 0;

	asm volatile("svc #0" : "+r"(x0)
		     : "r"(x8), "r"(x1), "r"(x2), "r"(x3), "r"(x4)
		     : "memory");
	return x0;
}

static void say(const char *text)
{
	long length = 0;

	while (text[length])
		length++;
	call(SYS_write, 1, (long)text, length, 0);
}

static int await(const char *file, long timeout_ms)
{
	struct timespec timeout = { timeout_ms / 1000,
				    timeout_ms % 1000 * 1000000 };
	struct pollfd poll = { .events = POLLPRI | POLLERR };
	char text[4096];

	poll.fd = call(SYS_openat, AT_FDCWD, (long)file, 0, 0);
	if (poll.fd < 0 || call(SYS_read, poll.fd, (long)text, sizeof(text), 0) < 0) {
		say("cannot be read\n");
		return 2;
	}
	say("waiting\n");
	if (call(SYS_ppoll, (long)&poll, 1, (long)&timeout, 0) != 1) {
		say("nothing\n");
		return 1;
	}
	say("changed\n");
	return 0;
}

__attribute__((used)) static void begin(const long *stack)
{
	const char *digits;
	long timeout_ms = 0;

	if (stack[0] != 3)
		call(SYS_exit, 2, 0, 0, 0);
	for (digits = (const char *)stack[3]; *digits; digits++)
		timeout_ms = 10 * timeout_ms + *digits - '0';
	call(SYS_exit, await((const char *)stack[2], timeout_ms), 0, 0, 0);
}

/* The kernel leaves argc and argv on the stack. */
asm(".globl _start\n_start:\n\tmov x0, sp\n\tb begin\n");
