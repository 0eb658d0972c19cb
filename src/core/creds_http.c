/* Credentials that come by HTTP as JSON: a portal's, a container's, the machine's. */
#include "core/creds_sources.h"

#include "core/conffile.h"
#include "core/json.h"
#include "core/text.h"
#include "core/timeutil.h"
#include "core/uri.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	ANSWER_MAX = 64 << 10,
	PORTAL_MS = 30000,
	CONTAINER_MS = 2000,
	CONTAINER_TRIES = 3,
	MACHINE_MS = 1000,
};

static char *copy(const char *text)
{
	return text ? s3t_strdup(text) : NULL;
}

void creds_net_copy(struct creds_net *to, const struct creds_net *from)
{
	*to = (struct creds_net){.ca_file = copy(from->ca_file),
		.proxy = copy(from->proxy),
		.no_verify = from->no_verify,
		.connect_timeout_ms = from->connect_timeout_ms};
}

static void free_text(const char *text)
{
	free((void *)(uintptr_t)text);
}

void creds_net_deinit(const struct creds_net *n)
{
	free_text(n->ca_file);
	free_text(n->proxy);
}

enum s3t_rc creds_net_call(const struct creds_net *n, const char *method, const char *url,
	const char *const *headers, struct strview body, int64_t timeout_ms,
	struct http_response *resp, struct cancel *cancel, struct s3t_err *err)
{
	struct http_memory memory = {.data = body};
	struct http_request req = {.method = method,
		.url = url,
		.headers = headers,
		.timeout_ms = timeout_ms,
		.body_cap = ANSWER_MAX,
		.has_body = strcmp(method, "GET") != 0};
	if (req.has_body)
		req.body = http_memory_body(&memory);
	struct http_options options = {.ca_file = n->ca_file,
		.proxy = n->proxy,
		.no_verify = n->no_verify,
		.connect_timeout_ms =
			timeout_ms < n->connect_timeout_ms ? timeout_ms : n->connect_timeout_ms};
	struct http_conn *conn = http_conn_new(NULL);
	enum s3t_rc rc = http_perform(conn, &options, &req, resp, cancel, err);
	http_conn_free(conn);
	if (rc != S3T_OK && rc != S3T_CANCELLED) {
		rc = S3T_CREDENTIALS;
		if (err)
			err->rc = rc;
	}
	return rc;
}

/* The link-local addresses of machines and containers are never behind a proxy. */
static enum s3t_rc call_nearby(const struct creds_net *n, const char *method, const char *url,
	const char *const *headers, int64_t timeout_ms, struct http_response *resp,
	struct cancel *cancel, struct s3t_err *err)
{
	struct creds_net near = *n;
	near.proxy = "";
	return creds_net_call(&near, method, url, headers, SV(""), timeout_ms, resp, cancel, err);
}

/* What ECS, EKS and IMDS answer. */
static enum s3t_rc read_json(
	struct strview text, const char *source, struct creds **out, struct s3t_err *err)
{
	struct json_doc *doc = json_doc_parse(text);
	if (!doc)
		return s3t_fail(err, S3T_CREDENTIALS, "The answer is not a JSON object.");
	enum s3t_rc rc = creds_from_answer(json_doc_string(doc, "AccessKeyId"),
		json_doc_string(doc, "SecretAccessKey"), json_doc_string(doc, "Token"),
		json_doc_string(doc, "Expiration"), source, out, err);
	json_doc_free(doc);
	return rc;
}

static char *header(const char *name, struct strview value)
{
	return s3t_asprintf("%s: %.*s", name, (int)value.len, value.data);
}

static void wipe(char *text)
{
	if (text)
		explicit_bzero(text, strlen(text));
	free(text);
}

/* --- containers --- */

struct container {
	struct creds_net net;
	char *url, *token, *token_file, *source;
};

static void container_free(void *arg)
{
	struct container *c = arg;
	creds_net_deinit(&c->net);
	free(c->url);
	wipe(c->token);
	free(c->token_file);
	free(c->source);
	free(c);
}

static enum s3t_rc read_token(const struct container *c, struct strbuf *out, struct s3t_err *err)
{
	bool is_shared;
	if (!c->token_file) {
		strbuf_add_str(out, c->token ? c->token : "");
		return S3T_OK;
	}
	enum s3t_rc rc = conffile_read(c->token_file, out, &is_shared, err);
	if (rc != S3T_OK)
		return rc;
	struct strview trimmed = sv_trim(strbuf_view(out));
	if (sv_find(trimmed, '\n') != trimmed.len || sv_find(trimmed, '\r') != trimmed.len)
		return s3t_fail(
			err, S3T_CREDENTIALS, "%s holds more than one line.", c->token_file);
	char *text = s3t_strndup(trimmed.data, trimmed.len);
	strbuf_reset(out);
	strbuf_add_str(out, text);
	wipe(text);
	return S3T_OK;
}

static enum s3t_rc fetch_container(
	void *arg, struct cancel *cancel, struct creds **out, struct s3t_err *err)
{
	const struct container *c = arg;
	struct http_response resp;
	struct strbuf token;
	strbuf_init(&token);
	http_response_init(&resp);
	enum s3t_rc rc = read_token(c, &token, err);
	if (rc == S3T_OK) {
		char *authorization =
			token.len ? header("Authorization", strbuf_view(&token)) : NULL;
		const char *headers[] = {authorization, NULL};
		for (int i = 0; i < CONTAINER_TRIES; i++) {
			rc = call_nearby(
				&c->net, "GET", c->url, headers, CONTAINER_MS, &resp, cancel, err);
			if (rc == S3T_CANCELLED || (rc == S3T_OK && resp.status / 100 != 5))
				break;
		}
		wipe(authorization);
	}
	if (rc == S3T_OK && resp.status != 200)
		rc = s3t_fail(err, S3T_CREDENTIALS, "It answered with status %d.", resp.status);
	if (rc == S3T_OK)
		rc = read_json(strbuf_view(&resp.body), c->source, out, err);
	strbuf_deinit_wipe(&resp.body);
	strbuf_init(&resp.body);
	http_response_deinit(&resp);
	strbuf_deinit_wipe(&token);
	if (rc != S3T_OK && rc != S3T_CANCELLED) {
		s3t_err_prefix(err, "The %s: ", c->source);
		rc = S3T_CREDENTIALS;
		if (err)
			err->rc = rc;
	}
	return rc;
}

struct creds_provider *creds_provider_container(const struct creds_net *net, const char *url,
	const char *token, const char *token_file, const char *source)
{
	struct container *c = s3t_alloc(sizeof *c);
	creds_net_copy(&c->net, net);
	c->url = s3t_strdup(url);
	c->token = copy(token);
	c->token_file = copy(token_file);
	c->source = s3t_strdup(source);
	return creds_provider_new(fetch_container, container_free, c);
}

/* --- the machine --- */

struct machine {
	struct creds_net net;
	char *endpoint, *absent, *source;
};

static void machine_free(void *arg)
{
	struct machine *m = arg;
	creds_net_deinit(&m->net);
	free(m->endpoint);
	free(m->absent);
	free(m->source);
	free(m);
}

/* EC2 User Guide, "Retrieve security credentials from instance metadata": a session's token, the
 * name of the role, its credentials. */
static enum s3t_rc ask_machine(const struct machine *m, struct cancel *cancel, struct creds **out,
	bool *is_there, struct s3t_err *err)
{
	static const char *const ttl[] = {"X-aws-ec2-metadata-token-ttl-seconds: 21600", NULL};
	static const char path[] = "latest/meta-data/iam/security-credentials/";
	struct http_response resp;
	http_response_init(&resp);
	char *url = s3t_asprintf("%s/latest/api/token", m->endpoint), *token = NULL;
	enum s3t_rc rc = call_nearby(&m->net, "PUT", url, ttl, MACHINE_MS, &resp, cancel, err);
	free(url);
	if (rc == S3T_OK && resp.status != 200)
		rc = s3t_fail(
			err, S3T_CREDENTIALS, "It gave no token, but status %d.", resp.status);
	if (rc == S3T_OK) {
		*is_there = true;
		token = header("X-aws-ec2-metadata-token", sv_trim(strbuf_view(&resp.body)));
	}
	const char *headers[] = {token, NULL};
	url = s3t_asprintf("%s/%s", m->endpoint, path);
	if (rc == S3T_OK)
		rc = call_nearby(&m->net, "GET", url, headers, MACHINE_MS, &resp, cancel, err);
	free(url);
	if (rc == S3T_OK && resp.status != 200)
		rc = s3t_fail(
			err, S3T_CREDENTIALS, "The machine has no role (status %d).", resp.status);
	if (rc == S3T_OK) {
		struct strview role = sv_trim(strbuf_view(&resp.body));
		role = sv_n(role.data, sv_find(role, '\n'));
		struct strbuf encoded;
		strbuf_init(&encoded);
		uri_encode(&encoded, role, false);
		url = s3t_asprintf("%s/%s%s", m->endpoint, path, encoded.data);
		strbuf_deinit(&encoded);
		rc = call_nearby(&m->net, "GET", url, headers, MACHINE_MS, &resp, cancel, err);
		free(url);
	}
	if (rc == S3T_OK && resp.status != 200)
		rc = s3t_fail(err, S3T_CREDENTIALS, "Its role gave status %d.", resp.status);
	if (rc == S3T_OK)
		rc = read_json(strbuf_view(&resp.body), m->source, out, err);
	wipe(token);
	strbuf_deinit_wipe(&resp.body);
	strbuf_init(&resp.body);
	http_response_deinit(&resp);
	return rc;
}

static enum s3t_rc fetch_machine(
	void *arg, struct cancel *cancel, struct creds **out, struct s3t_err *err)
{
	const struct machine *m = arg;
	bool is_there = false;
	enum s3t_rc rc = ask_machine(m, cancel, out, &is_there, err);
	if (rc == S3T_OK || rc == S3T_CANCELLED)
		return rc;
	if (!is_there) {
		(void)s3t_fail(err, S3T_CREDENTIALS, "%s", m->absent);
		if (err)
			snprintf(err->code, sizeof err->code, "%s", CREDS_NONE);
		return S3T_CREDENTIALS;
	}
	s3t_err_prefix(err, "The %s: ", m->source);
	return rc;
}

struct creds_provider *creds_provider_machine(
	const struct creds_net *net, const char *endpoint, const char *absent, const char *source)
{
	struct machine *m = s3t_alloc(sizeof *m);
	creds_net_copy(&m->net, net);
	m->endpoint = s3t_strdup(endpoint);
	m->absent = s3t_strdup(absent);
	m->source = s3t_strdup(source);
	return creds_provider_new(fetch_machine, machine_free, m);
}

/* --- single sign-on --- */

struct sign_on {
	struct creds_net net;
	struct creds_sso sso;
	char *source;
	struct creds_provider *cli; /* where the token has expired */
};

static void sign_on_free(void *arg)
{
	struct sign_on *s = arg;
	creds_net_deinit(&s->net);
	free_text(s->sso.cache_file);
	free_text(s->sso.account_id);
	free_text(s->sso.role_name);
	free_text(s->sso.endpoint);
	free_text(s->sso.profile);
	free(s->source);
	creds_provider_unref(s->cli);
	free(s);
}

static enum s3t_rc signed_out(const struct sign_on *s, struct s3t_err *err)
{
	return s3t_fail(err, S3T_CREDENTIALS,
		"The sign-on of profile %s has expired, or there was none; run: aws sso login "
		"--profile %s",
		s->sso.profile, s->sso.profile);
}

/* The token as a header's line; NULL: there is none that lasts. */
static char *cached_token(const struct sign_on *s)
{
	struct strbuf text;
	bool is_shared;
	char *line = NULL;
	strbuf_init_cap(&text, ANSWER_MAX);
	struct json_doc *doc = NULL;
	if (conffile_read(s->sso.cache_file, &text, &is_shared, NULL) == S3T_OK)
		doc = json_doc_parse(strbuf_view(&text));
	const char *token = doc ? json_doc_string(doc, "accessToken") : NULL;
	const char *until = doc ? json_doc_string(doc, "expiresAt") : NULL;
	int64_t until_ns = until ? time_parse_iso_ns(sv(until)) : TIME_UNKNOWN;
	bool is_plain = token && *token;
	for (const char *at = token; is_plain && *at; at++)
		is_plain = (unsigned char)*at > ' ' && *at != 0x7f;
	if (is_plain && until_ns != TIME_UNKNOWN && until_ns / NS_PER_S > time_wall_s())
		line = header("x-amz-sso_bearer_token", sv(token));
	json_doc_free(doc);
	strbuf_deinit_wipe(&text);
	return line;
}

static enum s3t_rc read_roles(
	const struct sign_on *s, struct strview text, struct creds **out, struct s3t_err *err)
{
	static const char object[] = "roleCredentials";
	struct json_doc *doc = json_doc_parse(text);
	if (!doc)
		return s3t_fail(err, S3T_CREDENTIALS, "The answer is not a JSON object.");
	char until[32];
	time_format_iso(json_doc_int_in(doc, object, "expiration", 0) / 1000, until);
	enum s3t_rc rc = creds_from_answer(json_doc_string_in(doc, object, "accessKeyId"),
		json_doc_string_in(doc, object, "secretAccessKey"),
		json_doc_string_in(doc, object, "sessionToken"), until, s->source, out, err);
	json_doc_free(doc);
	return rc;
}

static enum s3t_rc fetch_sign_on(
	void *arg, struct cancel *cancel, struct creds **out, struct s3t_err *err)
{
	const struct sign_on *s = arg;
	char *token = cached_token(s);
	if (!token) {
		creds_provider_invalidate(s->cli);
		enum s3t_rc rc = creds_provider_get(s->cli, cancel, out, err);
		return rc == S3T_OK || rc == S3T_CANCELLED ? rc : signed_out(s, err);
	}
	struct strbuf url;
	struct http_response resp;
	const char *headers[] = {token, NULL};
	strbuf_init(&url);
	http_response_init(&resp);
	strbuf_addf(&url, "%s/federation/credentials?role_name=", s->sso.endpoint);
	uri_encode(&url, sv(s->sso.role_name), false);
	strbuf_add_str(&url, "&account_id=");
	uri_encode(&url, sv(s->sso.account_id), false);
	enum s3t_rc rc = creds_net_call(
		&s->net, "GET", url.data, headers, SV(""), PORTAL_MS, &resp, cancel, err);
	if (rc == S3T_OK && resp.status == 401)
		rc = signed_out(s, err);
	else if (rc == S3T_OK && resp.status != 200)
		rc = s3t_fail(err, S3T_CREDENTIALS,
			"The portal gives no credentials of role %s in account %s (status %d).",
			s->sso.role_name, s->sso.account_id, resp.status);
	else if (rc == S3T_OK)
		rc = read_roles(s, strbuf_view(&resp.body), out, err);
	wipe(token);
	strbuf_deinit(&url);
	strbuf_deinit_wipe(&resp.body);
	strbuf_init(&resp.body);
	http_response_deinit(&resp);
	return rc;
}

struct creds_provider *creds_provider_sso(
	const struct creds_net *net, const struct creds_sso *sso, const char *source)
{
	struct sign_on *s = s3t_alloc(sizeof *s);
	creds_net_copy(&s->net, net);
	s->sso = (struct creds_sso){.cache_file = s3t_strdup(sso->cache_file),
		.account_id = s3t_strdup(sso->account_id),
		.role_name = s3t_strdup(sso->role_name),
		.endpoint = s3t_strdup(sso->endpoint),
		.profile = s3t_strdup(sso->profile)};
	s->source = s3t_strdup(source);
	s->cli = creds_provider_aws_cli(sso->profile, "single sign-on", source);
	return creds_provider_new(fetch_sign_on, sign_on_free, s);
}
