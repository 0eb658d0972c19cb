#include "core/crypto.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>
#include <stdlib.h>
#include <string.h>

struct digest {
	EVP_MD_CTX *ctx;
	const EVP_MD *md;
};

void crypto_global_init(void)
{
	/* it fails once and for all, and what uses it later dereferences NULL */
	if (!OSSL_LIB_CTX_get0_global_default())
		s3t_oom();
}

static const EVP_MD *md_of(enum digest_kind kind)
{
	return kind == DIGEST_MD5 ? EVP_md5() : EVP_sha256();
}

struct digest *digest_new(enum digest_kind kind)
{
	struct digest *d = s3t_alloc(sizeof *d);
	d->md = md_of(kind);
	d->ctx = EVP_MD_CTX_new();
	if (!d->ctx)
		s3t_oom();
	digest_reset(d);
	return d;
}

void digest_free(struct digest *d)
{
	if (!d)
		return;
	EVP_MD_CTX_free(d->ctx);
	free(d);
}

void digest_reset(struct digest *d)
{
	if (EVP_DigestInit_ex(d->ctx, d->md, NULL) != 1)
		s3t_oom();
}

void digest_update(struct digest *d, const void *data, size_t len)
{
	if (EVP_DigestUpdate(d->ctx, data, len) != 1)
		s3t_oom();
}

void digest_final(struct digest *d, unsigned char *out)
{
	if (EVP_DigestFinal_ex(d->ctx, out, NULL) != 1)
		s3t_oom();
	digest_reset(d);
}

static void one_shot(const EVP_MD *md, struct strview data, unsigned char *out)
{
	if (EVP_Digest(data.data, data.len, out, NULL, md, NULL) != 1)
		s3t_oom();
}

void sha256(struct strview data, unsigned char out[SHA256_LEN])
{
	one_shot(EVP_sha256(), data, out);
}

void sha1(struct strview data, unsigned char out[SHA1_LEN])
{
	one_shot(EVP_sha1(), data, out);
}

void md5(struct strview data, unsigned char out[MD5_LEN])
{
	one_shot(EVP_md5(), data, out);
}

void hmac_sha256(struct strview key, struct strview data, unsigned char out[SHA256_LEN])
{
	unsigned len = SHA256_LEN;
	if (!HMAC(EVP_sha256(), key.data, (int)key.len, (const unsigned char *)data.data, data.len,
		    out, &len))
		s3t_oom();
}

void hex_encode(struct strbuf *out, const unsigned char *data, size_t len)
{
	static const char digits[] = "0123456789abcdef";
	for (size_t i = 0; i < len; i++)
		strbuf_add(out, (char[]){digits[data[i] >> 4], digits[data[i] & 15]}, 2);
}

bool hex_decode(struct strview hex, unsigned char *out, size_t len)
{
	if (hex.len != 2 * len)
		return false;
	for (size_t i = 0; i < hex.len; i++) {
		char c = hex.data[i];
		int v = c >= '0' && c <= '9'   ? c - '0'
			: c >= 'a' && c <= 'f' ? c - 'a' + 10
			: c >= 'A' && c <= 'F' ? c - 'A' + 10
					       : -1;
		if (v < 0)
			return false;
		out[i / 2] = (unsigned char)(i % 2 ? out[i / 2] | v : v << 4);
	}
	return true;
}

void base64_encode(struct strbuf *out, const unsigned char *data, size_t len)
{
	while (len) {
		unsigned char text[4 * 256 + 1];
		size_t n = len < 3 * 256 ? len : 3 * 256;
		int made = EVP_EncodeBlock(text, data, (int)n);
		strbuf_add(out, text, (size_t)made);
		data += n;
		len -= n;
	}
}

bool base64_decode(struct strbuf *out, struct strview s)
{
	s = sv_trim(s);
	if (s.len % 4 || s.len > INT32_MAX)
		return false;
	size_t padding = 0;
	while (padding < 2 && padding < s.len && s.data[s.len - 1 - padding] == '=')
		padding++;
	/* EVP_DecodeBlock takes '=' anywhere and drops dashes and spaces at the end */
	for (size_t i = 0; i < s.len - padding; i++) {
		char c = s.data[i];
		if (!((c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
			    c == '+' || c == '/'))
			return false;
	}
	unsigned char *raw = s3t_alloc(s.len / 4 * 3 + 1);
	int n = EVP_DecodeBlock(raw, (const unsigned char *)s.data, (int)s.len);
	if (n >= 0)
		strbuf_add(out, raw, (size_t)n - padding);
	OPENSSL_cleanse(raw, s.len / 4 * 3 + 1);
	free(raw);
	return n >= 0;
}

void random_bytes(void *out, size_t len)
{
	if (RAND_bytes(out, (int)len) != 1)
		s3t_oom();
}

void random_name(char *out, size_t n)
{
	static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
	random_bytes(out, n);
	for (size_t i = 0; i < n; i++)
		out[i] = letters[(unsigned char)out[i] % 32];
	out[n] = '\0';
}

uint64_t random_below_or_equal(uint64_t bound)
{
	uint64_t r;
	random_bytes(&r, sizeof r);
	return bound == UINT64_MAX ? r : r % (bound + 1);
}

const char *crypto_version(void)
{
	return OpenSSL_version(OPENSSL_VERSION);
}
