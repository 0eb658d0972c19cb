/*
 * Drawing helpers over curses: text clipped by display width, frames, bars; in Unicode or in ASCII.
 * Coordinates are rows and columns from 0; what lies outside of the screen is cut. Text is taken as
 * UTF-8 that was sanitised; what cannot be displayed becomes U+FFFD or '?'.
 */
#ifndef UI_DRAW_H
#define UI_DRAW_H

#include "core/strbuf.h"
#include "ui/theme.h"

#include <stdint.h>

struct rect {
	int y, x, h, w;
};

enum glyph {
	GLYPH_H,
	GLYPH_V,
	GLYPH_TL,
	GLYPH_TR,
	GLYPH_BL,
	GLYPH_BR,
	GLYPH_ELLIPSIS,
	GLYPH_UP,
	GLYPH_DOWN,
	GLYPH_RUNNING,
	GLYPH_WAITING,
	GLYPH_FAILED,
	GLYPH_DONE,
	GLYPH_ASKING,
	GLYPH_DOT,
	GLYPH_ARROW,
	GLYPH_BAR_FULL,
	GLYPH_BAR_EMPTY,
	GLYPH_RADIO_ON,
	GLYPH_RADIO_OFF,
	GLYPH_CHECK_ON,
	GLYPH_CHECK_OFF,
	GLYPH_BLOCK,
	GLYPH_SHADE,
	GLYPH_COUNT
};

/* Once per start. */
void draw_set_ascii(bool ascii);
bool draw_is_ascii(void);
const char *glyph(enum glyph g);

/* Columns that text takes. */
int text_columns(struct strview text);
/* The longest start of text that fits into columns; its length in bytes, and the columns it takes.
 */
size_t text_fit(struct strview text, int columns, int *taken);
/* Appends text cut in its middle ("intro…take2.mov") to at most columns. */
void text_cut_middle(struct strbuf *out, struct strview text, int columns);

/* Draws text at most w columns wide; the columns taken. */
int draw_text(int y, int x, int w, enum theme_role role, struct strview text);
int draw_str(int y, int x, int w, enum theme_role role, const char *text);
int draw_fmt(int y, int x, int w, enum theme_role role, const char *fmt, ...) S3T_PRINTF(5, 6);
/* Draws text and fills up to w columns with spaces. */
void draw_field(int y, int x, int w, enum theme_role role, struct strview text);
/* The same with the text at the right end. */
void draw_right(int y, int x, int w, enum theme_role role, struct strview text);
void draw_fill(struct rect r, enum theme_role role);
/* A frame; title stands in its upper border, foot in the lower one; NULL for none. */
void draw_frame(struct rect r, enum theme_role role, const char *title, const char *foot);
/* "[####----]" of w columns with brackets. */
void draw_bar(int y, int x, int w, enum theme_role role, unsigned permille);
/* Columns of values, the newest at the right end, 0 to most: in eighths of a row, or, in ASCII, in
 * halves. Colour is not needed. */
void draw_graph(
	struct rect r, enum theme_role role, const double *values, size_t count, double most);
/* "[  Copy  ]"; the columns taken. */
int draw_button(int y, int x, const char *label, bool is_active);

/* The screen's size. */
int screen_rows(void);
int screen_cols(void);
/* Shows the terminal's cursor there in this frame (text fields). */
void draw_cursor_at(int y, int x);
/* Where draw_cursor_at() said; false if nowhere. Forgets it. */
bool draw_take_cursor(int *y, int *x);

#endif
