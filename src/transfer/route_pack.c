/*
 * From a file that is compressed on its way, and perhaps encrypted, into S3: how long it will be is
 * not known. One worker makes it, a part at a time in an unlinked spool file, and sends each when
 * it is full; what ends within the first part goes in one piece. Where it goes on, it is made
 * again, and a part that the server has by the same MD5 is not sent a second time.
 */
#include "core/fdio.h"
#include "core/md5_lanes.h"
#include "transfer/internal.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { PIECE = 256 << 10, IN_PARTS = 2 /* as journaled: nobody knows how many */ };

struct pack {
	struct encoder *encoder;
	struct strbuf out;
	int spool;
	uint64_t spooled; /* in it, of the part that is being filled */
	uint64_t part_size, stored;
	uint32_t part_count, most;
};

static enum s3t_rc plan(struct item *it, struct s3t_err *err)
{
	enum s3t_rc rc = route_send.plan(it, err); /* the size of its parts */
	if (rc != S3T_OK)
		return rc;
	struct pack *p = s3t_alloc(sizeof *p);
	it->route_state = p;
	p->spool = -1;
	strbuf_init_cap(&p->out, SIZE_MAX / 2);
	p->part_size = it->plan.part_count > 1 ? it->plan.part_size : S3_PART_MIN;
	uint32_t most =
		s3_client_profile(location_s3_client(it->job->spec.to))->provider->max_parts;
	p->most = most ? most : S3_PARTS_MAX;
	/* what does not compress grows a little: it may take one part more than planned */
	if (it->plan.part_count >= p->most)
		p->part_size += p->part_size / 64 + AGE_CHUNK;
	if (it->partial &&
		it->partial->size ==
			it->stat.size) /* as it was cut, whatever the configuration says by now */
		p->part_size = it->partial->part_size;
	it->plan = (struct plan){.part_size = it->stat.size, .part_count = 1};
	return S3T_OK;
}

static void close_pack(struct item *it)
{
	struct pack *p = it->route_state;
	if (!p)
		return;
	encoder_free(p->encoder);
	strbuf_deinit_wipe(&p->out);
	if (p->spool >= 0)
		close(p->spool);
	free(p);
	it->route_state = NULL;
}

static enum s3t_rc begin(struct item *it, const struct loc_io *io, struct s3t_err *err)
{
	const struct job_spec *spec = &it->job->spec;
	struct pack *p = it->route_state;
	enum s3t_rc rc = S3T_OK;
	if (!it->source)
		rc = spec->from->ops->source_open(
			spec->from, io, sv_n(it->path, it->path_len), &it->stat, &it->source, err);
	if (rc != S3T_OK)
		return rc;
	struct loc_facts facts;
	spec->from->ops->source_facts(it->source, &facts);
	it->stat.mtime_ns = facts.mtime_ns;
	p->spool = spool_open();
	if (p->spool < 0)
		return s3t_fail_errno(err, errno, "No temporary file can be made");
	unsigned char seed[SHA256_LEN];
	bool has_seed = item_coding_seed(it, seed);
	rc = encoder_new(
		it->coding->how, it->coding->keys, has_seed ? seed : NULL, &p->encoder, err);
	explicit_bzero(seed, sizeof seed);
	return rc;
}

static enum s3t_rc to_spool(struct pack *p, struct s3t_err *err)
{
	if (!fd_pwrite_all(p->spool, p->out.data, p->out.len, p->spooled))
		return s3t_fail_errno(err, errno, "The temporary file cannot be written");
	p->spooled += p->out.len;
	strbuf_reset(&p->out);
	return S3T_OK;
}

/* Begins the target once it is known whether it takes more than one part. */
static enum s3t_rc begin_target(
	struct item *it, const struct loc_io *io, bool is_single, struct s3t_err *err)
{
	const struct job_spec *spec = &it->job->spec;
	struct pack *p = it->route_state;
	struct loc_io calm = {.conn = io->conn, .cancel = it->job->engine->cleanup};
	struct loc_sink_spec sink = item_sink_spec(it);
	struct loc_token token;
	item_coding_tell(it, it->stat.size, &sink);
	sink.defer_proof = false;
	sink.size = is_single ? p->spooled : UINT64_MAX;
	sink.part_size = is_single ? 0 : p->part_size;
	sink.part_count = is_single ? 1 : p->most;
	struct strview root = sv_n(spec->target_root, spec->target_root_len);
	struct strview target = sv_n(it->target, it->target_len);
	enum s3t_rc rc = S3T_OK;
	if (it->partial) /* what ends within one part now was never begun by this source */
		rc = item_check_partial(it, io, p->part_size, is_single ? 1 : IN_PARTS, err);
	if (rc == S3T_OK && it->partial) {
		sink.resume = &it->partial->token;
		rc = spec->to->ops->sink_begin(
			spec->to, &calm, root, target, &sink, &it->sink, err);
		sink.resume = NULL;
		if (rc != S3T_NOT_FOUND)
			return rc;
		rc = S3T_OK;
		pthread_mutex_lock(&it->job->engine->lock);
		item_forget_partial_locked(it);
		pthread_mutex_unlock(&it->job->engine->lock);
	}
	if (rc == S3T_OK && !is_single)
		item_intend_parts(it, p->part_size, IN_PARTS);
	if (rc == S3T_OK)
		rc = spec->to->ops->sink_begin(
			spec->to, is_single ? io : &calm, root, target, &sink, &it->sink, err);
	if (rc == S3T_OK && !is_single && spec->to->ops->sink_token(it->sink, &token))
		item_begun(it, &token);
	return rc;
}

/* Whether the server has this part, by its MD5, from before. */
static bool is_there(struct item *it, uint64_t len)
{
	const struct location_ops *to = it->job->spec.to->ops;
	const struct pack *p = it->route_state;
	struct md5_range range = {.bytes = {.fd = p->spool}, .len = len};
	return to->sink_has_part(it->sink, p->part_count) &&
	       md5_ranges(&range, 1, 1, NULL, NULL) == S3T_OK &&
	       to->sink_prove(it->sink, p->part_count, range.sum);
}

/* Sends what fills a part, or all that is left. */
static enum s3t_rc send_spooled(
	struct item *it, const struct loc_io *io, bool is_end, struct s3t_err *err)
{
	const struct job_spec *spec = &it->job->spec;
	struct pack *p = it->route_state;
	struct loc_io quiet = {.conn = io->conn, .cancel = io->cancel, .retries = io->retries};
	struct byte_source bytes = {.fd = p->spool};
	bool is_single = is_end && p->part_count == 0 && p->spooled <= p->part_size;
	enum s3t_rc rc = S3T_OK;
	while (rc == S3T_OK &&
		(p->spooled > p->part_size || (is_end && (p->spooled || is_single)))) {
		uint64_t len = p->spooled < p->part_size ? p->spooled : p->part_size;
		if (!it->sink)
			rc = begin_target(it, io, is_single, err);
		if (rc == S3T_OK && !is_there(it, len))
			rc = spec->to->ops->sink_part(it->sink, &quiet, p->part_count,
				p->part_size * p->part_count, &bytes, 0, len, err);
		if (rc != S3T_OK)
			break;
		p->part_count++;
		p->stored += len;
		p->spooled -= len;
		/* the rest is the beginning of the next part; there is little of it */
		for (uint64_t at = 0; at < p->spooled && rc == S3T_OK;) {
			char buf[64 << 10];
			size_t want = p->spooled - at < sizeof buf ? (size_t)(p->spooled - at)
								   : sizeof buf;
			ssize_t n = pread(p->spool, buf, want, (off_t)(len + at));
			if (n <= 0 || pwrite(p->spool, buf, (size_t)n, (off_t)at) != n)
				rc = s3t_fail_errno(
					err, errno, "The temporary file cannot be read back");
			at += n > 0 ? (uint64_t)n : 0;
			explicit_bzero(buf, sizeof buf);
		}
		if (is_end && !p->spooled)
			break;
	}
	return rc;
}

static enum s3t_rc part(
	struct item *it, const struct loc_io *io, uint32_t index, struct s3t_err *err)
{
	struct pack *p = it->route_state;
	int fd = it->job->spec.from->ops->source_fd(it->source);
	char *buf = s3t_alloc(PIECE);
	uint64_t at = 0;
	enum s3t_rc rc = S3T_OK;
	(void)index;
	for (bool is_end = false; !is_end && rc == S3T_OK;) {
		ssize_t n = pread(fd, buf, PIECE, (off_t)at);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0) {
			rc = s3t_fail_errno(err, errno, "Cannot read the file");
			break;
		}
		at += (uint64_t)n;
		is_end = n == 0 || at >= it->stat.size;
		if (cancel_is_set(io->cancel))
			rc = s3t_fail(err, S3T_CANCELLED, "Cancelled.");
		else if (at > it->stat.size || (is_end && at != it->stat.size))
			rc = s3t_fail(err, S3T_CHANGED, "The file changed while it was read.");
		else if (!encoder_add(p->encoder, buf, (size_t)n, is_end, &p->out))
			rc = s3t_fail(err, S3T_MEMORY, "Out of memory.");
		if (rc == S3T_OK)
			rc = to_spool(p, err);
		if (rc == S3T_OK)
			rc = send_spooled(it, io, is_end, err);
		if (rc == S3T_OK && io->progress)
			io->progress(io->progress_arg, n);
	}
	free(buf);
	return rc;
}

static enum s3t_rc finish(struct item *it, const struct loc_io *io, struct loc_sink_result *result,
	struct s3t_err *err)
{
	const struct job_spec *spec = &it->job->spec;
	const struct pack *p = it->route_state;
	enum s3t_rc rc = spec->from->ops->source_check(it->source, err);
	if (rc == S3T_OK)
		rc = spec->to->ops->sink_commit(it->sink, io, p->part_count, result, err);
	it->coding->stored = p->stored;
	return rc;
}

static enum s3t_rc abort_pack(struct item *it, const struct loc_io *io, struct s3t_err *err)
{
	return it->sink ? it->job->spec.to->ops->sink_abort(it->sink, io, err) : S3T_OK;
}

const struct route route_pack = {.name = "pack",
	.plan = plan,
	.begin = begin,
	.part = part,
	.finish = finish,
	.abort = abort_pack,
	.begins_late = true,
	.close = close_pack};
