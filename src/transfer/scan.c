/*
 * Scanning: one step looks at the next source or lists one page of it, and puts what it found into
 * the job's window. Work starts while the scan goes on.
 */
#include "core/crypto.h"
#include "core/text.h"
#include "core/timeutil.h"
#include "transfer/internal.h"

#include <stdlib.h>
#include <string.h>

/* Bytes that are not UTF-8 read as Latin-1 (--name-encoding latin1). */
static void add_name(struct strbuf *out, struct strview name, bool latin1)
{
	if (!latin1 || utf8_is_valid(name)) {
		strbuf_add_sv(out, name);
		return;
	}
	for (size_t i = 0; i < name.len; i++) {
		unsigned char c = (unsigned char)name.data[i];
		if (c < 0x80)
			strbuf_add_char(out, (char)c);
		else
			strbuf_add(
				out, (char[]){(char)(0xc0 | c >> 6), (char)(0x80 | (c & 0x3f))}, 2);
	}
}

struct location *list_location(const struct job *job)
{
	return job->scan.is_reverse ? job->spec.to : job->spec.from;
}

struct found {
	struct job *job;
	struct item_list items;
	struct strbuf path, target;
};

static void problem(struct job *job, struct strview path, struct strview target,
	enum item_outcome outcome, const struct s3t_err *why)
{
	pthread_mutex_lock(&job->engine->lock);
	job_problem_locked(job, job->scan.source_index, path, target, outcome, why);
	pthread_mutex_unlock(&job->engine->lock);
}

/* That a place of verify's is not there is no verdict on an item of it. */
static void no_verdict(const struct job *job, struct s3t_err *err)
{
	if (job->spec.kind == JOB_VERIFY && err->rc == S3T_NOT_FOUND)
		err->rc = S3T_INVALID;
}

/* What the listing of a local directory could not read. */
static void on_problem(void *arg, struct strview rel, const struct s3t_err *why)
{
	struct job *job = arg;
	struct s3t_err err = *why;
	no_verdict(job, &err);
	struct strbuf path;
	strbuf_init(&path);
	strbuf_add_sv(&path, strbuf_view(&job->scan.base));
	strbuf_add_sv(&path, rel);
	problem(job, strbuf_view(&path), rel, ITEM_FAILED, &err);
	strbuf_deinit(&path);
	pthread_mutex_lock(&job->engine->lock);
	job->has_unseen = job->has_unseen || is_for_now(&err);
	pthread_mutex_unlock(&job->engine->lock);
}

static void met_id(const struct job *job, struct strview target, unsigned char id[MD5_LEN])
{
	struct strbuf text;
	strbuf_init(&text);
	strbuf_addf(&text, "%zu ", job->scan.source_index);
	strbuf_add_sv(&text, target);
	md5(strbuf_view(&text), id);
	strbuf_deinit(&text);
}

static void add_item(struct found *f, const struct loc_stat *stat, bool is_dir)
{
	struct job *job = f->job;
	struct item *it = item_new(job, strbuf_view(&f->path), strbuf_view(&f->target));
	it->source_index = job->scan.source_index;
	it->stat = *stat;
	it->is_dir = is_dir;
	item_identify(it);
	if (job->spec.kind == JOB_VERIFY) {
		unsigned char id[MD5_LEN];
		met_id(job, strbuf_view(&f->target), id);
		done_set_add(&job->met, id);
	}
	list_push(&f->items, it);
}

/* One listed entry becomes an item, or is reported as what it cannot be. */
static void take_entry(struct found *f, const struct entry_page *page, const struct entry *e)
{
	struct job *job = f->job;
	struct scan *scan = &job->scan;
	struct strview name = entry_name(page, e);
	bool ends_in_slash = name.len == 0 || name.data[name.len - 1] == '/';
	strbuf_reset(&f->path);
	strbuf_reset(&f->target);
	strbuf_add_sv(&f->path, strbuf_view(&scan->base));
	strbuf_add_sv(&f->path, name);
	strbuf_add_sv(&f->target, strbuf_view(&scan->target));
	add_name(&f->target, name, job->spec.name_latin1);
	if (!strbuf_ok(&f->path) || !strbuf_ok(&f->target))
		s3t_oom();
	struct s3t_err why;
	struct loc_stat stat = {
		.kind = ENTRY_FILE, .size = e->size, .mtime_ns = time_ns(e->mtime_s, 0)};
	struct strview etag = entry_etag(page, e);
	memcpy(stat.etag, etag.data, etag.len < S3_ETAG_MAX - 1 ? etag.len : S3_ETAG_MAX - 1);
	bool to_local = job->spec.to && job->spec.to->ops->kind == LOC_LOCAL;
	/* of bytes, or of objects: directories have none and are none */
	bool is_verify = job->spec.kind == JOB_VERIFY || job->spec.kind == JOB_CHANGE ||
			 job->spec.kind == JOB_PIPE;
	switch ((enum entry_kind)e->kind) {
	case ENTRY_FILE:
		if (ends_in_slash && to_local && e->size) {
			s3t_fail(&why, S3T_REFUSED_NAME,
				"The key ends in '/', but it has data: it is a file and a "
				"directory.");
			problem(job, strbuf_view(&f->path), strbuf_view(&f->target), ITEM_FAILED,
				&why);
		} else {
			if (!is_verify || !ends_in_slash || e->size)
				add_item(f, &stat, ends_in_slash && !e->size);
		}
		break;
	case ENTRY_DIR:
		stat.kind = ENTRY_DIR;
		if (!is_verify)
			add_item(f, &stat, true);
		break;
	case ENTRY_LINK:
		s3t_fail(&why, S3T_UNSUPPORTED,
			"A symbolic link to a directory, or to nothing, is skipped (--follow takes "
			"directories).");
		problem(job, strbuf_view(&f->path), strbuf_view(&f->target), ITEM_SKIPPED, &why);
		break;
	default:
		s3t_fail(&why, S3T_UNSUPPORTED, "A FIFO, socket or device is skipped.");
		problem(job, strbuf_view(&f->path), strbuf_view(&f->target), ITEM_SKIPPED, &why);
	}
}

/* What an earlier process left of this very item, the last if there are several. */
static void meet_partial_locked(struct item *it)
{
	struct partial **at = NULL;
	for (struct partial **p = &it->job->partials; *p; p = &(*p)->next)
		if (sv_eq(sv_n((*p)->path, (*p)->path_len), sv_n(it->path, it->path_len)))
			at = p;
	if (!at)
		return;
	it->partial = *at;
	*at = it->partial->next;
	it->partial->next = NULL;
	if (it->job->spec.policy != CONFLICT_RENAME)
		return;
	free(it->target);
	it->target_len = it->partial->target_len;
	it->target = s3t_strndup(it->partial->target, it->target_len);
}

static void book(struct found *f)
{
	struct job *job = f->job;
	pthread_mutex_lock(&job->engine->lock);
	struct item *it;
	while ((it = list_pop(&f->items))) {
		if (job->state == JOB_CANCELLING) {
			item_free(it);
			continue;
		}
		it->id = ++job->engine->last_item;
		job->items_total++;
		job->bytes_total += it->stat.size;
		if (done_set_has(&job->done, it->identity)) { /* by the process before this one */
			job->items_done++;
			atomic_fetch_add(&job->bytes_done, (int_fast64_t)it->stat.size);
			item_free(it);
			continue;
		}
		meet_partial_locked(it);
		job->source_open[it->source_index]++;
		list_push(&job->waiting, it);
	}
	pthread_mutex_unlock(&job->engine->lock);
}

/* Whether a version of the same key, and no marker, is left; between two pages, it may be. */
static bool has_version_left(const struct job *job, const struct entry_page *page, uint32_t i)
{
	struct strview name = path_version_split(entry_name(page, &page->entries[i]), NULL);
	for (uint32_t n = 0; n < page->count; n++) { /* it is near as a rule */
		uint32_t k = (i + n) % page->count;
		struct path_version v;
		struct strview other = path_version_split(entry_name(page, &page->entries[k]), &v);
		if (!sv_eq(name, other))
			continue;
		if (!v.is_marker)
			return true;
	}
	return !job->scan.is_last &&
	       sv_eq(name,
		       path_version_split(entry_name(page, &page->entries[page->count - 1]), NULL));
}

/* Undelete takes delete markers that are the latest of their keys, and only if something is left to
 * come back. */
static bool is_to_go(struct job *job, const struct entry_page *page, uint32_t i)
{
	struct strview name = entry_name(page, &page->entries[i]);
	struct path_version v;
	if (job->spec.kind != JOB_UNDELETE)
		return true;
	(void)path_version_split(name, &v);
	if (!v.is_marker || !v.is_latest)
		return false;
	job->scan.found_any = true;
	if (has_version_left(job, page, i))
		return true;
	struct s3t_err why;
	struct strbuf path;
	strbuf_init(&path);
	strbuf_add_sv(&path, strbuf_view(&job->scan.base));
	strbuf_add_sv(&path, name);
	s3t_fail(&why, S3T_NOT_FOUND, "No version of it is left that could come back.");
	problem(job, strbuf_view(&path), sv_n("", 0), ITEM_FAILED, &why);
	strbuf_deinit(&path);
	return false;
}

/* Deletes need no items: a page is a batch. */
static void book_batch(struct job *job, const struct entry_page *page)
{
	struct batch *b = s3t_alloc(sizeof *b);
	size_t bytes = 0;
	for (uint32_t i = 0; i < page->count; i++)
		bytes += job->scan.base.len + page->entries[i].name_len;
	b->arena = s3t_alloc(bytes);
	b->paths = s3t_alloc((page->count + 1) * sizeof *b->paths);
	b->source_index = job->scan.source_index;
	size_t at = 0;
	for (uint32_t i = 0; i < page->count; i++) {
		const struct entry *e = &page->entries[i];
		struct strview name = entry_name(page, e);
		/* local directories go when they are pruned */
		if (e->kind == ENTRY_DIR || !is_to_go(job, page, i))
			continue;
		char *path = b->arena + at;
		memcpy(path, job->scan.base.data, job->scan.base.len);
		memcpy(path + job->scan.base.len, name.data, name.len);
		b->paths[b->count++] = sv_n(path, job->scan.base.len + name.len);
		at += job->scan.base.len + name.len;
	}
	if (b->count == 0) {
		batch_free(b);
		return;
	}
	pthread_mutex_lock(&job->engine->lock);
	struct batch **end = &job->batches;
	while (*end)
		end = &(*end)->next;
	*end = b;
	job->batch_count++;
	job->items_total += b->count;
	pthread_mutex_unlock(&job->engine->lock);
}

/* What a verified target has and its source has not. */
static void report_unmet(struct job *job, const struct entry_page *page)
{
	struct strbuf target;
	strbuf_init(&target);
	for (uint32_t i = 0; i < page->count; i++) {
		const struct entry *e = &page->entries[i];
		unsigned char id[MD5_LEN];
		struct s3t_err why;
		strbuf_reset(&target);
		strbuf_add_sv(&target, strbuf_view(&job->scan.target));
		strbuf_add_sv(&target, entry_name(page, e));
		bool is_marker = target.len && target.data[target.len - 1] == '/' && !e->size;
		met_id(job, strbuf_view(&target), id);
		if (e->kind == ENTRY_DIR || is_marker || done_set_has(&job->met, id))
			continue;
		s3t_fail(&why, S3T_EXISTS, "It is only in the second place.");
		problem(job, sv_n("", 0), strbuf_view(&target), ITEM_FAILED, &why);
	}
	strbuf_deinit(&target);
}

static void book_page(struct job *job, struct entry_page *page)
{
	if (job_kind_removes(job->spec.kind)) {
		book_batch(job, page);
		return;
	}
	if (job->scan.is_reverse) {
		report_unmet(job, page);
		return;
	}
	struct found f = {.job = job};
	strbuf_init(&f.path);
	strbuf_init(&f.target);
	for (uint32_t i = 0; i < page->count; i++)
		take_entry(&f, page, &page->entries[i]);
	book(&f);
	strbuf_deinit(&f.path);
	strbuf_deinit(&f.target);
}

static void set_with_slash(struct strbuf *to, struct strview text)
{
	strbuf_reset(to);
	strbuf_add_sv(to, text);
	if (text.len && text.data[text.len - 1] != '/')
		strbuf_add_char(to, '/');
}

static void open_directory(struct job *job, const struct job_source *src)
{
	struct scan *scan = &job->scan;
	unsigned flags = LOC_LIST_RECURSIVE;
	if (job->spec.kind == JOB_UNDELETE || job->spec.kind == JOB_PURGE)
		flags |= LOC_LIST_VERSIONS;
	if (!job_kind_removes(job->spec.kind))
		flags |= LOC_LIST_ETAGS | (job->spec.follow_links ? LOC_LIST_FOLLOW : 0);
	set_with_slash(&scan->base, sv_n(src->path, src->path_len));
	strbuf_reset(&scan->target);
	scan->found_any = false;
	struct strbuf name;
	strbuf_init(&name);
	add_name(&name, sv_n(src->target_rel, src->target_rel_len), job->spec.name_latin1);
	set_with_slash(&scan->target, strbuf_view(&name));
	strbuf_deinit(&name);
	scan->list = job->spec.from->ops->list_new(
		job->spec.from, sv_n(src->path, src->path_len), flags, on_problem, job);
}

/* All versions of one object. */
static void open_versions(struct job *job, const struct job_source *src)
{
	struct scan *scan = &job->scan;
	struct strview path = sv_n(src->path, src->path_len);
	strbuf_reset(&scan->base);
	strbuf_add_sv(&scan->base, path);
	scan->found_any = false;
	scan->list = job->spec.from->ops->list_new(
		job->spec.from, path, LOC_LIST_VERSIONS | LOC_LIST_EXACT, on_problem, job);
}

static void take_single(struct job *job, const struct job_source *src, struct loc_stat *stat)
{
	if (job_kind_removes(job->spec.kind)) {
		struct entry_page *page = entry_page_new(false);
		struct strview path = sv_n(src->path, src->path_len);
		while (stat->is_link && path.len > 1 && path.data[path.len - 1] == '/')
			path.len--; /* the link, not what it leads to */
		strbuf_reset(&job->scan.base);
		(void)entry_page_add(page, path, ENTRY_FILE, stat->size, 0, 0, sv_n("", 0));
		book_batch(job, page);
		entry_page_free(page);
		loc_stat_deinit(stat);
		return;
	}
	struct found f = {.job = job};
	strbuf_init(&f.path);
	strbuf_init(&f.target);
	strbuf_add(&f.path, src->path, src->path_len);
	add_name(&f.target, sv_n(src->target_rel, src->target_rel_len), job->spec.name_latin1);
	add_item(&f, stat, false);
	book(&f);
	strbuf_deinit(&f.path);
	strbuf_deinit(&f.target);
}

/* A local symlink is removed itself, never what it points to. */
static bool is_single_delete(const struct job *job, const struct job_source *src)
{
	bool ends_in_slash = src->path_len && src->path[src->path_len - 1] == '/';
	return job->spec.kind == JOB_DELETE && !job->spec.recursive && !ends_in_slash;
}

/* The process that died had moved it, and not yet said so: the source is gone, the target there. */
static bool was_moved(struct job *job, const struct job_source *src, const struct loc_io *io)
{
	struct loc_stat there;
	struct strbuf target;
	if (!job->is_resumed || job->spec.kind != JOB_MOVE)
		return false;
	strbuf_init(&target);
	path_join(&target, sv_n(job->spec.target_root, job->spec.target_root_len),
		sv_n(src->target_rel, src->target_rel_len));
	bool is_there = job->spec.to->ops->stat(
				job->spec.to, io, strbuf_view(&target), &there, NULL) == S3T_OK;
	strbuf_deinit(&target);
	if (!is_there)
		return false;
	loc_stat_deinit(&there);
	pthread_mutex_lock(&job->engine->lock);
	job->items_total++;
	job->items_done++;
	pthread_mutex_unlock(&job->engine->lock);
	return true;
}

static enum s3t_rc start_source(
	struct worker *w, struct job *job, const struct job_source *src, struct s3t_err *err)
{
	struct loc_io io = {.conn = w->conn, .cancel = job->cancel};
	struct loc_stat stat = {.kind = ENTRY_FILE, .mtime_ns = TIME_UNKNOWN};
	struct strview path = sv_n(src->path, src->path_len);
	if (job->spec.kind == JOB_MKDIR)
		return job->spec.to->ops->mkdir(job->spec.to, &io,
			sv_n(job->spec.target_root, job->spec.target_root_len),
			sv_n(src->target_rel, src->target_rel_len), err);
	struct path_version version;
	(void)path_version_split(path, &version);
	bool of_versions = job->spec.kind == JOB_UNDELETE || job->spec.kind == JOB_PURGE;
	/* what is deleted cannot be looked at */
	if (of_versions && !version.id.len) {
		bool is_prefix = path.data[path.len - 1] == '/' || sv_find(path, '/') == path.len;
		(is_prefix ? open_directory : open_versions)(job, src);
		return S3T_OK;
	}
	if (is_single_delete(job, src) || (job_kind_removes(job->spec.kind) && version.id.len)) {
		take_single(job, src, &stat);
		return S3T_OK;
	}
	enum s3t_rc rc = job->spec.from->ops->stat(job->spec.from, &io, path, &stat, err);
	if (rc == S3T_NOT_FOUND && was_moved(job, src, &io))
		return S3T_OK;
	if (rc != S3T_OK)
		return rc;
	bool is_dir = stat.kind == ENTRY_DIR;
	if (stat.is_link && job->spec.kind == JOB_DELETE) {
		take_single(job, src, &stat);
		return S3T_OK;
	}
	if (is_dir && stat.is_link && job->spec.kind == JOB_MOVE)
		rc = s3t_fail(err, S3T_UNSUPPORTED,
			"A symbolic link to a directory is not moved: copy it, or move what it "
			"leads to.");
	else if (is_dir && !job->spec.recursive)
		rc = s3t_fail(err, S3T_INVALID, "It is a directory; -r takes what is in it.");
	else if (stat.kind == ENTRY_OTHER)
		rc = s3t_fail(err, S3T_UNSUPPORTED, "A FIFO, socket or device cannot be copied.");
	else if (job->spec.kind == JOB_COPY || job->spec.kind == JOB_MOVE ||
		 job->spec.kind == JOB_PIPE)
		rc = guard_check(job, src, is_dir, &io, err);
	if (rc == S3T_OK && is_dir) {
		job->source_is_dir[job->scan.source_index] = true;
		open_directory(job, src);
		loc_stat_deinit(&stat);
	} else if (rc == S3T_OK) {
		take_single(job, src, &stat); /* takes what stat owns */
	} else {
		loc_stat_deinit(&stat);
	}
	return rc;
}

static bool is_put_off(struct job *job, int64_t began_ms, enum s3t_rc rc, const struct s3t_err *err)
{
	pthread_mutex_lock(&job->engine->lock);
	bool waits = rc != S3T_OK && rc != S3T_CANCELLED && job_put_off_locked(job, began_ms, err);
	pthread_mutex_unlock(&job->engine->lock);
	return waits;
}

/* *waits: the same step is due again. */
static enum s3t_rc list_step(struct worker *w, struct job *job, bool *waits, struct s3t_err *err)
{
	struct scan *scan = &job->scan;
	const struct location_ops *ops = list_location(job)->ops;
	struct loc_io io = {.conn = w->conn, .cancel = job->cancel};
	struct entry_page *page = NULL;
	bool done = false;
	int64_t began_ms = time_mono_ms();
	enum s3t_rc rc = ops->list_next(scan->list, &io, &page, &done, err);
	scan->is_last = done;
	if (rc == S3T_OK)
		book_page(job, page);
	entry_page_free(page);
	if (rc == S3T_OK && done && job->spec.kind == JOB_UNDELETE && !scan->found_any)
		rc = s3t_fail(err, S3T_NOT_FOUND, "There is no delete marker to take away.");
	*waits = is_put_off(job, began_ms, rc, err);
	if ((rc == S3T_OK && !done) || *waits)
		return S3T_OK;
	ops->list_free(scan->list);
	scan->list = NULL;
	scan->source_index++;
	return scan->is_reverse && rc == S3T_NOT_FOUND ? S3T_OK : rc;
}

/* Opens the next directory of the targets, if there is one more. */
static void open_reverse(struct job *job)
{
	struct scan *scan = &job->scan;
	while (scan->source_index < job->spec.source_count &&
		!job->source_is_dir[scan->source_index])
		scan->source_index++;
	if (scan->source_index >= job->spec.source_count)
		return;
	const struct job_source *src = &job->spec.sources[scan->source_index];
	struct strbuf path;
	strbuf_init(&path);
	path_join(&path, sv_n(job->spec.target_root, job->spec.target_root_len),
		sv_n(src->target_rel, src->target_rel_len));
	set_with_slash(&scan->base, strbuf_view(&path));
	set_with_slash(&scan->target, sv_n(src->target_rel, src->target_rel_len));
	scan->list = job->spec.to->ops->list_new(
		job->spec.to, strbuf_view(&path), LOC_LIST_RECURSIVE, on_problem, job);
	strbuf_deinit(&path);
}

void scan_step(struct worker *w, struct job *job)
{
	struct scan *scan = &job->scan;
	struct s3t_err err;
	enum s3t_rc rc = S3T_OK;
	size_t index = scan->source_index;
	int64_t began_ms = time_mono_ms();
	bool waits = false;
	if (scan->list) {
		rc = list_step(w, job, &waits, &err);
	} else if (scan->is_reverse) {
		open_reverse(job);
	} else if (index < job->spec.source_count) {
		rc = start_source(w, job, &job->spec.sources[index], &err);
		waits = is_put_off(job, began_ms, rc, &err);
		if (!scan->list && !waits)
			scan->source_index++;
	}
	pthread_mutex_lock(&job->engine->lock);
	if (rc != S3T_OK && rc != S3T_CANCELLED && !waits) {
		const struct job_source *src = &job->spec.sources[index];
		no_verdict(job, &err);
		job_problem_locked(job, index, sv_n(src->path, src->path_len),
			sv_n(src->target_rel, src->target_rel_len), ITEM_FAILED, &err);
		job->has_unseen = job->has_unseen || is_for_now(&err);
	} else if (rc == S3T_OK && job->spec.kind == JOB_MKDIR) {
		job->items_total++;
		job->items_done++;
	}
	job->is_scanning = false;
	bool is_over = !scan->list && scan->source_index >= job->spec.source_count;
	if (is_over && job->spec.kind == JOB_VERIFY && !scan->is_reverse) {
		scan->is_reverse = true;
		scan->source_index = 0;
		is_over = false;
	}
	if (is_over) {
		job->scan_done = true;
		/* what is left of sources that are gone; one that did not answer may be there */
		if (!job->was_interrupted && !job->has_unseen)
			job_drop_unmet_locked(job);
	}
	pthread_mutex_unlock(&job->engine->lock);
}
