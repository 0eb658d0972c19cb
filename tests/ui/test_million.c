/* A prefix of a million keys: rows after one request, keys answered while it comes and is sorted.
 */
#include "support/tty.h"

#include "core/timeutil.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

enum { KEYS = 1000000, SAMPLES = 60, LIMIT_US = 50000 };

static struct tty *open_million(struct stage *s, const struct sandbox_fault *fault)
{
	struct sandbox_options options = {.synthetic_keys = KEYS};
	stage_open(s, &options, NULL);
	if (fault)
		sandbox_fault(s->f.server, fault);
	const char *args[] = {"s3://" SANDBOX_SYNTHETIC_BUCKET "/", s->left, NULL};
	struct tty_options o = {.args = args, .rows = 50, .cols = 160};
	stage_start(s, &o);
	tty_wait_text(s->tty, "data-0000000000000000000000000010.bin", TTY_WAIT_MS);
	return s->tty;
}

static int compare(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
	return (x > y) - (x < y);
}

/* Presses keys that move the cursor while the screen says `during`; whether there were enough to
 * tell, and then half of them have to be answered in time. */
static bool measure(struct tty *t, const char *during, const char *title)
{
	static const char *const keys[] = {"Down", "PgDn", "Down", "Up", "PgUp", "Down"};
	int64_t took[SAMPLES];
	size_t n = 0;
	while (n < SAMPLES && (!during || tty_shows(t, during))) {
		took[n] = tty_time_cursor_us(t, keys[n % 6], TTY_WAIT_MS);
		n++;
	}
	if (n == 0)
		return false;
	qsort(took, n, sizeof *took, compare);
	double load = 0;
	(void)getloadavg(&load, 1);
	print_message("%s: %zu keys, median %.1f ms, 90%% %.1f ms, worst %.1f ms (load %.1f)\n",
		title, n, (double)took[n / 2] / 1000, (double)took[n * 9 / 10] / 1000,
		(double)took[n - 1] / 1000, load);
	/* a machine that is busy with other things says nothing about the program */
	if (n >= 10 && load <= (double)sysconf(_SC_NPROCESSORS_ONLN) + 1)
		assert_true(took[n / 2] < LIMIT_US);
	return n >= 10;
}

static void rows_are_there_after_one_request(void **state)
{
	struct stage *s = *state;
	struct sandbox_fault stall = {.kind = SANDBOX_FAULT_STALL,
		.method = "GET",
		.target = "continuation-token=",
		.times = SANDBOX_FOREVER};
	struct tty *t = open_million(s, &stall);
	/* of what comes next nothing has come: the rows are usable */
	tty_wait_text(t, "Esc stops", TTY_WAIT_MS);
	(void)measure(t, NULL, "after the first page");
	tty_keys(t, "End");
	tty_wait_cursor(t, "data-", TTY_WAIT_MS);
	tty_keys(t, "Esc");
	tty_wait_text(t, "stopped", TTY_WAIT_MS);
	tty_wait_gone(t, "Esc stops", TTY_WAIT_MS);
	stage_quit(s);
}

static void esc_stops_the_listing_and_keeps_what_came(void **state)
{
	struct stage *s = *state;
	struct tty *t = open_million(s, NULL);
	tty_wait_text(t, ",000+ items", TTY_WAIT_MS);
	tty_keys(t, "Esc");
	tty_wait_text(t, "items · stopped", TTY_WAIT_MS);
	uint64_t before = sandbox_request_count(s->f.server, "GET");
	(void)measure(t, NULL, "after Esc");
	assert_true(tty_shows(t, "+ items"));
	/* nothing goes on behind the scenes */
	assert_true(sandbox_request_count(s->f.server, "GET") <= before + 1);
	stage_quit(s);
}

static void a_name_is_jumped_to_while_the_rest_comes(void **state)
{
	struct stage *s = *state;
	struct tty *t = open_million(s, NULL);
	tty_wait_text(t, "Esc stops", TTY_WAIT_MS);
	tty_keys(t, "'");
	tty_type(t, "DATA-0000000000000000000000000777");
	tty_wait_cursor(t, "data-0000000000000000000000000777.bin", TTY_WAIT_MS);
	tty_keys(t, "Backspace Backspace"); /* the first that begins so */
	tty_wait_cursor(t, "data-0000000000000000000000000700.bin", TTY_WAIT_MS);
	tty_type(t, "x"); /* there is none: it stays */
	tty_wait_text(t, "00007x", TTY_WAIT_MS);
	tty_wait_cursor(t, "data-0000000000000000000000000700.bin", TTY_WAIT_MS);
	tty_keys(t, "Down");
	tty_wait_cursor(t, "data-0000000000000000000000000701.bin", TTY_WAIT_MS);
	tty_keys(t, "Space");
	tty_wait_text(t, "1 marked", TTY_WAIT_MS);
	stage_quit(s);
}

static bool check_all(struct tty *t, void *arg)
{
	(void)arg;
	return tty_shows(t, "1,000,000 items");
}

static void keys_are_answered_while_it_comes_and_while_it_is_sorted(void **state)
{
	struct stage *s = *state;
	struct tty *t = open_million(s, NULL);
	int64_t start = time_mono_ms();
	(void)measure(t, "Esc stops", "while it streams");
	tty_wait(t, check_all, NULL, "a million rows", 90000);
	print_message("all listed after %.1f s\n", (double)(time_mono_ms() - start) / 1000);
	(void)measure(t, NULL, "a million rows");
	tty_keys(t, "s");
	tty_wait_either(t, "sorting by size", "sorted by size", TTY_WAIT_MS);
	if (!measure(t, "sorting by size", "while it is sorted"))
		print_message("sorted too fast to measure\n");
	tty_wait_text(t, "sorted by size", 60000);
	/* typing a filter over all of it */
	tty_keys(t, "/");
	tty_type(t, "9999");
	tty_wait_text(t, "280 with /9999", 30000);
	tty_keys(t, "Esc");
	tty_wait_gone(t, "with /9999", TTY_WAIT_MS);
	stage_quit(s);
}

int main(int argc, char **argv)
{
	tty_budget_s(115);
	cmocka_set_test_filter(argc > 1 ? argv[1] : NULL);
	const struct CMUnitTest tests[] = {
		STAGE_TEST(rows_are_there_after_one_request),
		STAGE_TEST(esc_stops_the_listing_and_keeps_what_came),
		STAGE_TEST(a_name_is_jumped_to_while_the_rest_comes),
		STAGE_TEST(keys_are_answered_while_it_comes_and_while_it_is_sorted),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
