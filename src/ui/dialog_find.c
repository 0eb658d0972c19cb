/* Finding names below where the active pane is: the pane itself shows what is found. */
#include "ui/dialogs.h"
#include "ui/form.h"

static const struct view_ops plain_ops = {FORM_OPS};

struct find_dialog {
	struct form form;
	size_t pattern, error;
};

static void on_find(struct form *f, size_t button)
{
	struct find_dialog *d = (struct find_dialog *)f;
	struct strview pattern = form_text(f, d->pattern);
	if (button == 0 && pattern.len == 0) {
		form_set_label(f, d->error, THEME_DIALOG_ERROR, "Write a name, or a part of it.");
		return;
	}
	if (button == 0)
		pane_find(app_active(f->view.app), pattern);
	form_close(f);
}

void dialog_find_open(struct app *app)
{
	static const char *const buttons[] = {"Find", "Cancel"};
	struct pane *p = app_active(app);
	if (pane_is_buckets(p)) {
		app_status(app, "Enter the bucket to find something in it.");
		return;
	}
	struct find_dialog *d = s3t_alloc(sizeof *d);
	struct strbuf place;
	strbuf_init(&place);
	form_init(&d->form, &plain_ops, "Find");
	pane_title(p, &place);
	form_add_label(&d->form, THEME_DIALOG, place.data);
	strbuf_deinit(&place);
	const char *last = pane_pattern(p);
	d->pattern = form_add_text(&d->form, "Names like", sv(last ? last : ""));
	form_add_label(&d->form, THEME_DIALOG_DIM,
		"a part of the name, or *.jpg; with a / in it: of the path");
	d->error = form_add_label(&d->form, THEME_DIALOG, "");
	form_add_buttons(&d->form, buttons, 2);
	d->form.on_button = on_find;
	app_push(app, &d->form.view);
}
