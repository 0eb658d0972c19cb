/* What all transfers share: their rate, and the connections to an endpoint; changed while they run.
 */
#include "core/parse.h"
#include "core/text.h"
#include "ui/dialogs.h"
#include "ui/form.h"

#include <stdio.h>
#include <string.h>

enum { CONNECTIONS_MAX = 256 };

static const struct view_ops plain_ops = {FORM_OPS};

struct limit_dialog {
	struct form form;
	size_t rate, connections, error;
	char shown_rate[TEXT_SIZE_MAX];
};

static void on_limit(struct form *f, size_t button)
{
	struct limit_dialog *d = (struct limit_dialog *)f;
	struct strview text = form_text(f, d->rate);
	uint64_t rate = 0;
	if (button == 1) {
		form_close(f);
		return;
	}
	if (text.len && !sv_eq_nocase(text, SV("none")) && !parse_size(text, &rate)) {
		form_set_label(f, d->error, THEME_DIALOG_ERROR,
			"Not a rate: write it as 500KiB, 10MiB, or none.");
		return;
	}
	text = form_text(f, d->connections);
	uint64_t most = 0;
	if (text.len && !sv_eq_nocase(text, SV("auto")) &&
		(!parse_u64(text, &most) || most < 1 || most > CONNECTIONS_MAX)) {
		form_set_label(f, d->error, THEME_DIALOG_ERROR,
			"Not a number of connections: 1 to %d, or auto.", CONNECTIONS_MAX);
		return;
	}
	if (!sv_eq(form_text(f, d->rate), sv(d->shown_rate))) /* it was rounded to be shown */
		engine_set_rate(app_engine(f->view.app), rate);
	engine_set_connections(app_engine(f->view.app), (uint32_t)most);
	form_close(f);
}

void dialog_limit_open(struct app *app)
{
	static const char *const buttons[] = {"Set", "Cancel"};
	struct limit_dialog *d = s3t_alloc(sizeof *d);
	char now[TEXT_SIZE_MAX] = "none";
	uint64_t rate = engine_rate(app_engine(app));
	if (rate)
		text_size(rate, now);
	form_init(&d->form, &plain_ops, "Limit");
	memcpy(d->shown_rate, now, sizeof now);
	d->rate = form_add_text(&d->form, "Bytes a second, all transfers together", sv(now));
	char most[16] = "auto";
	if (engine_connections(app_engine(app)))
		snprintf(most, sizeof most, "%u", engine_connections(app_engine(app)));
	d->connections = form_add_text(&d->form, "Connections to an endpoint", sv(most));
	d->error = form_add_label(&d->form, THEME_DIALOG, "");
	form_add_buttons(&d->form, buttons, 2);
	d->form.on_button = on_limit;
	app_push(app, &d->form.view);
}
