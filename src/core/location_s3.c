/*
 * S3 as a location. An upload in one piece is signed with the SHA-256 of its bytes, so that the
 * server refuses wrong ones. Parts go unsigned and are proven by their ETag, the MD5 of what was
 * sent; where that rule is not known of the endpoint, or known not to hold, parts are signed too
 * (decision 11).
 */
#include "core/crypto.h"
#include "core/location.h"
#include "core/text.h"
#include "core/timeutil.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct s3_location {
	struct location base;
	struct s3_client *client;
};

struct s3_client *location_s3_client(const struct location *loc)
{
	return loc && loc->ops->kind == LOC_S3 ? ((const struct s3_location *)loc)->client : NULL;
}

static void s3_destroy(struct location *loc)
{
	s3_client_unref(((struct s3_location *)loc)->client);
	free(loc);
}

static struct s3_ctx ctx_of(struct location *loc, const struct loc_io *io)
{
	return (struct s3_ctx){.client = ((struct s3_location *)loc)->client,
		.conn = io->conn,
		.cancel = io->cancel};
}

/* --- listing --- */

struct loc_list {
	struct location *loc;
	char *path;
	struct s3_list pages;
	struct strbuf prefix;
	bool is_root;
};

static struct loc_list *s3_list_new(
	struct location *loc, struct strview dir, unsigned flags, loc_problem_fn problem, void *arg)
{
	(void)problem;
	(void)arg;
	struct loc_list *l = s3t_alloc(sizeof *l);
	l->loc = location_ref(loc);
	l->path = s3t_strndup(dir.data, dir.len);
	l->is_root = dir.len == 0;
	struct strview bucket, key;
	s3_path_split(sv_n(l->path, dir.len), &bucket, &key);
	strbuf_init(&l->prefix);
	strbuf_add_sv(&l->prefix, key);
	if (key.len && key.data[key.len - 1] != '/')
		strbuf_add_char(&l->prefix, '/');
	s3_list_init(&l->pages, bucket, strbuf_view(&l->prefix));
	l->pages.is_recursive = flags & LOC_LIST_RECURSIVE;
	l->pages.want_etags = flags & LOC_LIST_ETAGS;
	return l;
}

static void s3_list_free(struct loc_list *l)
{
	s3_list_deinit(&l->pages);
	strbuf_deinit(&l->prefix);
	location_unref(l->loc);
	free(l->path);
	free(l);
}

static enum s3t_rc s3_list_next(struct loc_list *l, const struct loc_io *io,
	struct entry_page **page, bool *done, struct s3t_err *err)
{
	struct s3_ctx ctx = ctx_of(l->loc, io);
	if (!l->is_root) {
		enum s3t_rc rc = s3_list_page(&ctx, &l->pages, page, err);
		*done = l->pages.is_done;
		return rc;
	}
	*page = entry_page_new(false);
	enum s3t_rc rc = s3_list_buckets(&ctx, *page, err);
	*done = true;
	if (rc != S3T_OK) {
		entry_page_free(*page);
		*page = NULL;
	}
	return rc;
}

/* Whether anything lies under bucket/key/. */
static enum s3t_rc stat_prefix(const struct s3_ctx *ctx, struct strview bucket, struct strview key,
	struct loc_stat *out, struct s3t_err *err)
{
	struct strbuf prefix;
	strbuf_init(&prefix);
	strbuf_add_sv(&prefix, key);
	if (key.len && key.data[key.len - 1] != '/')
		strbuf_add_char(&prefix, '/');
	struct s3_list list;
	struct entry_page *page = NULL;
	s3_list_init(&list, bucket, strbuf_view(&prefix));
	list.max_keys = 1;
	list.is_recursive = true;
	enum s3t_rc rc = s3_list_page(ctx, &list, &page, err);
	if (rc == S3T_OK && page->count == 0) {
		char *name = text_sanitised(key);
		rc = s3t_fail(err, S3T_NOT_FOUND, "There is no object and no prefix %s.", name);
		free(name);
	}
	if (rc == S3T_OK)
		*out = (struct loc_stat){.kind = ENTRY_DIR, .mtime_ns = TIME_UNKNOWN};
	entry_page_free(page);
	s3_list_deinit(&list);
	strbuf_deinit(&prefix);
	return rc;
}

static enum s3t_rc s3_stat(struct location *loc, const struct loc_io *io, struct strview path,
	struct loc_stat *out, struct s3t_err *err)
{
	struct s3_ctx ctx = ctx_of(loc, io);
	struct strview bucket, key;
	s3_path_split(path, &bucket, &key);
	*out = (struct loc_stat){.kind = ENTRY_DIR, .mtime_ns = TIME_UNKNOWN};
	if (bucket.len == 0)
		return S3T_OK;
	if (key.len == 0)
		return s3_head_bucket(&ctx, bucket, err);
	if (key.data[key.len - 1] == '/')
		return stat_prefix(&ctx, bucket, key, out, err);
	struct s3_object object;
	s3_object_init(&object);
	enum s3t_rc rc = s3_head_object(&ctx, bucket, key, &object, err);
	if (rc == S3T_OK) {
		out->kind = ENTRY_FILE;
		out->size = object.size;
		out->mtime_ns = s3_object_time_ns(&object);
		memcpy(out->etag, object.etag, sizeof out->etag);
		out->content_type = object.content_type;
		object.content_type = NULL;
	}
	s3_object_deinit(&object);
	return rc == S3T_NOT_FOUND ? stat_prefix(&ctx, bucket, key, out, err) : rc;
}

/* --- source --- */

struct loc_source {
	struct location *loc;
	char *path;
	struct strview bucket, key;
	uint64_t size;
	char etag[S3_ETAG_MAX];
	struct loc_facts facts; /* written by the reader of offset 0 */
};

static enum s3t_rc s3_source_open(struct location *loc, const struct loc_io *io,
	struct strview path, const struct loc_stat *listed, struct loc_source **out,
	struct s3t_err *err)
{
	(void)io;
	(void)err;
	struct loc_source *s = s3t_alloc(sizeof *s);
	s->loc = location_ref(loc);
	s->path = s3t_strndup(path.data, path.len);
	s3_path_split(sv_n(s->path, path.len), &s->bucket, &s->key);
	s->size = listed->size;
	s->facts.mtime_ns = TIME_UNKNOWN;
	memcpy(s->etag, listed->etag, sizeof s->etag);
	*out = s;
	return S3T_OK;
}

static int no_source_fd(const struct loc_source *s)
{
	(void)s;
	return -1;
}

static enum s3t_rc s3_source_read(struct loc_source *s, const struct loc_io *io, uint64_t offset,
	uint64_t len, bool (*sink)(void *arg, const char *data, size_t n), void *arg,
	struct s3t_err *err)
{
	struct s3_ctx ctx = ctx_of(s->loc, io);
	bool is_whole = offset == 0 && len == s->size;
	struct s3_get get = {.bucket = s->bucket,
		.key = s->key,
		.offset = offset,
		.len = is_whole ? UINT64_MAX : len,
		.total = s->size,
		.etag = s->etag,
		.sink = sink,
		.sink_arg = arg};
	/* an empty object is asked for as well: its metadata is part of it */
	struct s3_object object;
	s3_object_init(&object);
	get.object = offset == 0 ? &object : NULL;
	enum s3t_rc rc = s3_get_object(&ctx, &get, err);
	if (rc == S3T_OK && offset == 0) {
		s->facts.mtime_ns = s3_object_time_ns(&object);
		s->facts.etag_is_opaque = object.etag_is_opaque;
		s->facts.part_size = object.part_size;
	}
	s3_object_deinit(&object);
	return rc;
}

static void s3_source_facts(const struct loc_source *s, struct loc_facts *out)
{
	*out = s->facts;
}

static enum s3t_rc s3_source_check(struct loc_source *s, struct s3t_err *err)
{
	(void)s; /* every range carried If-Match */
	(void)err;
	return S3T_OK;
}

static void s3_source_close(struct loc_source *s)
{
	if (!s)
		return;
	location_unref(s->loc);
	free(s->path);
	free(s);
}

/* --- sink --- */

struct loc_sink {
	struct location *loc;
	char *path;
	struct strview bucket, key;
	struct loc_sink_spec spec;
	struct s3_put put;
	char *content_type, *storage_class, *metadata;
	char *upload_id; /* NULL: one piece */
	char etag[S3_ETAG_MAX];
	char *version_id;
	/* one slot a part, written by the worker that sends it */
	uint32_t slots;
	char (*etags)[S3_ETAG_MAX];
	unsigned char (*md5s)[MD5_LEN];
	atomic_bool is_md5; /* so far every part's ETag was its MD5 */
};

static char *copy_text(const char *text)
{
	return text && text[0] ? s3t_strdup(text) : NULL;
}

static void s3_sink_free(struct loc_sink *s)
{
	if (!s)
		return;
	location_unref(s->loc);
	free(s->path);
	free(s->content_type);
	free(s->storage_class);
	free(s->metadata);
	free(s->upload_id);
	free(s->version_id);
	free(s->etags);
	free(s->md5s);
	free(s);
}

static enum s3t_rc s3_sink_begin(struct location *loc, const struct loc_io *io, struct strview root,
	struct strview rel, const struct loc_sink_spec *spec, struct loc_sink **out,
	struct s3t_err *err)
{
	struct s3_ctx ctx = ctx_of(loc, io);
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
	s->metadata = s3t_strndup(spec->metadata.data, spec->metadata.len);
	s->put = (struct s3_put){.content_type = s->content_type,
		.storage_class = s->storage_class,
		.mtime_ns = spec->mtime_ns,
		.metadata = sv_n(s->metadata, spec->metadata.len),
		.if_none_match = spec->no_replace};
	atomic_init(&s->is_md5, true);
	*out = s;
	enum s3t_rc rc = S3T_OK;
	if (s->key.len > S3_KEY_MAX)
		rc = s3t_fail(err, S3T_REFUSED_NAME,
			"A key has at most 1,024 bytes; this one has %zu.", s->key.len);
	else if (s->key.len == 0 || s->bucket.len == 0)
		rc = s3t_fail(err, S3T_INVALID, "The target needs a bucket and a key.");
	else if (!utf8_is_valid(s->key))
		rc = s3t_fail(err, S3T_REFUSED_NAME,
			"The name is not UTF-8, which S3 keys must be; rename it, or use "
			"--name-encoding latin1.");
	bool in_parts =
		spec->size == UINT64_MAX || (spec->part_size && spec->part_size < spec->size);
	if (rc == S3T_OK && in_parts) {
		s->slots = spec->part_count;
		s->etags = s3t_alloc(s->slots * sizeof *s->etags);
		s->md5s = s3t_alloc(s->slots * sizeof *s->md5s);
		struct s3_put put = s->put;
		put.if_none_match = false; /* Create knows no condition */
		put.part_size = spec->size == UINT64_MAX ? 0 : spec->part_size;
		rc = s3_create_multipart_upload(&ctx, s->bucket, s->key, &put, &s->upload_id, err);
	}
	if (rc != S3T_OK) {
		s3_sink_free(s);
		*out = NULL;
	}
	return rc;
}

static int no_sink_fd(const struct loc_sink *s)
{
	(void)s;
	return -1;
}

/* A part of a descriptor as a request's body; hashed on its way when digest is set. */
struct fd_body {
	int fd;
	uint64_t offset, len, at;
	struct digest *digest;
	const struct loc_io *io;
	int failed; /* errno; -1: shorter than expected */
};

static ssize_t read_fd(void *arg, char *buf, size_t len)
{
	struct fd_body *b = arg;
	if (len > b->len - b->at)
		len = (size_t)(b->len - b->at);
	ssize_t n = pread(b->fd, buf, len, (off_t)(b->offset + b->at));
	if (n <= 0) {
		b->failed = n < 0 ? errno : -1;
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

/* The SHA-256 of the range in hex, and its MD5, read in one pass. */
static enum s3t_rc hash_range(int fd, uint64_t offset, uint64_t len, const struct loc_io *io,
	char hex[65], unsigned char md5_out[MD5_LEN], struct s3t_err *err)
{
	enum { CHUNK = 1 << 18 };
	struct digest *sha = digest_new(DIGEST_SHA256), *md = digest_new(DIGEST_MD5);
	char *buf = s3t_alloc(CHUNK);
	enum s3t_rc rc = S3T_OK;
	while (len && rc == S3T_OK) {
		ssize_t n = pread(fd, buf, len < CHUNK ? (size_t)len : CHUNK, (off_t)offset);
		if (n <= 0)
			rc = n < 0 ? s3t_fail_errno(err, errno, "Cannot read the file")
				   : s3t_fail(err, S3T_CHANGED, "The file became shorter.");
		else if (cancel_is_set(io->cancel))
			rc = s3t_fail(err, S3T_CANCELLED, "Cancelled.");
		if (rc != S3T_OK)
			break;
		digest_update(sha, buf, (size_t)n);
		digest_update(md, buf, (size_t)n);
		offset += (uint64_t)n;
		len -= (uint64_t)n;
	}
	unsigned char sum[SHA256_LEN];
	struct strbuf text;
	strbuf_init(&text);
	digest_final(sha, sum);
	digest_final(md, md5_out);
	hex_encode(&text, sum, sizeof sum);
	snprintf(hex, 65, "%s", text.data);
	strbuf_deinit(&text);
	digest_free(sha);
	digest_free(md);
	free(buf);
	return rc;
}

static enum s3t_rc explain(const struct fd_body *body, enum s3t_rc rc, struct s3t_err *err)
{
	if (body->failed > 0)
		return s3t_fail_errno(err, body->failed, "Cannot read the file");
	if (body->failed < 0)
		return s3t_fail(err, S3T_CHANGED, "The file became shorter while it was read.");
	return rc;
}

/* Sends one body; signed with its hash when `sign`, else hashed on its way. sum gets its MD5. */
static enum s3t_rc send_body(struct loc_sink *s, const struct loc_io *io, struct fd_body *body,
	bool sign, uint32_t index, char etag[S3_ETAG_MAX], unsigned char sum[MD5_LEN],
	struct s3t_err *err)
{
	struct s3_ctx ctx = ctx_of(s->loc, io);
	char hash[65] = SIGV4_UNSIGNED;
	enum s3t_rc rc = S3T_OK;
	if (sign)
		rc = hash_range(body->fd, body->offset, body->len, io, hash, sum, err);
	else if (s->spec.prove)
		body->digest = digest_new(DIGEST_MD5);
	if (rc != S3T_OK)
		return rc;
	struct http_body stream = {
		.size = body->len, .read = read_fd, .rewind = rewind_fd, .arg = body};
	if (s->upload_id)
		rc = s3_upload_part(&ctx, s->bucket, s->key, s->upload_id, index + 1, &stream,
			sv(hash), etag, err);
	else
		rc = s3_put_object_stream(&ctx, s->bucket, s->key, &s->put, &stream, sv(hash), etag,
			&s->version_id, err);
	if (body->digest)
		digest_final(body->digest, sum);
	digest_free(body->digest);
	body->digest = NULL;
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
static enum s3t_rc put_whole(struct loc_sink *s, const struct loc_io *io, int fd, uint64_t offset,
	uint64_t len, struct s3t_err *err)
{
	unsigned char sum[MD5_LEN];
	struct fd_body body = {.fd = fd, .offset = offset, .len = len, .io = io};
	enum s3t_rc rc = send_body(s, io, &body, s->spec.prove, 0, s->etag, sum, err);
	if (rc == S3T_UNSUPPORTED && s->put.if_none_match) {
		s->put.if_none_match = false;
		body = (struct fd_body){.fd = fd, .offset = offset, .len = len, .io = io};
		rc = send_body(s, io, &body, s->spec.prove, 0, s->etag, sum, err);
	}
	if (rc != S3T_EXISTS || !s->spec.prove)
		return rc;
	struct s3_ctx ctx = ctx_of(s->loc, io);
	struct s3_object there;
	s3_object_init(&there);
	bool is_ours = s3_head_object(&ctx, s->bucket, s->key, &there, NULL) == S3T_OK &&
		       there.size == len && etag_is_md5(there.etag, sum);
	memcpy(s->etag, there.etag, sizeof s->etag);
	s3_object_deinit(&there);
	if (is_ours && io->progress)
		io->progress(io->progress_arg, (int64_t)len);
	return is_ours ? S3T_OK : rc;
}

static enum s3t_rc s3_sink_part(struct loc_sink *s, const struct loc_io *io, uint32_t index,
	uint64_t offset, int fd, uint64_t fd_offset, uint64_t len, struct s3t_err *err)
{
	(void)offset;
	struct s3_client *client = ((struct s3_location *)s->loc)->client;
	unsigned char sum[MD5_LEN];
	if (!s->upload_id)
		return put_whole(s, io, fd, fd_offset, len, err);
	if (index >= s->slots)
		return s3t_fail(
			err, S3T_INVALID, "The object would need more than %u parts.", s->slots);
	for (int tries = 0;; tries++) {
		enum etag_rule rule = s3_client_etag_rule(client);
		bool sign = s->spec.prove && rule != ETAG_MD5;
		struct fd_body body = {.fd = fd, .offset = fd_offset, .len = len, .io = io};
		enum s3t_rc rc = send_body(s, io, &body, sign, index, s->etags[index], sum, err);
		if (rc != S3T_OK || !s->spec.prove)
			return rc;
		memcpy(s->md5s[index], sum, MD5_LEN);
		bool same = etag_is_md5(s->etags[index], sum);
		if (sign && rule == ETAG_UNKNOWN)
			s3_client_learn_etag_rule(client, same ? ETAG_MD5 : ETAG_OPAQUE);
		if (!same)
			atomic_store(&s->is_md5, false);
		if (same || sign)
			return S3T_OK;
		if (io->progress)
			io->progress(io->progress_arg, -(int64_t)len);
		if (tries)
			return s3t_fail(err, S3T_MISMATCH,
				"Part %u arrived wrong twice: its ETag is not "
				"the MD5 of what was sent.",
				index + 1);
		atomic_store(&s->is_md5, true);
	}
}

/* The ETag that the whole will have, if parts' ETags are MD5s; else "". */
static void expected_etag(const struct loc_sink *s, uint32_t count, char out[S3_ETAG_MAX])
{
	out[0] = '\0';
	if (!s->spec.prove || !atomic_load(&s->is_md5))
		return;
	unsigned char sum[MD5_LEN];
	md5(sv_n((const char *)s->md5s, (size_t)count * MD5_LEN), sum);
	struct strbuf text;
	strbuf_init(&text);
	hex_encode(&text, sum, sizeof sum);
	snprintf(out, S3_ETAG_MAX, "%s-%u", text.data, count);
	strbuf_deinit(&text);
}

static enum s3t_rc s3_sink_commit(struct loc_sink *s, const struct loc_io *io, uint32_t count,
	struct loc_sink_result *result, struct s3t_err *err)
{
	struct s3_ctx ctx = ctx_of(s->loc, io);
	*result = (struct loc_sink_result){.proof = s->spec.prove ? "signed SHA-256" : NULL};
	enum s3t_rc rc = S3T_OK;
	if (s->upload_id) {
		char expected[S3_ETAG_MAX];
		expected_etag(s, count, expected);
		struct loc_stat there;
		if (s->put.if_none_match) {
			rc = s3_stat(s->loc, io, sv(s->path), &there, NULL);
			bool is_there = rc == S3T_OK && there.kind == ENTRY_FILE;
			if (rc == S3T_OK)
				loc_stat_deinit(&there);
			if (is_there)
				return s3t_fail(err, S3T_EXISTS, "The target appeared meanwhile.");
		}
		rc = s3_complete_multipart_upload(&ctx, s->bucket, s->key, s->upload_id,
			(const char(*)[S3_ETAG_MAX])s->etags, count, expected, s->etag,
			&s->version_id, err);
		if (rc == S3T_OK && expected[0] && strcmp(expected, s->etag) != 0)
			rc = s3t_fail(err, S3T_MISMATCH,
				"The completed object's ETag is not that of the parts sent.");
		if (expected[0])
			result->proof = "part MD5 = ETag";
	}
	if (rc != S3T_OK)
		return rc;
	free(s->upload_id);
	s->upload_id = NULL;
	memcpy(result->etag, s->etag, sizeof result->etag);
	result->version_id = s->version_id;
	s->version_id = NULL;
	return S3T_OK;
}

static void s3_sink_set_mtime(struct loc_sink *s, int64_t mtime_ns)
{
	s->put.mtime_ns =
		mtime_ns; /* of use only for a single PUT: parts were created with theirs */
}

static enum s3t_rc s3_sink_abort(struct loc_sink *s, const struct loc_io *io, struct s3t_err *err)
{
	struct s3_ctx ctx = ctx_of(s->loc, io);
	if (!s->upload_id)
		return S3T_OK;
	return s3_abort_multipart_upload(&ctx, s->bucket, s->key, s->upload_id, err);
}

/* --- remove, prune, mkdir --- */

static enum s3t_rc s3_remove(struct location *loc, const struct loc_io *io,
	const struct strview *paths, size_t count,
	void (*failed)(void *arg, size_t index, const struct s3t_err *why), void *arg,
	struct s3t_err *err)
{
	struct s3_ctx ctx = ctx_of(loc, io);
	if (count == 0)
		return S3T_OK;
	struct strview bucket, key, *keys = s3t_alloc(count * sizeof *keys);
	for (size_t i = 0; i < count; i++) {
		s3_path_split(paths[i], &bucket, &key);
		keys[i] = key;
	}
	s3_path_split(paths[0], &bucket, &key);
	enum s3t_rc rc = S3T_OK;
	if (count == 1 && key.len == 0)
		rc = s3_delete_bucket(&ctx, bucket, err);
	else if (count == 1)
		rc = s3_delete_object(&ctx, bucket, key, err);
	else
		rc = s3_delete_objects(&ctx, bucket, keys, count, failed, arg, err);
	free(keys);
	return rc;
}

static enum s3t_rc s3_prune(
	struct location *loc, const struct loc_io *io, struct strview dir, struct s3t_err *err)
{
	(void)loc; /* markers are objects: they were moved or removed with the others */
	(void)io;
	(void)dir;
	(void)err;
	return S3T_OK;
}

static enum s3t_rc s3_mkdir(struct location *loc, const struct loc_io *io, struct strview root,
	struct strview rel, struct s3t_err *err)
{
	struct s3_ctx ctx = ctx_of(loc, io);
	struct strbuf path;
	strbuf_init(&path);
	path_join(&path, root, rel);
	struct strview bucket, key;
	s3_path_split(strbuf_view(&path), &bucket, &key);
	enum s3t_rc rc;
	if (key.len == 0) {
		rc = s3_create_bucket(&ctx, bucket, err);
	} else {
		if (path.data[path.len - 1] != '/')
			strbuf_add_char(&path, '/');
		s3_path_split(strbuf_view(&path), &bucket, &key);
		struct s3_put put = {
			.content_type = "application/x-directory", .mtime_ns = TIME_UNKNOWN};
		rc = s3_put_object(&ctx, bucket, key, &put, sv_n("", 0), NULL, err);
	}
	strbuf_deinit(&path);
	return rc;
}

static const struct location_ops s3_ops = {
	.kind = LOC_S3,
	.destroy = s3_destroy,
	.list_new = s3_list_new,
	.list_next = s3_list_next,
	.list_free = s3_list_free,
	.stat = s3_stat,
	.source_open = s3_source_open,
	.source_fd = no_source_fd,
	.source_read = s3_source_read,
	.source_check = s3_source_check,
	.source_facts = s3_source_facts,
	.source_close = s3_source_close,
	.sink_begin = s3_sink_begin,
	.sink_fd = no_sink_fd,
	.sink_part = s3_sink_part,
	.sink_commit = s3_sink_commit,
	.sink_set_mtime = s3_sink_set_mtime,
	.sink_abort = s3_sink_abort,
	.sink_free = s3_sink_free,
	.remove = s3_remove,
	.prune = s3_prune,
	.mkdir = s3_mkdir,
};

struct location *location_s3_new(struct s3_client *client)
{
	struct s3_location *loc = s3t_alloc(sizeof *loc);
	loc->base.ops = &s3_ops;
	atomic_init(&loc->base.refs, 1);
	loc->client = s3_client_ref(client);
	return &loc->base;
}
