#include "core/creds_chain.h"

#include "core/config_private.h"

#include <stdlib.h>
#include <string.h>

static const char *env_of(const struct creds_lookup *l, const char *name)
{
	return config_getenv(l->env, l->env_arg, name);
}

/* A property of the profile in ~/.aws; NULL also for an empty one. */
static const char *aws_of(const struct creds_lookup *l, const char *key)
{
	const char *value = awsfiles_get(l->aws, l->profile, key);
	return value && *value ? value : NULL;
}

static struct creds_provider *fixed(
	const char *key, const char *secret, const char *token, const char *source)
{
	struct creds *creds = creds_new(key, secret, token, CREDS_NO_EXPIRY, source);
	struct creds_provider *p = creds_provider_static(creds);
	creds_unref(creds);
	return p;
}

/* Control characters have no place in a key, and end a header early. */
static bool is_clean(const char *text)
{
	for (; text && *text; text++)
		if ((unsigned char)*text <= ' ' || *text == 0x7f)
			return false;
	return true;
}

/* The sources. Each leaves *out alone where it has nothing. */

static enum s3t_rc from_flag(
	const struct creds_lookup *l, struct creds_provider **out, struct s3t_err *err)
{
	(void)err;
	if (l->is_anonymous)
		*out = creds_provider_static(NULL);
	return S3T_OK;
}

static enum s3t_rc from_environment(
	const struct creds_lookup *l, struct creds_provider **out, struct s3t_err *err)
{
	(void)err;
	const char *key = env_of(l, "AWS_ACCESS_KEY_ID");
	const char *secret = env_of(l, "AWS_SECRET_ACCESS_KEY");
	const char *token = env_of(l, "AWS_SESSION_TOKEN");
	if (l->skip_environment || (!key && !secret))
		return S3T_OK;
	if (!key || !secret)
		*out = creds_provider_failing(
			key ? "AWS_ACCESS_KEY_ID is set but AWS_SECRET_ACCESS_KEY is not; set "
			      "both or neither."
			    : "AWS_SECRET_ACCESS_KEY is set but AWS_ACCESS_KEY_ID is not; set "
			      "both or neither.");
	else if (!is_clean(key) || !is_clean(secret) || !is_clean(token))
		*out = creds_provider_failing("One of AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and "
					      "AWS_SESSION_TOKEN has white space or control "
					      "characters in it.");
	else
		*out = fixed(key, secret, token, "environment");
	return S3T_OK;
}

static enum s3t_rc from_ini_keys(
	const struct creds_lookup *l, struct creds_provider **out, struct s3t_err *err)
{
	const struct settings *s = l->settings;
	if (!*s->access_key_id && !*s->secret_access_key)
		return S3T_OK;
	if (!*s->access_key_id || !*s->secret_access_key)
		return s3t_fail(err, S3T_CONFIG,
			"s3tui.ini, profile %s: %s is set but %s is not; set both or neither.",
			l->profile, *s->access_key_id ? "access_key_id" : "secret_access_key",
			*s->access_key_id ? "secret_access_key" : "access_key_id");
	if (!is_clean(s->access_key_id) || !is_clean(s->secret_access_key) ||
		!is_clean(s->session_token))
		return s3t_fail(err, S3T_CONFIG,
			"s3tui.ini, profile %s: a key has white space or control characters in it.",
			l->profile);
	char *source = s3t_asprintf("s3tui.ini, profile %s", l->profile);
	*out = fixed(s->access_key_id, s->secret_access_key,
		*s->session_token ? s->session_token : NULL, source);
	free(source);
	return S3T_OK;
}

static enum s3t_rc from_ini_process(
	const struct creds_lookup *l, struct creds_provider **out, struct s3t_err *err)
{
	(void)err;
	if (!*l->settings->credential_process)
		return S3T_OK;
	char *source = s3t_asprintf("credential_process of s3tui.ini, profile %s", l->profile);
	*out = creds_provider_process(l->settings->credential_process, source);
	free(source);
	return S3T_OK;
}

static enum s3t_rc from_aws_keys(
	const struct creds_lookup *l, struct creds_provider **out, struct s3t_err *err)
{
	(void)err;
	const char *key = aws_of(l, "aws_access_key_id");
	const char *secret = aws_of(l, "aws_secret_access_key");
	const char *token = aws_of(l, "aws_session_token");
	if (!key && !secret)
		return S3T_OK;
	char *text = NULL;
	if (!key || !secret)
		text = s3t_asprintf("In the files of ~/.aws, profile %s has %s but no %s.",
			l->profile, key ? "aws_access_key_id" : "aws_secret_access_key",
			key ? "aws_secret_access_key" : "aws_access_key_id");
	else if (!is_clean(key) || !is_clean(secret) || !is_clean(token))
		text = s3t_asprintf(
			"In the files of ~/.aws, a key of profile %s has white space or "
			"control characters in it.",
			l->profile);
	if (text) {
		*out = creds_provider_failing(text);
	} else {
		text = s3t_asprintf("~/.aws, profile %s", l->profile);
		*out = fixed(key, secret, token, text);
	}
	free(text);
	return S3T_OK;
}

static enum s3t_rc from_aws_process(
	const struct creds_lookup *l, struct creds_provider **out, struct s3t_err *err)
{
	(void)err;
	const char *command = aws_of(l, "credential_process");
	if (!command)
		return S3T_OK;
	char *source = s3t_asprintf("credential_process of ~/.aws, profile %s", l->profile);
	*out = creds_provider_process(command, source);
	free(source);
	return S3T_OK;
}

/* The rest of AWS's chain: named, so that people know why it does not work here. */
static enum s3t_rc from_what_is_not_supported(
	const struct creds_lookup *l, struct creds_provider **out, struct s3t_err *err)
{
	static const struct {
		const char *key; /* a property of ~/.aws, or a variable */
		bool is_variable;
		const char *what;
	} rest[] = {
		{"web_identity_token_file", false, "a web identity"},
		{"role_arn", false, "an assumed role"},
		{"sso_session", false, "single sign-on"},
		{"sso_start_url", false, "single sign-on"},
		{"login_session", false, "an \"aws login\" session"},
		{"AWS_WEB_IDENTITY_TOKEN_FILE", true, "a web identity"},
		{"AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", true, "a container's role"},
		{"AWS_CONTAINER_CREDENTIALS_FULL_URI", true, "a container's role"},
	};
	(void)err;
	for (size_t i = 0; i < sizeof rest / sizeof *rest; i++) {
		if (rest[i].is_variable && l->skip_environment)
			continue;
		if (!(rest[i].is_variable ? env_of(l, rest[i].key) : aws_of(l, rest[i].key)))
			continue;
		char *text = s3t_asprintf(
			"Profile %s takes its credentials from %s (%s), which is not supported "
			"yet; "
			"\"credential_process = aws configure export-credentials --profile %s "
			"--format process\" in s3tui.ini does it through the AWS CLI.",
			l->profile, rest[i].what, rest[i].key, l->profile);
		*out = creds_provider_failing(text);
		free(text);
		return S3T_OK;
	}
	return S3T_OK;
}

static enum s3t_rc from_nowhere(
	const struct creds_lookup *l, struct creds_provider **out, struct s3t_err *err)
{
	(void)err;
	char *text = s3t_asprintf(
		"No credentials for profile %s in %ss3tui.ini and ~/.aws; set access_key_id and "
		"secret_access_key in s3tui.ini%s, or use --no-sign-request for public buckets.",
		l->profile, l->skip_environment ? "" : "the environment, ",
		l->skip_environment ? "" : " or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY");
	*out = creds_provider_failing(text);
	free(text);
	return S3T_OK;
}

typedef enum s3t_rc (*source_fn)(
	const struct creds_lookup *l, struct creds_provider **out, struct s3t_err *err);

static const source_fn sources[] = {
	from_flag,
	from_environment,
	from_ini_keys,
	from_ini_process,
	from_aws_keys,
	from_aws_process,
	from_what_is_not_supported,
	from_nowhere,
};

enum s3t_rc creds_chain(
	const struct creds_lookup *l, struct creds_provider **out, struct s3t_err *err)
{
	*out = NULL;
	enum s3t_rc rc = S3T_OK;
	for (size_t i = 0; i < sizeof sources / sizeof *sources && rc == S3T_OK && !*out; i++)
		rc = sources[i](l, out, err);
	return rc;
}
