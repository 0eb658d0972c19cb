/*
 * Credentials: a ref-counted secret with an expiry, and the provider that finds and renews it.
 * Secrets are wiped when freed and appear in no log, argv or error text.
 */
#ifndef CORE_CREDS_H
#define CORE_CREDS_H

#include "core/cancel.h"
#include "core/strbuf.h"

#include <stdint.h>

#define CREDS_NO_EXPIRY INT64_MAX

struct creds; /* immutable after new */

/* Copies. token may be NULL. expires_s: Unix time or CREDS_NO_EXPIRY. source: where it was found,
 * for a person ("s3tui.ini [default]", "environment", "~/.aws/credentials [work]"). */
struct creds *creds_new(const char *access_key, const char *secret_key, const char *token,
	int64_t expires_s, const char *source);
struct creds *creds_ref(struct creds *c);
void creds_unref(struct creds *c); /* NULL is allowed */
struct strview creds_access_key(const struct creds *c);
struct strview creds_secret_key(const struct creds *c);
struct strview creds_token(const struct creds *c); /* empty: none */
int64_t creds_expires_s(const struct creds *c);
const char *creds_source(const struct creds *c);

/*
 * Gives credentials and renews them 15 minutes before they end (in the second half of their life if
 * that is short). Any thread; one renews while the others wait. Which provider a profile gets is
 * decided by the chain (creds_chain.h).
 */
struct creds_provider;

/* Gets new credentials; blocks; any thread, one at a time. S3T_CANCELLED, S3T_CREDENTIALS. */
typedef enum s3t_rc (*creds_fetch_fn)(
	void *arg, struct cancel *cancel, struct creds **out, struct s3t_err *err);
/* Takes over arg, which release frees. */
struct creds_provider *creds_provider_new(
	creds_fetch_fn fetch, void (*release)(void *arg), void *arg);
/* Asks a person for the code of a device for a role that wants one (mfa_serial). fn blocks until
 * the answer is in *answer; called by any thread that fetches. Set before threads start; unset:
 * such a role fails. */
typedef enum s3t_rc (*creds_ask_fn)(void *arg, const char *question, struct strbuf *answer,
	struct cancel *cancel, struct s3t_err *err);
void creds_set_ask(creds_ask_fn fn, void *arg);
/* What a source answered, checked. token and expiration (ISO 8601) may be NULL; what is not usable
 * is S3T_CREDENTIALS, without the value. */
enum s3t_rc creds_from_answer(const char *access_key, const char *secret_key, const char *token,
	const char *expiration, const char *source, struct creds **out,
	struct s3t_err *err) S3T_MUST_CHECK;

/* Always the same. Takes a reference of c; c NULL: anonymous. */
struct creds_provider *creds_provider_static(struct creds *c);
/* Runs command (split as a POSIX shell splits words, but without a shell) and reads AWS's
 * "credential_process" JSON, Version 1. */
struct creds_provider *creds_provider_process(const char *command, const char *source);
/* Always fails with S3T_CREDENTIALS and this sentence. */
struct creds_provider *creds_provider_failing(const char *sentence);
/* The code of an S3T_CREDENTIALS that says that nobody has set up any. */
#define CREDS_NONE "NoCredentials"
/* The same, with that code. */
struct creds_provider *creds_provider_none(const char *sentence);
struct creds_provider *creds_provider_ref(struct creds_provider *p);
void creds_provider_unref(struct creds_provider *p);

/* A reference to valid credentials in *out; NULL in *out means anonymous. May block while a process
 * runs (at most 60 s). */
enum s3t_rc creds_provider_get(struct creds_provider *p, struct cancel *cancel, struct creds **out,
	struct s3t_err *err) S3T_MUST_CHECK;
/* A reference to what is cached, valid or not; NULL: nothing yet. Does not block for long. */
struct creds *creds_provider_cached(struct creds_provider *p);
/* Whether the next get would ask nobody. */
bool creds_provider_is_ready(struct creds_provider *p);
/* Forgets what is cached: the server said ExpiredToken. */
void creds_provider_invalidate(struct creds_provider *p);

#endif
