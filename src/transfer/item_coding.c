/* Uploads that are compressed, or encrypted on this machine: what is done, and what tells of it. */
#include "transfer/internal.h"

#include "core/fdio.h"
#include "core/mime.h"
#include "core/statedir.h"
#include "core/timeutil.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { SAMPLE = 256 << 10, WORTH_LEAST = 1024 };

/* --- our secret --- */

/* 32 bytes that only we have, made once: with a journaled seed they make an encrypted file's keys
 * again, so that its upload can go on and the journal holds no secret. False: there is no place for
 * it. */
static bool load_secret(unsigned char out[SHA256_LEN])
{
	char *dir = state_dir(NULL), *path = dir ? s3t_asprintf("%s/secret", dir) : NULL;
	bool ok = false;
	for (int tries = 0; path && tries < 2 && !ok; tries++) {
		int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
		struct stat st;
		ok = fd >= 0 && fstat(fd, &st) == 0 && st.st_uid == geteuid() &&
		     !(st.st_mode & (S_IRWXG | S_IRWXO)) && read(fd, out, SHA256_LEN) == SHA256_LEN;
		if (fd >= 0)
			close(fd);
		if (ok || fd >= 0 || errno != ENOENT)
			break;
		unsigned char fresh[SHA256_LEN];
		random_bytes(fresh, sizeof fresh);
		fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
		if (fd >= 0) { /* else another process was quicker */
			if (!fd_write_all(fd, fresh, sizeof fresh))
				(void)unlink(path);
			close(fd);
		}
		explicit_bzero(fresh, sizeof fresh);
	}
	free(path);
	free(dir);
	return ok;
}

static bool is_packed(const struct item_coding *c)
{
	return c->how.compression != COMPRESS_OFF;
}

/* One letter for what an upload is in its headers. */
static char packed_as(struct coding how)
{
	char letter = how.compression == COMPRESS_GZIP ? 'g' : 'z';
	return how.is_age ? (char)(letter - 'a' + 'A') : letter;
}

bool item_coding_seed(struct item *it, unsigned char out[SHA256_LEN])
{
	struct item_coding *c = it->coding;
	unsigned char secret[SHA256_LEN];
	bool goes_on = it->partial && it->partial->seed[0];
	if (!load_secret(secret)) {
		snprintf(c->seed, sizeof c->seed, "%s", PARTIAL_ENDS);
		return false;
	}
	if (goes_on)
		snprintf(c->seed, sizeof c->seed, "%s", it->partial->seed);
	else
		random_name(c->seed, AGE_SEED_LEN);
	if (is_packed(c)) {
		c->seed[0] = PARTIAL_PACKED;
		c->seed[1] = packed_as(c->how);
	}
	/* another version of the library may compress otherwise */
	char *info = s3t_asprintf("s3tui upload%s%s", is_packed(c) ? " " : "",
		is_packed(c) ? compression_version(c->how.compression) : "");
	hkdf_sha256(sv_n((const char *)secret, sizeof secret), sv(c->seed), sv(info), out);
	free(info);
	explicit_bzero(secret, sizeof secret);
	return true;
}

/* --- deciding --- */

static enum s3t_rc open_source(struct item *it, const struct loc_io *io, struct s3t_err *err)
{
	const struct job_spec *spec = &it->job->spec;
	if (it->source)
		return S3T_OK;
	return spec->from->ops->source_open(
		spec->from, io, sv_n(it->path, it->path_len), &it->stat, &it->source, err);
}

/* Whether its beginning becomes smaller; what is compressed already does not. */
static bool sample_shrinks(const struct item *it, enum compression kind)
{
	char *buf = s3t_alloc(SAMPLE);
	ssize_t n = pread(it->job->spec.from->ops->source_fd(it->source), buf, SAMPLE, 0);
	struct strbuf out;
	strbuf_init_cap(&out, 2 * SAMPLE);
	struct compressor *c = compressor_new(kind);
	bool ok = n > 0 && compressor_add(c, buf, (size_t)n, true, &out) &&
		  out.len + (size_t)n / 20 < (size_t)n;
	compressor_free(c);
	strbuf_deinit(&out);
	free(buf);
	return ok;
}

static const char *type_of(const struct item *it)
{
	const struct job_spec *spec = &it->job->spec;
	return spec->content_type ? spec->content_type
				  : mime_type_of(sv_n(it->target, it->target_len));
}

static enum s3t_rc find_keys(struct item *it, const struct loc_io *io, struct s3t_err *err)
{
	struct s3_client *client = location_s3_client(it->job->spec.to);
	enum s3t_rc rc = s3_client_age_keys(client, io->cancel, &it->coding->keys, err);
	if (rc == S3T_OK && !age_keys_can_encrypt(it->coding->keys))
		rc = s3t_fail(err, S3T_CONFIG,
			"ClientSide needs client_recipients or client_passphrase_command in "
			"[encryption] of profile %s.",
			s3_client_profile(client)->name);
	return rc;
}

/* Whether what was begun is what would be made now: the profile may be another one by now. What
 * ended with its process, a stream or what nobody has the keys of, is never. */
static bool goes_on_as(const struct partial *p, struct coding how, bool is_stream)
{
	if (strcmp(p->seed, PARTIAL_ENDS) == 0 || is_stream)
		return false;
	if (how.compression != COMPRESS_OFF)
		return p->seed[0] == PARTIAL_PACKED && p->seed[1] == packed_as(how);
	return how.is_age ? p->seed[0] && p->seed[0] != PARTIAL_PACKED : !p->seed[0];
}

/* Before its seed is used: the same keys must never encrypt other bytes. */
static bool is_of_this_source(const struct item *it)
{
	const struct partial *p = it->partial;
	struct loc_facts facts = {.mtime_ns = TIME_UNKNOWN};
	if (!it->source)
		return true; /* looked at where its parts are */
	it->job->spec.from->ops->source_facts(it->source, &facts);
	return p->size == it->stat.size && p->mtime_ns == facts.mtime_ns && p->ino == facts.ino &&
	       p->dev == facts.dev;
}

static enum s3t_rc drop_another(struct item *it, const struct loc_io *io, struct coding how,
	bool is_stream, struct s3t_err *err)
{
	if (!it->partial || (goes_on_as(it->partial, how, is_stream) &&
				    (coding_is_none(how) || is_of_this_source(it))))
		return S3T_OK;
	enum s3t_rc rc = partial_discard(it->job, it->partial, io, err);
	if (rc != S3T_OK)
		return rc;
	pthread_mutex_lock(&it->job->engine->lock);
	item_forget_partial_locked(it);
	pthread_mutex_unlock(&it->job->engine->lock);
	return S3T_OK;
}

void item_refine_source(struct item *it, const struct loc_io *io)
{
	struct loc_stat stat;
	const struct job_spec *spec = &it->job->spec;
	if (spec->from->ops->stat(spec->from, io, sv_n(it->path, it->path_len), &stat, NULL) ==
		S3T_OK) {
		it->stat.mtime_ns = stat.mtime_ns;
		if (stat.stored_size && !it->stat.stored_size &&
			stat.stored_size == it->stat.size) {
			it->stat.stored_size = stat.stored_size;
			item_set_size(it, stat.size);
		}
		loc_stat_deinit(&stat);
	}
}

enum s3t_rc item_coding_begin(struct item *it, const struct loc_io *io, struct s3t_err *err)
{
	const struct job_spec *spec = &it->job->spec;
	struct s3_client *client = location_s3_client(spec->to);
	bool is_seal = route_seal_is_due(spec), is_stream = spec->kind == JOB_PIPE || is_seal;
	bool is_upload = spec->from->ops->kind == LOC_LOCAL &&
			 (spec->kind == JOB_COPY || spec->kind == JOB_MOVE);
	it->wire_size = it->stat.size;
	if (!client || (!is_upload && !is_stream))
		return drop_another(
			it, io, (struct coding){.compression = COMPRESS_OFF}, false, err);
	const char *word =
		spec->compress ? spec->compress : s3_client_profile(client)->settings.compress;
	struct coding how = {.compression = compression_of(word),
		.is_age = s3_encryption_for(client, spec->encryption, NULL).kind ==
			  S3_ENCRYPTION_CLIENT};
	enum s3t_rc rc = S3T_OK;
	bool stays_plain = is_seal || (is_upload && it->stat.size < WORTH_LEAST);
	if ((stays_plain || !compression_is_worth(type_of(it))))
		how.compression = COMPRESS_OFF;
	if (how.compression != COMPRESS_OFF && is_upload) {
		rc = open_source(it, io, err);
		if (rc == S3T_OK && !sample_shrinks(it, how.compression))
			how.compression = COMPRESS_OFF;
	}
	if (rc == S3T_OK && it->partial && is_upload)
		rc = open_source(it, io, err);
	if (rc == S3T_OK)
		rc = drop_another(it, io, how, is_stream, err);
	if (rc != S3T_OK || (coding_is_none(how) && !is_stream))
		return rc;
	it->coding = s3t_alloc(sizeof *it->coding);
	it->coding->how = how;
	strbuf_init(&it->coding->metadata);
	if (!how.is_age)
		return S3T_OK;
	rc = find_keys(it, io, err);
	if (rc == S3T_OK && how.compression == COMPRESS_OFF && is_upload)
		it->wire_size = age_head_len(it->coding->keys) + age_sealed_size(it->stat.size);
	return rc;
}

enum s3t_rc item_coding_open(struct item *it, struct s3t_err *err)
{
	struct item_coding *c = it->coding;
	if (!c || !c->how.is_age || is_packed(c) || c->has_reader)
		return S3T_OK;
	unsigned char seed[SHA256_LEN];
	bool has_seed = item_coding_seed(it, seed);
	enum s3t_rc rc = age_file_new(c->keys, has_seed ? seed : NULL, &c->reader.file, err);
	explicit_bzero(seed, sizeof seed);
	if (rc != S3T_OK)
		return rc;
	c->reader.fd = it->job->spec.from->ops->source_fd(it->source);
	c->reader.plain_size = it->stat.size;
	c->reader.size = it->wire_size;
	c->has_reader = true;
	return S3T_OK;
}

void item_coding_tell(const struct item *it, uint64_t plain, struct loc_sink_spec *sink)
{
	struct item_coding *c = it->coding;
	if (!c || coding_is_none(c->how))
		return;
	strbuf_reset(&c->metadata);
	strbuf_add_sv(&c->metadata, sink->metadata);
	strbuf_add_str(&c->metadata, CODING_META ": ");
	coding_add_name(c->how, &c->metadata);
	strbuf_add_char(&c->metadata, '\n');
	if (plain != UINT64_MAX)
		strbuf_addf(&c->metadata, CODING_META_SIZE ": %llu\n", (unsigned long long)plain);
	if (c->how.is_age) {
		strbuf_addf(&c->metadata, CODING_META_TYPE ": %s\n", sink->content_type);
		sink->content_type = "application/octet-stream";
		sink->content_encoding = NULL; /* nobody can undo it before it is decrypted */
	} else {
		sink->content_encoding = compression_word(c->how.compression);
	}
	sink->metadata = strbuf_view(&c->metadata);
}

struct byte_source item_bytes(const struct item *it)
{
	struct byte_source b = {.fd = it->job->spec.from->ops->source_fd(it->source)};
	if (it->coding && it->coding->has_reader) {
		b.read = age_reader_read;
		b.arg = &it->coding->reader;
	}
	return b;
}

void item_coding_free(struct item *it)
{
	struct item_coding *c = it->coding;
	if (!c)
		return;
	if (c->has_reader)
		age_file_deinit(&c->reader.file);
	strbuf_deinit(&c->metadata);
	free(c);
	it->coding = NULL;
}
