/* Changing objects in place, and restoring archived ones, from the browser. */
#include "support/tty.h"

#include "core/s3.h"
#include "core/timeutil.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void put(struct stage *s, const char *key)
{
	struct s3_ctx ctx = {.client = s->f.client, .conn = s->f.conn};
	struct s3t_err err;
	struct s3_put what = {.content_type = "text/plain",
		.mtime_ns = TIME_UNKNOWN,
		.metadata = SV("author: me\n"),
		.tagging = "team=red"};
	assert_int_equal(
		s3_put_object(&ctx, SV("demo"), sv(key), &what, SV("text"), NULL, &err), S3T_OK);
}

static void expect(struct stage *s, const char *key, const char *name, const char *wanted)
{
	struct strbuf value;
	struct s3t_err err;
	strbuf_init(&value);
	assert_int_equal(
		sandbox_get_header(s->f.server, "demo", sv(key), name, &value, &err), S3T_OK);
	assert_string_equal(value.data, wanted);
	strbuf_deinit(&value);
}

static void start(struct stage *s, const char *first)
{
	struct tty_options size = {.rows = 34, .cols = 100};
	stage_start(s, &size);
	char *row = s3t_asprintf(
		"│ %s ", first); /* the name of the test's directory has letters, too */
	tty_wait_text(s->tty, row, TTY_WAIT_MS);
	free(row);
	tty_keys(s->tty, "Tab Down");
	tty_wait_cursor(s->tty, first, TTY_WAIT_MS);
}

static void one_object(void **state)
{
	struct stage *s = *state;
	stage_open(s, NULL, NULL);
	put(s, "aa");
	start(s, "aa");
	struct tty *t = s->tty;
	tty_keys(t, "c");
	tty_wait_text(t, "author=me", TTY_WAIT_MS);
	assert_true(tty_shows(t, "text/plain"));
	assert_true(tty_shows(t, "team=red"));
	/* the type gets an end, the metadata goes, a tag comes */
	tty_keys(t, "End");
	tty_type(t, ";q=1");
	tty_keys(t, "Down Down Down Down Down Down Right Right Right Down Down Ctrl-U");
	tty_type(t, "a\\;b=c d");
	tty_keys(t, "Down End");
	tty_type(t, "; x=1");
	tty_keys(t, "Enter");
	tty_wait_text(t, "made of letters", TTY_WAIT_MS); /* ';' is in no name of metadata */
	tty_keys(t, "Up Ctrl-U");
	tty_type(t, "k=c\\; d");
	tty_keys(t, "Enter");
	tty_wait_text(t, "1 changed", TTY_WAIT_MS);
	expect(s, "aa", "content-type", "text/plain;q=1");
	expect(s, "aa", "x-amz-meta-author", "");
	expect(s, "aa", "x-amz-meta-k", "c; d");
	expect(s, "aa", "x-amz-tagging", "team=red&x=1");
	expect(s, "aa", "x-amz-storage-class", "STANDARD_IA");
	stage_quit(s);
}

/* What is shown is another's by the time it is changed. */
static void changed_by_others(void **state)
{
	struct stage *s = *state;
	struct s3_ctx ctx;
	struct s3_put what = {.content_type = "text/new", .mtime_ns = TIME_UNKNOWN};
	struct s3t_err err;
	stage_open(s, NULL, NULL);
	ctx = (struct s3_ctx){.client = s->f.client, .conn = s->f.conn};
	put(s, "aa");
	start(s, "aa");
	struct tty *t = s->tty;
	tty_keys(t, "c");
	tty_wait_text(t, "author=me", TTY_WAIT_MS);
	assert_int_equal(
		s3_put_object(&ctx, SV("demo"), SV("aa"), &what, SV("others"), NULL, &err), S3T_OK);
	tty_keys(t, "End");
	tty_type(t, ";q=1");
	tty_keys(t, "Enter");
	tty_wait_text(t, "changed by others since", TTY_WAIT_MS);
	expect(s, "aa", "content-type", "text/new");
	/* the item's dialog, and the job's if that came later: it ends as it stands */
}

static void a_marked_set(void **state)
{
	struct stage *s = *state;
	stage_open(s, NULL, NULL);
	put(s, "aa");
	put(s, "bb");
	put(s, "cc");
	start(s, "aa");
	struct tty *t = s->tty;
	tty_keys(t, "Insert Insert c");
	tty_wait_text(t, "2 selected", TTY_WAIT_MS);
	tty_keys(t, "Esc");
	tty_wait_gone(t, "2 selected", TTY_WAIT_MS);
	tty_keys(t, "c");
	tty_wait_text(t, "2 selected", TTY_WAIT_MS);
	tty_type(t, "-");
	tty_keys(t, "Down Down Down Down Down Down Down Down");
	tty_type(t, "author=you; z=1");
	tty_keys(t, "Tab Tab Tab Tab Right Enter");
	tty_wait_text(t, "Dry run", TTY_WAIT_MS);
	tty_wait_text(t, "meta.author: me -> you", TTY_WAIT_MS);
	assert_true(tty_shows(t, "content-type: text/plain -> (none)"));
	expect(s, "aa", "x-amz-meta-author", "me");
	tty_keys(t, "Esc");
	tty_wait_gone(t, "me -> you", TTY_WAIT_MS);
	tty_keys(t, "Left Enter");
	tty_wait_text(t, "2 changed", TTY_WAIT_MS);
	expect(s, "aa", "x-amz-meta-author", "you");
	expect(s, "bb", "x-amz-meta-z", "1");
	expect(s, "bb", "x-amz-tagging", "team=red");
	expect(s, "cc", "x-amz-meta-author", "me");
	stage_quit(s);
}

/* A copy that meets archived objects offers to restore them; the second one brings them. */
static void archived(void **state)
{
	struct stage *s = *state;
	struct s3t_err err;
	stage_open(s, NULL, NULL);
	for (int i = 0; i < 3; i++) {
		char key[16];
		snprintf(key, sizeof key, "dir/cold%d", i);
		assert_int_equal(sandbox_put_as(s->f.server, "demo", sv(key), SV("brr"), NULL, 0,
					 "GLACIER", &err),
			S3T_OK);
	}
	put(s, "dir/warm");
	start(s, "dir/");
	struct tty *t = s->tty;
	tty_keys(t, "F5");
	tty_wait_text(t, "4 files", TTY_WAIT_MS);
	tty_keys(t, "Enter");
	tty_wait_text(t, "3 objects are archived", TTY_WAIT_MS);
	tty_keys(t, "Enter");
	tty_wait_gone(t, "3 objects are archived", TTY_WAIT_MS);
	tty_wait_text(t, "3 changed", TTY_WAIT_MS);
	tty_keys(t, "F5");
	tty_wait_text(t, "4 files", TTY_WAIT_MS);
	tty_keys(t, "Enter");
	tty_wait_text(t, "The target exists", TTY_WAIT_MS); /* the one that was warm */
	tty_keys(t, "Right Right Enter");
	tty_wait_text(t, "3 copied, 1 skipped", TTY_WAIT_MS);
	assert_true(fixture_file_is_object(&s->f, "left/dir/cold2", "dir/cold2"));
	stage_quit(s);
}

/* The rule is in the form, what was typed is still there, and no request has gone out. */
static void names_that_cannot_be(void **state)
{
	struct stage *s = *state;
	stage_open(s, NULL, NULL);
	put(s, "aa");
	start(s, "aa");
	struct tty *t = s->tty;
	char *name = s3t_alloc(1100);
	memset(name, 'k', 1023);
	uint64_t puts = sandbox_request_count(s->f.server, "PUT");
	tty_keys(t, "r");
	tty_wait_text(t, "Rename", TTY_WAIT_MS);
	tty_keys(t, "End");
	tty_type(t, name); /* behind the old name: 1,025 bytes */
	tty_keys(t, "Enter");
	tty_wait_text(t, "at most 1,024 bytes; this one has 1025", TTY_WAIT_MS);
	tty_keys(t, "F10");
	tty_wait_gone(t, "1,024", TTY_WAIT_MS);
	tty_keys(t, "F7");
	tty_wait_text(t, "New prefix", TTY_WAIT_MS);
	tty_type(t, name);
	tty_type(t, "k");
	tty_keys(t, "Enter");
	tty_wait_text(t, "at most 1,024 bytes; this one has 1025", TTY_WAIT_MS);
	tty_keys(t, "F10");
	tty_wait_gone(t, "1,024", TTY_WAIT_MS);
	tty_keys(t, "F7");
	tty_wait_text(t, "New prefix", TTY_WAIT_MS);
	tty_type(t, "..");
	tty_keys(t, "Enter");
	tty_wait_text(t, "Not a possible name", TTY_WAIT_MS);
	tty_keys(t, "F10");
	tty_wait_gone(t, "Not a possible name", TTY_WAIT_MS);
	tty_keys(t, "F5");
	tty_wait_text(t, "1 file, 4 B", TTY_WAIT_MS);
	uint64_t heads = sandbox_request_count(s->f.server, "HEAD"); /* it has counted */
	assert_true(heads <= 1);
	tty_keys(t, "Tab Ctrl-U");
	tty_type(t, "s3://demo/kk"); /* the field holds more than the screen shows */
	tty_type(t, name);
	tty_keys(t, "Enter");
	tty_wait_text(t, "at most 1,024 bytes; this one has 1025", TTY_WAIT_MS);
	tty_keys(t, "F10");
	tty_wait_gone(t, "1,024", TTY_WAIT_MS);
	assert_int_equal(sandbox_request_count(s->f.server, "HEAD"), heads);
	assert_int_equal(sandbox_request_count(s->f.server, "PUT"), puts);
	stage_quit(s);
	free(name);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		STAGE_TEST(one_object),
		STAGE_TEST(changed_by_others),
		STAGE_TEST(a_marked_set),
		STAGE_TEST(archived),
		STAGE_TEST(names_that_cannot_be),
	};
	tty_budget_s(120);
	return cmocka_run_group_tests_name("change_dialogs", tests, NULL, NULL);
}
