/*
 * Objects as sources of location_s3.c. Where the caller wants it, what was done to the bytes before
 * they came (coding.h) is undone: while the whole is read in one, told by the answer's own headers;
 * or, once source_look() has asked, at any place of what is only encrypted. No byte is handed out
 * before its chunk is authenticated.
 */
#include "core/location_s3_private.h"

#include "core/coding.h"
#include "core/timeutil.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

struct loc_source {
	struct location *loc;
	char *path;
	struct strview bucket, key;
	struct path_version version;
	uint64_t size;   /* stored; by the listing */
	uint64_t wanted; /* of what is read, as the caller knows it */
	char etag[S3_ETAG_MAX];
	pthread_mutex_t facts_lock;
	struct loc_facts facts; /* guarded by facts_lock */
	bool decode;
	pthread_mutex_t look_lock; /* held while the first of several readers looks */
	/* written by look before was_looked_at, immutable from then on */
	atomic_bool was_looked_at;
	bool is_coded;
	struct coding coding;
	struct age_file file; /* with coding.is_age and nothing else */
	bool has_file;
	uint64_t plain_size;
};

enum s3t_rc s3_source_open(struct location *loc, const struct loc_io *io, struct strview path,
	const struct loc_stat *listed, struct loc_source **out, struct s3t_err *err)
{
	(void)io;
	(void)err;
	struct loc_source *s = s3t_alloc(sizeof *s);
	s->loc = location_ref(loc);
	s->path = s3t_strndup(path.data, path.len);
	s3_path_split(sv_n(s->path, path.len), &s->bucket, &s->key);
	(void)path_version_split(sv_n(s->path, path.len), &s->version);
	s->size = listed->stored_size ? listed->stored_size : listed->size;
	s->wanted = listed->size;
	s->decode = listed->decode;
	s->facts.mtime_ns = TIME_UNKNOWN;
	pthread_mutex_init(&s->facts_lock, NULL);
	pthread_mutex_init(&s->look_lock, NULL);
	memcpy(s->etag, listed->etag, sizeof s->etag);
	*out = s;
	return S3T_OK;
}

int s3_source_fd(const struct loc_source *s)
{
	(void)s;
	return -1;
}

static void learn(struct loc_source *s, const struct s3_object *object)
{
	pthread_mutex_lock(&s->facts_lock);
	s->facts.mtime_ns = s3_object_time_ns(object);
	s->facts.etag_is_opaque = object->etag_is_opaque;
	s->facts.part_size = object->part_size;
	if (object->has_crc64) { /* a range does not tell it: then it stays as known */
		s->facts.has_crc64 = true;
		s->facts.crc64 = object->crc64;
	}
	pthread_mutex_unlock(&s->facts_lock);
}

static void learn_decoded(struct loc_source *s, const char *proof)
{
	pthread_mutex_lock(&s->facts_lock);
	s->facts.decoded = proof;
	pthread_mutex_unlock(&s->facts_lock);
}

static struct s3_get get_of(const struct loc_source *s, uint64_t offset, uint64_t len,
	bool (*sink)(void *arg, const char *data, size_t n), void *arg)
{
	bool is_whole = offset == 0 && len == s->size;
	return (struct s3_get){.bucket = s->bucket,
		.key = s->key,
		.version_id = s->version.id,
		.offset = offset,
		.len = is_whole ? UINT64_MAX : len,
		.total = s->size,
		.etag = s->etag,
		.sink = sink,
		.sink_arg = arg};
}

/* --- decoding --- */

static const char *proof_of(struct coding c)
{
	return c.is_age                         ? "authenticated by age"
	       : c.compression == COMPRESS_GZIP ? "the checksum of gzip"
						: "the checksum of zstd";
}

/* *keys: the client's. */
static enum s3t_rc find_keys(const struct loc_source *s, const struct loc_io *io, bool is_ours,
	const struct age_keys **keys, struct s3t_err *err)
{
	struct s3_client *client = s3_location_client(s->loc);
	enum s3t_rc rc = s3_client_age_keys(client, io->cancel, keys, err);
	if (rc == S3T_OK && is_ours && !age_keys_can_decrypt(*keys))
		rc = s3t_fail(err, S3T_DENIED,
			"It is encrypted (age), and profile %s has no client_identity_file and no "
			"client_passphrase_command; --raw fetches it as it is.",
			s3_client_profile(client)->name);
	return rc;
}

/* How an object that is read is coded: by its metadata; or it begins as age files do, and we have
 * an identity. start: its first bytes, as far as they are known. */
static enum s3t_rc find_coding(const struct loc_source *s, const struct loc_io *io,
	const struct s3_object *o, struct strview start, struct coding *out,
	const struct age_keys **keys, struct s3t_err *err)
{
	*out = (struct coding){.compression = COMPRESS_OFF};
	if (o->coding && !coding_parse(sv(o->coding), out))
		return s3t_fail(err, S3T_UNSUPPORTED,
			"It is coded in a way that this program does not know (%.40s); --raw "
			"fetches it as it is.",
			o->coding);
	if (out->is_age)
		return find_keys(s, io, true, keys, err);
	bool is_armored;
	if (o->coding || !coding_is_age_file(start, &is_armored))
		return S3T_OK;
	enum s3t_rc rc = find_keys(s, io, false, keys, err);
	out->is_age = rc == S3T_OK && age_keys_can_decrypt(*keys);
	out->is_armored = out->is_age && is_armored;
	return rc;
}

/* The whole, decoded on its way if its headers or its beginning say so. */
struct stream {
	struct loc_source *source;
	const struct loc_io *io;
	struct s3_object object; /* of the first answer */
	struct strbuf start;     /* until it is known how it is coded */
	bool is_known;
	struct coding coding;
	struct decoder *decoder; /* NULL: not coded */
	struct digest *digest;   /* of what is stored, if the ETag may be its MD5 */
	bool (*sink)(void *arg, const char *data, size_t n);
	void *arg;
	struct s3t_err err;
};

static bool hand_on(struct stream *s, const char *data, size_t len)
{
	if (!s->decoder)
		return !len || s->sink(s->arg, data, len);
	return decoder_add(s->decoder, data, len, s->sink, s->arg, &s->err) == S3T_OK;
}

static bool decide(struct stream *s)
{
	struct loc_source *source = s->source;
	const struct age_keys *keys = NULL;
	s->is_known = true;
	if (find_coding(source, s->io, &s->object, strbuf_view(&s->start), &s->coding, &keys,
		    &s->err) != S3T_OK)
		return false;
	if (!coding_is_none(s->coding)) {
		s->decoder = decoder_new(s->coding, keys);
		learn_decoded(source, proof_of(s->coding));
	}
	return hand_on(s, s->start.data, s->start.len);
}

static bool on_stream(void *arg, const char *data, size_t len)
{
	struct stream *s = arg;
	digest_update(s->digest, data, len);
	if (s->is_known)
		return hand_on(s, data, len);
	strbuf_add(&s->start, data, len);
	return s->start.len < CODING_START || decide(s);
}

/* What is stored against its ETag, where that is an MD5: the decoder sees only what decodes. */
static enum s3t_rc check_stored(struct stream *s, struct s3t_err *err)
{
	unsigned char sum[MD5_LEN], told[MD5_LEN];
	const struct s3_client *client = s3_location_client(s->source->loc);
	digest_final(s->digest, sum);
	bool is_md5 = !s->object.etag_is_opaque &&
		      s3_client_profile(client)->provider->etag != ETAG_OPAQUE &&
		      hex_decode(sv(s->object.etag), told, MD5_LEN);
	return !is_md5 || memcmp(sum, told, MD5_LEN) == 0
		       ? S3T_OK
		       : s3t_fail(err, S3T_MISMATCH, "What came is not what is stored (MD5).");
}

static enum s3t_rc read_stream(struct loc_source *source, const struct loc_io *io,
	bool (*sink)(void *arg, const char *data, size_t n), void *arg, struct s3t_err *err)
{
	struct s3_ctx ctx = s3_location_ctx(source->loc, io);
	struct stream s = {.source = source,
		.io = io,
		.sink = sink,
		.arg = arg,
		.digest = digest_new(DIGEST_MD5)};
	strbuf_init(&s.start);
	s3_object_init(&s.object);
	struct s3_get get = get_of(source, 0, source->size, on_stream, &s);
	get.object = &s.object;
	enum s3t_rc rc = s3_get_object(&ctx, &get, err);
	if (rc == S3T_OK && s.err.rc == S3T_OK && !s.is_known)
		(void)decide(&s);
	if (rc == S3T_OK && s.err.rc == S3T_OK && s.decoder)
		rc = check_stored(&s, err);
	if (rc == S3T_OK && s.err.rc == S3T_OK && s.decoder)
		s.err.rc = decoder_end(s.decoder, sink, arg, &s.err);
	if (s.err.rc != S3T_OK && !cancel_is_set(io->cancel)) {
		*err = s.err;
		rc = s.err.rc;
	}
	if (rc == S3T_OK)
		learn(source, &s.object);
	decoder_free(s.decoder);
	digest_free(s.digest);
	strbuf_deinit(&s.start);
	s3_object_deinit(&s.object);
	return rc;
}

/* --- what is only encrypted, at any place --- */

static bool gather(void *arg, const char *data, size_t len)
{
	strbuf_add(arg, data, len);
	return strbuf_ok(arg);
}

static enum s3t_rc read_head(struct loc_source *s, const struct age_keys *keys,
	const struct loc_io *io, struct s3t_err *err)
{
	struct s3_ctx ctx = s3_location_ctx(s->loc, io);
	size_t need = 1024;
	enum s3t_rc rc = S3T_OK;
	while (need && rc == S3T_OK) {
		struct strbuf start;
		uint64_t len = need < s->size ? need : s->size;
		bool is_all = len == s->size;
		strbuf_init_cap(&start, 4 * AGE_HEADER_MAX);
		struct s3_get get = get_of(s, 0, len, gather, &start);
		rc = s3_get_object(&ctx, &get, err);
		if (rc == S3T_OK)
			rc = age_file_open(keys, strbuf_view(&start), &s->file, &need, err);
		if (rc == S3T_OK && need && is_all)
			rc = s3t_fail(err, S3T_MISMATCH, "What is encrypted ends in its header.");
		strbuf_deinit(&start);
	}
	s->has_file = rc == S3T_OK;
	return rc;
}

/* The first bytes, where nothing but they would tell. */
static enum s3t_rc read_magic(
	struct loc_source *s, const struct loc_io *io, struct strbuf *out, struct s3t_err *err)
{
	struct s3_ctx ctx = s3_location_ctx(s->loc, io);
	const struct age_keys *keys = NULL;
	enum s3t_rc rc = find_keys(s, io, false, &keys, err);
	if (rc != S3T_OK || !age_keys_can_decrypt(keys) || s->size <= CODING_START)
		return rc;
	struct s3_get get = get_of(s, 0, CODING_START, gather, out);
	return s3_get_object(&ctx, &get, err);
}

static enum s3t_rc look_locked(struct loc_source *s, const struct loc_io *io, uint64_t *size,
	bool *in_one, struct s3t_err *err)
{
	struct s3_ctx ctx = s3_location_ctx(s->loc, io);
	struct s3_object o;
	struct strbuf start;
	const struct age_keys *keys = NULL;
	*size = s->wanted;
	*in_one = false;
	if (!s->decode)
		return S3T_OK;
	s3_object_init(&o);
	strbuf_init(&start);
	enum s3t_rc rc = s3_head_version(&ctx, s->bucket, s->key, s->version.id, &o, err);
	if (rc == S3T_OK && s->etag[0] && strcmp(o.etag, s->etag) != 0)
		rc = s3t_fail(err, S3T_CHANGED, "The object changed on the server meanwhile.");
	if (rc == S3T_OK) {
		learn(s, &o);
		s->size = o.size;
		memcpy(s->etag, o.etag, sizeof s->etag);
	}
	if (rc == S3T_OK && !o.coding)
		rc = read_magic(s, io, &start, err);
	if (rc == S3T_OK)
		rc = find_coding(s, io, &o, strbuf_view(&start), &s->coding, &keys, err);
	s->is_coded = rc == S3T_OK && !coding_is_none(s->coding);
	*in_one = s->is_coded && (s->coding.compression != COMPRESS_OFF || s->coding.is_armored);
	if (rc == S3T_OK && *in_one) {
		*size = o.plain_size != UINT64_MAX ? o.plain_size : s->size;
	} else if (rc == S3T_OK && s->is_coded) {
		rc = read_head(s, keys, io, err);
		*size = rc == S3T_OK && s->size > s->file.head.len
				? age_plain_size(s->size - s->file.head.len)
				: UINT64_MAX;
		if (rc == S3T_OK && *size == UINT64_MAX)
			rc = s3t_fail(err, S3T_MISMATCH, "What is encrypted was cut.");
		learn_decoded(s, proof_of(s->coding));
	} else if (rc == S3T_OK) {
		*size = s->size;
	}
	s->plain_size = *size;
	atomic_store(&s->was_looked_at, rc == S3T_OK);
	s3_object_deinit(&o);
	strbuf_deinit(&start);
	return rc;
}

enum s3t_rc s3_source_look(struct loc_source *s, const struct loc_io *io, uint64_t *size,
	bool *in_one, struct s3t_err *err)
{
	pthread_mutex_lock(&s->look_lock);
	enum s3t_rc rc = look_locked(s, io, size, in_one, err);
	pthread_mutex_unlock(&s->look_lock);
	return rc;
}

/* Several workers read ranges of one source: one looks for all. */
static enum s3t_rc look_once(struct loc_source *s, const struct loc_io *io, struct s3t_err *err)
{
	uint64_t size;
	bool in_one;
	pthread_mutex_lock(&s->look_lock);
	enum s3t_rc rc =
		atomic_load(&s->was_looked_at) ? S3T_OK : look_locked(s, io, &size, &in_one, err);
	pthread_mutex_unlock(&s->look_lock);
	return rc;
}

/* A range of the plain file out of its chunks. */
struct cutter {
	struct loc_source *source;
	unsigned char sealed[AGE_SEALED];
	size_t fill;
	uint64_t index, chunks;
	uint64_t skip, left; /* of what is opened */
	bool (*sink)(void *arg, const char *data, size_t n);
	void *arg;
	struct s3t_err err;
};

static bool open_one(struct cutter *c)
{
	unsigned char plain[AGE_CHUNK];
	bool is_last = c->index + 1 == c->chunks;
	if (!age_open(&c->source->file, c->index, is_last, c->sealed, c->fill, plain)) {
		s3t_fail(&c->err, S3T_MISMATCH,
			"What is encrypted was damaged or tampered with; nothing of it is used.");
		return false;
	}
	size_t len = c->fill - AEAD_TAG_LEN, skip = c->skip < len ? (size_t)c->skip : len;
	size_t n = len - skip < c->left ? len - skip : (size_t)c->left;
	bool go_on = !n || c->sink(c->arg, (const char *)plain + skip, n);
	explicit_bzero(plain, sizeof plain);
	c->skip -= skip;
	c->left -= n;
	c->index++;
	c->fill = 0;
	return go_on;
}

static bool on_sealed(void *arg, const char *data, size_t len)
{
	struct cutter *c = arg;
	while (len) {
		if (c->fill == AGE_SEALED && !open_one(c))
			return false;
		size_t n = AGE_SEALED - c->fill < len ? AGE_SEALED - c->fill : len;
		memcpy(c->sealed + c->fill, data, n);
		c->fill += n;
		data += n;
		len -= n;
	}
	return true;
}

static enum s3t_rc read_chunks(struct loc_source *s, const struct loc_io *io, uint64_t offset,
	uint64_t len, bool (*sink)(void *arg, const char *data, size_t n), void *arg,
	struct s3t_err *err)
{
	struct s3_ctx ctx = s3_location_ctx(s->loc, io);
	struct cutter *c = s3t_alloc(sizeof *c);
	uint64_t body = s->size - s->file.head.len;
	*c = (struct cutter){.source = s,
		.index = offset / AGE_CHUNK,
		.chunks = (body + AGE_SEALED - 1) / AGE_SEALED,
		.skip = offset % AGE_CHUNK,
		.left = len,
		.sink = sink,
		.arg = arg};
	uint64_t from = c->index * AGE_SEALED;
	uint64_t end = len ? ((offset + len - 1) / AGE_CHUNK + 1) * AGE_SEALED : from + AGE_SEALED;
	if (end > body)
		end = body;
	struct s3_get get = get_of(s, s->file.head.len + from, end - from, on_sealed, c);
	enum s3t_rc rc = from < end ? s3_get_object(&ctx, &get, err) : S3T_OK;
	if (rc == S3T_OK && c->err.rc == S3T_OK && c->fill)
		(void)open_one(c);
	if (c->err.rc != S3T_OK) {
		*err = c->err;
		rc = c->err.rc;
	}
	free(c);
	return rc;
}

/* --- reading --- */

static enum s3t_rc read_plain(struct loc_source *s, const struct loc_io *io, uint64_t offset,
	uint64_t len, bool (*sink)(void *arg, const char *data, size_t n), void *arg,
	struct s3t_err *err)
{
	struct s3_ctx ctx = s3_location_ctx(s->loc, io);
	struct s3_get get = get_of(s, offset, len, sink, arg);
	/* an empty object is asked for as well: its metadata is part of it */
	struct s3_object object;
	s3_object_init(&object);
	get.object = offset == 0 ? &object : NULL;
	enum s3t_rc rc = s3_get_object(&ctx, &get, err);
	if (rc == S3T_OK && offset == 0)
		learn(s, &object);
	s3_object_deinit(&object);
	return rc;
}

/* A part of what can only be read from its start. */
struct window {
	uint64_t skip, left;
	bool (*sink)(void *arg, const char *data, size_t n);
	void *arg;
	bool was_enough;
};

static bool on_window(void *arg, const char *data, size_t len)
{
	struct window *w = arg;
	size_t skip = w->skip < len ? (size_t)w->skip : len;
	w->skip -= skip;
	len -= skip;
	if (len > w->left)
		len = (size_t)w->left;
	if (len && !w->sink(w->arg, data + skip, len))
		return false;
	w->left -= len;
	w->was_enough = w->left == 0;
	return !w->was_enough;
}

enum s3t_rc s3_source_read(struct loc_source *s, const struct loc_io *io, uint64_t offset,
	uint64_t len, bool (*sink)(void *arg, const char *data, size_t n), void *arg,
	struct s3t_err *err)
{
	struct s3t_err local;
	if (!err)
		err = &local;
	if (!s->decode)
		return read_plain(s, io, offset, len, sink, arg, err);
	bool was_looked_at = atomic_load(&s->was_looked_at);
	if (!was_looked_at && offset == 0 && len == s->wanted)
		return read_stream(s, io, sink, arg, err);
	if (!was_looked_at && look_once(s, io, err) != S3T_OK)
		return err->rc;
	if (!s->is_coded)
		return read_plain(s, io, offset, len, sink, arg, err);
	if (s->has_file)
		return read_chunks(s, io, offset, len, sink, arg, err);
	if (offset == 0 && len == s->plain_size)
		return read_stream(s, io, sink, arg, err);
	struct window w = {.skip = offset, .left = len, .sink = sink, .arg = arg};
	enum s3t_rc rc = len ? read_stream(s, io, on_window, &w, err) : S3T_OK;
	return w.was_enough ? S3T_OK : rc;
}

enum s3t_rc s3_source_learn(struct loc_source *s, const struct loc_io *io, struct s3t_err *err)
{
	struct s3_ctx ctx = s3_location_ctx(s->loc, io);
	struct s3_object object;
	if (atomic_load(&s->was_looked_at))
		return S3T_OK;
	s3_object_init(&object);
	enum s3t_rc rc = s3_head_version(&ctx, s->bucket, s->key, s->version.id, &object, err);
	if (rc == S3T_OK &&
		(object.size != s->size || (s->etag[0] && strcmp(object.etag, s->etag) != 0)))
		rc = s3t_fail(err, S3T_CHANGED, "The object changed on the server meanwhile.");
	if (rc == S3T_OK)
		learn(s, &object);
	s3_object_deinit(&object);
	return rc;
}

void s3_source_facts(struct loc_source *s, struct loc_facts *out)
{
	pthread_mutex_lock(&s->facts_lock);
	*out = s->facts;
	pthread_mutex_unlock(&s->facts_lock);
}

enum s3t_rc s3_source_check(struct loc_source *s, struct s3t_err *err)
{
	(void)s; /* every range carried If-Match */
	(void)err;
	return S3T_OK;
}

void s3_source_close(struct loc_source *s)
{
	if (!s)
		return;
	if (s->has_file)
		age_file_deinit(&s->file);
	location_unref(s->loc);
	free(s->path);
	pthread_mutex_destroy(&s->look_lock);
	pthread_mutex_destroy(&s->facts_lock);
	free(s);
}
