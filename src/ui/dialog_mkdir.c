/* A new directory, prefix or bucket. */
#include "ui/dialogs.h"
#include "ui/form.h"

static const struct view_ops plain_ops = {FORM_OPS};

struct mkdir_dialog {
	struct form form;
	size_t name, error;
};

static void on_mkdir(struct form *f, size_t button)
{
	struct mkdir_dialog *d = (struct mkdir_dialog *)f;
	struct app *app = f->view.app;
	struct pane *pane = app_active(app);
	struct strview name = form_text(f, d->name);
	while (name.len && name.data[name.len - 1] == '/')
		name.len--;
	if (button == 1) {
		form_close(f);
		return;
	}
	const char *why = NULL;
	if (name.len == 0)
		why = "it is empty";
	else if (!pane_is_s3(pane))
		why = path_refusal(name);
	else if (pane_is_buckets(pane) && !bucket_is_valid(name))
		why = "a bucket's name is 3 to 63 lower-case letters, digits, '-' and '.', and "
		      "begins and ends with a letter or digit";
	if (why) {
		form_set_label(f, d->error, THEME_DIALOG_ERROR, "Not a possible name: %s.", why);
		return;
	}
	struct job_spec spec;
	struct s3t_err err;
	app_job_spec_init(app, &spec, JOB_MKDIR, NULL);
	job_spec_set_target(&spec, pane_location(pane), pane_path(pane));
	job_spec_add_source(&spec, name, name);
	if (app_submit(app, &spec, &err) == 0)
		form_set_label(f, d->error, THEME_DIALOG_ERROR, "%s", err.message);
	else
		form_close(f);
}

void dialog_mkdir_open(struct app *app)
{
	static const char *const buttons[] = {"Make", "Cancel"};
	struct pane *pane = app_active(app);
	struct mkdir_dialog *d = s3t_alloc(sizeof *d);
	const char *title = pane_is_buckets(pane) ? "New bucket"
			    : pane_is_s3(pane)    ? "New prefix"
						  : "New directory";
	form_init(&d->form, &plain_ops, title);
	d->name = form_add_text(&d->form, "Name", SV(""));
	d->error = form_add_label(&d->form, THEME_DIALOG, "");
	form_add_buttons(&d->form, buttons, 2);
	d->form.on_button = on_mkdir;
	app_push(app, &d->form.view);
}
