/*
 * Sorting in steps, so that no key has to wait for it. What arrives while another order than that
 * of arrival is shown stands at the end, and is merged in when it is an eighth of the whole, or all
 * there is. Ids of the old order stay in place until the new one is complete.
 */
#include "ui/listing_private.h"

#include <stdlib.h>
#include <string.h>

static int compare_names(const struct listing *l, uint32_t a, uint32_t b)
{
	return sv_cmp(name_at(l, a), name_at(l, b));
}

static bool is_digit(struct strview s, size_t at)
{
	return at < s.len && s.data[at] >= '0' && s.data[at] <= '9';
}

/* A run of digits without leading zeros; moves *at behind it. */
static struct strview take_number(struct strview s, size_t *at)
{
	while (is_digit(s, *at + 1) && s.data[*at] == '0')
		++*at;
	size_t from = *at;
	while (is_digit(s, *at))
		++*at;
	return sv_n(s.data + from, *at - from);
}

static int compare_natural(struct strview a, struct strview b)
{
	size_t i = 0, j = 0;
	while (i < a.len && j < b.len) {
		if (is_digit(a, i) && is_digit(b, j)) {
			struct strview x = take_number(a, &i), y = take_number(b, &j);
			int order = x.len != y.len ? (x.len < y.len ? -1 : 1) : sv_cmp(x, y);
			if (order)
				return order;
			continue;
		}
		unsigned char x = (unsigned char)a.data[i++], y = (unsigned char)b.data[j++];
		if (x != y)
			return x < y ? -1 : 1;
	}
	return (i < a.len) - (j < b.len);
}

static int compare_classes(const struct entry *x, const struct entry *y)
{
	return strcmp(storage_class_name(x->storage_class), storage_class_name(y->storage_class));
}

int listing_compare(const struct listing *l, enum listing_sort sort, uint32_t a, uint32_t b)
{
	const struct entry *x = entry_at(l, a), *y = entry_at(l, b);
	if (sort == SORT_SIZE && x->size != y->size)
		return x->size < y->size ? -1 : 1;
	if (sort == SORT_DATE && x->mtime_s != y->mtime_s)
		return x->mtime_s < y->mtime_s ? -1 : 1;
	int order = 0;
	if (sort == SORT_CLASS)
		order = compare_classes(x, y);
	else if (sort == SORT_NATURAL)
		order = compare_natural(name_at(l, a), name_at(l, b));
	return order ? order : compare_names(l, a, b);
}

/* Directories have neither size nor class: by those they stay in the order of names. */
static enum listing_sort wanted_sort(const struct listing *l, int c)
{
	bool has_none = l->sort == SORT_SIZE || l->sort == SORT_CLASS;
	return c == CLASS_DIRS && has_none ? SORT_NAME : l->sort;
}

/* How many of the class's ids are in the order asked for, from the start. */
static size_t in_order(const struct listing *l, int c)
{
	return l->order_sort[c] == wanted_sort(l, c) ? l->sorted[c] : 0;
}

static bool is_due(const struct listing *l, int c)
{
	size_t count = l->order[c].count, done = in_order(l, c);
	if (done == count)
		return false;
	if (l->is_finished || l->order_sort[c] != wanted_sort(l, c))
		return true;
	return count - done >= 1000 && count - done >= done / 8;
}

static void next_pair(struct sort_job *j);

static bool start(struct listing *l, int c)
{
	struct sort_job *j = &l->job;
	size_t count = l->order[c].count;
	*j = (struct sort_job){.target = &l->order[c], .count = count, .tail = in_order(l, c)};
	j->from = malloc(count * sizeof *j->from);
	j->to = malloc(count * sizeof *j->to);
	if (!j->from || !j->to) {
		listing_sort_cancel(l);
		return false;
	}
	memcpy(j->from, l->order[c].at, count * sizeof *j->from);
	memcpy(j->to, j->from, j->tail * sizeof *j->to);
	j->is_active = true;
	j->width = 1;
	j->run = j->tail;
	next_pair(j);
	return true;
}

void listing_sort_cancel(struct listing *l)
{
	free(l->job.from);
	free(l->job.to);
	l->job = (struct sort_job){.is_active = false};
}

static size_t least(size_t a, size_t b)
{
	return a < b ? a : b;
}

/* Sets up the merge of the two runs at j->run. */
static void next_pair(struct sort_job *j)
{
	j->left = j->out = j->run;
	j->left_end = j->right = least(j->run + j->width, j->count);
	j->right_end = least(j->run + 2 * j->width, j->count);
}

/* The runs of this width are merged: goes on with wider ones, then with head and tail. False: done,
 * the result is in j->to. */
static bool next_width(struct sort_job *j)
{
	if (j->width == 0)
		return false;
	if (j->width >= j->count - j->tail && j->tail == 0)
		return false;
	uint32_t *swap = j->from;
	j->from = j->to;
	j->to = swap;
	if (j->width < j->count - j->tail) {
		j->width *= 2;
		j->run = j->tail;
		next_pair(j);
		return true;
	}
	memcpy(j->from, j->to, j->tail * sizeof *j->from);
	j->width = 0;
	j->run = j->count;
	j->left = j->out = 0;
	j->left_end = j->right = j->tail;
	j->right_end = j->count;
	return true;
}

/* Up to *steps comparisons; true when the sort is complete. */
static bool merge(
	const struct listing *l, struct sort_job *j, enum listing_sort sort, size_t *steps)
{
	while (*steps) {
		if (j->left < j->left_end && j->right < j->right_end) {
			--*steps;
			bool takes_left =
				listing_compare(l, sort, j->from[j->left], j->from[j->right]) <= 0;
			j->to[j->out++] = j->from[takes_left ? j->left++ : j->right++];
			continue;
		}
		size_t left = j->left_end - j->left, right = j->right_end - j->right;
		memcpy(j->to + j->out, j->from + j->left, left * sizeof *j->to);
		memcpy(j->to + j->out + left, j->from + j->right, right * sizeof *j->to);
		--*steps;
		if (j->width && j->run + 2 * j->width < j->count) {
			j->run += 2 * j->width;
			next_pair(j);
		} else if (!next_width(j)) {
			return true;
		}
	}
	return false;
}

/* The new order takes the old one's place; what came meanwhile stands behind it. */
static void take_over(struct listing *l, int c)
{
	struct sort_job *j = &l->job;
	memcpy(l->order[c].at, j->to, j->count * sizeof *j->to);
	l->order_sort[c] = wanted_sort(l, c);
	size_t n = j->count;
	const struct ids *order = &l->order[c];
	while (n < order->count &&
		listing_compare(l, l->order_sort[c], order->at[n - 1], order->at[n]) <= 0)
		n++;
	l->sorted[c] = n;
	listing_sort_cancel(l);
	l->generation++;
	if (l->filter_len)
		listing_restart_filter(l);
}

bool listing_sort_work(struct listing *l, size_t *steps)
{
	while (*steps) {
		if (!l->job.is_active) {
			int c = 0;
			while (c < CLASS_COUNT && !is_due(l, c))
				c++;
			if (c == CLASS_COUNT || !start(l, c))
				return false;
		}
		int c = l->job.target == &l->order[CLASS_DIRS] ? CLASS_DIRS : CLASS_FILES;
		if (merge(l, &l->job, wanted_sort(l, c), steps))
			take_over(l, c);
	}
	return l->job.is_active || is_due(l, CLASS_DIRS) || is_due(l, CLASS_FILES);
}

void listing_set_sort(struct listing *l, enum listing_sort sort, bool reversed)
{
	if (l->sort == sort && l->reversed == reversed)
		return;
	l->generation++;
	l->reversed = reversed;
	if (l->sort == sort)
		return;
	listing_sort_cancel(l);
	l->sort = sort;
	/* nothing is sorted yet that would have to stay */
	for (int c = 0; c < CLASS_COUNT; c++)
		if (l->order[c].count == 0)
			l->order_sort[c] = wanted_sort(l, c);
}

enum listing_sort listing_sort(const struct listing *l)
{
	return l->sort;
}

bool listing_is_reversed(const struct listing *l)
{
	return l->reversed;
}

bool listing_is_sorting(const struct listing *l)
{
	return l->job.is_active || is_due(l, CLASS_DIRS) || is_due(l, CLASS_FILES);
}
