/*
 * Going to a place that is typed. What could be meant is listed below the field: directories,
 * buckets and prefixes that begin so. Tab completes as far as they agree, and then takes one after
 * the other.
 */
#include "core/text.h"
#include "ui/dialogs.h"
#include "ui/form.h"

#include <stdlib.h>

enum { SHOWN = 6, NAMES_MAX = 10000, SEEN_MAX = 100000 };

struct goto_dialog {
	struct form form;
	size_t place, error, lines[SHOWN];
	/* of where what is typed lies */
	struct strbuf dir; /* as typed, with its final '/' */
	bool has_dir;
	list_id list; /* that still comes */
	size_t seen;
	struct strbuf *names; /* each with a final '/' */
	size_t name_count;
	/* what Tab goes through: those that fit `stem` */
	struct strbuf stem;
	size_t next; /* SIZE_MAX: none was taken yet */
};

static void drop_names(struct goto_dialog *d)
{
	if (d->list)
		lister_cancel(app_lister(d->form.view.app), d->list);
	for (size_t i = 0; i < d->name_count; i++)
		strbuf_deinit(&d->names[i]);
	free(d->names);
	d->names = NULL;
	d->name_count = d->seen = 0;
	d->list = 0;
}

/* "s3://bucket/pre" is "s3://bucket/" and "pre". */
static struct strview dir_of(struct strview typed)
{
	size_t n = typed.len;
	while (n > 0 && typed.data[n - 1] != '/')
		n--;
	return sv_n(typed.data, n);
}

/* Where dir is; false while it is none. */
static bool find_dir(struct goto_dialog *d, struct location **location, struct strbuf *path)
{
	struct app *app = d->form.view.app;
	struct pane *pane = app_active(app);
	struct strview dir = strbuf_view(&d->dir);
	if (!dir.len) {
		*location = pane_location(pane);
		strbuf_add_sv(path, pane_path(pane));
		return true;
	}
	return app_parse_place(app, pane, pane, dir, location, path, NULL) == S3T_OK;
}

static bool fits(const struct goto_dialog *d, size_t i)
{
	struct strview name = strbuf_view(&d->names[i]), stem = strbuf_view(&d->stem);
	return sv_starts_with(name, stem);
}

static void show_names(struct goto_dialog *d)
{
	size_t shown = 0, count = 0;
	for (size_t i = 0; i < d->name_count; i++) {
		if (!fits(d, i))
			continue;
		if (count++ >= SHOWN - 1 || shown == SHOWN - 1)
			continue;
		char *text = text_sanitised(strbuf_view(&d->names[i]));
		form_set_label(&d->form, d->lines[shown++],
			i == d->next ? THEME_DIALOG : THEME_DIALOG_DIM, "%s%s",
			i == d->next ? "> " : "  ", text);
		free(text);
	}
	for (size_t i = shown; i < SHOWN; i++)
		form_set_label(&d->form, d->lines[i], THEME_DIALOG_DIM, "%s", "");
	if (count > shown)
		form_set_label(&d->form, d->lines[SHOWN - 1], THEME_DIALOG_DIM, "  and %zu more",
			count - shown);
}

/* Lists where the typed place lies, if that is another than before. */
static void look(struct goto_dialog *d)
{
	struct strview typed = form_text(&d->form, d->place), dir = dir_of(typed);
	strbuf_reset(&d->stem);
	strbuf_add_sv(&d->stem, sv_from(typed, dir.len));
	d->next = SIZE_MAX;
	if (!d->has_dir || !sv_eq(dir, strbuf_view(&d->dir))) {
		struct location *location;
		struct strbuf path;
		drop_names(d);
		strbuf_reset(&d->dir);
		strbuf_add_sv(&d->dir, dir);
		d->has_dir = true;
		strbuf_init(&path);
		if (find_dir(d, &location, &path))
			d->list = lister_request(
				app_lister(d->form.view.app), location, strbuf_view(&path), 0);
		strbuf_deinit(&path);
	}
	show_names(d);
}

static void add_name(struct goto_dialog *d, struct strview name)
{
	struct strbuf *more = d->names;
	if (d->name_count % 64 == 0)
		more = realloc(d->names, (d->name_count + 64) * sizeof *more);
	if (!more)
		s3t_oom();
	d->names = more;
	struct strbuf *sb = &d->names[d->name_count++];
	strbuf_init(sb);
	strbuf_add_sv(sb, name);
	if (!sv_ends_with(name, SV("/")))
		strbuf_add_char(sb, '/');
}

static bool goto_on_list(struct view *v, struct lister_event *e)
{
	struct goto_dialog *d = (struct goto_dialog *)v;
	if (!d->list || e->id != d->list)
		return false;
	for (uint32_t i = 0; e->page && i < e->page->count; i++) {
		const struct entry *entry = &e->page->entries[i];
		bool is_dir = entry->kind == ENTRY_DIR || entry->kind == ENTRY_BUCKET;
		if (is_dir && entry->name_len && d->name_count < NAMES_MAX)
			add_name(d, entry_name(e->page, entry));
	}
	d->seen += e->page ? e->page->count : 0;
	if (d->seen > SEEN_MAX)
		lister_cancel(app_lister(v->app), d->list);
	if (e->done)
		d->list = 0;
	show_names(d);
	app_redraw_soon(v->app);
	return true;
}

static void put_text(struct goto_dialog *d, struct strview name)
{
	struct field *f = &d->form.fields[d->place];
	strbuf_truncate(&f->text, d->dir.len);
	strbuf_add_sv(&f->text, name);
	f->cursor = f->text.len;
}

/* As far as all agree, and from then on one after the other. */
static void complete(struct goto_dialog *d)
{
	struct strview common = SV("");
	size_t count = 0, only = 0;
	for (size_t i = 0; i < d->name_count; i++) {
		if (!fits(d, i))
			continue;
		struct strview name = strbuf_view(&d->names[i]);
		size_t n = 0;
		while (n < name.len && n < common.len && name.data[n] == common.data[n])
			n++;
		common = count++ ? sv_n(name.data, n) : name;
		only = i;
	}
	if (!count)
		return;
	if (count == 1) {
		put_text(d, strbuf_view(&d->names[only]));
		look(d);
	} else if (common.len > d->stem.len && d->next == SIZE_MAX) {
		put_text(d, common);
		look(d);
	} else {
		size_t i = d->next == SIZE_MAX ? 0 : d->next + 1;
		while (!fits(d, i % d->name_count))
			i++;
		d->next = i % d->name_count;
		put_text(d, strbuf_view(&d->names[d->next]));
		show_names(d);
	}
}

static bool goto_on_key(struct view *v, const struct input_event *in)
{
	struct goto_dialog *d = (struct goto_dialog *)v;
	if (in->kind != INPUT_KEY || in->key != K_TAB || d->form.focus != d->place)
		return form_on_key(v, in);
	if (d->next != SIZE_MAX && d->name_count) {
		complete(d);
	} else {
		look(d);
		complete(d);
	}
	return true;
}

static void on_goto(struct form *f, size_t button)
{
	struct goto_dialog *d = (struct goto_dialog *)f;
	struct app *app = f->view.app;
	if (button == 1) {
		form_close(f);
		return;
	}
	struct location *location = NULL;
	struct s3t_err err;
	struct strbuf path;
	strbuf_init(&path);
	struct pane *pane = app_active(app);
	enum s3t_rc rc =
		app_parse_place(app, pane, pane, form_text(f, d->place), &location, &path, &err);
	if (rc == S3T_OK) {
		pane_go(app_active(app), location, strbuf_view(&path), SV(""));
		form_close(f);
	} else {
		form_set_label(f, d->error, THEME_DIALOG_ERROR, "%s", err.message);
	}
	strbuf_deinit(&path);
}

static void on_goto_change(struct form *f, size_t field)
{
	struct goto_dialog *d = (struct goto_dialog *)f;
	if (field == d->place)
		look(d);
}

static void goto_destroy(struct form *f)
{
	struct goto_dialog *d = (struct goto_dialog *)f;
	drop_names(d);
	strbuf_deinit(&d->dir);
	strbuf_deinit(&d->stem);
}

static const struct view_ops goto_ops = {.context = CTX_DIALOG,
	.draw = form_draw,
	.on_key = goto_on_key,
	.on_action = form_on_action,
	.on_mouse = form_on_mouse,
	.on_list = goto_on_list,
	.destroy = form_destroy};

void dialog_goto_open(struct app *app)
{
	static const char *const buttons[] = {"Go", "Cancel"};
	struct goto_dialog *d = s3t_alloc(sizeof *d);
	strbuf_init(&d->dir);
	strbuf_init(&d->stem);
	form_init(&d->form, &goto_ops, "Go to");
	d->place = form_add_text(&d->form, "Place", SV(""));
	form_add_label(&d->form, THEME_DIALOG_DIM,
		"s3://bucket/prefix, /directory, ~/directory, .. or a name here; Tab completes");
	for (int i = 0; i < SHOWN; i++)
		d->lines[i] = form_add_label(&d->form, THEME_DIALOG_DIM, "");
	d->error = form_add_label(&d->form, THEME_DIALOG, "");
	form_add_buttons(&d->form, buttons, 2);
	d->form.on_button = on_goto;
	d->form.on_change = on_goto_change;
	d->form.on_destroy = goto_destroy;
	app_push(app, &d->form.view);
	look(d);
}
