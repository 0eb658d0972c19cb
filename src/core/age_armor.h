/*
 * The ASCII armor of age files (C2SP age-encryption.org/v1, "ASCII armor"; RFC 7468, strict): what
 * `age -a` writes, as a stream of the binary file. Nothing here is secret. One thread at a time.
 */
#ifndef CORE_AGE_ARMOR_H
#define CORE_AGE_ARMOR_H

#include "core/err.h"
#include "core/strbuf.h"

#define AGE_ARMOR_BEGIN "-----BEGIN AGE ENCRYPTED FILE-----"
#define AGE_ARMOR_END "-----END AGE ENCRYPTED FILE-----"

struct age_armor;
struct age_armor *age_armor_new(void);
void age_armor_free(struct age_armor *a);
/* Appends the bytes that data has; S3T_MISMATCH: it is no armor, or damaged. */
enum s3t_rc age_armor_add(struct age_armor *a, const void *data, size_t len, struct strbuf *out,
	struct s3t_err *err) S3T_MUST_CHECK;
/* No more comes: S3T_MISMATCH if it is cut. */
enum s3t_rc age_armor_end(
	struct age_armor *a, struct strbuf *out, struct s3t_err *err) S3T_MUST_CHECK;

#endif
