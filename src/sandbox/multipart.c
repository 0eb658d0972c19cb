#include "core/crc64.h"
#include "core/parse.h"
#include "core/xml.h"
#include "sandbox/internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PARTS_MAX = 10000, PAGE_MAX = 1000 };

void sbx_multipart_create(struct request *r)
{
	struct sbx_headers headers = {0};
	char *storage_class = NULL, id[SBX_ID_LEN + 1];
	enum sbx_error error = sbx_object_take_headers(r, &headers, &storage_class);
	if (error == SBX_E_NONE)
		sbx_encryption_echo(r, &headers);
	if (error == SBX_E_NONE) {
		error = sbx_store_create_upload(&r->sb->store, r->bucket, r->key, &headers,
			storage_class, sbx_now_s(r->sb), id);
		storage_class = NULL; /* the store's, whatever came of it */
	}
	free(storage_class);
	sbx_headers_deinit(&headers);
	if (error != SBX_E_NONE) {
		sbx_reply_error(r, error);
		return;
	}
	struct strbuf *out = sbx_reply_xml(r, "InitiateMultipartUploadResult");
	sbx_xml_text(out, "Bucket", r->bucket);
	sbx_xml_text(out, "Key", r->key);
	sbx_xml_text(out, "UploadId", sv(id));
	strbuf_add_str(out, "</InitiateMultipartUploadResult>");
	const char *algorithm = sbx_header(r, "x-amz-checksum-algorithm");
	if (algorithm)
		sbx_reply_header(r, "x-amz-checksum-algorithm", algorithm);
}

void sbx_multipart_put_part(struct request *r)
{
	uint64_t number;
	if (!sbx_query_number(r, "partNumber", 0, PARTS_MAX, &number) || number == 0) {
		sbx_reply_error(r, SBX_E_ARGUMENT);
		return;
	}
	struct sbx_object *part = sbx_object_new(SV(""));
	struct strbuf hex;
	strbuf_init(&hex);
	if (r->sb->opaque_etags)
		r->md5_sum[0] ^= 0xff;
	hex_encode(&hex, r->md5_sum, MD5_LEN);
	snprintf(part->etag, sizeof part->etag, "%s", hex.data);
	strbuf_deinit(&hex);
	part->mtime_s = sbx_now_s(r->sb);
	if (r->received)
		sbx_object_add_segment(part, sbx_blob_ref(r->blob), 0, r->received);
	enum sbx_error error = sbx_store_put_part(
		&r->sb->store, r->bucket, r->key, sbx_query(r, "uploadId"), (unsigned)number, part);
	if (error != SBX_E_NONE) {
		sbx_reply_error(r, error);
	} else {
		atomic_fetch_add(&r->sb->parts, 1);
		r->reply.status = 200;
		sbx_reply_etag(r, part->etag);
	}
	sbx_object_unref(part);
}

void sbx_multipart_abort(struct request *r)
{
	enum sbx_error error =
		sbx_store_abort(&r->sb->store, r->bucket, r->key, sbx_query(r, "uploadId"));
	if (error != SBX_E_NONE)
		sbx_reply_error(r, error);
	else
		r->reply.status = 204;
}

/* ---- complete ---- */

struct wanted_part {
	uint64_t number;
	char etag[64];
	struct sbx_object *object; /* a reference, once found */
};

struct manifest {
	struct wanted_part *parts;
	size_t count;
	struct wanted_part next;
	bool is_bad;
};

static void on_part(
	void *arg, int depth, struct strview parent, struct strview name, struct strview text)
{
	struct manifest *m = arg;
	text = sv_trim(text);
	if (depth == 2 && sv_eq(name, SV("PartNumber"))) {
		m->is_bad |= !parse_u64(text, &m->next.number);
	} else if (depth == 2 && sv_eq(name, SV("ETag"))) {
		if (text.len >= 2 && text.data[0] == '"' && text.data[text.len - 1] == '"')
			text = sv_n(text.data + 1, text.len - 2);
		snprintf(m->next.etag, sizeof m->next.etag, "%.*s", (int)text.len, text.data);
	} else if (depth == 1 && sv_eq(name, SV("Part"))) {
		m->is_bad |= !m->next.number || !*m->next.etag || m->count == PARTS_MAX;
		if (!m->is_bad)
			m->parts[m->count++] = m->next;
		m->next = (struct wanted_part){0};
	}
	(void)parent;
}

static enum sbx_error read_manifest(const struct request *r, struct manifest *m)
{
	char root[64];
	const struct xml_handler handler = {.close = on_part, .arg = m};
	m->parts = s3t_alloc(PARTS_MAX * sizeof *m->parts);
	if (xml_parse(strbuf_view(&r->text), &handler, root, NULL) != S3T_OK || m->is_bad ||
		m->count == 0 || strcmp(root, "CompleteMultipartUpload") != 0)
		return SBX_E_MALFORMED_XML;
	for (size_t i = 1; i < m->count; i++)
		if (m->parts[i].number <= m->parts[i - 1].number)
			return SBX_E_PART_ORDER;
	return SBX_E_NONE;
}

/* Finds the parts named; both lists ascend. */
static enum sbx_error match_parts_locked(
	const struct sbx_upload *upload, struct manifest *m, uint64_t min_part_bytes)
{
	size_t at = 0;
	for (size_t i = 0; i < m->count; i++) {
		struct wanted_part *wanted = &m->parts[i];
		while (at < upload->part_count && upload->parts[at].number < wanted->number)
			at++;
		if (at == upload->part_count || upload->parts[at].number != wanted->number ||
			strcmp(upload->parts[at].object->etag, wanted->etag) != 0)
			return SBX_E_PART;
		wanted->object = sbx_object_ref(upload->parts[at].object);
	}
	for (size_t i = 0; i + 1 < m->count; i++)
		if (m->parts[i].object->size < min_part_bytes)
			return SBX_E_TOO_SMALL;
	return SBX_E_NONE;
}

/* An object of the parts, or NULL with *error set. */
static struct sbx_object *assemble(struct request *r, struct manifest *m, enum sbx_error *error)
{
	struct sbx_store *store = &r->sb->store;
	struct sbx_object *object = sbx_object_new(r->key);
	sbx_store_lock(store);
	struct sbx_bucket *bucket = sbx_bucket_find_locked(store, r->bucket);
	const struct sbx_upload *upload =
		bucket ? sbx_upload_find_locked(bucket, r->key, sbx_query(r, "uploadId")) : NULL;
	*error = upload ? match_parts_locked(upload, m, r->sb->min_part_bytes) : SBX_E_NO_UPLOAD;
	if (*error == SBX_E_NONE) {
		sbx_headers_copy(&object->headers, &upload->headers);
		free(object->storage_class);
		object->storage_class = s3t_strdup(upload->storage_class);
	}
	sbx_store_unlock(store);

	/* "md5(md5s)-N": the ETag is made of the parts' binary MD5s. */
	struct digest *digest = digest_new(DIGEST_MD5);
	for (size_t i = 0; *error == SBX_E_NONE && i < m->count; i++) {
		const struct sbx_object *part = m->parts[i].object;
		unsigned char sum[MD5_LEN];
		if (!hex_decode(sv(part->etag), sum, sizeof sum))
			*error = SBX_E_INTERNAL;
		digest_update(digest, sum, sizeof sum);
		sbx_object_add_range(object, part, 0, part->size);
	}
	unsigned char sum[MD5_LEN];
	digest_final(digest, sum);
	digest_free(digest);
	struct strbuf hex;
	strbuf_init(&hex);
	hex_encode(&hex, sum, sizeof sum);
	snprintf(object->etag, sizeof object->etag, "%s-%zu", hex.data, m->count);
	strbuf_deinit(&hex);
	object->mtime_s = sbx_now_s(r->sb);
	return object;
}

/* The checksum of the whole that the client names is kept, if it is right. */
static enum sbx_error check_whole(const struct request *r, struct sbx_object *object)
{
	const char *header = sbx_header(r, "x-amz-checksum-crc64nvme");
	uint64_t claimed, crc;
	if (!header)
		return SBX_E_NONE;
	if (!sbx_object_crc64(object, &crc))
		return SBX_E_INTERNAL;
	if (!crc64nvme_parse(sv(header), &claimed) || claimed != crc)
		return SBX_E_BAD_DIGEST;
	sbx_headers_add(&object->headers, "x-amz-checksum-crc64nvme", sv(header));
	return SBX_E_NONE;
}

void sbx_multipart_complete(struct request *r)
{
	struct manifest m = {0};
	struct sbx_object *object = NULL;
	enum sbx_error error = read_manifest(r, &m);
	if (error == SBX_E_NONE)
		object = assemble(r, &m, &error);
	if (error == SBX_E_NONE)
		error = check_whole(r, object);
	if (error == SBX_E_NONE) {
		struct sbx_condition condition = sbx_write_condition(r);
		error = sbx_store_commit(
			&r->sb->store, r->bucket, object, &condition, sbx_query(r, "uploadId"));
	}
	if (error != SBX_E_NONE) {
		sbx_reply_error(r, error);
	} else {
		struct strbuf *out = sbx_reply_xml(r, "CompleteMultipartUploadResult");
		strbuf_addf(out, "<Location>%s</Location>", r->sb->endpoint);
		sbx_xml_text(out, "Bucket", r->bucket);
		sbx_xml_text(out, "Key", r->key);
		if (!r->strike.is_set || r->strike.kind != SANDBOX_FAULT_DROP_ETAG)
			sbx_xml_etag(out, object->etag);
		strbuf_add_str(out, "</CompleteMultipartUploadResult>");
	}
	for (size_t i = 0; i < m.count; i++)
		sbx_object_unref(m.parts[i].object);
	free(m.parts);
	sbx_object_unref(object);
}

/* ---- lists ---- */

static void add_people(struct strbuf *out)
{
	strbuf_add_str(out, "<Initiator><ID>sandbox</ID><DisplayName>sandbox</DisplayName>"
			    "</Initiator><Owner><ID>sandbox</ID><DisplayName>sandbox"
			    "</DisplayName></Owner>");
}

static void write_parts_locked(
	struct request *r, const struct sbx_upload *upload, uint64_t max, uint64_t after)
{
	struct strbuf *out = sbx_reply_xml(r, "ListPartsResult");
	sbx_xml_text(out, "Bucket", r->bucket);
	sbx_xml_text(out, "Key", r->key);
	sbx_xml_text(out, "UploadId", sv(upload->id));
	add_people(out);
	sbx_xml_text(out, "StorageClass", sv(upload->storage_class));
	sbx_xml_uint(out, "PartNumberMarker", after);
	sbx_xml_uint(out, "MaxParts", max);
	uint64_t count = 0, last = 0;
	bool is_truncated = false;
	for (size_t i = 0; i < upload->part_count && !is_truncated; i++) {
		const struct sbx_part *part = &upload->parts[i];
		if (part->number <= after)
			continue;
		is_truncated = count == max;
		if (is_truncated)
			break;
		count++;
		last = part->number;
		strbuf_add_str(out, "<Part>");
		sbx_xml_uint(out, "PartNumber", part->number);
		sbx_xml_time(out, "LastModified", part->object->mtime_s);
		sbx_xml_etag(out, part->object->etag);
		sbx_xml_uint(out, "Size", part->object->size);
		strbuf_add_str(out, "</Part>");
	}
	if (is_truncated)
		sbx_xml_uint(out, "NextPartNumberMarker", last);
	sbx_xml_text(out, "IsTruncated", is_truncated ? SV("true") : SV("false"));
	strbuf_add_str(out, "</ListPartsResult>");
}

void sbx_multipart_list_parts(struct request *r)
{
	uint64_t max, after;
	if (!sbx_query_number(r, "max-parts", PAGE_MAX, INT32_MAX, &max) ||
		!sbx_query_number(r, "part-number-marker", 0, INT32_MAX, &after)) {
		sbx_reply_error(r, SBX_E_ARGUMENT);
		return;
	}
	struct sbx_store *store = &r->sb->store;
	sbx_store_lock(store);
	struct sbx_bucket *bucket = sbx_bucket_find_locked(store, r->bucket);
	const struct sbx_upload *upload =
		bucket ? sbx_upload_find_locked(bucket, r->key, sbx_query(r, "uploadId")) : NULL;
	if (upload)
		write_parts_locked(r, upload, max < PAGE_MAX ? max : PAGE_MAX, after);
	sbx_store_unlock(store);
	if (!upload)
		sbx_reply_error(r, SBX_E_NO_UPLOAD);
}

struct upload_page {
	struct strview prefix, key_marker, id_marker;
	uint64_t max, count;
	bool is_url, is_truncated;
	const struct sbx_upload *last;
};

/* Whether an upload comes behind the markers; at_marker: its id is behind that of the marker. */
static bool is_behind(const struct upload_page *page, const struct sbx_upload *u, bool *at_marker)
{
	int order = sv_cmp(sv_n(u->key, u->key_len), page->key_marker);
	if (!page->key_marker.len || order > 0)
		return true;
	if (order < 0 || !page->id_marker.len)
		return false;
	bool was_met = *at_marker;
	*at_marker |= sv_eq(sv(u->id), page->id_marker);
	return was_met;
}

static void add_uploads_locked(
	struct strbuf *out, struct upload_page *page, const struct sbx_bucket *bucket)
{
	bool at_marker = false;
	for (size_t i = 0; i < bucket->upload_count; i++) {
		const struct sbx_upload *u = bucket->uploads[i];
		struct strview key = sv_n(u->key, u->key_len);
		if (!sv_starts_with(key, page->prefix) || !is_behind(page, u, &at_marker))
			continue;
		page->is_truncated = page->count == page->max;
		if (page->is_truncated)
			break;
		page->count++;
		page->last = u;
		strbuf_add_str(out, "<Upload>");
		sbx_xml_key(out, "Key", key, page->is_url);
		sbx_xml_text(out, "UploadId", sv(u->id));
		add_people(out);
		sbx_xml_text(out, "StorageClass", sv(u->storage_class));
		sbx_xml_time(out, "Initiated", u->initiated_s);
		strbuf_add_str(out, "</Upload>");
	}
	if (page->is_truncated && page->last) {
		sbx_xml_key(out, "NextKeyMarker", sv_n(page->last->key, page->last->key_len),
			page->is_url);
		sbx_xml_text(out, "NextUploadIdMarker", sv(page->last->id));
	}
}

void sbx_multipart_list_uploads(struct request *r)
{
	struct upload_page page = {
		.prefix = sbx_query(r, "prefix"),
		.key_marker = sbx_query(r, "key-marker"),
		.id_marker = sbx_query(r, "upload-id-marker"),
		.is_url = sv_eq(sbx_query(r, "encoding-type"), SV("url")),
	};
	/* grouping by a delimiter is for object listings here */
	if (sbx_query(r, "delimiter").len) {
		sbx_reply_error(r, SBX_E_NOT_IMPLEMENTED);
		return;
	}
	if (!sbx_query_number(r, "max-uploads", PAGE_MAX, INT32_MAX, &page.max)) {
		sbx_reply_error(r, SBX_E_ARGUMENT);
		return;
	}
	page.max = page.max < PAGE_MAX ? page.max : PAGE_MAX;
	struct strbuf *out = sbx_reply_xml(r, "ListMultipartUploadsResult");
	sbx_xml_text(out, "Bucket", r->bucket);
	sbx_xml_key(out, "KeyMarker", page.key_marker, page.is_url);
	sbx_xml_text(out, "UploadIdMarker", page.id_marker);
	sbx_xml_key(out, "Prefix", page.prefix, page.is_url);
	sbx_xml_uint(out, "MaxUploads", page.max);
	if (page.is_url)
		sbx_xml_text(out, "EncodingType", SV("url"));
	struct sbx_store *store = &r->sb->store;
	sbx_store_lock(store);
	const struct sbx_bucket *bucket = sbx_bucket_find_locked(store, r->bucket);
	if (bucket)
		add_uploads_locked(out, &page, bucket);
	sbx_store_unlock(store);
	sbx_xml_text(out, "IsTruncated", page.is_truncated ? SV("true") : SV("false"));
	strbuf_add_str(out, "</ListMultipartUploadsResult>");
}
