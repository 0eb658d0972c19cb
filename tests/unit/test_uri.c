/* Percent-encoding, s3:// names, endpoints, bucket names. */
#include "core/uri.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define COUNT(array) (sizeof(array) / sizeof *(array))
/* SV() as a constant initialiser. */
#define LIT(literal)                           \
	{                                      \
		(literal), sizeof(literal) - 1 \
	}

static void assert_view(struct strview got, struct strview wanted)
{
	assert_int_equal(got.len, wanted.len);
	assert_memory_equal(got.data, wanted.data, wanted.len);
}

static void only_unreserved_characters_stay_unencoded(void **state)
{
	(void)state;
	static const struct {
		struct strview in;
		const char *path, *value;
	} rows[] = {
		{{"", 0}, "", ""},
		{{"AZaz09-._~", 10}, "AZaz09-._~", "AZaz09-._~"},
		{{"a/b", 3}, "a/b", "a%2Fb"},
		{{"//", 2}, "//", "%2F%2F"},
		{{"a b+c", 5}, "a%20b%2Bc", "a%20b%2Bc"},
		{{"test$file.text", 14}, "test%24file.text", "test%24file.text"},
		{{"!'()*", 5}, "%21%27%28%29%2A", "%21%27%28%29%2A"},
		{{"%41", 3}, "%2541", "%2541"},
		{{"\xc3\xa9", 2}, "%C3%A9", "%C3%A9"},
		{{"a\0b", 3}, "a%00b", "a%00b"},
		{{"\x1f\x7f\x80\xff", 4}, "%1F%7F%80%FF", "%1F%7F%80%FF"},
	};
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct strbuf out;
		strbuf_init(&out);
		uri_encode(&out, rows[i].in, true);
		assert_string_equal(out.data, rows[i].path);
		strbuf_reset(&out);
		uri_encode(&out, rows[i].in, false);
		assert_string_equal(out.data, rows[i].value);
		strbuf_deinit(&out);
	}
}

static void every_byte_survives_encoding_and_decoding(void **state)
{
	(void)state;
	char all[256];
	for (int i = 0; i < 256; i++)
		all[i] = (char)i;
	for (int mode = 0; mode < 4; mode++) {
		struct strbuf encoded, decoded;
		strbuf_init(&encoded);
		strbuf_init(&decoded);
		uri_encode(&encoded, sv_n(all, sizeof all), mode & 1);
		uri_decode(&decoded, strbuf_view(&encoded), mode & 2);
		assert_int_equal(decoded.len, sizeof all);
		assert_memory_equal(decoded.data, all, sizeof all);
		strbuf_deinit(&encoded);
		strbuf_deinit(&decoded);
	}
}

static void percent_signs_without_two_hex_digits_stay(void **state)
{
	(void)state;
	static const struct {
		struct strview in, plain, form;
	} rows[] = {
		{{"a%2Fb", 5}, {"a/b", 3}, {"a/b", 3}},
		{{"%c3%A9", 6}, {"\xc3\xa9", 2}, {"\xc3\xa9", 2}},
		{{"%00", 3}, {"\0", 1}, {"\0", 1}},
		{{"%2541", 5}, {"%41", 3}, {"%41", 3}},
		{{"a+b%2Bc", 7}, {"a+b+c", 5}, {"a b+c", 5}},
		{{"%", 1}, {"%", 1}, {"%", 1}},
		{{"%4", 2}, {"%4", 2}, {"%4", 2}},
		{{"%4g%g4%%41", 10}, {"%4g%g4%A", 8}, {"%4g%g4%A", 8}},
		{{"%+1", 3}, {"%+1", 3}, {"% 1", 3}},
		{{"100%", 4}, {"100%", 4}, {"100%", 4}},
	};
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct strbuf out;
		strbuf_init(&out);
		uri_decode(&out, rows[i].in, false);
		assert_view(strbuf_view(&out), rows[i].plain);
		strbuf_reset(&out);
		uri_decode(&out, rows[i].in, true);
		assert_view(strbuf_view(&out), rows[i].form);
		strbuf_deinit(&out);
	}
}

static void an_s3_name_is_split_and_its_key_kept_as_it_is(void **state)
{
	(void)state;
	static const struct {
		struct strview text, bucket, key;
		bool has_slash;
	} rows[] = {
		{{"s3://", 5}, {"", 0}, {"", 0}, false},
		{{"s3://b", 6}, {"b", 1}, {"", 0}, false},
		{{"s3://b/", 7}, {"b", 1}, {"", 0}, true},
		{{"s3:///k", 7}, {"", 0}, {"k", 1}, true},
		{{"s3://b/a/c.txt", 14}, {"b", 1}, {"a/c.txt", 7}, true},
		{{"s3://b//a", 9}, {"b", 1}, {"/a", 2}, true},
		{{"s3://b/../x", 11}, {"b", 1}, {"../x", 4}, true},
		{{"s3://b/%41?x#y*", 15}, {"b", 1}, {"%41?x#y*", 8}, true},
		{{"s3://b/s3://c", 13}, {"b", 1}, {"s3://c", 6}, true},
		{{"s3://b/a\0b", 10}, {"b", 1}, {"a\0b", 3}, true},
	};
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct s3_uri u;
		assert_true(uri_is_s3(rows[i].text));
		assert_true(uri_parse_s3(rows[i].text, &u));
		assert_view(u.bucket, rows[i].bucket);
		assert_view(u.key, rows[i].key);
		assert_int_equal(u.has_slash, rows[i].has_slash);
	}
	static const char *const bad[] = {"", "s3", "s3:", "s3:/", "s3:/b/k", "S3://b", "b/k",
		"./s3://b", "https://b/k", " s3://b"};
	for (size_t i = 0; i < COUNT(bad); i++) {
		struct s3_uri u;
		assert_false(uri_is_s3(sv(bad[i])));
		assert_false(uri_parse_s3(sv(bad[i]), &u));
	}
}

static void endpoints_are_taken_apart(void **state)
{
	(void)state;
	static const struct {
		const char *text;
		bool is_https;
		const char *host;
		unsigned port;
		const char *base_path;
		bool is_ip;
	} rows[] = {
		{"https://s3.amazonaws.com", true, "s3.amazonaws.com", 0, "", false},
		{"s3.amazonaws.com", true, "s3.amazonaws.com", 0, "", false},
		{"http://localhost:9000/", false, "localhost", 9000, "", false},
		{"localhost:9000", true, "localhost", 9000, "", false},
		{"https://S3.Example.COM:443//", true, "s3.example.com", 443, "", false},
		{"https://host/swift/s3/", true, "host", 0, "/swift/s3", false},
		{"http://127.0.0.1:65535", false, "127.0.0.1", 65535, "", true},
		{"http://[::1]:9000/x", false, "::1", 9000, "/x", true},
		{"https://[2001:DB8::1]", true, "2001:db8::1", 0, "", true},
		{"http://under_score", false, "under_score", 0, "", false},
	};
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct endpoint e;
		struct s3t_err err = {0};
		if (endpoint_parse(sv(rows[i].text), &e, &err) != S3T_OK)
			fail_msg("%s: %s", rows[i].text, err.message);
		assert_int_equal(e.is_https, rows[i].is_https);
		assert_string_equal(e.host, rows[i].host);
		assert_int_equal(e.port, rows[i].port);
		assert_string_equal(e.base_path, rows[i].base_path);
		assert_int_equal(e.is_ip, rows[i].is_ip);
		endpoint_deinit(&e);
		assert_null(e.host);
		endpoint_deinit(&e);
	}
}

static void endpoints_that_hide_something_are_refused_with_a_sentence(void **state)
{
	(void)state;
	static const struct strview rows[] = {LIT(""), LIT("/"), LIT("http://"), LIT("https:///x"),
		LIT("https://user@host"), LIT("https://user:pass@host/x"), LIT("https://host?x=y"),
		LIT("https://host/#f"), LIT("https://host:"), LIT("https://host:0"),
		LIT("https://host:65536"), LIT("https://host:99999999999999999999"),
		LIT("https://host:-1"), LIT("https://host:80x"), LIT("https://ho st"),
		LIT("https://host\r\nX-Evil: 1"), LIT("https://[::1"), LIT("https://[]"),
		LIT("https://[::1]x"), LIT("https://::1"), LIT("https://:9000"),
		LIT("https://h\xc3\xb6st"), LIT("https://a,b"), LIT("https://$(id)"),
		LIT("https://host/a\r\nX-Evil: 1"), LIT("https://host/a b"),
		LIT("https://host/a\0b"), LIT("https://host/\x7f"), LIT("ftp://host"),
		LIT("file:///etc/passwd")};
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct endpoint e;
		struct s3t_err err = {0};
		if (endpoint_parse(rows[i], &e, &err) != S3T_INVALID)
			fail_msg("%s", rows[i].data);
		assert_true(err.message[0]);
		assert_null(e.host);
		endpoint_deinit(&e);
		assert_int_equal(endpoint_parse(rows[i], &e, NULL), S3T_INVALID);
	}
}

static void a_host_is_not_cut_at_a_nul(void **state)
{
	(void)state;
	struct endpoint e;
	enum s3t_rc rc = endpoint_parse(SV("https://good\0.evil.example"), &e, NULL);
	endpoint_deinit(&e);
	assert_int_equal(rc, S3T_INVALID);
}

static void only_an_address_stands_in_brackets(void **state)
{
	(void)state;
	static const char *const rows[] = {
		"https://[host]", "https://[127.0.0.1]", "https://[a:b]"};
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct endpoint e;
		enum s3t_rc rc = endpoint_parse(sv(rows[i]), &e, NULL);
		endpoint_deinit(&e);
		if (rc != S3T_INVALID)
			fail_msg("%s", rows[i]);
	}
}

static void a_refused_endpoint_does_not_show_its_password(void **state)
{
	(void)state;
	struct endpoint e;
	struct s3t_err err = {0};
	assert_int_equal(endpoint_parse(SV("https://me:hunter2@host"), &e, &err), S3T_INVALID);
	assert_null(strstr(err.message, "hunter2"));
}

static void loopback_hosts_are_known(void **state)
{
	(void)state;
	static const char *const yes[] = {"localhost", "LocalHost", "127.0.0.1", "127.1.2.3", "::1",
		"bucket.localhost", "a.b.localhost"};
	static const char *const no[] = {"", "localhost.example.com", "notlocalhost", ".localhost",
		"128.0.0.1", "126.255.255.255", "10.0.0.1", "0.0.0.0", "::", "::2",
		"127.0.0.1.example.com", "127.example.com", "localhos"};
	for (size_t i = 0; i < COUNT(yes); i++)
		if (!host_is_loopback(yes[i]))
			fail_msg("%s", yes[i]);
	for (size_t i = 0; i < COUNT(no); i++)
		if (host_is_loopback(no[i]))
			fail_msg("%s", no[i]);
}

static void bucket_names_follow_the_naming_rules(void **state)
{
	(void)state;
	static const struct {
		struct strview name;
		bool is_valid, is_label;
	} rows[] = {
		{LIT("abc"), true, true},
		{LIT("a-1"), true, true},
		{LIT("my.bucket"), true, false},
		{LIT("0bucket9"), true, true},
		{LIT("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"), true,
			true},
		{LIT("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"), false,
			false},
		{LIT("1.2.3"), true, false},
		{LIT("1.2.3.400"), true, false},
		{LIT(""), false, false},
		{LIT("ab"), false, false},
		{LIT("Abc"), false, false},
		{LIT("a_b"), false, false},
		{LIT("-abc"), false, false},
		{LIT("abc-"), false, false},
		{LIT(".abc"), false, false},
		{LIT("abc."), false, false},
		{LIT("a..b"), false, false},
		{LIT("192.168.5.4"), false, false},
		{LIT("a/b"), false, false},
		{LIT("a b"), false, false},
		{LIT("../x"), false, false},
		{LIT("a\0bc"), false, false},
		{LIT("b\xc3\xa9z"), false, false},
	};
	for (size_t i = 0; i < COUNT(rows); i++) {
		if (bucket_is_valid(rows[i].name) != rows[i].is_valid)
			fail_msg("%s", rows[i].name.data);
		if (bucket_is_dns_label(rows[i].name) != rows[i].is_label)
			fail_msg("%s as a label", rows[i].name.data);
	}
}

/* S3 User Guide, "Bucket naming rules": what S3 keeps for itself is not made, but used. */
static void names_that_are_s3s_own_are_for_use_only(void **state)
{
	static const char *const own[] = {"xn--bucket", "sthree-bucket", "amzn-s3-demo-bucket",
		"point-abc-s3alias", "lambda--ol-s3", "regions.mrap", "bucket--use1-az4--x-s3",
		"bucket--table-s3"};
	static const char *const old[] = {"Old_Bucket", "tenant:bucket", "UPPER"};
	static const char *const none[] = {"", "ab", "a b", "a/b", "a?b", "b\xc3\xa9z", "a\nb"};
	struct s3t_err err = {.rc = S3T_OK};
	char name[BUCKET_OLD_MAX + 2];
	(void)state;
	for (size_t i = 0; i < COUNT(own); i++) {
		assert_int_equal(bucket_check(sv(own[i]), &err), S3T_INVALID);
		assert_non_null(strstr(err.message, "S3's own"));
		assert_int_equal(bucket_check_use(sv(own[i]), &err), S3T_OK);
		assert_true(bucket_is_valid(sv(own[i])));
	}
	for (size_t i = 0; i < COUNT(old); i++) {
		assert_int_equal(bucket_check_use(sv(old[i]), &err), S3T_OK);
		assert_int_equal(bucket_check(sv(old[i]), &err), S3T_INVALID);
	}
	for (size_t i = 0; i < COUNT(none); i++)
		assert_int_equal(bucket_check_use(sv(none[i]), &err), S3T_INVALID);
	assert_int_equal(bucket_check_use(SV("a\0b"), &err), S3T_INVALID);
	memset(name, 'a', sizeof name);
	assert_int_equal(bucket_check_use(sv_n(name, BUCKET_OLD_MAX), &err), S3T_OK);
	assert_int_equal(bucket_check_use(sv_n(name, BUCKET_OLD_MAX + 1), &err), S3T_INVALID);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(only_unreserved_characters_stay_unencoded),
		cmocka_unit_test(every_byte_survives_encoding_and_decoding),
		cmocka_unit_test(percent_signs_without_two_hex_digits_stay),
		cmocka_unit_test(an_s3_name_is_split_and_its_key_kept_as_it_is),
		cmocka_unit_test(endpoints_are_taken_apart),
		cmocka_unit_test(endpoints_that_hide_something_are_refused_with_a_sentence),
		cmocka_unit_test(a_host_is_not_cut_at_a_nul),
		cmocka_unit_test(only_an_address_stands_in_brackets),
		cmocka_unit_test(a_refused_endpoint_does_not_show_its_password),
		cmocka_unit_test(loopback_hosts_are_known),
		cmocka_unit_test(bucket_names_follow_the_naming_rules),
		cmocka_unit_test(names_that_are_s3s_own_are_for_use_only),
	};
	return cmocka_run_group_tests_name("uri", tests, NULL, NULL);
}
