/*
 * The lifecycle rules of a bucket: read, changed one at a time, written. What this program does not
 * know of a rule is not lost when another one changes. Pure but for get, put and replace, which
 * block.
 */
#ifndef CORE_S3_LIFECYCLE_H
#define CORE_S3_LIFECYCLE_H

#include "core/s3_rule.h"

enum { S3_RULES_MAX = 1000, S3_MINIMUM_MAX = 48 };

struct s3_lifecycle {
	struct s3_rule *rules;
	size_t count;
	char *stored; /* the document as the server gave it; NULL: it had none, or was not asked */
	/* x-amz-transition-default-minimum-object-size; "": none */
	char transition_minimum[S3_MINIMUM_MAX];
};
void s3_lifecycle_deinit(struct s3_lifecycle *l);
/* A document as it comes; S3T_PROTOCOL where it is none. Into an empty one. */
enum s3t_rc s3_lifecycle_parse(
	struct strview xml, struct s3_lifecycle *out, struct s3t_err *err) S3T_MUST_CHECK;
/* False: XML cannot hold a name in it. */
bool s3_lifecycle_xml(const struct s3_lifecycle *l, struct strbuf *out);

/* Index of the rule with that id, or count. */
size_t s3_lifecycle_find(const struct s3_lifecycle *l, const char *id);
/* Adds the rule of s3_rule_read(), or replaces the one of that id, unless that one has more than
 * can be said. S3T_INVALID with the rule of S3 that is broken; nothing is changed then. */
enum s3t_rc s3_lifecycle_set(struct s3_lifecycle *l, const char *id, const char *const *pairs,
	size_t count, struct s3t_err *err) S3T_MUST_CHECK;
void s3_lifecycle_remove(struct s3_lifecycle *l, size_t index);

/* No rules where there is no configuration. */
enum s3t_rc s3_lifecycle_get(const struct s3_ctx *ctx, struct strview bucket,
	struct s3_lifecycle *out, struct s3t_err *err) S3T_MUST_CHECK;
/* What was read into it is replaced; removed if no rule is left. S3T_CHANGED: it is not what is
 * stored any more. A rule that would do more if the server dropped a condition of it, as Ceph drops
 * sizes, is written switched off first, and all are read again: a server that has not kept one gets
 * back what it had, and S3T_UNSUPPORTED says which. */
enum s3t_rc s3_lifecycle_put(const struct s3_ctx *ctx, struct strview bucket,
	const struct s3_lifecycle *l, struct s3t_err *err) S3T_MUST_CHECK;
/* The same for a document as a person wrote it, whatever is stored; S3T_INVALID before any request.
 * "": all rules go. */
enum s3t_rc s3_lifecycle_replace(const struct s3_ctx *ctx, struct strview bucket,
	struct strview text, struct s3t_err *err) S3T_MUST_CHECK;

#endif
