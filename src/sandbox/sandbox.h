/*
 * A small S3 server inside the process: behind --demo, and what the tests run against. It listens
 * on the loopback address only, on a port of the system's choice, with keys made at start, and
 * checks every signature. Objects live in a directory and are streamed both ways; the index is in
 * memory. xml_global_init() must have been called. All functions may be called from any thread.
 */
#ifndef SANDBOX_SANDBOX_H
#define SANDBOX_SANDBOX_H

#include "core/strbuf.h"

#include <stdint.h>

struct sandbox;

#define SANDBOX_BUCKET "demo"
/* The synthetic bucket: key i of n is SANDBOX_SYNTHETIC_KEY, i from 0, 32 bytes after "data-". */
#define SANDBOX_SYNTHETIC_BUCKET "million"
#define SANDBOX_SYNTHETIC_KEY "data-%028llu.bin"

/* Zeroed: all defaults. */
struct sandbox_options {
	const char *dir;    /* the store, kept; NULL: a new 0700 directory, removed at stop */
	const char *region; /* NULL: us-east-1 */
	const char *session_token; /* not NULL: every request must carry it */
	uint64_t synthetic_keys;   /* > 0: the synthetic bucket is there, with so many keys */
	uint64_t bytes_per_second; /* 0: unlimited; each direction, over all connections */
	uint64_t min_part_bytes;   /* of all parts but the last; 0: 5 MiB */
	int64_t latency_ms;        /* before each answer */
	int64_t clock_offset_s;    /* the server's clock is off by so much */
	bool read_only;            /* all writes are answered AccessDenied */
	bool ignores_encryption;   /* what is asked for of it, without a word */
	bool opaque_etags;         /* of parts: no MD5, as where the server encrypts */
};

/* Starts a server; *out is the caller's, to be ended by sandbox_stop(). */
enum s3t_rc sandbox_start(const struct sandbox_options *options, struct sandbox **out,
	struct s3t_err *err) S3T_MUST_CHECK;
/* Ends stalls and connections, waits for the server's threads, removes the store unless options
 * named it. NULL is allowed. */
void sandbox_stop(struct sandbox *sb);

/* "http://127.0.0.1:PORT"; these live as long as sb. */
const char *sandbox_endpoint(const struct sandbox *sb);
const char *sandbox_access_key(const struct sandbox *sb);
const char *sandbox_secret_key(const struct sandbox *sb);
const char *sandbox_bucket(const struct sandbox *sb);
const char *sandbox_region(const struct sandbox *sb);

/* Requests with that method (NULL: all) since the start, whatever became of them. */
uint64_t sandbox_request_count(const struct sandbox *sb, const char *method);
/* Multipart uploads that were neither completed nor aborted, in all buckets. */
uint64_t sandbox_upload_count(struct sandbox *sb);
/* Parts received since the start, also those of uploads that are gone. */
uint64_t sandbox_part_count(const struct sandbox *sb);
/* Bytes of bodies that were sent since the start. */
uint64_t sandbox_bytes_sent(const struct sandbox *sb);
void sandbox_set_clock_offset(struct sandbox *sb, int64_t seconds);
/* Changes the throttle; 0: unlimited. */
void sandbox_set_bytes_per_second(struct sandbox *sb, uint64_t bytes_per_second);

/* Without HTTP, for seeding and for looking at what the server has. */
enum s3t_rc sandbox_create_bucket(
	struct sandbox *sb, const char *bucket, struct s3t_err *err) S3T_MUST_CHECK;
/* Puts an object; content_type may be NULL. */
enum s3t_rc sandbox_put(struct sandbox *sb, const char *bucket, struct strview key,
	struct strview data, const char *content_type, struct s3t_err *err) S3T_MUST_CHECK;
/* The same with a modification time (seconds since 1970) and a storage class (NULL: STANDARD). */
enum s3t_rc sandbox_put_as(struct sandbox *sb, const char *bucket, struct strview key,
	struct strview data, const char *content_type, int64_t mtime_s, const char *storage_class,
	struct s3t_err *err) S3T_MUST_CHECK;
/* Appends an object's bytes. */
enum s3t_rc sandbox_get(struct sandbox *sb, const char *bucket, struct strview key,
	struct strbuf *out, struct s3t_err *err) S3T_MUST_CHECK;
/* What the server keeps besides: a response header's value by lower-case name ("etag" with quotes,
 * "content-type", "x-amz-storage-class", "x-amz-meta-…"); "" if there is none. Appends. */
enum s3t_rc sandbox_get_header(struct sandbox *sb, const char *bucket, struct strview key,
	const char *name, struct strbuf *out, struct s3t_err *err) S3T_MUST_CHECK;
enum s3t_rc sandbox_delete(struct sandbox *sb, const char *bucket, struct strview key,
	struct s3t_err *err) S3T_MUST_CHECK;
/* An object of `times` times data, which is kept once; its ETag is one of parts. */
enum s3t_rc sandbox_put_repeated(struct sandbox *sb, const char *bucket, struct strview key,
	struct strview data, uint32_t times, struct s3t_err *err) S3T_MUST_CHECK;
/* Takes one received part out of every upload of that key that has it ("a part lost on the
 * server"); the number of parts removed. */
unsigned sandbox_lose_part(
	struct sandbox *sb, const char *bucket, struct strview key, unsigned part_number);

/*
 * Faults. Each knob counts the requests that it matches; from the nth on it strikes `times` times.
 * The first knob that strikes wins.
 */
enum sandbox_fault_kind {
	SANDBOX_FAULT_ANSWER,        /* status and code (or body) instead of the work */
	SANDBOX_FAULT_CLOSE,         /* reads the request, then closes without answering */
	SANDBOX_FAULT_CLOSE_REQUEST, /* closes after `bytes` bytes of the request's body */
	SANDBOX_FAULT_CLOSE_BODY,    /* closes after `bytes` bytes of the response's body */
	SANDBOX_FAULT_CUT_BODY,      /* a whole answer with only `bytes` bytes, length and all */
	SANDBOX_FAULT_STALL,         /* says nothing for stall_ms, then works normally */
	SANDBOX_FAULT_STALL_BODY,    /* the same after `bytes` bytes of the response's body */
	SANDBOX_FAULT_SLOW,          /* the response's body at `bytes` bytes a second */
	SANDBOX_FAULT_FLIP,          /* one bit of the response's byte at index `bytes` */
	SANDBOX_FAULT_ERROR_200,     /* 200 with an <Error> body of `code`, nothing done */
	SANDBOX_FAULT_WRONG_ETAG,    /* does the work, answers another ETag header */
	SANDBOX_FAULT_DROP_ETAG,     /* does the work, answers without an ETag header */
	SANDBOX_FAULT_IGNORE_RANGE,  /* 200 with the whole object */
	SANDBOX_FAULT_WRONG_RANGE,   /* a Content-Range that starts one byte later */
	SANDBOX_FAULT_REDIRECT,      /* 301 PermanentRedirect with `region` */
	SANDBOX_FAULT_WORK_ERROR, /* does the work, then status and code (0: 500 InternalError) */
	SANDBOX_FAULT_WORK_CLOSE, /* does the work, then closes without answering */
	SANDBOX_FAULT_KIND_COUNT
};

#define SANDBOX_FOREVER UINT32_MAX

struct sandbox_fault {
	enum sandbox_fault_kind kind;
	const char *method; /* NULL: any */
	const char *target; /* substring of the raw path and query; NULL: any */
	uint32_t nth;       /* 1-based; 0 is 1 */
	uint32_t times;     /* 0 is 1; or SANDBOX_FOREVER */
	int status;         /* 0: 503, or 500 for WORK_ERROR */
	const char *code;   /* NULL: SlowDown, or InternalError for WORK_ERROR and ERROR_200 */
	const char *body;   /* ANSWER: sent as it is instead of an <Error> document */
	const char *region; /* REDIRECT: x-amz-bucket-region; NULL: eu-west-1 */
	int retry_after_s;  /* > 0: Retry-After */
	uint64_t bytes;
	int64_t stall_ms; /* 0: until the client is gone or the sandbox stops */
};

/* Arms a fault; its strings are copied. */
void sandbox_fault(struct sandbox *sb, const struct sandbox_fault *fault);
void sandbox_clear_faults(struct sandbox *sb);
/* How often any fault has struck since the start. */
uint64_t sandbox_fault_count(const struct sandbox *sb);

#endif
