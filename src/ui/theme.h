/* What things look like: a role has a colour where there are colours and an attribute besides. */
#ifndef UI_THEME_H
#define UI_THEME_H

#include <stdbool.h>

/* name, 256-colour foreground and background, 8-colour foreground and background (-1: the
 * terminal's own), attributes with colour, attributes without: B bold, R reverse, U underline, D
 * dim */
#define THEME_ROLES(X)                             \
	X(NORMAL, -1, -1, -1, -1, "", "")          \
	X(DIM, 245, -1, -1, -1, "", "D")           \
	X(FRAME, 244, -1, -1, -1, "", "")          \
	X(FRAME_ACTIVE, 39, -1, 6, -1, "B", "B")   \
	X(HEADER, 179, -1, 3, -1, "", "U")         \
	X(DIR, -1, -1, -1, -1, "B", "B")           \
	X(LINK, 37, -1, 6, -1, "", "")             \
	X(OTHER, 170, -1, 5, -1, "", "")           \
	X(MARKED, 214, -1, 3, -1, "B", "B")        \
	X(CURSOR, 16, 39, 0, 6, "", "R")           \
	X(CURSOR_MARKED, 16, 214, 0, 3, "B", "RB") \
	X(CURSOR_IDLE, -1, -1, -1, -1, "U", "U")   \
	X(DROP, 16, 71, 0, 2, "B", "RB")           \
	X(FRAME_DROP, 71, -1, 2, -1, "B", "RB")    \
	X(DRAG, 16, 222, 0, 3, "B", "RB")          \
	X(STATUS, -1, -1, -1, -1, "", "")          \
	X(STATUS_ERROR, 203, -1, 1, -1, "B", "B")  \
	X(ERROR, 203, -1, 1, -1, "", "B")          \
	X(WARNING, 214, -1, 3, -1, "", "B")        \
	X(OK, 71, -1, 2, -1, "", "")               \
	X(BAR, 39, -1, 6, -1, "", "")              \
	X(DEMO, 16, 214, 0, 3, "B", "RB")          \
	X(FKEY, -1, -1, -1, -1, "", "")            \
	X(FKEY_LABEL, 16, 39, 0, 6, "", "R")       \
	X(DIALOG, 16, 252, 0, 7, "", "")           \
	X(DIALOG_FRAME, 24, 252, 4, 7, "B", "B")   \
	X(DIALOG_DIM, 240, 252, 0, 7, "", "D")     \
	X(DIALOG_ERROR, 124, 252, 1, 7, "B", "B")  \
	X(FIELD, 16, 255, 0, 7, "U", "U")          \
	X(FIELD_ACTIVE, 16, 117, 0, 6, "U", "R")   \
	X(BUTTON, 16, 252, 0, 7, "", "")           \
	X(BUTTON_ACTIVE, 255, 24, 7, 4, "B", "R")  \
	X(QR, 16, 231, 0, 7, "", "R")              \
	X(DIALOG_BAR, 24, 252, 4, 7, "", "")

enum theme_role {
#define X(name, f256, b256, f8, b8, with, without) THEME_##name,
	THEME_ROLES(X)
#undef X
		THEME_ROLE_COUNT
};

/* After the terminal is set up. */
void theme_start(bool want_color);
/* Sets the role on stdscr; everything drawn after it looks so. */
void theme_use(enum theme_role role);

#endif
