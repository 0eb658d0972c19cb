#include "core/s3_document.h"

#include "core/crypto.h"
#include "core/json.h"
#include "core/xml.h"

#include <stdio.h>
#include <string.h>

struct gathered {
	struct strbuf *out;
	bool is_too_long;
};

static bool gather(void *arg, const char *data, size_t len)
{
	struct gathered *g = arg;
	g->is_too_long = g->out->len + len > S3_DOCUMENT_MAX;
	if (!g->is_too_long)
		strbuf_add(g->out, data, len);
	return !g->is_too_long;
}

static size_t query_of(const struct s3_document *d, struct sigv4_pair query[2])
{
	size_t n = 0;
	query[n++] = (struct sigv4_pair){sv(d->name), SV("")};
	if (d->version_id && d->version_id[0])
		query[n++] = (struct sigv4_pair){SV("versionId"), sv(d->version_id)};
	return n;
}

static enum s3t_rc fail_unknown(const struct s3_document *d, const char *got, struct s3t_err *err)
{
	return s3t_fail(err, S3T_UNSUPPORTED,
		"The server does not support ?%s (it answered %.64s); nothing was changed.",
		d->name, got);
}

/* "There is none yet", in the words that services have for it. */
static bool says_none(const struct s3t_err *err)
{
	static const char *const others[] = {
		"NoSuchKey", "NoSuchBucket", "NoSuchUpload", "NoSuchVersion", "NoSuchEntity"};
	const char *code = err->code;
	for (size_t i = 0; i < sizeof others / sizeof *others; i++)
		if (strcmp(code, others[i]) == 0)
			return false;
	return err->http_status == 404 &&
	       (strncmp(code, "NoSuch", 6) == 0 || strstr(code, "NotFound"));
}

/* Whether what came is the document and nothing else. */
static enum s3t_rc check(const struct s3_document *d, struct strview text, struct s3t_err *err)
{
	char root[64];
	if (!d->root) {
		struct json_doc *json = json_doc_parse(text);
		json_doc_free(json);
		return json ? S3T_OK : fail_unknown(d, "something else", err);
	}
	if (xml_parse(text, NULL, root, NULL) != S3T_OK || !root[0])
		return fail_unknown(d, "something else", err);
	return strcmp(root, d->root) == 0 ? S3T_OK : fail_unknown(d, root, err);
}

void s3_document_indent(const struct s3_document *d, struct strview text, struct strbuf *out)
{
	if (!(d->root ? xml_indent(text, out) : json_indent(text, out)))
		strbuf_add_sv(out, text);
}

enum s3t_rc s3_document_get(const struct s3_ctx *ctx, const struct s3_document *d,
	struct strbuf *out, bool *exists, struct s3t_err *err)
{
	struct sigv4_pair query[2];
	struct s3t_err local;
	struct strbuf text;
	if (!err)
		err = &local;
	strbuf_init(&text);
	struct gathered g = {.out = &text};
	struct s3_call call = {.method = "GET",
		.bucket = d->bucket,
		.key = d->key,
		.query = query,
		.query_count = query_of(d, query),
		.sink = gather,
		.sink_arg = &g,
		.expected = 4096};
	struct http_response resp;
	http_response_init(&resp);
	enum s3t_rc rc = s3_send(ctx, &call, &resp, err);
	if (rc == S3T_OK && d->header) {
		struct strview value = http_header(&resp, d->header);
		snprintf(d->header_value, d->header_size, "%.*s", (int)value.len, value.data);
	}
	http_response_deinit(&resp);
	bool is_none = rc != S3T_OK && says_none(err);
	if (g.is_too_long)
		rc = fail_unknown(d, "too much", err);
	else if (rc == S3T_OK)
		rc = check(d, strbuf_view(&text), err);
	else if (is_none)
		rc = S3T_OK;
	else if (rc == S3T_UNSUPPORTED || err->http_status == 405 || err->http_status == 501)
		rc = fail_unknown(d, err->code[0] ? err->code : "that it has none", err);
	if (rc == S3T_OK && !is_none)
		strbuf_add_sv(out, strbuf_view(&text));
	if (exists)
		*exists = rc == S3T_OK && !is_none;
	strbuf_deinit(&text);
	return rc;
}

static enum s3t_rc is_known(
	const struct s3_ctx *ctx, const struct s3_document *d, bool was_read, struct s3t_err *err)
{
	struct strbuf text;
	if (was_read)
		return S3T_OK;
	strbuf_init(&text);
	enum s3t_rc rc = s3_document_get(ctx, d, &text, NULL, err);
	strbuf_deinit(&text);
	return rc;
}

enum s3t_rc s3_document_put(const struct s3_ctx *ctx, const struct s3_document *d,
	struct strview body, bool was_read, struct s3t_err *err)
{
	unsigned char digest[MD5_LEN];
	struct sigv4_pair query[2];
	struct strbuf sum;
	enum s3t_rc rc = is_known(ctx, d, was_read, err);
	if (rc != S3T_OK)
		return rc;
	struct strbuf compact;
	strbuf_init(&sum);
	strbuf_init(&compact);
	if (!d->root && json_compact(body, &compact))
		body = strbuf_view(&compact);
	md5(body, digest);
	base64_encode(&sum, digest, sizeof digest);
	struct sigv4_pair headers[] = {{SV("content-md5"), strbuf_view(&sum)},
		{SV("content-type"), d->root ? SV("application/xml") : SV("application/json")},
		{sv(d->header ? d->header : ""), sv(d->header ? d->header_value : "")}};
	struct s3_call call = {.method = "PUT",
		.bucket = d->bucket,
		.key = d->key,
		.query = query,
		.query_count = query_of(d, query),
		.headers = headers,
		.header_count = d->header && d->header_value[0] ? 3 : 2,
		.body = body,
		.has_body = true};
	struct http_response resp;
	http_response_init(&resp);
	rc = s3_send(ctx, &call, &resp, err);
	http_response_deinit(&resp);
	strbuf_deinit(&sum);
	strbuf_deinit(&compact);
	return rc;
}

/* S3 API Reference: DeleteBucketPolicy and the like, DeleteObjectTagging. */
static bool can_be_deleted(const struct s3_document *d)
{
	static const char *const names[] = {"tagging", "policy", "cors", "lifecycle", "encryption",
		"website", "publicAccessBlock", "ownershipControls"};
	for (size_t i = 0; i < (d->key.len ? 1 : sizeof names / sizeof *names); i++)
		if (strcmp(d->name, names[i]) == 0)
			return true;
	return false;
}

enum s3t_rc s3_document_delete(
	const struct s3_ctx *ctx, const struct s3_document *d, bool was_read, struct s3t_err *err)
{
	struct sigv4_pair query[2];
	if (!can_be_deleted(d))
		return s3t_fail(err, S3T_INVALID,
			"%s cannot be removed, only changed: S3 has no such request, and a server "
			"could take it for one to delete the %s.",
			d->name, d->key.len ? "object" : "bucket");
	enum s3t_rc rc = is_known(ctx, d, was_read, err);
	if (rc != S3T_OK)
		return rc;
	struct s3_call call = {.method = "DELETE",
		.bucket = d->bucket,
		.key = d->key,
		.query = query,
		.query_count = query_of(d, query)};
	struct http_response resp;
	http_response_init(&resp);
	rc = s3_send(ctx, &call, &resp, err);
	http_response_deinit(&resp);
	return rc;
}
