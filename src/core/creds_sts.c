/* Roles from a security token service (AWS STS API reference, version 2011-06-15). */
#include "core/creds_sources.h"

#include "core/conffile.h"
#include "core/sigv4.h"
#include "core/text.h"
#include "core/timeutil.h"
#include "core/uri.h"
#include "core/xml.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { TIMEOUT_MS = 30000, TEXT_MAX = 512, TOKEN_MAX = 16 << 10 };

static creds_ask_fn ask;
static void *ask_arg;

void creds_set_ask(creds_ask_fn fn, void *arg)
{
	ask = fn;
	ask_arg = arg;
}

struct assumed {
	struct creds_net net;
	struct creds_role role;
	struct creds_provider *base;
	char *source;
};

static void assumed_free(void *arg)
{
	struct assumed *a = arg;
	const char *const texts[] = {a->role.role_arn, a->role.session_name, a->role.external_id,
		a->role.mfa_serial, a->role.token_file, a->role.endpoint, a->role.region,
		a->source};
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
		free((void *)(uintptr_t)texts[i]);
	creds_net_deinit(&a->net);
	creds_provider_unref(a->base);
	free(a);
}

static void add_field(struct strbuf *body, const char *name, struct strview value)
{
	if (body->len)
		strbuf_add_char(body, '&');
	strbuf_addf(body, "%s=", name);
	uri_encode(body, value, false);
}

static enum s3t_rc add_code(
	const struct assumed *a, struct strbuf *body, struct cancel *cancel, struct s3t_err *err)
{
	struct strbuf code;
	if (!ask)
		return s3t_fail(err, S3T_CREDENTIALS,
			"It wants a code of the device %s, and there is nobody to ask.",
			a->role.mfa_serial);
	strbuf_init(&code);
	char *question = s3t_asprintf("Code of the device %s", a->role.mfa_serial);
	enum s3t_rc rc = ask(ask_arg, question, &code, cancel, err);
	free(question);
	if (rc == S3T_OK) {
		add_field(body, "SerialNumber", sv(a->role.mfa_serial));
		add_field(body, "TokenCode", sv_trim(strbuf_view(&code)));
	}
	strbuf_deinit_wipe(&code);
	return rc;
}

static enum s3t_rc add_token(const struct assumed *a, struct strbuf *body, struct s3t_err *err)
{
	struct strbuf token;
	bool is_shared;
	strbuf_init(&token);
	enum s3t_rc rc = conffile_read(a->role.token_file, &token, &is_shared, err);
	if (rc == S3T_OK)
		add_field(body, "WebIdentityToken", sv_trim(strbuf_view(&token)));
	strbuf_deinit_wipe(&token);
	return rc;
}

static enum s3t_rc make_body(
	const struct assumed *a, struct strbuf *body, struct cancel *cancel, struct s3t_err *err)
{
	const struct creds_role *r = &a->role;
	char name[64], seconds[16];
	snprintf(name, sizeof name, "s3tui-%lld", (long long)time_wall_s());
	add_field(
		body, "Action", r->token_file ? SV("AssumeRoleWithWebIdentity") : SV("AssumeRole"));
	add_field(body, "Version", SV("2011-06-15"));
	add_field(body, "RoleArn", sv(r->role_arn));
	add_field(body, "RoleSessionName", sv(r->session_name ? r->session_name : name));
	if (r->duration_s) {
		snprintf(seconds, sizeof seconds, "%u", r->duration_s);
		add_field(body, "DurationSeconds", sv(seconds));
	}
	if (r->token_file)
		return add_token(a, body, err);
	if (r->external_id)
		add_field(body, "ExternalId", sv(r->external_id));
	return r->mfa_serial ? add_code(a, body, cancel, err) : S3T_OK;
}

/* --- the request --- */

enum { HEADERS_MAX = 6 };

struct signed_headers {
	char *lines[HEADERS_MAX];
	size_t count;
};

static void add_line(struct signed_headers *h, const char *name, struct strview value)
{
	h->lines[h->count++] = s3t_asprintf("%s: %.*s", name, (int)value.len, value.data);
}

static void sign(const struct assumed *a, const struct endpoint *e, const struct creds *creds,
	struct strview body, struct signed_headers *h)
{
	struct strbuf hash, authorization, path, host;
	char date[17];
	unsigned char digest[SHA256_LEN];
	int64_t now_s = time_wall_s();
	strbuf_init(&hash);
	strbuf_init(&authorization);
	strbuf_init(&path);
	sha256(body, digest);
	hex_encode(&hash, digest, sizeof digest);
	time_format_amz(now_s, date);
	strbuf_addf(&path, "%s/", e->base_path);
	strbuf_init(&host);
	endpoint_add_host(e, &host);
	endpoint_add_port(e, &host);
	struct sigv4_pair pairs[4] = {{SV("host"), strbuf_view(&host)},
		{SV("x-amz-date"), sv(date)},
		{SV("content-type"), SV("application/x-www-form-urlencoded; charset=utf-8")}};
	size_t count = 3;
	if (creds_token(creds).len)
		pairs[count++] =
			(struct sigv4_pair){SV("x-amz-security-token"), creds_token(creds)};
	struct sigv4_request req = {.method = "POST",
		.path = strbuf_view(&path),
		.headers = pairs,
		.header_count = count,
		.payload_hash = strbuf_view(&hash),
		.region = a->role.region,
		.service = "sts",
		.when_s = now_s};
	struct sigv4_key key;
	sigv4_derive_key(creds_secret_key(creds), now_s, a->role.region, "sts", &key);
	sigv4_authorization(&authorization, &req, creds_access_key(creds), &key);
	explicit_bzero(&key, sizeof key);
	add_line(h, "x-amz-date", sv(date));
	if (count == 4)
		add_line(h, "x-amz-security-token", creds_token(creds));
	add_line(h, "Authorization", strbuf_view(&authorization));
	strbuf_deinit(&hash);
	strbuf_deinit(&authorization);
	strbuf_deinit(&path);
	strbuf_deinit(&host);
}

/* --- the answer --- */

struct answer {
	char key[TEXT_MAX], secret[TEXT_MAX], token[TOKEN_MAX], expiration[64];
	char code[64], message[TEXT_MAX];
};

static void on_close(
	void *arg, int depth, struct strview parent, struct strview name, struct strview text)
{
	struct answer *a = arg;
	const struct {
		const char *parent, *name;
		char *out;
		size_t size;
	} rows[] = {
		{"Credentials", "AccessKeyId", a->key, sizeof a->key},
		{"Credentials", "SecretAccessKey", a->secret, sizeof a->secret},
		{"Credentials", "SessionToken", a->token, sizeof a->token},
		{"Credentials", "Expiration", a->expiration, sizeof a->expiration},
		{"Error", "Code", a->code, sizeof a->code},
		{"Error", "Message", a->message, sizeof a->message},
	};
	(void)depth;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		if (sv_eq(parent, sv(rows[i].parent)) && sv_eq(name, sv(rows[i].name)) &&
			text.len < rows[i].size)
			snprintf(rows[i].out, rows[i].size, "%.*s", (int)text.len, text.data);
}

static enum s3t_rc read_answer(const struct assumed *a, const struct http_response *resp,
	struct creds **out, struct s3t_err *err)
{
	struct answer *got = s3t_alloc(sizeof *got);
	struct xml_handler handler = {.close = on_close, .arg = got};
	char root[64] = "";
	struct s3t_err why;
	enum s3t_rc rc = xml_parse(strbuf_view(&resp->body), &handler, root, &why);
	if (resp->status != 200 && rc == S3T_OK && *got->code)
		rc = s3t_fail(err, S3T_CREDENTIALS, "%s%s%s", got->code,
			got->message[0] ? ": " : ".", got->message);
	else if (resp->status != 200)
		rc = s3t_fail(err, S3T_CREDENTIALS, "It answered with status %d.", resp->status);
	else if (rc != S3T_OK || strncmp(root, "AssumeRole", 10) != 0)
		rc = s3t_fail(err, S3T_CREDENTIALS, "The answer is none of a token service.");
	else
		rc = creds_from_answer(got->key, got->secret, got->token,
			*got->expiration ? got->expiration : NULL, a->source, out, err);
	explicit_bzero(got, sizeof *got);
	free(got);
	return rc;
}

static enum s3t_rc call(const struct assumed *a, const struct creds *base, struct strview body,
	struct creds **out, struct cancel *cancel, struct s3t_err *err)
{
	struct endpoint e;
	struct http_response resp;
	struct signed_headers h = {.count = 0};
	enum s3t_rc rc = endpoint_parse(sv(a->role.endpoint), &e, err);
	if (rc != S3T_OK)
		return rc;
	http_response_init(&resp);
	add_line(&h, "Content-Type", SV("application/x-www-form-urlencoded; charset=utf-8"));
	if (base)
		sign(a, &e, base, body, &h);
	const char *list[HEADERS_MAX + 1] = {NULL};
	for (size_t i = 0; i < h.count; i++)
		list[i] = h.lines[i];
	struct strbuf url;
	strbuf_init(&url);
	strbuf_addf(&url, "%s://", e.is_https ? "https" : "http");
	endpoint_add_host(&e, &url);
	endpoint_add_port(&e, &url);
	strbuf_addf(&url, "%s/", e.base_path);
	rc = creds_net_call(&a->net, "POST", url.data, list, body, TIMEOUT_MS, &resp, cancel, err);
	if (rc == S3T_OK)
		rc = read_answer(a, &resp, out, err);
	strbuf_deinit(&url);
	for (size_t i = 0; i < h.count; i++) {
		explicit_bzero(h.lines[i], strlen(h.lines[i]));
		free(h.lines[i]);
	}
	strbuf_deinit_wipe(&resp.body);
	strbuf_init(&resp.body);
	http_response_deinit(&resp);
	endpoint_deinit(&e);
	return rc;
}

static enum s3t_rc fetch_role(
	void *arg, struct cancel *cancel, struct creds **out, struct s3t_err *err)
{
	const struct assumed *a = arg;
	struct creds *base = NULL;
	struct strbuf body;
	strbuf_init(&body);
	enum s3t_rc rc = a->base ? creds_provider_get(a->base, cancel, &base, err) : S3T_OK;
	if (rc == S3T_OK && a->base && !base)
		rc = s3t_fail(err, S3T_CREDENTIALS, "A role wants credentials to ask with.");
	if (rc == S3T_OK)
		rc = make_body(a, &body, cancel, err);
	if (rc == S3T_OK)
		rc = call(a, base, strbuf_view(&body), out, cancel, err);
	creds_unref(base);
	strbuf_deinit_wipe(&body);
	if (rc != S3T_OK && rc != S3T_CANCELLED) {
		s3t_err_prefix(err, "The %s: ", a->source);
		rc = S3T_CREDENTIALS;
		if (err) {
			err->rc = rc;
			err->code[0] = '\0'; /* that of the base is not ours */
		}
	}
	return rc;
}

static char *copy(const char *text)
{
	return text ? s3t_strdup(text) : NULL;
}

struct creds_provider *creds_provider_role(const struct creds_net *net,
	const struct creds_role *role, struct creds_provider *base, const char *source)
{
	struct assumed *a = s3t_alloc(sizeof *a);
	creds_net_copy(&a->net, net);
	a->role = (struct creds_role){.role_arn = copy(role->role_arn),
		.session_name = copy(role->session_name),
		.external_id = copy(role->external_id),
		.mfa_serial = copy(role->mfa_serial),
		.token_file = copy(role->token_file),
		.endpoint = copy(role->endpoint),
		.region = copy(role->region),
		.duration_s = role->duration_s};
	a->base = base;
	a->source = s3t_strdup(source);
	return creds_provider_new(fetch_role, assumed_free, a);
}
