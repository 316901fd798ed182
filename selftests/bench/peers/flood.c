// SPDX-License-Identifier: GPL-2.0
/*
 * flood EVERY_US FILE: writes a state of charge to a gauge, without a pause if EVERY_US
 * is 0. flood: a battery monitor on a pseudo terminal, whose name it prints, that sends
 * as fast as it is read. The state of charge jumps from empty to full and back, after
 * two reports each. Ends by SIGTERM, and prints how many there were.
 */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

static sig_atomic_t ended;

static void end(int signal)
{
	(void)signal;
	__atomic_store_n(&ended, 1, __ATOMIC_RELAXED);
}

static int goes_on(void)
{
	return !__atomic_load_n(&ended, __ATOMIC_RELAXED);
}

static int empty(long n)
{
	return n / 2 % 2;
}

static long write_gauge(useconds_t every_us, const char *file)
{
	int fd = open(file, O_WRONLY);
	long n;

	if (fd < 0)
		return -1;
	for (n = 0; goes_on(); n++) {
		const char *text = empty(n) ? "0\n" : "1000\n";

		if (pwrite(fd, text, strlen(text), 0) < 0)
			return -1;
		if (every_us)
			usleep(every_us);
	}
	return n;
}

static size_t make_block(char *text, size_t size, const char *soc)
{
	size_t length = snprintf(text, size, "\r\nPID\t0xA389\r\nSOC\t%s\r\nChecksum\t",
				 soc);
	unsigned char sum = 0;
	size_t i;

	for (i = 0; i < length; i++)
		sum += text[i];
	text[length++] = -sum;
	return length;
}

static long write_tty(void)
{
	int fd = posix_openpt(O_RDWR | O_NOCTTY), other;
	struct termios settings;
	char text[2][64];
	size_t length[2];
	long n;

	if (fd < 0 || grantpt(fd) || unlockpt(fd))
		return -1;
	/* without an echo, and open while nobody reads */
	other = open(ptsname(fd), O_RDWR | O_NOCTTY);
	if (other < 0 || tcgetattr(other, &settings))
		return -1;
	cfmakeraw(&settings);
	if (tcsetattr(other, TCSANOW, &settings))
		return -1;
	puts(ptsname(fd));
	fflush(stdout);

	length[0] = make_block(text[0], sizeof(text[0]), "1000");
	length[1] = make_block(text[1], sizeof(text[1]), "0");
	for (n = 0; goes_on(); n++)
		if (write(fd, text[empty(n)], length[empty(n)]) < 0)
			break;
	return n;
}

int main(int argc, char **argv)
{
	struct sigaction action = { .sa_handler = end };
	long n;

	if (argc != 1 && argc != 3)
		return 2;
	sigaction(SIGTERM, &action, NULL);
	n = argc == 1 ? write_tty() : write_gauge(atoi(argv[1]), argv[2]);
	if (n < 0) {
		perror("flood");
		return 1;
	}
	printf("%ld\n", n);
	return 0;
}
