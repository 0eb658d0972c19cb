#include "transfer/journal.h"

#include "core/fdio.h"
#include "core/statedir.h"
#include "core/thread.h"
#include "core/timeutil.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

/* A group is committed after GROUP_MS; a file is looked through for what is over when it has grown
 * by GROWTH since it was last. */
enum { GROUP_MS = 100, GROUP_ITEMS = 256 };
#define GROWTH ((off_t)4 << 20)

/* Items of one job that are done, one line in the end. */
struct group {
	char uid[JOB_UID_LEN + 1];
	uint64_t bytes;
	size_t count;
	unsigned char ids[GROUP_ITEMS][MD5_LEN];
};

struct journal {
	char *dir, *path;
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t due, written;
	/* the thread's own */
	int fd;
	off_t size, next_look;
	int lost; /* errno: lines could not be written while the file was looked through */
	/* guarded by lock */
	struct strbuf pending;
	struct group group;        /* comes behind pending */
	uint64_t appended, synced; /* bytes since the start */
	unsigned open_jobs;
	bool is_urgent, is_over, has_file;
	bool is_resting; /* the thread waits for something to do, not for a group to fill */
	int failed;      /* errno */
	bool was_told;
};

/* --- the file --- */

/* Makes a name in the directory durable. */
static void sync_dir(const char *dir)
{
	int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return;
	(void)fsync(fd);
	close(fd);
}

/* Between open and flock another process may take it for one whose maker died, and remove it. */
static int create_locked(const char *path)
{
	enum { TRIES = 8 };
	const int flags = O_RDWR | O_CREAT | O_EXCL | O_APPEND | O_CLOEXEC | O_NOFOLLOW;
	for (int i = 0; i < TRIES; i++) {
		struct stat st;
		int fd = open(path, flags, 0600);
		if (fd < 0)
			return -1;
		bool is_locked = flock(fd, LOCK_EX) == 0 && fstat(fd, &st) == 0;
		if (is_locked && st.st_nlink)
			return fd;
		int why = errno;
		if (!is_locked)
			(void)unlink(path);
		close(fd);
		errno = why;
		if (!is_locked)
			return -1;
	}
	errno = EAGAIN;
	return -1;
}

static bool store_head(struct journal *j, const char *fresh)
{
	struct strbuf head;
	strbuf_init(&head);
	record_file(&head, (long)getpid());
	j->size = (off_t)head.len;
	bool ok = fd_write_all(j->fd, head.data, head.len);
	int why = errno;
	strbuf_deinit(&head);
	errno = why;
	return ok && rename(fresh, j->path) == 0;
}

/* The names sort by age. It is a journal only under its final name, so nobody else finds it before
 * it is locked. False with errno. */
static bool create_file(struct journal *j)
{
	char tail[JOB_UID_LEN + 1], stamp[17];
	struct timespec now;
	random_name(tail, JOB_UID_LEN);
	(void)clock_gettime(CLOCK_REALTIME, &now);
	time_format_amz(now.tv_sec, stamp);
	free(j->path);
	j->path = s3t_asprintf("%s/%s-%09ld-%s.journal", j->dir, stamp, now.tv_nsec, tail);
	char *fresh = s3t_asprintf("%s.new", j->path);
	j->fd = create_locked(fresh);
	j->next_look = GROWTH;
	bool ok = j->fd >= 0 && store_head(j, fresh);
	int why = errno;
	if (ok) {
		sync_dir(j->dir);
	} else if (j->fd >= 0) {
		(void)unlink(fresh);
		close(j->fd);
		j->fd = -1;
	}
	free(fresh);
	errno = why;
	return ok;
}

/* --- compaction: the thread's --- */

enum { CHUNK = 64 << 10, PENDING_MAX = 256 << 10 };

static struct strbuf take_pending_locked(struct journal *j)
{
	struct strbuf lines = j->pending;
	strbuf_init_cap(&j->pending, SIZE_MAX / 4);
	return lines;
}

static bool write_lines(struct journal *j, struct strbuf *lines)
{
	bool ok = fd_write_all(j->fd, lines->data, lines->len) && fdatasync(j->fd) == 0;
	int why = errno;
	j->size += ok ? (off_t)lines->len : 0;
	strbuf_deinit(lines);
	errno = why;
	return ok;
}

/* What comes while a file is being looked through goes to its end, and is looked through, too:
 * memory does not grow with the time that takes. */
static bool drain(struct journal *j)
{
	pthread_mutex_lock(&j->lock);
	bool is_due = j->pending.len >= PENDING_MAX;
	struct strbuf lines;
	if (is_due)
		lines = take_pending_locked(j);
	pthread_mutex_unlock(&j->lock);
	if (is_due && !write_lines(j, &lines))
		j->lost = errno;
	return !j->lost;
}

/* Calls fn for each line of the file, which may be much larger than memory is to be. False: it
 * cannot be read, or fn said so. */
static bool for_lines(struct journal *j, bool (*fn)(void *arg, struct strview line), void *arg)
{
	struct strbuf text;
	char *buf = s3t_alloc(CHUNK);
	bool ok = true;
	off_t at = 0;
	ssize_t n = 0;
	strbuf_init_cap(&text, SIZE_MAX / 4);
	while (ok && drain(j) && (n = pread(j->fd, buf, CHUNK, at)) > 0) {
		size_t done = 0;
		at += n;
		strbuf_add(&text, buf, (size_t)n);
		for (;;) {
			struct strview rest = sv_from(strbuf_view(&text), done);
			size_t len = sv_find(rest, '\n');
			if (!ok || len == rest.len)
				break;
			ok = fn(arg, sv_n(rest.data, len));
			done += len + 1;
		}
		memmove(text.data, text.data + done, text.len - done);
		strbuf_truncate(&text, text.len - done);
	}
	free(buf);
	strbuf_deinit(&text);
	return ok && !j->lost && n == 0;
}

struct over {
	char uid[JOB_UID_LEN + 1];
	uint32_t number; /* 0: the whole job */
};

struct sieve {
	struct over *over;
	size_t count, capacity;
	int fd; /* what is kept goes there */
	off_t size;
	struct strbuf out;
};

static int compare_over(const void *a, const void *b)
{
	const struct over *x = a, *y = b;
	int order = strcmp(x->uid, y->uid);
	return order ? order : (x->number > y->number) - (x->number < y->number);
}

static struct over over_of(struct strview uid, uint32_t number)
{
	struct over o = {.number = number};
	snprintf(o.uid, sizeof o.uid, "%.*s", (int)uid.len, uid.data);
	return o;
}

static bool note_over(void *arg, struct strview line)
{
	struct sieve *s = arg;
	struct record_head head;
	if (!record_head(line, &head))
		return true;
	bool is_end = sv_eq(head.type, SV("end"));
	if (!is_end && !sv_eq(head.type, SV("gone")))
		return true;
	if (s->count == s->capacity) {
		s->capacity = s->capacity ? s->capacity * 2 : 256;
		struct over *more = realloc(s->over, s->capacity * sizeof *more);
		if (!more)
			s3t_oom();
		s->over = more;
	}
	s->over[s->count++] = over_of(head.uid, is_end ? 0 : head.number);
	return true;
}

static bool is_over(const struct sieve *s, struct strview uid, uint32_t number)
{
	struct over key = over_of(uid, number);
	return s->count && bsearch(&key, s->over, s->count, sizeof key, compare_over);
}

static bool write_kept(struct sieve *s)
{
	bool ok = fd_write_all(s->fd, s->out.data, s->out.len);
	s->size += (off_t)s->out.len;
	strbuf_reset(&s->out);
	return ok;
}

static bool keep_line(void *arg, struct strview line)
{
	struct sieve *s = arg;
	struct record_head head;
	if (!record_head(line, &head) || is_over(s, head.uid, 0) ||
		(head.number && is_over(s, head.uid, head.number)))
		return true;
	strbuf_add_sv(&s->out, line);
	strbuf_add_char(&s->out, '\n');
	return s->out.len < CHUNK || write_kept(s);
}

/* Writes the lines of j that are still of use. */
static bool sift(struct journal *j, struct sieve *s)
{
	strbuf_init_cap(&s->out, SIZE_MAX / 4);
	bool ok = for_lines(j, note_over, s);
	if (s->count)
		qsort(s->over, s->count, sizeof *s->over, compare_over);
	ok = ok && for_lines(j, keep_line, s) && write_kept(s);
	strbuf_deinit(&s->out);
	free(s->over);
	return ok;
}

/* What goes wrong here leaves the file as it is. */
static void compact(struct journal *j)
{
	char *fresh = s3t_asprintf("%s.new", j->path);
	int fd = create_locked(fresh);
	struct sieve sieve = {.fd = fd};
	bool ok = fd >= 0 && sift(j, &sieve) && fdatasync(fd) == 0 && rename(fresh, j->path) == 0;
	if (ok) {
		sync_dir(j->dir);
		close(j->fd);
		j->fd = fd;
		j->size = sieve.size;
	} else if (fd >= 0) {
		(void)unlink(fresh);
		close(fd);
	}
	j->next_look = j->size * 2 > GROWTH ? j->size * 2 : GROWTH;
	free(fresh);
}

/* --- the thread --- */

/* Takes lines over. */
static bool store(struct journal *j, struct strbuf *lines)
{
	if (j->fd < 0 && !create_file(j)) {
		int why = errno;
		strbuf_deinit(lines);
		errno = why;
		return false;
	}
	if (!write_lines(j, lines))
		return false;
	if (j->size >= j->next_look)
		compact(j);
	errno = j->lost;
	return !j->lost;
}

/* A group that gathers is committed when it is time, however much comes to it. */
static void wake_locked(struct journal *j)
{
	if (j->is_resting)
		pthread_cond_signal(&j->due);
}

static void append_locked(struct journal *j, struct strview lines)
{
	if (j->failed)
		return;
	strbuf_add_sv(&j->pending, lines);
	j->appended += lines.len;
	wake_locked(j);
}

static void close_group_locked(struct journal *j)
{
	struct group *g = &j->group;
	if (!g->count)
		return;
	struct strbuf line;
	strbuf_init(&line);
	record_done(&line, g->uid, g->bytes, (const unsigned char(*)[MD5_LEN])g->ids, g->count);
	append_locked(j, strbuf_view(&line));
	strbuf_deinit(&line);
	g->count = 0;
	g->bytes = 0;
}

/* Without an open job what is pending is of no use, unless the file has their beginnings. */
static bool has_work_locked(const struct journal *j)
{
	return (j->pending.len || j->group.count) && !j->failed && (j->open_jobs || j->has_file);
}

static void wait_for_group_locked(struct journal *j)
{
	struct timespec until = time_deadline(GROUP_MS);
	while (!j->is_urgent && !j->is_over &&
		pthread_cond_timedwait(&j->due, &j->lock, &until) != ETIMEDOUT)
		;
}

static void *journal_main(void *arg)
{
	struct journal *j = arg;
	pthread_mutex_lock(&j->lock);
	for (;;) {
		while (!has_work_locked(j) && !j->is_over) {
			j->synced = j->appended;
			pthread_cond_broadcast(&j->written);
			j->is_resting = true;
			pthread_cond_wait(&j->due, &j->lock);
			j->is_resting = false;
		}
		if (!has_work_locked(j))
			break;
		wait_for_group_locked(j);
		if (!has_work_locked(j)) /* the job ended meanwhile, and never needed a file */
			continue;
		close_group_locked(j);
		struct strbuf lines = take_pending_locked(j);
		uint64_t upto = j->appended;
		j->is_urgent = false;
		j->has_file = true;
		pthread_mutex_unlock(&j->lock);
		int failed = store(j, &lines) ? 0 : errno;
		pthread_mutex_lock(&j->lock);
		j->failed = failed;
		j->synced = upto;
		pthread_cond_broadcast(&j->written);
	}
	pthread_mutex_unlock(&j->lock);
	return NULL;
}

/* --- the face --- */

struct journal *journal_new(const char *dir)
{
	struct journal *j = s3t_alloc(sizeof *j);
	j->dir = s3t_strdup(dir);
	j->fd = -1;
	strbuf_init_cap(&j->pending, SIZE_MAX / 4);
	pthread_mutex_init(&j->lock, NULL);
	pthread_cond_init(&j->written, NULL);
	pthread_condattr_t attr;
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&j->due, &attr);
	pthread_condattr_destroy(&attr);
	if (thread_start(&j->thread, journal_main, j))
		return j;
	j->is_over = true;
	pthread_cond_destroy(&j->due);
	pthread_cond_destroy(&j->written);
	pthread_mutex_destroy(&j->lock);
	strbuf_deinit(&j->pending);
	free(j->dir);
	free(j);
	return NULL;
}

struct journal *journal_new_in_state(void)
{
	char *dir = state_dir(JOURNAL_DIR);
	struct journal *j = dir ? journal_new(dir) : NULL;
	free(dir);
	return j;
}

void journal_free(struct journal *j)
{
	if (!j)
		return;
	pthread_mutex_lock(&j->lock);
	j->is_over = true;
	pthread_cond_broadcast(&j->due);
	pthread_mutex_unlock(&j->lock);
	pthread_join(j->thread, NULL);
	if (j->fd >= 0) {
		if (j->open_jobs == 0)
			(void)unlink(j->path);
		close(j->fd); /* and with it the lock */
	}
	pthread_cond_destroy(&j->due);
	pthread_cond_destroy(&j->written);
	pthread_mutex_destroy(&j->lock);
	strbuf_deinit(&j->pending);
	free(j->path);
	free(j->dir);
	free(j);
}

void journal_append(struct journal *j, struct strview lines)
{
	if (!j)
		return;
	pthread_mutex_lock(&j->lock);
	close_group_locked(j);
	append_locked(j, lines);
	pthread_mutex_unlock(&j->lock);
}

void journal_job_begun(struct journal *j, struct strview lines)
{
	if (!j)
		return;
	pthread_mutex_lock(&j->lock);
	j->open_jobs++;
	close_group_locked(j);
	append_locked(j, lines);
	pthread_mutex_unlock(&j->lock);
}

void journal_job_ended(struct journal *j, const char *uid)
{
	struct strbuf line;
	if (!j)
		return;
	strbuf_init(&line);
	record_end(&line, uid);
	pthread_mutex_lock(&j->lock);
	j->open_jobs--;
	close_group_locked(j);
	if (!j->open_jobs && !j->has_file)
		strbuf_reset(&j->pending);
	else
		append_locked(j, strbuf_view(&line));
	pthread_mutex_unlock(&j->lock);
	strbuf_deinit(&line);
}

void journal_item_done(
	struct journal *j, const char *uid, const unsigned char identity[MD5_LEN], uint64_t bytes)
{
	if (!j)
		return;
	pthread_mutex_lock(&j->lock);
	struct group *g = &j->group;
	if (g->count == GROUP_ITEMS || (g->count && strcmp(g->uid, uid) != 0))
		close_group_locked(j);
	if (!g->count)
		snprintf(g->uid, sizeof g->uid, "%s", uid);
	memcpy(g->ids[g->count++], identity, MD5_LEN);
	g->bytes += bytes;
	wake_locked(j);
	pthread_mutex_unlock(&j->lock);
}

void journal_commit(struct journal *j)
{
	if (!j)
		return;
	pthread_mutex_lock(&j->lock);
	close_group_locked(j);
	uint64_t upto = j->appended;
	while (j->synced < upto && !j->failed) {
		j->is_urgent = true;
		pthread_cond_signal(&j->due);
		pthread_cond_wait(&j->written, &j->lock);
	}
	pthread_mutex_unlock(&j->lock);
}

bool journal_is_sound(struct journal *j)
{
	if (!j)
		return false;
	pthread_mutex_lock(&j->lock);
	bool ok = !j->failed;
	pthread_mutex_unlock(&j->lock);
	return ok;
}

char *journal_problem(struct journal *j)
{
	char *text = NULL;
	if (!j)
		return NULL;
	pthread_mutex_lock(&j->lock);
	if (j->failed && !j->was_told) {
		struct s3t_err err;
		(void)s3t_fail_errno(&err, j->failed,
			"The journal in %s cannot be written, so what is interrupted now cannot be "
			"resumed",
			j->dir);
		text = s3t_strdup(err.message);
		j->was_told = true;
	}
	pthread_mutex_unlock(&j->lock);
	return text;
}
