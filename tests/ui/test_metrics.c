/* The view of metrics, and what a pane's frame says of its connection. */
#include "support/tty.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static void what_was_done_is_counted(void **state)
{
	struct stage *s = *state;
	stage_open(s, NULL, "[retry]\ninitial_delay = 0s\nmax_delay = 0s\n");
	fixture_write(&s->f, "left/up.bin", 3 << 20, 1);
	stage_run(s, NULL);
	struct tty *t = s->tty;
	tty_wait_text(t, "up.bin", TTY_WAIT_MS);
	tty_keys(t, "M");
	tty_wait_text(t, "Metrics since the start", TTY_WAIT_MS);
	tty_wait_text(t, "list                   1           0", TTY_WAIT_MS);
	tty_keys(t, "Esc");
	tty_wait_gone(t, "Metrics", TTY_WAIT_MS);
	tty_keys(t, "Down F5 Enter");
	tty_wait_text(t, "ok since ", TTY_WAIT_MS);
	tty_keys(t, "M");
	tty_wait_text(t, "uploaded               1     3.0 MiB", TTY_WAIT_MS);
	tty_wait_text(t, "put                    1           0", TTY_WAIT_MS);
	tty_keys(t, "q");
	tty_wait_gone(t, "Metrics", TTY_WAIT_MS);
	stage_quit(s);
}

/* A server that takes a request and says nothing is not ok, though nothing has failed. */
static void a_silent_server_is_said_in_the_frame(void **state)
{
	struct stage *s = *state;
	struct sandbox_fault silence = {.kind = SANDBOX_FAULT_STALL, .times = SANDBOX_FOREVER};
	stage_open(s, NULL, NULL);
	stage_start(s, NULL);
	struct tty *t = s->tty;
	tty_wait_text(t, "ok since ", TTY_WAIT_MS);
	tty_keys(t, "Tab");
	sandbox_fault(s->f.server, &silence);
	tty_keys(t, "B");
	tty_wait_text(t, "slow since ", TTY_WAIT_MS);
	sandbox_clear_faults(s->f.server);
	tty_keys(t, "Esc");
	tty_wait_gone(t, "reading...", TTY_WAIT_MS);
	tty_keys(t, "Ctrl-R");
	tty_wait_text(t, "ok since ", TTY_WAIT_MS);
	stage_quit(s);
}

static void a_failing_server_is_said_in_the_frame(void **state)
{
	struct stage *s = *state;
	stage_open(s, NULL, "[retry]\nmax_attempts = 2\ninitial_delay = 0s\nmax_delay = 0s\n");
	fixture_put(&s->f, "one.txt", "x");
	stage_run(s, NULL);
	struct tty *t = s->tty;
	tty_wait_text(t, "ok since ", TTY_WAIT_MS);
	struct sandbox_fault broken = {.kind = SANDBOX_FAULT_ANSWER,
		.status = 500,
		.code = "InternalError",
		.times = SANDBOX_FOREVER};
	sandbox_fault(s->f.server, &broken);
	tty_keys(t, "Tab Ctrl-R");
	tty_wait_text(t, "stopped \u00b7 failing", TTY_WAIT_MS);
	tty_keys(t, "M");
	tty_wait_text(t, "InternalError 2", TTY_WAIT_MS);
	tty_wait_text(t, ": failing since ", TTY_WAIT_MS);
	tty_keys(t, "Esc");
	tty_wait_gone(t, "Metrics", TTY_WAIT_MS);
	sandbox_clear_faults(s->f.server);
	tty_keys(t, "Ctrl-R");
	tty_wait_text(t, "ok since ", TTY_WAIT_MS);
	stage_quit(s);
}

/* Nobody does anything: what the frame says changes all the same, and nothing is written. */
static void an_idle_connection_is_asked(void **state)
{
	struct stage *s = *state;
	stage_open(s, NULL, "[ui]\nhealth_check = 200ms\n");
	fixture_put(&s->f, "one.txt", "x");
	stage_run(s, NULL);
	struct tty *t = s->tty;
	tty_wait_text(t, "ok since ", TTY_WAIT_MS);
	struct sandbox_fault broken = {.kind = SANDBOX_FAULT_ANSWER,
		.status = 500,
		.code = "InternalError",
		.times = SANDBOX_FOREVER};
	sandbox_fault(s->f.server, &broken);
	tty_wait_text(t, "failing since ", TTY_WAIT_MS);
	sandbox_clear_faults(s->f.server);
	tty_wait_text(t, "ok since ", TTY_WAIT_MS);
	assert_int_equal(sandbox_request_count(s->f.server, "GET"), 1); /* the listing */
	assert_true(sandbox_request_count(s->f.server, "HEAD") >= 2);
	assert_int_equal(sandbox_request_count(s->f.server, "PUT"), 0);
	assert_int_equal(sandbox_request_count(s->f.server, "POST"), 0);
	stage_quit(s);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		STAGE_TEST(what_was_done_is_counted),
		STAGE_TEST(a_silent_server_is_said_in_the_frame),
		STAGE_TEST(a_failing_server_is_said_in_the_frame),
		STAGE_TEST(an_idle_connection_is_asked),
	};
	tty_budget_s(60);
	return cmocka_run_group_tests_name("metrics", tests, NULL, NULL);
}
