/* At the start: what an earlier s3tui left unfinished. */
#include "transfer/journal.h"
#include "ui/app_private.h"
#include "ui/dialogs.h"
#include "ui/form.h"

enum { SHOWN = 8 };

struct resume_dialog {
	struct form form;
	bool is_answered;
};

static const struct view_ops resume_ops = {FORM_OPS};

static void answer(struct resume_dialog *d, enum saved_answer a)
{
	if (!d->is_answered)
		app_saved_answer(d->form.view.app, a);
	d->is_answered = true;
}

static void on_button(struct form *f, size_t button)
{
	static const enum saved_answer answers[] = {SAVED_RESUME, SAVED_DROP, SAVED_LATER};
	answer((struct resume_dialog *)f, answers[button]);
	form_close(f);
}

/* Esc is "later". */
static void on_destroy(struct form *f)
{
	answer((struct resume_dialog *)f, SAVED_LATER);
}

void dialog_resume_open(struct app *app, const struct journal_file *files)
{
	static const char *const buttons[] = {"Resume", "Abort", "Later"};
	struct resume_dialog *d = s3t_alloc(sizeof *d);
	struct strbuf line;
	size_t count = 0;
	form_init(&d->form, &resume_ops, "Unfinished");
	form_add_label(&d->form, THEME_DIALOG, "An earlier s3tui was ended before its work was:");
	strbuf_init(&line);
	for (; files; files = files->next)
		for (const struct saved_job *job = files->content.jobs; job; job = job->next) {
			if (files->fd < 0 || ++count > SHOWN)
				continue;
			strbuf_reset(&line);
			app_saved_describe(job, &line);
			form_add_label(&d->form, THEME_DIALOG, line.data);
		}
	if (count > SHOWN) {
		strbuf_reset(&line);
		strbuf_addf(&line, "and %zu more", count - SHOWN);
		form_add_label(&d->form, THEME_DIALOG, line.data);
	}
	strbuf_deinit(&line);
	form_add_label(&d->form, THEME_DIALOG_DIM,
		"Abort removes open uploads and temporary files; Later asks at the next start.");
	form_add_label(&d->form, THEME_DIALOG, "");
	form_add_buttons(&d->form, buttons, 3);
	d->form.on_button = on_button;
	d->form.on_destroy = on_destroy;
	app_push(app, &d->form.view);
}
