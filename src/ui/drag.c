#include "ui/drag.h"

#include "core/text.h"
#include "core/timeutil.h"
#include "ui/commands.h"

#include <stdlib.h>

enum { DOUBLE_CLICK_MS = 400, EDGE_MS = 80, LABEL_MAX = 60 };

enum drag_state {
	DRAG_IDLE,
	DRAG_PRESSED, /* the left button, on a row; it has not moved yet */
	DRAG_MOVING,
	DRAG_MARKING, /* the right button */
};

struct drag {
	struct app *app;
	enum drag_state state;
	int side;       /* the pane where it began; its cursor is on what was pressed */
	size_t row;     /* the right button's */
	int y, x;       /* the pointer */
	bool has_mark;  /* what the right button gives to rows */
	bool is_marked; /* all marked rows are dragged, not the one alone */
	/* while it moves */
	struct job_spec spec; /* kind and sources */
	struct strbuf what;   /* "3 files, 1.2 GiB" */
	struct strbuf where;  /* it would go, for people; "": nowhere */
	/* the last click */
	int64_t clicked_ms;
	int clicked_side;
	uint32_t clicked_id;
};

/* Where it would be dropped. */
struct drop {
	struct pane *pane; /* NULL: nowhere */
	size_t row;        /* into it; SIZE_MAX: into the pane's place */
	struct strbuf path;
};

struct drag *drag_new(struct app *app)
{
	struct drag *d = s3t_alloc(sizeof *d);
	d->app = app;
	d->clicked_side = -1;
	strbuf_init(&d->what);
	strbuf_init(&d->where);
	return d;
}

void drag_cancel(struct drag *d)
{
	if (d->state == DRAG_MOVING)
		job_spec_deinit(&d->spec);
	d->state = DRAG_IDLE;
	strbuf_reset(&d->what);
}

void drag_free(struct drag *d)
{
	if (!d)
		return;
	drag_cancel(d);
	strbuf_deinit(&d->what);
	strbuf_deinit(&d->where);
	free(d);
}

/* The side whose pane is at that cell; -1 for none. */
static int side_at(const struct rect rects[2], int y, int x)
{
	for (int side = 0; side < 2; side++) {
		struct rect r = rects[side];
		if (y >= r.y && y < r.y + r.h && x >= r.x && x < r.x + r.w)
			return side;
	}
	return -1;
}

/* --- where it would go --- */

static bool is_dragged(const struct drag *d, int side, uint32_t id)
{
	struct pane *p = app_pane(d->app, side);
	const struct job_source *source = d->spec.sources;
	struct strbuf path;
	if (side != d->side)
		return false;
	if (d->is_marked)
		return listing_is_marked(pane_listing(p), id);
	strbuf_init(&path);
	pane_join(p, listing_name(pane_listing(p), id), &path);
	bool is_it = sv_eq(strbuf_view(&path), sv_n(source->path, source->path_len));
	strbuf_deinit(&path);
	return is_it;
}

/* Into the row, if something can be put there. */
static bool aim_at_row(struct drag *d, int side, size_t row, struct drop *drop)
{
	struct pane *p = app_pane(d->app, side);
	const struct listing *l = pane_listing(p);
	uint32_t id = listing_row(l, row);
	if (id == LISTING_NONE)
		return false;
	if (id == LISTING_PARENT) {
		struct strview up = path_parent(pane_path(p));
		if (pane_is_s3(p) && up.len == 0)
			return false; /* the list of buckets */
		strbuf_add_sv(&drop->path, up);
	} else {
		enum entry_kind kind = (enum entry_kind)listing_entry(l, id)->kind;
		if ((kind != ENTRY_DIR && kind != ENTRY_BUCKET) || is_dragged(d, side, id))
			return false;
		pane_join(p, listing_name(l, id), &drop->path);
		if (pane_is_s3(p) && drop->path.data[drop->path.len - 1] != '/')
			strbuf_add_char(&drop->path, '/');
	}
	drop->pane = p;
	drop->row = row;
	return true;
}

/* The caller frees drop->path. */
static void aim(struct drag *d, const struct rect rects[2], struct drop *drop)
{
	*drop = (struct drop){.row = SIZE_MAX};
	strbuf_init(&drop->path);
	int side = side_at(rects, d->y, d->x);
	if (side < 0)
		return;
	struct pane *p = app_pane(d->app, side);
	struct pane_hit hit = pane_hit(p, rects[side], d->y, d->x);
	if (hit.part == PANE_ROW && aim_at_row(d, side, hit.row, drop))
		return;
	if (side == d->side || pane_is_buckets(p))
		return;
	drop->pane = p;
	strbuf_add_sv(&drop->path, pane_path(p));
}

/* --- dragging --- */

struct sum {
	size_t files, others;
	uint64_t bytes;
	struct strbuf *name; /* of the only one */
};

static void add_to_sum(void *arg, const struct pane_row *row)
{
	struct sum *s = arg;
	if (s->files + s->others == 0)
		text_sanitise(s->name, row->name);
	if (row->kind == ENTRY_FILE) {
		s->files++;
		s->bytes += row->size;
	} else {
		s->others++;
	}
}

static void describe(struct drag *d, const struct sum *s)
{
	char count[32], size[TEXT_SIZE_MAX];
	size_t n = s->files + s->others;
	if (n == 1) {
		text_cut_middle(&d->what, strbuf_view(s->name), 24);
	} else {
		text_count(n, count);
		strbuf_addf(&d->what, "%s %s", count, s->others ? "items" : "files");
	}
	text_size(s->bytes, size);
	if (s->files)
		strbuf_addf(&d->what, ", %s%s", size, s->others ? "+" : "");
}

/* The row has moved: takes what is dragged. False: there is nothing to take. */
static bool begin(struct drag *d)
{
	struct pane *p = app_pane(d->app, d->side);
	const struct listing *l = pane_listing(p);
	struct pane_row row;
	struct strbuf name;
	struct sum sum = {.name = &name};
	if (pane_is_buckets(p) || !pane_current(p, &row))
		return false;
	strbuf_init(&name);
	d->is_marked = listing_is_marked(l, listing_row(l, pane_cursor(p)->at));
	if (d->is_marked) {
		app_job_spec_init(d->app, &d->spec, JOB_COPY, p);
		(void)pane_each_selected(p, add_to_sum, &sum);
	} else {
		app_job_spec_init(d->app, &d->spec, JOB_COPY, NULL);
		app_job_spec_add(&d->spec, p, row.name);
		add_to_sum(&sum, &row);
	}
	describe(d, &sum);
	d->clicked_side = -1; /* that was no click */
	strbuf_deinit(&name);
	d->state = DRAG_MOVING;
	return true;
}

static void add_label(const struct drag *d, struct strbuf *out)
{
	strbuf_addf(out, "%s %s", d->spec.kind == JOB_MOVE ? "move" : "copy", d->what.data);
}

static void drop(struct drag *d, const struct rect rects[2])
{
	struct drop to;
	struct strbuf label;
	struct s3t_err err;
	aim(d, rects, &to);
	if (to.pane) {
		strbuf_init(&label);
		add_label(d, &label);
		job_spec_set_target(&d->spec, pane_location(to.pane), strbuf_view(&to.path));
		d->state = DRAG_IDLE; /* the engine takes spec */
		if (app_submit(d->app, &d->spec, &err) == 0)
			app_status_error(d->app, "%s", err.message);
		else
			app_status(d->app, "%s: started; t shows the transfers", label.data);
		strbuf_deinit(&label);
	}
	strbuf_deinit(&to.path);
	drag_cancel(d);
}

static void move_to(struct drag *d, const struct mouse_event *m)
{
	bool has_moved = m->y != d->y || m->x != d->x;
	d->y = m->y;
	d->x = m->x;
	if (d->state == DRAG_PRESSED && has_moved && !begin(d))
		drag_cancel(d);
	if (d->state == DRAG_MOVING)
		app_set_timer(d->app, EDGE_MS);
}

/* --- clicks --- */

static void press_row(struct drag *d, int side, size_t row)
{
	struct pane *p = app_pane(d->app, side);
	uint32_t id = listing_row(pane_listing(p), row);
	int64_t now = time_mono_ms();
	cursor_to(pane_cursor(p), row);
	pane_note_cursor(p);
	bool is_second = d->clicked_side == side && d->clicked_id == id &&
			 now - d->clicked_ms <= DOUBLE_CLICK_MS;
	d->clicked_ms = now;
	d->clicked_side = is_second ? -1 : side;
	d->clicked_id = id;
	if (is_second) {
		drag_cancel(d);
		(void)command_run(d->app, app_top(d->app), ACTION_ENTER);
		return;
	}
	d->state = DRAG_PRESSED;
	d->side = side;
}

/* Rows between the one pressed and this one get the same mark. */
static void mark_to(struct drag *d, size_t row)
{
	struct pane *p = app_pane(d->app, d->side);
	struct listing *l = pane_listing(p);
	size_t from = d->row < row ? d->row : row, to = d->row < row ? row : d->row;
	for (size_t i = from; i <= to && i < listing_rows(l); i++) {
		uint32_t id = listing_row(l, i);
		if (id < LISTING_NONE)
			listing_mark(l, id, d->has_mark);
	}
	d->row = row;
	cursor_to(pane_cursor(p), row);
	pane_note_cursor(p);
}

static void press_right(struct drag *d, int side, size_t row)
{
	const struct listing *l = pane_listing(app_pane(d->app, side));
	uint32_t id = listing_row(l, row);
	d->state = DRAG_MARKING;
	d->side = side;
	d->row = row;
	d->has_mark = id >= LISTING_NONE || !listing_is_marked(l, id);
	mark_to(d, row);
}

static void sort_by(struct pane *p, enum listing_sort column)
{
	bool is_same = listing_sort(pane_listing(p)) == column;
	pane_set_sort(p, column, is_same && !listing_is_reversed(pane_listing(p)));
}

static void press(struct drag *d, const struct rect rects[2], const struct mouse_event *m)
{
	int side = side_at(rects, m->y, m->x);
	if (d->state != DRAG_IDLE) { /* another button lets it go */
		drag_cancel(d);
		return;
	}
	if (side < 0)
		return;
	struct pane *p = app_pane(d->app, side);
	struct pane_hit hit = pane_hit(p, rects[side], m->y, m->x);
	if (p != app_active(d->app))
		app_switch_panes(d->app);
	d->y = m->y;
	d->x = m->x;
	if (hit.part != PANE_ROW || m->button != MOUSE_LEFT)
		d->clicked_side = -1; /* what comes next is no second click */
	if (hit.part == PANE_HEADER && m->button == MOUSE_LEFT)
		sort_by(p, hit.column);
	else if (hit.part == PANE_ROW && m->button == MOUSE_LEFT)
		press_row(d, side, hit.row);
	else if (hit.part == PANE_ROW && m->button == MOUSE_RIGHT)
		press_right(d, side, hit.row);
}

static void scroll(struct drag *d, int side, long rows)
{
	struct pane *p = app_pane(d->app, side);
	cursor_set_rows(pane_cursor(p), listing_rows(pane_listing(p)));
	cursor_scroll(pane_cursor(p), rows);
	pane_note_cursor(p);
}

void drag_on_mouse(struct drag *d, const struct rect rects[2], const struct mouse_event *m)
{
	int side = side_at(rects, m->y, m->x);
	if (m->kind == MOUSE_WHEEL) {
		if (side >= 0)
			scroll(d, side, (long)m->wheel * MOUSE_WHEEL_ROWS);
	} else if (m->kind == MOUSE_PRESS) {
		press(d, rects, m);
	} else if (m->button == MOUSE_NO_BUTTON && m->kind == MOUSE_MOVE) {
		drag_cancel(d); /* it was released where the terminal could not see it */
	} else if (d->state == DRAG_MARKING) {
		struct pane_hit hit = {.part = PANE_FRAME};
		if (side == d->side)
			hit = pane_hit(app_pane(d->app, side), rects[side], m->y, m->x);
		if (hit.part == PANE_ROW && m->kind == MOUSE_MOVE)
			mark_to(d, hit.row);
		if (m->kind == MOUSE_RELEASE)
			drag_cancel(d);
	} else if (d->state != DRAG_IDLE) {
		move_to(d, m);
		if (m->kind == MOUSE_RELEASE && d->state == DRAG_MOVING)
			drop(d, rects);
		else if (m->kind == MOUSE_RELEASE)
			drag_cancel(d);
	}
}

bool drag_on_key(struct drag *d, ui_key key)
{
	if (d->state != DRAG_MOVING)
		return false;
	if (key == K_ESC)
		drag_cancel(d);
	else if (key == 'm')
		d->spec.kind = d->spec.kind == JOB_MOVE ? JOB_COPY : JOB_MOVE;
	return true;
}

void drag_on_timer(struct drag *d, const struct rect rects[2])
{
	if (d->state != DRAG_MOVING)
		return;
	int side = side_at(rects, d->y, d->x);
	if (side < 0)
		return;
	struct pane_hit hit = pane_hit(app_pane(d->app, side), rects[side], d->y, d->x);
	if (!hit.edge)
		return;
	scroll(d, side, hit.edge);
	app_set_timer(d->app, EDGE_MS);
	app_redraw(d->app);
}

/* --- screen --- */

void drag_show_target(struct drag *d, const struct rect rects[2])
{
	struct drop to;
	for (int side = 0; side < 2; side++)
		pane_light_up(app_pane(d->app, side), false, SIZE_MAX);
	if (d->state != DRAG_MOVING)
		return;
	aim(d, rects, &to);
	if (to.pane)
		pane_light_up(to.pane, true, to.row);
	strbuf_reset(&d->where);
	if (to.pane && pane_is_s3(to.pane))
		strbuf_add_str(&d->where, "s3://");
	text_sanitise(&d->where, strbuf_view(&to.path));
	strbuf_deinit(&to.path);
}

void drag_draw(const struct drag *d)
{
	if (d->state != DRAG_MOVING)
		return;
	struct strbuf text, cut;
	strbuf_init(&text);
	strbuf_init(&cut);
	strbuf_add_char(&text, ' ');
	add_label(d, &text);
	int room = LABEL_MAX - text_columns(strbuf_view(&text)) - 4;
	if (d->where.len) {
		text_cut_middle(&cut, strbuf_view(&d->where), room > 12 ? room : 12);
		strbuf_addf(&text, " %s %s ", glyph(GLYPH_ARROW), cut.data);
	} else {
		strbuf_addf(
			&text, ": m %s, Esc ends ", d->spec.kind == JOB_MOVE ? "copies" : "moves");
	}
	int w = text_columns(strbuf_view(&text));
	int x = d->x + 2, y = d->y + 1;
	if (x + w > screen_cols())
		x = screen_cols() > w ? screen_cols() - w : 0;
	if (y >= screen_rows())
		y = d->y > 0 ? d->y - 1 : 0;
	draw_text(y, x, screen_cols() - x, THEME_DRAG, strbuf_view(&text));
	strbuf_deinit(&cut);
	strbuf_deinit(&text);
}
