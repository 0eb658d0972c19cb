/*
 * MD5 of several independent inputs at once, each in a lane of the processor's vector registers:
 * one stream of MD5 cannot go faster than its chain of dependencies, sixteen side by side can
 * (RFC 1321 is unchanged). The width is chosen at run time: 16 (AVX-512), 8 (AVX2), 4 (SSE2 and
 * other vector units), or 1, OpenSSL's own, where there are none.
 */
#ifndef CORE_MD5_LANES_H
#define CORE_MD5_LANES_H

#include "core/byte_source.h"
#include "core/cancel.h"
#include "core/crypto.h"

enum { MD5_LANES_MAX = 16 };

/* The widest that this processor has: 16, 8, 4 or 1; at most $S3TUI_MD5_LANES, for measuring. */
unsigned md5_lanes_width(void);
/* Whether it has that width. */
bool md5_lanes_has(unsigned width);

/* Bytes of a descriptor, read with pread (from the page cache, if they were just written or sent),
 * and their MD5. */
struct md5_range {
	struct byte_source bytes;
	uint64_t offset, len;
	unsigned char sum[MD5_LEN];
};

/* Fills in every range's sum, width at a time at the most; 0 is the widest. Any thread; takes
 * 64 KiB a lane while it runs. S3T_IO, S3T_CHANGED (a file ends early) or S3T_CANCELLED: sums are
 * then not valid. */
enum s3t_rc md5_ranges(struct md5_range *ranges, size_t count, unsigned width,
	struct cancel *cancel, struct s3t_err *err) S3T_MUST_CHECK;

#endif
