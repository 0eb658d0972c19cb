#include "core/parse.h"
#include "sandbox/internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { METADATA_MAX = 2048 };

static bool is_kept(const struct request *r, const char *name)
{
	static const char *const names[] = {"content-type", "content-encoding",
		"content-disposition", "content-language", "cache-control", "expires",
		"x-amz-website-redirect-location", "x-amz-tagging", "x-amz-checksum-crc64nvme",
		"x-amz-checksum-algorithm"};
	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		if (strcmp(name, names[i]) == 0)
			return true;
	return strncmp(name, "x-amz-meta-", 11) == 0 || sbx_encryption_is_kept(r, name);
}

static bool is_storage_class(const char *name)
{
	static const char *const names[] = {"STANDARD", "REDUCED_REDUNDANCY", "STANDARD_IA",
		"ONEZONE_IA", "INTELLIGENT_TIERING", "GLACIER", "GLACIER_IR", "DEEP_ARCHIVE"};
	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		if (strcmp(name, names[i]) == 0)
			return true;
	return false;
}

enum sbx_error sbx_object_take_headers(
	const struct request *r, struct sbx_headers *out, char **storage_class)
{
	enum sbx_error wrong = sbx_encryption_check(r);
	if (wrong != SBX_E_NONE)
		return wrong;
	if (!sbx_tags_are_valid(sbx_header(r, "x-amz-tagging")))
		return SBX_E_TAGS;
	const char *class = sbx_header(r, "x-amz-storage-class");
	if (class && !is_storage_class(class))
		return SBX_E_STORAGE_CLASS;
	size_t metadata = 0;
	for (size_t i = 0; i < r->headers.count; i++) {
		const struct sbx_header *h = &r->headers.items[i];
		if (!is_kept(r, h->name))
			continue;
		if (strncmp(h->name, "x-amz-meta-", 11) == 0)
			metadata += strlen(h->name) - 11 + strlen(h->value);
		sbx_headers_add(out, h->name, sv(h->value));
	}
	if (metadata > METADATA_MAX)
		return SBX_E_METADATA_TOO_LARGE;
	if (!sbx_headers_get(out, "content-type"))
		sbx_headers_add(out, "content-type", SV("binary/octet-stream"));
	free(*storage_class);
	*storage_class = s3t_strdup(class ? class : "STANDARD");
	return SBX_E_NONE;
}

struct sbx_condition sbx_write_condition(const struct request *r)
{
	return (struct sbx_condition){sbx_header(r, "if-match"), sbx_header(r, "if-none-match")};
}

static void set_etag(struct sbx_object *object, const unsigned char sum[MD5_LEN])
{
	struct strbuf hex;
	strbuf_init(&hex);
	hex_encode(&hex, sum, MD5_LEN);
	snprintf(object->etag, sizeof object->etag, "%s", hex.data);
	strbuf_deinit(&hex);
}

void sbx_object_put(struct request *r)
{
	struct sbx_object *object = sbx_object_new(r->key);
	enum sbx_error error = sbx_object_take_headers(r, &object->headers, &object->storage_class);
	if (error == SBX_E_NONE) {
		set_etag(object, r->md5_sum);
		object->mtime_s = sbx_now_s(r->sb);
		if (r->received)
			sbx_object_add_segment(object, sbx_blob_ref(r->blob), 0, r->received);
		struct sbx_condition condition = sbx_write_condition(r);
		error = sbx_store_commit(&r->sb->store, r->bucket, object, &condition, SV(""));
	}
	if (error != SBX_E_NONE) {
		sbx_reply_error(r, error);
	} else {
		r->reply.status = 200;
		sbx_reply_etag(r, object->etag);
		sbx_encryption_echo(r, &object->headers);
		const char *crc = sbx_headers_get(&object->headers, "x-amz-checksum-crc64nvme");
		if (crc)
			sbx_reply_header(r, "x-amz-checksum-crc64nvme", crc);
	}
	sbx_object_unref(object);
}

/* ---- reading ---- */

enum sbx_range sbx_parse_range(const char *text, uint64_t size, uint64_t *offset, uint64_t *length)
{
	struct strview s = sv(text);
	*offset = 0;
	*length = size;
	size_t dash;
	if (!sv_starts_with(s, SV("bytes=")) || sv_find(s, ',') < s.len)
		return SBX_RANGE_WHOLE;
	s = sv_from(s, 6);
	dash = sv_find(s, '-');
	if (dash == s.len)
		return SBX_RANGE_WHOLE;
	struct strview from = sv_n(s.data, dash), to = sv_from(s, dash + 1);
	uint64_t first = 0, last = UINT64_MAX;
	if ((from.len && !parse_u64(from, &first)) || (to.len && !parse_u64(to, &last)) ||
		(!from.len && !to.len))
		return SBX_RANGE_WHOLE;
	if (!from.len) { /* the last so many bytes */
		if (last == 0 || size == 0)
			return SBX_RANGE_BAD;
		*offset = last < size ? size - last : 0;
		*length = size - *offset;
		return SBX_RANGE_PART;
	}
	if (last < first)
		return SBX_RANGE_WHOLE;
	if (first >= size)
		return SBX_RANGE_BAD;
	*offset = first;
	*length = last < size - 1 ? last - first + 1 : size - first;
	return SBX_RANGE_PART;
}

/* RFC 9110, 13.2.2: 0, 304 or 412. */
static int check_conditions(const struct request *r, const struct sbx_object *object)
{
	const char *if_match = sbx_header(r, "if-match");
	const char *unmodified = sbx_header(r, "if-unmodified-since");
	const char *none_match = sbx_header(r, "if-none-match");
	const char *modified = sbx_header(r, "if-modified-since");
	if (if_match) {
		if (!sbx_etag_matches(if_match, object->etag))
			return 412;
	} else if (unmodified) {
		int64_t when_s = time_parse_http(sv(unmodified));
		if (when_s != TIME_UNKNOWN && object->mtime_s > when_s)
			return 412;
	}
	if (none_match)
		return sbx_etag_matches(none_match, object->etag) ? 304 : 0;
	if (modified) {
		int64_t when_s = time_parse_http(sv(modified));
		if (when_s != TIME_UNKNOWN && object->mtime_s <= when_s)
			return 304;
	}
	return 0;
}

static void add_object_headers(struct request *r, const struct sbx_object *object)
{
	static const char *const overrides[][2] = {
		{"response-content-type", "content-type"},
		{"response-content-disposition", "content-disposition"},
		{"response-content-encoding", "content-encoding"},
		{"response-content-language", "content-language"},
		{"response-cache-control", "cache-control"},
		{"response-expires", "expires"},
	};
	for (size_t i = 0; i < object->headers.count; i++) {
		const struct sbx_header *h = &object->headers.items[i];
		char count[24];
		bool is_checksum = strncmp(h->name, "x-amz-checksum-", 15) == 0;
		if (is_checksum && (!sbx_header(r, "x-amz-checksum-mode") ||
					   strcmp(h->name, "x-amz-checksum-algorithm") == 0))
			continue;
		if (strcmp(h->name, "x-amz-server-side-encryption-context") == 0)
			continue; /* told to who writes only */
		if (strcmp(h->name, "x-amz-tagging") != 0) {
			sbx_reply_header(r, h->name, h->value);
		} else {
			snprintf(count, sizeof count, "%zu", sbx_tag_count(h->value));
			sbx_reply_header(r, "x-amz-tagging-count", count);
		}
	}
	for (size_t i = 0; i < sizeof overrides / sizeof *overrides; i++) {
		struct strview value = sbx_query(r, overrides[i][0]);
		if (!value.len)
			continue;
		char *text = s3t_strndup(value.data, value.len);
		sbx_reply_header(r, overrides[i][1], text);
		free(text);
	}
	char date[40];
	sbx_format_http_date(object->mtime_s, date);
	sbx_reply_header(r, "last-modified", date);
	sbx_reply_header(r, "accept-ranges", "bytes");
	sbx_reply_etag(r, object->etag);
	if (strcmp(object->storage_class, "STANDARD") != 0)
		sbx_reply_header(r, "x-amz-storage-class", object->storage_class);
}

static void reply_range(struct request *r, const struct sbx_object *object)
{
	struct sbx_reply *reply = &r->reply;
	const char *range = sbx_header(r, "range");
	bool is_ignored = r->strike.is_set && r->strike.kind == SANDBOX_FAULT_IGNORE_RANGE;
	enum sbx_range kind = sbx_parse_range(
		is_ignored ? NULL : range, object->size, &reply->offset, &reply->size);
	char text[96];
	if (kind == SBX_RANGE_BAD) {
		sbx_reply_error(r, SBX_E_RANGE);
		snprintf(text, sizeof text, "bytes */%llu", (unsigned long long)object->size);
		sbx_reply_header(r, "content-range", text);
	} else if (kind == SBX_RANGE_PART) {
		reply->status = 206;
		snprintf(text, sizeof text, "bytes %llu-%llu/%llu",
			(unsigned long long)reply->offset,
			(unsigned long long)(reply->offset + reply->size - 1),
			(unsigned long long)object->size);
		sbx_reply_header(r, "content-range", text);
	}
}

/* GET and HEAD; libmicrohttpd leaves the body of the latter out. */
void sbx_object_get(struct request *r)
{
	struct sbx_object *object;
	enum sbx_error error = sbx_store_find(&r->sb->store, r->bucket, r->key, &object);
	int condition = error == SBX_E_NONE ? check_conditions(r, object) : 0;
	if (error == SBX_E_NONE && condition == 412)
		error = SBX_E_PRECONDITION;
	if (error == SBX_E_NONE && sbx_object_is_archived(object) && strcmp(r->method, "GET") == 0)
		error = SBX_E_OBJECT_STATE;
	if (error == SBX_E_NONE)
		error = sbx_encryption_check_key(r, &object->headers, false);
	if (error != SBX_E_NONE) {
		sbx_reply_error(r, error);
	} else {
		add_object_headers(r, object);
		r->reply.status = condition ? condition : 200;
		if (!condition) {
			r->reply.content = SBX_CONTENT_OBJECT;
			r->reply.object = sbx_object_ref(object);
			reply_range(r, object);
		}
	}
	sbx_object_unref(object);
}

void sbx_object_delete(struct request *r)
{
	enum sbx_error error =
		sbx_store_delete(&r->sb->store, r->bucket, r->key, sbx_header(r, "if-match"));
	if (error != SBX_E_NONE)
		sbx_reply_error(r, error);
	else
		r->reply.status = 204;
}
