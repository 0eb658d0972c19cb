/* From a file that can be read by descriptor to any sink: uploads and local copies. */
#include "transfer/internal.h"

static bool accepts(const struct location *from, const struct location *to)
{
	(void)to;
	return from->ops->kind == LOC_LOCAL;
}

static enum s3t_rc plan(struct item *it, struct s3t_err *err)
{
	const struct job_spec *spec = &it->job->spec;
	const struct s3_client *client = location_s3_client(spec->to);
	if (!client) {
		it->plan = (struct plan){.part_size = it->stat.size, .part_count = 1};
		return S3T_OK;
	}
	uint32_t max_parts = s3_client_profile(client)->provider->max_parts;
	if (!plan_upload(it->stat.size, spec->multipart_threshold, spec->part_size,
		    max_parts ? max_parts : S3_PARTS_MAX, &it->plan))
		return s3t_fail(
			err, S3T_INVALID, "The file is larger than S3 allows an object to be.");
	return S3T_OK;
}

static enum s3t_rc begin(struct item *it, const struct loc_io *io, struct s3t_err *err)
{
	const struct job_spec *spec = &it->job->spec;
	enum s3t_rc rc = spec->from->ops->source_open(
		spec->from, io, sv_n(it->path, it->path_len), &it->stat, &it->source, err);
	if (rc != S3T_OK)
		return rc;
	struct loc_facts facts;
	spec->from->ops->source_facts(it->source, &facts);
	it->stat.mtime_ns = facts.mtime_ns;
	struct loc_sink_spec sink = item_sink_spec(it);
	/* not cut off by a cancel: what was created unheard of could never be aborted */
	struct loc_io calm = {.conn = io->conn, .cancel = it->job->engine->cleanup};
	return spec->to->ops->sink_begin(spec->to, &calm,
		sv_n(spec->target_root, spec->target_root_len), sv_n(it->target, it->target_len),
		&sink, &it->sink, err);
}

static enum s3t_rc part(
	struct item *it, const struct loc_io *io, uint32_t index, struct s3t_err *err)
{
	const struct job_spec *spec = &it->job->spec;
	uint64_t offset = plan_part_offset(&it->plan, index);
	enum s3t_rc rc = spec->to->ops->sink_part(it->sink, io, index, offset,
		spec->from->ops->source_fd(it->source), offset,
		plan_part_len(&it->plan, index, it->stat.size), err);
	/* a file that changed between hashing and sending is the likelier reason */
	if (rc == S3T_MISMATCH && spec->from->ops->source_check(it->source, NULL) == S3T_CHANGED)
		rc = spec->from->ops->source_check(it->source, err);
	return rc;
}

static enum s3t_rc finish(struct item *it, const struct loc_io *io, struct loc_sink_result *result,
	struct s3t_err *err)
{
	const struct job_spec *spec = &it->job->spec;
	enum s3t_rc rc = spec->from->ops->source_check(it->source, err);
	if (rc == S3T_OK)
		rc = spec->to->ops->sink_commit(it->sink, io, it->plan.part_count, result, err);
	return rc;
}

static void abort_send(struct item *it, const struct loc_io *io)
{
	if (it->sink)
		(void)it->job->spec.to->ops->sink_abort(it->sink, io, NULL);
}

const struct route route_send = {.name = "send",
	.accepts = accepts,
	.plan = plan,
	.begin = begin,
	.part = part,
	.finish = finish,
	.abort = abort_send};
