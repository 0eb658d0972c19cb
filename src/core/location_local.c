/* Local directories: listings, files as sources, removing. Sources are opened by path, as the
 * person gave it; targets are in location_local_sink.c. */
#include "core/location_local_private.h"

#include "core/os_linux.h"
#include "core/text.h"
#include "core/timeutil.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { PAGE_ENTRIES = 1000, COPY_CHUNK = 1 << 18, DEPTH_MAX = 4096 };

char *local_quoted(struct strview path)
{
	struct strbuf sb;
	strbuf_init(&sb);
	strbuf_add_char(&sb, '\'');
	text_sanitise(&sb, path);
	strbuf_add_char(&sb, '\'');
	return strbuf_take(&sb);
}

enum s3t_rc local_fail(struct s3t_err *err, int sys_errno, const char *what, struct strview path)
{
	char *name = local_quoted(path);
	enum s3t_rc rc = s3t_fail_errno(err, sys_errno, "Cannot %s %s", what, name);
	free(name);
	return rc;
}

struct local_location {
	struct location base;
	unsigned mask; /* the umask when it was made */
};

unsigned local_location_mask(const struct location *loc)
{
	return ((const struct local_location *)loc)->mask;
}

static void local_destroy(struct location *loc)
{
	free(loc);
}

static void stat_from(const struct stat *st, struct loc_stat *out)
{
	*out = (struct loc_stat){.size = (uint64_t)st->st_size,
		.mtime_ns = time_ns(st->st_mtim.tv_sec, st->st_mtim.tv_nsec),
		.dev = st->st_dev,
		.ino = st->st_ino,
		.mode = st->st_mode & 07777U};
	out->kind = S_ISREG(st->st_mode)   ? ENTRY_FILE
		    : S_ISDIR(st->st_mode) ? ENTRY_DIR
					   : ENTRY_OTHER;
	if (out->kind == ENTRY_DIR)
		out->size = 0;
}

static enum s3t_rc local_stat(struct location *loc, const struct loc_io *io, struct strview path,
	struct loc_stat *out, struct s3t_err *err)
{
	(void)loc;
	(void)io;
	while (path.len > 1 && path.data[path.len - 1] == '/')
		path.len--; /* "link/" is the link here, too */
	char *name = s3t_strndup(path.data, path.len);
	struct stat st, self;
	int failed = stat(name, &st) != 0 ? errno : 0;
	bool is_link = lstat(name, &self) == 0 && S_ISLNK(self.st_mode);
	free(name);
	if (failed)
		return local_fail(err, failed, "look at", path);
	stat_from(&st, out);
	out->is_link = is_link;
	return S3T_OK;
}

/* --- listing --- */

struct ancestor {
	uint64_t dev, ino;
	size_t depth;
};

/* A directory still to be read: its name relative to the top, with a final '/' ("" is the top). */
struct pending {
	struct pending *next;
	size_t depth;
	char rel[];
};

struct loc_list {
	char *top;
	unsigned flags;
	loc_problem_fn problem;
	void *arg;
	struct pending *stack; /* directories to visit; the first is being read */
	DIR *dir;
	size_t dir_entries;         /* seen in the open one */
	struct ancestor *ancestors; /* with LOC_LIST_FOLLOW: the chain above, against loops */
	size_t ancestor_count;
};

static void push(struct loc_list *l, struct pending **at, struct strview rel, size_t depth)
{
	(void)l;
	struct pending *p = s3t_alloc(sizeof *p + rel.len + 1);
	memcpy(p->rel, rel.data, rel.len);
	p->depth = depth;
	p->next = *at;
	*at = p;
}

static struct loc_list *local_list_new(
	struct location *loc, struct strview dir, unsigned flags, loc_problem_fn problem, void *arg)
{
	(void)loc;
	struct loc_list *l = s3t_alloc(sizeof *l);
	l->top = s3t_strndup(dir.data, dir.len);
	l->flags = flags;
	l->problem = problem;
	l->arg = arg;
	push(l, &l->stack, SV(""), 0);
	return l;
}

static void leave_dir(struct loc_list *l)
{
	if (l->dir)
		closedir(l->dir);
	l->dir = NULL;
	struct pending *done = l->stack;
	l->stack = done->next;
	free(done);
}

static void local_list_free(struct loc_list *l)
{
	while (l->stack)
		leave_dir(l);
	free(l->ancestors);
	free(l->top);
	free(l);
}

static void complain(struct loc_list *l, const char *rel, const struct s3t_err *why)
{
	if (l->problem)
		l->problem(l->arg, sv(rel), why);
}

/* Notes the opened directory in the chain of its ancestors; false if it is one of them. */
static bool enter_chain(struct loc_list *l, size_t depth)
{
	struct stat st;
	if (!(l->flags & LOC_LIST_FOLLOW) || fstat(dirfd(l->dir), &st) != 0)
		return true;
	while (l->ancestor_count && l->ancestors[l->ancestor_count - 1].depth >= depth)
		l->ancestor_count--;
	for (size_t i = 0; i < l->ancestor_count; i++)
		if (l->ancestors[i].dev == st.st_dev && l->ancestors[i].ino == st.st_ino)
			return false;
	struct ancestor *more =
		realloc(l->ancestors, (l->ancestor_count + 1) * sizeof *l->ancestors);
	if (!more)
		s3t_oom();
	l->ancestors = more;
	more[l->ancestor_count++] =
		(struct ancestor){.dev = st.st_dev, .ino = st.st_ino, .depth = depth};
	return true;
}

/* Opens the directory on top of the stack. The top itself failing is the listing's failure. */
static enum s3t_rc enter_dir(struct loc_list *l, struct s3t_err *err)
{
	struct pending *p = l->stack;
	struct strbuf path;
	strbuf_init(&path);
	path_join(&path, sv(l->top), sv(p->rel));
	int flags = O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NONBLOCK;
	bool is_top = p->rel[0] == '\0';
	if (!is_top && !(l->flags & LOC_LIST_FOLLOW))
		flags |= O_NOFOLLOW;
	if (!is_top)
		strbuf_truncate(&path, path.len - 1);
	int fd = p->depth > DEPTH_MAX ? -1 : open(path.data, flags);
	int failed = fd < 0 ? errno : 0;
	l->dir = fd < 0 ? NULL : fdopendir(fd);
	l->dir_entries = 0;
	enum s3t_rc rc = S3T_OK;
	struct s3t_err why;
	if (!l->dir) {
		rc = local_fail(
			is_top ? err : &why, failed ? failed : ELOOP, "read", strbuf_view(&path));
	} else if (!enter_chain(l, p->depth)) {
		rc = s3t_fail(&why, S3T_REFUSED_NAME,
			"The symbolic link leads back to a directory "
			"above it.");
	}
	if (rc != S3T_OK && !is_top) {
		complain(l, p->rel, &why);
		leave_dir(l);
		rc = S3T_OK;
	}
	strbuf_deinit(&path);
	return rc;
}

/* Adds one directory entry to the page, or puts a directory on the stack. */
static void take_entry(
	struct loc_list *l, struct entry_page *page, const char *name, struct pending **subdirs)
{
	struct stat st;
	bool is_recursive = l->flags & LOC_LIST_RECURSIVE;
	struct strbuf rel;
	strbuf_init(&rel);
	strbuf_addf(&rel, "%s%s", l->stack->rel, name);
	enum entry_kind kind = ENTRY_LINK;
	bool is_link = false;
	if (fstatat(dirfd(l->dir), name, &st, AT_SYMLINK_NOFOLLOW) != 0) {
		struct s3t_err why;
		local_fail(&why, errno, "look at", strbuf_view(&rel));
		if (errno != ENOENT) /* gone since readdir: not there */
			complain(l, rel.data, &why);
		strbuf_deinit(&rel);
		return;
	}
	if (S_ISLNK(st.st_mode)) {
		is_link = true;
		if (fstatat(dirfd(l->dir), name, &st, 0) != 0)
			st.st_mode = S_IFLNK;
	}
	if (S_ISREG(st.st_mode))
		kind = ENTRY_FILE;
	else if (S_ISDIR(st.st_mode) && !(is_recursive && is_link && !(l->flags & LOC_LIST_FOLLOW)))
		kind = ENTRY_DIR;
	else if (!S_ISDIR(st.st_mode) && !S_ISLNK(st.st_mode))
		kind = ENTRY_OTHER;
	if (kind == ENTRY_DIR && is_recursive) {
		strbuf_add_char(&rel, '/');
		push(l, subdirs, strbuf_view(&rel), l->stack->depth + 1);
	} else {
		(void)entry_page_add(page, strbuf_view(&rel), kind,
			kind == ENTRY_FILE ? (uint64_t)st.st_size : 0, (int64_t)st.st_mtim.tv_sec,
			0, sv_n("", 0));
	}
	strbuf_deinit(&rel);
}

static enum s3t_rc local_list_next(struct loc_list *l, const struct loc_io *io,
	struct entry_page **page, bool *done, struct s3t_err *err)
{
	*page = entry_page_new(false);
	*done = false;
	while ((*page)->count < PAGE_ENTRIES && l->stack) {
		if (cancel_is_set(io->cancel)) {
			entry_page_free(*page);
			*page = NULL;
			return s3t_fail(err, S3T_CANCELLED, "Cancelled.");
		}
		enum s3t_rc rc = l->dir ? S3T_OK : enter_dir(l, err);
		if (rc != S3T_OK) {
			entry_page_free(*page);
			*page = NULL;
			return rc;
		}
		if (!l->dir)
			continue; /* it was complained about */
		errno = 0;
		const struct dirent *e = readdir(l->dir);
		if (!e) {
			struct pending *left = l->stack;
			struct s3t_err why;
			int failed = errno;
			if (failed) {
				local_fail(&why, failed, "read on in", sv(left->rel));
				complain(l, left->rel, &why);
			}
			if (!failed && l->dir_entries == 0 && left->rel[0] &&
				(l->flags & LOC_LIST_RECURSIVE))
				(void)entry_page_add(*page, sv(left->rel), ENTRY_DIR, 0,
					TIME_UNKNOWN, 0, sv_n("", 0));
			leave_dir(l);
			continue;
		}
		if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0)
			continue;
		l->dir_entries++;
		/* below the one being read, so that this one is finished first */
		take_entry(l, *page, e->d_name, &l->stack->next);
	}
	entry_page_trim(*page);
	*done = !l->stack;
	return S3T_OK;
}

/* --- source --- */

struct loc_source {
	int fd;
	struct stat opened;
	char *path;
};

static enum s3t_rc local_source_open(struct location *loc, const struct loc_io *io,
	struct strview path, const struct loc_stat *listed, struct loc_source **out,
	struct s3t_err *err)
{
	(void)loc;
	(void)io;
	char *name = s3t_strndup(path.data, path.len);
	/* O_NONBLOCK: a FIFO that took the file's place must not hang us */
	int fd = open(name, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0) {
		free(name);
		return local_fail(err, errno, "open", path);
	}
	struct loc_source *s = s3t_alloc(sizeof *s);
	s->fd = fd;
	s->path = name;
	*out = s;
	if (fstat(fd, &s->opened) != 0)
		return local_fail(err, errno, "look at", path);
	if (!S_ISREG(s->opened.st_mode))
		return s3t_fail(err, S3T_CHANGED, "It is not a regular file any more.");
	if (listed && listed->kind == ENTRY_FILE && listed->size != (uint64_t)s->opened.st_size)
		return s3t_fail(err, S3T_CHANGED, "The file changed since it was listed.");
	return S3T_OK;
}

static int local_source_fd(const struct loc_source *s)
{
	return s->fd;
}

static enum s3t_rc local_source_read(struct loc_source *s, const struct loc_io *io, uint64_t offset,
	uint64_t len, bool (*sink)(void *arg, const char *data, size_t n), void *arg,
	struct s3t_err *err)
{
	char *buf = s3t_alloc(COPY_CHUNK);
	enum s3t_rc rc = S3T_OK;
	while (len && rc == S3T_OK) {
		if (cancel_is_set(io->cancel)) {
			rc = s3t_fail(err, S3T_CANCELLED, "Cancelled.");
			break;
		}
		ssize_t n = pread(
			s->fd, buf, len < COPY_CHUNK ? (size_t)len : COPY_CHUNK, (off_t)offset);
		if (n < 0)
			rc = local_fail(err, errno, "read", sv(s->path));
		else if (n == 0 && len != UINT64_MAX)
			rc = s3t_fail(err, S3T_CHANGED, "The file became shorter.");
		else if (n == 0)
			break;
		else if (!sink(arg, buf, (size_t)n))
			rc = s3t_fail(err, S3T_IO, "The data could not be passed on.");
		if (n > 0) {
			offset += (uint64_t)n;
			len = len == UINT64_MAX ? len : len - (uint64_t)n;
		}
	}
	free(buf);
	return rc;
}

static enum s3t_rc local_source_check(struct loc_source *s, struct s3t_err *err)
{
	struct stat now;
	if (fstat(s->fd, &now) != 0)
		return local_fail(err, errno, "look at", sv(s->path));
	if (now.st_size != s->opened.st_size || now.st_mtim.tv_sec != s->opened.st_mtim.tv_sec ||
		now.st_mtim.tv_nsec != s->opened.st_mtim.tv_nsec)
		return s3t_fail(err, S3T_CHANGED, "The file changed while it was read.");
	return S3T_OK;
}

static enum s3t_rc local_source_learn(
	struct loc_source *s, const struct loc_io *io, struct s3t_err *err)
{
	(void)io; /* opening it told all */
	return local_source_check(s, err);
}

static void local_source_facts(struct loc_source *s, struct loc_facts *out)
{
	*out = (struct loc_facts){
		.mtime_ns = time_ns(s->opened.st_mtim.tv_sec, s->opened.st_mtim.tv_nsec),
		.dev = s->opened.st_dev,
		.ino = s->opened.st_ino};
}

static void local_source_close(struct loc_source *s)
{
	if (!s)
		return;
	close(s->fd);
	free(s->path);
	free(s);
}

/* --- remove, prune, mkdir --- */

static enum s3t_rc local_remove(struct location *loc, const struct loc_io *io,
	const struct strview *paths, size_t count,
	void (*failed)(void *arg, size_t index, const struct s3t_err *why), void *arg,
	struct s3t_err *err)
{
	(void)loc;
	for (size_t i = 0; i < count; i++) {
		if (cancel_is_set(io->cancel))
			return s3t_fail(err, S3T_CANCELLED, "Cancelled.");
		struct s3t_err why;
		char *path = s3t_strndup(paths[i].data, paths[i].len);
		bool is_dir = paths[i].len && path[paths[i].len - 1] == '/';
		if ((is_dir ? rmdir(path) : unlink(path)) != 0 && errno != ENOENT) {
			local_fail(&why, errno, "remove", paths[i]);
			failed(arg, i, &why);
		}
		free(path);
	}
	return S3T_OK;
}

/* Removes empty directories below fd, deepest first; symlinks are not followed. */
static void prune_below(int fd, int depth)
{
	int copy = dup(fd);
	DIR *dir = copy < 0 ? NULL : fdopendir(copy);
	if (!dir) {
		if (copy >= 0)
			close(copy);
		return;
	}
	const struct dirent *e;
	while ((e = readdir(dir))) {
		if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0)
			continue;
		int sub = os_open_dir_beneath(fd, e->d_name);
		if (sub < 0)
			continue;
		if (depth < 256)
			prune_below(sub, depth + 1);
		close(sub);
		(void)unlinkat(fd, e->d_name, AT_REMOVEDIR);
	}
	closedir(dir);
}

static enum s3t_rc local_prune(
	struct location *loc, const struct loc_io *io, struct strview dir, struct s3t_err *err)
{
	(void)loc;
	(void)io;
	char *path = s3t_strndup(dir.data, dir.len);
	while (dir.len > 1 && path[dir.len - 1] == '/')
		path[--dir.len] = '\0';
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd >= 0) {
		prune_below(fd, 0);
		close(fd);
	}
	/* not empty: what failed is still in it, and was reported */
	enum s3t_rc rc = S3T_OK;
	if (fd >= 0 && rmdir(path) != 0 && errno != ENOTEMPTY && errno != EEXIST)
		rc = local_fail(err, errno, "remove", dir);
	free(path);
	return rc;
}

static enum s3t_rc local_mkdir(struct location *loc, const struct loc_io *io, struct strview root,
	struct strview rel, struct s3t_err *err)
{
	(void)loc;
	(void)io;
	char name[256];
	int dir = -1;
	enum s3t_rc rc = local_open_parent(root, rel, true, name, &dir, err);
	if (rc != S3T_OK)
		return rc;
	struct stat st;
	int failed = mkdirat(dir, name, 0777) != 0 ? errno : 0;
	bool is_there = failed == EEXIST && fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
			S_ISDIR(st.st_mode);
	if (failed && !is_there)
		rc = local_fail(err, failed, "make directory", sv(name));
	close(dir);
	return rc;
}

static const struct location_ops local_ops = {
	.kind = LOC_LOCAL,
	.destroy = local_destroy,
	.list_new = local_list_new,
	.list_next = local_list_next,
	.list_free = local_list_free,
	.stat = local_stat,
	.source_open = local_source_open,
	.source_fd = local_source_fd,
	.source_read = local_source_read,
	.source_check = local_source_check,
	.source_learn = local_source_learn,
	.source_facts = local_source_facts,
	.source_close = local_source_close,
	.sink_begin = local_sink_begin,
	.sink_fd = local_sink_fd,
	.sink_token = local_sink_token,
	.sink_has_part = local_sink_has_part,
	.sink_is_proven = local_sink_is_proven,
	.sink_prove = local_sink_prove,
	.sink_sync = local_sink_sync,
	.sink_part = local_sink_part,
	.sink_commit = local_sink_commit,
	.sink_set_mtime = local_sink_set_mtime,
	.sink_abort = local_sink_abort,
	.sink_free = local_sink_free,
	.sink_discard = local_sink_discard,
	.remove = local_remove,
	.prune = local_prune,
	.mkdir = local_mkdir,
};

struct location *location_local_new(void)
{
	struct local_location *loc = s3t_alloc(sizeof *loc);
	loc->base.ops = &local_ops;
	atomic_init(&loc->base.refs, 1);
	loc->mask = os_umask();
	return &loc->base;
}
