/*
 * A bucket of any number of keys that costs neither disk nor memory: everything follows from a
 * key's index. Content is one of 256 patterns, so that the ETags of a whole page, which are true
 * MD5s, cost nothing.
 */
#include "core/parse.h"
#include "sandbox/internal.h"

#include <stdio.h>
#include <string.h>

enum { SYNTHETIC_EPOCH_S = 1704067200, SYNTHETIC_SPAN_S = 2 * 365 * 86400 };

static uint64_t mix(uint64_t x)
{
	x = (x ^ (x >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	x = (x ^ (x >> 27)) * UINT64_C(0x94d049bb133111eb);
	return x ^ (x >> 31);
}

int sbx_synthetic_pattern(uint64_t index)
{
	return (int)(mix(index + 1) % SBX_PATTERNS);
}

int64_t sbx_synthetic_mtime(uint64_t index)
{
	return SYNTHETIC_EPOCH_S + (int64_t)(mix(index + 77) % SYNTHETIC_SPAN_S);
}

void sbx_synthetic_fill(int pattern, uint64_t offset, char *buf, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		uint64_t at = offset + i;
		buf[i] = (char)(at * 31 + (at >> 8) * 7 + (uint64_t)pattern * 131);
	}
}

void sbx_synthetic_init(struct sbx_pattern patterns[SBX_PATTERNS])
{
	struct digest *digest = digest_new(DIGEST_MD5);
	struct strbuf hex;
	strbuf_init(&hex);
	for (int p = 0; p < SBX_PATTERNS; p++) {
		/* 0 bytes to 256 KiB, small ones more often */
		uint64_t size = p ? mix((uint64_t)p) % (UINT64_C(64) << (p % 13)) : 0;
		patterns[p].size = size;
		char buf[4096];
		for (uint64_t at = 0; at < size;) {
			size_t n = size - at < sizeof buf ? (size_t)(size - at) : sizeof buf;
			sbx_synthetic_fill(p, at, buf, n);
			digest_update(digest, buf, n);
			at += n;
		}
		unsigned char sum[MD5_LEN];
		digest_final(digest, sum);
		strbuf_reset(&hex);
		hex_encode(&hex, sum, sizeof sum);
		memcpy(patterns[p].etag, hex.data, sizeof patterns[p].etag);
	}
	strbuf_deinit(&hex);
	digest_free(digest);
}

bool sbx_synthetic_index(struct strview key, uint64_t count, uint64_t *index)
{
	char again[64];
	if (key.len != 37 || !parse_u64(sv_n(key.data + 5, 28), index) || *index >= count)
		return false;
	snprintf(again, sizeof again, SANDBOX_SYNTHETIC_KEY, (unsigned long long)*index);
	return sv_eq(key, sv(again));
}
