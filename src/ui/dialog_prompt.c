/* One line of text is asked for. */
#include "ui/dialogs.h"
#include "ui/form.h"

struct prompt_dialog {
	struct form form;
	const char *buttons[2];
	size_t text, error;
	prompt_fn done;
	void *arg;
};

static const struct view_ops prompt_ops = {FORM_OPS};

static void on_prompt_button(struct form *f, size_t button)
{
	struct prompt_dialog *d = (struct prompt_dialog *)f;
	struct s3t_err err = {.rc = S3T_OK};
	if (button == 1 || d->done(d->arg, form_text(f, d->text), &err))
		form_close(f);
	else
		form_set_label(f, d->error, THEME_DIALOG_ERROR, "%s", err.message);
}

void dialog_prompt_open(struct app *app, const char *title, const char *label, const char *button,
	struct strview initial, prompt_fn done, void *arg)
{
	struct prompt_dialog *d = s3t_alloc(sizeof *d);
	d->buttons[0] = button;
	d->buttons[1] = "Cancel";
	d->done = done;
	d->arg = arg;
	form_init(&d->form, &prompt_ops, title);
	d->form.on_button = on_prompt_button;
	d->text = form_add_text(&d->form, label, initial);
	d->error = form_add_label(&d->form, THEME_DIALOG, "");
	(void)form_add_buttons(&d->form, d->buttons, 2);
	app_push(app, &d->form.view);
}
