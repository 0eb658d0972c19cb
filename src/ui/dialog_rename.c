/* Rename: a move to another name in the same place, by the server where it is one; resumed like any
 * job. */
#include "core/text.h"
#include "ui/dialogs.h"
#include "ui/dry_run.h"
#include "ui/form.h"
#include "ui/versions.h"

#include <stdlib.h>

enum { BUTTON_RENAME, BUTTON_CANCEL, BUTTON_DRY_RUN };

struct rename_dialog {
	struct form form;
	struct job_spec spec; /* until it is submitted */
	struct strbuf name;   /* what it has now, without a final '/' */
	size_t new_name, error;
	struct dry_run dry;
};

static void rename_on_event(struct view *v, const struct event *e)
{
	struct rename_dialog *d = (struct rename_dialog *)v;
	if (dry_run_on_event(&d->dry, v->app, e))
		form_set_label(&d->form, d->error, THEME_DIALOG, "%s", "");
}

static const struct view_ops rename_ops = {FORM_OPS, .on_event = rename_on_event};

static void rename_destroy(struct form *f)
{
	struct rename_dialog *d = (struct rename_dialog *)f;
	dry_run_deinit(&d->dry, f->view.app);
	job_spec_deinit(&d->spec);
	strbuf_deinit(&d->name);
}

static void look(struct rename_dialog *d)
{
	struct app *app = d->form.view.app;
	struct job_spec spec;
	app_job_spec_init(app, &spec, JOB_MOVE, NULL);
	spec.from = location_ref(d->spec.from);
	job_spec_copy_sources(&spec, &d->spec);
	job_spec_set_target(&spec, d->spec.to, sv_n(d->spec.target_root, d->spec.target_root_len));
	dry_run_begin(&d->dry, app, &spec);
	form_set_label(&d->form, d->error, THEME_DIALOG_DIM, "looking what would happen...");
}

static const char *refusal(const struct rename_dialog *d, struct strview name)
{
	if (!name.len || sv_eq(name, SV(".")) || sv_eq(name, SV("..")))
		return "That is no name.";
	if (sv_find(name, '/') < name.len)
		return "A name has no '/' in it; F6 moves it elsewhere.";
	return sv_eq(name, strbuf_view(&d->name)) ? "That is its name already." : NULL;
}

static void on_rename(struct form *f, size_t button)
{
	struct rename_dialog *d = (struct rename_dialog *)f;
	struct strview name = form_text(f, d->new_name);
	const char *why = button == BUTTON_CANCEL ? NULL : refusal(d, name);
	struct s3t_err err;
	if (button == BUTTON_CANCEL) {
		form_close(f);
		return;
	}
	if (why) {
		form_set_label(f, d->error, THEME_DIALOG_ERROR, "%s", why);
		return;
	}
	struct job_source *source = &d->spec.sources[0];
	struct strview path = sv_n(source->path, source->path_len), bucket, key;
	s3_path_split(path_parent(path), &bucket, &key);
	if (d->spec.from->ops->kind == LOC_S3 && key.len + name.len > S3_KEY_MAX) {
		form_set_label(f, d->error, THEME_DIALOG_ERROR,
			"A key has at most 1,024 bytes; this one has %zu.", key.len + name.len);
		return;
	}
	job_spec_set_target(&d->spec, d->spec.from, path_parent(path));
	free(source->target_rel);
	source->target_rel = s3t_strndup(name.data, name.len);
	source->target_rel_len = name.len;
	if (button == BUTTON_DRY_RUN) {
		look(d);
		return;
	}
	if (app_submit(f->view.app, &d->spec, &err) == 0)
		app_status_error(f->view.app, "%s", err.message); /* the spec is used up */
	form_close(f);
}

void dialog_rename_open(struct app *app)
{
	static const char *const buttons[] = {"Rename", "Cancel", "Dry run"};
	struct pane *p = app_active(app);
	struct pane_row row;
	if (!pane_current(p, &row)) {
		app_status(app, "Put the cursor on what is to be renamed.");
		return;
	}
	if (versions_refuse(app, row.name))
		return;
	if (row.kind == ENTRY_BUCKET) {
		app_status_error(
			app, "S3 cannot rename a bucket: make another, and move what is in it.");
		return;
	}
	struct rename_dialog *d = s3t_alloc(sizeof *d);
	struct strbuf path;
	dry_run_init(&d->dry);
	strbuf_init(&path);
	strbuf_init(&d->name);
	pane_join(p, row.name, &path);
	strbuf_add_sv(&d->name, path_basename(strbuf_view(&path)));
	strbuf_deinit(&path);
	app_job_spec_init(app, &d->spec, JOB_MOVE, NULL);
	app_job_spec_add(&d->spec, p, row.name);
	form_init(&d->form, &rename_ops, "Rename");
	char *shown = text_sanitised(strbuf_view(&d->name));
	form_add_label(&d->form, THEME_DIALOG, shown);
	free(shown);
	d->new_name = form_add_text(&d->form, "New name", strbuf_view(&d->name));
	if (row.kind == ENTRY_DIR && pane_is_s3(p))
		form_add_label(&d->form, THEME_DIALOG_DIM,
			"Each object below it is copied by the server, then removed.");
	d->error = form_add_label(&d->form, THEME_DIALOG, "");
	form_add_buttons(&d->form, buttons, 3);
	d->form.on_button = on_rename;
	d->form.on_destroy = rename_destroy;
	app_push(app, &d->form.view);
}
