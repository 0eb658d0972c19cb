/*
 * A request at a time: head, body, answer. What is read is passed on at once, unchanged, unless the
 * rule that struck this request says otherwise. One connection to the server serves a client's
 * connection for as long as both keep it.
 */
#include "relay.h"

#include <errno.h>
#include <inttypes.h>
#include <linux/sockios.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

enum {
	LINGER_MS = 2000,
	FLUSH_MS = 200,
	STALL_REQUEST_MS = 30000,
	HOLD_MS = 60000,
	GATHER_MAX = 64 << 20,
	SLICES = 10 /* of a second, at a given rate */
};

struct exchange {
	struct proxy *proxy;
	struct stream *client, *upstream;
	struct head request, response;
	struct body up, down;
	struct rule rule; /* KIND_NONE: none struck */
	struct log_line line;
	long generation;          /* of the log */
	bool is_logged, is_early; /* answered before the body was there */
};

/* --- waiting --- */

static int64_t now_ms(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static bool is_gone(int fd)
{
	struct pollfd p = {.fd = fd, .events = POLLRDHUP};
	return poll(&p, 1, 0) > 0;
}

/* Whether the peer went within the time; ms < 0: waits until it does. */
static bool wait_gone(int fd, long ms)
{
	int64_t end = now_ms() + ms;
	for (;;) {
		int64_t left = end - now_ms();
		if (ms >= 0 && left <= 0)
			return is_gone(fd);
		struct pollfd p = {.fd = fd, .events = POLLRDHUP};
		if (poll(&p, 1, ms < 0 ? -1 : (int)left) > 0)
			return true;
	}
}

/* Waits for bytes of `from`; false where `watch` went first. */
static bool wait_readable(const struct stream *from, int watch)
{
	struct pollfd p[2] = {
		{.fd = from->fd, .events = POLLIN}, {.fd = watch, .events = POLLRDHUP}};
	while (poll(p, 2, -1) < 0 && errno == EINTR)
		;
	return p[0].revents || !p[1].revents;
}

/* --- ends of connections --- */

static void disconnect(struct stream *s)
{
	if (s->fd >= 0)
		close(s->fd);
	s->fd = -1;
	s->start = s->end = 0;
}

/* A reset throws away what is not sent yet, and the place of a fault is meant: so first it is. */
static void reset(struct stream *s)
{
	int unsent = 0;
	for (int i = 0; i < FLUSH_MS && s->fd >= 0; i++) {
		if (ioctl(s->fd, SIOCOUTQ, &unsent) != 0 || !unsent || wait_gone(s->fd, 1))
			break;
	}
	if (s->fd >= 0)
		setsockopt(s->fd, SOL_SOCKET, SO_LINGER, &(struct linger){.l_onoff = 1},
			sizeof(struct linger));
	disconnect(s);
}

static bool connect_upstream(struct exchange *x)
{
	struct stream *s = x->upstream;
	/* An idle server that has something to say closes. */
	struct pollfd p = {.fd = s->fd, .events = POLLIN | POLLRDHUP};
	if (s->fd >= 0 && poll(&p, 1, 0) != 0)
		disconnect(s);
	if (s->fd >= 0)
		return true;
	s->start = s->end = 0;
	s->fd = socket(x->proxy->upstream.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (s->fd >= 0 && connect(s->fd, (const struct sockaddr *)&x->proxy->upstream,
				  x->proxy->upstream_len) == 0) {
		setsockopt(s->fd, IPPROTO_TCP, TCP_NODELAY, &(int){1}, sizeof(int));
		return true;
	}
	disconnect(s);
	return false;
}

static void log_now(struct exchange *x)
{
	if (x->is_logged)
		return;
	x->is_logged = true;
	x->line.sent = x->up.done;
	if (x->rule.kind != KIND_NONE)
		x->line.rule = x->rule.text;
	log_end(x->proxy->log, x->generation, &x->line);
}

/* An orderly end: closing with unread bytes would be a reset. */
static void finish(struct exchange *x)
{
	struct stream *s = x->client;
	log_now(x);
	int64_t end = now_ms() + LINGER_MS;
	shutdown(s->fd, SHUT_WR);
	for (int64_t left; (left = end - now_ms()) > 0;) {
		struct pollfd p = {.fd = s->fd, .events = POLLIN};
		if (poll(&p, 1, (int)left) <= 0)
			break;
		s->start = s->end = 0;
		if (!stream_fill(s))
			break;
	}
	disconnect(s);
}

/* --- bodies --- */

enum pumped { PUMPED, PUMP_AT_LIMIT, PUMP_TARGET_GONE };

struct flow {
	struct stream *from;
	int to; /* -1: nowhere */
	int watch;
	struct body *body;
	int64_t limit, flip; /* -1: none */
	long rate;           /* 0: at once */
};

/* Passes on one run of what has been read. */
static enum pumped pump(struct flow *f)
{
	struct body *b = f->body;
	size_t len = f->from->end - f->from->start;
	bool is_payload = b->framing != FRAMING_CHUNKED || b->state == CHUNK_DATA;
	if (f->limit >= 0 && b->done >= f->limit)
		return PUMP_AT_LIMIT;
	if (is_payload && f->limit >= 0 && (int64_t)len > f->limit - b->done)
		len = (size_t)(f->limit - b->done);
	if (f->rate && len > (size_t)f->rate / SLICES + 1)
		len = (size_t)f->rate / SLICES + 1;
	int64_t before = b->done;
	char *p = f->from->data + f->from->start;
	size_t n = body_run(b, p, len, &is_payload);
	if (is_payload && f->flip >= before && f->flip < b->done)
		p[f->flip - before] ^= 1;
	f->from->start += n;
	if (f->to >= 0 && !send_all(f->to, p, n))
		return PUMP_TARGET_GONE;
	if (f->rate && wait_gone(f->watch, (long)n * 1000 / f->rate))
		return PUMP_TARGET_GONE;
	return PUMPED;
}

static bool is_buffered(const struct stream *s)
{
	return s->start < s->end;
}

/* The place of a rule that strikes in a body; -1 where it strikes elsewhere. */
static int64_t place(
	const struct exchange *x, const struct body *b, enum kind first, enum kind last)
{
	bool strikes = x->rule.kind >= first && x->rule.kind <= last;
	return strikes ? rule_place(&x->rule, b->total) : -1;
}

static bool strike_request(struct exchange *x)
{
	if (x->rule.kind == KIND_STALL_REQUEST && x->rule.ms >= 0)
		return !wait_gone(x->client->fd, x->rule.ms);
	if (x->rule.kind == KIND_STALL_REQUEST) {
		log_now(x);
		wait_gone(x->client->fd, STALL_REQUEST_MS);
	}
	if (x->rule.kind == KIND_FIN_REQUEST) {
		finish(x);
		disconnect(x->upstream);
	}
	reset(x->client);
	reset(x->upstream);
	return false;
}

/* False where the exchange is over. */
static bool relay_request_body(struct exchange *x)
{
	bool is_slow = x->rule.kind == KIND_SLOW;
	struct flow f = {.from = x->client,
		.to = x->upstream->fd,
		.watch = x->client->fd,
		.body = &x->up,
		.limit = place(x, &x->up, KIND_RESET_REQUEST, KIND_STALL_REQUEST),
		.flip = place(x, &x->up, KIND_FLIP_REQUEST, KIND_FLIP_REQUEST),
		.rate = is_slow ? x->rule.rate : 0};
	while (!x->up.is_finished) {
		struct pollfd p[2] = {{.fd = x->client->fd, .events = POLLIN},
			{.fd = x->upstream->fd, .events = POLLIN}};
		poll(p, 2, is_buffered(x->client) ? 0 : -1);
		if (p[1].revents) {
			struct head early;
			if (!head_read_response(x->upstream, &early)) {
				head_deinit(&early);
				return false;
			}
			if (early.status / 100 != 1) {
				x->response = early;
				x->is_early = true;
				return true;
			}
			bool is_sent = send_all(x->client->fd, early.text, early.len);
			head_deinit(&early);
			if (!is_sent)
				return false;
		}
		if (!is_buffered(x->client) && (!p[0].revents || !stream_fill(x->client))) {
			if (p[0].revents)
				return false;
			continue;
		}
		enum pumped end = pump(&f);
		if (end == PUMP_AT_LIMIT) {
			f.limit = -1;
			if (!strike_request(x))
				return false;
		}
		/* A server that hangs up may have said why. */
		if (end == PUMP_TARGET_GONE && is_gone(x->client->fd))
			return false;
		if (end == PUMP_TARGET_GONE)
			return x->is_early = true;
	}
	return true;
}

static bool discard_request_body(struct exchange *x)
{
	struct flow f = {
		.from = x->client, .to = -1, .watch = -1, .body = &x->up, .limit = -1, .flip = -1};
	while (!x->up.is_finished) {
		if (!is_buffered(x->client) && !stream_fill(x->client))
			return false;
		pump(&f);
	}
	return true;
}

/* `to` -1: read and thrown away. */
static enum pumped relay_response_body(struct exchange *x, int to, int64_t limit, int64_t flip)
{
	struct flow f = {.from = x->upstream,
		.to = to,
		.watch = x->client->fd,
		.body = &x->down,
		.limit = limit,
		.flip = flip,
		.rate = x->rule.kind == KIND_SLOW ? x->rule.rate : 0};
	enum pumped end = PUMPED;
	while (!x->down.is_finished && end == PUMPED) {
		if (limit >= 0 && x->down.done >= limit)
			return PUMP_AT_LIMIT;
		if (!is_buffered(x->upstream) &&
			(!wait_readable(x->upstream, x->client->fd) || !stream_fill(x->upstream)))
			return PUMP_TARGET_GONE;
		end = pump(&f);
		if (to >= 0)
			x->line.received = x->down.done;
	}
	return end;
}

/* Where a fault needs the size of a chunked body: collects it, and gives it a Content-Length. */
static bool gather(struct exchange *x)
{
	char *all = NULL, number[24];
	size_t len = 0, size = 0;
	while (!x->down.is_finished && len < GATHER_MAX) {
		if (!is_buffered(x->upstream) && !stream_fill(x->upstream))
			break;
		bool is_payload;
		const char *p = x->upstream->data + x->upstream->start;
		size_t n =
			body_run(&x->down, p, x->upstream->end - x->upstream->start, &is_payload);
		x->upstream->start += n;
		if (!is_payload)
			continue;
		if (len + n > size && !(all = realloc(all, size = (len + n) * 2)))
			abort();
		memcpy(all + len, p, n);
		len += n;
	}
	bool is_whole = x->down.is_finished;
	if (is_whole && len) {
		free(x->upstream->data);
		*x->upstream = (struct stream){
			.fd = x->upstream->fd, .data = all, .size = size, .end = len};
		all = NULL;
	}
	free(all);
	snprintf(number, sizeof number, "%zu", len);
	head_remove(&x->response, "Transfer-Encoding");
	head_set(&x->response, "Content-Length", number);
	x->response.is_chunked = false;
	x->response.content_length = (int64_t)len;
	x->down = body_of_response(&x->response, x->request.method);
	return is_whole;
}

/* --- answers of our own --- */

static char *read_file(const char *path, size_t *len)
{
	FILE *f = fopen(path, "re");
	char *text = NULL;
	size_t size = 0;
	ssize_t n = f ? getdelim(&text, &size, EOF, f) : -1;
	if (f)
		fclose(f);
	*len = n > 0 ? (size_t)n : 0;
	return text;
}

static bool answer(struct exchange *x, int status)
{
	const struct rule *r = &x->rule;
	bool is_head = strcmp(x->request.method, "HEAD") == 0;
	char *body = NULL, *head = NULL;
	size_t len = 0;
	if (r->body[0]) {
		body = read_file(r->body, &len);
	} else {
		int n = asprintf(&body,
			"<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Error><Code>%s</Code>"
			"<Message>injected by the "
			"proxy</Message><RequestId>faultproxy</RequestId></Error>",
			r->code);
		len = n < 0 ? 0 : (size_t)n;
	}
	bool is_last = !x->up.is_finished || x->request.is_last;
	int n = asprintf(&head,
		"HTTP/1.1 %d Injected\r\nContent-Type: application/xml\r\nContent-Length: "
		"%zu\r\n%s%s%s%s\r\n",
		status, len, r->retry_after[0] ? "Retry-After: " : "", r->retry_after,
		r->retry_after[0] ? "\r\n" : "", is_last ? "Connection: close\r\n" : "");
	bool is_sent = n > 0 && send_all(x->client->fd, head, (size_t)n) &&
		       (is_head || send_all(x->client->fd, body, len));
	x->line.status = status;
	x->line.received = is_head ? 0 : (int64_t)len;
	free(body);
	free(head);
	if (is_sent && is_last)
		finish(x);
	return is_sent && !is_last;
}

/* --- the exchange --- */

/* What strikes before the server hears of it. *is_over: nothing is left to do. */
static bool strike_first(struct exchange *x, bool *is_over)
{
	const struct rule *r = &x->rule;
	*is_over = true;
	switch (r->kind) {
	case KIND_REFUSE:
		reset(x->client);
		return false;
	case KIND_RESET_REQUEST:
	case KIND_FIN_REQUEST:
	case KIND_STALL_REQUEST:
		/* Without a body the head alone would do the work. */
		*is_over = x->up.is_finished || rule_place(r, x->up.total) == 0;
		if (*is_over && strike_request(x)) {
			*is_over = false;
			x->rule.kind = KIND_DELAY;
		}
		return !*is_over;
	case KIND_ANSWER:
	case KIND_ERROR_200:
		if (!r->is_early && !x->request.wants_continue && !discard_request_body(x))
			return false;
		return answer(x, r->kind == KIND_ANSWER ? r->status : 200);
	case KIND_DELAY:
		*is_over = wait_gone(x->client->fd, r->ms);
		return !*is_over;
	case KIND_HOLD: {
		long releases = rules_releases(x->proxy->rules);
		int64_t end = now_ms() + HOLD_MS;
		*is_over = false;
		while (!*is_over && rules_releases(x->proxy->rules) == releases && now_ms() < end)
			*is_over = wait_gone(x->client->fd, 5);
		return !*is_over;
	}
	case KIND_IGNORE_RANGE: {
		char authorization[2048] = "";
		head_get(&x->request, "Authorization", authorization, sizeof authorization);
		head_remove(&x->request, "Range");
		if (strstr(authorization, "range")) {
			head_remove(&x->request, "Authorization");
			head_remove(&x->request, "x-amz-date");
			head_remove(&x->request, "x-amz-content-sha256");
		}
		*is_over = false;
		return true;
	}
	default:
		*is_over = false;
		return true;
	}
}

/* Past the provisional ones. */
static bool read_response(struct exchange *x)
{
	while (!x->response.text) {
		if (!is_buffered(x->upstream) && !wait_readable(x->upstream, x->client->fd))
			return false;
		if (!head_read_response(x->upstream, &x->response))
			return false;
		if (x->response.status / 100 == 1) {
			if (!send_all(x->client->fd, x->response.text, x->response.len))
				return false;
			head_deinit(&x->response);
		}
	}
	x->down = body_of_response(&x->response, x->request.method);
	return x->rule.kind != KIND_DELAY_RESPONSE || !wait_gone(x->client->fd, x->rule.ms);
}

static void shift_range(struct head *h)
{
	char value[128], shifted[128];
	int64_t first, last, total;
	if (head_get(h, "Content-Range", value, sizeof value) &&
		sscanf(value, "bytes %" SCNd64 "-%" SCNd64 "/%" SCNd64, &first, &last, &total) ==
			3) {
		snprintf(shifted, sizeof shifted, "bytes %" PRId64 "-%" PRId64 "/%" PRId64,
			first + 1, last + 1, total);
		head_set(h, "Content-Range", shifted);
	}
}

static void change_etag(struct head *h)
{
	char value[256];
	if (!head_get(h, "ETag", value, sizeof value))
		return;
	char *digit = value + (value[0] == '"');
	*digit = *digit == '0' ? '1' : '0';
	head_set(h, "ETag", value);
}

static void edit_response_head(struct exchange *x)
{
	char number[24];
	int64_t length = -1;
	switch (x->rule.kind) {
	case KIND_WRONG_RANGE:
		shift_range(&x->response);
		return;
	case KIND_DROP_ETAG:
		head_remove(&x->response, "ETag");
		return;
	case KIND_CHANGE_ETAG:
		change_etag(&x->response);
		return;
	case KIND_CUT_BODY:
		length = rule_place(&x->rule, x->down.total);
		break;
	case KIND_SHORT_LENGTH:
		length = x->down.total + x->rule.by;
		break;
	default:
		return;
	}
	if (x->down.total <= 0 || length < 0)
		return;
	snprintf(number, sizeof number, "%" PRId64, length);
	head_set(&x->response, "Content-Length", number);
}

/* False where the connection has ended. */
static bool strike_response(struct exchange *x)
{
	switch (x->rule.kind) {
	case KIND_CUT_BODY:
		disconnect(x->upstream);
		return true;
	case KIND_STALL_RESPONSE:
		if (wait_gone(x->client->fd, x->rule.ms))
			return false;
		return relay_response_body(x, x->client->fd, -1, -1) == PUMPED;
	case KIND_FIN_RESPONSE:
		finish(x);
		return false;
	default:
		reset(x->client);
		reset(x->upstream);
		return false;
	}
}

static bool relay_response(struct exchange *x)
{
	enum kind kind = x->rule.kind;
	if (kind == KIND_LOSE_RESPONSE || kind == KIND_ERROR_AFTER) {
		if (relay_response_body(x, -1, -1, -1) != PUMPED)
			return false;
		if (kind == KIND_ERROR_AFTER)
			return answer(x, x->rule.status);
		if (x->rule.is_reset)
			reset(x->client);
		else
			finish(x);
		return false;
	}
	bool needs_size = kind == KIND_CUT_BODY || kind == KIND_SHORT_LENGTH ||
			  (kind >= KIND_RESET_RESPONSE && kind <= KIND_FLIP_RESPONSE);
	if (needs_size && x->down.total < 0 && !gather(x))
		return false;
	edit_response_head(x);
	if (!send_all(x->client->fd, x->response.text, x->response.len))
		return false;
	x->line.status = x->response.status;
	int64_t limit = place(x, &x->down, KIND_RESET_RESPONSE, KIND_STALL_RESPONSE);
	if (limit < 0 && x->down.total > 0)
		limit = place(x, &x->down, KIND_CUT_BODY, KIND_CUT_BODY);
	/* Also where there is no body. */
	if (limit == 0 && !strike_response(x))
		return false;
	enum pumped end = PUMPED;
	if (limit != 0)
		end = relay_response_body(x, x->client->fd, limit,
			place(x, &x->down, KIND_FLIP_RESPONSE, KIND_FLIP_RESPONSE));
	if (end == PUMP_AT_LIMIT && !strike_response(x))
		return false;
	if (end == PUMP_TARGET_GONE)
		return false;
	if (kind == KIND_SHORT_LENGTH || x->is_early) {
		finish(x);
		return false;
	}
	if (x->response.is_last || x->down.framing == FRAMING_CLOSE)
		return false;
	return !x->request.is_last;
}

static bool exchange(struct exchange *x)
{
	bool is_over;
	x->up = body_of_request(&x->request);
	if (x->rule.kind == KIND_NONE && x->proxy->delay_ms &&
		wait_gone(x->client->fd, x->proxy->delay_ms))
		return false;
	bool goes_on = strike_first(x, &is_over);
	if (is_over)
		return goes_on;
	if (!connect_upstream(x)) {
		snprintf(x->rule.code, sizeof x->rule.code, "ServerUnreachable");
		return answer(x, 502);
	}
	return send_all(x->upstream->fd, x->request.text, x->request.len) &&
	       relay_request_body(x) && read_response(x) && relay_response(x);
}

static bool serve(struct proxy *proxy, struct stream *client, struct stream *upstream)
{
	struct exchange x = {.proxy = proxy, .client = client, .upstream = upstream};
	bool goes_on = head_read_request(client, &x.request);
	if (goes_on && control_is(&x.request)) {
		goes_on = control_answer(proxy, client, &x.request);
	} else if (goes_on) {
		x.generation = log_begin(proxy->log);
		x.line = (struct log_line){.method = x.request.method, .target = x.request.target};
		rules_strike(proxy->rules, &x.request, &x.rule);
		/* While a body is not read the client's end behind it cannot be seen. */
		x.line.is_detached = x.rule.kind == KIND_SLOW || x.rule.kind == KIND_DELAY ||
				     x.rule.kind == KIND_HOLD;
		if (x.line.is_detached)
			log_detach(proxy->log, x.generation);
		goes_on = exchange(&x);
		log_now(&x);
	}
	head_deinit(&x.request);
	head_deinit(&x.response);
	return goes_on;
}

void relay_connection(struct proxy *proxy, int fd)
{
	struct stream client, upstream;
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &(int){1}, sizeof(int));
	stream_init(&client, fd);
	stream_init(&upstream, -1);
	while (serve(proxy, &client, &upstream))
		;
	stream_deinit(&client);
	stream_deinit(&upstream);
}
