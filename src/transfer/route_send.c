/* From a file that can be read by descriptor to any sink: uploads and local copies. */
#include "core/md5_lanes.h"
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
	if (!plan_upload(it->wire_size, spec->multipart_threshold, spec->part_size,
		    max_parts ? max_parts : S3_PARTS_MAX, &it->plan))
		return s3t_fail(
			err, S3T_INVALID, "The file is larger than S3 allows an object to be.");
	return S3T_OK;
}

/* So few parts are hashed on their way; so are all where there are no lanes. */
enum { FEW_PARTS = 4 };

static enum s3t_rc begin(struct item *it, const struct loc_io *io, struct s3t_err *err)
{
	const struct job_spec *spec = &it->job->spec;
	enum s3t_rc rc = S3T_OK;
	if (!it->source)
		rc = spec->from->ops->source_open(
			spec->from, io, sv_n(it->path, it->path_len), &it->stat, &it->source, err);
	if (rc == S3T_OK)
		rc = item_coding_open(it, err);
	if (rc != S3T_OK)
		return rc;
	struct loc_facts facts;
	spec->from->ops->source_facts(it->source, &facts);
	it->stat.mtime_ns = facts.mtime_ns;
	bool in_parts = spec->to->ops->kind == LOC_S3 && it->plan.part_count > 1;
	bool are_many = it->plan.part_count >= FEW_PARTS && md5_lanes_width() > 1;
	/* parts that an earlier process sent are compared by nobody else */
	if (in_parts && spec->prove_upload && (are_many || it->partial))
		it->prover = prover_new_upload(it->wire_size, it->plan.part_size);
	struct loc_sink_spec sink = item_sink_spec(it);
	item_coding_tell(it, it->stat.size, &sink);
	return item_sink_begin(it, io, &sink, err);
}

static enum s3t_rc part(
	struct item *it, const struct loc_io *io, uint32_t index, struct s3t_err *err)
{
	const struct job_spec *spec = &it->job->spec;
	uint64_t offset = plan_part_offset(&it->plan, index);
	struct byte_source bytes = item_bytes(it);
	enum s3t_rc rc = spec->to->ops->sink_part(it->sink, io, index, offset, &bytes, offset,
		plan_part_len(&it->plan, index, it->wire_size), err);
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

static enum s3t_rc abort_send(struct item *it, const struct loc_io *io, struct s3t_err *err)
{
	return it->sink ? it->job->spec.to->ops->sink_abort(it->sink, io, err) : S3T_OK;
}

const struct route route_send = {.name = "send",
	.accepts = accepts,
	.plan = plan,
	.begin = begin,
	.part = part,
	.finish = finish,
	.abort = abort_send};
