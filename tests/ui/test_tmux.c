/* The mouse through tmux: with its own mouse on and off, and in a tmux within a tmux. */
#include "support/tty.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define TMUX "/usr/bin/tmux"

/* Each server has its socket in the test's own directory, and ends with its only session. */
static void write_config(struct stage *s, const char *name, bool has_mouse)
{
	char *path = s3t_asprintf("%s/%s.conf", s->home, name);
	FILE *out = fopen(path, "w");
	assert_non_null(out);
	fprintf(out, "set -g status off\nset -s escape-time 0\nset -g mouse %s\n",
		has_mouse ? "on" : "off");
	assert_int_equal(fclose(out), 0);
	free(path);
}

static void start(struct stage *s, bool has_mouse, bool is_nested)
{
	const char *program = getenv("S3TUI_BIN");
	assert_non_null(program);
	stage_open(s, NULL, NULL);
	fixture_write(&s->f, "left/one.txt", 100, 1);
	fixture_write(&s->f, "left/two.txt", 100, 2);
	fixture_put(&s->f, "into/x", "x");
	fixture_put(&s->f, "object.txt", "x");
	write_config(s, "outer", has_mouse);
	write_config(s, "inner", has_mouse);
	char *run = s3t_asprintf("exec %s %s s3://demo/", program, s->left);
	char *inner =
		s3t_asprintf("exec env -u TMUX %s -u -S %s/inner -f %s/inner.conf new-session '%s'",
			TMUX, s->home, s->home, run);
	char *socket = s3t_asprintf("%s/outer", s->home),
	     *config = s3t_asprintf("%s/outer.conf", s->home);
	const char *args[] = {
		"-u", "-S", socket, "-f", config, "new-session", is_nested ? inner : run, NULL};
	struct tty_options o = {.program = TMUX, .args = args};
	stage_start(s, &o);
	tty_wait_text(s->tty, "object.txt", TTY_WAIT_MS);
	tty_wait_text(s->tty, "two.txt", TTY_WAIT_MS);
	free(run);
	free(inner);
	free(socket);
	free(config);
}

static void use_the_mouse(struct stage *s)
{
	struct tty *t = s->tty;
	int y = 0, x = 0;
	/* a click moves the cursor, or sorts */
	assert_true(tty_find(t, "two.txt", &y, &x));
	tty_click(t, y, x);
	tty_wait_cursor(t, "two.txt", TTY_WAIT_MS);
	/* (tmux itself drops another button's press within the time of a double click) */
	assert_true(tty_find(t, "Size", NULL, &x));
	tty_click(t, 1, x);
	tty_wait_text(t, "sorted by size", TTY_WAIT_MS);
	/* what is dragged onto a prefix goes into it */
	tty_drag(t, "two.txt", "into/", 41);
	tty_wait_text(t, "copy two.txt, 100 B", TTY_WAIT_MS);
	y = 0;
	assert_true(tty_find(t, "into/", &y, &x));
	tty_mouse(t, 0, y, 45, true);
	stage_wait_key(s, "into/two.txt", TTY_WAIT_MS);
	/* a double click enters */
	tty_click(t, y, 45);
	tty_click(t, y, 45);
	tty_wait_text(t, "s3://demo/into/", TTY_WAIT_MS);
	tty_keys(t, "q");
	assert_int_equal(tty_wait_exit(t, TTY_WAIT_MS), 0);
	assert_true(fixture_file_is_object(&s->f, "left/two.txt", "into/two.txt"));
}

static void with_its_mouse_on(void **state)
{
	start(*state, true, false);
	use_the_mouse(*state);
}

static void with_its_mouse_off(void **state)
{
	start(*state, false, false);
	use_the_mouse(*state);
}

static void in_a_tmux_within_a_tmux(void **state)
{
	start(*state, true, true);
	use_the_mouse(*state);
}

/* After a failure the servers would go on. */
static int teardown(void **state)
{
	const struct stage *s = *state;
	static const char *const names[] = {"inner", "outer"};
	for (size_t i = 0; i < 2; i++) {
		char *command =
			s3t_asprintf(TMUX " -S %s/%s kill-server 2>/dev/null", s->home, names[i]);
		FILE *p = popen(command, "r"); /* NOLINT(cert-env33-c): a test's own */
		if (p)
			(void)pclose(p);
		free(command);
	}
	return stage_teardown(state);
}

#define TMUX_TEST(test) cmocka_unit_test_setup_teardown(test, stage_setup, teardown)

int main(void)
{
	static const struct CMUnitTest tests[] = {
		TMUX_TEST(with_its_mouse_on),
		TMUX_TEST(with_its_mouse_off),
		TMUX_TEST(in_a_tmux_within_a_tmux),
	};
	tty_budget_s(120);
	return cmocka_run_group_tests_name("tmux", tests, NULL, NULL);
}
