/*
 * s3tui.ini, and what a run is to use: struct settings is the plain result, immutable once a
 * profile is resolved. Order of precedence: command line, environment (unless --profile was given),
 * s3tui.ini's profile over its defaults, ~/.aws files, built-in defaults.
 */
#ifndef CORE_CONFIG_H
#define CORE_CONFIG_H

#include "core/awsfiles.h"
#include "core/config_schema.h"
#include "core/creds.h"
#include "core/provider.h"
#include "core/uri.h"

#include <stdint.h>

/* Types in C: STRING, SECRET and WORD are owned strings ("" when unset); SIZE uint64_t and COUNT
 * uint32_t with 0 for "auto"; DURATION int64_t milliseconds. */
#define CONFIG_CTYPE_STRING char *
#define CONFIG_CTYPE_SECRET char *
#define CONFIG_CTYPE_WORD char *
#define CONFIG_CTYPE_BOOL bool
#define CONFIG_CTYPE_SIZE uint64_t
#define CONFIG_CTYPE_COUNT uint32_t
#define CONFIG_CTYPE_DURATION int64_t

struct settings {
#define X(section, key, type, field, def, min, max, words, help) CONFIG_CTYPE_##type field;
	CONFIG_SCHEMA(X)
#undef X
};

struct config;

/* Reads an environment variable, a test's for example; where NULL is given, getenv is used. */
typedef const char *(*config_env_fn)(void *arg, const char *name);

/* Reads path. path NULL: $XDG_CONFIG_HOME/s3tui/s3tui.ini, ~/.config/…, /etc/xdg/…; a missing file
 * is an empty one unless path was given. An unknown section or key, a duplicate, a value out of
 * range, a line over 64 KiB, or an unset ${VAR} is
 * S3T_CONFIG with "file:line: [section] key: what and what is allowed". Refuses a file owned by
 * somebody else or writable by all; warns (one line each, into warnings) about secrets readable by
 * others. */
enum s3t_rc config_load(const char *path, config_env_fn env, void *env_arg, struct config **out,
	struct strbuf *warnings, struct s3t_err *err) S3T_MUST_CHECK;
/* The same from memory under a name. */
enum s3t_rc config_parse(const char *name, struct strview text, config_env_fn env, void *env_arg,
	struct config **out, struct strbuf *warnings, struct s3t_err *err) S3T_MUST_CHECK;
void config_free(struct config *c);
/* The base settings ([default], [upload] …, [ui]); borrowed. */
const struct settings *config_base(const struct config *c);
/* The [keys] section, in order: action = keys. False when i is past the end. */
bool config_key_binding(
	const struct config *c, size_t i, const char **action, const char **keys, int *line);
/* Names of [profile NAME], in order; NULL past the end. */
const char *config_profile_name(const struct config *c, size_t i);
/* Path of the file that was read, or "". */
const char *config_path(const struct config *c);

/* Sets one option by section and key as if it stood in the file; for the command line. */
enum s3t_rc settings_set(struct settings *s, const char *section, const char *key,
	const char *value, struct s3t_err *err) S3T_MUST_CHECK;
void settings_init_defaults(struct settings *s);
/* Into a struct that holds nothing yet. */
void settings_copy(struct settings *to, const struct settings *from);
/* Wipes secrets. */
void settings_deinit(struct settings *s);

/* What the command line says about the connection; NULL or 0 where it says nothing. */
struct profile_request {
	const char *profile;   /* --profile */
	const char *endpoint;  /* --endpoint */
	const char *region;    /* --region */
	const char *ca_bundle; /* --ca-bundle */
	int path_style;        /* 1: --path-style, -1: --virtual-style */
	bool no_sign_request, no_verify_ssl, request_payer;
};
/* Replaces the texts by copies of its own, which the other frees. */
void profile_request_own(struct profile_request *r);
void profile_request_deinit(const struct profile_request *r);
/* Whether they ask for the same. */
bool profile_request_eq(const struct profile_request *a, const struct profile_request *b);

/* One endpoint with its settings and credentials, ready for an s3_client. Ref-counted, immutable.
 * The secrets are with creds; in settings they are empty. */
struct profile {
	char *name; /* "default", or as asked for */
	struct profile_request
		request; /* as asked for, with texts of its own: to resolve it again */
	struct settings settings;
	struct endpoint endpoint; /* for Amazon: of the settings' region, rebuilt for others */
	bool is_aws;              /* endpoint follows from the region */
	const struct provider *provider;
	bool path_style;
	bool anonymous, no_verify_ssl;
	struct creds_provider *creds;
	int refs; /* guarded by atomic built-ins */
};

/* Resolves name (see profile_request) from the configuration, environment and ~/.aws files. */
enum s3t_rc profile_resolve(const struct config *config, const struct profile_request *req,
	config_env_fn env, void *env_arg, struct profile **out, struct strbuf *warnings,
	struct s3t_err *err) S3T_MUST_CHECK;
/* Calls fn for the profiles of the configuration and of ~/.aws, with where they are from. */
void profile_each_name(const struct config *config,
	void (*fn)(void *arg, const char *name, const char *source), void *arg);
struct profile *profile_ref(struct profile *p);
void profile_unref(struct profile *p);
/* Appends where it leads: "https://host:port/base", for Amazon "aws:REGION". */
void profile_address(const struct profile *p, struct strbuf *out);
/* What the names of Amazon's hosts in a region end with. */
const char *aws_dns_suffix(const char *region);
/* Host of Amazon's S3 in a region ("s3.eu-central-1.amazonaws.com", dual-stack, FIPS, accelerate,
 * by partition); caller frees. */
char *aws_endpoint_host(const char *region, bool dualstack, bool fips, bool accelerate);

#endif
