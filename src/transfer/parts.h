/* Which parts of an item are done, which is next: bits and a cursor. The caller locks. */
#ifndef TRANSFER_PARTS_H
#define TRANSFER_PARTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct parts {
	uint32_t count, next, done_count;
	uint64_t *done;  /* a bit each */
	uint32_t *again; /* those that were or are to be moved a second time */
	size_t again_count, again_next;
};

void parts_init(struct parts *p, uint32_t count);
/* Begins *to with what is done of from. */
void parts_copy_done(struct parts *to, const struct parts *from);
void parts_deinit(struct parts *p);
/* Nothing is done, and nothing was moved again. */
void parts_restart(struct parts *p);
/* The next one that is not done and nobody took; false if there is none. */
bool parts_take(struct parts *p, uint32_t *index);
void parts_set_done(struct parts *p, uint32_t index);
bool parts_is_done(const struct parts *p, uint32_t index);
bool parts_all_done(const struct parts *p);
/* A done one has to be moved again; false if it was already once. */
bool parts_again(struct parts *p, uint32_t index);
/* The first that is not done from `from` on, or count. */
uint32_t parts_first_missing(const struct parts *p, uint32_t from);

#endif
