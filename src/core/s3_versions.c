#include "core/parse.h"
#include "core/s3_document.h"
#include "core/timeutil.h"
#include "core/uri.h"
#include "core/xml.h"

#include <stdio.h>

struct reading {
	struct s3_version now;
	struct strbuf key, id, etag, class;
	void (*fn)(void *arg, const struct s3_version *v);
	void *arg;
	bool is_truncated;
	struct strbuf last_key;          /* told in this page */
	struct strbuf next_key, next_id; /* next_key as it came */
};

void s3_version_list_init(
	struct s3_version_list *list, struct strview bucket, struct strview prefix)
{
	*list = (struct s3_version_list){.bucket = bucket, .prefix = prefix};
	strbuf_init(&list->key_marker);
	strbuf_init(&list->id_marker);
}

void s3_version_list_deinit(struct s3_version_list *list)
{
	strbuf_deinit(&list->key_marker);
	strbuf_deinit(&list->id_marker);
}

static void start_version(struct reading *r)
{
	r->now = (struct s3_version){.last_modified_s = TIME_UNKNOWN};
	strbuf_reset(&r->key);
	strbuf_reset(&r->id);
	strbuf_reset(&r->etag);
	strbuf_reset(&r->class);
}

static void take_field(struct reading *r, struct strview name, struct strview text)
{
	if (sv_eq(name, SV("Key"))) {
		strbuf_reset(&r->key);
		uri_decode(&r->key, text, false);
	} else if (sv_eq(name, SV("VersionId"))) {
		strbuf_reset(&r->id);
		strbuf_add_sv(&r->id, text);
	} else if (sv_eq(name, SV("ETag"))) {
		strbuf_reset(&r->etag);
		strbuf_add_sv(&r->etag, text);
	} else if (sv_eq(name, SV("StorageClass"))) {
		strbuf_reset(&r->class);
		strbuf_add_sv(&r->class, text);
	} else if (sv_eq(name, SV("IsLatest"))) {
		r->now.is_latest = sv_eq(text, SV("true"));
	} else if (sv_eq(name, SV("LastModified"))) {
		int64_t ns = time_parse_iso_ns(text);
		r->now.last_modified_s = ns == TIME_UNKNOWN ? TIME_UNKNOWN : ns / NS_PER_S;
	} else if (sv_eq(name, SV("Size"))) {
		(void)parse_u64(text, &r->now.size);
	}
}

static void on_close(
	void *arg, int depth, struct strview parent, struct strview name, struct strview text)
{
	struct reading *r = arg;
	bool is_marker = sv_eq(depth == 1 ? name : parent, SV("DeleteMarker"));
	bool is_version = is_marker || sv_eq(depth == 1 ? name : parent, SV("Version"));
	if (depth == 2 && is_version) {
		take_field(r, name, text);
	} else if (depth == 1 && is_version) {
		r->now.is_delete_marker = is_marker;
		r->now.key = strbuf_view(&r->key);
		r->now.id = strbuf_view(&r->id);
		r->now.etag = strbuf_view(&r->etag);
		r->now.storage_class = strbuf_view(&r->class);
		strbuf_reset(&r->last_key);
		strbuf_add_sv(&r->last_key, strbuf_view(&r->key));
		if (r->key.len)
			r->fn(r->arg, &r->now);
		start_version(r);
	} else if (depth == 2 && sv_eq(parent, SV("CommonPrefixes")) && sv_eq(name, SV("Prefix"))) {
		/* some servers encode these, too, and some do not (RGW) */
		strbuf_reset(&r->key);
		uri_decode(&r->key, text, false);
		struct s3_version prefix = {.key = strbuf_view(&r->key),
			.last_modified_s = TIME_UNKNOWN,
			.is_prefix = true};
		strbuf_reset(&r->last_key);
		strbuf_add_sv(&r->last_key, strbuf_view(&r->key));
		if (r->key.len)
			r->fn(r->arg, &prefix);
		start_version(r);
	} else if (depth == 1 && sv_eq(name, SV("IsTruncated"))) {
		r->is_truncated = sv_eq(text, SV("true"));
	} else if (depth == 1 && sv_eq(name, SV("NextKeyMarker"))) {
		strbuf_reset(&r->next_key);
		strbuf_add_sv(&r->next_key, text);
	} else if (depth == 1 && sv_eq(name, SV("NextVersionIdMarker"))) {
		strbuf_reset(&r->next_id);
		strbuf_add_sv(&r->next_id, text);
	}
}

/* Ceph encodes the keys, and not NextKeyMarker, which is the last of them. */
static void decode_next(struct reading *r)
{
	struct strbuf plain;
	if (sv_eq(strbuf_view(&r->next_key), strbuf_view(&r->last_key)))
		return;
	strbuf_init(&plain);
	uri_decode(&plain, strbuf_view(&r->next_key), false);
	strbuf_reset(&r->next_key);
	strbuf_add_sv(&r->next_key, strbuf_view(&plain));
	strbuf_deinit(&plain);
}

enum s3t_rc s3_list_versions_page(const struct s3_ctx *ctx, struct s3_version_list *list,
	void (*fn)(void *arg, const struct s3_version *v), void *arg, struct s3t_err *err)
{
	struct reading r = {.fn = fn, .arg = arg};
	char max[16];
	snprintf(max, sizeof max, "%u", list->max_keys ? list->max_keys : 1000);
	struct sigv4_pair query[7] = {{SV("versions"), SV("")}, {SV("encoding-type"), SV("url")},
		{SV("max-keys"), sv(max)}, {SV("prefix"), list->prefix}};
	size_t n = 4;
	if (list->is_grouped)
		query[n++] = (struct sigv4_pair){SV("delimiter"), SV("/")};
	if (list->key_marker.len)
		query[n++] = (struct sigv4_pair){SV("key-marker"), strbuf_view(&list->key_marker)};
	if (list->id_marker.len)
		query[n++] =
			(struct sigv4_pair){SV("version-id-marker"), strbuf_view(&list->id_marker)};
	struct xml_handler handler = {.close = on_close, .arg = &r};
	struct s3_call call = {.method = "GET",
		.bucket = list->bucket,
		.query = query,
		.query_count = n,
		.root = "ListVersionsResult",
		.handler = &handler};
	struct http_response resp;
	strbuf_init(&r.key);
	strbuf_init(&r.id);
	strbuf_init(&r.etag);
	strbuf_init(&r.class);
	strbuf_init(&r.last_key);
	strbuf_init(&r.next_key);
	strbuf_init(&r.next_id);
	start_version(&r);
	http_response_init(&resp);
	enum s3t_rc rc = s3_send(ctx, &call, &resp, err);
	http_response_deinit(&resp);
	decode_next(&r);
	if (rc == S3T_OK && r.is_truncated && r.next_key.len &&
		sv_eq(strbuf_view(&r.next_key), strbuf_view(&list->key_marker)) &&
		sv_eq(strbuf_view(&r.next_id), strbuf_view(&list->id_marker)))
		rc = s3t_fail(err, S3T_UNSUPPORTED,
			"The server lists the same versions again and again.");
	strbuf_reset(&list->key_marker);
	strbuf_add_sv(&list->key_marker, strbuf_view(&r.next_key));
	strbuf_reset(&list->id_marker);
	strbuf_add_sv(&list->id_marker, strbuf_view(&r.next_id));
	list->is_done = !r.is_truncated || !r.next_key.len;
	strbuf_deinit(&r.key);
	strbuf_deinit(&r.id);
	strbuf_deinit(&r.etag);
	strbuf_deinit(&r.class);
	strbuf_deinit(&r.last_key);
	strbuf_deinit(&r.next_key);
	strbuf_deinit(&r.next_id);
	return rc;
}

static void on_status(
	void *arg, int depth, struct strview parent, struct strview name, struct strview text)
{
	(void)parent;
	if (depth == 1 && sv_eq(name, SV("Status")))
		*(enum s3_versioning *)arg = sv_eq(text, SV("Enabled")) ? S3_VERSIONING_ENABLED
					     : sv_eq(text, SV("Suspended"))
						     ? S3_VERSIONING_SUSPENDED
						     : S3_VERSIONING_NEVER;
}

static struct s3_document versioning_of(struct strview bucket)
{
	return (struct s3_document){
		.bucket = bucket, .name = "versioning", .root = "VersioningConfiguration"};
}

enum s3t_rc s3_get_bucket_versioning(const struct s3_ctx *ctx, struct strview bucket,
	enum s3_versioning *out, struct s3t_err *err)
{
	struct s3_document d = versioning_of(bucket);
	struct xml_handler handler = {.close = on_status, .arg = out};
	struct strbuf text;
	strbuf_init(&text);
	*out = S3_VERSIONING_NEVER;
	enum s3t_rc rc = s3_document_get(ctx, &d, &text, NULL, err);
	if (rc == S3T_OK && text.len)
		rc = xml_parse(strbuf_view(&text), &handler, NULL, err);
	strbuf_deinit(&text);
	return rc;
}

enum s3t_rc s3_put_bucket_versioning(
	const struct s3_ctx *ctx, struct strview bucket, bool is_enabled, struct s3t_err *err)
{
	struct s3_document d = versioning_of(bucket);
	struct strbuf body;
	strbuf_init(&body);
	strbuf_addf(&body,
		"<VersioningConfiguration xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">"
		"<Status>%s</Status></VersioningConfiguration>",
		is_enabled ? "Enabled" : "Suspended");
	enum s3t_rc rc = s3_document_put(ctx, &d, strbuf_view(&body), false, err);
	strbuf_deinit(&body);
	return rc;
}
