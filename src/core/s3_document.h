/*
 * Subresources: the documents that configure a bucket or describe an object (?tagging, ?acl,
 * ?lifecycle, ?policy …). Servers that do not know one fall through to the plain operation: a PUT
 * overwrites the object with the document, a DELETE removes the bucket. So nothing is written
 * before a GET of the same has shown the right root element, or the code that says that there is
 * none yet. Any thread; calls block.
 */
#ifndef CORE_S3_DOCUMENT_H
#define CORE_S3_DOCUMENT_H

#include "core/s3.h"

enum { S3_DOCUMENT_MAX = 1 << 20 };

struct s3_document {
	struct strview bucket, key; /* key empty: of the bucket */
	const char *version_id;     /* of the object; NULL: the latest */
	const char *name;           /* "lifecycle" */
	const char *root;           /* its root element; NULL: it is JSON */
	/* a header that a GET tells and a PUT has to send again, lest it be forgotten; NULL: none
	 */
	const char *header;
	char *header_value;
	size_t header_size;
};

/* Appends it; *exists (may be NULL): false where there is none. S3T_UNSUPPORTED: the server does
 * not know it. */
enum s3t_rc s3_document_get(const struct s3_ctx *ctx, const struct s3_document *d,
	struct strbuf *out, bool *exists, struct s3t_err *err) S3T_MUST_CHECK;
/* Whether text can be such a document: S3T_INVALID with what is wrong. No request. */
enum s3t_rc s3_document_check(
	const struct s3_document *d, struct strview text, struct s3t_err *err) S3T_MUST_CHECK;
/* Appends text laid out for people; as it is where that cannot be. */
void s3_document_indent(const struct s3_document *d, struct strview text, struct strbuf *out);
/* Asks first whether the server knows it, unless the caller has just read it. */
enum s3t_rc s3_document_put(const struct s3_ctx *ctx, const struct s3_document *d,
	struct strview body, bool was_read, struct s3t_err *err) S3T_MUST_CHECK;
/* Only those for which S3 has a DELETE: for others a server would take it for one of the bucket.
 * S3T_INVALID before any request. */
enum s3t_rc s3_document_delete(const struct s3_ctx *ctx, const struct s3_document *d, bool was_read,
	struct s3t_err *err) S3T_MUST_CHECK;

#endif
