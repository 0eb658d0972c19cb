/* What pane.c and pane_draw.c share; nobody else includes it. */
#ifndef UI_PANE_PRIVATE_H
#define UI_PANE_PRIVATE_H

#include "ui/pane.h"

/* Where the cursor was. */
struct visited {
	const struct location *location; /* compared only */
	char *path, *name;
	size_t path_len, name_len;
};

/* Where the pane was. */
struct stop {
	struct location *location; /* a reference */
	char *path;
	size_t path_len;
};
enum { STOPS_MAX = 64 };

/* What is below a row. */
struct dir_count {
	uint32_t id;  /* of the row */
	list_id list; /* that still counts; 0: done, or it waits for its turn */
	bool is_waiting;
	uint64_t files, bytes;
	bool is_partial; /* something could not be listed, or it was stopped */
};

/* A bucket that the profile names. */
enum bucket_access { BUCKET_ASKED, BUCKET_OPEN, BUCKET_DENIED, BUCKET_ABSENT, BUCKET_FAILED };
struct pin {
	uint32_t id;  /* of the row */
	list_id task; /* that asks; 0: it was answered */
	enum bucket_access access;
};
enum { PINS_MAX = 64 };

struct pane {
	struct lister *lister;
	struct location *location; /* a reference */
	char *path;
	size_t path_len;
	struct listing *listing, *coming; /* coming: a refresh; NULL: none */
	list_id list;                     /* that still comes; 0: none */
	char *pattern;                    /* it shows what is found by that below path; or NULL */
	uint64_t problems;                /* what could not be listed */
	uint64_t seen;                    /* names that were looked at for it */
	struct dir_count *counts;         /* of directories and prefixes here; see pane_count.c */
	size_t count_count;
	struct pin pins[PINS_MAX];
	size_t pin_count;
	struct cursor cursor;
	uint32_t at_id; /* what the cursor is on */
	unsigned seen_generation;
	char *wanted; /* what it is to be on when that comes; NULL: nothing */
	size_t wanted_len;
	uint32_t wanted_slot; /* looked for up to here */
	enum listing_sort sort;
	bool reversed;
	bool is_synced;    /* with the other pane */
	bool has_versions; /* of buckets, each version is a row */
	char *versions_of; /* the bucket that was asked last whether it keeps any; NULL: none */
	bool is_partial;   /* stopped or broken off */
	struct s3t_err error;
	uint64_t arrived, rate_from, rate; /* entries; entries a second */
	int64_t started_ms, rate_at_ms;
	struct stop stops[STOPS_MAX]; /* the oldest first; one of them is where it is */
	size_t stop_count, stop_at;
	bool is_lit;    /* something may be dropped here: */
	size_t lit_row; /* into that row; SIZE_MAX: into the place */
	struct visited *visited;
	size_t visited_count;
};

/* pane_history.c: the pane is at another place now. */
void pane_history_note(struct pane *p);
void pane_history_deinit(struct pane *p);
/* pane_count.c: NULL if it was not counted. */
const struct dir_count *pane_count_of(const struct pane *p, uint32_t id);
/* False: nothing was being counted. */
bool pane_stop_counts(struct pane *p);
bool pane_on_count(struct pane *p, const struct lister_event *e);
/* Bytes that were counted below marked rows. */
uint64_t pane_counted_bytes(const struct pane *p);
void pane_drop_counts(struct pane *p);
/* pane_buckets.c: adds those that are not in l yet, when the server's own have come or were
 * refused. */
void pane_pin_buckets(struct pane *p, struct listing *l);
bool pane_on_reach(struct pane *p, const struct lister_event *e);
/* What is known of a row that was pinned; NULL for others. */
const char *pane_access_text(const struct pane *p, uint32_t id);
void pane_drop_pins(struct pane *p);

#endif
