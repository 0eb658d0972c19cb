/*
 * Between any two locations, through this machine: a part is fetched into an unlinked spool file of
 * this worker's and sent from there, so that a retry needs no second download and memory stays
 * flat.
 */
#include "core/crypto.h"
#include "core/fdio.h"
#include "core/timeutil.h"
#include "transfer/internal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static bool accepts(const struct location *from, const struct location *to)
{
	(void)from;
	(void)to;
	return true;
}

static enum s3t_rc plan(struct item *it, struct s3t_err *err)
{
	return route_send.plan(it, err);
}

/* A copy within a service, which nothing else is asked of, is not less encrypted than its source;
 * kms_key_id is borrowed from the object. */
static void keep_encryption(
	const struct item *it, const struct s3_object *object, struct loc_sink_spec *sink)
{
	const struct job_spec *spec = &it->job->spec;
	struct s3_client *from = location_s3_client(spec->from), *to = location_s3_client(spec->to);
	if (spec->asks_encryption || !from || !to || !s3_client_same_service(from, to) ||
		s3_encryption_for(to, spec->encryption, NULL).kind != S3_ENCRYPTION_NONE)
		return;
	struct s3_encryption own = s3_encryption_as(object);
	if (own.kind != S3_ENCRYPTION_SSE_KMS && own.kind != S3_ENCRYPTION_SSE_C)
		return;
	sink->encryption = s3_encryption_word(own.kind);
	sink->kms_key_id = own.kms_key_id;
}

/* In place: all of it is the object's own, as change_begin() made it. */
static void set_as_changed(
	const struct item *it, const struct s3_object *object, struct loc_sink_spec *sink)
{
	struct s3_encryption own = s3_encryption_as(object);
	sink->storage_class = object->storage_class;
	sink->encryption = s3_encryption_word(own.kind);
	sink->kms_key_id = own.kms_key_id;
}

/* The object's own type, time, metadata and tags go along. */
static enum s3t_rc begin(struct item *it, const struct loc_io *io, struct s3t_err *err)
{
	const struct job_spec *spec = &it->job->spec;
	struct s3_client *client = location_s3_client(spec->from);
	struct s3_object object;
	struct strbuf tagging;
	s3_object_init(&object);
	strbuf_init(&tagging);
	enum s3t_rc rc = S3T_OK;
	if (client) {
		struct s3_ctx ctx = {.client = client, .conn = io->conn, .cancel = io->cancel};
		struct strview bucket, key;
		struct path_version version;
		(void)path_version_split(sv_n(it->path, it->path_len), &version);
		s3_path_split(sv_n(it->path, it->path_len), &bucket, &key);
		if (spec->kind == JOB_CHANGE)
			rc = change_begin(it, io, &object, &it->was_found, err);
		else
			rc = s3_head_version(&ctx, bucket, key, version.id, &object, err);
		if (rc != S3T_OK || it->was_found)
			goto out;
		if (object.tag_count && spec->kind != JOB_CHANGE)
			rc = s3_keep_tagging(&ctx, bucket, key, &tagging, err);
	}
	if (rc == S3T_OK && client && object.size != it->stat.size)
		rc = s3t_fail(err, S3T_CHANGED, "The object changed since it was listed.");
	if (rc == S3T_OK)
		rc = spec->from->ops->source_open(
			spec->from, io, sv_n(it->path, it->path_len), &it->stat, &it->source, err);
	if (rc == S3T_OK) {
		it->stat.mtime_ns = object.mtime_ns;
		struct loc_sink_spec sink = item_sink_spec(it);
		sink.metadata = strbuf_view(&object.metadata);
		sink.headers = strbuf_view(&object.headers);
		sink.content_encoding = object.content_encoding;
		sink.tagging = tagging.len ? tagging.data : NULL;
		if (spec->kind == JOB_CHANGE)
			set_as_changed(it, &object, &sink);
		else
			keep_encryption(it, &object, &sink);
		if (object.content_type && !spec->content_type)
			sink.content_type = object.content_type;
		rc = item_sink_begin(it, io, &sink, err);
	}
out:
	s3_object_deinit(&object);
	strbuf_deinit(&tagging);
	return rc;
}

struct spool {
	int fd, failed;
	uint64_t len;
};

static bool to_spool(void *arg, const char *data, size_t len)
{
	struct spool *s = arg;
	if (!fd_pwrite_all(s->fd, data, len, s->len)) {
		s->failed = errno;
		return false;
	}
	s->len += len;
	return true;
}

static enum s3t_rc part(
	struct item *it, const struct loc_io *io, uint32_t index, struct s3t_err *err)
{
	const struct job_spec *spec = &it->job->spec;
	uint64_t offset = plan_part_offset(&it->plan, index);
	uint64_t len = plan_part_len(&it->plan, index, it->stat.size);
	struct spool s = {.fd = spool_open()};
	if (s.fd < 0)
		return s3t_fail_errno(err, errno, "No temporary file can be made");
	struct loc_io quiet = {.conn = io->conn, .cancel = io->cancel};
	enum s3t_rc rc =
		spec->from->ops->source_read(it->source, &quiet, offset, len, to_spool, &s, err);
	if (s.failed)
		rc = s3t_fail_errno(err, s.failed, "The temporary file cannot be written");
	if (rc == S3T_OK && it->plan.part_count == 1 && spec->prove_download) {
		const char *proof;
		struct loc_facts facts;
		spec->from->ops->source_facts(it->source, &facts);
		rc = proof_file(
			s.fd, len, it->stat.etag, &facts, NULL, NULL, io->cancel, &proof, err);
	}
	if (rc == S3T_OK)
		rc = spec->to->ops->sink_part(it->sink, io, index, offset,
			&(struct byte_source){.fd = s.fd}, 0, len, err);
	close(s.fd);
	return rc;
}

static enum s3t_rc finish(struct item *it, const struct loc_io *io, struct loc_sink_result *result,
	struct s3t_err *err)
{
	return it->job->spec.to->ops->sink_commit(it->sink, io, it->plan.part_count, result, err);
}

static enum s3t_rc abort_relay(struct item *it, const struct loc_io *io, struct s3t_err *err)
{
	return it->sink ? it->job->spec.to->ops->sink_abort(it->sink, io, err) : S3T_OK;
}

const struct route route_relay = {.name = "relay",
	.accepts = accepts,
	.plan = plan,
	.begin = begin,
	.part = part,
	.finish = finish,
	.abort = abort_relay};
