/*
 * One lifecycle rule: what of it is known, in words, as the pairs that people write, and as the XML
 * that is sent. What is not known of one that was read is kept as it came. S3 API Reference,
 * "LifecycleRule"; S3 User Guide, "Lifecycle configuration elements". No I/O; any thread.
 */
#ifndef CORE_S3_RULE_H
#define CORE_S3_RULE_H

#include "core/s3.h"

enum {
	S3_RULE_ID_MAX = 255,
	S3_MOVES_MAX = 6, /* of a kind: S3 has so many classes to move to */
	S3_RULE_TAGS_MAX = 10,
	S3_KEEP_MAX = 100,
	S3_DAY_LEN = 10 /* "2030-01-01", midnight UTC */
};

struct s3_move {
	char class[32];
	uint32_t days;
	char date[S3_DAY_LEN + 1]; /* instead of days; "": none */
	uint32_t keep; /* of older versions: so many, the newest of them, stay; 0: none */
};

struct s3_rule {
	char *id;     /* "": it has none */
	char *prefix; /* "": the whole bucket */
	struct s3_rule_tag {
		char *key, *value;
	} tags[S3_RULE_TAGS_MAX];
	size_t tag_count;
	bool has_larger, has_smaller;
	uint64_t larger, smaller; /* than so many bytes */
	bool is_enabled;
	uint32_t expire_days; /* 0: none */
	char expire_date[S3_DAY_LEN + 1];
	bool expires_markers; /* delete markers behind which nothing is left */
	struct s3_move moves[S3_MOVES_MAX], older_moves[S3_MOVES_MAX];
	size_t move_count, older_move_count;
	uint32_t noncurrent_days; /* versions that are not the latest go after; 0: stay */
	uint32_t noncurrent_keep; /* but for so many, the newest of them */
	uint32_t abort_days;      /* unfinished uploads; 0: stay */
	bool is_odd; /* a number, a day or the status is not as S3 has it, or is there twice */
	/* as they came, where more is in them than this knows; NULL */
	char *filter_xml, *actions_xml;
};
void s3_rule_init(struct s3_rule *r);
void s3_rule_deinit(struct s3_rule *r);
/* False: there are too many. */
bool s3_rule_add_tag(struct s3_rule *r, struct strview key, struct strview value);
bool s3_rule_add_move(struct s3_rule *r, bool is_older, const struct s3_move *m);
bool s3_rule_has_more(const struct s3_rule *r);
/* Tags by key, moves by time: servers give them back in an order of their own. */
void s3_rule_sort(struct s3_rule *r);

/* "objects under logs/ move to GLACIER after 30 days and go after 365; unfinished uploads after 7"
 */
void s3_rule_words(const struct s3_rule *r, struct strbuf *out);

/* A new rule, enabled, from "prefix=logs/", "tag=KEY=VALUE" (an '=' of a key behind a '\'),
 * "larger=1MiB", "smaller=1GiB", "expire=365" or "expire=2030-01-01", "transition=GLACIER:30" or a
 * day, "noncurrent=30" or, the newest 5 staying, "noncurrent=30:5",
 * "noncurrent-transition=GLACIER:30:5", "markers=yes", "abort=7". Into an empty one, which is empty
 * again after S3T_INVALID: the rule of S3 that is broken. */
enum s3t_rc s3_rule_read(struct s3_rule *r, const char *id, const char *const *pairs, size_t count,
	struct s3t_err *err) S3T_MUST_CHECK;
/* Whether S3 takes it: S3T_INVALID with the rule that it breaks. */
enum s3t_rc s3_rule_check(const struct s3_rule *r, struct s3t_err *err) S3T_MUST_CHECK;
/* Appends "<Rule>…</Rule>", in the one form that all servers read: Ceph answers with a prefix
 * beside <And>, and loses it if it is sent back so. False: XML cannot hold a name of it. */
bool s3_rule_xml(const struct s3_rule *r, struct strbuf *out);

#endif
