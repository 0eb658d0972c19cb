/* A new profile for s3tui.ini, as the first start's form makes it. */
#ifndef CORE_CONFIG_ADD_H
#define CORE_CONFIG_ADD_H

#include "core/config.h"

struct new_profile {
	const char *name; /* "default" is [default] */
	/* "" or NULL: the line is left out */
	const char *endpoint, *region, *access_key_id, *secret_access_key, *default_bucket;
};

/* Appends its section as s3tui.ini has it. S3T_INVALID: a name or value that cannot stand there. */
enum s3t_rc config_profile_text(
	const struct new_profile *p, struct strbuf *out, struct s3t_err *err) S3T_MUST_CHECK;

/* Adds it to path (NULL: $XDG_CONFIG_HOME/s3tui/s3tui.ini, or that of ~/.config, made if missing),
 * which is replaced as a whole and readable by its owner alone (0600). S3T_EXISTS: it has a profile
 * of that name. *written: the path; caller frees. */
enum s3t_rc config_add_profile(const char *path, const struct new_profile *p, char **written,
	struct s3t_err *err) S3T_MUST_CHECK;

#endif
