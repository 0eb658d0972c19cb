/*
 * The pool: what is due next, and who runs it. Threads are started as they are wanted. Work on a
 * job needs a place at each endpoint that the job talks to (struct link), as many as its pace
 * allows; so no endpoint waits for another. A worker that has done its piece takes the next itself;
 * others are woken only when there may be more than it can take.
 */
#include "transfer/internal.h"

#include "core/thread.h"
#include "core/timeutil.h"

#include <stdlib.h>
#include <string.h>

/* Bytes that all workers' buffers share, and the bounds of one. */
enum { BUFFER_BUDGET = 16 << 20, BUFFER_LEAST = 64 << 10, BUFFER_MOST = 512 << 10 };
/* A piece of work is worth this many bytes, so that small files, copies and deletes have a rate. */
enum { WORK_WORTH = 32 << 10 };
/* So much of what a worker sends first may only have gone into buffers, not over the link. */
enum { SEND_UNHEARD = 2 << 20 };

enum work_kind {
	WORK_NONE,
	WORK_SCAN,
	WORK_START,
	WORK_PART,
	WORK_PROVE,
	WORK_FINISH,
	WORK_BATCH,
	WORK_DROP,
	WORK_END
};

struct work {
	enum work_kind kind;
	struct job *job;
	struct item *item;
	struct batch *batch;
	struct partial *drop;
	uint32_t part;
	bool is_for_many; /* done, it has made work for others */
};

/* --- links --- */

static bool is_link_of(const struct link *l, const struct s3_client *client)
{
	return l->client && client ? s3_client_same_service(l->client, client)
				   : !l->client && !client;
}

static uint32_t link_ceiling(const struct engine *e, const struct s3_client *client)
{
	uint32_t most =
		client ? s3_client_profile(client)->settings.max_connections : WORKERS_LOCAL;
	return most && most < e->ceiling ? most : e->ceiling;
}

/* client NULL: what stays on this machine. */
static struct link *link_get_locked(struct engine *e, struct s3_client *client)
{
	struct link *l = e->links;
	while (l && !is_link_of(l, client))
		l = l->next;
	if (l)
		return l;
	uint32_t ceiling = link_ceiling(e, client);
	l = s3t_alloc(sizeof *l);
	l->client = client ? s3_client_ref(client) : NULL;
	pace_init(&l->pace, client ? e->first : ceiling, ceiling, time_mono_ms());
	l->next = e->links;
	e->links = l;
	return l;
}

void job_link_locked(struct job *job)
{
	struct s3_client *from = location_s3_client(job->spec.from);
	struct s3_client *to = location_s3_client(job->spec.to);
	job->links[0] = link_get_locked(job->engine, from ? from : to);
	if (from && to && !s3_client_same_service(from, to))
		job->links[1] = link_get_locked(job->engine, to);
}

void links_free(struct engine *e)
{
	while (e->links) {
		struct link *l = e->links;
		e->links = l->next;
		s3_client_unref(l->client);
		free(l);
	}
}

static bool has_more_locked(const struct job *job)
{
	if (job->waiting.count || job->batches || (!job->scan_done && !job->is_scanning))
		return true;
	for (const struct item *it = job->active.head; it; it = it->next)
		if (it->state == ITEM_RUNNING && it->parts.next < it->parts.count)
			return true;
	return false;
}

/* Whether the job may have one more worker; if not, its endpoint's pace is told. */
static bool has_room_locked(struct job *job)
{
	bool has_room = true;
	for (int i = 0; i < LINKS; i++) {
		struct link *l = job->links[i];
		if (!l || l->running < l->pace.allowed)
			continue;
		has_room = false;
		if (!l->pace.was_short && !job->is_paused)
			l->pace.was_short = has_more_locked(job);
	}
	return has_room;
}

/* True: more workers are allowed than before. */
static bool tick_locked(struct engine *e)
{
	bool is_more = false;
	int64_t now_ms = time_mono_ms();
	for (struct link *l = e->links; l; l = l->next) {
		uint64_t slow_downs =
			l->client ? atomic_load(&s3_client_counters(l->client)->slow_downs) : 0;
		is_more |= pace_tick(&l->pace, now_ms, atomic_load(&l->moved), slow_downs);
	}
	return is_more;
}

/* Whether somebody has to look at the clock. */
static bool is_any_running_locked(const struct engine *e)
{
	const struct link *l = e->links;
	while (l && !l->running)
		l = l->next;
	return l;
}

static void count_moved(const struct job *job, uint64_t bytes)
{
	for (int i = 0; i < LINKS; i++)
		if (job->links[i])
			atomic_fetch_add_explicit(
				&job->links[i]->moved, bytes, memory_order_relaxed);
}

void worker_moved(struct worker *w, int64_t bytes)
{
	const struct item *it = w->item;
	uint64_t counts = (uint64_t)bytes;
	bool is_sent = it->route == &route_send && location_s3_client(it->job->spec.to);
	if (is_sent && it->plan.part_count == 1)
		return; /* it counts when the answer is there */
	if (is_sent) {
		uint64_t before = w->sent < SEND_UNHEARD ? SEND_UNHEARD - w->sent : 0;
		w->sent += counts;
		counts = counts > before ? counts - before : 0;
	}
	count_moved(it->job, counts);
}

void item_was_sent(const struct item *it)
{
	if (it->route == &route_send && it->plan.part_count == 1)
		count_moved(it->job, it->stat.size);
}

/* --- choosing --- */

static uint32_t parallel_limit(const struct job *job)
{
	return job->spec.max_parallel ? job->spec.max_parallel : UINT32_MAX;
}

static bool item_work_locked(struct item *it, struct work *w)
{
	struct job *job = it->job;
	if (it->state != ITEM_RUNNING)
		return false;
	bool stop = it->has_failed || cancel_is_set(it->cancel);
	if (!stop && prover_is_due_locked(it)) {
		it->is_proving = true;
		*w = (struct work){.kind = WORK_PROVE, .job = job, .item = it};
		return true;
	}
	uint32_t part;
	if (!stop && !job->is_paused && it->parts_running < parallel_limit(job) &&
		parts_take(&it->parts, &part)) {
		it->parts_running++;
		*w = (struct work){.kind = WORK_PART, .job = job, .item = it, .part = part};
		return true;
	}
	bool is_done = parts_all_done(&it->parts) && prover_is_done_locked(it);
	if (it->parts_running || it->is_proving || !(stop || is_done))
		return false;
	it->state = ITEM_FINISHING;
	*w = (struct work){.kind = WORK_FINISH, .job = job, .item = it};
	return true;
}

static bool active_work_locked(struct job *job, struct work *w)
{
	for (struct item *it = job->active.head; it; it = it->next)
		if (item_work_locked(it, w))
			return true;
	if (job->drops) {
		*w = (struct work){.kind = WORK_DROP, .job = job, .drop = job->drops};
		job->drops = job->drops->next;
		return true;
	}
	return false;
}

static bool new_work_locked(struct job *job, struct work *w)
{
	if (job->is_paused)
		return false;
	bool may_scan = !job->scan_done && !job->is_scanning && job->state == JOB_RUNNING &&
			job->waiting.count < WINDOW_LOW && job->batch_count < BATCHES_MAX &&
			job->asking.count < WINDOW_LOW;
	if (may_scan) {
		job->is_scanning = true;
		*w = (struct work){.kind = WORK_SCAN, .job = job};
		return true;
	}
	if (job->batches) {
		struct batch *b = job->batches;
		job->batches = b->next;
		job->batch_count--;
		*w = (struct work){.kind = WORK_BATCH, .job = job, .batch = b};
		return true;
	}
	bool may_begin = !job->spec.max_items || job->active.count < job->spec.max_items;
	struct item *it = may_begin ? list_pop(&job->waiting) : NULL;
	if (!it)
		return false;
	it->state = ITEM_STARTING;
	it->started_ms = time_mono_ms();
	it->cancel = cancel_new(job->cancel);
	list_push(&job->active, it);
	*w = (struct work){.kind = WORK_START, .job = job, .item = it};
	return true;
}

static bool is_idle_locked(const struct job *job)
{
	return job->scan_done && !job->is_scanning && !job->works && !job->waiting.count &&
	       !job->active.count && !job->asking.count && !job->batches && !job->drops;
}

static void finish_job_locked(struct job *job)
{
	job->state = JOB_FINISHED;
	job->ended_ms = time_mono_ms();
	struct event *e = event_new(job, EV_JOB_DONE);
	e->job_cancelled = job->was_cancelled;
	e->was_interrupted = job->was_interrupted;
	e->done = job->items_done;
	e->failed = job->items_failed;
	e->archived = job->items_archived;
	e->skipped = job->items_skipped;
	e->bytes = job->bytes_completed;
	e->packed = job->bytes_packed;
	e->stored = job->bytes_stored;
	e->raised_part = job->raised_part;
	e->is_kept = job_is_kept_locked(job);
	memcpy(e->uid, job->uid, sizeof e->uid);
	/* what failed may be tried again as long as the job is in the list */
	if (!e->is_kept && (!job->broken.count || job->was_cancelled))
		job_settle_journal_locked(job);
	msgq_push(job->engine->events, &e->msg);
}

static bool end_work_locked(struct job *job, struct work *w)
{
	if (job->state == JOB_FINISHED || job->is_ending || !is_idle_locked(job))
		return false;
	bool prune = (job->spec.kind == JOB_MOVE || job->spec.kind == JOB_DELETE) &&
		     !job->was_cancelled && !job->was_interrupted && job->spec.recursive &&
		     !job->spec.dry_run;
	if (!prune) {
		finish_job_locked(job);
		return false;
	}
	job->is_ending = true;
	*w = (struct work){.kind = WORK_END, .job = job};
	return true;
}

static bool next_work_locked(struct engine *e, struct work *w)
{
	/* first, so that what is over says so however much there is to do for others */
	for (struct job *job = e->jobs, *next; job; job = next) {
		next = job->next;
		if (end_work_locked(job, w))
			return true;
		if (job->is_dismissed && job->state == JOB_FINISHED && !job->works)
			remove_job_locked(job);
	}
	for (struct job *job = e->jobs; job; job = job->next)
		if (job->state != JOB_FINISHED && has_room_locked(job) &&
			active_work_locked(job, w))
			return true;
	for (struct job *job = e->jobs; job; job = job->next)
		if (job->state != JOB_FINISHED && has_room_locked(job) && new_work_locked(job, w))
			return true;
	return false;
}

/* --- running --- */

static void end_step(struct worker *w, struct job *job)
{
	struct loc_io io = {.conn = w->conn, .cancel = job->cancel};
	for (size_t i = 0; i < job->spec.source_count; i++) {
		const struct job_source *src = &job->spec.sources[i];
		struct s3t_err err;
		enum s3t_rc rc = S3T_OK;
		pthread_mutex_lock(&job->engine->lock);
		bool is_clean = !job->source_failed[i];
		pthread_mutex_unlock(&job->engine->lock);
		if (is_clean)
			rc = job->spec.from->ops->prune(
				job->spec.from, &io, sv_n(src->path, src->path_len), &err);
		if (rc != S3T_OK) {
			pthread_mutex_lock(&job->engine->lock);
			job_problem_locked(
				job, i, sv_n(src->path, src->path_len), SV(""), ITEM_FAILED, &err);
			pthread_mutex_unlock(&job->engine->lock);
		}
	}
}

static void run_work(struct worker *w, struct work *work)
{
	work->is_for_many = true;
	switch (work->kind) {
	case WORK_SCAN:
		scan_step(w, work->job);
		break;
	case WORK_START:
		work->is_for_many = item_start(w, work->item);
		break;
	case WORK_PART:
		item_part(w, work->item, work->part);
		break;
	case WORK_PROVE:
		item_prove(w, work->item);
		break;
	case WORK_DROP:
		drop_step(w, work->job, work->drop);
		break;
	case WORK_FINISH:
		item_finish(w, work->item);
		break;
	case WORK_BATCH:
		batch_run(w, work->job, work->batch);
		break;
	case WORK_END:
		end_step(w, work->job);
		break;
	case WORK_NONE:
		break;
	}
}

/* Gives the lock away meanwhile. */
static void run_locked(struct worker *w, struct work *work)
{
	struct engine *e = w->engine;
	struct job *job = work->job;
	job->works++;
	for (int i = 0; i < LINKS; i++)
		if (job->links[i])
			job->links[i]->running++;
	uint32_t busy = ++e->busy;
	pthread_mutex_unlock(&e->lock);
	/* one budget for all: memory does not grow with the workers (decision 16) */
	size_t share = BUFFER_BUDGET / busy / 2;
	http_conn_set_buffer(w->conn, share < BUFFER_LEAST  ? BUFFER_LEAST
				      : share > BUFFER_MOST ? BUFFER_MOST
							    : share);
	run_work(w, work);
	count_moved(job, WORK_WORTH);
	pthread_mutex_lock(&e->lock);
	e->busy--;
	for (int i = 0; i < LINKS; i++)
		if (job->links[i])
			job->links[i]->running--;
	job->works--;
	if (work->kind == WORK_END)
		finish_job_locked(job);
}

/* Sleeps until there may be work; one of the sleepers looks at the clock. */
static void wait_locked(struct engine *e)
{
	bool is_timer = !e->has_timer && is_any_running_locked(e);
	e->idle++;
	if (is_timer) {
		struct timespec until = time_deadline(PACE_WINDOW_MS);
		e->has_timer = true;
		pthread_cond_timedwait(&e->work, &e->lock, &until);
		e->has_timer = false;
	} else {
		pthread_cond_wait(&e->work, &e->lock);
	}
	e->idle--;
}

static void *worker_main(void *arg);

/* One more is to look for work: one that sleeps, or a new one. */
static void wake_one_locked(struct engine *e)
{
	if (e->idle)
		pthread_cond_signal(&e->work);
	else if (!e->stopping && e->thread_count < WORKERS_MAX && e->thread_count < e->ceiling &&
		 thread_start(&e->threads[e->thread_count], worker_main, e)) {
		e->thread_count++;
		e->threads_running++;
	}
}

static void *worker_main(void *arg)
{
	struct worker w = {.engine = arg};
	struct engine *e = w.engine;
	w.conn = http_conn_new(e->transport);
	pthread_mutex_lock(&e->lock);
	/* A sleeper that finds some work wakes the next, who may find more, or has to look at the
	 * clock from now on; a worker that goes on does so only if others may have some by now. */
	bool is_for_many = true;
	for (;;) {
		struct work work = {.kind = WORK_NONE};
		is_for_many = tick_locked(e) || is_for_many;
		if (!next_work_locked(e, &work)) {
			if (e->stopping)
				break;
			wait_locked(e);
			is_for_many = true;
			continue;
		}
		if (is_for_many)
			wake_one_locked(e);
		run_locked(&w, &work);
		is_for_many = work.is_for_many;
	}
	e->threads_running--;
	pthread_cond_broadcast(&e->work);
	pthread_cond_broadcast(&e->ended);
	pthread_mutex_unlock(&e->lock);
	http_conn_free(w.conn);
	return NULL;
}

void links_adjust_locked(struct engine *e)
{
	for (struct link *l = e->links; l; l = l->next)
		pace_set_ceiling(&l->pace, link_ceiling(e, l->client));
	pthread_cond_broadcast(&e->work);
	wake_one_locked(e); /* a new one, if none sleeps */
}

bool pool_start(struct engine *e)
{
	pthread_mutex_lock(&e->lock);
	wake_one_locked(e);
	bool has_any = e->thread_count;
	pthread_mutex_unlock(&e->lock);
	return has_any;
}
