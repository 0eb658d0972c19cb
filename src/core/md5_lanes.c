/*
 * A kernel is one function body, compiled once a width: a block of 64 bytes a lane is loaded,
 * transposed so that vector i holds word i of every lane, and taken through MD5's 64 steps. The
 * vector types and shuffles here are extensions of GCC and clang; no other file uses them.
 *
 * Around it, a lane has a buffer that is filled by pread; when its range ends it gets MD5's padding
 * and then the next range. A lane without a range hashes a block of zeros for nobody.
 */
#include "core/md5_lanes.h"

#include "core/parse.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { BLOCK = 64, CHUNK = 64 << 10, PADDING = 2 * BLOCK, WORDS = 4 };

#if defined(__GNUC__) && defined(__BYTE_ORDER__) && __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
#define HAS_VECTORS 1
#else
#define HAS_VECTORS 0
#endif

/* state[w][lane]: word w of that lane's chaining value. */
typedef void (*kernel_fn)(uint32_t state[WORDS][MD5_LANES_MAX],
	const unsigned char *const data[MD5_LANES_MAX], size_t blocks);

#if HAS_VECTORS

/* RFC 1321, 3.4, with F and G written so that a processor without a select instruction needs one
 * operation less. */
#define F(x, y, z) ((z) ^ ((x) & ((y) ^ (z))))
#define G(x, y, z) ((y) ^ ((z) & ((x) ^ (y))))
#define H(x, y, z) ((x) ^ (y) ^ (z))
#define I(x, y, z) ((y) ^ ((x) | ~(z)))

#define STEP(f, a, b, c, d, word, turn, constant) \
	a += f(b, c, d) + m[word] + (constant);   \
	a = b + ((a << (turn)) | (a >> (32 - (turn))));

/* function, registers, word of the block, rotation, floor(2^32 * abs(sin(i))) */
#define STEPS(X)                              \
	X(F, a, b, c, d, 0, 7, 0xd76aa478U)   \
	X(F, d, a, b, c, 1, 12, 0xe8c7b756U)  \
	X(F, c, d, a, b, 2, 17, 0x242070dbU)  \
	X(F, b, c, d, a, 3, 22, 0xc1bdceeeU)  \
	X(F, a, b, c, d, 4, 7, 0xf57c0fafU)   \
	X(F, d, a, b, c, 5, 12, 0x4787c62aU)  \
	X(F, c, d, a, b, 6, 17, 0xa8304613U)  \
	X(F, b, c, d, a, 7, 22, 0xfd469501U)  \
	X(F, a, b, c, d, 8, 7, 0x698098d8U)   \
	X(F, d, a, b, c, 9, 12, 0x8b44f7afU)  \
	X(F, c, d, a, b, 10, 17, 0xffff5bb1U) \
	X(F, b, c, d, a, 11, 22, 0x895cd7beU) \
	X(F, a, b, c, d, 12, 7, 0x6b901122U)  \
	X(F, d, a, b, c, 13, 12, 0xfd987193U) \
	X(F, c, d, a, b, 14, 17, 0xa679438eU) \
	X(F, b, c, d, a, 15, 22, 0x49b40821U) \
	X(G, a, b, c, d, 1, 5, 0xf61e2562U)   \
	X(G, d, a, b, c, 6, 9, 0xc040b340U)   \
	X(G, c, d, a, b, 11, 14, 0x265e5a51U) \
	X(G, b, c, d, a, 0, 20, 0xe9b6c7aaU)  \
	X(G, a, b, c, d, 5, 5, 0xd62f105dU)   \
	X(G, d, a, b, c, 10, 9, 0x02441453U)  \
	X(G, c, d, a, b, 15, 14, 0xd8a1e681U) \
	X(G, b, c, d, a, 4, 20, 0xe7d3fbc8U)  \
	X(G, a, b, c, d, 9, 5, 0x21e1cde6U)   \
	X(G, d, a, b, c, 14, 9, 0xc33707d6U)  \
	X(G, c, d, a, b, 3, 14, 0xf4d50d87U)  \
	X(G, b, c, d, a, 8, 20, 0x455a14edU)  \
	X(G, a, b, c, d, 13, 5, 0xa9e3e905U)  \
	X(G, d, a, b, c, 2, 9, 0xfcefa3f8U)   \
	X(G, c, d, a, b, 7, 14, 0x676f02d9U)  \
	X(G, b, c, d, a, 12, 20, 0x8d2a4c8aU) \
	X(H, a, b, c, d, 5, 4, 0xfffa3942U)   \
	X(H, d, a, b, c, 8, 11, 0x8771f681U)  \
	X(H, c, d, a, b, 11, 16, 0x6d9d6122U) \
	X(H, b, c, d, a, 14, 23, 0xfde5380cU) \
	X(H, a, b, c, d, 1, 4, 0xa4beea44U)   \
	X(H, d, a, b, c, 4, 11, 0x4bdecfa9U)  \
	X(H, c, d, a, b, 7, 16, 0xf6bb4b60U)  \
	X(H, b, c, d, a, 10, 23, 0xbebfbc70U) \
	X(H, a, b, c, d, 13, 4, 0x289b7ec6U)  \
	X(H, d, a, b, c, 0, 11, 0xeaa127faU)  \
	X(H, c, d, a, b, 3, 16, 0xd4ef3085U)  \
	X(H, b, c, d, a, 6, 23, 0x04881d05U)  \
	X(H, a, b, c, d, 9, 4, 0xd9d4d039U)   \
	X(H, d, a, b, c, 12, 11, 0xe6db99e5U) \
	X(H, c, d, a, b, 15, 16, 0x1fa27cf8U) \
	X(H, b, c, d, a, 2, 23, 0xc4ac5665U)  \
	X(I, a, b, c, d, 0, 6, 0xf4292244U)   \
	X(I, d, a, b, c, 7, 10, 0x432aff97U)  \
	X(I, c, d, a, b, 14, 15, 0xab9423a7U) \
	X(I, b, c, d, a, 5, 21, 0xfc93a039U)  \
	X(I, a, b, c, d, 12, 6, 0x655b59c3U)  \
	X(I, d, a, b, c, 3, 10, 0x8f0ccc92U)  \
	X(I, c, d, a, b, 10, 15, 0xffeff47dU) \
	X(I, b, c, d, a, 1, 21, 0x85845dd1U)  \
	X(I, a, b, c, d, 8, 6, 0x6fa87e4fU)   \
	X(I, d, a, b, c, 15, 10, 0xfe2ce6e0U) \
	X(I, c, d, a, b, 6, 15, 0xa3014314U)  \
	X(I, b, c, d, a, 13, 21, 0x4e0811a1U) \
	X(I, a, b, c, d, 4, 6, 0xf7537e82U)   \
	X(I, d, a, b, c, 11, 10, 0xbd3af235U) \
	X(I, c, d, a, b, 2, 15, 0x2ad7d2bbU)  \
	X(I, b, c, d, a, 9, 21, 0xeb86d391U)

/* Transposing is a butterfly of interleavings; within 128 bits where the instruction set is. */
#define INTERLEAVE_4(lo, hi, x, y)                      \
	lo = __builtin_shufflevector(x, y, 0, 4, 1, 5); \
	hi = __builtin_shufflevector(x, y, 2, 6, 3, 7)

#define TRANSPOSE_4(V, x)                                 \
	do {                                              \
		V t[4];                                   \
		INTERLEAVE_4(t[0], t[1], (x)[0], (x)[2]); \
		INTERLEAVE_4(t[2], t[3], (x)[1], (x)[3]); \
		INTERLEAVE_4((x)[0], (x)[1], t[0], t[2]); \
		INTERLEAVE_4((x)[2], (x)[3], t[1], t[3]); \
	} while (0)

#define TRANSPOSE_8(V, x)                                                                          \
	do {                                                                                       \
		V t[8], u[8];                                                                      \
		for (int i = 0; i < 8; i += 2) {                                                   \
			t[i] = __builtin_shufflevector(                                            \
				(x)[i], (x)[i + 1], 0, 8, 1, 9, 4, 12, 5, 13);                     \
			t[i + 1] = __builtin_shufflevector(                                        \
				(x)[i], (x)[i + 1], 2, 10, 3, 11, 6, 14, 7, 15);                   \
		}                                                                                  \
		for (int i = 0; i < 8; i += 4) {                                                   \
			for (int k = 0; k < 2; k++) {                                              \
				u[i + 2 * k] = __builtin_shufflevector(                            \
					t[i + k], t[i + k + 2], 0, 1, 8, 9, 4, 5, 12, 13);         \
				u[i + 2 * k + 1] = __builtin_shufflevector(                        \
					t[i + k], t[i + k + 2], 2, 3, 10, 11, 6, 7, 14, 15);       \
			}                                                                          \
		}                                                                                  \
		for (int i = 0; i < 4; i++) {                                                      \
			(x)[i] =                                                                   \
				__builtin_shufflevector(u[i], u[i + 4], 0, 1, 2, 3, 8, 9, 10, 11); \
			(x)[i + 4] = __builtin_shufflevector(                                      \
				u[i], u[i + 4], 4, 5, 6, 7, 12, 13, 14, 15);                       \
		}                                                                                  \
	} while (0)

#define TRANSPOSE_16(V, x)                                                                        \
	do {                                                                                      \
		V t[16];                                                                          \
		for (int round = 0; round < 4; round++) {                                         \
			for (int i = 0; i < 8; i++) {                                             \
				t[2 * i] = __builtin_shufflevector((x)[i], (x)[i + 8], 0, 16, 1,  \
					17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23);            \
				t[2 * i + 1] = __builtin_shufflevector((x)[i], (x)[i + 8], 8, 24, \
					9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31);   \
			}                                                                         \
			for (int i = 0; i < 16; i++)                                              \
				(x)[i] = t[i];                                                    \
		}                                                                                 \
	} while (0)

#define KERNEL(width, target)                                                               \
	target static void kernel_##width(uint32_t state[WORDS][MD5_LANES_MAX],             \
		const unsigned char *const data[MD5_LANES_MAX], size_t blocks)              \
	{                                                                                   \
		typedef uint32_t vector __attribute__((vector_size((width)*4)));            \
		vector a, b, c, d, m[16];                                                   \
		memcpy(&a, state[0], sizeof a);                                             \
		memcpy(&b, state[1], sizeof b);                                             \
		memcpy(&c, state[2], sizeof c);                                             \
		memcpy(&d, state[3], sizeof d);                                             \
		for (size_t at = 0; at < blocks * BLOCK; at += BLOCK) {                     \
			const vector before[WORDS] = {a, b, c, d};                          \
			for (size_t part = 0; part < 16; part += (width)) {                 \
				for (size_t lane = 0; lane < (width); lane++)               \
					memcpy(&m[part + lane], data[lane] + at + 4 * part, \
						sizeof m[0]);                               \
				TRANSPOSE_##width(vector, m + part);                        \
			}                                                                   \
			STEPS(STEP)                                                         \
			a += before[0];                                                     \
			b += before[1];                                                     \
			c += before[2];                                                     \
			d += before[3];                                                     \
		}                                                                           \
		memcpy(state[0], &a, sizeof a);                                             \
		memcpy(state[1], &b, sizeof b);                                             \
		memcpy(state[2], &c, sizeof c);                                             \
		memcpy(state[3], &d, sizeof d);                                             \
	}

/* The speed matters in every build that is not for debugging the kernel itself. */
#if defined(__clang__)
#define FAST
#else
#define FAST __attribute__((optimize("O3")))
#endif

KERNEL(4, FAST)
#if defined(__x86_64__)
KERNEL(8, FAST __attribute__((target("avx2"))))
KERNEL(16, FAST __attribute__((target("avx512f"))))
#endif

#endif

static kernel_fn kernel_of(unsigned width)
{
#if HAS_VECTORS && defined(__x86_64__)
	if (width == 16 && __builtin_cpu_supports("avx512f"))
		return kernel_16;
	if (width == 8 && __builtin_cpu_supports("avx2"))
		return kernel_8;
#endif
#if HAS_VECTORS
	if (width == 4)
		return kernel_4;
#endif
	return NULL;
}

bool md5_lanes_has(unsigned width)
{
	return width == 1 || kernel_of(width);
}

unsigned md5_lanes_width(void)
{
	const char *most = getenv("S3TUI_MD5_LANES");
	uint64_t width = MD5_LANES_MAX;
	if (most && parse_u64(sv(most), &width) && width > MD5_LANES_MAX)
		width = MD5_LANES_MAX;
	while (width > 1 && !md5_lanes_has((unsigned)width))
		width /= 2;
	return width > 1 ? (unsigned)width : 1;
}

/* --- feeding the lanes --- */

struct lane {
	struct md5_range *range; /* NULL: idle */
	uint64_t at;             /* read so far */
	bool is_padded;
	unsigned char *buf; /* CHUNK + PADDING bytes */
	struct byte_scratch scratch;
};

struct lanes {
	struct lane lane[MD5_LANES_MAX];
	uint32_t state[WORDS][MD5_LANES_MAX];
	const unsigned char *data[MD5_LANES_MAX];
	size_t blocks[MD5_LANES_MAX]; /* that stand in data */
	unsigned width;
	kernel_fn kernel;
};

static enum s3t_rc read_range(const struct md5_range *r, struct byte_scratch *scratch, uint64_t at,
	unsigned char *buf, size_t want, struct s3t_err *err)
{
	size_t got = 0;
	while (got < want) {
		ssize_t n = byte_source_read(
			&r->bytes, scratch, (char *)buf + got, want - got, r->offset + at + got);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return s3t_fail_errno(err, errno, "Cannot read what is to be proven");
		if (n == 0)
			return s3t_fail(err, S3T_CHANGED, "The file became shorter.");
		got += (size_t)n;
	}
	return S3T_OK;
}

/* RFC 1321, 3.1 and 3.2: a one, zeros, and the length in bits, to whole blocks. */
static size_t pad(unsigned char *buf, size_t fill, uint64_t len)
{
	size_t end = (fill + 8) / BLOCK * BLOCK + BLOCK;
	memset(buf + fill, 0, end - fill);
	buf[fill] = 0x80;
	for (int i = 0; i < 8; i++)
		buf[end - 8 + (size_t)i] = (unsigned char)(len * 8 >> (8 * i));
	return end;
}

static enum s3t_rc refill(struct lanes *l, unsigned i, struct s3t_err *err)
{
	struct lane *lane = &l->lane[i];
	uint64_t left = lane->range->len - lane->at;
	size_t want = left < CHUNK ? (size_t)left : CHUNK;
	enum s3t_rc rc = read_range(lane->range, &lane->scratch, lane->at, lane->buf, want, err);
	if (rc != S3T_OK)
		return rc;
	lane->at += want;
	if (want < CHUNK) {
		want = pad(lane->buf, want, lane->range->len);
		lane->is_padded = true;
	}
	l->data[i] = lane->buf;
	l->blocks[i] = want / BLOCK;
	return S3T_OK;
}

static void start(struct lanes *l, unsigned i, struct md5_range *range)
{
	static const uint32_t initial[WORDS] = {0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476};
	l->lane[i].range = range;
	l->lane[i].at = 0;
	l->lane[i].is_padded = false;
	for (int w = 0; w < WORDS; w++)
		l->state[w][i] = initial[w];
}

static void finish(struct lanes *l, unsigned i)
{
	for (int w = 0; w < WORDS; w++)
		for (int b = 0; b < 4; b++)
			l->lane[i].range->sum[4 * w + b] =
				(unsigned char)(l->state[w][i] >> (8 * b));
	l->lane[i].range = NULL;
}

/* Gives every lane its next range or bytes. False: all ranges are done. */
static bool feed(struct lanes *l, struct md5_range **next, const struct md5_range *end,
	size_t *blocks, enum s3t_rc *rc, struct s3t_err *err)
{
	bool is_busy = false;
	*blocks = CHUNK / BLOCK;
	for (unsigned i = 0; i < l->width; i++) {
		struct lane *lane = &l->lane[i];
		if (lane->range && !l->blocks[i] && lane->is_padded)
			finish(l, i);
		if (!lane->range && *next < end)
			start(l, i, (*next)++);
		if (!lane->range) {
			l->data[i] = lane->buf; /* whatever stands there */
			continue;
		}
		if (!l->blocks[i] && (*rc = refill(l, i, err)) != S3T_OK)
			return false;
		if (l->blocks[i] < *blocks)
			*blocks = l->blocks[i];
		is_busy = true;
	}
	return is_busy;
}

static enum s3t_rc hash_alone(struct md5_range *r, struct cancel *cancel, struct s3t_err *err)
{
	struct digest *d = digest_new(DIGEST_MD5);
	unsigned char *buf = s3t_alloc(CHUNK);
	struct byte_scratch scratch = {.data = NULL};
	enum s3t_rc rc = S3T_OK;
	for (uint64_t at = 0; at < r->len && rc == S3T_OK; at += CHUNK) {
		size_t want = r->len - at < CHUNK ? (size_t)(r->len - at) : CHUNK;
		rc = read_range(r, &scratch, at, buf, want, err);
		if (rc == S3T_OK)
			digest_update(d, buf, want);
		if (rc == S3T_OK && cancel_is_set(cancel))
			rc = s3t_fail(err, S3T_CANCELLED, "Cancelled.");
	}
	digest_final(d, r->sum);
	digest_free(d);
	byte_scratch_deinit(&scratch);
	free(buf);
	return rc;
}

/* Fewer ranges than lanes: a narrower kernel does the same with less work. */
static unsigned narrowest(unsigned width, size_t count)
{
	while (width > 4 && width / 2 >= count && md5_lanes_has(width / 2))
		width /= 2;
	return count == 1 ? 1 : width;
}

enum s3t_rc md5_ranges(struct md5_range *ranges, size_t count, unsigned width,
	struct cancel *cancel, struct s3t_err *err)
{
	enum s3t_rc rc = S3T_OK;
	width = narrowest(width ? width : md5_lanes_width(), count);
	if (width == 1) {
		for (size_t i = 0; i < count && rc == S3T_OK; i++)
			rc = hash_alone(&ranges[i], cancel, err);
		return rc;
	}
	struct lanes l = {.width = width, .kernel = kernel_of(width)};
	unsigned char *buffers = s3t_alloc((size_t)width * (CHUNK + PADDING));
	for (unsigned i = 0; i < width; i++)
		l.lane[i].buf = buffers + (size_t)i * (CHUNK + PADDING);
	struct md5_range *next = ranges;
	size_t blocks;
	while (feed(&l, &next, ranges + count, &blocks, &rc, err)) {
		if (cancel_is_set(cancel)) {
			rc = s3t_fail(err, S3T_CANCELLED, "Cancelled.");
			break;
		}
		l.kernel(l.state, l.data, blocks);
		for (unsigned i = 0; i < width; i++) {
			if (!l.lane[i].range)
				continue;
			l.data[i] += blocks * BLOCK;
			l.blocks[i] -= blocks;
		}
	}
	for (unsigned i = 0; i < width; i++)
		byte_scratch_deinit(&l.lane[i].scratch);
	free(buffers);
	return rc;
}
