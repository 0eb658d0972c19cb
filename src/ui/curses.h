/* The only place that includes <curses.h>: its function-like macros (move, clear, timeout …) are
 * off. */
#ifndef UI_CURSES_H
#define UI_CURSES_H

#define NCURSES_NOMACROS 1
#define NCURSES_WIDECHAR 1

#include <curses.h>

/* From <term.h>, which defines a macro for every capability: declared here instead. */
extern int setupterm(const char *term, int fd, int *result);
extern char *tigetstr(const char *capability);
struct term;
extern struct term *set_curterm(struct term *terminal);
extern int del_curterm(struct term *terminal);

#endif
