/*
 * Compares, moving as little as possible (decision 12's rules, both ways): where an ETag is an MD5,
 * or the MD5 of parts whose size is known, the other side is hashed in its terms - a file from
 * disk, an object by fetching it; two objects with equal ETags need nothing at all. Only where
 * neither ETag says anything are both sides read.
 */
#include "core/crypto.h"
#include "core/json.h"
#include "core/timeutil.h"
#include "transfer/internal.h"

#include <stdlib.h>
#include <string.h>

static const char *const verdict_words[] = {
	"same", "differs", "only_first", "only_second", "unknown", "error"};
_Static_assert(sizeof verdict_words / sizeof *verdict_words == VERDICT_COUNT, "a word for each");

const char *verdict_word(enum verdict v)
{
	return verdict_words[v];
}

enum verdict verdict_of(enum item_outcome outcome, const struct s3t_err *err)
{
	if (outcome == ITEM_COMPLETED)
		return VERDICT_SAME;
	switch (err->rc) {
	case S3T_MISMATCH:
		return VERDICT_DIFFERS;
	case S3T_NOT_FOUND:
		return VERDICT_ONLY_FIRST;
	case S3T_EXISTS:
		return VERDICT_ONLY_SECOND;
	case S3T_UNSUPPORTED:
		return VERDICT_UNKNOWN;
	default:
		return VERDICT_ERROR;
	}
}

void verify_report_line(struct strbuf *out, const struct event *e, struct strview name,
	struct strview first, struct strview second)
{
	struct json_writer w;
	struct strbuf line;
	enum verdict v = verdict_of(e->outcome, &e->err);
	strbuf_init(&line);
	json_begin(&w, &line);
	json_add_bytes(&w, "name", name);
	json_add_bytes(&w, "first", first);
	json_add_bytes(&w, "second", second);
	json_add_string(&w, "status", sv(verdict_word(v)));
	json_add_uint(&w, "size", e->size);
	json_add_int(&w, "duration_ms", e->duration_ms);
	if (v == VERDICT_SAME)
		json_add_string(&w, "proof", sv(e->result.proof ? e->result.proof : ""));
	else
		json_add_string(&w, "why", sv(e->err.message));
	json_end(&w);
	strbuf_add_sv(out, strbuf_view(&line));
	strbuf_add_char(out, '\n');
	strbuf_deinit(&line);
}

struct side {
	struct location *loc;
	struct strview path;
	struct loc_stat stat;
	struct loc_facts facts;
	struct loc_source *source;
	int fd; /* -1: not local */
};

struct verify {
	const char *proof;
	struct strbuf target;
};

static bool accepts(const struct location *from, const struct location *to)
{
	(void)from;
	(void)to;
	return false; /* chosen by the kind of job */
}

static enum s3t_rc plan(struct item *it, struct s3t_err *err)
{
	(void)err;
	it->plan = (struct plan){.part_size = it->stat.size, .part_count = 1};
	return S3T_OK;
}

static enum s3t_rc begin(struct item *it, const struct loc_io *io, struct s3t_err *err)
{
	const struct job_spec *spec = &it->job->spec;
	struct verify *v = s3t_alloc(sizeof *v);
	(void)io;
	(void)err;
	it->route_state = v;
	strbuf_init(&v->target);
	path_join(&v->target, sv_n(spec->target_root, spec->target_root_len),
		sv_n(it->target, it->target_len));
	return S3T_OK;
}

static void close_verify(struct item *it)
{
	struct verify *v = it->route_state;
	if (v)
		strbuf_deinit(&v->target);
	free(v);
	it->route_state = NULL;
}

static void close_side(struct side *s)
{
	if (s->source)
		s->loc->ops->source_close(s->source);
	loc_stat_deinit(&s->stat);
}

/* An object by its key alone: a prefix of that name is something else. */
static enum s3t_rc look(struct side *s, const struct loc_io *io, struct s3t_err *err)
{
	struct s3_client *client = location_s3_client(s->loc);
	enum s3t_rc rc;
	s->fd = -1;
	s->stat = (struct loc_stat){.kind = ENTRY_FILE};
	if (client) {
		struct s3_ctx ctx = {.client = client, .conn = io->conn, .cancel = io->cancel};
		struct s3_object object;
		struct strview bucket, key;
		s3_object_init(&object);
		s3_path_split(s->path, &bucket, &key);
		rc = s3_head_object(&ctx, bucket, key, &object, err);
		s->stat.size = object.size;
		memcpy(s->stat.etag, object.etag, sizeof s->stat.etag);
		s->facts = (struct loc_facts){.mtime_ns = s3_object_time_ns(&object),
			.etag_is_opaque = object.etag_is_opaque,
			.part_size = object.part_size};
		if (rc == S3T_OK && object.coding && object.plain_size != UINT64_MAX) {
			/* what is compared is what it was before it was compressed or encrypted */
			s->stat.stored_size = object.size;
			s->stat.size = object.plain_size;
			s->stat.decode = true;
			s->facts.etag_is_opaque = true;
		}
		s3_object_deinit(&object);
	} else {
		rc = s->loc->ops->stat(s->loc, io, s->path, &s->stat, err);
		if (rc == S3T_OK && s->stat.kind != ENTRY_FILE)
			return s3t_fail(err, S3T_MISMATCH, "It is a file here and none there.");
	}
	if (rc == S3T_OK)
		rc = s->loc->ops->source_open(s->loc, io, s->path, &s->stat, &s->source, err);
	if (rc == S3T_OK)
		s->fd = s->loc->ops->source_fd(s->source);
	return rc;
}

/* --- reading a side once, in the terms of an ETag --- */

struct hasher {
	uint64_t unit, left; /* bytes of a part; still to come of this one; unit 0: one digest */
	struct digest *part, *all;
};

static bool feed(void *arg, const char *data, size_t len)
{
	struct hasher *h = arg;
	if (!h->unit) {
		digest_update(h->all, data, len);
		return true;
	}
	while (len) {
		size_t n = len < h->left ? len : (size_t)h->left;
		digest_update(h->part, data, n);
		h->left -= n;
		data += n;
		len -= n;
		if (h->left)
			break;
		unsigned char sum[MD5_LEN];
		digest_final(h->part, sum);
		digest_update(h->all, sum, sizeof sum);
		h->left = h->unit;
	}
	return true;
}

struct counting {
	struct hasher *hasher;
	const struct loc_io *io;
	uint64_t *moved;
};

static bool feed_and_count(void *arg, const char *data, size_t len)
{
	struct counting *c = arg;
	*c->moved += len;
	if (c->io->progress)
		c->io->progress(c->io->progress_arg, (int64_t)len);
	return feed(c->hasher, data, len);
}

/* out: MD5 in units of `unit`, or, with DIGEST_SHA256, of the whole. */
static enum s3t_rc hash_side(struct side *s, const struct loc_io *io, enum digest_kind kind,
	uint64_t unit, uint64_t *moved, unsigned char *out, struct s3t_err *err)
{
	struct hasher h = {.unit = unit, .left = unit, .all = digest_new(kind)};
	if (unit)
		h.part = digest_new(DIGEST_MD5);
	uint64_t none = 0;
	struct loc_io quiet = {.conn = io->conn, .cancel = io->cancel};
	bool is_moved = s->fd < 0;
	struct counting c = {&h, is_moved ? io : &quiet, is_moved ? moved : &none};
	enum s3t_rc rc = s->loc->ops->source_read(
		s->source, &quiet, 0, s->stat.size, feed_and_count, &c, err);
	unsigned char sum[MD5_LEN];
	if (unit && h.left < unit) {
		digest_final(h.part, sum);
		digest_update(h.all, sum, sizeof sum);
	}
	digest_final(h.all, out);
	digest_free(h.part);
	digest_free(h.all);
	return rc;
}

/* --- deciding --- */

static enum s3t_rc differ(struct s3t_err *err, const char *how)
{
	return s3t_fail(err, S3T_MISMATCH, "They differ: %s.", how);
}

/* Whether side `other` has the bytes that side `claims`' ETag is of. *settled: it could be said. */
static enum s3t_rc by_etag(const struct side *claims, struct side *other, const struct loc_io *io,
	uint64_t *moved, bool *settled, const char **proof, struct s3t_err *err)
{
	unsigned char want[MD5_LEN], got[MD5_LEN];
	uint32_t parts;
	*settled = false;
	if (claims->fd >= 0 || !etag_reads(claims->stat.etag, &claims->facts, want, &parts))
		return S3T_OK;
	if (other->fd >= 0) {
		enum s3t_rc rc = proof_file(other->fd, other->stat.size, claims->stat.etag,
			&claims->facts, NULL, NULL, io->cancel, proof, err);
		*settled = rc == S3T_MISMATCH || strncmp(*proof, "MD5", 3) == 0;
		return rc == S3T_MISMATCH ? differ(err, "the object's ETag is not of this file")
					  : rc;
	}
	uint64_t told = claims->facts.part_size, size = other->stat.size;
	if (parts && !(told && (size - 1) / told + 1 == parts))
		return S3T_OK; /* which of the possible part sizes it is would take a fetch each */
	enum s3t_rc rc = hash_side(other, io, DIGEST_MD5, parts ? told : 0, moved, got, err);
	if (rc != S3T_OK)
		return rc;
	*settled = true;
	*proof = "fetched one, MD5 = ETag";
	return memcmp(got, want, MD5_LEN) == 0 ? S3T_OK
					       : differ(err, "the bytes of one are not of "
							     "the other's ETag");
}

static enum s3t_rc by_reading(struct side *a, struct side *b, const struct loc_io *io,
	uint64_t *moved, const char **proof, struct s3t_err *err)
{
	unsigned char x[SHA256_LEN], y[SHA256_LEN];
	enum s3t_rc rc = hash_side(a, io, DIGEST_SHA256, 0, moved, x, err);
	if (rc == S3T_OK)
		rc = hash_side(b, io, DIGEST_SHA256, 0, moved, y, err);
	if (rc != S3T_OK)
		return rc;
	*proof = a->fd >= 0 && b->fd >= 0 ? "same bytes" : "fetched, same bytes";
	return memcmp(x, y, sizeof x) == 0 ? S3T_OK : differ(err, "their bytes");
}

/* Two objects whose ETags tell. */
static bool by_two_etags(
	const struct side *a, const struct side *b, enum s3t_rc *rc, struct s3t_err *err)
{
	unsigned char x[MD5_LEN], y[MD5_LEN];
	uint32_t a_parts, b_parts;
	if (a->fd >= 0 || b->fd >= 0 || !etag_reads(a->stat.etag, &a->facts, x, &a_parts) ||
		!etag_reads(b->stat.etag, &b->facts, y, &b_parts) || a_parts != b_parts)
		return false;
	bool is_same = memcmp(x, y, MD5_LEN) == 0;
	/* cut otherwise, the same bytes have another one */
	bool is_cut_alike =
		!a_parts || (a->facts.part_size && a->facts.part_size == b->facts.part_size);
	if (!is_same && !is_cut_alike)
		return false;
	*rc = is_same ? S3T_OK : differ(err, "their ETags, which are MD5s");
	return true;
}

static enum s3t_rc compare(struct item *it, struct side *a, struct side *b, const struct loc_io *io,
	uint64_t *moved, const char **proof, struct s3t_err *err)
{
	enum s3t_rc rc = S3T_OK;
	bool settled;
	if (a->stat.size != b->stat.size)
		return s3t_fail(err, S3T_MISMATCH, "They differ: %llu and %llu bytes.",
			(unsigned long long)a->stat.size, (unsigned long long)b->stat.size);
	*proof = "both are empty";
	if (a->stat.size == 0)
		return S3T_OK;
	*proof = "ETag = ETag";
	if (by_two_etags(a, b, &rc, err))
		return rc;
	bool may_fetch = !it->job->spec.no_fetch;
	bool has_file = a->fd >= 0 || b->fd >= 0;
	if (has_file || may_fetch) {
		rc = by_etag(a, b, io, moved, &settled, proof, err);
		if (rc != S3T_OK || settled)
			return rc;
		rc = by_etag(b, a, io, moved, &settled, proof, err);
		if (rc != S3T_OK || settled)
			return rc;
	}
	if (!may_fetch && !(a->fd >= 0 && b->fd >= 0))
		return s3t_fail(err, S3T_UNSUPPORTED,
			"Not verifiable without fetching: the ETag does not tell.");
	return by_reading(a, b, io, moved, proof, err);
}

static enum s3t_rc part(
	struct item *it, const struct loc_io *io, uint32_t index, struct s3t_err *err)
{
	const struct job_spec *spec = &it->job->spec;
	struct verify *v = it->route_state;
	struct side a = {.loc = spec->from, .path = sv_n(it->path, it->path_len)};
	struct side b = {.loc = spec->to, .path = strbuf_view(&v->target)};
	uint64_t moved = 0;
	(void)index;
	enum s3t_rc rc = look(&a, io, err);
	if (rc == S3T_NOT_FOUND) /* since it was listed: not what "only in the first" says */
		rc = err->rc = S3T_CHANGED;
	if (rc == S3T_OK) {
		rc = look(&b, io, err);
		if (rc == S3T_NOT_FOUND)
			rc = s3t_fail(err, S3T_NOT_FOUND, "It is only in the first place.");
	}
	if (rc == S3T_OK)
		rc = compare(it, &a, &b, io, &moved, &v->proof, err);
	/* what needed no moving is done as well */
	if (rc == S3T_OK && io->progress && moved < it->stat.size)
		io->progress(io->progress_arg, (int64_t)(it->stat.size - moved));
	else if (io->progress && moved > it->stat.size)
		io->progress(io->progress_arg, -(int64_t)(moved - it->stat.size));
	memcpy(it->stat.etag, a.stat.etag, sizeof it->stat.etag);
	close_side(&a);
	close_side(&b);
	return rc;
}

static enum s3t_rc finish(struct item *it, const struct loc_io *io, struct loc_sink_result *result,
	struct s3t_err *err)
{
	(void)io;
	(void)err;
	*result = (struct loc_sink_result){.proof = ((struct verify *)it->route_state)->proof};
	memcpy(result->etag, it->stat.etag, sizeof result->etag);
	return S3T_OK;
}

static enum s3t_rc abort_verify(struct item *it, const struct loc_io *io, struct s3t_err *err)
{
	(void)it; /* nothing was begun on either side */
	(void)io;
	(void)err;
	return S3T_OK;
}

const struct route route_verify = {.name = "verify",
	.accepts = accepts,
	.plan = plan,
	.begin = begin,
	.part = part,
	.finish = finish,
	.abort = abort_verify,
	.close = close_verify};
