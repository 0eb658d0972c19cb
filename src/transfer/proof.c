/*
 * What an ETag proves of a file (decision 12). A plain one is the MD5 of the whole; "X-N" is the
 * MD5 of the MD5s of N parts, whose size is not told: those that fit are tried, the usual ones
 * first, unless the object's metadata says it. The bytes come from the page cache, where they were
 * just written.
 */
#include "core/crypto.h"
#include "core/md5_lanes.h"
#include "core/parse.h"
#include "transfer/internal.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { CHUNK = 1 << 18 };

static enum s3t_rc hash_range(int fd, uint64_t offset, uint64_t len, struct digest *d,
	struct cancel *cancel, unsigned char out[MD5_LEN], struct s3t_err *err)
{
	char *buf = s3t_alloc(CHUNK);
	enum s3t_rc rc = S3T_OK;
	while (len) {
		ssize_t n = pread(fd, buf, len < CHUNK ? (size_t)len : CHUNK, (off_t)offset);
		if (cancel_is_set(cancel))
			rc = s3t_fail(err, S3T_CANCELLED, "Cancelled.");
		else if (n <= 0)
			rc = s3t_fail(err, S3T_IO, "The downloaded file cannot be read back.");
		if (rc != S3T_OK)
			break;
		digest_update(d, buf, (size_t)n);
		offset += (uint64_t)n;
		len -= (uint64_t)n;
	}
	digest_final(d, out);
	free(buf);
	return rc;
}

/* The MD5 of the MD5s of parts. */
static void combine(const unsigned char (*sums)[MD5_LEN], size_t count, unsigned char out[MD5_LEN])
{
	md5(sv_n((const char *)sums, count * MD5_LEN), out);
}

static enum s3t_rc composite(int fd, uint64_t size, uint64_t part, struct cancel *cancel,
	unsigned char out[MD5_LEN], struct s3t_err *err)
{
	size_t count = (size_t)((size - 1) / part + 1);
	struct md5_range *ranges = s3t_alloc(count * sizeof *ranges);
	unsigned char(*sums)[MD5_LEN] = s3t_alloc(count * sizeof *sums);
	for (size_t i = 0; i < count; i++) {
		uint64_t at = part * i;
		ranges[i] = (struct md5_range){.bytes = {.fd = fd},
			.offset = at,
			.len = size - at < part ? size - at : part};
	}
	enum s3t_rc rc = md5_ranges(ranges, count, 0, cancel, err);
	for (size_t i = 0; i < count; i++)
		memcpy(sums[i], ranges[i].sum, MD5_LEN);
	combine((const unsigned char(*)[MD5_LEN])sums, count, out);
	free(ranges);
	free(sums);
	return rc;
}

/* Part sizes that cut size into exactly count pieces, likely ones first; at most max. */
static size_t candidates(uint64_t size, uint64_t count, uint64_t *out, size_t max)
{
	static const uint64_t usual[] = {16, 8, 5, 15, 10, 32, 64, 25, 50, 100, 128, 256, 512};
	uint64_t least = (size + count - 1) / count;
	uint64_t most = count > 1 ? (size - 1) / (count - 1) : size;
	size_t n = 0;
	for (size_t i = 0; i < sizeof usual / sizeof *usual && n < max; i++)
		if (usual[i] * PLAN_MIB >= least && usual[i] * PLAN_MIB <= most)
			out[n++] = usual[i] * PLAN_MIB;
	uint64_t first = (least + PLAN_MIB - 1) / PLAN_MIB * PLAN_MIB;
	for (uint64_t part = first; part <= most && n < max; part += PLAN_MIB) {
		bool known = false;
		for (size_t i = 0; i < n; i++)
			known = known || out[i] == part;
		if (!known)
			out[n++] = part;
	}
	if (n < max && least % PLAN_MIB)
		out[n++] = least; /* size / count, as some clients cut */
	return n;
}

enum { TRIES_MAX = 8 };

uint64_t etag_part_size(uint64_t size, uint32_t parts, uint64_t told)
{
	uint64_t guess[1];
	/* told, and possible: the object's copy by another client may have other parts */
	if (told && (size - 1) / told + 1 == parts)
		return told;
	return candidates(size, parts, guess, 1) ? guess[0] : 0;
}

static enum s3t_rc prove_composite(int fd, uint64_t size, const unsigned char want[MD5_LEN],
	uint32_t count, uint64_t told, const struct prover *prover, struct cancel *cancel,
	const char **proof, struct s3t_err *err)
{
	uint64_t parts[TRIES_MAX];
	bool is_told = told && (size - 1) / told + 1 == count;
	size_t n = is_told ? 1 : candidates(size, count, parts, TRIES_MAX);
	if (is_told)
		parts[0] = told;
	for (size_t i = 0; i < n; i++) {
		unsigned char sum[MD5_LEN];
		enum s3t_rc rc = S3T_OK;
		if (prover && prover->unit == parts[i] && parts_all_done(&prover->units))
			combine((const unsigned char(*)[MD5_LEN])prover->sums, count, sum);
		else
			rc = composite(fd, size, parts[i], cancel, sum, err);
		if (rc != S3T_OK)
			return rc;
		if (memcmp(sum, want, MD5_LEN) == 0) {
			*proof = "MD5 of parts = ETag";
			return S3T_OK;
		}
	}
	/* only where no other way to cut was left out is a difference a proof of damage */
	uint64_t least = (size + count - 1) / count;
	uint64_t most = count > 1 ? (size - 1) / (count - 1) : size;
	if (is_told || (n && n < TRIES_MAX && most - least < PLAN_MIB))
		return s3t_fail(
			err, S3T_MISMATCH, "What arrived does not match the object's ETag.");
	*proof = "not verifiable (unknown part size)";
	return S3T_OK;
}

bool etag_reads(const char *etag, const struct loc_facts *facts, unsigned char digest[MD5_LEN],
	uint32_t *parts)
{
	struct strview text = sv(etag);
	size_t dash = sv_find(text, '-');
	uint64_t count = 0;
	*parts = 0;
	if (facts->etag_is_opaque || !hex_decode(sv_n(text.data, dash), digest, MD5_LEN))
		return false;
	if (dash == text.len)
		return true;
	if (!parse_u64(sv_from(text, dash + 1), &count) || count == 0 || count > S3_PARTS_MAX)
		return false;
	*parts = (uint32_t)count;
	return true;
}

enum s3t_rc proof_file(int fd, uint64_t size, const char *etag, const struct loc_facts *facts,
	const unsigned char *sum, const struct prover *prover, struct cancel *cancel,
	const char **proof, struct s3t_err *err)
{
	unsigned char want[MD5_LEN], got[MD5_LEN];
	uint32_t parts;
	*proof = "not verifiable (the ETag is no MD5)";
	if (!etag_reads(etag, facts, want, &parts) || (parts && size == 0))
		return S3T_OK;
	if (parts)
		return prove_composite(
			fd, size, want, parts, facts->part_size, prover, cancel, proof, err);
	if (sum) {
		memcpy(got, sum, MD5_LEN);
	} else if (prover && prover->is_prefix && prover->hashed == size) {
		digest_final(prover->digest, got);
	} else {
		struct digest *d = digest_new(DIGEST_MD5);
		enum s3t_rc rc = hash_range(fd, 0, size, d, cancel, got, err);
		digest_free(d);
		if (rc != S3T_OK)
			return rc;
	}
	if (memcmp(got, want, MD5_LEN) != 0)
		return s3t_fail(
			err, S3T_MISMATCH, "What arrived does not match the object's ETag.");
	*proof = "MD5 = ETag";
	return S3T_OK;
}
