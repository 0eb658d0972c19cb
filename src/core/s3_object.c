#include "core/coding.h"
#include "core/crc64.h"
#include "core/parse.h"
#include "core/range.h"
#include "core/s3.h"
#include "core/s3_encryption.h"
#include "core/text.h"
#include "core/timeutil.h"
#include "core/xml.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define META "x-amz-meta-"
#define META_PART_SIZE "part-size"

void s3_object_init(struct s3_object *o)
{
	*o = (struct s3_object){.last_modified_s = TIME_UNKNOWN,
		.mtime_ns = TIME_UNKNOWN,
		.retain_until_s = TIME_UNKNOWN,
		.plain_size = UINT64_MAX};
	strbuf_init_cap(&o->metadata, HTTP_HEADER_BYTES_MAX);
	strbuf_init_cap(&o->headers, HTTP_HEADER_BYTES_MAX);
}

void s3_object_deinit(struct s3_object *o)
{
	free(o->content_type);
	free(o->encryption);
	free(o->key_id);
	free(o->restore);
	free(o->coding);
	free(o->plain_type);
	free(o->lock_mode);
	free(o->content_encoding);
	free(o->version_id);
	free(o->storage_class);
	strbuf_deinit(&o->metadata);
	strbuf_deinit(&o->headers);
	s3_object_init(o);
}

int64_t s3_object_time_ns(const struct s3_object *o)
{
	return o->mtime_ns != TIME_UNKNOWN ? o->mtime_ns : time_ns(o->last_modified_s, 0);
}

static char *header_copy(const struct http_response *resp, const char *name)
{
	struct strview value = http_header(resp, name);
	return value.len ? s3t_strndup(value.data, value.len) : NULL;
}

static void on_meta(void *arg, struct strview name, struct strview value)
{
	struct s3_object *o = arg;
	name = sv_from(name, strlen(META));
	if (sv_eq_nocase(name, SV("mtime")))
		o->mtime_ns = time_parse_mtime_ns(value);
	if (sv_eq_nocase(name, SV(CODING_META)) && !o->coding)
		o->coding = s3t_strndup(value.data, value.len);
	if (sv_eq_nocase(name, SV(CODING_META_TYPE)) && !o->plain_type)
		o->plain_type = s3t_strndup(value.data, value.len);
	if (sv_eq_nocase(name, SV(CODING_META_SIZE)) && !parse_u64(value, &o->plain_size))
		o->plain_size = UINT64_MAX;
	if (sv_eq_nocase(name, SV(META_PART_SIZE)) && !parse_u64(value, &o->part_size))
		o->part_size = 0;
	strbuf_add_sv(&o->metadata, name);
	strbuf_add_str(&o->metadata, ": ");
	strbuf_add_sv(&o->metadata, value);
	strbuf_add_char(&o->metadata, '\n');
}

static void add_headers(const struct http_response *resp, struct strbuf *out)
{
	static const char *const names[] = {"cache-control", "content-disposition",
		"content-language", "expires", "x-amz-website-redirect-location"};
	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		struct strview value = http_header(resp, names[i]);
		if (value.len)
			strbuf_addf(out, "%s: %.*s\n", names[i], (int)value.len, value.data);
	}
}

/* Everything but the size, which stands elsewhere in a ranged answer. */
static void object_from(const struct http_response *resp, struct s3_object *o)
{
	s3_object_deinit(o);
	s3_clean_etag(http_header(resp, "etag"), o->etag);
	o->last_modified_s = time_parse_http(http_header(resp, "last-modified"));
	o->content_type = header_copy(resp, "content-type");
	o->content_encoding = header_copy(resp, "content-encoding");
	o->version_id = header_copy(resp, "x-amz-version-id");
	o->storage_class = header_copy(resp, "x-amz-storage-class");
	o->restore = header_copy(resp, "x-amz-restore");
	o->lock_mode = header_copy(resp, "x-amz-object-lock-mode");
	o->has_legal_hold = sv_eq(http_header(resp, "x-amz-object-lock-legal-hold"), SV("ON"));
	int64_t until_ns =
		time_parse_iso_ns(http_header(resp, "x-amz-object-lock-retain-until-date"));
	o->retain_until_s = until_ns == TIME_UNKNOWN ? TIME_UNKNOWN : until_ns / NS_PER_S;
	add_headers(resp, &o->headers);
	bool is_customers = http_header(resp, s3_customer_key_headers[0]).len;
	o->encryption = is_customers ? s3t_strdup("SSE-C")
				     : header_copy(resp, "x-amz-server-side-encryption");
	o->key_id = header_copy(resp, is_customers ? s3_customer_key_headers[2]
						   : "x-amz-server-side-encryption-aws-kms-key-id");
	if (!parse_u64(http_header(resp, "x-amz-tagging-count"), &o->tag_count))
		o->tag_count = 0;
	o->etag_is_opaque =
		is_customers || (o->encryption && strncmp(o->encryption, "aws:kms", 7) == 0);
	/* of a part, or made of parts' checksums, it says nothing of the whole */
	o->has_crc64 = resp->status == 200 &&
		       !sv_eq(http_header(resp, "x-amz-checksum-type"), SV("COMPOSITE")) &&
		       crc64nvme_parse(http_header(resp, "x-amz-checksum-crc64nvme"), &o->crc64);
	http_each_header(resp, META, on_meta, o);
}

/* Asked for its checksum, a service tells it. */
static const struct sigv4_pair checksum_mode = {
	{"x-amz-checksum-mode", sizeof "x-amz-checksum-mode" - 1}, {"ENABLED", 7}};

enum s3t_rc s3_head_object(const struct s3_ctx *ctx, struct strview bucket, struct strview key,
	struct s3_object *out, struct s3t_err *err)
{
	return s3_head_version(ctx, bucket, key, sv_n("", 0), out, err);
}

enum s3t_rc s3_head_version(const struct s3_ctx *ctx, struct strview bucket, struct strview key,
	struct strview version_id, struct s3_object *out, struct s3t_err *err)
{
	struct sigv4_pair query = {SV("versionId"), version_id};
	struct s3_call call = {.method = "HEAD",
		.bucket = bucket,
		.key = key,
		.query = &query,
		.query_count = version_id.len ? 1 : 0,
		.headers = &checksum_mode,
		.header_count = s3_client_uses_crc64(ctx->client) ? 1 : 0,
		.key_use = S3_KEY_READS};
	struct http_response resp;
	http_response_init(&resp);
	enum s3t_rc rc = s3_send(ctx, &call, &resp, err);
	if (rc == S3T_OK) {
		object_from(&resp, out);
		if (!parse_u64(http_header(&resp, "content-length"), &out->size))
			rc = s3t_fail(err, S3T_PROTOCOL, "The server's answer has no length.");
	}
	if (rc == S3T_OK && !version_id.len)
		s3_client_note(ctx->client, bucket, key, out);
	http_response_deinit(&resp);
	return rc;
}

/* --- PUT --- */

/* reserved: for what a request means, which metadata must not crowd out */
enum { PUT_HEADERS_MAX = 48, PUT_HEADERS_RESERVED = 14 };

struct put_headers {
	struct sigv4_pair pairs[PUT_HEADERS_MAX];
	size_t count;
	bool is_full; /* there was more metadata than fits */
	char mtime[40], part_size[24];
	struct strbuf context;  /* of KMS */
	struct strbuf checksum; /* with has_checksum */
	bool has_checksum;
	struct strbuf names[PUT_HEADERS_MAX]; /* of metadata */
	size_t name_count;
};

static void put_add(struct put_headers *h, struct strview name, struct strview value)
{
	if (h->count < PUT_HEADERS_MAX)
		h->pairs[h->count++] = (struct sigv4_pair){name, value};
}

static void put_add_any(void *arg, struct strview name, struct strview value)
{
	put_add(arg, name, value);
}

/* The part size of an object is not that of its copies. */
static void put_add_metadata(struct put_headers *h, struct strview metadata, bool skip_mtime)
{
	while (metadata.len) {
		size_t end = sv_find(metadata, '\n');
		struct strview line = sv_n(metadata.data, end);
		size_t colon = sv_find(line, ':');
		struct strview name = sv_n(line.data, colon);
		metadata = sv_from(metadata, end + 1);
		if (!name.len || sv_eq_nocase(name, SV(META_PART_SIZE)) ||
			(skip_mtime && sv_eq_nocase(name, SV("mtime"))))
			continue;
		if (h->count >= PUT_HEADERS_MAX - PUT_HEADERS_RESERVED) {
			h->is_full = true;
			return;
		}
		struct strbuf *full = &h->names[h->name_count++];
		strbuf_init(full);
		strbuf_add_str(full, META);
		strbuf_add_sv(full, name);
		put_add(h, strbuf_view(full), sv_trim(sv_from(line, colon + 1)));
	}
}

static void put_headers_init(struct put_headers *h, const struct s3_put *put)
{
	*h = (struct put_headers){0};
	strbuf_init(&h->context);
	if (!put)
		return;
	if (put->content_type && put->content_type[0])
		put_add(h, SV("content-type"), sv(put->content_type));
	if (put->content_encoding && put->content_encoding[0])
		put_add(h, SV("content-encoding"), sv(put->content_encoding));
	if (put->storage_class && put->storage_class[0] &&
		strcmp(put->storage_class, "STANDARD") != 0)
		put_add(h, SV("x-amz-storage-class"), sv(put->storage_class));
	bool has_mtime = put->mtime_ns != TIME_UNKNOWN;
	if (has_mtime) {
		time_format_mtime(put->mtime_ns, h->mtime);
		put_add(h, SV(META "mtime"), sv(h->mtime));
	}
	if (put->part_size) {
		snprintf(h->part_size, sizeof h->part_size, "%llu",
			(unsigned long long)put->part_size);
		put_add(h, SV(META META_PART_SIZE), sv(h->part_size));
	}
	for (struct strview rest = put->headers; rest.len;) {
		size_t end = sv_find(rest, '\n'), colon = sv_find(rest, ':');
		put_add(h, sv_n(rest.data, colon),
			sv_trim(sv_n(rest.data + colon + 1, end - colon - 1)));
		rest = sv_from(rest, end + 1);
	}
	if (put->tagging && put->tagging[0])
		put_add(h, SV("x-amz-tagging"), sv(put->tagging));
	s3_encryption_headers(put->encryption, &h->context, put_add_any, h);
	put_add_metadata(h, put->metadata, has_mtime);
	if (put->if_none_match)
		put_add(h, SV("if-none-match"), SV("*"));
}

/* Half of the metadata is not the metadata. */
static enum s3t_rc put_headers_check(const struct put_headers *h, struct s3t_err *err)
{
	if (!h->is_full)
		return S3T_OK;
	return s3t_fail(err, S3T_UNSUPPORTED,
		"The object has more metadata than one request can carry; nothing was sent.");
}

static void put_headers_deinit(struct put_headers *h)
{
	strbuf_deinit(&h->context);
	for (size_t i = 0; i < h->name_count; i++)
		strbuf_deinit(&h->names[i]);
	if (h->has_checksum)
		strbuf_deinit(&h->checksum);
}

/* The checksum of a body; what is said back shows that the server knows it. */
static void put_add_crc64(struct put_headers *h, uint64_t crc64)
{
	strbuf_init(&h->checksum);
	h->has_checksum = true;
	crc64nvme_base64(crc64, &h->checksum);
	put_add(h, SV("x-amz-checksum-crc64nvme"), strbuf_view(&h->checksum));
}

/* Why a write was refused, as far as it may be for its key or its class. */
static enum s3t_rc explain(const struct s3_ctx *ctx, struct strview bucket, struct strview key,
	const struct s3_put *what, enum s3t_rc rc, struct s3t_err *err)
{
	if (!err)
		return rc;
	s3_encryption_explain(what->encryption, err);
	s3_class_explain(ctx, bucket, key, what->storage_class, err);
	return err->rc;
}

static bool is_under_key(const struct s3_put *what)
{
	return what && what->encryption && what->encryption->kind == S3_ENCRYPTION_SSE_C;
}

/* Asks a server that has not confirmed this kind of encryption yet whether it does it, by an upload
 * that is aborted: an object that it would not encrypt must not replace one that is there. */
static enum s3t_rc ask_for_encryption(const struct s3_ctx *ctx, struct strview bucket,
	struct strview key, const struct s3_put *what, struct s3t_err *err)
{
	const struct s3_encryption *e = what ? what->encryption : NULL;
	if (!e || !s3_encryption_asks(e) || s3_client_has_confirmed(ctx->client, e->kind))
		return S3T_OK;
	struct s3_ctx calm = *ctx; /* what was created unheard of could not be aborted */
	calm.cancel = NULL;
	struct s3_put only = {.mtime_ns = TIME_UNKNOWN, .encryption = e};
	char *upload_id;
	enum s3t_rc rc = s3_create_multipart_upload(&calm, bucket, key, &only, &upload_id, err);
	if (rc == S3T_OK)
		rc = s3_abort_multipart_upload(&calm, bucket, key, upload_id, err);
	free(upload_id);
	return rc;
}

/* What was just written is not as it was to be: nothing of it stays. */
static void undo_write(
	const struct s3_ctx *ctx, const struct s3_call *written, const struct http_response *resp)
{
	struct strview version = http_header(resp, "x-amz-version-id");
	(void)!s3_delete_version(ctx, written->bucket, written->key, version, NULL);
}

static enum s3t_rc put(const struct s3_ctx *ctx, struct s3_call *call, const struct s3_put *what,
	char etag[S3_ETAG_MAX], char **version_id, struct s3t_err *err)
{
	enum s3t_rc asked = ask_for_encryption(ctx, call->bucket, call->key, what, err);
	if (asked != S3T_OK)
		return asked;
	if (is_under_key(what))
		call->key_use = S3_KEY_WRITES;
	struct put_headers headers;
	put_headers_init(&headers, what);
	if (what && what->crc64_is_taken)
		put_add_crc64(&headers, what->crc64);
	call->method = "PUT";
	call->has_body = true;
	call->headers = headers.pairs;
	call->header_count = headers.count;
	struct http_response resp;
	http_response_init(&resp);
	enum s3t_rc rc = put_headers_check(&headers, err);
	if (rc == S3T_OK)
		rc = s3_send(ctx, call, &resp, err);
	if (rc != S3T_OK && what)
		rc = explain(ctx, call->bucket, call->key, what, rc, err);
	if (rc == S3T_CHANGED && resp.status == 412 && what && what->if_none_match) {
		char *bucket = text_sanitised(call->bucket), *key = text_sanitised(call->key);
		rc = s3t_fail(
			err, S3T_EXISTS, "There is an object s3://%s/%s already.", bucket, key);
		free(bucket);
		free(key);
	}
	if (rc == S3T_OK && what) {
		rc = s3_encryption_confirm(ctx, what->encryption, &resp, err);
		if (rc != S3T_OK)
			undo_write(ctx, call, &resp);
	}
	if (rc == S3T_OK && etag)
		s3_clean_etag(http_header(&resp, "etag"), etag);
	if (rc == S3T_OK && version_id)
		*version_id = header_copy(&resp, "x-amz-version-id");
	if (what && what->crc64_is_taken)
		*what->crc64_is_taken =
			rc == S3T_OK && sv_eq(http_header(&resp, "x-amz-checksum-crc64nvme"),
						strbuf_view(&headers.checksum));
	http_response_deinit(&resp);
	put_headers_deinit(&headers);
	call->headers = NULL; /* they end here */
	return rc;
}

enum s3t_rc s3_put_object(const struct s3_ctx *ctx, struct strview bucket, struct strview key,
	const struct s3_put *what, struct strview body, char etag[S3_ETAG_MAX], struct s3t_err *err)
{
	struct s3_call call = {.bucket = bucket, .key = key, .body = body};
	return put(ctx, &call, what, etag, NULL, err);
}

enum s3t_rc s3_put_object_stream(const struct s3_ctx *ctx, struct strview bucket,
	struct strview key, const struct s3_put *what, const struct http_body *body,
	struct strview payload_hash, char etag[S3_ETAG_MAX], char **version_id, struct s3t_err *err)
{
	struct s3_call call = {
		.bucket = bucket, .key = key, .stream = body, .payload_hash = payload_hash};
	return put(ctx, &call, what, etag, version_id, err);
}

/* --- ranged GET --- */

struct getter {
	const struct s3_get *get;
	uint64_t got;
	bool ranged; /* this try asked for a range */
	char range[64];
	char etag[S3_ETAG_MAX]; /* known from the start, or of the first answer */
	bool is_known;
	char match[S3_ETAG_MAX + 2];
	struct sigv4_pair headers[3];
	bool uses_crc64;
	struct http_response *resp;
	struct s3t_err refusal; /* why the answer was not taken */
	bool has_object;
	bool was_stopped; /* by the caller's sink */
};

static void before_try(void *arg, struct s3_call *call)
{
	struct getter *g = arg;
	const struct s3_get *get = g->get;
	size_t n = 0;
	uint64_t from = get->offset + g->got;
	g->was_stopped = false;
	g->ranged = from > 0 || get->len != UINT64_MAX;
	if (g->ranged) {
		if (get->len == UINT64_MAX)
			snprintf(
				g->range, sizeof g->range, "bytes=%llu-", (unsigned long long)from);
		else
			snprintf(g->range, sizeof g->range, "bytes=%llu-%llu",
				(unsigned long long)from,
				(unsigned long long)(get->offset + get->len - 1));
		g->headers[n++] = (struct sigv4_pair){SV("range"), sv(g->range)};
	}
	/* what was got binds what is still to come */
	if (g->etag[0] && (g->is_known || g->got)) {
		snprintf(g->match, sizeof g->match, "\"%s\"", g->etag);
		g->headers[n++] = (struct sigv4_pair){SV("if-match"), sv(g->match)};
	}
	if (g->uses_crc64)
		g->headers[n++] = checksum_mode;
	call->headers = g->headers;
	call->header_count = n;
}

/* Is this answer the bytes that were asked for, of the object that was meant? */
static bool on_answer(void *arg, int status)
{
	struct getter *g = arg;
	const struct s3_get *get = g->get;
	if (status / 100 != 2)
		return true;
	uint64_t from = get->offset + g->got;
	uint64_t last = get->len == UINT64_MAX ? UINT64_MAX : get->offset + get->len - 1;
	uint64_t length;
	char etag[S3_ETAG_MAX];
	s3_clean_etag(http_header(g->resp, "etag"), etag);
	if (g->ranged && status == 206 &&
		!content_range_is(http_header(g->resp, "content-range"), from, last, get->total)) {
		s3t_fail(&g->refusal, S3T_PROTOCOL,
			"The server answered with another range than the one asked for.");
		return false;
	}
	if (g->ranged && status == 206 && last != UINT64_MAX &&
		parse_u64(http_header(g->resp, "content-length"), &length) &&
		length != last - from + 1) {
		s3t_fail(&g->refusal, S3T_MISMATCH,
			"The server's answer is not as long as the range in it.");
		return false;
	}
	if (!g->ranged && status == 206) {
		s3t_fail(&g->refusal, S3T_PROTOCOL,
			"The server answered with a part of the object; the whole was asked for.");
		return false;
	}
	bool whole = status == 200;
	if (whole && get->total != UINT64_MAX &&
		parse_u64(http_header(g->resp, "content-length"), &length) &&
		length != get->total) {
		/* another size without another ETag is a damaged answer */
		bool is_same = g->etag[0] && (!etag[0] || strcmp(g->etag, etag) == 0);
		s3t_fail(&g->refusal, is_same ? S3T_MISMATCH : S3T_CHANGED,
			"The object has another size than when it was listed.");
		return false;
	}
	if (whole && g->ranged && (from > 0 || last != get->total - 1)) {
		s3t_fail(&g->refusal, S3T_UNSUPPORTED,
			"The server ignores ranges; the object can only be fetched whole.");
		return false;
	}
	bool is_bound = g->is_known || g->got;
	if (is_bound && g->etag[0] && etag[0] && strcmp(g->etag, etag) != 0) {
		s3t_fail(&g->refusal, S3T_CHANGED, "The object changed on the server meanwhile.");
		return false;
	}
	if (!is_bound)
		memcpy(g->etag, etag, sizeof g->etag);
	if (get->object && (!g->has_object || !is_bound)) {
		object_from(g->resp, get->object);
		g->has_object = true;
	}
	return true;
}

/* How many bytes there are to come in all; UINT64_MAX: not known. */
static uint64_t wanted(const struct s3_get *get)
{
	if (get->len != UINT64_MAX || get->total == UINT64_MAX)
		return get->len;
	return get->total - get->offset;
}

static bool on_data(void *arg, const char *data, size_t len)
{
	struct getter *g = arg;
	if (len > wanted(g->get) - g->got) { /* also of an answer that does not end */
		s3t_fail(&g->refusal, S3T_PROTOCOL, "The server sent more than was asked for.");
		return false;
	}
	if (!g->get->sink(g->get->sink_arg, data, len)) {
		g->was_stopped = true;
		return false;
	}
	g->got += len;
	return true;
}

/* Why the answer was not taken; or it is whole by its own account and has too few bytes: the rest
 * is asked for then. */
static enum s3t_rc check_body(void *arg, struct s3t_err *err)
{
	struct getter *g = arg;
	uint64_t want = wanted(g->get);
	if (g->refusal.rc != S3T_OK) {
		*err = g->refusal;
		g->refusal.rc = S3T_OK;
		return err->rc;
	}
	/* a caller that has had enough is not asked whether it was all */
	return g->was_stopped || want == UINT64_MAX || g->got >= want
		       ? S3T_OK
		       : s3t_fail(err, S3T_MISMATCH, "The server sent fewer bytes than announced.");
}

enum s3t_rc s3_get_object(const struct s3_ctx *ctx, const struct s3_get *get, struct s3t_err *err)
{
	if (get->len == 0)
		return S3T_OK; /* a range cannot be empty */
	struct http_response resp;
	struct getter g = {.get = get,
		.resp = &resp,
		.uses_crc64 = get->object && s3_client_uses_crc64(ctx->client)};
	if (get->etag)
		snprintf(g.etag, sizeof g.etag, "%s", get->etag);
	g.is_known = g.etag[0];
	struct sigv4_pair query = {SV("versionId"), get->version_id};
	struct s3_call call = {.method = "GET",
		.bucket = get->bucket,
		.key = get->key,
		.query = &query,
		.query_count = get->version_id.len ? 1 : 0,
		.sink = on_data,
		.on_headers = on_answer,
		.sink_arg = &g,
		.expected = get->len == UINT64_MAX ? get->total : get->len,
		.prepare = before_try,
		.prepare_arg = &g,
		.check = check_body,
		.check_arg = &g,
		.progress = &g.got,
		.key_use = S3_KEY_READS};
	http_response_init(&resp);
	enum s3t_rc rc = s3_send(ctx, &call, &resp, err);
	http_response_deinit(&resp);
	return rc;
}

/* --- delete, copy --- */

/* Why a version was not deleted: a lock says 403 like a missing permission. */
static void explain_lock(const struct s3_ctx *ctx, struct strview bucket, struct strview key,
	struct strview version_id, struct s3t_err *err)
{
	struct s3_object o;
	s3_object_init(&o);
	if (err && s3_head_version(ctx, bucket, key, version_id, &o, NULL) == S3T_OK) {
		char when[32] = "";
		if (o.retain_until_s != TIME_UNKNOWN)
			time_format_local(o.retain_until_s, true, when);
		if (o.has_legal_hold)
			snprintf(err->message, sizeof err->message,
				"The version is under a legal hold and cannot be deleted.");
		else if (o.lock_mode)
			snprintf(err->message, sizeof err->message,
				"The version is locked (%.16s) until %s and cannot be deleted.",
				o.lock_mode, when);
	}
	s3_object_deinit(&o);
}

enum s3t_rc s3_delete_object(
	const struct s3_ctx *ctx, struct strview bucket, struct strview key, struct s3t_err *err)
{
	return s3_delete_version(ctx, bucket, key, sv_n("", 0), err);
}

enum s3t_rc s3_delete_version(const struct s3_ctx *ctx, struct strview bucket, struct strview key,
	struct strview version_id, struct s3t_err *err)
{
	struct sigv4_pair query = {SV("versionId"), version_id};
	struct s3_call call = {.method = "DELETE",
		.bucket = bucket,
		.key = key,
		.query = &query,
		.query_count = version_id.len ? 1 : 0};
	struct http_response resp;
	http_response_init(&resp);
	enum s3t_rc rc = s3_send(ctx, &call, &resp, err);
	http_response_deinit(&resp);
	if (rc == S3T_DENIED && version_id.len)
		explain_lock(ctx, bucket, key, version_id, err);
	return rc;
}

struct copy_result {
	char *etag;
};

static void on_copy_result(
	void *arg, int depth, struct strview parent, struct strview name, struct strview text)
{
	struct copy_result *r = arg;
	(void)parent;
	if (depth == 1 && sv_eq(name, SV("ETag")) && r->etag)
		s3_clean_etag(text, r->etag);
}

/* The one form of x-amz-copy-source. */
static void copy_source(struct strbuf *out, const struct s3_copy_source *from)
{
	strbuf_add_char(out, '/');
	uri_encode(out, from->bucket, false);
	strbuf_add_char(out, '/');
	uri_encode(out, from->key, true);
	if (from->version_id.len) {
		strbuf_add_str(out, "?versionId=");
		uri_encode(out, from->version_id, false);
	}
}

static enum s3t_rc copy(const struct s3_ctx *ctx, struct s3_call *call, struct put_headers *headers,
	const struct s3_copy_source *from, const struct s3_encryption *encryption,
	char etag[S3_ETAG_MAX], struct s3t_err *err)
{
	call->key_use = S3_KEY_COPIES;
	struct strbuf source;
	char match[S3_ETAG_MAX + 2], since[TIME_HTTP_MAX];
	strbuf_init(&source);
	copy_source(&source, from);
	put_add(headers, SV("x-amz-copy-source"), strbuf_view(&source));
	if (from->etag && from->etag[0]) {
		snprintf(match, sizeof match, "\"%s\"", from->etag);
		put_add(headers, SV("x-amz-copy-source-if-match"), sv(match));
	} else if (from->unmodified_since_s) {
		time_format_http(from->unmodified_since_s, since);
		put_add(headers, SV("x-amz-copy-source-if-unmodified-since"), sv(since));
	}
	if (etag)
		etag[0] = '\0';
	struct copy_result result = {.etag = etag};
	struct xml_handler handler = {.close = on_copy_result, .arg = &result};
	call->method = "PUT";
	call->has_body = true;
	call->headers = headers->pairs;
	call->header_count = headers->count;
	call->handler = &handler;
	struct http_response resp;
	http_response_init(&resp);
	enum s3t_rc rc = put_headers_check(headers, err);
	if (rc == S3T_OK)
		rc = s3_send(ctx, call, &resp, err);
	if (rc == S3T_OK && encryption) {
		rc = s3_encryption_confirm(ctx, encryption, &resp, err);
		if (rc != S3T_OK)
			undo_write(ctx, call, &resp);
	}
	http_response_deinit(&resp);
	strbuf_deinit(&source);
	call->handler = NULL; /* it ends here */
	return rc;
}

enum s3t_rc s3_copy_object(const struct s3_ctx *ctx, const struct s3_copy_source *from,
	struct strview bucket, struct strview key, const struct s3_put *what,
	char etag[S3_ETAG_MAX], struct s3t_err *err)
{
	enum s3t_rc rc = ask_for_encryption(ctx, bucket, key, what, err);
	if (rc != S3T_OK)
		return rc;
	struct put_headers headers;
	put_headers_init(&headers, what);
	if (what && !what->keep_metadata)
		put_add(&headers, SV("x-amz-metadata-directive"), SV("REPLACE"));
	struct s3_call call = {.bucket = bucket,
		.key = key,
		.root = "CopyObjectResult",
		.copy_is_under_key = is_under_key(what)};
	rc = copy(ctx, &call, &headers, from, what ? what->encryption : NULL, etag, err);
	put_headers_deinit(&headers);
	return rc != S3T_OK && what ? explain(ctx, bucket, key, what, rc, err) : rc;
}

enum s3t_rc s3_upload_part_copy(const struct s3_ctx *ctx, const struct s3_copy_source *from,
	uint64_t offset, uint64_t len, struct strview bucket, struct strview key,
	const char *upload_id, uint32_t part_number, char etag[S3_ETAG_MAX], struct s3t_err *err)
{
	char range[64], number[16];
	snprintf(range, sizeof range, "bytes=%llu-%llu", (unsigned long long)offset,
		(unsigned long long)(offset + len - 1));
	snprintf(number, sizeof number, "%u", part_number);
	struct sigv4_pair query[] = {
		{SV("partNumber"), sv(number)}, {SV("uploadId"), sv(upload_id)}};
	struct put_headers headers = {0};
	put_add(&headers, SV("x-amz-copy-source-range"), sv(range));
	struct s3_call call = {.bucket = bucket,
		.key = key,
		.query = query,
		.query_count = 2,
		.root = "CopyPartResult",
		.copy_is_under_key = ctx->customer_key};
	return copy(ctx, &call, &headers, from, NULL, etag, err);
}

/* --- CreateMultipartUpload carries the same headers as PUT --- */

static void on_upload_id(
	void *arg, int depth, struct strview parent, struct strview name, struct strview text)
{
	char **id = arg;
	(void)parent;
	if (depth == 1 && sv_eq(name, SV("UploadId")) && !*id)
		*id = s3t_strndup(text.data, text.len);
}

enum s3t_rc s3_create_multipart_upload(const struct s3_ctx *ctx, struct strview bucket,
	struct strview key, const struct s3_put *what, char **upload_id, struct s3t_err *err)
{
	struct put_headers headers;
	put_headers_init(&headers, what);
	if (what && what->crc64_is_taken) {
		put_add(&headers, SV("x-amz-checksum-algorithm"), SV("CRC64NVME"));
		put_add(&headers, SV("x-amz-checksum-type"), SV("FULL_OBJECT"));
	}
	*upload_id = NULL;
	int64_t began_s = time_wall_s();
	struct sigv4_pair query = {SV("uploads"), SV("")};
	struct xml_handler handler = {.close = on_upload_id, .arg = upload_id};
	struct s3_call call = {.method = "POST",
		.bucket = bucket,
		.key = key,
		.query = &query,
		.query_count = 1,
		.headers = headers.pairs,
		.header_count = headers.count,
		.has_body = true,
		.root = "InitiateMultipartUploadResult",
		.key_use = is_under_key(what) ? S3_KEY_WRITES : S3_KEY_UNUSED,
		.handler = &handler};
	struct http_response resp;
	http_response_init(&resp);
	enum s3t_rc rc = put_headers_check(&headers, err);
	if (rc == S3T_OK)
		rc = s3_send(ctx, &call, &resp, err);
	if (rc != S3T_OK && what)
		rc = explain(ctx, bucket, key, what, rc, err);
	if (what && what->crc64_is_taken)
		*what->crc64_is_taken =
			rc == S3T_OK && sv_eq_nocase(http_header(&resp, "x-amz-checksum-algorithm"),
						SV("CRC64NVME"));
	if (rc == S3T_OK && (!*upload_id || !**upload_id))
		rc = s3t_fail(err, S3T_PROTOCOL, "The server gave no upload id.");
	if (rc == S3T_OK && call.unheard) /* an answer was lost: there may be two by now */
		(void)!s3_abort_uploads_since(ctx, bucket, key, began_s, *upload_id, NULL);
	if (rc == S3T_OK && what) {
		rc = s3_encryption_confirm(ctx, what->encryption, &resp, err);
		struct s3t_err left;
		if (rc != S3T_OK &&
			s3_abort_multipart_upload(ctx, bucket, key, *upload_id, &left) != S3T_OK)
			rc = s3t_fail(err, left.rc,
				"The server does not encrypt, and the upload that was begun could "
				"not be removed: %s",
				left.message);
	}
	http_response_deinit(&resp);
	put_headers_deinit(&headers);
	if (rc != S3T_OK) {
		free(*upload_id);
		*upload_id = NULL;
	}
	return rc;
}
