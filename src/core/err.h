/*
 * Results and their detail. Every fallible call returns an enum s3t_rc; the place where the failure
 * is known fills a struct s3t_err, owned by the caller, with what a person needs to read: what
 * failed, on what, why, and what to do about it. Cancelled is an outcome, not an error.
 */
#ifndef CORE_ERR_H
#define CORE_ERR_H

#include <stdbool.h>
#include <stddef.h>

#if defined(__GNUC__)
#define S3T_MUST_CHECK __attribute__((warn_unused_result))
#define S3T_PRINTF(fmt, args) __attribute__((format(printf, fmt, args)))
#else
#define S3T_MUST_CHECK
#define S3T_PRINTF(fmt, args)
#endif

/* name, machine name, retryable, sentence */
#define S3T_RC_TABLE(X)                                                                     \
	X(OK, "ok", false, "Done.")                                                         \
	X(CANCELLED, "cancelled", false, "Cancelled.")                                      \
	X(MEMORY, "memory", false, "Out of memory.")                                        \
	X(INVALID, "invalid", false, "Not a valid value.")                                  \
	X(CONFIG, "config", false, "The configuration is not valid.")                       \
	X(CREDENTIALS, "credentials", false, "No usable credentials.")                      \
	X(IO, "io", false, "A local file could not be read or written.")                    \
	X(NO_SPACE, "no_space", false, "The disk is full.")                                 \
	X(NOT_FOUND, "not_found", false, "There is no such thing.")                         \
	X(EXISTS, "exists", false, "It exists already.")                                    \
	X(CHANGED, "changed", false, "It changed meanwhile.")                               \
	X(DENIED, "denied", false, "Permission denied.")                                    \
	X(REFUSED_NAME, "refused_name", false, "That name cannot be used here.")            \
	X(SAME, "same", false, "Source and target are the same.")                           \
	X(UNSUPPORTED, "unsupported", false, "Not supported here.")                         \
	X(RESOLVE, "resolve", true, "The host name could not be resolved.")                 \
	X(CONNECT, "connect", true, "The server could not be reached.")                     \
	X(TLS, "tls", false, "The server's certificate could not be verified.")             \
	X(TIMEOUT, "timeout", true, "The server did not answer in time.")                   \
	X(NETWORK, "network", true, "The connection broke.")                                \
	X(SERVER, "server", true, "The server failed.")                                     \
	X(SLOW_DOWN, "slow_down", true, "The server asks for fewer requests.")              \
	X(CLOCK, "clock", true, "This machine's clock differs too much from the server's.") \
	X(REGION, "region", true, "The bucket is in another region.")                       \
	X(AUTH, "auth", false, "The server refused the credentials.")                       \
	X(PROTOCOL, "protocol", true, "The server's answer makes no sense.")                \
	X(MISMATCH, "mismatch", true, "What arrived is not what was sent.")                 \
	X(CLIENT, "client", false, "The server refused the request.")

enum s3t_rc {
#define X(name, machine, retryable, sentence) S3T_##name,
	S3T_RC_TABLE(X)
#undef X
		S3T_RC_COUNT
};

struct s3t_err {
	enum s3t_rc rc;
	int http_status; /* 0: no answer came */
	int sys_errno;   /* 0: not a system call's failure */
	int exit_status; /* of a command that failed, as a shell tells it; 0: it is not one's */
	char code[64];   /* S3's error code, or "" */
	char request_id[96];
	char region[48];   /* where the server says that the bucket is, or "" */
	char message[512]; /* one sentence for a person; bytes of foreign origin are sanitised */
};

/* The machine-readable name of rc; never NULL. */
const char *s3t_rc_name(enum s3t_rc rc);
/* One general sentence; never NULL. */
const char *s3t_rc_sentence(enum s3t_rc rc);
/* Whether another try of the same thing may succeed. */
bool s3t_rc_is_retryable(enum s3t_rc rc);

/* Fills err (may be NULL) with rc and a formatted sentence; returns rc. */
enum s3t_rc s3t_fail(struct s3t_err *err, enum s3t_rc rc, const char *fmt, ...) S3T_PRINTF(3, 4);
/* The same for a failed system call: rc follows from sys_errno (ENOENT: not found, ENOSPC: no space
 * …), and its description is appended to the sentence. */
enum s3t_rc s3t_fail_errno(struct s3t_err *err, int sys_errno, const char *fmt, ...)
	S3T_PRINTF(3, 4);
/* What a person can do about it, as a clause ("look at the permissions"), or ""; static. */
const char *s3t_err_hint(const struct s3t_err *err);
/* Puts text in front of the sentence already there ("cannot open x: " …). err may be NULL. */
void s3t_err_prefix(struct s3t_err *err, const char *fmt, ...) S3T_PRINTF(2, 3);

#endif
