/* What is known of a bucket besides its objects, in words. */
#ifndef CORE_S3_BUCKET_INFO_H
#define CORE_S3_BUCKET_INFO_H

#include "core/s3_document.h"

/* Calls fn for each: region, versioning, encryption, object lock, lifecycle, policy, CORS, ACL,
 * tags. What the server lacks, or does not show, says so. S3T_CANCELLED and failures of the network
 * end it. Blocks; several requests. */
enum s3t_rc s3_bucket_info(const struct s3_ctx *ctx, struct strview bucket,
	void (*fn)(void *arg, const char *name, const char *value), void *arg,
	struct s3t_err *err) S3T_MUST_CHECK;

/* The document of a bucket by its name ("policy", "cors", "lifecycle", "encryption", "tagging",
 * "versioning", "acl", "object-lock"); false: it is none of these. */
bool s3_bucket_document(const char *name, struct strview bucket, struct s3_document *out);

#endif
