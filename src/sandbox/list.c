/*
 * ListObjects (1 and 2). A page costs its own length: the start is found by bisection, and so is
 * the end of a common prefix.
 */
#include "sandbox/internal.h"

#include <stdlib.h>
#include <string.h>

enum { PAGE_MAX = 1000 };

struct listing {
	struct strview prefix, delimiter, after;
	uint64_t max;
	bool is_url, has_owner;
	/* the result */
	bool is_truncated;
	uint64_t count;
	struct strbuf contents, prefixes;
	struct strbuf last; /* the last key or common prefix on the page */
};

static void add_entry(struct listing *l, const struct sbx_store *store,
	const struct sbx_bucket *bucket, uint64_t index, struct strview key)
{
	uint64_t size;
	int64_t mtime_s;
	const char *etag, *storage_class = "STANDARD";
	if (bucket->synthetic_keys) {
		const struct sbx_pattern *pattern = &store->patterns[sbx_synthetic_pattern(index)];
		size = pattern->size;
		etag = pattern->etag;
		mtime_s = sbx_synthetic_mtime(index);
	} else {
		const struct sbx_object *object = bucket->items[index];
		size = object->size;
		etag = object->etag;
		mtime_s = object->mtime_s;
		storage_class = object->storage_class;
	}
	struct strbuf *out = &l->contents;
	strbuf_add_str(out, "<Contents>");
	sbx_xml_key(out, "Key", key, l->is_url);
	sbx_xml_time(out, "LastModified", mtime_s);
	sbx_xml_etag(out, etag);
	sbx_xml_uint(out, "Size", size);
	if (l->has_owner)
		strbuf_add_str(
			out, "<Owner><ID>sandbox</ID><DisplayName>sandbox</DisplayName></Owner>");
	sbx_xml_key(out, "StorageClass", sv(storage_class), false);
	strbuf_add_str(out, "</Contents>");
}

/* The position behind all keys that start with prefix. */
static uint64_t skip_prefix(const struct sbx_bucket *bucket, struct strview prefix)
{
	struct strbuf next;
	strbuf_init(&next);
	strbuf_add_sv(&next, prefix);
	while (next.len && (unsigned char)next.data[next.len - 1] == 0xff)
		strbuf_truncate(&next, next.len - 1);
	uint64_t at = sbx_bucket_count_locked(bucket);
	if (next.len) {
		next.data[next.len - 1]++;
		at = sbx_bucket_lower_bound_locked(bucket, strbuf_view(&next));
	}
	strbuf_deinit(&next);
	return at;
}

/* The part of key up to the first delimiter behind the prefix; empty if there is none. */
static struct strview common_prefix(const struct listing *l, struct strview key)
{
	if (!l->delimiter.len || key.len == l->prefix.len)
		return sv_n("", 0);
	const char *start = key.data + l->prefix.len;
	const char *at =
		memmem(start, key.len - l->prefix.len, l->delimiter.data, l->delimiter.len);
	return at ? sv_n(key.data, (size_t)(at - key.data) + l->delimiter.len) : sv_n("", 0);
}

static void walk_locked(
	struct listing *l, const struct sbx_store *store, const struct sbx_bucket *bucket)
{
	struct strview start = sv_cmp(l->prefix, l->after) > 0 ? l->prefix : l->after;
	uint64_t count = sbx_bucket_count_locked(bucket);
	uint64_t at = sbx_bucket_lower_bound_locked(bucket, start);
	while (at < count && l->max) {
		char buf[64];
		struct strview key = sbx_bucket_key_locked(bucket, at, buf);
		if (!sv_starts_with(key, l->prefix))
			break;
		struct strview common = common_prefix(l, key);
		struct strview shown = common.len ? common : key;
		if (l->after.len && sv_cmp(shown, l->after) <= 0) {
			at = common.len ? skip_prefix(bucket, common) : at + 1;
			continue;
		}
		if (l->count == l->max) {
			l->is_truncated = true;
			break;
		}
		l->count++;
		strbuf_reset(&l->last);
		strbuf_add_sv(&l->last, shown);
		if (common.len) {
			strbuf_add_str(&l->prefixes, "<CommonPrefixes>");
			sbx_xml_key(&l->prefixes, "Prefix", common, l->is_url);
			strbuf_add_str(&l->prefixes, "</CommonPrefixes>");
			at = skip_prefix(bucket, common);
		} else {
			add_entry(l, store, bucket, at++, key);
		}
	}
}

static enum sbx_error read_parameters(const struct request *r, struct listing *l)
{
	l->prefix = sbx_query(r, "prefix");
	l->delimiter = sbx_query(r, "delimiter");
	struct strview encoding = sbx_query(r, "encoding-type");
	l->is_url = sv_eq(encoding, SV("url"));
	if ((encoding.data && !l->is_url) ||
		!sbx_query_number(r, "max-keys", PAGE_MAX, INT32_MAX, &l->max))
		return SBX_E_ARGUMENT;
	if (l->max > PAGE_MAX)
		l->max = PAGE_MAX;
	return SBX_E_NONE;
}

static enum sbx_error run(struct request *r, struct listing *l)
{
	struct sbx_store *store = &r->sb->store;
	sbx_store_lock(store);
	const struct sbx_bucket *bucket = sbx_bucket_find_locked(store, r->bucket);
	if (bucket)
		walk_locked(l, store, bucket);
	sbx_store_unlock(store);
	return bucket ? SBX_E_NONE : SBX_E_NO_BUCKET;
}

static struct strbuf *start_result(struct request *r, const struct listing *l)
{
	struct strbuf *out = sbx_reply_xml(r, "ListBucketResult");
	sbx_xml_text(out, "Name", r->bucket);
	sbx_xml_key(out, "Prefix", l->prefix, l->is_url);
	sbx_xml_uint(out, "MaxKeys", l->max);
	if (l->delimiter.len)
		sbx_xml_key(out, "Delimiter", l->delimiter, l->is_url);
	if (l->is_url)
		sbx_xml_text(out, "EncodingType", SV("url"));
	sbx_xml_text(out, "IsTruncated", l->is_truncated ? SV("true") : SV("false"));
	return out;
}

static void end_result(struct strbuf *out, const struct listing *l)
{
	strbuf_add_sv(out, strbuf_view(&l->contents));
	strbuf_add_sv(out, strbuf_view(&l->prefixes));
	strbuf_add_str(out, "</ListBucketResult>");
}

static void listing_init(struct listing *l)
{
	*l = (struct listing){0};
	strbuf_init(&l->contents);
	strbuf_init(&l->prefixes);
	strbuf_init(&l->last);
}

static void listing_deinit(struct listing *l)
{
	strbuf_deinit(&l->contents);
	strbuf_deinit(&l->prefixes);
	strbuf_deinit(&l->last);
}

void sbx_list_v1(struct request *r)
{
	struct listing l;
	listing_init(&l);
	l.has_owner = true;
	l.after = sbx_query(r, "marker");
	enum sbx_error error = read_parameters(r, &l);
	if (error == SBX_E_NONE)
		error = run(r, &l);
	if (error != SBX_E_NONE) {
		sbx_reply_error(r, error);
	} else {
		struct strbuf *out = start_result(r, &l);
		sbx_xml_key(out, "Marker", l.after, l.is_url);
		/* without a delimiter the last key serves, as S3 has it */
		if (l.is_truncated && l.delimiter.len)
			sbx_xml_key(out, "NextMarker", strbuf_view(&l.last), l.is_url);
		end_result(out, &l);
	}
	listing_deinit(&l);
}

/* A token is "1" and the hex of the last name; clients must not look into it. */
static bool read_token(struct strview token, struct strbuf *after)
{
	size_t len = token.len / 2;
	if (token.len < 3 || token.len % 2 == 0 || token.data[0] != '1')
		return false;
	unsigned char *bytes = s3t_alloc(len);
	bool ok = hex_decode(sv_from(token, 1), bytes, len);
	if (ok)
		strbuf_add(after, bytes, len);
	free(bytes);
	return ok;
}

void sbx_list_v2(struct request *r)
{
	struct listing l;
	struct strbuf after;
	listing_init(&l);
	strbuf_init(&after);
	struct strview token = sbx_query(r, "continuation-token");
	struct strview start_after = sbx_query(r, "start-after");
	l.has_owner = sv_eq(sbx_query(r, "fetch-owner"), SV("true"));
	enum sbx_error error = read_parameters(r, &l);
	if (!sv_eq(sbx_query(r, "list-type"), SV("2")) ||
		(token.data && !read_token(token, &after)))
		error = SBX_E_ARGUMENT;
	l.after = token.data ? strbuf_view(&after) : start_after;
	if (error == SBX_E_NONE)
		error = run(r, &l);
	if (error != SBX_E_NONE) {
		sbx_reply_error(r, error);
	} else {
		struct strbuf *out = start_result(r, &l);
		sbx_xml_uint(out, "KeyCount", l.count);
		if (start_after.data)
			sbx_xml_key(out, "StartAfter", start_after, l.is_url);
		if (token.data)
			sbx_xml_text(out, "ContinuationToken", token);
		if (l.is_truncated) {
			strbuf_add_str(out, "<NextContinuationToken>1");
			hex_encode(out, (const unsigned char *)l.last.data, l.last.len);
			strbuf_add_str(out, "</NextContinuationToken>");
		}
		end_result(out, &l);
	}
	strbuf_deinit(&after);
	listing_deinit(&l);
}
