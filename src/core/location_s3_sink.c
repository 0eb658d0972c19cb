/*
 * Uploads as a sink of location_s3.c. One in one piece is signed with the SHA-256 of its bytes, so
 * that the server refuses wrong ones. Parts go unsigned and are proven by their ETag, the MD5 of
 * what was sent: hashed on their way, or afterwards by the caller, who can do many at once
 * (sink_prove()). Where that rule is not known of the endpoint one part goes signed as a scout, and
 * its ETag decides for the rest; where it is known not to hold all parts are signed (decision 11).
 */
#include "core/location_s3_private.h"

#include "core/crc64.h"
#include "core/text.h"
#include "core/timeutil.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct loc_sink {
	struct location *loc;
	char *path;
	struct strview bucket, key;
	struct loc_sink_spec spec;
	struct s3_put put;
	struct s3_encryption encryption;
	char *content_type, *content_encoding, *storage_class, *tagging, *metadata, *headers,
		*kms_key_id;
	char *upload_id; /* NULL: one piece */
	char key_sum[LOC_TOKEN_KEY_LEN + 1];
	char etag[S3_ETAG_MAX];
	char *version_id;
	atomic_bool has_scout; /* a part was signed to find out what ETags are */
	bool has_crc64; /* the server checks CRC64NVMEs and said so: no other proof is needed */
	/* one slot a part, written by the worker that sends or proves it */
	uint32_t slots;
	unsigned char *flags;
	char (*etags)[S3_ETAG_MAX];
	unsigned char (*md5s)[MD5_LEN];
	uint64_t *crcs, *lens;
};

/* A part's flags: the server had it when the upload was resumed; what it has is what was sent; it
 * was wrong once, so it is signed. */
enum { PART_THERE = 1, PART_PROVEN = 2, PART_SIGN = 4 };

static char *copy_text(const char *text)
{
	return text && text[0] ? s3t_strdup(text) : NULL;
}

void s3_sink_free(struct loc_sink *s)
{
	if (!s)
		return;
	location_unref(s->loc);
	free(s->path);
	free(s->content_type);
	free(s->storage_class);
	free(s->content_encoding);
	free(s->tagging);
	free(s->metadata);
	free(s->headers);
	free(s->kms_key_id);
	free(s->upload_id);
	free(s->version_id);
	free(s->flags);
	free(s->etags);
	free(s->md5s);
	free(s->crcs);
	free(s->lens);
	free(s);
}

static void on_listed_part(void *arg, uint32_t number, uint64_t size, struct strview etag)
{
	struct loc_sink *s = arg;
	uint32_t index = number - 1;
	uint64_t offset = s->spec.part_size * index;
	if (index >= s->slots || offset >= s->spec.size)
		return;
	uint64_t left = s->spec.size - offset;
	if (size != (left < s->spec.part_size ? left : s->spec.part_size))
		return;
	snprintf(s->etags[index], S3_ETAG_MAX, "%.*s", (int)etag.len, etag.data);
	s->flags[index] = PART_THERE;
}

/* Of the key under which parts are stored, if there is one, so much that another one is noticed. */
static enum s3t_rc remember_key(struct loc_sink *s, const struct s3_ctx *ctx, struct s3t_err *err)
{
	const struct s3_customer_key *key = NULL;
	enum s3t_rc rc = S3T_OK;
	if (s->encryption.kind == S3_ENCRYPTION_SSE_C)
		rc = s3_client_customer_key(ctx->client, ctx->cancel, &key, err);
	if (key)
		memcpy(s->key_sum, key->md5, LOC_TOKEN_KEY_LEN);
	return rc;
}

static enum s3t_rc begin_parts(struct loc_sink *s, const struct s3_ctx *ctx, struct s3t_err *err)
{
	s->slots = s->spec.part_count;
	s->flags = s3t_alloc(s->slots);
	s->etags = s3t_alloc(s->slots * sizeof *s->etags);
	s->md5s = s3t_alloc(s->slots * sizeof *s->md5s);
	s->crcs = s3t_alloc(s->slots * sizeof *s->crcs);
	s->lens = s3t_alloc(s->slots * sizeof *s->lens);
	const struct loc_token *token = s->spec.resume;
	enum s3t_rc rc = remember_key(s, ctx, err);
	if (rc != S3T_OK)
		return rc;
	if (token) {
		if (token->key[0] && strcmp(token->key, s->key_sum) != 0)
			return s3t_fail(err, S3T_CREDENTIALS,
				"This upload was begun under another SSE-C key; with that key in "
				"the profile it goes on.");
		s->upload_id = s3t_strdup(token->text);
		s->spec.resume = NULL; /* the caller's */
		return s3_list_parts(ctx, s->bucket, s->key, s->upload_id, on_listed_part, s, err);
	}
	struct s3_put put = s->put;
	put.if_none_match = false; /* Create knows no condition */
	if (s->spec.prove && s3_client_uses_crc64(ctx->client))
		put.crc64_is_taken = &s->has_crc64;
	put.part_size = s->spec.size == UINT64_MAX ? 0 : s->spec.part_size;
	return s3_create_multipart_upload(ctx, s->bucket, s->key, &put, &s->upload_id, err);
}

enum s3t_rc s3_sink_begin(struct location *loc, const struct loc_io *io, struct strview root,
	struct strview rel, const struct loc_sink_spec *spec, struct loc_sink **out,
	struct s3t_err *err)
{
	struct s3_ctx ctx = s3_location_ctx(loc, io);
	struct loc_sink *s = s3t_alloc(sizeof *s);
	struct strbuf path;
	strbuf_init(&path);
	path_join(&path, root, rel);
	size_t len = path.len;
	s->loc = location_ref(loc);
	s->path = strbuf_take(&path);
	s3_path_split(sv_n(s->path, len), &s->bucket, &s->key);
	s->spec = *spec;
	s->content_type = copy_text(spec->content_type);
	s->storage_class = copy_text(spec->storage_class);
	s->content_encoding = copy_text(spec->content_encoding);
	s->tagging = copy_text(spec->tagging);
	s->metadata = s3t_strndup(spec->metadata.data, spec->metadata.len);
	s->headers = s3t_strndup(spec->headers.data, spec->headers.len);
	s->put = (struct s3_put){.content_type = s->content_type,
		.content_encoding = s->content_encoding,
		.tagging = s->tagging,
		.headers = sv_n(s->headers, spec->headers.len),
		.storage_class = s->storage_class,
		.mtime_ns = spec->mtime_ns,
		.metadata = sv_n(s->metadata, spec->metadata.len),
		.if_none_match = spec->no_replace,
		.encryption = &s->encryption};
	s->kms_key_id = copy_text(spec->kms_key_id);
	s->encryption = s3_encryption_for(ctx.client, spec->encryption, s->kms_key_id);
	atomic_init(&s->has_scout, false);
	*out = s;
	enum s3t_rc rc = key_check(s->key, err);
	if (s->key.len == 0 || s->bucket.len == 0)
		rc = s3t_fail(err, S3T_INVALID, "The target needs a bucket and a key.");
	else if (!utf8_is_valid(s->key))
		rc = s3t_fail(err, S3T_REFUSED_NAME,
			"The name is not UTF-8, which S3 keys must be; rename it, or use "
			"--name-encoding latin1.");
	bool in_parts =
		spec->size == UINT64_MAX || (spec->part_size && spec->part_size < spec->size);
	if (rc == S3T_OK && in_parts)
		rc = begin_parts(s, &ctx, err);
	if (rc != S3T_OK) {
		s3_sink_free(s);
		*out = NULL;
	}
	return rc;
}

int s3_sink_fd(const struct loc_sink *s)
{
	(void)s;
	return -1;
}

bool s3_sink_token(const struct loc_sink *s, struct loc_token *out)
{
	*out = (struct loc_token){.text = s->upload_id ? s3t_strdup(s->upload_id) : NULL};
	memcpy(out->key, s->key_sum, sizeof out->key);
	return out->text;
}

bool s3_sink_has_part(const struct loc_sink *s, uint32_t index)
{
	return index < s->slots && s->flags[index] & PART_THERE;
}

bool s3_sink_is_proven(const struct loc_sink *s, uint32_t index)
{
	return !s->spec.prove || !s->upload_id || s->flags[index] & PART_PROVEN;
}

/* A part of the bytes as a request's body; hashed on its way when digest is set. */
struct fd_body {
	const struct byte_source *bytes;
	struct byte_scratch scratch;
	uint64_t offset, len, at;
	struct digest *digest;
	const struct loc_io *io;
	const struct stat *before; /* of a whole file: how it was; NULL: a part */
	int failed;                /* errno; -1: shorter than expected; -2: changed */
};

static bool is_changed(const struct fd_body *b)
{
	struct stat now;
	return fstat(b->bytes->fd, &now) != 0 || now.st_size != b->before->st_size ||
	       now.st_mtim.tv_sec != b->before->st_mtim.tv_sec ||
	       now.st_mtim.tv_nsec != b->before->st_mtim.tv_nsec;
}

static ssize_t read_fd(void *arg, char *buf, size_t len)
{
	struct fd_body *b = arg;
	if (len > b->len - b->at)
		len = (size_t)(b->len - b->at);
	ssize_t n = byte_source_read(b->bytes, &b->scratch, buf, len, b->offset + b->at);
	if (n <= 0) {
		b->failed = n < 0 ? errno : -1;
		return -1;
	}
	/* without its last bytes the server stores nothing: the old object stays */
	if (b->before && b->at + (uint64_t)n == b->len && is_changed(b)) {
		b->failed = -2;
		return -1;
	}
	b->at += (uint64_t)n;
	if (b->digest)
		digest_update(b->digest, buf, (size_t)n);
	if (b->io->progress)
		b->io->progress(b->io->progress_arg, n);
	return n;
}

static bool rewind_fd(void *arg)
{
	struct fd_body *b = arg;
	if (b->at && b->io->progress)
		b->io->progress(b->io->progress_arg, -(int64_t)b->at);
	b->at = 0;
	if (b->digest)
		digest_reset(b->digest);
	return true;
}

struct hashes {
	struct digest *sha, *md;
	uint64_t crc;
	bool is_crc;
};

static void hash_bytes(struct hashes *h, const char *data, size_t len)
{
	if (h->is_crc) {
		h->crc = crc64nvme(h->crc, data, len);
	} else {
		digest_update(h->sha, data, len);
		digest_update(h->md, data, len);
	}
}

static enum s3t_rc read_range(const struct byte_source *bytes, uint64_t offset, uint64_t len,
	const struct loc_io *io, struct hashes *h, struct s3t_err *err)
{
	struct byte_scratch scratch = {.data = NULL};
	enum { CHUNK = 1 << 18 };
	char *buf = s3t_alloc(CHUNK);
	enum s3t_rc rc = S3T_OK;
	while (len && rc == S3T_OK) {
		ssize_t n = byte_source_read(
			bytes, &scratch, buf, len < CHUNK ? (size_t)len : CHUNK, offset);
		if (n <= 0)
			rc = n < 0 ? s3t_fail_errno(err, errno, "Cannot read the file")
				   : s3t_fail(err, S3T_CHANGED, "The file became shorter.");
		else if (cancel_is_set(io->cancel))
			rc = s3t_fail(err, S3T_CANCELLED, "Cancelled.");
		if (rc != S3T_OK)
			break;
		hash_bytes(h, buf, (size_t)n);
		offset += (uint64_t)n;
		len -= (uint64_t)n;
	}
	byte_scratch_deinit(&scratch);
	free(buf);
	return rc;
}

/* The SHA-256 of the range in hex, and its MD5, read in one pass. */
static enum s3t_rc hash_range(const struct byte_source *bytes, uint64_t offset, uint64_t len,
	const struct loc_io *io, char hex[65], unsigned char md5_out[MD5_LEN], struct s3t_err *err)
{
	struct hashes h = {.sha = digest_new(DIGEST_SHA256), .md = digest_new(DIGEST_MD5)};
	enum s3t_rc rc = read_range(bytes, offset, len, io, &h, err);
	unsigned char sum[SHA256_LEN];
	struct strbuf text;
	strbuf_init(&text);
	digest_final(h.sha, sum);
	digest_final(h.md, md5_out);
	hex_encode(&text, sum, sizeof sum);
	snprintf(hex, 65, "%s", text.data);
	strbuf_deinit(&text);
	digest_free(h.sha);
	digest_free(h.md);
	return rc;
}

static enum s3t_rc explain(const struct fd_body *body, enum s3t_rc rc, struct s3t_err *err)
{
	if (body->failed > 0)
		return s3t_fail_errno(err, body->failed, "Cannot read the file");
	if (body->failed < 0)
		return s3t_fail(err, S3T_CHANGED, "The file %s while it was read.",
			body->failed == -1 ? "became shorter" : "changed");
	return rc;
}

/* How the bytes of a body are proven. */
enum proof_way { PROOF_NONE, PROOF_ON_THE_WAY, PROOF_SIGNED, PROOF_CRC64 };

/* Sends one body; sum gets its MD5 unless it is not proven here. */
static enum s3t_rc send_body(struct loc_sink *s, const struct loc_io *io, struct fd_body *body,
	enum proof_way way, uint32_t index, char etag[S3_ETAG_MAX], unsigned char sum[MD5_LEN],
	struct s3t_err *err)
{
	struct s3_ctx ctx = s3_location_ctx(s->loc, io);
	ctx.customer_key = s->encryption.kind == S3_ENCRYPTION_SSE_C;
	char hash[65] = SIGV4_UNSIGNED;
	enum s3t_rc rc = S3T_OK;
	if (way == PROOF_SIGNED)
		rc = hash_range(body->bytes, body->offset, body->len, io, hash, sum, err);
	else if (way == PROOF_ON_THE_WAY)
		body->digest = digest_new(DIGEST_MD5);
	struct hashes h = {.is_crc = true};
	if (way == PROOF_CRC64)
		rc = read_range(body->bytes, body->offset, body->len, io, &h, err);
	if (rc != S3T_OK)
		return rc;
	struct http_body stream = {
		.size = body->len, .read = read_fd, .rewind = rewind_fd, .arg = body};
	if (s->upload_id) {
		s->crcs[index] = h.crc;
		s->lens[index] = body->len;
	} else {
		s->put.crc64 = h.crc;
	}
	if (s->upload_id)
		rc = s3_upload_part(&ctx, s->bucket, s->key, s->upload_id, index + 1, &stream,
			sv(hash), way == PROOF_CRC64 ? &s->crcs[index] : NULL, etag, err);
	else
		rc = s3_put_object_stream(&ctx, s->bucket, s->key, &s->put, &stream, sv(hash), etag,
			&s->version_id, err);
	if (body->digest)
		digest_final(body->digest, sum);
	digest_free(body->digest);
	body->digest = NULL;
	byte_scratch_deinit(&body->scratch);
	if (rc != S3T_OK && body->at && io->progress)
		io->progress(io->progress_arg, -(int64_t)body->at);
	return explain(body, rc, err);
}

static bool etag_is_md5(const char *etag, const unsigned char sum[MD5_LEN])
{
	unsigned char told[MD5_LEN];
	return hex_decode(sv(etag), told, MD5_LEN) && memcmp(told, sum, MD5_LEN) == 0;
}

/* One PUT. Where it must not replace anything, a server may not know that condition; and after a
 * lost answer what is there already may be what was just sent. */
static enum s3t_rc put_whole(struct loc_sink *s, const struct loc_io *io,
	const struct byte_source *bytes, uint64_t offset, uint64_t len, struct s3t_err *err)
{
	unsigned char sum[MD5_LEN] = {0};
	bool uses_crc = s->spec.prove && s3_client_uses_crc64(s3_location_client(s->loc));
	enum proof_way way = uses_crc ? PROOF_CRC64 : s->spec.prove ? PROOF_SIGNED : PROOF_NONE;
	s->put.crc64_is_taken = uses_crc ? &s->has_crc64 : NULL;
	struct stat before;
	if (fstat(bytes->fd, &before) != 0)
		return s3t_fail_errno(err, errno, "Cannot look at the file");
	struct fd_body body = {
		.bytes = bytes, .offset = offset, .len = len, .io = io, .before = &before};
	enum s3t_rc rc = send_body(s, io, &body, way, 0, s->etag, sum, err);
	if (rc == S3T_UNSUPPORTED && s->put.if_none_match) {
		s->put.if_none_match = false;
		body = (struct fd_body){
			.bytes = bytes, .offset = offset, .len = len, .io = io, .before = &before};
		rc = send_body(s, io, &body, way, 0, s->etag, sum, err);
	}
	if (rc == S3T_OK && uses_crc && !s->has_crc64) { /* it does not know them after all */
		if (io->progress)
			io->progress(io->progress_arg, -(int64_t)len);
		s->put.crc64_is_taken = NULL;
		uses_crc = false;
		body = (struct fd_body){
			.bytes = bytes, .offset = offset, .len = len, .io = io, .before = &before};
		rc = send_body(s, io, &body, PROOF_SIGNED, 0, s->etag, sum, err);
	}
	if (rc != S3T_EXISTS || !s->spec.prove)
		return rc;
	struct s3_ctx ctx = s3_location_ctx(s->loc, io);
	struct s3_object there;
	s3_object_init(&there);
	bool is_ours = s3_head_object(&ctx, s->bucket, s->key, &there, NULL) == S3T_OK &&
		       there.size == len &&
		       (uses_crc ? there.has_crc64 && there.crc64 == s->put.crc64
				 : etag_is_md5(there.etag, sum));
	memcpy(s->etag, there.etag, sizeof s->etag);
	s3_object_deinit(&there);
	if (is_ours && io->progress)
		io->progress(io->progress_arg, (int64_t)len);
	return is_ours ? S3T_OK : rc;
}

/* Of what the server encrypts, an ETag need not be the MD5; the endpoint's rule is of the rest. */
static enum etag_rule rule_of(const struct loc_sink *s)
{
	bool is_opaque = s->encryption.kind == S3_ENCRYPTION_SSE_KMS ||
			 s->encryption.kind == S3_ENCRYPTION_SSE_C;
	return is_opaque ? ETAG_OPAQUE : s3_client_etag_rule(s3_location_client(s->loc));
}

static enum proof_way way_of(struct loc_sink *s, uint32_t index)
{
	enum etag_rule rule = rule_of(s);
	if (!s->spec.prove)
		return PROOF_NONE;
	if (s->has_crc64)
		return PROOF_CRC64;
	if (rule == ETAG_OPAQUE || s->flags[index] & PART_SIGN)
		return PROOF_SIGNED;
	/* the others need not wait for the scout: they are compared when it is known what for */
	if (rule == ETAG_UNKNOWN && (!s->spec.defer_proof || !atomic_exchange(&s->has_scout, true)))
		return PROOF_SIGNED;
	return s->spec.defer_proof ? PROOF_NONE : PROOF_ON_THE_WAY;
}

enum s3t_rc s3_sink_part(struct loc_sink *s, const struct loc_io *io, uint32_t index,
	uint64_t offset, const struct byte_source *bytes, uint64_t from, uint64_t len,
	struct s3t_err *err)
{
	(void)offset;
	struct s3_client *client = s3_location_client(s->loc);
	unsigned char sum[MD5_LEN];
	if (!s->upload_id)
		return put_whole(s, io, bytes, from, len, err);
	if (index >= s->slots)
		return s3t_fail(
			err, S3T_INVALID, "The object would need more than %u parts.", s->slots);
	for (;;) {
		enum proof_way way = way_of(s, index);
		struct fd_body body = {.bytes = bytes, .offset = from, .len = len, .io = io};
		bool was_wrong = s->flags[index] & PART_SIGN;
		s->flags[index] = 0;
		enum s3t_rc rc = send_body(s, io, &body, way, index, s->etags[index], sum, err);
		if (rc != S3T_OK || way == PROOF_NONE)
			return rc;
		if (way == PROOF_CRC64) { /* the server itself has checked it */
			s->flags[index] = PART_PROVEN;
			return S3T_OK;
		}
		enum etag_rule rule = rule_of(s);
		bool same = etag_is_md5(s->etags[index], sum);
		memcpy(s->md5s[index], sum, MD5_LEN);
		if (way == PROOF_SIGNED && rule == ETAG_UNKNOWN)
			s3_client_learn_etag_rule(client, same ? ETAG_MD5 : ETAG_OPAQUE);
		/* the server itself has checked a signed one */
		if (same || (way == PROOF_SIGNED && rule != ETAG_MD5)) {
			s->flags[index] = PART_PROVEN;
			return S3T_OK;
		}
		if (io->progress)
			io->progress(io->progress_arg, -(int64_t)len);
		if (was_wrong)
			return s3t_fail(err, S3T_MISMATCH,
				"Part %u arrived wrong twice: its ETag is not the MD5 of what was "
				"sent.",
				index + 1);
		s->flags[index] = PART_SIGN;
	}
}

bool s3_sink_prove(struct loc_sink *s, uint32_t index, const unsigned char sum[MD5_LEN])
{
	memcpy(s->md5s[index], sum, MD5_LEN);
	bool same = etag_is_md5(s->etags[index], sum);
	s->flags[index] = same ? PART_PROVEN : PART_SIGN;
	return same;
}

enum s3t_rc s3_sink_sync(struct loc_sink *s, struct s3t_err *err)
{
	(void)s; /* what the server acknowledged, it has */
	(void)err;
	return S3T_OK;
}

/* Whether every part's ETag is the MD5 of what was sent. */
static bool is_proven_by_md5(const struct loc_sink *s, uint32_t count)
{
	for (uint32_t i = 0; i < count; i++)
		if (!s->spec.prove || !etag_is_md5(s->etags[i], s->md5s[i]))
			return false;
	return true;
}

static uint64_t whole_crc64(const struct loc_sink *s, uint32_t count)
{
	uint64_t crc = 0;
	for (uint32_t i = 0; i < count; i++)
		crc = crc64nvme_combine(crc, s->crcs[i], s->lens[i]);
	return crc;
}

enum s3t_rc s3_sink_commit(struct loc_sink *s, const struct loc_io *io, uint32_t count,
	struct loc_sink_result *result, struct s3t_err *err)
{
	struct s3_ctx ctx = s3_location_ctx(s->loc, io);
	const char *proof = s->has_crc64 ? "CRC64NVME" : "signed SHA-256";
	*result = (struct loc_sink_result){.proof = s->spec.prove ? proof : NULL};
	enum s3t_rc rc = S3T_OK;
	if (s->upload_id) {
		if (s->put.if_none_match) {
			struct loc_stat there;
			rc = s->loc->ops->stat(s->loc, io, sv(s->path), &there, NULL);
			bool is_there = rc == S3T_OK && there.kind == ENTRY_FILE;
			if (rc == S3T_OK)
				loc_stat_deinit(&there);
			if (is_there)
				return s3t_fail(err, S3T_EXISTS, "The target appeared meanwhile.");
		}
		const char(*etags)[S3_ETAG_MAX] = (const char(*)[S3_ETAG_MAX])s->etags;
		char expected[S3_ETAG_MAX];
		s3_expected_etag(etags, count, expected);
		bool is_md5 = is_proven_by_md5(s, count);
		uint64_t crc = s->has_crc64 ? whole_crc64(s, count) : 0;
		rc = s3_complete_multipart_upload(&ctx, s->bucket, s->key, s->upload_id,
			s->has_crc64 ? &crc : NULL, etags, count, expected, s->etag, &s->version_id,
			err);
		if (rc == S3T_OK && is_md5 && strcmp(expected, s->etag) != 0)
			rc = s3t_fail(err, S3T_MISMATCH,
				"The completed object's ETag is not that of the parts sent.");
		if (is_md5)
			result->proof = "part MD5 = ETag";
	}
	if (rc != S3T_OK)
		return rc;
	if (s->spec.size != UINT64_MAX)
		s3_client_note_written(ctx.client, s->bucket, s->key, s->spec.size, &s->put);
	free(s->upload_id);
	s->upload_id = NULL;
	memcpy(result->etag, s->etag, sizeof result->etag);
	result->version_id = s->version_id;
	s->version_id = NULL;
	return S3T_OK;
}

void s3_sink_set_mtime(struct loc_sink *s, int64_t mtime_ns)
{
	s->put.mtime_ns =
		mtime_ns; /* of use only for a single PUT: parts were created with theirs */
}

enum s3t_rc s3_sink_abort(struct loc_sink *s, const struct loc_io *io, struct s3t_err *err)
{
	struct s3_ctx ctx = s3_location_ctx(s->loc, io);
	if (!s->upload_id)
		return S3T_OK;
	return s3_abort_multipart_upload(&ctx, s->bucket, s->key, s->upload_id, err);
}

/* --- what an earlier process left --- */

enum s3t_rc s3_sink_discard(struct location *loc, const struct loc_io *io, struct strview root,
	struct strview rel, const struct loc_token *token, int64_t since_s, struct s3t_err *err)
{
	struct s3_ctx ctx = s3_location_ctx(loc, io);
	struct strbuf path;
	struct strview bucket, key;
	strbuf_init(&path);
	path_join(&path, root, rel);
	s3_path_split(strbuf_view(&path), &bucket, &key);
	enum s3t_rc rc = token->text
				 ? s3_abort_multipart_upload(&ctx, bucket, key, token->text, err)
				 : s3_abort_uploads_since(&ctx, bucket, key, since_s, NULL, err);
	strbuf_deinit(&path);
	return rc == S3T_NOT_FOUND ? S3T_OK : rc; /* without its bucket it is gone, too */
}
