/*
 * Rows are rebuilt from each snapshot: a job, then those of its items that the snapshot has. The
 * cursor stays on the same job and item.
 */
#include "ui/transfers_view.h"

#include "core/text.h"
#include "core/timeutil.h"
#include "ui/app.h"
#include "ui/dialogs.h"
#include "ui/log_view.h"
#include "ui/metrics_view.h"

#include <stdio.h>
#include <stdlib.h>

enum {
	BAR_W = 18,
	RATE_W = 12,
	LEFT_W = 9,
	NUMBERS_W = BAR_W + 6 + RATE_W + LEFT_W,
	STATE_MAX = 192
};

struct row {
	size_t job, item; /* indexes in the snapshot; item SIZE_MAX: the job itself */
};

/* Of one item or job: how fast it is now. */
struct speed {
	job_id job;
	item_id item; /* 0: the job */
	uint64_t bytes;
	int64_t at_ms;
	double rate;
	bool has_rate;
};

struct transfers_view {
	struct view view;
	struct row *rows;
	size_t row_count, row_capacity;
	struct cursor cursor;
	job_id at_job;
	item_id at_item;
	struct speed *speeds;
	size_t speed_count;
};

static const struct engine_snapshot *snapshot(const struct transfers_view *t)
{
	return app_snapshot(t->view.app);
}

static void add_row(struct transfers_view *t, size_t job, size_t item)
{
	if (t->row_count == t->row_capacity) {
		size_t grown = t->row_capacity * 2 + 64;
		struct row *bigger = realloc(t->rows, grown * sizeof *bigger);
		if (!bigger)
			s3t_oom();
		t->rows = bigger;
		t->row_capacity = grown;
	}
	t->rows[t->row_count++] = (struct row){job, item};
}

static job_id row_job(const struct transfers_view *t, size_t row)
{
	return snapshot(t)->jobs[t->rows[row].job].id;
}

static item_id row_item(const struct transfers_view *t, size_t row)
{
	size_t i = t->rows[row].item;
	return i == SIZE_MAX ? 0 : snapshot(t)->items[i].id;
}

static void rebuild(struct transfers_view *t)
{
	const struct engine_snapshot *s = snapshot(t);
	t->row_count = 0;
	for (size_t j = 0; j < s->job_count; j++) {
		add_row(t, j, SIZE_MAX);
		for (size_t i = 0; i < s->item_count; i++)
			if (s->items[i].job == s->jobs[j].id)
				add_row(t, j, i);
	}
	cursor_set_rows(&t->cursor, t->row_count);
	/* the item may have ended: then its job */
	size_t job_row = SIZE_MAX, found = SIZE_MAX;
	for (size_t r = 0; r < t->row_count && found == SIZE_MAX; r++) {
		if (row_job(t, r) != t->at_job)
			continue;
		if (row_item(t, r) == t->at_item)
			found = r;
		else if (t->rows[r].item == SIZE_MAX)
			job_row = r;
	}
	/* a row of the same job at the same place is nearer than the job's own */
	size_t at = t->cursor.at;
	if (found != SIZE_MAX)
		cursor_follow(&t->cursor, found);
	else if (at < t->row_count && row_job(t, at) != t->at_job && job_row != SIZE_MAX)
		cursor_follow(&t->cursor, job_row);
}

static void note_cursor(struct transfers_view *t)
{
	if (t->cursor.at >= t->row_count)
		return;
	t->at_job = row_job(t, t->cursor.at);
	t->at_item = row_item(t, t->cursor.at);
}

/* --- how fast --- */

static const struct speed *speed_of(const struct transfers_view *t, job_id job, item_id item)
{
	for (size_t i = 0; i < t->speed_count; i++)
		if (t->speeds[i].job == job && t->speeds[i].item == item)
			return &t->speeds[i];
	return NULL;
}

static struct speed next_speed(
	const struct speed *old, job_id job, item_id item, uint64_t bytes, int64_t now)
{
	struct speed s = {.job = job, .item = item, .bytes = bytes, .at_ms = now};
	if (!old)
		return s;
	int64_t since = now - old->at_ms;
	if (since < 100 || bytes < old->bytes)
		return *old;
	double rate = (double)(bytes - old->bytes) * 1000 / (double)since;
	double keep = old->has_rate ? 2000.0 / (2000.0 + (double)since) : 0;
	s.rate = old->rate * keep + rate * (1 - keep);
	s.has_rate = true;
	return s;
}

static void measure(struct transfers_view *t, int64_t now)
{
	const struct engine_snapshot *s = snapshot(t);
	struct speed *fresh = s3t_alloc((s->job_count + s->item_count + 1) * sizeof *fresh);
	size_t n = 0;
	for (size_t i = 0; i < s->job_count; i++)
		if (s->jobs[i].state != JOB_FINISHED)
			fresh[n++] = next_speed(speed_of(t, s->jobs[i].id, 0), s->jobs[i].id, 0,
				s->jobs[i].bytes_done, now);
	for (size_t i = 0; i < s->item_count; i++)
		if (s->items[i].state == ITEM_RUNNING)
			fresh[n++] = next_speed(speed_of(t, s->items[i].job, s->items[i].id),
				s->items[i].job, s->items[i].id, s->items[i].bytes, now);
	free(t->speeds);
	t->speeds = fresh;
	t->speed_count = n;
}

static void tick(struct view *v, int64_t now_ms)
{
	struct transfers_view *t = (struct transfers_view *)v;
	measure(t, now_ms);
	rebuild(t);
}

/* --- screen --- */

/* Bar, per cent, rate and time left at the right end of a row. */
static void draw_numbers(int y, int x, enum theme_role role, uint64_t done, uint64_t total,
	const struct speed *speed)
{
	unsigned permille = total ? (unsigned)((double)done * 1000 / (double)total) : 0;
	char rate[32] = "", left[32] = "";
	draw_bar(y, x, BAR_W, role, permille);
	draw_fmt(y, x + BAR_W, 6, role, " %3u%% ", permille / 10);
	if (speed && speed->has_rate)
		progress_rate_text(speed->rate, rate);
	if (speed && speed->has_rate && speed->rate >= 1 && total >= done)
		text_duration((int64_t)((double)(total - done) / speed->rate + 0.5), left);
	draw_right(y, x + BAR_W + 6, RATE_W, role, sv(rate));
	draw_right(y, x + BAR_W + 6 + RATE_W, LEFT_W, role, sv(left));
}

static void draw_cut(int y, int x, int w, enum theme_role role, const char *text)
{
	struct strbuf cut;
	strbuf_init(&cut);
	text_cut_middle(&cut, sv(text), w);
	draw_field(y, x, w, role, strbuf_view(&cut));
	strbuf_deinit(&cut);
}

static void job_state_text(const struct job_view *j, char out[STATE_MAX])
{
	char done[32], total[32], failed[32] = "", size[TEXT_SIZE_MAX];
	text_count(j->items_done, done);
	text_count(j->items_total, total);
	text_size(j->bytes_total, size);
	if (j->items_failed)
		snprintf(failed, sizeof failed, ", %llu failed",
			(unsigned long long)j->items_failed);
	if (j->state == JOB_CANCELLING)
		snprintf(out, STATE_MAX, "cancelling");
	else if (j->state == JOB_FINISHED)
		snprintf(out, STATE_MAX, "%s: %s of %s, %s%s%s",
			j->was_cancelled ? "cancelled" : "done", done, total, size, failed,
			j->is_kept ? ", kept" : "");
	else if (j->is_paused)
		snprintf(out, STATE_MAX, "paused: %s of %s, %s%s", done, total, size, failed);
	else if (j->is_counting)
		snprintf(out, STATE_MAX, "counting: %s, %s%s", total, size, failed);
	else
		snprintf(out, STATE_MAX, "%s of %s, %s%s", done, total, size, failed);
}

static void draw_job(
	const struct transfers_view *t, const struct job_view *j, int y, int w, bool is_cursor)
{
	enum theme_role role = is_cursor                  ? THEME_CURSOR
			       : j->items_failed          ? THEME_ERROR
			       : j->state == JOB_FINISHED ? THEME_DIM
							  : THEME_DIR;
	enum glyph g = j->items_failed                              ? GLYPH_FAILED
		       : j->state == JOB_FINISHED                   ? GLYPH_DONE
		       : j->state == JOB_CANCELLING || j->is_paused ? GLYPH_WAITING
								    : GLYPH_RUNNING;
	char state[STATE_MAX], line[2 * VIEW_TEXT_MAX + STATE_MAX + 112];
	char parts[56] = "";
	job_state_text(j, state);
	if (j->raised_part)
		snprintf(parts, sizeof parts, "; parts of %llu MiB were needed",
			(unsigned long long)(j->raised_part >> 20));
	snprintf(line, sizeof line, "%s  %s%s%s%s%s", j->title, state, parts,
		j->is_slowed ? "; the server asks to slow down" : "", j->message[0] ? ": " : "",
		j->message);
	draw_fill((struct rect){y, 1, 1, w - 2}, role);
	draw_str(y, 2, 1, role, glyph(g));
	bool has_numbers = j->state != JOB_FINISHED && j->bytes_total && w > NUMBERS_W + 24;
	draw_cut(y, 4, w - 6 - (has_numbers ? NUMBERS_W + 1 : 0), role, line);
	if (has_numbers)
		draw_numbers(y, w - 2 - NUMBERS_W, role, j->bytes_done, j->bytes_total,
			speed_of(t, j->id, 0));
}

static void draw_item(
	const struct transfers_view *t, const struct item_view *i, int y, int w, bool is_cursor)
{
	static const struct {
		enum glyph glyph;
		const char *word;
	} states[ITEM_STATE_COUNT] = {
		[ITEM_WAITING] = {GLYPH_WAITING, "waiting"},
		[ITEM_STARTING] = {GLYPH_RUNNING, "starting"},
		[ITEM_RUNNING] = {GLYPH_RUNNING, ""},
		[ITEM_FINISHING] = {GLYPH_RUNNING, "completing"},
		[ITEM_ASKING] = {GLYPH_ASKING, "asks what to do: the target exists"},
		[ITEM_BROKEN] = {GLYPH_FAILED, ""},
	};
	enum theme_role role = is_cursor                  ? THEME_CURSOR
			       : i->state == ITEM_BROKEN  ? THEME_ERROR
			       : i->state == ITEM_WAITING ? THEME_DIM
			       : i->state == ITEM_ASKING  ? THEME_WARNING
							  : THEME_NORMAL;
	bool has_numbers = i->state == ITEM_RUNNING && w > NUMBERS_W + 24;
	const char *word = i->message[0] ? i->message : states[i->state].word;
	char size[TEXT_SIZE_MAX], name[2 * VIEW_TEXT_MAX + 64];
	text_size(i->size, size);
	snprintf(name, sizeof name, "%s  %s", i->name, size);
	draw_fill((struct rect){y, 1, 1, w - 2}, role);
	draw_str(y, 4, 1, role, glyph(states[i->state].glyph));
	int room = w - 8, text = has_numbers ? NUMBERS_W : word[0] ? room / 2 : 0;
	draw_cut(y, 6, room - text - 1, role, name);
	if (has_numbers)
		draw_numbers(
			y, w - 2 - NUMBERS_W, role, i->bytes, i->size, speed_of(t, i->job, i->id));
	else if (text)
		draw_cut(y, 6 + room - text, text, role, word);
}

/* "42% of 21.4 GiB · 118 MiB/s · 1:20 left" */
static void title_text(const struct transfers_view *t, struct strbuf *out)
{
	const struct progress *p = app_progress(t->view.app);
	const char *dot = glyph(GLYPH_DOT);
	char size[TEXT_SIZE_MAX], rate[32], left[32];
	strbuf_add_str(out, "Transfers");
	if (!p->is_busy)
		return;
	text_size(p->bytes_total, size);
	if (p->jobs > 1)
		strbuf_addf(out, " %s %u jobs", dot, p->jobs);
	strbuf_addf(out, " %s %u%% of %s", dot, progress_permille(p) / 10, size);
	if (p->has_rate) {
		progress_rate_text(p->rate, rate);
		strbuf_addf(out, " %s %s", dot, rate);
		progress_rate_text(progress_average(p), rate);
		strbuf_addf(out, " (avg %s)", rate);
	}
	int64_t seconds = progress_seconds_left(p);
	if (seconds >= 0) {
		text_duration(seconds, left);
		strbuf_addf(out, " %s %s left", dot, left);
	}
	strbuf_addf(
		out, " %s %u connection%s", dot, p->connections, p->connections == 1 ? "" : "s");
	uint64_t limit = snapshot(t)->bytes_per_second_limit;
	if (limit) {
		text_size(limit, size);
		strbuf_addf(out, " %s limit %s/s", dot, size);
	}
}

static void foot_text(const struct transfers_view *t, struct strbuf *out)
{
	static const struct {
		enum action action;
		const char *what;
	} keys[] = {{ACTION_PAUSE, "pause"}, {ACTION_PAUSE_ALL, "all"},
		{ACTION_TAKE_AWAY, "take away"}, {ACTION_RETRY, "retry"}, {ACTION_LIMIT, "limit"},
		{ACTION_JOB_UP, "up"}, {ACTION_JOB_DOWN, "down"}, {ACTION_CLOSE, "back"}};
	for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
		keymap_hint(app_keymap(t->view.app), keys[i].action, keys[i].what, out);
}

static uint64_t counted(atomic_uint_fast64_t *counter)
{
	return atomic_load_explicit(counter, memory_order_relaxed);
}

/* What was moved since the start, by the engine's own count. */
static void describe_metrics(struct app *app, struct strbuf *out)
{
	struct metrics *m = engine_metrics(app_engine(app));
	struct s3_client *client = location_s3_client(app_options(app)->s3);
	char up[TEXT_SIZE_MAX], down[TEXT_SIZE_MAX];
	text_size(counted(&m->bytes_uploaded), up);
	text_size(counted(&m->bytes_downloaded), down);
	strbuf_addf(out, "since the start: %llu up, %s; %llu down, %s; %llu copied; %llu deleted",
		(unsigned long long)counted(&m->uploads_total), up,
		(unsigned long long)counted(&m->downloads_total), down,
		(unsigned long long)counted(&m->copies_total),
		(unsigned long long)counted(&m->deletes_total));
	if (client) {
		struct s3_counters *c = s3_client_counters(client);
		strbuf_addf(out, "; %llu requests, %llu retries, %llu errors",
			(unsigned long long)counted(&c->requests),
			(unsigned long long)counted(&c->retries),
			(unsigned long long)counted(&c->errors));
	}
}

static void add_average(struct strbuf *out, uint64_t bytes, int64_t since_ms, int64_t until_ms)
{
	char rate[32];
	if (!since_ms || until_ms <= since_ms || !bytes)
		return;
	progress_rate_text((double)bytes * 1000 / (double)(until_ms - since_ms), rate);
	strbuf_addf(out, " %s average %s", glyph(GLYPH_DOT), rate);
}

/* More of the row under the cursor, in the line above the frame's foot. */
static void describe_row(const struct transfers_view *t, struct strbuf *out)
{
	const struct engine_snapshot *s = snapshot(t);
	const char *dot = glyph(GLYPH_DOT);
	int64_t now = time_mono_ms();
	if (t->cursor.at >= t->row_count)
		return;
	const struct row *row = &t->rows[t->cursor.at];
	if (row->item == SIZE_MAX) {
		const struct job_view *j = &s->jobs[row->job];
		char took[32];
		int64_t until = j->ended_ms ? j->ended_ms : now;
		text_duration((until - j->started_ms) / 1000, took);
		strbuf_addf(out, "job %s %s %s %s %u connection%s", j->uid, dot, took, dot,
			j->connections, j->connections == 1 ? "" : "s");
		add_average(out, j->bytes_done, j->started_ms, until);
		return;
	}
	const struct item_view *i = &s->items[row->item];
	if (i->parts > 1)
		strbuf_addf(out, "%u of %u parts %s ", i->parts_done, i->parts, dot);
	strbuf_addf(out, "try %u %s %u connection%s", i->retries + 1, dot, i->connections,
		i->connections == 1 ? "" : "s");
	if (i->state == ITEM_RUNNING)
		add_average(out, i->bytes, i->started_ms, now);
}

/* Jobs of other processes, below ours: they are theirs to end. */
static void draw_others(const struct transfers_view *t, struct rect r)
{
	struct strview rest = sv(app_saved_others(t->view.app));
	int y = t->row_count ? (int)t->row_count + 2 : 4;
	while (rest.len && y < r.h - 1) {
		size_t end = sv_find(rest, '\n');
		char line[VIEW_TEXT_MAX];
		snprintf(line, sizeof line, "%.*s", (int)end, rest.data);
		draw_cut(y++, 4, r.w - 6, THEME_DIM, line);
		rest = sv_from(rest, end + 1);
	}
}

/* The rate of the last minutes, at the bottom of the frame r; the rows it takes. */
static int draw_rates(const struct transfers_view *t, struct rect r)
{
	enum { GRAPH_H = 3, LABEL_W = 12, LEAST_H = 16 };
	const struct rate_history *h = app_rates(t->view.app);
	struct rect graph = {
		r.y + r.h - 1 - GRAPH_H, r.x + 2 + LABEL_W, GRAPH_H, r.w - 4 - LABEL_W};
	size_t seen = h->count < (size_t)graph.w ? h->count : (size_t)graph.w;
	double most = 0;
	char text[32];
	if (r.h < LEAST_H || h->count < 2)
		return 0;
	for (size_t i = h->count - seen; i < h->count; i++)
		most = h->rates[i] > most ? h->rates[i] : most;
	progress_rate_text(most, text);
	draw_right(graph.y, r.x + 1, LABEL_W, THEME_DIM, sv(text));
	draw_right(graph.y + GRAPH_H - 1, r.x + 1, LABEL_W, THEME_DIM, SV("0"));
	draw_graph(graph, THEME_BAR, h->rates, h->count, most);
	return GRAPH_H;
}

static void draw(struct view *v)
{
	struct transfers_view *t = (struct transfers_view *)v;
	const struct engine_snapshot *s = snapshot(t);
	struct rect r = {0, 0, screen_rows() - 1, screen_cols()};
	rebuild(t);
	struct strbuf title, foot;
	strbuf_init(&title);
	strbuf_init(&foot);
	title_text(t, &title);
	foot_text(t, &foot);
	draw_frame(r, THEME_FRAME_ACTIVE, title.data, foot.data);
	strbuf_deinit(&title);
	strbuf_deinit(&foot);
	draw_fill((struct rect){1, 1, r.h - 2, r.w - 2}, THEME_NORMAL);
	int rows = r.h - 3 - draw_rates(t, r);
	struct strbuf details;
	strbuf_init(&details);
	describe_row(t, &details);
	draw_field(1 + rows, 4, r.w - 6, THEME_DIM, strbuf_view(&details));
	strbuf_deinit(&details);
	cursor_set_height(&t->cursor, (size_t)rows);
	for (int i = 0; i < rows; i++) {
		size_t at = t->cursor.top + (size_t)i;
		if (at >= t->row_count)
			break;
		const struct row *row = &t->rows[at];
		if (row->item == SIZE_MAX)
			draw_job(t, &s->jobs[row->job], 1 + i, r.w, at == t->cursor.at);
		else
			draw_item(t, &s->items[row->item], 1 + i, r.w, at == t->cursor.at);
	}
	if (t->row_count == 0)
		draw_str(2, 3, r.w - 6, THEME_DIM, "nothing is being transferred");
	draw_others(t, (struct rect){r.y, r.x, rows + 2, r.w});
	bool is_error;
	const char *status = app_status_text(v->app, &is_error);
	struct strbuf totals;
	strbuf_init(&totals);
	if (!status[0]) {
		describe_metrics(v->app, &totals);
		status = totals.data;
	}
	/* else what the row has no room for */
	size_t at = t->cursor.at;
	if (totals.len && at < t->row_count && t->rows[at].item != SIZE_MAX) {
		const struct item_view *i = &s->items[t->rows[at].item];
		char line[3 * VIEW_TEXT_MAX + 16];
		snprintf(line, sizeof line, "%s %s %s%s%s", i->name, glyph(GLYPH_ARROW), i->target,
			i->message[0] ? ": " : "", i->message);
		draw_cut(r.h, 1, r.w - 2, THEME_STATUS, line);
	} else {
		draw_cut(r.h, 1, r.w - 2, is_error ? THEME_STATUS_ERROR : THEME_STATUS, status);
	}
	strbuf_deinit(&totals);
}

/* --- keys --- */

static void take_away(struct transfers_view *t)
{
	struct app *app = t->view.app;
	if (t->cursor.at >= t->row_count)
		return;
	const struct row *row = &t->rows[t->cursor.at];
	const struct job_view *j = &snapshot(t)->jobs[row->job];
	if (j->state == JOB_FINISHED)
		engine_dismiss(app_engine(app), j->id);
	else if (row->item == SIZE_MAX)
		engine_cancel(app_engine(app), j->id);
	else
		engine_cancel_item(app_engine(app), j->id, snapshot(t)->items[row->item].id);
}

static void retry(struct transfers_view *t)
{
	if (t->cursor.at >= t->row_count)
		return;
	const struct job_view *j = &snapshot(t)->jobs[t->rows[t->cursor.at].job];
	if (j->items_failed)
		engine_retry_failed(app_engine(t->view.app), j->id);
	else
		app_status(t->view.app, "Nothing failed in this job.");
}

static void pause_job(struct transfers_view *t)
{
	if (t->cursor.at >= t->row_count)
		return;
	const struct job_view *j = &snapshot(t)->jobs[t->rows[t->cursor.at].job];
	engine_pause(app_engine(t->view.app), j->id, !j->is_paused);
}

/* All go on only if none runs. */
static void pause_all(struct transfers_view *t)
{
	const struct engine_snapshot *s = snapshot(t);
	bool is_any_running = false;
	for (size_t i = 0; i < s->job_count; i++)
		is_any_running |= s->jobs[i].state == JOB_RUNNING && !s->jobs[i].is_paused;
	engine_pause_all(app_engine(t->view.app), is_any_running);
}

static void retry_all(struct transfers_view *t)
{
	const struct engine_snapshot *s = snapshot(t);
	for (size_t i = 0; i < s->job_count; i++)
		if (s->jobs[i].items_failed)
			engine_retry_failed(app_engine(t->view.app), s->jobs[i].id);
}

static bool on_action(struct view *v, enum action action)
{
	struct transfers_view *t = (struct transfers_view *)v;
	rebuild(t); /* the snapshot may be newer than what was drawn */
	switch (action) {
	case ACTION_TAKE_AWAY:
		take_away(t);
		break;
	case ACTION_RETRY:
		retry(t);
		break;
	case ACTION_PAUSE:
		pause_job(t);
		break;
	case ACTION_PAUSE_ALL:
		pause_all(t);
		break;
	case ACTION_RETRY_ALL:
		retry_all(t);
		break;
	case ACTION_JOB_UP:
	case ACTION_JOB_DOWN:
		if (t->cursor.at < t->row_count)
			engine_move(app_engine(v->app), row_job(t, t->cursor.at),
				action == ACTION_JOB_UP);
		break;
	case ACTION_LOG:
		log_view_open(v->app);
		return true;
	case ACTION_METRICS:
		metrics_view_open(v->app);
		return true;
	case ACTION_LIMIT:
		dialog_limit_open(v->app);
		return true;
	case ACTION_CLOSE:
		app_close(v->app, v);
		return true;
	default:
		if (!cursor_act(&t->cursor, action))
			return false;
	}
	note_cursor(t);
	app_renew(v->app);
	return true;
}

static void on_mouse(struct view *v, const struct mouse_event *m)
{
	struct transfers_view *t = (struct transfers_view *)v;
	rebuild(t);
	if (m->kind == MOUSE_WHEEL)
		cursor_scroll(&t->cursor, (long)m->wheel * MOUSE_WHEEL_ROWS);
	else if (m->kind == MOUSE_PRESS && m->button == MOUSE_LEFT && m->y >= 1 &&
		 m->y <= (int)t->cursor.height && t->cursor.top + (size_t)m->y - 1 < t->row_count)
		cursor_to(&t->cursor, t->cursor.top + (size_t)m->y - 1);
	note_cursor(t);
}

static void destroy(struct view *v)
{
	struct transfers_view *t = (struct transfers_view *)v;
	free(t->rows);
	free(t->speeds);
	free(t);
}

static const struct view_ops ops = {
	.context = CTX_TRANSFERS,
	.is_opaque = true,
	.draw = draw,
	.on_action = on_action,
	.on_mouse = on_mouse,
	.tick = tick,
	.destroy = destroy,
};

void transfers_view_open(struct app *app)
{
	struct transfers_view *t = s3t_alloc(sizeof *t);
	t->view.ops = &ops;
	app_push(app, &t->view);
	app_look_at_others(app);
	app_renew(app);
	rebuild(t);
	note_cursor(t);
}
