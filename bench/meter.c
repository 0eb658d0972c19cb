/*
 * Runs a command and appends what it cost to a file: user s, system s, wall s, KiB at the most, its
 * exit status. A small program of its own, because a child's peak memory counts at least what its
 * parent had when it forked.
 *   s3tui-meter FILE COMMAND ARG...
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static double seconds(long s, long fraction, double unit)
{
	return (double)s + (double)fraction / unit;
}

int main(int argc, char **argv)
{
	struct timespec begun, ended;
	struct rusage used;
	int status = 0;
	if (argc < 3) {
		fputs("usage: s3tui-meter FILE COMMAND ARG...\n", stderr);
		return 2;
	}
	FILE *out = fopen(argv[1], "ae");
	if (!out)
		return 1;
	clock_gettime(CLOCK_MONOTONIC, &begun);
	pid_t child = fork();
	if (child == 0) {
		execvp(argv[2], argv + 2);
		fprintf(stderr, "s3tui-meter: %s: %s\n", argv[2], strerror(errno));
		_exit(127);
	}
	if (child < 0 || wait4(child, &status, 0, &used) != child)
		return 1;
	clock_gettime(CLOCK_MONOTONIC, &ended);
	int code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
	fprintf(out, "%.4f %.4f %.4f %ld %d\n",
		seconds(used.ru_utime.tv_sec, used.ru_utime.tv_usec, 1e6),
		seconds(used.ru_stime.tv_sec, used.ru_stime.tv_usec, 1e6),
		seconds(ended.tv_sec - begun.tv_sec, ended.tv_nsec - begun.tv_nsec, 1e9),
		used.ru_maxrss, code);
	return fclose(out) == 0 ? code : 1;
}
