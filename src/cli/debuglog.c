/*
 * --debug: a line for every request, by a transport that wraps libcurl's. Headers and bodies are
 * not written, so neither are signatures, tokens or keys. Lines come from any thread, one write
 * each.
 */
#include "cli/internal.h"

#include "core/crypto.h"
#include "core/statedir.h"
#include "core/text.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int log_fd = -1;
static char *log_path;

static void write_line(struct strbuf *text)
{
	struct strbuf line;
	strbuf_init(&line);
	char when[32];
	time_format_iso(time_wall_s(), when);
	strbuf_addf(&line, "%s %lld ", when, (long long)(time_mono_ms() % 1000000));
	text_sanitise(&line, strbuf_view(text));
	strbuf_add_char(&line, '\n');
	ssize_t n = write(log_fd, line.data, line.len);
	(void)n;
	strbuf_deinit(&line);
}

void debug_printf(const char *fmt, ...)
{
	if (log_fd < 0)
		return;
	struct strbuf text;
	strbuf_init(&text);
	va_list ap;
	va_start(ap, fmt);
	strbuf_vaddf(&text, fmt, ap);
	va_end(ap);
	write_line(&text);
	strbuf_deinit(&text);
}

static void *logged_open(void *arg)
{
	(void)arg;
	return http_conn_new(NULL);
}

static void logged_close(void *state)
{
	http_conn_free(state);
}

static enum s3t_rc logged_perform(void *state, const struct http_options *options,
	const struct http_request *req, struct http_response *resp, struct cancel *cancel,
	struct s3t_err *err)
{
	struct s3t_err local = {0};
	if (!err)
		err = &local;
	enum s3t_rc rc = http_perform(state, options, req, resp, cancel, err);
	struct strview id = http_header(resp, "x-amz-request-id");
	debug_printf(
		"%s %s -> %d %s, body %llu, %lld us (connect %lld, first byte %lld%s) %.*s%s%s",
		req->method, req->url, resp->status, s3t_rc_name(rc),
		(unsigned long long)req->body.size, (long long)resp->total_us,
		(long long)resp->connect_us, (long long)resp->first_byte_us,
		resp->reused_connection ? ", kept" : "", (int)id.len, id.data,
		rc == S3T_OK ? "" : ": ", rc == S3T_OK ? "" : err->message);
	return rc;
}

static const struct http_transport logged_transport = {
	.open = logged_open, .close = logged_close, .perform = logged_perform};

const struct http_transport *debug_open(void)
{
	char *dir = state_dir(NULL);
	char stamp[17], tail[5];
	time_format_amz(time_wall_s(), stamp);
	random_name(tail, 4);
	log_path = s3t_asprintf("%s/debug-%s-%s.log", dir ? dir : "/tmp", stamp, tail);
	free(dir);
	log_fd = open(
		log_path, O_WRONLY | O_CREAT | O_EXCL | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (log_fd >= 0)
		return &logged_transport;
	struct s3t_err err;
	(void)s3t_fail_errno(&err, errno, "Cannot write the log %s", log_path);
	cli_complain("%s", err.message);
	return NULL;
}

void debug_close(void)
{
	if (log_fd >= 0) {
		close(log_fd);
		log_fd = -1;
		cli_complain("the log is %s", log_path);
	}
	free(log_path);
	log_path = NULL;
}
