#include "core/parse.h"
#include "core/xml.h"
#include "fuzz.h"

#include <string.h>

static const char ini[] = "[default]\nendpoint = http://server.test\n"
			  "[retry]\nmax_attempts = 2\ninitial_delay = 0s\nmax_delay = 0s\n";
static struct config *config;
static struct profile *profile;

void fuzz_server_init(void)
{
	struct profile_request req = {.no_sign_request = true};
	xml_global_init();
	CHECK(config_parse("fuzz.ini", SV(ini), fuzz_no_env, NULL, &config, NULL, NULL) == S3T_OK);
	CHECK(profile_resolve(config, &req, fuzz_no_env, NULL, &profile, NULL, NULL) == S3T_OK);
}

static void *open_server(void *arg)
{
	return arg;
}

static void close_server(void *state)
{
	(void)state;
}

/* The next answer into resp: status, headers, and s->body. */
static void next_answer(struct fuzz_server *s, struct http_response *resp)
{
	struct strview text = s->answers, line;
	const char *end = memmem(text.data, text.len, "\n%%\n", 4);
	if (end)
		text.len = (size_t)(end - text.data);
	s->answers = sv_from(s->answers, text.len + 4);
	uint64_t status;
	line = fuzz_take(&text, '\n');
	s->status = parse_u64(line, &status) && status >= 100 && status < 600 ? (int)status : 200;
	while ((line = sv_trim(fuzz_take(&text, '\n'))).len) {
		strbuf_add_sv(&resp->headers, line);
		strbuf_add_char(&resp->headers, '\n');
	}
	resp->status = s->status;
	s->body = text;
}

static enum s3t_rc give_body(
	const struct http_request *req, struct http_response *resp, struct strview body)
{
	if (!req->sink || resp->status / 100 != 2) {
		strbuf_add_sv(&resp->body, body);
		return body.len <= req->body_cap ? S3T_OK : S3T_PROTOCOL;
	}
	while (body.len) {
		size_t n = body.len < 7 ? body.len : 7;
		if (!req->sink(req->sink_arg, body.data, n)) {
			resp->sink_stopped = true;
			return S3T_NETWORK;
		}
		body = sv_from(body, n);
	}
	return S3T_OK;
}

/* As libcurl does it: a body longer than announced is cut, a shorter one is a broken connection. */
static enum s3t_rc perform(void *state, const struct http_options *options,
	const struct http_request *req, struct http_response *resp, struct cancel *cancel,
	struct s3t_err *err)
{
	struct fuzz_server *s = state;
	(void)options;
	(void)cancel;
	s->requests++;
	if (s->answers.len == 0)
		return s3t_fail(err, S3T_CANCELLED, "Cancelled.");
	next_answer(s, resp);
	if (req->on_headers && !req->on_headers(req->sink_arg, resp->status)) {
		resp->sink_stopped = true;
		return s3t_fail(err, S3T_NETWORK, "Stopped.");
	}
	if (strcmp(req->method, "HEAD") == 0)
		return S3T_OK;
	uint64_t length;
	struct strview body = s->body;
	bool is_known = parse_u64(http_header(resp, "content-length"), &length);
	if (is_known && length < body.len)
		body.len = (size_t)length;
	enum s3t_rc rc = give_body(req, resp, body);
	if (rc == S3T_OK && is_known && body.len < length)
		rc = S3T_NETWORK;
	return rc == S3T_OK ? rc : s3t_fail(err, rc, "The connection broke.");
}

void fuzz_server_start(struct fuzz_server *s, struct strview answers)
{
	*s = (struct fuzz_server){
		.answers = answers, .transport = {open_server, close_server, perform, s}};
	s->ctx.client = s3_client_new(profile);
	s->ctx.conn = http_conn_new(&s->transport);
}

void fuzz_server_stop(struct fuzz_server *s)
{
	http_conn_free(s->ctx.conn);
	s3_client_unref(s->ctx.client);
}
