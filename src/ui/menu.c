#include "ui/menu.h"

#include <stdlib.h>

enum { ITEMS_MAX = 18, KEYS_MAX_W = 18, GAP = 2 };

/* ACTION_NONE ends a menu. */
static const struct menu_info {
	const char *title;
	enum action actions[ITEMS_MAX];
} menus[] = {
	{"File", {ACTION_VIEW, ACTION_EDIT, ACTION_INFO, ACTION_COPY, ACTION_MOVE, ACTION_PIPE,
			 ACTION_RENAME, ACTION_CHANGE, ACTION_RESTORE, ACTION_BUCKET,
			 ACTION_LIFECYCLE, ACTION_MKDIR, ACTION_DELETE, ACTION_SHARE, ACTION_LINKS,
			 ACTION_COPY_URI, ACTION_QUIT, ACTION_NONE}},
	{"Mark", {ACTION_MARK, ACTION_MARK_UP, ACTION_MARK_DOWN, ACTION_MARK_PATTERN,
			 ACTION_UNMARK_PATTERN, ACTION_INVERT, ACTION_COMPARE, ACTION_NONE}},
	{"Go", {ACTION_ENTER, ACTION_PARENT, ACTION_BACK, ACTION_FORWARD, ACTION_BOOKMARKS,
		       ACTION_PROFILE, ACTION_GOTO, ACTION_SWITCH, ACTION_SAME, ACTION_SYNC,
		       ACTION_SWAP, ACTION_NONE}},
	{"List", {ACTION_FILTER, ACTION_JUMP_NAME, ACTION_FIND, ACTION_MEASURE, ACTION_SIZES,
			 ACTION_SORT, ACTION_SORT_REVERSE, ACTION_REFRESH, ACTION_STOP,
			 ACTION_VERIFY, ACTION_VERSIONS, ACTION_UNDELETE, ACTION_NONE}},
	{"Tools", {ACTION_TRANSFERS, ACTION_LOG, ACTION_METRICS, ACTION_PALETTE, ACTION_MOUSE,
			  ACTION_REDRAW, ACTION_HELP, ACTION_NONE}},
};
enum { MENUS = sizeof menus / sizeof *menus };

struct menu {
	struct view view;
	struct view *over;
	int at, row; /* the menu that is open, and what is chosen in it */
};

static struct menu *of(struct view *v)
{
	return (struct menu *)v;
}

static int item_count(int menu)
{
	int n = 0;
	while (menus[menu].actions[n] != ACTION_NONE)
		n++;
	return n;
}

int menu_of(enum action action)
{
	for (int m = 0; m < MENUS; m++)
		for (int i = 0; i < item_count(m); i++)
			if (menus[m].actions[i] == action)
				return m;
	return -1;
}

/* Where a menu's title begins; that of the one behind the last is the end. */
static int title_at(int menu)
{
	int x = 1;
	for (int m = 0; m < menu; m++)
		x += text_columns(sv(menus[m].title)) + 2 + GAP;
	return x;
}

static struct rect place(int menu)
{
	int w = 0;
	for (int i = 0; i < item_count(menu); i++) {
		int text = text_columns(sv(action_info(menus[menu].actions[i])->help));
		w = text > w ? text : w;
	}
	w += KEYS_MAX_W + 5;
	w = w > screen_cols() ? screen_cols() : w;
	int x = title_at(menu);
	if (x + w > screen_cols())
		x = screen_cols() - w;
	return (struct rect){.y = 1, .x = x, .h = item_count(menu) + 2, .w = w};
}

static void draw(struct view *v)
{
	const struct menu *m = of(v);
	struct rect r = place(m->at);
	draw_fill((struct rect){0, 0, 1, screen_cols()}, THEME_DIALOG);
	for (int i = 0; i < MENUS; i++)
		draw_fmt(0, title_at(i), screen_cols() - title_at(i),
			i == m->at ? THEME_BUTTON_ACTIVE : THEME_DIALOG, " %s ", menus[i].title);
	draw_fill(r, THEME_DIALOG);
	draw_frame(r, THEME_DIALOG_FRAME, NULL, NULL);
	for (int i = 0; i < item_count(m->at); i++) {
		enum action action = menus[m->at].actions[i];
		enum theme_role role = i == m->row ? THEME_BUTTON_ACTIVE : THEME_DIALOG;
		struct strbuf keys;
		strbuf_init(&keys);
		keymap_keys(app_keymap(v->app), action, &keys);
		int y = r.y + 1 + i, w = r.w - 2;
		draw_str(y, r.x + 1, 1, role, i == m->row ? ">" : " ");
		draw_field(y, r.x + 2, w - 1 - KEYS_MAX_W, role, sv(action_info(action)->help));
		draw_right(y, r.x + 1 + w - KEYS_MAX_W, KEYS_MAX_W - 1,
			i == m->row ? role : THEME_DIALOG_DIM, strbuf_view(&keys));
		draw_str(y, r.x + w, 1, role, " ");
		strbuf_deinit(&keys);
	}
}

static void run(struct menu *m)
{
	enum action action = menus[m->at].actions[m->row];
	struct app *app = m->view.app;
	app_close(app, &m->view);
	app_run(app, m->over, action);
}

static bool on_key(struct view *v, const struct input_event *in)
{
	struct menu *m = of(v);
	int count = item_count(m->at);
	if (in->kind != INPUT_KEY)
		return true;
	switch (in->key) {
	case K_LEFT:
	case K_RIGHT:
		m->at = (m->at + MENUS + (in->key == K_RIGHT ? 1 : -1)) % MENUS;
		m->row = 0;
		return true;
	case K_UP:
		m->row = (m->row + count - 1) % count;
		return true;
	case K_DOWN:
		m->row = (m->row + 1) % count;
		return true;
	case K_HOME:
		m->row = 0;
		return true;
	case K_END:
		m->row = count - 1;
		return true;
	case K_ENTER:
		run(m);
		return true;
	default:
		return false;
	}
}

static void on_mouse(struct view *v, const struct mouse_event *e)
{
	struct menu *m = of(v);
	struct rect r = place(m->at);
	if (e->kind != MOUSE_PRESS || e->button != MOUSE_LEFT)
		return;
	bool is_inside = e->x > r.x && e->x < r.x + r.w - 1 && e->y > r.y && e->y < r.y + r.h - 1;
	if (is_inside) {
		m->row = e->y - r.y - 1;
		run(m);
		return;
	}
	for (int i = 0; i < MENUS && e->y == 0; i++) {
		if (e->x < title_at(i) || e->x >= title_at(i + 1) - GAP)
			continue;
		m->at = i;
		m->row = 0;
		return;
	}
	app_close(v->app, v);
}

static void destroy(struct view *v)
{
	free(v);
}

static const struct view_ops ops = {
	.context = CTX_DIALOG,
	.draw = draw,
	.on_key = on_key,
	.on_action = app_dismiss,
	.on_mouse = on_mouse,
	.destroy = destroy,
};

void menu_open(struct app *app, struct view *over)
{
	struct menu *m = s3t_alloc(sizeof *m);
	m->view.ops = &ops;
	m->over = over;
	app_push(app, &m->view);
}
