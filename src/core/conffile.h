/* Reading a configuration file whole, and only one that nobody else can have written (threat T12).
 */
#ifndef CORE_CONFFILE_H
#define CORE_CONFFILE_H

#include "core/strbuf.h"

#define CONFFILE_MAX ((size_t)1 << 20)

/* A path of the configuration: "~/" is home; caller frees. */
char *conffile_path(const char *text);

/* Adds the file's bytes to out (wipe it: it may hold secrets). *is_shared: group or others may read
 * it. S3T_NOT_FOUND: there is none; S3T_CONFIG: it belongs to somebody who is neither root nor us,
 * is writable by everybody, too large, or not text. */
enum s3t_rc conffile_read(
	const char *path, struct strbuf *out, bool *is_shared, struct s3t_err *err) S3T_MUST_CHECK;
/* The same of a file that need not be text: a key. */
enum s3t_rc conffile_read_bytes(
	const char *path, struct strbuf *out, bool *is_shared, struct s3t_err *err) S3T_MUST_CHECK;

#endif
