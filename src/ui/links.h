/*
 * The links that were made since the program started: what each is for, and when it ends. In memory
 * only: a link is a key. UI thread only.
 */
#ifndef UI_LINKS_H
#define UI_LINKS_H

#include "core/strbuf.h"

#include <stdbool.h>
#include <stdint.h>

struct link {
	char *url, *path; /* path: "bucket/key", with no NUL in it */
	bool is_upload;
	int64_t made_s, ends_s; /* wall clock */
};

struct links {
	struct link *items; /* the oldest first */
	size_t count;
};

/* The same link is noted once; of very many the oldest ones go. */
void links_add(struct links *l, struct strview url, struct strview path, bool is_upload,
	int64_t made_s, int64_t ends_s);
void links_deinit(struct links *l);

#endif
