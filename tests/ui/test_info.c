/* What is known of one thing, and what differs between two places. */
#include "support/tty.h"

#include "core/s3.h"
#include "core/timeutil.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

/* A listing has what is stored: what an upload or a look told of it besides is in its row. */
static void rows_show_what_is_known(void **state)
{
	struct stage *s = *state;
	struct s3t_err err;
	stage_open(s, NULL, "[upload]\ncompress = gzip\n");
	struct s3_ctx ctx = {.client = s->f.client, .conn = s->f.conn};
	struct s3_encryption sse = {.kind = S3_ENCRYPTION_SSE_S3};
	struct s3_put put = {.mtime_ns = TIME_UNKNOWN, .encryption = &sse};
	assert_int_equal(
		s3_put_object(&ctx, SV("demo"), SV("sealed"), &put, SV("12345"), NULL, &err),
		S3T_OK);
	fixture_write(&s->f, "left/zeros.txt", 0, 1);
	char *path = s3t_asprintf("%s/zeros.txt", s->left);
	assert_int_equal(truncate(path, 2 << 20), 0);
	free(path);
	struct tty_options wide = {.rows = 24, .cols = 120};
	stage_start(s, &wide);
	struct tty *t = s->tty;
	tty_wait_text(t, "sealed", TTY_WAIT_MS);
	tty_keys(t, "Down F5 Enter");
	tty_wait_text(t, "1 copied; compressed 2.0 MiB to 2.0 KiB: 99% less", TTY_WAIT_MS);
	tty_wait_text(t, "z  2.0 MiB", TTY_WAIT_MS);
	tty_keys(t, "Tab End");
	tty_wait_text(t, "zeros.txt · 2.0 MiB · gzip · STANDARD", TTY_WAIT_MS);
	/* of what others wrote, once it was looked at */
	tty_keys(t, "Up");
	tty_wait_text(t, "sealed · 5 B · STANDARD", TTY_WAIT_MS);
	tty_keys(t, "i");
	tty_wait_text(t, "SSE-S3", TTY_WAIT_MS);
	tty_keys(t, "Enter");
	tty_wait_text(t, "sealed · 5 B · SSE-S3 · STANDARD", TTY_WAIT_MS);
	tty_wait_text(t, "e      5 B", TTY_WAIT_MS);
	/* another object of that name is another */
	fixture_put(&s->f, "sealed", "longer than that");
	tty_keys(t, "Ctrl-R");
	tty_wait_text(t, "sealed · 16 B · STANDARD", TTY_WAIT_MS);
	stage_quit(s);
}

static void all_of_an_object_is_shown(void **state)
{
	struct stage *s = *state;
	struct s3t_err err;
	stage_open(s, NULL, NULL);
	struct s3_ctx ctx = {.client = s->f.client, .conn = s->f.conn};
	struct s3_put put = {.content_type = "image/x-test",
		.storage_class = "STANDARD_IA",
		.mtime_ns = 1000000000 * NS_PER_S,
		.metadata = SV("color: blue\nshape: round\n")};
	assert_int_equal(
		s3_put_object(&ctx, SV("demo"), SV("a b"), &put, SV("12345"), NULL, &err), S3T_OK);
	struct sigv4_pair query = {SV("tagging"), SV("")};
	struct s3_call call = {.method = "PUT",
		.bucket = SV("demo"),
		.key = SV("a b"),
		.query = &query,
		.query_count = 1,
		.body = SV("<Tagging><TagSet><Tag><Key>team</Key><Value>r&amp;d</Value></Tag>"
			   "</TagSet></Tagging>"),
		.has_body = true};
	struct http_response resp;
	http_response_init(&resp);
	assert_int_equal(s3_send(&ctx, &call, &resp, &err), S3T_OK);
	http_response_deinit(&resp);
	struct tty_options size = {.rows = 40, .cols = 100};
	stage_start(s, &size);
	struct tty *t = s->tty;
	tty_wait_text(t, "a b", TTY_WAIT_MS);
	tty_keys(t, "Tab End");
	tty_wait_cursor(t, "a b", TTY_WAIT_MS);
	tty_keys(t, "i");
	tty_wait_text(t, "team: r&d", TTY_WAIT_MS);
	assert_true(tty_shows(t, "s3://demo/a b"));
	assert_true(tty_shows(t, "5 B (5 bytes)"));
	assert_true(tty_shows(t, "image/x-test"));
	assert_true(tty_shows(t, "STANDARD_IA"));
	assert_true(tty_shows(t, "color: blue"));
	assert_true(tty_shows(t, "shape: round"));
	assert_true(tty_shows(t, "827ccb0eea8a706c4c34a16891f84e7b"));
	assert_true(tty_shows(t, "2001-09-"));
	assert_true(tty_shows(t, "owner"));
	tty_keys(t, "Enter");
	tty_wait_gone(t, "color: blue", TTY_WAIT_MS);
	/* low screens scroll */
	tty_resize(t, 20, 60);
	tty_wait_frame(t, TTY_WAIT_MS);
	tty_keys(t, "i");
	tty_wait_text(t, "lines 1-", TTY_WAIT_MS);
	tty_keys(t, "PgDn");
	tty_wait_text(t, "team: r&d", TTY_WAIT_MS);
	tty_keys(t, "Esc");
	tty_wait_gone(t, "team: r&d", TTY_WAIT_MS);
	stage_quit(s);
}

static void versions_are_listed(void **state)
{
	struct stage *s = *state;
	struct sandbox_fault answer = {.kind = SANDBOX_FAULT_ANSWER,
		.method = "GET",
		.target = "versions",
		.status = 200,
		.body = "<ListVersionsResult><IsTruncated>false</IsTruncated>"
			"<DeleteMarker><Key>a%20b</Key><VersionId>v3</VersionId>"
			"<IsLatest>false</IsLatest><LastModified>2026-01-03T00:00:00Z</"
			"LastModified>"
			"</DeleteMarker>"
			"<Version><Key>a%20b</Key><VersionId>v4\x2e</VersionId>"
			"<IsLatest>true</IsLatest><LastModified>2026-01-04T00:00:00Z</LastModified>"
			"<Size>5</Size></Version>"
			"<Version><Key>a%20b%20longer</Key><VersionId>other</VersionId></Version>"
			"</ListVersionsResult>"};
	stage_open(s, NULL, NULL);
	fixture_put(&s->f, "a b", "12345");
	struct tty_options size = {.rows = 40, .cols = 100};
	stage_start(s, &size);
	struct tty *t = s->tty;
	tty_wait_text(t, "a b", TTY_WAIT_MS);
	sandbox_fault(s->f.server, &answer);
	tty_keys(t, "Tab End i");
	tty_wait_text(t, "2026-01-04 00:00:00  5 B  v4.  latest", TTY_WAIT_MS);
	assert_true(tty_shows(t, "2026-01-03 00:00:00  deleted  v3"));
	assert_false(tty_shows(t, "other"));
	tty_keys(t, "Esc");
	tty_wait_gone(t, "latest", TTY_WAIT_MS);
	/* a server that knows nothing of them */
	answer.body = "<ListBucketResult></ListBucketResult>";
	sandbox_fault(s->f.server, &answer);
	tty_keys(t, "i");
	tty_wait_text(t, "versions          The server does not support this", TTY_WAIT_MS);
	tty_keys(t, "Esc");
	tty_wait_gone(t, "does not support", TTY_WAIT_MS);
	stage_quit(s);
}

/* Each version is a row: what it is called, and what is sent for it. */
/* By the option they are there from the start, and a bucket that keeps none says so. */
static void versions_from_the_start(void **state)
{
	struct stage *s = *state;
	struct sandbox_fault answer = {.kind = SANDBOX_FAULT_ANSWER,
		.method = "GET",
		.target = "&versions=",
		.times = SANDBOX_FOREVER,
		.status = 200,
		.body = "<ListVersionsResult><IsTruncated>false</IsTruncated>"
			"<Version><Key>aa</Key><VersionId>null</VersionId><IsLatest>true</IsLatest>"
			"<LastModified>2026-01-04T00:00:00Z</LastModified><Size>5</Size></Version>"
			"</ListVersionsResult>"};
	stage_open(s, NULL, "versioning = true\n");
	sandbox_fault(s->f.server, &answer);
	stage_run(s, NULL);
	tty_wait_text(s->tty, "aa (latest)", TTY_WAIT_MS);
	tty_wait_text(s->tty, "This bucket keeps no versions", TTY_WAIT_MS);
	stage_quit(s);
}

static void versions_in_the_pane(void **state)
{
	struct stage *s = *state;
	struct sandbox_fault answer = {.kind = SANDBOX_FAULT_ANSWER,
		.method = "GET",
		.target = "?delimiter=%2F&encoding-type=url&max-keys=1000&prefix=&versions=",
		.times = SANDBOX_FOREVER,
		.status = 200,
		.body = "<ListVersionsResult><IsTruncated>false</IsTruncated>"
			"<Version><Key>aa</Key><VersionId>v2</VersionId><IsLatest>true</IsLatest>"
			"<LastModified>2026-01-04T00:00:00Z</LastModified><Size>5</Size></Version>"
			"<Version><Key>aa</Key><VersionId>0123456789abcdef</VersionId>"
			"<IsLatest>false</IsLatest><LastModified>2026-01-03T00:00:00Z</"
			"LastModified>"
			"<Size>1234</Size></Version>"
			"<DeleteMarker><Key>gone</Key><VersionId>m1</VersionId>"
			"<IsLatest>true</IsLatest><LastModified>2026-01-03T00:00:00Z</LastModified>"
			"</DeleteMarker><CommonPrefixes><Prefix>zz%2F</Prefix></CommonPrefixes>"
			"</ListVersionsResult>"};
	stage_open(s, NULL, NULL);
	fixture_put(&s->f, "aa", "12345");
	struct tty_options size = {.rows = 24, .cols = 110};
	stage_start(s, &size);
	struct tty *t = s->tty;
	tty_wait_text(t, "aa", TTY_WAIT_MS);
	sandbox_fault(s->f.server, &answer);
	tty_keys(t, "Tab Alt-v");
	tty_wait_text(t, "aa (latest)", TTY_WAIT_MS);
	tty_wait_text(t, "keeps no versions", TTY_WAIT_MS); /* by ?versioning */
	assert_true(tty_shows(t, "aa (01234567)"));
	assert_true(tty_shows(t, "gone (deleted)"));
	assert_true(tty_shows(t, "zz/"));
	tty_keys(t, "End Up");
	tty_wait_cursor(t, "aa (01234567)", TTY_WAIT_MS);
	tty_keys(t, "e");
	tty_wait_text(t, "A version cannot be changed", TTY_WAIT_MS);
	tty_keys(t, "F8");
	tty_wait_text(t, "gone for good", TTY_WAIT_MS);
	tty_keys(t, "Left Enter");
	tty_wait_gone(t, "gone for good", TTY_WAIT_MS);
	/* this server has no versions; that it was asked for one shows that the id was sent */
	tty_wait_text(t, "Not everything worked", TTY_WAIT_MS);
	assert_true(tty_shows(t, "aa (01234567)"));
	tty_keys(t, "Esc");
	tty_wait_gone(t, "Not everything worked", TTY_WAIT_MS);
	assert_true(fixture_has_key(&s->f, "aa"));
	tty_keys(t, "Alt-v");
	tty_wait_gone(t, "(latest)", TTY_WAIT_MS);
	stage_quit(s);
}

static void files_directories_and_what_is_gone(void **state)
{
	struct stage *s = *state;
	struct s3t_err err;
	stage_open(s, NULL, NULL);
	fixture_write(&s->f, "left/dir/x", 1, 1);
	fixture_write(&s->f, "left/file.txt", 2048, 1);
	fixture_put(&s->f, "gone", "x");
	stage_run(s, NULL);
	struct tty *t = s->tty;
	tty_keys(t, "End i");
	tty_wait_text(t, "2.0 KiB (2,048 bytes)", TTY_WAIT_MS);
	assert_true(tty_shows(t, "mode"));
	tty_keys(t, "Esc");
	tty_wait_gone(t, "2,048 bytes", TTY_WAIT_MS);
	tty_keys(t, "Up i");
	tty_wait_text(t, "directory", TTY_WAIT_MS);
	tty_keys(t, "Esc");
	tty_wait_gone(t, "directory", TTY_WAIT_MS);
	assert_int_equal(sandbox_delete(s->f.server, "demo", SV("gone"), &err), S3T_OK);
	tty_keys(t, "Tab End i");
	tty_wait_gone(t, "asking", TTY_WAIT_MS);
	tty_wait_text(t, "does not exist", TTY_WAIT_MS);
	tty_keys(t, "Esc");
	tty_wait_gone(t, "does not exist", TTY_WAIT_MS);
	stage_quit(s);
}

static void panes_are_compared(void **state)
{
	struct stage *s = *state;
	stage_open(s, NULL, NULL);
	fixture_write(&s->f, "left/dir/x", 1, 1);
	fixture_write(&s->f, "left/missing", 7, 1);
	fixture_write(&s->f, "left/other-size", 10, 1);
	fixture_write(&s->f, "left/same", 4, 1);
	fixture_put(&s->f, "new", "x");
	fixture_put(&s->f, "other-size", "x");
	fixture_put(&s->f, "same", "1234");
	stage_run(s, NULL);
	struct tty *t = s->tty;
	tty_keys(t, "=");
	tty_wait_text(t, "2 here and 2 there are missing, newer or of another size.", TTY_WAIT_MS);
	tty_wait_text(t, "2 marked, 17 B", TTY_WAIT_MS);
	tty_wait_text(t, "2 marked, 2 B", TTY_WAIT_MS);
	stage_quit(s);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		STAGE_TEST(all_of_an_object_is_shown),
		STAGE_TEST(rows_show_what_is_known),
		STAGE_TEST(versions_are_listed),
		STAGE_TEST(versions_in_the_pane),
		STAGE_TEST(versions_from_the_start),
		STAGE_TEST(files_directories_and_what_is_gone),
		STAGE_TEST(panes_are_compared),
	};
	tty_budget_s(100);
	return cmocka_run_group_tests_name("info", tests, NULL, NULL);
}
