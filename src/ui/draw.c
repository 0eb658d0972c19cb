#include "ui/draw.h"

#include "core/text.h"
#include "ui/curses.h"

#include <stdio.h>
#include <stdlib.h>
#include <wchar.h>

static bool is_ascii;
static int cursor_y = -1, cursor_x = -1;

/* Unicode, ASCII */
static const char *const glyphs[GLYPH_COUNT][2] = {
	[GLYPH_H] = {"─", "-"},
	[GLYPH_V] = {"│", "|"},
	[GLYPH_TL] = {"┌", "+"},
	[GLYPH_TR] = {"┐", "+"},
	[GLYPH_BL] = {"└", "+"},
	[GLYPH_BR] = {"┘", "+"},
	[GLYPH_ELLIPSIS] = {"…", "~"},
	[GLYPH_UP] = {"↑", "^"},
	[GLYPH_DOWN] = {"↓", "v"},
	[GLYPH_RUNNING] = {"▶", ">"},
	[GLYPH_WAITING] = {"◌", "."},
	[GLYPH_FAILED] = {"✗", "!"},
	[GLYPH_DONE] = {"✓", "="},
	[GLYPH_ASKING] = {"?", "?"},
	[GLYPH_DOT] = {"·", "-"},
	[GLYPH_ARROW] = {"→", "->"},
	[GLYPH_BAR_FULL] = {"█", "#"},
	[GLYPH_BAR_EMPTY] = {"░", "-"},
	[GLYPH_RADIO_ON] = {"(•)", "(*)"},
	[GLYPH_RADIO_OFF] = {"( )", "( )"},
	[GLYPH_CHECK_ON] = {"[x]", "[x]"},
	[GLYPH_CHECK_OFF] = {"[ ]", "[ ]"},
	[GLYPH_BLOCK] = {"█", "#"},
	[GLYPH_SHADE] = {"░", ":"},
};

void draw_set_ascii(bool ascii)
{
	is_ascii = ascii;
}

bool draw_is_ascii(void)
{
	return is_ascii;
}

const char *glyph(enum glyph g)
{
	return glyphs[g][is_ascii];
}

int screen_rows(void)
{
	return getmaxy(stdscr);
}

int screen_cols(void)
{
	return getmaxx(stdscr);
}

/* The next character of text as it is drawn: what the terminal could not show is replaced. */
static size_t next_char(struct strview text, const char **shown, size_t *shown_len, int *columns)
{
	uint32_t c;
	size_t n = utf8_decode(text, &c);
	*shown = text.data;
	*shown_len = n;
	*columns = 1;
	if (n == 1 && c >= ' ' && c < 0x7f)
		return 1;
	int w = n > 1 ? wcwidth((wchar_t)c) : -1;
	if (w < 0 || (is_ascii && n > 1)) {
		*shown = is_ascii ? "?" : "\xef\xbf\xbd";
		*shown_len = is_ascii ? 1 : 3;
		return n ? n : 1;
	}
	*columns = w;
	return n;
}

/* Whether every byte is a column of its own: the common case, and fast. */
static bool is_plain(struct strview text)
{
	for (size_t i = 0; i < text.len; i++)
		if ((unsigned char)text.data[i] < ' ' || (unsigned char)text.data[i] >= 0x7f)
			return false;
	return true;
}

size_t text_fit(struct strview text, int columns, int *taken)
{
	size_t at = 0;
	int used = 0;
	while (at < text.len) {
		const char *shown;
		size_t len;
		int w;
		size_t n = next_char(sv_from(text, at), &shown, &len, &w);
		if (used + w > columns)
			break;
		used += w;
		at += n;
	}
	if (taken)
		*taken = used;
	return at;
}

int text_columns(struct strview text)
{
	int taken = (int)text.len;
	if (!is_plain(text))
		(void)text_fit(text, INT32_MAX, &taken);
	return taken;
}

void text_cut_middle(struct strbuf *out, struct strview text, int columns)
{
	int all = text_columns(text);
	if (all <= columns) {
		strbuf_add_sv(out, text);
		return;
	}
	if (columns < 1)
		return;
	int room = columns - 1, taken;
	size_t head = text_fit(text, room / 2, &taken);
	/* the tail gets what is left */
	int tail = room - taken, skip;
	size_t from = text_fit(text, all - tail, &skip);
	while (all - skip > tail && from < text.len) {
		const char *shown;
		size_t len;
		int w;
		from += next_char(sv_from(text, from), &shown, &len, &w);
		skip += w;
	}
	strbuf_add(out, text.data, head);
	strbuf_add_str(out, glyph(GLYPH_ELLIPSIS));
	strbuf_add_sv(out, sv_from(text, from));
}

int draw_text(int y, int x, int w, enum theme_role role, struct strview text)
{
	if (y < 0 || y >= screen_rows() || x < 0 || x >= screen_cols())
		return 0;
	if (w > screen_cols() - x)
		w = screen_cols() - x;
	theme_use(role);
	if (wmove(stdscr, y, x) == ERR)
		return 0;
	int used = 0;
	while (text.len) {
		const char *shown;
		size_t len;
		int columns;
		size_t n = next_char(text, &shown, &len, &columns);
		if (used + columns > w)
			break;
		(void)waddnstr(stdscr, shown, (int)len);
		used += columns;
		text = sv_from(text, n);
	}
	return used;
}

int draw_str(int y, int x, int w, enum theme_role role, const char *text)
{
	return draw_text(y, x, w, role, sv(text));
}

int draw_fmt(int y, int x, int w, enum theme_role role, const char *fmt, ...)
{
	struct strbuf sb;
	strbuf_init(&sb);
	va_list ap;
	va_start(ap, fmt);
	strbuf_vaddf(&sb, fmt, ap);
	va_end(ap);
	int used = draw_text(y, x, w, role, strbuf_view(&sb));
	strbuf_deinit(&sb);
	return used;
}

static void spaces(int y, int x, int w, enum theme_role role)
{
	if (w > screen_cols() - x)
		w = screen_cols() - x;
	if (y < 0 || y >= screen_rows() || x < 0 || w <= 0)
		return;
	theme_use(role);
	if (wmove(stdscr, y, x) != ERR)
		for (int i = 0; i < w; i++)
			(void)waddch(stdscr, ' ');
}

void draw_field(int y, int x, int w, enum theme_role role, struct strview text)
{
	int used = draw_text(y, x, w, role, text);
	spaces(y, x + used, w - used, role);
}

void draw_right(int y, int x, int w, enum theme_role role, struct strview text)
{
	int taken = text_columns(text);
	if (taken > w)
		taken = w;
	spaces(y, x, w - taken, role);
	draw_text(y, x + w - taken, taken, role, text);
}

void draw_fill(struct rect r, enum theme_role role)
{
	for (int i = 0; i < r.h; i++)
		spaces(r.y + i, r.x, r.w, role);
}

/* A border with a text in it. */
static void draw_border(
	struct rect r, int y, enum theme_role role, const char *ends[2], const char *text)
{
	int at = r.x;
	at += draw_str(y, at, 1, role, ends[0]);
	if (text && text[0] && r.w > 6) {
		struct strbuf cut;
		strbuf_init(&cut);
		text_cut_middle(&cut, sv(text), r.w - 4);
		at += draw_str(y, at, 1, role, " ");
		at += draw_text(y, at, r.w - 4, role, strbuf_view(&cut));
		at += draw_str(y, at, 1, role, " ");
		strbuf_deinit(&cut);
	}
	while (at < r.x + r.w - 1 && at < screen_cols())
		at += draw_str(y, at, 1, role, glyph(GLYPH_H));
	draw_str(y, r.x + r.w - 1, 1, role, ends[1]);
}

void draw_frame(struct rect r, enum theme_role role, const char *title, const char *foot)
{
	draw_border(r, r.y, role, (const char *[]){glyph(GLYPH_TL), glyph(GLYPH_TR)}, title);
	for (int i = 1; i < r.h - 1; i++) {
		draw_str(r.y + i, r.x, 1, role, glyph(GLYPH_V));
		draw_str(r.y + i, r.x + r.w - 1, 1, role, glyph(GLYPH_V));
	}
	draw_border(
		r, r.y + r.h - 1, role, (const char *[]){glyph(GLYPH_BL), glyph(GLYPH_BR)}, foot);
}

void draw_bar(int y, int x, int w, enum theme_role role, unsigned permille)
{
	if (w < 3)
		return;
	int full = (int)((unsigned)(w - 2) * (permille > 1000 ? 1000 : permille) / 1000);
	draw_str(y, x, 1, role, "[");
	for (int i = 0; i < w - 2; i++)
		draw_str(y, x + 1 + i, 1, role, glyph(i < full ? GLYPH_BAR_FULL : GLYPH_BAR_EMPTY));
	draw_str(y, x + w - 1, 1, role, "]");
}

void draw_graph(
	struct rect r, enum theme_role role, const double *values, size_t count, double most)
{
	static const char *const blocks[] = {" ", "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};
	static const char *const ascii[] = {" ", ".", ".", ".", ":", ":", ":", ":", "#"};
	size_t shown = count < (size_t)r.w ? count : (size_t)r.w;
	draw_fill(r, role);
	for (size_t i = 0; i < shown; i++) {
		double value = values[count - shown + i];
		int eighths = most > 0 ? (int)(value / most * r.h * 8 + 0.5) : 0;
		for (int row = 0; row < r.h; row++) {
			int cell = eighths - (r.h - 1 - row) * 8;
			cell = cell < 0 ? 0 : cell > 8 ? 8 : cell;
			draw_str(r.y + row, r.x + r.w - (int)shown + (int)i, 1, role,
				draw_is_ascii() ? ascii[cell] : blocks[cell]);
		}
	}
}

int draw_button(int y, int x, const char *label, bool is_active)
{
	/* without colours the brackets say which one is active */
	return draw_fmt(y, x, 40, is_active ? THEME_BUTTON_ACTIVE : THEME_BUTTON,
		is_active ? "[>%s<]" : "[ %s ]", label);
}

void draw_cursor_at(int y, int x)
{
	cursor_y = y;
	cursor_x = x;
}

bool draw_take_cursor(int *y, int *x)
{
	*y = cursor_y;
	*x = cursor_x;
	cursor_y = cursor_x = -1;
	return *y >= 0;
}
