/* Threat T19: a name that looks like a dialog of ours stays a name, on one line, with count and
 * size beside it; more than one object wants a typed word. */
#include "support/tty.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define SPOOF "x\n\n[ Cancel ]  This deletes nothing. 0 objects, 0 B"

static void a_name_cannot_play_the_dialog(void **state)
{
	struct stage *s = *state;
	int y = 0, x = 0;
	stage_open(s, NULL, NULL);
	fixture_put(&s->f, SPOOF, "12345");
	stage_run(s, NULL);
	struct tty *t = s->tty;
	tty_keys(t, "Tab End");
	tty_wait_cursor(t, "x\\x0a", TTY_WAIT_MS);
	tty_keys(t, "F8");
	tty_wait_text(t, "5 B", TTY_WAIT_MS);
	tty_wait_text(t, "1 file, 5 B", TTY_WAIT_MS);
	/* the name is on the line where it begins, its newlines visible; no line begins with its
	 * button */
	assert_true(tty_find(t, "x\\x0a\\x0a[ Can", &y, &x));
	for (int row = 0; row < tty_rows(t); row++) {
		const char *spoof = strstr(tty_row(t, row), "│ [ Cancel ]  This");
		assert_null(spoof);
	}
	tty_keys(t, "Esc");
	tty_wait_gone(t, "1 file, 5 B", TTY_WAIT_MS);
	assert_true(fixture_has_key(&s->f, SPOOF));
	stage_quit(s);
}

static void several_objects_want_a_typed_word(void **state)
{
	struct stage *s = *state;
	stage_open(s, NULL, NULL);
	fixture_put(&s->f, "yes/delete/a", "1");
	fixture_put(&s->f, "yes/delete/b", "2");
	stage_run(s, NULL);
	struct tty *t = s->tty;
	tty_keys(t, "Tab End");
	tty_wait_cursor(t, "yes/", TTY_WAIT_MS);
	tty_keys(t, "F8");
	tty_wait_text(t, "2 files, 2 B", TTY_WAIT_MS);
	tty_keys(t, "Enter");
	tty_wait_frame(t, TTY_WAIT_MS);
	assert_true(fixture_has_key(&s->f, "yes/delete/a"));
	tty_keys(t, "Esc");
	tty_wait_gone(t, "2 files, 2 B", TTY_WAIT_MS);
	assert_true(fixture_has_key(&s->f, "yes/delete/b"));
	stage_quit(s);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		STAGE_TEST(a_name_cannot_play_the_dialog),
		STAGE_TEST(several_objects_want_a_typed_word),
	};
	tty_budget_s(100);
	return cmocka_run_group_tests_name("T19", tests, NULL, NULL);
}
