/* Verify: what is selected against what bears the same name in the other pane; or, where nothing
 * is, one pane against the other. The dialog stays while it runs and shows what differs; the whole
 * report can be saved. Closed early, the job goes on among the transfers. */
#include "core/fdio.h"
#include "core/text.h"
#include "ui/dialogs.h"
#include "ui/form.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { SHOWN = 8, ROWS_MAX = 1000000 };
enum { BUTTON_FIRST, BUTTON_CLOSE, BUTTON_MARK };

/* Names of rows in which something differs. */
struct rows {
	struct strview *names; /* owned bytes */
	size_t count, capacity;
	bool is_full;
};

struct verify_dialog {
	struct form form;
	struct job_spec spec; /* until it is submitted */
	job_id job;           /* 0: not begun */
	bool is_over, from_s3, to_s3;
	char *root; /* of the targets, as a person writes it */
	uint64_t counts[VERDICT_COUNT];
	struct rows here, there;
	struct strbuf report;                    /* a JSON line for each */
	size_t lines[SHOWN], line_count, untold; /* untold: beyond them */
	size_t count_label, more, file, error, ask, result;
};

static void show_counts(struct verify_dialog *d)
{
	static const char *const words[] = {
		"the same", "differ", "only here", "only there", "unknown", "not comparable"};
	struct strbuf text;
	char n[32];
	strbuf_init(&text);
	strbuf_add_str(&text, d->is_over ? "" : "comparing... ");
	for (size_t v = 0; v < VERDICT_COUNT; v++) {
		if (!d->counts[v] && v > VERDICT_DIFFERS)
			continue;
		text_count(d->counts[v], n);
		strbuf_addf(&text, "%s%s %s", v ? ", " : "", n, words[v]);
	}
	form_set_label(&d->form, d->count_label, THEME_DIALOG, "%s", text.data);
	strbuf_deinit(&text);
}

/* What is below a directory is its row's, but in a pane of what was found names are whole. */
static void note_row(struct rows *rows, const struct pane *p, struct strview name)
{
	struct strview row = pane_pattern(p) ? name : sv_n(name.data, sv_find(name, '/'));
	if (!row.len || (rows->count && sv_eq(rows->names[rows->count - 1], row)))
		return;
	if (rows->count == ROWS_MAX) {
		rows->is_full = true;
		return;
	}
	if (rows->count == rows->capacity) {
		rows->capacity = rows->capacity ? rows->capacity * 2 : 64;
		struct strview *more = realloc(rows->names, rows->capacity * sizeof *more);
		if (!more)
			s3t_oom();
		rows->names = more;
	}
	rows->names[rows->count++] = sv_n(s3t_strndup(row.data, row.len), row.len);
}

static void rows_free(struct rows *rows)
{
	for (size_t i = 0; i < rows->count; i++)
		free((void *)(uintptr_t)rows->names[i].data);
	free(rows->names);
}

/* In both panes what differs is marked, and nothing else. */
static void mark_rows(struct verify_dialog *d)
{
	struct app *app = d->form.view.app;
	struct listing *here = pane_listing(app_active(app)), *there = pane_listing(app_other(app));
	listing_unmark_all(here);
	listing_unmark_all(there);
	listing_mark_names(here, d->here.names, d->here.count);
	listing_mark_names(there, d->there.names, d->there.count);
	form_close(&d->form);
	if (d->here.is_full || d->there.is_full)
		app_status_error(app, "Too much differs: not all of it is marked.");
	else
		app_status(app, "What differs is marked in both panes.");
}

static void take_item(struct verify_dialog *d, const struct event *e)
{
	if (e->outcome == ITEM_CANCELLED)
		return; /* it was not looked at */
	enum verdict v = verdict_of(e->outcome, &e->err);
	struct strview name = sv_n(e->target ? e->target : "", e->target_len);
	struct strbuf first, second;
	d->counts[v]++;
	strbuf_init(&first);
	strbuf_init(&second);
	if (e->source_len) {
		strbuf_add_str(&first, d->from_s3 ? "s3://" : "");
		strbuf_add(&first, e->source, e->source_len);
	}
	path_join(&second, sv(d->root), name);
	verify_report_line(&d->report, e, name, strbuf_view(&first), strbuf_view(&second));
	strbuf_deinit(&first);
	strbuf_deinit(&second);
	if (v == VERDICT_SAME)
		return;
	if (v != VERDICT_ONLY_SECOND)
		note_row(&d->here, app_active(d->form.view.app), name);
	if (v != VERDICT_ONLY_FIRST)
		note_row(&d->there, app_other(d->form.view.app), name);
	if (d->line_count == SHOWN) {
		form_set_label(&d->form, d->more, THEME_DIALOG_DIM,
			"and %zu more, which a report tells", ++d->untold);
		form_set_hidden(&d->form, d->more, false);
		return;
	}
	char *shown = text_sanitised(name);
	form_set_label(
		&d->form, d->lines[d->line_count], THEME_DIALOG, "%s: %s", shown, e->err.message);
	form_set_hidden(&d->form, d->lines[d->line_count++], false);
	free(shown);
}

static void verify_on_event(struct view *v, const struct event *e)
{
	struct verify_dialog *d = (struct verify_dialog *)v;
	if (!d->job || e->job != d->job)
		return;
	if (e->kind == EV_ITEM) {
		take_item(d, e);
	} else if (e->kind == EV_JOB_DONE) {
		d->is_over = true;
		form_set_hidden(&d->form, d->file, false);
	}
	show_counts(d);
}

static const struct view_ops verify_ops = {FORM_OPS, .on_event = verify_on_event};

static void verify_destroy(struct form *f)
{
	struct verify_dialog *d = (struct verify_dialog *)f;
	if (d->is_over) /* what differs was shown */
		engine_dismiss(app_engine(f->view.app), d->job);
	job_spec_deinit(&d->spec);
	strbuf_deinit(&d->report);
	rows_free(&d->here);
	rows_free(&d->there);
	free(d->root);
}

static void save(struct verify_dialog *d)
{
	struct strview name = form_text(&d->form, d->file);
	char *path = s3t_strndup(name.data, name.len), *shown = text_sanitised(name);
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
	bool ok = fd >= 0 && fd_write_all(fd, d->report.data, d->report.len);
	int failed = ok ? 0 : errno;
	if (fd >= 0 && close(fd) != 0 && !failed)
		failed = errno;
	struct s3t_err err;
	if (failed) {
		(void)s3t_fail_errno(&err, failed, "Cannot write %s", shown);
		form_set_label(&d->form, d->error, THEME_DIALOG_ERROR, "%s", err.message);
	} else {
		form_set_label(&d->form, d->error, THEME_DIALOG, "saved to %s", shown);
	}
	free(path);
	free(shown);
}

static void begin(struct verify_dialog *d)
{
	struct form *f = &d->form;
	struct s3t_err err;
	d->job = app_submit(f->view.app, &d->spec, &err);
	if (!d->job) {
		form_set_label(f, d->error, THEME_DIALOG_ERROR, "%s", err.message);
		return;
	}
	form_set_hidden(f, d->ask, true);
	form_set_hidden(f, d->result, false);
	f->focus = d->result;
	show_counts(d);
}

static void on_button(struct form *f, size_t button)
{
	struct verify_dialog *d = (struct verify_dialog *)f;
	if (button == BUTTON_CLOSE)
		form_close(f);
	else if (!d->job)
		begin(d);
	else if (!d->is_over)
		form_set_label(f, d->error, THEME_DIALOG, "Not all is compared yet.");
	else if (button == BUTTON_MARK)
		mark_rows(d);
	else
		save(d);
}

void dialog_verify_open(struct app *app)
{
	static const char *const ask[] = {"Compare", "Cancel"}, *const result[] = {
									"Save", "Close", "Mark"};
	struct pane *from = app_active(app), *to = app_other(app);
	if (pane_is_s3(to) && !pane_path(to).len) {
		app_status(app, "Go into a bucket in the other pane first.");
		return;
	}
	if (pane_is_s3(from) && !pane_path(from).len && !pane_selected_count(from)) {
		app_status(app, "Go into a bucket first, or select one.");
		return;
	}
	struct verify_dialog *d = s3t_alloc(sizeof *d);
	app_job_spec_init(app, &d->spec, JOB_VERIFY, from);
	job_spec_set_target(&d->spec, pane_location(to), pane_path(to));
	d->spec.policy = CONFLICT_OVERWRITE; /* nothing is written: nothing is asked */
	d->spec.report_items = true;
	d->from_s3 = pane_is_s3(from);
	d->to_s3 = pane_is_s3(to);
	d->root = s3t_asprintf(
		"%s%.*s", d->to_s3 ? "s3://" : "", (int)pane_path(to).len, pane_path(to).data);
	strbuf_init_cap(&d->report, SIZE_MAX / 4);
	form_init(&d->form, &verify_ops, "Verify");
	d->form.on_button = on_button;
	d->form.on_destroy = verify_destroy;
	char text[96];
	if (d->spec.source_count) {
		snprintf(text, sizeof text, "%zu selected row%s, by content, with the same in",
			d->spec.source_count, d->spec.source_count == 1 ? "" : "s");
	} else {
		snprintf(text, sizeof text, "All that is here, by content, with");
		job_spec_add_source(&d->spec, pane_path(from), SV(""));
	}
	form_add_label(&d->form, THEME_DIALOG, text);
	char *shown = text_sanitised(sv(d->root));
	form_add_label(&d->form, THEME_DIALOG, shown);
	free(shown);
	d->count_label = form_add_label(&d->form, THEME_DIALOG_DIM,
		"Only what no ETag can settle is fetched. Nothing is changed.");
	for (size_t i = 0; i < SHOWN; i++) {
		d->lines[i] = form_add_label(&d->form, THEME_DIALOG_ERROR, "");
		form_set_hidden(&d->form, d->lines[i], true);
	}
	d->more = form_add_label(&d->form, THEME_DIALOG_DIM, "");
	form_set_hidden(&d->form, d->more, true);
	d->file = form_add_text(&d->form, "Report file", SV("s3tui-verify.jsonl"));
	form_set_hidden(&d->form, d->file, true);
	d->error = form_add_label(&d->form, THEME_DIALOG, "");
	d->ask = form_add_buttons(&d->form, ask, 2);
	d->result = form_add_buttons(&d->form, result, 3);
	form_set_hidden(&d->form, d->result, true);
	d->form.focus = d->ask;
	app_push(app, &d->form.view);
}
