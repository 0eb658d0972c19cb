/*
 * One recursive listing feeds the tree; what is shown is one of its nodes: the files right in it as
 * one row, and its directories, the largest first. The cursor stays on its directory while sums
 * grow and rows change places.
 */
#include "ui/sizes_view.h"

#include "core/text.h"
#include "core/timeutil.h"
#include "ui/app.h"
#include "ui/sizetree.h"

#include <stdio.h>
#include <stdlib.h>

enum { SIZE_W = 10, PERCENT_W = 7, BAR_W = 16, FILES_W = 16, NAME_MIN = 20, SORT_SHARE = 20 };

/* The row of the files that lie right in the node. */
#define OWN_FILES (SIZETREE_NONE - 1)

struct sizes_view {
	struct view view;
	struct location *location; /* a reference */
	struct strbuf path;        /* of the tree's root */
	struct sizetree *tree;
	list_id list; /* that still comes; 0: it is over */
	struct s3t_err error;
	uint64_t problems;
	bool is_full; /* no memory for more directories */
	uint32_t node;
	uint32_t *rows;
	size_t row_count;
	struct cursor cursor;
	uint32_t at; /* what the cursor is on */
	bool is_changed;
	int64_t sorted_ms, sort_took_ms;
};

static struct sizes_view *of(struct view *v)
{
	return (struct sizes_view *)v;
}

/* --- rows --- */

/* Sorting many rows again and again must not take more than its share of the time. */
static void make_rows(struct sizes_view *s)
{
	const struct size_node *node = sizetree_node(s->tree, s->node);
	int64_t began = time_mono_ms();
	if (!s->is_changed || began - s->sorted_ms < s->sort_took_ms * SORT_SHARE)
		return;
	free(s->rows);
	s->rows = s3t_alloc((node->children + 1) * sizeof *s->rows);
	sizetree_children(s->tree, s->node, s->rows);
	s->row_count = node->children;
	if (node->own_files) {
		size_t at = 0; /* by its size, too */
		while (at < s->row_count &&
			sizetree_node(s->tree, s->rows[at])->bytes >= node->own_bytes)
			at++;
		for (size_t i = s->row_count++; i > at; i--)
			s->rows[i] = s->rows[i - 1];
		s->rows[at] = OWN_FILES;
	}
	cursor_set_rows(&s->cursor, s->row_count);
	for (size_t i = 0; i < s->row_count; i++)
		if (s->rows[i] == s->at)
			cursor_follow(&s->cursor, i);
	s->is_changed = false;
	s->sorted_ms = time_mono_ms();
	s->sort_took_ms = s->sorted_ms - began;
}

static void note_cursor(struct sizes_view *s)
{
	if (s->cursor.at < s->row_count)
		s->at = s->rows[s->cursor.at];
}

/* Shows another node; the cursor goes to `at`, or to the first row. */
static void show(struct sizes_view *s, uint32_t node, uint32_t at)
{
	s->node = node;
	s->at = at;
	s->is_changed = true;
	s->sort_took_ms = 0;
	s->cursor = (struct cursor){.height = s->cursor.height};
	make_rows(s);
	note_cursor(s);
}

static void begin(struct sizes_view *s)
{
	struct app *app = s->view.app;
	if (s->list)
		lister_cancel(app_lister(app), s->list);
	sizetree_free(s->tree);
	s->tree = sizetree_new();
	s->error.rc = S3T_OK;
	s->problems = 0;
	s->is_full = false;
	s->list = lister_request(
		app_lister(app), s->location, strbuf_view(&s->path), LOC_LIST_RECURSIVE);
	show(s, SIZETREE_ROOT, SIZETREE_NONE);
}

static bool on_list(struct view *v, struct lister_event *e)
{
	struct sizes_view *s = of(v);
	if (!s->list || e->id != s->list)
		return false;
	for (uint32_t i = 0; e->page && i < e->page->count; i++) {
		const struct entry *entry = &e->page->entries[i];
		if (!sizetree_add(s->tree, entry_name(e->page, entry), entry->size))
			s->is_full = true;
	}
	s->problems = e->problems;
	s->is_changed = true;
	if (e->done) {
		s->list = 0;
		s->sort_took_ms = 0; /* the last order is the right one */
		if (e->err.rc != S3T_CANCELLED)
			s->error = e->err;
	}
	app_redraw_soon(v->app);
	return true;
}

/* --- screen --- */

static void draw_row(const struct sizes_view *s, size_t row, int y, int w)
{
	const struct size_node *node = sizetree_node(s->tree, s->node);
	uint32_t id = s->rows[row];
	bool is_own = id == OWN_FILES;
	const struct size_node *n = is_own ? node : sizetree_node(s->tree, id);
	uint64_t bytes = is_own ? n->own_bytes : n->bytes, files = is_own ? n->own_files : n->files;
	double part = node->bytes ? (double)bytes / (double)node->bytes : 0;
	enum theme_role role = row == s->cursor.at ? THEME_CURSOR : is_own ? THEME_DIM : THEME_DIR;
	char size[TEXT_SIZE_MAX], count[32], percent[16];
	struct strbuf name, cut, text;
	strbuf_init(&name);
	strbuf_init(&cut);
	strbuf_init(&text);
	text_size(bytes, size);
	text_count(files, count);
	if (is_own) {
		strbuf_add_str(&name, "files that lie here");
	} else {
		text_sanitise(&name, sizetree_name(s->tree, id));
		strbuf_add_char(&name, '/');
	}
	draw_fill((struct rect){y, 1, 1, w - 2}, role);
	int x = 2;
	draw_right(y, x, SIZE_W, role, sv(size));
	x += SIZE_W;
	snprintf(percent, sizeof percent, "%.1f%%", part * 100);
	draw_right(y, x, PERCENT_W, role, sv(percent));
	x += PERCENT_W;
	if (w - x - BAR_W - FILES_W > NAME_MIN) {
		draw_bar(y, x + 1, BAR_W, role, (unsigned)(part * 1000));
		x += BAR_W + 1;
	}
	strbuf_addf(&text, "%s file%s", count, files == 1 ? "" : "s");
	draw_right(y, x, FILES_W, role, strbuf_view(&text));
	x += FILES_W + 2;
	text_cut_middle(&cut, strbuf_view(&name), w - 2 - x);
	draw_text(y, x, w - 2 - x, role, strbuf_view(&cut));
	strbuf_deinit(&text);
	strbuf_deinit(&cut);
	strbuf_deinit(&name);
}

static void title_text(const struct sizes_view *s, struct strbuf *out)
{
	struct strbuf path;
	strbuf_init(&path);
	strbuf_add_sv(&path, strbuf_view(&s->path));
	if (path.len && path.data[path.len - 1] != '/')
		strbuf_add_char(&path, '/');
	sizetree_path(s->tree, s->node, &path);
	strbuf_add_str(out, "Sizes  ");
	if (location_s3_client(s->location))
		strbuf_add_str(out, "s3://");
	text_sanitise(out, strbuf_view(&path));
	strbuf_deinit(&path);
}

static void foot_text(const struct sizes_view *s, struct strbuf *out)
{
	const struct size_node *n = sizetree_node(s->tree, s->node);
	char size[TEXT_SIZE_MAX], count[32];
	text_size(n->bytes, size);
	text_count(n->files, count);
	strbuf_addf(out, "%s%s in %s%s file%s", size, s->list ? "+" : "", count, s->list ? "+" : "",
		n->files == 1 ? "" : "s");
	if (s->list)
		strbuf_addf(out, " %s counting", glyph(GLYPH_DOT));
	if (s->problems)
		strbuf_addf(out, " %s %llu unreadable", glyph(GLYPH_DOT),
			(unsigned long long)s->problems);
	if (s->is_full)
		strbuf_addf(out, " %s no memory for all of them", glyph(GLYPH_DOT));
}

static void draw(struct view *v)
{
	struct sizes_view *s = of(v);
	struct rect r = {0, 0, screen_rows() - 1, screen_cols()};
	struct strbuf title, foot, keys;
	strbuf_init(&title);
	strbuf_init(&foot);
	strbuf_init(&keys);
	make_rows(s);
	title_text(s, &title);
	foot_text(s, &foot);
	draw_frame(r, THEME_FRAME_ACTIVE, title.data, foot.data);
	draw_fill((struct rect){1, 1, r.h - 2, r.w - 2}, THEME_NORMAL);
	cursor_set_height(&s->cursor, (size_t)(r.h - 2));
	for (int i = 0; i < r.h - 2 && s->cursor.top + (size_t)i < s->row_count; i++)
		draw_row(s, s->cursor.top + (size_t)i, 1 + i, r.w);
	if (s->error.rc != S3T_OK)
		draw_str(r.h - 2, 2, r.w - 4, THEME_ERROR, s->error.message);
	else if (!s->row_count)
		draw_str(2, 3, r.w - 6, THEME_DIM, s->list ? "counting..." : "nothing is here");
	const struct keymap *map = app_keymap(v->app);
	keymap_hint(map, ACTION_ENTER, "goes in", &keys);
	keymap_hint(map, ACTION_PARENT, "up", &keys);
	keymap_hint(map, ACTION_SHOW, "to the pane", &keys);
	keymap_hint(map, ACTION_REFRESH, "counts again", &keys);
	keymap_hint(map, ACTION_CLOSE, "back", &keys);
	draw_field(r.h, 1, r.w - 2, THEME_STATUS, strbuf_view(&keys));
	strbuf_deinit(&keys);
	strbuf_deinit(&foot);
	strbuf_deinit(&title);
}

/* --- keys --- */

/* The pane goes to the directory under the cursor, or to the one that is shown. */
static void go_there(struct sizes_view *s)
{
	struct strbuf path, below;
	uint32_t node = s->row_count && s->at != OWN_FILES ? s->at : s->node;
	strbuf_init(&path);
	strbuf_init(&below);
	sizetree_path(s->tree, node, &below);
	path_join(&path, strbuf_view(&s->path), strbuf_view(&below));
	pane_go(app_active(s->view.app), s->location, strbuf_view(&path), SV(""));
	app_close(s->view.app, &s->view);
	strbuf_deinit(&below);
	strbuf_deinit(&path);
}

static bool on_action(struct view *v, enum action action)
{
	struct sizes_view *s = of(v);
	note_cursor(s); /* rows may have come under it */
	switch (action) {
	case ACTION_ENTER:
		if (s->row_count && s->at == OWN_FILES)
			go_there(s);
		else if (s->row_count)
			show(s, s->at, SIZETREE_NONE);
		return true;
	case ACTION_PARENT:
		if (s->node != SIZETREE_ROOT)
			show(s, sizetree_node(s->tree, s->node)->parent, s->node);
		return true;
	case ACTION_SHOW:
		go_there(s);
		return true;
	case ACTION_REFRESH:
		begin(s);
		return true;
	case ACTION_CLOSE:
		app_close(v->app, v);
		return true;
	default:
		if (!cursor_act(&s->cursor, action))
			return false;
		note_cursor(s);
		return true;
	}
}

static void on_mouse(struct view *v, const struct mouse_event *m)
{
	struct sizes_view *s = of(v);
	size_t row = s->cursor.top + (size_t)(m->y - 1);
	if (m->kind == MOUSE_WHEEL)
		cursor_scroll(&s->cursor, (long)m->wheel * MOUSE_WHEEL_ROWS);
	else if (m->kind != MOUSE_PRESS || m->button != MOUSE_LEFT || m->y < 1 ||
		 m->y > (int)s->cursor.height || row >= s->row_count)
		return;
	else if (row == s->cursor.at) /* a second click enters */
		(void)on_action(v, ACTION_ENTER);
	else
		cursor_to(&s->cursor, row);
	note_cursor(s);
}

static void destroy(struct view *v)
{
	struct sizes_view *s = of(v);
	if (s->list)
		lister_cancel(app_lister(v->app), s->list);
	sizetree_free(s->tree);
	location_unref(s->location);
	strbuf_deinit(&s->path);
	free(s->rows);
	free(s);
}

static const struct view_ops ops = {
	.context = CTX_SIZES,
	.is_opaque = true,
	.draw = draw,
	.on_action = on_action,
	.on_mouse = on_mouse,
	.on_list = on_list,
	.destroy = destroy,
};

void sizes_view_open(struct app *app)
{
	struct pane *p = app_active(app);
	struct pane_row row;
	struct strbuf path;
	strbuf_init(&path);
	if (!pane_is_buckets(p))
		strbuf_add_sv(&path, pane_path(p));
	else if (pane_current(p, &row))
		pane_join(p, row.name, &path);
	if (pane_is_s3(p) && !path.len) {
		app_status(app, "There is no bucket under the cursor.");
		strbuf_deinit(&path);
		return;
	}
	struct sizes_view *s = s3t_alloc(sizeof *s);
	s->view.ops = &ops;
	s->location = location_ref(pane_location(p));
	s->path = path;
	if (pane_is_s3(p) && path.data[path.len - 1] != '/')
		strbuf_add_char(&s->path, '/');
	app_push(app, &s->view);
	begin(s);
}
