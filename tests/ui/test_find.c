/* Finding below a place into a pane, and counting what is below rows. */
#include "support/tty.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void open_with_tree(struct stage *s, const char *ini)
{
	stage_open(s, NULL, ini);
	fixture_write(&s->f, "left/one.txt", 100, 1);
	fixture_put(&s->f, "a/deep/report.txt", "0123456789");
	fixture_put(&s->f, "a/deep/other.bin", "0123456789");
	fixture_put(&s->f, "a/REPORT.md", "01234");
	fixture_put(&s->f, "a/reports/x", "0123");
	fixture_put(&s->f, "top.bin", "0123456789");
	stage_run(s, NULL);
}

/* It need not be listed to its end. */
static struct tty *open_million(struct stage *s)
{
	struct sandbox_options million = {.synthetic_keys = 1000000};
	stage_open(s, &million, NULL);
	const char *args[] = {s->left, "s3://million/", NULL};
	struct tty_options o = {.args = args};
	stage_start(s, &o);
	tty_wait_text(s->tty, "data-0000", TTY_WAIT_MS);
	return s->tty;
}

static void find(struct tty *t, const char *pattern)
{
	tty_keys(t, "Ctrl-F");
	tty_wait_text(t, "Names like", TTY_WAIT_MS);
	tty_type(t, pattern);
	tty_keys(t, "Enter");
	tty_wait_gone(t, "Names like", TTY_WAIT_MS);
}

static void show_all(struct tty *t)
{
	tty_keys(t, "Esc");
	tty_wait_gone(t, " with /", TTY_WAIT_MS);
}

static void all_commands_work_on_what_is_found(void **state)
{
	struct stage *s = *state;
	open_with_tree(s, NULL);
	struct tty *t = s->tty;
	tty_keys(t, "Tab");
	find(t, "report");
	tty_wait_text(t, "3 items of 5", TTY_WAIT_MS);
	tty_wait_text(t, "found: report", TTY_WAIT_MS);
	assert_true(tty_shows(t, "a/reports/"));
	assert_true(tty_shows(t, "a/REPORT.md"));
	assert_true(tty_shows(t, "a/deep/report.txt"));
	/* a copy keeps the way to it, and what was done loses its mark */
	tty_select(t, "deep/report");
	tty_keys(t, "Space");
	tty_wait_text(t, "1 marked, 10 B", TTY_WAIT_MS);
	tty_keys(t, "F5");
	tty_wait_text(t, "Dry run", TTY_WAIT_MS);
	tty_keys(t, "Enter");
	stage_wait_file(s, "left/a/deep/report.txt", TTY_WAIT_MS);
	tty_wait_gone(t, "1 marked", TTY_WAIT_MS);
	/* what is deleted is not found again */
	show_all(t);
	tty_select(t, "T.md");
	tty_keys(t, "Space F8");
	tty_wait_text(t, "'demo/a/REPORT.md'", TTY_WAIT_MS);
	tty_wait_text(t, "1 file, 5 B", TTY_WAIT_MS);
	tty_keys(t, "Left Enter");
	stage_wait_no_key(s, "a/REPORT.md", TTY_WAIT_MS);
	tty_wait_text(t, "2 items of 4", TTY_WAIT_MS);
	/* a prefix is entered, and back leads to where it was looked for */
	show_all(t);
	tty_select(t, "reports");
	tty_keys(t, "Enter");
	tty_wait_text(t, "s3://demo/a/reports/ ", TTY_WAIT_MS);
	tty_keys(t, "[");
	tty_wait_text(t, "top.bin", TTY_WAIT_MS);
	find(t, "*.bin");
	tty_wait_text(t, "2 items of 4", TTY_WAIT_MS);
	tty_select(t, "other");
	tty_keys(t, "Backspace");
	tty_wait_text(t, "2 items", TTY_WAIT_MS);
	tty_wait_cursor(t, "a/", TTY_WAIT_MS);
	tty_keys(t, "Ctrl-F");
	tty_wait_text(t, "Names like", TTY_WAIT_MS);
	tty_keys(t, "Enter");
	tty_wait_text(t, "Write a name", TTY_WAIT_MS);
	tty_keys(t, "Esc");
	tty_wait_gone(t, "Names like", TTY_WAIT_MS);
	stage_quit(s);
}

static void local_trees_are_searched_as_well(void **state)
{
	struct stage *s = *state;
	open_with_tree(s, NULL);
	struct tty *t = s->tty;
	fixture_write(&s->f, "left/sub/dir/two.txt", 10, 1);
	fixture_write(&s->f, "left/sub/2.txt", 10, 1);
	find(t, "sub/*.txt");
	tty_wait_text(t, "2 items of 3", TTY_WAIT_MS);
	tty_select(t, "two");
	tty_keys(t, "F5");
	tty_wait_text(t, "Dry run", TTY_WAIT_MS);
	tty_keys(t, "Enter");
	stage_wait_key(s, "sub/dir/two.txt", TTY_WAIT_MS);
	show_all(t);
	tty_keys(t, "Home Enter");
	tty_wait_gone(t, "found:", TTY_WAIT_MS);
	stage_quit(s);
}

static void a_search_streams_and_is_stopped(void **state)
{
	struct stage *s = *state;
	struct tty *t = open_million(s);
	tty_keys(t, "Tab");
	find(t, "7777");
	tty_wait_text(t, "Esc stops", TTY_WAIT_MS);
	tty_wait_text(t, "7777", TTY_WAIT_MS);
	tty_keys(t, "Esc");
	tty_wait_text(t, "Stopped; what came stays", TTY_WAIT_MS);
	tty_wait_text(t, "+ items of ", TTY_WAIT_MS);
	stage_quit(s);
}

static void sums_stand_where_files_have_their_size(void **state)
{
	struct stage *s = *state;
	open_with_tree(s, NULL);
	struct tty *t = s->tty;
	tty_keys(t, "Tab");
	tty_select(t, "a");
	tty_keys(t, "Ctrl-Space");
	tty_wait_cursor(t, "29 B", TTY_WAIT_MS);
	tty_wait_text(t, "a/ \u00b7 4 files, 29 B", TTY_WAIT_MS);
	tty_keys(t, "Space");
	tty_wait_text(t, "1 marked, 29 B", TTY_WAIT_MS);
	show_all(t);
	tty_keys(t, "* End");
	tty_wait_cursor(t, "top.bin", TTY_WAIT_MS);
	tty_keys(t, "* Ctrl-Space");
	tty_wait_text(t, "Only directories, prefixes and buckets are counted", TTY_WAIT_MS);
	/* buckets too, all of them from ".."; what is listed again is not counted any more */
	tty_keys(t, "Backspace");
	tty_wait_cursor(t, "demo/", TTY_WAIT_MS);
	tty_keys(t, "Ctrl-Space");
	tty_wait_cursor(t, "39 B", TTY_WAIT_MS);
	tty_keys(t, "Ctrl-R");
	tty_wait_cursor(t, "bucket", TTY_WAIT_MS);
	tty_keys(t, "Enter");
	tty_wait_text(t, "top.bin", TTY_WAIT_MS);
	tty_keys(t, "Home Ctrl-Space");
	tty_wait_text(t, "29 B", TTY_WAIT_MS);
	stage_quit(s);
}

static void the_tree_of_sizes_is_gone_down_and_up(void **state)
{
	struct stage *s = *state;
	open_with_tree(s, NULL);
	struct tty *t = s->tty;
	tty_keys(t, "Tab u");
	tty_wait_text(t, "39 B in 5 files", TTY_WAIT_MS);
	tty_wait_text(t, "Sizes  s3://demo/", TTY_WAIT_MS);
	tty_wait_cursor(t, "29 B  74.4%", TTY_WAIT_MS);
	tty_wait_cursor(t, "4 files  a/", TTY_WAIT_MS);
	assert_true(tty_shows(t, "10 B  25.6% [\u2588\u2588\u2588"));
	assert_true(tty_shows(t, "files that lie here"));
	tty_keys(t, "Enter");
	tty_wait_text(t, "Sizes  s3://demo/a/ ", TTY_WAIT_MS);
	tty_wait_cursor(t, "20 B  69.0%", TTY_WAIT_MS);
	tty_keys(t, "Down Down Enter"); /* reports/ comes last */
	tty_wait_text(t, "Sizes  s3://demo/a/reports/ ", TTY_WAIT_MS);
	tty_keys(t, "Backspace");
	tty_wait_cursor(t, "reports/", TTY_WAIT_MS);
	tty_keys(t, "o");
	tty_wait_text(t, "default:s3://demo/a/reports/", TTY_WAIT_MS);
	/* of local trees too; a click, and once more */
	fixture_write(&s->f, "left/big/file", 5000, 1);
	tty_keys(t, "Tab u");
	tty_wait_text(t, "5.0 KiB in 2 files", TTY_WAIT_MS);
	tty_click(t, 2, 5);
	tty_wait_cursor(t, "lie here", TTY_WAIT_MS);
	tty_click(t, 1, 5);
	tty_wait_cursor(t, "big/", TTY_WAIT_MS);
	tty_click(t, 1, 5);
	tty_wait_text(t, "left/big/", TTY_WAIT_MS);
	tty_keys(t, "q");
	tty_wait_text(t, "one.txt", TTY_WAIT_MS);
	stage_quit(s);
}

static void the_tree_grows_while_it_is_shown(void **state)
{
	struct stage *s = *state;
	struct tty *t = open_million(s);
	tty_keys(t, "Tab u");
	tty_wait_text(t, "counting", TTY_WAIT_MS);
	tty_wait_text(t, ",000+ files", TTY_WAIT_MS);
	tty_keys(t, "Esc");
	tty_wait_text(t, "data-0000", TTY_WAIT_MS);
	stage_quit(s);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		STAGE_TEST(all_commands_work_on_what_is_found),
		STAGE_TEST(local_trees_are_searched_as_well),
		STAGE_TEST(a_search_streams_and_is_stopped),
		STAGE_TEST(the_tree_of_sizes_is_gone_down_and_up),
		STAGE_TEST(the_tree_grows_while_it_is_shown),
		STAGE_TEST(sums_stand_where_files_have_their_size),
	};
	tty_budget_s(120);
	return cmocka_run_group_tests_name("find", tests, NULL, NULL);
}
