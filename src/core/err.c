#include "core/err.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static const struct {
	const char *name;
	const char *sentence;
	bool retryable;
} rc_table[] = {
#define X(name, machine, retryable, sentence) {machine, sentence, retryable},
	S3T_RC_TABLE(X)
#undef X
};
_Static_assert(sizeof rc_table / sizeof *rc_table == S3T_RC_COUNT, "a row for every rc");

const char *s3t_rc_name(enum s3t_rc rc)
{
	return (unsigned)rc < S3T_RC_COUNT ? rc_table[rc].name : "unknown";
}

const char *s3t_rc_sentence(enum s3t_rc rc)
{
	return (unsigned)rc < S3T_RC_COUNT ? rc_table[rc].sentence : "Unknown result.";
}

bool s3t_rc_is_retryable(enum s3t_rc rc)
{
	return (unsigned)rc < S3T_RC_COUNT && rc_table[rc].retryable;
}

enum s3t_rc s3t_fail(struct s3t_err *err, enum s3t_rc rc, const char *fmt, ...)
{
	if (!err)
		return rc;
	memset(err, 0, sizeof *err);
	err->rc = rc;
	va_list ap;
	va_start(ap, fmt);
	vsnprintf(err->message, sizeof err->message, fmt, ap);
	va_end(ap);
	return rc;
}

static enum s3t_rc rc_of_errno(int sys_errno)
{
	switch (sys_errno) {
	case ENOENT:
	case ENOTDIR:
		return S3T_NOT_FOUND;
	case EACCES:
	case EPERM:
	case EROFS:
		return S3T_DENIED;
	case ENOSPC:
	case EDQUOT:
	case EFBIG:
		return S3T_NO_SPACE;
	case EEXIST:
		return S3T_EXISTS;
	case ENOMEM:
		return S3T_MEMORY;
	case ENAMETOOLONG:
	case ELOOP:
		return S3T_REFUSED_NAME;
	case ECANCELED:
		return S3T_CANCELLED;
	default:
		return S3T_IO;
	}
}

enum s3t_rc s3t_fail_errno(struct s3t_err *err, int sys_errno, const char *fmt, ...)
{
	enum s3t_rc rc = rc_of_errno(sys_errno);
	if (!err)
		return rc;
	memset(err, 0, sizeof *err);
	err->rc = rc;
	err->sys_errno = sys_errno;
	va_list ap;
	va_start(ap, fmt);
	vsnprintf(err->message, sizeof err->message, fmt, ap);
	va_end(ap);
	size_t used = strlen(err->message);
	char text[128];
	/* GNU's strerror_r: may return its own constant instead of text */
	const char *why = strerror_r(sys_errno, text, sizeof text);
	snprintf(err->message + used, sizeof err->message - used, ": %s", why);
	return rc;
}

void s3t_err_prefix(struct s3t_err *err, const char *fmt, ...)
{
	if (!err)
		return;
	char old[sizeof err->message];
	memcpy(old, err->message, sizeof old);
	va_list ap;
	va_start(ap, fmt);
	vsnprintf(err->message, sizeof err->message, fmt, ap);
	va_end(ap);
	size_t used = strlen(err->message);
	snprintf(err->message + used, sizeof err->message - used, "%s", old);
}
