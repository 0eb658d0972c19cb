#include "core/crc64.h"
#include "core/crypto.h"
#include "core/parse.h"
#include "core/s3.h"
#include "core/timeutil.h"
#include "core/xml.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum s3t_rc s3_upload_part(const struct s3_ctx *ctx, struct strview bucket, struct strview key,
	const char *upload_id, uint32_t part_number, const struct http_body *body,
	struct strview payload_hash, const uint64_t *crc64, char etag[S3_ETAG_MAX],
	struct s3t_err *err)
{
	struct strbuf checksum;
	strbuf_init(&checksum);
	if (crc64)
		crc64nvme_base64(*crc64, &checksum);
	struct sigv4_pair header = {SV("x-amz-checksum-crc64nvme"), strbuf_view(&checksum)};
	char number[16];
	snprintf(number, sizeof number, "%u", part_number);
	struct sigv4_pair query[] = {
		{SV("partNumber"), sv(number)}, {SV("uploadId"), sv(upload_id)}};
	struct s3_call call = {.method = "PUT",
		.bucket = bucket,
		.key = key,
		.query = query,
		.query_count = 2,
		.headers = &header,
		.header_count = crc64 ? 1 : 0,
		.stream = body,
		.payload_hash = payload_hash,
		.key_use = ctx->customer_key ? S3_KEY_WRITES : S3_KEY_UNUSED,
		.has_body = true};
	struct http_response resp;
	http_response_init(&resp);
	enum s3t_rc rc = s3_send(ctx, &call, &resp, err);
	if (rc == S3T_OK)
		s3_clean_etag(http_header(&resp, "etag"), etag);
	if (rc == S3T_OK && !etag[0])
		rc = s3t_fail(err, S3T_PROTOCOL, "The server gave no ETag for a part.");
	strbuf_deinit(&checksum);
	http_response_deinit(&resp);
	return rc;
}

/* A lost answer to Complete looks like a failure, and the next try like a missing upload: the
 * object itself tells. rc is what it is without the object. */
static enum s3t_rc was_completed(const struct s3_ctx *ctx, struct strview bucket,
	struct strview key, const char *expected, char etag[S3_ETAG_MAX], enum s3t_rc failed,
	struct s3t_err *err)
{
	struct s3_object object;
	s3_object_init(&object);
	struct s3t_err kept;
	if (err)
		kept = *err;
	enum s3t_rc rc = s3_head_object(ctx, bucket, key, &object, NULL);
	if (rc == S3T_OK && expected[0] && strcmp(object.etag, expected) == 0) {
		if (etag)
			memcpy(etag, object.etag, S3_ETAG_MAX);
	} else {
		if (err)
			*err = kept;
		rc = failed;
	}
	s3_object_deinit(&object);
	return rc;
}

void s3_expected_etag(const char (*etags)[S3_ETAG_MAX], uint32_t count, char out[S3_ETAG_MAX])
{
	unsigned char(*sums)[MD5_LEN] = s3t_alloc((size_t)count * MD5_LEN), sum[MD5_LEN];
	bool are_md5 = true;
	for (uint32_t i = 0; i < count && are_md5; i++)
		are_md5 = hex_decode(sv(etags[i]), sums[i], MD5_LEN);
	out[0] = '\0';
	if (are_md5) {
		struct strbuf text;
		strbuf_init(&text);
		md5(sv_n((const char *)sums, (size_t)count * MD5_LEN), sum);
		hex_encode(&text, sum, sizeof sum);
		snprintf(out, S3_ETAG_MAX, "%s-%u", text.data, count);
		strbuf_deinit(&text);
	}
	free(sums);
}

static void on_complete(
	void *arg, int depth, struct strview parent, struct strview name, struct strview text)
{
	(void)parent;
	if (depth == 1 && sv_eq(name, SV("ETag")))
		s3_clean_etag(text, arg);
}

enum s3t_rc s3_complete_multipart_upload(const struct s3_ctx *ctx, struct strview bucket,
	struct strview key, const char *upload_id, const uint64_t *crc64,
	const char (*etags)[S3_ETAG_MAX], uint32_t count, const char *expected,
	char etag[S3_ETAG_MAX], char **version_id, struct s3t_err *err)
{
	struct strbuf body;
	strbuf_init(&body);
	strbuf_add_str(&body, "<CompleteMultipartUpload>");
	for (uint32_t i = 0; i < count; i++) {
		strbuf_addf(&body, "<Part><PartNumber>%u</PartNumber><ETag>&quot;", i + 1);
		(void)xml_escape(&body, sv(etags[i]));
		strbuf_add_str(&body, "&quot;</ETag></Part>");
	}
	strbuf_add_str(&body, "</CompleteMultipartUpload>");

	char found[S3_ETAG_MAX] = "";
	struct sigv4_pair query = {SV("uploadId"), sv(upload_id)};
	struct strbuf checksum;
	strbuf_init(&checksum);
	if (crc64)
		crc64nvme_base64(*crc64, &checksum);
	struct sigv4_pair headers[] = {{SV("content-type"), SV("application/xml")},
		{SV("x-amz-checksum-crc64nvme"), strbuf_view(&checksum)},
		{SV("x-amz-checksum-type"), SV("FULL_OBJECT")}};
	struct xml_handler handler = {.close = on_complete, .arg = found};
	struct s3_call call = {.method = "POST",
		.bucket = bucket,
		.key = key,
		.query = &query,
		.query_count = 1,
		.headers = headers,
		.header_count = crc64 ? 3 : 1,
		.body = strbuf_view(&body),
		.has_body = true,
		.root = "CompleteMultipartUploadResult",
		.handler = &handler};
	struct http_response resp;
	http_response_init(&resp);
	struct s3t_err local;
	enum s3t_rc rc = s3_send(ctx, &call, &resp, err ? err : &local);
	if (rc == S3T_OK && version_id) {
		struct strview id = http_header(&resp, "x-amz-version-id");
		*version_id = id.len ? s3t_strndup(id.data, id.len) : NULL;
	}
	http_response_deinit(&resp);
	strbuf_deinit(&checksum);
	strbuf_deinit(&body);
	if (rc == S3T_NOT_FOUND || s3t_rc_is_retryable(rc))
		return was_completed(ctx, bucket, key, expected, etag, rc, err);
	/* Some gateways leave the ETag of the answer empty: the object is asked. That the upload is
	 * completed was said already, whether this can be answered or not. */
	if (rc == S3T_OK && !found[0]) {
		struct s3_object object;
		s3_object_init(&object);
		bool is_told = s3_head_object(ctx, bucket, key, &object, NULL) == S3T_OK;
		snprintf(found, sizeof found, "%s", is_told ? object.etag : expected);
		s3_object_deinit(&object);
	}
	if (rc == S3T_OK && etag)
		memcpy(etag, found, sizeof found);
	return rc;
}

enum s3t_rc s3_abort_multipart_upload(const struct s3_ctx *ctx, struct strview bucket,
	struct strview key, const char *upload_id, struct s3t_err *err)
{
	struct sigv4_pair query = {SV("uploadId"), sv(upload_id)};
	struct s3_call call = {.method = "DELETE",
		.bucket = bucket,
		.key = key,
		.query = &query,
		.query_count = 1};
	struct http_response resp;
	http_response_init(&resp);
	enum s3t_rc rc = s3_send(ctx, &call, &resp, err);
	http_response_deinit(&resp);
	return rc == S3T_NOT_FOUND ? S3T_OK : rc;
}

struct parts_reader {
	void (*part)(void *arg, uint32_t number, uint64_t size, struct strview etag);
	void *arg;
	uint64_t number, size, next;
	char etag[S3_ETAG_MAX];
	bool truncated;
};

static void on_part(
	void *arg, int depth, struct strview parent, struct strview name, struct strview text)
{
	struct parts_reader *r = arg;
	bool in_part = depth == 2 && sv_eq(parent, SV("Part"));
	if (in_part && sv_eq(name, SV("PartNumber")) && !parse_u64(text, &r->number))
		r->number = 0;
	else if (in_part && sv_eq(name, SV("Size")) && !parse_u64(text, &r->size))
		r->size = 0;
	else if (in_part && sv_eq(name, SV("ETag")))
		s3_clean_etag(text, r->etag);
	else if (depth == 1 && sv_eq(name, SV("Part")) && r->number >= 1 &&
		 r->number <= S3_PARTS_MAX)
		r->part(r->arg, (uint32_t)r->number, r->size, sv(r->etag));
	else if (depth == 1 && sv_eq(name, SV("IsTruncated")))
		r->truncated = sv_eq(text, SV("true"));
	else if (depth == 1 && sv_eq(name, SV("NextPartNumberMarker")) &&
		 !parse_u64(text, &r->next))
		r->next = 0;
}

enum s3t_rc s3_list_parts(const struct s3_ctx *ctx, struct strview bucket, struct strview key,
	const char *upload_id,
	void (*part)(void *arg, uint32_t number, uint64_t size, struct strview etag), void *arg,
	struct s3t_err *err)
{
	uint64_t marker = 0;
	for (;;) {
		struct parts_reader r = {.part = part, .arg = arg};
		char text[24];
		snprintf(text, sizeof text, "%llu", (unsigned long long)marker);
		struct sigv4_pair query[] = {
			{SV("uploadId"), sv(upload_id)}, {SV("part-number-marker"), sv(text)}};
		struct xml_handler handler = {.close = on_part, .arg = &r};
		struct s3_call call = {.method = "GET",
			.bucket = bucket,
			.key = key,
			.query = query,
			.query_count = marker ? 2 : 1,
			.root = "ListPartsResult",
			.handler = &handler};
		struct http_response resp;
		http_response_init(&resp);
		enum s3t_rc rc = s3_send(ctx, &call, &resp, err);
		http_response_deinit(&resp);
		if (rc != S3T_OK || !r.truncated)
			return rc;
		if (r.next <= marker)
			return s3t_fail(
				err, S3T_PROTOCOL, "The server's list of parts does not end.");
		marker = r.next;
	}
}

struct uploads_reader {
	void (*upload)(
		void *arg, struct strview key, struct strview upload_id, int64_t initiated_s);
	void *arg;
	struct strbuf key, id, next_key, next_id;
	int64_t initiated_ns;
	bool is_encoded, truncated;
};

static void set_decoded(const struct uploads_reader *r, struct strbuf *to, struct strview text)
{
	strbuf_reset(to);
	if (r->is_encoded)
		uri_decode(to, text, true);
	else
		strbuf_add_sv(to, text);
}

static void on_upload(
	void *arg, int depth, struct strview parent, struct strview name, struct strview text)
{
	struct uploads_reader *r = arg;
	bool in_upload = depth == 2 && sv_eq(parent, SV("Upload"));
	if (in_upload && sv_eq(name, SV("Key"))) {
		set_decoded(r, &r->key, text);
	} else if (in_upload && sv_eq(name, SV("UploadId"))) {
		strbuf_reset(&r->id);
		strbuf_add_sv(&r->id, text);
	} else if (in_upload && sv_eq(name, SV("Initiated"))) {
		r->initiated_ns = time_parse_iso_ns(text);
	} else if (depth == 1 && sv_eq(name, SV("Upload"))) {
		int64_t s =
			r->initiated_ns == TIME_UNKNOWN ? TIME_UNKNOWN : r->initiated_ns / NS_PER_S;
		if (r->upload)
			r->upload(r->arg, strbuf_view(&r->key), strbuf_view(&r->id), s);
	} else if (depth == 1 && sv_eq(name, SV("IsTruncated"))) {
		r->truncated = sv_eq(text, SV("true"));
	} else if (depth == 1 && sv_eq(name, SV("NextKeyMarker"))) {
		set_decoded(r, &r->next_key, text);
	} else if (depth == 1 && sv_eq(name, SV("NextUploadIdMarker"))) {
		strbuf_reset(&r->next_id);
		strbuf_add_sv(&r->next_id, text);
	}
}

enum s3t_rc s3_list_multipart_uploads(const struct s3_ctx *ctx, struct strview bucket,
	struct strview prefix,
	void (*upload)(
		void *arg, struct strview key, struct strview upload_id, int64_t initiated_s),
	void *arg, int64_t *server_s, struct s3t_err *err)
{
	struct uploads_reader r = {.upload = upload, .arg = arg, .initiated_ns = TIME_UNKNOWN};
	struct strbuf key_marker, id_marker,
		*all[] = {&r.key, &r.id, &r.next_key, &r.next_id, &key_marker, &id_marker};
	for (size_t i = 0; i < 6; i++)
		strbuf_init(all[i]);
	r.is_encoded = !s3_client_profile(ctx->client)->provider->no_url_encoding;
	enum s3t_rc rc;
	do {
		struct sigv4_pair query[5];
		size_t n = 0;
		query[n++] = (struct sigv4_pair){SV("uploads"), SV("")};
		if (prefix.len)
			query[n++] = (struct sigv4_pair){SV("prefix"), prefix};
		if (r.is_encoded)
			query[n++] = (struct sigv4_pair){SV("encoding-type"), SV("url")};
		if (key_marker.len) {
			query[n++] =
				(struct sigv4_pair){SV("key-marker"), strbuf_view(&key_marker)};
			query[n++] = (struct sigv4_pair){
				SV("upload-id-marker"), strbuf_view(&id_marker)};
		}
		r.truncated = false;
		struct xml_handler handler = {.close = on_upload, .arg = &r};
		struct s3_call call = {.method = "GET",
			.bucket = bucket,
			.query = query,
			.query_count = n,
			.root = "ListMultipartUploadsResult",
			.handler = &handler};
		struct http_response resp;
		http_response_init(&resp);
		rc = s3_send(ctx, &call, &resp, err);
		if (server_s)
			*server_s = time_parse_http(http_header(&resp, "date"));
		http_response_deinit(&resp);
		bool same = sv_eq(strbuf_view(&key_marker), strbuf_view(&r.next_key)) &&
			    sv_eq(strbuf_view(&id_marker), strbuf_view(&r.next_id));
		if (rc == S3T_OK && r.truncated && same)
			rc = s3t_fail(
				err, S3T_PROTOCOL, "The server's list of uploads does not end.");
		strbuf_reset(&key_marker);
		strbuf_add_sv(&key_marker, strbuf_view(&r.next_key));
		strbuf_reset(&id_marker);
		strbuf_add_sv(&id_marker, strbuf_view(&r.next_id));
	} while (rc == S3T_OK && r.truncated);
	for (size_t i = 0; i < 6; i++)
		strbuf_deinit(all[i]);
	return rc;
}

struct orphans {
	struct strview key;
	const char *except; /* NULL: none */
	int64_t since_s;
	char **ids;
	size_t count;
};

static void on_listed_upload(
	void *arg, struct strview key, struct strview upload_id, int64_t initiated_s)
{
	struct orphans *o = arg;
	if (!sv_eq(key, o->key) || initiated_s < o->since_s ||
		(o->except && sv_eq(upload_id, sv(o->except))))
		return;
	char **more = realloc(o->ids, (o->count + 1) * sizeof *more);
	if (!more)
		s3t_oom();
	o->ids = more;
	more[o->count++] = s3t_strndup(upload_id.data, upload_id.len);
}

enum s3t_rc s3_abort_uploads_since(const struct s3_ctx *ctx, struct strview bucket,
	struct strview key, int64_t since_s, const char *except, struct s3t_err *err)
{
	struct orphans o = {.key = key, .except = except, .since_s = INT64_MAX};
	int64_t server_s = TIME_UNKNOWN;
	enum s3t_rc rc = s3_list_multipart_uploads(ctx, bucket, key, NULL, NULL, &server_s, err);
	if (rc == S3T_OK) {
		int64_t off_s = server_s == TIME_UNKNOWN ? 0 : server_s - time_wall_s();
		o.since_s = since_s + off_s - 1; /* both are whole seconds */
		rc = s3_list_multipart_uploads(ctx, bucket, key, on_listed_upload, &o, NULL, err);
	}
	for (size_t i = 0; i < o.count; i++) {
		if (rc == S3T_OK)
			rc = s3_abort_multipart_upload(ctx, bucket, key, o.ids[i], err);
		free(o.ids[i]);
	}
	free(o.ids);
	return rc;
}
