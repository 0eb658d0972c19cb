#include "ui/sizetree.h"

#include <stdlib.h>
#include <string.h>

struct sizetree {
	struct size_node *nodes;
	size_t count, capacity;
	struct strbuf names;
	uint32_t *table;   /* by parent and name: node + 1; 0: free */
	size_t table_size; /* power of two */
	uint32_t last;     /* directory of the last name: most names follow each other */
	struct strbuf last_path;
};

struct sizetree *sizetree_new(void)
{
	struct sizetree *t = s3t_alloc(sizeof *t);
	strbuf_init_cap(&t->names, UINT32_MAX - 1);
	strbuf_init(&t->last_path);
	t->capacity = 64;
	t->nodes = s3t_alloc(t->capacity * sizeof *t->nodes);
	t->table_size = 256;
	t->table = s3t_alloc(t->table_size * sizeof *t->table);
	t->count = 1;
	t->nodes[SIZETREE_ROOT] = (struct size_node){
		.parent = SIZETREE_NONE, .first_child = SIZETREE_NONE, .next = SIZETREE_NONE};
	return t;
}

void sizetree_free(struct sizetree *t)
{
	if (!t)
		return;
	strbuf_deinit(&t->names);
	strbuf_deinit(&t->last_path);
	free(t->nodes);
	free(t->table);
	free(t);
}

const struct size_node *sizetree_node(const struct sizetree *t, uint32_t node)
{
	return &t->nodes[node];
}

struct strview sizetree_name(const struct sizetree *t, uint32_t node)
{
	return sv_n(t->names.data + t->nodes[node].name_at, t->nodes[node].name_len);
}

void sizetree_path(const struct sizetree *t, uint32_t node, struct strbuf *out)
{
	if (node == SIZETREE_ROOT)
		return;
	sizetree_path(t, t->nodes[node].parent, out);
	strbuf_add_sv(out, sizetree_name(t, node));
	strbuf_add_char(out, '/');
}

/* --- finding and making a directory --- */

/* Where (parent, name) is in the table, or the free place where it belongs. */
static size_t place_of(const struct sizetree *t, uint32_t parent, struct strview name)
{
	size_t i = (sv_hash(name) ^ parent * 0x9e3779b97f4a7c15U) & (t->table_size - 1);
	while (t->table[i] && (t->nodes[t->table[i] - 1].parent != parent ||
				      !sv_eq(sizetree_name(t, t->table[i] - 1), name)))
		i = (i + 1) & (t->table_size - 1);
	return i;
}

static bool grow(struct sizetree *t)
{
	if (t->count == t->capacity) {
		struct size_node *more = realloc(t->nodes, t->capacity * 2 * sizeof *more);
		if (!more)
			return false;
		t->nodes = more;
		t->capacity *= 2;
	}
	if (t->count * 2 < t->table_size)
		return true;
	uint32_t *table = calloc(t->table_size * 2, sizeof *table);
	if (!table)
		return false;
	free(t->table);
	t->table = table;
	t->table_size *= 2;
	for (uint32_t i = 1; i < t->count; i++)
		t->table[place_of(t, t->nodes[i].parent, sizetree_name(t, i))] = i + 1;
	return true;
}

static uint32_t child_of(struct sizetree *t, uint32_t parent, struct strview name)
{
	size_t place = place_of(t, parent, name);
	if (t->table[place])
		return t->table[place] - 1;
	if (t->count >= SIZETREE_NONE - 1 || !grow(t))
		return SIZETREE_NONE;
	uint32_t node = (uint32_t)t->count;
	struct size_node fresh = {.parent = parent,
		.first_child = SIZETREE_NONE,
		.next = t->nodes[parent].first_child,
		.name_at = (uint32_t)t->names.len,
		.name_len = (uint32_t)name.len};
	strbuf_add_sv(&t->names, name);
	if (t->names.failed)
		return SIZETREE_NONE;
	t->nodes[node] = fresh;
	t->count++;
	t->nodes[parent].first_child = node;
	t->nodes[parent].children++;
	t->table[place_of(t, parent, name)] = node + 1;
	return node;
}

static uint32_t directory_of(struct sizetree *t, struct strview path)
{
	if (sv_eq(path, strbuf_view(&t->last_path)))
		return t->last;
	uint32_t at = SIZETREE_ROOT;
	for (struct strview rest = path; rest.len && at != SIZETREE_NONE;) {
		size_t n = sv_find(rest, '/');
		at = child_of(t, at, sv_n(rest.data, n));
		rest = sv_from(rest, n + 1);
	}
	if (at == SIZETREE_NONE)
		return at;
	strbuf_reset(&t->last_path);
	strbuf_add_sv(&t->last_path, path);
	return t->last = at;
}

bool sizetree_add(struct sizetree *t, struct strview name, uint64_t size)
{
	size_t end = name.len;
	while (end > 0 && name.data[end - 1] != '/')
		end--;
	uint32_t dir = directory_of(t, sv_n(name.data, end));
	if (dir == SIZETREE_NONE)
		return false;
	if (end == name.len) /* a directory, or its marker */
		return true;
	t->nodes[dir].own_files++;
	t->nodes[dir].own_bytes += size;
	for (; dir != SIZETREE_NONE; dir = t->nodes[dir].parent) {
		t->nodes[dir].files++;
		t->nodes[dir].bytes += size;
	}
	return true;
}

/* --- in order --- */

static int compare(const void *a, const void *b, void *arg)
{
	const struct sizetree *t = arg;
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
	if (t->nodes[x].bytes != t->nodes[y].bytes)
		return t->nodes[x].bytes > t->nodes[y].bytes ? -1 : 1;
	return sv_cmp(sizetree_name(t, x), sizetree_name(t, y));
}

void sizetree_children(const struct sizetree *t, uint32_t node, uint32_t *ids)
{
	size_t n = 0;
	for (uint32_t c = t->nodes[node].first_child; c != SIZETREE_NONE; c = t->nodes[c].next)
		ids[n++] = c;
	if (n)
		qsort_r(ids, n, sizeof *ids, compare, (void *)(uintptr_t)t);
}
