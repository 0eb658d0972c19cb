#include "http.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

enum { BUFFER_SIZE = 256 << 10, HEAD_MAX = 64 << 10 };

void stream_init(struct stream *s, int fd)
{
	*s = (struct stream){.fd = fd, .data = malloc(BUFFER_SIZE), .size = BUFFER_SIZE};
	if (!s->data)
		abort();
}

void stream_deinit(struct stream *s)
{
	if (s->fd >= 0)
		close(s->fd);
	free(s->data);
}

size_t stream_fill(struct stream *s)
{
	if (s->start == s->end)
		s->start = s->end = 0;
	if (s->end == s->size) {
		memmove(s->data, s->data + s->start, s->end - s->start);
		s->end -= s->start;
		s->start = 0;
	}
	if (s->fd < 0 || s->end == s->size)
		return 0;
	ssize_t n;
	do {
		n = recv(s->fd, s->data + s->end, s->size - s->end, 0);
	} while (n < 0 && errno == EINTR);
	if (n <= 0)
		return 0;
	s->end += (size_t)n;
	return (size_t)n;
}

bool send_all(int fd, const char *data, size_t len)
{
	while (len) {
		ssize_t n = send(fd, data, len, MSG_NOSIGNAL);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return false;
		data += n;
		len -= (size_t)n;
	}
	return true;
}

/* --- heads --- */

static bool read_head(struct stream *s, struct head *out)
{
	*out = (struct head){.content_length = -1};
	for (;;) {
		/* A stray line end before a request is allowed (RFC 9112, 2.2). */
		while (s->start < s->end &&
			(s->data[s->start] == '\r' || s->data[s->start] == '\n'))
			s->start++;
		const char *p = s->data + s->start;
		const char *end = memmem(p, s->end - s->start, "\r\n\r\n", 4);
		if (end) {
			out->len = (size_t)(end + 4 - p);
			out->text = strndup(p, out->len);
			if (!out->text)
				abort();
			s->start += out->len;
			return strlen(out->text) == out->len;
		}
		if (s->end - s->start > HEAD_MAX || !stream_fill(s))
			return false;
	}
}

/* Where the header's line starts, NULL where there is none. */
static char *find_line(const struct head *h, const char *name)
{
	size_t len = strlen(name);
	for (char *line = strstr(h->text, "\r\n"); line; line = strstr(line, "\r\n")) {
		line += 2;
		if (strncasecmp(line, name, len) == 0 && line[len] == ':')
			return line;
	}
	return NULL;
}

bool head_get(const struct head *h, const char *name, char *out, size_t size)
{
	const char *line = find_line(h, name);
	if (!line)
		return false;
	line += strlen(name) + 1;
	line += strspn(line, " \t");
	snprintf(out, size, "%.*s", (int)strcspn(line, "\r"), line);
	return true;
}

static bool has_word(const struct head *h, const char *name, const char *word)
{
	char value[256];
	return head_get(h, name, value, sizeof value) && strcasestr(value, word);
}

static void read_framing(struct head *h)
{
	char value[64];
	if (head_get(h, "Content-Length", value, sizeof value))
		h->content_length = strtoll(value, NULL, 10);
	h->is_chunked = has_word(h, "Transfer-Encoding", "chunked");
	h->is_last = has_word(h, "Connection", "close");
	h->wants_continue = has_word(h, "Expect", "100-continue");
}

bool head_read_request(struct stream *s, struct head *out)
{
	if (!read_head(s, out))
		return false;
	read_framing(out);
	return sscanf(out->text, "%23s %4095s HTTP/1.1", out->method, out->target) == 2;
}

bool head_read_response(struct stream *s, struct head *out)
{
	if (!read_head(s, out))
		return false;
	read_framing(out);
	return sscanf(out->text, "HTTP/1.%*d %d", &out->status) == 1;
}

void head_deinit(struct head *h)
{
	free(h->text);
	h->text = NULL;
}

static void replace(struct head *h, size_t at, size_t len, const char *with)
{
	char *text = NULL;
	if (asprintf(&text, "%.*s%s%s", (int)at, h->text, with, h->text + at + len) < 0)
		abort();
	free(h->text);
	h->text = text;
	h->len = strlen(text);
}

void head_remove(struct head *h, const char *name)
{
	for (char *line; (line = find_line(h, name));) {
		size_t at = (size_t)(line - h->text);
		replace(h, at, strcspn(line, "\n") + 1, "");
	}
}

void head_set(struct head *h, const char *name, const char *value)
{
	char line[512];
	head_remove(h, name);
	snprintf(line, sizeof line, "%s: %s\r\n", name, value);
	replace(h, h->len - 2, 0, line);
}

void head_set_line(struct head *h, const char *line)
{
	replace(h, 0, strcspn(h->text, "\r"), line);
}

/* --- bodies --- */

static struct body with_length(int64_t length)
{
	return (struct body){.framing = FRAMING_LENGTH,
		.total = length,
		.left = length,
		.is_finished = length == 0};
}

struct body body_of_request(const struct head *h)
{
	if (h->is_chunked)
		return (struct body){.framing = FRAMING_CHUNKED, .total = -1};
	return with_length(h->content_length > 0 ? h->content_length : 0);
}

struct body body_of_response(const struct head *h, const char *method)
{
	if (strcmp(method, "HEAD") == 0 || h->status / 100 == 1 || h->status == 204 ||
		h->status == 304)
		return with_length(0);
	if (!h->is_chunked && h->content_length < 0)
		return (struct body){.framing = FRAMING_CLOSE, .total = -1};
	return body_of_request(h);
}

/* One character of what is between the payload of chunks. */
static void chunk_step(struct body *b, char c)
{
	switch (b->state) {
	case CHUNK_SIZE:
		if (c == '\n') {
			b->state = b->left ? CHUNK_DATA : CHUNK_TRAILER;
			b->line = 0;
		} else if (b->line == 0) {
			const char *digits = "0123456789abcdef", *d = strchr(digits, c | 0x20);
			if (c && d && b->left < INT64_MAX / 32)
				b->left = b->left * 16 + (d - digits);
			else
				b->line = 1; /* an extension */
		}
		break;
	case CHUNK_END:
		if (c == '\n') {
			b->state = CHUNK_SIZE;
			b->left = 0;
			b->line = 0;
		}
		break;
	case CHUNK_TRAILER:
		if (c == '\n') {
			b->is_finished = b->line == 0;
			b->line = 0;
		} else if (c != '\r') {
			b->line++;
		}
		break;
	case CHUNK_DATA:
		break;
	}
}

size_t body_run(struct body *b, const char *p, size_t len, bool *is_payload)
{
	*is_payload = b->framing != FRAMING_CHUNKED || b->state == CHUNK_DATA;
	if (*is_payload) {
		size_t n = len;
		if (b->framing != FRAMING_CLOSE) {
			if ((int64_t)n > b->left)
				n = (size_t)b->left;
			b->left -= (int64_t)n;
			if (b->left == 0 && b->framing == FRAMING_CHUNKED)
				b->state = CHUNK_END;
			else if (b->left == 0)
				b->is_finished = true;
		}
		b->done += (int64_t)n;
		return n;
	}
	size_t n = 0;
	while (n < len && !b->is_finished && b->state != CHUNK_DATA)
		chunk_step(b, p[n++]);
	return n;
}
