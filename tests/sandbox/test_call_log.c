/* What the log of calls has, and that its curl command is the same call. */
#include "support/fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct s3_ctx ctx_of(struct fixture *f)
{
	return (struct s3_ctx){.client = f->client, .conn = f->conn};
}

/* What the last call prints, run again by curl; the keys come from the environment. */
static char *run_again(struct fixture *f, struct call_log *log, const char *more)
{
	struct call_record r;
	struct strbuf command, out;
	char buffer[4096];
	assert_true(call_log_get(log, call_log_end(log) - 1, &r));
	strbuf_init(&command);
	strbuf_init(&out);
	call_record_curl(&r, &command);
	assert_null(strstr(command.data, sandbox_secret_key(f->server)));
	assert_null(strstr(command.data, sandbox_access_key(f->server)));
	strbuf_add_str(&command, more);
	setenv("AWS_ACCESS_KEY_ID", sandbox_access_key(f->server), 1);
	setenv("AWS_SECRET_ACCESS_KEY", sandbox_secret_key(f->server), 1);
	FILE *p = popen(command.data, "r"); /* NOLINT(cert-env33-c): a test's own */
	assert_non_null(p);
	for (size_t n; (n = fread(buffer, 1, sizeof buffer, p)) > 0;)
		strbuf_add(&out, buffer, n);
	assert_int_equal(pclose(p), 0);
	strbuf_deinit(&command);
	call_record_deinit(&r);
	return strbuf_take(&out);
}

static void head(struct fixture *f, const char *key, enum s3t_rc expected)
{
	struct s3_ctx ctx = ctx_of(f);
	struct s3_object object;
	s3_object_init(&object);
	struct s3t_err err;
	assert_int_equal(
		s3_head_object(&ctx, SV(SANDBOX_BUCKET), sv(key), &object, &err), expected);
	s3_object_deinit(&object);
}

static void a_call_is_repeated_by_its_curl_command(void **state)
{
	(void)state;
	static const char *const keys[] = {
		"plain", "with space", "it's+%41", "a//b", "x/../y", "\xc3\xa9"};
	struct fixture f;
	fixture_start(&f, NULL, NULL);
	struct call_log *log = call_log_new(8);
	s3_client_set_log(f.client, log);
	for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
		fixture_put(&f, keys[i], "bytes");
		head(&f, keys[i], S3T_OK);
		char *out = run_again(&f, log, "");
		if (!strstr(out, " 200 ") || !strstr(out, "Content-Length: 5"))
			fail_msg("%s: %s", keys[i], out);
		free(out);
	}
	/* a query, and a body from memory */
	struct s3_ctx ctx = ctx_of(&f);
	struct s3_list list;
	struct entry_page *page;
	struct s3t_err err;
	s3_list_init(&list, SV(SANDBOX_BUCKET), SV("with "));
	assert_int_equal(s3_list_page(&ctx, &list, &page, &err), S3T_OK);
	entry_page_free(page);
	s3_list_deinit(&list);
	char *out = run_again(&f, log, "");
	if (!strstr(out, "<KeyCount>1</KeyCount>"))
		fail_msg("%s", out);
	free(out);
	assert_int_equal(s3_create_bucket(&ctx, SV("another-bucket"), &err), S3T_OK);
	assert_int_equal(s3_delete_bucket(&ctx, SV("another-bucket"), &err), S3T_OK);
	out = run_again(&f, log, " -w '%{http_code}'");
	if (!strstr(out, "NoSuchBucket") || !strstr(out, "404"))
		fail_msg("%s", out);
	free(out);
	/* what is in an object is not kept, and nobody is led to replace it by nothing */
	struct s3_put put = {.content_type = "text/plain"};
	struct call_record r;
	struct strbuf command;
	assert_int_equal(s3_put_object(&ctx, SV(SANDBOX_BUCKET), SV("plain"), &put,
				 SV("very private"), NULL, &err),
		S3T_OK);
	assert_true(call_log_get(log, call_log_end(log) - 1, &r));
	strbuf_init(&command);
	call_record_curl(&r, &command);
	assert_null(r.body);
	assert_null(strstr(command.data, "private"));
	assert_non_null(strstr(command.data, "--data-binary @FILE"));
	strbuf_deinit(&command);
	call_record_deinit(&r);
	s3_client_set_log(f.client, NULL);
	call_log_free(log);
	fixture_stop(&f);
}

static void each_try_is_a_record_and_old_ones_go(void **state)
{
	(void)state;
	struct fixture f;
	fixture_start(&f, NULL, "[retry]\ninitial_delay = 0s\nmax_delay = 0s\n");
	struct call_log *log = call_log_new(4);
	struct call_record r;
	s3_client_set_log(f.client, log);
	fixture_put(&f, "a", "bytes");
	struct sandbox_fault slow = {.kind = SANDBOX_FAULT_ANSWER, .method = "HEAD"};
	sandbox_fault(f.server, &slow);
	head(&f, "a", S3T_OK);
	head(&f, "none", S3T_NOT_FOUND);
	assert_int_equal(call_log_end(log), 3);
	assert_true(call_log_get(log, 0, &r));
	assert_int_equal(r.status, 503);
	assert_int_equal(r.try_number, 1);
	assert_string_equal(r.method, "HEAD");
	assert_true(r.message[0]);
	call_record_deinit(&r);
	assert_true(call_log_get(log, 1, &r));
	assert_int_equal(r.status, 200);
	assert_int_equal(r.try_number, 2);
	assert_true(r.total_us > 0);
	assert_string_equal(r.message, "");
	call_record_deinit(&r);
	assert_true(call_log_get(log, 2, &r));
	assert_int_equal(r.status, 404);
	call_record_deinit(&r);
	head(&f, "a", S3T_OK);
	assert_int_equal(call_log_begin(log), 0);
	head(&f, "a", S3T_OK);
	assert_int_equal(call_log_begin(log), 1);
	assert_false(call_log_get(log, 0, &r));
	assert_false(call_log_get(log, 5, &r));
	s3_client_set_log(f.client, NULL);
	call_log_free(log);
	fixture_stop(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_call_is_repeated_by_its_curl_command),
		cmocka_unit_test(each_try_is_a_record_and_old_ones_go),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
