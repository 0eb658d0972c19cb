#include "core/coding.h"

#include "core/age_armor.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

bool coding_is_none(struct coding c)
{
	return c.compression == COMPRESS_OFF && !c.is_age;
}

bool coding_parse(struct strview text, struct coding *out)
{
	*out = (struct coding){.compression = COMPRESS_OFF};
	struct strview first = sv_n(text.data, sv_find(text, '+'));
	struct strview second = sv_from(text, first.len + 1);
	if (sv_eq(first, SV("age")) && !second.len)
		return out->is_age = true;
	char *word = s3t_strndup(first.data, first.len);
	out->compression = compression_of(word);
	free(word);
	out->is_age = sv_eq(second, SV("age"));
	return out->compression != COMPRESS_OFF && (!second.len || out->is_age);
}

void coding_add_name(struct coding c, struct strbuf *out)
{
	if (c.compression != COMPRESS_OFF)
		strbuf_add_str(out, compression_word(c.compression));
	if (c.is_age)
		strbuf_addf(out, "%sage", c.compression != COMPRESS_OFF ? "+" : "");
}

/* --- at any place --- */

/* Seals chunk `index` into the scratch. False with errno. */
static bool seal_into(
	const struct age_reader *r, struct byte_scratch *scratch, uint64_t index, uint64_t at)
{
	unsigned char plain[AGE_CHUNK];
	uint64_t from = index * AGE_CHUNK, left = r->plain_size - from;
	size_t len = left < AGE_CHUNK ? (size_t)left : AGE_CHUNK, got = 0;
	while (got < len) {
		ssize_t n = pread(r->fd, plain + got, len - got, (off_t)(from + got));
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0) {
			errno = n < 0 ? errno : EIO; /* it became shorter */
			return false;
		}
		got += (size_t)n;
	}
	if (!scratch->data)
		scratch->data = s3t_alloc(AGE_SEALED);
	age_seal(&r->file, index, left <= AGE_CHUNK, plain, len, scratch->data);
	scratch->at = at;
	scratch->len = len + AEAD_TAG_LEN;
	explicit_bzero(plain, sizeof plain);
	return true;
}

ssize_t age_reader_read(
	void *arg, struct byte_scratch *scratch, char *buf, size_t len, uint64_t offset)
{
	const struct age_reader *r = arg;
	struct strview head = strbuf_view(&r->file.head);
	if (offset >= r->size)
		return 0;
	if (offset < head.len) {
		size_t n = head.len - (size_t)offset < len ? head.len - (size_t)offset : len;
		memcpy(buf, head.data + offset, n);
		return (ssize_t)n;
	}
	uint64_t index = (offset - head.len) / AGE_SEALED, at = head.len + index * AGE_SEALED;
	bool is_there = scratch->data && scratch->at == at && scratch->len;
	if (!is_there && !seal_into(r, scratch, index, at))
		return -1;
	size_t skip = (size_t)(offset - at);
	size_t n = scratch->len - skip < len ? scratch->len - skip : len;
	memcpy(buf, scratch->data + skip, n);
	return (ssize_t)n;
}

bool coding_is_age_file(struct strview start, bool *is_armored)
{
	static_assert(sizeof AGE_MAGIC - 1 == CODING_START, "a beginning is as long as the magic");
	struct strview armor = sv_n(AGE_ARMOR_BEGIN, CODING_START);
	*is_armored = sv_starts_with(start, armor);
	return *is_armored || sv_starts_with(start, SV(AGE_MAGIC));
}

/* --- encoding --- */

struct encoder {
	struct compressor *compressor; /* NULL: not compressed */
	bool is_age;
	struct age_file file;
	struct strbuf middle; /* compressed, to be sealed */
	unsigned char chunk[AGE_CHUNK];
	size_t fill;
	uint64_t index;
	bool has_head;
};

enum s3t_rc encoder_new(struct coding c, const struct age_keys *keys, const unsigned char *seed,
	struct encoder **out, struct s3t_err *err)
{
	struct encoder *e = s3t_alloc(sizeof *e);
	strbuf_init_cap(&e->middle, SIZE_MAX / 2);
	*out = NULL;
	if (c.is_age && age_file_new(keys, seed, &e->file, err) != S3T_OK) {
		strbuf_deinit(&e->middle);
		free(e);
		return err ? err->rc : S3T_CONFIG;
	}
	e->is_age = c.is_age;
	if (c.compression != COMPRESS_OFF)
		e->compressor = compressor_new(c.compression);
	*out = e;
	return S3T_OK;
}

void encoder_free(struct encoder *e)
{
	if (!e)
		return;
	compressor_free(e->compressor);
	if (e->is_age)
		age_file_deinit(&e->file);
	strbuf_deinit_wipe(&e->middle);
	explicit_bzero(e->chunk, sizeof e->chunk);
	free(e);
}

static void seal_chunk(struct encoder *e, bool is_last, struct strbuf *out)
{
	unsigned char sealed[AGE_SEALED];
	age_seal(&e->file, e->index++, is_last, e->chunk, e->fill, sealed);
	strbuf_add(out, sealed, e->fill + AEAD_TAG_LEN);
	e->fill = 0;
}

/* A full chunk waits: it may be the last one. */
static void seal(struct encoder *e, struct strview data, bool is_end, struct strbuf *out)
{
	if (!e->has_head)
		strbuf_add_sv(out, strbuf_view(&e->file.head));
	e->has_head = true;
	while (data.len) {
		if (e->fill == AGE_CHUNK)
			seal_chunk(e, false, out);
		size_t n = AGE_CHUNK - e->fill < data.len ? AGE_CHUNK - e->fill : data.len;
		memcpy(e->chunk + e->fill, data.data, n);
		e->fill += n;
		data = sv_from(data, n);
	}
	if (is_end)
		seal_chunk(e, true, out);
}

bool encoder_add(struct encoder *e, const void *data, size_t len, bool is_end, struct strbuf *out)
{
	if (!e->compressor) {
		seal(e, sv_n(data, len), is_end, out);
	} else if (!e->is_age) {
		return compressor_add(e->compressor, data, len, is_end, out);
	} else {
		strbuf_reset(&e->middle);
		if (!compressor_add(e->compressor, data, len, is_end, &e->middle))
			return false;
		seal(e, strbuf_view(&e->middle), is_end, out);
	}
	return strbuf_ok(out);
}

/* --- decoding --- */

struct decoder {
	struct decompressor *decompressor; /* NULL: not compressed */
	bool is_age, is_open;
	const struct age_keys *keys;
	struct age_file file;
	struct strbuf head; /* while the header is not whole */
	size_t need;
	unsigned char sealed[AGE_SEALED];
	size_t fill;
	uint64_t index;
	struct age_armor *armor; /* NULL: binary */
	struct strbuf unarmored;
};

struct decoder *decoder_new(struct coding c, const struct age_keys *keys)
{
	struct decoder *d = s3t_alloc(sizeof *d);
	d->is_age = c.is_age;
	d->keys = keys;
	strbuf_init_cap(&d->head, AGE_HEADER_MAX + AGE_CHUNK);
	strbuf_init_cap(&d->unarmored, SIZE_MAX / 2);
	if (c.is_armored)
		d->armor = age_armor_new();
	if (c.compression != COMPRESS_OFF)
		d->decompressor = decompressor_new(c.compression);
	return d;
}

void decoder_free(struct decoder *d)
{
	if (!d)
		return;
	decompressor_free(d->decompressor);
	if (d->is_open)
		age_file_deinit(&d->file);
	age_armor_free(d->armor);
	strbuf_deinit(&d->unarmored);
	strbuf_deinit(&d->head);
	free(d);
}

static enum s3t_rc hand_on(struct decoder *d, const void *data, size_t len, bytes_fn sink,
	void *arg, struct s3t_err *err)
{
	if (d->decompressor)
		return decompressor_add(d->decompressor, data, len, sink, arg, err);
	return !len || sink(arg, data, len) ? S3T_OK : s3t_fail(err, S3T_CANCELLED, "Cancelled.");
}

static enum s3t_rc open_chunk(
	struct decoder *d, bool is_last, bytes_fn sink, void *arg, struct s3t_err *err)
{
	unsigned char plain[AGE_CHUNK];
	bool is_empty = d->fill == AEAD_TAG_LEN && d->index;
	if (d->fill < AEAD_TAG_LEN || is_empty ||
		!age_open(&d->file, d->index, is_last, d->sealed, d->fill, plain))
		return s3t_fail(err, S3T_MISMATCH,
			"What is encrypted was damaged or tampered with; nothing behind byte %llu "
			"of it is used.",
			(unsigned long long)d->index * AGE_CHUNK);
	enum s3t_rc rc = hand_on(d, plain, d->fill - AEAD_TAG_LEN, sink, arg, err);
	explicit_bzero(plain, sizeof plain);
	d->index++;
	d->fill = 0;
	return rc;
}

static enum s3t_rc add_sealed(
	struct decoder *d, struct strview data, bytes_fn sink, void *arg, struct s3t_err *err)
{
	enum s3t_rc rc = S3T_OK;
	while (data.len && rc == S3T_OK) {
		if (d->fill == AGE_SEALED)
			rc = open_chunk(d, false, sink, arg, err);
		if (rc != S3T_OK)
			break;
		size_t n = AGE_SEALED - d->fill < data.len ? AGE_SEALED - d->fill : data.len;
		memcpy(d->sealed + d->fill, data.data, n);
		d->fill += n;
		data = sv_from(data, n);
	}
	return rc;
}

static enum s3t_rc add_head(struct decoder *d, struct strview data, bool is_end, bytes_fn sink,
	void *arg, struct s3t_err *err)
{
	strbuf_add_sv(&d->head, data);
	if (d->head.len < d->need && !is_end)
		return S3T_OK;
	enum s3t_rc rc = age_file_open(d->keys, strbuf_view(&d->head), &d->file, &d->need, err);
	if (rc == S3T_OK && d->need && (is_end || !strbuf_ok(&d->head)))
		rc = s3t_fail(err, S3T_MISMATCH, "What is encrypted ends in its header.");
	if (rc != S3T_OK || d->need)
		return rc;
	d->is_open = true;
	struct strview rest = sv_from(strbuf_view(&d->head), d->file.head.len);
	return add_sealed(d, rest, sink, arg, err);
}

static enum s3t_rc add_binary(struct decoder *d, const void *data, size_t len, bytes_fn sink,
	void *arg, struct s3t_err *err)
{
	if (d->is_open)
		return add_sealed(d, sv_n(data, len), sink, arg, err);
	/* a header is small: what comes at once may be much more */
	const char *at = data;
	while (len && !d->is_open) {
		size_t n = len < 4096 ? len : 4096;
		enum s3t_rc rc = add_head(d, sv_n(at, n), false, sink, arg, err);
		if (rc != S3T_OK)
			return rc;
		at += n;
		len -= n;
	}
	return add_sealed(d, sv_n(at, len), sink, arg, err);
}

enum s3t_rc decoder_add(struct decoder *d, const void *data, size_t len, bytes_fn sink, void *arg,
	struct s3t_err *err)
{
	if (!d->is_age)
		return hand_on(d, data, len, sink, arg, err);
	if (!d->armor)
		return add_binary(d, data, len, sink, arg, err);
	strbuf_reset(&d->unarmored);
	enum s3t_rc rc = age_armor_add(d->armor, data, len, &d->unarmored, err);
	return rc == S3T_OK ? add_binary(d, d->unarmored.data, d->unarmored.len, sink, arg, err)
			    : rc;
}

enum s3t_rc decoder_end(struct decoder *d, bytes_fn sink, void *arg, struct s3t_err *err)
{
	enum s3t_rc rc = S3T_OK;
	strbuf_reset(&d->unarmored);
	if (d->armor)
		rc = age_armor_end(d->armor, &d->unarmored, err);
	if (rc == S3T_OK && d->unarmored.len)
		rc = add_binary(d, d->unarmored.data, d->unarmored.len, sink, arg, err);
	if (rc == S3T_OK && d->is_age && !d->is_open)
		rc = add_head(d, SV(""), true, sink, arg, err);
	if (rc == S3T_OK && d->is_age)
		rc = open_chunk(d, true, sink, arg, err);
	if (rc == S3T_OK && d->decompressor)
		rc = decompressor_end(d->decompressor, err);
	return rc;
}
