/*
 * Jobs as they are kept in a journal: enough to go on with them in another process. A saved job is
 * a job_spec without its locations, how to find these again, which of its items are done, and what
 * is left of those that were under way.
 */
#ifndef TRANSFER_SAVED_H
#define TRANSFER_SAVED_H

#include "core/coding.h"
#include "core/config.h"
#include "transfer/engine.h"
#include "transfer/parts.h"

/* How a location is found again. */
struct saved_place {
	bool is_s3;
	struct profile_request request; /* its texts are owned */
	char *address;                  /* profile_address() of then; NULL for local */
};
void saved_place_set(struct saved_place *p, const struct location *loc);
void saved_place_deinit(struct saved_place *p);
/* The same address, asked for in the same way: with the same credentials. */
bool saved_place_eq(const struct saved_place *a, const struct saved_place *b);
/* Resolves it anew. S3T_CONFIG: the profile is gone, or leads elsewhere by now. */
enum s3t_rc saved_place_open(const struct saved_place *p, const struct config *config,
	struct location **out, struct s3t_err *err) S3T_MUST_CHECK;

/* Which items are done: 128 bits of each one's identity. Bounded by memory only; 0.5 s and 32 MiB
 * for a million. */
struct done_set {
	uint64_t (*slots)[2];
	size_t count, capacity;
};
void done_set_add(struct done_set *s, const unsigned char identity[MD5_LEN]);
bool done_set_has(const struct done_set *s, const unsigned char identity[MD5_LEN]);
void done_set_deinit(struct done_set *s);

#define PARTIAL_ENDS "-"
#define PARTIAL_PACKED '_'

/* An item that was under way: an open upload, or a temporary file. */
struct partial {
	struct partial *next;
	uint32_t number; /* within the job */
	char *path, *target;
	size_t path_len, target_len;
	/* of the source, as it was */
	uint64_t size, dev, ino;
	int64_t mtime_ns;
	char etag[S3_ETAG_MAX];
	int64_t since_s; /* wall clock, when it was begun */
	uint64_t part_size;
	uint32_t part_count;
	/* of an upload that is encrypted here: what its keys follow from, with our secret; of one
	 * that is compressed the same, behind PARTIAL_PACKED; PARTIAL_ENDS: nobody can go on with
	 * it; "": as the source is */
	char seed[AGE_SEED_LEN + 1];
	struct loc_token token; /* text NULL: begun, but by what name is not known */
	struct parts ranges;    /* what is in the temporary file for good */
};
struct partial *partial_new(struct strview path, struct strview target, uint32_t part_count);
void partial_free(struct partial *p);

struct saved_job {
	struct saved_job *next;
	char uid[JOB_UID_LEN + 1];
	int64_t created_s;            /* wall clock */
	uint64_t order;               /* place in the queue */
	bool is_paused, is_cancelled; /* cancelled: only removing what is left is due */
	struct saved_place from, to;
	struct job_spec spec; /* without locations */
	struct done_set done;
	uint64_t done_items, done_bytes;
	uint32_t last_number;
	struct partial *partials; /* as they were begun */
};
void saved_job_free(struct saved_job *job);

#endif
