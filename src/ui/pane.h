/*
 * One side of the browser: a location, a path in it, its listing, cursor and marks. UI thread only.
 * An S3 path is "" (the buckets) or "bucket/prefix/", always with a final '/'; a local one is
 * absolute, without it.
 */
#ifndef UI_PANE_H
#define UI_PANE_H

#include "core/location.h"
#include "transfer/lister.h"
#include "ui/cursor.h"
#include "ui/draw.h"
#include "ui/listing.h"

struct pane;

/* location and lister are referenced and borrowed. */
struct pane *pane_new(struct lister *lister, struct location *location, struct strview path);
void pane_free(struct pane *p);

struct location *pane_location(const struct pane *p);
struct strview pane_path(const struct pane *p);
bool pane_is_s3(const struct pane *p);
/* S3's list of buckets: no place to copy to. */
bool pane_is_buckets(const struct pane *p);
/* The bucket that it is in, or that the cursor is on; empty: none. Borrowed until it changes. */
struct strview pane_bucket(const struct pane *p);
/* "work:s3://bucket/prefix/" or "~/dir", sanitised, for titles. Appends. */
void pane_title(const struct pane *p, struct strbuf *out);
/* "s3://bucket/prefix/name" or "/dir/name", exact bytes. name may be empty. Appends. */
void pane_uri(const struct pane *p, struct strview name, struct strbuf *out);
/* path of a name here, as jobs take it. Appends. */
void pane_join(const struct pane *p, struct strview name, struct strbuf *out);

/* Shows another place, and from its start. The listing comes later; errors stand in the pane.
 * select: name to put the cursor on, may be empty. */
void pane_go(struct pane *p, struct location *location, struct strview path, struct strview select);
/* Shows what is found by a pattern (core/glob.h) below where it is, as it is found; names are
 * relative to there. Going anywhere, or up, ends it. */
void pane_find(struct pane *p, struct strview pattern);
/* NULL: it is an ordinary listing. */
const char *pane_pattern(const struct pane *p);
/* Lists again; cursor and marks stay on the same names. */
void pane_refresh(struct pane *p);
/* The same, if the pane shows `dir` of location or something below or just above it. */
void pane_refresh_if(struct pane *p, const struct location *location, struct strview dir);
void pane_parent(struct pane *p);
/* The name that a path of its location has here; false if it is not below where the pane is. */
bool pane_relative(const struct pane *p, struct strview path, struct strview *name);
/* Counts what is below the selected directories, prefixes and buckets (below all of them, with the
 * cursor on ".."), in the background; how many it began with. */
size_t pane_count(struct pane *p);
/* To where the pane was before; steps -1, or 1: there again. False: there is no such place. */
bool pane_travel(struct pane *p, int step);
/* Those places, the newest first. */
typedef void (*pane_stop_fn)(void *arg, struct location *location, struct strview path);
void pane_each_stop(const struct pane *p, pane_stop_fn fn, void *arg);
/* Enters what is under the cursor; false if it is no directory. */
bool pane_enter(struct pane *p);
/* Stops a listing that still comes, or else counting; what came stays. False if there was none. */
bool pane_stop(struct pane *p);
bool pane_is_listing(const struct pane *p);

/* A selected row: marked ones, or the one under the cursor. */
struct pane_row {
	struct strview name; /* of a prefix with its final '/' */
	enum entry_kind kind;
	uint64_t size;
	int64_t mtime_s;
	const char *storage_class; /* "" for none */
};
typedef void (*pane_row_fn)(void *arg, const struct pane_row *row);
/* Calls fn for each selected row; ".." never is. The number of rows. */
size_t pane_each_selected(struct pane *p, pane_row_fn fn, void *arg);
/* How many there are, without a walk. */
size_t pane_selected_count(const struct pane *p);
/* Whether rows are marked. */
bool pane_has_marks(const struct pane *p);
/* Whether what is still to be listed will be marked, too. */
bool pane_marks_later(const struct pane *p);
/* The row under the cursor; false if there is none or it is "..". */
bool pane_current(const struct pane *p, struct pane_row *out);
struct listing *pane_listing(struct pane *p);
struct cursor *pane_cursor(struct pane *p);
/* After moving the cursor. */
void pane_note_cursor(struct pane *p);

void pane_set_sort(struct pane *p, enum listing_sort sort, bool reversed);
/* "": shows all. */
void pane_set_filter(struct pane *p, struct strview text);
/* A final '/' aside. */
void pane_unmark(struct pane *p, const struct strview *names, size_t count);

/* Whether each version of an object has a row of its own, delete markers too; lists again. */
void pane_show_versions(struct pane *p, bool has_versions);
bool pane_shows_versions(const struct pane *p);
/* True once for each bucket whose versions it begins to show. */
bool pane_began_versions(struct pane *p);

/* It says that it goes with the other pane. */
void pane_set_synced(struct pane *p, bool is_synced);

/* For the browser. */
void pane_draw(struct pane *p, struct rect r, bool is_active);
/* Shows in the next frames that something may be dropped here: into that row, or, SIZE_MAX, into
 * the pane's place. */
void pane_light_up(struct pane *p, bool is_lit, size_t row);
enum pane_part { PANE_FRAME, PANE_HEADER, PANE_ROW, PANE_EMPTY };
struct pane_hit {
	enum pane_part part;
	enum listing_sort column; /* of PANE_HEADER */
	size_t row;               /* of PANE_ROW */
	int edge;                 /* -1 and 1: scrolling that way brings more into sight */
};
/* What stands in a cell of a pane that is drawn in r. */
struct pane_hit pane_hit(const struct pane *p, struct rect r, int y, int x);
bool pane_on_list(struct pane *p, struct lister_event *e);
/* A slice of at most 4 ms; true while there is more. */
bool pane_work(struct pane *p);
/* What the status line says about the row under the cursor, in at most `columns`. Appends. */
void pane_describe(const struct pane *p, int columns, struct strbuf *out);

#endif
