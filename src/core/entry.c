#include "core/entry.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

struct entry_page *entry_page_new(bool has_etags)
{
	struct entry_page *page = s3t_alloc(sizeof *page);
	page->has_etags = has_etags;
	return page;
}

void entry_page_free(struct entry_page *page)
{
	if (!page)
		return;
	free(page->entries);
	free(page->arena);
	free(page);
}

static bool grow(void **data, uint32_t *capacity, uint64_t need, size_t item)
{
	if (need <= *capacity)
		return true;
	uint64_t grown = *capacity ? (uint64_t)*capacity * 2 : 256;
	if (grown < need)
		grown = need;
	if (grown > UINT32_MAX)
		return false;
	void *bigger = realloc(*data, grown * item);
	if (!bigger)
		s3t_oom(); /* a page is small, and a listing without an entry would be a lie */
	*data = bigger;
	*capacity = (uint32_t)grown;
	return true;
}

bool entry_page_add(struct entry_page *page, struct strview name, enum entry_kind kind,
	uint64_t size, int64_t mtime_s, uint8_t storage_class, struct strview etag)
{
	if (!page->has_etags)
		etag.len = 0;
	if (etag.len > UINT8_MAX)
		etag.len = 0;
	size_t need = name.len + (page->has_etags ? etag.len + 1 : 0);
	void *entries = page->entries, *arena = page->arena;
	if (name.len > UINT16_MAX ||
		!grow(&entries, &page->capacity, (uint64_t)page->count + 1, sizeof *page->entries))
		return false;
	page->entries = entries;
	if (!grow(&arena, &page->arena_capacity, (uint64_t)page->arena_len + need, 1))
		return false;
	page->arena = arena;
	page->entries[page->count++] = (struct entry){.mtime_s = mtime_s,
		.size = size,
		.name_at = page->arena_len,
		.name_len = (uint16_t)name.len,
		.kind = (uint8_t)kind,
		.storage_class = storage_class};
	if (name.len)
		memcpy(page->arena + page->arena_len, name.data, name.len);
	if (page->has_etags) {
		page->arena[page->arena_len + name.len] = (char)(unsigned char)etag.len;
		if (etag.len)
			memcpy(page->arena + page->arena_len + name.len + 1, etag.data, etag.len);
	}
	page->arena_len += (uint32_t)need;
	return true;
}

void entry_page_trim(struct entry_page *page)
{
	void *p;
	if (page->count && (p = realloc(page->entries, page->count * sizeof *page->entries))) {
		page->entries = p;
		page->capacity = page->count;
	}
	if (page->arena_len && (p = realloc(page->arena, page->arena_len))) {
		page->arena = p;
		page->arena_capacity = page->arena_len;
	}
}

struct strview entry_name(const struct entry_page *page, const struct entry *e)
{
	return sv_n(page->arena ? page->arena + e->name_at : "", e->name_len);
}

struct strview entry_etag(const struct entry_page *page, const struct entry *e)
{
	if (!page->has_etags)
		return sv_n("", 0);
	const char *p = page->arena + e->name_at + e->name_len;
	return sv_n(p + 1, (unsigned char)*p);
}

static pthread_mutex_t class_lock = PTHREAD_MUTEX_INITIALIZER;
enum { CLASS_MAX = 200, CLASS_LEN = 40 };
/* guarded by class_lock; rows never change once counted */
static char classes[CLASS_MAX][CLASS_LEN] = {"", "STANDARD"};
static unsigned class_count = 2;

uint8_t storage_class_index(struct strview name)
{
	if (name.len == 0 || name.len >= CLASS_LEN)
		return 0;
	uint8_t found = 0;
	pthread_mutex_lock(&class_lock);
	for (unsigned i = 1; i < class_count && !found; i++)
		if (sv_eq(name, sv(classes[i])))
			found = (uint8_t)i;
	if (!found && class_count < CLASS_MAX) {
		memcpy(classes[class_count], name.data, name.len);
		found = (uint8_t)class_count++;
	}
	pthread_mutex_unlock(&class_lock);
	return found;
}

const char *storage_class_name(uint8_t index)
{
	return index < CLASS_MAX ? classes[index] : "";
}
