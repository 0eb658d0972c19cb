/* What app.c, app_jobs.c and app_place.c share; nobody else includes it. */
#ifndef UI_APP_PRIVATE_H
#define UI_APP_PRIVATE_H

#include "transfer/journal.h"
#include "ui/app.h"
#include "ui/links.h"
#include "ui/pane_sync.h"

/* What is to be done when a job ends. */
struct job_note {
	struct job_note *next;
	job_id id;
	enum job_kind kind;
	bool skips_errors;          /* what fails opens no dialog */
	bool has_answer;            /* for all: questions that are still in the queue are void */
	struct location *from, *to; /* references; may be NULL */
	struct strview *sources;    /* owned bytes */
	size_t source_count;
	char *target_root;
	size_t target_root_len;
};

/* What was asked off the UI thread for no view. */
struct app_question {
	struct app_question *next;
	list_id id;
	app_answer_fn answer;
};

struct app {
	const struct ui_options *options;
	const struct settings *settings;
	struct keymap *keymap;
	struct msgq *engine_events, *lister_events;
	struct msgq *code_questions; /* ask_code.h */
	struct engine *engine;
	struct lister *lister;
	struct call_log *log; /* of all clients */
	struct links links;
	struct input *input;
	struct view *top;
	struct pane *panes[2];
	int active;
	struct pane_sync sync;

	struct engine_snapshot snapshot;
	struct progress progress;
	struct rate_history rates;
	int64_t snapshot_ms;
	struct app_question *questions;
	struct job_note *notes;
	struct event *problems; /* that wait for their dialog, in order; linked by msg.next */

	char *status;
	bool status_is_error;
	bool is_dirty, is_stale, has_closing, has_more_work, must_clear;
	int64_t frame_ms, timer_ms; /* timer_ms: 0: none */
	bool has_cursor;            /* the terminal's, of the last frame */
	int cursor_y, cursor_x;
	bool has_mouse, was_busy;
	int64_t busy_ms; /* since when jobs run */
	bool is_quitting, quits_when_idle;
	bool demo_has_new, is_asking_health;
	enum connection_state health[2]; /* of the panes, as last looked at */

	struct journal *journal;    /* NULL: the demo's jobs vanish with it */
	struct journal_file *found; /* locked, while the person is asked */
	list_id looking;            /* for journals */
	bool was_offered, keeps;    /* keeps: what runs at the end is to be resumed */
	struct location **opened;   /* of other profiles; references */
	size_t opened_count;
	struct strbuf others; /* jobs of living processes, a line each */
};

/* app_jobs.c */
/* Takes e. */
void app_take_engine_event(struct app *app, struct event *e);
/* Opens the next waiting dialog, if none is open. */
void app_open_problem(struct app *app);
void app_renew_snapshot(struct app *app, int64_t now_ms);
void app_jobs_deinit(struct app *app);
/* Goes on with a job of another process; takes it. True: it is in our journal now. */
bool app_submit_saved(
	struct app *app, struct saved_job *job, struct location *from, struct location *to);
/* app_saved.c */
enum saved_answer { SAVED_RESUME, SAVED_DROP, SAVED_LATER };
/* True if e was about that. */
bool app_saved_take(struct app *app, struct lister_event *e);
void app_saved_answer(struct app *app, enum saved_answer answer);
void app_saved_describe(const struct saved_job *job, struct strbuf *out);
/* app_health.c: asks one connection that is due; when the next one is, monotonic, -1: never. */
void app_health_check(struct app *app);
int64_t app_health_due_ms(const struct app *app);
/* app_place.c */
void app_place_deinit(struct app *app);
/* app.c */
void app_loop(struct app *app);
void app_draw(struct app *app);

#endif
