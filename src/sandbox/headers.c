#include "sandbox/internal.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

static struct sbx_header *find(const struct sbx_headers *h, const char *name)
{
	for (size_t i = 0; i < h->count; i++)
		if (strcasecmp(h->items[i].name, name) == 0)
			return &h->items[i];
	return NULL;
}

void sbx_headers_add(struct sbx_headers *h, const char *name, struct strview value)
{
	struct sbx_header *old = find(h, name);
	if (old) {
		char *joined = s3t_asprintf("%s,%.*s", old->value, (int)value.len, value.data);
		free(old->value);
		old->value = joined;
		return;
	}
	if (h->count == h->capacity) {
		h->capacity = h->capacity ? h->capacity * 2 : 8;
		struct sbx_header *items = realloc(h->items, h->capacity * sizeof *items);
		if (!items)
			s3t_oom();
		h->items = items;
	}
	char *lower = s3t_strdup(name);
	for (char *p = lower; *p; p++)
		if (*p >= 'A' && *p <= 'Z')
			*p = (char)(*p | 0x20);
	h->items[h->count++] = (struct sbx_header){lower, s3t_strndup(value.data, value.len)};
}

void sbx_headers_set(struct sbx_headers *h, const char *name, const char *value)
{
	struct sbx_header *old = find(h, name);
	if (!old) {
		sbx_headers_add(h, name, sv(value));
		return;
	}
	char *copy = s3t_strdup(value);
	free(old->value);
	old->value = copy;
}

void sbx_headers_remove(struct sbx_headers *h, const char *name)
{
	struct sbx_header *old = find(h, name);
	if (!old)
		return;
	free(old->name);
	free(old->value);
	*old = h->items[--h->count];
}

const char *sbx_headers_get(const struct sbx_headers *h, const char *name)
{
	const struct sbx_header *found = find(h, name);
	return found ? found->value : NULL;
}

void sbx_headers_copy(struct sbx_headers *out, const struct sbx_headers *from)
{
	for (size_t i = 0; i < from->count; i++)
		sbx_headers_add(out, from->items[i].name, sv(from->items[i].value));
}

void sbx_headers_deinit(struct sbx_headers *h)
{
	for (size_t i = 0; i < h->count; i++) {
		free(h->items[i].name);
		free(h->items[i].value);
	}
	free(h->items);
	*h = (struct sbx_headers){0};
}
