/*
 * Object lock (S3 User Guide, "Locking objects"): until when a version cannot be deleted, and
 * whether a legal hold keeps it. Any thread; calls block.
 */
#ifndef CORE_S3_LOCK_H
#define CORE_S3_LOCK_H

#include "core/s3.h"

struct s3_retention {
	char mode[16];   /* GOVERNANCE, COMPLIANCE */
	int64_t until_s; /* Unix time */
};

/* "GOVERNANCE:30" (days from now_s), "COMPLIANCE:2030-01-31" (its end, UTC). S3T_INVALID with the
 * rule. */
enum s3t_rc s3_retention_parse(const char *text, int64_t now_s, struct s3_retention *out,
	struct s3t_err *err) S3T_MUST_CHECK;
/* Of the latest version. S3T_UNSUPPORTED: the bucket or the server has no object lock. */
enum s3t_rc s3_put_retention(const struct s3_ctx *ctx, struct strview bucket, struct strview key,
	const struct s3_retention *r, struct s3t_err *err) S3T_MUST_CHECK;
enum s3t_rc s3_put_legal_hold(const struct s3_ctx *ctx, struct strview bucket, struct strview key,
	bool is_on, struct s3t_err *err) S3T_MUST_CHECK;

#endif
