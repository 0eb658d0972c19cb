/* A new directory, prefix or bucket. */
#include "ui/dialogs.h"
#include "ui/form.h"

static const struct view_ops plain_ops = {FORM_OPS};

struct mkdir_dialog {
	struct form form;
	size_t name, error;
};

static enum s3t_rc check_name(const struct pane *pane, struct strview name, struct s3t_err *err)
{
	bool is_dots = sv_eq(name, SV(".")) || sv_eq(name, SV(".."));
	const char *why = !name.len           ? "it is empty"
			  : !pane_is_s3(pane) ? path_refusal(name)
			  : is_dots           ? "it means another place"
					      : NULL;
	if (pane_is_buckets(pane))
		return bucket_check(name, err);
	if (why)
		return s3t_fail(err, S3T_INVALID, "Not a possible name: %s.", why);
	if (!pane_is_s3(pane))
		return S3T_OK;
	struct strview bucket, key;
	struct strbuf path;
	strbuf_init(&path);
	pane_join(pane, name, &path);
	strbuf_add_char(&path, '/');
	s3_path_split(strbuf_view(&path), &bucket, &key);
	enum s3t_rc rc = key_check(key, err);
	strbuf_deinit(&path);
	return rc;
}

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
	struct s3t_err err;
	if (check_name(pane, name, &err) != S3T_OK) {
		form_set_label(f, d->error, THEME_DIALOG_ERROR, "%s", err.message);
		return;
	}
	struct job_spec spec;
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
