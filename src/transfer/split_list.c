/*
 * Ranges of names are a linked list in order, each (after, end]: the last one is open, so nothing
 * can be lost. A worker takes the first range that waits; if none does, it cuts one in two where
 * keyspace.h thinks that STRIDE more pages lie, and lists the right half: the probe is the page. A
 * range is shrunk at once, and what a page brings beyond its end is dropped, for the next one has
 * it. The caller takes the pages of the first range, then the next one's.
 *
 * `lock` guards everything but a range's listing, which belongs to the worker that has the range.
 */
#include "transfer/split_list.h"

#include "core/thread.h"
#include "core/timeutil.h"
#include "transfer/keyspace.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

/* Pages from one cut to the next; and those that wait for the caller, at most, but for the first
 * range's: workers run no further ahead. */
enum { WORKERS = 8, STRIDE = 8, AHEAD_MAX = 128, FULL_PAGES = 2, FULL = 1000 };

struct range {
	struct range *next;
	struct loc_list *list;     /* NULL: not begun */
	struct strbuf after, last; /* where it begins; the last name it has */
	struct strbuf end;         /* the last name that is its own */
	bool is_open;              /* it has no end */
	bool is_busy, is_done;
	struct entry_page *pages, **pages_end; /* for the caller */
};

struct split_list {
	/* immutable */
	struct location *loc;
	char *dir;
	size_t dir_len;
	unsigned flags;
	loc_problem_fn problem;
	void *arg;
	const struct http_transport *transport;
	/* the caller's, before it is split */
	unsigned full_pages;
	bool is_plain;        /* it stays one listing */
	uint64_t given, skip; /* entries that the caller has; that it is not to get again */
	struct cancel *cancel;
	/* guarded by lock */
	pthread_mutex_t lock;
	pthread_cond_t changed;
	pthread_t threads[WORKERS];
	unsigned thread_count;
	struct range *ranges; /* the first is the caller's next */
	struct keyspace keys;
	size_t waiting; /* pages */
	/* between these two there are no names: a range began here, and its page there */
	struct strbuf gap_from, gap_to;
	uint64_t kept, dropped; /* names */
	bool is_ending, is_unordered;
	bool has_end;       /* a page was the last one: behind its names there are none */
	struct s3t_err err; /* the first failure */
};

/* --- ranges --- */

static struct range *range_new(struct strview after)
{
	struct range *r = s3t_alloc(sizeof *r);
	strbuf_init(&r->after);
	strbuf_init(&r->last);
	strbuf_init(&r->end);
	strbuf_add_sv(&r->after, after);
	r->is_open = true;
	r->pages_end = &r->pages;
	return r;
}

static void range_free(struct split_list *l, struct range *r)
{
	while (r->pages) {
		struct entry_page *page = r->pages;
		r->pages = page->next;
		entry_page_free(page);
	}
	if (r->list)
		l->loc->ops->list_free(r->list);
	strbuf_deinit(&r->after);
	strbuf_deinit(&r->last);
	strbuf_deinit(&r->end);
	free(r);
}

/* Where the next page of it begins, as far as is known. */
static struct strview range_at(const struct range *r)
{
	return strbuf_view(r->last.len ? &r->last : &r->after);
}

/* Where cutting it may begin: behind a gap that is known. */
static struct strview cut_from(const struct split_list *l, const struct range *r)
{
	struct strview at = range_at(r), gap_to = strbuf_view(&l->gap_to);
	bool is_in_gap = sv_cmp(strbuf_view(&l->gap_from), at) <= 0 && sv_cmp(at, gap_to) < 0;
	return is_in_gap ? gap_to : at;
}

/* Guesses that hit nothing cost requests: no more than a part of those that do. */
static bool may_guess(const struct split_list *l)
{
	return l->dropped <= l->kept / 2 + (uint64_t)2 * WORKERS * FULL;
}

/* Cuts r; the right part, which waits, or NULL: it is not worth it. */
static struct range *cut_locked(struct split_list *l, struct range *r)
{
	struct strbuf middle;
	struct range *right = NULL;
	strbuf_init(&middle);
	for (unsigned pages = STRIDE; pages >= 2 && !right; pages /= 2) {
		if (!keyspace_ahead(&l->keys, cut_from(l, r), pages, &middle))
			continue;
		if (!r->is_open && sv_cmp(strbuf_view(&middle), strbuf_view(&r->end)) >= 0)
			continue;
		right = range_new(strbuf_view(&middle));
		right->is_open = r->is_open;
		strbuf_add_sv(&right->end, strbuf_view(&r->end));
		right->next = r->next;
		r->next = right;
		r->is_open = false;
		strbuf_reset(&r->end);
		strbuf_add_sv(&r->end, strbuf_view(&middle));
	}
	strbuf_deinit(&middle);
	return right;
}

static struct range *take_locked(struct split_list *l)
{
	struct range *found = NULL, *last = NULL;
	bool has_room = l->waiting < AHEAD_MAX, may_cut = has_room && may_guess(l);
	for (struct range *r = l->ranges; r && !found; r = r->next) {
		if (!r->is_done && !r->is_busy && (has_room || r == l->ranges))
			found = r;
		last = r;
	}
	/* the open one first: it has the most; then those that turned out to have more than thought
	 */
	if (!found && may_cut && last && !last->is_done && !l->has_end)
		found = cut_locked(l, last);
	for (struct range *r = l->ranges; r && !found && may_cut; r = r->next)
		if (!r->is_done && r->last.len)
			found = cut_locked(l, r);
	if (found)
		found->is_busy = true;
	return found;
}

/* --- pages --- */

static bool is_flat(const struct split_list *l)
{
	return !(l->flags & LOC_LIST_RECURSIVE);
}

static bool is_ascending(const struct entry_page *page, struct strview after, bool flat)
{
	for (uint32_t i = 0; i < page->count; i++) {
		const struct entry *e = &page->entries[i];
		struct strview name = entry_name(page, e);
		/* a flat page tells its files, and then its directories */
		bool is_first = i == 0 || (flat && page->entries[i - 1].kind != e->kind);
		struct strview before = is_first ? after : entry_name(page, &page->entries[i - 1]);
		if (name.len && sv_cmp(name, before) <= 0)
			return false;
	}
	return true;
}

static struct strview greatest(const struct entry_page *page)
{
	struct strview most = sv_n("", 0);
	for (uint32_t i = 0; i < page->count; i++) {
		struct strview name = entry_name(page, &page->entries[i]);
		if (sv_cmp(name, most) > 0)
			most = name;
	}
	return most;
}

static struct strview least(const struct entry_page *page)
{
	struct strview found = entry_name(page, &page->entries[0]);
	for (uint32_t i = 1; i < page->count; i++) {
		struct strview name = entry_name(page, &page->entries[i]);
		if (sv_cmp(name, found) < 0)
			found = name;
	}
	return found;
}

/* Drops what is beyond end; true if there was something. */
static bool trim(struct entry_page *page, struct strview end)
{
	uint32_t kept = 0;
	for (uint32_t i = 0; i < page->count; i++)
		if (sv_cmp(entry_name(page, &page->entries[i]), end) <= 0)
			page->entries[kept++] = page->entries[i];
	bool has_more = kept < page->count;
	page->count = kept;
	return has_more;
}

static void book_locked(struct split_list *l, struct range *r, struct entry_page *page, bool done)
{
	if (!is_ascending(page, range_at(r), is_flat(l))) {
		l->is_unordered = true;
		entry_page_free(page);
		return;
	}
	if (!done && page->count >= FULL)
		keyspace_add(&l->keys, page);
	if (page->count && !r->last.len) {
		strbuf_reset(&l->gap_from);
		strbuf_reset(&l->gap_to);
		strbuf_add_sv(&l->gap_from, strbuf_view(&r->after));
		strbuf_add_sv(&l->gap_to, least(page));
	}
	struct strview most = greatest(page);
	if (most.len) {
		strbuf_reset(&r->last);
		strbuf_add_sv(&r->last, most);
	}
	uint32_t told = page->count;
	bool is_beyond = !r->is_open && trim(page, strbuf_view(&r->end));
	l->kept += page->count;
	l->dropped += told - page->count;
	r->is_done = done || is_beyond;
	l->has_end = l->has_end || done;
	for (struct range *right = r->next; right && done; right = right->next)
		right->is_done = right->is_done || !right->is_busy; /* there is nothing more */
	*r->pages_end = page;
	r->pages_end = &page->next;
	l->waiting++;
}

static void work_locked(struct split_list *l, struct range *r, struct http_conn *conn)
{
	struct loc_io io = {.conn = conn, .cancel = l->cancel};
	struct entry_page *page = NULL;
	struct s3t_err err;
	bool done = false;
	const struct location_ops *ops = l->loc->ops;
	pthread_mutex_unlock(&l->lock);
	if (!r->list) {
		r->list = ops->list_new(
			l->loc, sv_n(l->dir, l->dir_len), l->flags, l->problem, l->arg);
		ops->list_from(r->list, strbuf_view(&r->after));
	}
	enum s3t_rc rc = ops->list_next(r->list, &io, &page, &done, &err);
	pthread_mutex_lock(&l->lock);
	if (rc == S3T_OK)
		book_locked(l, r, page, done);
	else if (l->err.rc == S3T_OK)
		l->err = err;
	r->is_busy = false;
	pthread_cond_broadcast(&l->changed);
}

static void *worker(void *arg)
{
	struct split_list *l = arg;
	struct http_conn *conn = http_conn_new(l->transport);
	pthread_mutex_lock(&l->lock);
	while (!l->is_ending && !l->is_unordered && l->err.rc == S3T_OK) {
		struct range *r = take_locked(l);
		if (r)
			work_locked(l, r, conn);
		else
			pthread_cond_wait(&l->changed, &l->lock);
	}
	pthread_cond_broadcast(&l->changed);
	pthread_mutex_unlock(&l->lock);
	http_conn_free(conn);
	return NULL;
}

/* --- the caller --- */

struct split_list *split_list_new(struct location *loc, struct strview dir, unsigned flags,
	loc_problem_fn problem, void *arg, const struct http_transport *transport)
{
	struct split_list *l = s3t_alloc(sizeof *l);
	l->loc = location_ref(loc);
	l->dir = s3t_strndup(dir.data, dir.len);
	l->dir_len = dir.len;
	l->flags = flags;
	l->problem = problem;
	l->arg = arg;
	l->transport = transport;
	l->is_plain = !loc->ops->list_from || dir.len == 0 || flags & LOC_LIST_VERSIONS;
	pthread_mutex_init(&l->lock, NULL);
	pthread_cond_init(&l->changed, NULL);
	keyspace_init(&l->keys, !(flags & LOC_LIST_RECURSIVE));
	strbuf_init(&l->gap_from);
	strbuf_init(&l->gap_to);
	l->ranges = range_new(sv_n("", 0));
	l->ranges->list = loc->ops->list_new(loc, dir, flags, problem, arg);
	return l;
}

static void stop_workers(struct split_list *l)
{
	pthread_mutex_lock(&l->lock);
	l->is_ending = true;
	pthread_cond_broadcast(&l->changed);
	pthread_mutex_unlock(&l->lock);
	if (l->cancel)
		cancel_trigger(l->cancel);
	for (unsigned i = 0; i < l->thread_count; i++)
		pthread_join(l->threads[i], NULL);
	l->thread_count = 0;
	cancel_free(l->cancel);
	l->cancel = NULL;
}

void split_list_free(struct split_list *l)
{
	if (!l)
		return;
	stop_workers(l);
	while (l->ranges) {
		struct range *r = l->ranges;
		l->ranges = r->next;
		range_free(l, r);
	}
	keyspace_deinit(&l->keys);
	strbuf_deinit(&l->gap_from);
	strbuf_deinit(&l->gap_to);
	pthread_cond_destroy(&l->changed);
	pthread_mutex_destroy(&l->lock);
	location_unref(l->loc);
	free(l->dir);
	free(l);
}

static void start_workers(struct split_list *l, struct cancel *parent)
{
	l->cancel = cancel_new(parent);
	pthread_mutex_lock(&l->lock);
	while (l->thread_count < WORKERS && thread_start(&l->threads[l->thread_count], worker, l))
		l->thread_count++;
	l->is_plain = l->thread_count == 0;
	pthread_mutex_unlock(&l->lock);
}

/* Page after page; after some that were full and slow the workers start. */
static enum s3t_rc next_plain(struct split_list *l, const struct loc_io *io,
	struct entry_page **page, bool *done, struct s3t_err *err)
{
	struct range *r = l->ranges;
	int64_t begun_ms = time_mono_ms();
	enum s3t_rc rc = l->loc->ops->list_next(r->list, io, page, done, err);
	if (rc != S3T_OK || *done || l->is_plain)
		return rc;
	if (!is_ascending(*page, range_at(r), is_flat(l))) {
		l->is_plain = true;
		return rc;
	}
	struct strview most = greatest(*page);
	strbuf_reset(&r->last);
	strbuf_add_sv(&r->last, most);
	bool counts = (*page)->count >= FULL && time_mono_ms() - begun_ms >= SPLIT_ABOVE_MS;
	l->full_pages = counts ? l->full_pages + 1 : 0;
	keyspace_add(&l->keys, *page);
	if (l->full_pages >= FULL_PAGES)
		start_workers(l, io->cancel);
	return rc;
}

/* A server that takes no notice of where a range begins, or whose order is not that of bytes: all
 * over again in one listing, without what the caller has. */
static void fall_back(struct split_list *l)
{
	stop_workers(l);
	while (l->ranges) {
		struct range *r = l->ranges;
		l->ranges = r->next;
		range_free(l, r);
	}
	l->ranges = range_new(sv_n("", 0));
	l->ranges->list = l->loc->ops->list_new(
		l->loc, sv_n(l->dir, l->dir_len), l->flags, l->problem, l->arg);
	l->skip = l->given;
	l->is_plain = true;
}

static void skip_given(struct split_list *l, struct entry_page *page)
{
	uint32_t n = l->skip < page->count ? (uint32_t)l->skip : page->count;
	memmove(page->entries, page->entries + n, (page->count - n) * sizeof *page->entries);
	page->count -= n;
	l->skip -= n;
}

static void wake(void *arg)
{
	struct split_list *l = arg;
	pthread_mutex_lock(&l->lock);
	pthread_cond_broadcast(&l->changed);
	pthread_mutex_unlock(&l->lock);
}

/* The next page of the first range that has one. NULL with S3T_OK: the order is not what it has to
 * be. */
static enum s3t_rc next_locked(struct split_list *l, struct cancel *cancel,
	struct entry_page **page, bool *done, struct s3t_err *err)
{
	for (;;) {
		struct range *r = l->ranges;
		if (l->is_unordered)
			return S3T_OK;
		if (r->pages) {
			*page = r->pages;
			r->pages = (*page)->next;
			(*page)->next = NULL;
			if (!r->pages)
				r->pages_end = &r->pages;
			l->waiting--;
			pthread_cond_broadcast(&l->changed);
			return S3T_OK;
		}
		if (r->is_done && !r->next) {
			*page = entry_page_new(false);
			*done = true;
			return S3T_OK;
		}
		if (r->is_done) {
			l->ranges = r->next;
			range_free(l, r);
			pthread_cond_broadcast(&l->changed);
			continue;
		}
		if (cancel_is_set(cancel))
			return s3t_fail(err, S3T_CANCELLED, "Cancelled.");
		if (l->err.rc != S3T_OK) {
			if (err)
				*err = l->err;
			return l->err.rc;
		}
		pthread_cond_wait(&l->changed, &l->lock);
	}
}

static enum s3t_rc next_split(struct split_list *l, const struct loc_io *io,
	struct entry_page **page, bool *done, struct s3t_err *err)
{
	struct cancel_waker waker = {.wake = wake, .arg = l};
	cancel_add_waker(io->cancel, &waker);
	pthread_mutex_lock(&l->lock);
	enum s3t_rc rc = next_locked(l, io->cancel, page, done, err);
	pthread_mutex_unlock(&l->lock);
	cancel_remove_waker(io->cancel, &waker);
	return rc;
}

enum s3t_rc split_list_next(struct split_list *l, const struct loc_io *io, struct entry_page **page,
	bool *done, struct s3t_err *err)
{
	enum s3t_rc rc = S3T_OK;
	bool is_split = l->thread_count > 0;
	*page = NULL;
	*done = false;
	if (is_split)
		rc = next_split(l, io, page, done, err);
	if (is_split && rc == S3T_OK && !*page) {
		fall_back(l);
		is_split = false;
	}
	if (!is_split && rc == S3T_OK)
		rc = next_plain(l, io, page, done, err);
	if (rc != S3T_OK || !*page)
		return rc;
	if (l->skip)
		skip_given(l, *page);
	else
		l->given += (*page)->count;
	return S3T_OK;
}
