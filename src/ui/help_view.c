#include "ui/help_view.h"

#include "core/text.h"
#include "ui/app.h"

#include <stdlib.h>

enum { LINES_MAX = 200, KEYS_W = 24 };

struct line {
	char *keys, *text; /* keys NULL: text over the whole width */
	enum theme_role role;
};

struct help_view {
	struct view view;
	struct line lines[LINES_MAX];
	size_t count;
	size_t shown[LINES_MAX], shown_count; /* those that have `text` in them */
	bool is_typing;
	struct strbuf text;
	struct cursor cursor; /* top is what counts */
};

static void add(struct help_view *h, enum theme_role role, char *keys, const char *text)
{
	if (h->count == LINES_MAX) {
		free(keys);
		return;
	}
	h->lines[h->count++] = (struct line){keys, s3t_strdup(text), role};
}

static void add_text(struct help_view *h, const char *text)
{
	for (struct strview rest = sv(text); rest.len;) {
		size_t n = sv_find(rest, '\n');
		char *line = s3t_strndup(rest.data, n);
		add(h, THEME_NORMAL, NULL, line);
		free(line);
		rest = sv_from(rest, n + 1);
	}
}

static void add_actions(
	struct help_view *h, const struct keymap *map, unsigned context, const char *title)
{
	add(h, THEME_NORMAL, NULL, "");
	add(h, THEME_HEADER, NULL, title);
	for (unsigned a = 0; a < ACTION_COUNT; a++) {
		const struct action_info *info = action_info((enum action)a);
		struct strbuf keys;
		if (!(info->contexts & context) ||
			(context != CTX_BROWSER && info->contexts & CTX_BROWSER))
			continue;
		strbuf_init(&keys);
		keymap_keys(map, (enum action)a, &keys);
		add(h, THEME_NORMAL, strbuf_take(&keys), info->help);
	}
}

static void fill(struct help_view *h, const struct app *app)
{
	const struct ui_options *o = app_options(app);
	const struct keymap *map = app_keymap(app);
	if (o->is_demo) {
		add(h, THEME_DEMO, NULL, " DEMO ");
		add(h, THEME_NORMAL, NULL,
			"This is a small S3 server inside of the program. Everything vanishes when "
			"you leave.");
		add_text(h, o->demo_text ? o->demo_text : "");
		add(h, THEME_NORMAL, NULL, "");
	}
	add(h, THEME_NORMAL, NULL,
		"All keys can be changed in s3tui.ini, section [keys]: copy = F5 Ctrl-P");
	add_actions(h, map, CTX_BROWSER, "Panes");
	add_actions(h, map, CTX_TRANSFERS, "Transfers");
	add_actions(h, map, CTX_VIEWER, "Viewer");
	add_actions(h, map, CTX_HELP, "Help");
	add_actions(h, map, CTX_SIZES, "Sizes");
	add_actions(h, map, CTX_LOG, "Calls");
	add_actions(h, map, CTX_METRICS, "Metrics");
	add_actions(h, map, CTX_DIALOG, "Dialogs");
	add(h, THEME_NORMAL, s3t_strdup("Tab Up Down Enter"),
		"from field to field; Space chooses; Enter does it");
	add(h, THEME_NORMAL, s3t_strdup("Ctrl-Z"), "suspend; fg goes on");
}

/* Headings are left out where something is looked for. */
static void narrow(struct help_view *h)
{
	struct strview text = strbuf_view(&h->text);
	h->shown_count = 0;
	for (size_t i = 0; i < h->count; i++) {
		const struct line *l = &h->lines[i];
		bool is_heading = l->role == THEME_HEADER || !l->text[0];
		if (text.len &&
			(is_heading || !(sv_contains_nocase(sv(l->text), text) ||
					       (l->keys && sv_contains_nocase(sv(l->keys), text)))))
			continue;
		h->shown[h->shown_count++] = i;
	}
	cursor_set_rows(&h->cursor, h->shown_count);
}

/* Whether the key was part of typing what is looked for. */
static bool on_key(struct view *v, const struct input_event *in)
{
	struct help_view *h = (struct help_view *)v;
	char utf8[4];
	if (!h->is_typing)
		return false;
	if (in->kind == INPUT_TEXT)
		strbuf_add(&h->text, in->text.data, sv_find(in->text, '\n'));
	else if (in->key == K_BACKSPACE)
		utf8_drop_last(&h->text);
	else if (in->key == K_ENTER)
		h->is_typing = false;
	else if (key_is_text(in->key))
		strbuf_add(&h->text, utf8, key_utf8(in->key, utf8));
	else
		return false;
	narrow(h);
	cursor_scroll(&h->cursor, -(long)h->count);
	return true;
}

/* Esc takes away what was looked for, and then the help. */
static void close_or_show_all(struct help_view *h)
{
	if (!h->is_typing && !h->text.len) {
		app_close(h->view.app, &h->view);
		return;
	}
	h->is_typing = false;
	strbuf_reset(&h->text);
	narrow(h);
}

static void draw(struct view *v)
{
	struct help_view *h = (struct help_view *)v;
	struct rect r = {0, 0, screen_rows(), screen_cols()};
	struct strbuf foot;
	strbuf_init(&foot);
	if (h->is_typing || h->text.len) {
		strbuf_add_char(&foot, '/');
		text_sanitise(&foot, strbuf_view(&h->text));
	} else {
		keymap_hint(app_keymap(v->app), ACTION_HELP_FIND, "find", &foot);
		keymap_hint(app_keymap(v->app), ACTION_CLOSE, "back", &foot);
	}
	draw_frame(r, THEME_FRAME_ACTIVE, "Help", foot.data);
	if (h->is_typing)
		draw_cursor_at(r.h - 1, 2 + text_columns(strbuf_view(&foot)));
	strbuf_deinit(&foot);
	cursor_set_height(&h->cursor, (size_t)(r.h - 2));
	for (int i = 0; i < r.h - 2; i++) {
		size_t at = h->cursor.top + (size_t)i;
		struct rect row = {r.y + 1 + i, 1, 1, r.w - 2};
		draw_fill(row, THEME_NORMAL);
		if (at >= h->shown_count)
			continue;
		const struct line *l = &h->lines[h->shown[at]];
		if (!l->keys) {
			draw_str(row.y, 2, r.w - 4, l->role, l->text);
			continue;
		}
		draw_str(row.y, 4, KEYS_W, THEME_OK, l->keys);
		draw_str(row.y, 4 + KEYS_W + 1, r.w - KEYS_W - 7, l->role, l->text);
	}
}

static bool on_action(struct view *v, enum action action)
{
	struct help_view *h = (struct help_view *)v;
	struct cursor *c = &h->cursor;
	/* the page moves, not a cursor */
	long page = c->height > 1 ? (long)c->height - 1 : 1, all = (long)h->shown_count;
	switch (action) {
	case ACTION_UP:
		cursor_scroll(c, -1);
		return true;
	case ACTION_DOWN:
		cursor_scroll(c, 1);
		return true;
	case ACTION_PAGE_UP:
		cursor_scroll(c, -page);
		return true;
	case ACTION_PAGE_DOWN:
		cursor_scroll(c, page);
		return true;
	case ACTION_TOP:
		cursor_scroll(c, -all);
		return true;
	case ACTION_BOTTOM:
		cursor_scroll(c, all);
		return true;
	case ACTION_HELP_FIND:
		h->is_typing = true;
		return true;
	case ACTION_CLOSE:
		close_or_show_all(h);
		return true;
	default:
		return false;
	}
}

static void on_mouse(struct view *v, const struct mouse_event *m)
{
	if (m->kind == MOUSE_WHEEL)
		cursor_scroll(&((struct help_view *)v)->cursor, (long)m->wheel * MOUSE_WHEEL_ROWS);
}

static void destroy(struct view *v)
{
	struct help_view *h = (struct help_view *)v;
	for (size_t i = 0; i < h->count; i++) {
		free(h->lines[i].keys);
		free(h->lines[i].text);
	}
	strbuf_deinit(&h->text);
	free(h);
}

static const struct view_ops ops = {
	.context = CTX_HELP,
	.is_opaque = true,
	.draw = draw,
	.on_key = on_key,
	.on_action = on_action,
	.on_mouse = on_mouse,
	.destroy = destroy,
};

void help_view_open(struct app *app)
{
	struct help_view *h = s3t_alloc(sizeof *h);
	h->view.ops = &ops;
	strbuf_init_cap(&h->text, 256);
	fill(h, app);
	narrow(h);
	app_push(app, &h->view);
}
