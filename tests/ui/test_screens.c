/*
 * Every dialog and view at three sizes, in UTF-8 and in C: its frame is whole and straight, it is
 * laid out anew when the terminal changes its size while it is open, it closes, and in C no byte
 * but ASCII was written. What is shown has keys with escapes, wide, combining and bidi characters
 * in it.
 */
#include "support/tty.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define MIB (1 << 20)

static const int sizes[][2] = {{20, 60}, {24, 80}, {60, 200}};

struct look {
	const char *locale;
	int size; /* of sizes */
};

/* The first test's number is the first look's. */
static const struct look looks[] = {{"LANG=C.UTF-8", 0}, {"LANG=C.UTF-8", 1}, {"LANG=C.UTF-8", 2},
	{"LANG=C", 0}, {"LANG=C", 1}, {"LANG=C", 2}};

/* --- frames --- */

struct frame {
	const char *title;
	bool is_ascii;
};

static bool is_cell(struct tty *t, int y, int x, const char *utf8, const char *ascii, bool is_ascii)
{
	return strcmp(tty_part(t, y, x, 1), is_ascii ? ascii : utf8) == 0;
}

/* The title stands in an upper border whose frame has all of its four sides. */
static bool check_frame(struct tty *t, void *arg)
{
	const struct frame *f = arg;
	char *head = s3t_asprintf("%s %s", f->is_ascii ? "+" : "\u250c", f->title);
	int y = 0, left = 0;
	bool is_there = tty_find(t, head, &y, &left);
	free(head);
	if (!is_there)
		return false;
	int right = left + 2 + (int)strlen(f->title);
	while (right < tty_cols(t) && !is_cell(t, y, right, "\u2510", "+", f->is_ascii))
		right++;
	int bottom = y + 1;
	while (bottom < tty_rows(t) && is_cell(t, bottom, left, "\u2502", "|", f->is_ascii)) {
		if (!is_cell(t, bottom, right, "\u2502", "|", f->is_ascii))
			return false;
		bottom++;
	}
	int behind = tty_cols(t) - 1 - right; /* in the middle: it was laid out for this size */
	return abs(left - behind) <= 1 && bottom > y + 1 && bottom < tty_rows(t) &&
	       right < tty_cols(t) && is_cell(t, bottom, left, "\u2514", "+", f->is_ascii) &&
	       is_cell(t, bottom, right, "\u2518", "+", f->is_ascii);
}

static void wait_frame(struct tty *t, const char *title, bool is_ascii)
{
	struct frame f = {title, is_ascii};
	char what[96];
	snprintf(what, sizeof what, "a whole frame with %s", title);
	tty_wait(t, check_frame, &f, what, TTY_WAIT_MS);
}

static bool check_no_title(struct tty *t, void *arg)
{
	const struct frame *f = arg;
	char *head = s3t_asprintf("%s %s", f->is_ascii ? "+" : "\u250c", f->title);
	bool is_there = tty_find(t, head, NULL, NULL);
	free(head);
	return !is_there;
}

/* Opens it, takes the terminal through all sizes, and closes it. */
static void look_at(struct tty *t, const struct look *look, const char *keys, const char *title,
	const char *close)
{
	bool is_ascii = strcmp(look->locale, "LANG=C") == 0;
	struct frame f = {title, is_ascii};
	tty_keys(t, keys);
	wait_frame(t, title, is_ascii);
	for (int i = 1; i <= 3; i++) {
		const int *size = sizes[(look->size + i) % 3];
		tty_resize(t, size[0], size[1]);
		wait_frame(t, title, is_ascii);
	}
	tty_keys(t, close);
	tty_wait(t, check_no_title, &f, "it close", TTY_WAIT_MS);
}

/* --- stages --- */

static void open_look(
	struct stage *s, const struct look *look, const struct sandbox_options *options)
{
	static const char *const keys[] = {"a-first.txt", "esc\x1b[31mred",
		"wide \xe5\xad\x97\xe5\xad\x97.txt", "comb e\xcc\x81\xcc\x81\xcc\x81\xcc\x81.txt",
		"bidi \u202etxt.exe", "latin\xe9.txt"};
	struct s3t_err err;
	const char *env[] = {look->locale, NULL};
	stage_open(s, options, "[upload]\nmultipart_threshold = 5MiB\npart_size = 5MiB\n");
	for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
		assert_int_equal(
			sandbox_put(s->f.server, "demo", sv(keys[i]), SV("x"), NULL, &err), S3T_OK);
	fixture_write(&s->f, "left/a-first.txt", 100, 1);
	fixture_write(&s->f, "left/wide \xe5\xad\x97\xe5\xad\x97.txt", 100, 1);
	struct tty_options o = {
		.env = env, .rows = sizes[look->size][0], .cols = sizes[look->size][1]};
	stage_start(s, &o);
	tty_wait_text(s->tty, "esc\\x1b", TTY_WAIT_MS);
}

static void end_look(struct stage *s, const struct look *look)
{
	stage_quit(s);
	struct strview raw = tty_raw(s->tty);
	for (size_t i = 0; strcmp(look->locale, "LANG=C") == 0 && i < raw.len; i++)
		assert_true((unsigned char)raw.data[i] < 0x80);
}

static void views_and_dialogs(struct stage *s, const struct look *look)
{
	static const struct {
		const char *keys, *title, *close;
	} views[] = {
		{"F1", "Help", "q"},
		{"F2", "Share", "Esc"},
		{"Alt-y", "Links made since the start", "Esc"},
		{"F5", "Copy", "Esc"},
		{"F6", "Move or rename", "Esc"},
		{"|", "Pipe through a command", "Esc"},
		{"r", "Rename", "Esc"},
		{"F7", "New prefix", "Esc"},
		{"F8", "Delete", "Esc"},
		{":", "What is to be done?", "Esc"},
		{"+", "Mark by pattern", "Esc"},
		{"-", "Unmark by pattern", "Esc"},
		{"Ctrl-F", "Find", "Esc"},
		{"Ctrl-G", "Go to", "Esc"},
		{"b", "Go to", "Esc"},
		{"Ctrl-P", "Profile of this pane", "Esc"},
		{"i", "Info", "Esc"},
		{"c", "Change in place", "Esc"},
		{"Alt-r", "Restore archived objects", "Esc"},
		{"Alt-l", "Lifecycle rules", "Esc"},
		{"B", "Bucket", "Esc"},
		{"V", "Verify", "Esc"},
		{"u", "Sizes", "q"},
		{"L", "Calls", "q"},
		{"t", "Transfers", "q"},
	};
	open_look(s, look, NULL);
	tty_keys(s->tty, "Tab End"); /* on the one with the wide name */
	for (size_t i = 0; i < sizeof views / sizeof *views; i++)
		look_at(s->tty, look, views[i].keys, views[i].title, views[i].close);
	tty_keys(s->tty, "t");
	wait_frame(s->tty, "Transfers", strcmp(look->locale, "LANG=C") == 0);
	look_at(s->tty, look, "l", "Limit", "Esc");
	tty_keys(s->tty, "q");
	tty_wait_text(s->tty, "10Quit", TTY_WAIT_MS);
	end_look(s, look);
}

static void what_jobs_ask(struct stage *s, const struct look *look)
{
	struct sandbox_options slow = {.bytes_per_second = MIB};
	struct sandbox_fault denied = {.kind = SANDBOX_FAULT_ANSWER,
		.method = "PUT",
		.status = 403,
		.code = "AccessDenied"};
	open_look(s, look, &slow);
	struct tty *t = s->tty;
	bool is_ascii = strcmp(look->locale, "LANG=C") == 0;
	/* what exists is asked about */
	tty_keys(t, "Down F5");
	wait_frame(t, "Copy", is_ascii);
	look_at(t, look, "Enter", "The target exists", "Esc");
	/* what fails is told */
	sandbox_fault(s->f.server, &denied);
	tty_keys(t, "End F5");
	wait_frame(t, "Copy", is_ascii);
	tty_keys(t, "Enter");
	wait_frame(t, "The target exists", is_ascii);
	look_at(t, look, "Enter", "Not everything worked", "Esc");
	/* leaving while something runs */
	fixture_write(&s->f, "left/zz-large.bin", 30 * MIB, 1);
	tty_keys(t, "Ctrl-R");
	tty_wait_text(t, "zz-large.bin", TTY_WAIT_MS);
	tty_keys(t, "End F5");
	wait_frame(t, "Copy", is_ascii);
	tty_keys(t, "Enter");
	tty_wait_text(t, "1 running", TTY_WAIT_MS);
	look_at(t, look, "q", "Quit", "Esc");
	sandbox_set_bytes_per_second(s->f.server, 0);
	stage_wait_key(s, "zz-large.bin", TTY_WAIT_MS);
	tty_wait_gone(t, "running", TTY_WAIT_MS);
	end_look(s, look);
}

static bool check_keys_at_bottom(struct tty *t, void *arg)
{
	(void)arg;
	const char *row = tty_row(t, tty_rows(t) - 1);
	return strstr(row, "10Quit") && (int)strlen(row) > tty_cols(t) * 9 / 10;
}

/* Both panes have their borders where they belong at this size. */
static bool check_straight(struct tty *t, void *arg)
{
	bool is_ascii = *(const bool *)arg;
	int cols = tty_cols(t), at[] = {0, cols / 2 - 1, cols / 2, cols - 1};
	for (int y = 1; y < tty_rows(t) - 4; y++)
		for (int k = 0; k < 4; k++)
			if (!is_cell(t, y, at[k], "\u2502", "|", is_ascii))
				return false;
	return check_keys_at_bottom(t, NULL);
}

static void resize_all(struct stage *s, const struct look *look)
{
	bool is_ascii = strcmp(look->locale, "LANG=C") == 0;
	for (int i = 1; i <= 3; i++) {
		const int *size = sizes[(look->size + i) % 3];
		tty_resize(s->tty, size[0], size[1]);
		tty_wait(s->tty, check_straight, &is_ascii, "straight panes", TTY_WAIT_MS);
	}
}

/* Columns stay where they are, whatever is in a name. */
static void the_panes(struct stage *s, const struct look *look)
{
	open_look(s, look, NULL);
	resize_all(s, look);
	assert_false(tty_shows(s->tty, "\xe2\x80\xae"));
	end_look(s, look);
}

static void a_listing_that_comes(struct stage *s, const struct look *look)
{
	struct sandbox_options million = {.synthetic_keys = 1000000};
	open_look(s, look, &million);
	tty_keys(s->tty, "Tab Backspace");
	tty_wait_text(s->tty, "million", TTY_WAIT_MS);
	tty_select(s->tty, "million");
	tty_keys(s->tty, "Enter");
	tty_wait_text(s->tty, "Esc stops", TTY_WAIT_MS);
	resize_all(s, look);
	tty_keys(s->tty, "Esc");
	tty_wait_text(s->tty, "what came stays", TTY_WAIT_MS);
	end_look(s, look);
}

/* The label goes with the pointer; dropping goes where the pane is by then. */
static void a_drag(struct stage *s, const struct look *look)
{
	const int *size = sizes[(look->size + 1) % 3];
	bool is_ascii = strcmp(look->locale, "LANG=C") == 0;
	open_look(s, look, NULL);
	struct tty *t = s->tty;
	fixture_write(&s->f, "left/dragged", 10, 1);
	tty_keys(t, "Ctrl-R");
	tty_wait_text(t, "dragged", TTY_WAIT_MS);
	tty_drag(t, "dragged", "latin", sizes[look->size][1] / 2);
	tty_wait_text(t, "copy dragged", TTY_WAIT_MS);
	tty_resize(t, size[0], size[1]);
	tty_mouse(t, 32, 10, size[1] * 3 / 4, false);
	tty_wait(t, check_keys_at_bottom, NULL, "the keys on the last row", TTY_WAIT_MS);
	tty_mouse(t, 0, 10, size[1] * 3 / 4, true);
	stage_wait_key(s, "dragged", TTY_WAIT_MS);
	tty_wait_text(t, "1 copied", TTY_WAIT_MS);
	tty_wait(t, check_straight, &is_ascii, "straight panes", TTY_WAIT_MS);
	end_look(s, look);
}

#define LOOK_TEST(what, i)                   \
	static void what##_##i(void **state) \
	{                                    \
		what(*state, &looks[i]);     \
	}
#define LOOKS(X, what) X(what, 0) X(what, 1) X(what, 2) X(what, 3) X(what, 4) X(what, 5)
LOOKS(LOOK_TEST, the_panes)
LOOKS(LOOK_TEST, a_listing_that_comes)
LOOKS(LOOK_TEST, a_drag)
LOOKS(LOOK_TEST, views_and_dialogs)
LOOKS(LOOK_TEST, what_jobs_ask)

int main(void)
{
#define ROW(what, i) STAGE_TEST(what##_##i),
	static const struct CMUnitTest tests[] = {
		LOOKS(ROW, the_panes) LOOKS(ROW, a_listing_that_comes) LOOKS(ROW, a_drag)
			LOOKS(ROW, views_and_dialogs) LOOKS(ROW, what_jobs_ask)};
	tty_budget_s(280);
	return cmocka_run_group_tests_name("screens", tests, NULL, NULL);
}
