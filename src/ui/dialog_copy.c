/* Copy, move, and pipe, which is a copy through a command: how much it is (counted while the dialog
 * is open), where to, and by which policy. */
#include "core/process.h"
#include "core/text.h"
#include "ui/dialogs.h"
#include "ui/dry_run.h"
#include "ui/form.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const class_options[] = {"as configured", "STANDARD", "REDUCED_REDUNDANCY",
	"STANDARD_IA", "ONEZONE_IA", "INTELLIGENT_TIERING", "GLACIER", "GLACIER_IR",
	"DEEP_ARCHIVE"};

static const char *const encryption_options[] = {
	"as configured", "none", "SSE_S3", "SSE_KMS", "SSE_C", "ClientSide"};

static const char *const compress_options[] = {"as configured", "off", "gzip", "zstd"};
static const char *const raw_options[] = {"undo", "as stored"};

static const char *const policy_options[] = {
#define X(name, word, text) text,
	CONFLICT_POLICIES(X)
#undef X
};

struct copy_dialog {
	struct form form;
	enum job_kind kind;
	struct job_spec spec;  /* sources, owned until submitted */
	struct location *from; /* borrowed from spec */
	size_t command, count_label, target, policy, class, encryption, compress, raw, error;
	list_id counting;
	size_t selected;
	bool is_single_file, of_versions;
	struct dry_run dry;
};

static void show_count(struct copy_dialog *d, const struct lister_event *e)
{
	char files[32], size[TEXT_SIZE_MAX], more[64] = "";
	text_count(e->files, files);
	text_size(e->bytes, size);
	if (e->problems)
		snprintf(more, sizeof more, ", %llu unreadable", (unsigned long long)e->problems);
	form_set_label(&d->form, d->count_label, THEME_DIALOG, "%s%s file%s, %s%s",
		e->done ? "" : "counting... ", files, e->files == 1 ? "" : "s", size, more);
}

static bool copy_on_list(struct view *v, struct lister_event *e)
{
	struct copy_dialog *d = (struct copy_dialog *)v;
	if (e->kind != LISTER_COUNT || e->id != d->counting)
		return false;
	show_count(d, e);
	if (e->done)
		d->counting = 0;
	return true;
}

static void copy_on_event(struct view *v, const struct event *e)
{
	struct copy_dialog *d = (struct copy_dialog *)v;
	if (dry_run_on_event(&d->dry, v->app, e))
		form_set_label(&d->form, d->error, THEME_DIALOG, "%s", "");
}

static const struct view_ops copy_ops = {
	FORM_OPS, .on_list = copy_on_list, .on_event = copy_on_event};

static void copy_destroy(struct form *f)
{
	struct copy_dialog *d = (struct copy_dialog *)f;
	if (d->counting)
		lister_cancel(app_lister(f->view.app), d->counting);
	job_spec_deinit(&d->spec);
	dry_run_deinit(&d->dry, f->view.app);
}

static void add_source(void *arg, const struct pane_row *row)
{
	struct copy_dialog *d = arg;
	struct path_version version;
	d->is_single_file = d->selected == 0 && row->kind == ENTRY_FILE;
	d->selected++;
	(void)path_version_split(row->name, &version);
	d->of_versions |= version.id.len > 0;
}

/* The target as typed: "into" where it ends in '/' or several things are selected, else a new name.
 */
static enum s3t_rc read_target(struct copy_dialog *d, struct job_spec *spec, struct s3t_err *err)
{
	struct app *app = d->form.view.app;
	struct location *to = NULL;
	struct strbuf path;
	strbuf_init(&path);
	struct strview text = form_text(&d->form, d->target);
	bool into = text.len && text.data[text.len - 1] == '/';
	enum s3t_rc rc =
		app_parse_place(app, app_active(app), app_other(app), text, &to, &path, err);
	struct strview target = strbuf_view(&path), bucket, key;
	s3_path_split(target, &bucket, &key);
	if (rc == S3T_OK && to->ops->kind == LOC_S3)
		rc = key_check(key, err);
	if (rc == S3T_OK && to->ops->kind == LOC_S3 && target.len == 0)
		rc = s3t_fail(err, S3T_INVALID,
			"The list of buckets is no target; choose a bucket in the other pane.");
	if (rc == S3T_OK && !into && d->selected > 1)
		rc = s3t_fail(err, S3T_INVALID,
			"Several things go into a directory or prefix: end the target with '/'.");
	if (rc == S3T_OK && into) {
		job_spec_set_target(spec, to, target);
	} else if (rc == S3T_OK) {
		struct strview name = path_basename(target);
		job_spec_set_target(spec, to, path_parent(target));
		free(spec->sources[0].target_rel);
		spec->sources[0].target_rel = s3t_strndup(name.data, name.len);
		spec->sources[0].target_rel_len = name.len;
		if (spec->target_root_len == 0 && to->ops->kind == LOC_S3)
			rc = s3t_fail(
				err, S3T_INVALID, "A target in S3 needs a bucket and a name.");
	}
	strbuf_deinit(&path);
	return rc;
}

static enum s3t_rc read_command(
	const struct copy_dialog *d, struct job_spec *spec, struct s3t_err *err)
{
	struct strview text = form_text(&d->form, d->command);
	char *command = s3t_strndup(text.data, text.len);
	spec->max_items = PIPE_AT_ONCE;
	enum s3t_rc rc = process_split(command, &spec->argv, err);
	free(command);
	return rc;
}

static void submit(struct copy_dialog *d, bool dry)
{
	struct app *app = d->form.view.app;
	struct s3t_err err;
	struct job_spec spec;
	app_job_spec_init(app, &spec, d->kind, NULL);
	location_unref(spec.from);
	spec.from = location_ref(d->spec.from);
	job_spec_copy_sources(&spec, &d->spec);
	spec.policy = (enum conflict_policy)form_selected(&d->form, d->policy);
	size_t class = form_selected(&d->form, d->class);
	if (class) {
		free(spec.storage_class);
		spec.storage_class = s3t_strdup(class_options[class]);
	}
	size_t encryption = form_selected(&d->form, d->encryption);
	spec.asks_encryption = encryption;
	if (encryption)
		spec.encryption = s3t_strdup(encryption_options[encryption]);
	size_t compress = form_selected(&d->form, d->compress);
	if (compress)
		spec.compress = s3t_strdup(compress_options[compress]);
	spec.raw = form_selected(&d->form, d->raw);
	enum s3t_rc rc = d->kind == JOB_PIPE ? read_command(d, &spec, &err) : S3T_OK;
	if (rc == S3T_OK)
		rc = read_target(d, &spec, &err);
	if (rc == S3T_OK)
		rc = job_spec_check(&spec, &err);
	if (rc != S3T_OK) {
		job_spec_deinit(&spec);
		form_set_label(&d->form, d->error, THEME_DIALOG_ERROR, "%s", err.message);
		return;
	}
	if (dry) {
		dry_run_begin(&d->dry, app, &spec);
		form_set_label(
			&d->form, d->error, THEME_DIALOG_DIM, "looking what would happen...");
	} else if (app_submit(app, &spec, &err) == 0) {
		form_set_label(&d->form, d->error, THEME_DIALOG_ERROR, "%s", err.message);
	} else {
		form_close(&d->form);
	}
}

static void on_copy_button(struct form *f, size_t button)
{
	struct copy_dialog *d = (struct copy_dialog *)f;
	if (button == 2)
		form_close(f);
	else
		submit(d, button == 1);
}

static void count_sources(struct copy_dialog *d, struct app *app)
{
	size_t n = d->spec.source_count;
	struct strview *paths = s3t_alloc(n * sizeof *paths);
	for (size_t i = 0; i < n; i++)
		paths[i] = sv_n(d->spec.sources[i].path, d->spec.sources[i].path_len);
	d->counting = lister_count(app_lister(app), d->spec.from, paths, n);
	free(paths);
}

void dialog_copy_open(struct app *app, enum job_kind kind)
{
	static const struct {
		const char *title, *buttons[3];
	} modes[JOB_KIND_COUNT] = {[JOB_COPY] = {"Copy", {"Copy", "Dry run", "Cancel"}},
		[JOB_MOVE] = {"Move or rename", {"Move", "Dry run", "Cancel"}},
		[JOB_PIPE] = {"Pipe through a command", {"Run", "Dry run", "Cancel"}}};
	bool is_pipe = kind == JOB_PIPE;
	struct pane *from = app_active(app), *to = app_other(app);
	if (pane_is_buckets(from)) {
		app_status_error(app, "Enter the bucket to copy what is in it.");
		return;
	}
	struct copy_dialog *d = s3t_alloc(sizeof *d);
	d->kind = kind;
	pane_each_selected(from, add_source, d);
	if (d->selected == 0) {
		free(d);
		app_status(app, "Nothing is selected.");
		return;
	}
	dry_run_init(&d->dry);
	app_job_spec_init(app, &d->spec, kind, from);
	form_init(&d->form, &copy_ops, modes[kind].title);
	d->form.on_button = on_copy_button;
	d->form.on_destroy = copy_destroy;
	d->count_label = form_add_label(&d->form, THEME_DIALOG, "counting...");
	form_warn_of_later(&d->form, from);
	if (kind == JOB_MOVE && d->of_versions)
		form_add_label(&d->form, THEME_DIALOG_ERROR,
			"A version that is moved is gone for good from where it was.");
	d->command = form_add_text(&d->form, "Command        ", SV(""));
	form_set_hidden(&d->form, d->command, !is_pipe);
	struct strbuf target;
	strbuf_init(&target);
	pane_uri(pane_is_buckets(to) ? from : to, SV(""), &target);
	if (target.len == 0 || target.data[target.len - 1] != '/')
		strbuf_add_char(&target, '/');
	d->target = form_add_text(
		&d->form, is_pipe ? "To             " : "To    ", strbuf_view(&target));
	strbuf_deinit(&target);
	d->policy = form_add_choice(
		&d->form, "Where it exists", policy_options, CONFLICT_FAIL, CONFLICT_ASK);
	d->class = form_add_choice(&d->form, "Storage class  ", class_options,
		sizeof class_options / sizeof *class_options, 0);
	d->encryption = form_add_choice(&d->form, "Encryption     ", encryption_options,
		sizeof encryption_options / sizeof *encryption_options, 0);
	d->compress = form_add_choice(&d->form, "Compression    ", compress_options,
		sizeof compress_options / sizeof *compress_options, 0);
	d->raw = form_add_choice(&d->form, "Compressed, age", raw_options, 2, 0);
	form_set_hidden(&d->form, d->compress, !pane_is_s3(to) || (pane_is_s3(from) && !is_pipe));
	form_set_hidden(&d->form, d->raw, !pane_is_s3(from) || pane_is_s3(to));
	form_set_hidden(&d->form, d->class, !pane_is_s3(to));
	form_set_hidden(&d->form, d->encryption, !pane_is_s3(to));
	d->error = form_add_label(&d->form, THEME_DIALOG, "");
	size_t buttons = form_add_buttons(&d->form, modes[kind].buttons, 3);
	d->form.focus = is_pipe ? d->command : buttons;
	app_push(app, &d->form.view);
	count_sources(d, app);
}
