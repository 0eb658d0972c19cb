/* Every operation of the client against the sandbox, and what it makes of a server that fails. */
#include "support/fixture.h"

#include "core/timeutil.h"

#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define COUNT(array) (sizeof(array) / sizeof *(array))
#define BUCKET SV(SANDBOX_BUCKET)
#define FAST "[retry]\ninitial_delay = 0s\nmax_delay = 0s\n"
#define SOON_MS 1000 /* far below what any stall here would take */

static struct s3_ctx ctx_of(struct fixture *f)
{
	return (struct s3_ctx){.client = f->client, .conn = f->conn};
}

/* All bytes that may stand in a key, and the ones that go wrong on the way. */
static const struct strview odd_keys[] = {
	{"plain", 5},
	{"with space", 10},
	{"plus+plus", 9},
	{"percent%41%", 11},
	{"\xc3\xa9t\xc3\xa9", 5},
	{"line\nfeed", 9},
	{"carriage\rreturn", 15},
	{"tab\t", 4},
	{"esc\x1b[31m", 8},
	{"\x01", 1},
	{"del\x7f", 4},
	{"amp&lt;<>\"'", 11},
	{"?query#hash=1&x", 15},
	{"/lead", 5},
	{"a//b", 4},
	{"x/../y", 6},
	{"./dot", 5},
	{"dir/", 4},
	{" blank ", 7},
	{"~tilde*(1)!", 11},
	{"\xef\xbf\xbd", 3},
	{"\xf0\x9f\x98\x80", 4},
	{"back\\slash", 10},
};

static void assert_object(struct fixture *f, struct strview key, struct strview expected)
{
	struct strbuf data;
	strbuf_init(&data);
	assert_int_equal(sandbox_get(f->server, SANDBOX_BUCKET, key, &data, NULL), S3T_OK);
	assert_true(sv_eq(strbuf_view(&data), expected));
	strbuf_deinit(&data);
}

static bool is_there(struct fixture *f, struct strview key)
{
	struct strbuf data;
	strbuf_init(&data);
	bool is = sandbox_get(f->server, SANDBOX_BUCKET, key, &data, NULL) == S3T_OK;
	strbuf_deinit(&data);
	return is;
}

static void put_text(struct fixture *f, struct strview key, struct strview text)
{
	assert_int_equal(sandbox_put(f->server, SANDBOX_BUCKET, key, text, NULL, NULL), S3T_OK);
}

static bool collect(void *arg, const char *data, size_t len)
{
	strbuf_add(arg, data, len);
	return true;
}

/* --- buckets --- */

static void a_bucket_is_made_found_listed_and_removed(void **state)
{
	(void)state;
	struct fixture f;
	struct s3t_err err;
	fixture_start(&f, NULL, FAST);
	struct s3_ctx ctx = ctx_of(&f);
	struct strview name = SV("new.bucket-1");
	assert_int_equal(s3_head_bucket(&ctx, name, &err), S3T_NOT_FOUND);
	assert_string_equal(err.message, "There is no bucket new.bucket-1.");
	assert_int_equal(s3_create_bucket(&ctx, name, &err), S3T_OK);
	assert_int_equal(s3_head_bucket(&ctx, name, &err), S3T_OK);
	assert_int_equal(s3_create_bucket(&ctx, name, &err), S3T_EXISTS);

	struct entry_page *page = entry_page_new(false);
	assert_int_equal(s3_list_buckets(&ctx, page, &err), S3T_OK);
	assert_int_equal(page->count, 2);
	bool is_listed = false;
	for (uint32_t i = 0; i < page->count; i++) {
		const struct entry *e = &page->entries[i];
		assert_int_equal(e->kind, ENTRY_BUCKET);
		assert_true(e->mtime_s > 1500000000);
		is_listed = is_listed || sv_eq(entry_name(page, e), name);
	}
	assert_true(is_listed);
	entry_page_free(page);

	assert_int_equal(
		sandbox_put(f.server, "new.bucket-1", SV("k"), SV("x"), NULL, &err), S3T_OK);
	assert_int_equal(s3_delete_bucket(&ctx, name, &err), S3T_CLIENT);
	assert_string_equal(err.message, "The bucket new.bucket-1 is not empty.");
	assert_int_equal(s3_delete_object(&ctx, name, SV("k"), &err), S3T_OK);
	assert_int_equal(s3_delete_bucket(&ctx, name, &err), S3T_OK);
	assert_int_equal(s3_delete_bucket(&ctx, name, &err), S3T_NOT_FOUND);
	fixture_stop(&f);
}

/* --- listing --- */

struct names {
	struct strbuf found[2000];
	enum entry_kind kinds[2000];
	size_t count, pages;
};

static void names_free(struct names *n)
{
	for (size_t i = 0; i < n->count; i++)
		strbuf_deinit(&n->found[i]);
	free(n);
}

static bool names_have(const struct names *n, struct strview name, enum entry_kind kind)
{
	size_t times = 0;
	for (size_t i = 0; i < n->count; i++)
		times += sv_eq(strbuf_view(&n->found[i]), name) && n->kinds[i] == kind;
	return times == 1;
}

static struct names *list_all(
	struct fixture *f, struct strview prefix, bool is_recursive, uint32_t max_keys)
{
	struct names *n = s3t_alloc(sizeof *n);
	struct s3_ctx ctx = ctx_of(f);
	struct s3_list list;
	s3_list_init(&list, BUCKET, prefix);
	list.is_recursive = is_recursive;
	list.max_keys = max_keys;
	while (!list.is_done) {
		struct entry_page *page;
		struct s3t_err err;
		assert_int_equal(s3_list_page(&ctx, &list, &page, &err), S3T_OK);
		for (uint32_t i = 0; i < page->count; i++) {
			assert_true(n->count < COUNT(n->found));
			strbuf_init(&n->found[n->count]);
			strbuf_add_sv(&n->found[n->count], entry_name(page, &page->entries[i]));
			n->kinds[n->count++] = (enum entry_kind)page->entries[i].kind;
		}
		n->pages++;
		entry_page_free(page);
	}
	s3_list_deinit(&list);
	return n;
}

/* Nothing that would change something leaves the program, whoever asks. */
static void a_read_only_profile_sends_no_change(void **state)
{
	(void)state;
	struct fixture f;
	struct s3t_err err;
	fixture_start(&f, NULL, "readonly = true\n");
	fixture_put(&f, "kept", "data");
	struct s3_ctx ctx = ctx_of(&f);
	struct s3_put put = {.mtime_ns = TIME_UNKNOWN};
	struct strview key = SV("kept");
	char *id = NULL;
	uint64_t before = sandbox_request_count(f.server, NULL);
	assert_int_equal(
		s3_put_object(&ctx, SV("demo"), key, &put, SV("x"), NULL, &err), S3T_UNSUPPORTED);
	assert_non_null(strstr(err.message, "readonly = true"));
	assert_int_equal(s3_delete_object(&ctx, SV("demo"), key, &err), S3T_UNSUPPORTED);
	assert_int_equal(s3_create_bucket(&ctx, SV("another"), &err), S3T_UNSUPPORTED);
	assert_int_equal(s3_create_multipart_upload(&ctx, SV("demo"), key, &put, &id, &err),
		S3T_UNSUPPORTED);
	struct strbuf url;
	int64_t ends_s;
	strbuf_init(&url);
	struct s3_presign what = {
		.method = "PUT", .bucket = SV("demo"), .key = key, .expires_s = 60};
	assert_int_equal(
		s3_presign_url(f.client, NULL, &what, &url, &ends_s, &err), S3T_UNSUPPORTED);
	what.method = "GET";
	assert_int_equal(s3_presign_url(f.client, NULL, &what, &url, &ends_s, &err), S3T_OK);
	strbuf_deinit(&url);
	assert_int_equal(sandbox_request_count(f.server, NULL), before);
	struct s3_object object;
	s3_object_init(&object);
	assert_int_equal(s3_head_object(&ctx, SV("demo"), key, &object, &err), S3T_OK);
	s3_object_deinit(&object);
	fixture_stop(&f);
}

static void odd_keys_are_listed_as_they_are(void **state)
{
	(void)state;
	static const struct strview prefixes[] = {
		{"", 0}, {"p/", 2}, {"odd \x1b+%41\n\xc3\xa9/", 12}};
	struct fixture f;
	fixture_start(&f, NULL, FAST);
	for (size_t p = 0; p < COUNT(prefixes); p++) {
		for (size_t i = 0; i < COUNT(odd_keys); i++) {
			struct strbuf key;
			strbuf_init(&key);
			strbuf_add_sv(&key, prefixes[p]);
			strbuf_add_sv(&key, odd_keys[i]);
			put_text(&f, strbuf_view(&key), SV("x"));
			strbuf_deinit(&key);
		}
		struct names *n = list_all(&f, prefixes[p], true, 3);
		assert_int_equal(n->count, COUNT(odd_keys));
		assert_int_equal(n->pages, (COUNT(odd_keys) + 2) / 3);
		for (size_t i = 0; i < COUNT(odd_keys); i++)
			assert_true(names_have(n, odd_keys[i], ENTRY_FILE));
		names_free(n);
		for (size_t i = 0; i < COUNT(odd_keys) && p == 0; i++)
			assert_int_equal(
				sandbox_delete(f.server, SANDBOX_BUCKET, odd_keys[i], NULL),
				S3T_OK);
	}
	fixture_stop(&f);
}

static void prefixes_are_directories_in_a_listing_by_delimiter(void **state)
{
	(void)state;
	struct fixture f;
	fixture_start(&f, NULL, FAST);
	static const char *const keys[] = {"p/", "p/a", "p/d+%41/1", "p/d+%41/2", "p/e\x1b/x",
		"p/e\x1b/y", "p//lead", "p/d+%41", "pp", "p/\xc3\xa9 /z"};
	for (size_t i = 0; i < COUNT(keys); i++)
		put_text(&f, sv(keys[i]), SV("x"));
	for (uint32_t size = 1; size <= 4; size++) {
		struct names *n = list_all(&f, SV("p/"), false, size);
		assert_int_equal(n->count, 7);
		assert_int_equal(n->pages, (7 + size - 1) / size);
		assert_true(names_have(n, SV(""), ENTRY_FILE)); /* the marker */
		assert_true(names_have(n, SV("a"), ENTRY_FILE));
		assert_true(names_have(n, SV("d+%41"), ENTRY_FILE));
		assert_true(names_have(n, SV("d+%41/"), ENTRY_DIR));
		assert_true(names_have(n, SV("e\x1b/"), ENTRY_DIR));
		assert_true(names_have(n, SV("/"), ENTRY_DIR));
		assert_true(names_have(n, SV("\xc3\xa9 /"), ENTRY_DIR));
		names_free(n);
	}
	struct names *none = list_all(&f, SV("nothing/"), false, 0);
	assert_int_equal(none->count, 0);
	assert_int_equal(none->pages, 1);
	names_free(none);
	fixture_stop(&f);
}

static void listings_tell_size_time_class_and_etag(void **state)
{
	(void)state;
	struct fixture f;
	struct s3t_err err;
	fixture_start(&f, NULL, FAST);
	struct s3_ctx ctx = ctx_of(&f);
	assert_int_equal(sandbox_put_as(f.server, SANDBOX_BUCKET, SV("k"), SV("hello"), NULL,
				 1700000000, "GLACIER_IR", &err),
		S3T_OK);
	struct s3_list list;
	struct entry_page *page;
	s3_list_init(&list, BUCKET, SV(""));
	list.want_etags = true;
	assert_int_equal(s3_list_page(&ctx, &list, &page, &err), S3T_OK);
	assert_true(list.is_done);
	assert_int_equal(page->count, 1);
	const struct entry *e = page->entries;
	assert_int_equal(e->size, 5);
	assert_int_equal(e->mtime_s, 1700000000);
	assert_string_equal(storage_class_name(e->storage_class), "GLACIER_IR");
	assert_true(sv_eq(entry_etag(page, e), SV("5d41402abc4b2a76b9719d911017c592")));
	entry_page_free(page);
	s3_list_deinit(&list);
	fixture_stop(&f);
}

static void a_server_without_version_2_is_listed_by_version_1(void **state)
{
	(void)state;
	static const struct sandbox_fault refusals[] = {
		{.kind = SANDBOX_FAULT_ANSWER,
			.target = "list-type=2",
			.times = SANDBOX_FOREVER,
			.status = 501,
			.code = "NotImplemented"},
		{.kind = SANDBOX_FAULT_ANSWER,
			.target = "list-type=2",
			.times = SANDBOX_FOREVER,
			.status = 200,
			.body = "<html>what</html>"},
	};
	for (size_t r = 0; r < COUNT(refusals); r++) {
		struct fixture f;
		fixture_start(&f, NULL, FAST);
		for (size_t i = 0; i < COUNT(odd_keys); i++)
			put_text(&f, odd_keys[i], SV("x"));
		sandbox_fault(f.server, &refusals[r]);
		struct names *n = list_all(&f, SV(""), true, 3);
		assert_int_equal(n->count, COUNT(odd_keys));
		for (size_t i = 0; i < COUNT(odd_keys); i++)
			assert_true(names_have(n, odd_keys[i], ENTRY_FILE));
		names_free(n);
		n = list_all(&f, SV(""), false, 2);
		assert_true(names_have(n, SV("a/"), ENTRY_DIR));
		assert_true(names_have(n, SV("/"), ENTRY_DIR));
		assert_true(names_have(n, SV("plain"), ENTRY_FILE));
		names_free(n);
		fixture_stop(&f);
	}
}

static enum s3t_rc list_once(struct fixture *f, struct strview bucket, struct s3t_err *err)
{
	struct s3_ctx ctx = ctx_of(f);
	struct s3_list list;
	struct entry_page *page;
	s3_list_init(&list, bucket, SV(""));
	enum s3t_rc rc = s3_list_page(&ctx, &list, &page, err);
	assert_true((rc == S3T_OK) == (page != NULL));
	entry_page_free(page);
	s3_list_deinit(&list);
	return rc;
}

/* T7 */
static void a_doctype_in_a_listing_is_refused(void **state)
{
	(void)state;
	struct fixture f;
	struct s3t_err err;
	fixture_start(&f, NULL, FAST);
	struct sandbox_fault bomb = {.kind = SANDBOX_FAULT_ANSWER,
		.method = "GET",
		.times = SANDBOX_FOREVER,
		.status = 200,
		.body = "<?xml version=\"1.0\"?>\n<!DOCTYPE a [<!ENTITY e \"ha\">]>\n"
			"<ListBucketResult><Contents><Key>&e;</Key></Contents></ListBucketResult>"};
	sandbox_fault(f.server, &bomb);
	assert_int_equal(list_once(&f, BUCKET, &err), S3T_PROTOCOL);
	assert_non_null(strstr(err.message, "DOCTYPE"));
	fixture_stop(&f);
}

/* T8 */
static void a_listing_that_never_advances_ends(void **state)
{
	(void)state;
	struct fixture f;
	struct s3t_err err;
	fixture_start(&f, NULL, FAST);
	struct s3_ctx ctx = ctx_of(&f);
	struct sandbox_fault same = {.kind = SANDBOX_FAULT_ANSWER,
		.method = "GET",
		.times = SANDBOX_FOREVER,
		.status = 200,
		.body = "<ListBucketResult><EncodingType>url</EncodingType>"
			"<IsTruncated>true</IsTruncated>"
			"<NextContinuationToken>again</NextContinuationToken>"
			"<Contents><Key>k</Key><Size>1</Size></Contents></ListBucketResult>"};
	sandbox_fault(f.server, &same);
	struct s3_list list;
	struct entry_page *page;
	s3_list_init(&list, BUCKET, SV(""));
	assert_int_equal(s3_list_page(&ctx, &list, &page, &err), S3T_OK);
	entry_page_free(page);
	assert_false(list.is_done);
	assert_int_equal(s3_list_page(&ctx, &list, &page, &err), S3T_PROTOCOL);
	assert_null(page);
	assert_int_equal(sandbox_request_count(f.server, "GET"), 2);
	s3_list_deinit(&list);
	fixture_stop(&f);
}

static void a_cut_page_is_fetched_again_and_counted_once(void **state)
{
	(void)state;
	char key[16];
	struct fixture f;
	fixture_start(&f, NULL, FAST);
	for (int i = 0; i < 50; i++) {
		snprintf(key, sizeof key, "key-%02d", i);
		fixture_put(&f, key, "x");
	}
	static const struct sandbox_fault faults[] = {
		{.kind = SANDBOX_FAULT_CUT_BODY, .method = "GET", .nth = 2, .bytes = 1500},
		{.kind = SANDBOX_FAULT_CLOSE_BODY, .method = "GET", .nth = 2, .bytes = 1500},
		{.kind = SANDBOX_FAULT_ERROR_200, .method = "GET", .nth = 2},
	};
	for (size_t i = 0; i < COUNT(faults); i++) {
		sandbox_clear_faults(f.server);
		sandbox_fault(f.server, &faults[i]);
		struct names *n = list_all(&f, SV(""), true, 10);
		assert_int_equal(n->count, 50);
		names_free(n);
	}
	assert_int_equal(sandbox_fault_count(f.server), COUNT(faults));
	fixture_stop(&f);
}

/* --- objects --- */

static void an_object_is_put_looked_at_read_and_deleted(void **state)
{
	(void)state;
	struct fixture f;
	fixture_start(&f, NULL, FAST);
	struct s3_ctx ctx = ctx_of(&f);
	for (size_t i = 0; i < COUNT(odd_keys); i++) {
		struct s3t_err err;
		char etag[S3_ETAG_MAX];
		struct s3_put put = {.content_type = "text/x-test",
			.content_encoding = "identity",
			.storage_class = "STANDARD_IA",
			.mtime_ns = 1700000000123456789,
			.metadata = SV("colour: dark  red\nMtime: 1\nempty:\n")};
		assert_int_equal(s3_put_object(&ctx, BUCKET, odd_keys[i], &put, SV("0123456789"),
					 etag, &err),
			S3T_OK);
		assert_string_equal(etag, "781e5e245d69b566979b86e28d23f2c7");
		assert_object(&f, odd_keys[i], SV("0123456789"));

		struct s3_object o;
		s3_object_init(&o);
		assert_int_equal(s3_head_object(&ctx, BUCKET, odd_keys[i], &o, &err), S3T_OK);
		assert_int_equal(o.size, 10);
		assert_string_equal(o.etag, etag);
		assert_string_equal(o.content_type, "text/x-test");
		assert_string_equal(o.content_encoding, "identity");
		assert_string_equal(o.storage_class, "STANDARD_IA");
		assert_null(o.version_id);
		assert_int_equal(o.mtime_ns, 1700000000123456789);
		assert_int_equal(s3_object_time_ns(&o), 1700000000123456789);
		assert_true(o.last_modified_s > 1500000000);
		assert_false(o.etag_is_opaque);
		assert_non_null(strstr(o.metadata.data, "colour: dark  red\n"));
		assert_non_null(strstr(o.metadata.data, "mtime: 1700000000.123456789\n"));
		assert_null(strstr(o.metadata.data, "time: 1\n"));
		s3_object_deinit(&o);

		struct strbuf data;
		strbuf_init(&data);
		struct s3_get get = {.bucket = BUCKET,
			.key = odd_keys[i],
			.offset = 2,
			.len = 5,
			.total = 10,
			.etag = etag,
			.sink = collect,
			.sink_arg = &data,
			.object = &o};
		s3_object_init(&o);
		assert_int_equal(s3_get_object(&ctx, &get, &err), S3T_OK);
		assert_string_equal(data.data, "23456");
		assert_string_equal(o.etag, etag);
		assert_int_equal(o.mtime_ns, 1700000000123456789);
		s3_object_deinit(&o);
		strbuf_deinit(&data);

		assert_int_equal(s3_delete_object(&ctx, BUCKET, odd_keys[i], &err), S3T_OK);
		assert_false(is_there(&f, odd_keys[i]));
		assert_int_equal(s3_delete_object(&ctx, BUCKET, odd_keys[i], &err), S3T_OK);
	}
	fixture_stop(&f);
}

static enum s3t_rc get_range(struct fixture *f, const char *key, uint64_t offset, uint64_t len,
	uint64_t total, const char *etag, struct strbuf *data, struct s3t_err *err)
{
	struct s3_ctx ctx = ctx_of(f);
	struct s3_get get = {.bucket = BUCKET,
		.key = sv(key),
		.offset = offset,
		.len = len,
		.total = total,
		.etag = etag,
		.sink = collect,
		.sink_arg = data};
	strbuf_reset(data);
	return s3_get_object(&ctx, &get, err);
}

static void any_range_can_be_read(void **state)
{
	(void)state;
	static const struct {
		uint64_t offset, len, total;
		const char *expected;
	} rows[] = {
		{0, UINT64_MAX, UINT64_MAX, "0123456789"},
		{0, UINT64_MAX, 10, "0123456789"},
		{0, 10, 10, "0123456789"},
		{0, 1, 10, "0"},
		{9, 1, 10, "9"},
		{3, UINT64_MAX, 10, "3456789"},
		{3, UINT64_MAX, UINT64_MAX, "3456789"},
		{5, 0, 10, ""},
	};
	struct fixture f;
	struct strbuf data;
	struct s3t_err err;
	strbuf_init(&data);
	fixture_start(&f, NULL, FAST);
	fixture_put(&f, "k", "0123456789");
	fixture_put(&f, "empty", "");
	for (size_t i = 0; i < COUNT(rows); i++) {
		assert_int_equal(get_range(&f, "k", rows[i].offset, rows[i].len, rows[i].total, "",
					 &data, &err),
			S3T_OK);
		assert_string_equal(data.data, rows[i].expected);
	}
	assert_int_equal(
		get_range(&f, "empty", 0, UINT64_MAX, UINT64_MAX, "", &data, &err), S3T_OK);
	assert_int_equal(data.len, 0);
	assert_int_equal(get_range(&f, "k", 10, 1, 11, "", &data, &err), S3T_CHANGED);
	strbuf_deinit(&data);
	fixture_stop(&f);
}

static void a_copy_keeps_or_replaces_metadata(void **state)
{
	(void)state;
	struct fixture f;
	struct s3t_err err;
	char etag[S3_ETAG_MAX];
	fixture_start(&f, NULL, FAST);
	struct s3_ctx ctx = ctx_of(&f);
	for (size_t i = 0; i < COUNT(odd_keys); i++) {
		struct strview from = odd_keys[i], to = SV("copy+ %41\x1b");
		struct s3_put put = {.content_type = "text/a",
			.mtime_ns = TIME_UNKNOWN,
			.metadata = SV("colour: red\n")};
		assert_int_equal(s3_put_object(&ctx, BUCKET, from, &put, from, etag, &err), S3T_OK);
		char made[S3_ETAG_MAX];
		assert_int_equal(s3_copy_object(&ctx,
					 &(struct s3_copy_source){
						 .bucket = BUCKET, .key = from, .etag = etag},
					 BUCKET, to, NULL, made, &err),
			S3T_OK);
		assert_string_equal(made, etag);
		assert_object(&f, to, from);
		struct strbuf value;
		strbuf_init(&value);
		assert_int_equal(sandbox_get_header(f.server, SANDBOX_BUCKET, to,
					 "x-amz-meta-colour", &value, &err),
			S3T_OK);
		assert_string_equal(value.data, "red");
		put.content_type = "text/b";
		put.metadata = SV("colour: blue\n");
		assert_int_equal(
			s3_copy_object(&ctx,
				&(struct s3_copy_source){.bucket = BUCKET, .key = from, .etag = ""},
				BUCKET, to, &put, NULL, &err),
			S3T_OK);
		strbuf_reset(&value);
		assert_int_equal(sandbox_get_header(f.server, SANDBOX_BUCKET, to,
					 "x-amz-meta-colour", &value, &err),
			S3T_OK);
		assert_string_equal(value.data, "blue");
		strbuf_deinit(&value);
	}
	assert_int_equal(s3_copy_object(&ctx,
				 &(struct s3_copy_source){
					 .bucket = BUCKET, .key = SV("plain"), .etag = "0123"},
				 BUCKET, SV("t"), NULL, NULL, &err),
		S3T_CHANGED);
	assert_int_equal(
		s3_copy_object(&ctx,
			&(struct s3_copy_source){.bucket = BUCKET, .key = SV("gone"), .etag = ""},
			BUCKET, SV("t"), NULL, NULL, &err),
		S3T_NOT_FOUND);
	assert_false(is_there(&f, SV("t")));
	fixture_stop(&f);
}

static void nothing_is_overwritten_where_that_was_not_agreed(void **state)
{
	(void)state;
	struct fixture f;
	struct s3t_err err;
	fixture_start(&f, NULL, FAST);
	struct s3_ctx ctx = ctx_of(&f);
	fixture_put(&f, "k", "old");
	struct s3_put put = {.mtime_ns = TIME_UNKNOWN, .if_none_match = true};
	assert_int_equal(
		s3_put_object(&ctx, BUCKET, SV("k"), &put, SV("new"), NULL, &err), S3T_EXISTS);
	assert_object(&f, SV("k"), SV("old"));
	assert_int_equal(
		s3_put_object(&ctx, BUCKET, SV("k2"), &put, SV("new"), NULL, &err), S3T_OK);
	assert_object(&f, SV("k2"), SV("new"));
	fixture_stop(&f);
}

/* --- delete many --- */

static void count_failure(void *arg, size_t index, const struct s3t_err *why)
{
	size_t *failed = arg;
	failed[0]++;
	failed[1] = index;
	assert_true(why->message[0]);
}

static void a_thousand_keys_are_deleted_by_one_request(void **state)
{
	(void)state;
	struct fixture f;
	struct s3t_err err;
	struct strview keys[S3_DELETE_MAX];
	char *names = s3t_alloc(S3_DELETE_MAX * 16);
	size_t failed[2] = {0};
	fixture_start(&f, NULL, FAST);
	struct s3_ctx ctx = ctx_of(&f);
	for (size_t i = 0; i < S3_DELETE_MAX; i++) {
		snprintf(names + i * 16, 16, "k&%04zu", i);
		keys[i] = sv(names + i * 16);
		put_text(&f, keys[i], SV("x"));
	}
	fixture_put(&f, "k", "stays");
	assert_int_equal(s3_delete_objects(&ctx, BUCKET, keys, NULL, S3_DELETE_MAX, count_failure,
				 failed, &err),
		S3T_OK);
	assert_int_equal(failed[0], 0);
	assert_int_equal(sandbox_request_count(f.server, NULL), 1);
	struct names *left = list_all(&f, SV(""), true, 0);
	assert_int_equal(left->count, 1);
	assert_true(names_have(left, SV("k"), ENTRY_FILE));
	names_free(left);
	assert_int_equal(
		s3_delete_objects(&ctx, BUCKET, keys, NULL, 0, count_failure, failed, &err),
		S3T_OK);
	fixture_stop(&f);
	free(names);
}

static void keys_that_xml_cannot_hold_are_deleted_singly(void **state)
{
	(void)state;
	struct fixture f;
	struct s3t_err err;
	size_t failed[2] = {0};
	fixture_start(&f, NULL, FAST);
	struct s3_ctx ctx = ctx_of(&f);
	for (size_t i = 0; i < COUNT(odd_keys); i++)
		put_text(&f, odd_keys[i], SV("x"));
	/* what a mangled key could hit instead */
	fixture_put(&f, "esc[31m", "stays");
	fixture_put(&f, "plus plus", "stays");
	fixture_put(&f, "blank", "stays");
	assert_int_equal(s3_delete_objects(&ctx, BUCKET, odd_keys, NULL, COUNT(odd_keys),
				 count_failure, failed, &err),
		S3T_OK);
	assert_int_equal(failed[0], 0);
	assert_int_equal(sandbox_request_count(f.server, "POST"), 1);
	assert_int_equal(sandbox_request_count(f.server, "DELETE"), 5); /* \n \r \t \x1b \x01 */
	struct names *left = list_all(&f, SV(""), true, 0);
	assert_int_equal(left->count, 3);
	names_free(left);
	fixture_stop(&f);
}

static void keys_that_stay_are_named(void **state)
{
	(void)state;
	struct fixture f;
	struct s3t_err err;
	size_t failed[2] = {0};
	const struct strview keys[] = {SV("a"), SV("b&<"), SV("c\x01")};
	fixture_start(&f, NULL, FAST);
	struct s3_ctx ctx = ctx_of(&f);
	for (size_t i = 0; i < COUNT(keys); i++)
		put_text(&f, keys[i], SV("x"));
	struct sandbox_fault one = {.kind = SANDBOX_FAULT_ANSWER,
		.method = "POST",
		.status = 200,
		.body = "<DeleteResult><Error><Key>b&amp;&lt;</Key><Code>AccessDenied</Code>"
			"<Message>no</Message></Error></DeleteResult>"};
	sandbox_fault(f.server, &one);
	assert_int_equal(
		s3_delete_objects(&ctx, BUCKET, keys, NULL, 2, count_failure, failed, &err),
		S3T_OK);
	assert_int_equal(failed[0], 1);
	assert_int_equal(failed[1], 1);
	struct sandbox_fault deny = {.kind = SANDBOX_FAULT_ANSWER,
		.method = "DELETE",
		.times = SANDBOX_FOREVER,
		.status = 403,
		.code = "AccessDenied"};
	sandbox_clear_faults(f.server);
	sandbox_fault(f.server, &deny);
	failed[0] = 0;
	assert_int_equal(
		s3_delete_objects(&ctx, BUCKET, keys, NULL, 3, count_failure, failed, &err),
		S3T_OK);
	assert_int_equal(failed[0], 1);
	assert_int_equal(failed[1], 2);
	assert_false(is_there(&f, SV("a")));
	assert_true(is_there(&f, SV("c\x01")));
	assert_int_equal(
		s3_delete_objects(&ctx, SV("missing"), keys, NULL, 2, count_failure, failed, &err),
		S3T_NOT_FOUND);
	fixture_stop(&f);
}

/* --- multipart --- */

struct text_body {
	struct strview data;
	size_t at;
};

static ssize_t read_text(void *arg, char *buf, size_t len)
{
	struct text_body *b = arg;
	size_t n = b->data.len - b->at < len ? b->data.len - b->at : len;
	memcpy(buf, b->data.data + b->at, n);
	b->at += n;
	return (ssize_t)n;
}

static bool rewind_text(void *arg)
{
	((struct text_body *)arg)->at = 0;
	return true;
}

static enum s3t_rc send_part(struct fixture *f, const char *key, const char *id, uint32_t number,
	const char *text, char etag[S3_ETAG_MAX], struct s3t_err *err)
{
	struct s3_ctx ctx = ctx_of(f);
	struct text_body body = {.data = sv(text)};
	struct http_body stream = {
		.size = body.data.len, .read = read_text, .rewind = rewind_text, .arg = &body};
	return s3_upload_part(
		&ctx, BUCKET, sv(key), id, number, &stream, SV(SIGV4_UNSIGNED), NULL, etag, err);
}

static void append_part(void *arg, uint32_t number, uint64_t size, struct strview etag)
{
	strbuf_addf(arg, "%u:%llu:%.4s ", number, (unsigned long long)size, etag.data);
}

static void append_upload(
	void *arg, struct strview key, struct strview upload_id, int64_t initiated_s)
{
	struct strbuf *out = arg;
	assert_true(upload_id.len > 0);
	assert_true(initiated_s > 1500000000);
	strbuf_add_sv(out, key);
	strbuf_add_char(out, '|');
}

static const struct sandbox_options small_parts = {.min_part_bytes = 1};

static void an_object_is_made_of_parts(void **state)
{
	(void)state;
	struct fixture f;
	struct s3t_err err;
	struct strbuf out;
	char *id, *version_id = NULL;
	char etags[3][S3_ETAG_MAX], etag[S3_ETAG_MAX];
	strbuf_init(&out);
	fixture_start(&f, &small_parts, FAST);
	struct s3_ctx ctx = ctx_of(&f);
	fixture_put(&f, "source+ %41", "0123456789");
	struct s3_put put = {.content_type = "text/x",
		.mtime_ns = 5000000000,
		.metadata = SV("a: b\n"),
		.part_size = 3};
	assert_int_equal(
		s3_create_multipart_upload(&ctx, BUCKET, SV("k"), &put, &id, &err), S3T_OK);
	assert_int_equal(send_part(&f, "k", id, 3, "ccc", etags[2], &err), S3T_OK);
	assert_int_equal(send_part(&f, "k", id, 1, "aaa", etags[0], &err), S3T_OK);
	assert_string_equal(etags[0], "47bce5c74f589f4867dbd57e9ca9f808");
	assert_int_equal(s3_upload_part_copy(&ctx,
				 &(struct s3_copy_source){
					 .bucket = BUCKET, .key = SV("source+ %41"), .etag = ""},
				 4, 3, BUCKET, SV("k"), id, 2, etags[1], &err),
		S3T_OK);
	assert_int_equal(s3_list_parts(&ctx, BUCKET, SV("k"), id, append_part, &out, &err), S3T_OK);
	char expected[64];
	snprintf(expected, sizeof expected, "1:3:%.4s 2:3:%.4s 3:3:%.4s ", etags[0], etags[1],
		etags[2]);
	assert_string_equal(out.data, expected);
	assert_int_equal(s3_complete_multipart_upload(&ctx, BUCKET, SV("k"), id, NULL,
				 (const char(*)[S3_ETAG_MAX])etags, 3, "", etag, &version_id, &err),
		S3T_OK);
	assert_non_null(strstr(etag, "-3"));
	assert_null(version_id);
	assert_object(&f, SV("k"), SV("aaa456ccc"));
	assert_int_equal(sandbox_upload_count(f.server), 0);
	struct s3_object o;
	s3_object_init(&o);
	assert_int_equal(s3_head_object(&ctx, BUCKET, SV("k"), &o, &err), S3T_OK);
	assert_string_equal(o.etag, etag);
	assert_string_equal(o.content_type, "text/x");
	assert_int_equal(o.part_size, 3);
	assert_int_equal(o.mtime_ns, 5000000000);
	s3_object_deinit(&o);
	assert_int_equal(
		s3_list_parts(&ctx, BUCKET, SV("k"), id, append_part, &out, &err), S3T_NOT_FOUND);
	free(id);
	strbuf_deinit(&out);
	fixture_stop(&f);
}

static void uploads_are_listed_and_aborted_twice(void **state)
{
	(void)state;
	struct fixture f;
	struct s3t_err err;
	struct strbuf out;
	char *ids[COUNT(odd_keys)], etag[S3_ETAG_MAX];
	strbuf_init(&out);
	fixture_start(&f, &small_parts, FAST);
	struct s3_ctx ctx = ctx_of(&f);
	for (size_t i = 0; i < COUNT(odd_keys); i++)
		assert_int_equal(
			s3_create_multipart_upload(&ctx, BUCKET, odd_keys[i], NULL, &ids[i], &err),
			S3T_OK);
	for (size_t i = 0; i < COUNT(odd_keys); i++) {
		strbuf_reset(&out);
		assert_int_equal(s3_list_multipart_uploads(&ctx, BUCKET, odd_keys[i], append_upload,
					 &out, NULL, &err),
			S3T_OK);
		assert_int_equal(out.len, odd_keys[i].len + 1);
		assert_memory_equal(out.data, odd_keys[i].data, odd_keys[i].len);
	}
	strbuf_reset(&out);
	assert_int_equal(s3_list_multipart_uploads(
				 &ctx, BUCKET, SV("nothing"), append_upload, &out, NULL, &err),
		S3T_OK);
	assert_int_equal(out.len, 0);
	for (int round = 0; round < 2; round++)
		for (size_t i = 0; i < COUNT(odd_keys); i++)
			assert_int_equal(
				s3_abort_multipart_upload(&ctx, BUCKET, odd_keys[i], ids[i], &err),
				S3T_OK);
	assert_int_equal(sandbox_upload_count(f.server), 0);
	assert_int_equal(send_part(&f, "plain", ids[0], 1, "late", etag, &err), S3T_NOT_FOUND);
	for (size_t i = 0; i < COUNT(odd_keys); i++)
		free(ids[i]);
	strbuf_deinit(&out);
	fixture_stop(&f);
}

/* An upload of one part, completed under that fault. */
static enum s3t_rc complete_under(struct fixture *f, const struct sandbox_fault *fault,
	const char *expected, char etag[S3_ETAG_MAX], struct s3t_err *err)
{
	char *id, *version_id = NULL, etags[1][S3_ETAG_MAX];
	struct s3_ctx ctx = ctx_of(f);
	assert_int_equal(s3_create_multipart_upload(&ctx, BUCKET, SV("k"), NULL, &id, err), S3T_OK);
	assert_int_equal(send_part(f, "k", id, 1, "aaa", etags[0], err), S3T_OK);
	sandbox_fault(f->server, fault);
	enum s3t_rc rc = s3_complete_multipart_upload(&ctx, BUCKET, SV("k"), id, NULL,
		(const char(*)[S3_ETAG_MAX])etags, 1, expected, etag, &version_id, err);
	free(version_id);
	free(id);
	return rc;
}

/* What the object of that one part gets. */
static void expected_etag(char out[S3_ETAG_MAX])
{
	unsigned char sum[MD5_LEN], whole[MD5_LEN];
	struct strbuf hex;
	strbuf_init(&hex);
	md5(SV("aaa"), sum);
	md5(sv_n((const char *)sum, sizeof sum), whole);
	hex_encode(&hex, whole, sizeof whole);
	snprintf(out, S3_ETAG_MAX, "%s-1", hex.data);
	strbuf_deinit(&hex);
}

static void a_lost_answer_to_complete_is_success_if_the_object_is_the_one(void **state)
{
	(void)state;
	static const struct sandbox_fault faults[] = {
		{.kind = SANDBOX_FAULT_WORK_CLOSE, .method = "POST", .target = "uploadId"},
		{.kind = SANDBOX_FAULT_WORK_ERROR, .method = "POST", .target = "uploadId"},
		{.kind = SANDBOX_FAULT_CLOSE, .method = "POST", .target = "uploadId"},
		{.kind = SANDBOX_FAULT_CUT_BODY,
			.method = "POST",
			.target = "uploadId",
			.bytes = 100},
		{.kind = SANDBOX_FAULT_ERROR_200, .method = "POST", .target = "uploadId"},
		{.kind = SANDBOX_FAULT_ANSWER, .method = "POST", .target = "uploadId", .times = 2},
	};
	for (size_t i = 0; i < COUNT(faults); i++) {
		struct fixture f;
		struct s3t_err err;
		char expected[S3_ETAG_MAX], etag[S3_ETAG_MAX] = "";
		expected_etag(expected);
		fixture_start(&f, &small_parts, FAST);
		assert_int_equal(complete_under(&f, &faults[i], expected, etag, &err), S3T_OK);
		assert_string_equal(etag, expected);
		assert_object(&f, SV("k"), SV("aaa"));
		assert_int_equal(sandbox_upload_count(f.server), 0);
		fixture_stop(&f);
	}
}

static void a_complete_that_was_lost_is_not_taken_for_another_object(void **state)
{
	(void)state;
	static const char *const expected[] = {"", "0123456789abcdef0123456789abcdef-1"};
	for (size_t i = 0; i < COUNT(expected); i++) {
		struct fixture f;
		struct s3t_err err;
		char etag[S3_ETAG_MAX] = "";
		struct sandbox_fault lost = {.kind = SANDBOX_FAULT_ANSWER,
			.method = "POST",
			.target = "uploadId",
			.times = SANDBOX_FOREVER,
			.status = 404,
			.code = "NoSuchUpload"};
		fixture_start(&f, &small_parts, FAST);
		fixture_put(&f, "k", "another");
		assert_int_equal(complete_under(&f, &lost, expected[i], etag, &err), S3T_NOT_FOUND);
		assert_string_equal(err.code, "NoSuchUpload");
		assert_object(&f, SV("k"), SV("another"));
		fixture_stop(&f);
	}
}

static void an_error_in_a_200_is_an_error(void **state)
{
	(void)state;
	struct fixture f;
	struct s3t_err err;
	char etag[S3_ETAG_MAX], expected[S3_ETAG_MAX];
	expected_etag(expected);
	fixture_start(&f, &small_parts, FAST);
	struct s3_ctx ctx = ctx_of(&f);
	struct sandbox_fault always = {.kind = SANDBOX_FAULT_ERROR_200,
		.method = "POST",
		.target = "uploadId",
		.times = SANDBOX_FOREVER};
	assert_int_equal(complete_under(&f, &always, expected, etag, &err), S3T_SERVER);
	assert_false(is_there(&f, SV("k")));
	fixture_put(&f, "a", "text");
	always.method = "PUT";
	always.target = "/copy";
	sandbox_fault(f.server, &always);
	uint64_t puts = sandbox_request_count(f.server, "PUT");
	assert_int_equal(
		s3_copy_object(&ctx,
			&(struct s3_copy_source){.bucket = BUCKET, .key = SV("a"), .etag = ""},
			BUCKET, SV("copy"), NULL, etag, &err),
		S3T_SERVER);
	assert_int_equal(sandbox_request_count(f.server, "PUT"), puts + 3);
	sandbox_clear_faults(f.server);
	always.times = 1;
	sandbox_fault(f.server, &always);
	assert_int_equal(
		s3_copy_object(&ctx,
			&(struct s3_copy_source){.bucket = BUCKET, .key = SV("a"), .etag = ""},
			BUCKET, SV("copy"), NULL, etag, &err),
		S3T_OK);
	assert_object(&f, SV("copy"), SV("text"));
	fixture_stop(&f);
}

static void a_complete_answer_without_etag_is_looked_up(void **state)
{
	(void)state;
	struct fixture f;
	struct s3t_err err;
	char etag[S3_ETAG_MAX] = "", expected[S3_ETAG_MAX];
	expected_etag(expected);
	struct sandbox_fault drop = {
		.kind = SANDBOX_FAULT_DROP_ETAG, .method = "POST", .target = "uploadId"};
	fixture_start(&f, &small_parts, FAST);
	assert_int_equal(complete_under(&f, &drop, expected, etag, &err), S3T_OK);
	assert_string_equal(etag, expected);
	fixture_stop(&f);
}

/* --- presigned URLs --- */

static int fetch(struct fixture *f, const char *method, const char *url, const char *body,
	struct strbuf *out, struct strbuf *disposition)
{
	struct http_options options = {.connect_timeout_ms = 5000};
	struct text_body text = {.data = sv(body)};
	struct http_request req = {.method = method, .url = url, .has_body = body != NULL};
	if (body)
		req.body = (struct http_body){.size = text.data.len,
			.read = read_text,
			.rewind = rewind_text,
			.arg = &text};
	struct http_response resp;
	http_response_init(&resp);
	assert_int_equal(http_perform(f->conn, &options, &req, &resp, NULL, NULL), S3T_OK);
	int status = resp.status;
	strbuf_reset(out);
	strbuf_add_sv(out, strbuf_view(&resp.body));
	if (disposition)
		strbuf_add_sv(disposition, http_header(&resp, "content-disposition"));
	http_response_deinit(&resp);
	return status;
}

static void presigned_urls_work_until_they_end(void **state)
{
	(void)state;
	static const struct sandbox_options with_token = {.session_token = "token+/="};
	struct strbuf url, out, disposition;
	struct s3t_err err;
	strbuf_init(&url);
	strbuf_init(&out);
	strbuf_init(&disposition);
	for (size_t i = 0; i < COUNT(odd_keys) + 1; i++) {
		struct fixture f;
		int64_t ends_s;
		bool has_token = i == COUNT(odd_keys);
		struct strview key = has_token ? SV("k") : odd_keys[i];
		fixture_start(&f, has_token ? &with_token : NULL,
			has_token ? "session_token = token+/=\n" : NULL);
		struct s3_presign what = {
			.method = "PUT", .bucket = BUCKET, .key = key, .expires_s = 60};
		strbuf_reset(&url);
		assert_int_equal(
			s3_presign_url(f.client, NULL, &what, &url, &ends_s, &err), S3T_OK);
		assert_int_equal(sandbox_request_count(f.server, NULL), 0);
		assert_int_equal(fetch(&f, "PUT", url.data, "shared", &out, NULL), 200);
		assert_object(&f, key, SV("shared"));
		assert_int_equal(fetch(&f, "GET", url.data, NULL, &out, NULL), 403);
		what.method = "GET";
		what.download_name = "a \xc3\xa9.txt";
		strbuf_reset(&url);
		assert_int_equal(
			s3_presign_url(f.client, NULL, &what, &url, &ends_s, &err), S3T_OK);
		strbuf_reset(&disposition);
		assert_int_equal(fetch(&f, "GET", url.data, NULL, &out, &disposition), 200);
		assert_string_equal(out.data, "shared");
		assert_string_equal(
			disposition.data, "attachment; filename*=UTF-8''a%20%C3%A9.txt");
		sandbox_set_clock_offset(f.server, 62);
		assert_int_equal(fetch(&f, "GET", url.data, NULL, &out, NULL), 403);
		assert_non_null(strstr(out.data, "xpired"));
		fixture_stop(&f);
	}
	strbuf_deinit(&url);
	strbuf_deinit(&out);
	strbuf_deinit(&disposition);
}

/* --- failures --- */

static const char *no_env(void *arg, const char *name)
{
	(void)arg;
	(void)name;
	return NULL;
}

static void a_wrong_secret_is_said_to_be_one(void **state)
{
	(void)state;
	struct fixture f;
	struct s3t_err err;
	fixture_start(&f, NULL, FAST);
	char *ini = s3t_asprintf("[default]\nendpoint = %s\naccess_key_id = %s\n"
				 "secret_access_key = wrong-canary\n",
		sandbox_endpoint(f.server), sandbox_access_key(f.server));
	struct config *config;
	struct profile *profile;
	struct profile_request nobody = {0};
	assert_int_equal(
		config_parse("wrong.ini", sv(ini), no_env, NULL, &config, NULL, &err), S3T_OK);
	assert_int_equal(
		profile_resolve(config, &nobody, no_env, NULL, &profile, NULL, &err), S3T_OK);
	struct s3_ctx ctx = {.client = s3_client_new(profile), .conn = f.conn};
	struct entry_page *page = entry_page_new(false);
	assert_int_equal(s3_list_buckets(&ctx, page, &err), S3T_AUTH);
	assert_string_equal(
		err.message, "The server does not accept the signature: the secret key is wrong.");
	assert_string_equal(err.code, "SignatureDoesNotMatch");
	assert_int_equal(err.http_status, 403);
	assert_true(err.request_id[0]);
	assert_int_equal(sandbox_request_count(f.server, NULL), 1);
	entry_page_free(page);
	s3_client_unref(ctx.client);
	profile_unref(profile);
	config_free(config);
	free(ini);
	fixture_stop(&f);
}

static void what_is_missing_is_named(void **state)
{
	(void)state;
	struct fixture f;
	struct s3t_err err;
	struct strbuf data;
	struct s3_object o;
	strbuf_init(&data);
	s3_object_init(&o);
	fixture_start(&f, NULL, FAST);
	struct s3_ctx ctx = ctx_of(&f);
	assert_int_equal(list_once(&f, SV("no-such-bucket"), &err), S3T_NOT_FOUND);
	assert_string_equal(err.message, "There is no bucket no-such-bucket.");
	assert_string_equal(err.code, "NoSuchBucket");
	assert_int_equal(
		s3_put_object(&ctx, SV("no-such-bucket"), SV("k"), NULL, SV("x"), NULL, &err),
		S3T_NOT_FOUND);
	assert_string_equal(err.message, "There is no bucket no-such-bucket.");
	assert_int_equal(
		get_range(&f, "no/key", 0, UINT64_MAX, UINT64_MAX, "", &data, &err), S3T_NOT_FOUND);
	assert_string_equal(err.message, "There is no object s3://demo/no/key.");
	assert_int_equal(data.len, 0);
	assert_int_equal(s3_head_object(&ctx, BUCKET, SV("no/key"), &o, &err), S3T_NOT_FOUND);
	assert_string_equal(err.message, "s3://demo/no/key does not exist.");
	assert_int_equal(s3_head_bucket(&ctx, SV("no-such-bucket"), &err), S3T_NOT_FOUND);
	assert_string_equal(err.message, "There is no bucket no-such-bucket.");
	assert_int_equal(sandbox_request_count(f.server, NULL), 5);
	assert_int_equal(atomic_load(&s3_client_counters(f.client)->errors), 0);
	strbuf_deinit(&data);
	fixture_stop(&f);
}

static void a_busy_server_is_waited_for_as_long_as_it_says(void **state)
{
	(void)state;
	struct fixture f;
	struct s3t_err err;
	struct sandbox_fault busy = {
		.kind = SANDBOX_FAULT_ANSWER, .method = "PUT", .status = 503, .retry_after_s = 1};
	fixture_start(&f, NULL, FAST);
	struct s3_ctx ctx = ctx_of(&f);
	sandbox_fault(f.server, &busy);
	int64_t start = time_mono_ms();
	assert_int_equal(s3_put_object(&ctx, BUCKET, SV("k"), NULL, SV("x"), NULL, &err), S3T_OK);
	assert_true(time_mono_ms() - start >= 1000);
	assert_int_equal(sandbox_request_count(f.server, "PUT"), 2);
	assert_int_equal(atomic_load(&s3_client_counters(f.client)->retries), 1);
	assert_int_equal(atomic_load(&s3_client_counters(f.client)->requests), 2);
	assert_object(&f, SV("k"), SV("x"));
	fixture_stop(&f);
}

static void tries_are_bounded(void **state)
{
	(void)state;
	static const struct sandbox_fault faults[] = {
		{.kind = SANDBOX_FAULT_ANSWER, .times = SANDBOX_FOREVER},
		{.kind = SANDBOX_FAULT_ANSWER,
			.times = SANDBOX_FOREVER,
			.status = 500,
			.code = "InternalError"},
		{.kind = SANDBOX_FAULT_ERROR_200, .times = SANDBOX_FOREVER},
		{.kind = SANDBOX_FAULT_CUT_BODY, .times = SANDBOX_FOREVER, .bytes = 20},
	};
	for (size_t i = 0; i < COUNT(faults); i++) {
		for (unsigned attempts = 1; attempts <= 5; attempts += 2) {
			struct fixture f;
			struct s3t_err err;
			char ini[80];
			snprintf(ini, sizeof ini, FAST "max_attempts = %u\n", attempts);
			fixture_start(&f, NULL, ini);
			sandbox_fault(f.server, &faults[i]);
			assert_true(list_once(&f, BUCKET, &err) != S3T_OK);
			assert_int_equal(sandbox_request_count(f.server, NULL), attempts);
			assert_int_equal(atomic_load(&s3_client_counters(f.client)->errors), 1);
			fixture_stop(&f);
		}
	}
}

static void a_wrong_clock_is_corrected_once(void **state)
{
	(void)state;
	static const int64_t offsets[] = {3600, -3600, 86400 * 400};
	for (size_t i = 0; i < COUNT(offsets); i++) {
		struct fixture f;
		struct s3t_err err;
		struct sandbox_options skewed = {.clock_offset_s = offsets[i]};
		fixture_start(&f, &skewed, FAST "max_attempts = 1\n");
		struct s3_ctx ctx = ctx_of(&f);
		assert_int_equal(
			s3_put_object(&ctx, BUCKET, SV("k"), NULL, SV("x"), NULL, &err), S3T_OK);
		assert_int_equal(sandbox_request_count(f.server, NULL), 2);
		assert_int_equal(
			s3_put_object(&ctx, BUCKET, SV("k"), NULL, SV("x"), NULL, &err), S3T_OK);
		assert_int_equal(sandbox_request_count(f.server, NULL), 3); /* remembered */
		fixture_stop(&f);
	}
	struct fixture f;
	struct s3t_err err;
	struct sandbox_fault always = {.kind = SANDBOX_FAULT_ANSWER,
		.times = SANDBOX_FOREVER,
		.status = 403,
		.code = "RequestTimeTooSkewed"};
	fixture_start(&f, NULL, FAST);
	sandbox_fault(f.server, &always);
	assert_int_equal(list_once(&f, BUCKET, &err), S3T_CLOCK);
	assert_int_equal(sandbox_request_count(f.server, NULL), 2);
	fixture_stop(&f);
}

/* What `cp s3://bucket/key .` does first has no error document in its answer. */
static void a_wrong_clock_is_corrected_on_a_head_too(void **state)
{
	(void)state;
	struct fixture f;
	struct s3t_err err;
	struct s3_object o;
	struct sandbox_options skewed = {.clock_offset_s = -7200};
	s3_object_init(&o);
	fixture_start(&f, &skewed, FAST);
	struct s3_ctx ctx = ctx_of(&f);
	fixture_put(&f, "k", "text");
	assert_int_equal(s3_head_object(&ctx, BUCKET, SV("k"), &o, &err), S3T_OK);
	assert_int_equal(o.size, 4);
	assert_int_equal(sandbox_request_count(f.server, NULL), 2);
	s3_object_deinit(&o);
	fixture_stop(&f);
}

static void a_bucket_in_another_region_is_signed_for_again_once(void **state)
{
	(void)state;
	struct fixture f;
	struct s3t_err err;
	struct s3_object o;
	struct sandbox_options there = {.region = "eu-west-1"};
	s3_object_init(&o);
	fixture_start(&f, &there, FAST "max_attempts = 1\n");
	struct s3_ctx ctx = ctx_of(&f);
	assert_int_equal(s3_put_object(&ctx, BUCKET, SV("k"), NULL, SV("x"), NULL, &err), S3T_OK);
	assert_int_equal(sandbox_request_count(f.server, NULL), 2);
	assert_int_equal(s3_head_object(&ctx, BUCKET, SV("k"), &o, &err), S3T_OK);
	assert_int_equal(sandbox_request_count(f.server, NULL), 3);
	fixture_stop(&f);

	/* a HEAD as the first request: its answer is a bare 400 */
	fixture_start(&f, &there, FAST "max_attempts = 1\n");
	ctx = ctx_of(&f);
	fixture_put(&f, "k", "text");
	assert_int_equal(s3_head_object(&ctx, BUCKET, SV("k"), &o, &err), S3T_OK);
	assert_int_equal(sandbox_request_count(f.server, NULL), 2);
	s3_object_deinit(&o);
	fixture_stop(&f);
}

static void redirects_do_not_go_round(void **state)
{
	(void)state;
	static const char *const regions[] = {"ap-south-1", "us-east-1"};
	for (size_t i = 0; i < COUNT(regions); i++) {
		struct fixture f;
		struct s3t_err err;
		struct sandbox_fault redirect = {.kind = SANDBOX_FAULT_REDIRECT,
			.times = SANDBOX_FOREVER,
			.region = regions[i]};
		fixture_start(&f, NULL, FAST);
		sandbox_fault(f.server, &redirect);
		assert_int_equal(list_once(&f, BUCKET, &err), S3T_REGION);
		assert_string_equal(err.region, regions[i]);
		/* to where it was signed for already: not even once */
		assert_int_equal(sandbox_request_count(f.server, NULL), i == 0 ? 2 : 1);
		/* and what was learned wrongly is unlearned */
		sandbox_clear_faults(f.server);
		assert_int_equal(list_once(&f, BUCKET, &err), S3T_OK);
		fixture_stop(&f);
	}
}

static void an_expired_token_is_renewed_once(void **state)
{
	(void)state;
	struct fixture f;
	struct s3t_err err;
	struct sandbox_fault expired = {
		.kind = SANDBOX_FAULT_ANSWER, .status = 400, .code = "ExpiredToken"};
	fixture_start(&f, NULL, FAST "max_attempts = 1\n");
	sandbox_fault(f.server, &expired);
	assert_int_equal(list_once(&f, BUCKET, &err), S3T_OK);
	assert_int_equal(sandbox_request_count(f.server, NULL), 2);
	expired.times = SANDBOX_FOREVER;
	sandbox_fault(f.server, &expired);
	assert_int_equal(list_once(&f, BUCKET, &err), S3T_AUTH);
	assert_string_equal(err.message, "The session token has expired.");
	assert_int_equal(sandbox_request_count(f.server, NULL), 4);
	fixture_stop(&f);
}

struct canceller {
	const struct sandbox *server;
	struct cancel *cancel;
	int64_t triggered_ms;
};

/* Triggers once the fault has struck. */
static void *cancel_when_struck(void *arg)
{
	struct canceller *c = arg;
	while (sandbox_fault_count(c->server) == 0)
		sched_yield();
	c->triggered_ms = time_mono_ms();
	cancel_trigger(c->cancel);
	return NULL;
}

static void a_stalled_answer_is_cancelled_at_once(void **state)
{
	(void)state;
	static const struct sandbox_fault stalls[] = {
		{.kind = SANDBOX_FAULT_STALL, .method = "GET"},
		{.kind = SANDBOX_FAULT_STALL_BODY, .method = "GET", .bytes = 1000},
		/* a pause between two tries */
		{.kind = SANDBOX_FAULT_ANSWER, .method = "GET", .retry_after_s = 60},
	};
	for (size_t i = 0; i < COUNT(stalls); i++) {
		struct fixture f;
		struct s3t_err err;
		struct strbuf data;
		pthread_t thread;
		strbuf_init(&data);
		fixture_start(&f, NULL, FAST);
		char *text = s3t_alloc(100001);
		memset(text, 'x', 100000);
		fixture_put(&f, "k", text);
		free(text);
		sandbox_fault(f.server, &stalls[i]);
		struct canceller c = {.server = f.server, .cancel = cancel_new(NULL)};
		assert_int_equal(pthread_create(&thread, NULL, cancel_when_struck, &c), 0);
		struct s3_ctx ctx = ctx_of(&f);
		ctx.cancel = c.cancel;
		struct s3_get get = {.bucket = BUCKET,
			.key = SV("k"),
			.len = UINT64_MAX,
			.total = UINT64_MAX,
			.sink = collect,
			.sink_arg = &data};
		assert_int_equal(s3_get_object(&ctx, &get, &err), S3T_CANCELLED);
		pthread_join(thread, NULL);
		assert_true(time_mono_ms() - c.triggered_ms < SOON_MS);
		uint64_t requests = sandbox_request_count(f.server, NULL);
		assert_int_equal(s3_get_object(&ctx, &get, &err), S3T_CANCELLED);
		assert_int_equal(sandbox_request_count(f.server, NULL), requests);
		cancel_free(c.cancel);
		strbuf_deinit(&data);
		fixture_stop(&f);
	}
}

/* Overwrites the object while it is read. */
struct meddler {
	struct fixture *f;
	struct strbuf *data;
	bool is_done;
};

static bool collect_and_meddle(void *arg, const char *data, size_t len)
{
	struct meddler *m = arg;
	strbuf_add(m->data, data, len);
	if (!m->is_done) {
		char *other = s3t_alloc(400001);
		memset(other, 'b', 400000);
		fixture_put(m->f, "k", other);
		free(other);
		m->is_done = true;
	}
	return true;
}

static void an_object_that_changes_between_two_tries_is_not_mixed(void **state)
{
	(void)state;
	static const bool is_known[] = {true, false};
	for (size_t i = 0; i < COUNT(is_known); i++) {
		struct fixture f;
		struct s3t_err err;
		struct strbuf data;
		char *text = s3t_alloc(400001);
		memset(text, 'a', 400000);
		strbuf_init(&data);
		fixture_start(&f, NULL, FAST);
		struct s3_ctx ctx = ctx_of(&f);
		fixture_put(&f, "k", text);
		struct s3_object o;
		s3_object_init(&o);
		assert_int_equal(s3_head_object(&ctx, BUCKET, SV("k"), &o, &err), S3T_OK);
		struct sandbox_fault cut = {
			.kind = SANDBOX_FAULT_CLOSE_BODY, .method = "GET", .bytes = 200000};
		sandbox_fault(f.server, &cut);
		struct meddler m = {.f = &f, .data = &data};
		struct s3_get get = {.bucket = BUCKET,
			.key = SV("k"),
			.len = UINT64_MAX,
			.total = 400000,
			.etag = is_known[i] ? o.etag : "",
			.sink = collect_and_meddle,
			.sink_arg = &m};
		assert_int_equal(s3_get_object(&ctx, &get, &err), S3T_CHANGED);
		assert_null(memchr(data.data, 'b', data.len));
		s3_object_deinit(&o);
		strbuf_deinit(&data);
		free(text);
		fixture_stop(&f);
	}
}

static void an_object_of_another_version_is_not_read(void **state)
{
	(void)state;
	struct fixture f;
	struct s3t_err err;
	struct strbuf data;
	strbuf_init(&data);
	fixture_start(&f, NULL, FAST);
	fixture_put(&f, "k", "0123456789");
	static const char old[] = "00000000000000000000000000000000";
	assert_int_equal(get_range(&f, "k", 2, 4, 10, old, &data, &err), S3T_CHANGED);
	assert_int_equal(get_range(&f, "k", 0, UINT64_MAX, 10, old, &data, &err), S3T_CHANGED);
	assert_int_equal(get_range(&f, "k", 0, UINT64_MAX, 11, "", &data, &err), S3T_CHANGED);
	assert_int_equal(data.len, 0);
	strbuf_deinit(&data);
	fixture_stop(&f);
}

/* T17 */
static void ranges_that_are_not_what_was_asked_for_are_not_taken(void **state)
{
	(void)state;
	static const struct {
		struct sandbox_fault fault;
		enum s3t_rc rc;
	} rows[] = {
		{{.kind = SANDBOX_FAULT_IGNORE_RANGE}, S3T_UNSUPPORTED},
		{{.kind = SANDBOX_FAULT_WRONG_RANGE}, S3T_PROTOCOL},
		{{.kind = SANDBOX_FAULT_WRONG_ETAG}, S3T_CHANGED},
		{{.kind = SANDBOX_FAULT_CUT_BODY, .bytes = 3}, S3T_MISMATCH},
	};
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct fixture f;
		struct s3t_err err;
		struct strbuf data;
		struct s3_object o;
		strbuf_init(&data);
		s3_object_init(&o);
		fixture_start(&f, NULL, FAST);
		struct s3_ctx ctx = ctx_of(&f);
		fixture_put(&f, "k", "0123456789");
		assert_int_equal(s3_head_object(&ctx, BUCKET, SV("k"), &o, &err), S3T_OK);
		struct sandbox_fault fault = rows[i].fault;
		fault.method = "GET";
		fault.times = SANDBOX_FOREVER;
		sandbox_fault(f.server, &fault);
		assert_int_equal(get_range(&f, "k", 2, 5, 10, o.etag, &data, &err), rows[i].rc);
		assert_int_equal(err.rc, rows[i].rc);
		assert_true(data.len == 0 || rows[i].rc == S3T_MISMATCH);
		s3_object_deinit(&o);
		strbuf_deinit(&data);
		fixture_stop(&f);
	}
}

static void a_short_body_is_not_a_whole_object(void **state)
{
	(void)state;
	struct fixture f;
	struct s3t_err err;
	struct strbuf data;
	strbuf_init(&data);
	fixture_start(&f, NULL, FAST);
	fixture_put(&f, "k", "0123456789");
	struct sandbox_fault cut = {.kind = SANDBOX_FAULT_CUT_BODY,
		.method = "GET",
		.times = SANDBOX_FOREVER,
		.bytes = 3};
	sandbox_fault(f.server, &cut);
	assert_true(get_range(&f, "k", 0, UINT64_MAX, 10, "", &data, &err) != S3T_OK);
	fixture_stop(&f);
	strbuf_deinit(&data);
}

static void a_read_that_breaks_goes_on_by_range(void **state)
{
	(void)state;
	struct fixture f;
	struct s3t_err err;
	struct strbuf data;
	strbuf_init(&data);
	fixture_start(&f, NULL, FAST "max_attempts = 2\n");
	char *text = s3t_alloc(1000001);
	for (size_t i = 0; i < 1000000; i++)
		text[i] = (char)('a' + i % 23);
	fixture_put(&f, "k", text);
	/* each try gets on by some, and so none of them is one too many */
	struct sandbox_fault cut = {
		.kind = SANDBOX_FAULT_CLOSE_BODY, .method = "GET", .bytes = 150000, .times = 5};
	sandbox_fault(f.server, &cut);
	assert_int_equal(get_range(&f, "k", 10, 999000, 1000000, "", &data, &err), S3T_OK);
	assert_int_equal(data.len, 999000);
	assert_memory_equal(data.data, text + 10, data.len);
	assert_int_equal(sandbox_request_count(f.server, "GET"), 6);
	strbuf_deinit(&data);
	free(text);
	fixture_stop(&f);
}

static void a_body_that_arrived_wrong_is_sent_once_more(void **state)
{
	(void)state;
	struct fixture f;
	struct s3t_err err;
	char etag[S3_ETAG_MAX];
	struct text_body body = {.data = SV("what is sent")};
	struct http_body stream = {
		.size = body.data.len, .read = read_text, .rewind = rewind_text, .arg = &body};
	fixture_start(&f, NULL, FAST);
	struct s3_ctx ctx = ctx_of(&f);
	/* the hash of something else */
	assert_int_equal(s3_put_object_stream(&ctx, BUCKET, SV("k"), NULL, &stream,
				 SV(SIGV4_EMPTY_SHA256), etag, NULL, &err),
		S3T_MISMATCH);
	assert_int_equal(sandbox_request_count(f.server, "PUT"), 2);
	assert_false(is_there(&f, SV("k")));
	struct sandbox_fault cut = {
		.kind = SANDBOX_FAULT_CLOSE_REQUEST, .method = "PUT", .bytes = 5};
	sandbox_fault(f.server, &cut);
	assert_int_equal(s3_put_object_stream(&ctx, BUCKET, SV("k"), NULL, &stream,
				 SV(SIGV4_UNSIGNED), etag, NULL, &err),
		S3T_OK);
	assert_object(&f, SV("k"), SV("what is sent"));
	fixture_stop(&f);
}

static void a_server_that_is_gone_is_said_to_be(void **state)
{
	(void)state;
	struct fixture f;
	struct s3t_err err;
	fixture_start(&f, NULL, FAST "[network]\nconnect_timeout = 500ms\n");
	sandbox_stop(f.server);
	f.server = NULL;
	assert_int_equal(list_once(&f, BUCKET, &err), S3T_CONNECT);
	assert_int_equal(err.http_status, 0);
	assert_int_equal(atomic_load(&s3_client_counters(f.client)->requests), 3);
	fixture_stop(&f);
}

static bool take_one(void *arg, const char *data, size_t len)
{
	(void)data;
	(void)len;
	return ++*(int *)arg < 1;
}

static void a_reader_that_has_enough_is_asked_for_nothing_more(void **state)
{
	(void)state;
	struct fixture f;
	struct s3t_err err;
	int calls = 0;
	fixture_start(&f, NULL, FAST);
	struct s3_ctx ctx = ctx_of(&f);
	fixture_put(&f, "k", "0123456789");
	struct s3_get get = {.bucket = BUCKET,
		.key = SV("k"),
		.len = 10,
		.total = 10,
		.sink = take_one,
		.sink_arg = &calls};
	uint64_t before = sandbox_request_count(f.server, "GET");
	assert_int_not_equal(s3_get_object(&ctx, &get, &err), S3T_OK);
	assert_int_equal(calls, 1);
	assert_int_equal(sandbox_request_count(f.server, "GET"), before + 1);
	fixture_stop(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_reader_that_has_enough_is_asked_for_nothing_more),
		cmocka_unit_test(a_bucket_is_made_found_listed_and_removed),
		cmocka_unit_test(a_read_only_profile_sends_no_change),
		cmocka_unit_test(odd_keys_are_listed_as_they_are),
		cmocka_unit_test(prefixes_are_directories_in_a_listing_by_delimiter),
		cmocka_unit_test(listings_tell_size_time_class_and_etag),
		cmocka_unit_test(a_server_without_version_2_is_listed_by_version_1),
		cmocka_unit_test(a_doctype_in_a_listing_is_refused),
		cmocka_unit_test(a_listing_that_never_advances_ends),
		cmocka_unit_test(a_cut_page_is_fetched_again_and_counted_once),
		cmocka_unit_test(an_object_is_put_looked_at_read_and_deleted),
		cmocka_unit_test(any_range_can_be_read),
		cmocka_unit_test(a_copy_keeps_or_replaces_metadata),
		cmocka_unit_test(nothing_is_overwritten_where_that_was_not_agreed),
		cmocka_unit_test(a_thousand_keys_are_deleted_by_one_request),
		cmocka_unit_test(keys_that_xml_cannot_hold_are_deleted_singly),
		cmocka_unit_test(keys_that_stay_are_named),
		cmocka_unit_test(an_object_is_made_of_parts),
		cmocka_unit_test(uploads_are_listed_and_aborted_twice),
		cmocka_unit_test(a_lost_answer_to_complete_is_success_if_the_object_is_the_one),
		cmocka_unit_test(a_complete_that_was_lost_is_not_taken_for_another_object),
		cmocka_unit_test(an_error_in_a_200_is_an_error),
		cmocka_unit_test(a_complete_answer_without_etag_is_looked_up),
		cmocka_unit_test(presigned_urls_work_until_they_end),
		cmocka_unit_test(a_wrong_secret_is_said_to_be_one),
		cmocka_unit_test(what_is_missing_is_named),
		cmocka_unit_test(a_busy_server_is_waited_for_as_long_as_it_says),
		cmocka_unit_test(tries_are_bounded),
		cmocka_unit_test(a_wrong_clock_is_corrected_once),
		cmocka_unit_test(a_wrong_clock_is_corrected_on_a_head_too),
		cmocka_unit_test(a_bucket_in_another_region_is_signed_for_again_once),
		cmocka_unit_test(redirects_do_not_go_round),
		cmocka_unit_test(an_expired_token_is_renewed_once),
		cmocka_unit_test(a_stalled_answer_is_cancelled_at_once),
		cmocka_unit_test(an_object_that_changes_between_two_tries_is_not_mixed),
		cmocka_unit_test(an_object_of_another_version_is_not_read),
		cmocka_unit_test(ranges_that_are_not_what_was_asked_for_are_not_taken),
		cmocka_unit_test(a_short_body_is_not_a_whole_object),
		cmocka_unit_test(a_read_that_breaks_goes_on_by_range),
		cmocka_unit_test(a_body_that_arrived_wrong_is_sent_once_more),
		cmocka_unit_test(a_server_that_is_gone_is_said_to_be),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
