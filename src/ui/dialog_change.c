/*
 * What is selected, changed in place. Of one object all fields show what they are, and what is
 * emptied is taken away; of several an empty field stays as each object has it, and "-" takes away.
 * An object lock is set by itself: "GOVERNANCE:30" (days), "COMPLIANCE:2030-01-31".
 */
#include "core/text.h"
#include "core/uri.h"
#include "ui/dialogs.h"
#include "ui/dry_run.h"
#include "ui/form.h"
#include "ui/pairs.h"
#include "ui/versions.h"

#include <stdlib.h>
#include <string.h>

static const struct {
	const char *name, *label;
} texts[] = {
	{"content-type", "Content type       "},
	{"content-encoding", "Content encoding   "},
	{"cache-control", "Cache control      "},
	{"content-disposition", "Content disposition"},
	{"content-language", "Content language   "},
	{"expires", "Expires            "},
};
enum { TEXTS = sizeof texts / sizeof *texts };

static const char *const classes[] = {"as it is", "STANDARD", "REDUCED_REDUNDANCY", "STANDARD_IA",
	"ONEZONE_IA", "INTELLIGENT_TIERING", "GLACIER", "GLACIER_IR", "DEEP_ARCHIVE"};
static const char *const encryptions[] = {"as it is", "SSE_S3", "SSE_KMS", "SSE_C"};
static const char *const holds[] = {"as it is", "on", "off"};
enum { BUTTON_CHANGE, BUTTON_DRY, BUTTON_CANCEL };

struct change_dialog {
	struct form form;
	struct job_spec spec; /* sources */
	bool is_single;       /* one object: the fields show it */
	list_id reading;
	size_t texts[TEXTS], class, encryption, metadata, tags, retention, hold, error;
	char *before[TEXTS], *metadata_before, *tags_before; /* of a single one */
	char shown_etag[S3_ETAG_MAX];
	int64_t shown_s;
	struct dry_run dry;
};

/* --- what an object has --- */

struct reading {
	struct location *location;
	char *path;
	size_t path_len;
	struct s3_object object;
	struct strbuf tagging;
};

static void reading_free(void *arg)
{
	struct reading *r = arg;
	location_unref(r->location);
	free(r->path);
	s3_object_deinit(&r->object);
	strbuf_deinit(&r->tagging);
	free(r);
}

static enum s3t_rc run_reading(
	void *arg, struct http_conn *conn, struct cancel *cancel, struct s3t_err *err)
{
	struct reading *r = arg;
	struct s3_ctx ctx = {
		.client = location_s3_client(r->location), .conn = conn, .cancel = cancel};
	struct strview bucket, key;
	s3_path_split(sv_n(r->path, r->path_len), &bucket, &key);
	enum s3t_rc rc = s3_head_object(&ctx, bucket, key, &r->object, err);
	return rc == S3T_OK ? s3_keep_tagging(&ctx, bucket, key, &r->tagging, err) : rc;
}

static void show_text(struct change_dialog *d, size_t field, char **before, struct strview text)
{
	free(*before);
	*before = s3t_strndup(text.data, text.len);
	form_set_text(&d->form, field, text);
}

static void show_object(struct change_dialog *d, const struct reading *r)
{
	const struct s3_object *o = &r->object;
	memcpy(d->shown_etag, o->etag, sizeof d->shown_etag);
	d->shown_s = o->last_modified_s;
	for (size_t i = 0; i < TEXTS; i++) {
		struct strview value =
			i == 0   ? sv(o->content_type ? o->content_type : "")
			: i == 1 ? sv(o->content_encoding ? o->content_encoding : "")
				 : sv_line_value(strbuf_view(&o->headers), texts[i].name);
		show_text(d, d->texts[i], &d->before[i], value);
	}
	struct strbuf pairs, name, value;
	strbuf_init(&pairs);
	strbuf_init(&name);
	strbuf_init(&value);
	for (struct strview all = strbuf_view(&o->metadata); all.len;) {
		struct strview line = sv_n(all.data, sv_find(all, '\n'));
		size_t colon = sv_find(line, ':');
		all = sv_from(all, line.len + 1);
		pairs_add(&pairs, sv_n(line.data, colon), sv_trim(sv_from(line, colon + 1)));
	}
	show_text(d, d->metadata, &d->metadata_before, strbuf_view(&pairs));
	strbuf_reset(&pairs);
	for (struct strview all = strbuf_view(&r->tagging); all.len;) {
		struct strview pair = sv_n(all.data, sv_find(all, '&'));
		size_t equals = sv_find(pair, '=');
		all = sv_from(all, pair.len + 1);
		strbuf_reset(&name);
		strbuf_reset(&value);
		uri_decode(&name, sv_n(pair.data, equals), false);
		uri_decode(&value, sv_from(pair, equals + 1), false);
		pairs_add(&pairs, strbuf_view(&name), strbuf_view(&value));
	}
	show_text(d, d->tags, &d->tags_before, strbuf_view(&pairs));
	strbuf_deinit(&pairs);
	strbuf_deinit(&name);
	strbuf_deinit(&value);
}

/* --- from the fields to changes --- */

static enum s3t_rc take_text(
	struct change_dialog *d, size_t i, struct s3_changes *out, struct s3t_err *err)
{
	struct strview now = sv_trim(form_text(&d->form, d->texts[i]));
	if (d->is_single ? sv_eq(now, sv(d->before[i])) : now.len == 0)
		return S3T_OK;
	bool removes = !d->is_single && sv_eq(now, SV("-"));
	return s3_changes_add(out, sv(texts[i].name), removes ? SV("") : now, err);
}

static enum s3t_rc add_named(struct s3_changes *out, const char *prefix, struct strview name,
	struct strview value, struct s3t_err *err)
{
	char *full = s3t_asprintf("%s%.*s", prefix, (int)name.len, name.data);
	enum s3t_rc rc = s3_changes_add(out, sv(full), value, err);
	free(full);
	return rc;
}

/* Of a single object the pairs are all there are to be: others go. */
static enum s3t_rc take_pairs(struct change_dialog *d, size_t field, const char *before,
	const char *prefix, struct s3_changes *out, struct s3t_err *err)
{
	struct strview now = form_text(&d->form, field), rest = sv(before ? before : "");
	struct strbuf name, value;
	bool has_value;
	enum s3t_rc rc = S3T_OK;
	if (d->is_single && sv_eq(now, rest))
		return S3T_OK;
	strbuf_init(&name);
	strbuf_init(&value);
	while (d->is_single && rc == S3T_OK && pairs_next(&rest, &name, &value, &has_value))
		rc = add_named(out, prefix, strbuf_view(&name), SV(""), err);
	for (rest = now; rc == S3T_OK && pairs_next(&rest, &name, &value, &has_value);) {
		if (!has_value)
			rc = s3t_fail(err, S3T_INVALID,
				"Metadata and tags are written name=value; name=value.");
		else
			rc = add_named(out, prefix, strbuf_view(&name), strbuf_view(&value), err);
	}
	strbuf_deinit(&name);
	strbuf_deinit(&value);
	return rc;
}

static enum s3t_rc read_changes(
	struct change_dialog *d, struct s3_changes *out, struct s3t_err *err)
{
	enum s3t_rc rc = S3T_OK;
	for (size_t i = 0; i < TEXTS && rc == S3T_OK; i++)
		rc = take_text(d, i, out, err);
	size_t class = form_selected(&d->form, d->class);
	size_t encryption = form_selected(&d->form, d->encryption);
	if (rc == S3T_OK && class)
		rc = s3_changes_add(out, SV("storage-class"), sv(classes[class]), err);
	if (rc == S3T_OK && encryption)
		rc = s3_changes_add(out, SV("encryption"), sv(encryptions[encryption]), err);
	if (rc == S3T_OK)
		rc = take_pairs(d, d->metadata, d->metadata_before, "meta.", out, err);
	if (rc == S3T_OK)
		rc = take_pairs(d, d->tags, d->tags_before, "tag.", out, err);
	struct strview retention = sv_trim(form_text(&d->form, d->retention));
	size_t hold = form_selected(&d->form, d->hold);
	if (rc == S3T_OK && retention.len)
		rc = s3_changes_add(out, SV("retention"), retention, err);
	if (rc == S3T_OK && hold)
		rc = s3_changes_add(out, SV("legal-hold"), sv(holds[hold]), err);
	return rc == S3T_OK ? s3_changes_check(out, err) : rc;
}

/* --- the dialog --- */

static void submit(struct change_dialog *d, bool dry)
{
	struct app *app = d->form.view.app;
	struct s3t_err err;
	struct job_spec spec;
	app_job_spec_init(app, &spec, JOB_CHANGE, NULL);
	spec.policy = CONFLICT_OVERWRITE;
	spec.from = location_ref(d->spec.from);
	job_spec_copy_sources(&spec, &d->spec);
	job_spec_set_in_place(&spec);
	memcpy(spec.shown_etag, d->shown_etag, sizeof spec.shown_etag);
	spec.shown_s = d->shown_s;
	enum s3t_rc rc = read_changes(d, &spec.changes, &err);
	if (rc != S3T_OK) {
		job_spec_deinit(&spec);
		form_set_label(&d->form, d->error, THEME_DIALOG_ERROR, "%s", err.message);
	} else if (dry) {
		dry_run_begin(&d->dry, app, &spec);
		form_set_label(
			&d->form, d->error, THEME_DIALOG_DIM, "looking what would happen...");
	} else if (app_submit(app, &spec, &err) == 0) {
		form_set_label(&d->form, d->error, THEME_DIALOG_ERROR, "%s", err.message);
	} else {
		form_close(&d->form);
	}
}

static void on_change_button(struct form *f, size_t button)
{
	struct change_dialog *d = (struct change_dialog *)f;
	if (button == BUTTON_CANCEL)
		form_close(f);
	else if (d->reading)
		form_set_label(f, d->error, THEME_DIALOG_DIM, "It is still being read.");
	else
		submit(d, button == BUTTON_DRY);
}

static bool change_on_list(struct view *v, struct lister_event *e)
{
	struct change_dialog *d = (struct change_dialog *)v;
	if (e->kind != LISTER_TASK || !d->reading || e->id != d->reading)
		return false;
	d->reading = 0;
	d->form.is_locked = false;
	if (e->err.rc != S3T_OK) {
		form_set_label(&d->form, d->error, THEME_DIALOG_ERROR, "%s", e->err.message);
		d->is_single = false; /* nothing is known: empty fields stay as they are */
	} else {
		form_set_label(&d->form, d->error, THEME_DIALOG, "%s", "");
		show_object(d, e->arg);
	}
	return true;
}

static void change_on_event(struct view *v, const struct event *e)
{
	struct change_dialog *d = (struct change_dialog *)v;
	if (dry_run_on_event(&d->dry, v->app, e))
		form_set_label(&d->form, d->error, THEME_DIALOG, "%s", "");
}

static const struct view_ops change_ops = {
	FORM_OPS, .on_list = change_on_list, .on_event = change_on_event};

static void change_destroy(struct form *f)
{
	struct change_dialog *d = (struct change_dialog *)f;
	if (d->reading)
		lister_cancel(app_lister(f->view.app), d->reading);
	for (size_t i = 0; i < TEXTS; i++)
		free(d->before[i]);
	free(d->metadata_before);
	free(d->tags_before);
	job_spec_deinit(&d->spec);
	dry_run_deinit(&d->dry, f->view.app);
}

struct selection {
	size_t count, files;
	struct strview version; /* the name of one among them; empty: none is */
};

static void count_row(void *arg, const struct pane_row *row)
{
	struct selection *s = arg;
	s->count++;
	s->files += row->kind == ENTRY_FILE;
	if (path_version_split(row->name, NULL).len != row->name.len)
		s->version = row->name;
}

static void read_single(struct change_dialog *d)
{
	struct reading *r = s3t_alloc(sizeof *r);
	const struct job_source *s = &d->spec.sources[0];
	r->location = location_ref(d->spec.from);
	r->path = s3t_strndup(s->path, s->path_len);
	r->path_len = s->path_len;
	s3_object_init(&r->object);
	strbuf_init(&r->tagging);
	form_set_label(&d->form, d->error, THEME_DIALOG_DIM, "reading...");
	d->form.is_locked = true;
	d->reading = lister_run(app_lister(d->form.view.app), run_reading, r, reading_free);
}

void dialog_change_open(struct app *app)
{
	static const char *const buttons[] = {"Change", "Dry run", "Cancel"};
	struct pane *pane = app_active(app);
	struct selection s = {.count = 0};
	if (!pane_is_s3(pane) || pane_is_buckets(pane)) {
		app_status_error(app, "Objects in a bucket are changed in place.");
		return;
	}
	(void)pane_each_selected(pane, count_row, &s);
	if (s.count == 0) {
		app_status(app, "Nothing is selected.");
		return;
	}
	if (s.version.len && versions_refuse(app, s.version))
		return;
	struct change_dialog *d = s3t_alloc(sizeof *d);
	struct form *f = &d->form;
	app_job_spec_init(app, &d->spec, JOB_CHANGE, pane);
	dry_run_init(&d->dry);
	d->is_single = s.count == 1 && s.files == 1;
	form_init(f, &change_ops, "Change in place");
	f->on_button = on_change_button;
	f->on_destroy = change_destroy;
	if (!d->is_single) {
		size_t label = form_add_label(f, THEME_DIALOG, "");
		form_set_label(f, label, THEME_DIALOG,
			"%zu selected, with all that is below prefixes. Empty: stays as it is; "
			"-: taken away.",
			s.count);
	}
	form_warn_of_later(f, pane);
	for (size_t i = 0; i < TEXTS; i++)
		d->texts[i] = form_add_text(f, texts[i].label, SV(""));
	d->class = form_add_choice(
		f, "Storage class      ", classes, sizeof classes / sizeof *classes, 0);
	d->encryption = form_add_choice(
		f, "Encryption         ", encryptions, sizeof encryptions / sizeof *encryptions, 0);
	d->metadata = form_add_text(f, "Metadata (a=b; c=d)", SV(""));
	d->tags = form_add_text(f, "Tags     (a=b; c=d)", SV(""));
	d->retention = form_add_text(f, "Retention (MODE:30)", SV(""));
	d->hold = form_add_choice(f, "Legal hold         ", holds, sizeof holds / sizeof *holds, 0);
	d->error = form_add_label(f, THEME_DIALOG, "");
	form_add_buttons(f, buttons, 3);
	app_push(app, &f->view);
	if (d->is_single)
		read_single(d);
}
