/*
 * Copied by the server: CopyObject, or UploadPartCopy above the service's limit. Some servers
 * ignore the condition on the source, so the copy is looked at afterwards: size, and the ETag where
 * it must be the same.
 */
#include "core/timeutil.h"
#include "transfer/internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct copy {
	struct s3_copy_source from;
	struct strview bucket, key;
	struct strbuf target;
	struct s3_object object; /* the source's */
	struct strbuf tagging;   /* the source's, for a copy in parts */
	struct s3_encryption encryption;
	char *upload_id;
	char (*etags)[S3_ETAG_MAX];
	char etag[S3_ETAG_MAX];
	bool is_done;
};

static bool accepts(const struct location *from, const struct location *to)
{
	struct s3_client *a = location_s3_client(from), *b = location_s3_client(to);
	return a && b && s3_client_same_service(a, b);
}

bool route_copy_can_encrypt(const struct job_spec *spec)
{
	if (spec->kind == JOB_CHANGE && !s3_changes_get(&spec->changes, "encryption"))
		return true; /* as it is encrypted now, it is copied or not */
	const struct s3_client *to = location_s3_client(spec->to);
	const char *wanted = s3_changes_get(&spec->changes, "encryption");
	char *word = wanted ? s3t_strndup(wanted, strcspn(wanted, ":")) : NULL;
	enum s3_encryption_kind kind =
		s3_encryption_for(to, word ? word : spec->encryption, spec->kms_key_id).kind;
	free(word);
	return kind == S3_ENCRYPTION_NONE ||
	       (kind != S3_ENCRYPTION_CLIENT && s3_client_profile(to)->provider->copies_encrypted);
}

static enum s3t_rc plan(struct item *it, struct s3t_err *err)
{
	const struct provider *p =
		s3_client_profile(location_s3_client(it->job->spec.to))->provider;
	uint64_t most = p->max_copy_bytes ? p->max_copy_bytes : S3_PART_MAX;
	it->plan = (struct plan){.part_size = it->stat.size, .part_count = 1};
	if (it->stat.size <= most)
		return S3T_OK;
	if (p->no_part_copy)
		return s3t_fail(err, S3T_UNSUPPORTED,
			"This service copies objects of at most %llu bytes.",
			(unsigned long long)most);
	if (!plan_upload(it->stat.size, 0, 512 * PLAN_MIB,
		    p->max_parts ? p->max_parts : S3_PARTS_MAX, &it->plan))
		return s3t_fail(err, S3T_INVALID, "The object is larger than S3 allows.");
	return S3T_OK;
}

static struct s3_ctx ctx_of(struct item *it, const struct loc_io *io)
{
	return (struct s3_ctx){.client = location_s3_client(it->job->spec.to),
		.conn = io->conn,
		.cancel = io->cancel};
}

/* What a copy that is made anew must carry over by itself. */
static struct s3_put put_of(const struct item *it, const struct copy *c)
{
	if (it->job->spec.kind == JOB_CHANGE)
		return (struct s3_put){.content_type = c->object.content_type,
			.content_encoding = c->object.content_encoding,
			.storage_class = c->object.storage_class,
			.mtime_ns = TIME_UNKNOWN,
			.metadata = strbuf_view(&c->object.metadata),
			.headers = strbuf_view(&c->object.headers),
			.encryption = &c->encryption};
	return (struct s3_put){.content_type = it->job->spec.content_type
						       ? it->job->spec.content_type
						       : c->object.content_type,
		.content_encoding = c->object.content_encoding,
		.storage_class = it->job->spec.storage_class,
		.mtime_ns = TIME_UNKNOWN,
		.metadata = strbuf_view(&c->object.metadata),
		.headers = strbuf_view(&c->object.headers),
		.tagging = c->tagging.len ? c->tagging.data : NULL,
		.encryption = &c->encryption};
}

/* Another class or type is wanted: then metadata cannot be left to the server. */
static bool must_replace(const struct item *it)
{
	const struct job_spec *spec = &it->job->spec;
	return spec->kind == JOB_CHANGE || spec->content_type ||
	       (spec->storage_class && strcmp(spec->storage_class, "STANDARD") != 0);
}

static void close_copy(struct item *it)
{
	struct copy *c = it->route_state;
	if (!c)
		return;
	strbuf_deinit(&c->target);
	strbuf_deinit(&c->tagging);
	s3_object_deinit(&c->object);
	free(c->upload_id);
	free(c->etags);
	free(c);
	it->route_state = NULL;
}

static void on_listed_part(void *arg, uint32_t number, uint64_t size, struct strview etag)
{
	struct item *it = arg;
	struct copy *c = it->route_state;
	uint32_t index = number - 1;
	if (index >= it->plan.part_count || size != plan_part_len(&it->plan, index, it->stat.size))
		return;
	snprintf(c->etags[index], S3_ETAG_MAX, "%.*s", (int)etag.len, etag.data);
	parts_set_done(&it->parts, index);
}

/* An upload of copied parts: the one that was begun, if it is of this source, else a new one. */
static enum s3t_rc begin_parts(struct item *it, const struct loc_io *io, struct s3t_err *err)
{
	struct copy *c = it->route_state;
	/* not cut off by a cancel: what was created unheard of could never be aborted */
	struct s3_ctx calm = ctx_of(it, io);
	calm.cancel = it->job->engine->cleanup;
	enum s3t_rc rc = S3T_OK;
	if (it->partial)
		rc = item_check_partial(it, io, it->plan.part_size, it->plan.part_count, err);
	if (rc != S3T_OK)
		return rc;
	if (it->partial) {
		const char *id = it->partial->token.text;
		rc = s3_list_parts(&calm, c->bucket, c->key, id, on_listed_part, it, err);
		if (rc == S3T_OK) {
			c->upload_id = s3t_strdup(id);
			item_count_done_parts(it);
		}
		if (rc != S3T_NOT_FOUND)
			return rc;
		pthread_mutex_lock(&it->job->engine->lock);
		item_forget_partial_locked(it);
		pthread_mutex_unlock(&it->job->engine->lock);
	}
	struct s3_put put = put_of(it, c);
	item_intend(it);
	rc = s3_create_multipart_upload(&calm, c->bucket, c->key, &put, &c->upload_id, err);
	if (rc == S3T_OK) {
		struct loc_token token = {.text = s3t_strdup(c->upload_id)};
		item_begun(it, &token);
	}
	return rc;
}

static enum s3t_rc begin(struct item *it, const struct loc_io *io, struct s3t_err *err)
{
	const struct job_spec *spec = &it->job->spec;
	struct s3_ctx ctx = ctx_of(it, io);
	struct copy *c = s3t_alloc(sizeof *c);
	it->route_state = c;
	s3_object_init(&c->object);
	strbuf_init(&c->target);
	strbuf_init(&c->tagging);
	path_join(&c->target, sv_n(spec->target_root, spec->target_root_len),
		sv_n(it->target, it->target_len));
	s3_path_split(strbuf_view(&c->target), &c->bucket, &c->key);
	struct strview path = sv_n(it->path, it->path_len);
	struct path_version version;
	(void)path_version_split(path, &version);
	s3_path_split(path, &c->from.bucket, &c->from.key);
	c->from.version_id = version.id;
	c->encryption = s3_encryption_for(ctx.client, spec->encryption, spec->kms_key_id);
	enum s3t_rc rc = S3T_OK;
	bool in_parts = it->plan.part_count > 1;
	if (spec->kind == JOB_CHANGE) {
		rc = change_begin(it, io, &c->object, &it->was_found, err);
		c->encryption = s3_encryption_as(&c->object);
		if (rc != S3T_OK || it->was_found)
			return rc;
		snprintf(it->stat.etag, sizeof it->stat.etag, "%s", c->object.etag);
	} else if (in_parts || must_replace(it))
		rc = s3_head_version(
			&ctx, c->from.bucket, c->from.key, c->from.version_id, &c->object, err);
	if (rc == S3T_OK && in_parts && spec->kind != JOB_CHANGE)
		rc = s3_keep_tagging(&ctx, c->from.bucket, c->from.key, &c->tagging, err);
	if (rc == S3T_OK && in_parts) {
		c->etags = s3t_alloc(it->plan.part_count * sizeof *c->etags);
		rc = begin_parts(it, io, err);
	}
	return rc;
}

static enum s3t_rc copy_range(struct copy *c, const struct s3_ctx *ctx,
	const struct s3_copy_source *from, const struct s3_put *put, uint32_t index,
	uint64_t offset, uint64_t len, struct s3t_err *err)
{
	return c->upload_id ? s3_upload_part_copy(ctx, from, offset, len, c->bucket, c->key,
				      c->upload_id, index + 1, c->etags[index], err)
			    : s3_copy_object(ctx, from, c->bucket, c->key, put, c->etag, err);
}

/* Whether the source's ETag is what it was, and when it was written. */
static bool is_as_it_was(struct item *it, const struct s3_ctx *ctx, int64_t *modified_s)
{
	struct copy *c = it->route_state;
	struct s3_object now;
	s3_object_init(&now);
	bool is_same = s3_head_version(ctx, c->from.bucket, c->from.key, c->from.version_id, &now,
			       NULL) == S3T_OK &&
		       strcmp(now.etag, it->stat.etag) == 0 && now.last_modified_s > 0;
	*modified_s = now.last_modified_s;
	s3_object_deinit(&now);
	return is_same;
}

static enum s3t_rc part(
	struct item *it, const struct loc_io *io, uint32_t index, struct s3t_err *err)
{
	struct copy *c = it->route_state;
	struct s3_ctx ctx = ctx_of(it, io);
	ctx.customer_key = c->encryption.kind == S3_ENCRYPTION_SSE_C;
	uint64_t offset = plan_part_offset(&it->plan, index);
	uint64_t len = plan_part_len(&it->plan, index, it->stat.size);
	struct s3_put put = must_replace(it) ? put_of(it, c)
					     : (struct s3_put){.mtime_ns = TIME_UNKNOWN,
						       .keep_metadata = true,
						       .encryption = &c->encryption};
	struct s3_copy_source from = c->from;
	from.etag = it->stat.etag;
	enum s3t_rc rc = copy_range(c, &ctx, &from, &put, index, offset, len, err);
	/* Swift takes the ETag of every object in parts for another one's; in place, where what
	 * somebody else made of it must not be undone, its time is asked for then */
	if (rc == S3T_CHANGED && err->http_status == 412 && it->job->spec.kind == JOB_CHANGE &&
		is_as_it_was(it, &ctx, &from.unmodified_since_s)) {
		from.etag = NULL;
		rc = copy_range(c, &ctx, &from, &put, index, offset, len, err);
	}
	if (rc == S3T_OK && io->progress)
		io->progress(io->progress_arg, (int64_t)len);
	return rc;
}

static enum s3t_rc finish(struct item *it, const struct loc_io *io, struct loc_sink_result *result,
	struct s3t_err *err)
{
	struct copy *c = it->route_state;
	struct s3_ctx ctx = ctx_of(it, io);
	*result = (struct loc_sink_result){.proof = "size and ETag of the copy"};
	enum s3t_rc rc = S3T_OK;
	if (c->upload_id) {
		const char(*etags)[S3_ETAG_MAX] = (const char(*)[S3_ETAG_MAX])c->etags;
		char expected[S3_ETAG_MAX];
		s3_expected_etag(etags, it->plan.part_count, expected);
		rc = s3_complete_multipart_upload(&ctx, c->bucket, c->key, c->upload_id, NULL,
			etags, it->plan.part_count, expected, c->etag, &result->version_id, err);
	}
	if (rc != S3T_OK)
		return rc;
	free(c->upload_id);
	c->upload_id = NULL;
	struct s3_object made;
	s3_object_init(&made);
	rc = s3_head_object(&ctx, c->bucket, c->key, &made, err);
	/* a copy in one piece of an object made in one piece has the same ETag */
	bool same_kind = it->plan.part_count == 1 && !strchr(it->stat.etag, '-') &&
			 !strchr(made.etag, '-') && it->stat.etag[0] && !made.etag_is_opaque;
	if (rc == S3T_OK && made.size != it->stat.size)
		rc = s3t_fail(err, S3T_MISMATCH, "The copy has another size than its source.");
	else if (rc == S3T_OK && same_kind && strcmp(made.etag, it->stat.etag) != 0)
		rc = s3t_fail(err, S3T_MISMATCH, "The copy has another ETag than its source.");
	if (rc == S3T_OK)
		memcpy(result->etag, made.etag, sizeof result->etag);
	if (rc == S3T_OK && !same_kind)
		result->proof = "size of the copy";
	s3_object_deinit(&made);
	return rc;
}

static enum s3t_rc abort_copy(struct item *it, const struct loc_io *io, struct s3t_err *err)
{
	struct copy *c = it->route_state;
	struct s3_ctx ctx = ctx_of(it, io);
	return c && c->upload_id
		       ? s3_abort_multipart_upload(&ctx, c->bucket, c->key, c->upload_id, err)
		       : S3T_OK;
}

const struct route route_copy = {.name = "copy",
	.accepts = accepts,
	.plan = plan,
	.begin = begin,
	.part = part,
	.finish = finish,
	.abort = abort_copy,
	.close = close_copy};
