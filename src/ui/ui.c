#include "ui/ui.h"

#include "ui/app_private.h"
#include "ui/browser.h"
#include "ui/dialogs.h"
#include "ui/term.h"

#include <signal.h>
#include <stdlib.h>

enum { GRACE_MS = 5000 };

static void free_events(struct msgq *q, void (*free_one)(struct msg *m))
{
	struct msg *m;
	while ((m = msgq_pop(q)))
		free_one(m);
	msgq_free(q);
}

static void free_engine_event(struct msg *m)
{
	event_free((struct event *)m);
}

static void free_lister_event(struct msg *m)
{
	lister_event_free((struct lister_event *)m);
}

static void start(struct app *app)
{
	const struct ui_options *o = app->options;
	struct engine_options eo = {.workers = o->workers, .bytes_per_second = o->bytes_per_second};
	app->engine_events = msgq_new();
	app->lister_events = msgq_new();
	app->engine = engine_new(&eo, app->engine_events);
	app->lister = lister_new(NULL, app->lister_events);
	app->input = input_new();
	app->panes[0] = pane_new(app->lister, o->left.location, o->left.path);
	app->panes[1] = pane_new(app->lister, o->right.location, o->right.path);
	app_push(app, browser_new());
	if (o->warnings && o->warnings[0])
		dialog_message_open(app, "Warning", o->warnings);
}

static void stop(struct app *app)
{
	engine_free(app->engine, GRACE_MS);
	pane_free(app->panes[0]);
	pane_free(app->panes[1]);
	lister_free(app->lister);
	app_jobs_deinit(app);
	input_free(app->input);
	free_events(app->engine_events, free_engine_event);
	free_events(app->lister_events, free_lister_event);
	free(app->status);
}

enum s3t_rc ui_run(const struct ui_options *options, struct s3t_err *err)
{
	struct app app = {.options = options};
	struct settings defaults;
	settings_init_defaults(&defaults);
	const struct settings *screen = options->config ? config_base(options->config) : &defaults;
	app.settings = options->profile ? &options->profile->settings : screen;
	app.keymap = keymap_new();
	enum s3t_rc rc = options->config ? keymap_apply(app.keymap, options->config, err) : S3T_OK;
	if (rc == S3T_OK)
		rc = term_start(screen, err);
	if (rc == S3T_OK) {
		(void)signal(SIGPIPE, SIG_IGN);
		start(&app);
		app_loop(&app);
		stop(&app);
		term_stop();
		if (term_quit_signal()) {
			rc = s3t_fail(err, S3T_CANCELLED, "Ended by a signal.");
			if (err)
				err->sys_errno = term_quit_signal();
		}
	}
	keymap_free(app.keymap);
	settings_deinit(&defaults);
	return rc;
}
