/* Marks of a listing: bits beside its pages, so that they stay whatever the order is. */
#include "ui/listing_private.h"

#include "core/glob.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

/* --- names by hash --- */

static struct strview trimmed(struct strview name)
{
	if (name.len > 1 && name.data[name.len - 1] == '/')
		name.len--;
	return name;
}

static struct strview name_of(const struct nameset *set, uint32_t at)
{
	uint32_t len;
	assert(set->arena);
	memcpy(&len, set->arena + at - 1, sizeof len);
	return sv_n(set->arena + at - 1 + sizeof len, len);
}

/* The place of name, or the free one where it belongs. */
static size_t place_of(const struct nameset *set, struct strview name)
{
	size_t i = sv_hash(name) & (set->size - 1);
	while (set->name_at[i] && !sv_eq(name_of(set, set->name_at[i]), name))
		i = (i + 1) & (set->size - 1);
	return i;
}

static bool grow_table(struct nameset *set)
{
	if (set->size && set->count < set->size / 2)
		return true;
	struct nameset bigger = *set;
	bigger.size = set->size ? set->size * 2 : 64;
	bigger.name_at = calloc(bigger.size, sizeof *bigger.name_at);
	if (!bigger.name_at)
		return false;
	for (size_t i = 0; i < set->size; i++)
		if (set->name_at[i])
			bigger.name_at[place_of(&bigger, name_of(set, set->name_at[i]))] =
				set->name_at[i];
	free(set->name_at);
	*set = bigger;
	return true;
}

void nameset_add(struct nameset *set, struct strview name)
{
	name = trimmed(name);
	uint32_t len = (uint32_t)name.len;
	size_t need = set->arena_len + sizeof len + name.len;
	if (need >= UINT32_MAX || !grow_table(set))
		return;
	if (need > set->arena_capacity) {
		size_t grown = need + need / 2 + 1024;
		char *bigger = realloc(set->arena, grown);
		if (!bigger)
			return;
		set->arena = bigger;
		set->arena_capacity = grown;
	}
	size_t i = place_of(set, name);
	if (set->name_at[i])
		return;
	memcpy(set->arena + set->arena_len, &len, sizeof len);
	memcpy(set->arena + set->arena_len + sizeof len, name.data, name.len);
	set->name_at[i] = (uint32_t)set->arena_len + 1;
	set->arena_len = need;
	set->count++;
}

bool nameset_has(const struct nameset *set, struct strview name)
{
	return set->size && set->name_at[place_of(set, trimmed(name))];
}

void nameset_deinit(struct nameset *set)
{
	free(set->arena);
	free(set->name_at);
	*set = (struct nameset){.arena = NULL};
}

/* --- marks --- */

bool listing_is_marked(const struct listing *l, uint32_t id)
{
	if (id >> SLOT_BITS >= l->slot_count)
		return false;
	const uint64_t *marks = l->slots[id >> SLOT_BITS].marks;
	uint32_t i = id & (SLOT_SIZE - 1);
	return marks && (marks[i / 64] >> (i % 64) & 1U);
}

void listing_mark(struct listing *l, uint32_t id, bool marked)
{
	if (id >> SLOT_BITS >= l->slot_count || listing_is_marked(l, id) == marked)
		return;
	struct slot *s = &l->slots[id >> SLOT_BITS];
	uint32_t i = id & (SLOT_SIZE - 1);
	if (!s->marks)
		s->marks = s3t_alloc((s->count + 63) / 64 * sizeof *s->marks);
	s->marks[i / 64] ^= UINT64_C(1) << (i % 64);
	const struct entry *e = entry_at(l, id);
	bool is_dir = class_of(e) == CLASS_DIRS;
	if (marked) {
		l->marked++;
		l->marked_dirs += is_dir;
		l->marked_bytes += is_dir ? 0 : e->size;
	} else {
		l->marked--;
		l->marked_dirs -= is_dir;
		l->marked_bytes -= is_dir ? 0 : e->size;
	}
}

void listing_drop_rules(struct listing *l)
{
	for (size_t i = 0; i < l->rule_count; i++) {
		free(l->rules[i].pattern);
		free(l->rules[i].filter);
	}
	l->rule_count = 0;
}

bool listing_marks_later(const struct listing *l)
{
	return l->rule_count > 0 && !l->is_finished;
}

static char *copy_of(struct strview text)
{
	return s3t_strndup(text.data, text.len);
}

/* For what comes from now on. The oldest ones would matter least, if there were ever so many. */
static void add_rule(struct listing *l, enum mark_rule_kind kind, struct strview pattern)
{
	if (l->is_finished)
		return;
	if (l->rule_count == MARK_RULES_MAX) {
		free(l->rules[0].pattern);
		free(l->rules[0].filter);
		memmove(l->rules, l->rules + 1, --l->rule_count * sizeof *l->rules);
	}
	l->rules[l->rule_count++] = (struct mark_rule){
		.kind = kind, .pattern = copy_of(pattern), .filter = copy_of(listing_filter(l))};
}

static void apply_rules(struct listing *l, uint32_t id)
{
	struct strview name = name_at(l, id);
	bool is_marked = listing_is_marked(l, id);
	for (size_t i = 0; i < l->rule_count; i++) {
		const struct mark_rule *r = &l->rules[i];
		if (!sv_contains_nocase(name, sv(r->filter)))
			continue;
		if (r->kind == RULE_INVERT)
			is_marked = !is_marked;
		else if (glob_match(sv(r->pattern), name))
			is_marked = r->kind == RULE_MARK;
	}
	listing_mark(l, id, is_marked);
}

void listing_marks_arrived(struct listing *l, uint32_t id)
{
	if (l->wanted.count && nameset_has(&l->wanted, name_at(l, id)))
		listing_mark(l, id, true);
	if (l->rule_count && class_of(entry_at(l, id)) == CLASS_FILES)
		apply_rules(l, id); /* they are newer */
}

/* What comes next is to find the pattern before it done. */
static void finish_pattern(struct listing *l)
{
	size_t steps = SIZE_MAX;
	(void)listing_pattern_work(l, &steps);
}

/* Goes through memory in its own order, whatever the order of rows is: that is ten times as fast.
 */
void listing_invert(struct listing *l)
{
	enum { WORDS = SLOT_SIZE / 64 };
	finish_pattern(l);
	uint64_t *seen = calloc(l->slot_count * WORDS + 1, sizeof *seen);
	if (!seen)
		return;
	for (int c = 0; c < CLASS_COUNT; c++)
		for (size_t i = 0; i < shown(l, c)->count; i++) {
			uint32_t id = shown(l, c)->at[i];
			seen[id / 64] |= UINT64_C(1) << (id % 64);
		}
	for (size_t s = 0; s < l->slot_count; s++)
		for (uint32_t i = 0; i < l->slots[s].count; i++) {
			uint32_t id = (uint32_t)s << SLOT_BITS | i;
			if (!(seen[id / 64] >> (id % 64) & 1U))
				continue;
			bool is_file = class_of(entry_at(l, id)) == CLASS_FILES;
			listing_mark(l, id, is_file && !listing_is_marked(l, id));
		}
	free(seen);
	add_rule(l, RULE_INVERT, SV(""));
}

void listing_mark_pattern(struct listing *l, struct strview pattern, bool marked)
{
	finish_pattern(l);
	add_rule(l, marked ? RULE_MARK : RULE_UNMARK, pattern);
	free(l->pattern);
	l->pattern = s3t_strndup(pattern.data, pattern.len);
	l->pattern_len = pattern.len;
	l->pattern_class = CLASS_FILES;
	l->pattern_at = 0;
	l->pattern_marks = marked;
}

bool listing_pattern_work(struct listing *l, size_t *steps)
{
	const struct ids *files = shown(l, CLASS_FILES);
	while (l->pattern && *steps) {
		if (l->pattern_at >= files->count) {
			free(l->pattern);
			l->pattern = NULL;
			break;
		}
		--*steps;
		uint32_t id = files->at[l->pattern_at++];
		if (glob_match(sv_n(l->pattern, l->pattern_len), name_at(l, id)))
			listing_mark(l, id, l->pattern_marks);
	}
	return l->pattern != NULL;
}

void listing_unmark_all(struct listing *l)
{
	for (size_t i = 0; i < l->slot_count; i++) {
		free(l->slots[i].marks);
		l->slots[i].marks = NULL;
	}
	listing_drop_rules(l);
	free(l->pattern);
	l->pattern = NULL;
	l->marked = l->marked_dirs = 0;
	l->marked_bytes = 0;
	nameset_deinit(&l->wanted);
}

static void each_marked_id(const struct listing *l, void (*fn)(void *arg, uint32_t id), void *arg)
{
	for (size_t s = 0; s < l->slot_count; s++)
		for (uint32_t i = 0; l->slots[s].marks && i < l->slots[s].count; i++)
			if (l->slots[s].marks[i / 64] >> (i % 64) & 1U)
				fn(arg, (uint32_t)s << SLOT_BITS | i);
}

struct inherit {
	const struct listing *from;
	struct nameset *names;
};

static void collect(void *arg, uint32_t id)
{
	struct inherit *in = arg;
	nameset_add(in->names, name_at(in->from, id));
}

void listing_inherit_marks(struct listing *l, const struct listing *from)
{
	struct inherit in = {from, &l->wanted};
	if (from->marked)
		each_marked_id(from, collect, &in);
	/* and what that one was still waiting for */
	for (size_t i = 0; i < from->wanted.size; i++)
		if (from->wanted.name_at[i])
			nameset_add(&l->wanted, name_of(&from->wanted, from->wanted.name_at[i]));
	for (int c = 0; c < CLASS_COUNT && l->wanted.count; c++)
		for (size_t i = 0; i < l->order[c].count; i++)
			listing_marks_arrived(l, l->order[c].at[i]);
}

void listing_mark_names(struct listing *l, const struct strview *names, size_t count)
{
	struct nameset set = {.arena = NULL};
	for (size_t i = 0; i < count; i++)
		nameset_add(&set, names[i]);
	for (int c = 0; c < CLASS_COUNT && set.count; c++)
		for (size_t i = 0; i < l->order[c].count; i++)
			if (nameset_has(&set, name_at(l, l->order[c].at[i])))
				listing_mark(l, l->order[c].at[i], true);
	nameset_deinit(&set);
}

struct unmark {
	struct listing *l;
	struct nameset names;
};

static void unmark_named(void *arg, uint32_t id)
{
	struct unmark *u = arg;
	if (nameset_has(&u->names, name_at(u->l, id)))
		listing_mark(u->l, id, false);
}

void listing_unmark_names(struct listing *l, const struct strview *names, size_t count)
{
	struct unmark u = {.l = l};
	for (size_t i = 0; i < count; i++)
		nameset_add(&u.names, names[i]);
	each_marked_id(l, unmark_named, &u);
	struct nameset left = {.arena = NULL};
	for (size_t i = 0; i < l->wanted.size; i++) {
		if (!l->wanted.name_at[i])
			continue;
		struct strview name = name_of(&l->wanted, l->wanted.name_at[i]);
		if (!nameset_has(&u.names, name))
			nameset_add(&left, name);
	}
	nameset_deinit(&l->wanted);
	l->wanted = left;
	nameset_deinit(&u.names);
}

void listing_each_marked(const struct listing *l, void (*fn)(void *arg, uint32_t id), void *arg)
{
	for (int c = 0; c < CLASS_COUNT && l->marked; c++) {
		const struct ids *order = &l->order[c];
		for (size_t i = 0; i < order->count; i++) {
			uint32_t id = order->at[l->reversed ? order->count - 1 - i : i];
			if (listing_is_marked(l, id))
				fn(arg, id);
		}
	}
}
