/*
 * One HTTP connection of one thread, on libcurl. A call blocks its thread, wakes within a
 * millisecond when its cancel token is triggered, follows no redirect and keeps the connection warm
 * for the next call. Everything that S3 means is above this file.
 */
#ifndef CORE_HTTP_H
#define CORE_HTTP_H

#include "core/cancel.h"
#include "core/strbuf.h"

#include <stdint.h>
#include <sys/types.h>

#define HTTP_HEADERS_MAX 48
#define HTTP_HEADER_BYTES_MAX ((size_t)64 << 10)

struct http_options {
	const char *ca_file; /* NULL: the system's */
	const char *proxy;   /* NULL: the environment's; never used for loopback */
	bool no_verify;      /* T10: only by --no-verify-ssl */
	int64_t connect_timeout_ms;
	int64_t low_speed_time_ms;
	int64_t low_speed_limit; /* bytes a second */
	size_t buffer_bytes;     /* the most; set by http_perform() from the connection */
};

/* Where a request's body comes from. */
struct http_body {
	uint64_t size;
	/* Fills buf; 0 at the end, -1 on failure (the caller keeps its own error). */
	ssize_t (*read)(void *arg, char *buf, size_t len);
	/* Starts over; false if that is impossible. */
	bool (*rewind)(void *arg);
	void *arg;
};

/* A body from memory: to be kept until the request is over. */
struct http_memory {
	struct strview data;
	size_t at;
};
struct http_body http_memory_body(struct http_memory *m);

struct http_request {
	const char *method;
	const char *url;
	const char *const *headers; /* "Name: value", NULL-terminated */
	struct http_body body;      /* size 0 and read NULL: none */
	bool has_body;              /* sends a Content-Length even for an empty body */
	int64_t timeout_ms;         /* whole request; 0: none (streamed bodies) */
	size_t body_cap;            /* most bytes collected into the response */
	uint64_t expected;          /* bytes that sink will probably get; sizes the buffer */
	/* Receives the body of a 2xx answer instead of the response; false stops the request. */
	bool (*sink)(void *arg, const char *data, size_t len);
	/* Called once, before the first sink call, when the headers are complete; false stops. */
	bool (*on_headers)(void *arg, int status);
	void *sink_arg;
};

struct http_response {
	int status;
	struct strbuf headers; /* "Name: value\n" of the final answer */
	struct strbuf body;
	int64_t total_us, first_byte_us, connect_us;
	bool reused_connection;
	bool sink_stopped; /* the caller's sink or body made it end */
};

struct http_conn;

/* The table under a connection: curl, or a test's script. */
struct http_transport {
	void *(*open)(void *arg);
	void (*close)(void *state);
	enum s3t_rc (*perform)(void *state, const struct http_options *options,
		const struct http_request *req, struct http_response *resp, struct cancel *cancel,
		struct s3t_err *err);
	void *arg;
};

/* transport NULL: libcurl. Used by one thread at a time. */
struct http_conn *http_conn_new(const struct http_transport *transport);
void http_conn_free(struct http_conn *conn);
/* The most that libcurl's buffer each way may have; 512 KiB by default. */
void http_conn_set_buffer(struct http_conn *conn, size_t bytes);

void http_response_init(struct http_response *resp);
void http_response_deinit(struct http_response *resp);

/* Sends req and waits for the answer. Any HTTP status is S3T_OK; S3T_CANCELLED, or a network rc
 * with a sentence, otherwise. resp is reset first. */
enum s3t_rc http_perform(struct http_conn *conn, const struct http_options *options,
	const struct http_request *req, struct http_response *resp, struct cancel *cancel,
	struct s3t_err *err) S3T_MUST_CHECK;

/* The value of a header (any case), empty if absent; borrowed from resp. */
struct strview http_header(const struct http_response *resp, const char *name);
/* Calls fn for each header whose name starts with prefix (lower case). */
void http_each_header(const struct http_response *resp, const char *prefix,
	void (*fn)(void *arg, struct strview name, struct strview value), void *arg);

/* Once before threads start / at exit. */
bool http_global_init(void);
void http_global_cleanup(void);
const char *http_version(void);

#endif
