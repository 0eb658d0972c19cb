/*
 * How much lies below rows of a pane: each selected directory, prefix or bucket is counted by the
 * lister, and its sum stands where a file has its size. Sums go with the listing that they belong
 * to.
 */
#include "ui/pane_private.h"

#include <stdlib.h>

/* Others want the lister's workers, too. */
enum { COUNTS_MAX = 1000, AT_ONCE = 2 };

static struct dir_count *find(const struct pane *p, uint32_t id)
{
	for (size_t i = 0; i < p->count_count; i++)
		if (p->counts[i].id == id)
			return &p->counts[i];
	return NULL;
}

const struct dir_count *pane_count_of(const struct pane *p, uint32_t id)
{
	return find(p, id);
}

static bool can_be_counted(const struct pane *p, uint32_t id)
{
	enum entry_kind kind = (enum entry_kind)listing_entry(p->listing, id)->kind;
	return kind == ENTRY_DIR || kind == ENTRY_BUCKET;
}

static void begin(struct pane *p, struct dir_count *c)
{
	struct strbuf path;
	strbuf_init(&path);
	pane_join(p, listing_name(p->listing, c->id), &path);
	if (path.data[path.len - 1] != '/')
		strbuf_add_char(&path, '/');
	struct strview paths[] = {strbuf_view(&path)};
	c->list = lister_count(p->lister, p->location, paths, 1);
	c->is_waiting = false;
	strbuf_deinit(&path);
}

static void begin_some(struct pane *p)
{
	size_t n = 0;
	for (size_t i = 0; i < p->count_count; i++)
		n += p->counts[i].list != 0;
	for (size_t i = 0; i < p->count_count && n < AT_ONCE; i++) {
		if (!p->counts[i].is_waiting)
			continue;
		begin(p, &p->counts[i]);
		n++;
	}
}

static void want(struct pane *p, uint32_t id)
{
	if (!can_be_counted(p, id))
		return;
	struct dir_count *c = find(p, id);
	if ((c && (c->list || c->is_waiting)) || (!c && p->count_count == COUNTS_MAX))
		return;
	if (!c) {
		if (!p->counts)
			p->counts = s3t_alloc(COUNTS_MAX * sizeof *p->counts);
		c = &p->counts[p->count_count++];
	}
	*c = (struct dir_count){.id = id, .is_waiting = true};
}

static void want_marked(void *arg, uint32_t id)
{
	want(arg, id);
}

static size_t running(const struct pane *p)
{
	size_t n = 0;
	for (size_t i = 0; i < p->count_count; i++)
		n += p->counts[i].list != 0 || p->counts[i].is_waiting;
	return n;
}

size_t pane_count(struct pane *p)
{
	uint32_t id = listing_row(p->listing, p->cursor.at);
	size_t before = running(p), rows = listing_rows(p->listing);
	if (listing_totals(p->listing).marked)
		listing_each_marked(p->listing, want_marked, p);
	else if (id < LISTING_NONE)
		want(p, id);
	for (size_t row = 1; id == LISTING_PARENT && row < rows && p->count_count < COUNTS_MAX;
		row++)
		want(p, listing_row(p->listing, row));
	begin_some(p);
	return running(p) - before;
}

bool pane_on_count(struct pane *p, const struct lister_event *e)
{
	for (size_t i = 0; i < p->count_count; i++) {
		struct dir_count *c = &p->counts[i];
		if (c->list != e->id)
			continue;
		c->files = e->files;
		c->bytes = e->bytes;
		c->is_partial = e->problems || e->err.rc != S3T_OK;
		if (e->done) {
			c->list = 0;
			begin_some(p);
		}
		return true;
	}
	return false;
}

bool pane_stop_counts(struct pane *p)
{
	bool any = false;
	for (size_t i = 0; i < p->count_count; i++) {
		p->counts[i].is_partial |= p->counts[i].is_waiting;
		any = any || p->counts[i].is_waiting;
		p->counts[i].is_waiting = false;
		if (!p->counts[i].list)
			continue;
		lister_cancel(p->lister, p->counts[i].list);
		any = true;
	}
	return any;
}

uint64_t pane_counted_bytes(const struct pane *p)
{
	uint64_t bytes = 0;
	for (size_t i = 0; i < p->count_count; i++)
		if (listing_is_marked(p->listing, p->counts[i].id))
			bytes += p->counts[i].bytes;
	return bytes;
}

void pane_drop_counts(struct pane *p)
{
	(void)pane_stop_counts(p);
	free(p->counts);
	p->counts = NULL;
	p->count_count = 0;
}
