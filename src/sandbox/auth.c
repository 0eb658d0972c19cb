/*
 * "Authenticating Requests" of the S3 API reference: the Authorization header and presigned
 * queries, Signature Version 4 with a payload in one piece. Nothing anonymous passes.
 */
#include "core/parse.h"
#include "core/uri.h"
#include "sandbox/internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SKEW_MAX_S = 15 * 60, SIGNED_MAX = 64 };

struct claim {
	struct strview access_key, day, region, service;
	struct strview signed_headers, signature, date;
	bool is_presigned;
	int64_t when_s;
};

/* "AK/20130524/us-east-1/s3/aws4_request"; the access key may hold slashes. */
static bool read_credential(struct strview text, struct claim *c)
{
	struct strview *fields[] = {NULL, &c->service, &c->region, &c->day};
	for (size_t i = 0; i < 4; i++) {
		size_t slash = text.len;
		while (slash && text.data[slash - 1] != '/')
			slash--;
		if (!slash)
			return false;
		struct strview last = sv_from(text, slash);
		if (!fields[i] && !sv_eq(last, SV("aws4_request")))
			return false;
		if (fields[i])
			*fields[i] = last;
		text.len = slash - 1;
	}
	c->access_key = text;
	return true;
}

static bool read_header(const char *header, struct claim *c)
{
	struct strview rest = sv(header), algorithm = SV("AWS4-HMAC-SHA256");
	if (!sv_starts_with(rest, algorithm))
		return false;
	rest = sv_from(rest, algorithm.len);
	bool has_credential = false;
	while (rest.len) {
		size_t n = sv_find(rest, ',');
		struct strview field = sv_trim(sv_n(rest.data, n));
		rest = sv_from(rest, n + 1);
		size_t equals = sv_find(field, '=');
		struct strview name = sv_n(field.data, equals);
		struct strview value = sv_from(field, equals + 1);
		if (sv_eq(name, SV("Credential")))
			has_credential = read_credential(value, c);
		else if (sv_eq(name, SV("SignedHeaders")))
			c->signed_headers = value;
		else if (sv_eq(name, SV("Signature")))
			c->signature = value;
	}
	return has_credential && c->signed_headers.len && c->signature.len;
}

/* "20130524T000000Z" */
static int64_t read_date(struct strview s)
{
	char iso[24];
	if (s.len != 16 || s.data[8] != 'T' || s.data[15] != 'Z')
		return TIME_UNKNOWN;
	snprintf(iso, sizeof iso, "%.4s-%.2s-%.2sT%.2s:%.2s:%.2sZ", s.data, s.data + 4, s.data + 6,
		s.data + 9, s.data + 11, s.data + 13);
	int64_t ns = time_parse_iso_ns(sv(iso));
	return ns == TIME_UNKNOWN ? ns : ns / NS_PER_S;
}

static enum sbx_error read_claim(const struct request *r, struct claim *c)
{
	*c = (struct claim){0};
	c->is_presigned = sbx_query_has(r, "X-Amz-Signature");
	const char *header = sbx_header(r, "authorization");
	if (!c->is_presigned && !header)
		return SBX_E_ACCESS_DENIED;
	if (!c->is_presigned) {
		const char *date = sbx_header(r, "x-amz-date");
		if (!read_header(header, c))
			return SBX_E_AUTH_MALFORMED;
		c->date = sv(date);
	} else {
		if (!sv_eq(sbx_query(r, "X-Amz-Algorithm"), SV("AWS4-HMAC-SHA256")) ||
			!read_credential(sbx_query(r, "X-Amz-Credential"), c))
			return SBX_E_AUTH_QUERY;
		c->signed_headers = sbx_query(r, "X-Amz-SignedHeaders");
		c->signature = sbx_query(r, "X-Amz-Signature");
		c->date = sbx_query(r, "X-Amz-Date");
	}
	c->when_s = read_date(c->date);
	if (c->when_s == TIME_UNKNOWN)
		return c->is_presigned ? SBX_E_AUTH_QUERY : SBX_E_ACCESS_DENIED;
	return SBX_E_NONE;
}

static enum sbx_error check_time(const struct request *r, const struct claim *c)
{
	int64_t now = sbx_now_s(r->sb), ahead = c->when_s - now;
	if (!c->is_presigned)
		return ahead > SKEW_MAX_S || ahead < -SKEW_MAX_S ? SBX_E_TIME_SKEWED : SBX_E_NONE;
	uint64_t expires;
	if (!parse_u64(sbx_query(r, "X-Amz-Expires"), &expires) || expires == 0 ||
		expires > SIGV4_PRESIGN_MAX_S)
		return SBX_E_AUTH_QUERY;
	if (ahead > SKEW_MAX_S)
		return SBX_E_NOT_YET;
	return now > c->when_s + (int64_t)expires ? SBX_E_EXPIRED : SBX_E_NONE;
}

static bool is_signed(const struct claim *c, const char *name)
{
	struct strview rest = c->signed_headers;
	while (rest.len) {
		size_t n = sv_find(rest, ';');
		if (sv_eq_nocase(sv_n(rest.data, n), sv(name)))
			return true;
		rest = sv_from(rest, n + 1);
	}
	return false;
}

static enum sbx_error check_signed_headers(const struct request *r, const struct claim *c)
{
	if (!is_signed(c, "host"))
		return SBX_E_UNSIGNED_HEADER;
	for (size_t i = 0; i < r->headers.count; i++) {
		const char *name = r->headers.items[i].name;
		bool is_exempt = c->is_presigned && strcmp(name, "x-amz-content-sha256") == 0;
		if (strncmp(name, "x-amz-", 6) == 0 && !is_exempt && !is_signed(c, name))
			return SBX_E_UNSIGNED_HEADER;
	}
	return SBX_E_NONE;
}

static bool same_bytes(struct strview a, struct strview b)
{
	unsigned char differ = 0;
	if (a.len != b.len)
		return false;
	for (size_t i = 0; i < a.len; i++)
		differ |= (unsigned char)(a.data[i] ^ b.data[i]);
	return differ == 0;
}

/* Whether the signature fits with that spelling of the path. */
static bool path_verifies(const struct request *r, const struct claim *c,
	struct sigv4_request *signing, struct strview path)
{
	struct strbuf canonical, names, signature;
	strbuf_init(&canonical);
	strbuf_init(&names);
	strbuf_init(&signature);
	struct sigv4_key key;
	sigv4_derive_key(sv(r->sb->secret_key), c->when_s, r->sb->region, "s3", &key);
	signing->path = path;
	sigv4_canonical_request(&canonical, &names, signing);
	sigv4_signature(&signature, signing, strbuf_view(&canonical), &key);
	bool ok = same_bytes(strbuf_view(&signature), c->signature);
	strbuf_deinit(&canonical);
	strbuf_deinit(&names);
	strbuf_deinit(&signature);
	return ok;
}

static bool verifies(const struct request *r, const struct claim *c, struct strview payload)
{
	struct sigv4_pair headers[SIGNED_MAX];
	size_t header_count = 0, query_count = 0;
	for (struct strview rest = c->signed_headers; rest.len && header_count < SIGNED_MAX;) {
		size_t n = sv_find(rest, ';');
		char *name = s3t_strndup(rest.data, n);
		headers[header_count++] =
			(struct sigv4_pair){sv_n(rest.data, n), sv(sbx_header(r, name))};
		free(name);
		rest = sv_from(rest, n + 1);
	}
	struct sigv4_pair *query = s3t_alloc((r->query_count + 1) * sizeof *query);
	for (size_t i = 0; i < r->query_count; i++)
		if (!c->is_presigned || !sv_eq(r->query[i].name, SV("X-Amz-Signature")))
			query[query_count++] = r->query[i];
	struct sigv4_request signing = {
		.method = r->method,
		.query = query,
		.query_count = query_count,
		.headers = headers,
		.header_count = header_count,
		.payload_hash = payload,
		.region = r->sb->region,
		.service = "s3",
		.when_s = c->when_s,
	};
	/* S3 signs the path in its own spelling; what a browser makes of "~" or "(" passes too. */
	struct strbuf plain, normal;
	strbuf_init(&plain);
	strbuf_init(&normal);
	uri_decode(&plain, r->raw_path, false);
	uri_encode(&normal, strbuf_view(&plain), true);
	bool ok = path_verifies(r, c, &signing, strbuf_view(&normal)) ||
		  path_verifies(r, c, &signing, r->raw_path);
	strbuf_deinit(&plain);
	strbuf_deinit(&normal);
	free(query);
	return ok;
}

static enum sbx_error check_token(const struct request *r, const struct claim *c)
{
	struct strview token = sv(sbx_header(r, "x-amz-security-token"));
	if (c->is_presigned)
		token = sbx_query(r, "X-Amz-Security-Token");
	return sv_eq(token, sv(r->sb->session_token)) ? SBX_E_NONE : SBX_E_TOKEN;
}

/* The hash that the client signed. */
static enum sbx_error read_payload(
	const struct request *r, const struct claim *c, struct strview *payload)
{
	unsigned char sum[SHA256_LEN];
	*payload = c->is_presigned ? SV(SIGV4_UNSIGNED) : sv(sbx_header(r, "x-amz-content-sha256"));
	if (!payload->len)
		return SBX_E_NEEDS_SHA256;
	if (sv_starts_with(*payload, SV("STREAMING-")))
		return SBX_E_NOT_IMPLEMENTED;
	if (!sv_eq(*payload, SV(SIGV4_UNSIGNED)) && !hex_decode(*payload, sum, sizeof sum))
		return SBX_E_NEEDS_SHA256;
	return SBX_E_NONE;
}

enum sbx_error sbx_auth_check(const struct request *r, struct strview *payload)
{
	struct claim c;
	enum sbx_error error = read_claim(r, &c);
	if (error == SBX_E_NONE && !sv_eq(c.access_key, sv(r->sb->access_key)))
		error = SBX_E_ACCESS_KEY;
	if (error == SBX_E_NONE)
		error = check_token(r, &c);
	if (error == SBX_E_NONE &&
		(!sv_eq(c.region, sv(r->sb->region)) || !sv_eq(c.service, SV("s3")) ||
			!sv_eq(c.day, sv_n(c.date.data, 8))))
		error = c.is_presigned ? SBX_E_AUTH_QUERY : SBX_E_AUTH_MALFORMED;
	if (error == SBX_E_NONE)
		error = check_time(r, &c);
	if (error == SBX_E_NONE)
		error = read_payload(r, &c, payload);
	if (error == SBX_E_NONE)
		error = check_signed_headers(r, &c);
	if (error == SBX_E_NONE && !verifies(r, &c, *payload))
		error = SBX_E_SIGNATURE;
	if (sv_eq(*payload, SV(SIGV4_UNSIGNED)))
		*payload = sv_n("", 0);
	return error;
}
