/*
 * Calls to S3 in numbers: how many, how long they took and what went wrong, by operation, and how
 * the connection does at the moment. Any thread adds, any reads; a lock is held for a few
 * instructions.
 */
#ifndef CORE_CALL_STATS_H
#define CORE_CALL_STATS_H

#include "core/err.h"
#include "core/strbuf.h"

#include <pthread.h>
#include <stdint.h>

/* name, word */
#define CALL_OPS(X)                                                \
	X(LIST, "list")                                            \
	X(HEAD, "head")                                            \
	X(GET, "get")                                              \
	X(PUT, "put")                                              \
	X(PART, "part")                                            \
	X(COPY, "copy")                                            \
	X(MULTIPART, "multipart") /* begun, completed, given up */ \
	X(DELETE, "delete")                                        \
	X(OTHER, "other")
enum call_op {
#define X(name, word) CALL_OP_##name,
	CALL_OPS(X)
#undef X
		CALL_OP_COUNT
};
const char *call_op_word(enum call_op op);
/* What a request is. query: names as S3 has them, one after the other, each followed by a space. */
enum call_op call_op_of(const char *method, struct strview query, bool has_key, bool is_copy);

enum {
	/* Four to each power of two, from 64 us to 18 minutes: a percentile is right within 19 %.
	 */
	LATENCY_BUCKETS = 96,
	CALL_CODES_MAX = 24,
};

struct call_op_stats {
	uint64_t count, errors;
	uint64_t total_us;
	uint64_t buckets[LATENCY_BUCKETS];
};
/* Upper bound of a bucket, us. */
int64_t latency_bound_us(size_t bucket);
/* The time that so many of a hundred calls did not exceed, us; 0: there were none. */
int64_t latency_percentile_us(const struct call_op_stats *s, double percent);

/* As the last answers tell it, and what waits for one. SLOW: a second to the first byte, five
 * without an answer to what is answered at once, or asked to slow down; FAILING: no answer, a
 * failing server, or credentials that it does not take. */
enum connection_state { CONNECTION_UNKNOWN, CONNECTION_OK, CONNECTION_SLOW, CONNECTION_FAILING };

/* "ok", "slow", "failing"; "not asked yet". */
const char *connection_word(enum connection_state state);

struct call_code {
	char code[48]; /* S3's, or our own name of a failure without an answer */
	uint64_t count;
};

struct call_stats_view {
	struct call_op_stats ops[CALL_OP_COUNT];
	struct call_code codes[CALL_CODES_MAX]; /* the last takes what has no place */
	size_t code_count;
	enum connection_state state;
	int64_t since_s;    /* wall clock: when it became that */
	int64_t latency_us; /* of an answer's first byte, smoothed */
};

/* A try that is answered at once as a rule, under way; the caller's. */
struct call_wait {
	struct call_wait *next;
	int64_t since_ms; /* monotonic */
};

struct call_stats {
	pthread_mutex_t lock;
	struct call_wait *waits;     /* the same; guarded by lock */
	struct call_stats_view view; /* guarded by lock */
	int64_t last_ms;             /* the same; monotonic, of the last answer; 0: none yet */
};
void call_stats_init(struct call_stats *s);
void call_stats_deinit(struct call_stats *s);
/* A try begins and ends, if it is one that is answered at once; wait lives until then. */
void call_stats_begin(struct call_stats *s, struct call_wait *wait);
void call_stats_end(struct call_stats *s, struct call_wait *wait);
/* A try is over. first_byte_us: 0 without an answer. rc S3T_CANCELLED is passed over. */
void call_stats_add(struct call_stats *s, enum call_op op, int64_t total_us, int64_t first_byte_us,
	enum s3t_rc rc, const char *code);
/* Wall clock; *since_s: 0 where nothing was asked. */
enum connection_state call_stats_connection(struct call_stats *s, int64_t *since_s);
/* Monotonic; 0: none yet. */
int64_t call_stats_last_ms(struct call_stats *s);
void call_stats_read(struct call_stats *s, struct call_stats_view *out);

#endif
