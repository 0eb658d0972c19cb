/* Encryption by the server, between the files of the S3 operations; nobody else includes it. */
#ifndef CORE_S3_ENCRYPTION_H
#define CORE_S3_ENCRYPTION_H

#include "core/s3.h"

/* Adds what asks for it, but for a customer's key, which the client adds itself. context (the
 * caller's, initialised) holds a value until the request is over. */
void s3_encryption_headers(const struct s3_encryption *e, struct strbuf *context,
	void (*add)(void *arg, struct strview name, struct strview value), void *arg);
/* Whether the answer to a write says that it was done; S3T_UNSUPPORTED with a sentence if not. */
enum s3t_rc s3_encryption_confirm(const struct s3_ctx *ctx, const struct s3_encryption *e,
	const struct http_response *resp, struct s3t_err *err) S3T_MUST_CHECK;
/* Names the key that a refused write was to be under. */
void s3_encryption_explain(const struct s3_encryption *e, struct s3t_err *err);
/* Whether anything is asked of the server. */
bool s3_encryption_asks(const struct s3_encryption *e);

/* Whether the options of [encryption] go together: S3T_CONFIG. warnings (may be NULL): one line
 * each.
 */
enum s3t_rc s3_encryption_check_settings(const struct settings *s, const char *profile,
	struct strbuf *warnings, struct s3t_err *err) S3T_MUST_CHECK;

/* s3_client.c: whether the server has confirmed this kind before. */
bool s3_client_has_confirmed(const struct s3_client *c, enum s3_encryption_kind kind);
void s3_client_set_confirmed(struct s3_client *c, enum s3_encryption_kind kind);

#endif
