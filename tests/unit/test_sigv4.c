/*
 * Signatures against the published examples: "Authenticating Requests: Using the Authorization
 * Header" and "… Using Query Parameters" of the S3 API reference, and the SigV4 test suite.
 */
#include "core/sigv4.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#define COUNT(array) (sizeof(array) / sizeof *(array))
#define ACCESS_KEY SV("AKIAIOSFODNN7EXAMPLE")
#define SECRET SV("wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY")
#define DAY INT64_C(1369353600) /* 2013-05-24T00:00:00Z */
#define HOST                                                     \
	{                                                        \
		SV("Host"), SV("examplebucket.s3.amazonaws.com") \
	}
#define DATE                                             \
	{                                                \
		SV("x-amz-date"), SV("20130524T000000Z") \
	}
#define EMPTY_HASH                                                 \
	{                                                          \
		SV("x-amz-content-sha256"), SV(SIGV4_EMPTY_SHA256) \
	}

static struct sigv4_key s3_key(void)
{
	struct sigv4_key key;
	sigv4_derive_key(SECRET, DAY, "us-east-1", "s3", &key);
	return key;
}

static struct sigv4_request request(const char *method, struct strview path)
{
	return (struct sigv4_request){.method = method,
		.path = path,
		.payload_hash = SV(SIGV4_EMPTY_SHA256),
		.region = "us-east-1",
		.service = "s3",
		.when_s = DAY};
}

static void assert_authorization(
	const struct sigv4_request *req, const char *signed_headers, const char *signature)
{
	struct sigv4_key key = s3_key();
	char *wanted = s3t_asprintf("AWS4-HMAC-SHA256 "
				    "Credential=AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/"
				    "aws4_request,SignedHeaders=%s,Signature=%s",
		signed_headers, signature);
	struct strbuf out;
	strbuf_init(&out);
	sigv4_authorization(&out, req, ACCESS_KEY, &key);
	assert_string_equal(out.data, wanted);
	strbuf_deinit(&out);
	free(wanted);
}

static void the_signing_key_is_the_published_one(void **state)
{
	(void)state;
	struct sigv4_key key;
	struct strbuf hex;
	strbuf_init(&hex);
	sigv4_derive_key(SV("wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"), 1329264000, "us-east-1",
		"iam", &key);
	hex_encode(&hex, key.bytes, sizeof key.bytes);
	assert_string_equal(
		hex.data, "f4780e2d9f65fa895f9c67b32ce1baf0b0d8a43505a000a1a9e090d414db404d");
	strbuf_deinit(&hex);
}

static void the_signing_key_is_that_of_the_whole_utc_day(void **state)
{
	(void)state;
	struct sigv4_key first, last, next, before;
	sigv4_derive_key(SECRET, DAY, "us-east-1", "s3", &first);
	sigv4_derive_key(SECRET, DAY + 86399, "us-east-1", "s3", &last);
	sigv4_derive_key(SECRET, DAY + 86400, "us-east-1", "s3", &next);
	sigv4_derive_key(SECRET, DAY - 1, "us-east-1", "s3", &before);
	assert_memory_equal(first.bytes, last.bytes, sizeof first.bytes);
	assert_memory_not_equal(first.bytes, next.bytes, sizeof first.bytes);
	assert_memory_not_equal(first.bytes, before.bytes, sizeof first.bytes);
}

static void get_object_with_a_range_is_signed_as_published(void **state)
{
	(void)state;
	const struct sigv4_pair headers[] = {
		HOST, {SV("Range"), SV("bytes=0-9")}, EMPTY_HASH, DATE};
	struct sigv4_request req = request("GET", SV("/test.txt"));
	req.headers = headers;
	req.header_count = COUNT(headers);
	assert_authorization(&req, "host;range;x-amz-content-sha256;x-amz-date",
		"f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41");
}

static void put_object_with_a_dollar_in_its_key_is_signed_as_published(void **state)
{
	(void)state;
	unsigned char hash[SHA256_LEN];
	struct strbuf payload;
	strbuf_init(&payload);
	sha256(SV("Welcome to Amazon S3."), hash);
	hex_encode(&payload, hash, sizeof hash);
	const struct sigv4_pair headers[] = {{SV("x-amz-storage-class"), SV("REDUCED_REDUNDANCY")},
		DATE, {SV("x-amz-content-sha256"), strbuf_view(&payload)},
		{SV("Date"), SV("Fri, 24 May 2013 00:00:00 GMT")}, HOST};
	struct sigv4_request req = request("PUT", SV("/test%24file.text"));
	req.headers = headers;
	req.header_count = COUNT(headers);
	req.payload_hash = strbuf_view(&payload);
	assert_authorization(&req, "date;host;x-amz-content-sha256;x-amz-date;x-amz-storage-class",
		"98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd");
	strbuf_deinit(&payload);
}

static void get_bucket_lifecycle_is_signed_as_published(void **state)
{
	(void)state;
	const struct sigv4_pair headers[] = {HOST, DATE, EMPTY_HASH};
	const struct sigv4_pair query[] = {{SV("lifecycle"), SV("")}};
	struct sigv4_request req = request("GET", SV("/"));
	req.headers = headers;
	req.header_count = COUNT(headers);
	req.query = query;
	req.query_count = COUNT(query);
	struct strbuf canonical, names;
	strbuf_init(&canonical);
	strbuf_init(&names);
	sigv4_canonical_request(&canonical, &names, &req);
	assert_string_equal(canonical.data,
		"GET\n/\nlifecycle=\n"
		"host:examplebucket.s3.amazonaws.com\n"
		"x-amz-content-sha256:" SIGV4_EMPTY_SHA256 "\n"
		"x-amz-date:20130524T000000Z\n\n"
		"host;x-amz-content-sha256;x-amz-date\n" SIGV4_EMPTY_SHA256);
	assert_string_equal(names.data, "host;x-amz-content-sha256;x-amz-date");
	strbuf_deinit(&canonical);
	strbuf_deinit(&names);
	assert_authorization(&req, "host;x-amz-content-sha256;x-amz-date",
		"fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543");
}

static void list_objects_is_signed_as_published(void **state)
{
	(void)state;
	const struct sigv4_pair headers[] = {HOST, DATE, EMPTY_HASH};
	const struct sigv4_pair query[] = {{SV("prefix"), SV("J")}, {SV("max-keys"), SV("2")}};
	struct sigv4_request req = request("GET", SV("/"));
	req.headers = headers;
	req.header_count = COUNT(headers);
	req.query = query;
	req.query_count = COUNT(query);
	assert_authorization(&req, "host;x-amz-content-sha256;x-amz-date",
		"34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7");
}

static void a_presigned_get_is_the_published_url(void **state)
{
	(void)state;
	const struct sigv4_pair headers[] = {HOST};
	struct sigv4_request req = request("GET", SV("/test.txt"));
	req.headers = headers;
	req.header_count = COUNT(headers);
	struct sigv4_key key = s3_key();
	struct strbuf out;
	strbuf_init(&out);
	sigv4_presigned_query(&out, &req, ACCESS_KEY, SV(""), 86400, &key);
	assert_string_equal(out.data,
		"X-Amz-Algorithm=AWS4-HMAC-SHA256"
		"&X-Amz-Credential=AKIAIOSFODNN7EXAMPLE%2F20130524%2Fus-east-1%2Fs3%2Faws4_request"
		"&X-Amz-Date=20130524T000000Z&X-Amz-Expires=86400&X-Amz-SignedHeaders=host"
		"&X-Amz-Signature="
		"aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404");
	strbuf_deinit(&out);
}

/* The signature covers every parameter: the token, the caller's own, and the expiry. */
static void a_presigned_url_signs_its_token_and_the_callers_parameters(void **state)
{
	(void)state;
	const struct sigv4_pair headers[] = {HOST};
	const struct sigv4_pair query[] = {
		{SV("versionId"), SV("a/b")}, {SV("response-content-type"), SV("text/plain")}};
	struct sigv4_request req = request("GET", SV("/test.txt"));
	req.headers = headers;
	req.header_count = COUNT(headers);
	req.query = query;
	req.query_count = COUNT(query);
	req.payload_hash = SV("ignored");
	struct sigv4_key key = s3_key();
	struct strbuf out;
	strbuf_init(&out);
	sigv4_presigned_query(&out, &req, ACCESS_KEY, SV("to/ken=="), 60, &key);

	static const char unsigned_part[] =
		"X-Amz-Algorithm=AWS4-HMAC-SHA256"
		"&X-Amz-Credential=AKIAIOSFODNN7EXAMPLE%2F20130524%2Fus-east-1%2Fs3%2Faws4_request"
		"&X-Amz-Date=20130524T000000Z&X-Amz-Expires=60"
		"&X-Amz-Security-Token=to%2Fken%3D%3D&X-Amz-SignedHeaders=host"
		"&response-content-type=text%2Fplain&versionId=a%2Fb";
	struct strbuf canonical, wanted;
	strbuf_init(&canonical);
	strbuf_init(&wanted);
	strbuf_addf(&canonical,
		"GET\n/test.txt\n%s\nhost:examplebucket.s3.amazonaws.com\n\nhost\nUNSIGNED-PAYLOAD",
		unsigned_part);
	strbuf_addf(&wanted, "%s&X-Amz-Signature=", unsigned_part);
	sigv4_signature(&wanted, &req, strbuf_view(&canonical), &key);
	assert_string_equal(out.data, wanted.data);
	strbuf_deinit(&canonical);
	strbuf_deinit(&wanted);
	strbuf_deinit(&out);
}

static void the_query_is_sorted_by_encoded_name_and_value(void **state)
{
	(void)state;
	const struct {
		struct sigv4_pair query[4];
		size_t count;
		const char *canonical;
	} rows[] = {
		{{{SV(""), SV("")}}, 0, ""},
		{{{SV("acl"), SV("")}}, 1, "acl="},
		{{{SV("b"), SV("1")}, {SV("a"), SV("2")}}, 2, "a=2&b=1"},
		{{{SV("a"), SV("2")}, {SV("a"), SV("10")}, {SV("a"), SV("")}}, 3, "a=&a=10&a=2"},
		{{{SV("b"), SV("")}, {SV("A"), SV("")}, {SV("_"), SV("")}, {SV("a"), SV("")}}, 4,
			"A=&_=&a=&b="},
		/* a name that begins with another comes after it, whatever its next character */
		{{{SV("a-b"), SV("1")}, {SV("a"), SV("z")}, {SV("a.b"), SV("2")},
			 {SV("a/b"), SV("3")}},
			4, "a=z&a%2Fb=3&a-b=1&a.b=2"},
		{{{SV("prefix"), SV("a b+c&d=e/\xc3\xa9~")}}, 1,
			"prefix=a%20b%2Bc%26d%3De%2F%C3%A9~"},
		{{{SV("p"), SV("a\0b")}, {SV("p"), SV("a\x01")}}, 2, "p=a%00b&p=a%01"},
	};
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct strbuf out;
		strbuf_init(&out);
		sigv4_canonical_query(&out, rows[i].query, rows[i].count);
		assert_string_equal(out.data, rows[i].canonical);
		strbuf_deinit(&out);
	}
}

static void header_names_are_lowered_and_sorted_and_values_trimmed(void **state)
{
	(void)state;
	const struct sigv4_pair headers[] = {{SV("X-Amz-Meta-B"), SV("  a   b  c ")},
		{SV("X-Amz-Meta"), SV("short")}, {SV("Host"), SV("h:9000")},
		{SV("X-Amz-Meta-A"), SV("")}, {SV("x-amz-meta-b-c"), SV("\"a  b\"")}};
	struct sigv4_request req = request("HEAD", SV("/k"));
	req.headers = headers;
	req.header_count = COUNT(headers);
	req.payload_hash = SV(SIGV4_UNSIGNED);
	struct strbuf canonical, names;
	strbuf_init(&canonical);
	strbuf_init(&names);
	sigv4_canonical_request(&canonical, &names, &req);
	assert_string_equal(names.data, "host;x-amz-meta;x-amz-meta-a;x-amz-meta-b;x-amz-meta-b-c");
	assert_string_equal(canonical.data,
		"HEAD\n/k\n\nhost:h:9000\nx-amz-meta:short\nx-amz-meta-a:\nx-amz-meta-b:a b c\n"
		"x-amz-meta-b-c:\"a b\"\n\n"
		"host;x-amz-meta;x-amz-meta-a;x-amz-meta-b;x-amz-meta-b-c\nUNSIGNED-PAYLOAD");
	strbuf_deinit(&canonical);
	strbuf_deinit(&names);
}

static void another_region_service_and_time_match_the_test_suite(void **state)
{
	(void)state;
	const struct sigv4_pair headers[] = {{SV("Host"), SV("example.amazonaws.com")},
		{SV("X-Amz-Date"), SV("20150830T123600Z")}};
	const struct sigv4_pair query[] = {
		{SV("Param2"), SV("value2")}, {SV("Param1"), SV("value1")}};
	static const char *const signatures[] = {
		"5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31",
		"b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500"};
	struct sigv4_key key;
	sigv4_derive_key(SV("wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"), 1440938160, "us-east-1",
		"service", &key);
	for (size_t i = 0; i < COUNT(signatures); i++) {
		struct sigv4_request req = {.method = "GET",
			.path = SV("/"),
			.query = query,
			.query_count = i ? COUNT(query) : 0,
			.headers = headers,
			.header_count = COUNT(headers),
			.payload_hash = SV(SIGV4_EMPTY_SHA256),
			.region = "us-east-1",
			.service = "service",
			.when_s = 1440938160};
		struct strbuf out;
		strbuf_init(&out);
		sigv4_authorization(&out, &req, SV("AKIDEXAMPLE"), &key);
		assert_true(sv_ends_with(strbuf_view(&out), sv(signatures[i])));
		assert_true(sv_starts_with(strbuf_view(&out),
			SV("AWS4-HMAC-SHA256 "
			   "Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request,")));
		strbuf_deinit(&out);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_signing_key_is_the_published_one),
		cmocka_unit_test(the_signing_key_is_that_of_the_whole_utc_day),
		cmocka_unit_test(get_object_with_a_range_is_signed_as_published),
		cmocka_unit_test(put_object_with_a_dollar_in_its_key_is_signed_as_published),
		cmocka_unit_test(get_bucket_lifecycle_is_signed_as_published),
		cmocka_unit_test(list_objects_is_signed_as_published),
		cmocka_unit_test(a_presigned_get_is_the_published_url),
		cmocka_unit_test(a_presigned_url_signs_its_token_and_the_callers_parameters),
		cmocka_unit_test(the_query_is_sorted_by_encoded_name_and_value),
		cmocka_unit_test(header_names_are_lowered_and_sorted_and_values_trimmed),
		cmocka_unit_test(another_region_service_and_time_match_the_test_suite),
	};
	return cmocka_run_group_tests_name("sigv4", tests, NULL, NULL);
}
