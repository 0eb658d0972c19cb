/*
 * Lifecycle rules of a bucket: read, in words, and changed one at a time. A rule keeps the XML that
 * it came with, so that what this program does not know of a rule is not lost when another one
 * changes. S3 API Reference, "LifecycleRule". Pure but for get and put.
 */
#ifndef CORE_S3_LIFECYCLE_H
#define CORE_S3_LIFECYCLE_H

#include "core/s3.h"

enum { S3_RULES_MAX = 1000, S3_RULE_ID_MAX = 255, S3_TRANSITIONS_MAX = 8 };

struct s3_transition {
	char class[32];
	uint32_t days;
};

struct s3_rule {
	char *id;        /* "": it has none */
	char *prefix;    /* "": the whole bucket */
	char *condition; /* tags and sizes in words; "": none */
	bool is_enabled;
	uint32_t expire_days;     /* 0: none */
	char *expire_date;        /* "": none */
	bool expires_markers;     /* delete markers behind which nothing is left */
	uint32_t noncurrent_days; /* versions that are not the latest go after; 0: stay */
	uint32_t abort_days;      /* unfinished uploads; 0: stay */
	struct s3_transition transitions[S3_TRANSITIONS_MAX];
	size_t transition_count;
	bool has_more; /* than s3_lifecycle_set() can write */
	char *xml;     /* "<Rule>…</Rule>", as it came or as it is to be sent */
};

struct s3_lifecycle {
	struct s3_rule *rules;
	size_t count;
};
void s3_lifecycle_deinit(struct s3_lifecycle *l);
/* A document as it comes; S3T_PROTOCOL where it is none. Into an empty one. */
enum s3t_rc s3_lifecycle_parse(
	struct strview xml, struct s3_lifecycle *out, struct s3t_err *err) S3T_MUST_CHECK;
void s3_lifecycle_xml(const struct s3_lifecycle *l, struct strbuf *out);

/* "objects under logs/ move to GLACIER after 30 days and go after 365; unfinished uploads after 7"
 */
void s3_rule_words(const struct s3_rule *r, struct strbuf *out);
/* Index of the rule with that id, or count. */
size_t s3_lifecycle_find(const struct s3_lifecycle *l, const char *id);
/* A rule that has more than this can say is not replaced.
 * From "prefix=logs/", "expire=365", "transition=GLACIER:30", "noncurrent=30", "abort=7";
 * S3T_INVALID with the rule of S3 that is broken. Adds, or replaces the one of that id. */
enum s3t_rc s3_lifecycle_set(struct s3_lifecycle *l, const char *id, const char *const *pairs,
	size_t count, struct s3t_err *err) S3T_MUST_CHECK;
void s3_lifecycle_enable(struct s3_lifecycle *l, size_t index, bool is_enabled);
void s3_lifecycle_remove(struct s3_lifecycle *l, size_t index);

/* No rules where there is no configuration. */
enum s3t_rc s3_lifecycle_get(const struct s3_ctx *ctx, struct strview bucket,
	struct s3_lifecycle *out, struct s3t_err *err) S3T_MUST_CHECK;
/* What is there is replaced; removed if no rule is left. */
enum s3t_rc s3_lifecycle_put(const struct s3_ctx *ctx, struct strview bucket,
	const struct s3_lifecycle *l, struct s3t_err *err) S3T_MUST_CHECK;

#endif
