/*
 * One HTTP connection against a scripted server on loopback, a thread of this process: each request
 * it reads takes the next reply. It serves one connection at a time and never waits for a clock.
 */
#include "core/http.h"

#include "core/timeutil.h"

#include <arpa/inet.h>
#include <dlfcn.h>
#include <netdb.h>
#include <poll.h>
#include <pthread.h>
#include <semaphore.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#define COUNT(array) (sizeof(array) / sizeof *(array))
#define SOON_MS 2000 /* far below what any of the servers here would take */

enum after { KEEP, CLOSE, SILENCE };

struct reply {
	const char *text;
	enum after after;
	bool before_body; /* answers, or falls silent, without reading the request's body */
};

struct server {
	/* immutable after start */
	pthread_t thread;
	int listener, stop[2];
	unsigned port;
	struct reply *replies; /* a copy: a test that failed is gone before its server */
	size_t reply_count;
	sem_t *arrived; /* posted for every request; may be NULL */
	pthread_mutex_t lock;
	/* guarded by lock */
	struct strbuf requests; /* as they came, one behind the other */
	int request_count, connection_count;
};

/* False: the server is to stop. */
static bool wait_for_input(struct server *s, int fd)
{
	struct pollfd fds[] = {{.fd = fd, .events = POLLIN}, {.fd = s->stop[0], .events = POLLIN}};
	return poll(fds, 2, -1) > 0 && !fds[1].revents;
}

static bool receive(struct server *s, int fd, struct strbuf *in)
{
	char buf[65536];
	if (!wait_for_input(s, fd))
		return false;
	ssize_t n = recv(fd, buf, sizeof buf, 0);
	if (n > 0)
		strbuf_add(in, buf, (size_t)n);
	return n > 0;
}

static size_t content_length(const char *head)
{
	const char *line = strcasestr(head, "\r\nContent-Length:");
	return line ? (size_t)strtoull(line + 17, NULL, 10) : 0;
}

/* Reads one request; false if the peer is gone or the server is to stop. */
static bool take_request(struct server *s, int fd, struct strbuf *in, bool with_body)
{
	const char *end;
	while (!(end = strstr(in->data, "\r\n\r\n")))
		if (!receive(s, fd, in))
			return false;
	size_t len = (size_t)(end - in->data) + 4;
	size_t whole = len + (with_body ? content_length(in->data) : 0);
	while (in->len < whole)
		if (!receive(s, fd, in))
			return false;
	pthread_mutex_lock(&s->lock);
	strbuf_add(&s->requests, in->data, whole);
	s->request_count++;
	pthread_mutex_unlock(&s->lock);
	memmove(in->data, in->data + whole, in->len - whole);
	strbuf_truncate(in, in->len - whole);
	return true;
}

static bool send_all(int fd, const char *text)
{
	size_t len = strlen(text);
	while (len) {
		ssize_t n = send(fd, text, len, MSG_NOSIGNAL);
		if (n <= 0)
			return false;
		text += n;
		len -= (size_t)n;
	}
	return true;
}

static void serve_connection(struct server *s, int fd, size_t *next)
{
	struct strbuf in;
	strbuf_init(&in);
	while (*next < s->reply_count) {
		const struct reply *reply = &s->replies[*next];
		if (!take_request(s, fd, &in, !reply->before_body))
			break;
		++*next;
		bool sent = send_all(fd, reply->text);
		if (s->arrived)
			sem_post(s->arrived);
		if (!sent || reply->after == CLOSE)
			break;
		if (reply->after == SILENCE) {
			struct pollfd fds[] = {{.fd = fd, .events = POLLRDHUP},
				{.fd = s->stop[0], .events = POLLIN}};
			poll(fds, 2, -1); /* the peer hangs up, or the test ends */
			break;
		}
	}
	strbuf_deinit(&in);
}

static void *serve(void *arg)
{
	struct server *s = arg;
	size_t next = 0;
	while (wait_for_input(s, s->listener)) {
		int fd = accept(s->listener, NULL, NULL);
		if (fd < 0)
			break;
		pthread_mutex_lock(&s->lock);
		s->connection_count++;
		pthread_mutex_unlock(&s->lock);
		serve_connection(s, fd, &next);
		close(fd);
	}
	return NULL;
}

/* A socket on a free port of 127.0.0.1, not listening yet: connections to it are refused. */
static int bind_loopback(unsigned *port)
{
	struct sockaddr_in address = {
		.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t len = sizeof address;
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_true(fd >= 0);
	assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof address), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&address, &len), 0);
	*port = ntohs(address.sin_port);
	return fd;
}

static void server_start(
	struct server *s, const struct reply *replies, size_t count, sem_t *arrived)
{
	*s = (struct server){.reply_count = count, .arrived = arrived};
	s->replies = s3t_alloc(count * sizeof *replies);
	for (size_t i = 0; i < count; i++) {
		s->replies[i] = replies[i];
		s->replies[i].text = s3t_strdup(replies[i].text);
	}
	s->listener = bind_loopback(&s->port);
	assert_int_equal(listen(s->listener, 8), 0);
	assert_int_equal(pipe(s->stop), 0);
	pthread_mutex_init(&s->lock, NULL);
	strbuf_init(&s->requests);
	assert_int_equal(pthread_create(&s->thread, NULL, serve, s), 0);
}

/* Afterwards the counts and requests may be read without the lock. */
static void server_stop(struct server *s)
{
	assert_int_equal(write(s->stop[1], "", 1), 1);
	pthread_join(s->thread, NULL);
	close(s->listener);
	close(s->stop[0]);
	close(s->stop[1]);
	pthread_mutex_destroy(&s->lock);
	for (size_t i = 0; i < s->reply_count; i++)
		free((char *)s->replies[i].text);
	free(s->replies);
}

/* What most tests need: a server, a connection, a request for it, and the answer. */
struct fixture {
	struct server server;
	struct http_conn *conn;
	struct http_options options;
	struct http_request req;
	struct http_response resp;
	struct s3t_err err;
	char url[96];
};

static struct fixture *start(const struct reply *replies, size_t count, sem_t *arrived)
{
	struct fixture *f = s3t_alloc(sizeof *f);
	server_start(&f->server, replies, count, arrived);
	snprintf(f->url, sizeof f->url, "http://127.0.0.1:%u/bucket/a%%20key?x-id=1",
		f->server.port);
	f->options = (struct http_options){.connect_timeout_ms = 10000};
	f->req = (struct http_request){.method = "GET", .url = f->url};
	f->conn = http_conn_new(NULL);
	http_response_init(&f->resp);
	return f;
}

static enum s3t_rc perform(struct fixture *f, struct cancel *cancel)
{
	return http_perform(f->conn, &f->options, &f->req, &f->resp, cancel, &f->err);
}

/* Ends the server; its requests stay readable until discard(). */
static void finish(struct fixture *f)
{
	http_conn_free(f->conn);
	server_stop(&f->server);
}

static void discard(struct fixture *f)
{
	http_response_deinit(&f->resp);
	strbuf_deinit(&f->server.requests);
	free(f);
}

struct source {
	const char *data;
	size_t len, at;
	size_t fail_at; /* 0: never */
	int rewinds;
	bool is_endless;
};

static ssize_t read_source(void *arg, char *buf, size_t len)
{
	struct source *s = arg;
	if (s->is_endless) {
		memset(buf, 'x', len);
		return (ssize_t)len;
	}
	if (s->fail_at && s->at >= s->fail_at)
		return -1;
	size_t n = s->len - s->at < len ? s->len - s->at : len;
	n = n > 7 ? 7 : n; /* a reader that gives little at a time */
	memcpy(buf, s->data + s->at, n);
	s->at += n;
	return (ssize_t)n;
}

static bool rewind_source(void *arg)
{
	struct source *s = arg;
	s->at = 0;
	s->rewinds++;
	return true;
}

static void put(struct fixture *f, struct source *source)
{
	f->req.method = "PUT";
	f->req.has_body = true;
	f->req.body = (struct http_body){
		.size = source->len, .read = read_source, .rewind = rewind_source, .arg = source};
}

struct sink {
	struct strbuf data;
	int header_calls, status, calls;
	bool refuse_headers, refuse_data;
	sem_t *arrived; /* posted at the first bytes; may be NULL */
};

static bool sink_headers(void *arg, int status)
{
	struct sink *s = arg;
	s->header_calls++;
	s->status = status;
	return !s->refuse_headers;
}

static bool sink_data(void *arg, const char *data, size_t len)
{
	struct sink *s = arg;
	strbuf_add(&s->data, data, len);
	if (s->calls++ == 0 && s->arrived)
		sem_post(s->arrived);
	return !s->refuse_data;
}

static void use_sink(struct fixture *f, struct sink *sink)
{
	strbuf_init(&sink->data);
	f->req.sink = sink_data;
	f->req.on_headers = sink_headers;
	f->req.sink_arg = sink;
}

static void assert_view(struct strview got, const char *wanted)
{
	assert_int_equal(got.len, strlen(wanted));
	assert_memory_equal(got.data, wanted, got.len);
}

static void an_answer_has_its_status_headers_and_body(void **state)
{
	(void)state;
	static const struct reply replies[] = {
		{"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nETag:  \"abc\" \r\n"
		 "x-amz-meta-a: 1\r\nX-Amz-Meta-B: b: c\r\nEmpty:\r\n\r\nhello",
			KEEP, false}};
	struct fixture *f = start(replies, COUNT(replies), NULL);
	assert_int_equal(perform(f, NULL), S3T_OK);
	finish(f);
	assert_int_equal(f->resp.status, 200);
	assert_string_equal(f->resp.body.data, "hello");
	assert_view(http_header(&f->resp, "etag"), "\"abc\"");
	assert_view(http_header(&f->resp, "ETAG"), "\"abc\"");
	assert_view(http_header(&f->resp, "x-amz-meta-b"), "b: c");
	assert_view(http_header(&f->resp, "empty"), "");
	assert_view(http_header(&f->resp, "eta"), "");
	assert_view(http_header(&f->resp, "missing"), "");
	assert_false(f->resp.reused_connection);
	assert_false(f->resp.sink_stopped);
	assert_true(f->resp.total_us >= f->resp.first_byte_us);
	assert_true(f->resp.first_byte_us >= f->resp.connect_us);
	discard(f);
}

static void note_header(void *arg, struct strview name, struct strview value)
{
	strbuf_addf(arg, "%.*s=%.*s;", (int)name.len, name.data, (int)value.len, value.data);
}

static void headers_are_listed_by_prefix(void **state)
{
	(void)state;
	struct http_response resp;
	struct strbuf seen;
	http_response_init(&resp);
	strbuf_init(&seen);
	strbuf_add_str(&resp.headers, "Host: h\nX-Amz-Meta-: none\nX-Amz-Meta-One: 1\n"
				      "x-amz-meta-two:\nx-amz-id: 9\n");
	http_each_header(&resp, "x-amz-meta-", note_header, &seen);
	assert_string_equal(seen.data, "X-Amz-Meta-One=1;x-amz-meta-two=;");
	strbuf_deinit(&seen);
	http_response_deinit(&resp);
}

static void the_request_is_sent_as_it_was_given(void **state)
{
	(void)state;
	static const struct reply replies[] = {{"HTTP/1.1 204 No Content\r\n\r\n", KEEP, false}};
	static const char *const headers[] = {
		"X-Amz-Date: 20130524T000000Z", "Authorization: AWS4-HMAC-SHA256 x", NULL};
	struct fixture *f = start(replies, COUNT(replies), NULL);
	snprintf(f->url, sizeof f->url, "http://127.0.0.1:%u/b/../a/./%%2E%%2e//%%00?list-type=2&k",
		f->server.port);
	f->req.method = "DELETE";
	f->req.headers = headers;
	assert_int_equal(perform(f, NULL), S3T_OK);
	finish(f);
	assert_int_equal(f->resp.status, 204);
	const char *sent = f->server.requests.data;
	assert_true(sv_starts_with(sv(sent),
		SV("DELETE /b/../a/./%2E%2e//%00?list-type=2&k HTTP/1.1\r\nHost: 127.0.0.1:")));
	assert_non_null(strstr(sent, "\r\nX-Amz-Date: 20130524T000000Z\r\n"));
	assert_non_null(strstr(sent, "\r\nAuthorization: AWS4-HMAC-SHA256 x\r\n"));
	assert_null(strcasestr(sent, "\r\nContent-Length:"));
	assert_null(strcasestr(sent, "\r\nTransfer-Encoding:"));
	assert_null(strcasestr(sent, "\r\nAccept-Encoding:"));
	assert_null(strcasestr(sent, "\r\nExpect:"));
	discard(f);
}

static void a_connection_is_used_again(void **state)
{
	(void)state;
	static const struct reply replies[] = {
		{"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n1", KEEP, false},
		{"HTTP/1.1 404 Not Found\r\nContent-Length: 1\r\nETag: x\r\n\r\n2", KEEP, false},
		{"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n3", CLOSE, false},
		{"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n4", KEEP, false}};
	struct fixture *f = start(replies, COUNT(replies), NULL);
	assert_int_equal(perform(f, NULL), S3T_OK);
	assert_false(f->resp.reused_connection);
	assert_int_equal(perform(f, NULL), S3T_OK);
	assert_true(f->resp.reused_connection);
	assert_int_equal(f->resp.status, 404);
	assert_string_equal(f->resp.body.data, "2");
	assert_int_equal(perform(f, NULL), S3T_OK);
	assert_true(f->resp.reused_connection);
	assert_view(http_header(&f->resp, "etag"), "");
	/* the server has closed it: a new one, unseen by the caller */
	assert_int_equal(perform(f, NULL), S3T_OK);
	assert_false(f->resp.reused_connection);
	assert_string_equal(f->resp.body.data, "4");
	finish(f);
	assert_int_equal(f->server.connection_count, 2);
	discard(f);
}

static void head_has_headers_and_no_body(void **state)
{
	(void)state;
	static const struct reply replies[] = {
		{"HTTP/1.1 200 OK\r\nContent-Length: 12345\r\n\r\n", KEEP, false},
		{"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", KEEP, false}};
	struct fixture *f = start(replies, COUNT(replies), NULL);
	f->req.method = "HEAD";
	assert_int_equal(perform(f, NULL), S3T_OK);
	assert_view(http_header(&f->resp, "content-length"), "12345");
	assert_int_equal(f->resp.body.len, 0);
	f->req.method = "GET";
	assert_int_equal(perform(f, NULL), S3T_OK);
	assert_true(f->resp.reused_connection);
	assert_string_equal(f->resp.body.data, "ok");
	finish(f);
	assert_true(sv_starts_with(strbuf_view(&f->server.requests), SV("HEAD /bucket/a%20key?")));
	discard(f);
}

static void the_body_of_a_success_goes_to_the_sink(void **state)
{
	(void)state;
	static const struct reply replies[] = {
		{"HTTP/1.1 206 Partial Content\r\nTransfer-Encoding: chunked\r\n"
		 "Content-Range: bytes 0-9/20\r\n\r\n4\r\n0123\r\n6\r\n456789\r\n0\r\n\r\n",
			KEEP, false}};
	struct sink sink = {.status = 0};
	struct fixture *f = start(replies, COUNT(replies), NULL);
	use_sink(f, &sink);
	assert_int_equal(perform(f, NULL), S3T_OK);
	finish(f);
	assert_int_equal(sink.header_calls, 1);
	assert_int_equal(sink.status, 206);
	assert_string_equal(sink.data.data, "0123456789");
	assert_int_equal(f->resp.body.len, 0);
	assert_view(http_header(&f->resp, "content-range"), "bytes 0-9/20");
	strbuf_deinit(&sink.data);
	discard(f);
}

static void the_body_of_a_failure_does_not_reach_the_sink(void **state)
{
	(void)state;
	static const struct reply replies[] = {
		{"HTTP/1.1 403 Forbidden\r\nContent-Length: 8\r\n\r\n<Error/>", KEEP, false}};
	struct sink sink = {.status = 0};
	struct fixture *f = start(replies, COUNT(replies), NULL);
	use_sink(f, &sink);
	assert_int_equal(perform(f, NULL), S3T_OK);
	finish(f);
	assert_int_equal(sink.status, 403);
	assert_int_equal(sink.calls, 0);
	assert_int_equal(f->resp.status, 403);
	assert_string_equal(f->resp.body.data, "<Error/>");
	strbuf_deinit(&sink.data);
	discard(f);
}

static void a_sink_that_has_enough_ends_the_request(void **state)
{
	(void)state;
	static const struct reply replies[] = {
		{"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhello", SILENCE, false},
		{"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhello", SILENCE, false}};
	for (int at_headers = 0; at_headers < 2; at_headers++) {
		struct sink sink = {.refuse_headers = at_headers, .refuse_data = true};
		struct fixture *f = start(replies, COUNT(replies), NULL);
		use_sink(f, &sink);
		assert_int_not_equal(perform(f, NULL), S3T_OK);
		finish(f);
		assert_true(f->resp.sink_stopped);
		assert_int_equal(sink.calls, at_headers ? 0 : 1);
		assert_int_equal(f->resp.status, 200);
		strbuf_deinit(&sink.data);
		discard(f);
	}
}

static void a_body_is_uploaded_with_its_length(void **state)
{
	(void)state;
	static const struct reply replies[] = {
		{"HTTP/1.1 200 OK\r\nETag: \"e\"\r\nContent-Length: 0\r\n\r\n", KEEP, false}};
	struct source source = {.data = "The quick brown fox jumps over the lazy dog", .len = 43};
	struct fixture *f = start(replies, COUNT(replies), NULL);
	put(f, &source);
	assert_int_equal(perform(f, NULL), S3T_OK);
	finish(f);
	const char *sent = f->server.requests.data;
	assert_true(sv_starts_with(sv(sent), SV("PUT /bucket/a%20key?x-id=1 HTTP/1.1\r\n")));
	assert_non_null(strstr(sent, "\r\nContent-Length: 43\r\n"));
	assert_null(strcasestr(sent, "\r\nExpect:"));
	assert_null(strcasestr(sent, "\r\nTransfer-Encoding:"));
	assert_true(
		sv_ends_with(sv(sent), SV("\r\n\r\nThe quick brown fox jumps over the lazy dog")));
	assert_int_equal(source.rewinds, 0);
	discard(f);
}

static void an_empty_body_is_announced_too(void **state)
{
	(void)state;
	static const struct reply replies[] = {
		{"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", KEEP, false},
		{"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", KEEP, false}};
	struct fixture *f = start(replies, COUNT(replies), NULL);
	f->req.has_body = true;
	f->req.method = "PUT";
	assert_int_equal(perform(f, NULL), S3T_OK);
	f->req.method = "POST";
	assert_int_equal(perform(f, NULL), S3T_OK);
	finish(f);
	const char *first = strstr(f->server.requests.data, "\r\nContent-Length: 0\r\n");
	assert_non_null(first);
	const char *second = strstr(first, "\r\n\r\nPOST ");
	assert_non_null(second);
	assert_non_null(strstr(second, "\r\nContent-Length: 0\r\n"));
	discard(f);
}

static void a_large_body_arrives_whole(void **state)
{
	(void)state;
	static const struct reply replies[] = {
		{"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", KEEP, false}};
	struct source source = {.len = 3000001, .is_endless = true};
	struct fixture *f = start(replies, COUNT(replies), NULL);
	f->options.buffer_bytes = 64 << 10;
	put(f, &source);
	assert_int_equal(perform(f, NULL), S3T_OK);
	finish(f);
	size_t head =
		(size_t)(strstr(f->server.requests.data, "\r\n\r\n") - f->server.requests.data);
	assert_int_equal(f->server.requests.len - head - 4, 3000001);
	discard(f);
}

static void a_body_that_fails_or_ends_early_ends_the_request(void **state)
{
	(void)state;
	static const struct reply replies[] = {
		{"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", KEEP, false}};
	for (int early = 0; early < 2; early++) {
		struct source source = {.data = "0123456789abcdefghij", .len = 20, .fail_at = 14};
		struct fixture *f = start(replies, COUNT(replies), NULL);
		put(f, &source);
		if (early) {
			source.len = 14;
			source.fail_at = 0;
		}
		assert_int_not_equal(perform(f, NULL), S3T_OK);
		finish(f);
		assert_true(f->resp.sink_stopped);
		assert_int_equal(f->server.request_count, 0);
		discard(f);
	}
}

static void a_body_is_rewound_when_a_kept_connection_turns_out_closed(void **state)
{
	(void)state;
	/* the second request is read and its connection closed without a byte of an answer */
	static const struct reply replies[] = {
		{"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n1", KEEP, false}, {"", CLOSE, false},
		{"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n2", KEEP, false}};
	struct source source = {.data = "the body", .len = 8};
	struct fixture *f = start(replies, COUNT(replies), NULL);
	put(f, &source);
	assert_int_equal(perform(f, NULL), S3T_OK);
	source.at = 0;
	assert_int_equal(perform(f, NULL), S3T_OK);
	finish(f);
	assert_int_equal(source.rewinds, 1);
	assert_int_equal(f->server.request_count, 3);
	assert_string_equal(f->resp.body.data, "2");
	assert_true(sv_ends_with(strbuf_view(&f->server.requests), SV("\r\n\r\nthe body")));
	discard(f);
}

static void an_answer_that_does_not_wait_for_the_body_is_heard(void **state)
{
	(void)state;
	static const struct reply replies[] = {
		{"HTTP/1.1 403 Forbidden\r\nContent-Length: 8\r\nConnection: close\r\n\r\n<Error/>",
			SILENCE, true}};
	struct source source = {.len = (size_t)1 << 30, .is_endless = true};
	struct fixture *f = start(replies, COUNT(replies), NULL);
	put(f, &source);
	assert_int_equal(perform(f, NULL), S3T_OK);
	finish(f);
	assert_int_equal(f->resp.status, 403);
	assert_string_equal(f->resp.body.data, "<Error/>");
	discard(f);
}

static void interim_answers_are_skipped(void **state)
{
	(void)state;
	static const struct reply replies[] = {{"HTTP/1.1 100 Continue\r\nETag: interim\r\n\r\n"
						"HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n"
						"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok",
		KEEP, false}};
	struct source source = {.data = "body", .len = 4};
	struct sink sink = {.status = 0};
	struct fixture *f = start(replies, COUNT(replies), NULL);
	put(f, &source);
	use_sink(f, &sink);
	assert_int_equal(perform(f, NULL), S3T_OK);
	finish(f);
	assert_int_equal(f->resp.status, 200);
	assert_int_equal(sink.header_calls, 1);
	assert_int_equal(sink.status, 200);
	assert_string_equal(sink.data.data, "ok");
	assert_string_equal(f->resp.headers.data, "Content-Length: 2\n");
	strbuf_deinit(&sink.data);
	discard(f);
}

static void no_redirect_is_followed(void **state)
{
	(void)state;
	static const int statuses[] = {301, 302, 303, 307, 308};
	for (size_t i = 0; i < COUNT(statuses); i++) {
		static const struct reply other_replies[] = {
			{"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nstolen", KEEP, false}};
		struct server other;
		server_start(&other, other_replies, COUNT(other_replies), NULL);
		char *text = s3t_asprintf("HTTP/1.1 %d Moved\r\nContent-Length: 0\r\n"
					  "Location: http://127.0.0.1:%u/\r\n\r\n",
			statuses[i], other.port);
		const struct reply replies[] = {{text, KEEP, false}, {text, KEEP, false}};
		static const char *const headers[] = {"x-amz-security-token: secret", NULL};
		struct source source = {.data = "body", .len = 4};
		struct fixture *f = start(replies, COUNT(replies), NULL);
		f->req.headers = headers;
		put(f, &source);
		assert_int_equal(perform(f, NULL), S3T_OK);
		finish(f);
		server_stop(&other);
		assert_int_equal(f->resp.status, statuses[i]);
		assert_int_equal(f->server.request_count, 1);
		assert_int_equal(other.connection_count, 0);
		assert_true(http_header(&f->resp, "location").len > 0);
		strbuf_deinit(&other.requests);
		discard(f);
		free(text);
	}
}

static void an_oversized_body_is_refused(void **state)
{
	(void)state;
	static const struct reply replies[] = {
		{"HTTP/1.1 200 OK\r\nContent-Length: 8\r\n\r\n12345678", KEEP, false},
		{"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n123456789", KEEP, false},
		{"HTTP/1.1 500 Oops\r\nConnection: close\r\n\r\n123456789", CLOSE, false}};
	struct fixture *f = start(replies, COUNT(replies), NULL);
	f->req.body_cap = 8;
	assert_int_equal(perform(f, NULL), S3T_OK);
	assert_string_equal(f->resp.body.data, "12345678");
	for (int i = 0; i < 2; i++) {
		assert_int_equal(perform(f, NULL), S3T_PROTOCOL);
		assert_int_equal(f->err.rc, S3T_PROTOCOL);
		assert_non_null(strstr(f->err.message, "too large"));
	}
	finish(f);
	discard(f);
}

static char *long_headers(const char *separator, size_t bytes)
{
	struct strbuf text;
	strbuf_init(&text);
	strbuf_add_str(&text, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nX: x");
	while (text.len < bytes)
		strbuf_addf(&text, "%sxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx", separator);
	strbuf_add_str(&text, "\r\n\r\n");
	return strbuf_take(&text);
}

static void endless_headers_are_refused(void **state)
{
	(void)state;
	char *text = long_headers("\r\nX: ", HTTP_HEADER_BYTES_MAX * 5 / 4);
	const struct reply replies[] = {{text, KEEP, false}};
	struct fixture *f = start(replies, COUNT(replies), NULL);
	assert_int_equal(perform(f, NULL), S3T_PROTOCOL);
	assert_non_null(strstr(f->err.message, "too large"));
	finish(f);
	discard(f);
	free(text);
}

static void an_endless_header_line_is_the_servers_fault(void **state)
{
	(void)state;
	char *text = long_headers("", (size_t)1 << 20);
	const struct reply replies[] = {{text, KEEP, false}};
	struct fixture *f = start(replies, COUNT(replies), NULL);
	enum s3t_rc rc = perform(f, NULL);
	finish(f);
	discard(f);
	free(text);
	assert_int_equal(rc, S3T_PROTOCOL);
}

static void an_answer_that_is_not_http_is_the_servers_fault(void **state)
{
	(void)state;
	static const char *const texts[] = {"SSH-2.0-OpenSSH_9.2\r\n\r\n", "hello", "\r\n\r\n",
		"HTTP/9.9 200 OK\r\n\r\n", "HTTP/1.1 abc\r\n\r\n",
		"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n",
		"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n"};
	int wrong = 0;
	for (size_t i = 0; i < COUNT(texts); i++) {
		const struct reply replies[] = {{texts[i], CLOSE, false}};
		struct fixture *f = start(replies, COUNT(replies), NULL);
		enum s3t_rc rc = perform(f, NULL);
		finish(f);
		if (rc != S3T_PROTOCOL && rc != S3T_NETWORK) {
			print_error("row %zu: %s: %s\n", i, s3t_rc_name(rc), f->err.message);
			wrong++;
		}
		discard(f);
	}
	assert_int_equal(wrong, 0);
}

static void a_body_shorter_than_announced_is_a_broken_connection(void **state)
{
	(void)state;
	static const char *const texts[] = {"",
		"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n12345",
		"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n12345\r\n",
		"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n123"};
	for (size_t i = 0; i < COUNT(texts); i++) {
		const struct reply replies[] = {{texts[i], CLOSE, false}};
		struct fixture *f = start(replies, COUNT(replies), NULL);
		enum s3t_rc rc = perform(f, NULL);
		if (rc != S3T_NETWORK)
			fail_msg("row %zu: %s", i, s3t_rc_name(rc));
		assert_true(s3t_rc_is_retryable(rc));
		assert_true(f->err.message[0]);
		finish(f);
		discard(f);
	}
}

static void an_answer_cut_in_its_headers_is_a_broken_connection(void **state)
{
	(void)state;
	static const char *const texts[] = {"HTTP/1.1 200 OK\r\n", "HTTP/1.1 200 OK\r\nContent-Le",
		"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n", "HTTP/1.1 100 Continue\r\n\r\n",
		"HTTP/1.1 200"};
	int wrong = 0;
	for (size_t i = 0; i < COUNT(texts); i++) {
		const struct reply replies[] = {{texts[i], CLOSE, false}};
		struct fixture *f = start(replies, COUNT(replies), NULL);
		enum s3t_rc rc = perform(f, NULL);
		finish(f);
		if (rc != S3T_NETWORK && rc != S3T_PROTOCOL) {
			print_error("row %zu: %s, status %d\n", i, s3t_rc_name(rc), f->resp.status);
			wrong++;
		}
		discard(f);
	}
	assert_int_equal(wrong, 0);
}

static void a_refused_connection_says_so(void **state)
{
	(void)state;
	unsigned port;
	int fd = bind_loopback(&port);
	struct fixture *f = start(NULL, 0, NULL);
	snprintf(f->url, sizeof f->url, "http://127.0.0.1:%u/", port);
	assert_int_equal(perform(f, NULL), S3T_CONNECT);
	assert_int_equal(f->err.rc, S3T_CONNECT);
	assert_true(f->err.message[0]);
	assert_int_equal(f->resp.status, 0);
	close(fd);
	finish(f);
	assert_int_equal(f->server.connection_count, 0);
	discard(f);
}

static void a_silent_server_times_out(void **state)
{
	(void)state;
	static const struct reply replies[] = {{"", SILENCE, false}};
	struct fixture *f = start(replies, COUNT(replies), NULL);
	f->req.timeout_ms = 50;
	int64_t start_ms = time_mono_ms();
	assert_int_equal(perform(f, NULL), S3T_TIMEOUT);
	assert_true(time_mono_ms() - start_ms < SOON_MS);
	finish(f);
	discard(f);
}

static void only_http_is_spoken(void **state)
{
	(void)state;
	static const char *const urls[] = {"file:///etc/passwd", "ftp://127.0.0.1:1/",
		"gopher://127.0.0.1:1/x", "http://", "http://[::1/"};
	struct fixture *f = start(NULL, 0, NULL);
	for (size_t i = 0; i < COUNT(urls); i++) {
		f->req.url = urls[i];
		enum s3t_rc rc = perform(f, NULL);
		assert_int_not_equal(rc, S3T_OK);
		assert_int_equal(f->resp.body.len, 0);
	}
	finish(f);
	discard(f);
}

struct canceller {
	pthread_t thread;
	sem_t *arrived;
	struct cancel *cancel;
};

static void *cancel_on_arrival(void *arg)
{
	struct canceller *c = arg;
	while (sem_wait(c->arrived) != 0)
		;
	cancel_trigger(c->cancel);
	return NULL;
}

/* Runs the request while another thread cancels it as soon as *arrived is posted. */
static void assert_cancelled(struct fixture *f, sem_t *arrived)
{
	struct canceller c = {.arrived = arrived, .cancel = cancel_new(NULL)};
	assert_int_equal(pthread_create(&c.thread, NULL, cancel_on_arrival, &c), 0);
	int64_t start_ms = time_mono_ms();
	enum s3t_rc rc = perform(f, c.cancel);
	assert_true(time_mono_ms() - start_ms < SOON_MS);
	assert_int_equal(rc, S3T_CANCELLED);
	assert_int_equal(f->err.rc, S3T_CANCELLED);
	pthread_join(c.thread, NULL);
	cancel_free(c.cancel);
}

static void a_request_to_a_silent_server_is_cancelled_at_once(void **state)
{
	(void)state;
	static const char *const texts[] = {
		"", "HTTP/1.1 200", "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n"};
	for (size_t i = 0; i < COUNT(texts); i++) {
		const struct reply replies[] = {{texts[i], SILENCE, false}};
		sem_t arrived;
		sem_init(&arrived, 0, 0);
		struct fixture *f = start(replies, COUNT(replies), &arrived);
		assert_cancelled(f, &arrived);
		finish(f);
		discard(f);
		sem_destroy(&arrived);
	}
}

static void a_stalled_download_is_cancelled_at_once(void **state)
{
	(void)state;
	static const struct reply replies[] = {
		{"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n12345", SILENCE, false},
		{"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", KEEP, false}};
	sem_t first_bytes;
	sem_init(&first_bytes, 0, 0);
	struct sink sink = {.arrived = &first_bytes};
	struct fixture *f = start(replies, COUNT(replies), NULL);
	use_sink(f, &sink);
	assert_cancelled(f, &first_bytes);
	assert_string_equal(sink.data.data, "12345");
	/* what is left of the old answer is not taken for the next one */
	strbuf_reset(&sink.data);
	assert_int_equal(perform(f, NULL), S3T_OK);
	assert_false(f->resp.reused_connection);
	assert_string_equal(sink.data.data, "ok");
	finish(f);
	strbuf_deinit(&sink.data);
	discard(f);
	sem_destroy(&first_bytes);
}

static void a_stalled_upload_is_cancelled_at_once(void **state)
{
	(void)state;
	static const struct reply replies[] = {{"", SILENCE, true}};
	sem_t arrived;
	sem_init(&arrived, 0, 0);
	struct source source = {.len = (size_t)1 << 40, .is_endless = true};
	struct fixture *f = start(replies, COUNT(replies), &arrived);
	put(f, &source);
	assert_cancelled(f, &arrived);
	finish(f);
	discard(f);
	sem_destroy(&arrived);
}

static void a_cancelled_token_sends_nothing(void **state)
{
	(void)state;
	static const struct reply replies[] = {
		{"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", KEEP, false}};
	struct cancel *cancel = cancel_new(NULL);
	struct fixture *f = start(replies, COUNT(replies), NULL);
	cancel_trigger(cancel);
	assert_int_equal(perform(f, cancel), S3T_CANCELLED);
	finish(f);
	assert_int_equal(f->server.connection_count, 0);
	cancel_free(cancel);
	discard(f);
}

static void an_untriggered_token_changes_nothing(void **state)
{
	(void)state;
	static const struct reply replies[] = {
		{"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", KEEP, false}};
	struct cancel *cancel = cancel_new(NULL);
	struct fixture *f = start(replies, COUNT(replies), NULL);
	assert_int_equal(perform(f, cancel), S3T_OK);
	cancel_trigger(cancel); /* its waker must be gone */
	finish(f);
	assert_string_equal(f->resp.body.data, "ok");
	cancel_free(cancel);
	discard(f);
}

/*
 * A name lookup that hangs: libcurl's calls of getaddrinfo come here, since the program's symbols
 * come first. Only names under hangs.test do.
 */
static sem_t lookup_began, lookup_may_end, lookup_ended;

int getaddrinfo(const char *restrict name, const char *restrict service,
	const struct addrinfo *restrict hints, struct addrinfo **restrict out)
{
	typedef int lookup_fn(const char *restrict, const char *restrict,
		const struct addrinfo *restrict, struct addrinfo **restrict);
	if (name && strstr(name, "hangs.test")) {
		sem_post(&lookup_began);
		while (sem_wait(&lookup_may_end) != 0)
			;
		sem_post(&lookup_ended);
		return EAI_FAIL;
	}
	if (name && strstr(name, "nowhere.test"))
		return EAI_NONAME;
	lookup_fn *real;
	void *symbol = dlsym(RTLD_NEXT, "getaddrinfo");
	memcpy(&real, &symbol, sizeof real);
	return real(name, service, hints, out);
}

static void a_name_that_does_not_exist_says_so(void **state)
{
	(void)state;
	struct fixture *f = start(NULL, 0, NULL);
	f->req.url = "http://nowhere.test/";
	assert_int_equal(perform(f, NULL), S3T_RESOLVE);
	assert_non_null(strstr(f->err.message, "nowhere.test"));
	finish(f);
	discard(f);
}

static void a_hanging_name_lookup_is_cancelled_at_once(void **state)
{
	(void)state;
	sem_init(&lookup_began, 0, 0);
	sem_init(&lookup_may_end, 0, 0);
	sem_init(&lookup_ended, 0, 0);
	struct fixture *f = start(NULL, 0, NULL);
	f->req.url = "http://hangs.test/";
	assert_cancelled(f, &lookup_began);
	int64_t start_ms = time_mono_ms();
	finish(f);
	assert_true(time_mono_ms() - start_ms < SOON_MS);
	discard(f);
	sem_post(&lookup_may_end);
	while (sem_wait(&lookup_ended) != 0)
		;
}

static void loopback_never_goes_through_a_proxy(void **state)
{
	(void)state;
	static const struct reply replies[] = {
		{"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", KEEP, false},
		{"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", CLOSE, false},
		{"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", KEEP, false}};
	unsigned dead_port;
	int fd = bind_loopback(&dead_port);
	char proxy[64];
	snprintf(proxy, sizeof proxy, "http://127.0.0.1:%u", dead_port);
	setenv("http_proxy", proxy, 1);
	struct fixture *f = start(replies, COUNT(replies), NULL);
	assert_int_equal(perform(f, NULL), S3T_OK);
	f->options.proxy = proxy;
	assert_int_equal(perform(f, NULL), S3T_OK);
	snprintf(f->url, sizeof f->url, "http://bucket.localhost:%u/key", f->server.port);
	assert_int_equal(perform(f, NULL), S3T_OK);
	assert_string_equal(f->resp.body.data, "ok");
	/* everything else does */
	f->req.url = "http://nowhere.test/";
	assert_int_equal(perform(f, NULL), S3T_CONNECT);
	f->options.proxy = NULL;
	assert_int_equal(perform(f, NULL), S3T_CONNECT);
	finish(f);
	unsetenv("http_proxy");
	close(fd);
	assert_non_null(strstr(f->server.requests.data, "\r\nHost: bucket.localhost:"));
	discard(f);
}

static void *open_script(void *arg)
{
	return arg;
}

static void close_script(void *script)
{
	(*(int *)script)++;
}

static enum s3t_rc perform_script(void *script, const struct http_options *options,
	const struct http_request *req, struct http_response *resp, struct cancel *cancel,
	struct s3t_err *err)
{
	(void)script;
	(void)options;
	(void)cancel;
	assert_int_equal(resp->status, 0);
	assert_int_equal(resp->body.len, 0);
	resp->status = 299;
	strbuf_add_str(&resp->body, req->method);
	return s3t_fail(err, S3T_SLOW_DOWN, "scripted");
}

static void a_script_may_stand_in_for_the_network(void **state)
{
	(void)state;
	int closed = 0;
	const struct http_transport script = {.open = open_script,
		.close = close_script,
		.perform = perform_script,
		.arg = &closed};
	struct http_conn *conn = http_conn_new(&script);
	const struct http_options options = {0};
	const struct http_request req = {.method = "GET", .url = "http://x/"};
	struct http_response resp;
	struct s3t_err err;
	http_response_init(&resp);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(
			http_perform(conn, &options, &req, &resp, NULL, &err), S3T_SLOW_DOWN);
		assert_int_equal(resp.status, 299);
		assert_string_equal(resp.body.data, "GET");
	}
	http_conn_free(conn);
	http_conn_free(NULL);
	assert_int_equal(closed, 1);
	http_response_deinit(&resp);
}

enum { CLIENTS = 4, CALLS = 25 };

struct client {
	pthread_t thread;
	struct fixture *f;
	int answered;
};

static void *call_often(void *arg)
{
	struct client *c = arg;
	for (int i = 0; i < CALLS; i++)
		c->answered += perform(c->f, NULL) == S3T_OK && c->f->resp.status == 200;
	return NULL;
}

static void connections_of_several_threads_do_not_disturb_each_other(void **state)
{
	(void)state;
	struct reply replies[CALLS];
	for (int i = 0; i < CALLS; i++)
		replies[i] = (struct reply){"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok",
			i % 5 == 4 ? CLOSE : KEEP, false};
	struct client clients[CLIENTS] = {0};
	for (int i = 0; i < CLIENTS; i++) {
		struct client *c = &clients[i];
		c->f = start(replies, CALLS, NULL);
		snprintf(c->f->url, sizeof c->f->url, "http://localhost:%u/", c->f->server.port);
		assert_int_equal(pthread_create(&c->thread, NULL, call_often, c), 0);
	}
	for (int i = 0; i < CLIENTS; i++) {
		pthread_join(clients[i].thread, NULL);
		finish(clients[i].f);
		assert_int_equal(clients[i].answered, CALLS);
		discard(clients[i].f);
	}
}

static int set_up(void **state)
{
	(void)state;
	static const char *const proxies[] = {"http_proxy", "https_proxy", "all_proxy", "no_proxy",
		"HTTPS_PROXY", "ALL_PROXY", "NO_PROXY"};
	for (size_t i = 0; i < COUNT(proxies); i++)
		unsetenv(proxies[i]);
	return http_global_init() ? 0 : -1;
}

static int tear_down(void **state)
{
	(void)state;
	http_global_cleanup();
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_answer_has_its_status_headers_and_body),
		cmocka_unit_test(headers_are_listed_by_prefix),
		cmocka_unit_test(the_request_is_sent_as_it_was_given),
		cmocka_unit_test(a_connection_is_used_again),
		cmocka_unit_test(head_has_headers_and_no_body),
		cmocka_unit_test(the_body_of_a_success_goes_to_the_sink),
		cmocka_unit_test(the_body_of_a_failure_does_not_reach_the_sink),
		cmocka_unit_test(a_sink_that_has_enough_ends_the_request),
		cmocka_unit_test(a_body_is_uploaded_with_its_length),
		cmocka_unit_test(an_empty_body_is_announced_too),
		cmocka_unit_test(a_large_body_arrives_whole),
		cmocka_unit_test(a_body_that_fails_or_ends_early_ends_the_request),
		cmocka_unit_test(a_body_is_rewound_when_a_kept_connection_turns_out_closed),
		cmocka_unit_test(an_answer_that_does_not_wait_for_the_body_is_heard),
		cmocka_unit_test(interim_answers_are_skipped),
		cmocka_unit_test(no_redirect_is_followed),
		cmocka_unit_test(an_oversized_body_is_refused),
		cmocka_unit_test(endless_headers_are_refused),
		cmocka_unit_test(an_endless_header_line_is_the_servers_fault),
		cmocka_unit_test(an_answer_that_is_not_http_is_the_servers_fault),
		cmocka_unit_test(a_body_shorter_than_announced_is_a_broken_connection),
		cmocka_unit_test(an_answer_cut_in_its_headers_is_a_broken_connection),
		cmocka_unit_test(a_refused_connection_says_so),
		cmocka_unit_test(a_silent_server_times_out),
		cmocka_unit_test(only_http_is_spoken),
		cmocka_unit_test(a_request_to_a_silent_server_is_cancelled_at_once),
		cmocka_unit_test(a_stalled_download_is_cancelled_at_once),
		cmocka_unit_test(a_stalled_upload_is_cancelled_at_once),
		cmocka_unit_test(a_cancelled_token_sends_nothing),
		cmocka_unit_test(an_untriggered_token_changes_nothing),
		cmocka_unit_test(a_name_that_does_not_exist_says_so),
		cmocka_unit_test(a_hanging_name_lookup_is_cancelled_at_once),
		cmocka_unit_test(loopback_never_goes_through_a_proxy),
		cmocka_unit_test(a_script_may_stand_in_for_the_network),
		cmocka_unit_test(connections_of_several_threads_do_not_disturb_each_other),
	};
	return cmocka_run_group_tests_name("http", tests, set_up, tear_down);
}
