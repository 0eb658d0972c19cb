#include "ui/form.h"

#include "core/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { WIDTH_MAX = 76, FIELD_LEAST = 12 };

void form_init(struct form *f, const struct view_ops *ops, const char *title)
{
	f->view.ops = ops;
	snprintf(f->title, sizeof f->title, "%s", title);
}

static size_t add_field(struct form *f, enum field_kind kind, const char *label)
{
	if (f->field_count == FORM_FIELDS_MAX)
		s3t_oom(); /* a dialog with so many fields is a mistake of ours */
	struct field *field = &f->fields[f->field_count];
	*field = (struct field){.kind = kind, .label = label};
	strbuf_init_cap(&field->text, 1 << 16);
	return f->field_count++;
}

size_t form_add_label(struct form *f, enum theme_role role, const char *text)
{
	size_t i = add_field(f, FIELD_LABEL, NULL);
	f->fields[i].role = role;
	strbuf_add_str(&f->fields[i].text, text);
	return i;
}

size_t form_add_text(struct form *f, const char *label, struct strview initial)
{
	size_t i = add_field(f, FIELD_TEXT, label);
	strbuf_add_sv(&f->fields[i].text, initial);
	f->fields[i].cursor = initial.len;
	return i;
}

size_t form_add_choice(struct form *f, const char *label, const char *const *options, size_t count,
	size_t selected)
{
	size_t i = add_field(f, FIELD_CHOICE, label);
	f->fields[i].options = options;
	f->fields[i].option_count = count;
	f->fields[i].selected = selected;
	return i;
}

size_t form_add_buttons(struct form *f, const char *const *labels, size_t count)
{
	size_t i = form_add_choice(f, NULL, labels, count, 0);
	f->fields[i].kind = FIELD_BUTTONS;
	return i;
}

void form_warn_of_later(struct form *f, const struct pane *p)
{
	if (pane_marks_later(p))
		(void)form_add_label(f, THEME_DIALOG_ERROR,
			"The listing still comes: this is for what is marked by now.");
}

void form_set_label(struct form *f, size_t i, enum theme_role role, const char *fmt, ...)
{
	va_list ap;
	strbuf_reset(&f->fields[i].text);
	f->fields[i].role = role;
	va_start(ap, fmt);
	strbuf_vaddf(&f->fields[i].text, fmt, ap);
	va_end(ap);
	if (f->view.app)
		app_redraw(f->view.app);
}

void form_select(struct form *f, size_t field, size_t option)
{
	f->fields[field].selected = option;
}

void form_set_option_count(struct form *f, size_t field, size_t count)
{
	f->fields[field].option_count = count;
}

void form_set_text(struct form *f, size_t field, struct strview text)
{
	struct field *x = &f->fields[field];
	strbuf_reset(&x->text);
	strbuf_add_sv(&x->text, text);
	x->cursor = x->text.len;
}

void form_set_secret(struct form *f, size_t i)
{
	f->fields[i].is_secret = true;
}

void form_set_hidden(struct form *f, size_t i, bool is_hidden)
{
	f->fields[i].is_hidden = is_hidden;
}

struct strview form_text(const struct form *f, size_t i)
{
	return strbuf_view(&f->fields[i].text);
}

size_t form_selected(const struct form *f, size_t i)
{
	return f->fields[i].selected;
}

void form_close(struct form *f)
{
	app_close(f->view.app, &f->view);
}

void form_destroy(struct view *v)
{
	struct form *f = (struct form *)v;
	if (f->on_destroy)
		f->on_destroy(f);
	for (size_t i = 0; i < f->field_count; i++)
		strbuf_deinit_wipe(&f->fields[i].text);
	free(f);
}

static bool can_focus(const struct field *field)
{
	return field->kind != FIELD_LABEL && !field->is_hidden;
}

static void move_focus(struct form *f, int step)
{
	for (size_t tries = 0; tries < f->field_count; tries++) {
		f->focus = (f->focus + f->field_count + (size_t)step) % f->field_count;
		if (can_focus(&f->fields[f->focus]))
			return;
	}
}

/* Away from what has it but cannot: a label, what is hidden by now. */
static void settle_focus(struct form *f)
{
	if (!can_focus(&f->fields[f->focus]))
		move_focus(f, 1);
}

/* --- drawing: everything is laid out in lines, then those in the window are drawn --- */

struct layout {
	struct form *form;
	struct rect box; /* inside of the frame */
	int line;        /* next one, from 0 */
	int focus_line;
	bool is_drawing;
	/* what stands at a cell of the box is asked for; not while drawing */
	int find_line, find_x;
	size_t found_field, found_option; /* SIZE_MAX: none */
};

static int screen_line(const struct layout *l)
{
	int y = l->line - l->form->top;
	return l->is_drawing && y >= 0 && y < l->box.h ? l->box.y + y : -1;
}

/* The first piece of text that fits into w columns, broken at a space where there is one. */
static size_t wrap(struct strview text, int w)
{
	size_t newline = sv_find(text, '\n');
	int taken;
	size_t n = text_fit(sv_n(text.data, newline), w, &taken);
	if (newline == 0) /* an empty line */
		return 0;
	if (n >= newline || n == 0)
		return n ? n : text.len;
	for (size_t i = n; i > n / 2; i--)
		if (text.data[i] == ' ')
			return i;
	return n;
}

static void lay_label(struct layout *l, const struct field *field)
{
	struct strview rest = strbuf_view(&field->text);
	do {
		size_t n = rest.len ? wrap(rest, l->box.w) : 0;
		int y = screen_line(l);
		if (y >= 0)
			draw_field(y, l->box.x, l->box.w, field->role, sv_n(rest.data, n));
		l->line++;
		rest = sv_from(rest, n);
		if (rest.len && (rest.data[0] == ' ' || rest.data[0] == '\n'))
			rest = sv_from(rest, 1);
	} while (rest.len);
}

/* The first bytes of what was typed, as they are shown. */
static void show_field(const struct field *field, size_t bytes, struct strbuf *out)
{
	if (!field->is_secret)
		text_sanitise(out, sv_n(field->text.data, bytes));
	for (size_t i = 0; field->is_secret && i < bytes; i++)
		strbuf_add_char(out, '*');
}

/* What is shown of a text field: its bytes sanitised, scrolled so that the cursor is in it. */
static void lay_text(struct layout *l, const struct field *field, bool has_focus)
{
	int y = screen_line(l);
	if (y >= 0) {
		int label = draw_str(y, l->box.x, l->box.w, THEME_DIALOG, field->label);
		int x = l->box.x + label + 1, w = l->box.w - label - 1;
		if (w < FIELD_LEAST) {
			x = l->box.x;
			w = l->box.w;
		}
		struct strbuf shown, before;
		strbuf_init(&shown);
		strbuf_init(&before);
		show_field(field, field->text.len, &shown);
		show_field(field, field->cursor, &before);
		struct strview view = strbuf_view(&shown);
		size_t skip = 0;
		while (skip < before.len &&
			text_columns(sv_from(strbuf_view(&before), skip)) > w - 1) {
			uint32_t c;
			size_t n = utf8_decode(sv_from(view, skip), &c);
			skip += n ? n : 1;
		}
		draw_field(
			y, x, w, has_focus ? THEME_FIELD_ACTIVE : THEME_FIELD, sv_from(view, skip));
		if (has_focus)
			draw_cursor_at(y, x + text_columns(sv_from(strbuf_view(&before), skip)));
		strbuf_deinit(&shown);
		strbuf_deinit(&before);
	}
	l->line++;
}

static void lay_choice(struct layout *l, const struct field *field, bool has_focus)
{
	int y = screen_line(l);
	if (y >= 0) {
		int x = l->box.x + draw_str(y, l->box.x, l->box.w, THEME_DIALOG, field->label) + 1;
		char text[96];
		snprintf(text, sizeof text, "< %s >", field->options[field->selected]);
		draw_str(y, x, l->box.x + l->box.w - x,
			has_focus ? THEME_FIELD_ACTIVE : THEME_FIELD, text);
	}
	l->line++;
}

static void lay_buttons(struct layout *l, const struct field *field, bool has_focus)
{
	int x = 0;
	for (size_t i = 0; i < field->option_count; i++) {
		int w = text_columns(sv(field->options[i])) + 4;
		if (x && x + w > l->box.w) {
			x = 0;
			l->line++;
		}
		int y = screen_line(l);
		if (y >= 0)
			(void)draw_button(y, l->box.x + x, field->options[i],
				has_focus && field->selected == i);
		if (l->line == l->find_line && l->find_x >= x && l->find_x < x + w)
			l->found_option = i;
		x += w + 2;
	}
	l->line++;
}

static void lay_out(struct layout *l)
{
	struct form *f = l->form;
	l->line = 0;
	for (size_t i = 0; i < f->field_count; i++) {
		const struct field *field = &f->fields[i];
		bool has_focus = f->focus == i;
		int begin = l->line;
		if (field->is_hidden)
			continue;
		if (has_focus)
			l->focus_line = l->line;
		if (field->kind == FIELD_LABEL)
			lay_label(l, field);
		else if (field->kind == FIELD_TEXT)
			lay_text(l, field, has_focus);
		else if (field->kind == FIELD_CHOICE)
			lay_choice(l, field, has_focus);
		else
			lay_buttons(l, field, has_focus);
		if (l->find_line >= begin && l->find_line < l->line)
			l->found_field = i;
	}
}

/* Lays it out without drawing, and says where its frame is. */
static struct rect place(struct form *f, struct layout *l)
{
	int rows = screen_rows(), cols = screen_cols();
	int w = cols - 4 < WIDTH_MAX ? cols - 4 : WIDTH_MAX;
	*l = (struct layout){.form = f,
		.box = {.w = w - 4, .h = rows},
		.find_line = -1,
		.found_field = SIZE_MAX,
		.found_option = SIZE_MAX};
	lay_out(l);
	int h = l->line + 2 > rows - 2 ? rows - 2 : l->line + 2;
	struct rect frame = {.y = (rows - h) / 2, .x = (cols - w) / 2, .h = h, .w = w};
	l->box = (struct rect){.y = frame.y + 1, .x = frame.x + 2, .h = h - 2, .w = w - 4};
	return frame;
}

void form_draw(struct view *v)
{
	struct form *f = (struct form *)v;
	struct layout l;
	settle_focus(f);
	struct rect frame = place(f, &l);
	if (!f->is_scrolled && l.focus_line < f->top)
		f->top = l.focus_line;
	if (!f->is_scrolled && l.focus_line >= f->top + l.box.h)
		f->top = l.focus_line - l.box.h + 1;
	if (f->top + l.box.h > l.line)
		f->top = l.line > l.box.h ? l.line - l.box.h : 0;
	draw_fill(frame, THEME_DIALOG);
	char foot[48] = "";
	if (l.line > l.box.h)
		snprintf(foot, sizeof foot, "lines %d-%d of %d", f->top + 1, f->top + l.box.h,
			l.line);
	draw_frame(frame, THEME_DIALOG_FRAME, f->title, foot[0] ? foot : NULL);
	l.is_drawing = true;
	lay_out(&l);
}

/* --- editing --- */

static size_t step_back(struct strview text, size_t at)
{
	if (at == 0)
		return 0;
	at--;
	while (at && ((unsigned char)text.data[at] & 0xc0) == 0x80)
		at--;
	return at;
}

static size_t step_on(struct strview text, size_t at)
{
	if (at >= text.len)
		return text.len;
	uint32_t c;
	size_t n = utf8_decode(sv_from(text, at), &c);
	return at + (n ? n : 1);
}

static void replace(struct form *f, size_t from, size_t to, struct strview with)
{
	struct field *field = &f->fields[f->focus];
	struct strbuf next;
	strbuf_init_cap(&next, field->text.cap);
	strbuf_add(&next, field->text.data, from);
	strbuf_add_sv(&next, with);
	strbuf_add_sv(&next, sv_from(strbuf_view(&field->text), to));
	if (strbuf_ok(&next)) {
		strbuf_deinit_wipe(&field->text);
		field->text = next;
		field->cursor = from + with.len;
		if (f->on_change)
			f->on_change(f, f->focus);
	} else {
		strbuf_deinit(&next);
	}
}

static bool edit_text(struct form *f, struct field *field, ui_key key)
{
	struct strview text = strbuf_view(&field->text);
	size_t at = field->cursor;
	char bytes[4];
	if (key_is_text(key)) {
		replace(f, at, at, sv_n(bytes, key_utf8(K_CODE(key), bytes)));
	} else if (key == K_LEFT) {
		field->cursor = step_back(text, at);
	} else if (key == K_RIGHT) {
		field->cursor = step_on(text, at);
	} else if (key == K_HOME || key == (K_CTRL | 'a')) {
		field->cursor = 0;
	} else if (key == K_END || key == (K_CTRL | 'e')) {
		field->cursor = text.len;
	} else if (key == K_BACKSPACE) {
		replace(f, step_back(text, at), at, SV(""));
	} else if (key == K_DELETE || key == (K_CTRL | 'd')) {
		replace(f, at, step_on(text, at), SV(""));
		field->cursor = at;
	} else if (key == (K_CTRL | 'u')) {
		replace(f, 0, at, SV(""));
	} else if (key == (K_CTRL | 'k')) {
		replace(f, at, text.len, SV(""));
	} else {
		return false;
	}
	return true;
}

static void change_choice(struct form *f, struct field *field, int step)
{
	size_t n = field->option_count;
	field->selected = (field->selected + n + (size_t)step) % n;
	if (field->kind == FIELD_CHOICE && f->on_change)
		f->on_change(f, f->focus);
}

static void press(struct form *f, const struct field *field)
{
	f->on_button(f, field->kind == FIELD_BUTTONS ? field->selected : 0);
}

/* form_draw() keeps it within what there is. */
static void scroll(struct form *f, int lines)
{
	f->is_scrolled = true;
	f->top = f->top + lines > 0 ? f->top + lines : 0;
}

static void scroll_page(struct form *f, int pages)
{
	struct layout l;
	(void)place(f, &l);
	scroll(f, pages * (l.box.h > 1 ? l.box.h - 1 : 1));
}

void form_on_mouse(struct view *v, const struct mouse_event *m)
{
	struct form *f = (struct form *)v;
	struct layout l;
	(void)place(f, &l);
	struct rect box = l.box;
	if (m->kind == MOUSE_WHEEL)
		scroll(f, m->wheel * MOUSE_WHEEL_ROWS);
	if (m->kind != MOUSE_PRESS || m->button != MOUSE_LEFT || m->y < box.y ||
		m->y >= box.y + box.h || m->x < box.x || m->x >= box.x + box.w)
		return;
	l.find_line = f->top + m->y - box.y;
	l.find_x = m->x - box.x;
	lay_out(&l);
	struct field *field = l.found_field < f->field_count ? &f->fields[l.found_field] : NULL;
	if (!field || !can_focus(field) ||
		(field->kind == FIELD_BUTTONS && l.found_option == SIZE_MAX))
		return;
	f->focus = l.found_field;
	f->is_scrolled = false;
	if (field->kind == FIELD_CHOICE && !f->is_locked)
		change_choice(f, field, 1);
	if (field->kind == FIELD_BUTTONS) {
		field->selected = l.found_option;
		press(f, field);
	}
}

bool form_on_key(struct view *v, const struct input_event *in)
{
	struct form *f = (struct form *)v;
	settle_focus(f); /* keys may come before the first frame */
	struct field *field = &f->fields[f->focus];
	if (in->kind == INPUT_TEXT) { /* pasted: into text fields only (T20), as one line */
		size_t n = 0;
		while (n < in->text.len && in->text.data[n] != '\n' && in->text.data[n] != '\r')
			n++;
		if (field->kind == FIELD_TEXT && !f->is_locked)
			replace(f, field->cursor, field->cursor, sv_n(in->text.data, n));
		return true;
	}
	ui_key key = in->key;
	bool is_move = key == K_TAB || key == (K_SHIFT | K_TAB) || key == K_UP || key == K_DOWN ||
		       key == K_ENTER;
	if (f->is_locked && field->kind != FIELD_BUTTONS && !is_move)
		return key < 0x80 ? key >= ' ' : false;
	if (field->kind == FIELD_TEXT && edit_text(f, field, key))
		return true;
	bool is_choice = field->kind == FIELD_CHOICE || field->kind == FIELD_BUTTONS;
	f->is_scrolled = false;
	if (key == K_PGDN || key == K_PGUP)
		scroll_page(f, key == K_PGDN ? 1 : -1);
	else if (key == K_TAB || key == K_DOWN)
		move_focus(f, 1);
	else if (key == (K_SHIFT | K_TAB) || key == K_UP)
		move_focus(f, -1);
	else if (is_choice && key == K_LEFT)
		change_choice(f, field, -1);
	else if (is_choice && (key == K_RIGHT || (key == ' ' && field->kind == FIELD_CHOICE)))
		change_choice(f, field, 1);
	else if (key == K_ENTER || (key == ' ' && field->kind == FIELD_BUTTONS))
		press(f, field);
	else
		return false;
	return true;
}

bool form_on_action(struct view *v, enum action action)
{
	return app_dismiss(v, action);
}
