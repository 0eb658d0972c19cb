/*
 * The client over a scripted transport: what it sends, byte by byte, and what it makes of answers
 * that no good server gives. Nothing here touches the network.
 */
#include "core/s3_document.h"
#include "core/s3_lifecycle.h"
#include "core/text.h"
#include "core/timeutil.h"
#include "core/xml.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <cmocka.h>

#define COUNT(array) (sizeof(array) / sizeof *(array))
#define OWN_ENDPOINT "endpoint = http://s3.example.test:9000\n"
#define KEYS "access_key_id = AKEXAMPLE\nsecret_access_key = canary-SECRET-canary\n"
#define CANARY "canary"
#define FAST "[retry]\ninitial_delay = 0s\nmax_delay = 0s\n"

/* One answer; a failure of the network where rc is not S3T_OK. */
struct reply {
	int status;
	const char *headers; /* "Name: value\n"; NULL: none */
	const char *body;    /* NULL: none */
	enum s3t_rc rc;
	bool is_reused; /* on a connection that was kept */
};

struct sent {
	char *method, *url, *body;
	struct strbuf headers; /* "Name: value\n" */
};

enum { SENT_MAX = 256 };

struct script {
	struct config *config;
	struct profile *profile;
	struct s3_client *client;
	struct http_transport transport;
	struct s3_ctx ctx;
	const struct reply *replies; /* the last one goes on for ever */
	size_t reply_count;
	struct sent sent[SENT_MAX];
	size_t sent_count;
};

static void *script_open(void *arg)
{
	return arg;
}

static void script_close(void *state)
{
	(void)state;
}

static void read_body(const struct http_request *req, struct strbuf *out)
{
	char buf[100];
	while (req->body.read && out->len < req->body.size) {
		uint64_t left = req->body.size - out->len;
		ssize_t n = req->body.read(
			req->body.arg, buf, left < sizeof buf ? (size_t)left : sizeof buf);
		assert_true(n > 0);
		strbuf_add(out, buf, (size_t)n);
	}
}

static void note(struct script *s, const struct http_request *req)
{
	assert_true(s->sent_count < SENT_MAX);
	struct sent *sent = &s->sent[s->sent_count++];
	struct strbuf body;
	strbuf_init(&body);
	strbuf_init(&sent->headers);
	sent->method = s3t_strdup(req->method);
	sent->url = s3t_strdup(req->url);
	for (const char *const *h = req->headers; *h; h++)
		strbuf_addf(&sent->headers, "%s\n", *h);
	read_body(req, &body);
	sent->body = strbuf_take(&body);
}

static enum s3t_rc script_perform(void *state, const struct http_options *options,
	const struct http_request *req, struct http_response *resp, struct cancel *cancel,
	struct s3t_err *err)
{
	struct script *s = state;
	(void)options;
	if (cancel_is_set(cancel))
		return s3t_fail(err, S3T_CANCELLED, "Cancelled.");
	size_t at = s->sent_count < s->reply_count ? s->sent_count : s->reply_count - 1;
	const struct reply *reply = &s->replies[at];
	note(s, req);
	resp->reused_connection = reply->is_reused;
	resp->status = reply->status;
	strbuf_add_str(&resp->headers, reply->headers ? reply->headers : "");
	if (reply->rc != S3T_OK && !reply->status)
		return s3t_fail(err, reply->rc, "The script says so.");
	if (req->on_headers && !req->on_headers(req->sink_arg, reply->status)) {
		resp->sink_stopped = true;
		return s3t_fail(err, S3T_NETWORK, "Stopped by the caller.");
	}
	const char *body = reply->body ? reply->body : "";
	if (req->sink && reply->status / 100 == 2) {
		if (!req->sink(req->sink_arg, body, strlen(body))) {
			resp->sink_stopped = true;
			return s3t_fail(err, S3T_NETWORK, "Stopped by the caller.");
		}
	} else if (strcmp(req->method, "HEAD") != 0) {
		strbuf_add_str(&resp->body, body);
	}
	return reply->rc == S3T_OK ? S3T_OK : s3t_fail(err, reply->rc, "The script says so.");
}

static const char *no_env(void *arg, const char *name)
{
	(void)arg;
	(void)name;
	return NULL;
}

static void script_start_as(struct script *s, const char *ini, const struct profile_request *who,
	const struct reply *replies, size_t count)
{
	struct s3t_err err;
	*s = (struct script){.replies = replies, .reply_count = count};
	char *text = s3t_asprintf("[default]\n%s", ini);
	assert_int_equal(
		config_parse("test.ini", sv(text), no_env, NULL, &s->config, NULL, &err), S3T_OK);
	free(text);
	assert_int_equal(
		profile_resolve(s->config, who, no_env, NULL, &s->profile, NULL, &err), S3T_OK);
	s->client = s3_client_new(s->profile);
	s->transport = (struct http_transport){
		.open = script_open, .close = script_close, .perform = script_perform, .arg = s};
	s->ctx = (struct s3_ctx){.client = s->client, .conn = http_conn_new(&s->transport)};
}

static void script_start(
	struct script *s, const char *ini, const struct reply *replies, size_t count)
{
	struct profile_request who = {0};
	script_start_as(s, ini, &who, replies, count);
}

static void script_stop(struct script *s)
{
	http_conn_free(s->ctx.conn);
	s3_client_unref(s->client);
	profile_unref(s->profile);
	config_free(s->config);
	for (size_t i = 0; i < s->sent_count; i++) {
		free(s->sent[i].method);
		free(s->sent[i].url);
		free(s->sent[i].body);
		strbuf_deinit(&s->sent[i].headers);
	}
}

/* The header of that name (any case) of request i; empty if there is none. */
static struct strview sent_header(const struct script *s, size_t i, const char *name)
{
	assert_true(i < s->sent_count);
	struct http_response as_response = {.headers = s->sent[i].headers};
	return http_header(&as_response, name);
}

static bool has_header(const struct script *s, size_t i, const char *name, const char *value)
{
	return sv_eq(sent_header(s, i, name), sv(value));
}

static bool holds(struct strview text, const char *part)
{
	return memmem(text.data, text.len, part, strlen(part)) != NULL;
}

static bool is_signed(const struct script *s, size_t i, const char *name)
{
	struct strview names = sent_header(s, i, "authorization");
	const char *at = memmem(names.data, names.len, "SignedHeaders=", 14);
	assert_non_null(at);
	names = sv_from(names, (size_t)(at - names.data) + 14);
	names.len = sv_find(names, ',');
	while (names.len) {
		size_t n = sv_find(names, ';');
		if (sv_eq(sv_n(names.data, n), sv(name)))
			return true;
		names = sv_from(names, n + 1);
	}
	return false;
}

static const struct reply ok_head = {.status = 200, .headers = "Content-Length: 5\nETag: \"e\"\n"};

static enum s3t_rc head(struct script *s, const char *bucket, const char *key, struct s3t_err *err)
{
	struct s3_object object;
	s3_object_init(&object);
	enum s3t_rc rc = s3_head_object(&s->ctx, sv(bucket), sv(key), &object, err);
	s3_object_deinit(&object);
	return rc;
}

/* --- where requests go --- */

static void urls_follow_the_endpoint_and_its_style(void **state)
{
	(void)state;
	static const struct {
		const char *ini, *bucket, *key, *url, *host;
	} rows[] = {
		{OWN_ENDPOINT, "demo", "a/b", "http://s3.example.test:9000/demo/a/b",
			"s3.example.test:9000"},
		{OWN_ENDPOINT "force_path_style = false\n", "demo", "a/b",
			"http://demo.s3.example.test:9000/a/b", "demo.s3.example.test:9000"},
		/* without TLS a dot does no harm; no host may have an underscore */
		{OWN_ENDPOINT "force_path_style = false\n", "with.dot", "k",
			"http://with.dot.s3.example.test:9000/k", "with.dot.s3.example.test:9000"},
		{OWN_ENDPOINT "force_path_style = false\n", "under_score", "k",
			"http://s3.example.test:9000/under_score/k", "s3.example.test:9000"},
		{"endpoint = https://s3.example.test\nforce_path_style = false\n", "with.dot", "k",
			"https://s3.example.test/with.dot/k", "s3.example.test"},
		{"endpoint = https://s3.example.test:443\n", "demo", "k",
			"https://s3.example.test/demo/k", "s3.example.test"},
		{"endpoint = http://s3.example.test:80\n", "demo", "k",
			"http://s3.example.test/demo/k", "s3.example.test"},
		{"endpoint = http://s3.example.test:443\n", "demo", "k",
			"http://s3.example.test:443/demo/k", "s3.example.test:443"},
		{"endpoint = https://s3.example.test/base/path\n", "demo", "k",
			"https://s3.example.test/base/path/demo/k", "s3.example.test"},
		{"endpoint = http://127.0.0.1:9000\nforce_path_style = false\n", "demo", "k",
			"http://127.0.0.1:9000/demo/k", "127.0.0.1:9000"},
		{"endpoint = http://[::1]:9000\n", "demo", "k", "http://[::1]:9000/demo/k",
			"[::1]:9000"},
		/* keys are bytes */
		{OWN_ENDPOINT, "demo", "a b+c%41/\xc3\xa9\n//../.",
			"http://s3.example.test:9000/demo/a%20b%2Bc%2541/%C3%A9%0A//../.",
			"s3.example.test:9000"},
		{OWN_ENDPOINT, "demo", "/lead", "http://s3.example.test:9000/demo//lead",
			"s3.example.test:9000"},
		{OWN_ENDPOINT, "demo", "?x#y&z=~",
			"http://s3.example.test:9000/demo/%3Fx%23y%26z%3D~",
			"s3.example.test:9000"},
		/* Amazon's, by region */
		{"", "demo", "k", "https://demo.s3.us-east-1.amazonaws.com/k",
			"demo.s3.us-east-1.amazonaws.com"},
		{"region = eu-central-1\n", "demo", "k",
			"https://demo.s3.eu-central-1.amazonaws.com/k",
			"demo.s3.eu-central-1.amazonaws.com"},
		{"region = cn-north-1\n", "demo", "k",
			"https://demo.s3.cn-north-1.amazonaws.com.cn/k",
			"demo.s3.cn-north-1.amazonaws.com.cn"},
		{"region = eusc-de-east-1\n", "demo", "k",
			"https://demo.s3.eusc-de-east-1.amazonaws.eu/k",
			"demo.s3.eusc-de-east-1.amazonaws.eu"},
		{"", "with.dot", "k", "https://s3.us-east-1.amazonaws.com/with.dot/k",
			"s3.us-east-1.amazonaws.com"},
		{"dualstack = true\nregion = eu-west-1\n", "demo", "k",
			"https://demo.s3.dualstack.eu-west-1.amazonaws.com/k",
			"demo.s3.dualstack.eu-west-1.amazonaws.com"},
		{"fips = true\nregion = us-gov-west-1\n", "demo", "k",
			"https://demo.s3-fips.us-gov-west-1.amazonaws.com/k",
			"demo.s3-fips.us-gov-west-1.amazonaws.com"},
		{"accelerate = true\n", "demo", "k", "https://demo.s3-accelerate.amazonaws.com/k",
			"demo.s3-accelerate.amazonaws.com"},
		{"accelerate = true\n", "with.dot", "k",
			"https://s3.us-east-1.amazonaws.com/with.dot/k",
			"s3.us-east-1.amazonaws.com"},
		{"force_path_style = true\n", "demo", "k",
			"https://s3.us-east-1.amazonaws.com/demo/k", "s3.us-east-1.amazonaws.com"},
	};
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct script s;
		char *ini = s3t_asprintf("%s%s", rows[i].ini, KEYS);
		script_start(&s, ini, &ok_head, 1);
		assert_int_equal(head(&s, rows[i].bucket, rows[i].key, NULL), S3T_OK);
		assert_string_equal(s.sent[0].url, rows[i].url);
		assert_true(has_header(&s, 0, "host", rows[i].host));
		assert_string_equal(s.sent[0].method, "HEAD");
		script_stop(&s);
		free(ini);
	}
}

static void buckets_are_listed_at_the_service_itself(void **state)
{
	(void)state;
	static const struct reply none = {.status = 200,
		.body = "<ListAllMyBucketsResult><Buckets/></ListAllMyBucketsResult>"};
	static const char *const rows[][2] = {
		{"", "https://s3.us-east-1.amazonaws.com/"},
		{"accelerate = true\n", "https://s3.us-east-1.amazonaws.com/"},
		{OWN_ENDPOINT "force_path_style = false\n", "http://s3.example.test:9000/"},
	};
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct script s;
		struct entry_page *page = entry_page_new(false);
		char *ini = s3t_asprintf("%s%s", rows[i][0], KEYS);
		script_start(&s, ini, &none, 1);
		assert_int_equal(s3_list_buckets(&s.ctx, page, NULL), S3T_OK);
		assert_string_equal(s.sent[0].url, rows[i][1]);
		assert_int_equal(page->count, 0);
		entry_page_free(page);
		script_stop(&s);
		free(ini);
	}
}

static void a_bucket_elsewhere_is_made_with_its_region(void **state)
{
	(void)state;
	static const struct reply ok = {.status = 200};
	struct script s;
	script_start(&s, "region = eu-west-1\n" KEYS, &ok, 1);
	assert_int_equal(s3_create_bucket(&s.ctx, SV("demo"), NULL), S3T_OK);
	assert_non_null(strstr(s.sent[0].body, "<LocationConstraint>eu-west-1<"));
	script_stop(&s);
	script_start(&s, KEYS, &ok, 1);
	assert_int_equal(s3_create_bucket(&s.ctx, SV("demo"), NULL), S3T_OK);
	assert_string_equal(s.sent[0].body, "");
	static const char *const bad[] = {"", "ab", "Upper", "a..b", "1.2.3.4", "-a-", "a_b"};
	for (size_t i = 0; i < COUNT(bad); i++)
		assert_int_equal(s3_create_bucket(&s.ctx, sv(bad[i]), NULL), S3T_INVALID);
	assert_int_equal(s.sent_count, 1);
	script_stop(&s);
}

/* --- signing --- */

static void requests_carry_what_is_signed(void **state)
{
	(void)state;
	static const struct reply ok = {.status = 200, .headers = "ETag: \"e\"\n"};
	struct script s;
	script_start(&s, OWN_ENDPOINT KEYS, &ok, 1);
	struct s3_put put = {.content_type = "text/plain",
		.storage_class = "GLACIER",
		.mtime_ns = 1500000000,
		.metadata = SV("colour: dark  red\nempty:\n"),
		.if_none_match = true};
	assert_int_equal(
		s3_put_object(&s.ctx, SV("demo"), SV("k"), &put, SV("body"), NULL, NULL), S3T_OK);
	assert_string_equal(s.sent[0].body, "body");
	static const char *const expected[][2] = {
		{"host", "s3.example.test:9000"},
		{"content-type", "text/plain"},
		{"x-amz-storage-class", "GLACIER"},
		{"x-amz-meta-mtime", "1.500000000"},
		{"x-amz-meta-colour", "dark  red"},
		{"if-none-match", "*"},
		/* sha256("body") */
		{"x-amz-content-sha256",
			"230d8358dc8e8890b4c58deeb62912ee2f20357ae92a5cc861b98e68fe31acb5"},
	};
	for (size_t i = 0; i < COUNT(expected); i++) {
		assert_true(has_header(&s, 0, expected[i][0], expected[i][1]));
		assert_true(is_signed(&s, 0, expected[i][0]));
	}
	assert_true(is_signed(&s, 0, "x-amz-meta-empty"));
	assert_non_null(strstr(s.sent[0].headers.data, "x-amz-meta-empty;\n"));
	struct strview date = sent_header(&s, 0, "x-amz-date");
	assert_int_equal(date.len, 16);
	char scope[100];
	snprintf(scope, sizeof scope,
		"AWS4-HMAC-SHA256 Credential=AKEXAMPLE/%.8s/us-east-1/s3/"
		"aws4_request",
		date.data);
	assert_true(holds(sent_header(&s, 0, "authorization"), scope));
	/* never: a proxy may change them */
	assert_int_equal(sent_header(&s, 0, "accept-encoding").len, 0);
	assert_int_equal(sent_header(&s, 0, "x-amz-security-token").len, 0);
	assert_int_equal(sent_header(&s, 0, "x-amz-request-payer").len, 0);
	script_stop(&s);
}

static void token_and_payer_are_signed_headers(void **state)
{
	(void)state;
	struct script s;
	script_start(&s, OWN_ENDPOINT KEYS "session_token = tok-canary\nrequest_payer = true\n",
		&ok_head, 1);
	assert_int_equal(head(&s, "demo", "k", NULL), S3T_OK);
	assert_true(has_header(&s, 0, "x-amz-security-token", "tok-canary"));
	assert_true(has_header(&s, 0, "x-amz-request-payer", "requester"));
	assert_true(is_signed(&s, 0, "x-amz-security-token"));
	assert_true(is_signed(&s, 0, "x-amz-request-payer"));
	struct strbuf url;
	strbuf_init(&url);
	int64_t ends_s;
	struct s3_presign what = {
		.method = "GET", .bucket = SV("demo"), .key = SV("k"), .expires_s = 60};
	assert_int_equal(s3_presign_url(s.client, NULL, &what, &url, &ends_s, NULL), S3T_OK);
	assert_non_null(strstr(url.data, "X-Amz-Security-Token=tok-canary"));
	assert_non_null(strstr(url.data, "x-amz-request-payer=requester"));
	assert_null(strstr(url.data, "SECRET"));
	strbuf_deinit(&url);
	script_stop(&s);
}

static void without_signing_nothing_tells_who_asks(void **state)
{
	(void)state;
	struct script s;
	struct profile_request nobody = {.no_sign_request = true};
	script_start_as(&s, OWN_ENDPOINT KEYS "session_token = tok-canary\n", &nobody, &ok_head, 1);
	assert_int_equal(head(&s, "demo", "k", NULL), S3T_OK);
	assert_int_equal(sent_header(&s, 0, "authorization").len, 0);
	assert_int_equal(sent_header(&s, 0, "x-amz-security-token").len, 0);
	assert_int_equal(sent_header(&s, 0, "x-amz-date").len, 0);
	assert_null(strstr(s.sent[0].url, "X-Amz-"));
	struct strbuf url;
	struct s3t_err err;
	strbuf_init(&url);
	int64_t ends_s;
	struct s3_presign what = {
		.method = "GET", .bucket = SV("demo"), .key = SV("k"), .expires_s = 60};
	assert_int_equal(
		s3_presign_url(s.client, NULL, &what, &url, &ends_s, &err), S3T_CREDENTIALS);
	assert_int_equal(url.len, 0);
	strbuf_deinit(&url);
	script_stop(&s);
}

static void links_are_bounded_and_say_how_they_are_saved(void **state)
{
	(void)state;
	struct script s;
	script_start(&s, "region = eu-west-1\n" KEYS, &ok_head, 1);
	struct strbuf url;
	strbuf_init(&url);
	int64_t ends_s = 0, before_s = time_wall_s();
	struct s3_presign what = {.method = "GET",
		.bucket = SV("demo"),
		.key = SV("a b/\xc3\xa9"),
		.expires_s = 3600,
		.download_name = "r\xc3\xa9sum\xc3\xa9 \"1\".pdf",
		.content_type = "text/html",
		.version_id = "v+1"};
	assert_int_equal(s3_presign_url(s.client, NULL, &what, &url, &ends_s, NULL), S3T_OK);
	assert_true(sv_starts_with(strbuf_view(&url),
		SV("https://demo.s3.eu-west-1.amazonaws.com/a%20b/%C3%A9?X-Amz-Algorithm=")));
	assert_non_null(strstr(url.data,
		"response-content-disposition=attachment%3B%20filename%2A%3DUTF-8%27%27"
		"r%25C3%25A9sum%25C3%25A9%2520%25221%2522.pdf"));
	assert_non_null(strstr(url.data, "&response-content-type=text%2Fhtml"));
	assert_non_null(strstr(url.data, "&versionId=v%2B1"));
	assert_non_null(strstr(url.data, "X-Amz-Expires=3600"));
	assert_true(ends_s >= before_s + 3600 && ends_s <= time_wall_s() + 3600);
	static const int64_t bad[] = {0, -1, SIGV4_PRESIGN_MAX_S + 1};
	for (size_t i = 0; i < COUNT(bad); i++) {
		what.expires_s = bad[i];
		assert_int_equal(
			s3_presign_url(s.client, NULL, &what, &url, &ends_s, NULL), S3T_INVALID);
	}
	what.expires_s = SIGV4_PRESIGN_MAX_S;
	assert_int_equal(s3_presign_url(s.client, NULL, &what, &url, &ends_s, NULL), S3T_OK);
	assert_int_equal(s.sent_count, 0);
	strbuf_deinit(&url);
	script_stop(&s);
}

/* --- retries --- */

static void a_stale_connection_is_tried_again_at_once(void **state)
{
	(void)state;
	static const struct reply replies[] = {
		{.rc = S3T_NETWORK, .is_reused = true},
		{.status = 200, .headers = "Content-Length: 5\n"},
	};
	struct script s;
	/* one attempt, and pauses of an hour: neither is spent */
	script_start(&s,
		OWN_ENDPOINT KEYS "[retry]\nmax_attempts = 1\ninitial_delay = 1h\nmax_delay = 1h\n",
		replies, COUNT(replies));
	assert_int_equal(head(&s, "demo", "k", NULL), S3T_OK);
	assert_int_equal(s.sent_count, 2);
	assert_int_equal(atomic_load(&s3_client_counters(s.client)->requests), 2);
	assert_int_equal(atomic_load(&s3_client_counters(s.client)->retries), 0);
	script_stop(&s);
}

static void a_fresh_connection_that_breaks_spends_an_attempt(void **state)
{
	(void)state;
	static const struct reply broken[] = {{.rc = S3T_NETWORK}};
	static const struct reply stale[] = {{.rc = S3T_NETWORK, .is_reused = true}};
	static const struct reply answered[] = {
		{.status = 200, .rc = S3T_NETWORK, .is_reused = true}};
	struct script s;
	struct s3t_err err;
	script_start(&s, OWN_ENDPOINT KEYS FAST "max_attempts = 1\n", broken, 1);
	assert_int_equal(head(&s, "demo", "k", &err), S3T_NETWORK);
	assert_int_equal(s.sent_count, 1);
	script_stop(&s);
	script_start(&s, OWN_ENDPOINT KEYS FAST "max_attempts = 1\n", stale, 1);
	assert_int_equal(head(&s, "demo", "k", &err), S3T_NETWORK);
	assert_int_equal(s.sent_count, 2); /* at once, but once */
	script_stop(&s);
	script_start(&s, OWN_ENDPOINT KEYS FAST "max_attempts = 1\n", answered, 1);
	assert_int_equal(head(&s, "demo", "k", &err), S3T_NETWORK);
	assert_int_equal(s.sent_count, 1);
	script_stop(&s);
}

static void what_may_pass_is_tried_again_and_the_rest_is_not(void **state)
{
	(void)state;
	static const struct {
		struct reply reply;
		size_t requests;
	} rows[] = {
		{{.rc = S3T_CONNECT}, 4},
		{{.rc = S3T_RESOLVE}, 4},
		{{.rc = S3T_TIMEOUT}, 4},
		{{.rc = S3T_NETWORK}, 4},
		{{.rc = S3T_TLS}, 1},
		{{.status = 408}, 4},
		{{.status = 429}, 4},
		{{.status = 499}, 4},
		{{.status = 500}, 4},
		{{.status = 502}, 4},
		{{.status = 503}, 4},
		{{.status = 509}, 4},
		{{.status = 520}, 4},
		{{.status = 403}, 1},
		{{.status = 404}, 1},
		{{.status = 409}, 1},
		{{.status = 412}, 1},
		{{.status = 501}, 1},
		{{.status = 400, .body = "<Error><Code>RequestTimeout</Code></Error>"}, 4},
		{{.status = 400, .body = "<Error><Code>ThrottlingException</Code></Error>"}, 4},
		{{.status = 409, .body = "<Error><Code>OperationAborted</Code></Error>"}, 4},
		{{.status = 400, .body = "<Error><Code>BadDigest</Code></Error>"}, 2},
		{{.status = 400, .body = "<Error><Code>EntityTooLarge</Code></Error>"}, 1},
	};
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct script s;
		struct s3t_err err;
		script_start(&s, OWN_ENDPOINT KEYS FAST "max_attempts = 4\n", &rows[i].reply, 1);
		assert_true(s3_delete_object(&s.ctx, SV("demo"), SV("k"), &err) != S3T_OK);
		assert_int_equal(s.sent_count, rows[i].requests);
		script_stop(&s);
	}
}

static void retry_after_is_waited_for_or_given_up(void **state)
{
	(void)state;
	static const struct reply long_s = {.status = 503, .headers = "Retry-After: 3599\n"};
	static const struct reply long_ms = {
		.status = 503, .headers = "x-amz-retry-after: 3599999\n"};
	static const struct reply nonsense = {
		.status = 503, .headers = "Retry-After: soon\nx-amz-retry-after: -1\n"};
	struct script s;
	script_start(&s, OWN_ENDPOINT KEYS FAST, &long_s, 1);
	assert_int_equal(head(&s, "demo", "k", NULL), S3T_SLOW_DOWN);
	assert_int_equal(s.sent_count, 1); /* an hour is more than give_up_after */
	script_stop(&s);
	script_start(&s, OWN_ENDPOINT KEYS FAST, &long_ms, 1);
	assert_int_equal(head(&s, "demo", "k", NULL), S3T_SLOW_DOWN);
	assert_int_equal(s.sent_count, 1);
	script_stop(&s);
	script_start(&s, OWN_ENDPOINT KEYS FAST, &nonsense, 1);
	assert_int_equal(head(&s, "demo", "k", NULL), S3T_SLOW_DOWN);
	assert_int_equal(s.sent_count, 3);
	script_stop(&s);
}

static void a_failing_server_is_not_flooded(void **state)
{
	(void)state;
	static const struct reply down = {.status = 500};
	struct script s;
	script_start(&s, OWN_ENDPOINT KEYS FAST "max_attempts = 100\n", &down, 1);
	for (int i = 0; i < 3; i++)
		assert_int_equal(head(&s, "demo", "k", NULL), S3T_SERVER);
	/* 500 tokens at 5 a retry: 99 retries, then 1, then none */
	assert_int_equal(s.sent_count, 100 + 2 + 1);
	script_stop(&s);
}

static void expired_tokens_are_asked_for_once_more(void **state)
{
	(void)state;
	static const struct reply replies[] = {
		{.status = 400, .body = "<Error><Code>ExpiredToken</Code></Error>"}};
	struct script s;
	struct s3t_err err;
	script_start(&s, OWN_ENDPOINT KEYS FAST, replies, 1);
	assert_int_equal(s3_delete_object(&s.ctx, SV("demo"), SV("k"), &err), S3T_AUTH);
	assert_string_equal(err.code, "ExpiredToken");
	assert_int_equal(s.sent_count, 2);
	script_stop(&s);
}

static void no_credentials_no_request(void **state)
{
	(void)state;
	struct script s;
	struct s3t_err err;
	script_start(&s, OWN_ENDPOINT "credential_process = /bin/false\n", &ok_head, 1);
	assert_int_equal(head(&s, "demo", "k", &err), S3T_CREDENTIALS);
	assert_int_equal(s.sent_count, 0);
	script_stop(&s);
}

/* --- regions --- */

static void another_region_is_another_host_at_amazon(void **state)
{
	(void)state;
	static const struct reply replies[] = {
		{.status = 301,
			.headers = "x-amz-bucket-region: ap-south-1\n",
			.body = "<Error><Code>PermanentRedirect</Code></Error>"},
		{.status = 200, .headers = "Content-Length: 1\n"},
	};
	struct script s;
	script_start(&s, KEYS, replies, 2);
	assert_int_equal(head(&s, "demo", "k", NULL), S3T_OK);
	assert_string_equal(s.sent[1].url, "https://demo.s3.ap-south-1.amazonaws.com/k");
	assert_true(holds(sent_header(&s, 1, "authorization"), "/ap-south-1/s3/"));
	assert_int_equal(head(&s, "demo", "k2", NULL), S3T_OK); /* remembered */
	assert_string_equal(s.sent[2].url, "https://demo.s3.ap-south-1.amazonaws.com/k2");
	assert_int_equal(head(&s, "other", "k", NULL), S3T_OK); /* of this bucket only */
	assert_string_equal(s.sent[3].url, "https://other.s3.us-east-1.amazonaws.com/k");
	script_stop(&s);
}

static void a_region_that_is_not_told_is_asked_for(void **state)
{
	(void)state;
	static const struct reply replies[] = {
		{.status = 301},
		{.status = 301, .headers = "x-amz-bucket-region: eu-north-1\n"},
		{.status = 200, .headers = "Content-Length: 1\n"},
	};
	struct script s;
	script_start(&s, KEYS, replies, 3);
	assert_int_equal(head(&s, "demo", "k", NULL), S3T_OK);
	assert_string_equal(s.sent[1].method, "HEAD");
	assert_string_equal(s.sent[1].url, "https://demo.s3.us-east-1.amazonaws.com/");
	assert_string_equal(s.sent[2].url, "https://demo.s3.eu-north-1.amazonaws.com/k");
	script_stop(&s);
}

static void a_region_that_cannot_be_asked_for_is_still_the_failure(void **state)
{
	(void)state;
	static const struct reply replies[] = {
		{.status = 301, .body = "<Error><Code>PermanentRedirect</Code></Error>"},
		{.rc = S3T_CONNECT},
	};
	struct script s;
	struct s3t_err err;
	script_start(&s, KEYS, replies, 2);
	assert_int_equal(head(&s, "demo", "k", &err), S3T_REGION);
	assert_int_equal(err.rc, S3T_REGION);
	assert_non_null(strstr(err.message, "another region"));
	script_stop(&s);
}

/* T9: neither a Location nor a region leads away from the endpoint's domain. */
static void no_answer_leads_to_another_host(void **state)
{
	(void)state;
	static const char *const headers[] = {
		"x-amz-bucket-region: x@evil.example/\n",
		"x-amz-bucket-region: evil.example/\n",
		"x-amz-bucket-region: evil.example:80#\n",
		"Location: http://evil.example/demo/k\n",
	};
	for (size_t i = 0; i < COUNT(headers); i++) {
		for (int aws = 0; aws < 2; aws++) {
			struct reply reply = {
				.status = 301 + (int)(i % 2) * 6, .headers = headers[i]};
			struct script s;
			script_start(&s, aws ? KEYS FAST : OWN_ENDPOINT KEYS FAST, &reply, 1);
			assert_int_equal(head(&s, "demo", "k", NULL), S3T_REGION);
			assert_true(s.sent_count <= 3);
			for (size_t n = 0; n < s.sent_count; n++) {
				assert_null(strstr(s.sent[n].url, "evil"));
				assert_false(holds(strbuf_view(&s.sent[n].headers), "evil"));
			}
			script_stop(&s);
		}
	}
}

/* A HEAD has no body that could say RequestTimeTooSkewed: the dates tell. */
static void a_wrong_clock_is_noticed_without_an_error_document(void **state)
{
	(void)state;
	static const struct reply replies[] = {
		{.status = 403, .headers = "Date: Sun, 06 Nov 1994 08:49:37 GMT\n"},
		{.status = 200, .headers = "Content-Length: 1\n"},
	};
	struct script s;
	script_start(&s, OWN_ENDPOINT KEYS, replies, 2);
	assert_int_equal(head(&s, "demo", "k", NULL), S3T_OK);
	assert_int_equal(s.sent_count, 2);
	assert_true(sv_starts_with(sent_header(&s, 1, "x-amz-date"), SV("19941106T0849")));
	script_stop(&s);
	script_start(&s, OWN_ENDPOINT KEYS, replies, 1);
	assert_int_equal(head(&s, "demo", "k", NULL), S3T_DENIED);
	assert_int_equal(s.sent_count, 2); /* once */
	script_stop(&s);
}

/* --- secrets --- */

/* T11 */
static void secrets_are_in_no_error(void **state)
{
	(void)state;
	static const struct reply replies[] = {
		{.status = 403, .body = "<Error><Code>SignatureDoesNotMatch</Code></Error>"},
		{.status = 403, .body = "<Error><Code>InvalidAccessKeyId</Code></Error>"},
		{.status = 400, .body = "<Error><Code>ExpiredToken</Code></Error>"},
		{.status = 500},
		{.status = 418, .body = "<Error><Code>Odd</Code><Message>no</Message></Error>"},
		{.rc = S3T_CONNECT},
		{.rc = S3T_NETWORK},
		{.status = 200, .body = "<What/>"},
	};
	for (size_t i = 0; i < COUNT(replies); i++) {
		struct script s;
		struct s3t_err err;
		struct s3_list list;
		struct entry_page *page;
		script_start(
			&s, OWN_ENDPOINT KEYS "session_token = tok-canary\n" FAST, &replies[i], 1);
		s3_list_init(&list, SV("demo"), SV(""));
		assert_true(s3_list_page(&s.ctx, &list, &page, &err) != S3T_OK);
		const char *bytes = (const char *)&err;
		assert_null(memmem(bytes, sizeof err, CANARY, strlen(CANARY)));
		for (size_t n = 0; n < s.sent_count; n++) {
			assert_null(strstr(s.sent[n].url, CANARY));
			assert_false(holds(strbuf_view(&s.sent[n].headers), "SECRET"));
		}
		s3_list_deinit(&list);
		script_stop(&s);
	}
}

/* --- listings --- */

static enum s3t_rc list_once(
	struct script *s, const char *prefix, struct entry_page **page, struct s3t_err *err)
{
	struct s3_list list;
	s3_list_init(&list, SV("demo"), sv(prefix));
	enum s3t_rc rc = s3_list_page(&s->ctx, &list, page, err);
	s3_list_deinit(&list);
	return rc;
}

#define RESULT(inside) \
	"<ListBucketResult><EncodingType>url</EncodingType>" inside "</ListBucketResult>"
#define ONE_KEY(key) "<Contents><Key>" key "</Key><Size>1</Size></Contents>"

static void sizes_that_cannot_be_end_a_listing(void **state)
{
	(void)state;
	static const char *const sizes[] = {
		"-1", "18446744073709551616", "1e3", "0x10", " 1", "1.0", ""};
	for (size_t i = 0; i < COUNT(sizes); i++) {
		char *body = s3t_asprintf(
			RESULT("<Contents><Key>a</Key><Size>%s</Size></Contents>"), sizes[i]);
		struct reply reply = {.status = 200, .body = body};
		struct script s;
		struct s3t_err err;
		struct entry_page *page;
		script_start(&s, OWN_ENDPOINT KEYS FAST, &reply, 1);
		assert_int_equal(list_once(&s, "", &page, &err), S3T_PROTOCOL);
		assert_null(page);
		script_stop(&s);
		free(body);
	}
}

static void attributes_are_read_as_far_as_they_make_sense(void **state)
{
	(void)state;
	static const struct reply reply = {.status = 200,
		.body = RESULT("<Contents><Key>a</Key><Size>18446744073709551615</Size>"
			       "<LastModified>9999-12-31T23:59:59.000Z</LastModified></Contents>"
			       "<Contents><LastModified>2026-02-11T09:14:02.123Z</LastModified>"
			       "<Key>b</Key><Owner><ID>Key</ID></Owner>"
			       "<StorageClass>FUTURE_CLASS</StorageClass><Size>7</Size></Contents>"
			       "<CommonPrefixes><Prefix>d%2Fx/</Prefix></CommonPrefixes>")};
	struct script s;
	struct entry_page *page;
	script_start(&s, OWN_ENDPOINT KEYS, &reply, 1);
	assert_int_equal(list_once(&s, "", &page, NULL), S3T_OK);
	assert_int_equal(page->count, 3);
	assert_int_equal(page->entries[0].size, UINT64_MAX);
	assert_int_equal(page->entries[0].mtime_s, TIME_UNKNOWN); /* beyond what 64 bits hold */
	assert_int_equal(page->entries[1].mtime_s, 1770801242);
	assert_int_equal(page->entries[1].size, 7);
	assert_string_equal(storage_class_name(page->entries[1].storage_class), "FUTURE_CLASS");
	assert_int_equal(page->entries[2].kind, ENTRY_DIR);
	assert_true(sv_eq(entry_name(page, &page->entries[2]), SV("d/x/")));
	entry_page_free(page);
	script_stop(&s);
}

static void keys_outside_the_prefix_are_not_taken(void **state)
{
	(void)state;
	static const struct reply reply = {.status = 200,
		.body = RESULT("<Prefix>evil</Prefix>" ONE_KEY("p/a") ONE_KEY("evil/b")
				ONE_KEY("p/") ONE_KEY("p"))};
	struct script s;
	struct entry_page *page;
	script_start(&s, OWN_ENDPOINT KEYS, &reply, 1);
	assert_int_equal(list_once(&s, "p/", &page, NULL), S3T_OK);
	assert_int_equal(page->count, 2);
	assert_true(sv_eq(entry_name(page, &page->entries[0]), SV("a")));
	assert_int_equal(entry_name(page, &page->entries[1]).len, 0); /* the marker */
	entry_page_free(page);
	script_stop(&s);
}

/* Decoding what was not encoded makes another key of it, which may then be deleted. */
static void keys_are_decoded_only_where_the_server_encoded_them(void **state)
{
	(void)state;
	static const struct reply plain = {.status = 200,
		.body = "<ListBucketResult>" ONE_KEY("a+b%41") "</ListBucketResult>"};
	static const struct reply encoded = {
		.status = 200, .body = RESULT(ONE_KEY("a%2Bb%2541+c"))};
	static const struct reply says_so_late = {.status = 200,
		.body = "<ListBucketResult>" ONE_KEY(
			"a%2Bb") "<EncodingType>url</EncodingType></ListBucketResult>"};
	struct script s;
	struct entry_page *page;
	script_start(&s, OWN_ENDPOINT KEYS, &plain, 1);
	assert_int_equal(list_once(&s, "", &page, NULL), S3T_OK);
	assert_int_equal(page->count, 1);
	assert_true(sv_eq(entry_name(page, page->entries), SV("a+b%41")));
	entry_page_free(page);
	script_stop(&s);
	script_start(&s, OWN_ENDPOINT KEYS, &encoded, 1);
	assert_int_equal(list_once(&s, "", &page, NULL), S3T_OK);
	assert_true(sv_eq(entry_name(page, page->entries), SV("a+b%41 c")));
	entry_page_free(page);
	assert_non_null(strstr(s.sent[0].url, "encoding-type=url"));
	script_stop(&s);
	script_start(&s, OWN_ENDPOINT KEYS, &says_so_late, 1);
	assert_int_equal(list_once(&s, "", &page, NULL), S3T_OK);
	assert_true(sv_eq(entry_name(page, page->entries), SV("a+b")));
	entry_page_free(page);
	script_stop(&s);
}

static void services_that_cannot_encode_are_not_asked_to(void **state)
{
	(void)state;
	static const struct reply plain = {.status = 200,
		.body = "<ListBucketResult>" ONE_KEY("a+b%41") "</ListBucketResult>"};
	struct script s;
	struct entry_page *page;
	script_start(&s, "endpoint = https://s3.fr-par.scw.cloud\n" KEYS, &plain, 1);
	assert_int_equal(list_once(&s, "", &page, NULL), S3T_OK);
	assert_true(sv_eq(entry_name(page, page->entries), SV("a+b%41")));
	assert_null(strstr(s.sent[0].url, "encoding-type"));
	entry_page_free(page);
	script_stop(&s);
}

static void the_first_version_goes_on_from_the_greatest_name(void **state)
{
	(void)state;
	static const struct reply replies[] = {
		{.status = 200,
			.body = RESULT("<IsTruncated>true</IsTruncated>" ONE_KEY("a") ONE_KEY(
				"m") "<CommonPrefixes><Prefix>b/</Prefix></CommonPrefixes>")},
		{.status = 200, .body = RESULT("<IsTruncated>false</IsTruncated>" ONE_KEY("z"))},
	};
	struct script s;
	struct s3_list list;
	struct entry_page *page;
	/* a service that has only version 1 and leaves NextMarker out */
	script_start(&s, "endpoint = https://cos.myqcloud.com\n" KEYS, replies, 2);
	s3_list_init(&list, SV("demo"), SV(""));
	assert_int_equal(s3_list_page(&s.ctx, &list, &page, NULL), S3T_OK);
	assert_int_equal(page->count, 3);
	entry_page_free(page);
	assert_false(list.is_done);
	assert_int_equal(s3_list_page(&s.ctx, &list, &page, NULL), S3T_OK);
	assert_true(list.is_done);
	entry_page_free(page);
	assert_null(strstr(s.sent[0].url, "list-type"));
	assert_non_null(strstr(s.sent[1].url, "marker=m"));
	s3_list_deinit(&list);
	script_stop(&s);
}

static void a_listing_that_says_nothing_of_the_next_page_is_asked_in_the_old_way(void **state)
{
	(void)state;
	static const struct reply replies[] = {
		{.status = 200, .body = RESULT("<IsTruncated>true</IsTruncated>" ONE_KEY("a"))},
		{.status = 200,
			.body = RESULT(
				"<IsTruncated>true</IsTruncated><NextMarker>a</NextMarker>" ONE_KEY(
					"a"))},
		{.status = 200, .body = RESULT("<IsTruncated>true</IsTruncated>" ONE_KEY("a"))},
	};
	struct script s;
	struct s3_list list;
	struct s3t_err err;
	struct entry_page *page;
	script_start(&s, OWN_ENDPOINT KEYS FAST, replies, 3);
	s3_list_init(&list, SV("demo"), SV(""));
	assert_int_equal(s3_list_page(&s.ctx, &list, &page, &err), S3T_OK);
	assert_int_equal(page->count, 1);
	entry_page_free(page);
	assert_non_null(strstr(s.sent[0].url, "list-type=2"));
	assert_null(strstr(s.sent[1].url, "list-type"));
	/* and then it does not advance */
	assert_int_equal(s3_list_page(&s.ctx, &list, &page, &err), S3T_PROTOCOL);
	assert_null(page);
	assert_int_equal(s.sent_count, 3);
	s3_list_deinit(&list);
	script_stop(&s);
}

/* Ceph's token is a key; XML cannot hold each of them, and a mangled one skips keys. */
static void a_token_that_came_through_xml_mangled_is_not_used(void **state)
{
	(void)state;
	static const struct reply replies[] = {
		{.status = 200,
			.body = RESULT("<IsTruncated>true</IsTruncated><NextContinuationToken>"
				       "a&#x1b;b</NextContinuationToken>" ONE_KEY("a%1Bb"))},
		{.status = 200, .body = RESULT(ONE_KEY("z"))},
	};
	struct script s;
	struct s3_list list;
	struct entry_page *page;
	script_start(&s, OWN_ENDPOINT KEYS, replies, 2);
	s3_list_init(&list, SV("demo"), SV(""));
	assert_int_equal(s3_list_page(&s.ctx, &list, &page, NULL), S3T_OK);
	entry_page_free(page);
	assert_int_equal(s3_list_page(&s.ctx, &list, &page, NULL), S3T_OK);
	entry_page_free(page);
	assert_non_null(strstr(s.sent[1].url, "a%1Bb"));
	assert_null(strstr(s.sent[1].url, "%EF%BF%BD"));
	s3_list_deinit(&list);
	script_stop(&s);
}

/* --- parts and uploads in pages --- */

static void append_part(void *arg, uint32_t number, uint64_t size, struct strview etag)
{
	strbuf_addf(
		arg, "%u:%llu:%.*s ", number, (unsigned long long)size, (int)etag.len, etag.data);
}

#define PART(n, e) \
	"<Part><PartNumber>" n "</PartNumber><ETag>&quot;" e "&quot;</ETag><Size>5</Size></Part>"

static void parts_are_listed_page_by_page(void **state)
{
	(void)state;
	static const struct reply replies[] = {
		{.status = 200,
			.body = "<ListPartsResult>" PART("1", "a")
				PART("2", "b") "<NextPartNumberMarker>2</NextPartNumberMarker>"
					       "<IsTruncated>true</IsTruncated></ListPartsResult>"},
		{.status = 200,
			.body = "<ListPartsResult>" PART("7", "c") PART("0", "x") PART(
				"10001", "y") "<IsTruncated>false</IsTruncated></ListPartsResult>"},
	};
	struct script s;
	struct strbuf out;
	strbuf_init(&out);
	script_start(&s, OWN_ENDPOINT KEYS, replies, 2);
	assert_int_equal(
		s3_list_parts(&s.ctx, SV("demo"), SV("k"), "u&1", append_part, &out, NULL), S3T_OK);
	assert_string_equal(out.data, "1:5:a 2:5:b 7:5:c ");
	assert_non_null(strstr(s.sent[0].url, "?uploadId=u%261"));
	assert_non_null(strstr(s.sent[1].url, "part-number-marker=2&uploadId=u%261"));
	strbuf_deinit(&out);
	script_stop(&s);
}

static void lists_of_parts_and_uploads_that_do_not_end_are_errors(void **state)
{
	(void)state;
	static const struct reply parts = {.status = 200,
		.body = "<ListPartsResult><NextPartNumberMarker>2</NextPartNumberMarker>"
			"<IsTruncated>true</IsTruncated></ListPartsResult>"};
	static const struct reply uploads = {.status = 200,
		.body = "<ListMultipartUploadsResult><NextKeyMarker>k</NextKeyMarker>"
			"<NextUploadIdMarker>u</NextUploadIdMarker><IsTruncated>true</IsTruncated>"
			"</ListMultipartUploadsResult>"};
	struct script s;
	struct strbuf out;
	struct s3t_err err;
	strbuf_init(&out);
	script_start(&s, OWN_ENDPOINT KEYS FAST, &parts, 1);
	assert_int_equal(s3_list_parts(&s.ctx, SV("demo"), SV("k"), "u", append_part, &out, &err),
		S3T_PROTOCOL);
	assert_int_equal(s.sent_count, 2);
	script_stop(&s);
	script_start(&s, OWN_ENDPOINT KEYS FAST, &uploads, 1);
	assert_int_equal(
		s3_list_multipart_uploads(&s.ctx, SV("demo"), SV(""), NULL, NULL, NULL, &err),
		S3T_PROTOCOL);
	assert_int_equal(s.sent_count, 2);
	assert_non_null(strstr(s.sent[1].url, "key-marker=k&upload-id-marker=u&uploads="));
	script_stop(&s);
	strbuf_deinit(&out);
}

/* --- answers that promise what they do not keep --- */

static void a_success_without_its_document_is_none(void **state)
{
	(void)state;
	static const struct {
		const char *body;
		enum s3t_rc rc;
	} rows[] = {
		{"", S3T_PROTOCOL},
		{"<CopyObjectResult><ETag>x</ETag>", S3T_PROTOCOL},
		{"<html/>", S3T_UNSUPPORTED},
		{"<ListBucketResult/>", S3T_UNSUPPORTED},
		{"<Error><Code>InternalError</Code></Error>", S3T_SERVER},
		{"<Error><Code>AccessDenied</Code></Error>", S3T_DENIED},
		{"  \r\n  <?xml version=\"1.0\"?>\n<CopyObjectResult/>", S3T_PROTOCOL},
	};
	for (size_t i = 0; i + 1 < COUNT(rows); i++) {
		struct reply reply = {.status = 200, .body = rows[i].body};
		struct script s;
		struct s3t_err err;
		script_start(&s, OWN_ENDPOINT KEYS FAST, &reply, 1);
		assert_int_equal(s3_copy_object(&s.ctx,
					 &(struct s3_copy_source){
						 .bucket = SV("demo"), .key = SV("a"), .etag = ""},
					 SV("demo"), SV("b"), NULL, NULL, &err),
			rows[i].rc);
		assert_int_equal(err.rc, rows[i].rc);
		script_stop(&s);
	}
	/* white space in front is S3's keep-alive */
	struct reply kept = {.status = 200, .body = rows[COUNT(rows) - 1].body};
	struct script s;
	script_start(&s, OWN_ENDPOINT KEYS, &kept, 1);
	assert_int_equal(s3_copy_object(&s.ctx,
				 &(struct s3_copy_source){
					 .bucket = SV("demo"), .key = SV("a b"), .etag = "e1"},
				 SV("demo"), SV("b"), NULL, NULL, NULL),
		S3T_OK);
	assert_true(has_header(&s, 0, "x-amz-copy-source", "/demo/a%20b"));
	assert_true(has_header(&s, 0, "x-amz-copy-source-if-match", "\"e1\""));
	assert_true(is_signed(&s, 0, "x-amz-copy-source"));
	script_stop(&s);
}

/* A PUT that lost its x-amz-copy-source is the upload of an empty object. */
static void metadata_never_crowds_out_what_a_request_means(void **state)
{
	(void)state;
	static const struct reply copied = {
		.status = 200, .headers = "ETag: \"e\"\n", .body = "<CopyObjectResult/>"};
	struct strbuf metadata;
	strbuf_init(&metadata);
	for (int i = 0; i < 60; i++)
		strbuf_addf(&metadata, "name-%d: value\n", i);
	struct s3_put put = {.content_type = "text/plain",
		.mtime_ns = 5,
		.metadata = strbuf_view(&metadata),
		.if_none_match = true};
	struct script s;
	script_start(&s, OWN_ENDPOINT KEYS, &copied, 1);
	enum s3t_rc rc = s3_copy_object(&s.ctx,
		&(struct s3_copy_source){.bucket = SV("demo"), .key = SV("a"), .etag = "e1"},
		SV("demo"), SV("b"), &put, NULL, NULL);
	for (size_t i = 0; i < s.sent_count; i++) {
		assert_true(has_header(&s, i, "x-amz-copy-source", "/demo/a"));
		assert_true(has_header(&s, i, "x-amz-copy-source-if-match", "\"e1\""));
		assert_true(has_header(&s, i, "x-amz-metadata-directive", "REPLACE"));
	}
	/* all of it or none */
	assert_true(rc != S3T_OK || has_header(&s, 0, "x-amz-meta-name-59", "value"));
	size_t before = s.sent_count;
	rc = s3_put_object(&s.ctx, SV("demo"), SV("b"), &put, SV("x"), NULL, NULL);
	for (size_t i = before; i < s.sent_count; i++)
		assert_true(has_header(&s, i, "if-none-match", "*"));
	assert_true(rc != S3T_OK || has_header(&s, before, "x-amz-meta-name-59", "value"));
	strbuf_deinit(&metadata);
	script_stop(&s);
}

static void an_object_that_must_not_be_there_exists(void **state)
{
	(void)state;
	static const struct reply there = {
		.status = 412, .body = "<Error><Code>PreconditionFailed</Code></Error>"};
	struct script s;
	struct s3t_err err;
	struct s3_put put = {.mtime_ns = TIME_UNKNOWN, .if_none_match = true};
	script_start(&s, OWN_ENDPOINT KEYS, &there, 1);
	assert_int_equal(
		s3_put_object(&s.ctx, SV("demo"), SV("k"), &put, SV("x"), NULL, &err), S3T_EXISTS);
	assert_int_equal(err.rc, S3T_EXISTS);
	assert_non_null(strstr(err.message, "s3://demo/k"));
	script_stop(&s);
}

/* T18: where no document is promised, an error is still one. */
static void a_put_that_answers_an_error_with_200_is_not_done(void **state)
{
	(void)state;
	static const struct reply replies[] = {
		{.status = 200, .body = " <Error><Code>InternalError</Code></Error>"},
		{.status = 200, .headers = "ETag: \"e\"\n"},
	};
	struct script s;
	struct s3t_err err;
	char etag[S3_ETAG_MAX];
	script_start(&s, OWN_ENDPOINT KEYS FAST, replies, 1);
	assert_int_equal(
		s3_put_object(&s.ctx, SV("demo"), SV("k"), NULL, SV("b"), etag, &err), S3T_SERVER);
	assert_string_equal(err.code, "InternalError");
	script_stop(&s);
	script_start(&s, OWN_ENDPOINT KEYS FAST, replies, 2); /* it is tried again */
	assert_int_equal(
		s3_put_object(&s.ctx, SV("demo"), SV("k"), NULL, SV("b"), etag, &err), S3T_OK);
	assert_string_equal(etag, "e");
	script_stop(&s);
}

/* --- ranged reads --- */

static bool collect(void *arg, const char *data, size_t len)
{
	strbuf_add(arg, data, len);
	return true;
}

static void answers_that_are_not_the_range_are_refused(void **state)
{
	(void)state;
	static const struct {
		struct reply reply;
		uint64_t offset, len, total;
		enum s3t_rc rc;
	} rows[] = {
		{{206, "Content-Range: bytes 2-5/10\nETag: \"e\"\n", "cdef", 0, false}, 2, 4, 10,
			S3T_OK},
		{{206, "Content-Range: bytes 2-5/10\n", "cdef", 0, false}, 2, 4, UINT64_MAX,
			S3T_OK},
		{{206, "Content-Range: bytes 1-4/10\n", "bcde", 0, false}, 2, 4, 10, S3T_PROTOCOL},
		{{206, "Content-Range: bytes 2-6/10\n", "cdefg", 0, false}, 2, 4, 10, S3T_PROTOCOL},
		{{206, "Content-Range: bytes 2-5/11\n", "cdef", 0, false}, 2, 4, 10, S3T_PROTOCOL},
		{{206, "Content-Range: bytes 2-5/*\n", "cdef", 0, false}, 2, 4, 10, S3T_PROTOCOL},
		{{206, "Content-Range: bytes 2-5\n", "cdef", 0, false}, 2, 4, 10, S3T_PROTOCOL},
		{{206, "Content-Range: bytes 18446744073709551618-5/10\n", "cdef", 0, false}, 2, 4,
			10, S3T_PROTOCOL},
		{{206, NULL, "cdef", 0, false}, 2, 4, 10, S3T_PROTOCOL},
		{{206, "Content-Range: bytes 2-5/10\nETag: \"other\"\n", "cdef", 0, false}, 2, 4,
			10, S3T_CHANGED},
		{{206, "Content-Range: bytes 2-5/10\n", "cdefgh", 0, false}, 2, 4, 10,
			S3T_PROTOCOL},
		/* too short: the rest is asked for, and comes from another place */
		{{206, "Content-Range: bytes 2-5/10\n", "cd", 0, false}, 2, 4, 10, S3T_PROTOCOL},
		{{206, "Content-Range: bytes 4-9/10\n", "efghij", 0, false}, 4, UINT64_MAX, 10,
			S3T_OK},
		{{206, "Content-Range: bytes 4-8/10\n", "efghi", 0, false}, 4, UINT64_MAX, 10,
			S3T_PROTOCOL},
		{{200, "Content-Length: 10\n", "abcdefghij", 0, false}, 2, 4, 10, S3T_UNSUPPORTED},
		{{200, "Content-Length: 10\n", "abcdefghij", 0, false}, 0, 4, 10, S3T_UNSUPPORTED},
		{{200, "Content-Length: 10\n", "abcdefghij", 0, false}, 4, UINT64_MAX, 10,
			S3T_UNSUPPORTED},
		/* a range that is the whole may be answered by the whole */
		{{200, "Content-Length: 10\n", "abcdefghij", 0, false}, 0, 10, 10, S3T_OK},
		{{200, "Content-Length: 9\n", "abcdefghi", 0, false}, 0, UINT64_MAX, 10,
			S3T_MISMATCH},
		{{200, "Content-Length: 9\nETag: \"other\"\n", "abcdefghi", 0, false}, 0,
			UINT64_MAX, 10, S3T_CHANGED},
		{{200, NULL, "abcdefghi", 0, false}, 0, UINT64_MAX, 10, S3T_UNSUPPORTED},
		{{200, NULL, "abcdefghijk", 0, false}, 0, UINT64_MAX, 10, S3T_PROTOCOL},
		/* nobody asked for a part */
		{{206, "Content-Range: bytes 0-3/10\n", "abcd", 0, false}, 0, UINT64_MAX,
			UINT64_MAX, S3T_PROTOCOL},
		{{416, NULL, NULL, 0, false}, 2, 4, 10, S3T_CHANGED},
		{{412, NULL, NULL, 0, false}, 2, 4, 10, S3T_CHANGED},
	};
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct script s;
		struct strbuf out;
		struct s3t_err err;
		strbuf_init(&out);
		script_start(&s, OWN_ENDPOINT KEYS FAST, &rows[i].reply, 1);
		struct s3_get get = {.bucket = SV("demo"),
			.key = SV("k"),
			.offset = rows[i].offset,
			.len = rows[i].len,
			.total = rows[i].total,
			.etag = "e",
			.sink = collect,
			.sink_arg = &out};
		enum s3t_rc rc = s3_get_object(&s.ctx, &get, &err);
		assert_int_equal(rc, rows[i].rc);
		assert_true(has_header(&s, 0, "if-match", "\"e\""));
		if (rc == S3T_OK)
			assert_memory_equal(out.data, &"abcdefghij"[rows[i].offset], out.len);
		else
			assert_int_equal(err.rc, rc);
		strbuf_deinit(&out);
		script_stop(&s);
	}
}

static void an_empty_range_needs_no_request(void **state)
{
	(void)state;
	struct script s;
	struct strbuf out;
	strbuf_init(&out);
	script_start(&s, OWN_ENDPOINT KEYS, &ok_head, 1);
	struct s3_get get = {
		.bucket = SV("demo"), .key = SV("k"), .sink = collect, .sink_arg = &out};
	assert_int_equal(s3_get_object(&s.ctx, &get, NULL), S3T_OK);
	assert_int_equal(s.sent_count, 0);
	script_stop(&s);
	strbuf_deinit(&out);
}

static void a_broken_read_goes_on_where_it_broke(void **state)
{
	(void)state;
	static const struct reply replies[] = {
		{.status = 206,
			.headers = "Content-Range: bytes 2-9/12\nETag: \"e\"\n",
			.body = "cde",
			.rc = S3T_NETWORK},
		{.status = 503},
		{.status = 206,
			.headers = "Content-Range: bytes 5-9/12\nETag: \"e\"\n",
			.body = "f",
			.rc = S3T_TIMEOUT},
		{.status = 500},
		{.status = 206,
			.headers = "Content-Range: bytes 6-9/12\nETag: \"e\"\n",
			.body = "ghij"},
	};
	struct script s;
	struct strbuf out;
	strbuf_init(&out);
	/* two tries without a new byte would be too many */
	script_start(&s, OWN_ENDPOINT KEYS FAST "max_attempts = 3\n", replies, COUNT(replies));
	struct s3_get get = {.bucket = SV("demo"),
		.key = SV("k"),
		.offset = 2,
		.len = 8,
		.total = 12,
		.etag = "e",
		.sink = collect,
		.sink_arg = &out};
	assert_int_equal(s3_get_object(&s.ctx, &get, NULL), S3T_OK);
	assert_string_equal(out.data, "cdefghij");
	static const char *const ranges[] = {
		"bytes=2-9", "bytes=5-9", "bytes=5-9", "bytes=6-9", "bytes=6-9"};
	assert_int_equal(s.sent_count, COUNT(ranges));
	for (size_t i = 0; i < COUNT(ranges); i++)
		assert_true(has_header(&s, i, "range", ranges[i]));
	strbuf_deinit(&out);
	script_stop(&s);
}

/* Listings need not tell ETags; halves of two versions are still no object. */
static void a_read_without_a_known_etag_does_not_mix_versions(void **state)
{
	(void)state;
	static const struct reply replies[] = {
		{.status = 200,
			.headers = "Content-Length: 6\nETag: \"one\"\n",
			.body = "aaa",
			.rc = S3T_NETWORK},
		{.status = 206,
			.headers = "Content-Range: bytes 3-5/6\nETag: \"two\"\n",
			.body = "bbb"},
	};
	static const uint64_t totals[] = {6, UINT64_MAX};
	for (size_t i = 0; i < COUNT(totals); i++) {
		struct script s;
		struct strbuf out;
		strbuf_init(&out);
		script_start(&s, OWN_ENDPOINT KEYS FAST, replies, 2);
		struct s3_get get = {.bucket = SV("demo"),
			.key = SV("k"),
			.len = UINT64_MAX,
			.total = totals[i],
			.sink = collect,
			.sink_arg = &out};
		assert_int_equal(s3_get_object(&s.ctx, &get, NULL), S3T_CHANGED);
		assert_int_equal(sent_header(&s, 0, "if-match").len, 0);
		assert_true(has_header(&s, 1, "if-match", "\"one\""));
		strbuf_deinit(&out);
		script_stop(&s);
	}
}

/* T8: an answer without a length may go on for ever. */
static void a_whole_object_is_not_read_beyond_its_size(void **state)
{
	(void)state;
	static const struct reply reply = {
		.status = 200, .headers = "ETag: \"e\"\n", .body = "abcd"};
	struct script s;
	struct strbuf out;
	struct s3t_err err;
	strbuf_init(&out);
	script_start(&s, OWN_ENDPOINT KEYS FAST, &reply, 1);
	struct s3_get get = {.bucket = SV("demo"),
		.key = SV("k"),
		.len = UINT64_MAX,
		.total = 3,
		.sink = collect,
		.sink_arg = &out};
	assert_int_equal(s3_get_object(&s.ctx, &get, &err), S3T_PROTOCOL);
	assert_non_null(strstr(err.message, "more than was asked for"));
	assert_true(out.len <= 3);
	strbuf_deinit(&out);
	script_stop(&s);
}

static bool refuse(void *arg, const char *data, size_t len)
{
	(void)arg;
	(void)data;
	(void)len;
	return false;
}

static void a_sink_that_stops_is_not_asked_again(void **state)
{
	(void)state;
	static const struct reply reply = {.status = 200, .body = "data"};
	struct script s;
	script_start(&s, OWN_ENDPOINT KEYS FAST, &reply, 1);
	struct s3_get get = {.bucket = SV("demo"),
		.key = SV("k"),
		.len = UINT64_MAX,
		.total = UINT64_MAX,
		.sink = refuse};
	assert_true(s3_get_object(&s.ctx, &get, NULL) != S3T_OK);
	assert_int_equal(s.sent_count, 1);
	script_stop(&s);
}

/* --- what was read in a failed try is not reported twice --- */

static void append_upload(
	void *arg, struct strview key, struct strview upload_id, int64_t initiated_s)
{
	(void)initiated_s;
	strbuf_addf(arg, "%.*s:%.*s ", (int)key.len, key.data, (int)upload_id.len, upload_id.data);
}

static void append_failure(void *arg, size_t index, const struct s3t_err *why)
{
	strbuf_addf(arg, "%zu:%s ", index, why->code);
}

static void a_cut_answer_leaves_nothing_behind_when_it_is_asked_for_again(void **state)
{
	(void)state;
	/* whole documents; the first answer is cut before the end tag of the root */
	static const char *const documents[] = {
		RESULT(ONE_KEY("a") ONE_KEY("b") "<IsTruncated>false</IsTruncated>"),
		"<ListAllMyBucketsResult><Buckets><Bucket><Name>one</Name></Bucket>"
		"<Bucket><Name>two</Name></Bucket></Buckets></ListAllMyBucketsResult>",
		"<ListPartsResult>" PART("1", "a") PART("2", "b") "</ListPartsResult>",
		"<ListMultipartUploadsResult><Upload><Key>k</Key><UploadId>u</UploadId></Upload>"
		"</ListMultipartUploadsResult>",
		"<DeleteResult><Error><Key>x</Key><Code>AccessDenied</Code></Error>"
		"</DeleteResult>",
	};
	const struct strview keys[] = {SV("x"), SV("y")};
	for (size_t i = 0; i < COUNT(documents); i++) {
		char *cut = s3t_strndup(documents[i], strlen(documents[i]) - 3);
		struct reply replies[] = {
			{.status = 200, .body = cut}, {.status = 200, .body = documents[i]}};
		struct script s;
		struct strbuf out;
		struct entry_page *page = NULL;
		enum s3t_rc rc = S3T_IO;
		strbuf_init(&out);
		script_start(&s, OWN_ENDPOINT KEYS FAST, replies, 2);
		switch (i) {
		case 0:
			rc = list_once(&s, "", &page, NULL);
			assert_int_equal(page->count, 2);
			break;
		case 1:
			page = entry_page_new(false);
			rc = s3_list_buckets(&s.ctx, page, NULL);
			assert_int_equal(page->count, 2);
			break;
		case 2:
			rc = s3_list_parts(
				&s.ctx, SV("demo"), SV("k"), "u", append_part, &out, NULL);
			assert_string_equal(out.data, "1:5:a 2:5:b ");
			break;
		case 3:
			rc = s3_list_multipart_uploads(
				&s.ctx, SV("demo"), SV(""), append_upload, &out, NULL, NULL);
			assert_string_equal(out.data, "k:u ");
			break;
		case 4:
			rc = s3_delete_objects(
				&s.ctx, SV("demo"), keys, NULL, 2, append_failure, &out, NULL);
			assert_string_equal(out.data, "0:AccessDenied ");
			break;
		}
		assert_int_equal(rc, S3T_OK);
		assert_int_equal(s.sent_count, 2);
		entry_page_free(page);
		strbuf_deinit(&out);
		script_stop(&s);
		free(cut);
	}
}

/* --- lifecycle rules --- */

#define RULES(in) "<LifecycleConfiguration>" in "</LifecycleConfiguration>"
#define RULE(id, filter, status)                                                      \
	"<Rule><ID>" id "</ID><Filter>" filter "</Filter><Status>" status "</Status>" \
	"<Expiration><Days>9</Days></Expiration></Rule>"
#define OLD RULE("old", "<Prefix>o/</Prefix>", "Enabled")
#define LARGE "<ObjectSizeGreaterThan>500</ObjectSizeGreaterThan>"
#define XMLNS " xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\""

/* Adds a rule for large objects; what was sent as a PUT is in s then. */
static enum s3t_rc add_large(struct script *s, struct s3t_err *err)
{
	static const char *const pairs[] = {"larger=500", "expire=9"};
	struct s3_lifecycle l;
	assert_int_equal(s3_lifecycle_get(&s->ctx, SV("demo"), &l, err), S3T_OK);
	assert_int_equal(s3_lifecycle_set(&l, "large", pairs, 2, err), S3T_OK);
	enum s3t_rc rc = s3_lifecycle_put(&s->ctx, SV("demo"), &l, err);
	s3_lifecycle_deinit(&l);
	return rc;
}

static void assert_puts(const struct script *s, const char *const *bodies, size_t count)
{
	size_t n = 0;
	for (size_t i = 0; i < s->sent_count; i++) {
		if (strcmp(s->sent[i].method, "PUT") != 0)
			continue;
		assert_true(n < count);
		assert_string_equal(s->sent[i].body, bodies[n++]);
	}
	assert_int_equal(n, count);
}

static void a_lifecycle_rule_is_tried_switched_off(void **state)
{
	(void)state;
	static const char before[] = RULES(OLD);
	static const char trial[] = RULES(OLD RULE("large", LARGE, "Disabled"));
	static const char final[] = RULES(OLD RULE("large", LARGE, "Enabled"));
	static const char wide[] = RULES(OLD RULE("large", "<Prefix/>", "Disabled"));
	static const char *const puts[] = {"<LifecycleConfiguration" XMLNS ">" OLD RULE("large",
						   LARGE, "Disabled") "</LifecycleConfiguration>",
		"<LifecycleConfiguration" XMLNS
		">" OLD RULE("large", LARGE, "Enabled") "</LifecycleConfiguration>"};
	static const char *const undone[] = {"<LifecycleConfiguration" XMLNS ">" OLD RULE("large",
						     LARGE, "Disabled") "</LifecycleConfiguration>",
		"<LifecycleConfiguration" XMLNS ">" OLD "</LifecycleConfiguration>"};
	const struct reply kept[] = {{.status = 200, .body = before},
		{.status = 200, .body = before}, {.status = 200}, {.status = 200, .body = trial},
		{.status = 200}, {.status = 200, .body = final}};
	const struct reply dropped[] = {{.status = 200, .body = before},
		{.status = 200, .body = before}, {.status = 200}, {.status = 200, .body = wide},
		{.status = 200, .body = wide}, {.status = 200, .body = wide},
		{.status = 200, .body = wide}, {.status = 200}, {.status = 200, .body = before}};
	const struct reply broken[] = {{.status = 200, .body = before},
		{.status = 200, .body = before}, {.status = 200}, {.rc = S3T_NETWORK}};
	const struct reply not_undone[] = {{.status = 200, .body = before},
		{.status = 200, .body = before}, {.status = 200}, {.status = 200, .body = wide},
		{.status = 200, .body = wide}, {.status = 200, .body = wide},
		{.status = 200, .body = wide}, {.status = 200}, {.status = 200, .body = wide}};
	struct s3t_err err = {.rc = S3T_OK};
	struct script s;
	script_start(&s, OWN_ENDPOINT KEYS FAST, kept, COUNT(kept));
	assert_int_equal(add_large(&s, &err), S3T_OK);
	assert_puts(&s, puts, 2);
	script_stop(&s);
	script_start(&s, OWN_ENDPOINT KEYS FAST, dropped, COUNT(dropped));
	assert_int_equal(add_large(&s, &err), S3T_UNSUPPORTED);
	assert_non_null(strstr(err.message, "\"objects (larger than 500 bytes) go after 9 days\""));
	assert_non_null(strstr(err.message, "as they were before"));
	assert_puts(&s, undone, 2);
	script_stop(&s);
	script_start(&s, OWN_ENDPOINT KEYS FAST, broken, COUNT(broken));
	assert_int_equal(add_large(&s, &err), S3T_NETWORK);
	assert_non_null(strstr(err.message, "may have been written"));
	assert_puts(&s, puts, 1);
	script_stop(&s);
	script_start(&s, OWN_ENDPOINT KEYS FAST, not_undone, COUNT(not_undone));
	assert_int_equal(add_large(&s, &err), S3T_UNSUPPORTED);
	assert_non_null(strstr(err.message, "look at them now"));
	assert_null(strstr(err.message, "as they were before."));
	script_stop(&s);
}

static void what_cannot_be_removed_is_not_asked_for(void **state)
{
	(void)state;
	static const struct reply fine = {.status = 204};
	static const char *const names[] = {"acl", "versioning", "object-lock", "logging"};
	struct s3t_err err;
	struct script s;
	script_start(&s, OWN_ENDPOINT KEYS, &fine, 1);
	for (size_t i = 0; i < COUNT(names); i++) {
		struct s3_document d = {.bucket = SV("demo"), .name = names[i], .root = "X"};
		assert_int_equal(s3_document_delete(&s.ctx, &d, true, &err), S3T_INVALID);
		d.key = SV("key");
		assert_int_equal(s3_document_delete(&s.ctx, &d, true, &err), S3T_INVALID);
	}
	assert_int_equal(s.sent_count, 0);
	script_stop(&s);
}

/* --- names in sentences --- */

static void names_in_sentences_are_sanitised(void **state)
{
	(void)state;
	static const struct reply missing = {.status = 404};
	struct script s;
	struct s3t_err err;
	script_start(&s, OWN_ENDPOINT KEYS, &missing, 1);
	assert_int_equal(s3_head_bucket(&s.ctx, SV("b\x1b[31m"), &err), S3T_INVALID);
	assert_null(strchr(err.message, '\x1b'));
	assert_int_equal(s.sent_count, 0);
	assert_int_equal(head(&s, "demo", "k\x1b[31m", &err), S3T_NOT_FOUND);
	assert_null(strchr(err.message, '\x1b'));
	assert_int_equal(err.http_status, 404);
	script_stop(&s);
}

static void clients_know_whether_they_are_of_one_service(void **state)
{
	(void)state;
	struct script a, b;
	script_start(&a, OWN_ENDPOINT KEYS, &ok_head, 1);
	script_start(&b, "endpoint = http://s3.example.test:9001\n" KEYS, &ok_head, 1);
	struct s3_client *again = s3_client_new(a.profile);
	assert_true(s3_client_same_service(a.client, again));
	assert_false(s3_client_same_service(a.client, b.client));
	s3_client_unref(again);
	assert_int_equal(s3_client_etag_rule(a.client), ETAG_UNKNOWN);
	s3_client_learn_etag_rule(a.client, ETAG_MD5);
	assert_int_equal(s3_client_etag_rule(a.client), ETAG_MD5);
	script_stop(&a);
	script_stop(&b);
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
		cmocka_unit_test(urls_follow_the_endpoint_and_its_style),
		cmocka_unit_test(buckets_are_listed_at_the_service_itself),
		cmocka_unit_test(a_bucket_elsewhere_is_made_with_its_region),
		cmocka_unit_test(requests_carry_what_is_signed),
		cmocka_unit_test(token_and_payer_are_signed_headers),
		cmocka_unit_test(without_signing_nothing_tells_who_asks),
		cmocka_unit_test(links_are_bounded_and_say_how_they_are_saved),
		cmocka_unit_test(a_stale_connection_is_tried_again_at_once),
		cmocka_unit_test(a_fresh_connection_that_breaks_spends_an_attempt),
		cmocka_unit_test(what_may_pass_is_tried_again_and_the_rest_is_not),
		cmocka_unit_test(retry_after_is_waited_for_or_given_up),
		cmocka_unit_test(a_failing_server_is_not_flooded),
		cmocka_unit_test(expired_tokens_are_asked_for_once_more),
		cmocka_unit_test(no_credentials_no_request),
		cmocka_unit_test(another_region_is_another_host_at_amazon),
		cmocka_unit_test(a_region_that_is_not_told_is_asked_for),
		cmocka_unit_test(a_region_that_cannot_be_asked_for_is_still_the_failure),
		cmocka_unit_test(no_answer_leads_to_another_host),
		cmocka_unit_test(a_wrong_clock_is_noticed_without_an_error_document),
		cmocka_unit_test(secrets_are_in_no_error),
		cmocka_unit_test(sizes_that_cannot_be_end_a_listing),
		cmocka_unit_test(attributes_are_read_as_far_as_they_make_sense),
		cmocka_unit_test(keys_outside_the_prefix_are_not_taken),
		cmocka_unit_test(keys_are_decoded_only_where_the_server_encoded_them),
		cmocka_unit_test(services_that_cannot_encode_are_not_asked_to),
		cmocka_unit_test(the_first_version_goes_on_from_the_greatest_name),
		cmocka_unit_test(
			a_listing_that_says_nothing_of_the_next_page_is_asked_in_the_old_way),
		cmocka_unit_test(a_token_that_came_through_xml_mangled_is_not_used),
		cmocka_unit_test(parts_are_listed_page_by_page),
		cmocka_unit_test(lists_of_parts_and_uploads_that_do_not_end_are_errors),
		cmocka_unit_test(a_success_without_its_document_is_none),
		cmocka_unit_test(metadata_never_crowds_out_what_a_request_means),
		cmocka_unit_test(an_object_that_must_not_be_there_exists),
		cmocka_unit_test(answers_that_are_not_the_range_are_refused),
		cmocka_unit_test(an_empty_range_needs_no_request),
		cmocka_unit_test(a_broken_read_goes_on_where_it_broke),
		cmocka_unit_test(a_read_without_a_known_etag_does_not_mix_versions),
		cmocka_unit_test(a_put_that_answers_an_error_with_200_is_not_done),
		cmocka_unit_test(a_whole_object_is_not_read_beyond_its_size),
		cmocka_unit_test(a_sink_that_stops_is_not_asked_again),
		cmocka_unit_test(a_cut_answer_leaves_nothing_behind_when_it_is_asked_for_again),
		cmocka_unit_test(a_lifecycle_rule_is_tried_switched_off),
		cmocka_unit_test(what_cannot_be_removed_is_not_asked_for),
		cmocka_unit_test(names_in_sentences_are_sanitised),
		cmocka_unit_test(clients_know_whether_they_are_of_one_service),
	};
	return cmocka_run_group_tests(tests, start, stop);
}
