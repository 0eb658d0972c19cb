/*
 * How long a key waits for its frame: from its byte going in to the last byte of the frame that
 * follows (frames are bracketed by the terminal's synchronized updates), and how many bytes a frame
 * has. First with nothing else going on, then with jobs running and a million keys still coming.
 *
 *     s3tui-keys JOBS SAMPLES PROGRAM ARG...
 *
 * The left pane has a file for each job (f0001 and on, larger than what is sent in the time), the
 * right one a bucket that they are copied to; then it goes to the bucket of synthetic keys.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { ROWS = 50, COLS = 160, WAIT_MS = 20000, KEPT = 1 << 16 };

static int master;
static pid_t child;
static char tail[KEPT]; /* the last bytes that came */
static size_t tail_len;
static uint64_t frames, frame_bytes, largest_frame;
static size_t frame_from; /* bytes since the frame began */
static bool in_frame;

static int64_t now_us(void)
{
	struct timespec ts;
	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000000 + ts.tv_nsec / 1000;
}

static void die(const char *what)
{
	fprintf(stderr, "s3tui-keys: %s\n%.*s\n", what, (int)(tail_len < 4000 ? tail_len : 4000),
		tail + (tail_len < 4000 ? 0 : tail_len - 4000));
	kill(child, SIGKILL);
	exit(1);
}

static void keep(char c)
{
	if (tail_len == KEPT) {
		memmove(tail, tail + KEPT / 2, KEPT / 2);
		tail_len = KEPT / 2;
	}
	tail[tail_len++] = c;
}

static bool ends_with(const char *text)
{
	size_t n = strlen(text);
	return tail_len >= n && memcmp(tail + tail_len - n, text, n) == 0;
}

static void take(char c)
{
	keep(c);
	frame_from++;
	if (ends_with("\033[?2026h")) {
		in_frame = true;
		frame_from = 0;
	} else if (in_frame && ends_with("\033[?2026l")) {
		in_frame = false;
		frames++;
		frame_bytes += frame_from;
		largest_frame = frame_from > largest_frame ? frame_from : largest_frame;
	}
}

/* Reads for at most so long; false if nothing came. */
static bool pump(int ms)
{
	char buf[65536];
	struct pollfd p = {.fd = master, .events = POLLIN};
	if (poll(&p, 1, ms) <= 0)
		return false;
	ssize_t n = read(master, buf, sizeof buf);
	if (n <= 0)
		die("the program has ended");
	for (ssize_t i = 0; i < n; i++)
		take(buf[i]);
	return true;
}

static void send_key(const char *key)
{
	size_t n = strlen(key);
	if (write(master, key, n) != (ssize_t)n)
		die("cannot write");
}

/* The frame that begins after now; how long until its last byte. */
static int64_t press(const char *key)
{
	while (in_frame || pump(0))
		if (in_frame)
			(void)pump(100);
	uint64_t before = frames;
	int64_t began = now_us(), end = began + (int64_t)WAIT_MS * 1000;
	send_key(key);
	while (frames == before)
		if (!pump(100) && now_us() > end)
			die("no frame");
	return now_us() - began;
}

static bool saw(const char *text)
{
	return memmem(tail, tail_len, text, strlen(text)) != NULL;
}

/* Until text came since the last call of forget(). */
static void wait_for(const char *text)
{
	int64_t end = now_us() + (int64_t)WAIT_MS * 1000;
	while (!saw(text))
		if (!pump(100) && now_us() > end)
			die(text);
}

static void forget(void)
{
	tail_len = 0;
}

static int compare(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
	return (x > y) - (x < y);
}

/* listing: keys that begin it anew each time it might be over; NULL: none. */
static void measure(const char *title, int samples, const char *listing)
{
	static const char *const keys[] = {
		"\033[6~", "\033OB", "\033OA", "\033[5~", "\033OB", "\033OA"};
	int64_t *took = calloc((size_t)samples, sizeof *took);
	if (!took)
		die("no memory");
	int64_t begun = now_us(), since = begun;
	uint64_t first = frames, bytes = frame_bytes;
	largest_frame = 0;
	for (int i = 0; i < samples; i++) {
		if (listing && now_us() - since > 1500000) { /* a million take longer */
			send_key(listing);
			since = now_us();
		}
		took[i] = press(keys[i % 6]);
		(void)usleep(3000); /* a person is slower than this */
	}
	int64_t all = now_us() - begun;
	qsort(took, (size_t)samples, sizeof *took, compare);
	printf("%-52s %5d keys: median %.1f ms, p99 %.1f ms, worst %.1f ms; %.0f frames/s, "
	       "%llu bytes a frame, largest %llu\n",
		title, samples, (double)took[samples / 2] / 1000,
		(double)took[samples * 99 / 100] / 1000, (double)took[samples - 1] / 1000,
		(double)(frames - first) * 1e6 / (double)all,
		(unsigned long long)((frame_bytes - bytes) / (frames - first)),
		(unsigned long long)largest_frame);
	(void)fflush(stdout);
	free(took);
}

/* How many frames come by themselves in three seconds. */
static void count_idle(const char *title)
{
	int64_t end = now_us() + 3000000;
	while (pump(100))
		;
	uint64_t first = frames;
	while (now_us() < end)
		(void)pump(50);
	printf("%-52s %llu frames in 3 s without a key\n", title,
		(unsigned long long)(frames - first));
}

/* The number in front of a word that came; 0 if it did not. */
static long number_before(const char *word)
{
	char *at = memmem(tail, tail_len, word, strlen(word));
	while (at && at > tail && ((at[-1] >= '0' && at[-1] <= '9') || at[-1] == ','))
		at--;
	return at ? strtol(at, NULL, 10) : 0;
}

/* What the transfers' title says, drawn anew. */
static void tell_jobs(void)
{
	(void)press("t");
	forget();
	uint64_t before = frames;
	send_key("\x0c");
	while (frames == before)
		if (!pump(5000))
			die("no frame");
	printf("jobs that ran at the end: %ld; a frame of the whole screen: %zu bytes\n",
		number_before(" jobs"), frame_from);
}

int main(int argc, char **argv)
{
	if (argc < 4)
		return 2;
	int jobs = atoi(argv[1]), samples = atoi(argv[2]);
	struct winsize size = {.ws_row = ROWS, .ws_col = COLS};
	child = forkpty(&master, NULL, NULL, &size);
	if (child < 0)
		return 1;
	if (child == 0) {
		setenv("TERM", "xterm-256color", 1);
		execv(argv[3], argv + 3);
		_exit(127);
	}
	wait_for("f0001");
	forget();
	count_idle("a screen on which nothing happens");
	measure("nothing else going on", samples, NULL);
	(void)press("G");
	(void)press("g");
	for (int i = 0; i < jobs; i++) {
		(void)press("\033OB");
		(void)press("\033[15~");
		(void)press("\r");
	}
	send_key("\t");
	(void)press("\x07");
	forget();
	send_key("s3://million/\r");
	wait_for("data-0");
	char title[64];
	snprintf(title, sizeof title, "%d jobs, a million keys coming", jobs);
	measure(title, samples, "\x12");
	tell_jobs();
	kill(child, SIGKILL);
	(void)waitpid(child, NULL, 0);
	return 0;
}
