/* The journals that other processes left, or are writing. */
#include "transfer/journal.h"

#include "core/fdio.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define SUFFIX ".journal"
#define UNBORN SUFFIX ".new"

static int is_journal(const struct dirent *e)
{
	struct strview name = sv(e->d_name);
	return (sv_ends_with(name, SV(SUFFIX)) || sv_ends_with(name, SV(UNBORN))) &&
	       name.data[0] != '.';
}

/* The lock is worth something only on the file that has the name: its process may have replaced it
 * (compaction) or removed it between open and flock. */
static bool lock(int fd, const char *path, bool *is_gone)
{
	struct stat held, named;
	bool locked = flock(fd, LOCK_EX | LOCK_NB) == 0;
	*is_gone = fstat(fd, &held) != 0 || lstat(path, &named) != 0 ||
		   held.st_ino != named.st_ino || held.st_dev != named.st_dev;
	return locked;
}

/* A journal is this user's own and nobody else's to write. */
static bool is_trusted(int fd)
{
	struct stat st;
	return fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_uid == geteuid() &&
	       !(st.st_mode & 022);
}

static struct journal_file *open_file(const char *dir, const char *name)
{
	char *path = s3t_asprintf("%s/%s", dir, name);
	struct strbuf text;
	strbuf_init_cap(&text, SIZE_MAX / 4);
	struct journal_file *f = NULL;
	for (int tries = 0; tries < 3 && !f; tries++) {
		const int flags = O_APPEND | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK;
		int fd = open(path, O_RDWR | flags);
		if (fd < 0 && (errno == EROFS || errno == EACCES))
			fd = open(path, O_RDONLY | flags); /* to be shown, at least */
		if (fd < 0)
			break;
		strbuf_reset(&text);
		bool is_gone = false, locked = is_trusted(fd) && lock(fd, path, &is_gone);
		if (is_gone || !is_trusted(fd) || !fd_read_all(fd, &text)) {
			close(fd);
			continue;
		}
		f = s3t_alloc(sizeof *f);
		f->path = s3t_strdup(path);
		f->fd = fd;
		saved_file_parse(strbuf_view(&text), &f->content);
		if (!locked) {
			close(fd);
			f->fd = -1;
		} else if (f->content.torn_len) { /* or it would swallow the next line */
			(void)!ftruncate(fd, (off_t)(text.len - f->content.torn_len));
		}
	}
	strbuf_deinit(&text);
	free(path);
	return f;
}

/* What cannot be read may tell of open uploads. */
static bool is_damaged(const struct journal_file *f)
{
	return f->content.bad_lines > (f->content.torn_len ? 1 : 0);
}

static void remove_file(struct journal_file *f)
{
	(void)unlink(f->path);
	close(f->fd);
	f->fd = -1;
}

/* A file that was being made when its process died: it was no journal yet, or its journal is the
 * one it was to replace. One that is being made now is locked; a maker that was about to lock it
 * finds it gone and makes another. */
static void remove_unborn(const char *dir, const char *name)
{
	char *path = s3t_asprintf("%s/%s", dir, name);
	int fd = open(path, O_RDWR | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	if (fd >= 0 && is_trusted(fd) && flock(fd, LOCK_EX | LOCK_NB) == 0)
		(void)unlink(path);
	if (fd >= 0)
		close(fd);
	free(path);
}

/* Adoption was cut short: the newer file has the job, this one has to let go of it. */
static void drop_doubles(struct journal_file *files)
{
	for (struct journal_file *f = files; f; f = f->next) {
		for (struct saved_job *job = f->content.jobs, *next; job; job = next) {
			next = job->next;
			for (struct journal_file *newer = f->next; newer; newer = newer->next) {
				struct saved_job *twin = newer->content.jobs;
				while (twin && strcmp(twin->uid, job->uid) != 0)
					twin = twin->next;
				if (!twin)
					continue;
				if (f->fd >= 0)
					journal_file_end_job(f, job->uid);
				else
					saved_job_free(journal_file_take(f, job->uid));
				break;
			}
		}
	}
}

enum s3t_rc journal_files_open(const char *dir, struct journal_file **out, struct s3t_err *err)
{
	struct dirent **names = NULL;
	*out = NULL;
	int count = scandir(dir, &names, is_journal, alphasort);
	if (count < 0 && errno == ENOENT)
		return S3T_OK;
	if (count < 0)
		return s3t_fail_errno(err, errno, "Cannot read the journals in %s", dir);
	struct journal_file **end = out;
	for (int i = 0; i < count; i++) {
		bool is_unborn = sv_ends_with(sv(names[i]->d_name), SV(UNBORN));
		if (is_unborn)
			remove_unborn(dir, names[i]->d_name);
		struct journal_file *f = is_unborn ? NULL : open_file(dir, names[i]->d_name);
		free(names[i]);
		if (!f)
			continue;
		if (f->fd >= 0 && !f->content.jobs && !is_damaged(f))
			remove_file(f); /* its process died between its last job and its end */
		*end = f;
		end = &f->next;
	}
	free(names);
	drop_doubles(*out);
	return S3T_OK;
}

struct saved_job *journal_file_take(struct journal_file *f, const char *uid)
{
	struct saved_job **at = &f->content.jobs;
	while (*at && strcmp((*at)->uid, uid) != 0)
		at = &(*at)->next;
	struct saved_job *job = *at;
	if (job) {
		*at = job->next;
		job->next = NULL;
		f->taken++;
	}
	return job;
}

void journal_file_end_job(struct journal_file *f, const char *uid)
{
	struct strbuf line;
	strbuf_init(&line);
	record_end(&line, uid);                    /* uid may be the job's own */
	saved_job_free(journal_file_take(f, uid)); /* NULL: somebody took it before */
	f->taken--;
	if (!f->content.jobs && !f->taken && !is_damaged(f)) {
		remove_file(f);
	} else {
		/* if this cannot be written the job is offered again: twice is better than never */
		ssize_t n = write(f->fd, line.data, line.len);
		(void)n;
		(void)fdatasync(f->fd);
	}
	strbuf_deinit(&line);
}

static int by_order(const void *a, const void *b)
{
	const struct saved_job *x = ((const struct idle_job *)a)->job;
	const struct saved_job *y = ((const struct idle_job *)b)->job;
	return (x->order > y->order) - (x->order < y->order);
}

size_t journal_files_idle(struct journal_file *files, struct idle_job **out)
{
	size_t count = 0;
	*out = NULL;
	for (struct journal_file *f = files; f; f = f->next)
		for (struct saved_job *job = f->content.jobs; job && f->fd >= 0; job = job->next) {
			struct idle_job *more = realloc(*out, (count + 1) * sizeof *more);
			if (!more)
				s3t_oom();
			*out = more;
			more[count++] = (struct idle_job){f, job};
		}
	if (count)
		qsort(*out, count, sizeof **out, by_order);
	return count;
}

char *journal_files_damage(const struct journal_file *files)
{
	for (; files; files = files->next)
		if (files->fd >= 0 && is_damaged(files))
			return s3t_asprintf(
				"The journal %s is damaged: some of it cannot be read, and "
				"may tell of uploads that are open. Remove it when "
				"nothing of it is missed.",
				files->path);
	return NULL;
}

void journal_files_free(struct journal_file *files)
{
	while (files) {
		struct journal_file *f = files;
		files = f->next;
		if (f->fd >= 0)
			close(f->fd);
		saved_file_deinit(&f->content);
		free(f->path);
		free(f);
	}
}
