/* Marking and unmarking by a pattern on names. */
#include "ui/dialogs.h"
#include "ui/form.h"

static const struct view_ops plain_ops = {FORM_OPS};

struct pattern_dialog {
	struct form form;
	size_t pattern, error;
	bool mark;
};

static void on_pattern(struct form *f, size_t button)
{
	struct pattern_dialog *d = (struct pattern_dialog *)f;
	struct app *app = f->view.app;
	if (button == 0 && !form_text(f, d->pattern).len) {
		form_set_label(
			f, d->error, THEME_DIALOG_ERROR, "Write a pattern: * is every name.");
		return;
	}
	if (button == 0) {
		listing_mark_pattern(
			pane_listing(app_active(app)), form_text(f, d->pattern), d->mark);
	}
	form_close(f);
}

void dialog_pattern_open(struct app *app, bool mark)
{
	static const char *const buttons[] = {"Go", "Cancel"};
	struct pattern_dialog *d = s3t_alloc(sizeof *d);
	form_init(&d->form, &plain_ops, mark ? "Mark by pattern" : "Unmark by pattern");
	d->mark = mark;
	d->pattern = form_add_text(&d->form, "Names like", SV("*"));
	form_add_label(&d->form, THEME_DIALOG_DIM,
		"* any characters, ? one character, [abc] one of these");
	d->error = form_add_label(&d->form, THEME_DIALOG, "");
	form_add_buttons(&d->form, buttons, 2);
	d->form.on_button = on_pattern;
	app_push(app, &d->form.view);
}
