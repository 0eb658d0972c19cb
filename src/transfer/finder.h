/*
 * Picks out of a recursive listing what a pattern finds (glob_finds()): files, and directories or
 * prefixes, which such a listing does not name: they are seen from the names below them. A
 * directory comes out once as long as all that is below it arrives together, which is so for keys
 * in order and for trees on disk. Pure; one thread.
 */
#ifndef TRANSFER_FINDER_H
#define TRANSFER_FINDER_H

#include "core/entry.h"

struct finder {
	struct strview pattern; /* borrowed */
	struct strbuf dir;      /* of the last name, with its final '/' */
	uint64_t seen;          /* names that were looked at */
};

void finder_init(struct finder *f, struct strview pattern);
void finder_deinit(struct finder *f);
/* Adds to out what is found in page. */
void finder_take(struct finder *f, const struct entry_page *page, struct entry_page *out);

#endif
