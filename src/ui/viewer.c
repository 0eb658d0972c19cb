/*
 * The viewer's screen. `pos` is the offset of its first row, and all moving is done by offsets: how
 * many lines there are is never known. Where it is to be (the end, something found) may not have
 * been read yet: then it is gone to when that comes.
 */
#include "ui/viewer.h"

#include "core/parse.h"
#include "core/text.h"
#include "ui/dialogs.h"
#include "ui/strip.h"
#include "ui/textline.h"
#include "ui/viewer_file.h"

#include <stdlib.h>
#include <string.h>

enum { HEX_ROW = 16, FOLLOW_MS = 1000, SEARCH_MS = 200, SKIP_STEP = 8 };

struct viewer {
	struct view view;
	struct viewer_file *file;
	unsigned generation;
	uint64_t pos;
	int skip; /* columns, where lines are cut */
	bool is_hex, is_wrapped, is_following, has_guessed, sees_end;
	enum text_encoding encoding;
	/* what is to be gone to as soon as it is there */
	bool wants_end, wants_place;
	uint64_t place;
	struct strbuf pattern, bytes; /* as typed, as it is looked for; "": nothing yet */
	bool has_found, is_backwards;
	uint64_t found;
};

static struct viewer *of(struct view *v)
{
	return (struct viewer *)v;
}

/* The rows between the title and the status line. */
static int height(void)
{
	return screen_rows() - 3;
}

static int width(void)
{
	return screen_cols();
}

/* --- moving --- */

/* The bytes from the first row on; false: they have not come yet. */
static bool around(struct viewer *v, uint64_t at, struct strview *all, size_t *index)
{
	uint64_t from;
	*all = viewer_file_window(v->file, at, &from);
	if (!all->len)
		return false;
	*index = (size_t)(at - from);
	return true;
}

static size_t row_len(struct viewer *v, struct strview data, struct strbuf *out)
{
	if (v->is_hex)
		return data.len < HEX_ROW ? data.len : HEX_ROW;
	return textline_row(
		v->encoding, data, v->is_wrapped, v->is_wrapped ? 0 : v->skip, width(), out);
}

/* One row up from `at`. */
static uint64_t row_above(struct viewer *v, uint64_t at)
{
	struct strview all;
	size_t index;
	if (at == 0)
		return 0;
	if (v->is_hex)
		return (at - 1) / HEX_ROW * HEX_ROW;
	if (!around(v, at, &all, &index))
		return at;
	return at - (index - textline_before(v->encoding, all, index, v->is_wrapped, width()));
}

static void up(struct viewer *v, int rows)
{
	for (int i = 0; i < rows && v->pos; i++)
		v->pos = row_above(v, v->pos);
}

/* As long as the last row is not in sight. */
static void down(struct viewer *v, int rows)
{
	struct strview all;
	struct strbuf unused;
	strbuf_init(&unused);
	for (int i = 0; i < rows; i++) {
		size_t index, seen;
		if (!around(v, v->pos, &all, &index))
			break;
		seen = index;
		for (int row = 0; row < height() && seen < all.len; row++) {
			strbuf_reset(&unused);
			seen += row_len(v, sv_from(all, seen), &unused);
		}
		/* the last row is in sight, or what comes next has not been read yet */
		if (v->pos + (seen - index) >= viewer_file_size(v->file) || seen >= all.len)
			break;
		strbuf_reset(&unused);
		v->pos += row_len(v, sv_from(all, index), &unused);
	}
	strbuf_deinit(&unused);
}

/* The last page. */
static void go_to_end(struct viewer *v)
{
	struct strview all;
	size_t index;
	uint64_t size = viewer_file_size(v->file);
	v->wants_end = size && !around(v, size, &all, &index);
	if (v->wants_end)
		return;
	v->pos = size;
	up(v, height());
}

/* The row of an offset, with some rows above it. */
static void go_to_place(struct viewer *v)
{
	enum { ROWS_ABOVE = 3 };
	struct strview all;
	size_t index;
	uint64_t at = v->place;
	if (at >= viewer_file_size(v->file)) {
		v->wants_place = false;
		v->wants_end = true;
		return;
	}
	v->wants_place = !around(v, at, &all, &index);
	if (v->wants_place)
		return;
	v->pos = row_above(v, at + 1);
	up(v, ROWS_ABOVE);
}

static void settle(struct viewer *v)
{
	if (!viewer_file_is_open(v->file))
		return;
	if (v->generation != viewer_file_generation(v->file)) {
		v->generation = viewer_file_generation(v->file);
		v->has_found = false;
		v->wants_end = v->is_following;
		if (v->pos > viewer_file_size(v->file))
			v->wants_end = true;
	}
	if (v->wants_place)
		go_to_place(v);
	if (v->wants_end)
		go_to_end(v);
}

/* --- search and jump --- */

/* "de ad be ef"; false if it is something else. */
static bool read_hex(struct strview text, struct strbuf *out)
{
	unsigned char byte;
	while (text.len) {
		if (text.data[0] == ' ') {
			text = sv_from(text, 1);
			continue;
		}
		if (text.len < 2 || !hex_decode(sv_n(text.data, 2), &byte, 1))
			return false;
		strbuf_add_char(out, (char)byte);
		text = sv_from(text, 2);
	}
	return true;
}

static bool has_capitals(struct strview text)
{
	for (size_t i = 0; i < text.len; i++)
		if (text.data[i] >= 'A' && text.data[i] <= 'Z')
			return true;
	return false;
}

static void search(struct viewer *v, bool backwards)
{
	if (!v->bytes.len)
		return;
	uint64_t from = v->has_found ? v->found + !backwards : v->pos;
	bool folded = !v->is_hex && !has_capitals(strbuf_view(&v->pattern));
	v->is_backwards = backwards;
	viewer_file_search(v->file, strbuf_view(&v->bytes), from, backwards, folded);
	app_set_timer(v->view.app, SEARCH_MS);
}

static bool search_done(void *arg, struct strview text, struct s3t_err *err)
{
	struct viewer *v = arg;
	strbuf_reset(&v->pattern);
	strbuf_reset(&v->bytes);
	strbuf_add_sv(&v->pattern, text);
	bool is_hex = v->is_hex && read_hex(text, &v->bytes);
	if (!is_hex) {
		strbuf_reset(&v->bytes);
		if (!encoding_write(v->encoding, text, &v->bytes)) {
			(void)s3t_fail(err, S3T_INVALID, "%s has no such characters.",
				encoding_name(v->encoding));
			return false;
		}
	}
	v->has_found = false;
	search(v, false);
	return true;
}

static bool jump_done(void *arg, struct strview text, struct s3t_err *err)
{
	struct viewer *v = arg;
	uint64_t size = viewer_file_size(v->file), number;
	text = sv_trim(text);
	bool is_part = sv_ends_with(text, SV("%"));
	if (is_part)
		text.len--;
	char *copy = s3t_strndup(text.data, text.len), *end = copy;
	bool is_hex = sv_starts_with(text, SV("0x"));
	number = is_hex ? strtoull(copy + 2, &end, 16) : 0;
	bool ok = is_hex ? end > copy + 2 && !*end : parse_u64(text, &number);
	free(copy);
	if (!ok || (is_part && number > 100)) {
		(void)s3t_fail(err, S3T_INVALID, "An offset is 1234 or 0x4d2; a part is 50%%.");
		return false;
	}
	v->is_following = false;
	v->has_found = false;
	v->place = is_part ? size / 100 * number + size % 100 * number / 100 : number;
	v->wants_place = true;
	return true;
}

static void take_search(struct viewer *v)
{
	uint64_t at;
	switch (viewer_file_search_state(v->file, &at)) {
	case SEARCH_FOUND:
		v->has_found = true;
		v->found = at;
		v->place = at;
		v->wants_place = true;
		break;
	case SEARCH_NOT_FOUND:
		app_status(v->view.app, v->is_backwards ? "Not before this." : "Not behind this.");
		break;
	default:
		break;
	}
}

/* --- screen --- */

static void draw_hex(int y, uint64_t at, struct strview bytes, int digits)
{
	struct strbuf line;
	strbuf_init(&line);
	strbuf_addf(&line, "%0*llx ", digits, (unsigned long long)at);
	for (size_t i = 0; i < HEX_ROW; i++) {
		if (i < bytes.len)
			strbuf_addf(
				&line, "%s%02x", i == 8 ? "  " : " ", (unsigned char)bytes.data[i]);
		else
			strbuf_add_str(&line, i == 8 ? "    " : "   ");
	}
	strbuf_add_str(&line, "  ");
	for (size_t i = 0; i < bytes.len; i++) {
		char c = bytes.data[i];
		strbuf_add_char(&line, c >= ' ' && c <= '~' ? c : '.');
	}
	draw_field(y, 0, width(), THEME_NORMAL, strbuf_view(&line));
	strbuf_deinit(&line);
}

/* What was found, in a row of hex that begins at `at`. */
static void light_hex(const struct viewer *v, int y, uint64_t at, struct strview bytes, int digits)
{
	for (size_t i = 0; i < bytes.len; i++) {
		if (at + i < v->found || at + i >= v->found + v->bytes.len)
			continue;
		int x = digits + 2 + (int)i * 3 + (i >= 8);
		draw_fmt(y, x, 2, THEME_DROP, "%02x", (unsigned char)bytes.data[i]);
	}
}

/* The same in a row of text; what was found may go on in the next one. */
static void light_text(struct viewer *v, int y, uint64_t at, struct strview row)
{
	struct strbuf before, text;
	uint64_t end = v->found + v->bytes.len, row_end = at + row.len;
	size_t from = v->found > at ? (size_t)(v->found - at) : 0;
	size_t to = end < row_end ? (size_t)(end - at) : row.len;
	int skip = v->is_wrapped ? 0 : v->skip;
	strbuf_init(&before);
	strbuf_init(&text);
	(void)textline_row(v->encoding, sv_n(row.data, from), false, 0, 1 << 16, &before);
	(void)textline_row(v->encoding, sv_n(row.data + from, to - from), false, 0, 1 << 16, &text);
	int x = text_columns(strbuf_view(&before)) - skip;
	if (x >= 0 && x < width())
		draw_text(y, x, width() - x, THEME_DROP, strbuf_view(&text));
	strbuf_deinit(&before);
	strbuf_deinit(&text);
}

/* How wide an offset is in hex. */
static int offset_digits(const struct viewer *v)
{
	return viewer_file_size(v->file) > UINT32_MAX ? 12 : 8;
}

/* Rows from pos on. */
static void draw_rows(struct viewer *v)
{
	struct strview all = sv_n("", 0);
	struct strbuf text;
	size_t index = 0;
	int row = 0;
	strbuf_init(&text);
	v->sees_end = false;
	if (viewer_file_size(v->file) && !around(v, v->pos, &all, &index)) {
		draw_str(1, 1, width() - 2, THEME_DIM, "reading");
		strbuf_deinit(&text);
		return;
	}
	size_t first = index;
	for (uint64_t at = v->pos; row < height() && viewer_file_size(v->file); row++) {
		struct strview rest = sv_from(all, index);
		strbuf_reset(&text);
		size_t n = rest.len ? row_len(v, rest, &text) : 0;
		if (n == 0)
			break;
		struct strview bytes = sv_n(rest.data, n);
		int y = 1 + row;
		if (v->is_hex)
			draw_hex(y, at, bytes, offset_digits(v));
		else
			draw_field(y, 0, width(), THEME_NORMAL, strbuf_view(&text));
		if (v->has_found && v->found < at + n && v->found + v->bytes.len > at) {
			if (v->is_hex)
				light_hex(v, y, at, bytes, offset_digits(v));
			else
				light_text(v, y, at, bytes);
		}
		at += n;
		index += n;
		v->sees_end = at >= viewer_file_size(v->file);
	}
	if (row < height() && all.len && !v->sees_end) /* there is room for more than was read */
		(void)around(v, v->pos + (all.len - first), &all, &index);
	strbuf_deinit(&text);
}

static void draw_title(const struct viewer *v)
{
	struct strbuf name, cut, right;
	char count[32], size[TEXT_SIZE_MAX];
	uint64_t all = viewer_file_size(v->file);
	strbuf_init(&name);
	strbuf_init(&cut);
	strbuf_init(&right);
	if (viewer_file_is_s3(v->file))
		strbuf_add_str(&name, "s3://");
	path_show(&name, viewer_file_path(v->file));
	if (viewer_file_is_open(v->file)) {
		text_count(v->pos, count);
		text_size(all, size);
		unsigned percent = v->sees_end || !all ? 100 : (unsigned)(v->pos / (all / 100 + 1));
		strbuf_addf(&right, "%s of %s, %u%% %s %s%s", count, size, percent,
			glyph(GLYPH_DOT), v->is_hex ? "hex" : encoding_name(v->encoding),
			v->is_following ? " following" : "");
	}
	int room = width() - text_columns(strbuf_view(&right)) - 3;
	text_cut_middle(&cut, strbuf_view(&name), room);
	draw_fill((struct rect){0, 0, 1, width()}, THEME_FKEY_LABEL);
	draw_text(0, 1, room, THEME_FKEY_LABEL, strbuf_view(&cut));
	draw_right(0, room + 2, width() - room - 3, THEME_FKEY_LABEL, strbuf_view(&right));
	strbuf_deinit(&name);
	strbuf_deinit(&cut);
	strbuf_deinit(&right);
}

static void draw_status(struct viewer *v, int y)
{
	bool is_error;
	uint64_t at;
	const char *status = app_status_text(v->view.app, &is_error);
	const struct s3t_err *err = viewer_file_error(v->file);
	enum theme_role role = is_error ? THEME_STATUS_ERROR : THEME_STATUS;
	struct strbuf text;
	strbuf_init(&text);
	draw_fill((struct rect){y, 0, 1, width()}, THEME_STATUS);
	if (status[0]) {
		strbuf_add_str(&text, status);
	} else if (err->rc != S3T_OK) {
		role = THEME_STATUS_ERROR;
		strbuf_addf(&text, "%s Ctrl-R tries again.", err->message);
	} else if (viewer_file_search_state(v->file, &at) == SEARCH_RUNNING) {
		char size[TEXT_SIZE_MAX], all[TEXT_SIZE_MAX];
		text_size(at, size);
		text_size(viewer_file_size(v->file), all);
		strbuf_addf(&text, "searching, at %s of %s; Esc stops", size, all);
	} else if (viewer_file_is_open(v->file) && viewer_file_size(v->file) == 0) {
		strbuf_add_str(&text, "empty");
	}
	draw_text(y, 1, width() - 2, role, strbuf_view(&text));
	strbuf_deinit(&text);
}

/* The first bytes say what it is. */
static void guess(struct viewer *v)
{
	struct strview all;
	size_t index;
	if (v->has_guessed || !viewer_file_is_open(v->file) || !around(v, 0, &all, &index))
		return;
	struct strview start = sv_n(all.data, all.len < 4096 ? all.len : 4096);
	v->has_guessed = true;
	v->encoding = encoding_guess(start);
	v->is_hex = looks_binary(start);
}

static void draw(struct view *view)
{
	struct viewer *v = of(view);
	guess(v);
	settle(v);
	draw_fill((struct rect){1, 0, height(), width()}, THEME_NORMAL);
	draw_rows(v);
	draw_title(v);
	draw_status(v, screen_rows() - 2);
	strip_draw_keys(view->app, CTX_VIEWER, screen_rows() - 1);
}

/* --- keys --- */

static void toggle_hex(struct viewer *v)
{
	v->is_hex = !v->is_hex;
	if (v->is_hex)
		v->pos -= v->pos % HEX_ROW;
}

static void toggle_follow(struct viewer *v)
{
	v->is_following = !v->is_following;
	v->wants_end = v->is_following;
	if (v->is_following)
		app_set_timer(v->view.app, FOLLOW_MS);
}

static void close_or_stop(struct viewer *v)
{
	uint64_t at;
	if (viewer_file_search_state(v->file, &at) == SEARCH_RUNNING)
		viewer_file_search_stop(v->file);
	else
		app_close(v->view.app, &v->view);
}

static bool move(struct viewer *v, enum action action)
{
	int page = height() > 1 ? height() - 1 : 1;
	switch (action) {
	case ACTION_UP:
		up(v, 1);
		break;
	case ACTION_DOWN:
		down(v, 1);
		break;
	case ACTION_PAGE_UP:
		up(v, page);
		break;
	case ACTION_PAGE_DOWN:
		down(v, page);
		break;
	case ACTION_TOP:
		v->pos = 0;
		break;
	case ACTION_BOTTOM:
		v->wants_end = true;
		return true;
	case ACTION_COLUMN_LEFT:
		v->skip = v->skip > SKIP_STEP ? v->skip - SKIP_STEP : 0;
		return true;
	case ACTION_COLUMN_RIGHT:
		v->skip += v->is_wrapped || v->is_hex ? 0 : SKIP_STEP;
		return true;
	default:
		return false;
	}
	v->is_following = v->wants_end = v->wants_place = false;
	return true;
}

static bool on_action(struct view *view, enum action action)
{
	struct viewer *v = of(view);
	struct app *app = view->app;
	switch (action) {
	case ACTION_CLOSE:
		close_or_stop(v);
		return true;
	case ACTION_WRAP:
		v->is_wrapped = !v->is_wrapped;
		v->skip = 0;
		return true;
	case ACTION_HEX:
		toggle_hex(v);
		return true;
	case ACTION_CODING:
		v->encoding = (v->encoding + 1) % ENCODING_COUNT;
		v->has_found = false;
		return true;
	case ACTION_FOLLOW:
		toggle_follow(v);
		return true;
	case ACTION_REFRESH:
		viewer_file_refresh(v->file);
		return true;
	case ACTION_JUMP:
		dialog_prompt_open(app, "Jump to", "Offset or part", "Go", SV(""), jump_done, v);
		return true;
	case ACTION_SEARCH:
		dialog_prompt_open(app, "Search", v->is_hex ? "Text or hex" : "Text", "Search",
			strbuf_view(&v->pattern), search_done, v);
		return true;
	case ACTION_SEARCH_NEXT:
		search(v, false);
		return true;
	case ACTION_SEARCH_BACK:
		search(v, true);
		return true;
	default:
		return move(v, action);
	}
}

static void on_mouse(struct view *view, const struct mouse_event *m)
{
	struct viewer *v = of(view);
	if (m->kind == MOUSE_WHEEL && m->wheel < 0)
		up(v, MOUSE_WHEEL_ROWS);
	else if (m->kind == MOUSE_WHEEL)
		down(v, MOUSE_WHEEL_ROWS);
	else if (m->kind == MOUSE_PRESS && m->y == screen_rows() - 1)
		app_run(view->app, view, strip_key_at(view->app, CTX_VIEWER, m->x));
}

static bool on_list(struct view *view, struct lister_event *e)
{
	struct viewer *v = of(view);
	if (!viewer_file_on_list(v->file, e))
		return false;
	take_search(v);
	app_redraw(view->app);
	return true;
}

static void on_timer(struct view *view)
{
	struct viewer *v = of(view);
	uint64_t at;
	if (v->is_following) {
		viewer_file_refresh(v->file);
		app_set_timer(view->app, FOLLOW_MS);
	}
	if (viewer_file_search_state(v->file, &at) == SEARCH_RUNNING) {
		app_set_timer(view->app, SEARCH_MS);
		app_redraw(view->app);
	}
}

static void destroy(struct view *view)
{
	struct viewer *v = of(view);
	viewer_file_free(v->file);
	strbuf_deinit(&v->pattern);
	strbuf_deinit(&v->bytes);
	free(v);
}

static const struct view_ops ops = {
	.context = CTX_VIEWER,
	.is_opaque = true,
	.draw = draw,
	.on_action = on_action,
	.on_mouse = on_mouse,
	.on_list = on_list,
	.on_timer = on_timer,
	.destroy = destroy,
};

void viewer_open(struct app *app, struct location *location, struct strview path)
{
	struct viewer *v = s3t_alloc(sizeof *v);
	v->view.ops = &ops;
	v->is_wrapped = true;
	strbuf_init(&v->pattern);
	strbuf_init(&v->bytes);
	v->file = viewer_file_new(app_lister(app), location, path);
	app_push(app, &v->view);
}
