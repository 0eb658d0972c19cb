#include "ui/ui.h"

#include "ui/app_private.h"
#include "ui/ask_code.h"
#include "ui/browser.h"
#include "ui/dialogs.h"
#include "ui/term.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

enum { GRACE_MS = 5000, CALLS_KEPT = 2000 };

static void log_calls(const struct location *location, struct call_log *log)
{
	struct s3_client *client = location_s3_client(location);
	if (client)
		s3_client_set_log(client, log);
}

static void start(struct app *app)
{
	const struct ui_options *o = app->options;
	app->journal = o->is_demo ? NULL : journal_new_in_state();
	strbuf_init(&app->others);
	struct engine_options eo = {.workers = o->workers,
		.bytes_per_second = o->bytes_per_second,
		.journal = app->journal,
		.pauses_signed_out = true,
		.keeps_stderr = true};
	app->log = call_log_new(CALLS_KEPT);
	log_calls(o->s3, app->log);
	app->engine_events = msgq_new();
	app->lister_events = msgq_new();
	app->code_questions = msgq_new();
	creds_set_ask(ask_code, app->code_questions);
	app->engine = engine_new(&eo, app->engine_events);
	app->lister = lister_new(NULL, app->lister_events);
	app->input = input_new();
	app->panes[0] = pane_new(app->lister, o->left.location, o->left.path);
	app->panes[1] = pane_new(app->lister, o->right.location, o->right.path);
	app_push(app, browser_new());
	app_look_at_others(app);
	if (o->warnings && o->warnings[0])
		dialog_message_open(app, "Warning", o->warnings);
}

/* Events that nobody reads any more; how many jobs they say are kept. */
static size_t free_engine_events(struct msgq *q)
{
	size_t kept = 0;
	struct event *e;
	while ((e = (struct event *)msgq_pop(q))) {
		kept += e->kind == EV_JOB_DONE && e->is_kept;
		event_free(e);
	}
	msgq_free(q);
	return kept;
}

/* How many jobs are kept. */
static size_t stop(struct app *app)
{
	if (app->keeps)
		engine_suspend(app->engine);
	engine_free(app->engine, GRACE_MS);
	pane_sync_stop(&app->sync);
	pane_free(app->panes[0]);
	pane_free(app->panes[1]);
	lister_free(app->lister);
	creds_set_ask(NULL, NULL);
	ask_code_refuse(app->code_questions);
	msgq_free(app->code_questions);
	app_jobs_deinit(app);
	app_place_deinit(app);
	input_free(app->input);
	log_calls(app->options->s3, NULL);
	call_log_free(app->log);
	links_deinit(&app->links);
	size_t kept = free_engine_events(app->engine_events);
	struct lister_event *e;
	while ((e = (struct lister_event *)msgq_pop(app->lister_events)))
		lister_event_free(e);
	msgq_free(app->lister_events);
	journal_files_free(app->found);
	journal_free(app->journal);
	strbuf_deinit(&app->others);
	free(app->status);
	return kept;
}

enum s3t_rc ui_run(const struct ui_options *options, struct s3t_err *err)
{
	struct app app = {.options = options};
	struct settings defaults;
	settings_init_defaults(&defaults);
	const struct settings *screen = options->config ? config_base(options->config) : &defaults;
	app.settings = options->profile ? &options->profile->settings : screen;
	app.has_mouse = screen->mouse;
	app.keymap = keymap_new();
	enum s3t_rc rc = options->config ? keymap_apply(app.keymap, options->config, err) : S3T_OK;
	if (rc == S3T_OK)
		rc = term_start(screen, err);
	if (rc == S3T_OK) {
		(void)signal(SIGPIPE, SIG_IGN);
		start(&app);
		app_loop(&app);
		size_t kept = stop(&app);
		term_stop();
		if (kept)
			(void)fprintf(stderr,
				"s3tui: %zu unfinished job%s kept; the next start offers to go on, "
				"and "
				"so does s3tui jobs\n",
				kept, kept == 1 ? " is" : "s are");
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
