/* What the files of the listing share; nobody else includes it. */
#ifndef UI_LISTING_PRIVATE_H
#define UI_LISTING_PRIVATE_H

#include "ui/listing.h"

/* An id is the slot in its upper bits and the entry in the lower ones. A page with more entries
 * takes several slots. */
enum { SLOT_BITS = 12, SLOT_SIZE = 1 << SLOT_BITS, SLOT_MAX = (1 << (32 - SLOT_BITS)) - 1 };

struct slot {
	struct entry_page *page;
	uint32_t first, count; /* of the page */
	bool owns_page;
	uint64_t *marks; /* bits; NULL: none */
};

struct ids {
	uint32_t *at;
	size_t count, capacity;
};

/* Names found by hashing; "a" and "a/" are one. */
struct nameset {
	char *arena;
	size_t arena_len, arena_capacity;
	uint32_t *name_at;  /* offset + 1 of a name in the arena: 4 bytes of length, then bytes; 0:
			       free */
	size_t size, count; /* size: power of two */
};
void nameset_add(struct nameset *set, struct strview name);
bool nameset_has(const struct nameset *set, struct strview name);
void nameset_deinit(struct nameset *set);

/* A bottom-up merge sort that can be left and taken up at any comparison. The first `sorted` ids
 * are in order already. */
struct sort_job {
	bool is_active;
	struct ids *target;
	uint32_t *from, *to; /* both `count` long */
	size_t count, tail;  /* tail: first id that was not sorted before */
	size_t width;        /* of the runs; 0: the last merge, of head and tail */
	size_t run, left, left_end, right, right_end, out;
};

enum { CLASS_DIRS, CLASS_FILES, CLASS_COUNT };

/* What was asked of all files, while not all had come, holds for those that come later. */
enum mark_rule_kind { RULE_MARK, RULE_UNMARK, RULE_INVERT };
enum { MARK_RULES_MAX = 16 };
struct mark_rule {
	enum mark_rule_kind kind;
	char *pattern, *filter; /* owned; "" as filter: all. pattern NULL with RULE_INVERT */
};

struct listing {
	struct slot *slots;
	size_t slot_count, slot_capacity, entries;
	bool has_parent, is_finished;
	unsigned generation;

	/* the order, for each class; the first sorted[c] are in order by `order_sort` */
	struct ids order[CLASS_COUNT];
	size_t sorted[CLASS_COUNT];
	enum listing_sort sort, order_sort[CLASS_COUNT];
	bool reversed;
	struct sort_job job;

	/* the filter: what of order[c] up to scanned[c] contains it */
	char *filter;
	size_t filter_len;
	struct ids hits[CLASS_COUNT];
	size_t scanned[CLASS_COUNT];

	/* marks */
	size_t marked, marked_dirs;
	uint64_t marked_bytes;
	struct nameset wanted; /* marks of the listing before this one */
	struct mark_rule rules[MARK_RULES_MAX];
	size_t rule_count;
	char *pattern; /* NULL: none under way */
	size_t pattern_len, pattern_class, pattern_at;
	bool pattern_marks;
};

bool ids_add(struct ids *ids, uint32_t id);
static inline int class_of(const struct entry *e)
{
	return e->kind == ENTRY_DIR || e->kind == ENTRY_BUCKET ? CLASS_DIRS : CLASS_FILES;
}
static inline const struct entry *entry_at(const struct listing *l, uint32_t id)
{
	const struct slot *s = &l->slots[id >> SLOT_BITS];
	return &s->page->entries[s->first + (id & (SLOT_SIZE - 1))];
}
static inline struct strview name_at(const struct listing *l, uint32_t id)
{
	return entry_name(l->slots[id >> SLOT_BITS].page, entry_at(l, id));
}
/* What is shown of a class. */
static inline const struct ids *shown(const struct listing *l, int c)
{
	return l->filter_len ? &l->hits[c] : &l->order[c];
}

/* listing_sort.c: < 0 if a comes first */
int listing_compare(const struct listing *l, enum listing_sort sort, uint32_t a, uint32_t b);
/* Starts a sort where one is due and does up to *steps steps, which are counted down. True while
 * there is more. */
bool listing_sort_work(struct listing *l, size_t *steps);
void listing_sort_cancel(struct listing *l);
/* listing_marks.c */
bool listing_pattern_work(struct listing *l, size_t *steps);
void listing_drop_rules(struct listing *l);
void listing_marks_arrived(struct listing *l, uint32_t id);
/* listing.c */
void listing_restart_filter(struct listing *l);

#endif
