#include "ui/links.h"

#include <stdlib.h>
#include <string.h>

enum { LINKS_MAX = 1000 };

static void link_deinit(struct link *link)
{
	explicit_bzero(link->url, strlen(link->url));
	free(link->url);
	free(link->path);
}

void links_add(struct links *l, struct strview url, struct strview path, bool is_upload,
	int64_t made_s, int64_t ends_s)
{
	for (size_t i = 0; i < l->count; i++)
		if (sv_eq(url, sv(l->items[i].url)))
			return;
	if (!l->items)
		l->items = s3t_alloc(LINKS_MAX * sizeof *l->items);
	if (l->count == LINKS_MAX) {
		link_deinit(&l->items[0]);
		memmove(l->items, l->items + 1, --l->count * sizeof *l->items);
	}
	l->items[l->count++] = (struct link){.url = s3t_strndup(url.data, url.len),
		.path = s3t_strndup(path.data, path.len),
		.is_upload = is_upload,
		.made_s = made_s,
		.ends_s = ends_s};
}

void links_deinit(struct links *l)
{
	for (size_t i = 0; i < l->count; i++)
		link_deinit(&l->items[i]);
	free(l->items);
	*l = (struct links){.items = NULL};
}
