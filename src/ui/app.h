/*
 * What the views share: the stack, engine, lister, settings, panes, messages. UI thread only.
 */
#ifndef UI_APP_H
#define UI_APP_H

#include "ui/keymap.h"
#include "ui/pane.h"
#include "ui/progress.h"
#include "ui/ui.h"
#include "ui/view.h"

struct app;

struct engine *app_engine(struct app *app);
/* No job runs, and all ends have been told to the views. */
bool app_jobs_are_over(struct app *app);
struct lister *app_lister(struct app *app);
struct call_log *app_call_log(struct app *app);
/* Those that were made. */
struct links *app_links(struct app *app);
const struct keymap *app_keymap(const struct app *app);
const struct ui_options *app_options(const struct app *app);
/* Upload, download and class options. */
const struct settings *app_settings(const struct app *app);

/* The pane with the cursor, and the other. Views keep no pointer across events: panes may be
 * swapped. */
struct pane *app_active(struct app *app);
struct pane *app_other(struct app *app);
void app_switch_panes(struct app *app);
/* Left and right change places; the cursor stays on its side. */
void app_swap_panes(struct app *app);
/* Both panes go into directories together, or no more (pane_sync.h). */
void app_toggle_sync(struct app *app);
struct pane *app_pane(struct app *app, int side);

/* Puts v on top; the app owns it from now on. */
void app_push(struct app *app, struct view *v);
/* Takes v off (it need not be the top one); destroyed when the current event was handled. */
void app_close(struct app *app, struct view *v);
struct view *app_top(struct app *app);
/* What dialogs do with an action: ACTION_DISMISS closes; false if it is another. */
bool app_dismiss(struct view *v, enum action action);
/* Does what a key for it would do while v is on top. */
void app_run(struct app *app, struct view *v, enum action action);
/* The next frame is drawn anew. After every handled key that happens anyway. */
void app_redraw(struct app *app);
/* As app_redraw(), but at most ten times a second. */
void app_redraw_soon(struct app *app);
/* Calls on_timer of all views once, in so many milliseconds or earlier. */
void app_set_timer(struct app *app, int ms);
/* The terminal's own selection, or the mouse for us. */
void app_toggle_mouse(struct app *app);
/* Ends the loop; what runs is stopped and cleaned up. */
void app_quit(struct app *app);
/* Ends the loop; what can be resumed is kept for the next start. */
void app_quit_keeping(struct app *app);
/* Whether that is possible: not in the demo. */
bool app_can_keep(const struct app *app);
/* Looks for what other processes are doing or left; the first time what they left is offered. */
void app_look_at_others(struct app *app);
/* What those that live are doing, a line each; "" when nothing. */
const char *app_saved_others(const struct app *app);
/* Ends the loop when no job runs any more. False takes it back. */
void app_quit_when_idle(struct app *app, bool wanted);

/* One line above the F-key bar until the next key. */
void app_status(struct app *app, const char *fmt, ...) S3T_PRINTF(2, 3);
void app_status_error(struct app *app, const char *fmt, ...) S3T_PRINTF(2, 3);
/* "" when there is none. */
const char *app_status_text(const struct app *app, bool *is_error);

/* A job over what is selected in `from` (NULL: no sources): all options as configured in the
 * profiles of its places, recursive, policy ask. The caller sets the target and whatever else, then
 * app_submit()s or job_spec_deinit()s. */
void app_job_spec_init(
	struct app *app, struct job_spec *spec, enum job_kind kind, struct pane *from);
/* One more source of such a job. */
void app_job_spec_add(struct job_spec *spec, const struct pane *from, struct strview name);
/* Starts the job; spec is used up either way. When it ends, its sources lose their marks where they
 * were done, and the panes that show its places are listed again. 0: refused, err says why (the
 * demo's places, decision 2). */
job_id app_submit(struct app *app, struct job_spec *spec, struct s3t_err *err);
/* What else fails in the job opens no dialog: the status line and the transfers tell. */
void app_skip_errors(struct app *app, job_id job);
/* Drops EV_ASK events of a job that wait for their dialog: answered for all. */
void app_drop_asks(struct app *app, job_id job);
/* Runs a small blocking task off the UI thread; answer gets what came of it. free_arg may be NULL.
 */
typedef void (*app_answer_fn)(struct app *app, void *arg, const struct s3t_err *err);
void app_ask(struct app *app, lister_task_fn run, void *arg, void (*free_arg)(void *arg),
	app_answer_fn answer);
/* Renewed at most ten times a second. */
const struct engine_snapshot *app_snapshot(const struct app *app);
const struct progress *app_progress(const struct app *app);
const struct rate_history *app_rates(const struct app *app);
/* Renews it now: after something was asked of the engine. */
void app_renew(struct app *app);

/* Reads what a person typed: "s3://bucket/prefix", "/dir", "~/dir", "..", or a name relative to
 * where the pane is. s3:// is of the profile that s3_of shows, or else relative_to, or else the
 * program's. *location is borrowed. path: appended. */
enum s3t_rc app_parse_place(struct app *app, struct pane *relative_to, struct pane *s3_of,
	struct strview text, struct location **location, struct strbuf *path,
	struct s3t_err *err) S3T_MUST_CHECK;

struct location *app_local(struct app *app);
/* Another profile's buckets; *location is borrowed from the app, the same for the same name. */
enum s3t_rc app_open_profile(struct app *app, const char *name, struct location **location,
	struct s3t_err *err) S3T_MUST_CHECK;
/* A profile that was just made: *location is borrowed, as by app_open_profile(). */
void app_add_profile(struct app *app, struct profile *profile, struct location **location);
/* Leaves for the demo. False: this s3tui has none. */
bool app_start_demo(struct app *app);
/* Calls fn for each profile there is: its name, and where it is from. */
void app_each_profile(
	struct app *app, void (*fn)(void *arg, const char *name, const char *source), void *arg);

/* Whether something was copied into the demo's bucket: it vanishes at the end. */
bool app_demo_has_new(const struct app *app);

#endif
