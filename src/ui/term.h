/*
 * The terminal: taken over at the start, given back on every way out, also when a signal ends the
 * program or it breaks. UI thread only; one at a time.
 */
#ifndef UI_TERM_H
#define UI_TERM_H

#include "core/config.h"

/* What a signal asks for. */
enum term_signal {
	TERM_SIGNAL_NONE,
	TERM_SIGNAL_RESIZE,  /* term_resize() */
	TERM_SIGNAL_SUSPEND, /* term_suspend() */
	TERM_SIGNAL_RESUMED, /* term_resume() */
	TERM_SIGNAL_QUIT,    /* SIGTERM, SIGHUP, SIGINT: clean up and go */
};

/* Takes the terminal over: locale, glyphs, colours, raw keys, alternate screen. */
enum s3t_rc term_start(const struct settings *s, struct s3t_err *err) S3T_MUST_CHECK;
/* Gives it back; harmless when it is not ours. */
void term_stop(void);
/* Readable while signals wait. */
int term_signal_fd(void);
enum term_signal term_next_signal(void);
/* The signal of TERM_SIGNAL_QUIT, or 0. */
int term_quit_signal(void);

/* Asks the terminal for its size. */
void term_resize(void);
/* Stops the program as Ctrl-Z does, until it is continued; note (may be NULL) is printed. */
void term_suspend(const char *note);
/* Gives the terminal to a program until it ends; argv ends with NULL. Its exit status, 128 +
 * signal, or -1: it could not be started (errno). */
int term_run(char *const argv[]);
/* After the program was stopped by others. */
void term_resume(void);
/* Begin and end of a frame; the terminal shows it at once. */
void term_frame_begin(void);
void term_frame_end(void);
/* Whether the terminal tells of the mouse; its own selection works while it does not. */
void term_set_mouse(bool on);
/* Shows how far the work is in the title and, where the terminal has one, in its mark of progress
 * (OSC 9;4); -1: there is none. Nothing on terminals that know no titles. */
void term_show_progress(int percent);
/* Writes bytes past curses (OSC 52). */
void term_write(const char *data, size_t len);

#endif
