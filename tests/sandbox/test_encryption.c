/*
 * Encryption by the server: what is asked for, what only an echo proves, the customer's key on
 * every way that bytes take, and each wrong key with its own sentence and nothing changed.
 */
#include "support/fixture.h"

#include "core/timeutil.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#define SSE "x-amz-server-side-encryption"
#define KEY_BASE64 "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY="
#define OTHER_BASE64 "ZmVkY2JhOTg3NjU0MzIxMGZlZGNiYTk4NzY1NDMyMTA="
#define MIB ((size_t)1 << 20)

static char key_file[64];

static void with_key(struct fixture *f, const struct sandbox_options *options, const char *base64,
	const char *more)
{
	snprintf(key_file, sizeof key_file, "/tmp/s3tui-test-key-%d", (int)getpid());
	char *ini = s3t_asprintf("[retry]\ninitial_delay = 0s\nmax_delay = 0s\n[upload]\n"
				 "multipart_threshold = 8MiB\npart_size = 5MiB\n[download]\n"
				 "chunk_size = 1MiB\n[encryption]\nsse_c_key_file = %s\n%s",
		key_file, more);
	int fd = open(key_file, O_WRONLY | O_CREAT | O_TRUNC, 0600);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, base64, strlen(base64)), (ssize_t)strlen(base64));
	assert_int_equal(close(fd), 0);
	fixture_start(f, options, ini);
	free(ini);
}

static void stop(struct fixture *f)
{
	fixture_stop(f);
	(void)unlink(key_file);
}

static void upload(struct fixture *f, const char *name, const char *encryption)
{
	struct job_spec spec;
	fixture_upload(f, &spec, name, "", name);
	free(spec.encryption);
	spec.encryption = s3t_strdup(encryption);
	fixture_run(f, &spec);
}

static void test_kinds(void **state)
{
	(void)state;
	static const size_t sizes[] = {0, 1000, 12 * MIB};
	static const char *const names[] = {"empty", "small", "parts"};
	struct fixture f;
	with_key(&f, NULL, KEY_BASE64, "kms_key_id = my-key\n");
	for (size_t i = 0; i < 3; i++) {
		fixture_write(&f, names[i], sizes[i], 1);
		upload(&f, names[i], "none");
		fixture_expect_header(&f, names[i], SSE, "");
		upload(&f, names[i], "SSE_S3");
		assert_int_equal(f.done, 1);
		fixture_expect_header(&f, names[i], SSE, "AES256");
		upload(&f, names[i], "SSE_KMS");
		assert_int_equal(f.done, 1);
		fixture_expect_header(&f, names[i], SSE, "aws:kms");
		fixture_expect_header(&f, names[i], SSE "-aws-kms-key-id", "my-key");
		upload(&f, names[i], "SSE_C");
		assert_int_equal(f.done, 1);
		fixture_expect_header(&f, names[i], SSE, "");
		fixture_expect_header(&f, names[i], SSE "-customer-algorithm", "AES256");
		assert_true(fixture_file_is_object(&f, names[i], names[i]));
	}
	assert_int_equal(sandbox_upload_count(f.server), 0);
	stop(&f);
}

/* As base64 in a header, with SSE_KMS only, on each way that an object is made. */
static void test_kms_context(void **state)
{
	(void)state;
	static const char context[] = "eyJkZXBhcnRtZW50IjogInNhbGVzIiwgIkdyw7bDn2UiOiAiMyJ9";
	static const char *const names[] = {"small", "parts", "copy"};
	struct fixture f;
	struct job_spec spec;
	with_key(&f, NULL, KEY_BASE64,
		"type = SSE_KMS\nkms_context = {\"department\": \"sales\", \"Größe\": \"3\"}\n");
	fixture_write(&f, "small", 1000, 1);
	fixture_write(&f, "parts", 12 * MIB, 1);
	upload(&f, "small", "SSE_KMS");
	upload(&f, "parts", "SSE_KMS");
	fixture_put(&f, "plain", "not encrypted");
	fixture_copy(&f, &spec, "plain", "", "copy");
	fixture_run(&f, &spec);
	for (size_t i = 0; i < 3; i++) {
		fixture_expect_header(&f, names[i], SSE, "aws:kms");
		fixture_expect_header(&f, names[i], SSE "-context", context);
	}
	upload(&f, "small", "SSE_S3");
	fixture_expect_header(&f, "small", SSE "-context", "");
	stop(&f);
}

static void refuses(const char *ini, const char *sentence)
{
	struct config *config;
	struct profile *profile = NULL;
	struct profile_request req = {0};
	struct s3t_err err;
	assert_int_equal(config_parse("x", sv(ini), NULL, NULL, &config, NULL, &err), S3T_OK);
	assert_int_equal(
		profile_resolve(config, &req, NULL, NULL, &profile, NULL, &err), S3T_CONFIG);
	assert_non_null(strstr(err.message, sentence));
	config_free(config);
}

static void test_malformed_kms_context(void **state)
{
	(void)state;
	static const char *const wrong[] = {"sales", "[\"sales\"]", "{\"department\": \"sales\"",
		"{\"a\": \"1\", \"a\": \"2\"}", "{\"a\": 1}", "{\"a\": {\"b\": \"c\"}}"};
	for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
		char *ini = s3t_asprintf("[encryption]\nkms_context = %s\n", wrong[i]);
		refuses(ini, "kms_context is not a JSON object of strings");
		free(ini);
	}
}

static void download(struct fixture *f, const char *key, const char *to)
{
	struct job_spec spec;
	fixture_download(f, &spec, key, "", to);
	fixture_run(f, &spec);
}

/* Down in ranges, copied, moved to a name of its own: all with the key. */
static void test_customer_key(void **state)
{
	(void)state;
	struct fixture f;
	struct job_spec spec;
	with_key(&f, NULL, KEY_BASE64, "type = SSE_C\n");
	fixture_write(&f, "big", 12 * MIB, 2);
	upload(&f, "big", "SSE_C");
	fixture_put(&f, "plain", "not encrypted");
	download(&f, "big", "back");
	assert_int_equal(f.done, 1);
	assert_true(fixture_files_equal(&f, "big", "back"));
	download(&f, "plain", "plain"); /* without the key, which is not its own */
	assert_int_equal(f.done, 1);
	fixture_copy(&f, &spec, "big", "", "copy");
	fixture_run(&f, &spec);
	assert_int_equal(f.done, 1);
	fixture_expect_header(&f, "copy", SSE "-customer-algorithm", "AES256");
	assert_true(fixture_file_is_object(&f, "big", "copy"));
	fixture_copy(&f, &spec, "plain", "", "hidden");
	fixture_run(&f, &spec);
	assert_int_equal(f.done, 1);
	fixture_expect_header(&f, "hidden", SSE "-customer-algorithm", "AES256");

	stop(&f);
}

static void test_other_key(void **state)
{
	(void)state;
	struct fixture f;
	with_key(&f, NULL, KEY_BASE64, "");
	fixture_write(&f, "small", 1000, 3);
	upload(&f, "small", "SSE_C");
	int fd = open(key_file, O_WRONLY | O_TRUNC);
	assert_int_equal(write(fd, OTHER_BASE64, strlen(OTHER_BASE64)), strlen(OTHER_BASE64));
	close(fd);
	struct s3_client *other = s3_client_new(f.profile);
	struct s3_ctx ctx = {.client = other, .conn = f.conn};
	struct s3_object o;
	struct s3t_err err;
	s3_object_init(&o);
	assert_int_equal(s3_head_object(&ctx, SV("demo"), SV("small"), &o, &err), S3T_CLIENT);
	assert_non_null(strstr(err.message, "another customer key"));
	s3_object_deinit(&o);
	s3_client_unref(other);
	stop(&f);
}

static void test_no_key(void **state)
{
	(void)state;
	struct fixture f;
	fixture_start(&f, NULL, NULL);
	fixture_write(&f, "small", 1000, 3);
	upload(&f, "small", "SSE_C");
	assert_int_equal(f.failed, 1);
	assert_non_null(strstr(f.first_error.message, "sse_c_key_file"));
	assert_false(fixture_has_key(&f, "small"));
	refuses("[encryption]\ntype = SSE_C\n", "sse_c_key_file or sse_c_key_command");
	fixture_stop(&f);
}

/* A server that says nothing of it has not done it: told before an object is replaced. */
static void test_ignored(void **state)
{
	(void)state;
	static const char *const kinds[] = {"SSE_S3", "SSE_KMS", "SSE_C"};
	struct sandbox_options options = {.ignores_encryption = true};
	for (size_t i = 0; i < 3; i++) {
		struct fixture f;
		struct job_spec spec;
		with_key(&f, &options, KEY_BASE64, "");
		fixture_put(&f, "small", "what was there");
		fixture_put(&f, "source", "a source");
		fixture_write(&f, "small", 1000, 4);
		fixture_write(&f, "parts", 12 * MIB, 4);
		upload(&f, "small", kinds[i]);
		assert_int_equal(f.failed, 1);
		assert_string_equal(f.first_error.code, "NotEncrypted");
		assert_non_null(strstr(f.first_error.message, kinds[i]));
		upload(&f, "parts", kinds[i]);
		assert_int_equal(f.failed, 1);
		assert_false(fixture_has_key(&f, "parts"));
		fixture_copy(&f, &spec, "source", "", "small");
		free(spec.encryption);
		spec.encryption = s3t_strdup(kinds[i]);
		fixture_run(&f, &spec);
		assert_int_equal(f.failed, 1);
		struct strbuf text;
		strbuf_init(&text);
		assert_int_equal(sandbox_get(f.server, "demo", SV("small"), &text, NULL), S3T_OK);
		assert_string_equal(text.data, "what was there");
		strbuf_deinit(&text);
		assert_int_equal(sandbox_upload_count(f.server), 0);
		stop(&f);
	}
}

/* Of an upload that cannot be removed nobody says that nothing of it was kept. */
static void test_ignored_and_kept(void **state)
{
	(void)state;
	struct fixture f;
	struct sandbox_options options = {.ignores_encryption = true};
	struct sandbox_fault fault = {.kind = SANDBOX_FAULT_ANSWER,
		.method = "DELETE",
		.times = SANDBOX_FOREVER,
		.status = 403,
		.code = "AccessDenied"};
	with_key(&f, &options, KEY_BASE64, "");
	sandbox_fault(f.server, &fault);
	fixture_write(&f, "parts", 12 * MIB, 4);
	upload(&f, "parts", "SSE_C");
	assert_int_equal(f.failed, 1);
	assert_non_null(strstr(f.first_error.message, "could not be removed"));
	assert_int_equal(sandbox_upload_count(f.server), 1);
	stop(&f);
}

static void test_wrong_kms_key(void **state)
{
	(void)state;
	struct fixture f;
	struct job_spec spec;
	fixture_start(&f, NULL, NULL);
	fixture_write(&f, "small", 1000, 5);
	fixture_upload(&f, &spec, "small", "", "small");
	free(spec.encryption);
	spec.encryption = s3t_strdup("SSE_KMS");
	spec.kms_key_id = s3t_strdup("missing-1");
	fixture_run(&f, &spec);
	assert_int_equal(f.failed, 1);
	assert_non_null(strstr(f.first_error.message, "KMS key missing-1"));
	assert_false(fixture_has_key(&f, "small"));
	fixture_stop(&f);
}

/* A resumed upload goes on under its key. */
static void test_resume(void **state)
{
	(void)state;
	struct fixture f;
	struct job_spec spec;
	with_key(&f, NULL, KEY_BASE64, "");
	fixture_journal(&f);
	fixture_write(&f, "big", 24 * MIB, 6);
	struct sandbox_fault fault = {.kind = SANDBOX_FAULT_STALL,
		.method = "PUT",
		.target = "partNumber",
		.nth = 2,
		.times = SANDBOX_FOREVER};
	sandbox_fault(f.server, &fault);
	fixture_upload(&f, &spec, "big", "", "big");
	free(spec.encryption);
	spec.encryption = s3t_strdup("SSE_C");
	engine_submit(f.engine, &spec);
	fixture_suspend_at_fault(&f, 0);
	fixture_wait(&f, fixture_resume(&f));
	assert_int_equal(f.done, 1);
	fixture_expect_header(&f, "big", SSE "-customer-algorithm", "AES256");
	assert_true(fixture_file_is_object(&f, "big", "big"));
	assert_int_equal(sandbox_upload_count(f.server), 0);
	stop(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_kinds),
		cmocka_unit_test(test_kms_context),
		cmocka_unit_test(test_malformed_kms_context),
		cmocka_unit_test(test_customer_key),
		cmocka_unit_test(test_other_key),
		cmocka_unit_test(test_no_key),
		cmocka_unit_test(test_ignored),
		cmocka_unit_test(test_ignored_and_kept),
		cmocka_unit_test(test_wrong_kms_key),
		cmocka_unit_test(test_resume),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
