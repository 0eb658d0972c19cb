#include "core/compress.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <zlib.h>
#include <zstd.h>

enum { PIECE = 64 << 10, GZIP_WINDOW = 15 + 16, GZIP_LEVEL = 6, ZSTD_LEVEL = 3 };

static const char *const words[COMPRESS_COUNT] = {"off", "gzip", "zstd"};

const char *compression_word(enum compression c)
{
	return words[c];
}

enum compression compression_of(const char *word)
{
	for (int i = COMPRESS_GZIP; word && i < COMPRESS_COUNT; i++)
		if (strcasecmp(word, words[i]) == 0)
			return (enum compression)i;
	return COMPRESS_OFF;
}

const char *compression_version(enum compression c)
{
	return c == COMPRESS_GZIP ? zlibVersion() : ZSTD_versionString();
}

bool compression_is_worth(const char *content_type)
{
	/* also those that hold what is compressed, as office documents do */
	static const char *const dense[] = {"image/", "video/", "audio/", "font/woff",
		"application/zip", "application/gzip", "application/x-gzip", "application/zstd",
		"application/x-xz", "application/x-bzip", "application/x-7z", "application/vnd.rar",
		"application/x-rar", "application/java-archive", "application/vnd.openxmlformats",
		"application/vnd.oasis.opendocument", "application/epub", "application/pdf",
		"application/x-lz", "application/x-compress", "application/vnd.android.package",
		"application/vnd.debian.binary-package", "application/x-rpm",
		"application/vnd.apache.parquet", "application/pgp-encrypted"};
	static const char *const loose[] = {"image/svg", "image/bmp", "image/x-ms-bmp",
		"image/tiff", "audio/x-wav", "audio/wav", "audio/midi"};
	for (size_t i = 0; content_type && i < sizeof loose / sizeof *loose; i++)
		if (strncasecmp(content_type, loose[i], strlen(loose[i])) == 0)
			return true;
	for (size_t i = 0; content_type && i < sizeof dense / sizeof *dense; i++)
		if (strncasecmp(content_type, dense[i], strlen(dense[i])) == 0)
			return false;
	return true;
}

/* --- in --- */

struct compressor {
	enum compression kind;
	z_stream gzip;
	ZSTD_CCtx *zstd;
};

struct compressor *compressor_new(enum compression kind)
{
	struct compressor *c = s3t_alloc(sizeof *c);
	c->kind = kind;
	if (kind == COMPRESS_GZIP) {
		if (deflateInit2(&c->gzip, GZIP_LEVEL, Z_DEFLATED, GZIP_WINDOW, 8,
			    Z_DEFAULT_STRATEGY) != Z_OK)
			s3t_oom();
	} else {
		c->zstd = ZSTD_createCCtx();
		if (!c->zstd)
			s3t_oom();
		(void)ZSTD_CCtx_setParameter(c->zstd, ZSTD_c_compressionLevel, ZSTD_LEVEL);
		(void)ZSTD_CCtx_setParameter(c->zstd, ZSTD_c_checksumFlag, 1);
	}
	return c;
}

void compressor_free(struct compressor *c)
{
	if (!c)
		return;
	if (c->kind == COMPRESS_GZIP)
		(void)deflateEnd(&c->gzip);
	ZSTD_freeCCtx(c->zstd);
	free(c);
}

static void add_gzip(
	struct compressor *c, const void *data, size_t len, bool is_end, struct strbuf *out)
{
	unsigned char piece[PIECE];
	c->gzip.next_in = (unsigned char *)(len ? data : "");
	c->gzip.avail_in = (uInt)len;
	int rc;
	do {
		c->gzip.next_out = piece;
		c->gzip.avail_out = sizeof piece;
		rc = deflate(&c->gzip, is_end ? Z_FINISH : Z_NO_FLUSH);
		strbuf_add(out, piece, sizeof piece - c->gzip.avail_out);
	} while (c->gzip.avail_out == 0 || (is_end && rc == Z_OK));
}

static void add_zstd(
	struct compressor *c, const void *data, size_t len, bool is_end, struct strbuf *out)
{
	unsigned char piece[PIECE];
	ZSTD_inBuffer in = {.src = len ? data : "", .size = len};
	size_t left;
	do {
		ZSTD_outBuffer to = {.dst = piece, .size = sizeof piece};
		left = ZSTD_compressStream2(
			c->zstd, &to, &in, is_end ? ZSTD_e_end : ZSTD_e_continue);
		if (ZSTD_isError(left))
			s3t_oom(); /* nothing else can be wrong */
		strbuf_add(out, piece, to.pos);
	} while (in.pos < in.size || (is_end && left));
}

bool compressor_add(
	struct compressor *c, const void *data, size_t len, bool is_end, struct strbuf *out)
{
	enum { MOST = 1 << 20 };
	const char *at = data;
	do {
		size_t n = len < MOST ? len : MOST;
		(c->kind == COMPRESS_GZIP ? add_gzip : add_zstd)(c, at, n, is_end && n == len, out);
		at += n;
		len -= n;
	} while (len);
	return strbuf_ok(out);
}

/* --- out --- */

struct decompressor {
	enum compression kind;
	z_stream gzip;
	ZSTD_DCtx *zstd;
	bool is_at_end; /* of a member or frame; another may follow */
	bool has_any;
};

struct decompressor *decompressor_new(enum compression kind)
{
	struct decompressor *d = s3t_alloc(sizeof *d);
	d->kind = kind;
	if (kind == COMPRESS_GZIP) {
		if (inflateInit2(&d->gzip, GZIP_WINDOW) != Z_OK)
			s3t_oom();
	} else {
		d->zstd = ZSTD_createDCtx();
		if (!d->zstd)
			s3t_oom();
	}
	return d;
}

void decompressor_free(struct decompressor *d)
{
	if (!d)
		return;
	if (d->kind == COMPRESS_GZIP)
		(void)inflateEnd(&d->gzip);
	ZSTD_freeDCtx(d->zstd);
	free(d);
}

static enum s3t_rc fail_damaged(struct s3t_err *err)
{
	return s3t_fail(err, S3T_MISMATCH, "What is compressed is damaged.");
}

static enum s3t_rc stopped(struct s3t_err *err)
{
	return s3t_fail(err, S3T_CANCELLED, "Cancelled.");
}

static enum s3t_rc inflate_piece(struct decompressor *d, const void *data, size_t len,
	bytes_fn sink, void *arg, struct s3t_err *err)
{
	unsigned char piece[PIECE];
	d->gzip.next_in = (unsigned char *)data;
	d->gzip.avail_in = (uInt)len;
	while (d->gzip.avail_in || d->gzip.avail_out == 0) {
		if (d->is_at_end && !d->gzip.avail_in)
			break;
		if (d->is_at_end && inflateReset(&d->gzip) != Z_OK)
			return fail_damaged(err);
		d->is_at_end = false;
		d->gzip.next_out = piece;
		d->gzip.avail_out = sizeof piece;
		int rc = inflate(&d->gzip, Z_NO_FLUSH);
		if (rc != Z_OK && rc != Z_STREAM_END && rc != Z_BUF_ERROR)
			return fail_damaged(err);
		size_t n = sizeof piece - d->gzip.avail_out;
		if (n && !sink(arg, (const char *)piece, n))
			return stopped(err);
		d->is_at_end = rc == Z_STREAM_END;
		if (rc == Z_BUF_ERROR && !n)
			break;
	}
	return S3T_OK;
}

static enum s3t_rc unzstd_piece(struct decompressor *d, const void *data, size_t len, bytes_fn sink,
	void *arg, struct s3t_err *err)
{
	unsigned char piece[PIECE];
	ZSTD_inBuffer in = {.src = data, .size = len};
	ZSTD_outBuffer to;
	do {
		to = (ZSTD_outBuffer){.dst = piece, .size = sizeof piece};
		size_t left = ZSTD_decompressStream(d->zstd, &to, &in);
		if (ZSTD_isError(left))
			return fail_damaged(err);
		if (to.pos && !sink(arg, (const char *)piece, to.pos))
			return stopped(err);
		d->is_at_end = left == 0;
		/* at a frame's end, more would be the next one's beginning */
	} while (in.pos < in.size || (to.pos == to.size && !d->is_at_end));
	return S3T_OK;
}

enum s3t_rc decompressor_add(struct decompressor *d, const void *data, size_t len, bytes_fn sink,
	void *arg, struct s3t_err *err)
{
	enum { MOST = 1 << 20 };
	const char *at = data;
	enum s3t_rc rc = S3T_OK;
	d->has_any = d->has_any || len;
	while (len && rc == S3T_OK) {
		size_t n = len < MOST ? len : MOST;
		rc = (d->kind == COMPRESS_GZIP ? inflate_piece : unzstd_piece)(
			d, at, n, sink, arg, err);
		at += n;
		len -= n;
	}
	return rc;
}

enum s3t_rc decompressor_end(const struct decompressor *d, struct s3t_err *err)
{
	return d->is_at_end || !d->has_any
		       ? S3T_OK
		       : s3t_fail(err, S3T_MISMATCH, "What is compressed ends too early.");
}
