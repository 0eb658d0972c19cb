/*
 * What the mouse did, decoded from SGR reports (xterm's ctlseqs, mode 1006): curses would lose
 * which button moves, and the columns past 222. Free of curses.
 */
#ifndef UI_MOUSE_H
#define UI_MOUSE_H

#include "ui/key.h"

#include <stdbool.h>

/* What one step of the wheel scrolls. */
enum { MOUSE_WHEEL_ROWS = 3 };

enum mouse_kind { MOUSE_PRESS, MOUSE_MOVE, MOUSE_RELEASE, MOUSE_WHEEL };
enum mouse_button { MOUSE_LEFT, MOUSE_MIDDLE, MOUSE_RIGHT, MOUSE_NO_BUTTON };

struct mouse_event {
	enum mouse_kind kind;
	enum mouse_button button; /* pressed, held, or released */
	int y, x;                 /* cells from 0 */
	int wheel;                /* -1 up, 1 down; 0 unless MOUSE_WHEEL */
	ui_key modifiers;         /* K_SHIFT, K_ALT, K_CTRL */
};

/* "\033[<code;x;yM", or m when is_release. False: it is of a kind that nobody needs. */
bool mouse_decode(unsigned code, unsigned x, unsigned y, bool is_release, struct mouse_event *out);

#endif
