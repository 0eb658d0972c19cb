#include "ui/chooser.h"

#include "core/text.h"
#include "ui/fuzzy.h"

#include <stdio.h>
#include <stdlib.h>

enum { WIDTH_MAX = 76, TYPED_MAX = 256 };

struct row {
	char *text, *right, *match;
	int right_columns;
	bool is_gone;
};

struct hit {
	size_t row;
	int score;
};

struct chooser {
	struct view view;
	const struct chooser_ops *ops;
	void *arg;
	struct strbuf typed;
	struct row *rows;
	size_t row_count, capacity;
	struct hit *hits; /* as many as rows */
	struct cursor cursor;
};

static struct chooser *of(struct view *v)
{
	return (struct chooser *)v;
}

static int compare_hits(const void *a, const void *b)
{
	const struct hit *x = a, *y = b;
	if (x->score != y->score)
		return y->score - x->score;
	return (x->row > y->row) - (x->row < y->row);
}

/* The rows that fit what was typed, the best one first. */
static void narrow(struct chooser *c)
{
	size_t n = 0;
	for (size_t i = 0; i < c->row_count; i++) {
		int score = fuzzy_score(strbuf_view(&c->typed), sv(c->rows[i].match));
		if (score >= 0 && !c->rows[i].is_gone)
			c->hits[n++] = (struct hit){i, score};
	}
	if (n)
		qsort(c->hits, n, sizeof *c->hits, compare_hits);
	cursor_set_rows(&c->cursor, n);
}

static struct rect place(const struct chooser *c)
{
	int rows = screen_rows(), cols = screen_cols();
	int w = cols - 4 < WIDTH_MAX ? cols - 4 : WIDTH_MAX, h = rows - 4;
	if ((size_t)h > c->row_count + 3)
		h = (int)c->row_count + 3 > 6 ? (int)c->row_count + 3 : 6;
	return (struct rect){.y = (rows - h) / 2, .x = (cols - w) / 2, .h = h, .w = w};
}

/* Below what is typed. */
static struct rect place_list(const struct chooser *c)
{
	struct rect r = place(c);
	return (struct rect){.y = r.y + 2, .x = r.x + 2, .h = r.h - 3, .w = r.w - 4};
}

static void draw_row(const struct chooser *c, size_t hit, int y, int x, int w)
{
	const struct row *row = &c->rows[c->hits[hit].row];
	bool is_at = hit == c->cursor.at;
	enum theme_role role = is_at ? THEME_BUTTON_ACTIVE : THEME_DIALOG;
	int right = row->right_columns < w / 2 ? row->right_columns : w / 2;
	struct strbuf cut;
	strbuf_init(&cut);
	text_cut_middle(&cut, sv(row->text), w - 2 - right);
	draw_str(y, x, 1, role, is_at ? ">" : " ");
	draw_field(y, x + 1, w - 1 - right, role, strbuf_view(&cut));
	draw_right(y, x + w - right, right, is_at ? role : THEME_DIALOG_DIM, sv(row->right));
	strbuf_deinit(&cut);
}

static void draw(struct view *v)
{
	struct chooser *c = of(v);
	struct rect r = place(c), list = place_list(c);
	cursor_set_height(&c->cursor, (size_t)list.h);
	draw_fill(r, THEME_DIALOG);
	draw_frame(r, THEME_DIALOG_FRAME, c->ops->title, c->ops->hint);
	draw_field(r.y + 1, list.x, list.w, THEME_FIELD_ACTIVE, strbuf_view(&c->typed));
	draw_cursor_at(r.y + 1, list.x + text_columns(strbuf_view(&c->typed)));
	for (int i = 0; i < list.h && c->cursor.top + (size_t)i < c->cursor.rows; i++)
		draw_row(c, c->cursor.top + (size_t)i, list.y + i, list.x, list.w);
	if (!c->cursor.rows)
		draw_str(list.y, list.x + 1, list.w - 1, THEME_DIALOG_DIM, "nothing fits");
}

static void choose(struct chooser *c)
{
	struct app *app = c->view.app;
	if (!c->cursor.rows)
		return;
	app_close(app, &c->view);
	c->ops->choose(app, c->arg, c->hits[c->cursor.at].row);
}

static void remove_row(struct chooser *c)
{
	if (!c->ops->remove || !c->cursor.rows)
		return;
	size_t row = c->hits[c->cursor.at].row;
	c->rows[row].is_gone = c->ops->remove(c->view.app, c->arg, row);
	narrow(c);
}

static void type(struct chooser *c, struct strview text)
{
	if (c->typed.len + text.len <= TYPED_MAX)
		strbuf_add_sv(&c->typed, text);
}

static bool on_key(struct view *v, const struct input_event *in)
{
	struct chooser *c = of(v);
	char utf8[4];
	if (in->kind == INPUT_TEXT) {
		type(c, sv_n(in->text.data, sv_find(in->text, '\n')));
		narrow(c);
		return true;
	}
	switch (in->key) {
	case K_UP:
		cursor_move(&c->cursor, -1);
		return true;
	case K_DOWN:
		cursor_move(&c->cursor, 1);
		return true;
	case K_PGUP:
		cursor_page(&c->cursor, -1);
		return true;
	case K_PGDN:
		cursor_page(&c->cursor, 1);
		return true;
	case K_ENTER:
		choose(c);
		return true;
	case K_DELETE:
		remove_row(c);
		return true;
	case K_BACKSPACE:
		utf8_drop_last(&c->typed);
		break;
	case K_CTRL | 'u':
		strbuf_reset(&c->typed);
		break;
	default:
		if (!key_is_text(in->key))
			return false;
		type(c, sv_n(utf8, key_utf8(in->key, utf8)));
	}
	narrow(c);
	cursor_top(&c->cursor);
	return true;
}

static void on_mouse(struct view *v, const struct mouse_event *m)
{
	struct chooser *c = of(v);
	struct rect list = place_list(c);
	size_t hit = c->cursor.top + (size_t)(m->y - list.y);
	if (m->kind == MOUSE_WHEEL)
		cursor_scroll(&c->cursor, (long)m->wheel * MOUSE_WHEEL_ROWS);
	if (m->kind != MOUSE_PRESS || m->button != MOUSE_LEFT || m->y < list.y ||
		m->y >= list.y + list.h || m->x < list.x || m->x >= list.x + list.w ||
		hit >= c->cursor.rows)
		return;
	cursor_to(&c->cursor, hit);
	choose(c);
}

static void destroy(struct view *v)
{
	struct chooser *c = of(v);
	if (c->ops->free_arg)
		c->ops->free_arg(c->arg);
	for (size_t i = 0; i < c->row_count; i++) {
		free(c->rows[i].text);
		free(c->rows[i].right);
		free(c->rows[i].match);
	}
	free(c->rows);
	free(c->hits);
	strbuf_deinit(&c->typed);
	free(c);
}

static const struct view_ops ops = {
	.context = CTX_DIALOG,
	.draw = draw,
	.on_key = on_key,
	.on_action = app_dismiss,
	.on_mouse = on_mouse,
	.destroy = destroy,
};

struct chooser *chooser_new(const struct chooser_ops *chooser_ops, void *arg)
{
	struct chooser *c = s3t_alloc(sizeof *c);
	c->view.ops = &ops;
	c->ops = chooser_ops;
	c->arg = arg;
	strbuf_init_cap(&c->typed, TYPED_MAX + 8);
	return c;
}

void chooser_add(struct chooser *c, const char *text, const char *right, const char *hidden)
{
	if (c->row_count == c->capacity) {
		c->capacity = c->capacity ? c->capacity * 2 : 64;
		struct row *more = realloc(c->rows, c->capacity * sizeof *more);
		if (!more)
			s3t_oom();
		c->rows = more;
	}
	struct row *row = &c->rows[c->row_count++];
	*row = (struct row){.text = text_sanitised(sv(text)),
		.right = text_sanitised(sv(right)),
		.match = s3t_asprintf("%s %s", text, hidden)};
	row->right_columns = text_columns(sv(row->right));
}

void chooser_open(struct app *app, struct chooser *c)
{
	c->hits = s3t_alloc((c->row_count ? c->row_count : 1) * sizeof *c->hits);
	narrow(c);
	app_push(app, &c->view);
}
