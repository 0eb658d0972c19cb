/* Back and forward, bookmarks, places visited, and other profiles in a pane. */
#include "support/tty.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void open_with_prefixes(struct stage *s, const char *ini)
{
	stage_open(s, NULL, ini);
	fixture_write(&s->f, "left/one.txt", 100, 1);
	fixture_put(&s->f, "a/deep/er.txt", "x");
	fixture_put(&s->f, "top.bin", "0123456789");
	stage_run(s, NULL);
}

static void a_pane_goes_back_and_forward(void **state)
{
	struct stage *s = *state;
	open_with_prefixes(s, NULL);
	struct tty *t = s->tty;
	tty_keys(t, "Tab ["); /* nowhere to go */
	tty_wait_text(t, "There is no such place", TTY_WAIT_MS);
	tty_keys(t, "Down Enter");
	tty_wait_text(t, "deep/", TTY_WAIT_MS);
	tty_keys(t, "Down Enter");
	tty_wait_text(t, "er.txt", TTY_WAIT_MS);
	tty_keys(t, "[");
	tty_wait_text(t, "default:s3://demo/a/ ", TTY_WAIT_MS);
	tty_keys(t, "Alt-Left");
	tty_wait_text(t, "top.bin", TTY_WAIT_MS);
	tty_wait_cursor(t, "a/", TTY_WAIT_MS);
	tty_keys(t, "]");
	tty_wait_text(t, "deep/", TTY_WAIT_MS);
	tty_keys(t, "Alt-Right");
	tty_wait_text(t, "er.txt", TTY_WAIT_MS);
	tty_keys(t, "]");
	tty_wait_text(t, "There is no such place", TTY_WAIT_MS);
	/* going elsewhere forgets what was ahead */
	tty_keys(t, "[ [");
	tty_wait_text(t, "top.bin", TTY_WAIT_MS);
	tty_keys(t, "Backspace");
	tty_wait_text(t, "demo/", TTY_WAIT_MS);
	tty_keys(t, "]");
	tty_wait_text(t, "There is no such place", TTY_WAIT_MS);
	stage_quit(s);
}

static void bookmarks_outlive_the_program(void **state)
{
	struct stage *s = *state;
	open_with_prefixes(s, NULL);
	struct tty *t = s->tty;
	fixture_put(&s->f, "odd %41\n\xc3\xa9/x", "x");
	tty_keys(t, "Tab Ctrl-R");
	tty_wait_text(t, "odd %41", TTY_WAIT_MS);
	tty_keys(t, "Home Down Down Enter");
	tty_wait_text(t, "s3://demo/odd %41\\x0a\u00e9/", TTY_WAIT_MS);
	tty_keys(t, "b");
	tty_wait_text(t, ">keep s3://demo/odd", TTY_WAIT_MS);
	tty_keys(t, "Enter");
	tty_wait_text(t, "Kept as a bookmark", TTY_WAIT_MS);
	tty_keys(t, "Tab b");
	tty_wait_text(t, "keep /", TTY_WAIT_MS);
	tty_keys(t, "Enter");
	tty_wait_text(t, "Kept as a bookmark", TTY_WAIT_MS);
	tty_keys(t, "b Enter");
	tty_wait_text(t, "a bookmark already", TTY_WAIT_MS);
	stage_quit(s);
	assert_true(tty_free(s->tty));
	s->tty = NULL;
	stage_run(s, NULL);
	t = s->tty;
	tty_keys(t, "b");
	tty_wait_text(t, "Del takes a bookmark away", TTY_WAIT_MS);
	tty_type(t, "odd");
	tty_wait_text(t, ">s3://demo/odd %41", TTY_WAIT_MS);
	tty_keys(t, "Enter");
	tty_wait_text(t, "default:s3://demo/odd %41\\x0a\u00e9/", TTY_WAIT_MS);
	tty_wait_text(t, " x ", TTY_WAIT_MS);
	/* and gone */
	tty_keys(t, "b");
	tty_wait_text(t, "Del takes a bookmark away", TTY_WAIT_MS);
	tty_type(t, "local");
	tty_keys(t, "Backspace Backspace Backspace Backspace Backspace Down Del");
	tty_keys(t, "Esc");
	tty_wait_gone(t, "Del takes", TTY_WAIT_MS);
	tty_keys(t, "b");
	tty_wait_text(t, "Del takes a bookmark away", TTY_WAIT_MS);
	tty_wait_text(t, "local", TTY_WAIT_MS);
	int y = 0, x = 0;
	assert_true(tty_find(t, "visited", &y, &x));
	assert_null(strstr(tty_row(t, y - 1), "odd"));
	tty_keys(t, "Esc");
	tty_wait_gone(t, "Del takes", TTY_WAIT_MS);
	stage_quit(s);
}

/* Both panes in one bucket by different profiles; a copy goes to the other pane's. */
static void each_pane_has_its_profile(void **state)
{
	struct stage *s = *state;
	struct s3t_err err;
	struct sandbox *other;
	struct sandbox_options defaults = {0};
	assert_int_equal(sandbox_start(&defaults, &other, &err), S3T_OK);
	char *ini = s3t_asprintf("[profile second]\nendpoint = %s\naccess_key_id = %s\n"
				 "secret_access_key = %s\ndefault_bucket = demo\n"
				 "storage_class = STANDARD_IA\n"
				 "[profile second.upload]\nmultipart_threshold = 5MiB\n",
		sandbox_endpoint(other), sandbox_access_key(other), sandbox_secret_key(other));
	assert_int_equal(
		sandbox_put(other, "demo", SV("there.txt"), SV("there"), NULL, &err), S3T_OK);
	open_with_prefixes(s, ini);
	struct tty *t = s->tty;
	tty_keys(t, "Ctrl-P");
	tty_wait_text(t, "Profile of this pane", TTY_WAIT_MS);
	assert_true(tty_shows(t, "local files"));
	tty_type(t, "second");
	tty_wait_text(t, ">second", TTY_WAIT_MS);
	tty_keys(t, "Enter");
	tty_wait_text(t, "second:s3://demo/", TTY_WAIT_MS);
	tty_wait_text(t, "there.txt", TTY_WAIT_MS);
	/* from the other server to ours */
	tty_keys(t, "End F5");
	tty_wait_text(t, "Dry run", TTY_WAIT_MS);
	tty_keys(t, "Enter");
	stage_wait_key(s, "there.txt", TTY_WAIT_MS);
	tty_wait_text(t, "1 copied", TTY_WAIT_MS);
	/* and back, into a place that is typed */
	tty_keys(t, "Tab End");
	tty_wait_cursor(t, "top.bin", TTY_WAIT_MS);
	tty_keys(t, "F5");
	tty_wait_text(t, "Dry run", TTY_WAIT_MS);
	tty_keys(t, "Enter");
	tty_wait_gone(t, "Dry run", TTY_WAIT_MS);
	tty_wait_text(t, "1 copied", TTY_WAIT_MS);
	struct strbuf got;
	strbuf_init(&got);
	assert_int_equal(sandbox_get(other, "demo", SV("top.bin"), &got, &err), S3T_OK);
	assert_int_equal(got.len, 10);
	strbuf_deinit(&got);
	/* by the options of the profile that it goes to */
	strbuf_init(&got);
	assert_int_equal(
		sandbox_get_header(other, "demo", SV("top.bin"), "x-amz-storage-class", &got, &err),
		S3T_OK);
	assert_string_equal(got.data, "STANDARD_IA");
	strbuf_deinit(&got);
	/* what a pane cannot open is said, and it stays where it is */
	tty_keys(t, "Ctrl-P");
	tty_wait_text(t, "Profile of this pane", TTY_WAIT_MS);
	tty_type(t, "local");
	tty_keys(t, "Enter");
	tty_wait_gone(t, "default:s3://", TTY_WAIT_MS);
	stage_quit(s);
	sandbox_stop(other);
	free(ini);
}

static void panes_go_together_until_one_goes_elsewhere(void **state)
{
	struct stage *s = *state;
	open_with_prefixes(s, NULL);
	struct tty *t = s->tty;
	fixture_write(&s->f, "left/a/deep/two.txt", 10, 1);
	tty_keys(t, "Ctrl-R");
	tty_wait_text(t, "dir", TTY_WAIT_MS);
	tty_keys(t, "Alt-s");
	tty_wait_text(t, "the other does, too", TTY_WAIT_MS);
	assert_true(tty_shows(t, "in step"));
	tty_keys(t, "Down Enter");
	tty_wait_text(t, "left/a ", TTY_WAIT_MS);
	tty_wait_text(t, "s3://demo/a/ ", TTY_WAIT_MS);
	tty_wait_text(t, " deep/                          prefix", TTY_WAIT_MS);
	tty_keys(t, "Tab Down Enter");
	tty_wait_text(t, "er.txt", TTY_WAIT_MS);
	tty_wait_text(t, "two.txt", TTY_WAIT_MS);
	tty_keys(t, "Backspace Backspace");
	tty_wait_text(t, "top.bin", TTY_WAIT_MS);
	tty_wait_text(t, "one.txt", TTY_WAIT_MS);
	/* out of where it began */
	tty_keys(t, "Backspace");
	tty_wait_text(t, "their own ways again", TTY_WAIT_MS);
	tty_wait_gone(t, "in step", TTY_WAIT_MS);
	assert_true(tty_shows(t, "one.txt"));
	/* what is not there is said, and left together */
	tty_wait_cursor(t, "demo/", TTY_WAIT_MS);
	tty_keys(t, "Enter");
	tty_wait_text(t, "top.bin", TTY_WAIT_MS);
	fixture_put(&s->f, "only-there/x", "x");
	tty_keys(t, "Ctrl-R");
	tty_wait_text(t, "only-there", TTY_WAIT_MS);
	tty_select(t, "only-there");
	tty_keys(t, "Alt-s Enter");
	tty_wait_text(t, "No such file", TTY_WAIT_MS);
	tty_keys(t, "Backspace");
	tty_wait_text(t, "one.txt", TTY_WAIT_MS);
	tty_keys(t, "Alt-s");
	tty_wait_text(t, "their own ways again", TTY_WAIT_MS);
	stage_quit(s);
}

static void a_place_is_completed(void **state)
{
	struct stage *s = *state;
	open_with_prefixes(s, NULL);
	struct tty *t = s->tty;
	fixture_put(&s->f, "a/deeper/x", "x");
	fixture_put(&s->f, "a/other/x", "x");
	fixture_write(&s->f, "left/photos/x", 10, 1);
	tty_keys(t, "Ctrl-G");
	tty_wait_text(t, "photos/", TTY_WAIT_MS); /* of the pane's own place */
	tty_type(t, "s3://d");
	tty_wait_text(t, "  demo/", TTY_WAIT_MS);
	tty_keys(t, "Tab");
	tty_wait_text(t, "s3://demo/", TTY_WAIT_MS);
	tty_wait_text(t, "  a/ ", TTY_WAIT_MS);
	tty_keys(t, "Tab");
	tty_wait_text(t, "s3://demo/a/", TTY_WAIT_MS);
	tty_wait_text(t, "  other/", TTY_WAIT_MS);
	tty_type(t, "d");
	tty_wait_gone(t, "  other/", TTY_WAIT_MS);
	tty_keys(t, "Tab"); /* as far as deep/ and deeper/ agree */
	tty_wait_text(t, "s3://demo/a/deep ", TTY_WAIT_MS);
	tty_keys(t, "Tab");
	tty_wait_text(t, "> deep/", TTY_WAIT_MS);
	tty_keys(t, "Tab");
	tty_wait_text(t, "> deeper/", TTY_WAIT_MS);
	tty_keys(t, "Tab");
	tty_wait_text(t, "> deep/", TTY_WAIT_MS);
	tty_keys(t, "Enter");
	tty_wait_text(t, "default:s3://demo/a/deep/", TTY_WAIT_MS);
	tty_wait_text(t, "er.txt", TTY_WAIT_MS);
	stage_quit(s);
}

static void pinned_buckets_are_there_for_who_may_not_list_them(void **state)
{
	struct stage *s = *state;
	struct s3t_err err;
	struct sandbox_fault denied = {.kind = SANDBOX_FAULT_ANSWER,
		.method = "GET",
		.times = 2,
		.status = 403,
		.code = "AccessDenied"};
	struct sandbox_fault no_head = {.kind = SANDBOX_FAULT_ANSWER,
		.method = "HEAD",
		.target = "/secret",
		.times = SANDBOX_FOREVER,
		.status = 403,
		.code = "AccessDenied"};
	stage_open(s, NULL, "buckets = demo, absent-one ,secret,demo\n");
	assert_int_equal(sandbox_put(s->f.server, "demo", SV("key"), SV("x"), NULL, &err), S3T_OK);
	sandbox_fault(s->f.server, &denied);
	sandbox_fault(s->f.server, &no_head);
	const char *args[] = {s->left, "s3://", NULL};
	struct tty_options o = {.args = args};
	stage_start(s, &o);
	struct tty *t = s->tty;
	for (int round = 0; round < 2; round++) {
		tty_wait_text(t, "demo/                            open", TTY_WAIT_MS);
		tty_wait_text(t, "absent-one/                    absent", TTY_WAIT_MS);
		tty_wait_text(t, "secret/                        denied", TTY_WAIT_MS);
		tty_wait_text(t, "Ctrl-G goes to a bucket", TTY_WAIT_MS);
		tty_keys(t, round ? "Ctrl-R" : "Tab Ctrl-R");
	}
	/* the server's own list, and what of the others is not in it */
	tty_wait_text(t, "demo/                          bucket", TTY_WAIT_MS);
	tty_wait_text(t, "absent-one/                    absent", TTY_WAIT_MS);
	tty_select(t, "demo");
	tty_keys(t, "Enter");
	tty_wait_text(t, " key ", TTY_WAIT_MS);
	stage_quit(s);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		STAGE_TEST(a_pane_goes_back_and_forward),
		STAGE_TEST(bookmarks_outlive_the_program),
		STAGE_TEST(panes_go_together_until_one_goes_elsewhere),
		STAGE_TEST(a_place_is_completed),
		STAGE_TEST(pinned_buckets_are_there_for_who_may_not_list_them),
		STAGE_TEST(each_pane_has_its_profile),
	};
	tty_budget_s(120);
	return cmocka_run_group_tests_name("places", tests, NULL, NULL);
}
