#include "core/call_log.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

struct call_log {
	pthread_mutex_t lock;
	size_t capacity; /* immutable after new */
	/* guarded by lock */
	struct call_record *ring;
	uint64_t end;
};

void call_record_deinit(struct call_record *r)
{
	free(r->url);
	free(r->headers);
	free(r->body);
	free(r->message);
	*r = (struct call_record){.when_s = 0};
}

struct call_log *call_log_new(size_t capacity)
{
	struct call_log *log = s3t_alloc(sizeof *log);
	log->capacity = capacity;
	log->ring = s3t_alloc(capacity * sizeof *log->ring);
	pthread_mutex_init(&log->lock, NULL);
	return log;
}

void call_log_free(struct call_log *log)
{
	if (!log)
		return;
	for (size_t i = 0; i < log->capacity; i++)
		call_record_deinit(&log->ring[i]);
	free(log->ring);
	pthread_mutex_destroy(&log->lock);
	free(log);
}

void call_log_add(struct call_log *log, struct call_record *r)
{
	pthread_mutex_lock(&log->lock);
	struct call_record *at = &log->ring[log->end++ % log->capacity], old = *at;
	*at = *r;
	pthread_mutex_unlock(&log->lock);
	call_record_deinit(&old);
	*r = (struct call_record){.when_s = 0};
}

uint64_t call_log_end(struct call_log *log)
{
	pthread_mutex_lock(&log->lock);
	uint64_t end = log->end;
	pthread_mutex_unlock(&log->lock);
	return end;
}

uint64_t call_log_begin(struct call_log *log)
{
	uint64_t end = call_log_end(log);
	return end > log->capacity ? end - log->capacity : 0;
}

static char *copy(const char *s)
{
	return s ? s3t_strdup(s) : NULL;
}

bool call_log_get(struct call_log *log, uint64_t number, struct call_record *out)
{
	pthread_mutex_lock(&log->lock);
	bool is_there = number < log->end && log->end - number <= log->capacity;
	if (is_there) {
		const struct call_record *r = &log->ring[number % log->capacity];
		*out = *r;
		out->url = copy(r->url);
		out->headers = copy(r->headers);
		out->body = copy(r->body);
		out->message = copy(r->message);
	}
	pthread_mutex_unlock(&log->lock);
	return is_there;
}

/* --- as a command line --- */

/* In single quotes, as a shell takes it. */
static void add_quoted(struct strbuf *out, struct strview text)
{
	strbuf_add_char(out, '\'');
	for (size_t i = 0; i < text.len; i++) {
		if (text.data[i] == '\'')
			strbuf_add_str(out, "'\\''");
		else
			strbuf_add_char(out, text.data[i]);
	}
	strbuf_add_char(out, '\'');
}

static void add_headers(const struct call_record *r, struct strbuf *out)
{
	for (struct strview rest = sv(r->headers); rest.len;) {
		size_t n = sv_find(rest, '\n');
		strbuf_add_str(out, " -H ");
		add_quoted(out, sv_n(rest.data, n));
		rest = sv_from(rest, n + 1);
	}
}

void call_record_curl(const struct call_record *r, struct strbuf *out)
{
	bool is_head = strcmp(r->method, "HEAD") == 0;
	strbuf_add_str(out, "curl -sS --path-as-is -g");
	if (is_head)
		strbuf_add_str(out, " -I");
	else if (strcmp(r->method, "GET") != 0)
		strbuf_addf(out, " -X %s", r->method);
	if (r->is_signed) {
		strbuf_addf(out,
			" --aws-sigv4 'aws:amz:%s:s3'"
			" --user \"$AWS_ACCESS_KEY_ID:$AWS_SECRET_ACCESS_KEY\""
			" -H 'x-amz-content-sha256: UNSIGNED-PAYLOAD'",
			r->region);
		if (r->has_token)
			strbuf_add_str(out, " -H \"x-amz-security-token: $AWS_SESSION_TOKEN\"");
	}
	add_headers(r, out);
	if (r->is_stream) {
		strbuf_add_str(out, " -T FILE");
	} else if (r->body) {
		strbuf_add_str(out, " --data-binary ");
		add_quoted(out, sv(r->body));
	} else if (r->body_size) {
		strbuf_add_str(out, " --data-binary @FILE");
	}
	strbuf_add_char(out, ' ');
	add_quoted(out, sv(r->url));
}
