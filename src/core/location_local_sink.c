/*
 * Files being written below a directory that the person chose, which is walked down component by
 * component, following no symlink (threats T3, T4): names there are of foreign origin. New files
 * are temporary (0600, ".name.s3tui-XXXXXXXX" beside the target) until they are whole.
 */
#include "core/location_local_private.h"

#include "core/crypto.h"
#include "core/os_linux.h"
#include "core/timeutil.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* --- walking down a target --- */

static int mkdirs(const char *path)
{
	char *copy = s3t_strdup(path);
	int result = 0;
	for (char *p = copy + 1; *p && result == 0; p++) {
		if (*p != '/')
			continue;
		*p = '\0';
		if (mkdir(copy, 0777) != 0 && errno != EEXIST && errno != EROFS && errno != EACCES)
			result = -1;
		*p = '/';
	}
	if (result == 0 && mkdir(copy, 0777) != 0 && errno != EEXIST)
		result = -1;
	free(copy);
	return result;
}

enum s3t_rc local_open_parent(struct strview root, struct strview rel, bool make, char name[256],
	int *dir, struct s3t_err *err)
{
	*dir = -1;
	const char *why = path_refusal(rel);
	if (why)
		return s3t_fail(err, S3T_REFUSED_NAME, "The name cannot be a path here: %s.", why);
	char *top = s3t_strndup(root.data, root.len);
	int fd = open(top, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0 && errno == ENOENT && make && mkdirs(top) == 0)
		fd = open(top, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int failed = errno;
	free(top);
	if (fd < 0)
		return local_fail(err, failed, "open directory", root);
	for (;;) {
		size_t slash = sv_find(rel, '/');
		snprintf(name, 256, "%.*s", (int)slash, rel.data);
		if (slash + 1 >= rel.len)
			break;
		if (make && mkdirat(fd, name, 0777) != 0 && errno != EEXIST) {
			failed = errno;
			close(fd);
			return local_fail(err, failed, "make directory", sv(name));
		}
		int next = os_open_dir_beneath(fd, name);
		failed = errno;
		close(fd);
		if (next < 0 && (failed == ENOTDIR || failed == ELOOP || failed == EXDEV)) {
			char *shown = local_quoted(sv(name));
			enum s3t_rc rc = s3t_fail(err, S3T_REFUSED_NAME,
				"%s is in the way: it is a file or a symbolic link where a "
				"directory "
				"is needed.",
				shown);
			free(shown);
			return rc;
		}
		if (next < 0)
			return local_fail(err, failed, "open directory", sv(name));
		fd = next;
		rel = sv_from(rel, slash + 1);
	}
	*dir = fd;
	return S3T_OK;
}

struct loc_sink {
	int dir, fd;
	char name[256], temp[256];
	struct loc_sink_spec spec;
	unsigned mask;
	bool is_committed;
};

/* Whether a name holds an unfinished file of this user's own; st is filled in. Such a file is 0600,
 * or sticky when all but the last name is done: bits that nothing else sets on files. */
static bool is_own_temp(int dir, const char *name, struct stat *st)
{
	return fstatat(dir, name, st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISREG(st->st_mode) &&
	       st->st_uid == geteuid() && st->st_nlink == 1 &&
	       ((st->st_mode & 07777) == 0600 || st->st_mode & S_ISVTX);
}

/* The whole name must stay within 255 bytes. */
static void temp_name(char out[256], const char *name, const char *tail)
{
	snprintf(out, 256, ".%.*s.s3tui-%s", 230, name, tail);
}

/* The name follows from the tag, so that another process finds what this one leaves; what an
 * earlier one of the same job left under it goes. */
static bool make_temp(struct loc_sink *s)
{
	enum { TAG = 8 };
	char tail[TAG + 1];
	for (int i = 0; i < 16; i++) {
		if (i < 2 && s->spec.tag)
			snprintf(tail, sizeof tail, "%s", s->spec.tag);
		else
			random_name(tail, TAG);
		temp_name(s->temp, s->name, tail);
		s->fd = openat(
			s->dir, s->temp, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
		struct stat st;
		if (s->fd >= 0 || errno != EEXIST)
			break;
		if (i == 0 && s->spec.tag && is_own_temp(s->dir, s->temp, &st))
			(void)unlinkat(s->dir, s->temp, 0);
	}
	return s->fd >= 0;
}

static enum s3t_rc reopen_temp(struct loc_sink *s, struct s3t_err *err)
{
	struct stat st;
	const struct loc_token *token = s->spec.resume;
	s->spec.resume = NULL; /* the caller's */
	int fd = strchr(token->text, '/') ? -1
					  : openat(s->dir, token->text,
						    O_RDWR | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	bool is_ours = fd >= 0 && is_own_temp(s->dir, token->text, &st) &&
		       st.st_ino == token->ino && st.st_dev == token->dev && fstat(fd, &st) == 0 &&
		       st.st_ino == token->ino && (uint64_t)st.st_size <= s->spec.size;
	if (!is_ours) {
		if (fd >= 0)
			close(fd);
		return s3t_fail(err, S3T_NOT_FOUND, "The unfinished file is gone.");
	}
	s->fd = fd;
	snprintf(s->temp, sizeof s->temp, "%s", token->text);
	return S3T_OK;
}

void local_sink_free(struct loc_sink *s)
{
	if (!s)
		return;
	if (s->fd >= 0)
		close(s->fd);
	if (s->dir >= 0)
		close(s->dir);
	free(s);
}

enum s3t_rc local_sink_abort(struct loc_sink *s, const struct loc_io *io, struct s3t_err *err)
{
	(void)io;
	if (!s->is_committed && s->temp[0] && unlinkat(s->dir, s->temp, 0) != 0 && errno != ENOENT)
		return local_fail(err, errno, "remove", sv(s->temp));
	return S3T_OK;
}

enum { RESERVE_ABOVE = 256 << 10 };

enum s3t_rc local_sink_begin(struct location *loc, const struct loc_io *io, struct strview root,
	struct strview rel, const struct loc_sink_spec *spec, struct loc_sink **out,
	struct s3t_err *err)
{
	struct loc_sink *s = s3t_alloc(sizeof *s);
	s->dir = s->fd = -1;
	s->mask = local_location_mask(loc);
	s->spec = *spec;
	enum s3t_rc rc = local_open_parent(root, rel, true, s->name, &s->dir, err);
	bool is_new = !spec->resume;
	if (rc == S3T_OK && !is_new) {
		rc = reopen_temp(s, err);
	} else if (rc == S3T_OK && !make_temp(s)) {
		rc = local_fail(err, errno, "write in", root);
		s->temp[0] = '\0';
	}
	struct stat st;
	if (rc == S3T_OK && fstatat(s->dir, s->name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
		S_ISDIR(st.st_mode))
		rc = s3t_fail(err, S3T_EXISTS, "A directory of that name is in the way.");
	/* of a small one the first write tells as early */
	bool is_large = spec->size > RESERVE_ABOVE && spec->size != UINT64_MAX;
	int full = rc == S3T_OK && is_new && is_large ? os_reserve(s->fd, spec->size) : 0;
	if (full)
		rc = local_fail(err, full, "make room for", sv(s->name));
	if (rc != S3T_OK) {
		if (is_new)
			(void)local_sink_abort(s, io, NULL);
		local_sink_free(s);
		s = NULL;
	}
	*out = s;
	return rc;
}

int local_sink_fd(const struct loc_sink *s)
{
	return s->fd;
}

bool local_sink_token(const struct loc_sink *s, struct loc_token *out)
{
	struct stat st;
	if (fstat(s->fd, &st) != 0)
		return false;
	*out = (struct loc_token){.text = s3t_strdup(s->temp), .dev = st.st_dev, .ino = st.st_ino};
	return true;
}

bool local_sink_has_part(const struct loc_sink *s, uint32_t index)
{
	(void)s; /* a file does not tell what was written to it */
	(void)index;
	return false;
}

bool local_sink_is_proven(const struct loc_sink *s, uint32_t index)
{
	(void)s;
	(void)index;
	return true;
}

bool local_sink_prove(struct loc_sink *s, uint32_t index, const unsigned char sum[MD5_LEN])
{
	(void)s;
	(void)index;
	(void)sum;
	return true;
}

enum s3t_rc local_sink_sync(struct loc_sink *s, struct s3t_err *err)
{
	if (fdatasync(s->fd) != 0)
		return local_fail(err, errno, "write to disk", sv(s->name));
	return S3T_OK;
}

enum s3t_rc local_sink_part(struct loc_sink *s, const struct loc_io *io, uint32_t index,
	uint64_t offset, const struct byte_source *bytes, uint64_t from, uint64_t len,
	struct s3t_err *err)
{
	(void)index; /* nothing is made of bytes that go to a file: they are a descriptor's */
	uint64_t at = 0;
	while (at < len) {
		if (cancel_is_set(io->cancel))
			return s3t_fail(err, S3T_CANCELLED, "Cancelled.");
		int64_t n = os_copy_range(bytes->fd, from + at, s->fd, offset + at, len - at);
		if (n < 0)
			return local_fail(err, errno, "copy to", sv(s->name));
		if (n == 0)
			return s3t_fail(err, S3T_CHANGED, "The file became shorter.");
		at += (uint64_t)n;
		if (io->progress)
			io->progress(io->progress_arg, n);
	}
	return S3T_OK;
}

void local_sink_set_mtime(struct loc_sink *s, int64_t mtime_ns)
{
	s->spec.mtime_ns = mtime_ns;
}

/* Whether this file system takes our temporary file's name in capitals for the same. */
static bool folds_case(const struct loc_sink *s)
{
	char capitals[sizeof s->temp];
	struct stat a, b;
	size_t i = 0;
	for (; s->temp[i]; i++) {
		char c = s->temp[i];
		capitals[i] = c >= 'a' && c <= 'z' ? (char)(c - 'a' + 'A') : c;
	}
	capitals[i] = '\0';
	return strcmp(capitals, s->temp) != 0 &&
	       fstatat(s->dir, capitals, &a, AT_SYMLINK_NOFOLLOW) == 0 &&
	       fstatat(s->dir, s->temp, &b, AT_SYMLINK_NOFOLLOW) == 0 && a.st_ino == b.st_ino &&
	       a.st_dev == b.st_dev;
}

/* Threat T5: the name is taken by one that differs in case or Unicode form only, so that this file
 * would replace another's data. */
static bool is_twin(const struct loc_sink *s)
{
	struct stat st;
	if (!folds_case(s) || fstatat(s->dir, s->name, &st, AT_SYMLINK_NOFOLLOW) != 0)
		return false;
	int copy = openat(s->dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = copy < 0 ? NULL : fdopendir(copy);
	if (!dir) {
		if (copy >= 0)
			close(copy);
		return true; /* it cannot be ruled out */
	}
	bool is_exact = false;
	const struct dirent *e;
	while (!is_exact && (e = readdir(dir)))
		is_exact = strcmp(e->d_name, s->name) == 0;
	closedir(dir);
	return !is_exact;
}

enum s3t_rc local_sink_commit(struct loc_sink *s, const struct loc_io *io, uint32_t count,
	struct loc_sink_result *result, struct s3t_err *err)
{
	(void)io;
	(void)count;
	*result = (struct loc_sink_result){.proof = NULL};
	mode_t mode = (s->spec.mode ? s->spec.mode & 0777U : 0666U) & ~s->mask;
	if (fchmod(s->fd, mode | S_ISVTX) != 0 && errno != EPERM)
		return local_fail(err, errno, "set the mode of", sv(s->name));
	if (s->spec.mtime_ns != TIME_UNKNOWN) {
		int64_t sec = s->spec.mtime_ns / NS_PER_S, ns = s->spec.mtime_ns % NS_PER_S;
		if (ns < 0) {
			sec--;
			ns += NS_PER_S;
		}
		struct timespec times[2] = {
			{.tv_nsec = UTIME_OMIT}, {.tv_sec = sec, .tv_nsec = ns}};
		(void)futimens(
			s->fd, times); /* a time that the file system cannot hold is no loss */
	}
	if (is_twin(s)) {
		char *shown = local_quoted(sv(s->name));
		enum s3t_rc rc = s3t_fail(err, S3T_EXISTS,
			"%s differs only in case or Unicode form from a file that is there, and "
			"this file system takes them for one.",
			shown);
		free(shown);
		return rc;
	}
	int fd = s->fd, kept = fcntl(fd, F_DUPFD_CLOEXEC, 0);
	if (kept < 0)
		return local_fail(err, errno, "finish", sv(s->name));
	s->fd = kept;
	if (close(fd) != 0) /* NFS and quotas report a full disk here */
		return local_fail(err, errno, "finish", sv(s->name));
	if (os_rename(s->dir, s->temp, s->name, s->spec.no_replace) != 0)
		return local_fail(err, errno, "put in place", sv(s->name));
	s->is_committed = true;
	(void)fchmod(s->fd, mode); /* it worked before */
	return S3T_OK;
}

enum s3t_rc local_sink_discard(struct location *loc, const struct loc_io *io, struct strview root,
	struct strview rel, const struct loc_token *token, int64_t since_s, struct s3t_err *err)
{
	(void)loc;
	(void)io;
	(void)since_s;
	char name[256], temp[256] = "";
	struct stat st;
	int dir;
	enum s3t_rc rc = local_open_parent(root, rel, false, name, &dir, err);
	if (rc == S3T_NOT_FOUND || rc == S3T_REFUSED_NAME)
		return S3T_OK; /* no directory, so nothing in it */
	if (rc != S3T_OK)
		return rc;
	if (token->text)
		snprintf(temp, sizeof temp, "%s", token->text);
	else if (token->tag)
		temp_name(temp, name, token->tag);
	bool is_ours = temp[0] && !strchr(temp, '/') && is_own_temp(dir, temp, &st) &&
		       (!token->ino || (st.st_ino == token->ino && st.st_dev == token->dev));
	if (is_ours && unlinkat(dir, temp, 0) != 0 && errno != ENOENT)
		rc = local_fail(err, errno, "remove", sv(temp));
	close(dir);
	return rc;
}
