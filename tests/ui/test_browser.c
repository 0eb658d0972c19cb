/* The two panes: what is listed, entered, marked, sorted and filtered, at every size. */
#include "support/tty.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static int count_in(const char *line, const char *text)
{
	int n = 0;
	for (const char *p = line; (p = strstr(p, text)); p += strlen(text))
		n++;
	return n;
}

/* Two whole frames side by side, over all the width, with headers and the bar of keys. */
static bool check_layout(struct tty *t, void *arg)
{
	(void)arg;
	int rows = tty_rows(t), half = tty_cols(t) / 2, bottom = rows - 3;
	return count_in(tty_row(t, 0), "┌") == 2 && count_in(tty_row(t, 0), "┐") == 2 &&
	       strstr(tty_part(t, 0, tty_cols(t) - 1, 1), "┐") &&
	       strstr(tty_part(t, 0, half, 1), "┌") && count_in(tty_row(t, 1), "Name") == 2 &&
	       count_in(tty_row(t, bottom), "└") == 2 &&
	       count_in(tty_row(t, bottom), " item") == 2 && strstr(tty_row(t, rows - 1), "Copy") &&
	       strstr(tty_row(t, rows - 1), "Quit");
}

static void wait_layout(struct tty *t)
{
	tty_wait(t, check_layout, NULL, "two whole panes", TTY_WAIT_MS);
}

static void open_with_some_files(struct stage *s)
{
	stage_open(s, NULL, NULL);
	fixture_write(&s->f, "left/one.txt", 100, 1);
	fixture_write(&s->f, "left/dir/inside.txt", 5, 2);
	fixture_put(&s->f, "letters/alpha.txt", "alpha");
	fixture_put(&s->f, "letters/beta.txt", "beta");
	fixture_put(&s->f, "letters/deep/gamma.txt", "gamma");
	fixture_put(&s->f, "top.bin", "0123456789");
}

static void two_panes_are_shown_at_every_size(void **state)
{
	struct stage *s = *state;
	static const int sizes[][2] = {{24, 80}, {20, 60}, {60, 200}, {24, 80}};
	open_with_some_files(s);
	stage_run(s, NULL);
	for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
		if (i)
			tty_resize(s->tty, sizes[i][0], sizes[i][1]);
		wait_layout(s->tty);
		assert_true(tty_shows(s->tty, "one.txt"));
		assert_true(tty_shows(s->tty, "letters/"));
		assert_true(tty_shows(s->tty, "top.bin"));
	}
	stage_quit(s);
}

static void a_terminal_too_small_gets_one_line(void **state)
{
	struct stage *s = *state;
	static const int sizes[][2] = {{20, 59}, {19, 80}, {3, 10}};
	open_with_some_files(s);
	stage_run(s, NULL);
	for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
		char text[32];
		tty_resize(s->tty, sizes[i][0], sizes[i][1]);
		snprintf(text, sizeof text, "Too small: %dx%d", sizes[i][1], sizes[i][0]);
		text[sizes[i][1] < 32 ? sizes[i][1] : 31] = '\0';
		if (sizes[i][1] < 20)
			text[9] = '\0';
		tty_wait_text(s->tty, text, TTY_WAIT_MS);
		for (int y = 1; y < sizes[i][0]; y++)
			assert_string_equal(tty_row(s->tty, y), "");
	}
	tty_resize(s->tty, 20, 60);
	wait_layout(s->tty);
	stage_quit(s);
}

static void it_starts_at_any_size(void **state)
{
	struct stage *s = *state;
	static const int sizes[][2] = {{20, 60}, {60, 200}};
	open_with_some_files(s);
	for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
		struct tty_options o = {.rows = sizes[i][0], .cols = sizes[i][1]};
		stage_start(s, &o);
		wait_layout(s->tty);
		tty_wait_text(s->tty, "top.bin", TTY_WAIT_MS);
		stage_quit(s);
		assert_true(tty_free(s->tty));
		s->tty = NULL;
	}
}

static void a_prefix_is_entered_and_left_again(void **state)
{
	struct stage *s = *state;
	open_with_some_files(s);
	stage_run(s, NULL);
	struct tty *t = s->tty;
	tty_keys(t, "Tab Down");
	tty_wait_cursor(t, "letters/", TTY_WAIT_MS);
	tty_keys(t, "Enter");
	tty_wait_text(t, "default:s3://demo/letters/", TTY_WAIT_MS);
	tty_wait_text(t, "beta.txt", TTY_WAIT_MS);
	assert_true(tty_shows(t, "deep/"));
	assert_false(tty_shows(t, "gamma.txt"));
	assert_false(tty_shows(t, "top.bin"));
	tty_keys(t, "Backspace");
	tty_wait_text(t, "top.bin", TTY_WAIT_MS);
	/* the cursor is on where it came from */
	tty_wait_cursor(t, "letters/", TTY_WAIT_MS);
	stage_quit(s);
}

static void shift_and_arrows_mark_a_range(void **state)
{
	struct stage *s = *state;
	stage_open(s, NULL, NULL);
	for (int i = 0; i < 5; i++) {
		char name[32];
		snprintf(name, sizeof name, "left/row-%d", i);
		fixture_write(&s->f, name, 10, 1);
	}
	stage_run(s, NULL);
	struct tty *t = s->tty;
	tty_keys(t, "Down Shift-Down Shift-Down Shift-Down");
	tty_wait_text(t, "3 marked, 30 B", TTY_WAIT_MS);
	tty_wait_cursor(t, "row-3", TTY_WAIT_MS);
	tty_keys(t, "Up Shift-Up");
	tty_wait_text(t, "2 marked", TTY_WAIT_MS);
	tty_wait_cursor(t, "row-1", TTY_WAIT_MS);
	stage_quit(s);
}

static void above_a_bucket_is_the_list_of_buckets(void **state)
{
	struct stage *s = *state;
	struct s3t_err err;
	open_with_some_files(s);
	assert_int_equal(sandbox_create_bucket(s->f.server, "another-one", &err), S3T_OK);
	stage_run(s, NULL);
	struct tty *t = s->tty;
	tty_keys(t, "Tab Backspace");
	tty_wait_text(t, "another-one/", TTY_WAIT_MS);
	tty_wait_cursor(t, "demo/", TTY_WAIT_MS);
	tty_keys(t, "Home Enter");
	tty_wait_text(t, "default:s3://another-one/", TTY_WAIT_MS);
	tty_wait_text(t, "empty", TTY_WAIT_MS);
	stage_quit(s);
}

static void a_local_directory_is_entered_and_left_again(void **state)
{
	struct stage *s = *state;
	open_with_some_files(s);
	stage_run(s, NULL);
	struct tty *t = s->tty;
	tty_keys(t, "Down");
	tty_wait_cursor(t, "dir/", TTY_WAIT_MS);
	tty_keys(t, "Enter");
	tty_wait_text(t, "inside.txt", TTY_WAIT_MS);
	tty_keys(t, "Enter"); /* on ".." */
	tty_wait_text(t, "one.txt", TTY_WAIT_MS);
	tty_wait_cursor(t, "dir/", TTY_WAIT_MS);
	stage_quit(s);
}

static void marks_are_counted(void **state)
{
	struct stage *s = *state;
	stage_open(s, NULL, NULL);
	fixture_write(&s->f, "left/a.jpg", 1024, 1);
	fixture_write(&s->f, "left/b.jpg", 2048, 2);
	fixture_write(&s->f, "left/c.txt", 10, 3);
	stage_run(s, NULL);
	struct tty *t = s->tty;
	tty_keys(t, "Down Insert");
	tty_wait_text(t, "1 marked, 1.0 KiB", TTY_WAIT_MS);
	tty_wait_cursor(t, "b.jpg", TTY_WAIT_MS);
	tty_keys(t, "Space");
	tty_wait_text(t, "2 marked, 3.0 KiB", TTY_WAIT_MS);
	int y = 0, x = 0;
	assert_true(tty_find(t, "*a.jpg", &y, &x));
	assert_true(tty_cell(t, y, x + 1).is_bold);
	tty_keys(t, "*");
	tty_wait_text(t, "1 marked, 10 B", TTY_WAIT_MS);
	assert_true(tty_shows(t, "*c.txt"));
	tty_keys(t, "+");
	tty_wait_text(t, "Mark by pattern", TTY_WAIT_MS);
	tty_keys(t, "Ctrl-U Enter");
	tty_wait_text(t, "Write a pattern", TTY_WAIT_MS);
	tty_type(t, "*.jpg\r");
	tty_wait_text(t, "3 marked, 3.0 KiB", TTY_WAIT_MS);
	tty_keys(t, "-");
	tty_wait_text(t, "Unmark by pattern", TTY_WAIT_MS);
	tty_keys(t, "Ctrl-U");
	tty_type(t, "?.txt\r");
	tty_wait_text(t, "2 marked, 3.0 KiB", TTY_WAIT_MS);
	stage_quit(s);
}

static bool check_order(struct tty *t, void *arg)
{
	const char *const *names = arg;
	int last = 0;
	for (; *names; names++) {
		int y = 0;
		if (!tty_find(t, *names, &y, NULL) || y <= last)
			return false;
		last = y;
	}
	return true;
}

static void rows_are_sorted_by_name_size_and_date(void **state)
{
	struct stage *s = *state;
	struct s3t_err err;
	static const struct {
		const char *key, *text;
		int64_t mtime_s;
	} objects[] = {
		{"aa", "123456", 1700000300}, {"bb", "1", 1700000200}, {"cc", "123", 1700000100}};
	const char *by_name[] = {" aa ", " bb ", " cc ", NULL};
	const char *by_name_reversed[] = {" cc ", " bb ", " aa ", NULL};
	const char *by_size[] = {" bb ", " cc ", " aa ", NULL};
	const char *by_size_reversed[] = {" aa ", " cc ", " bb ", NULL};
	stage_open(s, NULL, NULL);
	for (size_t i = 0; i < 3; i++)
		assert_int_equal(sandbox_put_as(s->f.server, SANDBOX_BUCKET, sv(objects[i].key),
					 sv(objects[i].text), NULL, objects[i].mtime_s, NULL, &err),
			S3T_OK);
	stage_run(s, NULL);
	struct tty *t = s->tty;
	tty_keys(t, "Tab");
	tty_wait(t, check_order, by_name, "rows by name", TTY_WAIT_MS);
	tty_keys(t, "s");
	bool is_large_first = tty_wait_either(t, "sorted by size", "sorting by size", TTY_WAIT_MS);
	(void)is_large_first;
	bool rises = check_order(t, by_size);
	tty_wait(t, check_order, rises ? by_size : by_size_reversed, "rows by size", TTY_WAIT_MS);
	tty_keys(t, "S");
	tty_wait(t, check_order, rises ? by_size_reversed : by_size, "rows by size, reversed",
		TTY_WAIT_MS);
	tty_wait_text(t, "reversed", TTY_WAIT_MS);
	tty_keys(t, "S s");
	tty_wait_text(t, "sorted by date", TTY_WAIT_MS);
	rises = check_order(t, by_name_reversed);
	tty_wait(t, check_order, rises ? by_name_reversed : by_name, "rows by date", TTY_WAIT_MS);
	stage_quit(s);
}

static void a_filter_shows_what_contains_it_and_esc_takes_it_away(void **state)
{
	struct stage *s = *state;
	stage_open(s, NULL, NULL);
	fixture_put(&s->f, "apple", "1");
	fixture_put(&s->f, "banana", "2");
	fixture_put(&s->f, "cherry", "3");
	stage_run(s, NULL);
	struct tty *t = s->tty;
	tty_keys(t, "Tab");
	tty_type(t, "/an");
	tty_wait_gone(t, "cherry", TTY_WAIT_MS);
	assert_true(tty_shows(t, "banana"));
	assert_false(tty_shows(t, "apple"));
	assert_true(tty_shows(t, "1 with /an"));
	tty_type(t, "zz");
	tty_wait_gone(t, "banana", TTY_WAIT_MS);
	tty_keys(t, "Backspace Backspace");
	tty_wait_text(t, "banana", TTY_WAIT_MS);
	tty_keys(t, "Esc");
	tty_wait_text(t, "cherry", TTY_WAIT_MS);
	assert_true(tty_shows(t, "apple"));
	stage_quit(s);
}

static void the_cursor_stays_on_its_key_when_the_size_changes(void **state)
{
	struct stage *s = *state;
	char name[32];
	stage_open(s, NULL, NULL);
	for (int i = 0; i < 60; i++) {
		snprintf(name, sizeof name, "key-%02d", i);
		fixture_put(&s->f, name, "x");
	}
	stage_run(s, NULL);
	struct tty *t = s->tty;
	tty_keys(t, "Tab PgDn PgDn Down");
	tty_wait_cursor(t, "key-", TTY_WAIT_MS);
	snprintf(name, sizeof name, "%.6s", strstr(tty_cursor_row(t), "key-"));
	tty_resize(t, 20, 60);
	wait_layout(t);
	tty_wait_cursor(t, name, TTY_WAIT_MS);
	tty_resize(t, 60, 200);
	wait_layout(t);
	tty_wait_cursor(t, name, TTY_WAIT_MS);
	stage_quit(s);
}

static void names_with_control_characters_are_never_sent_as_they_are(void **state)
{
	struct stage *s = *state;
	static const char *const bad[] = {"\033[31;1;7;3m", "\033]0;pwned\007", "\033[2J\033[9;9H",
		"\302\233" /* CSI as one character */, "\342\200\256" /* right to left */, "\007",
		"\016"};
	struct strbuf key;
	struct s3t_err err;
	stage_open(s, NULL, NULL);
	strbuf_init(&key);
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		strbuf_reset(&key);
		strbuf_addf(&key, "%zu-%s-name", i, bad[i]);
		assert_int_equal(sandbox_put(s->f.server, SANDBOX_BUCKET, strbuf_view(&key),
					 SV("x"), NULL, &err),
			S3T_OK);
	}
	strbuf_deinit(&key);
	fixture_write(&s->f, "left/l-\033[31;1;7;3m-file", 1, 1);
	stage_run(s, NULL);
	struct tty *t = s->tty;
	tty_wait_text(t, "0-\\x1b[31", TTY_WAIT_MS);
	/* also in the status line, in dialogs and in titles */
	tty_keys(t, "Down F8");
	tty_wait_text(t, "Cancel", TTY_WAIT_MS);
	tty_keys(t, "Ctrl-C");
	tty_wait_gone(t, "Cancel", TTY_WAIT_MS);
	tty_keys(t, "Tab");
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		char name[8];
		snprintf(name, sizeof name, "%zu-", i);
		tty_keys(t, "Down");
		tty_wait_cursor(t, name, TTY_WAIT_MS);
		tty_keys(t, "F2");
		tty_wait_text(t, "Share", TTY_WAIT_MS);
		tty_wait_text(t, "http://127.0.0.1", TTY_WAIT_MS);
		tty_keys(t, "Ctrl-C");
		tty_wait_gone(t, "http://127.0.0.1", TTY_WAIT_MS);
		tty_keys(t, "F5");
		tty_wait_text(t, "Dry run", TTY_WAIT_MS);
		tty_keys(t, "Ctrl-C");
		tty_wait_gone(t, "Dry run", TTY_WAIT_MS);
	}
	stage_quit(s);
	struct strview raw = tty_raw(t);
	for (size_t i = 0; i < sizeof bad / sizeof *bad - 2; i++)
		assert_null(memmem(raw.data, raw.len, bad[i], strlen(bad[i])));
	assert_null(memmem(raw.data, raw.len, "pwned\007", 6));
	assert_null(memchr(raw.data, '\016', raw.len));
}

static void wait_sentence(struct stage *s, const char *part)
{
	tty_wait_text(s->tty, "Ctrl-R tries again", 20000);
	tty_wait_text(s->tty, part, TTY_WAIT_MS);
	/* and it goes on: the other pane works */
	tty_keys(s->tty, "Down");
	tty_wait_cursor(s->tty, "here.txt", TTY_WAIT_MS);
}

static void a_wrong_secret_is_one_sentence_in_the_pane(void **state)
{
	struct stage *s = *state;
	stage_open(s, NULL, NULL);
	fixture_write(&s->f, "left/here.txt", 1, 1);
	fixture_put(&s->f, "there.txt", "x");
	stage_write_ini(s, sandbox_endpoint(s->f.server), sandbox_access_key(s->f.server),
		"certainly-not-the-secret", NULL);
	stage_start(s, NULL);
	wait_sentence(s, "secret");
	assert_false(tty_shows(s->tty, "there.txt"));
	stage_quit(s);
}

static void a_host_that_does_not_answer_is_one_sentence_in_the_pane(void **state)
{
	struct stage *s = *state;
	stage_open(s, NULL, NULL);
	fixture_write(&s->f, "left/here.txt", 1, 1);
	stage_write_ini(s, "http://127.0.0.1:1", "key", "secret",
		"[retry]\ninitial_delay = 1ms\nmax_delay = 2ms\n");
	stage_start(s, NULL);
	wait_sentence(s, "127.0.0.1");
	stage_quit(s);
}

static void a_server_that_is_not_verified_is_marked_as_long_as_it_is_shown(void **state)
{
	struct stage *s = *state;
	stage_open(s, NULL, NULL);
	fixture_put(&s->f, "there.txt", "x");
	const char *args[] = {s->left, "s3://demo/", "--no-verify-ssl", NULL};
	stage_start(s, &(struct tty_options){.args = args, .cols = 120, .rows = 30});
	tty_wait_text(s->tty, "there.txt", TTY_WAIT_MS);
	tty_wait_text(s->tty, "TLS NOT VERIFIED default:s3://demo/", TTY_WAIT_MS);
	stage_quit(s);
}

static void a_missing_bucket_is_one_sentence_and_going_elsewhere_helps(void **state)
{
	struct stage *s = *state;
	stage_open(s, NULL, NULL);
	fixture_write(&s->f, "left/here.txt", 1, 1);
	fixture_put(&s->f, "there.txt", "x");
	const char *args[] = {s->left, "s3://no-such-bucket/", NULL};
	struct tty_options o = {.args = args};
	stage_start(s, &o);
	wait_sentence(s, "no-such-bucket");
	tty_keys(s->tty, "Tab Ctrl-G");
	tty_wait_text(s->tty, "Go to", TTY_WAIT_MS);
	tty_type(s->tty, "s3://demo\r");
	tty_wait_text(s->tty, "there.txt", TTY_WAIT_MS);
	assert_false(tty_shows(s->tty, "Ctrl-R tries again"));
	stage_quit(s);
}

static void a_failed_listing_is_tried_again_with_ctrl_r(void **state)
{
	struct stage *s = *state;
	struct sandbox_fault refuse = {.kind = SANDBOX_FAULT_ANSWER,
		.method = "GET",
		.target = "list-type=2",
		.times = SANDBOX_FOREVER,
		.status = 403,
		.code = "AccessDenied"};
	stage_open(s, NULL, NULL);
	fixture_write(&s->f, "left/here.txt", 1, 1);
	fixture_put(&s->f, "there.txt", "x");
	sandbox_fault(s->f.server, &refuse);
	stage_start(s, NULL);
	wait_sentence(s, "Ctrl-R");
	sandbox_clear_faults(s->f.server);
	tty_keys(s->tty, "Tab Ctrl-R");
	tty_wait_text(s->tty, "there.txt", TTY_WAIT_MS);
	assert_false(tty_shows(s->tty, "Ctrl-R tries again"));
	stage_quit(s);
}

static void go_to_takes_paths_buckets_and_names(void **state)
{
	struct stage *s = *state;
	open_with_some_files(s);
	stage_run(s, NULL);
	struct tty *t = s->tty;
	static const char *const steps[][2] = {{"dir", "inside.txt"}, {"..", "one.txt"},
		{"s3://demo/letters/", "beta.txt"}, {"deep", "gamma.txt"}, {"s3://", "demo/"}};
	for (size_t i = 0; i < sizeof steps / sizeof *steps; i++) {
		tty_keys(t, "Ctrl-G");
		tty_wait_text(t, "Go to", TTY_WAIT_MS);
		tty_type(t, steps[i][0]);
		tty_keys(t, "Enter");
		tty_wait_gone(t, "Go to", TTY_WAIT_MS);
		tty_wait_text(t, steps[i][1], TTY_WAIT_MS);
	}
	tty_keys(t, "Ctrl-G");
	tty_wait_text(t, "Go to", TTY_WAIT_MS);
	tty_type(t, s->left);
	tty_keys(t, "Enter");
	tty_wait_text(t, "one.txt", TTY_WAIT_MS);
	/* nonsense stays in the dialog, with a reason */
	tty_keys(t, "Ctrl-G");
	tty_wait_text(t, "Go to", TTY_WAIT_MS);
	tty_keys(t, "Enter");
	tty_wait_text(t, "No place was given", TTY_WAIT_MS);
	tty_keys(t, "Esc");
	tty_wait_gone(t, "Go to", TTY_WAIT_MS);
	stage_quit(s);
}

static void the_size_may_change_while_a_listing_comes(void **state)
{
	struct stage *s = *state;
	struct sandbox_fault stall = {.kind = SANDBOX_FAULT_STALL,
		.method = "GET",
		.target = "list-type=2",
		.times = SANDBOX_FOREVER};
	stage_open(s, NULL, NULL);
	fixture_write(&s->f, "left/here.txt", 1, 1);
	fixture_put(&s->f, "there.txt", "x");
	sandbox_fault(s->f.server, &stall);
	stage_start(s, NULL);
	tty_wait_text(s->tty, "here.txt", TTY_WAIT_MS);
	tty_resize(s->tty, 60, 200);
	wait_layout(s->tty);
	tty_wait_text(s->tty, "no answer for", TTY_WAIT_MS);
	tty_resize(s->tty, 20, 60);
	wait_layout(s->tty);
	/* Esc gives it up, Ctrl-R begins again */
	tty_keys(s->tty, "Tab Esc");
	tty_wait_text(s->tty, "stopped", TTY_WAIT_MS);
	sandbox_clear_faults(s->f.server);
	tty_keys(s->tty, "Ctrl-R");
	tty_wait_text(s->tty, "there.txt", TTY_WAIT_MS);
	stage_quit(s);
}

static void the_size_may_change_under_a_dialog(void **state)
{
	struct stage *s = *state;
	static const int sizes[][2] = {{20, 60}, {60, 200}, {10, 40}, {20, 60}, {24, 80}};
	open_with_some_files(s);
	stage_run(s, NULL);
	struct tty *t = s->tty;
	tty_keys(t, "Down Down F5");
	tty_wait_text(t, "Dry run", TTY_WAIT_MS);
	for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
		tty_resize(t, sizes[i][0], sizes[i][1]);
		if (sizes[i][0] < 20) {
			tty_wait_text(t, "Too small", TTY_WAIT_MS);
			assert_false(tty_shows(t, "Dry run"));
			continue;
		}
		tty_wait_text(t, "Dry run", TTY_WAIT_MS);
		tty_wait_text(t, "s3://demo/", TTY_WAIT_MS);
		int y = 0, x = 0;
		assert_true(tty_find(t, "Dry run", &y, &x));
		assert_true(x > 0 && x + 10 < sizes[i][1]);
	}
	tty_keys(t, "Esc");
	tty_wait_gone(t, "Dry run", TTY_WAIT_MS);
	wait_layout(t);
	stage_quit(s);
}

static void the_help_lists_the_keys(void **state)
{
	struct stage *s = *state;
	open_with_some_files(s);
	stage_run(s, NULL);
	tty_keys(s->tty, "F1");
	tty_wait_text(s->tty, "copy to the other pane", TTY_WAIT_MS);
	tty_keys(s->tty, "End");
	tty_wait_text(s->tty, "Ctrl-Z", TTY_WAIT_MS);
	tty_keys(s->tty, "Esc");
	wait_layout(s->tty);
	stage_quit(s);
}

static void panes_are_swapped_and_made_the_same(void **state)
{
	struct stage *s = *state;
	open_with_some_files(s);
	stage_run(s, NULL);
	struct tty *t = s->tty;
	int x = 0;
	tty_keys(t, "Ctrl-U");
	tty_wait_frame(t, TTY_WAIT_MS);
	assert_true(tty_find(t, "default:s3://demo/", NULL, &x));
	assert_true(x < 40);
	assert_true(tty_find(t, "one.txt", NULL, &x));
	assert_true(x >= 40);
	tty_keys(t, "Alt-i");
	tty_wait_gone(t, "one.txt", TTY_WAIT_MS);
	assert_int_equal(count_in(tty_row(t, 0), "default:s3://demo/"), 2);
	stage_quit(s);
}

int main(int argc, char **argv)
{
	tty_budget_s(110);
	cmocka_set_test_filter(argc > 1 ? argv[1] : NULL);
	const struct CMUnitTest tests[] = {
		STAGE_TEST(two_panes_are_shown_at_every_size),
		STAGE_TEST(a_terminal_too_small_gets_one_line),
		STAGE_TEST(it_starts_at_any_size),
		STAGE_TEST(a_prefix_is_entered_and_left_again),
		STAGE_TEST(shift_and_arrows_mark_a_range),
		STAGE_TEST(above_a_bucket_is_the_list_of_buckets),
		STAGE_TEST(a_local_directory_is_entered_and_left_again),
		STAGE_TEST(marks_are_counted),
		STAGE_TEST(rows_are_sorted_by_name_size_and_date),
		STAGE_TEST(a_filter_shows_what_contains_it_and_esc_takes_it_away),
		STAGE_TEST(the_cursor_stays_on_its_key_when_the_size_changes),
		STAGE_TEST(names_with_control_characters_are_never_sent_as_they_are),
		STAGE_TEST(a_wrong_secret_is_one_sentence_in_the_pane),
		STAGE_TEST(a_host_that_does_not_answer_is_one_sentence_in_the_pane),
		STAGE_TEST(a_server_that_is_not_verified_is_marked_as_long_as_it_is_shown),
		STAGE_TEST(a_missing_bucket_is_one_sentence_and_going_elsewhere_helps),
		STAGE_TEST(a_failed_listing_is_tried_again_with_ctrl_r),
		STAGE_TEST(go_to_takes_paths_buckets_and_names),
		STAGE_TEST(the_size_may_change_while_a_listing_comes),
		STAGE_TEST(the_size_may_change_under_a_dialog),
		STAGE_TEST(the_help_lists_the_keys),
		STAGE_TEST(panes_are_swapped_and_made_the_same),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
