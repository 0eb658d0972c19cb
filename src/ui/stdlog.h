/*
 * While the screen is ours, what is written to stderr goes to a file of mode 0600 in
 * $XDG_STATE_HOME/s3tui (decision 26). UI thread only.
 */
#ifndef UI_STDLOG_H
#define UI_STDLOG_H

/* Redirects stderr if it is a terminal; without such a file it goes nowhere. */
void stdlog_start(void);
/* Puts stderr back and, if something was written, says there where it is. */
void stdlog_stop(void);
/* For the last words of a process: puts stderr back and no more. Any thread; does not allocate. */
void stdlog_give_back(void);

#endif
