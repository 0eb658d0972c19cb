/* s3tui --demo: two places of its own, and nothing left of them afterwards. */
#include "support/tty.h"

#include <dirent.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

enum { START_MS = 60000 };

static const char *const demo_args[] = {"--demo", NULL};

static struct tty *open_demo(struct stage *s)
{
	struct tty_options o = {.args = demo_args};
	stage_open(s, NULL, NULL);
	stage_start(s, &o);
	tty_wait_text(s->tty, "DEMO", START_MS);
	tty_wait_text(s->tty, "s3://demo/", TTY_WAIT_MS);
	tty_wait_text(s->tty, "welcome.txt", TTY_WAIT_MS);
	tty_wait_text(s->tty, "README.txt", TTY_WAIT_MS);
	return s->tty;
}

static size_t leftovers(struct stage *s)
{
	char *path = s3t_asprintf("%s/tmp", s->home);
	DIR *dir = opendir(path);
	size_t n = 0;
	assert_non_null(dir);
	for (struct dirent *e; (e = readdir(dir));)
		n += e->d_name[0] != '.';
	closedir(dir);
	free(path);
	return n;
}

static void the_demo_shows_both_places_and_leaves_nothing(void **state)
{
	struct stage *s = *state;
	struct tty *t = open_demo(s);
	assert_true(leftovers(s) > 0);
	tty_wait_text(t, "mixed/", TTY_WAIT_MS);
	tty_wait_text(t, "website/", TTY_WAIT_MS);
	assert_non_null(strstr(tty_row(t, tty_rows(t) - 1), "DEMO"));
	/* another client could look */
	tty_keys(t, "F1");
	tty_wait_text(t, "Endpoint: http://127.0.0.1:", TTY_WAIT_MS);
	assert_true(tty_shows(t, "Access key: "));
	assert_true(tty_shows(t, "Bucket: demo"));
	tty_keys(t, "Esc");
	tty_wait_text(t, "welcome.txt", TTY_WAIT_MS);
	stage_quit(s);
	assert_int_equal(leftovers(s), 0);
}

static void the_demo_says_that_what_was_copied_vanishes(void **state)
{
	struct stage *s = *state;
	struct tty *t = open_demo(s);
	tty_keys(t, "End");
	tty_wait_cursor(t, "table.csv", TTY_WAIT_MS);
	tty_keys(t, "F5");
	tty_wait_text(t, "1 file, ", TTY_WAIT_MS);
	tty_keys(t, "Enter");
	tty_wait_text(t, "1 copied", TTY_WAIT_MS);
	tty_keys(t, "q");
	tty_wait_text(t, "vanishes", TTY_WAIT_MS);
	tty_keys(t, "Enter");
	assert_int_equal(tty_wait_exit(t, TTY_WAIT_MS), 0);
	tty_assert_restored(t);
	assert_int_equal(leftovers(s), 0);
}

static void the_demo_deletes_nothing_outside_of_its_places(void **state)
{
	struct stage *s = *state;
	struct tty *t = open_demo(s);
	fixture_write(&s->f, "left/precious", 10, 1);
	tty_keys(t, "Ctrl-G");
	tty_wait_text(t, "Go to", TTY_WAIT_MS);
	tty_type(t, s->left);
	tty_keys(t, "Enter");
	tty_wait_text(t, "precious", TTY_WAIT_MS);
	tty_keys(t, "Down F8 Left Enter");
	tty_wait_text(t, "In the demo only", TTY_WAIT_MS);
	tty_keys(t, "Esc");
	tty_wait_gone(t, "In the demo only", TTY_WAIT_MS);
	stage_quit(s);
	assert_true(fixture_exists(&s->f, "left/precious"));
}

static void a_signal_ends_the_demo_and_leaves_nothing(void **state)
{
	struct stage *s = *state;
	struct tty *t = open_demo(s);
	assert_int_equal(kill(tty_pid(t), SIGTERM), 0);
	assert_int_equal(tty_wait_exit(t, TTY_WAIT_MS), 128 + SIGTERM);
	tty_assert_restored(t);
	assert_int_equal(leftovers(s), 0);
}

int main(int argc, char **argv)
{
	tty_budget_s(115);
	cmocka_set_test_filter(argc > 1 ? argv[1] : NULL);
	const struct CMUnitTest tests[] = {
		STAGE_TEST(the_demo_shows_both_places_and_leaves_nothing),
		STAGE_TEST(the_demo_says_that_what_was_copied_vanishes),
		STAGE_TEST(the_demo_deletes_nothing_outside_of_its_places),
		STAGE_TEST(a_signal_ends_the_demo_and_leaves_nothing),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
