/*
 * gzip (RFC 1952) and zstd (RFC 8878) as streams: the only user of zlib and libzstd. One thread at
 * a time; both carry a checksum of what was compressed.
 */
#ifndef CORE_COMPRESS_H
#define CORE_COMPRESS_H

#include "core/err.h"
#include "core/strbuf.h"

enum compression { COMPRESS_OFF, COMPRESS_GZIP, COMPRESS_ZSTD, COMPRESS_COUNT };

/* "gzip", the word of s3tui.ini and of Content-Encoding; "off". Static. */
const char *compression_word(enum compression c);
/* COMPRESS_OFF for other words and NULL. */
enum compression compression_of(const char *word);
/* Of the library that makes it; static. */
const char *compression_version(enum compression c);
/* Whether it is likely to become smaller: not what its type says is compressed already. */
bool compression_is_worth(const char *content_type);

struct compressor;
struct compressor *compressor_new(enum compression c);
void compressor_free(struct compressor *c);
/* Appends what comes of data to out; is_end: and of all before. False: out is full. */
bool compressor_add(
	struct compressor *c, const void *data, size_t len, bool is_end, struct strbuf *out);

/* Gets what was compressed, in pieces; false ends it. */
typedef bool (*bytes_fn)(void *arg, const char *data, size_t len);

struct decompressor;
struct decompressor *decompressor_new(enum compression c);
void decompressor_free(struct decompressor *d);
/* S3T_MISMATCH: it is damaged. S3T_CANCELLED: sink said so. */
enum s3t_rc decompressor_add(struct decompressor *d, const void *data, size_t len, bytes_fn sink,
	void *arg, struct s3t_err *err) S3T_MUST_CHECK;
/* No more comes: S3T_MISMATCH if it is cut. */
enum s3t_rc decompressor_end(const struct decompressor *d, struct s3t_err *err) S3T_MUST_CHECK;

#endif
