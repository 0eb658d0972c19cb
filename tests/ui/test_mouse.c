/* The mouse: clicks, wheel, marking, and files dragged from one pane to the other. */
#include "support/tty.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

enum { RIGHT = 40, PRESS_RIGHT = 2, MOVE_RIGHT = 34, WHEEL_UP = 64, WHEEL_DOWN = 65, HELD = 32 };

static void open_with_files(struct stage *s)
{
	stage_open(s, NULL, NULL);
	fixture_write(&s->f, "left/dir/inside.txt", 5, 2);
	fixture_write(&s->f, "left/one.txt", 100, 1);
	fixture_write(&s->f, "left/three.txt", 300, 3);
	fixture_write(&s->f, "left/two.txt", 2048, 4);
	fixture_put(&s->f, "letters/alpha.txt", "alpha");
	fixture_put(&s->f, "top.bin", "0123456789");
	stage_run(s, NULL);
}

static void find(struct tty *t, const char *text, int *y, int *x)
{
	*y = *x = 0;
	tty_wait_text(t, text, TTY_WAIT_MS);
	assert_true(tty_find(t, text, y, x));
}

static void release(struct tty *t, int y, int x)
{
	tty_mouse(t, 0, y, x, true);
}

/* Drags and lets go over what was aimed at. */
static void drag_and_drop(struct tty *t, const char *from, const char *to)
{
	int y, x;
	tty_drag(t, from, to, RIGHT);
	find(t, to, &y, &x);
	for (; y < tty_rows(t); y++)
		if (strstr(tty_part(t, y, RIGHT, RIGHT), to))
			break;
	release(t, y, RIGHT + 2);
}

static void a_file_is_dragged_into_the_bucket(void **state)
{
	struct stage *s = *state;
	open_with_files(s);
	struct tty *t = s->tty;
	tty_drag(t, "one.txt", "top.bin", RIGHT);
	tty_wait_text(t, " copy one.txt, 100 B → s3://demo/", TTY_WAIT_MS);
	int y, x;
	find(t, "top.bin", &y, &x);
	release(t, y, x);
	stage_wait_key(s, "one.txt", TTY_WAIT_MS);
	tty_wait_gone(t, "100 B → s3", TTY_WAIT_MS);
	assert_true(fixture_exists(&s->f, "left/one.txt"));
	stage_quit(s);
}

static void marked_files_go_into_the_prefix_under_the_pointer(void **state)
{
	struct stage *s = *state;
	open_with_files(s);
	struct tty *t = s->tty;
	tty_keys(t, "Down Down Insert Insert Insert");
	tty_wait_text(t, "3 marked", TTY_WAIT_MS);
	tty_drag(t, "three.txt", "letters/", RIGHT);
	tty_wait_text(t, " copy 3 files, 2.4 KiB → s3://demo/letters/", TTY_WAIT_MS);
	int y, x;
	find(t, "letters/", &y, &x);
	assert_string_equal(tty_part(t, y, x - 1, 1), "+"); /* lit, not by colour alone */
	release(t, y, x);
	stage_wait_key(s, "letters/one.txt", TTY_WAIT_MS);
	stage_wait_key(s, "letters/two.txt", TTY_WAIT_MS);
	stage_wait_key(s, "letters/three.txt", TTY_WAIT_MS);
	tty_wait_gone(t, "marked", TTY_WAIT_MS); /* what is done loses its mark */
	stage_quit(s);
}

static void a_row_without_a_mark_is_dragged_alone(void **state)
{
	struct stage *s = *state;
	open_with_files(s);
	struct tty *t = s->tty;
	tty_keys(t, "Down Down Insert");
	tty_wait_text(t, "1 marked", TTY_WAIT_MS);
	drag_and_drop(t, "two.txt", "letters/");
	stage_wait_key(s, "letters/two.txt", TTY_WAIT_MS);
	assert_false(fixture_has_key(&s->f, "letters/one.txt"));
	tty_wait_text(t, "1 marked", TTY_WAIT_MS);
	stage_quit(s);
}

/* Whatever the terminal's description knows of mice. */
static void it_is_the_same_under_every_terminal(void **state)
{
	static const char *const terms[] = {"TERM=linux", "TERM=vt100", "TERM=screen",
		"TERM=screen-256color", "TERM=tmux-256color", "TERM=xterm", "TERM=nobody-knows-it"};
	struct stage *s = *state;
	stage_open(s, NULL, NULL);
	fixture_put(&s->f, "top.bin", "0123456789");
	for (size_t i = 0; i < sizeof terms / sizeof *terms; i++) {
		const char *const env[] = {terms[i], NULL};
		struct tty_options o = {.env = env};
		char name[32], file[48];
		int y, x;
		snprintf(name, sizeof name, "file-%zu", i);
		snprintf(file, sizeof file, "left/%s", name);
		fixture_write(&s->f, file, 100, 1);
		stage_start(s, &o);
		tty_wait_text(s->tty, "top.bin", TTY_WAIT_MS);
		tty_wait_text(s->tty, name, TTY_WAIT_MS);
		tty_drag(s->tty, name, "top.bin", RIGHT);
		tty_wait_text(s->tty, "copy file-", TTY_WAIT_MS);
		find(s->tty, "top.bin", &y, &x);
		release(s->tty, y, x);
		stage_wait_key(s, name, TTY_WAIT_MS);
		tty_wait_text(s->tty, "1 copied", TTY_WAIT_MS);
		stage_quit(s);
		assert_true(tty_free(s->tty));
		s->tty = NULL;
	}
}

static void m_makes_it_a_move(void **state)
{
	struct stage *s = *state;
	open_with_files(s);
	struct tty *t = s->tty;
	tty_drag(t, "one.txt", "top.bin", RIGHT);
	tty_wait_text(t, "copy one.txt", TTY_WAIT_MS);
	tty_keys(t, "m");
	tty_wait_text(t, "move one.txt", TTY_WAIT_MS);
	int y, x;
	find(t, "top.bin", &y, &x);
	release(t, y, x);
	stage_wait_key(s, "one.txt", TTY_WAIT_MS);
	stage_wait_no_file(s, "left/one.txt", TTY_WAIT_MS);
	stage_quit(s);
}

static void esc_and_other_places_let_it_go(void **state)
{
	struct stage *s = *state;
	open_with_files(s);
	struct tty *t = s->tty;
	int y, x;
	tty_drag(t, "one.txt", "top.bin", RIGHT);
	tty_wait_text(t, "copy one.txt", TTY_WAIT_MS);
	tty_keys(t, "Esc");
	tty_wait_gone(t, "copy one.txt", TTY_WAIT_MS);
	find(t, "top.bin", &y, &x);
	release(t, y, x);
	/* in its own pane, on a file: nowhere */
	tty_drag(t, "one.txt", "two.txt", 0);
	tty_wait_text(t, "copy one.txt, 100 B: m moves, Esc ends", TTY_WAIT_MS);
	find(t, "two.txt", &y, &x);
	release(t, y, x);
	tty_wait_gone(t, "Esc ends", TTY_WAIT_MS);
	/* on the bar of keys, which is no place either */
	tty_drag(t, "one.txt", "Delete", 0);
	tty_wait_text(t, "Esc ends", TTY_WAIT_MS);
	release(t, tty_rows(t) - 1, 60);
	tty_wait_gone(t, "Esc ends", TTY_WAIT_MS);
	tty_keys(t, "t");
	tty_wait_text(t, "nothing is being transferred", TTY_WAIT_MS);
	tty_keys(t, "Esc");
	tty_wait_gone(t, "nothing is being transferred", TTY_WAIT_MS);
	assert_false(fixture_has_key(&s->f, "one.txt"));
	stage_quit(s);
}

/* A question of a job comes in front: its button's release drops nothing. */
static void a_dialog_ends_the_drag(void **state)
{
	struct stage *s = *state;
	open_with_files(s);
	struct tty *t = s->tty;
	fixture_put(&s->f, "one.txt", "another");
	drag_and_drop(t, "one.txt", "top.bin"); /* asks, a moment later */
	tty_drag(t, "two.txt", "top.bin", RIGHT);
	tty_wait_text(t, "Skip", TTY_WAIT_MS);
	int y = 0, x = 0;
	assert_true(tty_find(t, "Skip", &y, &x));
	tty_wait_gone(t, "copy two.txt", TTY_WAIT_MS);
	tty_click(t, y, x);
	tty_wait_gone(t, "Skip", TTY_WAIT_MS);
	tty_keys(t, "t");
	tty_wait_text(t, "Transfers", TTY_WAIT_MS);
	assert_false(tty_shows(t, "two.txt"));
	tty_keys(t, "Esc");
	tty_wait_gone(t, "Transfers", TTY_WAIT_MS);
	assert_false(fixture_has_key(&s->f, "two.txt"));
	stage_quit(s);
}

static void within_a_pane_it_goes_into_a_directory(void **state)
{
	struct stage *s = *state;
	open_with_files(s);
	struct tty *t = s->tty;
	int y, x;
	tty_drag(t, "one.txt", "dir/", 0);
	tty_wait_text(t, "copy one.txt", TTY_WAIT_MS);
	find(t, "dir/", &y, &x);
	release(t, y, x);
	stage_wait_file(s, "left/dir/one.txt", TTY_WAIT_MS);
	/* and not a directory into itself */
	tty_drag(t, "dir/", "dir/", 0);
	tty_mouse(t, HELD, y, x + 2, false);
	tty_wait_text(t, "Esc ends", TTY_WAIT_MS);
	release(t, y, x + 2);
	tty_wait_gone(t, "Esc ends", TTY_WAIT_MS);
	stage_quit(s);
}

static void a_resize_leaves_the_drag_alive(void **state)
{
	struct stage *s = *state;
	open_with_files(s);
	struct tty *t = s->tty;
	tty_drag(t, "one.txt", "top.bin", RIGHT);
	tty_wait_text(t, "copy one.txt", TTY_WAIT_MS);
	tty_resize(t, 30, 100);
	tty_wait_text(t, "Modified", TTY_WAIT_MS);
	assert_true(tty_shows(t, "copy one.txt"));
	int y, x;
	find(t, "top.bin", &y, &x);
	tty_mouse(t, HELD, y, x, false);
	release(t, y, x);
	stage_wait_key(s, "one.txt", TTY_WAIT_MS);
	stage_quit(s);
}

static void clicks_focus_enter_and_sort(void **state)
{
	struct stage *s = *state;
	open_with_files(s);
	struct tty *t = s->tty;
	int y, x;
	find(t, "letters/", &y, &x);
	tty_click(t, y, x);
	tty_wait_cursor(t, "letters/", TTY_WAIT_MS);
	tty_click(t, y, x); /* the second: within 400 ms of the first */
	tty_click(t, y, x);
	tty_wait_text(t, "default:s3://demo/letters/", TTY_WAIT_MS);
	tty_wait_text(t, "alpha.txt", TTY_WAIT_MS);
	find(t, "..", &y, &x);
	/* by size, then reversed */
	find(t, "Size", &y, &x);
	tty_click(t, y, x);
	tty_wait_text(t, "sorted by size", TTY_WAIT_MS);
	tty_click(t, y, x);
	tty_wait_text(t, "sorted by size, reversed", TTY_WAIT_MS);
	find(t, "Name", &y, &x);
	tty_click(t, y, x);
	tty_wait_gone(t, "sorted by size", TTY_WAIT_MS);
	/* the bar of keys */
	find(t, "Help", &y, &x);
	tty_click(t, y, x);
	tty_wait_text(t, "All keys can be changed", TTY_WAIT_MS);
	tty_mouse(t, WHEEL_DOWN, 5, 5, false);
	tty_wait_gone(t, "All keys can be changed", TTY_WAIT_MS);
	tty_mouse(t, WHEEL_UP, 5, 5, false);
	tty_wait_text(t, "All keys can be changed", TTY_WAIT_MS);
	tty_keys(t, "Esc");
	tty_wait_gone(t, "All keys can be changed", TTY_WAIT_MS);
	stage_quit(s);
}

static void the_right_button_marks_rows(void **state)
{
	struct stage *s = *state;
	open_with_files(s);
	struct tty *t = s->tty;
	int y, x, last;
	find(t, "two.txt", &last, &x);
	find(t, "one.txt", &y, &x);
	tty_mouse(t, PRESS_RIGHT, y, x, false);
	tty_mouse(t, MOVE_RIGHT, last, x, false);
	tty_mouse(t, PRESS_RIGHT, last, x, true);
	tty_wait_text(t, "3 marked, 2.4 KiB", TTY_WAIT_MS);
	tty_mouse(t, PRESS_RIGHT, y, x, false);
	tty_mouse(t, PRESS_RIGHT, y, x, true);
	tty_wait_text(t, "2 marked", TTY_WAIT_MS);
	stage_quit(s);
}

static void the_wheel_scrolls_the_pane_under_the_pointer(void **state)
{
	struct stage *s = *state;
	stage_open(s, NULL, NULL);
	for (int i = 0; i < 60; i++) {
		char name[32];
		snprintf(name, sizeof name, "left/row-%02d", i);
		fixture_write(&s->f, name, 1, 1);
		snprintf(name, sizeof name, "key-%02d", i);
		fixture_put(&s->f, name, "x");
	}
	stage_run(s, NULL);
	struct tty *t = s->tty;
	tty_wait_text(t, "key-00", TTY_WAIT_MS);
	tty_mouse(t, WHEEL_DOWN, 5, RIGHT + 5, false);
	tty_wait_gone(t, "key-00", TTY_WAIT_MS);
	tty_wait_text(t, "row-00", TTY_WAIT_MS); /* the other one stays */
	/* a drag at the edge scrolls on */
	int y, x;
	find(t, "row-01", &y, &x);
	tty_mouse(t, 0, y, x, false);
	tty_mouse(t, HELD, tty_rows(t) - 4, x, false);
	tty_wait_text(t, "row-30", TTY_WAIT_MS);
	tty_keys(t, "Esc");
	release(t, y, x);
	stage_quit(s);
}

static void dialogs_take_clicks(void **state)
{
	struct stage *s = *state;
	open_with_files(s);
	struct tty *t = s->tty;
	int y, x;
	find(t, "two.txt", &y, &x);
	tty_click(t, y, x);
	tty_wait_cursor(t, "two.txt", TTY_WAIT_MS);
	tty_keys(t, "F5");
	tty_wait_text(t, "Dry run", TTY_WAIT_MS);
	find(t, "< ask >", &y, &x);
	tty_click(t, y, x);
	tty_wait_gone(t, "< ask >", TTY_WAIT_MS);
	find(t, "Cancel", &y, &x);
	tty_click(t, y, x);
	tty_wait_gone(t, "Dry run", TTY_WAIT_MS);
	assert_false(fixture_has_key(&s->f, "two.txt"));
	tty_keys(t, "F5");
	find(t, "[>Copy<]", &y, &x);
	tty_click(t, y, x + 3);
	stage_wait_key(s, "two.txt", TTY_WAIT_MS);
	stage_quit(s);
}

static void broken_reports_are_no_keys(void **state)
{
	struct stage *s = *state;
	open_with_files(s);
	struct tty *t = s->tty;
	tty_keys(t, "Down Down");
	tty_wait_cursor(t, "one.txt", TTY_WAIT_MS);
	static const char *const broken[] = {"\033[<0;1M", "\033[<0;0;0M", "\033[<300;4;4M",
		"\033[<0;99999999999;4M", "\033[<0;4;4;4;4M", "\033[<;;M", "\033[<0;4;4~"};
	for (size_t i = 0; i < sizeof broken / sizeof *broken; i++)
		tty_type(t, broken[i]);
	tty_keys(t, "Down");
	tty_wait_cursor(t, "three.txt", TTY_WAIT_MS);
	assert_false(tty_shows(t, "marked"));
	stage_quit(s);
}

static void without_the_mouse_the_terminal_keeps_it(void **state)
{
	struct stage *s = *state;
	stage_open(s, NULL, "[ui]\nmouse = false\n");
	stage_run(s, NULL);
	assert_null(memmem(tty_raw(s->tty).data, tty_raw(s->tty).len, "\033[?1002h", 8));
	tty_keys(s->tty, "Alt-m");
	tty_wait_frame(s->tty, TTY_WAIT_MS);
	assert_non_null(memmem(tty_raw(s->tty).data, tty_raw(s->tty).len, "\033[?1002h", 8));
	stage_quit(s);
}

static void it_works_again_after_fg(void **state)
{
	struct stage *s = *state;
	open_with_files(s);
	struct tty *t = s->tty;
	tty_keys(t, "Ctrl-Z");
	tty_wait_stopped(t, TTY_WAIT_MS);
	tty_assert_restored(t);
	tty_continue(t);
	tty_wait_text(t, "one.txt", TTY_WAIT_MS);
	int y, x;
	find(t, "top.bin", &y, &x);
	tty_click(t, y, x);
	tty_wait_cursor(t, "top.bin", TTY_WAIT_MS);
	stage_quit(s);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		STAGE_TEST(a_file_is_dragged_into_the_bucket),
		STAGE_TEST(marked_files_go_into_the_prefix_under_the_pointer),
		STAGE_TEST(a_row_without_a_mark_is_dragged_alone),
		STAGE_TEST(it_is_the_same_under_every_terminal),
		STAGE_TEST(m_makes_it_a_move),
		STAGE_TEST(esc_and_other_places_let_it_go),
		STAGE_TEST(a_dialog_ends_the_drag),
		STAGE_TEST(within_a_pane_it_goes_into_a_directory),
		STAGE_TEST(a_resize_leaves_the_drag_alive),
		STAGE_TEST(clicks_focus_enter_and_sort),
		STAGE_TEST(the_right_button_marks_rows),
		STAGE_TEST(the_wheel_scrolls_the_pane_under_the_pointer),
		STAGE_TEST(dialogs_take_clicks),
		STAGE_TEST(broken_reports_are_no_keys),
		STAGE_TEST(without_the_mouse_the_terminal_keeps_it),
		STAGE_TEST(it_works_again_after_fg),
	};
	tty_budget_s(240);
	return cmocka_run_group_tests_name("mouse", tests, NULL, NULL);
}
