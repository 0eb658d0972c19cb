/*
 * What other processes of s3tui left unfinished, or are doing now: looked for by the lister,
 * offered once at the start, shown with the transfers. The journals of ended processes stay locked
 * for us from finding them to the person's answer.
 */
#include "ui/app_private.h"

#include "core/statedir.h"
#include "core/text.h"
#include "ui/dialogs.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct look {
	char *dir;
	struct journal_file *files;
};

static void look_free(void *arg)
{
	struct look *look = arg;
	journal_files_free(look->files);
	free(look->dir);
	free(look);
}

static enum s3t_rc look_for_journals(
	void *arg, struct http_conn *conn, struct cancel *cancel, struct s3t_err *err)
{
	struct look *look = arg;
	(void)conn;
	(void)cancel;
	return journal_files_open(look->dir, &look->files, err);
}

void app_look_at_others(struct app *app)
{
	if (!app->journal || app->looking || app->found)
		return;
	struct look *look = s3t_alloc(sizeof *look);
	look->dir = state_dir(JOURNAL_DIR);
	app->looking = lister_run(app->lister, look_for_journals, look, look_free);
}

/* "copy holiday.mov -> s3://b/2026/, 12 done" */
void app_saved_describe(const struct saved_job *job, struct strbuf *out)
{
	const struct job_spec *s = &job->spec;
	char count[32];
	strbuf_addf(out, "%s ", job_kind_word(s->kind));
	if (s->source_count)
		text_sanitise(out, path_basename(sv_n(s->sources->path, s->sources->path_len)));
	if (s->source_count > 1)
		strbuf_addf(out, " and %zu more", s->source_count - 1);
	if (s->target_root) {
		strbuf_add_str(out, job->to.is_s3 ? " to s3://" : " to ");
		text_sanitise(out, sv_n(s->target_root, s->target_root_len));
	}
	if (job->done_items) {
		text_count(job->done_items, count);
		strbuf_addf(out, ", %s done", count);
	}
	if (job->is_cancelled)
		strbuf_add_str(out, ", cancelled");
}

/* Jobs of living processes, for the screen. */
static void note_others(struct app *app, const struct journal_file *files)
{
	strbuf_reset(&app->others);
	for (; files; files = files->next)
		for (const struct saved_job *job = files->content.jobs; job; job = job->next) {
			if (files->fd >= 0 || files->content.pid == (long)getpid())
				continue;
			strbuf_addf(&app->others, "in process %ld: ", files->content.pid);
			app_saved_describe(job, &app->others);
			strbuf_add_char(&app->others, '\n');
		}
}

bool app_saved_take(struct app *app, struct lister_event *e)
{
	if (!app->looking || e->id != app->looking)
		return false;
	struct look *look = e->arg;
	app->looking = 0;
	if (e->err.rc != S3T_OK) {
		app_status_error(app, "%s", e->err.message);
		return true;
	}
	note_others(app, look->files);
	char *damage = app->was_offered ? NULL : journal_files_damage(look->files);
	if (damage)
		app_status_error(app, "%s", damage);
	free(damage);
	bool is_offered = app->was_offered;
	app->was_offered = true;
	for (struct journal_file *f = look->files; f && !is_offered; f = f->next) {
		if (f->fd < 0 || !f->content.jobs)
			continue;
		app->found = look->files;
		look->files = NULL;
		dialog_resume_open(app, app->found);
		break;
	}
	app->is_dirty = true;
	return true;
}

/* The pane's own location where it leads to the same place. */
static enum s3t_rc open_place(
	struct app *app, const struct saved_place *p, struct location **out, struct s3t_err *err)
{
	struct saved_place own;
	struct location *known = p->is_s3 ? app->options->s3 : app->options->local;
	if (known) {
		saved_place_set(&own, known);
		bool is_same = saved_place_eq(&own, p);
		saved_place_deinit(&own);
		if (is_same) {
			*out = location_ref(known);
			return S3T_OK;
		}
	}
	return saved_place_open(p, app->options->config, out, err);
}

static enum s3t_rc go_on(struct app *app, struct journal_file *f, struct saved_job *job, bool drop,
	struct s3t_err *err)
{
	struct location *from = NULL, *to = NULL;
	char uid[JOB_UID_LEN + 1];
	memcpy(uid, job->uid, sizeof uid);
	enum s3t_rc rc = open_place(app, &job->from, &from, err);
	if (rc == S3T_OK && job->spec.target_root)
		rc = open_place(app, &job->to, &to, err);
	if (rc == S3T_OK) {
		job->is_cancelled = job->is_cancelled || drop;
		if (app_submit_saved(app, journal_file_take(f, uid), from, to))
			journal_file_end_job(f, uid);
	}
	location_unref(from);
	location_unref(to);
	return rc;
}

void app_saved_answer(struct app *app, enum saved_answer answer)
{
	struct idle_job *jobs;
	struct s3t_err err;
	size_t count = journal_files_idle(app->found, &jobs);
	for (size_t i = 0; i < count && answer != SAVED_LATER; i++)
		if (go_on(app, jobs[i].file, jobs[i].job, answer == SAVED_DROP, &err) != S3T_OK)
			app_status_error(app, "%s", err.message);
	free(jobs);
	journal_files_free(app->found);
	app->found = NULL;
}

const char *app_saved_others(const struct app *app)
{
	return app->others.data;
}
