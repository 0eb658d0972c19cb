#include "core/creds_chain.h"

#include "core/config_private.h"
#include "core/creds_sources.h"
#include "core/crypto.h"
#include "core/parse.h"

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

/* --- what is asked for elsewhere --- */

static struct creds_net net_of(const struct creds_lookup *l)
{
	const struct settings *s = l->settings;
	return (struct creds_net){.ca_file = *s->ca_bundle ? s->ca_bundle : NULL,
		.proxy = *s->proxy ? s->proxy : NULL,
		.no_verify = l->no_verify_ssl,
		.connect_timeout_ms = s->connect_timeout_ms};
}

/* Where a service of AWS beside S3 is, if the user says so. */
static const char *service_url(
	const struct creds_lookup *l, const char *variable, const char *service)
{
	const char *value = env_of(l, variable), *services = aws_of(l, "services");
	if (!value && services)
		value = awsfiles_get_service(l->aws, services, service, "endpoint_url");
	return value && *value ? value : NULL;
}

/* A service that is not Amazon's gives out roles where its buckets are (Ceph, MinIO). Freed by the
 * caller. */
static char *sts_url(const struct creds_lookup *l)
{
	const char *url = service_url(l, "AWS_ENDPOINT_URL_STS", "sts");
	const char *region = l->settings->region;
	if (!url && *l->settings->endpoint)
		url = l->settings->endpoint;
	return url ? s3t_strdup(url)
		   : s3t_asprintf("https://sts.%s.%s", region, aws_dns_suffix(region));
}

/* "A session of 15 minutes to 12 hours": AssumeRole, DurationSeconds. */
static bool read_duration(const char *text, unsigned *out)
{
	uint64_t n;
	*out = 0;
	if (!text)
		return true;
	if (!parse_u64(sv(text), &n) || n < 900 || n > 43200)
		return false;
	*out = (unsigned)n;
	return true;
}

static struct creds_provider *failing(char *sentence)
{
	struct creds_provider *p = creds_provider_failing(sentence);
	free(sentence);
	return p;
}

static struct creds_provider *role_at(const struct creds_lookup *l, const char *arn,
	const char *token_file, const char *session_name, struct creds_provider *base)
{
	struct creds_net net = net_of(l);
	struct creds_role role = {.role_arn = arn,
		.session_name = session_name,
		.token_file = token_file,
		.region = l->settings->region};
	if (!token_file) {
		role.external_id = aws_of(l, "external_id");
		role.mfa_serial = aws_of(l, "mfa_serial");
	}
	const char *duration = aws_of(l, "duration_seconds");
	if (!read_duration(duration, &role.duration_s)) {
		creds_provider_unref(base);
		return failing(s3t_asprintf("In ~/.aws, duration_seconds of profile %s is \"%s\"; "
					    "it goes from 900 to 43200.",
			l->profile, duration));
	}
	char *source = s3t_asprintf("role %s of profile %s", arn, l->profile);
	char *url = sts_url(l);
	role.endpoint = url;
	struct creds_provider *p = creds_provider_role(&net, &role, base, source);
	free(url);
	free(source);
	return p;
}

static enum s3t_rc from_container(
	const struct creds_lookup *l, struct creds_provider **out, struct s3t_err *err);
static struct creds_provider *machine(const struct creds_lookup *l, const char *absent);

/* credential_source: whose credentials a role is asked for with. */
static struct creds_provider *base_by_word(const struct creds_lookup *l, const char *word)
{
	struct creds_provider *p = NULL;
	struct creds_lookup with_env = *l;
	with_env.skip_environment = false;
	if (strcmp(word, "Environment") == 0)
		(void)!from_environment(&with_env, &p, NULL);
	else if (strcmp(word, "EcsContainer") == 0)
		(void)!from_container(&with_env, &p, NULL);
	else if (strcmp(word, "Ec2InstanceMetadata") == 0)
		p = machine(l, "The machine's metadata service (IMDSv2) does not answer.");
	else
		return failing(s3t_asprintf("In ~/.aws, credential_source of profile %s is \"%s\"; "
					    "it is Environment, EcsContainer or "
					    "Ec2InstanceMetadata.",
			l->profile, word));
	if (!p)
		p = failing(s3t_asprintf(
			"The credential_source %s of profile %s has none.", word, l->profile));
	return p;
}

static struct creds_provider *of_profile(const struct creds_lookup *l);

/* The credentials that a role of l's profile is asked for with. */
static struct creds_provider *base_of(const struct creds_lookup *l)
{
	const char *name = aws_of(l, "source_profile"), *word = aws_of(l, "credential_source");
	if (name && word)
		return failing(s3t_asprintf(
			"In ~/.aws, profile %s has both source_profile and credential_source; it "
			"takes one.",
			l->profile));
	if (word)
		return base_by_word(l, word);
	if (!name)
		return failing(s3t_asprintf("In ~/.aws, profile %s has a role_arn, but neither "
					    "source_profile nor credential_source.",
			l->profile));
	if (!awsfiles_has_profile(l->aws, name))
		return failing(s3t_asprintf("In ~/.aws, the source_profile of profile %s is %s, "
					    "which is not there.",
			l->profile, name));
	for (const struct creds_lookup *at = l; at; at = at->asks_for)
		if (strcmp(at->profile, name) == 0 && at != l)
			return failing(s3t_asprintf(
				"In ~/.aws, the source_profile of profile %s leads in a circle.",
				l->profile));
	struct creds_lookup next = *l;
	next.profile = name;
	next.asks_for = l;
	next.skip_environment = true;
	/* A profile that names itself has keys beside its role. */
	next.skip_role = strcmp(name, l->profile) == 0;
	return of_profile(&next);
}

static enum s3t_rc from_aws_role(
	const struct creds_lookup *l, struct creds_provider **out, struct s3t_err *err)
{
	(void)err;
	const char *arn = aws_of(l, "role_arn"), *token = aws_of(l, "web_identity_token_file");
	if (l->skip_role || (!arn && !token))
		return S3T_OK;
	if (!arn)
		*out = failing(s3t_asprintf("In ~/.aws, profile %s has a web_identity_token_file "
					    "but no role_arn.",
			l->profile));
	else
		*out = role_at(
			l, arn, token, aws_of(l, "role_session_name"), token ? NULL : base_of(l));
	return S3T_OK;
}

static enum s3t_rc from_web_identity(
	const struct creds_lookup *l, struct creds_provider **out, struct s3t_err *err)
{
	(void)err;
	const char *token = env_of(l, "AWS_WEB_IDENTITY_TOKEN_FILE"),
		   *arn = env_of(l, "AWS_ROLE_ARN");
	if (l->skip_environment || !token)
		return S3T_OK;
	*out = arn ? role_at(l, arn, token, env_of(l, "AWS_ROLE_SESSION_NAME"), NULL)
		   : creds_provider_failing(
			     "AWS_WEB_IDENTITY_TOKEN_FILE is set but AWS_ROLE_ARN is not.");
	return S3T_OK;
}

/* ~/.aws/sso/cache/SHA1.json, of the session's name or, in the old form, of the start URL. */
static char *sso_cache(const struct creds_lookup *l, const char *name)
{
	unsigned char digest[SHA1_LEN];
	struct strbuf hex;
	const char *home = env_of(l, "HOME");
	strbuf_init(&hex);
	sha1(sv(name), digest);
	hex_encode(&hex, digest, sizeof digest);
	char *path = s3t_asprintf("%s/.aws/sso/cache/%s.json", home ? home : "", hex.data);
	strbuf_deinit(&hex);
	return path;
}

static enum s3t_rc from_sso(
	const struct creds_lookup *l, struct creds_provider **out, struct s3t_err *err)
{
	(void)err;
	const char *session = aws_of(l, "sso_session"), *start = aws_of(l, "sso_start_url");
	if (!session && !start)
		return S3T_OK;
	const char *region = session ? awsfiles_get_sso_session(l->aws, session, "sso_region")
				     : aws_of(l, "sso_region");
	const char *account = aws_of(l, "sso_account_id"), *role = aws_of(l, "sso_role_name");
	if (!region || !account || !role) {
		*out = failing(
			s3t_asprintf("In ~/.aws/config, the single sign-on of profile %s has "
				     "no %s.",
				l->profile,
				!region    ? "sso_region"
				: !account ? "sso_account_id"
					   : "sso_role_name"));
		return S3T_OK;
	}
	struct creds_net net = net_of(l);
	const char *portal = service_url(l, "AWS_ENDPOINT_URL_SSO", "sso");
	char *cache = sso_cache(l, session ? session : start);
	char *url =
		portal ? s3t_strdup(portal)
		       : s3t_asprintf("https://portal.sso.%s.%s", region, aws_dns_suffix(region));
	struct creds_sso sso = {.cache_file = cache,
		.account_id = account,
		.role_name = role,
		.endpoint = url,
		.profile = l->profile};
	char *source = s3t_asprintf("single sign-on of profile %s", l->profile);
	*out = creds_provider_sso(&net, &sso, source);
	free(cache);
	free(url);
	free(source);
	return S3T_OK;
}

static enum s3t_rc from_aws_login(
	const struct creds_lookup *l, struct creds_provider **out, struct s3t_err *err)
{
	(void)err;
	if (!aws_of(l, "login_session"))
		return S3T_OK;
	char *source = s3t_asprintf("\"aws login\" session of profile %s", l->profile);
	*out = creds_provider_aws_cli(l->profile, "an \"aws login\" session", source);
	free(source);
	return S3T_OK;
}

/* Only what stays on the machine may be asked without TLS (SDK reference, "Container credential
 * provider"). */
static bool is_container_host(const char *url)
{
	static const char *const hosts[] = {"169.254.170.2", "169.254.170.23", "fd00:ec2::23"};
	struct endpoint e;
	if (endpoint_parse(sv(url), &e, NULL) != S3T_OK)
		return false;
	bool is_fine = e.is_https || host_is_loopback(e.host);
	for (size_t i = 0; i < sizeof hosts / sizeof *hosts; i++)
		is_fine = is_fine || strcmp(e.host, hosts[i]) == 0;
	endpoint_deinit(&e);
	return is_fine;
}

static enum s3t_rc from_container(
	const struct creds_lookup *l, struct creds_provider **out, struct s3t_err *err)
{
	(void)err;
	const char *relative = env_of(l, "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI");
	const char *full = env_of(l, "AWS_CONTAINER_CREDENTIALS_FULL_URI");
	if (l->skip_environment || (!relative && !full))
		return S3T_OK;
	if (!relative && !is_container_host(full)) {
		*out = failing(s3t_asprintf("AWS_CONTAINER_CREDENTIALS_FULL_URI is %s, which is "
					    "neither https nor on this machine.",
			full));
		return S3T_OK;
	}
	char *url = relative ? s3t_asprintf("http://169.254.170.2%s", relative) : s3t_strdup(full);
	struct creds_net net = net_of(l);
	*out = creds_provider_container(&net, url, env_of(l, "AWS_CONTAINER_AUTHORIZATION_TOKEN"),
		env_of(l, "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"), "container's role");
	free(url);
	return S3T_OK;
}

static struct creds_provider *machine(const struct creds_lookup *l, const char *absent)
{
	const char *endpoint = env_of(l, "AWS_EC2_METADATA_SERVICE_ENDPOINT");
	struct creds_net net = net_of(l);
	char *url = s3t_strdup(endpoint ? endpoint : "http://169.254.169.254");
	size_t len = strlen(url);
	if (len && url[len - 1] == '/')
		url[len - 1] = '\0';
	struct creds_provider *p = creds_provider_machine(&net, url, absent, "machine's role");
	free(url);
	return p;
}

static char *nothing_found(const struct creds_lookup *l)
{
	return s3t_asprintf(
		"No credentials for profile %s in %ss3tui.ini and ~/.aws; set access_key_id and "
		"secret_access_key in s3tui.ini%s, or use --no-sign-request for public buckets.",
		l->profile, l->skip_environment ? "" : "the environment, ",
		l->skip_environment ? "" : " or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY");
}

/* The last, and for Amazon only: elsewhere nobody has put a role on this machine. */
static enum s3t_rc from_machine(
	const struct creds_lookup *l, struct creds_provider **out, struct s3t_err *err)
{
	(void)err;
	const char *off = env_of(l, "AWS_EC2_METADATA_DISABLED");
	bool is_off = false;
	if ((off && parse_bool(sv(off), &is_off) && is_off) || l->asks_for ||
		(*l->settings->endpoint && !env_of(l, "AWS_EC2_METADATA_SERVICE_ENDPOINT")))
		return S3T_OK;
	char *absent = nothing_found(l);
	*out = machine(l, absent);
	free(absent);
	return S3T_OK;
}

static enum s3t_rc from_nowhere(
	const struct creds_lookup *l, struct creds_provider **out, struct s3t_err *err)
{
	(void)err;
	char *sentence = nothing_found(l);
	*out = creds_provider_none(sentence);
	free(sentence);
	return S3T_OK;
}

typedef enum s3t_rc (*source_fn)(
	const struct creds_lookup *l, struct creds_provider **out, struct s3t_err *err);

static const source_fn sources[] = {
	from_flag,
	from_environment,
	from_ini_keys,
	from_ini_process,
	from_aws_role,
	from_web_identity,
	from_sso,
	from_aws_keys,
	from_aws_process,
	from_aws_login,
	from_container,
	from_machine,
	from_nowhere,
};

/* Of a profile of ~/.aws that lends its credentials. */
static struct creds_provider *of_profile(const struct creds_lookup *l)
{
	static const source_fn lending[] = {from_aws_role, from_sso, from_aws_keys,
		from_aws_process, from_aws_login, from_nowhere};
	struct creds_provider *p = NULL;
	for (size_t i = 0; i < sizeof lending / sizeof *lending && !p; i++)
		(void)!lending[i](l, &p, NULL);
	return p;
}

enum s3t_rc creds_chain(
	const struct creds_lookup *l, struct creds_provider **out, struct s3t_err *err)
{
	*out = NULL;
	enum s3t_rc rc = S3T_OK;
	for (size_t i = 0; i < sizeof sources / sizeof *sources && rc == S3T_OK && !*out; i++)
		rc = sources[i](l, out, err);
	return rc;
}
