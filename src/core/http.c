/*
 * Life of a call: options are set on the kept easy handle (curl_easy_reset keeps connections), it
 * joins the private multi, curl_multi_perform and curl_multi_poll alternate until it is done or the
 * cancel token's waker (curl_multi_wakeup) has called; then it leaves the multi.
 *
 * TCP_QUICKACK: the kernel's delayed acknowledgement costs up to 40 ms an answer on fresh
 * connections. The option does not stick, so it is set again at every end of headers, on the
 * sockets seen by the open-socket callback (CURLINFO_ACTIVESOCKET is -1 during a transfer).
 */
#include "core/http.h"

#include "core/timeutil.h"
#include "core/uri.h"

#include <curl/curl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

enum { SOCKETS_MAX = 4 };

struct http_conn {
	const struct http_transport *transport;
	void *state;
	size_t buffer_bytes;
};

struct curl_state {
	CURL *easy;
	CURLM *multi;
	int sockets[SOCKETS_MAX]; /* -1: free */
	bool is_fresh;            /* the connection has not answered yet */
	/* of the running call */
	const struct http_request *req;
	struct http_response *resp;
	bool headers_done, aborted;
	uint64_t body_left;
};

static CURLSH *share;
static pthread_mutex_t share_locks[CURL_LOCK_DATA_LAST];

static void lock_share(CURL *easy, curl_lock_data data, curl_lock_access access, void *arg)
{
	(void)easy;
	(void)access;
	(void)arg;
	pthread_mutex_lock(&share_locks[data]);
}

static void unlock_share(CURL *easy, curl_lock_data data, void *arg)
{
	(void)easy;
	(void)arg;
	pthread_mutex_unlock(&share_locks[data]);
}

bool http_global_init(void)
{
	if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
		return false;
	share = curl_share_init();
	if (!share)
		return false;
	for (int i = 0; i < CURL_LOCK_DATA_LAST; i++)
		pthread_mutex_init(&share_locks[i], NULL);
	curl_share_setopt(share, CURLSHOPT_LOCKFUNC, lock_share);
	curl_share_setopt(share, CURLSHOPT_UNLOCKFUNC, unlock_share);
	/* DNS and TLS sessions only: connections are not safe to share between threads */
	curl_share_setopt(share, CURLSHOPT_SHARE, CURL_LOCK_DATA_DNS);
	curl_share_setopt(share, CURLSHOPT_SHARE, CURL_LOCK_DATA_SSL_SESSION);
	return true;
}

void http_global_cleanup(void)
{
	curl_share_cleanup(share);
	share = NULL;
	curl_global_cleanup();
}

const char *http_version(void)
{
	return curl_version();
}

static void quick_ack(const struct curl_state *s)
{
	int on = 1;
	for (int i = 0; i < SOCKETS_MAX; i++)
		if (s->sockets[i] >= 0)
			setsockopt(s->sockets[i], IPPROTO_TCP, TCP_QUICKACK, &on, sizeof on);
}

static curl_socket_t on_open_socket(void *arg, curlsocktype purpose, struct curl_sockaddr *address)
{
	struct curl_state *s = arg;
	(void)purpose;
	s->is_fresh = true;
	int fd = socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
	for (int i = 0; i < SOCKETS_MAX && fd >= 0; i++) {
		if (s->sockets[i] < 0) {
			s->sockets[i] = fd;
			break;
		}
	}
	return fd < 0 ? CURL_SOCKET_BAD : fd;
}

static int on_close_socket(void *arg, curl_socket_t fd)
{
	struct curl_state *s = arg;
	for (int i = 0; i < SOCKETS_MAX; i++)
		if (s->sockets[i] == fd)
			s->sockets[i] = -1;
	return close(fd);
}

static size_t on_header(char *data, size_t size, size_t count, void *arg)
{
	struct curl_state *s = arg;
	struct strview line = sv_trim(sv_n(data, size * count));
	if (sv_starts_with(line, SV("HTTP/"))) { /* a new answer: 100 Continue came before */
		strbuf_reset(&s->resp->headers);
		return size * count;
	}
	if (line.len) {
		strbuf_add_sv(&s->resp->headers, line);
		strbuf_add_char(&s->resp->headers, '\n');
		return strbuf_ok(&s->resp->headers) ? size * count : 0;
	}
	quick_ack(s);
	s->is_fresh = false;
	long status = 0;
	curl_easy_getinfo(s->easy, CURLINFO_RESPONSE_CODE, &status);
	s->resp->status = (int)status;
	s->headers_done = status >= 200;
	if (s->headers_done && s->req->on_headers &&
		!s->req->on_headers(s->req->sink_arg, (int)status)) {
		s->resp->sink_stopped = true;
		return 0;
	}
	return size * count;
}

static size_t on_body(char *data, size_t size, size_t count, void *arg)
{
	struct curl_state *s = arg;
	size_t len = size * count;
	if (s->req->sink && s->resp->status / 100 == 2) {
		if (s->req->sink(s->req->sink_arg, data, len))
			return len;
		s->resp->sink_stopped = true;
		return 0;
	}
	strbuf_add(&s->resp->body, data, len);
	return strbuf_ok(&s->resp->body) ? len : 0;
}

static size_t on_read(char *buf, size_t size, size_t count, void *arg)
{
	struct curl_state *s = arg;
	size_t len = size * count;
	if (len > s->body_left)
		len = (size_t)s->body_left;
	if (len == 0)
		return 0;
	ssize_t n = s->req->body.read(s->req->body.arg, buf, len);
	if (n <= 0) { /* shorter than announced is a failure too */
		s->resp->sink_stopped = true;
		return CURL_READFUNC_ABORT;
	}
	s->body_left -= (uint64_t)n;
	return (size_t)n;
}

static int on_seek(void *arg, curl_off_t offset, int origin)
{
	struct curl_state *s = arg;
	if (offset != 0 || origin != SEEK_SET || !s->req->body.rewind ||
		!s->req->body.rewind(s->req->body.arg))
		return CURL_SEEKFUNC_CANTSEEK;
	s->body_left = s->req->body.size;
	return CURL_SEEKFUNC_OK;
}

static void *curl_open(void *arg)
{
	(void)arg;
	struct curl_state *s = s3t_alloc(sizeof *s);
	s->easy = curl_easy_init();
	s->multi = curl_multi_init();
	if (!s->easy || !s->multi)
		s3t_oom();
	curl_multi_setopt(s->multi, CURLMOPT_MAXCONNECTS, 1L);
	for (int i = 0; i < SOCKETS_MAX; i++)
		s->sockets[i] = -1;
	return s;
}

static void curl_close(void *state)
{
	struct curl_state *s = state;
	curl_easy_cleanup(s->easy);
	curl_multi_cleanup(s->multi);
	free(s);
}

static bool url_is_loopback(const char *url)
{
	struct endpoint e;
	if (endpoint_parse(sv_n(url, strcspn(url, "?")), &e, NULL) != S3T_OK)
		return false;
	bool is = host_is_loopback(e.host);
	endpoint_deinit(&e);
	return is;
}

/* libcurl's own least, and what a document gets. */
enum { BUFFER_MIN = 16 << 10, PAGE_BYTES = 64 << 10 };

/* A buffer is made for each request: small objects need no large one. */
static long buffer_for(uint64_t bytes, size_t most)
{
	bytes = bytes < BUFFER_MIN ? BUFFER_MIN : bytes;
	return (long)(bytes < most ? bytes : most);
}

static void set_transfer_options(
	struct curl_state *s, const struct http_options *o, const struct http_request *req)
{
	CURL *e = s->easy;
	long receives = buffer_for(req->sink ? req->expected : PAGE_BYTES, o->buffer_bytes);
	long sends = buffer_for(req->body.size, o->buffer_bytes);
	curl_easy_setopt(e, CURLOPT_URL, req->url);
	curl_easy_setopt(e, CURLOPT_PATH_AS_IS, 1L);
	curl_easy_setopt(e, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
	curl_easy_setopt(e, CURLOPT_PROTOCOLS_STR, "http,https");
	curl_easy_setopt(e, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(e, CURLOPT_QUICK_EXIT, 1L);
	curl_easy_setopt(e, CURLOPT_SHARE, share);
	curl_easy_setopt(e, CURLOPT_DNS_SHUFFLE_ADDRESSES, 1L);
	curl_easy_setopt(e, CURLOPT_MAXAGE_CONN, 15L);
	curl_easy_setopt(e, CURLOPT_TCP_KEEPALIVE, 1L);
	curl_easy_setopt(e, CURLOPT_TCP_KEEPIDLE, 30L);
	curl_easy_setopt(e, CURLOPT_BUFFERSIZE, receives);
	curl_easy_setopt(e, CURLOPT_UPLOAD_BUFFERSIZE, sends);
	curl_easy_setopt(e, CURLOPT_CONNECTTIMEOUT_MS, (long)o->connect_timeout_ms);
	if (req->timeout_ms)
		curl_easy_setopt(e, CURLOPT_TIMEOUT_MS, (long)req->timeout_ms);
	if (!req->timeout_ms && o->low_speed_time_ms) {
		curl_easy_setopt(e, CURLOPT_LOW_SPEED_LIMIT, (long)o->low_speed_limit);
		curl_easy_setopt(
			e, CURLOPT_LOW_SPEED_TIME, (long)((o->low_speed_time_ms + 999) / 1000));
	}
	if (o->ca_file)
		curl_easy_setopt(e, CURLOPT_CAINFO, o->ca_file);
	curl_easy_setopt(e, CURLOPT_SSL_VERIFYPEER, o->no_verify ? 0L : 1L);
	curl_easy_setopt(e, CURLOPT_SSL_VERIFYHOST, o->no_verify ? 0L : 2L);
	if (url_is_loopback(req->url))
		curl_easy_setopt(e, CURLOPT_PROXY, "");
	else if (o->proxy)
		curl_easy_setopt(e, CURLOPT_PROXY, o->proxy);
	curl_easy_setopt(e, CURLOPT_OPENSOCKETFUNCTION, on_open_socket);
	curl_easy_setopt(e, CURLOPT_OPENSOCKETDATA, s);
	curl_easy_setopt(e, CURLOPT_CLOSESOCKETFUNCTION, on_close_socket);
	curl_easy_setopt(e, CURLOPT_CLOSESOCKETDATA, s);
}

static void set_method(struct curl_state *s, const struct http_request *req)
{
	CURL *e = s->easy;
	curl_easy_setopt(e, CURLOPT_HEADERFUNCTION, on_header);
	curl_easy_setopt(e, CURLOPT_HEADERDATA, s);
	curl_easy_setopt(e, CURLOPT_WRITEFUNCTION, on_body);
	curl_easy_setopt(e, CURLOPT_WRITEDATA, s);
	if (strcmp(req->method, "HEAD") == 0) {
		curl_easy_setopt(e, CURLOPT_NOBODY, 1L);
		return;
	}
	if (req->has_body) {
		curl_easy_setopt(e, CURLOPT_UPLOAD, 1L);
		curl_easy_setopt(e, CURLOPT_INFILESIZE_LARGE, (curl_off_t)req->body.size);
		curl_easy_setopt(e, CURLOPT_READFUNCTION, on_read);
		curl_easy_setopt(e, CURLOPT_READDATA, s);
		curl_easy_setopt(e, CURLOPT_SEEKFUNCTION, on_seek);
		curl_easy_setopt(e, CURLOPT_SEEKDATA, s);
	}
	curl_easy_setopt(e, CURLOPT_CUSTOMREQUEST, req->method);
}

static enum s3t_rc rc_of_curl(CURLcode code)
{
	switch (code) {
	case CURLE_COULDNT_RESOLVE_HOST:
	case CURLE_COULDNT_RESOLVE_PROXY:
		return S3T_RESOLVE;
	case CURLE_COULDNT_CONNECT:
		return S3T_CONNECT;
	case CURLE_OPERATION_TIMEDOUT:
		return S3T_TIMEOUT;
	case CURLE_PEER_FAILED_VERIFICATION:
	case CURLE_SSL_CACERT_BADFILE:
	case CURLE_SSL_CERTPROBLEM:
	case CURLE_SSL_ISSUER_ERROR:
		return S3T_TLS;
	case CURLE_OUT_OF_MEMORY:
		return S3T_MEMORY;
	case CURLE_URL_MALFORMAT:
		return S3T_INVALID;
	case CURLE_UNSUPPORTED_PROTOCOL: /* of the answer: an endpoint is http or https */
	case CURLE_WEIRD_SERVER_REPLY:
	case CURLE_BAD_CONTENT_ENCODING:
		return S3T_PROTOCOL;
	default:
		return S3T_NETWORK;
	}
}

static void wake_multi(void *arg)
{
	curl_multi_wakeup(arg);
}

/* Drives the handle until it is done; its result in *code. */
static enum s3t_rc drive(struct curl_state *s, struct cancel *cancel, CURLcode *code)
{
	struct cancel_waker waker = {.wake = wake_multi, .arg = s->multi};
	enum s3t_rc rc = S3T_NETWORK;
	if (curl_multi_add_handle(s->multi, s->easy) != CURLM_OK)
		return S3T_MEMORY;
	cancel_add_waker(cancel, &waker);
	for (;;) {
		int running = 0, queued = 0;
		if (cancel_is_set(cancel)) {
			rc = S3T_CANCELLED;
			break;
		}
		if (curl_multi_perform(s->multi, &running) != CURLM_OK)
			break;
		const CURLMsg *msg = curl_multi_info_read(s->multi, &queued);
		if (msg && msg->msg == CURLMSG_DONE) {
			*code = msg->data.result;
			rc = S3T_OK;
			break;
		}
		/* TLS session tickets come before the first answer, which a server whose Nagle
		 * waits for their ACK keeps back */
		if (s->is_fresh)
			quick_ack(s);
		if (curl_multi_poll(s->multi, NULL, 0, 1000, NULL) != CURLM_OK)
			break;
	}
	cancel_remove_waker(cancel, &waker);
	curl_multi_remove_handle(s->multi, s->easy);
	return rc;
}

static int64_t info_us(CURL *easy, CURLINFO info)
{
	curl_off_t us = 0;
	curl_easy_getinfo(easy, info, &us);
	return (int64_t)us;
}

/* A request that lost a header would be another request. */
static struct curl_slist *with_line(struct curl_slist *list, const char *line)
{
	struct curl_slist *longer = curl_slist_append(list, line);
	if (!longer)
		s3t_oom();
	return longer;
}

static enum s3t_rc curl_transport_perform(void *state, const struct http_options *options,
	const struct http_request *req, struct http_response *resp, struct cancel *cancel,
	struct s3t_err *err)
{
	struct curl_state *s = state;
	char detail[CURL_ERROR_SIZE] = "";
	curl_easy_reset(s->easy);
	s->req = req;
	s->resp = resp;
	s->headers_done = false;
	s->body_left = req->body.size;
	set_transfer_options(s, options, req);
	set_method(s, req);
	curl_easy_setopt(s->easy, CURLOPT_ERRORBUFFER, detail);
	struct curl_slist *list = NULL;
	for (const char *const *h = req->headers; h && *h; h++)
		list = with_line(list, *h);
	list = with_line(list, "Expect:");
	curl_easy_setopt(s->easy, CURLOPT_HTTPHEADER, list);

	CURLcode code = CURLE_OK;
	enum s3t_rc rc = drive(s, cancel, &code);
	long connects = 0;
	curl_easy_getinfo(s->easy, CURLINFO_NUM_CONNECTS, &connects);
	resp->reused_connection = connects == 0;
	resp->total_us = info_us(s->easy, CURLINFO_TOTAL_TIME_T);
	resp->first_byte_us = info_us(s->easy, CURLINFO_STARTTRANSFER_TIME_T);
	resp->connect_us = info_us(s->easy, CURLINFO_CONNECT_TIME_T);
	curl_easy_setopt(s->easy, CURLOPT_ERRORBUFFER, NULL);
	curl_easy_setopt(s->easy, CURLOPT_HTTPHEADER, NULL);
	curl_slist_free_all(list);
	s->req = NULL;
	s->resp = NULL;
	if (rc == S3T_CANCELLED)
		return s3t_fail(err, rc, "Cancelled.");
	if (rc != S3T_OK)
		return s3t_fail(err, rc, "libcurl failed to run the request.");
	if (code == CURLE_OK && !s->headers_done) /* for libcurl that is an answer without a body */
		return s3t_fail(err, S3T_NETWORK,
			"The connection broke in the middle of the server's answer.");
	if (code == CURLE_OK)
		return S3T_OK;
	/* libcurl calls a header line of more than 100 KiB out of memory */
	bool is_long_line = code == CURLE_OUT_OF_MEMORY && !s->headers_done;
	if (is_long_line || !strbuf_ok(&resp->body) || !strbuf_ok(&resp->headers))
		return s3t_fail(err, S3T_PROTOCOL, "The server's answer is too large.");
	return s3t_fail(err, rc_of_curl(code), "%s", detail[0] ? detail : curl_easy_strerror(code));
}

static const struct http_transport curl_transport = {
	.open = curl_open, .close = curl_close, .perform = curl_transport_perform};

struct http_conn *http_conn_new(const struct http_transport *transport)
{
	struct http_conn *conn = s3t_alloc(sizeof *conn);
	conn->transport = transport ? transport : &curl_transport;
	conn->state = conn->transport->open(conn->transport->arg);
	conn->buffer_bytes = (size_t)512 << 10;
	return conn;
}

void http_conn_free(struct http_conn *conn)
{
	if (!conn)
		return;
	conn->transport->close(conn->state);
	free(conn);
}

void http_conn_set_buffer(struct http_conn *conn, size_t bytes)
{
	conn->buffer_bytes = bytes;
}

static ssize_t read_memory(void *arg, char *buf, size_t len)
{
	struct http_memory *m = arg;
	size_t n = m->data.len - m->at < len ? m->data.len - m->at : len;
	if (n)
		memcpy(buf, m->data.data + m->at, n);
	m->at += n;
	return (ssize_t)n;
}

static bool rewind_memory(void *arg)
{
	((struct http_memory *)arg)->at = 0;
	return true;
}

struct http_body http_memory_body(struct http_memory *m)
{
	return (struct http_body){
		.size = m->data.len, .read = read_memory, .rewind = rewind_memory, .arg = m};
}

void http_response_init(struct http_response *resp)
{
	*resp = (struct http_response){0};
	strbuf_init_cap(&resp->headers, HTTP_HEADER_BYTES_MAX);
	strbuf_init(&resp->body);
}

void http_response_deinit(struct http_response *resp)
{
	strbuf_deinit(&resp->headers);
	strbuf_deinit(&resp->body);
}

enum s3t_rc http_perform(struct http_conn *conn, const struct http_options *options,
	const struct http_request *req, struct http_response *resp, struct cancel *cancel,
	struct s3t_err *err)
{
	http_response_deinit(resp);
	http_response_init(resp);
	resp->body.cap = req->body_cap ? req->body_cap : HTTP_HEADER_BYTES_MAX;
	struct http_options sized = *options;
	sized.buffer_bytes = conn->buffer_bytes;
	return conn->transport->perform(conn->state, &sized, req, resp, cancel, err);
}

struct strview http_header(const struct http_response *resp, const char *name)
{
	struct strview rest = strbuf_view(&resp->headers), wanted = sv(name);
	while (rest.len) {
		size_t end = sv_find(rest, '\n');
		struct strview line = sv_n(rest.data, end);
		size_t colon = sv_find(line, ':');
		if (sv_eq_nocase(sv_n(line.data, colon), wanted))
			return sv_trim(sv_from(line, colon + 1));
		rest = sv_from(rest, end + 1);
	}
	return sv_n("", 0);
}

void http_each_header(const struct http_response *resp, const char *prefix,
	void (*fn)(void *arg, struct strview name, struct strview value), void *arg)
{
	struct strview rest = strbuf_view(&resp->headers);
	size_t len = strlen(prefix);
	while (rest.len) {
		size_t end = sv_find(rest, '\n');
		struct strview line = sv_n(rest.data, end);
		size_t colon = sv_find(line, ':');
		if (colon > len && strncasecmp(line.data, prefix, len) == 0)
			fn(arg, sv_n(line.data, colon), sv_trim(sv_from(line, colon + 1)));
		rest = sv_from(rest, end + 1);
	}
}
