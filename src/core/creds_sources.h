/*
 * The sources of credentials that ask somebody else: a program, a security token service, a portal,
 * the machine they run on. Which of them a profile gets is decided by creds_chain.h. The makers
 * copy what they are given; `source` is where it was found, for a person.
 */
#ifndef CORE_CREDS_SOURCES_H
#define CORE_CREDS_SOURCES_H

#include "core/creds.h"
#include "core/http.h"

/* How to get there. */
struct creds_net {
	const char *ca_file, *proxy; /* NULL: as struct http_options says */
	bool no_verify;
	int64_t connect_timeout_ms;
};
void creds_net_copy(struct creds_net *to, const struct creds_net *from);
void creds_net_deinit(const struct creds_net *n);
/* One request of at most timeout_ms, answered with any status; headers as in struct http_request.
 * S3T_CANCELLED, S3T_CREDENTIALS. */
enum s3t_rc creds_net_call(const struct creds_net *n, const char *method, const char *url,
	const char *const *headers, struct strview body, int64_t timeout_ms,
	struct http_response *resp, struct cancel *cancel, struct s3t_err *err) S3T_MUST_CHECK;

/* A role by AssumeRole, signed with base's credentials (a reference that is taken over), or, where
 * token_file is given, by AssumeRoleWithWebIdentity, unsigned. (AWS STS API reference.) */
struct creds_role {
	const char *role_arn, *session_name, *external_id, *mfa_serial; /* NULL: none */
	const char *token_file;
	const char *endpoint; /* URL of the service */
	const char *region;
	unsigned duration_s; /* 0: as the service likes */
};
struct creds_provider *creds_provider_role(const struct creds_net *net,
	const struct creds_role *role, struct creds_provider *base, const char *source);

/* Single sign-on, by the token that "aws sso login" left in cache_file. Where it has expired, what
 * the AWS CLI can do with it. */
struct creds_sso {
	const char *cache_file, *account_id, *role_name;
	const char *endpoint; /* URL of the portal */
	const char *profile;
};
struct creds_provider *creds_provider_sso(
	const struct creds_net *net, const struct creds_sso *sso, const char *source);

/* A container's role (ECS, EKS): one GET of url. token: of the Authorization header; token_file:
 * read anew each time; both may be NULL. */
struct creds_provider *creds_provider_container(const struct creds_net *net, const char *url,
	const char *token, const char *token_file, const char *source);
/* The role of the machine, by IMDSv2 at endpoint: a second at most, one try. absent: the sentence
 * where nobody answers. */
struct creds_provider *creds_provider_machine(
	const struct creds_net *net, const char *endpoint, const char *absent, const char *source);

/* Whatever else the AWS CLI knows: "aws configure export-credentials". what: what the profile takes
 * its credentials from. */
struct creds_provider *creds_provider_aws_cli(
	const char *profile, const char *what, const char *source);

#endif
