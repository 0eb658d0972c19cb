/*
 * Sending: how a request is signed, and the only retry loop of the program.
 *
 * Tries: `max_attempts` in a row without a new byte, `give_up_after` without progress at the most;
 * pauses are drawn from [0, min(max_delay, initial_delay * 2^n)] (full jitter), at least what
 * Retry-After says; a token bucket shared by all calls of the client keeps a failing server from
 * being flooded with retries. Clock skew, another region and a session that has ended are corrected
 * and tried again at once, once each.
 */
#include "core/crypto.h"
#include "core/parse.h"
#include "core/s3_client_private.h"
#include "core/s3_encryption.h"
#include "core/timeutil.h"
#include "core/uri.h"
#include "core/xml.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { TRANSIENT_COST = 10, OTHER_COST = 5 };
enum { CLOCK_SKEW_S = 14 * 60 }; /* S3 allows 15 minutes */

/* --- one try --- */

struct attempt {
	struct s3_call *call;
	struct s3_target target;
	char region[48], date[17];
	struct strbuf url, authorization;
	struct strbuf lines[HTTP_HEADERS_MAX];
	const char *list[HTTP_HEADERS_MAX + 1];
	struct sigv4_pair pairs[HTTP_HEADERS_MAX];
	size_t count;
};

static void add_header(struct attempt *a, struct strview name, struct strview value)
{
	if (a->count >= HTTP_HEADERS_MAX - 2)
		return;
	a->pairs[a->count++] = (struct sigv4_pair){name, value};
}

/* Joins "Name: value"; libcurl needs "Name;" for an empty value. */
static void header_lines(struct attempt *a)
{
	size_t n = 0;
	for (size_t i = 0; i < a->count; i++) {
		struct strbuf *line = &a->lines[n];
		strbuf_init(line);
		strbuf_add_sv(line, a->pairs[i].name);
		strbuf_add_str(line, a->pairs[i].value.len ? ": " : ";");
		strbuf_add_sv(line, a->pairs[i].value);
		a->list[n++] = line->data;
	}
	a->list[n] = NULL;
}

static void add_key(struct attempt *a, const struct s3_customer_key *key, bool of_source)
{
	static const char *const source_headers[S3_CUSTOMER_KEY_HEADERS] = {
		"x-amz-copy-source-server-side-encryption-customer-algorithm",
		"x-amz-copy-source-server-side-encryption-customer-key",
		"x-amz-copy-source-server-side-encryption-customer-key-MD5"};
	const char *const *names = of_source ? source_headers : s3_customer_key_headers;
	add_header(a, sv(names[0]), SV("AES256"));
	add_header(a, sv(names[1]), sv(key->key));
	add_header(a, sv(names[2]), sv(key->md5));
}

/* The customer's key as the call uses it; with_key: objects are read with it. Never part of the
 * call's own headers, which are logged. */
static enum s3t_rc add_customer_key(
	const struct s3_ctx *ctx, struct attempt *a, bool with_key, struct s3t_err *err)
{
	const struct s3_call *call = a->call;
	const struct s3_customer_key *key;
	bool is_write = call->key_use == S3_KEY_WRITES || call->copy_is_under_key;
	if (!is_write && !(call->key_use != S3_KEY_UNUSED && with_key))
		return S3T_OK;
	enum s3t_rc rc = s3_client_customer_key(ctx->client, ctx->cancel, &key, err);
	if (rc != S3T_OK || !key)
		return rc == S3T_OK && is_write
			       ? s3t_fail(err, S3T_CONFIG,
					 "SSE_C needs a key: set sse_c_key_file or "
					 "sse_c_key_command in [encryption] of profile %s.",
					 ctx->client->profile->name)
			       : rc;
	if (is_write || call->key_use == S3_KEY_READS)
		add_key(a, key, false);
	if (call->key_use == S3_KEY_COPIES && with_key)
		add_key(a, key, true);
	return S3T_OK;
}

static void sign(struct s3_client *c, struct attempt *a, const struct creds *creds,
	struct strview payload_hash)
{
	struct s3_call *call = a->call;
	int64_t now_s = s3_client_now_s(c);
	time_format_amz(now_s, a->date);
	for (size_t i = 0; i < call->header_count; i++)
		add_header(a, call->headers[i].name, call->headers[i].value);
	add_header(a, SV("host"), strbuf_view(&a->target.host));
	if (c->profile->settings.request_payer)
		add_header(a, SV("x-amz-request-payer"), SV("requester"));
	if (creds) {
		add_header(a, SV("x-amz-date"), sv(a->date));
		add_header(a, SV("x-amz-content-sha256"), payload_hash);
		if (creds_token(creds).len)
			add_header(a, SV("x-amz-security-token"), creds_token(creds));
		struct sigv4_key key;
		s3_client_signing_key(c, creds, now_s, a->region, &key);
		struct sigv4_request req = {.method = call->method,
			.path = strbuf_view(&a->target.path),
			.query = call->query,
			.query_count = call->query_count,
			.headers = a->pairs,
			.header_count = a->count,
			.payload_hash = payload_hash,
			.region = a->region,
			.service = "s3",
			.when_s = now_s};
		sigv4_authorization(&a->authorization, &req, creds_access_key(creds), &key);
		explicit_bzero(&key, sizeof key);
		a->pairs[a->count++] =
			(struct sigv4_pair){SV("Authorization"), strbuf_view(&a->authorization)};
	}
	header_lines(a);
}

/* What the log is to say of a try, but for its outcome. */
static void describe_try(const struct attempt *a, const struct creds *creds, struct call_record *r)
{
	enum { BODY_MAX = 4096 };
	const struct s3_call *call = a->call;
	struct strbuf headers;
	strbuf_init(&headers);
	for (size_t i = 0; i < call->header_count; i++) {
		strbuf_add_sv(&headers, call->headers[i].name);
		strbuf_add_str(&headers, ": ");
		strbuf_add_sv(&headers, call->headers[i].value);
		strbuf_add_char(&headers, '\n');
	}
	/* never what is in objects */
	bool is_object = call->key.len && strcmp(call->method, "PUT") == 0;
	bool is_short = call->has_body && !call->stream && !is_object && call->body.len &&
			call->body.len <= BODY_MAX &&
			!memchr(call->body.data, '\0', call->body.len);
	*r = (struct call_record){.is_signed = creds != NULL,
		.has_token = creds && creds_token(creds).len,
		.is_stream = call->stream != NULL,
		.body_size = call->stream ? call->stream->size : call->body.len,
		.url = s3t_strndup(a->url.data, a->url.len),
		.headers = strbuf_take(&headers),
		.body = is_short ? s3t_strndup(call->body.data, call->body.len) : NULL};
	snprintf(r->method, sizeof r->method, "%s", call->method);
	snprintf(r->region, sizeof r->region, "%s", a->region);
}

/* with_key: what is read is read with the customer's key. record: filled if the client has a log;
 * NULL: nobody wants it. */
static enum s3t_rc try_once(const struct s3_ctx *ctx, struct s3_call *call, bool with_key,
	struct http_response *resp, struct call_record *record, struct s3t_err *err)
{
	struct s3_client *c = ctx->client;
	const struct settings *s = &c->profile->settings;
	struct creds *creds = NULL;
	enum s3t_rc rc = creds_provider_get(c->profile->creds, ctx->cancel, &creds, err);
	if (rc != S3T_OK)
		return rc;
	struct attempt *a = s3t_alloc(sizeof *a);
	a->call = call;
	strbuf_init(&a->url);
	strbuf_init(&a->authorization);
	s3_client_region(c, call->bucket, a->region);
	rc = add_customer_key(ctx, a, with_key, err);
	if (rc != S3T_OK) {
		strbuf_deinit(&a->url);
		strbuf_deinit(&a->authorization);
		free(a);
		creds_unref(creds);
		return rc;
	}
	s3_target_init(c->profile, call->bucket, call->key, a->region, &a->target);

	struct strbuf hash;
	strbuf_init(&hash);
	if (!call->payload_hash.len) {
		unsigned char digest[SHA256_LEN];
		sha256(call->body, digest);
		hex_encode(&hash, digest, sizeof digest);
	}
	sign(c, a, creds, call->payload_hash.len ? call->payload_hash : strbuf_view(&hash));
	strbuf_addf(&a->url, "%s://%s%s", c->profile->endpoint.is_https ? "https" : "http",
		a->target.host.data, a->target.path.data);
	if (call->query_count) {
		strbuf_add_char(&a->url, '?');
		sigv4_canonical_query(&a->url, call->query, call->query_count);
	}

	struct http_memory memory = {.data = call->body};
	struct http_request req = {.method = call->method,
		.url = a->url.data,
		.headers = a->list,
		.has_body = call->has_body,
		.timeout_ms = call->stream || call->sink ? 0 : s->timeout_ms,
		.body_cap = call->handler ? XML_CAP_PAGE : XML_CAP_ERROR,
		.sink = call->sink,
		.on_headers = call->on_headers,
		.sink_arg = call->sink_arg,
		.expected = call->expected};
	if (call->stream)
		req.body = *call->stream;
	else if (call->has_body)
		req.body = http_memory_body(&memory);
	struct http_options options = s3_http_options(c->profile);
	atomic_fetch_add_explicit(&c->counters.requests, 1, memory_order_relaxed);
	rc = http_perform(ctx->conn, &options, &req, resp, ctx->cancel, err);
	if (record && atomic_load(&c->log))
		describe_try(a, creds, record);

	for (size_t i = 0; i < a->count; i++)
		strbuf_deinit_wipe(&a->lines[i]);
	s3_target_deinit(&a->target);
	strbuf_deinit(&a->url);
	strbuf_deinit(&a->authorization);
	strbuf_deinit(&hash);
	free(a);
	creds_unref(creds);
	return rc;
}

/* Whether the answer says that the work was done: status, and for calls that promise one, the root
 * element (a 200 may hold <Error>, also where no document is due). */
static enum s3t_rc judge(struct s3_call *call, struct http_response *resp, struct s3t_err *err)
{
	if (resp->status / 100 != 2)
		return s3_error_from(resp, call->bucket, call->key, err);
	char root[64];
	if (!call->root) { /* nothing is promised, but an error may be told */
		bool is_error = !call->sink && resp->body.len &&
				xml_parse(strbuf_view(&resp->body), NULL, root, NULL) == S3T_OK &&
				strcmp(root, "Error") == 0;
		return is_error ? s3_error_from(resp, call->bucket, call->key, err) : S3T_OK;
	}
	bool is_read_twice = call->handler && !call->prepare;
	enum s3t_rc rc = xml_parse(
		strbuf_view(&resp->body), is_read_twice ? NULL : call->handler, root, err);
	if (rc == S3T_OK && strcmp(root, "Error") == 0)
		return s3_error_from(resp, call->bucket, call->key, err);
	if (rc == S3T_OK && strcmp(root, call->root) != 0) {
		rc = s3t_fail(err, S3T_UNSUPPORTED,
			"The server does not support this (it answered "
			"<%s> where <%s> was due).",
			root, call->root);
	}
	if (rc == S3T_OK && is_read_twice)
		rc = xml_parse(strbuf_view(&resp->body), call->handler, NULL, err);
	if (rc != S3T_OK && err)
		err->http_status = resp->status;
	return rc;
}

/* --- the retry loop --- */

struct retrying {
	unsigned failures;  /* in a row without progress */
	unsigned immediate; /* tries without a pause: stale connection, region, clock */
	bool fixed_clock, fixed_region, fixed_token, fixed_key;
	bool with_key;      /* reads go with the customer's key */
	bool was_key_asked; /* 400 came in one of both ways: it is a matter of keys */
	uint64_t progress;
	int64_t since_ms; /* of the last progress */
};

static bool spend_token(struct s3_client *c, enum s3t_rc rc)
{
	int cost = rc == S3T_TIMEOUT || rc == S3T_CONNECT || rc == S3T_NETWORK ? TRANSIENT_COST
									       : OTHER_COST;
	int have = atomic_load(&c->retry_tokens);
	do {
		if (have < cost)
			return false;
	} while (!atomic_compare_exchange_weak(&c->retry_tokens, &have, have - cost));
	return true;
}

static void earn_token(struct s3_client *c)
{
	int have = atomic_load(&c->retry_tokens);
	while (have < RETRY_TOKENS &&
		!atomic_compare_exchange_weak(&c->retry_tokens, &have, have + 1))
		;
}

static bool fix_clock(struct s3_client *c, const struct http_response *resp)
{
	int64_t server_s = time_parse_http(http_header(resp, "date"));
	if (server_s == TIME_UNKNOWN)
		return false;
	atomic_store(&c->clock_offset_s, server_s - time_wall_s());
	return true;
}

/* A HEAD that is refused for its time says so in no document: the clocks themselves tell. */
static bool clock_is_off(struct s3_client *c, const struct http_response *resp)
{
	int64_t server_s = time_parse_http(http_header(resp, "date"));
	if (server_s == TIME_UNKNOWN)
		return false;
	int64_t ahead = s3_client_now_s(c) - server_s;
	return ahead > CLOCK_SKEW_S || ahead < -CLOCK_SKEW_S;
}

static enum s3t_rc discover_region(const struct s3_ctx *ctx, struct strview bucket, char region[48])
{
	struct s3_call call = {.method = "HEAD", .bucket = bucket};
	struct http_response resp;
	http_response_init(&resp);
	enum s3t_rc rc = try_once(
		ctx, &call, false, &resp, NULL, NULL); /* the first failure is the one to tell */
	if (rc == S3T_OK)
		s3_clean_region(http_header(&resp, "x-amz-bucket-region"), region);
	http_response_deinit(&resp);
	return rc;
}

static bool fix_region(const struct s3_ctx *ctx, const struct s3_call *call, struct s3t_err *why)
{
	char now[48];
	if (call->bucket.len == 0)
		return false;
	s3_client_region(ctx->client, call->bucket, now);
	if (!why->region[0] && discover_region(ctx, call->bucket, why->region) != S3T_OK)
		return false;
	if (!why->region[0] || strcmp(why->region, now) == 0)
		return false;
	s3_client_learn_region(ctx->client, call->bucket, why->region);
	return true;
}

/* A HEAD that is refused has no document that says why; of a session that has ended a GET tells. */
static enum s3t_rc ask_why(
	const struct s3_ctx *ctx, const struct s3_call *call, enum s3t_rc rc, struct s3t_err *err)
{
	const struct sigv4_pair query = {SV("location"), SV("")};
	struct s3_call ask = {
		.method = "GET", .bucket = call->bucket, .query = &query, .query_count = 1};
	struct http_response resp;
	struct s3t_err why;
	http_response_init(&resp);
	bool is_it = try_once(ctx, &ask, false, &resp, NULL, &why) == S3T_OK &&
		     judge(&ask, &resp, &why) != S3T_OK && strcmp(why.code, "ExpiredToken") == 0;
	http_response_deinit(&resp);
	if (!is_it)
		return rc;
	*err = why;
	return why.rc;
}

static bool has_session(const struct s3_ctx *ctx)
{
	struct creds *creds = NULL;
	enum s3t_rc rc = creds_provider_get(ctx->client->profile->creds, ctx->cancel, &creds, NULL);
	bool has = rc == S3T_OK && creds && creds_token(creds).len;
	creds_unref(creds);
	return has;
}

/* The corrections that need no pause; true: try again at once. */
static bool corrected(const struct s3_ctx *ctx, const struct s3_call *call, enum s3t_rc rc,
	const struct http_response *resp, struct s3t_err *why, struct retrying *r)
{
	struct s3_client *c = ctx->client;
	bool redirect = rc == S3T_REGION || (why->http_status == 400 && resp->body.len == 0);
	bool is_skewed = rc == S3T_CLOCK ||
			 (why->http_status == 403 && resp->body.len == 0 && clock_is_off(c, resp));
	if (is_skewed && !r->fixed_clock)
		return r->fixed_clock = true, fix_clock(c, resp);
	/* a 400 where a key was due, or none; a 403 may be that of another key */
	bool reads = call->key_use == S3_KEY_READS || call->key_use == S3_KEY_COPIES;
	if (reads && !r->fixed_key && s3_has_customer_key(&c->profile->settings) &&
		(why->http_status == 400 || (why->http_status == 403 && r->with_key))) {
		r->with_key = !r->with_key;
		r->was_key_asked = why->http_status == 400;
		return r->fixed_key = true;
	}
	if (strcmp(why->code, "ExpiredToken") == 0 && !r->fixed_token) {
		creds_provider_invalidate(c->profile->creds);
		return r->fixed_token = true;
	}
	if (redirect && !r->fixed_region)
		return r->fixed_region = true, fix_region(ctx, call, why);
	/* a kept connection that the server had closed meanwhile */
	if (rc == S3T_NETWORK && resp->reused_connection && resp->status == 0 &&
		!resp->sink_stopped && r->immediate < 1)
		return r->immediate++, true;
	return false;
}

static int64_t pause_ms(
	const struct settings *s, const struct http_response *resp, unsigned failures)
{
	uint64_t bound = (uint64_t)s->initial_delay_ms;
	for (unsigned i = 1; i < failures && bound < (uint64_t)s->max_delay_ms; i++)
		bound *= 2;
	if (bound > (uint64_t)s->max_delay_ms)
		bound = (uint64_t)s->max_delay_ms;
	int64_t ms = (int64_t)random_below_or_equal(bound);
	uint64_t asked;
	if (parse_u64(http_header(resp, "x-amz-retry-after"), &asked) && asked < 3600000 &&
		(int64_t)asked > ms)
		ms = (int64_t)asked;
	if (parse_u64(http_header(resp, "retry-after"), &asked) && asked < 3600 &&
		(int64_t)asked * 1000 > ms)
		ms = (int64_t)asked * 1000;
	return ms;
}

/* Whether another try is due after the failure why; sleeps the pause. */
static bool try_again(const struct s3_ctx *ctx, const struct s3_call *call, enum s3t_rc rc,
	const struct http_response *resp, struct s3t_err *why, struct retrying *r)
{
	const struct settings *s = &ctx->client->profile->settings;
	if (rc == S3T_CANCELLED || (resp->sink_stopped && rc != S3T_MISMATCH))
		return false;
	bool has_moved = call->progress && *call->progress > r->progress;
	if (has_moved) {
		r->progress = *call->progress;
		r->failures = 0;
		r->immediate = 0;
		r->since_ms = time_mono_ms();
	}
	if (corrected(ctx, call, rc, resp, why, r))
		return true;
	/* a mismatch or a 200 with nonsense inside is tried once more, not often */
	bool once = rc == S3T_MISMATCH;
	r->failures++;
	if (ctx->once || !s3t_rc_is_retryable(rc) || r->failures >= s->max_attempts ||
		(once && r->failures > 1) || rc == S3T_CLOCK || rc == S3T_REGION)
		return false;
	int64_t ms = pause_ms(s, resp, r->failures);
	/* a try after new bytes floods nobody, however often it takes one */
	if (time_mono_ms() + ms - r->since_ms > s->give_up_after_ms ||
		(!has_moved && !spend_token(ctx->client, rc)))
		return false;
	atomic_fetch_add_explicit(&ctx->client->counters.retries, 1, memory_order_relaxed);
	if (ctx->retries)
		atomic_fetch_add_explicit(ctx->retries, 1, memory_order_relaxed);
	return !cancel_wait(ctx->cancel, ms);
}

/* What a failed read says of keys: 400 comes without the object's key, and of some servers with
 * another than its own, too. */
static enum s3t_rc explain_key(const struct s3_client *c, const struct s3_call *call,
	const struct retrying *r, enum s3t_rc rc, struct s3t_err *err)
{
	if (call->key_use != S3_KEY_READS || strcmp(err->code, "ExpiredToken") == 0 ||
		(err->http_status != 400 && !(err->http_status == 403 && r->was_key_asked)))
		return rc;
	bool has_key = s3_has_customer_key(&c->profile->settings);
	bool may_be =
		has_key ? r->fixed_key
			: strcmp(call->method, "HEAD") == 0 ||
				  strcmp(err->code, "InvalidRequest") == 0 ||
				  strstr(err->message, "Server Side Encryption with Customer");
	if (!may_be)
		return rc;
	struct s3t_err told = *err;
	rc = s3t_fail(err, S3T_CLIENT,
		has_key ? "The object is encrypted with another customer key (SSE-C) than that of "
			  "profile %s."
			: "The server refuses to read it (400): an object that is encrypted with a "
			  "customer key (SSE-C) needs that key, and profile %s has none.",
		c->profile->name);
	err->http_status = told.http_status;
	memcpy(err->code, told.code, sizeof err->code);
	memcpy(err->request_id, told.request_id, sizeof err->request_id);
	return rc;
}

static void note_try(struct s3_client *c, struct call_record *r, const struct http_response *resp,
	enum s3t_rc rc, const struct s3t_err *err, unsigned try_number)
{
	struct call_log *log = atomic_load(&c->log);
	if (!r->url)
		return;
	struct strview id = http_header(resp, "x-amz-request-id");
	r->when_s = time_wall_s();
	r->total_us = resp->total_us;
	r->first_byte_us = resp->first_byte_us;
	r->status = resp->status;
	r->rc = rc;
	r->try_number = try_number;
	snprintf(r->request_id, sizeof r->request_id, "%.*s", (int)id.len, id.data);
	snprintf(r->code, sizeof r->code, "%s", rc == S3T_OK ? "" : err->code);
	r->message = s3t_strdup(rc == S3T_OK ? "" : err->message);
	if (log)
		call_log_add(log, r);
	else
		call_record_deinit(r);
}

static void count_try(struct s3_client *c, const struct s3_call *call,
	const struct http_response *resp, enum s3t_rc rc, const struct s3t_err *err)
{
	struct strbuf names;
	bool is_copy = false;
	strbuf_init(&names);
	for (size_t i = 0; i < call->query_count; i++) {
		strbuf_add_sv(&names, call->query[i].name);
		strbuf_add_char(&names, ' ');
	}
	for (size_t i = 0; i < call->header_count; i++)
		is_copy = is_copy || sv_eq(call->headers[i].name, SV("x-amz-copy-source"));
	enum call_op op = call_op_of(call->method, strbuf_view(&names), call->key.len, is_copy);
	call_stats_add(&c->stats, op, resp->total_us, resp->status ? resp->first_byte_us : 0, rc,
		rc == S3T_OK ? "" : err->code);
	strbuf_deinit(&names);
}

static bool has_control(struct strview s)
{
	for (size_t i = 0; i < s.len; i++)
		if ((unsigned char)s.data[i] < 0x20 || s.data[i] == 0x7f)
			return s.data[i] != '\t';
	return false;
}

/* What no server takes, or would take for something else, is not sent. */
static enum s3t_rc check_call(const struct s3_call *call, struct s3t_err *err)
{
	enum s3t_rc rc = call->bucket.len ? bucket_check_use(call->bucket, err) : S3T_OK;
	if (rc == S3T_OK && call->key.len)
		rc = key_check(call->key, err);
	for (size_t i = 0; i < call->header_count && rc == S3T_OK; i++)
		if (has_control(call->headers[i].value))
			rc = s3t_fail(err, S3T_INVALID, "The header %.*s has a control character.",
				(int)call->headers[i].name.len, call->headers[i].name.data);
	return rc;
}

/* Not what carries data, or copies or puts together objects. */
static bool is_answered_at_once(const struct s3_call *call)
{
	return !call->stream && (!call->key.len || strcmp(call->method, "HEAD") == 0);
}

enum s3t_rc s3_send(const struct s3_ctx *ctx, struct s3_call *call, struct http_response *resp,
	struct s3t_err *err)
{
	struct s3t_err local;
	if (!err)
		err = &local;
	if (s3_client_refuse_change(ctx->client->profile, call->method, err) != S3T_OK)
		return S3T_UNSUPPORTED;
	if (check_call(call, err) != S3T_OK)
		return err->rc;
	struct retrying r = {.since_ms = time_mono_ms(),
		.progress = call->progress ? *call->progress : 0,
		.with_key = atomic_load(&ctx->client->reads_with_key)};
	enum s3t_rc rc;
	for (unsigned try_number = 1;; try_number++) {
		struct call_record record = {.url = NULL};
		if (call->prepare)
			call->prepare(call->prepare_arg, call);
		if (call->stream && !call->stream->rewind(call->stream->arg))
			return s3t_fail(err, S3T_IO, "The data cannot be read a second time.");
		struct call_wait wait;
		bool waits = is_answered_at_once(call);
		if (waits)
			call_stats_begin(&ctx->client->stats, &wait);
		rc = try_once(ctx, call, r.with_key, resp, &record, err);
		if (waits)
			call_stats_end(&ctx->client->stats, &wait);
		if (rc == S3T_OK)
			rc = judge(call, resp, err);
		if (call->check && (rc == S3T_OK || (resp->sink_stopped && rc != S3T_CANCELLED))) {
			enum s3t_rc found = call->check(call->check_arg, err);
			rc = found == S3T_OK ? rc : found;
		}
		note_try(ctx->client, &record, resp, rc, err, try_number);
		count_try(ctx->client, call, resp, rc, err);
		if (rc == S3T_OK) {
			earn_token(ctx->client);
			if (call->key.len && strcmp(call->method, "GET") != 0 &&
				strcmp(call->method, "HEAD") != 0)
				s3_client_forget(ctx->client, call->bucket, call->key);
			if (r.fixed_key)
				atomic_store(&ctx->client->reads_with_key, r.with_key);
			return S3T_OK;
		}
		if (rc == S3T_SLOW_DOWN)
			atomic_fetch_add_explicit(
				&ctx->client->counters.slow_downs, 1, memory_order_relaxed);
		call->unheard +=
			resp->status == 0 || resp->status / 100 == 5 || resp->status / 100 == 2;
		if (resp->status == 400 && strcmp(call->method, "HEAD") == 0 && call->bucket.len &&
			has_session(ctx))
			rc = ask_why(ctx, call, rc, err);
		if (!try_again(ctx, call, rc, resp, err, &r))
			break;
	}
	if (cancel_is_set(ctx->cancel))
		return s3t_fail(err, S3T_CANCELLED, "Cancelled.");
	rc = explain_key(ctx->client, call, &r, rc, err);
	if (rc != S3T_NOT_FOUND)
		atomic_fetch_add_explicit(&ctx->client->counters.errors, 1, memory_order_relaxed);
	return rc;
}
