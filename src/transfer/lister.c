/*
 * Workers that list. Two are kept, each with its connection; more are started while all are busy (a
 * pane must not wait for the other one's million keys, nor a dialog for both), up to WORKERS_MAX.
 *
 * A request belongs to the queue, then to the worker that took it; `lock` guards queue, list of
 * running requests and counters. Events are pushed without the lock.
 */
#include "transfer/lister.h"

#include "core/thread.h"
#include "core/timeutil.h"
#include "transfer/finder.h"
#include "transfer/split_list.h"

#include <pthread.h>
#include <stdlib.h>

enum { WORKERS_MAX = 8, REPORT_EVERY_MS = 100 };

struct request {
	struct request *next; /* guarded by lock */
	list_id id;
	enum lister_event_kind kind;
	struct cancel *cancel;
	/* LISTER_PAGE, LISTER_COUNT */
	struct location *location;
	struct strview *paths; /* owned bytes; of a search: where, and the pattern */
	size_t path_count;
	unsigned flags;
	bool is_search;
	/* LISTER_TASK */
	lister_task_fn run;
	void *arg;
	void (*free_arg)(void *arg);
};

struct lister {
	const struct http_transport *transport; /* immutable after new */
	struct msgq *events;
	struct cancel *root;
	pthread_mutex_t lock;
	pthread_cond_t wake;
	/* guarded by lock */
	pthread_t threads[WORKERS_MAX];
	unsigned thread_count, idle;
	struct request *queue, **queue_end, *running;
	list_id last_id;
	bool is_ending;
};

void lister_event_free(struct lister_event *e)
{
	if (!e)
		return;
	entry_page_free(e->page);
	if (e->arg && e->free_arg)
		e->free_arg(e->arg);
	free(e);
}

static void request_free(struct request *r)
{
	for (size_t i = 0; i < r->path_count; i++)
		free((void *)(uintptr_t)r->paths[i].data);
	free(r->paths);
	location_unref(r->location);
	cancel_free(r->cancel);
	if (r->arg && r->free_arg)
		r->free_arg(r->arg);
	free(r);
}

static struct lister_event *event_new(const struct request *r)
{
	struct lister_event *e = s3t_alloc(sizeof *e);
	e->kind = r->kind;
	e->id = r->id;
	return e;
}

/* --- the work, on a worker --- */

static void count_problem(void *arg, struct strview rel, const struct s3t_err *why)
{
	(void)rel;
	(void)why;
	++*(uint64_t *)arg;
}

static void list_pages(struct lister *l, struct request *r, const struct loc_io *io)
{
	uint64_t problems = 0;
	struct split_list *list = split_list_new(
		r->location, r->paths[0], r->flags, count_problem, &problems, l->transport);
	for (bool done = false; !done;) {
		struct lister_event *e = event_new(r);
		enum s3t_rc rc = cancel_is_set(r->cancel)
					 ? s3t_fail(&e->err, S3T_CANCELLED, "Cancelled.")
					 : split_list_next(list, io, &e->page, &done, &e->err);
		if (rc == S3T_OK)
			e->err.rc = S3T_OK;
		else
			done = true;
		e->done = done;
		e->problems = problems;
		msgq_push(l->events, &e->msg);
	}
	split_list_free(list);
}

static void send_found(struct lister *l, const struct request *r, const struct finder *f,
	uint64_t problems, struct entry_page *found, bool done, const struct s3t_err *err)
{
	struct lister_event *e = event_new(r);
	entry_page_trim(found);
	e->page = found;
	e->seen = f->seen;
	e->problems = problems;
	e->done = done;
	if (done)
		e->err = *err;
	msgq_push(l->events, &e->msg);
}

/* What is found comes out at once, and then as often as a screen is drawn. */
static void find_names(struct lister *l, struct request *r, const struct loc_io *io)
{
	uint64_t problems = 0;
	struct finder f;
	struct s3t_err err = {.rc = S3T_OK};
	struct entry_page *found = entry_page_new(false);
	int64_t sent_ms = 0;
	finder_init(&f, r->paths[1]);
	struct split_list *list = split_list_new(r->location, r->paths[0], LOC_LIST_RECURSIVE,
		count_problem, &problems, l->transport);
	for (bool done = false; !done;) {
		struct entry_page *page = NULL;
		enum s3t_rc rc = cancel_is_set(r->cancel)
					 ? s3t_fail(&err, S3T_CANCELLED, "Cancelled.")
					 : split_list_next(list, io, &page, &done, &err);
		if (rc != S3T_OK)
			done = true;
		else
			err.rc = S3T_OK;
		if (page)
			finder_take(&f, page, found);
		entry_page_free(page);
		if (!done && time_mono_ms() - sent_ms < REPORT_EVERY_MS)
			continue;
		sent_ms = time_mono_ms();
		send_found(l, r, &f, problems, found, done, &err);
		found = done ? NULL : entry_page_new(false);
	}
	split_list_free(list);
	finder_deinit(&f);
}

struct count {
	uint64_t files, dirs, bytes, problems;
	int64_t sent_ms;
};

static void send_count(struct lister *l, const struct request *r, struct count *c, bool done,
	const struct s3t_err *err)
{
	struct lister_event *e = event_new(r);
	e->files = c->files;
	e->dirs = c->dirs;
	e->bytes = c->bytes;
	e->problems = c->problems;
	e->done = done;
	if (err)
		e->err = *err;
	c->sent_ms = time_mono_ms();
	msgq_push(l->events, &e->msg);
}

static enum s3t_rc count_below(struct lister *l, struct request *r, struct strview path,
	const struct loc_io *io, struct count *c, struct s3t_err *err)
{
	struct split_list *list = split_list_new(
		r->location, path, LOC_LIST_RECURSIVE, count_problem, &c->problems, l->transport);
	enum s3t_rc rc = S3T_OK;
	for (bool done = false; !done && rc == S3T_OK;) {
		struct entry_page *page = NULL;
		rc = split_list_next(list, io, &page, &done, err);
		for (uint32_t i = 0; page && i < page->count; i++) {
			const struct entry *e = &page->entries[i];
			c->files += e->kind != ENTRY_DIR;
			c->dirs += e->kind == ENTRY_DIR;
			c->bytes += e->size;
		}
		entry_page_free(page);
		if (rc == S3T_OK && time_mono_ms() - c->sent_ms >= REPORT_EVERY_MS)
			send_count(l, r, c, false, NULL);
	}
	split_list_free(list);
	return rc;
}

static void count_paths(struct lister *l, struct request *r, const struct loc_io *io)
{
	const struct location_ops *ops = r->location->ops;
	struct count c = {.sent_ms = time_mono_ms()};
	struct s3t_err err = {.rc = S3T_OK};
	enum s3t_rc rc = S3T_OK;
	for (size_t i = 0; i < r->path_count && rc == S3T_OK; i++) {
		struct strview path = r->paths[i];
		struct loc_stat st = {.kind = ENTRY_DIR};
		if (!sv_ends_with(path, SV("/")))
			rc = ops->stat(r->location, io, path, &st, &err);
		if (rc == S3T_OK && st.kind == ENTRY_DIR) {
			rc = count_below(l, r, path, io, &c, &err);
		} else if (rc == S3T_OK) {
			c.files++;
			c.bytes += st.size;
		}
		loc_stat_deinit(&st);
	}
	if (rc == S3T_OK)
		err.rc = S3T_OK;
	send_count(l, r, &c, true, &err);
}

static void run_task(struct lister *l, struct request *r, struct http_conn *conn)
{
	struct lister_event *e = event_new(r);
	enum s3t_rc rc = r->run(r->arg, conn, r->cancel, &e->err);
	if (rc == S3T_OK)
		e->err.rc = S3T_OK;
	e->done = true;
	e->arg = r->arg;
	e->free_arg = r->free_arg;
	r->arg = NULL;
	msgq_push(l->events, &e->msg);
}

static void perform(struct lister *l, struct request *r, struct http_conn *conn)
{
	struct loc_io io = {.conn = conn, .cancel = r->cancel};
	if (r->is_search)
		find_names(l, r, &io);
	else if (r->kind == LISTER_PAGE)
		list_pages(l, r, &io);
	else if (r->kind == LISTER_COUNT)
		count_paths(l, r, &io);
	else
		run_task(l, r, conn);
}

static void *worker(void *arg)
{
	struct lister *l = arg;
	struct http_conn *conn = http_conn_new(l->transport);
	pthread_mutex_lock(&l->lock);
	for (;;) {
		l->idle++;
		while (!l->queue && !l->is_ending)
			pthread_cond_wait(&l->wake, &l->lock);
		l->idle--;
		struct request *r = l->queue;
		if (!r)
			break;
		l->queue = r->next;
		if (!l->queue)
			l->queue_end = &l->queue;
		r->next = l->running;
		l->running = r;
		pthread_mutex_unlock(&l->lock);
		perform(l, r, conn);
		pthread_mutex_lock(&l->lock);
		struct request **at = &l->running;
		while (*at != r)
			at = &(*at)->next;
		*at = r->next;
		request_free(r);
	}
	pthread_mutex_unlock(&l->lock);
	http_conn_free(conn);
	return NULL;
}

/* --- any thread --- */

struct lister *lister_new(const struct http_transport *transport, struct msgq *events)
{
	struct lister *l = s3t_alloc(sizeof *l);
	l->transport = transport;
	l->events = events;
	l->root = cancel_new(NULL);
	l->queue_end = &l->queue;
	pthread_mutex_init(&l->lock, NULL);
	pthread_cond_init(&l->wake, NULL);
	return l;
}

void lister_free(struct lister *l)
{
	if (!l)
		return;
	cancel_trigger(l->root);
	pthread_mutex_lock(&l->lock);
	l->is_ending = true;
	pthread_cond_broadcast(&l->wake);
	unsigned count = l->thread_count;
	pthread_mutex_unlock(&l->lock);
	for (unsigned i = 0; i < count; i++)
		pthread_join(l->threads[i], NULL);
	while (l->queue) { /* only where no thread could be started */
		struct request *r = l->queue;
		l->queue = r->next;
		request_free(r);
	}
	cancel_free(l->root);
	pthread_cond_destroy(&l->wake);
	pthread_mutex_destroy(&l->lock);
	free(l);
}

/* Signals are the UI thread's, but for those that say that this one is broken. */
static void start_worker_locked(struct lister *l)
{
	if (thread_start(&l->threads[l->thread_count], worker, l))
		l->thread_count++;
}

static list_id submit(struct lister *l, struct request *r)
{
	r->cancel = cancel_new(l->root);
	pthread_mutex_lock(&l->lock);
	r->id = ++l->last_id;
	list_id id = r->id;
	*l->queue_end = r;
	l->queue_end = &r->next;
	unsigned waiting = 0;
	for (const struct request *q = l->queue; q; q = q->next)
		waiting++;
	if (waiting > l->idle && l->thread_count < WORKERS_MAX)
		start_worker_locked(l);
	pthread_cond_signal(&l->wake);
	pthread_mutex_unlock(&l->lock);
	return id;
}

static struct request *request_new(enum lister_event_kind kind, struct location *location,
	const struct strview *paths, size_t count)
{
	struct request *r = s3t_alloc(sizeof *r);
	r->kind = kind;
	if (!location)
		return r;
	r->location = location_ref(location);
	r->paths = s3t_alloc((count ? count : 1) * sizeof *r->paths);
	r->path_count = count;
	for (size_t i = 0; i < count; i++)
		r->paths[i] = sv_n(s3t_strndup(paths[i].data, paths[i].len), paths[i].len);
	return r;
}

list_id lister_request(
	struct lister *l, struct location *location, struct strview path, unsigned flags)
{
	struct request *r = request_new(LISTER_PAGE, location, &path, 1);
	r->flags = flags;
	return submit(l, r);
}

list_id lister_find(
	struct lister *l, struct location *location, struct strview path, struct strview pattern)
{
	struct strview paths[] = {path, pattern};
	struct request *r = request_new(LISTER_PAGE, location, paths, 2);
	r->is_search = true;
	return submit(l, r);
}

list_id lister_count(
	struct lister *l, struct location *location, const struct strview *paths, size_t count)
{
	return submit(l, request_new(LISTER_COUNT, location, paths, count));
}

list_id lister_run(struct lister *l, lister_task_fn run, void *arg, void (*free_arg)(void *arg))
{
	struct request *r = request_new(LISTER_TASK, NULL, NULL, 0);
	r->run = run;
	r->arg = arg;
	r->free_arg = free_arg;
	return submit(l, r);
}

bool lister_is_busy(struct lister *l)
{
	pthread_mutex_lock(&l->lock);
	bool is_busy = l->queue || l->running;
	pthread_mutex_unlock(&l->lock);
	return is_busy;
}

void lister_cancel(struct lister *l, list_id id)
{
	pthread_mutex_lock(&l->lock);
	struct request *lists[] = {l->queue, l->running};
	for (size_t i = 0; i < 2; i++)
		for (struct request *r = lists[i]; r; r = r->next)
			if (r->id == id)
				cancel_trigger(r->cancel);
	pthread_mutex_unlock(&l->lock);
}
