/* The palette and the menus run the actions of what they are opened over. */
#include "support/tty.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void open_with_files(struct stage *s)
{
	stage_open(s, NULL, NULL);
	fixture_write(&s->f, "left/one.txt", 100, 1);
	fixture_put(&s->f, "top.bin", "0123456789");
	stage_run(s, NULL);
}

static void an_action_is_found_by_some_letters(void **state)
{
	struct stage *s = *state;
	open_with_files(s);
	struct tty *t = s->tty;
	tty_keys(t, ":");
	tty_wait_text(t, "What is to be done?", TTY_WAIT_MS);
	assert_true(tty_shows(t, "this list of keys"));
	assert_true(tty_shows(t, "F1 ?"));
	tty_type(t, "invmrk");
	tty_wait_text(t, ">invert the marks", TTY_WAIT_MS);
	tty_wait_text(t, "invert the marks", TTY_WAIT_MS);
	tty_keys(t, "Enter");
	tty_wait_text(t, "1 marked", TTY_WAIT_MS);
	assert_false(tty_shows(t, "What is to be done?"));
	/* nothing fits, and then something */
	tty_keys(t, ":");
	tty_wait_text(t, "What is to be done?", TTY_WAIT_MS);
	tty_type(t, "zzzzz");
	tty_wait_text(t, "nothing fits", TTY_WAIT_MS);
	tty_keys(t, "Enter Backspace Backspace Backspace Backspace Backspace");
	tty_type(t, "transfers");
	tty_wait_text(t, ">transfers:", TTY_WAIT_MS);
	tty_resize(t, 20, 60);
	tty_wait_text(t, ">transfers:", TTY_WAIT_MS);
	tty_keys(t, "Enter");
	tty_wait_text(t, "nothing is being transferred", TTY_WAIT_MS);
	tty_keys(t, "F1");
	tty_wait_text(t, "All keys can be changed", TTY_WAIT_MS);
	tty_keys(t, "Esc");
	tty_wait_text(t, "nothing is being transferred", TTY_WAIT_MS);
	/* it knows where it is */
	tty_keys(t, ":");
	tty_wait_text(t, "What is to be done?", TTY_WAIT_MS);
	tty_type(t, "limit");
	tty_wait_text(t, ">limit rate and connections", TTY_WAIT_MS);
	tty_keys(t, "Ctrl-U");
	tty_type(t, "invert the marks");
	tty_wait_text(t, "nothing fits", TTY_WAIT_MS);
	tty_keys(t, "Esc");
	tty_wait_gone(t, "What is to be done?", TTY_WAIT_MS);
	tty_keys(t, "Esc");
	tty_wait_gone(t, "nothing is being transferred", TTY_WAIT_MS);
	stage_quit(s);
}

/* Where they are only after the screen has grown and was drawn anew. */
static bool check_keys_at_bottom(struct tty *t, void *arg)
{
	(void)arg;
	return strstr(tty_row(t, tty_rows(t) - 1), "10Quit") != NULL;
}

static void menus_have_the_actions(void **state)
{
	struct stage *s = *state;
	int y = 0, x = 0;
	open_with_files(s);
	struct tty *t = s->tty;
	tty_keys(t, "F9");
	tty_wait_text(t, "copy to the other pane", TTY_WAIT_MS);
	tty_keys(t, "Right");
	tty_wait_text(t, "invert the marks", TTY_WAIT_MS);
	tty_keys(t, "Up Up");
	tty_wait_text(t, ">invert the marks", TTY_WAIT_MS);
	tty_keys(t, "Enter");
	tty_wait_text(t, "1 marked", TTY_WAIT_MS);
	tty_keys(t, "F9 Left");
	tty_wait_text(t, "this list of keys", TTY_WAIT_MS);
	tty_resize(t, 20, 60);
	tty_wait_text(t, "this list of keys", TTY_WAIT_MS);
	tty_keys(t, "Esc");
	tty_wait_gone(t, "this list of keys", TTY_WAIT_MS);
	tty_resize(t, 24, 80);
	tty_wait(t, check_keys_at_bottom, NULL, "the keys on the last row", TTY_WAIT_MS);
	/* by the mouse: F-key bar, title, item */
	assert_true(tty_find(t, "Menu", &y, &x));
	tty_click(t, y, x);
	tty_wait_text(t, "copy to the other pane", TTY_WAIT_MS);
	y = x = 0;
	assert_true(tty_find(t, " Mark ", &y, &x));
	tty_click(t, y, x + 2);
	tty_wait_text(t, "invert the marks", TTY_WAIT_MS);
	y = x = 0;
	assert_true(tty_find(t, "invert the marks", &y, &x));
	tty_click(t, y, x);
	tty_wait_gone(t, "1 marked", TTY_WAIT_MS);
	/* elsewhere: away */
	tty_keys(t, "F9");
	tty_wait_text(t, "copy to the other pane", TTY_WAIT_MS);
	tty_click(t, 20, 70);
	tty_wait_gone(t, "copy to the other pane", TTY_WAIT_MS);
	stage_quit(s);
}

static void the_help_is_searched(void **state)
{
	struct stage *s = *state;
	open_with_files(s);
	struct tty *t = s->tty;
	tty_keys(t, "F1");
	tty_wait_text(t, "All keys can be changed", TTY_WAIT_MS);
	tty_keys(t, "/");
	tty_type(t, "ReSuMe");
	tty_wait_gone(t, "All keys can be changed", TTY_WAIT_MS);
	tty_keys(t, "Ctrl-U"); /* no text: nothing happens */
	for (int i = 0; i < 6; i++)
		tty_keys(t, "Backspace");
	tty_type(t, "presigned");
	tty_wait_text(t, "/presigned", TTY_WAIT_MS);
	tty_wait_text(t, "F2 Y", TTY_WAIT_MS);
	assert_false(tty_shows(t, "one row up"));
	tty_keys(t, "Enter Esc"); /* all of it again */
	tty_wait_text(t, "All keys can be changed", TTY_WAIT_MS);
	tty_keys(t, "q");
	tty_wait_text(t, "one.txt", TTY_WAIT_MS);
	stage_quit(s);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		STAGE_TEST(an_action_is_found_by_some_letters),
		STAGE_TEST(the_help_is_searched),
		STAGE_TEST(menus_have_the_actions),
	};
	tty_budget_s(100);
	return cmocka_run_group_tests_name("menu", tests, NULL, NULL);
}
