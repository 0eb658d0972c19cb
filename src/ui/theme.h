/* What things look like: a role has a colour where there are colours and an attribute besides. */
#ifndef UI_THEME_H
#define UI_THEME_H

#include <stdbool.h>

/* Name; foreground and background (-1: the terminal's own) with 256 colours on dark and on light
 * ground, with 16 on dark and on light, with 8 on either; attributes with colour, attributes
 * without: B bold, R reverse, U underline, D dim. A frame of each colour that a profile may have,
 * and the same for the pane that has the cursor. */
#define COLOR(foreground, background)  \
	{                              \
		foreground, background \
	}
#define THEME_ROLES(X)                                                                             \
	X(NORMAL, COLOR(-1, -1), COLOR(-1, -1), COLOR(-1, -1), COLOR(-1, -1), COLOR(-1, -1), "",   \
		"")                                                                                \
	X(DIM, COLOR(245, -1), COLOR(243, -1), COLOR(8, -1), COLOR(8, -1), COLOR(-1, -1), "", "D") \
	X(FRAME, COLOR(244, -1), COLOR(244, -1), COLOR(-1, -1), COLOR(-1, -1), COLOR(-1, -1), "",  \
		"")                                                                                \
	X(FRAME_ACTIVE, COLOR(39, -1), COLOR(25, -1), COLOR(14, -1), COLOR(4, -1), COLOR(6, -1),   \
		"B", "B")                                                                          \
	X(HEADER, COLOR(179, -1), COLOR(94, -1), COLOR(11, -1), COLOR(5, -1), COLOR(3, -1), "",    \
		"U")                                                                               \
	X(DIR, COLOR(-1, -1), COLOR(-1, -1), COLOR(-1, -1), COLOR(-1, -1), COLOR(-1, -1), "B",     \
		"B")                                                                               \
	X(LINK, COLOR(37, -1), COLOR(30, -1), COLOR(14, -1), COLOR(6, -1), COLOR(6, -1), "", "")   \
	X(OTHER, COLOR(170, -1), COLOR(127, -1), COLOR(13, -1), COLOR(5, -1), COLOR(5, -1), "",    \
		"")                                                                                \
	X(MARKED, COLOR(214, -1), COLOR(130, -1), COLOR(11, -1), COLOR(5, -1), COLOR(3, -1), "B",  \
		"B")                                                                               \
	X(CURSOR, COLOR(16, 39), COLOR(255, 25), COLOR(0, 6), COLOR(15, 4), COLOR(0, 6), "", "R")  \
	X(CURSOR_MARKED, COLOR(16, 214), COLOR(255, 130), COLOR(0, 3), COLOR(15, 5), COLOR(0, 3),  \
		"B", "RB")                                                                         \
	X(CURSOR_IDLE, COLOR(-1, -1), COLOR(-1, -1), COLOR(-1, -1), COLOR(-1, -1), COLOR(-1, -1),  \
		"U", "U")                                                                          \
	X(DROP, COLOR(16, 71), COLOR(255, 28), COLOR(0, 10), COLOR(15, 2), COLOR(0, 2), "B", "RB") \
	X(FRAME_DROP, COLOR(71, -1), COLOR(28, -1), COLOR(10, -1), COLOR(2, -1), COLOR(2, -1),     \
		"B", "RB")                                                                         \
	X(DRAG, COLOR(16, 222), COLOR(16, 222), COLOR(0, 11), COLOR(0, 11), COLOR(0, 3), "B",      \
		"RB")                                                                              \
	X(STATUS, COLOR(-1, -1), COLOR(-1, -1), COLOR(-1, -1), COLOR(-1, -1), COLOR(-1, -1), "",   \
		"")                                                                                \
	X(STATUS_ERROR, COLOR(203, -1), COLOR(160, -1), COLOR(9, -1), COLOR(1, -1), COLOR(1, -1),  \
		"B", "B")                                                                          \
	X(ERROR, COLOR(203, -1), COLOR(160, -1), COLOR(9, -1), COLOR(1, -1), COLOR(1, -1), "",     \
		"B")                                                                               \
	X(WARNING, COLOR(214, -1), COLOR(130, -1), COLOR(11, -1), COLOR(5, -1), COLOR(3, -1), "",  \
		"B")                                                                               \
	X(OK, COLOR(71, -1), COLOR(28, -1), COLOR(10, -1), COLOR(2, -1), COLOR(2, -1), "", "")     \
	X(BAR, COLOR(39, -1), COLOR(25, -1), COLOR(14, -1), COLOR(4, -1), COLOR(6, -1), "", "")    \
	X(DEMO, COLOR(16, 214), COLOR(16, 214), COLOR(0, 11), COLOR(0, 11), COLOR(0, 3), "B",      \
		"RB")                                                                              \
	X(FKEY, COLOR(-1, -1), COLOR(-1, -1), COLOR(-1, -1), COLOR(-1, -1), COLOR(-1, -1), "", "") \
	X(FKEY_LABEL, COLOR(16, 39), COLOR(255, 25), COLOR(0, 6), COLOR(15, 4), COLOR(0, 6), "",   \
		"R")                                                                               \
	X(DIALOG, COLOR(16, 252), COLOR(16, 253), COLOR(0, 7), COLOR(0, 7), COLOR(0, 7), "", "")   \
	X(DIALOG_FRAME, COLOR(24, 252), COLOR(24, 253), COLOR(4, 7), COLOR(4, 7), COLOR(4, 7),     \
		"B", "B")                                                                          \
	X(DIALOG_DIM, COLOR(240, 252), COLOR(240, 253), COLOR(8, 7), COLOR(8, 7), COLOR(0, 7), "", \
		"D")                                                                               \
	X(DIALOG_ERROR, COLOR(124, 252), COLOR(124, 253), COLOR(1, 7), COLOR(1, 7), COLOR(1, 7),   \
		"B", "B")                                                                          \
	X(FIELD, COLOR(16, 255), COLOR(16, 231), COLOR(0, 15), COLOR(0, 15), COLOR(0, 7), "U",     \
		"U")                                                                               \
	X(FIELD_ACTIVE, COLOR(16, 117), COLOR(16, 117), COLOR(0, 14), COLOR(0, 14), COLOR(0, 6),   \
		"U", "R")                                                                          \
	X(BUTTON, COLOR(16, 252), COLOR(16, 253), COLOR(0, 7), COLOR(0, 7), COLOR(0, 7), "", "")   \
	X(BUTTON_ACTIVE, COLOR(255, 24), COLOR(255, 24), COLOR(15, 4), COLOR(15, 4), COLOR(7, 4),  \
		"B", "R")                                                                          \
	X(QR, COLOR(16, 231), COLOR(16, 231), COLOR(0, 15), COLOR(0, 15), COLOR(0, 7), "", "R")    \
	X(DIALOG_BAR, COLOR(24, 252), COLOR(24, 253), COLOR(4, 7), COLOR(4, 7), COLOR(4, 7), "",   \
		"")                                                                                \
	X(FRAME_RED, COLOR(203, -1), COLOR(160, -1), COLOR(9, -1), COLOR(1, -1), COLOR(1, -1), "", \
		"")                                                                                \
	X(FRAME_GREEN, COLOR(71, -1), COLOR(28, -1), COLOR(10, -1), COLOR(2, -1), COLOR(2, -1),    \
		"", "")                                                                            \
	X(FRAME_YELLOW, COLOR(220, -1), COLOR(136, -1), COLOR(11, -1), COLOR(3, -1), COLOR(3, -1), \
		"", "")                                                                            \
	X(FRAME_BLUE, COLOR(69, -1), COLOR(21, -1), COLOR(12, -1), COLOR(4, -1), COLOR(4, -1), "", \
		"")                                                                                \
	X(FRAME_MAGENTA, COLOR(170, -1), COLOR(127, -1), COLOR(13, -1), COLOR(5, -1),              \
		COLOR(5, -1), "", "")                                                              \
	X(FRAME_CYAN, COLOR(44, -1), COLOR(30, -1), COLOR(14, -1), COLOR(6, -1), COLOR(6, -1), "", \
		"")                                                                                \
	X(FRAME_RED_ACTIVE, COLOR(203, -1), COLOR(160, -1), COLOR(9, -1), COLOR(1, -1),            \
		COLOR(1, -1), "B", "B")                                                            \
	X(FRAME_GREEN_ACTIVE, COLOR(71, -1), COLOR(28, -1), COLOR(10, -1), COLOR(2, -1),           \
		COLOR(2, -1), "B", "B")                                                            \
	X(FRAME_YELLOW_ACTIVE, COLOR(220, -1), COLOR(136, -1), COLOR(11, -1), COLOR(3, -1),        \
		COLOR(3, -1), "B", "B")                                                            \
	X(FRAME_BLUE_ACTIVE, COLOR(69, -1), COLOR(21, -1), COLOR(12, -1), COLOR(4, -1),            \
		COLOR(4, -1), "B", "B")                                                            \
	X(FRAME_MAGENTA_ACTIVE, COLOR(170, -1), COLOR(127, -1), COLOR(13, -1), COLOR(5, -1),       \
		COLOR(5, -1), "B", "B")                                                            \
	X(FRAME_CYAN_ACTIVE, COLOR(44, -1), COLOR(30, -1), COLOR(14, -1), COLOR(6, -1),            \
		COLOR(6, -1), "B", "B")

enum theme_role {
#define X(name, dark256, light256, dark16, light16, any8, with, without) THEME_##name,
	THEME_ROLES(X)
#undef X
		THEME_ROLE_COUNT
};

enum theme_ground { GROUND_AUTO, GROUND_DARK, GROUND_LIGHT };

/* After the terminal is set up. GROUND_AUTO: what $COLORFGBG says of it, or else dark. */
void theme_start(bool want_color, enum theme_ground ground);
/* The frame of a pane by its profile's colour ("red", settings.frame_color; "none": the usual
 * ones). */
enum theme_role theme_frame(const char *color, bool is_active);
/* Sets the role on stdscr; everything drawn after it looks so. */
void theme_use(enum theme_role role);

#endif
