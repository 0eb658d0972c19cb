/* The journal's file: when it is there, what is in it, whose it is; each test in its directory. */
#include "transfer/journal.h"

#include "core/timeutil.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#define A "abcdefgh"
#define B "bcdefghi"
#define C "cdefghij"

enum { NOBODY = 65534, PATIENCE_MS = 30000 };

struct place {
	char dir[64];
};

static int make_place(void **state)
{
	struct place *p = s3t_alloc(sizeof *p);
	snprintf(p->dir, sizeof p->dir, "/tmp/s3tui-test-XXXXXX");
	*state = p;
	return mkdtemp(p->dir) ? 0 : -1;
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	return remove(path);
}

static int drop_place(void **state)
{
	struct place *p = *state;
	nftw(p->dir, remove_one, 16, FTW_DEPTH | FTW_PHYS);
	free(p);
	return 0;
}

/* --- what is in the directory --- */

/* Names there are, whatever they are; the last one's path into path, if it is not NULL. */
static size_t count_files(const char *dir, char path[320])
{
	DIR *d = opendir(dir);
	assert_non_null(d);
	size_t n = 0;
	for (struct dirent *e; (e = readdir(d));) {
		if (e->d_name[0] == '.')
			continue;
		n++;
		if (path)
			snprintf(path, 320, "%s/%s", dir, e->d_name);
	}
	closedir(d);
	return n;
}

static void read_text(const char *path, struct strbuf *out)
{
	char buf[1 << 16];
	strbuf_init_cap(out, SIZE_MAX / 4);
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	assert_true(fd >= 0);
	ssize_t n;
	while ((n = read(fd, buf, sizeof buf)) > 0)
		strbuf_add(out, buf, (size_t)n);
	assert_int_equal(n, 0);
	close(fd);
}

static char *in(const struct place *p, const char *name)
{
	return s3t_asprintf("%s/%s", p->dir, name);
}

static void add_job(struct strbuf *out, const char *uid, uint64_t order)
{
	struct saved_job job = {.order = order};
	snprintf(job.uid, sizeof job.uid, "%s", uid);
	job_spec_add_source(&job.spec, SV("/src"), SV("dst"));
	record_job(out, &job);
	job_spec_deinit(&job.spec);
}

static void begin_job(struct journal *j, const char *uid)
{
	struct strbuf text;
	strbuf_init(&text);
	add_job(&text, uid, 1);
	journal_job_begun(j, strbuf_view(&text));
	strbuf_deinit(&text);
}

static void add_begin(struct strbuf *out, const char *uid, uint32_t number, struct strview path)
{
	struct partial *p = partial_new(path, SV("target"), 2);
	p->number = number;
	p->size = 20;
	p->part_size = 10;
	record_begin(out, uid, p);
	partial_free(p);
}

static void begin_item(struct journal *j, const char *uid, uint32_t number)
{
	struct strbuf text;
	strbuf_init(&text);
	add_begin(&text, uid, number, SV("/src"));
	journal_append(j, strbuf_view(&text));
	strbuf_deinit(&text);
}

static void end_item(struct journal *j, const char *uid, uint32_t number)
{
	struct strbuf text;
	strbuf_init(&text);
	record_gone(&text, uid, number);
	journal_append(j, strbuf_view(&text));
	strbuf_deinit(&text);
}

/* A file that a dead process left: jobs of these uids ("": none). */
static void write_file(const struct place *p, const char *name, mode_t mode, const char *a,
	const char *b, uint64_t order)
{
	char *path = in(p, name);
	struct strbuf text;
	strbuf_init(&text);
	record_file(&text, 77);
	if (a[0])
		add_job(&text, a, order);
	if (b[0])
		add_job(&text, b, order);
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, text.data, text.len), text.len);
	assert_int_equal(fchmod(fd, mode), 0);
	close(fd);
	strbuf_deinit(&text);
	free(path);
}

static struct journal_file *open_files(const struct place *p)
{
	struct journal_file *files = NULL;
	struct s3t_err err;
	assert_int_equal(journal_files_open(p->dir, &files, &err), S3T_OK);
	return files;
}

static const struct saved_job *find_job(const struct journal_file *f, const char *uid)
{
	const struct saved_job *job = f->content.jobs;
	while (job && strcmp(job->uid, uid) != 0)
		job = job->next;
	return job;
}

static void sleep_ms(long ms)
{
	nanosleep(&(struct timespec){.tv_nsec = ms * 1000000}, NULL);
}

static void wait_for_files(const struct place *p, size_t count)
{
	int64_t until = time_mono_ms() + PATIENCE_MS;
	while (count_files(p->dir, NULL) != count) {
		assert_true(time_mono_ms() < until);
		sleep_ms(5);
	}
}

/* --- the file's life --- */

static void a_journal_without_jobs_has_no_file(void **state)
{
	const struct place *p = *state;
	struct journal *j = journal_new(p->dir);
	assert_non_null(j);
	journal_commit(j);
	assert_int_equal(count_files(p->dir, NULL), 0);
	journal_free(j);
	assert_int_equal(count_files(p->dir, NULL), 0);
	/* and where there is no journal nothing is to be done */
	journal_append(NULL, SV("x"));
	journal_job_begun(NULL, SV("x"));
	journal_job_ended(NULL, A);
	journal_item_done(NULL, A, (const unsigned char *)"0123456789abcdef", 1);
	journal_commit(NULL);
	assert_null(journal_problem(NULL));
	journal_free(NULL);
}

/* The directory is watched by its time: a file that came and went would change it. A try that the
 * machine was too slow for says nothing. */
static void jobs_that_end_within_the_group_never_make_a_file(void **state)
{
	const struct place *p = *state;
	bool was_quick = false;
	while (!was_quick) {
		struct stat before, after;
		struct journal *j = journal_new(p->dir);
		assert_int_equal(stat(p->dir, &before), 0);
		int64_t began_ms = time_mono_ms();
		for (int i = 0; i < 20; i++) {
			begin_job(j, A);
			begin_item(j, A, 1);
			journal_item_done(j, A, (const unsigned char *)"0123456789abcdef", 1);
			end_item(j, A, 1);
			journal_job_ended(j, A);
		}
		was_quick = time_mono_ms() - began_ms < 50;
		journal_commit(j);
		end_item(j, A, 1); /* late */
		journal_commit(j);
		journal_free(j);
		assert_int_equal(stat(p->dir, &after), 0);
		bool is_same = before.st_mtim.tv_sec == after.st_mtim.tv_sec &&
			       before.st_mtim.tv_nsec == after.st_mtim.tv_nsec;
		assert_true(is_same || !was_quick);
		assert_int_equal(count_files(p->dir, NULL), 0);
	}
}

static void what_is_committed_is_on_disk_for_another_reader(void **state)
{
	const struct place *p = *state;
	char path[320];
	struct stat st;
	struct journal *j = journal_new(p->dir);
	begin_job(j, A);
	begin_item(j, A, 1);
	journal_item_done(j, A, (const unsigned char *)"0123456789abcdef", 5);
	journal_commit(j);
	assert_int_equal(count_files(p->dir, path), 1);
	assert_true(sv_ends_with(sv(path), SV(".journal")));
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	struct strbuf text;
	struct saved_file f;
	read_text(path, &text);
	saved_file_parse(strbuf_view(&text), &f);
	assert_int_equal(f.bad_lines, 0);
	assert_int_equal(f.pid, getpid());
	assert_string_equal(f.jobs->uid, A);
	assert_int_equal(f.jobs->partials->number, 1);
	assert_int_equal(f.jobs->done_items, 1);
	assert_int_equal(f.jobs->done_bytes, 5);
	assert_true(done_set_has(&f.jobs->done, (const unsigned char *)"0123456789abcdef"));
	saved_file_deinit(&f);
	strbuf_deinit(&text);
	/* a commit of nothing new returns, too */
	journal_commit(j);
	journal_free(j);
	assert_int_equal(count_files(p->dir, NULL), 1);
}

static void without_a_commit_it_is_there_soon(void **state)
{
	const struct place *p = *state;
	struct journal *j = journal_new(p->dir);
	begin_job(j, A);
	wait_for_files(p, 1);
	journal_free(j);
}

static void the_file_goes_with_its_last_job(void **state)
{
	const struct place *p = *state;
	struct journal *j = journal_new(p->dir);
	begin_job(j, A);
	begin_job(j, B);
	journal_commit(j);
	assert_int_equal(count_files(p->dir, NULL), 1);
	journal_job_ended(j, A);
	journal_commit(j);
	assert_int_equal(count_files(p->dir, NULL), 1);
	journal_job_ended(j, B);
	journal_free(j);
	assert_int_equal(count_files(p->dir, NULL), 0);
}

static void what_was_not_committed_is_written_at_the_end(void **state)
{
	const struct place *p = *state;
	struct journal *j = journal_new(p->dir);
	begin_job(j, A);
	journal_item_done(j, A, (const unsigned char *)"0123456789abcdef", 5);
	journal_free(j);
	struct journal_file *files = open_files(p);
	assert_non_null(files);
	assert_int_equal(find_job(files, A)->done_items, 1);
	journal_files_free(files);
}

static void groups_are_of_one_job_each(void **state)
{
	const struct place *p = *state;
	struct journal *j = journal_new(p->dir);
	unsigned char id[MD5_LEN];
	begin_job(j, A);
	begin_job(j, B);
	for (unsigned i = 0; i < 2000; i++) { /* in turn, and in runs longer than a group */
		md5(sv_n((const char *)&i, sizeof i), id);
		journal_item_done(j, i < 100 ? (i % 2 ? A : B) : i < 1000 ? A : B, id, 1);
	}
	journal_free(j);
	struct journal_file *files = open_files(p);
	for (unsigned i = 0; i < 2000; i++) {
		const char *uid = i < 100 ? (i % 2 ? A : B) : i < 1000 ? A : B;
		md5(sv_n((const char *)&i, sizeof i), id);
		assert_true(done_set_has(&find_job(files, uid)->done, id));
	}
	assert_int_equal(find_job(files, A)->done_items, 950);
	assert_int_equal(find_job(files, A)->done_bytes, 950);
	assert_int_equal(find_job(files, B)->done_items, 1050);
	assert_int_equal(find_job(files, B)->done_bytes, 1050);
	journal_files_free(files);
}

struct writer {
	struct journal *j;
	uint32_t from;
};

static void *write_items(void *arg)
{
	struct writer *w = arg;
	for (uint32_t i = 0; i < 200; i++) {
		unsigned char id[MD5_LEN];
		uint32_t number = w->from + i;
		begin_item(w->j, A, number);
		md5(sv_n((const char *)&number, sizeof number), id);
		journal_item_done(w->j, A, id, 1);
		if (i % 50 == 0)
			journal_commit(w->j);
		if (i % 2)
			end_item(w->j, A, number);
	}
	return NULL;
}

static void many_threads_write_whole_lines(void **state)
{
	enum { THREADS = 8 };
	const struct place *p = *state;
	pthread_t threads[THREADS];
	struct writer writers[THREADS];
	struct journal *j = journal_new(p->dir);
	begin_job(j, A);
	for (uint32_t i = 0; i < THREADS; i++) {
		writers[i] = (struct writer){j, 1 + 1000 * i};
		assert_int_equal(pthread_create(&threads[i], NULL, write_items, &writers[i]), 0);
	}
	for (uint32_t i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	journal_free(j);
	struct journal_file *files = open_files(p);
	assert_int_equal(files->content.bad_lines, 0);
	const struct saved_job *job = find_job(files, A);
	assert_int_equal(job->done_items, THREADS * 200);
	size_t partials = 0;
	for (const struct partial *q = job->partials; q; q = q->next)
		partials++;
	assert_int_equal(partials, THREADS * 100);
	journal_files_free(files);
}

/* --- other processes --- */

/* A child that holds a journal with job A until it is told to end by a signal. */
static pid_t fork_holder(const struct place *p)
{
	int ready[2];
	assert_int_equal(pipe(ready), 0);
	pid_t pid = fork();
	if (pid == 0) {
		close(ready[0]);
		struct journal *j = journal_new(p->dir);
		begin_job(j, A);
		begin_item(j, A, 1);
		journal_commit(j);
		(void)!write(ready[1], "x", 1);
		for (;;)
			pause();
	}
	assert_true(pid > 0);
	close(ready[1]);
	char c;
	assert_int_equal(read(ready[0], &c, 1), 1);
	close(ready[0]);
	return pid;
}

static void a_living_process_keeps_its_jobs_and_a_dead_one_leaves_them(void **state)
{
	const struct place *p = *state;
	pid_t pid = fork_holder(p);
	struct journal_file *files = open_files(p);
	assert_non_null(files);
	assert_int_equal(files->fd, -1);
	assert_int_equal(files->content.pid, pid);
	assert_non_null(find_job(files, A));
	journal_files_free(files);

	assert_int_equal(kill(pid, SIGKILL), 0);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	files = open_files(p);
	assert_non_null(files);
	assert_true(files->fd >= 0);
	assert_int_equal(files->content.pid, pid);
	assert_int_equal(find_job(files, A)->partials->number, 1);

	/* it is locked for us: a second one sees, and has, nothing to take */
	struct journal_file *others = open_files(p);
	assert_int_equal(others->fd, -1);
	journal_files_free(others);
	journal_files_free(files);
	files = open_files(p);
	assert_true(files->fd >= 0);
	journal_files_free(files);
}

static void a_directory_that_is_not_there_has_no_journals(void **state)
{
	const struct place *p = *state;
	char *path = in(p, "missing");
	struct journal_file *files = NULL;
	struct s3t_err err;
	assert_int_equal(journal_files_open(path, &files, &err), S3T_OK);
	assert_null(files);
	free(path);
	write_file(p, "file", 0600, "", "", 0);
	path = in(p, "file");
	assert_int_not_equal(journal_files_open(path, &files, &err), S3T_OK);
	assert_null(files);
	free(path);
}

static void a_leftover_without_jobs_is_removed(void **state)
{
	const struct place *p = *state;
	write_file(p, "1.journal", 0600, "", "", 0);
	int fd = open(p->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_true(fd >= 0);
	int empty = openat(fd, "2.journal", O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	assert_true(empty >= 0);
	close(empty);
	close(fd);
	write_file(p, "3.journal", 0600, A, "", 0);
	journal_files_free(open_files(p));
	char path[320];
	assert_int_equal(count_files(p->dir, path), 1);
	assert_true(sv_ends_with(sv(path), SV("/3.journal")));
}

static void an_unfinished_rewrite_is_no_journal(void **state)
{
	const struct place *p = *state;
	write_file(p, "1.journal.new", 0600, A, "", 0);
	write_file(p, ".2.journal", 0600, A, "", 0);
	write_file(p, "3.journa", 0600, A, "", 0);
	assert_null(open_files(p));
}

static void a_job_in_two_files_is_the_newer_ones(void **state)
{
	const struct place *p = *state;
	write_file(p, "1.journal", 0600, A, B, 1);
	write_file(p, "2.journal", 0600, A, "", 2);
	write_file(p, "3.journal", 0600, A, "", 3);
	struct journal_file *files = open_files(p);
	size_t found = 0;
	for (struct journal_file *f = files; f; f = f->next) {
		const struct saved_job *job = find_job(f, A);
		found += job != NULL;
		if (job)
			assert_int_equal(job->order, 3);
	}
	assert_int_equal(found, 1);
	assert_non_null(find_job(files, B));
	journal_files_free(files);
	/* for good: 2 had nothing else, and 1 no longer has it */
	char *second = in(p, "2.journal");
	assert_int_equal(access(second, F_OK), -1);
	free(second);
	assert_int_equal(count_files(p->dir, NULL), 2);
	char *third = in(p, "3.journal");
	assert_int_equal(unlink(third), 0);
	free(third);
	files = open_files(p);
	assert_null(find_job(files, A));
	assert_non_null(find_job(files, B));
	assert_null(files->next);
	journal_files_free(files);
}

static void a_double_of_a_living_process_is_the_living_ones(void **state)
{
	const struct place *p = *state;
	write_file(p, "1.journal", 0600, A, B, 5); /* its name sorts before any that is made now */
	pid_t pid = fork_holder(p);
	struct journal_file *files = open_files(p);
	assert_null(find_job(files, A));
	assert_non_null(find_job(files, B));
	assert_non_null(files->next);
	assert_int_equal(files->next->fd, -1);
	assert_non_null(find_job(files->next, A));
	journal_files_free(files);
	assert_int_equal(kill(pid, SIGKILL), 0);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
}

static void jobs_are_taken_and_ended_one_by_one(void **state)
{
	const struct place *p = *state;
	write_file(p, "1.journal", 0600, A, B, 1);
	struct journal_file *files = open_files(p);
	assert_null(journal_file_take(files, C));
	struct saved_job *job = journal_file_take(files, A);
	assert_non_null(job);
	assert_null(job->next);
	assert_null(find_job(files, A));
	saved_job_free(job);
	journal_files_free(files);

	/* taken, but not ended: as if nothing had been */
	files = open_files(p);
	assert_non_null(find_job(files, A));
	saved_job_free(journal_file_take(files, A));
	journal_file_end_job(files, A);
	journal_files_free(files);
	files = open_files(p);
	assert_null(find_job(files, A));
	assert_non_null(find_job(files, B));

	/* the last one takes the file along; the name may be the job's own */
	journal_file_end_job(files, files->content.jobs->uid);
	assert_int_equal(count_files(p->dir, NULL), 0);
	journal_files_free(files);
}

static void a_file_stays_while_a_job_of_it_is_taken(void **state)
{
	const struct place *p = *state;
	write_file(p, "1.journal", 0600, A, B, 1);
	struct journal_file *files = open_files(p);
	struct saved_job *job = journal_file_take(files, A);
	journal_file_end_job(files, files->content.jobs->uid);
	assert_int_equal(count_files(p->dir, NULL), 1);
	journal_files_free(files);
	saved_job_free(job);
	files = open_files(p);
	assert_non_null(find_job(files, A));
	assert_null(find_job(files, B));
	journal_files_free(files);
}

static void append_text(const struct place *p, const char *name, const char *text)
{
	char *path = in(p, name);
	int fd = open(path, O_WRONLY | O_APPEND | O_CLOEXEC);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	close(fd);
	free(path);
}

static void a_torn_end_does_not_swallow_the_next_line(void **state)
{
	const struct place *p = *state;
	write_file(p, "1.journal", 0600, A, B, 1);
	append_text(p, "1.journal", "abcdef12 end ui");
	struct journal_file *files = open_files(p);
	assert_null(journal_files_damage(files));
	journal_file_end_job(files, A);
	journal_files_free(files);
	files = open_files(p);
	assert_null(find_job(files, A));
	assert_non_null(find_job(files, B));
	assert_int_equal(files->content.bad_lines, 0);
	journal_files_free(files);
}

static void a_damaged_file_is_kept_and_told_of(void **state)
{
	const struct place *p = *state;
	write_file(p, "1.journal", 0600, "", "", 1);
	append_text(p, "1.journal", "abcdef12 job uid=damaged\n");
	write_file(p, "2.journal", 0600, A, "", 1);
	append_text(p, "2.journal", "abcdef12 token uid=" A "\n");
	for (int i = 0; i < 2; i++) {
		struct journal_file *files = open_files(p);
		char *damage = journal_files_damage(files);
		assert_non_null(damage);
		assert_non_null(strstr(damage, "1.journal"));
		free(damage);
		if (i == 0)
			journal_file_end_job(files->next, A);
		journal_files_free(files);
		assert_int_equal(count_files(p->dir, NULL), 2);
	}
}

/* --- whom to trust --- */

static void files_that_others_may_write_are_ignored(void **state)
{
	const struct place *p = *state;
	write_file(p, "1.journal", 0620, A, "", 1);
	write_file(p, "2.journal", 0602, A, "", 1);
	write_file(p, "3.journal", 0640, B, "", 1); /* to read is another matter */
	struct journal_file *files = open_files(p);
	assert_non_null(find_job(files, B));
	assert_null(files->next);
	journal_files_free(files);
	assert_int_equal(count_files(p->dir, NULL), 3);
}

static void what_is_no_file_of_this_user_is_ignored(void **state)
{
	const struct place *p = *state;
	write_file(p, "real", 0600, A, "", 1);
	char *real = in(p, "real"), *link_name = in(p, "1.journal"), *fifo = in(p, "2.journal"),
	     *dir = in(p, "3.journal"), *dangling = in(p, "4.journal");
	assert_int_equal(symlink(real, link_name), 0);
	assert_int_equal(mkfifo(fifo, 0600), 0);
	assert_int_equal(mkdir(dir, 0700), 0);
	assert_int_equal(symlink("nowhere", dangling), 0);
	/* only root can give files away */
	{
		write_file(p, "5.journal", 0600, A, "", 1);
		char *foreign = in(p, "5.journal");
		assert_int_equal(chown(foreign, NOBODY, NOBODY), 0);
		free(foreign);
	}
	size_t before = count_files(p->dir, NULL);
	assert_null(open_files(p));
	assert_int_equal(count_files(p->dir, NULL), before);
	free(real);
	free(link_name);
	free(fifo);
	free(dir);
	free(dangling);
}

/* --- a disk that cannot be written to --- */

/* Runs in a child, as somebody who may not write there. */
static int write_where_it_is_forbidden(const struct place *p)
{
	if (geteuid() == 0 && (setgid(NOBODY) != 0 || setuid(NOBODY) != 0))
		return 1;
	struct journal *j = journal_new(p->dir);
	if (!j || journal_problem(j))
		return 2;
	begin_job(j, A);
	journal_commit(j); /* returns */
	char *problem = journal_problem(j);
	if (!problem || !strstr(problem, p->dir) || !strstr(problem, "ermi"))
		return 3;
	free(problem);
	for (unsigned i = 0; i < 1000; i++) {
		begin_item(j, A, i + 1);
		journal_item_done(j, A, (const unsigned char *)"0123456789abcdef", 1);
	}
	journal_commit(j);
	if (journal_problem(j))
		return 4; /* once is enough */
	journal_job_ended(j, A);
	begin_job(j, B);
	journal_commit(j);
	journal_free(j);
	return count_files(p->dir, NULL) ? 5 : 0;
}

static void what_cannot_be_written_is_told_once_and_stops_nobody(void **state)
{
	const struct place *p = *state;
	assert_int_equal(chmod(p->dir, 0555), 0);
	pid_t pid = fork();
	if (pid == 0)
		_exit(write_where_it_is_forbidden(p));
	int status;
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
	assert_int_equal(chmod(p->dir, 0755), 0);
}

static void a_directory_that_is_a_file_is_told_too(void **state)
{
	const struct place *p = *state;
	write_file(p, "file", 0600, "", "", 0);
	char *path = in(p, "file");
	struct journal *j = journal_new(path);
	begin_job(j, A);
	journal_commit(j);
	char *problem = journal_problem(j);
	assert_non_null(problem);
	assert_non_null(strstr(problem, path));
	assert_null(journal_problem(j));
	journal_job_ended(j, A);
	journal_free(j);
	free(problem);
	free(path);
}

/* --- compaction --- */

/* 1 MiB of lines of one item that is over again. */
static void churn(
	struct journal *j, const char *uid, uint32_t *number, const char *path, size_t len)
{
	struct strbuf text;
	strbuf_init_cap(&text, SIZE_MAX / 4);
	while (text.len < 1 << 20) {
		++*number;
		add_begin(&text, uid, *number, sv_n(path, len));
		record_gone(&text, uid, *number);
	}
	journal_append(j, strbuf_view(&text));
	strbuf_deinit(&text);
	journal_commit(j);
}

static void a_file_that_has_grown_is_rewritten_with_what_is_open(void **state)
{
	enum { PATH = 20000 };
	const struct place *p = *state;
	struct stat st, first;
	char file[320], again[320], *path = s3t_alloc(PATH);
	unsigned char id[MD5_LEN];
	uint32_t number = 10;
	memset(path, 'x', PATH);
	struct journal *j = journal_new(p->dir);
	begin_job(j, A);
	begin_job(j, B);
	begin_job(j, C);
	begin_item(j, A, 1);
	begin_item(j, A, 2);
	begin_item(j, B, 1);
	begin_item(j, C, 1);
	struct parts ranges;
	struct loc_token token = {.text = s3t_strdup("2~id"), .dev = 3, .ino = 4};
	struct strbuf text;
	parts_init(&ranges, 2);
	parts_set_done(&ranges, 1);
	strbuf_init(&text);
	record_token(&text, A, 2, &token);
	record_ranges(&text, A, 2, &ranges);
	record_cancel(&text, C);
	record_order(&text, C, 42, true);
	record_gone(&text, A, 1);
	journal_append(j, strbuf_view(&text));
	for (unsigned i = 0; i < 600; i++) {
		md5(sv_n((const char *)&i, sizeof i), id);
		journal_item_done(j, A, id, 2);
	}
	journal_job_ended(j, B);
	journal_commit(j);
	assert_int_equal(count_files(p->dir, file), 1);
	assert_int_equal(stat(file, &first), 0);
	int before = open(file, O_RDWR | O_CLOEXEC);
	assert_true(before >= 0);

	do
		churn(j, A, &number, path, PATH);
	while (stat(file, &st) == 0 && st.st_ino == first.st_ino && number < 10000);
	/* one file still, under the same name, much smaller, and nobody else's to write */
	assert_int_not_equal(st.st_ino, first.st_ino);
	assert_int_equal(count_files(p->dir, again), 1);
	assert_string_equal(again, file);
	assert_true(st.st_size < 1 << 20);
	assert_int_equal(st.st_mode & 07777, 0600);

	/* the lock is on the new file, and no more on the old one */
	assert_int_equal(flock(before, LOCK_EX | LOCK_NB), 0);
	close(before);
	struct journal_file *files = open_files(p);
	assert_int_equal(files->fd, -1);
	journal_files_free(files);

	begin_item(j, A, 5); /* it is gone on with */
	journal_free(j);
	files = open_files(p);
	assert_null(files->next);
	assert_int_equal(files->content.bad_lines, 0);
	assert_int_equal(files->content.pid, getpid());
	assert_null(find_job(files, B));
	const struct saved_job *a = find_job(files, A), *c = find_job(files, C);
	assert_int_equal(a->done_items, 600);
	assert_int_equal(a->done_bytes, 1200);
	assert_int_equal(a->partials->number, 2);
	assert_string_equal(a->partials->token.text, "2~id");
	assert_int_equal(a->partials->ranges.done_count, 1);
	assert_int_equal(a->partials->next->number, 5);
	assert_null(a->partials->next->next);
	assert_true(c->is_cancelled && c->is_paused);
	assert_int_equal(c->order, 42);
	assert_int_equal(c->partials->number, 1);
	journal_files_free(files);
	parts_deinit(&ranges);
	loc_token_deinit(&token);
	strbuf_deinit(&text);
	free(path);
}

/* Lines come faster than the file can be looked through: they pass through it, none is lost. */
static void what_comes_during_a_rewrite_is_kept(void **state)
{
	enum { PATH = 60000, ITEMS = 1600 };
	const struct place *p = *state;
	char *path = s3t_alloc(PATH);
	memset(path, 'z', PATH);
	struct journal *j = journal_new(p->dir);
	begin_job(j, A);
	for (uint32_t i = 1; i <= ITEMS; i++) { /* 96 MiB, of which every 64th item stays */
		struct strbuf text;
		strbuf_init_cap(&text, SIZE_MAX / 4);
		add_begin(&text, A, i, sv_n(path, PATH));
		if (i % 64)
			record_gone(&text, A, i);
		journal_append(j, strbuf_view(&text));
		strbuf_deinit(&text);
	}
	journal_free(j);
	struct journal_file *files = open_files(p);
	assert_null(files->next);
	assert_int_equal(files->content.bad_lines, 0);
	size_t n = 0;
	for (const struct partial *q = find_job(files, A)->partials; q; q = q->next)
		n += q->number % 64 == 0;
	assert_int_equal(n, ITEMS / 64);
	journal_files_free(files);
	free(path);
}

/* Nothing of it goes, so it is not rewritten again and again. */
static void a_file_of_what_is_open_grows_in_peace(void **state)
{
	const struct place *p = *state;
	enum { PATH = 100000, ITEMS = 400 };
	char file[320], *path = s3t_alloc(PATH);
	memset(path, 'y', PATH);
	struct journal *j = journal_new(p->dir);
	begin_job(j, A);
	journal_commit(j);
	assert_int_equal(count_files(p->dir, file), 1);
	struct stat st;
	ino_t last = 0;
	unsigned rewritten = 0;
	for (uint32_t i = 1; i <= ITEMS; i++) {
		struct strbuf text;
		strbuf_init_cap(&text, SIZE_MAX / 4);
		add_begin(&text, A, i, sv_n(path, PATH));
		journal_append(j, strbuf_view(&text));
		strbuf_deinit(&text);
		if (i % 10)
			continue;
		journal_commit(j);
		assert_int_equal(stat(file, &st), 0);
		rewritten += last && st.st_ino != last;
		last = st.st_ino;
	}
	assert_in_range(rewritten, 2, 4); /* at 4, 8, 16 and 32 MiB */
	journal_free(j);
	struct journal_file *files = open_files(p);
	size_t n = 0;
	for (const struct partial *q = find_job(files, A)->partials; q; q = q->next)
		n++;
	assert_int_equal(n, ITEMS);
	journal_files_free(files);
	free(path);
}

#define IN_PLACE(test) cmocka_unit_test_setup_teardown(test, make_place, drop_place)

int main(void)
{
	const struct CMUnitTest tests[] = {
		IN_PLACE(a_journal_without_jobs_has_no_file),
		IN_PLACE(jobs_that_end_within_the_group_never_make_a_file),
		IN_PLACE(what_is_committed_is_on_disk_for_another_reader),
		IN_PLACE(without_a_commit_it_is_there_soon),
		IN_PLACE(the_file_goes_with_its_last_job),
		IN_PLACE(what_was_not_committed_is_written_at_the_end),
		IN_PLACE(groups_are_of_one_job_each),
		IN_PLACE(many_threads_write_whole_lines),
		IN_PLACE(a_living_process_keeps_its_jobs_and_a_dead_one_leaves_them),
		IN_PLACE(a_directory_that_is_not_there_has_no_journals),
		IN_PLACE(a_leftover_without_jobs_is_removed),
		IN_PLACE(an_unfinished_rewrite_is_no_journal),
		IN_PLACE(a_job_in_two_files_is_the_newer_ones),
		IN_PLACE(a_double_of_a_living_process_is_the_living_ones),
		IN_PLACE(jobs_are_taken_and_ended_one_by_one),
		IN_PLACE(a_file_stays_while_a_job_of_it_is_taken),
		IN_PLACE(a_torn_end_does_not_swallow_the_next_line),
		IN_PLACE(a_damaged_file_is_kept_and_told_of),
		IN_PLACE(files_that_others_may_write_are_ignored),
		IN_PLACE(what_is_no_file_of_this_user_is_ignored),
		IN_PLACE(what_cannot_be_written_is_told_once_and_stops_nobody),
		IN_PLACE(a_directory_that_is_a_file_is_told_too),
		IN_PLACE(a_file_that_has_grown_is_rewritten_with_what_is_open),
		IN_PLACE(what_comes_during_a_rewrite_is_kept),
		IN_PLACE(a_file_of_what_is_open_grows_in_peace),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
