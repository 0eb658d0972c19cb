/*
 * The real program on a pseudo-terminal, read by a terminal emulator: keys go in, cells come out.
 * A stage is what a test of the screen has besides: a server, a private directory, a home with
 * s3tui.ini. Nothing sleeps: all waiting is for output, up to a deadline; what fails prints the
 * screen and ends the test.
 *
 * Between the test and the program stands a small shell-like process: it leads the session, has the
 * program as its foreground job and sees it stop and end.
 */
#ifndef TESTS_SUPPORT_TTY_H
#define TESTS_SUPPORT_TTY_H

#include "support/fixture.h"

#include <sys/types.h>

struct tty;

struct tty_options {
	const char *program;     /* NULL: $S3TUI_BIN */
	const char *home;        /* an absolute directory that exists: HOME, XDG and TMPDIR in it */
	const char *dir;         /* where the program starts */
	const char *const *args; /* after the program's name, ended by NULL; NULL: none */
	const char *const *env;  /* "NAME=value" besides and instead of ours; NULL: none */
	int rows, cols;          /* 0: 24 and 80 */
};

/* The whole file's time from now on; a wait that would go beyond it fails. */
void tty_budget_s(int64_t seconds);

struct tty *tty_start(const struct tty_options *options);
/* Kills what still runs. False if a sanitizer complained: its report was printed. NULL is allowed.
 */
bool tty_free(struct tty *t);
pid_t tty_pid(const struct tty *t);

/* Names of keys with spaces between them: "F5", "Down Down Insert", "Ctrl-G", "Alt-i", "x". */
void tty_keys(struct tty *t, const char *keys);
/* The text itself, byte by byte. */
void tty_type(struct tty *t, const char *text);
/* An SGR report: its code (0, 1, 2 for the buttons, + 4 Shift, 8 Alt, 16 Ctrl, 32 motion, 64 and 65
 * the wheel) at a cell from 0. Only while the program has asked for such. */
void tty_mouse(struct tty *t, int code, int y, int x, bool is_release);
void tty_click(struct tty *t, int y, int x);
/* Presses the left button on the first place of `from`, moves in steps to the first place of `to`
 * in or behind column min_x, and leaves it there. */
void tty_drag(struct tty *t, const char *from, const char *to, int min_x);
/* Filters the active pane to the one row of that name, and puts the cursor on it. */
void tty_select(struct tty *t, const char *name);
/* TIOCSWINSZ; the emulator's screen changes too. */
void tty_resize(struct tty *t, int rows, int cols);

/* --- waiting; frames are looked at when they are complete --- */

enum { TTY_WAIT_MS = 15000 };

typedef bool (*tty_check_fn)(struct tty *t, void *arg);
/* what: completes "did not see …". */
void tty_wait(struct tty *t, tty_check_fn check, void *arg, const char *what, int64_t timeout_ms);
void tty_wait_text(struct tty *t, const char *text, int64_t timeout_ms);
/* Any of two; whether it was the first. */
bool tty_wait_either(struct tty *t, const char *a, const char *b, int64_t timeout_ms);
void tty_wait_gone(struct tty *t, const char *text, int64_t timeout_ms);
/* The row under the cursor (the one that stands out) has text in it. */
void tty_wait_cursor(struct tty *t, const char *text, int64_t timeout_ms);
/* Has the screen drawn anew: what was pressed before has been seen then. */
void tty_wait_frame(struct tty *t, int64_t timeout_ms);
/* The program is stopped (SIGTSTP). */
void tty_wait_stopped(struct tty *t, int64_t timeout_ms);
/* As fg of a shell does. */
void tty_continue(struct tty *t);
/* Its end: 0 … 255, or 128 + signal. All output has been read then. */
int tty_wait_exit(struct tty *t, int64_t timeout_ms);
/* After the end, or while it is stopped: the screen, its cursor, all modes and the line discipline
 * are as they were. */
void tty_assert_restored(struct tty *t);
/* Presses keys and returns how long it took until the row under the cursor was another. */
int64_t tty_time_cursor_us(struct tty *t, const char *keys, int64_t timeout_ms);
/* Reads what is there, without waiting for anything. */
void tty_pump(struct tty *t);
bool tty_has_ended(const struct tty *t);
/* Closes the terminal under the program. */
void tty_hang_up(struct tty *t);

/* --- looking; the strings live until the next call for the same row --- */

int tty_rows(const struct tty *t);
int tty_cols(const struct tty *t);
/* Without trailing spaces. */
const char *tty_row(struct tty *t, int y);
/* The columns x … x + w - 1 of a row, without trailing spaces. */
const char *tty_part(struct tty *t, int y, int x, int w);
/* Where text stands on one row; the first place from row *y on; y and x may be NULL. */
bool tty_find(struct tty *t, const char *text, int *y, int *x);
bool tty_shows(struct tty *t, const char *text);
/* The text of the row under the cursor, "" if there is none. */
const char *tty_cursor_row(struct tty *t);
void tty_print(struct tty *t);

struct tty_cell {
	bool is_reverse, is_bold, is_underlined, has_fg, has_bg;
	int fg, bg; /* of the palette; -1: the terminal's own */
};
struct tty_cell tty_cell(struct tty *t, int y, int x);
/* Whether any cell has a colour. */
bool tty_has_colors(struct tty *t);

/* All that the program has written. */
struct strview tty_raw(const struct tty *t);
uint64_t tty_frames(const struct tty *t);

/* --- a stage --- */

struct stage {
	struct fixture f; /* f.dir holds home/, left/ */
	struct tty *tty;
	char left[96], home[96];
	bool is_open;
};

/* For cmocka_unit_test_setup_teardown(); *state is the stage. The teardown fails if a sanitizer
 * complained. */
int stage_setup(void **state);
int stage_teardown(void **state);
#define STAGE_TEST(test) cmocka_unit_test_setup_teardown(test, stage_setup, stage_teardown)

/* Starts the server and makes the directories; ini as for fixture_start(). */
void stage_open(struct stage *s, const struct sandbox_options *options, const char *ini);
/* Writes another s3tui.ini. */
void stage_write_ini(struct stage *s, const char *endpoint, const char *access_key,
	const char *secret_key, const char *more);
/* Starts the program on left/ and s3://demo/ (right NULL), and waits until both are listed. */
void stage_run(struct stage *s, const char *right);
/* The same with all options; waits for nothing. args NULL: left/ and s3://demo/. */
void stage_start(struct stage *s, const struct tty_options *options);
/* "q": waits for the end, which has to be 0, and for a restored terminal. */
void stage_quit(struct stage *s);

/* Waits until the server has the key / does not have it. */
void stage_wait_key(struct stage *s, const char *key, int64_t timeout_ms);
void stage_wait_no_key(struct stage *s, const char *key, int64_t timeout_ms);
void stage_wait_file(struct stage *s, const char *name, int64_t timeout_ms);
void stage_wait_no_file(struct stage *s, const char *name, int64_t timeout_ms);

#endif
