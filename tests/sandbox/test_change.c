/*
 * Objects changed in place: what is asked for is different afterwards, all else as it was; who
 * changed it meanwhile is not overwritten; S3's rules are told before anything is sent.
 */
#include "support/fixture.h"

#include "core/timeutil.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#define COUNT(array) (sizeof(array) / sizeof *(array))
#define MIB ((size_t)1 << 20)

static void put(struct fixture *f, const char *key, const char *text)
{
	struct s3_ctx ctx = {.client = f->client, .conn = f->conn};
	struct s3t_err err;
	struct s3_put what = {.content_type = "text/plain",
		.content_encoding = "identity",
		.mtime_ns = 1000000000 * NS_PER_S,
		.metadata = SV("author: me\ncolor: blue\n"),
		.headers = SV("cache-control: no-store\nexpires: Fri, 27 Nov 2026 00:00:00 GMT\n"),
		.tagging = "team=a%20b&x=1"};
	assert_int_equal(
		s3_put_object(&ctx, SV("demo"), sv(key), &what, sv(text), NULL, &err), S3T_OK);
}

static void expect_bytes(struct fixture *f, const char *key, const char *wanted)
{
	struct strbuf text;
	strbuf_init(&text);
	assert_int_equal(sandbox_get(f->server, "demo", sv(key), &text, NULL), S3T_OK);
	assert_string_equal(text.data, wanted);
	strbuf_deinit(&text);
}

static void change_spec(
	struct fixture *f, struct job_spec *spec, const char *key, const char *pairs)
{
	struct s3t_err err;
	job_spec_init(spec, JOB_CHANGE, &f->profile->settings);
	spec->from = location_ref(f->s3);
	spec->recursive = true;
	spec->report_problems = true;
	char *path = s3t_asprintf("demo/%s", key);
	job_spec_add_source(spec, sv(path), SV(""));
	job_spec_set_in_place(spec);
	free(path);
	for (struct strview rest = sv(pairs); rest.len;) {
		struct strview pair = sv_n(rest.data, sv_find(rest, '\n'));
		rest = sv_from(rest, pair.len + 1);
		assert_int_equal(s3_changes_add_pair(&spec->changes, pair, &err), S3T_OK);
	}
}

static void change(struct fixture *f, const char *key, const char *pairs)
{
	struct job_spec spec;
	change_spec(f, &spec, key, pairs);
	fixture_run(f, &spec);
}

static void test_one(void **state)
{
	struct fixture f;
	(void)state;
	fixture_start(&f, NULL, NULL);
	put(&f, "a", "hello");
	change(&f, "a",
		"content-type=text/css\nmeta.Author=you\nmeta.color=\ntag.x=2\ntag.team=\n"
		"storage-class=GlacierInstantRetrieval");
	assert_int_equal(f.done, 1);
	fixture_expect_header(&f, "a", "content-type", "text/css");
	fixture_expect_header(&f, "a", "x-amz-meta-author", "you");
	fixture_expect_header(&f, "a", "x-amz-meta-color", "");
	fixture_expect_header(&f, "a", "x-amz-meta-mtime", "1000000000.000000000");
	fixture_expect_header(&f, "a", "content-encoding", "identity");
	fixture_expect_header(&f, "a", "cache-control", "no-store");
	fixture_expect_header(&f, "a", "expires", "Fri, 27 Nov 2026 00:00:00 GMT");
	fixture_expect_header(&f, "a", "x-amz-storage-class", "GLACIER_IR");
	fixture_expect_header(&f, "a", "x-amz-tagging", "x=2");
	expect_bytes(&f, "a", "hello");
	/* and back, one thing only: the class stays */
	change(&f, "a", "cache-control=");
	fixture_expect_header(&f, "a", "cache-control", "");
	fixture_expect_header(&f, "a", "x-amz-storage-class", "GLACIER_IR");
	fixture_expect_header(&f, "a", "x-amz-tagging", "x=2");
	change(&f, "a", "storage-class=STANDARD\nencryption=SSE_S3");
	fixture_expect_header(&f, "a", "x-amz-storage-class", "STANDARD");
	fixture_expect_header(&f, "a", "x-amz-server-side-encryption", "AES256");
	change(&f, "a", "meta.k=v");
	fixture_expect_header(&f, "a", "x-amz-server-side-encryption", "AES256");
	fixture_expect_header(&f, "a", "x-amz-meta-k", "v");
	/* what is so already costs no write */
	uint64_t puts = sandbox_request_count(f.server, "PUT");
	change(&f, "a", "meta.k=v\ntag.x=2");
	assert_int_equal(f.done, 1);
	assert_int_equal(sandbox_request_count(f.server, "PUT"), puts);
	fixture_stop(&f);
}

static void test_tags_alone(void **state)
{
	struct fixture f;
	(void)state;
	fixture_start(&f, NULL, NULL);
	put(&f, "a", "hello");
	change(&f, "a", "tag.y=z é\ntag.x=");
	assert_int_equal(f.done, 1);
	fixture_expect_header(&f, "a", "x-amz-tagging", "team=a%20b&y=z%20%C3%A9");
	fixture_expect_header(&f, "a", "x-amz-meta-author", "me");
	change(&f, "a", "tag.y=\ntag.team=");
	fixture_expect_header(&f, "a", "x-amz-tagging", "");
	fixture_stop(&f);
}

static void test_a_set_and_dry(void **state)
{
	struct fixture f;
	struct job_spec spec;
	(void)state;
	fixture_start(&f, NULL, NULL);
	put(&f, "d/1", "one");
	put(&f, "d/2", "two");
	put(&f, "dx", "not it");
	change_spec(&f, &spec, "d/", "meta.k=v");
	spec.dry_run = true;
	fixture_run(&f, &spec);
	assert_int_equal(f.done, 2);
	fixture_expect_header(&f, "d/1", "x-amz-meta-k", "");
	change(&f, "d/", "meta.k=v");
	assert_int_equal(f.done, 2);
	fixture_expect_header(&f, "d/1", "x-amz-meta-k", "v");
	fixture_expect_header(&f, "d/2", "x-amz-meta-k", "v");
	fixture_expect_header(&f, "dx", "x-amz-meta-k", "");
	fixture_stop(&f);
}

/* Between the listing and the change somebody else was there: theirs stays. A server that only
 * takes the ETag for another one's is asked by the time. */
static void test_changed_meanwhile(void **state)
{
	struct fixture f;
	(void)state;
	for (uint32_t refusals = 1; refusals <= 2; refusals++) {
		fixture_start(&f, NULL, NULL);
		put(&f, "d/1", "one");
		struct sandbox_fault fault = {.kind = SANDBOX_FAULT_ANSWER,
			.method = "PUT",
			.times = refusals,
			.status = 412,
			.code = "PreconditionFailed"};
		sandbox_fault(f.server, &fault);
		change(&f, "d/", "meta.k=v");
		assert_int_equal(sandbox_fault_count(f.server), refusals);
		assert_int_equal(f.failed, refusals - 1);
		assert_int_equal(f.first_error.rc, refusals == 1 ? S3T_OK : S3T_CHANGED);
		fixture_expect_header(&f, "d/1", "x-amz-meta-k", refusals == 1 ? "v" : "");
		fixture_stop(&f);
	}
}

/* The values that were shown are those of the object that is changed, or nothing is. */
static void test_changed_since_shown(void **state)
{
	struct fixture f;
	struct job_spec spec;
	(void)state;
	fixture_start(&f, NULL, NULL);
	put(&f, "k", "one");
	for (int i = 0; i < 3; i++) {
		struct s3_ctx ctx = {.client = f.client, .conn = f.conn};
		struct s3_object o;
		s3_object_init(&o);
		assert_int_equal(s3_head_object(&ctx, SV("demo"), SV("k"), &o, NULL), S3T_OK);
		change_spec(&f, &spec, "k", "meta.k=v");
		memcpy(spec.shown_etag, o.etag, sizeof o.etag);
		spec.shown_s = o.last_modified_s - (i == 1);
		if (i == 2)
			spec.shown_etag[0] ^= 1;
		fixture_run(&f, &spec);
		assert_int_equal(f.done, i == 0);
		assert_int_equal(f.first_error.rc, i == 0 ? S3T_OK : S3T_CHANGED);
		s3_object_deinit(&o);
		put(&f, "k", "two");
	}
	fixture_expect_header(&f, "k", "x-amz-meta-k", "");
	fixture_stop(&f);
}

/* Above the service's limit: by parts, still one object with all it had. */
static void test_by_parts(void **state)
{
	struct fixture f;
	struct s3t_err err;
	struct strbuf block;
	(void)state;
	fixture_start(&f, NULL, NULL);
	strbuf_init(&block);
	for (size_t i = 0; i < MIB; i++)
		strbuf_add_char(&block, (char)(i * 7 + i / 4096));
	assert_int_equal(sandbox_put_repeated(f.server, "demo", SV("huge"), strbuf_view(&block),
				 5 * 1024 + 1, &err),
		S3T_OK);
	strbuf_deinit(&block);
	change(&f, "huge", "meta.k=v\nstorage-class=STANDARD_IA");
	assert_int_equal(f.done, 1);
	fixture_expect_header(&f, "huge", "x-amz-meta-k", "v");
	fixture_expect_header(&f, "huge", "x-amz-storage-class", "STANDARD_IA");
	assert_int_equal(sandbox_upload_count(f.server), 0);
	fixture_stop(&f);
}

static void test_archived(void **state)
{
	struct fixture f;
	struct job_spec spec;
	struct s3t_err err;
	(void)state;
	fixture_start(&f, NULL, NULL);
	fixture_put(&f, "d/plain", "can be read");
	assert_int_equal(sandbox_put_as(f.server, "demo", SV("d/cold"), SV("brr"), NULL, 0,
				 "DEEP_ARCHIVE", &err),
		S3T_OK);
	fixture_download(&f, &spec, "d/", "", "down");
	spec.recursive = true;
	fixture_run(&f, &spec);
	assert_int_equal(f.done, 1);
	assert_int_equal(f.failed, 1);
	assert_true(fixture_exists(&f, "down/plain"));
	change(&f, "d/", "restore=3:Bulk");
	assert_int_equal(f.done, 1);
	assert_int_equal(f.skipped, 1); /* the one that is not archived */
	fixture_download(&f, &spec, "d/", "", "again");
	spec.recursive = true;
	fixture_run(&f, &spec);
	assert_int_equal(f.done, 2);
	fixture_stop(&f);
}

static void test_rules(void **state)
{
	static const struct {
		const char *pair, *says;
	} bad[] = {
		{"nonsense=1", "content-type"},
		{"meta.a b=1", "without spaces"},
		{"meta.=1", "without spaces"},
		{"meta.a=\xc3\xbc", "printable ASCII"},
		{"tag.=x", "1 to 128"},
		{"tag.aws:x=1", "Amazon's own"},
		{"tag.a;b=1", "letters, digits"},
		{"content-type=a\nb", "printable ASCII"},
		{"storage-class=Nope", "STANDARD_IA"},
		{"encryption=ROT13", "SSE_KMS"},
		{"restore=0", "1 to 36,500"},
		{"restore=36501", "1 to 36,500"},
		{"tag.a=\xe2\x82\xac", "letters, digits"},
		{"content-type=a\r\nx-amz-acl: public-read", "printable ASCII"},
		{"encryption=SSE_KMS:a\r\nx-evil: 1", "printable ASCII"},
		{"encryption=SSE_S3:x", "Only SSE_KMS"},
		{"restore=7:Slow", "Bulk"},
		{"no equals", "NAME=VALUE"},
	};
	struct s3_changes c = {.items = NULL};
	struct s3t_err err;
	(void)state;
	for (size_t i = 0; i < COUNT(bad); i++) {
		assert_int_equal(s3_changes_add_pair(&c, sv(bad[i].pair), &err), S3T_INVALID);
		if (!strstr(err.message, bad[i].says))
			fail_msg("%s: %s", bad[i].pair, err.message);
	}
	char *name = s3t_alloc(140), *value = s3t_alloc(2100);
	memset(name, 'k', 133);
	memcpy(name, "tag.", 4);
	assert_int_equal(s3_changes_add(&c, sv(name), SV("v"), &err), S3T_INVALID);
	memset(value, 'v', 257);
	assert_int_equal(s3_changes_add(&c, SV("tag.k"), sv(value), &err), S3T_INVALID);
	memset(value, 'v', 2049);
	assert_int_equal(s3_changes_add(&c, SV("meta.k"), sv(value), &err), S3T_INVALID);
	free(name);
	free(value);
	assert_int_equal(c.count, 0);
	/* letters are those of all languages */
	assert_int_equal(s3_changes_add_pair(&c, SV("tag.k\xc3\xa4se=\xe3\x83\x81"), &err), S3T_OK);
	/* twice is a slip, in whatever case of metadata */
	assert_int_equal(s3_changes_add_pair(&c, SV("meta.x=1"), &err), S3T_OK);
	assert_int_equal(s3_changes_add_pair(&c, SV("meta.X=2"), &err), S3T_INVALID);
	assert_non_null(strstr(err.message, "twice"));
	/* what is too much only together */
	for (int i = 0; i < 10; i++) {
		char pair[32];
		assert_int_equal(s3_changes_check(&c, &err), S3T_OK);
		snprintf(pair, sizeof pair, "tag.n%d=x", i);
		assert_int_equal(s3_changes_add_pair(&c, sv(pair), &err), S3T_OK);
	}
	assert_int_equal(s3_changes_check(&c, &err), S3T_INVALID);
	assert_non_null(strstr(err.message, "10 tags"));
	s3_changes_deinit(&c);
	char *half = s3t_alloc(1025);
	memset(half, 'v', 1023);
	assert_int_equal(s3_changes_add(&c, SV("meta.a"), sv(half), &err), S3T_OK);
	assert_int_equal(s3_changes_add(&c, SV("meta.b"), sv(half), &err), S3T_OK);
	assert_int_equal(s3_changes_check(&c, &err), S3T_OK);
	assert_int_equal(s3_changes_add(&c, SV("meta.c"), SV(""), &err), S3T_OK);
	assert_int_equal(s3_changes_check(&c, &err), S3T_OK);
	assert_int_equal(s3_changes_add(&c, SV("meta.d"), SV("v"), &err), S3T_OK);
	assert_int_equal(s3_changes_check(&c, &err), S3T_INVALID);
	assert_non_null(strstr(err.message, "2,048"));
	s3_changes_deinit(&c);
	free(half);
	/* an eleventh tag is found out by what is there */
	struct s3_object o;
	struct strbuf tagging;
	s3_object_init(&o);
	strbuf_init(&tagging);
	strbuf_add_str(&tagging, "a=1&b=1&c=1&d=1&e=1&f=1&g=1&h=1&i=1&j=1");
	assert_int_equal(s3_changes_add(&c, SV("tag.k"), SV("1"), &err), S3T_OK);
	assert_int_equal(s3_changes_apply(&c, &o, &tagging, NULL, &err), S3T_INVALID);
	assert_non_null(strstr(err.message, "10 tags"));
	s3_object_deinit(&o);
	strbuf_deinit(&tagging);
	s3_changes_deinit(&c);
}

static void test_diff(void **state)
{
	struct s3_changes c = {.items = NULL};
	struct s3_object o;
	struct strbuf tagging, diff;
	struct s3t_err err;
	(void)state;
	s3_object_init(&o);
	strbuf_init(&tagging);
	strbuf_init(&diff);
	o.content_type = s3t_strdup("a/b");
	strbuf_add_str(&o.metadata, "k: v\x1b[31m\n");
	strbuf_add_str(&tagging, "x=1");
	static const char *const pairs[] = {"content-type=c/d", "meta.k=w", "tag.x=", "tag.y=2",
		"expires=", "storage-class=Glacier"};
	for (size_t i = 0; i < COUNT(pairs); i++)
		assert_int_equal(s3_changes_add_pair(&c, sv(pairs[i]), &err), S3T_OK);
	assert_int_equal(s3_changes_apply(&c, &o, &tagging, &diff, &err), S3T_OK);
	assert_string_equal(diff.data, "content-type: a/b -> c/d\n"
				       "meta.k: v\\x1b[31m -> w\n"
				       "tag.x: 1 -> (none)\n"
				       "tag.y: (none) -> 2\n"
				       "storage-class: STANDARD -> GLACIER\n");
	assert_string_equal(tagging.data, "y=2");
	assert_string_equal(o.metadata.data, "k: w\n");
	s3_object_deinit(&o);
	strbuf_deinit(&tagging);
	strbuf_deinit(&diff);
	s3_changes_deinit(&c);
}

/* A change that is cut off goes on in another process. */
static void test_resume(void **state)
{
	struct fixture f;
	struct job_spec spec;
	(void)state;
	fixture_start(&f, NULL, NULL);
	fixture_journal(&f);
	for (int i = 0; i < 20; i++) {
		char key[16];
		snprintf(key, sizeof key, "d/%d", i);
		put(&f, key, "text");
	}
	/* a PUT that puts tags back is waited for */
	struct sandbox_fault fault = {
		.kind = SANDBOX_FAULT_STALL, .method = "HEAD", .nth = 9, .times = SANDBOX_FOREVER};
	sandbox_fault(f.server, &fault);
	change_spec(&f, &spec, "d/", "meta.k=v w");
	engine_submit(f.engine, &spec);
	fixture_suspend_at_fault(&f, 0);
	fixture_wait(&f, fixture_resume(&f));
	assert_int_equal(f.failed, 0);
	for (int i = 0; i < 20; i++) {
		char key[16];
		snprintf(key, sizeof key, "d/%d", i);
		fixture_expect_header(&f, key, "x-amz-meta-k", "v w");
		fixture_expect_header(&f, key, "x-amz-tagging", "team=a%20b&x=1");
	}
	fixture_stop(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_one),
		cmocka_unit_test(test_tags_alone),
		cmocka_unit_test(test_a_set_and_dry),
		cmocka_unit_test(test_changed_meanwhile),
		cmocka_unit_test(test_changed_since_shown),
		cmocka_unit_test(test_by_parts),
		cmocka_unit_test(test_archived),
		cmocka_unit_test(test_rules),
		cmocka_unit_test(test_diff),
		cmocka_unit_test(test_resume),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
