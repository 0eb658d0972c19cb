#include "ui/palette.h"

#include "core/text.h"
#include "ui/fuzzy.h"

#include <stdio.h>
#include <stdlib.h>

enum { WIDTH_MAX = 76, KEYS_W = 20 };

struct palette {
	struct view view;
	struct view *over;
	struct strbuf typed;
	struct {
		enum action action;
		int score;
	} rows[ACTION_COUNT];
	struct cursor cursor;
};

static struct palette *of(struct view *v)
{
	return (struct palette *)v;
}

static int compare(const struct palette *p, size_t a, size_t b)
{
	int order = p->rows[b].score - p->rows[a].score;
	return order ? order : (int)p->rows[a].action - (int)p->rows[b].action;
}

/* The actions that fit what was typed, the best one first. */
static void choose(struct palette *p)
{
	size_t n = 0;
	for (enum action a = 0; a < ACTION_COUNT; a++) {
		const struct action_info *info = action_info(a);
		char text[128];
		if (!(info->contexts & p->over->ops->context) || a == ACTION_PALETTE)
			continue;
		snprintf(text, sizeof text, "%s %s", info->name, info->help);
		int score = fuzzy_score(strbuf_view(&p->typed), sv(text));
		if (score < 0)
			continue;
		size_t at = n++;
		p->rows[at].action = a;
		p->rows[at].score = score;
		for (; at && compare(p, at, at - 1) < 0; at--) {
			enum action other = p->rows[at - 1].action;
			int others = p->rows[at - 1].score;
			p->rows[at - 1].action = a;
			p->rows[at - 1].score = score;
			p->rows[at].action = other;
			p->rows[at].score = others;
		}
	}
	cursor_set_rows(&p->cursor, n);
	cursor_top(&p->cursor);
}

static struct rect place(void)
{
	int rows = screen_rows(), cols = screen_cols();
	int w = cols - 4 < WIDTH_MAX ? cols - 4 : WIDTH_MAX, h = rows - 4;
	return (struct rect){.y = 2, .x = (cols - w) / 2, .h = h, .w = w};
}

static void draw_row(const struct palette *p, size_t row, int y, int x, int w)
{
	enum action action = p->rows[row].action;
	bool is_at = row == p->cursor.at;
	struct strbuf keys;
	strbuf_init(&keys);
	keymap_keys(app_keymap(p->view.app), action, &keys);
	enum theme_role role = is_at ? THEME_BUTTON_ACTIVE : THEME_DIALOG;
	draw_str(y, x, 1, role, is_at ? ">" : " ");
	draw_field(y, x + 1, w - 1 - KEYS_W, role, sv(action_info(action)->help));
	draw_right(y, x + w - KEYS_W, KEYS_W, is_at ? role : THEME_DIALOG_DIM, strbuf_view(&keys));
	strbuf_deinit(&keys);
}

static void draw(struct view *v)
{
	struct palette *p = of(v);
	struct rect r = place();
	struct rect list = {.y = r.y + 2, .x = r.x + 2, .h = r.h - 3, .w = r.w - 4};
	char foot[48];
	cursor_set_height(&p->cursor, (size_t)list.h);
	snprintf(foot, sizeof foot, "%zu actions", p->cursor.rows);
	draw_fill(r, THEME_DIALOG);
	draw_frame(r, THEME_DIALOG_FRAME, "What is to be done?", foot);
	draw_field(r.y + 1, list.x, list.w, THEME_FIELD_ACTIVE, strbuf_view(&p->typed));
	draw_cursor_at(r.y + 1, list.x + text_columns(strbuf_view(&p->typed)));
	for (int i = 0; i < list.h && p->cursor.top + (size_t)i < p->cursor.rows; i++)
		draw_row(p, p->cursor.top + (size_t)i, list.y + i, list.x, list.w);
}

static void run(struct palette *p)
{
	if (!p->cursor.rows)
		return;
	enum action action = p->rows[p->cursor.at].action;
	app_close(p->view.app, &p->view);
	app_run(p->view.app, p->over, action);
}

static bool on_key(struct view *v, const struct input_event *in)
{
	struct palette *p = of(v);
	char utf8[4];
	if (in->kind != INPUT_KEY)
		return true;
	switch (in->key) {
	case K_UP:
		cursor_move(&p->cursor, -1);
		return true;
	case K_DOWN:
		cursor_move(&p->cursor, 1);
		return true;
	case K_PGUP:
		cursor_page(&p->cursor, -1);
		return true;
	case K_PGDN:
		cursor_page(&p->cursor, 1);
		return true;
	case K_ENTER:
		run(p);
		return true;
	case K_BACKSPACE:
		utf8_drop_last(&p->typed);
		break;
	default:
		if (!key_is_text(in->key))
			return false;
		if (p->typed.len < 60)
			strbuf_add(&p->typed, utf8, key_utf8(in->key, utf8));
	}
	choose(p);
	return true;
}

static bool on_action(struct view *v, enum action action)
{
	if (action == ACTION_DISMISS)
		app_close(v->app, v);
	return action == ACTION_DISMISS;
}

static void on_mouse(struct view *v, const struct mouse_event *m)
{
	struct palette *p = of(v);
	struct rect r = place();
	size_t row = p->cursor.top + (size_t)(m->y - r.y - 2);
	if (m->kind == MOUSE_WHEEL)
		cursor_scroll(&p->cursor, 3L * m->wheel);
	if (m->kind != MOUSE_PRESS || m->button != MOUSE_LEFT || m->y < r.y + 2 ||
		m->y >= r.y + r.h - 1 || m->x <= r.x || m->x >= r.x + r.w - 1 ||
		row >= p->cursor.rows)
		return;
	cursor_to(&p->cursor, row);
	run(p);
}

static void destroy(struct view *v)
{
	strbuf_deinit(&of(v)->typed);
	free(v);
}

static const struct view_ops ops = {
	.context = CTX_DIALOG,
	.draw = draw,
	.on_key = on_key,
	.on_action = on_action,
	.on_mouse = on_mouse,
	.destroy = destroy,
};

void palette_open(struct app *app, struct view *over)
{
	struct palette *p = s3t_alloc(sizeof *p);
	p->view.ops = &ops;
	p->over = over;
	strbuf_init(&p->typed);
	choose(p);
	app_push(app, &p->view);
}
