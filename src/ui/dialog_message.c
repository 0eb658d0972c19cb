/* A message with a button; marking by pattern; going somewhere; making a directory or bucket. */
#include "core/text.h"
#include "ui/dialogs.h"
#include "ui/form.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct view_ops plain_ops = {FORM_OPS};

static void close_on_button(struct form *f, size_t button)
{
	(void)button;
	form_close(f);
}

void dialog_message_open(struct app *app, const char *title, const char *text)
{
	static const char *const ok[] = {"Close"};
	struct form *f = s3t_alloc(sizeof *f);
	form_init(f, &plain_ops, title);
	form_add_label(f, THEME_DIALOG, text);
	form_add_label(f, THEME_DIALOG, "");
	form_add_buttons(f, ok, 1);
	f->on_button = close_on_button;
	app_push(app, &f->view);
}

/* --- pattern --- */

struct pattern_dialog {
	struct form form;
	size_t pattern;
	bool mark;
};

static void on_pattern(struct form *f, size_t button)
{
	struct pattern_dialog *d = (struct pattern_dialog *)f;
	struct app *app = f->view.app;
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
	form_add_label(&d->form, THEME_DIALOG, "");
	form_add_buttons(&d->form, buttons, 2);
	d->form.on_button = on_pattern;
	app_push(app, &d->form.view);
}

/* --- go to --- */

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
	enum s3t_rc rc = app_parse_place(
		app, app_active(app), form_text(f, d->place), &location, &path, &err);
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

/* --- new directory or bucket --- */

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

/* --- quit --- */

static void on_quit_idle(struct form *f, size_t button)
{
	if (button == 0)
		app_quit(f->view.app);
	form_close(f);
}

struct quit_dialog {
	struct form form;
	size_t text;
	bool is_waiting;
};

static void quit_tick(struct view *v, int64_t now_ms)
{
	struct quit_dialog *d = (struct quit_dialog *)v;
	struct app *app = v->app;
	(void)now_ms;
	size_t busy = engine_busy(app_engine(app));
	if (d->is_waiting && !busy) {
		app_quit(app);
		form_close(&d->form);
	} else if (d->is_waiting) {
		form_set_label(&d->form, d->text, THEME_DIALOG,
			"Waiting for %zu running job%s; then s3tui ends.", busy,
			busy == 1 ? "" : "s");
	}
}

static void quit_event(struct view *v, const struct event *e)
{
	if (e->kind == EV_JOB_DONE)
		quit_tick(v, 0);
}

static const struct view_ops quit_ops = {FORM_OPS, .tick = quit_tick, .on_event = quit_event};

static void on_quit_busy(struct form *f, size_t button)
{
	struct quit_dialog *d = (struct quit_dialog *)f;
	if (button == 0) {
		d->is_waiting = true;
		quit_tick(&f->view, 0);
		return;
	}
	if (button == 1)
		app_quit(f->view.app);
	form_close(f);
}

void dialog_quit_open(struct app *app)
{
	static const char *const idle[] = {"Quit", "Stay"};
	static const char *const busy[] = {"Wait", "Stop and abort", "Stay"};
	size_t jobs = engine_busy(app_engine(app));
	bool vanishes = app_demo_has_new(app);
	if (!jobs && !vanishes) {
		app_quit(app);
		return;
	}
	struct quit_dialog *d = s3t_alloc(sizeof *d);
	form_init(&d->form, &quit_ops, "Quit");
	char text[128];
	snprintf(text, sizeof text, "%zu job%s still running.", jobs, jobs == 1 ? " is" : "s are");
	d->text = form_add_label(&d->form, THEME_DIALOG, jobs ? text : "Leave the demo?");
	if (jobs)
		form_add_label(&d->form, THEME_DIALOG_DIM,
			"Stop and abort removes unfinished uploads and temporary files.");
	if (vanishes)
		form_add_label(&d->form, THEME_DIALOG,
			"This is the demo: what was copied into its places vanishes.");
	form_add_label(&d->form, THEME_DIALOG, "");
	if (jobs)
		form_add_buttons(&d->form, busy, 3);
	else
		form_add_buttons(&d->form, idle, 2);
	d->form.on_button = jobs ? on_quit_busy : on_quit_idle;
	app_push(app, &d->form.view);
}
