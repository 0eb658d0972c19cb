#include "ui/metrics_view.h"

#include "core/text.h"
#include "core/timeutil.h"
#include "ui/app.h"
#include "ui/form.h"

#include <stdio.h>
#include <stdlib.h>

enum { LOOK_MS = 500, GRAPH_H = 5, LABEL_W = 12, OP_W = 12, NUMBER_W = 12 };

struct metrics_view {
	struct view view;
	struct call_stats_view stats; /* of the pane's client, when last drawn */
};

/* A pane that is on S3, the active one first. */
static struct location *shown_location(struct app *app)
{
	for (int i = 0; i < 2; i++) {
		const struct pane *pane = i ? app_other(app) : app_active(app);
		if (pane_is_s3(pane))
			return pane_location(pane);
	}
	return app_options(app)->s3;
}

static unsigned long long counted(atomic_uint_fast64_t *counter)
{
	return atomic_load_explicit(counter, memory_order_relaxed);
}

static int draw_transfers(struct app *app, int y, int x, int w)
{
	struct metrics *m = engine_metrics(app_engine(app));
	struct {
		const char *what;
		atomic_uint_fast64_t *count, *bytes, *ms;
	} rows[] = {
		{"uploaded", &m->uploads_total, &m->bytes_uploaded, &m->upload_duration_ms},
		{"downloaded", &m->downloads_total, &m->bytes_downloaded, &m->download_duration_ms},
		{"copied", &m->copies_total, &m->bytes_copied, &m->copy_duration_ms},
		{"deleted", &m->deletes_total, NULL, NULL},
		{"failed", &m->failures_total, NULL, NULL},
	};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		char count[32], size[TEXT_SIZE_MAX] = "", took[32] = "";
		text_count(counted(rows[i].count), count);
		if (rows[i].bytes && counted(rows[i].count)) {
			text_size(counted(rows[i].bytes), size);
			text_duration((int64_t)counted(rows[i].ms) / 1000, took);
		}
		draw_str(y, x, OP_W, THEME_NORMAL, rows[i].what);
		draw_right(y, x + OP_W, NUMBER_W, THEME_NORMAL, sv(count));
		draw_right(y, x + OP_W + NUMBER_W, NUMBER_W, THEME_NORMAL, sv(size));
		if (took[0])
			draw_fmt(y, x + OP_W + 2 * NUMBER_W + 2, w - OP_W - 2 * NUMBER_W - 2,
				THEME_DIM, "%s of work", took);
		y++;
	}
	return y;
}

/* The rate over the last minutes. */
static int draw_rates(struct app *app, int y, int x, int w)
{
	const struct rate_history *h = app_rates(app);
	struct rect graph = {y, x + LABEL_W + 1, GRAPH_H, w - LABEL_W - 1};
	size_t seen = h->count < (size_t)graph.w ? h->count : (size_t)graph.w;
	double most = 0;
	char text[32];
	if (h->count < 2) {
		draw_str(y, x, w, THEME_DIM, "nothing was transferred yet: no rates");
		return y + 1;
	}
	for (size_t i = h->count - seen; i < h->count; i++)
		most = h->rates[i] > most ? h->rates[i] : most;
	progress_rate_text(most, text);
	draw_right(y, x, LABEL_W, THEME_DIM, sv(text));
	draw_right(y + GRAPH_H - 1, x, LABEL_W, THEME_DIM, SV("0"));
	draw_graph(graph, THEME_BAR, h->rates, h->count, most);
	return y + GRAPH_H;
}

static void duration_text(int64_t us, char out[32])
{
	if (us < 1000000)
		snprintf(out, 32, "%.1f ms", (double)us / 1000);
	else
		snprintf(out, 32, "%.2f s", (double)us / 1000000);
}

static int draw_operations(const struct call_stats_view *s, int y, int x, int end)
{
	static const char *const heads[] = {"requests", "failed", "p50", "p99", "mean"};
	draw_str(y, x, OP_W, THEME_HEADER, "operation");
	for (size_t i = 0; i < sizeof heads / sizeof *heads; i++)
		draw_right(y, x + OP_W + (int)i * NUMBER_W, NUMBER_W, THEME_HEADER, sv(heads[i]));
	y++;
	for (int op = 0; op < CALL_OP_COUNT && y < end; op++) {
		const struct call_op_stats *o = &s->ops[op];
		char cells[5][32];
		if (!o->count)
			continue;
		text_count(o->count, cells[0]);
		text_count(o->errors, cells[1]);
		duration_text(latency_percentile_us(o, 50), cells[2]);
		duration_text(latency_percentile_us(o, 99), cells[3]);
		duration_text((int64_t)(o->total_us / o->count), cells[4]);
		draw_str(y, x, OP_W, THEME_NORMAL, call_op_word((enum call_op)op));
		for (size_t i = 0; i < 5; i++)
			draw_right(y, x + OP_W + (int)i * NUMBER_W, NUMBER_W,
				i == 1 && o->errors ? THEME_ERROR : THEME_NORMAL, sv(cells[i]));
		y++;
	}
	return y;
}

/* Whose keys are used, and until when they are good. */
static int draw_session(struct s3_client *client, int y, int x, int w)
{
	struct creds *c = creds_provider_cached(s3_client_profile(client)->creds);
	char until[32] = "";
	if (!c)
		return y;
	if (creds_expires_s(c) != CREDS_NO_EXPIRY)
		time_format_local(creds_expires_s(c), true, until);
	draw_fmt(y, x, w, THEME_NORMAL, "keys from %s%s%s", creds_source(c),
		until[0] ? "; the session is good until " : "", until);
	creds_unref(c);
	return y + 1;
}

static int draw_connection(
	struct s3_client *client, const struct call_stats_view *s, int y, int x, int w)
{
	struct strbuf address;
	struct s3_counters *c = s3_client_counters(client);
	char since[32] = "", latency[32];
	strbuf_init(&address);
	profile_address(s3_client_profile(client), &address);
	if (s->since_s)
		time_format_local(s->since_s, true, since);
	duration_text(s->latency_us, latency);
	draw_fmt(y, x, w, s->state == CONNECTION_FAILING ? THEME_ERROR : THEME_NORMAL,
		"%s: %s%s%s, first byte after %s", address.data, connection_word(s->state),
		since[0] ? " since " : "", since[0] ? since + 11 : "", latency);
	draw_fmt(y + 1, x, w, THEME_NORMAL,
		"requests %llu, sent again %llu, answered with SlowDown %llu",
		counted(&c->requests), counted(&c->retries), counted(&c->slow_downs));
	strbuf_deinit(&address);
	return draw_session(client, y + 2, x, w);
}

static void draw(struct view *v)
{
	struct metrics_view *m = (struct metrics_view *)v;
	struct rect r = {0, 0, screen_rows() - 1, screen_cols()};
	struct strbuf keys;
	int x = 3, w = r.w - 6, end = r.h - 1, y = 2;
	struct s3_client *client = location_s3_client(shown_location(v->app));
	strbuf_init(&keys);
	keymap_hint(app_keymap(v->app), ACTION_CLOSE, "back", &keys);
	draw_frame(r, THEME_FRAME_ACTIVE, "Metrics since the start", keys.data);
	strbuf_deinit(&keys);
	draw_fill((struct rect){1, 1, r.h - 2, r.w - 2}, THEME_NORMAL);
	y = draw_transfers(v->app, y, x, w) + 1;
	if (y + GRAPH_H < end)
		y = draw_rates(v->app, y, x, w) + 1;
	if (!client) {
		draw_str(y, x, w, THEME_DIM, "neither pane is on S3: no requests");
		return;
	}
	s3_client_read_stats(client, &m->stats);
	if (y + 3 < end)
		y = draw_connection(client, &m->stats, y, x, w) + 1;
	if (y < end)
		y = draw_operations(&m->stats, y, x, end) + 1;
	for (size_t i = 0; i < m->stats.code_count && y < end; i++) {
		struct strbuf code;
		strbuf_init(&code);
		text_sanitise(&code, sv(m->stats.codes[i].code));
		draw_fmt(y++, x, w, THEME_ERROR, "%s %llu", code.data,
			(unsigned long long)m->stats.codes[i].count);
		strbuf_deinit(&code);
	}
}

static bool on_action(struct view *v, enum action action)
{
	if (action == ACTION_CLOSE)
		app_close(v->app, v);
	return action == ACTION_CLOSE;
}

static void on_timer(struct view *v)
{
	app_redraw_soon(v->app);
	app_set_timer(v->app, LOOK_MS);
}

static void destroy(struct view *v)
{
	free(v);
}

static const struct view_ops ops = {
	.context = CTX_METRICS,
	.is_opaque = true,
	.draw = draw,
	.on_action = on_action,
	.on_timer = on_timer,
	.destroy = destroy,
};

void metrics_view_open(struct app *app)
{
	struct metrics_view *m = s3t_alloc(sizeof *m);
	m->view.ops = &ops;
	app_push(app, &m->view);
	app_set_timer(app, LOOK_MS);
}
