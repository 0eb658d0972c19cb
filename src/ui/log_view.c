/*
 * Rows are numbers of records in the app's call log; only those that are seen are copied from it.
 * The cursor stays on its record, or, on the last one, with what comes.
 */
#include "ui/log_view.h"

#include "core/text.h"
#include "core/timeutil.h"
#include "ui/app.h"
#include "ui/clipboard.h"
#include "ui/dialogs.h"

#include <stdio.h>
#include <stdlib.h>

enum { LOOK_MS = 250, TIME_W = 8, METHOD_W = 6, STATUS_W = 6, MS_W = 9, TRY_W = 3 };

struct log_view {
	struct view view;
	uint64_t begin, end; /* what the log had when it was looked at */
	struct cursor cursor;
};

static struct log_view *of(struct view *v)
{
	return (struct log_view *)v;
}

static void look(struct log_view *l)
{
	struct call_log *log = app_call_log(l->view.app);
	bool is_last = l->cursor.at + 1 >= l->cursor.rows;
	uint64_t at = l->begin + l->cursor.at, begin = call_log_begin(log);
	l->end = call_log_end(log);
	l->begin = begin < l->end ? begin : l->end;
	cursor_set_rows(&l->cursor, (size_t)(l->end - l->begin));
	if (is_last)
		cursor_bottom(&l->cursor);
	else
		cursor_follow(&l->cursor, at > l->begin ? (size_t)(at - l->begin) : 0);
}

static void on_timer(struct view *v)
{
	struct log_view *l = of(v);
	if (call_log_end(app_call_log(v->app)) != l->end)
		app_redraw_soon(v->app);
	app_set_timer(v->app, LOOK_MS);
}

/* --- screen --- */

static bool is_failure(const struct call_record *r)
{
	return r->rc != S3T_OK && r->rc != S3T_CANCELLED;
}

/* What was asked for comes first, the host behind it. */
static void add_address(const char *url, struct strbuf *out)
{
	struct strview rest = sv(url);
	for (int slashes = 0; slashes < 2; slashes++)
		rest = sv_from(rest, sv_find(rest, '/') + 1);
	size_t host = sv_find(rest, '/');
	text_sanitise(out, sv_n(rest.data + host, rest.len - host));
	strbuf_add_str(out, "  ");
	text_sanitise(out, sv_n(rest.data, host));
}

static void draw_row(const struct call_record *r, int y, int w, bool is_cursor)
{
	enum theme_role role = is_cursor         ? THEME_CURSOR
			       : is_failure(r)   ? THEME_ERROR
			       : r->rc == S3T_OK ? THEME_NORMAL
						 : THEME_DIM;
	char when[32], status[16], ms[24], tries[16] = "";
	struct strbuf url, cut;
	strbuf_init(&url);
	strbuf_init(&cut);
	time_format_local(r->when_s, true, when);
	snprintf(status, sizeof status, r->status ? "%d" : "none", r->status);
	snprintf(ms, sizeof ms, "%.1f ms", (double)r->total_us / 1000);
	if (r->try_number > 1)
		snprintf(tries, sizeof tries, "#%u", r->try_number);
	add_address(r->url, &url);
	draw_fill((struct rect){y, 1, 1, w - 2}, role);
	int x = 2;
	draw_right(y, x, TIME_W, role, sv(when + 11));
	x += TIME_W + 1;
	draw_str(y, x, METHOD_W, role, r->method);
	x += METHOD_W + 1;
	draw_str(y, x, STATUS_W, role, r->rc == S3T_CANCELLED ? "ended" : status);
	x += STATUS_W;
	draw_right(y, x, MS_W, role, sv(ms));
	x += MS_W + 1;
	draw_str(y, x, TRY_W, role, tries);
	x += TRY_W + 1;
	text_cut_middle(&cut, strbuf_view(&url), w - 2 - x);
	draw_text(y, x, w - 2 - x, role, strbuf_view(&cut));
	strbuf_deinit(&url);
	strbuf_deinit(&cut);
}

/* What a row has no room for. */
static void describe(const struct call_record *r, struct strbuf *out)
{
	char size[TEXT_SIZE_MAX];
	text_size(r->body_size, size);
	strbuf_addf(out, "first byte %.1f ms", (double)r->first_byte_us / 1000);
	if (r->body_size)
		strbuf_addf(out, ", sent %s", size);
	if (r->request_id[0]) {
		strbuf_add_str(out, ", request ");
		text_sanitise(out, sv(r->request_id));
	}
	if (r->code[0]) {
		strbuf_add_str(out, ", ");
		text_sanitise(out, sv(r->code));
	}
	if (r->message[0]) {
		strbuf_add_str(out, ": ");
		text_sanitise(out, sv(r->message));
	}
}

static void draw_status(struct log_view *l, int y, int w)
{
	bool is_error;
	const char *status = app_status_text(l->view.app, &is_error);
	struct call_record r;
	struct strbuf text, cut;
	strbuf_init(&text);
	strbuf_init(&cut);
	if (status[0]) {
		strbuf_add_str(&text, status);
	} else if (call_log_get(app_call_log(l->view.app), l->begin + l->cursor.at, &r)) {
		describe(&r, &text);
		call_record_deinit(&r);
	}
	text_cut_middle(&cut, strbuf_view(&text), w);
	draw_field(y, 1, w, status[0] && is_error ? THEME_STATUS_ERROR : THEME_STATUS,
		strbuf_view(&cut));
	strbuf_deinit(&text);
	strbuf_deinit(&cut);
}

static void draw(struct view *v)
{
	struct log_view *l = of(v);
	const struct keymap *map = app_keymap(v->app);
	struct rect r = {0, 0, screen_rows() - 1, screen_cols()};
	char title[64], count[32];
	struct strbuf keys;
	strbuf_init(&keys);
	look(l);
	text_count(l->end, count);
	snprintf(title, sizeof title, "Calls %s %s since the start", glyph(GLYPH_DOT), count);
	keymap_hint(map, ACTION_LOG_CURL, "copy as curl", &keys);
	keymap_hint(map, ACTION_LOG_DETAILS, "details", &keys);
	keymap_hint(map, ACTION_CLOSE, "back", &keys);
	draw_frame(r, THEME_FRAME_ACTIVE, title, keys.data);
	strbuf_deinit(&keys);
	draw_fill((struct rect){1, 1, r.h - 2, r.w - 2}, THEME_NORMAL);
	cursor_set_height(&l->cursor, (size_t)(r.h - 2));
	for (int i = 0; i < r.h - 2 && l->cursor.top + (size_t)i < l->cursor.rows; i++) {
		size_t row = l->cursor.top + (size_t)i;
		struct call_record record;
		if (!call_log_get(app_call_log(v->app), l->begin + row, &record))
			continue;
		draw_row(&record, 1 + i, r.w, row == l->cursor.at);
		call_record_deinit(&record);
	}
	if (!l->cursor.rows)
		draw_str(2, 3, r.w - 6, THEME_DIM, "nothing was asked of a server yet");
	draw_status(l, r.h, r.w - 2);
}

/* --- keys --- */

static void copy_curl(struct log_view *l, const struct call_record *r)
{
	struct strbuf command;
	strbuf_init(&command);
	call_record_curl(r, &command);
	enum clipboard_way way = clipboard_set(strbuf_view(&command));
	app_status(l->view.app, "curl takes the keys from AWS_... variables; %s",
		clipboard_sentence(way));
	strbuf_deinit(&command);
}

static void show_details(struct log_view *l, const struct call_record *r)
{
	char when[32];
	struct strbuf text;
	strbuf_init(&text);
	time_format_local(r->when_s, true, when);
	strbuf_addf(&text, "%s %s\n", r->method, r->url);
	strbuf_addf(&text, "%s, try %u, answer %d after %.1f ms\n", when, r->try_number, r->status,
		(double)r->total_us / 1000);
	describe(r, &text);
	strbuf_addf(&text, "\n\n%s\n", r->headers);
	call_record_curl(r, &text);
	dialog_message_open(l->view.app, "Call", text.data);
	strbuf_deinit(&text);
}

static bool on_action(struct view *v, enum action action)
{
	struct log_view *l = of(v);
	struct call_record r;
	look(l);
	switch (action) {
	case ACTION_LOG_CURL:
	case ACTION_LOG_DETAILS:
		if (!call_log_get(app_call_log(v->app), l->begin + l->cursor.at, &r))
			return true;
		if (action == ACTION_LOG_CURL)
			copy_curl(l, &r);
		else
			show_details(l, &r);
		call_record_deinit(&r);
		return true;
	case ACTION_CLOSE:
		app_close(v->app, v);
		return true;
	default:
		return cursor_act(&l->cursor, action);
	}
}

static void on_mouse(struct view *v, const struct mouse_event *m)
{
	struct log_view *l = of(v);
	size_t row = l->cursor.top + (size_t)(m->y - 1);
	if (m->kind == MOUSE_WHEEL)
		cursor_scroll(&l->cursor, (long)m->wheel * MOUSE_WHEEL_ROWS);
	else if (m->kind == MOUSE_PRESS && m->button == MOUSE_LEFT && m->y >= 1 &&
		 m->y <= (int)l->cursor.height && row < l->cursor.rows)
		cursor_to(&l->cursor, row);
}

static void destroy(struct view *v)
{
	free(v);
}

static const struct view_ops ops = {
	.context = CTX_LOG,
	.is_opaque = true,
	.draw = draw,
	.on_action = on_action,
	.on_mouse = on_mouse,
	.on_timer = on_timer,
	.destroy = destroy,
};

void log_view_open(struct app *app)
{
	struct log_view *l = s3t_alloc(sizeof *l);
	l->view.ops = &ops;
	app_push(app, &l->view);
	look(l);
	cursor_bottom(&l->cursor);
	app_set_timer(app, LOOK_MS);
}
