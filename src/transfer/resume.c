/*
 * What an item leaves behind when it does not end well, and going on with it: in this process (a
 * failed item is tried again) or in another one, by the journal. The intent is written before an
 * upload or a temporary file is made, and its name after; nothing of it is trusted that the source,
 * the server or the file system does not bear out.
 */
#include "core/md5_lanes.h"
#include "core/timeutil.h"
#include "transfer/internal.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* Ranges are made durable SYNC_MS after the last time at the earliest, and at most a tenth of the
 * time goes into it. */
enum { SYNC_MS = 1000, SYNC_SHARE = 10 };

bool is_for_now(const struct s3t_err *err)
{
	switch (err->rc) {
	case S3T_RESOLVE:
	case S3T_CONNECT:
	case S3T_TLS:
	case S3T_TIMEOUT:
	case S3T_NETWORK:
	case S3T_SERVER:
	case S3T_SLOW_DOWN:
	case S3T_CLOCK:
	case S3T_AUTH:
	case S3T_CREDENTIALS:
		return true;
	case S3T_DENIED:
		return err->http_status != 0; /* no file of this machine */
	default:
		return false;
	}
}

void item_identify(struct item *it)
{
	struct strbuf text;
	strbuf_init(&text);
	/* a command may have replaced what it read */
	if (it->job->spec.kind == JOB_PIPE)
		strbuf_addf(&text, "%zu ", it->source_index);
	else
		strbuf_addf(&text, "%zu %llu %lld %s ", it->source_index,
			(unsigned long long)it->stat.size, (long long)it->stat.mtime_ns,
			it->stat.etag);
	strbuf_add(&text, it->path, it->path_len);
	md5(strbuf_view(&text), it->identity);
	strbuf_deinit(&text);
}

/* Letters that follow from job and target: another process finds a temporary file by them. */
static void tag_of(const struct job *job, struct strview target, char out[JOB_UID_LEN + 1])
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyz234567";
	unsigned char sum[MD5_LEN];
	struct strbuf text;
	strbuf_init(&text);
	strbuf_addf(&text, "%s ", job->uid);
	strbuf_add_sv(&text, target);
	md5(strbuf_view(&text), sum);
	strbuf_deinit(&text);
	for (int i = 0; i < JOB_UID_LEN; i++)
		out[i] = letters[sum[i] % 32];
	out[JOB_UID_LEN] = '\0';
}

/* --- the journal's lines --- */

static void append(struct job *job, struct strbuf *line)
{
	journal_append(job->engine->journal, strbuf_view(line));
	strbuf_deinit(line);
}

void item_intend(struct item *it)
{
	item_intend_parts(it, it->plan.part_size, it->plan.part_count);
}

void item_intend_parts(struct item *it, uint64_t part_size, uint32_t part_count)
{
	struct job *job = it->job;
	struct loc_facts facts = {.mtime_ns = it->stat.mtime_ns};
	if (it->source)
		job->spec.from->ops->source_facts(it->source, &facts);
	struct partial *p = partial_new(
		sv_n(it->path, it->path_len), sv_n(it->target, it->target_len), part_count);
	p->size = it->stat.size;
	p->mtime_ns = it->stat.mtime_ns;
	p->dev = facts.dev;
	p->ino = facts.ino;
	memcpy(p->etag, it->stat.etag, sizeof p->etag);
	p->since_s = time_wall_s();
	p->part_size = part_size;
	if (it->coding)
		memcpy(p->seed, it->coding->seed, sizeof p->seed);
	pthread_mutex_lock(&job->engine->lock);
	p->number = ++job->last_number;
	it->partial = p;
	pthread_mutex_unlock(&job->engine->lock);
	struct strbuf line;
	strbuf_init(&line);
	record_begin(&line, job->uid, p);
	append(job, &line);
	/* what costs an upload, or hours, to lose is on disk first; a small file's name follows
	 * from the job's */
	if (part_count > 1)
		journal_commit(job->engine->journal);
}

void item_begun(struct item *it, struct loc_token *token)
{
	struct strbuf line;
	loc_token_deinit(&it->partial->token);
	it->partial->token = *token;
	strbuf_init(&line);
	record_token(&line, it->job->uid, it->partial->number, &it->partial->token);
	append(it->job, &line);
}

static void gone(struct job *job, const struct partial *p)
{
	struct strbuf line;
	strbuf_init(&line);
	record_gone(&line, job->uid, p->number);
	append(job, &line);
}

void item_forget_partial_locked(struct item *it)
{
	if (!it->partial)
		return;
	gone(it->job, it->partial);
	partial_free(it->partial);
	it->partial = NULL;
}

/* --- letting go --- */

enum s3t_rc partial_discard(
	struct job *job, const struct partial *p, const struct loc_io *io, struct s3t_err *err)
{
	char tag[JOB_UID_LEN + 1];
	struct strview target = sv_n(p->target, p->target_len);
	struct loc_token token = p->token;
	tag_of(job, target, tag);
	token.tag = tag;
	return job->spec.to->ops->sink_discard(job->spec.to, io,
		sv_n(job->spec.target_root, job->spec.target_root_len), target, &token, p->since_s,
		err);
}

void drop_step(struct worker *w, struct job *job, struct partial *p)
{
	struct loc_io io = {.conn = w->conn, .cancel = job->engine->cleanup};
	struct s3t_err err;
	enum s3t_rc rc = partial_discard(job, p, &io, &err);
	if (rc == S3T_OK) {
		gone(job, p);
	} else {
		pthread_mutex_lock(&job->engine->lock);
		job->has_leftovers = true;
		job->is_dismissed = false;
		s3t_err_prefix(&err, "What was begun could not be removed: ");
		if (job->spec.source_count)
			job_problem_locked(job, 0, sv_n(p->path, p->path_len),
				sv_n(p->target, p->target_len), ITEM_FAILED, &err);
		pthread_mutex_unlock(&job->engine->lock);
	}
	partial_free(p);
}

void job_drop_locked(struct job *job, struct partial *p)
{
	p->next = job->drops;
	job->drops = p;
}

void job_drop_unmet_locked(struct job *job)
{
	while (job->partials) {
		struct partial *p = job->partials;
		job->partials = p->next;
		job_drop_locked(job, p);
	}
}

void job_drop_partials_locked(struct job *job)
{
	struct item_list *const lists[] = {&job->broken, &job->waiting, &job->asking};
	job_drop_unmet_locked(job);
	for (size_t i = 0; i < sizeof lists / sizeof *lists; i++)
		for (struct item *it = lists[i]->head; it; it = it->next) {
			if (it->partial)
				job_drop_locked(job, it->partial);
			it->partial = NULL;
		}
}

/* --- going on --- */

enum s3t_rc item_check_partial(struct item *it, const struct loc_io *io, uint64_t part_size,
	uint32_t part_count, struct s3t_err *err)
{
	const struct partial *p = it->partial;
	const struct job_spec *spec = &it->job->spec;
	struct loc_facts facts = {.mtime_ns = TIME_UNKNOWN};
	bool is_local = spec->from->ops->kind == LOC_LOCAL;
	if (is_local)
		spec->from->ops->source_facts(it->source, &facts);
	bool is_same = p->size == it->stat.size && p->part_count == part_count &&
		       p->part_size == part_size;
	if (is_local)
		is_same = is_same && p->mtime_ns == facts.mtime_ns && p->ino == facts.ino &&
			  p->dev == facts.dev;
	else
		is_same = is_same && strcmp(p->etag, it->stat.etag) == 0;
	if (is_same && p->token.text)
		return S3T_OK;
	struct loc_io calm = {.conn = io->conn, .cancel = it->job->engine->cleanup};
	enum s3t_rc rc = partial_discard(it->job, p, &calm, err);
	if (rc != S3T_OK)
		return rc;
	pthread_mutex_lock(&it->job->engine->lock);
	item_forget_partial_locked(it);
	pthread_mutex_unlock(&it->job->engine->lock);
	if (!is_same && !is_local)
		return s3t_fail(err, S3T_CHANGED,
			"The object changed since its transfer began; what had come of the old one "
			"was removed, and nothing was mixed.");
	return S3T_OK;
}

void item_count_done_parts(struct item *it)
{
	it->bytes_before = 0;
	for (uint32_t i = 0; i < it->parts.count; i++) {
		if (!parts_is_done(&it->parts, i))
			continue;
		int64_t len = (int64_t)plan_part_len(&it->plan, i, it->wire_size);
		atomic_fetch_add(&it->bytes, len);
		atomic_fetch_add(&it->job->bytes_done, len);
		it->bytes_before += (uint64_t)len;
	}
}

/* The upload is gone, but its object may be there: the process died between the answer to Complete
 * and its journal. The file's parts tell whether it is that object. */
static bool is_whole_already(struct item *it, const struct loc_io *io)
{
	const struct job_spec *spec = &it->job->spec;
	int fd = spec->from->ops->source_fd(it->source);
	struct strbuf path;
	struct loc_stat there;
	if (fd < 0 || it->plan.part_count < 2)
		return false;
	strbuf_init(&path);
	path_join(&path, sv_n(spec->target_root, spec->target_root_len),
		sv_n(it->target, it->target_len));
	enum s3t_rc rc = spec->to->ops->stat(spec->to, io, strbuf_view(&path), &there, NULL);
	strbuf_deinit(&path);
	if (rc != S3T_OK)
		return false;
	const char *proof = "";
	struct loc_facts facts = {.part_size = it->plan.part_size};
	bool is_it = there.kind == ENTRY_FILE && there.size == it->stat.size &&
		     strchr(there.etag, '-') &&
		     proof_file(fd, it->stat.size, there.etag, &facts, NULL, NULL, io->cancel,
			     &proof, NULL) == S3T_OK &&
		     strcmp(proof, "MD5 of parts = ETag") == 0;
	if (is_it)
		memcpy(it->stat.etag, there.etag, sizeof it->stat.etag);
	loc_stat_deinit(&there);
	return is_it;
}

/* What of the sink is there already. A file tells nothing but that it lost its end; the journal's
 * ranges do. Parts of an upload that were relayed count only if they were compared before. */
static void take_done_parts(struct item *it)
{
	const struct location_ops *to = it->job->spec.to->ops;
	struct stat st;
	uint64_t there = fstat(to->sink_fd(it->sink), &st) == 0 ? (uint64_t)st.st_size : 0;
	bool has_fd = it->job->spec.from->ops->source_fd(it->source) >= 0;
	for (uint32_t i = 0; i < it->parts.count; i++) {
		bool is_durable = parts_is_done(&it->partial->ranges, i);
		uint64_t end =
			plan_part_offset(&it->plan, i) + plan_part_len(&it->plan, i, it->wire_size);
		bool is_there = to->kind == LOC_LOCAL
					? is_durable && end <= there
					: to->sink_has_part(it->sink, i) && (has_fd || is_durable);
		if (is_there)
			parts_set_done(&it->parts, i);
	}
	item_count_done_parts(it);
}

enum s3t_rc item_sink_begin(
	struct item *it, const struct loc_io *io, struct loc_sink_spec *spec, struct s3t_err *err)
{
	struct job *job = it->job;
	struct location *to = job->spec.to;
	struct strview root = sv_n(job->spec.target_root, job->spec.target_root_len);
	struct strview target = sv_n(it->target, it->target_len);
	/* not cut off by a cancel: what was created unheard of could never be aborted */
	struct loc_io calm = {.conn = io->conn, .cancel = job->engine->cleanup};
	enum s3t_rc rc = S3T_OK;
	if (it->partial)
		rc = item_check_partial(it, io, it->plan.part_size, it->plan.part_count, err);
	if (rc != S3T_OK)
		return rc;
	if (it->partial) {
		spec->resume = &it->partial->token;
		rc = to->ops->sink_begin(to, &calm, root, target, spec, &it->sink, err);
		spec->resume = NULL;
		if (rc == S3T_OK)
			take_done_parts(it);
		if (rc != S3T_NOT_FOUND)
			return rc;
		if (is_whole_already(it, io)) {
			it->was_found = true;
			return S3T_OK;
		}
		pthread_mutex_lock(&job->engine->lock);
		item_forget_partial_locked(it);
		pthread_mutex_unlock(&job->engine->lock);
	}
	struct loc_token token;
	bool leaves_something = to->ops->kind == LOC_LOCAL || it->plan.part_count > 1;
	tag_of(job, target, it->tag);
	spec->tag = it->tag;
	if (leaves_something)
		item_intend(it);
	rc = to->ops->sink_begin(to, &calm, root, target, spec, &it->sink, err);
	if (rc == S3T_OK && leaves_something && to->ops->sink_token(it->sink, &token))
		item_begun(it, &token);
	return rc;
}

enum s3t_rc item_sync(struct item *it, bool now, struct s3t_err *err)
{
	struct job *job = it->job;
	pthread_mutex_t *lock = &job->engine->lock;
	/* of an upload from a file the server's list tells */
	bool is_listed =
		job->spec.to->ops->kind == LOC_S3 && job->spec.from->ops->kind == LOC_LOCAL;
	/* what was taken from the old target is believed only by the process that took it */
	if (!it->partial || it->plan.part_count < 2 || !it->sink || is_listed || it->was_reused)
		return S3T_OK;
	int64_t began_ms = time_mono_ms();
	pthread_mutex_lock(lock);
	int64_t pause_ms = it->sync_took_ms * SYNC_SHARE;
	if (pause_ms < SYNC_MS)
		pause_ms = SYNC_MS;
	bool is_due = now || began_ms - it->synced_ms >= pause_ms;
	if (it->is_syncing || !is_due || it->parts.done_count == it->partial->ranges.done_count) {
		pthread_mutex_unlock(lock);
		return S3T_OK;
	}
	it->is_syncing = true;
	struct parts done;
	parts_copy_done(&done, &it->parts);
	pthread_mutex_unlock(lock);
	enum s3t_rc rc = job->spec.to->ops->sink_sync(it->sink, err);
	if (rc == S3T_OK) {
		struct strbuf line;
		strbuf_init(&line);
		record_ranges(&line, job->uid, it->partial->number, &done);
		append(job, &line);
	}
	pthread_mutex_lock(lock);
	if (rc == S3T_OK) {
		parts_deinit(&it->partial->ranges);
		it->partial->ranges = done;
	} else {
		parts_deinit(&done);
	}
	it->synced_ms = time_mono_ms();
	it->sync_took_ms = it->synced_ms - began_ms;
	it->is_syncing = false;
	pthread_mutex_unlock(lock);
	return rc;
}

/* --- whole jobs --- */

void job_begin_journal(struct job *job, const struct saved_job *saved)
{
	struct journal *j = job->engine->journal;
	bool leaves_nothing =
		job->spec.kind == JOB_MKDIR || job->spec.kind == JOB_VERIFY || job->spec.dry_run;
	if (!j || leaves_nothing)
		return;
	struct strbuf lines;
	strbuf_init_cap(&lines, SIZE_MAX / 4);
	if (saved) {
		record_saved_job(&lines, saved);
	} else {
		struct saved_job view = {.created_s = time_wall_s(),
			.order = job->order,
			.is_paused = job->is_paused,
			.spec = job->spec};
		memcpy(view.uid, job->uid, sizeof view.uid);
		saved_place_set(&view.from, job->spec.from);
		saved_place_set(&view.to, job->spec.to);
		record_job(&lines, &view);
		saved_place_deinit(&view.from);
		saved_place_deinit(&view.to);
	}
	journal_job_begun(j, strbuf_view(&lines));
	strbuf_deinit(&lines);
	job->is_journaled = true;
}

bool job_is_kept_locked(const struct job *job)
{
	if (!job->is_journaled || (job->was_cancelled && !job->has_leftovers) ||
		!journal_is_sound(job->engine->journal))
		return false;
	bool is_unfinished = job->state != JOB_FINISHED || job->was_interrupted;
	bool has_many = job->spec.recursive || job->spec.source_count > 1;
	bool has_partials = job->partials || job->drops || job->has_leftovers;
	for (const struct item *it = job->broken.head; it && !has_partials; it = it->next)
		has_partials = it->partial;
	return is_unfinished || has_partials || (job->failed_for_now && has_many);
}

void job_cancelled_locked(struct job *job)
{
	struct strbuf line;
	job->was_cancelled = true;
	if (!job->is_journaled)
		return;
	strbuf_init(&line);
	record_cancel(&line, job->uid);
	append(job, &line);
}

void job_settle_journal_locked(struct job *job)
{
	if (!job->is_journaled)
		return;
	if (job_is_kept_locked(job))
		return;
	job->is_journaled = false;
	journal_job_ended(job->engine->journal, job->uid);
}
