#include "ui/browser.h"

#include "core/text.h"
#include "ui/app.h"
#include "ui/commands.h"
#include "ui/dialogs.h"
#include "ui/drag.h"
#include "ui/strip.h"

#include <stdlib.h>
#include <string.h>

struct browser {
	struct view view;
	bool is_filtering, is_jumping, was_welcomed;
	struct strbuf jump; /* what was typed of the name */
	struct drag *drag;  /* made with the first event of the mouse */
};

static struct browser *of(struct view *v)
{
	return (struct browser *)v;
}

/* --- filter as you type --- */

void browser_start_filter(struct view *v)
{
	of(v)->is_filtering = true;
}

static void set_filter(struct app *app, const struct strbuf *text)
{
	struct pane *p = app_active(app);
	pane_set_filter(p, strbuf_view(text));
	(void)pane_work(p);
}

/* Whether the key was part of typing the filter. */
static bool filter_key(struct browser *b, const struct input_event *in)
{
	struct app *app = b->view.app;
	struct strbuf text;
	strbuf_init_cap(&text, 1024);
	strbuf_add_sv(&text, listing_filter(pane_listing(app_active(app))));
	bool handled = true;
	if (in->kind == INPUT_TEXT) {
		strbuf_add(&text, in->text.data, sv_find(in->text, '\n'));
	} else if (key_is_text(in->key)) {
		char utf8[4];
		strbuf_add(&text, utf8, key_utf8(in->key, utf8));
	} else if (in->key == K_BACKSPACE) {
		b->is_filtering = text.len > 0;
		utf8_drop_last(&text);
	} else if (in->key == K_ESC) {
		strbuf_reset(&text);
		b->is_filtering = false;
	} else if (in->key == K_ENTER) {
		b->is_filtering = false;
	} else {
		handled = false; /* moving goes on, and typing too */
		b->is_filtering = in->key != K_TAB;
	}
	if (handled && !sv_eq(strbuf_view(&text), listing_filter(pane_listing(app_active(app)))))
		set_filter(app, &text);
	strbuf_deinit(&text);
	return handled;
}

/* --- to a name --- */

void browser_start_jump(struct view *v)
{
	of(v)->is_jumping = true;
	strbuf_reset(&of(v)->jump);
}

static void jump(struct browser *b)
{
	struct pane *p = app_active(b->view.app);
	size_t row = b->jump.len ? listing_row_with(pane_listing(p), strbuf_view(&b->jump)) : 0;
	if (row >= listing_rows(pane_listing(p)))
		return; /* it stays where the name is no more, or not yet */
	cursor_set_rows(pane_cursor(p), listing_rows(pane_listing(p)));
	cursor_to(pane_cursor(p), row);
	pane_note_cursor(p);
}

/* Whether the key was part of typing the name. Others end it, and do what they do. */
static bool jump_key(struct browser *b, const struct input_event *in)
{
	char utf8[4];
	if (in->kind == INPUT_TEXT) {
		strbuf_add(&b->jump, in->text.data, sv_find(in->text, '\n'));
	} else if (key_is_text(in->key)) {
		strbuf_add(&b->jump, utf8, key_utf8(in->key, utf8));
	} else if (in->key == K_BACKSPACE && b->jump.len) {
		utf8_drop_last(&b->jump);
	} else {
		b->is_jumping = false;
		return in->key == K_ESC || in->key == K_BACKSPACE;
	}
	jump(b);
	return true;
}

static bool on_key(struct view *v, const struct input_event *in)
{
	if (of(v)->drag && in->kind == INPUT_KEY && drag_on_key(of(v)->drag, in->key))
		return true;
	if (of(v)->is_filtering)
		return filter_key(of(v), in);
	if (of(v)->is_jumping)
		return jump_key(of(v), in);
	return in->kind != INPUT_KEY;
}

static bool on_action(struct view *v, enum action action)
{
	if (action != ACTION_UP && action != ACTION_DOWN && action != ACTION_PAGE_UP &&
		action != ACTION_PAGE_DOWN && action != ACTION_TOP && action != ACTION_BOTTOM)
		of(v)->is_filtering = false;
	of(v)->is_jumping = false;
	return command_run(v->app, v, action);
}

/* --- screen --- */

static void draw_status(struct browser *b, int y, int w)
{
	struct app *app = b->view.app;
	struct strbuf text;
	strbuf_init(&text);
	bool is_error;
	const char *status = app_status_text(app, &is_error);
	draw_fill((struct rect){y, 0, 1, w}, THEME_STATUS);
	if (status[0]) {
		text_cut_middle(&text, sv(status), w - 2);
		draw_text(y, 1, w - 2, is_error ? THEME_STATUS_ERROR : THEME_STATUS,
			strbuf_view(&text));
	} else if (b->is_filtering) {
		struct strview filter = listing_filter(pane_listing(app_active(app)));
		int at = draw_str(y, 1, 1, THEME_HEADER, "/");
		at += draw_text(y, 1 + at, w - 3, THEME_STATUS, filter);
		draw_cursor_at(y, 1 + at);
	} else if (b->is_jumping) {
		int at = draw_str(y, 1, 1, THEME_HEADER, "'");
		at += draw_text(y, 1 + at, w - 3, THEME_STATUS, strbuf_view(&b->jump));
		draw_cursor_at(y, 1 + at);
	} else {
		pane_describe(app_active(app), w - 2, &text);
		draw_text(y, 1, w - 2, THEME_STATUS, strbuf_view(&text));
	}
	strbuf_deinit(&text);
}

/* Rows from the top: the panes, the status line, the strip while there is work, the keys. */
struct layout {
	struct rect panes[2];
	int status, strip, keys; /* strip: -1: none */
};

static struct layout lay_out(const struct app *app)
{
	int rows = screen_rows(), cols = screen_cols(), half = cols / 2;
	bool has_strip = app_progress(app)->is_busy;
	int h = rows - 2 - has_strip;
	return (struct layout){.panes = {{0, 0, h, half}, {0, half, h, cols - half}},
		.status = h,
		.strip = has_strip ? h + 1 : -1,
		.keys = rows - 1};
}

static void draw(struct view *v)
{
	struct app *app = v->app;
	struct drag *drag = of(v)->drag;
	struct layout l = lay_out(app);
	int cols = screen_cols();
	if (drag && app_top(app) != v)
		drag_cancel(drag);
	if (drag)
		drag_show_target(drag, l.panes);
	for (int side = 0; side < 2; side++) {
		struct pane *p = app_pane(app, side);
		pane_draw(p, l.panes[side], p == app_active(app));
	}
	draw_status(of(v), l.status, cols);
	if (l.strip >= 0)
		strip_draw(app_progress(app), l.strip, cols);
	strip_draw_keys(app, CTX_BROWSER, l.keys);
	if (drag)
		drag_draw(drag);
}

/* --- mouse --- */

static void on_mouse(struct view *v, const struct mouse_event *m)
{
	struct app *app = v->app;
	struct layout l = lay_out(app);
	bool is_click = m->kind == MOUSE_PRESS && m->button == MOUSE_LEFT;
	if (!of(v)->drag)
		of(v)->drag = drag_new(app);
	if (is_click && m->y == l.keys)
		app_run(app, v, strip_key_at(app, CTX_BROWSER, m->x));
	else if (is_click && m->y == l.strip)
		app_run(app, v, ACTION_TRANSFERS);
	else
		drag_on_mouse(of(v)->drag, l.panes, m);
}

static void on_timer(struct view *v)
{
	if (of(v)->drag && app_top(v->app) == v)
		drag_on_timer(of(v)->drag, lay_out(v->app).panes);
}

static bool on_list(struct view *v, struct lister_event *e)
{
	for (int side = 0; side < 2; side++) {
		struct pane *p = app_pane(v->app, side);
		size_t before = listing_totals(pane_listing(p)).entries;
		bool has_no_keys =
			e->err.rc == S3T_CREDENTIALS && strcmp(e->err.code, CREDS_NONE) == 0;
		if (!pane_on_list(p, e))
			continue;
		/* first rows and the end at once, what is between ten times a second */
		if (has_no_keys && !of(v)->was_welcomed) {
			of(v)->was_welcomed = true;
			dialog_welcome_open(v->app);
		}
		if (before == 0 || e->done)
			app_redraw(v->app);
		else
			app_redraw_soon(v->app);
		return true;
	}
	return false;
}

static bool work(struct view *v)
{
	bool more = false;
	for (int side = 0; side < 2; side++) {
		struct pane *p = app_pane(v->app, side);
		unsigned before = listing_generation(pane_listing(p));
		more = pane_work(p) || more;
		if (before != listing_generation(pane_listing(p)) || more)
			app_redraw_soon(v->app);
	}
	return more;
}

static void destroy(struct view *v)
{
	drag_free(of(v)->drag);
	strbuf_deinit(&of(v)->jump);
	free(v);
}

static const struct view_ops ops = {
	.context = CTX_BROWSER,
	.is_opaque = true,
	.draw = draw,
	.on_key = on_key,
	.on_action = on_action,
	.on_mouse = on_mouse,
	.on_timer = on_timer,
	.on_list = on_list,
	.work = work,
	.destroy = destroy,
};

struct view *browser_new(void)
{
	struct browser *b = s3t_alloc(sizeof *b);
	b->view.ops = &ops;
	strbuf_init_cap(&b->jump, 1024);
	return &b->view;
}
