/*
 * Where a pane is and what it knows of it. A refresh fills a second listing (`coming`) and shows it
 * when it is complete, so that nothing jumps; only a listing too large to keep twice is replaced at
 * its first page, and the cursor waits for its name.
 */
#include "ui/pane_private.h"

#include "core/text.h"
#include "core/timeutil.h"

#include <stdlib.h>
#include <string.h>

enum { KEEP_TWICE_MAX = 50000, VISITED_MAX = 64, SLICE_MS = 4, STEPS = 500, RATE_MS = 1000 };

static struct strview without_slash(struct strview s)
{
	if (s.len > 1 && s.data[s.len - 1] == '/')
		s.len--;
	return s;
}

/* A path as the pane keeps it. */
static char *normal_path(const struct location *loc, struct strview path, size_t *len)
{
	struct strbuf sb;
	strbuf_init(&sb);
	if (loc->ops->kind == LOC_S3) {
		strbuf_add_sv(&sb, path);
		if (path.len && path.data[path.len - 1] != '/')
			strbuf_add_char(&sb, '/');
	} else {
		strbuf_add_sv(&sb, path.len ? path : SV("/"));
		while (sb.len > 1 && sb.data[sb.len - 1] == '/')
			strbuf_truncate(&sb, sb.len - 1);
	}
	*len = sb.len;
	return strbuf_take(&sb);
}

static bool has_parent(const struct pane *p)
{
	if (p->pattern)
		return true;
	return pane_is_s3(p) ? p->path_len > 0 : p->path_len > 1;
}

static void set_wanted(struct pane *p, struct strview name)
{
	free(p->wanted);
	p->wanted = name.len ? s3t_strndup(name.data, name.len) : NULL;
	p->wanted_len = name.len;
	p->wanted_slot = 0;
}

static struct listing *fresh_listing(const struct pane *p)
{
	struct listing *l = listing_new(has_parent(p));
	listing_set_sort(l, p->sort, p->reversed);
	return l;
}

static void sync_cursor(struct pane *p)
{
	cursor_set_rows(&p->cursor, listing_rows(p->listing));
}

/* Asks for the listing of where the pane is. */
static void request(struct pane *p)
{
	if (p->list)
		lister_cancel(p->lister, p->list);
	listing_free(p->coming);
	p->coming = NULL;
	pane_drop_pins(p);
	p->list = p->pattern ? lister_find(p->lister, p->location, pane_path(p), sv(p->pattern))
			     : lister_request(p->lister, p->location, pane_path(p),
				       p->has_versions && pane_is_s3(p) ? LOC_LIST_VERSIONS : 0);
	p->arrived = p->problems = 0;
	p->rate_at_ms = p->started_ms = time_mono_ms();
	p->rate_from = 0;
	p->rate = 0;
}

struct pane *pane_new(struct lister *lister, struct location *location, struct strview path)
{
	struct pane *p = s3t_alloc(sizeof *p);
	p->lister = lister;
	pane_go(p, location, path, sv_n("", 0));
	return p;
}

void pane_free(struct pane *p)
{
	if (!p)
		return;
	if (p->list)
		lister_cancel(p->lister, p->list);
	pane_drop_counts(p);
	pane_drop_pins(p);
	listing_free(p->listing);
	listing_free(p->coming);
	location_unref(p->location);
	free(p->pattern);
	pane_history_deinit(p);
	for (size_t i = 0; i < p->visited_count; i++) {
		free(p->visited[i].path);
		free(p->visited[i].name);
	}
	free(p->visited);
	free(p->versions_of);
	free(p->path);
	free(p->wanted);
	free(p);
}

struct location *pane_location(const struct pane *p)
{
	return p->location;
}

struct strview pane_path(const struct pane *p)
{
	return sv_n(p->path, p->path_len);
}

bool pane_is_s3(const struct pane *p)
{
	return p->location->ops->kind == LOC_S3;
}

bool pane_is_buckets(const struct pane *p)
{
	return pane_is_s3(p) && p->path_len == 0;
}

struct strview pane_bucket(const struct pane *p)
{
	struct strview bucket = SV(""), key;
	struct pane_row row;
	if (pane_is_buckets(p) && pane_current(p, &row) && row.kind == ENTRY_BUCKET)
		return row.name;
	if (pane_is_s3(p))
		s3_path_split(pane_path(p), &bucket, &key);
	return bucket;
}

static void place_text(const struct pane *p, struct strbuf *out)
{
	struct strview path = pane_path(p);
	if (pane_is_s3(p)) {
		const struct s3_client *client = location_s3_client(p->location);
		if (s3_client_profile(client)->no_verify_ssl) /* threat T10: it stands there */
			strbuf_add_str(out, "TLS NOT VERIFIED ");
		text_sanitise(out, sv(s3_client_profile(client)->name));
		strbuf_add_str(out, ":s3://");
		text_sanitise(out, path);
		return;
	}
	const char *home = getenv("HOME");
	size_t n = home ? strlen(home) : 0;
	while (n > 1 && home[n - 1] == '/')
		n--;
	if (n > 1 && sv_starts_with(path, sv_n(home, n)) &&
		(path.len == n || path.data[n] == '/')) {
		strbuf_add_char(out, '~');
		path = sv_from(path, n);
	}
	text_sanitise(out, path);
}

void pane_title(const struct pane *p, struct strbuf *out)
{
	place_text(p, out);
	if (pane_shows_versions(p))
		strbuf_addf(out, " %s versions", glyph(GLYPH_DOT));
	if (!p->pattern)
		return;
	strbuf_addf(out, " %s found: ", glyph(GLYPH_DOT));
	text_sanitise(out, sv(p->pattern));
}

void pane_join(const struct pane *p, struct strview name, struct strbuf *out)
{
	if (pane_is_s3(p)) { /* not path_join(): a key may begin with '/' */
		strbuf_add_sv(out, pane_path(p));
		strbuf_add_sv(out, name);
	} else {
		path_join(out, pane_path(p), name);
	}
}

bool pane_relative(const struct pane *p, struct strview path, struct strview *name)
{
	return path_below(pane_path(p), path, name) && name->len;
}

void pane_uri(const struct pane *p, struct strview name, struct strbuf *out)
{
	if (pane_is_s3(p))
		strbuf_add_str(out, "s3://");
	if (name.len)
		pane_join(p, path_version_split(name, NULL), out);
	else
		strbuf_add_sv(out, pane_path(p));
}

/* --- going --- */

static struct visited *find_visited(struct pane *p)
{
	for (size_t i = 0; i < p->visited_count; i++)
		if (p->visited[i].location == p->location &&
			sv_eq(sv_n(p->visited[i].path, p->visited[i].path_len), pane_path(p)))
			return &p->visited[i];
	return NULL;
}

/* Remembers what the cursor is on, for when the person comes back. */
static void remember(struct pane *p)
{
	struct strview name = listing_name(p->listing, p->at_id);
	struct visited *v = find_visited(p);
	if (!v && p->visited_count == VISITED_MAX) {
		free(p->visited[0].path);
		free(p->visited[0].name);
		memmove(p->visited, p->visited + 1, --p->visited_count * sizeof *p->visited);
	}
	if (!v) {
		if (!p->visited)
			p->visited = s3t_alloc(VISITED_MAX * sizeof *p->visited);
		v = &p->visited[p->visited_count++];
		*v = (struct visited){.location = p->location,
			.path = s3t_strndup(p->path, p->path_len),
			.path_len = p->path_len};
	}
	free(v->name);
	v->name = s3t_strndup(name.data, name.len);
	v->name_len = name.len;
}

static void show_place(struct pane *p, struct strview select)
{
	pane_drop_counts(p);
	listing_free(p->listing);
	p->listing = fresh_listing(p);
	p->seen_generation = listing_generation(p->listing); /* each listing counts for itself */
	p->cursor = (struct cursor){.height = p->cursor.height};
	sync_cursor(p);
	p->at_id = listing_row(p->listing, 0);
	p->error.rc = S3T_OK;
	p->is_partial = false;
	p->seen = 0;
	set_wanted(p, select);
	request(p);
}

void pane_go(struct pane *p, struct location *location, struct strview path, struct strview select)
{
	char *name = s3t_strndup(select.data, select.len);
	size_t len;
	char *normal = normal_path(location, path, &len);
	if (p->listing && p->at_id < LISTING_NONE && !p->pattern)
		remember(p);
	free(p->pattern);
	p->pattern = NULL;
	struct location *before = p->location;
	p->location = location_ref(location);
	if (location != before && pane_is_s3(p))
		p->has_versions =
			s3_client_profile(location_s3_client(location))->settings.versioning;
	location_unref(before);
	free(p->path);
	p->path = normal;
	p->path_len = len;
	pane_history_note(p);
	const struct visited *v = select.len ? NULL : find_visited(p);
	show_place(p, v ? sv_n(v->name, v->name_len) : sv_n(name, select.len));
	free(name);
}

void pane_show_versions(struct pane *p, bool has_versions)
{
	p->has_versions = has_versions;
	show_place(p, sv_n("", 0));
}

bool pane_shows_versions(const struct pane *p)
{
	return p->has_versions && pane_is_s3(p) && !pane_is_buckets(p);
}

bool pane_began_versions(struct pane *p)
{
	struct strview bucket = pane_shows_versions(p) ? pane_bucket(p) : SV("");
	if (sv_eq(bucket, sv(p->versions_of ? p->versions_of : "")))
		return false;
	free(p->versions_of);
	p->versions_of = s3t_strndup(bucket.data, bucket.len);
	return bucket.len > 0;
}

void pane_find(struct pane *p, struct strview pattern)
{
	char *copy = s3t_strndup(pattern.data, pattern.len);
	if (p->at_id < LISTING_NONE && !p->pattern)
		remember(p);
	free(p->pattern);
	p->pattern = copy;
	show_place(p, SV(""));
}

const char *pane_pattern(const struct pane *p)
{
	return p->pattern;
}

void pane_refresh(struct pane *p)
{
	if (p->at_id < LISTING_NONE)
		set_wanted(p, listing_name(p->listing, p->at_id));
	p->error.rc = S3T_OK;
	request(p);
	p->coming = fresh_listing(p);
	listing_inherit_marks(p->coming, p->listing);
	listing_set_filter(p->coming, listing_filter(p->listing));
}

void pane_refresh_if(struct pane *p, const struct location *location, struct strview dir)
{
	struct strview here = without_slash(pane_path(p));
	dir = without_slash(dir);
	bool is_same_place =
		location == p->location || (location->ops->kind == LOC_LOCAL && !pane_is_s3(p));
	bool is_here = sv_eq(here, dir);
	bool is_below = sv_starts_with(here, dir) && (dir.len < 2 || here.data[dir.len] == '/');
	bool is_above = sv_eq(here, without_slash(path_parent(dir)));
	struct strview name;
	bool is_found = p->pattern && pane_relative(p, dir, &name);
	if (is_same_place && (is_here || is_below || is_above || is_found))
		pane_refresh(p);
}

void pane_parent(struct pane *p)
{
	if (!has_parent(p))
		return;
	if (p->pattern) { /* to where it was looked for, and there on what leads to the row */
		struct strview at =
			p->at_id < LISTING_NONE ? listing_name(p->listing, p->at_id) : SV("");
		pane_go(p, p->location, pane_path(p), sv_n(at.data, sv_find(at, '/')));
		return;
	}
	struct strview here = pane_path(p), up = path_parent(here);
	char *name = s3t_strndup(here.data + up.len, here.len - up.len);
	char *path = s3t_strndup(up.data, up.len);
	pane_go(p, p->location, sv_n(path, up.len), sv_n(name, here.len - up.len));
	free(name);
	free(path);
}

bool pane_enter(struct pane *p)
{
	if (p->at_id == LISTING_PARENT) {
		pane_parent(p);
		return true;
	}
	struct pane_row row;
	if (!pane_current(p, &row) || (row.kind != ENTRY_DIR && row.kind != ENTRY_BUCKET))
		return false;
	struct strbuf path;
	strbuf_init(&path);
	pane_join(p, row.name, &path);
	pane_go(p, p->location, strbuf_view(&path), sv_n("", 0));
	strbuf_deinit(&path);
	return true;
}

bool pane_stop(struct pane *p)
{
	if (!p->list)
		return pane_stop_counts(p);
	lister_cancel(p->lister, p->list);
	p->list = 0;
	listing_free(p->coming);
	bool was_refresh = p->coming != NULL;
	p->coming = NULL;
	p->is_partial = p->is_partial || !was_refresh;
	listing_finish(p->listing);
	return true;
}

bool pane_is_listing(const struct pane *p)
{
	return p->list != 0;
}

/* --- what arrives --- */

/* The cursor's row again, after rows moved. */
static void follow(struct pane *p)
{
	sync_cursor(p);
	if (p->wanted) {
		uint32_t id =
			listing_find(p->listing, sv_n(p->wanted, p->wanted_len), p->wanted_slot);
		uint32_t slots = listing_slots(p->listing);
		p->wanted_slot = slots;
		if (id != LISTING_NONE) {
			p->at_id = id;
			set_wanted(p, sv_n("", 0));
		}
	}
	if (listing_row(p->listing, p->cursor.at) == p->at_id)
		return;
	size_t row = listing_row_of(p->listing, p->at_id);
	if (row < listing_rows(p->listing))
		cursor_follow(&p->cursor, row);
	else if (!listing_filter(p->listing).len)
		p->at_id = listing_row(p->listing, p->cursor.at);
}

static void show_coming(struct pane *p)
{
	size_t row = p->cursor.at;
	pane_drop_counts(p);                       /* they may be true no more */
	if (!p->wanted && p->at_id < LISTING_NONE) /* the person moved meanwhile */
		set_wanted(p, listing_name(p->listing, p->at_id));
	listing_free(p->listing);
	p->listing = p->coming;
	p->coming = NULL;
	p->seen_generation = listing_generation(p->listing);
	p->is_partial = false;
	p->wanted_slot = 0;
	/* the order first: what is as long as this is sorted at once or stays for a moment */
	for (int i = 0; i < 50 && listing_work(p->listing, STEPS * 4); i++)
		;
	p->at_id = LISTING_NONE;
	sync_cursor(p);
	p->at_id = listing_row(p->listing, row < p->cursor.rows ? row : p->cursor.at);
	cursor_to(&p->cursor, row);
	follow(p);
	if (!p->list)
		set_wanted(p, sv_n("", 0)); /* it is gone */
}

static void note_rate(struct pane *p)
{
	int64_t now = time_mono_ms(), since = now - p->rate_at_ms;
	if (since < RATE_MS && p->rate)
		return;
	if (since < 200)
		return;
	p->rate = (p->arrived - p->rate_from) * 1000 / (uint64_t)since;
	if (since >= RATE_MS) {
		p->rate_at_ms = now;
		p->rate_from = p->arrived;
	}
}

bool pane_on_list(struct pane *p, struct lister_event *e)
{
	if (e->kind == LISTER_COUNT)
		return pane_on_count(p, e);
	if (e->kind == LISTER_TASK)
		return pane_on_reach(p, e);
	if (!p->list || e->id != p->list || e->kind != LISTER_PAGE)
		return false;
	if (e->seen) /* a search that fails at once has not looked at less */
		p->seen = e->seen;
	struct listing *target = p->coming ? p->coming : p->listing;
	if (e->page) {
		p->arrived += e->page->count;
		if (!listing_add(target, e->page)) {
			e->err.rc = S3T_MEMORY;
			lister_cancel(p->lister, p->list);
			e->done = true;
		}
		e->page = NULL;
		note_rate(p);
	}
	if (e->done) {
		p->list = 0;
		p->problems = e->problems;
		if (e->err.rc != S3T_OK && e->err.rc != S3T_CANCELLED) {
			p->error = e->err;
			p->is_partial = p->arrived > 0;
		}
		if (e->err.rc == S3T_OK || e->err.rc == S3T_DENIED)
			pane_pin_buckets(p, target);
		listing_finish(target);
	}
	if (p->coming && e->done && e->err.rc != S3T_OK && !p->pin_count) {
		/* what was there is better than half of what is new */
		listing_free(p->coming);
		p->coming = NULL;
		p->is_partial = true;
	} else if (p->coming && (e->done || listing_totals(p->listing).entries > KEEP_TWICE_MAX)) {
		show_coming(p);
	}
	return true;
}

bool pane_work(struct pane *p)
{
	int64_t until = time_mono_ms() + SLICE_MS;
	bool more;
	do
		more = listing_work(p->listing, STEPS);
	while (more && time_mono_ms() < until);
	if (p->seen_generation != listing_generation(p->listing)) {
		p->seen_generation = listing_generation(p->listing);
		follow(p);
	}
	/* the filter hid it, and all that there is was looked at */
	if (!more && listing_row(p->listing, p->cursor.at) != p->at_id)
		p->at_id = listing_row(p->listing, p->cursor.at);
	return more;
}

/* --- rows --- */

static struct pane_row row_from(const struct listing *l, uint32_t id)
{
	const struct entry *e = listing_entry(l, id);
	return (struct pane_row){.name = listing_name(l, id),
		.kind = (enum entry_kind)e->kind,
		.size = e->size,
		.mtime_s = e->mtime_s,
		.storage_class = storage_class_name(e->storage_class)};
}

bool pane_current(const struct pane *p, struct pane_row *out)
{
	uint32_t id = listing_row(p->listing, p->cursor.at);
	if (id == LISTING_NONE || id == LISTING_PARENT)
		return false;
	*out = row_from(p->listing, id);
	return true;
}

struct each {
	const struct listing *listing;
	pane_row_fn fn;
	void *arg;
};

static void each_marked(void *arg, uint32_t id)
{
	const struct each *each = arg;
	struct pane_row row = row_from(each->listing, id);
	each->fn(each->arg, &row);
}

size_t pane_each_selected(struct pane *p, pane_row_fn fn, void *arg)
{
	struct pane_row row;
	if (pane_has_marks(p)) {
		struct each each = {p->listing, fn, arg};
		listing_each_marked(p->listing, each_marked, &each);
	} else if (pane_current(p, &row)) {
		fn(arg, &row);
	}
	return pane_selected_count(p);
}

size_t pane_selected_count(const struct pane *p)
{
	struct pane_row row;
	size_t marked = listing_totals(p->listing).marked;
	return marked ? marked : pane_current(p, &row);
}

bool pane_has_marks(const struct pane *p)
{
	return listing_totals(p->listing).marked > 0;
}

bool pane_marks_later(const struct pane *p)
{
	return listing_marks_later(p->listing);
}

struct listing *pane_listing(struct pane *p)
{
	return p->listing;
}

struct cursor *pane_cursor(struct pane *p)
{
	return &p->cursor;
}

void pane_note_cursor(struct pane *p)
{
	p->at_id = listing_row(p->listing, p->cursor.at);
	set_wanted(p, sv_n("", 0)); /* the person is elsewhere now */
}

void pane_set_sort(struct pane *p, enum listing_sort sort, bool reversed)
{
	p->sort = sort;
	p->reversed = reversed;
	listing_set_sort(p->listing, sort, reversed);
	if (p->coming)
		listing_set_sort(p->coming, sort, reversed);
}

void pane_set_synced(struct pane *p, bool is_synced)
{
	p->is_synced = is_synced;
}

void pane_set_filter(struct pane *p, struct strview text)
{
	listing_set_filter(p->listing, text);
	if (p->coming)
		listing_set_filter(p->coming, text);
}

void pane_unmark(struct pane *p, const struct strview *names, size_t count)
{
	listing_unmark_names(p->listing, names, count);
	if (p->coming)
		listing_unmark_names(p->coming, names, count);
}
