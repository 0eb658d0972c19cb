/* What signing a request and signing a link share; nobody else includes it. Any thread. */
#ifndef CORE_S3_CLIENT_PRIVATE_H
#define CORE_S3_CLIENT_PRIVATE_H

#include "core/s3.h"

/* Where a request goes. */
struct s3_target {
	struct strbuf host, path; /* host with port; encoded path */
};

/* The region that the bucket is known to be in, else the profile's. */
void s3_client_region(struct s3_client *c, struct strview bucket, char out[48]);
/* Initialises out; s3_target_deinit() ends it. */
void s3_target_init(const struct profile *p, struct strview bucket, struct strview key,
	const char *region, struct s3_target *out);
void s3_target_deinit(struct s3_target *t);
/* The caller wipes it. */
void s3_client_signing_key(struct s3_client *c, const struct creds *creds, int64_t now_s,
	const char *region, struct sigv4_key *out);
/* S3T_UNSUPPORTED where the profile is read-only and the method is not. */
enum s3t_rc s3_client_refuse_change(
	const struct profile *profile, const char *method, struct s3t_err *err) S3T_MUST_CHECK;

#endif
