#include "ui/versions.h"

#include "ui/app.h"
#include "ui/dialogs.h"
#include "ui/pane.h"

#include <stdlib.h>

/* --- does the bucket keep any? --- */

struct versions_question *versions_question_new(struct s3_client *client, struct strview path)
{
	struct versions_question *q = s3t_alloc(sizeof *q);
	struct strview bucket, key;
	s3_path_split(path, &bucket, &key);
	q->client = s3_client_ref(client);
	q->bucket = s3t_strndup(bucket.data, bucket.len);
	return q;
}

void versions_question_free(void *arg)
{
	struct versions_question *q = arg;
	s3_client_unref(q->client);
	free(q->bucket);
	free(q);
}

enum s3t_rc versions_question_run(
	void *arg, struct http_conn *conn, struct cancel *cancel, struct s3t_err *err)
{
	struct versions_question *q = arg;
	struct s3_ctx ctx = {.client = q->client, .conn = conn, .cancel = cancel};
	return s3_get_bucket_versioning(&ctx, sv(q->bucket), &q->versioning, err);
}

static void on_answer(struct app *app, void *arg, const struct s3t_err *err)
{
	const struct versions_question *q = arg;
	if (err->rc == S3T_OK && q->versioning == S3_VERSIONING_NEVER)
		app_status(app, "This bucket keeps no versions: each object has this one only.");
	else if (err->rc == S3T_OK && q->versioning == S3_VERSIONING_SUSPENDED)
		app_status(app, "Versioning is suspended here: new versions replace the last one.");
}

bool versions_refuse(struct app *app, struct strview name)
{
	struct path_version v;
	(void)path_version_split(name, &v);
	if (v.id.len)
		app_status_error(app, "A version cannot be changed: Alt-v shows the latest ones, "
				      "Alt-r makes this one the latest.");
	return v.id.len;
}

void versions_toggle(struct app *app)
{
	struct pane *p = app_active(app);
	if (!pane_is_s3(p)) {
		app_status_error(app, "Versions are kept by buckets.");
		return;
	}
	pane_show_versions(p, !pane_shows_versions(p));
	if (!pane_shows_versions(p))
		app_status(app, "The latest versions are shown.");
}

void versions_watch(struct app *app)
{
	for (int side = 0; side < 2; side++) {
		struct pane *p = app_pane(app, side);
		if (pane_began_versions(p))
			app_ask(app, versions_question_run,
				versions_question_new(
					location_s3_client(pane_location(p)), pane_path(p)),
				versions_question_free, on_answer);
	}
}

/* --- jobs --- */

struct collecting {
	struct job_spec *spec;
	struct pane *pane;
	size_t versions, markers, others;
	bool drops_versions; /* the object is meant, whichever version was chosen */
};

static void add_row(void *arg, const struct pane_row *row)
{
	struct collecting *c = arg;
	struct path_version v;
	struct strview name = path_version_split(row->name, &v);
	c->markers += v.is_marker;
	c->versions += v.id.len && !v.is_marker;
	c->others += !v.id.len;
	app_job_spec_add(c->spec, c->pane, c->drops_versions ? name : row->name);
}

void versions_undelete(struct app *app)
{
	struct pane *p = app_active(app);
	struct job_spec spec;
	struct s3t_err err;
	if (!pane_is_s3(p) || pane_is_buckets(p)) {
		app_status_error(app,
			"What was deleted in a bucket can be undeleted, if it keeps versions.");
		return;
	}
	app_job_spec_init(app, &spec, JOB_UNDELETE, NULL);
	struct collecting c = {.spec = &spec, .pane = p, .drops_versions = true};
	if (pane_each_selected(p, add_row, &c) == 0) {
		job_spec_deinit(&spec);
		app_status(app, "Nothing is selected: Alt-v shows what was deleted here.");
	} else if (app_submit(app, &spec, &err) == 0) {
		app_status_error(app, "%s", err.message);
	}
}

void versions_restore(struct app *app)
{
	struct pane *p = app_active(app);
	struct job_spec spec;
	struct s3t_err err;
	if (!pane_shows_versions(p)) {
		dialog_restore_open(app);
		return;
	}
	app_job_spec_init(app, &spec, JOB_COPY, NULL);
	struct collecting c = {.spec = &spec, .pane = p};
	(void)pane_each_selected(p, add_row, &c);
	spec.policy = CONFLICT_OVERWRITE;
	if (!c.versions || c.markers || c.others) {
		job_spec_deinit(&spec);
		app_status_error(app,
			c.markers
				? "A delete marker has nothing to restore; Alt-u undeletes."
				: "Choose versions: each becomes the latest of its object again.");
		return;
	}
	job_spec_set_target(&spec, spec.from, pane_path(p));
	if (app_submit(app, &spec, &err) == 0)
		app_status_error(app, "%s", err.message);
}
