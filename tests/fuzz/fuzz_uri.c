/* Percent-encoding, s3://bucket/key, endpoints and bucket names. */
#include "core/uri.h"

#include "fuzz.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc;
	(void)argv;
	return 0;
}

static void check_encoding(struct strview s, bool keep_slash)
{
	struct strbuf encoded, decoded;
	strbuf_init(&encoded);
	strbuf_init(&decoded);
	uri_encode(&encoded, s, keep_slash);
	for (size_t i = 0; i < encoded.len; i++) {
		unsigned char c = (unsigned char)encoded.data[i];
		if (c == '%') {
			CHECK(i + 2 < encoded.len && isxdigit((unsigned char)encoded.data[i + 1]) &&
				isxdigit((unsigned char)encoded.data[i + 2]) &&
				!islower((unsigned char)encoded.data[i + 1]) &&
				!islower((unsigned char)encoded.data[i + 2]));
			continue;
		}
		CHECK(c < 0x80 && (isalnum(c) || strchr("-._~", c) || (c == '/' && keep_slash)));
	}
	/* it has neither '+' nor ' ': both ways of decoding give it back */
	for (int plus = 0; plus < 2; plus++) {
		strbuf_reset(&decoded);
		uri_decode(&decoded, strbuf_view(&encoded), plus);
		CHECK(sv_eq(strbuf_view(&decoded), s));
	}
	strbuf_reset(&decoded);
	uri_decode(&decoded, s, true);
	CHECK(decoded.len <= s.len);
	CHECK(sv_find(s, '%') < s.len || decoded.len == s.len);
	strbuf_deinit(&encoded);
	strbuf_deinit(&decoded);
}

static void check_s3(struct strview s)
{
	struct s3_uri uri;
	if (!uri_parse_s3(s, &uri)) {
		CHECK(!uri_is_s3(s));
		return;
	}
	struct strbuf again;
	strbuf_init(&again);
	strbuf_add_str(&again, "s3://");
	strbuf_add_sv(&again, uri.bucket);
	if (uri.has_slash)
		strbuf_add_char(&again, '/');
	strbuf_add_sv(&again, uri.key);
	CHECK(sv_eq(strbuf_view(&again), s));
	CHECK(sv_find(uri.bucket, '/') == uri.bucket.len);
	CHECK(uri.has_slash || uri.key.len == 0);
	strbuf_deinit(&again);
}

static void print_endpoint(struct strbuf *out, const struct endpoint *e)
{
	bool has_colon = strchr(e->host, ':') != NULL;
	strbuf_addf(out, "%s://%s%s%s", e->is_https ? "https" : "http", has_colon ? "[" : "",
		e->host, has_colon ? "]" : "");
	if (e->port)
		strbuf_addf(out, ":%u", e->port);
	strbuf_add_str(out, e->base_path);
}

static void check_endpoint(struct strview s)
{
	struct endpoint e, again;
	struct s3t_err err;
	enum s3t_rc rc = endpoint_parse(s, &e, &err);
	fuzz_check_err(rc, &err);
	if (rc != S3T_OK) {
		CHECK(!e.host && !e.base_path);
		return;
	}
	CHECK(*e.host && e.port <= 65535);
	for (const char *p = e.host; *p; p++)
		CHECK(!isupper((unsigned char)*p) &&
			(isalnum((unsigned char)*p) || strchr("-._:", *p)));
	for (const char *p = e.base_path; *p; p++)
		CHECK((unsigned char)*p > ' ' && *p != 0x7f && *p != '?' && *p != '#');
	size_t len = strlen(e.base_path);
	CHECK(len == 0 || (e.base_path[0] == '/' && e.base_path[len - 1] != '/'));
	(void)host_is_loopback(e.host);
	struct strbuf text;
	strbuf_init(&text);
	print_endpoint(&text, &e);
	CHECK(endpoint_parse(strbuf_view(&text), &again, &err) == S3T_OK);
	CHECK(strcmp(e.host, again.host) == 0 && strcmp(e.base_path, again.base_path) == 0);
	CHECK(e.port == again.port && e.is_https == again.is_https && e.is_ip == again.is_ip);
	strbuf_deinit(&text);
	endpoint_deinit(&e);
	endpoint_deinit(&again);
}

static void check_bucket(struct strview s)
{
	if (!bucket_is_valid(s)) {
		CHECK(!bucket_is_dns_label(s));
		return;
	}
	struct strbuf encoded;
	strbuf_init(&encoded);
	uri_encode(&encoded, s, false);
	CHECK(sv_eq(strbuf_view(&encoded), s)); /* nothing in it needs quoting */
	CHECK(s.len >= 3 && s.len <= 63 && !memmem(s.data, s.len, "..", 2));
	strbuf_deinit(&encoded);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct strview s = sv_n((const char *)data, size);
	check_encoding(s, false);
	check_encoding(s, true);
	check_s3(s);
	check_endpoint(s);
	check_bucket(s);
	return 0;
}
