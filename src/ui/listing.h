/*
 * What a pane lists: pages as they came, an order over them, a filter and marks. Pure: no curses,
 * no threads, no clock. A million keys cost their pages (some 60 MB) and 4 bytes each for the
 * order; a filter and a sort under way cost 4 bytes more for what they keep.
 *
 * An entry has an id that stays while the listing lives. Rows are ids in order: ".." first where
 * there is one, then directories, then the rest. New entries stand at the end until they are sorted
 * in; by name nothing is to be sorted as long as what arrives is ascending. Long work is done by
 * listing_work() in steps; until it is done the old order stays.
 */
#ifndef UI_LISTING_H
#define UI_LISTING_H

#include "core/entry.h"

/* SORT_NATURAL: by name, with numbers in it by their value (file2 before file10). */
enum listing_sort { SORT_NAME, SORT_SIZE, SORT_DATE, SORT_CLASS, SORT_NATURAL, LISTING_SORT_COUNT };

#define LISTING_PARENT UINT32_MAX     /* id of the row ".." */
#define LISTING_NONE (UINT32_MAX - 1) /* no such row */

struct listing;

struct listing_totals {
	size_t entries, shown; /* shown: rows but ".." */
	size_t marked, marked_dirs;
	uint64_t marked_bytes; /* of files */
};

struct listing *listing_new(bool has_parent);
void listing_free(struct listing *l);
/* Takes page. False: too many entries (page is freed). */
bool listing_add(struct listing *l, struct entry_page *page);
/* Nothing more will come. */
void listing_finish(struct listing *l);

/* Does up to `steps` small steps of what there is to do (sorting, filtering, marking); true while
 * there is more. */
bool listing_work(struct listing *l, size_t steps);
/* Changes whenever rows moved: a cursor must look for its entry again. */
unsigned listing_generation(const struct listing *l);

void listing_set_sort(struct listing *l, enum listing_sort sort, bool reversed);
enum listing_sort listing_sort(const struct listing *l);
bool listing_is_reversed(const struct listing *l);
/* Whether the order asked for is not yet there. */
bool listing_is_sorting(const struct listing *l);
/* Shows only names that contain text (ASCII letters in any case); "": all. */
void listing_set_filter(struct listing *l, struct strview text);
struct strview listing_filter(const struct listing *l);

size_t listing_rows(const struct listing *l);
/* LISTING_NONE past the end. */
uint32_t listing_row(const struct listing *l, size_t row);
/* Row of an id; listing_rows() if it is not shown. Linear, a millisecond for a million. */
size_t listing_row_of(const struct listing *l, uint32_t id);
/* Id of a name, a final '/' aside, or LISTING_NONE; linear over the pages from slot on, where
 * listing_slots() said how many there were. */
uint32_t listing_find(const struct listing *l, struct strview name, uint32_t from_slot);
/* The first row whose name begins with text, ASCII letters in any case; listing_rows() if there is
 * none. Linear. */
size_t listing_row_with(const struct listing *l, struct strview text);
uint32_t listing_slots(const struct listing *l);
/* Of an entry of a page that was added when there were so many slots; the page has less than a
 * thousand. */
uint32_t listing_id(uint32_t slot, uint32_t entry);
const struct entry *listing_entry(const struct listing *l, uint32_t id); /* not LISTING_PARENT */
struct strview listing_name(const struct listing *l, uint32_t id);

bool listing_is_marked(const struct listing *l, uint32_t id);
void listing_mark(struct listing *l, uint32_t id, bool marked);
/* Both hold for the files that are shown, and, until listing_finish(), for those that come later as
 * if they had been there. */
/* Files change their mark; directories lose it, as mc does. */
void listing_invert(struct listing *l);
/* Marks or unmarks what matches ("*.jpg": core/glob.h); done by listing_work(). */
void listing_mark_pattern(struct listing *l, struct strview pattern, bool marked);
/* Marks of `from` by name; entries that come later are marked as well. */
void listing_inherit_marks(struct listing *l, const struct listing *from);
/* Of what comes later, too. */
void listing_unmark_all(struct listing *l);
/* Whether marks are given to what comes later. */
bool listing_marks_later(const struct listing *l);
/* A final '/' aside. */
void listing_mark_names(struct listing *l, const struct strview *names, size_t count);
void listing_unmark_names(struct listing *l, const struct strview *names, size_t count);
struct listing_totals listing_totals(const struct listing *l);
/* Calls fn for each marked entry in the order of rows, also for those that a filter hides. */
void listing_each_marked(const struct listing *l, void (*fn)(void *arg, uint32_t id), void *arg);

#endif
