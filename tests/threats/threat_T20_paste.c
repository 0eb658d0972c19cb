/* Threat T20: pasted text is text: it goes into text fields, as one line, and is no key anywhere.
 */
#include "support/tty.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void paste(struct tty *t, const char *text)
{
	tty_type(t, "\033[200~");
	tty_type(t, text);
	tty_type(t, "\033[201~");
}

static void what_is_pasted_is_no_command(void **state)
{
	struct stage *s = *state;
	stage_open(s, NULL, NULL);
	fixture_write(&s->f, "left/one.txt", 100, 1);
	stage_run(s, NULL);
	struct tty *t = s->tty;
	tty_keys(t, "End");
	tty_wait_cursor(t, "one.txt", TTY_WAIT_MS);
	/* as keys: delete it, confirm, quit; keys of the mouse, too */
	paste(t, "d\r\tq\r\x1b[20~:quit\r\033[<0;1;24M");
	tty_keys(t, "Space");
	tty_wait_text(t, "1 marked", TTY_WAIT_MS); /* and this is what the Space did */
	assert_true(fixture_exists(&s->f, "left/one.txt"));
	/* a button does not take it */
	tty_keys(t, "F5");
	tty_wait_text(t, "Dry run", TTY_WAIT_MS);
	paste(t, " \r\n");
	tty_keys(t, "Right");
	tty_wait_text(t, "[>Dry run<]", TTY_WAIT_MS);
	assert_false(fixture_has_key(&s->f, "one.txt"));
	tty_keys(t, "Esc");
	tty_wait_gone(t, "Dry run", TTY_WAIT_MS);
	/* a text field takes the first line */
	tty_keys(t, "Ctrl-G");
	tty_wait_text(t, "Go to", TTY_WAIT_MS);
	paste(t, "s3://demo/nowhere/\r\nq\r\n");
	tty_wait_text(t, "s3://demo/nowhere/", TTY_WAIT_MS);
	assert_true(tty_shows(t, "Go to"));
	tty_keys(t, "Esc");
	tty_wait_gone(t, "Go to", TTY_WAIT_MS);
	/* the viewer, the menu, the palette */
	tty_keys(t, "F3");
	tty_wait_text(t, "7Find", TTY_WAIT_MS);
	paste(t, "q");
	tty_keys(t, "H");
	tty_wait_frame(t, TTY_WAIT_MS);
	assert_true(tty_shows(t, "7Find"));
	tty_keys(t, "Esc");
	tty_wait_gone(t, "7Find", TTY_WAIT_MS);
	tty_keys(t, "F9");
	tty_wait_text(t, "Tools", TTY_WAIT_MS);
	paste(t, "\r");
	tty_keys(t, "Esc");
	tty_wait_gone(t, "Tools", TTY_WAIT_MS);
	tty_keys(t, ":");
	tty_wait_text(t, "What is to be done?", TTY_WAIT_MS);
	paste(t, "leave s3tui\r");
	tty_wait_text(t, ">leave s3tui", TTY_WAIT_MS);
	tty_keys(t, "Esc");
	tty_wait_gone(t, "What is to be done?", TTY_WAIT_MS);
	assert_true(fixture_exists(&s->f, "left/one.txt"));
	stage_quit(s);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		STAGE_TEST(what_is_pasted_is_no_command),
	};
	tty_budget_s(100);
	return cmocka_run_group_tests_name("T20", tests, NULL, NULL);
}
