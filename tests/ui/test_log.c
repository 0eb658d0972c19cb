/* The view of all calls to S3. */
#include "support/tty.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static void calls_are_shown_as_they_come(void **state)
{
	struct stage *s = *state;
	stage_open(s, NULL, "[retry]\ninitial_delay = 0s\nmax_delay = 0s\n");
	fixture_put(&s->f, "one.txt", "x");
	stage_run(s, NULL);
	struct tty *t = s->tty;
	tty_keys(t, "L");
	tty_wait_text(t, "Calls \u00b7 1 since the start", TTY_WAIT_MS);
	tty_wait_cursor(t, "GET    200", TTY_WAIT_MS);
	tty_wait_text(t, "first byte ", TTY_WAIT_MS);
	tty_keys(t, "Esc");
	tty_wait_gone(t, "Calls", TTY_WAIT_MS);
	struct sandbox_fault slow = {.kind = SANDBOX_FAULT_ANSWER, .method = "GET"};
	sandbox_fault(s->f.server, &slow);
	tty_keys(t, "Tab Ctrl-R L");
	tty_wait_text(t, "3 since the start", TTY_WAIT_MS);
	tty_wait_text(t, "GET    503", TTY_WAIT_MS);
	tty_wait_cursor(t, "#2", TTY_WAIT_MS);
	tty_keys(t, "Up");
	tty_wait_cursor(t, "GET    503", TTY_WAIT_MS);
	tty_keys(t, "Enter");
	tty_wait_text(t, "answer 503", TTY_WAIT_MS);
	tty_wait_text(t, "curl -sS", TTY_WAIT_MS);
	assert_false(tty_shows(t, sandbox_secret_key(s->f.server)));
	tty_keys(t, "Esc");
	tty_wait_gone(t, "curl -sS", TTY_WAIT_MS);
	tty_keys(t, "c");
	tty_wait_text(t, "curl takes the keys from AWS_", TTY_WAIT_MS);
	tty_keys(t, "q");
	tty_wait_text(t, "one.txt", TTY_WAIT_MS);
	stage_quit(s);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		STAGE_TEST(calls_are_shown_as_they_come),
	};
	tty_budget_s(60);
	return cmocka_run_group_tests_name("log", tests, NULL, NULL);
}
