#include "core/sigv4.h"

#include "core/timeutil.h"
#include "core/uri.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

static void scope(struct strbuf *out, const struct sigv4_request *req)
{
	char stamp[17];
	time_format_amz(req->when_s, stamp);
	strbuf_addf(out, "%.8s/%s/%s/aws4_request", stamp, req->region, req->service);
}

void sigv4_derive_key(struct strview secret, int64_t when_s, const char *region,
	const char *service, struct sigv4_key *out)
{
	char stamp[17];
	time_format_amz(when_s, stamp);
	struct strbuf first;
	strbuf_init(&first);
	strbuf_add_str(&first, "AWS4");
	strbuf_add_sv(&first, secret);
	unsigned char k[SHA256_LEN];
	hmac_sha256(strbuf_view(&first), sv_n(stamp, 8), k);
	strbuf_deinit_wipe(&first);
	hmac_sha256(sv_n((char *)k, sizeof k), sv(region), k);
	hmac_sha256(sv_n((char *)k, sizeof k), sv(service), k);
	hmac_sha256(sv_n((char *)k, sizeof k), SV("aws4_request"), out->bytes);
	explicit_bzero(k, sizeof k);
}

static int compare_text(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

void sigv4_canonical_query(struct strbuf *out, const struct sigv4_pair *query, size_t count)
{
	if (count == 0)
		return;
	/* "name=value" sorts like (name, value): '=' is below every character that an encoded name
	 * may hold but '%', '-' and '.', so the separator sorts as \x01 and is put back below. */
	char **rows = s3t_alloc(count * sizeof *rows);
	struct strbuf row;
	for (size_t i = 0; i < count; i++) {
		strbuf_init(&row);
		uri_encode(&row, query[i].name, false);
		strbuf_add_char(&row, '\x01');
		uri_encode(&row, query[i].value, false);
		rows[i] = strbuf_take(&row);
	}
	qsort(rows, count, sizeof *rows, compare_text);
	for (size_t i = 0; i < count; i++) {
		*strchr(rows[i], '\x01') = '=';
		if (i)
			strbuf_add_char(out, '&');
		strbuf_add_str(out, rows[i]);
		free(rows[i]);
	}
	free(rows);
}

/* "name:value\n" with a lower-case name and inner runs of spaces folded. */
static char *canonical_header(const struct sigv4_pair *h)
{
	struct strbuf row;
	strbuf_init(&row);
	for (size_t i = 0; i < h->name.len; i++)
		strbuf_add_char(&row, (char)tolower((unsigned char)h->name.data[i]));
	strbuf_add_char(&row, ':');
	struct strview value = sv_trim(h->value);
	for (size_t i = 0; i < value.len; i++)
		if (value.data[i] != ' ' || value.data[i - 1] != ' ')
			strbuf_add_char(&row, value.data[i]);
	strbuf_add_char(&row, '\n');
	return strbuf_take(&row);
}

static int compare_headers(const void *a, const void *b)
{
	const char *x = *(char *const *)a, *y = *(char *const *)b;
	size_t nx = strcspn(x, ":"), ny = strcspn(y, ":");
	int order = memcmp(x, y, nx < ny ? nx : ny);
	return order ? order : (nx > ny) - (nx < ny);
}

void sigv4_canonical_request(
	struct strbuf *out, struct strbuf *signed_headers, const struct sigv4_request *req)
{
	strbuf_addf(out, "%s\n", req->method);
	strbuf_add_sv(out, req->path);
	strbuf_add_char(out, '\n');
	sigv4_canonical_query(out, req->query, req->query_count);
	strbuf_add_char(out, '\n');
	char **rows = s3t_alloc((req->header_count + 1) * sizeof *rows);
	for (size_t i = 0; i < req->header_count; i++)
		rows[i] = canonical_header(&req->headers[i]);
	qsort(rows, req->header_count, sizeof *rows, compare_headers);
	for (size_t i = 0; i < req->header_count; i++) {
		strbuf_add_str(out, rows[i]);
		if (i)
			strbuf_add_char(signed_headers, ';');
		strbuf_add(signed_headers, rows[i], strcspn(rows[i], ":"));
		free(rows[i]);
	}
	free(rows);
	strbuf_add_char(out, '\n');
	strbuf_add_sv(out, strbuf_view(signed_headers));
	strbuf_add_char(out, '\n');
	strbuf_add_sv(out, req->payload_hash);
}

void sigv4_signature(struct strbuf *out, const struct sigv4_request *req,
	struct strview canonical_request, const struct sigv4_key *key)
{
	unsigned char hash[SHA256_LEN];
	char stamp[17];
	sha256(canonical_request, hash);
	time_format_amz(req->when_s, stamp);
	struct strbuf to_sign;
	strbuf_init(&to_sign);
	strbuf_addf(&to_sign, "AWS4-HMAC-SHA256\n%s\n", stamp);
	scope(&to_sign, req);
	strbuf_add_char(&to_sign, '\n');
	hex_encode(&to_sign, hash, sizeof hash);
	hmac_sha256(sv_n((const char *)key->bytes, sizeof key->bytes), strbuf_view(&to_sign), hash);
	hex_encode(out, hash, sizeof hash);
	strbuf_deinit(&to_sign);
}

void sigv4_authorization(struct strbuf *out, const struct sigv4_request *req,
	struct strview access_key, const struct sigv4_key *key)
{
	struct strbuf canonical, signed_headers;
	strbuf_init(&canonical);
	strbuf_init(&signed_headers);
	sigv4_canonical_request(&canonical, &signed_headers, req);
	strbuf_add_str(out, "AWS4-HMAC-SHA256 Credential=");
	strbuf_add_sv(out, access_key);
	strbuf_add_char(out, '/');
	scope(out, req);
	strbuf_add_str(out, ",SignedHeaders=");
	strbuf_add_sv(out, strbuf_view(&signed_headers));
	strbuf_add_str(out, ",Signature=");
	sigv4_signature(out, req, strbuf_view(&canonical), key);
	strbuf_deinit(&canonical);
	strbuf_deinit(&signed_headers);
}

void sigv4_presigned_query(struct strbuf *out, const struct sigv4_request *req,
	struct strview access_key, struct strview session_token, int64_t expires_s,
	const struct sigv4_key *key)
{
	enum { OWN_MAX = 24, ADDED = 6 };
	struct sigv4_pair query[OWN_MAX + ADDED];
	size_t n = req->query_count < OWN_MAX ? req->query_count : OWN_MAX;
	if (n)
		memcpy(query, req->query, n * sizeof *query);

	char stamp[17], expires[24];
	time_format_amz(req->when_s, stamp);
	struct strbuf credential, names, canonical;
	strbuf_init(&credential);
	strbuf_init(&names);
	strbuf_init(&canonical);
	strbuf_add_sv(&credential, access_key);
	strbuf_add_char(&credential, '/');
	scope(&credential, req);
	strbuf_addf(&canonical, "%lld", (long long)expires_s);
	size_t len = canonical.len < sizeof expires - 1 ? canonical.len : sizeof expires - 1;
	memcpy(expires, canonical.data, len);
	expires[len] = '\0';
	strbuf_reset(&canonical);

	struct sigv4_request signing = *req;
	sigv4_canonical_request(&canonical, &names, &signing); /* for the header names only */
	strbuf_reset(&canonical);
	query[n++] = (struct sigv4_pair){SV("X-Amz-Algorithm"), SV("AWS4-HMAC-SHA256")};
	query[n++] = (struct sigv4_pair){SV("X-Amz-Credential"), strbuf_view(&credential)};
	query[n++] = (struct sigv4_pair){SV("X-Amz-Date"), sv(stamp)};
	query[n++] = (struct sigv4_pair){SV("X-Amz-Expires"), sv(expires)};
	char *header_names = strbuf_take(&names);
	query[n++] = (struct sigv4_pair){SV("X-Amz-SignedHeaders"), sv(header_names)};
	if (session_token.len)
		query[n++] = (struct sigv4_pair){SV("X-Amz-Security-Token"), session_token};
	signing.query = query;
	signing.query_count = n;
	signing.payload_hash = SV(SIGV4_UNSIGNED);
	sigv4_canonical_request(&canonical, &names, &signing);
	sigv4_canonical_query(out, query, n);
	strbuf_add_str(out, "&X-Amz-Signature=");
	sigv4_signature(out, &signing, strbuf_view(&canonical), key);
	free(header_names);
	strbuf_deinit(&credential);
	strbuf_deinit(&names);
	strbuf_deinit(&canonical);
}
