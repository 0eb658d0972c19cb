/*
 * Pages, rows and the filter. Directories and the rest are two classes with an order each: S3 gives
 * prefixes and keys of one page apart from each other, yet each ascending.
 */
#include "ui/listing_private.h"

#include <stdlib.h>
#include <string.h>

struct listing *listing_new(bool has_parent)
{
	struct listing *l = s3t_alloc(sizeof *l);
	l->has_parent = has_parent;
	l->filter = s3t_strdup("");
	return l;
}

void listing_free(struct listing *l)
{
	if (!l)
		return;
	listing_sort_cancel(l);
	for (size_t i = 0; i < l->slot_count; i++) {
		free(l->slots[i].marks);
		if (l->slots[i].owns_page)
			entry_page_free(l->slots[i].page);
	}
	for (int c = 0; c < CLASS_COUNT; c++) {
		free(l->order[c].at);
		free(l->hits[c].at);
	}
	nameset_deinit(&l->wanted);
	listing_drop_rules(l);
	free(l->slots);
	free(l->filter);
	free(l->pattern);
	free(l);
}

bool ids_add(struct ids *ids, uint32_t id)
{
	if (ids->count == ids->capacity) {
		/* by a quarter: a million must not cost twice what it needs */
		size_t grown = ids->capacity + ids->capacity / 4 + 256;
		uint32_t *bigger = realloc(ids->at, grown * sizeof *bigger);
		if (!bigger)
			return false;
		ids->at = bigger;
		ids->capacity = grown;
	}
	ids->at[ids->count++] = id;
	return true;
}

static bool add_slot(struct listing *l, struct slot slot)
{
	if (l->slot_count == SLOT_MAX)
		return false;
	if (l->slot_count == l->slot_capacity) {
		size_t grown = l->slot_capacity * 2 + 16;
		struct slot *bigger = realloc(l->slots, grown * sizeof *bigger);
		if (!bigger)
			return false;
		l->slots = bigger;
		l->slot_capacity = grown;
	}
	l->slots[l->slot_count++] = slot;
	return true;
}

/* Puts a new entry at the end of its class; it is in order as long as it comes after the last. */
static bool add_entry(struct listing *l, uint32_t id)
{
	const struct entry *e = entry_at(l, id);
	if (e->name_len == 0)
		return true; /* the marker of the prefix itself */
	int c = class_of(e);
	struct ids *order = &l->order[c];
	if (!ids_add(order, id))
		return false;
	size_t n = order->count;
	bool fits = n == 1 || listing_compare(l, l->order_sort[c], order->at[n - 2], id) <= 0;
	if (l->sorted[c] == n - 1 && fits)
		l->sorted[c] = n;
	l->entries++;
	listing_marks_arrived(l, id);
	return true;
}

bool listing_add(struct listing *l, struct entry_page *page)
{
	bool owns = true;
	for (uint32_t first = 0; first < page->count; first += SLOT_SIZE) {
		uint32_t count = page->count - first;
		if (count > SLOT_SIZE)
			count = SLOT_SIZE;
		struct slot slot = {
			.page = page, .first = first, .count = count, .owns_page = owns};
		if (!add_slot(l, slot)) {
			if (owns)
				entry_page_free(page);
			return false;
		}
		owns = false;
		for (uint32_t i = 0; i < count; i++)
			if (!add_entry(l, (uint32_t)(l->slot_count - 1) << SLOT_BITS | i))
				return false;
	}
	if (owns)
		entry_page_free(page);
	l->generation++;
	return true;
}

void listing_finish(struct listing *l)
{
	l->is_finished = true;
	listing_drop_rules(l);
	nameset_deinit(&l->wanted);
}

/* --- filter --- */

void listing_restart_filter(struct listing *l)
{
	for (int c = 0; c < CLASS_COUNT; c++)
		l->hits[c].count = l->scanned[c] = 0;
	l->generation++;
}

void listing_set_filter(struct listing *l, struct strview text)
{
	char *filter = s3t_strndup(text.data, text.len);
	free(l->filter);
	l->filter = filter;
	l->filter_len = text.len;
	listing_restart_filter(l);
	for (int c = 0; c < CLASS_COUNT && !text.len; c++) {
		free(l->hits[c].at);
		l->hits[c] = (struct ids){NULL, 0, 0};
	}
}

struct strview listing_filter(const struct listing *l)
{
	return sv_n(l->filter, l->filter_len);
}

static bool filter_work(struct listing *l, size_t *steps)
{
	bool found = false;
	for (int c = 0; c < CLASS_COUNT && l->filter_len; c++) {
		const struct ids *order = &l->order[c];
		while (l->scanned[c] < order->count && *steps) {
			uint32_t id = order->at[l->scanned[c]++];
			--*steps;
			if (!sv_contains_nocase(name_at(l, id), listing_filter(l)))
				continue;
			found = true;
			if (!ids_add(&l->hits[c], id))
				l->scanned[c] = order->count; /* no memory: shows what it has */
		}
		if (l->scanned[c] < order->count)
			break;
	}
	if (found)
		l->generation++;
	for (int c = 0; c < CLASS_COUNT && l->filter_len; c++)
		if (l->scanned[c] < l->order[c].count)
			return true;
	return false;
}

bool listing_work(struct listing *l, size_t steps)
{
	bool more = listing_sort_work(l, &steps);
	more = filter_work(l, &steps) || more;
	return listing_pattern_work(l, &steps) || more;
}

unsigned listing_generation(const struct listing *l)
{
	return l->generation;
}

/* --- rows --- */

size_t listing_rows(const struct listing *l)
{
	return l->has_parent + shown(l, CLASS_DIRS)->count + shown(l, CLASS_FILES)->count;
}

/* Whether a class is shown backwards: directories have no size to sort by. */
static bool is_backwards(const struct listing *l, int c)
{
	return l->reversed && (c == CLASS_FILES || l->order_sort[c] == l->order_sort[CLASS_FILES]);
}

uint32_t listing_row(const struct listing *l, size_t row)
{
	if (l->has_parent && row-- == 0)
		return LISTING_PARENT;
	for (int c = 0; c < CLASS_COUNT; c++) {
		const struct ids *ids = shown(l, c);
		if (row < ids->count)
			return ids->at[is_backwards(l, c) ? ids->count - 1 - row : row];
		row -= ids->count;
	}
	return LISTING_NONE;
}

/* Row of a position in a class. */
static size_t row_at(const struct listing *l, int c, size_t i)
{
	size_t count = shown(l, c)->count;
	size_t row = is_backwards(l, c) ? count - 1 - i : i;
	return l->has_parent + row + (c == CLASS_FILES ? shown(l, CLASS_DIRS)->count : 0);
}

size_t listing_row_of(const struct listing *l, uint32_t id)
{
	if (id == LISTING_PARENT)
		return l->has_parent ? 0 : listing_rows(l);
	if (id == LISTING_NONE || id >> SLOT_BITS >= l->slot_count)
		return listing_rows(l);
	int c = class_of(entry_at(l, id));
	const struct ids *ids = shown(l, c);
	for (size_t i = 0; i < ids->count; i++)
		if (ids->at[i] == id)
			return row_at(l, c, i);
	return listing_rows(l);
}

static struct strview without_slash(struct strview name)
{
	if (name.len > 1 && name.data[name.len - 1] == '/')
		name.len--;
	return name;
}

uint32_t listing_find(const struct listing *l, struct strview name, uint32_t from_slot)
{
	name = without_slash(name);
	for (size_t s = from_slot; s < l->slot_count; s++)
		for (uint32_t i = 0; i < l->slots[s].count; i++) {
			uint32_t id = (uint32_t)s << SLOT_BITS | i;
			const struct entry *e = entry_at(l, id);
			if (e->name_len < name.len || e->name_len > name.len + 1U || !e->name_len)
				continue;
			if (sv_eq(without_slash(name_at(l, id)), name))
				return id;
		}
	return LISTING_NONE;
}

size_t listing_row_with(const struct listing *l, struct strview text)
{
	size_t rows = listing_rows(l);
	for (size_t row = 0; row < rows; row++) {
		uint32_t id = listing_row(l, row);
		struct strview name = id < LISTING_NONE ? name_at(l, id) : sv_n("", 0);
		if (name.len >= text.len && sv_eq_nocase(sv_n(name.data, text.len), text))
			return row;
	}
	return rows;
}

uint32_t listing_slots(const struct listing *l)
{
	return (uint32_t)l->slot_count;
}

uint32_t listing_id(uint32_t slot, uint32_t entry)
{
	return slot << SLOT_BITS | entry;
}

const struct entry *listing_entry(const struct listing *l, uint32_t id)
{
	return entry_at(l, id);
}

struct strview listing_name(const struct listing *l, uint32_t id)
{
	return id == LISTING_PARENT ? SV("..") : name_at(l, id);
}

struct listing_totals listing_totals(const struct listing *l)
{
	return (struct listing_totals){.entries = l->entries,
		.shown = listing_rows(l) - l->has_parent,
		.marked = l->marked,
		.marked_dirs = l->marked_dirs,
		.marked_bytes = l->marked_bytes};
}
