#include "transfer/internal.h"

#include "core/process.h"
#include "core/text.h"
#include "core/timeutil.h"

#include <stdlib.h>
#include <string.h>

static const char *const outcome_words[] = {"completed", "skipped", "failed", "cancelled"};
_Static_assert(
	sizeof outcome_words / sizeof *outcome_words == ITEM_OUTCOME_COUNT, "a word for each");

const char *item_outcome_word(enum item_outcome o)
{
	return outcome_words[o];
}

bool job_kind_removes(enum job_kind kind)
{
	return kind == JOB_DELETE || kind == JOB_UNDELETE || kind == JOB_PURGE;
}

const char *job_kind_word(enum job_kind kind)
{
	static const char *const words[] = {[JOB_COPY] = "copy",
		[JOB_MOVE] = "move",
		[JOB_DELETE] = "delete",
		[JOB_MKDIR] = "make",
		[JOB_VERIFY] = "verify",
		[JOB_UNDELETE] = "undelete",
		[JOB_PURGE] = "purge",
		[JOB_CHANGE] = "change",
		[JOB_PIPE] = "pipe"};
	return words[kind];
}

const char *job_kind_done_word(enum job_kind kind)
{
	static const char *const words[] = {[JOB_COPY] = "copied",
		[JOB_MOVE] = "moved",
		[JOB_DELETE] = "deleted",
		[JOB_MKDIR] = "made",
		[JOB_VERIFY] = "the same",
		[JOB_UNDELETE] = "undeleted",
		[JOB_PURGE] = "removed for good",
		[JOB_CHANGE] = "changed",
		[JOB_PIPE] = "piped"};
	return words[kind];
}

void job_spec_init(struct job_spec *spec, enum job_kind kind, const struct settings *s)
{
	*spec = (struct job_spec){.kind = kind,
		.policy = CONFLICT_OVERWRITE,
		.multipart_threshold = s->multipart_threshold,
		.part_size = s->part_size,
		.chunk_size = s->chunk_size,
		.max_parallel = s->max_concurrent_parts > s->max_concurrent_chunks
					? s->max_concurrent_parts
					: s->max_concurrent_chunks,
		.parallel_download = s->parallel,
		.prove_upload = s->checksum,
		.prove_download = s->verify_checksum,
		.storage_class = s->storage_class[0] ? s3t_strdup(s->storage_class) : NULL,
		.compress = s3t_strdup(s->compress),
		.encryption = s3t_strdup(s->encryption_type),
		.kms_key_id = s->kms_key_id[0] ? s3t_strdup(s->kms_key_id) : NULL};
}

void job_spec_leave_to_target(struct job_spec *spec)
{
	free(spec->storage_class);
	free(spec->encryption);
	free(spec->kms_key_id);
	free(spec->compress);
	spec->storage_class = spec->encryption = spec->kms_key_id = spec->compress = NULL;
}

void job_spec_take_profiles(struct job_spec *spec)
{
	struct s3_client *from = location_s3_client(spec->from), *to = location_s3_client(spec->to);
	if (from) {
		const struct settings *s = &s3_client_profile(from)->settings;
		spec->chunk_size = s->chunk_size;
		spec->parallel_download = s->parallel;
		spec->prove_download = s->verify_checksum;
	}
	if (to) {
		const struct settings *s = &s3_client_profile(to)->settings;
		spec->multipart_threshold = s->multipart_threshold;
		spec->part_size = s->part_size;
		spec->prove_upload = s->checksum;
		if (!spec->storage_class && s->storage_class[0])
			spec->storage_class = s3t_strdup(s->storage_class);
	}
}

void job_spec_add_source(struct job_spec *spec, struct strview path, struct strview target_rel)
{
	struct job_source *more =
		realloc(spec->sources, (spec->source_count + 1) * sizeof *spec->sources);
	if (!more)
		s3t_oom();
	spec->sources = more;
	more[spec->source_count++] = (struct job_source){.path = s3t_strndup(path.data, path.len),
		.path_len = path.len,
		.target_rel = s3t_strndup(target_rel.data, target_rel.len),
		.target_rel_len = target_rel.len};
}

void job_spec_set_in_place(struct job_spec *spec)
{
	job_spec_set_target(spec, spec->from, SV(""));
	for (size_t i = 0; i < spec->source_count; i++) {
		struct job_source *s = &spec->sources[i];
		free(s->target_rel);
		s->target_rel = s3t_strndup(s->path, s->path_len);
		s->target_rel_len = s->path_len;
	}
}

void job_spec_set_target(struct job_spec *spec, struct location *to, struct strview root)
{
	location_unref(spec->to);
	free(spec->target_root);
	spec->to = location_ref(to);
	spec->target_root = s3t_strndup(root.data, root.len);
	spec->target_root_len = root.len;
}

void job_spec_copy_sources(struct job_spec *spec, const struct job_spec *from)
{
	for (size_t i = 0; i < from->source_count; i++) {
		const struct job_source *s = &from->sources[i];
		job_spec_add_source(
			spec, sv_n(s->path, s->path_len), sv_n(s->target_rel, s->target_rel_len));
	}
}

enum s3t_rc job_spec_check(const struct job_spec *spec, struct s3t_err *err)
{
	if (spec->kind != JOB_PIPE)
		return S3T_OK;
	if (!spec->argv)
		return s3t_fail(err, S3T_INVALID, "The command is empty.");
	if (spec->policy == CONFLICT_NEWER || spec->policy == CONFLICT_SIZE ||
		spec->policy == CONFLICT_RESUME)
		return s3t_fail(err, S3T_INVALID,
			"'%s' compares source and target, and what a command prints is another "
			"thing: overwrite, skip, rename, fail or ask.",
			conflict_policy_word(spec->policy));
	return S3T_OK;
}

void job_spec_deinit(struct job_spec *spec)
{
	for (size_t i = 0; i < spec->source_count; i++) {
		free(spec->sources[i].path);
		free(spec->sources[i].target_rel);
	}
	free(spec->sources);
	free(spec->target_root);
	free(spec->storage_class);
	s3_changes_deinit(&spec->changes);
	process_argv_free(spec->argv);
	free(spec->compress);
	free(spec->encryption);
	free(spec->kms_key_id);
	free(spec->content_type);
	location_unref(spec->from);
	location_unref(spec->to);
	*spec = (struct job_spec){0};
}

void event_free(struct event *e)
{
	if (!e)
		return;
	free(e->source);
	free(e->target);
	loc_sink_result_deinit(&e->result);
	free(e);
}

struct event *event_new(const struct job *job, enum event_kind kind)
{
	struct event *e = s3t_alloc(sizeof *e);
	e->kind = kind;
	e->job = job->id;
	return e;
}

void list_push(struct item_list *l, struct item *it)
{
	it->next = NULL;
	it->prev = l->tail;
	if (l->tail)
		l->tail->next = it;
	else
		l->head = it;
	l->tail = it;
	l->count++;
}

void list_remove(struct item_list *l, struct item *it)
{
	if (it->prev)
		it->prev->next = it->next;
	else
		l->head = it->next;
	if (it->next)
		it->next->prev = it->prev;
	else
		l->tail = it->prev;
	it->next = it->prev = NULL;
	l->count--;
}

struct item *list_pop(struct item_list *l)
{
	struct item *it = l->head;
	if (!it)
		return NULL;
	l->head = it->next;
	if (l->head)
		l->head->prev = NULL;
	else
		l->tail = NULL;
	it->next = NULL;
	l->count--;
	return it;
}

struct item *item_new(struct job *job, struct strview path, struct strview target)
{
	struct item *it = s3t_alloc(sizeof *it);
	it->job = job;
	it->path = s3t_strndup(path.data, path.len);
	it->path_len = path.len;
	it->target = s3t_strndup(target.data, target.len);
	it->target_len = target.len;
	it->state = ITEM_WAITING;
	it->stat.mtime_ns = TIME_UNKNOWN;
	return it;
}

void item_close(struct item *it)
{
	if (it->source)
		it->job->spec.from->ops->source_close(it->source);
	if (it->sink)
		it->job->spec.to->ops->sink_free(it->sink);
	if (it->route && it->route->close)
		it->route->close(it);
	free(it->route_state);
	change_free(it);
	item_coding_free(it);
	it->source = NULL;
	it->sink = NULL;
	it->route_state = NULL;
}

/* The screen may be looking at them: under the lock, or when nobody else has the item. */
static void free_parts(struct item *it)
{
	prover_free(it->prover);
	parts_deinit(&it->parts);
	it->prover = NULL;
}

void item_free(struct item *it)
{
	item_close(it);
	free_parts(it);
	partial_free(it->partial);
	cancel_free(it->cancel);
	loc_stat_deinit(&it->stat);
	free(it->path);
	free(it->target);
	free(it);
}

struct job *job_new(struct engine *e, job_id id, struct job_spec *spec)
{
	struct job *job = s3t_alloc(sizeof *job);
	job->id = id;
	job->engine = e;
	job->spec = *spec;
	*spec = (struct job_spec){0};
	random_name(job->uid, JOB_UID_LEN);
	job->cancel = cancel_new(e->root);
	job->started_ms = time_mono_ms();
	job->source_open = s3t_alloc((job->spec.source_count + 1) * sizeof *job->source_open);
	job->source_failed = s3t_alloc((job->spec.source_count + 1) * sizeof *job->source_failed);
	job->source_is_dir = s3t_alloc((job->spec.source_count + 1) * sizeof *job->source_is_dir);
	strbuf_init(&job->scan.base);
	strbuf_init(&job->scan.target);
	return job;
}

static void free_list(struct item_list *l)
{
	struct item *it;
	while ((it = list_pop(l)))
		item_free(it);
}

static void free_partials(struct partial *p)
{
	while (p) {
		struct partial *next = p->next;
		partial_free(p);
		p = next;
	}
}

void job_free(struct job *job)
{
	free_partials(job->partials);
	free_partials(job->drops);
	done_set_deinit(&job->done);
	done_set_deinit(&job->met);
	free(job->source_is_dir);
	free_list(&job->waiting);
	free_list(&job->active);
	free_list(&job->asking);
	free_list(&job->broken);
	while (job->batches) {
		struct batch *b = job->batches;
		job->batches = b->next;
		batch_free(b);
	}
	if (job->scan.list)
		list_location(job)->ops->list_free(job->scan.list);
	strbuf_deinit(&job->scan.base);
	strbuf_deinit(&job->scan.target);
	free(job->source_open);
	free(job->source_failed);
	cancel_free(job->cancel);
	job_spec_deinit(&job->spec);
	free(job);
}

static void report(struct job *job, item_id id, struct strview path, struct strview target,
	uint64_t size, int64_t duration_ms, enum item_outcome outcome,
	struct loc_sink_result *result, const struct s3t_err *err)
{
	bool is_wanted =
		job->spec.report_items || (job->spec.report_problems && outcome != ITEM_COMPLETED);
	if (!is_wanted) {
		if (result)
			loc_sink_result_deinit(result);
		return;
	}
	struct event *e = event_new(job, EV_ITEM);
	e->item = id;
	e->source = s3t_strndup(path.data, path.len);
	e->source_len = path.len;
	e->target = s3t_strndup(target.data, target.len);
	e->target_len = target.len;
	e->size = size;
	e->duration_ms = duration_ms;
	e->outcome = outcome;
	if (result)
		e->result = *result;
	if (err)
		e->err = *err;
	msgq_push(job->engine->events, &e->msg);
}

static void count_outcome(struct job *job, enum item_outcome outcome)
{
	if (outcome == ITEM_COMPLETED)
		job->items_done++;
	else if (outcome == ITEM_FAILED)
		job->items_failed++;
	else if (outcome == ITEM_SKIPPED)
		job->items_skipped++;
}

void job_requeue_locked(struct job *job, struct item *it)
{
	it->state = ITEM_WAITING;
	it->has_failed = it->was_cancelled = it->was_refetched = it->was_found = false;
	list_push(&job->waiting, it);
}

/* No try is better than the last before somebody signs in. */
static bool is_signed_out(const struct s3t_err *err)
{
	return err->rc == S3T_CREDENTIALS || strcmp(err->code, "ExpiredToken") == 0;
}

bool job_put_off_locked(struct job *job, int64_t began_ms, const struct s3t_err *err)
{
	if (!job->engine->pauses_signed_out || !is_signed_out(err) || job->state != JOB_RUNNING ||
		job->was_cancelled)
		return false;
	/* what began with the old ones says nothing of those that somebody has renewed */
	if (job->is_paused || began_ms < job->unpaused_ms)
		return true;
	job_pause_locked(job, true);
	struct event *e = event_new(job, EV_PAUSED);
	e->err = *err;
	msgq_push(job->engine->events, &e->msg);
	return true;
}

/* As if it had not been begun. */
static void wait_again_locked(struct item *it)
{
	struct job *job = it->job;
	atomic_fetch_sub(&job->bytes_done, atomic_exchange(&it->bytes, 0));
	cancel_free(it->cancel);
	it->cancel = NULL;
	free_parts(it);
	job_requeue_locked(job, it);
}

void item_ended_locked(struct item *it, enum item_outcome outcome, struct loc_sink_result *result,
	const struct s3t_err *err)
{
	struct job *job = it->job;
	if (outcome == ITEM_FAILED && err && !it->was_cancelled &&
		job_put_off_locked(job, it->started_ms, err)) {
		wait_again_locked(it);
		return;
	}
	int64_t took = it->started_ms ? time_mono_ms() - it->started_ms : 0;
	bool is_archived = outcome == ITEM_FAILED && err && is_archived_error(err);
	job->items_archived += is_archived;
	if (!is_archived || job->spec.report_items)
		report(job, it->id, sv_n(it->path, it->path_len), sv_n(it->target, it->target_len),
			it->stat.size, took, outcome, result, err);
	count_outcome(job, outcome);
	if (outcome != ITEM_COMPLETED) {
		/* what did not arrive does not count; what will not come leaves the total */
		atomic_fetch_sub(&job->bytes_done, atomic_exchange(&it->bytes, 0));
		if (outcome != ITEM_FAILED)
			job->bytes_total -= it->stat.size;
		if (outcome == ITEM_CANCELLED)
			job->items_total--;
	}
	job->source_open[it->source_index]--;
	cancel_free(it->cancel);
	it->cancel = NULL;
	/* a cancel may come after it was decided to keep it */
	if (outcome != ITEM_COMPLETED && it->partial && (it->was_cancelled || job->was_cancelled)) {
		job_drop_locked(job, it->partial);
		it->partial = NULL;
	}
	if (outcome == ITEM_COMPLETED) {
		job->bytes_completed += it->stat.size;
		if (job->is_journaled)
			journal_item_done(
				job->engine->journal, job->uid, it->identity, it->stat.size);
		item_forget_partial_locked(it);
	}
	free_parts(it);
	if (outcome == ITEM_FAILED) {
		job->failed_for_now += err && is_for_now(err);
		job->source_failed[it->source_index]++;
		metrics_add(&job->engine->metrics.failures_total, 1);
		it->state = ITEM_BROKEN;
		if (err)
			it->err = *err;
		list_push(&job->broken, it);
		return;
	}
	if (outcome != ITEM_COMPLETED)
		job->source_failed[it->source_index]++; /* keeps its mark */
	item_free(it);
}

void job_problem_locked(struct job *job, size_t source_index, struct strview path,
	struct strview target, enum item_outcome outcome, const struct s3t_err *err)
{
	job->items_total++;
	job->source_failed[source_index]++;
	count_outcome(job, outcome);
	if (outcome == ITEM_FAILED && err && job->problem.rc == S3T_OK)
		job->problem = *err;
	job->failed_for_now += outcome == ITEM_FAILED && err && is_for_now(err);
	report(job, 0, path, target, 0, 0, outcome, NULL, err);
}
