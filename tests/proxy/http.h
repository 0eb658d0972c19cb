/*
 * HTTP/1.1 as far as a relay needs it: where a head ends, where a body ends. Nothing is decoded
 * that would have to be encoded again, so what is passed on is what came.
 */
#ifndef FAULTPROXY_HTTP_H
#define FAULTPROXY_HTTP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A socket and what was read from it ahead of its use. */
struct stream {
	int fd; /* -1: none */
	char *data;
	size_t start, end, size;
};

struct head {
	char *text; /* with the empty line; owned */
	size_t len;
	char method[24], target[4096]; /* of a request */
	int status;                    /* of a response */
	int64_t content_length;        /* -1: none given */
	bool is_chunked, is_last, wants_continue;
};

enum framing { FRAMING_LENGTH, FRAMING_CHUNKED, FRAMING_CLOSE };
enum chunk_state { CHUNK_SIZE, CHUNK_DATA, CHUNK_END, CHUNK_TRAILER };

/* How far a body has come. */
struct body {
	enum framing framing;
	enum chunk_state state;
	int64_t total; /* -1: not known before its end */
	int64_t left;  /* of the body, or of the chunk */
	int64_t done;
	size_t line; /* characters of the trailer's line */
	bool is_finished;
};

void stream_init(struct stream *s, int fd);
void stream_deinit(struct stream *s);

/* Reads what is there, or waits for it. 0: the end, or an error. */
size_t stream_fill(struct stream *s);

bool send_all(int fd, const char *data, size_t len);

/* Read from the stream; false where it ended before, or is not HTTP. */
bool head_read_request(struct stream *s, struct head *out);
bool head_read_response(struct stream *s, struct head *out);
void head_deinit(struct head *h);

/* The value of a header in a static-free way: copied into out, cut to its size. */
bool head_get(const struct head *h, const char *name, char *out, size_t size);
void head_remove(struct head *h, const char *name);
void head_set(struct head *h, const char *name, const char *value);
/* Replaces the first line. */
void head_set_line(struct head *h, const char *line);

struct body body_of_request(const struct head *h);
struct body body_of_response(const struct head *h, const char *method);

/* How many of the bytes at p are one run of either payload or framing; the body moves on by them.
 */
size_t body_run(struct body *b, const char *p, size_t len, bool *is_payload);

#endif
