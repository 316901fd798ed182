// SPDX-License-Identifier: GPL-2.0
/*
 * readers COUNT SECONDS FILE...: so many processes read all the files again and
 * again; prints how many reads there were.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec + t.tv_nsec / 1e9;
}

static long read_all(int count, char **files, double end)
{
	char text[4096];
	long reads = 0;
	int n, fd;

	while (now() < end) {
		for (n = 0; n < count; n++) {
			fd = open(files[n], O_RDONLY);
			if (fd < 0)
				continue;
			reads += read(fd, text, sizeof(text)) > 0;
			close(fd);
		}
	}
	return reads;
}

int main(int argc, char **argv)
{
	long reads, sum = 0;
	int n, pipes[2];
	double end;

	if (argc < 4 || pipe(pipes))
		return 2;
	end = now() + atof(argv[2]);
	for (n = 0; n < atoi(argv[1]); n++) {
		if (fork())
			continue;
		reads = read_all(argc - 3, argv + 3, end);
		return write(pipes[1], &reads, sizeof(reads)) != sizeof(reads);
	}
	while (n-- && read(pipes[0], &reads, sizeof(reads)) == sizeof(reads))
		sum += reads;
	while (wait(NULL) > 0)
		;
	printf("%ld\n", sum);
	return 0;
}
