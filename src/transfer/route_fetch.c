/*
 * From any source into a local file: parallel ranges written at their own place. libcurl hands over
 * 16 KiB at a time, so they are gathered. An object that comes in one range is hashed on its way;
 * in several, behind the writers, from the page cache (prover.h).
 */
#include "core/crc64.h"
#include "core/crypto.h"
#include "core/timeutil.h"
#include "transfer/internal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { GATHER = 256 << 10 };

struct fetch {
	unsigned char sum[MD5_LEN];
	bool has_sum;
	uint64_t *crcs; /* of the ranges; NULL: the service keeps none of objects */
	bool *has_crc;
	uint64_t written; /* by the one part */
};

struct writer {
	int fd, failed; /* failed: errno */
	uint64_t at, counted;
	size_t fill, room;
	char *buf;
	struct digest *digest; /* NULL: not hashed here */
	uint64_t *crc;         /* NULL: not wanted */
	const struct loc_io *io;
};

static bool accepts(const struct location *from, const struct location *to)
{
	(void)from;
	return to->ops->kind == LOC_LOCAL;
}

static enum s3t_rc plan(struct item *it, struct s3t_err *err)
{
	(void)err;
	const struct job_spec *spec = &it->job->spec;
	it->plan = plan_download(
		it->stat.size, spec->parallel_download && !it->in_one, spec->chunk_size);
	return S3T_OK;
}

static bool flush(struct writer *w)
{
	size_t done = 0;
	while (done < w->fill) {
		ssize_t n = pwrite(w->fd, w->buf + done, w->fill - done, (off_t)(w->at + done));
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0) {
			w->failed = errno;
			return false;
		}
		done += (size_t)n;
	}
	w->at += w->fill;
	w->fill = 0;
	return true;
}

/* What stands at the target's name now; -1: nothing that can be read. */
static int open_target(const struct item *it)
{
	const struct job_spec *spec = &it->job->spec;
	struct strbuf path;
	strbuf_init(&path);
	path_join(&path, sv_n(spec->target_root, spec->target_root_len),
		sv_n(it->target, it->target_len));
	int fd = open(path.data, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	strbuf_deinit(&path);
	return fd;
}

/* Policy "resume": the old target is replaced only by what begins with it. What was taken of it is
 * proven; this is for what was not, its last part of a range or all of it. */
static enum s3t_rc check_beginning(const struct item *it, struct s3t_err *err)
{
	int fetched = it->job->spec.to->ops->sink_fd(it->sink), old = open_target(it);
	if (old < 0 && errno == ENOENT)
		return S3T_OK;
	if (old < 0)
		return s3t_fail_errno(err, errno, "What is there cannot be read");
	char *a = s3t_alloc(GATHER), *b = s3t_alloc(GATHER);
	bool is_same = true;
	ssize_t n = 0;
	for (off_t at = 0; is_same && (n = pread(old, a, GATHER, at)) > 0; at += n)
		is_same = pread(fetched, b, (size_t)n, at) == n && memcmp(a, b, (size_t)n) == 0;
	free(a);
	free(b);
	close(old);
	return is_same && n == 0 ? S3T_OK
				 : s3t_fail(err, S3T_EXISTS,
					   "What is there is not the beginning of it, and stays.");
}

/* Copies what there is at the target's name in whole ranges; how many. */
static uint32_t copy_beginning(struct item *it, const struct loc_io *io, int from, uint64_t have)
{
	int to = it->job->spec.to->ops->sink_fd(it->sink);
	uint32_t ranges = (uint32_t)(have / it->plan.part_size);
	uint64_t len = (uint64_t)ranges * it->plan.part_size;
	char *buf = s3t_alloc(GATHER);
	for (uint64_t at = 0; at < len;) {
		size_t room = len - at < GATHER ? (size_t)(len - at) : GATHER;
		ssize_t n = pread(from, buf, room, (off_t)at);
		struct writer w = {.fd = to, .at = at, .buf = buf, .fill = n > 0 ? (size_t)n : 0};
		if (n <= 0 || !flush(&w) || cancel_is_set(io->cancel)) {
			len = at; /* it is another by now, or the disk is full: the ranges will tell
				   */
			break;
		}
		at += (uint64_t)n;
	}
	free(buf);
	return (uint32_t)(len / it->plan.part_size);
}

/* Policy "resume": the smaller file at the target's name is taken for the object's beginning. That
 * is proven in the end with all the rest, so it is not done where nothing would prove it. */
static void reuse_target(struct item *it, const struct loc_io *io)
{
	const struct job_spec *spec = &it->job->spec;
	struct stat st;
	if (it->answer != CONFLICT_RESUME || !spec->prove_download || it->plan.part_count < 2 ||
		it->parts.done_count || it->was_refetched)
		return;
	int fd = open_target(it);
	if (fd < 0)
		return;
	uint32_t ranges = 0;
	if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && (uint64_t)st.st_size < it->stat.size)
		ranges = copy_beginning(it, io, fd, (uint64_t)st.st_size);
	close(fd);
	pthread_mutex_lock(&it->job->engine->lock);
	for (uint32_t i = 0; i < ranges; i++)
		parts_set_done(&it->parts, i);
	it->was_reused = ranges > 0;
	pthread_mutex_unlock(&it->job->engine->lock);
	item_count_done_parts(it);
}

static enum s3t_rc begin(struct item *it, const struct loc_io *io, struct s3t_err *err)
{
	const struct job_spec *spec = &it->job->spec;
	struct fetch *f = s3t_alloc(sizeof *f);
	const struct s3_client *client = location_s3_client(spec->from);
	bool may_have_crc = client && spec->prove_download && s3_client_uses_crc64(client);
	it->route_state = f;
	if (may_have_crc) {
		f->crcs = s3t_alloc(it->plan.part_count * sizeof *f->crcs);
		f->has_crc = s3t_alloc(it->plan.part_count * sizeof *f->has_crc);
	}
	enum s3t_rc rc = S3T_OK;
	if (!it->source)
		rc = spec->from->ops->source_open(
			spec->from, io, sv_n(it->path, it->path_len), &it->stat, &it->source, err);
	if (rc != S3T_OK)
		return rc;
	struct loc_sink_spec sink = item_sink_spec(it);
	rc = item_sink_begin(it, io, &sink, err);
	if (rc == S3T_OK)
		reuse_target(it, io);
	/* what the first range would have told */
	if (rc == S3T_OK && it->plan.part_count > 1 &&
		(may_have_crc || parts_is_done(&it->parts, 0)))
		rc = spec->from->ops->source_learn(it->source, io, err);
	if (rc != S3T_OK)
		return rc;
	struct loc_facts facts;
	spec->from->ops->source_facts(it->source, &facts);
	if (it->plan.part_count > 1 && spec->prove_download && !facts.has_crc64 && !facts.decoded)
		it->prover = prover_new_download(it->stat.size, it->stat.etag, &facts);
	return S3T_OK;
}

static bool on_data(void *arg, const char *data, size_t len)
{
	struct writer *w = arg;
	if (w->digest)
		digest_update(w->digest, data, len);
	if (w->crc)
		*w->crc = crc64nvme(*w->crc, data, len);
	if (w->io->progress)
		w->io->progress(w->io->progress_arg, (int64_t)len);
	w->counted += len;
	while (len) {
		size_t n = w->room - w->fill < len ? w->room - w->fill : len;
		memcpy(w->buf + w->fill, data, n);
		w->fill += n;
		data += n;
		len -= n;
		if (w->fill == w->room && !flush(w))
			return false;
	}
	return true;
}

static enum s3t_rc part(
	struct item *it, const struct loc_io *io, uint32_t index, struct s3t_err *err)
{
	const struct job_spec *spec = &it->job->spec;
	struct fetch *f = it->route_state;
	uint64_t offset = plan_part_offset(&it->plan, index);
	uint64_t len = plan_part_len(&it->plan, index, it->stat.size);
	size_t room = len && len < GATHER ? (size_t)len : GATHER;
	bool inline_hash = it->plan.part_count == 1 && spec->prove_download;
	struct writer w = {.fd = spec->to->ops->sink_fd(it->sink),
		.at = offset,
		.room = room,
		.buf = s3t_alloc(room),
		.digest = inline_hash ? digest_new(DIGEST_MD5) : NULL,
		.crc = f->crcs ? &f->crcs[index] : NULL,
		.io = io};
	if (w.crc)
		*w.crc = 0;
	enum s3t_rc rc =
		spec->from->ops->source_read(it->source, io, offset, len, on_data, &w, err);
	if (rc == S3T_OK)
		flush(&w);
	if (w.failed)
		rc = s3t_fail_errno(err, w.failed, "The downloaded file cannot be written");
	if (rc == S3T_OK && inline_hash) {
		digest_final(w.digest, f->sum);
		f->has_sum = true;
	}
	if (rc == S3T_OK && w.crc)
		f->has_crc[index] = true;
	if (it->plan.part_count == 1)
		f->written = w.counted;
	if (rc != S3T_OK && io->progress)
		io->progress(io->progress_arg, -(int64_t)w.counted);
	digest_free(w.digest);
	free(w.buf);
	return rc;
}

/* The checksum of the whole from those of its ranges; those that an earlier process wrote are read.
 */
static enum s3t_rc prove_by_crc(struct item *it, const struct loc_io *io, uint64_t want,
	const char **proof, struct s3t_err *err)
{
	struct fetch *f = it->route_state;
	uint64_t whole = 0;
	int fd = it->job->spec.to->ops->sink_fd(it->sink);
	for (uint32_t i = 0; i < it->plan.part_count; i++) {
		uint64_t offset = plan_part_offset(&it->plan, i);
		uint64_t len = plan_part_len(&it->plan, i, it->stat.size);
		char *buf = f->has_crc[i] ? NULL : s3t_alloc(GATHER);
		for (uint64_t at = 0; at < len && !f->has_crc[i];) {
			size_t n = len - at < GATHER ? (size_t)(len - at) : GATHER;
			ssize_t got = pread(fd, buf, n, (off_t)(offset + at));
			if (got <= 0 || cancel_is_set(io->cancel)) {
				free(buf);
				return got <= 0
					       ? s3t_fail(err, S3T_IO,
							 "The downloaded file cannot be read back.")
					       : s3t_fail(err, S3T_CANCELLED, "Cancelled.");
			}
			f->crcs[i] = crc64nvme(f->crcs[i], buf, (size_t)got);
			at += (uint64_t)got;
		}
		free(buf);
		whole = crc64nvme_combine(whole, f->crcs[i], len);
	}
	*proof = "CRC64NVME";
	return whole == want ? S3T_OK
			     : s3t_fail(err, S3T_MISMATCH,
				       "What arrived does not match the object's CRC64NVME.");
}

static enum s3t_rc finish(struct item *it, const struct loc_io *io, struct loc_sink_result *result,
	struct s3t_err *err)
{
	const struct job_spec *spec = &it->job->spec;
	struct fetch *f = it->route_state;
	struct loc_facts facts;
	const char *proof = NULL;
	enum s3t_rc rc = S3T_OK;
	spec->from->ops->source_facts(it->source, &facts);
	if (facts.decoded && it->plan.part_count == 1) { /* only now its size is known */
		if (!it->stat.stored_size)
			it->stat.stored_size = it->stat.size;
		item_set_size(it, f->written);
		if (ftruncate(spec->to->ops->sink_fd(it->sink), (off_t)f->written) != 0)
			return s3t_fail_errno(err, errno, "The downloaded file cannot be cut");
	}
	if (facts.decoded) /* and the source has compared what is stored, where it could */
		proof = facts.decoded;
	else if (f->crcs && facts.has_crc64)
		rc = prove_by_crc(it, io, facts.crc64, &proof, err);
	else if (spec->prove_download)
		rc = proof_file(spec->to->ops->sink_fd(it->sink), it->stat.size, it->stat.etag,
			&facts, f->has_sum ? f->sum : NULL, it->prover, io->cancel, &proof, err);
	if (rc == S3T_OK && it->was_reused && (!proof || strstr(proof, "not verifiable")))
		rc = s3t_fail(err, S3T_MISMATCH,
			"Nothing proves that what was there is the object's beginning.");
	if (rc == S3T_OK && it->answer == CONFLICT_RESUME)
		rc = check_beginning(it, err);
	if (rc != S3T_OK)
		return rc;
	if (facts.mtime_ns != TIME_UNKNOWN)
		spec->to->ops->sink_set_mtime(it->sink, facts.mtime_ns);
	rc = spec->to->ops->sink_commit(it->sink, io, it->plan.part_count, result, err);
	result->proof = proof;
	snprintf(result->etag, sizeof result->etag, "%s", it->stat.etag);
	return rc;
}

static enum s3t_rc abort_fetch(struct item *it, const struct loc_io *io, struct s3t_err *err)
{
	return it->sink ? it->job->spec.to->ops->sink_abort(it->sink, io, err) : S3T_OK;
}

static void close_fetch(struct item *it)
{
	struct fetch *f = it->route_state;
	if (f) {
		free(f->crcs);
		free(f->has_crc);
	}
	free(f);
	it->route_state = NULL;
}

const struct route route_fetch = {.name = "fetch",
	.accepts = accepts,
	.plan = plan,
	.begin = begin,
	.part = part,
	.finish = finish,
	.abort = abort_fetch,
	.close = close_fetch};
