#include "ui/qr.h"

#include <qrencode.h>
#include <stdlib.h>

enum { QUIET = 2 }; /* modules of margin; the standard's four, less what a dark screen needs not */

struct qr_view {
	struct view view;
	QRcode *code;
};

static bool is_dark(const QRcode *code, int y, int x)
{
	y -= QUIET;
	x -= QUIET;
	return y >= 0 && x >= 0 && y < code->width && x < code->width &&
	       (code->data[y * code->width + x] & 1);
}

static int columns_of(const QRcode *code)
{
	return code->width + 2 * QUIET;
}

static int rows_of(const QRcode *code)
{
	return (columns_of(code) + 1) / 2;
}

static void draw(struct view *v)
{
	static const char *const cells[] = {" ", "▀", "▄", "█"};
	const QRcode *code = ((struct qr_view *)v)->code;
	int rows = rows_of(code), cols = columns_of(code);
	int y = (screen_rows() - rows) / 2, x = (screen_cols() - cols) / 2;
	draw_fill((struct rect){0, 0, screen_rows(), screen_cols()}, THEME_NORMAL);
	if (rows > screen_rows() || cols > screen_cols()) {
		draw_fmt(0, 0, screen_cols(), THEME_NORMAL, "Too small for the code: %d x %d.",
			cols, rows);
		return;
	}
	for (int row = 0; row < rows; row++) {
		struct strbuf line;
		strbuf_init(&line);
		for (int col = 0; col < cols; col++)
			strbuf_add_str(&line, cells[is_dark(code, 2 * row, col) +
						      2 * is_dark(code, 2 * row + 1, col)]);
		draw_text(y + row, x, cols, THEME_QR, strbuf_view(&line));
		strbuf_deinit(&line);
	}
}

static bool on_key(struct view *v, const struct input_event *in)
{
	if (in->kind == INPUT_KEY)
		app_close(v->app, v);
	return true;
}

static void on_mouse(struct view *v, const struct mouse_event *m)
{
	if (m->kind == MOUSE_PRESS)
		app_close(v->app, v);
}

static void destroy(struct view *v)
{
	QRcode_free(((struct qr_view *)v)->code);
	free(v);
}

static const struct view_ops ops = {
	.context = CTX_DIALOG,
	.is_opaque = true,
	.draw = draw,
	.on_key = on_key,
	.on_mouse = on_mouse,
	.destroy = destroy,
};

bool qr_open(struct app *app, struct strview text, int *needs_rows, int *needs_cols)
{
	*needs_rows = *needs_cols = 0;
	QRcode *code = draw_is_ascii() ? NULL
				       : QRcode_encodeData((int)text.len,
						 (const unsigned char *)text.data, 0, QR_ECLEVEL_L);
	if (!code)
		return false;
	*needs_rows = rows_of(code);
	*needs_cols = columns_of(code);
	if (*needs_rows > screen_rows() || *needs_cols > screen_cols()) {
		QRcode_free(code);
		return false;
	}
	struct qr_view *v = s3t_alloc(sizeof *v);
	v->view.ops = &ops;
	v->code = code;
	app_push(app, &v->view);
	return true;
}
