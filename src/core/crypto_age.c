/* The primitives that age is made of. */
#include "core/crypto.h"

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/kdf.h>
#include <openssl/params.h>
#include <string.h>

bool x25519_public(const unsigned char secret[X25519_LEN], unsigned char out[X25519_LEN])
{
	size_t len = X25519_LEN;
	EVP_PKEY *key = EVP_PKEY_new_raw_private_key(EVP_PKEY_X25519, NULL, secret, X25519_LEN);
	if (!key)
		s3t_oom();
	bool ok = EVP_PKEY_get_raw_public_key(key, out, &len) == 1 && len == X25519_LEN;
	EVP_PKEY_free(key);
	return ok;
}

bool x25519_shared(const unsigned char secret[X25519_LEN], const unsigned char peer[X25519_LEN],
	unsigned char out[X25519_LEN])
{
	size_t len = X25519_LEN;
	EVP_PKEY *own = EVP_PKEY_new_raw_private_key(EVP_PKEY_X25519, NULL, secret, X25519_LEN);
	EVP_PKEY *other = EVP_PKEY_new_raw_public_key(EVP_PKEY_X25519, NULL, peer, X25519_LEN);
	EVP_PKEY_CTX *ctx = own ? EVP_PKEY_CTX_new(own, NULL) : NULL;
	if (!own || !other || !ctx)
		s3t_oom();
	/* OpenSSL refuses a result of all zeros */
	bool ok = EVP_PKEY_derive_init(ctx) == 1 && EVP_PKEY_derive_set_peer(ctx, other) == 1 &&
		  EVP_PKEY_derive(ctx, out, &len) == 1 && len == X25519_LEN;
	EVP_PKEY_CTX_free(ctx);
	EVP_PKEY_free(own);
	EVP_PKEY_free(other);
	return ok;
}

/* OpenSSL takes no NULL, also not for nothing. */
static void *bytes(struct strview s)
{
	return (void *)(s.len ? s.data : "");
}

static bool derive(const char *name, const OSSL_PARAM *params, unsigned char *out, size_t len)
{
	EVP_KDF *kdf = EVP_KDF_fetch(NULL, name, NULL);
	EVP_KDF_CTX *ctx = kdf ? EVP_KDF_CTX_new(kdf) : NULL;
	bool ok = ctx && EVP_KDF_derive(ctx, out, len, params) == 1;
	EVP_KDF_CTX_free(ctx);
	EVP_KDF_free(kdf);
	return ok;
}

void hkdf_sha256(
	struct strview ikm, struct strview salt, struct strview info, unsigned char out[SHA256_LEN])
{
	char digest[] = "SHA256";
	OSSL_PARAM params[] = {OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST, digest, 0),
		OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_KEY, bytes(ikm), ikm.len),
		OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_SALT, bytes(salt), salt.len),
		OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_INFO, bytes(info), info.len),
		OSSL_PARAM_construct_end()};
	if (!derive("HKDF", params, out, SHA256_LEN))
		s3t_oom();
}

bool scrypt_32(
	struct strview password, struct strview salt, unsigned log_n, unsigned char out[SHA256_LEN])
{
	uint64_t n = (uint64_t)1 << log_n, most = ((uint64_t)1 << log_n) * 8 * 128 + (1 << 20);
	uint32_t r = 8, p = 1;
	OSSL_PARAM params[] = {OSSL_PARAM_construct_octet_string(
				       OSSL_KDF_PARAM_PASSWORD, bytes(password), password.len),
		OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_SALT, bytes(salt), salt.len),
		OSSL_PARAM_construct_uint64(OSSL_KDF_PARAM_SCRYPT_N, &n),
		OSSL_PARAM_construct_uint32(OSSL_KDF_PARAM_SCRYPT_R, &r),
		OSSL_PARAM_construct_uint32(OSSL_KDF_PARAM_SCRYPT_P, &p),
		OSSL_PARAM_construct_uint64(OSSL_KDF_PARAM_SCRYPT_MAXMEM, &most),
		OSSL_PARAM_construct_end()};
	return derive("SCRYPT", params, out, SHA256_LEN);
}

void aead_seal(const unsigned char key[AEAD_KEY_LEN], const unsigned char nonce[AEAD_NONCE_LEN],
	const void *plain, size_t len, void *out)
{
	unsigned char *to = out;
	int n = 0;
	EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
	bool ok = ctx && EVP_EncryptInit_ex(ctx, EVP_chacha20_poly1305(), NULL, key, nonce) == 1 &&
		  (len == 0 || EVP_EncryptUpdate(ctx, to, &n, plain, (int)len) == 1) &&
		  EVP_EncryptFinal_ex(ctx, to + n, &n) == 1 &&
		  EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_GET_TAG, AEAD_TAG_LEN, to + len) == 1;
	EVP_CIPHER_CTX_free(ctx);
	if (!ok)
		s3t_oom();
}

bool aead_open(const unsigned char key[AEAD_KEY_LEN], const unsigned char nonce[AEAD_NONCE_LEN],
	const void *sealed, size_t len, void *out)
{
	if (len < AEAD_TAG_LEN)
		return false;
	const unsigned char *from = sealed;
	size_t plain = len - AEAD_TAG_LEN;
	unsigned char tag[AEAD_TAG_LEN];
	memcpy(tag, from + plain, sizeof tag);
	int n = 0;
	EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
	if (!ctx)
		s3t_oom();
	bool ok = EVP_DecryptInit_ex(ctx, EVP_chacha20_poly1305(), NULL, key, nonce) == 1 &&
		  (plain == 0 || EVP_DecryptUpdate(ctx, out, &n, from, (int)plain) == 1) &&
		  EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_SET_TAG, sizeof tag, tag) == 1 &&
		  EVP_DecryptFinal_ex(ctx, (unsigned char *)out + n, &n) == 1;
	EVP_CIPHER_CTX_free(ctx);
	if (!ok && plain)
		OPENSSL_cleanse(out, plain);
	return ok;
}

bool crypto_same(const void *a, const void *b, size_t len)
{
	return CRYPTO_memcmp(a, b, len) == 0;
}
