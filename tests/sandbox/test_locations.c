/*
 * Places: what a local directory and an S3 bucket do as the source, the target and the listing of a
 * job, down to the bytes, names and modes that are left. The mount and the other user need root, as
 * CI has it; without root these tests fail and say so.
 */
#include "support/fixture.h"

#include "core/timeutil.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#define COUNT(array) (sizeof(array) / sizeof *(array))
#define FAST "[retry]\ninitial_delay = 0s\nmax_delay = 0s\n"
#define NOBODY 65534

/* --- a directory, without a server --- */

struct place {
	struct location *loc;
	struct loc_io io;
	int64_t moved; /* by progress */
	char dir[64];
};

static void count_progress(void *arg, int64_t bytes)
{
	((struct place *)arg)->moved += bytes;
}

static void place_start(struct place *p)
{
	*p = (struct place){.loc = location_local_new()};
	p->io = (struct loc_io){.progress = count_progress, .progress_arg = p};
	snprintf(p->dir, sizeof p->dir, "/tmp/s3tui-test-XXXXXX");
	assert_non_null(mkdtemp(p->dir));
}

static void remove_tree(const char *path)
{
	struct stat st;
	if (lstat(path, &st) == 0 && S_ISDIR(st.st_mode)) {
		DIR *dir = opendir(path);
		const struct dirent *e;
		while (dir && (e = readdir(dir))) {
			if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0)
				continue;
			char *name = s3t_asprintf("%s/%s", path, e->d_name);
			remove_tree(name);
			free(name);
		}
		if (dir)
			closedir(dir);
	}
	(void)remove(path);
}

static void place_stop(struct place *p)
{
	location_unref(p->loc);
	remove_tree(p->dir);
}

static char *below(const struct place *p, const char *name)
{
	return s3t_asprintf("%s/%s", p->dir, name);
}

static void make_dir(const struct place *p, const char *name)
{
	char *path = below(p, name);
	assert_int_equal(mkdir(path, 0755), 0);
	free(path);
}

static void make_file(const struct place *p, const char *name, const char *text)
{
	char *path = below(p, name);
	FILE *out = fopen(path, "wb");
	assert_non_null(out);
	assert_true(fputs(text, out) >= 0);
	assert_int_equal(fclose(out), 0);
	free(path);
}

static void make_link(const struct place *p, const char *name, const char *target)
{
	char *path = below(p, name);
	assert_int_equal(symlink(target, path), 0);
	free(path);
}

static struct stat look(const struct place *p, const char *name)
{
	struct stat st = {0};
	char *path = below(p, name);
	if (lstat(path, &st) != 0)
		st.st_mode = 0;
	free(path);
	return st;
}

static void assert_file(const struct place *p, const char *name, const char *expected)
{
	char buf[256] = "", *path = below(p, name);
	int fd = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	assert_true(fd >= 0);
	ssize_t n = read(fd, buf, sizeof buf - 1);
	close(fd);
	free(path);
	assert_true(n >= 0);
	assert_string_equal(buf, expected);
}

static size_t count_entries(const struct place *p, const char *name)
{
	size_t n = 0;
	char *path = below(p, name);
	DIR *dir = opendir(path);
	assert_non_null(dir);
	while (readdir(dir))
		n++;
	closedir(dir);
	free(path);
	return n - 2;
}

/* An unlinked file with that text, to send from. */
static int text_fd(const char *text)
{
	char name[] = "/tmp/s3tui-test-XXXXXX";
	int fd = mkostemp(name, O_CLOEXEC);
	assert_true(fd >= 0);
	assert_int_equal(unlink(name), 0);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	return fd;
}

static const struct loc_sink_spec plain = {.size = 4, .mtime_ns = TIME_UNKNOWN};

static enum s3t_rc begin(struct place *p, const char *rel, const struct loc_sink_spec *spec,
	struct loc_sink **sink, struct s3t_err *err)
{
	return p->loc->ops->sink_begin(p->loc, &p->io, sv(p->dir), sv(rel), spec, sink, err);
}

/* The whole way of one small file. */
static enum s3t_rc store(struct place *p, const char *rel, const char *text,
	const struct loc_sink_spec *spec, struct s3t_err *err)
{
	const struct location_ops *ops = p->loc->ops;
	struct loc_sink *sink;
	struct loc_sink_result result;
	enum s3t_rc rc = begin(p, rel, spec, &sink, err);
	if (rc != S3T_OK) {
		assert_null(sink);
		return rc;
	}
	int fd = text_fd(text);
	rc = ops->sink_part(
		sink, &p->io, 0, 0, &(struct byte_source){.fd = fd}, 0, strlen(text), err);
	close(fd);
	if (rc == S3T_OK)
		rc = ops->sink_commit(sink, &p->io, 1, &result, err);
	if (rc != S3T_OK)
		assert_int_equal(ops->sink_abort(sink, &p->io, NULL), S3T_OK);
	ops->sink_free(sink);
	return rc;
}

/* --- local target --- */

static void a_file_appears_under_its_name_only_when_it_is_whole(void **state)
{
	(void)state;
	struct place p;
	struct s3t_err err;
	struct loc_sink *sink;
	struct loc_sink_result result;
	place_start(&p);
	make_file(&p, "name", "old");
	struct loc_sink_spec spec = {.size = 8, .part_size = 4, .mtime_ns = TIME_UNKNOWN};
	assert_int_equal(begin(&p, "name", &spec, &sink, &err), S3T_OK);
	const struct location_ops *ops = p.loc->ops;
	int fd = text_fd("xx01234567");
	assert_int_equal(
		ops->sink_part(sink, &p.io, 1, 4, &(struct byte_source){.fd = fd}, 6, 4, &err),
		S3T_OK);
	assert_file(&p, "name", "old");
	assert_int_equal(count_entries(&p, "."), 2);
	DIR *dir = opendir(p.dir);
	const struct dirent *e;
	while ((e = readdir(dir))) {
		if (!strstr(e->d_name, ".s3tui-"))
			continue;
		assert_true(strncmp(e->d_name, ".name.s3tui-", 12) == 0);
		assert_int_equal(look(&p, e->d_name).st_mode, S_IFREG | 0600);
	}
	closedir(dir);
	assert_int_equal(
		ops->sink_part(sink, &p.io, 0, 0, &(struct byte_source){.fd = fd}, 2, 4, &err),
		S3T_OK);
	assert_int_equal(p.moved, 8);
	assert_int_equal(ops->sink_commit(sink, &p.io, 2, &result, &err), S3T_OK);
	assert_null(result.version_id);
	assert_file(&p, "name", "01234567");
	assert_int_equal(count_entries(&p, "."), 1);
	assert_int_equal(ops->sink_abort(sink, &p.io, &err), S3T_OK); /* too late: nothing */
	assert_file(&p, "name", "01234567");
	ops->sink_free(sink);
	close(fd);
	place_stop(&p);
}

static void an_aborted_file_leaves_nothing(void **state)
{
	(void)state;
	struct place p;
	struct s3t_err err;
	struct loc_sink *sink;
	place_start(&p);
	make_file(&p, "name", "old");
	assert_int_equal(begin(&p, "name", &plain, &sink, &err), S3T_OK);
	assert_true(p.loc->ops->sink_fd(sink) >= 0);
	assert_int_equal(p.loc->ops->sink_abort(sink, &p.io, &err), S3T_OK);
	assert_int_equal(p.loc->ops->sink_abort(sink, &p.io, &err), S3T_OK);
	p.loc->ops->sink_free(sink);
	p.loc->ops->sink_free(NULL);
	assert_file(&p, "name", "old");
	assert_int_equal(count_entries(&p, "."), 1);
	place_stop(&p);
}

static void modes_and_times_are_those_of_the_source(void **state)
{
	(void)state;
	struct place p;
	struct s3t_err err;
	mode_t before = umask(027);
	place_start(&p);
	static const struct {
		const char *name;
		unsigned mode;
		int64_t mtime_ns;
		mode_t expected;
		int64_t sec;
		long ns;
	} rows[] = {
		{"plain", 0, 1700000000123456789, 0640, 1700000000, 123456789},
		{"program", 0755, 1, 0750, 0, 1},
		{"closed", 0400, 0, 0400, 0, 0},
		{"no-setuid", 04755, -1, 0750, -1, 999999999},
		{"old", 0666, -1500000000, 0640, -2, 500000000},
	};
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct loc_sink_spec spec = {
			.size = 4, .mode = rows[i].mode, .mtime_ns = rows[i].mtime_ns};
		assert_int_equal(store(&p, rows[i].name, "text", &spec, &err), S3T_OK);
		struct stat st = look(&p, rows[i].name);
		assert_int_equal(st.st_mode, S_IFREG | rows[i].expected);
		assert_int_equal(st.st_mtim.tv_sec, rows[i].sec);
		assert_int_equal(st.st_mtim.tv_nsec, rows[i].ns);
	}
	int64_t start = time_wall_s();
	assert_int_equal(store(&p, "now", "text", &plain, &err), S3T_OK);
	assert_true(look(&p, "now").st_mtim.tv_sec >= start - 1);
	/* known only later */
	struct loc_sink *sink;
	struct loc_sink_result result;
	assert_int_equal(begin(&p, "later", &plain, &sink, &err), S3T_OK);
	p.loc->ops->sink_set_mtime(sink, 5 * NS_PER_S);
	assert_int_equal(p.loc->ops->sink_commit(sink, &p.io, 1, &result, &err), S3T_OK);
	p.loc->ops->sink_free(sink);
	assert_int_equal(look(&p, "later").st_mtim.tv_sec, 5);
	place_stop(&p);
	umask(before);
}

static void a_file_that_must_not_be_replaced_is_not(void **state)
{
	(void)state;
	struct place p;
	struct s3t_err err;
	struct loc_sink_spec spec = {.size = 4, .mtime_ns = TIME_UNKNOWN, .no_replace = true};
	place_start(&p);
	make_file(&p, "there", "old");
	make_link(&p, "dangling", "nowhere");
	assert_int_equal(store(&p, "there", "text", &spec, &err), S3T_EXISTS);
	assert_int_equal(store(&p, "dangling", "text", &spec, &err), S3T_EXISTS);
	assert_int_equal(store(&p, "new", "text", &spec, &err), S3T_OK);
	assert_file(&p, "there", "old");
	assert_file(&p, "new", "text");
	assert_int_equal(count_entries(&p, "."), 3);
	place_stop(&p);
}

static void directories_are_made_on_the_way(void **state)
{
	(void)state;
	struct place p;
	struct s3t_err err;
	place_start(&p);
	char *root = below(&p, "new/root");
	const struct location_ops *ops = p.loc->ops;
	struct loc_sink *sink;
	struct loc_sink_result result;
	assert_int_equal(
		ops->sink_begin(p.loc, &p.io, sv(root), SV("a/b/name"), &plain, &sink, &err),
		S3T_OK);
	assert_int_equal(ops->sink_commit(sink, &p.io, 1, &result, &err), S3T_OK);
	ops->sink_free(sink);
	assert_true(S_ISREG(look(&p, "new/root/a/b/name").st_mode));
	assert_int_equal(ops->mkdir(p.loc, &p.io, sv(root), SV("c/d/"), &err), S3T_OK);
	assert_int_equal(ops->mkdir(p.loc, &p.io, sv(root), SV("c/d/"), &err), S3T_OK);
	assert_true(S_ISDIR(look(&p, "new/root/c/d").st_mode));
	assert_int_equal(ops->mkdir(p.loc, &p.io, sv(root), SV("a/b/name"), &err), S3T_EXISTS);
	assert_int_equal(ops->mkdir(p.loc, &p.io, sv(root), SV("../x"), &err), S3T_REFUSED_NAME);
	assert_int_equal(look(&p, "new/x").st_mode, 0);
	free(root);
	place_stop(&p);
}

/* T3 */
static void names_that_lead_elsewhere_are_refused_before_anything_is_made(void **state)
{
	(void)state;
	static const struct strview names[] = {{"../evil", 7}, {"a/../../evil", 12}, {"/etc/x", 6},
		{"", 0}, {"..", 2}, {".", 1}, {"a//b", 4}, {"~/x", 3}, {"a\0b", 3}};
	struct place p;
	place_start(&p);
	make_dir(&p, "root");
	char *root = below(&p, "root");
	for (size_t i = 0; i < COUNT(names); i++) {
		struct s3t_err err;
		struct loc_sink *sink;
		assert_int_equal(p.loc->ops->sink_begin(
					 p.loc, &p.io, sv(root), names[i], &plain, &sink, &err),
			S3T_REFUSED_NAME);
		assert_null(sink);
		assert_true(err.message[0]);
	}
	assert_int_equal(count_entries(&p, "root"), 0);
	assert_int_equal(count_entries(&p, "."), 1);
	free(root);
	place_stop(&p);
}

/* T4 */
static void a_symlink_in_the_way_is_refused_and_not_followed(void **state)
{
	(void)state;
	struct place p;
	struct s3t_err err;
	place_start(&p);
	make_dir(&p, "outside");
	make_dir(&p, "root");
	make_dir(&p, "root/real");
	make_file(&p, "root/file", "old");
	make_link(&p, "root/link", "../outside");
	make_link(&p, "root/real/inner", "../../outside");
	make_link(&p, "root/same", "real");
	static const char *const names[] = {"root/link/x", "root/link/sub/x", "root/real/inner/x",
		"root/same/x", "root/file/x"};
	for (size_t i = 0; i < COUNT(names); i++) {
		assert_int_equal(store(&p, names[i], "text", &plain, &err), S3T_REFUSED_NAME);
		assert_non_null(strstr(err.message, "in the way"));
	}
	assert_int_equal(count_entries(&p, "outside"), 0);
	assert_int_equal(count_entries(&p, "root/real"), 1);
	/* the root itself is the person's choice */
	char *root = below(&p, "root/link");
	struct loc_sink *sink;
	struct loc_sink_result result;
	assert_int_equal(
		p.loc->ops->sink_begin(p.loc, &p.io, sv(root), SV("x"), &plain, &sink, &err),
		S3T_OK);
	assert_int_equal(p.loc->ops->sink_commit(sink, &p.io, 1, &result, &err), S3T_OK);
	p.loc->ops->sink_free(sink);
	assert_int_equal(count_entries(&p, "outside"), 1);
	free(root);
	place_stop(&p);
}

/* T4 */
static void a_symlink_under_the_name_is_replaced_and_not_written_through(void **state)
{
	(void)state;
	struct place p;
	struct s3t_err err;
	place_start(&p);
	make_file(&p, "precious", "old");
	make_link(&p, "name", "precious");
	assert_int_equal(store(&p, "name", "text", &plain, &err), S3T_OK);
	assert_file(&p, "precious", "old");
	assert_file(&p, "name", "text");
	place_stop(&p);
}

static void a_directory_under_the_name_stays(void **state)
{
	(void)state;
	struct place p;
	struct s3t_err err;
	place_start(&p);
	make_dir(&p, "name");
	make_file(&p, "name/inside", "old");
	assert_int_equal(store(&p, "name", "text", &plain, &err), S3T_EXISTS);
	assert_file(&p, "name/inside", "old");
	assert_int_equal(count_entries(&p, "."), 1);
	place_stop(&p);
}

static void the_longest_names_can_be_written(void **state)
{
	(void)state;
	struct place p;
	struct s3t_err err;
	char name[257];
	place_start(&p);
	memset(name, 'n', sizeof name);
	name[255] = '\0';
	assert_int_equal(store(&p, name, "text", &plain, &err), S3T_OK);
	assert_file(&p, name, "text");
	name[255] = 'n';
	name[256] = '\0';
	assert_int_equal(store(&p, name, "text", &plain, &err), S3T_REFUSED_NAME);
	assert_int_equal(count_entries(&p, "."), 1);
	place_stop(&p);
}

static void a_source_that_is_too_short_is_noticed(void **state)
{
	(void)state;
	struct place p;
	struct s3t_err err;
	struct loc_sink *sink;
	place_start(&p);
	assert_int_equal(begin(&p, "name", &plain, &sink, &err), S3T_OK);
	int fd = text_fd("abc");
	assert_int_equal(p.loc->ops->sink_part(
				 sink, &p.io, 0, 0, &(struct byte_source){.fd = fd}, 0, 4, &err),
		S3T_CHANGED);
	struct loc_io cancelled = {.cancel = cancel_new(NULL)};
	cancel_trigger(cancelled.cancel);
	assert_int_equal(p.loc->ops->sink_part(sink, &cancelled, 0, 0,
				 &(struct byte_source){.fd = fd}, 0, 3, &err),
		S3T_CANCELLED);
	cancel_free(cancelled.cancel);
	close(fd);
	assert_int_equal(p.loc->ops->sink_abort(sink, &p.io, &err), S3T_OK);
	p.loc->ops->sink_free(sink);
	assert_int_equal(count_entries(&p, "."), 0);
	place_stop(&p);
}

/* Puts a small file system under p->dir, which is reached by a descriptor: the mount itself is gone
 * at once, so that none is left by a test that fails. */
static int mount_small_disk(struct place *p)
{
	if (mount("none", p->dir, "tmpfs", 0, "size=256k") != 0)
		fail_msg("a tmpfs cannot be mounted, which needs root: errno %d", errno);
	int fd = open(p->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_int_equal(umount2(p->dir, MNT_DETACH), 0);
	assert_true(fd >= 0);
	assert_int_equal(rmdir(p->dir), 0);
	snprintf(p->dir, sizeof p->dir, "/proc/self/fd/%d", fd);
	return fd;
}

static void a_full_disk_is_told_early_and_leaves_nothing(void **state)
{
	(void)state;
	struct place p;
	struct s3t_err err;
	struct loc_sink *sink;
	place_start(&p);
	int disk = mount_small_disk(&p);
	struct loc_sink_spec large = {.size = 1 << 20, .mtime_ns = TIME_UNKNOWN};
	assert_int_equal(begin(&p, "large", &large, &sink, &err), S3T_NO_SPACE);
	assert_null(sink);
	assert_int_equal(count_entries(&p, "."), 0);

	/* a stream's length is not known */
	large.size = UINT64_MAX;
	assert_int_equal(begin(&p, "stream", &large, &sink, &err), S3T_OK);
	char *text = s3t_alloc((1 << 20) + 1);
	memset(text, 'x', 1 << 20);
	int fd = text_fd(text);
	assert_int_equal(p.loc->ops->sink_part(sink, &p.io, 0, 0, &(struct byte_source){.fd = fd},
				 0, 1 << 20, &err),
		S3T_NO_SPACE);
	assert_int_equal(err.sys_errno, ENOSPC);
	assert_int_equal(p.loc->ops->sink_abort(sink, &p.io, &err), S3T_OK);
	p.loc->ops->sink_free(sink);
	assert_int_equal(count_entries(&p, "."), 0);
	/* the others go on */
	assert_int_equal(store(&p, "small", "text", &plain, &err), S3T_OK);
	assert_file(&p, "small", "text");
	close(fd);
	free(text);
	location_unref(p.loc);
	close(disk);
}

/* Runs fn as somebody without rights, in a process of its own; what fn returns. */
static int as_nobody(int (*fn)(struct place *p), struct place *p)
{
	pid_t child = fork();
	assert_true(child >= 0);
	if (child == 0) {
		if (geteuid() == 0 && (setgid(NOBODY) != 0 || setuid(NOBODY) != 0))
			_exit(100);
		_exit(fn(p));
	}
	int status;
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

static int write_where_it_is_forbidden(struct place *p)
{
	struct s3t_err err;
	struct loc_sink *sink;
	if (begin(p, "closed/name", &plain, &sink, &err) != S3T_DENIED || sink)
		return 1;
	if (begin(p, "closed/sub/name", &plain, &sink, &err) != S3T_DENIED || sink)
		return 2;
	if (p->loc->ops->mkdir(p->loc, &p->io, sv(p->dir), SV("closed/sub"), &err) != S3T_DENIED)
		return 3;
	if (err.sys_errno != EACCES)
		return 4;
	return 0;
}

static void a_directory_without_rights_is_said_to_be_one(void **state)
{
	(void)state;
	struct place p;
	place_start(&p);
	assert_int_equal(chmod(p.dir, 0755), 0);
	make_dir(&p, "closed");
	char *closed = below(&p, "closed");
	assert_int_equal(chmod(closed, 0555), 0);
	assert_int_equal(as_nobody(write_where_it_is_forbidden, &p), 0);
	assert_int_equal(count_entries(&p, "closed"), 0);
	assert_int_equal(chmod(closed, 0755), 0);
	free(closed);
	place_stop(&p);
}

struct committer {
	struct place *p;
	atomic_bool is_done;
	bool ok;
};

static void *commit_often(void *arg)
{
	struct committer *c = arg;
	struct loc_io io = {0};
	const struct location_ops *ops = c->p->loc->ops;
	c->ok = true;
	for (int i = 0; i < 4000 && c->ok; i++) {
		struct loc_sink *sink;
		struct loc_sink_result result;
		struct loc_sink_spec spec = {.size = UINT64_MAX, .mtime_ns = TIME_UNKNOWN};
		c->ok = ops->sink_begin(c->p->loc, &io, sv(c->p->dir), SV("file"), &spec, &sink,
				NULL) == S3T_OK &&
			ops->sink_commit(sink, &io, 1, &result, NULL) == S3T_OK;
		if (c->ok)
			ops->sink_free(sink);
	}
	atomic_store(&c->is_done, true);
	return NULL;
}

/* The umask belongs to the process: who changes it, even shortly, changes it for all threads. */
static void directories_made_meanwhile_obey_the_umask(void **state)
{
	(void)state;
	struct place p;
	struct s3t_err err;
	pthread_t thread;
	mode_t before = umask(022);
	place_start(&p);
	make_dir(&p, "tree");
	char *tree = below(&p, "tree");
	struct committer c = {.p = &p};
	atomic_init(&c.is_done, false);
	assert_int_equal(pthread_create(&thread, NULL, commit_often, &c), 0);
	unsigned wrong = 0;
	while (!atomic_load(&c.is_done)) {
		if (p.loc->ops->mkdir(p.loc, &p.io, sv(tree), SV("d"), &err) == S3T_OK)
			wrong |= look(&p, "tree/d").st_mode & 022;
		char *d = below(&p, "tree/d");
		(void)rmdir(d);
		free(d);
	}
	pthread_join(thread, NULL);
	free(tree);
	place_stop(&p);
	umask(before);
	assert_true(c.ok);
	assert_int_equal(wrong, 0);
}

/* --- local source --- */

static bool collect(void *arg, const char *data, size_t n)
{
	strbuf_add(arg, data, n);
	return true;
}

static void a_local_source_is_read_and_checked(void **state)
{
	(void)state;
	struct place p;
	struct s3t_err err;
	struct loc_source *s = NULL;
	struct loc_stat st;
	struct loc_facts facts;
	struct strbuf data;
	strbuf_init(&data);
	place_start(&p);
	make_file(&p, "name", "0123456789");
	char *path = below(&p, "name");
	struct timespec times[2] = {{.tv_nsec = UTIME_OMIT}, {.tv_sec = 5, .tv_nsec = 7}};
	assert_int_equal(utimensat(AT_FDCWD, path, times, 0), 0);
	const struct location_ops *ops = p.loc->ops;
	assert_int_equal(ops->stat(p.loc, &p.io, sv(path), &st, &err), S3T_OK);
	assert_int_equal(st.kind, ENTRY_FILE);
	assert_int_equal(st.size, 10);
	assert_int_equal(st.mtime_ns, 5 * NS_PER_S + 7);
	assert_int_equal(ops->source_open(p.loc, &p.io, sv(path), &st, &s, &err), S3T_OK);
	assert_true(ops->source_fd(s) >= 0);
	assert_int_equal(ops->source_read(s, &p.io, 3, 4, collect, &data, &err), S3T_OK);
	assert_string_equal(data.data, "3456");
	strbuf_reset(&data);
	assert_int_equal(ops->source_read(s, &p.io, 3, UINT64_MAX, collect, &data, &err), S3T_OK);
	assert_string_equal(data.data, "3456789");
	assert_int_equal(ops->source_read(s, &p.io, 3, 8, collect, &data, &err), S3T_CHANGED);
	ops->source_facts(s, &facts);
	assert_int_equal(facts.mtime_ns, 5 * NS_PER_S + 7);
	assert_int_equal(ops->source_check(s, &err), S3T_OK);
	make_file(&p, "name", "0123456780");
	assert_int_equal(ops->source_check(s, &err), S3T_CHANGED);
	ops->source_close(s);
	ops->source_close(NULL);
	loc_stat_deinit(&st);
	free(path);
	strbuf_deinit(&data);
	place_stop(&p);
}

static void what_is_not_the_listed_file_is_not_read(void **state)
{
	(void)state;
	struct place p;
	struct s3t_err err;
	place_start(&p);
	const struct location_ops *ops = p.loc->ops;
	make_file(&p, "name", "0123456789");
	make_dir(&p, "dir");
	char *fifo = below(&p, "fifo"), *name = below(&p, "name"), *gone = below(&p, "gone");
	char *dir = below(&p, "dir");
	assert_int_equal(mkfifo(fifo, 0600), 0);
	struct loc_stat listed = {.kind = ENTRY_FILE, .size = 11};
	char *const paths[] = {fifo, name, dir};
	for (size_t i = 0; i < COUNT(paths); i++) {
		struct loc_source *s = NULL;
		assert_int_equal(ops->source_open(p.loc, &p.io, sv(paths[i]), &listed, &s, &err),
			S3T_CHANGED);
		ops->source_close(s);
	}
	struct loc_source *s = NULL;
	assert_int_equal(
		ops->source_open(p.loc, &p.io, sv(gone), &listed, &s, &err), S3T_NOT_FOUND);
	assert_null(s);
	free(fifo);
	free(name);
	free(gone);
	free(dir);
	place_stop(&p);
}

/* --- local listing --- */

struct listed {
	struct strbuf text;     /* "name:kind " in order of name */
	struct strbuf problems; /* names */
	enum s3t_rc problem_rc;
};

static void note_problem(void *arg, struct strview rel, const struct s3t_err *why)
{
	struct listed *l = arg;
	strbuf_add_sv(&l->problems, rel);
	strbuf_add_char(&l->problems, ' ');
	l->problem_rc = why->rc;
}

static int by_text(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static enum s3t_rc list(struct location *loc, const struct loc_io *io, const char *dir,
	unsigned flags, struct listed *out, struct s3t_err *err)
{
	static const char kinds[] = "fdblo";
	char *names[3000];
	size_t count = 0;
	strbuf_init(&out->text);
	strbuf_init(&out->problems);
	out->problem_rc = S3T_OK;
	struct loc_list *l = loc->ops->list_new(loc, sv(dir), flags, note_problem, out);
	enum s3t_rc rc = S3T_OK;
	for (bool done = false; !done && rc == S3T_OK;) {
		struct entry_page *page;
		rc = loc->ops->list_next(l, io, &page, &done, err);
		assert_true((rc == S3T_OK) == (page != NULL));
		for (uint32_t i = 0; page && i < page->count; i++) {
			struct strview name = entry_name(page, &page->entries[i]);
			assert_true(count < COUNT(names));
			names[count++] = s3t_asprintf(
				"%.*s:%c ", (int)name.len, name.data, kinds[page->entries[i].kind]);
		}
		entry_page_free(page);
	}
	loc->ops->list_free(l);
	qsort(names, count, sizeof *names, by_text);
	for (size_t i = 0; i < count; i++) {
		strbuf_add_str(&out->text, names[i]);
		free(names[i]);
	}
	return rc;
}

static void listed_free(struct listed *l)
{
	strbuf_deinit(&l->text);
	strbuf_deinit(&l->problems);
}

static void assert_listing(
	struct place *p, unsigned flags, const char *expected, const char *problems)
{
	struct listed l;
	struct s3t_err err;
	assert_int_equal(list(p->loc, &p->io, p->dir, flags, &l, &err), S3T_OK);
	assert_string_equal(l.text.data, expected);
	assert_string_equal(l.problems.data, problems);
	listed_free(&l);
}

static void a_tree_is_listed_with_its_links_and_specials(void **state)
{
	(void)state;
	struct place p;
	place_start(&p);
	make_dir(&p, "a");
	make_dir(&p, "a/deep");
	make_dir(&p, "empty");
	make_file(&p, "a/deep/file", "text");
	make_file(&p, "top", "text");
	make_link(&p, "to-file", "top");
	make_link(&p, "to-dir", "a");
	make_link(&p, "to-nothing", "nowhere");
	make_link(&p, "to-itself", "to-itself");
	char *fifo = below(&p, "a/fifo");
	assert_int_equal(mkfifo(fifo, 0600), 0);
	free(fifo);
	assert_listing(&p, 0, "a:d empty:d to-dir:d to-file:f to-itself:l to-nothing:l top:f ", "");
	assert_listing(&p, LOC_LIST_RECURSIVE,
		"a/deep/file:f a/fifo:o empty/:d to-dir:l to-file:f to-itself:l to-nothing:l "
		"top:f ",
		"");
	assert_listing(&p, LOC_LIST_RECURSIVE | LOC_LIST_FOLLOW,
		"a/deep/file:f a/fifo:o empty/:d to-dir/deep/file:f to-dir/fifo:o to-file:f "
		"to-itself:l to-nothing:l top:f ",
		"");
	place_stop(&p);
}

static void loops_of_followed_links_are_found(void **state)
{
	(void)state;
	struct place p;
	struct listed l;
	struct s3t_err err;
	place_start(&p);
	make_dir(&p, "a");
	make_dir(&p, "a/b");
	make_dir(&p, "c");
	make_file(&p, "a/b/file", "text");
	make_link(&p, "a/b/up", "..");
	make_link(&p, "a/b/top", "../..");
	make_link(&p, "c/again", "../a/b"); /* twice, but no loop */
	assert_int_equal(
		list(p.loc, &p.io, p.dir, LOC_LIST_RECURSIVE | LOC_LIST_FOLLOW, &l, &err), S3T_OK);
	assert_non_null(strstr(l.text.data, "a/b/file:f "));
	assert_non_null(strstr(l.text.data, "c/again/file:f "));
	assert_non_null(strstr(l.problems.data, "a/b/up/ "));
	assert_non_null(strstr(l.problems.data, "a/b/top/ "));
	assert_int_equal(l.problem_rc, S3T_REFUSED_NAME);
	assert_true(l.text.len < 400);
	listed_free(&l);
	place_stop(&p);
}

static int list_with_a_closed_directory(struct place *p)
{
	struct listed l;
	struct s3t_err err;
	if (list(p->loc, &p->io, p->dir, LOC_LIST_RECURSIVE, &l, &err) != S3T_OK)
		return 1;
	if (strcmp(l.text.data, "open/file:f top:f ") != 0)
		return 2;
	if (strcmp(l.problems.data, "closed/ ") != 0 || l.problem_rc != S3T_DENIED)
		return 3;
	char *closed = below(p, "closed");
	struct listed top;
	if (list(p->loc, &p->io, closed, 0, &top, &err) != S3T_DENIED)
		return 4;
	listed_free(&top);
	listed_free(&l);
	free(closed);
	return 0;
}

static void an_unreadable_directory_is_a_problem_and_the_rest_goes_on(void **state)
{
	(void)state;
	struct place p;
	place_start(&p);
	assert_int_equal(chmod(p.dir, 0755), 0);
	make_dir(&p, "closed");
	make_dir(&p, "open");
	make_file(&p, "closed/hidden", "text");
	make_file(&p, "open/file", "text");
	make_file(&p, "top", "text");
	char *closed = below(&p, "closed");
	assert_int_equal(chmod(closed, 0000), 0);
	assert_int_equal(as_nobody(list_with_a_closed_directory, &p), 0);
	assert_int_equal(chmod(closed, 0755), 0);
	free(closed);
	place_stop(&p);
}

static void a_listing_of_nothing_says_why(void **state)
{
	(void)state;
	struct place p;
	struct s3t_err err;
	struct listed l;
	place_start(&p);
	make_file(&p, "file", "text");
	char *gone = below(&p, "gone"), *file = below(&p, "file");
	assert_int_equal(list(p.loc, &p.io, gone, 0, &l, &err), S3T_NOT_FOUND);
	assert_non_null(strstr(err.message, gone));
	listed_free(&l);
	assert_int_equal(list(p.loc, &p.io, file, LOC_LIST_RECURSIVE, &l, &err), S3T_NOT_FOUND);
	listed_free(&l);
	struct loc_io cancelled = {.cancel = cancel_new(NULL)};
	cancel_trigger(cancelled.cancel);
	assert_int_equal(list(p.loc, &cancelled, p.dir, 0, &l, &err), S3T_CANCELLED);
	listed_free(&l);
	cancel_free(cancelled.cancel);
	free(gone);
	free(file);
	place_stop(&p);
}

static void a_large_directory_comes_in_pages(void **state)
{
	(void)state;
	struct place p;
	struct s3t_err err;
	char name[16];
	place_start(&p);
	for (int i = 0; i < 2345; i++) {
		snprintf(name, sizeof name, "f%04d", i);
		make_file(&p, name, "");
	}
	struct loc_list *l = p.loc->ops->list_new(p.loc, sv(p.dir), 0, NULL, NULL);
	size_t count = 0, pages = 0;
	for (bool done = false; !done; pages++) {
		struct entry_page *page;
		assert_int_equal(p.loc->ops->list_next(l, &p.io, &page, &done, &err), S3T_OK);
		assert_true(page->count <= 1000);
		count += page->count;
		entry_page_free(page);
	}
	p.loc->ops->list_free(l);
	assert_int_equal(count, 2345);
	assert_true(pages >= 3);
	place_stop(&p);
}

/* --- local removal --- */

static void count_failure(void *arg, size_t index, const struct s3t_err *why)
{
	size_t *failed = arg;
	failed[0]++;
	failed[1] = index;
	assert_true(why->message[0]);
}

static void files_are_removed_and_links_not_followed(void **state)
{
	(void)state;
	struct place p;
	struct s3t_err err;
	size_t failed[2] = {0};
	place_start(&p);
	make_dir(&p, "outside");
	make_file(&p, "outside/precious", "text");
	make_dir(&p, "tree");
	make_dir(&p, "tree/empty");
	make_dir(&p, "tree/empty/er");
	make_dir(&p, "tree/full");
	make_file(&p, "tree/full/file", "text");
	make_file(&p, "tree/file", "text");
	make_link(&p, "tree/link", "../outside");
	char *const paths[] = {below(&p, "tree/link"), below(&p, "tree/file"),
		below(&p, "tree/gone"), below(&p, "tree/full/"), below(&p, "tree/")};
	struct strview views[COUNT(paths)];
	for (size_t i = 0; i < COUNT(paths); i++)
		views[i] = sv(paths[i]);
	const struct location_ops *ops = p.loc->ops;
	assert_int_equal(ops->remove(p.loc, &p.io, views, 4, count_failure, failed, &err), S3T_OK);
	assert_int_equal(failed[0], 1); /* a directory that is not empty */
	assert_int_equal(failed[1], 3);
	assert_file(&p, "outside/precious", "text");
	make_link(&p, "tree/link", "../outside");
	assert_int_equal(ops->prune(p.loc, &p.io, views[4], &err), S3T_OK);
	assert_int_equal(look(&p, "tree/empty").st_mode, 0);
	assert_file(&p, "tree/full/file", "text");
	assert_file(&p, "outside/precious", "text");
	for (size_t i = 0; i < COUNT(paths); i++)
		free(paths[i]);
	place_stop(&p);
}

/* --- S3 target --- */

struct upload {
	struct fixture f;
	struct loc_io io;
	int64_t moved;
};

static void count_upload(void *arg, int64_t bytes)
{
	((struct upload *)arg)->moved += bytes;
}

static void upload_start(struct upload *u)
{
	static const struct sandbox_options small = {.min_part_bytes = 1};
	*u = (struct upload){0};
	fixture_start(&u->f, &small, FAST);
	u->io = (struct loc_io){.conn = u->f.conn, .progress = count_upload, .progress_arg = u};
}

static enum s3t_rc begin_upload(struct upload *u, const char *rel, const struct loc_sink_spec *spec,
	struct loc_sink **sink, struct s3t_err *err)
{
	return u->f.s3->ops->sink_begin(
		u->f.s3, &u->io, SV(SANDBOX_BUCKET "/p/"), sv(rel), spec, sink, err);
}

static void assert_object(struct upload *u, const char *key, const char *expected)
{
	struct strbuf data;
	strbuf_init(&data);
	assert_int_equal(sandbox_get(u->f.server, SANDBOX_BUCKET, sv(key), &data, NULL), S3T_OK);
	assert_string_equal(data.data, expected);
	strbuf_deinit(&data);
}

static void assert_header(struct upload *u, const char *key, const char *name, const char *expected)
{
	struct strbuf value;
	strbuf_init(&value);
	assert_int_equal(
		sandbox_get_header(u->f.server, SANDBOX_BUCKET, sv(key), name, &value, NULL),
		S3T_OK);
	assert_string_equal(value.data, expected);
	strbuf_deinit(&value);
}

static void one_piece_is_one_signed_put(void **state)
{
	(void)state;
	struct upload u;
	struct s3t_err err;
	struct loc_sink *sink;
	struct loc_sink_result result;
	upload_start(&u);
	const struct location_ops *ops = u.f.s3->ops;
	struct loc_sink_spec spec = {.size = 4,
		.mtime_ns = 1700000000500000000,
		.content_type = "text/x",
		.storage_class = "GLACIER_IR",
		.metadata = SV("colour: red\n"),
		.prove = true};
	int fd = text_fd("..text..");
	assert_int_equal(begin_upload(&u, "one \xc3\xa9+%41", &spec, &sink, &err), S3T_OK);
	assert_int_equal(ops->sink_fd(sink), -1);
	assert_int_equal(sandbox_request_count(u.f.server, NULL), 0);
	assert_int_equal(
		ops->sink_part(sink, &u.io, 0, 0, &(struct byte_source){.fd = fd}, 2, 4, &err),
		S3T_OK);
	assert_int_equal(ops->sink_commit(sink, &u.io, 1, &result, &err), S3T_OK);
	assert_string_equal(result.etag, "1cb251ec0d568de6a929b520c4aed8d1");
	assert_string_equal(result.proof, "signed SHA-256");
	assert_null(result.version_id);
	ops->sink_free(sink);
	assert_int_equal(u.moved, 4);
	assert_int_equal(sandbox_request_count(u.f.server, NULL), 1);
	assert_object(&u, "p/one \xc3\xa9+%41", "text");
	assert_header(&u, "p/one \xc3\xa9+%41", "content-type", "text/x");
	assert_header(&u, "p/one \xc3\xa9+%41", "x-amz-storage-class", "GLACIER_IR");
	assert_header(&u, "p/one \xc3\xa9+%41", "x-amz-meta-colour", "red");
	assert_header(&u, "p/one \xc3\xa9+%41", "x-amz-meta-mtime", "1700000000.500000000");

	/* an empty object is a piece too, and a time that comes late is still in time */
	spec.size = 0;
	assert_int_equal(begin_upload(&u, "empty", &spec, &sink, &err), S3T_OK);
	ops->sink_set_mtime(sink, 3 * NS_PER_S);
	assert_int_equal(
		ops->sink_part(sink, &u.io, 0, 0, &(struct byte_source){.fd = fd}, 0, 0, &err),
		S3T_OK);
	assert_int_equal(ops->sink_commit(sink, &u.io, 1, &result, &err), S3T_OK);
	ops->sink_free(sink);
	assert_object(&u, "p/empty", "");
	assert_header(&u, "p/empty", "x-amz-meta-mtime", "3.000000000");
	close(fd);
	fixture_stop(&u.f);
}

static const struct loc_sink_spec in_parts = {.size = 10,
	.part_size = 4,
	.part_count = 3,
	.mtime_ns = 5000000000,
	.content_type = "text/x",
	.prove = true};

static enum s3t_rc send_three(struct upload *u, struct loc_sink *sink, int fd, struct s3t_err *err)
{
	static const uint32_t order[] = {2, 0, 1};
	enum s3t_rc rc = S3T_OK;
	for (size_t i = 0; i < COUNT(order) && rc == S3T_OK; i++) {
		uint64_t at = order[i] * 4, len = order[i] == 2 ? 2 : 4;
		rc = u->f.s3->ops->sink_part(
			sink, &u->io, order[i], at, &(struct byte_source){.fd = fd}, at, len, err);
	}
	return rc;
}

static void parts_are_proven_by_their_etags(void **state)
{
	(void)state;
	struct upload u;
	struct s3t_err err;
	struct loc_sink *sink;
	struct loc_sink_result result;
	upload_start(&u);
	const struct location_ops *ops = u.f.s3->ops;
	int fd = text_fd("0123456789");
	assert_int_equal(s3_client_etag_rule(u.f.client), ETAG_UNKNOWN);
	for (int round = 0; round < 2; round++) { /* signed at first, then by what was learned */
		assert_int_equal(begin_upload(&u, "parts", &in_parts, &sink, &err), S3T_OK);
		assert_int_equal(sandbox_upload_count(u.f.server), 1);
		assert_int_equal(send_three(&u, sink, fd, &err), S3T_OK);
		assert_int_equal(ops->sink_commit(sink, &u.io, 3, &result, &err), S3T_OK);
		assert_string_equal(result.proof, "part MD5 = ETag");
		assert_non_null(strstr(result.etag, "-3"));
		assert_int_equal(ops->sink_abort(sink, &u.io, &err), S3T_OK);
		ops->sink_free(sink);
		assert_object(&u, "p/parts", "0123456789");
		assert_header(&u, "p/parts", "x-amz-meta-part-size", "4");
		assert_header(&u, "p/parts", "x-amz-meta-mtime", "5.000000000");
		assert_int_equal(s3_client_etag_rule(u.f.client), ETAG_MD5);
	}
	assert_int_equal(u.moved, 20);
	assert_int_equal(sandbox_upload_count(u.f.server), 0);
	close(fd);
	fixture_stop(&u.f);
}

static void a_part_whose_etag_is_wrong_goes_again_and_then_fails(void **state)
{
	(void)state;
	struct upload u;
	struct s3t_err err;
	struct loc_sink *sink;
	struct loc_sink_result result;
	struct sandbox_fault wrong = {
		.kind = SANDBOX_FAULT_WRONG_ETAG, .method = "PUT", .target = "partNumber=2"};
	upload_start(&u);
	const struct location_ops *ops = u.f.s3->ops;
	int fd = text_fd("0123456789");
	s3_client_learn_etag_rule(u.f.client, ETAG_MD5);
	sandbox_fault(u.f.server, &wrong);
	assert_int_equal(begin_upload(&u, "parts", &in_parts, &sink, &err), S3T_OK);
	assert_int_equal(send_three(&u, sink, fd, &err), S3T_OK);
	assert_int_equal(sandbox_part_count(u.f.server), 4);
	assert_int_equal(u.moved, 10); /* what was sent in vain is taken back */
	assert_int_equal(ops->sink_commit(sink, &u.io, 3, &result, &err), S3T_OK);
	ops->sink_free(sink);
	assert_object(&u, "p/parts", "0123456789");

	wrong.times = SANDBOX_FOREVER;
	u.moved = 0;
	sandbox_fault(u.f.server, &wrong);
	assert_int_equal(begin_upload(&u, "never", &in_parts, &sink, &err), S3T_OK);
	assert_int_equal(send_three(&u, sink, fd, &err), S3T_MISMATCH);
	assert_int_equal(u.moved, 6);
	assert_int_equal(ops->sink_abort(sink, &u.io, &err), S3T_OK);
	assert_int_equal(ops->sink_abort(sink, &u.io, &err), S3T_OK);
	ops->sink_free(sink);
	assert_int_equal(sandbox_upload_count(u.f.server), 0);
	assert_false(fixture_has_key(&u.f, "p/never"));
	close(fd);
	fixture_stop(&u.f);
}

static void where_etags_are_opaque_parts_are_signed(void **state)
{
	(void)state;
	struct upload u;
	struct s3t_err err;
	struct loc_sink *sink;
	struct loc_sink_result result;
	struct sandbox_fault wrong = {.kind = SANDBOX_FAULT_WRONG_ETAG,
		.method = "PUT",
		.target = "partNumber=3",
		.times = 1};
	upload_start(&u);
	int fd = text_fd("0123456789");
	sandbox_fault(u.f.server, &wrong); /* the first part that is sent */
	assert_int_equal(begin_upload(&u, "parts", &in_parts, &sink, &err), S3T_OK);
	assert_int_equal(send_three(&u, sink, fd, &err), S3T_OK);
	assert_int_equal(s3_client_etag_rule(u.f.client), ETAG_OPAQUE);
	assert_int_equal(sandbox_part_count(u.f.server), 3);
	assert_int_equal(u.f.s3->ops->sink_abort(sink, &u.io, &err), S3T_OK);
	u.f.s3->ops->sink_free(sink);
	assert_int_equal(begin_upload(&u, "parts", &in_parts, &sink, &err), S3T_OK);
	assert_int_equal(send_three(&u, sink, fd, &err), S3T_OK);
	assert_int_equal(u.f.s3->ops->sink_commit(sink, &u.io, 3, &result, &err), S3T_OK);
	assert_object(&u, "p/parts", "0123456789");
	u.f.s3->ops->sink_free(sink);
	close(fd);
	fixture_stop(&u.f);
}

static void an_unknown_length_has_as_many_parts_as_there_are(void **state)
{
	(void)state;
	struct upload u;
	struct s3t_err err;
	struct loc_sink *sink;
	struct loc_sink_result result;
	struct loc_sink_spec spec = {.size = UINT64_MAX,
		.part_size = 4,
		.part_count = 2,
		.mtime_ns = TIME_UNKNOWN,
		.prove = true};
	upload_start(&u);
	int fd = text_fd("0123456789");
	const struct location_ops *ops = u.f.s3->ops;
	assert_int_equal(begin_upload(&u, "stream", &spec, &sink, &err), S3T_OK);
	assert_int_equal(
		ops->sink_part(sink, &u.io, 0, 0, &(struct byte_source){.fd = fd}, 0, 7, &err),
		S3T_OK);
	assert_int_equal(
		ops->sink_part(sink, &u.io, 2, 7, &(struct byte_source){.fd = fd}, 7, 1, &err),
		S3T_INVALID);
	assert_int_equal(ops->sink_commit(sink, &u.io, 1, &result, &err), S3T_OK);
	ops->sink_free(sink);
	assert_object(&u, "p/stream", "0123456");
	close(fd);
	fixture_stop(&u.f);
}

static void a_failed_part_leaves_an_upload_that_can_be_aborted(void **state)
{
	(void)state;
	struct upload u;
	struct s3t_err err;
	struct loc_sink *sink;
	struct sandbox_fault deny = {.kind = SANDBOX_FAULT_ANSWER,
		.method = "PUT",
		.times = SANDBOX_FOREVER,
		.status = 403,
		.code = "AccessDenied"};
	upload_start(&u);
	int fd = text_fd("0123456789");
	sandbox_fault(u.f.server, &deny);
	assert_int_equal(begin_upload(&u, "parts", &in_parts, &sink, &err), S3T_OK);
	assert_int_equal(send_three(&u, sink, fd, &err), S3T_DENIED);
	assert_int_equal(u.moved, 0);
	assert_int_equal(u.f.s3->ops->sink_abort(sink, &u.io, &err), S3T_OK);
	u.f.s3->ops->sink_free(sink);
	assert_int_equal(sandbox_upload_count(u.f.server), 0);

	struct loc_sink_spec one = {.size = 10, .mtime_ns = TIME_UNKNOWN, .prove = true};
	assert_int_equal(begin_upload(&u, "one", &one, &sink, &err), S3T_OK);
	assert_int_equal(u.f.s3->ops->sink_part(
				 sink, &u.io, 0, 0, &(struct byte_source){.fd = fd}, 0, 10, &err),
		S3T_DENIED);
	assert_int_equal(u.moved, 0);
	u.f.s3->ops->sink_free(sink);
	close(fd);
	fixture_stop(&u.f);
}

static void a_file_that_shrinks_is_not_uploaded(void **state)
{
	(void)state;
	static const bool proves[] = {true, false};
	for (size_t i = 0; i < COUNT(proves); i++) {
		struct upload u;
		struct s3t_err err;
		struct loc_sink *sink;
		struct loc_sink_spec spec = {
			.size = 20, .mtime_ns = TIME_UNKNOWN, .prove = proves[i]};
		upload_start(&u);
		int fd = text_fd("0123456789");
		assert_int_equal(begin_upload(&u, "k", &spec, &sink, &err), S3T_OK);
		assert_int_equal(u.f.s3->ops->sink_part(sink, &u.io, 0, 0,
					 &(struct byte_source){.fd = fd}, 0, 20, &err),
			S3T_CHANGED);
		u.f.s3->ops->sink_free(sink);
		assert_int_equal(u.moved, 0);
		assert_false(fixture_has_key(&u.f, "p/k"));
		close(fd);
		fixture_stop(&u.f);
	}
}

static void an_object_that_must_not_be_replaced_is_not(void **state)
{
	(void)state;
	struct upload u;
	struct s3t_err err;
	struct loc_sink *sink;
	struct loc_sink_result result;
	upload_start(&u);
	const struct location_ops *ops = u.f.s3->ops;
	int fd = text_fd("0123456789");
	fixture_put(&u.f, "p/there", "old");
	struct loc_sink_spec spec = {
		.size = 10, .mtime_ns = TIME_UNKNOWN, .no_replace = true, .prove = true};
	assert_int_equal(begin_upload(&u, "there", &spec, &sink, &err), S3T_OK);
	assert_int_equal(
		ops->sink_part(sink, &u.io, 0, 0, &(struct byte_source){.fd = fd}, 0, 10, &err),
		S3T_EXISTS);
	ops->sink_free(sink);
	spec.part_size = 4;
	spec.part_count = 3;
	assert_int_equal(begin_upload(&u, "there", &spec, &sink, &err), S3T_OK);
	assert_int_equal(send_three(&u, sink, fd, &err), S3T_OK);
	assert_int_equal(ops->sink_commit(sink, &u.io, 3, &result, &err), S3T_EXISTS);
	assert_int_equal(ops->sink_abort(sink, &u.io, &err), S3T_OK);
	ops->sink_free(sink);
	assert_object(&u, "p/there", "old");
	assert_int_equal(sandbox_upload_count(u.f.server), 0);
	/* a prefix of that name is no object of that name */
	fixture_put(&u.f, "p/dir/x", "old");
	assert_int_equal(begin_upload(&u, "dir", &spec, &sink, &err), S3T_OK);
	assert_int_equal(send_three(&u, sink, fd, &err), S3T_OK);
	assert_int_equal(ops->sink_commit(sink, &u.io, 3, &result, &err), S3T_OK);
	ops->sink_free(sink);
	close(fd);
	fixture_stop(&u.f);
}

static void keys_that_s3_does_not_take_are_refused_before_sending(void **state)
{
	(void)state;
	struct upload u;
	struct s3t_err err;
	struct loc_sink *sink;
	char key[1030];
	upload_start(&u);
	memset(key, 'k', sizeof key);
	key[1023] = '\0'; /* with "p/" 1,025 */
	assert_int_equal(begin_upload(&u, key, &plain, &sink, &err), S3T_REFUSED_NAME);
	assert_null(sink);
	assert_int_equal(begin_upload(&u, "not-utf8-\xff", &plain, &sink, &err), S3T_REFUSED_NAME);
	assert_null(sink);
	assert_int_equal(
		u.f.s3->ops->sink_begin(u.f.s3, &u.io, SV(""), SV("b"), &plain, &sink, &err),
		S3T_INVALID);
	assert_null(sink);
	assert_int_equal(sandbox_request_count(u.f.server, NULL), 0);
	key[1022] = '\0';
	assert_int_equal(begin_upload(&u, key, &plain, &sink, &err), S3T_OK);
	u.f.s3->ops->sink_free(sink);
	fixture_stop(&u.f);
}

/* --- S3 as a place --- */

static void what_an_s3_path_is_can_be_asked(void **state)
{
	(void)state;
	static const struct {
		const char *path;
		enum s3t_rc rc;
		enum entry_kind kind;
		uint64_t size;
	} rows[] = {
		{"", S3T_OK, ENTRY_DIR, 0},
		{"demo", S3T_OK, ENTRY_DIR, 0},
		{"demo/", S3T_OK, ENTRY_DIR, 0},
		{"demo/dir", S3T_OK, ENTRY_DIR, 0},
		{"demo/dir/", S3T_OK, ENTRY_DIR, 0},
		{"demo/dir/key", S3T_OK, ENTRY_FILE, 4},
		{"demo/marker/", S3T_OK, ENTRY_DIR, 0},
		{"demo/both", S3T_OK, ENTRY_FILE, 3},
		{"demo/both/", S3T_OK, ENTRY_DIR, 0},
		{"demo/di", S3T_NOT_FOUND, ENTRY_DIR, 0},
		{"demo/gone/", S3T_NOT_FOUND, ENTRY_DIR, 0},
		{"no-such-bucket", S3T_NOT_FOUND, ENTRY_DIR, 0},
		{"no-such-bucket/key", S3T_NOT_FOUND, ENTRY_DIR, 0},
	};
	struct upload u;
	upload_start(&u);
	fixture_put(&u.f, "dir/key", "text");
	fixture_put(&u.f, "marker/", "");
	fixture_put(&u.f, "both", "yes");
	fixture_put(&u.f, "both/x", "");
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct s3t_err err;
		struct loc_stat st;
		assert_int_equal(
			u.f.s3->ops->stat(u.f.s3, &u.io, sv(rows[i].path), &st, &err), rows[i].rc);
		if (rows[i].rc == S3T_OK) {
			assert_int_equal(st.kind, rows[i].kind);
			assert_int_equal(st.size, rows[i].size);
			assert_true((st.kind == ENTRY_FILE) == (st.etag[0] != '\0'));
			loc_stat_deinit(&st);
		}
	}
	fixture_stop(&u.f);
}

static void buckets_and_prefixes_are_listed_alike(void **state)
{
	(void)state;
	static const struct {
		const char *dir;
		unsigned flags;
		const char *expected;
	} rows[] = {
		{"", 0, "demo:b other:b "},
		{"demo", 0, "dir/:d foo/:d foobar:f "},
		{"demo/", LOC_LIST_RECURSIVE, "dir/:f dir/a:f foo/x:f foobar:f "},
		{"demo/foo", 0, "x:f "},
		{"demo/foo", LOC_LIST_RECURSIVE, "x:f "},
		{"demo/dir/", LOC_LIST_RECURSIVE, ":f a:f "},
		{"demo/gone", LOC_LIST_RECURSIVE, ""},
	};
	struct upload u;
	struct s3t_err err;
	struct listed l;
	upload_start(&u);
	assert_int_equal(sandbox_create_bucket(u.f.server, "other", &err), S3T_OK);
	fixture_put(&u.f, "dir/", "");
	fixture_put(&u.f, "dir/a", "");
	fixture_put(&u.f, "foo/x", "");
	fixture_put(&u.f, "foobar", "");
	for (size_t i = 0; i < COUNT(rows); i++) {
		assert_int_equal(list(u.f.s3, &u.io, rows[i].dir, rows[i].flags, &l, &err), S3T_OK);
		assert_string_equal(l.text.data, rows[i].expected);
		listed_free(&l);
	}
	assert_int_equal(list(u.f.s3, &u.io, "no-such-bucket", 0, &l, &err), S3T_NOT_FOUND);
	listed_free(&l);
	fixture_stop(&u.f);
}

static void an_object_is_a_source_of_ranges_and_facts(void **state)
{
	(void)state;
	struct upload u;
	struct s3t_err err;
	struct strbuf data;
	struct loc_stat st;
	struct loc_facts facts;
	struct loc_source *s;
	strbuf_init(&data);
	upload_start(&u);
	const struct location_ops *ops = u.f.s3->ops;
	struct s3_ctx ctx = {.client = u.f.client, .conn = u.f.conn};
	struct s3_put put = {.mtime_ns = 7 * NS_PER_S, .part_size = 4};
	assert_int_equal(s3_put_object(&ctx, SV(SANDBOX_BUCKET), SV("k"), &put, SV("0123456789"),
				 NULL, &err),
		S3T_OK);
	assert_int_equal(ops->stat(u.f.s3, &u.io, SV(SANDBOX_BUCKET "/k"), &st, &err), S3T_OK);
	assert_int_equal(
		ops->source_open(u.f.s3, &u.io, SV(SANDBOX_BUCKET "/k"), &st, &s, &err), S3T_OK);
	assert_int_equal(ops->source_fd(s), -1);
	assert_int_equal(ops->source_read(s, &u.io, 4, 3, collect, &data, &err), S3T_OK);
	assert_string_equal(data.data, "456");
	ops->source_facts(s, &facts);
	assert_int_equal(facts.mtime_ns, TIME_UNKNOWN);
	strbuf_reset(&data);
	assert_int_equal(ops->source_read(s, &u.io, 0, 10, collect, &data, &err), S3T_OK);
	assert_string_equal(data.data, "0123456789");
	ops->source_facts(s, &facts);
	assert_int_equal(facts.mtime_ns, 7 * NS_PER_S);
	assert_int_equal(facts.part_size, 4);
	assert_false(facts.etag_is_opaque);
	fixture_put(&u.f, "k", "9876543210");
	assert_int_equal(ops->source_read(s, &u.io, 4, 3, collect, &data, &err), S3T_CHANGED);
	ops->source_close(s);
	loc_stat_deinit(&st);
	strbuf_deinit(&data);
	fixture_stop(&u.f);
}

static void objects_markers_and_buckets_are_made_and_removed(void **state)
{
	(void)state;
	struct upload u;
	struct s3t_err err;
	size_t failed[2] = {0};
	upload_start(&u);
	const struct location_ops *ops = u.f.s3->ops;
	assert_int_equal(ops->mkdir(u.f.s3, &u.io, SV(""), SV("made-here"), &err), S3T_OK);
	assert_int_equal(ops->mkdir(u.f.s3, &u.io, SV("made-here"), SV("a/b"), &err), S3T_OK);
	struct strbuf data;
	strbuf_init(&data);
	assert_int_equal(sandbox_get(u.f.server, "made-here", SV("a/b/"), &data, &err), S3T_OK);
	assert_int_equal(data.len, 0);
	strbuf_deinit(&data);
	const struct strview marker = SV("made-here/a/b/"), bucket = SV("made-here");
	assert_int_equal(
		ops->remove(u.f.s3, &u.io, &marker, 1, count_failure, failed, &err), S3T_OK);
	assert_int_equal(
		ops->remove(u.f.s3, &u.io, &bucket, 1, count_failure, failed, &err), S3T_OK);
	struct s3_ctx ctx = {.client = u.f.client, .conn = u.f.conn};
	assert_int_equal(s3_head_bucket(&ctx, SV("made-here"), &err), S3T_NOT_FOUND);

	fixture_put(&u.f, "a", "x");
	fixture_put(&u.f, "b\x01", "x");
	fixture_put(&u.f, "c", "x");
	const struct strview keys[] = {SV("demo/a"), SV("demo/b\x01"), SV("demo/gone")};
	assert_int_equal(ops->remove(u.f.s3, &u.io, keys, 3, count_failure, failed, &err), S3T_OK);
	assert_int_equal(failed[0], 0);
	assert_false(fixture_has_key(&u.f, "a"));
	assert_false(fixture_has_key(&u.f, "b\x01"));
	assert_true(fixture_has_key(&u.f, "c"));
	assert_int_equal(ops->remove(u.f.s3, &u.io, keys, 0, count_failure, failed, &err), S3T_OK);
	fixture_stop(&u.f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_file_appears_under_its_name_only_when_it_is_whole),
		cmocka_unit_test(an_aborted_file_leaves_nothing),
		cmocka_unit_test(modes_and_times_are_those_of_the_source),
		cmocka_unit_test(a_file_that_must_not_be_replaced_is_not),
		cmocka_unit_test(directories_are_made_on_the_way),
		cmocka_unit_test(names_that_lead_elsewhere_are_refused_before_anything_is_made),
		cmocka_unit_test(a_symlink_in_the_way_is_refused_and_not_followed),
		cmocka_unit_test(a_symlink_under_the_name_is_replaced_and_not_written_through),
		cmocka_unit_test(a_directory_under_the_name_stays),
		cmocka_unit_test(the_longest_names_can_be_written),
		cmocka_unit_test(a_source_that_is_too_short_is_noticed),
		cmocka_unit_test(a_full_disk_is_told_early_and_leaves_nothing),
		cmocka_unit_test(a_directory_without_rights_is_said_to_be_one),
		cmocka_unit_test(directories_made_meanwhile_obey_the_umask),
		cmocka_unit_test(a_local_source_is_read_and_checked),
		cmocka_unit_test(what_is_not_the_listed_file_is_not_read),
		cmocka_unit_test(a_tree_is_listed_with_its_links_and_specials),
		cmocka_unit_test(loops_of_followed_links_are_found),
		cmocka_unit_test(an_unreadable_directory_is_a_problem_and_the_rest_goes_on),
		cmocka_unit_test(a_listing_of_nothing_says_why),
		cmocka_unit_test(a_large_directory_comes_in_pages),
		cmocka_unit_test(files_are_removed_and_links_not_followed),
		cmocka_unit_test(one_piece_is_one_signed_put),
		cmocka_unit_test(parts_are_proven_by_their_etags),
		cmocka_unit_test(a_part_whose_etag_is_wrong_goes_again_and_then_fails),
		cmocka_unit_test(where_etags_are_opaque_parts_are_signed),
		cmocka_unit_test(an_unknown_length_has_as_many_parts_as_there_are),
		cmocka_unit_test(a_failed_part_leaves_an_upload_that_can_be_aborted),
		cmocka_unit_test(a_file_that_shrinks_is_not_uploaded),
		cmocka_unit_test(an_object_that_must_not_be_replaced_is_not),
		cmocka_unit_test(keys_that_s3_does_not_take_are_refused_before_sending),
		cmocka_unit_test(what_an_s3_path_is_can_be_asked),
		cmocka_unit_test(buckets_and_prefixes_are_listed_alike),
		cmocka_unit_test(an_object_is_a_source_of_ranges_and_facts),
		cmocka_unit_test(objects_markers_and_buckets_are_made_and_removed),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
