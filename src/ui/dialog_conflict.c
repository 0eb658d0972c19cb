/* A target exists (the item waits, the others go on); a job had failures. */
#include "core/text.h"
#include "core/timeutil.h"
#include "ui/dialogs.h"
#include "ui/form.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct conflict_dialog {
	struct form form;
	job_id job;
	item_id item;
	size_t scope;
	const enum conflict_policy *answers; /* one a button but the last */
	size_t answer_count;
};

static void conflict_event(struct view *v, const struct event *e)
{
	struct conflict_dialog *d = (struct conflict_dialog *)v;
	if (e->kind == EV_JOB_DONE && e->job == d->job)
		form_close(&d->form);
}

static void on_conflict_button(struct form *f, size_t button)
{
	struct conflict_dialog *d = (struct conflict_dialog *)f;
	struct app *app = f->view.app;
	if (button == d->answer_count) {
		engine_cancel(app_engine(app), d->job);
		app_drop_asks(app, d->job);
	} else {
		bool for_all = form_selected(f, d->scope) == 1;
		engine_answer(app_engine(app), d->job, d->item, d->answers[button], for_all);
		if (for_all)
			app_drop_asks(app, d->job);
	}
	form_close(f);
}

/* Esc leaves this one as it is. */
static bool conflict_action(struct view *v, enum action action)
{
	struct conflict_dialog *d = (struct conflict_dialog *)v;
	if (action == ACTION_DISMISS)
		engine_answer(app_engine(v->app), d->job, d->item, CONFLICT_SKIP, false);
	return form_on_action(v, action);
}

static const struct view_ops conflict_ops = {.context = CTX_DIALOG,
	.draw = form_draw,
	.on_key = form_on_key,
	.on_action = conflict_action,
	.on_mouse = form_on_mouse,
	.on_event = conflict_event,
	.destroy = form_destroy};

static void add_side(
	struct form *f, const char *label, struct strview name, const struct conflict_side *side)
{
	char size[TEXT_SIZE_MAX], when[32] = "";
	struct strbuf text;
	strbuf_init(&text);
	text_size(side->size, size);
	if (side->mtime_ns > INT64_MIN + 1)
		time_format_local(side->mtime_ns / NS_PER_S, true, when);
	strbuf_addf(&text, "%s  %s  %s  ", label, size, when);
	path_show(&text, name);
	form_add_label(f, THEME_DIALOG, text.data);
	strbuf_deinit(&text);
}

void dialog_conflict_open(struct app *app, const struct event *ask)
{
	static const char *const scopes[] = {"this one", "all of this job"};
	static const enum conflict_policy all[] = {CONFLICT_OVERWRITE, CONFLICT_NEWER,
		CONFLICT_SKIP, CONFLICT_RENAME, CONFLICT_RESUME};
	static const char *const all_words[] = {
		"Overwrite", "Newer only", "Skip", "Rename", "Resume", "Stop job"};
	/* what a command prints is neither newer than its input nor a part of it */
	static const enum conflict_policy few[] = {
		CONFLICT_OVERWRITE, CONFLICT_SKIP, CONFLICT_RENAME};
	static const char *const few_words[] = {"Overwrite", "Skip", "Rename", "Stop job"};
	const struct engine_snapshot *snap = app_snapshot(app);
	struct conflict_dialog *d = s3t_alloc(sizeof *d);
	bool is_pipe = false;
	for (size_t i = 0; i < snap->job_count; i++)
		is_pipe |= snap->jobs[i].id == ask->job && snap->jobs[i].kind == JOB_PIPE;
	d->answers = is_pipe ? few : all;
	d->answer_count = is_pipe ? 3 : 5;
	d->job = ask->job;
	d->item = ask->item;
	form_init(&d->form, &conflict_ops, "The target exists");
	add_side(&d->form, "source", sv_n(ask->source, ask->source_len), &ask->from);
	add_side(&d->form, "target", sv_n(ask->target, ask->target_len), &ask->to);
	form_add_label(&d->form, THEME_DIALOG, "");
	d->scope = form_add_choice(&d->form, "Decide for", scopes, 2, 0);
	size_t row =
		form_add_buttons(&d->form, is_pipe ? few_words : all_words, d->answer_count + 1);
	d->form.focus = row;
	d->form.on_button = on_conflict_button;
	app_push(app, &d->form.view);
}

/* --- failures --- */

struct error_dialog {
	struct form form;
	job_id job;
};

static const struct view_ops error_ops = {FORM_OPS};

static void on_error_button(struct form *f, size_t button)
{
	struct error_dialog *d = (struct error_dialog *)f;
	if (button == 0)
		engine_retry_failed(app_engine(f->view.app), d->job);
	form_close(f);
}

/* While the others go on. Its end tells of all: then this one is needed no more. */
static void item_error_event(struct view *v, const struct event *e)
{
	struct error_dialog *d = (struct error_dialog *)v;
	if (e->kind == EV_JOB_DONE && e->job == d->job)
		form_close(&d->form);
}

static const struct view_ops item_error_ops = {FORM_OPS, .on_event = item_error_event};

static void on_item_error_button(struct form *f, size_t button)
{
	enum { RETRY, SKIP, SKIP_ALL, STOP };
	struct error_dialog *d = (struct error_dialog *)f;
	struct app *app = f->view.app;
	if (button == RETRY)
		engine_retry_failed(app_engine(app), d->job);
	else if (button == SKIP_ALL)
		app_skip_errors(app, d->job);
	else if (button == STOP)
		engine_cancel(app_engine(app), d->job);
	form_close(f);
}

void dialog_item_error_open(struct app *app, const struct event *failed)
{
	static const char *const buttons[] = {"Retry", "Skip", "Skip all", "Stop job"};
	struct error_dialog *d = s3t_alloc(sizeof *d);
	const char *todo = s3t_err_hint(&failed->err);
	struct strbuf text;
	strbuf_init(&text);
	d->job = failed->job;
	form_init(&d->form, &item_error_ops, "Something failed");
	path_show(&text, sv_n(failed->source, failed->source_len));
	form_add_label(&d->form, THEME_DIALOG, text.data);
	form_add_label(&d->form, THEME_DIALOG_ERROR, failed->err.message);
	strbuf_reset(&text);
	strbuf_addf(&text, "What to do: %s.", todo);
	form_add_label(&d->form, THEME_DIALOG, todo[0] ? text.data : "");
	form_add_label(&d->form, THEME_DIALOG_DIM, "The others go on.");
	form_add_label(&d->form, THEME_DIALOG, "");
	d->form.focus = form_add_buttons(&d->form, buttons, 4);
	d->form.on_button = on_item_error_button;
	strbuf_deinit(&text);
	app_push(app, &d->form.view);
}

void dialog_error_open(struct app *app, const struct event *done)
{
	static const char *const buttons[] = {"Retry", "Close"};
	struct error_dialog *d = s3t_alloc(sizeof *d);
	char text[128], count[32];
	d->job = done->job;
	text_count(done->failed, count);
	snprintf(text, sizeof text, "%s item%s failed; the others are done.", count,
		done->failed == 1 ? "" : "s");
	form_init(&d->form, &error_ops, "Not everything worked");
	form_add_label(&d->form, THEME_DIALOG, text);
	form_add_label(&d->form, THEME_DIALOG, "");
	struct engine_snapshot snap = {0};
	engine_snapshot(app_engine(app), &snap);
	size_t shown = 0;
	for (size_t i = 0; i < snap.job_count; i++) {
		const struct job_view *j = &snap.jobs[i];
		if (j->id != done->job || !j->message[0])
			continue;
		char line[2 * VIEW_TEXT_MAX + 4];
		snprintf(line, sizeof line, "%s: %s", j->title, j->message);
		form_add_label(&d->form, THEME_DIALOG_ERROR, line);
	}
	for (size_t i = 0; i < snap.item_count && shown < 8; i++) {
		const struct item_view *it = &snap.items[i];
		if (it->job != done->job || it->state != ITEM_BROKEN)
			continue;
		char line[2 * VIEW_TEXT_MAX + 4];
		snprintf(line, sizeof line, "%s: %s", it->name, it->message);
		form_add_label(&d->form, THEME_DIALOG_ERROR, line);
		shown++;
	}
	engine_snapshot_deinit(&snap);
	form_add_label(&d->form, THEME_DIALOG_DIM, "All failures are in the transfers view (t).");
	form_add_label(&d->form, THEME_DIALOG, "");
	form_add_buttons(&d->form, buttons, 2);
	d->form.on_button = on_error_button;
	app_push(app, &d->form.view);
}
