/*
 * age v1 (C2SP age-encryption.org/v1): files that only recipients can read. A header wraps a file
 * key for each of them; behind it chunks of 64 KiB, each sealed by itself, so that any part of a
 * file can be written and read alone and nothing is used before it is authenticated.
 */
#ifndef CORE_AGE_H
#define CORE_AGE_H

#include "core/cancel.h"
#include "core/config.h"
#include "core/crypto.h"

enum {
	AGE_CHUNK = 64 << 10,
	AGE_SEALED = AGE_CHUNK + AEAD_TAG_LEN,
	AGE_HEADER_MAX = 64 << 10,
	AGE_SCRYPT_LOG_N = 18, /* as the age command: about a second */
	AGE_FILE_KEY_LEN = 16
};
#define AGE_MAGIC "age-encryption.org/v1\n"

/* What a profile encrypts for and decrypts with; immutable, any thread. */
struct age_keys;

/* Reads what [encryption] names; blocks while a command runs. NULL with S3T_OK: nothing is named.
 * S3T_CONFIG: what is named cannot be used. */
enum s3t_rc age_keys_load(const struct settings *s, struct cancel *cancel, struct age_keys **out,
	struct s3t_err *err) S3T_MUST_CHECK;
/* Recipients ("age1…, age1…"), identities (the text of an identity file) and a passphrase; NULL for
 * none. */
enum s3t_rc age_keys_new(const char *recipients, struct strview identities,
	struct strview passphrase, struct age_keys **out, struct s3t_err *err) S3T_MUST_CHECK;
void age_keys_free(struct age_keys *k);
bool age_keys_can_encrypt(const struct age_keys *k);
bool age_keys_can_decrypt(const struct age_keys *k);
/* Of files encrypted with these keys: header and nonce, in front of the first chunk. */
size_t age_head_len(const struct age_keys *k);

/* One file: what stands in front of its chunks, and the key of those. */
struct age_file {
	struct strbuf head; /* header and nonce */
	unsigned char key[AEAD_KEY_LEN];
};
void age_file_deinit(struct age_file *f);
/* A new one. seed: 32 secret bytes that make the same file again, for an upload that goes on; NULL:
 * random. */
enum s3t_rc age_file_new(const struct age_keys *k, const unsigned char *seed, struct age_file *out,
	struct s3t_err *err) S3T_MUST_CHECK;
/* Reads what a file starts with. *need: so many bytes are wanted at the least, and out holds
 * nothing yet; 0: out is whole. S3T_DENIED: no identity of ours opens it; S3T_MISMATCH: it is
 * damaged or was tampered with. */
enum s3t_rc age_file_open(const struct age_keys *k, struct strview start, struct age_file *out,
	size_t *need, struct s3t_err *err) S3T_MUST_CHECK;

/* Sizes of a file's chunks, sealed and plain; UINT64_MAX: no file has that size. */
uint64_t age_sealed_size(uint64_t plain);
uint64_t age_plain_size(uint64_t sealed);
/* Chunk `index`; out has room for len + 16 bytes, or opened for len - 16. An empty file is one
 * empty last chunk. */
void age_seal(const struct age_file *f, uint64_t index, bool is_last, const void *plain, size_t len,
	void *out);
bool age_open(const struct age_file *f, uint64_t index, bool is_last, const void *sealed,
	size_t len, void *out) S3T_MUST_CHECK;

#endif
