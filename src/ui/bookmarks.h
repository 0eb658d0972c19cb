/*
 * Places that a person keeps: a file in the state directory, a line each, "PROFILE URI", both with
 * what is special percent-encoded; PROFILE is "-" for local ones. It is read when it is asked for
 * and written by rename: two programs may change it in turn. UI thread only.
 */
#ifndef UI_BOOKMARKS_H
#define UI_BOOKMARKS_H

#include "core/err.h"
#include "core/strbuf.h"

struct bookmark {
	char *profile; /* "": local */
	char *path;    /* as panes have it */
	size_t path_len;
};

struct bookmarks {
	struct bookmark *items;
	size_t count;
};

/* Empty where there is no file; lines that are none are left out. False: there is one that cannot
 * be read (errno), and which must not be replaced. */
bool bookmarks_load(struct bookmarks *b);
void bookmarks_deinit(struct bookmarks *b);
/* False if it is there already. */
bool bookmarks_add(struct bookmarks *b, const char *profile, struct strview path);
void bookmarks_remove(struct bookmarks *b, size_t index);
enum s3t_rc bookmarks_save(const struct bookmarks *b, struct s3t_err *err) S3T_MUST_CHECK;

#endif
