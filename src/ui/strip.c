#include "ui/strip.h"

#include "core/text.h"

static void add_count(struct strbuf *out, uint64_t n, const char *what)
{
	char text[32];
	if (!n)
		return;
	text_count(n, text);
	strbuf_addf(out, "%s%s %s", out->len ? " " : "", text, what);
}

void strip_draw(const struct progress *p, int y, int w)
{
	struct strbuf left, right;
	strbuf_init(&left);
	strbuf_init(&right);
	add_count(&left, p->items_running, "running");
	add_count(&left, p->items_waiting, "waiting");
	add_count(&left, p->items_asking, "asking");
	add_count(&left, p->items_failed, "failed");
	if (p->has_rate && p->bytes_total) {
		char rate[32];
		progress_rate_text(p->rate, rate);
		strbuf_addf(&right, "%s", rate);
	}
	int64_t seconds = progress_seconds_left(p);
	if (p->is_counting) {
		strbuf_addf(&right, "%scounting", right.len ? "  " : "");
	} else if (seconds >= 0) {
		char time[32];
		text_duration(seconds, time);
		strbuf_addf(&right, "%s%s left", right.len ? "  " : "", time);
	}
	if (p->is_slowed)
		strbuf_addf(&right, "%sslowed down by the server", right.len ? "  " : "");
	int text = text_columns(strbuf_view(&left)) + text_columns(strbuf_view(&right));
	int bar = w - text - 13;
	bar = bar > 30 ? 30 : bar;
	unsigned permille = progress_permille(p);
	draw_fill((struct rect){y, 0, 1, w}, THEME_NORMAL);
	int x = 1;
	if (bar >= 6) {
		draw_bar(y, x, bar, THEME_BAR, permille);
		x += bar + 1;
	}
	x += draw_fmt(y, x, w - x, THEME_NORMAL, "%3u%%  ", permille / 10);
	x += draw_text(
		y, x, w - x, p->items_failed ? THEME_WARNING : THEME_NORMAL, strbuf_view(&left));
	if (w - x > 2)
		draw_text(y, x + 2, w - x - 2, THEME_NORMAL, strbuf_view(&right));
	strbuf_deinit(&left);
	strbuf_deinit(&right);
}

/* Where the n-th of the ten keys begins. */
static int key_at(unsigned n, const struct app *app)
{
	int room = screen_cols() - (app_options(app)->is_demo ? 6 : 0);
	return room * (int)n / 10;
}

enum action strip_key_at(const struct app *app, unsigned context, int x)
{
	for (unsigned i = 0; i < 10; i++)
		if (x < key_at(i + 1, app))
			return keymap_find(app_keymap(app), context, K_F1 + i);
	return ACTION_NONE;
}

void strip_draw_keys(const struct app *app, unsigned context, int y)
{
	int w = screen_cols();
	draw_fill((struct rect){y, 0, 1, w}, THEME_NORMAL);
	int at = 0;
	for (unsigned i = 0; i < 10; i++) {
		enum action a = keymap_find(app_keymap(app), context, K_F1 + i);
		int next = key_at(i + 1, app);
		const char *label = a == ACTION_NONE ? "" : action_info(a)->label;
		int used = draw_fmt(y, at, next - at, THEME_FKEY, "%2u", i + 1);
		draw_field(y, at + used, next - at - used, THEME_FKEY_LABEL, sv(label));
		at = next;
	}
	if (app_options(app)->is_demo)
		draw_str(y, w - 6, 6, THEME_DEMO, " DEMO ");
}
