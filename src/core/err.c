#include "core/err.h"

#include "core/text.h"

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
	utf8_trim_end(err->message);
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
	utf8_trim_end(err->message);
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
	utf8_trim_end(err->message);
}

static const struct {
	enum s3t_rc rc;
	const char *hint;
} hints[] = {
	{S3T_AUTH, "look at the keys of this profile and at --endpoint"},
	{S3T_DENIED, "look at the permissions, and at the secret key: some services answer a wrong "
		     "one like this"},
	{S3T_NO_SPACE, "make room and run it again"},
	{S3T_RESOLVE, "look at the endpoint's spelling and at the network"},
	{S3T_CONNECT,
		"look at the endpoint's port, the network and firewalls; s3tui check tells more"},
	{S3T_TLS, "give the authority's certificate with --ca-bundle"},
	{S3T_TIMEOUT, "run it again, or raise the limits under [network]"},
	{S3T_NETWORK, "run it again; s3tui check tells more"},
	{S3T_CLOCK, "set the clock of this machine"},
	{S3T_REGION, "give the right --region"},
	{S3T_SLOW_DOWN, "run it again later, or with fewer --jobs"},
	{S3T_SERVER, "run it again later"},
	{S3T_MISMATCH, "run it again; if it stays, something on the way changes data"},
	{S3T_CHANGED, "run it again"},
	{S3T_EXISTS, "choose another name, or say --on-conflict"},
};

const char *s3t_err_hint(const struct s3t_err *err)
{
	if (err->rc == S3T_DENIED && err->sys_errno)
		return "look at the permissions";
	/* a reason of its own has its own sentence */
	bool has_reason =
		!err->http_status || (err->code[0] && strcmp(err->code, "AccessDenied") != 0);
	if (err->rc == S3T_DENIED && has_reason)
		return "";
	if (err->rc == S3T_NO_SPACE && !err->sys_errno)
		return ""; /* a quota on the server */
	for (size_t i = 0; i < sizeof hints / sizeof *hints; i++)
		if (hints[i].rc == err->rc)
			return hints[i].hint;
	return "";
}
