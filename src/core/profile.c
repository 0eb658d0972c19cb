/* From configuration, environment, ~/.aws and command line to one profile: who wins, per setting.
 */
#include "core/config_private.h"

#include "core/creds_chain.h"
#include "core/parse.h"
#include "core/s3_encryption.h"
#include "core/text.h"

#include <stdlib.h>
#include <string.h>

/* One resolution under way; all but p is borrowed. */
struct resolver {
	const struct config *config;
	const struct profile_request *req;
	config_env_fn env;
	void *env_arg;
	struct strbuf *warnings;
	struct awsfiles *aws;
	const char *name;
	bool is_explicit;                  /* by --profile */
	const struct config_profile *ours; /* [profile NAME] of s3tui.ini, or NULL */
	bool is_set[OPTION_COUNT];         /* s3tui.ini sets it, for this profile */
	struct profile *p;
};

static const char *env_of(const struct resolver *r, const char *name)
{
	return config_getenv(r->env, r->env_arg, name);
}

/* A property of the profile in ~/.aws; NULL also for an empty one. */
static const char *aws_of(const struct resolver *r, const char *key)
{
	const char *value = awsfiles_get(r->aws, r->name, key);
	return value && *value ? value : NULL;
}

static void warn(const struct resolver *r, const char *variable, const char *what)
{
	if (r->warnings)
		strbuf_addf(r->warnings, "%s is passed over: %s\n", variable, what);
}

static void replace(char **field, const char *value)
{
	char *copy = s3t_strdup(value);
	free(*field);
	*field = copy;
}

/* ~/.aws */

/* The path that a variable names, or home's; "~/" is home. NULL: neither is known. */
static char *aws_path(const struct resolver *r, const char *variable, const char *below_home)
{
	const char *path = env_of(r, variable), *home = env_of(r, "HOME");
	if (path && (path[0] != '~' || path[1] != '/'))
		return s3t_strdup(path);
	if (!home)
		return NULL;
	return s3t_asprintf("%s/%s", home, path ? path + 2 : below_home);
}

static enum s3t_rc load_aws(struct resolver *r, struct s3t_err *err)
{
	char *config = aws_path(r, "AWS_CONFIG_FILE", ".aws/config");
	char *credentials = aws_path(r, "AWS_SHARED_CREDENTIALS_FILE", ".aws/credentials");
	enum s3t_rc rc = awsfiles_load(config, credentials, &r->aws, r->warnings, err);
	free(config);
	free(credentials);
	return rc;
}

/* The profile's name. */

struct names {
	struct strbuf text;
	const struct config *config;
};

static void add_name(struct strbuf *text, const char *name)
{
	strbuf_addf(text, "%s%s", text->len ? ", " : "", name);
}

static void add_aws_name(void *arg, const char *name)
{
	struct names *names = arg;
	if (!config_find_profile(names->config, name))
		add_name(&names->text, name);
}

static enum s3t_rc fail_unknown(const struct resolver *r, struct s3t_err *err)
{
	struct names names = {.config = r->config};
	strbuf_init(&names.text);
	const char *name;
	for (size_t i = 0; (name = config_profile_name(r->config, i)); i++)
		add_name(&names.text, name);
	awsfiles_each_profile(r->aws, add_aws_name, &names);
	char *shown = text_sanitised(sv(r->name));
	(void)s3t_fail(err, S3T_CONFIG, "There is no profile %s in s3tui.ini or ~/.aws; %s%s.",
		shown, names.text.len ? "known are: " : "none is known", names.text.data);
	free(shown);
	strbuf_deinit(&names.text);
	return S3T_CONFIG;
}

static enum s3t_rc find_name(struct resolver *r, struct s3t_err *err)
{
	r->is_explicit = r->req->profile && *r->req->profile;
	r->name = r->is_explicit ? r->req->profile : env_of(r, "AWS_PROFILE");
	if (!r->name)
		r->name = env_of(r, "AWS_DEFAULT_PROFILE");
	if (!r->name)
		r->name = "default";
	r->ours = config_find_profile(r->config, r->name);
	if (!r->ours && strcmp(r->name, "default") != 0 && !awsfiles_has_profile(r->aws, r->name))
		return fail_unknown(r, err);
	return S3T_OK;
}

/* Settings of s3tui.ini. */

static bool is_one_of(enum option_id id, const enum option_id *list, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (list[i] == id)
			return true;
	return false;
}

static bool is_credential(enum option_id id)
{
	static const enum option_id list[] = {OPTION_access_key_id, OPTION_secret_access_key,
		OPTION_session_token, OPTION_credential_process};
	return is_one_of(id, list, sizeof list / sizeof *list);
}

/* Which service this is and who we are there. */
static bool is_connection(enum option_id id)
{
	static const enum option_id list[] = {
		OPTION_endpoint, OPTION_region, OPTION_default_bucket, OPTION_force_path_style};
	return is_credential(id) || is_one_of(id, list, sizeof list / sizeof *list);
}

/* [default] and its like, then the profile over them. Two things are not inherited: by a profile
 * that only ~/.aws knows, the connection (it describes another service); by one that has
 * credentials of its own, any of [default]'s, for they are taken as a whole. */
static void merge(struct resolver *r)
{
	struct settings *to = &r->p->settings;
	bool is_foreign = !r->ours && strcmp(r->name, "default") != 0;
	bool has_own_credentials = false;
	for (int i = 0; r->ours && i < OPTION_COUNT; i++)
		if (is_credential((enum option_id)i) && r->ours->scope.line[i])
			has_own_credentials = true;
	settings_init_defaults(to);
	for (int i = 0; i < OPTION_COUNT; i++) {
		enum option_id id = (enum option_id)i;
		const struct option_scope *scope = NULL;
		if (r->ours && r->ours->scope.line[i])
			scope = &r->ours->scope;
		else if (r->config->base.line[i] && !(is_foreign && is_connection(id)) &&
			 !(has_own_credentials && is_credential(id)))
			scope = &r->config->base;
		if (!scope)
			continue;
		option_copy(to, &scope->values, &config_options[i]);
		r->is_set[i] = true;
	}
}

/* What other sources add. */

/* Settings that a variable, or ~/.aws, gives where s3tui.ini is silent. */
static void apply_fallbacks(struct resolver *r)
{
	static const struct {
		enum option_id option;
		const char *variable, *key, *nested; /* any may be NULL */
	} rows[] = {
		{OPTION_max_attempts, "AWS_MAX_ATTEMPTS", "max_attempts", NULL},
		{OPTION_dualstack, "AWS_USE_DUALSTACK_ENDPOINT", "use_dualstack_endpoint",
			"use_dualstack_endpoint"},
		{OPTION_fips, "AWS_USE_FIPS_ENDPOINT", "use_fips_endpoint", NULL},
		{OPTION_accelerate, NULL, NULL, "use_accelerate_endpoint"},
	};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		if (r->is_set[rows[i].option])
			continue;
		const char *where = rows[i].variable;
		const char *value = where ? env_of(r, where) : NULL;
		if (!value && (where = rows[i].key))
			value = aws_of(r, where);
		if (!value && (where = rows[i].nested))
			value = awsfiles_get_nested(r->aws, r->name, "s3", where);
		struct s3t_err why;
		if (value && option_assign(&r->p->settings, &config_options[rows[i].option], value,
				     &why) != S3T_OK)
			warn(r, where, why.message);
	}
}

static void resolve_ca(struct resolver *r)
{
	char **field = &r->p->settings.ca_bundle;
	const char *value = r->req->ca_bundle;
	if (!value)
		value = env_of(r, "AWS_CA_BUNDLE");
	if (!value && !**field)
		value = aws_of(r, "ca_bundle");
	if (value)
		replace(field, value);
}

/* The URL that wins, and who says so; NULL: Amazon's. */
static const char *find_endpoint(const struct resolver *r, const char **where)
{
	if (r->req->endpoint)
		return *where = "--endpoint", r->req->endpoint;
	const char *ignore = env_of(r, "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS");
	if (!ignore)
		ignore = aws_of(r, "ignore_configured_endpoint_urls");
	bool is_ignored = false;
	if (ignore && !parse_bool(sv(ignore), &is_ignored))
		is_ignored = false;
	static const char *const variables[] = {"AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL"};
	bool has_own = r->is_explicit && r->ours && r->ours->scope.line[OPTION_endpoint];
	for (size_t i = 0; i < 2 && !is_ignored && !has_own; i++) {
		const char *value = env_of(r, variables[i]);
		if (value)
			return *where = variables[i], value;
	}
	if (*r->p->settings.endpoint)
		return *where = "endpoint in s3tui.ini", r->p->settings.endpoint;
	if (is_ignored)
		return NULL;
	const char *services = aws_of(r, "services");
	const char *value =
		services ? awsfiles_get_service(r->aws, services, "s3", "endpoint_url") : NULL;
	if (value && *value)
		return *where = "endpoint_url of the services in ~/.aws/config", value;
	*where = "endpoint_url in ~/.aws/config";
	return aws_of(r, "endpoint_url");
}

/* NULL: nobody names one. */
static const char *find_region(const struct resolver *r, const char **where)
{
	if (r->req->region && *r->req->region)
		return *where = "--region", r->req->region;
	static const char *const variables[] = {"AWS_REGION", "AWS_DEFAULT_REGION"};
	for (size_t i = 0; i < 2; i++) {
		const char *value = env_of(r, variables[i]);
		if (value)
			return *where = variables[i], value;
	}
	*where = "region in s3tui.ini";
	if (r->is_set[OPTION_region] && *r->p->settings.region)
		return r->p->settings.region;
	*where = "region in ~/.aws";
	return aws_of(r, "region");
}

static enum s3t_rc resolve_region(struct resolver *r, struct s3t_err *err)
{
	const char *where = "", *region = find_region(r, &where);
	if (!region)
		region = r->p->provider && r->p->provider->region ? r->p->provider->region
								  : "us-east-1";
	char *copy = s3t_strdup(region); /* it may be what is replaced */
	enum s3t_rc rc = option_assign(&r->p->settings, &config_options[OPTION_region], copy, err);
	if (rc != S3T_OK)
		s3t_err_prefix(err, "%s: ", where);
	free(copy);
	return rc;
}

static enum s3t_rc build_aws_endpoint(struct profile *p, struct s3t_err *err)
{
	const struct settings *s = &p->settings;
	if (s->accelerate && s->fips)
		return s3t_fail(err, S3T_CONFIG,
			"Amazon has no FIPS endpoints with acceleration; set one of accelerate and "
			"fips to false.");
	char *host = aws_endpoint_host(s->region, s->dualstack, s->fips, s->accelerate);
	enum s3t_rc rc = endpoint_parse(sv(host), &p->endpoint, err);
	free(host);
	p->is_aws = true;
	return rc;
}

static enum s3t_rc resolve_endpoint(struct resolver *r, struct s3t_err *err)
{
	struct profile *p = r->p;
	const char *where = "", *url = find_endpoint(r, &where);
	if (url && endpoint_parse(sv(url), &p->endpoint, err) != S3T_OK) {
		s3t_err_prefix(err, "%s: ", where);
		if (err)
			err->rc = S3T_CONFIG;
		return S3T_CONFIG;
	}
	if (url)
		p->provider = provider_for_host(p->endpoint.host);
	enum s3t_rc rc = resolve_region(r, err);
	if (rc == S3T_OK && !url)
		rc = build_aws_endpoint(p, err);
	if (rc != S3T_OK)
		return rc;
	p->provider = provider_for_host(p->endpoint.host);
	if (url) {
		char *copy = s3t_strdup(url);
		free(p->settings.endpoint);
		p->settings.endpoint = copy;
	} else {
		replace(&p->settings.endpoint, "");
	}
	return S3T_OK;
}

static enum s3t_rc resolve_addressing(struct resolver *r, struct s3t_err *err)
{
	struct profile *p = r->p;
	const char *aws = awsfiles_get_nested(r->aws, r->name, "s3", "addressing_style");
	if (p->endpoint.is_ip)
		p->path_style = true;
	else if (r->req->path_style)
		p->path_style = r->req->path_style > 0;
	else if (strcmp(p->settings.force_path_style, "auto") != 0)
		p->path_style = strcmp(p->settings.force_path_style, "true") == 0;
	else if (aws && (strcmp(aws, "path") == 0 || strcmp(aws, "virtual") == 0))
		p->path_style = strcmp(aws, "path") == 0;
	else
		p->path_style = !p->provider->virtual_host;
	if (p->is_aws && p->settings.accelerate && p->path_style)
		return s3t_fail(err, S3T_CONFIG,
			"Acceleration works with virtual-host addressing only; set accelerate = "
			"false or force_path_style = auto.");
	return S3T_OK;
}

static enum s3t_rc resolve_credentials(struct resolver *r, struct s3t_err *err)
{
	struct profile *p = r->p;
	struct creds_lookup lookup = {
		.profile = r->name,
		.is_anonymous = r->req->no_sign_request,
		.skip_environment = r->is_explicit,
		.no_verify_ssl = r->req->no_verify_ssl,
		.env = r->env,
		.env_arg = r->env_arg,
		.settings = &p->settings,
		.aws = r->aws,
	};
	enum s3t_rc rc = creds_chain(&lookup, &p->creds, err);
	for (size_t i = 0; i < OPTION_COUNT; i++)
		if (config_options[i].type == OPTION_TYPE_SECRET)
			option_reset(&p->settings, &config_options[i]);
	return rc;
}

void profile_request_own(struct profile_request *r)
{
	const char **texts[] = {&r->profile, &r->endpoint, &r->region, &r->ca_bundle};
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
		*texts[i] = *texts[i] ? s3t_strdup(*texts[i]) : NULL;
}

void profile_request_deinit(const struct profile_request *r)
{
	const char *const texts[] = {r->profile, r->endpoint, r->region, r->ca_bundle};
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
		free((void *)(uintptr_t)texts[i]);
}

bool profile_request_eq(const struct profile_request *a, const struct profile_request *b)
{
	const char *const texts[][2] = {{a->profile, b->profile}, {a->endpoint, b->endpoint},
		{a->region, b->region}, {a->ca_bundle, b->ca_bundle}};
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
		const char *const *t = texts[i];
		if (!t[0] != !t[1] || (t[0] && strcmp(t[0], t[1]) != 0))
			return false;
	}
	return a->path_style == b->path_style && a->no_sign_request == b->no_sign_request &&
	       a->no_verify_ssl == b->no_verify_ssl && a->request_payer == b->request_payer;
}

enum s3t_rc profile_resolve(const struct config *config, const struct profile_request *req,
	config_env_fn env, void *env_arg, struct profile **out, struct strbuf *warnings,
	struct s3t_err *err)
{
	struct resolver r = {
		.config = config, .req = req, .env = env, .env_arg = env_arg, .warnings = warnings};
	*out = NULL;
	enum s3t_rc rc = load_aws(&r, err);
	if (rc == S3T_OK)
		rc = find_name(&r, err);
	if (rc != S3T_OK) {
		awsfiles_free(r.aws);
		return rc;
	}
	struct profile *p = r.p = s3t_alloc(sizeof *p);
	p->refs = 1;
	p->name = s3t_strdup(r.name);
	p->request = *req;
	profile_request_own(&p->request);
	p->anonymous = req->no_sign_request;
	p->no_verify_ssl = req->no_verify_ssl;
	merge(&r);
	apply_fallbacks(&r);
	resolve_ca(&r);
	p->settings.request_payer = p->settings.request_payer || req->request_payer;
	rc = resolve_endpoint(&r, err);
	if (rc == S3T_OK)
		rc = resolve_addressing(&r, err);
	if (rc == S3T_OK)
		rc = s3_encryption_check_settings(&p->settings, p->name, warnings, err);
	if (rc == S3T_OK)
		rc = resolve_credentials(&r, err);
	awsfiles_free(r.aws);
	if (rc == S3T_OK)
		*out = p;
	else
		profile_unref(p);
	return rc;
}

struct profile *profile_ref(struct profile *p)
{
	__atomic_add_fetch(&p->refs, 1, __ATOMIC_RELAXED);
	return p;
}

void profile_unref(struct profile *p)
{
	if (!p || __atomic_sub_fetch(&p->refs, 1, __ATOMIC_ACQ_REL) > 0)
		return;
	settings_deinit(&p->settings);
	endpoint_deinit(&p->endpoint);
	creds_provider_unref(p->creds);
	profile_request_deinit(&p->request);
	free(p->name);
	free(p);
}

void profile_address(const struct profile *p, struct strbuf *out)
{
	const struct endpoint *e = &p->endpoint;
	if (p->is_aws) {
		strbuf_addf(out, "aws:%s", p->settings.region);
		return;
	}
	bool is_v6 = strchr(e->host, ':') != NULL;
	strbuf_addf(out, "%s://%s%s%s", e->is_https ? "https" : "http", is_v6 ? "[" : "", e->host,
		is_v6 ? "]" : "");
	if (e->port)
		strbuf_addf(out, ":%u", e->port);
	strbuf_add_str(out, e->base_path);
}

/* botocore's partitions.json. The first prefix that fits; "us-isob-" before "us-iso-". */
const char *aws_dns_suffix(const char *region)
{
	static const struct {
		struct strview prefix;
		const char *suffix;
	} partitions[] = {
		{{"cn-", 3}, "amazonaws.com.cn"},
		{{"us-gov-", 7}, "amazonaws.com"},
		{{"eusc-", 5}, "amazonaws.eu"},
		{{"us-isob-", 8}, "sc2s.sgov.gov"},
		{{"us-isof-", 8}, "csp.hci.ic.gov"},
		{{"us-iso-", 7}, "c2s.ic.gov"},
		{{"eu-isoe-", 8}, "cloud.adc-e.uk"},
	};
	for (size_t i = 0; i < sizeof partitions / sizeof *partitions; i++)
		if (sv_starts_with(sv(region), partitions[i].prefix))
			return partitions[i].suffix;
	return "amazonaws.com";
}

char *aws_endpoint_host(const char *region, bool dualstack, bool fips, bool accelerate)
{
	const char *suffix = aws_dns_suffix(region);
	const char *dual = dualstack ? ".dualstack" : "";
	if (accelerate)
		return s3t_asprintf("s3-accelerate%s.%s", dual, suffix);
	return s3t_asprintf("s3%s%s.%s.%s", fips ? "-fips" : "", dual, region, suffix);
}

struct each_name {
	void (*fn)(void *arg, const char *name, const char *source);
	void *arg;
};

static void each_aws_name(void *arg, const char *name)
{
	const struct each_name *each = arg;
	each->fn(each->arg, name, "~/.aws");
}

void profile_each_name(const struct config *config,
	void (*fn)(void *arg, const char *name, const char *source), void *arg)
{
	struct resolver r = {.config = config};
	struct each_name each = {fn, arg};
	struct s3t_err err;
	fn(arg, "default", "s3tui.ini");
	for (size_t i = 0; config_profile_name(config, i); i++)
		fn(arg, config_profile_name(config, i), "s3tui.ini");
	if (load_aws(&r, &err) == S3T_OK)
		awsfiles_each_profile(r.aws, each_aws_name, &each);
	awsfiles_free(r.aws);
}
