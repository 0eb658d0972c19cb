/*
 * What is to be different about objects that stay where they are: headers, metadata, tags, class,
 * encryption. A list of names with new values; "" takes one away. Checked by S3's rules before
 * anything is sent; applied to what HEAD and ?tagging told. No I/O.
 */
#ifndef CORE_S3_CHANGE_H
#define CORE_S3_CHANGE_H

#include "core/s3.h"

/* S3 User Guide: "Working with object metadata", "Categorizing your storage using tags". */
enum {
	S3_METADATA_MAX = 2048, /* bytes of names and values */
	S3_TAGS_MAX = 10,
	S3_TAG_KEY_MAX = 128, /* characters */
	S3_TAG_VALUE_MAX = 256
};

struct s3_change {
	char *name; /* "content-type", "meta.author", "tag.team", "storage-class", "encryption",
		     * "restore", "retention", "legal-hold" */
	char *value;
};
struct s3_changes {
	struct s3_change *items;
	size_t count;
};

/* Adds, or replaces the one of that name. S3T_INVALID with the rule that it breaks. */
enum s3t_rc s3_changes_add(struct s3_changes *c, struct strview name, struct strview value,
	struct s3t_err *err) S3T_MUST_CHECK;
/* "name=value". */
enum s3t_rc s3_changes_add_pair(
	struct s3_changes *c, struct strview pair, struct s3t_err *err) S3T_MUST_CHECK;
void s3_changes_copy(struct s3_changes *to, const struct s3_changes *from);
void s3_changes_deinit(struct s3_changes *c);
/* Whether they can be made together: S3T_INVALID with what cannot. */
enum s3t_rc s3_changes_check(const struct s3_changes *c, struct s3t_err *err) S3T_MUST_CHECK;
/* NULL: it is not among them. */
const char *s3_changes_get(const struct s3_changes *c, const char *name);
/* Whether all names begin so ("tag."). */
bool s3_changes_are_all(const struct s3_changes *c, const char *prefix);
bool s3_changes_have_any(const struct s3_changes *c, const char *prefix);

/* Makes o and tagging ("key=value&…") what they are to be; diff (may be NULL) gets a line "name:
 * before -> after" for each difference. S3T_INVALID: the result breaks a rule. */
enum s3t_rc s3_changes_apply(const struct s3_changes *c, struct s3_object *o,
	struct strbuf *tagging, struct strbuf *diff, struct s3t_err *err) S3T_MUST_CHECK;

/* Whether it is of the object's lock, which is no part of a copy. */
bool s3_changes_lock(const struct s3_changes *c);
/* The parts of "restore": "7", "7:Bulk". */
enum s3t_rc s3_restore_parse(
	const char *text, uint32_t *days, char tier[16], struct s3t_err *err) S3T_MUST_CHECK;
/* Whether it can be the value of a header that an object keeps: S3T_INVALID with the rule. */
enum s3t_rc s3_check_header(struct strview value, struct s3t_err *err) S3T_MUST_CHECK;
/* Whether a metadata name and value, and a tag's, are as S3 wants them. */
enum s3t_rc s3_check_metadata(
	struct strview name, struct strview value, struct s3t_err *err) S3T_MUST_CHECK;
enum s3t_rc s3_check_tag(
	struct strview key, struct strview value, struct s3t_err *err) S3T_MUST_CHECK;

#endif
