/* S3 as a location: listings, objects as sources, removing. Uploads are in location_s3_sink.c. */
#include "core/location_s3_private.h"

#include "core/text.h"
#include "core/timeutil.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct s3_location {
	struct location base;
	struct s3_client *client;
};

struct s3_client *s3_location_client(const struct location *loc)
{
	return ((const struct s3_location *)loc)->client;
}

struct s3_client *location_s3_client(const struct location *loc)
{
	return loc && loc->ops->kind == LOC_S3 ? s3_location_client(loc) : NULL;
}

static void s3_destroy(struct location *loc)
{
	s3_client_unref(((struct s3_location *)loc)->client);
	free(loc);
}

struct s3_ctx s3_location_ctx(struct location *loc, const struct loc_io *io)
{
	return (struct s3_ctx){.client = ((struct s3_location *)loc)->client,
		.conn = io->conn,
		.cancel = io->cancel,
		.retries = io->retries};
}

/* --- listing --- */

struct loc_list {
	struct location *loc;
	char *path;
	struct s3_list pages;
	struct strbuf prefix;
	bool is_root;
	/* with LOC_LIST_VERSIONS */
	bool is_versions, is_exact;
	struct s3_version_list versions;
	struct strbuf last_key; /* the versions of a key are counted, over pages */
	uint32_t ordinal;
	struct entry_page *filling;
};

static struct loc_list *s3_list_new(
	struct location *loc, struct strview dir, unsigned flags, loc_problem_fn problem, void *arg)
{
	(void)problem;
	(void)arg;
	struct loc_list *l = s3t_alloc(sizeof *l);
	l->loc = location_ref(loc);
	l->path = s3t_strndup(dir.data, dir.len);
	l->is_root = dir.len == 0;
	struct strview bucket, key;
	s3_path_split(sv_n(l->path, dir.len), &bucket, &key);
	strbuf_init(&l->prefix);
	strbuf_add_sv(&l->prefix, key);
	l->is_versions = flags & LOC_LIST_VERSIONS;
	l->is_exact = flags & LOC_LIST_EXACT;
	strbuf_init(&l->last_key);
	if (key.len && key.data[key.len - 1] != '/' && !l->is_exact)
		strbuf_add_char(&l->prefix, '/');
	s3_version_list_init(&l->versions, bucket, strbuf_view(&l->prefix));
	l->versions.is_grouped = !(flags & (LOC_LIST_RECURSIVE | LOC_LIST_EXACT));
	s3_list_init(&l->pages, bucket, strbuf_view(&l->prefix));
	l->pages.is_recursive = flags & LOC_LIST_RECURSIVE;
	l->pages.want_etags = flags & LOC_LIST_ETAGS;
	return l;
}

static void s3_list_from(struct loc_list *l, struct strview after)
{
	strbuf_reset(&l->pages.after);
	strbuf_add_sv(&l->pages.after, strbuf_view(&l->prefix));
	strbuf_add_sv(&l->pages.after, after);
}

static void s3_list_free(struct loc_list *l)
{
	s3_list_deinit(&l->pages);
	s3_version_list_deinit(&l->versions);
	strbuf_deinit(&l->last_key);
	strbuf_deinit(&l->prefix);
	location_unref(l->loc);
	free(l->path);
	free(l);
}

/* Names relative to the prefix, each with its version. */
static void on_version(void *arg, const struct s3_version *v)
{
	struct loc_list *l = arg;
	bool is_below = sv_starts_with(v->key, strbuf_view(&l->prefix));
	if (!is_below || (l->is_exact && v->key.len != l->prefix.len))
		return;
	if (!sv_eq(v->key, strbuf_view(&l->last_key)))
		l->ordinal = 0;
	strbuf_reset(&l->last_key);
	strbuf_add_sv(&l->last_key, v->key);
	struct path_version version = {
		.id = v->id, .is_latest = v->is_latest, .is_marker = v->is_delete_marker};
	struct strbuf name;
	strbuf_init(&name);
	strbuf_add_sv(&name, sv_from(v->key, l->prefix.len));
	if (!v->is_prefix)
		path_version_add(&name, l->ordinal++, &version);
	char etag[S3_ETAG_MAX];
	s3_clean_etag(v->etag, etag);
	(void)entry_page_add(l->filling, strbuf_view(&name), v->is_prefix ? ENTRY_DIR : ENTRY_FILE,
		v->size, v->last_modified_s,
		v->storage_class.len ? storage_class_index(v->storage_class) : 0, sv(etag));
	strbuf_deinit(&name);
}

static enum s3t_rc next_versions(struct loc_list *l, const struct s3_ctx *ctx,
	struct entry_page **page, bool *done, struct s3t_err *err)
{
	l->filling = entry_page_new(l->pages.want_etags);
	enum s3t_rc rc = s3_list_versions_page(ctx, &l->versions, on_version, l, err);
	*done = l->versions.is_done;
	if (rc == S3T_OK)
		*page = l->filling;
	else
		entry_page_free(l->filling);
	l->filling = NULL;
	return rc;
}

static enum s3t_rc s3_list_next(struct loc_list *l, const struct loc_io *io,
	struct entry_page **page, bool *done, struct s3t_err *err)
{
	struct s3_ctx ctx = s3_location_ctx(l->loc, io);
	if (!l->is_root && l->is_versions)
		return next_versions(l, &ctx, page, done, err);
	if (!l->is_root) {
		enum s3t_rc rc = s3_list_page(&ctx, &l->pages, page, err);
		*done = l->pages.is_done;
		return rc;
	}
	*page = entry_page_new(false);
	enum s3t_rc rc = s3_list_buckets(&ctx, *page, err);
	*done = true;
	if (rc != S3T_OK) {
		entry_page_free(*page);
		*page = NULL;
	}
	return rc;
}

/* Whether anything lies under bucket/key/. */
static enum s3t_rc stat_prefix(const struct s3_ctx *ctx, struct strview bucket, struct strview key,
	struct loc_stat *out, struct s3t_err *err)
{
	struct strbuf prefix;
	strbuf_init(&prefix);
	strbuf_add_sv(&prefix, key);
	if (key.len && key.data[key.len - 1] != '/')
		strbuf_add_char(&prefix, '/');
	struct s3_list list;
	struct entry_page *page = NULL;
	s3_list_init(&list, bucket, strbuf_view(&prefix));
	list.max_keys = 1;
	list.is_recursive = true;
	enum s3t_rc rc = s3_list_page(ctx, &list, &page, err);
	if (rc == S3T_OK && page->count == 0) {
		char *name = text_sanitised(key);
		rc = s3t_fail(err, S3T_NOT_FOUND, "There is no object and no prefix %s.", name);
		free(name);
	}
	if (rc == S3T_OK)
		*out = (struct loc_stat){.kind = ENTRY_DIR, .mtime_ns = TIME_UNKNOWN};
	entry_page_free(page);
	s3_list_deinit(&list);
	strbuf_deinit(&prefix);
	return rc;
}

static enum s3t_rc s3_stat(struct location *loc, const struct loc_io *io, struct strview path,
	struct loc_stat *out, struct s3t_err *err)
{
	struct s3_ctx ctx = s3_location_ctx(loc, io);
	struct strview bucket, key;
	struct path_version version;
	(void)path_version_split(path, &version);
	s3_path_split(path, &bucket, &key);
	*out = (struct loc_stat){.kind = ENTRY_DIR, .mtime_ns = TIME_UNKNOWN};
	if (version.is_marker)
		return s3t_fail(err, S3T_NOT_FOUND,
			"It is a delete marker: there is nothing to be read; undelete removes it.");
	if (bucket.len == 0)
		return S3T_OK;
	if (key.len == 0)
		return s3_head_bucket(&ctx, bucket, err);
	if (key.data[key.len - 1] == '/' && !version.id.len)
		return stat_prefix(&ctx, bucket, key, out, err);
	struct s3_object object;
	s3_object_init(&object);
	enum s3t_rc rc = s3_head_version(&ctx, bucket, key, version.id, &object, err);
	if (rc == S3T_OK) {
		out->kind = ENTRY_FILE;
		out->size = object.size;
		out->mtime_ns = s3_object_time_ns(&object);
		memcpy(out->etag, object.etag, sizeof out->etag);
		out->content_type = object.content_type;
		object.content_type = NULL;
		if (object.coding && object.plain_size != UINT64_MAX) {
			out->stored_size = out->size;
			out->size = object.plain_size;
		}
	}
	s3_object_deinit(&object);
	return rc == S3T_NOT_FOUND && !version.id.len ? stat_prefix(&ctx, bucket, key, out, err)
						      : rc;
}

/* --- remove, prune, mkdir --- */

static enum s3t_rc s3_remove(struct location *loc, const struct loc_io *io,
	const struct strview *paths, size_t count,
	void (*failed)(void *arg, size_t index, const struct s3t_err *why), void *arg,
	struct s3t_err *err)
{
	struct s3_ctx ctx = s3_location_ctx(loc, io);
	if (count == 0)
		return S3T_OK;
	struct strview bucket, key, *keys = s3t_alloc(2 * count * sizeof *keys);
	struct strview *versions = keys + count;
	bool has_versions = false;
	for (size_t i = 0; i < count; i++) {
		struct path_version version;
		(void)path_version_split(paths[i], &version);
		s3_path_split(paths[i], &bucket, &key);
		keys[i] = key;
		versions[i] = version.id;
		has_versions = has_versions || version.id.len;
	}
	s3_path_split(paths[0], &bucket, &key);
	enum s3t_rc rc = S3T_OK;
	if (count == 1 && key.len == 0)
		rc = s3_delete_bucket(&ctx, bucket, err);
	else if (count == 1)
		rc = s3_delete_version(&ctx, bucket, key, versions[0], err);
	else
		rc = s3_delete_objects(&ctx, bucket, keys, has_versions ? versions : NULL, count,
			failed, arg, err);
	free(keys);
	return rc;
}

static enum s3t_rc s3_prune(
	struct location *loc, const struct loc_io *io, struct strview dir, struct s3t_err *err)
{
	(void)loc; /* markers are objects: they were moved or removed with the others */
	(void)io;
	(void)dir;
	(void)err;
	return S3T_OK;
}

static enum s3t_rc s3_mkdir(struct location *loc, const struct loc_io *io, struct strview root,
	struct strview rel, struct s3t_err *err)
{
	struct s3_ctx ctx = s3_location_ctx(loc, io);
	struct strbuf path;
	strbuf_init(&path);
	path_join(&path, root, rel);
	struct strview bucket, key;
	s3_path_split(strbuf_view(&path), &bucket, &key);
	enum s3t_rc rc;
	if (key.len == 0) {
		rc = s3_create_bucket(&ctx, bucket, err);
	} else {
		if (path.data[path.len - 1] != '/')
			strbuf_add_char(&path, '/');
		s3_path_split(strbuf_view(&path), &bucket, &key);
		struct s3_encryption encryption = s3_encryption_for(ctx.client, NULL, NULL);
		struct s3_put put = {.content_type = "application/x-directory",
			.mtime_ns = TIME_UNKNOWN,
			.encryption = &encryption};
		rc = s3_put_object(&ctx, bucket, key, &put, sv_n("", 0), NULL, err);
	}
	strbuf_deinit(&path);
	return rc;
}

static const struct location_ops s3_ops = {
	.kind = LOC_S3,
	.destroy = s3_destroy,
	.list_new = s3_list_new,
	.list_next = s3_list_next,
	.list_free = s3_list_free,
	.list_from = s3_list_from,
	.stat = s3_stat,
	.source_open = s3_source_open,
	.source_fd = s3_source_fd,
	.source_read = s3_source_read,
	.source_check = s3_source_check,
	.source_learn = s3_source_learn,
	.source_look = s3_source_look,
	.source_facts = s3_source_facts,
	.source_close = s3_source_close,
	.sink_begin = s3_sink_begin,
	.sink_fd = s3_sink_fd,
	.sink_token = s3_sink_token,
	.sink_has_part = s3_sink_has_part,
	.sink_is_proven = s3_sink_is_proven,
	.sink_prove = s3_sink_prove,
	.sink_sync = s3_sink_sync,
	.sink_part = s3_sink_part,
	.sink_commit = s3_sink_commit,
	.sink_set_mtime = s3_sink_set_mtime,
	.sink_abort = s3_sink_abort,
	.sink_free = s3_sink_free,
	.sink_discard = s3_sink_discard,
	.remove = s3_remove,
	.prune = s3_prune,
	.mkdir = s3_mkdir,
};

struct location *location_s3_new(struct s3_client *client)
{
	struct s3_location *loc = s3t_alloc(sizeof *loc);
	loc->base.ops = &s3_ops;
	atomic_init(&loc->base.refs, 1);
	loc->client = s3_client_ref(client);
	return &loc->base;
}
