/* Between the files of the configuration: the options as a table, and what a file's section sets.
 */
#ifndef CORE_CONFIG_PRIVATE_H
#define CORE_CONFIG_PRIVATE_H

#include "core/config.h"

#include <stddef.h>

enum option_id {
#define X(section, key, type, field, def, min, max, words, help) OPTION_##field,
	CONFIG_SCHEMA(X)
#undef X
		OPTION_COUNT
};

enum option_type {
	OPTION_TYPE_STRING,
	OPTION_TYPE_SECRET,
	OPTION_TYPE_WORD,
	OPTION_TYPE_BOOL,
	OPTION_TYPE_SIZE,
	OPTION_TYPE_COUNT,
	OPTION_TYPE_DURATION,
};

struct option {
	const char *section, *key;
	enum option_type type;
	size_t offset; /* in struct settings */
	const char *def;
	uint64_t min, max;
	const char *words; /* "a|b|c", or NULL */
	const char *help;
};

extern const struct option config_options[OPTION_COUNT];

/* What one scope of the file ([default] and its like, or one profile) sets. */
struct option_scope {
	struct settings values;
	int line[OPTION_COUNT]; /* where it is set; 0: it is not */
};

struct config_profile {
	char *name;
	struct option_scope scope;
};

struct config_binding {
	char *action, *keys;
	int line;
};

struct config {
	char *path;
	struct option_scope base;
	struct config_profile *profiles;
	size_t profile_count;
	struct config_binding *bindings;
	size_t binding_count;
};

/* NULL if there is no such option. */
const struct option *option_find(const char *section, const char *key);
/* Whether section is one of [default], [upload] …, [ui]. */
bool option_section_exists(const char *section);
/* Reads value into s; err says what is wrong with the value and what is allowed, not where. */
enum s3t_rc option_assign(struct settings *s, const struct option *o, const char *value,
	struct s3t_err *err) S3T_MUST_CHECK;
void option_copy(struct settings *to, const struct settings *from, const struct option *o);
/* Back to its default; a secret is wiped. */
void option_reset(struct settings *s, const struct option *o);
/* "unknown key x; did you mean y? …" */
void option_explain_unknown(struct strbuf *out, const char *section, const char *key);
/* Text out of a file, fit to be shown: sanitised and cut; caller frees. */
char *config_quoted(const char *text);

/* The profile called name, or NULL. */
const struct config_profile *config_find_profile(const struct config *c, const char *name);

/* env, or the process's own environment where env is NULL; NULL also for an empty variable. */
const char *config_getenv(config_env_fn env, void *env_arg, const char *name);

#endif
