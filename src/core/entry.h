/*
 * A listed name, small: 24 bytes and its bytes in the page's arena. A million keys of 32 bytes take
 * some 60 MB. Pages are built by one thread and immutable once handed over.
 */
#ifndef CORE_ENTRY_H
#define CORE_ENTRY_H

#include "core/strbuf.h"

#include <stdint.h>

enum entry_kind {
	ENTRY_FILE, /* object or regular file */
	ENTRY_DIR,  /* prefix (name ends in '/') or directory (name does not) */
	ENTRY_BUCKET,
	ENTRY_LINK,  /* local symlink that leads nowhere or to a directory */
	ENTRY_OTHER, /* FIFO, socket, device */
	ENTRY_KIND_COUNT
};

struct entry {
	int64_t mtime_s; /* TIME_UNKNOWN: none */
	uint64_t size;   /* bytes; 0 for directories */
	uint32_t name_at;
	uint16_t name_len;
	uint8_t kind;
	uint8_t storage_class; /* see storage_class_name() */
};
_Static_assert(sizeof(struct entry) == 24, "a million of them matter");

struct entry_page {
	struct entry_page *next; /* for the owner's list */
	struct entry *entries;
	uint32_t count, capacity;
	char *arena;
	uint32_t arena_len, arena_capacity;
	bool has_etags; /* each name is followed by a length byte and its ETag */
};

struct entry_page *entry_page_new(bool has_etags);
void entry_page_free(struct entry_page *page); /* NULL is allowed */
/* Copies. False if the page or the name (65,535 bytes) is full. etag is ignored without has_etags.
 */
bool entry_page_add(struct entry_page *page, struct strview name, enum entry_kind kind,
	uint64_t size, int64_t mtime_s, uint8_t storage_class, struct strview etag);
/* Gives unused memory back; after it nothing may be added. */
void entry_page_trim(struct entry_page *page);
struct strview entry_name(const struct entry_page *page, const struct entry *e);
struct strview entry_etag(const struct entry_page *page, const struct entry *e);

/* Storage classes as small numbers; unknown ones are remembered as they came (at most 200). 0 is
 * none. Any thread. */
uint8_t storage_class_index(struct strview name);
const char *storage_class_name(uint8_t index);

#endif
