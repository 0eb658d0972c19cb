/*
 * One item: it is looked at (conflict), begun, moved part by part, finished. A small one is all
 * that in one piece of work. Failure and cancel end in finish too, which then aborts.
 */
#include "core/mime.h"
#include "core/timeutil.h"
#include "transfer/internal.h"

#include <stdlib.h>
#include <string.h>

enum { ROUTES = 4 };
static const struct route *const routes[ROUTES] = {
	&route_copy, &route_send, &route_fetch, &route_relay};

const struct route *route_for(const struct location *from, const struct location *to)
{
	size_t i = 0;
	while (i + 1 < ROUTES && !routes[i]->accepts(from, to))
		i++;
	return routes[i];
}

static void on_progress(void *arg, int64_t bytes)
{
	struct worker *w = arg;
	struct item *it = w->item;
	atomic_fetch_add_explicit(&it->bytes, bytes, memory_order_relaxed);
	atomic_fetch_add_explicit(&it->job->bytes_done, bytes, memory_order_relaxed);
	if (bytes <= 0)
		return;
	worker_moved(w, bytes);
	limiter_take(&w->engine->limiter, (uint64_t)bytes, it->cancel);
}

struct loc_io item_io(struct worker *w, struct item *it)
{
	w->item = it;
	return (struct loc_io){.conn = w->conn,
		.cancel = it->cancel,
		.progress = on_progress,
		.progress_arg = w,
		.retries = &it->retries};
}

struct loc_sink_spec item_sink_spec(const struct item *it)
{
	const struct job_spec *spec = &it->job->spec;
	return (struct loc_sink_spec){.size = it->wire_size,
		.part_size = it->plan.part_size,
		.part_count = it->plan.part_count,
		.mtime_ns = it->stat.mtime_ns,
		.content_type = spec->content_type ? spec->content_type
				: it->stat.content_type
					? it->stat.content_type
					: mime_type_of(sv_n(it->target, it->target_len)),
		.storage_class = spec->storage_class,
		.encryption = spec->encryption,
		.kms_key_id = spec->kms_key_id,
		.mode = it->stat.mode,
		.defer_proof = it->prover && it->prover->is_upload,
		.no_replace = it->target_side.mtime_ns == TIME_UNKNOWN &&
			      (it->answer == CONFLICT_SKIP || it->answer == CONFLICT_RENAME ||
				      it->answer == CONFLICT_FAIL || it->answer == CONFLICT_ASK ||
				      it->answer == CONFLICT_RESUME),
		.prove = spec->prove_upload};
}

/* --- conflict --- */

/* What stands where the item is to go; *exists false if nothing does. *own_time (may be NULL): its
 * time is its data's, not when the object was made. */
static enum s3t_rc look_at_target(struct item *it, const struct loc_io *io, struct strview name,
	bool *exists, struct conflict_side *side, bool *own_time, struct s3t_err *err)
{
	bool has_own_time = true;
	const struct job_spec *spec = &it->job->spec;
	struct strbuf path;
	strbuf_init(&path);
	path_join(&path, sv_n(spec->target_root, spec->target_root_len), name);
	struct loc_stat stat = {.kind = ENTRY_FILE};
	enum s3t_rc rc;
	struct s3_client *client = location_s3_client(spec->to);
	if (client) { /* HEAD alone: a prefix of that name is no conflict */
		struct s3_ctx ctx = {.client = client, .conn = io->conn, .cancel = io->cancel};
		struct s3_object object;
		struct strview bucket, key;
		s3_object_init(&object);
		s3_path_split(strbuf_view(&path), &bucket, &key);
		rc = s3_head_object(&ctx, bucket, key, &object, err);
		bool is_told = object.coding && object.plain_size != UINT64_MAX;
		stat.size = is_told ? object.plain_size : object.size;
		stat.mtime_ns = s3_object_time_ns(&object);
		has_own_time = object.mtime_ns != TIME_UNKNOWN;
		s3_object_deinit(&object);
	} else {
		rc = spec->to->ops->stat(spec->to, io, strbuf_view(&path), &stat, err);
	}
	strbuf_deinit(&path);
	*exists = rc == S3T_OK;
	*side = (struct conflict_side){.size = stat.size, .mtime_ns = stat.mtime_ns};
	if (own_time)
		*own_time = has_own_time;
	if (rc == S3T_OK && stat.mtime_ns == TIME_UNKNOWN)
		side->mtime_ns = INT64_MIN + 1; /* there, but without a time */
	loc_stat_deinit(&stat);
	return rc == S3T_NOT_FOUND ? S3T_OK : rc;
}

void item_set_size(struct item *it, uint64_t size)
{
	pthread_mutex_lock(&it->job->engine->lock);
	it->job->bytes_total += size - it->stat.size;
	it->stat.size = size;
	pthread_mutex_unlock(&it->job->engine->lock);
}

static enum s3t_rc rename_target(struct item *it, const struct loc_io *io, struct s3t_err *err)
{
	struct strbuf name;
	strbuf_init(&name);
	for (unsigned n = 2; n < 10000; n++) {
		bool exists = false;
		struct conflict_side side;
		strbuf_reset(&name);
		conflict_rename(&name, sv_n(it->target, it->target_len), n);
		enum s3t_rc rc =
			look_at_target(it, io, strbuf_view(&name), &exists, &side, NULL, err);
		if (rc != S3T_OK || !exists) {
			free(it->target);
			it->target_len = name.len;
			it->target = strbuf_take(&name);
			return rc;
		}
	}
	strbuf_deinit(&name);
	return s3t_fail(err, S3T_EXISTS, "There is no free name left.");
}

/* Whether the listing is not enough for what is compared. */
static bool needs_refining(const struct item *it, enum conflict_policy policy, bool is_same_size)
{
	const struct job_spec *spec = &it->job->spec;
	bool is_object = spec->from->ops->kind == LOC_S3, may_be_coded = is_object && !spec->raw;
	if (policy == CONFLICT_NEWER)
		return is_object || is_same_size;
	return may_be_coded &&
	       (policy == CONFLICT_RESUME || (policy == CONFLICT_SIZE && !is_same_size));
}

static enum conflict_action settle(
	struct item *it, const struct loc_io *io, enum conflict_policy policy, struct s3t_err *err)
{
	bool exists = false;
	it->target_side.mtime_ns = TIME_UNKNOWN;
	if (policy == CONFLICT_OVERWRITE)
		return CONFLICT_GO;
	if (look_at_target(it, io, sv_n(it->target, it->target_len), &exists, &it->target_side,
		    NULL, err) != S3T_OK)
		return CONFLICT_DO_FAIL;
	if (!exists) {
		it->target_side.mtime_ns = TIME_UNKNOWN;
		return CONFLICT_GO;
	}
	struct job_spec answered = {.kind = it->job->spec.kind, .argv = it->job->spec.argv};
	answered.policy = policy;
	if (job_spec_check(&answered, err) != S3T_OK)
		return CONFLICT_DO_FAIL;
	bool is_same_size = it->target_side.size == it->stat.size;
	if (needs_refining(it, policy, is_same_size))
		item_refine_source(it, io);
	struct conflict_side source = {.size = it->stat.size, .mtime_ns = it->stat.mtime_ns};
	enum conflict_action action = conflict_decide(policy, source, it->target_side);
	bool is_download = route_for(it->job->spec.from, it->job->spec.to) == &route_fetch;
	if (policy == CONFLICT_RESUME && action == CONFLICT_GO && !is_download) {
		s3t_fail(err, S3T_EXISTS,
			"The target exists; only downloads go on with a part of it.");
		return CONFLICT_DO_FAIL;
	}
	if (action == CONFLICT_DO_FAIL)
		s3t_fail(err, S3T_EXISTS,
			policy == CONFLICT_RESUME ? "The target is larger than the source."
						  : "The target exists.");
	if (action == CONFLICT_DO_SKIP)
		s3t_fail(err, S3T_EXISTS, "The target exists (policy %s).",
			conflict_policy_word(policy));
	if (action == CONFLICT_DO_RENAME) {
		if (rename_target(it, io, err) != S3T_OK)
			return CONFLICT_DO_FAIL;
		it->target_side.mtime_ns = TIME_UNKNOWN;
		return CONFLICT_GO;
	}
	return action;
}

/* --- ends --- */

static void end_item(struct item *it, enum item_outcome outcome, struct loc_sink_result *result,
	const struct s3t_err *err)
{
	struct job *job = it->job;
	item_close(it);
	pthread_mutex_lock(&job->engine->lock);
	list_remove(&job->active, it);
	item_ended_locked(it, outcome, result, err);
	pthread_mutex_unlock(&job->engine->lock);
}

static void end_failed(struct item *it, const struct s3t_err *err)
{
	bool cancelled = err->rc == S3T_CANCELLED || cancel_is_set(it->cancel);
	end_item(it, cancelled ? ITEM_CANCELLED : ITEM_FAILED, NULL, cancelled ? NULL : err);
}

static void ask(struct item *it)
{
	struct job *job = it->job;
	struct event *e = event_new(job, EV_ASK);
	e->source = s3t_strndup(it->path, it->path_len);
	e->source_len = it->path_len;
	e->target = s3t_strndup(it->target, it->target_len);
	e->target_len = it->target_len;
	e->size = it->stat.size;
	e->from = (struct conflict_side){.size = it->stat.size, .mtime_ns = it->stat.mtime_ns};
	e->to = it->target_side;
	e->item = it->id;
	pthread_mutex_lock(&job->engine->lock);
	list_remove(&job->active, it);
	cancel_free(it->cancel);
	it->cancel = NULL;
	it->state = ITEM_ASKING;
	list_push(&job->asking, it);
	if (job->state == JOB_CANCELLING) {
		list_remove(&job->asking, it);
		item_ended_locked(it, ITEM_CANCELLED, NULL, NULL);
		event_free(e);
	} else if (job->spec.policy != CONFLICT_ASK) { /* answered for all just now */
		list_remove(&job->asking, it);
		it->has_answer = true;
		it->answer = job->spec.policy;
		it->state = ITEM_WAITING;
		list_push(&job->waiting, it);
		pthread_cond_broadcast(&job->engine->work);
		event_free(e);
	} else {
		msgq_push(job->engine->events, &e->msg);
	}
	pthread_mutex_unlock(&job->engine->lock);
}

static void note_failure(void *arg, size_t index, const struct s3t_err *why)
{
	(void)index;
	*(struct s3t_err *)arg = *why;
}

/* The second half of a move. */
static enum s3t_rc remove_source(struct item *it, const struct loc_io *io, struct s3t_err *err)
{
	const struct job_spec *spec = &it->job->spec;
	if (spec->kind != JOB_MOVE || spec->dry_run)
		return S3T_OK;
	struct strview path = sv_n(it->path, it->path_len);
	struct s3t_err why = {.rc = S3T_OK};
	enum s3t_rc rc = spec->from->ops->remove(spec->from, io, &path, 1, note_failure, &why, err);
	if (rc == S3T_OK && why.rc != S3T_OK) {
		rc = why.rc;
		*err = why;
	}
	if (rc != S3T_OK)
		s3t_err_prefix(err, "It was copied, but the source could not be removed: ");
	return rc;
}

/* The job's policy may be changed by an answer for all. */
static enum conflict_policy policy_of(const struct item *it)
{
	struct job *job = it->job;
	pthread_mutex_lock(&job->engine->lock);
	enum conflict_policy policy = it->has_answer ? it->answer : job->spec.policy;
	pthread_mutex_unlock(&job->engine->lock);
	return policy;
}

/* A resumed job's first items may have been moved by the process that died, after it wrote its last
 * line: same size, same time of the data. */
static bool is_there_already(struct item *it, const struct loc_io *io)
{
	struct job *job = it->job;
	bool exists = false, has_own_time;
	struct conflict_side there;
	bool may_replace = policy_of(it) == CONFLICT_OVERWRITE;
	pthread_mutex_lock(&job->engine->lock);
	/* what was begun, and may replace, is gone on with; a move has to prove its copy before it
	 * removes anything: it copies once more */
	bool looks = job->looks_left > 0 && !(it->partial && may_replace) && !it->has_answer &&
		     job->spec.kind != JOB_MOVE && !job->spec.dry_run;
	if (looks)
		job->looks_left--;
	pthread_mutex_unlock(&job->engine->lock);
	if (!looks || look_at_target(it, io, sv_n(it->target, it->target_len), &exists, &there,
			      &has_own_time, NULL) != S3T_OK)
		return false;
	/* when an object was made tells nothing of what is in it */
	if (!exists || there.size != it->stat.size || !has_own_time)
		return false;
	item_refine_source(it, io);
	return it->stat.mtime_ns != TIME_UNKNOWN && there.mtime_ns == it->stat.mtime_ns;
}

/* --- start --- */

static enum s3t_rc make_directory(struct item *it, const struct loc_io *io, struct s3t_err *err)
{
	const struct job_spec *spec = &it->job->spec;
	struct strview root = sv_n(spec->target_root, spec->target_root_len);
	struct strview name = sv_n(it->target, it->target_len);
	if (name.len == 0)
		return S3T_OK; /* the target's root itself */
	return spec->to->ops->mkdir(spec->to, io, root, name, err);
}

static void start_directory(struct item *it, const struct loc_io *io)
{
	struct s3t_err err;
	enum s3t_rc rc = S3T_OK;
	struct loc_sink_result result = {.proof = NULL};
	bool exists = false;
	if (it->job->spec.kind == JOB_COPY && policy_of(it) != CONFLICT_OVERWRITE)
		rc = look_at_target(it, io, sv_n(it->target, it->target_len), &exists,
			&it->target_side, NULL, &err);
	if (exists) {
		s3t_fail(&err, S3T_EXISTS, "The directory is there already.");
		end_item(it, ITEM_SKIPPED, NULL, &err);
		return;
	}
	if (rc == S3T_OK && !it->job->spec.dry_run)
		rc = make_directory(it, io, &err);
	if (rc == S3T_OK && it->stat.kind == ENTRY_FILE)
		rc = remove_source(it, io, &err);
	if (rc == S3T_OK)
		end_item(it, ITEM_COMPLETED, &result, NULL);
	else
		end_failed(it, &err);
}

/* removed: what became of removing what was begun. */
static void forget(struct item *it, enum s3t_rc removed)
{
	struct job *job = it->job;
	pthread_mutex_lock(&job->engine->lock);
	if (removed == S3T_OK) {
		item_forget_partial_locked(it);
	} else {
		job->has_leftovers = true;
		partial_free(it->partial);
		it->partial = NULL;
	}
	pthread_mutex_unlock(&job->engine->lock);
}

/* Nobody goes on with what was begun. */
static void let_go(struct worker *w, struct item *it)
{
	struct loc_io io = {.conn = w->conn, .cancel = it->job->engine->cleanup};
	struct s3t_err err;
	if (it->partial)
		forget(it, partial_discard(it->job, it->partial, &io, &err));
}

/* True: the item goes on; false: it has ended or asks. What was begun by another process has passed
 * this once, but something may have come under its name since. */
static bool pass_conflict(struct worker *w, struct item *it, const struct loc_io *io)
{
	struct s3t_err err = {.rc = S3T_OK};
	enum conflict_policy policy = policy_of(it);
	it->answer = policy; /* for the sink */
	enum conflict_action action = settle(it, io, policy, &err);
	bool is_renamed =
		it->partial && !sv_eq(sv_n(it->target, it->target_len),
				       sv_n(it->partial->target, it->partial->target_len));
	if (is_renamed || action == CONFLICT_DO_SKIP ||
		(action == CONFLICT_DO_FAIL && err.rc == S3T_EXISTS))
		let_go(w, it);
	if (action == CONFLICT_DO_SKIP)
		end_item(it, ITEM_SKIPPED, NULL, &err);
	else if (action == CONFLICT_DO_FAIL)
		end_failed(it, &err);
	else if (action == CONFLICT_DO_ASK)
		ask(it);
	return action == CONFLICT_GO;
}

static void complete(struct worker *w, struct item *it, struct loc_sink_result *result);

/* What was begun goes on as it was cut, whatever the configuration says by now. */
static void plan_as_begun(struct item *it)
{
	const struct partial *p = it->partial;
	if (p && p->size == it->stat.size && p->part_count > 1 && !it->route->begins_late)
		it->plan = (struct plan){.part_size = p->part_size, .part_count = p->part_count};
}

/* It was there: no byte of it had to be moved. */
static void count_all(struct item *it)
{
	int_fast64_t size = (int_fast64_t)it->stat.size;
	atomic_store(&it->bytes, size);
	atomic_fetch_add(&it->job->bytes_done, size);
}

/* A copy by the server, unless it would lose the encryption that is wanted. */
static const struct route *route_of(const struct item *it)
{
	const struct job_spec *spec = &it->job->spec;
	if (spec->kind == JOB_VERIFY)
		return &route_verify;
	if (spec->kind == JOB_PIPE)
		return &route_pipe;
	if (route_seal_is_due(spec))
		return &route_seal;
	const struct route *route =
		spec->kind == JOB_CHANGE ? route_for_change(spec) : route_for(spec->from, spec->to);
	if (route == &route_send && it->coding && it->coding->how.compression != COMPRESS_OFF)
		return &route_pack;
	bool can = route != &route_copy || (!it->must_relay && route_copy_can_encrypt(spec));
	return can ? route : &route_relay;
}

static void try_dry(struct item *it, const struct loc_io *io)
{
	struct loc_sink_result result = {.proof = "dry run"};
	struct s3t_err err;
	if (it->job->spec.kind == JOB_CHANGE && change_preview(it, io, &err) != S3T_OK) {
		end_failed(it, &err);
		return;
	}
	result.note = change_take_diff(it);
	end_item(it, ITEM_COMPLETED, &result, NULL);
}

static bool run_route(struct worker *w, struct item *it);

bool item_start(struct worker *w, struct item *it)
{
	struct job *job = it->job;
	struct loc_io io = item_io(w, it);
	if (it->is_dir) {
		start_directory(it, &io);
		return false;
	}
	/* what is changed in place is always there, and a command's output is not its input */
	bool tells = job->spec.kind != JOB_CHANGE && job->spec.kind != JOB_PIPE;
	if (job->is_resumed && tells && is_there_already(it, &io)) {
		struct loc_sink_result result = {.proof = "same size and time"};
		let_go(w, it);
		count_all(it);
		complete(w, it, &result);
		return false;
	}
	if (!pass_conflict(w, it, &io))
		return false;
	if (job->spec.dry_run) {
		try_dry(it, &io);
		return false;
	}
	return run_route(w, it);
}

/* A download of what may be coded: how large it will be, and whether it comes in ranges. What comes
 * in one is told by its own answer. */
static enum s3t_rc item_look(struct item *it, const struct loc_io *io, struct s3t_err *err)
{
	const struct job_spec *spec = &it->job->spec;
	const struct location_ops *ops = spec->from ? spec->from->ops : NULL;
	it->in_one = false;
	if (spec->kind == JOB_PIPE) { /* it is read from its start to its end */
		it->stat.decode = !spec->raw;
		return S3T_OK;
	}
	bool decodes = ops && ops->source_look && spec->to && spec->to->ops->kind == LOC_LOCAL &&
		       !spec->raw && (spec->kind == JOB_COPY || spec->kind == JOB_MOVE);
	if (!decodes && it->stat.stored_size) { /* it goes as it is */
		item_set_size(it, it->stat.stored_size);
		it->stat.stored_size = 0;
	}
	if (!decodes)
		return S3T_OK;
	it->stat.decode = true;
	if (plan_download(it->stat.size, spec->parallel_download, spec->chunk_size).part_count < 2)
		return S3T_OK;
	uint64_t size;
	enum s3t_rc rc = S3T_OK;
	if (!it->source)
		rc = ops->source_open(
			spec->from, io, sv_n(it->path, it->path_len), &it->stat, &it->source, err);
	if (rc == S3T_OK)
		rc = ops->source_look(it->source, io, &size, &it->in_one, err);
	if (rc != S3T_OK)
		return rc;
	if (!it->stat.stored_size)
		it->stat.stored_size = it->stat.size;
	item_set_size(it, size);
	return S3T_OK;
}

/* True: it goes on in parts. */
static bool run_route(struct worker *w, struct item *it)
{
	struct job *job = it->job;
	struct loc_io io = item_io(w, it);
	struct s3t_err err;
	enum s3t_rc rc = item_look(it, &io, &err);
	if (rc == S3T_OK)
		rc = item_coding_begin(it, &io, &err);
	it->route = route_of(it);
	if (rc == S3T_OK)
		rc = it->route->plan(it, &err);
	if (rc == S3T_OK) {
		plan_as_begun(it);
		pthread_mutex_lock(&job->engine->lock);
		if (it->plan.was_raised && it->plan.part_size > job->raised_part)
			job->raised_part = it->plan.part_size;
		parts_init(&it->parts, it->plan.part_count);
		pthread_mutex_unlock(&job->engine->lock);
		rc = it->route->begin(it, &io, &err);
	}
	if (rc != S3T_OK) {
		it->has_failed = true;
		it->err = err;
		item_finish(w, it);
		return false;
	}
	if (it->was_found) {
		bool is_change = job->spec.kind == JOB_CHANGE;
		struct loc_sink_result result = {
			.proof = is_change ? "as it was" : "part MD5 = ETag"};
		memcpy(result.etag, it->stat.etag, sizeof result.etag);
		count_all(it);
		complete(w, it, &result);
		return false;
	}
	uint32_t first = 0;
	bool is_single = it->plan.part_count == 1;
	pthread_mutex_lock(&job->engine->lock);
	it->parts_running = is_single && parts_take(&it->parts, &first);
	it->state = ITEM_RUNNING;
	pthread_mutex_unlock(&job->engine->lock);
	if (is_single)
		item_part(w, it, first);
	return !is_single;
}

struct byte_source item_proof_bytes(const struct item *it)
{
	const struct job_spec *spec = &it->job->spec;
	return it->prover->is_upload ? item_bytes(it)
				     : (struct byte_source){.fd = spec->to->ops->sink_fd(it->sink)};
}

/* The first failure is the item's; the other parts of a lost file are not worth their bytes, but
 * those under way may be of use later. */
static void fail_locked(struct item *it, enum s3t_rc rc, const struct s3t_err *err)
{
	if (it->has_failed)
		return;
	it->has_failed = true;
	it->err = *err;
	if (it->plan.part_count > 1 && rc != S3T_CANCELLED)
		cancel_trigger(it->cancel);
}

/* The answer to the first range tells how the object was cut. */
static void learn_locked(struct item *it)
{
	struct loc_facts facts;
	if (!it->prover || it->prover->is_upload)
		return;
	it->job->spec.from->ops->source_facts(it->source, &facts);
	prover_learn_locked(it->prover, &facts, it->stat.etag);
}

void item_part(struct worker *w, struct item *it, uint32_t index)
{
	struct job *job = it->job;
	struct loc_io io = item_io(w, it);
	struct s3t_err err;
	enum s3t_rc rc = it->route->part(it, &io, index, &err);
	bool is_single = it->plan.part_count == 1;
	if (rc == S3T_OK)
		item_was_sent(it);
	pthread_mutex_lock(&job->engine->lock);
	if (rc == S3T_OK)
		parts_set_done(&it->parts, index);
	/* a single part's item stays this worker's: nobody else may take it for finishing */
	if (is_single)
		it->state = ITEM_FINISHING;
	else if (rc == S3T_OK && index == 0)
		learn_locked(it);
	pthread_mutex_unlock(&job->engine->lock);
	if (rc == S3T_OK)
		rc = item_sync(it, false, &err);
	pthread_mutex_lock(&job->engine->lock);
	if (rc != S3T_OK)
		fail_locked(it, rc, &err);
	it->parts_running--;
	pthread_mutex_unlock(&job->engine->lock);
	if (is_single)
		item_finish(w, it);
}

void item_prove(struct worker *w, struct item *it)
{
	struct loc_io io = item_io(w, it);
	struct s3t_err err;
	enum s3t_rc rc = prover_run(it, &io, &err);
	/* a file that changed between sending and hashing is the likelier reason */
	if (rc != S3T_OK && it->job->spec.from->ops->source_check(it->source, NULL) == S3T_CHANGED)
		rc = it->job->spec.from->ops->source_check(it->source, &err);
	pthread_mutex_lock(&it->job->engine->lock);
	if (rc != S3T_OK)
		fail_locked(it, rc, &err);
	it->is_proving = false;
	pthread_mutex_unlock(&it->job->engine->lock);
}

/* --- finish --- */

static void count_metrics(struct item *it)
{
	struct metrics *m = &it->job->engine->metrics;
	uint64_t moved =
		it->route == &route_pipe ? it->wire_size : it->stat.size - it->bytes_before;
	uint64_t ms = (uint64_t)(time_mono_ms() - it->started_ms);
	if ((it->route == &route_send || it->route == &route_pack || it->route == &route_pipe) &&
		it->job->spec.to->ops->kind == LOC_S3) {
		metrics_add(&m->uploads_total, 1);
		metrics_add(&m->bytes_uploaded, moved);
		metrics_add(&m->upload_duration_ms, ms);
	} else if (it->route == &route_fetch) {
		metrics_add(&m->downloads_total, 1);
		metrics_add(&m->bytes_downloaded, moved);
		metrics_add(&m->download_duration_ms, ms);
	} else if (it->route != &route_verify) {
		metrics_add(&m->copies_total, 1);
		metrics_add(&m->bytes_copied, moved);
		metrics_add(&m->copy_duration_ms, ms);
	}
}

static void count_packed(struct item *it)
{
	if (it->route != &route_pack)
		return;
	pthread_mutex_lock(&it->job->engine->lock);
	it->job->bytes_packed += it->stat.size;
	it->job->bytes_stored += it->coding->stored;
	pthread_mutex_unlock(&it->job->engine->lock);
}

/* Aborts run under a token of their own: the item's is triggered already. What cannot be removed
 * now stays in the journal. */
static void abort_item(struct worker *w, struct item *it)
{
	struct job *job = it->job;
	struct loc_io io = {.conn = w->conn, .cancel = job->engine->cleanup};
	struct s3t_err err;
	/* what was to be gone on with and could not be opened, or was made though its answer was
	 * lost, the route knows nothing of */
	bool has_begun = it->route->begins_late ? it->sink != NULL : it->state != ITEM_STARTING;
	bool is_known = has_begun || !it->partial ||
			(!it->partial->token.text && it->err.http_status / 100 == 4);
	forget(it, is_known ? it->route->abort(it, &io, &err)
			    : partial_discard(job, it->partial, &io, &err));
}

/* Whether what there is of it is worth going on with, another time or in another process: parts, or
 * an upload that may have been made though its answer was lost. */
static bool is_kept(const struct item *it, enum s3t_rc rc, const struct s3t_err *err)
{
	struct engine *e = it->job->engine;
	pthread_mutex_lock(&e->lock);
	bool was_cancelled = it->was_cancelled || it->job->was_cancelled;
	bool is_known = it->job->is_journaled && journal_is_sound(e->journal);
	pthread_mutex_unlock(&e->lock);
	if (!it->partial || it->partial->part_count < 2 || was_cancelled || !is_known)
		return false;
	if (strcmp(it->partial->seed, PARTIAL_ENDS) == 0)
		return false;
	if (!it->partial->token.text && err->http_status / 100 == 4)
		return false; /* the server said no */
	if (it->route == &route_fetch && it->parts.done_count == 0 && rc != S3T_CANCELLED)
		return false; /* an empty file */
	return is_for_now(err) || (rc == S3T_CANCELLED && atomic_load(&e->is_keeping));
}

/* Wrong bytes are fetched once more from the start. */
static bool refetch(struct item *it, const struct s3t_err *err)
{
	struct job *job = it->job;
	bool again = err->rc == S3T_MISMATCH && !it->was_refetched && it->route == &route_fetch;
	if (!again)
		return false;
	pthread_mutex_lock(&job->engine->lock);
	atomic_fetch_sub(&job->bytes_done, atomic_exchange(&it->bytes, 0));
	it->was_refetched = true;
	it->was_reused = false;
	it->bytes_before = 0;
	parts_restart(&it->parts);
	if (it->prover)
		prover_restart_locked(it->prover);
	it->state = ITEM_RUNNING;
	pthread_mutex_unlock(&job->engine->lock);
	return true;
}

/* Many servers do not copy what is encrypted: then it goes through this machine. So it does after
 * 412, which Swift answers to every ETag of an object in parts: reading it tells whether it has
 * changed. In place that could undo what somebody else made of it. */
static bool relay_instead(struct worker *w, struct item *it, const struct s3t_err *err)
{
	struct job *job = it->job;
	bool may_help =
		(err->rc == S3T_UNSUPPORTED && err->http_status == 501) ||
		(err->rc == S3T_CHANGED && err->http_status == 412 && job->spec.kind != JOB_CHANGE);
	if (it->route != &route_copy || it->must_relay || !may_help)
		return false;
	abort_item(w, it);
	item_close(it);
	pthread_mutex_lock(&job->engine->lock);
	atomic_fetch_sub(&job->bytes_done, atomic_exchange(&it->bytes, 0));
	parts_deinit(&it->parts);
	it->must_relay = true;
	it->has_failed = false;
	it->state = ITEM_STARTING;
	pthread_mutex_unlock(&job->engine->lock);
	run_route(w, it);
	return true;
}

/* The target is whole and proven: its source goes even if a cancel came just now. */
static void complete(struct worker *w, struct item *it, struct loc_sink_result *result)
{
	struct loc_io calm = {.conn = w->conn, .cancel = it->job->engine->cleanup};
	struct s3t_err err;
	if (remove_source(it, &calm, &err) == S3T_OK) {
		end_item(it, ITEM_COMPLETED, result, NULL);
		return;
	}
	loc_sink_result_deinit(result);
	end_item(it, ITEM_FAILED, NULL, &err);
}

void item_finish(struct worker *w, struct item *it)
{
	struct loc_io io = item_io(w, it);
	struct s3t_err err = it->err;
	struct loc_sink_result result = {.proof = NULL};
	enum s3t_rc rc = it->has_failed ? it->err.rc : S3T_OK;
	if (rc == S3T_OK && cancel_is_set(it->cancel))
		rc = s3t_fail(&err, S3T_CANCELLED, "Cancelled.");
	if (rc == S3T_OK)
		rc = it->route->finish(it, &io, &result, &err);
	if (rc == S3T_OK && it->job->spec.kind == JOB_CHANGE) {
		rc = change_finish(it, &io, &err);
		result.note = change_take_diff(it);
	}
	if (rc == S3T_OK) {
		count_metrics(it);
		count_packed(it);
		complete(w, it, &result);
		return;
	}
	if (refetch(it, &err) || relay_instead(w, it, &err))
		return;
	struct s3t_err sync_err;
	if (!is_kept(it, rc, &err) || item_sync(it, true, &sync_err) != S3T_OK)
		abort_item(w, it);
	loc_sink_result_deinit(&result);
	bool exists_now = (rc == S3T_EXISTS && it->answer == CONFLICT_SKIP) ||
			  (rc == S3T_SAME && it->job->spec.kind == JOB_CHANGE);
	if (exists_now)
		end_item(it, ITEM_SKIPPED, NULL, &err);
	else if (it->has_failed && rc != S3T_CANCELLED)
		end_item(it, ITEM_FAILED, NULL, &err);
	else
		end_failed(it, &err);
}
