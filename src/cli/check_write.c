/*
 * check --write: which proofs this server honours, found out by trying with small objects of our
 * own (decision 9): wrong bytes under a right hash must be refused, an ETag must be what it is
 * taken for, conditions must bind. A server that does not know a thing is no failure: it is said,
 * and what s3tui does about it.
 */
#include "cli/check.h"

#include "core/crc64.h"
#include "core/crypto.h"

#include <stdlib.h>
#include <string.h>

enum { CLEANUP_MS = 5000 };

struct trial {
	struct check *check;
	struct s3_ctx ctx;
	const struct place *place;
	struct strbuf key; /* of the object that all but one try to write */
	bool is_there;     /* an object may be under it */
};

/* "hello" is signed for, "Hello" is sent. */
static const struct strview right = {"hello", 5}, wrong = {"Hello", 5};

static void md5_hex(struct strview data, struct strbuf *out)
{
	unsigned char sum[MD5_LEN];
	md5(data, sum);
	hex_encode(out, sum, sizeof sum);
}

/* One PUT with these headers; what the server makes of it. etag may be NULL. */
static enum s3t_rc put(struct trial *t, const struct sigv4_pair *headers, size_t count,
	struct strview body, struct strview hash, struct http_response *resp, struct s3t_err *err)
{
	struct s3_call call = {.method = "PUT",
		.bucket = t->place->bucket,
		.key = strbuf_view(&t->key),
		.headers = headers,
		.header_count = count,
		.body = body,
		.payload_hash = hash,
		.has_body = true};
	return s3_send(&t->ctx, &call, resp, err);
}

/* Whether a PUT of wrong bytes is refused; `how` names the proof. */
static bool refuses(struct trial *t, const char *how, const struct sigv4_pair *header,
	struct strview hash, const char *otherwise)
{
	struct http_response resp;
	struct s3t_err err;
	http_response_init(&resp);
	enum s3t_rc rc = put(t, header, header ? 1 : 0, wrong, hash, &resp, &err);
	bool refused = rc != S3T_OK && err.http_status / 100 == 4;
	if (refused)
		check_report(t->check, "proof", true, "%s: wrong bytes are refused (%s)", how,
			err.code[0] ? err.code : "4xx");
	else if (rc == S3T_OK)
		check_report(t->check, "proof", true, "%s: not checked by this server%s", how,
			otherwise);
	else
		check_report_err(t->check, "proof", &err);
	http_response_deinit(&resp);
	return refused;
}

static bool try_hashes(struct trial *t)
{
	unsigned char sum[SHA256_LEN];
	struct strbuf hash, digest, crc;
	strbuf_init(&hash);
	strbuf_init(&digest);
	strbuf_init(&crc);
	sha256(right, sum);
	hex_encode(&hash, sum, SHA256_LEN);
	md5(right, sum);
	base64_encode(&digest, sum, MD5_LEN);
	crc64nvme_base64(crc64nvme(0, right.data, right.len), &crc);
	bool is_signed = refuses(t, "signed SHA-256", NULL, strbuf_view(&hash),
		"; what arrives is then proven by its ETag alone");
	struct sigv4_pair content_md5 = {SV("content-md5"), strbuf_view(&digest)};
	(void)refuses(t, "Content-MD5", &content_md5, SV(SIGV4_UNSIGNED), "");
	struct sigv4_pair checksum = {SV("x-amz-checksum-crc64nvme"), strbuf_view(&crc)};
	bool is_crc = refuses(t, "CRC64NVME", &checksum, SV(SIGV4_UNSIGNED),
		"; checksum_algorithm = crc64nvme would prove nothing here");
	strbuf_deinit(&hash);
	strbuf_deinit(&digest);
	strbuf_deinit(&crc);
	return is_signed || is_crc;
}

/* An object in one piece: its ETag, and the condition of not replacing. */
static bool try_object(struct trial *t)
{
	struct http_response resp;
	struct s3t_err err;
	struct strbuf want;
	char etag[S3_ETAG_MAX] = "";
	http_response_init(&resp);
	strbuf_init(&want);
	enum s3t_rc rc = put(t, NULL, 0, right, SV(""), &resp, &err);
	if (rc != S3T_OK) {
		t->is_there = err.http_status / 100 != 4; /* its answer may be lost */
		check_report_err(t->check, "write", &err);
	} else {
		check_report(t->check, "write", true, "an object was written");
		s3_clean_etag(http_header(&resp, "etag"), etag);
		md5_hex(right, &want);
		bool is_md5 = strcmp(etag, want.data) == 0;
		check_report(t->check, "proof", true, "ETag of an object: %s",
			is_md5 ? "its MD5; downloads are proven by it"
			       : "not its MD5; downloads are not verifiable by it");
		struct sigv4_pair none = {SV("if-none-match"), SV("*")};
		rc = put(t, &none, 1, wrong, SV(""), &resp, &err);
		check_report(t->check, "condition", true, "If-None-Match on PUT: %s",
			rc == S3T_OK             ? "ignored; s3tui looks before it writes"
			: err.http_status == 412 ? "binds"
						 : "not supported; s3tui looks before it "
						   "writes");
		rc = S3T_OK;
	}
	http_response_deinit(&resp);
	strbuf_deinit(&want);
	return rc == S3T_OK;
}

static bool ignore(void *arg, const char *data, size_t len)
{
	(void)arg;
	(void)data;
	(void)len;
	return true;
}

/* What resuming and parallel downloads stand on. */
static void try_reading(struct trial *t)
{
	struct s3t_err err;
	struct s3_object object;
	s3_object_init(&object);
	enum s3t_rc rc =
		s3_head_object(&t->ctx, t->place->bucket, strbuf_view(&t->key), &object, &err);
	if (rc != S3T_OK) {
		check_report_err(t->check, "read", &err);
		s3_object_deinit(&object);
		return;
	}
	check_report(t->check, "read", true, "it is there");
	struct s3_get get = {.bucket = t->place->bucket,
		.key = strbuf_view(&t->key),
		.offset = 1,
		.len = 2,
		.total = object.size,
		.etag = object.etag,
		.sink = ignore};
	rc = s3_get_object(&t->ctx, &get, &err);
	check_report(t->check, "range", true, "ranges: %s",
		rc == S3T_OK ? "served; large downloads run in parallel and resume"
			     : "not served; downloads are one stream");
	get.etag = "00000000000000000000000000000000";
	rc = s3_get_object(&t->ctx, &get, &err);
	check_report(t->check, "condition", true, "If-Match on GET: %s",
		rc == S3T_CHANGED ? "binds; an object that changes is noticed"
				  : "ignored; an object that changes is noticed by its ETag only");
	s3_object_deinit(&object);
}

struct sought_upload {
	const char *id;
	bool is_listed;
};

static void note_upload(
	void *arg, struct strview key, struct strview upload_id, int64_t initiated_s)
{
	struct sought_upload *sought = arg;
	(void)key;
	(void)initiated_s;
	sought->is_listed = sought->is_listed || sv_eq(upload_id, sv(sought->id));
}

static ssize_t read_right(void *arg, char *buf, size_t len)
{
	size_t *at = arg, n = right.len - *at < len ? right.len - *at : len;
	if (n)
		memcpy(buf, right.data + *at, n);
	*at += n;
	return (ssize_t)n;
}

static bool rewind_right(void *arg)
{
	*(size_t *)arg = 0;
	return true;
}

/* Parts: their ETag, the list of uploads that resuming needs, the ETag of the whole, and abort. */
static void try_parts(struct trial *t)
{
	struct s3t_err err;
	char *id = NULL, etags[1][S3_ETAG_MAX] = {""}, expected[S3_ETAG_MAX], got[S3_ETAG_MAX] = "";
	struct strview bucket = t->place->bucket, key = strbuf_view(&t->key);
	enum s3t_rc rc = s3_create_multipart_upload(&t->ctx, bucket, key, NULL, &id, &err);
	if (rc != S3T_OK) {
		check_report_err(t->check, "multipart", &err);
		return;
	}
	size_t at = 0;
	struct http_body body = {
		.size = right.len, .read = read_right, .rewind = rewind_right, .arg = &at};
	struct sought_upload sought = {.id = id};
	rc = s3_upload_part(
		&t->ctx, bucket, key, id, 1, &body, SV(SIGV4_UNSIGNED), NULL, etags[0], &err);
	/* a server may do without the list */
	if (rc == S3T_OK)
		(void)!s3_list_multipart_uploads(
			&t->ctx, bucket, key, note_upload, &sought, NULL, NULL);
	if (rc == S3T_OK)
		rc = s3_complete_multipart_upload(&t->ctx, bucket, key, id, NULL,
			(const char(*)[S3_ETAG_MAX])etags, 1, "", got, NULL, &err);
	if (rc != S3T_OK) {
		check_report_err(t->check, "multipart", &err);
		(void)!s3_abort_multipart_upload(&t->ctx, bucket, key, id, NULL);
		free(id);
		return;
	}
	struct strbuf want;
	strbuf_init(&want);
	md5_hex(right, &want);
	bool is_md5 = strcmp(etags[0], want.data) == 0;
	s3_expected_etag((const char(*)[S3_ETAG_MAX])etags, 1, expected);
	check_report(t->check, "proof", true, "ETag of a part: %s",
		is_md5 ? "its MD5; parts are proven by it"
		       : "not its MD5; parts are signed instead");
	check_report(t->check, "proof", true, "ETag of a whole in parts: %s",
		is_md5 && strcmp(got, expected) == 0
			? "the MD5 of its parts' MD5s; downloads are proven by it"
			: "of another kind; downloads are not verifiable by it");
	check_report(t->check, "resume", true, "open uploads are %s",
		sought.is_listed ? "listed; an interrupted one is resumed"
				 : "not listed; one whose id was lost cannot be found");
	strbuf_deinit(&want);
	free(id);
}

static void remove_object(struct trial *t)
{
	struct s3t_err err;
	struct strview key = strbuf_view(&t->key), bucket = t->place->bucket;
	struct cleanup *cleanup = cleanup_new(CLEANUP_MS);
	struct s3_ctx ctx = {
		.client = t->ctx.client, .conn = t->ctx.conn, .cancel = cleanup_token(cleanup)};
	if (s3_delete_object(&ctx, bucket, key, &err) == S3T_OK)
		check_report(t->check, "remove", true, "the object is gone again");
	else
		check_report(t->check, "remove", false,
			"s3://%.*s/%.*s stays: %s What to do: remove it.", (int)bucket.len,
			bucket.data, (int)key.len, key.data, err.message);
	cleanup_free(cleanup);
}

void check_write(struct check *c, struct cli *cli, const struct place *p)
{
	struct trial t = {.check = c, .ctx = cli_ctx(cli), .place = p};
	char tail[17];
	random_name(tail, 16);
	strbuf_init(&t.key);
	strbuf_add_sv(&t.key, p->key);
	if (p->key.len && !p->wants_dir)
		strbuf_add_char(&t.key, '/');
	strbuf_addf(&t.key, ".s3tui-check-%s", tail);
	t.is_there = true;
	if (try_object(&t)) {
		try_reading(&t);
		if (!try_hashes(&t))
			check_report(c, "proof", true,
				"what arrives is compared afterwards only, by its ETag");
		try_parts(&t);
	}
	if (t.is_there)
		remove_object(&t);
	strbuf_deinit(&t.key);
}
