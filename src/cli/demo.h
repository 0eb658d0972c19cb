/*
 * What --demo shows: a directory of files for the left pane and objects for the bucket on the
 * right. Contents are made up and the same each time.
 */
#ifndef CLI_DEMO_H
#define CLI_DEMO_H

#include "core/strbuf.h"

#include <signal.h>
#include <stdint.h>

/* Makes a 0700 directory with files below $TMPDIR; path gets its name, without a final '/'. Stops
 * early, as cancelled, once *stop is not 0. What is there after a failure is the caller's to
 * remove, if path is not empty. */
enum s3t_rc demo_make_dir(
	struct strbuf *path, const volatile sig_atomic_t *stop, struct s3t_err *err) S3T_MUST_CHECK;
/* Removes a directory with all that is in it; follows no symbolic link. */
void demo_remove_dir(const char *path);

/* An object to be put; type and storage_class may be NULL. */
typedef enum s3t_rc (*demo_put_fn)(void *arg, const char *key, struct strview data,
	const char *type, int64_t mtime_s, const char *storage_class, struct s3t_err *err);
/* Calls put for each of some 40 objects, until one fails. */
enum s3t_rc demo_seed(demo_put_fn put, void *arg, struct s3t_err *err) S3T_MUST_CHECK;

#endif
