/* Error answers of servers, good and bad, to one rc and one sentence. */
#include "core/s3.h"
#include "core/text.h"
#include "core/xml.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define COUNT(array) (sizeof(array) / sizeof *(array))

static enum s3t_rc judge_of(int status, const char *headers, struct strview body,
	struct strview bucket, struct strview key, struct s3t_err *err)
{
	struct http_response resp;
	http_response_init(&resp);
	resp.status = status;
	strbuf_add_str(&resp.headers, headers);
	strbuf_add_sv(&resp.body, body);
	memset(err, 0x5a, sizeof *err);
	enum s3t_rc rc = s3_error_from(&resp, bucket, key, err);
	assert_int_equal(rc, err->rc);
	assert_true(rc != S3T_OK);
	assert_int_equal(err->http_status, status);
	assert_true(err->message[0]);
	assert_true(utf8_is_valid(sv(err->message)));
	http_response_deinit(&resp);
	return rc;
}

static enum s3t_rc judge(int status, const char *headers, const char *body, struct s3t_err *err)
{
	return judge_of(status, headers, sv(body), SV("demo"), SV("a/key"), err);
}

static enum s3t_rc judge_code(int status, const char *code, struct s3t_err *err)
{
	char *body = s3t_asprintf("<?xml version=\"1.0\"?><Error><Code>%s</Code>"
				  "<Message>Of the server.</Message></Error>",
		code);
	enum s3t_rc rc = judge(status, "", body, err);
	assert_string_equal(err->code, code);
	free(body);
	return rc;
}

static void codes_become_results_and_sentences(void **state)
{
	(void)state;
	static const struct {
		int status;
		const char *code;
		enum s3t_rc rc;
		const char *part; /* of the sentence */
	} rows[] = {
		{404, "NoSuchKey", S3T_NOT_FOUND, "no object s3://demo/a/key"},
		{404, "NoSuchBucket", S3T_NOT_FOUND, "no bucket demo."},
		{404, "NoSuchUpload", S3T_NOT_FOUND, "upload of s3://demo/a/key is gone"},
		{403, "AccessDenied", S3T_DENIED, "Access to s3://demo/a/key is denied"},
		{403, "InvalidAccessKeyId", S3T_AUTH, "does not know this access key"},
		{403, "SignatureDoesNotMatch", S3T_AUTH, "the secret key is wrong"},
		{400, "InvalidToken", S3T_AUTH, "token"},
		{400, "ExpiredToken", S3T_AUTH, "has expired"},
		{403, "RequestTimeTooSkewed", S3T_CLOCK, "clock"},
		{301, "PermanentRedirect", S3T_REGION, "another region"},
		{307, "TemporaryRedirect", S3T_REGION, "another region"},
		{400, "AuthorizationHeaderMalformed", S3T_REGION, "another region"},
		{400, "IllegalLocationConstraintException", S3T_REGION, "another region"},
		{503, "SlowDown", S3T_SLOW_DOWN, "fewer requests"},
		{503, "ServiceUnavailable", S3T_SLOW_DOWN, "not available"},
		{400, "Throttling", S3T_SLOW_DOWN, "fewer requests"},
		{400, "ThrottlingException", S3T_SLOW_DOWN, "fewer requests"},
		{400, "RequestTimeout", S3T_TIMEOUT, "too long"},
		{500, "InternalError", S3T_SERVER, "failed"},
		{409, "OperationAborted", S3T_SERVER, "busy"},
		{400, "BadDigest", S3T_MISMATCH, "not what was sent"},
		{400, "XAmzContentSHA256Mismatch", S3T_MISMATCH, "not what was sent"},
		{412, "PreconditionFailed", S3T_CHANGED, "changed on the server"},
		{416, "InvalidRange", S3T_CHANGED, "shorter"},
		{409, "BucketAlreadyExists", S3T_EXISTS, "somebody else"},
		{409, "BucketAlreadyOwnedByYou", S3T_EXISTS, "already"},
		{409, "BucketNotEmpty", S3T_CLIENT, "bucket demo is not empty"},
		{400, "KeyTooLongError", S3T_REFUSED_NAME, "1,024"},
		{403, "InvalidObjectState", S3T_DENIED, "archived"},
		{501, "NotImplemented", S3T_UNSUPPORTED, "not support"},
		{403, "QuotaExceeded", S3T_NO_SPACE, "quota"},
		/* the status, where the code is not known */
		{404, "WhatIsThis", S3T_NOT_FOUND, "s3://demo/a/key"},
		{418, "WhatIsThis", S3T_CLIENT, "WhatIsThis: Of the server. (418)"},
		{599, "WhatIsThis", S3T_SERVER, "WhatIsThis"},
		/* an <Error> in a 200: the work was not done */
		{200, "InternalError", S3T_SERVER, "failed"},
		{200, "SlowDown", S3T_SLOW_DOWN, "fewer requests"},
		{200, "WhatIsThis", S3T_SERVER, "WhatIsThis"},
		{200, "AccessDenied", S3T_DENIED, "denied"},
	};
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct s3t_err err;
		assert_int_equal(judge_code(rows[i].status, rows[i].code, &err), rows[i].rc);
		assert_non_null(strstr(err.message, rows[i].part));
	}
}

static void a_status_without_a_body_is_enough(void **state)
{
	(void)state;
	static const struct {
		int status;
		enum s3t_rc rc;
		bool is_retried;
	} rows[] = {
		{301, S3T_REGION, true},
		{302, S3T_REGION, true},
		{307, S3T_REGION, true},
		{400, S3T_CLIENT, false},
		{401, S3T_AUTH, false},
		{403, S3T_DENIED, false},
		{404, S3T_NOT_FOUND, false},
		{405, S3T_UNSUPPORTED, false},
		{408, S3T_TIMEOUT, true},
		{409, S3T_CLIENT, false},
		{411, S3T_CLIENT, false},
		{412, S3T_CHANGED, false},
		{416, S3T_CHANGED, false},
		{429, S3T_SLOW_DOWN, true},
		{499, S3T_SERVER, true},
		{500, S3T_SERVER, true},
		{501, S3T_UNSUPPORTED, false},
		{502, S3T_SERVER, true},
		{503, S3T_SLOW_DOWN, true},
		{504, S3T_SERVER, true},
		{509, S3T_SERVER, true},
		{520, S3T_SERVER, true},
		{524, S3T_SERVER, true},
	};
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct s3t_err err;
		assert_int_equal(judge(rows[i].status, "", "", &err), rows[i].rc);
		assert_true(s3t_rc_is_retryable(err.rc) == rows[i].is_retried);
		assert_string_equal(err.code, "");
	}
}

/* The error document of RGW; it crashed another client. */
static void an_empty_message_is_no_trouble(void **state)
{
	(void)state;
	static const char *const bodies[] = {
		"<?xml version=\"1.0\" "
		"encoding=\"UTF-8\"?><Error><Code>Odd</Code><Message></Message>"
		"<RequestId>tx1</RequestId></Error>",
		"<Error><Code>Odd</Code><Message/><RequestId>tx1</RequestId></Error>",
		"  \n<Error><Code>Odd</Code><RequestId>tx1</RequestId></Error>\n",
	};
	for (size_t i = 0; i < COUNT(bodies); i++) {
		struct s3t_err err;
		assert_int_equal(judge(400, "", bodies[i], &err), S3T_CLIENT);
		assert_string_equal(err.code, "Odd");
		assert_string_equal(err.request_id, "tx1");
		assert_non_null(strstr(err.message, "Odd (400)"));
	}
}

static void bodies_that_are_no_error_document_fall_back_on_the_status(void **state)
{
	(void)state;
	static const char *const bodies[] = {"<html><body>Bad gateway</body></html>", "gateway",
		"<Error><Code>NoSuch", "<Error><Code></Code></Error>", "{\"error\":1}",
		"\x1b[31m\xff",
		("<!DOCTYPE x [<!ENTITY a SYSTEM \"file:///etc/passwd\">]><Error><Code>&a;</Code>"
		 "</Error>"),
		"<Error>", "<>", "<a><b></a></b>"};
	for (size_t i = 0; i < COUNT(bodies); i++) {
		struct s3t_err err;
		assert_int_equal(judge(502, "", bodies[i], &err), S3T_SERVER);
		assert_true(s3t_rc_is_retryable(err.rc));
		assert_null(strstr(err.message, "root:"));
	}
	struct s3t_err err;
	assert_int_equal(judge_of(404, "", SV("a\0b<"), SV("demo"), SV("k"), &err), S3T_NOT_FOUND);
}

static void an_error_document_without_end_is_not_read(void **state)
{
	(void)state;
	struct strbuf body;
	strbuf_init(&body);
	strbuf_add_str(&body, "<Error><Code>NoSuchKey</Code><Message>");
	while (body.len < XML_CAP_ERROR)
		strbuf_add_str(&body, "endless ");
	strbuf_add_str(&body, "</Message></Error>");
	struct s3t_err err;
	assert_int_equal(judge(500, "", body.data, &err), S3T_SERVER);
	strbuf_deinit(&body);
}

static bool is_clean(const char *text)
{
	for (const unsigned char *p = (const unsigned char *)text; *p; p++)
		if (*p < 0x20 || *p == 0x7f || (*p == 0xc2 && p[1] < 0xa0) ||
			(*p == 0xe2 && p[1] == 0x80 && p[2] == 0xae))
			return false;
	return utf8_is_valid(sv(text));
}

/* T1, T19 */
static void escapes_of_any_origin_are_made_visible(void **state)
{
	(void)state;
	static const char evil[] = "a&#x1b;b\xe2\x80\xae"
				   "c\xc2\x9b"
				   "d\r\n\x7f";
	struct s3t_err err;
	char *body = s3t_asprintf("<Error><Code>C%s</Code><Message>M%s</Message><RequestId>R%s"
				  "</RequestId><Region>G%s</Region></Error>",
		evil, evil, evil, evil);
	judge_of(400, "", sv(body), SV("b\x1b]0;x\x07"), SV("k\r\x1b[2J\xff\xe2\x80\xae"), &err);
	assert_true(err.code[0] == 'C' && is_clean(err.code));
	assert_true(is_clean(err.message));
	assert_true(err.request_id[0] == 'R' && is_clean(err.request_id));
	assert_true(is_clean(err.region));
	assert_non_null(strstr(err.message, "\\x1b"));
	free(body);
	judge(500, "x-amz-request-id: id\x1b]0;owned\x07\n", "", &err);
	assert_memory_equal(err.request_id, "id", 2);
	assert_true(is_clean(err.request_id));
}

/* T9: what becomes part of a host name is a region or nothing. */
static void what_is_no_region_is_not_taken_for_one(void **state)
{
	(void)state;
	static const char *const bad[] = {"x@evil.example/", "evil.example/", "a.b", "eu west",
		"eu-west-1#", "eu-west-1?x", "EU/", "-\x1b[m", "eu_west:80"};
	struct s3t_err err;
	for (size_t i = 0; i < COUNT(bad); i++) {
		char *header = s3t_asprintf("x-amz-bucket-region: %s\n", bad[i]);
		char *body = s3t_asprintf("<Error><Code>PermanentRedirect</Code><Region>%s</Region>"
					  "</Error>",
			bad[i]);
		assert_int_equal(judge(301, header, "", &err), S3T_REGION);
		assert_string_equal(err.region, "");
		assert_int_equal(judge(301, "", body, &err), S3T_REGION);
		assert_string_equal(err.region, "");
		free(header);
		free(body);
	}
}

static void regions_and_request_ids_are_found(void **state)
{
	(void)state;
	struct s3t_err err;
	judge(301, "x-amz-bucket-region: eu-west-1\nX-Amz-Request-Id: h1\n", "", &err);
	assert_string_equal(err.region, "eu-west-1");
	assert_string_equal(err.request_id, "h1");
	judge(400, "",
		"<Error><Code>AuthorizationHeaderMalformed</Code><Region>ap-south-1</Region>"
		"<RequestId>b1</RequestId></Error>",
		&err);
	assert_string_equal(err.region, "ap-south-1");
	assert_string_equal(err.request_id, "b1");
	judge(301, "x-amz-bucket-region: eu-west-1\n",
		"<Error><Code>PermanentRedirect</Code><Region>ap-south-1</Region></Error>", &err);
	assert_string_equal(err.region, "eu-west-1");
}

static void only_the_document_itself_names_the_code(void **state)
{
	(void)state;
	struct s3t_err err;
	judge(400, "",
		"<Error><Details><Code>NoSuchKey</Code></Details><Code>BadDigest</Code>"
		"<Code>NoSuchBucket</Code></Error>",
		&err);
	assert_string_equal(err.code, "BadDigest");
	judge(404, "",
		"<s3:Error xmlns:s3=\"http://s3.amazonaws.com/doc/2006-03-01/\">"
		"<s3:Code>NoSuchBucket</s3:Code></s3:Error>",
		&err);
	assert_string_equal(err.code, "NoSuchBucket");
}

static void long_names_and_messages_are_cut_at_whole_characters(void **state)
{
	(void)state;
	struct strbuf key, body;
	for (size_t shift = 0; shift < 4; shift++) {
		struct s3t_err err;
		strbuf_init(&key);
		strbuf_init(&body);
		strbuf_add(&key, "xxxx", shift);
		strbuf_add_str(&body, "<Error><Code>Odd</Code><Message>");
		strbuf_add(&body, "xxxx", shift);
		for (int i = 0; i < 300; i++) {
			strbuf_add_str(&key, "\xe2\x82\xac");
			strbuf_add_str(&body, "\xe2\x82\xac");
		}
		strbuf_add_str(&body, "</Message></Error>");
		judge_of(404, "", SV(""), SV("demo"), strbuf_view(&key), &err);
		assert_true(strlen(err.message) < 300);
		judge_of(400, "", strbuf_view(&body), SV("demo"), SV("k"), &err);
		strbuf_deinit(&key);
		strbuf_deinit(&body);
	}
}

static void errors_of_the_service_name_no_bucket(void **state)
{
	(void)state;
	struct s3t_err err;
	judge_of(403, "", SV("<Error><Code>AccessDenied</Code></Error>"), SV(""), SV(""), &err);
	assert_string_equal(err.message, "Access to the service is denied.");
	judge_of(403, "", SV("<Error><Code>AccessDenied</Code></Error>"), SV("demo"), SV(""), &err);
	assert_string_equal(err.message, "Access to demo is denied.");
}

static void nobody_needs_to_want_the_details(void **state)
{
	(void)state;
	struct http_response resp;
	http_response_init(&resp);
	resp.status = 404;
	assert_int_equal(s3_error_from(&resp, SV("b"), SV("k"), NULL), S3T_NOT_FOUND);
	http_response_deinit(&resp);
}

static void etags_lose_quotes_and_the_weak_mark(void **state)
{
	(void)state;
	static const char *const rows[][2] = {
		{"\"abc\"", "abc"},
		{"abc", "abc"},
		{"W/\"abc\"", "abc"},
		{" \"abc-12\" ", "abc-12"},
		{"\"", "\""},
		{"\"\"", ""},
		{"", ""},
	};
	char out[S3_ETAG_MAX];
	for (size_t i = 0; i < COUNT(rows); i++) {
		s3_clean_etag(sv(rows[i][0]), out);
		assert_string_equal(out, rows[i][1]);
	}
	char text[500];
	memset(text, 'e', sizeof text);
	s3_clean_etag(sv_n(text, sizeof text), out);
	assert_int_equal(strlen(out), S3_ETAG_MAX - 1);
}

static int start(void **state)
{
	(void)state;
	xml_global_init();
	return 0;
}

static int stop(void **state)
{
	(void)state;
	xml_global_cleanup();
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(codes_become_results_and_sentences),
		cmocka_unit_test(a_status_without_a_body_is_enough),
		cmocka_unit_test(an_empty_message_is_no_trouble),
		cmocka_unit_test(bodies_that_are_no_error_document_fall_back_on_the_status),
		cmocka_unit_test(an_error_document_without_end_is_not_read),
		cmocka_unit_test(escapes_of_any_origin_are_made_visible),
		cmocka_unit_test(what_is_no_region_is_not_taken_for_one),
		cmocka_unit_test(regions_and_request_ids_are_found),
		cmocka_unit_test(only_the_document_itself_names_the_code),
		cmocka_unit_test(long_names_and_messages_are_cut_at_whole_characters),
		cmocka_unit_test(errors_of_the_service_name_no_bucket),
		cmocka_unit_test(nobody_needs_to_want_the_details),
		cmocka_unit_test(etags_lose_quotes_and_the_weak_mark),
	};
	return cmocka_run_group_tests(tests, start, stop);
}
