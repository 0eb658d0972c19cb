/* Going to a place that is typed. */
#include "ui/dialogs.h"
#include "ui/form.h"

static const struct view_ops plain_ops = {FORM_OPS};

struct goto_dialog {
	struct form form;
	size_t place, error;
};

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

void dialog_goto_open(struct app *app)
{
	static const char *const buttons[] = {"Go", "Cancel"};
	struct goto_dialog *d = s3t_alloc(sizeof *d);
	form_init(&d->form, &plain_ops, "Go to");
	d->place = form_add_text(&d->form, "Place", SV(""));
	form_add_label(&d->form, THEME_DIALOG_DIM,
		"s3://bucket/prefix, /directory, ~/directory, .. or a name here");
	d->error = form_add_label(&d->form, THEME_DIALOG, "");
	form_add_buttons(&d->form, buttons, 2);
	d->form.on_button = on_goto;
	app_push(app, &d->form.view);
}
