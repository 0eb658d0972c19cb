/* The store without HTTP: seeding a demo, and looking at what the server really has. */
#include "sandbox/internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static enum s3t_rc to_rc(enum sbx_error error, const char *bucket, struct s3t_err *err)
{
	enum s3t_rc rc = S3T_CLIENT;
	switch (error) {
	case SBX_E_NONE:
		return S3T_OK;
	case SBX_E_NO_BUCKET:
	case SBX_E_NO_KEY:
		rc = S3T_NOT_FOUND;
		break;
	case SBX_E_BUCKET_EXISTS:
		rc = S3T_EXISTS;
		break;
	case SBX_E_ACCESS_DENIED:
		rc = S3T_DENIED;
		break;
	case SBX_E_INTERNAL:
		rc = S3T_IO;
		break;
	default:
		break;
	}
	s3t_fail(err, rc, "Sandbox bucket %s: %s", bucket, sbx_error_sentence(error));
	if (err)
		snprintf(err->code, sizeof err->code, "%s", sbx_error_code(error));
	return rc;
}

enum s3t_rc sandbox_create_bucket(struct sandbox *sb, const char *bucket, struct s3t_err *err)
{
	return to_rc(sbx_store_create_bucket(&sb->store, sv(bucket), sbx_now_s(sb)), bucket, err);
}

/* times: how often data stands in it. */
static enum s3t_rc put(struct sandbox *sb, const char *bucket, struct strview key,
	struct strview data, uint32_t times, const char *content_type, int64_t mtime_s,
	const char *storage_class, struct s3t_err *err)
{
	if (!key.len || key.len > SBX_KEY_MAX)
		return to_rc(key.len ? SBX_E_KEY_TOO_LONG : SBX_E_ARGUMENT, bucket, err);
	struct sbx_blob *blob = data.len ? sbx_blob_of(&sb->store, data) : NULL;
	if (data.len && !blob)
		return to_rc(SBX_E_INTERNAL, bucket, err);
	struct sbx_object *object = sbx_object_new(key);
	for (uint32_t i = 0; blob && i < times; i++)
		sbx_object_add_segment(object, i ? sbx_blob_ref(blob) : blob, 0, data.len);
	unsigned char sum[MD5_LEN];
	md5(data, sum);
	struct strbuf hex;
	strbuf_init(&hex);
	hex_encode(&hex, sum, sizeof sum);
	if (times > 1)
		strbuf_addf(&hex, "-%u", times);
	snprintf(object->etag, sizeof object->etag, "%s", hex.data);
	strbuf_deinit(&hex);
	object->mtime_s = mtime_s;
	if (storage_class) {
		free(object->storage_class);
		object->storage_class = s3t_strdup(storage_class);
	}
	sbx_headers_add(&object->headers, "content-type",
		sv(content_type ? content_type : "binary/octet-stream"));
	enum sbx_error error = sbx_store_commit(&sb->store, sv(bucket), object, NULL, SV(""));
	sbx_object_unref(object);
	return to_rc(error, bucket, err);
}

enum s3t_rc sandbox_put_as(struct sandbox *sb, const char *bucket, struct strview key,
	struct strview data, const char *content_type, int64_t mtime_s, const char *storage_class,
	struct s3t_err *err)
{
	return put(sb, bucket, key, data, 1, content_type, mtime_s, storage_class, err);
}

enum s3t_rc sandbox_put_repeated(struct sandbox *sb, const char *bucket, struct strview key,
	struct strview data, uint32_t times, struct s3t_err *err)
{
	return put(sb, bucket, key, data, times, NULL, sbx_now_s(sb), NULL, err);
}

enum s3t_rc sandbox_put(struct sandbox *sb, const char *bucket, struct strview key,
	struct strview data, const char *content_type, struct s3t_err *err)
{
	return sandbox_put_as(sb, bucket, key, data, content_type, sbx_now_s(sb), NULL, err);
}

enum s3t_rc sandbox_get(struct sandbox *sb, const char *bucket, struct strview key,
	struct strbuf *out, struct s3t_err *err)
{
	struct sbx_object *object;
	enum sbx_error error = sbx_store_find(&sb->store, sv(bucket), key, &object);
	if (error != SBX_E_NONE)
		return to_rc(error, bucket, err);
	struct sbx_cursor cursor;
	sbx_cursor_init(&cursor);
	char buf[16384];
	uint64_t at = 0;
	ssize_t n;
	while ((n = sbx_cursor_read(&cursor, object, at, buf, sizeof buf)) > 0) {
		strbuf_add(out, buf, (size_t)n);
		at += (uint64_t)n;
	}
	sbx_cursor_deinit(&cursor);
	bool is_whole = at == object->size;
	sbx_object_unref(object);
	if (!strbuf_ok(out))
		return s3t_fail(err, S3T_MEMORY, "The object is too large for the buffer.");
	return is_whole ? S3T_OK : to_rc(SBX_E_INTERNAL, bucket, err);
}

enum s3t_rc sandbox_get_header(struct sandbox *sb, const char *bucket, struct strview key,
	const char *name, struct strbuf *out, struct s3t_err *err)
{
	struct sbx_object *object;
	enum sbx_error error = sbx_store_find(&sb->store, sv(bucket), key, &object);
	if (error != SBX_E_NONE)
		return to_rc(error, bucket, err);
	const char *value = sbx_headers_get(&object->headers, name);
	if (strcmp(name, "etag") == 0)
		strbuf_addf(out, "\"%s\"", object->etag);
	else if (strcmp(name, "x-amz-storage-class") == 0)
		strbuf_add_str(out, object->storage_class);
	else if (value)
		strbuf_add_str(out, value);
	sbx_object_unref(object);
	return S3T_OK;
}

enum s3t_rc sandbox_delete(
	struct sandbox *sb, const char *bucket, struct strview key, struct s3t_err *err)
{
	return to_rc(sbx_store_delete(&sb->store, sv(bucket), key, NULL), bucket, err);
}

uint64_t sandbox_upload_count(struct sandbox *sb)
{
	uint64_t count = 0;
	sbx_store_lock(&sb->store);
	for (size_t i = 0; i < sb->store.bucket_count; i++)
		count += sb->store.buckets[i]->upload_count;
	sbx_store_unlock(&sb->store);
	return count;
}

unsigned sandbox_lose_part(
	struct sandbox *sb, const char *bucket_name, struct strview key, unsigned part_number)
{
	unsigned lost = 0;
	sbx_store_lock(&sb->store);
	struct sbx_bucket *bucket = sbx_bucket_find_locked(&sb->store, sv(bucket_name));
	for (size_t i = 0; bucket && i < bucket->upload_count; i++) {
		struct sbx_upload *u = bucket->uploads[i];
		if (!sv_eq(sv_n(u->key, u->key_len), key))
			continue;
		for (size_t j = 0; j < u->part_count; j++) {
			if (u->parts[j].number != part_number)
				continue;
			sbx_object_unref(u->parts[j].object);
			memmove(u->parts + j, u->parts + j + 1,
				(--u->part_count - j) * sizeof *u->parts);
			lost++;
			break;
		}
	}
	sbx_store_unlock(&sb->store);
	return lost;
}
