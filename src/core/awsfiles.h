/*
 * ~/.aws/config and ~/.aws/credentials by AWS's own grammar (the rules of aws_profile.c in
 * aws-c-sdkutils): [default], [profile NAME], [sso-session NAME], [services NAME]; comments;
 * continuation lines; nested "s3 =" blocks. libinih cannot express it.
 */
#ifndef CORE_AWSFILES_H
#define CORE_AWSFILES_H

#include "core/strbuf.h"

struct awsfiles;

/* Reads both files; one that is missing, or whose path is NULL, is empty. Credentials win over
 * config per property. A line that makes no sense, and a file that cannot be trusted (conffile.h),
 * is passed over. warnings (may be NULL) gets one line "file:line: what" each. */
enum s3t_rc awsfiles_load(const char *config_path, const char *credentials_path,
	struct awsfiles **out, struct strbuf *warnings, struct s3t_err *err) S3T_MUST_CHECK;
/* The same from memory, for tests; either may be empty. */
enum s3t_rc awsfiles_parse(struct strview config, struct strview credentials, struct awsfiles **out,
	struct strbuf *warnings, struct s3t_err *err) S3T_MUST_CHECK;
void awsfiles_free(struct awsfiles *f);
bool awsfiles_has_profile(const struct awsfiles *f, const char *profile);
/* A property of a profile, or NULL; borrowed. */
const char *awsfiles_get(const struct awsfiles *f, const char *profile, const char *key);
/* One in a nested block ("s3", "addressing_style"). */
const char *awsfiles_get_nested(
	const struct awsfiles *f, const char *profile, const char *block, const char *key);
/* A nested property of [services NAME]. */
const char *awsfiles_get_service(
	const struct awsfiles *f, const char *services, const char *block, const char *key);
/* A property of [sso-session NAME]. */
const char *awsfiles_get_sso_session(
	const struct awsfiles *f, const char *session, const char *key);
/* Calls fn for each profile name, in file order. */
void awsfiles_each_profile(
	const struct awsfiles *f, void (*fn)(void *arg, const char *name), void *arg);

#endif
