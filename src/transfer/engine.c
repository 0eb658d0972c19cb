/*
 * The pool: what is due next, who runs it, and the jobs' life. A job lives from engine_submit() to
 * engine_dismiss() or engine_free(); it runs while it has waiting, active or asking items, batches,
 * or an unfinished scan; then, after a move, what is left of the source directories is pruned by
 * one last piece of work.
 */
#include "transfer/internal.h"

#include "core/thread.h"
#include "core/timeutil.h"

#include <stdlib.h>
#include <string.h>

/* Bytes that all workers' buffers share, and the bounds of one. */
enum { BUFFER_BUDGET = 16 << 20, BUFFER_LEAST = 64 << 10, BUFFER_MOST = 512 << 10 };

void remove_job_locked(struct job *job)
{
	struct job **at = &job->engine->jobs;
	while (*at != job)
		at = &(*at)->next;
	*at = job->next;
	job_settle_journal_locked(job);
	job_free(job);
}

struct engine *engine_new(const struct engine_options *options, struct msgq *events)
{
	struct engine *e = s3t_alloc(sizeof *e);
	pthread_mutex_init(&e->lock, NULL);
	pthread_condattr_t attr;
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&e->work, &attr);
	pthread_cond_init(&e->ended, &attr);
	pthread_condattr_destroy(&attr);
	limiter_init(&e->limiter, options->bytes_per_second);
	e->events = events;
	e->transport = options->transport;
	e->journal = options->journal;
	e->pauses_signed_out = options->pauses_signed_out;
	e->keeps_stderr = options->keeps_stderr;
	e->root = cancel_new(NULL);
	e->cleanup = cancel_new(NULL);
	e->ceiling = options->workers ? options->workers : WORKERS_AUTO;
	if (e->ceiling > WORKERS_MAX)
		e->ceiling = WORKERS_MAX;
	e->first = options->first_workers ? options->first_workers : PACE_FIRST;
	if (!pool_start(e))
		s3t_oom();
	return e;
}

/* --- cancelling --- */

/* Nothing new is begun, and what runs ends. */
static void stop_job_locked(struct job *job)
{
	job->state = JOB_CANCELLING;
	cancel_trigger(job->cancel);
	struct item *it;
	while ((it = list_pop(&job->waiting)) || (it = list_pop(&job->asking)))
		item_ended_locked(it, ITEM_CANCELLED, NULL, NULL);
	while (job->batches) {
		struct batch *b = job->batches;
		job->batches = b->next;
		job->batch_count--;
		batch_free(b);
	}
	job->scan_done = true;
	pthread_cond_broadcast(&job->engine->work);
}

static void cancel_job_locked(struct job *job)
{
	if (job->state == JOB_FINISHED || job->was_cancelled)
		return;
	job_cancelled_locked(job);
	job_drop_partials_locked(job);
	stop_job_locked(job);
}

static struct job *find_job_locked(struct engine *e, job_id id)
{
	struct job *job = e->jobs;
	while (job && job->id != id)
		job = job->next;
	return job;
}

void engine_cancel(struct engine *e, job_id id)
{
	pthread_mutex_lock(&e->lock);
	struct job *job = find_job_locked(e, id);
	if (job)
		cancel_job_locked(job);
	pthread_mutex_unlock(&e->lock);
}

void engine_cancel_all(struct engine *e)
{
	pthread_mutex_lock(&e->lock);
	for (struct job *job = e->jobs; job; job = job->next)
		cancel_job_locked(job);
	pthread_mutex_unlock(&e->lock);
}

static void reopen_locked(struct job *job)
{
	if (job->state != JOB_FINISHED)
		return;
	job->state = JOB_RUNNING;
	job->is_ending = false;
	job->ended_ms = 0;
}

static struct item *find_item(struct item_list *l, item_id id)
{
	struct item *it = l->head;
	while (it && it->id != id)
		it = it->next;
	return it;
}

/* What an item would have gone on with; a finished job takes it up once more. */
static void drop_partial_locked(struct item *it)
{
	struct job *job = it->job;
	if (!it->partial)
		return;
	job_drop_locked(job, it->partial);
	it->partial = NULL;
	reopen_locked(job);
}

void engine_cancel_item(struct engine *e, job_id id, item_id item)
{
	pthread_mutex_lock(&e->lock);
	struct job *job = find_job_locked(e, id);
	struct item *it = job ? find_item(&job->active, item) : NULL;
	if (it) {
		it->was_cancelled = true;
		cancel_trigger(it->cancel);
	} else if (job && (it = find_item(&job->waiting, item))) {
		list_remove(&job->waiting, it);
		drop_partial_locked(it);
		item_ended_locked(it, ITEM_CANCELLED, NULL, NULL);
	} else if (job && (it = find_item(&job->asking, item))) {
		list_remove(&job->asking, it);
		drop_partial_locked(it);
		item_ended_locked(it, ITEM_CANCELLED, NULL, NULL);
	} else if (job && (it = find_item(&job->broken, item))) {
		list_remove(&job->broken, it);
		drop_partial_locked(it);
		item_free(it);
	}
	pthread_cond_broadcast(&e->work);
	pthread_mutex_unlock(&e->lock);
}

void engine_suspend(struct engine *e)
{
	pthread_mutex_lock(&e->lock);
	atomic_store(&e->is_keeping, true);
	for (struct job *job = e->jobs; job; job = job->next) {
		if (job->state == JOB_FINISHED || job->was_cancelled)
			continue;
		job->was_interrupted = true;
		stop_job_locked(job);
	}
	pthread_mutex_unlock(&e->lock);
}

void engine_free(struct engine *e, int64_t grace_ms)
{
	if (!e)
		return;
	if (!atomic_load(&e->is_keeping))
		engine_cancel_all(e);
	struct timespec deadline = time_deadline(grace_ms);
	pthread_mutex_lock(&e->lock);
	e->stopping = true;
	pthread_cond_broadcast(&e->work);
	int timed_out = 0;
	while (e->threads_running && !timed_out)
		timed_out = pthread_cond_timedwait(&e->ended, &e->lock, &deadline);
	pthread_mutex_unlock(&e->lock);
	cancel_trigger(e->cleanup);
	cancel_trigger(e->root);
	for (uint32_t i = 0; i < e->thread_count; i++)
		pthread_join(e->threads[i], NULL);
	pthread_mutex_lock(&e->lock);
	while (e->jobs)
		remove_job_locked(e->jobs);
	pthread_mutex_unlock(&e->lock);
	cancel_free(e->root);
	cancel_free(e->cleanup);
	limiter_deinit(&e->limiter);
	links_free(e);
	pthread_cond_destroy(&e->work);
	pthread_cond_destroy(&e->ended);
	pthread_mutex_destroy(&e->lock);
	free(e);
}

/* --- the rest of the face --- */

static void journal_order(const struct job *job)
{
	struct strbuf line;
	if (!job->is_journaled)
		return;
	strbuf_init(&line);
	record_order(&line, job->uid, job->order, job->is_paused);
	journal_append(job->engine->journal, strbuf_view(&line));
	strbuf_deinit(&line);
}

static job_id submit_locked(struct engine *e, struct job *job)
{
	struct job **at = &e->jobs;
	while (*at)
		at = &(*at)->next;
	*at = job;
	job_link_locked(job);
	pthread_cond_broadcast(&e->work);
	return job->id;
}

job_id engine_submit(struct engine *e, struct job_spec *spec)
{
	pthread_mutex_lock(&e->lock);
	struct job *job = job_new(e, ++e->last_job, spec);
	job->order = ++e->last_order;
	job_begin_journal(job, NULL);
	job_id id = submit_locked(e, job);
	pthread_mutex_unlock(&e->lock);
	return id;
}

job_id engine_resume(struct engine *e, struct saved_job *saved, struct location *from,
	struct location *to, bool *is_saved)
{
	saved->spec.from = location_ref(from);
	saved->spec.to = to ? location_ref(to) : NULL;
	saved->spec.report_items = true;
	pthread_mutex_lock(&e->lock);
	saved->order = ++e->last_order;
	struct job *job = job_new(e, ++e->last_job, &saved->spec);
	memcpy(job->uid, saved->uid, sizeof job->uid);
	job->order = saved->order;
	job->is_paused = saved->is_paused;
	job->last_number = saved->last_number;
	job->is_resumed = true;
	job->looks_left = LOOKS;
	saved->spec = job->spec; /* lent for the journal's first lines */
	job_begin_journal(job, saved);
	saved->spec = (struct job_spec){0};
	job->done = saved->done;
	saved->done = (struct done_set){.slots = NULL};
	job->partials = saved->partials;
	saved->partials = NULL;
	job_id id = submit_locked(e, job);
	if (saved->is_cancelled)
		cancel_job_locked(job);
	pthread_mutex_unlock(&e->lock);
	journal_commit(e->journal);
	*is_saved = journal_is_sound(e->journal);
	saved_job_free(saved);
	return id;
}

void job_pause_locked(struct job *job, bool is_paused)
{
	if (job->state != JOB_RUNNING || job->is_paused == is_paused)
		return;
	job->is_paused = is_paused;
	if (!is_paused)
		job->unpaused_ms = time_mono_ms();
	journal_order(job);
	pthread_cond_broadcast(&job->engine->work);
}

void engine_pause(struct engine *e, job_id id, bool is_paused)
{
	pthread_mutex_lock(&e->lock);
	struct job *job = find_job_locked(e, id);
	if (job)
		job_pause_locked(job, is_paused);
	pthread_mutex_unlock(&e->lock);
}

void engine_pause_all(struct engine *e, bool is_paused)
{
	pthread_mutex_lock(&e->lock);
	for (struct job *job = e->jobs; job; job = job->next)
		job_pause_locked(job, is_paused);
	pthread_mutex_unlock(&e->lock);
}

void engine_move(struct engine *e, job_id id, bool up)
{
	pthread_mutex_lock(&e->lock);
	for (struct job **at = &e->jobs; *at && (*at)->next; at = &(*at)->next) {
		struct job *first = *at, *second = first->next;
		if ((up ? second : first)->id != id)
			continue;
		first->next = second->next;
		second->next = first;
		*at = second;
		uint64_t order = first->order;
		first->order = second->order;
		second->order = order;
		journal_order(first);
		journal_order(second);
		break;
	}
	pthread_mutex_unlock(&e->lock);
}

void engine_answer(
	struct engine *e, job_id id, item_id item, enum conflict_policy policy, bool for_all)
{
	pthread_mutex_lock(&e->lock);
	struct job *job = find_job_locked(e, id);
	if (job && for_all)
		job->spec.policy = policy;
	struct item *next = NULL;
	for (struct item *it = job ? job->asking.head : NULL; it; it = next) {
		next = it->next;
		if (!for_all && it->id != item)
			continue;
		list_remove(&job->asking, it);
		it->has_answer = true;
		it->answer = policy;
		job_requeue_locked(job, it);
	}
	pthread_cond_broadcast(&e->work);
	pthread_mutex_unlock(&e->lock);
}

void engine_retry_failed(struct engine *e, job_id id)
{
	pthread_mutex_lock(&e->lock);
	struct job *job = find_job_locked(e, id);
	if (job && !job->was_cancelled && job->broken.count) {
		struct item *it;
		while ((it = list_pop(&job->broken))) {
			job->items_failed--;
			job->items_archived -= is_archived_error(&it->err);
			job->source_failed[it->source_index]--;
			job->source_open[it->source_index]++;
			job_requeue_locked(job, it);
		}
		job->failed_for_now = 0;
		reopen_locked(job);
		pthread_cond_broadcast(&e->work);
	}
	pthread_mutex_unlock(&e->lock);
}

void engine_dismiss(struct engine *e, job_id id)
{
	pthread_mutex_lock(&e->lock);
	struct job *job = find_job_locked(e, id);
	if (job && job->state == JOB_FINISHED && !job->works) {
		job_cancelled_locked(job);
		job->is_dismissed = true;
		job_drop_partials_locked(job);
		if (job->drops) {
			reopen_locked(job);
			pthread_cond_broadcast(&e->work);
		} else {
			remove_job_locked(job);
		}
	}
	pthread_mutex_unlock(&e->lock);
}

bool engine_sources_done(struct engine *e, job_id id, bool *flags, size_t count)
{
	pthread_mutex_lock(&e->lock);
	struct job *job = find_job_locked(e, id);
	for (size_t i = 0; job && i < count && i < job->spec.source_count; i++)
		flags[i] = !job->source_open[i] && !job->source_failed[i] && job->scan_done &&
			   !job->was_cancelled;
	pthread_mutex_unlock(&e->lock);
	return job != NULL;
}

bool is_archived_error(const struct s3t_err *err)
{
	return strcmp(err->code, "InvalidObjectState") == 0;
}

void engine_each_archived(struct engine *e, job_id id, size_t most,
	void (*fn)(void *arg, struct strview path), void *arg)
{
	pthread_mutex_lock(&e->lock);
	const struct job *job = find_job_locked(e, id);
	const struct item *it = job ? job->broken.head : NULL;
	for (; it && most; it = it->next) {
		if (!is_archived_error(&it->err))
			continue;
		fn(arg, sv_n(it->path, it->path_len));
		most--;
	}
	pthread_mutex_unlock(&e->lock);
}

void engine_set_rate(struct engine *e, uint64_t bytes_per_second)
{
	limiter_set(&e->limiter, bytes_per_second);
}

uint64_t engine_rate(struct engine *e)
{
	return limiter_rate(&e->limiter);
}

void engine_set_connections(struct engine *e, uint32_t most)
{
	pthread_mutex_lock(&e->lock);
	e->ceiling = !most ? WORKERS_AUTO : most < WORKERS_MAX ? most : WORKERS_MAX;
	links_adjust_locked(e);
	pthread_mutex_unlock(&e->lock);
}

uint32_t engine_connections(struct engine *e)
{
	pthread_mutex_lock(&e->lock);
	uint32_t most = e->ceiling == WORKERS_AUTO ? 0 : e->ceiling;
	pthread_mutex_unlock(&e->lock);
	return most;
}

struct metrics *engine_metrics(struct engine *e)
{
	return &e->metrics;
}

size_t engine_busy(struct engine *e)
{
	size_t n = 0;
	pthread_mutex_lock(&e->lock);
	for (struct job *job = e->jobs; job; job = job->next)
		n += job->state != JOB_FINISHED;
	pthread_mutex_unlock(&e->lock);
	return n;
}
