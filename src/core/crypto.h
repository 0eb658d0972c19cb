/* Digests, HMAC, base64 and randomness: the only user of OpenSSL's libcrypto. */
#ifndef CORE_CRYPTO_H
#define CORE_CRYPTO_H

#include "core/strbuf.h"

#include <stdint.h>

#define SHA256_LEN 32
#define MD5_LEN 16
#define SHA1_LEN 20

/* Once, before anything else uses the library, libcurl included. */
void crypto_global_init(void);

enum digest_kind { DIGEST_SHA256, DIGEST_MD5, DIGEST_KIND_COUNT };

/* A running digest; heap-allocated, one thread at a time. */
struct digest;
struct digest *digest_new(enum digest_kind kind);
void digest_free(struct digest *d);
void digest_update(struct digest *d, const void *data, size_t len);
/* Writes the result (32 or 16 bytes); d then starts anew. */
void digest_final(struct digest *d, unsigned char *out);
/* Starts anew. */
void digest_reset(struct digest *d);

void sha256(struct strview data, unsigned char out[SHA256_LEN]);
void md5(struct strview data, unsigned char out[MD5_LEN]);
/* For names only, where a format wants it: it proves nothing. */
void sha1(struct strview data, unsigned char out[SHA1_LEN]);
void hmac_sha256(struct strview key, struct strview data, unsigned char out[SHA256_LEN]);

/* --- for age (age.h) --- */

enum { X25519_LEN = 32, AEAD_KEY_LEN = 32, AEAD_TAG_LEN = 16, AEAD_NONCE_LEN = 12 };

/* The public key of a secret one; and what two share. False: the point is of low order, which no
 * honest key is (RFC 7748). */
bool x25519_public(const unsigned char secret[X25519_LEN], unsigned char out[X25519_LEN]);
bool x25519_shared(const unsigned char secret[X25519_LEN], const unsigned char peer[X25519_LEN],
	unsigned char out[X25519_LEN]);
/* HKDF-SHA-256 (RFC 5869), 32 bytes. */
void hkdf_sha256(struct strview ikm, struct strview salt, struct strview info,
	unsigned char out[SHA256_LEN]);
/* N = 2^log_n, r = 8, p = 1 (RFC 7914), 32 bytes; takes 128 * 8 * N bytes for the while. False:
 * there are not so many. */
bool scrypt_32(struct strview password, struct strview salt, unsigned log_n,
	unsigned char out[SHA256_LEN]);
/* ChaCha20-Poly1305 (RFC 8439) without additional data: out gets len + 16 bytes, or, opened, len -
 * 16. False: what is sealed was tampered with, and out holds nothing. */
void aead_seal(const unsigned char key[AEAD_KEY_LEN], const unsigned char nonce[AEAD_NONCE_LEN],
	const void *plain, size_t len, void *out);
bool aead_open(const unsigned char key[AEAD_KEY_LEN], const unsigned char nonce[AEAD_NONCE_LEN],
	const void *sealed, size_t len, void *out) S3T_MUST_CHECK;
/* Whether both are the same, in a time that does not tell where they differ. */
bool crypto_same(const void *a, const void *b, size_t len);

/* Appends lower-case hex. */
void hex_encode(struct strbuf *out, const unsigned char *data, size_t len);
/* Reads exactly 2*len hex digits; false otherwise. */
bool hex_decode(struct strview hex, unsigned char *out, size_t len);
void base64_encode(struct strbuf *out, const unsigned char *data, size_t len);
/* Appends the decoded bytes; false if s is not base64. */
bool base64_decode(struct strbuf *out, struct strview s);
/* Unpredictable bytes. */
void random_bytes(void *out, size_t len);
/* n letters and digits and a NUL; out has room for n + 1. */
void random_name(char *out, size_t n);
/* Uniform in [0, bound]; for jitter. */
uint64_t random_below_or_equal(uint64_t bound);
/* Of the library in use, for --version. */
const char *crypto_version(void);

#endif
