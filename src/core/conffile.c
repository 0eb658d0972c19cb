#include "core/conffile.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

char *conffile_path(const char *text)
{
	const char *home = getenv("HOME");
	return text[0] == '~' && text[1] == '/' && home ? s3t_asprintf("%s%s", home, text + 1)
							: s3t_strdup(text);
}

static enum s3t_rc check_owner(const char *path, const struct stat *st, struct s3t_err *err)
{
	if (S_ISDIR(st->st_mode))
		return s3t_fail(err, S3T_CONFIG, "%s is a directory.", path);
	if (st->st_uid != 0 && st->st_uid != geteuid())
		return s3t_fail(err, S3T_CONFIG,
			"%s belongs to another user (uid %lu) and is not used; make it yours with "
			"chown.",
			path, (unsigned long)st->st_uid);
	if (S_ISREG(st->st_mode) && (st->st_mode & S_IWOTH))
		return s3t_fail(err, S3T_CONFIG,
			"%s can be written by everybody and is not used; chmod o-w it.", path);
	return S3T_OK;
}

static enum s3t_rc read_all(int fd, const char *path, struct strbuf *out, struct s3t_err *err)
{
	char buf[8192];
	ssize_t n;
	size_t total = 0;
	enum s3t_rc rc = S3T_OK;
	do {
		n = read(fd, buf, sizeof buf);
		if (n < 0 && errno != EINTR) {
			rc = s3t_fail_errno(err, errno, "Cannot read %s", path);
			break;
		}
		if (n > 0) {
			strbuf_add(out, buf, (size_t)n);
			total += (size_t)n;
		}
		if (out->failed || total > CONFFILE_MAX) {
			rc = s3t_fail(err, S3T_CONFIG, "%s is larger than 1 MiB.", path);
			break;
		}
	} while (n != 0);
	explicit_bzero(buf, sizeof buf);
	return rc;
}

enum s3t_rc conffile_read(
	const char *path, struct strbuf *out, bool *is_shared, struct s3t_err *err)
{
	enum s3t_rc rc = conffile_read_bytes(path, out, is_shared, err);
	if (rc == S3T_OK && sv_find(strbuf_view(out), '\0') < out->len)
		rc = s3t_fail(err, S3T_CONFIG, "%s is not a text file.", path);
	return rc;
}

enum s3t_rc conffile_read_bytes(
	const char *path, struct strbuf *out, bool *is_shared, struct s3t_err *err)
{
	*is_shared = false;
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	if (fd < 0)
		return s3t_fail_errno(err, errno, "Cannot open %s", path);
	struct stat st;
	enum s3t_rc rc = S3T_OK;
	if (fstat(fd, &st) != 0)
		rc = s3t_fail_errno(err, errno, "Cannot look at %s", path);
	if (rc == S3T_OK)
		rc = check_owner(path, &st, err);
	if (rc == S3T_OK) {
		*is_shared = S_ISREG(st.st_mode) && (st.st_mode & (S_IRGRP | S_IROTH)) != 0;
		rc = read_all(fd, path, out, err);
	}
	close(fd);
	return rc;
}
