/* What the app does around a job: starts it, and when it ends takes marks away and lists again. */
#include "ui/app_private.h"

#include "core/text.h"
#include "core/timeutil.h"
#include "ui/dialogs.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void app_job_spec_add(struct job_spec *spec, const struct pane *from, struct strview name)
{
	struct strbuf path;
	if (!spec->from)
		spec->from = location_ref(pane_location(from));
	strbuf_init(&path);
	pane_join(from, name, &path);
	name = path_version_split(name, NULL);
	if (name.len > 1 && name.data[name.len - 1] == '/')
		name.len--;
	job_spec_add_source(spec, strbuf_view(&path), name);
	strbuf_deinit(&path);
}

static void add_source(void *arg, const struct pane_row *row)
{
	app_job_spec_add(((void **)arg)[0], ((void **)arg)[1], row->name);
}

void app_job_spec_init(
	struct app *app, struct job_spec *spec, enum job_kind kind, struct pane *from)
{
	job_spec_init(spec, kind, app->settings);
	job_spec_leave_to_target(spec);
	spec->recursive = true;
	spec->policy = CONFLICT_ASK;
	spec->report_problems = true;
	if (!from)
		return;
	spec->from = location_ref(pane_location(from));
	(void)pane_each_selected(from, add_source, (void *[]){spec, from});
}

/* --- the demo's places --- */

static bool is_below(const char *path, const char *root)
{
	size_t n = strlen(root);
	return strncmp(path, root, n) == 0 && (path[n] == '/' || path[n] == '\0');
}

/* The directory that holds a path, without symbolic links on its way, is in the demo's. */
static bool is_in_demo_dir(const char *root, struct strview path)
{
	char real_root[PATH_MAX], real[PATH_MAX];
	struct strview up = path_parent(path);
	char *parent = s3t_strndup(up.data, up.len);
	bool ok = root && realpath(root, real_root) && realpath(parent, real) &&
		  is_below(real, real_root);
	free(parent);
	return ok;
}

static bool demo_allows(const struct app *app, const struct job_spec *spec)
{
	const struct ui_options *o = app->options;
	if (!o->is_demo || (spec->kind != JOB_MOVE && !job_kind_removes(spec->kind)))
		return true;
	for (size_t i = 0; i < spec->source_count; i++) {
		struct strview path = sv_n(spec->sources[i].path, spec->sources[i].path_len);
		struct strview root = sv(o->demo_right_root ? o->demo_right_root : "");
		bool ok = spec->from->ops->kind == LOC_LOCAL
				  ? is_in_demo_dir(o->demo_left_root, path)
				  : root.len && path.len > root.len && sv_starts_with(path, root);
		if (!ok)
			return false;
	}
	return true;
}

bool app_demo_has_new(const struct app *app)
{
	return app->demo_has_new;
}

/* --- start and end --- */

static void note_free(struct job_note *n)
{
	for (size_t i = 0; i < n->source_count; i++)
		free((void *)(uintptr_t)n->sources[i].data);
	free(n->sources);
	free(n->target_root);
	location_unref(n->from);
	location_unref(n->to);
	free(n);
}

static struct job_note *note_new(const struct job_spec *spec)
{
	struct job_note *n = s3t_alloc(sizeof *n);
	n->kind = spec->kind;
	n->from = spec->from ? location_ref(spec->from) : NULL;
	n->to = spec->to ? location_ref(spec->to) : NULL;
	n->target_root = s3t_strndup(spec->target_root ? spec->target_root : "",
		spec->target_root ? spec->target_root_len : 0);
	n->target_root_len = spec->target_root ? spec->target_root_len : 0;
	n->sources = s3t_alloc((spec->source_count + 1) * sizeof *n->sources);
	n->source_count = spec->source_count;
	for (size_t i = 0; i < spec->source_count; i++) {
		const struct job_source *s = &spec->sources[i];
		n->sources[i] = sv_n(s3t_strndup(s->path ? s->path : "", s->path_len), s->path_len);
	}
	return n;
}

job_id app_submit(struct app *app, struct job_spec *spec, struct s3t_err *err)
{
	if (!demo_allows(app, spec)) {
		(void)s3t_fail(err, S3T_DENIED,
			"In the demo only what is in its own two places can be moved or deleted.");
		job_spec_deinit(spec);
		return 0;
	}
	for (size_t i = 0; i < app->snapshot.job_count; i++) {
		const struct job_view *j = &app->snapshot.jobs[i];
		if (j->state == JOB_FINISHED && j->items_failed == 0)
			engine_dismiss(app->engine, j->id);
	}
	job_spec_take_profiles(spec);
	struct job_note *n = note_new(spec);
	n->id = engine_submit(app->engine, spec);
	n->next = app->notes;
	app->notes = n;
	app_renew_snapshot(app, time_mono_ms());
	return n->id;
}

bool app_submit_saved(
	struct app *app, struct saved_job *job, struct location *from, struct location *to)
{
	/* lent for the note */
	job->spec.from = from;
	job->spec.to = to;
	struct job_note *n = note_new(&job->spec);
	job->spec.from = job->spec.to = NULL;
	bool is_saved;
	n->id = engine_resume(app->engine, job, from, to, &is_saved);
	n->next = app->notes;
	app->notes = n;
	app_renew_snapshot(app, time_mono_ms());
	return is_saved;
}

/* Takes the marks from what was done. */
static void unmark_done(struct app *app, const struct job_note *n)
{
	bool *flags = s3t_alloc(n->source_count + 1);
	if (!n->from || !engine_sources_done(app->engine, n->id, flags, n->source_count)) {
		free(flags);
		return;
	}
	struct strview *names = s3t_alloc((n->source_count + 1) * sizeof *names);
	for (int side = 0; side < 2; side++) {
		struct pane *p = app->panes[side];
		size_t count = 0;
		for (size_t i = 0; i < n->source_count; i++) {
			struct strview name;
			if (flags[i] && pane_location(p) == n->from &&
				pane_relative(p, n->sources[i], &name))
				names[count++] = name;
		}
		if (count)
			pane_unmark(p, names, count);
	}
	free(names);
	free(flags);
}

static void refresh_places(struct app *app, const struct job_note *n)
{
	bool source_changed =
		n->kind == JOB_MOVE || n->kind == JOB_CHANGE || job_kind_removes(n->kind);
	for (int side = 0; side < 2; side++) {
		struct pane *p = app->panes[side];
		if (n->to)
			pane_refresh_if(p, n->to, sv_n(n->target_root, n->target_root_len));
		if (n->from && source_changed && n->source_count)
			pane_refresh_if(p, n->from, path_parent(n->sources[0]));
	}
}

static void say_done(struct app *app, enum job_kind kind, const struct event *e)
{
	const char *done = job_kind_done_word(kind);
	char n[32], skipped[48] = "", saving[TEXT_SAVING_MAX] = "";
	text_count(e->done, n);
	if (e->packed)
		text_saving(e->packed, e->stored, saving);
	if (e->skipped) {
		char k[32];
		text_count(e->skipped, k);
		snprintf(skipped, sizeof skipped, ", %s skipped", k);
	}
	if (e->failed && kind == JOB_VERIFY)
		app_status_error(app, "%s the same, %llu not", n, (unsigned long long)e->failed);
	else if (e->failed)
		app_status_error(app, "%s%s %s%s, %llu failed (t shows them)",
			e->job_cancelled ? "Cancelled; " : "", n, done, skipped,
			(unsigned long long)e->failed);
	else
		app_status(app, "%s%s %s%s%s%s", e->job_cancelled ? "Cancelled; " : "", n, done,
			skipped, saving[0] ? "; " : "", saving);
}

static void keep_problem(struct app *app, struct event *e)
{
	struct msg **at = (struct msg **)&app->problems;
	while (*at)
		at = &(*at)->next;
	e->msg.next = NULL;
	*at = &e->msg;
}

static bool is_about(const struct event *e, enum event_kind kind, job_id job)
{
	return e->kind == kind && e->job == job;
}

/* Those of a kind that wait for their dialog. */
static void drop_problems(struct app *app, enum event_kind kind, job_id job)
{
	struct msg **at = (struct msg **)&app->problems;
	while (*at) {
		struct event *e = (struct event *)*at;
		if (!is_about(e, kind, job)) {
			at = &e->msg.next;
			continue;
		}
		*at = e->msg.next;
		event_free(e);
	}
}

/* More failures than anybody would answer are told by the job's end. */
static bool is_asked_enough(const struct app *app, job_id job)
{
	enum { FAILURES_MAX = 20 };
	int n = 0;
	for (const struct event *e = app->problems; e; e = (const struct event *)e->msg.next)
		n += is_about(e, EV_ITEM, job);
	return n >= FAILURES_MAX;
}

static void job_done(struct app *app, struct event *e)
{
	struct job_note **at = &app->notes;
	while (*at && (*at)->id != e->job)
		at = &(*at)->next;
	struct job_note *n = *at;
	app_drop_asks(app, e->job);
	drop_problems(app, EV_ITEM, e->job); /* all that failed is told now */
	/* what differs is a verify's result, and has a dialog of its own */
	bool is_verify = n && n->kind == JOB_VERIFY;
	if (n) {
		n->has_answer = false;
		if (!is_verify) {
			unmark_done(app, n);
			refresh_places(app, n);
		}
		say_done(app, n->kind, e);
		if (app->options->is_demo && n->to && n->to->ops->kind == LOC_S3 && e->done &&
			(n->kind == JOB_COPY || n->kind == JOB_MOVE))
			app->demo_has_new = true;
		if (n->kind == JOB_MKDIR && !e->failed)
			engine_dismiss(app->engine, e->job);
		/* what failed may be tried again: the job then ends a second time */
		if (!e->failed) {
			*at = n->next;
			note_free(n);
		}
	}
	/* without a note it is a dry run, whose dialog tells */
	if (e->failed && n && !n->skips_errors && !e->job_cancelled && !is_verify)
		keep_problem(app, e);
	else
		event_free(e);
}

static struct job_note *find_note(const struct app *app, job_id job)
{
	struct job_note *n = app->notes;
	while (n && n->id != job)
		n = n->next;
	return n;
}

static void tell_paused(struct app *app, const struct event *e)
{
	char *text = s3t_asprintf("%s\n\nThe job is paused. Sign in again, then continue it in the "
				  "list of transfers; or "
				  "leave, keeping it: the next start offers to go on with it.",
		e->err.message);
	dialog_message_open(app, "Credentials have expired", text);
	free(text);
}

void app_take_engine_event(struct app *app, struct event *e)
{
	const struct job_note *n = find_note(app, e->job);
	app->is_dirty = true;
	if (e->kind == EV_JOB_DONE)
		job_done(app, e);
	else if (e->kind == EV_ASK && !(n && n->has_answer))
		keep_problem(app, e);
	else if (e->kind == EV_ITEM && e->outcome == ITEM_FAILED && n && n->kind != JOB_VERIFY &&
		 !n->skips_errors && !is_asked_enough(app, e->job))
		keep_problem(app, e);
	else if (e->kind == EV_PAUSED)
		keep_problem(app, e);
	else
		event_free(e);
}

void app_drop_asks(struct app *app, job_id job)
{
	struct job_note *n = find_note(app, job);
	if (n)
		n->has_answer = true;
	drop_problems(app, EV_ASK, job);
}

void app_skip_errors(struct app *app, job_id job)
{
	struct job_note *n = find_note(app, job);
	if (n)
		n->skips_errors = true;
	drop_problems(app, EV_ITEM, job);
}

static void add_path(void *arg, struct strview path)
{
	job_spec_add_source(arg, path, SV(""));
}

/* Nothing was wrong but that they are archived. */
static void offer_restore(struct app *app, const struct event *e)
{
	enum { OFFERED_MAX = 10000 };
	const struct job_note *n = find_note(app, e->job);
	struct job_spec list = {.kind = JOB_CHANGE};
	engine_each_archived(app->engine, e->job, OFFERED_MAX, add_path, &list);
	struct strview *paths = s3t_alloc(list.source_count * sizeof *paths);
	for (size_t i = 0; i < list.source_count; i++)
		paths[i] = sv_n(list.sources[i].path, list.sources[i].path_len);
	if (n && n->from && list.source_count)
		dialog_restore_offer(app, n->from, paths, list.source_count, e->archived);
	free(paths);
	job_spec_deinit(&list);
}

void app_open_problem(struct app *app)
{
	if (!app->problems || app_top(app)->ops->context == CTX_DIALOG)
		return;
	struct event *e = app->problems;
	app->problems = (struct event *)e->msg.next;
	if (e->kind == EV_JOB_DONE && e->archived && e->archived == e->failed)
		offer_restore(app, e);
	else if (e->kind == EV_ASK)
		dialog_conflict_open(app, e);
	else if (e->kind == EV_ITEM)
		dialog_item_error_open(app, e);
	else if (e->kind == EV_PAUSED)
		tell_paused(app, e);
	else
		dialog_error_open(app, e);
	event_free(e);
}

void app_renew_snapshot(struct app *app, int64_t now_ms)
{
	engine_snapshot(app->engine, &app->snapshot);
	progress_update(&app->progress, &app->snapshot, now_ms);
	if (app->progress.is_busy && app->progress.has_rate)
		rate_history_add(&app->rates, app->progress.rate, now_ms);
	app->snapshot_ms = now_ms;
	char *problem = journal_problem(app->journal);
	if (problem)
		app_status_error(app, "%s", problem);
	free(problem);
}

void app_renew(struct app *app)
{
	app_renew_snapshot(app, time_mono_ms());
}

void app_jobs_deinit(struct app *app)
{
	while (app->questions) {
		struct app_question *q = app->questions;
		app->questions = q->next;
		free(q);
	}
	while (app->problems) {
		struct event *e = app->problems;
		app->problems = (struct event *)e->msg.next;
		event_free(e);
	}
	while (app->notes) {
		struct job_note *n = app->notes;
		app->notes = n->next;
		note_free(n);
	}
	engine_snapshot_deinit(&app->snapshot);
}
