/*
 * What lies below a place, by size: a tree of its directories or prefixes with the files and bytes
 * below each, built from the names of a recursive listing as they come. Files are counted, not
 * kept, so that a million of them cost nothing. Pure.
 */
#ifndef UI_SIZETREE_H
#define UI_SIZETREE_H

#include "core/strbuf.h"

#include <stdint.h>

#define SIZETREE_ROOT 0U
#define SIZETREE_NONE UINT32_MAX

struct sizetree;

struct size_node {
	uint32_t parent, first_child, next; /* SIZETREE_NONE: none */
	uint32_t name_at, name_len;
	uint64_t files, bytes;         /* below it, at any depth */
	uint64_t own_files, own_bytes; /* right in it */
	uint32_t children;
};

struct sizetree *sizetree_new(void);
void sizetree_free(struct sizetree *t);
/* A name below the root: a file, or, with a final '/', a directory. False: no memory for its
 * directory. */
bool sizetree_add(struct sizetree *t, struct strview name, uint64_t size);
/* Valid until the next sizetree_add(). */
const struct size_node *sizetree_node(const struct sizetree *t, uint32_t node);
struct strview sizetree_name(const struct sizetree *t, uint32_t node);
/* "a/b/", the way from the root; "" for the root. Appends. */
void sizetree_path(const struct sizetree *t, uint32_t node, struct strbuf *out);
/* Its children, the largest first (by name where they are equal), into ids, which has room for
 * size_node.children. */
void sizetree_children(const struct sizetree *t, uint32_t node, uint32_t *ids);

#endif
