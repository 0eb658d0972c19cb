/*
 * What is done to an object's bytes on their way: compressed, then encrypted with age. Streams in
 * both directions; what only age did can also be written and read at any place. The object's
 * metadata tells what was done ("coding: gzip+age"), its real size and, where it is encrypted, its
 * real type.
 */
#ifndef CORE_CODING_H
#define CORE_CODING_H

#include "core/age.h"
#include "core/byte_source.h"
#include "core/compress.h"

/* What the files of age begin with, binary or as text; both have so many bytes there. */
enum { CODING_START = 22 };
bool coding_is_age_file(struct strview start, bool *is_armored);

#define CODING_META "coding"
#define CODING_META_SIZE "plain-size"
#define CODING_META_TYPE "plain-type"

struct coding {
	enum compression compression;
	bool is_age;
	bool is_armored; /* age as text (age_armor.h): of what others wrote, never ours */
};
bool coding_is_none(struct coding c);
/* "gzip+age" and the like; false: it is none that we know. */
bool coding_parse(struct strview text, struct coding *out);
void coding_add_name(struct coding c, struct strbuf *out);

/* --- a file that is encrypted, at any place --- */

enum { AGE_SEED_LEN = 32 }; /* letters */

/* The encrypted file that is made of a plain one; immutable once begun. */
struct age_reader {
	struct age_file file;
	int fd; /* of the plain one */
	uint64_t plain_size, size;
};
/* As struct byte_source wants it; arg: the reader. */
ssize_t age_reader_read(
	void *arg, struct byte_scratch *scratch, char *buf, size_t len, uint64_t offset);

/* --- a stream that is encoded --- */

struct encoder;
/* Borrows keys, with is_age. seed: as age_file_new() takes it; NULL: of its own. */
enum s3t_rc encoder_new(struct coding c, const struct age_keys *keys, const unsigned char *seed,
	struct encoder **out, struct s3t_err *err) S3T_MUST_CHECK;
void encoder_free(struct encoder *e);
/* Appends what comes of data; is_end: all that is left. False: out is full. */
bool encoder_add(struct encoder *e, const void *data, size_t len, bool is_end, struct strbuf *out);

/* --- a stream that is decoded --- */

struct decoder;
/* Borrows keys, with is_age. */
struct decoder *decoder_new(struct coding c, const struct age_keys *keys);
void decoder_free(struct decoder *d);
/* sink gets only what was authenticated (age), and what decompresses. S3T_MISMATCH, S3T_DENIED. */
enum s3t_rc decoder_add(struct decoder *d, const void *data, size_t len, bytes_fn sink, void *arg,
	struct s3t_err *err) S3T_MUST_CHECK;
/* No more comes. */
enum s3t_rc decoder_end(
	struct decoder *d, bytes_fn sink, void *arg, struct s3t_err *err) S3T_MUST_CHECK;

#endif
