/* Eight bytes a step, by eight tables ("slicing"). Combining: appending n zero bytes is a linear
 * map over GF(2), a matrix that is squared for each bit of n. */
#include "core/crc64.h"

#include "core/crypto.h"

#include <pthread.h>
#include <string.h>

enum { SLICES = 8, BITS = 64 };
static const uint64_t polynomial = UINT64_C(0x9a6c9329ac4bc9b5);

static uint64_t table[SLICES][256];
static pthread_once_t once = PTHREAD_ONCE_INIT;

static void make_table(void)
{
	for (unsigned i = 0; i < 256; i++) {
		uint64_t crc = i;
		for (int bit = 0; bit < 8; bit++)
			crc = crc & 1 ? crc >> 1 ^ polynomial : crc >> 1;
		table[0][i] = crc;
	}
	for (unsigned i = 0; i < 256; i++)
		for (int s = 1; s < SLICES; s++)
			table[s][i] = table[s - 1][i] >> 8 ^ table[0][table[s - 1][i] & 0xff];
}

uint64_t crc64nvme(uint64_t crc, const void *data, size_t len)
{
	const unsigned char *p = data;
	(void)pthread_once(&once, make_table);
	crc = ~crc;
	for (; len >= SLICES; len -= SLICES, p += SLICES) {
		for (int i = 0; i < SLICES; i++)
			crc ^= (uint64_t)p[i] << (8 * i);
		uint64_t next = 0;
		for (int i = 0; i < SLICES; i++)
			next ^= table[SLICES - 1 - i][crc >> (8 * i) & 0xff];
		crc = next;
	}
	while (len--)
		crc = table[0][(crc ^ *p++) & 0xff] ^ crc >> 8;
	return ~crc;
}

static uint64_t times(const uint64_t matrix[BITS], uint64_t vector)
{
	uint64_t sum = 0;
	for (int i = 0; vector; vector >>= 1, i++)
		if (vector & 1)
			sum ^= matrix[i];
	return sum;
}

static void square(uint64_t matrix[BITS])
{
	uint64_t out[BITS];
	for (int i = 0; i < BITS; i++)
		out[i] = times(matrix, matrix[i]);
	memcpy(matrix, out, sizeof out);
}

uint64_t crc64nvme_combine(uint64_t a, uint64_t b, uint64_t b_len)
{
	uint64_t zeros[BITS]; /* what one zero bit does, then 2, 4, 8 … */
	zeros[0] = polynomial;
	for (int i = 1; i < BITS; i++)
		zeros[i] = UINT64_C(1) << (i - 1);
	for (int i = 0; i < 3; i++)
		square(zeros);
	for (; b_len; b_len >>= 1) {
		if (b_len & 1)
			a = times(zeros, a);
		square(zeros);
	}
	return a ^ b;
}

void crc64nvme_base64(uint64_t crc, struct strbuf *out)
{
	unsigned char bytes[8];
	for (int i = 0; i < 8; i++)
		bytes[i] = (unsigned char)(crc >> (56 - 8 * i));
	base64_encode(out, bytes, sizeof bytes);
}

bool crc64nvme_parse(struct strview text, uint64_t *out)
{
	struct strbuf bytes;
	strbuf_init(&bytes);
	bool ok = base64_decode(&bytes, text) && bytes.len == 8;
	*out = 0;
	for (size_t i = 0; ok && i < 8; i++)
		*out = *out << 8 | (unsigned char)bytes.data[i];
	strbuf_deinit(&bytes);
	return ok;
}
