/* Leaving while jobs run (wait, stop and keep, stop and abort, stay), or the demo. */
#include "ui/dialogs.h"
#include "ui/form.h"

#include <stdio.h>

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
	bool must_stay; /* there is more to ask about than the jobs that run, or to tell of them */
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
	struct quit_dialog *d = (struct quit_dialog *)v;
	if (e->kind != EV_JOB_DONE)
		return;
	d->must_stay |= e->failed || e->is_kept;
	bool is_over = app_jobs_are_over(v->app);
	if (is_over && d->must_stay)
		form_set_label(&d->form, d->text, THEME_DIALOG, "No job is running any more.");
	else if (is_over) /* the jobs were the only reason to ask */
		d->is_waiting = true;
	quit_tick(v, 0);
}

static const struct view_ops quit_ops = {FORM_OPS, .tick = quit_tick, .on_event = quit_event};

static void on_quit_busy(struct form *f, size_t button)
{
	struct quit_dialog *d = (struct quit_dialog *)f;
	struct app *app = f->view.app;
	if (!app_can_keep(app) && button > 0)
		button++; /* that row of buttons has no second one */
	if (button == 0) {
		d->is_waiting = true;
		quit_tick(&f->view, 0);
		return;
	}
	if (button == 1)
		app_quit_keeping(app);
	else if (button == 2)
		app_quit(app);
	form_close(f);
}

void dialog_quit_open(struct app *app)
{
	static const char *const idle[] = {"Quit", "Stay"};
	static const char *const busy[] = {"Wait", "Stop and keep", "Stop and abort", "Stay"};
	static const char *const demo[] = {"Wait", "Stop and abort", "Stay"};
	size_t jobs = engine_busy(app_engine(app));
	bool vanishes = app_demo_has_new(app);
	if (!jobs && !vanishes) {
		app_quit(app);
		return;
	}
	struct quit_dialog *d = s3t_alloc(sizeof *d);
	form_init(&d->form, &quit_ops, "Quit");
	char text[128];
	d->must_stay = vanishes;
	snprintf(text, sizeof text, "%zu job%s still running.", jobs, jobs == 1 ? " is" : "s are");
	d->text = form_add_label(&d->form, THEME_DIALOG, jobs ? text : "Leave the demo?");
	if (jobs)
		form_add_label(&d->form, THEME_DIALOG_DIM,
			"Stop and abort removes unfinished uploads and temporary files.");
	if (jobs && app_can_keep(app))
		form_add_label(&d->form, THEME_DIALOG_DIM,
			"Stop and keep goes on with them at the next start.");
	if (vanishes)
		form_add_label(&d->form, THEME_DIALOG,
			"This is the demo: what was copied into its places vanishes.");
	form_add_label(&d->form, THEME_DIALOG, "");
	if (jobs && app_can_keep(app))
		form_add_buttons(&d->form, busy, 4);
	else if (jobs)
		form_add_buttons(&d->form, demo, 3);
	else
		form_add_buttons(&d->form, idle, 2);
	d->form.on_button = jobs ? on_quit_busy : on_quit_idle;
	app_push(app, &d->form.view);
}
