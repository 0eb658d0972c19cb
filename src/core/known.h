/*
 * What answers have told of single objects and no listing does: how they are encrypted, and how
 * large they are in truth. The last few thousand are kept. A row of another size or time than was
 * told of is another object by now, and nothing is known of it. Any thread.
 */
#ifndef CORE_KNOWN_H
#define CORE_KNOWN_H

#include "core/strbuf.h"

#include <pthread.h>
#include <stdint.h>

struct known_object {
	uint64_t size;       /* as stored */
	int64_t modified_s;  /* Last-Modified */
	bool is_written;     /* by us: modified_s is our guess at it */
	uint64_t plain_size; /* UINT64_MAX: not told, or as stored */
	bool is_encrypted;
	char words[96]; /* "SSE-KMS, key testkey-1", "age", "gzip, SSE-S3"; "": nothing was done to
			   it */
};

struct known_slot;
struct known {
	pthread_mutex_t lock;
	struct known_slot *slots; /* guarded by lock; NULL: nothing was noted yet */
};
void known_init(struct known *k);
void known_deinit(struct known *k);
/* path: "bucket/key". */
void known_note(struct known *k, struct strview path, const struct known_object *object);
/* What was known of it is not true any more. */
void known_forget(struct known *k, struct strview path);
/* of a row: its size and time. False: nothing is known. */
bool known_find(struct known *k, struct strview path, uint64_t size, int64_t modified_s,
	struct known_object *out);

#endif
