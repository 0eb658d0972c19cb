/*
 * DeleteObjects: up to 1,000 keys a request, with Content-MD5 (many servers insist). Its 200 lists
 * what failed key by key. Keys that XML 1.0 cannot hold go by single DELETE, and so do those for
 * which the server had no time: that request has the tries and pauses of any other.
 */
#include "core/s3.h"
#include "core/text.h"
#include "core/xml.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct batch {
	const struct strview *keys, *versions; /* versions NULL: the latest */
	size_t count;
	bool *is_single; /* by a DELETE of its own: not in the body, or to be tried again */
	void (*failed)(void *arg, size_t index, const struct s3t_err *why);
	void *arg;
	struct strbuf key, version, code, message;
	struct strview bucket;
};

static bool is_transient(struct strview code)
{
	return sv_eq(code, SV("SlowDown")) || sv_eq(code, SV("InternalError")) ||
	       sv_eq(code, SV("ServiceUnavailable")) || sv_eq(code, SV("RequestTimeout")) ||
	       sv_eq(code, SV("OperationAborted"));
}

static void report(struct batch *b)
{
	for (size_t i = 0; i < b->count; i++) {
		if (!sv_eq(b->keys[i], strbuf_view(&b->key)) ||
			(b->versions && !sv_eq(b->versions[i], strbuf_view(&b->version))))
			continue;
		bool denied = sv_eq(strbuf_view(&b->code), SV("AccessDenied"));
		/* a locked version is worth the request that explains it */
		b->is_single[i] = is_transient(strbuf_view(&b->code)) || (denied && b->versions);
		if (b->is_single[i])
			return;
		struct s3t_err why;
		s3t_fail(&why, denied ? S3T_DENIED : S3T_SERVER, "It was not deleted: %s%s%s.",
			b->code.data, b->message.len ? ", " : "", b->message.data);
		snprintf(why.code, sizeof why.code, "%s", b->code.data);
		b->failed(b->arg, i, &why);
		return;
	}
}

static void on_close(
	void *arg, int depth, struct strview parent, struct strview name, struct strview text)
{
	struct batch *b = arg;
	if (depth == 1 && sv_eq(name, SV("Error"))) {
		report(b);
		strbuf_reset(&b->key);
		strbuf_reset(&b->version);
		strbuf_reset(&b->code);
		strbuf_reset(&b->message);
		return;
	}
	if (depth != 2 || !sv_eq(parent, SV("Error")))
		return;
	if (sv_eq(name, SV("Key")))
		strbuf_add_sv(&b->key, text);
	else if (sv_eq(name, SV("VersionId")))
		strbuf_add_sv(&b->version, text);
	else if (sv_eq(name, SV("Code")))
		text_sanitise(&b->code, text);
	else if (sv_eq(name, SV("Message")))
		text_sanitise(&b->message, text);
}

static enum s3t_rc send_batch(
	const struct s3_ctx *ctx, struct batch *b, struct strview body, struct s3t_err *err)
{
	unsigned char digest[MD5_LEN];
	struct strbuf md5_text;
	strbuf_init(&md5_text);
	md5(body, digest);
	base64_encode(&md5_text, digest, sizeof digest);
	struct sigv4_pair query = {SV("delete"), SV("")};
	struct sigv4_pair headers[] = {{SV("content-md5"), strbuf_view(&md5_text)},
		{SV("content-type"), SV("application/xml")}};
	struct xml_handler handler = {.close = on_close, .arg = b};
	struct s3_call call = {.method = "POST",
		.bucket = b->bucket,
		.query = &query,
		.query_count = 1,
		.headers = headers,
		.header_count = 2,
		.body = body,
		.has_body = true,
		.root = "DeleteResult",
		.handler = &handler};
	struct http_response resp;
	http_response_init(&resp);
	enum s3t_rc rc = s3_send(ctx, &call, &resp, err);
	http_response_deinit(&resp);
	strbuf_deinit(&md5_text);
	return rc;
}

enum s3t_rc s3_delete_objects(const struct s3_ctx *ctx, struct strview bucket,
	const struct strview *keys, const struct strview *versions, size_t count,
	void (*failed)(void *arg, size_t index, const struct s3t_err *why), void *arg,
	struct s3t_err *err)
{
	struct batch b = {.keys = keys,
		.versions = versions,
		.count = count,
		.failed = failed,
		.arg = arg,
		.bucket = bucket};
	struct strbuf body, *all[] = {&b.key, &b.version, &b.code, &b.message, &body};
	for (size_t i = 0; i < sizeof all / sizeof *all; i++)
		strbuf_init(all[i]);
	b.is_single = s3t_alloc(count);
	size_t in_body = 0;
	strbuf_add_str(&body, "<Delete><Quiet>true</Quiet>");
	for (size_t i = 0; i < count; i++) {
		size_t start = body.len;
		strbuf_add_str(&body, "<Object><Key>");
		b.is_single[i] = !xml_escape(&body, keys[i]);
		strbuf_add_str(&body, "</Key>");
		if (versions && versions[i].len) {
			strbuf_add_str(&body, "<VersionId>");
			b.is_single[i] = !xml_escape(&body, versions[i]) || b.is_single[i];
			strbuf_add_str(&body, "</VersionId>");
		}
		strbuf_add_str(&body, "</Object>");
		if (b.is_single[i])
			strbuf_truncate(&body, start);
		else
			in_body++;
	}
	strbuf_add_str(&body, "</Delete>");
	enum s3t_rc rc = in_body ? send_batch(ctx, &b, strbuf_view(&body), err) : S3T_OK;
	for (size_t i = 0; i < count && rc == S3T_OK; i++) {
		struct s3t_err why;
		if (!b.is_single[i])
			continue;
		enum s3t_rc one = s3_delete_version(
			ctx, bucket, keys[i], versions ? versions[i] : sv_n("", 0), &why);
		if (one == S3T_CANCELLED)
			rc = s3t_fail(err, one, "Cancelled.");
		else if (one != S3T_OK)
			failed(arg, i, &why);
	}
	free(b.is_single);
	for (size_t i = 0; i < sizeof all / sizeof *all; i++)
		strbuf_deinit(all[i]);
	return rc;
}
