/* CopyObject and UploadPartCopy. No byte is copied: the new object shares the source's blobs. */
#include "core/uri.h"
#include "sandbox/internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Resolves x-amz-copy-source ("/bucket/key" or "bucket/key", URL-encoded, with its conditions). */
static enum sbx_error find_source(const struct request *r, struct sbx_object **out, bool *is_self)
{
	struct strview raw = sv(sbx_header(r, "x-amz-copy-source"));
	size_t question = sv_find(raw, '?');
	struct strview version = sv_from(raw, question + 1);
	raw.len = question;
	*out = NULL;
	if (version.len && !sv_eq(version, SV("versionId=null")))
		return SBX_E_NO_VERSION;
	struct strbuf plain;
	strbuf_init(&plain);
	uri_decode(&plain, raw, false);
	struct strview path = strbuf_view(&plain);
	if (path.len && path.data[0] == '/')
		path = sv_from(path, 1);
	size_t slash = sv_find(path, '/');
	struct strview bucket = sv_n(path.data, slash), key = sv_from(path, slash + 1);
	enum sbx_error error =
		key.len ? sbx_store_find(&r->sb->store, bucket, key, out) : SBX_E_ARGUMENT;
	*is_self = sv_eq(bucket, r->bucket) && sv_eq(key, r->key);
	strbuf_deinit(&plain);
	return error;
}

static enum sbx_error check_source(const struct request *r, const struct sbx_object *source)
{
	const char *match = sbx_header(r, "x-amz-copy-source-if-match");
	const char *none_match = sbx_header(r, "x-amz-copy-source-if-none-match");
	int64_t unmodified =
		time_parse_http(sv(sbx_header(r, "x-amz-copy-source-if-unmodified-since")));
	int64_t modified =
		time_parse_http(sv(sbx_header(r, "x-amz-copy-source-if-modified-since")));
	bool ok = !(match && !sbx_etag_matches(match, source->etag)) &&
		  !(none_match && sbx_etag_matches(none_match, source->etag)) &&
		  !(!match && unmodified != TIME_UNKNOWN && source->mtime_s > unmodified) &&
		  !(!none_match && modified != TIME_UNKNOWN && source->mtime_s <= modified);
	if (!ok)
		return SBX_E_PRECONDITION;
	if (sbx_object_is_archived(source))
		return SBX_E_OBJECT_STATE;
	return sbx_encryption_check_key(r, &source->headers, true);
}

/* Gives object the source's bytes and their MD5 as its ETag. */
static enum sbx_error take_bytes(struct sbx_store *store, struct sbx_object *object,
	const struct sbx_object *source, uint64_t offset, uint64_t size)
{
	if (source->pattern == SBX_NO_PATTERN) {
		sbx_object_add_range(object, source, offset, size);
	} else if (size) {
		char *bytes = s3t_alloc((size_t)size);
		sbx_synthetic_fill(source->pattern, offset, bytes, (size_t)size);
		struct sbx_blob *blob = sbx_blob_of(store, sv_n(bytes, (size_t)size));
		free(bytes);
		if (!blob)
			return SBX_E_INTERNAL;
		sbx_object_add_segment(object, blob, 0, size);
	}
	if (offset == 0 && size == source->size && !strchr(source->etag, '-')) {
		memcpy(object->etag, source->etag, sizeof object->etag);
		return SBX_E_NONE;
	}
	unsigned char sum[MD5_LEN];
	if (!sbx_object_md5(object, 0, object->size, sum))
		return SBX_E_INTERNAL;
	struct strbuf hex;
	strbuf_init(&hex);
	hex_encode(&hex, sum, sizeof sum);
	snprintf(object->etag, sizeof object->etag, "%s", hex.data);
	strbuf_deinit(&hex);
	return SBX_E_NONE;
}

static void reply_result(struct request *r, const char *root, const struct sbx_object *object)
{
	struct strbuf *out = sbx_reply_xml(r, root);
	sbx_xml_time(out, "LastModified", object->mtime_s);
	/* a wrong or missing ETag here is in the body, not in a header */
	if (r->strike.is_set && r->strike.kind == SANDBOX_FAULT_WRONG_ETAG)
		sbx_xml_etag(out, "00000000000000000000000000000bad");
	else if (!r->strike.is_set || r->strike.kind != SANDBOX_FAULT_DROP_ETAG)
		sbx_xml_etag(out, object->etag);
	strbuf_addf(out, "</%s>", root);
}

static void set_or_remove(struct sbx_headers *h, const char *name, const char *value)
{
	if (value)
		sbx_headers_set(h, name, value);
	else
		sbx_headers_remove(h, name);
}

static enum sbx_error take_metadata(const struct request *r, struct sbx_object *object,
	const struct sbx_object *source, bool is_self)
{
	const char *directive = sbx_header(r, "x-amz-metadata-directive");
	bool is_replace = directive && strcmp(directive, "REPLACE") == 0;
	if (directive && !is_replace && strcmp(directive, "COPY") != 0)
		return SBX_E_ARGUMENT;
	if (is_self && !is_replace && !sbx_header(r, "x-amz-storage-class") &&
		!sbx_header(r, "x-amz-server-side-encryption"))
		return SBX_E_COPY_SELF;
	enum sbx_error error = sbx_object_take_headers(r, &object->headers, &object->storage_class);
	const char *tag_directive = sbx_header(r, "x-amz-tagging-directive");
	bool keeps_tags = !tag_directive || strcmp(tag_directive, "REPLACE") != 0;
	if (error != SBX_E_NONE)
		return error;
	/* Encryption and the restored state are never the source's. */
	struct sbx_headers sent = object->headers;
	object->headers = (struct sbx_headers){0};
	sbx_headers_copy(&object->headers, is_replace ? &sent : &source->headers);
	set_or_remove(&object->headers, "x-amz-restore", NULL);
	sbx_encryption_replace(&object->headers, &sent);
	set_or_remove(&object->headers, "x-amz-tagging",
		sbx_headers_get(keeps_tags ? &source->headers : &sent, "x-amz-tagging"));
	sbx_headers_deinit(&sent);
	return SBX_E_NONE;
}

void sbx_copy_object(struct request *r)
{
	bool is_self;
	struct sbx_object *source, *object = sbx_object_new(r->key);
	enum sbx_error error = find_source(r, &source, &is_self);
	if (error == SBX_E_NONE)
		error = check_source(r, source);
	if (error == SBX_E_NONE && source->size > (uint64_t)5 << 30)
		error = SBX_E_REQUEST;
	if (error == SBX_E_NONE)
		error = take_metadata(r, object, source, is_self);
	if (error == SBX_E_NONE)
		error = take_bytes(&r->sb->store, object, source, 0, source->size);
	if (error == SBX_E_NONE) {
		struct sbx_condition condition = sbx_write_condition(r);
		object->mtime_s = sbx_now_s(r->sb);
		error = sbx_store_commit(&r->sb->store, r->bucket, object, &condition, SV(""));
	}
	if (error != SBX_E_NONE) {
		sbx_reply_error(r, error);
	} else {
		reply_result(r, "CopyObjectResult", object);
		sbx_encryption_echo(r, &object->headers);
	}
	sbx_object_unref(source);
	sbx_object_unref(object);
}

/* x-amz-copy-source-range knows only "bytes=first-last", all of it inside the source. */
static enum sbx_error read_copy_range(
	const struct request *r, const struct sbx_object *source, uint64_t *offset, uint64_t *size)
{
	const char *range = sbx_header(r, "x-amz-copy-source-range");
	*offset = 0;
	*size = source->size;
	if (!range)
		return SBX_E_NONE;
	if (sbx_parse_range(range, UINT64_MAX, offset, size) != SBX_RANGE_PART ||
		strlen(range) < 9 || range[6] == '-' || range[strlen(range) - 1] == '-')
		return SBX_E_ARGUMENT;
	bool is_inside = *offset < source->size && *size <= source->size - *offset;
	return is_inside ? SBX_E_NONE : SBX_E_ARGUMENT;
}

void sbx_copy_part(struct request *r)
{
	bool is_self;
	uint64_t number, offset = 0, size = 0;
	struct sbx_object *source, *part = sbx_object_new(SV(""));
	enum sbx_error error = find_source(r, &source, &is_self);
	if (error == SBX_E_NONE)
		error = check_source(r, source);
	if (error == SBX_E_NONE &&
		(!sbx_query_number(r, "partNumber", 0, 10000, &number) || number == 0))
		error = SBX_E_ARGUMENT;
	if (error == SBX_E_NONE)
		error = read_copy_range(r, source, &offset, &size);
	if (error == SBX_E_NONE)
		error = take_bytes(&r->sb->store, part, source, offset, size);
	if (error == SBX_E_NONE) {
		part->mtime_s = sbx_now_s(r->sb);
		error = sbx_store_put_part(&r->sb->store, r->bucket, r->key,
			sbx_query(r, "uploadId"), (unsigned)number, part);
	}
	if (error != SBX_E_NONE) {
		sbx_reply_error(r, error);
	} else {
		atomic_fetch_add(&r->sb->parts, 1);
		reply_result(r, "CopyPartResult", part);
	}
	sbx_object_unref(source);
	sbx_object_unref(part);
}
