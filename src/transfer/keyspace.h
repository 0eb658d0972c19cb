/*
 * Where in a listing the names lie that are some pages ahead, guessed from the pages seen so far: a
 * name is read as a number whose digits, at each position, are the bytes that names have there. A
 * guess that is wrong costs requests, never names. One thread at a time.
 */
#ifndef TRANSFER_KEYSPACE_H
#define TRANSFER_KEYSPACE_H

#include "core/entry.h"

struct keyspace {
	unsigned char (*seen)[32]; /* for each position, a bit for each byte */
	struct strbuf first, last; /* of the latest page that told something */
	bool is_flat;
};

/* is_flat: a listing by '/', whose names must not be cut behind one. */
void keyspace_init(struct keyspace *k, bool is_flat);
void keyspace_deinit(struct keyspace *k);
/* Takes notice of a full page, whose names ascend. */
void keyspace_add(struct keyspace *k, const struct entry_page *page);
/* Writes a name some pages behind `from`, as densely as names lay in the latest page; greater than
 * from. False: that cannot be told. */
bool keyspace_ahead(
	const struct keyspace *k, struct strview from, unsigned pages, struct strbuf *out);

#endif
