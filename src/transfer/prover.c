#include "transfer/prover.h"

#include "core/md5_lanes.h"
#include "transfer/internal.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Of a plain MD5, which has no lanes, so much at least and at most in one go. */
enum { PREFIX_LEAST = 4 << 20, PREFIX_MOST = 64 << 20, CHUNK = 1 << 18 };

static void set_unit(struct prover *p, uint64_t unit)
{
	p->unit = unit;
	uint32_t count = (uint32_t)((p->size - 1) / unit + 1);
	p->sums = s3t_alloc((size_t)count * sizeof *p->sums);
	parts_init(&p->units, count);
}

struct prover *prover_new_upload(uint64_t size, uint64_t unit)
{
	struct prover *p = s3t_alloc(sizeof *p);
	*p = (struct prover){.is_upload = true, .size = size, .width = md5_lanes_width()};
	set_unit(p, unit);
	return p;
}

struct prover *prover_new_download(uint64_t size, const char *etag, const struct loc_facts *facts)
{
	unsigned char digest[MD5_LEN];
	uint32_t parts;
	if (!etag_reads(etag, facts, digest, &parts) || !size)
		return NULL;
	struct prover *p = s3t_alloc(sizeof *p);
	*p = (struct prover){.is_prefix = parts == 0, .size = size, .width = md5_lanes_width()};
	if (p->is_prefix)
		p->digest = digest_new(DIGEST_MD5);
	else if (facts->part_size)
		prover_learn_locked(p, facts, etag);
	return p;
}

void prover_free(struct prover *p)
{
	if (!p)
		return;
	digest_free(p->digest);
	parts_deinit(&p->units);
	free(p->sums);
	free(p);
}

void prover_learn_locked(struct prover *p, const struct loc_facts *facts, const char *etag)
{
	unsigned char digest[MD5_LEN];
	uint32_t parts;
	if (p->is_upload || p->is_prefix || p->unit || !etag_reads(etag, facts, digest, &parts))
		return;
	uint64_t unit = etag_part_size(p->size, parts, facts->part_size);
	if (unit)
		set_unit(p, unit);
}

void prover_restart_locked(struct prover *p)
{
	p->looked_at = 0;
	p->hashed = 0;
	if (p->digest)
		digest_reset(p->digest);
	if (p->unit)
		parts_restart(&p->units);
}

/* --- what is due --- */

static uint64_t unit_len(const struct prover *p, uint32_t unit)
{
	uint64_t offset = p->unit * unit;
	return p->size - offset < p->unit ? p->size - offset : p->unit;
}

/* Whether all parts that a unit lies in are done. */
static bool is_ready(const struct item *it, uint32_t unit)
{
	const struct prover *p = it->prover;
	uint64_t offset = p->unit * unit;
	uint64_t first = offset / it->plan.part_size;
	uint64_t last = (offset + unit_len(p, unit) - 1) / it->plan.part_size;
	for (uint64_t i = first; i <= last; i++)
		if (!parts_is_done(&it->parts, (uint32_t)i))
			return false;
	return true;
}

/* Up to max units that can be hashed. Those behind the part that is to be taken next cannot. */
static size_t pick_locked(struct item *it, uint32_t *units, size_t max)
{
	struct prover *p = it->prover;
	size_t n = 0;
	bool is_over = parts_all_done(&it->parts);
	uint64_t end = it->plan.part_size * it->parts.next;
	uint32_t from = p->units.next = parts_first_missing(&p->units, p->units.next);
	for (uint32_t u = from; u < p->units.count && n < max; u++) {
		if (!is_over && p->unit * u >= end)
			break;
		if (parts_is_done(&p->units, u) || !is_ready(it, u))
			continue;
		if (p->is_upload && it->job->spec.to->ops->sink_is_proven(it->sink, u))
			parts_set_done(&p->units, u);
		else
			units[n++] = u;
	}
	return n;
}

/* How far nothing is missing from the start. */
static uint64_t prefix_locked(struct item *it)
{
	struct prover *p = it->prover;
	uint32_t first = (uint32_t)(p->hashed / it->plan.part_size);
	uint64_t end = it->plan.part_size * parts_first_missing(&it->parts, first);
	return end < p->size ? end : p->size;
}

bool prover_is_due_locked(struct item *it)
{
	struct prover *p = it->prover;
	uint32_t units[MD5_LANES_MAX];
	if (!p || it->is_proving)
		return false;
	bool is_over = parts_all_done(&it->parts);
	if (!is_over && p->looked_at == it->parts.done_count)
		return false;
	p->looked_at = it->parts.done_count;
	if (p->is_prefix) {
		uint64_t ready = prefix_locked(it) - p->hashed;
		return ready >= PREFIX_LEAST || (is_over && ready);
	}
	if (!p->unit)
		return false;
	size_t n = pick_locked(it, units, p->width);
	return n == p->width || (is_over && n);
}

bool prover_is_done_locked(const struct item *it)
{
	const struct prover *p = it->prover;
	if (!p)
		return true;
	if (p->is_prefix)
		return p->hashed == p->size;
	return !p->unit || parts_all_done(&p->units);
}

/* --- hashing --- */

static enum s3t_rc run_prefix(struct item *it, const struct loc_io *io, struct s3t_err *err)
{
	struct prover *p = it->prover;
	pthread_mutex_lock(&it->job->engine->lock);
	uint64_t end = prefix_locked(it);
	pthread_mutex_unlock(&it->job->engine->lock);
	if (end - p->hashed > PREFIX_MOST)
		end = p->hashed + PREFIX_MOST;
	char *buf = s3t_alloc(CHUNK);
	enum s3t_rc rc = S3T_OK;
	uint64_t at = p->hashed;
	while (at < end && rc == S3T_OK) {
		size_t want = end - at < CHUNK ? (size_t)(end - at) : CHUNK;
		ssize_t n = pread(item_proof_bytes(it).fd, buf, want, (off_t)at);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			rc = s3t_fail_errno(err, errno, "The downloaded file cannot be read back");
		else if (n == 0)
			rc = s3t_fail(err, S3T_CHANGED, "The downloaded file became shorter.");
		else if (cancel_is_set(io->cancel))
			rc = s3t_fail(err, S3T_CANCELLED, "Cancelled.");
		if (rc != S3T_OK)
			break;
		digest_update(p->digest, buf, (size_t)n);
		at += (uint64_t)n;
	}
	free(buf);
	pthread_mutex_lock(&it->job->engine->lock);
	p->hashed = at;
	pthread_mutex_unlock(&it->job->engine->lock);
	return rc;
}

/* Compares an upload's parts; those that arrived wrong go once more. */
static enum s3t_rc judge_locked(struct item *it, const struct md5_range *r, const uint32_t *units,
	size_t n, struct s3t_err *err)
{
	struct prover *p = it->prover;
	enum s3t_rc rc = S3T_OK;
	for (size_t i = 0; i < n; i++) {
		if (it->job->spec.to->ops->sink_prove(it->sink, units[i], r[i].sum)) {
			parts_set_done(&p->units, units[i]);
			continue;
		}
		if (!parts_again(&it->parts, units[i])) {
			rc = s3t_fail(err, S3T_MISMATCH,
				"Part %u arrived wrong twice: its ETag is not the MD5 of what was "
				"sent.",
				units[i] + 1);
			continue;
		}
		int64_t len = (int64_t)unit_len(p, units[i]);
		atomic_fetch_sub(&it->bytes, len);
		atomic_fetch_sub(&it->job->bytes_done, len);
	}
	return rc;
}

static enum s3t_rc run_units(struct item *it, const struct loc_io *io, struct s3t_err *err)
{
	struct prover *p = it->prover;
	pthread_mutex_t *lock = &it->job->engine->lock;
	uint32_t units[MD5_LANES_MAX];
	struct md5_range ranges[MD5_LANES_MAX];
	pthread_mutex_lock(lock);
	size_t n = pick_locked(it, units, p->width);
	pthread_mutex_unlock(lock);
	for (size_t i = 0; i < n; i++)
		ranges[i] = (struct md5_range){.bytes = item_proof_bytes(it),
			.offset = p->unit * units[i],
			.len = unit_len(p, units[i])};
	enum s3t_rc rc = md5_ranges(ranges, n, p->width, io->cancel, err);
	if (rc != S3T_OK)
		return rc;
	pthread_mutex_lock(lock);
	if (p->is_upload)
		rc = judge_locked(it, ranges, units, n, err);
	for (size_t i = 0; i < n && !p->is_upload; i++) {
		memcpy(p->sums[units[i]], ranges[i].sum, MD5_LEN);
		parts_set_done(&p->units, units[i]);
	}
	pthread_mutex_unlock(lock);
	return rc;
}

enum s3t_rc prover_run(struct item *it, const struct loc_io *io, struct s3t_err *err)
{
	return it->prover->is_prefix ? run_prefix(it, io, err) : run_units(it, io, err);
}
