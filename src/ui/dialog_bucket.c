/*
 * How a bucket is configured: all that is known of it; versioning is switched here, after its name
 * was typed, and what has a form or a text of its own is opened from here.
 */
#include "core/s3_bucket_info.h"
#include "core/text.h"
#include "ui/dialogs.h"
#include "ui/form.h"

#include <stdlib.h>

enum { LINES = 10, NAME_COLUMNS = 12 };
enum { BUTTON_VERSIONING, BUTTON_POLICY, BUTTON_CORS, BUTTON_LIFECYCLE, BUTTON_CLOSE };

struct bucket_dialog {
	struct form form;
	struct location *location;
	char *bucket;
	list_id running;
	enum s3_versioning versioning;
	bool knows_versioning, is_confirming;
	size_t lines[LINES], warning, word, error, buttons;
};

/* --- off the UI thread: versioning is switched, if it is to be, and all is read --- */

struct task {
	struct s3_client *client;
	char *bucket;
	bool switches;
	bool knows_versioning;
	enum s3_versioning versioning; /* to be; then as it is */
	size_t count;
	char *lines[LINES];
};

static void task_free(void *arg)
{
	struct task *t = arg;
	s3_client_unref(t->client);
	free(t->bucket);
	for (size_t i = 0; i < t->count; i++)
		free(t->lines[i]);
	free(t);
}

static void add_line(void *arg, const char *name, const char *value)
{
	struct task *t = arg;
	if (t->count < LINES)
		t->lines[t->count++] = s3t_asprintf("%-*s %s", NAME_COLUMNS, name, value);
}

static enum s3t_rc run_task(
	void *arg, struct http_conn *conn, struct cancel *cancel, struct s3t_err *err)
{
	struct task *t = arg;
	struct s3_ctx ctx = {.client = t->client, .conn = conn, .cancel = cancel};
	struct strview bucket = sv(t->bucket);
	enum s3t_rc rc = S3T_OK;
	if (t->switches)
		rc = s3_put_bucket_versioning(
			&ctx, bucket, t->versioning == S3_VERSIONING_ENABLED, err);
	if (rc == S3T_OK)
		rc = s3_bucket_info(&ctx, bucket, add_line, t, err);
	if (rc == S3T_OK)
		t->knows_versioning =
			s3_get_bucket_versioning(&ctx, bucket, &t->versioning, NULL) == S3T_OK;
	return rc;
}

static void start(struct bucket_dialog *d, bool switches)
{
	struct task *t = s3t_alloc(sizeof *t);
	t->client = s3_client_ref(location_s3_client(d->location));
	t->bucket = s3t_strdup(d->bucket);
	t->switches = switches;
	t->versioning = d->versioning == S3_VERSIONING_ENABLED ? S3_VERSIONING_SUSPENDED
							       : S3_VERSIONING_ENABLED;
	form_set_label(
		&d->form, d->error, THEME_DIALOG_DIM, switches ? "switching..." : "reading...");
	d->running = lister_run(app_lister(d->form.view.app), run_task, t, task_free);
}

/* --- the dialog --- */

static void confirm(struct bucket_dialog *d, bool is_confirming)
{
	d->is_confirming = is_confirming;
	form_set_hidden(&d->form, d->warning, !is_confirming);
	form_set_hidden(&d->form, d->word, !is_confirming);
	form_set_text(&d->form, d->word, SV(""));
	d->form.focus = is_confirming ? d->word : d->buttons;
}

static bool bucket_on_list(struct view *v, struct lister_event *e)
{
	struct bucket_dialog *d = (struct bucket_dialog *)v;
	if (e->kind != LISTER_TASK || !d->running || e->id != d->running)
		return false;
	const struct task *t = e->arg;
	d->running = 0;
	if (e->err.rc != S3T_OK) {
		form_set_label(&d->form, d->error, THEME_DIALOG_ERROR, "%s", e->err.message);
		return true;
	}
	for (size_t i = 0; i < t->count; i++) {
		form_set_label(&d->form, d->lines[i], THEME_DIALOG, "%s", t->lines[i]);
		form_set_hidden(&d->form, d->lines[i], false);
	}
	d->versioning = t->versioning;
	d->knows_versioning = t->knows_versioning;
	form_set_label(&d->form, d->error, THEME_DIALOG, "%s",
		!t->switches                               ? ""
		: t->versioning == S3_VERSIONING_ENABLED   ? "Versioning is on now."
		: t->versioning == S3_VERSIONING_SUSPENDED ? "Versioning is suspended now."
							   : "");
	return true;
}

static void switch_versioning(struct bucket_dialog *d)
{
	struct form *f = &d->form;
	bool suspends = d->versioning == S3_VERSIONING_ENABLED;
	if (!d->knows_versioning) {
		form_set_label(f, d->error, THEME_DIALOG_ERROR, "%s",
			d->running ? "It is still being read."
				   : "The server does not say whether it keeps versions.");
	} else if (!d->is_confirming) {
		form_set_label(f, d->warning, THEME_DIALOG,
			suspends ? "Suspend versioning: the versions that there are stay; what is "
				   "overwritten or deleted from then on is not kept."
				 : "Switch versioning on: from then on what is overwritten or "
				   "deleted is kept, and takes room. It can be suspended, not "
				   "switched off.");
		confirm(d, true);
	} else if (!sv_eq(sv_trim(form_text(f, d->word)), sv(d->bucket))) {
		form_set_label(f, d->error, THEME_DIALOG_ERROR,
			"Type the bucket's name to %s versioning.",
			suspends ? "suspend" : "switch on");
		f->focus = d->word;
	} else {
		confirm(d, false);
		start(d, true);
	}
}

static void on_bucket_button(struct form *f, size_t button)
{
	struct bucket_dialog *d = (struct bucket_dialog *)f;
	struct app *app = f->view.app;
	if (button == BUTTON_VERSIONING) {
		if (!d->running || !d->is_confirming)
			switch_versioning(d);
		return;
	}
	if (button == BUTTON_POLICY || button == BUTTON_CORS)
		dialog_edit_document_open(app, d->location, sv(d->bucket),
			button == BUTTON_POLICY ? "policy" : "cors");
	else if (button == BUTTON_LIFECYCLE)
		dialog_lifecycle_open(app);
	form_close(f);
}

static void bucket_destroy(struct form *f)
{
	struct bucket_dialog *d = (struct bucket_dialog *)f;
	if (d->running)
		lister_cancel(app_lister(f->view.app), d->running);
	location_unref(d->location);
	free(d->bucket);
}

static const struct view_ops bucket_ops = {FORM_OPS, .on_list = bucket_on_list};

void dialog_bucket_open(struct app *app)
{
	static const char *const buttons[] = {"Versioning", "Policy", "CORS", "Lifecycle", "Close"};
	struct pane *pane = app_active(app);
	struct strview bucket = pane_bucket(pane);
	if (!bucket.len) {
		app_status_error(app, "Put the cursor on a bucket, or enter it.");
		return;
	}
	struct bucket_dialog *d = s3t_alloc(sizeof *d);
	struct form *f = &d->form;
	d->location = location_ref(pane_location(pane));
	d->bucket = s3t_strndup(bucket.data, bucket.len);
	form_init(f, &bucket_ops, "Bucket");
	f->on_button = on_bucket_button;
	f->on_destroy = bucket_destroy;
	char *shown = text_sanitised(bucket);
	form_add_label(f, THEME_DIALOG, shown);
	free(shown);
	for (size_t i = 0; i < LINES; i++) {
		d->lines[i] = form_add_label(f, THEME_DIALOG, "");
		form_set_hidden(f, d->lines[i], true);
	}
	d->warning = form_add_label(f, THEME_DIALOG, "");
	d->word = form_add_text(f, "Type the bucket's name", SV(""));
	d->error = form_add_label(f, THEME_DIALOG, "");
	d->buttons = form_add_buttons(f, buttons, 5);
	confirm(d, false);
	f->fields[d->buttons].selected = BUTTON_CLOSE;
	app_push(app, &f->view);
	start(d, false);
}
