/*
 * Where the credentials of a profile come from: a table of sources, tried in order when the profile
 * is resolved; they are taken as a whole from the first that has any. A further source is one row.
 */
#ifndef CORE_CREDS_CHAIN_H
#define CORE_CREDS_CHAIN_H

#include "core/awsfiles.h"
#include "core/config.h"
#include "core/creds.h"

/* What the sources look at; all borrowed for the call. */
struct creds_lookup {
	const char *profile;
	bool is_anonymous;
	bool skip_environment; /* an explicit --profile */
	bool no_verify_ssl;
	bool skip_role;                      /* a profile's keys are wanted, not its role */
	const struct creds_lookup *asks_for; /* the profile whose role is to be assumed; or NULL */
	config_env_fn env;
	void *env_arg;
	const struct settings *settings; /* merged */
	const struct awsfiles *aws;
};

/* A provider in *out, always when S3T_OK: where nothing is found, or what is found cannot
 * do, its get() fails with S3T_CREDENTIALS and a sentence that says so. S3T_CONFIG: half a pair of
 * keys in s3tui.ini. */
enum s3t_rc creds_chain(const struct creds_lookup *l, struct creds_provider **out,
	struct s3t_err *err) S3T_MUST_CHECK;

#endif
