#include "relay.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LINES_MAX = 64 << 10 };

bool control_is(const struct head *request)
{
	return strncmp(request->target, "/-/", 3) == 0;
}

static bool reply(struct stream *client, const char *status, const char *body, size_t len)
{
	char head[160];
	snprintf(head, sizeof head,
		"HTTP/1.1 %s\r\nContent-Type: text/plain\r\nContent-Length: %zu\r\n\r\n", status,
		len);
	return send_all(client->fd, head, strlen(head)) && send_all(client->fd, body, len);
}

/* The request's body as a string; to be freed. NULL where it is too long or breaks off. */
static char *read_body(struct stream *client, const struct head *request)
{
	size_t len = request->content_length > 0 ? (size_t)request->content_length : 0, have = 0;
	char *text = len <= LINES_MAX ? calloc(1, len + 1) : NULL;
	while (text && have < len) {
		if (client->start == client->end && !stream_fill(client)) {
			free(text);
			return NULL;
		}
		size_t n = client->end - client->start;
		if (n > len - have)
			n = len - have;
		memcpy(text + have, client->data + client->start, n);
		client->start += n;
		have += n;
	}
	return text;
}

/* A test that has set its rules finds neither requests nor lines of the time before. */
static void start_afresh(struct proxy *proxy)
{
	log_wait(proxy->log);
	log_clear(proxy->log);
}

bool control_answer(struct proxy *proxy, struct stream *client, const struct head *request)
{
	const char *what = request->target + 3;
	char why[3072] = "";
	bool is_put = strcmp(request->method, "PUT") == 0;
	bool is_get = strcmp(request->method, "GET") == 0;
	bool is_delete = strcmp(request->method, "DELETE") == 0;
	char *body = read_body(client, request);
	if (!body)
		return false;
	bool is_sent;
	if (strcmp(what, "faults") == 0 && (is_put || is_delete)) {
		bool is_good = rules_replace(proxy->rules, is_put ? body : "", why, sizeof why - 1);
		if (is_good)
			start_afresh(proxy);
		else
			strcat(why, "\n");
		is_sent = reply(client, is_good ? "200 OK" : "400 Bad Request", why, strlen(why));
	} else if (strcmp(what, "log") == 0 && is_get) {
		size_t len;
		log_wait(proxy->log);
		char *text = log_text(proxy->log, &len);
		is_sent = reply(client, "200 OK", text, len);
		free(text);
	} else if (strcmp(what, "struck") == 0 && is_get) {
		snprintf(why, sizeof why, "%ld\n", rules_struck(proxy->rules));
		is_sent = reply(client, "200 OK", why, strlen(why));
	} else if (strcmp(what, "release") == 0 && is_put) {
		rules_release(proxy->rules);
		is_sent = reply(client, "200 OK", "", 0);
	} else {
		is_sent = reply(client, "404 Not Found", "", 0);
	}
	free(body);
	return is_sent && !request->is_last;
}
