/* Delete: counted first; more than one thing, or a prefix, wants a typed word (threat T19). */
#include "core/text.h"
#include "ui/dialogs.h"
#include "ui/dry_run.h"
#include "ui/form.h"
#include "ui/versions.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { BUTTON_DELETE, BUTTON_CANCEL, BUTTON_DRY_RUN };
enum { WHICH_LATEST, WHICH_ALL };
static const char *const which[] = {"by a delete marker", "all versions, for good"};
static const char kept[] =
	"The bucket keeps versions: what is deleted gets a delete marker, and stays.";
static const char suspended[] =
	"Versioning is suspended here: what was written since then goes for good; only versions of "
	"before stay, behind a delete marker.";

struct delete_dialog {
	struct form form;
	struct job_spec spec;
	size_t count_label, word, error;
	size_t versions; /* label: that they are kept */
	const char *kept;
	size_t which; /* the choice what goes, where they are */
	list_id counting, asking;
	bool needs_word, is_bucket;
	size_t of_versions, of_markers; /* rows that are versions; those that are delete markers */
	struct dry_run dry;
};

static bool needs_word(const struct delete_dialog *d)
{
	return d->needs_word || d->spec.kind == JOB_PURGE;
}

/* Whether the bucket keeps versions. */
static void ask(struct delete_dialog *d)
{
	struct s3_client *client = location_s3_client(d->spec.from);
	const struct job_source *first = &d->spec.sources[0];
	if (client)
		d->asking = lister_run(app_lister(d->form.view.app), versions_question_run,
			versions_question_new(client, sv_n(first->path, first->path_len)),
			versions_question_free);
}

static bool delete_on_list(struct view *v, struct lister_event *e)
{
	struct delete_dialog *d = (struct delete_dialog *)v;
	if (e->kind == LISTER_TASK && d->asking && e->id == d->asking) {
		d->asking = 0;
		const struct versions_question *q = e->arg;
		bool keeps_any = e->err.rc == S3T_OK && q->versioning != S3_VERSIONING_NEVER;
		d->kept = q->versioning == S3_VERSIONING_SUSPENDED ? suspended : kept;
		form_set_label(&d->form, d->versions, THEME_DIALOG, "%s", d->kept);
		form_set_hidden(&d->form, d->versions, !keeps_any);
		form_set_hidden(&d->form, d->which, !keeps_any);
		app_redraw(v->app);
		return true;
	}
	if (e->kind != LISTER_COUNT || e->id != d->counting)
		return false;
	char files[32], size[TEXT_SIZE_MAX];
	text_count(e->files, files);
	text_size(e->bytes, size);
	form_set_label(&d->form, d->count_label, THEME_DIALOG, "%s%s file%s, %s",
		e->done ? "" : "counting... ", files, e->files == 1 ? "" : "s", size);
	if (e->done)
		d->counting = 0;
	return true;
}

/* Deleting for good is of all versions, and asks for the word whatever is selected. */
static void on_delete_change(struct form *f, size_t field)
{
	struct delete_dialog *d = (struct delete_dialog *)f;
	if (field != d->which)
		return;
	bool is_for_good = form_selected(f, d->which) == WHICH_ALL;
	d->spec.kind = is_for_good ? JOB_PURGE : JOB_DELETE;
	dry_run_deinit(&d->dry, f->view.app); /* it was of the other */
	dry_run_init(&d->dry);
	form_set_label(f, d->error, THEME_DIALOG, "%s", "");
	form_set_label(f, d->versions, THEME_DIALOG, "%s",
		is_for_good
			? "All versions go, more than is counted here: nothing brings them back."
			: d->kept);
	form_set_hidden(f, d->word, !needs_word(d));
}

static void delete_on_event(struct view *v, const struct event *e)
{
	struct delete_dialog *d = (struct delete_dialog *)v;
	if (dry_run_on_event(&d->dry, v->app, e))
		form_set_label(&d->form, d->error, THEME_DIALOG, "%s", "");
}

static const struct view_ops delete_ops = {
	FORM_OPS, .on_list = delete_on_list, .on_event = delete_on_event};

static void delete_destroy(struct form *f)
{
	struct delete_dialog *d = (struct delete_dialog *)f;
	if (d->counting)
		lister_cancel(app_lister(f->view.app), d->counting);
	if (d->asking)
		lister_cancel(app_lister(f->view.app), d->asking);
	dry_run_deinit(&d->dry, f->view.app);
	job_spec_deinit(&d->spec);
}

static void look(struct delete_dialog *d)
{
	struct app *app = d->form.view.app;
	struct job_spec spec;
	app_job_spec_init(app, &spec, d->spec.kind, NULL);
	spec.from = location_ref(d->spec.from);
	spec.recursive = d->spec.recursive;
	job_spec_copy_sources(&spec, &d->spec);
	dry_run_begin(&d->dry, app, &spec);
	form_set_label(&d->form, d->error, THEME_DIALOG_DIM, "looking what would happen...");
}

static void on_delete_button(struct form *f, size_t button)
{
	struct delete_dialog *d = (struct delete_dialog *)f;
	struct s3t_err err;
	if (button == BUTTON_CANCEL) {
		form_close(f);
		return;
	}
	if (button == BUTTON_DRY_RUN) {
		look(d);
		return;
	}
	if (needs_word(d) && !sv_eq(form_text(f, d->word), SV("delete"))) {
		form_set_label(f, d->error, THEME_DIALOG_ERROR, "Type the word delete to go on.");
		f->focus = d->word;
		return;
	}
	if (app_submit(f->view.app, &d->spec, &err) == 0)
		form_set_label(f, d->error, THEME_DIALOG_ERROR, "%s", err.message);
	else
		form_close(f);
}

static void note_row(void *arg, const struct pane_row *row)
{
	struct delete_dialog *d = arg;
	struct path_version version;
	(void)path_version_split(row->name, &version);
	d->of_versions += version.id.len > 0;
	d->of_markers += version.is_marker;
	if (row->kind == ENTRY_DIR || row->kind == ENTRY_BUCKET)
		d->needs_word = true;
	if (row->kind == ENTRY_BUCKET)
		d->is_bucket = true;
}

void dialog_delete_open(struct app *app)
{
	static const char *const buttons[] = {"Delete", "Cancel", "Dry run"};
	struct pane *from = app_active(app);
	struct delete_dialog *d = s3t_alloc(sizeof *d);
	size_t n = pane_each_selected(from, note_row, d);
	if (n == 0) {
		free(d);
		app_status(app, "Nothing is selected.");
		return;
	}
	d->needs_word |= n > 1;
	dry_run_init(&d->dry);
	app_job_spec_init(app, &d->spec, JOB_DELETE, from);
	/* a bucket goes only when it is empty: its contents are never taken along */
	d->spec.recursive = !d->is_bucket;
	form_init(&d->form, &delete_ops, "Delete");
	d->form.on_button = on_delete_button;
	d->form.on_change = on_delete_change;
	d->form.on_destroy = delete_destroy;

	struct strbuf text;
	strbuf_init(&text);
	if (n == 1) {
		struct strview path = sv_n(d->spec.sources[0].path, d->spec.sources[0].path_len);
		strbuf_add_char(&text, '\'');
		path_show(&text, path);
		strbuf_addf(&text, "'%s", d->is_bucket ? " (only if it is empty)" : "");
	} else {
		strbuf_addf(&text, "%zu selected rows", n);
	}
	form_add_label(&d->form, THEME_DIALOG, text.data);
	strbuf_deinit(&text);
	form_warn_of_later(&d->form, from);
	d->count_label = form_add_label(&d->form, THEME_DIALOG, "counting...");
	form_set_hidden(&d->form, d->count_label, d->is_bucket);
	d->kept = kept;
	d->versions = form_add_label(&d->form, THEME_DIALOG, kept);
	form_set_hidden(&d->form, d->versions, true);
	d->which = form_add_choice(&d->form, "Delete                ", which, 2, WHICH_LATEST);
	form_set_hidden(&d->form, d->which, true);
	if (d->of_versions)
		form_add_label(&d->form, THEME_DIALOG,
			d->of_versions == d->of_markers
				? "Without its delete marker an object is there again."
				: "A version that is deleted is gone for good.");
	d->word = form_add_text(&d->form, "Type delete to confirm", SV(""));
	form_set_hidden(&d->form, d->word, !d->needs_word);
	d->error = form_add_label(&d->form, THEME_DIALOG, "");
	size_t row = form_add_buttons(&d->form, buttons, 3);
	d->form.focus = d->needs_word ? d->word : row;
	d->form.fields[row].selected = d->needs_word ? BUTTON_DELETE : BUTTON_CANCEL;
	app_push(app, &d->form.view);
	if (d->is_bucket)
		return;
	if (!d->of_versions)
		ask(d);
	struct strview *paths = s3t_alloc(d->spec.source_count * sizeof *paths);
	for (size_t i = 0; i < d->spec.source_count; i++)
		paths[i] = sv_n(d->spec.sources[i].path, d->spec.sources[i].path_len);
	d->counting = lister_count(app_lister(app), d->spec.from, paths, d->spec.source_count);
	free(paths);
}
