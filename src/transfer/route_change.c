/*
 * Objects changed in place. Tags and restoring are requests of their own; all else is a copy of the
 * object onto itself (route_copy.c, or route_relay.c where the server does not copy it), for which
 * this file makes what HEAD told into what is to be, and puts back tags and the ACL, which a copy
 * loses on some servers or on all.
 */
#include "transfer/internal.h"

#include "core/s3_document.h"
#include "core/s3_lock.h"
#include "core/timeutil.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct s3_ctx ctx_of(const struct item *it, const struct loc_io *io)
{
	return (struct s3_ctx){.client = location_s3_client(it->job->spec.from),
		.conn = io->conn,
		.cancel = io->cancel};
}

static void names_of(const struct item *it, struct strview *bucket, struct strview *key)
{
	s3_path_split(sv_n(it->path, it->path_len), bucket, key);
}

static struct item_change *change_of(struct item *it)
{
	if (!it->change) {
		it->change = s3t_alloc(sizeof *it->change);
		strbuf_init(&it->change->acl);
		strbuf_init(&it->change->tagging);
		strbuf_init(&it->change->diff);
	}
	return it->change;
}

void change_free(struct item *it)
{
	if (!it->change)
		return;
	strbuf_deinit(&it->change->acl);
	strbuf_deinit(&it->change->tagging);
	strbuf_deinit(&it->change->diff);
	free(it->change);
	it->change = NULL;
}

char *change_take_diff(struct item *it)
{
	return it->change && it->change->diff.len ? strbuf_take(&it->change->diff) : NULL;
}

/* HEAD and the tags, both as they are to be afterwards. Tags that are not to be changed need not be
 * readable. */
static enum s3t_rc read_and_apply(
	struct item *it, const struct s3_ctx *ctx, struct s3_object *o, struct s3t_err *err)
{
	const struct s3_changes *changes = &it->job->spec.changes;
	struct item_change *c = change_of(it);
	struct strview bucket, key;
	names_of(it, &bucket, &key);
	const struct job_spec *spec = &it->job->spec;
	enum s3t_rc rc = s3_head_object(ctx, bucket, key, o, err);
	if (rc == S3T_OK && spec->shown_etag[0] &&
		(strcmp(spec->shown_etag, o->etag) != 0 || spec->shown_s != o->last_modified_s))
		rc = s3t_fail(err, S3T_CHANGED,
			"The object was changed by others since its values were shown; nothing was "
			"changed.");
	if (rc == S3T_OK && it->stat.etag[0] && strcmp(it->stat.etag, o->etag) != 0)
		rc = s3t_fail(err, S3T_CHANGED, "The object changed since it was listed.");
	strbuf_reset(&c->tagging);
	strbuf_reset(&c->diff);
	if (rc == S3T_OK && s3_changes_have_any(changes, "tag."))
		rc = s3_get_object_tagging(ctx, bucket, key, &c->tagging, err);
	else if (rc == S3T_OK && !s3_changes_get(changes, "restore") && !s3_changes_lock(changes))
		rc = s3_keep_tagging(ctx, bucket, key, &c->tagging, err);
	return rc == S3T_OK ? s3_changes_apply(changes, o, &c->tagging, &c->diff, err) : rc;
}

/* The copy is a version of its own, without the lock of the one before. */
static void keep_lock(struct item_change *c, const struct s3_object *o)
{
	bool is_locked = o->lock_mode && o->retain_until_s > time_wall_s();
	c->has_legal_hold = o->has_legal_hold;
	c->retention = (struct s3_retention){.until_s = is_locked ? o->retain_until_s : 0};
	if (is_locked)
		snprintf(c->retention.mode, sizeof c->retention.mode, "%s", o->lock_mode);
}

/* A bucket may lock new versions by itself, for longer: no lock is made shorter or weaker. */
static enum s3t_rc put_lock_back(struct item *it, const struct s3_ctx *ctx, struct strview bucket,
	struct strview key, struct s3t_err *err)
{
	struct item_change *c = it->change;
	struct s3_object now;
	if (!c->retention.until_s && !c->has_legal_hold)
		return S3T_OK;
	s3_object_init(&now);
	enum s3t_rc rc = s3_head_object(ctx, bucket, key, &now, err);
	bool is_locked = rc == S3T_OK && now.lock_mode && now.retain_until_s != TIME_UNKNOWN;
	bool is_strict = is_locked && strcmp(now.lock_mode, "COMPLIANCE") == 0;
	if (is_strict)
		snprintf(c->retention.mode, sizeof c->retention.mode, "COMPLIANCE");
	bool is_longer = !is_locked || c->retention.until_s > now.retain_until_s;
	bool is_stronger = is_locked && !is_strict && strcmp(c->retention.mode, "COMPLIANCE") == 0;
	if (is_locked && !is_longer)
		c->retention.until_s = is_stronger ? now.retain_until_s : 0;
	if (rc == S3T_OK && c->retention.until_s)
		rc = s3_put_retention(ctx, bucket, key, &c->retention, err);
	if (rc == S3T_OK && c->has_legal_hold && !now.has_legal_hold)
		rc = s3_put_legal_hold(ctx, bucket, key, true, err);
	if (rc != S3T_OK)
		s3t_err_prefix(err,
			"It was changed, and the version before is locked as it was, but the new "
			"one could not be locked: ");
	s3_object_deinit(&now);
	return rc;
}

/* Tags, ACL and lock, all that can be; err: the first that cannot. */
static enum s3t_rc put_back(struct item *it, const struct loc_io *io, struct s3t_err *err)
{
	struct loc_io calm = {.conn = io->conn, .cancel = it->job->engine->cleanup};
	struct s3_ctx ctx = ctx_of(it, &calm);
	struct strview bucket, key;
	struct item_change *c = it->change;
	struct s3t_err other = {.rc = S3T_OK};
	names_of(it, &bucket, &key);
	enum s3t_rc rc = S3T_OK;
	/* Ceph, told of tags in a copy, answers ?tagging with nothing from then on */
	bool has_tags = c->tagging.len || s3_changes_have_any(&it->job->spec.changes, "tag.");
	if (has_tags)
		rc = s3_put_object_tagging(&ctx, bucket, key, c->tagging.data, err);
	if (rc != S3T_OK)
		s3t_err_prefix(err, "It was changed, but its tags could not be put back: ");
	struct s3t_err *next = rc == S3T_OK ? err : &other;
	enum s3t_rc second =
		c->acl.len ? s3_put_acl(&ctx, bucket, key, strbuf_view(&c->acl), next) : S3T_OK;
	if (second != S3T_OK)
		s3t_err_prefix(next,
			"It was changed, but is private now, since its ACL could not be "
			"put back: ");
	rc = rc == S3T_OK ? second : rc;
	next = rc == S3T_OK ? err : &other;
	second = put_lock_back(it, &ctx, bucket, key, next);
	rc = rc == S3T_OK ? second : rc;
	c->is_copied = rc != S3T_OK;
	return rc;
}

enum s3t_rc change_begin(struct item *it, const struct loc_io *io, struct s3_object *o,
	bool *is_same, struct s3t_err *err)
{
	struct s3_ctx ctx = ctx_of(it, io);
	struct strview bucket, key;
	if (it->change && it->change->is_copied) { /* only what was to be put back is missing */
		*is_same = true;
		return put_back(it, io, err);
	}
	names_of(it, &bucket, &key);
	enum s3t_rc rc = read_and_apply(it, &ctx, o, err);
	*is_same = rc == S3T_OK && it->change->diff.len == 0;
	strbuf_reset(&change_of(it)->acl);
	if (rc == S3T_OK)
		keep_lock(it->change, o);
	if (rc == S3T_OK && !*is_same)
		rc = s3_keep_acl(&ctx, bucket, key, &it->change->acl, err);
	return rc;
}

enum s3t_rc change_finish(struct item *it, const struct loc_io *io, struct s3t_err *err)
{
	if (it->route != &route_copy && it->route != &route_relay)
		return S3T_OK;
	return put_back(it, io, err);
}

enum s3t_rc change_preview(struct item *it, const struct loc_io *io, struct s3t_err *err)
{
	struct s3_ctx ctx = ctx_of(it, io);
	struct s3_object o;
	s3_object_init(&o);
	enum s3t_rc rc = read_and_apply(it, &ctx, &o, err);
	s3_object_deinit(&o);
	return rc;
}

/* --- what is one request --- */

static enum s3t_rc plan(struct item *it, struct s3t_err *err)
{
	(void)err;
	it->plan = (struct plan){.part_size = it->stat.size, .part_count = 1};
	return S3T_OK;
}

static enum s3t_rc begin(struct item *it, const struct loc_io *io, struct s3t_err *err)
{
	(void)it;
	(void)io;
	(void)err;
	return S3T_OK;
}

static enum s3t_rc abort_nothing(struct item *it, const struct loc_io *io, struct s3t_err *err)
{
	return begin(it, io, err);
}

static void count_whole(struct item *it, const struct loc_io *io)
{
	if (io->progress)
		io->progress(io->progress_arg, (int64_t)it->stat.size);
}

static enum s3t_rc finish(struct item *it, const struct loc_io *io, struct loc_sink_result *result,
	struct s3t_err *err)
{
	(void)io;
	(void)err;
	*result = (struct loc_sink_result){.proof = "the server's answer"};
	memcpy(result->etag, it->stat.etag, sizeof result->etag);
	return S3T_OK;
}

static enum s3t_rc put_tags(
	struct item *it, const struct loc_io *io, uint32_t index, struct s3t_err *err)
{
	struct s3_ctx ctx = ctx_of(it, io);
	struct s3_object o;
	struct strview bucket, key;
	(void)index;
	names_of(it, &bucket, &key);
	s3_object_init(&o);
	enum s3t_rc rc = read_and_apply(it, &ctx, &o, err);
	s3_object_deinit(&o);
	if (rc == S3T_OK && it->change->diff.len)
		rc = s3_put_object_tagging(&ctx, bucket, key, it->change->tagging.data, err);
	if (rc == S3T_OK)
		count_whole(it, io);
	return rc;
}

const struct route route_tags = {.name = "tags",
	.plan = plan,
	.begin = begin,
	.part = put_tags,
	.finish = finish,
	.abort = abort_nothing};

static enum s3t_rc restore(
	struct item *it, const struct loc_io *io, uint32_t index, struct s3t_err *err)
{
	struct s3_ctx ctx = ctx_of(it, io);
	struct s3_object o;
	struct strview bucket, key;
	uint32_t days;
	char tier[16];
	(void)index;
	names_of(it, &bucket, &key);
	s3_object_init(&o);
	enum s3t_rc rc = s3_restore_parse(
		s3_changes_get(&it->job->spec.changes, "restore"), &days, tier, err);
	if (rc == S3T_OK)
		rc = read_and_apply(it, &ctx, &o, err);
	if (rc == S3T_OK && !s3_class_is_archived(o.storage_class))
		rc = s3t_fail(err, S3T_SAME, "It is not archived (class %.32s): it can be read.",
			o.storage_class ? o.storage_class : "STANDARD");
	bool is_under_way =
		rc == S3T_OK && o.restore && strstr(o.restore, "ongoing-request=\"true\"");
	if (rc == S3T_OK && !is_under_way)
		rc = s3_restore_object(&ctx, bucket, key, NULL, days, tier, err);
	if (rc == S3T_OK)
		count_whole(it, io);
	s3_object_deinit(&o);
	return rc;
}

const struct route route_restore = {.name = "restore",
	.plan = plan,
	.begin = begin,
	.part = restore,
	.finish = finish,
	.abort = abort_nothing};

/* Both are of the latest version, and no part of what a copy carries. */
static enum s3t_rc lock(
	struct item *it, const struct loc_io *io, uint32_t index, struct s3t_err *err)
{
	const struct s3_changes *changes = &it->job->spec.changes;
	const char *retention = s3_changes_get(changes, "retention");
	const char *hold = s3_changes_get(changes, "legal-hold");
	struct s3_ctx ctx = ctx_of(it, io);
	struct s3_object o;
	struct strview bucket, key;
	struct s3_retention r;
	(void)index;
	names_of(it, &bucket, &key);
	s3_object_init(&o);
	enum s3t_rc rc = read_and_apply(it, &ctx, &o, err);
	s3_object_deinit(&o);
	if (rc == S3T_OK && retention)
		rc = s3_retention_parse(retention, time_wall_s(), &r, err);
	if (rc == S3T_OK && retention)
		rc = s3_put_retention(&ctx, bucket, key, &r, err);
	if (rc == S3T_OK && hold)
		rc = s3_put_legal_hold(&ctx, bucket, key, strcmp(hold, "on") == 0, err);
	if (rc == S3T_OK)
		count_whole(it, io);
	return rc;
}

const struct route route_lock = {.name = "lock",
	.plan = plan,
	.begin = begin,
	.part = lock,
	.finish = finish,
	.abort = abort_nothing};

const struct route *route_for_change(const struct job_spec *spec)
{
	if (s3_changes_lock(&spec->changes))
		return &route_lock;
	if (s3_changes_get(&spec->changes, "restore"))
		return &route_restore;
	return s3_changes_are_all(&spec->changes, "tag.") ? &route_tags : &route_copy;
}
