/* Asks for copies of archived objects that can be read for some days. */
#include "core/text.h"
#include "ui/dialogs.h"
#include "ui/form.h"

#include <stdio.h>
#include <stdlib.h>

static const char *const tiers[] = {"Standard", "Bulk", "Expedited"};

struct restore_dialog {
	struct form form;
	struct job_spec spec; /* sources */
	size_t days, tier, error;
};

static void submit(struct restore_dialog *d)
{
	struct app *app = d->form.view.app;
	struct s3t_err err;
	struct job_spec spec;
	struct strview days = sv_trim(form_text(&d->form, d->days));
	char *text = s3t_asprintf(
		"%.*s:%s", (int)days.len, days.data, tiers[form_selected(&d->form, d->tier)]);
	app_job_spec_init(app, &spec, JOB_CHANGE, NULL);
	spec.policy = CONFLICT_OVERWRITE;
	spec.from = location_ref(d->spec.from);
	job_spec_copy_sources(&spec, &d->spec);
	job_spec_set_in_place(&spec);
	enum s3t_rc rc = s3_changes_add(&spec.changes, SV("restore"), sv(text), &err);
	free(text);
	if (rc != S3T_OK)
		job_spec_deinit(&spec);
	else if (app_submit(app, &spec, &err) == 0)
		rc = err.rc;
	if (rc != S3T_OK)
		form_set_label(&d->form, d->error, THEME_DIALOG_ERROR, "%s", err.message);
	else
		form_close(&d->form);
}

static void on_restore_button(struct form *f, size_t button)
{
	if (button == 0)
		submit((struct restore_dialog *)f);
	else
		form_close(f);
}

static void restore_destroy(struct form *f)
{
	job_spec_deinit(&((struct restore_dialog *)f)->spec);
}

static const struct view_ops restore_ops = {FORM_OPS};

/* Takes spec's sources. */
static void open_dialog(struct app *app, struct job_spec *spec, const char *what)
{
	static const char *const buttons[] = {"Restore", "Cancel"};
	struct restore_dialog *d = s3t_alloc(sizeof *d);
	struct form *f = &d->form;
	d->spec = *spec;
	form_init(f, &restore_ops, "Restore archived objects");
	f->on_button = on_restore_button;
	f->on_destroy = restore_destroy;
	form_add_label(f, THEME_DIALOG, what);
	form_add_label(f, THEME_DIALOG_DIM,
		"Copies come within minutes (Expedited), hours (Standard) or half a day (Bulk); "
		"what is not archived is passed over.");
	d->days = form_add_text(f, "Days the copies stay", SV("7"));
	d->tier = form_add_choice(f, "How fast            ", tiers, 3, 0);
	d->error = form_add_label(f, THEME_DIALOG, "");
	form_add_buttons(f, buttons, 2);
	app_push(app, &f->view);
}

void dialog_restore_open(struct app *app)
{
	struct pane *pane = app_active(app);
	struct job_spec spec;
	char what[96];
	if (!pane_is_s3(pane) || pane_is_buckets(pane)) {
		app_status_error(app, "Archived objects are in buckets.");
		return;
	}
	app_job_spec_init(app, &spec, JOB_CHANGE, pane);
	if (spec.source_count == 0) {
		job_spec_deinit(&spec);
		app_status(app, "Nothing is selected.");
		return;
	}
	snprintf(what, sizeof what, "%zu selected, with all that is below prefixes.",
		spec.source_count);
	open_dialog(app, &spec, what);
}

void dialog_restore_offer(struct app *app, struct location *location, const struct strview *paths,
	size_t count, uint64_t archived)
{
	struct job_spec spec;
	char what[128];
	app_job_spec_init(app, &spec, JOB_CHANGE, NULL);
	spec.from = location_ref(location);
	for (size_t i = 0; i < count; i++)
		job_spec_add_source(&spec, paths[i], SV(""));
	snprintf(what, sizeof what,
		"%llu object%s archived and could not be read; the others went on. Restore them?",
		(unsigned long long)archived, archived == 1 ? " is" : "s are");
	open_dialog(app, &spec, what);
}
