/* Digests, HMAC, base64 and randomness: the only user of OpenSSL's libcrypto. */
#ifndef CORE_CRYPTO_H
#define CORE_CRYPTO_H

#include "core/strbuf.h"

#include <stdint.h>

#define SHA256_LEN 32
#define MD5_LEN 16

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
void hmac_sha256(struct strview key, struct strview data, unsigned char out[SHA256_LEN]);

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
