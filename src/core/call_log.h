/*
 * The last calls to S3, for people: each try with its method, address, answer and time. It has
 * neither signatures nor credentials nor what is in objects, so it may be shown and copied. Any
 * thread writes, any reads; one lock, held for the copying of a record.
 */
#ifndef CORE_CALL_LOG_H
#define CORE_CALL_LOG_H

#include "core/err.h"
#include "core/strbuf.h"

#include <stdint.h>

struct call_log;

struct call_record {
	int64_t when_s; /* wall clock, when it was over */
	int64_t total_us, first_byte_us;
	int status; /* 0: no answer */
	enum s3t_rc rc;
	unsigned try_number;                  /* from 1 */
	bool is_signed, has_token, is_stream; /* stream: the body came from a file */
	uint64_t body_size;
	char method[8], region[48];
	char request_id[80], code[64]; /* "" for none */
	/* owned; call_record_deinit() */
	char *url;
	char *headers; /* "name: value\n", those of the call itself */
	char *body;    /* short XML; NULL: none, or larger, or an object's */
	char *message; /* what failed, for people; "" if nothing */
};
void call_record_deinit(struct call_record *r);

/* Keeps the last `capacity` records. */
struct call_log *call_log_new(size_t capacity);
void call_log_free(struct call_log *log);
/* Takes what r owns. */
void call_log_add(struct call_log *log, struct call_record *r);
/* Records are numbered from 0 as they come: how many there were, and the first that is still kept.
 */
uint64_t call_log_end(struct call_log *log);
uint64_t call_log_begin(struct call_log *log);
/* A copy, which the caller deinits; false if it is not there any more. */
bool call_log_get(struct call_log *log, uint64_t number, struct call_record *out);

/* The same call as a command line: curl signs it with the keys that it finds in the environment, so
 * that no secret stands in it. A body that is not kept becomes "-T FILE" or "@FILE". Appends. */
void call_record_curl(const struct call_record *r, struct strbuf *out);

#endif
