/*
 * The first start, and new profiles: a form for an endpoint and keys, tested by listing before it
 * is written to s3tui.ini.
 */
#include "core/config_add.h"
#include "core/text.h"
#include "ui/dialogs.h"
#include "ui/form.h"

#include <stdlib.h>
#include <string.h>

/* --- welcome --- */

static const struct view_ops welcome_ops = {FORM_OPS};

enum { WELCOME_NEW, WELCOME_PROFILES, WELCOME_DEMO, WELCOME_CLOSE };

static void on_welcome_button(struct form *f, size_t button)
{
	struct app *app = f->view.app;
	form_close(f);
	if (button == WELCOME_NEW)
		dialog_new_profile_open(app);
	else if (button == WELCOME_PROFILES)
		dialog_profiles_open(app);
	else if (button == WELCOME_DEMO && !app_start_demo(app))
		app_status_error(app, "This s3tui was built without the demo.");
}

struct found {
	struct form *form;
	size_t count;
};

static void show_found(void *arg, const char *name, const char *source)
{
	struct found *found = arg;
	if (strcmp(name, "default") == 0 || found->count++ >= 8)
		return;
	char *text = s3t_asprintf("  profile %s (%s)", name, source),
	     *shown = text_sanitised(sv(text));
	form_add_label(found->form, THEME_DIALOG, shown);
	free(text);
	free(shown);
}

void dialog_welcome_open(struct app *app)
{
	static const char *const buttons[] = {"Endpoint and keys", "Profiles", "Demo", "Close"};
	struct form *f = s3t_alloc(sizeof *f);
	struct found found = {.form = f};
	form_init(f, &welcome_ops, "Welcome to s3tui");
	form_add_label(f, THEME_DIALOG,
		"There are no keys for S3 yet. Local files can be browsed on both sides; for a "
		"bucket, "
		"give an endpoint and keys, choose a profile, or look around in the demo, a small "
		"server inside of this program.");
	form_add_label(f, THEME_DIALOG, "");
	app_each_profile(app, show_found, &found);
	if (found.count)
		form_add_label(f, THEME_DIALOG, "");
	(void)form_add_buttons(f, buttons, 4);
	f->on_button = on_welcome_button;
	app_push(app, &f->view);
}

/* --- a new profile --- */

struct profile_dialog {
	struct form form;
	size_t name, endpoint, region, key, secret, bucket, note;
	list_id testing;
};

/* What is tried is what is kept, whatever is typed meanwhile. */
struct trial {
	struct profile *profile;
	struct new_profile values; /* owned */
	struct call_log *log;      /* borrowed */
};

static void drop_values(struct new_profile *p)
{
	explicit_bzero((char *)p->secret_access_key, strlen(p->secret_access_key));
	free((char *)p->name);
	free((char *)p->endpoint);
	free((char *)p->region);
	free((char *)p->access_key_id);
	free((char *)p->secret_access_key);
	free((char *)p->default_bucket);
}

static void trial_free(void *arg)
{
	struct trial *t = arg;
	profile_unref(t->profile);
	drop_values(&t->values);
	free(t);
}

/* A page of the bucket, or the list of buckets. */
static enum s3t_rc run_trial(
	void *arg, struct http_conn *conn, struct cancel *cancel, struct s3t_err *err)
{
	struct trial *t = arg;
	struct s3_ctx ctx = {.client = s3_client_new(t->profile), .conn = conn, .cancel = cancel};
	enum s3t_rc rc;
	s3_client_set_log(ctx.client, t->log);
	if (t->values.default_bucket[0]) {
		rc = s3_head_bucket(&ctx, sv(t->values.default_bucket), err);
	} else {
		struct entry_page *page = entry_page_new(false);
		rc = s3_list_buckets(&ctx, page, err);
		entry_page_free(page);
	}
	s3_client_unref(ctx.client);
	return rc;
}

static char *text_of(const struct profile_dialog *d, size_t field)
{
	struct strview text = sv_trim(form_text(&d->form, field));
	return s3t_strndup(text.data, text.len);
}

/* The fields' values; the caller frees them with drop_values(). */
static void take_values(const struct profile_dialog *d, struct new_profile *p)
{
	*p = (struct new_profile){.name = text_of(d, d->name),
		.endpoint = text_of(d, d->endpoint),
		.region = text_of(d, d->region),
		.access_key_id = text_of(d, d->key),
		.secret_access_key = text_of(d, d->secret),
		.default_bucket = text_of(d, d->bucket)};
}

/* A profile of just these values; nothing of it stands in a file yet. */
static enum s3t_rc make_profile(
	const struct new_profile *p, struct profile **out, struct s3t_err *err)
{
	struct config *config = NULL;
	struct strbuf text;
	struct profile_request request = {.profile = p->name};
	strbuf_init(&text);
	enum s3t_rc rc = S3T_OK;
	if (!p->access_key_id[0] || !p->secret_access_key[0])
		rc = s3t_fail(err, S3T_INVALID, "Access key and secret key are needed.");
	if (rc == S3T_OK)
		rc = config_profile_text(p, &text, err);
	if (rc == S3T_OK)
		rc = config_parse("form", strbuf_view(&text), NULL, NULL, &config, NULL, err);
	if (rc == S3T_OK)
		rc = profile_resolve(config, &request, NULL, NULL, out, NULL, err);
	config_free(config);
	strbuf_deinit_wipe(&text);
	return rc;
}

static void test_values(struct profile_dialog *d)
{
	struct new_profile p;
	struct s3t_err err;
	struct profile *profile = NULL;
	take_values(d, &p);
	if (make_profile(&p, &profile, &err) != S3T_OK) {
		form_set_label(&d->form, d->note, THEME_DIALOG_ERROR, "%s", err.message);
		drop_values(&p);
	} else {
		struct trial *t = s3t_alloc(sizeof *t);
		t->profile = profile;
		t->values = p;
		t->log = app_call_log(d->form.view.app);
		form_set_label(&d->form, d->note, THEME_DIALOG_DIM, "connecting...");
		d->testing = lister_run(app_lister(d->form.view.app), run_trial, t, trial_free);
	}
}

/* It works: into s3tui.ini, and into the pane. */
static void keep(struct profile_dialog *d, const struct trial *t)
{
	struct app *app = d->form.view.app;
	const struct config *config = app_options(app)->config;
	struct s3t_err err;
	char *path = NULL;
	enum s3t_rc rc =
		config_add_profile(config ? config_path(config) : NULL, &t->values, &path, &err);
	if (rc != S3T_OK) {
		form_set_label(&d->form, d->note, THEME_DIALOG_ERROR,
			"It works, but it was not kept. %s", err.message);
		return;
	}
	struct location *location;
	struct pane *pane = app_active(app);
	/* where nothing is shown but what went wrong, if there is such a pane */
	if (!pane_is_s3(pane) && pane_is_s3(app_other(app)))
		pane = app_other(app);
	app_add_profile(app, t->profile, &location);
	pane_go(pane, location, sv(t->values.default_bucket), SV(""));
	form_close(&d->form);
	app_status(app, "Kept in %s.", path);
	free(path);
}

static bool profile_on_list(struct view *v, struct lister_event *e)
{
	struct profile_dialog *d = (struct profile_dialog *)v;
	if (e->kind != LISTER_TASK || !d->testing || e->id != d->testing)
		return false;
	d->testing = 0;
	if (e->err.rc == S3T_OK) {
		keep(d, e->arg);
	} else {
		const char *hint = s3t_err_hint(&e->err);
		form_set_label(&d->form, d->note, THEME_DIALOG_ERROR, "%s%s%s%s", e->err.message,
			hint[0] ? "\nWhat to do: " : "", hint, hint[0] ? "." : "");
	}
	return true;
}

static void on_profile_button(struct form *f, size_t button)
{
	struct profile_dialog *d = (struct profile_dialog *)f;
	if (button == 1)
		form_close(f);
	else if (!d->testing)
		test_values(d);
}

static void profile_destroy(struct form *f)
{
	struct profile_dialog *d = (struct profile_dialog *)f;
	if (d->testing)
		lister_cancel(app_lister(f->view.app), d->testing);
}

static const struct view_ops profile_ops = {FORM_OPS, .on_list = profile_on_list};

void dialog_new_profile_open(struct app *app)
{
	static const char *const buttons[] = {"Test and keep", "Cancel"};
	struct profile_dialog *d = s3t_alloc(sizeof *d);
	struct form *f = &d->form;
	form_init(f, &profile_ops, "Endpoint and keys");
	d->name = form_add_text(f, "Name of the profile    ", SV("default"));
	d->endpoint = form_add_text(f, "Endpoint (empty: AWS)  ", SV(""));
	d->region = form_add_text(f, "Region (empty: default)", SV(""));
	d->key = form_add_text(f, "Access key             ", SV(""));
	d->secret = form_add_text(f, "Secret key             ", SV(""));
	d->bucket = form_add_text(f, "Bucket (may be empty)  ", SV(""));
	form_set_secret(f, d->secret);
	form_add_label(f, THEME_DIALOG_DIM,
		"They are tried first, and then kept in s3tui.ini, which only you can read.");
	d->note = form_add_label(f, THEME_DIALOG, "");
	(void)form_add_buttons(f, buttons, 2);
	f->on_button = on_profile_button;
	f->on_destroy = profile_destroy;
	app_push(app, &f->view);
}
