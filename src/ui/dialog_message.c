/* A message with a button. */
#include "ui/dialogs.h"
#include "ui/form.h"

static const struct view_ops plain_ops = {FORM_OPS};

static void close_on_button(struct form *f, size_t button)
{
	(void)button;
	form_close(f);
}

void dialog_message_open(struct app *app, const char *title, const char *text)
{
	static const char *const ok[] = {"Close"};
	struct form *f = s3t_alloc(sizeof *f);
	form_init(f, &plain_ops, title);
	form_add_label(f, THEME_DIALOG, text);
	form_add_label(f, THEME_DIALOG, "");
	form_add_buttons(f, ok, 1);
	f->on_button = close_on_button;
	f->is_scrolled = true; /* from its beginning */
	app_push(app, &f->view);
}
