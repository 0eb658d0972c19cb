/*
 * The event loop. It waits for the terminal, for events of the engine and of the lister, and for
 * signals; nothing here blocks on anything else. What takes long is done in slices (view_ops.work)
 * while nothing waits. A frame is drawn after a key, else at most ten times a second.
 */
#include "ui/app_private.h"

#include "core/timeutil.h"
#include "ui/ask_code.h"
#include "ui/curses.h"
#include "ui/help_view.h"
#include "ui/palette.h"
#include "ui/term.h"
#include "ui/versions.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { TICK_MS = 100, SECOND_MS = 1000, EVENTS_MS = 5, MIN_ROWS = 20, MIN_COLS = 60 };

bool app_jobs_are_over(struct app *app)
{
	/* in this order: a job's end is told before it counts */
	return engine_busy(app->engine) == 0 && msgq_is_empty(app->engine_events);
}

struct engine *app_engine(struct app *app)
{
	return app->engine;
}

struct lister *app_lister(struct app *app)
{
	return app->lister;
}

struct links *app_links(struct app *app)
{
	return &app->links;
}

struct call_log *app_call_log(struct app *app)
{
	return app->log;
}

const struct keymap *app_keymap(const struct app *app)
{
	return app->keymap;
}

const struct ui_options *app_options(const struct app *app)
{
	return app->options;
}

const struct settings *app_settings(const struct app *app)
{
	return app->settings;
}

const struct engine_snapshot *app_snapshot(const struct app *app)
{
	return &app->snapshot;
}

const struct progress *app_progress(const struct app *app)
{
	return &app->progress;
}

const struct rate_history *app_rates(const struct app *app)
{
	return &app->rates;
}

struct pane *app_pane(struct app *app, int side)
{
	return app->panes[side];
}

struct pane *app_active(struct app *app)
{
	return app->panes[app->active];
}

struct pane *app_other(struct app *app)
{
	return app->panes[!app->active];
}

void app_switch_panes(struct app *app)
{
	app->active = !app->active;
}

void app_swap_panes(struct app *app)
{
	struct pane *left = app->panes[0];
	app->panes[0] = app->panes[1];
	app->panes[1] = left;
}

void app_toggle_sync(struct app *app)
{
	if (app->sync.is_on)
		pane_sync_stop(&app->sync);
	else
		pane_sync_start(&app->sync, app->panes[0], app->panes[1]);
	app_status(app, app->sync.is_on ? "What one pane enters or leaves, the other does, too."
					: "The panes go their own ways again.");
}

/* --- views --- */

void app_push(struct app *app, struct view *v)
{
	v->app = app;
	v->below = app->top;
	v->is_closing = false;
	app->top = v;
	app->is_dirty = true;
}

void app_close(struct app *app, struct view *v)
{
	v->is_closing = true;
	app->has_closing = true;
	app->is_dirty = true;
}

struct view *app_top(struct app *app)
{
	struct view *v = app->top;
	while (v && v->is_closing)
		v = v->below;
	return v;
}

bool app_dismiss(struct view *v, enum action action)
{
	if (action == ACTION_DISMISS)
		app_close(v->app, v);
	return action == ACTION_DISMISS;
}

static void destroy_closing(struct app *app, bool all)
{
	if (!app->has_closing && !all)
		return;
	app->has_closing = false;
	struct view **at = &app->top;
	while (*at) {
		struct view *v = *at;
		if (!v->is_closing && !all) {
			at = &v->below;
			continue;
		}
		*at = v->below;
		v->ops->destroy(v);
	}
}

void app_redraw(struct app *app)
{
	app->is_dirty = true;
}

void app_redraw_soon(struct app *app)
{
	app->is_stale = true;
}

void app_set_timer(struct app *app, int ms)
{
	int64_t at = time_mono_ms() + ms;
	if (!app->timer_ms || at < app->timer_ms)
		app->timer_ms = at;
}

void app_toggle_mouse(struct app *app)
{
	app->has_mouse = !app->has_mouse;
	term_set_mouse(app->has_mouse);
}

void app_quit(struct app *app)
{
	app->is_quitting = true;
}

bool app_can_keep(const struct app *app)
{
	return journal_is_sound(app->journal);
}

void app_quit_keeping(struct app *app)
{
	app->keeps = app_can_keep(app);
	app_quit(app);
}

void app_quit_when_idle(struct app *app, bool wanted)
{
	app->quits_when_idle = wanted;
}

S3T_PRINTF(3, 0)
static void set_status(struct app *app, bool is_error, const char *fmt, va_list ap)
{
	struct strbuf sb;
	strbuf_init(&sb);
	strbuf_vaddf(&sb, fmt, ap);
	free(app->status);
	app->status = strbuf_take(&sb);
	app->status_is_error = is_error;
	app->is_dirty = true;
}

void app_status(struct app *app, const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	set_status(app, false, fmt, ap);
	va_end(ap);
}

void app_status_error(struct app *app, const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	set_status(app, true, fmt, ap);
	va_end(ap);
}

const char *app_status_text(const struct app *app, bool *is_error)
{
	*is_error = app->status_is_error;
	return app->status ? app->status : "";
}

/* --- frames --- */

static void draw_view(struct view *v)
{
	if (!v)
		return;
	if (!v->ops->is_opaque)
		draw_view(v->below);
	if (!v->is_closing)
		v->ops->draw(v);
}

static bool is_too_small(void)
{
	return screen_rows() < MIN_ROWS || screen_cols() < MIN_COLS;
}

void app_draw(struct app *app)
{
	int y, x;
	(void)draw_take_cursor(&y, &x);
	(void)werase(stdscr);
	if (is_too_small())
		draw_fmt(0, 0, screen_cols(), THEME_NORMAL, "Too small: %dx%d; needs %dx%d.",
			screen_cols(), screen_rows(), MIN_COLS, MIN_ROWS);
	else
		draw_view(app_top(app));
	bool has_cursor = draw_take_cursor(&y, &x) && !is_too_small();
	bool moves = has_cursor != app->has_cursor ||
		     (has_cursor && (y != app->cursor_y || x != app->cursor_x));
	if (has_cursor)
		(void)wmove(stdscr, y, x);
	if (app->must_clear)
		(void)clearok(curscr, TRUE);
	(void)wnoutrefresh(stdscr);
	/* what looks as it did is not sent */
	if (app->must_clear || moves || is_wintouched(newscr)) {
		term_frame_begin();
		(void)curs_set(has_cursor);
		(void)doupdate();
		term_frame_end();
	}
	app->has_cursor = has_cursor;
	app->cursor_y = y;
	app->cursor_x = x;
	app->must_clear = false;
	app->is_dirty = app->is_stale = false;
	app->frame_ms = time_mono_ms();
}

/* --- events --- */

static void resized(struct app *app)
{
	term_resize();
	for (struct view *v = app->top; v; v = v->below)
		if (v->ops->resize)
			v->ops->resize(v);
	/* a terminal that was made small for a moment has forgotten what stood there */
	app->must_clear = app->is_dirty = true;
}

static void suspend(struct app *app)
{
	size_t busy = engine_busy(app->engine);
	char *note = busy ? s3t_asprintf("s3tui: %zu job%s pause until it goes on (fg).\n", busy,
				    busy == 1 ? "" : "s")
			  : NULL;
	term_suspend(note);
	free(note);
	resized(app);
}

static void take_signals(struct app *app)
{
	for (enum term_signal s; (s = term_next_signal()) != TERM_SIGNAL_NONE;) {
		if (s == TERM_SIGNAL_RESIZE) {
			resized(app);
		} else if (s == TERM_SIGNAL_SUSPEND) {
			suspend(app);
		} else if (s == TERM_SIGNAL_RESUMED) {
			term_resume();
			resized(app);
		} else {
			app_quit_keeping(app);
		}
	}
}

void app_run(struct app *app, struct view *v, enum action action)
{
	if (action == ACTION_REDRAW)
		app->must_clear = app->is_dirty = true;
	else if (action == ACTION_PALETTE)
		palette_open(app, v);
	else if (action == ACTION_HELP)
		help_view_open(app);
	else if (v->ops->on_action)
		(void)v->ops->on_action(v, action);
}

static void dispatch(struct app *app, const struct input_event *in)
{
	struct view *v = app_top(app);
	if (in->kind == INPUT_RESIZE) {
		app->is_dirty = true;
		return;
	}
	if (in->kind == INPUT_KEY && in->key == ('z' | K_CTRL)) {
		suspend(app);
		return;
	}
	if (in->kind == INPUT_MOUSE) {
		if (v->ops->on_mouse && !is_too_small())
			v->ops->on_mouse(v, &in->mouse);
		app->is_dirty = true;
		return;
	}
	free(app->status);
	app->status = NULL;
	app->is_dirty = true;
	enum action action = in->kind == INPUT_KEY
				     ? keymap_find(app->keymap, v->ops->context, in->key)
				     : ACTION_NONE;
	if (action == ACTION_REDRAW) {
		app_run(app, v, action);
		return;
	}
	if (is_too_small() && action != ACTION_QUIT && action != ACTION_DISMISS)
		return;
	if (v->ops->on_key && v->ops->on_key(v, in))
		return;
	if (action != ACTION_NONE)
		app_run(app, v, action);
}

static void take_input(struct app *app)
{
	struct input_event in;
	while (!app->is_quitting && input_next(app->input, &in)) {
		dispatch(app, &in);
		destroy_closing(app, false);
		if (app->sync.is_on && !pane_sync_follow(&app->sync)) {
			pane_sync_stop(&app->sync);
			app_status(app, "A pane has gone elsewhere: they go their own ways again.");
		}
	}
}

void app_ask(struct app *app, lister_task_fn run, void *arg, void (*free_arg)(void *arg),
	app_answer_fn answer)
{
	struct app_question *q = s3t_alloc(sizeof *q);
	q->answer = answer;
	q->next = app->questions;
	app->questions = q;
	q->id = lister_run(app->lister, run, arg, free_arg);
}

/* True if e was an answer. */
static bool take_answer(struct app *app, struct lister_event *e)
{
	struct app_question **at = &app->questions;
	while (*at && (*at)->id != e->id)
		at = &(*at)->next;
	struct app_question *q = *at;
	if (e->kind != LISTER_TASK || !q)
		return false;
	*at = q->next;
	q->answer(app, e->arg, &e->err);
	free(q);
	app->is_dirty = true;
	return true;
}

/* Pages of the lister, for a few milliseconds. */
static void take_pages(struct app *app)
{
	int64_t until = time_mono_ms() + EVENTS_MS;
	struct lister_event *e;
	while (time_mono_ms() < until &&
		(e = (struct lister_event *)msgq_pop(app->lister_events))) {
		bool is_taken = app_saved_take(app, e) || take_answer(app, e);
		struct view *v = is_taken ? NULL : app->top;
		for (; v; v = v->below)
			if (!v->is_closing && v->ops->on_list && v->ops->on_list(v, e))
				break;
		lister_event_free(e);
	}
}

static void take_engine_events(struct app *app)
{
	struct event *e;
	bool any = false;
	while ((e = (struct event *)msgq_pop(app->engine_events))) {
		any = true;
		for (struct view *v = app->top; v; v = v->below)
			if (!v->is_closing && v->ops->on_event)
				v->ops->on_event(v, e);
		app_take_engine_event(app, e);
	}
	if (any)
		app_renew_snapshot(app, time_mono_ms());
}

static void tick(struct app *app)
{
	int64_t now = time_mono_ms();
	bool is_listing = pane_is_listing(app->panes[0]) || pane_is_listing(app->panes[1]);
	if (is_listing && now - app->frame_ms >= 500)
		app->is_stale = true;
	if (now - app->snapshot_ms < TICK_MS)
		return;
	bool was_busy = app->progress.is_busy;
	if (!was_busy && !engine_busy(app->engine))
		return;
	app_renew_snapshot(app, now);
	for (struct view *v = app->top; v; v = v->below)
		if (!v->is_closing && v->ops->tick)
			v->ops->tick(v, now);
	app->is_stale = true;
}

static void work(struct app *app)
{
	app->has_more_work = false;
	for (struct view *v = app->top; v; v = v->below)
		if (!v->is_closing && v->ops->work && v->ops->work(v))
			app->has_more_work = true;
}

/* In the title while jobs run; what took long ends with a bell. */
static void announce(struct app *app)
{
	enum { LONG_MS = 10000 };
	bool is_busy = app->progress.is_busy;
	if (is_busy && !app->was_busy)
		app->busy_ms = time_mono_ms();
	if (!is_busy && app->was_busy && app->settings->bell &&
		time_mono_ms() - app->busy_ms >= LONG_MS)
		term_write("\a", 1);
	app->was_busy = is_busy;
	term_show_progress(is_busy ? (int)progress_permille(&app->progress) / 10 : -1);
}

static void run_timer(struct app *app)
{
	if (!app->timer_ms || time_mono_ms() < app->timer_ms)
		return;
	app->timer_ms = 0;
	for (struct view *v = app->top; v; v = v->below)
		if (!v->is_closing && v->ops->on_timer)
			v->ops->on_timer(v);
}

/* The earlier of two; -1 is never. */
static int64_t earlier(int64_t a_ms, int64_t b_ms)
{
	return a_ms < 0 || (b_ms >= 0 && b_ms < a_ms) ? b_ms : a_ms;
}

static int wait_ms(const struct app *app)
{
	int64_t now = time_mono_ms(), wait = -1;
	if (app->has_more_work)
		return 0;
	bool is_listing = pane_is_listing(app->panes[0]) || pane_is_listing(app->panes[1]);
	if (app->is_stale || app->timer_ms) {
		int64_t frame = app->is_stale ? app->frame_ms + TICK_MS : -1;
		int64_t due = earlier(frame, app->timer_ms ? app->timer_ms : -1);
		wait = due > now ? due - now : 0;
	}
	if (!app->is_stale && (app->progress.is_busy || is_listing))
		wait = earlier(wait, TICK_MS);
	if (lister_is_busy(app->lister)) /* what is not answered is said in the frames */
		wait = earlier(wait, SECOND_MS);
	int64_t health = app_health_due_ms(app);
	if (health >= 0)
		wait = earlier(wait, health > now ? health - now : 0);
	return (int)wait;
}

static void wait_for_events(struct app *app)
{
	struct pollfd fds[] = {{.fd = STDIN_FILENO, .events = POLLIN},
		{.fd = msgq_fd(app->engine_events), .events = POLLIN},
		{.fd = msgq_fd(app->lister_events), .events = POLLIN},
		{.fd = msgq_fd(app->code_questions), .events = POLLIN},
		{.fd = term_signal_fd(), .events = POLLIN}};
	if (poll(fds, sizeof fds / sizeof *fds, wait_ms(app)) <= 0)
		return;
	if (fds[4].revents)
		take_signals(app);
	if (fds[0].revents & POLLIN)
		take_input(app);
	if (fds[0].revents & (POLLHUP | POLLERR | POLLNVAL))
		app_quit_keeping(app); /* the terminal is gone */
}

void app_loop(struct app *app)
{
	while (!app->is_quitting) {
		take_engine_events(app);
		take_pages(app);
		ask_code_take(app, app->code_questions);
		work(app);
		tick(app);
		announce(app);
		run_timer(app);
		app_health_check(app);
		versions_watch(app);
		app_open_problem(app);
		destroy_closing(app, false);
		if (app->quits_when_idle && engine_busy(app->engine) == 0)
			break;
		bool is_due = app->is_stale && time_mono_ms() - app->frame_ms >= TICK_MS;
		if (app->is_dirty || is_due)
			app_draw(app);
		wait_for_events(app);
	}
	free(app->status);
	app->status = NULL;
	if (engine_busy(app->engine)) {
		app_status(app, app->keeps ? "Stopping transfers; they are kept"
					   : "Stopping transfers and cleaning up");
		app_draw(app);
	}
	destroy_closing(app, true);
}
