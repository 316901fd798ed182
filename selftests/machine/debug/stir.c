// SPDX-License-Identifier: GPL-2.0
/*
 * stir: what shell scripts are too slow for.
 *
 *	stir read COUNT STOP FOLDER...		COUNT readers read every file, until
 *						there is a file STOP
 *	stir junk COUNT FILE...			COUNT writes of junk
 *	stir fail FILE TEXT WORDS		for each line of input: "N": the Nth
 *						allocation of a write fails; "log":
 *						prints how often the log since then has
 *						the WORDS
 *	stir play FILE				a timeline: at its time each of the
 *						lines "NS write FILE TEXT" and
 *						"NS read FILE" is done
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/klog.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define FILES_MAX	256

/* Of syslog(2) */
#define KLOG_READ_ALL	3
#define KLOG_CLEAR	5

static char *files[FILES_MAX];
static unsigned int file_count;

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec + t.tv_nsec / 1e9;
}

/* Every regular file in a folder, and one folder deeper */
static void collect(const char *folder, int depth)
{
	struct dirent *entry;
	struct stat st;
	char path[512];
	DIR *dir;

	dir = opendir(folder);
	if (!dir)
		return;
	while ((entry = readdir(dir))) {
		if (entry->d_name[0] == '.')
			continue;
		snprintf(path, sizeof(path), "%s/%s", folder, entry->d_name);
		if (lstat(path, &st))
			continue;
		if (S_ISDIR(st.st_mode) && depth)
			collect(path, depth - 1);
		if (S_ISREG(st.st_mode) && st.st_mode & 0444 &&
		    file_count < FILES_MAX)
			files[file_count++] = strdup(path);
	}
	closedir(dir);
}

/*
 * Reads until told to stop. Files may come and go; what is there may say that
 * its device is about to go, and nothing else.
 */
static int reader(unsigned int seed, const char *stop, const char *report)
{
	unsigned long reads = 0, gone = 0, bad = 0;
	double begun, longest = 0;
	char text[4096];
	FILE *out;

	while (access(stop, F_OK)) {
		const char *file = files[rand_r(&seed) % file_count];
		ssize_t len;
		int fd;

		begun = now();
		fd = open(file, O_RDONLY);
		if (fd < 0) {
			gone++;
			usleep(100);
			continue;
		}
		len = read(fd, text, sizeof(text));
		if (len >= 0) {
			reads++;
		} else if (errno == ENODEV || errno == EAGAIN ||
			   errno == EBUSY || errno == EIO) {
			/* EIO is sysfs's own word for a file on its way out */
			gone++;
		} else {
			bad++;
			fprintf(stderr, "%s: %s\n", file, strerror(errno));
		}
		close(fd);
		if (now() - begun > longest)
			longest = now() - begun;
		/* others shall get somewhere, too */
		usleep(rand_r(&seed) % 2000);
	}
	out = fopen(report, "a");
	if (out) {
		fprintf(out, "reads %lu gone %lu bad %lu longest_ms %.0f\n",
			reads, gone, bad, longest * 1000);
		fclose(out);
	}
	return bad != 0;
}

static int read_all(int argc, char **argv)
{
	const char *stop = argv[1];
	const char *report = "/tmp/stir.read";
	int n, count = atoi(argv[0]), status, failed = 0;

	unlink(report);
	for (n = 2; n < argc; n++)
		collect(argv[n], 1);
	if (!file_count)
		return 2;
	for (n = 0; n < count; n++)
		if (!fork())
			_exit(reader(n + 1, stop, report));
	while (wait(&status) > 0)
		failed |= status;
	return failed != 0;
}

/* A power supply's own files are parsed before the driver sees them. */
static int core_refuses(const char *name, int error)
{
	return error == ERANGE && strstr(name, "/power_supply/");
}

static int junk(int argc, char **argv)
{
	static const char * const words[] = {
		"", "\n", "on", "off", "1", "0", "auto", "inhibit-charge",
		"30000", "29999", "600001", "4294967295", "-1", "0x7fffffff", "  on",
		"on off", "%s%n", "999999999999999999999999",
	};
	unsigned long count = strtoul(argv[0], NULL, 0), n, accepted = 0;
	unsigned int seed = 1;
	const char *names[64];
	int fds[64], m, len, fd_count = 0;
	char text[4096];

	for (m = 1; m < argc && fd_count < 64; m++) {
		names[fd_count] = argv[m];
		fds[fd_count] = open(argv[m], O_WRONLY);
		if (fds[fd_count] >= 0)
			fd_count++;
	}
	if (!fd_count)
		return 2;
	for (n = 0; n < count; n++) {
		unsigned int kind = rand_r(&seed);

		if (kind % 4 == 0) {
			snprintf(text, sizeof(text), "%s", words[rand_r(&seed) %
				(sizeof(words) / sizeof(*words))]);
			len = strlen(text);
		} else {
			len = rand_r(&seed) % (kind % 64 ? 24 : sizeof(text));
			for (m = 0; m < len; m++)
				text[m] = rand_r(&seed);
		}
		m = rand_r(&seed) % fd_count;
		lseek(fds[m], 0, SEEK_SET);
		if (write(fds[m], text, len) >= 0)
			accepted++;
		else if (errno != EINVAL && !core_refuses(names[m], errno))
			return printf("%s: %s\n", names[m], strerror(errno)), 1;
	}
	printf("writes %lu accepted %lu\n", count, accepted);
	return 0;
}

/* Prints whether the Nth allocation came, and what the write returned. */
static int fail_nth(int control, const char *nth, int target, const char *text)
{
	char left[16] = "";
	int error = 0;

	if (klogctl(KLOG_CLEAR, NULL, 0) < 0 ||
	    pwrite(control, nth, strlen(nth), 0) < 0)
		return 2;
	if (pwrite(target, text, strlen(text), 0) < 0)
		error = errno;
	if (pread(control, left, sizeof(left) - 1, 0) < 0 ||
	    pwrite(control, "0", 1, 0) < 0)
		return 2;
	printf("%s %s\n", atoi(left) ? "not-reached" : "failed",
	       error ? strerror(error) : "success");
	return 0;
}

/* Prints how often the log has the words. */
static int count_in_log(const char *words)
{
	static char log[1 << 20];
	int length = klogctl(KLOG_READ_ALL, log, sizeof(log) - 1), count = 0;
	char *found = log;

	if (length < 0)
		return 2;
	log[length] = '\0';
	while ((found = strstr(found, words))) {
		count++;
		found += strlen(words);
	}
	printf("%d\n", count);
	return 0;
}

static int fail(char **argv)
{
	int target = open(argv[0], O_WRONLY), error = 0;
	int control = open("/proc/thread-self/fail-nth", O_RDWR);
	char line[32];

	if (target < 0 || control < 0)
		return 2;
	setvbuf(stdout, NULL, _IOLBF, 0);
	while (!error && fgets(line, sizeof(line), stdin))
		error = strcmp(line, "log\n") ?
			fail_nth(control, line, target, argv[1]) :
			count_in_log(argv[2]);
	return error;
}

static unsigned long long boottime_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_BOOTTIME, &t);
	return t.tv_sec * 1000000000ULL + t.tv_nsec;
}

static void sleep_until(unsigned long long ns)
{
	struct timespec t = { ns / 1000000000, ns % 1000000000 };

	while (clock_nanosleep(CLOCK_BOOTTIME, TIMER_ABSTIME, &t, NULL) == EINTR)
		;
}

/* One line of a timeline that began at @begun, and what came of it */
static void play_step(char *line, unsigned long long begun)
{
	static const char blanks[] = "\n ";
	char *when = strtok(line, blanks), *what = strtok(NULL, blanks);
	char *file = strtok(NULL, blanks), *text = strtok(NULL, "\n");
	char value[256] = "";
	ssize_t len = -1;
	int fd, reads;

	if (!file)
		return;
	reads = !strcmp(what, "read");
	sleep_until(begun + strtoull(when, NULL, 10));
	fd = open(file, reads ? O_RDONLY : O_WRONLY);
	if (fd >= 0 && reads)
		len = read(fd, value, sizeof(value) - 1);
	else if (fd >= 0)
		len = write(fd, text ? text : " ", text ? strlen(text) : 1);
	value[strcspn(value, "\n")] = '\0';
	printf("%llu %s %s %s\n", boottime_ns() - begun,
	       len < 0 ? "error" : what, file, len < 0 ? strerror(errno) : value);
	if (fd >= 0)
		close(fd);
}

/* It begins as soon as all is read; prints when that was. */
static int play(const char *path)
{
	FILE *file = fopen(path, "r");
	static char lines[1 << 20];
	unsigned long long begun;
	char *line, *next = lines;

	if (!file)
		return 2;
	lines[fread(lines, 1, sizeof(lines) - 1, file)] = '\0';
	fclose(file);
	begun = boottime_ns() + 10000000;
	printf("begun %llu\n", begun);
	while (*(line = next)) {
		next = line + strcspn(line, "\n");
		if (*next)
			*next++ = '\0';
		play_step(line, begun);
	}
	return 0;
}

int main(int argc, char **argv)
{
	if (argc >= 5 && !strcmp(argv[1], "read"))
		return read_all(argc - 2, argv + 2);
	if (argc >= 4 && !strcmp(argv[1], "junk"))
		return junk(argc - 2, argv + 2);
	if (argc == 5 && !strcmp(argv[1], "fail"))
		return fail(argv + 2);
	if (argc == 3 && !strcmp(argv[1], "play"))
		return play(argv[2]);
	fprintf(stderr, "stir: read, junk, fail or play, see stir.c\n");
	return 2;
}
